"""Rows with their classes as matrices, and which of them lie near each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from transforms.balance_synthesis import matrix
from transforms.core.categories import category
from transforms.core.errors import StepError
from transforms.core.numbers import finite
from transforms.core.statistics import Ask, Rows
from transforms.fitted_rows import Matrix

Places = NDArray[np.int64]
Marks = NDArray[np.bool_]
ROWS = 100_000
"""The most rows that are all compared with each other."""
CLASS = "__class"


@dataclass(frozen=True)
class RowsLike:
    """Keeps the rows whose class and features are among some, or all other rows.

    Rows of which a feature is missing are equal to others where that is missing too. Rows without a class are equal to
    none.
    """

    target: str
    dtype: pl.DataType
    features: tuple[str, ...]
    keep: bool

    def keys(self) -> list[pl.Expr]:
        """What tells rows apart: the class as text, and the features as finite numbers."""
        numbers = (finite(name).alias(f"__feature_{i}") for i, name in enumerate(self.features))
        return [category(self.target, self.dtype).cast(pl.String).alias(CLASS), *numbers]

    @property
    def names(self) -> list[str]:
        """The names of the keys."""
        return [CLASS, *(f"__feature_{i}" for i in range(len(self.features)))]

    def apply(self, rows: pl.LazyFrame, learned: pl.DataFrame) -> pl.LazyFrame:
        keyed, among = rows.with_columns(self.keys()), learned.lazy().select(self.names)
        how = {"how": "semi" if self.keep else "anti", "nulls_equal": True, "maintain_order": "left"}
        return keyed.join(among, on=self.names, **how).drop(self.names)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Labelled:
    """Rows that have a class: where they lie, and the number of their class in ``classes``."""

    points: Matrix
    labels: Places
    classes: tuple[str, ...]
    """In the order of their text."""

    @classmethod
    def of(cls, keys: pl.DataFrame, *, normalize: bool) -> Self:
        """Rows by their keys; a missing feature is at the mean of its column."""
        classes = tuple(sorted(keys[CLASS].unique()))
        labels = keys[CLASS].replace_strict(classes, range(len(classes)), return_dtype=pl.Int64).to_numpy()
        return cls(matrix(keys.drop(CLASS), normalize=normalize), labels, classes)

    def __getitem__(self, places: Places | Marks) -> Labelled:
        return Labelled(self.points[places], self.labels[places], self.classes)

    def sizes(self) -> Places:
        """Rows of each class."""
        return np.bincount(self.labels, minlength=len(self.classes))

    def smallest(self) -> int:
        """The number of the class with the fewest rows, of several the first."""
        return int(np.argmin(self.sizes())) if self.classes else -1


def every_row(ask: Ask, target: str, features: Sequence[str], found: dict[str, int], added: int = 0) -> pl.DataFrame:
    """Target and features of every row that has a class, in the same order on every engine.

    Raises:
        StepError: there are too many rows to compare them all.
    """
    total = sum(found.values()) + added
    if total > ROWS:
        synthetic = f", {added:,} of them synthetic," if added else ""
        raise StepError(
            f"{total:,} rows{synthetic} are too many to compare each with all others; the most is {ROWS:,}. "
            "Sample the rows first, or use random undersample."
        )
    # By class, since rows without one are as many again at most and none of the others is left out for them.
    (rows,) = ask(Rows((target, *features), max(found.values(), default=1), per=target))
    kept: pl.DataFrame = rows.filter(category(target, rows.schema[target]).is_not_null())
    return kept


def nearest_others(points: Matrix, places: Places, neighbors: int) -> Places:
    """The places of the nearest rows to some rows, themselves left out; fewer where there are fewer."""
    from sklearn.neighbors import NearestNeighbors

    count = min(neighbors, len(points) - 1)
    if count < 1 or not len(places):
        return np.empty((len(places), 0), dtype=np.int64)
    search = NearestNeighbors(n_neighbors=count + 1).fit(points)
    found: Places = search.kneighbors(points[places], return_distance=False).astype(np.int64)
    others = found != places[:, None]
    # Among more rows at the same place than are asked for, a row may not find itself.
    others[others.all(axis=1), -1] = False
    kept: Places = found[others].reshape(len(places), count)
    return kept
