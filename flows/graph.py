"""The order in which the nodes of a flow are computed."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter

from flows.document import Flow, node_of
from transforms.core.errors import DataprepError


class CycleInFlowError(DataprepError):
    """Steps of a flow take each other's rows in a circle."""


def run_order(flow: Flow, targets: Iterable[str] | None = None) -> list[str]:
    """Sources and steps, each after its inputs; only what the targets need when some are given.

    Raises:
        CycleInFlowError: some steps wait for each other.
    """
    inputs = {id: [node_of(each) for each in step.inputs] for id, step in flow.steps.items()}
    inputs |= {id: [] for id in flow.sources}
    try:
        order = [id for id in TopologicalSorter(inputs).static_order() if id in inputs]
    except CycleError as error:
        raise CycleInFlowError(
            f"These steps take each other's rows in a circle: {' -> '.join(error.args[1])}. Rewire one of them."
        ) from error
    if targets is None:
        return order
    needed: set[str] = set()
    waiting = [node_of(each) for each in targets]
    while waiting:
        id = waiting.pop()
        if id not in needed:
            needed.add(id)
            waiting += inputs.get(id, [])
    return [id for id in order if id in needed]
