"""One number for each pair of values of two columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

import altair as alt
import polars as pl
from pydantic import Field

from dataprep_app.analyses import charts
from dataprep_app.analyses.analysis import Analysis, AnalysisResult, ResultTable
from dataprep_app.analyses.heat import heat_map
from dataprep_app.analyses.measured import Function, called, needs_measure, number
from dataprep_app.analyses.values import COLOURS, GROUPS, OTHER, Groups, axis_values, grouped, left_out, said
from transforms.core.categories import free_names
from transforms.core.columns import ColumnField
from transforms.core.errors import Problem

ALL = "All"
"""What totals are called."""

Cells = dict[tuple[str | None, str | None], float | None]


@dataclass(frozen=True)
class Pivot:
    """The numbers of a table of groups by groups; those of a row or a column as a whole are under ``None``."""

    rows: Groups
    columns: Groups
    numbers: Cells
    counts: Cells


class GroupChart(Analysis):
    """One number for each pair of values of two columns, as in a pivot table, with its totals."""

    id = "group_chart"
    title = "Pivot chart"
    terms = ("pivot table", "crosstab", "cross tabulation", "heat map", "grouped bars", "group by two columns")

    rows: Annotated[str, ColumnField(GROUPS)]
    """Each of its values has its row."""
    columns: Annotated[str, ColumnField(GROUPS)]
    """Each of its values has its column."""
    function: Function = "count"
    """What is computed for each pair. Count counts rows; the others take the values of the measure."""
    measure: Annotated[str, ColumnField(("numeric",))] | None = None
    """The column that is measured; not needed for a count. Its missing values are left out."""
    shares: Literal["none", "of_row", "of_column", "of_all"] = "none"
    """Show counts and sums as shares: of all in the row, in the column or in the table."""
    chart: Literal["heat_map", "bars"] = "heat_map"
    """Color the fields of the table, or draw bars side by side. Bars show eight columns at most."""
    max_rows: int = Field(20, ge=1, le=60)
    """Rows shown: those with the most rows of the table. The rest are put together."""
    max_columns: int = Field(12, ge=1, le=30)
    """Columns shown: those with the most rows of the table. The rest are put together."""

    def name(self) -> str:
        return f"{self._what()} by {self.rows} and {self.columns}"

    def check(self, schema: pl.Schema) -> Iterable[Problem]:
        if self.rows == self.columns:
            yield Problem(f"{self.rows} is in rows and columns.", "Choose another column for one of them.", "columns")
        if self.function != "count" and self.measure is None:
            yield from needs_measure(self.function, "measure")
        if self.shares != "none" and self.function not in ("count", "sum"):
            yield Problem(f"A {self.function} has no shares.", "Choose count or sum, or no shares.", "shares")

    def look(self, table: pl.DataFrame) -> AnalysisResult:
        most = min(self.max_columns, COLOURS) if self.chart == "bars" else self.max_columns
        values = axis_values(table, self.measure) if self.measure else None
        pivot = self._pivot(table, values, most)
        if all(each is None for each in pivot.numbers.values()):
            return AnalysisResult(title=self.name(), sentences=(f"{self.measure} has no values.",))
        cells = self._cells(pivot)
        sentences = [*self._said(pivot, cells, most)]
        if values is not None and self.function != "count":
            sentences += left_out(values, str(self.measure))
        return AnalysisResult(
            title=self.name(),
            sentences=tuple(sentences),
            tables=(ResultTable.of(self._what(), self._shown(pivot)),),
            chart=charts.spec(self._heat(pivot, cells) if self.chart == "heat_map" else self._bars(pivot, cells)),
        )

    def _what(self) -> str:
        what = called(self.function, self.measure)
        return what if self.shares == "none" else f"{what}, share {self.shares.replace('_', ' ')}"

    def _pivot(self, table: pl.DataFrame, values: pl.Series | None, most: int) -> Pivot:
        rows, columns = grouped(table, self.rows, self.max_rows), grouped(table, self.columns, most)
        value = values if values is not None else pl.Series([None], dtype=pl.Int64).new_from_index(0, table.height)
        data = pl.DataFrame({"row": rows.labels, "column": columns.labels, "value": value})
        numbers: Cells = {}
        counts: Cells = {}
        for keys in (["row", "column"], ["row"], ["column"], []):
            counting = [number(self.function).alias("number"), pl.len().alias("rows")]
            found = data.group_by(keys).agg(counting) if keys else data.select(counting)
            for each in found.iter_rows(named=True):
                place = (each.get("row"), each.get("column"))
                numbers[place], counts[place] = each["number"], each["rows"]
        return Pivot(rows, columns, self._shares(numbers), counts)

    def _shares(self, numbers: Cells) -> Cells:
        """The numbers, or their shares of the totals that were chosen."""
        if self.shares == "none":
            return numbers

        def whole(row: str | None, column: str | None) -> float | None:
            match self.shares:
                case "of_row":
                    return numbers[row, None]
                case "of_column":
                    return numbers[None, column]
                case _:
                    return numbers[None, None]

        return {
            place: each / total if each is not None and (total := whole(*place)) else None
            for place, each in numbers.items()
        }

    def _cells(self, pivot: Pivot) -> pl.DataFrame:
        """The fields that are there, in the order of rows and columns."""
        found = [
            (row, column, pivot.numbers[row, column], pivot.counts[row, column])
            for row in pivot.rows.order
            for column in pivot.columns.order
            if (row, column) in pivot.numbers
        ]
        schema = {"down": pl.String, "across": pl.String, "value": pl.Float64, "rows": pl.Int64}
        return pl.DataFrame(found, schema=schema, orient="row")

    def _said(self, pivot: Pivot, cells: pl.DataFrame, most: int) -> Iterable[str]:
        ranked = cells.drop_nulls("value").sort("value", descending=True, maintain_order=True)
        if ranked.is_empty():
            return
        high, low = ranked.row(0, named=True), ranked.row(-1, named=True)
        yield f"The highest is that of {high['down']} and {high['across']}: {self._text(high['value'])}."
        if low["value"] != high["value"]:
            yield f"The lowest is that of {low['down']} and {low['across']}: {self._text(low['value'])}."
        if self.shares == "none":
            yield f"Of all rows it is {self._text(pivot.numbers[None, None])}."
        nothing = len(pivot.rows.order) * len(pivot.columns.order) - cells.height
        if nothing:
            yield f"{nothing:,} of {nothing + cells.height:,} pairs have no rows."
        for groups, shown, name in ((pivot.rows, self.max_rows, self.rows), (pivot.columns, most, self.columns)):
            if OTHER in groups.order:
                yield f"{shown} of {groups.different:,} values of {name} are shown; the others are together in {OTHER}."

    def _text(self, value: float | None) -> str:
        return "nothing" if value is None else said(value) if self.shares == "none" else f"{value:.1%}"

    def _shown(self, pivot: Pivot) -> pl.DataFrame:
        """The table as people know it, with a row and a column of totals."""
        columns: list[str | None] = [*pivot.columns.order, None]
        names = free_names([ALL if each is None else each for each in columns], [self.rows])
        data: dict[str, list[str | float | None]] = {self.rows: [*pivot.rows.order, ALL]}
        for name, column in zip(names, columns, strict=True):
            numbers = [pivot.numbers.get((row, column)) for row in [*pivot.rows.order, None]]
            data[name] = [each if each is None or self.function != "count" or self.shares != "none" else int(each)
                          for each in numbers]  # fmt: skip
        schema = {self.rows: pl.String} | dict.fromkeys(names, pl.Int64 if self._whole() else pl.Float64)
        return pl.DataFrame(data, schema=schema)

    def _whole(self) -> bool:
        return self.function == "count" and self.shares == "none"

    def _format(self) -> str:
        return ".1%" if self.shares != "none" else ",d" if self._whole() else ",.4~g"

    def _tips(self) -> list[alt.Tooltip]:
        return [
            alt.Tooltip("down:N", title=self.rows),
            alt.Tooltip("across:N", title=self.columns),
            alt.Tooltip("value:Q", title=self._what(), format=self._format()),
            alt.Tooltip("rows:Q", title="Rows", format=","),
        ]

    def _heat(self, pivot: Pivot, cells: pl.DataFrame) -> alt.LayerChart | alt.FacetChart:
        return heat_map(
            cells, pivot.columns.order, pivot.rows.order,
            titles=(self.columns, self.rows), format=self._format(), tooltip=self._tips(),
        )  # fmt: skip

    def _bars(self, pivot: Pivot, cells: pl.DataFrame) -> alt.Chart:
        order = pivot.columns.order
        colour = alt.Color("across:N", title=self.columns, sort=order, scale=alt.Scale(domain=order))
        chart: alt.Chart = (
            alt.Chart(cells.drop_nulls("value"))
            .mark_bar()
            .encode(
                x=alt.X(
                    "down:N", sort=pivot.rows.order, title=self.rows, axis=alt.Axis(labelAngle=-45, labelLimit=120)
                ),
                xOffset=alt.XOffset("across:N", sort=order, scale=alt.Scale(domain=order)),
                y=alt.Y(
                    "value:Q", title=self._what(), axis=alt.Axis(format="%") if self.shares != "none" else alt.Axis()
                ),
                color=colour.legend(labelLimit=160),
                tooltip=self._tips(),
            )
            .properties(height=charts.HEIGHT)
        )
        return chart
