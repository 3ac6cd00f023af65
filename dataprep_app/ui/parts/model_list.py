"""Models as a list, and the models that are being built."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

import streamlit as st

from dataprep_app.insights.words import SCORES
from dataprep_app.jobs import store as jobs
from dataprep_app.modeling.metrics import Score
from dataprep_app.modeling.store import SavedModel
from dataprep_app.ui import session
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.parts.job_list import EVERY
from transforms.scoring.problem import Kind

WORDS: dict[Kind, str] = {"binary": "Two classes", "multiclass": "Several classes", "regression": "A number"}
BUILDS = ("build", "build_from_dataset")
WIDTHS = [3, 2, 3, 2, 3]


def model_list(models: Sequence[SavedModel], building: Sequence[jobs.Job]) -> None:
    """Every model, the latest first, below those that are being built."""
    for each in building:
        with st.container(border=True):
            progress(each)
    if not models and not building:
        st.info(
            "There is no model yet. Open a data flow, choose a step, and create a model from its rows.",
            icon=":material/model_training:",
        )
        st.page_link("screens/flow.py", label="Data flows", icon=":material/account_tree:")
    for model in models:
        _row(model)


def _row(model: SavedModel) -> None:
    facts = model.facts
    result = facts.result
    with st.container(border=True, key=f"model_row_{model.id}"):
        name, target, score, rows, built = st.columns(WIDTHS, vertical_alignment="center")
        with name:
            st.page_link(
                "screens/models.py",
                label=f"**{escaped(facts.name)}**",
                icon=":material/model_training:",
                query_params={"model": model.id},
            )
        target.markdown(f"{escaped(result.problem.target)}  \n:small[{WORDS[result.problem.kind]}]")
        score.markdown(
            f"{said(result.score)}  \n:small[{SCORES[result.score.metric]} {result.score.value:.3f}, "
            f"{result.score.base:.3f} without a model]"
        )
        rows.markdown(f"{result.rows.train:,} rows  \n:small[judged by {result.rows.test:,} others]")
        with built:
            st.markdown(built_at(facts.built_at))
            origin(model)


def origin(model: SavedModel) -> None:
    """Where the model came from, as a link where there is one."""
    said, known = escaped(model.facts.built_from), model.built_from
    space = session.workspace()
    if known.flow and (space.folder / f"{known.flow}.flow.json").exists():
        st.page_link("screens/flow.py", label=said, icon=":material/account_tree:", query_params={"flow": known.flow})
    elif known.dataset and known.dataset in space.datasets():
        link = {"dataset": known.dataset}
        st.page_link("screens/datasets.py", label=said, icon=":material/table:", query_params=link)
    else:
        st.caption(f"from {said}")


def said(score: Score) -> str:
    """A score in a few words."""
    match score.metric:
        case "AUC":
            return f"Ranks {score.value:.0%} of pairs rightly"
        case "accuracy":
            return f"Right in {score.value:.0%} of rows"
        case _:
            return f"Explains {score.value:.0%} of the variation" if score.value > 0 else "Explains nothing"


def built_at(moment: str) -> str:
    """When a model was built, in the time of this place."""
    return f"{datetime.fromisoformat(moment).astimezone():%d %b %Y, %H:%M}"


def progress(job: jobs.Job, *, alone: bool = False) -> None:
    """How far a model that is being built is; when it is done the page goes on to the model.

    Args:
        job: what builds it.
        alone: whether the page shows nothing else, and so goes on to the model.
    """
    running = job.status().state not in jobs.ENDED

    @st.fragment(run_every=EVERY if running else None)
    def draw() -> None:
        status = job.status()
        if status.state in jobs.ENDED:
            if alone and status.state == "done":
                _open(job)
            if running:
                st.rerun()
            return
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                escaped(status.text or "Starting") if alone else f"**{escaped(job.ask.title)}**", width="stretch"
            )
            st.button(
                "Cancel",
                icon=":material/cancel:",
                key=f"cancel:{job.id}",
                on_click=partial(cancel, job, tell=not alone),
            )
        st.progress(status.share or 0.0, text=None if alone else escaped(status.text or "Starting"))

    draw()


def cancel(job: jobs.Job, *, tell: bool = True) -> None:
    """Stop a job, and say so unless the page shows it anyway."""
    text = job.cancel().text
    if tell:
        session.tell(text)


def _open(job: jobs.Job) -> None:
    result = job.result()
    if result is not None:
        st.switch_page("screens/models.py", query_params={"model": result["model"]})
