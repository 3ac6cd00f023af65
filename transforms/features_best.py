"""Keep the features that by themselves tell most of a target."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Literal, Self

import numpy as np
import polars as pl
from pydantic import model_validator

from transforms.core.errors import Problem, StepError
from transforms.core.numbers import finite
from transforms.core.params import Seed, Share
from transforms.core.statistics import Ask, Covariance, CovarianceMatrix, GroupMeans, Min, PairCounts
from transforms.core.transform import Example, Transform
from transforms.features_selection import Selected
from transforms.features_target import Count, TargetSelection, best, codes
from transforms.fitted_rows import Matrix, sampled

ROWS = 10_000
"""The most rows that mutual information and gain ratios are measured in."""
RELIEF_ROWS = 1_000
"""The most rows that relief compares with each other."""
RELIEF_NEIGHBORS = 10
"""How many rows of each class relief compares a row with (Kononenko 1994)."""
BINS = 10
"""How many bins numbers are put into for a gain ratio."""
DEFAULT = 20
"""How many columns are kept where neither number nor share is given."""


class SelectKBest(TargetSelection):
    """Keep the columns that by themselves tell most of a target, and drop the others among those chosen.

    F and chi-squared are exact. Mutual information and gain ratios are measured in at most 10,000 rows and relief in
    1,000, drawn at random.
    """

    id = "select_k_best"
    title = "Select k best features"
    terms = ("feature selection", "chi2", "anova", "mutual information", "univariate selection", "relief")
    missing = (
        "Rows where the column or the target is missing (null, NaN, infinite or beyond 1e150) are left out of its "
        "score; in relief a missing number counts as the mean, and missing text is a category of its own."
    )
    examples = (
        Example(
            params={"columns": ["age", "visits"], "target": "churn", "k": 1},
            before={
                "age": [20, 25, 60, 70, None],
                "visits": [3, 4, 4, 3, None],
                "churn": ["no", "no", "yes", "yes", None],
            },
            after={"age": [20, 25, 60, 70, None], "churn": ["no", "no", "yes", "yes", None]},
        ),
        Example(
            params={"columns": ["plan", "city"], "target": "churn", "score": "chi2", "share": 0.5},
            before={"plan": ["a", "a", "b", "b"], "city": ["Oslo", "Rome", "Oslo", None], "churn": [0, 0, 1, 1]},
            after={"plan": ["a", "a", "b", "b"], "churn": [0, 0, 1, 1]},
        ),
    )

    score: Literal["auto", "f", "chi2", "mutual_info", "gain_ratio", "relief"] = "auto"
    """F of an analysis of variance, or of a linear regression on one number; chi-squared of sums (of numbers that are
    not negative) or counts (of text) by class; mutual information; gain ratio, numbers in 10 bins; or ReliefF. Auto is
    F where all columns are numbers or booleans, and mutual information otherwise."""
    k: Count | None = None
    """How many columns to keep; 20 where no share is given either."""
    share: Share | None = None
    """Which share of the columns to keep, rounded up, instead of a number of them."""
    seed: Seed = 0
    """Same seed, same rows drawn."""

    @model_validator(mode="after")
    def _size_is_given_once(self) -> Self:
        if self.k is not None and self.share is not None:
            raise ValueError("Give a number of columns or a share of them, not both.")
        return self

    @property
    def how(self) -> str:
        """What is measured."""
        if self.score != "auto":
            return self.score
        return "mutual_info" if any(map(self.is_text, self.features)) else "f"

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        text = [name for name in self.features if self.is_text(name)]
        if self.score == "f" and text:
            found = f"Column {text[0]!r} holds text, and F is of numbers."
            yield Problem(found, "Leave it out, or choose mutual information.", "score")
        if self.score in ("chi2", "gain_ratio", "relief") and self.problem == "regression":
            yield Problem(f"{self.score} is of classes.", "Choose F or mutual information.", "score")

    def fit(self, ask: Ask) -> Selected:
        classes = self.of_classes(ask)
        if not classes and self.how in ("chi2", "gain_ratio", "relief"):
            raise StepError(
                f"{self.how} is of classes, but {self.target!r} holds too many different numbers to be some. "
                "Choose F or mutual information, put the target into bins, or say that the problem is a classification."
            )
        match self.how:
            case "f":
                scores = self._f(ask, classes=classes)
            case "chi2":
                scores = self._chi2(ask)
            case _:
                scores = self._of_rows(ask, classes=classes)
        settled = {name: each if each is None else float(f"{each:.12g}") for name, each in scores.items()}
        count = int(np.ceil(self.share * len(scores))) if self.share is not None else self.k or DEFAULT
        kept = best(settled, count)
        what = "could not be measured" if count else "is not asked for"
        dropped = {
            name: f"Its score of {score:.6g} is not among the {count} highest." if score is not None else f"It {what}."
            for name, score in settled.items()
            if name not in kept
        }
        return self.selected(ask, dropped, settled)

    def _f(self, ask: Ask, *, classes: bool) -> dict[str, float | None]:
        values = {name: finite(name) for name in self.features}
        if classes:
            label = self.label(classes=True)
            tables = ask(*(GroupMeans(value, label) for value in values.values()))
            return dict(zip(values, map(f_of_groups, tables), strict=True))
        label = finite(self.target).alias("__target")
        pairs = ask(*(Covariance((value, label)) for value in values.values()))
        return dict(zip(values, map(f_of_line, pairs), strict=True))

    def _chi2(self, ask: Ask) -> dict[str, float | None]:
        label = self.label(classes=True)
        numbers = [name for name in self.features if not self.is_text(name)]
        text = [name for name in self.features if self.is_text(name)]
        lowest = dict(zip(numbers, ask(*(Min(finite(name)) for name in numbers)), strict=True))
        negative = [name for name, low in lowest.items() if low is not None and low < 0]
        if negative:
            raise StepError(
                f"Column {negative[0]!r} holds negative numbers ({lowest[negative[0]]:g} is the lowest), whose sums "
                "chi-squared cannot compare. Choose another score, or leave it out."
            )
        found = ask(*(GroupMeans(finite(name), label) for name in numbers), *(PairCounts(name, label) for name in text))
        sums = {name: _sums_by_class(table) for name, table in zip(numbers, found[: len(numbers)], strict=True)}
        counts = {name: _counts_by_class(table) for name, table in zip(text, found[len(numbers) :], strict=True)}
        return {name: chi2(*(sums | counts)[name]) for name in self.features}

    def _of_rows(self, ask: Ask, *, classes: bool) -> dict[str, float | None]:
        limit = RELIEF_ROWS if self.how == "relief" else ROWS
        rows, labels = self.labelled(sampled(ask, (*self.features, self.target), limit, self.seed), classes=classes)
        if self.how == "relief":
            return dict(zip(self.features, relief(*self._compared(rows), labels), strict=True))
        return {name: self._of_column(rows, labels, name, classes=classes) for name in self.features}

    def _of_column(self, rows: pl.DataFrame, labels: Matrix, name: str, *, classes: bool) -> float | None:
        values = rows.select(self.value(name)).to_series()
        there = values.is_not_null().to_numpy()
        known, target = values.drop_nulls(), labels[there]
        numbers = codes(known) if self.is_text(name) else known.to_numpy()
        if self.how == "gain_ratio":
            return gain_ratio(numbers if self.is_text(name) else _binned(numbers), target)
        discrete = self.is_text(name) or self.dtype(name) == pl.Boolean
        return mutual_information(numbers, target, discrete=discrete, classes=classes, seed=self.seed)

    def _compared(self, rows: pl.DataFrame) -> tuple[Matrix, list[bool]]:
        """Numbers between 0 and 1, and categories by number; which of them are categories."""
        columns = []
        for name in self.features:
            values = rows.select(self.value(name)).to_series()
            if self.is_text(name):
                columns.append(codes(values.fill_null("")) + values.is_null().to_numpy() * 0.5)
                continue
            numbers = values.fill_null(values.mean() or 0.0).to_numpy().astype(np.float64)
            low, high = numbers.min(initial=np.inf), numbers.max(initial=-np.inf)
            columns.append((numbers - low) / (high - low) if high > low else numbers * 0.0)
        table = np.column_stack(columns) if columns else np.empty((len(rows), 0))
        return table, [self.is_text(name) for name in self.features]


def f_of_groups(table: pl.DataFrame) -> float | None:
    """F of an analysis of variance; none with a single class, without spread, or with a row of each class only."""
    known = table.filter(pl.col("rows") > 0)
    size, mean = known["rows"].to_numpy().astype(np.float64), known["mean"].to_numpy()
    within = float(((size - 1) * np.square(known["std"].fill_null(0.0).to_numpy())).sum())
    between = float((size * np.square(mean - (size * mean).sum() / max(size.sum(), 1))).sum())
    return _ratio(between, len(size) - 1, within, size.sum() - len(size))


def f_of_line(pair: CovarianceMatrix) -> float | None:
    """F of a linear regression; none where either side is constant, or with fewer than three rows."""
    if pair.rows < 3:
        return None
    (own, both), (_, target) = pair.matrix
    return _ratio(both**2, 1, own * target - both**2, pair.rows - 2)


def _ratio(explained: float, freedom: float, rest: float, rest_freedom: float) -> float | None:
    """F; infinite where nothing is left within rounding."""
    if freedom < 1 or rest_freedom < 1 or explained <= 0:
        return None
    return float("inf") if rest <= explained * 1e-15 else (explained / freedom) / (rest / rest_freedom)


def _sums_by_class(table: pl.DataFrame) -> tuple[Matrix, Matrix]:
    """The sum of a number in each class as one row, and the rows of each class."""
    known = table.filter(pl.col("rows") > 0)
    rows = known["rows"].to_numpy().astype(np.float64)
    return (known["mean"].to_numpy() * rows)[None, :], rows


def _counts_by_class(table: pl.DataFrame) -> tuple[Matrix, Matrix]:
    """A row of counts by class for each category, and the rows of each class."""
    counts = np.zeros((table["first"].n_unique(), table["second"].n_unique()))
    first, second = codes(table["first"]).astype(int), codes(table["second"]).astype(int)
    counts[first, second] = table["rows"].to_numpy()
    return counts, counts.sum(axis=0)


def chi2(observed: Matrix, rows: Matrix) -> float | None:
    """Chi-squared of sums by class against what they would be if they did not depend on it."""
    if not rows.sum() or not observed.sum():
        return None
    expected = observed.sum(axis=1, keepdims=True) * rows / rows.sum()
    return float((np.square(observed - expected) / np.where(expected > 0, expected, 1.0)).sum())


def mutual_information(numbers: Matrix, target: Matrix, *, discrete: bool, classes: bool, seed: int) -> float | None:
    """What a column tells of the target, in nats, as scikit-learn estimates it with 3 neighbours (Ross 2014)."""
    from sklearn.feature_selection import mutual_info_classif, mutual_info_regression

    alone = classes and not discrete and max(np.unique(target, return_counts=True)[1], default=0) < 2
    if len(numbers) <= 3 or alone:  # of classes of one row each nothing is told by near rows
        return None
    measure = mutual_info_classif if classes else mutual_info_regression
    with warnings.catch_warnings():
        # It takes classes of many values for numbers, and says so.
        warnings.simplefilter("ignore", UserWarning)
        found = measure(numbers[:, None], target, discrete_features=discrete, random_state=seed % 2**32)
    return float(found[0])


def _binned(numbers: Matrix) -> Matrix:
    """The bin of each number, bins having about as many rows each."""
    if not len(numbers):
        return numbers
    edges = np.unique(np.quantile(numbers, np.arange(1, BINS) / BINS))
    return np.searchsorted(edges, numbers, side="left").astype(np.float64)


def gain_ratio(categories: Matrix, target: Matrix) -> float | None:
    """Information gained on the target as a share of the information of the categories (Quinlan 1986)."""
    both = np.column_stack([categories, target])
    own, joint = _entropy(categories[:, None]), _entropy(both)
    return (own + _entropy(target[:, None]) - joint) / own if own > 0 else None


def _entropy(rows: Matrix) -> float:
    counts = np.unique(rows, axis=0, return_counts=True)[1]
    share = counts / max(counts.sum(), 1)
    return float(-(share * np.log2(share)).sum())


def relief(columns: Matrix, categories: list[bool], labels: Matrix) -> list[float | None]:
    """ReliefF: how much more a column differs between near rows of other classes than of the same (Kononenko 1994)."""
    rows, classes, shares = len(labels), *np.unique(labels, return_counts=True)
    if len(classes) < 2:
        return [None] * columns.shape[1]
    apart = [_apart(columns[:, i], categories=each) for i, each in enumerate(categories)]
    away = np.sum(apart, axis=0)
    np.fill_diagonal(away, np.inf)
    weights = np.zeros((rows, rows))
    for each, count in zip(classes, shares, strict=True):
        members = np.flatnonzero(labels == each)
        near = np.argsort(away[:, members], axis=1, kind="stable")[:, :RELIEF_NEIGHBORS]
        for row in range(rows):
            own = labels[row] == each
            found = members[near[row]][: count - own]
            rest = rows - (labels == labels[row]).sum()
            weights[row, found] += (-1.0 if own else count / rest) / max(len(found), 1)
    return [float((weights * each).sum() / rows) for each in apart]


def _apart(column: Matrix, *, categories: bool) -> Matrix:
    gap = np.abs(column[:, None] - column[None, :])
    return (gap > 0).astype(np.float64) if categories else gap


TRANSFORMS: tuple[type[Transform], ...] = (SelectKBest,)
