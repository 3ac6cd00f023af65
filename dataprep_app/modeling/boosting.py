"""Gradient-boosted trees by XGBoost: trained until rows of their own say stop, asked for predictions and reasons."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dataprep_app.modeling.problem import Kind
from flows.engines.base import Control
from transforms.core.errors import DataprepError

if TYPE_CHECKING:
    import xgboost as xgb

ROUNDS = 300
"""The most rounds of boosting, each of one tree a class; fewer where there are many classes."""
TREES = 3_000
"""The most trees of all classes together."""
PATIENCE = 15
"""Rounds without an improvement on the rows that tell when to stop."""
NEVER = Control()
"""Stops nothing."""
THREADS = 4
"""The most threads: the machine is shared with the app."""


@dataclass(frozen=True)
class Fold:
    """Rows as a matrix, and what is to be predicted of them."""

    rows: np.ndarray
    labels: np.ndarray
    weights: np.ndarray | None = None


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


def boosted(
    train: Fold,
    stop: Fold,
    kind: Kind,
    classes: int,
    types: Sequence[str],
    *,
    seed: int = 0,
    on_round: Callable[[int, int], None] = lambda _done, _most: None,
    control: Control = NEVER,
) -> Trees:
    """Train on one fold until the loss on another has not improved for :data:`PATIENCE` rounds.

    Same seed, same trees, on the same number of threads.

    Raises:
        Cancelled: before the next round.
    """
    import xgboost as xgb

    rounds = ROUNDS if kind != "multiclass" else max(20, min(ROUNDS, TREES // classes))
    settings: dict[str, Any] = {
        "tree_method": "hist",
        "eta": 0.1,
        "max_depth": 6,
        "min_child_weight": 2,
        "subsample": 0.9,
        "colsample_bytree": 0.9,
        "nthread": threads(),
        "seed": seed % 2**31,
        "verbosity": 0,
        **_objective(kind, classes),
    }

    class Watch(xgb.callback.TrainingCallback):
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            on_round(epoch + 1, rounds)
            return bool(control.cancelled)

    control.check()
    learning = xgb.QuantileDMatrix(
        train.rows, train.labels, weight=train.weights, feature_types=list(types), enable_categorical=True,
        nthread=threads(),
    )  # fmt: skip
    telling = xgb.QuantileDMatrix(
        stop.rows, stop.labels, weight=stop.weights, feature_types=list(types), enable_categorical=True,
        nthread=threads(), ref=learning,
    )  # fmt: skip
    booster = xgb.train(
        settings, learning, rounds, evals=[(telling, "stop")], early_stopping_rounds=PATIENCE, verbose_eval=False,
        callbacks=[Watch()],
    )  # fmt: skip
    control.check()
    return Trees(booster[: booster.best_iteration + 1], kind, tuple(types))


def _objective(kind: Kind, classes: int) -> dict[str, Any]:
    match kind:
        case "regression":
            return {"objective": "reg:squarederror", "eval_metric": "rmse"}
        case "binary":
            return {"objective": "binary:logistic", "eval_metric": "logloss"}
        case "multiclass":
            return {"objective": "multi:softprob", "num_class": classes, "eval_metric": "mlogloss"}
