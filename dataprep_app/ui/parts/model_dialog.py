"""Create a model: what to predict, from which columns, and how many rows to build it from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl
import streamlit as st

from dataprep_app.jobs import store as jobs
from dataprep_app.modeling import store
from dataprep_app.modeling.outcome import Settings
from dataprep_app.ui import session
from dataprep_app.ui.forms.markdown import escaped
from flows.document import Flow
from flows.graph import run_order
from flows.sampling import Sampling
from transforms.core.errors import DataprepError
from transforms.scoring.problem import problem_type

PROBLEMS = {"auto": "Find out", "classification": "A class", "regression": "A number"}
KINDS = {
    "binary": "one of two classes",
    "multiclass": "one of several classes",
    "regression": "a number",
}
"""Kinds of problems, in words."""
MOST_ROWS = Settings().rows


@st.dialog("Create model", width="large")
def create_model(flow_id: str, reference: str) -> None:
    """Ask for everything a model needs, and start to build it.

    Args:
        flow_id: the flow.
        reference: the table that the model is built from.
    """
    problems = [each for each in session.checked(flow_id).problems if each.severity == "error"]
    if problems:
        st.error(f"The flow cannot run yet. {problems[0]}", icon=":material/error:")
        return
    try:
        with st.spinner("Preparing the sample"):
            table = session.look(flow_id, reference).table
    except DataprepError as error:
        st.error(str(error), icon=":material/error:")
        return
    flow = session.editor(flow_id).flow
    target = _target(flow_id, flow, reference, table.columns)
    if target is None:
        return
    kind, ready = _problem(table, target)
    others = [each for each in table.columns if each not in (target, Settings().synthetic_column)]
    exclude = st.multiselect(
        "Columns to leave out",
        others,
        key=f"model_exclude:{flow_id}:{reference}",
        placeholder="None: learn from all that help",
        help="Columns that would not be known when a prediction is made give the answer away. Ids, and columns with "
        "one value, are left out by themselves.",
    )
    sample = _rows(flow_id)
    name = st.text_input("Name", value=store.free_name(session.workspace().models, flow.name), key="model_name")
    more = _more(table, others)
    arguments = {
        "path": str(session.editor(flow_id).path),
        "reference": reference,
        "target": target,
        "problem": kind,
        "name": name.strip(),
        "models": str(session.workspace().models),
        "sampling": sample.as_json() if sample else None,
        "exclude": exclude,
        **more,
    }
    if st.button("Quick build", type="primary", icon=":material/bolt:", disabled=not (ready and name.strip())):
        ask = jobs.Ask("build", f"Build model {name.strip()}", arguments, flow_id)
        started = jobs.start(session.workspace().jobs, ask)
        st.switch_page("screens/models.py", query_params={"job": started.id})


def likely_target(flow: Flow, columns: Iterable[str]) -> str | None:
    """The target that a step of the flow names already, to split, balance or encode by it; the last such step's."""
    there = set(columns)
    for id in reversed(run_order(flow)):
        step = flow.steps.get(id)
        wanted = step.params.get("target") if step else None
        if isinstance(wanted, str) and wanted in there:
            return wanted
    return None


def _target(flow_id: str, flow: Flow, reference: str, columns: list[str]) -> str | None:
    known = st.session_state.get(f"target:{flow_id}")
    wish = known if known in columns else likely_target(flow, columns)
    target: str | None = st.selectbox(
        "Column to predict",
        columns,
        index=columns.index(wish) if wish else None,
        placeholder="Choose a column",
        key=f"model_target:{flow_id}:{reference}",
        help=f"The target. The model learns it from the other columns of {reference}.",
    )
    return target


def _problem(table: pl.DataFrame, target: str) -> tuple[str, bool]:
    """What kind of prediction is wanted, and whether the target allows it."""
    kind: str = st.segmented_control(
        "What it predicts",
        list(PROBLEMS),
        default="auto",
        required=True,
        format_func=lambda each: PROBLEMS[each],
        key=f"model_problem:{target}",
        help="A class is one of a few values, such as yes or no; a number is an amount, such as a price.",
    )
    try:
        found = problem_type(table, target, kind)  # type: ignore[arg-type]
    except DataprepError as error:
        st.error(str(error), icon=":material/error:")
        return kind, False
    st.caption(
        f"It will predict **{KINDS[found.kind]}**. {escaped(found.reason)} "
        f"(Seen in {table.height:,} rows of the sample.)"
    )
    return kind, True


def _rows(flow_id: str) -> Sampling | None:
    sample = session.sampling(flow_id)
    how = "first" if sample.method == "first" else "random"
    words = {"all": "All rows", "sample": f"The sample ({how} {sample.rows:,} rows of each dataset)"}
    chosen = st.segmented_control(
        "Rows to build from",
        list(words),
        default="all",
        required=True,
        format_func=lambda each: words[each],
        help=f"Steps of the flow run over all of them. Of a prepared table of more than {MOST_ROWS:,} rows, the model "
        f"is built from {MOST_ROWS:,} random ones.",
    )
    return sample if chosen == "sample" else None


def _more(table: pl.DataFrame, others: list[str]) -> dict[str, Any]:
    """Settings that most models do without."""
    moments = [each for each in others if table.schema[each].is_temporal()]
    with st.expander("More settings"):
        time = st.selectbox(
            "Judge the model by",
            [None, *moments],
            format_func=lambda each: "random rows" if each is None else f"the latest rows by {each}",
            help="Rows that the model never saw tell how good it is. When it is to predict the future, let them be the "
            "latest ones.",
        )
        balanced = st.toggle(
            "Count rare classes as much as frequent ones",
            help="Finds more rows of rare classes, at the cost of more false alarms; probabilities are then no longer "
            "frequencies. Not needed after a step that balances classes.",
        )
    return {"time": time, "weights": "balanced" if balanced else "none"}
