"""Jobs as a list, and one job with its progress, log and result."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import streamlit as st

from dataprep_app.jobs import store
from dataprep_app.ui import session

LOOKS: dict[store.State, tuple[str, str, str]] = {
    "waiting": ("Waiting", ":material/hourglass_empty:", "gray"),
    "running": ("Running", ":material/sync:", "blue"),
    "done": ("Done", ":material/check_circle:", "green"),
    "failed": ("Failed", ":material/error:", "red"),
    "cancelled": ("Cancelled", ":material/cancel:", "gray"),
    "lost": ("Stopped", ":material/power_off:", "orange"),
}
EVERY = 0.5
"""Seconds between two looks at a running job."""
LARGEST_DOWNLOAD = 200 << 20


def job_list(folder: Path) -> None:
    """Every job, the latest first."""
    found = store.jobs(folder)
    if not found:
        st.info("There is no job yet. Open a data flow and press Create job.", icon=":material/schedule:")
        return
    active = any(each.status().state not in store.ENDED for each in found)

    @st.fragment(run_every=EVERY if active else None)
    def draw() -> None:
        for each in found[:50]:
            status = each.status()
            with st.container(border=True):
                title, state, when, more = st.columns([4, 3, 2, 1], vertical_alignment="center")
                title.markdown(f"**{each.ask.title}**")
                with state:
                    _badge(status)
                when.caption(_ago(each.created_at))
                more.page_link("screens/jobs.py", label="Open", query_params={"job": each.id})

    draw()


def job_details(job: store.Job) -> None:
    """One job."""
    st.subheader(job.ask.title, anchor=False)
    running = job.status().state not in store.ENDED

    @st.fragment(run_every=EVERY if running else None)
    def draw() -> None:
        status = job.status()
        with st.container(horizontal=True, vertical_alignment="center"):
            _badge(status)
            st.caption(f"Started {_ago(job.created_at)}", width="content")
        if status.state in store.ENDED:
            if running:
                st.rerun()
            _ended(job, status)
        else:
            st.progress(status.share or 0.0, text=status.text or "Starting")
            st.button("Cancel", icon=":material/cancel:", on_click=_cancel, args=(job,))
        log = job.log()
        if log:
            with st.expander("Log", expanded=status.state in ("failed", "lost")):
                st.code(log, language=None, wrap_lines=True)

    draw()


def _cancel(job: store.Job) -> None:
    session.tell(job.cancel().text)


def _badge(status: store.Status) -> None:
    text, icon, color = LOOKS[status.state]
    st.badge(text, icon=icon, color=color)  # type: ignore[arg-type]  # the colours above are those it knows


def _ended(job: store.Job, status: store.Status) -> None:
    if status.state == "done":
        st.success(status.text, icon=":material/check_circle:")
    else:
        st.error(status.text, icon=":material/error:")
    result = job.result()
    if not result:
        return
    if job.ask.kind == "run":
        _written(job, result)
        _steps(result)
    elif result.get("model"):
        st.page_link(
            "screens/models.py",
            label="Open the model",
            icon=":material/model_training:",
            query_params={"model": str(result["model"])},
        )
    elif job.ask.kind == "insights":
        st.page_link(
            "screens/flow.py",
            label="Open the report",
            icon=":material/insights:",
            query_params={"flow": job.ask.flow, "view": "insights"},
        )


def _written(job: store.Job, result: Mapping[str, Any]) -> None:
    st.markdown("**Written**")
    for each in result["written"]:
        path = Path(each["target"])
        _file(path, f"{each['rows']:,} rows · {path.parent}", each["destination"])
    rejects = result.get("rejects") or ()
    if rejects:
        st.markdown("**Rejected rows**", help="Rows of which a step lost or refused a value, with the reason.")
    for each in rejects:
        path = Path(each["target"])
        _file(path, f"{each['rows']:,} rows that {each['step']} rejected · {path.parent}", f"rejects:{each['step']}")


def _file(path: Path, about: str, key: str) -> None:
    """A file that was written, to take away or to go on with."""
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"{path.name}  \n:small[{about}]")
        if path.is_file() and path.stat().st_size <= LARGEST_DOWNLOAD:
            st.download_button(
                "Download",
                path.read_bytes,
                file_name=path.name,
                icon=":material/download:",
                key=f"get:{key}",
                on_click="ignore",
            )
        if path.exists():
            st.button(
                "Add to datasets", icon=":material/database:", key=f"add:{key}", on_click=_add_dataset, args=(path,)
            )


def _steps(result: Mapping[str, Any]) -> None:
    rows = [
        {
            "Step": each["id"],
            "Rows in": sum(each["rows_in"]),
            "Rows out": sum(each["rows_out"].values()),
            "Learned": {"now": "from all rows", "reused": "earlier"}.get(each["fitted"], ""),
            "Lost values": "; ".join(f"{f['rows']:,} in {f['column']} {f['what']}" for f in each["failures"]),
        }
        for each in result["steps"]
    ]
    with st.expander("What each step did"):
        st.dataframe(rows, hide_index=True)


def _add_dataset(path: Path) -> None:
    space = session.workspace()
    connector = {".csv": "csv", ".ndjson": "ndjson", ".json": "json", ".xlsx": "excel"}.get(path.suffix, "parquet")
    inside = path.is_relative_to(space.folder)
    where = str(path.relative_to(space.folder)) if inside else str(path)
    space.add_dataset(path.name, connector, {"path": where})
    session.tell(f"{path.name} is a dataset now.")


def _ago(moment: str) -> str:
    seconds = int((datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds())
    for size, word in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            number = seconds // size
            return f"{number} {word}{'s' if number > 1 else ''} ago"
    return "just now"
