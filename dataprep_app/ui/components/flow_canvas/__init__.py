"""The canvas of a flow: draws plain data, and tells what people did as numbered events.

Data: ``nodes`` (``id``, ``kind``, ``title``, ``sub``, ``status``, ``problem``, ``inputs``, ``outputs``,
``menu``, ``x``, ``y``), ``edges`` (``id``, ``source``, ``output``, ``target``, ``port``), ``selected`` (ids),
``palette`` (``id``, ``label``, ``sub``), ``menus`` (lists of ``{id, label}`` or ``"-"`` by name), ``height``,
``hint``, ``readonly``.

Events, each a mapping with ``type``: ``select`` (nodes), ``open`` (node), ``connect`` (source, output,
target, port), ``delete`` (nodes, edges), ``move`` (nodes with places; or node, onto), ``drop`` (dataset, on,
x, y), ``menu`` (node, output, action), ``copy`` (nodes), ``paste``, ``tidy``.

Several may happen between two runs of the page: the browser numbers them and sends all that were not
yet acknowledged, :func:`drain` hands each to its handler once, in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from dataprep_app.ui.components.assets import component

Event = Mapping[str, Any]


def drain(key: str, handle: Callable[[Event], None]) -> None:
    """Hand every event that was not seen yet to ``handle``; call it before the canvas is drawn."""
    seen = _seen(key)
    box = (st.session_state.get(key) or {}).get("outbox") or {}
    if box.get("sid") and box["sid"] != seen["sid"]:
        seen.update(sid=box["sid"], seq=0)
    for event in box.get("events", ()):
        if event["seq"] > seen["seq"]:
            seen["seq"] = event["seq"]
            handle(event)


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
        "ack": dict(_seen(key)),
    }
    draw = component("flow_canvas", "flow.js", "flow.css")
    draw(key=key, data=data, on_outbox_change=lambda: None, height=height)


def _seen(key: str) -> dict[str, Any]:
    found: dict[str, Any] = st.session_state.setdefault(f"{key}:seen", {"sid": None, "seq": 0})
    return found
