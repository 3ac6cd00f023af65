"""Linear models whose penalty leaves out columns that others make needless."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataprep_app.analyses.collinear_numbers import Matrix, standardised
from transforms.core.columns import column
from transforms.core.errors import DataprepError
from transforms.core.random import draw
from transforms.scoring.problem import ProblemType, Wanted, problem_type

ROWS = 10_000
"""The most rows of a fit."""
MOST_CLASSES = 10
"""Classes that are told from the rest, the most frequent ones."""
FEWEST = 2
"""Rows of a class that there must be."""
STEPS = 500


@dataclass(frozen=True)
class Penalised:
    """Absolute coefficients of standardised columns."""

    ranked: list[tuple[str, float]]
    """The largest first; of several classes, the largest of any."""
    notes: tuple[str, ...]
    """How they were found, in sentences."""


def penalised(
    table: pl.DataFrame, names: Sequence[str], target: str, wanted: Wanted, *, strength: float, seed: int
) -> Penalised:
    """Fit a linear model with an L1 penalty on standardised columns.

    A number is standardised too and fitted by least squares, ``mean squared error / 2 + strength * sum of absolute
    coefficients``; of classes, each is told from the rest by logistic regression, ``mean log loss + strength * ...``.

    Raises:
        DataprepError: the target is no number and no classes, or too few rows are complete.
    """
    sample = table.select(map(column, dict.fromkeys((*names, target))))
    if table.height > ROWS:
        sample = sample.filter(draw(seed, sample.columns).rank("ordinal") <= ROWS)
    problem, labels = _labels(sample, target, wanted)
    known = ~np.isnan(labels) if problem.kind == "regression" else labels >= 0
    rows = standardised(sample, names, known)
    found = labels[rows.kept]
    if problem.kind == "regression":
        sizes, fit = np.abs(_least_squares(rows.values, found, strength)), "Lasso, least squares"
    else:
        classes = [1] if problem.kind == "binary" else range(min(MOST_CLASSES, len(problem.classes)))
        fits = [_logistic(rows.values, found == each, strength) for each in classes]
        sizes = np.abs([each for each in fits if each is not None] or [np.zeros(len(rows.names))]).max(axis=0)
        fit = "Logistic regression with an L1 penalty" + (", each class against the rest" if len(classes) > 1 else "")
    ranked = sorted(zip(rows.names, sizes.tolist(), strict=True), key=lambda each: (-each[1], each[0]))
    of = f" {ROWS:,} of {table.height:,} rows are used, drawn with the seed {seed}." if table.height > ROWS else ""
    return Penalised(ranked, (f"{fit}, on standardised columns with the strength {strength:g}.{of}", *rows.notes))


def _labels(sample: pl.DataFrame, target: str, wanted: Wanted) -> tuple[ProblemType, Matrix]:
    """What is to be predicted, and it for each row; under a name that polars does not take for a pattern."""
    renamed = sample.select(column(target).alias("target"))
    try:
        problem = problem_type(renamed, "target", wanted)
    except DataprepError as error:
        raise DataprepError(str(error).replace("'target'", repr(target))) from error
    return problem, problem.labels(renamed)


def _least_squares(values: Matrix, target: Matrix, strength: float) -> Matrix:
    from sklearn.linear_model import Lasso

    size = np.abs(target).max() or 1.0
    centred = target / size - (target / size).mean()
    deviation = float(np.sqrt((centred**2).mean()))
    if deviation == 0:
        raise DataprepError("The target has a single value in the rows without gaps, so there is nothing to predict.")
    found: Matrix = _fitted(Lasso(alpha=strength, max_iter=STEPS), values, centred / deviation)
    return found


def _logistic(values: Matrix, is_class: NDArray[np.bool_], strength: float) -> Matrix | None:
    """Coefficients of one class against the rest; none where there are too few rows of one of the two."""
    from sklearn.linear_model import LogisticRegression

    if min(is_class.sum(), (~is_class).sum()) < FEWEST:
        return None
    weight = 1 / (strength * len(values))
    model = LogisticRegression(l1_ratio=1.0, C=weight, solver="saga", max_iter=STEPS, random_state=0)
    found: Matrix = _fitted(model, values, is_class)[0]
    return found


def _fitted(model: Any, values: Matrix, target: Any) -> Matrix:
    """Coefficients; where the search has not come to rest, those it has got to, which are near enough to compare."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        found: Matrix = model.fit(values, target).coef_
    return found
