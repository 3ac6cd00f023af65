"""How good predictions are, on rows that the model never saw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from transforms.scoring.facts import Facts
from transforms.scoring.problem import Kind, ProblemType

POINTS = 500
"""The most predictions a chart of a regression shows."""
BINS = 20
LEAST_CHANCE = 1e-15
"""The least probability that the log loss takes: one that was 0 and happened would cost without end."""
RESAMPLES = 200
"""Bootstrap samples behind the interval of a score of a single test fold."""


class Interval(Facts):
    """Where the score would lie on other rows, in 95 of 100 cases."""

    low: float
    high: float
    how: str


class Score(Facts):
    """The score a model is summed up by, and how much of what there was to gain it gained."""

    metric: str
    """R2 of a number, AUC of two classes, accuracy of more."""
    value: float
    base: float
    """The score without a model: 0, 0.5, or the share of the class that is most frequent in training."""
    normalised: float
    """(value - base) / (1 - base): 1 is perfect, 0 no better than no model, below 0 worse."""
    interval: Interval | None = None
    """Of the value."""


class ClassReport(Facts):
    """How well one class is found."""

    name: str
    train_rows: int
    test_rows: int
    precision: float | None
    """Share of the rows predicted as this class that are; none when none is."""
    recall: float | None
    """Share of its rows that are found; none when the test has no row of it."""
    f1: float | None


class Residuals(Facts):
    """Actual less predicted numbers."""

    mean: float
    std: float
    quantiles: dict[str, float]
    """At 1, 5, 25, 50, 75, 95 and 99 percent."""
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    """Rows between neighbouring edges."""
    actual: tuple[float, ...]
    predicted: tuple[float, ...]
    """Some rows, for a chart."""


def score(kind: Kind, value: float, base: float, interval: Interval | None) -> Score:
    """A score with its share of what there was to gain."""
    name = {"regression": "R2", "binary": "AUC", "multiclass": "accuracy"}[kind]
    normalised = (value - base) / (1 - base) if base < 1 else 0.0
    return Score(metric=name, value=value, base=base, normalised=normalised, interval=interval)


def base_value(kind: Kind, labels: np.ndarray, majority: int = 0) -> float:
    """The score without a model; for several classes, of always the one most frequent in training."""
    match kind:
        case "regression":
            return 0.0
        case "binary":
            return 0.5
        case "multiclass":
            return float((labels == majority).mean())


def score_value(kind: Kind, labels: np.ndarray, predictions: np.ndarray) -> float | None:
    """R2, AUC or accuracy; ``None`` where it is not defined: one class only, or a number that does not vary."""
    match kind:
        case "regression":
            spread = float(((labels - labels.mean()) ** 2).sum())
            return 1 - float(((labels - predictions) ** 2).sum()) / spread if spread > 0 else None
        case "binary":
            return area(labels, predictions[:, 1])
        case "multiclass":
            return float((predictions.argmax(axis=1) == labels).mean())


def area(labels: np.ndarray, chances: np.ndarray) -> float | None:
    """Area under the ROC curve, by ranks; ties count half (Mann and Whitney)."""
    positive = labels == 1
    ones, zeros = int(positive.sum()), int((~positive).sum())
    if not ones or not zeros:
        return None
    _, place, count = np.unique(chances, return_inverse=True, return_counts=True)
    rank = np.cumsum(count) - (count - 1) / 2
    return float((rank[place][positive].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def bootstrap(kind: Kind, labels: np.ndarray, predictions: np.ndarray, seed: int) -> Interval | None:
    """The interval of the score of one test fold, by drawing its rows again and again."""
    random = np.random.default_rng(seed)
    drawn = (random.integers(0, len(labels), len(labels)) for _ in range(RESAMPLES))
    found = [value for rows in drawn if (value := score_value(kind, labels[rows], predictions[rows])) is not None]
    if not found:
        return None
    low, high = np.quantile(found, (0.025, 0.975))
    return Interval(low=float(low), high=float(high), how=f"{RESAMPLES} bootstrap samples of the {len(labels):,} rows")


def repeated(values: Sequence[float], train_rows: int, test_rows: int) -> Interval:
    """The interval of the mean score of repeated splits.

    Their training rows overlap, so the variance is corrected: Nadeau and Bengio 2003, "Inference for the
    Generalization Error".
    """
    from scipy.stats import t

    n = len(values)
    variance = float(np.var(values, ddof=1)) * (1 / n + test_rows / train_rows)
    reach = float(t.ppf(0.975, n - 1)) * variance**0.5
    mean = float(np.mean(values))
    return Interval(low=mean - reach, high=mean + reach, how=f"{n} splits of the rows")


def metrics(problem: ProblemType, labels: np.ndarray, predictions: np.ndarray) -> dict[str, float]:
    """Every metric that is defined, by name."""
    if problem.kind == "regression":
        return _of_numbers(labels, predictions)
    return _of_classes(labels.astype(int), predictions, problem)


def _of_numbers(labels: np.ndarray, predictions: np.ndarray) -> dict[str, float]:
    errors = labels - predictions
    found = {
        "r2": score_value("regression", labels, predictions),
        "rmse": float(np.sqrt((errors**2).mean())),
        "mse": float((errors**2).mean()),
        "mae": float(np.abs(errors).mean()),
        "median_absolute_error": float(np.median(np.abs(errors))),
        "max_error": float(np.abs(errors).max()),
    }
    if (labels != 0).all():
        found["mape"] = float(np.abs(errors / labels).mean())
    return {name: value for name, value in found.items() if value is not None}


def _of_classes(labels: np.ndarray, predictions: np.ndarray, problem: ProblemType) -> dict[str, float]:
    """For two classes, precision, recall and F1 are those of the second, the less frequent one."""
    n = len(problem.classes)
    matrix = np.asarray(confusion(labels, predictions, n), dtype=float)
    hits, actual, chosen = matrix.diagonal(), matrix.sum(axis=1), matrix.sum(axis=0)
    likely = predictions[np.arange(len(labels)), labels] / predictions.sum(axis=1)
    found: dict[str, float | None] = {
        "accuracy": float(hits.sum() / len(labels)),
        "balanced_accuracy": float((hits[actual > 0] / actual[actual > 0]).mean()),
        "log_loss": float(-np.log(np.clip(likely, LEAST_CHANCE, 1)).mean()),
    }
    each = {
        "precision": _ratio(hits, chosen),
        "recall": _ratio(hits, actual),
        "f1": _ratio(2 * hits, actual + chosen),
    }
    if n == 2:
        found |= {name: float(values[1]) for name, values in each.items()}
        found["auc"] = area(labels, predictions[:, 1])
    else:
        found |= {f"macro_{name}": float(values.mean()) for name, values in each.items()}
        found |= {f"weighted_{name}": float(np.average(values, weights=actual)) for name, values in each.items()}
        areas = [area((labels == place).astype(int), predictions[:, place]) for place in range(n)]
        if all(value is not None for value in areas):
            known = np.asarray(areas, dtype=float)
            found["auc_one_vs_rest"] = float(known.mean())
            found["auc_one_vs_rest_weighted"] = float(np.average(known, weights=actual))
    return {name: value for name, value in found.items() if value is not None}


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Part by whole, 0 where there is no whole."""
    return np.asarray(np.divide(part, whole, out=np.zeros_like(part), where=whole > 0))


