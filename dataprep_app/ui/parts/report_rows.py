"""What a report says of rows: missing together, repeated, unusual, at odds with the others, changing."""

from __future__ import annotations

import streamlit as st

from dataprep_app.insights.drawing.text import count, cut
from dataprep_app.insights.findings import Report
from dataprep_app.insights.rules.rule import percent
from dataprep_app.insights.sections.facts import (
    AnomalySection,
    DependencySection,
    DriftSection,
    DuplicateSection,
    MissingValuesSection,
)
from dataprep_app.insights.words import dependency, meaning
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.parts.report_cells import example_rows

ROW_PARTS = {
    "missing": "Missing values",
    "duplicates": "Duplicates",
    "anomalies": "Unusual rows",
    "dependencies": "Broken dependencies",
    "drift": "Change over the rows",
}
OPEN = 3
"""Dependencies that are open at first."""


def rows(flow_id: str, report: Report) -> None:
    """One part at a time."""
    known = [each for each in ROW_PARTS if getattr(report, each) is not None]
    key = f"report rows:{flow_id}"
    if st.session_state.get(key) not in known:
        st.session_state[key] = known[0]
    chosen = st.pills(
        "Which rows",
        known,
        required=True,
        format_func=lambda each: ROW_PARTS[each],
        key=key,
        label_visibility="collapsed",
    )
    section = getattr(report, chosen or known[0])
    match section:
        case MissingValuesSection():
            _missing(section)
        case DuplicateSection():
            _duplicates(section)
        case AnomalySection():
            _anomalies(section)
        case DependencySection():
            _dependencies(section)
        case DriftSection():
            _drift(section)


def _missing(found: MissingValuesSection) -> None:
    st.caption(escaped(found.basis))
    if not found.by_column:
        st.success("No value is missing.", icon=":material/check_circle:")
        return
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Columns with missing values**")
        goes = dict(found.with_target)
        most = max(rows for _, rows in found.by_column)
        st.dataframe(
            [
                {"Column": name, "Missing": rows, **({"Goes with the target": goes.get(name)} if goes else {})}
                for name, rows in found.by_column
            ],
            hide_index=True,
            height="content" if len(found.by_column) < 16 else 560,
            placeholder="",
            column_config={
                "Missing": st.column_config.ProgressColumn(format="localized", min_value=0, max_value=most),
                "Goes with the target": st.column_config.NumberColumn(
                    format="%.2f", help="How firmly being missing goes with the target, 0 to 1."
                ),
            },
        )
    with right:
        _patterns(found)


def _patterns(found: MissingValuesSection) -> None:
    if found.patterns:
        st.markdown("**What is missing in the same row**")
        st.dataframe(
            [
                {"Missing columns": ", ".join(each.columns) or "nothing: the row is complete", "Rows": each.rows}
                for each in found.patterns
            ],
            hide_index=True,
            height="content",
            column_config={"Rows": st.column_config.NumberColumn(format="localized", width="small")},
        )
        if found.other_patterns:
            st.caption(f"{count(found.other_patterns, 'rarer combination')} not shown.")
    if found.together:
        st.markdown("**Columns that tend to be missing together**", help=meaning("missing_together"))
        st.dataframe(
            [
                {"Column": each.first, "with": each.second, "Correlation": each.correlation, "Rows": each.rows}
                for each in found.together
            ],
            hide_index=True,
            height="content",
            column_config={
                "Correlation": st.column_config.NumberColumn(format="%.2f"),
                "Rows": st.column_config.NumberColumn(format="localized", help="Rows where both are missing."),
            },
        )


def _duplicates(found: DuplicateSection) -> None:
    st.caption(escaped(found.basis))
    if not found.exact and not found.near:
        st.success("No row equals another one, or nearly so.", icon=":material/check_circle:")
    if found.exact:
        st.markdown("**Rows that occur most often**", help=meaning("duplicates"))
        example_rows(found.exact)
    if found.near:
        st.markdown(f"**Nearly equal rows** ({found.near_rows:,})", help=meaning("near_duplicates"))
        st.caption("In pairs; the cells that differ are marked.")
        example_rows(found.near, pairs=True)


def _anomalies(found: AnomalySection) -> None:
    st.caption(escaped(found.basis))
    if found.rows:
        st.markdown(
            "**The rows least like the others**, and in them the cells that make them so", help=meaning("unusual")
        )
        example_rows(found.rows)
    else:
        st.success("No row stands out.", icon=":material/check_circle:")
    if found.columns:
        st.caption(f"Columns looked at: {', '.join(escaped(cut(each)) for each in found.columns)}.")


def _dependencies(found: DependencySection) -> None:
    st.caption(escaped(f"{found.basis} {meaning('dependency')}"))
    if not found.found:
        st.success("No dependency between columns is broken by a few rows.", icon=":material/check_circle:")
    for place, each in enumerate(found.found):
        what = dependency(tuple(map(cut, each.determinant)), cut(each.dependent), each.kind)
        with st.expander(escaped(f"{what}, but not in {count(each.broken, 'row')}"), expanded=place < OPEN):
            st.caption(f"It holds in {percent(each.holds)} of the {each.rows:,} rows that could break it.")
            if each.examples:
                example_rows(each.examples)
    if found.whole:
        st.caption(f"{count(found.whole, 'more dependency holds', 'more dependencies hold')} in every row.")


def _drift(found: DriftSection) -> None:
    by = cut(found.order) if found.order else "their place in the table"
    st.caption(escaped(f"{found.basis} Rows by {by}; {count(found.looked_at, 'column')} looked at."))
    if not found.columns:
        st.success("No column changes from the first rows to the last.", icon=":material/check_circle:")
        return
    st.markdown("**Columns that change from the first rows to the last**", help=meaning("drift"))
    st.dataframe(
        [
            {"Column": each.name, "Change": each.distance, "First rows": each.first, "Last rows": each.last}
            for each in found.columns
        ],
        hide_index=True,
        height="content",
        column_config={"Change": st.column_config.ProgressColumn(format="%.2f", min_value=0, max_value=1)},
    )
