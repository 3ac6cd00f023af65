"""One dataset: its first rows, how it is read, using it in a flow, taking it off the list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl
import streamlit as st
from pydantic import ValidationError

from connectors.catalog import sources
from connectors.core.connector import Connector
from dataprep_app.profile import ColumnProfile, profiles
from dataprep_app.ui import session
from dataprep_app.ui.components.data_grid import GridColumn, data_grid, drain, pack
from dataprep_app.ui.forms.checks import model_problems
from dataprep_app.ui.forms.fields import fields_of
from dataprep_app.ui.forms.form import Drawn, draw_form
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.forms.memory import forget
from dataprep_app.ui.parts.dataset_list import SCREEN, facts_of
from dataprep_app.ui.parts.dataset_upload import first_rows, without_folder
from dataprep_app.workspace import Dataset, Workspace
from flows import edits
from flows.document import Flow
from transforms.core.errors import DataprepError

PREVIEW = 1_000
"""Rows that are read to show."""
HEIGHT = 520
MAIN = 10
"""Settings of a source that are shown at once."""
NEW = ""
"""What stands for a new flow among those a dataset can be used in."""


def dataset_details(space: Workspace, id: str) -> None:
    """Draw the page of a dataset."""
    try:
        dataset = space.dataset(id)
    except DataprepError as error:
        st.title("Datasets", anchor=False)
        st.error(escaped(str(error)), icon=":material/error:")
        st.page_link(SCREEN, label="All datasets", icon=":material/arrow_back:")
        return
    st.page_link(SCREEN, label="All datasets", icon=":material/arrow_back:")
    _head(space, dataset)
    session.show_notices()
    _body(space, dataset)


def _head(space: Workspace, dataset: Dataset) -> None:
    facts = facts_of(space, dataset)
    kind = sources()[dataset.connector]
    left, right = st.columns([3, 2], vertical_alignment="center")
    with left:
        st.markdown(f"### {escaped(dataset.label)}")
        width = f" · {facts.columns:,} column{'' if facts.columns == 1 else 's'}" if facts.columns is not None else ""
        st.caption(escaped(f"{kind.label} · {facts.size}{width}"))
    with right.container(horizontal=True, horizontal_alignment="right"):
        _use(space, dataset)
        with st.popover("Remove", icon=":material/delete:"):
            st.markdown("Take this dataset off the list? Its file stays, and flows that read it go on working.")
            if st.button("Remove it", type="primary", key="remove_dataset"):
                space.remove_dataset(dataset.id)
                session.tell(f"{dataset.label} was taken off the list.")
                st.switch_page(SCREEN)


def _use(space: Workspace, dataset: Dataset) -> None:
    flows = {NEW: "A new data flow", **{each.id: each.name for each in space.flows()}}
    with st.popover("Use in a flow", icon=":material/account_tree:", type="primary"):
        chosen = st.selectbox("Flow", list(flows), format_func=flows.__getitem__, key="use_in")
        if st.button("Use it", type="primary", key="use_dataset"):
            use(space, dataset, chosen)


def use(space: Workspace, dataset: Dataset, flow_id: str) -> None:
    """Put a dataset into a flow, a new one named after it where none is given, and open that."""
    flow_id = flow_id or space.new_flow(dataset.label.rpartition(".")[0] or dataset.label)

    def added(flow: Flow) -> Flow:
        return edits.add_source(flow, edits.new_id(flow, dataset.id), dataset.source())

    session.editor(flow_id)  # as it is now, not as this session may have seen it before
    if session.apply(flow_id, f"Add {dataset.label}", added):
        st.switch_page("screens/flow.py", query_params={"flow": flow_id})


@st.fragment(key="dataset")
def _body(space: Workspace, dataset: Dataset) -> None:
    key = f"dataset:{dataset.id}"
    left, right = st.columns([3, 1], gap="medium")
    with right:
        drawn, kind = _options(space, dataset, key)
    with left:
        _rows(space, dataset, drawn, kind)


def _options(space: Workspace, dataset: Dataset, key: str) -> tuple[Drawn, type[Connector]]:
    """How the dataset is read, as a form."""
    kind = sources()[dataset.connector]
    schema = kind.model_json_schema(by_alias=True)
    fields = [
        replace(each, column_keys=True) if each.name == "types" else each
        for each in fields_of(schema, MAIN)
        if each.name != "path"
    ]
    with st.container(border=True, gap="small"):
        st.markdown("**How it is read**")
        where = str(dataset.params.get("path", ""))
        st.caption(escaped(where))
        with st.container(height=HEIGHT - 60, border=False, gap="small"):
            if fields:
                drawn = draw_form(f"{key}:form", fields, dataset.params, (_columns(space, dataset),))
            else:
                st.caption("There is nothing to choose.")
                drawn = draw_form(f"{key}:form", (), dataset.params, ())
        changed = _plain(kind, drawn.values) != _plain(kind, dataset.params)
        with st.container(horizontal=True, horizontal_alignment="right"):
            if changed:
                st.button("Undo changes", key=f"{key}:undo", on_click=forget, args=(f"{key}:form",))
            valid = changed and not model_problems(kind, drawn.values)
            if st.button("Save", key=f"{key}:save", type="primary", disabled=not valid):
                space.change_dataset(dataset.id, drawn.values)
                session.tell("Saved. Flows that have this dataset already keep their own settings.")
                st.rerun()
    return drawn, kind


def _columns(space: Workspace, dataset: Dataset) -> pl.Schema:
    """Columns as the dataset is read now; none where it cannot be."""
    try:
        connector, context = space.open_dataset(dataset.id)
        return connector.columns(context)
    except (DataprepError, ValidationError):
        return pl.Schema()


def _plain(kind: type[Connector], params: Mapping[str, Any]) -> Any:
    """Settings with their defaults, so that the same settings are equal; as they are where they are not valid."""
    try:
        return kind.model_validate(dict(params)).model_dump(mode="json", by_alias=True)
    except ValidationError:
        return dict(params)


def _rows(space: Workspace, dataset: Dataset, drawn: Drawn, kind: type[Connector]) -> None:
    """The first rows as they are read with the settings of the form, saved or not."""
    problems = model_problems(kind, drawn.values)
    if problems:
        drawn.say(problems)
        st.warning("Some settings are not valid. They are marked on the right.", icon=":material/error:")
        return
    try:
        rows = first_rows(space, dataset.connector, drawn.values, PREVIEW)
    except DataprepError as error:
        st.error(escaped(without_folder(space, str(error))), icon=":material/error:")
        st.caption("Choose on the right how the file is read, or check the file.")
        return
    if not rows.width:
        st.info("The file has no column.", icon=":material/table:")
        return
    key = f"dataset_grid:{dataset.id}"
    drain(key, lambda _event: None)
    found = profiles(rows)
    shown = (
        f"{rows.height:,} row{'' if rows.height == 1 else 's'}"
        if rows.height < PREVIEW
        else f"The first {PREVIEW:,} rows"
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        looks = st.segmented_control(
            "Show as", ["Table", "Columns"], default="Table", required=True, key=f"{key}:looks",
            label_visibility="collapsed",
        )  # fmt: skip
        st.caption(f"{shown} · {rows.width:,} column{'' if rows.width == 1 else 's'}")
    if looks == "Columns":
        st.dataframe(columns_of(found), hide_index=True, height=HEIGHT)
        return
    columns = [GridColumn(rows[name], found[name]) for name in rows.columns]
    numbers = range(1, rows.height + 1)
    packed = pack(columns, numbers=numbers, total=rows.height, status=shown, menus={}, height=HEIGHT)
    data_grid(packed, key=key, height=HEIGHT)


def columns_of(found: Mapping[str, ColumnProfile]) -> pl.DataFrame:
    """A row for each column: its type, how much is missing, how many different values."""
    return pl.DataFrame(
        [
            {
                "Column": each.name,
                "Type": each.type,
                "Missing %": round(100 * each.missing / each.rows, 1) if each.rows else None,
                "Distinct": each.distinct,
            }
            for each in found.values()
        ],
        schema={"Column": pl.String, "Type": pl.String, "Missing %": pl.Float64, "Distinct": pl.Int64},
    )
