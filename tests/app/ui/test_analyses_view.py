from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dataprep_app.analyses.edits import add_analysis
from dataprep_app.analyses.registry import ANALYSES
from dataprep_app.sample import write_sample
from dataprep_app.ui.parts.analyses_view import ICONS, name_of
from dataprep_app.ui.session import WORKSPACE
from flows.document import Analysis, Flow
from flows.files import load, save

FILE = "loan_default.flow.json"


def _page() -> None:
    from dataprep_app.ui import session
    from dataprep_app.ui.parts import analyses_view

    session.show_notices()
    analyses_view.draw("loan_default")


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv(WORKSPACE, str(tmp_path))
    write_sample(tmp_path, rows=300)
    made = AppTest.from_function(_page, default_timeout=60)
    made.session_state["reference:loan_default"] = "loans_1"
    return made


def change(folder: Path, **analyses: Analysis) -> None:
    flow = load(folder / FILE)
    save(Flow.model_validate({**dict(flow), "analyses": analyses}), folder / FILE)


def chart(page: AppTest) -> dict[str, Any]:
    (found,) = page.get("vega_lite_chart")
    spec: dict[str, Any] = json.loads(found.proto.spec)
    return spec


def button(page: AppTest, label: str) -> Any:
    return next(each for each in page.button if each.label == label)


def test_every_kind_has_a_sign() -> None:
    assert set(ICONS) == set(ANALYSES)


def test_a_chart_is_there_as_soon_as_a_kind_is_chosen(page: AppTest) -> None:
    page.run()
    page.button(key="add_analysis:histogram").click().run()
    assert not page.exception
    assert chart(page)["encoding"]["x"]["title"] == "loan_amount"
    assert not page.dataframe[0].value.empty
    assert any(each.value == "Computed on 303 rows, from all rows of the dataset." for each in page.caption)


@pytest.mark.parametrize("id", ANALYSES)
def test_every_kind_is_drawn(page: AppTest, id: str) -> None:
    page.run()
    page.button(key=f"add_analysis:{id}").click().run()
    assert not page.exception
    if id == "bias_report":
        # Nobody but the analyst can say which outcome is good, and for whom it may be rarer.
        said = [each.value for each in page.error]
        assert [("favourable" in each, "disadvantaged" in each) for each in said] == [(True, False), (False, True)]
        return
    assert not page.error
    assert page.dataframe


def test_settings_change_the_chart_at_once(page: AppTest) -> None:
    page.run()
    page.button(key="add_analysis:histogram").click().run()
    page.selectbox(key="analysis1:column").set_value("purpose").run()
    assert not page.exception
    assert any("Histogram of purpose" in each.value for each in page.markdown)


def test_an_analysis_is_saved_listed_opened_and_undone(page: AppTest, tmp_path: Path) -> None:
    page.run()
    page.button(key="add_analysis:bar").click().run()
    page.text_input(key="analysis1:note").set_value("Outcomes").run()
    button(page, "Save to the flow").click().run()
    assert not page.exception
    saved = load(tmp_path / FILE).analyses["bar"]
    assert (saved.input, saved.note, saved.params["group"]) == ("loans_1", "Outcomes", "loan_status")
    assert "Save to the flow" not in [each.label for each in page.button]
    button(page, "All analyses").click().run()
    page.session_state["reference:loan_default"] = "loans_2"
    page.button(key="open_analysis:bar").click().run()
    assert page.session_state["reference:loan_default"] == "loans_1"
    page.selectbox(key="analysis2:group").set_value("grade").run()
    button(page, "Save changes").click().run()
    assert load(tmp_path / FILE).analyses["bar"].params["group"] == "grade"
    page.session_state["editor:loan_default"] = page.session_state["editor:loan_default"].undo().undo()
    page.run()
    assert not page.exception, "an analysis that is gone is not open any more"
    assert not load(tmp_path / FILE).analyses
    assert any("There is none yet" in each.value for each in page.caption)


def test_an_analysis_is_deleted_from_the_list(page: AppTest, tmp_path: Path) -> None:
    change(tmp_path, old=Analysis(analysis="table_summary", input="loans_1"))
    page.run()
    page.button(key="delete_analysis:old").click().run()
    assert not page.exception
    assert not load(tmp_path / FILE).analyses


def test_what_is_wrong_is_said_under_its_field_and_nothing_can_be_saved(page: AppTest) -> None:
    page.run()
    page.button(key="add_analysis:bar").click().run()
    page.selectbox(key="analysis1:function").set_value("mean").run()
    assert not page.exception
    assert any("needs a column to measure" in each.value for each in page.error)
    assert button(page, "Save to the flow").disabled
    assert not page.get("vega_lite_chart")


def test_a_column_that_went_away_is_said(page: AppTest, tmp_path: Path) -> None:
    change(tmp_path, old=Analysis(analysis="histogram", input="loans_1", params={"column": "gone"}))
    page.run()
    page.button(key="open_analysis:old").click().run()
    assert not page.exception
    assert any("gone" in each.value and "not in the table" in each.value for each in page.error)


def test_an_analysis_of_another_version_stays_and_is_said(page: AppTest, tmp_path: Path) -> None:
    change(tmp_path, new=Analysis(analysis="sunburst", input="loans_1"))
    page.run()
    page.button(key="open_analysis:new").click().run()
    assert not page.exception
    assert any("sunburst" in each.value for each in page.error)


def test_settings_that_cannot_be_read_are_said(page: AppTest, tmp_path: Path) -> None:
    change(tmp_path, odd=Analysis(analysis="histogram", input="loans_1", params={"column": "dti", "bins": "${none}"}))
    page.run()
    page.button(key="open_analysis:odd").click().run()
    assert not page.exception
    assert page.error


def test_a_source_that_is_gone_is_said(page: AppTest, tmp_path: Path) -> None:
    (tmp_path / "data" / "loans-part-1.csv").unlink()
    page.run()
    assert not page.exception
    assert any("loans-part-1.csv" in each.value.replace("\\", "") for each in page.error)


def test_a_name_is_the_note_or_what_is_seen(tmp_path: Path) -> None:
    write_sample(tmp_path, rows=50)
    flow = add_analysis(load(tmp_path / FILE), "a", "scatter", "loans_1", {"x": "dti", "y": "loan_amount"})
    node = flow.analyses["a"]
    assert name_of(node) == "loan_amount against dti"
    assert name_of(node.model_copy(update={"note": "Debt"})) == "Debt"
    assert name_of(node.model_copy(update={"params": {}})) == "Scatter plot"
