"""What stands under the canvas: the node that is selected, what is wrong with it, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dataprep_app.ui import session
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.parts import graph
from dataprep_app.ui.parts.problem_words import JOIN
from dataprep_app.ui.parts.recipe_panel import group_button, library_button, recipe_buttons
from dataprep_app.ui.parts.trust_dialog import trust_notice, untrusted_code
from flows import edits
from flows.document import Flow
from flows.problems import Checked
from transforms.catalog import catalog


def node_panel(flow_id: str, selected: Sequence[str], checked: Checked, height: int) -> None:
    """Draw the panel."""
    flow = session.editor(flow_id).flow
    with st.container(border=True, height=height, gap="xsmall"):
        if len(selected) > 1:
            st.markdown(f"**{len(selected)} nodes selected**")
            st.caption("Drag moves them together, Delete removes them, Ctrl+C and Ctrl+V copy their steps.")
            group_button(flow_id, flow, selected)
            return
        (id,) = selected
        node = next(each for each in graph.nodes(flow, checked) if each["id"] == id)
        st.markdown(f"**{escaped(node['title'])}**")
        st.caption(escaped(id if node["sub"] in ("", id) else f"{id} · {node['sub']}"))
        if node.get("problem") and not trust_notice(flow_id, id, untrusted_code(flow, id), f"trust_node:{id}"):
            say = st.error if node["status"] == "error" else st.warning
            say(escaped(node["problem"]), icon=":material/error:")
        _facts(id, checked)
        _actions(flow_id, flow, id)


def _facts(id: str, checked: Checked) -> None:
    schema = checked.prediction.schemas.get(id)
    if schema is None:
        return
    more = " and more once it has learned" if id in checked.prediction.open else ""
    st.markdown(f"{len(schema)} columns{more}")


def _actions(flow_id: str, flow: Flow, id: str) -> None:
    def act(action: str) -> None:
        st.session_state["act"] = (action, id)

    with st.container(horizontal=True, gap="xsmall"):
        if id in flow.steps:
            label = "Choose keys" if flow.steps[id].transform == JOIN else "Edit"
            st.button(label, icon=":material/edit:", on_click=act, args=("open",), type="primary")
        if id not in flow.destinations:
            st.button("Open data", icon=":material/table:", on_click=act, args=("data",))
            st.button("Add transform", icon=":material/add:", on_click=act, args=("add",))
        if id in flow.steps:
            if catalog()[flow.steps[id].transform].learned_type() is not None:
                st.button("Learned", icon=":material/visibility:", on_click=act, args=("learned",))
            recipe_buttons(flow_id, flow, id)
            word = "Enable" if flow.steps[id].disabled else "Disable"
            st.button(word, icon=":material/block:", on_click=_toggle, args=(flow_id, id), key=f"off:{id}")
            library_button(flow, id)
        st.button("Delete", icon=":material/delete:", on_click=_delete, args=(flow_id, id), key=f"del:{id}")


def _toggle(flow_id: str, id: str) -> None:
    off = not session.shown(flow_id).flow.steps[id].disabled
    session.apply(
        flow_id, f"{'Disable' if off else 'Enable'} {id}", lambda flow: edits.change_step(flow, id, disabled=off)
    )


def _delete(flow_id: str, id: str) -> None:
    session.apply(flow_id, f"Delete {id}", lambda flow: graph.deleted(flow, {"nodes": [id], "edges": []}).flow)
