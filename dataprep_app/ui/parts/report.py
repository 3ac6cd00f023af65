"""A quality report on the page: warnings first, each with its evidence and the steps that mend it."""

from __future__ import annotations

import altair as alt
import polars as pl
import streamlit as st

from dataprep_app.insights.findings import FeatureSummary, Finding, Fix, Report
from dataprep_app.insights.html import shown
from dataprep_app.insights.rules.registry import RULES
from dataprep_app.insights.rules.rule import percent
from dataprep_app.ui import session
from dataprep_app.ui.parts.pending import open_form
from flows import edits
from flows.document import Flow, output_of

COLORS = {"high": "red", "medium": "orange", "low": "gray"}
WORDS = {"high": "High", "medium": "Medium", "low": "Low"}


def draw_report(flow_id: str, reference: str, report: Report) -> None:
    """Draw the report."""
    _tiles(report)
    st.caption(f"{report.basis} {report.power_basis}")
    warnings, target = st.columns([3, 2], gap="medium")
    with warnings:
        _warnings(flow_id, reference, report)
    with target:
        _target(report)
        _model(report)
    _features(report)
    with st.expander("What the words mean", icon=":material/help:"):
        st.markdown(DEFINITIONS)


DEFINITIONS = """
**Prediction power**: how much of what there is to gain a column gains alone, 0 to 1. Above 0.95 it probably holds the
answer.

**Quick-model score**: R2 of a number, AUC of two classes, accuracy of several, as a share of what there is to gain over
no model, on rows that the model never saw. Synthetic rows are never among them.

**Outlier**: a value farther than five robust standard deviations from the median.

**Duplicate rows**: rows equal to another in every column, all copies counted.
"""


def _tiles(report: Report) -> None:
    table = report.table
    with st.container(horizontal=True):
        st.metric("Rows", f"{table.rows:,}", border=True)
        st.metric("Columns", f"{table.columns:,}", border=True)
        st.metric("Missing cells", percent(table.missing_share), border=True)
        st.metric("Duplicate rows", f"{table.duplicate_rows:,}", border=True)
        if report.model is not None:
            score = report.model.score
            st.metric(
                "Quick-model score",
                f"{score.normalised:.2f}",
                border=True,
                help=f"{score.metric} {score.value:.3f}, without a model {score.base:.3f}. {report.model.basis}",
            )


def _warnings(flow_id: str, reference: str, report: Report) -> None:
    st.subheader(f"Warnings ({len(report.findings)})", anchor=False)
    if not report.findings:
        st.success("Every rule was looked at and found nothing.", icon=":material/check_circle:")
        return
    safe = [fix for each in report.findings for fix in each.fixes if fix.safe]
    if len(safe) > 1:
        with st.popover(f"Fix the {len(safe)} that lose nothing", icon=":material/auto_fix_high:"):
            st.markdown("\n".join(f"- {each.label}" for each in safe))
            st.button("Add these steps", type="primary", on_click=_add_all, args=(flow_id, reference, safe))
    for place, each in enumerate(report.findings):
        _warning(flow_id, reference, each, place)


def _warning(flow_id: str, reference: str, finding: Finding, place: int) -> None:
    rules = {each.id: each for each in RULES}
    with st.container(border=True):
        where = f" · {finding.column}" if finding.column else ""
        st.markdown(f":{COLORS[finding.priority]}-badge[{WORDS[finding.priority]}] **{finding.title}**{where}")
        st.markdown(finding.text)
        if finding.examples:
            st.caption(f"For example: {', '.join(finding.examples)}")
        with st.container(horizontal=True, vertical_alignment="center"):
            for number, fix in enumerate(finding.fixes):
                st.button(
                    fix.label,
                    icon=":material/build:",
                    key=f"fix:{place}:{number}",
                    on_click=_open,
                    args=(flow_id, reference, fix),
                    help="Opens the step filled in; nothing is changed before you add it.",
                )
            st.caption(f"Source: {rules[finding.rule].source}.", width="content")


def _open(flow_id: str, reference: str, fix: Fix) -> None:
    open_form(flow_id, fix.transform, dict(fix.params), after=reference)
    st.session_state[f"reference:{flow_id}"] = reference
    st.session_state["view"] = "data"


def _add_all(flow_id: str, reference: str, fixes: list[Fix]) -> None:
    def add(flow: Flow) -> Flow:
        after = reference
        for each in fixes:
            id = edits.new_id(flow, each.transform)
            flow = (
                edits.add_step(flow, id, each.transform, [after], each.params)
                if output_of(after)
                else edits.insert_step(flow, id, each.transform, after, each.params)
            )
            after = id
        return flow

    if session.apply(flow_id, f"Add {len(fixes)} fixes", add):
        session.tell(f"{len(fixes)} steps were added.")


