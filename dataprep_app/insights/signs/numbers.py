"""Numbers and dates that stand for missing values, dates that are yet to come, and dates and times as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from dataprep_app.insights.measures import ROBUST
from dataprep_app.insights.signs.facts import Dates, Spread
from transforms.core.columns import column

CODES = (-1, -9, -99, -999, -9999, -99999, -999999, 99, 999, 9999, 99999, 999999, 9999999)
"""Numbers that are written for a value that is not known, negative or all nines."""
DAYS = (
    date(1, 1, 1), date(1800, 1, 1), date(1900, 1, 1), date(1901, 1, 1), date(1970, 1, 1), date(2099, 12, 31),
    date(2999, 12, 31), date(9999, 12, 31), date(9999, 1, 1),
)  # fmt: skip
"""Dates that programs write for one that is not known, or for never."""
LEAST = 3
"""Rows that such a value has, at least."""
DISTINCT = 10
"""Other values there are, at least."""
CLOCK_DISTINCT, CLOCK_HIGH = 50, 1_300
"""Different numbers, and the largest of them, from which they can be times of day."""


@dataclass(frozen=True)
class Apart:
    """What was found of a column of numbers or dates."""

    codes: tuple[tuple[float, int], ...] = ()
    spread: Spread | None = None
    rest_skew: float | None = None
    far: tuple[float, ...] = ()
    days: tuple[tuple[str, int], ...] = ()
    future: int = 0
    latest: str = ""


def numbers_apart(table: pl.DataFrame, name: str, top: float | None) -> Apart:
    """Codes for missing values among numbers, and where the others lie.

    Args:
        table: the rows.
        name: a column of numbers.
        top: the most frequent number of the column.
    """
    dtype = table.schema[name]
    value = column(name).cast(pl.Float64).alias("value")
    finite = table.select(value).to_series()
    numbers = (
        finite.filter(finite.is_finite().fill_null(value=False)) if not dtype.is_integer() else finite.drop_nulls()
    )
    others = numbers if top is None else numbers.filter(numbers != top)
    if others.is_empty():
        return Apart()
    low, median, high = (others.quantile(each, "linear") for each in (0.05, 0.5, 0.95))
    spread = Spread(low=float(low or 0), median=float(median or 0), high=float(high or 0))
    rest_skew, far = _outliers(numbers)
    return Apart(codes=tuple(_codes(numbers)), spread=spread, rest_skew=rest_skew, far=far)


def _outliers(numbers: pl.Series) -> tuple[float | None, tuple[float, ...]]:
    """The skewness without outliers, as :data:`~dataprep_app.insights.measures.ROBUST` has them, and a few of these."""
    median, low, high = (numbers.quantile(each, "linear") for each in (0.5, 0.05, 0.95))
    reach = ROBUST * float(numbers.clip(low, high).std() or numbers.std() or 0.0)  # type: ignore[arg-type]
    away = (numbers - (median or 0.0)).abs()
    outside = away > reach
    if not reach or not outside.any():
        return None, ()
    rest = numbers.filter(~outside)
    skew = rest.skew() if rest.n_unique() > 1 else 0.0
    far = numbers.filter(outside).gather(away.filter(outside).arg_sort(descending=True).head(5)).to_list()
    return skew, tuple(far)


def _codes(numbers: pl.Series) -> list[tuple[float, int]]:
    """Codes at either end that lie apart from all other numbers: beyond the whole width of these, or below 0 alone."""
    present = numbers.filter(numbers.is_in(list(map(float, CODES))))
    if present.is_empty():
        return []
    counts = dict(present.value_counts(name="rows").sort("value").iter_rows())
    rest = numbers.filter(~numbers.is_in(list(map(float, CODES))))
    if rest.n_unique() < DISTINCT:
        return []
    low, high = float(rest.min() or 0), float(rest.max() or 0)  # type: ignore[arg-type]
    found = []
    for code, rows in counts.items():
        below = code < 0 <= low and (code <= -9 or low >= 1 or code < -(high - low))
        beyond = code > 0 and code - high > high - low
        under = code < 0 and low - code > high - low
        if rows >= LEAST and (below or beyond or under):
            found.append((code, rows))
    return found


def dates_apart(table: pl.DataFrame, name: str, today: date) -> Apart:
    """Dates that stand for missing ones, and dates later than today."""
    days = table.select(column(name).cast(pl.Date)).to_series().drop_nulls()
    if days.is_empty():
        return Apart()
    known = days.is_in(list(DAYS))
    rest = days.filter(~known)
    future = rest.filter(rest > today)
    latest = str(rest.max()) if len(rest) else ""
    if not known.any() or rest.n_unique() < DISTINCT:
        return Apart(future=len(future), latest=latest)
    low, high = rest.min(), rest.max()
    counts = days.filter(known).value_counts(name="rows").sort(name)
    apart = [(str(day), rows) for day, rows in counts.iter_rows() if rows >= LEAST and (day < low or day > high)]
    return Apart(days=tuple(apart), future=len(future), latest=latest)


def dates_in_digits(table: pl.DataFrame, name: str) -> Dates | None:
    """Whole numbers that are all dates such as 20240131."""
    values = table.select(column(name).drop_nulls()).to_series()
    if len(values) < 2 or values.n_unique() < DISTINCT:
        return None
    low, high = int(values.min()), int(values.max())  # type: ignore[arg-type]
    if low < 19000101 or high > 21001231:
        return None
    read = values.cast(pl.String).str.to_date("%Y%m%d", strict=False)
    if read.null_count():
        return None
    return Dates(rows=len(values), formats=(("%Y%m%d", len(values)),))


def clock_in_digits(table: pl.DataFrame, name: str) -> bool:
    """Whether whole numbers are all times of day, such as 905 and 1730: the last two digits are minutes.

    Of other numbers up to 2400 two in five end in 60 or more.
    """
    value = column(name).cast(pl.Float64)
    whole = (value == value.floor()) & value.is_between(0, 2_400) & (value % 100 < 60)
    facts = table.select(whole=whole.drop_nulls().all(), distinct=value.drop_nulls().n_unique(), high=value.max()).row(
        0
    )
    return bool(facts[0]) and facts[1] >= CLOCK_DISTINCT and facts[2] >= CLOCK_HIGH
