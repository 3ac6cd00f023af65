from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dataprep_app.ui.forms.fields import fields_of
from dataprep_app.ui.parts.add_step import COMMON, found_for
from dataprep_app.ui.parts.chain import can_swap, chain, copied, downstream, effect, swapped, titles
from dataprep_app.ui.parts.impact import broken_by
from dataprep_app.ui.parts.pending import StepForm, tried
from dataprep_app.ui.parts.step_form import input_candidates, prefilled
from dataprep_app.ui.parts.steps_panel import actions
from dataprep_app.ui.session import WORKSPACE
from flows import edits
from flows.cache import PreviewCache
from flows.document import Destination, Flow, Parameter, Source
from flows.edits import EditError
from flows.files import load, save
from flows.preview import preview
from flows.problems import check
from transforms.catalog import catalog
from transforms.reference import schema

PEOPLE = pl.DataFrame({"age": [30, None, 50, 20], "city": ["Oslo", "Rome", None, "Oslo"], "id": [1, 2, 3, 4]})


@pytest.fixture
def flow(tmp_path: Path) -> Flow:
    """people -> filled -> dropped -> sorted -> out, in a folder."""
    PEOPLE.write_parquet(tmp_path / "people.parquet")
    made = Flow(name="People", sources={"people": Source(connector="parquet", params={"path": "people.parquet"})})
    made = edits.add_step(made, "filled", "impute_median", ["people"], {"columns": ["age"]})
    made = edits.add_step(made, "dropped", "drop_columns", ["filled"], {"columns": ["id"]})
    made = edits.add_step(made, "sorted", "sort_rows", ["dropped"], {"by": [{"column": "city"}]})
    out = Destination(input="sorted", connector="parquet", params={"path": "out.parquet"})
    made = edits.add_destination(made, "out", out)
    save(made, tmp_path / "people.flow.json")
    return made


def rows(flow: Flow, folder: Path, reference: str) -> pl.DataFrame:
    return preview(flow, folder, reference, PreviewCache()).table


def test_the_chain_leads_from_the_source_to_the_output(flow: Flow) -> None:
    assert chain(flow, "sorted") == ["people", "filled", "dropped", "sorted"]
    assert chain(flow, "filled") == ["people", "filled"]
    assert chain(flow, "gone") == []


def test_the_chain_of_a_join_goes_by_its_left_table(flow: Flow) -> None:
    joined = edits.add_draft(flow, "joined", "join_datasets", ["dropped", "people"])
    assert chain(joined, "joined") == ["people", "filled", "dropped", "joined"]


def test_everything_behind_a_node_is_downstream(flow: Flow) -> None:
    assert downstream(flow, "filled") == {"dropped", "sorted", "out"}
    assert downstream(flow, "sorted") == {"out"}


def test_neighbours_change_places_and_give_the_same_rows(flow: Flow, tmp_path: Path) -> None:
    turned = swapped(flow, "filled", "dropped")
    assert chain(turned, "sorted") == ["people", "dropped", "filled", "sorted"]
    assert list(turned.steps) == ["dropped", "filled", "sorted"]
    assert rows(turned, tmp_path, "sorted").equals(rows(flow, tmp_path, "sorted"))


def test_the_last_step_can_be_moved_up_with_its_destination_staying_last(flow: Flow) -> None:
    turned = swapped(flow, "dropped", "sorted")
    assert turned.destinations["out"].input == "dropped"
    assert chain(turned, "dropped") == ["people", "filled", "sorted", "dropped"]


def test_steps_with_a_branch_between_them_stay_where_they_are(flow: Flow) -> None:
    branched = edits.add_step(flow, "other", "shuffle_rows", ["filled"])
    assert not can_swap(branched, "filled", "dropped")
    with pytest.raises(EditError, match="take rows from between them"):
        swapped(branched, "filled", "dropped")


def test_a_copy_stands_right_behind_its_step(flow: Flow) -> None:
    longer = copied(flow, "filled")
    assert chain(longer, "sorted") == ["people", "filled", "filled_2", "dropped", "sorted"]
    assert longer.steps["filled_2"].params == flow.steps["filled"].params


