from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dataprep_app.ui.parts.join_dialog import HOW, first_keys, rows_of
from dataprep_app.ui.session import WORKSPACE
from flows import edits
from flows.document import Flow, Source
from flows.files import load, save
from flows.matching import match_rates, rates_of

LOANS = pl.DataFrame({"id": [1, 2, 2, 3, None], "amount": [10, 20, 21, 30, 40]})
PEOPLE = pl.DataFrame({"id": [2, 3, 3, 9], "amount": [1.5, 2.5, 3.5, 4.5], "city": ["Oslo", "Rome", "Bern", "Kyiv"]})


@pytest.fixture
def flow(tmp_path: Path) -> Flow:
    """Two sources and a join whose keys are still to be chosen."""
    made = Flow(name="Joined")
    for name, table in (("loans", LOANS), ("people", PEOPLE)):
        table.write_parquet(tmp_path / f"{name}.parquet")
        made = edits.add_source(made, name, Source(connector="parquet", params={"path": f"{name}.parquet"}))
    made = edits.add_draft(made, "joined", "join_datasets", ["loans", "people"])
    save(made, tmp_path / "joined.flow.json")
    return made


@pytest.mark.parametrize("how", list(HOW))
def test_the_rows_of_the_result_are_those_of_the_join(how: str) -> None:
    rates = rates_of(match_rates(LOANS.lazy(), PEOPLE.lazy(), ["id"], ["id"]).collect())
    assert rows_of(rates, how) == LOANS.join(PEOPLE, on="id", how=how).height  # type: ignore[arg-type]


def test_the_best_suggestion_is_there_to_begin_with(flow: Flow) -> None:
    assert first_keys(flow, "joined", (LOANS, PEOPLE)) == [("id", "id")]


def test_keys_that_were_chosen_are_there_again(flow: Flow) -> None:
    chosen = edits.change_step(flow, "joined", params={"left_on": ["id"], "right_on": ["amount"]})
    assert first_keys(chosen, "joined", (LOANS, PEOPLE)) == [("id", "amount")]


def open_dialog() -> None:
    from dataprep_app.ui import session
    from dataprep_app.ui.parts.join_dialog import join_dialog

    session.show_notices()
    join_dialog("joined", "joined")


@pytest.fixture
def page(flow: Flow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv(WORKSPACE, str(tmp_path))
    return AppTest.from_function(open_dialog, default_timeout=60).run()


KEY = "join:joined:joined"


def said(page: AppTest) -> str:
    found = [*page.markdown, *page.caption, *page.warning, *page.error, *page.info]
    return "\n".join(each.value for each in found).replace("\\", "")


def test_the_dialog_opens_with_keys_and_counts_all_rows(page: AppTest) -> None:
    assert not page.exception
    assert page.selectbox(key=f"{KEY}:pairs:0:0").value == "id"
    assert page.metric[0].value == "4"
    assert "2 without a partner, 2 with a key that occurs more than once" in said(page)
    assert "Counted on all rows." in said(page)
    assert "paired with each of its partners" in said(page)


def test_another_kind_of_join_has_other_rows(page: AppTest) -> None:
    page.radio(key=f"{KEY}:how").set_value("full").run()
    assert page.metric[0].value == "7"


def test_saving_is_one_edit(page: AppTest, tmp_path: Path) -> None:
    page.radio(key=f"{KEY}:how").set_value("left").run()
    page.button(key=f"{KEY}:save").click().run()
    assert not page.exception
    step = load(tmp_path / "joined.flow.json").steps["joined"]
    assert step.params == {
        "left_on": ["id"],
        "right_on": ["id"],
        "how": "left",
        "suffix": "_right",
        "validate_keys": "none",
    }
    assert len(page.session_state["editor:joined"].history.past) == 1


def test_a_join_without_keys_cannot_be_saved(page: AppTest, flow: Flow, tmp_path: Path) -> None:
    page.button(key=f"{KEY}:pairs:rows:remove:0").click().run()
    assert page.button(key=f"{KEY}:save").disabled
    assert load(tmp_path / "joined.flow.json") == flow


def test_keys_of_different_types_are_said_and_not_saved(page: AppTest) -> None:
    page.selectbox(key=f"{KEY}:pairs:0:1").set_value("city").run()
    assert "cannot match" in said(page)
    assert page.button(key=f"{KEY}:save").disabled


def test_the_rows_of_steps_are_counted_on_the_sample(
    flow: Flow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    longer = edits.insert_step(flow, "unique", "drop_duplicates", "loans", {"columns": ["id"]})
    save(longer, tmp_path / "joined.flow.json")
    monkeypatch.setenv(WORKSPACE, str(tmp_path))
    page = AppTest.from_function(open_dialog, default_timeout=60).run()
    assert not page.exception
    assert "Counted on the sample." in said(page)


def test_a_join_of_one_table_says_what_to_do(flow: Flow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(edits.disconnect(flow, "joined", 1), tmp_path / "joined.flow.json")
    monkeypatch.setenv(WORKSPACE, str(tmp_path))
    page = AppTest.from_function(open_dialog, default_timeout=60).run()
    assert "A join takes two tables" in said(page)
