from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from dataprep_app.jobs import store as jobs
from dataprep_app.modeling import job
from dataprep_app.modeling.model import load
from dataprep_app.modeling.predict import Predictor
from dataprep_app.modeling.store import BuiltFrom, free_id, free_name, models, remove, saved
from dataprep_app.workspace import Workspace
from flows.document import Flow
from flows.engines.base import Cancelled, Control
from flows.files import save
from transforms.core.errors import DataprepError


@pytest.fixture
def space(folder: Path, flow: Flow) -> Workspace:
    save(flow, folder / "customers.flow.json")
    return Workspace(folder)


class Told(list[tuple[str, int, int]]):
    def __call__(self, text: str, done: int, total: int) -> None:
        self.append((text, done, total))


def asked(space: Workspace, **more: Any) -> dict[str, Any]:
    return {
        "path": str(space.flow_path("customers")),
        "reference": "balanced",
        "target": "leaves",
        "name": "Who leaves?",
        "models": str(space.models),
        **more,
    }


def test_build_saves_the_model_and_tells_its_score(space: Workspace) -> None:
    told = Told()
    result = job.build(asked(space, exclude=["note"], problem="classification"), told, Control())
    assert result["model"] == "who_leaves"
    model = saved(space.models, "who_leaves")
    assert model.facts.result.score.value == result["score"]
    assert (result["metric"], result["kind"], result["base"]) == ("AUC", "binary", 0.5)
    assert model.facts.result.settings.exclude == ("note",)
    assert "note" not in {each.column for each in model.facts.result.impact}
    assert model.built_from == BuiltFrom(flow="customers", reference="balanced")
    assert model.facts.built_from == "Customers: balanced"
    assert told[0] == ("Reading and preparing rows", 0, 0)
    shares = [done / total for _, done, total in told[1:]]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_second_model_of_a_name_does_not_replace_the_first(space: Workspace) -> None:
    first, second = (job.build(asked(space, target=each), Told(), Control())["model"] for each in ("leaves", "age"))
    assert (first, second) == ("who_leaves", "who_leaves_2")
    assert [saved(space.models, each).facts.result.problem.target for each in (first, second)] == ["leaves", "age"]


def test_sample_is_said_with_the_numbers(space: Workspace) -> None:
    sampling = {"rows": 400, "method": "first", "by": None, "seed": 0}
    id = job.build(asked(space, reference="people", sampling=sampling), Told(), Control())["model"]
    model = saved(space.models, id)
    assert model.facts.result.rows.table == 400
    assert any("the first 400 rows of each dataset" in each for each in model.facts.result.notes)
    assert model.built_from.sample_rows == 400


def test_cancelled_build_leaves_nothing(space: Workspace) -> None:
    control = Control()

    def stop(text: str, _done: int, _total: int) -> None:
        if text.startswith("Training"):
            control.cancel()

    with pytest.raises(Cancelled):
        job.build(asked(space), stop, control)
    assert models(space.models) == []


def test_build_from_a_dataset_without_a_flow(space: Workspace) -> None:
    id = space.add_dataset("people.csv", "csv", {"path": "people.csv"}).id
    arguments = {**asked(space), "workspace": str(space.folder), "dataset": id}
    result = job.build_from_dataset(arguments, Told(), Control())
    model = saved(space.models, result["model"])
    assert model.built_from == BuiltFrom(dataset=id)
    assert model.facts.result.rows.table == 1_200
    with pytest.raises(DataprepError, match="no column 'leave'"):
        job.build_from_dataset({**arguments, "target": "leave"}, Told(), Control())


def test_predict_writes_what_the_model_predicts(space: Workspace) -> None:
    home = space.models / job.build(asked(space), Told(), Control())["model"]
    output = space.folder / "predictions.parquet"
    arguments = {"model": str(home), "workspace": str(space.folder), "output": str(output)}
    result = job.predict(arguments, Told(), Control())
    assert result == {"output": str(output), "rows": 1_200, "unreadable": {}}
    predictor = Predictor(load(home))
    expected = predictor.predict(predictor.sources(space.folder)).table
    assert_frame_equal(pl.read_parquet(output), expected, check_row_order=False)


def test_predict_takes_a_dataset_in_the_place_of_a_source_and_counts_what_it_cannot_read(space: Workspace) -> None:
    home = space.models / job.build(asked(space), Told(), Control())["model"]
    few = pl.read_csv(space.folder / "people.csv").head(50).with_columns(age=pl.col("age").cast(pl.String))
    few = few.with_columns(age=pl.when(pl.int_range(pl.len()) < 3).then(pl.lit("old")).otherwise("age"))
    few.write_csv(space.folder / "few.csv")
    id = space.add_dataset("few.csv", "csv", {"path": "few.csv"}).id
    output = space.folder / "few_predictions.csv"
    arguments = {"model": str(home), "workspace": str(space.folder), "output": str(output), "datasets": {"people": id}}
    result = job.predict(arguments, Told(), Control())
    assert (result["rows"], result["unreadable"]) == (50, {"age": 3})
    assert set(pl.read_csv(output)["prediction"].unique()) <= {"yes", "no"}


def test_build_runs_as_a_job(space: Workspace) -> None:
    started = jobs.start(space.jobs, jobs.Ask("build", "Build", asked(space), "customers"))
    end = time.monotonic() + 120
    while (status := started.status()).state not in jobs.ENDED:
        assert time.monotonic() < end, started.log()
        time.sleep(0.1)
    assert status.state == "done", started.log()
    result = started.result()
    assert result is not None
    assert [each.id for each in models(space.models)] == [result["model"]]


def test_models_are_listed_latest_first_and_damaged_ones_are_named_when_opened(space: Workspace) -> None:
    ids = [job.build(asked(space, reference="people", name=each), Told(), Control())["model"] for each in "abc"]
    for place, id in enumerate(ids):
        path = space.models / id / "model.json"
        known = json.loads(path.read_text())
        path.write_text(json.dumps({**known, "built_at": f"2026-01-0{place + 1}T00:00:00+00:00"}))
    (space.models / "b" / "model.json").write_text("{}")
    (space.models / "c" / "built.json").write_text("{")
    assert [each.id for each in models(space.models)] == ["c", "a"]
    assert saved(space.models, "c").built_from == BuiltFrom()
    with pytest.raises(DataprepError, match="'b' cannot be read"):
        saved(space.models, "b")
    remove(space.models, "a")
    assert [each.id for each in models(space.models)] == ["c"]
    assert free_name(space.models, "c") == "c 2"
    assert free_name(space.models, "a") == "a"
    assert free_id(space.models, "C!") == "c_2"


@pytest.mark.parametrize("id", ["", "nothing", "..", "../models", "."])
def test_only_folders_of_models_can_be_removed(space: Workspace, id: str) -> None:
    with pytest.raises(DataprepError, match="no model"):
        remove(space.models, id)
    assert (space.folder / "people.csv").exists()
