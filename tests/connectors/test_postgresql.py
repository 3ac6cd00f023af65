"""PostgreSQL, a real server: types, pieces, sessions, secrets."""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from connectors.core.connections import save_connection
from connectors.core.connector import Context, DestinationError, SourceError
from connectors.postgresql import PostgresDestination, PostgresSource
from tests.connectors.tables import NAN, PASSWORD, SPAN, Sql, read, write


@pytest.mark.parametrize(
    ("type", "values", "expected", "dtype"),
    [
        ("numeric(10, 2)", ["1.25", "-99999999.99"], [Decimal("1.25"), Decimal("-99999999.99")], pl.Decimal(10, 2)),
        ("numeric", ["1.5", "-0.001"], [Decimal("1.500"), Decimal("-0.001")], pl.Decimal(38, 3)),
        ("numeric", ["12345678901234567890"], [Decimal(12345678901234567890)], pl.Decimal(38, 0)),
        ("numeric", ["1.5", "NaN"], [1.5, NAN], pl.Float64()),
        ("numeric", ["1.5", "-Infinity"], [1.5, float("-inf")], pl.Float64()),
        ("numeric", ["12345678901234567.5", "NaN"], ["12345678901234567.5", "NaN"], pl.String()),
        ("numeric", ["1e50", "0.5"], ["1" + "0" * 50, "0.5"], pl.String()),
        ("money", ["12.34"], ["$12.34"], pl.String()),
        ("oid", ["4294967295"], [2**32 - 1], pl.Int64()),
        (
            "timestamptz",
            ["1960-01-01 00:00:00.000001+02"],
            [datetime(1959, 12, 31, 22, 0, 0, 1, UTC)],
            pl.Datetime("us", "UTC"),
        ),
        ("timestamp(0)", ["1960-01-01 00:00:00"], [datetime(1960, 1, 1)], pl.Datetime("us")),
        ("timetz", ["01:02:03+02"], ["01:02:03+02"], pl.String()),
        ("interval", ["1 month 2 days"], ["1 mon 2 days"], pl.String()),
        ("jsonb", ['{"a": [1]}'], ['{"a": [1]}'], pl.String()),
        ("uuid", ["10b51f64-3ea1-4b6c-8a3c-d2e1d0e3a0d1"], ["10b51f64-3ea1-4b6c-8a3c-d2e1d0e3a0d1"], pl.String()),
        ("inet", ["10.0.0.1/8"], ["10.0.0.1/8"], pl.String()),
        ("int4range", ["[1,5)"], ["[1,5)"], pl.String()),
        ("point", ["(1,2)"], ["(1,2)"], pl.String()),
        ("varchar(3)[]", ["{a,NULL}", "{}"], [["a", None], []], pl.List(pl.String())),
        ("numeric[]", ["{1.5}"], ["{1.5}"], pl.String()),
        ("mood", ["sad"], ["sad"], pl.String()),
        ("cents", ["1.25"], [Decimal("1.25")], pl.Decimal(9, 2)),
        ("xml", ["<a/>"], ["<a/>"], pl.String()),
    ],
)
def test_type_loses_nothing(
    type: str, values: list[str], expected: list[Any], dtype: pl.DataType, sql: Sql, context: Context
) -> None:
    sql.run(
        "CREATE TYPE mood AS ENUM ('sad', 'ok')", "CREATE DOMAIN cents AS numeric(9, 2)", f"CREATE TABLE t (v {type})"
    )
    for each in values:
        sql.session.execute(f"INSERT INTO t VALUES (%s::text::{type})", (each,))
    sql.run("INSERT INTO t VALUES (NULL)")
    found = read(PostgresSource(table="t"), context)
    assert_frame_equal(found, pl.DataFrame({"v": pl.Series([*expected, None], dtype=dtype)}), check_exact=True)


