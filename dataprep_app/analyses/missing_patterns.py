"""Where values are missing, and which columns miss them together."""

from __future__ import annotations

from collections.abc import Iterable

import altair as alt
import polars as pl

from dataprep_app.analyses.analysis import Analysis, AnalysisResult, ResultTable
from dataprep_app.analyses.stacked import Panel, stacked
from dataprep_app.analyses.values import counted, listed, share
from dataprep_app.insights.sections.facts import MissingPattern, MissingValuesSection
from dataprep_app.insights.sections.missing_values import missing_values
from dataprep_app.insights.sections.sample import Sample
from flows.engines.base import Control
from transforms.core.columns import ALL, Columns, column

MOST_DRAWN = 25
"""Columns of the chart: those that miss the most values."""
LINE = 20
"""Pixels of a column in the chart."""


class MissingPatterns(Analysis):
    """Where values are missing, which columns miss them together, and how many rows are complete."""

    id = "missing_patterns"
    title = "Missing values"
    terms = ("nulls", "missing together", "missingness", "upset plot", "complete rows", "nan")

    columns: Columns = ALL
    """Columns to look at. Missing are null, NaN, and text that is empty or white space only."""

    def name(self) -> str:
        return self.title

    def look(self, table: pl.DataFrame) -> AnalysisResult:
        if not self.columns:
            return AnalysisResult(title=self.name(), sentences=("There are no columns to look at.",))
        rows = table.select(map(column, self.columns))
        found = missing_values(Sample(rows, rows.height, {}), Control())
        return AnalysisResult(
            title=self.name(),
            sentences=tuple(self._said(found, rows)),
            tables=tuple(_tables(found, rows)),
            chart=stacked(_charts(found, rows.height)) if found.by_column else None,
        )

    def _said(self, found: MissingValuesSection, rows: pl.DataFrame) -> Iterable[str]:
        if not found.by_column:
            yield f"No value is missing in {counted(rows.height, 'row')} of {counted(rows.width, 'column')}."
            return
        cells = sum(missing for _, missing in found.by_column)
        name, most = found.by_column[0]
        yield (
            f"{cells:,} values ({share(cells, rows.height * rows.width)} of all) are missing, in "
            f"{len(found.by_column):,} of {counted(rows.width, 'column')}; most in {name} ({share(most, rows.height)})."
        )
        complete = next((each.rows for each in found.patterns if not each.columns), 0)
        are = "is" if complete == 1 else "are"
        yield f"{counted(complete, 'row')} ({share(complete, rows.height)}) {are} complete."
        several = [each for each in found.patterns if len(each.columns) > 1]
        if several:
            yield f"Missing together most often: {listed(several[0].columns)}, in {counted(several[0].rows, 'row')}."
        elif len(found.by_column) > 1:
            yield "Rows that miss something mostly miss a single value."
        if found.together:
            pair = found.together[0]
            yield f"The firmest pair is {pair.first} and {pair.second} (correlation {pair.correlation:.2f})."
        if found.other_patterns:
            are = "is" if found.other_patterns == 1 else "are"
            yield f"{counted(found.other_patterns, 'more pattern')} of few rows {are} not drawn."
        if len(found.by_column) > MOST_DRAWN:
            yield f"The chart has the {MOST_DRAWN} columns that miss the most."


def _tables(found: MissingValuesSection, table: pl.DataFrame) -> Iterable[ResultTable]:
    rows, gaps = table.height, dict(found.by_column)
    names = [*gaps, *(name for name in table.columns if name not in gaps)]
    counts = pl.DataFrame({"Column": names, "Missing": [gaps.get(name, 0) for name in names]})
    percent = (100 * pl.col("Missing") / rows).round(2)
    yield ResultTable.of("Missing by column", counts.with_columns(percent.alias("Missing %")))
    yield ResultTable.of(
        "Patterns",
        pl.DataFrame(
            [(_called(each), each.rows, round(100 * each.rows / rows, 2)) for each in found.patterns],
            schema={"Missing in": pl.String, "Rows": pl.Int64, "Rows %": pl.Float64},
            orient="row",
        ),
    )
    if found.together:
        yield ResultTable.of(
            "Columns that are missing together",
            pl.DataFrame(
                [(each.first, each.second, each.rows, each.correlation) for each in found.together],
                schema=["Column", "Other column", "Rows that miss both", "Correlation of missing"],
                orient="row",
            ),
        )


def _called(pattern: MissingPattern) -> str:
    return ", ".join(pattern.columns) if pattern.columns else "(none: complete)"


def _charts(found: MissingValuesSection, rows: int) -> list[Panel]:
    """Missing values by column; below it the patterns, the rows of each and a dot for each column it misses."""
    columns = found.by_column[:MOST_DRAWN]
    names = [name for name, _ in columns]
    bars = pl.DataFrame({"column": names, "missing": [missing for _, missing in columns]})
    by_column = (
        alt.Chart(bars.with_columns(share=pl.col("missing") / rows))
        .mark_bar()
        .encode(
            y=alt.Y("column:N", sort=names, title=None, axis=alt.Axis(labelLimit=180, labelFlush=False)),
            x=alt.X(
                "share:Q", title="Missing values", axis=alt.Axis(format="%", tickCount=8), scale=alt.Scale(domainMin=0)
            ),
            tooltip=[
                alt.Tooltip("column:N", title="Column"),
                alt.Tooltip("share:Q", title="Missing", format=".1%"),
                alt.Tooltip("missing:Q", title="Rows", format=","),
            ],
        )
        .properties(height=max(60, LINE * len(names)))
    )
    return [by_column, *_patterns(found, names, rows)]


def _patterns(found: MissingValuesSection, names: list[str], rows: int) -> tuple[alt.Chart, alt.Chart]:
    """The rows of each pattern as bars, and below each a dot for every column that it misses."""
    each = pl.DataFrame(
        [(str(at), each.rows, _called(each)) for at, each in enumerate(found.patterns, 1)],
        schema={"pattern": pl.String, "rows": pl.Int64, "missing": pl.String},
        orient="row",
    ).with_columns(share=pl.col("rows") / rows)
    dots = pl.DataFrame(
        [
            (str(at), name, name in each.columns, _called(each), each.rows)
            for at, each in enumerate(found.patterns, 1)
            for name in names
        ],
        schema={"pattern": pl.String, "column": pl.String, "gone": pl.Boolean, "missing": pl.String, "rows": pl.Int64},
        orient="row",
    ).with_columns(size=pl.when("gone").then(110).otherwise(30), opacity=pl.when("gone").then(1.0).otherwise(0.15))
    order = each["pattern"].to_list()
    tips = [alt.Tooltip("missing:N", title="Missing in"), alt.Tooltip("rows:Q", title="Rows", format=",")]
    counts = (
        alt.Chart(each)
        .mark_bar()
        .encode(
            x=alt.X("pattern:N", sort=order, title=None, axis=None),
            y=alt.Y("share:Q", title="Rows of the pattern", axis=alt.Axis(format="%", tickCount=4)),
            tooltip=tips,
        )
        .properties(height=110)
    )
    matrix = (
        alt.Chart(dots)
        .mark_circle()
        .encode(
            x=alt.X("pattern:N", sort=order, title="Pattern", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("column:N", sort=names, title=None, axis=alt.Axis(labelLimit=180, labelFlush=False)),
            opacity=alt.Opacity("opacity:Q", scale=None),
            size=alt.Size("size:Q", scale=None),
            tooltip=[alt.Tooltip("column:N", title="Column"), *tips],
        )
        .properties(height=max(60, LINE * len(names)))
    )
    return counts, matrix
