"""Groups of steps used as one: what they do is what their steps did, wherever they stand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from flows import edits
from flows.cache import PreviewCache
from flows.document import Destination, Flow, Parameter, Recipe, Step
from flows.edits import EditError
from flows.explain import explained
from flows.files import parse, to_json
from flows.preview import preview
from flows.problems import check
from flows.recipe_edits import add_recipe, group, portable, remove_recipe, ungroup, use_recipe
from flows.result import RunResult
from flows.steps import InvalidFlowError
from flows.store import LearnedFolder

Run = Callable[..., RunResult]


@pytest.fixture
def grouped(flow: Flow) -> Flow:
    """The flow of the others with typed and filled as one step."""
    return group(flow, ["typed", "filled"], "clean", "Clean people")


def test_a_group_gives_the_rows_of_its_steps(flow: Flow, grouped: Flow, folder: Path, run_flow: Run) -> None:
    run_flow(flow)
    expected = pl.read_parquet(folder / "out.parquet")
    result = run_flow(parse(to_json(grouped)))
    assert_frame_equal(pl.read_parquet(folder / "out.parquet"), expected)
    assert [each.id for each in result.steps] == ["clean__typed", "clean__filled", "encoded"]
    (failure,) = result.steps[0].failures
    assert failure.rows == 10


def test_a_group_is_one_step_of_the_document(grouped: Flow) -> None:
    assert list(grouped.steps) == ["clean", "encoded"]
    assert grouped.steps["clean"].inputs == ("people",)
    assert grouped.steps["encoded"].inputs == ("clean",)
    recipe = grouped.recipes["clean"]
    assert (recipe.inputs, recipe.outputs) == (("people",), {"filled": "filled"})
    assert recipe.steps["typed"].inputs == ("people",)


def test_taking_a_group_apart_gives_the_flow_back(flow: Flow, grouped: Flow) -> None:
    apart = ungroup(grouped, "clean")
    assert apart.steps == flow.steps
    assert apart.destinations == flow.destinations
    assert remove_recipe(apart, "clean") == flow


def test_its_rows_and_columns_can_be_looked_at(grouped: Flow, folder: Path) -> None:
    rows = preview(grouped, folder, "clean", PreviewCache()).table
    assert rows["age"].null_count() == 0
    found = check(grouped, folder)
    assert found.ok
    assert found.prediction.schemas["clean"] == rows.schema
    assert any(line.startswith("clean__filled: ") for line in explained(grouped, found, "polars"))


def test_what_its_steps_learn_is_kept_and_used_again(grouped: Flow, folder: Path, run_flow: Run) -> None:
    kept = LearnedFolder(folder / "learned")
    assert run_flow(grouped, remember=kept).steps[1].fitted == "now"
    assert run_flow(grouped, remember=kept).steps[1].fitted == "reused"


def test_one_recipe_is_used_twice_with_values_of_its_own(flow: Flow, folder: Path, run_flow: Run) -> None:
    older = Recipe(
        name="Older than",
        parameters={"age": Parameter(type="number", default=30)},
        inputs=("people",),
        steps={
            "kept": Step(
                transform="filter_rows",
                inputs=("people",),
                params={"condition": {"column": "age", "op": "more", "value": "${age}"}},
            ),
        },
        outputs={"kept": "kept"},
    )
    two = use_recipe(add_recipe(flow, "older", older), "older", ["typed"])
    two = use_recipe(two, "older", ["older"], {"age": 60})
    two = edits.add_destination(
        two, "old", Destination(input="older_2", connector="parquet", params={"path": "old.parquet"})
    )
    result = run_flow(two, only=("old",))
    ages = pl.read_parquet(folder / "old.parquet")["age"]
    assert ages.min() == 61
    assert [each.id for each in result.steps] == ["typed", "older__kept", "older_2__kept"]


def test_a_parameter_of_the_flow_reaches_a_recipe(flow: Flow, folder: Path, run_flow: Run) -> None:
    longer = edits.set_parameter(flow, "least", Parameter(type="number", default=40))
    longer = edits.add_draft(
        longer,
        "kept",
        "filter_rows",
        ["filled"],
        {"condition": {"column": "age", "op": "at_least", "value": "${least}"}},
    )
    longer = edits.add_destination(
        longer, "kept_rows", Destination(input="kept", connector="parquet", params={"path": "kept.parquet"})
    )
    made = group(longer, ["filled", "kept"], "grown", "Grown")
    assert made.steps["grown"].params["parameters"] == {"least": "${least}"}
    run_flow(made, only=("kept_rows",), parameters={"least": "50"})
    assert pl.read_parquet(folder / "kept.parquet")["age"].min() == 51


def test_several_outputs_and_inputs_keep_their_wires(flow: Flow, folder: Path, run_flow: Run) -> None:
    split = edits.add_step(flow, "parts", "split_random", ["typed"])
    split = edits.add_step(split, "below", "union_rows", ["parts.test", "filled"])
    split = edits.add_destination(
        split, "rest", Destination(input="parts.test", connector="parquet", params={"path": "rest.parquet"})
    )
    split = edits.add_destination(
        split, "all", Destination(input="below", connector="parquet", params={"path": "all.parquet"})
    )
    run_flow(split)
    expected = [pl.read_parquet(folder / name).sort("id") for name in ("rest.parquet", "all.parquet")]
    made = group(split, ["typed", "parts", "filled"], "prepared", "Prepared")
    assert made.steps["below"].inputs == ("prepared.parts_test", "prepared")
    run_flow(made)
    for name, table in zip(("rest.parquet", "all.parquet"), expected, strict=True):
        assert_frame_equal(pl.read_parquet(folder / name).sort("id"), table)
    assert ungroup(made, "prepared").steps["below"].inputs == ("parts.test", "filled")


def test_recipes_within_recipes(flow: Flow, grouped: Flow, folder: Path, run_flow: Run) -> None:
    run_flow(flow)
    expected = pl.read_parquet(folder / "out.parquet")
    outer = group(grouped, ["clean", "encoded"], "all_of_it", "All of it")
    result = run_flow(outer)
    assert_frame_equal(pl.read_parquet(folder / "out.parquet"), expected)
    assert [each.id for each in result.steps][-1] == "all_of_it__encoded"
    alone = portable(outer, "all_of_it")
    assert list(alone.steps) == ["clean__typed", "clean__filled", "encoded"]
    elsewhere = use_recipe(add_recipe(Flow(sources=flow.sources), "all", alone), "all", ["people"])
    assert_frame_equal(preview(elsewhere, folder, "all", PreviewCache()).table, expected)
    with pytest.raises(EditError, match="'clean' is used by 'recipe all_of_it'"):
        remove_recipe(outer, "clean")


def test_a_step_that_is_turned_off_passes_its_rows_on(grouped: Flow, folder: Path, run_flow: Run) -> None:
    off = edits.change_step(grouped, "clean", disabled=True)
    assert [each.id for each in run_flow(off).steps] == ["clean", "encoded"]
    assert pl.read_parquet(folder / "out.parquet")["age"].null_count() == 20


@pytest.mark.parametrize(
    ("params", "inputs", "told"),
    [
        ({"recipe": "cleen"}, ["people"], r"no recipe 'cleen'. Did you mean 'clean'\?"),
        ({"recipe": "clean", "parameters": {"x": 1}}, ["people"], "Recipe 'clean': It has no parameter 'x'"),
        ({"recipe": "clean"}, ["people", "people"], "takes 1 table, found 2"),
    ],
)
def test_a_recipe_that_cannot_be_used_is_a_problem_of_its_step(
    grouped: Flow, folder: Path, run_flow: Run, params: dict[str, object], inputs: list[str], told: str
) -> None:
    wrong = grouped.model_copy(
        update={"steps": {**grouped.steps, "clean": Step(transform="saved_recipe", inputs=inputs, params=params)}}
    )
    (problem,) = check(wrong, folder).problems
    assert problem.step == "clean"
    with pytest.raises(InvalidFlowError, match=told):
        run_flow(wrong)


def test_a_problem_inside_names_the_step_that_is_seen(grouped: Flow, folder: Path) -> None:
    recipe = grouped.recipes["clean"]
    typo = recipe.steps["filled"].model_copy(update={"params": {"columns": ["agee"]}})
    wrong = add_recipe(grouped, "clean", recipe.model_copy(update={"steps": {**recipe.steps, "filled": typo}}))
    (problem,) = check(wrong, folder).problems
    assert problem.step == "clean"
    assert problem.found.startswith("In its step 'filled': ")
    assert "'age'" in str(problem)


def test_a_recipe_that_uses_itself_is_refused(flow: Flow, folder: Path) -> None:
    itself = Step(transform="saved_recipe", inputs=("rows",), params={"recipe": "round"})
    around = Recipe(name="Round", inputs=("rows",), steps={"again": itself}, outputs={"again": "again"})
    made = use_recipe(add_recipe(flow, "round", around), "round", ["typed"])
    (problem,) = [each for each in check(made, folder).problems if each.step == "round"]
    assert "uses itself: round -> round" in problem.found


def test_steps_with_another_between_them_cannot_be_grouped(flow: Flow) -> None:
    with pytest.raises(EditError, match="'filled' would come before and after the recipe"):
        group(flow, ["typed", "encoded"], "both", "Both")


def test_a_recipe_that_names_what_it_does_not_have_is_no_flow() -> None:
    with pytest.raises(ValueError, match="has no step or input 'elsewhere'"):
        Recipe(name="Bad", inputs=("rows",), steps={}, outputs={"out": "elsewhere"})