def confusion(labels: np.ndarray, predictions: np.ndarray, classes: int) -> tuple[tuple[int, ...], ...]:
    """Rows by actual class, columns by predicted class."""
    table = np.zeros((classes, classes), dtype=int)
    np.add.at(table, (labels.astype(int), predictions.argmax(axis=1)), 1)
    return tuple(tuple(map(int, row)) for row in table)


def class_reports(
    problem: ProblemType, table: tuple[tuple[int, ...], ...], train_labels: np.ndarray
) -> tuple[ClassReport, ...]:
    """A report of each class, from the confusion matrix."""
    trained = np.bincount(train_labels.astype(int), minlength=len(problem.classes))
    matrix = np.asarray(table)
    found = []
    for i, name in enumerate(problem.classes):
        hit, actual, chosen = int(matrix[i, i]), int(matrix[i].sum()), int(matrix[:, i].sum())
        found.append(
            ClassReport(
                name=name,
                train_rows=int(trained[i]),
                test_rows=actual,
                precision=hit / chosen if chosen else None,
                recall=hit / actual if actual else None,
                f1=2 * hit / (actual + chosen) if actual + chosen else None,
            )
        )
    return tuple(found)


def residuals(labels: np.ndarray, predictions: np.ndarray, seed: int) -> Residuals:
    """A summary of errors."""
    errors = labels - predictions
    at = (1, 5, 25, 50, 75, 95, 99)
    counts, edges = np.histogram(errors, BINS)
    shown = np.sort(np.random.default_rng(seed).permutation(len(errors))[:POINTS])
    return Residuals(
        mean=float(errors.mean()),
        std=float(errors.std(ddof=1)) if len(errors) > 1 else 0.0,
        quantiles={str(q): float(v) for q, v in zip(at, np.percentile(errors, at), strict=True)},
        edges=tuple(map(float, edges)),
        counts=tuple(map(int, counts)),
        actual=tuple(map(float, labels[shown])),
        predicted=tuple(map(float, predictions[shown])),
    )
