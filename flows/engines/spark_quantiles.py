"""Exact quantiles from counts: which values hold the wanted ranks is narrowed down in a few passes.

A Float64 is mapped to the whole number that has the same order, which is counted by its leading bits
with the smallest and largest value of each bin. Where a wanted rank falls into a bin of one value, or on
an end of its bin, it is found; the other bins are counted again, finer. The first pass has 64 bins to
each power of two, so values that tie, constant columns and small whole numbers need no other; the
second finds the rest unless more than 65,536 rows share a bin; four do in every case.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, floor

import numpy as np
import polars as pl
from numpy.typing import NDArray

from flows.engines.spark_partials import Partial, number
from transforms.core import statistics as stat

FEW = 1 << 16
"""Bins with no more rows than this are resolved to single values."""
BINS = 16
"""Bits by which a bin with more rows is divided."""
SMALLEST, LARGEST = -(2**63), 2**63 - 1


@dataclass(frozen=True)
class Span:
    """A range of the ordered whole numbers, ends included, to be counted in bins of ``2**bits``."""

    low: int
    high: int
    bits: int


EVERYTHING = Span(SMALLEST, LARGEST, 46)
"""Sign, exponent and 6 of 52 bits of the fraction tell bins apart."""


def ordered_keys(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Whole numbers in the order of the values, infinities at the ends; -0.0 is 0.0."""
    bits = (values + 0.0).view(np.int64)
    return np.where(bits < 0, bits ^ np.int64(LARGEST), bits)


def value_of(key: int) -> float:
    """The value behind an ordered key."""
    bits = np.array([key], dtype=np.int64)
    return float(np.where(bits < 0, bits ^ np.int64(LARGEST), bits).view(np.float64)[0])


@dataclass(frozen=True, eq=False)
class CountedBins(Partial):
    """Rows, smallest and largest key in each bin of some spans. Answer: that, in order."""

    column: stat.Measured
    schema: pl.Schema
    spans: tuple[Span, ...]

    def start(self, rows: pl.LazyFrame) -> pl.DataFrame:
        values = rows.select(value=number(self.column, self.schema)).drop_nulls().collect()["value"]
        keys = ordered_keys(values.to_numpy())
        return pl.concat([self._counted(keys, i, span) for i, span in enumerate(self.spans)])

    def merge(self, partials: pl.DataFrame) -> pl.DataFrame:
        return partials.group_by("span", "bin").agg(pl.col("rows").sum(), pl.col("low").min(), pl.col("high").max())

    def answer(self, whole: pl.DataFrame) -> pl.DataFrame:
        return whole.sort("span", "bin")

    def _counted(self, keys: NDArray[np.int64], i: int, span: Span) -> pl.DataFrame:
        inside = keys[(keys >= span.low) & (keys <= span.high)]
        table = pl.DataFrame({"bin": inside >> span.bits, "key": inside})
        return table.group_by("bin").agg(
            span=pl.lit(i, pl.Int64), rows=pl.len().cast(pl.Int64), low=pl.col("key").min(), high=pl.col("key").max()
        )


@dataclass
class Search:
    """The quantiles of one column, until all are found."""

    column: stat.Measured
    schema: pl.Schema
    shares: dict[int, float]
    """The quantiles that are wanted, each under a number."""
    spans: tuple[Span, ...] = (EVERYTHING,)
    """What the next pass has to count; nothing when all are found."""
    rows: int | None = None
    """How many values the column has; known after the first pass."""
    found: dict[int, float] = field(default_factory=dict)
    """Values by their rank, from 0."""
    wanted: dict[int, tuple[Span, int]] = field(default_factory=dict)
    """Ranks still to be found: the span that holds the value, and how many values are below that span."""

    def partial(self) -> CountedBins:
        """What the next pass measures."""
        return CountedBins(self.column, self.schema, self.spans)

    def narrow(self, counted: pl.DataFrame) -> None:
        """Take what a pass over the spans has counted."""
        if self.rows is None:
            self.rows = int(counted["rows"].sum())
            ranks = [rank for q in self.shares.values() for rank in _neighbours(q, self.rows)] if self.rows else []
            self.wanted = dict.fromkeys(ranks, (EVERYTHING, 0))
        bins = {span: counted.filter(pl.col("span") == i) for i, span in enumerate(self.spans)}
        wanted = {}
        for rank, (span, below) in self.wanted.items():
            first, rows, low, high = _bin_of(rank - below, span, bins[span])
            first += below
            if rank <= first or low == high:
                self.found[rank] = value_of(low)
            elif rank >= first + rows - 1:
                self.found[rank] = value_of(high)
            else:
                wanted[rank] = (_finer(low, high, rows), first)
        self.wanted = wanted
        self.spans = tuple(dict.fromkeys(span for span, _ in wanted.values()))

    def quantile(self, q: float) -> float | None:
        """The quantile by linear interpolation, Hyndman-Fan type 7; ``None`` of nothing."""
        if not self.rows:
            return None
        lower, upper = _neighbours(q, self.rows)
        low, high = self.found[lower], self.found[upper]
        # As polars has it, to the last bit: the range is scaled, and equal infinities have no range.
        return low if low == high else (high - low) * (q * (self.rows - 1) - lower) + low


def _neighbours(q: float, rows: int) -> tuple[int, int]:
    """The ranks on both sides of a quantile."""
    place = q * (rows - 1)
    return floor(place), ceil(place)


def _bin_of(rank: int, span: Span, bins: pl.DataFrame) -> tuple[int, int, int, int]:
    """The bin that holds a rank: the rank of its first value, its rows, smallest and largest key.

    A table that Spark computes anew for each pass may differ in the last digits of its floats, by which
    values may have left the span: the nearest one that is there is taken then.
    """
    if bins.is_empty():
        return 0, 1, span.low, span.low
    ends = bins["rows"].cum_sum()
    place = min(int(ends.search_sorted(rank, side="right")), bins.height - 1)
    rows, low, high = bins.select("rows", "low", "high").row(place)
    return int(ends[place]) - rows, rows, low, high


def _finer(low: int, high: int, rows: int) -> Span:
    return Span(low, high, 0 if rows <= FEW else max((high - low).bit_length() - BINS, 0))
