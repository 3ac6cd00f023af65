"""Which columns of a report go together."""

from __future__ import annotations

import streamlit as st

from dataprep_app.insights.drawing.text import cut, unlike
from dataprep_app.insights.findings import Report
from dataprep_app.insights.words import MATRICES, PAIRS, matrices
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.parts import report_charts
from dataprep_app.ui.parts.model_report import theme

BESIDE = 5
"""Columns up to which the map leaves room beside it."""


def together(flow_id: str, report: Report) -> None:
    """A map of the columns, and the firmest pairs beside it."""
    found = report.associations
    if found is None:
        return
    most = max((len(each.columns) for each in found.matrices), default=0)
    left, right = st.columns(2, gap="large") if most <= BESIDE else (st.container(), st.container())
    with left:
        st.subheader("How firmly columns go together", anchor=False)
        known = {each.measure: each for each in matrices(found)}
        if known:
            key = f"report measure:{flow_id}"
            if st.session_state.get(key) not in known:
                st.session_state[key] = next(iter(known))
            measure = st.segmented_control(
                "Measure",
                list(known),
                required=True,
                format_func=lambda each: MATRICES[each].name,
                key=key,
                label_visibility="collapsed",
            )
            chosen = known[measure] if measure else next(iter(known.values()))
            st.caption(escaped(MATRICES[chosen.measure].text))
            names = unlike(chosen.columns, report_charts.NAME)
            cells = report_charts.matrix_cells(chosen, theme())
            side = max(16, min(60, (200 if most <= BESIDE else 580) // len(names)))
            st.altair_chart(report_charts.tiles(cells, names, "first", "second", theme(), side), width="content")
        else:
            st.info("No two columns could be compared.", icon=":material/info:")
        st.caption(escaped(found.basis))
        if found.left_out:
            st.caption(f"Not looked at: {', '.join(escaped(cut(each)) for each in found.left_out)}.")
    with right:
        st.subheader("The firmest pairs", anchor=False)
        _pairs(report)


def _pairs(report: Report) -> None:
    pairs = report.associations.pairs if report.associations else ()
    if not pairs:
        st.caption("No two columns go firmly together.")
        return
    st.dataframe(
        [
            {
                "Column": each.first,
                "goes with": each.second,
                "Strength": each.value,
                "Measure": PAIRS[each.measure],
                "Rows": each.rows,
            }
            for each in pairs
        ],
        hide_index=True,
        height="content" if len(pairs) <= 15 else 560,
        column_config={
            "Strength": st.column_config.NumberColumn(format="%.2f", help="From -1 or 0 to 1.", width="small"),
            "Rows": st.column_config.NumberColumn(
                format="localized", help="Rows where both are present.", width="small"
            ),
        },
    )
