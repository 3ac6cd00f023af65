"""Keep or drop the rows for which something is true."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal, Self

import polars as pl
from pydantic import AfterValidator, Field, model_validator

from transforms.core.columns import KeyColumn, NumericColumn, TemporalColumn, TextColumns
from transforms.core.columns import column as exactly
from transforms.core.conditions import Compare, Condition, literal, typed
from transforms.core.errors import Problem
from transforms.core.params import Scalar, valid_regex
from transforms.core.transform import Example, RowTransform, Transform

Action = Literal["keep", "drop"]
Closed = Literal["both", "left", "right", "none"]
UNKNOWN = "A comparison with a missing value, NaN among them, is unknown: keep drops such rows, drop keeps them."


class Filter(RowTransform):
    """Keeps or drops the rows for which something is true."""

    changes_rows = True
    missing = UNKNOWN

    action: Action = "keep"
    """Keep the rows for which it is true, or drop them."""

    def true(self) -> pl.Expr:
        """Where it is true; null where it is unknown."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it filters by.")

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        return rows.filter(self.true()) if self.action == "keep" else rows.remove(self.true())


class FilterRows(Filter):
    """Keep or drop the rows that meet a condition."""

    id = "filter_rows"
    title = "Filter rows"
    terms = ("where", "keep rows", "drop rows")
    training_only = True
    examples = (
        Example(
            params={
                "condition": {
                    "any": [{"column": "age", "op": "at_least", "value": 18}, {"column": "vip", "op": "is_true"}]
                }
            },
            before={"age": [31, 12, None, 5, None], "vip": [False, None, True, False, None]},
            after={"age": [31, None], "vip": [False, True]},
        ),
        Example(
            params={"condition": {"column": "age", "op": "less", "value": 18}, "action": "drop"},
            before={"age": [31.0, 12.0, None, float("nan")]},
            after={"age": [31.0, None, float("nan")]},
        ),
    )

    condition: Condition
    """What has to be true."""

    def true(self) -> pl.Expr:
        return self.condition.expr(self._schemas[0])