def test_array_of_several_dimensions_is_not_flattened(sql: Sql, context: Context) -> None:
    sql.run("CREATE TABLE t (k int, v int[])", "INSERT INTO t VALUES (1, '{1,2}'), (2, '{{1,2},{3,4}}')")
    rows = PostgresSource(table="t").scan(context)
    assert rows.head(1).collect().rows() == [(1, [1, 2])]
    with pytest.raises(SourceError, match=r"column 'v' holds an array of several dimensions: \{\{1,2\},\{3,4\}\}"):
        rows.collect()


@pytest.mark.parametrize(
    ("type", "value"),
    [
        ("timestamp", "infinity"),
        ("date", "-infinity"),
        ("timestamptz", "10000-01-01 00:00:00+00"),
        ("date", "0001-12-31 BC"),
    ],
)
def test_date_that_no_engine_has_is_an_error(type: str, value: str, sql: Sql, context: Context) -> None:
    sql.run(f"CREATE TABLE t (v {type})", f"INSERT INTO t VALUES ('2020-01-01'), ('{value}')")
    with pytest.raises(SourceError, match="Column 'v' holds infinity, or a date outside of the years 1 to 9999"):
        PostgresSource(table="t").scan(context).collect()


def test_nan_in_a_decimal_is_an_error(sql: Sql, context: Context) -> None:
    sql.run("CREATE TABLE t (v numeric(5, 2))", "INSERT INTO t VALUES (1), ('NaN')")
    with pytest.raises(SourceError, match="Column 'v' holds 'NaN', which does not fit Decimal"):
        PostgresSource(table="t").scan(context).collect()
    as_float = PostgresSource(query="SELECT v::double precision AS v FROM t")
    assert str(read(as_float, context)["v"].to_list()) == "[1.0, nan]"


def test_columns_are_told_without_reading_rows(sql: Sql, context: Context) -> None:
    sql.run("CREATE VIEW slow AS SELECT 1 AS a, 'x'::text AS b, pg_sleep(60)::text AS c")
    assert PostgresSource(table="slow").columns(context) == {"a": pl.Int32, "b": pl.String, "c": pl.String}


def test_columns_and_limit_are_asked_of_the_server(sql: Sql, context: Context) -> None:
    broken = "CASE WHEN g > 5 THEN 1 / (g - g) ELSE 1 END"
    sql.run(f"CREATE VIEW v AS SELECT g AS a, {broken} AS b FROM generate_series(1, 100) g")
    rows = PostgresSource(table="v").scan(context)
    assert rows.select("a").collect().height == 100
    assert rows.head(5).collect().height == 5
    with pytest.raises(SourceError, match="division by zero"):
        rows.collect()


def test_pieces_together_are_the_whole_table(sql: Sql, context: Context) -> None:
    sql.run(
        "CREATE TABLE t (id bigint, amount numeric, name text)",
        "INSERT INTO t SELECT g * g - 500, g / 4.0, 'n' || g FROM generate_series(1, 200) g",
        "INSERT INTO t VALUES (NULL, 0.12345, 'none')",
        "INSERT INTO t VALUES (-9223372036854775808, 1, 'least'), (9223372036854775807, 1, 'most')",
    )
    source = PostgresSource(table="t", partition_column="id")
    whole = read(source, context)
    for at_most in (2, 7):
        pieces = [
            PostgresSource.model_validate_json(each.model_dump_json()) for each in source.pieces(context, at_most)
        ]
        assert len(pieces) == at_most
        assert all(each.pieces(context, 4) == (each,) for each in pieces)
        parts = [read(each, context) for each in pieces]
        assert {each.schema["amount"] for each in parts} == {pl.Decimal(38, 20)} == {whole.schema["amount"]}
        assert_frame_equal(pl.concat(parts).sort("id", "name"), whole.sort("id", "name"))