def test_the_effect_of_a_step_is_told_in_words() -> None:
    fewer = PEOPLE.drop_nulls()
    assert str(effect(PEOPLE, fewer)) == "−2 rows"
    assert str(effect(PEOPLE, PEOPLE.with_columns(pl.col("age").fill_null(0)))) == "1 value changed"
    assert str(effect(PEOPLE, PEOPLE.drop("id").with_columns(x=1))) == "new column x, column id gone"
    assert str(effect(PEOPLE, PEOPLE)) == "No change"
    assert str(effect(PEOPLE, PEOPLE.with_columns(pl.col("age").fill_null(0.5).cast(pl.Float64)))) == "1 value changed"
    assert str(effect(PEOPLE, PEOPLE.with_columns(pl.col("id").cast(pl.String)))) == "type of column id changed"
    assert str(effect(PEOPLE, PEOPLE.reverse(), in_place=False)) == "Values or their order changed"


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("one-hot encode", "one_hot_encode"),
        ("dropna", "drop_missing_rows"),
        ("smote", "smote"),
        ("filter rows", "filter_rows"),
        ("sort", "sort_rows"),
    ],
)
def test_the_step_that_is_meant_comes_first(query: str, first: str) -> None:
    assert found_for(query)[0].id == first


def test_every_title_is_found_first_by_itself() -> None:
    for kind in catalog().values():
        assert found_for(kind.title)[0].title == kind.title


def test_words_that_no_step_has_find_nothing() -> None:
    assert found_for("zzz") == []
    assert found_for("  ") == []


def test_common_steps_are_there() -> None:
    assert [each for each in COMMON if each not in catalog()] == []


def test_a_form_that_takes_all_columns_by_default_is_not_narrowed_down() -> None:
    assert prefilled(fields_of(schema(catalog()["drop_missing_rows"])), PEOPLE.schema, "city") == {}


def test_a_form_begins_with_the_selected_column_where_it_fits() -> None:
    columns = PEOPLE.schema
    assert prefilled(fields_of(schema(catalog()["drop_columns"])), columns, "city") == {"columns": ["city"]}
    assert prefilled(fields_of(schema(catalog()["split_column"])), columns, "city") == {"column": "city"}
    assert prefilled(fields_of(schema(catalog()["outlier_std"])), columns, "city") == {}
    assert prefilled(fields_of(schema(catalog()["drop_columns"])), columns, None) == {}


def test_a_new_step_goes_between_a_node_and_what_takes_its_rows(flow: Flow) -> None:
    form = StepForm("drop_duplicates", {}, "k", after="filled")
    found = tried(flow, form, {"columns": ["id"]})
    assert chain(found.flow, "sorted") == ["people", "filled", "drop_duplicates", "dropped", "sorted"]
    assert (found.reference, found.before, found.what) == ("drop_duplicates", "filled", "add")


def test_a_new_branch_leaves_the_others_as_they_are(flow: Flow) -> None:
    form = StepForm("drop_duplicates", {}, "k", after="filled")
    found = tried(flow, form, {"columns": ["id"]}, branch=True)
    assert chain(found.flow, "sorted") == chain(flow, "sorted")
    assert found.flow.steps["drop_duplicates"].inputs == ("filled",)


def test_a_step_of_one_output_of_a_split_is_put_behind_that_output(flow: Flow) -> None:
    parted = edits.add_step(flow, "parts", "split_random", ["filled"])
    parted = edits.add_step(parted, "last", "shuffle_rows", ["parts.test"])
    found = tried(parted, StepForm("drop_duplicates", {}, "k", after="parts.test"), {"columns": ["id"]})
    assert found.flow.steps["drop_duplicates"].inputs == ("parts.test",)
    assert found.flow.steps["last"].inputs == ("drop_duplicates",)


