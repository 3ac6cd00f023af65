"""Heat maps: a number for each field of a grid, by colour and, where there is room, in figures."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import polars as pl

from dataprep_app.analyses.correlation import DOWN, NOTHING, UP

WRITTEN = 420
"""Fields of a chart whose numbers are written in them."""
WIDE = 14
"""Columns of a chart from which on figures are smaller."""
STRONG = 0.7
"""Share of the way to the end of the scale from which on white figures are read best."""
CELL = 30
"""Pixels of a row."""


def heat_map(
    cells: pl.DataFrame,
    across: Sequence[str],
    down: Sequence[str],
    *,
    titles: tuple[str | None, str | None],
    format: str,
    tooltip: Sequence[alt.Tooltip],
    top: float | None = None,
) -> alt.LayerChart | alt.FacetChart:
    """A field for each row of ``cells``, coloured by its number.

    Args:
        cells: columns ``across`` and ``down`` (text) with a ``value``, and what the tooltip shows.
        across: the names across, in order.
        down: the names from top to bottom.
        titles: titles of both axes.
        format: how numbers are written, as d3-format has it.
        tooltip: what a field says.
        top: the value of the strongest colour; the largest one by default.
    """
    there = cells.drop_nulls("value")
    low, high = _ends(there["value"], top)
    reach = max(abs(low), abs(high)) if low < 0 < high else (high - low) or 1.0
    distance = pl.col("value").abs() if low < 0 < high else (pl.col("value") - low).abs()
    drawn = there.with_columns(strong=distance / reach > STRONG)
    if low < 0 < high:
        scale = alt.Scale(domain=[-reach, 0, reach], range=[DOWN, NOTHING, UP], interpolate="lab", clamp=True)
    else:
        scale = alt.Scale(domain=[low, low + reach], range=[NOTHING, UP], interpolate="lab", clamp=True)
    base = alt.Chart(drawn).encode(
        x=alt.X("across:N", sort=list(across), title=titles[0], axis=_names(across)),
        y=alt.Y("down:N", sort=list(down), title=titles[1], axis=alt.Axis(labelLimit=200, labelFlush=False)),
        tooltip=list(tooltip),
    )
    legend = alt.Legend(format=format, title=None, gradientLength=160)
    layers = [base.mark_rect().encode(color=alt.Color("value:Q", title=None, scale=scale, legend=legend))]
    if drawn.height <= WRITTEN:
        figures = base.encode(text=alt.Text("value:Q", format=format))
        size = 11 if len(across) < WIDE else 9
        layers.append(figures.transform_filter("datum.strong").mark_text(fontSize=size, color="white"))
        layers.append(figures.transform_filter("!datum.strong").mark_text(fontSize=size))
    return alt.layer(*layers).properties(height=max(160, CELL * len(down) + 60))


def _ends(values: pl.Series, top: float | None) -> tuple[float, float]:
    """The values of the weakest and of the strongest colour: numbers of one sign begin at zero where they are near."""
    if values.is_empty():
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max() if top is None else top)  # type: ignore[arg-type]
    if low >= 0 and low <= high / 2:
        low = 0.0
    return (low, high) if high > low else (min(0.0, low), max(high, low))


def _names(names: Sequence[str]) -> alt.Axis:
    """Names that are short stand upright; others lean so that they do not lie on each other."""
    long = max(map(len, names), default=0) * len(names) > 90
    return alt.Axis(labelAngle=-45 if long else 0, labelLimit=140, labelFlush=False)
