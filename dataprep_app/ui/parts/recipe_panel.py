"""What can be done with the steps of a selection as a recipe, and with a step that uses one."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dataprep_app.recipe_library import newer, recipe_of
from dataprep_app.ui import session
from dataprep_app.ui.parts.chain import step_title
from flows.document import Flow, node_of
from flows.recipe_edits import ungroup


def group_button(flow_id: str, flow: Flow, selected: Sequence[str]) -> None:
    """The button that makes the steps of a selection a recipe, when it has any."""
    steps = [each for each in selected if each in flow.steps]
    if steps:
        st.button("Save as recipe", icon=":material/layers:", key=f"recipe:{flow_id}",
                  on_click=_act, args=("recipe", steps[0]))  # fmt: skip


def recipe_buttons(flow_id: str, flow: Flow, id: str) -> None:
    """The buttons of a step that uses a recipe of the flow."""
    if recipe_of(flow, flow.steps[id]) is None:
        return
    st.button("Steps", icon=":material/list:", on_click=_act, args=("recipe_steps", id))
    st.button("Ungroup", icon=":material/layers_clear:", on_click=ungroup_step, args=(id, flow_id))


def library_button(flow: Flow, id: str) -> None:
    """The button that saves the recipe of a step to the library, or takes a later version from there."""
    recipe = recipe_of(flow, flow.steps[id])
    if recipe is None:
        return
    later = newer(flow, str(flow.steps[id].params["recipe"]), session.workspace().recipes())
    if later is None:
        st.button("Save to library", icon=":material/save:", on_click=_act, args=("recipe_save", id))
    else:
        label = f"Update ({recipe.version} → {later.version})"
        st.button(label, icon=":material/update:", on_click=_act, args=("recipe_update", id))


def ungroup_step(id: str, flow_id: str) -> None:
    """Put the steps of a recipe in the place of the step that uses it, and select them."""
    before = session.shown(flow_id).flow
    if session.apply(flow_id, f"Ungroup {step_title(before, before.steps[id])}", lambda flow: ungroup(flow, id)):
        steps = session.shown(flow_id).flow.steps
        new = [each for each in steps if each not in before.steps or each == id]
        st.session_state[f"selected:{flow_id}"] = new
        if node_of(st.session_state.get(f"reference:{flow_id}") or "") == id:
            st.session_state[f"reference:{flow_id}"] = new[-1]


def _act(action: str, reference: str) -> None:
    st.session_state["act"] = (action, reference)