def test_pieces_of_a_query_and_of_few_values(sql: Sql, context: Context) -> None:
    sql.run("CREATE TABLE t (id int)", "INSERT INTO t VALUES (1), (2), (2), (NULL)")
    source = PostgresSource(query="SELECT id, id * 2 AS twice FROM t", partition_column="id")
    pieces = source.pieces(context, 8)
    assert [sorted(read(each, context)["id"].to_list(), key=str) for each in pieces] == [[1, None], [2, 2]]
    sql.run("TRUNCATE t")
    assert source.pieces(context, 8) == (source,)
    assert PostgresSource(table="t").pieces(context, 8) == (PostgresSource(table="t"),)


def test_partition_column_must_be_there_and_whole(sql: Sql, context: Context) -> None:
    sql.run("CREATE TABLE t (id int, name text)")
    with pytest.raises(SourceError, match="Did you mean 'id'"):
        PostgresSource(table="t", partition_column="idd").pieces(context, 2)
    with pytest.raises(SourceError, match="Column 'name' holds no whole numbers"):
        PostgresSource(table="t", partition_column="name").pieces(context, 2)


def test_tables_of_other_schemas_are_read_and_written(sql: Sql, context: Context) -> None:
    sql.run("DROP SCHEMA IF EXISTS sales CASCADE", "CREATE SCHEMA sales")
    rows = pl.DataFrame({"a": [1]})
    for mode in ("create", "append", "replace"):
        write(PostgresDestination(table="sales.t", mode=mode), rows, context)
    assert sql.rows("SELECT a FROM sales.t") == [(1,)]
    with pytest.raises(SourceError, match=r"There is no table sales\.tt .*Did you mean 'sales\.t'"):
        PostgresSource(table="sales.tt").columns(context)
    with pytest.raises(DestinationError, match='schema "nowhere" does not exist'):
        write(PostgresDestination(table="nowhere.t"), rows, context)
    sql.run("DROP SCHEMA sales CASCADE")


def test_append_converts_to_the_types_of_the_table(sql: Sql, context: Context) -> None:
    sql.run("CREATE TABLE t (id serial, n int, d numeric(6, 2), s varchar(3))")
    rows = pl.DataFrame({"n": [1, 2], "d": [1.25, None], "s": ["abc", None]})
    assert write(PostgresDestination(table="t", mode="append"), rows, context) == 2
    assert sql.rows("SELECT * FROM t") == [(1, 1, Decimal("1.25"), "abc"), (2, 2, None, None)]
    for wrong in (pl.DataFrame({"n": [2**40]}), pl.DataFrame({"s": ["abcd"]}), pl.DataFrame({"s": ["\0"]})):
        with pytest.raises(DestinationError, match="Nothing was written"):
            write(PostgresDestination(table="t", mode="append"), wrong, context)
    assert sql.rows("SELECT count(*) FROM t") == [(2,)]
    assert sql.rows("SELECT count(*) FROM pg_class WHERE relname LIKE 'dataprep%'") == [(0,)]


def test_replace_is_refused_while_a_view_needs_the_old_table(sql: Sql, context: Context) -> None:
    sql.run("CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)", "CREATE VIEW v AS SELECT * FROM t")
    with pytest.raises(DestinationError, match=r"other objects depend on it.*Nothing was written"):
        write(PostgresDestination(table="t", mode="replace"), pl.DataFrame({"a": [2]}), context)
    assert sql.rows("SELECT * FROM v") == [(1,)]


def test_readers_see_the_old_table_until_the_new_one_is_whole(sql: Sql, context: Context) -> None:
    write(PostgresDestination(table="t"), pl.DataFrame({"a": [1]}), context)
    seen = []

    def look(values: pl.Series) -> pl.Series:
        seen.append(sql.rows("SELECT a FROM t"))
        return values

    rows = pl.LazyFrame({"a": [2]}).with_columns(pl.col("a").map_batches(look, return_dtype=pl.Int64))
    PostgresDestination(table="t", mode="replace").load(rows, context)
    assert seen
    assert all(each == [(1,)] for each in seen)
    assert sql.rows("SELECT a FROM t") == [(2,)]


