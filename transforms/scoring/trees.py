"""Gradient-boosted trees at work: predictions, and what each number of a row adds to them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from transforms.core.errors import DataprepError
from transforms.scoring.problem import Kind

if TYPE_CHECKING:
    import xgboost as xgb

THREADS = 4
"""The most threads: the machine is shared with the app."""


@dataclass(frozen=True)
class Trees:
    """A trained model."""

    booster: xgb.Booster
    kind: Kind
    types: Sequence[str]
    """For each number of a row, whether it is an amount (``q``) or a category (``c``)."""

    @property
    def rounds(self) -> int:
        """Rounds of boosting that were kept."""
        return int(self.booster.num_boosted_rounds())

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """The number predicted for each row, or the probability of each class, a column each."""
        if not len(rows):
            return self.predict(np.full((1, len(self.types)), np.nan, dtype=np.float32))[:0]
        found = np.asarray(self.booster.predict(self._matrix(rows)), dtype=float)
        return np.column_stack([1 - found, found]) if self.kind == "binary" else found

    def reasons(self, rows: np.ndarray) -> np.ndarray:
        """What each number of a row adds to the margin of each output, by the rules of SHAP for trees.

        Shape: rows, outputs, numbers and one: the last is where all rows start. A regression has one
        output, in units of the target; two classes have one, the log-odds of the second; more have one each.
        Lundberg et al. 2018, "Consistent Individualized Feature Attribution for Tree Ensembles".
        """
        found = np.asarray(self.booster.predict(self._matrix(rows), pred_contribs=True), dtype=float)
        return found[:, None, :] if found.ndim == 2 else found

    def as_json(self) -> bytes:
        """The model in XGBoost's own JSON."""
        return bytes(self.booster.save_raw("json"))

    @classmethod
    def of_json(cls, text: bytes, kind: Kind, types: Sequence[str]) -> Trees:
        """What :meth:`as_json` gave.

        Raises:
            DataprepError: it is damaged.
        """
        import xgboost as xgb

        booster = xgb.Booster({"nthread": threads()})
        try:
            booster.load_model(bytearray(text))
        except xgb.core.XGBoostError as error:
            raise DataprepError(f"The trees cannot be read: {str(error).splitlines()[0]}. Build it anew.") from error
        return cls(booster, kind, types)

    def _matrix(self, rows: np.ndarray) -> xgb.DMatrix:
        import xgboost as xgb

        return xgb.DMatrix(rows, feature_types=list(self.types), enable_categorical=True, nthread=threads())


def threads() -> int:
    """Threads to use: one less than this process may have, up to :data:`THREADS`, so that the app stays quick."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(THREADS, there - 1))
