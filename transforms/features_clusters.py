"""Groups of similar rows."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import numpy as np
import polars as pl
from pydantic import Field

from transforms.core.columns import NumericColumns, taken
from transforms.core.errors import Problem
from transforms.core.numbers import finite
from transforms.core.params import NewColumn, Seed
from transforms.core.statistics import Ask
from transforms.core.text import package_problems
from transforms.core.transform import Example, FittedTransform, Learned, Table, Transform
from transforms.fitted_neighbours import distances
from transforms.fitted_rows import Matrix, computed, matrix, sampled

ROWS = 20_000
"""The most rows that clusters are found in."""
FOUND = "__found"
LABEL = "label"


class Clusters(Learned):
    """The centres of clusters."""

    mean: dict[str, float]
    """What missing values become."""
    scale: dict[str, float]
    """What each column is divided by before distances are measured."""
    rows: list[int]
    """Rows of the fit in each cluster."""
    centres: Table
    """A row for each cluster, in order, in the units of the columns."""


class ClusterKmeans(FittedTransform):
    """Add a column that says which group of similar rows a row belongs to (k-means).

    Clusters are found by scikit-learn (Lloyd, the best of 10 starts of k-means++) in at most 20,000 rows, drawn at
    random, and numbered from 1, those with more rows first; each row goes to the nearest centre, of several equally
    near to the first.
    """

    id = "cluster_kmeans"
    title = "Cluster label (k-means)"
    terms = ("clustering", "segments", "segmentation", "group similar rows", "kmeans")
    missing = (
        "Missing values (null, NaN, infinite or beyond 1e150) count as the mean of their column, in the fit and after "
        "it."
    )
    unseen = "New rows go to the nearest of the learned centres."
    examples = (
        Example(
            params={"columns": ["x", "y"], "clusters": 2},
            before={"x": [1.0, 1.0, 2.0, 50.0, 51.0], "y": [5.0, 6.0, None, 90.0, 91.0]},
            after={
                "x": [1.0, 1.0, 2.0, 50.0, 51.0],
                "y": [5.0, 6.0, None, 90.0, 91.0],
                "cluster": [1, 1, 1, 2, 2],
            },
        ),
        Example(
            params={
                "columns": ["x"],
                "clusters": 2,
                "scale": False,
                "add": ["label", "distance", "distances"],
                "output": "group",
            },
            before={"x": [1, 3, 2, 10, None]},
            # Missing counts as 4, the mean.
            after={
                "x": [1, 3, 2, 10, None],
                "group": [1, 1, 1, 2, 1],
                "group_distance": [1.5, 0.5, 0.5, 0.0, 1.5],
                "group_distance_1": [1.5, 0.5, 0.5, 7.5, 1.5],
                "group_distance_2": [9.0, 7.0, 8.0, 0.0, 6.0],
            },
        ),
    )

    columns: NumericColumns
    """Columns in which rows are similar."""
    clusters: int = Field(8, ge=1, le=200)
    """How many clusters to find; fewer where there are fewer different rows."""
    scale: bool = True
    """Divide columns by their standard deviation before distances are measured, so that their unit does not matter."""
    add: tuple[Literal["label", "distance", "distances"], ...] = Field(("label",), min_length=1)
    """What to add: the number of the cluster, the distance to its centre, and the distance to each centre."""
    output: NewColumn = "cluster"
    """Name of the column of numbers; distances are named after it."""
    seed: Seed = 0
    """Same seed, same rows drawn and same starts."""

    @property
    def made(self) -> dict[str, str]:
        """Names of the new columns, by what is found."""
        found = {}
        if "label" in self.add:
            found[LABEL] = self.output
        if "distance" in self.add:
            found["distance"] = f"{self.output}_distance"
        if "distances" in self.add:
            found |= {str(i): f"{self.output}_distance_{i}" for i in range(1, self.clusters + 1)}
        return found

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from package_problems("sklearn", "columns", "This step")
        for name in self.made.values():
            yield from taken(name, schemas[0])

    def fit(self, ask: Ask) -> Clusters:
        numbers = matrix(sampled(ask, self.columns, ROWS, self.seed), self.columns)
        present = ~np.isnan(numbers)
        mean = np.where(present, numbers, 0.0).sum(axis=0) / np.maximum(present.sum(axis=0), 1)
        filled = np.where(present, numbers, mean)
        spread = filled.std(axis=0) if self.scale and len(filled) else np.ones(len(mean))
        scale = np.where(spread > 0, spread, 1.0)
        rows, centres = self._found(filled / scale)
        return Clusters(
            mean=dict(zip(self.columns, mean.tolist(), strict=True)),
            scale=dict(zip(self.columns, scale.tolist(), strict=True)),
            rows=rows,
            centres=pl.DataFrame(centres * scale, schema=dict.fromkeys(self.columns, pl.Float64), orient="row").select(
                pl.all().round_sig_figs(12)
            ),
        )

    def _found(self, points: Matrix) -> tuple[list[int], Matrix]:
        """Rows and centres of the clusters, in order."""
        from sklearn.cluster import KMeans
        from sklearn.exceptions import ConvergenceWarning
        from threadpoolctl import threadpool_limits

        if not points.size:
            return [], points[:0]
        count = min(self.clusters, len(np.unique(points, axis=0)))
        # One thread adds up in the same order each time, and on a busy machine is a hundred times as fast as several.
        with warnings.catch_warnings(), threadpool_limits(1):
            # Rows that differ within rounding only may be one to scikit-learn.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = KMeans(count, n_init=10, random_state=self.seed % 2**32).fit(points)
        rows = np.bincount(model.labels_, minlength=count)
        centres: Matrix = model.cluster_centers_
        order = np.lexsort((*np.round(centres.T[::-1], 9), -rows))
        order = order[rows[order] > 0]
        return rows[order].tolist(), centres[order]

    def apply(self, rows: pl.LazyFrame, learned: Clusters) -> pl.LazyFrame:
        names, count = self.made, len(learned.rows)
        if not count:
            kinds = {name: pl.Int64() if what == LABEL else pl.Float64() for what, name in names.items()}
            return rows.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in kinds.items())
        scale = np.array(list(learned.scale.values()))
        centres = learned.centres.to_numpy() / scale

        def measured(numbers: Matrix) -> Matrix:
            away = distances(numbers / scale, centres)
            beyond = np.full((len(away), self.clusters - count), np.nan)
            return np.column_stack([away.argmin(axis=1) + 1, away.min(axis=1), away, beyond])

        inputs = [finite(name).fill_null(mean) for name, mean in learned.mean.items()]
        fields = [LABEL, "distance", *(str(i) for i in range(1, self.clusters + 1))]
        found = computed(inputs, fields, measured, width=len(centres))
        parts = (pl.col(FOUND).struct.field(what).alias(name) for what, name in names.items())
        made = rows.with_columns(found.alias(FOUND)).with_columns(parts).drop(FOUND)
        return made.with_columns(pl.col(self.output).cast(pl.Int64)) if LABEL in names else made

    def lineage(self, learned: Any = None) -> Mapping[str, frozenset[str]]:
        return {name: frozenset(self.columns) for name in self.made.values()}


TRANSFORMS: tuple[type[Transform], ...] = (ClusterKmeans,)
