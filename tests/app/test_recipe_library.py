"""Recipes between flows and the library of their workspace."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from dataprep_app.cli import main
from dataprep_app.recipe_library import as_saved, grouped, newer, saving, with_recipe
from dataprep_app.workspace import Workspace, WorkspaceError
from flows import edits, recipe_files
from flows.document import Flow, Parameter, Recipe, Source, Step
from flows.edits import EditError
from flows.files import load, save
from flows.recipe_edits import add_recipe, ungroup
from flows.recipe_files import RecipeFileError


@pytest.fixture
def flow(tmp_path: Path) -> Flow:
    """people -> filled -> dropped -> sorted."""
    pl.DataFrame({"age": [30, None], "city": ["Oslo", "Rome"], "id": [1, 2]}).write_parquet(tmp_path / "people.parquet")
    made = Flow(name="People", sources={"people": Source(connector="parquet", params={"path": "people.parquet"})})
    made = edits.add_step(made, "filled", "impute_median", ["people"], {"columns": ["age"]})
    made = edits.add_step(made, "dropped", "drop_columns", ["filled"], {"columns": ["id"]})
    return edits.add_step(made, "sorted", "sort_rows", ["dropped"], {"by": [{"column": "city"}]})


@pytest.fixture
def recipe() -> Recipe:
    return Recipe(
        name="Older than",
        note="Grown people",
        parameters={"age": Parameter(type="number", default=30, help="The least age.")},
        inputs=("rows",),
        steps={
            "kept": Step(
                transform="filter_rows",
                inputs=("rows",),
                params={"condition": {"column": "age", "op": "at_least", "value": "${age}"}},
            )
        },
        outputs={"kept": "kept"},
    )


def test_a_recipe_is_read_as_it_was_written(recipe: Recipe, tmp_path: Path) -> None:
    path = tmp_path / "recipes" / "older.recipe.json"
    recipe_files.save(recipe, path)
    assert recipe_files.load(path) == recipe
    assert '  "inputs": ["rows"],\n' in path.read_text(), "a list of plain values stays on its line"
    assert json.loads(path.read_text())["format"] == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[", "not JSON: .* in line 1"),
        ('{"name": "x"}', "no 'format' number"),
        ('{"format": 99, "name": "x"}', "has format 99; .* Upgrade"),
        ('{"format": 1, "name": "x", "inputs": ["a"], "steps": {}, "outputs": {}}', "not a valid recipe: outputs: "),
        ('{"format": 1, "name": "x", "inputs": ["a"], "steps": {}, "outputs": {"o": "b"}}', "no step or input 'b'"),
        ("\xff", "not UTF-8"),
        (None, "There is no recipe file"),
    ],
)
def test_what_is_no_recipe_says_why(tmp_path: Path, text: str | None, told: str) -> None:
    path = tmp_path / "x.recipe.json"
    if text is not None:
        path.write_text(text, encoding="latin-1")
    with pytest.raises(RecipeFileError, match=told):
        recipe_files.load(path)


def test_the_library_lists_what_can_be_read_by_name(recipe: Recipe, tmp_path: Path) -> None:
    space = Workspace(tmp_path)
    assert space.recipes() == {}
    recipe_files.save(recipe, space.recipe_path("older"))
    recipe_files.save(recipe.model_copy(update={"name": "a first"}), space.recipe_path("z"))
    space.recipe_path("broken").write_text("{")
    assert list(space.recipes()) == ["z", "older"]
    assert space.recipe("older") == recipe
    assert space.recipe("none") is None
    with pytest.raises(RecipeFileError, match=r"broken\.recipe\.json is not JSON"):
        space.recipe("broken")
    with pytest.raises(WorkspaceError, match="not the id of a recipe"):
        space.recipe_path("../older")


def test_steps_are_put_together_again_under_the_same_name_with_their_version(flow: Flow) -> None:
    made, step = grouped(flow, ("filled", "dropped"), "Clean people", "No ids")
    assert step == "clean_people"
    assert (made.recipes[step].name, made.recipes[step].note) == ("Clean people", "No ids")
    with pytest.raises(EditError, match="a recipe 'clean_people' already"):
        grouped(made, ("sorted",), "Clean people")
    third = add_recipe(made, step, made.recipes[step].model_copy(update={"version": 3}))
    apart = edits.change_step(ungroup(third, step), "dropped", params={"columns": ["city"]})
    again, same = grouped(apart, ("filled", "dropped"), "Clean people")
    assert same == step
    assert again.recipes[step].version == 3
    assert again.recipes[step].steps["dropped"].params["columns"] == ["city"]


def test_a_step_beside_the_id_of_a_recipe_is_found(flow: Flow) -> None:
    made, step = grouped(flow, ("filled", "dropped"), "people")
    assert step == "people_2"
    assert made.steps["sorted"].inputs == ("people_2",)


def test_saving_raises_the_version_when_there_is_another_form(flow: Flow) -> None:
    made, id = grouped(flow, ("filled", "dropped"), "Clean")
    first = saving(made, id, None)
    assert (first.recipe.version, first.same) == (1, False)
    assert saving(made, id, first.recipe).same
    assert saving(made, id, first.recipe.model_copy(update={"version": 4})).same, "only the number differs"
    noted = add_recipe(made, id, made.recipes[id].model_copy(update={"note": "Now with a note"}))
    second = saving(noted, id, first.recipe)
    assert (second.recipe.version, second.there) == (2, first.recipe)
    assert as_saved(noted, id, second.recipe).recipes[id] == second.recipe


def test_what_is_saved_holds_the_recipes_within_it_and_the_flow_keeps_its_own_form(flow: Flow) -> None:
    inner, id = grouped(flow, ("filled", "dropped"), "Clean")
    outer, whole = grouped(inner, (id, "sorted"), "All")
    found = saving(outer, whole, None)
    assert list(found.recipe.steps) == ["clean__filled", "clean__dropped", "sorted"]
    assert list(as_saved(outer, whole, found.recipe).recipes[whole].steps) == ["clean", "sorted"]


def test_a_flow_keeps_its_copy_until_it_is_updated(flow: Flow, recipe: Recipe) -> None:
    library = {"older": recipe.model_copy(update={"version": 2})}
    mine = add_recipe(flow, "older", recipe)
    assert with_recipe(mine, "older", library).recipes["older"].version == 1
    assert newer(mine, "older", library) == library["older"]
    assert newer(with_recipe(flow, "older", library), "older", library) is None
    assert with_recipe(flow, "unknown", library) == flow


def test_the_command_lists_shows_uses_and_saves(
    flow: Flow, recipe: Recipe, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, space = tmp_path / "people.flow.json", Workspace(tmp_path)
    save(flow, path)
    recipe_files.save(recipe, space.recipe_path("older"))
    assert main(["recipe", "use", str(path), "older", "--after", "filled"]) == 0
    assert load(path).steps["dropped"].inputs == ("older",)
    assert load(path).recipes["older"] == recipe
    noted = recipe.model_copy(update={"note": "Changed"})
    save(add_recipe(load(path), "older", noted), path)
    assert main(["recipe", "save", str(path), "older"]) == 0
    assert space.recipes()["older"].version == load(path).recipes["older"].version == 2
    capsys.readouterr()
    assert main(["recipe", "save", str(path), "older"]) == 0
    assert "has it already, version 2" in capsys.readouterr().out
    assert main(["recipe", "show", str(path), "older"]) == 0
    assert "age = 30  The least age." in capsys.readouterr().out
    assert main(["recipe", "list", str(path)]) == 0
    assert capsys.readouterr().out == "older: Older than, 1 step, version 2, used by older\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["show", "oldr"], "Did you mean 'older'"),
        (["use", "older", "--after", "filled", "--after", "people"], "takes the rows of 1: rows; found 2"),
        (["use", "older", "--after", "fillled"], "Did you mean 'filled'"),
        (["save", "older"], "no recipe 'older'. There is: none"),
    ],
)
def test_the_command_says_what_is_wrong_and_leaves_the_flow(
    flow: Flow, recipe: Recipe, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    path = tmp_path / "people.flow.json"
    save(flow, path)
    recipe_files.save(recipe, Workspace(tmp_path).recipe_path("older"))
    assert main(["recipe", words[0], str(path), *words[1:]]) == 1
    assert told in capsys.readouterr().err
    assert load(path) == flow
