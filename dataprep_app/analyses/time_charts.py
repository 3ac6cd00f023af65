"""Charts of a series and of its parts."""

from __future__ import annotations

import altair as alt
import polars as pl

from dataprep_app.analyses import charts
from dataprep_app.analyses.stacked import Panel

PART = 110
"""Pixels of a part."""
MARKED = "#d9480f"
"""An anomaly, told from lines on light and on dark."""
MOST_DRAWN = 2_000
"""Times of a chart: of more, which takes more than two thousand years, every second or third."""
MOST_MARKED = 1_000
TITLES = {"observed": "Observed", "trend": "Trend", "seasonal": "Seasonal", "residual": "Residual"}


def part_charts(frame: pl.DataFrame, value: str) -> list[Panel]:
    """The series, its trend, season and what is left, one below the other along one time."""
    rows = _thinned(frame).select("time", *TITLES)
    return [_part(rows, name, value if name == "observed" else "", last=name == "residual") for name in TITLES]


def _part(rows: pl.DataFrame, name: str, value: str, *, last: bool) -> Panel:
    across = alt.X(
        "time:T", title=None,
        axis=charts.axis(rows["time"]) if last else alt.Axis(labels=False, ticks=False),
    )  # fmt: skip
    up = alt.Y(
        f"{name}:Q", title=TITLES[name], scale=alt.Scale(zero=name == "residual"), axis=alt.Axis(tickCount=3)
    )  # fmt: skip
    tips = [
        alt.Tooltip("time:T", title="Time", format="%Y-%m-%d %H:%M"),
        alt.Tooltip(f"{name}:Q", title=value or TITLES[name], format=",.4~f"),
    ]
    base = alt.Chart(rows).encode(x=across, y=up, tooltip=tips)
    drawn: alt.Chart = base.mark_circle(size=12, opacity=0.7) if name == "residual" else base.mark_line(strokeWidth=1.5)
    return drawn.properties(height=PART)


def anomaly_chart(frame: pl.DataFrame, value: str) -> Panel:
    """The series in the band of what is expected; what is outside is marked."""
    rows = _thinned(frame).select("time", "observed", "expected", "low", "high")
    marked = frame.filter("anomaly").select("time", "observed", "expected", "deviations")
    across = alt.X("time:T", title=None, axis=charts.axis(frame["time"]))
    scale = alt.Scale(zero=False)
    band = (
        alt.Chart(rows)
        .mark_area(opacity=0.2, color="gray")
        .encode(x=across, y=alt.Y("low:Q", title=value, scale=scale), y2="high")
    )
    line = alt.Chart(rows).mark_line(strokeWidth=1.5).encode(x=across, y=alt.Y("observed:Q", title=value, scale=scale))
    points = (
        alt.Chart(marked.top_k(MOST_MARKED, by=pl.col("deviations").abs()))
        .mark_point(size=70, filled=True, color=MARKED, opacity=1)
        .encode(
            x=across,
            y=alt.Y("observed:Q", title=value, scale=scale),
            tooltip=[
                alt.Tooltip("time:T", title="Time", format="%Y-%m-%d %H:%M"),
                alt.Tooltip("observed:Q", title=value, format=",.4~f"),
                alt.Tooltip("expected:Q", title="Expected", format=",.4~f"),
                alt.Tooltip("deviations:Q", title="Standard deviations", format=".1f"),
            ],
        )
    )
    return alt.layer(band, line, points).properties(height=charts.HEIGHT)


def _thinned(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.gather_every(max(1, -(-frame.height // MOST_DRAWN)))
