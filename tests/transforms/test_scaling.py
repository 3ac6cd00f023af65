"""Scaling: against scikit-learn, and at the edges."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from pydantic import ValidationError
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from flows.engines.polars_engine import PolarsEngine
from tests.checks import planned, result
from transforms.core.errors import InvalidStepError
from transforms.core.relations import MapRows, Source
from transforms.scaling import MaxAbsScale, MinMaxScale, RobustScale, Scaler, StandardScale

NAN, INF = float("nan"), float("inf")
RANDOM = np.random.default_rng(5)
TABLE = pl.DataFrame(
    {
        "x": [None if RANDOM.random() < 0.2 else float(v) for v in RANDOM.normal(100, 30, 150)],
        "n": RANDOM.integers(-50, 10, 150),
        "same": [1 / 3] * 150,
        "zero": [0] * 150,
        "g": RANDOM.choice(["a", "b"], 150),
    }
)
NUMBERS = ("x", "n", "same", "zero")
STEPS = [
    pytest.param(StandardScale(columns=NUMBERS), StandardScaler(), id="standard"),
    pytest.param(StandardScale(columns=NUMBERS, center=False), StandardScaler(with_mean=False), id="no center"),
    pytest.param(StandardScale(columns=NUMBERS, scale=False), StandardScaler(with_std=False), id="no scale"),
    pytest.param(MinMaxScale(columns=NUMBERS), MinMaxScaler(), id="minmax"),
    pytest.param(
        MinMaxScale(columns=NUMBERS, min=-1, max=3, clip=True), MinMaxScaler((-1, 3), clip=True), id="clipped"
    ),
    pytest.param(MaxAbsScale(columns=NUMBERS), MaxAbsScaler(), id="maxabs"),
    pytest.param(RobustScale(columns=NUMBERS), RobustScaler(), id="robust"),
    pytest.param(
        RobustScale(columns=NUMBERS, lower=0.1, upper=0.8), RobustScaler(quantile_range=(10, 80)), id="robust wide"
    ),
]
EACH = [pytest.param(each, id=each.id) for each in (StandardScale, MinMaxScale, MaxAbsScale, RobustScale)]


def on_new_rows(step: Scaler, table: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    (plan,), _ = planned(step, PolarsEngine.over({"in0": table}), [Source("in0")])
    assert isinstance(plan, MapRows)
    return plan(new.lazy()).collect()


@pytest.mark.parametrize(("step", "oracle"), STEPS)
def test_scales_are_those_of_scikit_learn(step: Scaler, oracle: Any) -> None:
    expected = oracle.fit_transform(TABLE.select(NUMBERS).to_pandas())
    np.testing.assert_allclose(result(step, TABLE).select(NUMBERS).to_numpy(), expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize(("step", "oracle"), STEPS)
def test_new_rows_are_scaled_as_by_scikit_learn(step: Scaler, oracle: Any) -> None:
    new = pl.DataFrame({"x": [-1000.0, 1e6, None], "n": [99, -99, 0], "same": [5.0, 0.0, 1 / 3], "zero": [1, -1, 0]})
    oracle.fit(TABLE.select(NUMBERS).to_pandas())
    expected = oracle.transform(new.to_pandas())
    np.testing.assert_allclose(on_new_rows(step, TABLE, new).to_numpy(), expected, rtol=1e-9, atol=1e-9)


def test_equal_values_become_exactly_zero() -> None:
    found = result(StandardScale(columns=("same",)), TABLE)["same"]
    assert found.to_list() == [0.0] * 150


@pytest.mark.parametrize("step", EACH)
def test_a_column_without_values_keeps_later_ones(step: Any) -> None:
    table = pl.DataFrame({"x": pl.Series([None, NAN], dtype=pl.Float64)})
    assert result(step(columns=("x",)), table)["x"].to_list() == [None, None]
    assert on_new_rows(step(columns=("x",)), table, pl.DataFrame({"x": [5.0]}))["x"].to_list() == [5.0]


@pytest.mark.parametrize("step", EACH)
def test_infinite_and_huge_values_are_not_fitted(step: Any) -> None:
    plain, wild = [1.0, 2.0, 5.0], [1.0, 2.0, 5.0, INF, -INF, 1e300, NAN]
    found = result(step(columns=("x",)), pl.DataFrame({"x": wild}))["x"].to_list()
    assert found[:3] == result(step(columns=("x",)), pl.DataFrame({"x": plain}))["x"].to_list()
    assert found[3:5] == [INF, -INF]
    assert found[6] is None


@pytest.mark.parametrize("dtype", [pl.Int8, pl.Float32, pl.Decimal(10, 2)])
@pytest.mark.parametrize("step", EACH)
def test_every_type_of_number_becomes_float64(step: Any, dtype: Any) -> None:
    found = result(step(columns=("x",)), pl.DataFrame({"x": pl.Series([0, 100, None]).cast(dtype)}))["x"]
    assert found.dtype == pl.Float64
    assert found.to_list() == {
        "scale_standard": [-1.0, 1.0, None],
        "scale_robust": [-1.0, 1.0, None],
    }.get(step.id, [0.0, 1.0, None])


def test_the_largest_value_becomes_exactly_one() -> None:
    for largest in (49, 3, 7, 1e-3):
        found = result(MaxAbsScale(columns=("x",)), pl.DataFrame({"x": [0.0, largest]}))["x"]
        assert found.to_list() == [0.0, 1.0]


def test_groups_are_standardized_as_by_pandas() -> None:
    found = result(StandardScale(columns=("x",), by=("g",)), TABLE)["x"]
    groups = TABLE.to_pandas().groupby("g")["x"]
    expected = (TABLE.to_pandas()["x"] - groups.transform("mean")) / groups.transform(lambda each: each.std(ddof=0))
    np.testing.assert_allclose(found.to_numpy(), expected.to_numpy(), rtol=1e-9, atol=1e-10)


def test_groups_without_values_go_by_all_rows() -> None:
    table = pl.DataFrame({"g": ["a", "a", "b"], "x": [1.0, 3.0, None]})
    new = pl.DataFrame({"g": ["b", "z", None], "x": [3.0, 3.0, 3.0]})
    assert on_new_rows(StandardScale(columns=("x",), by=("g",)), table, new)["x"].to_list() == [1.0, 1.0, 1.0]


def test_new_columns_get_the_suffix() -> None:
    found = result(RobustScale(columns=("n",), suffix="_scaled"), TABLE)
    assert found.columns == [*TABLE.columns, "n_scaled"]
    with pytest.raises(InvalidStepError, match="There is a column 'n_scaled' already"):
        RobustScale(columns=("n",), suffix="_scaled").bind(found.schema)


def test_settings_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValidationError, match="Nothing is left to do"):
        StandardScale(columns=("x",), center=False, scale=False)
    with pytest.raises(ValidationError, match=r"The minimum 1.0 is not below the maximum 1.0"):
        MinMaxScale(columns=("x",), min=1, max=1)


def test_no_column_leaves_the_table_alone() -> None:
    table = pl.DataFrame({"c": ["a"]})
    assert_frame_equal(
        result(StandardScale.model_validate({"columns": {"type": "numeric"}, "by": ["c"]}), table), table
    )
