"""Dialogs of recipes: steps become one, what it holds, saving it to the library, taking a later version from there."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from dataprep_app.recipe_library import Saving, as_saved, grouped, newer, recipe_of, saving, size
from dataprep_app.ui import session
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.parts.chain import step_title
from dataprep_app.ui.parts.graph import said
from flows import recipe_files
from flows.document import Flow, Recipe, Step
from flows.graph import run_order
from flows.recipe_edits import add_recipe
from transforms.core.errors import DataprepError

WHAT = (
    "A recipe is a group of steps under one name. It stands on the canvas as one step, can be used again "
    "elsewhere in this flow, and, once it is saved to the library, in other flows."
)
GONE = "The flow has no such recipe any more."


@st.dialog("Save as recipe")
def save_as_recipe(flow_id: str, _id: str = "") -> None:
    """Ask for a name, and make the steps that are selected one."""
    flow = session.shown(flow_id).flow
    chosen = [each for each in run_order(flow) if each in st.session_state.get(f"selected:{flow_id}", [])]
    steps = tuple(each for each in chosen if each in flow.steps)
    st.caption(WHAT)
    _list(flow, flow.steps, steps)
    name = st.text_input(
        "Name", key=f"recipe_name:{flow_id}", placeholder="Clean names", help="What people call these steps together."
    ).strip()
    note = st.text_input(
        "Note", key=f"recipe_note:{flow_id}", placeholder="None", help="What people should know of it."
    ).strip()
    if not st.button("Save", type="primary", disabled=not steps):
        return
    if not name:
        st.error("Give it a name.", icon=":material/error:")
        return
    try:
        made, step = grouped(flow, steps, name, note)
    except DataprepError as error:
        st.error(escaped(str(error)), icon=":material/error:")
        return
    if session.apply(flow_id, f"Save as recipe {name}", lambda _flow: made):
        st.session_state[f"selected:{flow_id}"] = [step]
    st.rerun()


@st.dialog("Steps of the recipe")
def recipe_steps(flow_id: str, id: str) -> None:
    """Show what a recipe holds."""
    flow = session.shown(flow_id).flow
    recipe = recipe_of(flow, flow.steps[id])
    if recipe is None:
        st.error(GONE, icon=":material/error:")
        return
    st.markdown(f"**{escaped(recipe.name)}**, {size(recipe)}, version {recipe.version}")
    if recipe.note:
        st.caption(escaped(recipe.note))
    _list(flow, recipe.steps, tuple(run_order(Flow(steps=recipe.steps))))
    if recipe.parameters:
        st.markdown("**Parameters**")
        st.markdown("\n".join(_parameters(recipe)))
    if len(recipe.inputs) > 1 or len(recipe.outputs) > 1:
        st.markdown(f"**Takes** {escaped(', '.join(recipe.inputs))}  \n**Gives** {escaped(', '.join(recipe.outputs))}")
    st.caption("To change its steps, ungroup it, change them, and save them as a recipe again.")


@st.dialog("Save to the library")
def save_to_library(flow_id: str, id: str) -> None:
    """Say what will be saved, and save it."""
    flow = session.shown(flow_id).flow
    recipe_id = str(flow.steps[id].params.get("recipe"))
    if recipe_id not in flow.recipes:
        st.error(GONE, icon=":material/error:")
        return
    try:
        found = saving(flow, recipe_id, session.workspace().recipe(recipe_id))
    except DataprepError as error:
        st.error(escaped(str(error)), icon=":material/error:")
        return
    st.caption("Other flows of this workspace can take a copy of what is in the library. This flow keeps its own.")
    st.markdown(escaped(_what_is_saved(found)))
    if not found.same and st.button("Save", type="primary"):
        _save(flow_id, recipe_id, found.recipe)


@st.dialog("Update the recipe", width="medium")
def update_recipe(flow_id: str, id: str) -> None:
    """Show the version of the flow and that of the library, and take the latter."""
    flow = session.shown(flow_id).flow
    recipe_id = str(flow.steps[id].params.get("recipe"))
    there = newer(flow, recipe_id, session.workspace().recipes()) if recipe_id in flow.recipes else None
    if there is None:
        st.info("The flow has the latest version.", icon=":material/check:")
        return
    mine = flow.recipes[recipe_id]
    for column, title, recipe in zip(st.columns(2), ("In this flow", "In the library"), (mine, there), strict=True):
        with column:
            st.markdown(f"**{title}: version {recipe.version}**")
            before = mine.steps if recipe is there else recipe.steps
            _list(flow, recipe.steps, tuple(run_order(Flow(steps=recipe.steps))), before)
            if recipe.note:
                st.caption(escaped(recipe.note))
    st.caption("Every step of this flow that uses the recipe will use the new version. You can undo it.")
    with st.container(horizontal=True):
        update = st.button(f"Update to version {there.version}", type="primary")
        keep = st.button(f"Save this flow’s as version {there.version + 1}")
    if update:
        session.apply(flow_id, f"Update {there.name}", lambda now: add_recipe(now, recipe_id, there))
        st.rerun()
    if keep:
        _save(flow_id, recipe_id, saving(flow, recipe_id, there).recipe)


DIALOGS: dict[str, Callable[[str, str], None]] = {
    "recipe": save_as_recipe,
    "recipe_steps": recipe_steps,
    "recipe_save": save_to_library,
    "recipe_update": update_recipe,
}
"""By the action that asks for them."""


def _save(flow_id: str, id: str, recipe: Recipe) -> None:
    """Save a recipe to the library; the flow's own has its version from then on."""
    try:
        recipe_files.save(recipe, session.workspace().recipe_path(id))
    except (DataprepError, OSError) as error:
        st.error(escaped(str(error)), icon=":material/error:")
        return
    if recipe.version != session.shown(flow_id).flow.recipes[id].version:
        session.apply(flow_id, f"Save {recipe.name} to the library", lambda flow: as_saved(flow, id, recipe))
    session.tell(f"{recipe.name} is in the library, version {recipe.version}.")
    st.rerun()


def _what_is_saved(found: Saving) -> str:
    recipe, there = found.recipe, found.there
    if there is None:
        return f"{recipe.name}, with {size(recipe)}, is not there yet. It becomes version {recipe.version}."
    if found.same:
        return f"The library has it already, version {recipe.version}."
    other = f" that one is called {there.name}," if there.name != recipe.name else ""
    return f"The library has version {there.version} of it,{other} with {size(there)}. " + (
        f"Version {recipe.version}, with {size(recipe)}, takes its place; flows that use it can update."
    )


def _list(
    flow: Flow, steps: Mapping[str, Step], ids: tuple[str, ...], before: Mapping[str, Step] | None = None
) -> None:
    """Steps in their order: what each does, what it is about, its note, and whether it was otherwise before."""
    lines = []
    for number, id in enumerate(ids, 1):
        about = said(steps[id])
        off = " (off)" if steps[id].disabled else ""
        mark = ""
        if before is not None and steps[id] != before.get(id):
            mark = " :orange-badge[changed]" if id in before else " :green-badge[new]"
        title = escaped(step_title(flow, steps[id]))
        lines.append(f"{number}. {title}{off}{f': {escaped(about)}' if about else ''}{mark}")
        if steps[id].note:
            lines.append(f"   :small[:gray[{escaped(steps[id].note)}]]")
    st.markdown("\n".join(lines))


def _parameters(recipe: Recipe) -> list[str]:
    return [
        f"- {escaped(name)}, by default {escaped(str(each.default))}{f': {escaped(each.help)}' if each.help else ''}"
        for name, each in recipe.parameters.items()
    ]
