"""What people do on a component, as numbered events.

Several may happen between two runs of the page: the browser numbers them and sends those that may not have
been seen yet, :func:`drain` hands each to its handler once, in order. The browser's side is ``outbox.js``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

Event = Mapping[str, Any]


def drain(key: str, handle: Callable[[Event], None]) -> None:
    """Hand every event that was not seen yet to ``handle``; call it before the component is drawn."""
    seen = acknowledged(key)
    box = (st.session_state.get(key) or {}).get("outbox") or {}
    if box.get("sid") and box["sid"] != seen["sid"]:
        seen.update(sid=box["sid"], seq=0)
    for event in box.get("events", ()):
        if event["seq"] > seen["seq"]:
            seen["seq"] = event["seq"]
            handle(event)


def acknowledged(key: str) -> dict[str, Any]:
    """The browser's box (``sid``) and the number of its last event that was handled (``seq``)."""
    found: dict[str, Any] = st.session_state.setdefault(f"{key}:seen", {"sid": None, "seq": 0})
    return found
