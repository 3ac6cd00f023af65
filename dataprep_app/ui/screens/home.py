"""Home: where one left off, and how to begin."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from dataprep_app.ui import session
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.parts.flow_list import flow_cards, new_flow
from dataprep_app.workspace import Dataset
from transforms.core.errors import DataprepError

SHOWN = 6
PER_ROW = 3


def _datasets(found: Sequence[Dataset]) -> None:
    for start in range(0, len(found), PER_ROW):
        for column, each in zip(st.columns(PER_ROW), found[start : start + PER_ROW], strict=False):
            with column.container(border=True):
                link = {"dataset": each.id}
                label = f"**{escaped(each.label)}**"
                st.page_link("screens/datasets.py", label=label, icon=":material/table:", query_params=link)
                added = f" · added {datetime.fromisoformat(each.added_at):%d %b %Y}" if each.added_at else ""
                st.caption(f"{each.connector}{added}")


space = session.workspace()
left, right = st.columns([3, 1], vertical_alignment="bottom")
left.title("Home", anchor=False)
with right:
    new_flow(space)
session.show_notices()
st.markdown("Join, clean and encode tables by pointing and clicking, then run the same flow on all rows.")

st.subheader("Data flows", anchor=False)
if flows := space.flows():
    flow_cards(flows[:SHOWN])
    if len(flows) > SHOWN:
        st.page_link("screens/flow.py", label=f"All {len(flows)} data flows", icon=":material/arrow_forward:")
else:
    st.info("There is no flow yet. Create one, then add a dataset to it.", icon=":material/account_tree:")

st.subheader("Datasets", anchor=False)
try:
    datasets = list(space.datasets().values())
except DataprepError as error:
    st.error(escaped(str(error)), icon=":material/error:")
else:
    if datasets:
        _datasets(datasets[::-1][:SHOWN])
        if len(datasets) > SHOWN:
            st.page_link("screens/datasets.py", label=f"All {len(datasets)} datasets", icon=":material/arrow_forward:")
    else:
        st.info("There is no dataset yet.", icon=":material/database:")
        st.page_link("screens/datasets.py", label="Upload a file", icon=":material/upload:")
