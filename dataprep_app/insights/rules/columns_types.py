"""Rules about columns that hold something else than their type says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal

import polars as pl
from pydantic import Field

from dataprep_app.insights.findings import Finding, Fix
from dataprep_app.insights.rules.rule import ANCHOR, OURS, Looked, Rule
from dataprep_app.insights.rules.wording import percent, rows_of, such_as
from dataprep_app.insights.signs.facts import Dates, Numbers, Signs
from transforms.date_guess import DAY_FIRST, MONTH_FIRST

NAMES_OF_CODES = re.compile(
    r"(?i)(?:^|[^a-z])(?:id|ids|key|code|codes|zip|zipcode|postal|postcode|plz|phone|fax|mobile|isbn|ean|upc|sku|ssn|"
    r"iban|account|acct|number|nr|no|ticket|version|uuid|guid)(?:$|[^a-z])"
)
"""What columns are called whose digits name things: they stay text."""
YET_TO_COME = re.compile(
    r"(?i)due|expir|until|valid|plan|schedul|matur|deadline|next|renew|forecast|predict|target|estimat|end|arriv|deliver"
)
"""What columns are called whose dates may lie ahead."""
PARTS = {"%Y": "2024", "%y": "24", "%m": "12", "%d": "31", "%b": "Dec"}


def is_code(name: str, numbers: Numbers) -> bool:
    """Whether the digits of a column name things rather than count them."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    return numbers.codes or NAMES_OF_CODES.search(spaced) is not None


class NumbersAsText(Rule):
    """A text column holds numbers."""

    id = "numbers_as_text"
    title = "Numbers stored as text"
    scope = "feature"
    source = f"{ANCHOR} (type by what can be read); the share is that from which this program reads a target as numbers"
    shared = "{n} columns are stored as text but hold numbers: {columns}."
    noted = "share"

    share: float = Field(0.95, gt=0.5, le=1)
    """Share of the texts that read as numbers, from which it is worth a warning."""
    distinct: int = Field(3, ge=1)
    """Different texts below which they are categories."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        for each in looked.inputs:
            name = each.summary.name
            signs = looked.signs_of(name)
            numbers = signs.numbers if _is_text(looked, name) else None
            if numbers is None or signs.distinct < self.distinct or is_code(name, numbers) or dates_fit(signs):
                continue
            share = numbers.rows / signs.rows
            if share < self.share:
                continue
            rest = signs.rows - numbers.rows
            others = f" All but {rows_of(rest)}, such as {such_as(signs.not_numbers, 2)}." if rest else ""
            most = percent(share) if rest else "all"
            doubt = " The same texts also read as other numbers with other separators." if numbers.doubtful else ""
            yield self.finding(
                "medium",
                f"{name!r} is stored as text, but {most} of its values are numbers.{others}{doubt}",
                column=name,
                evidence={"rows": numbers.rows, "share": round(share, 4)},
                examples=[text for text, _ in (signs.not_numbers or each.summary.top)],
                fixes=numbers_read(name, numbers, safe=not rest and looked.whole and not numbers.doubtful),
            )


class MixedTypes(Rule):
    """A text column holds numbers and words."""

    id = "mixed_types"
    title = "Numbers and words in one column"
    scope = "feature"
    source = f"{OURS}: most texts are numbers, others are not; columns of codes are left out"
    shared = "{n} columns hold numbers and words: {columns}."
    noted = "share"

    share: float = Field(0.6, ge=0.5, lt=1)
    """Share of the texts that are numbers, from which it is worth a warning."""
    nearly_all: float = Field(0.95, gt=0.5, le=1)
    """Share from which the column is called one of numbers instead."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        for each in looked.inputs:
            name = each.summary.name
            signs = looked.signs_of(name)
            numbers = signs.numbers if _is_text(looked, name) else None
            if numbers is None or is_code(name, numbers) or _codes(numbers, signs) or dates_fit(signs):
                continue
            share = numbers.rows / signs.rows
            if not self.share <= share < self.nearly_all or signs.distinct < 5:
                continue
            rest = signs.rows - numbers.rows
            yield self.finding(
                "medium" if share >= 0.8 else "low",
                f"{percent(share)} of the values of {name!r} are numbers, but {rows_of(rest)}{looked.among} "
                f"{'is' if rest == 1 else 'are'} not, such as {such_as(signs.not_numbers)}.",
                column=name,
                evidence={"numbers": numbers.rows, "others": rest, "share": round(share, 4)},
                examples=[text for text, _ in signs.not_numbers],
                fixes=numbers_read(name, numbers, safe=False),
            )


