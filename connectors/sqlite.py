"""SQLite: a database that is a file.

SQLite keeps a type for each value, and for a column no more than a word in its declaration. The word
decides where it says what the values are (INTEGER, TEXT, DATE ...), as SQLite's own rules of affinity do;
other columns, and what a query computes, have the type of the values they hold. Every value is checked.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import polars as pl
from pydantic import Field

from connectors.core.connector import Context, DestinationError, SourceError
from connectors.core.files import check_writable, fingerprint, found
from connectors.core.sql import (
    BATCH_ROWS,
    Reader,
    SqlColumn,
    SqlDestination,
    SqlSource,
    Writer,
    insertion,
    parts,
    quoted,
    removed_when_failed,
    saying,
    selection,
)
from connectors.core.text import Reading, TextType, check_names
from transforms.core.dtypes import TYPES, type_name

SUFFIXES = (".sqlite", ".sqlite3", ".db", ".db3")
WAIT_SECONDS = 30
"""How long to wait for another process that writes the database."""
EXACT_DECIMAL = "DECIMAL_TEXT"
"""How decimals are declared: SQLite would make a float of a DECIMAL, but keeps as text what has TEXT in its name."""
ZONED = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:?[0-9]{2})$"


class SqliteSource(SqlSource):
    """A table of a SQLite file, or what a query gives.

    A value that is not of the type of its column is an error that names it.
    """

    id = "sqlite"
    label = "SQLite"
    proof = "real"

    path: str = Field(min_length=1)
    """Database file, relative to the flow."""
    types: dict[str, TextType] = {}
    """Types of columns, by name, where the declared ones are not those of the values. Dates are ISO 8601."""

    @contextmanager
    def reader(self, context: Context) -> Iterator[Reader]:
        (file,) = found(context, self.path, SUFFIXES)[:1]
        with (
            saying(
                (sqlite3.Error,), lambda error: SourceError(f"{file} cannot be read: {error}. Check file and query.")
            ),
            closing(_open(file, "ro")) as session,
        ):
            yield _Reader(session, self.types)

    def place(self, context: Context) -> str:
        return str(context.path(self.path))

    def fingerprint(self, context: Context) -> str:
        (file,) = found(context, self.path, SUFFIXES)[:1]
        return fingerprint([file, file.with_name(f"{file.name}-wal")])


def _open(file: Path, mode: Literal["ro", "rwc"]) -> sqlite3.Connection:
    address = f"{file.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(address, uri=True, isolation_level=None, timeout=WAIT_SECONDS, check_same_thread=False)


@dataclass(frozen=True)
class _Reader:
    session: sqlite3.Connection
    types: dict[str, TextType]
    errors: tuple[type[Exception], ...] = (sqlite3.Error,)

    def describe(self, relation: str) -> Sequence[SqlColumn]:
        # Only a view tells how the columns of a query are declared; it is gone with the session.
        self.session.execute(f"CREATE TEMP VIEW dataprep_view AS {selection('*', relation)}")
        facts = self.session.execute("PRAGMA temp.table_xinfo(dataprep_view)").fetchall()
        self.session.execute("PRAGMA query_only = ON")
        declared = {name: declaration.upper() for _, name, declaration, *_ in facts}
        check_names(self.types, list(declared), "The table")
        unknown = [name for name, word in declared.items() if name not in self.types and _dtype(word) is None]
        stored = self._stored(unknown, relation) if unknown else {}
        return [self._column(name, _dtype(word) or stored[name]) for name, word in declared.items()]

    def _column(self, name: str, dtype: pl.DataType) -> SqlColumn:
        declared = self.types.get(name)
        if declared:
            return SqlColumn(name, TYPES[declared], f"CAST({quoted(name)} AS TEXT)")
        # Text that stands for something is checked as text; numbers in a column of text are written out.
        as_text = dtype == pl.String or dtype.is_temporal() or isinstance(dtype, pl.Decimal)
        return SqlColumn(name, dtype, f"CAST({quoted(name)} AS TEXT)" if as_text else quoted(name))

    def _stored(self, names: Sequence[str], relation: str) -> dict[str, pl.DataType]:
        """Types of the values that columns hold, found in one pass that hands over no row."""
        kinds = ("text", "blob", "real", "integer")
        asked = [f"max(typeof({quoted(name)}) = '{kind}')" for name in names for kind in kinds]
        row = self.session.execute(selection(", ".join(asked), relation)).fetchone()
        return {name: _stored_type(*map(bool, row[4 * i : 4 * i + 4])) for i, name in enumerate(names)}

    def batches(self, select: str, columns: Sequence[SqlColumn]) -> Iterator[pl.DataFrame]:
        self.session.execute("PRAGMA query_only = ON")
        cursor = self.session.execute(select)
        before = 0
        while rows := cursor.fetchmany(BATCH_ROWS):
            values = zip(*rows, strict=True)
            yield pl.DataFrame(
                [
                    _series(column, each, before, declared=column.name in self.types)
                    for column, each in zip(columns, values, strict=True)
                ]
            )
            before += len(rows)

    def tables(self) -> list[str]:
        asked = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name"
        return [name for (name,) in self.session.execute(asked).fetchall()]


def _dtype(declared: str) -> pl.DataType | None:
    """The type that a declaration promises; none where it promises nothing."""
    word, _, inside = declared.partition("(")
    if declared.startswith(EXACT_DECIMAL):
        precision, scale = (int(each) for each in inside.rstrip(")").split(","))
        return pl.Decimal(precision, scale)
    match word.strip():
        case "DATE":
            return pl.Date()
        case "TIME":
            return pl.Time()
        case "DATETIME" | "TIMESTAMP" | "TIMESTAMP WITHOUT TIME ZONE":
            return pl.Datetime("us")
        case "TIMESTAMPTZ" | "TIMESTAMP WITH TIME ZONE":
            return pl.Datetime("us", "UTC")
        case "BOOL" | "BOOLEAN":
            return pl.Boolean()
    for marks, dtype in AFFINITIES:
        if any(mark in declared for mark in marks):
            return dtype
    return None


AFFINITIES: tuple[tuple[tuple[str, ...], pl.DataType], ...] = (
    (("INT",), pl.Int64()),
    (("CHAR", "CLOB", "TEXT"), pl.String()),
    (("BLOB",), pl.Binary()),
    (("REAL", "FLOA", "DOUB"), pl.Float64()),
)
"""SQLite, Datatypes In SQLite, section 3.1; what is left has no promise."""


def _stored_type(text: bool, blob: bool, real: bool, integer: bool) -> pl.DataType:
    if blob and not (text or real or integer):
        return pl.Binary()
    if text or blob or not (real or integer):
        return pl.String()
    return pl.Float64() if real else pl.Int64()


def _series(column: SqlColumn, values: Sequence[Any], before: int, *, declared: bool) -> pl.Series:
    """Values in the type of their column.

    Raises:
        SourceError: a value is not of that type.
    """
    name, dtype = column.name, column.dtype
    if declared or dtype.is_temporal() or isinstance(dtype, pl.Decimal):
        return _from_text(pl.Series(name, values, dtype=pl.String), dtype, before)
    kinds = KINDS[type(dtype)]
    for row, value in enumerate(values):
        if value is not None and (type(value) not in kinds or (dtype == pl.Boolean and value not in (0, 1))):
            raise _misfit(name, dtype, before + row, value)
    return pl.Series(name, values, dtype=dtype) if dtype != pl.Boolean else pl.Series(name, values).cast(pl.Boolean)


KINDS: dict[type[pl.DataType], tuple[type, ...]] = {
    pl.Int64: (int,),
    pl.Float64: (float, int),
    pl.Boolean: (int,),
    pl.String: (str,),
    pl.Binary: (bytes,),
}


def _from_text(text: pl.Series, dtype: pl.DataType, before: int) -> pl.Series:
    name, column = text.name, pl.col(text.name)
    match dtype:
        case pl.Decimal():
            value = column.cast(dtype, strict=False)
            fits = column.str.contains(r"^-?[0-9]+(\.[0-9]+)?$") & value.is_not_null()
        case pl.Datetime(time_zone=str()):
            iso = column.str.replace(" ", "T", literal=True).str.replace("Z$", "+00:00")
            value = iso.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", strict=False, time_zone="UTC")
            fits = column.str.contains(ZONED) & value.is_not_null()
        case _:
            reading = Reading(next(word for word in get_args(TextType) if TYPES[word] == dtype), declared=True)
            value, fits = reading.value(name), ~reading.misfit(name)
    read = text.to_frame().select(value.alias("value"), fits=fits)
    wrong = (text.is_not_null() & ~read["fits"].fill_null(value=False)).arg_true()
    if wrong.len():
        raise _misfit(name, dtype, before + wrong[0], text[wrong[0]])
    return read["value"].alias(name)


def _misfit(name: str, dtype: pl.DataType, row: int, value: object) -> SourceError:
    return SourceError(
        f"Row {row + 1:,} of column {name!r} is {value!r}, which is no {type_name(dtype)} as the column promises. "
        f'Declare the column as text ("types": {{"{name}": "text"}}), or convert it in a query.'
    )


@dataclass(frozen=True)
class _Writer:
    session: sqlite3.Connection
    on_nan: Literal["fail", "null"]

    def execute(self, statement: str) -> object:
        return self.session.execute(statement)

    def insert(self, table: Sequence[str], rows: pl.DataFrame) -> None:
        if self.on_nan == "fail":
            _check_nan(rows)
        marks = ", ".join("?" * rows.width)
        statement = insertion(table, rows.columns, f"VALUES ({marks})")
        self.session.executemany(
            statement, rows.select(_stored(name, rows.schema[name]) for name in rows.columns).iter_rows()
        )


def _check_nan(rows: pl.DataFrame) -> None:
    for name, dtype in rows.schema.items():
        if dtype.is_float() and rows[name].is_nan().any():
            raise DestinationError(
                f"Column {name!r} holds NaN, which SQLite would store as missing. Fill such values first, or have them "
                'written as missing ("on_nan": "null"). Nothing was written.'
            )


def _stored(name: str, dtype: pl.DataType) -> pl.Expr:
    """A value in one of the five forms that SQLite stores."""
    column = pl.col(name)
    match dtype:
        case pl.Date() | pl.Decimal():
            return column.cast(pl.String)
        case pl.Time():
            return column.dt.to_string("%H:%M:%S%.6f")
        case pl.Datetime(time_zone=str()):
            return column.dt.convert_time_zone("UTC").dt.to_string("%Y-%m-%d %H:%M:%S%.6f+00:00")
        case pl.Datetime():
            return column.dt.to_string("%Y-%m-%d %H:%M:%S%.6f")
        case pl.Boolean():
            return column.cast(pl.Int8)
        case _:
            return column


class SqliteDestination(SqlDestination):
    """A table of a SQLite file, which is made when it is not there.

    Dates and times are written as ISO 8601 text, times with a zone in UTC, decimals as text of all their
    digits, truth values as 0 and 1.
    """

    id = "sqlite"
    label = "SQLite"
    proof = "real"

    path: str = Field(min_length=1)
    """Database file, relative to the flow."""
    on_nan: Literal["fail", "null"] = "fail"
    """SQLite has no NaN: refuse to write it, or write it as missing."""

    @contextmanager
    def writer(self, context: Context) -> Iterator[Writer]:
        file = context.path(self.path)
        file.parent.mkdir(parents=True, exist_ok=True)
        with removed_when_failed(file), self._saying(file), closing(_open(file, "rwc")) as session:
            session.execute("BEGIN IMMEDIATE")
            try:
                yield _Writer(session, self.on_nan)
            except BaseException:
                session.rollback()
                raise
            session.commit()

    def existing(self, context: Context) -> Sequence[str] | None:
        file = context.path(self.path)
        check_writable(file, "replace")
        if not file.exists():
            return None
        *schema, table = parts(self.table)
        asked = "SELECT name FROM pragma_table_xinfo(?, ?) ORDER BY cid"
        with self._saying(file), closing(_open(file, "ro")) as session:
            names = session.execute(asked, (table, schema[0] if schema else "main")).fetchall()
        return [name for (name,) in names] or None

    def _saying(self, file: Path) -> AbstractContextManager[None]:
        return saying(
            (sqlite3.Error,),
            lambda error: DestinationError(f"{self.table} in {file} cannot be written: {error}. Nothing was written."),
        )

    def place(self, context: Context) -> str:
        return str(context.path(self.path))

    def column_type(self, dtype: pl.DataType) -> str | None:
        match dtype:
            case pl.Decimal(precision=precision, scale=scale):
                return f"{EXACT_DECIMAL}({precision or 38},{scale})"
            case pl.Datetime(time_zone=zone):
                return "TIMESTAMP WITH TIME ZONE" if zone else "TIMESTAMP"
            case _:
                return DECLARED.get(type(dtype))


DECLARED: dict[type[pl.DataType], str] = {
    pl.Int8: "INTEGER",
    pl.Int16: "INTEGER",
    pl.Int32: "INTEGER",
    pl.Int64: "INTEGER",
    pl.Float32: "REAL",
    pl.Float64: "REAL",
    pl.Boolean: "BOOLEAN",
    pl.String: "TEXT",
    pl.Binary: "BLOB",
    pl.Date: "DATE",
    pl.Time: "TIME",
    pl.Null: "TEXT",
}


SOURCES = (SqliteSource,)
DESTINATIONS = (SqliteDestination,)
