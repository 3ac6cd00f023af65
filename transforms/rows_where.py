"""Rows kept by what they, their group or the whole table hold; and cells cleared where a condition holds."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo

import polars as pl
from pydantic import Field, model_validator

from transforms.aggregate import Aggregation, aggregated, aggregation_problems
from transforms.core.columns import Column, Columns, KeyColumn, KeyColumns, TemporalColumn
from transforms.core.columns import column as exactly
from transforms.core.conditions import COMPARISONS, Condition, literal, typed
from transforms.core.conversion import as_text, blank, parsed
from transforms.core.distinct import over_distinct
from transforms.core.dtypes import TYPES, type_name
from transforms.core.errors import Problem
from transforms.core.relations import MapRows, Relation
from transforms.core.rowwise import KeepRows
from transforms.core.statistics import Ask, Max
from transforms.core.transform import (
    Example,
    Failure,
    FittedTransform,
    Learned,
    RowTransform,
    TableTransform,
    Transform,
)
from transforms.group_matching import with_group_columns
from transforms.rows_filter import Action, Moment
from transforms.text_markup import EMAIL, URL

PeriodUnit = Literal["hour", "day", "week", "month", "quarter", "year"]
MONTHS: dict[PeriodUnit, int] = {"month": 1, "quarter": 3, "year": 12}
HOURS: dict[PeriodUnit, int] = {"hour": 1, "day": 24, "week": 168}


class Period(Learned):
    """The time that is kept, ISO text; empty where there was no date to count back from."""

    after: str | None
    """Rows are later than this."""
    until: str | None
    """And not later than this."""


def before(end: datetime, number: int, unit: PeriodUnit) -> datetime:
    """The moment so many units earlier; a day that a month does not have is its last. Never before year 1."""
    if unit in HOURS:
        try:
            return end - timedelta(hours=number * HOURS[unit])
        except OverflowError:
            return datetime.min
    years, month = divmod(end.year * 12 + end.month - 1 - number * MONTHS[unit], 12)
    if years < 1:
        return datetime.min
    return end.replace(year=years, month=month + 1, day=min(end.day, monthrange(years, month + 1)[1]))


class FilterRelativeDate(FittedTransform):
    """Keep or drop the rows of the last days, months or years up to the latest date, a given one or today.

    The last 7 days up to a date are that day and the six before it; the last month begins the day after the same
    day of the month before. Rows later than the date are not among them.
    """

    id = "filter_relative_date"
    title = "Filter by relative date"
    terms = ("last n days", "recent rows", "past month", "rolling window", "in the last year")
    changes_rows = True
    missing = "Whether a missing date is in the period is unknown: keep drops such rows, drop keeps them."
    unseen = "The period is the one that was learned, until the step is fitted again."
    examples = (
        Example(
            params={"column": "day", "last": 7, "unit": "day"},
            before={"day": [date(2024, 1, 31), date(2024, 1, 25), date(2024, 1, 24), None]},
            after={"day": [date(2024, 1, 31), date(2024, 1, 25)]},
        ),
        Example(
            params={"column": "at", "last": 1, "unit": "month", "anchor": "date", "date": "2024-03-31"},
            before={"at": [datetime(2024, 3, 31, 20), datetime(2024, 2, 29, 20), datetime(2024, 4, 1), None]},
            after={"at": [datetime(2024, 3, 31, 20)]},
        ),
    )

    column: TemporalColumn
    """Column to look at."""
    last: int = Field(ge=1, le=1_000_000)
    """How many units to count back."""
    unit: PeriodUnit = "day"
    """What to count; hours only where dates have a time of day."""
    anchor: Literal["max_in_data", "date", "now"] = "max_in_data"
    """Count back from the latest date in the column, from a given one, or from the time of fitting.

    Now is what the clock shows in the zone of the column, or in UTC; each fit finds another period."""
    date: Moment | None = None
    """The date to count back from, ISO text; without a time of day, the end of that day."""
    action: Action = "keep"
    """Keep the rows of the period, or drop them."""

    @model_validator(mode="after")
    def _date_is_given(self) -> Self:
        if (self.anchor == "date") != (self.date is not None):
            raise ValueError("A date to count back from goes with anchor 'date'. Give both or neither.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.unit == "hour" and self.dtype(self.column) == pl.Date:
            yield Problem(f"{self.column!r} has no time of day to count hours by.", "Count days instead.", "unit")
        if self.date is not None and datetime.fromisoformat(self.date).tzinfo and self._zone() is None:
            found = f"{self.date!r} has a time zone, but {self.column!r} has none."
            yield Problem(found, "Leave the time zone out.", "date")

    def _zone(self) -> ZoneInfo | None:
        dtype = self.dtype(self.column)
        return ZoneInfo(dtype.time_zone) if isinstance(dtype, pl.Datetime) and dtype.time_zone else None

    def fit(self, ask: Ask) -> Period:
        end, zone = self._end(ask), self._zone()
        if end is None:
            return Period(after=None, until=None)
        # Days and months go by the clock of the zone, hours by time that passes.
        clock = end.astimezone(UTC if self.unit == "hour" else zone).replace(tzinfo=None) if zone else end
        start = before(clock, self.last, self.unit)
        if zone and start > datetime.min:
            start = start.replace(tzinfo=UTC if self.unit == "hour" else zone)
        return Period(after=self._written(start), until=self._written(end))

    def _end(self, ask: Ask) -> datetime | None:
        zone = self._zone()
        if self.anchor == "now":
            now = datetime.now(zone or UTC)
            return now if zone else now.replace(tzinfo=None)
        if self.date is not None:
            moment = datetime.fromisoformat(self.date)
            if "T" not in self.date and " " not in self.date:
                moment = moment.replace(hour=23, minute=59, second=59, microsecond=999_999)
            return moment.replace(tzinfo=zone) if zone and moment.tzinfo is None else moment
        (latest,) = ask(Max(exactly(self.column)))
        if isinstance(latest, datetime) or latest is None:
            return latest
        return datetime(latest.year, latest.month, latest.day)

    def _written(self, moment: datetime) -> str:
        return moment.date().isoformat() if self.dtype(self.column) == pl.Date else moment.isoformat()

    def apply(self, rows: pl.LazyFrame, learned: Period) -> pl.LazyFrame:
        recent = self._recent(learned)
        return rows.filter(recent) if self.action == "keep" else rows.remove(recent)

    def _recent(self, learned: Period) -> pl.Expr:
        value, dtype = exactly(self.column), self.dtype(self.column)
        if learned.after is None or learned.until is None or dtype == pl.Null:
            return value.is_not_null() & pl.lit(None, pl.Boolean)
        after, until = (literal(typed(each, dtype), dtype) for each in (learned.after, learned.until))
        return (value > after) & (value <= until)


ValueType = Literal[
    "number", "integer", "boolean", "date", "datetime", "time", "email", "url", "ip", "phone", "uuid"
]  # fmt: skip
PATTERNS: dict[str, str] = {
    "email": f"^(?:{EMAIL})$",
    "url": f"^(?:{URL})$",
    "phone": r"^\+?[0-9(][0-9 ()./\x{00A0}-]*$",
    "uuid": r"(?i)^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
}
MOST_DIGITS = 15
"""Of a telephone number, by E.164; fewer than 7 are an extension."""


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_of_type(text: pl.Expr, type: ValueType) -> pl.Expr:
    """Whether text is written as values of a type are, white space around it aside."""
    text = text.str.strip_chars()
    if type == "ip":
        return over_distinct(text, _is_ip, pl.Boolean())
    if type == "phone":
        return text.str.contains(PATTERNS[type]) & text.str.count_matches(r"[0-9]").is_between(7, MOST_DIGITS)
    if type in PATTERNS:
        return text.str.contains(PATTERNS[type])
    return parsed(text, next(each for each in TYPES if each == type)).is_not_null()


class FilterValidType(RowTransform):
    """Keep the rows whose value is written as those of a type are, drop them, or clear the values that are not.

    Numbers, dates and times as when a type is changed; e-mail and web addresses (with a scheme or www.) as they
    are in use; IP addresses of versions 4 and 6; telephone numbers of 7 to 15 digits.
    """

    id = "filter_valid_type"
    title = "Keep rows that match a type"
    terms = ("valid email", "is numeric", "is date", "validate format", "invalid values", "wrong type")
    changes_rows = True
    missing = "Null, NaN and blank text count as of the type, unless they are not to."
    examples = (
        Example(
            params={"column": "age", "type": "integer"},
            before={"age": ["31", "n/a", " 12 ", "1.5", None]},
            after={"age": ["31", " 12 ", None]},
        ),
        Example(
            params={"column": "mail", "type": "email", "action": "null"},
            before={"mail": ["ann@example.org", "ann at home", None]},
            after={"mail": ["ann@example.org", None, None]},
        ),
    )

    column: KeyColumn
    """Column to look at."""
    type: ValueType
    """What its values should be."""
    action: Literal["keep", "drop", "null"] = "keep"
    """Keep the rows whose value is of the type, drop them, or keep all rows and make other values missing."""
    nulls: bool = True
    """Take missing values as if they were of the type."""

    def _missing(self) -> pl.Expr:
        missing = self.present(self.column).is_null()
        return missing | blank(exactly(self.column)) if self.dtype(self.column) == pl.String else missing

    def _valid(self) -> pl.Expr:
        """Whether a value is of the type; never null."""
        text = as_text(self.present(self.column), self.dtype(self.column)).cast(pl.String)
        return pl.when(self._missing()).then(pl.lit(self.nulls)).otherwise(is_of_type(text, self.type))

    def exprs(self) -> Iterator[pl.Expr]:
        if self.action == "null":
            yield pl.when(self._valid()).then(exactly(self.column)).alias(self.column)

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        match self.action:
            case "keep":
                return rows.filter(self._valid())
            case "drop":
                return rows.remove(self._valid())
            case _:
                return rows.with_columns(self.exprs())

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if self.action == "null":
            where = ~self._missing() & ~self._valid()
            yield Failure(column=self.column, where=where, what=f"became missing: they are no {self.type}")


class FilterGroups(TableTransform):
    """Keep or drop all rows of the groups that meet a condition, such as customers with at least 3 orders."""

    id = "filter_groups"
    title = "Keep groups that meet a condition"
    terms = ("having", "group filter", "at least n rows per group", "frequent groups", "small groups")
    changes_rows = True
    missing = (
        "Missing keys, NaN among them, are one group; missing values are left out, and of no values comes none, so "
        "that the condition is unknown: keep drops such groups, drop keeps them."
    )
    examples = (
        Example(
            params={"by": ["city"], "op": "at_least", "value": 2},
            before={"city": ["Oslo", "Rome", None, "Oslo", None], "n": [1, 2, 3, None, 5]},
            after={"city": ["Oslo", None, "Oslo", None], "n": [1, 3, None, 5]},
        ),
        Example(
            params={
                "by": ["city"],
                "function": "mean",
                "column": "x",
                "op": "more",
                "value": 1.5,
                "action": "drop",
            },
            before={"city": ["Oslo", "Oslo", "Rome", None], "x": [1.0, 3.0, 1.0, None]},
            after={"city": ["Rome", None], "x": [1.0, None]},
        ),
    )

    by: KeyColumns
    """Columns that make the groups."""
    function: Literal[
        "rows", "count", "count_missing", "count_distinct", "sum", "mean", "median", "min", "max", "std"
    ] = "rows"
    """What to know of each group: its rows, or a function of a column."""
    column: Column | None = None
    """Column to look at; not needed to count rows."""
    op: Literal["at_least", "more", "at_most", "less", "equals", "not_equals"] = "at_least"
    """How to compare."""
    value: int | float = Field(allow_inf_nan=False)
    """What to compare with."""
    action: Action = "keep"
    """Keep the groups for which it is true, or drop them."""

    @model_validator(mode="after")
    def _column_is_given(self) -> Self:
        if self.column is None and self.function != "rows":
            raise ValueError(f"{self.function!r} needs a column.")
        return self

    def _aggregation(self) -> Aggregation:
        return Aggregation(column=self.column, function=self.function, output="__value")

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for each in aggregation_problems((self._aggregation(),), (), (), schemas[0]):
            yield Problem(each.found, each.advice, "function")
        if self.column is not None and self.function in ("min", "max"):
            dtype = self.dtype(self.column)
            if not (dtype.is_numeric() or dtype == pl.Null):
                found = f"The {self.function} of {self.column!r} is a {type_name(dtype)}, not a number."
                yield Problem(found, "Choose a column of numbers.", "column")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        schema = self._schemas[0]
        groups = aggregated(tables[0], (self._aggregation(),), self.by, (), schema)
        found = with_group_columns(tables[0], groups, self.by, {"__value": "__value"}, schema)
        value = pl.col("__value")
        known = value.cast(pl.Float64) if self.function in ("min", "max", "sum") else value
        true = COMPARISONS[self.op](known, pl.lit(self.value))
        return MapRows(found, KeepRows(true if self.action == "keep" else true.not_().fill_null(True), ("__value",)))


class ClearWhere(RowTransform):
    """Make values missing in the rows that meet a condition."""

    id = "clear_where"
    title = "Clear cells where"
    terms = ("set null where", "blank out", "remove values if", "mask values", "nullify", "convert regex to missing")
    missing = "A condition that is unknown because of a missing value is not met."
    examples = (
        Example(
            params={"columns": ["age", "born"], "condition": {"column": "age", "op": "more", "value": 120}},
            before={"age": [31, 999, None], "born": [1993, 1025, 1980]},
            after={"age": [31, None, None], "born": [1993, None, 1980]},
        ),
    )

    columns: Columns
    """Columns to clear."""
    condition: Condition
    """In which rows."""

    def exprs(self) -> Iterator[pl.Expr]:
        met = self.condition.expr(self._schemas[0]).fill_null(False)
        for name in self.columns:
            yield pl.when(~met).then(exactly(name)).alias(name)


TRANSFORMS: tuple[type[Transform], ...] = (FilterRelativeDate, FilterValidType, FilterGroups, ClearWhere)
