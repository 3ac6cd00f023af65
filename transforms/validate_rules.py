"""Rules that each row has to keep: stop the run, set rows aside, drop or mark them, or count them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.columns import Columns, ColumnsField, KeyColumns, TextColumns, taken
from transforms.core.columns import column as exactly
from transforms.core.conditions import Compare, literal, typed
from transforms.core.conversion import blank
from transforms.core.dtypes import type_name
from transforms.core.errors import Problem
from transforms.core.params import Formula, NewColumn, Regex, Scalar
from transforms.core.relations import MapRows, Relation
from transforms.core.rowwise import KeepRows
from transforms.core.transform import Example, Failure, RowTransform, Transform
from transforms.formula import FormulaError, compiled, parse
from transforms.rows_filter import Closed, between

OnFailRow = Literal["stop", "warn", "quarantine", "drop", "flag"]
"""What becomes of rows that break a rule."""
OnFail = Literal["stop", "warn", "quarantine", "drop", "flag", "null"]
"""What becomes of rows, or values, that break a rule."""
RESULTS: dict[OnFail, str] = {
    "stop": "",
    "warn": "; they were kept",
    "quarantine": "; their rows were set aside",
    "drop": "; their rows were dropped",
    "flag": "; their rows were marked",
    "null": "; they became missing",
}
UNKNOWN = "A missing value, NaN among them, keeps the rule, unless missing values are to break it."


class Rule(RowTransform):
    """A rule that each row has to keep; with quarantine, rows that break it are a table of their own."""

    changes_rows = True

    if TYPE_CHECKING:  # declared by each member, so that a form begins with the columns
        on_fail: OnFail
        output: str

    def broken(self) -> dict[str, pl.Expr]:
        """Where the rule is broken, by the column that is shown for it; never null."""
        raise NotImplementedError(f"{type(self).__name__} does not say what is wrong.")

    def rule(self, column: str) -> str:
        """The rule in words."""
        raise NotImplementedError(f"{type(self).__name__} does not say what is right.")

    @property
    def output_names(self) -> tuple[str, ...]:
        return ("table", "quarantined") if self.on_fail == "quarantine" else self.outputs

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.on_fail == "flag":
            yield from taken(self.output, schemas[0])

    def exprs(self) -> Iterator[pl.Expr]:
        if self.on_fail == "flag":
            yield (~self._any_broken()).alias(self.output)
        if self.on_fail == "null":
            for name, broken in self.broken().items():
                yield pl.when(~broken).then(exactly(name)).alias(name)

    def _any_broken(self) -> pl.Expr:
        return pl.any_horizontal([pl.lit(False), *self.broken().values()])

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        if self.on_fail in ("quarantine", "drop"):
            return rows.remove(self._any_broken())
        return rows.with_columns(self.exprs())

    def plan(self, *tables: Relation, learned: Any = None) -> Relation | tuple[Relation, ...]:
        if self.on_fail in ("stop", "warn"):
            return tables[0]
        kept = MapRows(tables[0], self)
        if self.on_fail == "quarantine":
            return kept, MapRows(tables[0], KeepRows(self._any_broken()))
        return kept

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        for name, broken in self.broken().items():
            what = f"break the rule {self.rule(name)!r}{RESULTS[self.on_fail]}"
            yield Failure(column=name, where=broken, what=what, stop=self.on_fail == "stop")

    def lineage(self, learned: Any = None) -> Mapping[str, frozenset[str]] | None:
        return {self.output: frozenset(self.columns_read())} if self.on_fail == "flag" else {}


class AssertNotMissing(Rule):
    """Check that columns have a value in every row."""

    id = "assert_not_missing"
    title = "Check: no missing values"
    terms = ("expect not null", "required", "mandatory", "data quality rule")
    missing = "Null and NaN break the rule, and so does blank text if it is to count as missing."
    examples = (
        Example(
            params={"columns": ["id", "age"], "on_fail": "quarantine"},
            before={"id": [1, 2, None], "age": [31.0, None, 40.0]},
            after={"id": [1], "age": [31.0]},
        ),
        Example(
            params={"columns": ["name"], "blank_is_missing": True, "on_fail": "flag"},
            before={"name": ["Ann", " ", None]},
            after={"name": ["Ann", " ", None], "is_valid": [True, False, False]},
        ),
    )

    columns: Columns
    """Columns that must have a value."""
    blank_is_missing: bool = False
    """Take text that is empty or white space only as missing."""
    on_fail: OnFailRow = "stop"
    """Rows that break the rule stop the run before anything is written, are counted, go to the second output
    (quarantined), are dropped, or are marked in a new column."""
    output: NewColumn = "is_valid"
    """Name of the column that says whether a row keeps the rule, if rows are marked."""

    def broken(self) -> dict[str, pl.Expr]:
        return {name: self._is_missing(name) for name in self.columns}

    def _is_missing(self, name: str) -> pl.Expr:
        missing = self.present(name).is_null()
        if self.blank_is_missing and self.dtype(name) == pl.String:
            return missing | blank(exactly(name)).fill_null(value=True)
        return missing

    def rule(self, column: str) -> str:
        return f"{column} is not missing"


class AssertRange(Rule):
    """Check that numbers or dates lie in a range."""

    id = "assert_range"
    title = "Check: values in range"
    terms = ("expect between", "minimum", "maximum", "bounds", "data quality rule")
    missing = UNKNOWN
    examples = (
        Example(
            params={"columns": ["age"], "min": 0, "max": 120, "on_fail": "null"},
            before={"age": [31, -1, None, 120]},
            after={"age": [31, None, None, 120]},
        ),
        Example(
            params={"columns": ["age"], "min": 0, "closed": "right", "nulls": "fail", "on_fail": "drop"},
            before={"age": [31.0, 0.0, None, float("nan")]},
            after={"age": [31.0]},
        ),
    )

    columns: Annotated[tuple[str, ...], ColumnsField(("numeric", "date", "datetime"))]
    """Columns to check."""
    min: Scalar | None = None
    """Lower end of the range, dates as ISO text; open when empty."""
    max: Scalar | None = None
    """Upper end of the range, dates as ISO text; open when empty. A date stands for its first moment."""
    closed: Closed = "both"
    """Which ends belong to the range: both, the left (lower) one, the right (upper) one or none."""
    nulls: Literal["pass", "fail"] = "pass"
    """Whether missing values keep the rule or break it."""
    on_fail: OnFail = "stop"
    """Rows that break the rule stop the run before anything is written, are counted, go to the second output
    (quarantined), are dropped or are marked in a new column; or the values become missing."""
    output: NewColumn = "is_valid"
    """Name of the column that says whether a row keeps the rule, if rows are marked."""

    @model_validator(mode="after")
    def _has_an_end(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("The range has no end. Give a minimum, a maximum or both.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        for name in self.columns:
            dtype = self.dtype(name)
            for field, end in (("min", self.min), ("max", self.max)):
                if end is not None and dtype != pl.Null and typed(end, dtype) is None:
                    found = f"{end!r} is not a {type_name(dtype)}, which is what {name!r} holds."
                    yield Problem(found, "Write it in the column's type, or choose other columns.", field)

    def broken(self) -> dict[str, pl.Expr]:
        return {name: self._is_outside(name) for name in self.columns}

    def _is_outside(self, name: str) -> pl.Expr:
        value, dtype, missing = self.present(name), self.dtype(name), self.nulls == "fail"
        if dtype == pl.Null:
            return value.is_null() & pl.lit(missing)
        low, high = (None if each is None else literal(typed(each, dtype), dtype) for each in (self.min, self.max))
        return (~between(value, low, high, self.closed)).fill_null(missing)

    def rule(self, column: str) -> str:
        low = [] if self.min is None else [f"{column} {'>=' if self.closed in ('both', 'left') else '>'} {self.min}"]
        high = [] if self.max is None else [f"{column} {'<=' if self.closed in ('both', 'right') else '<'} {self.max}"]
        return " and ".join(low + high)


class AssertInSet(Rule):
    """Check that values are in a list of allowed values."""

    id = "assert_in_set"
    title = "Check: allowed values"
    terms = ("expect in set", "allow list", "valid categories", "domain of values", "data quality rule")
    missing = UNKNOWN
    examples = (
        Example(
            params={"columns": ["size"], "values": ["s", "m", "l"], "ignore_case": True, "on_fail": "null"},
            before={"size": ["s", "M", "xl", None]},
            after={"size": ["s", "M", None, None]},
        ),
        Example(
            params={"columns": ["grade"], "values": [1, 2, 3], "on_fail": "quarantine"},
            before={"id": [1, 2, 3], "grade": [1, 7, None]},
            after={"id": [1, 3], "grade": [1, None]},
        ),
    )

    columns: KeyColumns
    """Columns to check."""
    values: tuple[Scalar, ...] = Field(min_length=1)
    """The allowed values, dates as ISO text."""
    ignore_case: bool = False
    """Take capitals and small letters as equal."""
    nulls: Literal["pass", "fail"] = "pass"
    """Whether missing values keep the rule or break it."""
    on_fail: OnFail = "stop"
    """Rows that break the rule stop the run before anything is written, are counted, go to the second output
    (quarantined), are dropped or are marked in a new column; or the values become missing."""
    output: NewColumn = "is_valid"
    """Name of the column that says whether a row keeps the rule, if rows are marked."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        for name in self.columns:
            for each in self._compare(name).bound(schemas)[1]:
                yield Problem(each.found, each.advice, "values")

    def _compare(self, name: str) -> Compare:
        return Compare(column=name, op="not_in", value=self.values, ignore_case=self.ignore_case)

    def broken(self) -> dict[str, pl.Expr]:
        schema, missing = self._schemas[0], self.nulls == "fail"
        return {name: self._compare(name).expr(schema).fill_null(missing) for name in self.columns}

    def rule(self, column: str) -> str:
        shown = ", ".join(map(str, self.values[:5])) + (", ..." if len(self.values) > 5 else "")
        return f"{column} is one of {shown}"


