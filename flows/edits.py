"""Edits of a flow: pure functions from a flow to a new one.

None of them can fail half-way, and all are undone by keeping the flow they were given
(:class:`flows.history.History`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from flows.document import Destination, Flow, Parameter, Source, Step, node_of
from flows.graph import CycleInFlowError, run_order
from transforms.catalog import catalog
from transforms.core.errors import DataprepError, did_you_mean


class EditError(DataprepError):
    """An edit that cannot be made; the flow is unchanged."""


def new_id(flow: Flow, wish: str) -> str:
    """A free id close to a wished name: ``Loans (1).csv`` becomes ``loans_1_csv``, then ``loans_1_csv_2``."""
    base = re.sub(r"[^a-z0-9]+", "_", wish.lower()).strip("_") or "node"
    free, n = base, 2
    while free in flow:
        free, n = f"{base}_{n}", n + 1
    return free


def add_source(flow: Flow, id: str, source: Source) -> Flow:
    """The flow with a source added."""
    return _checked(flow, sources={**flow.sources, _free(flow, id): source})


def add_step(
    flow: Flow, id: str, transform: str, inputs: Sequence[str], params: Mapping[str, Any] | None = None
) -> Flow:
    """The flow with a step added at the end of its inputs, all its params written out.

    Raises:
        EditError: the id is taken or an input is not there.
        pydantic.ValidationError: the params are not valid.
    """
    for each in inputs:
        _known(flow, each)
    kind = catalog()[transform]
    settings = kind.model_validate(dict(params or {})).model_dump(mode="json", by_alias=True)
    step = Step(transform=transform, version=kind.version, inputs=tuple(inputs), params=settings)
    return _checked(flow, steps={**flow.steps, _free(flow, id): step})


def add_draft(
    flow: Flow, id: str, transform: str, inputs: Sequence[str], params: Mapping[str, Any] | None = None
) -> Flow:
    """The flow with a step whose settings are still to be made; until then they are a problem of the flow."""
    for each in inputs:
        _known(flow, each)
    kind = catalog()[transform]
    step = Step(transform=transform, version=kind.version, inputs=tuple(inputs), params=dict(params or {}))
    return _checked(flow, steps={**flow.steps, _free(flow, id): step})


def connect(flow: Flow, reference: str, id: str, place: int) -> Flow:
    """The flow with an output wired to an input of a step or a destination.

    Args:
        flow: the flow.
        reference: the output, ``"split.test"``.
        id: the node that takes its rows.
        place: which input; one past the last adds one.

    Raises:
        EditError: a node is not there, or the rows would flow in a circle.
    """
    _known(flow, reference)
    if id in flow.destinations:
        return _checked(
            flow,
            destinations={**flow.destinations, id: flow.destinations[id].model_copy(update={"input": reference})},
        )
    inputs = list(_step(flow, id).inputs)
    inputs[place : place + 1] = [reference]
    wired = _checked(flow, steps={**flow.steps, id: flow.steps[id].model_copy(update={"inputs": tuple(inputs)})})
    try:
        run_order(wired)
    except CycleInFlowError as error:
        raise EditError(f"{reference!r} cannot feed {id!r}: {error}") from error
    return wired


def disconnect(flow: Flow, id: str, place: int) -> Flow:
    """The flow with an input of a step left open."""
    inputs = list(_step(flow, id).inputs)
    del inputs[place : place + 1]
    return _checked(flow, steps={**flow.steps, id: flow.steps[id].model_copy(update={"inputs": tuple(inputs)})})


def insert_step(flow: Flow, id: str, transform: str, after: str, params: Mapping[str, Any] | None = None) -> Flow:
    """The flow with a step put between a node and everything that takes its rows."""
    users = set(flow.users(node_of(after)))
    longer = add_step(flow, id, transform, (after,), params)
    return _rewired(longer, after, id, users)


def change_step(flow: Flow, id: str, **changes: Any) -> Flow:
    """The flow with some of ``params``, ``inputs``, ``disabled``, ``note`` of a step changed."""
    step = _step(flow, id)
    if "params" in changes:
        kind = catalog()[step.transform]
        changes["params"] = kind.model_validate(changes["params"]).model_dump(mode="json", by_alias=True)
        changes["version"] = kind.version
    for each in changes.get("inputs", ()):
        _known(flow, each)
    changed = Step.model_validate({**step.model_dump(), **changes})
    return _checked(flow, steps={**flow.steps, id: changed})


def remove(flow: Flow, id: str) -> Flow:
    """The flow without a node; what took its rows takes those of its first input instead.

    Raises:
        EditError: it is a source that is in use.
    """
    if id in flow.steps:
        bridged = _rewired(flow, id, flow.steps[id].inputs[0], set(flow.users(id)))
        return _without(bridged, id)
    users = list(flow.users(id))
    if users:
        raise EditError(f"Source {id!r} is used by {', '.join(map(repr, users))}. Remove or rewire those first.")
    return _without(flow, id)


def rename(flow: Flow, id: str, to: str) -> Flow:
    """The flow with a node under another id, order and wiring kept."""
    _known(flow, id)
    if to == id:
        return flow
    _free(flow, to)

    def renamed(nodes: Mapping[str, Any]) -> dict[str, Any]:
        return {to if each == id else each: node for each, node in nodes.items()}

    moved = _checked(
        flow,
        sources=renamed(flow.sources),
        steps=renamed(flow.steps),
        analyses=renamed(flow.analyses),
        destinations=renamed(flow.destinations),
        layout=renamed(flow.layout),
    )
    return _rewired(moved, id, to, set(moved.users(id)))


def duplicate(flow: Flow, id: str) -> Flow:
    """The flow with a copy of a step beside it, on the same inputs."""
    return _checked(flow, steps={**flow.steps, new_id(flow, id): _step(flow, id)})


def copy_steps(flow: Flow, ids: Sequence[str]) -> tuple[Flow, tuple[str, ...]]:
    """The flow with copies of several steps, wired among each other as the originals are; the new ids."""
    names: dict[str, str] = {}
    longer = flow
    for id in (each for each in flow.steps if each in ids):
        step = flow.steps[id]
        inputs = tuple(
            f"{names[node_of(each)]}{each[len(node_of(each)) :]}" if node_of(each) in names else each
            for each in step.inputs
        )
        names[id] = new_id(longer, id)
        longer = _checked(longer, steps={**longer.steps, names[id]: step.model_copy(update={"inputs": inputs})})
    return longer, tuple(names.values())


def add_destination(flow: Flow, id: str, destination: Destination) -> Flow:
    """The flow with a destination added."""
    _known(flow, destination.input)
    return _checked(flow, destinations={**flow.destinations, _free(flow, id): destination})


def set_parameter(flow: Flow, name: str, parameter: Parameter) -> Flow:
    """The flow with a parameter added or changed."""
    return _checked(flow, parameters={**flow.parameters, name: parameter})


def place(flow: Flow, positions: Mapping[str, tuple[int, int]]) -> Flow:
    """The flow with nodes moved on the canvas."""
    return _checked(flow, layout={**flow.layout, **positions})


def _checked(flow: Flow, **changes: Any) -> Flow:
    return Flow.model_validate({**dict(flow), **changes})


def _free(flow: Flow, id: str) -> str:
    if id in flow:
        raise EditError(f"There is a node {id!r} already. Choose another id, such as {new_id(flow, id)!r}.")
    return id


def _known(flow: Flow, reference: str) -> None:
    if node_of(reference) not in flow:
        raise EditError(
            f"There is no node {node_of(reference)!r}. {did_you_mean(reference, [*flow.sources, *flow.steps])}"
        )


def _step(flow: Flow, id: str) -> Step:
    if id not in flow.steps:
        raise EditError(f"There is no step {id!r}. {did_you_mean(id, flow.steps)}")
    return flow.steps[id]


def _without(flow: Flow, id: str) -> Flow:
    def rest(nodes: Mapping[str, Any]) -> dict[str, Any]:
        return {each: node for each, node in nodes.items() if each != id}

    return _checked(
        flow,
        sources=rest(flow.sources),
        steps=rest(flow.steps),
        analyses=rest(flow.analyses),
        destinations=rest(flow.destinations),
        layout=rest(flow.layout),
    )


def _rewired(flow: Flow, old: str, new: str, users: set[str]) -> Flow:
    """References to ``old`` (a node, all its outputs, or one output) point to ``new`` in the given nodes."""

    def point(reference: str) -> str:
        if reference == old:
            return new
        if "." not in old and node_of(reference) == old:
            return new if "." in new else f"{new}.{reference.partition('.')[2]}" if new not in flow.sources else new
        return reference

    steps = {
        id: each.model_copy(update={"inputs": tuple(map(point, each.inputs))}) if id in users else each
        for id, each in flow.steps.items()
    }
    analyses = {
        id: each.model_copy(update={"input": point(each.input)}) if id in users else each
        for id, each in flow.analyses.items()
    }
    destinations = {
        id: each.model_copy(update={"input": point(each.input)}) if id in users else each
        for id, each in flow.destinations.items()
    }
    return _checked(flow, steps=steps, analyses=analyses, destinations=destinations)
