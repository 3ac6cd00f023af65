"""Drafts made into a plan: each step checked against the table as it is at this point of the chain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dataprep_app.chat.explain import line
from dataprep_app.chat.patterns import Ask, Draft, Unreadable
from dataprep_app.chat.table import ColumnFacts, TableFacts
from dataprep_app.chat.turn import PlanResult, PlanStep

if TYPE_CHECKING:
    import polars as pl

    from transforms.core.transform import Transform


def checked(drafts: Sequence[Draft], table: TableFacts) -> tuple[PlanResult, TableFacts]:
    """The plan, and what is known of the table after it.

    Raises:
        Unreadable: settings that no step of this kind takes.
        Ask: a column does not fit the step.
    """
    steps: list[PlanStep] = []
    notes: list[str] = []
    for draft in drafts:
        step, bound = _step(draft, table)
        steps.append(step)
        notes += draft.notes
        table = after(bound, table)
    return PlanResult(tuple(steps), tuple(dict.fromkeys(notes))), table


def joined(plans: Sequence[PlanResult]) -> PlanResult:
    """Several plans as one."""
    steps = tuple(step for each in plans for step in each.steps)
    notes = tuple(dict.fromkeys(note for each in plans for note in each.assumptions))
    return PlanResult(steps, notes, tuple(warning for each in plans for warning in each.warnings))


def _step(draft: Draft, table: TableFacts) -> tuple[PlanStep, Transform]:
    from pydantic import ValidationError

    from transforms.catalog import catalog

    kind = catalog()[draft.transform]
    try:
        made = kind.model_validate(dict(draft.params))
    except ValidationError as error:
        if draft.params.get("columns") in ([], ()):
            raise Ask("column", f"No column of this table fits {kind.title!r}.") from error
        said = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        raise Unreadable(f"{kind.title}: {said}") from error
    bound, problems = made.try_bind(table.schema)
    wrong = next((each for each in problems if each.severity == "error"), None)
    if wrong is not None:
        raise Ask("type", f"{kind.title}: {wrong.found} {wrong.advice}".strip())
    params = made.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return PlanStep(draft.transform, params, draft.assumed, draft.chosen, line(bound)), bound


def after(bound: Transform, table: TableFacts) -> TableFacts:
    """What is known of the table that a step makes; the table as it was where rows are needed to tell."""
    from flows.steps import fitted_on_nothing, output_schemas
    from transforms.core.errors import DataprepError

    try:
        learned = fitted_on_nothing(bound, [table.schema]) if bound.learned_type() is not None else None
        schema = next(iter(output_schemas(bound, [table.schema], learned).values()))
    except DataprepError:
        return table
    return TableFacts(table.name, table.rows, tuple(_facts(name, dtype, table) for name, dtype in schema.items()))


def _facts(name: str, dtype: pl.DataType, table: TableFacts) -> ColumnFacts:
    from transforms.core.dtypes import type_name

    known = table.by_name.get(name)
    if known is not None and table.schema[name] == dtype:
        return known
    return ColumnFacts(name, type_name(dtype), dtype=dtype)