def test_duration_is_an_interval(sql: Sql, context: Context) -> None:
    write(PostgresDestination(table="t"), pl.DataFrame({"v": [SPAN, None]}), context)
    assert sql.rows("SELECT v FROM t") == [(SPAN,), (None,)]


def test_session_is_named_and_may_only_read(sql: Sql, context: Context) -> None:
    asked = "SELECT current_setting('application_name') AS name, current_setting('transaction_read_only') AS ro"
    assert read(PostgresSource(query=asked), context).rows() == [("dataprep", "on")]
    sql.run("CREATE FUNCTION sneaky() RETURNS int LANGUAGE sql AS 'CREATE TABLE stolen (a int); SELECT 1'")
    with pytest.raises(SourceError, match="read-only transaction"):
        PostgresSource(query="SELECT sneaky() AS a").scan(context).collect()
    assert sql.rows("SELECT to_regclass('stolen')") == [(None,)]


def test_connections_are_closed(sql: Sql, context: Context) -> None:
    sql.run("CREATE TABLE t AS SELECT g AS a FROM generate_series(1, 100000) g")
    rows = PostgresSource(table="t").scan(context)
    rows.collect()
    rows.filter(pl.col("a") > 5).head(1).collect()
    write(PostgresDestination(table="u"), pl.DataFrame({"a": [1]}), context)
    open_ones = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dataprep'"
    deadline = time.monotonic() + 10  # the server ends a session a moment after it was left
    while sql.rows(open_ones) != [(0,)]:
        assert time.monotonic() < deadline


def test_statement_timeout_is_kept(sql: Sql, context: Context) -> None:
    facts: dict[str, str | int] = {"host": "127.0.0.1", "port": sql.port, "database": "postgres", "user": "dataprep"}
    save_connection("hasty", "postgresql", {**facts, "password": "env:WAREHOUSE_PASSWORD", "statement_timeout": 1})
    source = PostgresSource(query="SELECT pg_sleep(30)::text AS a")
    with pytest.raises(SourceError, match="statement timeout"):
        source.scan(Context(context.folder, "hasty")).collect()


def connect(context: Context, sql: Sql, **facts: Any) -> str:
    """What is said when a connection fails, by reading and by writing."""
    known: dict[str, str | int] = {"host": "127.0.0.1", "port": sql.port, "database": "postgres", "user": "dataprep"}
    known |= {"password": "env:WAREHOUSE_PASSWORD", "connect_timeout": 2}
    save_connection("other", "postgresql", {**known, **facts})
    other = Context(context.folder, "other")
    with pytest.raises(SourceError) as reading:
        PostgresSource(table="t").columns(other)
    with pytest.raises(DestinationError) as writing:
        write(PostgresDestination(table="t"), pl.DataFrame({"a": [1]}), other)
    said = f"{reading.value} | {writing.value}"
    assert "\n" not in said
    return said


def test_failing_connections_name_the_server_and_no_secret(
    sql: Sql, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRONG", "hunter2-hunter2")
    said = connect(context, sql, password="env:WRONG")
    assert "password authentication failed" in said
    assert "hunter2" not in said
    assert 'database "nowhere" does not exist' in connect(context, sql, database="nowhere")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        said = connect(context, sql, port=closed.getsockname()[1])
    assert "refused" in said
    assert PASSWORD not in said


def test_driver_that_repeats_the_password_is_scrubbed(sql: Sql, context: Context) -> None:
    query = f"SELECT '{PASSWORD.replace(chr(39), chr(39) * 2)}'::int AS a"
    with pytest.raises(SourceError) as caught:
        PostgresSource(query=query).scan(context).collect()
    assert PASSWORD not in str(caught.value)
    assert "***" in str(caught.value)
