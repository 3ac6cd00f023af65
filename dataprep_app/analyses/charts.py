"""What the charts of analyses have in common. Their data has fixed names, so that any column can be drawn."""

from __future__ import annotations

from datetime import date
from typing import Any

import altair as alt
import polars as pl

from dataprep_app.analyses.values import Groups

HEIGHT = 380
"""Pixels of a chart with two axes."""
ROW = 28
"""Pixels of a bar that lies."""


def spec(chart: alt.Chart | alt.LayerChart | alt.FacetChart) -> dict[str, Any]:
    """A chart as a Vega-Lite specification with its data inside; looks are left to whoever draws it."""
    found: dict[str, Any] = chart.to_dict()
    found.pop("config", None)
    return found


def axis_type(dtype: pl.DataType) -> str:
    """The type of an axis, as the letter that shorthands have."""
    return "T" if dtype.is_temporal() else "Q"


def near(dtype: pl.DataType) -> alt.Scale:
    """A scale that does not begin at zero where the values do not."""
    return alt.Scale() if dtype.is_temporal() else alt.Scale(zero=False)


def axis(values: pl.Series) -> alt.Axis:
    """The axis of some values; dates are written as exactly as their range needs."""
    if not values.dtype.is_temporal():
        return alt.Axis()
    low, high = values.min(), values.max()
    assert isinstance(low, date)
    assert isinstance(high, date)
    days = (high - low).days
    return alt.Axis(format="%b %Y" if days > 90 else "%d %b %Y" if days > 3 else "%d %b %H:%M", tickCount=8)


def colour(groups: Groups, title: str) -> alt.Color:
    """Groups by colour, the legend in their order."""
    return alt.Color(
        "group:N", title=title, sort=None, scale=alt.Scale(domain=groups.order), legend=alt.Legend(labelLimit=160)
    )


def lying(names: int, least: int = 140) -> int:
    """The height of a chart with a row for each name."""
    return max(least, ROW * names + 80)


def label(field: str) -> alt.Y:
    """The axis of a chart with a row for each group, in the order of the data; its title is that of the chart."""
    return alt.Y(field, title=None, sort=None, axis=alt.Axis(labelLimit=220))
