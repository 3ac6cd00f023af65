"""A flow as it runs: what people keep as one step for ease is made what it stands for.

Everything that works on a flow works on its expansion. The steps of a recipe stand in the place of the step that
uses it (:mod:`flows.recipes`), and a step that adds facts about a source has that source read with them
(:mod:`flows.source_info`). The step itself stays, and hands on what comes out, so that it can be looked at; those
who took its rows take them where they are made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flows.document import Flow, Source, SourceFacts, Step, node_of
from flows.recipes import RECIPE, steps_of
from flows.source_info import DTYPES
from transforms.core.errors import Problem

SOURCE_INFO = "add_source_info"
"""The transform of a step that adds facts about the source it stands on."""


@dataclass(frozen=True)
class Expansion:
    """A flow as it runs."""

    flow: Flow
    inside: Mapping[str, str] = field(default_factory=dict)
    """The step of the flow as it was given, by each step that came out of it."""
    outputs: Mapping[str, str] = field(default_factory=dict)
    """Where the rows of steps that use recipes are made, by reference."""

    def where(self, reference: str) -> str:
        """Where the rows that a reference names are made, also when one recipe takes those of another."""
        while reference in self.outputs:
            reference = self.outputs[reference]
        return reference

    def told(self, problem: Problem) -> Problem:
        """A problem of the expansion as one of the flow that was given."""
        owner = self.inside.get(problem.step)
        if owner is None:
            return problem
        if self.flow.steps[owner].transform != RECIPE:
            return replace(problem, step=owner, field="")
        inner = problem.step.removeprefix(f"{owner}__")
        return replace(problem, step=owner, field="", found=f"In its step {inner!r}: {problem.found}")


def expanded(flow: Flow, only: str | None = None) -> Expansion:
    """The flow as it runs; a step that cannot be made what it stands for stays, and says why when it is bound.

    Args:
        flow: the flow.
        only: the one step to expand; all by default.
    """
    if not any(map(_unexpanded, flow.steps.values())):
        return Expansion(flow)
    making = _Making(flow)
    for id, step in flow.steps.items():
        if not _unexpanded(step) or only not in (None, id):
            making.steps[id] = step
        elif step.transform == RECIPE:
            making.recipe(id, step)
        else:
            making.source_info(id, step)
    return making.expansion()


@dataclass
class _Making:
    flow: Flow
    steps: dict[str, Step] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    inside: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)

    def recipe(self, id: str, step: Step) -> None:
        """The steps of a recipe before the step that uses it."""
        if step.disabled:
            recipe = self.flow.recipes.get(str(step.params.get("recipe")))
            self.steps[id] = _with(step, tables=list(recipe.outputs)) if recipe else step
            return
        made = steps_of(id, step, self.flow.recipes)
        if isinstance(made, str):
            self.steps[id] = _with(step, trouble=made)
            return
        for each, inner in made.steps.items():
            if _unexpanded(inner) and inner.transform == SOURCE_INFO:
                self.source_info(each, inner)
            else:
                self.steps[each] = inner
        self.inside |= dict.fromkeys(made.steps, id)
        self.outputs |= {f"{id}.{name}": reference for name, reference in made.outputs.items()}
        self.outputs[id] = next(iter(made.outputs.values()))
        handing_on = {"inputs": tuple(made.outputs.values())}
        self.steps[id] = _with(step, tables=list(made.outputs)).model_copy(update=handing_on)

    def source_info(self, id: str, step: Step) -> None:
        """The source once more, read with facts about it."""
        source = self.flow.sources.get(node_of(step.inputs[0])) if len(step.inputs) == 1 else None
        if source is None or step.disabled:
            self.steps[id] = step
            return
        again = f"{id}__source"
        self.inside[again] = id
        wanted = [str(each) for each in step.params.get("fields") or ("file_name",)]
        columns = {fact: f"{step.params.get('prefix', '')}{fact}" for fact in wanted if fact in DTYPES}
        facts = SourceFacts(columns=columns, dataset=node_of(step.inputs[0]))
        self.sources[again] = source.model_copy(update={"facts": facts})
        self.outputs[id] = again
        self.steps[id] = _with(step, read=True).model_copy(update={"inputs": (again,)})

    def expansion(self) -> Expansion:
        found = Expansion(self.flow, self.inside, self.outputs)
        steps = {
            id: step.model_copy(update={"inputs": tuple(map(found.where, step.inputs))})
            for id, step in self.steps.items()
        }
        sources = {**self.flow.sources, **self.sources}
        nodes = {"sources": sources, "steps": steps, **ends(self.flow, found.where)}
        return replace(found, flow=self.flow.model_copy(update=nodes))


def ends(flow: Flow, point: Callable[[str], str]) -> dict[str, Any]:
    """The analyses and destinations of a flow, each taking the rows that ``point`` gives for those it took."""
    return {
        "analyses": {id: each.model_copy(update={"input": point(each.input)}) for id, each in flow.analyses.items()},
        "destinations": {
            id: each.model_copy(update={"input": point(each.input)}) for id, each in flow.destinations.items()
        },
    }


def _unexpanded(step: Step) -> bool:
    done = {RECIPE: "tables", SOURCE_INFO: "read"}.get(step.transform)
    return done is not None and not step.params.get(done)


def _with(step: Step, **params: Any) -> Step:
    return step.model_copy(update={"params": {**step.params, **params}})
