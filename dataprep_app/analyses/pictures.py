"""A chart as a picture for papers and slides: on white, drawn without a browser and without a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Format = Literal["svg", "png"]
WIDTH = 900
"""Pixels of a chart that takes the width it is given."""
SCALE = 2.0
"""Pixels of a PNG for each of the chart, so that print is sharp."""
LOOKS: Mapping[str, Any] = {
    "background": "white",
    "padding": 16,
    "config": {
        "font": "sans-serif",
        "view": {"stroke": "transparent"},
        "axis": {"labelFontSize": 12, "titleFontSize": 13, "gridColor": "#e6e8eb", "domainColor": "#9aa3ad"},
        "legend": {"labelFontSize": 12, "titleFontSize": 13},
        "bar": {"color": "#2f6df6"},
        "point": {"color": "#2f6df6"},
        "line": {"color": "#2f6df6"},
    },
}


def picture(chart: Mapping[str, Any], format: Format) -> bytes:
    """Draw a Vega-Lite specification that holds its data.

    Args:
        chart: the specification, as :attr:`AnalysisResult.chart` has it.
        format: ``svg`` or ``png``.
    """
    import vl_convert

    spec = {**chart, **LOOKS}
    composed = {"facet", "concat", "hconcat", "vconcat", "repeat"} & set(spec)
    if not composed and "width" not in spec:
        spec["width"] = WIDTH
    if format == "svg":
        return str(vl_convert.vegalite_to_svg(spec)).encode()
    return bytes(vl_convert.vegalite_to_png(spec, scale=SCALE))
