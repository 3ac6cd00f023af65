"""PostgreSQL."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, Self

import polars as pl
from pydantic import Field, SecretStr

from connectors.core.connections import Connection, connection
from connectors.core.connector import Context, DestinationError, SourceError
from connectors.core.drivers import driver
from connectors.core.sql import (
    Reader,
    SqlColumn,
    SqlDestination,
    SqlSource,
    Writer,
    insertion,
    parts,
    qualified,
    quoted,
    saying,
    selection,
)
from connectors.core.text import check_names

LABEL, EXTRA = "PostgreSQL", "postgres"
BATCH_BYTES = 8 << 20
"""Bytes that the driver reads into one batch."""
FIRST_DAY, END_DAY, MICROSECONDS_OF_A_DAY = -719_162, 2_932_897, 86_400_000_000
"""0001-01-01 and 10000-01-01, in days since 1970: what every engine has. PostgreSQL also has infinity and 4713 BC."""
DIGITS = 38
"""The most digits of a decimal."""


class PostgresConnection(Connection):
    """Where a PostgreSQL database is, and who asks."""

    system = "postgresql"

    host: str = "localhost"
    """Name or address of the server."""
    port: int = Field(5432, ge=1, le=65535)
    """Port of the server."""
    database: str = Field(min_length=1)
    """Name of the database."""
    user: str = Field(min_length=1)
    """Name to log in with. To read, an account that may only read is safest."""
    password: SecretStr = SecretStr("")
    """Password of the user."""
    sslmode: Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] = "prefer"
    """Whether to encrypt, and whether to check who the server is (``verify-full``)."""
    connect_timeout: int = Field(10, ge=1, le=600)
    """Seconds to wait for the server to answer."""
    statement_timeout: int = Field(0, ge=0)
    """Seconds after which the server stops a statement; 0 for never."""
    application_name: str = "dataprep"
    """What administrators see the session as."""

    def address(self, *, read_only: bool) -> str:
        """The connection as libpq has it; it holds the password."""
        settings = {"default_transaction_read_only": "on" if read_only else "off", "timezone": "UTC"}
        settings["statement_timeout"] = str(self.statement_timeout * 1000)
        psycopg = driver("psycopg", LABEL, EXTRA)
        return str(
            psycopg.conninfo.make_conninfo(
                host=self.host,
                port=self.port,
                dbname=self.database,
                user=self.user,
                password=self.password.get_secret_value() or None,
                sslmode=self.sslmode,
                connect_timeout=self.connect_timeout,
                application_name=self.application_name,
                options=" ".join(f"-c {name}={value}" for name, value in settings.items()),
            )
        )

    def errors(self) -> tuple[type[Exception], ...]:
        """What its two drivers raise; while rows are read, that is an error of Arrow or of the system."""
        drivers = driver("psycopg", LABEL, EXTRA).Error, driver("adbc_driver_manager", LABEL, EXTRA).Error
        return *drivers, driver("pyarrow", LABEL).ArrowException, OSError

    def said(self, error: BaseException) -> str:
        """What a driver says, without its own words before those of the server."""
        return self.scrubbed(error).rpartition("ERROR: ")[2].strip().rstrip(".")

    def __str__(self) -> str:
        return f"{self.database} on {self.host}:{self.port}"


@dataclass(frozen=True)
class _Reader:
    connection: PostgresConnection
    errors: tuple[type[Exception], ...]

    def describe(self, relation: str) -> Sequence[SqlColumn]:
        with self._session() as session:
            description = session.execute(selection("*", relation, at_most=0)).description
            columns = [_column(each) for each in description]
            open_numerics = [each.name for each in columns if each.dtype == pl.Null]
            measured = _measured(session, open_numerics, relation) if open_numerics else {}
        return [
            SqlColumn(each.name, measured[each.name], each.expression) if each.name in measured else each
            for each in columns
        ]

    def batches(self, select: str, columns: Sequence[SqlColumn]) -> Iterator[pl.DataFrame]:
        adbc = driver("adbc_driver_postgresql.dbapi", LABEL, EXTRA)
        types = {each.name: each.dtype for each in columns}
        with adbc.connect(self.connection.address(read_only=True)) as session, session.cursor() as cursor:
            cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": str(BATCH_BYTES)})
            cursor.execute(select)
            for batch in cursor.fetch_record_batch():
                rows = pl.DataFrame(pl.from_arrow(batch))
                _check_years(rows)
                yield rows.select(_exactly(rows[name], dtype) for name, dtype in types.items())

    def tables(self) -> list[str]:
        shown = "CASE WHEN pg_table_is_visible(c.oid) THEN '' ELSE n.nspname || '.' END || c.relname"
        catalog = "pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        wanted = "c.relkind IN ('r', 'v', 'm', 'p', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
        with self._session() as session:
            return [name for (name,) in session.execute(selection(shown, catalog, f"{wanted} ORDER BY 1")).fetchall()]

    def _session(self) -> Any:
        psycopg = driver("psycopg", LABEL, EXTRA)
        return psycopg.connect(self.connection.address(read_only=True), autocommit=True)


TYPES: dict[str, pl.DataType] = {
    "int2": pl.Int16(),
    "int4": pl.Int32(),
    "int8": pl.Int64(),
    "float4": pl.Float32(),
    "float8": pl.Float64(),
    "bool": pl.Boolean(),
    "text": pl.String(),
    "varchar": pl.String(),
    "bpchar": pl.String(),
    "name": pl.String(),
    "bytea": pl.Binary(),
    "date": pl.Date(),
    "time": pl.Time(),
    "timestamp": pl.Datetime("us"),
    "timestamptz": pl.Datetime("us", "UTC"),
}
ARRAYS = ("int2", "int4", "int8", "float4", "float8", "bool", "text", "varchar")
"""Types whose arrays are read as lists."""


def _column(described: Any) -> SqlColumn:
    """How to read a column; of a numeric of no given precision, the type is found by :func:`_measured`."""
    name, column = described.name, quoted(described.name)
    type = re.sub(r"\(.*?\)", "", described.type_display)
    if type in TYPES:
        return SqlColumn(name, TYPES[type], column)
    if type == "oid":
        return SqlColumn(name, pl.Int64(), f"CAST({column} AS bigint)")
    if type == "numeric":
        precision, scale = described.precision or 0, described.scale or 0
        known = 0 < precision <= DIGITS and 0 <= scale <= precision
        return SqlColumn(name, pl.Decimal(precision, scale) if known else pl.Null(), f"CAST({column} AS text)")
    if type.removesuffix("[]") in ARRAYS and type.endswith("[]"):
        # Several dimensions would be read as one. The cast fails on them, and shows the value.
        several = (
            f"CAST({_literal(f'column {name!r} holds an array of several dimensions: ')} || {column}::text AS {type})"
        )
        guarded = f"CASE WHEN array_ndims({column}) > 1 THEN {several} ELSE {column} END"
        return SqlColumn(name, pl.List(TYPES[type.removesuffix("[]")]), guarded)
    return SqlColumn(name, pl.String(), f"CAST({column} AS text)")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _measured(session: Any, names: Sequence[str], relation: str) -> dict[str, pl.DataType]:
    """Types of numeric columns of no given precision, by the digits of their values.

    One pass in the database. NaN and infinity are no decimals: a column that holds them is Float64, unless
    that would lose digits of other values. Such columns, and those of more than 38 digits, are text.
    """
    asked = []
    for name in names:
        column = quoted(name)
        finite = f"CASE WHEN {column} NOT IN ('NaN', 'Infinity', '-Infinity') THEN {column} END"
        asked.append(
            f"max(scale({finite})), max(length(trunc(abs({finite}))::text)), count({column}) - count({finite})"
        )
    row = session.execute(selection(", ".join(asked), relation)).fetchone()
    return {name: _numeric(*row[3 * i : 3 * i + 3]) for i, name in enumerate(names)}


def _numeric(scale: int | None, whole: int | None, special: int) -> pl.DataType:
    digits = (whole or 1) + (scale or 0)
    if special:
        return pl.Float64() if digits <= 15 else pl.String()
    return pl.Decimal(DIGITS, scale or 0) if digits <= DIGITS else pl.String()


def _exactly(values: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Values in the type of their column.

    Raises:
        SourceError: one of them does not fit.
    """
    if values.dtype == dtype:
        return values
    cast = values.cast(dtype, strict=False)
    lost = (cast.is_null() & values.is_not_null()).arg_true()
    if lost.len():
        raise SourceError(
            f"Column {values.name!r} holds {values[lost[0]]!r}, which does not fit {dtype}. "
            "Convert the column in a query, such as to double precision or text."
        )
    return cast


