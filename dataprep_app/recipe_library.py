"""Recipes between a flow and the library of a workspace: what is saved, taken and brought up to date.

A flow runs with the copy of a recipe that it holds. The version tells one state of a recipe from another: it is
raised when a recipe is saved to the library in another form than the one that is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flows.document import Flow, Recipe, Step
from flows.edits import new_id
from flows.recipe_edits import add_recipe, group, portable, remove_recipe
from flows.recipes import RECIPE, uses


def recipe_of(flow: Flow, step: Step) -> Recipe | None:
    """The recipe that a step uses, when it uses one that is there."""
    return flow.recipes.get(str(step.params.get("recipe"))) if step.transform == RECIPE else None


def size(recipe: Recipe) -> str:
    """How many steps a recipe has, in words."""
    return f"{len(recipe.steps)} step{'' if len(recipe.steps) == 1 else 's'}"


@dataclass(frozen=True)
class Saving:
    """A recipe as it would be saved to the library."""

    recipe: Recipe
    there: Recipe | None
    """The one of that id that the library has."""

    @property
    def same(self) -> bool:
        """Whether the library has it already."""
        return self.recipe == self.there


def saving(flow: Flow, id: str, there: Recipe | None) -> Saving:
    """A recipe of a flow as it would be saved in the place of the one that is there.

    Raises:
        EditError: a recipe within it cannot be used.
    """
    alone = portable(flow, id)
    if there is None:
        return Saving(alone, None)
    if alone.model_copy(update={"version": there.version}) == there:
        return Saving(there, there)
    return Saving(alone.model_copy(update={"version": max(there.version, alone.version) + 1}), there)


def as_saved(flow: Flow, id: str, saved: Recipe) -> Flow:
    """The flow whose recipe has the name, the note and the version that it has in the library now."""
    kept = flow.recipes[id].model_copy(update={each: getattr(saved, each) for each in ("name", "note", "version")})
    return add_recipe(flow, id, kept)


def newer(flow: Flow, id: str, library: Mapping[str, Recipe]) -> Recipe | None:
    """The recipe of the library that is a later version of one of the flow."""
    there = library.get(id)
    return there if there is not None and there.version > flow.recipes[id].version else None


def with_recipe(flow: Flow, id: str, library: Mapping[str, Recipe]) -> Flow:
    """The flow with a copy of a recipe of the library, unless it has one of its own."""
    return flow if id in flow.recipes or id not in library else add_recipe(flow, id, library[id])


def grouped(flow: Flow, ids: tuple[str, ...], name: str, note: str = "") -> tuple[Flow, str]:
    """The flow with some steps made a recipe, and the step that uses it; one of that name that no step uses makes room.

    Raises:
        EditError: there is a recipe of that name, or the steps cannot be one.
    """
    id, version = new_id(Flow(), name), 1
    if id in flow.recipes and not any(uses(flow, id)):
        version = flow.recipes[id].version  # its steps were taken apart, and are put together again
        flow = remove_recipe(flow, id)
    made = group(flow, ids, id, name)
    made = add_recipe(made, id, made.recipes[id].model_copy(update={"note": note, "version": version}))
    return made, next(uses(made, id))
