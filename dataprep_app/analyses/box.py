"""Where the middle and the ends of a column lie, group by group."""

from __future__ import annotations

from typing import Annotated

import altair as alt
import polars as pl

from dataprep_app.analyses import charts
from dataprep_app.analyses.analysis import Analysis, AnalysisResult, ResultTable
from dataprep_app.analyses.values import GROUPS, Groups, axis_values, grouped, left_out, said, share
from transforms.core.columns import ColumnField

REACH = 1.5
"""Whiskers end at the last value within so many quartile ranges of the box (Tukey, Exploratory Data Analysis, 1977)."""
MOST_GROUPS = 15
MOST_OUTLIERS = 60
"""Outliers drawn on each side of a box, the farthest first."""


class Box(Analysis):
    """Where the middle half and the ends of a column of numbers lie, for each group of rows."""

    id = "box"
    title = "Box plot"
    terms = ("quartiles", "outliers", "whiskers", "spread by group")

    column: Annotated[str, ColumnField(("numeric",))]
    """The numbers. The box is their middle half with the median in it; the whiskers reach to the last value within 1.5
    times the height of the box, and what is beyond is drawn as a point."""
    by: Annotated[str, ColumnField(GROUPS)] | None = None
    """Draws a box for each value of another column: the 15 most frequent, and the rest together."""

    def name(self) -> str:
        return f"Box plot of {self.column}" + (f" by {self.by}" if self.by else "")

    def look(self, table: pl.DataFrame) -> AnalysisResult:
        values = axis_values(table, self.column)
        groups = grouped(table, self.by, MOST_GROUPS)
        rows = pl.DataFrame({"group": groups.labels, "value": values.cast(pl.Float64)}).drop_nulls("value")
        if rows.is_empty():
            return AnalysisResult(title=self.name(), sentences=(f"{self.column} has no values.",))
        boxes, beyond = _boxes(rows, groups)
        outliers = int(boxes["outliers"].sum())
        middle = boxes.sort("median")
        sentences = []
        if boxes.height > 1:
            low, high = middle.row(0, named=True), middle.row(-1, named=True)
            sentences.append(
                f"The median is lowest for {low['group']} ({said(low['median'])}) and highest for {high['group']} "
                f"({said(high['median'])})."
            )
        else:
            box = middle.row(0, named=True)
            sentences.append(
                f"The middle half lies between {said(box['lower'])} and {said(box['upper'])}; the median is "
                f"{said(box['median'])}."
            )
        if outliers:
            sentences.append(f"{outliers:,} values ({share(outliers, rows.height)}) lie beyond the whiskers.")
        drawn = _farthest(beyond, boxes)
        if drawn.height < beyond.height:
            sentences.append(f"Of those, the {drawn.height:,} farthest different ones are drawn.")
        return AnalysisResult(
            title=self.name(),
            sentences=(*sentences, *left_out(values, self.column)),
            tables=(ResultTable.of("Quartiles of each group", _shown(boxes)),),
            chart=charts.spec(self._chart(boxes, drawn)),
        )

    def _chart(self, boxes: pl.DataFrame, outliers: pl.DataFrame) -> alt.LayerChart | alt.FacetChart:
        y = charts.label("group:N")
        near = alt.Scale(zero=False)
        base = alt.Chart(boxes).encode(
            y=y,
            tooltip=[
                alt.Tooltip("group:N", title=self.by or "Group"),
                *(
                    alt.Tooltip(f"{each}:Q", title=each.capitalize(), format=",.4~f")
                    for each in ("low", "lower", "median", "upper", "high", "rows", "outliers")
                ),
            ],
        )
        whisker = base.mark_rule(color="gray").encode(x=alt.X("low:Q", title=self.column, scale=near), x2="high")
        box = base.mark_bar(size=16).encode(x=alt.X("lower:Q", title=self.column, scale=near), x2="upper")
        median = base.mark_tick(size=16, thickness=3, color="white").encode(x=alt.X("median:Q", title=self.column))
        points = (
            alt.Chart(outliers)
            .mark_circle(size=18, opacity=0.6)
            .encode(
                y=y,
                x=alt.X("value:Q", title=self.column, scale=near),
                tooltip=[
                    alt.Tooltip("group:N", title=self.by or "Group"),
                    alt.Tooltip("value:Q", title=self.column, format=",.4~f"),
                    alt.Tooltip("rows:Q", title="Rows", format=","),
                ],
            )
        )
        layers = [whisker, box, median, *([points] if outliers.height else [])]
        return alt.layer(*layers).properties(height=charts.lying(boxes.height))


def _boxes(rows: pl.DataFrame, groups: Groups) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Quartiles, whiskers and outliers of each group, and the rows beyond the whiskers."""
    value = pl.col("value")
    quartiles = rows.group_by("group").agg(
        value.quantile(0.25, "linear").alias("lower"),
        value.quantile(0.5, "linear").alias("median"),
        value.quantile(0.75, "linear").alias("upper"),
    )
    reach = REACH * (pl.col("upper") - pl.col("lower"))
    inside = value.is_between(pl.col("lower") - reach, pl.col("upper") + reach)
    marked = rows.join(quartiles, on="group").with_columns(inside.alias("inside"))
    found = marked.group_by("group").agg(
        pl.len().alias("rows"),
        value.min().alias("min"),
        value.filter("inside").min().alias("low"),
        pl.col("lower", "median", "upper").first(),
        value.filter("inside").max().alias("high"),
        value.max().alias("max"),
        value.mean().alias("mean"),
        (~pl.col("inside")).sum().cast(pl.Int64).alias("outliers"),
    )
    place = {each: at for at, each in enumerate(groups.order)}
    ordered = found.sort(pl.col("group").replace_strict(place, return_dtype=pl.Int64))
    return ordered, marked.filter(~pl.col("inside")).select("group", "value", "median")


def _farthest(beyond: pl.DataFrame, boxes: pl.DataFrame) -> pl.DataFrame:
    """The outliers to draw: each different value once, on each side those farthest from the median."""
    place = {each: at for at, each in enumerate(boxes["group"])}
    distance = (pl.col("value") - pl.col("median")).abs()
    sides = beyond.group_by("group", "value", "median").len("rows").with_columns(
        (pl.col("value") > pl.col("median")).alias("above")
    )  # fmt: skip
    near = sides.filter(distance.rank("ordinal", descending=True).over("group", "above") <= MOST_OUTLIERS)
    return near.sort(
        pl.col("group").replace_strict(place, return_dtype=pl.Int64), "value"
    ).select("group", "value", "rows")  # fmt: skip


def _shown(boxes: pl.DataFrame) -> pl.DataFrame:
    return boxes.select(
        pl.col("group").alias("Group"),
        pl.col("rows").alias("Rows"),
        pl.col("min").alias("Minimum"),
        pl.col("lower").alias("Lower quartile"),
        pl.col("median").alias("Median"),
        pl.col("mean").alias("Mean"),
        pl.col("upper").alias("Upper quartile"),
        pl.col("max").alias("Maximum"),
        pl.col("outliers").alias("Outliers"),
    )
