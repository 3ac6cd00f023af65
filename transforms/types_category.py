"""A column held to a fixed set of categories."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import AfterValidator

from transforms.core.categories import CategoryColumn, category, in_value_order
from transforms.core.columns import taken
from transforms.core.errors import Problem, StepError
from transforms.core.params import NewColumn
from transforms.core.statistics import Ask, ValueCounts
from transforms.core.transform import Example, Failure, FittedTransform, Learned, Transform
from transforms.date_parts import each_once

MOST_CATEGORIES = 10_000
"""A column with more different values holds no categories."""


class Categories(Learned):
    """The categories that a column may hold."""

    values: tuple[str, ...]
    """In the order chosen, or in that of their values."""


class ToCategory(FittedTransform):
    """Make text categories of a column and hold it to those: the ones of the data, or a list.

    Categories stay text, the one type of them that every engine has; give them an order with ordinal encoding.
    """

    id = "to_category"
    title = "Convert to category"
    terms = ("factor", "enum", "categorical", "fixed values", "allowed values", "levels")
    missing = "Missing values stay missing; they are no category."
    unseen = "Values that are no category become missing and are counted, stop the run, or are kept, as chosen."
    examples = (
        Example(
            params={"column": "size", "categories": ["S", "M", "L"]},
            before={"size": ["M", "S", "XL", None]},
            after={"size": ["M", "S", None, None]},
        ),
        Example(
            params={"column": "grade", "output": "grade_category"},
            before={"grade": [1.0, 2.0, 2.5, None]},
            after={"grade": [1.0, 2.0, 2.5, None], "grade_category": ["1", "2", "2.5", None]},
        ),
    )

    column: CategoryColumn
    """Column to make categories of; numbers, dates and true and false are written as text."""
    categories: Annotated[tuple[str, ...], AfterValidator(each_once)] = ()
    """The categories; left empty, those that are in the data."""
    on_unseen: Literal["null", "error", "keep"] = "null"
    """Other values become missing, stop the run, or are kept."""
    output: NewColumn | None = None
    """Name of the new column; left empty, the column is replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.output is not None and self.output != self.column:
            yield from taken(self.output, schemas[0])

    def _category(self) -> pl.Expr:
        return category(self.column, self.dtype(self.column)).cast(pl.String)

    def fit(self, ask: Ask) -> Categories:
        if self.categories:
            return Categories(values=self.categories)
        (counts,) = ask(ValueCounts(self._category(), limit=MOST_CATEGORIES + 1))
        if len(counts) > MOST_CATEGORIES:
            raise StepError(
                f"Column {self.column!r} has more than {MOST_CATEGORIES:,} different values, which are no categories. "
                "List the categories, or choose another column."
            )
        return Categories(values=tuple(in_value_order(counts, self.dtype(self.column))))

    def exprs(self, learned: Categories) -> Iterator[pl.Expr]:
        found = self._category()
        if self.on_unseen != "keep":
            found = pl.when(found.is_in(learned.values)).then(found)
        yield found.alias(self.output or self.column)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if learned is not None and self.on_unseen != "keep":
            where = self._category().is_not_null() & ~self._category().is_in(learned.values)
            stop = self.on_unseen == "error"
            what = "are none of the categories" if stop else "became missing: they are none of the categories"
            yield Failure(column=self.column, where=where, what=what, stop=stop)


TRANSFORMS: tuple[type[Transform], ...] = (ToCategory,)
