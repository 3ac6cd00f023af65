"""The first rows of the node that is selected, under the canvas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dataprep_app.ui import session
from dataprep_app.ui.components.data_grid import GridColumn, data_grid, drain, pack
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.parts.data_rows import Kept, Rows
from dataprep_app.ui.parts.data_view import look
from flows.document import Flow
from flows.problems import Checked
from transforms.core.errors import DataprepError

ROWS = 50
CHOICE = 56
"""Pixels of the line in which an output is chosen."""


@st.cache_resource
def _kept() -> Kept:
    return Kept()


def first_rows(flow_id: str, id: str, checked: Checked, height: int) -> None:
    """Draw them; where there are none to show, say why."""
    flow = session.editor(flow_id).flow
    if any(each.step == id and each.severity == "error" for each in checked.problems):
        _none(height, "There are rows here as soon as what is wrong with this node is mended.")
        return
    key = f"first_rows:{flow_id}"
    drain(key, lambda event: _selected(flow_id, event))
    references = references_of(flow, id, checked)
    reference = references[0]
    if len(references) > 1:
        reference = st.segmented_control(
            "Output",
            references,
            default=reference,
            required=True,
            format_func=lambda each: each.partition(".")[2],
            label_visibility="collapsed",
            key=f"first_rows_of:{flow_id}:{id}",
        )
        height -= CHOICE
    try:
        with st.spinner("Computing the first rows"):
            rows = look(flow_id, flow, reference)
    except DataprepError as error:
        _none(height, str(error))
        return
    packed = _kept().get((rows.table,), ("first rows", height), lambda: packed_first(rows, height))
    data_grid(packed, key=key, height=height)


def _none(height: int, why: str) -> None:
    with st.container(border=True, height=height):
        st.markdown("**No rows to show yet**")
        st.markdown(escaped(why))


def references_of(flow: Flow, id: str, checked: Checked) -> list[str]:
    """The outputs of a node, as steps name them; of a destination, what it writes."""
    if id in flow.destinations:
        return [flow.destinations[id].input]
    bound = checked.prediction.bound.get(id)
    names = bound.output_names if bound is not None else ()
    return [f"{id}.{each}" for each in names] if len(names) > 1 else [id]


def packed_first(rows: Rows, height: int) -> bytes:
    """The first rows, each column with what is said of all of them, for the grid."""
    table, total = rows.table.head(ROWS), rows.table.height
    return pack(
        [GridColumn(table[name], rows.profiles[name]) for name in table.columns],
        numbers=range(1, table.height + 1),
        total=total,
        status=f"The first {ROWS} of {total:,} rows" if total > ROWS else f"{total:,} row{'' if total == 1 else 's'}",
        menus={},
        height=height,
        label="First rows",
    )


def _selected(flow_id: str, event: Mapping[str, Any]) -> None:
    """The column that is chosen here is the one that the view Data describes."""
    st.session_state[f"column:{flow_id}"] = event["column"]
