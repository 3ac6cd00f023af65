"""A quick build: boosted trees beside simple baselines, judged on rows that nothing was learned from.

The score is that of the Data Quality and Insights Report of SageMaker Data Wrangler: R2, AUC or
accuracy, as a share of what there was to gain over no model. Unlike there, the rows that tell training
when to stop are not those it is scored on, and rows made for balancing are never among either.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from dataprep_app.modeling.attempt import Attempt, Prepare, Work
from dataprep_app.modeling.baselines import linear, trivial
from dataprep_app.modeling.folds import repeats_for
from dataprep_app.modeling.metrics import (
    base_value,
    bootstrap,
    class_reports,
    confusion,
    metrics,
    repeated,
    residuals,
    score,
    score_value,
)
from dataprep_app.modeling.outcome import Baseline, Impact, QuickResult, RowCounts, Settings
from flows.engines.base import Control
from transforms.core.errors import DataprepError
from transforms.scoring.encoding import Encoding
from transforms.scoring.problem import require
from transforms.scoring.trees import Trees

IMPACT_ROWS = 1_000
"""The most rows of the test fold that the impact of columns is measured on."""
IMPACT_TREES, IMPACT_LEAST = 300_000, 200
"""The most rows times trees for it, which is what it takes time by: many classes have many trees. At least so many
rows."""
SMALL = 500
"""Rows of a test fold below which its numbers are shaky."""


@dataclass(frozen=True)
class Built:
    """A model and what is known of it."""

    result: QuickResult
    encoding: Encoding
    trees: Trees


def quick_build(
    table: pl.DataFrame,
    target: str,
    settings: Settings = Settings(),
    *,
    prepare: Prepare | None = None,
    training_rows: pl.Series | None = None,
    notes: Sequence[str] = (),
    on_progress: Callable[[float, str], None] = lambda _share, _what: None,
    control: Control | None = None,
) -> Built:
    """Build a model and judge it.

    Args:
        table: the rows; with ``prepare``, before they are prepared.
        target: the column to predict.
        settings: what to build.
        prepare: what the folds pass through before they are learned from; nothing without it.
        training_rows: true for rows to train on only, beside those that ``settings.synthetic_column`` marks.
        notes: what people should know of the rows, to go with the result.
        on_progress: told the share that is done, and what is being done.
        control: to stop it from another thread.

    Raises:
        DataprepError: the target or the rows do not make a problem to learn; the text says why.
        Cancelled: it was stopped.
    """
    began, control = time.perf_counter(), control or Control()
    if prepare is None:
        require(table, target)
    work = Work(target, settings, prepare, on_progress, control)
    rows, marks, lost = work.rows(table, training_rows)
    repeats = settings.repeats or repeats_for(rows.height, settings.time)
    first = work.attempt(rows, marks, 0, repeats, None)
    others = [work.attempt(rows, marks, each, repeats, first.problem) for each in range(1, repeats)]
    on_progress(0.95, "measuring the impact of columns")
    control.check()
    counts = RowCounts(
        table=table.height,
        used=rows.height + lost,
        without_target=lost + first.lost,
        train=len(first.train.labels),
        stop=first.stop_rows,
        test=len(first.test.labels),
        training_only=max(first.folds.training_only, first.made),
        copies=first.folds.copies,
    )
    result = _result(first, [first, *others], settings, counts, began, notes)
    on_progress(1.0, "done")
    return Built(result, first.encoding, first.trees)


def _result(
    first: Attempt, attempts: list[Attempt], settings: Settings, counts: RowCounts, began: float, notes: Sequence[str]
) -> QuickResult:
    problem, labels, predictions = first.problem, first.test.labels, first.predictions
    scores = _scores(attempts)
    base = float(np.mean([base_value(problem.kind, each.test.labels) for each in attempts]))
    interval = (
        repeated(scores, counts.train + counts.stop, counts.test)
        if len(scores) > 1
        else bootstrap(problem.kind, labels, predictions, settings.seed)
    )
    table = confusion(labels, predictions, len(problem.classes)) if problem.classes else ()
    impact, impact_rows = _impact(first, settings.seed)
    return QuickResult(
        problem=problem,
        settings=settings,
        rows=counts,
        score=score(problem.kind, float(np.mean(scores)), base, interval),
        scores=scores,
        train_score=score_value(problem.kind, first.train.labels, first.trees.predict(first.train.rows)),
        metrics=metrics(problem, labels, predictions),
        baselines=tuple(_baselines(first, settings)),
        classes=class_reports(problem, table, first.train.labels) if table else (),
        confusion=table,
        residuals=residuals(labels, predictions, settings.seed) if problem.kind == "regression" else None,
        impact=impact,
        impact_rows=impact_rows,
        left_out=first.encoding.left_out,
        rounds=first.trees.rounds,
        notes=(*notes, *_notes(first, settings, counts)),
        seconds=round(time.perf_counter() - began, 3),
    )


def _scores(attempts: list[Attempt]) -> tuple[float, ...]:
    found = [score_value(each.problem.kind, each.test.labels, each.predictions) for each in attempts]
    defined = tuple(each for each in found if each is not None)
    if not defined:
        first = attempts[0]
        raise DataprepError(
            f"The {len(first.test.labels):,} rows to judge by all have the same value of {first.problem.target!r}, so "
            "that no score can be given. Bring more rows of the rare values."
        )
    return defined


def _baselines(first: Attempt, settings: Settings) -> list[Baseline]:
    problem, n = first.problem, len(first.problem.classes)
    found = {"no model": trivial(first.train.labels, problem.kind, n, len(first.test.labels))}
    if settings.linear:
        found["linear"] = linear(first.train, first.test.rows, problem.kind, n, first.encoding.types)
    return [
        Baseline.model_validate(
            {
                "name": name,
                "score": score_value(problem.kind, first.test.labels, each),
                "metrics": metrics(problem, first.test.labels, each),
            }
        )
        for name, each in found.items()
    ]


def _impact(first: Attempt, seed: int) -> tuple[tuple[Impact, ...], int]:
    rows = first.test.rows
    trees = first.trees.rounds * (len(first.problem.classes) if first.problem.kind == "multiclass" else 1)
    most = min(IMPACT_ROWS, max(IMPACT_LEAST, IMPACT_TREES // trees))
    if len(rows) > most:
        rows = rows[np.sort(np.random.default_rng(seed).permutation(len(rows))[:most])]
    moved = np.abs(first.encoding.by_column(first.trees.reasons(rows))).mean(axis=0).sum(axis=0)
    total = float(moved.sum()) or 1.0
    found = [
        Impact(column=name, share=float(each) / total, mean_absolute=float(each))
        for name, each in zip(first.encoding.names, moved, strict=True)
    ]
    return tuple(sorted(found, key=lambda each: (-each.share, each.column))), len(rows)


def _notes(first: Attempt, settings: Settings, counts: RowCounts) -> list[str]:
    notes = []
    if counts.without_target:
        notes.append(f"{counts.without_target:,} rows have no {first.problem.target!r} and were left out.")
    if counts.training_only:
        notes.append(
            f"{counts.training_only:,} rows that are not real, or equal one that is not, were only trained on."
        )
    if counts.copies:
        notes.append(f"{counts.copies:,} rows repeat another row; copies are never on both sides of the test.")
    if first.unknown:
        notes.append(f"{first.unknown:,} rows of the test have a class that training did not and were left out.")
    if first.hollow:
        notes.append(
            f"Columns {', '.join(map(repr, first.hollow))} are missing in every row that is not real, so the model may "
            "learn that a missing value means a rare class. Leave them out, or make them features of the balance."
        )
    for name, rows in first.unread.items():
        notes.append(
            f"{rows:,} of the texts in {name!r} to train on are not what the others are, and count as missing."
        )
    if first.problem.kind != "regression":
        how = "weighted so that all count the same" if settings.weights == "balanced" else "as frequent as they come"
        notes.append(f"Classes were trained {how}.")
    if counts.test < SMALL:
        notes.append(f"The test has only {counts.test:,} rows: look at the interval, not at the score alone.")
    return notes
