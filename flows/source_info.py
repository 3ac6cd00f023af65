"""Facts about a source as columns of its table: which file a row comes from, and where in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from connectors.core.connector import Connector, Context, SourceError
from connectors.core.files import FileSource

DTYPES: Mapping[str, pl.DataType] = {
    "file_name": pl.String(),
    "file_path": pl.String(),
    "row_in_file": pl.Int64(),
    "modified_at": pl.Datetime("us"),
    "dataset_name": pl.String(),
}
"""What can be known, and its type."""


@dataclass(frozen=True)
class Facts:
    """Which facts to add to a table, and what the columns are called."""

    columns: Mapping[str, str]
    """Names of columns by fact."""
    dataset: str
    """What the table is called in the flow."""

    def schema(self, schema: pl.Schema) -> pl.Schema:
        """Columns of the table with the facts.

        Raises:
            SourceError: a name is taken.
        """
        for name in self.columns.values():
            if name in schema:
                raise SourceError(f"The table has a column {name!r} already. Give the new ones a prefix.")
        return pl.Schema({**schema, **{name: DTYPES[fact] for fact, name in self.columns.items()}})

    @property
    def whole_files(self) -> bool:
        """Whether files must not be cut, since rows are counted in them."""
        return "row_in_file" in self.columns

    def scan(self, connector: Connector, context: Context) -> pl.LazyFrame:
        """The table with the facts, file by file where it lies in files."""
        self.schema(connector.columns(context))
        if not isinstance(connector, FileSource):
            return self._added(connector.scan(context), None)
        tables = [self._added(each.scan(context), file) for each, file in file_by_file(connector, context)]
        return pl.concat(tables) if len(tables) > 1 else tables[0]

    def _added(self, rows: pl.LazyFrame, file: Path | None) -> pl.LazyFrame:
        values: dict[str, object] = {"dataset_name": self.dataset}
        if file is not None:
            changed = datetime.fromtimestamp(file.stat().st_mtime, UTC).replace(tzinfo=None)
            values |= {"file_name": file.name, "file_path": str(file), "modified_at": changed}
        place = pl.int_range(1, pl.len() + 1, dtype=pl.Int64)
        return rows.with_columns(
            (place if fact == "row_in_file" and file is not None else pl.lit(values.get(fact), DTYPES[fact])).alias(
                name
            )
            for fact, name in self.columns.items()
        )


def file_by_file(source: FileSource, context: Context) -> Iterator[tuple[FileSource, Path]]:
    """A source for each file that holds rows of the table, all with the types of the whole table."""
    several = len(source.files(context)) > 1
    for piece in source.pieces(context, 2) if several else (source,):
        for file in piece.files(context):
            alone = piece.part.model_copy(update={"files": (str(file),)}) if several and piece.part else piece.part
            yield piece.model_copy(update={"part": alone}), file
