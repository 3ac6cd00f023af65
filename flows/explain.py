"""How a flow would run: its steps, what each learns and adds, and the engine's own plan."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from flows.document import Flow
from flows.engines.start import EngineName
from flows.expansion import expanded
from flows.graph import run_order
from flows.problems import Checked
from transforms.catalog import catalog
from transforms.core.dtypes import type_name
from transforms.core.relations import MapRows, Relation, Source
from transforms.core.transform import FittedTransform, RowTransform

HOW: dict[EngineName, str] = {
    "polars": "One streaming query writes all destinations; what they share is computed once:",
    "spark": (
        "Spark runs the relations; each line of rows is one pass of polars in the executors, fused with the reading of "
        "its source where it stands on one:"
    ),
}


def explained(flow: Flow, checked: Checked, engine: EngineName) -> Iterator[str]:
    """A line or two for each node, in the order in which a run computes them."""
    flow = expanded(flow).flow
    schemas, bound = checked.prediction.schemas, checked.prediction.bound
    for id in run_order(flow):
        if id in flow.sources:
            yield f"{id}: reads {flow.sources[id].connector}, {_width(schemas.get(id))}"
            continue
        step = flow.steps[id]
        kind = catalog()[step.transform]
        how = "row by row" if issubclass(kind, RowTransform | FittedTransform) else "tables together"
        fits = ", learns from all rows first" if kind.learned_type() else ""
        training = ", training only" if kind.training_only else ""
        off = " (disabled)" if step.disabled else ""
        yield f"{id}: {kind.title} of {', '.join(step.inputs)}; {how}{fits}{training}{off}"
        if id in schemas and step.inputs and step.inputs[0] in schemas:
            change = _change(schemas[step.inputs[0]], schemas[id])
            more = "; more columns once it has learned" if id in checked.prediction.open and id in bound else ""
            yield f"    {_width(schemas[id])}{change}{more}"
    yield from _staging(flow, checked, engine)


def planned(flow: Flow, checked: Checked) -> dict[str, Relation]:
    """The relation behind each node, by reference, as far as it is known before a run."""
    tables: dict[str, Relation] = {}
    for id in run_order(flow):
        if id in flow.sources:
            tables[id] = Source(id)
        elif id in checked.prediction.bound and all(each in tables for each in flow.steps[id].inputs):
            bound = checked.prediction.bound[id]
            inputs = [tables[each] for each in flow.steps[id].inputs]
            made = bound.plan(*inputs, learned=checked.prediction.learned.get(id))
            outputs = made if isinstance(made, tuple) else (made,)
            tables[id] = outputs[0]
            tables |= {f"{id}.{name}": each for name, each in zip(bound.output_names, outputs, strict=True)}
    return tables


def _staging(flow: Flow, checked: Checked, engine: EngineName) -> Iterator[str]:
    """The relations behind each destination, as the engine is given them."""
    tables = planned(flow, checked)
    yield ""
    yield HOW[engine]
    for id, destination in flow.destinations.items():
        yield f"{id}:"
        relation = tables.get(destination.input)
        lines = _stages(relation, 1, set()) if relation else iter(["  known once the steps before it have run"])
        yield from lines


def _stages(relation: Relation, depth: int, seen: set[Relation]) -> Iterator[str]:
    """A relation as an indented tree, outermost first; row-wise steps that are fused share a line."""
    names: list[str] = []
    while isinstance(relation, MapRows):
        names.insert(0, getattr(type(relation.step), "title", type(relation.step).__name__))
        relation = relation.table
    if names:
        yield f"{'  ' * depth}rows: {' > '.join(names)}"
        depth += 1
    again = " (as above)" if relation in seen else ""
    yield f"{'  ' * depth}{type(relation).__name__} {getattr(relation, 'name', '')}".rstrip() + again
    if again:
        return
    seen.add(relation)
    for each in vars(relation).values():
        for below in each if isinstance(each, tuple) else (each,):
            if isinstance(below, Relation):
                yield from _stages(below, depth + 1, seen)


def _width(schema: pl.Schema | None) -> str:
    return "columns unknown" if schema is None else f"{len(schema)} columns"


def _change(before: pl.Schema, after: pl.Schema) -> str:
    new = [f"{name} ({type_name(dtype)})" for name, dtype in after.items() if name not in before]
    gone = [name for name in before if name not in after]
    retyped = [
        f"{name} ({type_name(before[name])} to {type_name(dtype)})"
        for name, dtype in after.items()
        if name in before and before[name] != dtype
    ]
    parts = [("new", new), ("gone", gone), ("changed", retyped)]
    return "".join(f"; {what}: {_some(names)}" for what, names in parts if names)


def _some(names: list[str], shown: int = 6) -> str:
    return ", ".join(names[:shown]) + (f" and {len(names) - shown} more" if len(names) > shown else "")
