"""Filling from neighbours and by models: against scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer
from sklearn.linear_model import BayesianRidge
from sklearn.tree import DecisionTreeRegressor

from flows.engines.polars_engine import PolarsEngine
from flows.fitting import Asking
from tests.checks import planned, result
from transforms.core.relations import MapRows, Source
from transforms.core.transform import Transform
from transforms.fitted_rows import sampled
from transforms.missing_models import ImputeIterative, ImputeKnn

NAN, INF = float("nan"), float("inf")
RANDOM = np.random.default_rng(7)
NAMES = ("a", "b", "c", "d")
BASE = RANDOM.normal(size=(120, 1))
FULL = np.hstack([BASE, 3 * BASE, -BASE, BASE * 0]) + RANDOM.normal(scale=0.5, size=(120, 4)) * [1, 2, 3, 40]
HOLES = np.where(RANDOM.random(FULL.shape) < 0.15, np.nan, FULL)
TABLE = pl.DataFrame(HOLES, schema=NAMES).with_columns(pl.all().fill_nan(None))
NEW = pl.DataFrame({"a": [0.5, None, None], "b": [None, 100.0, None], "c": [1.0, None, None], "d": [5.0, 5.0, None]})


def fitted(step: Transform, table: pl.DataFrame) -> tuple[MapRows, Any]:
    (plan,), learned = planned(step, PolarsEngine.over({"in0": table}), [Source("in0")])
    assert isinstance(plan, MapRows)
    return plan, learned


def numbers(table: pl.DataFrame) -> Any:
    return table.select(NAMES).cast(pl.Float64).to_numpy()


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("neighbors", [1, 4, 150])
def test_neighbours_fill_as_in_scikit_learn(weights: Any, neighbors: int) -> None:
    plan, learned = fitted(ImputeKnn(columns=NAMES, neighbors=neighbors, weights=weights, scale=False), TABLE)
    # In the order in which the rows were drawn, which decides among equally near ones.
    oracle = KNNImputer(n_neighbors=neighbors, weights=weights).fit(numbers(learned.rows))
    np.testing.assert_allclose(numbers(plan(TABLE.lazy()).collect()), oracle.transform(HOLES), rtol=1e-9)
    np.testing.assert_allclose(numbers(plan(NEW.lazy()).collect()), oracle.transform(numbers(NEW)), rtol=1e-9)


def test_scaled_columns_weigh_the_same() -> None:
    spread = np.nanstd(HOLES, axis=0)
    expected = KNNImputer(n_neighbors=3).fit_transform(HOLES / spread) * spread
    np.testing.assert_allclose(numbers(result(ImputeKnn(columns=NAMES, neighbors=3), TABLE)), expected, rtol=1e-9)


def test_one_row_is_filled_as_among_many() -> None:
    for step in (ImputeKnn(columns=NAMES), ImputeIterative(columns=NAMES, rounds=2)):
        plan, _ = fitted(step, TABLE)
        pieces = [plan(TABLE[i : i + 1].lazy()).collect() for i in range(40)]
        assert_frame_equal(pl.concat(pieces), plan(TABLE.lazy()).collect()[:40], check_exact=True)


def test_few_neighbours_are_looked_for_among_the_rows_kept() -> None:
    _, learned = fitted(ImputeKnn(columns=NAMES, max_fit_rows=20), TABLE)
    assert learned.rows.height == 20


@pytest.mark.parametrize("keep_range", [True, False])
@pytest.mark.parametrize("estimator", ["bayesian_ridge", "tree"])
def test_models_fill_as_in_scikit_learn(estimator: Any, keep_range: bool) -> None:
    step = ImputeIterative(columns=NAMES, estimator=estimator, rounds=3, keep_range=keep_range, seed=5)
    plan, learned = fitted(step, TABLE)
    center, spread = np.nanmean(HOLES, axis=0), np.nanstd(HOLES, axis=0)
    scaled = (HOLES - center) / spread
    ends = {"min_value": np.nanmin(scaled, axis=0), "max_value": np.nanmax(scaled, axis=0)} if keep_range else {}
    model = BayesianRidge() if estimator == "bayesian_ridge" else DecisionTreeRegressor(max_depth=8, min_samples_leaf=5)
    oracle = IterativeImputer(model, max_iter=3, random_state=5, **ends)
    rows = (numbers(_drawn(step)) - center) / spread
    with pytest.warns(match="Early stopping"):
        oracle.fit(rows)
    expected = oracle.transform(scaled) * spread + center
    tolerance = 1e-7 if estimator == "bayesian_ridge" else 1e-9
    np.testing.assert_allclose(numbers(plan(TABLE.lazy()).collect()), expected, rtol=tolerance, atol=tolerance)
    assert not learned.settled
    assert learned.steps[:4] * 3 == learned.steps


def _drawn(step: ImputeIterative) -> pl.DataFrame:
    """The rows of the fit in the order in which they are drawn, which trees of equal splits go by."""
    return sampled(Asking(PolarsEngine.over({"in0": TABLE}), [Source("in0")]), NAMES, 1_000, step.seed)


def test_related_columns_fill_each_other() -> None:
    table = pl.DataFrame({"x": [*range(50), 7], "y": [*(2.0 * i + 1 for i in range(50)), None]})
    found = result(ImputeIterative(columns=("x", "y")), table)
    assert found["y"][50] == pytest.approx(15, abs=0.01)
    assert found["x"].dtype == pl.Float64


def test_filled_values_stay_in_the_range_unless_asked() -> None:
    table = pl.DataFrame({"x": [1.0, 2.0, 3.0, 10.0], "y": [1.0, 2.0, 3.0, None]})
    assert result(ImputeIterative(columns=("x", "y")), table)["y"][3] == 3.0
    assert result(ImputeIterative(columns=("x", "y"), keep_range=False), table)["y"][3] > 8


@pytest.mark.parametrize("step", [ImputeKnn, ImputeIterative])
def test_columns_without_values_stay_and_infinite_ones_too(step: Any) -> None:
    table = pl.DataFrame({"x": [1.0, 2.0, NAN, INF], "y": [1, None, 3, 4], "z": pl.Series([None] * 4, dtype=pl.Int32)})
    found = result(step(columns=("x", "y", "z")), table)
    assert found["z"].to_list() == [None] * 4
    assert found["x"][3] == INF
    assert found.select("x", "y").null_count().row(0) == (0, 0)
    assert set(found.dtypes) == {pl.Float64}


@pytest.mark.parametrize("step", [ImputeKnn, ImputeIterative])
def test_huge_and_tiny_numbers_are_no_failure(step: Any) -> None:
    table = pl.DataFrame({"x": [1e150, -1e150, 1e-300, None, 0.0], "y": [1e-320, 0.0, 1e149, 1.0, None]})
    new = pl.DataFrame({"x": [None, 1e150], "y": [-1e150, None]})
    found = fitted(step(columns=("x", "y")), table)[0](new.lazy()).collect()
    assert found.null_count().row(0) == (0, 0)


def test_a_single_column_gets_its_mean_and_a_warning() -> None:
    table = pl.DataFrame({"x": [1.0, 3.0, None]})
    for step in (ImputeKnn(columns=("x",)), ImputeIterative(columns=("x",))):
        assert result(step, table)["x"].to_list() == [1.0, 3.0, 2.0]
        _, problems = step.try_bind(table.schema)
        assert [each.severity for each in problems] == ["warning"]
