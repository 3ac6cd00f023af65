"""Which columns of the sources a prediction needs."""

from __future__ import annotations

from collections.abc import Iterable

from flows.document import Flow, node_of
from flows.lineage import Origin, parents
from flows.planning import Plan
from flows.schemas import Prediction


def needed_columns(flow: Flow, plan: Plan, reference: str, features: Iterable[str], target: str) -> dict[str, set[str]]:
    """Columns by source: those that features come from, and those that a step reads, but for the target's own.

    Args:
        flow: the flow up to the table.
        plan: the flow planned for scoring.
        reference: the table that features are taken from.
        features: columns that the model uses.
        target: the column that is predicted; what only it comes from may be missing.
    """
    ran = {id: each for id, each in plan.steps.items() if not each.skipped}
    steps = {id: each if id in ran else each.model_copy(update={"disabled": True}) for id, each in flow.steps.items()}
    passed = flow.model_copy(update={"steps": steps})
    known = Prediction(
        schemas={each: table.schema for each, table in plan.tables.items()},
        bound={id: each.transform for id, each in ran.items()},
        learned={id: each.learned for id, each in ran.items() if each.learned is not None},
    )
    above = parents(passed, known)
    used = _sources(passed, above, (Origin(reference, each) for each in features))
    own = _sources(
        passed, above, (Origin(reference, each) for each in (target,) if each in plan.table(reference).schema)
    )
    read = (
        Origin(input, column)
        for id, each in ran.items()
        for table, input in enumerate(flow.steps[id].inputs)
        for column in each.transform.columns_read(table)
    )
    wanted = used | (_sources(passed, above, read) - own)
    found: dict[str, set[str]] = {}
    for each in wanted:
        found.setdefault(node_of(each.node), set()).add(each.column)
    return found


def _sources(flow: Flow, above: dict[Origin, frozenset[Origin]], columns: Iterable[Origin]) -> set[Origin]:
    waiting, seen = list(columns), set[Origin]()
    while waiting:
        each = waiting.pop()
        if each not in seen:
            seen.add(each)
            waiting += above.get(each, frozenset())
    return {each for each in seen if each.node in flow.sources}
