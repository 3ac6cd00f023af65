"""Gradient-boosted trees by XGBoost, trained until rows of their own say stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from flows.engines.base import Control
from transforms.scoring.problem import Kind
from transforms.scoring.trees import Trees, threads

if TYPE_CHECKING:
    pass

ROUNDS = 300
"""The most rounds of boosting, each of one tree a class; fewer where there are many classes."""
TREES = 3_000
"""The most trees of all classes together."""
PATIENCE = 15
"""Rounds without an improvement on the rows that tell when to stop."""
NEVER = Control()
"""Stops nothing."""


@dataclass(frozen=True)
class Fold:
    """Rows as a matrix, and what is to be predicted of them."""

    rows: np.ndarray
    labels: np.ndarray
    weights: np.ndarray | None = None


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
