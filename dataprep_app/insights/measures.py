"""What rules need to know of the columns of a table, measured on any engine.

Three passes over the rows, whatever the number of columns: counts, moments and quartiles; then histograms and the shape
of numbers, which need the range and the mean; then outliers, which need the spread without them. So the same figures
come of a table in memory, of a file larger than memory, and of a cluster.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import polars as pl

from dataprep_app.drawn import copies
from dataprep_app.insights.findings import FeatureSummary, FeatureType
from dataprep_app.profile import BINS, ERROR, LONGEST, TOP, kind_of, plain
from flows.engines.base import Engine
from flows.engines.polars_engine import PolarsEngine
from transforms.core.columns import column
from transforms.core.dtypes import type_name
from transforms.core.relations import Relation, Source
from transforms.core.statistics import (
    Count,
    CountWhere,
    Distinct,
    Histogram,
    Max,
    Mean,
    Min,
    Missing,
    Quantile,
    Statistic,
    Std,
    ValueCounts,
)

ROBUST = 5.0
"""A value is an outlier beyond so many robust standard deviations from the median; the robust deviation is that of the
values clipped to their 5th and 95th percentile (Data Quality and Insights Report of SageMaker Data Wrangler)."""
FEW_SHARE = 0.2
"""Text with fewer different values than this share of the rows holds categories."""
FEW_NUMBERS = 12
"""Whole numbers with at most so many different values may stand for categories."""
MOST_VALUES = 10_000
"""The most frequent values of a text that are looked at."""
RARE = 0.05
"""A category is rare that has less than this share of the rows of the most frequent one."""
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
DISGUISES = (
    "unknown", "unk", "empty", "na", "n/a", "n.a.", "#n/a", "null", "none", "nil", "missing", "not available", "?",
    "??", "???", "-", "--", "nan", "tbd", ".", "", "undefined", "not specified", "no data",
)  # fmt: skip
"""Texts that stand for a missing value, compared without case and surrounding white space."""

Asking = Generator[list[Statistic], list[Any], "Feature"]
"""Asks for statistics of one column, again and again, and makes a feature of the answers."""


@dataclass(frozen=True)
class Feature:
    """A column with what was measured of it."""

    summary: FeatureSummary
    disguised: tuple[tuple[str, int], ...] = ()
    """Texts that stand for a missing value, with their rows."""
    spike: tuple[float, int, int] | None = None
    """The most frequent number, its rows, and the rows of the next one."""
    rare: tuple[tuple[str, int], ...] = ()
    """Categories far rarer than the most frequent one, of the 10,000 most frequent ones."""
    categories: int = 0


def measured(table: pl.DataFrame) -> dict[str, Feature]:
    """Every column of a table in memory."""
    return measured_by(PolarsEngine.over({"rows": table}), Source("rows"), table.schema)


def measured_by(engine: Engine, table: Relation, schema: pl.Schema) -> dict[str, Feature]:
    """Every column of a table, by whatever runs it.

    Raises:
        Cancelled: the engine was stopped.
    """
    asking = {name: _asking(name, schema) for name in schema}
    wanted = {name: next(each) for name, each in asking.items()}
    found: dict[str, Feature] = {}
    while wanted:
        (flat,) = engine.measure([(table, [each for mine in wanted.values() for each in mine])])
        answers = iter(flat)
        given = {name: [next(answers) for _ in mine] for name, mine in wanted.items()}
        wanted = {}
        for name, mine in given.items():
            try:
                wanted[name] = asking[name].send(mine)
            except StopIteration as done:
                found[name] = done.value
    return {name: found[name] for name in schema}


def duplicate_rows(table: pl.DataFrame) -> int:
    """Rows of a table in memory that equal another row in every column, all copies counted."""
    return copies(PolarsEngine.over({"rows": table}), Source("rows"), table.schema).copied


def _asking(name: str, schema: pl.Schema) -> Asking:
    match kind_of(schema[name]):
        case "number":
            return _number(name, schema)
        case "date" | "time":
            return _moment(name, schema)
        case "text" | "boolean":
            return _text(name, schema)
        case _:
            return _other(name, schema)


def _rows_of(name: str, schema: pl.Schema) -> list[Statistic]:
    """Rows, rows without a value, and those of them whose text could not be read."""
    unread = pl.lit(value=False)
    if schema.get(f"{name}{ERROR}") == pl.String:
        unread = column(name).is_null() & column(f"{name}{ERROR}").is_not_null()
    return [Count(), Missing(column(name)), CountWhere(unread)]


def _number(name: str, schema: pl.Schema) -> Asking:
    dtype = schema[name]
    infinite = column(name).is_infinite() if dtype.is_float() else pl.lit(value=False)
    value = pl.when(column(name).is_finite()).then(column(name)) if dtype.is_float() else column(name)
    number = value.cast(pl.Float64)
    rows, missing, unread, invalid, distinct, low, high, mean, std, *rest = yield [
        *_rows_of(name, schema), CountWhere(infinite), Distinct(value), Min(value), Max(value), Mean(number),
        Std(number), *(Quantile(number, q) for q in QUANTILES), ValueCounts(number, 2),
    ]  # fmt: skip
    quantiles, counts = rest[:-1], rest[-1]
    facts = {
        "rows": rows, "missing": missing - unread, "invalid": invalid + unread, "distinct": distinct,
        "min": plain(low), "max": plain(high), "mean": mean, "std": std, "median": quantiles[2],
    }  # fmt: skip
    kind: FeatureType = "binary" if distinct == 2 and rows - missing - invalid > 2 else "numeric"
    if not distinct:
        return Feature(_summary(name, dtype, kind, facts))
    edges = _edges(float(low), float(high))
    clipped = number.clip(quantiles[0], quantiles[-1])
    standard = (number - mean) / std if std else pl.lit(None, pl.Float64)
    histogram, robust, third, fourth = yield [
        Histogram(number, edges) if len(edges) > 2 else CountWhere(number.is_not_null()),
        Std(clipped), Mean(standard**3), Mean(standard**4),
    ]  # fmt: skip
    facts["histogram"] = histogram if len(edges) > 2 else (histogram,)
    count = rows - missing - invalid
    if third is not None and count > 1:
        # Moments by the deviation of the sample; the shape is that of the population.
        ratio = count / (count - 1)
        # To nine decimals: around 0 the order of summation would show.
        facts |= {"skew": round(third * ratio**1.5, 9), "kurtosis": round(fourth * ratio**2 - 3, 9)}
    reach = ROBUST * (robust or std or 0.0)
    if reach > 0:
        (facts["outliers"],) = yield [CountWhere((number - quantiles[2]).abs() > reach)]
    else:
        facts["outliers"] = 0
    return Feature(_summary(name, dtype, kind, facts), spike=_spike(counts, distinct))


def _moment(name: str, schema: pl.Schema) -> Asking:
    """Dates, times and durations, measured by the number that stands for them."""
    dtype, value = schema[name], column(name)
    number = value.to_physical().cast(pl.Float64)
    rows, missing, unread, distinct, low, high, mean, median, first, last = yield [
        *_rows_of(name, schema), Distinct(value), Min(value), Max(value), Mean(number), Quantile(number, 0.5),
        Min(number), Max(number),
    ]  # fmt: skip
    facts = {
        "rows": rows, "missing": missing - unread, "invalid": unread, "distinct": distinct, "min": plain(low),
        "max": plain(high), "mean": _back(mean, dtype), "median": _back(median, dtype),
    }  # fmt: skip
    kind: FeatureType = "binary" if distinct == 2 and rows - missing > 2 else "other"
    if kind == "other" and kind_of(dtype) == "date":
        kind = "datetime"
    if distinct:
        edges = _edges(first, last)
        (counts,) = yield [Histogram(number, edges) if len(edges) > 2 else CountWhere(number.is_not_null())]
        facts["histogram"] = counts if len(edges) > 2 else (counts,)
    return Feature(_summary(name, dtype, kind, facts))


def _text(name: str, schema: pl.Schema) -> Asking:
    dtype = schema[name]
    text = column(name).cast(pl.String)
    stands = pl.when(text.str.strip_chars().str.to_lowercase().is_in(DISGUISES)).then(text)
    wanted: list[Statistic] = [*_rows_of(name, schema), ValueCounts(text, MOST_VALUES)]
    rows, missing, unread, counts, *disguised = yield [*wanted, *([ValueCounts(stands)] if dtype != pl.Boolean else [])]
    distinct = len(counts)
    if distinct == MOST_VALUES:
        (distinct,) = yield [Distinct(text)]
    present = rows - missing
    facts = {
        "rows": rows, "missing": missing - unread, "invalid": unread, "distinct": distinct,
        "top": tuple((value[:LONGEST], n) for value, n in [*counts.items()][:TOP]),
    }  # fmt: skip
    kind: FeatureType = "categorical" if distinct <= max(FEW_NUMBERS, FEW_SHARE * present) else "text"
    if dtype == pl.Boolean or (distinct == 2 and present > 2):
        kind = "binary"
    rare: tuple[tuple[str, int], ...] = ()
    if kind == "categorical" and counts:
        least = RARE * next(iter(counts.values()))
        rare = tuple((value, n) for value, n in counts.items() if n < least)
    return Feature(
        _summary(name, dtype, kind, facts),
        disguised=tuple(disguised[0].items()) if disguised else (),
        rare=rare,
        categories=distinct if kind == "categorical" else 0,
    )


def _other(name: str, schema: pl.Schema) -> Asking:
    rows, missing, unread = yield _rows_of(name, schema)
    facts = {"rows": rows, "missing": missing - unread, "invalid": unread, "distinct": None}
    return Feature(_summary(name, schema[name], "other", facts))


def _summary(name: str, dtype: pl.DataType, kind: FeatureType, facts: Mapping[str, Any]) -> FeatureSummary:
    return FeatureSummary.model_validate({"name": name, "type": kind, "stored_as": type_name(dtype), **facts})


def _edges(low: float, high: float) -> tuple[float, ...]:
    """Edges of equal bins; one bin where there is one value, or no number between the two."""
    width = high / BINS - low / BINS
    edges = (low, *(low + width * place for place in range(1, BINS)), high)
    return edges if all(a < b for a, b in pairwise(edges)) else (low, high)


def _spike(counts: Mapping[float, int], distinct: int) -> tuple[float, int, int] | None:
    if distinct < 2 or len(counts) < 2:
        return None  # whole numbers beyond 2**53 may be one as a Float64
    (value, rows), (_, following) = counts.items()
    return float(value), rows, following


def _back(number: float | None, dtype: pl.DataType) -> Any:
    """A date or time out of the number that stands for it, as people write it."""
    return None if number is None else plain(pl.Series([int(number)]).cast(dtype)[0])
