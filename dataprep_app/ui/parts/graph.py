"""A flow as the nodes and edges that the canvas draws, and what people do on the canvas as edits of the flow.

Plain functions of plain data: the canvas view calls them, tests do too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from dataprep_app.recipe_library import recipe_of, size
from dataprep_app.ui.components.flow_canvas.layout import placed, tidy
from dataprep_app.ui.parts.chain import step_title
from dataprep_app.ui.parts.problem_words import JOIN, in_words
from dataprep_app.workspace import Dataset
from flows import edits
from flows.document import Flow, Step, node_of, output_of
from flows.problems import Checked
from flows.recipes import RECIPE
from transforms.catalog import UnknownTransform, catalog
from transforms.core.transform import Transform

STEP_MENU: tuple[Any, ...] = (
    {"id": "add", "label": "Add transform"},
    {"id": "join", "label": "Join with another node"},
    {"id": "insights", "label": "Get data insights"},
    {"id": "analysis", "label": "Add analysis"},
    "-",
    {"id": "model", "label": "Create model"},
    {"id": "destination", "label": "Add destination"},
    "-",
    {"id": "data", "label": "Open data"},
    {"id": "delete", "label": "Delete"},
)
MENUS = {"rows": STEP_MENU}


@dataclass(frozen=True)
class Edit:
    """An edit of a flow, with what the undo button says of it."""

    label: str
    flow: Flow
    select: tuple[str, ...] = ()
    """Nodes to select after it."""


def nodes(flow: Flow, checked: Checked) -> list[dict[str, Any]]:
    """Every node as the canvas takes it, each at its place."""
    wires = [(node_of(source), target) for source, target, _ in _wires(flow)]
    places = placed([*flow.sources, *flow.steps, *flow.destinations], wires, flow.layout)
    found = [*_sources(flow, checked), *_steps(flow, checked), *_destinations(flow, checked)]
    return [{**each, "x": places[each["id"]][0], "y": places[each["id"]][1]} for each in found]


def edges(flow: Flow) -> list[dict[str, Any]]:
    """Every wire as the canvas takes it."""
    return [
        {
            "id": f"{target}:{place}",
            "source": node_of(source),
            "output": output_of(source),
            "target": target,
            "port": _ports(flow, target)[place] if place < len(_ports(flow, target)) else "",
        }
        for source, target, place in _wires(flow)
    ]


def dropped(flow: Flow, event: Mapping[str, Any], dataset: Dataset) -> Edit:
    """A dataset let go on the canvas, or on a node to be joined with it."""
    id = edits.new_id(flow, dataset.id)
    longer = edits.add_source(flow, id, dataset.source())
    if event.get("x") is not None and flow.layout:
        longer = edits.place(longer, {id: (event["x"], event["y"])})
    if event.get("on") in flow:
        return joined(longer, event["on"], id)
    return Edit(f"Add {dataset.label}", longer, (id,))


def moved(flow: Flow, event: Mapping[str, Any]) -> Edit:
    """Nodes moved on the canvas, or one let go on another to be joined with it."""
    if event.get("onto") in flow and event.get("node") in flow:
        return joined(flow, event["onto"], event["node"])
    # Where people place one node, the others stay where they were seen.
    wires = [(node_of(source), target) for source, target, _ in _wires(flow)]
    places = placed([*flow.sources, *flow.steps, *flow.destinations], wires, flow.layout)
    places |= {each["id"]: (each["x"], each["y"]) for each in event["nodes"] if each["id"] in flow}
    return Edit("Move", edits.place(flow, places))


def tidied(flow: Flow) -> Edit:
    """All nodes in layers again."""
    wires = [(node_of(source), target) for source, target, _ in _wires(flow)]
    order = [*flow.sources, *flow.steps, *flow.destinations]
    return Edit("Tidy up", flow.model_copy(update={"layout": tidy(order, wires)}))


def connected(flow: Flow, event: Mapping[str, Any]) -> Edit:
    """A line drawn from an output to an input; onto the taken inputs of a join, it takes their place."""
    source, target = event["source"], event["target"]
    outputs = _outputs(flow, source)
    reference = f"{source}.{event['output']}" if len(outputs) > 1 else source
    ports = _ports(flow, target)
    place = ports.index(event["port"]) if event["port"] in ports else 0
    if target in flow.steps:
        place = min(place, len(flow.steps[target].inputs))
    return Edit("Connect", edits.connect(flow, reference, target, place), (target,))


def deleted(flow: Flow, event: Mapping[str, Any]) -> Edit:
    """Nodes and wires taken away; what took the rows of a step takes those of its first input instead."""
    shorter = flow
    for wire in event["edges"]:
        id, _, place = wire.rpartition(":")
        if id in shorter.steps:
            shorter = edits.disconnect(shorter, id, int(place))
        elif id in shorter.destinations:
            shorter = edits.remove(shorter, id)
    known = [each for each in event["nodes"] if each in shorter]
    for id in sorted(known, key=lambda each: each in flow.sources):
        shorter = (
            edits.remove(shorter, id) if id not in shorter.steps or shorter.steps[id].inputs else _cut(shorter, id)
        )
    what = "the connection" if not known else known[0] if len(known) == 1 else f"{len(known)} nodes"
    return Edit(f"Delete {what}", shorter)


def pasted(flow: Flow, ids: Sequence[str]) -> Edit:
    """Copies of steps, wired as the originals are."""
    longer, names = edits.copy_steps(flow, ids)
    return Edit(f"Paste {len(names)} {'step' if len(names) == 1 else 'steps'}", longer, names)


def joined(flow: Flow, left: str, right: str) -> Edit:
    """A join of two tables, whose keys are still to be chosen."""
    id = edits.new_id(flow, "joined")
    return Edit("Join", edits.add_draft(flow, id, JOIN, [left, right], {}), (id,))


def _cut(flow: Flow, id: str) -> Flow:
    """The flow without a step that takes no rows, and without the wires to it."""
    steps = {
        each: step.model_copy(update={"inputs": tuple(one for one in step.inputs if node_of(one) != id)})
        for each, step in flow.steps.items()
        if each != id
    }
    kept = {each: one for each, one in flow.destinations.items() if node_of(one.input) != id}
    layout = {each: place for each, place in flow.layout.items() if each != id}
    return flow.model_copy(update={"steps": steps, "destinations": kept, "layout": layout})


def _wires(flow: Flow) -> Iterator[tuple[str, str, int]]:
    for id, step in flow.steps.items():
        yield from ((each, id, place) for place, each in enumerate(step.inputs) if node_of(each) in flow)
    yield from ((each.input, id, 0) for id, each in flow.destinations.items() if node_of(each.input) in flow)


def _kind(step: Step) -> type[Transform] | None:
    try:
        return catalog()[step.transform]
    except UnknownTransform:
        return None


def _ports(flow: Flow, id: str) -> list[str]:
    if id not in flow.steps:
        return ["table"]
    kind, step = _kind(flow.steps[id]), flow.steps[id]
    if (recipe := recipe_of(flow, step)) is not None:
        return [each.replace("_", " ") for each in recipe.inputs]
    names = list(kind.inputs) if kind else ["table"]
    if names[-1] == "*":
        fixed = names[:-1]
        count = max(len(step.inputs) + 1, len(names))
        names = [*fixed, *(f"table {i + 1}" for i in range(len(fixed), count))]
    return names


def _outputs(flow: Flow, id: str) -> list[str]:
    """Names of what comes out of a node, as far as the flow alone tells."""
    if id not in flow.steps:
        return ["table"]
    if (recipe := recipe_of(flow, flow.steps[id])) is not None:
        return list(recipe.outputs)
    kind = _kind(flow.steps[id])
    return list(kind.outputs) if kind else ["table"]


def _status(flow: Flow, id: str, checked: Checked) -> dict[str, str]:
    mine = in_words(flow, (each for each in checked.problems if each.step == id))
    errors = [each for each in mine if each.severity == "error"]
    if errors:
        return {"status": "error", "problem": f"{errors[0].found} {errors[0].advice}".strip()}
    if mine:
        return {"status": "warn", "problem": mine[0].found}
    return {}


def _sources(flow: Flow, checked: Checked) -> Iterator[dict[str, Any]]:
    for id, source in flow.sources.items():
        schema = checked.prediction.schemas.get(id)
        title = str(source.params.get("path") or source.params.get("table") or id).rsplit("/", 1)[-1]
        sub = f"{source.connector} · {_columns(schema)}" if schema is not None else source.connector
        yield {
            "id": id,
            "kind": "source",
            "title": title,
            "sub": sub,
            "inputs": [],
            "outputs": ["table"],
            "menu": "rows",
            **_status(flow, id, checked),
        }


def _steps(flow: Flow, checked: Checked) -> Iterator[dict[str, Any]]:
    for id, step in flow.steps.items():
        bound, recipe = checked.prediction.bound.get(id), recipe_of(flow, step)
        outputs = list(bound.output_names) if bound else _outputs(flow, id)
        yield {
            "id": id,
            "kind": _looks(step, outputs),
            "title": step_title(flow, step),
            "sub": step.note or (size(recipe) if recipe else said(step)) or id,
            "inputs": _ports(flow, id),
            "outputs": outputs,
            "menu": "rows",
            **({"status": "off"} if step.disabled else _status(flow, id, checked)),
        }


def _looks(step: Step, outputs: Sequence[str]) -> str:
    """The kind of picture that a step has."""
    kind = _kind(step)
    if step.transform == RECIPE:
        return "recipe"
    if len(step.inputs) > 1 or (kind and len(kind.inputs) > 1):
        return "join"
    return "split" if len(outputs) > 1 else "step"


def _destinations(flow: Flow, checked: Checked) -> Iterator[dict[str, Any]]:
    for id, each in flow.destinations.items():
        title = str(each.params.get("path") or each.params.get("table") or id).rsplit("/", 1)[-1]
        yield {
            "id": id,
            "kind": "destination",
            "title": title,
            "sub": f"Write {each.connector}",
            "inputs": ["table"],
            "outputs": [],
            "menu": "",
            **_status(flow, id, checked),
        }


def said(step: Step) -> str:
    """The settings of a step in a few words: the columns it is about."""
    for name in ("columns", "column", "target", "by", "left_on"):
        value = step.params.get(name)
        if isinstance(value, str):
            return value
        if isinstance(value, list | tuple) and value:
            names = [each["column"] if isinstance(each, dict) else str(each) for each in value]
            return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        if isinstance(value, dict):
            kind = value.get("type", "all")
            rest = value.get("except") or []
            return f"{kind} columns" + (f" but {', '.join(rest[:2])}" if rest else "")
    return ""


def _columns(schema: pl.Schema) -> str:
    return f"{len(schema)} columns"
