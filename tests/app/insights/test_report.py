from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from dataprep_app.cli import main
from dataprep_app.insights.findings import Report
from dataprep_app.insights.html import as_html
from dataprep_app.insights.report import Wish, make_report
from dataprep_app.insights.subject import Subject, subject_of_file, subject_of_flow
from dataprep_app.modeling.training import Training
from dataprep_app.sample import write_sample
from flows.engines.base import Cancelled, Control
from flows.files import load
from flows.sampling import Sampling
from transforms.core.errors import DataprepError

ROWS = 3_000


def about(table: pl.DataFrame, target: str) -> Subject:
    return Subject.of("made up", table, None, Training(table, target))


def table_with(signal: float, seed: int = 3) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    x, noise = random.normal(size=ROWS), random.normal(size=ROWS)
    rare = signal * x + noise > np.quantile(signal * x + noise, 0.92)
    return pl.DataFrame({"x": x, "z": random.normal(size=ROWS), "y": np.where(rare, "bad", "good")})


@pytest.fixture(scope="module")
def noise() -> Report:
    return make_report(about(table_with(0.0), "y"), Wish("y"))


@pytest.fixture(scope="module")
def flow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sample(tmp_path_factory.mktemp("insights"), rows=2_000)


def test_noise_has_a_very_low_score_and_weak_classes(noise: Report) -> None:
    found = {each.rule: each for each in noise.findings}
    assert found["low_quick_model_score"].title == "Very low quick-model score"
    assert found["low_quick_model_score"].priority == "high"
    assert "weak_minority_classes" in found
    assert found["weak_minority_classes"].fixes[0].transform == "smote"
    assert all((each.power or 0) < 0.2 for each in noise.features)


def test_a_clear_signal_has_no_such_warning_and_is_ranked_first() -> None:
    report = make_report(about(table_with(20.0), "y"), Wish("y"))
    assert not {"low_quick_model_score", "weak_minority_classes"} & {each.rule for each in report.findings}
    assert report.features[0].name == "x"
    assert (report.features[0].power or 0) > 0.8


def test_report_goes_to_json_and_back(noise: Report) -> None:
    assert Report.model_validate(json.loads(noise.model_dump_json())) == noise


def test_page_needs_nothing_from_anywhere_and_shows_names_as_text(noise: Report) -> None:
    evil = noise.model_copy(update={"subject": "<script>alert(1)</script>"})
    page = as_html(evil)
    assert "<script" not in page
    assert not re.search(r'(src|href)\s*=\s*"(?!#)', page)
    assert "url(" not in page
    assert "Very low quick-model score" in page


def test_synthetic_rows_are_never_judged_by_nor_counted_as_columns_values(flow: Path) -> None:
    subject = subject_of_flow(load(flow), flow.parent, "balanced", "loan_status")
    report = make_report(subject, Wish("loan_status"))
    assert report.model is not None
    rows = report.model.rows
    assert rows.training_only > 0
    assert rows.table < report.table.rows, "rows are divided before any synthetic one is made"
    assert rows.test + rows.stop <= 0.36 * rows.table
    assert "synthetic and left out" in report.basis
    assert {each.name: each.missing for each in report.features}["id"] == 0
    assert "is_synthetic" not in {each.name for each in report.features}
    assert len({each.rows for each in report.target.classes}) == 1 if report.target else False


def test_a_sample_says_so(flow: Path) -> None:
    subject = subject_of_flow(load(flow), flow.parent, "joined", None, sampling=Sampling(rows=500))
    report = make_report(subject, Wish())
    assert report.sampled
    assert "from the first 500 rows of each dataset" in report.basis
    assert report.model is None


def test_without_a_target_there_is_no_model_and_with_a_wrong_one_a_hint(flow: Path) -> None:
    with pytest.raises(DataprepError, match="Did you mean 'loan_status'"):
        subject_of_file(flow.parent / "data" / "loans-part-1.csv", "loan_statu")
    subject = subject_of_file(flow.parent / "data" / "loans-part-1.csv", None)
    assert make_report(subject, Wish()).target is None


def test_a_target_with_too_few_rows_still_gets_a_report() -> None:
    small = table_with(1.0).head(12).with_columns(y=pl.Series(["a", "b"] * 6))
    report = make_report(about(small, "y"), Wish("y"))
    assert report.model is None
    assert "rows to learn from" in report.model_problem


def test_a_report_can_be_stopped() -> None:
    control = Control()
    with pytest.raises(Cancelled):
        make_report(about(table_with(1.0), "y"), Wish("y"), lambda _share, _what: control.cancel(), control)


def test_command_writes_the_page_and_prints_json(
    flow: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "report.html"
    assert main(["insights", f"{flow}:joined", "--sample", "800", "-o", str(page), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["table"]["columns"] == 14
    assert page.read_text().startswith("<!doctype html>")
    assert main(["insights", str(flow.parent / "data" / "loans-part-2.csv")]) == 0
    assert "No warning" in (text := capsys.readouterr().out) or "MEDIUM" in text
    assert main(["insights", f"{flow}:joyned"]) == 1
    assert "Did you mean 'joined'" in capsys.readouterr().err


def test_a_threshold_that_is_wrong_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rows.csv"
    table_with(1.0).write_csv(path)
    for given, said in (
        ("missin.medium=0.5", "no rule 'missin'"),
        ("missing.mid=0.5", "no threshold 'mid'. It has: medium"),
        ("missing.medium=5", "cannot be 5.0: input should be less than or equal to 1"),
        ("missing", "Write it like missing.high=0.3"),
    ):
        assert main(["insights", str(path), "--threshold", given]) != 0
        assert said in capsys.readouterr().err
