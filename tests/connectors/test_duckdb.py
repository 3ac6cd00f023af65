"""DuckDB: types without a counterpart, and files."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import duckdb
import polars as pl
import pytest

from connectors.core.connector import Context, DestinationError, SourceError
from connectors.duckdb import DuckDbDestination, DuckDbSource
from tests.connectors.tables import SPAN, read, write


def table(context: Context, expression: str) -> pl.DataFrame:
    with duckdb.connect(str(context.folder / "d.duckdb")) as session:
        session.execute(f"CREATE OR REPLACE TABLE t AS SELECT {expression} AS v")
    return read(DuckDbSource(path="d.duckdb", table="t"), context)


@pytest.mark.parametrize(
    ("expression", "expected", "dtype"),
    [
        ("255::utinyint", 255, pl.Int64()),
        ("9223372036854775807::ubigint", 2**63 - 1, pl.Int64()),
        ("sum(1)", Decimal(1), pl.Decimal(38, 0)),
        ("1.25::decimal(4, 2)", Decimal("1.25"), pl.Decimal(4, 2)),
        ("timestamptz '2024-01-01 00:00:00+02'", datetime(2023, 12, 31, 22, tzinfo=UTC), pl.Datetime("us", "UTC")),
        ("timestamp_ns '1960-01-01 00:00:00.000001'", datetime(1960, 1, 1, 0, 0, 0, 1), pl.Datetime("us")),
        ("interval '1 month 2 days'", "1 month 2 days", pl.String()),
        ("'10b51f64-3ea1-4b6c-8a3c-d2e1d0e3a0d1'::uuid", "10b51f64-3ea1-4b6c-8a3c-d2e1d0e3a0d1", pl.String()),
        ("'{\"a\": 1}'::json", '{"a": 1}', pl.String()),
        ("'101'::bit", "101", pl.String()),
        ("'a'::enum('a', 'b')", "a", pl.String()),
        ("[1, 2]::int[2]", [1, 2], pl.List(pl.Int32())),
        ("{'k': 1::utinyint}", {"k": 1}, pl.Struct({"k": pl.Int64()})),
    ],
)
def test_type_becomes_one_that_every_engine_has(
    expression: str, expected: Any, dtype: pl.DataType, context: Context
) -> None:
    found = table(context, expression)
    assert found.schema == {"v": dtype}
    assert found["v"].to_list() == [expected]


@pytest.mark.parametrize("value", ["18446744073709551615::ubigint", "170141183460469231731687303715884105727::hugeint"])
def test_whole_number_that_does_not_fit_is_an_error(value: str, context: Context) -> None:
    with pytest.raises(SourceError, match=r"d\.duckdb cannot be read: .*v"):
        table(context, value)


def test_duration_is_an_interval(context: Context) -> None:
    write(DuckDbDestination(path="d.duckdb", table="t"), pl.DataFrame({"v": [SPAN, None]}), context)
    with duckdb.connect(str(context.folder / "d.duckdb")) as session:
        assert session.execute("SELECT v, typeof(v) FROM t").fetchall() == [(SPAN, "INTERVAL"), (None, "INTERVAL")]


def test_schema_of_a_table_is_found(context: Context) -> None:
    with duckdb.connect(str(context.folder / "d.duckdb")) as session:
        session.execute("CREATE SCHEMA sales")
    write(DuckDbDestination(path="d.duckdb", table="sales.t"), pl.DataFrame({"v": [1]}), context)
    write(DuckDbDestination(path="d.duckdb", table="sales.t", mode="replace"), pl.DataFrame({"v": [2]}), context)
    assert read(DuckDbSource(path="d.duckdb", table="sales.t"), context)["v"].to_list() == [2]
    with pytest.raises(SourceError, match=r"There is no table salse\.t .*Did you mean 'sales\.t'"):
        DuckDbSource(path="d.duckdb", table="salse.t").columns(context)


def test_read_and_written_file_may_be_the_same(context: Context) -> None:
    write(DuckDbDestination(path="d.duckdb", table="a"), pl.DataFrame({"v": [1, 2]}), context)
    rows = DuckDbSource(path="d.duckdb", table="a").scan(context).head(1).collect()
    write(DuckDbDestination(path="d.duckdb", table="b"), rows, context)
    assert read(DuckDbSource(path="d.duckdb", table="b"), context)["v"].to_list() == [1]


def test_value_that_does_not_go_into_an_old_table_is_an_error(context: Context) -> None:
    write(DuckDbDestination(path="d.duckdb", table="t"), pl.DataFrame({"v": [1]}), context)
    with pytest.raises(DestinationError, match=r"t in .*d\.duckdb cannot be written: .*'x'.*Nothing was written"):
        write(DuckDbDestination(path="d.duckdb", table="t", mode="append"), pl.DataFrame({"v": ["7", "x"]}), context)
    assert read(DuckDbSource(path="d.duckdb", table="t"), context)["v"].to_list() == [1]


def test_fingerprint_changes_with_the_data(context: Context) -> None:
    write(DuckDbDestination(path="d.duckdb", table="t"), pl.DataFrame({"v": [1]}), context)
    source = DuckDbSource(path="d.duckdb", table="t")
    before = source.fingerprint(context)
    assert source.fingerprint(context) == before
    write(DuckDbDestination(path="d.duckdb", table="t", mode="append"), pl.DataFrame({"v": [2]}), context)
    assert source.fingerprint(context) != before
