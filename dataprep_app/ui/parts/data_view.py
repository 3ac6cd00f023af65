"""The rows of a flow: a grid with the profile of every column, the selected column, and the steps that made them.

While a step is being tried, the grid shows the rows as they would be, marked where they differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dataprep_app.profile import ColumnProfile, profiles
from dataprep_app.ui import session
from dataprep_app.ui.components.data_grid import data_grid, drain
from dataprep_app.ui.parts import differences as diff
from dataprep_app.ui.parts.column_panel import MENUS, column_panel, form_of, table_panel
from dataprep_app.ui.parts.data_rows import (
    HEIGHT,
    PAGE,
    Kept,
    Rows,
    column_list,
    outputs,
    packed_rows,
    sample_said,
    summary,
    unchanged,
)  # fmt: skip
from dataprep_app.ui.parts.differences import Differences
from dataprep_app.ui.parts.pending import Pending, discard, keep, open_form, pending
from dataprep_app.ui.parts.steps_panel import steps_panel
from flows.document import Flow, node_of
from flows.graph import run_order
from transforms.core.errors import DataprepError

FIRST_SIGHT = 40
"""Rows that people see without going on: where none of them changes, only rows that change are shown at first."""


@st.cache_resource
def _kept() -> Kept:
    return Kept()


def draw(flow_id: str) -> None:
    """The view."""
    _view(flow_id)


@st.fragment(key="data")
def _view(flow_id: str) -> None:
    flow = session.editor(flow_id).flow
    key = f"grid:{flow_id}"
    drain(key, lambda event: _handle(flow_id, event))
    session.redraw_when_changed(flow_id)
    names = outputs(flow, session.checked(flow_id))
    if not names:
        st.info("There is no data yet. Add a dataset in the view Data flow.", icon=":material/table:")
        return
    reference = _reference(flow_id, flow, names)
    tried = pending(flow_id)
    left, right = st.columns([3, 1], gap="medium")
    with left:
        schema, column = _left(flow_id, flow, reference, tried, names)
    with right:
        steps_panel(flow_id, reference, schema, column)


def _reference(flow_id: str, flow: Flow, names: Mapping[str, str]) -> str:
    """The output to show: the one that was chosen, or else the end of the flow."""
    chosen = st.session_state.get(f"reference:{flow_id}")
    if chosen not in names:
        end = session.ends(flow)[0]
        chosen = end if end in names else next((each for each in names if node_of(each) == end), next(iter(names)))
        st.session_state[f"reference:{flow_id}"] = chosen
    return str(chosen)


def _left(
    flow_id: str, flow: Flow, reference: str, tried: Pending | None, names: Mapping[str, str]
) -> tuple[pl.Schema, str | None]:
    """Draw the rows; the columns before the step that is tried, and the selected one."""
    known = session.checked(flow_id).prediction.schemas.get(reference, pl.Schema())
    as_list, line = _controls(flow_id, reference, names)
    try:
        rows = look(flow_id, flow, reference)
    except DataprepError as error:
        st.error(str(error), icon=":material/error:")
        return known, None
    schema = rows.table.schema
    wanted = None
    if tried is not None:
        try:
            rows = look_at_trial(flow_id, flow, tried)
        except DataprepError as error:
            _failed(flow_id, str(error))
        else:
            wanted = _banner(flow_id, rows)
    column = st.session_state.get(f"column:{flow_id}")
    known_columns = {**(rows.before_profiles or {}), **rows.profiles}
    if column not in known_columns:
        column = st.session_state[f"column:{flow_id}"] = None
    line.caption(f"{summary(rows.table)}  \n{_sample_said(flow_id, flow, reference)}")
    if as_list:
        _columns(flow_id, rows)
    else:
        _grid(flow_id, rows, wanted)
    if column is None:
        table_panel(rows.profiles)
    else:
        column_panel(flow_id, known_columns[column], usable=column in schema)
    return schema, column if column in schema else None


def look(flow_id: str, flow: Flow, reference: str) -> Rows:
    """The rows of an output with their profile.

    Raises:
        DataprepError: a source cannot be opened, or a step on the way does not work.
    """
    table = session.look(flow_id, reference, flow).table
    return Rows(table, _kept().get((table,), ("profile",), lambda: profiles(table)))


def look_at_trial(flow_id: str, flow: Flow, tried: Pending) -> Rows:
    """The rows as the step that is tried would make them, beside those before it.

    Raises:
        DataprepError: the step does not work.
    """
    before = look(flow_id, flow, tried.before)
    after = session.look(flow_id, tried.reference, tried.flow).table

    def rows_of(version: Flow, reference: str) -> pl.DataFrame:
        return session.look(flow_id, reference, version).table

    def compared() -> Differences:
        matching = (flow, tried.before, tried.flow, tried.reference, rows_of, before.table, after)
        return diff.compare(before.table, after, diff.origin_of(*matching))

    found = _kept().get((before.table, after), ("differences",), compared)
    known = _kept().get((after,), ("profile",), lambda: profiles(after, unchanged(found, before.profiles)))
    return Rows(after, known, before.table, before.profiles, found)


def _sample_said(flow_id: str, flow: Flow, reference: str) -> str:
    sources = [each for each in run_order(flow, [reference]) if each in flow.sources]
    lengths = {each: session.look(flow_id, each, flow).table.height for each in sources}
    return sample_said(session.sampling(flow_id), lengths)


def _controls(flow_id: str, reference: str, names: Mapping[str, str]) -> tuple[bool, DeltaGenerator]:
    """Which output to look at, and how; whether as a list of columns, and where to say what it is."""
    chosen, looks = f"data_reference:{flow_id}", f"data_looks:{flow_id}"
    st.session_state[chosen] = reference

    def choose() -> None:
        st.session_state[f"reference:{flow_id}"] = st.session_state[chosen]

    def turn() -> None:
        # A grid that appears anew begins with the column that was chosen meanwhile.
        st.session_state[f"grid_start:{flow_id}"] = st.session_state.get(f"column:{flow_id}")

    with st.container(horizontal=True, vertical_alignment="center"):
        st.selectbox(
            "Rows of", list(names), format_func=names.__getitem__, key=chosen, on_change=choose, required=True,
            label_visibility="collapsed", width=260,
        )  # fmt: skip
        view = st.segmented_control(
            "Show as", ["Table", "Columns"], default="Table", required=True, key=looks, on_change=turn,
            label_visibility="collapsed",
        )  # fmt: skip
        line = st.container(width="stretch")
    return view == "Columns", line


def _failed(flow_id: str, said: str) -> None:
    """Why the step that is tried does not work; below are the rows before it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.error(said, icon=":material/error:", width="stretch")
        st.button("Discard", key=f"discard:{flow_id}", on_click=discard, args=(flow_id,))


