"""The settings of the analysis that is looked at, and the buttons that save it in the flow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
import streamlit as st

from dataprep_app.analyses.analysis import Analysis, setting_problems
from dataprep_app.analyses.edits import add_analysis, change_analysis, written
from dataprep_app.analyses.registry import ANALYSES
from dataprep_app.analyses.suggest import suggested
from dataprep_app.ui import session
from dataprep_app.ui.forms.fields import fields_of
from dataprep_app.ui.forms.form import draw_form
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.forms.memory import forget
from flows import edits
from flows.document import Flow
from flows.parameters import ParameterError, Value, substitute
from flows.parameters import values as parameter_values


@dataclass(frozen=True)
class OpenAnalysis:
    """The analysis that is looked at."""

    kind: type[Analysis]
    initial: Mapping[str, Any]
    """Settings at first; others have their defaults."""
    key: str
    """Prefix of the keys of its widgets."""
    saved: str | None = None
    """Its id, once it is part of the flow."""
    note: str = ""


@dataclass(frozen=True)
class Values:
    """The settings of the form."""

    written: dict[str, Any]
    """As they are saved."""
    plain: dict[str, Any]
    """With the values of parameters of the flow filled in."""


def opened(flow_id: str) -> OpenAnalysis | None:
    """The analysis that is looked at, unless it is gone from the flow."""
    found: OpenAnalysis | None = st.session_state.get(f"analysis:{flow_id}")
    if found is not None and found.saved is not None and found.saved not in session.editor(flow_id).flow.analyses:
        return None
    return found


def open_new(flow_id: str, kind: type[Analysis], schema: pl.Schema) -> None:
    """Begin an analysis, with columns that suit it."""
    column = st.session_state.get(f"column:{flow_id}")
    _open(flow_id, kind, suggested(kind, schema, column))


def open_saved(flow_id: str, id: str) -> None:
    """Look at an analysis of the flow, on the rows that it is of."""
    node = session.editor(flow_id).flow.analyses[id]
    if node.analysis not in ANALYSES:
        session.tell(f"This version has no analysis {node.analysis!r}. Upgrade Dataprep, or delete it.", "error")
        return
    st.session_state[f"reference:{flow_id}"] = node.input
    _open(flow_id, ANALYSES[node.analysis], node.params, id, node.note)


def close(flow_id: str) -> None:
    """Go back to the list; what was not saved is gone."""
    found: OpenAnalysis | None = st.session_state.pop(f"analysis:{flow_id}", None)
    if found is not None:
        forget(found.key)


def draw(flow_id: str, shown: OpenAnalysis, reference: str, schema: pl.Schema) -> Values:
    """Draw the form; its settings, valid or not."""
    flow = session.editor(flow_id).flow
    st.button(
        "All analyses", icon=":material/arrow_back:", key=f"{shown.key}:back", type="tertiary", on_click=close,
        args=(flow_id,),
    )  # fmt: skip
    st.markdown(f"**{shown.kind.title}**", help=" ".join((shown.kind.__doc__ or "").split()))
    drawn = draw_form(shown.key, fields_of(shown.kind.model_json_schema(by_alias=True)), shown.initial, [schema])
    try:
        values = Values(drawn.values, substitute(drawn.values, _parameters(flow)))
    except ParameterError as error:
        st.error(escaped(str(error)))
        values = Values(drawn.values, drawn.values)
    problems = setting_problems(shown.kind, values.plain, schema)
    drawn.say(problems)
    note_key = drawn.drawing.keep("note", shown.note)
    note = st.text_input(
        "Name", key=note_key, placeholder="As the settings say", help="What it is called in the list of analyses."
    )
    drawn.drawing.remember("note", note)
    _footer(flow_id, shown, reference, values, note.strip(), ready=not problems)
    return values


def save(flow_id: str, shown: OpenAnalysis, reference: str, params: Mapping[str, Any], note_key: str) -> None:
    """Make the analysis part of the flow, or change the one that is: one edit, which can be undone."""
    note = str(st.session_state.get(note_key, "")).strip()
    id = shown.saved or edits.new_id(session.editor(flow_id).flow, shown.kind.id)

    def change(flow: Flow) -> Flow:
        if shown.saved is None:
            return add_analysis(flow, id, shown.kind.id, reference, params, note)
        return change_analysis(flow, id, input=reference, params=params, note=note)

    label = f"{'Change' if shown.saved else 'Add'} {shown.kind.title.lower()}"
    if session.apply(flow_id, label, change):
        st.session_state[f"analysis:{flow_id}"] = OpenAnalysis(shown.kind, shown.initial, shown.key, id, shown.note)
        session.tell("The analysis is saved in the flow.")


def _open(
    flow_id: str, kind: type[Analysis], initial: Mapping[str, Any], saved: str | None = None, note: str = ""
) -> None:
    close(flow_id)
    number = st.session_state["forms"] = st.session_state.get("forms", 0) + 1
    st.session_state[f"analysis:{flow_id}"] = OpenAnalysis(kind, dict(initial), f"analysis{number}", saved, note)


def _footer(flow_id: str, shown: OpenAnalysis, reference: str, values: Values, note: str, *, ready: bool) -> None:
    """Save, where there is something to save."""
    flow = session.editor(flow_id).flow
    node = flow.analyses.get(shown.saved) if shown.saved else None
    if node is not None and ready:
        full = written(flow, shown.kind.id, values.written)
        if (node.params, node.input, node.note) == (full, reference, note):
            st.caption(":material/check: Saved in the flow")
            return
    with st.container(horizontal=True, horizontal_alignment="right"):
        st.button(
            "Save changes" if node else "Save to the flow", key=f"{shown.key}:save", type="primary", disabled=not ready,
            on_click=save, args=(flow_id, shown, reference, values.written, f"{shown.key}:note"),
        )  # fmt: skip


def _parameters(flow: Flow) -> Mapping[str, Value]:
    try:
        return parameter_values(flow)
    except ParameterError:
        return {}
