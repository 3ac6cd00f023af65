"""What every column holds, in numbers."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import polars as pl

from dataprep_app.analyses import charts
from dataprep_app.analyses.analysis import Analysis, AnalysisResult, ResultTable
from dataprep_app.analyses.values import counted, listed, share
from dataprep_app.profile import ColumnProfile, profiles
from transforms.core.columns import ALL, Columns, column

MOST_BARS = 40


class TableSummary(Analysis):
    """What each column holds: its type, missing and different values, range, mean, quartiles and top values."""

    id = "table_summary"
    title = "Table summary"
    terms = ("describe", "statistics", "profile", "missing values")

    columns: Columns = ALL
    """Columns to describe."""

    def name(self) -> str:
        return self.title

    def look(self, table: pl.DataFrame) -> AnalysisResult:
        found = list(profiles(table.select(map(column, self.columns))).values())
        gaps = sorted((each for each in found if each.missing), key=lambda each: -each.missing)
        return AnalysisResult(
            title=self.name(),
            sentences=tuple(_said(found, gaps)),
            tables=(ResultTable.of("Columns", _table(found)),),
            chart=charts.spec(_chart(gaps[:MOST_BARS])) if gaps else None,
        )


def _said(found: Sequence[ColumnProfile], gaps: Sequence[ColumnProfile]) -> list[str]:
    rows = found[0].rows if found else 0
    sentences = [f"{counted(rows, 'row')} of {counted(len(found), 'column')}."]
    if gaps:
        cells = sum(each.missing for each in found)
        sentences.append(
            f"{share(cells, rows * len(found))} of all cells are missing, in {counted(len(gaps), 'column')}; most in "
            f"{gaps[0].name} ({share(gaps[0].missing, rows)})."
        )
    else:
        sentences.append("No value is missing.")
    single = [each.name for each in found if each.distinct == 1]
    if single:
        sentences.append(f"A single value is in {listed(single)}.")
    unique = [each.name for each in found if each.distinct == each.rows > 1]
    if unique:
        sentences.append(f"Every value is different in {listed(unique)}.")
    return sentences


def _table(found: Sequence[ColumnProfile]) -> pl.DataFrame:
    rows = [
        {
            "Column": each.name,
            "Type": each.type,
            "Missing": each.missing,
            "Missing %": round(100 * each.missing / each.rows, 2) if each.rows else None,
            "Invalid": each.invalid,
            "Different": each.distinct,
            "Mean": each.mean if each.kind == "number" else None,
            "Deviation": each.std,
            "Minimum": _text(each.min),
            "Lower quartile": _text(each.quartiles[0] if each.quartiles else None),
            "Median": _text(each.quartiles[1] if each.quartiles else None),
            "Upper quartile": _text(each.quartiles[2] if each.quartiles else None),
            "Maximum": _text(each.max),
            "Most frequent": each.top[0][0] if each.top else None,
            "Rows of the most frequent": each.top[0][1] if each.top else None,
        }
        for each in found
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _text(value: object) -> str | None:
    """Numbers and dates stand in the same column, so both are text."""
    return None if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def _chart(gaps: Sequence[ColumnProfile]) -> alt.Chart:
    rows = pl.DataFrame(
        {
            "column": [each.name for each in gaps],
            "share": [each.missing / each.rows for each in gaps],
            "missing": [each.missing for each in gaps],
        }
    )
    chart: alt.Chart = (
        alt.Chart(rows)
        .mark_bar()
        .encode(
            y=charts.label("column:N"),
            x=alt.X("share:Q", title="Missing values", axis=alt.Axis(format="%"), scale=alt.Scale(domainMin=0)),
            tooltip=[
                alt.Tooltip("column:N", title="Column"),
                alt.Tooltip("share:Q", title="Missing", format=".1%"),
                alt.Tooltip("missing:Q", title="Rows", format=","),
            ],
        )
        .properties(height=charts.lying(rows.height))
    )
    return chart
