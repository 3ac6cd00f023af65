"""Missing values: drop them, fill them, mark them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, Literal, Self

import polars as pl
from pydantic import Field, field_validator, model_validator

from transforms.core.categories import CategoryColumns
from transforms.core.columns import ALL, Columns, NumericColumns, TextColumns, column, select, taken
from transforms.core.conditions import literal, typed
from transforms.core.conversion import blank
from transforms.core.dtypes import WIDTHS, type_name
from transforms.core.errors import Problem
from transforms.core.numbers import finite
from transforms.core.params import Scalar
from transforms.core.statistics import Ask, Mean, Missing, Quantile, Statistic, ValueCounts
from transforms.core.transform import Example, Failure, FittedTransform, Learned, RowTransform, Transform

INDICATOR = "_missing"
"""Added to the name of a column for the one that says where it was missing."""


class DropMissingRows(RowTransform):
    """Drop rows that have missing values in the chosen columns."""

    id = "drop_missing_rows"
    title = "Drop rows with missing values"
    terms = ("dropna", "remove nulls", "remove incomplete rows")
    training_only = True
    changes_rows = True
    missing = "Null and NaN count as missing; empty text does not."
    examples = (
        Example(
            params={"columns": ["age", "city"], "how": "all"},
            before={"age": [31, None, None], "city": ["Oslo", "Rome", None]},
            after={"age": [31, None], "city": ["Oslo", "Rome"]},
        ),
        Example(
            params={"how": "at_least", "min_present": 2},
            before={"age": [31, None, None], "city": ["Oslo", "Rome", "Bonn"], "zip": [None, "00100", None]},
            after={"age": [31, None], "city": ["Oslo", "Rome"], "zip": [None, "00100"]},
        ),
    )

    columns: Columns = ALL
    """Columns to check."""
    how: Literal["any", "all", "at_least"] = "any"
    """Drop a row when any of its values is missing, only when all are, or unless at least so many are present."""
    min_present: int | None = Field(None, ge=1)
    """How many values a row has to have to be kept, for at_least."""

    @model_validator(mode="after")
    def _number_is_given(self) -> Self:
        if (self.how == "at_least") != (self.min_present is not None):
            raise ValueError("'at_least' and 'min_present' go together: give both, or neither.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.min_present is not None and self.min_present > len(self.columns):
            found = f"No row can have {self.min_present} values in {len(self.columns)} columns."
            yield Problem(found, "Lower the number, or choose more columns.", "min_present")

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        missing = [self.present(name).is_null() for name in self.columns]
        if not missing:
            return rows
        match self.how:
            case "any":
                return rows.remove(pl.any_horizontal(missing))
            case "all":
                return rows.remove(pl.all_horizontal(missing))
            case _:
                return rows.filter(pl.sum_horizontal(~each for each in missing) >= self.min_present)


class FillConstant(RowTransform):
    """Fill missing values with one value."""

    id = "fill_constant"
    title = "Fill with a value"
    terms = ("fillna", "replace null with", "fill zero", "fill empty", "default value", "fill missing")
    missing = "Null and NaN are filled, and blank text too where that is chosen."
    examples = (
        Example(
            params={"columns": ["age"], "value": 0},
            before={"age": [31.0, None, float("nan")]},
            after={"age": [31.0, 0.0, 0.0]},
        ),
        Example(
            params={"columns": ["city", "street"], "value": "unknown", "treat_blank": True},
            before={"city": ["Oslo", " ", None], "street": ["", "Via Appia", None]},
            after={"city": ["Oslo", "unknown", "unknown"], "street": ["unknown", "Via Appia", "unknown"]},
        ),
    )

    columns: Columns
    """Columns to fill."""
    value: Scalar
    """The value, dates as ISO text."""
    treat_blank: bool = False
    """Fill text that is empty or white space only, too."""

    @field_validator("value")
    @classmethod
    def _is_a_value(cls, value: Scalar) -> Scalar:
        if isinstance(value, float) and value != value:
            raise ValueError("NaN is itself missing. Give the value that is to replace it.")
        return value

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.columns:
            dtype = self.dtype(name)
            if not holds(dtype, self.value):
                found = f"{self.value!r} is not a {type_name(dtype)}, which is what {name!r} holds."
                yield Problem(found, "Write the value in the column's type, or change the type first.", "value")

    def exprs(self) -> Iterator[pl.Expr]:
        for name in self.columns:
            dtype, value = self.dtype(name), self.present(name)
            if self.treat_blank and dtype == pl.String:
                value = pl.when(~blank(value)).then(value)
            held = natural_type(self.value) if dtype == pl.Null else dtype
            yield value.cast(held).fill_null(literal(typed(self.value, held), held).cast(held)).alias(name)


def holds(dtype: pl.DataType, value: Scalar) -> bool:
    """Whether a column of that type can hold a value, dates given as ISO text, as it is."""
    dtype = natural_type(value) if dtype == pl.Null else dtype
    held = typed(value, dtype)
    if held is None or not dtype.is_integer():
        return held is not None
    bits = WIDTHS[type(dtype)]
    return float(held).is_integer() and -(2 ** (bits - 1)) <= held < 2 ** (bits - 1)


def natural_type(value: Scalar) -> pl.DataType:
    """The type of a column that is made of a value."""
    kinds: dict[type, pl.DataType] = {bool: pl.Boolean(), int: pl.Int64(), float: pl.Float64(), str: pl.String()}
    return kinds[type(value)]


class Fills(Learned):
    """The value that fills each column; none where the column had no value at all."""

    values: dict[str, float | None]


class ImputeNumber(FittedTransform):
    """Fills missing numbers with a number learned of their column."""

    missing = (
        "Null and NaN are filled; a column without any value stays as it is. Infinite values are left out of the fit. "
        "Whole numbers become decimals."
    )
    unseen = "New values are kept; new missing values get the learned number."

    columns: NumericColumns
    """Columns to fill."""
    add_indicator: bool = False
    """Add a column for each that says where it was missing, named with _missing."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.columns if self.add_indicator else ():
            yield from taken(f"{name}{INDICATOR}", schemas[0], "add_indicator")

    def measure(self, name: str) -> Statistic:
        """The statistic that fills a column."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it fills with.")

    def fit(self, ask: Ask) -> Fills:
        found = ask(*(self.measure(name) for name in self.columns))
        return Fills(values=dict(zip(self.columns, found, strict=True)))

    def exprs(self, learned: Fills) -> Iterator[pl.Expr]:
        for name in self.columns:
            fill = pl.lit(learned.values[name], pl.Float64)
            yield self.present(name).cast(pl.Float64).fill_null(fill)
        if self.add_indicator:
            yield from (self.present(name).is_null().alias(f"{name}{INDICATOR}") for name in self.columns)


class ImputeMean(ImputeNumber):
    """Fill missing numbers with the mean of their column."""

    id = "impute_mean"
    title = "Fill with mean"
    terms = ("fillna mean", "average", "impute", "fill with average")
    examples = (
        Example(
            params={"columns": ["age"]},
            before={"age": [20.0, None, 40.0]},
            after={"age": [20.0, 30.0, 40.0]},
        ),
        Example(
            params={"columns": ["age"], "add_indicator": True},
            before={"age": [20, None, 41]},
            after={"age": [20.0, 30.5, 41.0], "age_missing": [False, True, False]},
        ),
    )

    def measure(self, name: str) -> Mean:
        return Mean(finite(name))


class ImputeMedian(ImputeNumber):
    """Fill missing numbers with the median of their column, the middle between two where there are two."""

    id = "impute_median"
    title = "Fill with median"
    terms = ("fillna median", "middle value", "impute")
    examples = (
        Example(
            params={"columns": ["income"]},
            before={"income": [10, None, 30, 1000, 20]},
            after={"income": [10.0, 25.0, 30.0, 1000.0, 20.0]},
        ),
    )

    def measure(self, name: str) -> Quantile:
        return Quantile(finite(name), 0.5)


class Modes(Learned):
    """The most frequent value of each column, dates as ISO text; none where the column had no value at all."""

    values: dict[str, bool | int | float | str | None]


class ImputeMode(FittedTransform):
    """Fill missing values with the most frequent value of their column; of several, the smallest."""

    id = "impute_mode"
    title = "Fill with most frequent value"
    terms = ("fillna mode", "most common", "impute")
    missing = "Null and NaN are filled; a column without any value stays as it is. Empty text is a value."
    unseen = "New values are kept; new missing values get the learned value."
    examples = (
        Example(
            params={"columns": ["city", "rooms"]},
            before={"city": ["Rome", "Oslo", None, "Oslo", None], "rooms": [3, 2, None, 3, 2]},
            after={"city": ["Rome", "Oslo", "Oslo", "Oslo", "Oslo"], "rooms": [3, 2, 2, 3, 2]},
        ),
    )

    columns: CategoryColumns
    """Columns to fill."""

    def fit(self, ask: Ask) -> Modes:
        counts = ask(*(ValueCounts(self.present(name), limit=1) for name in self.columns))
        modes = (next(iter(each), None) for each in counts)
        return Modes(values={name: plain(mode) for name, mode in zip(self.columns, modes, strict=True)})

    def exprs(self, learned: Modes) -> Iterator[pl.Expr]:
        for name in self.columns:
            dtype, mode = self.dtype(name), learned.values[name]
            if mode is not None and dtype != pl.Null:
                fill = pl.lit(mode) if dtype.is_decimal() else literal(typed(mode, dtype), dtype)
                yield self.present(name).fill_null(fill.cast(dtype))


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


class ImputeMissingCategory(RowTransform):
    """Fill missing text with a name that makes missing values a category of their own."""

    id = "impute_missing_category"
    title = 'Fill with a "Missing" category'
    terms = ("missing category", "fillna Missing", "unknown category", "impute")
    missing = "Null is filled; empty text is a value. A row that has the name already is taken for missing, too."
    examples = (
        Example(
            params={"columns": ["city"]},
            before={"city": ["Oslo", None, ""]},
            after={"city": ["Oslo", "Missing", ""]},
        ),
        Example(
            params={"label": "unknown"},
            before={"city": ["Oslo", None], "plan": [None, "pro"], "age": [31, None]},
            after={"city": ["Oslo", "unknown"], "plan": ["unknown", "pro"], "age": [31, None]},
        ),
    )

    columns: TextColumns = select("text")
    """Columns to fill."""
    label: str = Field("Missing", min_length=1)
    """The name."""

    def exprs(self) -> Iterator[pl.Expr]:
        return (column(name).cast(pl.String).fill_null(self.label).alias(name) for name in self.columns)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        for name in self.columns:
            where = column(name).cast(pl.String) == self.label
            yield Failure(column=name, where=where, what=f"are {self.label!r} already, as missing ones are now")


class Indicators(Learned):
    """The columns that get an indicator."""

    columns: list[str]


class AddMissingIndicator(FittedTransform):
    """Add a column for each chosen column that says where it is missing."""

    id = "add_missing_indicator"
    title = "Add missing indicator"
    terms = ("is null flag", "missingness", "isna column")
    columns_from_data = True
    missing = "The indicator is true for null and NaN and false elsewhere; empty text is not missing."
    unseen = "A column that had no missing value in the fit gets no indicator afterwards, unless all do."
    examples = (
        Example(
            params={"columns": ["age", "city"]},
            before={"age": [31.0, None, float("nan")], "city": ["Oslo", "", "Rome"]},
            after={
                "age": [31.0, None, float("nan")],
                "city": ["Oslo", "", "Rome"],
                "age_missing": [False, True, True],
            },
        ),
    )

    columns: Columns = ALL
    """Columns to look at."""
    suffix: str = Field(INDICATOR, min_length=1)
    """Added to the names of the columns for their indicators."""
    only_if_seen: bool = True
    """Only for columns that have missing values when the step is fitted; otherwise for all."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.columns:
            yield from taken(f"{name}{self.suffix}", schemas[0], "suffix")

    def fit(self, ask: Ask) -> Indicators:
        if not self.only_if_seen:
            return Indicators(columns=list(self.columns))
        counts = ask(*(Missing(self.present(name)) for name in self.columns))
        return Indicators(columns=[name for name, rows in zip(self.columns, counts, strict=True) if rows])

    def exprs(self, learned: Indicators) -> Iterator[pl.Expr]:
        return (self.present(name).is_null().alias(f"{name}{self.suffix}") for name in learned.columns)


TRANSFORMS: tuple[type[Transform], ...] = (
    DropMissingRows,
    FillConstant,
    ImputeMean,
    ImputeMedian,
    ImputeMode,
    ImputeMissingCategory,
    AddMissingIndicator,
)
