"""A column of numbers in detail: how its values are spread, with and without outliers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataprep_app.insights.measures import ROBUST
from dataprep_app.insights.sections.card_labels import Labels
from dataprep_app.insights.sections.card_levels import counted, frequent, levels_of, shown
from dataprep_app.insights.sections.facts import Bin, Level
from transforms.core.conversion import as_text

BINS = 20
"""The most bins."""
SMALLEST = 1e-290
"""Bins that are narrower have no round edges: there is no power of ten for them."""
STEPS = (1, 2, 2.5, 5)
"""Bins are as wide as one of these times a power of ten."""
FEW = 20
"""Numbers with at most so many different values are counted one by one."""
SPIKE, PER_VALUE = 0.1, 5.0
"""A number in more than a tenth of the rows, and in more than five times its even share, stands out ("regression
frequent label" of the Data Quality and Insights Report of SageMaker Data Wrangler)."""
EXTREME = 5
"""The most outliers that are listed at either end."""

Numbers = NDArray[np.float64]


def number_card(values: pl.Series, labels: Labels | None) -> dict[str, Any]:
    """What the card of a column of numbers says."""
    numbers = finite(values)
    counts = counted(values, labels)
    levels: tuple[Level, ...] = ()
    other_rows = 0
    if counts.height <= FEW or spiky(counts):
        few = counts.height <= FEW
        levels, other_rows = levels_of(counts, least=1 if few else frequent(int(counts["rows"].sum())))
    return {**spread(values, numbers, labels), "levels": levels, "other_rows": other_rows}


def finite(values: pl.Series) -> Numbers:
    """Numbers as Float64, NaN where they are missing or infinite."""
    numbers = values.cast(pl.Float64).fill_null(np.nan).to_numpy()
    return np.where(np.isfinite(numbers), numbers, np.nan)


def spiky(counts: pl.DataFrame) -> bool:
    """Whether the most frequent of some counted values stands out."""
    total = int(counts["rows"].sum())
    return total > 0 and int(counts["rows"][0]) > total * max(SPIKE, PER_VALUE / counts.height)


def spread(values: pl.Series, numbers: Numbers, labels: Labels | None) -> dict[str, Any]:
    """Bins of all numbers, bins without outliers, and the outliers farthest out.

    Args:
        values: the column; texts and so on are shown as it has them.
        numbers: its numbers, NaN where there is none.
        labels: the target, if there is one.
    """
    there = ~np.isnan(numbers)
    known, mine = numbers[there], labels.where(there) if labels else None
    low, high = bounds(known)
    inside = (known >= low) & (known <= high)
    found: dict[str, Any] = {"bins": bins(known, mine)}
    if inside.all():
        return found
    found["robust_bins"] = bins(known[inside], mine.where(inside) if mine else None)
    found["lowest"] = _extremes(values, numbers < low, numbers, descending=False)
    found["highest"] = _extremes(values, numbers > high, numbers, descending=True)
    return found


def bounds(numbers: Numbers) -> tuple[float, float]:
    """What is no outlier: within five robust standard deviations of the median (:data:`ROBUST`).

    Where the robust deviation is 0 it is the plain one; numbers that do not vary have no outlier.
    """
    if len(numbers) < 2:
        return -math.inf, math.inf
    low, median, high = np.quantile(numbers, (0.05, 0.5, 0.95))
    with np.errstate(over="ignore", invalid="ignore"):
        deviation = float(np.clip(numbers, low, high).std(ddof=1)) or float(numbers.std(ddof=1))
    if not deviation > 0:
        return -math.inf, math.inf
    return float(median - ROBUST * deviation), float(median + ROBUST * deviation)


def bins(numbers: Numbers, labels: Labels | None) -> tuple[Bin, ...]:
    """Finite numbers in up to 20 bins of equal width with round edges; a number on an edge is in the upper bin.

    Args:
        numbers: the numbers.
        labels: the target of each, if there is one.
    """
    if not len(numbers):
        return ()
    cuts = edges(float(numbers.min()), float(numbers.max()), whole=bool((numbers == np.floor(numbers)).all()))
    size = len(cuts) - 1
    places = np.clip(np.searchsorted(cuts, numbers, side="right") - 1, 0, size - 1)
    rows = np.bincount(places, minlength=size).tolist()
    means = labels.means(places, size) if labels else [None] * size
    spans = pairwise(cuts.tolist())
    return tuple(
        Bin(low=low, high=high, rows=n, target=mean) for (low, high), n, mean in zip(spans, rows, means, strict=True)
    )


def edges(low: float, high: float, *, whole: bool) -> Numbers:
    """Edges of bins from a lowest to a highest number.

    They are multiples of 1, 2, 2.5 or 5 times a power of ten, and whole where all numbers are, so that each bin
    holds as many whole numbers as the next. Numbers that are too near each other, or too far apart, for round edges
    have those that divide their range evenly; one number has a bin of no width.
    """
    if low == high:
        return np.array([low, high])
    width = high / BINS - low / BINS
    for step, decimals in _steps(width):
        first, last = math.floor(low / step), math.floor(high / step) + 1
        if not whole and (last - 1) * step >= high:
            last -= 1
        if last - first > BINS or (whole and step != math.floor(step)):
            continue
        with np.errstate(over="ignore", invalid="ignore"):
            found = np.round(np.arange(first, last + 1) * step, decimals) + 0.0
        if found[0] <= low and found[-1] >= high and (np.diff(found) > 0).all() and np.isfinite(found).all():
            return np.asarray(found, dtype=np.float64)
    even = low + width * np.arange(BINS + 1)
    even[-1] = high
    return np.asarray(even, dtype=np.float64) if (np.diff(even) > 0).all() else np.array([low, high])


def _steps(width: float) -> Iterator[tuple[float, int]]:
    """Round widths from about one up, each with the decimals that its multiples have."""
    if width < SMALLEST:
        return
    power = math.floor(math.log10(width))
    for exponent in range(power, min(power + 3, 308)):
        for size in STEPS:
            # Dividing by a power of ten that is exact gives the number that people write.
            step = size * 10.0**exponent if exponent >= 0 else size / 10.0**-exponent
            yield step, max(0, 1 - exponent)


def _extremes(values: pl.Series, chosen: NDArray[np.bool_], numbers: Numbers, *, descending: bool) -> tuple[str, ...]:
    """The outermost values of some rows, each once, as text."""
    picked = pl.DataFrame({"value": values, "number": numbers}).filter(pl.Series(chosen))
    best = picked.unique("number", keep="first", maintain_order=True).sort("number", descending=descending)
    return shown(best.head(EXTREME).select(as_text(pl.col("value"), values.dtype).cast(pl.String)).to_series())