def _banner(flow_id: str, rows: Rows) -> pl.Series | None:
    """What the step that is tried changes; keep it or not. The rows to show, ``None`` for all."""
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"banner:{flow_id}"):
        st.text(f"Preview: {rows.differences.sentence() if rows.differences else ''}", width="stretch")
        wanted = _wanted_rows(flow_id, rows)
        st.button("Discard", key=f"discard:{flow_id}", on_click=discard, args=(flow_id,))
        st.button("Add", type="primary", key=f"keep:{flow_id}", on_click=lambda: _add(flow_id))
    return wanted


def _add(flow_id: str) -> None:
    keep(flow_id)


def _grid(flow_id: str, rows: Rows, wanted: pl.Series | None) -> None:
    total = rows.table.height if wanted is None else wanted.len()
    pages = max(1, -(-total // PAGE))
    page_key = f"page:{flow_id}:{total}"
    page = min(int(st.session_state.get(page_key, 1)), pages)
    start = st.session_state.get(f"grid_start:{flow_id}")
    tables = (rows.table,) if rows.before is None else (rows.before, rows.table)
    what = ("grid", page, wanted is None, start)
    packed = _kept().get(tables, what, lambda: packed_rows(rows, wanted, (page - 1) * PAGE, MENUS, start))
    data_grid(packed, key=f"grid:{flow_id}", height=HEIGHT)
    if pages > 1:
        with st.container(horizontal=True, horizontal_alignment="right"):
            st.pagination(pages, key=page_key)


def _wanted_rows(flow_id: str, rows: Rows) -> pl.Series | None:
    """The rows that change, where only those are wanted; ``None`` for all."""
    found, before = rows.differences, rows.before
    if found is None or before is None or not found.matched or not found.cells:
        return None
    changed = _kept().get((before, rows.table), ("changed",), lambda: diff.changed_rows(found, before, rows.table))
    if changed.len() in (0, rows.table.height):
        return None
    only = st.toggle(
        f"Only the {changed.len():,} rows that change",
        value=int(changed[0]) >= FIRST_SIGHT,
        key=f"only_changed:{flow_id}:{found.cells}:{changed.len()}",
    )
    return changed if only else None


def _columns(flow_id: str, rows: Rows) -> None:
    """One row for each column; choosing one selects it."""
    names = list(rows.profiles)
    key = f"columns:{flow_id}"

    def choose() -> None:
        found = st.session_state[key].selection.rows
        st.session_state[f"column:{flow_id}"] = names[found[0]] if found else None

    st.dataframe(
        column_list(rows.profiles.values()),
        key=key,
        height=HEIGHT,
        hide_index=True,
        selection_mode="single-row",
        on_select=choose,
        column_config={
            "Column": st.column_config.TextColumn(width="medium"),
            "Valid": st.column_config.ProgressColumn(format="%.0f %%", min_value=0, max_value=100),
            "Missing": st.column_config.NumberColumn(format="localized"),
            "Invalid": st.column_config.NumberColumn(format="localized"),
            "Distinct": st.column_config.NumberColumn(format="localized"),
            "Distribution": st.column_config.BarChartColumn(),
            "Range or top values": st.column_config.TextColumn(width="large"),
        },
    )


def _handle(flow_id: str, event: Mapping[str, Any]) -> None:
    """Do what was done in the grid."""
    column = event["column"]
    st.session_state[f"column:{flow_id}"] = column
    if event["type"] != "act":
        return
    profile = _profile_of(flow_id, column)
    if profile is not None:
        transform, initial = form_of(profile, event["action"])
        open_form(flow_id, transform, dict(initial))


def _profile_of(flow_id: str, column: str) -> ColumnProfile | None:
    """The profile of a column as the grid shows it, if it is still there."""
    flow, tried = session.editor(flow_id).flow, pending(flow_id)
    try:
        if tried is not None:
            return look_at_trial(flow_id, flow, tried).profiles.get(column)
        reference = _reference(flow_id, flow, outputs(flow, session.checked(flow_id)))
        return look(flow_id, flow, reference).profiles.get(column)
    except DataprepError:
        return None
