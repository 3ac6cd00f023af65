"""The quality report of a node: made in a process of its own, with every warning one click from its fix."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import polars as pl
import streamlit as st

from dataprep_app.insights.findings import Report
from dataprep_app.insights.html import as_html
from dataprep_app.jobs import store
from dataprep_app.ui import session
from dataprep_app.ui.parts.node_choice import node_choice
from dataprep_app.ui.parts.report import draw_report
from flows.sampling import Sampling

PROBLEMS = {"auto": "Find out", "classification": "A class", "regression": "A number"}
EVERY = 0.5


def draw(flow_id: str) -> None:
    """The view."""
    reference = node_choice(flow_id, "Report on")
    if reference is None:
        return
    schema = session.checked(flow_id).prediction.schemas.get(reference, pl.Schema())
    asked = _asked(flow_id, reference, schema)
    job = _job(flow_id)
    if job is None:
        if asked is None:
            st.info(
                "The report looks for missing and disguised values, duplicates, leakage, skew and more, asks a quick "
                "model what the columns tell of a target, and offers the step that mends each fault.",
                icon=":material/insights:",
            )
        return
    _watch(flow_id, job)


def _asked(flow_id: str, reference: str, schema: pl.Schema) -> bool | None:
    """The form above the report; starts a job."""
    known = st.session_state.get(f"report target:{flow_id}")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        columns = list(schema)
        target = st.selectbox(
            "Target",
            columns,
            index=columns.index(known) if known in columns else None,
            placeholder="None: look at the columns only",
            help="The column to predict, if there is one. The report then says what each column tells of it.",
            key=f"target:{flow_id}:{reference}",
        )
        problem = st.segmented_control(
            "It holds",
            list(PROBLEMS),
            default="auto",
            required=True,
            format_func=lambda each: PROBLEMS[each],
            help="What is to be predicted.",
            disabled=target is None,
        )
        rows = st.segmented_control(
            "Rows",
            ["sample", "all"],
            default="sample",
            required=True,
            format_func=lambda each: {"sample": "The sample", "all": "All rows"}[each],
            help="Every number says which rows it was computed on.",
        )
        made = st.button("Make report", type="primary", icon=":material/play_arrow:")
    if made:
        st.session_state[f"report target:{flow_id}"] = target
        _start(flow_id, reference, target, problem, session.sampling(flow_id) if rows == "sample" else None)
    return True if made else None


def _start(flow_id: str, reference: str, target: str | None, problem: str, sampling: Sampling | None) -> None:
    opened = session.editor(flow_id)
    arguments = {
        "path": str(opened.path),
        "reference": reference,
        "target": target,
        "problem": problem,
        "sampling": asdict(sampling) if sampling else None,
    }
    job = store.start(session.workspace().jobs, store.Ask("insights", f"Report on {reference}", arguments, flow_id))
    st.session_state[f"report:{flow_id}"] = job.id


def _job(flow_id: str) -> store.Job | None:
    """The report that is shown: the one made last in this session, or else the last one of the flow."""
    folder = session.workspace().jobs
    known = st.session_state.get(f"report:{flow_id}")
    if known:
        return store.job(folder, known)
    mine = (each for each in store.jobs(folder) if each.ask.kind == "insights" and each.ask.flow == flow_id)
    return next((each for each in mine if each.status().state in ("running", "waiting", "done")), None)


def _watch(flow_id: str, job: store.Job) -> None:
    running = job.status().state not in store.ENDED

    @st.fragment(run_every=EVERY if running else None)
    def progress() -> None:
        status = job.status()
        if status.state in store.ENDED:
            st.rerun()
        st.progress(status.share or 0.0, text=status.text or "Starting")
        st.button("Cancel", icon=":material/cancel:", on_click=lambda: session.tell(job.cancel().text))

    if running:
        progress()
        return
    status = job.status()
    if status.state != "done":
        st.error(status.text, icon=":material/error:")
        return
    report = _report(str(job.folder / "result.json"), job.id)
    reference = str(job.ask.arguments["reference"])
    _outdated(flow_id, job)
    with st.container(horizontal=True, horizontal_alignment="right"):
        st.download_button(
            "Download as page",
            as_html(report),
            file_name=f"{flow_id}-{reference}-report.html",
            mime="text/html",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "Download as JSON",
            report.model_dump_json(indent=2),
            file_name=f"{flow_id}-{reference}-report.json",
            mime="application/json",
            icon=":material/data_object:",
            on_click="ignore",
        )
    draw_report(flow_id, reference, report)


@st.cache_data(max_entries=8, show_spinner=False)
def _report(path: str, _id: str) -> Report:
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - a cached function takes plain text as its key
        values: dict[str, Any] = json.load(file)
    return Report.model_validate(values)


def _outdated(flow_id: str, job: store.Job) -> None:
    """Say when the flow was changed after the report was made."""
    edited = session.editor(flow_id).path.stat().st_mtime
    made = (job.folder / "job.json").stat().st_mtime
    if edited > made:
        st.caption(
            ":orange[The flow was changed after this report was made. Make it again to see what the changes did.]"
        )