def _check_years(rows: pl.DataFrame) -> None:
    for name, dtype in rows.schema.items():
        if isinstance(dtype, pl.Date | pl.Datetime):
            unit = 1 if dtype == pl.Date else MICROSECONDS_OF_A_DAY
            wrong = ~rows[name].to_physical().is_between(FIRST_DAY * unit, END_DAY * unit, closed="left")
            if wrong.any():
                raise SourceError(
                    f"Column {name!r} holds infinity, or a date outside of the years 1 to 9999, which no engine has. "
                    f"Convert such values in a query, such as NULLIF({name}, 'infinity')."
                )


class PostgresSource(SqlSource):
    """A table of a PostgreSQL database, or what a query gives.

    ``numeric`` of a given precision is Decimal; without one, Decimal of the digits that its values have (which
    takes a pass in the database), Float64 where they include NaN, and text beyond 38 digits. Times with a
    zone are in UTC. One-dimensional arrays of numbers, text and truth values are lists; JSON, UUID,
    intervals and all other types are text, as PostgreSQL writes them.
    """

    id = "postgresql"
    label = LABEL
    extra = EXTRA
    proof = "real"

    partition_column: str = ""
    """Column of whole numbers by whose ranges Spark reads the table in pieces; in one when empty."""
    bounds: tuple[int | None, int | None] | None = Field(None, json_schema_extra={"widget": "hidden"})
    """Lowest value of the partition column and the first one beyond, of a piece; made by ``pieces``."""

    @contextmanager
    def reader(self, context: Context) -> Iterator[Reader]:
        to = connection(context.connection, PostgresConnection)
        errors = to.errors()
        with saying((*errors, pl.exceptions.PolarsError), lambda error: SourceError(f"{to}: {to.said(error)}.")):
            yield _Reader(to, errors)

    def place(self, context: Context) -> str:
        return str(connection(context.connection, PostgresConnection))

    def condition(self) -> str:
        if self.bounds is None:
            return ""
        column, (low, end) = quoted(self.partition_column), self.bounds
        if low is None:
            return f"{column} < {end} OR {column} IS NULL"
        return f"{column} >= {low}" + ("" if end is None else f" AND {column} < {end}")

    def pieces(self, context: Context, at_most: int) -> tuple[Self, ...]:
        """Ranges of the partition column; the first holds its missing values too, the outer ones have no end."""
        if not self.partition_column or self.bounds or at_most < 2:
            return (self,)
        schema = self.columns(context)
        check_names({self.partition_column: "integer"}, schema.names(), self.table or "The query")
        if not schema[self.partition_column].is_integer():
            raise SourceError(
                f"Column {self.partition_column!r} holds no whole numbers. Choose another to partition by."
            )
        column = SqlColumn(self.partition_column, pl.Int64(), quoted(self.partition_column))
        extremes = [SqlColumn(how, pl.Int64(), f"CAST({how}({column.expression}) AS bigint)") for how in ("min", "max")]
        with self.reader(context) as reader:
            ((low, high),) = pl.concat(reader.batches(self.select(extremes), extremes)).rows()
        if low is None or low == high:
            return (self,)
        cuts = sorted({low + (high + 1 - low) * i // at_most for i in range(1, at_most)} - {low})
        return tuple(self.model_copy(update={"bounds": each}) for each in pairwise((None, *cuts, None)))


@dataclass(frozen=True)
class _Writer:
    session: Any

    def execute(self, statement: str) -> object:
        with self.session.cursor() as cursor:
            return cursor.execute(statement)

    def insert(self, table: Sequence[str], rows: pl.DataFrame) -> None:
        *schema, name = table
        with self.session.cursor() as cursor:
            cursor.adbc_ingest(name, rows.to_arrow(), mode="append", db_schema_name=schema[-1] if schema else None)


class PostgresDestination(SqlDestination):
    """A table of a PostgreSQL database. Times with a zone are stored as the moments they are."""

    id = "postgresql"
    label = LABEL
    extra = EXTRA
    proof = "real"

    @contextmanager
    def writer(self, context: Context) -> Iterator[Writer]:
        with self._to(context) as to:
            adbc = driver("adbc_driver_postgresql.dbapi", LABEL, EXTRA)
            with adbc.connect(to.address(read_only=False)) as session:
                try:
                    yield _Writer(session)
                except BaseException:
                    session.rollback()
                    raise
                session.commit()

    def append(self, writer: Writer, rows: pl.LazyFrame, schema: pl.Schema) -> int:
        # The fast way in takes only values of exactly the column's type; from table to table PostgreSQL converts.
        aside = ("pg_temp", f"dataprep_{secrets.token_hex(6)}")
        written = self.make(writer, aside, rows, schema)
        names = schema.names()
        rows_of = selection(", ".join(map(quoted, names)), ".".join(map(quoted, aside)))
        writer.execute(insertion(parts(self.table), names, rows_of))
        return written

    def existing(self, context: Context) -> Sequence[str] | None:
        there = "attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
        with self._to(context) as to, driver("psycopg", LABEL, EXTRA).connect(to.address(read_only=True)) as session:
            asked = selection("attname", "pg_attribute", there)
            return [name for (name,) in session.execute(asked, (qualified(self.table),)).fetchall()] or None

    @contextmanager
    def _to(self, context: Context) -> Iterator[PostgresConnection]:
        to = connection(context.connection, PostgresConnection)
        with saying(
            to.errors(),
            lambda error: DestinationError(f"{self.table} in {to}: {to.said(error)}. Nothing was written."),
        ):
            yield to

    def place(self, context: Context) -> str:
        return str(connection(context.connection, PostgresConnection))

    def column_type(self, dtype: pl.DataType) -> str | None:
        match dtype:
            case pl.Decimal(precision=precision, scale=scale):
                return f"numeric({precision or DIGITS}, {scale})"
            case pl.Datetime(time_zone=zone):
                return "timestamptz" if zone else "timestamp"
            case pl.List(inner=inner):
                item = inner() if isinstance(inner, type) else inner
                return None if item.is_nested() else f"{self.column_type(item)}[]"
            case _:
                return WRITTEN.get(type(dtype))


WRITTEN: dict[type[pl.DataType], str] = {
    pl.Int8: "smallint",
    pl.Int16: "smallint",
    pl.Int32: "integer",
    pl.Int64: "bigint",
    pl.Float32: "real",
    pl.Float64: "double precision",
    pl.Boolean: "boolean",
    pl.String: "text",
    pl.Binary: "bytea",
    pl.Date: "date",
    pl.Time: "time",
    pl.Duration: "interval",
    pl.Null: "text",
}


SOURCES = (PostgresSource,)
DESTINATIONS = (PostgresDestination,)
