"""A data flow, in four views of the same document: the graph, the rows, the report, the charts."""

from __future__ import annotations

import streamlit as st

from dataprep_app.ui import session
from dataprep_app.ui.parts.chat_panel import chat_panel
from dataprep_app.ui.parts.flow_header import VIEWS, header
from dataprep_app.ui.parts.flow_list import flow_cards, new_flow
from flows.document import node_of
from transforms.core.errors import DataprepError


def _all_flows() -> None:
    space = session.workspace()
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    left.title("Data flows", anchor=False)
    with right:
        new_flow(space)
    session.show_notices()
    flows = space.flows()
    if flows:
        flow_cards(flows)
    else:
        st.info("There is no flow yet. Create one, then add a dataset to it.", icon=":material/account_tree:")


def _one_flow(flow_id: str) -> None:
    try:
        session.editor(flow_id)
    except DataprepError as error:
        st.title("Data flow", anchor=False)
        st.error(str(error), icon=":material/error:")
        st.page_link("screens/flow.py", label="All data flows", icon=":material/arrow_back:")
        return
    view = header(flow_id)
    session.show_notices()
    session.drawn(flow_id)
    VIEWS[view].drawing()(flow_id)
    flow = session.editor(flow_id).flow
    if view in ("graph", "data") and (flow.sources or flow.steps):
        shown = st.session_state.get(f"reference:{flow_id}", "")
        with st.bottom:  # in sight wherever the page is scrolled to
            chat_panel(flow_id, shown if node_of(shown) in flow else session.ends(flow)[0])


chosen = st.query_params.get("flow")
if chosen:
    _one_flow(chosen)
else:
    _all_flows()
