"""How two columns go together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

import altair as alt
import polars as pl

from dataprep_app.analyses import charts
from dataprep_app.analyses.analysis import Analysis, AnalysisResult, ResultTable
from dataprep_app.analyses.edges import binned
from dataprep_app.analyses.values import COLOURS, GROUPS, MEASURES, Groups, axis_values, grouped, said
from transforms.core.columns import ColumnField
from transforms.core.errors import Problem
from transforms.core.random import draw

MOST_POINTS = 2_000
CELLS = (60, 40)
"""Cells of the plane, across and up, when there are too many points to draw."""

Measure = Annotated[str, ColumnField(MEASURES)]


class Scatter(Analysis):
    """How two columns of numbers or dates go together, row by row."""

    id = "scatter"
    title = "Scatter plot"
    terms = ("points", "relationship", "x y", "heatmap")

    x: Measure
    """The column across."""
    y: Measure
    """The column up."""
    color_by: Annotated[str, ColumnField(GROUPS)] | None = None
    """Colors the points by another column: its eight most frequent values, and the rest together."""

    def name(self) -> str:
        return f"{self.y} against {self.x}" + (f" by {self.color_by}" if self.color_by else "")

    def check(self, schema: pl.Schema) -> Iterable[Problem]:
        if self.x == self.y:
            yield Problem(f"{self.x} is on both axes.", "Choose another column for one of them.", "y")

    def look(self, table: pl.DataFrame) -> AnalysisResult:
        groups = grouped(table, self.color_by, COLOURS)
        points = pl.DataFrame(
            {"x": axis_values(table, self.x), "y": axis_values(table, self.y), "group": groups.labels}
        ).drop_nulls()
        if points.is_empty():
            return AnalysisResult(title=self.name(), sentences=(f"No row has both {self.x} and {self.y}.",))
        sentences = [_together(points)]
        gone = table.height - points.height
        if gone:
            sentences.append(f"{gone:,} rows lack one of the two and are left out.")
        if points.height <= MOST_POINTS:
            chart = self._points(points, groups)
        elif self.color_by is None:
            chart = self._cells(points)
            sentences.append("There are too many rows to draw each, so the chart counts the rows in each small field.")
        else:
            chart = self._points(points.filter(_drawn(points)), groups)
            sentences.append(f"The chart shows {MOST_POINTS:,} of {points.height:,} rows, drawn at random.")
        return AnalysisResult(
            title=self.name(),
            sentences=tuple(sentences),
            tables=(ResultTable.of("Summary", self._summary(points, groups)),),
            chart=charts.spec(chart),
        )

    def _points(self, points: pl.DataFrame, groups: Groups) -> alt.Chart:
        across, up = self._axes(points)
        chart: alt.Chart = (
            alt.Chart(points if self.color_by else points.drop("group"))
            .mark_circle(opacity=0.55, size=28)
            .encode(x=across, y=up, tooltip=self._tips(points))
            .properties(height=charts.HEIGHT)
        )
        if self.color_by:
            chart = chart.encode(color=charts.colour(groups, self.color_by))
        return chart

    def _cells(self, points: pl.DataFrame) -> alt.Chart:
        places = [
            binned(points[name], count).rename({"from": name, "to": f"{name}2"})
            for name, count in zip(("x", "y"), CELLS, strict=True)
        ]
        counts = pl.concat(places, how="horizontal").group_by(pl.all()).len("rows").sort("x", "y")
        across, up = self._axes(counts)
        chart: alt.Chart = (
            alt.Chart(counts)
            .mark_rect()
            .encode(
                x=across,
                x2="x2",
                y=up,
                y2="y2",
                color=alt.Color("rows:Q", title="Rows", scale=alt.Scale(type="symlog")),
                tooltip=[*self._tips(counts), alt.Tooltip("rows:Q", title="Rows", format=",")],
            )
            .properties(height=charts.HEIGHT)
        )

        return chart

    def _axes(self, points: pl.DataFrame) -> tuple[alt.X, alt.Y]:
        x, y = (charts.axis_type(points.schema[name]) for name in ("x", "y"))
        return (
            alt.X(f"x:{x}", title=self.x, scale=charts.near(points.schema["x"]), axis=charts.axis(points["x"])),
            alt.Y(f"y:{y}", title=self.y, scale=charts.near(points.schema["y"]), axis=charts.axis(points["y"])),
        )

    def _tips(self, points: pl.DataFrame) -> list[alt.Tooltip]:
        x, y = (charts.axis_type(points.schema[name]) for name in ("x", "y"))
        group = [alt.Tooltip("group:N", title=self.color_by)] if self.color_by else []
        return [alt.Tooltip(f"x:{x}", title=self.x), alt.Tooltip(f"y:{y}", title=self.y), *group]

    def _summary(self, points: pl.DataFrame, groups: Groups) -> pl.DataFrame:
        """Rows, middle and correlation of each group; of all rows where there is only one."""
        rows = []
        for each in groups.order:
            mine = points.filter(pl.col("group") == each)
            if mine.height:
                middle = [_median(mine[name]) for name in ("x", "y")]
                rows.append((each, mine.height, *middle, pearson(mine), spearman(mine)))
        columns = ["Group", "Rows", f"Median of {self.x}", f"Median of {self.y}", "Pearson", "Spearman"]
        return pl.DataFrame(rows, schema=columns, orient="row", infer_schema_length=None)


def _median(values: pl.Series) -> float | str | None:
    found = values.median()
    return said(found) if values.dtype.is_temporal() else found  # type: ignore[return-value]


def pearson(points: pl.DataFrame) -> float | None:
    """The linear correlation of ``x`` and ``y``; none where one of them has a single value."""
    return _correlation(points, "pearson")


def spearman(points: pl.DataFrame) -> float | None:
    """The correlation of the ranks of ``x`` and ``y``; none where one of them has a single value."""
    return _correlation(points, "spearman")


def _correlation(points: pl.DataFrame, method: Literal["pearson", "spearman"]) -> float | None:
    numbers = points.select(pl.col("x", "y").to_physical().cast(pl.Float64))
    if numbers["x"].n_unique() < 2 or numbers["y"].n_unique() < 2:
        return None
    found: float = numbers.select(pl.corr("x", "y", method=method)).item()
    return found


def _together(points: pl.DataFrame) -> str:
    found, ranks = pearson(points), spearman(points)
    if found is None or ranks is None:
        return "One of the two columns has a single value, so nothing can be said of them together."
    return f"{strength(ranks)}: Pearson {found:z.2f}, Spearman {ranks:z.2f}, on {points.height:,} rows."


def strength(correlation: float) -> str:
    """A correlation in words, by the bounds of Cohen (1988): 0.1, 0.3 and 0.5."""
    size = abs(correlation)
    if size < 0.1:
        return "The two hardly go together"
    how = "weakly" if size < 0.3 else "somewhat" if size < 0.5 else "strongly"
    return f"The two {'rise together' if correlation > 0 else 'go opposite ways'} {how}"


def _drawn(points: pl.DataFrame) -> pl.Series:
    """Which rows are drawn: the same ones each time, whatever their order."""
    return points.select(draw(0, points.columns).rank("ordinal") <= MOST_POINTS).to_series()
