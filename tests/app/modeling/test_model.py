from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from dataprep_app.modeling.column_types import of_json, to_json
from dataprep_app.modeling.model import Model, build, load
from dataprep_app.modeling.outcome import Settings
from dataprep_app.modeling.planned import Records
from dataprep_app.modeling.predict import Predictor
from dataprep_app.modeling.training import Training, rows_of_flow
from flows.document import Flow
from tests.app.modeling.tables import planted
from transforms.core.errors import DataprepError

ONCE = Settings(repeats=1)


@pytest.fixture
def from_flow(flow: Flow, folder: Path) -> Model:
    """A model of the balanced table, saved and read again."""
    training = rows_of_flow(flow, folder, "balanced", "leaves")
    return load(build(training, ONCE, name="Leaving", folder=folder).save(folder / "leaving.model"))


def one_row(predictor: Predictor, place: int) -> dict[str, dict[str, Any]]:
    """Raw values of one customer, by source."""
    raw = predictor.sources()
    person = raw["people"].row(place, named=True)
    call = raw["calls"].filter(pl.col("customer_id") == person["customer_id"]).row(0, named=True)
    return {"people": person, "calls": call}


@pytest.mark.parametrize("target", ["leaves", "city", "age"])
def test_saved_model_predicts_the_same(tmp_path: Path, target: str) -> None:
    table = planted(1_000)
    model = build(Training(table, target), ONCE, name="m")
    model.save(tmp_path / "m")
    again = load(tmp_path / "m")
    assert again.facts == model.facts
    first, second = (Predictor(each).predict({"t": table}).table for each in (model, again))
    assert_frame_equal(first, second, check_exact=True)
    assert first.height == 1_000
    chances = first.select(pl.col("^probability_.*$"))
    if chances.width:
        np.testing.assert_allclose(chances.sum_horizontal(), 1, atol=1e-6)


def test_saved_again_in_place_and_never_over_something_else(tmp_path: Path) -> None:
    model = build(Training(planted(300), "leaves"), ONCE, name="m")
    for _ in range(2):
        model.save(tmp_path / "m")
    assert {each.name for each in (tmp_path / "m").iterdir()} == {"model.json", "trees.json"}
    assert [each.name for each in tmp_path.iterdir()] == ["m"]
    with pytest.raises(DataprepError, match="holds no model"):
        model.save(tmp_path)


def test_damaged_and_newer_models_are_refused(tmp_path: Path) -> None:
    build(Training(planted(300), "leaves"), ONCE, name="m").save(tmp_path / "m")
    with pytest.raises(DataprepError, match="no model in"):
        load(tmp_path)
    (tmp_path / "m" / "trees.json").write_text("{}")
    with pytest.raises(DataprepError, match="Build it anew"):
        load(tmp_path / "m")
    text = (tmp_path / "m" / "model.json").read_text()
    (tmp_path / "m" / "model.json").write_text(text.replace('"format": 1', '"format": 9'))
    with pytest.raises(DataprepError, match="format 9"):
        load(tmp_path / "m")


def test_fitted_flow_gives_the_features_of_training(from_flow: Model, flow: Flow, folder: Path) -> None:
    predictor = Predictor(from_flow)
    found = predictor.predict(predictor.sources())
    assert found.unreadable == {}
    assert found.table.height == 1_200, "rows to predict are not balanced"
    filled = json.loads((folder / "leaving.model" / "learned" / "filled.json").read_text())
    assert "balanced.json" not in {each.name for each in (folder / "leaving.model" / "learned").iterdir()}
    mean = next(iter(filled["learned"]["values"].values()))
    raw = pl.read_csv(folder / "people.csv")
    missing = raw.filter(pl.col("age").is_null())["customer_id"]
    ages = found.table.filter(pl.col("customer_id").is_in(missing.implode()))["age"]
    assert ages.to_list() == pytest.approx([mean] * len(missing), abs=0.51)
    assert (found.table["prediction"] == found.table["leaves"]).sum() > 0.8 * 1_200


def test_model_that_was_read_can_be_saved_elsewhere(from_flow: Model, folder: Path) -> None:
    first, second = Predictor(from_flow), Predictor(load(from_flow.save(folder / "copy.model")))
    raw = first.sources()
    assert_frame_equal(first.predict(raw).table, second.predict(raw).table, check_exact=True)


