"""Tables that executors open themselves, piece by piece, with polars.

The quickest way to read files: Spark only says who reads what. The row steps that follow a source run in
the same task, on the lazy scan, so that polars reads no more than they need.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path

import polars as pl
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import to_arrow_schema

from connectors.core.connector import Connector, Context
from connectors.core.files import FileSource
from connectors.parquet import ParquetSource
from flows.engines.spark_errors import portable_errors
from flows.engines.spark_rows import LARGEST_BATCH, Batches, RowFunction, spark_schema, to_batches
from flows.sampling import Sampling
from flows.source_info import Facts, file_by_file
from flows.tables import OpenSource

BYTES_OF_A_PIECE = 128 << 20
"""Size of the files that one task reads, unless that leaves cores idle."""
LARGE = 1.5
"""A file among several is cut when it is so many times what one task should read."""


@dataclass(frozen=True)
class Piece:
    """What one task opens: the settings of a connector as JSON, as little as can be sent."""

    kind: type[Connector]
    settings: str
    context: Context
    sampling: Sampling | None = None
    facts: Facts | None = None
    skipped: int = 0
    """First rows that are left out."""

    def scan(self) -> pl.LazyFrame:
        """The rows of the piece, lazily."""
        connector = self.kind.model_validate_json(self.settings)
        rows = OpenSource(connector, self.context, self.sampling, self.facts).scan()
        return rows.slice(self.skipped) if self.skipped else rows


def pieces_of(source: OpenSource, cores: int) -> tuple[Piece, ...]:
    """The pieces of a source, in order; a sample is taken of the whole, so it is one piece."""
    context = replace(source.context, folder=source.context.folder.absolute())
    parts: tuple[Connector, ...] = (source.connector,)
    if source.sampling is None:
        parts = _parts(source, context, cores)
    return tuple(
        Piece(type(each), each.model_dump_json(by_alias=True), context, source.sampling, source.facts) for each in parts
    )


def without_first(pieces: tuple[Piece, ...], rows: int) -> tuple[Piece, ...] | None:
    """The pieces of a source but for its first rows; ``None`` where they are not all in the first piece."""
    first, *others = pieces
    if others and first.scan().head(rows).select(pl.len()).collect().item() < rows:
        return None
    return (replace(first, skipped=first.skipped + rows), *others)


def _parts(source: OpenSource, context: Context, cores: int) -> tuple[Connector, ...]:
    """What tasks open, each of about the same size."""
    connector = source.connector
    if source.facts and source.facts.whole_files and isinstance(connector, FileSource):
        return tuple(each for each, _ in file_by_file(connector, context))
    if not isinstance(connector, FileSource):
        return connector.pieces(context, cores)
    size = sum(each.stat().st_size for each in connector.files(context))
    tasks = tasks_for(size, cores)
    parts = connector.pieces(context, tasks)
    return tuple(cut for part in parts for cut in _cut(part, context, ceil(size / tasks)))


def tasks_for(size: int, cores: int) -> int:
    """How many tasks read files of so many bytes: a few whole waves over the cores."""
    return cores * max(1, ceil(size / BYTES_OF_A_PIECE / cores))


def _cut(part: FileSource, context: Context, size: int) -> Iterator[FileSource]:
    """Pieces of about a size: connectors cut the only file of a source, and of several make groups of whole files."""
    files = part.files(context) if part.part and part.part.stop is None else []
    large = [each for each in files if each.stat().st_size > LARGE * size]
    if not large or not isinstance(part, ParquetSource):
        yield part
        return
    for file in files:
        yield from _alone(part, file).pieces(context, round(file.stat().st_size / size) if file in large else 1)


def _alone(part: ParquetSource, file: Path) -> ParquetSource:
    return part.model_copy(update={"path": str(file), "part": None})


def numbered(spark: SparkSession, pieces: tuple[Piece, ...]) -> DataFrame:
    """A Spark table of one partition for each piece, which holds the number of the piece."""
    return spark.range(0, len(pieces), 1, max(len(pieces), 1))


def piece_in(batches: Batches, pieces: tuple[Piece, ...]) -> Piece | None:
    """In an executor: the piece whose number a partition of :func:`numbered` holds."""
    numbers = [int(number.as_py()) for batch in batches for number in batch.column(0)]
    return pieces[numbers[0]] if numbers else None


def read_pieces(spark: SparkSession, pieces: tuple[Piece, ...], function: RowFunction, after: pl.Schema) -> DataFrame:
    """A Spark table of what a polars function makes of the pieces."""
    declared = spark_schema(after)
    to = to_arrow_schema(declared, timezone="UTC")

    def run(batches: Batches) -> Iterator[pa.RecordBatch]:
        piece = piece_in(batches, pieces)
        if piece is None:
            return
        with portable_errors():
            rows = function(piece.scan())
            for each in rows.collect_batches(chunk_size=LARGEST_BATCH, maintain_order=True, engine="streaming"):
                yield from to_batches(each, to)

    return numbered(spark, pieces).mapInArrow(run, declared)
