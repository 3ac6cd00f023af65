"""What the charts of analyses have in common. Their data has fixed names, so that any column can be drawn."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl

from dataprep_app.analyses.values import Groups

HEIGHT = 380
"""Pixels of a chart with two axes."""
ROW = 26
"""Pixels of a bar that lies."""


def spec(chart: alt.Chart | alt.LayerChart) -> dict[str, Any]:
    """A chart as a Vega-Lite specification with its data inside; looks are left to whoever draws it."""
    found: dict[str, Any] = chart.to_dict()
    found.pop("config", None)
    return found


def axis_type(dtype: pl.DataType) -> str:
    """The type of an axis, as the letter that shorthands have."""
    return "T" if dtype.is_temporal() else "Q"


def colour(groups: Groups, title: str) -> alt.Color:
    """Groups by colour, the legend in their order."""
    return alt.Color(
        "group:N", title=title, sort=None, scale=alt.Scale(domain=groups.order), legend=alt.Legend(labelLimit=160)
    )


def lying(names: int, least: int = 120) -> int:
    """The height of a chart with a row for each name."""
    return max(least, ROW * names + 40)


def label(field: str = "group:N", title: str | None = None) -> alt.Y:
    """The axis of a chart with a row for each group, in the order of the data."""
    return alt.Y(field, title=title, sort=None, axis=alt.Axis(labelLimit=220))
