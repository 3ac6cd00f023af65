"""How numbers go along a date or another number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal

import altair as alt
import polars as pl
from pydantic import Field

from dataprep_app.analyses import charts
from dataprep_app.analyses.analysis import Analysis, AnalysisResult, ResultTable
from dataprep_app.analyses.edges import DAYS, SPANS, binned
from dataprep_app.analyses.measured import Function, called, needs_measure, number
from dataprep_app.analyses.stacked import Panel, stacked
from dataprep_app.analyses.values import COLOURS, GROUPS, OTHER, Groups, axis_values, counted, grouped, listed, said
from transforms.core.categories import free_names
from transforms.core.columns import ColumnField, ColumnsField, Selector
from transforms.core.errors import Problem

MOST_POINTS = 4_000
"""Points of all lines of a chart together."""
MOST_MEASURES = 3
DOTS = 80
"""Points of a line that are marked; the marks of more would run into each other."""
YEARS = datetime(1, 1, 1), datetime(9999, 12, 31)
"""Periods neither begin before nor end after these: Python knows no other years."""
PERIODS = {"hour": "1h", "day": "1d", "week": "1w", "month": "1mo", "quarter": "3mo", "year": "1y"}

Every = Literal["auto", "hour", "day", "week", "month", "quarter", "year"]


@dataclass(frozen=True)
class Places:
    """Where rows are along the line."""

    start: pl.Series
    """The beginning of the bin of each row."""
    end: pl.Series | None
    """The end of it; none where each value is a point of its own."""
    all: pl.Series | None = None
    """Every bin there is between the first and the last, also those without rows."""
    note: str = ""


class Line(Analysis):
    """How numbers go along a date or another number: rows by month, the mean price by age."""

    id = "line"
    title = "Line chart"
    terms = ("trend", "time series", "over time", "by month", "by date")

    x: Annotated[str, ColumnField(("date", "datetime", "numeric"))]
    """What the line goes along."""
    function: Function = "count"
    """What is computed for each point. Count counts rows; the others take the values of the measures."""
    measures: Annotated[tuple[str, ...], ColumnsField(("numeric",), at_least=0)] = ()
    """The columns that are measured, up to three, each in a chart of its own; not needed for a count. Missing values
    are left out."""
    every: Every = "auto"
    """How long the period of a point is, where the line goes along dates; weeks begin on Monday. Chosen to suit the
    rows by default."""
    points: int = Field(60, ge=2, le=400)
    """Points a line may have, about, where the period is not given. Numbers of fewer different values have a point
    for each."""
    color_by: Annotated[str, ColumnField(GROUPS)] | None = None
    """Draws a line for each value of another column: its eight most frequent, and the rest together."""

    def name(self) -> str:
        # A rule that is not bound to a table yet names no columns.
        measures = "columns" if isinstance(self.measures, Selector) else listed(self.measures, MOST_MEASURES)
        what = called(self.function, measures)
        return f"{what} along {self.x}" + (f" by {self.color_by}" if self.color_by else "")

    def check(self, schema: pl.Schema) -> Iterable[Problem]:
        if self.function != "count" and not self.measures:
            yield from needs_measure(self.function, "measures")
        if len(self.measures) > MOST_MEASURES:
            found = f"{len(self.measures)} columns are too many to measure at once."
            yield Problem(found, f"Choose at most {MOST_MEASURES}.", "measures")
        if self.every != "auto" and schema[self.x].is_numeric():
            yield Problem(f"{self.x} holds numbers, which have no {self.every}s.", "Choose auto.", "every")
        if self.every == "hour" and schema[self.x] == pl.Date:
            yield Problem(f"{self.x} holds dates without a time.", "Choose days or longer periods.", "every")

    def look(self, table: pl.DataFrame) -> AnalysisResult:
        along = axis_values(table, self.x)
        there = along.is_not_null()
        if not there.any():
            return AnalysisResult(title=self.name(), sentences=(f"{self.x} has no values.",))
        rows = table.filter(there)
        groups = grouped(rows, self.color_by, COLOURS)
        measures: list[str | None] = [None] if self.function == "count" else [*self.measures]
        places = self._places(along.drop_nulls(), MOST_POINTS // (len(groups.order) * len(measures)))
        points = self._points(rows, places, groups, measures)
        sentences = [each for at, name in enumerate(measures) for each in self._said(points, at, name, groups)]
        if OTHER in groups.order:
            sentences.append(f"{COLOURS} of {groups.different:,} groups have a line; the others share one.")
        if places.note:
            sentences.append(places.note)
        gone = table.height - rows.height
        if gone:
            sentences.append(
                f"{counted(gone, 'row')} without a value of {self.x} {'is' if gone == 1 else 'are'} left out."
            )
        return AnalysisResult(
            title=self.name(),
            sentences=tuple(sentences),
            tables=(ResultTable.of("Points of the lines", self._shown(points, measures)),),
            chart=self._chart(points, measures, groups),
        )

    def _places(self, values: pl.Series, most: int) -> Places:
        """The bin of every value."""
        if values.dtype.is_numeric():
            if values.n_unique() <= min(self.points, most):
                return Places(values.cast(pl.Float64), None)
            bins = binned(values, min(self.points, most))
            return Places(bins["from"], bins["to"])
        wall = values if values.dtype == pl.Date else values.dt.replace_time_zone(None)
        moments = wall.cast(pl.Datetime("us"))
        low, high = moments.min(), moments.max()
        assert isinstance(low, datetime)
        assert isinstance(high, datetime)
        seconds, note = (high - low).total_seconds(), ""
        spans = SPANS[DAYS:] if values.dtype == pl.Date else SPANS
        every = next((span for span, long in spans if seconds / long < min(self.points, most)), spans[-1][0])
        if self.every != "auto":
            wanted = PERIODS[self.every]
            if seconds / dict(SPANS)[wanted] < most:
                every = wanted
            else:
                note = f"There are too many {self.every}s to draw each, so the periods are longer."
        start = moments.dt.truncate(every)
        ends = pl.col("start").min(), pl.col("start").max()
        whole = start.alias("start").to_frame().select(pl.datetime_range(*ends, every, time_unit="us")).to_series()
        end = start.dt.offset_by(every)
        return Places(start.clip(*YEARS), end.clip(*YEARS), whole.clip(*YEARS), note)

    def _points(self, rows: pl.DataFrame, places: Places, groups: Groups, measures: list[str | None]) -> pl.DataFrame:
        """A row for each point of each line: its place, its number for each measure, and the rows behind it."""
        end = places.start if places.end is None else places.end
        data = {"from": places.start, "to": end, "group": groups.labels.cast(pl.Enum(groups.order))}
        data |= {str(at): axis_values(rows, name) for at, name in enumerate(measures) if name is not None}
        numbers = [number(self.function, str(at)).alias(str(at)) for at in range(len(measures))]
        found = pl.DataFrame(data).group_by("from", "to", "group").agg(*numbers, pl.len().alias("rows"))
        if places.all is not None and places.all.len() > 1:
            found = self._with_gaps(found, places.all)
        return found.sort("from", "group").with_columns(pl.col("group").cast(pl.String))

    def _with_gaps(self, found: pl.DataFrame, whole: pl.Series) -> pl.DataFrame:
        """Periods without rows have a point of zero rows, or a gap in the line."""
        ends = pl.DataFrame({"from": whole, "to": whole.shift(-1)})
        last = found.select(pl.col("to").max()).item()
        grid = ends.with_columns(pl.col("to").fill_null(last)).join(found.select("group").unique(), how="cross")
        joined = grid.join(found.drop("to"), on=["from", "group"], how="left").with_columns(pl.col("rows").fill_null(0))
        return joined.with_columns(pl.col("0").fill_null(0.0)) if self.function == "count" else joined

    def _said(self, points: pl.DataFrame, at: int, measure: str | None, groups: Groups) -> Iterable[str]:
        what = called(self.function, measure)
        there = points.drop_nulls(str(at))
        if there.is_empty():
            yield f"{measure} has no values."
            return
        if there["from"].n_unique() == 1:
            yield f"{what}: a single point, at {_moment(there['from'][0])}."
            return
        ranked = there.sort(str(at), "from")
        low, high = ranked.row(0, named=True), ranked.row(-1, named=True)
        most, least = (
            f"{'for ' + each['group'] + ' ' if len(groups.order) > 1 else ''}at {_moment(each['from'])} "
            f"({said(each[str(at)])})"
            for each in (high, low)
        )
        yield f"{what}: highest {most}, lowest {least}."
        if len(groups.order) == 1:
            first, last = there.row(0, named=True), there.row(-1, named=True)
            yield (
                f"It goes from {said(first[str(at)])} at {_moment(first['from'])} to {said(last[str(at)])} at "
                f"{_moment(last['from'])}."
            )

    def _shown(self, points: pl.DataFrame, measures: list[str | None]) -> pl.DataFrame:
        """The points as people read them; days in place of midnights."""
        days = points["from"].dtype.is_temporal() and (points["from"].dt.truncate("1d") == points["from"]).all()
        table = points.with_columns(pl.col("from", "to").cast(pl.Date)) if days else points
        names = {"from": "From", "to": "To", "group": "Group", "rows": "Rows"}
        gone = [] if self.color_by else ["group"]
        if (points["from"] == points["to"]).all():
            gone.append("to")
            names["from"] = free_names([self.x], names.values())[0]
        if self.function == "count":
            gone.append("0")
        called_by = free_names([called(self.function, each) for each in measures], names.values())
        names |= {str(at): name for at, name in enumerate(called_by)}
        return table.drop(gone).rename({key: name for key, name in names.items() if key not in gone})

    def _chart(self, points: pl.DataFrame, measures: list[str | None], groups: Groups) -> dict[str, Any]:
        drawn: list[Panel] = [self._lines(points, at, measure, measures) for at, measure in enumerate(measures)]
        if self.color_by:  # colours are the same in all of them, so the first one says what they mean
            legends = (charts.colour(groups, self.color_by), charts.colour(groups, self.color_by).legend(None))
            drawn = [each.encode(color=legends[at > 0]) for at, each in enumerate(drawn)]
        return charts.spec(drawn[0]) if len(drawn) == 1 else stacked(drawn)

    def _lines(self, points: pl.DataFrame, at: int, measure: str | None, measures: list[str | None]) -> alt.Chart:
        """The lines of one measure."""
        what = called(self.function, measure)
        kind = charts.axis_type(points.schema["from"])
        place = pl.col("from") if kind == "T" else pl.col("from") / 2 + pl.col("to") / 2
        each = points.select("from", "to", "group", "rows", place.alias("x"), pl.col(str(at)).alias("value"))
        tips = [alt.Tooltip(f"from:{kind}", title="From"), alt.Tooltip(f"to:{kind}", title="To")]
        if (each["from"] == each["to"]).all():
            tips = [alt.Tooltip(f"from:{kind}", title=self.x)]
        chart: alt.Chart = (
            alt.Chart(each if self.color_by else each.drop("group"))
            .mark_line(point={"size": 24} if each["from"].n_unique() <= DOTS else False)
            .encode(
                x=alt.X(f"x:{kind}", title=self.x, scale=charts.near(each.schema["x"]), axis=charts.axis(each["x"])),
                y=alt.Y("value:Q", title=what, scale=alt.Scale(zero=self.function in ("count", "sum"))),
                tooltip=[
                    *tips,
                    *([alt.Tooltip("group:N", title=self.color_by)] if self.color_by else []),
                    alt.Tooltip("value:Q", title=what, format=",.4~f"),
                    alt.Tooltip("rows:Q", title="Rows", format=","),
                ],
            )
            .properties(height=charts.HEIGHT if len(measures) == 1 else 220)
        )
        return chart


def _moment(value: object) -> str:
    """A place on the line in a sentence; midnight is not said."""
    if isinstance(value, datetime) and value.time() == datetime.min.time():
        return date.isoformat(value.date())
    return said(value)
