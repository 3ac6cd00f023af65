"""Principal components and the choice of features."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from pydantic import ValidationError
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from flows.engines.polars_engine import PolarsEngine
from flows.fitting import Asking
from tests.checks import result
from transforms.core.errors import InvalidStepError
from transforms.core.relations import Source
from transforms.core.transform import FittedTransform
from transforms.features import Components, Correlated, PrincipalComponents, SelectCorrelated

RANDOM = np.random.default_rng(11)
HIDDEN = RANDOM.normal(size=(300, 3))
NUMBERS = pl.DataFrame(
    HIDDEN @ RANDOM.normal(size=(3, 6)) * np.array([1, 10, 0.1, 3, 1, 200]) + RANDOM.normal(size=(300, 6)) + 5,
    schema=list("abcdef"),
)
HOLES = NUMBERS.with_columns(
    pl.when(pl.Series(RANDOM.random(300) < 0.1)).then(None).otherwise(pl.col(name)).alias(name) for name in "ace"
)


def learned_by(step: FittedTransform, table: pl.DataFrame) -> Any:
    return step.bind(table.schema).fit(Asking(PolarsEngine.over({"in0": table}), (Source("in0"),)))


@pytest.mark.parametrize("table", [NUMBERS, HOLES], ids=["complete", "with holes"])
@pytest.mark.parametrize("settings", [{"components": 3}, {"variance": 0.6}, {"variance": 0.95}, {"variance": 1.0}])
@pytest.mark.parametrize("scale", [True, False])
def test_components_are_those_of_scikit_learn(table: pl.DataFrame, settings: dict[str, Any], *, scale: bool) -> None:
    # A share of 1 means all components; scikit-learn takes only shares below 1.
    count = settings.get("components") or (settings["variance"] if settings["variance"] < 1 else None)
    oracle = make_pipeline(SimpleImputer(), StandardScaler(with_std=scale), PCA(n_components=count, svd_solver="full"))
    expected = oracle.fit_transform(table.to_numpy())
    step = PrincipalComponents(columns=tuple("abcdef"), scale=scale, **settings)
    found = result(step, table).to_numpy()
    # scikit-learn scales by the standard deviation of the population, we by that of the sample.
    np.testing.assert_allclose(found * (np.sqrt(300 / 299) if scale else 1), expected, rtol=1e-6, atol=1e-6)
    shares = list(learned_by(step, table).explained.values())
    np.testing.assert_allclose(shares, oracle[-1].explained_variance_ratio_, rtol=1e-8)


def test_the_largest_loading_is_positive_and_of_equal_ones_the_first() -> None:
    learned: Components = learned_by(PrincipalComponents(columns=tuple("abcdef"), components=6), NUMBERS)
    for loadings in learned.loadings.values():
        assert max(loadings.values(), key=abs) > 0
    opposite = NUMBERS.select("a", b=-pl.col("a") + pl.col("b") / 100)
    pair: Components = learned_by(PrincipalComponents(columns=("a", "b"), components=2), opposite)
    # Two standardized columns always load equally: only the sign of the first tells which way.
    assert [[round(each, 6) for each in loads.values()] for loads in pair.loadings.values()] == [
        [0.707107, -0.707107],
        [0.707107, 0.707107],
    ]


def test_new_rows_use_what_was_learned_and_infinite_values_are_missing() -> None:
    table = pl.DataFrame({"a": [1.0, 2.0, 3.0, float("inf")]})
    step = PrincipalComponents(columns=("a",), scale=False).bind(table.schema)
    learned = learned_by(step, table)
    new = pl.DataFrame({"a": [12.0, float("-inf"), float("nan"), None]})
    assert step.apply(new.lazy(), learned).collect()["pc_1"].to_list() == [10.0, 0.0, 0.0, 0.0]


def test_numbers_too_large_to_square_are_missing() -> None:
    table = pl.DataFrame({"a": [1.0, 2.0, 1e177, None], "b": [1e160, 2e160, None, None]})
    found = result(PrincipalComponents(columns=("a", "b"), components=1, scale=False), table)
    assert found["pc_1"].to_list() == [-0.5, 0.5, 0.0, 0.0]


def test_constant_and_all_missing_columns_add_nothing() -> None:
    table = NUMBERS.select("a", "b").with_columns(pl.lit(3).alias("same"), pl.lit(None, pl.Float64).alias("none"))
    found = result(PrincipalComponents(columns=("a", "b", "same", "none"), components=2), table)
    assert_frame_equal(found, result(PrincipalComponents(columns=("a", "b"), components=2), table.select("a", "b")))


def test_names_of_components_are_free() -> None:
    table = pl.DataFrame({"a": [1, 2], "pc_1": ["x", "y"]})
    assert result(PrincipalComponents(columns=("a",)), table).columns == ["pc_1", "pc_1_2"]


def test_more_components_than_columns_are_refused() -> None:
    with pytest.raises(InvalidStepError, match="2 columns have no more than 2 components"):
        PrincipalComponents(columns=("a", "b"), components=3).bind(NUMBERS.schema)


def test_steps_without_any_column_leave_the_table_alone() -> None:
    table = pl.DataFrame({"t": ["x", None]})
    for step in (PrincipalComponents, SelectCorrelated):
        assert_frame_equal(result(step.model_validate({"columns": {"type": "numeric"}}), table), table)


def test_correlated_columns_are_dropped_greedily() -> None:
    # b is near a and c is near b, but c is not near a: once b is gone, c may stay.
    random = np.random.default_rng(5).normal(size=(3, 500))
    table = pl.DataFrame({"a": random[0], "b": random[0] + 0.7 * random[1], "c": random[0] + 1.6 * random[1]})
    matrix = np.corrcoef(table.to_numpy().T)
    assert matrix[0, 1] > 0.8
    assert matrix[1, 2] > 0.8 > matrix[0, 2]
    step = SelectCorrelated(columns=("a", "b", "c"), threshold=0.8, keep="first")
    assert result(step, table).columns == ["a", "c"]
    learned: Correlated = learned_by(step, table)
    assert learned.dropped == {"b": "a"}
    assert learned.correlation["b"] == pytest.approx(matrix[0, 1])
    assert result(SelectCorrelated(columns=("b", "a", "c"), threshold=0.8, keep="first"), table).columns == ["b"]


def test_no_two_columns_kept_are_correlated_and_each_dropped_one_is() -> None:
    step = SelectCorrelated(columns=tuple("abcdef"), threshold=0.6)
    learned: Correlated = learned_by(step, HOLES)
    kept = result(step, HOLES).columns
    matrix = HOLES.to_pandas().corr().abs().to_numpy()
    strength = {(one, other): matrix[i, j] for i, one in enumerate("abcdef") for j, other in enumerate("abcdef")}
    assert learned.dropped
    assert all(strength[one, other] <= 0.6 for one in kept for other in kept if one != other)
    assert all(strength[one, other] > 0.6 and other in kept for one, other in learned.dropped.items())


def test_opposite_columns_are_correlated() -> None:
    table = pl.DataFrame({"a": [1, 2, 4], "b": [-1.0, -2.0, -4.0]})
    assert result(SelectCorrelated(columns=("a", "b")), table).columns == ["a"]


@pytest.mark.parametrize(("keep", "expected"), [("first", "a"), ("fewer_missing", "b"), ("target", "c")])
def test_which_of_several_columns_stays(keep: Any, expected: str) -> None:
    table = pl.DataFrame(
        {
            "a": [1.0, 2.5, None, 4.0, float("nan")],
            "b": [1.0, 2.5, 3.2, 4.0, 5.0],
            "c": [1.0, 2.0, 3.0, 4.0, None],
            "y": [2.0, 4.0, 6.0, 8.0, 9.0],
        }
    )
    # The target is among the columns, and stays.
    step = SelectCorrelated(columns=("a", "b", "c", "y"), keep=keep, target="y")
    assert result(step, table).columns == [expected, "y"]


def test_constant_columns_stay() -> None:
    table = pl.DataFrame({"a": [1, 2, 3], "same": [1, 1, 1], "none": pl.Series([None] * 3, dtype=pl.Int64)})
    assert result(SelectCorrelated(columns=("a", "same", "none")), table).columns == table.columns


def test_a_target_is_needed_to_compare_with_it() -> None:
    with pytest.raises(ValidationError, match="name the target"):
        SelectCorrelated(columns=("a",), keep="target")
