"""Charts one below the other, as wide as the page."""

from __future__ import annotations

from typing import Any

import altair as alt

Panel = alt.Chart | alt.LayerChart | alt.FacetChart


def stacked(panels: list[Panel], *, shared_x: bool = False, spacing: int = 20) -> dict[str, Any]:
    """Charts as one Vega-Lite specification with its data inside, the first at the top; each has its own colours.

    Args:
        panels: the charts.
        shared_x: draw them along one axis.
        spacing: pixels between them.
    """
    chart = alt.vconcat(*panels, spacing=spacing).resolve_scale(
        x="shared" if shared_x else "independent", color="independent"
    )
    found: dict[str, Any] = chart.to_dict()
    found.pop("config", None)
    return found
