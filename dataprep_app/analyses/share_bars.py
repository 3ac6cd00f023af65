"""Bars that lie, one for each column."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import polars as pl

from dataprep_app.analyses import charts
from dataprep_app.analyses.stacked import Panel

MOST_BARS = 30
"""Bars that can be read together."""


def share_bars(found: Sequence[tuple[str, float]], title: str, limit: float | None = None) -> Panel:
    """A bar for each column, in the order given; the first ones of many. Their axis goes to 1 where there is a limit.

    Args:
        found: columns and their shares, 0 to 1.
        title: what the shares are.
        limit: marked by a line.
    """
    scale = alt.Scale(domain=[0, 1]) if limit is not None else alt.Scale(domainMin=0)
    across = alt.X("value:Q", title=title, scale=scale, axis=alt.Axis(format="%"))
    layers = [_drawn(found, across, alt.Tooltip("value:Q", title=title, format=".1%"))]
    if limit is not None:
        line = alt.Chart(pl.DataFrame({"limit": [limit]})).mark_rule(strokeDash=[4, 4], color="gray", strokeWidth=2)
        layers.append(line.encode(x="limit:Q", tooltip=[alt.Tooltip("limit:Q", title="Threshold", format=".0%")]))
    return alt.layer(*layers).properties(height=charts.lying(min(len(found), MOST_BARS)))


def bars(found: Sequence[tuple[str, float]], title: str) -> alt.Chart:
    """A bar from 0 for each column, in the order given; the first ones of many.

    Args:
        found: columns and their numbers.
        title: what the numbers are.
    """
    across = alt.X("value:Q", title=title)
    drawn = _drawn(found, across, alt.Tooltip("value:Q", title=title, format=",.4~f"))
    return drawn.properties(height=charts.lying(min(len(found), MOST_BARS)))


def _drawn(found: Sequence[tuple[str, float]], across: alt.X, tip: alt.Tooltip) -> alt.Chart:
    rows = pl.DataFrame(list(found[:MOST_BARS]), schema={"column": pl.String, "value": pl.Float64}, orient="row")
    drawn: alt.Chart = (
        alt.Chart(rows)
        .mark_bar()
        .encode(y=charts.label("column:N"), x=across, tooltip=[alt.Tooltip("column:N", title="Column"), tip])
    )
    return drawn
