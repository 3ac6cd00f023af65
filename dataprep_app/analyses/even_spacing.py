"""Values at times as an evenly spaced series, and after how many of its places a pattern comes again."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataprep_app.analyses.values import axis_values
from transforms.core.columns import column
from transforms.core.numbers import LARGEST

Numbers = NDArray[np.float64]
Aggregate = Literal["mean", "sum", "median", "min", "max", "last"]

MINUTE, HOUR, DAY, WEEK, YEAR = 60.0, 3_600.0, 86_400.0, 604_800.0, 31_556_952.0
STEPS = (
    ("1s", "second", 1.0), ("10s", "10 seconds", 10.0), ("1m", "minute", MINUTE), ("5m", "5 minutes", 5 * MINUTE),
    ("15m", "15 minutes", 15 * MINUTE), ("30m", "30 minutes", 30 * MINUTE), ("1h", "hour", HOUR),
    ("6h", "6 hours", 6 * HOUR), ("1d", "day", DAY), ("1w", "week", WEEK), ("1mo", "month", YEAR / 12),
    ("1q", "quarter", YEAR / 4), ("1y", "year", YEAR),
)  # fmt: skip
"""Widths of places, what people call them, and their seconds; months and years have those of a mean Gregorian year."""
UNITS = {"second": 0, "minute": 2, "hour": 6, "day": 8, "week": 9, "month": 10, "quarter": 11, "year": 12}
"""Places in :data:`STEPS` of the widths that can be chosen."""
SHORTEST = 0.9
"""A width fits values that lie at least this part of it apart: February has 28 days of 30.4."""
MOST_PLACES = 2_000
"""Places of a series that can be drawn and split in a moment."""
CYCLES = (("minute", MINUTE), ("hour", HOUR), ("day", DAY), ("week", WEEK), ("year", YEAR))
"""Spans after which patterns come again in what people and nature do."""
ALIKE = 0.05
"""Shares of the variance that are about the same."""
LONGEST = 1_000
"""The longest pattern, in places."""


@dataclass(frozen=True)
class Series:
    """A value at each place of an evenly spaced series."""

    times: pl.Series
    """The beginning of each place: dates where it is a day or longer, else datetimes."""
    values: Numbers
    observed: NDArray[np.bool_]
    """Whether a place has values of its own; the others lie on the line between their neighbours."""
    step: int
    """Place of its width in :data:`STEPS`."""
    rows: int
    """Rows with a time and a value."""
    coarser: bool
    """Whether a wider step was taken than was asked for, or than the rows have."""

    @property
    def unit(self) -> str:
        """What people call the width of a place."""
        return STEPS[self.step][1]

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class Period:
    """After how many places a pattern comes again."""

    places: int
    why: str
    """What it is, or how it was found, to go after a comma."""


def evenly_spaced(table: pl.DataFrame, time: str, value: str, every: str | None, how: Aggregate) -> Series | None:
    """The values brought together in places of one width; none where no row has a time and a value.

    Args:
        table: the rows, in any order.
        time: a column of dates or datetimes; those with a time zone are taken as the clock there shows.
        value: a column of numbers; beyond 1e150 they count as missing.
        every: width of a place, one of :data:`UNITS`; by itself about the distance of most rows.
        how: what is made of the values of one place.
    """
    dtype = table.schema[time]
    moments = table.select(column(time).alias("time")).to_series()
    if isinstance(dtype, pl.Datetime) and dtype.time_zone:
        moments = moments.dt.replace_time_zone(None)
    numbers = axis_values(table, value).cast(pl.Float64)
    rows = pl.DataFrame({"time": moments.cast(pl.Datetime("us")), "value": numbers})
    rows = rows.filter(pl.col("value").abs() <= LARGEST).drop_nulls()
    if rows.is_empty():
        return None
    wanted = _fitting(rows["time"]) if every is None else UNITS[every]
    low, high = rows["time"].min(), rows["time"].max()
    assert isinstance(low, datetime)
    assert isinstance(high, datetime)
    seconds = (high - low).total_seconds()
    step = next((at for at in range(wanted, len(STEPS)) if seconds / STEPS[at][2] < MOST_PLACES - 1), len(STEPS) - 1)
    code = STEPS[step][0]
    value_of = pl.col("value")
    made = value_of.last() if how == "last" else getattr(value_of, how)()
    made = pl.when(made.abs() <= LARGEST).then(made).alias("value")
    found = rows.sort("time", maintain_order=True).group_by(pl.col("time").dt.truncate(code)).agg(made)
    found = found.drop_nulls().sort("time")
    if found.is_empty():
        return None
    grid = found.select(pl.datetime_range(pl.col("time").first(), pl.col("time").last(), code))
    joined = grid.join(found, on="time", how="left", maintain_order="left")
    times = joined["time"].cast(pl.Date) if STEPS[step][2] >= DAY else joined["time"]
    return Series(
        times,
        joined["value"].interpolate().to_numpy().astype(np.float64),
        joined["value"].is_not_null().to_numpy(),
        step,
        rows.height,
        step > wanted,
    )


def guessed_period(series: Series) -> Period | None:
    """After how many places a pattern comes again: of the spans that fit its width, the one that explains most.

    What a span explains is the share of the variance that the mean of each of its places has, without the moving
    average over the span. Of two that explain about the same the shorter is taken. Where no span fits, the series is
    compared with itself; none where it is like itself nowhere.
    """
    width, length = STEPS[series.step][2], len(series)
    found = []
    for name, span in CYCLES:
        places = round(span / width)
        if places >= 2 and abs(places * width / span - 1) < 0.02 and 2 * places <= min(length, 2 * LONGEST):
            found.append((_explained(series.values, places), Period(places, f"one {name}")))
    if not found:
        return _own_period(series.values)
    most = max(share for share, _ in found)
    return next(period for share, period in found if share >= most - ALIKE)


def _explained(values: Numbers, places: int) -> float:
    """The share of the variance that a pattern explains, adjusted for its length; 0 where that cannot be told."""
    kernel = np.full(places, 1 / places)
    if places % 2 == 0:  # half of the first and of the one after the last, so that it has a middle
        kernel = np.r_[0.5, np.ones(places - 1), 0.5] / places
    beyond = len(kernel) // 2
    if len(values) < 3 * places or beyond == 0:
        return 0.0
    rest = values[beyond : len(values) - beyond] - np.convolve(values, kernel, mode="valid")
    place = np.arange(len(rest)) % places
    means = np.bincount(place, rest) / np.bincount(place)
    total = float(((rest - rest.mean()) ** 2).sum())
    left = float(((rest - means[place]) ** 2).sum())
    free = len(rest) - places
    return 1 - left / free * (len(rest) - 1) / total if total > 0 and free > 0 else 0.0


def _own_period(values: Numbers) -> Period | None:
    """The first lag at which the series is more like itself than at those beside it, and markedly so."""
    most = min(len(values) // 3, LONGEST)
    likeness = [_likeness(values, lag) for lag in range(1, most + 2)]
    peaks = [
        (likeness[at], -(at + 1))
        for at in range(1, len(likeness) - 1)
        if likeness[at] > max(likeness[at - 1], likeness[at + 1]) and likeness[at] > 2 / math.sqrt(len(values))
    ]
    if not peaks:
        return None
    places = -max(peaks)[1]
    return Period(places, "after which the series is most like itself")


def _likeness(values: Numbers, lag: int) -> float:
    changes = np.diff(values)
    if lag >= len(changes):
        return 0.0
    changes = changes - changes.mean()
    total = float(changes @ changes)
    if total == 0:
        return 0.0
    return float(changes[lag:] @ changes[:-lag]) / total


def _fitting(times: pl.Series) -> int:
    """The widest step that most rows lie at least so far apart as."""
    apart = times.unique().sort().diff().drop_nulls().dt.total_microseconds()
    if apart.is_empty():
        return UNITS["day"]
    median = apart.median()
    assert isinstance(median, float)
    fits = [at for at, (_, _, seconds) in enumerate(STEPS) if seconds * SHORTEST <= median / 1e6]
    return fits[-1] if fits else 0
