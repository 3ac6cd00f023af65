"""The steps that made the rows one looks at: add, change, switch off, move, copy and delete them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import polars as pl
import streamlit as st

from dataprep_app.recipe_library import recipe_of, size
from dataprep_app.ui import session
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.parts import add_step, step_form
from dataprep_app.ui.parts.chain import Effect, can_swap, chain, copied, effect, swapped, titles
from dataprep_app.ui.parts.graph import deleted, said
from dataprep_app.ui.parts.impact import impact_panel, propose, waiting
from dataprep_app.ui.parts.pending import close_form, open_form
from dataprep_app.ui.parts.pending import step_form as open_step_form
from dataprep_app.ui.parts.problem_words import JOIN, in_words
from dataprep_app.ui.parts.recipe_panel import ungroup_step
from dataprep_app.ui.parts.trust_dialog import trust_notice, untrusted_code
from flows import edits
from flows.document import Flow, node_of
from flows.identity import digest
from transforms.catalog import catalog
from transforms.core.errors import DataprepError, Problem
from transforms.core.transform import FittedTransform, RowTransform

HEIGHT = 630
LONGEST = 40
"""Steps whose effect is computed; in longer lists only the settings are shown."""


@dataclass(frozen=True)
class Action:
    """Something that can be done with a step of the list."""

    label: str
    icon: str
    do: Callable[[str], None]
    """Does it in a flow."""


def steps_panel(flow_id: str, reference: str, schema: pl.Schema, column: str | None) -> None:
    """Draw the steps that lead to an output, or the form that is open.

    Args:
        flow_id: the flow.
        reference: the output whose rows are shown.
        schema: its columns.
        column: the selected column.
    """
    _panel(flow_id, reference, schema, column)


@st.fragment(key="steps")
def _panel(flow_id: str, reference: str, schema: pl.Schema, column: str | None) -> None:
    session.redraw_when_changed(flow_id)
    impact = waiting(flow_id)
    if impact is not None:
        impact_panel(flow_id, impact, close_form)
        return
    form = open_step_form(flow_id)
    with st.container(border=True, gap="small", key=f"steps_panel:{flow_id}"):
        if form is not None:
            step_form.draw(flow_id, form)
        elif st.session_state.get(f"panel:{flow_id}") == "find":
            add_step.draw(flow_id, schema, column)
        else:
            _steps(flow_id, reference)


def _steps(flow_id: str, reference: str) -> None:
    flow = session.editor(flow_id).flow
    st.button(
        "Add step", icon=":material/add:", key=f"add_step:{flow_id}", type="primary", shortcut="Mod+K",
        width="stretch", on_click=lambda: st.session_state.update({f"panel:{flow_id}": "find"}),
    )  # fmt: skip
    nodes = chain(flow, reference)
    steps = [id for id in nodes if id in flow.steps]
    problems = _problems(flow_id)
    with st.container(height=HEIGHT, border=False, gap="small"):
        _source(flow, nodes)
        slots = {id: _step(flow_id, flow, id, place, steps, problems) for place, id in enumerate(steps)}
        if not steps:
            st.caption("There is no step yet. Add one, or choose a column to see what suits it.")
        if len(steps) <= LONGEST:
            for id, found in _effects(flow_id, flow, steps).items():
                slots[id].caption(f"→ {escaped(str(found))}")


def _source(flow: Flow, nodes: list[str]) -> None:
    if nodes and nodes[0] in flow.sources:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(":material/database:", width="content")
            st.text(titles(flow)[nodes[0]])


def _step(
    flow_id: str, flow: Flow, id: str, place: int, steps: list[str], problems: Mapping[str, Problem]
) -> st.delta_generator.DeltaGenerator:
    """Draw a step; where its effect is said."""
    step, names = flow.steps[id], titles(flow)
    with st.container(border=True, gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap=None, wrap=False):
            mark = ":red[:material/error:] " if id in problems else ""
            off = ":gray[(off)]" if step.disabled else ""
            st.markdown(f"{mark}{place + 1}. **{escaped(names[id])}** {off}", width="stretch")
            _menu(flow_id, flow, id, place, steps)
        if len(step.inputs) > 1:
            st.caption(escaped(f"with {', '.join(names.get(node_of(each), each) for each in step.inputs[1:])}"))
        about = size(recipe) if (recipe := recipe_of(flow, step)) else said(step)
        if about:
            st.caption(escaped(about))
        if id in problems and not trust_notice(flow_id, id, untrusted_code(flow, id), f"trust:{flow_id}:{id}"):
            st.error(escaped(f"{problems[id].found} {problems[id].advice}".strip()))
        if step.note:
            st.caption(f":material/sticky_note_2: {escaped(step.note)}")
        if st.session_state.get(f"note:{flow_id}") == id:
            _note(flow_id, id, step.note)
        return st.empty()


def _menu(flow_id: str, flow: Flow, id: str, place: int, steps: list[str]) -> None:
    found = actions(flow, id, place, steps)
    key = f"step_menu:{flow_id}:{id}"

    def chosen() -> None:
        name = st.session_state[key]
        if name in found:
            found[name].do(flow_id)

    st.menu_button(
        "", list(found), key=key, icon=":material/more_vert:", type="tertiary", on_click=chosen,
        format_func=lambda name: f"{found[name].icon} {found[name].label}" if name in found else str(name),
    )  # fmt: skip


def actions(flow: Flow, id: str, place: int, steps: list[str]) -> dict[str, Action]:
    """What can be done with a step of a list of steps, by name."""
    step = flow.steps[id]
    found = {
        "edit": Action("Choose keys" if step.transform == JOIN else "Edit", ":material/edit:", partial(_edit, id)),
        "off": Action("Enable" if step.disabled else "Disable", ":material/block:", partial(_toggle, id)),
    }
    if place > 0 and can_swap(flow, steps[place - 1], id):
        before = steps[place - 1]
        found["up"] = Action("Move up", ":material/arrow_upward:", partial(_swap, before, id))
    if place + 1 < len(steps) and can_swap(flow, id, steps[place + 1]):
        after = steps[place + 1]
        found["down"] = Action("Move down", ":material/arrow_downward:", partial(_swap, id, after))
    if recipe_of(flow, step) is not None:
        found["inside"] = Action("Show its steps", ":material/list:", partial(_show_steps, id))
        found["ungroup"] = Action("Ungroup", ":material/layers_clear:", partial(ungroup_step, id))
    return found | {
        "copy": Action("Duplicate", ":material/content_copy:", partial(_copy, id)),
        "note": Action("Note", ":material/sticky_note_2:", partial(_open_note, id)),
        "delete": Action("Delete", ":material/delete:", partial(_delete, id)),
    }


def _edit(id: str, flow_id: str) -> None:
    flow = session.editor(flow_id).flow
    if flow.steps[id].transform == JOIN:
        st.session_state["act"] = ("open", id)
    else:
        open_form(flow_id, flow.steps[id].transform, edit=id)


def _show_steps(id: str, _flow_id: str) -> None:
    st.session_state["act"] = ("recipe_steps", id)


def _toggle(id: str, flow_id: str) -> None:
    flow = session.editor(flow_id).flow
    off = not flow.steps[id].disabled
    label = f"{'Disable' if off else 'Enable'} {titles(flow)[id]}"
    propose(flow_id, label, lambda now: edits.change_step(now, id, disabled=off))


def _swap(first: str, second: str, flow_id: str) -> None:
    # Who looks at the last step of the list goes on looking at the same place of it.
    shown = st.session_state.get(f"reference:{flow_id}")
    show = {first: second, second: first}.get(shown or "")
    propose(flow_id, "Move a step", lambda now: swapped(now, first, second), show=show)


def _copy(id: str, flow_id: str) -> None:
    propose(flow_id, f"Duplicate {titles(session.editor(flow_id).flow)[id]}", lambda now: copied(now, id))


def _delete(id: str, flow_id: str) -> None:
    flow = session.editor(flow_id).flow
    shown = st.session_state.get(f"reference:{flow_id}")
    gone = shown is not None and node_of(shown) == id and flow.steps[id].inputs
    propose(
        flow_id,
        f"Delete {titles(flow)[id]}",
        lambda now: deleted(now, {"nodes": [id], "edges": []}).flow,
        show=flow.steps[id].inputs[0] if gone else None,
    )


def _open_note(id: str, flow_id: str) -> None:
    st.session_state[f"note:{flow_id}"] = id


def _note(flow_id: str, id: str, note: str) -> None:
    key = f"note_text:{flow_id}:{id}"

    def save() -> None:
        text = st.session_state[key].strip()
        st.session_state.pop(f"note:{flow_id}", None)
        if text != note:
            session.apply(flow_id, "Change a note", lambda flow: edits.change_step(flow, id, note=text))

    st.text_area("Note", value=note, key=key, height=80)
    st.button("Save note", key=f"{key}:save", on_click=save)


def _problems(flow_id: str) -> dict[str, Problem]:
    found: dict[str, Problem] = {}
    for each in in_words(session.editor(flow_id).flow, session.checked(flow_id).problems):
        if each.severity == "error":
            found.setdefault(each.step, each)
    return found


def _effects(flow_id: str, flow: Flow, steps: list[str]) -> dict[str, Effect]:
    """What each step of the list did on the sample; those whose rows cannot be computed are left out."""
    key = digest([session.text_of(flow), session.sampling(flow_id).as_json(), steps])
    kept: tuple[str, dict[str, Effect]] = st.session_state.get(f"effects:{flow_id}", ("", {}))
    if kept[0] == key:
        return kept[1]
    found: dict[str, Effect] = {}
    for id in steps:
        if flow.steps[id].disabled or not flow.steps[id].inputs:
            continue
        try:
            before = session.look(flow_id, flow.steps[id].inputs[0]).table
            kind = catalog()[flow.steps[id].transform]
            in_place = issubclass(kind, RowTransform | FittedTransform)
            found[id] = effect(before, session.look(flow_id, id).table, in_place=in_place)
        except DataprepError:
            break
    st.session_state[f"effects:{flow_id}"] = (key, found)
    return found
