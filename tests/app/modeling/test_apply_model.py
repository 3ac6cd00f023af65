"""A built model as a step of a flow: the same predictions as the model page gives."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_series_equal

from dataprep_app.modeling.model import build
from dataprep_app.modeling.outcome import Settings
from dataprep_app.modeling.predict import Predictor
from dataprep_app.modeling.training import Training
from flows import edits
from flows.cache import PreviewCache
from flows.document import Destination, Flow, Source
from flows.engines.start import EngineName, start_engine
from flows.preview import preview
from flows.problems import check
from flows.run import Options, run
from flows.steps import InvalidFlowError
from tests.checks import assert_same_rows


@pytest.fixture
def table() -> pl.DataFrame:
    n = 400
    income = [((i * 37) % 100) * 1000.0 if i % 13 else None for i in range(n)]
    grade = ["abc"[i % 3] for i in range(n)]
    kind = ["low" if (x or 0) < 30_000 else "mid" if g == "a" else "high" for x, g in zip(income, grade, strict=True)]
    return pl.DataFrame({"income": income, "grade": grade, "kind": kind})


@pytest.fixture
def folder(tmp_path: Path, table: pl.DataFrame) -> Path:
    table.write_parquet(tmp_path / "people.parquet")
    build(Training(table, "kind"), Settings(repeats=1), name="Kind").save(tmp_path / "models" / "kind")
    return tmp_path


def flow(**params: object) -> Flow:
    made = edits.add_source(Flow(), "people", Source(connector="parquet", params={"path": "people.parquet"}))
    made = edits.add_step(made, "predicted", "apply_model", ["people"], {"model": "models/kind", **params})
    out = Destination(input="predicted", connector="parquet", params={"path": "out.parquet"})
    return edits.add_destination(made, "out", out)


def outcome(folder: Path, made: Flow, engine: EngineName = "polars") -> pl.DataFrame:
    run(made, folder, lambda sources, control: start_engine(engine, sources, control), Options())
    return pl.read_parquet(folder / "out.parquet")


def test_predictions_are_those_of_the_model(folder: Path, table: pl.DataFrame) -> None:
    from dataprep_app.modeling.model import load

    expected = Predictor(load(folder / "models" / "kind")).predict({"t": table}).table
    found = outcome(folder, flow(outputs=["prediction", "probabilities"]))
    assert_same_rows(found, expected)
    assert (found["prediction"] == found["kind"]).sum() > 0.9 * found.height


def test_probability_and_explanation_go_with_the_prediction(folder: Path) -> None:
    found = outcome(folder, flow(outputs=["probability", "probabilities", "explanation"], prefix="m_"))
    chances = found.select(pl.max_horizontal("m_probability_low", "m_probability_mid", "m_probability_high"))
    assert_series_equal(found["m_probability"], chances.to_series(), check_names=False)
    first = found["m_explanation"][0].to_list()
    assert {each["column"] for each in first} == {"income", "grade"}
    assert abs(first[0]["amount"]) >= abs(first[1]["amount"])


def test_the_columns_are_known_before_it_runs(folder: Path) -> None:
    seen = check(flow(outputs=["prediction", "probability"]), folder)
    assert seen.ok
    assert list(seen.prediction.schemas["predicted"])[-2:] == ["prediction", "probability"]
    assert preview(flow(), folder, "predicted", PreviewCache()).table["prediction"].dtype == pl.String


def test_the_model_goes_with_what_the_step_learned(folder: Path) -> None:
    from flows.store import LearnedFolder

    kept = LearnedFolder(folder / "learned")

    def go() -> pl.DataFrame:
        run(flow(), folder, lambda sources, control: start_engine("polars", sources, control), Options(remember=kept))
        return pl.read_parquet(folder / "out.parquet")

    before = go()
    (folder / "models" / "kind").rename(folder / "elsewhere")
    assert_same_rows(go(), before)


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"model": "models/none"}, "There is no model in .*none: .*model.json is not there"),
        ({"model": "sample"}, "There is no column 'city', which the model was trained on"),
        ({"prefix": ""}, ""),
    ],
)
def test_a_model_that_does_not_fit_is_a_problem(folder: Path, params: dict[str, str], told: str) -> None:
    seen = check(flow(**params), folder)
    assert seen.ok == (not told)
    if told:
        assert any(each.field == "model" and each.step == "predicted" for each in seen.problems)
        with pytest.raises(InvalidFlowError, match=told):
            outcome(folder, flow(**params))


def test_a_damaged_model_is_told(folder: Path) -> None:
    path = folder / "models" / "kind" / "model.json"
    known = json.loads(path.read_text())
    path.write_text(json.dumps({**known, "encoding": {"columns": 3}}))
    with pytest.raises(InvalidFlowError, match=r"cannot be read|damaged"):
        outcome(folder, flow())


@pytest.mark.spark
def test_the_same_on_spark(folder: Path) -> None:
    made = flow(outputs=["prediction", "probabilities", "explanation"])
    expected = outcome(folder, made)
    (folder / "out.parquet").unlink()
    assert_same_rows(outcome(folder, made, "spark"), expected)
