"""Scaling by row and by group: against scikit-learn and pandas."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from feature_engine.scaling import MeanNormalizationScaler
from polars.testing import assert_frame_equal
from sklearn.preprocessing import normalize

from tests.checks import result
from transforms.core.errors import InvalidStepError
from transforms.scaling import MeanNormalize
from transforms.scaling_rows import RowNorm, ScaleWithinGroup

NAN, INF = float("nan"), float("inf")
RANDOM = np.random.default_rng(6)
TABLE = pl.DataFrame(
    {
        "x": [None if RANDOM.random() < 0.2 else float(v) for v in RANDOM.normal(50, 9, 120)],
        "n": RANDOM.integers(-4, 5, 120),
        "g": RANDOM.choice(["a", "b", "c"], 120),
        "h": [1.5, None, NAN] * 40,
    }
)


@pytest.mark.parametrize("norm", ["l2", "l1", "max"])
def test_rows_have_the_length_one_as_in_scikit_learn(norm: Any) -> None:
    table = TABLE.select("x", "n").fill_null(0.0)
    expected = normalize(table.to_numpy(), norm=norm)
    np.testing.assert_allclose(result(RowNorm(columns=("x", "n"), norm=norm), table).to_numpy(), expected, rtol=1e-14)


def test_no_square_leaves_the_range_of_numbers() -> None:
    table = pl.DataFrame({"x": [3e149, 3e-300, 0.0], "y": [4e149, 4e-300, 0.0]})
    expected = pl.DataFrame({"x": [0.6, 0.6, 0.0], "y": [0.8, 0.8, 0.0]})
    assert_frame_equal(result(RowNorm(columns=("x", "y")), table), expected)


def test_missing_values_stay_and_infinite_ones_are_counted() -> None:
    table = pl.DataFrame({"x": [None, NAN, INF], "y": [2.0, -3.0, 4.0]})
    step = RowNorm(columns=("x", "y"), norm="l1").bind(table.schema)
    expected = pl.DataFrame({"x": [None, None, None], "y": [1.0, -1.0, 1.0]}, schema=table.schema)
    assert_frame_equal(result(RowNorm(columns=("x", "y"), norm="l1"), table), expected)
    assert [table.select(each.where.sum()).item() for each in step.failures()] == [1, 0]


@pytest.mark.parametrize("name", ["x", "n"])
@pytest.mark.parametrize("method", ["zscore", "minmax", "rank", "share"])
def test_groups_are_scaled_as_by_pandas(method: Any, name: str) -> None:
    found = result(ScaleWithinGroup(columns=(name,), by=("g",), method=method), TABLE)[name]
    values, groups = TABLE.to_pandas()[name], TABLE.to_pandas().groupby("g")[name]
    low, high = groups.transform("min"), groups.transform("max")
    expected = {
        "zscore": (values - groups.transform("mean")) / groups.transform(lambda each: each.std(ddof=0)),
        "minmax": (values - low) / (high - low),
        "rank": groups.rank(pct=True),
        "share": values / groups.transform("sum"),
    }[method]
    np.testing.assert_allclose(found.to_numpy(), expected.to_numpy(), rtol=1e-9, atol=1e-10)


def test_null_and_nan_are_one_group_and_its_keys_stay() -> None:
    found = result(ScaleWithinGroup(columns=("n",), by=("h",), method="share"), TABLE)
    assert_frame_equal(found.select("x", "g", "h"), TABLE.select("x", "g", "h"))
    missing = found.filter(pl.col("h").fill_nan(None).is_null())["n"]
    assert missing.sum() == pytest.approx(1)


def test_groups_of_equal_values_become_zero_and_shares_of_nothing_missing() -> None:
    table = pl.DataFrame({"g": ["a"] * 3 + ["b"], "x": [1 / 3, 1 / 3, 1 / 3, None]})
    for method in ("zscore", "minmax"):
        step = ScaleWithinGroup.model_validate({"columns": ["x"], "by": ["g"], "method": method})
        assert result(step, table)["x"].to_list() == [0.0, 0.0, 0.0, None]
    zero = pl.DataFrame({"g": ["a", "a"], "x": [1.0, -1.0]})
    assert result(ScaleWithinGroup(columns=("x",), by=("g",), method="share"), zero)["x"].to_list() == [None, None]


def test_a_column_cannot_make_the_groups_it_is_scaled_in() -> None:
    with pytest.raises(InvalidStepError, match="'x' makes the groups and is to be scaled in them"):
        ScaleWithinGroup(columns=("x",), by=("x",)).bind(TABLE.schema)


def test_mean_normalization_is_that_of_feature_engine() -> None:
    table = TABLE.select("n").with_columns(y=pl.col("n") * 1.5 + 100)
    expected = MeanNormalizationScaler(variables=["n", "y"]).fit_transform(table.to_pandas())
    found = result(MeanNormalize(columns=("n", "y")), table)
    np.testing.assert_allclose(found.to_numpy(), expected.to_numpy(), rtol=1e-9, atol=1e-12)
    same = pl.DataFrame({"x": [1 / 3] * 7})
    assert result(MeanNormalize(columns=("x",)), same)["x"].to_list() == [0.0] * 7
