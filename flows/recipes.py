"""Recipes: groups of steps that a flow uses as one step each.

A step ``fill`` of a recipe used by the step ``clean`` becomes ``clean__fill`` when the flow is expanded
(:mod:`flows.expansion`); what it learns, what fails in it and what a run says of it goes by that name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flows.document import Flow, Recipe, Step, node_of, output_of
from flows.parameters import ParameterError, Value, substitute, typed
from transforms.core.errors import did_you_mean

RECIPE = "saved_recipe"
"""The transform of a step that uses a recipe."""


def uses(flow: Flow, recipe: str) -> Iterator[str]:
    """The steps of a flow that use a recipe."""
    return (id for id, step in flow.steps.items() if step.transform == RECIPE and step.params.get("recipe") == recipe)


@dataclass(frozen=True)
class Made:
    """What takes the place of a step that uses a recipe."""

    steps: dict[str, Step]
    outputs: dict[str, str]


def steps_of(id: str, step: Step, recipes: Mapping[str, Recipe], within: tuple[str, ...] = ()) -> Made | str:
    """What takes the place of a step that uses a recipe, or why it cannot."""
    name = str(step.params.get("recipe", ""))
    recipe = recipes.get(name)
    if recipe is None:
        return f"The flow has no recipe {name!r}. {did_you_mean(name, recipes)}".strip()
    if name in within:
        return f"The recipe {name!r} uses itself: {' -> '.join((*within, name))}."
    if len(step.inputs) != len(recipe.inputs):
        tables = f"{len(recipe.inputs)} tables ({', '.join(recipe.inputs)})" if len(recipe.inputs) > 1 else "1 table"
        return f"The recipe {name!r} takes {tables}, found {len(step.inputs)}."
    try:
        values = recipe_values(recipe, step.params.get("parameters") or {})
        filled = {each: _filled(inner, values) for each, inner in recipe.steps.items()}
    except ParameterError as error:
        return f"Recipe {name!r}: {error}"
    given = dict(zip(recipe.inputs, step.inputs, strict=True))

    def outer(reference: str) -> str:
        node = node_of(reference)
        if node in given:
            return given[node]
        output = output_of(reference)
        return f"{id}__{node}.{output}" if output else f"{id}__{node}"

    steps: dict[str, Step] = {}
    nested: dict[str, str] = {}
    for each, inner in filled.items():
        moved = inner.model_copy(update={"inputs": tuple(map(outer, inner.inputs))})
        if inner.transform != RECIPE or inner.disabled:
            steps[f"{id}__{each}"] = moved
            continue
        made = steps_of(f"{id}__{each}", moved, recipes, (*within, name))
        if isinstance(made, str):
            return made
        steps |= made.steps
        nested |= {f"{id}__{each}.{output}": reference for output, reference in made.outputs.items()}
        nested[f"{id}__{each}"] = next(iter(made.outputs.values()))

    def found(reference: str) -> str:
        while reference in nested:
            reference = nested[reference]
        return reference

    wired = {
        each: inner.model_copy(update={"inputs": tuple(map(found, inner.inputs))}) for each, inner in steps.items()
    }
    return Made(wired, {output: found(outer(reference)) for output, reference in recipe.outputs.items()})


def recipe_values(recipe: Recipe, given: Mapping[str, Any]) -> dict[str, Value]:
    """The value of every parameter of a recipe for one use; a parameter of the flow may stand for one.

    Raises:
        ParameterError: a name is unknown, or a value is not what the parameter may hold.
    """
    for name in given:
        if name not in recipe.parameters:
            known = ", ".join(recipe.parameters) or "none"
            raise ParameterError(f"It has no parameter {name!r}. It has: {known}.")
    return {
        name: value
        if isinstance(value := given.get(name, each.default), str) and "${" in value
        else typed(name, each, value)
        for name, each in recipe.parameters.items()
    }


def _filled(step: Step, values: Mapping[str, Value]) -> Step:
    return step.model_copy(update={"params": substitute(step.params, values)})
