"""Home: where one left off, and how to begin."""

from __future__ import annotations

import streamlit as st

from dataprep_app.ui import session
from dataprep_app.ui.parts.flow_list import flow_cards, new_flow

st.title("Home", anchor=False)
session.show_notices()

space = session.workspace()
flows = space.flows()
datasets = space.datasets()

left, right = st.columns([3, 1], vertical_alignment="bottom")
left.markdown("Join, clean and encode tables by pointing and clicking, then run the same flow on all rows.")
with right:
    new_flow(space)

st.subheader("Data flows", anchor=False)
if flows:
    flow_cards(flows[:6])
else:
    st.info("There is no flow yet. Create one, then add a dataset to it.", icon=":material/account_tree:")

st.subheader("Datasets", anchor=False)
if datasets:
    for each in list(datasets.values())[-6:]:
        link = {"dataset": each.id}
        st.page_link("screens/datasets.py", label=each.label, icon=":material/table:", query_params=link)
else:
    st.info("There is no dataset yet. Upload a file on the page Datasets.", icon=":material/database:")
