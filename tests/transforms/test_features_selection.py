"""Features that say little by themselves, or nothing that others do not say."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import SimpleImputer
from statsmodels.stats.outliers_influence import variance_inflation_factor

from flows.engines.polars_engine import PolarsEngine
from flows.fitting import Asking
from tests.checks import result
from tests.transforms.test_features import HOLES, NUMBERS
from transforms.core.errors import InvalidStepError
from transforms.core.relations import Source
from transforms.core.transform import FittedTransform
from transforms.features_selection import (
    DropHighCardinality,
    DropSparseFeatures,
    Selection,
    SelectLowVariance,
    SelectVif,
)

ALL = tuple("abcdef")


def learned_by(step: FittedTransform, table: pl.DataFrame) -> Any:
    return step.bind(table.schema).fit(Asking(PolarsEngine.over({"in0": table}), (Source("in0"),)))


@pytest.mark.parametrize("threshold", [0.0, 5.0, 500.0])
def test_low_variances_are_those_of_scikit_learn(threshold: float) -> None:
    table = HOLES.with_columns(pl.lit(0.1).alias("same"), (pl.col("b") > 5).alias("flag"))
    step = SelectLowVariance(columns=tuple(table.columns), threshold=threshold)
    oracle = VarianceThreshold(threshold).fit(table.cast(pl.Float64).fill_null(float("nan")).to_numpy())
    assert result(step, table).columns == [
        name for name, kept in zip(table.columns, oracle.get_support(), strict=True) if kept
    ]
    scores = learned_by(step, table).scores
    np.testing.assert_allclose(list(scores.values())[:6], np.nanvar(HOLES.fill_null(float("nan")).to_numpy(), axis=0))
    assert scores["same"] == 0


def test_reasons_are_told() -> None:
    table = pl.DataFrame({"same": [0.1] * 9, "none": [None] * 9, "low": [0, 1] * 4 + [None], "x": range(9)})
    table = table.with_columns(pl.col("none").cast(pl.Int64))
    learned = learned_by(SelectLowVariance(columns=("same", "none", "low", "x"), threshold=0.25), table)
    assert learned.dropped == {
        "same": "All its values are equal.",
        "none": "It has no value.",
        "low": "Its variance is 0.25.",
    }


@pytest.mark.parametrize("table", [NUMBERS, HOLES], ids=["complete", "with holes"])
@pytest.mark.parametrize("limit", [1.3, 2.0, 1e6])
def test_inflation_factors_are_those_of_statsmodels(table: pl.DataFrame, limit: float) -> None:
    left, expected = list(ALL), []
    while True:
        filled = SimpleImputer().fit_transform(table.select(left).fill_null(float("nan")).to_numpy())
        design = np.column_stack([np.ones(len(filled)), filled])
        factors = [variance_inflation_factor(design, i + 1) for i in range(len(left))]
        if max(factors) <= limit:
            break
        expected.append(left.pop(int(np.argmax(factors))))
    learned = learned_by(SelectVif(columns=ALL, max_vif=limit), table)
    assert list(learned.dropped) == expected
    np.testing.assert_allclose([learned.scores[name] for name in left], factors, rtol=1e-6)


def test_of_columns_that_predict_each_other_exactly_the_last_goes() -> None:
    table = NUMBERS.with_columns(
        (pl.col("a") * 2 + pl.col("b")).alias("sum"), (-pl.col("c")).alias("minus"), pl.lit(1.0).alias("same")
    )
    step = SelectVif(columns=tuple(table.columns), max_vif=1e6)
    learned = learned_by(step, table)
    assert set(learned.dropped) == {"sum", "minus"}
    assert learned.dropped["sum"] == "The columns that were left predict it exactly."
    assert learned.scores["same"] is None
    assert result(step, table).columns == [*ALL, "same"]


def test_more_columns_than_rows_are_thinned_out() -> None:
    table = pl.DataFrame(np.random.default_rng(1).normal(size=(4, 7)), schema=list("abcdefg"))
    kept = result(SelectVif(columns=tuple("abcdefg"), max_vif=1e6), table).columns
    # Four rows leave room for three columns that are free of each other.
    assert kept == ["a", "b", "c"]


def test_what_is_nothing_depends_on_the_type() -> None:
    table = pl.DataFrame(
        {
            "number": [0.0, -0.0, float("nan"), 1.0],
            "flag": [False, None, False, True],
            "text": ["", "\t ", None, "0"],
            "list": [[], None, [], [0]],
            "day": pl.Series([None, None, None, "2024-01-01"]).str.to_date(),
            "full": [1, 2, 3, 0],
        }
    )
    learned = learned_by(DropSparseFeatures(columns=tuple(table.columns), max_zero_or_missing=0.7), table)
    assert learned.scores == {**dict.fromkeys(["number", "flag", "text", "list", "day"], 0.75), "full": 0.25}
    assert learned.dropped["text"] == "75.0000% of its values are zero, empty or missing."
    assert result(DropSparseFeatures(columns=("number",), max_zero_or_missing=0.75), table).columns == table.columns


def test_identifiers_are_found_and_measurements_are_passed_over() -> None:
    table = pl.DataFrame(
        {
            "id": range(1000, 1040),
            "name": [f"ñ{i}" for i in range(40)],
            "nearly": [*range(38), 0, 0],
            "age": [i % 9 for i in range(40)],
            "amount": [i / 7 for i in range(40)],
            "rare": [*range(5), *[None] * 35],
        }
    )
    every = {"columns": {"type": "all"}}
    found = result(DropHighCardinality.model_validate(every), table)
    assert found.columns == ["nearly", "age", "amount", "rare"]
    assert learned_by(DropHighCardinality.model_validate(every), table).dropped == {
        "id": "It has 40 different values in 40 rows.",
        "name": "It has 40 different values in 40 rows.",
    }
    assert "nearly" not in result(DropHighCardinality(columns=("nearly",), max_distinct_share=0.9), table).columns
    with pytest.raises(InvalidStepError, match="'amount' holds number values, but text or integer is needed"):
        DropHighCardinality(columns=("amount",)).bind(table.schema)


@pytest.mark.parametrize(
    "step",
    [
        SelectLowVariance(columns=("a", "b")),
        DropSparseFeatures(columns=("a", "b")),
        DropHighCardinality(columns=("a", "b"), min_rows=1, max_distinct_share=0.1),
    ],
)
def test_a_table_never_loses_all_its_columns(step: Selection) -> None:
    table = pl.DataFrame({"a": [0, 0], "b": [0, 0]})
    assert_frame_equal(result(step, table), table)
    assert result(step, table.with_columns(pl.lit("x").alias("t"))).columns == ["t"]
    assert learned_by(step, table).scores.keys() == {"a", "b"}
