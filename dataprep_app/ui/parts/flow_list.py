"""Flows as cards, and the button that makes one."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dataprep_app.ui import session
from dataprep_app.workspace import FlowFile, Workspace

PER_ROW = 3


def flow_cards(flows: Sequence[FlowFile]) -> None:
    """A card for each flow; a click opens it."""
    for start in range(0, len(flows), PER_ROW):
        columns = st.columns(PER_ROW)
        for column, each in zip(columns, flows[start : start + PER_ROW], strict=False):
            with column.container(border=True):
                st.page_link(
                    "screens/flow.py",
                    label=f"**{each.name}**",
                    icon=":material/account_tree:",
                    query_params={"flow": each.id},
                )
                made_of = f"{_counted(each.sources, 'dataset')} · {_counted(each.steps, 'step')}"
                st.caption(f"{made_of} · edited {each.edited_at:%d %b %Y, %H:%M}")


def new_flow(space: Workspace) -> None:
    """A button that asks for a name and opens the new flow."""
    with st.popover("New data flow", icon=":material/add:", width="stretch"), st.form("new flow", border=False):
        name = st.text_input("Name", placeholder="Loan default")
        if st.form_submit_button("Create", type="primary"):
            id = space.new_flow(name.strip() or "Untitled flow")
            session.tell("The flow was created.")
            st.switch_page("screens/flow.py", query_params={"flow": id})


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
