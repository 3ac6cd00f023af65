"""Text values as typed values: exactly, or not at all.

A type is either declared by the user, who then also means ``007`` to be seven, or it is chosen from a
sample, and then only where writing the value again would give the same number: leading zeros, plus signs
and digits beyond what 64 bits hold stay text. What is chosen from a sample is verified on every row
that is read: a value that does not fit is an error that names it, never a missing value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

import polars as pl

from connectors.core.connector import SourceError
from connectors.core.lazy import lazy_table
from transforms.core.dtypes import TYPES
from transforms.core.errors import did_you_mean

TextType = Literal["integer", "number", "text", "boolean", "date", "datetime", "time"]
"""A type that text can be read as."""

WHOLE = r"(0|[1-9][0-9]{0,14})"
"""The digits before a decimal point: 15 of them are exact in a 64-bit float, more are no longer."""
INTEGER = r"^(0|-?[1-9][0-9]{0,18})$"
NUMBER = (
    rf"^-?({WHOLE}"  # digits alone
    rf"|{WHOLE}?\.[0-9]+([eE][+-]?[0-9]+)?"  # with a decimal point
    rf"|{WHOLE}[eE][+-][0-9]+)$"  # 1e-7; but 12e5 may be a product code
)
SPECIAL = ("NaN", "nan", "inf", "-inf")
DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
TIME = r"^[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?$"
DATETIME = DATE[:-1] + "[T ]" + TIME[1:]
YES, NO = ("true", "yes", "1"), ("false", "no", "0")

NUMERIC_CANDIDATES: tuple[TextType, ...] = ("integer", "number", "boolean")
TEMPORAL_CANDIDATES: tuple[TextType, ...] = ("date", "datetime", "time")
MISFIT = "__misfit"


@dataclass(frozen=True)
class Reading:
    """How the text of a column is read."""

    type: TextType = "text"
    declared: bool = False
    """Told by the user, not chosen from a sample."""

    def value(self, name: str) -> pl.Expr:
        """The typed value; null where the text does not fit."""
        return _parsed(pl.col(name), self.type).alias(name)

    def fits(self, name: str) -> pl.Expr:
        """Whether the text can be read so; null where there is none."""
        text = pl.col(name)
        parsed = _parsed(text, self.type).is_not_null()
        match self.type:
            case "text":
                return pl.lit(value=True)
            case "date":
                return text.str.contains(DATE) & parsed
            case "datetime":
                return text.str.contains(DATETIME) & parsed
            case "time":
                return text.str.contains(TIME) & parsed
            case _ if self.declared:
                return parsed
            case "integer":
                return text.str.contains(INTEGER) & parsed
            case "number":
                finite = text.str.contains(NUMBER) & text.cast(pl.Float64, strict=False).is_finite()
                return finite | text.is_in(SPECIAL)
            case "boolean":
                return text.str.to_lowercase().is_in(["true", "false"])
            case _:
                assert_never(self.type)

    def misfit(self, name: str) -> pl.Expr:
        """Whether there is a text that cannot be read so. Empty text is a missing number, date or truth value."""
        text = pl.col(name)
        return text.is_not_null() & (text != "") & ~self.fits(name)


def _parsed(text: pl.Expr, type: TextType) -> pl.Expr:
    match type:
        case "text":
            return text
        case "integer" | "number":
            return text.cast(TYPES[type], strict=False)
        case "boolean":
            word = text.str.to_lowercase()
            return pl.when(word.is_in(YES)).then(statement=True).when(word.is_in(NO)).then(statement=False)
        case "date":
            return text.str.to_date("%Y-%m-%d", strict=False)
        case "datetime":
            iso = text.str.replace(" ", "T", literal=True)
            return iso.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)
        case "time":
            return text.str.to_time("%H:%M:%S%.f", strict=False)
        case _:
            assert_never(type)


def chosen(sample: pl.LazyFrame, names: Sequence[str], *, dates: bool) -> dict[str, TextType]:
    """The narrowest type that every value of a sample fits, by column of text; text where there is no value."""
    candidates = (*NUMERIC_CANDIDATES, *(TEMPORAL_CANDIDATES if dates else ()))
    if not names:
        return {}
    asked = []
    for i, name in enumerate(names):
        value = pl.col(name) != ""
        asked.append((value & ~pl.col(name).is_in(SPECIAL)).any().alias(f"{i} some"))
        asked += [(~Reading(type).misfit(name)).all().alias(f"{i} {type}") for type in candidates]
    found = sample.select(asked).collect(engine="streaming").row(0, named=True)
    return {
        name: next((type for type in candidates if found[f"{i} some"] and found[f"{i} {type}"]), "text")
        for i, name in enumerate(names)
    }


def check_names(declared: Mapping[str, str], names: Sequence[str], where: str) -> None:
    """Refuse types of columns that are not there.

    Raises:
        SourceError: a column of ``types`` is not in the table.
    """
    for name in declared:
        if name not in names:
            hint = did_you_mean(name, names) or f"Columns: {', '.join(map(repr, names))}."
            raise SourceError(f"{where} has no column {name!r}, which is given a type. {hint}")


@dataclass(frozen=True)
class TextPart:
    """Rows, some columns of which are text to be read as other types."""

    label: str
    """Where they come from, for errors."""
    open: Callable[[], pl.LazyFrame]
    explain: Callable[[], SourceError | None] = lambda: None
    """Says which row cannot be read, asked when polars fails without saying so."""


def typed_table(
    parts: Sequence[TextPart], schema: pl.Schema, readings: Mapping[str, Reading], label: str
) -> pl.LazyFrame:
    """The parts below each other, with the columns of ``readings`` read from text, every value of them verified."""
    typed = {name: each for name, each in readings.items() if each.type != "text"}

    def batches(names: list[str], at_most: int | None) -> Iterator[pl.DataFrame]:
        mine = {name: each for name, each in typed.items() if name in names}
        for part in parts:
            with told_of(part.label, explain=part.explain):
                rows = part.open().select(names)
                rows = rows if at_most is None else rows.head(at_most)
                wrong = pl.any_horizontal([each.misfit(name) for name, each in mine.items()] or [pl.lit(value=False)])
                values = [each.value(name) for name, each in mine.items()]
                for batch in rows.with_columns(*values, wrong.alias(MISFIT)).collect_batches(maintain_order=True):
                    if batch[MISFIT].any():
                        raise _misfit(part, mine)
                    yield batch.drop(MISFIT)

    return lazy_table(batches, schema, label)


def _misfit(part: TextPart, readings: Mapping[str, Reading]) -> SourceError:
    rows = part.open().select(readings.keys()).with_row_index("__row")
    for name, reading in readings.items():
        first = rows.filter(reading.misfit(name)).select("__row", name).head(1).collect(engine="streaming")
        if first.height:
            row, value = first.row(0)
            found = f"{part.label}: row {row + 1:,} of column {name!r} is {value!r}, which cannot be read as"
            if reading.declared:
                advice = "Take the column as text and change its type in a step that says what becomes of such values."
            else:
                advice = f'The first rows suggested it. Declare the column as text ("types": {{"{name}": "text"}}).'
            return SourceError(f"{found} {reading.type}. {advice}")
    return SourceError(f"{part.label} changed while it was read. Read it again.")


class told_of:  # noqa: N801  (reads as a phrase where it is used)
    """Turns what polars and the system say about a file into an error that names it."""

    def __init__(self, label: str, *, explain: Callable[[], SourceError | None] = lambda: None) -> None:
        self.label, self.explain = label, explain

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, pl.exceptions.PolarsError | OSError | UnicodeError):
            raise self.explain() or SourceError(f"{self.label} cannot be read: {_reason(error)}") from None
        # A panic of polars is a BaseException, so that nothing but this stops it from ending the session.
        if type(error).__name__ == "PanicException":
            raise SourceError(f"{self.label} cannot be read: it is damaged, or not of this format.") from None


def _reason(error: Exception) -> str:
    text = str(error).partition("\n")[0].strip()
    if "invalid utf-8" in text:
        return 'it is not UTF-8 text. Convert it; of CSV, give its encoding, such as "windows-1252", or "utf8-lossy".'
    if "more fields than defined" in text:
        return "a row has more values than there are columns. Check delimiter and quote, and the row itself."
    if "malformed" in text or "could not parse `" in text:
        return "its quotes do not pair up. Check delimiter and quote; a file that quotes nothing has none."
    return text.rstrip(".:") + "."
