"""What needs a whole series at a time: its trend and season, and features that describe it.

Each series is brought together in one place, so it has to fit into the memory of one worker.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import polars as pl
from pydantic import AfterValidator, Field, model_validator

from transforms.aggregate import SortKeys
from transforms.core.columns import AnyKeyColumns, NumericColumn, NumericColumns, taken
from transforms.core.columns import column as exactly
from transforms.core.errors import Problem
from transforms.core.relations import Aggregate, MapRows, Measure, Order, Relation, Sort
from transforms.core.rowwise import AddColumns, SelectColumns, nan_as_null
from transforms.core.sorting import group_keys, sortable
from transforms.core.text import package_problems
from transforms.core.transform import Example, TableTransform, Transform
from transforms.date_parts import each_once
from transforms.time_series_smoothing import packed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

PARTS = pl.Struct({"trend": pl.Float64(), "seasonal": pl.Float64()})
SeriesPart = Literal["trend", "seasonal", "residual"]


@dataclass(frozen=True, eq=False)
class Decomposed:
    """Adds trend and season to the rows of series, each of which is packed into a list in one row, in order."""

    period: int
    method: Literal["stl", "classical"]
    robust: bool

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        values = pl.col("__packed").list.eval(pl.element().struct.field("__value"))
        parts = values.map_batches(self._parts, return_dtype=pl.List(PARTS), is_elementwise=True)
        both = rows.select("__packed", parts.alias("__parts")).explode("__packed", "__parts", empty_as_null=False)
        return both.unnest("__packed").with_columns(
            pl.col("__parts").struct.field("trend").alias("__trend"),
            pl.col("__parts").struct.field("seasonal").alias("__seasonal"),
        )

    def _parts(self, series: pl.Series) -> pl.Series:
        return pl.Series([self._of_one(each) for each in series], dtype=pl.List(PARTS))

    def _of_one(self, values: pl.Series | None) -> list[dict[str, float | None]]:
        if values is None or not len(values):
            return []
        if values.count() < 2 or len(values) < 2 * self.period:
            return [{"trend": None, "seasonal": None}] * len(values)
        complete = values.interpolate().backward_fill().forward_fill().to_numpy()
        trend, seasonal = (_stl if self.method == "stl" else _classical)(complete, self.period, self.robust)
        return [
            {"trend": None if math.isnan(each) else each, "seasonal": season}
            for each, season in zip(trend.tolist(), seasonal.tolist(), strict=True)
        ]


def _stl(values: Numbers, period: int, robust: bool) -> tuple[Numbers, Numbers]:
    from statsmodels.tsa.seasonal import STL

    found = STL(values, period=period, robust=robust).fit()
    return found.trend, found.seasonal


def _classical(values: Numbers, period: int, robust: bool) -> tuple[Numbers, Numbers]:
    from statsmodels.tsa.seasonal import seasonal_decompose

    found = seasonal_decompose(values, period=period)
    return found.trend, found.seasonal


class DecomposeSeries(TableTransform):
    """Split a series into its trend, a pattern that comes again, and what is left."""

    id = "decompose_series"
    title = "Trend, seasonal and residual"
    terms = ("stl", "seasonality", "seasonal decomposition", "detrend", "deseasonalize", "loess")
    missing = (
        "Missing and infinite values are taken to lie on the line between their neighbours, and have no residual; "
        "series shorter than two periods get missing values; missing group values, NaN among them, are one series."
    )
    examples = (
        Example(
            params={"column": "x", "period": 2, "method": "classical", "order_by": [{"column": "t"}]},
            before={"t": [1, 2, 3, 4, 5, 6], "x": [1.0, 4.0, 3.0, 6.0, 5.0, None]},
            after={
                "t": [1, 2, 3, 4, 5, 6],
                "x": [1.0, 4.0, 3.0, 6.0, 5.0, None],
                "x_trend": [None, 3.0, 4.0, 5.0, 5.25, None],
                "x_seasonal": [-0.8125, 0.8125, -0.8125, 0.8125, -0.8125, 0.8125],
                "x_residual": [None, 0.1875, -0.1875, 0.1875, 0.5625, None],
            },
        ),
    )

    column: NumericColumn
    """Column of the series, whose values are evenly spaced."""
    order_by: SortKeys
    """What the values follow, mostly a time; among equal rows the hash of the row decides."""
    period: int = Field(ge=2, le=100_000)
    """After how many rows the pattern comes again: 12 for months of a year, 7 for days of a week."""
    method: Literal["stl", "classical"] = "stl"
    """STL (Cleveland and others, 1990), whose pattern may change slowly; or moving averages and one fixed pattern,
    which have no trend in the first and last half period."""
    robust: bool = False
    """Let single values that are far off count less; only for STL."""
    by: AnyKeyColumns = ()
    """Each group of these columns is a series of its own."""
    parts: Annotated[tuple[SeriesPart, ...], AfterValidator(each_once)] = Field(
        ("trend", "seasonal", "residual"), min_length=1
    )
    """What to add, each into a column named after the column and the part; the three add up to the value."""

    @model_validator(mode="after")
    def _only_stl_is_robust(self) -> Self:
        if self.robust and self.method != "stl":
            raise ValueError("Only STL can be robust. Choose that method, or leave robust out.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for part in self.parts:
            yield from taken(f"{self.column}_{part}", schemas[0], "parts")
        yield from package_problems("statsmodels", "method", "Splitting a series into trend and season")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        schema = self._schemas[0]
        groups = group_keys(self.by, schema)
        ready = sortable(tables[0], self.order_by, schema, break_ties=True)
        number = self.present(self.column).cast(pl.Float64)
        value = pl.when(number.is_finite()).then(number).alias("__value")
        rows = MapRows(ready.table, AddColumns((*groups.added, value)))
        split = MapRows(packed(rows, groups.names, ready.by), Decomposed(self.period, self.method, self.robust))
        found = {
            "trend": pl.col("__trend"),
            "seasonal": pl.col("__seasonal"),
            "residual": pl.col("__value") - pl.col("__trend") - pl.col("__seasonal"),
        }
        parts = (found[part].alias(f"{self.column}_{part}") for part in self.parts)
        return MapRows(split, SelectColumns((*map(exactly, schema), *parts)))


def _changes(item: pl.Expr) -> pl.Expr:
    return item.diff().drop_nulls()


def _slope(item: pl.Expr) -> pl.Expr:
    place = pl.int_range(item.len()).cast(pl.Float64)
    return (pl.cov(place, item, ddof=0) / place.var(ddof=0)).fill_nan(None)


def _autocorrelation(item: pl.Expr) -> pl.Expr:
    """Correlation with the value before, by the variance of all values; null where they are all equal."""
    off = item - item.mean()
    variance = item.var(ddof=0)
    return (off * off.shift(1)).mean() / pl.when(variance > 0).then(variance)


MINIMAL: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "length": lambda item: item.len().cast(pl.Int64),
    "sum": lambda item: pl.when(item.len() > 0).then(item.sum()),
    "mean": pl.Expr.mean,
    "median": pl.Expr.median,
    "min": pl.Expr.min,
    "max": pl.Expr.max,
    "abs_max": lambda item: item.abs().max(),
    "std": lambda item: item.std(ddof=0),
    "var": lambda item: item.var(ddof=0),
    "root_mean_square": lambda item: item.pow(2).mean().sqrt(),
}
"""Features by the ending of their names, those of the minimal set of tsfresh; std and var are of a population."""
FURTHER: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "quantile_25": lambda item: item.quantile(0.25, "linear"),
    "quantile_75": lambda item: item.quantile(0.75, "linear"),
    "skewness": lambda item: item.skew(bias=False).fill_nan(None),
    "first": pl.Expr.first,
    "last": pl.Expr.last,
    "mean_change": lambda item: _changes(item).mean(),
    "mean_abs_change": lambda item: _changes(item).abs().mean(),
    "abs_sum_of_changes": lambda item: pl.when(item.len() > 0).then(_changes(item).abs().sum()),
    "slope": _slope,
    "autocorrelation_1": _autocorrelation,
    "count_above_mean": lambda item: (item > item.mean()).sum().cast(pl.Int64),
    "count_below_mean": lambda item: (item < item.mean()).sum().cast(pl.Int64),
    "mean_crossings": lambda item: (item > item.mean()).cast(pl.Int64).diff().abs().sum(),
    "first_max_at": lambda item: item.arg_max().cast(pl.Float64) / item.len(),
    "first_min_at": lambda item: item.arg_min().cast(pl.Float64) / item.len(),
}


class ExtractSeriesFeatures(TableTransform):
    """Make one row of each series, with features that describe its values."""

    id = "extract_series_features"
    title = "Extract series features per group"
    terms = ("tsfresh", "time series features", "summarize series", "catch22", "feature extraction")
    changes_rows = True
    missing = (
        "Missing and infinite values are left out; of no values the length is 0 and all else missing; missing group "
        "values, NaN among them, are one series."
    )
    examples = (
        Example(
            params={"by": ["sensor"], "columns": ["x"], "order_by": [{"column": "t"}]},
            before={"sensor": ["a", "a", "b", "a"], "t": [1, 2, 1, 3], "x": [3.0, -5.0, None, 2.0]},
            after={
                "sensor": ["a", "b"],
                "x_length": [3, 0],
                "x_sum": [0.0, None],
                "x_mean": [0.0, None],
                "x_median": [2.0, None],
                "x_min": [-5.0, None],
                "x_max": [3.0, None],
                "x_abs_max": [5.0, None],
                "x_std": [math.sqrt(38 / 3), None],
                "x_var": [38 / 3, None],
                "x_root_mean_square": [math.sqrt(38 / 3), None],
            },
        ),
    )

    by: AnyKeyColumns
    """Columns that make the series; the result has a row for each."""
    columns: NumericColumns
    """Columns to describe."""
    order_by: SortKeys
    """What the values follow, mostly a time; among equal rows the hash of the row decides."""
    set: Literal["minimal", "further"] = "minimal"
    """How much to compute.

    The length, sum, mean, median, extremes, spread (ddof 0) and root mean square; or also quartiles, skewness, the
    first and last value, changes from value to value, the slope by row, the correlation with the value before, how
    often the mean is crossed, and where the extremes first are as a share of the length. All are as tsfresh defines
    them."""

    def _features(self) -> dict[str, Callable[[pl.Expr], pl.Expr]]:
        return MINIMAL if self.set == "minimal" else {**MINIMAL, **FURTHER}

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        names = [*self.by, *(f"{name}_{feature}" for name in self.columns for feature in self._features())]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield Problem(f"Two columns of the result would be named {name!r}.", "Rename one first.", "columns")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        schema = self._schemas[0]
        ready = sortable(nan_as_null(tables[0], self.by, schema), self.order_by, schema, break_ties=True)
        lists = {name: f"__values_{i}" for i, name in enumerate(self.columns)}
        numbers = {name: self.present(name).cast(pl.Float64) for name in self.columns}
        finite = (pl.when(value.is_finite()).then(value).alias(lists[name]) for name, value in numbers.items())
        rows = MapRows(ready.table, AddColumns(tuple(finite)))
        series = Aggregate(rows, self.by, tuple(Measure("list", each, each) for each in lists.values()), ready.by)
        features = (
            pl.col(each).list.agg(function(pl.element())).alias(f"{name}_{feature}")
            for name, each in lists.items()
            for feature, function in self._features().items()
        )
        described = MapRows(series, SelectColumns((*map(exactly, self.by), *features)))
        return Sort(described, tuple(map(Order, self.by))) if self.by else described


TRANSFORMS: tuple[type[Transform], ...] = (DecomposeSeries, ExtractSeriesFeatures)
