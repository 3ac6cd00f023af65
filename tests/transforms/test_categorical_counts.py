"""Counts, digits, hashes and weights of evidence: against category-encoders, feature-engine and scikit-learn."""

from __future__ import annotations

from typing import Any

import category_encoders
import numpy as np
import polars as pl
import pytest
from feature_engine.encoding import CountFrequencyEncoder, WoEEncoder
from sklearn.feature_extraction import FeatureHasher

from flows.engines.polars_engine import PolarsEngine
from tests.checks import planned, result
from transforms.categorical_counts import BaseNEncode, CountEncode, HashEncode
from transforms.categorical_evidence import WoeEncode
from transforms.core.errors import InvalidStepError, StepError
from transforms.core.relations import MapRows, Source
from transforms.core.transform import Transform

NAN = float("nan")
RANDOM = np.random.default_rng(9)
TABLE = pl.DataFrame(
    {
        "city": sorted(RANDOM.choice(["Bergen", "Oslo", "Rome", "Ålesund", ""], 150)),
        "zone": RANDOM.integers(1, 4, 150).astype(str),
        "y": RANDOM.choice(["no", "yes"], 150),
    }
)
FRAME = TABLE.to_pandas()


def fitted(step: Transform, table: pl.DataFrame = TABLE) -> tuple[MapRows, Any]:
    (plan,), learned = planned(step, PolarsEngine.over({"in0": table}), [Source("in0")])
    assert isinstance(plan, MapRows)
    return plan, learned


@pytest.mark.parametrize("normalize", [False, True])
def test_counts_are_those_of_feature_engine(normalize: bool) -> None:
    method = "frequency" if normalize else "count"
    expected = CountFrequencyEncoder(encoding_method=method).fit_transform(FRAME[["city", "zone"]])
    found = result(CountEncode(columns=("city", "zone"), normalize=normalize), TABLE).select("city", "zone")
    np.testing.assert_allclose(found.to_numpy(), expected.to_numpy().astype(float), rtol=1e-15)
    assert set(found.dtypes) == {pl.Float64 if normalize else pl.Int64}


def test_missing_and_new_categories_are_counted_as_chosen() -> None:
    table = pl.DataFrame({"x": [1.0, 1.0, NAN, None]})
    new = pl.DataFrame({"x": [1.0, 2.0, None]})
    assert fitted(CountEncode(columns=("x",)), table)[0](new.lazy()).collect()["x"].to_list() == [2, 0, 2]
    step = CountEncode(columns=("x",), handle_unseen="null", handle_missing="null")
    plan, learned = fitted(step, table)
    assert plan(new.lazy()).collect()["x"].to_list() == [2, None, None]
    (failure,) = step.bind(table.schema).failures(learned)
    assert new.select(failure.where.sum()).item() == 1
    assert not failure.stop


@pytest.mark.parametrize("base", [2, 3, 5, 10])
def test_digits_are_those_of_category_encoders(base: int) -> None:
    # It numbers categories as they appear, so they are put in order.
    table = TABLE.sort("city")
    encoder = category_encoders.BaseNEncoder(cols=["city"], base=base)
    expected = encoder.fit_transform(table.to_pandas()[["city"]])
    found = result(BaseNEncode(columns=("city",), base=base), table).drop("zone", "y")
    np.testing.assert_array_equal(found.to_numpy(), expected.to_numpy())
    assert found.columns == [f"city_digit_{i + 1}" for i in range(found.width)]


def test_no_category_has_the_digits_of_a_new_one() -> None:
    plan, _ = fitted(BaseNEncode(columns=("city",)), TABLE)
    new = plan(pl.LazyFrame({"city": ["Bonn", None, "Oslo"], "zone": ["1"] * 3, "y": ["no"] * 3})).collect()
    digits = new.select(pl.sum_horizontal(pl.col("^city_digit.*$")))
    assert digits.to_series().to_list()[:2] == [0, 0]
    assert digits.to_series()[2] > 0
    stop = BaseNEncode(columns=("city",), handle_unseen="fail")
    _, learned = fitted(stop)
    assert [each.stop for each in stop.bind(TABLE.schema).failures(learned)] == [True]


