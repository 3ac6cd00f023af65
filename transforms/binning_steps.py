"""Numbers and times put into steps of one width, or on one side of a threshold."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import Field

from transforms.core.columns import ColumnsField, NumericColumn, column, taken
from transforms.core.conversion import as_text
from transforms.core.dtypes import type_name
from transforms.core.errors import Problem
from transforms.core.numbers import finite, quotient
from transforms.core.params import NewColumn
from transforms.core.statistics import Ask, Mean, Quantile
from transforms.core.transform import Example, Failure, FittedTransform, Learned, RowTransform, Transform
from transforms.date_units import MICROSECONDS, SpanUnit, clock, in_zone, most, zone_of

SteppedColumns = Annotated[tuple[str, ...], ColumnsField(("numeric", "date", "datetime"))]
EXACT = 2**53
"""Beyond this not every whole number is a Float64."""
MONDAY = 25_567
"""Days from Monday, 1 January 1900, to 1 January 1970."""


class FixedWidthBins(RowTransform):
    """Put numbers, dates or times into bins of a width that you give, wherever the values lie."""

    id = "bin_fixed_width"
    title = "Bins of a fixed width"
    terms = ("round down", "step", "floor", "time buckets", "interval", "truncate dates")
    missing = (
        "Missing values (null and NaN) stay missing. Infinite numbers, and those too large for a step to matter, "
        "become missing, and are counted."
    )
    examples = (
        Example(
            params={"columns": ["age"], "width": 10},
            before={"age": [7, 10, 19, None, -3]},
            after={"age": ["[0, 10)", "[10, 20)", "[10, 20)", None, "[-10, 0)"]},
        ),
        Example(
            params={"columns": ["price"], "width": 2.5, "origin": 1, "label": "lower", "suffix": "_from"},
            before={"price": [1.0, 3.4, 3.5, None]},
            after={"price": [1.0, 3.4, 3.5, None], "price_from": [1.0, 1.0, 3.5, None]},
        ),
        Example(
            params={"columns": ["at"], "width": 6, "unit": "hour", "label": "lower"},
            before={"at": ["2024-05-01T05:59:00", "2024-05-01T06:00:00", None]},
            after={"at": ["2024-05-01T00:00:00", "2024-05-01T06:00:00", None]},
            dtypes={"at": pl.Datetime("us")},
        ),
    )

    columns: SteppedColumns
    """Columns of numbers, dates or times."""
    width: float = Field(gt=0, allow_inf_nan=False)
    """How wide a bin is; for dates and times in the unit, a whole number."""
    unit: SpanUnit = "day"
    """What the width of dates and times is counted in; bins begin on Monday, 1 January 1900, by the column's clock."""
    origin: float = Field(0.0, allow_inf_nan=False)
    """Where some bin of numbers begins."""
    label: Literal["range", "lower"] = "range"
    """What a bin is called: its range, such as [0, 10), or the value it begins with."""
    suffix: str = ""
    """Added to the names of new columns; left empty, the columns are replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.columns:
            dtype = self.dtype(name)
            if self.suffix:
                yield from taken(f"{name}{self.suffix}", schemas[0], "suffix")
            if dtype.is_temporal() and (not self.width.is_integer() or self.width > most(self.unit)):
                found = (
                    f"{name!r} holds {type_name(dtype)} values, and {self.width:g} {self.unit}s are no step for them."
                )
                yield Problem(found, "Give a whole number, and if need be a smaller unit.", "width")
            if dtype == pl.Date and self.unit not in ("week", "day"):
                found = f"{name!r} holds dates, which have no {self.unit}s."
                yield Problem(found, "Choose days or weeks, or change its type to datetime first.", "unit")

    def exprs(self) -> Iterator[pl.Expr]:
        for name in self.columns:
            lower, upper = self._bin(name)
            if self.label == "range":
                lower = pl.format("[{}, {})", self._text(name, lower), self._text(name, upper))
            yield lower.alias(f"{name}{self.suffix}")

    def _bin(self, name: str) -> tuple[pl.Expr, pl.Expr]:
        """Where the bin of each value begins and ends."""
        dtype = self.dtype(name)
        match dtype:
            case pl.Date():
                step = int(self.width) * MICROSECONDS[self.unit] // MICROSECONDS["day"]
                days = column(name).to_physical().cast(pl.Int64)
                return _dates(days - (days + MONDAY) % step), _dates(days - (days + MONDAY) % step + step)
            case pl.Datetime():
                step = int(self.width) * MICROSECONDS[self.unit]
                wall = clock(column(name), dtype).dt.epoch("us")
                lower = wall - (wall + MONDAY * MICROSECONDS["day"]) % step
                return _moments(lower, dtype), _moments(lower + step, dtype)
            case _ if dtype.is_integer() and self.width.is_integer() and self.origin.is_integer():
                value, step = column(name).cast(pl.Int128), int(self.width)
                whole = value - (value - int(self.origin)) % step
                # A bin that begins below the smallest whole number there is has no name.
                return whole.cast(pl.Int64, strict=False), whole + step
            case _:
                return self._numbers(self.present(name).cast(pl.Float64))

    def _numbers(self, value: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
        steps = quotient(value - self.origin, self.width).floor()
        steps = pl.when(steps.abs() < EXACT).then(steps)
        # As a number of 64 bits a decimal is not exact: 0.3 / 0.1 is below 3, and 3 * 0.1 above 0.3.
        steps = pl.when(value >= self._begin(steps + 1)).then(steps + 1).otherwise(steps)
        steps = pl.when(value < self._begin(steps)).then(steps - 1).otherwise(steps)
        return self._begin(steps), self._begin(steps + 1)

    def _begin(self, steps: pl.Expr) -> pl.Expr:
        """Where the bin after so many steps begins, rounded to the decimals that width and origin are written with."""
        places = max(-int(Decimal(repr(each)).normalize().as_tuple().exponent) for each in (self.width, self.origin))
        return (steps * self.width + self.origin).round(min(max(places, 0), 15)) + 0.0

    def _text(self, name: str, value: pl.Expr) -> pl.Expr:
        dtype = self.dtype(name)
        return as_text(value, dtype if dtype.is_temporal() or dtype.is_integer() else pl.Float64())

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        for name, result in zip(self.columns, self.exprs(), strict=True):
            where = self.present(name).is_not_null() & result.is_null()
            yield Failure(column=name, where=where, what="became missing: no bin is exact for them")


def _dates(days: pl.Expr) -> pl.Expr:
    return days.cast(pl.Int32).cast(pl.Date)


def _moments(microseconds: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    return in_zone(microseconds.cast(pl.Datetime("us")), zone_of(dtype))


class Threshold(Learned):
    """The number that values are compared with; none where the column had no value."""

    value: float | None


class BinarizeThreshold(FittedTransform):
    """Say of each number whether it is above a threshold."""

    id = "binarize_threshold"
    title = "Binarize by a threshold"
    terms = ("threshold flag", "above or below", "Binarizer", "yes or no from a number")
    missing = "Missing values (null and NaN) are left out of the fit and stay missing."
    unseen = "New values are compared with the same threshold; where the column had no value, all become missing."
    examples = (
        Example(
            params={"column": "score", "threshold": 50, "output": "passed"},
            before={"score": [80, 50, None, 20]},
            after={"score": [80, 50, None, 20], "passed": [True, False, None, False]},
        ),
        Example(
            params={"column": "x", "compare_with": "median", "equal": "above", "as_number": True},
            before={"x": [1.0, 2.0, 9.0, None]},
            after={"x": [0, 1, 1, None]},
        ),
    )

    column: NumericColumn
    """Column to compare."""
    compare_with: Literal["number", "mean", "median"] = "number"
    """Compare with a number that you give, or with the mean or the median of the column."""
    threshold: float = Field(0.0, allow_inf_nan=False)
    """The number, for number."""
    equal: Literal["above", "below"] = "below"
    """Values that are equal to the threshold count as above or as below."""
    as_number: bool = False
    """Write 1 and 0 instead of true and false."""
    output: NewColumn | None = None
    """Name of the new column; left empty, the column is replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.output and self.output != self.column:
            yield from taken(self.output, schemas[0])

    def fit(self, ask: Ask) -> Threshold:
        if self.compare_with == "number":
            return Threshold(value=self.threshold)
        value = finite(self.column)
        (found,) = ask(Mean(value) if self.compare_with == "mean" else Quantile(value, 0.5))
        return Threshold(value=found)

    def exprs(self, learned: Threshold) -> Iterator[pl.Expr]:
        value, threshold = self.present(self.column).cast(pl.Float64), pl.lit(learned.value, pl.Float64)
        above = value >= threshold if self.equal == "above" else value > threshold
        yield (above.cast(pl.Int64) if self.as_number else above).alias(self.output or self.column)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if learned is not None and learned.value is None:
            where = self.present(self.column).is_not_null()
            yield Failure(column=self.column, where=where, what="became missing: no threshold was learned")


TRANSFORMS: tuple[type[Transform], ...] = (FixedWidthBins, BinarizeThreshold)
