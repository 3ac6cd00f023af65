"""Recipes, saved models and facts of sources on the page: what is drawn, offered and done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dataprep_app.modeling.model import build
from dataprep_app.modeling.outcome import Settings
from dataprep_app.modeling.store import models
from dataprep_app.modeling.training import Training
from dataprep_app.recipe_library import grouped
from dataprep_app.ui.forms.fields import step_fields
from dataprep_app.ui.parts import graph
from dataprep_app.ui.parts.chain import can_swap, copied, titles
from dataprep_app.ui.parts.offered import model_fields, recipe_fields
from dataprep_app.ui.session import WORKSPACE
from dataprep_app.workspace import Workspace
from flows import edits, recipe_files
from flows.document import Flow, Parameter, Recipe, Source, Step
from flows.files import load, save
from flows.problems import check
from flows.recipe_edits import add_recipe, use_recipe
from flows.trust import VARIABLE
from transforms.catalog import catalog

PEOPLE = pl.DataFrame({"age": [30, None, 50, 20], "city": ["Oslo", "Rome", None, "Oslo"], "id": [1, 2, 3, 4]})
OLDER = Recipe(
    name="Older than",
    note="Grown people",
    parameters={
        "age": Parameter(type="number", default=30, help="The least age."),
        "where": Parameter(default="Oslo"),
    },
    inputs=("rows",),
    steps={
        "kept": Step(
            transform="filter_rows",
            inputs=("rows",),
            params={"condition": {"column": "age", "op": "at_least", "value": "${age}"}},
        ),
        "here": Step(
            transform="filter_rows",
            inputs=("kept",),
            params={"condition": {"column": "city", "op": "equals", "value": "${where}"}},
        ),
    },
    outputs={"here": "here"},
)
BOTH = Recipe(
    name="Both",
    inputs=("first", "second_part"),
    steps={"below": Step(transform="union_rows", inputs=("first", "second_part"))},
    outputs={"below": "below"},
)


@pytest.fixture
def flow(tmp_path: Path) -> Flow:
    """people -> filled -> dropped -> sorted, and others beside it, in a folder."""
    PEOPLE.write_parquet(tmp_path / "people.parquet")
    source = Source(connector="parquet", params={"path": "people.parquet"})
    made = Flow(name="People", sources={"people": source, "others": source})
    made = edits.add_step(made, "filled", "impute_median", ["people"], {"columns": ["age"]})
    made = edits.add_step(made, "dropped", "drop_columns", ["filled"], {"columns": ["id"]})
    made = edits.add_step(made, "sorted", "sort_rows", ["dropped"], {"by": [{"column": "city"}]})
    save(made, tmp_path / "people.flow.json")
    return made


@pytest.fixture
def clean(flow: Flow) -> Flow:
    return grouped(flow, ("filled", "dropped"), "Clean people")[0]


def drawn(flow: Flow, folder: Path) -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in graph.nodes(flow, check(flow, folder))}


def test_a_recipe_is_one_node_with_its_name_and_size(clean: Flow, tmp_path: Path) -> None:
    node = drawn(clean, tmp_path)["clean_people"]
    assert (node["kind"], node["title"], node["sub"]) == ("recipe", "Clean people", "2 steps")
    assert (node["inputs"], node["outputs"]) == (["people"], ["dropped"])
    assert "status" not in node
    assert titles(clean)["clean_people"] == "Clean people"
    assert all(each["kind"] != "recipe" for each in drawn(load(tmp_path / "people.flow.json"), tmp_path).values())


def test_a_problem_inside_is_shown_at_the_node(clean: Flow, tmp_path: Path) -> None:
    recipe = clean.recipes["clean_people"]
    typo = recipe.steps["filled"].model_copy(update={"params": {"columns": ["agee"]}})
    steps = {**recipe.steps, "filled": typo}
    wrong = add_recipe(clean, "clean_people", recipe.model_copy(update={"steps": steps}))
    node = drawn(wrong, tmp_path)["clean_people"]
    assert node["status"] == "error"
    assert node["problem"].startswith("In its step 'filled': ")


def test_a_recipe_that_is_gone_is_still_drawn(clean: Flow, tmp_path: Path) -> None:
    node = drawn(clean.model_copy(update={"recipes": {}}), tmp_path)["clean_people"]
    assert (node["kind"], node["title"], node["status"]) == ("recipe", "Saved recipe", "error")


def test_lines_go_to_the_tables_of_a_recipe(flow: Flow, tmp_path: Path) -> None:
    made = use_recipe(add_recipe(flow, "both", BOTH), "both", ["sorted"])
    assert drawn(made, tmp_path)["both"]["inputs"] == ["first", "second part"]
    event = {"source": "others", "output": None, "target": "both", "port": "second part"}
    assert graph.connected(made, event).flow.steps["both"].inputs == ("sorted", "others")


def test_a_recipe_with_several_outputs_does_not_change_places(flow: Flow) -> None:
    parted = edits.add_step(flow, "parts", "split_random", ["filled"])
    parted = edits.add_step(parted, "last", "shuffle_rows", ["parts.test"])
    parted = edits.add_step(parted, "first", "shuffle_rows", ["parts"])
    made, id = grouped(parted, ("filled", "parts"), "Parted")
    assert drawn_outputs(made, id) == ["filled", "parts_test", "parts"]
    assert not can_swap(made, id, "last")
    assert copied(made, id).steps[f"{id}_2"].inputs == ("people",)


def drawn_outputs(flow: Flow, id: str) -> list[str]:
    return list(flow.recipes[id].outputs)


def test_recipes_of_the_flow_come_before_those_of_the_library() -> None:
    fields = recipe_fields(step_fields(catalog()["saved_recipe"]), {"both": BOTH, "older": OLDER}, {"older": OLDER}, "")
    assert [each.name for each in fields] == ["recipe", "parameters"], "what is hidden is left out"
    assert fields[0].options == ("older", "both")
    assert dict(fields[0].labels) == {"older": "Older than", "both": "Both (library)"}
    assert fields[1].fields == ()


def test_each_parameter_of_a_recipe_is_a_field_with_its_help_and_default() -> None:
    _, group = recipe_fields(step_fields(catalog()["saved_recipe"]), {"older": OLDER}, {}, "older")
    age, where = group.fields
    assert (age.widget, age.label, age.help, age.default) == ("number", "Age", "The least age.", 30)
    assert (where.widget, where.default) == ("text", "Oslo")


def test_a_recipe_that_is_not_there_any_more_stays_chosen() -> None:
    recipe, _ = recipe_fields(step_fields(catalog()["saved_recipe"]), {}, {}, "gone")
    assert dict(recipe.labels) == {"gone": "gone (not there any more)"}


def test_models_are_offered_by_name_and_the_sample_last(tmp_path: Path) -> None:
    n = 400
    table = pl.DataFrame({"x": [i * 37 % n for i in range(n)], "kind": ["ab"[i * 37 % n > n // 3] for i in range(n)]})
    build(Training(table, "kind"), Settings(repeats=1), name="Kinds").save(tmp_path / "kinds")
    fields = {each.name: each for each in model_fields(step_fields(catalog()["apply_model"]), models(tmp_path), "")}
    assert fields["model"].options == ("models/kinds", "sample")
    assert fields["model"].labels["models/kinds"] == "Kinds · kind · 1.00"
    assert fields["outputs"].widget == "choices"
    assert set(fields["outputs"].labels) == set(fields["outputs"].options)


def page_of_people() -> None:
    import polars as pl
    import streamlit as st

    from dataprep_app.ui import session
    from dataprep_app.ui.parts.actions import take_action
    from dataprep_app.ui.parts.node_panel import node_panel
    from dataprep_app.ui.parts.steps_panel import steps_panel

    # A browser draws an open dialog again by itself when something is done in it; here it has to be opened anew.
    known = None if st.session_state.get("notices") else st.session_state.get("dialog")
    dialog = st.session_state["dialog"] = take_action("people") or known
    session.show_notices()
    selected = [each for each in st.session_state.get("selected:people", []) if each in session.editor("people").flow]
    if selected:
        node_panel("people", selected, session.checked("people"), 300)
    reference = st.session_state.setdefault("reference:people", "sorted")
    steps_panel("people", reference, session.checked("people").prediction.schemas.get(reference, pl.Schema()), None)
    if dialog is not None:
        dialog()


@pytest.fixture
def page(flow: Flow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv(WORKSPACE, str(tmp_path))
    return AppTest.from_function(page_of_people, default_timeout=60)


def now(tmp_path: Path) -> Flow:
    return load(tmp_path / "people.flow.json")


def press(page: AppTest, label: str) -> AppTest:
    found = [each for each in page.button if each.label == label]
    assert len(found) == 1, [each.label for each in page.button]
    result: AppTest = found[0].click().run()
    assert not result.exception
    return result


def texts(page: AppTest) -> str:
    found: list[Any] = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error, *page.toast]
    return "\n".join(each.value for each in found).replace("\\", "")


def select(page: AppTest, *ids: str) -> None:
    page.session_state["selected:people"] = list(ids)
    page.run()
    assert not page.exception


def test_selected_steps_are_saved_as_a_recipe_and_taken_apart(page: AppTest, flow: Flow, tmp_path: Path) -> None:
    select(page, "filled", "people", "dropped")
    press(page, "Save as recipe")
    assert "1. Fill with median: age\n2. Drop columns: id" in texts(page)
    press(page, "Save")
    assert "Give it a name." in texts(page)
    page.text_input(key="recipe_name:people").set_value("Clean people").run()
    press(page, "Save")
    made = now(tmp_path)
    assert list(made.steps) == ["clean_people", "sorted"]
    assert page.session_state["selected:people"] == ["clean_people"]
    assert page.session_state["editor:people"].history.past[-1].label == "Save as recipe Clean people"
    page.session_state["reference:people"] = "clean_people"
    press(page, "Ungroup")
    assert now(tmp_path).steps == flow.steps
    assert page.session_state["selected:people"] == ["filled", "dropped"]
    assert page.session_state["reference:people"] == "dropped"


def test_steps_that_cannot_be_one_say_why_and_keep_what_was_typed(page: AppTest, flow: Flow, tmp_path: Path) -> None:
    select(page, "filled", "sorted")
    press(page, "Save as recipe")
    page.text_input(key="recipe_name:people").set_value("Ends").run()
    press(page, "Save")
    assert "'dropped' would come before and after the recipe. Choose it too." in texts(page)
    assert page.text_input(key="recipe_name:people").value == "Ends"
    assert now(tmp_path) == flow


def test_a_selection_without_a_step_offers_no_recipe(page: AppTest) -> None:
    select(page, "people", "others")
    assert "Save as recipe" not in [each.label for each in page.button]


def test_the_steps_of_a_recipe_are_listed_with_their_notes(page: AppTest, clean: Flow, tmp_path: Path) -> None:
    recipe = clean.recipes["clean_people"]
    noted = {**recipe.steps, "filled": recipe.steps["filled"].model_copy(update={"note": "Asked in May"})}
    save(add_recipe(clean, "clean_people", recipe.model_copy(update={"steps": noted})), tmp_path / "people.flow.json")
    select(page, "clean_people")
    press(page, "Steps")
    said = texts(page)
    assert "1. Fill with median: age\n   :small[:gray[Asked in May]]\n2. Drop columns: id" in said
    assert "version 1" in said


def test_a_recipe_is_saved_to_the_library_and_updated_from_there(page: AppTest, clean: Flow, tmp_path: Path) -> None:
    save(clean, tmp_path / "people.flow.json")
    select(page, "clean_people")
    press(page, "Save to library")
    press(page, "Save")
    space = Workspace(tmp_path)
    saved = space.recipes()["clean_people"]
    assert saved == clean.recipes["clean_people"]
    press(page, "Save to library")
    assert "The library has it already, version 1." in texts(page)
    shorter = {"filled": saved.steps["filled"].model_copy(update={"params": {"columns": []}})}
    later = saved.model_copy(update={"version": 2, "steps": shorter, "outputs": {"dropped": "filled"}})
    recipe_files.save(later, space.recipe_path("clean_people"))
    page.run()
    press(page, "Update (1 → 2)")
    assert "In this flow: version 1" in texts(page)
    assert ":orange-badge[changed]" in texts(page)
    press(page, "Update to version 2")
    assert now(tmp_path).recipes["clean_people"] == later
    assert "Save to library" in [each.label for each in page.button]


def test_ones_own_form_can_be_saved_in_the_place_of_a_later_one(page: AppTest, clean: Flow, tmp_path: Path) -> None:
    save(clean, tmp_path / "people.flow.json")
    space = Workspace(tmp_path)
    recipe_files.save(OLDER.model_copy(update={"version": 5}), space.recipe_path("clean_people"))
    select(page, "clean_people")
    press(page, "Update (1 → 5)")
    press(page, "Save this flow’s as version 6")
    assert space.recipes()["clean_people"] == now(tmp_path).recipes["clean_people"]
    assert now(tmp_path).recipes["clean_people"].version == 6


def open_step(page: AppTest, transform: str) -> str:
    page.run()
    page.button(key="add_step:people").click().run()
    page.text_input(key="find_step:people").set_value(catalog()[transform].title).run()
    page.button(key=f"step:people:found:{transform}").click().run()
    assert not page.exception
    key: str = page.session_state["form:people"].key
    return key


def test_a_recipe_of_the_library_is_copied_into_the_flow_with_values_of_its_parameters(
    page: AppTest, tmp_path: Path
) -> None:
    recipe_files.save(OLDER, Workspace(tmp_path).recipe_path("older"))
    key = open_step(page, "saved_recipe")
    page.selectbox(key=f"{key}:recipe").set_value("older").run()
    assert "2 steps: Filter rows, Filter rows. Grown people" in texts(page)
    age = page.number_input(key=f"{key}:parameters:older:age")
    assert (age.label, age.value) == ("Age", 30)
    age.set_value(25).run()
    page.button(key=f"{key}:do:preview").click().run()
    assert now(tmp_path).recipes == {}, "a preview changes nothing"
    page.button(key=f"{key}:do:keep").click().run()
    assert not page.exception
    made = now(tmp_path)
    assert made.recipes == {"older": OLDER}
    assert made.steps["older"].params == {"recipe": "older", "parameters": {"age": 25}}
    assert page.session_state["editor:people"].history.past[-1].label == "Add Older than"
    assert check(made, tmp_path).ok


def test_code_in_a_recipe_is_looked_at_before_it_runs(
    page: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "trusted.json"))
    code = "def transform(batch):\n    return batch\n"
    step = Step(
        transform="python_column_function",
        inputs=("rows",),
        params={"columns": ["age"], "code": code, "output": "again"},
    )
    recipe = Recipe(name="Coded", inputs=("rows",), steps={"coded": step}, outputs={"coded": "coded"})
    recipe_files.save(recipe, Workspace(tmp_path).recipe_path("coded"))
    key = open_step(page, "saved_recipe")
    page.selectbox(key=f"{key}:recipe").set_value("coded").run()
    assert "Code runs only when you trust it" in texts(page)
    press(page, "I trust this code")
    assert [each.value for each in page.code] == [code.strip()]
    press(page, "Trust this code")
    page.session_state["dialog"] = None
    page.run()
    assert "Code runs only when you trust it" not in texts(page)
    page.button(key=f"{key}:do:keep").click().run()
    assert not page.exception
    assert "again" in check(now(tmp_path), tmp_path).prediction.schemas["coded"]


def test_a_recipe_of_two_tables_asks_for_the_second(page: AppTest, tmp_path: Path) -> None:
    recipe_files.save(BOTH, Workspace(tmp_path).recipe_path("both"))
    key = open_step(page, "saved_recipe")
    page.selectbox(key=f"{key}:recipe").set_value("both").run()
    page.button(key=f"{key}:do:keep").click().run()
    assert "The second part table is not chosen yet." in texts(page)
    assert now(tmp_path).recipes == {}
    second = page.selectbox(key=f"{key}:do:input0")
    assert second.label == "Second part table"
    second.set_value("dropped").run()
    page.button(key=f"{key}:do:keep").click().run()
    assert not page.exception
    assert now(tmp_path).steps["both"].inputs == ("sorted", "dropped")


def test_without_any_recipe_the_form_says_how_to_make_one(page: AppTest) -> None:
    open_step(page, "saved_recipe")
    assert "There is no recipe yet. Select some steps" in texts(page)


def test_a_model_that_does_not_fit_is_said_in_the_form(page: AppTest, flow: Flow, tmp_path: Path) -> None:
    key = open_step(page, "apply_model")
    page.selectbox(key=f"{key}:model").set_value("sample").run()
    assert "Comes with Dataprep" in texts(page)
    page.button(key=f"{key}:do:keep").click().run()
    assert "There is no column 'income', which the model was trained on" in texts(page)
    assert now(tmp_path) == flow


def test_facts_of_a_source_are_added_right_behind_it(page: AppTest, tmp_path: Path) -> None:
    key = open_step(page, "add_source_info")
    assert "It stands directly behind people.parquet." in texts(page)
    wanted = page.multiselect(key=f"{key}:fields")
    assert wanted.options == ["File name", "File path", "Row in file", "Modified at", "Dataset name"]
    page.button(key=f"{key}:do:keep").click().run()
    assert not page.exception
    made = now(tmp_path)
    assert made.steps["add_source_info"].inputs == ("people",)
    assert made.steps["filled"].inputs == ("add_source_info",)
    assert check(made, tmp_path).prediction.schemas["sorted"].names()[-1] == "file_name"