def _target(report: Report) -> None:
    target = report.target
    if target is None:
        return
    st.subheader(f"Target: {target.name}", anchor=False)
    st.caption(target.reason + (f" {target.missing:,} rows have no value." if target.missing else ""))
    if target.classes:
        rows = pl.DataFrame(
            {"class": [c.name for c in target.classes[:12]], "rows": [c.rows for c in target.classes[:12]]}
        )
        bars = (
            alt.Chart(rows)
            .mark_bar()
            .encode(
                x=alt.X("rows:Q", title="Rows", axis=alt.Axis(format="~s", tickCount=4)),
                y=alt.Y("class:N", title=None, sort=None, axis=alt.Axis(labelOverlap=False)),
                tooltip=[alt.Tooltip("class:N", title="Class"), alt.Tooltip("rows:Q", title="Rows", format=",")],
            )
            .properties(height=alt.Step(28))
        )
        st.altair_chart(bars)
    else:
        _histogram(target.feature)


def _histogram(feature: FeatureSummary) -> None:
    low, high = feature.min, feature.max
    if not feature.histogram or not isinstance(low, int | float) or not isinstance(high, int | float):
        return
    step = (high - low) / len(feature.histogram)
    bins = pl.DataFrame(
        {
            "from": [low + step * i for i in range(len(feature.histogram))],
            "to": [low + step * (i + 1) for i in range(len(feature.histogram))],
            "rows": list(feature.histogram),
        }
    )
    chart = (
        alt.Chart(bins)
        .mark_bar()
        .encode(
            x=alt.X("from:Q", bin="binned", title=feature.name),
            x2="to:Q",
            y=alt.Y("rows:Q", title="Rows"),
            tooltip=["from:Q", "to:Q", "rows:Q"],
        )
        .properties(height=160)
    )
    st.altair_chart(chart)


def _model(report: Report) -> None:
    model = report.model
    if model is None:
        if report.model_problem:
            st.subheader("Quick model", anchor=False)
            st.info(report.model_problem, icon=":material/info:")
        return
    st.subheader("Quick model", anchor=False)
    score = model.score
    reach = f" ({score.interval.low:.3f} to {score.interval.high:.3f})" if score.interval else ""
    st.markdown(
        f"{score.metric} **{score.value:.3f}**{reach}; without a model it is {score.base:.3f}. "
        f"That is **{max(0.0, score.normalised):.0%}** of the way from no model to a perfect one."
    )
    st.caption(model.basis)
    if model.classes:
        st.dataframe(
            [
                {
                    "Class": c.name,
                    "Rows": c.test_rows,
                    "Found": c.recall,
                    "Right when predicted": c.precision,
                    "F1": c.f1,
                }
                for c in model.classes
            ],
            hide_index=True,
            column_config={
                "Found": st.column_config.NumberColumn(
                    format="percent", help="Recall: share of its rows that were found"
                ),
                "Right when predicted": st.column_config.NumberColumn(format="percent", help="Precision"),
                "F1": st.column_config.NumberColumn(format="%.2f"),
            },
        )
    if model.notes:
        with st.expander("Notes on the quick model"):
            st.markdown("\n".join(f"- {each}" for each in model.notes))


def _features(report: Report) -> None:
    by = f", by what they tell of {report.target.name}" if report.target else ""
    st.subheader(f"Columns{by}", anchor=False)
    warned = {each.column for each in report.findings if each.column}
    rows = [
        {
            "Column": each.name,
            "Type": each.type,
            "Prediction power": each.power,
            "Missing": each.missing_share,
            "Different": each.distinct,
            "Values": list(each.histogram) or [count for _, count in each.top],
            "Range or most frequent": ", ".join(value for value, _ in each.top[:3])
            if each.top
            else f"{shown(each.min)} to {shown(each.max)}",
            "Warnings": sum(one.column == each.name for one in report.findings) if each.name in warned else None,
        }
        for each in report.features
    ]
    config = {
        "Prediction power": st.column_config.ProgressColumn(format="%.2f", min_value=0, max_value=1),
        "Missing": st.column_config.NumberColumn(format="percent"),
        "Values": st.column_config.BarChartColumn(),
    }
    if report.target is None:
        rows = [{name: value for name, value in row.items() if name != "Prediction power"} for row in rows]
    st.dataframe(rows, hide_index=True, column_config=config, height=min(700, 40 + 36 * len(rows)))
