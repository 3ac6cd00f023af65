"""Whether columns change from the first rows of a table to its last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from dataprep_app.insights.rules.wording import percent
from dataprep_app.insights.sections.associations import spearman_matrix
from dataprep_app.insights.sections.facts import DriftingColumn, DriftSection
from dataprep_app.insights.sections.readings import Codes, Floats, Reading, readings
from dataprep_app.insights.sections.sample import Sample
from dataprep_app.insights.sections.strength import by_chance
from flows.engines.base import Control

DISTANCE = 0.2
"""Least distance of the two parts that is told."""
CHANCE = 1e-3
"""Chance gives a distance that is told in fewer than this share of tables without drift."""
LEAST = 30
"""Values that each part must have."""
PRESENT = 0.8
"""Least share of rows with a date, for rows to be ordered by it."""
MOMENTS = 10
"""Least different dates for rows to be ordered by them."""
MONOTONE = 0.9
"""From this rank correlation with the order on, a column is the order in other words: a counter, a year."""
SORTED = 0.99
"""From this rank correlation with its place on, the table is sorted by a column, maybe in the order of a language."""
BLOCKS = 0.2
"""A column that changes from row to row less often than this share of what chance gives is laid out in blocks."""
ENOUGH = 20
"""Changes that chance must give for a table to be said to be laid out by a column."""
YEARS = (1_800, 2_100)
"""Whole numbers that may be years."""
LEVELS = 50
"""Columns of more categories than this are not looked at: rows beside each other often share one of many."""


def drift(sample: Sample, control: Control) -> DriftSection:
    """The columns that differ between the first and the last third of the rows.

    Rows are ordered by the date column, where there is exactly one, else by their place. Distances are those of
    Kolmogorov and Smirnov for numbers and total variation for categories; they must be beyond what chance gives.
    Left out are columns that are the order in other words, or laid out in blocks along it. A table that is sorted by
    anything but a date, a year or a counter has no first and last rows to speak of, so nothing is said of it.
    """
    every = readings(sample)
    ordered_by = _date(every)
    if ordered_by is None and not (sample.ordered and sample.rows.height):
        return DriftSection(basis=sample.basis)
    order = np.arange(sample.rows.height) if ordered_by is None else _by_date(ordered_by)
    courses = {each.name: _Course.of(each, order) for each in every if each.role not in ("constant", "other")}
    control.check()
    if ordered_by is None and _sorted_otherwise(every, courses):
        return DriftSection(basis=sample.basis)
    columns = [each for each in every if each.role in ("number", "date", "category") and each is not ordered_by]
    columns = [each for each in columns if not (courses[each.name].follows or _too_many(each))]
    third = len(order) // 3
    first, last = order[:third], order[len(order) - third :]
    control.check()
    found = []
    for each in columns:
        changed = _changed(each, first, last, CHANCE / len(columns))
        if changed is not None:
            found.append(changed)
    return DriftSection(
        basis=f"{sample.basis} The first {third:,} are compared with the last {third:,}.",
        order=ordered_by.name if ordered_by else "",
        columns=tuple(sorted(found, key=lambda each: -each.distance)),
        looked_at=len(columns),
    )


def _date(columns: Sequence[Reading]) -> Reading | None:
    """The only column of dates; none where there are more, for which of them orders the rows is not known."""
    dates = [each for each in columns if each.role == "date"]
    if len(dates) != 1:
        return None
    enough = dates[0].distinct >= MOMENTS and float(dates[0].missing.mean()) <= 1 - PRESENT
    return dates[0] if enough else None


def _by_date(column: Reading) -> Codes:
    """Places of the rows that have a date, in its order; those of one date stay in the order of the table."""
    order = np.argsort(column.codes, kind="stable")
    return np.asarray(order[column.codes[order] >= 0])


@dataclass(frozen=True)
class _Course:
    """How a column runs along the rows."""

    enough: bool
    """Whether it changes often enough for the rest to mean anything."""
    rises: bool
    """Whether it only rises, or only falls."""
    blocks: bool
    """Whether equal values stand together."""
    rank: float
    """Spearman correlation with the place."""

    @classmethod
    def of(cls, column: Reading, order: Codes) -> _Course:
        codes = column.codes[order]
        known = codes[codes >= 0]
        shares = np.bincount(known) / max(len(known), 1)
        by_luck = len(known) * (1 - float((shares**2).sum()))
        steps = np.diff(known)
        pair = np.column_stack([codes, np.arange(len(codes))])[codes >= 0].astype(np.float64)
        return cls(
            enough=by_luck >= ENOUGH,
            rises=bool((steps >= 0).all() or (steps <= 0).all()),
            blocks=int((steps != 0).sum()) <= BLOCKS * by_luck,
            rank=float(np.nan_to_num(spearman_matrix(pair)[0, 1])),
        )

    @property
    def follows(self) -> bool:
        """Whether the column is laid out along the rows."""
        return self.enough and (self.rises or self.blocks or abs(self.rank) >= MONOTONE)


def _sorted_otherwise(columns: Sequence[Reading], courses: Mapping[str, _Course]) -> bool:
    """Whether the table is sorted or grouped by something, and not by time.

    Counters are no time: they are often given after sorting.
    """
    laid_out = [(each, courses[each.name]) for each in columns if each.name in courses and courses[each.name].enough]
    if any(course.rises and (each.role == "date" or _years(each)) for each, course in laid_out):
        return False
    return any(
        course.blocks or ((course.rises or abs(course.rank) >= SORTED) and not _counter(each))
        for each, course in laid_out
    )


def _too_many(column: Reading) -> bool:
    return column.role == "category" and column.distinct > LEVELS


def _years(column: Reading) -> bool:
    known = column.numbers[np.isfinite(column.numbers)] if column.whole else np.zeros(0)
    return len(known) > 0 and bool(known.min() >= YEARS[0] and known.max() <= YEARS[1])


def _counter(column: Reading) -> bool:
    return column.whole and column.distinct == len(column.values) - int(column.missing.sum())


def _changed(column: Reading, first: Codes, last: Codes, chance: float) -> DriftingColumn | None:
    """How a column differs between two parts, if it does so beyond chance."""
    if column.role == "category":
        return _shifted(column, first, last, chance)
    before, after = (column.numbers[part][np.isfinite(column.numbers[part])] for part in (first, last))
    if min(len(before), len(after)) < LEAST:
        return None
    distance = _kolmogorov_smirnov(before, after)
    noise = np.sqrt(-np.log(chance / 2) / 2 * (1 / len(before) + 1 / len(after)))
    if distance < max(DISTANCE, noise):
        return None
    words = [_middle(column, part) for part in (first, last)]
    if words[0] == words[1]:
        words = [f"mean {part.mean():,.4g}" for part in (before, after)]
    return DriftingColumn(name=column.name, distance=round(distance, 4), first=words[0], last=words[1])


def _kolmogorov_smirnov(first: Floats, second: Floats) -> float:
    """The largest distance of the two distribution functions."""
    every = np.concatenate([first, second])
    shares = [np.searchsorted(np.sort(each), every, side="right") / len(each) for each in (first, second)]
    return float(np.abs(shares[0] - shares[1]).max())


def _middle(column: Reading, part: Codes) -> str:
    """The median in words; of dates and times the earlier of the two in the middle."""
    known = part[np.isfinite(column.numbers[part])]
    if column.values.dtype.is_numeric() or column.values.dtype == pl.String:
        return f"median {np.median(column.numbers[known]):,.6g}"
    ordered = known[np.argsort(column.numbers[known], kind="stable")]
    return f"median {column.text(int(ordered[(len(ordered) - 1) // 2]))}"


def _shifted(column: Reading, first: Codes, last: Codes, chance: float) -> DriftingColumn | None:
    """The total variation distance of categories; many rare ones differ by chance, which is not counted as drift."""
    counts = [np.bincount(column.codes[part] + 1, minlength=column.distinct + 1)[1:] for part in (first, last)]
    rows = [int(each.sum()) for each in counts]
    if min(rows) < LEAST:
        return None
    before, after = (each / each.sum() for each in counts)
    distance = float(np.abs(before - after).sum() / 2)
    shares = (counts[0] + counts[1]) / sum(rows)
    spread = 1 / rows[0] + 1 / rows[1]
    noise = float(np.sqrt(2 / np.pi * shares * (1 - shares) * spread).sum() / 2)
    there = shares > 0
    chi2 = float(((before - after)[there] ** 2 / (shares[there] * spread)).sum())
    if distance < DISTANCE + noise or chi2 < by_chance(max(int(there.sum()) - 1, 1), chance):
        return None
    most = int(np.argmax(np.abs(before - after)))
    name = column.text(int(np.flatnonzero(column.codes == most)[0]))
    words = [f"{name!r} in {percent(share[most])}" for share in (before, after)]
    return DriftingColumn(name=column.name, distance=round(distance, 4), first=words[0], last=words[1])
