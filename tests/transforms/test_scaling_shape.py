"""Quantiles, powers and logarithms: against scikit-learn, scipy and feature-engine."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from feature_engine.transformation import LogTransformer
from polars.testing import assert_frame_equal
from pydantic import ValidationError
from scipy import stats
from sklearn.preprocessing import PowerTransformer, QuantileTransformer

from flows.engines.polars_engine import PolarsEngine
from tests.checks import planned, result
from transforms.core.errors import StepError
from transforms.core.relations import MapRows, Source
from transforms.core.transform import Transform
from transforms.scaling_quantiles import PercentileRank, QuantileTransform
from transforms.scaling_shape import FixSkewness, LogTransform, PowerTransform

NAN, INF = float("nan"), float("inf")
RANDOM = np.random.default_rng(8)
TABLE = pl.DataFrame(
    {
        "x": RANDOM.lognormal(2, 1, 200),
        "y": RANDOM.normal(-5, 3, 200),
        "n": RANDOM.integers(1, 6, 200),
    }
)
NAMES = ("x", "y", "n")
NEW = pl.DataFrame({"x": [0.01, 5.0, 1e6], "y": [-100.0, 0.0, 100.0], "n": [0, 3, 99]})
EACH: tuple[Any, ...] = (PercentileRank, QuantileTransform, PowerTransform, LogTransform, FixSkewness)


def fitted(step: Transform, table: pl.DataFrame = TABLE) -> tuple[MapRows, Any]:
    (plan,), learned = planned(step, PolarsEngine.over({"in0": table}), [Source("in0")])
    assert isinstance(plan, MapRows)
    return plan, learned


@pytest.mark.parametrize("quantiles", [10, 1_000])
@pytest.mark.parametrize("distribution", ["uniform", "normal"])
def test_quantiles_are_spread_as_by_scikit_learn(distribution: Any, quantiles: int) -> None:
    names = ("x", "y")
    plan, _ = fitted(QuantileTransform(columns=names, distribution=distribution, quantiles=quantiles))
    oracle = QuantileTransformer(n_quantiles=min(quantiles, 200), output_distribution=distribution, subsample=None).fit(
        TABLE.select(names).to_numpy()
    )
    for rows in (TABLE, NEW):
        found = plan(rows.lazy()).collect().select(names).to_numpy()
        np.testing.assert_allclose(found, oracle.transform(rows.select(names).to_numpy()), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["x", "n"])
def test_the_percentile_rank_is_the_mean_rank(name: str) -> None:
    values = TABLE[name]
    expected = (values.rank("average") - 1) / (len(values) - 1)
    found = result(PercentileRank(columns=(name,)), TABLE)[name]
    np.testing.assert_allclose(found.to_numpy(), expected.to_numpy(), atol=1e-12)
    percent = result(PercentileRank(columns=(name,), unit="percent"), TABLE)[name]
    np.testing.assert_allclose(percent.to_numpy(), 100 * expected.to_numpy(), atol=1e-10)


def test_missing_values_do_not_count_and_infinite_ones_come_first_or_last() -> None:
    table = pl.DataFrame({"x": [3.0, None, 1.0, NAN, 2.0, INF, -INF]})
    found = result(PercentileRank(columns=("x",)), table)["x"]
    assert found.to_list() == [1.0, None, 0.0, None, 0.5, 1.0, 0.0]


def test_one_value_lies_in_the_middle() -> None:
    plan, _ = fitted(PercentileRank(columns=("x",)), pl.DataFrame({"x": [7.0, None]}))
    assert plan(pl.LazyFrame({"x": [7.0, None]})).collect()["x"].to_list() == [0.5, None]


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize(("method", "names"), [("yeo_johnson", NAMES), ("box_cox", ("x", "n"))])
def test_powers_are_those_of_scikit_learn(method: Any, names: tuple[str, ...], standardize: bool) -> None:
    plan, learned = fitted(PowerTransform(columns=names, method=method, standardize=standardize))
    oracle = PowerTransformer(method=method.replace("_", "-"), standardize=standardize)
    oracle.fit(TABLE.select(names).to_numpy())
    np.testing.assert_allclose(list(learned.power.values()), oracle.lambdas_, rtol=1e-6)
    rows = TABLE if method == "box_cox" else pl.concat([TABLE, NEW])
    found = plan(rows.lazy()).collect().select(names).to_numpy()
    np.testing.assert_allclose(found, oracle.transform(rows.select(names).to_numpy()), rtol=1e-5, atol=1e-6)


def test_numbers_that_box_cox_does_not_take_are_refused_or_counted() -> None:
    with pytest.raises(StepError, match=r"Column 'y' holds .*, and Box-Cox takes only numbers above zero"):
        result(PowerTransform(columns=("y",), method="box_cox"), TABLE)
    step = PowerTransform(columns=("x",), method="box_cox")
    plan, learned = fitted(step)
    new = pl.DataFrame({"x": [1.0, 0.0, -1.0, None]})
    assert plan(new.lazy()).collect()["x"].null_count() == 3
    (failure,) = step.bind(TABLE.schema).failures(learned)
    assert new.select(failure.where.sum()).item() == 2


@pytest.mark.parametrize("base", [math.e, 10])
def test_logarithms_are_those_of_feature_engine(base: float) -> None:
    oracle = LogTransformer(variables=["x", "n"], base="e" if base == math.e else "10")
    expected = oracle.fit_transform(TABLE.to_pandas())
    found = result(LogTransform(columns=("x", "n"), base=base), TABLE)
    np.testing.assert_allclose(found.to_numpy(), expected.to_numpy(), rtol=1e-12)


def test_the_smallest_value_becomes_one_before_its_logarithm() -> None:
    found = result(LogTransform(columns=("y",)), TABLE)["y"].to_numpy()
    np.testing.assert_allclose(found, np.log(TABLE["y"].to_numpy() - TABLE["y"].min() + 1), rtol=1e-9, atol=1e-12)
    plus_one = result(LogTransform(columns=("x",), offset="number", number=1), TABLE)["x"].to_numpy()
    np.testing.assert_allclose(plus_one, np.log1p(TABLE["x"].to_numpy()), rtol=1e-15)


def test_numbers_without_logarithm_are_counted() -> None:
    step = LogTransform(columns=("x",), offset="none")
    table = pl.DataFrame({"x": [1.0, 0.0, -2.0, INF, -INF, NAN, None]})
    plan, learned = fitted(step, table)
    assert plan(table.lazy()).collect()["x"].to_list() == [0.0, None, None, INF, None, None, None]
    (failure,) = step.bind(table.schema).failures(learned)
    assert table.select(failure.where.sum()).item() == 3
    with pytest.raises(ValidationError, match="There is no logarithm to base 1"):
        LogTransform(columns=("x",), base=1)


def test_the_least_skewed_of_the_candidates_is_taken() -> None:
    plan, learned = fitted(FixSkewness(columns=NAMES, threshold=0.5))
    found = plan(TABLE.lazy()).collect()
    low = TABLE["x"].to_numpy()
    expected = {
        "none": stats.skew(low),
        "log": stats.skew(np.log(low)),
        "sqrt": stats.skew(np.sqrt(low)),
        "yeo_johnson": stats.skew(stats.yeojohnson(low)[0]),
    }
    assert learned.skewness["x"] == pytest.approx(expected, abs=1e-6)
    assert learned.chosen["x"] == min(expected, key=lambda kind: abs(expected[kind]))
    assert learned.chosen["y"] == "none"
    assert abs(stats.skew(found["x"].to_numpy())) < 0.2
    np.testing.assert_array_equal(found["y"].to_numpy(), TABLE["y"].to_numpy())


@pytest.mark.parametrize("step", EACH)
def test_one_row_becomes_what_it_becomes_among_many(step: Any) -> None:
    plan, _ = fitted(step(columns=NAMES))
    pieces = [plan(TABLE[i : i + 1].lazy()).collect() for i in range(40)]
    assert_frame_equal(pl.concat(pieces), plan(TABLE.lazy()).collect()[:40], check_exact=True)


@pytest.mark.parametrize("step", EACH)
def test_wild_and_equal_values_are_no_failure(step: Any) -> None:
    table = pl.DataFrame(
        {"wild": [1e150, 1e-320, 1e300, 0.0, 5.0], "same": [1 / 3] * 5, "few": [2, None, None, None, None]}
    )
    names = tuple(table.columns)
    found = result(step(columns=names, suffix="_new"), table)
    assert found.columns == [*names, *(f"{name}_new" for name in names)]
    assert found["same_new"].n_unique() == 1
    assert found["same_new"].null_count() == 0


@pytest.mark.parametrize("step", [PowerTransform, LogTransform, FixSkewness])
def test_a_column_without_values_keeps_later_ones(step: Any) -> None:
    settings = {"offset": "none"} if step is LogTransform else {}
    table = pl.DataFrame({"x": pl.Series([None, NAN], dtype=pl.Float64)})
    plan, _ = fitted(step(columns=("x",), **settings), table)
    kept = math.log(5) if step is LogTransform else 5.0
    assert plan(pl.LazyFrame({"x": [5.0, None]})).collect()["x"].to_list() == pytest.approx([kept, None])
