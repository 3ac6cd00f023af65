"""Values beyond a range pulled to its ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.columns import NumericColumns, column, taken
from transforms.core.errors import Problem
from transforms.core.numbers import finite
from transforms.core.statistics import Ask, Quantile
from transforms.core.transform import Example, FittedTransform, Learned, RowTransform, Transform
from transforms.outlier_limits import clipped_to


class Tails(Learned):
    """Smallest and largest value kept of each column; none where the column had no value."""

    low: dict[str, float | None]
    high: dict[str, float | None]


class Winsorize(FittedTransform):
    """Replace the smallest and the largest values of a column by two of its quantiles."""

    id = "winsorize"
    title = "Winsorize"
    terms = ("cap tails", "winsor", "limit extremes", "percentile capping")
    missing = (
        "Missing values (null and NaN) are left out of the fit and stay missing; so are infinite ones, but capped."
    )
    unseen = (
        "New values beyond the learned quantiles become those; a column that had no value in the fit keeps its own."
    )
    examples = (
        Example(
            params={"columns": ["x"], "lower": 0.25, "upper": 0.75},
            before={"x": [1, 2, 3, 4, None, 500]},
            after={"x": [2.0, 2.0, 3.0, 4.0, None, 4.0]},
        ),
        Example(
            params={"columns": ["x"], "lower": 0, "upper": 0.5, "suffix": "_capped"},
            before={"x": [1.0, 2.0, float("inf"), None, 3.0]},
            after={"x": [1.0, 2.0, float("inf"), None, 3.0], "x_capped": [1.0, 2.0, 2.0, None, 2.0]},
        ),
    )

    columns: NumericColumns
    """Columns to change; whole numbers become decimals."""
    lower: float = Field(0.05, ge=0, lt=0.5, json_schema_extra={"widget": "share"})
    """Share of the values that become the lower quantile, linearly interpolated; 0 for none."""
    upper: float = Field(0.95, gt=0, le=1, json_schema_extra={"widget": "share"})
    """Share of the values that lie below the upper quantile; 1 for all."""
    suffix: str = ""
    """Added to the names of new columns; left empty, the columns are replaced."""

    @model_validator(mode="after")
    def _shares_in_order(self) -> Self:
        if self.lower >= self.upper:
            raise ValueError(f"The lower share {self.lower} is not below the upper share {self.upper}.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.columns if self.suffix else ():
            yield from taken(f"{name}{self.suffix}", schemas[0], "suffix")

    def fit(self, ask: Ask) -> Tails:
        found = ask(*(Quantile(finite(name), q) for q in (self.lower, self.upper) for name in self.columns))
        low, high = found[: len(self.columns)], found[len(self.columns) :]
        return Tails(
            low=dict(zip(self.columns, low, strict=True)),
            high=dict(zip(self.columns, high, strict=True)),
        )

    def exprs(self, learned: Tails) -> Iterator[pl.Expr]:
        for name in self.columns:
            value = self.present(name).cast(pl.Float64)
            yield value.clip(learned.low[name], learned.high[name]).alias(f"{name}{self.suffix}")


class ClipValues(RowTransform):
    """Pull values below a smallest and above a largest number to those."""

    id = "clip_values"
    title = "Clip to a range"
    terms = ("clamp", "limit values", "minimum and maximum", "bound")
    missing = "Missing values (null and NaN) stay as they are."
    examples = (
        Example(
            params={"columns": ["age"], "min": 0, "max": 120},
            before={"age": [31, -4, None, 999]},
            after={"age": [31, 0, None, 120]},
        ),
        Example(
            params={"columns": ["x"], "max": 2.5, "suffix": "_clipped"},
            before={"x": [1.0, 9.0, float("nan"), None]},
            after={"x": [1.0, 9.0, float("nan"), None], "x_clipped": [1.0, 2.5, float("nan"), None]},
        ),
    )

    columns: NumericColumns
    """Columns to change; whole numbers become decimals where an end of the range is none."""
    min: int | float | None = Field(None, allow_inf_nan=False)
    """Smallest number; any when empty."""
    max: int | float | None = Field(None, allow_inf_nan=False)
    """Largest number; any when empty."""
    suffix: str = ""
    """Added to the names of new columns; left empty, the columns are replaced."""

    @model_validator(mode="after")
    def _range_in_order(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("The range has no end. Give a minimum, a maximum or both.")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"The minimum {self.min} is above the maximum {self.max}. Swap them.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.columns if self.suffix else ():
            yield from taken(f"{name}{self.suffix}", schemas[0], "suffix")

    def exprs(self) -> Iterator[pl.Expr]:
        for name in self.columns:
            whole = clipped_to(column(name), self.dtype(name), self.min, self.max)
            value = column(name).cast(pl.Float64).clip(self.min, self.max) if whole is None else whole
            yield value.alias(f"{name}{self.suffix}")


TRANSFORMS: tuple[type[Transform], ...] = (Winsorize, ClipValues)
