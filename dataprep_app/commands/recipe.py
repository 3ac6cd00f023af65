"""``dataprep recipe``: groups of steps that a flow uses as one, and the library that other flows take them from."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

from dataprep_app.recipe_library import as_saved, newer, saving, size, with_recipe
from dataprep_app.workspace import Workspace
from flows import edits, recipe_files
from flows.document import Flow, Recipe
from flows.files import load, save
from flows.graph import run_order
from flows.recipe_edits import use_recipe
from flows.recipes import RECIPE, uses
from transforms.core.errors import DataprepError, did_you_mean


def recipe(given: argparse.Namespace) -> int:
    """Do one of :data:`ACTIONS`."""
    action, _ = ACTIONS[given.action]
    action(given, load(given.flow), Workspace(given.flow.parent))
    return 0


def recipe_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``recipe`` takes."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, (_, help) in ACTIONS.items():
        sub = actions.add_parser(name, help=help, description=help)
        sub.add_argument("flow", type=Path, help="a .flow.json file")
        if name != "list":
            sub.add_argument("recipe", help="the id of a recipe")
        if name == "use":
            sub.add_argument(
                "--after", action="append", required=True, metavar="NODE",
                help="the node whose rows it takes; one for each table of the recipe",
            )  # fmt: skip


def _list(_given: argparse.Namespace, flow: Flow, space: Workspace) -> None:
    library = space.recipes()
    for id, each in flow.recipes.items():
        users = ", ".join(uses(flow, id)) or "no step"
        later = newer(flow, id, library)
        hint = f"; the library has version {later.version}" if later else ""
        print(f"{id}: {_line(each)}, used by {users}{hint}")
    for id, each in library.items():
        if id not in flow.recipes:
            print(f"{id}: {_line(each)}, in the library")
    if not flow.recipes and not library:
        print("There is no recipe yet. Select steps in the app and save them as one.")


def _show(given: argparse.Namespace, flow: Flow, space: Workspace) -> None:
    found = _known(given.recipe, {**space.recipes(), **flow.recipes})
    print(f"{given.recipe}: {_line(found)}" + (f"\n{found.note}" if found.note else ""))
    print(f"takes {', '.join(found.inputs)}; gives {', '.join(found.outputs)}")
    for name, each in found.parameters.items():
        print(f"  {name} = {each.default}{f'  {each.help}' if each.help else ''}")
    for number, id in enumerate(run_order(Flow(steps=found.steps)), 1):
        step = found.steps[id]
        print(f"  {number}. {id}: {step.transform}{f'  ({step.note})' if step.note else ''}")


def _save(given: argparse.Namespace, flow: Flow, space: Workspace) -> None:
    _known(given.recipe, flow.recipes)
    found = saving(flow, given.recipe, space.recipe(given.recipe))
    if found.same:
        print(f"The library has it already, version {found.recipe.version}.")
        return
    path = space.recipe_path(given.recipe)
    recipe_files.save(found.recipe, path)
    save(as_saved(flow, given.recipe, found.recipe), given.flow)
    print(f"Saved version {found.recipe.version} to {path}.")


def _use(given: argparse.Namespace, flow: Flow, space: Workspace) -> None:
    library = space.recipes()
    found = _known(given.recipe, {**library, **flow.recipes})
    if len(given.after) != len(found.inputs):
        raise DataprepError(
            f"The recipe {given.recipe!r} takes the rows of {len(found.inputs)}: {', '.join(found.inputs)}; "
            f"found {len(given.after)}. Give --after once for each."
        )
    flow = with_recipe(flow, given.recipe, library)
    if len(given.after) == 1:
        id = edits.new_id(flow, given.recipe)
        longer = edits.insert_step(flow, id, RECIPE, given.after[0], {"recipe": given.recipe})
    else:
        longer = use_recipe(flow, given.recipe, given.after)
    save(longer, given.flow)
    print(f"Added {next(each for each in longer.steps if each not in flow.steps)}.")


def _known(id: str, recipes: Mapping[str, Recipe]) -> Recipe:
    if id not in recipes:
        known = did_you_mean(id, recipes) or f"There is: {', '.join(recipes) or 'none'}."
        raise DataprepError(f"There is no recipe {id!r}. {known}")
    return recipes[id]


def _line(recipe: Recipe) -> str:
    return f"{recipe.name}, {size(recipe)}, version {recipe.version}"


ACTIONS: dict[str, tuple[Callable[[argparse.Namespace, Flow, Workspace], None], str]] = {
    "list": (_list, "list the recipes of a flow and of the library"),
    "show": (_show, "show the steps of a recipe"),
    "save": (_save, "save a recipe of a flow to the library"),
    "use": (_use, "use a recipe in a flow"),
}
