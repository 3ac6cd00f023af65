"""What holds between columns in nearly all rows, and the rows that break it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dataprep_app.insights.sections.comparisons import LEAST, NEARLY, Comparison, at_most, equals, sums
from dataprep_app.insights.sections.facts import Dependency, DependencySection
from dataprep_app.insights.sections.readings import Codes, Marks, Reading, example_row, most_telling, readings
from dataprep_app.insights.sections.sample import Sample
from flows.engines.base import Control

FOUND = 10
"""The most dependencies that are told."""
EXAMPLES = 5
"""The most rows of each that are shown."""
PER_VALUE = 5
"""Least rows that a value of a column must have on average, for the column to decide another."""
GAIN = 0.9
"""Least share of the wrong guesses of a column that are right once the other is known: lambda of Goodman and Kruskal
(1954). Always guessing the most frequent value is right often enough where one value is nearly all there is."""
MINOR = 0.25
"""A row clearly breaks a dependency where at most this share of the rows that decide alike are like it."""
CLEAR = 0.5
"""Least share of the rows that break a dependency that must do so clearly: Springfield lies in many states."""
PROBED = 2_000
"""Rows that are tried before all of them are."""


def dependencies(sample: Sample, control: Control) -> DependencySection:
    """Columns that decide others, are never above them, equal them or add up to them, but for a few rows.

    Only what holds in at least 98 % of the rows (95 % of equal columns) and is not so by chance is told, the firmest
    first, with some of the rows that break it.
    """
    columns = [each for each in readings(sample) if each.role not in ("other", "constant")]
    same = list(equals(columns, control))
    paired = {each.names for each in same}
    added = list(sums(columns, control))
    # Where one column is the sum of others it is also hardly ever below them.
    implied = [each.names for each in added]
    ordered = [each for each in at_most(columns, control) if not any(each.names <= names for names in implied)]
    decided = [each for each in _decided(columns, control) if each.names not in paired]
    every = [*same, *added, *ordered, *decided]
    broken = [each for each in every if len(each.broken)]
    firmest = sorted(_told(broken, every), key=lambda each: -each.holds)[:FOUND]
    known, names = {each.name: each for each in columns}, most_telling(columns, 4)
    return DependencySection(
        basis=sample.basis,
        found=tuple(_dependency(each, known, names) for each in firmest),
        whole=len({(each.kind, each.names) for each in every if not len(each.broken)}),
    )


def _told(broken: Sequence[Comparison], every: Sequence[Comparison]) -> list[Comparison]:
    """The dependencies to tell: each dependent once, and not where another column decides it in every row.

    Two columns that decide each other are one dependency.
    """
    whole = {each.dependent.name for each in every if each.kind == "decides" and not len(each.broken)}
    told = [each for each in broken if each.kind != "decides"]
    seen: set[str | frozenset[str]] = set()
    firmest = sorted(broken, key=lambda each: (-each.holds, each.determinant[0].distinct))
    for each in (each for each in firmest if each.kind == "decides"):
        if each.dependent.name not in whole and not seen & {each.dependent.name, each.names}:
            told.append(each)
            seen |= {each.dependent.name, each.names}
    return told


def _decided(columns: Sequence[Reading], control: Control) -> list[Comparison]:
    """Columns of categories and whole numbers of which one decides another in at least 98 % of the rows."""
    able = [each for each in columns if _few(each)]
    found = []
    for determinant in able:
        control.check()
        for dependent in able:
            if dependent is not determinant and _may_decide(determinant, dependent):
                comparison = _decides(determinant, dependent)
                if comparison is not None:
                    found.append(comparison)
    return found


def _few(column: Reading) -> bool:
    """Whether a column may decide or be decided: each of its values has some rows to tell by."""
    if column.role == "date" or not 2 <= column.distinct <= int(column.counts.sum()) / PER_VALUE:
        return False
    if column.values.dtype.is_numeric() and not column.whole:
        known = column.numbers[np.isfinite(column.numbers)]
        return bool((known == np.floor(known)).all())
    return True


def _may_decide(determinant: Reading, dependent: Reading) -> bool:
    """Whether one could decide the other, by the number of their values and by some of the rows."""
    most_frequent = np.sort(dependent.counts)[::-1][: determinant.distinct]
    if most_frequent.sum() < NEARLY * dependent.counts.sum() * (1 - float(determinant.missing.mean())):
        return False
    step = max(1, len(determinant.codes) // PROBED)
    known = _both(determinant, dependent)[::step]
    first, second = determinant.codes[::step][known], dependent.codes[::step][known]
    right, _ = _guessed(first, second)
    return len(first) > 0 and float(right.mean()) >= NEARLY - 0.02


def _both(first: Reading, second: Reading) -> Marks:
    return np.asarray((first.codes >= 0) & (second.codes >= 0))


def _guessed(first: Codes, second: Codes) -> tuple[Marks, Codes]:
    """Whether each row has the most frequent second value of its first one, and how many rows have both its values."""
    if not len(first):
        return np.zeros(0, dtype=bool), np.zeros(0, dtype=np.int64)
    wide = int(second.max()) + 1
    pairs, place, counts = np.unique(first * wide + second, return_inverse=True, return_counts=True)
    owners = pairs // wide
    starts = np.flatnonzero(np.r_[True, np.diff(owners) > 0])
    most = np.repeat(np.maximum.reduceat(counts, starts), np.diff(np.r_[starts, len(pairs)]))
    # Of several values that are as frequent the first is taken.
    candidates = np.flatnonzero(counts == most)
    chosen = candidates[np.r_[True, np.diff(owners[candidates]) > 0]]
    right = np.zeros(len(pairs), dtype=bool)
    right[chosen] = True
    return right[place], counts[place]


def _decides(determinant: Reading, dependent: Reading) -> Comparison | None:
    places = np.flatnonzero(_both(determinant, dependent))
    rows_alike = np.bincount(determinant.codes[places])
    places = places[rows_alike[determinant.codes[places]] >= 2]
    if len(places) < LEAST:
        return None
    first, second = determinant.codes[places], dependent.codes[places]
    right, counts = _guessed(first, second)
    holds, baseline = float(right.mean()), float(np.bincount(second).max()) / len(places)
    if holds < NEARLY or baseline == 1 or holds - baseline < GAIN * (1 - baseline):
        return None
    wrong = np.flatnonzero(~right)
    if not len(wrong):
        return Comparison("decides", (determinant,), dependent, len(places), places[wrong])
    share = counts[wrong] / rows_alike[first[wrong]]
    if float((share <= MINOR).mean()) < CLEAR:
        return None
    clearest = np.argsort(share, kind="stable")
    return Comparison("decides", (determinant,), dependent, len(places), places[wrong][clearest])


def _dependency(comparison: Comparison, columns: dict[str, Reading], names: Sequence[str]) -> Dependency:
    determinant, dependent = tuple(each.name for each in comparison.determinant), comparison.dependent.name
    return Dependency(
        determinant=determinant,
        dependent=dependent,
        kind=comparison.kind,
        holds=round(comparison.holds, 6),
        rows=comparison.rows,
        broken=len(comparison.broken),
        examples=tuple(
            example_row(columns, int(place), [*determinant, *names], marked=[dependent])
            for place in comparison.broken[:EXAMPLES]
        ),
    )
