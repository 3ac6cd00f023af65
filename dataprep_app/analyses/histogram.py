"""How the values of one column are spread."""

from __future__ import annotations

from typing import Annotated

import altair as alt
import polars as pl
from pydantic import Field

from dataprep_app.analyses import charts
from dataprep_app.analyses.analysis import Analysis, AnalysisResult, ResultTable
from dataprep_app.analyses.edges import binned
from dataprep_app.analyses.values import (
    COLOURS,
    GROUPS,
    OTHER,
    REST,
    Groups,
    axis_values,
    grouped,
    left_out,
    said,
    share,
)
from transforms.core.columns import ColumnField

Spread = Annotated[str, ColumnField(("numeric", "text", "boolean", "date", "datetime"))]


class Histogram(Analysis):
    """How the values of a column are spread: how many rows there are of each range or each value."""

    id = "histogram"
    title = "Histogram"
    terms = ("distribution", "value counts", "bins", "frequency")

    column: Spread
    """Numbers, dates and times are put into bins; of others, each value has its bar."""
    bins: int = Field(20, ge=2, le=100)
    """Bars there may be, about: edges are round numbers, whole months or years. Of more values than that, the most
    frequent ones are shown and the rest together."""
    color_by: Annotated[str, ColumnField(GROUPS)] | None = None
    """Colors the bars by another column: its eight most frequent values, and the rest together."""

    def name(self) -> str:
        return f"{self.title} of {self.column}" + (f" by {self.color_by}" if self.color_by else "")

    def look(self, table: pl.DataFrame) -> AnalysisResult:
        colours = grouped(table, self.color_by, COLOURS)
        dtype = table.schema[self.column]
        if dtype.is_numeric() or dtype.is_temporal():
            return self._of_numbers(table, colours)
        return self._of_values(table, colours)

    def _of_numbers(self, table: pl.DataFrame, colours: Groups) -> AnalysisResult:
        values = axis_values(table, self.column)
        there = values.drop_nulls()
        if there.is_empty():
            return AnalysisResult(title=self.name(), sentences=(f"{self.column} has no values.",))
        rows = binned(there, self.bins).with_columns(colours.labels.filter(values.is_not_null()).alias("group"))
        counts = rows.group_by("from", "to", "group").len("rows").sort("from", "group")
        middle = [there.quantile(each, "linear") for each in (0.25, 0.5, 0.75)] if values.dtype.is_numeric() else []
        sentences = [f"Values go from {said(there.min())} to {said(there.max())}."]
        if middle:
            low, median, high = map(said, middle)
            sentences.append(f"The middle half lies between {low} and {high}; the median is {median}.")
        chart = self._bars(counts, colours)
        return self._result(chart, counts, colours, [*sentences, *left_out(values, self.column)])

    def _bars(self, counts: pl.DataFrame, colours: Groups) -> alt.Chart:
        """Bars between their edges, those of one bin on top of each other."""
        kind = charts.axis_type(counts.schema["from"])
        ordered = counts.sort("from", pl.col("group").cast(pl.Enum(colours.order)))
        top = pl.col("rows").cum_sum().over("from")
        stacked = ordered.with_columns(bottom=top - pl.col("rows"), top=top)
        chart: alt.Chart = (
            alt.Chart(stacked)
            .mark_rect(xOffset=0.5, x2Offset=-0.5)
            .encode(
                x=alt.X(
                    f"from:{kind}", title=self.column, scale=charts.near(stacked.schema["from"]),
                    axis=charts.axis(stacked["from"]),
                ),
                x2="to",
                y=alt.Y("bottom:Q", title="Rows"),
                y2="top",
                tooltip=[
                    alt.Tooltip(f"from:{kind}", title="From"), alt.Tooltip(f"to:{kind}", title="To"), *self._tips()
                ],
            )
            .properties(height=charts.HEIGHT)
        )  # fmt: skip
        return chart

    def _of_values(self, table: pl.DataFrame, colours: Groups) -> AnalysisResult:
        groups = grouped(table, self.column, self.bins)
        rows = pl.DataFrame({"value": groups.labels, "group": colours.labels})
        counts = rows.group_by("value", "group").len("rows")
        first = counts.group_by("value").agg(pl.col("rows").sum()).sort("rows", "value", descending=[True, False])
        order = [each for each in first["value"] if each not in REST] + [each for each in REST if each in groups.order]
        counts = counts.sort(pl.col("value").cast(pl.Enum(order)), "group")
        value, most = first.row(0)
        sentences = [
            f"{groups.different:,} different values.",
            f"The most frequent is {value}, in {most:,} of {table.height:,} rows ({share(most, table.height)}).",
        ]
        if OTHER in groups.order:
            sentences.append(f"{groups.different - self.bins:,} values are put together as {OTHER}.")
        chart: alt.Chart = (
            alt.Chart(counts)
            .mark_bar()
            .encode(
                y=charts.label("value:N"),
                x=alt.X("rows:Q", title="Rows"),
                tooltip=[alt.Tooltip("value:N", title=self.column), *self._tips()],
            )
            .properties(height=charts.lying(len(groups.order)))
        )
        return self._result(chart, counts, colours, sentences)

    def _tips(self) -> list[alt.Tooltip]:
        group = [alt.Tooltip("group:N", title=self.color_by)] if self.color_by else []
        return [*group, alt.Tooltip("rows:Q", title="Rows", format=",")]

    def _result(self, chart: alt.Chart, counts: pl.DataFrame, colours: Groups, sentences: list[str]) -> AnalysisResult:
        names = {"from": "From", "to": "To", "value": "Value", "group": "Color", "rows": "Rows"}
        if self.color_by:
            chart = chart.encode(color=charts.colour(colours, self.color_by))
        else:
            counts = counts.drop("group")
        shown = counts.rename({each: names[each] for each in counts.columns})
        return AnalysisResult(
            title=self.name(),
            sentences=tuple(sentences),
            tables=(ResultTable.of("Rows of each bar", shown),),
            chart=charts.spec(chart),
        )
