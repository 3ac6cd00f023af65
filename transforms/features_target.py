"""What steps share that choose features by what they tell of a target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

import numpy as np
import polars as pl
from pydantic import Field

from transforms.core.categories import category
from transforms.core.columns import ColumnField, ColumnsField
from transforms.core.dtypes import type_name
from transforms.core.errors import Problem
from transforms.core.numbers import finite
from transforms.core.statistics import Ask, Distinct
from transforms.core.text import package_problems
from transforms.features_selection import Selection
from transforms.fitted_rows import Matrix

FEW = 20
"""Whole numbers with at most so many different values are classes, unless the problem is given."""

FeatureColumns = Annotated[tuple[str, ...], ColumnsField(("numeric", "boolean", "text"))]
Count = Annotated[int, Field(ge=1)]


class TargetSelection(Selection):
    """Drops columns by what they tell of a target."""

    columns: FeatureColumns
    """Columns to choose from; the target is never among them."""
    target: Annotated[str, ColumnField(("numeric", "boolean", "text"))]
    """Column to predict; rows where it is missing are left out of the fit."""
    problem: Literal["auto", "classification", "regression"] = "auto"
    """Predict classes or a number; auto takes text, booleans, whole numbers with at most 20 different values, and other
    numbers with two, for classes."""

    @property
    def features(self) -> list[str]:
        """The columns without the target."""
        return [name for name in self.columns if name != self.target]

    def is_text(self, name: str) -> bool:
        """Whether a column holds categories."""
        return self.dtype(name) == pl.String

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from package_problems("sklearn", "columns", "This step")
        dtype = self.dtype(self.target)
        if self.problem == "regression" and not dtype.is_numeric() and dtype != pl.Null:
            found = f"Column {self.target!r} holds {type_name(dtype)} values, which are no numbers to predict."
            yield Problem(found, "Choose classification, or change its type first.", "problem")

    def of_classes(self, ask: Ask) -> bool:
        """Whether the target is a class."""
        dtype = self.dtype(self.target)
        if self.problem != "auto":
            return self.problem == "classification"
        if not dtype.is_numeric():
            return True
        (found,) = ask(Distinct(self.target))
        return bool(found <= (FEW if dtype.is_integer() else 2))

    def label(self, *, classes: bool) -> pl.Expr:
        """The target: its class as text, or a finite number; null where it is missing."""
        return category(self.target, self.dtype(self.target)).cast(pl.String) if classes else finite(self.target)

    def value(self, name: str) -> pl.Expr:
        """A feature: text, or a finite number; null where it is missing."""
        return pl.col(name) if self.is_text(name) else finite(name)

    def labelled(self, rows: pl.DataFrame, *, classes: bool) -> tuple[pl.DataFrame, Matrix]:
        """Rows that have a target, and it: numbers, or those of its classes in the order of their text."""
        known = rows.filter(self.label(classes=classes).is_not_null())
        labels = known.select(self.label(classes=classes)).to_series()
        return known, codes(labels) if classes else labels.to_numpy()


def codes(text: pl.Series) -> Matrix:
    """Categories numbered in the order of their text."""
    found: Matrix = (text.rank("dense").cast(pl.Int64) - 1).to_numpy().astype(np.float64)
    return found


def best(scores: Mapping[str, float | None], count: int) -> list[str]:
    """The columns with the highest scores, of equal ones the first; those without a score come last."""
    return sorted(scores, key=lambda name: -np.inf if (found := scores[name]) is None else found, reverse=True)[:count]
