"""The canvas of a flow: draws plain data, and tells what people did as numbered events.

Data: ``nodes`` (``id``, ``kind``, ``title``, ``sub``, ``status``, ``problem``, ``inputs``, ``outputs``,
``menu``, ``x``, ``y``), ``edges`` (``id``, ``source``, ``output``, ``target``, ``port``), ``selected`` (ids),
``palette`` (``id``, ``label``, ``sub``), ``menus`` (lists of ``{id, label}`` or ``"-"`` by name), ``height``,
``hint``, ``readonly``.

Events, each a mapping with ``type``: ``select`` (nodes), ``open`` (node), ``connect`` (source, output,
target, port), ``delete`` (nodes, edges), ``move`` (nodes with places; or node, onto), ``drop`` (dataset, on,
x, y), ``menu`` (node, output, action), ``copy`` (nodes), ``paste``, ``tidy``.

They come numbered, and :func:`~dataprep_app.ui.components.outbox.drain` hands each to its handler once, in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dataprep_app.ui.components.assets import component
from dataprep_app.ui.components.outbox import Event, acknowledged, drain

__all__ = ["Event", "drain", "flow_canvas"]


def flow_canvas(
    *,
    key: str,
    nodes: Sequence[Mapping[str, Any]],
    edges: Sequence[Mapping[str, Any]],
    selected: Sequence[str],
    palette: Sequence[Mapping[str, str]] | None,
    menus: Mapping[str, Sequence[Any]],
    hint: str = "",
    height: int = 480,
    readonly: bool = False,
) -> None:
    """Draw the canvas."""
    data = {
        "nodes": list(nodes),
        "edges": list(edges),
        "selected": list(selected),
        "palette": None if palette is None else list(palette),
        "menus": dict(menus),
        "hint": hint,
        "height": height,
        "readonly": readonly,
        "ack": dict(acknowledged(key)),
    }
    draw = component("flow_canvas", "flow.js", "flow.css")
    draw(key=key, data=data, on_outbox_change=lambda: None, height=height)
