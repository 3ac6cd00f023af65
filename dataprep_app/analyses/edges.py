"""Bins of equal width with edges that people like to read: round numbers, whole days, months and years."""

from __future__ import annotations

import math
from datetime import datetime

import polars as pl

SPANS = (
    ("1s", 1), ("10s", 10), ("1m", 60), ("10m", 600), ("1h", 3_600), ("6h", 21_600), ("1d", 86_400), ("1w", 604_800),
    ("1mo", 2_629_746), ("3mo", 7_889_238), ("1y", 31_556_952), ("5y", 157_784_760), ("10y", 315_569_520),
    ("100y", 3_155_695_200), ("1000y", 31_556_952_000),
)  # fmt: skip
"""Widths of bins of time, with their seconds; months and years have those of a mean Gregorian year."""
LARGEST = 2**53
"""Whole numbers up to this are exact as Float64."""
DAYS = 6
"""Place of the first span that is a whole number of days."""


def binned(values: pl.Series, most: int) -> pl.DataFrame:
    """The bin of every value that is there, as columns ``from`` and ``to``.

    A value on an edge is in the upper bin; of numbers with decimals, the largest value is in the last bin.

    Args:
        values: numbers, dates or datetimes, without missing ones.
        most: bins there may be, about: round edges may need one more.
    """
    if values.dtype.is_temporal():
        return _spans(values, most)
    return _whole(values, most) if values.dtype.is_integer() else _decimal(values, most)


def _whole(values: pl.Series, most: int) -> pl.DataFrame:
    low, high = int(values.min()), int(values.max())  # type: ignore[arg-type]
    step = max(1, math.ceil(_round_up((high - low + 1) / most)))
    starts = (values // step).cast(pl.Float64) * step
    found = pl.DataFrame({"from": starts, "to": starts + step})
    return found.cast(pl.Int64) if max(-low, high) + step < LARGEST else found


def _decimal(values: pl.Series, most: int) -> pl.DataFrame:
    low, high = float(values.min()), float(values.max())  # type: ignore[arg-type]
    step = _round_up(high / most - low / most) if high > low else (abs(low) / 10 or 1.0)
    first = math.floor(low / step)
    last = max(first, math.ceil(high / step - 1e-9) - 1)
    place = (values / step).floor().clip(first, last)
    return pl.DataFrame({"from": place * step, "to": (place + 1) * step})


def _round_up(width: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    if width <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(width))
    return next((each * power for each in (1, 2, 5) if each * power >= width * (1 - 1e-9)), 10 * power)


def _spans(values: pl.Series, most: int) -> pl.DataFrame:
    moments = values.cast(pl.Datetime("us")) if values.dtype == pl.Date else values.dt.replace_time_zone(None)
    low, high = moments.min(), moments.max()
    assert isinstance(low, datetime)
    assert isinstance(high, datetime)
    seconds = (high - low).total_seconds()
    spans = SPANS[DAYS:] if values.dtype == pl.Date else SPANS
    every = next((span for span, long in spans if seconds / long < most), spans[-1][0])
    starts = moments.dt.truncate(every)
    found = pl.DataFrame({"from": starts, "to": starts.dt.offset_by(every)})
    whole_days = [span for span, _ in SPANS[DAYS:]]
    return found.cast(pl.Date) if every in whole_days else found