def test_an_edit_keeps_the_inputs_and_shows_what_the_step_does(flow: Flow) -> None:
    found = tried(flow, StepForm("impute_median", {}, "k", edit="filled"), {"columns": ["age", "id"]})
    assert found.flow.steps["filled"].params["columns"] == ["age", "id"]
    assert (found.reference, found.before, found.what) == ("filled", "people", "edit")


def test_a_parameter_is_kept_as_it_was_written(flow: Flow) -> None:
    known = edits.set_parameter(flow, "n", Parameter(type="number", default=2))
    form = StepForm("keep_first_rows", {}, "k", after="sorted")
    found = tried(known, form, {"rows": "${n}"})
    assert found.flow.steps["keep_first_rows"].params["rows"] == "${n}"


def test_a_step_never_takes_rows_of_what_comes_after_it(flow: Flow) -> None:
    assert input_candidates(flow, StepForm("union_rows", {}, "k", after="filled")) == ["people"]
    assert input_candidates(flow, StepForm("union_rows", {}, "k", edit="dropped")) == ["people", "filled"]


def test_what_an_edit_breaks_is_found_before_it_is_made(flow: Flow, tmp_path: Path) -> None:
    before = check(flow, tmp_path)
    after = check(edits.change_step(flow, "dropped", params={"columns": ["city"]}), tmp_path)
    assert [(each.step, each.field) for each in broken_by(before, after)] == [("sorted", "column")]
    assert broken_by(after, after) == ()
    assert broken_by(after, before) == ()


def test_what_can_be_done_depends_on_the_place(flow: Flow) -> None:
    steps = ["filled", "dropped", "sorted"]
    assert "up" not in actions(flow, "filled", 0, steps)
    assert "down" not in actions(flow, "sorted", 2, steps)
    assert {"edit", "off", "up", "down", "copy", "note", "delete"} == set(actions(flow, "dropped", 1, steps))


def test_every_node_has_a_title(flow: Flow) -> None:
    found = {"people": "people.parquet", "filled": "Fill with median", "out": "out.parquet"}
    assert found.items() <= dict(titles(flow)).items()


def panel_of_people() -> None:
    import polars as pl
    import streamlit as st

    from dataprep_app.ui import session
    from dataprep_app.ui.parts.steps_panel import steps_panel

    session.show_notices()
    reference = st.session_state.setdefault("reference:people", "sorted")
    known = session.checked("people").prediction.schemas.get(reference, pl.Schema())
    steps_panel("people", reference, known, st.session_state.get("column:people"))


