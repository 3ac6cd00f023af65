"""Prediction power: how much a column alone tells of the target.

A small model of boosted trees is built on the column alone and scored on rows it never saw; the score is
given as a share of what there was to gain, 0 to 1, after the Data Quality and Insights Report of SageMaker
Data Wrangler. Unlike there, the rows that tell training when to stop are not those it is scored on, and
several classes are scored by AUC, each against the rest: accuracy tells nothing where one class is frequent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from dataprep_app.modeling.boosting import Fold, boosted
from dataprep_app.modeling.folds import fold_rows
from dataprep_app.modeling.metrics import area, score_value
from flows.engines.base import Control
from transforms.core.errors import DataprepError
from transforms.core.random import draw
from transforms.scoring.encoding import encoding
from transforms.scoring.problem import Kind, ProblemType

ROWS = 10_000
"""The most rows it is measured on."""
LEAST = 100
"""Rows below which it is not measured."""


def power_rows(table: pl.DataFrame, marks: pl.Series | None) -> pl.DataFrame:
    """The rows to measure on: real ones only, a random sample of a larger table."""
    real = table if marks is None else table.filter(~marks.fill_null(value=False))
    if real.height <= ROWS:
        return real
    return real.filter(draw(7, real.columns).rank("ordinal") <= ROWS)


def prediction_power(
    rows: pl.DataFrame,
    features: Sequence[str],
    problem: ProblemType,
    on_feature: Callable[[int, str], None],
    control: Control,
) -> dict[str, float]:
    """The power of each feature; those that cannot be used alone (ids, constants) have none."""
    labels = problem.labels(rows)
    known = (labels == labels) if problem.kind == "regression" else labels >= 0
    rows, labels = rows.filter(pl.Series(known)), labels[known]
    if rows.height < LEAST:
        return {}
    classes = None if problem.kind == "regression" else pl.Series(labels).cast(pl.String)
    numbered = rows.with_columns(pl.int_range(pl.len()).alias("__row"))
    folds = fold_rows(numbered, classes=classes)
    found: dict[str, float] = {}
    for place, name in enumerate(features):
        control.check()
        on_feature(place, name)
        try:
            learned = encoding(rows[folds.train], [name])
        except DataprepError:
            continue  # nothing to learn from: constant, empty, or an identifier
        parts = [Fold(learned.matrix(rows[each]), labels[each]) for each in (folds.train, folds.stop, folds.test)]
        train, stop, test = parts
        trees = boosted(train, stop, problem.kind, len(problem.classes), learned.types, control=control)
        gained = _gained(problem.kind, test.labels, trees.predict(test.rows))
        if gained is not None:
            found[name] = max(0.0, float(gained))
    return found


def _gained(kind: Kind, labels: np.ndarray, predictions: np.ndarray) -> float | None:
    """R2, or what the AUC is above that of chance; of several classes, each against the rest, weighed by its rows."""
    if kind == "regression":
        return score_value(kind, labels, predictions)
    classes = [1] if kind == "binary" else range(predictions.shape[1])
    areas = [(area((labels == each).astype(int), predictions[:, each]), (labels == each).sum()) for each in classes]
    known = [(found, rows) for found, rows in areas if found is not None]
    total = sum(rows for _, rows in known)
    return sum((2 * found - 1) * rows for found, rows in known) / total if total else None
