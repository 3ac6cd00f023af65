"""Dropping, filling and marking missing values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal, assert_series_equal
from pydantic import ValidationError
from sklearn.impute import MissingIndicator, SimpleImputer

from flows.engines.polars_engine import PolarsEngine
from tests.checks import planned, result
from transforms.core.errors import InvalidStepError
from transforms.core.relations import MapRows, Source
from transforms.core.transform import Transform
from transforms.missing import (
    AddMissingIndicator,
    DropMissingRows,
    FillConstant,
    ImputeMean,
    ImputeMedian,
    ImputeMode,
)
from transforms.missing_columns import CoalesceColumns, FillFromColumn
from transforms.missing_neighbours import BackwardFill, ForwardFill, InterpolateMissing
from transforms.missing_values import BlankToMissing, InvalidToMissing, ValuesToMissing

NAN, INF = float("nan"), float("inf")
RANDOM = np.random.default_rng(3)
HOLES = pl.DataFrame(
    {
        "t": RANDOM.permutation(80),
        "g": RANDOM.choice(["a", "b", "é"], 80),
        "x": [None if RANDOM.random() < 0.4 else float(v) for v in RANDOM.normal(size=80)],
        "n": [None if RANDOM.random() < 0.4 else int(v) for v in RANDOM.integers(0, 5, 80)],
        "c": [None if RANDOM.random() < 0.4 else str(v) for v in RANDOM.choice(["p", "q", "r"], 80)],
    }
)


def lost(step: Transform, table: pl.DataFrame) -> list[tuple[str, int]]:
    """Column and rows of each failure that happens."""
    engine = PolarsEngine.over({"in0": table})
    _, learned = planned(step, engine, [Source("in0")])
    found = step.bind(table.schema).failures(learned)
    return [(each.column, rows) for each in found if (rows := table.select(each.where.sum()).item())]


def on_new_rows(step: Transform, table: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    (plan,), _ = planned(step, PolarsEngine.over({"in0": table}), [Source("in0")])
    assert isinstance(plan, MapRows)
    return plan(new.lazy()).collect()


def column(step: Transform, values: Sequence[Any], dtype: Any = None) -> pl.Series:
    """What becomes of a column ``x``."""
    return result(step, pl.DataFrame({"x": pl.Series(values, dtype=dtype, strict=False)}))["x"]


@pytest.mark.parametrize("how", ["any", "all"])
def test_dropped_rows_are_those_of_pandas(how: Any) -> None:
    found = result(DropMissingRows(columns=("x", "n"), how=how), HOLES)
    kept = HOLES.to_pandas().dropna(subset=["x", "n"], how=how).index.to_list()
    assert_frame_equal(found, HOLES[kept])


def test_rows_with_enough_values_are_those_of_pandas() -> None:
    found = result(DropMissingRows(how="at_least", min_present=4), HOLES)
    assert_frame_equal(found, HOLES[HOLES.to_pandas().dropna(thresh=4).index.to_list()])


def test_more_values_than_columns_are_refused() -> None:
    with pytest.raises(InvalidStepError, match="No row can have 3 values in 2 columns"):
        DropMissingRows(columns=("x", "n"), how="at_least", min_present=3).bind(HOLES.schema)
    with pytest.raises(ValidationError, match="'at_least' and 'min_present' go together"):
        DropMissingRows(min_present=3)


@pytest.mark.parametrize(("step", "strategy"), [(ImputeMean, "mean"), (ImputeMedian, "median")])
def test_numbers_are_imputed_as_by_scikit_learn(step: Any, strategy: str) -> None:
    found = result(step(columns=("x", "n")), HOLES).select("x", "n")
    expected = SimpleImputer(strategy=strategy).fit_transform(HOLES.select("x", "n").to_pandas())
    np.testing.assert_allclose(found.to_numpy(), expected, rtol=1e-11)


@pytest.mark.parametrize("name", ["n", "c"])
def test_mode_is_that_of_scikit_learn(name: str) -> None:
    table = pl.concat([HOLES, HOLES.reverse()]).select(pl.col(name))
    frame = table.to_pandas().astype({name: object})
    expected = SimpleImputer(strategy="most_frequent", missing_values=None).fit_transform(
        frame.where(frame.notna(), None)
    )
    assert result(ImputeMode(columns=(name,)), table)[name].to_list() == [row[0] for row in expected.tolist()]


@pytest.mark.parametrize("step", [ImputeMean(columns=("x",)), ImputeMedian(columns=("x",))])
@pytest.mark.parametrize("dtype", [pl.Int8, pl.Float32, pl.Decimal(10, 2), pl.Float64, pl.Null])
def test_all_missing_column_is_left_alone(step: Transform, dtype: Any) -> None:
    assert_series_equal(column(step, [None, None], dtype), pl.Series("x", [None, None], dtype=pl.Float64))


def test_infinite_values_do_not_spoil_the_mean() -> None:
    assert column(ImputeMean(columns=("x",)), [1.0, INF, NAN, 3.0]).to_list() == [1.0, INF, 2.0, 3.0]


def test_imputed_columns_can_be_marked() -> None:
    table = pl.DataFrame({"x": [1.0, NAN, None]})
    found = result(ImputeMedian(columns=("x",), add_indicator=True), table)
    assert found.to_dict(as_series=False) == {"x": [1.0, 1.0, 1.0], "x_missing": [False, True, True]}
    with pytest.raises(InvalidStepError, match="There is a column 'x_missing' already"):
        ImputeMean(columns=("x",), add_indicator=True).bind(found.schema)


def test_learned_mean_fills_new_rows() -> None:
    new = pl.DataFrame({"x": [None, 7.0]})
    assert on_new_rows(ImputeMean(columns=("x",)), pl.DataFrame({"x": [1.0, 3.0]}), new)["x"].to_list() == [2.0, 7.0]


@pytest.mark.parametrize(
    ("values", "dtype", "mode"),
    [
        (["b", "a", None, "b", "a"], pl.String, "a"),
        ([2, 1, None], pl.Int8, 1),
        ([2.5, NAN, NAN, 2.5], pl.Float64, 2.5),
        ([True, None, True, False], pl.Boolean, True),
        ([date(2024, 2, 29), None], pl.Date, date(2024, 2, 29)),
        ([datetime(2024, 2, 29, 1, 2, 3, 4), None], pl.Datetime("us"), datetime(2024, 2, 29, 1, 2, 3, 4)),
        ([Decimal("1.10"), None], pl.Decimal(38, 2), Decimal("1.10")),
        ([2**62 + 1, None], pl.Int64, 2**62 + 1),
    ],
)
def test_mode_keeps_the_type_and_takes_the_smallest_of_ties(values: list[Any], dtype: Any, mode: Any) -> None:
    found = column(ImputeMode(columns=("x",)), values, dtype)
    assert found.dtype == dtype
    assert found.to_list() == [mode if v is None or v != v else v for v in values]


def test_mode_of_moments_in_a_zone_is_the_same_moment() -> None:
    moments = pl.Series("x", [datetime(2024, 7, 1, 12), None]).dt.replace_time_zone("Europe/Oslo")
    found = result(ImputeMode(columns=("x",)), moments.to_frame())["x"]
    assert found.to_list() == [datetime(2024, 7, 1, 12, tzinfo=ZoneInfo("Europe/Oslo"))] * 2


@pytest.mark.parametrize("dtype", [pl.Null, pl.String, pl.Date])
def test_a_column_without_mode_is_left_alone(dtype: Any) -> None:
    assert_series_equal(column(ImputeMode(columns=("x",)), [None], dtype), pl.Series("x", [None], dtype=dtype))


@pytest.mark.parametrize(
    ("values", "dtype", "value", "expected"),
    [
        ([1, None], pl.Int8, 7.0, [1, 7]),
        ([1.5, NAN], pl.Float32, 0, [1.5, 0.0]),
        ([Decimal("1.5"), None], pl.Decimal(10, 1), 2, [Decimal("1.5"), Decimal("2.0")]),
        (["", None], pl.String, "é", ["", "é"]),
        ([None, True], pl.Boolean, False, [False, True]),
        ([None], pl.Date, "2024-02-29", [date(2024, 2, 29)]),
        ([None], pl.Null, 5, [5]),
    ],
)
def test_constant_is_of_the_type_of_the_column(values: list[Any], dtype: Any, value: Any, expected: list[Any]) -> None:
    found = column(FillConstant(columns=("x",), value=value), values, dtype)
    assert found.to_list() == expected
    assert found.dtype == (pl.Int64 if dtype == pl.Null else dtype)


@pytest.mark.parametrize(
    ("dtype", "value", "message"),
    [
        (pl.Int64, 1.5, "1.5 is not a integer, which is what 'x' holds"),
        (pl.Int8, 300, "300 is not a integer"),
        (pl.Int64, "none", "'none' is not a integer"),
        (pl.String, 0, "0 is not a text"),
        (pl.Boolean, 1, "1 is not a boolean"),
        (pl.Date, "soon", "'soon' is not a date"),
    ],
)
def test_a_constant_that_does_not_fit_is_refused(dtype: Any, value: Any, message: str) -> None:
    with pytest.raises(InvalidStepError, match=message):
        FillConstant(columns=("x",), value=value).bind(pl.Schema({"x": dtype}))
    with pytest.raises(ValidationError, match="NaN is itself missing"):
        FillConstant(columns=("x",), value=NAN)


def _filled_by_pandas(forward: bool, limit: int | None) -> pd.DataFrame:
    frame = HOLES.to_pandas().sort_values("t")
    groups = frame.groupby("g")[["x", "n", "c"]]
    return (groups.ffill(limit=limit) if forward else groups.bfill(limit=limit)).sort_index()


@pytest.mark.parametrize("limit", [None, 1, 2])
@pytest.mark.parametrize("step", [ForwardFill, BackwardFill])
def test_fills_are_those_of_pandas(step: Any, limit: int | None) -> None:
    found = result(step(columns=("x", "n", "c"), order_by=({"column": "t"},), by=("g",), limit=limit), HOLES)
    expected = pl.from_pandas(_filled_by_pandas(step is ForwardFill, limit), schema_overrides={"n": pl.Int64})
    assert_frame_equal(found.select("x", "n", "c"), expected)
    assert found.columns == HOLES.columns


def test_fill_down_without_order_warns_and_goes_by_the_table() -> None:
    table = pl.DataFrame({"x": ["a", " ", None, "b", ""]})
    assert result(ForwardFill(columns=("x",)), table)["x"].to_list() == ["a", "a", "a", "b", "b"]
    (problem,) = ForwardFill(columns=("x",)).try_bind(table.schema)[1]
    assert (problem.severity, problem.field) == ("warning", "order_by")
    kept = result(ForwardFill(columns=("x",), blank_is_missing=False), table)["x"]
    assert kept.to_list() == ["a", " ", " ", "b", ""]


def test_missing_groups_are_filled_among_themselves() -> None:
    table = pl.DataFrame({"g": [1.0, None, NAN, 1.0], "t": [1, 1, 2, 2], "x": [5, 6, None, None]})
    found = result(ForwardFill(columns=("x",), by=("g",), order_by=({"column": "t"},)), table)
    assert found["x"].to_list() == [5, 6, 6, 5]
    assert found["g"].to_list()[:2] == [1.0, None]


def test_the_column_that_orders_can_be_filled() -> None:
    table = pl.DataFrame({"t": [3, None, 1]})
    assert result(ForwardFill(columns=("t",), order_by=({"column": "t"},)), table)["t"].to_list() == [3, 3, 1]


@pytest.mark.parametrize(("method", "pandas"), [("linear", "linear"), ("time", "index"), ("nearest", "nearest")])
@pytest.mark.parametrize("by", [(), ("g",)])
def test_interpolation_is_that_of_pandas(method: Any, pandas: Any, by: tuple[str, ...]) -> None:
    table = HOLES.with_columns(t=pl.col("t") ** 2 + 0.5)
    found = result(InterpolateMissing(columns=("x",), order_by="t", method=method, by=by), table)["x"]
    expected = pd.Series(np.nan, index=range(80))
    for _, rows in table.to_pandas().groupby(list(by) or (lambda _: 0)):
        line = rows.sort_values("t")
        at = np.arange(len(line), dtype=float) if method != "time" else line["t"].to_numpy()
        filled = pd.Series(line["x"].to_numpy(), index=at).interpolate(method=pandas, limit_area="inside")
        expected[line.index] = filled.to_numpy()
    np.testing.assert_allclose(found.to_numpy(), expected.to_numpy(), rtol=1e-12)


def test_interpolation_goes_by_days_and_moments() -> None:
    days = [date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 11)]
    step = InterpolateMissing(columns=("x",), order_by="t", method="time")
    for when in (days, [datetime(d.year, d.month, d.day, 6) for d in days]):
        assert result(step, pl.DataFrame({"t": when, "x": [0, None, 10]}))["x"].to_list() == [0.0, 1.0, 10.0]


def test_rows_without_a_place_neither_fill_nor_are_filled() -> None:
    table = pl.DataFrame({"t": [1.0, 2.0, 3.0, None, NAN], "x": [1.0, None, 3.0, None, 99.0]})
    for method in ("linear", "nearest", "time"):
        step = InterpolateMissing(columns=("x",), order_by="t", method=method, extrapolate=True)
        assert result(step, table)["x"].to_list() == [1.0, 1.0 if method == "nearest" else 2.0, 3.0, None, 99.0]


def test_rows_at_the_same_time_are_interpolated() -> None:
    table = pl.DataFrame({"t": [1, 1, 1], "x": [4.0, None, 4.0]})
    assert result(InterpolateMissing(columns=("x",), order_by="t", method="time", extrapolate=True), table)[
        "x"
    ].to_list() == [4.0, 4.0, 4.0]


def test_ends_are_filled_with_the_nearest_value_only_when_asked() -> None:
    table = pl.DataFrame({"t": [1, 2, 3, 4], "x": [None, 5, None, None]})
    assert result(InterpolateMissing(columns=("x",), order_by="t"), table)["x"].to_list() == [None, 5.0, None, None]
    filled = result(InterpolateMissing(columns=("x",), order_by="t", extrapolate=True), table)
    assert filled["x"].to_list() == [5.0, 5.0, 5.0, 5.0]


@pytest.mark.parametrize(
    ("target", "source", "expected", "failures"),
    [
        (pl.Series([1, None, None]), pl.Series(["7", "8", "x"]), [1, 8, None], [("s", 1)]),
        (pl.Series([1, None], dtype=pl.Int8), pl.Series([0, 300]), [1, None], [("s", 1)]),
        (pl.Series([1, None, None]), pl.Series([0.0, 2.0, 2.5]), [1, 2, None], [("s", 1)]),
        (pl.Series([NAN, 1.0]), pl.Series([3, 4]), [3.0, 1.0], []),
        (pl.Series([None, "a"]), pl.Series([1.0, 2.0]), ["1", "a"], []),
        (pl.Series([None, None]), pl.Series([1, None]), [1, None], []),
        (pl.Series([1, None]), pl.Series([None, None]), [1, None], []),
        (pl.Series([None], dtype=pl.Date), pl.Series([datetime(2024, 1, 2, 3)]), [date(2024, 1, 2)], []),
        (pl.Series([None], dtype=pl.Decimal(10, 2)), pl.Series([1.5]), [Decimal("1.50")], []),
    ],
)
def test_filling_from_a_column_changes_its_type(
    target: pl.Series, source: pl.Series, expected: list[Any], failures: list[Any]
) -> None:
    table = pl.DataFrame({"x": target, "s": source})
    step = FillFromColumn(column="x", source="s")
    found = result(step, table)
    assert found["x"].to_list() == expected
    assert found["x"].dtype == (target.dtype if target.dtype != pl.Null else source.dtype)
    assert lost(step, table) == failures


@pytest.mark.parametrize(
    ("target", "source"),
    [
        (pl.Date, pl.Int64),
        (pl.Boolean, pl.Date),
        (pl.List(pl.Int64), pl.Int64),
        (pl.Datetime("us", "UTC"), pl.Datetime("us")),
    ],
)
def test_filling_from_another_kind_of_column_is_refused(target: Any, source: Any) -> None:
    with pytest.raises(InvalidStepError, match="which cannot become"):
        FillFromColumn(column="x", source="s").bind(pl.Schema({"x": target, "s": source}))
    with pytest.raises(InvalidStepError, match="'x' cannot be filled from itself"):
        FillFromColumn(column="x", source="x").bind(pl.Schema({"x": target}))


def test_first_present_value_is_of_the_common_type() -> None:
    table = pl.DataFrame({"a": [1, None, None], "b": [None, NAN, 2.5], "c": [None, None, None]})
    found = result(CoalesceColumns(columns=("c", "a", "b"), output="y"), table)["y"]
    assert_series_equal(found, pl.Series("y", [1.0, None, 2.5]))
    with pytest.raises(InvalidStepError, match="no common type: 'a' integer, 't' text"):
        CoalesceColumns(columns=("a", "t"), output="y").bind(pl.Schema({"a": pl.Int64, "t": pl.String}))


def test_blank_text_can_count_as_a_value() -> None:
    table = pl.DataFrame({"a": ["", None], "b": ["x", "y"]})
    assert result(CoalesceColumns(columns=("a", "b"), output="c"), table)["c"].to_list() == ["x", "y"]
    kept = result(CoalesceColumns(columns=("a", "b"), output="c", blank_is_missing=False), table)
    assert kept["c"].to_list() == ["", "y"]


def test_indicators_are_those_of_scikit_learn() -> None:
    found = result(AddMissingIndicator(columns=("t", "x", "n")), HOLES).drop(HOLES.columns)
    assert found.columns == ["x_missing", "n_missing"]
    expected = MissingIndicator().fit_transform(HOLES.select("t", "x", "n").to_numpy())
    np.testing.assert_array_equal(found.to_numpy(), expected)


def test_indicators_stay_the_same_for_new_rows() -> None:
    table, new = (
        pl.DataFrame({"x": [1, None], "y": [1, 2]}),
        pl.DataFrame({"x": [1], "y": pl.Series([None], dtype=pl.Int64)}),
    )
    assert on_new_rows(AddMissingIndicator(), table, new).row(0) == (1, None, False)
    assert on_new_rows(AddMissingIndicator(only_if_seen=False), table, new).row(0) == (1, None, False, True)


def test_marks_are_compared_as_a_whole() -> None:
    text = ["na", "nab", " N/A ", "\t", "-", "-1", "NONE", None, "é"]
    assert column(ValuesToMissing(), text).to_list() == [None, "nab", None, None, None, "-1", None, None, "é"]


def test_number_marks_are_compared_with_numbers_of_any_type() -> None:
    step = ValuesToMissing(numbers=(-999, 0.5))
    assert column(step, [1, -999], pl.Int16).to_list() == [1, None]
    assert column(step, [0.5, -999.0, NAN], pl.Float64).to_list() == [None, None, None]
    assert column(step, ["-999"]).to_list() == ["-999"]
    assert column(step, [True, None]).to_list() == [True, None]
    assert column(ValuesToMissing(numbers=(2**63 - 1,)), [2**63 - 1, 2**63 - 2]).to_list() == [None, 2**63 - 2]


def test_unicode_white_space_is_blank() -> None:
    assert column(BlankToMissing(), ["\u00a0", "\u3000x", "", None]).to_list() == [None, "\u3000x", None, None]


@pytest.mark.parametrize(
    ("params", "values", "expected"),
    [
        ({"valid": "type", "type": "integer"}, ["1", "1.5", "x", "", None], ["1", None, None, None, None]),
        ({"valid": "list", "values": ["m", "f"], "ignore_case": True}, ["M", "x", None], ["M", None, None]),
        ({"valid": "list", "values": [1, 2]}, [1, 3, None], [1, None, None]),
        ({"valid": "range", "min": 0}, [1.0, -0.5, NAN, INF], [1.0, None, None, INF]),
        ({"valid": "range", "max": "2024-12-31"}, [date(2025, 1, 1), date(2024, 1, 1)], [None, date(2024, 1, 1)]),
        ({"valid": "regex", "pattern": "b"}, ["abc", "c"], ["abc", None]),
    ],
)
def test_invalid_values_become_missing_and_are_counted(params: Any, values: list[Any], expected: list[Any]) -> None:
    step = InvalidToMissing.model_validate({"column": "x", **params})
    found = column(step, values)
    assert found.to_list() == expected
    present = [v for v in values if v is not None and v == v]
    became = len(present) - len([v for v in expected if v is not None])
    assert lost(step, pl.DataFrame({"x": values})) == ([("x", became)] if became else [])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"valid": "regex"}, "'regex' needs a pattern"),
        ({"valid": "list"}, "'list' needs the values"),
        ({"valid": "range"}, "The range has no end"),
        ({"valid": "range", "min": 2, "max": 1}, "The minimum 2 is above the maximum 1"),
        ({"valid": "regex", "pattern": "("}, "not a pattern the engine can run"),
    ],
)
def test_rules_that_cannot_be_are_refused(params: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        InvalidToMissing.model_validate({"column": "x", **params})


def test_rules_have_to_fit_the_column() -> None:
    with pytest.raises(InvalidStepError, match="'a' is not a integer"):
        InvalidToMissing(column="x", valid="range", min="a").bind(pl.Schema({"x": pl.Int64}))
    with pytest.raises(InvalidStepError, match="all of them have a type already"):
        InvalidToMissing(column="x", valid="type").bind(pl.Schema({"x": pl.Int64}))
