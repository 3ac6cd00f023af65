"""Columns that compare the same way in nearly all rows: one is at most the other, equals it, or is the sum of two."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations
from typing import Literal

import numpy as np
import polars as pl

from dataprep_app.insights.sections.readings import Codes, Floats, Marks, Reading
from flows.engines.base import Control

LEAST = 30
"""Rows that a dependency must have."""
NEARLY = 0.98
"""Least share of the rows for which a dependency must hold."""
NEARLY_EQUAL = 0.95
"""The same for columns that are equal."""
GAIN = 0.8
"""Least share of what is left to gain, over two columns that have nothing to do with each other."""
TRIVIAL = 0.9
"""Two columns of which one is at most the other so often without having to do with it say nothing by that."""
CLIFF = 20
"""So many times as many differences must be just above 0 as just below: a rule ends there, a mere habit fades out."""
ADDENDS = 12
"""The most columns that sums are looked for in."""
BOTH = 0.2
"""Least share of the rows in which neither addend is 0."""
SOME_EQUAL = 0.01
"""Share of the rows in which two numbers are equal from which they are taken to be of one unit."""
WORD = re.compile(r"[a-z]+")
PROBED = 256
"""Rows that are tried before all of them are."""
DECIMALS = 6
"""Digits after the point beyond which a difference is rounding."""


@dataclass(frozen=True)
class Comparison:
    """What compares the same way in nearly all rows, or in all of them."""

    kind: Literal["decides", "at_most", "equals", "sum"]
    determinant: tuple[Reading, ...]
    dependent: Reading
    rows: int
    """Rows that could break it."""
    broken: Codes
    """Places of the rows that do, in the order of the table."""

    @property
    def holds(self) -> float:
        """Share of the rows that do not break it."""
        return 1 - len(self.broken) / self.rows

    @property
    def names(self) -> frozenset[str]:
        """All its columns."""
        return frozenset(each.name for each in (*self.determinant, self.dependent))


def equals(columns: Sequence[Reading], control: Control) -> Iterator[Comparison]:
    """Columns of one type that are equal in nearly all rows, more often than columns of these values are by chance."""
    for first, second in combinations(columns, 2):
        control.check()
        if first.values.dtype != second.values.dtype and not _numeric(first, second):
            continue
        known = ~first.missing & ~second.missing
        if int(known.sum()) < LEAST:
            continue
        places = np.flatnonzero(known)
        probe = _probe(places)
        if not _alike(first, second, probe).mean() >= NEARLY_EQUAL / 2:
            continue
        same = _alike(first, second, places)
        by_chance = _chance_of_equal(first, second, places)
        if same.mean() >= NEARLY_EQUAL and same.mean() - by_chance >= GAIN * (1 - by_chance) > 0:
            yield Comparison("equals", (first,), second, len(places), places[~same])


def at_most(columns: Sequence[Reading], control: Control) -> Iterator[Comparison]:
    """Columns of which one is hardly ever above the other, though their ranges would let it be.

    Numbers have to be of one unit to be compared: they have a word of their names in common, or are equal in some rows.

    What follows from others is left out: of ``a <= b`` and ``b <= c`` that ``a <= c``.
    """
    dates = [each for each in columns if each.role == "date"]
    numbers = [each for each in columns if each.role == "number" and each.values.dtype.is_numeric()]
    found: dict[tuple[str, str], Comparison] = {}
    pairs = (pair for pair in permutations(numbers, 2) if _one_unit(*pair))
    for low, high in (*permutations(dates, 2), *pairs):
        control.check()
        comparison = _at_most(low, high)
        if comparison is not None:
            found[low.name, high.name] = comparison
    above: dict[str, set[str]] = {}
    for low_name, high_name in found:
        above.setdefault(low_name, set()).add(high_name)
    for (low_name, high_name), comparison in found.items():
        between = above[low_name] - {high_name}
        if not any(high_name in above.get(each, ()) and low_name not in above.get(each, ()) for each in between):
            yield comparison


def sums(columns: Sequence[Reading], control: Control) -> Iterator[Comparison]:
    """Numbers of which one is the sum of two others in nearly all rows, up to rounding."""
    numbers = [each for each in columns if each.role == "number" and each.values.dtype.is_numeric()]
    chosen = sorted(numbers, key=lambda each: (int(each.missing.sum()), -each.distinct))[:ADDENDS]
    chosen = [each for each in numbers if each in chosen]
    for (first, second), total in (
        (pair, total) for pair in combinations(chosen, 2) for total in chosen if total not in pair
    ):
        control.check()
        known = np.isfinite(first.numbers) & np.isfinite(second.numbers) & np.isfinite(total.numbers)
        places = np.flatnonzero(known)
        if len(places) < LEAST or not _adds_up(first, second, total, _probe(places)).mean() >= NEARLY / 2:
            continue
        right = _adds_up(first, second, total, places)
        tells = (first.numbers[places] != 0) & (second.numbers[places] != 0)
        if tells.sum() < max(LEAST, BOTH * len(places)) or right[tells].mean() < NEARLY or right.mean() < NEARLY:
            continue
        yield Comparison("sum", (first, second), total, len(places), places[~right])


def _one_unit(low: Reading, high: Reading) -> bool:
    """Whether two numbers can be compared: horsepower and cubic inches cannot, whatever their sizes."""
    words = [
        {each for each in WORD.findall(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column.name).lower()) if len(each) > 2}
        for column in (low, high)
    ]
    return bool(words[0] & words[1]) or float((low.numbers == high.numbers).mean()) >= SOME_EQUAL


def _numeric(*columns: Reading) -> bool:
    return all(each.values.dtype.is_numeric() for each in columns)


def _probe(places: Codes) -> Codes:
    """Some of the places, spread over all."""
    return places[:: max(1, len(places) // PROBED)]


def _alike(first: Reading, second: Reading, places: Codes) -> Marks:
    if _numeric(first, second):
        return np.asarray(first.numbers[places] == second.numbers[places])
    same = first.values.gather(places) == second.values.gather(places)
    return same.to_numpy().astype(bool)


def _chance_of_equal(first: Reading, second: Reading, places: Codes) -> float:
    """How often the two would be equal if their values were shuffled."""
    values = [each.values.gather(places) for each in (first, second)]
    if _numeric(first, second):
        values = [each.cast(pl.Float64) for each in values]
    left, right = (each.value_counts(name="rows") for each in values)
    both = left.join(right, on="value")
    return float((both["rows"].cast(pl.Float64) * both["rows_right"].cast(pl.Float64)).sum()) / len(places) ** 2


def _at_most(low: Reading, high: Reading) -> Comparison | None:
    known = np.isfinite(low.numbers) & np.isfinite(high.numbers)
    rows = int(known.sum())
    below = low.numbers <= high.numbers
    holds = int(below.sum()) / max(rows, 1)
    if rows < LEAST or holds < NEARLY:
        return None
    small, large = low.numbers[known], high.numbers[known]
    if float((small == large).mean()) >= NEARLY_EQUAL:
        return None
    chance = float(np.searchsorted(np.sort(small), np.sort(large), side="right").mean()) / rows
    if chance > TRIVIAL or holds - chance < GAIN * (1 - chance) or not _ends_at_zero(large - small):
        return None
    return Comparison("at_most", (low,), high, rows, np.flatnonzero(known & ~below))


def _ends_at_zero(differences: Floats) -> bool:
    """Whether differences stop at 0, but for errors: those within the median of the negative ones on either side."""
    below = -differences[differences < 0]
    if not len(below):
        return True
    reach = float(np.median(below))
    above = int(((differences > 0) & (differences <= reach)).sum())
    return above >= CLIFF * int((below <= reach).sum())


def _adds_up(first: Reading, second: Reading, total: Reading, places: Codes) -> Marks:
    left: Floats = first.numbers[places] + second.numbers[places]
    right: Floats = total.numbers[places]
    return np.asarray(np.abs(left - right) <= 10.0**-DECIMALS * np.maximum(1.0, np.abs(right)) * 0.5)
