from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from dataprep_app.cli import main
from flows.document import Flow
from flows.files import load, save


@pytest.fixture
def saved(flow: Flow, folder: Path) -> Path:
    save(flow, folder / "people.flow.json")
    return folder / "people.flow.json"


def test_run_prints_what_happened(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(saved)]) == 0
    shown = capsys.readouterr()
    assert "200 rows  written to" in shown.out
    assert re.search(r"10 values of 'score' .*missing.*'n/a'", shown.out)
    assert "learning filled" in shown.err
    assert (saved.parent / "people.learned" / "filled.json").exists()


def test_run_as_json_prints_nothing_else(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(saved), "--json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["written"][0]["rows"] == 200
    assert shown.err == ""


def test_wrong_flow_is_refused_before_anything_is_read(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = saved.read_text().replace('"columns": ["age"]', '"columns": ["aeg"]')
    saved.write_text(text)
    assert main(["run", str(saved)]) == 1
    assert "Did you mean 'age'?" in capsys.readouterr().err
    assert main(["check", str(saved), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["problems"][0]["step"] == "filled"


def test_schema_names_columns_by_the_types_people_use(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", str(saved), "typed", "--json"]) == 0
    columns = json.loads(capsys.readouterr().out)["typed"]["columns"]
    assert columns == {"id": "integer", "age": "integer", "city": "text", "score": "number"}
    assert main(["schema", str(saved), "typd"]) == 1
    assert "Did you mean 'typed'" in capsys.readouterr().err


def test_explain_shows_the_steps_and_the_plan(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(saved), "--engine", "spark"]) == 0
    shown = capsys.readouterr().out
    assert "learns from all rows first" in shown
    assert "Source people" in shown


def test_catalog_lists_and_explains(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalog"]) == 0
    assert "impute_mean" in capsys.readouterr().out
    assert main(["catalog", "impute_mean"]) == 0
    assert "Missing values: Null and NaN are filled" in capsys.readouterr().out
    assert main(["catalog", "imput_mean"]) == 1
    assert "Did you mean 'impute_mean'" in capsys.readouterr().err


def test_missing_flow_and_wrong_use_have_their_exit_codes(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dataprep_app.cli"]
    missing = subprocess.run(
        [*command, "run", str(tmp_path / "x.flow.json")], capture_output=True, text=True, check=False
    )
    assert (missing.returncode, "Traceback" in missing.stderr) == (1, False)
    assert subprocess.run([*command, "nonsense"], capture_output=True, check=False).returncode == 2


def test_sample_flow_runs_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample", str(tmp_path), "--rows", "3000"]) == 0
    path = tmp_path / "loan_default.flow.json"
    assert main(["check", str(path)]) == 0
    assert main(["run", str(path), "--json"]) == 0
    capsys.readouterr()
    train, test = pl.read_parquet(tmp_path / "train.parquet"), pl.read_parquet(tmp_path / "test.parquet")
    classes = train["loan_status"].value_counts()["count"].to_list()
    assert len(set(classes)) == 1, "balanced"
    assert train["is_synthetic"].any()
    assert not test.get_column("is_synthetic", default=pl.Series([False])).any()
    assert train.columns[: test.width] == test.columns
    assert load(path).name == "Loan default"
