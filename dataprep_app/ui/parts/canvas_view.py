"""The flow as a graph: the canvas, the node that is selected, and its first rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl
import streamlit as st

from dataprep_app.ui import session
from dataprep_app.ui.components.flow_canvas import drain, flow_canvas
from dataprep_app.ui.parts import graph
from dataprep_app.ui.parts.node_panel import node_panel
from flows.document import Flow
from transforms.core.errors import DataprepError

HEIGHT = 500
HINT = "Drag a dataset from the left to here to begin.\nDrag a second one onto it to join the two."
Handler = Callable[[str, Mapping[str, Any]], None]


def draw(flow_id: str) -> None:
    """The view."""
    _canvas(flow_id)


@st.fragment(key="canvas")
def _canvas(flow_id: str) -> None:
    key = f"canvas:{flow_id}"
    before = session.editor(flow_id).flow
    drain(key, lambda event: handle(flow_id, event))
    opened = session.editor(flow_id)
    if opened.flow != before or st.session_state.pop("redraw page", False):
        st.rerun()
    selected = [each for each in st.session_state.get(f"selected:{flow_id}", []) if each in opened.flow]
    space = session.workspace()
    palette = [{"id": each.id, "label": each.label, "sub": each.connector} for each in space.datasets().values()]
    checked = session.checked(flow_id)
    left, right = st.columns([3, 1]) if selected else (st.container(), None)
    with left:
        flow_canvas(
            key=key,
            nodes=graph.nodes(opened.flow, checked),
            edges=graph.edges(opened.flow),
            selected=selected,
            palette=palette,
            menus=graph.MENUS,
            hint=HINT,
            height=HEIGHT,
        )
    if right is not None:
        with right:
            node_panel(flow_id, selected, checked, HEIGHT)


def handle(flow_id: str, event: Mapping[str, Any]) -> None:
    """Do what was done on the canvas; nodes that are no longer there are passed by."""
    flow = session.editor(flow_id).flow
    handler = HANDLERS.get(event["type"])
    if handler is not None and all(each in flow for each in _named(event)):
        handler(flow_id, event)


def _named(event: Mapping[str, Any]) -> list[str]:
    return [event[each] for each in ("node", "source", "target") if event.get(each)]


def _edit(flow_id: str, make: Callable[[Flow], graph.Edit]) -> None:
    try:
        edit = make(session.editor(flow_id).flow)
    except DataprepError as error:
        session.tell(str(error), "error")
        st.session_state["redraw page"] = True
        return
    if session.apply(flow_id, edit.label, lambda _flow: edit.flow) and edit.select:
        select(flow_id, edit.select)


def select(flow_id: str, ids: tuple[str, ...] | list[str]) -> None:
    """Select nodes."""
    st.session_state[f"selected:{flow_id}"] = list(ids)


def _dropped(flow_id: str, event: Mapping[str, Any]) -> None:
    dataset = session.workspace().dataset(event["dataset"])
    _edit(flow_id, lambda flow: graph.dropped(flow, event, dataset))


def _menu(flow_id: str, event: Mapping[str, Any]) -> None:
    outputs = session.checked(flow_id).prediction.bound
    several = event["node"] in outputs and len(outputs[event["node"]].output_names) > 1
    reference = f"{event['node']}.{event['output']}" if several else event["node"]
    action = event["action"]
    if action == "delete":
        _edit(flow_id, lambda flow: graph.deleted(flow, {"nodes": [event["node"]], "edges": []}))
        return
    select(flow_id, [event["node"]])
    st.session_state["act"] = (action, reference)
    st.session_state["redraw page"] = True


def _opened(flow_id: str, event: Mapping[str, Any]) -> None:
    select(flow_id, [event["node"]])
    st.session_state["act"] = ("open", event["node"])
    st.session_state["redraw page"] = True


def _copied(_flow_id: str, event: Mapping[str, Any]) -> None:
    st.session_state["copied"] = list(event["nodes"])


def _pasted(flow_id: str, _event: Mapping[str, Any]) -> None:
    flow = session.editor(flow_id).flow
    ids = [each for each in st.session_state.get("copied", []) if each in flow.steps]
    if ids:
        _edit(flow_id, lambda now: graph.pasted(now, ids))


HANDLERS: dict[str, Handler] = {
    "select": lambda flow_id, event: select(flow_id, event["nodes"]),
    "open": _opened,
    "connect": lambda flow_id, event: _edit(flow_id, lambda flow: graph.connected(flow, event)),
    "delete": lambda flow_id, event: _edit(flow_id, lambda flow: graph.deleted(flow, event)),
    "move": lambda flow_id, event: _edit(flow_id, lambda flow: graph.moved(flow, event)),
    "drop": _dropped,
    "menu": _menu,
    "copy": _copied,
    "paste": _pasted,
    "tidy": lambda flow_id, _event: _edit(flow_id, graph.tidied),
}


def columns_of(flow_id: str, reference: str) -> pl.Schema:
    """The columns of an output, as far as they are known without rows."""
    return session.checked(flow_id).prediction.schemas.get(reference, pl.Schema())
