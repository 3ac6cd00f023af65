"""Which columns a column comes from, through every step, without touching rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flows.document import Flow
from flows.expansion import expanded
from flows.graph import run_order
from flows.schemas import Prediction
from transforms.core.transform import Transform


@dataclass(frozen=True, order=True)
class Origin:
    """A column of a node."""

    node: str
    column: str


def parents(flow: Flow, prediction: Prediction) -> dict[Origin, frozenset[Origin]]:
    """For every column of every step, the columns of its inputs that it is made of.

    A column that passes through unchanged has itself as its only parent. Where a step does not say
    which of the columns it reads end up where, all of them are parents of each new column.
    """
    found: dict[Origin, frozenset[Origin]] = {}
    flow = expanded(flow).flow
    for id in run_order(flow):
        step = flow.steps.get(id)
        if step is None or id not in prediction.schemas:
            continue
        inputs = [(reference, prediction.schemas[reference]) for reference in step.inputs]
        bound = None if step.disabled else prediction.bound.get(id)
        known = bound.lineage(prediction.learned.get(id)) if bound else {}
        for reference in [each for each in prediction.schemas if each == id or each.startswith(f"{id}.")]:
            for column in prediction.schemas[reference]:
                found[Origin(reference, column)] = _parents_of(column, bound, known, inputs)
    return found


def origins(flow: Flow, prediction: Prediction, reference: str, column: str) -> frozenset[Origin]:
    """The source columns that a column comes from in the end."""
    flow = expanded(flow).flow
    table = parents(flow, prediction)
    waiting, seen, found = [Origin(reference, column)], set[Origin](), set[Origin]()
    while waiting:
        each = waiting.pop()
        if each in seen:
            continue
        seen.add(each)
        if each.node in flow.sources:
            found.add(each)
        waiting += table.get(each, frozenset())
    return frozenset(found)


def _parents_of(
    column: str,
    bound: Transform | None,
    known: Mapping[str, frozenset[str]] | None,
    inputs: Sequence[tuple[str, Mapping[str, object]]],
) -> frozenset[Origin]:
    first, schema = inputs[0]
    if bound is None:
        return frozenset({Origin(first, column)})
    if known is not None and column in known:
        return frozenset(Origin(first, each) for each in known[column])
    same = frozenset(Origin(reference, column) for reference, columns in inputs if column in columns)
    if same and (known is not None or column not in set(bound.columns_read())):
        return same
    renamed = _renamed(column, bound, inputs[1:])
    if renamed:
        return renamed
    read = {
        Origin(reference, each)
        for table, (reference, columns) in enumerate(inputs)
        for each in bound.columns_read(table)
        if each in columns
    }
    return frozenset(read | same) or frozenset(Origin(first, each) for each in schema)


def _renamed(column: str, bound: Transform, others: Sequence[tuple[str, Mapping[str, object]]]) -> frozenset[Origin]:
    """Columns of further inputs under the name they had before a suffix told them from those of the first."""
    suffix = getattr(bound, "suffix", "")
    while suffix and others and column.endswith(suffix):
        column = column.removesuffix(suffix)
        found = frozenset(Origin(reference, column) for reference, columns in others if column in columns)
        if found:
            return found
    return frozenset()
