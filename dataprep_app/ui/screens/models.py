"""Models: what they predict and how well, what they would say of one row, and of a whole table."""

from __future__ import annotations

import streamlit as st

from dataprep_app.jobs import store as jobs
from dataprep_app.modeling.store import SavedModel, models, remove, saved
from dataprep_app.ui import session
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.parts.model_batch import model_batch
from dataprep_app.ui.parts.model_dialog import KINDS
from dataprep_app.ui.parts.model_list import BUILDS, built_at, model_list, origin, progress
from dataprep_app.ui.parts.model_report import model_report
from dataprep_app.ui.parts.model_use import use_in_flow
from dataprep_app.ui.parts.model_whatif import model_whatif
from transforms.core.errors import DataprepError

PARTS = {
    "report": (":material/monitoring: Report", model_report),
    "what_if": (":material/tune: What if", model_whatif),
    "table": (":material/table: Predict a table", model_batch),
}


def _all_models() -> None:
    st.title("Models", anchor=False)
    session.show_notices()
    space = session.workspace()
    building = [
        each for each in jobs.jobs(space.jobs) if each.ask.kind in BUILDS and each.status().state not in jobs.ENDED
    ]
    model_list(models(space.models), building)


def _one_model(id: str) -> None:
    try:
        model = saved(session.workspace().models, id)
    except DataprepError as error:
        st.title("Model", anchor=False)
        st.error(str(error), icon=":material/error:")
        _back()
        return
    _head(model)
    session.show_notices()
    PARTS[_part(model)][1](model)


def _part(model: SavedModel) -> str:
    """The part of the page that is chosen, also by the address: ``bind`` of Streamlit would put the label there."""
    key = f"part:{model.id}"

    def remember() -> None:
        st.query_params["part"] = st.session_state[key]

    if key not in st.session_state:
        asked = st.query_params.get("part", "report")
        st.session_state[key] = asked if asked in PARTS else "report"
    part = st.segmented_control(
        "Part",
        list(PARTS),
        required=True,
        format_func=lambda each: PARTS[each][0],
        key=key,
        on_change=remember,
        label_visibility="collapsed",
    )
    return part or "report"


def _head(model: SavedModel) -> None:
    facts = model.facts
    name, buttons = st.columns([4, 2], vertical_alignment="center")
    with name:
        st.markdown(f"### {escaped(facts.name)}")
    with buttons.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        _back()
        use_in_flow(model)
        with st.popover("Delete", icon=":material/delete:"):
            st.markdown("The model and what its flow learned for it are deleted for good. Files of predictions stay.")
            st.button("Delete the model", type="primary", on_click=_delete, args=(model,))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(
            f"Predicts **{escaped(facts.result.problem.target)}**, {KINDS[facts.result.problem.kind]} · "
            f"built {built_at(facts.built_at)} from",
            width="content",
        )
        origin(model)


def _delete(model: SavedModel) -> None:
    remove(session.workspace().models, model.id)
    st.query_params.clear()
    session.tell(f"The model {model.facts.name} was deleted.")


def _one_build(id: str) -> None:
    try:
        job = jobs.job(session.workspace().jobs, id)
    except DataprepError as error:
        st.title("Model", anchor=False)
        st.error(str(error), icon=":material/error:")
        _back()
        return
    st.markdown(f"### {escaped(job.ask.title)}")
    session.show_notices()
    arguments = job.ask.arguments
    st.caption(f"Predicts **{escaped(str(arguments.get('target', '')))}**. You can leave this page; the job goes on.")
    progress(job, alone=True)
    status = job.status()
    if status.state in jobs.ENDED and status.state != "done":
        if status.state == "cancelled":
            st.info(status.text, icon=":material/cancel:")
        else:
            st.error(status.text, icon=":material/error:")
        if job.log():
            with st.expander("Log"):
                st.code(job.log(), language=None, wrap_lines=True)
        if job.ask.flow:
            link = {"flow": job.ask.flow}
            st.page_link("screens/flow.py", label="Back to the flow", icon=":material/arrow_back:", query_params=link)
    _back()


def _back() -> None:
    st.page_link("screens/models.py", label="All models", icon=":material/arrow_back:")


if chosen := st.query_params.get("model"):
    _one_model(chosen)
elif started := st.query_params.get("job"):
    _one_build(started)
else:
    _all_models()
