"""Rows that are unlike the others in several columns together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import numpy as np
import polars as pl
from pydantic import Field

from transforms.core.columns import NumericColumns, taken
from transforms.core.errors import Problem
from transforms.core.numbers import finite, quotient
from transforms.core.params import NewColumn, Seed
from transforms.core.statistics import Ask, Quantile
from transforms.core.text import package_problems
from transforms.core.transform import Example, FittedTransform, Learned, Table, Transform
from transforms.fitted_neighbours import distances, nearest
from transforms.fitted_rows import Matrix, computed, matrix, sampled, total
from transforms.fitted_trees import SCHEMA, Tree, single, tree_table
from transforms.missing_models import spread
from transforms.outlier_limits import OnlyWhenRemoving

SCORE = "__score"
TREE_WIDTH = 25
"""Rows go through trees by the thousands, which costs least."""
ROWS = 20_000
"""The most rows that a forest is fitted on, and its threshold is found with."""


class OutlierRows(FittedTransform):
    """Finds rows that are outliers by a score of several columns together."""

    training_only = OnlyWhenRemoving()
    changes_rows = True
    missing = (
        "Missing values (null, NaN, infinite or beyond 1e150) count as the median of their column, so that a row is no "
        "outlier for what it lacks."
    )

    columns: NumericColumns
    """Columns to look at, all together."""
    contamination: float = Field(0.01, gt=0, le=0.5, json_schema_extra={"widget": "share"})
    """Share of the rows of the fit that are outliers; the score that so many exceed is the limit for later ones."""
    fix: Literal["flag", "remove", "score"] = "flag"
    """Add a column that is true for outliers, remove their rows (in training only), or add a column of scores."""
    output: NewColumn | None = None
    """Name of the new column; left empty, is_outlier or outlier_score."""

    @property
    def _output(self) -> str:
        return self.output or ("outlier_score" if self.fix == "score" else "is_outlier")

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from package_problems("sklearn", "columns", "This step")
        if self.fix != "remove":
            yield from taken(self._output, schemas[0])

    def medians(self, ask: Ask) -> dict[str, float]:
        """The median of each column; 0 where there is none."""
        found = ask(*(Quantile(finite(name), 0.5) for name in self.columns))
        return {name: each or 0.0 for name, each in zip(self.columns, found, strict=True)}

    def score(self, learned: Any) -> pl.Expr:
        """How far a row is an outlier; null where nothing was learned."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it scores.")

    def limit(self, scores: pl.Series) -> float | None:
        """The score beyond which a row is an outlier."""
        return scores.quantile(1 - self.contamination, "linear")

    def apply(self, rows: pl.LazyFrame, learned: Any) -> pl.LazyFrame:
        if self.fix == "score":
            return rows.with_columns(self.score(learned).alias(self._output))
        outlier = (pl.col(SCORE) > pl.lit(learned.limit, pl.Float64)).fill_null(False)
        scored = rows.with_columns(self.score(learned).alias(SCORE))
        if self.fix == "remove":
            return scored.remove(outlier).drop(SCORE)
        return scored.with_columns(outlier.alias(self._output)).drop(SCORE)

    def lineage(self, learned: Any = None) -> Mapping[str, frozenset[str]]:
        return {} if self.fix == "remove" else {self._output: frozenset(self.columns)}


class Forest(Learned):
    """Trees that take rows apart at random: the sooner a row is alone, the more it is an outlier."""

    median: dict[str, float]
    """What is taken off each column first, and what its missing values become."""
    trees: int
    path: float
    """How many steps it takes on average to find nothing in a tree of as many rows as each tree was made of."""
    limit: float | None
    """The score beyond which a row is an outlier."""
    nodes: Table
    """The trees; the value of a leaf is the steps to a row that comes to it."""


