"""What a model says beside what is so."""

from __future__ import annotations

import altair as alt
import polars as pl

from dataprep_app.analyses.correlation import NOTHING, UP
from dataprep_app.analyses.stacked import Panel
from dataprep_app.modeling.metrics import Residuals
from dataprep_app.modeling.outcome import QuickResult

CLASSES = 12
"""The most classes of a chart; the most frequent ones."""
CELL, CELL_WIDTH = 40, 88
"""Pixels of a class, up and across."""
SQUARE = 320
"""Pixels of a chart of predictions."""
WIDTH = 560
"""Pixels of the widest chart; charts of several layers below each other do not fit themselves to the page."""
SHORT = 11
"""Characters of names that are written side by side under a chart; longer ones slant."""
DARK = 0.6
"""From this share on, a cell is so dark that what is written in it is white."""


def confusion_chart(result: QuickResult) -> Panel:
    """Rows by actual and predicted class, the share of the actual class as colour."""
    names = result.problem.classes[:CLASSES]
    totals = [sum(row) or 1 for row in result.confusion]
    cells = pl.DataFrame(
        [
            (names[i], names[j], result.confusion[i][j], result.confusion[i][j] / totals[i])
            for i in range(len(names))
            for j in range(len(names))
        ],
        schema={"actual": pl.String, "predicted": pl.String, "rows": pl.Int64, "share": pl.Float64},
        orient="row",
    )
    level = max(map(len, names)) <= SHORT
    turn = {"labelAngle": 0, "labelAlign": "center"} if level else {"labelAngle": -45}
    across = alt.Axis(**turn, labelLimit=150, labelOverlap=False, labelFlush=False)
    base = alt.Chart(cells).encode(
        x=alt.X("predicted:N", sort=None, title="Predicted", axis=across),
        y=alt.Y("actual:N", sort=None, title="Actual", axis=alt.Axis(labelLimit=180)),
        tooltip=[
            alt.Tooltip("actual:N", title="Actual"),
            alt.Tooltip("predicted:N", title="Predicted"),
            alt.Tooltip("rows:Q", title="Rows", format=","),
            alt.Tooltip("share:Q", title="Of the actual class", format=".1%"),
        ],
    )
    colour = alt.Color(
        "share:Q", title="Of the actual", legend=alt.Legend(format="%"),
        scale=alt.Scale(domain=[0, 1], range=[NOTHING, UP], interpolate="lab"),
    )  # fmt: skip
    strong = f"datum.share > {DARK}"
    text = base.encode(text=alt.Text("rows:Q", format=","))
    return alt.layer(
        base.mark_rect().encode(color=colour),
        text.transform_filter(strong).mark_text(fontSize=12, color="white"),
        text.transform_filter(f"!({strong})").mark_text(fontSize=12),
    ).properties(
        width=min(WIDTH, CELL_WIDTH * len(names)),
        height=max(90, CELL * len(names)),
        title="Actual and predicted classes",
    )


def predicted_chart(residuals: Residuals) -> Panel:
    """Predicted against actual numbers of some rows of the test; on the line, they are equal."""
    points = pl.DataFrame(
        {"actual": residuals.actual, "predicted": residuals.predicted},
        schema={"actual": pl.Float64, "predicted": pl.Float64},
    )
    values = [*residuals.actual, *residuals.predicted]
    ends = pl.DataFrame({"actual": [min(values), max(values)], "predicted": [min(values), max(values)]})
    scale = alt.Scale(zero=False)
    across, up = (
        alt.X("actual:Q", title="Actual", scale=scale),
        alt.Y("predicted:Q", title="Predicted", scale=scale),
    )
    line = alt.Chart(ends).mark_line(strokeDash=[4, 4], color="gray").encode(x=across, y=up)
    tips = [alt.Tooltip(f"{name}:Q", title=name.capitalize(), format=",.4~f") for name in ("actual", "predicted")]
    dots = alt.Chart(points).mark_circle(opacity=0.55, size=28).encode(x=across, y=up, tooltip=tips)
    return alt.layer(line, dots).properties(
        width=WIDTH, height=SQUARE, title="Actual and predicted numbers, some rows of the test"
    )
