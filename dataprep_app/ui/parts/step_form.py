"""The form of a step: its inputs, its settings, what is wrong with them, and the buttons that try or keep it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl
import streamlit as st

from dataprep_app.ui import session
from dataprep_app.ui.forms.checks import step_problems
from dataprep_app.ui.forms.column_fields import fitting
from dataprep_app.ui.forms.fields import FormField, step_fields
from dataprep_app.ui.forms.form import draw_form
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.parts import pending
from dataprep_app.ui.parts.chain import downstream, titles
from dataprep_app.ui.parts.pending import StepForm
from flows.document import Flow, node_of
from flows.parameters import ParameterError, Value
from flows.parameters import values as parameter_values
from transforms.catalog import catalog
from transforms.core.errors import Problem
from transforms.core.transform import Transform
from transforms.reference import sentence

HEIGHT = 440
"""Pixels of the part that scrolls; the buttons stay below it."""


def prefilled(fields: Sequence[FormField], columns: Mapping[str, pl.DataType], column: str | None) -> dict[str, Any]:
    """Settings of a new step that begin with the selected column, where its first field of columns takes it."""
    first = next((each for each in fields if each.widget in ("column", "columns")), None)
    if first is None or column is None or first.table != 0 or column not in fitting(columns, first.kinds):
        return {}
    # A step that works on every column of a type by default is not narrowed down without being asked.
    if not first.required and first.default is not None:
        return {}
    return {first.name: column if first.widget == "column" else [column]}


def input_candidates(flow: Flow, form: StepForm) -> list[str]:
    """Outputs that can be a further input of the step: all but those that come after it."""
    about = form.edit or node_of(form.after or "")
    after = downstream(flow, about) | ({about} if form.edit else set())
    return [id for id in (*flow.sources, *flow.steps) if id not in after and id != node_of(form.after or "")]


def draw(flow_id: str, form: StepForm) -> None:
    """Draw the form, and do what its buttons asked for.

    Keys of what is no setting have ``do`` in them, since a setting may have any name, such as ``keep``.
    """
    kind = catalog()[form.transform]
    flow = session.editor(flow_id).flow
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Back", icon=":material/arrow_back:", key=f"{form.key}:do:back", type="tertiary",
            on_click=pending.close_form, args=(flow_id,),
        )  # fmt: skip
    st.markdown(f"**{kind.title}**", help=_more(kind))
    st.caption(sentence(kind))
    with st.container(height=HEIGHT, border=False, gap="small"):
        others, branch = _inputs(flow, form, kind)
        schemas = _schemas(flow_id, flow, form, others)
        drawn = draw_form(form.key, step_fields(kind), form.initial, schemas)
        known = len(schemas) == _inputs_needed(kind, others)
        problems = step_problems(kind, drawn.values, schemas if known else (), _values(flow))
        changed = drawn.values != dict(form.initial) or form.edit is not None
        if form.tried or (
            changed and any("pattern" in each.found and drawn.values.get(each.field) for each in problems)
        ):
            drawn.say(problems)
    errors = [each for each in problems if each.severity == "error"]
    _footer(flow_id, form, errors if form.tried else [])
    if form.asked is not None:
        _do(flow_id, form, drawn.values, others, branch, ok=not errors)


def _do(
    flow_id: str, form: StepForm, values: Mapping[str, Any], others: Sequence[str], branch: bool, *, ok: bool
) -> None:
    st.session_state[f"form:{flow_id}"] = replace(form, asked=None)
    if not ok:
        return
    pending.preview_step(flow_id, values, others, branch=branch)
    if form.asked == "keep":
        pending.keep(flow_id)
    st.rerun()


def _inputs(flow: Flow, form: StepForm, kind: type[Transform]) -> tuple[list[str], bool]:
    """Further inputs of the step, and whether it begins a branch of its own."""
    others: list[str] = []
    now = list(flow.steps[form.edit].inputs[1:]) if form.edit else []
    names, options = titles(flow), input_candidates(flow, form)

    def said(id: str) -> str:
        return f"{names.get(node_of(id), id)} ({id})"

    for place, name in enumerate(kind.inputs[1:]):
        if name == "*":
            key = f"{form.key}:do:inputs"
            st.session_state.setdefault(key, now)
            chosen = st.multiselect(
                "Further tables", [*options, *(each for each in now if each not in options)], key=key,
                format_func=said, placeholder="Choose tables", help="Tables whose rows are taken too.",
            )  # fmt: skip
            others += chosen
        else:
            key = f"{form.key}:do:input{place}"
            st.session_state.setdefault(key, now[place] if place < len(now) else None)
            one = st.selectbox(
                f"{name.capitalize()} table", [*options, *(each for each in now if each not in options)], index=None,
                key=key, format_func=said, placeholder="Choose a table", help="The other table of the step.",
            )  # fmt: skip
            others += [one] if one else []
    return others, _is_branch(flow, form)


def _is_branch(flow: Flow, form: StepForm) -> bool:
    users = list(flow.users(node_of(form.after))) if form.after and form.edit is None else []
    if not users:
        return False
    where = st.segmented_control(
        "Where",
        ["In between", "New branch"],
        default="In between",
        required=True,
        key=f"{form.key}:do:where",
        help="In between, the nodes that follow take the rows of this step. A new branch leaves them as they are.",
    )
    return where == "New branch"


def _inputs_needed(kind: type[Transform], others: Sequence[str]) -> int:
    return max(len(kind.inputs), 1 + len(others)) if kind.inputs[-1] == "*" else len(kind.inputs)


def _schemas(flow_id: str, flow: Flow, form: StepForm, others: Sequence[str]) -> list[pl.Schema]:
    """The columns of every input that is chosen; the first ones that are known."""
    first = flow.steps[form.edit].inputs[0] if form.edit and flow.steps[form.edit].inputs else form.after
    known = session.checked(flow_id).prediction.schemas
    is_open = session.checked(flow_id).prediction.open
    found: list[pl.Schema] = []
    for each in (first, *others):
        if each is None or each not in known:
            break
        # Columns that a step makes of its data are known from the rows that were looked at.
        found.append(session.look(flow_id, each).table.schema if each in is_open else known[each])
    return found


def _values(flow: Flow) -> Mapping[str, Value]:
    try:
        return parameter_values(flow)
    except ParameterError:
        return {}


def _footer(flow_id: str, form: StepForm, errors: Sequence[Problem]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", wrap=False, key=f"{form.key}:do:footer"):
        # The problems stand under their fields, which may be out of sight.
        found = "\n\n".join(escaped(each.found) for each in errors)
        st.caption(":red[:material/error: See above]" if errors else "", help=found or None, width="stretch")
        st.button("Preview", key=f"{form.key}:do:preview", on_click=pending.ask, args=(flow_id, "preview"))
        st.button(
            "Save" if form.edit else "Add",
            key=f"{form.key}:do:keep",
            type="primary",
            on_click=pending.ask,
            args=(flow_id, "keep"),
        )


def _more(kind: type[Transform]) -> str:
    parts = [f"Missing values: {kind.missing}"] + ([f"Unseen values: {kind.unseen}"] if kind.unseen else [])
    return "\n\n".join(parts)
