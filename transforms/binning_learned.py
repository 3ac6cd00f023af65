"""Numbers put into bins whose edges are found between groups of values, or where a target changes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import polars as pl
from pydantic import Field

from transforms.binning import BinCount, BinEdges, Bins, LearnedBins
from transforms.core.categories import CategoryColumn, category
from transforms.core.errors import Problem, StepError
from transforms.core.numbers import finite
from transforms.core.params import Seed
from transforms.core.statistics import Ask, Max, Min
from transforms.core.text import package_problems
from transforms.core.transform import Example, Transform
from transforms.fitted_rows import Matrix, matrix, sampled

ROWS = 100_000
"""The most rows by which edges are chosen."""
CLASSES = 100
"""The most classes of a target."""


class ChosenBins(LearnedBins):
    """Bins of which there may be fewer than were asked for."""

    seed: Seed = 0
    """Same seed, same rows drawn where there are more than 100,000."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        yield from package_problems("sklearn", "columns", "This step")

    def ends(self, ask: Ask) -> dict[str, tuple[float | None, float | None]]:
        """The smallest and the largest value of each column."""
        found = iter(ask(*(each(finite(name)) for name in self.columns for each in (Min, Max))))
        return {name: (next(found), next(found)) for name in self.columns}

    def edges(self, name: str, inner: list[float], low: float | None, high: float | None) -> list[float]:
        """Edges from the smallest to the largest value, with those between that differ from them.

        Raises:
            StepError: the bins have names, and there are fewer bins.
        """
        if low is None or high is None:
            return []
        edges = [low, *sorted({each for each in inner if low < each < high}), high]
        # A column whose values are all equal has one bin, whatever the number asked for.
        if self.names and low < high and len(edges) - 1 < self.bins:
            raise StepError(
                f"Column {name!r} was divided into {len(edges) - 1} bins, and there are {self.bins} names. Ask for "
                "fewer bins, or use labels other than custom."
            )
        return edges


class KMeansBins(ChosenBins):
    """Put numbers into bins around values that lie close together (k-means)."""

    id = "bin_kmeans"
    title = "Bins of natural groups (k-means)"
    terms = ("natural breaks", "jenks", "cluster bins", "KBinsDiscretizer kmeans", "discretize")
    examples = (
        Example(
            params={"columns": ["age"], "bins": 2},
            before={"age": [1, 2, 3, 31, 33, None]},
            after={"age": ["< 17", "< 17", "< 17", ">= 17", ">= 17", None]},
        ),
        Example(
            params={"columns": ["x"], "bins": 3, "labels": "custom", "names": ["low", "middle", "high"]},
            before={"x": [0.0, 1.0, None, 10.0, 11.0, 100.0]},
            after={"x": ["low", "low", None, "middle", "middle", "high"]},
        ),
    )

    bins: BinCount = 5
    """How many bins to make; no more than there are different values."""

    def fit(self, ask: Ask) -> BinEdges:
        ends = self.ends(ask)
        numbers = matrix(sampled(ask, self.columns, ROWS, self.seed), self.columns)
        inner = {name: self._between(numbers[:, i]) for i, name in enumerate(self.columns)}
        return BinEdges(edges={name: self.edges(name, inner[name], *ends[name]) for name in self.columns})

    def _between(self, numbers: Matrix) -> list[float]:
        """The middles between the centres of groups.

        They begin equally far apart, as in scikit-learn, and once more at quantiles; the tighter groups are taken.
        """
        from sklearn.cluster import KMeans

        values, rows = np.unique(numbers[~np.isnan(numbers)], return_counts=True)
        groups = min(self.bins, len(values))
        if groups < 2:
            return []
        low, width = values[0], values[-1] - values[0]
        # Between 0 and 1, so that no square leaves the range of numbers.
        scaled, shares = (values - low) / width, (np.arange(groups) + 0.5) / groups
        starts = (shares, np.quantile(scaled, shares))
        found = (KMeans(groups, init=each[:, None], n_init=1) for each in starts)
        models = [each.fit(scaled[:, None], sample_weight=rows) for each in found]
        centers = np.sort(min(models, key=lambda model: float(model.inertia_)).cluster_centers_[:, 0])
        middles = low + width * (centers[1:] + centers[:-1]) / 2
        # Sums on several cores differ in their last digits.
        return [float(f"{each:.12g}") for each in middles]


