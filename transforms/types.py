"""Give columns another type, chosen or detected; what does not fit is counted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zoneinfo import available_timezones

import polars as pl
from pydantic import AfterValidator

from transforms.core.columns import Columns, taken
from transforms.core.columns import column as exactly
from transforms.core.conversion import WITH_ZONE, blank, converted, convertible
from transforms.core.dtypes import TypeName, type_name
from transforms.core.errors import Problem, did_you_mean
from transforms.core.transform import Example, Failure, RowTransform, Transform

OnError = Literal["null", "fail", "keep", "drop"]
"""What becomes of values that are not of the new type: missing; the run stops; missing, with their text in a
column of its own; or their rows are dropped."""

NOUNS: dict[TypeName, str] = {
    "integer": "whole numbers",
    "number": "numbers",
    "text": "text",
    "boolean": "true or false",
    "date": "dates",
    "datetime": "dates with a time",
    "time": "times of day",
    "duration": "durations",
}
TEMPORAL: tuple[TypeName, ...] = ("date", "datetime", "time")
OFFSET = r"(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})$"


class Conversion(RowTransform):
    """Columns whose values become values of another type, where they are."""

    changes_rows = True
    missing = "Null, NaN and blank text become or stay missing, and are no failures."

    if TYPE_CHECKING:  # declared by each member, so that a form begins with the columns
        columns: tuple[str, ...]
        on_error: OnError
        suffix: str

    def converted(self, name: str) -> pl.Expr:
        """The values of a column as the new type, null where they are not of it."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it does.")

    def wanted(self) -> str:
        """What values should have been, in the plural."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it expects.")

    def lost(self, name: str) -> pl.Expr:
        """Where a value is present but is not of the new type."""
        present = self.present(name).is_not_null()
        if self.dtype(name) == pl.String:
            present = present & ~blank(exactly(name))
        return present & self.converted(name).is_null()

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.columns:
            if self.suffix:
                yield from taken(name + self.suffix, schemas[0], "suffix")
            if self.on_error == "keep":
                yield from taken(error_column(name), schemas[0], "on_error")

    def exprs(self) -> Iterator[pl.Expr]:
        for name in self.columns:
            yield self.converted(name).alias(name + self.suffix)
            if self.on_error == "keep":
                text = exactly(name).cast(pl.String, strict=False)
                yield pl.when(self.lost(name)).then(text).alias(error_column(name))

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        if self.on_error == "drop" and self.columns:
            rows = rows.remove(pl.any_horizontal(self.lost(name) for name in self.columns))
        return rows.with_columns(self.exprs())

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        for name in self.columns:
            result = {
                "null": "became missing: they ",
                "fail": "",
                "keep": f"became missing, their text is in {error_column(name)!r}: they ",
                "drop": "were dropped: they ",
            }[self.on_error]
            what = f"{result}are no {self.wanted()}"
            yield Failure(column=name, where=self.lost(name), what=what, stop=self.on_error == "fail")


def error_column(name: str) -> str:
    """The column that holds the text of values which are not of the new type."""
    return f"{name}_error"


def valid_format(format: str) -> str:
    """Refuse, while it is typed, a date format that the engine cannot read or write."""
    if "%" not in format:
        raise ValueError(f"{format!r} names no part of a date. Write it like %d.%m.%Y or %Y-%m-%d %H:%M.")
    try:
        pl.select(pl.lit(datetime(2024, 1, 31, 13, 30, tzinfo=UTC)).dt.to_string(format))
    except pl.exceptions.ComputeError as error:
        raise ValueError(f"{format!r} is no date format. Write it like %d.%m.%Y or %Y-%m-%d %H:%M.") from error
    return format


def _known_zone(zone: str) -> str:
    try:
        pl.Series([None], dtype=pl.Datetime("us")).dt.replace_time_zone(zone)
    except pl.exceptions.ComputeError as error:
        hint = did_you_mean(zone, available_timezones()) or "Write it like Europe/Oslo."
        raise ValueError(f"There is no time zone {zone!r}. {hint}") from error
    return zone


DateFormat = Annotated[str, AfterValidator(valid_format)]
"""How a date or time is written: strftime with the specifiers of chrono (Rust)."""
TimeZone = Annotated[str, AfterValidator(_known_zone)]
"""A time zone of the IANA database."""


class ChangeType(Conversion):
    """Give columns another type.

    A value that has no counterpart in the new type is never changed to something near it: "1.5" and 1.5
    are no whole numbers, 2 is neither true nor false.
    """

    id = "change_type"
    title = "Change type"
    terms = (
        "cast",
        "convert data type",
        "to number",
        "to text",
        "to date",
        "parse date",
        "time zone",
        "parse value as type",
    )
    examples = (
        Example(
            params={"columns": ["age"], "type": "integer"},
            before={"age": ["31", " 12.0 ", "1.5", "n/a", "", None]},
            after={"age": [31, 12, None, None, None, None]},
        ),
        Example(
            params={"columns": ["paid"], "type": "date", "format": "%d.%m.%Y", "on_error": "keep"},
            before={"paid": ["31.01.2024", "soon", None]},
            after={"paid": [datetime(2024, 1, 31).date(), None, None], "paid_error": [None, "soon", None]},
        ),
        Example(
            params={"columns": ["member"], "type": "boolean", "on_error": "drop"},
            before={"id": [1, 2, 3, 4], "member": ["Yes", "no", "?", None]},
            after={"id": [1, 2, 4], "member": [True, False, None]},
        ),
    )

    columns: Columns
    """Columns to change."""
    type: TypeName
    """The new type."""
    format: DateFormat | None = None
    """How dates and times are written as text, like %d.%m.%Y or %Y-%m-%d %H:%M; ISO 8601 when empty."""
    time_zone: TimeZone | None = None
    """For datetimes: the zone they get, like Europe/Oslo.

    Times with an offset or a zone are converted to it, others are taken as local times in it. Where clocks
    are set back, the earlier of two equal times is meant; times that clocks skip become missing. Without a
    zone here, a column keeps the one it has, and text with an offset becomes UTC without a zone."""
    on_error: OnError = "null"
    """Values that are not of the new type become missing, stop the run, become missing with their text kept in a
    column named ``_error``, or drop their rows."""
    suffix: str = ""
    """Added to the names of new columns; left empty, the columns are replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        if self.time_zone and self.type != "datetime":
            yield Problem(f"A {self.type} has no time zone.", "Leave it out, or choose datetime.", "time_zone")
        for name in self.columns:
            dtype = self.dtype(name)
            if not convertible(dtype, self.type, self.format):
                date_needs_format = dtype.is_integer() and self.type in TEMPORAL
                advice = (
                    "Say in 'format' how its digits are to be read, like %Y%m%d."
                    if date_needs_format
                    else "Choose another type or another column."
                )
                yield Problem(
                    f"Column {name!r} holds {type_name(dtype)}, which cannot become {self.type}.", advice, "type"
                )
        if self.format and self.type != "text" and self.type not in TEMPORAL:
            yield Problem(f"A format is for dates and times, not for {self.type}.", "Leave it empty.", "format")

    def wanted(self) -> str:
        return NOUNS[self.type]

    def converted(self, name: str) -> pl.Expr:
        value, dtype = exactly(name), self.dtype(name)
        plain = converted(value, dtype, self.type, self.format)
        if self.time_zone is None:
            return plain
        if isinstance(dtype, pl.Datetime) and dtype.time_zone is not None:
            return plain.dt.convert_time_zone(self.time_zone)
        local = plain.cast(pl.Datetime("us")).dt.replace_time_zone(
            self.time_zone, ambiguous="earliest", non_existent="null"
        )
        if dtype != pl.String:
            return local
        at_offset = plain.dt.replace_time_zone("UTC").dt.convert_time_zone(self.time_zone)
        return pl.when(self._has_offset(value)).then(at_offset).otherwise(local)

    def _has_offset(self, text: pl.Expr) -> pl.Expr:
        if self.format is None:
            return text.str.strip_chars().str.contains(OFFSET)
        return pl.lit(bool(re.search(WITH_ZONE, self.format)))


TRANSFORMS: tuple[type[Transform], ...] = (ChangeType,)