def test_a_name_that_is_taken_is_numbered() -> None:
    table = pl.DataFrame({"c": ["a", "b"], "c_digit_1": [7, 7]})
    assert result(BaseNEncode(columns=("c",)), table).columns == ["c_digit_1", "c_digit_1_2", "c_digit_2"]


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("features", [2, 16])
def test_hashes_are_those_of_scikit_learn(features: int, signed: bool) -> None:
    hasher = FeatureHasher(features, input_type="dict", alternate_sign=signed)
    expected = hasher.transform(TABLE.select("city", "zone").to_dicts()).toarray()
    found = result(HashEncode(columns=("city", "zone"), features=features, signed=signed), TABLE).drop("y")
    np.testing.assert_array_equal(found.to_numpy(), expected)


def test_missing_categories_count_in_no_hash() -> None:
    table = pl.DataFrame({"x": [None, NAN], "t": pl.Series([None, None], dtype=pl.String)})
    assert result(HashEncode(columns=("x", "t"), features=2), table).rows() == [(0, 0), (0, 0)]
    with pytest.raises(InvalidStepError, match="There is a column 'hash_2' already"):
        HashEncode(columns=("x",)).bind(pl.Schema({"x": pl.Int64(), "hash_2": pl.Int64()}))


@pytest.mark.parametrize("regularization", [0.5, 1.0, 10.0])
def test_weights_of_evidence_are_those_of_category_encoders(regularization: float) -> None:
    encoder = category_encoders.WOEEncoder(cols=["city", "zone"], regularization=regularization)
    expected = encoder.fit_transform(FRAME[["city", "zone"]], FRAME["y"] == "yes")
    step = WoeEncode(columns=("city", "zone"), target="y", regularization=regularization)
    np.testing.assert_allclose(result(step, TABLE).drop("y").to_numpy(), expected.to_numpy(), rtol=1e-12)


def test_without_regularization_weights_are_those_of_feature_engine() -> None:
    expected = WoEEncoder(variables=["zone"]).fit_transform(FRAME[["zone"]], (FRAME["y"] == "yes").astype(int))
    found = result(WoeEncode(columns=("zone",), target="y", regularization=1e-9), TABLE)["zone"]
    np.testing.assert_allclose(found.to_numpy(), expected["zone"].to_numpy(), atol=1e-8)


def test_missing_and_new_categories_say_what_was_chosen() -> None:
    table = pl.DataFrame({"c": ["a", "a", "b", None], "y": [1, 0, 0, 1]})
    new = pl.DataFrame({"c": ["z", None]}).with_columns(y=pl.lit(None, pl.Int64))
    weights = {
        settings: fitted(WoeEncode.model_validate({"columns": ["c"], "target": "y", **dict(settings)}), table)[0](
            new.lazy()
        ).collect()["c"]
        for settings in ((), (("handle_unseen", "null"), ("handle_missing", "zero")), (("handle_missing", "null"),))
    }
    found = [each.to_list() for each in weights.values()]
    assert found == [[0.0, pytest.approx(np.log(2))], [None, 0.0], [0.0, None]]


def test_targets_of_more_than_two_classes_are_refused() -> None:
    with pytest.raises(StepError, match=r"The target 'zone' has more than two classes, .* Merge its classes"):
        result(WoeEncode(columns=("city",), target="zone"), TABLE)
    with pytest.raises(InvalidStepError, match="'city' is the target and cannot be encoded by itself"):
        WoeEncode(columns=("city",), target="city").bind(TABLE.schema)
    one = pl.DataFrame({"c": ["a", "b"], "y": [True, None]})
    assert result(WoeEncode(columns=("c",), target="y"), one)["c"].to_list() == [pytest.approx(np.log(4 / 3)), 0.0]