class TreeBins(ChosenBins):
    """Put numbers into the bins that tell most about a target (a decision tree of one column)."""

    id = "bin_supervised_tree"
    title = "Bins by a decision tree"
    terms = ("supervised binning", "optimal binning", "DecisionTreeDiscretiser", "target bins", "scorecard")
    missing = f"{LearnedBins.missing} Rows without a target are left out of the fit."
    examples = (
        Example(
            params={"columns": ["age"], "target": "buys", "min_share": 0.2},
            before={"age": [20, 22, 40, 44, 60, None], "buys": ["no", "no", "yes", "yes", "no", "no"]},
            after={
                "age": ["<= 31", "<= 31", "(31, 52]", "(31, 52]", "> 52", None],
                "buys": ["no", "no", "yes", "yes", "no", "no"],
            },
        ),
        Example(
            params={"columns": ["x"], "target": "y", "bins": 2, "labels": "index", "suffix": "_bin"},
            before={"x": [1.0, 2.0, 3.0, 4.0], "y": [10.0, 11.0, 50.0, None]},
            after={"x": [1.0, 2.0, 3.0, 4.0], "y": [10.0, 11.0, 50.0, None], "x_bin": [0, 0, 1, 1]},
        ),
    )

    target: CategoryColumn
    """Column to predict: a number, or classes."""
    target_kind: Literal["auto", "number", "classes"] = "auto"
    """Whether the target is a number or classes; ``auto`` takes numeric columns as numbers, all others as classes."""
    bins: BinCount = 8
    """How many bins to make at most."""
    min_share: float = Field(0.05, gt=0, le=0.5, json_schema_extra={"widget": "share"})
    """Share of the rows that a bin holds at least."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        if self.target in self.columns:
            advice = "Take it out of the columns to put into bins."
            yield Problem(f"{self.target!r} is the target and cannot tell about itself.", advice, "columns")
        dtype = self.dtype(self.target)
        if self.target_kind == "number" and not (dtype.is_numeric() or dtype in (pl.Boolean, pl.Null)):
            found = f"The target {self.target!r} does not hold numbers."
            yield Problem(found, "Choose 'classes', or change its type first.", "target_kind")

    @property
    def _is_number(self) -> bool:
        return self.target_kind == "number" or (self.target_kind == "auto" and self.dtype(self.target).is_numeric())

    def bins_of(self, name: str, learned: BinEdges) -> Bins:
        return Bins(learned.edges[name], "right", self.outside == "extend")

    def fit(self, ask: Ask) -> BinEdges:
        ends = self.ends(ask)
        rows = sampled(ask, (*self.columns, self.target), ROWS, self.seed)
        numbers, target = matrix(rows, self.columns), self._target(rows)
        inner = {name: self._thresholds(numbers[:, i], target) for i, name in enumerate(self.columns)}
        return BinEdges(edges={name: self.edges(name, inner[name], *ends[name]) for name in self.columns})

    def _target(self, rows: pl.DataFrame) -> Matrix:
        """The target as numbers, classes numbered; NaN where it is missing."""
        if self._is_number:
            return matrix(rows, (self.target,))[:, 0]
        value = rows.select(category(self.target, self.dtype(self.target)).cast(pl.String)).to_series()
        if value.n_unique() > CLASSES + 1:
            raise StepError(
                f"The target {self.target!r} has more than {CLASSES} classes. Group its rare classes first, or, if it "
                "is a number, change its type to a number."
            )
        return value.rank("dense").cast(pl.Float64).fill_null(np.nan).to_numpy()

    def _thresholds(self, numbers: Matrix, target: Matrix) -> list[float]:
        from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

        both = ~(np.isnan(numbers) | np.isnan(target))
        values, place = np.unique(numbers[both], return_inverse=True)
        if len(values) < 2 or self.bins < 2:
            return []
        # Trees compare numbers of 32 bits: by their places all values are told apart.
        tree: Any = (DecisionTreeRegressor if self._is_number else DecisionTreeClassifier)(
            max_leaf_nodes=self.bins, min_samples_leaf=self.min_share, random_state=0
        )
        wanted = target[both] if self._is_number else target[both].astype(np.int64)
        if self._is_number:
            # In units of their spread, so that no square leaves the range of numbers.
            wanted = (wanted - wanted.mean()) / (np.abs(wanted - wanted.mean()).max() or 1.0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # few rows of many classes: the tree has what it needs
            fitted = tree.fit(place.astype(np.float64)[:, None], wanted).tree_
        splits = sorted(int(each) for each in np.floor(fitted.threshold[fitted.children_left >= 0]))
        middles = [(low, low + (high - low) / 2, high) for low, high in pairwise(values.tolist())]
        # Between neighbours among the numbers of 64 bits there is none.
        return [middle if middle < high else low for low, middle, high in (middles[each] for each in splits)]


TRANSFORMS: tuple[type[Transform], ...] = (KMeansBins, TreeBins)
