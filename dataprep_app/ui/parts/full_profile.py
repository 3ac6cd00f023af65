"""The full profile of a table, made by ydata-profiling on request."""

from __future__ import annotations

from dataclasses import asdict

import streamlit as st

from dataprep_app.insights.full_profile import ROWS
from dataprep_app.jobs import store
from dataprep_app.ui import session
from dataprep_app.ui.forms.markdown import escaped

EVERY = 0.5
TALL = 900
"""Pixels of the page within the page."""


def ask_for_profile(flow_id: str, reference: str) -> None:
    """The popover that starts it."""
    with st.popover("Full profile", icon=":material/summarize:"):
        st.markdown(
            f"Every statistic there is of **at most {ROWS:,} rows**, as a page by ydata-profiling: distributions, "
            "extremes, correlations, pairs of numbers, texts and what is missing. It takes some seconds to some "
            "minutes, and nothing leaves this machine."
        )
        rows = st.segmented_control(
            "Rows of the profile",
            ["sample", "all"],
            default="sample",
            required=True,
            format_func=lambda each: {"sample": "The sample", "all": "All rows"}[each],
            help=f"Of all rows, {ROWS:,} are drawn by chance.",
            key=f"profile rows:{flow_id}",
        )
        st.button(
            "Make full profile",
            icon=":material/play_arrow:",
            on_click=_start,
            args=(flow_id, reference),
            kwargs={"every_row": rows == "all"},
            key=f"profile start:{flow_id}",
        )


def draw_profile(flow_id: str, reference: str) -> None:
    """How far the profile of this table is, or the profile; nothing when none was asked for."""
    job = _job(flow_id, reference)
    if job is None:
        return
    status = job.status()
    if status.state == "cancelled":
        return
    with st.container(border=True, gap="small"):
        if status.state not in store.ENDED:
            _progress(job)
        elif status.state == "done":
            _made(flow_id, reference, job)
        else:
            with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                st.markdown(f":red[:material/error:] **Full profile**: {escaped(status.text)}", width="content")
                _close(flow_id, job)


def _progress(job: store.Job) -> None:
    @st.fragment(run_every=EVERY)
    def progress() -> None:
        status = job.status()
        if status.state in store.ENDED:
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(status.share or 0.0, text=f"Full profile: {escaped(status.text or 'Starting')}")
            st.button("Cancel the profile", icon=":material/cancel:", on_click=_cancel, args=(job,))

    progress()


def _made(flow_id: str, reference: str, job: store.Job) -> None:
    result = job.result() or {}
    page = job.folder / str(result.get("page", ""))
    if not page.is_file():
        st.caption("The full profile is no longer there. Make it again.")
        return
    shown = f"profile open:{job.id}"
    left_out = result.get("left_out") or ()
    more = f" Left out: {', '.join(left_out)}." if left_out else ""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(
            f"**Full profile of {escaped(reference)}**  \n:small[{escaped(str(result['basis']) + more)}]",
            width="content",
        )
        with st.container(horizontal=True, width="content"):
            opened = st.toggle("Open here", key=shown)
            st.download_button(
                "Download profile",
                page.read_bytes,
                file_name=f"{flow_id}-{reference}-profile.html",
                mime="text/html",
                icon=":material/download:",
                on_click="ignore",
            )
            _close(flow_id, job)
    if opened:
        st.iframe(page, height=TALL)  # the policy in it lets no script of the data run


def _close(flow_id: str, job: store.Job) -> None:
    st.button(
        "Close",
        icon=":material/close:",
        type="tertiary",
        key=f"profile close:{job.id}",
        on_click=_dismiss,
        args=(flow_id, job.id),
    )


def _dismiss(flow_id: str, id: str) -> None:
    st.session_state[f"profile closed:{flow_id}"] = id


def _cancel(job: store.Job) -> None:
    session.tell(job.cancel().text)


def _start(flow_id: str, reference: str, *, every_row: bool) -> None:
    arguments = {
        "path": str(session.editor(flow_id).path),
        "reference": reference,
        "sampling": None if every_row else asdict(session.sampling(flow_id)),
    }
    store.start(session.workspace().jobs, store.Ask("profile", f"Full profile of {reference}", arguments, flow_id))


def _job(flow_id: str, reference: str) -> store.Job | None:
    """The last profile of this table, unless it was closed."""
    for each in store.jobs(session.workspace().jobs):
        if (each.ask.kind, each.ask.flow, each.ask.arguments.get("reference")) == ("profile", flow_id, reference):
            return None if st.session_state.get(f"profile closed:{flow_id}") == each.id else each
    return None
