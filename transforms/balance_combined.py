"""Balance classes by synthetic rows, and then remove rows that lie among those of other classes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl
from pydantic import Field

from transforms.balance import class_counts
from transforms.balance_cleaning import fitting, linked, removed_rows
from transforms.balance_synthesis import ROW, Mark, Neighborhoods, Synthesis
from transforms.core.errors import Problem
from transforms.core.relations import Concat, MapRows, Range, Relation
from transforms.core.statistics import Ask
from transforms.core.text import package_problems
from transforms.core.transform import Example, Table, Transform
from transforms.fitted_classes import Labelled, Marks, RowsLike, every_row


class CleanedNeighborhoods(Neighborhoods):
    """What synthetic rows are made of, and which rows go afterwards."""

    removed: dict[str, int]
    """Rows of the table that go, by class."""
    gone: Table
    """Class and features, as finite numbers, of the rows of the table that go."""
    gone_synthetic: Table
    """Numbers of the synthetic rows that go, in ``__row``."""


class SmoteAndClean(Synthesis):
    """Adds synthetic rows as SMOTE does, then removes rows of any class by the rows near them."""

    missing = (
        "A missing feature (null, NaN, infinite or beyond 1e150) counts as the class mean where neighbours of the same "
        "class are searched and as the mean of its column after that; in a synthetic row a feature is missing where it "
        "was in the row it starts from. Rows without a class are kept and not used."
    )

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        yield from package_problems("sklearn", "features", "This step")

    def staying(self, rows: Labelled) -> Marks:
        """Which rows stay, of those of the table and the synthetic ones."""
        raise NotImplementedError(f"{type(self).__name__} does not say which rows stay.")

    @property
    def like(self) -> RowsLike:
        """What removes rows by their class and features."""
        return RowsLike(self.target, self.dtype(self.target), self.numbers, keep=False)

    def fit(self, ask: Ask) -> CleanedNeighborhoods:
        made = super().fit(ask)
        found = class_counts(ask, self.target, self.dtype(self.target), self.sizes)
        total = sum(made.new_rows.values())
        real = every_row(ask, self.target, self.numbers, found, total).select(self.like.keys())
        numbers = pl.DataFrame({ROW: pl.int_range(total, dtype=pl.Int64, eager=True)})
        synthetic = self.maker.apply(numbers.lazy(), made).select(self.like.keys()).collect()
        stay = self.staying(Labelled.of(pl.concat([real, synthetic]), normalize=self.normalize))
        goes = pl.Series(~stay, dtype=pl.Boolean)
        learned = removed_rows(found, real, real.filter(goes[: len(real)]))
        return CleanedNeighborhoods(
            new_rows=made.new_rows,
            first=made.first,
            size=made.size,
            rows=made.rows,
            removed=learned.removed,
            gone=learned.rows,
            gone_synthetic=numbers.filter(goes[len(real) :]),
        )

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        table = MapRows(tables[0], self.like, learned.gone) if learned.removed else tables[0]
        if self.flag_column:
            table = MapRows(table, Mark(self.flag_column))
        total = sum(learned.new_rows.values())
        if not total:
            return table
        numbers = MapRows(Range(total, ROW), WithoutNumbers(), learned.gone_synthetic)
        return Concat((table, MapRows(numbers, self.maker, learned)))


@dataclass(frozen=True)
class WithoutNumbers:
    """Takes away row numbers that are among some."""

    def apply(self, rows: pl.LazyFrame, learned: pl.DataFrame) -> pl.LazyFrame:
        return rows.join(learned.lazy(), on=ROW, how="anti", maintain_order="left")


class SmoteTomek(SmoteAndClean):
    """Balance classes by SMOTE, then remove the rows of all classes that are in a Tomek link.

    Batista et al. 2003. All rows are compared after SMOTE, at most 100,000 with the synthetic ones; rows of the table
    that are equal in class and features go together.
    """

    id = "smote_tomek"
    title = "SMOTE, then remove Tomek links"
    terms = ("SMOTETomek", "synthetic oversampling", "clean borders", "balance data", "imbalanced classes")
    examples = (
        Example(
            params={"target": "churn", "features": ["age"]},
            before={
                "age": [20, 22, 24, 57, None, 60, 60],
                "churn": ["no", "no", "no", "no", None, "yes", "yes"],
            },
            after={
                "age": [20, 22, 24, 57, None, 60, 60, 60, 60],
                "churn": ["no", "no", "no", "no", None, "yes", "yes", "yes", "yes"],
                "is_synthetic": [False, False, False, False, False, False, False, True, True],
            },
        ),
    )

    def staying(self, rows: Labelled) -> Marks:
        return ~linked(rows)


class SmoteEnn(SmoteAndClean):
    """Balance classes by SMOTE, then remove the rows of all classes whose nearest neighbours are of other classes.

    Batista et al. 2004. All rows are compared after SMOTE, at most 100,000 with the synthetic ones; rows of the table
    that are equal in class and features go together.
    """

    id = "smote_enn"
    title = "SMOTE, then edited neighbours"
    terms = ("SMOTEENN", "synthetic oversampling", "noisy rows", "balance data", "imbalanced classes")
    examples = (
        Example(
            params={"target": "churn", "features": ["age"], "vote_neighbors": 1},
            before={
                "age": [20, 22, 24, 59, None, 60, 60],
                "churn": ["no", "no", "no", "no", None, "yes", "yes"],
            },
            after={
                "age": [20, 22, 24, None, 60, 60, 60, 60],
                "churn": ["no", "no", "no", None, "yes", "yes", "yes", "yes"],
                "is_synthetic": [False, False, False, False, False, False, True, True],
            },
        ),
    )

    vote_neighbors: int = Field(3, ge=1, le=50)
    """How many nearest rows of any class to look at when rows are removed."""
    vote: Literal["all", "mode"] = "all"
    """A row stays if all neighbours have its class, or if none is more frequent among them (ties go by text)."""

    def staying(self, rows: Labelled) -> Marks:
        return fitting(rows, self.vote_neighbors, self.vote)


TRANSFORMS: tuple[type[Transform], ...] = (SmoteTomek, SmoteEnn)
