"""Which source or step it is whose rows cannot be computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from flows.document import Flow, node_of
from flows.engines.base import Engine
from flows.engines.errors import CANNOT, RowsError
from transforms.core.columns import column as exactly
from transforms.core.errors import StepError
from transforms.core.statistics import CountWhere

if TYPE_CHECKING:
    from flows.planning import Plan, Table


def placed(error: RowsError, flow: Flow, plan: Plan, engine: Engine, asking: str = "") -> StepError:
    """An error of rows that cannot be computed, with the source or step whose rows those are.

    An engine computes all steps at once, so the first that fails is found by computing again ever fewer of them.

    Args:
        error: what the engine said.
        flow: the flow that runs.
        plan: as far as it is planned.
        engine: the engine.
        asking: the step that wanted to learn from the rows, at fault when all that is planned can be computed.
    """
    nodes: dict[str, list[Table]] = {}
    for reference, table in plan.tables.items():
        nodes.setdefault(node_of(reference), []).append(table)
    name = _first_failing([list(each) for each in nodes.values()], list(nodes), engine)
    if name in flow.sources:
        path = flow.sources[name].params.get("path")
        where = f'Source "{name}"{f" ({path})" if path else ""}'
        return StepError(f"{where} cannot be read: {str(error).removeprefix(CANNOT)} Write it anew if it is damaged.")
    step = plan.steps.get(name)
    where = f'Step "{name}" ({step.transform.title})' if step else asking
    return StepError(f"{where}: {error}" if where else str(error))


def _first_failing(nodes: list[list[Table]], names: list[str], engine: Engine) -> str:
    """The name of the first node that cannot be computed; empty when all can be."""

    def computes(number: int) -> bool:
        tables = {table.relation: table for node in nodes[:number] for table in node}
        try:
            # Whether any value is missing is known only once all of them are there.
            engine.measure([(each, [CountWhere(_any_missing(table))]) for each, table in tables.items()])
        except RowsError:
            return False
        return True

    if computes(len(nodes)):
        return ""
    fine, failing = 0, len(nodes)
    while failing - fine > 1:
        middle = (fine + failing) // 2
        fine, failing = (middle, failing) if computes(middle) else (fine, middle)
    return names[failing - 1]


def _any_missing(table: Table) -> pl.Expr:
    return pl.any_horizontal(pl.lit(value=False), *(exactly(name).is_null() for name in table.schema))
