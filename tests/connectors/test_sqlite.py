"""SQLite: declared and stored types, values that do not fit, no writing while reading."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from connectors.core.connector import Context, DestinationError, SourceError
from connectors.sqlite import SqliteDestination, SqliteSource
from tests.connectors.tables import INFINITY, NAN, read, write


@pytest.fixture
def session(context: Context) -> Iterator[sqlite3.Connection]:
    """The database as another program sees it."""
    with closing(sqlite3.connect(context.folder / "d.db", isolation_level=None)) as opened:
        yield opened


def table(context: Context, **params: Any) -> pl.DataFrame:
    return read(SqliteSource(path="d.db", **(params or {"table": "t"})), context)


@pytest.mark.parametrize(
    ("declared", "values", "expected", "dtype"),
    [
        ("BIGINT", [1, None], [1, None], pl.Int64()),
        ("VARCHAR(20)", ["1", 2], ["1", "2"], pl.String()),
        ("DOUBLE PRECISION", [1, 2.5], [1.0, 2.5], pl.Float64()),
        ("BLOB", [b"\0"], [b"\0"], pl.Binary()),
        ("BOOLEAN", [0, 1, None], [False, True, None], pl.Boolean()),
        ("DATE", ["1960-02-29"], [date(1960, 2, 29)], pl.Date()),
        ("DATETIME", ["2024-01-02 03:04:05"], [datetime(2024, 1, 2, 3, 4, 5)], pl.Datetime("us")),
        (
            "TIMESTAMPTZ",
            ["2024-01-02T03:04:05.5+02:00"],
            [datetime(2024, 1, 2, 1, 4, 5, 500_000, UTC)],
            pl.Datetime("us", "UTC"),
        ),
        ("TIMESTAMPTZ", ["2024-01-02 03:04:05Z"], [datetime(2024, 1, 2, 3, 4, 5, 0, UTC)], pl.Datetime("us", "UTC")),
        ("", [1, 2], [1, 2], pl.Int64()),
        ("NUMERIC(10,2)", [1, 2.25], [1.0, 2.25], pl.Float64()),
        ("", [1, "x", 2.5], ["1", "x", "2.5"], pl.String()),
        ("", [b"\xff"], [b"\xff"], pl.Binary()),
        ("", [None], [None], pl.String()),
    ],
)
def test_type_is_the_declared_or_the_stored_one(
    declared: str,
    values: list[Any],
    expected: list[Any],
    dtype: pl.DataType,
    session: sqlite3.Connection,
    context: Context,
) -> None:
    session.execute(f"CREATE TABLE t (v {declared})")
    session.executemany("INSERT INTO t VALUES (?)", [(each,) for each in values])
    found = table(context)
    assert found.schema == {"v": dtype}
    assert found["v"].to_list() == expected


@pytest.mark.parametrize(
    ("declared", "value", "shown"),
    [
        ("INTEGER", "x", "'x', which is no integer"),
        ("INTEGER", 1.5, "1.5, which is no integer"),
        ("REAL", "x", "'x', which is no number"),
        ("BOOLEAN", 2, "2, which is no boolean"),
        ("DATE", 1577836800, "'1577836800', which is no date"),
        ("DATE", "2023-02-29", "'2023-02-29', which is no date"),
        ("TIMESTAMP", "yesterday", "'yesterday', which is no datetime"),
        ("TIMESTAMPTZ", "2024-01-02 03:04:05", "'2024-01-02 03:04:05', which is no datetime"),
        ("DECIMAL_TEXT(5,2)", "1234567.1", "'1234567.1', which is no number"),
    ],
)
def test_value_that_does_not_fit_is_named(
    declared: str, value: object, shown: str, session: sqlite3.Connection, context: Context
) -> None:
    session.execute(f"CREATE TABLE t (i INTEGER, v {declared})")
    session.execute("BEGIN")
    session.executemany("INSERT INTO t VALUES (?, NULL)", [(1,)] * 60_000)
    session.execute("INSERT INTO t VALUES (2, ?)", (value,))
    session.execute("COMMIT")
    rows = SqliteSource(path="d.db", table="t").scan(context)
    with pytest.raises(SourceError) as caught:
        rows.collect()
    assert f"Row 60,001 of column 'v' is {shown}" in str(caught.value)
    assert '"types": {"v": "text"}' in str(caught.value)
    assert rows.select("i").collect().height == 60_001
    as_text = table(context, table="t", types={"v": "text"})
    assert as_text["v"].to_list()[-1] == str(value)


def test_declared_types_are_obeyed(session: sqlite3.Connection, context: Context) -> None:
    session.execute("CREATE TABLE t (d DATE, n TEXT)")
    session.execute("INSERT INTO t VALUES ('2024-01-02 03:04:05', '7')")
    found = table(context, table="t", types={"d": "datetime", "n": "integer"})
    assert found.row(0) == (datetime(2024, 1, 2, 3, 4, 5), 7)
    with pytest.raises(SourceError, match="no column 'm'"):
        table(context, table="t", types={"m": "text"})


def test_types_of_a_query_are_those_of_its_columns(session: sqlite3.Connection, context: Context) -> None:
    session.execute("CREATE TABLE t (d DATE, n INTEGER)")
    session.execute("INSERT INTO t VALUES ('1960-01-01', 5)")
    found = table(context, query="SELECT d, n, n / 2.0 AS half, upper(d) AS up, max(d) AS latest FROM t")
    assert found.schema == {"d": pl.Date, "n": pl.Int64, "half": pl.Float64, "up": pl.String, "latest": pl.String}


def test_view_and_temporary_schema_names_are_read(session: sqlite3.Connection, context: Context) -> None:
    session.execute("CREATE TABLE t (n INTEGER)")
    session.execute("CREATE VIEW v AS SELECT n + 1 AS m FROM t")
    session.execute("INSERT INTO t VALUES (1)")
    assert table(context, table="v").rows() == [(2,)]
    assert table(context, table="main.t").rows() == [(1,)]


def test_reading_neither_writes_nor_locks(session: sqlite3.Connection, context: Context) -> None:
    session.execute("CREATE TABLE t (n INTEGER)")
    session.execute("INSERT INTO t VALUES (1)")
    before = (context.folder / "d.db").read_bytes()
    rows = SqliteSource(path="d.db", table="t").scan(context)
    assert rows.collect().height == 1
    session.execute("INSERT INTO t VALUES (2)")
    assert rows.collect().height == 2
    assert [each.name for each in context.folder.iterdir()] == ["d.db"]
    assert (context.folder / "d.db").read_bytes() != before


def test_fingerprint_changes_with_the_data_also_in_the_log(session: sqlite3.Connection, context: Context) -> None:
    session.execute("PRAGMA journal_mode = WAL")
    session.execute("CREATE TABLE t (n INTEGER)")
    source = SqliteSource(path="d.db", table="t")
    before = source.fingerprint(context)
    assert source.fingerprint(context) == before
    session.execute("INSERT INTO t VALUES (1)")
    assert source.fingerprint(context) != before


def test_nan_is_not_written_as_missing(context: Context) -> None:
    rows = pl.DataFrame({"x": [1.0, NAN, INFINITY, None]})
    with pytest.raises(DestinationError, match="Column 'x' holds NaN"):
        write(SqliteDestination(path="d.db", table="t"), rows, context)
    assert not (context.folder / "d.db").exists()
    write(SqliteDestination(path="d.db", table="t", on_nan="null"), rows, context)
    assert table(context)["x"].to_list() == [1.0, None, INFINITY, None]


def test_other_programs_see_plain_values(session: sqlite3.Connection, context: Context) -> None:
    rows = pl.DataFrame({"d": [date(1960, 1, 1)], "at": [datetime(2024, 1, 2, 3, 4, 5)], "f": [True]})
    write(SqliteDestination(path="d.db", table="t"), rows, context)
    assert session.execute("SELECT *, date(at, '+1 day') FROM t").fetchall() == [
        ("1960-01-01", "2024-01-02 03:04:05.000000", 1, "2024-01-03")
    ]