class IsolationForestOutliers(OutlierRows):
    """Find rows that are unlike the others, by how easily random cuts of the columns set them apart.

    The score is that of Liu, Ting and Zhou (2008): near 1 for outliers, below 0.5 for usual rows.
    """

    id = "outlier_isolation_forest"
    title = "Outliers: isolation forest"
    terms = ("anomaly detection", "multivariate outliers", "isolation forest", "unusual rows")
    unseen = "New rows are scored by the learned trees and go by the learned limit."
    examples = (
        Example(
            params={"columns": ["x", "y"], "contamination": 0.2, "trees": 20},
            before={"x": [1, 2, 1, 2, 90], "y": [5.0, 5.0, 6.0, None, 900.0]},
            after={
                "x": [1, 2, 1, 2, 90],
                "y": [5.0, 5.0, 6.0, None, 900.0],
                "is_outlier": [False, False, False, False, True],
            },
        ),
        Example(
            params={"columns": ["x"], "contamination": 0.2, "trees": 20, "fix": "remove"},
            before={"x": [1.0, 2.0, None, 1.5, -50.0]},
            after={"x": [1.0, 2.0, None, 1.5]},
        ),
    )

    trees: int = Field(100, ge=1, le=500)
    """How many trees to make, each of 256 rows; more trees, steadier scores."""
    seed: Seed = 0
    """Same seed, same rows drawn and same trees."""

    def fit(self, ask: Ask) -> Forest:
        median = self.medians(ask)
        rows = sampled(ask, self.columns, ROWS, self.seed)
        nothing = Forest(median={}, trees=0, path=0.0, limit=None, nodes=SCHEMA.to_frame())
        if len(rows) < 2 or not self.columns:
            return nothing
        forest = self._forest(single(_filled(matrix(rows, self.columns), median)))
        tables = [
            tree_table(i, each.tree_, self.columns, _steps(each.tree_)) for i, each in enumerate(forest.estimators_)
        ]
        learned = Forest(
            median=median,
            trees=len(tables),
            path=float(_path(np.array([float(forest.max_samples_)]))[0]),
            limit=None,
            nodes=pl.concat(tables),
        )
        scores = rows.select(self.score(learned)).to_series()
        return learned.model_copy(update={"limit": self.limit(scores)})

    def _forest(self, numbers: Any) -> Any:
        from sklearn.ensemble import IsolationForest

        return IsolationForest(n_estimators=self.trees, random_state=self.seed % 2**32).fit(numbers)

    def score(self, learned: Forest) -> pl.Expr:
        if not learned.trees:
            return pl.lit(None, pl.Float64)
        columns = list(learned.median)
        trees = [Tree.of(nodes, columns) for nodes in learned.nodes.partition_by("tree")]

        def steps(numbers: Matrix) -> Matrix:
            rows, found = single(_filled(numbers, learned.median)), np.zeros(len(numbers))
            for tree in trees:
                found += tree(rows)
            return found[:, None]

        found = computed([finite(name) for name in columns], [SCORE], steps, width=TREE_WIDTH)
        mean = quotient(found.struct.field(SCORE), learned.trees * learned.path)
        score: pl.Expr = (mean * -math.log(2)).exp()
        return score


def _filled(numbers: Matrix, median: Mapping[str, float]) -> Matrix:
    """Numbers less the median of their column, those that are missing at it.

    So the 32 bits that trees compare are spent on what tells rows apart.
    """
    filled: Matrix = np.nan_to_num(numbers - np.array(list(median.values())), nan=0.0)
    return filled


def _steps(tree: Any) -> Matrix:
    """Steps to each node of a tree, and those it would take on to set the rows at it apart."""
    depth = np.zeros(tree.node_count)
    for node in range(tree.node_count):  # parents come before their children
        for child in (tree.children_left[node], tree.children_right[node]):
            if child >= 0:
                depth[child] = depth[node] + 1
    return depth + _path(tree.n_node_samples.astype(np.float64))


def _path(rows: Matrix) -> Matrix:
    """Mean steps of a search without success in a binary search tree of so many rows (Liu et al., equation 1)."""
    more = np.maximum(rows, 3.0)
    found = 2.0 * (np.log(more - 1.0) + np.euler_gamma) - 2.0 * (more - 1.0) / more
    return np.where(rows <= 1, 0.0, np.where(rows == 2, 1.0, found))


class LocalDensities(Learned):
    """Rows, and how dense they lie."""

    median: dict[str, float]
    """What missing values become."""
    scale: dict[str, float]
    """What each column is divided by before distances are measured."""
    neighbors: int
    """How many neighbours are compared: no more than there are."""
    limit: float | None
    """The score beyond which a row is an outlier."""
    rows: Table
    """The columns in units of their scale, ``reach`` (how far the last neighbour is) and ``density``."""


REACH, DENSITY = "__reach", "__density"


