"""The step that is being made or changed: its form, and the flow as it would be with it.

A form is opened from anywhere (the steps, a column's menu, the graph); the steps panel draws it and the
rows show its preview until it is kept or discarded. Keeping it is one edit of the flow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

import streamlit as st

from dataprep_app.recipe_library import with_recipe
from dataprep_app.ui import session
from dataprep_app.ui.forms.memory import forget
from dataprep_app.ui.parts.chain import chain, step_title
from dataprep_app.ui.parts.impact import propose, waiting
from flows import edits
from flows.document import Flow, Recipe, node_of
from flows.expansion import SOURCE_INFO
from flows.parameters import substitute
from flows.parameters import values as parameter_values
from flows.recipes import RECIPE


@dataclass(frozen=True)
class StepForm:
    """The form of a step that is being made or changed."""

    transform: str
    initial: Mapping[str, Any]
    """Settings at first; others have their defaults."""
    key: str
    """Prefix of the keys of its widgets."""
    after: str | None = None
    """The output whose rows the new step takes."""
    edit: str | None = None
    """The step that is changed."""
    tried: bool = False
    """Whether problems are said: from the first preview on."""
    asked: Literal["preview", "keep"] | None = None
    """What is done with the settings once the form was drawn with them."""


@dataclass(frozen=True)
class Pending:
    """A flow with a step that is not kept yet."""

    flow: Flow
    reference: str
    """The output of the step."""
    before: str
    """The output whose rows the step takes, in the flow as it is."""
    label: str
    what: Literal["add", "edit"]
    base: Flow = field(repr=False)
    """The flow as it was when the step was tried."""


def pending(flow_id: str) -> Pending | None:
    """The step that is tried, unless the flow was changed meanwhile."""
    found: Pending | None = st.session_state.get(f"pending:{flow_id}")
    return found if found is not None and found.base == session.editor(flow_id).flow else None


def step_form(flow_id: str) -> StepForm | None:
    """The form that is open, unless what it is about is gone."""
    found: StepForm | None = st.session_state.get(f"form:{flow_id}")
    if found is None:
        return None
    about = found.edit or (node_of(found.after) if found.after else "")
    return found if about in session.editor(flow_id).flow else None


def open_form(
    flow_id: str,
    transform: str,
    initial: Mapping[str, Any] | None = None,
    *,
    after: str | None = None,
    edit: str | None = None,
) -> None:
    """Open the form of a step; with ``edit``, of one that is there, with its settings.

    Args:
        flow_id: the flow.
        transform: which kind of step.
        initial: settings to begin with.
        after: the output whose rows a new step takes; by default the one that is shown.
        edit: id of the step to change.
    """
    close_form(flow_id)
    flow = session.editor(flow_id).flow
    if edit is None and after is None:
        ends = session.ends(flow)
        shown = st.session_state.get(f"reference:{flow_id}")
        after = shown if shown and node_of(shown) in flow else ends[0] if ends else None
    if transform == SOURCE_INFO and edit is None and after is not None:
        after = chain(flow, after)[0]  # only an import knows where its rows come from
    number = st.session_state["forms"] = st.session_state.get("forms", 0) + 1
    settings = dict(flow.steps[edit].params if edit and initial is None else initial or {})
    st.session_state[f"form:{flow_id}"] = StepForm(transform, settings, f"step{number}", after, edit)
    st.session_state[f"panel:{flow_id}"] = "form"


def close_form(flow_id: str) -> None:
    """Close the form and take its preview away."""
    found: StepForm | None = st.session_state.pop(f"form:{flow_id}", None)
    if found is not None:
        forget(found.key)
    st.session_state[f"panel:{flow_id}"] = "steps"
    discard(flow_id)


def ask(flow_id: str, what: Literal["preview", "keep"]) -> None:
    """Preview or keep the step once the form was drawn with the latest settings: a callback of its buttons."""
    found = step_form(flow_id)
    if found is not None:
        st.session_state[f"form:{flow_id}"] = replace(found, tried=True, asked=what)


def preview_step(flow_id: str, params: Mapping[str, Any], others: Sequence[str] = (), *, branch: bool = False) -> None:
    """Show the rows as they would be with the settings of the open form, which are valid."""
    found = step_form(flow_id)
    if found is not None:
        library = session.workspace().recipes() if found.transform == RECIPE else {}
        st.session_state[f"pending:{flow_id}"] = tried(
            session.editor(flow_id).flow, found, params, others, branch=branch, library=library
        )


def keep(flow_id: str) -> bool:
    """Make the step that is tried part of the flow and close its form; whether it was.

    What it would break is asked first (:mod:`dataprep_app.ui.parts.impact`).
    """
    found = pending(flow_id)
    if found is None:
        return False
    show = found.reference if found.what == "add" else None
    made = propose(flow_id, found.label, lambda _flow: found.flow, show=show)
    if made:
        close_form(flow_id)
    elif waiting(flow_id) is None:
        discard(flow_id)
    return made


def discard(flow_id: str) -> None:
    """Take the preview away; the form stays as it is."""
    st.session_state.pop(f"pending:{flow_id}", None)


def tried(
    flow: Flow,
    form: StepForm,
    params: Mapping[str, Any],
    others: Sequence[str] = (),
    *,
    branch: bool = False,
    library: Mapping[str, Recipe] = MappingProxyType({}),
) -> Pending:
    """The flow with the step of a form.

    Args:
        flow: the flow as it is.
        form: what is made or changed.
        params: its settings, valid.
        others: further outputs whose rows it takes.
        branch: whether the nodes that take rows of the same output go on taking those, and not the step's.
        library: recipes that the flow takes a copy of when the step uses one.
    """
    plain = substitute(dict(params), parameter_values(flow))
    base, wish = flow, form.transform
    if form.transform == RECIPE:
        wish = str(plain["recipe"])
        flow = with_recipe(flow, wish, library)
    if form.edit is not None:
        old = flow.steps[form.edit].inputs
        inputs = (old[0], *others) if others or form.transform == RECIPE else old
        changed = edits.change_step(flow, form.edit, params=plain, inputs=inputs)
        changed = _as_written(changed, form.edit, params, plain)
        return Pending(changed, form.edit, inputs[0], f"Edit {_title(changed, form.edit)}", "edit", base)
    after = form.after or session.ends(flow)[0]
    id = edits.new_id(flow, wish)
    if branch:
        longer = edits.add_step(flow, id, form.transform, (after, *others), plain)
    else:
        longer = edits.insert_step(flow, id, form.transform, after, plain)
        longer = edits.change_step(longer, id, inputs=(after, *others)) if others else longer
    longer = _as_written(longer, id, params, plain)
    return Pending(longer, id, after, f"Add {_title(longer, id)}", "add", base)


def _title(flow: Flow, id: str) -> str:
    return step_title(flow, flow.steps[id])


def _as_written(flow: Flow, id: str, params: Mapping[str, Any], plain: Mapping[str, Any]) -> Flow:
    """The flow with those settings of a step that stand for parameters as they were written."""
    written = {name: value for name, value in params.items() if value != plain.get(name)}
    if not written:
        return flow
    step = flow.steps[id]
    changed = step.model_copy(update={"params": {**step.params, **written}})
    return flow.model_copy(update={"steps": {**flow.steps, id: changed}})