class FilterByValues(Filter):
    """Keep or drop the rows whose value is in a list."""

    id = "filter_by_values"
    title = "Filter by list of values"
    terms = ("isin", "in list", "allow list", "deny list", "whitelist", "blacklist")
    missing = f"{UNKNOWN} With missing values in the list, they are treated like the values."
    examples = (
        Example(
            params={"column": "city", "values": ["oslo", "rome"], "ignore_case": True},
            before={"city": ["Oslo", "Paris", None, "rome"]},
            after={"city": ["Oslo", "rome"]},
        ),
        Example(
            params={"column": "code", "values": [1], "nulls": True, "action": "drop"},
            before={"code": [1, 2, None]},
            after={"code": [2]},
        ),
    )

    column: KeyColumn
    """Column to look at."""
    values: tuple[Scalar, ...] = Field(min_length=1)
    """The list, dates as ISO text."""
    nulls: bool = False
    """Take missing values as if they were in the list."""
    ignore_case: bool = False
    """Take capitals and small letters as equal."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for each in self._compare().bound(schemas)[1]:
            yield Problem(each.found, each.advice, "values")

    def _compare(self) -> Compare:
        return Compare(column=self.column, op="is_in", value=self.values, ignore_case=self.ignore_case)

    def true(self) -> pl.Expr:
        listed = self._compare().expr(self._schemas[0])
        return listed.fill_null(True) if self.nulls else listed


class FilterByText(Filter):
    """Keep or drop the rows whose text matches a pattern."""

    id = "filter_by_text"
    title = "Filter by text match"
    terms = ("contains", "like", "regex filter", "wildcard", "search rows")
    examples = (
        Example(
            params={"columns": ["name", "note"], "pattern": "smith", "ignore_case": True},
            before={"name": ["Ann Smith", "Bo", None, "Cy"], "note": [None, "a SMITH", None, ""]},
            after={"name": ["Ann Smith", "Bo"], "note": [None, "a SMITH"]},
        ),
        Example(
            params={"columns": ["file"], "match": "wildcard", "pattern": "*.cs?", "action": "drop"},
            before={"file": ["a.csv", "a.cs", None, "acsv"]},
            after={"file": ["a.cs", None, "acsv"]},
        ),
    )

    columns: TextColumns
    """Columns to look at."""
    match: Literal["contains", "equals", "starts_with", "ends_with", "wildcard", "regex"] = "contains"
    """How to compare; in a wildcard pattern ``*`` stands for any text and ``?`` for one character."""
    pattern: str = Field(min_length=1)
    """What to look for."""
    how: Literal["any", "all"] = "any"
    """Whether one of the columns has to match, or all of them."""
    ignore_case: bool = False
    """Take capitals and small letters as equal."""

    @model_validator(mode="after")
    def _pattern_can_be_run(self) -> Self:
        if self.match == "regex":
            valid_regex(self.pattern)
        return self

    def true(self) -> pl.Expr:
        found = [self._compare(name).expr(self._schemas[0]) for name in self.columns]
        return pl.any_horizontal(found) if self.how == "any" else pl.all_horizontal(found)

    def _compare(self, name: str) -> Compare:
        match self.match:
            case "regex":
                return Compare(column=name, op="matches", value=self.pattern, ignore_case=self.ignore_case)
            case "wildcard":
                regex = pl.escape_regex(self.pattern).replace(r"\*", ".*").replace(r"\?", ".")
                return Compare(column=name, op="matches", value=f"(?s)^{regex}$", ignore_case=self.ignore_case)
            case op:
                return Compare(column=name, op=op, value=self.pattern, ignore_case=self.ignore_case)


def between(value: pl.Expr, low: pl.Expr | None, high: pl.Expr | None, closed: Closed) -> pl.Expr:
    """Whether values lie between two bounds, of which one may be open."""
    parts = []
    if low is not None:
        parts.append(value >= low if closed in ("both", "left") else value > low)
    if high is not None:
        parts.append(value <= high if closed in ("both", "right") else value < high)
    return pl.all_horizontal(parts)


class FilterNumericRange(Filter):
    """Keep or drop the rows whose number lies in a range."""

    id = "filter_numeric_range"
    title = "Filter by numeric range"
    terms = ("between", "minimum", "maximum", "greater than", "less than")
    examples = (
        Example(
            params={"column": "age", "min": 18, "max": 65, "closed": "left"},
            before={"age": [18.0, 65.0, None, float("nan"), 30.5]},
            after={"age": [18.0, 30.5]},
        ),
    )

    column: NumericColumn
    """Column to look at."""
    min: int | float | None = Field(None, allow_inf_nan=False)
    """Lower end of the range; open when empty."""
    max: int | float | None = Field(None, allow_inf_nan=False)
    """Upper end of the range; open when empty."""
    closed: Closed = "both"
    """Which ends belong to the range: both, the left (lower) one, the right (upper) one or none."""

    @model_validator(mode="after")
    def _ends_in_order(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("The range has no end. Give a minimum, a maximum or both.")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"The minimum {self.min} is above the maximum {self.max}. Swap them.")
        return self

    def true(self) -> pl.Expr:
        low, high = (None if each is None else pl.lit(each) for each in (self.min, self.max))
        return between(self.present(self.column), low, high, self.closed)


def _moment(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no date. Write it like 2024-01-31 or 2024-01-31T13:30.") from error
    return text


Moment = Annotated[str, AfterValidator(_moment), Field(json_schema_extra={"widget": "datetime"})]


class FilterDateRange(Filter):
    """Keep or drop the rows whose date lies in a range; an end without a time of day means the whole day."""

    id = "filter_date_range"
    title = "Filter by date range"
    terms = ("between dates", "period", "since", "until", "before", "after")
    examples = (
        Example(
            params={"column": "paid", "start": "2024-01-01", "end": "2024-01-31"},
            before={"paid": [datetime(2024, 1, 1), datetime(2024, 1, 31, 23, 59), datetime(2024, 2, 1), None]},
            after={"paid": [datetime(2024, 1, 1), datetime(2024, 1, 31, 23, 59)]},
        ),
        Example(
            params={"column": "day", "end": "2024-01-31", "closed": "none", "action": "drop"},
            before={"day": [date(2024, 1, 30), date(2024, 1, 31), None]},
            after={"day": [date(2024, 1, 31), None]},
        ),
    )

    column: TemporalColumn
    """Column to look at."""
    start: Moment | None = None
    """First date or time, ISO text, in the column's time zone; open when empty."""
    end: Moment | None = None
    """Last date or time, ISO text, in the column's time zone; open when empty."""
    closed: Closed = "both"
    """Which ends belong to the range: both, the left (start), the right (end) or none."""

    @model_validator(mode="after")
    def _ends_in_order(self) -> Self:
        if self.start is None and self.end is None:
            raise ValueError("The range has no end. Give a start, an end or both.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        ends = {field: self._ends(text) for field, text in (("start", self.start), ("end", self.end)) if text}
        for field, (first, _) in ends.items():
            if first is None:
                found = f"{getattr(self, field)!r} has a time zone, but {self.column!r} has none."
                yield Problem(found, "Leave the time zone out.", field)
                return
        if len(ends) == 2 and ends["start"][0] > ends["end"][0]:
            yield Problem(f"The start {self.start} is after the end {self.end}.", "Swap them.", "start")

    def true(self) -> pl.Expr:
        dtype, parts = self._as_datetime(), []
        value = exactly(self.column).cast(dtype)
        if self.start is not None:
            first, after = (literal(each, dtype) for each in self._ends(self.start))
            parts.append(value >= (first if self.closed in ("both", "left") else after))
        if self.end is not None:
            first, after = (literal(each, dtype) for each in self._ends(self.end))
            parts.append(value < (after if self.closed in ("both", "right") else first))
        return pl.all_horizontal(parts)

    def _as_datetime(self) -> pl.DataType:
        dtype = self.dtype(self.column)
        return dtype if isinstance(dtype, pl.Datetime) else pl.Datetime("us")

    def _ends(self, text: str) -> tuple[Any, Any]:
        """The first moment of an end of the range, and the first after it: a day or a microsecond later."""
        dtype, moment = self._as_datetime(), datetime.fromisoformat(text)
        is_day = "T" not in text and " " not in text and moment.time() == datetime.min.time()
        later = moment + (timedelta(days=1) if is_day else timedelta(microseconds=1))
        return typed(moment.isoformat(), dtype), typed(later.isoformat(), dtype)


TRANSFORMS: tuple[type[Transform], ...] = (
    FilterRows,
    FilterByValues,
    FilterByText,
    FilterNumericRange,
    FilterDateRange,
)