class AssertPattern(Rule):
    """Check that text matches a pattern."""

    id = "assert_pattern"
    title = "Check: matches pattern"
    terms = ("expect regex", "valid format", "data quality rule")
    missing = UNKNOWN
    examples = (
        Example(
            params={"columns": ["zip"], "pattern": "^[0-9]{4}$", "on_fail": "flag"},
            before={"zip": ["0150", "150", None]},
            after={"zip": ["0150", "150", None], "is_valid": [True, False, True]},
        ),
    )

    columns: TextColumns
    """Columns to check."""
    pattern: Regex
    """Pattern (Rust syntax) that is to be found in the text; with ^ and $, in all of it."""
    nulls: Literal["pass", "fail"] = "pass"
    """Whether missing values keep the rule or break it."""
    on_fail: OnFail = "stop"
    """Rows that break the rule stop the run before anything is written, are counted, go to the second output
    (quarantined), are dropped or are marked in a new column; or the values become missing."""
    output: NewColumn = "is_valid"
    """Name of the column that says whether a row keeps the rule, if rows are marked."""

    def broken(self) -> dict[str, pl.Expr]:
        missing = self.nulls == "fail"
        return {
            name: (~exactly(name).cast(pl.String).str.contains(self.pattern)).fill_null(missing)
            for name in self.columns
        }

    def rule(self, column: str) -> str:
        return f"{column} matches {self.pattern}"


