"""What was asked for on the canvas or in a panel, done at the beginning of the next run of the page.

An action is a pair in the session, ``act``: what to do, and the output it is about.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from dataprep_app.ui import session
from dataprep_app.ui.parts import graph, recipe_dialogs
from dataprep_app.ui.parts.job_dialog import add_destination
from dataprep_app.ui.parts.join_dialog import join_dialog
from dataprep_app.ui.parts.learned_dialog import learned_dialog
from dataprep_app.ui.parts.model_dialog import create_model
from dataprep_app.ui.parts.node_choice import tables, title
from dataprep_app.ui.parts.pending import open_form
from dataprep_app.ui.parts.problem_words import JOIN
from dataprep_app.ui.parts.trust_dialog import trust_dialog
from flows.document import node_of

VIEWS = {"data": "data", "add": "data", "insights": "insights", "analysis": "analyses"}


def take_action(flow_id: str) -> Callable[[], None] | None:
    """Do what was asked for; a dialog is returned, to be opened once the page is drawn."""
    action, reference = st.session_state.pop("act", ("", ""))
    flow = session.editor(flow_id).flow
    if node_of(reference) not in flow:
        return None
    if action in VIEWS:
        st.session_state[f"reference:{flow_id}"] = reference
        st.session_state["view"] = VIEWS[action]
        if action == "add":
            st.session_state[f"panel:{flow_id}"] = "find"
        return None
    match action:
        case "open":
            return _opened(flow_id, node_of(reference))
        case "join":
            return partial(_join_with, flow_id, reference)
        case "learned" if node_of(reference) in flow.steps:
            return partial(learned_dialog, flow_id, node_of(reference))
        case str(each) if each in recipe_dialogs.DIALOGS and node_of(reference) in flow.steps:
            return partial(recipe_dialogs.DIALOGS[each], flow_id, node_of(reference))
        case "trust":
            return partial(trust_dialog, flow_id)
        case "model":
            return partial(create_model, flow_id, reference)
        case "destination":
            return partial(add_destination, flow_id, reference)
        case _:
            return None


def _opened(flow_id: str, id: str) -> Callable[[], None] | None:
    flow = session.editor(flow_id).flow
    if id not in flow.steps:
        st.session_state[f"reference:{flow_id}"] = id
        st.session_state["view"] = "data"
        return None
    if flow.steps[id].transform == JOIN:
        return partial(join_dialog, flow_id, id)
    open_form(flow_id, flow.steps[id].transform, edit=id)
    st.session_state[f"reference:{flow_id}"] = id
    st.session_state["view"] = "data"
    return None


@st.dialog("Join with another node")
def _join_with(flow_id: str, reference: str) -> None:
    flow = session.editor(flow_id).flow
    others = [each for each in tables(flow_id, flow) if node_of(each) != node_of(reference)]
    if not others:
        st.info("There is no other node. Drag a second dataset onto the flow first.")
        return
    right = st.selectbox("Right table", others, format_func=lambda each: title(flow, each))
    if st.button("Join", type="primary"):
        edit = graph.joined(flow, reference, right)
        if session.apply(flow_id, edit.label, lambda _flow: edit.flow):
            st.session_state[f"selected:{flow_id}"] = list(edit.select)
            st.session_state["act"] = ("open", edit.select[0])
        st.rerun()