def test_second_build_of_the_same_rows_keeps_what_its_own_steps_learned(flow: Flow, folder: Path) -> None:
    training = rows_of_flow(flow, folder, "coded", "leaves")
    models = [build(training, Settings(repeats=1, seed=seed), name="m") for seed in (1, 2)]
    means = [each.learned.kept["filled"].learned for each in models if isinstance(each.learned, Records)]
    assert means[0] != means[1]


def test_one_row_through_the_fitted_flow_is_the_batch(from_flow: Model) -> None:
    predictor = Predictor(from_flow)
    batch = predictor.predict(predictor.sources()).table
    for place in (0, 7, 100):
        row = one_row(predictor, place)
        found = predictor.what_if(row)
        same = batch.filter(pl.col("customer_id") == row["people"]["customer_id"]).row(0, named=True)
        assert found.prediction == same["prediction"]
        assert found.probabilities == pytest.approx(
            {"no": same["probability_no"], "yes": same["probability_yes"]}, abs=1e-6
        )
        margin = found.start + sum(each.amount for each in found.contributions)
        assert 1 / (1 + np.exp(-margin)) == pytest.approx(found.probabilities[found.towards], abs=1e-4)


def test_target_may_be_missing_and_what_is_changed_matters(from_flow: Model) -> None:
    predictor = Predictor(from_flow)
    row = one_row(predictor, 3)
    del row["people"]["leaves"]
    young, old = ({**row, "people": {**row["people"], "age": age, "city": "Rome"}} for age in (20, 75))
    assert predictor.what_if(old).probabilities["yes"] > predictor.what_if(young).probabilities["yes"]
    strange = {**row, "people": {**row["people"], "city": "Atlantis"}}
    assert predictor.what_if(strange).probabilities
    whole = predictor.sources()["calls"]
    assert predictor.what_if({"people": row["people"]}, {"calls": whole}) == predictor.what_if(row)


def test_one_row_is_quick(from_flow: Model) -> None:
    predictor = Predictor(from_flow)
    row = one_row(predictor, 3)
    predictor.what_if(row)
    times = []
    for _ in range(5):
        began = time.perf_counter()
        predictor.what_if(row)
        times.append(time.perf_counter() - began)
    assert min(times) < 0.3


def test_wrong_rows_are_refused_with_the_reason(from_flow: Model) -> None:
    predictor = Predictor(from_flow)
    row = one_row(predictor, 3)

    def changed(**values: Any) -> dict[str, dict[str, Any]]:
        return {**row, "people": {**row["people"], **values}}

    for given, text in (
        (changed(age="old"), "'age' cannot be 'old': it holds integer values"),
        (changed(agee=3), "no column 'agee'. Did you mean 'age'"),
        (changed(customer_id=-1), "No rows come out of this one.*keys"),
        ({"people": row["people"]}, "needs rows of 'calls' too"),
        ({**row, "person": {}}, "no source 'person'"),
        ({**row, "people": {"age": 3}}, "lack columns 'customer_id', 'city'"),
    ):
        with pytest.raises(DataprepError, match=text):
            predictor.what_if(given)


def test_values_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    table = planted(400)
    predictor = Predictor(build(Training(table, "leaves"), ONCE, name="m"))
    text = table.with_columns(age=pl.when(pl.col("age") < 30).then(pl.lit("young")).otherwise(pl.col("age").cast(str)))
    found = predictor.predict({"t": text.drop("leaves")})
    assert found.unreadable == {"age": (table["age"] < 30).sum()}
    with pytest.raises(DataprepError, match="'since' holds boolean values"):
        predictor.predict({"t": table.with_columns(since=True)})


def test_classes_keep_the_type_of_the_target() -> None:
    table = planted(400).with_columns(leaves=pl.col("leaves") == "yes", grade=pl.col("age") % 3)
    for target, dtype in (("leaves", pl.Boolean), ("grade", pl.Int64)):
        model = build(Training(table, target), ONCE, name="m")
        assert Predictor(model).predict({"t": table}).table["prediction"].dtype == dtype


@pytest.mark.parametrize(
    "dtype",
    [
        pl.Int32(),
        pl.String(),
        pl.Datetime("us", "Europe/Rome"),
        pl.Datetime("us"),
        pl.Duration("us"),
        pl.Decimal(10, 2),
        pl.List(pl.Struct({"a": pl.Date(), "b": pl.List(pl.Boolean())})),
        pl.Null(),
    ],
)
def test_types_go_to_json_and_back(dtype: pl.DataType) -> None:
    assert of_json(json.loads(json.dumps(to_json(dtype)))) == dtype
