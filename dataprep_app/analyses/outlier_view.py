"""Values far from the others, and the rows they are in."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal

import altair as alt
import polars as pl
from pydantic import Field

from dataprep_app.analyses import charts
from dataprep_app.analyses.analysis import Analysis, AnalysisResult, ResultTable
from dataprep_app.analyses.correlation import DOWN, UP
from dataprep_app.analyses.edges import binned
from dataprep_app.analyses.row_cells import shown
from dataprep_app.analyses.values import axis_values, counted, left_out, said, share
from transforms.core.categories import free_names
from transforms.core.columns import NumericColumn, column
from transforms.outliers import NORMAL_MAD, around

MOST_ROWS = 100
MOST_TICKS = 300
"""Outliers that have a mark of their own below the bars, on each side; of more, every second, third ... one has."""
BINS = 40
REACH = 2.0
"""The chart ends so many times the distance of the limits beyond them."""
INSIDE, BELOW, ABOVE = "Inside the limits", "Below", "Above"

Limits = tuple[float | None, float | None]


class OutlierView(Analysis):
    """Values of a column far from the others: where the limits are, how many lie beyond, and in which rows."""

    id = "outlier_view"
    title = "Outliers"
    terms = ("extreme values", "anomalies", "z-score", "iqr", "quantiles", "robust standard deviation")

    column: NumericColumn
    """The numbers."""
    method: Literal["mad", "iqr", "quantile"] = "mad"
    """How limits are found: by robust standard deviations around the median (the median absolute deviation), by
    quartile ranges beyond the middle half, or by two quantiles. The steps for outliers have the same."""
    n: float = Field(3.0, gt=0)
    """How many robust standard deviations from the median the limits are, for mad."""
    k: float = Field(1.5, ge=0)
    """How many quartile ranges beyond the quartiles the limits are, for iqr."""
    lower: float = Field(0.01, ge=0, lt=0.5, json_schema_extra={"widget": "share"})
    """Share of the values below the lower limit, for quantile."""
    upper: float = Field(0.99, gt=0.5, le=1, json_schema_extra={"widget": "share"})
    """Share of the values below the upper limit, for quantile."""

    def name(self) -> str:
        return f"Outliers of {self.column}"

    def look(self, table: pl.DataFrame) -> AnalysisResult:
        values = axis_values(table, self.column).cast(pl.Float64)
        there = values.drop_nulls()
        if there.is_empty():
            return AnalysisResult(title=self.name(), sentences=(f"{self.column} has no values.",))
        limits = self.limits(there)
        sides = _sides(there, limits)
        return AnalysisResult(
            title=self.name(),
            sentences=(*self._said(there, sides, limits), *left_out(values, self.column)),
            tables=tuple(self._tables(table, values, limits, sides)),
            chart=charts.spec(self._chart(there, sides, limits)),
        )

    def limits(self, values: pl.Series) -> Limits:
        """The smallest and the largest value that is no outlier; none where the values are not spread."""
        if self.method == "mad":
            middle = values.median()
            assert isinstance(middle, float)
            mad = (values - middle).abs().median()
            assert isinstance(mad, float)
            low, high = around(middle, NORMAL_MAD * mad, self.n)
            return (low, high) if math.isfinite(mad * self.n) else (None, None)
        shares = (0.25, 0.75) if self.method == "iqr" else (self.lower, self.upper)
        first, last = (float(values.quantile(each, "linear")) for each in shares)  # type: ignore[arg-type]
        reach = self.k * (last - first) if self.method == "iqr" else 0.0
        low, high = first - reach, last + reach
        return (low, high) if math.isfinite(low) and math.isfinite(high) else (None, None)

    def _said(self, values: pl.Series, sides: pl.Series, limits: Limits) -> Iterable[str]:
        low, high = limits
        if low is None or high is None:
            same = float((values == values.median()).mean()) >= 0.5  # type: ignore[arg-type]
            why = f"Half of the values are {said(values.median())}" if same else "The values are too far apart"
            yield f"{why}, so this method gives no limits; try another one."
            return
        counts = {side: int((sides == side).sum()) for side in (BELOW, ABOVE)}
        both = sum(counts.values())
        yield (
            f"{counted(both, 'value')} of {len(values):,} ({share(both, len(values))}) {'is' if both == 1 else 'are'} "
            f"outside {said(low)} to {said(high)}: {counts[BELOW]:,} below, {counts[ABOVE]:,} above."
        )
        yield f"Values go from {said(values.min())} to {said(values.max())}; the median is {said(values.median())}."
        first, last = _window(values, limits)
        beyond = int(((values < first) | (values > last)).sum())
        if beyond:
            yield f"The chart leaves out {counted(beyond, 'value')} farther away; the table has the farthest."

    def _tables(
        self, table: pl.DataFrame, values: pl.Series, limits: Limits, sides: pl.Series
    ) -> Iterable[ResultTable]:
        low, high = limits
        names = ("Below the lower limit", INSIDE, "Above the upper limit")
        counts = [int((sides == side).sum()) for side in (BELOW, INSIDE, ABOVE)]
        yield ResultTable.of(
            "Values on each side",
            pl.DataFrame(
                {"Where": names, "Limit": [low, None, high], "Values": counts,
                 "Values %": [round(100 * each / len(sides), 2) for each in counts]},
                schema_overrides={"Limit": pl.Float64},
            ),
        )  # fmt: skip
        if low is None or high is None or counts[0] + counts[2] == 0:
            return
        value = pl.col("value")
        rows = values.alias("value").to_frame().with_row_index("place")
        far = pl.max_horizontal(low - value, value - high)
        outside = rows.filter((value < low) | (value > high)).sort(far, "place", descending=[True, False])
        best = outside.head(MOST_ROWS)
        some = f", {MOST_ROWS} of {outside.height:,}" if outside.height > MOST_ROWS else ""
        others = [name for name in table.columns if name != self.column]
        found = shown(table[best["place"]].select(column(self.column), *map(column, others)))
        number = free_names(["Row"], table.columns)[0]
        title = f"Rows of outliers, the farthest first{some}"
        yield ResultTable.of(title, found.insert_column(0, (best["place"].cast(pl.Int64) + 1).alias(number)))

    def _chart(self, values: pl.Series, sides: pl.Series, limits: Limits) -> alt.LayerChart | alt.FacetChart:
        first, last = _window(values, limits)
        inside = values.is_between(first, last)
        rows = pl.DataFrame({"value": values, "side": sides}).filter(inside)
        bins = pl.concat([binned(rows["value"], BINS), rows], how="horizontal")
        counts = bins.group_by("from", "to", "side").len("rows").sort("from", "side", descending=[False, True])
        top = pl.col("rows").cum_sum().over("from")
        stacked = counts.with_columns(bottom=top - pl.col("rows"), top=top)
        order = [INSIDE, BELOW, ABOVE]
        colour = alt.Color(
            "side:N", title=None, scale=alt.Scale(domain=order, range=[UP, DOWN, DOWN]), legend=None
        )  # fmt: skip
        near = alt.Scale(zero=False)
        bars = (
            alt.Chart(stacked)
            .mark_rect(xOffset=0.5, x2Offset=-0.5)
            .encode(
                x=alt.X("from:Q", title=self.column, scale=near), x2="to", y=alt.Y("bottom:Q", title="Rows"), y2="top",
                color=colour,
                tooltip=[
                    alt.Tooltip("from:Q", title="From"), alt.Tooltip("to:Q", title="To"),
                    alt.Tooltip("side:N", title="Where"), alt.Tooltip("rows:Q", title="Rows", format=","),
                ],
            )
        )  # fmt: skip
        layers: list[alt.Chart] = [bars]
        if limits[0] is not None:
            layers += [self._limit_marks(limits, near), self._ticks(rows, near)]
        return alt.layer(*layers).properties(height=charts.HEIGHT)

    def _limit_marks(self, limits: Limits, near: alt.Scale) -> alt.Chart:
        ends = pl.DataFrame({"limit": limits, "which": ["Lower limit", "Upper limit"]})
        chart: alt.Chart = (
            alt.Chart(ends)
            .mark_rule(color=DOWN, strokeDash=[5, 4], strokeWidth=1.5)
            .encode(
                x=alt.X("limit:Q", title=self.column, scale=near),
                tooltip=[alt.Tooltip("which:N", title="Where"), alt.Tooltip("limit:Q", title="Limit", format=",.6~g")],
            )
        )
        return chart

    def _ticks(self, rows: pl.DataFrame, near: alt.Scale) -> alt.Chart:
        """A mark on the axis for each different outlier, since bars of a few rows are hardly seen."""
        different = rows.filter(pl.col("side") != INSIDE).group_by("value", "side").len("rows")
        outermost = [different.filter(pl.col("side") == side).sort("value", descending=side == ABOVE)
                     for side in (BELOW, ABOVE)]  # fmt: skip
        some = pl.concat(each.gather_every(max(1, -(-each.height // MOST_TICKS))) for each in outermost)
        chart: alt.Chart = (
            alt.Chart(some)
            .mark_tick(color=DOWN, thickness=1, size=10, opacity=0.7, yOffset=6)
            .encode(
                x=alt.X("value:Q", title=self.column, scale=near),
                y=alt.datum(0),
                tooltip=[
                    alt.Tooltip("value:Q", title=self.column, format=",.6~g"),
                    alt.Tooltip("rows:Q", title="Rows", format=","),
                ],
            )
        )
        return chart


def _sides(values: pl.Series, limits: Limits) -> pl.Series:
    """On which side of the limits each value lies; on a limit is inside."""
    value, (low, high) = pl.col("value"), (pl.lit(each, pl.Float64) for each in limits)
    side = pl.when(value < low).then(pl.lit(BELOW)).when(value > high).then(pl.lit(ABOVE)).otherwise(pl.lit(INSIDE))
    return values.alias("value").to_frame().select(side.alias("side")).to_series()


def _window(values: pl.Series, limits: Limits) -> tuple[float, float]:
    """What the chart shows: all values, or up to some distance beyond the limits."""
    first, last = float(values.min()), float(values.max())  # type: ignore[arg-type]
    low, high = limits
    if low is None or high is None or not high > low:
        return first, last
    reach = REACH * (high - low)
    return max(first, low - reach), min(last, high + reach)
