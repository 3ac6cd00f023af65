"""A column of dates in detail: its parts, and what each alone tells of the target."""

from __future__ import annotations

import calendar
import math
from typing import Literal, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataprep_app.insights.power import LEAST
from dataprep_app.insights.sections.card_labels import Labels, told
from dataprep_app.insights.sections.facts import DatePart, Level

Part = Literal["year", "quarter", "month", "week", "weekday", "hour", "minute", "second"]
CLOCK: tuple[Part, ...] = ("hour", "minute", "second")
YEARS = 60
"""Beyond so many different years, decades are counted."""
Counts = NDArray[np.float64]

FOLDS = 5
PRIOR = 10.0
"""Rows that the mean of all counts for beside the rows of a level, so that a few rows decide nothing
(Micci-Barreca 2001, "A preprocessing scheme for high-cardinality categorical attributes")."""


def date_parts(moments: pl.Series, labels: Labels | None) -> tuple[DatePart, ...]:
    """The parts that vary, each with its levels in the order of the calendar; weeks are those of ISO 8601.

    A moment with a time zone is taken apart as its clocks show it.
    """
    found = []
    for part in get_args(Part):
        if part in CLOCK and moments.dtype == pl.Date:
            continue
        numbers = _numbers(moments, part)
        there = numbers.is_not_null().to_numpy()
        values, codes = np.unique(numbers.drop_nulls().to_numpy(), return_inverse=True)
        if len(values) < 2:
            continue
        decades = part == "year" and len(values) > YEARS
        if decades:
            values, codes = np.unique(values[codes] // 10, return_inverse=True)
        names = [f"{10 * each}s" if decades else _name(part, int(each)) for each in values]
        mine = labels.where(there) if labels else None
        found.append(DatePart(part=part, levels=_levels(names, codes, mine), power=part_power(codes, mine)))
    return tuple(found)


def part_power(codes: NDArray[np.intp], labels: Labels | None) -> float | None:
    """Prediction power of the levels of a part, 0 to 1; none without a target, or for fewer than 100 rows.

    Unlike that of a column (:mod:`dataprep_app.insights.power`) it takes no trees: a row is predicted by the mean
    target of its level in the other four fifths of the rows, drawn towards the mean of all. The score is that of
    power: R2 of a number, 2 AUC - 1 of two classes, of more each against the rest, weighed by its rows; averaged
    over the folds.
    """
    if labels is None:
        return None
    known = labels.known
    codes, numbers = codes[known], labels.numbers[known]
    if len(codes) < LEAST:
        return None
    fold = np.random.default_rng(0).permutation(np.arange(len(codes)) % FOLDS)
    if labels.classes is None:
        return told(max(0.0, _explained(codes, numbers, fold)))
    return told(max(0.0, _gained(codes, labels.classes[known], fold)))


def _numbers(moments: pl.Series, part: Part) -> pl.Series:
    return moments.dt.quarter() if part == "quarter" else getattr(moments.dt, part)()


def _name(part: Part, number: int) -> str:
    match part:
        case "quarter":
            return f"Q{number}"
        case "month":
            return calendar.month_name[number]
        case "weekday":
            return calendar.day_name[number - 1]
        case _:
            return str(number)


def _levels(names: list[str], codes: NDArray[np.intp], labels: Labels | None) -> tuple[Level, ...]:
    rows = np.bincount(codes, minlength=len(names)).tolist()
    means = labels.means(codes, len(names)) if labels else [None] * len(names)
    return tuple(Level(name=name, rows=n, target=mean) for name, n, mean in zip(names, rows, means, strict=True))


def _encoded(counts: Counts, sums: Counts) -> Counts:
    """The mean target of each level, from its rows and the sum of their targets, drawn towards the mean of all."""
    return np.asarray((sums + PRIOR * sums.sum(axis=0) / counts.sum(axis=0)) / (counts + PRIOR))


def _explained(codes: NDArray[np.intp], target: NDArray[np.float64], fold: NDArray[np.int64]) -> float:
    """The mean R2 of the folds, those left out in which the target does not vary."""
    size = int(codes.max()) + 1
    found = []
    for each in range(FOLDS):
        train, test = fold != each, target[fold == each]
        rows = np.bincount(codes[train], minlength=size).astype(float)
        sums = np.asarray(np.bincount(codes[train], weights=target[train], minlength=size), dtype=float)
        with np.errstate(over="ignore", invalid="ignore"):
            missed = ((test - _encoded(rows, sums)[codes[~train]]) ** 2).sum()
            spread = ((test - test.mean()) ** 2).sum()
        if spread > 0:
            found.append(1 - float(missed / spread) if math.isfinite(spread) else 0.0)
    return float(np.mean(found)) if found else 0.0


def _gained(codes: NDArray[np.intp], classes: NDArray[np.int64], fold: NDArray[np.int64]) -> float:
    """The mean of 2 AUC - 1 of the folds, each class against the rest, weighed by its rows."""
    levels, size = int(codes.max()) + 1, int(classes.max()) + 1
    flat = codes * size + classes
    found = []
    for each in range(FOLDS):
        test = fold == each
        seen, held = (
            np.bincount(flat[part], minlength=levels * size).reshape(levels, size).astype(float)
            for part in (~test, test)
        )
        scores = _encoded(seen.sum(axis=1, keepdims=True), seen)
        area, ones = areas(scores, held, held.sum(axis=1, keepdims=True) - held), held.sum(axis=0)
        defined = ~np.isnan(area)
        if defined.any():
            found.append(2 * float(np.average(area[defined], weights=ones[defined])) - 1)
    return float(np.mean(found)) if found else 0.0


def areas(scores: Counts, ones: Counts, zeros: Counts) -> Counts:
    """Areas under the ROC curve, one for each column, of rows counted by score; ties count half.

    Args:
        scores: of each level, a column for each class.
        ones: rows of the class that have the level.
        zeros: rows of the others.

    Returns:
        NaN for a class that has no row, or all.
    """
    above = (scores[:, None] > scores[None]) + 0.5 * (scores[:, None] == scores[None])
    pairs = ones.sum(axis=0) * zeros.sum(axis=0)
    won = np.einsum("ic,ijc,jc->c", ones, above, zeros, optimize=True)
    return np.where(pairs > 0, won / np.maximum(pairs, 1), np.nan)
