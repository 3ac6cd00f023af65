"""Limits on the sizes of classes, and weights of classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError
from sklearn.utils.class_weight import compute_sample_weight

from flows.engines.polars_engine import PolarsEngine
from flows.fitting import Asking
from tests.checks import assert_same_rows, result
from tests.transforms.test_balance_cleaning import POINTS
from transforms.balance_sizes import CapClassSize, ClassWeightColumn
from transforms.core.errors import InvalidStepError, StepError
from transforms.core.relations import Source


def sizes(table: pl.DataFrame) -> dict[Any, int]:
    return dict(table["class"].value_counts().iter_rows())


def test_larger_classes_are_cut_and_rows_without_a_class_are_kept() -> None:
    found = result(CapClassSize(target="class", max_rows=40), POINTS)
    assert sizes(found) == {"a": 40, "b": 40, "c": 30, None: 5}
    assert found["id"].is_unique().all()
    assert found.join(POINTS, on=POINTS.columns, how="anti", nulls_equal=True).is_empty()


def test_smaller_classes_are_repeated_evenly() -> None:
    found = result(CapClassSize(target="class", max_rows=100, min_rows=70), POINTS)
    assert sizes(found) == {"a": 100, "b": 70, "c": 70, None: 5}
    times = found.filter(pl.col("class") == "c")["id"].value_counts()["count"]
    assert set(times) == {2, 3}


def test_rows_depend_on_the_seed_and_not_on_the_order_of_the_table() -> None:
    step = CapClassSize(target="class", max_rows=20, seed=3)
    assert_same_rows(result(step, POINTS), result(step, POINTS.sort("x")))
    assert set(result(step.model_copy(update={"seed": 4}), POINTS)["id"]) != set(result(step, POINTS)["id"])


def test_any_number_of_classes_can_be_cut_but_not_filled_up() -> None:
    table = pl.DataFrame({"class": [*range(300), *range(300), None]})
    assert result(CapClassSize(target="class", max_rows=1), table).height == 301
    with pytest.raises(StepError, match="more than 100 different values"):
        result(CapClassSize(target="class", max_rows=5, min_rows=3), table)


def test_nan_is_no_class() -> None:
    table = pl.DataFrame({"class": [1.0, 1.0, float("nan"), float("nan"), None, -0.0, 0.0]})
    found = result(CapClassSize(target="class", max_rows=1), table)
    assert found["class"].is_nan().sum() == 2
    assert found.height == 5


def test_limits_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValidationError, match="At least 5 and at most 4 rows contradict each other"):
        CapClassSize(target="class", max_rows=4, min_rows=5)


def test_balanced_weights_are_those_of_scikit_learn() -> None:
    found = result(ClassWeightColumn(target="class"), POINTS)
    known = found.drop_nulls("class")
    np.testing.assert_allclose(known["weight"], compute_sample_weight("balanced", known["class"].to_numpy()))
    assert found.filter(pl.col("class").is_null())["weight"].null_count() == 5


def test_weights_by_square_roots_are_one_on_average_and_in_proportion() -> None:
    found = result(ClassWeightColumn(target="class", scheme="inverse_sqrt"), POINTS).drop_nulls("class")
    by = dict(found.select("class", "weight").unique().iter_rows())
    assert found["weight"].mean() == pytest.approx(1)
    assert by["b"] / by["a"] == pytest.approx((150 / 60) ** 0.5)
    assert by["c"] / by["a"] == pytest.approx((150 / 30) ** 0.5)


def test_new_classes_weigh_one_and_missing_ones_nothing() -> None:
    table = pl.DataFrame({"y": [1.0, 1.0, 2.0]})
    step = ClassWeightColumn(target="y").bind(table.schema)
    learned = step.fit(Asking(PolarsEngine.over({"in0": table}), (Source("in0"),)))
    assert learned.weights == {"1": 0.75, "2": 1.5}
    new = pl.DataFrame({"y": [1.0, 3.0, float("nan"), None]})
    assert step.apply(new.lazy(), learned).collect()["weight"].to_list() == [0.75, 1.0, None, None]


def test_weights_are_checked() -> None:
    with pytest.raises(ValidationError, match="weight of at least one class"):
        ClassWeightColumn(target="class", scheme="custom")
    with pytest.raises(ValidationError, match="the scheme is not custom"):
        ClassWeightColumn(target="class", weights={"a": 2})
    with pytest.raises(StepError, match="holds no class 'z'"):
        result(ClassWeightColumn(target="class", scheme="custom", weights={"z": 2}), POINTS)
    with pytest.raises(InvalidStepError, match="There is a column 'id' already"):
        ClassWeightColumn(target="class", output="id").bind(POINTS.schema)
