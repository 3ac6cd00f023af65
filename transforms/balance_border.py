"""Balance classes by synthetic rows where classes meet (Borderline-SMOTE, ADASYN)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from transforms.balance import class_counts, rows_to_add
from transforms.balance_synthesis import NEIGHBORS, ROW, Neighborhoods, Synthesis, Synthesize
from transforms.core.categories import category
from transforms.core.errors import Problem, StepError
from transforms.core.numbers import finite
from transforms.core.statistics import Ask, Rows
from transforms.core.text import package_problems
from transforms.core.transform import Example, Transform
from transforms.fitted_classes import CLASS, Labelled, Marks, Places, nearest_others
from transforms.fitted_rows import Matrix

ROWS = 200_000
"""The most rows among which the neighbours of the smaller classes are searched."""
MADE = "__made"


class SynthesisAmongOthers(Synthesis):
    """Makes synthetic rows of those rows of a class whose neighbours are of other classes."""

    missing = (
        "A missing feature (null, NaN, infinite or beyond 1e150) counts as the mean of its column in distances; in a "
        "synthetic row a feature is missing where it was in the row it starts from. Rows without a class are kept and "
        "not used."
    )

    none_chosen: ClassVar[str]
    """What no row is, where none is chosen."""
    normalize: bool = False
    """Divide features by their standard deviation before distances are measured.

    Without it, features of large numbers decide alone which rows are near, unless they were scaled before."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        yield from package_problems("sklearn", "features", "This step")

    def fit(self, ask: Ask) -> Neighborhoods:
        dtype = self.dtype(self.target)
        found = class_counts(ask, self.target, dtype, self.sizes)
        wanted = rows_to_add(found, self.ratio, self.sizes)
        if not wanted:
            return Neighborhoods(new_rows={}, first={}, size={}, rows=self.no_rows())
        # Of all classes alike, since what lies on a border depends on how large they are.
        (drawn,) = ask(Rows(self.used, ROWS, self.seed))
        rows = drawn.filter(category(self.target, dtype).is_not_null())
        keys = rows.select(
            category(self.target, dtype).cast(pl.String).alias(CLASS), *(finite(name) for name in self.numbers)
        )
        known = Labelled.of(keys, normalize=self.normalize)
        first, size, parts = dict[str, int](), dict[str, int](), [self.no_rows()]
        for each, count in wanted.items():
            first[each] = sum(map(len, parts))
            bases, part = self._part(rows, known, each, count, first[each])
            size[each] = len(bases)
            parts.append(part)
        return Neighborhoods(new_rows=wanted, first=first, size=size, rows=pl.concat(parts))

    def _part(
        self, rows: pl.DataFrame, known: Labelled, name: str, count: int, first: int
    ) -> tuple[Places, pl.DataFrame]:
        """The rows that those of a class start from, and these with the neighbours they go to."""
        label = known.classes.index(name) if name in known.classes else -1
        mine = np.flatnonzero(known.labels == label)
        around = nearest_others(known.points, mine, self.around)
        share = (known.labels[around] != label).mean(axis=1) if around.shape[1] else np.zeros(len(mine))
        chosen = self.chosen(share)
        if not chosen.any():
            raise StepError(
                f"No row of class {name!r} in column {self.target!r} {self.none_chosen} (of {len(mine):,} rows looked "
                "at), so there is nothing to start synthetic rows from. Use SMOTE, or look at more neighbours."
            )
        bases = mine[chosen]
        near = self.targets(known, mine, bases)
        others = np.setdiff1d(near, bases)
        place = np.zeros(len(rows), dtype=np.int64)
        place[np.concatenate([bases, others])] = np.arange(len(bases) + len(others)) + first
        places = [*place[near].tolist(), *([] for _ in others)]
        part = rows[np.concatenate([bases, others])].with_columns(
            pl.Series(NEIGHBORS, places, dtype=pl.List(pl.Int64)), *self.counted(share[chosen], count, len(others))
        )
        return bases, part

    @property
    def around(self) -> int:
        """How many neighbours of any class say which rows are chosen."""
        return self.neighbors

    def chosen(self, share: Matrix) -> Marks:
        """The rows to start from, by the share of their neighbours that are of other classes."""
        raise NotImplementedError(f"{type(self).__name__} does not choose rows.")

    def targets(self, known: Labelled, mine: Places, bases: Places) -> Places:
        """The rows that synthetic rows of each base may lie towards: its nearest of the same class."""
        own: Places = mine[nearest_others(known.points[mine], np.searchsorted(mine, bases), self.neighbors)]
        return own

    def counted(self, share: Matrix, count: int, others: int) -> list[pl.Series]:
        """Further columns of the rows that are kept: the bases, and others that are neighbours only."""
        return []


