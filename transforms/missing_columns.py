"""Missing values filled from other columns of the same row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from transforms.core.columns import Column, Columns, taken
from transforms.core.conversion import blank, converted, convertible
from transforms.core.dtypes import TYPES, common_type_of, type_name
from transforms.core.errors import Problem
from transforms.core.params import NewColumn
from transforms.core.transform import Example, Failure, RowTransform, Transform


class FillFromColumn(RowTransform):
    """Fill the missing values of a column from another column of the same row."""

    id = "fill_from_column"
    title = "Fill from another column"
    terms = ("fillna with column", "fallback column", "use other column")
    missing = "Null and NaN are filled; where the other column is missing too, the value stays missing."
    examples = (
        Example(
            params={"column": "mobile", "source": "phone"},
            before={"mobile": ["1", None, None], "phone": ["8", "9", None]},
            after={"mobile": ["1", "9", None], "phone": ["8", "9", None]},
        ),
        Example(
            params={"column": "rooms", "source": "note"},
            before={"rooms": [3, None, None], "note": ["4", "5", "many"]},
            after={"rooms": [3, 5, None], "note": ["4", "5", "many"]},
        ),
    )

    column: Column
    """Column to fill."""
    source: Column
    """Column to take values from, changed to the type of the other."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        dtype, source = self.dtype(self.column), self.dtype(self.source)
        if self.column == self.source:
            yield Problem(f"{self.column!r} cannot be filled from itself.", "Choose another column.", "source")
        elif dtype != source and not self._convertible(dtype, source):
            found = f"{self.source!r} holds {type_name(source)} values, which cannot become {type_name(dtype)} values."
            yield Problem(found, f"Choose another column, or change the type of {self.column!r} first.", "source")

    @staticmethod
    def _convertible(dtype: pl.DataType, source: pl.DataType) -> bool:
        to = type_name(dtype)
        zones = {each.time_zone is None for each in (dtype, source) if isinstance(each, pl.Datetime)}
        if pl.Null in (dtype, source):
            return True
        return to in TYPES and convertible(source, to) and len(zones) < 2 and dtype.is_decimal() <= source.is_numeric()

    def _source(self) -> pl.Expr:
        """The values to fill with, in the type of the column."""
        dtype, source = self.dtype(self.column), self.dtype(self.source)
        value = self.present(self.source)
        if dtype in (source, pl.Null):
            return value
        if source == pl.Null:
            return value.cast(dtype)
        return converted(value, source, type_name(dtype)).cast(dtype, strict=False)  # type: ignore[arg-type]

    def exprs(self) -> Iterator[pl.Expr]:
        yield pl.coalesce(self.present(self.column), self._source()).alias(self.column)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        wanted = self.present(self.column).is_null() & self.present(self.source).is_not_null()
        if self.dtype(self.column) not in (self.dtype(self.source), pl.Null):
            what = f"could not fill {self.column!r}: they are no {type_name(self.dtype(self.column))}"
            yield Failure(column=self.source, where=wanted & self._source().is_null(), what=what)


class CoalesceColumns(RowTransform):
    """Add a column with the first value that is present in several columns."""

    id = "coalesce_columns"
    title = "First present value of several columns"
    terms = ("coalesce", "first non null", "nvl", "ifnull", "fallback")
    missing = "Null and NaN are passed over, and blank text too unless it is to count; where all are missing, so is it."
    examples = (
        Example(
            params={"columns": ["mobile", "phone", "work"], "output": "number"},
            before={"mobile": ["1", " ", None], "phone": ["8", None, None], "work": ["7", "6", None]},
            after={
                "mobile": ["1", " ", None],
                "phone": ["8", None, None],
                "work": ["7", "6", None],
                "number": ["1", "6", None],
            },
        ),
    )

    columns: Columns
    """Columns to look at, in this order."""
    output: NewColumn
    """Name of the new column."""
    blank_is_missing: bool = True
    """Pass over text that is empty or white space only."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])
        if common_type_of(self.dtype(name) for name in self.columns) is None:
            held = ", ".join(f"{name!r} {type_name(self.dtype(name))}" for name in self.columns)
            found = f"The columns have no common type: {held}."
            yield Problem(found, "Change the type of some first, or leave them out.", "columns")

    def exprs(self) -> Iterator[pl.Expr]:
        dtype = common_type_of(self.dtype(name) for name in self.columns)
        values = (self._value(name).cast(dtype) for name in self.columns)  # type: ignore[arg-type]
        yield pl.coalesce(pl.lit(None, dtype), *values).alias(self.output)

    def _value(self, name: str) -> pl.Expr:
        value = self.present(name)
        if self.blank_is_missing and self.dtype(name) == pl.String:
            return pl.when(~blank(value)).then(value)
        return value


TRANSFORMS: tuple[type[Transform], ...] = (FillFromColumn, CoalesceColumns)
