"""Group values beside rows, and small tables about a table: what is particular to them."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest

from tests.checks import assert_same_rows, result
from transforms.aggregate import GroupAggregate
from transforms.aggregate_groups import (
    AggregateAll,
    DeviationFromGroup,
    FirstLastValue,
    GroupAggregateAppend,
    NumberInGroup,
    PercentOfTotal,
    TileRows,
)
from transforms.aggregate_tables import CorrelationTable, DescribeColumns
from transforms.core.errors import InvalidStepError

NAN = float("nan")
SALES = pl.DataFrame(
    {
        "city": ["Oslo", "Oslo", None, "Rome", None, "Oslo", "Bonn"],
        "zone": [1.0, NAN, None, 2.0, NAN, 1.0, -0.0],
        "x": [5.0, NAN, 2.0, None, 3.0, 6.5, 1.0],
        "n": [3, 1, None, 4, 7, 1, 5],
        "day": [7, 6, 5, 4, 3, 2, 1],
        "t": ["p", "q", None, "s", "u", "v", "w"],
    }
)
ROWS = SALES.with_row_index("i").with_columns(pl.col("i").cast(pl.Int64))


def query(sql: str) -> list[Any]:
    """What DuckDB finds in the sales, NaN as null, in the order of the rows."""
    with duckdb.connect() as connection:
        connection.register("t", ROWS.with_columns(pl.col("x", "zone").fill_nan(None)).to_arrow())
        return [row[0] for row in connection.execute(f"SELECT {sql} FROM t ORDER BY i").fetchall()]


@pytest.mark.parametrize(
    ("function", "sql"),
    [
        ("sum", "sum(x)"),
        ("mean", "avg(x)"),
        ("median", "median(x)"),
        ("count_distinct", "count(DISTINCT x)"),
        ("count_missing", "count(*) - count(x)"),
        ("max", "max(x)"),
        ("std", "stddev_samp(x)"),
    ],
)
def test_group_statistics_beside_rows_are_those_of_sql(function: Any, sql: str) -> None:
    step = GroupAggregateAppend(by=("zone",), aggregations=({"column": "x", "function": function, "output": "v"},))
    found = result(step, SALES)
    over = " OVER (PARTITION BY zone)"
    assert found["v"].to_list() == pytest.approx(query(f"{sql.replace(' - ', f'{over} - ')}{over}"))
    assert found.drop("v").equals(SALES, null_equal=True)


def test_group_statistics_of_the_whole_table_are_in_each_row() -> None:
    step = GroupAggregateAppend(aggregations=({"function": "rows"}, {"column": "t", "function": "mode"}))
    assert result(step, SALES).select("rows", "t_mode").unique().rows() == [(7, "p")]
    assert result(step, SALES.clear()).height == 0
    with pytest.raises(InvalidStepError, match="would be named 'n'"):
        result(GroupAggregateAppend(aggregations=({"function": "rows", "output": "n"},)), SALES)


def test_a_summary_is_the_group_of_all() -> None:
    aggregations = ({"column": "x", "function": "quantile", "q": 0.3}, {"column": "t", "function": "count"})
    assert result(AggregateAll(aggregations=aggregations), SALES).equals(
        result(GroupAggregate(aggregations=aggregations), SALES)
    )
    with pytest.raises(InvalidStepError, match="'first' needs an order"):
        result(AggregateAll(aggregations=({"column": "x", "function": "first"},)), SALES)


def test_row_numbers_are_those_of_sql() -> None:
    step = NumberInGroup(by=("zone",), order_by=({"column": "day", "descending": True},), output="place")
    assert result(step, SALES)["place"].to_list() == query("row_number() OVER (PARTITION BY zone ORDER BY day DESC)")
    ties = NumberInGroup(order_by=({"column": "city"},), output="place")
    assert_same_rows(result(ties, SALES), result(ties, SALES.reverse()))
    with pytest.raises(InvalidStepError, match="There is a column 'n' already"):
        result(NumberInGroup(order_by=({"column": "day"},)), SALES)


@pytest.mark.parametrize("tiles", [1, 2, 3, 4, 7, 10])
def test_tiles_are_those_of_sql(tiles: int) -> None:
    found = result(TileRows(order_by=({"column": "day"},), tiles=tiles), SALES)
    assert found["tile"].to_list() == query(f"ntile({tiles}) OVER (ORDER BY day)")
    groups = result(TileRows(order_by=({"column": "day"},), tiles=tiles, by=("city",)), SALES)
    assert groups["tile"].to_list() == query(f"ntile({tiles}) OVER (PARTITION BY city ORDER BY day)")


def test_rows_without_a_value_are_in_no_tile_and_take_no_place() -> None:
    found = result(TileRows(order_by=({"column": "x"},), tiles=2), SALES)
    assert found["tile"].to_list() == [2, None, 1, None, 1, 2, 1]


def test_percentages_of_totals_are_those_of_sql() -> None:
    found = result(PercentOfTotal(columns=("x", "n"), by=("city",)), SALES)
    for name in ("x", "n"):
        expected = query(f"100 * {name} / sum({name}) OVER (PARTITION BY city)")
        assert found[f"{name}_pct"].to_list() == pytest.approx(expected)
    whole = result(PercentOfTotal(columns=("x",), suffix=""), SALES)
    assert whole["x"].sum() == pytest.approx(100)
    zero = pl.DataFrame({"x": [1, -1, None]})
    assert result(PercentOfTotal(columns=("x",)), zero)["x_pct"].to_list() == [None] * 3


@pytest.mark.parametrize(
    ("params", "sql"),
    [
        ({}, "x - avg(x) OVER w"),
        ({"statistic": "median"}, "x - median(x) OVER w"),
        ({"statistic": "max", "how": "ratio"}, "x / max(x) OVER w"),
        ({"how": "zscore"}, "(x - avg(x) OVER w) / nullif(stddev_samp(x) OVER w, 0)"),
    ],
)
def test_deviations_are_those_of_sql(params: dict[str, Any], sql: str) -> None:
    found = result(DeviationFromGroup(columns=("x",), by=("city",), **params), SALES)
    assert found["x_deviation"].to_list() == pytest.approx(query(sql.replace("w", "(PARTITION BY city)")))


def test_a_group_is_not_compared_with_itself() -> None:
    with pytest.raises(InvalidStepError, match="'n' makes the groups"):
        result(DeviationFromGroup(columns=("n",), by=("n",)), SALES)
    with pytest.raises(InvalidStepError, match="There is a column 'x_pct' already"):
        result(PercentOfTotal(columns=("x",)), SALES.with_columns(x_pct=1))


@pytest.mark.parametrize(
    ("params", "sql"),
    [
        ({}, "first_value(x IGNORE NULLS) OVER w"),
        ({"which": "last"}, "last_value(x IGNORE NULLS) OVER w"),
        ({"n": 2}, "nth_value(x, 2 IGNORE NULLS) OVER w"),
        ({"skip_missing": False}, "first_value(x) OVER w"),
        ({"which": "last", "skip_missing": False}, "last_value(x) OVER w"),
    ],
)
def test_first_and_last_values_are_those_of_sql(params: dict[str, Any], sql: str) -> None:
    found = result(
        FirstLastValue(columns=("x",), by=("city",), order_by=({"column": "day"},), suffix="_v", **params), SALES
    )
    window = "(PARTITION BY city ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)"
    assert found["x_v"].to_list() == query(sql.replace(" w", f" {window}"))
    assert found.drop("x_v").equals(SALES, null_equal=True)


def test_first_texts_in_place() -> None:
    found = result(FirstLastValue(columns=("t", "n"), order_by=({"column": "day"},), suffix=""), SALES)
    assert found.columns == SALES.columns
    assert found.select("t", "n").unique().rows() == [("w", 5)]


def test_descriptions_are_those_of_pandas() -> None:
    found = result(DescribeColumns(columns=("x", "n")), SALES)
    frame = SALES.to_pandas()[["x", "n"]].describe()
    for name, row in zip(("x", "n"), found.iter_rows(named=True), strict=True):
        mine = [row[fact] for fact in ("mean", "std", "min", "q25", "median", "q75", "max")]
        assert mine == pytest.approx(frame[name].iloc[1:].tolist())
        assert row["rows"] - row["missing"] == frame[name]["count"]
        assert row["distinct"] == SALES.to_pandas()[name].nunique()
    assert found["top"].to_list() == [1.0, 1.0]


def test_columns_of_any_type_are_described_as_text_where_they_do_not_go_together() -> None:
    table = SALES.with_columns(l=pl.lit([1]), d=pl.date(2024, 1, "day"), z=pl.lit(None))
    found = result(DescribeColumns(), table)
    assert found["type"].to_list() == ["text", "number", "number", "integer", "integer", "text", "list", "date", "null"]
    by_name = {row["column"]: row for row in found.iter_rows(named=True)}
    assert (by_name["d"]["min"], by_name["n"]["max"], by_name["x"]["max"]) == ("2024-01-01", "7", "6.5")
    assert by_name["l"]["distinct"] is None
    assert by_name["city"]["mean"] is None
    assert result(DescribeColumns(facts=("rows",)), table.clear())["rows"].to_list() == [0] * 9
    with pytest.raises(InvalidStepError, match="no column to describe"):
        result(DescribeColumns(columns={"type": "boolean"}), SALES)


RANDOM = np.random.default_rng(3)
CLOUD = pl.DataFrame(
    {
        "a": RANDOM.normal(1e6, 1, 60),
        "b": RANDOM.integers(0, 5, 60),
        "c": [None if i % 7 == 0 else float(i % 11) for i in range(60)],
        "d": [NAN if i % 5 else -float(i) for i in range(60)],
    }
)


@pytest.mark.parametrize("method", ["pearson", "spearman", "kendall"])
def test_correlations_are_those_of_pandas(method: Any) -> None:
    found = result(CorrelationTable(method=method), CLOUD)
    expected = CLOUD.to_pandas().corr(method=method)
    assert found["column"].to_list() == list("abcd")
    assert found.drop("column").to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-9)
    long = result(CorrelationTable(method=method, form="long"), CLOUD)
    assert long["correlation"].to_list() == pytest.approx(expected.to_numpy()[np.triu_indices(4, 1)].tolist(), abs=1e-9)
    assert long.row(5)[:2] == ("c", "d")
    assert long["rows"].to_list() == [60, 51, 12, 51, 12, 10]


@pytest.mark.parametrize("method", ["pearson", "spearman", "kendall"])
def test_constant_and_empty_columns_have_no_correlation(method: Any) -> None:
    table = pl.DataFrame({"a": [0.1, 0.1, 0.1], "b": [1, 2, 3], "c": [None, None, float("inf")]})
    found = result(CorrelationTable(method=method), table)
    assert found.rows() == [("a", None, None, None), ("b", None, pytest.approx(1.0), None), ("c", None, None, None)]
    assert result(CorrelationTable(method=method, form="long"), table.clear())["rows"].to_list() == [0, 0, 0]


def test_correlations_of_one_or_too_many_columns_are_refused() -> None:
    with pytest.raises(InvalidStepError, match="two columns or more"):
        result(CorrelationTable(columns=("x",)), SALES)
    with pytest.raises(InvalidStepError, match="There are 31 columns; at most 30"):
        result(CorrelationTable(), pl.DataFrame({str(i): [1] for i in range(31)}))
