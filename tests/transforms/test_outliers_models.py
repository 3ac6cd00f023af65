"""Rows that are unlike the others: against scikit-learn; and values pulled into a range."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import polars as pl
import pytest
from feature_engine.outliers import Winsorizer
from polars.testing import assert_frame_equal
from pydantic import ValidationError
from scipy.stats.mstats import winsorize
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor as Oracle

from flows.engines.polars_engine import PolarsEngine
from flows.fitting import Asking
from tests.checks import planned, result
from transforms.core.errors import InvalidStepError
from transforms.core.relations import MapRows, Source
from transforms.core.transform import Transform
from transforms.fitted_rows import matrix, sampled
from transforms.outliers_clip import ClipValues, Winsorize
from transforms.outliers_models import IsolationForestOutliers, LocalOutlierFactor

NAN, INF = float("nan"), float("inf")
RANDOM = np.random.default_rng(2)
NAMES = ("x", "y", "z")
POINTS = np.vstack([RANDOM.normal(size=(300, 3)) * [1, 5, 0.1], [[9, 0, 0], [0, 60, 2], [-5, -40, 1]]])
TABLE = pl.DataFrame(POINTS, schema=NAMES)
NEW = pl.DataFrame(RANDOM.normal(size=(50, 3)) * [2, 9, 0.3], schema=NAMES)
EACH = [
    pytest.param(partial(IsolationForestOutliers, trees=15), id="forest"),
    pytest.param(LocalOutlierFactor, id="lof"),
]


def fitted(step: Transform, table: pl.DataFrame = TABLE) -> tuple[MapRows, Any]:
    (plan,), learned = planned(step, PolarsEngine.over({"in0": table}), [Source("in0")])
    assert isinstance(plan, MapRows)
    return plan, learned


@pytest.mark.parametrize("contamination", [0.01, 0.2])
def test_forest_scores_and_flags_as_in_scikit_learn(contamination: float) -> None:
    settings: dict[str, Any] = {"columns": NAMES, "contamination": contamination, "trees": 20, "seed": 3}
    drawn = sampled(Asking(PolarsEngine.over({"in0": TABLE}), [Source("in0")]), NAMES, 1_000, 3)
    median = np.median(POINTS, axis=0)
    oracle = IsolationForest(n_estimators=20, contamination=contamination, random_state=3)
    oracle.fit(matrix(drawn, NAMES) - median)
    scored, learned = fitted(IsolationForestOutliers(**settings, fix="score"))
    flagged, _ = fitted(IsolationForestOutliers(**settings))
    for rows in (TABLE, NEW):
        scores = scored(rows.lazy()).collect()["outlier_score"].to_numpy()
        np.testing.assert_allclose(scores, -oracle.score_samples(rows.to_numpy() - median), rtol=1e-9)
        flags = flagged(rows.lazy()).collect()["is_outlier"]
        assert flags.to_list() == (oracle.predict(rows.to_numpy() - median) == -1).tolist()
    assert learned.limit == pytest.approx(-oracle.offset_)


@pytest.mark.parametrize("neighbors", [1, 20])
def test_local_outlier_factors_are_those_of_scikit_learn(neighbors: int) -> None:
    settings: dict[str, Any] = {"columns": NAMES, "neighbors": neighbors, "scale": False, "contamination": 0.05}
    scored, learned = fitted(LocalOutlierFactor(**settings, fix="score"))
    oracle = Oracle(n_neighbors=neighbors, contamination=0.05).fit(POINTS)
    scores = scored(TABLE.lazy()).collect()["outlier_score"].to_numpy()
    np.testing.assert_allclose(scores, -oracle.negative_outlier_factor_, rtol=1e-7)
    flags = result(LocalOutlierFactor(**settings), TABLE)["is_outlier"]
    assert flags.to_list() == (oracle.fit_predict(POINTS) == -1).tolist()
    novelty = Oracle(n_neighbors=neighbors, contamination=0.05, novelty=True).fit(POINTS)
    scores = scored(NEW.lazy()).collect()["outlier_score"].to_numpy()
    np.testing.assert_allclose(scores, -novelty.score_samples(NEW.to_numpy()), rtol=1e-7)
    assert learned.rows.height == len(POINTS)


def test_the_unit_of_a_column_does_not_matter() -> None:
    step = LocalOutlierFactor(columns=NAMES, fix="score")
    found, expected = (
        result(step, table)["outlier_score"].to_numpy() for table in (TABLE, TABLE.with_columns(pl.col("x") * 1_000))
    )
    # The rows are drawn in another order, which decides nothing here.
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("step", EACH)
def test_one_row_is_scored_as_among_many(step: Any) -> None:
    plan, _ = fitted(step(columns=NAMES, fix="score"))
    pieces = [plan(NEW[i : i + 1].lazy()).collect() for i in range(20)]
    assert_frame_equal(pl.concat(pieces), plan(NEW.lazy()).collect()[:20], check_exact=True)


@pytest.mark.parametrize("step", EACH)
def test_outliers_can_be_removed_in_training(step: Any) -> None:
    removing = step(columns=NAMES, fix="remove")
    assert removing.training_only
    assert not step(columns=NAMES).training_only
    found = result(removing, TABLE)
    flags = result(step(columns=NAMES), TABLE)["is_outlier"]
    assert_frame_equal(found, TABLE.filter(~flags))
    assert 0 < flags.sum() <= 4


@pytest.mark.parametrize("step", EACH)
def test_missing_values_make_no_outlier(step: Any) -> None:
    holes = pl.DataFrame({"x": [None, NAN, INF], "y": [None] * 3, "z": [0.0] * 3}, schema_overrides={"y": pl.Float64})
    plan, _ = fitted(step(columns=NAMES), pl.concat([TABLE, holes]))
    assert plan(holes.lazy()).collect()["is_outlier"].to_list() == [False] * 3


@pytest.mark.parametrize("step", EACH)
def test_huge_and_equal_numbers_are_no_failure(step: Any) -> None:
    table = pl.DataFrame({"x": [1e150, -1e150, 1e-300, 0.0, 0.0], "y": [1, 1, 1, 1, 1]})
    found = fitted(step(columns=("x", "y"), fix="score"), table)[0](table.lazy()).collect()
    assert found["outlier_score"].null_count() == 0
    same = pl.DataFrame({"x": [3.0] * 30})
    assert result(step(columns=("x",)), same)["is_outlier"].any() is False


@pytest.mark.parametrize("step", EACH)
def test_of_one_row_nothing_is_learned(step: Any) -> None:
    plan, _ = fitted(step(columns=NAMES), TABLE[:1])
    assert plan(NEW.lazy()).collect()["is_outlier"].any() is False
    with pytest.raises(InvalidStepError, match="There is a column 'x' already"):
        step(columns=NAMES, output="x").bind(TABLE.schema)


def test_tails_are_those_of_feature_engine() -> None:
    oracle = Winsorizer(capping_method="quantiles", tail="both", fold=0.1, variables=["x", "y"])
    expected = oracle.fit_transform(TABLE.to_pandas())
    found = result(Winsorize(columns=("x", "y"), lower=0.1, upper=0.9), TABLE)
    np.testing.assert_allclose(found.to_numpy(), expected.to_numpy(), rtol=1e-12)


def test_quantiles_that_are_values_winsorize_as_in_scipy() -> None:
    table = pl.DataFrame({"n": [*range(21), None]})
    found = result(Winsorize(columns=("n",), lower=0.1, upper=0.9), table)["n"].drop_nulls().to_list()
    assert found == winsorize(np.arange(21.0), (0.1, 0.1)).tolist()


def test_a_column_without_values_keeps_later_ones() -> None:
    plan, _ = fitted(Winsorize(columns=("x",)), pl.DataFrame({"x": [None, NAN]}, schema={"x": pl.Float64}))
    assert plan(pl.LazyFrame({"x": [5.0, INF, None]})).collect()["x"].to_list() == [5.0, INF, None]


def test_clipped_whole_numbers_stay_whole_where_the_ends_are() -> None:
    table = pl.DataFrame({"n": pl.Series([-300, 5, None], dtype=pl.Int16), "x": [NAN, INF, -INF]})
    found = result(ClipValues(columns=("n", "x"), min=-2, max=3), table)
    assert found["n"].to_list() == [-2, 3, None]
    assert found["n"].dtype == pl.Int16
    np.testing.assert_array_equal(found["x"].to_numpy(), [NAN, 3.0, -2.0])
    assert result(ClipValues(columns=("n",), max=0.5), table)["n"].to_list() == [-300.0, 0.5, None]
    assert result(ClipValues(columns=("n",), max=10**6), table)["n"].dtype == pl.Int64


def test_ranges_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValidationError, match="The range has no end"):
        ClipValues(columns=("x",))
    with pytest.raises(ValidationError, match="The minimum 2 is above the maximum 1"):
        ClipValues(columns=("x",), min=2, max=1)
    with pytest.raises(ValidationError, match=r"The lower share 0.4 is not below the upper share 0.3"):
        Winsorize(columns=("x",), lower=0.4, upper=0.3)
