from __future__ import annotations

import time
from pathlib import Path
from typing import Any, get_args

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dataprep_app.insights.words import SCORES
from dataprep_app.jobs import store as jobs
from dataprep_app.modeling import job
from dataprep_app.modeling.predict import Contribution, Predictor, WhatIf
from dataprep_app.modeling.real_rows import RealRows
from dataprep_app.modeling.store import models, saved
from dataprep_app.sample import write_sample
from dataprep_app.ui.parts.model_dialog import likely_target
from dataprep_app.ui.parts.model_list import said
from dataprep_app.ui.parts.model_report import PAPER, Theme, blend, confusion_cells, ink, metric_rows, verdict
from dataprep_app.ui.parts.model_whatif import Case, contribution_chart, predicted, shown_contributions, signed
from dataprep_app.ui.session import WORKSPACE
from dataprep_app.workspace import Workspace
from flows.engines.base import Control
from flows.files import load as load_flow

MAIN = Path(__file__).parents[3] / "dataprep_app" / "ui" / "main.py"


def silent(_text: str, _done: int, _total: int) -> None:
    pass


def built(space: Workspace, target: str, name: str, reference: str = "features") -> str:
    arguments = {
        "path": str(space.flow_path("loan_default")),
        "reference": reference,
        "target": target,
        "name": name,
        "models": str(space.models),
    }
    return str(job.build(arguments, silent, Control())["model"])


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The sample flow, with a model of each kind."""
    space = Workspace(write_sample(tmp_path_factory.mktemp("models"), rows=1_500).parent)
    for target, name in (("loan_status", "Status"), ("interest_rate", "Rate"), ("grade", "Grade")):
        built(space, target, name, "lower_employer" if target == "grade" else "features")
    return space


@pytest.fixture
def page(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv(WORKSPACE, str(space.folder))
    return AppTest.from_file(str(MAIN), default_timeout=60).run().switch_page("screens/models.py")


def texts(page: AppTest) -> str:
    return "\n".join(str(each.value) for each in (*page.markdown, *page.caption))


def test_list_says_of_each_model_what_it_predicts_and_how_well(page: AppTest, space: Workspace) -> None:
    page.run()
    assert not page.exception
    shown = texts(page)
    for each in models(space.models):
        result = each.facts.result
        assert (
            f"{SCORES[result.score.metric]} {result.score.value:.3f}, {result.score.base:.3f} without a model" in shown
        )
        assert f"judged by {result.rows.test:,} others" in shown


@pytest.mark.parametrize("id", ["status", "rate", "grade"])
def test_report_says_what_every_number_was_computed_on(page: AppTest, space: Workspace, id: str) -> None:
    page.query_params["model"] = id
    page.run()
    assert not page.exception
    result = saved(space.models, id).facts.result
    assert [each.value for each in page.metric][:2] == [f"{result.score.value:.3f}", f"{result.score.base:.3f}"]
    shown = texts(page)
    assert result.basis in shown
    assert f"measured on {result.impact_rows:,} rows of the test" in shown
    assert f"{result.rows.test:,} rows of the test" in shown


def test_what_if_answers_edited_values(page: AppTest, space: Workspace) -> None:
    page.query_params["model"] = "rate"
    page.query_params["part"] = "what_if"
    page.run()
    assert not page.exception
    assert "Change values on the left" in texts(page)
    next(each for each in page.button if each.label == "The first row").click().run()
    grade = next(each for each in page.selectbox if each.label == "grade")
    other = "g" if grade.value != "g" else "a"
    grade.set_value(other)
    next(each for each in page.button if each.label == "Update").click().run()
    assert not page.exception
    assert f"**{other}**" in texts(page)
    assert "The prediction went from" in texts(page)


def test_row_that_is_not_there_leaves_the_one_that_is(page: AppTest) -> None:
    page.query_params["model"] = "status"
    page.query_params["part"] = "what_if"
    page.run()
    page.text_input(key="what_if_value:status").set_value("1")
    next(each for each in page.button if each.label == "Take this row").click().run()
    assert "No row of 'loans_1' has '1' in column 'id'" in page.error[0].value
    assert "Prediction of loan" in texts(page)


def test_model_is_deleted_after_a_question(page: AppTest, space: Workspace) -> None:
    id = built(space, "loan_status", "To delete", "loans_1")
    page.query_params["model"] = id
    page.run()
    next(each for each in page.button if each.label == "Delete the model").click().run()
    assert not page.exception
    assert id not in {each.id for each in models(space.models)}
    assert page.title[0].value == "Models"


def test_model_and_build_that_are_not_there_are_said(page: AppTest) -> None:
    page.query_params["model"] = "nothing"
    page.run()
    assert "There is no model 'nothing'" in page.error[0].value
    del page.query_params["model"]
    page.query_params["job"] = "nothing"
    page.run()
    assert "There is no job 'nothing'" in page.error[0].value


def test_build_that_failed_says_why_and_leads_back(page: AppTest, space: Workspace) -> None:
    arguments = {
        "path": str(space.flow_path("loan_default")),
        "reference": "features",
        "target": "nothing",
        "name": "n",
        "models": str(space.models),
    }
    started = jobs.start(space.jobs, jobs.Ask("build", "Build n", arguments, "loan_default"))
    end = time.monotonic() + 60
    while (status := started.status()).state not in jobs.ENDED:
        assert time.monotonic() < end, started.log()
        time.sleep(0.1)
    page.query_params["job"] = started.id
    page.run()
    assert not page.exception
    assert "no column 'nothing'" in status.text
    assert page.error[0].value == status.text


@pytest.mark.parametrize("theme", get_args(Theme))
def test_text_on_every_cell_can_be_read(theme: Theme) -> None:
    for step in range(101):
        fill = blend((30, 64, 175), PAPER[theme], step / 100)
        assert contrast(fill, ink(fill)) >= 4.5


def contrast(fill: tuple[int, int, int], text: str) -> float:
    """Contrast ratio of WCAG 2.2, of a colour with black or white."""

    def part(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    back = sum(w * part(c / 255) for w, c in zip((0.2126, 0.7152, 0.0722), fill, strict=True))
    front = 1.0 if text == "#ffffff" else 0.0
    return (max(back, front) + 0.05) / (min(back, front) + 0.05)


def test_cells_of_a_confusion_matrix_are_its_rows_and_shares(space: Workspace) -> None:
    result = saved(space.models, "status").facts.result
    cells = confusion_cells(result, "light")
    assert cells["Rows"].sum() == result.rows.test
    for report in result.classes:
        mine = cells.filter(pl.col("Actual") == report.name)
        assert mine["Share"].sum() == pytest.approx(1)
        found = mine.filter(pl.col("Predicted") == report.name)
        assert found["Share"].item() == pytest.approx(report.recall)


def test_score_is_said_in_words(space: Workspace) -> None:
    status, rate, grade = (saved(space.models, each).facts.result for each in ("status", "rate", "grade"))
    assert f"in {status.score.value:.1%} of cases; chance does in 50%" in verdict(status)
    assert f"{rate.score.value:.1%} of the variation of 'interest_rate'" in verdict(rate)
    assert f"right in {grade.score.value:.1%} of rows" in verdict(grade)
    linear = next(each.score for each in rate.baselines if each.name == "linear")
    assert linear is not None
    assert ("A simple linear model does better" in verdict(rate)) == (linear > rate.score.value)
    assert said(status.score) == f"Ranks {status.score.value:.0%} of pairs rightly"
    assert {"Metric", "Model", "Linear model", "No model", "What it says"} == set(metric_rows(status)[0])


def test_likely_target_is_one_that_a_step_names(space: Workspace) -> None:
    flow = load_flow(space.flow_path("loan_default"))
    assert likely_target(flow, ["id", "loan_status"]) == "loan_status"
    assert likely_target(flow, ["id"]) is None


def test_last_prediction_stays_when_there_is_none_for_the_new_values(space: Workspace) -> None:
    from dataprep_app.modeling.model import load

    model = load(space.models / "status")
    working, row = Predictor(model), RealRows.of_flow(model, space.folder).first()[0]
    found = working.what_if(row.rows, row.others)
    case = predicted(working, Case(0, row, row, found, found), {("loans_1", "dti"): 29.0})
    assert case.error == ""
    assert case.changes() == [("loans_1", "dti", row.rows["loans_1"]["dti"], 29.0)]
    wrong = predicted(working, case, {("loans_1", "dti"): "much"})
    assert "cannot be 'much'" in wrong.error
    assert wrong.found is case.found


def test_drawn_contributions_sum_up_to_all() -> None:
    amounts = [(-1) ** place * (20 - place) / 7 for place in range(20)]
    every = tuple(Contribution(column=f"c{place}", value=None, amount=amount) for place, amount in enumerate(amounts))
    found = WhatIf(prediction=1.0, probabilities={}, contributions=every, start=0.5, towards="")
    shown = shown_contributions(found)
    assert sum(each.amount for each in shown) == pytest.approx(sum(amounts))
    assert shown[-1].column == "8 other columns"
    drawn: dict[str, Any] = contribution_chart(found).to_dict()
    (rows,) = drawn["datasets"].values()
    assert [each["Amount"] for each in rows] == [each.amount for each in shown]


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0.0, "+0.00"), (1.5, "+1.50"), (-0.034, "-0.03"), (0.0042, "+0.004"), (3e-7, "+3e-07"), (-12345.6, "-12,346")],
)
def test_amounts_are_short_and_never_look_like_nothing(amount: float, text: str) -> None:
    assert signed(amount) == text