class BorderlineSmote(SynthesisAmongOthers):
    """Balance classes by adding synthetic rows near those rows of the smaller ones that lie on the border.

    On the border are rows of which at least half of the neighbours, but not all, are of other classes; the others are
    safe, or noise (Han et al. 2005, "Borderline-SMOTE"). Beyond 200,000 rows, neighbours are searched among so many,
    drawn at random. Columns that are neither target nor features are missing in synthetic rows. A class without any
    row on the border is an error.
    """

    id = "borderline_smote"
    title = "Borderline-SMOTE"
    terms = ("synthetic oversampling", "oversample", "balance data", "synthetic minority", "imbalanced classes")
    examples = (
        Example(
            params={"target": "churn", "features": ["age"], "border_neighbors": 3},
            before={"age": [20, 21, 22, 23, 25, 25, None], "churn": ["no", "no", "no", "no", "yes", "yes", None]},
            after={
                "age": [20, 21, 22, 23, 25, 25, None, 25, 25],
                "churn": ["no", "no", "no", "no", "yes", "yes", None, "yes", "yes"],
                "is_synthetic": [False, False, False, False, False, False, False, True, True],
            },
        ),
    )

    kind: Literal["same_class", "any_class"] = "same_class"
    """Make rows towards neighbours of the same class (Borderline-1), or of any, up to half of the way to one of
    another class (Borderline-2)."""
    border_neighbors: int = Field(10, ge=1, le=100)
    """How many nearest rows of any class say whether a row is on the border."""
    none_chosen: ClassVar[str] = "is on the border of its class"

    @property
    def around(self) -> int:
        return self.border_neighbors

    def chosen(self, share: Matrix) -> Marks:
        found: Marks = (share >= 0.5) & (share < 1)
        return found

    def targets(self, known: Labelled, mine: Places, bases: Places) -> Places:
        if self.kind == "same_class":
            return super().targets(known, mine, bases)
        return nearest_others(known.points, bases, self.neighbors)

    @property
    def maker(self) -> Synthesize:
        return SynthesizeOnBorder((self.target, *self.classes), self.numbers, self.flag_column, self.seed)


@dataclass(frozen=True)
class SynthesizeOnBorder(Synthesize):
    """Makes synthetic rows at most half of the way to a neighbour of another class."""

    @property
    def looked_at(self) -> tuple[str, ...]:
        return (*self.copied, *self.numbers)

    def step(self) -> pl.Expr:
        same = pl.col(self.copied[0]).eq_missing(pl.col(f"__far_{self.copied[0]}"))
        return super().step() * pl.when(same).then(1.0).otherwise(0.5)


class Adasyn(SynthesisAmongOthers):
    """Balance classes by adding synthetic rows, the more near a row the more of its neighbours are of other classes.

    He et al. 2008, "ADASYN"; rows that are due in parts go to the largest parts, so that sizes are exact. Beyond
    200,000 rows, neighbours are searched among so many, drawn at random. Columns that are neither target nor features
    are missing in synthetic rows. A class whose neighbours are all its own is an error.
    """

    id = "adasyn"
    title = "ADASYN"
    terms = ("adaptive synthetic sampling", "oversample", "balance data", "synthetic minority", "imbalanced classes")
    examples = (
        Example(
            params={"target": "churn", "features": ["age"], "neighbors": 3},
            before={"age": [20, 21, 22, 25, 25, None], "churn": ["no", "no", "no", "yes", "yes", None]},
            after={
                "age": [20, 21, 22, 25, 25, None, 25],
                "churn": ["no", "no", "no", "yes", "yes", None, "yes"],
                "is_synthetic": [False, False, False, False, False, False, True],
            },
        ),
    )

    none_chosen: ClassVar[str] = "has a neighbour of another class"

    def no_rows(self) -> pl.DataFrame:
        return super().no_rows().with_columns(pl.lit(0, pl.Int64).alias(MADE))

    def chosen(self, share: Matrix) -> Marks:
        found: Marks = share > 0
        return found

    def counted(self, share: Matrix, count: int, others: int) -> list[pl.Series]:
        return [pl.Series(MADE, [*portions(share, count).tolist(), *([0] * others)], dtype=pl.Int64)]

    @property
    def maker(self) -> Synthesize:
        return SynthesizeCounted((self.target, *self.classes), self.numbers, self.flag_column, self.seed)


@dataclass(frozen=True)
class SynthesizeCounted(Synthesize):
    """Makes of each row as many synthetic ones as it has in ``__made``."""

    def base(self, learned: Neighborhoods) -> pl.Expr:
        # Synthetic rows are numbered in the order of the rows they start from.
        ends = pl.lit(learned.rows[MADE].cum_sum())
        return ends.search_sorted(pl.col(ROW), side="right").cast(pl.Int64)


def portions(weights: Matrix, count: int) -> Places:
    """A number in whole parts as near to the weights as they can be: the largest remainders are rounded up."""
    exact = weights / weights.sum() * count
    found: Places = np.floor(exact).astype(np.int64)
    order = np.argsort(-np.round(exact - found, 9), kind="stable")
    found[order[: count - int(found.sum())]] += 1
    return found


TRANSFORMS: tuple[type[Transform], ...] = (BorderlineSmote, Adasyn)
