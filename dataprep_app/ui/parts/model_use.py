"""A model as a step of a flow: from the page of the model to the form of that step."""

from __future__ import annotations

import streamlit as st

from dataprep_app.modeling.store import SavedModel
from dataprep_app.ui import session
from dataprep_app.ui.parts.offered import MODEL, place
from dataprep_app.ui.parts.pending import open_form
from flows.document import node_of
from transforms.core.errors import DataprepError


def use_in_flow(model: SavedModel) -> None:
    """Ask for a flow, the one that the model was built from first, and open the form of a step that predicts there."""
    flows = {each.id: each.name for each in session.workspace().flows() if each.sources}
    if not flows:
        return
    with st.popover("Use in a flow", icon=":material/account_tree:"):
        st.markdown("A step of the flow predicts every row. The rows have to be prepared as for this model.")
        built = model.built_from.flow
        flow_id = st.selectbox(
            "Data flow", list(flows), index=list(flows).index(built) if built in flows else 0,
            format_func=lambda each: flows[each], key=f"use_flow:{model.id}",
            help="The step is added where you are in the flow, or to the rows that the model was built from.",
        )  # fmt: skip
        if st.button("Choose the step’s settings", type="primary", key=f"use:{model.id}"):
            _open(model, flow_id)


def _open(model: SavedModel, flow_id: str) -> None:
    try:
        flow = session.editor(flow_id).flow
    except DataprepError as error:
        st.error(str(error), icon=":material/error:")
        return
    built = model.built_from
    if built.flow == flow_id and built.reference and node_of(built.reference) in flow:
        st.session_state[f"reference:{flow_id}"] = built.reference
    open_form(flow_id, MODEL, {"model": place(model)})
    st.session_state["view"] = "data"
    st.switch_page("screens/flow.py", query_params={"flow": flow_id, "view": "data"})