def _codes(numbers: Numbers, signs: Signs) -> bool:
    """Whether the other texts are codes of letters and digits, as of tickets, and the numbers are such codes too."""
    rest = signs.rows - numbers.rows
    return numbers.whole == numbers.rows and signs.lettered >= 0.5 * rest


def dates_fit(signs: Signs, share: float = 0.9) -> bool:
    """Whether nearly all texts are dates; digits such as 20240131 read as numbers too."""
    return signs.dates is not None and signs.rows > 0 and signs.dates.rows >= share * signs.rows


def numbers_read(name: str, numbers: Numbers, *, safe: bool) -> list[Fix]:
    """The steps that read the numbers; texts that are none are kept beside them."""
    if numbers.plain == numbers.rows:
        to = "integer" if numbers.whole == numbers.rows else "number"
        params = {"columns": [name], "type": to, **({} if safe else {"on_error": "keep"})}
        return [Fix(label="Change to numbers", transform="change_type", params=params, safe=safe)]
    ways = [(numbers.decimal, numbers.thousands)]
    if numbers.doubtful:
        ways.append((",", ".") if numbers.decimal == "." else (".", ","))
    return [
        Fix(
            label="Read as numbers" if len(ways) == 1 else f"Read as numbers with a decimal {SIGNS[decimal]}",
            transform="parse_number",
            params={
                "columns": [name],
                "decimal": decimal,
                "thousands": thousands,
                **({} if safe else {"on_error": "keep"}),
            },
            safe=safe,
        )
        for decimal, thousands in ways
    ]


SIGNS = {".": "point", ",": "comma"}


class DatesAsText(Rule):
    """A column of text, or of whole numbers, holds dates."""

    id = "dates_as_text"
    title = "Dates stored as text"
    scope = "feature"
    source = f"{ANCHOR} (type by what can be read); the share is the least with which dates are read by themselves here"
    shared = "{n} columns hold dates but are not stored as dates: {columns}."
    noted = "share"

    share: float = Field(0.9, gt=0.5, le=1)
    """Share of the values that read as dates, from which it is worth a warning."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        for each in looked.inputs:
            name = each.summary.name
            signs = looked.signs_of(name)
            dates = signs.dates
            if dates is None or mixed_formats(dates, signs.rows):
                continue
            text = _is_text(looked, name)
            share = dates.rows / max(1, signs.rows) if text else 1.0
            if share < self.share:
                continue
            stored = "text" if text else "a whole number"
            way = written_as(dates.formats[0][0]) + (" with a time of day" if dates.timed else "")
            doubt = " No value tells whether the day or the month comes first." if dates.order == "unknown" else ""
            rest = signs.rows - dates.rows if text else 0
            others = f" All but {rows_of(rest)}, such as {such_as(signs.not_dates, 2)}." if rest else ""
            yield self.finding(
                "medium",
                f"{name!r} is stored as {stored}, but holds dates, written the way {way} is.{others}{doubt}",
                column=name,
                evidence={"rows": dates.rows, "share": round(share, 4)},
                examples=[value for value, _ in each.summary.top] or [each.summary.min, each.summary.max],
                fixes=_dates_read(name, dates, text=text, safe=not rest and looked.whole),
            )


class MixedDateFormats(Rule):
    """Dates of one column are written in several ways."""

    id = "mixed_date_formats"
    title = "Dates written in several ways"
    scope = "feature"
    source = f"{OURS}: several formats are needed to read the dates, or some are day first and others month first"

    share: float = Field(0.01, ge=0, lt=1)
    """Share of the dates that a second format has, above which it is worth a warning."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        for each in looked.inputs:
            name = each.summary.name
            signs = looked.signs_of(name)
            dates = signs.dates
            if dates is None or not dates_fit(signs, 0.8) or not mixed_formats(dates, signs.rows, self.share):
                continue
            ways = ", ".join(f"{written_as(format)} ({rows:,})" for format, rows in dates.formats[:4])
            text = f"The dates of {name!r} are written in {len(dates.formats)} ways: {ways}."
            if dates.order == "both":
                text += (
                    f" Some can only be day first ({dates.contrary[0]}) and others only month first "
                    f"({dates.contrary[1]}), so those that can be both are in doubt."
                )
            yield self.finding(
                "high" if dates.order == "both" else "medium",
                text,
                column=name,
                evidence={written_as(format): rows for format, rows in dates.formats},
                examples=dates.contrary or [value for value, _ in each.summary.top],
                fixes=_dates_read(name, dates, text=True, safe=False),
            )


