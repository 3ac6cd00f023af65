"""Bins of groups, trees, steps and thresholds: against scikit-learn and python's own arithmetic."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pytest
from feature_engine.discretisation import DecisionTreeDiscretiser
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import Binarizer, KBinsDiscretizer
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from flows.engines.polars_engine import PolarsEngine
from tests.checks import planned, result
from tests.drawing import examples
from transforms.binning_learned import KMeansBins, TreeBins
from transforms.binning_steps import BinarizeThreshold, FixedWidthBins
from transforms.core.errors import InvalidStepError, StepError
from transforms.core.relations import MapRows, Source
from transforms.core.transform import Transform

NAN, INF = float("nan"), float("inf")
RANDOM = np.random.default_rng(12)
X = np.concatenate([RANDOM.normal(0, 1, 60), RANDOM.normal(10, 2, 60), RANDOM.normal(30, 1, 60)])
TABLE = pl.DataFrame(
    {"x": X, "y": np.where(X < 5, 1.0, 4.0) + RANDOM.normal(0, 0.3, 180), "c": np.where(X < 20, "low", "high")}
)


def fitted(step: Transform, table: pl.DataFrame = TABLE) -> tuple[MapRows, Any]:
    (plan,), learned = planned(step, PolarsEngine.over({"in0": table}), [Source("in0")])
    assert isinstance(plan, MapRows)
    return plan, learned


@pytest.mark.parametrize("bins", [2, 3])
def test_k_means_finds_the_edges_of_scikit_learn(bins: int) -> None:
    plan, learned = fitted(KMeansBins(columns=("x",), bins=bins, labels="index"))
    oracle = KBinsDiscretizer(bins, encode="ordinal", strategy="kmeans", subsample=None).fit(X[:, None])
    np.testing.assert_allclose(learned.edges["x"], oracle.bin_edges_[0], rtol=1e-6)
    assert plan(TABLE.lazy()).collect()["x"].to_list() == oracle.transform(X[:, None])[:, 0].tolist()


@pytest.mark.parametrize("bins", [4, 5, 7])
def test_groups_are_no_wider_than_those_of_scikit_learn(bins: int) -> None:
    def spread(groups: list[int]) -> float:
        return float(sum(X[np.array(groups) == each].var() * groups.count(each) for each in set(groups)))

    oracle = KBinsDiscretizer(bins, encode="ordinal", strategy="kmeans", subsample=None)
    expected = oracle.fit_transform(X[:, None])[:, 0].tolist()
    found = result(KMeansBins(columns=("x",), bins=bins, labels="index"), TABLE)["x"].to_list()
    assert spread(found) <= spread(expected) * (1 + 1e-9)


def test_no_more_groups_than_different_values() -> None:
    table = pl.DataFrame({"x": [1.0, 1.0, 2.0, None], "same": [5, 5, 5, None]})
    _, learned = fitted(KMeansBins(columns=("x", "same"), bins=5), table)
    assert learned.edges == {"x": [1.0, 1.5, 2.0], "same": [5.0, 5.0]}
    with pytest.raises(StepError, match="Column 'x' was divided into 2 bins, and there are 3 names"):
        result(KMeansBins(columns=("x",), bins=3, labels="custom", names=("a", "b", "c")), table)


@pytest.mark.parametrize(("target", "kind"), [("y", DecisionTreeRegressor), ("c", DecisionTreeClassifier)])
@pytest.mark.parametrize(("bins", "share"), [(2, 0.05), (6, 0.1), (50, 0.02)])
def test_tree_edges_are_the_thresholds_of_scikit_learn(target: str, kind: Any, bins: int, share: float) -> None:
    _, learned = fitted(TreeBins(columns=("x",), target=target, bins=bins, min_share=share))
    tree = kind(max_leaf_nodes=bins, min_samples_leaf=share, random_state=0).fit(X[:, None], TABLE[target].to_numpy())
    expected = sorted(tree.tree_.threshold[tree.tree_.children_left >= 0])
    np.testing.assert_allclose(learned.edges["x"][1:-1], expected, rtol=1e-5)


def test_bins_tell_the_target_as_those_of_feature_engine() -> None:
    oracle = DecisionTreeDiscretiser(
        bin_output="bin_number", variables=["x"], regression=False, param_grid={"max_depth": [1]}, cv=3, random_state=0
    )
    frame = TABLE.to_pandas()
    expected = oracle.fit_transform(frame[["x"]], frame["c"] == "high")["x"].to_list()
    found = result(TreeBins(columns=("x",), target="c", bins=2, labels="index"), TABLE)["x"]
    assert found.to_list() == expected


def test_large_numbers_close_together_are_told_apart() -> None:
    table = pl.DataFrame({"x": [2.0**53 + 2 * i for i in range(20)], "y": [0] * 10 + [1] * 10})
    _, learned = fitted(TreeBins(columns=("x",), target="y", target_kind="classes", bins=2), table)
    assert table["x"][9] <= learned.edges["x"][1] < table["x"][10]


def test_rows_without_target_or_value_tell_nothing() -> None:
    table = pl.DataFrame({"x": [1.0, 2.0, None, INF, 50.0], "c": ["a", "b", "a", "a", None]})
    found = result(TreeBins(columns=("x",), target="c", min_share=0.5, labels="index"), table)["x"]
    assert found.to_list() == [0, 1, None, 1, 1]


def test_targets_that_cannot_be_are_refused() -> None:
    with pytest.raises(InvalidStepError, match="'x' is the target and cannot tell about itself"):
        TreeBins(columns=("x",), target="x").bind(TABLE.schema)
    with pytest.raises(InvalidStepError, match="The target 'c' does not hold numbers"):
        TreeBins(columns=("x",), target="c", target_kind="number").bind(TABLE.schema)
    many = pl.DataFrame({"x": range(200), "c": [f"c{i}" for i in range(200)]})
    with pytest.raises(StepError, match="The target 'c' has more than 100 classes"):
        result(TreeBins(columns=("x",), target="c"), many)


@settings(max_examples=examples(25), deadline=None)
@given(
    st.decimals(-10_000, 10_000, places=3),
    st.sampled_from(["0.1", "0.25", "1", "2.5", "7"]),
    st.sampled_from(["0", "0.1", "-3"]),
)
def test_steps_are_those_of_decimal_arithmetic(value: Decimal, width: str, origin: str) -> None:
    start, step = Decimal(origin), Decimal(width)
    expected = ((value - start) / step).to_integral_value("ROUND_FLOOR") * step + start
    transform = FixedWidthBins(columns=("x",), width=float(width), origin=float(origin), label="lower")
    found = pl.LazyFrame({"x": [float(value)]}).with_columns(transform.bind(pl.Schema({"x": pl.Float64()})).exprs())
    assert found.collect()["x"][0] == float(expected)


def test_whole_numbers_are_exact_and_what_has_no_bin_is_counted() -> None:
    table = pl.DataFrame({"n": [2**63 - 1, -(2**63), 7, None], "x": [INF, 1e300, NAN, 2.0]})
    step = FixedWidthBins(columns=("n", "x"), width=10, label="lower").bind(table.schema)
    found = result(FixedWidthBins(columns=("n", "x"), width=10, label="lower"), table)
    assert found["n"].to_list() == [(2**63 - 1) // 10 * 10, None, 0, None]
    assert found["n"].dtype == pl.Int64
    assert found["x"].to_list() == [None, None, None, 0.0]
    assert [table.select(each.where.sum()).item() for each in step.failures()] == [1, 2]
    shown = result(FixedWidthBins(columns=("x",), width=0.1), pl.DataFrame({"x": [0.3, -0.05]}))
    assert shown["x"].to_list() == ["[0.3, 0.4)", "[-0.1, 0)"]


def test_times_begin_on_monday_by_the_clock_on_the_wall() -> None:
    moments = [datetime(2024, 3, 31, 0, 30, tzinfo=UTC) + timedelta(hours=i) for i in range(4)]
    table = pl.DataFrame({"day": [date(2024, 5, 1), date(1899, 12, 31), None, date(2024, 4, 29)], "at": moments})
    table = table.with_columns(pl.col("at").dt.convert_time_zone("Europe/Oslo"))
    weeks = result(FixedWidthBins(columns=("day", "at"), width=1, unit="week", label="lower"), table)
    assert weeks["day"].to_list() == [date(2024, 4, 29), date(1899, 12, 25), None, date(2024, 4, 29)]
    assert weeks.schema == table.schema
    assert {each.strftime("%Y-%m-%d %H:%M %Z") for each in weeks["at"].to_list()} == {"2024-03-25 00:00 CET"}
    hours = result(FixedWidthBins(columns=("at",), width=2, unit="hour"), table)["at"].to_list()
    assert hours[0] == "[2024-03-31 00:00:00+01:00, 2024-03-31 03:00:00+02:00)"
    days = result(FixedWidthBins(columns=("day",), width=7), table)["day"]
    assert days[0] == "[2024-04-29, 2024-05-06)"


def test_steps_that_dates_do_not_have_are_refused() -> None:
    schema = pl.Schema({"day": pl.Date(), "at": pl.Datetime("us")})
    with pytest.raises(InvalidStepError, match="'day' holds dates, which have no hours"):
        FixedWidthBins(columns=("day",), width=1, unit="hour").bind(schema)
    with pytest.raises(InvalidStepError, match=r"'at' holds datetime values, and 1.5 days are no step for them"):
        FixedWidthBins(columns=("at",), width=1.5).bind(schema)


def test_thresholds_are_those_of_scikit_learn() -> None:
    expected = Binarizer(threshold=10).fit_transform(X[:, None])[:, 0]
    found = result(BinarizeThreshold(column="x", threshold=10, as_number=True), TABLE)["x"]
    assert found.to_list() == expected.tolist()
    for compare_with, number in (("mean", np.mean(X)), ("median", np.median(X))):
        step = BinarizeThreshold.model_validate({"column": "x", "compare_with": compare_with, "output": "above"})
        assert result(step, TABLE)["above"].to_list() == (number < X).tolist()


def test_without_values_there_is_no_threshold() -> None:
    step = BinarizeThreshold(column="x", compare_with="mean")
    plan, learned = fitted(step, pl.DataFrame({"x": [None, NAN]}, schema={"x": pl.Float64}))
    new = pl.DataFrame({"x": [1.0, None]})
    assert plan(new.lazy()).collect()["x"].to_list() == [None, None]
    (failure,) = step.bind(new.schema).failures(learned)
    assert new.select(failure.where.sum()).item() == 1
