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
from dataprep_app.ui.forms.fields import FormField
from dataprep_app.ui.forms.form import draw_form
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.forms.memory import Drawing
from dataprep_app.ui.parts import pending
from dataprep_app.ui.parts.chain import downstream, titles
from dataprep_app.ui.parts.offered import IN_FLOW, WHICH, Offer, offered
from dataprep_app.ui.parts.pending import Pending, StepForm
from dataprep_app.ui.parts.trust_dialog import code_of_form, trust_notice, untrusted_code
from flows.document import Flow, node_of
from flows.parameters import ParameterError, Value
from flows.parameters import values as parameter_values
from flows.recipes import RECIPE
from flows.trust import CodeStep, refusals
from transforms.catalog import catalog
from transforms.core.errors import Problem
from transforms.core.transform import Transform
from transforms.reference import sentence

HEIGHT = 440
"""Pixels of the part that scrolls; the buttons stay below it."""
FOR_TRUST = 75
"""Of these, what a word about code that is not trusted takes."""


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
    with st.container(height=HEIGHT - FOR_TRUST if kind.runs_code else HEIGHT, border=False, gap="small"):
        offer = _offer(flow, form, kind)
        if offer.hint:
            st.markdown(f":small[{escaped(offer.hint)}]")
        # Which tables a recipe takes is known once the recipe is.
        tables, settings = (st.container(gap="small"), st.container(gap="small"))[:: -1 if kind.id == RECIPE else 1]
        with tables:
            others, branch = _inputs(flow, form, offer.inputs)
        schemas = _schemas(flow_id, flow, form, others)
        with settings:
            drawn = draw_form(form.key, offer.fields, form.initial, schemas)
        known = len(schemas) == _inputs_needed(offer.inputs, others)
        alone = kind.id not in IN_FLOW
        problems = [
            *step_problems(kind, drawn.values, schemas if known and alone else (), _values(flow)),
            *(Problem(f"The {each.replace('_', ' ')} table is not chosen yet.") for each in _unchosen(offer, others)),
        ]
        code = code_of_form(kind, drawn.values, _values(flow))
        if known and not alone and not problems:
            made = pending.tried(flow, form, drawn.values, others, branch=branch, library=offer.library)
            problems, code = _in_flow(flow_id, made)
        changed = drawn.values != dict(form.initial) or form.edit is not None
        if form.tried or (
            changed and any("pattern" in each.found and drawn.values.get(each.field) for each in problems)
        ):
            drawn.say(problems)
    errors = [each for each in problems if each.severity == "error"]
    trust_notice(flow_id, form.edit or node_of(form.after or ""), [] if errors else code, f"{form.key}:do:trust")
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


def _offer(flow: Flow, form: StepForm, kind: type[Transform]) -> Offer:
    name = WHICH.get(kind.id)
    chosen = st.session_state[Drawing(form.key, ()).keep(name, form.initial.get(name))] if name else None
    after = next(iter(flow.steps[form.edit].inputs), None) if form.edit else form.after
    return offered(kind, flow, after, session.workspace(), str(chosen or ""))


def _unchosen(offer: Offer, others: Sequence[str]) -> list[str]:
    """Tables that the step takes and that are still to be chosen."""
    return [each for each in offer.inputs[1 + len(others) :] if each != "*"]


def _in_flow(flow_id: str, made: Pending) -> tuple[list[Problem], list[CodeStep]]:
    """What is wrong with a step in its place in the flow, and the code in it that is not trusted yet."""
    id = node_of(made.reference)
    refused = tuple(each.found for each in refusals(made.flow, _values(made.flow)))
    found = [each for each in session.checked(flow_id, made.flow).problems if each.step == id]
    return [each for each in found if not each.found.endswith(refused)], untrusted_code(made.flow, id)


def _inputs(flow: Flow, form: StepForm, wanted: Sequence[str]) -> tuple[list[str], bool]:
    """Further inputs of the step, and whether it begins a branch of its own."""
    others: list[str] = []
    now = list(flow.steps[form.edit].inputs[1:]) if form.edit else []
    names, options = titles(flow), input_candidates(flow, form)

    def said(id: str) -> str:
        return f"{names.get(node_of(id), id)} ({id})"

    for place, name in enumerate(wanted[1:]):
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
            label = f"{name.capitalize().replace('_', ' ')} table"
            one = st.selectbox(
                label, [*options, *(each for each in now if each not in options)], index=None,
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


def _inputs_needed(wanted: Sequence[str], others: Sequence[str]) -> int:
    return max(len(wanted), 1 + len(others)) if wanted[-1] == "*" else len(wanted)


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
