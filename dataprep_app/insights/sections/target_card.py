"""The card of the target: its classes, or how its numbers are spread and which rows lie far out."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from dataprep_app.insights.sections.card_levels import counted, levels_of, shown
from dataprep_app.insights.sections.card_numbers import EXTREME, Numbers, bounds, spread
from dataprep_app.insights.sections.facts import ExampleRow, TargetCard
from dataprep_app.insights.sections.sample import Sample
from flows.engines.base import Control
from transforms.core.columns import column
from transforms.core.conversion import as_text, blank
from transforms.scoring.problem import ProblemType, numbers

INVALID = 10
"""The most values that are no number that are listed (Data Quality and Insights Report of SageMaker Data Wrangler)."""
COLUMNS = 6
"""Columns beside the target that an outlier row is shown with."""
LONG = 60
"""Texts of more characters on average say too much beside others."""


def target_card(sample: Sample, control: Control) -> TargetCard | None:
    """The target in detail; none where nothing is to be predicted."""
    problem = sample.problem
    if problem is None:
        return None
    control.check()
    values = sample.rows.select(column(problem.target).alias("value")).to_series()
    facts = _amounts(sample, values) if problem.kind == "regression" else _classes(values, problem)
    return TargetCard(basis=sample.basis, name=problem.target, **facts)


def _classes(values: pl.Series, problem: ProblemType) -> dict[str, Any]:
    """The most frequent classes; blank texts are none."""
    counts = counted(values, None)
    if counts.schema["value"] == pl.String:
        counts = counts.filter(pl.col("value") != "")
    levels, other_rows = levels_of(counts)
    return {"levels": levels, "other_rows": other_rows}


def _amounts(sample: Sample, values: pl.Series) -> dict[str, Any]:
    frame = values.to_frame()
    found = frame.select(numbers(pl.col("value"), values.dtype)).to_series()
    amounts = found.fill_null(np.nan).to_numpy()
    known = amounts[~np.isnan(amounts)]
    low, high = bounds(known)
    outside = (amounts < low) | (amounts > high)
    levels, other_rows = levels_of(counted(found, None), least=2)
    return {
        **spread(values, amounts, None),
        "levels": levels,
        "other_rows": other_rows if levels else 0,
        "invalid": _invalid(frame, found),
        "outlier_share": float(outside.sum() / len(known)) if len(known) else None,
        "outlier_rows": _outliers(sample, amounts, low, high),
    }


def _invalid(frame: pl.DataFrame, found: pl.Series) -> tuple[str, ...]:
    """Values that are there and no finite number."""
    dtype = frame.schema["value"]
    there = ~blank(pl.col("value")) if dtype == pl.String else pl.col("value").is_not_null()
    odd = frame.filter(there & found.is_null()).select(as_text(pl.col("value"), dtype).cast(pl.String)).to_series()
    return shown(counted(odd, None)["value"].head(INVALID))


def _outliers(sample: Sample, amounts: Numbers, low: float, high: float) -> tuple[ExampleRow, ...]:
    """The rows with the lowest outliers, the lowest first, then those with the highest, the highest first."""
    order = np.argsort(amounts, kind="stable")
    lowest = order[amounts[order] < low][:EXTREME]
    highest = np.argsort(-amounts, kind="stable")
    highest = highest[amounts[highest] > high][:EXTREME]
    target = str(sample.target)
    picked = sample.rows[np.r_[lowest, highest].astype(np.int64)]
    names = [target, *_shown_columns(sample)]
    texts = picked.select(
        as_text(column(name), picked.schema[name]).cast(pl.String).str.slice(0, 80).alias(str(place))
        for place, name in enumerate(names)
    )
    return tuple(ExampleRow(values=dict(zip(names, row, strict=True)), marked=(target,)) for row in texts.iter_rows())


def _shown_columns(sample: Sample) -> list[str]:
    """The first columns that say something of a row in few words."""
    found = []
    for name in sample.inputs:
        dtype, summary = sample.rows.schema[name], sample.features[name].summary
        if dtype.is_nested() or dtype in (pl.Null, pl.Binary, pl.Object) or summary.distinct in (0, 1):
            continue
        if summary.type == "text":
            length = sample.rows.select(column(name).cast(pl.String).str.len_chars().mean()).item()
            if length is not None and length > LONG:
                continue
        found.append(name)
    return found[:COLUMNS]
