"""The flow as a graph: the canvas, the node that is selected, and its first rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl
import streamlit as st

from dataprep_app.ui import session
from dataprep_app.ui.components.flow_canvas import drain, flow_canvas
from dataprep_app.ui.parts import graph
from dataprep_app.ui.parts.first_rows import first_rows
from dataprep_app.ui.parts.node_panel import node_panel
from flows.document import Flow
from flows.problems import Checked
from transforms.core.errors import DataprepError

HEIGHT = 412
BELOW = 300
"""Pixels of what stands under the canvas."""
HINT = "Drag a dataset from the left to here to begin.\nDrag a second one onto it to join the two."
WAYS = (
    ("The plus behind a node", "adds a transform, an analysis, a model or a destination."),
    ("A dataset dropped on a node", "is joined with it; dropped beside, it is added."),
    ("The circle at the right of a node", "draws a line to the node that takes its rows."),
    ("A double click", "opens a step, or the rows of a dataset."),
    ("Shift and drag", "selects several nodes, Ctrl+A all; their steps can become one."),
    ("Delete, Ctrl+C and Ctrl+V", "remove, copy and paste what is selected; Ctrl+Z takes it back."),
    ("Arrow keys", "go along the flow; with Alt they move a node."),
    ("The wheel", "zooms; a drag on the ground moves the view."),
)
"""What hands can do on the canvas."""
Handler = Callable[[str, Mapping[str, Any]], None]


def draw(flow_id: str) -> None:
    """The view."""
    _canvas(flow_id)


@st.fragment(key="canvas")
def _canvas(flow_id: str) -> None:
    key = f"canvas:{flow_id}"
    drain(key, lambda event: handle(flow_id, event))
    session.redraw_when_changed(flow_id)
    opened = session.editor(flow_id)
    selected = [each for each in st.session_state.get(f"selected:{flow_id}", []) if each in opened.flow]
    space = session.workspace()
    palette = [{"id": each.id, "label": each.label, "sub": each.connector} for each in space.datasets().values()]
    checked = session.checked(flow_id)
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
    _below(flow_id, selected, checked)


def _below(flow_id: str, selected: list[str], checked: Checked) -> None:
    """What stands under the canvas; the canvas keeps its size, so that nodes stay where the pointer is."""
    if not selected:
        _ways()
        return
    left, right = st.columns([5, 2]) if len(selected) == 1 else (None, st.container())
    with right:
        node_panel(flow_id, selected, checked, BELOW)
    if left is not None:
        with left:
            first_rows(flow_id, selected[0], checked, BELOW)


def _ways() -> None:
    with st.container(border=True):
        st.markdown("**Select a node to see its first rows and what can be done with it**")
        half = -(-len(WAYS) // 2)
        for column, ways in zip(st.columns(2), (WAYS[:half], WAYS[half:]), strict=True):
            column.markdown("  \n".join(f":small[**{what}** {does}]" for what, does in ways))


def handle(flow_id: str, event: Mapping[str, Any]) -> None:
    """Do what was done on the canvas; nodes that are no longer there are passed by."""
    flow = session.shown(flow_id).flow
    handler = HANDLERS.get(event["type"])
    if handler is not None and all(each in flow for each in _named(event)):
        handler(flow_id, event)


def _named(event: Mapping[str, Any]) -> list[str]:
    return [event[each] for each in ("node", "source", "target") if event.get(each)]


def _edit(flow_id: str, make: Callable[[Flow], graph.Edit]) -> None:
    try:
        edit = make(session.shown(flow_id).flow)
    except DataprepError as error:
        session.tell(str(error), "error")
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


def _opened(flow_id: str, event: Mapping[str, Any]) -> None:
    select(flow_id, [event["node"]])
    st.session_state["act"] = ("open", event["node"])


def _copied(_flow_id: str, event: Mapping[str, Any]) -> None:
    st.session_state["copied"] = list(event["nodes"])


def _pasted(flow_id: str, _event: Mapping[str, Any]) -> None:
    flow = session.shown(flow_id).flow
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
