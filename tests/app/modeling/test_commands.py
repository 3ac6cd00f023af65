from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from dataprep_app.cli import parsed
from flows.document import Flow
from flows.files import save
from transforms.core.errors import DataprepError

Run = Callable[..., int]


@pytest.fixture
def run() -> Run:
    """The commands as the command line wires them in."""

    def go(*arguments: object) -> int:
        given = parsed([str(each) for each in arguments])
        return int(given.command(given))

    return go


def test_model_of_a_file_is_built_and_predicts_a_file(
    folder: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    people, model, out = folder / "people.csv", folder / "people.model", folder / "out.csv"
    assert run("build", people, "--target", "leaves", "-o", model) == 0
    shown = capsys.readouterr()
    assert "Scored on 240 rows the model never saw" in shown.out
    assert "not used: customer_id" in shown.out
    assert "training" in shown.err
    assert run("predict", model, "--input", people, "-o", out) == 0
    found = pl.read_csv(out)
    assert found.height == 1_200
    assert found.columns[-3:] == ["prediction", "probability_no", "probability_yes"]


def test_model_of_a_flow_predicts_its_sources_other_files_and_one_row(
    flow: Flow, folder: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    save(flow, folder / "customers.flow.json")
    model, out = folder / "customers.model", folder / "out.parquet"
    built = ("build", f"{folder / 'customers.flow.json'}:balanced", "--target", "leaves", "-o", model, "--json")
    assert run(*built) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["result"]["rows"]["test"] == 240
    assert run("predict", model, "-o", out) == 0
    assert pl.read_parquet(out).height == 1_200
    few = pl.read_csv(folder / "people.csv").head(10)
    few.write_csv(folder / "few.csv")
    assert run("predict", model, "--input", f"people={folder / 'few.csv'}", "-o", out) == 0
    assert pl.read_parquet(out).height == 10
    call = pl.read_csv(folder / "calls.csv").filter(pl.col("customer_id") == few["customer_id"][0]).row(0, named=True)
    row = {"people": few.row(0, named=True), "calls": call}
    capsys.readouterr()
    assert run("predict", model, "--row", json.dumps(row), "--json") == 0
    assert json.loads(capsys.readouterr().out)["prediction"] in ("yes", "no")


def test_last_table_of_a_flow_is_meant_when_none_is_named(
    flow: Flow, folder: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    save(flow, folder / "customers.flow.json")
    model = folder / "m"
    assert run("build", folder / "customers.flow.json", "--target", "leaves", "-o", model, "--sample", 600) == 0
    assert json.loads((model / "model.json").read_text())["built_from"] == "Customers: balanced"
    assert "no model" in capsys.readouterr().out


def test_wrong_use_is_refused_in_words(folder: Path, run: Run) -> None:
    model = folder / "people.model"
    run("build", folder / "people.csv", "--target", "leaves", "-o", model)
    for arguments, text in (
        (("predict", model), "-o FILE"),
        (("predict", model, "-o", folder / "out.csv"), "does not know where rows come from"),
        (("predict", model, "--input", folder / "people.csv", "-o", folder / "out.xyz"), r"name it \*.csv"),
        (("predict", model, "--row", "[1]"), "JSON object"),
        (("build", folder / "none.csv", "--target", "x"), "no file"),
    ):
        with pytest.raises(DataprepError, match=text):
            run(*arguments)
