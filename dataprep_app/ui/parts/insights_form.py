"""What is asked of a report: the form above it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl
import streamlit as st

from dataprep_app.profile import kind_of
from dataprep_app.ui import session
from dataprep_app.ui.parts.job_dialog import ENGINES
from dataprep_app.ui.parts.node_choice import tables, title
from flows.document import Flow, node_of
from flows.graph import run_order
from flows.sampling import Sampling

PROBLEMS = {"auto": "Find out", "classification": "A class", "regression": "A number"}
ROWS = {"sample": "The sample", "all": "All rows"}


@dataclass(frozen=True)
class Wanted:
    """A report that is asked for, or two of them side by side."""

    target: str | None = None
    compare: str | None = None
    """Another table of the flow."""
    rows: str = "sample"
    problem: str = "auto"
    time: str | None = None
    engine: str = "polars"

    @classmethod
    def of(cls, arguments: Mapping[str, Any], reference: str) -> Wanted:
        """What a job was asked for, seen from one of its tables."""
        both = [arguments.get("reference"), arguments.get("compare")]
        other = next((each for each in both if each and each != reference), None) if reference in both else None
        return cls(
            target=arguments.get("target"),
            compare=other,
            rows="sample" if arguments.get("sampling") else "all",
            problem=arguments.get("problem", "auto"),
            time=arguments.get("time"),
            engine=arguments.get("engine", "polars"),
        )

    def arguments(self, flow: Flow, path: str, reference: str, sampling: Sampling) -> dict[str, Any]:
        """The arguments of the job; of two tables the earlier one comes first."""
        first, later = reference, self.compare
        if later is not None and is_before(flow, later, first):
            first, later = later, first
        return {
            "path": path,
            "reference": first,
            "compare": later,
            "target": self.target,
            "problem": self.problem,
            "time": self.time,
            "sampling": asdict(sampling) if self.rows == "sample" else None,
            "engine": self.engine if self.rows == "all" else "polars",
        }

    @property
    def options(self) -> int:
        """How many of the rarely used settings are not as they are by themselves."""
        return sum((self.problem != "auto", self.time is not None, self.engine != "polars" and self.rows == "all"))


def is_before(flow: Flow, first: str, second: str) -> bool:
    """Whether a table is made before another one: what it is made of is, of others the one that stands first."""
    if node_of(first) in run_order(flow, [second]):
        return node_of(first) != node_of(second)
    if node_of(second) in run_order(flow, [first]):
        return False
    order = [*flow.sources, *flow.steps]
    return order.index(node_of(first)) < order.index(node_of(second))


def insights_form(flow_id: str, reference: str, known: Wanted) -> Wanted | None:
    """The form; what is asked for once the button was clicked. ``known`` is what was asked for last."""
    schemas = session.checked(flow_id).prediction.schemas
    schema = schemas.get(reference, pl.Schema())
    key = f"{flow_id}:{reference}"
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        others = _others(flow_id, reference)
        compare = st.session_state.get(f"compare:{key}", known.compare)
        both = {name: each for name, each in schema.items() if name in others.get(compare, schema)}
        target = st.selectbox(
            "Target",
            list(both),
            index=list(both).index(known.target) if known.target in both else None,
            placeholder="None: look at the columns only",
            help="The column to predict, if there is one. The report then says what each column tells of it.",
            key=f"target:{key}",
        )
        compare = _compare(flow_id, key, list(others), known.compare)
        rows = st.segmented_control(
            "Rows",
            list(ROWS),
            default=known.rows,
            required=True,
            format_func=lambda each: ROWS[each],
            help="The sample is that of the flow, above on the right. Every number says which rows it was computed on.",
            key=f"report rows asked:{key}",
        )
        wanted = _options(key, Wanted(target, compare, rows, known.problem, known.time, known.engine), both)
        made = st.button("Make report" if compare is None else "Compare", type="primary", icon=":material/play_arrow:")
    return wanted if made else None


def _others(flow_id: str, reference: str) -> dict[str | None, pl.Schema]:
    """Tables to compare with, and their columns."""
    schemas = session.checked(flow_id).prediction.schemas
    found = tables(flow_id, session.editor(flow_id).flow)
    return {each: schemas[each] for each in found if each != reference and each in schemas}


def _compare(flow_id: str, key: str, others: list[str | None], known: str | None) -> str | None:
    flow = session.editor(flow_id).flow
    chosen: str | None = st.selectbox(
        "Compare with",
        others,
        index=others.index(known) if known in others else None,
        format_func=lambda each: title(flow, str(each)),
        placeholder="No other table",
        help="Another table of the flow, earlier or later: what got better and what got worse from one to the other, "
        "which warnings are gone and which are new, and which rows are gone.",
        key=f"compare:{key}",
    )
    return chosen


def _options(key: str, now: Wanted, schema: Mapping[str, pl.DataType]) -> Wanted:
    """What is rarely asked for, in a popover."""
    places = {name: f"{name}:{key}" for name in ("problem", "time", "engine")}
    chosen = Wanted(
        now.target, now.compare, now.rows, *(st.session_state.get(places[each], getattr(now, each)) for each in places)
    )
    number = chosen.options
    with st.popover(f"Options ({number})" if number else "Options", icon=":material/tune:", key=f"options:{key}"):
        problem = st.segmented_control(
            "The target holds",
            list(PROBLEMS),
            default=now.problem,
            required=True,
            format_func=lambda each: PROBLEMS[each],
            help="A class is one of a few values, such as paid or not; a number may be any. By itself the report looks "
            "at the values.",
            disabled=now.target is None,
            key=places["problem"],
        )
        dates = [name for name, dtype in schema.items() if kind_of(dtype) == "date" and name != now.target]
        time = st.selectbox(
            "Judge by time",
            dates,
            index=dates.index(now.time) if now.time in dates else None,
            placeholder="No: on rows drawn by chance" if dates else "There is no column of dates",
            help="A column of dates. The quick model is then judged on the latest rows and learns from those before "
            "them, as it would be used. It is judged on rows drawn by chance without it.",
            disabled=now.target is None or not dates,
            key=places["time"],
        )
        engine = st.segmented_control(
            "Where all rows are measured",
            list(ENGINES),
            default=now.engine,
            required=True,
            format_func=lambda each: ENGINES[each],
            help="Spark is for more data than one machine holds; here it starts a local session. A sample is always "
            "looked at on this machine.",
            disabled=now.rows == "sample",
            key=places["engine"],
        )
    return Wanted(now.target, now.compare, now.rows, problem, time if time in dates else None, engine)
