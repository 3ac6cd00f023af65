"""Outliers: which values are, and what becomes of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from pydantic import ValidationError
from scipy import stats

from flows.engines.polars_engine import PolarsEngine
from tests.checks import planned, result
from transforms.core.errors import InvalidStepError, StepError
from transforms.core.relations import MapRows, Source
from transforms.core.transform import Transform
from transforms.fitted_groups import MOST_GROUPS
from transforms.outlier_limits import Outliers
from transforms.outliers import (
    IqrOutliers,
    MadOutliers,
    QuantileOutliers,
    StdOutliers,
    ThresholdOutliers,
)

NAN, INF = float("nan"), float("inf")
RANDOM = np.random.default_rng(11)
VALUES = np.concatenate([RANDOM.normal(50, 5, 200), [-400.0, 300.0, 90.0]])
TABLE = pl.DataFrame({"x": VALUES, "g": ["a", "b", "c"] * 67 + ["a", "b"], "n": np.arange(203) % 7})
ALL: tuple[Outliers, ...] = (
    StdOutliers(columns=("x",)),
    MadOutliers(columns=("x",)),
    MadOutliers(columns=("x",), estimator="trimmed_sd"),
    IqrOutliers(columns=("x",)),
    QuantileOutliers(columns=("x",)),
    ThresholdOutliers(columns=("x",), min=0, max=100),
)
STEPS = [pytest.param(each, id=f"{each.id}-{i}") for i, each in enumerate(ALL)]


def limits(step: Outliers, table: pl.DataFrame = TABLE) -> tuple[float | None, float | None]:
    """What the step learns of column ``x``."""
    learned: Any = planned(step, PolarsEngine.over({"in0": table}), [Source("in0")])[1]
    return learned.low["x"].overall, learned.high["x"].overall


def on_new_rows(step: Transform, table: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    (plan,), _ = planned(step, PolarsEngine.over({"in0": table}), [Source("in0")])
    assert isinstance(plan, MapRows)
    return plan(new.lazy()).collect()


def test_limits_are_so_many_standard_deviations_from_the_mean() -> None:
    expected = (VALUES.mean() - 2 * VALUES.std(ddof=1), VALUES.mean() + 2 * VALUES.std(ddof=1))
    assert limits(StdOutliers(columns=("x",), n=2)) == pytest.approx(expected)


def test_median_absolute_deviation_is_that_of_scipy() -> None:
    spread = 2.5 * stats.median_abs_deviation(VALUES, scale="normal")
    expected = (np.median(VALUES) - spread, np.median(VALUES) + spread)
    assert limits(MadOutliers(columns=("x",), n=2.5)) == pytest.approx(expected)


def test_trimmed_deviation_is_that_of_the_values_between_the_quantiles() -> None:
    low, high = np.quantile(VALUES, [0.1, 0.9])
    kept = VALUES[(low <= VALUES) & (high >= VALUES)]
    step = MadOutliers(columns=("x",), estimator="trimmed_sd", lower_q=0.1, upper_q=0.9, n=2)
    expected = (kept.mean() - 2 * kept.std(ddof=1), kept.mean() + 2 * kept.std(ddof=1))
    assert limits(step) == pytest.approx(expected)


def test_quartiles_and_quantiles_are_those_of_numpy() -> None:
    first, third = np.quantile(VALUES, [0.25, 0.75])
    fences = (first - 2 * (third - first), third + 2 * (third - first))
    assert limits(IqrOutliers(columns=("x",), k=2)) == pytest.approx(fences)
    tails = tuple(np.quantile(VALUES, [0.02, 0.9]))
    assert limits(QuantileOutliers(columns=("x",), lower=0.02, upper=0.9)) == pytest.approx(tails)


@pytest.mark.parametrize("step", STEPS)
def test_every_fix_is_about_the_same_values(step: Outliers) -> None:
    low, high = limits(step)
    assert low is not None
    assert high is not None
    outside = (low > VALUES) | (high < VALUES)
    assert 2 <= outside.sum() < 20

    def fixed(fix: str) -> pl.DataFrame:
        return result(step.model_copy(update={"fix": fix}), TABLE)

    np.testing.assert_array_equal(fixed("flag")["x_outlier"].to_numpy(), outside)
    np.testing.assert_allclose(fixed("clip")["x"].to_numpy(), np.clip(VALUES, low, high))
    assert_frame_equal(fixed("remove"), TABLE.filter(~outside))
    np.testing.assert_array_equal(fixed("null")["x"].is_null().to_numpy(), outside)
    for fix, center in (("mean", VALUES[~outside].mean()), ("median", np.median(VALUES[~outside]))):
        np.testing.assert_allclose(fixed(fix)["x"].to_numpy(), np.where(outside, center, VALUES))


@pytest.mark.parametrize("step", STEPS)
def test_missing_values_are_no_outliers(step: Outliers) -> None:
    table = pl.concat([TABLE.select("x"), pl.DataFrame({"x": [None, NAN]})])
    assert limits(step, table) == limits(step)
    tail = {
        fix: result(step.model_copy(update={"fix": fix}), table).tail(2) for fix in ("clip", "remove", "flag", "mean")
    }
    assert all(each["x"].fill_nan(None).to_list() == [None, None] for each in tail.values())
    assert tail["flag"]["x_outlier"].to_list() == [False, False]


@pytest.mark.parametrize("step", STEPS)
def test_infinite_values_are_outliers_and_not_fitted(step: Outliers) -> None:
    table = pl.concat([TABLE.select("x"), pl.DataFrame({"x": [INF, -INF]})])
    assert limits(step, table) == limits(step)
    low, high = limits(step)
    assert result(step.model_copy(update={"fix": "clip"}), table)["x"].to_list()[-2:] == [high, low]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fix", ["clip", "remove", "null", "mean", "median", "flag"])
def test_equal_and_missing_columns_have_no_outliers(step: Outliers, fix: str) -> None:
    for values in ([1 / 3] * 7, [None] * 3, [0.1]):
        table = pl.DataFrame({"x": pl.Series(values, dtype=pl.Float64)})
        assert result(step.model_copy(update={"fix": fix}), table)["x"].to_list() == values


def test_a_deviation_of_zero_sets_no_limit() -> None:
    table = pl.DataFrame({"x": [1, 1, 1, 1, 500]})
    assert limits(MadOutliers(columns=("x",)), table) == (None, None)
    assert result(MadOutliers(columns=("x",)), table)["x"].to_list() == [1.0, 1.0, 1.0, 1.0, 500.0]


def test_rows_go_when_any_column_has_an_outlier() -> None:
    table = pl.DataFrame({"a": [1, 99, 1, None], "b": [1.0, 1.0, -99.0, 1.0]})
    found = result(ThresholdOutliers(columns=("a", "b"), min=0, max=10, fix="remove"), table)
    assert found.rows() == [(1, 1.0), (None, 1.0)]


def test_rows_are_removed_in_training_only() -> None:
    assert StdOutliers(columns=("x",), fix="remove").training_only
    assert not StdOutliers(columns=("x",), fix="clip").training_only
    assert not StdOutliers.training_only


def test_groups_have_limits_of_their_own() -> None:
    table = pl.DataFrame({"g": ["a"] * 5 + ["b"] * 5, "h": [1] * 10, "x": [1, 2, 3, 4, 90, 901, 902, 903, 904, 990]})
    for by in (("g",), ("g", "h")):
        step = IqrOutliers(columns=("x",), by=by, fix="null")
        assert result(step, table)["x"].to_list() == [1, 2, 3, 4, None, 901, 902, 903, 904, None]
    center = result(IqrOutliers(columns=("x",), by=("g",), fix="mean"), table)["x"]
    assert (center[4], center[9]) == (2.5, 902.5)


def test_group_limits_are_those_of_the_group_alone() -> None:
    for step in (StdOutliers(columns=("x",), n=1), IqrOutliers(columns=("x",)), QuantileOutliers(columns=("x",))):
        for fix in ("clip", "mean", "median"):
            alone = [
                result(step.model_copy(update={"fix": fix}), rows)
                for (_,), rows in TABLE.group_by("g", maintain_order=True)
            ]
            found = result(step.model_copy(update={"fix": fix, "by": ("g",)}), TABLE)
            together = [rows for _, rows in found.group_by("g", maintain_order=True)]
            for mine, theirs in zip(together, alone, strict=True):
                assert_frame_equal(mine, theirs)


def test_new_and_missing_groups_go_by_all_rows() -> None:
    table = pl.DataFrame({"g": ["a", "a", "b", "b", ""], "x": [0, 10, 1000, 1010, 500]})
    step = QuantileOutliers(columns=("x",), lower=0, upper=1, by=("g",))
    new = pl.DataFrame({"g": ["a", "z", None, ""], "x": [700, 700, 7000, 700]})
    assert on_new_rows(step, table, new)["x"].to_list() == [10.0, 700.0, 1010.0, 500.0]


def test_groups_that_are_all_missing_go_by_all_rows() -> None:
    table = pl.DataFrame({"g": ["a", "a", "b"], "x": [None, None, 3.0]})
    assert result(StdOutliers(columns=("x",), by=("g",)), table)["x"].to_list() == [None, None, 3.0]
    step = QuantileOutliers(columns=("x",), lower=0, upper=1, by=("g",))
    assert on_new_rows(step, table, pl.DataFrame({"g": ["a"], "x": [9.0]}))["x"].to_list() == [3.0]


def test_too_many_groups_are_refused() -> None:
    table = pl.DataFrame({"g": range(MOST_GROUPS + 1), "x": range(MOST_GROUPS + 1)})
    with pytest.raises(StepError, match="more than 1,000 groups"):
        result(StdOutliers(columns=("x",), by=("g",)), table)


@pytest.mark.parametrize(
    ("dtype", "low", "high", "expected", "out"),
    [
        (pl.Int64, -(2**53) - 1, 5, [-(2**53) - 1, 3, 5, None], pl.Int64),
        (pl.Int8, 4.0, 300, [4, 4, 99, None], pl.Int64),
        (pl.Int8, None, 50, [-100, 3, 50, None], pl.Int8),
        (pl.Int64, 0.5, None, [0.5, 3.0, 99.0, None], pl.Float64),
        (pl.Int64, None, 1e30, [-100.0, 3.0, 99.0, None], pl.Float64),
        (pl.Decimal(10, 1), 0, 5, [0.0, 3.0, 5.0, None], pl.Float64),
    ],
)
def test_whole_limits_keep_whole_numbers(dtype: Any, low: Any, high: Any, expected: list[Any], out: Any) -> None:
    values = [-(2**60) if low == -(2**53) - 1 else -100, 3, 99, None]
    table = pl.DataFrame({"x": pl.Series(values).cast(dtype)})
    found = result(ThresholdOutliers(columns=("x",), min=low, max=high, fix="clip"), table)["x"]
    assert (found.to_list(), found.dtype) == (expected, out)


def test_values_that_become_missing_are_counted() -> None:
    table = pl.DataFrame({"x": [1, 50, None], "y": [1, 2, 3]})
    step = ThresholdOutliers(columns=("x", "y"), max=10)
    bound, learned = step.bind(table.schema), planned(step, PolarsEngine.over({"in0": table}), [Source("in0")])[1]
    assert [(f.column, table.select(f.where.sum()).item()) for f in bound.failures(learned)] == [("x", 1), ("y", 0)]
    assert not list(StdOutliers(columns=("x",)).bind(table.schema).failures(learned))


def test_settings_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValidationError, match="There is no limit"):
        ThresholdOutliers(columns=("x",))
    with pytest.raises(ValidationError, match="The minimum 5 is above the maximum 1"):
        ThresholdOutliers(columns=("x",), min=5, max=1)
    with pytest.raises(InvalidStepError, match="There is a column 'x_outlier' already"):
        StdOutliers(columns=("x",), fix="flag").bind(pl.Schema({"x": pl.Int64, "x_outlier": pl.Boolean}))


def test_no_column_is_no_outlier() -> None:
    table = pl.DataFrame({"c": ["a"]})
    for fix in ("clip", "remove", "mean"):
        step = StdOutliers.model_validate({"columns": {"type": "numeric"}, "fix": fix})
        assert_frame_equal(result(step, table), table)
