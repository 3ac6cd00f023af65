"""Create a job: where the rows go, with which engine and parameters; and the command that does the same elsewhere."""

from __future__ import annotations

import shlex
from typing import Any

import streamlit as st

from connectors.catalog import destinations
from dataprep_app.jobs import store
from dataprep_app.ui import session
from flows import edits
from flows.document import Destination, Flow, Parameter

FORMATS = {"parquet": "Parquet", "csv": "CSV", "ndjson": "NDJSON", "json": "JSON", "excel": "Excel"}
ENDINGS = {"parquet": "parquet", "csv": "csv", "ndjson": "ndjson", "json": "json", "excel": "xlsx"}
ENGINES = {"polars": "This machine", "spark": "Spark"}
FITS = {"reuse": "Use what steps learned before", "refit": "Learn again from all rows"}


@st.dialog("Create job", width="large")
def create_job(flow_id: str) -> None:
    """Ask for everything a job needs, and start it."""
    opened = session.editor(flow_id)
    flow = opened.flow
    problems = [each for each in session.checked(flow_id).problems if each.severity == "error"]
    if problems:
        st.error(f"The flow cannot run yet. {problems[0]}", icon=":material/error:")
        return
    if not flow.destinations:
        st.info("A job writes destinations, and the flow has none yet. Choose where its rows go.")
        destination_form(flow_id, session.ends(flow)[0])
        return
    names = {id: _target(each) for id, each in flow.destinations.items()}
    only = st.multiselect(
        "Destinations to write", list(names), default=list(names), format_func=lambda each: names[each]
    )
    engine = st.segmented_control(
        "Where it runs",
        list(ENGINES),
        default="polars",
        required=True,
        format_func=lambda each: ENGINES[each],
        help="Both give the same rows. Spark is for more data than one machine holds; here it starts a local session.",
    )
    fit = st.segmented_control(
        "Steps that learn from data",
        list(FITS),
        default="refit",
        required=True,
        format_func=lambda each: FITS[each],
        help="Means, categories, words and the like: take those of an earlier run, or learn them anew from all rows.",
    )
    rejects = st.checkbox(
        "Keep rejected rows",
        help="Write the rows of which a step lost or refused a value, as they were and with the reason, to a folder "
        "beside the first destination. If a rule stops the job, the rows that broke it are written.",
    )
    values = {name: _parameter(name, each) for name, each in flow.parameters.items()}
    changed = {name: value for name, value in values.items() if value != flow.parameters[name].default}
    arguments = {
        "path": str(opened.path),
        "engine": engine,
        "fit": fit,
        "only": list(only),
        "rejects": rejects,
        "parameters": changed,
    }
    with st.expander("Run it elsewhere", icon=":material/terminal:"):
        st.caption("On this machine, from a terminal:")
        st.code(command(flow_id, arguments), language="shell", wrap_lines=True)
        st.caption("On a Spark cluster: pack the flow, then submit it. The folder must be one that all workers see.")
        st.code(spark_command(flow_id, arguments), language="shell", wrap_lines=True)
    if st.button("Start job", type="primary", icon=":material/play_arrow:", disabled=not only):
        ask = store.Ask("run", f"{flow.name} on {ENGINES[engine]}", arguments, flow_id)
        started = store.start(session.workspace().jobs, ask)
        st.switch_page("screens/jobs.py", query_params={"job": started.id})


@st.dialog("Add destination")
def add_destination(flow_id: str, reference: str) -> None:
    """Ask where the rows of a node go."""
    destination_form(flow_id, reference)


def destination_form(flow_id: str, reference: str) -> None:
    """The form of a destination that is a file; what it makes is an edit of the flow."""
    kind = st.selectbox("Format", list(FORMATS), format_func=lambda each: FORMATS[each])
    ending = ENDINGS[kind]
    path = st.text_input(
        "File",
        value=f"{flow_id}_{reference.replace('.', '_')}.{ending}",
        key=f"target:{kind}",
        help="Relative to the folder of the flow. The old file stays until the new one is complete.",
    )
    if st.button("Add destination", type="primary", disabled=not path.strip()):
        params = {"path": path.strip()}

        def add(flow: Flow) -> Flow:
            made = destinations()[kind].model_validate(params).model_dump(mode="json", by_alias=True)
            id = edits.new_id(flow, path.rsplit("/", 1)[-1].partition(".")[0])
            return edits.add_destination(flow, id, Destination(input=reference, connector=kind, params=made))

        session.apply(flow_id, f"Add destination {path.strip()}", add)
        st.rerun()


def command(flow_id: str, arguments: dict[str, Any]) -> str:
    """The command line that does what the job does, in the folder of the flow."""
    parts = ["dataprep", "run", f"{flow_id}.flow.json"]
    if arguments["engine"] != "polars":
        parts += ["--engine", arguments["engine"]]
    if arguments["fit"] != "reuse":
        parts += ["--fit", arguments["fit"]]
    parts += [part for each in arguments["only"] for part in ("--only", each)]
    parts += ["--rejects"] if arguments["rejects"] else []
    parts += [part for name, value in arguments["parameters"].items() for part in ("--param", f"{name}={value}")]
    return shlex.join(parts)


def spark_command(flow_id: str, arguments: dict[str, Any]) -> str:
    """The two commands that run the flow on a Spark cluster."""
    submit = ["spark-submit", "--master", "spark://HOST:7077", "--py-files", "job.zip", "job.py"]
    submit += ["--folder", str(session.workspace().folder)]
    if arguments["fit"] != "reuse":
        submit += ["--fit", arguments["fit"]]
    submit += ["--rejects"] if arguments["rejects"] else []
    submit += [part for name, value in arguments["parameters"].items() for part in ("--param", f"{name}={value}")]
    return f"dataprep bundle {shlex.quote(flow_id)}.flow.json -o job.zip\n{shlex.join(submit)}"


def _parameter(name: str, parameter: Parameter) -> Any:
    label = name.replace("_", " ").capitalize()
    if parameter.type == "number" and not isinstance(parameter.default, str):
        return st.number_input(label, value=parameter.default, help=parameter.help or None)
    return st.text_input(label, value=str(parameter.default), help=parameter.help or None)


def _target(destination: Destination) -> str:
    target = destination.params.get("path") or destination.params.get("table") or ""
    return f"{target} ({FORMATS.get(destination.connector, destination.connector)})"
