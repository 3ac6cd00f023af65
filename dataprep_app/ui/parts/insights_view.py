"""The quality report of a table, or two of them side by side: made in a process of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st

from dataprep_app.insights.compare import Comparison
from dataprep_app.insights.comparison_html import comparison_as_html
from dataprep_app.insights.findings import Report
from dataprep_app.insights.html import as_html
from dataprep_app.jobs import store
from dataprep_app.ui import session
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.parts.comparison import draw_comparison
from dataprep_app.ui.parts.full_profile import ask_for_profile, draw_profile
from dataprep_app.ui.parts.insights_form import Wanted, insights_form
from dataprep_app.ui.parts.node_choice import node_choice
from dataprep_app.ui.parts.report import draw_report

EVERY = 0.5


def draw(flow_id: str) -> None:
    """The view."""
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        reference = node_choice(flow_id, "Report on")
        if reference is None:
            return
        ask_for_profile(flow_id, reference)
    job = _job(flow_id)
    wanted = insights_form(flow_id, reference, Wanted.of(job.ask.arguments, reference) if job else Wanted())
    if wanted is not None:
        opened = session.editor(flow_id)
        asked = wanted.arguments(opened.flow, str(opened.path), reference, session.sampling(flow_id))
        job = _start(flow_id, asked)
    draw_profile(flow_id, reference)
    if job is not None:
        _watch(flow_id, job)
        return
    st.info(
        "The report looks for missing and disguised values, duplicates, leakage, skew and more, asks a quick "
        "model what the columns tell of a target, and offers the step that mends each fault.",
        icon=":material/insights:",
    )


def _start(flow_id: str, arguments: Mapping[str, Any]) -> store.Job:
    first, later = arguments["reference"], arguments.get("compare")
    title = f"Report on {first}" if later is None else f"{first} compared with {later}"
    job = store.start(session.workspace().jobs, store.Ask("insights", title, arguments, flow_id))
    st.session_state[f"report:{flow_id}"] = job.id
    return job


def _job(flow_id: str) -> store.Job | None:
    """The report that is shown: the one made last in this session, or else the last one of the flow."""
    folder = session.workspace().jobs
    known = st.session_state.get(f"report:{flow_id}")
    if known:
        return store.job(folder, known)
    mine = (each for each in store.jobs(folder) if each.ask.kind == "insights" and each.ask.flow == flow_id)
    return next((each for each in mine if each.status().state in ("running", "waiting", "done")), None)


def _watch(flow_id: str, job: store.Job) -> None:
    """Show how far it is, and then the result."""
    status = job.status()
    if status.state not in store.ENDED:
        _progress(job)
    elif status.state == "done":
        _result(flow_id, job)
    else:
        st.error(escaped(status.text), icon=":material/error:")


def _progress(job: store.Job) -> None:
    @st.fragment(run_every=EVERY)
    def progress() -> None:
        status = job.status()
        if status.state in store.ENDED:
            st.rerun()
        st.progress(status.share or 0.0, text=escaped(status.text or "Starting"))
        st.button("Cancel", icon=":material/cancel:", on_click=lambda: session.tell(job.cancel().text))

    progress()


def _result(flow_id: str, job: store.Job) -> None:
    made = read_made(str(job.folder / "result.json"))
    first, later = str(job.ask.arguments["reference"]), job.ask.arguments.get("compare")
    name = f"{flow_id}-{first}-report" if later is None else f"{flow_id}-{first}-{later}-comparison"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(escaped(job.ask.title), anchor=False, width="stretch")
        _again(flow_id, job)
        st.download_button(
            "Download as page",
            lambda: as_html(made) if isinstance(made, Report) else comparison_as_html(made),
            file_name=f"{name}.html",
            mime="text/html",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "Download as JSON",
            lambda: made.model_dump_json(indent=2),
            file_name=f"{name}.json",
            mime="application/json",
            icon=":material/data_object:",
            on_click="ignore",
        )
    if isinstance(made, Report):
        draw_report(flow_id, first, made)
    else:
        draw_comparison(flow_id, (first, str(later)), made)


@st.cache_data(max_entries=8, show_spinner=False)
def read_made(path: str) -> Report | Comparison:
    """What a job made: two reports side by side have one before and one after."""
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - a cached function takes plain text as its key
        values: dict[str, Any] = json.load(file)
    return Comparison.model_validate(values) if "before" in values else Report.model_validate(values)


def _again(flow_id: str, job: store.Job) -> None:
    """Offer to make it again when the flow was changed since."""
    edited = session.editor(flow_id).path.stat().st_mtime
    if edited > (job.folder / "job.json").stat().st_mtime:
        st.caption(":orange[The flow was changed since.]", width="content")
        st.button("Make again", icon=":material/refresh:", on_click=_make_again, args=(flow_id, job))


def _make_again(flow_id: str, job: store.Job) -> None:
    _start(flow_id, job.ask.arguments)
