"""Predict a whole table with a model, as a job, and fetch the file."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from dataprep_app.jobs import store as jobs
from dataprep_app.modeling.model import TABLE
from dataprep_app.modeling.store import SavedModel
from dataprep_app.ui import session
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.parts.job_list import EVERY, LARGEST_DOWNLOAD, LOOKS
from dataprep_app.ui.parts.model_list import built_at, cancel
from transforms.core.errors import DataprepError

FORMATS = {"csv": "CSV", "parquet": "Parquet"}
SHOWN = 5
"""The latest predictions of a model that are listed."""
AS_BUILT = ""
"""The choice to take the rows that the flow reads."""


def model_batch(model: SavedModel) -> None:
    """Draw the form, and the predictions that were made."""
    st.caption(
        "Raw rows pass the fitted flow, training-only steps left out, and come out with a prediction, and the "
        "probability of each class, beside them. Nothing is learned from them."
    )
    with st.form(f"batch:{model.id}", border=True):
        with st.grid(2):
            for source in model.facts.inputs:
                _source(model, source)
        name, kind = st.columns([3, 1], vertical_alignment="bottom")
        stem = name.text_input(
            "File",
            value=f"{model.id}_predictions",
            key=f"batch_file:{model.id}",
            help="In the folder of the workspace.",
        )
        ending = kind.selectbox("Format", list(FORMATS), format_func=lambda each: FORMATS[each], key="batch_format")
        asked = st.form_submit_button("Predict all rows", type="primary", icon=":material/play_arrow:")
    if asked:
        _start(model, stem, ending)
    _done(model)


def _source(model: SavedModel, source: str) -> None:
    datasets = session.workspace().datasets()
    columns = [each.name for each in model.facts.inputs[source] if each.needed]
    only = source == TABLE and model.facts.reference is None
    choices = list(datasets) if only else [AS_BUILT, *datasets]
    origin = model.built_from.dataset
    st.selectbox(
        "Rows to predict" if only else f"Rows of {source}",
        choices,
        index=choices.index(origin) if only and origin in choices else 0,
        format_func=lambda each: datasets[each].label if each else "As in the flow",
        key=f"batch_source:{model.id}:{source}",
        help=f"Needs the columns {', '.join(columns)}.",
    )


def _start(model: SavedModel, stem: str, ending: str) -> None:
    chosen = {each: st.session_state[f"batch_source:{model.id}:{each}"] for each in model.facts.inputs}
    space = session.workspace()
    try:
        output = _output(space.folder, stem, ending)
    except DataprepError as error:
        st.error(str(error), icon=":material/error:")
        return
    arguments: dict[str, Any] = {
        "model": str(model.folder),
        "workspace": str(space.folder),
        "datasets": {source: id for source, id in chosen.items() if id},
        "output": str(output),
    }
    ask = jobs.Ask("predict", f"Predict with {model.facts.name}", arguments, model.built_from.flow or "")
    jobs.start(space.jobs, ask)


def _output(folder: Path, stem: str, ending: str) -> Path:
    name = stem.strip().removesuffix(f".{ending}")
    if not name or Path(name).name != name or name.startswith("."):
        raise DataprepError(f"{stem!r} is no name of a file. Give one without folders, such as predictions.")
    return folder / f"{name}.{ending}"


def _done(model: SavedModel) -> None:
    found = [
        each
        for each in jobs.jobs(session.workspace().jobs)
        if each.ask.kind == "predict" and each.ask.arguments.get("model") == str(model.folder)
    ][:SHOWN]
    active = any(each.status().state not in jobs.ENDED for each in found)

    @st.fragment(run_every=EVERY if active else None)
    def draw() -> None:
        states = [(each, each.status()) for each in found]
        if active and all(status.state in jobs.ENDED for _, status in states):
            st.rerun()  # before anything is drawn: the downloads of this run would be gone after it
        for job, status in states:
            _row(job, status)

    if found:
        st.subheader("Predictions", anchor=False)
        draw()


def _row(job: jobs.Job, status: jobs.Status) -> None:
    path = Path(job.ask.arguments["output"])
    text, icon, color = LOOKS[status.state]
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{escaped(path.name)}**  \n:small[{escaped(_facts(job, status))}]", width="stretch")
            st.badge(text, icon=icon, color=color)  # type: ignore[arg-type]  # the colours are those it knows
            if status.state not in jobs.ENDED:
                st.button("Cancel", icon=":material/cancel:", key=f"cancel:{job.id}", on_click=partial(cancel, job))
            elif status.state == "done" and path.is_file() and path.stat().st_size <= LARGEST_DOWNLOAD:
                st.download_button(
                    "Download",
                    path.read_bytes,
                    file_name=path.name,
                    icon=":material/download:",
                    key=f"get:{job.id}",
                    on_click="ignore",
                )
        if status.state not in jobs.ENDED:
            st.progress(status.share or 0.0, text=escaped(status.text or "Starting"))
        elif status.state != "done":
            st.error(status.text, icon=":material/error:")


def _facts(job: jobs.Job, status: jobs.Status) -> str:
    when = built_at(job.created_at)
    result = job.result() if status.state == "done" else None
    if result is None:
        return when
    lost = [f"{count:,} values of {name} could not be read" for name, count in result["unreadable"].items()]
    return " · ".join([when, f"{result['rows']:,} rows", *lost])
