"""Numbers and dates that are written as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

from dataprep_app.insights.signs.facts import Dates, Numbers, Order
from dataprep_app.insights.signs.texts import LOOKED_AT, Texts, most_frequent
from transforms.core.conversion import parsed
from transforms.date_guess import (
    CLOCK,
    DAY_FIRST,
    DOTTED,
    MONTH_FIRST,
    MOST_FORMATS,
    YEAR_FIRST_OR_NAMED,
    date_text,
    dated,
)
from transforms.types_infer import CODE, TOO_LONG, WHOLE
from transforms.types_parse import ParseNumber

Decimal = Literal[".", ","]
Thousands = Literal[",", ".", " ", "'"]
WRITINGS: tuple[tuple[Decimal, Thousands], ...] = ((".", ","), (",", "."), (".", " "), (",", " "), (".", "'"))
"""Ways to write numbers: English first, then those of other languages."""
NUMBERLIKE = r"^[^\p{L}]*[0-9][^\p{L}]*$|^[^0-9]{0,6}[0-9][0-9\s.,'’]*[^0-9]{0,6}$"
"""Texts that may be numbers, with a sign or the name of a currency at most."""
DATELIKE = r"(?i)^(?:[0-9]|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun))[^@]*[0-9]"
"""Texts that may be dates: they begin with a digit, a month or a day of the week."""
PROBED = 100
"""So many texts are tried before all of them are."""
PIVOT = 68
YEARS = (1900, 2100)
"""Years of dates that are believed in."""
LEAST_SHARE = 0.5
"""Less than this share of the texts is not worth a word."""


@dataclass(frozen=True)
class Written:
    """What the texts of a column read as."""

    numbers: Numbers | None = None
    not_numbers: tuple[tuple[str, int], ...] = ()
    lettered: int = 0
    dates: Dates | None = None
    not_dates: tuple[tuple[str, int], ...] = ()


def written(texts: Texts) -> Written:
    """What the texts of a column read as."""
    if texts.counts.is_empty():
        return Written()
    dates, undated = _dates(texts)
    numbers, others = _numbers(texts)
    letters = texts.counts["plain"].str.contains(r"[0-9]") & texts.counts["plain"].str.contains(r"\p{L}")
    lettered = int(texts.counts.filter(others & letters)["rows"].sum()) if numbers else 0
    return Written(
        numbers,
        most_frequent(texts.counts, others) if numbers else (),
        lettered,
        dates,
        most_frequent(texts.some(), undated) if dates else (),
    )


def _numbers(texts: Texts) -> tuple[Numbers | None, pl.Series]:
    """How the numbers are written, if there are enough, and which texts are none."""
    counts = texts.counts
    text = counts["plain"]
    plain = counts.select(parsed(pl.col("plain"), "number").is_finite().fill_null(value=False)).to_series()
    others = counts.filter(~plain & text.str.contains(NUMBERLIKE))
    total = texts.rows
    known = int(counts.filter(plain)["rows"].sum())
    if known + int(others["rows"].sum()) < LEAST_SHARE * total:
        return None, ~plain
    decimal, thousands, doubtful = _writing(others)
    read = plain
    if others.height:
        styled = _read(counts.with_columns(plain_number=plain), decimal, thousands)
        read = plain | styled.is_not_null()
    rows = int(counts.filter(read)["rows"].sum())
    if rows < LEAST_SHARE * total:
        return None, ~read
    whole = text.str.contains(WHOLE)
    codes = text.str.contains(CODE) & whole | text.str.contains(TOO_LONG)
    return (
        Numbers(
            rows=rows,
            plain=known,
            whole=int(counts.filter(whole)["rows"].sum()),
            decimal=decimal,
            thousands=thousands,
            doubtful=doubtful,
            codes=int(counts.filter(codes)["rows"].sum()) > 0.01 * total,
        ),
        ~read,
    )


def _writing(others: pl.DataFrame) -> tuple[Decimal, Thousands, bool]:
    """The way of writing that reads most of the texts, and whether another one reads as many otherwise."""
    if others.is_empty():
        return ".", ",", False
    shown = others.head(LOOKED_AT)
    found = {way: _read(shown, *way) for way in WRITINGS}
    rows = {way: int(shown.filter(each.is_not_null())["rows"].sum()) for way, each in found.items()}
    best = max(WRITINGS, key=lambda way: rows[way])
    doubtful = any(
        rows[way] == rows[best] and not found[way].equals(found[best]) for way in WRITINGS if way != best and rows[way]
    )
    return *best, doubtful


def _read(counts: pl.DataFrame, decimal: Decimal, thousands: Thousands) -> pl.Series:
    reader = ParseNumber(columns=("plain",), decimal=decimal, thousands=thousands)
    return counts.select(reader.converted("plain")).to_series()


def _dates(texts: Texts) -> tuple[Dates | None, pl.Series]:
    """The formats of the dates, if there are enough, and which of some texts are none."""
    some = texts.some()
    total = int(some["rows"].sum())
    text = some["plain"]
    likely = text.str.contains(DATELIKE) & text.str.len_chars().is_between(6, 40)
    if int(some.filter(likely)["rows"].sum()) < LEAST_SHARE * total:
        return None, ~likely
    probe = some.filter(likely).gather_every(max(1, int(likely.sum()) // PROBED))
    if _reads(probe).select(pl.any_horizontal(pl.all())).to_series().mean() < LEAST_SHARE / 2:  # type: ignore[operator]
        return None, ~likely
    reads = _reads(some).select(pl.all() & likely)
    order, contrary = _order(some, reads)
    first = MONTH_FIRST if order == "month_first" else DAY_FIRST
    candidates = [*YEAR_FIRST_OR_NAMED, *DOTTED, *first, *(MONTH_FIRST if order == "both" else ())]
    formats, left = _formats(some, reads, candidates)
    rows = sum(count for _, count in formats)
    if rows < LEAST_SHARE * total:
        return None, left
    scale = texts.rows / total
    shown = tuple((format, round(count * scale)) for format, count in formats)
    timed = bool(text.filter(likely).str.contains(CLOCK).any())
    return Dates(rows=round(rows * scale), formats=shown, order=order, contrary=contrary, timed=timed), left


def _reads(some: pl.DataFrame) -> pl.DataFrame:
    """Whether each format reads each text."""
    every = (*YEAR_FIRST_OR_NAMED, *DOTTED, *DAY_FIRST, *MONTH_FIRST)
    plain = some.select(date_text(pl.col("plain")).alias("text"))
    dates = plain.select(dated(pl.col("text"), each, PIVOT).alias(each) for each in every)
    return dates.select(pl.all().dt.year().is_between(*YEARS).fill_null(value=False))


def _order(some: pl.DataFrame, reads: pl.DataFrame) -> tuple[Order, tuple[str, ...]]:
    """Which of day and month comes first, by the texts that only one of the two can read."""
    day, month = (reads.select(pl.any_horizontal(each)).to_series() for each in (DAY_FIRST, MONTH_FIRST))
    only_day, only_month, both = (some.filter(each) for each in (day & ~month, month & ~day, day & month))
    if only_day.height and only_month.height:
        few, many = sorted((int(only_day["rows"].sum()), int(only_month["rows"].sum())))
        if few >= 2 or few > 0.01 * many:
            return "both", (only_day["plain"][0], only_month["plain"][0])
        return ("day_first" if only_day["rows"].sum() == many else "month_first"), ()
    if only_day.height:
        return "day_first", ()
    if only_month.height:
        return "month_first", ()
    return ("unknown" if both.height else ""), ()


def _formats(
    some: pl.DataFrame, reads: pl.DataFrame, candidates: list[str]
) -> tuple[tuple[tuple[str, int], ...], pl.Series]:
    """Formats, each time the one that reads most of what is left, and which texts none of them reads."""
    chosen: list[tuple[str, int]] = []
    left = pl.Series([True]).new_from_index(0, some.height)
    while len(chosen) < MOST_FORMATS:
        counts = {each: int(some["rows"].filter(left & reads[each]).sum()) for each in candidates}
        best = max(candidates, key=counts.__getitem__)
        if not counts[best]:
            break
        chosen.append((best, counts[best]))
        left = left & ~reads[best]
    return tuple(chosen), left