@pytest.fixture
def page(flow: Flow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv(WORKSPACE, str(tmp_path))
    return AppTest.from_function(panel_of_people, default_timeout=60).run()


def now(tmp_path: Path) -> Flow:
    return load(tmp_path / "people.flow.json")


def texts(page: AppTest) -> str:
    found: list[Any] = [*page.markdown, *page.caption, *page.text, *page.warning, *page.error]
    return "\n".join(each.value for each in found).replace("\\", "")


def open_step(page: AppTest, transform: str) -> str:
    page.button(key="add_step:people").click().run()
    page.text_input(key="find_step:people").set_value(catalog()[transform].title).run()
    page.button(key=f"step:people:found:{transform}").click().run()
    key: str = page.session_state["form:people"].key
    return key


def test_the_panel_lists_the_steps_and_what_they_did(page: AppTest) -> None:
    assert not page.exception
    said = texts(page)
    assert "1. **Fill with median**" in said
    assert "3. **Sort rows**" in said
    assert "1 value changed" in said
    assert "column id gone" in said


def test_adding_a_step_is_one_edit_and_shows_its_rows(page: AppTest, tmp_path: Path) -> None:
    page.session_state["column:people"] = "city"
    page.run()
    key = open_step(page, "drop_columns")
    assert page.multiselect(key=f"{key}:columns:names").value == ["city"]
    page.button(key=f"{key}:do:keep").click().run()
    assert not page.exception
    made = now(tmp_path)
    assert chain(made, made.destinations["out"].input) == ["people", "filled", "dropped", "sorted", "drop_columns"]
    assert page.session_state["reference:people"] == "drop_columns"
    assert len(page.session_state["editor:people"].history.past) == 1
    assert "column city gone" in texts(page)


def test_the_form_of_a_step_with_a_setting_called_keep_is_drawn(page: AppTest) -> None:
    key = open_step(page, "drop_duplicates")
    assert not page.exception
    assert page.button(key=f"{key}:do:keep").label == "Add"


def test_a_preview_changes_nothing_and_can_be_discarded(page: AppTest, flow: Flow, tmp_path: Path) -> None:
    key = open_step(page, "drop_columns")
    page.multiselect(key=f"{key}:columns:names").set_value(["city"]).run()
    page.button(key=f"{key}:do:preview").click().run()
    found = page.session_state["pending:people"]
    assert (found.reference, found.before) == ("drop_columns", "sorted")
    assert now(tmp_path) == flow
    page.button(key=f"{key}:do:back").click().run()
    assert "pending:people" not in page.session_state
    assert "1. **Fill with median**" in texts(page)


def test_a_form_with_problems_is_not_added_and_keeps_what_was_typed(page: AppTest, flow: Flow, tmp_path: Path) -> None:
    key = open_step(page, "filter_rows")
    page.text_input(key=f"{key}:condition:members:0:value").set_value("Oslo").run()
    assert not page.error, "nothing is said before it is tried"
    page.button(key=f"{key}:do:keep").click().run()
    assert page.error
    assert now(tmp_path) == flow
    assert page.text_input(key=f"{key}:condition:members:0:value").value == "Oslo"
    page.selectbox(key=f"{key}:condition:members:0:column").set_value("city").run()
    page.button(key=f"{key}:do:keep").click().run()
    assert now(tmp_path).steps["filter_rows"].params["condition"]["value"] == "Oslo"


def menu(page: AppTest, place: int) -> Any:
    """The menu of a step; the testing library knows the element but not its type."""
    return page.get("menu_button")[place]


def choose(page: AppTest, id: str, action: str) -> AppTest:
    chosen: AppTest = menu(page, ["filled", "dropped", "sorted"].index(id)).set_value(action).run()
    return chosen


def test_an_edit_that_breaks_a_later_step_waits_for_a_yes(page: AppTest, flow: Flow, tmp_path: Path) -> None:
    choose(page, "dropped", "edit")
    key = page.session_state["form:people"].key
    page.multiselect(key=f"{key}:columns:names").set_value(["city"]).run()
    page.button(key=f"{key}:do:keep").click().run()
    assert now(tmp_path) == flow
    assert "1 step would no longer work" in texts(page)
    assert "Column 'city' is not in the table" in texts(page)
    page.button(key="impact_cancel:people").click().run()
    assert page.multiselect(key=f"{key}:columns:names").value == ["city"], "the form is as it was"
    page.button(key=f"{key}:do:keep").click().run()
    page.button(key="impact_apply:people").click().run()
    assert now(tmp_path).steps["dropped"].params["columns"] == ["city"]
    assert "Column 'city' is not in the table" in texts(page), "the step that is broken says so"


def test_steps_are_switched_off_moved_copied_noted_and_deleted(page: AppTest, tmp_path: Path) -> None:
    choose(page, "dropped", "off")
    assert now(tmp_path).steps["dropped"].disabled
    choose(page, "dropped", "off")
    choose(page, "dropped", "up")
    assert chain(now(tmp_path), "sorted") == ["people", "dropped", "filled", "sorted"]
    menu(page, 0).set_value("note").run()
    page.text_area(key="note_text:people:dropped").set_value("No use").run()
    page.button(key="note_text:people:dropped:save").click().run()
    assert now(tmp_path).steps["dropped"].note == "No use"
    menu(page, 0).set_value("copy").run()
    assert "dropped_2" in now(tmp_path).steps or page.session_state["impact:people"].broken
    assert not page.exception


def test_the_step_one_looks_at_can_be_deleted(page: AppTest, tmp_path: Path) -> None:
    choose(page, "sorted", "delete")
    assert not page.exception
    assert "sorted" not in now(tmp_path).steps
    assert page.session_state["reference:people"] == "dropped"
