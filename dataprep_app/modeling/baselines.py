"""What a model has to beat: no model at all, and a straight line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dataprep_app.modeling.boosting import Fold
from transforms.scoring.problem import Kind

FLAGS = 30
"""The most categories of a column that the linear model tells apart; the rest are one."""
PENALTY = 1.0
"""Ridge penalty, in rows, of standardised columns."""
LEAST = 1e-6


def trivial(labels: np.ndarray, kind: Kind, classes: int, rows: int) -> np.ndarray:
    """The mean, or the shares of the classes, of the rows trained on, whatever the row."""
    if kind == "regression":
        return np.full(rows, labels.mean())
    shares = np.bincount(labels.astype(int), minlength=classes) / len(labels)
    return np.tile(shares, (rows, 1))


@dataclass(frozen=True)
class Design:
    """Columns for a linear model: amounts standardised, with a flag where they are missing, and flags of categories."""

    types: Sequence[str]
    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray, types: Sequence[str]) -> Design:
        """Learn means and deviations."""
        there = ~np.isnan(rows)
        count = np.maximum(there.sum(axis=0), 1)
        filled = np.where(there, rows, 0).astype(float)
        mean = filled.sum(axis=0) / count
        deviation = np.sqrt((np.where(there, rows - mean, 0) ** 2).sum(axis=0) / count)
        return cls(types, mean, np.where(deviation > 0, deviation, 1))

    def columns(self, rows: np.ndarray) -> np.ndarray:
        """The columns, the first one all ones."""
        parts = [np.ones((len(rows), 1))]
        for i, type in enumerate(self.types):
            value = rows[:, i].astype(float)
            missing = np.isnan(value)
            if type == "c":
                parts.append((value[:, None] == np.arange(FLAGS)).astype(float))
            else:
                scaled = np.clip((np.where(missing, self.mean[i], value) - self.mean[i]) / self.deviation[i], -10, 10)
                parts.append(scaled[:, None])
            parts.append(missing[:, None].astype(float))
        return np.concatenate(parts, axis=1)


def linear(train: Fold, rows: np.ndarray, kind: Kind, classes: int, types: Sequence[str]) -> np.ndarray:
    """Predictions of a ridge regression on the number, or on one indicator for each class.

    In closed form, so that it takes one pass and no luck. Scores of classes are cut off at 0 and scaled to sum to 1:
    rough as probabilities, but their order is what the metrics of a baseline need.
    """
    design = Design.of(train.rows, types)
    x = design.columns(train.rows)
    y = train.labels[:, None].astype(float) if kind == "regression" else np.eye(classes)[train.labels.astype(int)]
    penalty = np.full(x.shape[1], PENALTY)
    penalty[0] = 0
    weights = np.linalg.solve(x.T @ x + np.diag(penalty), x.T @ y)
    found = np.asarray(design.columns(rows) @ weights)
    if kind == "regression":
        return found[:, 0]
    found = np.clip(found, LEAST, None)
    return np.asarray(found / found.sum(axis=1, keepdims=True))
