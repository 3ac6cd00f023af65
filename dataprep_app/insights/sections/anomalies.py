"""The rows that are least like the others, by an isolation forest, and the cells that made them so."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from dataprep_app.insights.measures import ROBUST
from dataprep_app.insights.sections.facts import AnomalySection
from dataprep_app.insights.sections.readings import VALUE, Floats, Reading, example_row, most_telling, readings
from dataprep_app.insights.sections.sample import Sample
from flows.engines.base import Control

ROWS = 10
"""The most rows that are shown."""
FIT = 5_000
"""The most rows that the forest is grown on; all are scored."""
TREES = 100
SEED = 0
LEAST = 50
"""Rows below which none can be told to be unlike the others."""
ANOMALOUS = 0.6
"""Least score of a row that is shown: that of potential anomalies in Liu, Ting and Zhou (2008), figure 3."""
RARE = 0.01
"""A cell is extreme where at most this share of the column's values are as far out, or as rare."""
MARKED = 3
"""The most cells of a row that are marked."""


def anomalies(sample: Sample, control: Control) -> AnomalySection:
    """The rows that an isolation forest (Liu, Ting and Zhou 2008) separates most easily from the others.

    It looks at numbers and dates, at how frequent a category is, and at the length of texts; what is missing counts as
    the median. A cell is marked where it is extreme by itself: a number that is an outlier and among the 1 % that are
    farthest out, or a category that is as rare. A row without such a cell is unusual by the combination of its values.
    """
    every = readings(sample)
    columns = [each for each in every if each.role in ("number", "date", "category", "text")]
    looked_at = tuple(each.name for each in columns)
    if sample.rows.height < LEAST or not columns:
        return AnomalySection(basis=sample.basis, columns=looked_at)
    grown = f" The forest was grown on {FIT:,} of them." if sample.rows.height > FIT else ""
    amounts = [_amounts(each) for each in columns]
    control.check()
    scores = _scores(np.column_stack([_filled(each) for each in amounts]))
    control.check()
    order = np.lexsort((np.arange(len(scores)), -np.round(scores, 12)))
    places = [int(place) for place in order[:ROWS] if scores[place] >= ANOMALOUS]
    tails = [_tail(each, values) for each, values in zip(columns, amounts, strict=True)] if places else []
    control.check()
    known, names = {each.name: each for each in every}, most_telling(every)
    rows = tuple(
        example_row(known, place, names, marked=_marked(columns, tails, place), score=round(float(scores[place]), 4))
        for place in places
    )
    return AnomalySection(basis=f"{sample.basis}{grown}", rows=rows, columns=looked_at)


def _amounts(column: Reading) -> Floats:
    """A column as numbers: those it has, the share of a category, or the length of a text; NaN where missing."""
    match column.role:
        case "number" | "date":
            return column.numbers
        case "category":
            shares = np.append(column.counts / max(column.counts.sum(), 1), np.nan)
            return np.asarray(shares[column.codes])
        case _:
            lengths = column.values.to_frame().select(VALUE.str.len_chars().cast(pl.Float64).fill_null(np.nan))
            return lengths.to_series().to_numpy().astype(np.float64)


def _filled(amounts: Floats) -> Floats:
    """Amounts as the forest takes them: the median for a missing one, and from -1 to 1, as it counts in 32 bits."""
    known = np.isfinite(amounts)
    middle = float(np.median(amounts[known])) if known.any() else 0.0
    centred = np.where(known, amounts - middle, 0.0)
    scale = np.abs(centred).max()
    return centred / scale if scale > 0 else centred


def _scores(matrix: Floats) -> Floats:
    """The anomaly score of each row, from 0 to 1."""
    # Imported here as it takes longer than all the rest of a report that has no anomalies.
    from sklearn.ensemble import IsolationForest

    random = np.random.default_rng(SEED)
    some = np.sort(random.choice(len(matrix), FIT, replace=False)) if len(matrix) > FIT else np.arange(len(matrix))
    forest = IsolationForest(n_estimators=TREES, random_state=SEED, n_jobs=1).fit(matrix[some])
    return np.asarray(-forest.score_samples(matrix), dtype=np.float64)


def _tail(column: Reading, amounts: Floats) -> Floats:
    """The share of the column's values that are at least as far out as each, or as rare; 1 where that is usual."""
    known = np.isfinite(amounts)
    if not known.any():
        return np.ones(len(amounts))
    distance = -amounts if column.role == "category" else np.abs(amounts - np.median(amounts[known]))
    ordered = np.sort(distance[known])
    beyond = 1 - np.searchsorted(ordered, distance, side="left") / len(ordered)
    extreme = known & (beyond <= RARE)
    if column.role != "category":
        extreme &= distance > ROBUST * _spread(amounts[known])
    return np.where(extreme, beyond, 1.0)


def _spread(amounts: Floats) -> float:
    """The robust standard deviation by which outliers are told elsewhere in a report."""
    low, high = np.quantile(amounts, [0.05, 0.95])
    return float(np.clip(amounts, low, high).std(ddof=1) or amounts.std(ddof=1)) if len(amounts) > 1 else 0.0


def _marked(columns: Sequence[Reading], tails: Sequence[Floats], place: int) -> list[str]:
    """The columns whose cell is extreme in a row, the most extreme first."""
    rarity = sorted((float(tail[place]), each.name) for each, tail in zip(columns, tails, strict=True))
    return [name for share, name in rarity if share < 1][:MARKED]
