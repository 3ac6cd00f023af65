"""DuckDB: a database that is a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import Field

from connectors.core.connector import Context, DestinationError, SourceError
from connectors.core.drivers import driver
from connectors.core.files import check_writable, fingerprint, found
from connectors.core.sql import (
    BATCH_ROWS,
    Reader,
    SqlColumn,
    SqlDestination,
    SqlSource,
    Writer,
    insertion,
    qualified,
    quoted,
    removed_when_failed,
    saying,
    selection,
)
from transforms.core.dtypes import portable

SUFFIXES = (".duckdb", ".ddb", ".db")
AS_TEXT = ("INTERVAL", "BIT", "TIME WITH TIME ZONE", "UUID", "JSON", "UNION", "VARIANT", "GEOMETRY", "BIGNUM")
"""Types with no counterpart, by how their names begin: they are read as text."""


@dataclass(frozen=True)
class _Reader:
    session: Any
    errors: tuple[type[Exception], ...]

    def describe(self, relation: str) -> Sequence[SqlColumn]:
        described = self.session.execute(f"DESCRIBE {selection('*', relation)}").fetchall()
        columns = [(name, _expression(name, type)) for name, type, *_ in described]
        chosen = ", ".join(f"{expression} AS {quoted(f'c{i}')}" for i, (_, expression) in enumerate(columns))
        types = _frame(self.session.sql(selection(chosen, relation, at_most=0)).to_arrow_table()).dtypes
        return [
            SqlColumn(name, _in_utc(portable(dtype)), expression)
            for (name, expression), dtype in zip(columns, types, strict=True)
        ]

    def batches(self, select: str, columns: Sequence[SqlColumn]) -> Iterator[pl.DataFrame]:
        types = {each.name: each.dtype for each in columns}
        with self.session.sql(select).to_arrow_reader(BATCH_ROWS) as reader:
            for batch in reader:
                yield _frame(batch).cast(pl.Schema(types))

    def tables(self) -> list[str]:
        # Names as they are written: without the schema where it is the one that is looked in.
        asked = "SELECT CASE WHEN table_schema = 'main' THEN '' ELSE table_schema || '.' END || table_name"
        return [
            name for (name,) in self.session.execute(f"{asked} FROM information_schema.tables ORDER BY 1").fetchall()
        ]


def _expression(name: str, type: str) -> str:
    if type.startswith(AS_TEXT):
        return f"CAST({quoted(name)} AS VARCHAR)"
    # Sums of whole numbers are 128 bits wide; a decimal of 38 digits holds all but the very largest.
    return f"CAST({quoted(name)} AS DECIMAL(38, 0))" if type in ("HUGEINT", "UHUGEINT") else quoted(name)


def _frame(table: Any) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(table))


def _in_utc(dtype: pl.DataType) -> pl.DataType:
    return pl.Datetime("us", "UTC") if isinstance(dtype, pl.Datetime) and dtype.time_zone else dtype


class DuckDbSource(SqlSource):
    """A table of a DuckDB file, or what a query gives.

    Unsigned and 128-bit whole numbers become Int64 and decimals of 38 digits; a value beyond those is an
    error. Times with a zone are in UTC. Intervals, UUID, JSON and bit strings are read as text.
    """

    id = "duckdb"
    label = "DuckDB"
    proof = "real"

    path: str = Field(min_length=1)
    """Database file, relative to the flow."""

    @contextmanager
    def reader(self, context: Context) -> Iterator[Reader]:
        (file,) = found(context, self.path, SUFFIXES)[:1]
        duckdb = driver("duckdb", self.label)
        errors = (duckdb.Error,)
        with (
            saying(
                (*errors, pl.exceptions.PolarsError),
                lambda error: SourceError(f"{file} cannot be read: {_said(error)}"),
            ),
            duckdb.connect(str(file), read_only=True) as session,
        ):
            session.execute("SET TimeZone = 'UTC'")
            if self.query:
                self._check_question(session)
            yield _Reader(session, errors)

    def _check_question(self, session: Any) -> None:
        """Refuse what is not one query: only DuckDB runs several statements at once."""
        kinds = [each.type.name for each in session.extract_statements(selection("*", self.relation()))]
        if kinds != ["SELECT"]:
            raise SourceError("The query must be one SELECT. Take out the other statements.")

    def place(self, context: Context) -> str:
        return str(context.path(self.path))

    def fingerprint(self, context: Context) -> str:
        (file,) = found(context, self.path, SUFFIXES)[:1]
        return fingerprint([file, file.with_name(f"{file.name}.wal")])


@dataclass(frozen=True)
class _Writer:
    session: Any

    def execute(self, statement: str) -> object:
        return self.session.execute(statement)

    def insert(self, table: Sequence[str], rows: pl.DataFrame) -> None:
        self.session.register("dataprep_rows", rows.to_arrow())
        names = ", ".join(map(quoted, rows.columns))
        self.execute(insertion(table, rows.columns, selection(names, "dataprep_rows")))
        self.session.unregister("dataprep_rows")


class DuckDbDestination(SqlDestination):
    """A table of a DuckDB file, which is made when it is not there."""

    id = "duckdb"
    label = "DuckDB"
    proof = "real"

    path: str = Field(min_length=1)
    """Database file, relative to the flow."""

    @contextmanager
    def writer(self, context: Context) -> Iterator[Writer]:
        file = context.path(self.path)
        file.parent.mkdir(parents=True, exist_ok=True)
        duckdb = driver("duckdb", self.label)
        with removed_when_failed(file), self._saying(file, duckdb), duckdb.connect(str(file)) as session:
            session.execute("SET TimeZone = 'UTC'")
            session.begin()
            try:
                yield _Writer(session)
            except BaseException:
                session.rollback()
                raise
            session.commit()

    def existing(self, context: Context) -> Sequence[str] | None:
        file = context.path(self.path)
        check_writable(file, "replace")
        if not file.exists():
            return None
        duckdb = driver("duckdb", self.label)
        with self._saying(file, duckdb), duckdb.connect(str(file), read_only=True) as session:
            try:
                described = session.execute(f"DESCRIBE {qualified(self.table)}").fetchall()
            except duckdb.CatalogException:
                return None
            return [name for name, *_ in described]

    def _saying(self, file: Path, duckdb: Any) -> AbstractContextManager[None]:
        return saying(
            (duckdb.Error,),
            lambda error: DestinationError(
                f"{self.table} in {file} cannot be written: {_said(error)} Nothing was written."
            ),
        )

    def place(self, context: Context) -> str:
        return str(context.path(self.path))

    def column_type(self, dtype: pl.DataType) -> str | None:
        return _column_type(dtype)


def _column_type(dtype: pl.DataType) -> str | None:
    match dtype:
        case pl.Decimal(precision=precision, scale=scale):
            return f"DECIMAL({precision or 38}, {scale})"
        case pl.Datetime(time_zone=zone):
            return "TIMESTAMPTZ" if zone else "TIMESTAMP"
        case pl.List(inner=inner):
            item = _column_type(inner() if isinstance(inner, type) else inner)
            return item and f"{item}[]"
        case pl.Struct(fields=fields) if fields:
            types = [
                (each.name, _column_type(each.dtype() if isinstance(each.dtype, type) else each.dtype))
                for each in fields
            ]
            inside = ", ".join(f"{quoted(name)} {type}" for name, type in types)
            return f"STRUCT({inside})" if all(type for _, type in types) else None
        case _:
            return TYPES.get(type(dtype))


TYPES: dict[type[pl.DataType], str] = {
    pl.Int8: "TINYINT",
    pl.Int16: "SMALLINT",
    pl.Int32: "INTEGER",
    pl.Int64: "BIGINT",
    pl.Float32: "FLOAT",
    pl.Float64: "DOUBLE",
    pl.Boolean: "BOOLEAN",
    pl.String: "VARCHAR",
    pl.Binary: "BLOB",
    pl.Date: "DATE",
    pl.Time: "TIME",
    pl.Duration: "INTERVAL",
    pl.Null: "VARCHAR",
}


def _said(error: BaseException) -> str:
    """The first line of what the driver says; it shows the statement below."""
    return str(error).strip().partition("\n")[0].rstrip(".") + "."


SOURCES = (DuckDbSource,)
DESTINATIONS = (DuckDbDestination,)
