"""Makes a report: measure the columns, ask a model what they tell of the target, look with every rule."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import polars as pl

from dataprep_app.insights.findings import (
    PRIORITIES,
    ClassShare,
    FeatureSummary,
    Finding,
    Report,
    TableSummary,
    TargetSummary,
)
from dataprep_app.insights.measures import Feature, duplicate_rows, measured
from dataprep_app.insights.power import power_rows, prediction_power
from dataprep_app.insights.rules.registry import rules
from dataprep_app.insights.rules.rule import Looked
from dataprep_app.insights.subject import Subject
from dataprep_app.modeling.outcome import QuickResult, Settings
from dataprep_app.modeling.quick import quick_build
from flows.engines.base import Cancelled, Control
from transforms.core.errors import DataprepError
from transforms.scoring.problem import ProblemType, Wanted, present, problem_type

Progress = Callable[[float, str], None]
COLUMNS, POWER, MODEL = 0.15, 0.45, 0.98
"""Shares of the work that are done after each part."""


@dataclass(frozen=True)
class Wish:
    """What a report is to say."""

    target: str | None = None
    problem: Wanted = "auto"
    thresholds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    seed: int = 0


@dataclass(frozen=True)
class _Aimed:
    """What is known of the target."""

    summary: TargetSummary | None = None
    power: Mapping[str, float] = field(default_factory=dict)
    power_rows: int = 0
    model: QuickResult | None = None
    problem: str = ""


def make_report(
    subject: Subject,
    wish: Wish,
    on_progress: Progress = lambda _share, _what: None,
    control: Control | None = None,
) -> Report:
    """The report of a table.

    Raises:
        DataprepError: there is no such target, or it cannot be predicted in the way that was asked for.
        Cancelled: it was stopped.
    """
    began, control = time.perf_counter(), control or Control()
    table = subject.table
    on_progress(0.0, "looking at the columns")
    # Rows made for balancing say nothing of the columns: what is missing in them is missing by design.
    real = table if subject.mark is None else table.filter(~pl.col(subject.mark).fill_null(value=False))
    features = measured(real)
    summary = _table(table, features)
    control.check()
    aimed = _aim(subject, wish, features, on_progress, control) if wish.target else _Aimed()
    looked = Looked(
        table=summary,
        features=features,
        target=aimed.summary,
        model=aimed.model,
        power=aimed.power,
        schema=table.schema,
        marks=subject.mark,
    )
    known = rules(wish.thresholds)
    found = [finding for rule in known for finding in rule.find(looked)]
    on_progress(1.0, "done")
    return Report(
        subject=subject.title,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        basis=_basis(subject, real),
        power_basis=_power_basis(aimed),
        sampled=subject.sampling is not None,
        table=summary,
        target=aimed.summary,
        findings=tuple(_ranked(found)),
        features=_listed(features, aimed, subject.mark),
        model=aimed.model,
        model_problem=aimed.problem,
        thresholds={each.id: each.model_dump() for each in known},
        seconds=round(time.perf_counter() - began, 2),
    )


def _aim(
    subject: Subject, wish: Wish, features: Mapping[str, Feature], on_progress: Progress, control: Control
) -> _Aimed:
    """Everything about the target: what it is, what each column tells of it, what all of them do."""
    target, table = str(wish.target), subject.table
    problem = problem_type(table, target, wish.problem)
    summary = _target(table, problem, features[target])
    marks = table[subject.mark] if subject.mark else None
    rows = power_rows(table, marks)
    inputs = [name for name in table.columns if name not in (target, subject.mark)]

    def tell(place: int, name: str) -> None:
        share = COLUMNS + (POWER - COLUMNS) * place / max(1, len(inputs))
        on_progress(share, f"measuring what {name} tells of {target}")

    try:
        power = prediction_power(rows, inputs, problem, tell, control)
    except DataprepError as error:
        _pass_on(error)
        power = {}
    training = subject.training
    if training is None:
        return _Aimed(summary, power, rows.height)

    def tell_model(share: float, what: str) -> None:
        on_progress(POWER + (MODEL - POWER) * share, f"quick model: {what}")

    try:
        built = quick_build(
            training.table,
            target,
            Settings(problem=wish.problem, seed=wish.seed, linear=False),
            prepare=training.prepare,
            training_rows=training.training_rows,
            notes=training.notes,
            on_progress=tell_model,
            control=control,
        )
    except DataprepError as error:
        _pass_on(error)
        return _Aimed(summary, power, rows.height, None, str(error))
    return _Aimed(summary, power, rows.height, built.result)


def _pass_on(error: DataprepError) -> None:
    """A report goes on without what could not be measured, but not when it was stopped."""
    if isinstance(error, Cancelled):
        raise error


def _target(table: pl.DataFrame, problem: ProblemType, feature: Feature) -> TargetSummary:
    present_rows = table.select(present(problem.target, table.schema[problem.target]).alias("class")).drop_nulls()
    counts = present_rows.to_series().value_counts(name="rows").sort("rows", "class", descending=[True, False])
    classes = tuple(ClassShare(name=name, rows=rows) for name, rows in counts.iter_rows()) if problem.classes else ()
    return TargetSummary(
        name=problem.target,
        kind=problem.kind,
        reason=problem.reason,
        missing=table.height - present_rows.height,
        classes=classes,
        feature=feature.summary,
    )


def _table(table: pl.DataFrame, features: Mapping[str, Feature]) -> TableSummary:
    return TableSummary(
        rows=table.height,
        columns=table.width,
        missing_cells=sum(each.summary.missing for each in features.values()),
        duplicate_rows=duplicate_rows(table),
        types=dict(Counter(each.summary.type for each in features.values()).most_common()),
    )


def _listed(features: Mapping[str, Feature], aimed: _Aimed, mark: str | None) -> tuple[FeatureSummary, ...]:
    target = aimed.summary.name if aimed.summary else None
    found = [
        each.summary.model_copy(update={"power": aimed.power.get(name)})
        for name, each in features.items()
        if name not in (target, mark)
    ]
    return tuple(sorted(found, key=lambda each: -(each.power if each.power is not None else -1.0)))


def _ranked(findings: list[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda each: PRIORITIES.index(each.priority))


def _basis(subject: Subject, real: pl.DataFrame) -> str:
    made = subject.table.height - real.height
    if not made:
        return subject.basis
    return f"{subject.basis} {made:,} of them are synthetic and left out of what is said of single columns."


def _power_basis(aimed: _Aimed) -> str:
    if not aimed.power:
        return ""
    return (
        f"Prediction power: a small model of each column alone, on {aimed.power_rows:,} real rows, scored on a fifth "
        "of them that it never saw."
    )
