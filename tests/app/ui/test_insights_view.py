"""The view of insights: the form, the job it starts, the report or the comparison that comes of it."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dataprep_app.insights.compare import Comparison, RowsGone, compared
from dataprep_app.insights.findings import Report
from dataprep_app.insights.sections.facts import ExampleRow
from dataprep_app.jobs import store
from dataprep_app.sample import write_sample
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.parts.comparison import PARTS
from dataprep_app.ui.parts.insights_form import Wanted, is_before
from dataprep_app.ui.parts.insights_view import read_made
from dataprep_app.ui.session import WORKSPACE
from flows.files import load
from flows.sampling import Sampling
from tests.app.insights.made_up import made_up, poisoned, without_sections

FLOW = "loan_default"
POISON = "](x) **b** $x$ :red[y] `"


def _page() -> None:
    from dataprep_app.ui import session
    from dataprep_app.ui.parts import insights_view

    session.show_notices()
    insights_view.draw("loan_default")


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(WORKSPACE, str(tmp_path))
    write_sample(tmp_path, rows=200)
    return tmp_path


@pytest.fixture
def page(space: Path) -> AppTest:
    made = AppTest.from_function(_page, default_timeout=60)
    made.session_state[f"reference:{FLOW}"] = "joined"
    return made


def comparison(report: Report | None = None) -> Comparison:
    before = report or made_up("binary")
    rows = (ExampleRow(values={"id": "7", "grade": None}, marked=("grade",)),)
    after = before.model_copy(update={"findings": before.findings[1:], "features": before.features[1:]})
    return compared(before, after, RowsGone(key="id", rows=12, added=0, examples=rows, with_missing=1))


def done(space: Path, result: dict[str, Any] | None, state: store.State = "done", **arguments: object) -> store.Job:
    """A job as its process leaves it."""
    home = space / "jobs" / "20261125-120000-abcd"
    home.mkdir(parents=True)
    asked = {"path": str(space / f"{FLOW}.flow.json"), "reference": "joined", **arguments}
    ask = store.Ask("insights", "Report on joined", asked, FLOW)
    (home / "job.json").write_text(json.dumps({**asdict(ask), "created_at": "2026-11-25T12:00:00+00:00"}))
    store.write_status(home, store.Status(state, "It ended so."))
    if result is not None:
        (home / "result.json").write_text(json.dumps(result))
    return store.job(space / "jobs", home.name)


def started(space: Path) -> store.Job:
    """The one job that the page started, cancelled since nobody waits for it."""
    (job,) = store.jobs(space / "jobs")
    end = time.monotonic() + 60
    while not job.status().pid and time.monotonic() < end:
        time.sleep(0.05)
    job.cancel()
    return job


def field(page: AppTest, kind: str, label: str) -> Any:
    return next(each for each in getattr(page, kind) if each.label == label)


def texts(page: AppTest) -> str:
    kinds = (*page.markdown, *page.caption, *page.subheader, *page.info, *page.error)
    return "\n".join(str(each.value) for each in kinds)


def test_the_form_asks_for_a_report_of_the_sample(page: AppTest, space: Path) -> None:
    page.run()
    assert not page.exception
    assert [each.label for each in page.selectbox] == ["Report on", "Target", "Compare with", "Judge by time"]
    assert all(each.help for each in page.selectbox[1:])
    assert field(page, "selectbox", "Judge by time").disabled, "without a target there is nothing to be judged"
    field(page, "selectbox", "Target").set_value("loan_status").run()
    field(page, "selectbox", "Judge by time").set_value("issued_on").run()
    field(page, "button", "Make report").click().run()
    assert not page.exception
    arguments = started(space).ask.arguments
    assert (arguments["reference"], arguments["target"], arguments["time"]) == ("joined", "loan_status", "issued_on")
    assert arguments["sampling"]["rows"] == 20_000
    assert (arguments["compare"], arguments["engine"], arguments["problem"]) == (None, "polars", "auto")


def test_of_two_tables_the_earlier_one_is_the_first(page: AppTest, space: Path) -> None:
    page.session_state[f"reference:{FLOW}"] = "complete"
    page.run()
    assert "complete" not in field(page, "selectbox", "Compare with").options
    field(page, "selectbox", "Compare with").set_value("loans_1").run()
    field(page, "button", "Compare").click().run()
    assert not page.exception
    job = started(space)
    assert (job.ask.arguments["reference"], job.ask.arguments["compare"]) == ("loans_1", "complete")
    assert job.ask.title == "loans_1 compared with complete"


def test_a_target_is_one_of_both_tables(page: AppTest) -> None:
    page.run()
    whole = field(page, "selectbox", "Target").options
    field(page, "selectbox", "Compare with").set_value("loans_1").run()
    both = field(page, "selectbox", "Target").options
    assert set(both) < set(whole)
    assert "loan_status" in both


def test_tables_are_in_the_order_of_what_they_are_made_of(space: Path) -> None:
    flow = load(space / f"{FLOW}.flow.json")
    assert is_before(flow, "loans_1", "balanced")
    assert not is_before(flow, "split.test", "joined")
    assert is_before(flow, "loans_1", "loans_2"), "of unrelated ones the one that stands first"
    assert not is_before(flow, "loans_2", "loans_1")


def test_what_was_asked_is_read_from_its_job(space: Path) -> None:
    flow = load(space / f"{FLOW}.flow.json")
    wanted = Wanted("loan_status", "joined", "all", "classification", "issued_on", "spark")
    arguments = wanted.arguments(flow, "p", "features", Sampling(10))
    assert (arguments["reference"], arguments["compare"], arguments["sampling"]) == ("joined", "features", None)
    assert Wanted.of(arguments, "features") == wanted
    assert Wanted.of(arguments, "joined").compare == "features"
    assert Wanted.of(arguments, "unique").compare is None
    assert wanted.options == 3
    assert Wanted(rows="sample", engine="spark").arguments(flow, "p", "joined", Sampling(10))["engine"] == "polars"


def test_a_report_is_drawn_with_its_downloads(page: AppTest, space: Path) -> None:
    done(space, made_up("binary").model_dump(mode="json"), target="loan_status", sampling={"rows": 100})
    page.run()
    assert not page.exception
    assert "Low quick\\-model score" in texts(page)
    labels = [each.proto.label for each in page.get("download_button")]
    assert labels == ["Download as page", "Download as JSON"]
    assert field(page, "selectbox", "Target").value == "loan_status", "the form says what the report was asked for"


@pytest.mark.parametrize("part", PARTS)
def test_a_comparison_is_drawn_in_every_part(page: AppTest, space: Path, part: str) -> None:
    done(space, comparison().model_dump(mode="json"), compare="features")
    page.session_state[f"comparison part:{FLOW}"] = part
    page.run()
    assert not page.exception
    assert "The quick\\-model score went from 0.46 to 0.46" in texts(page)
    wanted = {
        "overview": "Low quick\\-model score", "columns": "**Removed** (1)", "models": "Each class",
        "rows": "12 rows are gone and 0 are new",
    }  # fmt: skip
    assert wanted[part] in texts(page)
    if part == "rows":
        assert ":orange-background[:gray[missing]]" in str(page.table[0].value)


def test_better_and_worse_are_told_by_word_and_color(page: AppTest, space: Path) -> None:
    done(space, comparison().model_dump(mode="json"), compare="features")
    page.run()
    rows = {row[0]: row for row in page.table[0].value.to_numpy().tolist()}
    assert rows["Warnings, high"] == ["Warnings, high", "1", "**0**", ":green[:material/trending_up: better]"]
    assert rows["Rows"][-1] == ":gray[the same]"


def test_steps_are_offered_for_warnings_of_the_later_table_only(page: AppTest, space: Path) -> None:
    done(space, comparison().model_dump(mode="json"), compare="features")
    page.session_state[f"comparison warnings:{FLOW}"] = "remaining"
    page.run()
    field(page, "button", "Drop note").click().run()
    form = page.session_state[f"form:{FLOW}"]
    assert (form.transform, form.after) == ("drop_columns", "features")


def test_names_are_text_in_a_comparison(page: AppTest, space: Path) -> None:
    done(space, comparison(poisoned(made_up("binary"), POISON)).model_dump(mode="json"), compare="features")
    for part in PARTS:
        page.session_state[f"comparison part:{FLOW}"] = part
        page.run()
        assert not page.exception, part
        every = texts(page) + "".join(str(cell) for each in page.table for cell in each.value.to_numpy().ravel())
        assert POISON not in every, part
        assert ":red[y]" not in every, part


def test_a_comparison_of_reports_without_models_has_no_such_part(page: AppTest, space: Path) -> None:
    plain = without_sections(None)
    done(space, compared(plain, plain).model_dump(mode="json"), compare="features")
    page.session_state[f"comparison part:{FLOW}"] = "models"
    page.run()
    assert not page.exception
    assert page.session_state[f"comparison part:{FLOW}"] == "overview"
    assert "No warning is gone." in texts(page)


@pytest.mark.parametrize("made", [comparison(), made_up(None)])
def test_what_a_job_made_is_told_by_its_fields(space: Path, made: Comparison | Report) -> None:
    job = done(space, made.model_dump(mode="json"))
    assert read_made(str(job.folder / "result.json")) == made


def test_a_report_of_a_flow_that_was_changed_can_be_made_again(page: AppTest, space: Path) -> None:
    job = done(space, made_up("binary").model_dump(mode="json"), target="loan_status", sampling={"rows": 100})
    page.run()
    before = (job.folder / "job.json").stat().st_mtime
    os.utime(job.folder / "job.json", (before - 1_000, before - 1_000))
    page.run()
    assert "The flow was changed since" in texts(page)
    field(page, "button", "Make again").click().run()
    again = store.job(space / "jobs", page.session_state[f"report:{FLOW}"])
    assert again.id != job.id
    assert again.ask.arguments == job.ask.arguments
    again.cancel()


def test_a_report_that_failed_says_why(page: AppTest, space: Path) -> None:
    job = done(space, None, "failed")
    page.session_state[f"report:{FLOW}"] = job.id
    page.run()
    assert [each.value for each in page.error] == [escaped("It ended so.")]


def test_a_full_profile_is_asked_for_offered_and_closed(page: AppTest, space: Path) -> None:
    page.run()
    field(page, "button", "Make full profile").click().run()
    assert not page.exception
    job = started(space)
    assert (job.ask.kind, job.ask.arguments["reference"]) == ("profile", "joined")
    assert job.ask.arguments["sampling"]["rows"] == 20_000
    (job.folder / "profile.html").write_text("<!doctype html><p>All of it</p>")
    (job.folder / "result.json").write_text(json.dumps({"page": "profile.html", "basis": "All rows.", "left_out": []}))
    store.write_status(job.folder, store.Status("done", "Done"))
    page.run()
    assert "**Full profile of joined**" in texts(page)
    assert [each.proto.label for each in page.get("download_button")] == ["Download profile"]
    page.toggle[0].set_value(True).run()
    assert not page.exception
    assert "All of it" in str(page.get("iframe")[0].proto)
    field(page, "button", "Close").click().run()
    assert "**Full profile of joined**" not in texts(page)
    page.session_state[f"reference:{FLOW}"] = "loans_1"
    assert "Full profile of" not in texts(page.run())