class AssertExpression(Rule):
    """Check that a formula is true in every row."""

    id = "assert_expression"
    title = "Check: rule holds"
    terms = ("expect condition", "business rule", "cross-column check", "constraint", "data quality rule")
    missing = "A formula that is unknown because of a missing value keeps the rule, unless it is to break it."
    examples = (
        Example(
            params={"expression": "end >= start", "on_fail": "quarantine"},
            before={"start": [1, 5, 2, None], "end": [2, 4, 2, 3]},
            after={"start": [1, 2, None], "end": [2, 2, 3]},
        ),
    )

    expression: Formula
    """A formula that is true or false for each row."""
    name: str = ""
    """What the rule is called in messages; left empty, the formula itself."""
    nulls: Literal["pass", "fail"] = "pass"
    """Whether the rule is kept or broken where the formula is unknown because of a missing value."""
    on_fail: OnFailRow = "stop"
    """Rows that break the rule stop the run before anything is written, are counted, go to the second output
    (quarantined), are dropped, or are marked in a new column."""
    output: NewColumn = "is_valid"
    """Name of the column that says whether a row keeps the rule, if rows are marked."""

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        parse(self.expression)
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        try:
            found = compiled(self.expression, schemas[0])
        except FormulaError as error:
            yield Problem(str(error), field="expression")
            return
        if found.dtype != pl.Boolean:
            advice = "Compare it with something, as in income > 1000."
            yield Problem(
                f"The formula gives {type_name(found.dtype)}, but a rule is true or false.", advice, "expression"
            )
        elif not found.columns:
            yield Problem("The formula reads no column.", "Write a rule about a column.", "expression")

    def columns_read(self, table: int = 0) -> Iterator[str]:
        yield from compiled(self.expression, self._schemas[0]).columns

    def broken(self) -> dict[str, pl.Expr]:
        found = compiled(self.expression, self._schemas[0])
        return {found.columns[0]: (~found.expr).fill_null(self.nulls == "fail")}

    def rule(self, column: str) -> str:
        return self.name or self.expression


TRANSFORMS: tuple[type[Transform], ...] = (AssertNotMissing, AssertRange, AssertInSet, AssertPattern, AssertExpression)
