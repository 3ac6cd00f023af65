"""Where values are missing, which columns miss them together, and whether that tells of the target."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dataprep_app.insights.sections.facts import MissingPattern, MissingTogether, MissingValuesSection
from dataprep_app.insights.sections.readings import Marks, Reading, readings
from dataprep_app.insights.sections.sample import Sample
from dataprep_app.insights.sections.strength import by_chance, correlation_ratio, cramers_v
from flows.engines.base import Control

PATTERNS = 12
"""The most patterns that are listed."""
TOGETHER = 0.3
"""Least phi of two columns that are missing together."""
PAIRS = 20
"""The most pairs that are listed."""
LEAST = 5
"""Rows that must be missing in both columns, or missing and present beside a target, to speak of it at all."""
WITH_TARGET = 0.1
"""Least association of being missing with the target: a small effect by Cohen (1988)."""
CHANCE = 1e-4
"""Associations that are as strong by chance more often than this, divided by the columns, are not told."""


def missing_values(sample: Sample, control: Control) -> MissingValuesSection:
    """Where values are missing: null, NaN, and text that is empty or blank."""
    columns = readings(sample)
    counts = {each.name: int(each.missing.sum()) for each in columns}
    gaps = [each for each in columns if counts[each.name]]
    control.check()
    names = [each.name for each in gaps]
    missing = np.column_stack([each.missing for each in gaps]) if gaps else np.zeros((sample.rows.height, 0), bool)
    patterns, others = _patterns(names, missing)
    control.check()
    together = _together(names, missing)
    control.check()
    return MissingValuesSection(
        basis=sample.basis,
        patterns=tuple(patterns),
        other_patterns=others,
        together=tuple(together),
        by_column=tuple((name, counts[name]) for name in sorted(names, key=lambda name: -counts[name])),
        with_target=_with_target(gaps, next((each for each in columns if each.name == sample.target), None)),
    )


def _patterns(names: Sequence[str], missing: Marks) -> tuple[list[MissingPattern], int]:
    """Rows by the columns that are missing in them, and how many more such patterns there are.

    The most frequent come first, ties in the order of the rows; the complete rows are always among them.
    """
    if not len(missing):
        return [], 0
    if not names:
        return [MissingPattern(columns=(), rows=len(missing))], 0
    packed = np.ascontiguousarray(np.packbits(missing, axis=1))
    keys = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, places, counts = np.unique(keys, return_index=True, return_counts=True)
    order = np.lexsort((places, -counts))
    listed = order[:PATTERNS]
    complete = np.flatnonzero(~missing[places].any(axis=1))
    if len(complete) and complete[0] not in listed:
        listed = np.append(order[: PATTERNS - 1], complete)
    found = [
        MissingPattern(columns=tuple(names[i] for i in np.flatnonzero(missing[places[each]])), rows=int(counts[each]))
        for each in listed
    ]
    return found, len(order) - len(listed)


def _together(names: Sequence[str], missing: Marks) -> list[MissingTogether]:
    """Pairs of columns by phi, the Pearson correlation of being missing.

    At least 5 rows must be missing in both, and as many present in each, so that a few rows are no pair.
    """
    rows = len(missing)
    marks = missing.astype(np.float64)
    both, counts = marks.T @ marks, marks.sum(axis=0)
    spread = np.sqrt(counts * (rows - counts))
    scale = np.outer(spread, spread)
    phi = np.divide(rows * both - np.outer(counts, counts), scale, out=np.zeros_like(both), where=scale > 0)
    enough = rows - counts >= LEAST
    first, second = np.nonzero(np.triu((phi >= TOGETHER) & (both >= LEAST) & np.outer(enough, enough), k=1))
    known = [
        MissingTogether(first=names[i], second=names[j], correlation=min(float(phi[i, j]), 1.0), rows=int(both[i, j]))
        for i, j in zip(first.tolist(), second.tolist(), strict=True)
        if rows * phi[i, j] ** 2 >= by_chance(1, CHANCE / len(names))
    ]
    return sorted(known, key=lambda each: (-round(each.correlation, 12), -each.rows))[:PAIRS]


def _with_target(gaps: Sequence[Reading], target: Reading | None) -> tuple[tuple[str, float], ...]:
    """Columns whose being missing goes with the target, the strongest first; rows without a target are left out."""
    if target is None:
        return ()
    known = np.isfinite(target.numbers) if target.role == "number" else target.codes >= 0
    found = []
    for each in gaps:
        gone = each.missing[known].astype(np.int64)
        if each.name == target.name or min(int(gone.sum()), len(gone) - int(gone.sum())) < LEAST:
            continue
        if target.role == "number":
            strength = correlation_ratio(gone, target.numbers[known])
        else:
            strength = cramers_v(gone, target.codes[known])
        if strength.value is not None and strength.value >= WITH_TARGET and strength.chance <= CHANCE / len(gaps):
            found.append((each.name, strength.value))
    return tuple(sorted(found, key=lambda each: -each[1]))
