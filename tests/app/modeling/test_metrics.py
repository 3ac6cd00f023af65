"""Oracle: scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk

from dataprep_app.modeling.metrics import area, bootstrap, confusion, metrics, repeated, residuals
from transforms.scoring.problem import ProblemType

RANDOM = np.random.default_rng(5)


def chances(rows: int, classes: int) -> np.ndarray:
    found = RANDOM.random((rows, classes)).round(2) + 0.01
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def test_two_classes() -> None:
    problem = ProblemType(target="y", kind="binary", reason="", values="text", classes=("no", "yes"))
    labels, found = RANDOM.integers(0, 2, 400), chances(400, 2)
    chosen = found.argmax(axis=1)
    assert metrics(problem, labels, found) == pytest.approx(
        {
            "accuracy": sk.accuracy_score(labels, chosen),
            "balanced_accuracy": sk.balanced_accuracy_score(labels, chosen),
            "log_loss": sk.log_loss(labels, found),
            "precision": sk.precision_score(labels, chosen),
            "recall": sk.recall_score(labels, chosen),
            "f1": sk.f1_score(labels, chosen),
            "auc": sk.roc_auc_score(labels, found[:, 1]),
        }
    )
    assert np.array_equal(confusion(labels, found, 2), sk.confusion_matrix(labels, chosen))


def test_several_classes() -> None:
    problem = ProblemType(target="y", kind="multiclass", reason="", values="text", classes=("a", "b", "c"))
    labels, found = RANDOM.choice(3, 400, p=(0.6, 0.3, 0.1)), chances(400, 3)
    chosen, mine = found.argmax(axis=1), metrics(problem, labels, found)
    for average in ("macro", "weighted"):
        for name, score in (("precision", sk.precision_score), ("recall", sk.recall_score), ("f1", sk.f1_score)):
            assert mine[f"{average}_{name}"] == pytest.approx(score(labels, chosen, average=average))
    assert mine["auc_one_vs_rest"] == pytest.approx(sk.roc_auc_score(labels, found, multi_class="ovr"))
    assert mine["auc_one_vs_rest_weighted"] == pytest.approx(
        sk.roc_auc_score(labels, found, multi_class="ovr", average="weighted")
    )
    assert mine["log_loss"] == pytest.approx(sk.log_loss(labels, found))


def test_numbers() -> None:
    problem = ProblemType(target="y", kind="regression", reason="", values="number")
    labels = RANDOM.normal(10, 2, 300)
    found = labels + RANDOM.normal(0, 1, 300)
    assert metrics(problem, labels, found) == pytest.approx(
        {
            "r2": sk.r2_score(labels, found),
            "rmse": sk.root_mean_squared_error(labels, found),
            "mse": sk.mean_squared_error(labels, found),
            "mae": sk.mean_absolute_error(labels, found),
            "median_absolute_error": sk.median_absolute_error(labels, found),
            "max_error": sk.max_error(labels, found),
            "mape": sk.mean_absolute_percentage_error(labels, found),
        }
    )
    summed = residuals(labels, found, 0)
    assert summed.mean == pytest.approx((labels - found).mean())
    assert sum(summed.counts) == 300


def test_one_class_has_no_area_and_numbers_that_do_not_vary_no_r2() -> None:
    assert area(np.zeros(5), RANDOM.random(5)) is None
    problem = ProblemType(target="y", kind="regression", reason="", values="number")
    assert "r2" not in metrics(problem, np.zeros(5), RANDOM.random(5))


def test_intervals_hold_the_score_and_shrink_with_rows() -> None:
    labels = RANDOM.integers(0, 2, 4_000)
    found = chances(4_000, 2)
    few, many = (bootstrap("binary", labels[:n], found[:n], 0) for n in (200, 4_000))
    assert few is not None
    assert many is not None
    assert many.low < 0.5 < many.high
    assert many.high - many.low < (few.high - few.low) / 3


def test_interval_of_repeated_splits_is_wider_than_as_if_they_were_independent() -> None:
    values = [0.7, 0.72, 0.69, 0.74, 0.71]
    found = repeated(values, 800, 200)
    naive = 2.776 * np.std(values, ddof=1) / 5**0.5
    assert (found.high - found.low) / 2 == pytest.approx(naive * (1 + 5 * 0.25) ** 0.5, rel=1e-3)
