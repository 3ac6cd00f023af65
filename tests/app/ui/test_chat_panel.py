from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dataprep_app.chat.engine import respond
from dataprep_app.chat.table import facts_of
from dataprep_app.chat.turn import PlanResult
from dataprep_app.ui.parts.chat_panel import tried, with_plan
from dataprep_app.ui.session import WORKSPACE
from flows import edits
from flows.cache import PreviewCache
from flows.document import Flow, Source
from flows.files import load, save
from flows.preview import preview

LOANS = pl.DataFrame(
    {
        "amount": [100.0, None, 300.0, 400.0],
        "loan_status": ["charged off", "current", "fully paid", "current"],
        "open_accounts": [1, 2, 3, 4],
        "total_accounts": [2, 3, 4, 5],
    }
)
REQUEST = 'replace "charged off" and "current" in loan_status with "default"'


@pytest.fixture
def flow_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """loans -> sorted."""
    LOANS.write_parquet(tmp_path / "loans.parquet")
    made = Flow(name="Loans", sources={"loans": Source(connector="parquet", params={"path": "loans.parquet"})})
    made = edits.add_step(made, "sorted", "sort_rows", ["loans"], {"by": [{"column": "open_accounts"}]})
    save(made, tmp_path / "loans.flow.json")
    monkeypatch.setenv(WORKSPACE, str(tmp_path))
    return tmp_path / "loans.flow.json"


def page() -> None:
    from dataprep_app.ui import session
    from dataprep_app.ui.parts.chat_panel import chat_panel

    session.show_notices()
    chat_panel("loans", "sorted")


def opened() -> AppTest:
    return AppTest.from_function(page, default_timeout=60).run()


def say(app: AppTest, text: str) -> AppTest:
    app.chat_input[0].set_value(text).run()
    assert not app.exception
    return app


def plan_for(text: str) -> PlanResult:
    found = respond(text, facts_of("loans", LOANS)).result
    assert isinstance(found, PlanResult)
    return found


def click(app: AppTest, label: str) -> AppTest:
    next(each for each in app.button if each.label == label).click().run()
    assert not app.exception
    return app


def test_a_plan_is_previewed_and_added_as_one_edit(flow_path: Path) -> None:
    app = say(opened(), f"{REQUEST}, then drop total_accounts")
    assert any("3 cells changed" in each.value for each in app.caption)
    click(app, "Add to steps")
    flow = load(flow_path)
    assert [each.transform for each in flow.steps.values()] == ["sort_rows", "replace_text", "drop_columns"]
    assert flow.steps["replace_text"].inputs == ("sorted",)
    say(app, "undo")
    assert list(load(flow_path).steps) == ["sorted"]


def test_a_plan_that_changes_nothing_says_so_loudly(flow_path: Path) -> None:
    app = say(opened(), "drop rows where amount > 1000")
    assert any("Nothing would change" in each.value for each in app.warning)


def test_a_column_that_may_be_two_is_asked_for_with_buttons(flow_path: Path) -> None:
    app = say(opened(), "round the accounts column")
    click(app, r"open\_accounts")
    assert any("open_accounts" in each.value and "Round" in each.value for each in app.text)
    assert list(load(flow_path).steps) == ["sorted"]


def test_an_answer_says_what_it_was_computed_on(flow_path: Path) -> None:
    app = say(opened(), "average amount")
    assert any("266.7" in each.value for each in app.text)
    assert any("4 rows" in each.value for each in app.caption)


def test_a_dismissed_plan_is_not_added(flow_path: Path) -> None:
    app = click(say(opened(), REQUEST), "Dismiss")
    assert not [each for each in app.button if each.label == "Add to steps"]
    assert list(load(flow_path).steps) == ["sorted"]


def test_steps_of_a_plan_go_between_an_output_and_what_takes_its_rows(flow_path: Path) -> None:
    flow = load(flow_path)
    longer, last = with_plan(flow, "loans", plan_for(REQUEST))
    assert longer.steps["sorted"].inputs == (last,)


def test_a_trial_counts_the_cells_that_change(flow_path: Path) -> None:
    cache = PreviewCache()

    def look(flow: Flow, reference: str) -> pl.DataFrame:
        return preview(flow, flow_path.parent, reference, cache).table

    assert tried(load(flow_path), "sorted", plan_for(REQUEST), look).sentence == "3 cells changed"
    removed = tried(load(flow_path), "sorted", plan_for("drop rows where loan_status is current"), look)
    assert removed.sentence.startswith("4 rows before, 2 after")
