"""Edits that make, use and take apart recipes: pure functions from a flow to a new one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from flows.document import Flow, Recipe, Step, node_of
from flows.edits import EditError, new_id
from flows.expansion import ends, expanded
from flows.graph import CycleInFlowError, run_order
from flows.parameters import REFERENCE
from flows.recipes import RECIPE, uses
from transforms.core.errors import did_you_mean


def group(flow: Flow, ids: Iterable[str], id: str, name: str) -> Flow:
    """The flow with some steps made a recipe, and one step that uses it in their place.

    Parameters of the flow that the steps use become parameters of the recipe, given by the step.

    Args:
        flow: the flow.
        ids: the steps.
        id: of the recipe; the step gets it too, or one close to it.
        name: what people will call it.

    Raises:
        EditError: one is no step, or a step that is left out stands between two of them.
    """
    chosen = set(ids)
    for each in chosen:
        if each not in flow.steps:
            raise EditError(f"{each!r} is no step, so it cannot be part of a recipe.")
    if not chosen:
        raise EditError("Choose the steps that the recipe is to hold.")
    if id in flow.recipes:
        raise EditError(f"There is a recipe {id!r} already. Choose another name.")
    order = [each for each in run_order(flow) if each in chosen]
    taken = list(
        dict.fromkeys(each for step in order for each in flow.steps[step].inputs if node_of(each) not in chosen)
    )
    inputs = _named(taken, chosen)
    given = _taken_outside(flow, chosen) or [order[-1]]
    outputs = dict(zip(_named(given, ()).values(), given, strict=True))
    steps = {each: _wired(flow.steps[each], inputs) for each in order}
    used = {found for step in steps.values() for found in _parameters(step.params) if found in flow.parameters}
    recipe = Recipe(
        name=name,
        parameters={each: flow.parameters[each] for each in flow.parameters if each in used},
        inputs=tuple(inputs.values()),
        steps=steps,
        outputs=outputs,
    )
    rest = flow.model_copy(update={"steps": {each: step for each, step in flow.steps.items() if each not in chosen}})
    place = new_id(rest, id)
    step = _use(id, taken, {each: f"${{{each}}}" for each in recipe.parameters})
    first, *others = outputs
    moved = {outputs[first]: place} | {outputs[each]: f"{place}.{each}" for each in others}
    moved |= {f"{node_of(old)}.table": new for old, new in moved.items() if "." not in old}
    made = _rewired(flow, {each: step if each == order[-1] else None for each in chosen}, place, moved)
    grouped = made.model_copy(update={"recipes": {**flow.recipes, id: recipe}})
    try:
        run_order(grouped)
    except CycleInFlowError as error:
        between = [each for each in str(error).split(": ", 1)[-1].split(". ")[0].split(" -> ") if each != place]
        raise EditError(
            f"{', '.join(map(repr, dict.fromkeys(between)))} would come before and after the recipe. Choose it too."
        ) from error
    return Flow.model_validate(dict(grouped))


def ungroup(flow: Flow, id: str) -> Flow:
    """The flow with the steps of a recipe in the place of a step that uses it, under names of their own.

    Raises:
        EditError: the step uses no recipe, or one that cannot be used.
    """
    if id not in flow.steps or flow.steps[id].transform != RECIPE:
        raise EditError(f"{id!r} does not use a recipe.")
    alone = flow.model_copy(update={"steps": {**flow.steps, id: flow.steps[id].model_copy(update={"disabled": False})}})
    whole = expanded(alone, only=id)
    inner = [each for each, owner in whole.inside.items() if owner == id]
    if not inner:
        raise EditError(str(whole.flow.steps[id].params["trouble"]))
    rest = whole.flow.model_copy(update={"steps": {k: v for k, v in whole.flow.steps.items() if k not in {*inner, id}}})
    names: dict[str, str] = {}
    for each in inner:
        free = new_id(rest, each.removeprefix(f"{id}__"))
        names[each] = free
        rest = rest.model_copy(update={"steps": {**rest.steps, free: whole.flow.steps[each]}})

    def point(reference: str) -> str:
        node = node_of(reference)
        return f"{names[node]}{reference[len(node) :]}" if node in names else reference

    steps = {
        names.get(each, each): step.model_copy(update={"inputs": tuple(map(point, step.inputs))})
        for each, step in whole.flow.steps.items()
        if each != id
    }
    layout = {each: place for each, place in flow.layout.items() if each != id}
    return Flow.model_validate({**dict(flow), **ends(whole.flow, point), "steps": steps, "layout": layout})


def add_recipe(flow: Flow, id: str, recipe: Recipe) -> Flow:
    """The flow with a recipe to use, in place of an earlier version of it."""
    return Flow.model_validate({**dict(flow), "recipes": {**flow.recipes, id: recipe}})


def remove_recipe(flow: Flow, id: str) -> Flow:
    """The flow without a recipe.

    Raises:
        EditError: it is not there, or a step uses it.
    """
    if id not in flow.recipes:
        raise EditError(f"There is no recipe {id!r}. {did_you_mean(id, flow.recipes)}")
    users = list(uses(flow, id))
    users += [f"recipe {each}" for each, other in flow.recipes.items() if id in map(_recipe_of, other.steps.values())]
    if users:
        raise EditError(f"Recipe {id!r} is used by {', '.join(map(repr, users))}. Remove or ungroup those first.")
    return flow.model_copy(update={"recipes": {each: kept for each, kept in flow.recipes.items() if each != id}})


def use_recipe(flow: Flow, recipe: str, inputs: Sequence[str], parameters: Mapping[str, Any] | None = None) -> Flow:
    """The flow with a step that uses one of its recipes.

    Raises:
        EditError: there is no such recipe.
    """
    if recipe not in flow.recipes:
        raise EditError(f"There is no recipe {recipe!r}. {did_you_mean(recipe, flow.recipes)}")
    step = _use(recipe, inputs, parameters or {})
    return Flow.model_validate({**dict(flow), "steps": {**flow.steps, new_id(flow, recipe): step}})


def portable(flow: Flow, id: str) -> Recipe:
    """A recipe of a flow on its own, the recipes that it uses taken apart, to be used in another flow.

    Raises:
        EditError: a recipe within it cannot be used.
    """
    recipe = flow.recipes[id]
    whole = expanded(Flow(steps=recipe.steps, recipes=flow.recipes))
    outputs = {name: whole.where(reference) for name, reference in recipe.outputs.items()}
    steps = {each: step for each, step in whole.flow.steps.items() if step.transform != RECIPE}
    try:
        return Recipe.model_validate({**dict(recipe), "steps": steps, "outputs": outputs})
    except ValidationError as error:
        raise EditError(f"The recipe {id!r} uses a recipe that cannot be used: {error.errors()[0]['msg']}.") from error


def _use(recipe: str, inputs: Sequence[str], parameters: Mapping[str, Any]) -> Step:
    return Step(transform=RECIPE, inputs=tuple(inputs), params={"recipe": recipe, "parameters": dict(parameters)})


def _recipe_of(step: Step) -> Any:
    return step.params.get("recipe") if step.transform == RECIPE else None


def _taken_outside(flow: Flow, chosen: set[str]) -> list[str]:
    """The outputs of some steps that others take, in the order of the flow."""
    taken = [each for id, step in flow.steps.items() if id not in chosen for each in step.inputs]
    taken += [each.input for each in flow.analyses.values()]
    taken += [each.input for each in flow.destinations.values()]
    return list(dict.fromkeys(each.removesuffix(".table") for each in taken if node_of(each) in chosen))


def _named(references: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    """Names for references, none of them taken."""
    names: dict[str, str] = {}
    used = set(taken)
    for each in references:
        base = re.sub(r"[^a-z0-9_-]", "_", each)
        free, n = base, 2
        while free in used:
            free, n = f"{base}_{n}", n + 1
        used.add(free)
        names[each] = free
    return names


def _wired(step: Step, names: Mapping[str, str]) -> Step:
    return step.model_copy(update={"inputs": tuple(names.get(each, each) for each in step.inputs)})


def _rewired(flow: Flow, instead: Mapping[str, Step | None], place: str, moved: Mapping[str, str]) -> Flow:
    """The flow with a step at ``place`` instead of others, and references to what they gave pointing to it."""
    steps: dict[str, Step] = {}
    for id, step in flow.steps.items():
        if id not in instead:
            steps[id] = _wired(step, moved)
        elif (new := instead[id]) is not None:
            steps[place] = new
    layout = {each: spot for each, spot in flow.layout.items() if each not in instead}
    last = next(id for id, step in instead.items() if step is not None)
    if last in flow.layout:
        layout[place] = flow.layout[last]
    update = {**ends(flow, lambda each: moved.get(each, each)), "steps": steps, "layout": layout}
    return flow.model_copy(update=update)


def _parameters(setting: Any) -> Iterator[str]:
    """Names of the parameters that a setting uses."""
    if isinstance(setting, str):
        yield from (found[2] for found in REFERENCE.finditer(setting) if not found[1])
    elif isinstance(setting, Mapping):
        for each in setting.values():
            yield from _parameters(each)
    elif isinstance(setting, list | tuple):
        for each in setting:
            yield from _parameters(each)
