"""Charts of columns that say what others say already."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import polars as pl

from dataprep_app.analyses import charts
from dataprep_app.analyses.collinear_numbers import Inflation
from dataprep_app.analyses.share_bars import MOST_BARS
from dataprep_app.analyses.stacked import Panel

CLIPPED = 50.0
"""The longest bar of a VIF: beyond, it does not matter by how much."""
MOST_COMPONENTS = 40


def inflation_chart(found: Sequence[Inflation], some: float, much: float) -> Panel:
    """A bar for each column, cut off at 50, with lines where collinearity is moderate and severe."""
    rows = pl.DataFrame(
        [
            (each.column, min(each.vif, CLIPPED), "infinite" if each.infinite else f"{each.vif:,.2f}", each.partner)
            for each in found[:MOST_BARS]
        ],
        schema={"column": pl.String, "value": pl.Float64, "vif": pl.String, "partner": pl.String},
        orient="row",
    )
    bars = (
        alt.Chart(rows)
        .mark_bar()
        .encode(
            y=charts.label("column:N"),
            x=alt.X("value:Q", title=f"VIF, cut off at {CLIPPED:g}", scale=alt.Scale(domainMin=0)),
            tooltip=[
                alt.Tooltip("column:N", title="Column"), alt.Tooltip("vif:N", title="VIF"),
                alt.Tooltip("partner:N", title="Goes most with"),
            ],
        )
    )  # fmt: skip
    levels = pl.DataFrame({"level": [some, much], "what": ["Moderate", "Severe"]})
    lines = (
        alt.Chart(levels)
        .mark_rule(strokeDash=[4, 4], color="gray", strokeWidth=2)
        .encode(x="level:Q", tooltip=[alt.Tooltip("what:N", title="From here"), alt.Tooltip("level:Q", title="VIF")])
    )
    return alt.layer(bars, lines).properties(height=charts.lying(rows.height))


def component_chart(spectrum: pl.DataFrame) -> Panel:
    """The share of each component (scree) and of all up to it."""
    rows = spectrum.head(MOST_COMPONENTS).rename(
        {
            "Component": "component", "Singular value": "singular", "Share of the variance": "share",
            "Together": "together",
        }
    )  # fmt: skip
    base = alt.Chart(rows).encode(
        x=alt.X("component:O", title="Component", axis=alt.Axis(labelAngle=0)),
        tooltip=[
            alt.Tooltip("component:O", title="Component"),
            alt.Tooltip("singular:Q", title="Singular value", format=",.4~f"),
            alt.Tooltip("share:Q", title="Share of the variance", format=".2%"),
            alt.Tooltip("together:Q", title="Up to here", format=".2%"),
        ],
    )  # fmt: skip
    axis, scale = alt.Axis(format="%"), alt.Scale(domain=[0, 1])
    bars = base.mark_bar().encode(y=alt.Y("share:Q", title="Share of the variance", axis=axis, scale=scale))
    line = base.mark_line(point=True, color="gray").encode(y=alt.Y("together:Q", axis=axis, scale=scale))
    return alt.layer(bars, line).properties(height=charts.HEIGHT)
