"""Groups, counts, ranks and running values: what is particular to them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import polars as pl
import pytest
from pydantic import ValidationError

from tests.checks import assert_same_rows, result
from transforms.aggregate import CumulativeAggregate, GroupAggregate, GroupConcat, RankRows, ValueCounts
from transforms.core.errors import InvalidStepError, StepError

NAN = float("nan")
SALES = pl.DataFrame(
    {
        "city": ["Oslo", "Oslo", None, "Rome", None, "Oslo", "Bonn"],
        "zone": [1.0, NAN, None, 2.0, NAN, 1.0, -0.0],
        "x": [5.0, NAN, 2.0, None, 3.0, 5.0, 1.0],
        "n": [3, 1, None, 4, 7, 1, 5],
        "day": [7, 6, 5, 4, 3, 2, 1],
        "ok": [True, None, False, None, True, False, None],
    }
)


@pytest.mark.parametrize("function", ["sum", "mean", "median", "min", "max", "count", "std", "var"])
def test_group_functions_are_those_of_pandas(function: Any) -> None:
    found = result(GroupAggregate(by=("city",), aggregations=({"column": "x", "function": function},)), SALES)
    grouped = SALES.to_pandas().groupby("city", dropna=False, sort=False)["x"]
    frame: Any = grouped.sum(min_count=1) if function == "sum" else getattr(grouped, function)()
    expected = {None if pd.isna(key) else key: None if pd.isna(value) else value for key, value in frame.items()}
    assert dict(found.iter_rows()) == pytest.approx(expected)


def test_null_and_nan_keys_are_one_group() -> None:
    found = result(GroupAggregate(by=("zone",), aggregations=({"function": "rows"},)), SALES)
    assert dict(found.iter_rows()) == {1.0: 2, None: 3, 2.0: 1, 0.0: 1}


def test_results_are_named_by_column_and_function() -> None:
    step = GroupAggregate(aggregations=({"column": "x"}, {"function": "rows"}, {"column": "n", "output": "total"}))
    assert result(step, SALES).columns == ["x_sum", "rows", "total"]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"aggregations": [{"column": "city", "function": "mean"}]},
            "'mean' takes numbers, and column 'city' holds text",
        ),
        ({"aggregations": [{"column": "n", "function": "any"}]}, "'any' takes booleans, and column 'n' holds integer"),
        ({"aggregations": [{"column": "n", "function": "first"}]}, "'first' needs an order"),
        ({"aggregations": [{"column": "n"}, {"column": "n"}]}, "would be named 'n_sum'"),
        ({"by": ["n"], "aggregations": [{"column": "x", "output": "n"}]}, "would be named 'n'"),
        ({"aggregations": [{"column": "m"}]}, "Column 'm' is not in the table"),
    ],
)
def test_what_cannot_be_computed_is_said(params: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidStepError, match=message):
        result(GroupAggregate(**params), SALES)


def test_aggregations_without_a_column_are_refused() -> None:
    with pytest.raises(ValidationError, match="'sum' needs a column"):
        GroupAggregate(aggregations=({"function": "sum"},))


def test_first_last_and_list_follow_the_order_with_nan_last_and_the_same_ties_in_any_order() -> None:
    step = GroupAggregate(
        aggregations=tuple({"column": "n", "function": each, "output": each} for each in ("first", "last", "list")),
        order_by=({"column": "x", "descending": True},),
    )
    found = result(step, SALES)
    first, last, values = found.row(0)
    assert values[2:4] == [7, 5]
    assert sorted(values[:2]) == [1, 3]
    assert (first, last) == (values[0], values[-1])
    assert sorted(values[4:]) == [1, 4]
    assert result(step, SALES.reverse()).equals(found)


def test_a_sum_too_large_is_an_error() -> None:
    with pytest.raises(StepError, match="too large for a whole number"):
        result(GroupAggregate(aggregations=({"column": "n"},)), pl.DataFrame({"n": [2**63 - 1, 1]}))


def test_no_rows_have_no_group_but_one_total() -> None:
    rows = {"function": "rows"}
    assert result(GroupAggregate(by=("city",), aggregations=(rows,)), SALES.clear()).height == 0
    assert result(GroupAggregate(aggregations=(rows, {"column": "n"})), SALES.clear()).row(0) == (0, None)


def test_group_concat_writes_values_as_text() -> None:
    step = GroupConcat(column="n", by=("city",), order_by=({"column": "day"},), separator="|", output="all")
    assert dict(result(step, SALES).iter_rows()) == {"Bonn": "5", "Oslo": "1|1|3", None: "7", "Rome": "4"}
    once = result(step.model_copy(update={"distinct": True, "by": ()}), SALES)
    assert once.row(0) == ("5|1|7|4|3",)
    with pytest.raises(InvalidStepError, match="name of a group column"):
        result(step.model_copy(update={"output": "city"}), SALES)


def test_value_counts_are_those_of_pandas() -> None:
    found = result(ValueCounts(columns=("city", "ok")), SALES)
    expected = SALES.to_pandas().value_counts(["city", "ok"], dropna=False)
    mine = {(a, b): n for a, b, n, _ in found.iter_rows()}
    assert sum(mine.values()) == int(expected.sum()) == 7
    assert len(mine) == len(expected)
    assert found["share"].sum() == pytest.approx(1.0)
    assert found["count"].to_list() == sorted(found["count"].to_list(), reverse=True)


def test_value_counts_join_null_and_nan_and_break_ties_by_value() -> None:
    found = result(ValueCounts(columns=("zone",), share=None), SALES)
    assert found.rows() == [(None, 3), (1.0, 2), (0.0, 1), (2.0, 1)]
    assert found.schema["count"] == pl.Int64
    assert result(ValueCounts(columns=("zone",), include_missing=False), SALES)["count"].sum() == 4


def test_value_counts_do_not_overwrite_what_they_count() -> None:
    with pytest.raises(InvalidStepError, match="'count' is one of the columns"):
        result(ValueCounts(columns=("count",)), pl.DataFrame({"count": [1]}))
    with pytest.raises(ValidationError, match="cannot both be named"):
        ValueCounts(columns=("a",), output="n", share="n")


PANDAS = {"min": "min", "max": "max", "dense": "dense", "average": "average"}


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("method", PANDAS)
def test_ranks_are_those_of_pandas(method: Any, descending: bool) -> None:
    step = RankRows(by=({"column": "x", "descending": descending},), group_by=("city",), method=method)
    found = result(step, SALES)
    frame = SALES.to_pandas()
    expected = frame.groupby("city", dropna=False)["x"].rank(method=PANDAS[method], ascending=not descending)
    assert found["rank"].to_list() == [None if pd.isna(each) else each for each in expected]
    assert found.drop("rank").equals(SALES, null_equal=True)


def test_rank_types() -> None:
    kinds: dict[Any, Any] = {"min": pl.Int64, "ordinal": pl.Int64, "average": pl.Float64, "percent": pl.Float64}
    for method, dtype in kinds.items():
        assert result(RankRows(by=({"column": "x"},), method=method), SALES).schema["rank"] == dtype


def test_ordinal_ranks_do_not_depend_on_the_order_of_the_table() -> None:
    step = RankRows(by=({"column": "city"},), method="ordinal")
    found = result(step, SALES)
    assert_same_rows(found, result(step, SALES.reverse()))
    assert sorted(found["rank"].drop_nulls().to_list()) == [1, 2, 3, 4, 5]


def test_percent_rank_goes_from_0_to_1_and_leaves_missing_values_out() -> None:
    table = pl.DataFrame({"x": [10, 20, None, 20, 50, 90]})
    ranks = result(RankRows(by=({"column": "x"},), method="percent"), table)["rank"].to_list()
    assert ranks == [0.0, 0.25, None, 0.25, 0.75, 1.0]
    assert result(RankRows(by=({"column": "x"},), method="percent"), table[:1])["rank"].to_list() == [0.0]


def test_a_row_with_one_missing_sort_value_takes_no_place() -> None:
    table = pl.DataFrame({"a": [1, 1, 2], "b": [None, 5, 1]})
    step = RankRows(by=({"column": "a"}, {"column": "b"}))
    assert result(step, table)["rank"].to_list() == [None, 1, 2]


def test_rank_by_a_nan_group_is_that_of_the_missing() -> None:
    ranked = result(RankRows(by=({"column": "day"},), group_by=("zone",)), SALES)
    assert ranked["rank"].to_list() == [2, 3, 2, 1, 1, 1, 1]
    assert ranked["zone"].is_nan().to_list() == SALES["zone"].is_nan().to_list()


@pytest.mark.parametrize("function", ["sum", "min", "max", "count", "mean"])
def test_running_values_are_those_of_pandas(function: Any) -> None:
    step = CumulativeAggregate(columns=("x", "n"), function=function, order_by=({"column": "day"},), by=("city",))
    found = result(step, SALES)
    frame = SALES.to_pandas().iloc[::-1]
    groups = frame.groupby("city", dropna=False)
    for column in ("x", "n"):
        expanding = groups[column].expanding().agg(function).droplevel(0).sort_index()
        expected = [
            None if value is None or value != value else running
            for value, running in zip(SALES[column].to_list(), expanding, strict=True)
        ]
        assert found[f"{column}_cumulative"].to_list() == pytest.approx(expected), column
    assert found.drop("x_cumulative", "n_cumulative").equals(SALES, null_equal=True)


def test_running_values_in_place_and_name_clashes() -> None:
    step = CumulativeAggregate(columns=("n",), order_by=({"column": "day"},), suffix="")
    found = result(step, SALES)
    assert found.columns == SALES.columns
    assert found["n"].to_list() == [21, 18, None, 17, 13, 6, 5]
    clash = CumulativeAggregate(columns=("d",), order_by=({"column": "day"},), suffix="ay")
    with pytest.raises(InvalidStepError, match="There is a column 'day' already"):
        result(clash, SALES.rename({"n": "d"}))
