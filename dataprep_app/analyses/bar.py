"""One number for each group of rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

import altair as alt
import polars as pl
from pydantic import Field

from dataprep_app.analyses import charts
from dataprep_app.analyses.analysis import Analysis, AnalysisResult, ResultTable
from dataprep_app.analyses.values import GROUPS, OTHER, axis_values, grouped, left_out, said
from transforms.core.columns import ColumnField
from transforms.core.errors import Problem


class Bar(Analysis):
    """One number for each group of rows: how many there are, or the mean of another column."""

    id = "bar"
    title = "Bar chart"
    terms = ("group by", "aggregate", "count by", "average by")

    group: Annotated[str, ColumnField(GROUPS)]
    """Each of its values has its bar; rows without a value have one too."""
    function: Literal["count", "mean", "median", "sum", "min", "max"] = "count"
    """What is computed for each group. Count counts rows; the others take the values of the measure."""
    measure: Annotated[str, ColumnField(("numeric",))] | None = None
    """The column that is measured; not needed for a count. Its missing values are left out."""
    sort: Literal["value", "group"] = "value"
    """Put the largest bar first, or the groups in their own order: numbers and dates from low to high."""
    max_groups: int = Field(20, ge=1, le=100)
    """Groups shown: those with the most rows. The rest are put together."""

    def name(self) -> str:
        what = "Rows" if self.function == "count" else f"{self.function.capitalize()} of {self.measure}"
        return f"{what} by {self.group}"

    def check(self, schema: pl.Schema) -> Iterable[Problem]:
        if self.function != "count" and self.measure is None:
            yield Problem(
                f"A {self.function} needs a column to measure.", "Choose a measure, or count rows.", "measure"
            )

    def look(self, table: pl.DataFrame) -> AnalysisResult:
        groups = grouped(table, self.group, self.max_groups)
        counted = pl.Series("value", [0]).new_from_index(0, table.height)
        values = axis_values(table, self.measure) if self.measure else counted
        rows = pl.DataFrame({"group": groups.labels, "value": values})
        found = rows.group_by("group").agg(self._number().alias("number"), pl.len().alias("rows"))
        place = pl.col("group").replace_strict(
            {each: at for at, each in enumerate(groups.order)}, default=len(groups.order)
        )
        found = (
            found.sort(place)
            if self.sort == "group"
            else found.sort(-pl.col("number").cast(pl.Float64), place, nulls_last=True)
        )
        title = self.name().rpartition(" by ")[0]
        chart: alt.Chart = (
            alt.Chart(found)
            .mark_bar()
            .encode(
                y=charts.label("group:N"),
                x=alt.X("number:Q", title=title),
                tooltip=[
                    alt.Tooltip("group:N", title=self.group), alt.Tooltip("number:Q", title=title, format=",.4~f"),
                    alt.Tooltip("rows:Q", title="Rows", format=","),
                ],
            )
            .properties(height=charts.lying(found.height))
        )  # fmt: skip
        shown = found if self.function != "count" else found.drop("rows")
        shown = shown.rename({"group": "Group", "number": "Rows" if self.function == "count" else title})
        shown = shown.rename({"rows": "Rows"}) if "rows" in shown.columns else shown
        return AnalysisResult(
            title=self.name(),
            sentences=tuple(self._said(found, groups.different, groups.order, values)),
            tables=(ResultTable.of("Number of each group", shown),),
            chart=charts.spec(chart),
        )

    def _number(self) -> pl.Expr:
        if self.function == "count":
            return pl.len()
        value = pl.col("value")
        if self.function == "sum":  # of no values there is no sum
            return pl.when(value.count() > 0).then(value.cast(pl.Float64).sum())
        found: pl.Expr = getattr(value, self.function)()
        return found

    def _said(self, found: pl.DataFrame, different: int, order: list[str], values: pl.Series) -> Iterable[str]:
        there = found.drop_nulls("number")
        if there.is_empty():
            yield f"{self.measure} has no values."
            return
        ranked = there.sort("number", descending=True)
        what = "number of rows" if self.function == "count" else self.function
        (high, most), (low, least) = ranked.select("group", "number").row(0), ranked.select("group", "number").row(-1)
        yield f"The highest {what} is that of {high}: {said(most)}."
        if least != most:
            yield f"The lowest is that of {low}: {said(least)}."
        if OTHER in order:
            yield f"{self.max_groups} of {different:,} groups are shown; the others are put together as {OTHER}."
        if self.measure and self.function != "count":
            yield from left_out(values, self.measure)
