"""What is written is what is read back, cell by cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from connectors.catalog import destinations, sources
from connectors.core.connector import Context
from tests.connectors.tables import INFINITY, Sql, everything, read, write

DECIMALS, SPECIAL, NESTED = ("money", "exact"), ("special",), ("list", "words")


def same(table: pl.DataFrame) -> pl.DataFrame:
    return table


def as_csv(table: pl.DataFrame) -> pl.DataFrame:
    """CSV has no types: dates, decimals and such come back as the text they were written as."""
    return table.with_columns(
        pl.col("small").cast(pl.Int64),
        pl.col("single").cast(pl.String).cast(pl.Float64),
        pl.col("day").dt.to_string("%Y-%m-%d"),
        pl.col("clock").dt.to_string("%H:%M:%S%.6f"),
        pl.col("moment").dt.to_string("%Y-%m-%dT%H:%M:%S%.6f"),
        pl.col("zoned").dt.to_string("%Y-%m-%dT%H:%M:%S%.6f%z"),
        pl.col("money", "exact").cast(pl.String),
    )


def as_json(table: pl.DataFrame) -> pl.DataFrame:
    return as_csv(table).with_columns(
        pl.col("zoned").str.replace(r"\+0000$", "+00:00"), pl.col("clock").str.replace(r"\.000000$", "")
    )


def as_sqlite(table: pl.DataFrame) -> pl.DataFrame:
    return table.with_columns(pl.col("small").cast(pl.Int64), pl.col("single").cast(pl.Float64))


Expected = Callable[[pl.DataFrame], pl.DataFrame]

FILES: list[tuple[str, tuple[str, ...], Expected]] = [
    ("parquet", (), same),
    ("csv", ("bytes", *NESTED), as_csv),
    ("ndjson", ("bytes", *SPECIAL), as_json),
    ("json", ("bytes", *SPECIAL), as_json),
]


@pytest.mark.parametrize(("id", "without", "expected"), FILES, ids=[each[0] for each in FILES])
def test_file_gives_back_every_value(id: str, without: tuple[str, ...], expected: Expected, context: Context) -> None:
    table = everything().drop(without)
    assert write(destinations()[id].model_validate({"path": "out/table"}), table, context) == table.height
    found = read(sources()[id].model_validate({"path": "out/table"}), context)
    assert_frame_equal(found, expected(table), check_exact=True)


DATABASES: list[tuple[str, tuple[str, ...], Expected]] = [
    ("sqlite", NESTED, as_sqlite),
    ("duckdb", (), same),
    ("postgresql", (), same),
]


@pytest.fixture(params=DATABASES, ids=[each[0] for each in DATABASES])
def database(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any], pl.DataFrame, Expected]:
    """A database, the settings that name it, what it can hold of everything, and what comes back."""
    id, without, expected = request.param
    if id == "postgresql":
        request.getfixturevalue("sql")
    settings = {} if id == "postgresql" else {"path": f"database.{id}"}
    table = everything().drop(without)
    if id == "sqlite":
        table = table.with_columns(pl.col("special").fill_nan(INFINITY))
    return id, settings, table, expected


Database = tuple[str, dict[str, Any], pl.DataFrame, Expected]


def test_database_gives_back_every_value(database: Database, context: Context) -> None:
    id, settings, table, expected = database
    assert write(destinations()[id].model_validate({**settings, "table": "everything"}), table, context) == table.height
    found = read(sources()[id].model_validate({**settings, "table": "everything"}), context)
    assert_frame_equal(found, expected(table), check_exact=True)


def test_query_gives_the_same_types_as_its_table(database: Database, context: Context) -> None:
    id, settings, table, expected = database
    write(destinations()[id].model_validate({**settings, "table": "everything"}), table, context)
    query = "SELECT * FROM everything WHERE key > 1 ORDER BY key DESC;"
    found = read(sources()[id].model_validate({**settings, "query": query}), context)
    assert_frame_equal(found, expected(table).reverse().head(3), check_exact=True)


def test_no_rows_keep_their_types(database: Database, context: Context) -> None:
    id, settings, table, expected = database
    assert write(destinations()[id].model_validate({**settings, "table": "none"}), table.clear(), context) == 0
    found = read(sources()[id].model_validate({**settings, "table": "none"}), context)
    assert_frame_equal(found, expected(table).clear())


def test_projection_filter_and_limit_are_those_of_polars(database: Database, context: Context) -> None:
    id, settings, table, expected = database
    write(destinations()[id].model_validate({**settings, "table": "everything"}), table, context)
    rows = sources()[id].model_validate({**settings, "table": "everything"}).scan(context)
    whole = expected(table).lazy()
    asked: list[Callable[[pl.LazyFrame], pl.LazyFrame]] = [
        lambda t: t.select("text", "key"),
        lambda t: t.select(pl.len()),
        lambda t: t.head(2),
        lambda t: t.slice(1, 2).select("code"),
        lambda t: t.filter(pl.col("key") > 2).select("text"),
        lambda t: t.head(3).filter(pl.col("flag")),
        lambda t: t.filter(pl.col("flag")).head(1),
        lambda t: t.head(0),
        lambda t: t.tail(2).select("large"),
    ]
    for ask in asked:
        assert_frame_equal(ask(rows).collect(), ask(whole).collect(), check_exact=True)


def test_postgresql_declares_ordinary_types(sql: Sql, context: Context) -> None:
    write(destinations()["postgresql"].model_validate({"table": "t"}), everything(), context)
    shown = dict(
        sql.rows("SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 't'::regclass")
    )
    assert shown["large"] == "bigint"
    assert shown["exact"] == "numeric(38,10)"
    assert shown["zoned"] == "timestamp with time zone"
    assert shown["words"] == "text[]"


def test_zone_of_a_column_does_not_move_its_moments(database: Database, context: Context) -> None:
    id, settings, table, _ = database
    rome = table.select("key", zoned=pl.col("zoned").dt.convert_time_zone("Europe/Rome"))
    write(destinations()[id].model_validate({**settings, "table": "moments"}), rome, context)
    found = read(sources()[id].model_validate({**settings, "table": "moments"}), context)
    assert_frame_equal(found, table.select("key", "zoned"))
