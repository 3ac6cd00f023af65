"""Values that steps lose or refuse: counted in every run, and shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from flows.engines.base import Engine
from flows.planning import Plan, Table
from flows.result import FailureResult, RejectsResult
from transforms.core.columns import column as exactly
from transforms.core.errors import StepError
from transforms.core.rowwise import rows_to_count
from transforms.core.statistics import ValueCounts
from transforms.core.transform import Failure

SAMPLES = 5
LONGEST = 200
"""Characters of a value that are shown."""


@dataclass(frozen=True)
class Check:
    """Failures of one step that a run counts."""

    step: str
    failure: Failure
    table: Table
    """The first input of the step, or a table between it and what comes out."""


def checks(plan: Plan, engine: Engine) -> Iterator[Check]:
    """What is to be counted of every step."""
    for id, step in plan.steps.items():
        if step.skipped:
            continue
        for failure in step.transform.failures(step.learned):
            yield Check(id, failure, step.inputs[0])
        outputs, inputs = ([each.relation for each in tables] for tables in (step.outputs.values(), step.inputs))
        for relation, count in rows_to_count(outputs, inputs):
            failure = Failure(column=count.column, where=count.where, what=count.what)
            yield Check(id, failure, Table(relation, engine.schema(relation)))


def shown(failed: Sequence[tuple[Check, int]], engine: Engine) -> list[FailureResult]:
    """What failed in so many rows, with a few of the values."""
    questions = []
    for check, _ in failed:
        failure = check.failure
        value = pl.when(failure.where).then(_text(failure.column, check.table.schema[failure.column]))
        questions.append((check.table.relation, [ValueCounts(value, limit=SAMPLES)]))
    answers = engine.measure(questions) if questions else []
    return [
        FailureResult(check.failure.column, check.failure.what, rows, tuple(map(_shortened, samples)))
        for (check, rows), (samples,) in zip(failed, answers, strict=True)
    ]


def stopped(step: str, failure: FailureResult, rejects: Sequence[RejectsResult]) -> StepError:
    """The error of a failure that stops the run."""
    samples = f", such as {', '.join(map(repr, failure.samples))}" if failure.samples else ""
    found = f"values of column {failure.column!r} {failure.what}{samples}"
    rows = f"{failure.rows:,} row{'' if failure.rows == 1 else 's'}"
    written = f"Nothing was written but these rows: {rejects[0].target}." if rejects else "Nothing was written."
    return StepError(f'Step "{step}": {found} ({rows}). {written}')


def _text(name: str, dtype: pl.DataType) -> pl.Expr:
    value = exactly(name)
    if not dtype.is_nested():
        return value.cast(pl.String, strict=False)
    text = pl.struct(value.alias("v")).struct.json_encode().str.strip_prefix('{"v":').str.strip_suffix("}")
    return pl.when(value.is_not_null()).then(text)


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
