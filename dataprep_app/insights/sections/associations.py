"""Which columns go together: every pair of them in a matrix, and the strongest pairs.

Pearson and Spearman correlation of numbers and dates, one measure of association for columns of any kind, and
mutual information, which also sees what neither rises nor falls. A pair is told only where chance would hardly
give it. Whole numbers with few values are numbers beside numbers and categories beside categories.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Literal

import numpy as np
from scipy.special import ndtr

from dataprep_app.insights.measures import FEW_NUMBERS
from dataprep_app.insights.sections.facts import Associations, Matrix, Pair
from dataprep_app.insights.sections.readings import Codes, Floats, Reading, readings
from dataprep_app.insights.sections.sample import Sample
from dataprep_app.insights.sections.strength import Strength, correlation_ratio, cramers_v, uncertainty
from flows.engines.base import Control

COLUMNS = 30
"""The most columns that are looked at."""
PAIRS = 20
"""The most pairs that are told."""
OF_TARGET = 10
"""So many of them are kept for the target, where it has them."""
STRONG = 0.3
"""Least value of a pair that is told: a medium effect by Cohen (1988)."""
LEAST = 30
"""Rows where both are present, below which a pair is not told."""
CHANCE = 0.01
"""A pair is told where chance gives one as strong among all pairs less often than this."""
BINS = 10
"""Bins of a number for mutual information, by its quantiles."""
LEVELS = 50
"""Categories that mutual information keeps apart, the most frequent ones; the others are one."""
FLAT = 1e-13
"""A variance below this share of the mean square is rounding."""


@dataclass(frozen=True)
class _Column:
    reading: Reading

    @property
    def name(self) -> str:
        return self.reading.name

    @property
    def number(self) -> bool:
        return self.reading.role in ("number", "date")

    @property
    def category(self) -> bool:
        return not self.number or (self.reading.whole and self.reading.distinct <= FEW_NUMBERS)

    @cached_property
    def bins(self) -> Codes:
        """Its values in at most 10 bins by quantile, or its most frequent categories."""
        if not self.number:
            return _frequent(self.reading)
        numbers = self.reading.numbers
        known = np.isfinite(numbers)
        if not known.any():
            return np.full(len(numbers), -1)
        edges = np.unique(np.quantile(numbers[known], np.arange(1, BINS) / BINS))
        return np.where(known, np.searchsorted(edges, numbers, side="left"), -1)


def associations(sample: Sample, control: Control) -> Associations:
    """The columns that go together, and those that go with the target.

    Constants, identifiers, free text and nested columns are left out, and of more than 30 others those with the
    most missing values.
    """
    kept, left_out = _chosen(sample)
    control.check()
    numbers = [each for each in kept if each.number]
    values = np.column_stack([each.reading.numbers for each in numbers]) if numbers else np.zeros((0, 0))
    pearson = pearson_matrix(values)
    control.check()
    spearman = spearman_matrix(values)
    control.check()
    mixed = _mixed(kept, spearman)
    control.check()
    information = _information(kept)
    control.check()
    names = [each.name for each in kept]
    matrices = [
        _matrix("pearson", [each.name for each in numbers], pearson),
        _matrix("spearman", [each.name for each in numbers], spearman),
        _matrix("association", names, _values(mixed, len(kept))),
        _matrix("mutual_information", names, _values(information, len(kept))),
    ]
    return Associations(
        basis=sample.basis,
        matrices=tuple(each for each in matrices if len(each.columns) > 1),
        pairs=tuple(_strongest(kept, mixed, information, spearman, sample.target)),
        left_out=left_out,
    )


def pearson_matrix(values: Floats) -> Floats:
    """Pearson correlation of columns, each pair on the rows where both are there; NaN where not defined."""
    present = np.isfinite(values)
    marks = present.astype(np.float64)
    counts = present.sum(axis=0)
    middle = np.where(present, values, 0.0).sum(axis=0) / np.maximum(counts, 1)
    centred = np.where(present, values - middle, 0.0)
    scale = np.abs(centred).max(axis=0, initial=0.0)
    centred /= np.where(scale > 0, scale, 1.0)
    # Rounding of numbers that are all alike but far from zero is no spread.
    centred[:, scale <= FLAT * np.abs(middle)] = 0.0
    rows, sums, squares = marks.T @ marks, centred.T @ marks, (centred**2).T @ marks
    rows_or_one = np.maximum(rows, 1)
    spread = squares - sums**2 / rows_or_one
    spread[spread <= FLAT * squares] = 0.0
    scale = np.sqrt(spread) * np.sqrt(spread.T)
    both = centred.T @ centred - sums * sums.T / rows_or_one
    found = np.divide(both, scale, out=np.full_like(both, np.nan), where=(scale > 0) & (rows > 1))
    return np.asarray(np.clip(found, -1.0, 1.0))


def spearman_matrix(values: Floats) -> Floats:
    """Spearman correlation of columns, each pair ranked on the rows where both are there; NaN where not defined."""
    present = np.isfinite(values)
    codes = [_ordered(values[:, i], present[:, i]) for i in range(values.shape[1])]
    ranks = np.full(values.shape, np.nan)
    for i, each in enumerate(codes):
        ranks[present[:, i], i] = _ranks(each[present[:, i]])
    found = pearson_matrix(ranks)
    for i, j in combinations(range(len(codes)), 2):
        both = present[:, i] & present[:, j]
        rows = int(both.sum())
        if rows < max(int(present[:, i].sum()), int(present[:, j].sum())):
            # The ranks of one change where values of the other are missing.
            pair = np.column_stack([_ranks(codes[i][both]), _ranks(codes[j][both])]) if rows else np.zeros((0, 2))
            found[i, j] = found[j, i] = pearson_matrix(pair)[0, 1]
    return found


def _ordered(values: Floats, present: np.ndarray) -> Codes:
    codes = np.full(len(values), -1)
    codes[present] = np.unique(values[present], return_inverse=True)[1]
    return codes


def _ranks(codes: Codes) -> Floats:
    """Mean ranks of values that are numbered in their order."""
    counts = np.bincount(codes)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[codes], dtype=np.float64)


def _chosen(sample: Sample) -> tuple[list[_Column], tuple[str, ...]]:
    """Columns to look at, in the order of the table, and those that are not.

    Of more than 30 the target is taken, those that go with it the most, and then those with the fewest missing values.
    """
    every = readings(sample)
    useful = [_Column(each) for each in every if each.role in ("number", "date", "category") and each.distinct > 1]
    if len(useful) > COLUMNS:
        target = next((each for each in useful if each.name == sample.target), None)
        found = {each.name: _with(each, target) for each in useful}
        useful.sort(key=lambda each: (-found[each.name], int(each.reading.missing.sum())))
    kept = {each.name: each for each in useful[:COLUMNS]}
    order = [each.name for each in every]
    return [kept[name] for name in order if name in kept], tuple(name for name in order if name not in kept)


def _with(column: _Column, target: _Column | None) -> float:
    """How strongly a column goes with the target, the target itself beyond all; 0 where chance would hardly differ."""
    if target is None:
        return 0.0
    if column is target:
        return 2.0
    pair = (
        np.column_stack([column.reading.numbers, target.reading.numbers]) if column.number and target.number else None
    )
    rank = np.nan if pair is None else float(spearman_matrix(pair)[0, 1])
    strength = _association(column, target, rank)
    return strength.value or 0.0 if _tells(strength, CHANCE / COLUMNS) else 0.0


def _frequent(reading: Reading) -> Codes:
    if reading.distinct <= LEVELS:
        return reading.codes
    places = np.full(reading.distinct + 1, LEVELS - 1)
    places[np.argsort(-reading.counts, kind="stable")[: LEVELS - 1]] = np.arange(LEVELS - 1)
    places[-1] = -1
    return np.asarray(places[reading.codes])


Strengths = dict[tuple[int, int], Strength]


def _mixed(columns: Sequence[_Column], spearman: Floats) -> Strengths:
    """The association of every pair, by the measure that suits their kinds."""
    places = {each.name: i for i, each in enumerate(each for each in columns if each.number)}
    found: Strengths = {}
    for i, j in combinations(range(len(columns)), 2):
        first, second = columns[i], columns[j]
        numbers = first.number and second.number
        rank = float(spearman[places[first.name], places[second.name]]) if numbers else np.nan
        found[i, j] = _association(first, second, rank)
    return found


def _association(first: _Column, second: _Column, rank: float) -> Strength:
    """The association of two columns; of two numbers that of their rank correlation."""
    match _measure(first, second):
        case "spearman":
            return _monotone(rank, _rows(first, second))
        case "cramers_v":
            return cramers_v(first.reading.codes, second.reading.codes)
        case _:
            number, other = (first, second) if first.number else (second, first)
            return correlation_ratio(other.reading.codes, number.reading.numbers)


def _monotone(rank: float, rows: int) -> Strength:
    """The strength of a Spearman correlation; its chance is that of a normal variable, of the variance 1 / (n - 1)."""
    if not np.isfinite(rank):
        return Strength(None)
    return Strength(abs(rank), float(2 * ndtr(-abs(rank) * np.sqrt(max(rows - 1, 0)))))


def _information(columns: Sequence[_Column]) -> Strengths:
    return {(i, j): uncertainty(columns[i].bins, columns[j].bins) for i, j in combinations(range(len(columns)), 2)}


def _rows(first: _Column, second: _Column) -> int:
    return int((~first.reading.missing & ~second.reading.missing).sum())


def _strongest(
    columns: Sequence[_Column], mixed: Strengths, information: Strengths, spearman: Floats, target: str | None
) -> list[Pair]:
    """The pairs to tell, the strongest first.

    One that mutual information alone sees is told by it. Places are kept for pairs with the target.
    """
    limit = CHANCE / max(len(mixed), 1)
    numbers = [each.name for each in columns if each.number]
    found = []
    for (i, j), strength in mixed.items():
        first, second = columns[i], columns[j]
        rows = _rows(first, second)
        measure, value = _measure(first, second), strength.value
        if measure == "correlation_ratio" and _tells(strength, limit):
            strength = _on_ranks(first, second)
        if not _tells(strength, limit):
            strength, measure = information[i, j], "mutual_information"
            value = strength.value
        elif measure == "spearman":
            value = float(spearman[numbers.index(first.name), numbers.index(second.name)])
        if value is not None and rows >= LEAST and _tells(strength, limit):
            value = round(value, 6)
            found.append(Pair(first=first.name, second=second.name, measure=measure, value=value, rows=rows))
    found.sort(key=lambda pair: -abs(pair.value))
    ours = [pair for pair in found if target in (pair.first, pair.second)][:OF_TARGET]
    others = [pair for pair in found if pair not in ours][: PAIRS - len(ours)]
    return sorted([*ours, *others], key=lambda pair: -abs(pair.value))


def _on_ranks(first: _Column, second: _Column) -> Strength:
    """The correlation ratio on the ranks of the number: a few extreme values do not make one there."""
    number, other = (first, second) if first.number else (second, first)
    present = np.isfinite(number.reading.numbers)
    ranks = np.full(len(present), np.nan)
    ranks[present] = _ranks(_ordered(number.reading.numbers, present)[present])
    return correlation_ratio(other.reading.codes, ranks)


def _tells(strength: Strength, limit: float) -> bool:
    return strength.value is not None and strength.value >= STRONG and strength.chance <= limit


def _measure(
    first: _Column, second: _Column
) -> Literal["pearson", "spearman", "cramers_v", "correlation_ratio", "mutual_information"]:
    if first.number and second.number:
        return "spearman"
    return "cramers_v" if first.category and second.category else "correlation_ratio"


def _values(strengths: Strengths, many: int) -> Floats:
    found = np.eye(many)
    for (i, j), strength in strengths.items():
        found[i, j] = found[j, i] = np.nan if strength.value is None else strength.value
    return found


def _matrix(
    measure: Literal["pearson", "spearman", "association", "mutual_information"], names: Sequence[str], values: Floats
) -> Matrix:
    rounded = np.round(values, 6) + 0.0
    rows = tuple(tuple(None if each != each else each for each in row) for row in rounded.tolist())
    return Matrix(measure=measure, columns=tuple(names), values=rows)
