from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from dataprep_app.modeling.model import Model, build
from dataprep_app.modeling.outcome import Settings
from dataprep_app.modeling.predict import Predictor
from dataprep_app.modeling.real_rows import Link, RawRow, RealRows, first_that_predicts
from dataprep_app.modeling.training import rows_of_flow
from flows import edits
from flows.document import Flow
from transforms.core.errors import DataprepError


def model_of(flow: Flow, folder: Path, reference: str) -> Model:
    training = rows_of_flow(flow, folder, reference, "leaves")
    return build(training, Settings(repeats=1), name="m", folder=folder)


def test_row_comes_with_the_row_of_the_other_source_that_has_its_key(flow: Flow, folder: Path) -> None:
    model = model_of(flow, folder, "coded")
    rows = RealRows.of_flow(model, folder)
    assert rows.main == "people"
    assert rows.links == (Link("people", ("customer_id",), "calls", ("customer_id",)),)
    predictor = Predictor(model)
    batch = predictor.predict(predictor.sources(folder)).table
    for candidates in (rows.first(), rows.random(seed=3), rows.where("age", "40")):
        row, found = first_that_predicts(predictor, candidates)
        id = row.rows["people"]["customer_id"]
        assert row.rows["calls"]["customer_id"] == id
        same = batch.filter(pl.col("customer_id") == id).row(0, named=True)
        assert found.probabilities["yes"] == pytest.approx(same["probability_yes"], abs=1e-6)
    assert rows.first()[0].rows["people"] == pl.read_csv(folder / "people.csv").row(0, named=True)


def test_key_is_found_through_a_new_name(flow: Flow, folder: Path) -> None:
    calls = pl.read_csv(folder / "calls.csv").rename({"customer_id": "who"})
    calls.write_csv(folder / "calls.csv")
    flow = edits.insert_step(flow, "named", "rename_columns", "calls", {"mapping": {"who": "customer_id"}})
    rows = RealRows.of_flow(model_of(flow, folder, "coded"), folder)
    assert rows.links == (Link("people", ("customer_id",), "calls", ("who",)),)
    assert rows.keys == {("people", "customer_id"), ("calls", "who")}


def test_other_rows_that_are_none_or_several_go_along_as_they_are(flow: Flow, folder: Path) -> None:
    calls = pl.read_csv(folder / "calls.csv")
    ids = pl.read_csv(folder / "people.csv")["customer_id"]
    model = model_of(flow, folder, "coded")
    pl.concat([calls.filter(pl.col("customer_id") != ids[1]), calls.filter(pl.col("customer_id") == ids[0])]).write_csv(
        folder / "calls.csv"
    )
    several, none, one = RealRows.of_flow(model, folder).first()[:3]
    assert several.others["calls"].height == 2
    assert none.others["calls"].height == 0
    assert set(one.rows) == {"people", "calls"}
    found, _ = first_that_predicts(Predictor(model), [several, none, one])
    assert found is one
    with pytest.raises(DataprepError, match="2 rows come out"):
        first_that_predicts(Predictor(model), [several, none])


def test_sources_below_each_other_give_one_row_of_the_first(flow: Flow, folder: Path) -> None:
    pl.read_csv(folder / "people.csv").write_csv(folder / "more.csv")
    source = flow.sources["people"].model_copy(update={"params": {"path": "more.csv"}})
    longer = edits.add_source(flow, "more", source)
    longer = edits.add_step(longer, "all", "union_rows", ["people", "more"], {})
    model = model_of(longer, folder, "all")
    row, found = first_that_predicts(Predictor(model), RealRows.of_flow(model, folder).first())
    assert set(row.rows) == {"people"}
    assert row.others["more"].is_empty()
    assert found.prediction in ("yes", "no")


def test_value_that_no_row_has_is_said(flow: Flow, folder: Path) -> None:
    rows = RealRows.of_table(pl.scan_csv(folder / "people.csv"))
    with pytest.raises(DataprepError, match="No row of 'table' has 'Paris' in column 'city'"):
        rows.where("city", "Paris")
    with pytest.raises(DataprepError, match="holds numbers, and 'x' is none"):
        rows.where("age", "x")
    assert {each.rows["table"]["city"] for each in rows.where("city", " Rome ")} == {"Rome"}


def test_choices_are_texts_with_few_values_most_frequent_first(folder: Path) -> None:
    people = pl.read_csv(folder / "people.csv")
    expected = people["city"].value_counts(sort=True)["city"].to_list()
    found = RealRows.of_table(people.lazy()).choices()
    assert found["table", "city"] == expected
    assert set(found) == {("table", "city"), ("table", "leaves")}


def test_changed_row_keeps_everything_else() -> None:
    row = RawRow({"a": {"x": 1, "y": 2}, "b": {"x": 3}}, {"c": pl.DataFrame()})
    changed = row.changed({("a", "x"): None, ("b", "y"): 5})
    assert changed.rows == {"a": {"x": None, "y": 2}, "b": {"x": 3}}
    assert changed.others is row.others
