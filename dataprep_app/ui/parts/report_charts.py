"""Charts of a report; they can be read on light and on dark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import altair as alt
import polars as pl

from dataprep_app.insights.drawing.charts import FLAT
from dataprep_app.insights.drawing.text import cut, rounded, unlike
from dataprep_app.insights.sections.facts import Bin, Level, Matrix
from dataprep_app.modeling.metrics import Residuals, Score
from dataprep_app.ui.parts.model_report import PAPER, Theme, blend, ink

TARGET = "#d9730d"
"""Of what a target is like: readable on light and on dark."""
WITH, AGAINST = (30, 84, 200), (200, 84, 10)
QUIET = "#7a7a7a"
SHORT = "abs(datum.value) < 1000 ? format(datum.value, '.4~g') : replace(format(datum.value, '.4~s'), 'G', 'B')"
"""Numbers beside an axis: 1.5k and 2B, but 0 and 0.5."""
SHARES = "format(datum.value, '.0%')"
NUMBERS = 14
"""Columns of a matrix up to which its cells have room for their number."""
EDGE = 0.18
"""Share of a track so near to its ends that a name beside it would be cut off if it were centered."""
NAME = 24
"""Letters of the name of a column."""
NAMES = 160
"""Pixels that a name beside an axis may take."""


def histogram(bins: Sequence[Bin], title: str, target_says: str = "", height: int = 220) -> alt.LayerChart:
    """Rows by bin, and over them a line of what the target is like in each."""
    frame = pl.DataFrame([dict(each) for each in bins], schema_overrides={"target": pl.Float64})
    frame = frame.with_columns(middle=(pl.col("low") + pl.col("high")) / 2)
    hints = [
        alt.Tooltip("low:Q", title="From", format=",.6~g"),
        alt.Tooltip("high:Q", title="To", format=",.6~g"),
        alt.Tooltip("rows:Q", title="Rows", format=","),
    ]
    if target_says:
        hints.append(alt.Tooltip("target:Q", title=cut(target_says), format=_format(target_says)))
    bars = (
        alt.Chart(frame)
        .mark_bar(binSpacing=1)
        .encode(
            x=alt.X("low:Q", bin="binned", title=cut(title), axis=alt.Axis(labelExpr=SHORT, labelOverlap=True)),
            x2="high:Q",
            y=alt.Y("rows:Q", title="Rows", axis=alt.Axis(labelExpr=SHORT, tickCount=4)),
            tooltip=hints,
        )
    )
    return _with_line(bars, frame, alt.X("middle:Q"), target_says, hints, height)


def parts(levels: Sequence[Level], target_says: str = "", height: int = 170) -> alt.LayerChart:
    """Rows by level as upright bars, in the order given, and over them a line of the target."""
    frame = _levels(levels)
    hints = _hints(target_says)
    x = alt.X("name:N", sort=None, title=None, axis=alt.Axis(labelAngle=-45, labelOverlap=True))
    bars = alt.Chart(frame).mark_bar().encode(
        x=x, y=alt.Y("rows:Q", title="Rows", axis=alt.Axis(labelExpr=SHORT, tickCount=3)), tooltip=hints
    )  # fmt: skip
    return _with_line(bars, frame, x, target_says, hints, height)


def levels(values: Sequence[Level], target_says: str = "") -> alt.LayerChart:
    """Rows by value as lying bars, and on an axis of its own on top what the target is like."""
    frame, hints = _levels(values), _hints(target_says)
    y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=NAMES, labelOverlap=False))
    bars = alt.Chart(frame).mark_bar(cornerRadiusEnd=2).encode(
        x=alt.X("rows:Q", title="Rows", axis=alt.Axis(labelExpr=SHORT, tickCount=4)), y=y, tooltip=hints
    )  # fmt: skip
    layers: list[Any] = [bars]
    if target_says and frame["target"].count():
        dots = alt.Chart(frame).mark_point(filled=True, size=70, color=TARGET, opacity=1, stroke="white", strokeWidth=1)
        axis = _target_axis(target_says, orient="top")
        layers.append(dots.encode(x=alt.X("target:Q", scale=alt.Scale(zero=True), axis=axis), y=y, tooltip=hints))
    return _layered(layers, own="x", height=alt.Step(26))


def tiles(
    cells: pl.DataFrame, order: Sequence[str], first: str, second: str, theme: Theme, side: int
) -> alt.LayerChart:
    """A table of colored cells: ``first`` names its rows and ``second`` its columns, ``text`` is what a cell says."""
    slanted = -45 if len(order) > 3 else 0
    base = alt.Chart(cells).encode(
        x=alt.X(f"{second}:N", sort=list(order), title=None, axis=_names(orient="top", labelAngle=slanted)),
        y=alt.Y(f"{first}:N", sort=list(order), title=None, axis=_names()),
        tooltip=[first, second, alt.Tooltip("text:N", title="Here")],
    )
    paper = "#{:02x}{:02x}{:02x}".format(*PAPER[theme])
    layers: list[Any] = [base.mark_rect(cornerRadius=3, stroke=paper, strokeWidth=2).encode(color=_as_it_is("fill"))]
    if len(order) <= NUMBERS:
        below = "share" in cells.columns
        layers.append(base.mark_text(fontSize=12, dy=-7 if below else 0).encode(text="text:N", color=_as_it_is("ink")))
        if below:
            layers.append(base.mark_text(fontSize=11, dy=9).encode(text="share:N", color=_as_it_is("ink")))
    return _layered(layers, width=alt.Step(side), height=alt.Step(min(side, 64)))


def _names(**more: Any) -> alt.Axis:
    return alt.Axis(labelOverlap=False, labelLimit=NAMES, ticks=False, domain=False, **more)


def _as_it_is(field: str) -> alt.Color:
    """A color that is in the data."""
    return alt.Color(f"{field}:N", scale=None)


def matrix_cells(matrix: Matrix, theme: Theme) -> pl.DataFrame:
    """A matrix as cells with readable colors: blue together, orange against each other."""
    names = unlike(matrix.columns, NAME)
    cells = []
    for first, row in zip(names, matrix.values, strict=True):
        for second, value in zip(names, row, strict=True):
            share = 0.0 if value is None else 0.06 + 0.94 * min(1.0, abs(value))
            fill = blend(AGAINST if (value or 0) < 0 else WITH, PAPER[theme], share)
            cells.append(
                {
                    "first": first,
                    "second": second,
                    "text": "" if value is None else rounded(value),
                    "fill": "#{:02x}{:02x}{:02x}".format(*fill),
                    "ink": ink(fill),
                }
            )
    return pl.DataFrame(cells)


def predictions(found: Residuals) -> alt.LayerChart:
    """Predicted by actual numbers; on the line they are the same."""
    points = pl.DataFrame({"actual": found.actual, "predicted": found.predicted})
    ends = [min(*found.actual, *found.predicted), max(*found.actual, *found.predicted)]
    span = alt.Scale(zero=False)
    axis = alt.Axis(labelExpr=SHORT, tickCount=5)
    line = alt.Chart(pl.DataFrame({"x": ends, "y": ends})).mark_line(strokeDash=[5, 4], color=TARGET)
    dots = alt.Chart(points).mark_circle(size=24, opacity=0.5)
    x = alt.X("x:Q", scale=span, title="Actual", axis=axis)
    y = alt.Y("y:Q", scale=span, title="Predicted", axis=axis)
    hints = [_number("actual"), _number("predicted")]
    return _layered([line.encode(x=x, y=y), dots.encode(x="actual:Q", y="predicted:Q", tooltip=hints)], height=300)


def track(score: Score) -> alt.LayerChart:
    """A score between no model and a perfect one, with its interval."""
    low = min(score.base, score.value, score.interval.low if score.interval else score.value)
    x = alt.X("value:Q", title=None, scale=alt.Scale(domain=[low, 1.0], nice=False), axis=None)
    layers: list[Any] = [_rule(low, 1.0, x, color=QUIET)]
    if score.interval is not None:
        reach = max(low, score.interval.low), min(1.0, score.interval.high)
        layers.append(_rule(*reach, x, color=TARGET, size=8, opacity=0.35))
    for value, name, color, dy in (
        (score.base, "no model", QUIET, 20),
        (1.0, "perfect", QUIET, 20),
        (score.value, "quick model", TARGET, -18),
    ):
        mark = pl.DataFrame({"value": [value], "name": [f"{name} {value:.3f}"]})
        place = (value - low) / (1.0 - low) if low < 1 else 0.5
        align: Any = "left" if place < EDGE else "right" if place > 1 - EDGE else "center"
        layers.append(alt.Chart(mark).mark_circle(size=110, opacity=1, color=color).encode(x=x, tooltip=["name:N"]))
        text = alt.Chart(mark).mark_text(fontSize=13, color=QUIET, dy=dy, align=align)
        layers.append(text.encode(x=x, text="name:N"))
    return _layered(layers, height=74)


def _rule(start: float, end: float, x: alt.X, **look: Any) -> Any:
    return alt.Chart(pl.DataFrame({"value": [start], "end": [end]})).mark_rule(**look).encode(x=x, x2="end:Q")


def _layered(layers: Sequence[Any], own: Literal["x", "y"] | None = None, **size: Any) -> alt.LayerChart:
    """Charts over each other; on an axis of its own each, if so wanted."""
    chart: Any = alt.layer(*layers)
    chart = chart.resolve_scale(**{own: "independent"}) if own else chart
    found: alt.LayerChart = chart.properties(**size)
    return found


def _with_line(
    bars: Any, frame: pl.DataFrame, x: alt.X, says: str, hints: list[alt.Tooltip], height: int
) -> alt.LayerChart:
    if not says or not frame["target"].count():
        return _layered([bars], height=height)
    line = alt.Chart(frame.drop_nulls("target")).mark_line(
        color=TARGET, point=alt.OverlayMarkDef(color=TARGET, size=24)
    )
    known = frame["target"].drop_nulls().to_list()
    flat = min(known) > FLAT * max(known)
    y = alt.Y("target:Q", scale=alt.Scale(zero=not flat), axis=_target_axis(says))
    return _layered([bars, line.encode(x=x, y=y, tooltip=hints)], own="y", height=height)


def _number(field: str) -> alt.Tooltip:
    return alt.Tooltip(f"{field}:Q", title=field.capitalize(), format=",.6~g")


def _target_axis(says: str, orient: Any = "right") -> alt.Axis:
    return alt.Axis(
        title=cut(says, 40), titleColor=TARGET, labelColor=TARGET, orient=orient, grid=False, tickCount=4,
        labelExpr=SHARES if says.startswith("share") else SHORT,
    )  # fmt: skip


def _format(says: str) -> str:
    return ".1%" if says.startswith("share") else ",.4~g"


def _levels(values: Sequence[Level]) -> pl.DataFrame:
    names = unlike([each.name for each in values], 40)
    return pl.DataFrame(
        {"name": names, "rows": [each.rows for each in values], "target": [each.target for each in values]},
        schema={"name": pl.String, "rows": pl.Int64, "target": pl.Float64},
    )


def _hints(says: str) -> list[alt.Tooltip]:
    found = [alt.Tooltip("name:N", title="Value"), alt.Tooltip("rows:Q", title="Rows", format=",")]
    return [*found, alt.Tooltip("target:Q", title=cut(says), format=_format(says))] if says else found
