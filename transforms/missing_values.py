"""Values that stand for missing ones, made missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

import polars as pl
from pydantic import model_validator

from transforms.core.columns import ALL, Column, Columns, ColumnsField, TextColumns, column, select
from transforms.core.conditions import Compare
from transforms.core.conversion import blank, parsed
from transforms.core.dtypes import TypeName, type_name
from transforms.core.errors import Problem
from transforms.core.params import Regex, Scalar
from transforms.core.transform import Example, Failure, RowTransform, Transform

FloatColumns = Annotated[tuple[str, ...], ColumnsField(("float",))]
MARKS = ("", "NA", "N/A", "null", "None", "-", "?")
"""What people write where there is no value."""


class ValuesToMissing(RowTransform):
    """Make values missing that stand for missing ones, such as NA, a dash or -999."""

    id = "values_to_missing"
    title = "Replace values with missing"
    terms = ("NA strings", "sentinel values", "placeholders", "replace with null", "nullif")
    missing = "Missing values stay missing."
    examples = (
        Example(
            params={},
            before={"city": ["Oslo", " n/a ", "?", None], "age": [31, 12, 40, -999]},
            after={"city": ["Oslo", None, None, None], "age": [31, 12, 40, -999]},
        ),
        Example(
            params={"values": ["Unknown"], "numbers": [-999, 0.5], "ignore_case": False},
            before={"city": ["Unknown", "unknown", None], "age": [31, -999, None], "share": [0.5, 0.25, -999.0]},
            after={"city": [None, "unknown", None], "age": [31, None, None], "share": [None, 0.25, None]},
        ),
    )

    columns: Columns = ALL
    """Columns to look at; those that hold neither text nor numbers are left alone."""
    values: tuple[str, ...] = MARKS
    """Text that means missing; white space around it does not matter."""
    ignore_case: bool = True
    """Take capitals and small letters as equal."""
    numbers: tuple[int | float, ...] = ()
    """Numbers that mean missing, in columns of numbers."""

    def exprs(self) -> Iterator[pl.Expr]:
        for name in self.columns:
            value, dtype = column(name), self.dtype(name)
            if dtype == pl.String and self.values:
                text, marks = value.str.strip_chars(), [each.strip() for each in self.values]
                if self.ignore_case:
                    text, marks = text.str.to_lowercase(), [each.lower() for each in marks]
                yield pl.when(~text.is_in(marks)).then(value).alias(name)
            elif dtype.is_numeric() and self.numbers:
                listed = Compare(column=name, op="is_in", value=self.numbers).expr(self._schemas[0])
                yield pl.when(~listed).then(value).alias(name)


class BlankToMissing(RowTransform):
    """Make blank text missing."""

    id = "blank_to_missing"
    title = "Blank text to missing"
    terms = ("empty string to null", "whitespace to null", "empty cells")
    missing = "Missing values stay missing."
    examples = (
        Example(
            params={},
            before={"city": ["Oslo", "", " \t", None], "age": [1, 2, 3, None]},
            after={"city": ["Oslo", None, None, None], "age": [1, 2, 3, None]},
        ),
        Example(
            params={"columns": ["city"], "trim_first": False},
            before={"city": ["Oslo", "", " ", None]},
            after={"city": ["Oslo", None, " ", None]},
        ),
    )

    columns: TextColumns = select("text")
    """Columns to look at."""
    trim_first: bool = True
    """Take white space only as blank, not just empty text."""

    def exprs(self) -> Iterator[pl.Expr]:
        for name in self.columns:
            value = column(name).cast(pl.String)
            is_blank = blank(value) if self.trim_first else value == ""
            yield pl.when(~is_blank).then(value).alias(name).cast(self.dtype(name))


class NanToMissing(RowTransform):
    """Make numbers missing that are none: NaN, and infinite ones too."""

    id = "nan_to_missing"
    title = "NaN and infinity to missing"
    terms = ("replace inf", "nan to null", "infinite values", "not a number")
    missing = "Null stays null; NaN becomes null. Infinite values that become missing are counted."
    examples = (
        Example(
            params={},
            before={"x": [1.5, float("nan"), float("-inf"), None], "n": [1, 2, 3, None]},
            after={"x": [1.5, None, None, None], "n": [1, 2, 3, None]},
        ),
        Example(
            params={"columns": ["x"], "infinity": False},
            before={"x": [1.5, float("nan"), float("inf"), None]},
            after={"x": [1.5, None, float("inf"), None]},
        ),
    )

    columns: FloatColumns = select("float")
    """Columns to look at."""
    infinity: bool = True
    """Make infinite numbers missing, too."""

    def _infinite(self, name: str) -> pl.Expr:
        return self.present(name).is_infinite() if self.dtype(name).is_float() else pl.lit(False)

    def exprs(self) -> Iterator[pl.Expr]:
        for name in self.columns:
            value = self.present(name)
            yield (pl.when(~self._infinite(name)).then(value) if self.infinity else value).alias(name)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        for name in self.columns if self.infinity else ():
            yield Failure(column=name, where=self._infinite(name), what="became missing: they are infinite")


class InvalidToMissing(RowTransform):
    """Make values missing that are not valid: of the wrong type or form, out of a range, or not in a list."""

    id = "invalid_to_missing"
    title = "Invalid values to missing"
    terms = (
        "replace invalid",
        "remove bad values",
        "nullify",
        "out of range to null",
        "convert non-matches to missing",
    )
    missing = "Missing values stay missing; NaN becomes null. Values that become missing are counted."
    examples = (
        Example(
            params={"column": "age", "valid": "range", "min": 0, "max": 120},
            before={"age": [31, -4, 999, 120, None]},
            after={"age": [31, None, None, 120, None]},
        ),
        Example(
            params={"column": "paid", "valid": "type", "type": "date"},
            before={"paid": ["2024-01-31", "soon", "2024-02-30", None]},
            after={"paid": ["2024-01-31", None, None, None]},
        ),
        Example(
            params={"column": "zip", "valid": "regex", "pattern": "^[0-9]{5}$"},
            before={"zip": ["00100", "100", "0010A", None]},
            after={"zip": ["00100", None, None, None]},
        ),
    )

    column: Column
    """Column to look at."""
    valid: Literal["type", "regex", "range", "list"]
    """What makes a value valid: its text reads as a type or matches a pattern, it lies in a range, or it is listed."""
    type: TypeName = "number"
    """The type that text has to read as, for type; the column stays text."""
    pattern: Regex | None = None
    """Pattern that is found in valid text, for regex; it may match anywhere unless it begins with ^ and ends with $."""
    min: int | float | str | None = None
    """Smallest valid value, for range, dates as ISO text; any when empty."""
    max: int | float | str | None = None
    """Largest valid value, for range, dates as ISO text; any when empty."""
    values: tuple[Scalar, ...] = ()
    """The valid values, for list, dates as ISO text."""
    ignore_case: bool = False
    """Take capitals and small letters as equal, for regex and list."""

    @model_validator(mode="after")
    def _rule_is_given(self) -> Self:
        if self.valid == "regex" and self.pattern is None:
            raise ValueError("'regex' needs a pattern.")
        if self.valid == "list" and not self.values:
            raise ValueError("'list' needs the values that are valid.")
        if self.valid == "range":
            if self.min is None and self.max is None:
                raise ValueError("The range has no end. Give a minimum, a maximum or both.")
            numbers = [each for each in (self.min, self.max) if isinstance(each, int | float)]
            if len(numbers) == 2 and numbers[0] > numbers[1]:
                raise ValueError(f"The minimum {self.min} is above the maximum {self.max}. Swap them.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        dtype = self.dtype(self.column)
        if self.valid == "type" and dtype not in (pl.String, pl.Null):
            found = f"{self.column!r} holds {type_name(dtype)} values, so all of them have a type already."
            yield Problem(found, "Choose another rule, or a column of text.", "valid")
        for field, compare in self._comparisons():
            for each in compare.bound(schemas)[1]:
                yield Problem(each.found, each.advice, field)

    def _comparisons(self) -> Iterator[tuple[str, Compare]]:
        """What has to be true of a valid value, by the field it comes from."""
        match self.valid:
            case "regex":
                rule = Compare(column=self.column, op="matches", value=self.pattern, ignore_case=self.ignore_case)
                yield "pattern", rule
            case "list":
                rule = Compare(column=self.column, op="is_in", value=self.values, ignore_case=self.ignore_case)
                yield "values", rule
            case "range":
                if self.min is not None:
                    yield "min", Compare(column=self.column, op="at_least", value=self.min)
                if self.max is not None:
                    yield "max", Compare(column=self.column, op="at_most", value=self.max)

    def _valid(self) -> pl.Expr:
        if self.dtype(self.column) == pl.Null:
            return pl.lit(True)
        if self.valid == "type":
            return parsed(column(self.column), self.type).is_not_null()
        return pl.all_horizontal(each.expr(self._schemas[0]) for _, each in self._comparisons())

    def exprs(self) -> Iterator[pl.Expr]:
        yield pl.when(self._valid()).then(self.present(self.column)).alias(self.column)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        invalid = self.present(self.column).is_not_null() & ~self._valid()
        yield Failure(column=self.column, where=invalid, what="became missing: they are not valid")


TRANSFORMS: tuple[type[Transform], ...] = (
    ValuesToMissing,
    BlankToMissing,
    NanToMissing,
    InvalidToMissing,
)
