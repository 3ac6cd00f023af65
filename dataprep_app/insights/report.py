"""Makes a report: measure the columns, ask a model what they tell of the target, look with every rule."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dataprep_app.drawn import Copies
from dataprep_app.insights.findings import (
    PRIORITIES,
    ClassShare,
    FeatureSummary,
    Finding,
    Report,
    TableSummary,
    TargetSummary,
)
from dataprep_app.insights.measures import Feature, measured_by
from dataprep_app.insights.power import power_rows, prediction_power
from dataprep_app.insights.rules.registry import rules
from dataprep_app.insights.rules.rule import Looked, Rule
from dataprep_app.insights.sections.anomalies import anomalies
from dataprep_app.insights.sections.associations import associations
from dataprep_app.insights.sections.cards import cards
from dataprep_app.insights.sections.dependencies import dependencies
from dataprep_app.insights.sections.drift import drift
from dataprep_app.insights.sections.duplicates import duplicates
from dataprep_app.insights.sections.missing_values import missing_values
from dataprep_app.insights.sections.sample import ROWS, Sample
from dataprep_app.insights.sections.target_card import target_card
from dataprep_app.insights.signs.look import signs_of
from dataprep_app.insights.subject import Subject
from dataprep_app.modeling.outcome import QuickResult, Settings
from dataprep_app.modeling.quick import quick_build
from flows.engines.base import Cancelled, Control
from transforms.core.errors import DataprepError
from transforms.core.statistics import Count, CountWhere, Statistic, ValueCounts
from transforms.scoring.problem import Wanted, present, problem_type

Progress = Callable[[float, str], None]
SECTIONS: Mapping[str, tuple[str, Callable[[Sample, Control], Any]]] = {
    "associations": ("which columns go together", associations),
    "missing": ("what is missing together", missing_values),
    "duplicates": ("rows that are nearly the same", duplicates),
    "anomalies": ("the least usual rows", anomalies),
    "dependencies": ("rows that break a rule of the others", dependencies),
    "drift": ("changes from the first rows to the last", drift),
}
"""Sections by their name in the report: what is being done, and what does it."""
MEASURED, SIGNS, CARDS, LOOKED, POWER, MODEL = 0.2, 0.25, 0.35, 0.5, 0.65, 0.98
"""Shares of the work that are done after each part."""
MOST_CLASSES = 1_000
SOME_NUMBERS = 0.5
"""Share of numbers from which on a target of text can be looked at as a number; a model wants nearly all of them."""


@dataclass(frozen=True)
class Wish:
    """What a report is to say."""

    target: str | None = None
    problem: Wanted = "auto"
    thresholds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    time: str | None = None
    """Column by which the quick model is judged on the latest rows; by chance without it."""
    model: bool = True
    """Whether a quick model and prediction power are wanted."""
    seed: int = 0


@dataclass(frozen=True)
class _Model:
    """What models tell of the target."""

    power: Mapping[str, float] = field(default_factory=dict)
    power_rows: int = 0
    result: QuickResult | None = None
    problem: str = ""
    """Why there is no quick model."""


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
    known = rules(wish.thresholds)
    on_progress(0.0, "measuring every column")
    # Rows made for balancing say nothing of the columns: what is missing in them is missing by design.
    features = measured_by(subject.engine, subject.real, subject.real_schema)
    found = subject.copies()
    rows = _rows(subject, found)
    on_progress(MEASURED, "drawing rows to look at closely")
    sample = _sample(subject, wish, features, found)
    target = _target(subject, sample, features) if sample.problem else None
    on_progress(SIGNS, "reading what the texts hold")
    signs = signs_of(sample, control)
    sections = _sections(sample, on_progress, control)
    model = _model(subject, wish, sample, on_progress, control) if sample.problem and wish.model else _Model()
    on_progress(MODEL, "drawing every column")
    summaries = _listed(features, model.power, sample.target)
    details = cards(sample, [each.name for each in summaries], control, lambda _place, _name: None)
    looked = Looked(
        table=_table(rows, found, features),
        features=features,
        target=target,
        model=model.result,
        power=model.power,
        schema=subject.real_schema,
        marks=subject.mark,
        sample=sample,
        signs=signs,
        **sections,
    )
    on_progress(1.0, "done")
    return Report(
        subject=subject.title,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        basis=subject.basis(rows, found.rows),
        power_basis=_power_basis(model),
        sampled=subject.sampling is not None,
        table=looked.table,
        target=target,
        findings=_found(known, looked),
        features=summaries,
        target_card=target_card(sample, control),
        cards=details,
        model=model.result,
        model_problem=model.problem,
        thresholds={each.id: each.model_dump() for each in known},
        seconds=round(time.perf_counter() - began, 2),
        **sections,
    )


def _sections(sample: Sample, on_progress: Progress, control: Control) -> dict[str, Any]:
    """Every section by its name."""
    found = {}
    for place, (name, (what, look)) in enumerate(SECTIONS.items()):
        on_progress(CARDS + (LOOKED - CARDS) * place / len(SECTIONS), f"looking for {what}")
        control.check()
        found[name] = look(sample, control)
    return found


def _rows(subject: Subject, real: Copies) -> int:
    """All rows, synthetic ones among them."""
    if subject.mark is None:
        return real.rows
    return int(subject.engine.measure([(subject.table, [Count()])])[0][0])


def _sample(subject: Subject, wish: Wish, features: Mapping[str, Feature], known: Copies) -> Sample:
    found = subject.drawn(ROWS, known)
    problem = problem_type(found.rows, wish.target, wish.problem, numbers_share=SOME_NUMBERS) if wish.target else None
    ordered = not found.sampled and subject.engine.name == "polars"
    return Sample(found.rows, found.whole, features, problem, ordered)


def _target(subject: Subject, sample: Sample, features: Mapping[str, Feature]) -> TargetSummary:
    problem = sample.problem
    assert problem is not None
    value = present(problem.target, subject.schema[problem.target])
    wanted: list[Statistic] = [ValueCounts(value, MOST_CLASSES)] if problem.classes else []
    # Synthetic rows among them: classes that were balanced for training are no longer rare.
    ((missing, *counts),) = subject.engine.measure([(subject.table, [CountWhere(value.is_null()), *wanted])])
    return TargetSummary(
        name=problem.target,
        kind=problem.kind,
        reason=problem.reason,
        missing=missing,
        classes=tuple(ClassShare(name=str(name), rows=rows) for each in counts for name, rows in each.items()),
        feature=features[problem.target].summary,
    )


def _model(subject: Subject, wish: Wish, sample: Sample, on_progress: Progress, control: Control) -> _Model:
    """What each column tells of the target, and what all of them do."""
    problem = sample.problem
    assert problem is not None
    rows = power_rows(sample.rows, None)

    def tell(place: int, name: str) -> None:
        share = LOOKED + (POWER - LOOKED) * place / max(1, len(sample.inputs))
        on_progress(share, f"measuring what {name} tells of {problem.target}")

    power: Mapping[str, float] = {}
    try:
        power = prediction_power(rows, sample.inputs, problem, tell, control)
    except Cancelled:
        raise
    except DataprepError:
        pass  # too few rows, or of one class only: the quick model says so
    training = subject.training
    if training is None:
        return _Model(power, rows.height)
    try:
        built = quick_build(
            training.table,
            problem.target,
            Settings(problem=wish.problem, time=wish.time, seed=wish.seed, linear=False),
            prepare=training.prepare,
            training_rows=training.training_rows,
            notes=training.notes,
            on_progress=lambda share, what: on_progress(POWER + (MODEL - POWER) * share, f"quick model: {what}"),
            control=control,
        )
    except Cancelled:
        raise
    except DataprepError as error:
        return _Model(power, rows.height, None, str(error))
    return _Model(power, rows.height, built.result)


def _table(rows: int, found: Copies, features: Mapping[str, Feature]) -> TableSummary:
    return TableSummary(
        rows=rows,
        columns=len(features),
        missing_cells=sum(each.summary.missing for each in features.values()),
        invalid_cells=sum(each.summary.invalid for each in features.values()),
        duplicate_rows=found.copied,
        types=dict(Counter(each.summary.type for each in features.values()).most_common()),
    )


def _listed(
    features: Mapping[str, Feature], power: Mapping[str, float], target: str | None
) -> tuple[FeatureSummary, ...]:
    found = [
        each.summary.model_copy(update={"power": power.get(name)}) for name, each in features.items() if name != target
    ]
    return tuple(sorted(found, key=lambda each: -(each.power if each.power is not None else -1.0)))


def _found(known: Sequence[Rule], looked: Looked) -> tuple[Finding, ...]:
    """What the rules find, the most pressing first."""
    found = [finding for rule in known for finding in rule.find(looked)]
    return tuple(sorted(found, key=lambda each: PRIORITIES.index(each.priority)))


def _power_basis(model: _Model) -> str:
    if not model.power:
        return ""
    return (
        f"Prediction power: a small model of each column alone, on {model.power_rows:,} real rows, scored on a fifth "
        "of them that it never saw."
    )
