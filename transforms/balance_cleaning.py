"""Balance classes by removing rows that lie among those of other classes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np
import polars as pl
from pydantic import Field

from transforms.balance import ClassSizes, Ratio, class_counts, rows_to_keep
from transforms.balance_synthesis import NumberColumns
from transforms.core.categories import CategoryColumn
from transforms.core.errors import Problem
from transforms.core.relations import Concat, MapRows, Relation, Sample
from transforms.core.statistics import Ask
from transforms.core.text import package_problems
from transforms.core.transform import Example, Learned, Table, TableTransform, Transform
from transforms.fitted_classes import CLASS, Labelled, Marks, Places, RowsLike, every_row, nearest_others
from transforms.fitted_rows import Matrix

MOST_PASSES = 100
"""So often is the rule of neighbours repeated at most, as in imbalanced-learn."""
KEEP = "__keep"


class RemovedRows(Learned):
    """The rows that go."""

    found: dict[str, int]
    """Rows there were of each class, the largest class first."""
    removed: dict[str, int]
    """Rows that go, of those classes that lose some."""
    rows: Table
    """Class and features, as finite numbers, of the rows that go."""


class Cleaning(TableTransform):
    """Removes rows by the classes of the rows near them."""

    training_only = True
    changes_rows = True
    missing = (
        "A missing feature (null, NaN, infinite or beyond 1e150) counts as the mean of its column in distances. Rows "
        "without a class are kept and not compared."
    )

    target: CategoryColumn
    """Column that holds the class."""
    features: NumberColumns
    """Columns that say how far rows are apart; true and false count as 1 and 0. Never the target."""
    normalize: bool = False
    """Divide features by their standard deviation before distances are measured.

    Without it, features of large numbers decide alone which rows are near, unless they were scaled before."""

    @property
    def numbers(self) -> tuple[str, ...]:
        """Columns that distances are measured in."""
        return tuple(name for name in self.features if name != self.target)

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from package_problems("sklearn", "features", "This step")
        if not self.numbers:
            yield Problem("There is no numeric column to measure distances in.", "Choose at least one.", "features")

    def like(self, *, keep: bool) -> RowsLike:
        """What keeps, or removes, rows by their class and features."""
        return RowsLike(self.target, self.dtype(self.target), self.numbers, keep)

    def known(self, ask: Ask) -> tuple[dict[str, int], pl.DataFrame]:
        """Rows of each class, and the keys of every row that has one."""
        found = class_counts(ask, self.target, self.dtype(self.target), {})
        return found, every_row(ask, self.target, self.numbers, found).select(self.like(keep=True).keys())

    def staying(self, rows: Labelled) -> Marks:
        """Which rows stay."""
        raise NotImplementedError(f"{type(self).__name__} does not say which rows stay.")

    def fit(self, ask: Ask) -> RemovedRows:
        found, keys = self.known(ask)
        stay = self.staying(Labelled.of(keys, normalize=self.normalize))
        return removed_rows(found, keys, keys.filter(~pl.Series(stay, dtype=pl.Boolean)))

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        (table,) = tables
        return MapRows(table, self.like(keep=False), learned.rows) if learned.removed else table


def removed_rows(found: dict[str, int], keys: pl.DataFrame, gone: pl.DataFrame) -> RemovedRows:
    """What is removed when every row that is equal to one of some goes."""
    gone = gone.unique(maintain_order=True)
    all_gone = keys.join(gone, on=keys.columns, how="semi", nulls_equal=True)
    counts = dict(all_gone.group_by(CLASS).len().iter_rows())
    return RemovedRows(found=found, removed={each: counts[each] for each in found if each in counts}, rows=gone)


class TomekLinks(Cleaning):
    """Remove rows that lie next to a row of another class, where each of the two is the other's nearest.

    Such pairs (Tomek 1976, "Two Modifications of CNN") are noise, or lie on the border of classes. All rows with a
    class are compared, at most 100,000 of them; rows equal in class and features go together.
    """

    id = "tomek_links"
    title = "Remove Tomek links"
    terms = ("undersampling", "clean borders", "noisy rows", "imbalanced classes")
    examples = (
        Example(
            params={"target": "churn", "features": ["age"]},
            before={"age": [20, 22, 30, 31, None], "churn": ["no", "no", "no", "yes", None]},
            after={"age": [20, 22, 31, None], "churn": ["no", "no", "yes", None]},
        ),
        Example(
            params={"target": "churn", "features": ["age"], "remove": "both"},
            before={"age": [20, 22, 30, 31, None], "churn": [0, 0, 0, 1, None]},
            after={"age": [20, 22, None], "churn": [0, 0, None]},
        ),
    )

    remove: Literal["majority", "both"] = "majority"
    """Remove the row of a pair unless it is of the smallest class, or both rows."""

    def staying(self, rows: Labelled) -> Marks:
        spared = rows.smallest() if self.remove == "majority" else None
        stay: Marks = ~linked(rows) | (rows.labels == spared)
        return stay


def linked(rows: Labelled) -> Marks:
    """Which rows are in a Tomek link."""
    places = np.arange(len(rows.labels))
    near = nearest_others(rows.points, places, 1)
    if not near.shape[1]:
        return np.zeros(len(places), dtype=np.bool_)
    other = near[:, 0]
    found: Marks = (other[other] == places) & (rows.labels != rows.labels[other])
    return found


class EditedNeighbours(Cleaning):
    """Remove rows whose nearest neighbours are of other classes; rows of the smallest class stay.

    Wilson's rule of 1972 once, again and again until nothing changes, or with 1, 2 ... neighbours in turn (Tomek
    1976). Repeating ends sooner where a class would be smaller than the smallest was. All rows with a class are
    compared, at most 100,000 of them; rows equal in class and features go together.
    """

    id = "edited_neighbours"
    title = "Edited nearest neighbours (ENN)"
    terms = ("ENN", "RENN", "AllKNN", "Wilson editing", "undersampling", "noisy rows", "imbalanced classes")
    examples = (
        Example(
            params={"target": "churn", "features": ["age"], "neighbors": 1},
            before={"age": [20, 22, 40, 41, 43, None], "churn": ["no", "no", "no", "yes", "yes", None]},
            after={"age": [20, 22, 41, 43, None], "churn": ["no", "no", "yes", "yes", None]},
        ),
    )

    neighbors: int = Field(3, ge=1, le=50)
    """How many nearest rows to look at."""
    variant: Literal["once", "repeated", "growing"] = "once"
    """Apply the rule once (ENN), until nothing changes (RENN), or with 1 neighbour, then 2, and so on (AllKNN)."""
    vote: Literal["all", "mode"] = "all"
    """A row stays if all neighbours have its class, or if none is more frequent among them (ties go by text)."""

    def staying(self, rows: Labelled) -> Marks:
        match self.variant:
            case "once":
                stay: Marks = fitting(rows, self.neighbors, self.vote) | (rows.labels == rows.smallest())
                return stay
            case "repeated":
                return self._repeated(rows, [self.neighbors] * MOST_PASSES)
            case "growing":
                return self._repeated(rows, range(1, self.neighbors + 1))

    def _repeated(self, rows: Labelled, counts: Sequence[int]) -> Marks:
        fewest, smallest, left = rows.sizes().min() if rows.classes else 0, rows.smallest(), np.arange(len(rows.labels))
        for count in counts:
            stay = fitting(rows[left], count, self.vote) | (rows.labels[left] == smallest)
            left = left[stay]
            if (stay.all() and self.variant == "repeated") or (rows[left].sizes() < fewest).any():
                break
        found = np.zeros(len(rows.labels), dtype=np.bool_)
        found[left] = True
        return found


def fitting(rows: Labelled, neighbors: int, vote: Literal["all", "mode"]) -> Marks:
    """Which rows have the class that their neighbours have."""
    near = nearest_others(rows.points, np.arange(len(rows.labels)), neighbors)
    if not near.shape[1]:
        return np.ones(len(rows.labels), dtype=np.bool_)
    votes = rows.labels[near]
    if vote == "all":
        same: Marks = (votes == rows.labels[:, None]).all(axis=1)
        return same
    counts = np.stack([(votes == each).sum(axis=1) for each in range(len(rows.classes))], axis=1)
    most: Marks = counts.argmax(axis=1) == rows.labels
    return most


class NearestKept(RemovedRows):
    """The rows that go, and those of which only some stay."""

    split: Table
    """Class and features of rows that are equal in both and of which some go, and in ``__keep`` how many stay."""


class NearMiss(Cleaning):
    """Balance classes by keeping those rows of the larger ones that lie near the smallest class.

    The three rules of Mani and Zhang (2003). All rows with a class are compared, at most 100,000 of them. Rows equally
    near are kept in an order of their values; of rows equal in class and features, those that stay are drawn.
    """

    id = "near_miss"
    title = "NearMiss"
    terms = ("undersampling", "downsample majority", "nearest neighbours", "imbalanced classes")
    examples = (
        Example(
            params={"target": "churn", "features": ["age"], "neighbors": 1},
            before={"age": [20, 40, 58, 60, 64, None], "churn": ["no", "no", "no", "yes", "yes", None]},
            after={"age": [40, 58, 60, 64, None], "churn": ["no", "no", "yes", "yes", None]},
        ),
        Example(
            params={"target": "churn", "features": ["age"], "rule": "border", "neighbors": 1},
            before={"age": [20, 40, 59, 60, None], "churn": [0, 0, 0, 1, None]},
            after={"age": [59, 60, None], "churn": [0, 1, None]},
        ),
    )

    rule: Literal["nearest", "farthest", "border"] = "nearest"
    """Keep the rows that are on average nearest to their nearest rows of the smallest class (NearMiss-1), or to its
    farthest rows (NearMiss-2); or of those that are neighbours of its rows, the ones farthest from it (NearMiss-3),
    which are fewer than asked for where there are no more."""
    neighbors: int = Field(3, ge=1, le=50)
    """How many rows of the smallest class, and for the border also of the larger one, are looked at."""
    ratio: Ratio = 1.0
    """Size of the smallest class as a share of each larger class afterwards."""
    sizes: ClassSizes = Field(default={})
    """Rows wanted of particular classes, whatever the ratio; a class that has fewer stays as it is."""

    def fit(self, ask: Ask) -> NearestKept:
        found = class_counts(ask, self.target, self.dtype(self.target), self.sizes)
        found, keys = self.known(ask)
        rows = Labelled.of(keys, normalize=self.normalize)
        few = rows.points[rows.labels == rows.smallest()]
        gone, split = [keys.clear()], [keys.clear().with_columns(pl.lit(0, pl.Int64).alias(KEEP))]
        for each, wanted in rows_to_keep(found, self.ratio, self.sizes).items():
            mine = rows.labels == rows.classes.index(each)
            ordered = self._ordered(keys.filter(pl.Series(mine)), rows.points[mine], few)
            before = pl.col("__rows").cum_sum() - pl.col("__rows")
            kept = (wanted - before).clip(0, pl.col("__rows"))
            counted = ordered.with_columns(pl.when(pl.col("__candidate")).then(kept).otherwise(0).alias(KEEP))
            partly = (pl.col(KEEP) > 0) & (pl.col(KEEP) < pl.col("__rows"))
            gone.append(counted.filter(pl.col(KEEP) < pl.col("__rows")).select(keys.columns))
            split.append(counted.filter(partly).select(*keys.columns, KEEP))
        learned, some = removed_rows(found, keys, pl.concat(gone)), pl.concat(split)
        less = {each: rows - some.filter(pl.col(CLASS) == each)[KEEP].sum() for each, rows in learned.removed.items()}
        return NearestKept(found=found, removed=less, rows=learned.rows, split=some)

    def _ordered(self, keys: pl.DataFrame, points: Matrix, few: Matrix) -> pl.DataFrame:
        """The different rows of a class, those first that are to be kept, with how many there are of each."""
        numbered = keys.with_row_index("__place").with_columns(pl.col("__place").cast(pl.Int64))
        different = numbered.group_by(keys.columns, maintain_order=True).agg(
            pl.len().cast(pl.Int64).alias("__rows"), pl.col("__place").first()
        )
        mine = points[different["__place"].to_numpy()]
        candidate = np.ones(len(mine), dtype=np.bool_)
        if self.rule == "border":
            candidate = np.isin(np.arange(len(mine)), near(few, mine, self.neighbors)[1])
        away = far(mine, few, self.neighbors) if self.rule == "farthest" else near(mine, few, self.neighbors)[0].sum(1)
        marked = different.with_columns(
            pl.Series("__away", -away if self.rule == "border" else away), pl.Series("__candidate", candidate)
        )
        order = [pl.col("__candidate").not_(), pl.col("__away"), *(pl.col(name) for name in keys.columns)]
        return marked.sort(order, nulls_last=True)

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        rest = super().plan(*tables, learned=learned)
        like = self.like(keep=True)
        samples = [
            Sample(MapRows(tables[0], like, each.drop(KEEP)), each.item(0, KEEP))
            for each in learned.split.iter_slices(1)
        ]
        return Concat((rest, *samples)) if samples else rest


def near(points: Matrix, others: Matrix, neighbors: int) -> tuple[Matrix, Places]:
    """Distances of each point to its nearest others, and their places."""
    from sklearn.neighbors import NearestNeighbors

    away, places = NearestNeighbors(n_neighbors=min(neighbors, len(others))).fit(others).kneighbors(points)
    return away, places


def far(points: Matrix, others: Matrix, neighbors: int) -> Matrix:
    """The sum of the distances of each point to its farthest others."""
    from sklearn.metrics import pairwise_distances_chunked

    count = min(neighbors, len(others))

    def summed(away: Matrix, start: int) -> Matrix:
        largest: Matrix = np.partition(away, -count, axis=1)[:, -count:].sum(axis=1)
        return largest

    return np.concatenate(list(pairwise_distances_chunked(points, others, reduce_func=summed)))


TRANSFORMS: tuple[type[Transform], ...] = (TomekLinks, EditedNeighbours, NearMiss)