def mixed_formats(dates: Dates, rows: int, share: float = 0.01) -> bool:
    """Whether more than one format is needed for more than a few of the dates."""
    return dates.order == "both" or (len(dates.formats) > 1 and dates.formats[1][1] >= max(2, share * rows))


def written_as(format: str) -> str:
    """The last day of 2024 in a format, which says more than its letters."""
    return re.sub(r"%[YymdbB]", lambda part: PARTS.get(part[0], part[0]), format)


def _dates_read(name: str, dates: Dates, *, text: bool, safe: bool) -> list[Fix]:
    if not text:
        params = {"columns": [name], "type": "date", "format": dates.formats[0][0]}
        return [Fix(label="Change to dates", transform="change_type", params=params, safe=safe)]
    kind = {"columns": [name], "type": "datetime" if dates.timed else "date"}
    if dates.order not in ("unknown", "both"):
        known = {"order": dates.order} if dates.order else {}
        return [Fix(label="Read as dates", transform="parse_date_auto", params={**kind, **known}, safe=safe)]
    return [_read_in_order(order, kind, dates) for order in ("day_first", "month_first")]


def _read_in_order(order: Literal["day_first", "month_first"], kind: Mapping[str, object], dates: Dates) -> Fix:
    label = f"Read as dates, {order.replace('_', ' ')}"
    if dates.order == "unknown" or dates.timed:
        return Fix(label=label, transform="parse_date_auto", params={**kind, "order": order, "min_share": 0.1})
    # Each date is read in the first of the formats that reads it, so those of the wanted order come first.
    wanted = DAY_FIRST if order == "day_first" else MONTH_FIRST
    formats = sorted((format for format, _ in dates.formats), key=lambda each: each not in wanted)
    return Fix(label=label, transform="parse_date", params={**kind, "formats": formats})


class FutureDates(Rule):
    """Some dates are later than today."""

    id = "future_dates"
    title = "Dates in the future"
    scope = "feature"
    source = f"{OURS}: a few dates after today, in a column whose name does not say that it looks ahead"
    shared = "{n} columns have a few dates that are later than today: {columns}."
    noted = "rows"

    share: float = Field(0.1, gt=0, lt=1)
    """Share of the rows above which the column is about the future."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        for each in looked.inputs:
            name = each.summary.name
            signs = looked.signs_of(name)
            if not 0 < signs.future <= self.share * signs.rows or YET_TO_COME.search(name):
                continue
            yield self.finding(
                "medium",
                f"{rows_of(signs.future)}{looked.among} of {name!r} {'is' if signs.future == 1 else 'are'} later than "
                f"today, up to {signs.latest}: mistakes, or facts that a model will not know in time.",
                column=name,
                evidence={"rows": signs.future},
                examples=[signs.latest],
                fixes=[
                    Fix(
                        label="Turn into missing values",
                        transform="clear_where",
                        params={
                            "columns": [name],
                            "condition": {"column": name, "op": "more", "value": _end(looked, name)},
                        },
                    )
                ],
            )


def _end(looked: Looked, name: str) -> str:
    day = looked.today.isoformat()
    return day if looked.schema[name] == pl.Date else f"{day} 23:59:59"


def _is_text(looked: Looked, name: str) -> bool:
    return isinstance(looked.schema.get(name), pl.String | pl.Categorical | pl.Enum)


RULES = (NumbersAsText, MixedTypes, DatesAsText, MixedDateFormats, FutureDates)