class LocalOutlierFactor(OutlierRows):
    """Find rows that lie in emptier places than their nearest neighbours do.

    The score is the local outlier factor (Breunig et al. 2000): near 1 for usual rows, larger for outliers. A row that
    is equal to one that it is compared with is taken for that one, and is not its own neighbour.
    """

    id = "outlier_lof"
    title = "Outliers: local outlier factor"
    terms = ("LOF", "anomaly detection", "density outliers", "nearest neighbours", "unusual rows")
    unseen = "New rows are compared with the rows kept from the fit and go by the learned limit."
    examples = (
        Example(
            params={"columns": ["x", "y"], "contamination": 0.2, "neighbors": 2},
            before={"x": [1.0, 2.0, 1.0, 2.0, 9.0], "y": [5.0, 5.0, 6.0, None, 90.0]},
            after={
                "x": [1.0, 2.0, 1.0, 2.0, 9.0],
                "y": [5.0, 5.0, 6.0, None, 90.0],
                "is_outlier": [False, False, False, False, True],
            },
        ),
        Example(
            params={"columns": ["x"], "contamination": 0.2, "neighbors": 2, "fix": "score", "output": "lof"},
            before={"x": [1.0, 2.0, None, 3.0, 50.0]},
            # The missing value counts as the median, 2.5.
            after={"x": [1.0, 2.0, None, 3.0, 50.0], "lof": [1.25, 0.9, 7 / 6, 0.75, 55.125]},
        ),
    )

    neighbors: int = Field(20, ge=1, le=200)
    """How many nearest rows to compare with."""
    scale: bool = True
    """Divide columns by their standard deviation before distances are measured, so that their unit does not matter."""
    max_fit_rows: int = Field(5_000, ge=2, le=20_000)
    """Compare with at most so many rows, drawn at random; every row is compared with all of them."""
    seed: Seed = 0
    """Same seed, same rows drawn."""

    def fit(self, ask: Ask) -> LocalDensities:
        median = self.medians(ask)
        numbers = matrix(sampled(ask, self.columns, self.max_fit_rows, self.seed), self.columns)
        if len(numbers) < 2 or not self.columns:
            return LocalDensities(median={}, scale={}, neighbors=0, limit=None, rows=pl.DataFrame())
        numbers = np.where(np.isnan(numbers), np.array(list(median.values())), numbers)
        scale = {name: spread(numbers[:, i]) if self.scale else 1.0 for i, name in enumerate(self.columns)}
        points = numbers / np.array(list(scale.values()))
        count = min(self.neighbors, len(points) - 1)
        away, places = self._neighbors(points, count)
        reach = away[:, -1]
        density = _density(away, places, reach)
        limit = self.limit(pl.Series(_factor(places, density, density)))
        rows = pl.DataFrame(points, schema=list(self.columns)).with_columns(
            pl.Series(REACH, reach), pl.Series(DENSITY, density)
        )
        return LocalDensities(median=median, scale=scale, neighbors=count, limit=limit, rows=rows)

    def _neighbors(self, points: Matrix, count: int) -> tuple[Matrix, Any]:
        """Distances and places of the nearest others of each point."""
        from sklearn.neighbors import NearestNeighbors

        away, places = NearestNeighbors(n_neighbors=count).fit(points).kneighbors()
        return away, places

    def score(self, learned: LocalDensities) -> pl.Expr:
        if not learned.neighbors:
            return pl.lit(None, pl.Float64)
        columns = list(learned.median)
        median, scale = (np.array(list(each.values())) for each in (learned.median, learned.scale))
        known = learned.rows.select(pl.col(columns)).to_numpy()
        reach, density = learned.rows[REACH].to_numpy(), learned.rows[DENSITY].to_numpy()

        def factors(numbers: Matrix) -> Matrix:
            points = np.where(np.isnan(numbers), median, numbers) / scale
            away = distances(points, known)
            itself = np.argmin(away, axis=1)
            row = np.arange(len(away))
            # Where the nearest is elsewhere, it is a neighbour like others.
            away[row, itself] = np.where(away[row, itself] == 0, np.inf, away[row, itself])
            places = nearest(away, learned.neighbors)
            near = np.take_along_axis(away, places, axis=1)
            return _factor(places, density, _density(near, places, reach))[:, None]

        found = computed([finite(name) for name in columns], [SCORE], factors, width=len(known))
        return found.struct.field(SCORE)


def _density(away: Matrix, places: Any, reach: Matrix) -> Matrix:
    """How dense rows lie, by the distances to their neighbours, each at least as far as it sees itself."""
    # As scikit-learn has it, where neighbours lie at the same place the density is 1e10, not infinite.
    density: Matrix = 1.0 / (total(np.maximum(away, reach[places])) / places.shape[1] + 1e-10)
    return density


def _factor(places: Any, density: Matrix, own: Matrix) -> Matrix:
    """How much denser neighbours lie than the rows themselves."""
    factor: Matrix = total(density[places]) / places.shape[1] / own
    return factor


TRANSFORMS: tuple[type[Transform], ...] = (IsolationForestOutliers, LocalOutlierFactor)
