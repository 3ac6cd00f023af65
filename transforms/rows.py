"""The first rows, empty rows, and rows that are mended or marked where a condition holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.columns import ALL, Columns, taken
from transforms.core.columns import column as exactly
from transforms.core.conditions import Condition, literal, typed
from transforms.core.conversion import blank
from transforms.core.dtypes import WIDTHS, type_name
from transforms.core.errors import Problem
from transforms.core.params import NewColumn, Scalar
from transforms.core.relations import Limit, Relation
from transforms.core.transform import Example, RowTransform, TableTransform, Transform


class KeepFirstRows(TableTransform):
    """Keep the first rows; which they are is defined right after a sort, or where the source has an order."""

    id = "keep_first_rows"
    title = "Keep first rows"
    terms = ("limit", "head", "top rows")
    training_only = True
    changes_rows = True
    missing = "Missing values do not matter and stay missing."
    examples = (
        Example(
            params={"rows": 2},
            before={"id": [1, None, 3], "name": ["a", "b", "c"]},
            after={"id": [1, None], "name": ["a", "b"]},
        ),
    )

    rows: int = Field(1000, ge=0)
    """How many rows to keep; all, where there are fewer."""

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        return Limit(tables[0], self.rows)


class DropEmptyRows(RowTransform):
    """Drop rows in which every chosen column is missing or blank."""

    id = "drop_empty_rows"
    title = "Drop empty rows"
    terms = ("remove blank rows", "blank lines", "dropna all")
    training_only = True
    changes_rows = True
    missing = "Null and NaN are empty, and so is blank text unless it is to count as a value."
    examples = (
        Example(
            params={},
            before={"n": [1.0, None, float("nan"), None], "t": [None, "", None, "x"]},
            after={"n": [1.0, None], "t": [None, "x"]},
        ),
    )

    columns: Columns = ALL
    """Columns to check."""
    blank_is_empty: bool = True
    """Take text that is empty or white space only as missing."""

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        if not self.columns:
            return rows
        return rows.remove(pl.all_horizontal(self._empty(name) for name in self.columns))

    def _empty(self, name: str) -> pl.Expr:
        missing = self.present(name).is_null()
        return missing | blank(exactly(name)) if self.blank_is_empty and self.dtype(name) == pl.String else missing


class UpdateWhere(RowTransform):
    """Set a value in the rows that meet a condition."""

    id = "update_where"
    title = "Set value where"
    terms = ("if then set", "replace where", "conditional edit", "overwrite")
    missing = "A condition that is unknown because of a missing value is not met."
    examples = (
        Example(
            params={"columns": ["discount"], "condition": {"column": "amount", "op": "less", "value": 0}, "value": 0},
            before={"amount": [-5, 10, None], "discount": [0.5, 0.1, 0.2]},
            after={"amount": [-5, 10, None], "discount": [0.0, 0.1, 0.2]},
        ),
        Example(
            params={
                "columns": ["city"],
                "condition": {"column": "city", "op": "is_in", "value": ["?", "n/a"]},
                "value": None,
            },
            before={"city": ["Oslo", "?", "n/a", None]},
            after={"city": ["Oslo", None, None, None]},
        ),
    )

    columns: Columns
    """Columns to set."""
    condition: Condition
    """Which rows to change."""
    value: Scalar | None
    """The value, dates as ISO text; missing when empty."""
    otherwise: Literal["keep", "null"] = "keep"
    """In the other rows, keep what is there or make it missing."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.columns:
            dtype = self.dtype(name)
            if self.value is not None and not fits(self.value, dtype):
                found = f"{self.value!r} is not a {type_name(dtype)}, which is what {name!r} holds."
                yield Problem(found, "Write the value in the column's type, or change the type first.", "value")

    def exprs(self) -> Iterator[pl.Expr]:
        met = self.condition.expr(self._schemas[0])
        for name in self.columns:
            dtype = self.dtype(name)
            value = pl.lit(None, dtype) if self.value is None else literal(typed(self.value, dtype), dtype)
            value = value if dtype == pl.Null else value.cast(dtype)
            kept = exactly(name) if self.otherwise == "keep" else pl.lit(None, dtype)
            yield pl.when(met).then(value).otherwise(kept).alias(name)


def fits(value: Scalar, dtype: pl.DataType) -> bool:
    """Whether a column of that type can hold the value as it is."""
    held = typed(value, dtype)
    if held is None or not dtype.is_integer():
        return held is not None
    half = 2 ** (WIDTHS.get(type(dtype), 64) - 1)
    return float(held).is_integer() and bool(-half <= held < half)


class FlagRows(RowTransform):
    """Add a column that marks the rows which meet a condition."""

    id = "flag_rows"
    title = "Flag rows"
    terms = ("indicator", "boolean column", "mark rows", "tag")
    missing = "Where the condition is unknown because of a missing value, the mark for unknown is set."
    examples = (
        Example(
            params={"condition": {"column": "age", "op": "at_least", "value": 18}, "output": "adult"},
            before={"age": [31, 12, None]},
            after={"age": [31, 12, None], "adult": [True, False, False]},
        ),
        Example(
            params={
                "condition": {"column": "age", "op": "at_least", "value": 18},
                "true_value": "yes",
                "false_value": "no",
                "null_as": "unknown",
            },
            before={"age": [31, 12, None]},
            after={"age": [31, 12, None], "flag": ["yes", "no", "unknown"]},
        ),
    )

    condition: Condition
    """What has to be true."""
    output: NewColumn = "flag"
    """Name of the new column."""
    true_value: Scalar | None = True
    """Mark where it is true."""
    false_value: Scalar | None = False
    """Mark where it is false."""
    null_as: Scalar | None = False
    """Mark where it is unknown because of a missing value."""

    @model_validator(mode="before")
    @classmethod
    def _unknown_is_false(cls, given: Any) -> Any:
        """Unless it is said otherwise, unknown is marked like false, whatever that mark is."""
        if isinstance(given, dict) and "null_as" not in given and "false_value" in given:
            return {**given, "null_as": given["false_value"]}
        return given

    @model_validator(mode="after")
    def _marks_of_one_kind(self) -> Self:
        kinds = {_kind(each) for each in self._marks() if each is not None}
        if len(kinds) > 1:
            raise ValueError(f"All marks must be of one kind, found {' and '.join(sorted(kinds))}.")
        return self

    def _marks(self) -> tuple[Scalar | None, ...]:
        return (self.true_value, self.false_value, self.null_as)

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])

    def exprs(self) -> Iterator[pl.Expr]:
        true = self.condition.expr(self._schemas[0])
        dtype = _mark_type([each for each in self._marks() if each is not None])
        yes, no, unknown = (pl.lit(each, dtype) for each in self._marks())
        yield pl.when(true).then(yes).when(true.is_null()).then(unknown).otherwise(no).alias(self.output)


def _kind(value: Scalar) -> str:
    return "true/false" if isinstance(value, bool) else "number" if isinstance(value, int | float) else "text"


def _mark_type(marks: list[Scalar]) -> pl.DataType:
    if not marks or isinstance(marks[0], bool):
        return pl.Boolean()
    if isinstance(marks[0], str):
        return pl.String()
    return pl.Int64() if all(isinstance(each, int) for each in marks) else pl.Float64()


TRANSFORMS: tuple[type[Transform], ...] = (KeepFirstRows, DropEmptyRows, UpdateWhere, FlagRows)
