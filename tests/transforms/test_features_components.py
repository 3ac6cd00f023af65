"""Singular values, independent components and clusters, with scikit-learn as the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.cluster import KMeans
from sklearn.decomposition import FastICA
from sklearn.decomposition import TruncatedSVD as ScikitTruncatedSVD
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import StandardScaler

from flows.engines.polars_engine import PolarsEngine
from flows.fitting import Asking
from tests.checks import assert_same_rows, result
from transforms.core.errors import InvalidStepError, StepError
from transforms.core.relations import Source
from transforms.core.transform import FittedTransform
from transforms.features_clusters import ClusterKmeans
from transforms.features_components import IndependentComponents, TruncatedSvd

RANDOM = np.random.default_rng(7)
COUNTS = pl.DataFrame(
    RANDOM.poisson(RANDOM.gamma(0.5, 2, (60, 1)) * RANDOM.random(8), (60, 8)), schema=list("abcdefgh")
)
TIME = np.linspace(0, 8, 500)
SOURCES = np.column_stack([np.sin(2 * TIME), np.sign(np.sin(3 * TIME)), (TIME % 1) - 0.5])
MIXED = pl.DataFrame(SOURCES @ RANDOM.normal(size=(3, 3)) * [1, 100, 0.01] + 5, schema=list("abc"))
PLACES = pl.DataFrame(
    np.concatenate([RANDOM.normal(center, 0.4, (size, 2)) for center, size in ((0, 50), (4, 30), (9, 20))]) * [1, 1000],
    schema=["x", "y"],
)


def learned_by(step: FittedTransform, table: pl.DataFrame) -> Any:
    return step.bind(table.schema).fit(Asking(PolarsEngine.over({"in0": table}), (Source("in0"),)))


def test_singular_values_are_those_of_scikit_learn() -> None:
    oracle = ScikitTruncatedSVD(4, algorithm="arpack", random_state=0)
    expected = oracle.fit_transform(COUNTS.to_numpy().astype(float))
    step = TruncatedSvd(columns=tuple("abcdefgh"), components=4)
    found = result(step, COUNTS)
    assert found.columns == ["svd_1", "svd_2", "svd_3", "svd_4"]
    np.testing.assert_allclose(np.abs(found.to_numpy()), np.abs(expected), atol=1e-8)
    learned = learned_by(step, COUNTS)
    squares = np.square(oracle.singular_values_) / np.square(COUNTS.to_numpy()).sum()
    np.testing.assert_allclose(list(learned.explained.values()), squares, rtol=1e-9)
    loadings = learned.loadings.to_numpy()
    assert (loadings.max(axis=0) == np.abs(loadings).max(axis=0)).all()


def test_lists_of_numbers_are_taken_like_columns_and_may_differ_in_length() -> None:
    lists = COUNTS.select("a", pl.concat_list("b", "c", "d").alias("v"), pl.concat_list(*"efgh").alias("w"))
    expected = result(TruncatedSvd(columns=tuple("abcdefgh"), components=3), COUNTS)
    step = TruncatedSvd(columns=("a", "v", "w"), components=3)
    assert_same_rows(result(step, lists), expected, exact=False)
    short = lists.with_columns(pl.col("w").list.reverse().list.eval(pl.element().filter(pl.element().cum_max() > 0)))
    assert result(
        TruncatedSvd(columns=("w",), components=2), short.with_columns(pl.col("w").list.reverse())
    ).columns == [
        "a",
        "v",
        "svd_1",
        "svd_2",
    ]
    learned = learned_by(step, lists)
    new = pl.DataFrame({"a": [0], "v": [[0, 0, 0, 99]], "w": [None]}, schema_overrides={"w": pl.List(pl.Int64)})
    assert step.bind(new.schema).apply(new.lazy(), learned).collect().row(0) == (0.0, 0.0, 0.0)


def test_components_beyond_what_there_is_are_zero() -> None:
    table = pl.DataFrame({"a": [3.0, 6.0, None, float("nan")], "b": [4.0, 8.0, 1e200, None], "c": [0.0] * 4})
    found = result(TruncatedSvd(columns=("a", "b", "c"), components=9), table)
    np.testing.assert_allclose(found["svd_1"], [5.0, 10.0, 0.0, 0.0])
    assert found.drop("svd_1").to_numpy().tolist() == [[0.0, 0.0]] * 4
    vectors = pl.DataFrame({"v": [[1.0], []]})
    assert result(TruncatedSvd(columns=("v",), components=3), vectors).shape == (2, 3)


def test_columns_that_hold_no_numbers_are_refused() -> None:
    with pytest.raises(InvalidStepError, match="Column 'v' holds list values, but numbers or lists of numbers"):
        TruncatedSvd(columns=("v",)).bind(pl.Schema({"v": pl.List(pl.String)}))
    with pytest.raises(InvalidStepError, match="There is a column 'svd_1' already"):
        TruncatedSvd(columns=("a",)).bind(pl.Schema({"a": pl.Int64(), "svd_1": pl.Int64()}))
    wide = pl.DataFrame({"v": [[0.0] * 3_001]})
    with pytest.raises(StepError, match="3,001 numbers in a row are too many"):
        result(TruncatedSvd(columns=("v",)), wide)


def test_independent_components_are_those_of_scikit_learn() -> None:
    step = IndependentComponents(columns=("a", "b", "c"), components=3)
    found = result(step, MIXED).to_numpy()
    expected = FastICA(3, whiten="unit-variance", random_state=0, max_iter=1000).fit_transform(
        StandardScaler().fit_transform(MIXED.to_numpy())
    )
    match = np.abs(np.corrcoef(found.T, expected.T)[:3, 3:])
    np.testing.assert_allclose(match.max(axis=1), 1, atol=1e-4)
    np.testing.assert_allclose(found.std(axis=0), 1)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-9)
    assert learned_by(step, MIXED).converged


def test_mixed_sources_are_found_again_whatever_their_units() -> None:
    found = result(IndependentComponents(columns=("a", "b", "c"), seed=5), MIXED).to_numpy()
    match = np.abs(np.corrcoef(found.T, SOURCES.T)[:3, 3:])
    assert (match.max(axis=0) > 0.97).all()
    kurtosis = np.abs((found**4).mean(axis=0) - 3)
    assert (np.diff(kurtosis) <= 1e-9).all()


def test_sources_that_are_not_there_are_zero() -> None:
    table = MIXED.with_columns((pl.col("a") * 2 + 1).alias("d"), pl.lit(4.0).alias("same"), pl.lit(None).alias("none"))
    step = IndependentComponents(columns=("a", "b", "c", "d", "same", "none"))
    found = result(step, table)
    assert found.columns == [f"ic_{i}" for i in range(1, 7)]
    assert [found[name].std() > 0.5 for name in found.columns] == [True] * 3 + [False] * 3  # type: ignore[operator]
    assert found.select("ic_4", "ic_5", "ic_6").unique().rows() == [(0.0, 0.0, 0.0)]


def test_a_search_that_does_not_come_to_rest_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transforms.features_components.MOST_STEPS", 1)
    learned = learned_by(IndependentComponents(columns=("a", "b", "c")), MIXED)
    assert not learned.converged
    assert np.isfinite(list(learned.loadings["ic_1"].values())).all()


@pytest.mark.parametrize("scale", [True, False])
def test_clusters_are_those_of_scikit_learn(*, scale: bool) -> None:
    step = ClusterKmeans(columns=("x", "y"), clusters=3, scale=scale, add=("label", "distance", "distances"))
    found = result(step, PLACES)
    points = StandardScaler(with_std=scale).fit_transform(PLACES.to_numpy())
    oracle = KMeans(3, n_init=10, random_state=1).fit(points)
    assert adjusted_rand_score(oracle.labels_, found["cluster"]) == 1
    assert found["cluster"].value_counts(sort=True).rows() == [(1, 50), (2, 30), (3, 20)]
    expected = np.sort(oracle.transform(points), axis=1)
    away = found.select("cluster_distance_1", "cluster_distance_2", "cluster_distance_3").to_numpy()
    np.testing.assert_allclose(np.sort(away, axis=1), expected, rtol=1e-8)
    np.testing.assert_allclose(found["cluster_distance"], expected[:, 0], rtol=1e-8)
    assert (away.argmin(axis=1) + 1 == found["cluster"].to_numpy()).all()


def test_clusters_that_are_not_there_have_no_distance() -> None:
    table = pl.DataFrame({"x": [1, 1, 5, None]})
    found = result(ClusterKmeans(columns=("x",), clusters=4, add=("distances",), output="k"), table.head(3))
    assert found.columns == ["x", "k_distance_1", "k_distance_2", "k_distance_3", "k_distance_4"]
    assert found["k_distance_1"].to_list()[:2] == [0.0, 0.0]
    assert found.select("k_distance_3", "k_distance_4").null_count().row(0) == (3, 3)


def test_new_rows_go_to_the_nearest_centre_and_missing_ones_to_that_of_the_mean() -> None:
    table = pl.DataFrame({"x": [0.0, 1.0, 0.5, 10.0, 11.0]})
    step = ClusterKmeans(columns=("x",), clusters=2).bind(table.schema)
    learned = learned_by(step, table)
    assert learned.rows == [3, 2]
    new = pl.DataFrame({"x": [-5.0, 5.4, 5.6, 99.0, None, float("nan"), float("inf")]})
    assert step.apply(new.lazy(), learned).collect()["cluster"].to_list() == [1, 1, 2, 2, 1, 1, 1]
    empty = step.apply(new.lazy(), learned_by(step, table.clear())).collect()
    assert empty["cluster"].to_list() == [None] * 7


def test_names_of_clusters_have_to_be_free() -> None:
    with pytest.raises(InvalidStepError, match="There is a column 'cluster_distance_2' already"):
        ClusterKmeans(columns=("x",), clusters=2, add=("distances",)).bind(
            pl.Schema({"x": pl.Int64(), "cluster_distance_2": pl.Int64()})
        )
