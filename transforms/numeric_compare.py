"""Comparisons as columns of true and false: of two columns, of a column with a value, with a range."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, Literal, Self

import polars as pl
from pydantic import model_validator

from transforms.core.columns import Column, ColumnField, taken
from transforms.core.conditions import Compare, Operator, literal, typed
from transforms.core.dtypes import type_name
from transforms.core.errors import Problem
from transforms.core.params import NewColumn, Scalar
from transforms.core.transform import Example, RowTransform, Transform
from transforms.rows_filter import Closed, between


class CompareColumns(RowTransform):
    """Add a column that says whether a column equals, or is more or less than, another or a value."""

    id = "compare_columns"
    title = "Compare columns"
    terms = ("equal columns", "greater than", "less than", "matches", "is the same", "comparison flag")
    missing = (
        "A comparison with a missing value, NaN among them, is missing, unless missing values are to count as the same."
    )
    examples = (
        Example(
            params={"left": "paid", "op": "at_least", "right": "due", "output": "settled"},
            before={"paid": [10, 4, None], "due": [10, 5.5, 3.0]},
            after={"paid": [10, 4, None], "due": [10, 5.5, 3.0], "settled": [True, False, None]},
        ),
        Example(
            params={"left": "old", "op": "same_or_both_missing", "right": "new"},
            before={"old": ["a", "a", None, None], "new": ["a", "b", None, "b"]},
            after={
                "old": ["a", "a", None, None],
                "new": ["a", "b", None, "b"],
                "comparison": [True, False, True, False],
            },
        ),
        Example(
            params={"left": "city", "right_value": "Oslo", "output": "in_oslo"},
            before={"city": ["Oslo", "Rome", None]},
            after={"city": ["Oslo", "Rome", None], "in_oslo": [True, False, None]},
        ),
    )

    left: Column
    """Column on the left of the sign."""
    op: Literal["equals", "not_equals", "less", "at_most", "more", "at_least", "same_or_both_missing"] = "equals"
    """How to compare; same_or_both_missing is always true or false."""
    right: Column | None = None
    """Column on the right of the sign."""
    right_value: Scalar | None = None
    """Value on the right of the sign instead of a column, dates as ISO text."""
    output: NewColumn = "comparison"
    """Name of the new column."""

    @model_validator(mode="after")
    def _right_is_given(self) -> Self:
        if (self.right is None) == (self.right_value is None):
            found = "neither" if self.right is None else "both"
            raise ValueError(f"A column is compared with a column or a value, found {found}. Give one of them.")
        if self.right is None and self.op == "same_or_both_missing":
            raise ValueError("'same_or_both_missing' compares two columns. Choose the other one, or use 'equals'.")
        self._condition()
        return self

    def _condition(self) -> Compare:
        op: Operator = "equals" if self.op == "same_or_both_missing" else self.op
        return Compare(column=self.left, op=op, other=self.right, value=self.right_value)

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])
        for each in self._condition().bound(schemas)[1]:
            yield replace(each, field={"other": "right", "value": "right_value", "column": "left"}[each.field])

    def exprs(self) -> Iterator[pl.Expr]:
        found = self._condition().expr(self._schemas[0])
        if self.op == "same_or_both_missing" and self.right is not None:
            missing = [self.present(name).is_null() for name in (self.left, self.right)]
            found = pl.when(missing[0] | missing[1]).then(missing[0] & missing[1]).otherwise(found)
        yield found.alias(self.output)


class FlagBetween(RowTransform):
    """Add a column that says whether a number, date or text lies in a range."""

    id = "flag_between"
    title = "Flag value in range"
    terms = ("between", "in range", "within limits", "normal range", "in period")
    missing = "Where the value is missing (null or NaN) so is the mark."
    examples = (
        Example(
            params={"column": "age", "min": 18, "max": 65, "closed": "left"},
            before={"age": [18.0, 65.0, 30.5, None]},
            after={"age": [18.0, 65.0, 30.5, None], "age_in_range": [True, False, True, None]},
        ),
        Example(
            params={"column": "day", "max": "2024-06-30", "output": "first_half"},
            before={"day": ["2024-06-30", "2024-07-01", None]},
            after={"day": ["2024-06-30", "2024-07-01", None], "first_half": [True, False, None]},
        ),
    )

    column: Annotated[str, ColumnField(("numeric", "text", "date", "datetime"))]
    """Column to look at."""
    min: Scalar | None = None
    """Lower end of the range, dates as ISO text; open when empty."""
    max: Scalar | None = None
    """Upper end of the range, dates as ISO text; open when empty."""
    closed: Closed = "both"
    """Which ends belong to the range: both, the left (lower), the right (upper) or none."""
    output: NewColumn | None = None
    """Name of the new column; left empty, that of the column with ``_in_range`` behind it."""

    @model_validator(mode="after")
    def _range_is_sound(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("The range has no end. Give a lower end, an upper end or both.")
        for each in self._ends():
            if isinstance(each, float) and each != each:
                raise ValueError("NaN is no end of a range. Give a number, or leave the end open.")
        return self

    @property
    def new_column(self) -> str:
        """The name of the new column."""
        return self.output or f"{self.column}_in_range"

    def _ends(self) -> tuple[Scalar | None, Scalar | None]:
        return self.min, self.max

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.new_column, schemas[0])
        dtype = self.dtype(self.column)
        given = zip(("min", "max"), self._ends(), strict=True)
        ends = {name: typed(each, dtype) for name, each in given if each is not None}
        for name, each in ends.items():
            if each is None:
                found = f"{getattr(self, name)!r} is not a {type_name(dtype)}, which is what {self.column!r} holds."
                yield Problem(found, "Write it in the column's type, or change the type first.", name)
        low, high = ends.get("min"), ends.get("max")
        if dtype != pl.Null and low is not None and high is not None and low > high:
            yield Problem(f"The lower end {self.min!r} is above the upper end {self.max!r}.", "Swap them.", "min")

    def exprs(self) -> Iterator[pl.Expr]:
        dtype, value = self.dtype(self.column), self.present(self.column)
        if dtype == pl.Null:
            yield value.cast(pl.Boolean).alias(self.new_column)
            return
        low, high = (None if each is None else self._literal(each, dtype) for each in self._ends())
        yield between(value, low, high, self.closed).alias(self.new_column)

    def _literal(self, end: Scalar, dtype: pl.DataType) -> Any:
        return literal(typed(end, dtype), dtype)


TRANSFORMS: tuple[type[Transform], ...] = (CompareColumns, FlagBetween)
