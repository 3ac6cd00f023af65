"""Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Literal, Self

import polars as pl

from connectors.core.connector import Context, SourceError
from connectors.core.files import FileSource, Part, PathDestination, fingerprint, grouped
from connectors.core.text import told_of
from transforms.core.dtypes import make_portable, type_name

FOOTERS = 16
"""Files whose columns are looked at together."""


class ParquetSource(FileSource):
    """Rows of Parquet files."""

    id = "parquet"
    label = "Parquet"
    proof = "real"
    suffixes = (".parquet", ".pq")

    def scan(self, context: Context) -> pl.LazyFrame:
        files = self.files(context)
        if not self.part:  # whose files were looked at when it was made
            _check_same(tuple(files), fingerprint(files))
        rows = pl.scan_parquet(files, glob=False, hive_partitioning=False)
        if self.part and self.part.stop is not None:
            rows = rows.slice(self.part.start, self.part.stop - self.part.start)
        return make_portable(rows)

    def pieces(self, context: Context, at_most: int) -> tuple[Self, ...]:
        """Several files in groups; one file by runs of its row groups."""
        files = self.files(context)
        if self.part or at_most < 2:
            return (self,)
        if len(files) > 1:
            _check_same(tuple(files), fingerprint(files))
            parts = [Part(files=tuple(map(str, each))) for each in grouped(files, at_most)]
        else:
            name = str(files[0])
            parts = [Part(files=(name,), start=start, stop=stop) for start, stop in _runs(files[0], at_most)]
        return tuple(self.model_copy(update={"part": each}) for each in parts) or (self,)


def _runs(file: Path, at_most: int) -> Iterator[tuple[int, int]]:
    """Ranges of rows that begin and end with row groups, of about the same size."""
    import pyarrow.parquet

    with told_of(str(file)), pyarrow.parquet.ParquetFile(file) as opened:
        facts = opened.metadata
        sizes = [facts.row_group(i).num_rows for i in range(facts.num_row_groups)]
    total, start, stop, made = sum(sizes), 0, 0, 0
    for size in sizes:
        stop += size
        if stop * at_most >= (made + 1) * total and stop > start:
            yield start, stop
            start, made = stop, stop * at_most // total


@lru_cache(maxsize=64)
def _check_same(files: tuple[Path, ...], _fingerprint: str) -> None:
    """Refuse files that are not pieces of one table; looked at once for as long as they stay as they are.

    Raises:
        SourceError: a file cannot be read, or differs in its columns or their types from the first.
    """
    with ThreadPoolExecutor(FOOTERS) as pool:  # which wait for the disk, or for a network behind it
        schemas = list(pool.map(_schema, files))
    first = schemas[0]
    for file, mine in zip(files[1:], schemas[1:], strict=True):
        if mine == first:
            continue
        missing, extra = [each for each in first if each not in mine], [each for each in mine if each not in first]
        if missing or extra:
            what = "lacks " + ", ".join(map(repr, missing)) if missing else "also has " + ", ".join(map(repr, extra))
        elif (name := next((each for each in first if first[each] != mine[each]), None)) is not None:
            what = f"holds {type_name(mine[name])} ({mine[name]}) in {name!r}, not {first[name]}"
        else:
            what = "has them in another order"
        raise SourceError(
            f"{file} does not have the columns of {files[0]}: it {what}. Read such files as tables of their own."
        )


def _schema(file: Path) -> pl.Schema:
    with told_of(str(file)):
        return pl.scan_parquet(file, glob=False, hive_partitioning=False).collect_schema()


class ParquetDestination(PathDestination):
    """A Parquet file: small, quick, and every type is kept."""

    id = "parquet"
    label = "Parquet"
    proof = "real"
    suffix = ".parquet"

    compression: Literal["zstd", "snappy", "lz4", "gzip", "uncompressed"] = "zstd"
    """How the file is packed; ``snappy`` is read by the oldest tools."""

    def sink(self, rows: pl.LazyFrame, path: Path) -> pl.LazyFrame:
        return rows.sink_parquet(path, compression=self.compression, statistics=True, maintain_order=True, lazy=True)


SOURCES = (ParquetSource,)
DESTINATIONS = (ParquetDestination,)
