"""What stands above every view of a flow: its name, whether it is saved, undo and redo, what is wrong, the views."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import streamlit as st

from dataprep_app.ui import session
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.parts.actions import take_action
from dataprep_app.ui.parts.chain import titles
from dataprep_app.ui.parts.job_dialog import create_job
from dataprep_app.ui.parts.problem_words import in_words
from flows.document import Flow
from flows.sampling import Sampling
from transforms.core.errors import Problem

SAMPLES = (1_000, 5_000, 20_000, 50_000, 200_000)


@dataclass(frozen=True)
class View:
    """One way to look at a flow; its module has a function ``draw(flow_id)`` and is imported when it is needed."""

    title: str
    icon: str
    module: str

    def drawing(self) -> Callable[[str], None]:
        """What draws it."""
        found: Callable[[str], None] = import_module(f"dataprep_app.ui.parts.{self.module}").draw
        return found


VIEWS = {
    "graph": View("Data flow", ":material/account_tree:", "canvas_view"),
    "data": View("Data", ":material/table:", "data_view"),
    "insights": View("Insights", ":material/insights:", "insights_view"),
    "analyses": View("Analyses", ":material/bar_chart:", "analyses_view"),
}


def header(flow_id: str) -> str:
    """Draw the header; the view that is chosen."""
    dialog = take_action(flow_id)
    opened = session.editor(flow_id)
    history = opened.history
    name, buttons = st.columns([2, 5], vertical_alignment="center")
    with name:
        st.markdown(f"### {escaped(opened.flow.name)}")
    with buttons.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", gap="small"):
        st.caption(
            f"Saved {opened.saved_at:%H:%M:%S}" if opened.conflict is None else ":red[Not saved]", width="content"
        )
        _arrow("undo", history.past[-1].label if history.past else "", session.undo, flow_id, "Mod+Z")
        _arrow("redo", history.future[0].label if history.future else "", session.redo, flow_id, "Mod+Shift+Z")
        _problems(flow_id)
        _more(flow_id, opened.flow)
        if st.button("Create job", type="primary", icon=":material/play_arrow:"):
            create_job(flow_id)
    if opened.conflict is not None:
        _conflict(flow_id)
    views, sample = st.columns([3, 2], vertical_alignment="center")
    if st.session_state.get("view") not in VIEWS:
        wanted = st.query_params.get("view", "graph")
        st.session_state["view"] = wanted if wanted in VIEWS else "graph"
    with views:
        chosen = st.segmented_control(
            "View",
            list(VIEWS),
            required=True,
            format_func=lambda each: f"{VIEWS[each].icon} {VIEWS[each].title}",
            key="view",
            label_visibility="collapsed",
        )
    view = chosen or "graph"
    st.query_params["view"] = view
    with sample.container(horizontal=True, horizontal_alignment="right"):
        _sample(flow_id)
    if dialog is not None:
        dialog()
    return view


def _arrow(kind: str, label: str, action: Callable[[str], Any], flow_id: str, shortcut: str) -> None:
    what = f"{kind.capitalize()}: {label}" if label else f"Nothing to {kind}"
    st.button(
        kind.capitalize(),
        icon=f":material/{kind}:",
        help=what,
        disabled=not label,
        key=f"{kind}:{flow_id}",
        on_click=action,
        args=(flow_id,),
        shortcut=shortcut,
    )


def _problems(flow_id: str) -> None:
    flow = session.editor(flow_id).flow
    problems = in_words(flow, (each for each in session.checked(flow_id).problems if each.severity == "error"))
    if not problems:
        return
    word = "problem" if len(problems) == 1 else "problems"
    with st.popover(f":red[{len(problems)} {word}]", icon=":material/error:"):
        for each in problems:
            st.markdown(_sentence(each, titles(flow)))


def _sentence(problem: Problem, names: Mapping[str, str]) -> str:
    where = f"**{escaped(names.get(problem.step, problem.step))}**: " if problem.step else ""
    return f"{where}{escaped(problem.found)} {escaped(problem.advice)}"


def _more(flow_id: str, flow: Flow) -> None:
    with st.popover("More", icon=":material/more_horiz:"):
        with st.form(f"rename:{flow_id}", border=False):
            name = st.text_input("Name of the flow", value=flow.name)
            if st.form_submit_button("Rename") and name.strip() and name != flow.name:
                session.apply(flow_id, "Rename the flow", lambda each: each.model_copy(update={"name": name.strip()}))
                st.rerun()
        st.download_button(
            "Download the flow",
            session.editor(flow_id).path.read_text(encoding="utf-8"),
            file_name=f"{flow_id}.flow.json",
            mime="application/json",
            icon=":material/download:",
            on_click="ignore",
        )


def _conflict(flow_id: str) -> None:
    with st.container(border=True):
        st.warning(
            "This flow was changed somewhere else, perhaps in another tab. Your last changes are not saved yet. "
            "Choose which version goes on; the other is kept as a flow of its own.",
            icon=":material/call_split:",
        )
        with st.container(horizontal=True):
            st.button("Keep my version", type="primary", on_click=session.settle, args=(flow_id, "mine"))
            st.button("Take the other version", on_click=session.settle, args=(flow_id, "theirs"))


def _sample(flow_id: str) -> None:
    now = session.sampling(flow_id)

    def change() -> None:
        st.session_state[f"sampling:{flow_id}"] = Sampling(
            rows=st.session_state[f"sample_rows:{flow_id}"], method=st.session_state[f"sample_method:{flow_id}"]
        )

    how = "first" if now.method == "first" else "random"
    with st.popover(f"Sample: {how} {now.rows:,} rows", icon=":material/filter_alt:"):
        st.caption(
            "Everything you see here is computed on a sample of each dataset, so that it answers at once. "
            "A job takes all rows."
        )
        st.selectbox(
            "Rows of each dataset",
            SAMPLES,
            index=SAMPLES.index(now.rows) if now.rows in SAMPLES else 2,
            format_func=lambda each: f"{each:,}",
            key=f"sample_rows:{flow_id}",
            on_change=change,
        )
        st.segmented_control(
            "Which rows",
            ["first", "random"],
            default=now.method if now.method != "stratified" else "random",
            required=True,
            format_func=lambda each: {"first": "The first", "random": "Random"}[each],
            key=f"sample_method:{flow_id}",
            on_change=change,
            help="Random rows are the same ones each time.",
        )
