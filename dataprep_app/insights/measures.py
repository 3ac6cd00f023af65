"""What rules need to know of the columns of a table, measured once."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from dataprep_app.insights.findings import FeatureSummary, FeatureType
from dataprep_app.profile import ColumnProfile, profiles
from transforms.core.columns import column

ROBUST = 5.0
"""A value is an outlier beyond so many robust standard deviations from the median; the robust deviation is that of the
values clipped to their 5th and 95th percentile (Data Quality and Insights Report of SageMaker Data Wrangler)."""
FEW_SHARE = 0.2
"""Text with fewer different values than this share of the rows holds categories."""
FEW_NUMBERS = 12
"""Whole numbers with at most so many different values may stand for categories."""
DISGUISES = (
    "unknown", "unk", "empty", "na", "n/a", "n.a.", "#n/a", "null", "none", "nil", "missing", "not available", "?",
    "??", "???", "-", "--", "nan", "tbd", ".", "", "undefined", "not specified", "no data",
)  # fmt: skip
"""Texts that stand for a missing value, compared without case and surrounding white space."""


@dataclass(frozen=True)
class Feature:
    """A column with what was measured of it."""

    summary: FeatureSummary
    disguised: tuple[tuple[str, int], ...] = ()
    """Texts that stand for a missing value, with their rows."""
    spike: tuple[float, int, int] | None = None
    """The most frequent number, its rows, and the rows of the next one."""
    rare: tuple[tuple[str, int], ...] = ()
    """Categories far rarer than the most frequent one."""
    categories: int = 0


def measured(table: pl.DataFrame) -> dict[str, Feature]:
    """Every column of a table."""
    known = profiles(table)
    numbers = _moments(table, [name for name, each in known.items() if each.kind == "number"])
    return {name: _feature(table, known[name], numbers.get(name, {})) for name in table.columns}


def duplicate_rows(table: pl.DataFrame) -> int:
    """Rows that equal another row in every column, all copies counted."""
    if not table.width or table.height < 2:
        return 0
    counts = table.select(pl.struct(pl.all()).hash(0).alias("row")).group_by("row").len("n")
    return int(counts.filter(pl.col("n") > 1)["n"].sum())


def feature_type(profile: ColumnProfile) -> FeatureType:
    """What a column holds, for people who analyse it."""
    present = profile.valid
    if profile.distinct == 2 and present > 2:
        return "binary"
    match profile.kind:
        case "number":
            return "numeric"
        case "date":
            return "datetime"
        case "boolean":
            return "binary"
        case "text":
            few = profile.distinct is not None and profile.distinct <= max(FEW_NUMBERS, FEW_SHARE * present)
            return "categorical" if few else "text"
        case _:
            return "other"


def _moments(table: pl.DataFrame, names: list[str]) -> dict[str, dict[str, float | int | None]]:
    """Skew, excess kurtosis and outliers of numbers, all columns in two passes."""
    values = {name: _finite(name, table.schema[name]) for name in names}
    first = table.lazy().select(
        pl.struct(
            median=each.median(),
            low=each.quantile(0.05, "linear"),
            high=each.quantile(0.95, "linear"),
            std=each.std(),
            skew=each.skew(),
            kurtosis=each.kurtosis(),
        ).alias(name)
        for name, each in values.items()
    )
    found: dict[str, dict[str, float | int | None]] = {}
    rows = first.collect().row(0, named=True) if names else {}
    spreads = table.lazy().select(
        values[name].clip(each["low"], each["high"]).std().alias(name) for name, each in rows.items()
    )
    robust = spreads.collect().row(0, named=True) if names else {}
    reach = {name: ROBUST * (robust[name] or each["std"] or 0.0) for name, each in rows.items()}
    outside = table.lazy().select(
        ((values[name] - each["median"]).abs() > reach[name]).sum().alias(name)
        for name, each in rows.items()
        if each["median"] is not None and reach[name] > 0
    )
    outliers = outside.collect()
    for name, each in rows.items():
        count = int(outliers[name][0] or 0) if name in outliers.columns else 0
        shape = {key: _defined(each[key]) for key in ("skew", "kurtosis")}
        found[name] = {**shape, "outliers": count}
    return found


def _finite(name: str, dtype: pl.DataType) -> pl.Expr:
    value = column(name).cast(pl.Float64)
    return pl.when(value.is_finite()).then(value) if dtype.is_float() else value


def _defined(value: float | None) -> float | None:
    return None if value is None or value != value else value


def _feature(table: pl.DataFrame, profile: ColumnProfile, moments: dict[str, float | int | None]) -> Feature:
    kind = feature_type(profile)
    summary = FeatureSummary.model_validate(
        {
            "name": profile.name,
            "type": kind,
            "stored_as": profile.type,
            "rows": profile.rows,
            "missing": profile.missing,
            "invalid": profile.invalid,
            "distinct": profile.distinct,
            "min": profile.min,
            "max": profile.max,
            "mean": profile.mean,
            "std": profile.std,
            "median": profile.quartiles[1] if profile.quartiles else None,
            "histogram": profile.histogram,
            "top": profile.top,
            **moments,
        }
    )
    if profile.kind == "text":
        counts = _counts(table, profile.name)
        rare, categories = _rare(counts) if kind == "categorical" else ((), 0)
        return Feature(summary, disguised=_disguised(counts), rare=rare, categories=categories)
    return Feature(summary, spike=_spike(table, profile)) if profile.kind == "number" else Feature(summary)


def _counts(table: pl.DataFrame, name: str) -> pl.DataFrame:
    counted = table.lazy().select(column(name).alias("value")).drop_nulls().group_by("value").len("rows")
    return counted.sort("rows", "value", descending=[True, False]).collect()


def _disguised(counts: pl.DataFrame) -> tuple[tuple[str, int], ...]:
    found = counts.filter(pl.col("value").str.strip_chars().str.to_lowercase().is_in(DISGUISES))
    return tuple(found.iter_rows())


def _rare(counts: pl.DataFrame) -> tuple[tuple[tuple[str, int], ...], int]:
    """Categories under 5 % of the frequency of the most frequent one."""
    if counts.is_empty():
        return (), 0
    rare = counts.filter(pl.col("rows") < 0.05 * counts["rows"][0])
    return tuple(rare.iter_rows()), counts.height


def _spike(table: pl.DataFrame, profile: ColumnProfile) -> tuple[float, int, int] | None:
    if not profile.distinct or profile.distinct < 2:
        return None
    counted = table.lazy().select(_finite(profile.name, table.schema[profile.name]).alias("value")).drop_nulls()
    top = counted.group_by("value").len("rows").sort("rows", "value", descending=[True, False]).head(2).collect()
    return float(top["value"][0]), int(top["rows"][0]), int(top["rows"][1])
