"""A quality report on the page, in parts: what is pressing first, then each thing in detail."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dataprep_app.insights.drawing.text import shown
from dataprep_app.insights.drawing.tiles import tiles, types_said
from dataprep_app.insights.drawing.warnings import KNOWN
from dataprep_app.insights.findings import Report
from dataprep_app.insights.words import TERMS
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.parts.part_choice import part_choice
from dataprep_app.ui.parts.report_columns import columns
from dataprep_app.ui.parts.report_model import model, model_in_brief
from dataprep_app.ui.parts.report_rows import ROW_PARTS, rows
from dataprep_app.ui.parts.report_target import target, target_in_brief
from dataprep_app.ui.parts.report_together import together
from dataprep_app.ui.parts.report_warnings import warnings

PARTS = {
    "overview": ":material/dashboard: Overview",
    "target": ":material/target: Target",
    "model": ":material/model_training: Quick model",
    "columns": ":material/view_column: Columns",
    "together": ":material/hub: Columns together",
    "rows": ":material/table_rows: Rows",
    "words": ":material/help: Words",
}


def draw_report(flow_id: str, reference: str, report: Report) -> None:
    """Draw the report."""
    with st.container(horizontal=True, gap="xsmall"):
        for each in tiles(report):
            st.metric(each.label, each.value, border=True, help=escaped(each.help) or None)
    st.caption(escaped(report.basis))
    drawings: dict[str, Callable[[], None]] = {
        "overview": lambda: _overview(flow_id, reference, report),
        "target": lambda: target(report),
        "model": lambda: model(report),
        "columns": lambda: columns(flow_id, reference, report),
        "together": lambda: together(flow_id, report),
        "rows": lambda: rows(flow_id, report),
        "words": lambda: _words(report),
    }
    part_choice("Part of the report", f"report part:{flow_id}", parts(report), PARTS, drawings)


def parts(report: Report) -> list[str]:
    """The parts that a report has."""
    there = {
        "target": report.target is not None,
        "model": report.model is not None,
        "columns": bool(report.features),
        "together": report.associations is not None,
        "rows": any(getattr(report, each) is not None for each in ROW_PARTS),
    }
    return [each for each in PARTS if there.get(each, True)]


def _overview(flow_id: str, reference: str, report: Report) -> None:
    left, right = st.columns([3, 2], gap="large")
    with left:
        warnings(flow_id, reference, report)
    with right:
        target_in_brief(report)
        model_in_brief(report)
        st.subheader("Columns", anchor=False)
        st.caption(f"{types_said(report) or 'None'}.")


def _words(report: Report) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("What the words mean", anchor=False)
        for each in TERMS.values():
            source = f" :small[:gray[Source: {escaped(each.source)}.]]" if each.source else ""
            st.markdown(f"**{escaped(each.name)}**  \n{escaped(each.text)}{source}")
    with right:
        st.subheader("Rules and their thresholds", anchor=False)
        st.caption("Every rule was looked at, also those that found nothing.")
        found = [
            {
                "Rule": KNOWN[id].title if id in KNOWN else id,
                "Thresholds": ", ".join(f"{name.replace('_', ' ')} {shown(value)}" for name, value in numbers.items()),
                "Source": KNOWN[id].source if id in KNOWN else "",
            }
            for id, numbers in report.thresholds.items()
        ]
        if found:
            st.dataframe(found, hide_index=True, height="content" if len(found) < 20 else 720)
