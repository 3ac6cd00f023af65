"""Which node a view is about."""

from __future__ import annotations

import streamlit as st

from dataprep_app.ui import session
from dataprep_app.ui.parts.chain import step_title
from flows.document import Flow, node_of


def node_choice(flow_id: str, label: str) -> str | None:
    """A select box of every table of the flow, the last ones first; what is chosen holds for all views."""
    flow = session.editor(flow_id).flow
    references = tables(flow_id, flow)
    if not references:
        st.info("The flow has no dataset yet. Add one in the view Data flow.", icon=":material/database:")
        return None
    key = f"reference:{flow_id}"
    known = st.session_state.get(key)
    if known not in references:
        known = st.session_state[key] = session.ends(flow)[0] if session.ends(flow)[0] in references else references[0]

    def choose() -> None:
        st.session_state[key] = st.session_state[f"{key}:choice"]

    st.session_state[f"{key}:choice"] = known
    chosen: str = st.selectbox(
        label,
        references,
        key=f"{key}:choice",
        format_func=lambda each: title(flow, each),
        on_change=choose,
        width=420,
    )
    return chosen


def tables(flow_id: str, flow: Flow) -> list[str]:
    """Every output of every node, the latest first."""
    bound = session.checked(flow_id).prediction.bound
    found: list[str] = []
    for id in (*flow.sources, *flow.steps):
        outputs = bound[id].output_names if id in bound else ("table",)
        found += [f"{id}.{name}" for name in outputs] if len(outputs) > 1 else [id]
    return found[::-1]


def title(flow: Flow, reference: str) -> str:
    """What a table is called in a list: its id, and what made it."""
    id = node_of(reference)
    if id in flow.steps:
        return f"{reference} · {step_title(flow, flow.steps[id])}"
    if id in flow.sources:
        return f"{reference} · {flow.sources[id].params.get('path', flow.sources[id].connector)}"
    return reference
