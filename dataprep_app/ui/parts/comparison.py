"""Two reports side by side on the page: what steps made better, what they made worse, which rows are gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from dataprep_app.insights.compare import Change, Comparison
from dataprep_app.insights.drawing import compared
from dataprep_app.insights.drawing.compared import Beside
from dataprep_app.insights.drawing.text import cut
from dataprep_app.insights.findings import Report
from dataprep_app.insights.words import meaning
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.parts.model_report import verdict
from dataprep_app.ui.parts.part_choice import part_choice
from dataprep_app.ui.parts.report_cells import example_rows
from dataprep_app.ui.parts.report_charts import track
from dataprep_app.ui.parts.report_warnings import warning

PARTS = {
    "overview": ":material/dashboard: Overview",
    "columns": ":material/view_column: Columns",
    "models": ":material/model_training: Quick models",
    "rows": ":material/table_rows: Rows gone",
}
LOOKS: dict[Change, str] = {
    "better": ":green[:material/trending_up: better]",
    "worse": ":red[:material/trending_down: worse]",
    "changed": ":gray[changed]",
    "same": ":gray[the same]",
}
COLORS: dict[Change, str] = {"better": "green", "worse": "red"}
TALLEST = 640
"""Pixels of a table of many columns."""


def draw_comparison(flow_id: str, references: tuple[str, str], found: Comparison) -> None:
    """Draw the comparison of two tables of the flow, the earlier one first."""
    st.markdown(f"**{escaped(found.summary)}**")
    before = escaped(f"Before: {references[0]}. {found.before.basis}")
    st.caption(f"{before}  \n{escaped(f'After: {references[1]}. {found.after.basis}')}")
    drawings: dict[str, Callable[[], None]] = {
        "overview": lambda: _overview(flow_id, references[1], found),
        "columns": lambda: _columns(found),
        "models": lambda: _models(found),
        "rows": lambda: _rows(found),
    }
    part_choice("Part of the comparison", f"comparison part:{flow_id}", parts(found), PARTS, drawings)


def parts(found: Comparison) -> list[str]:
    """The parts that a comparison has."""
    there = {"models": bool(found.before.model or found.after.model), "rows": found.gone is not None}
    return [each for each in PARTS if there.get(each, True)]


def _overview(flow_id: str, reference: str, found: Comparison) -> None:
    left, right = st.columns([5, 4], gap="large")
    with left:
        _warnings(flow_id, reference, found)
    with right:
        st.subheader("Before and after", anchor=False)
        _table(
            [
                {"": escaped(each.name), "Before": each.beside.before, "After": f"**{each.beside.after}**"}
                | {"Change": LOOKS[each.beside.change]}
                for each in compared.figure_lines(found)
            ]
        )


def _warnings(flow_id: str, reference: str, found: Comparison) -> None:
    """Warnings that are gone, new or remain; the steps that mend are offered for those of the later table."""
    st.subheader("Warnings", anchor=False)
    key = f"comparison warnings:{flow_id}"
    titles = {"solved": "Gone", "new": "New", "remaining": "Remaining"}
    if st.session_state.get(key) not in titles:
        st.session_state[key] = next((each for each in titles if getattr(found, each)), "solved")
    chosen = st.pills(
        "Which warnings",
        list(titles),
        required=True,
        format_func=lambda each: f"{titles[each]} {len(getattr(found, each))}",
        key=key,
        help=meaning("priority"),
        label_visibility="collapsed",
    )
    name = chosen or "solved"
    findings = getattr(found, name)
    if not findings:
        st.caption(compared.LISTS[name][1])
    for place, each in enumerate(findings):
        shown = each.model_copy(update={"fixes": ()}) if name == "solved" else each
        warning(flow_id, reference, found.before if name == "solved" else found.after, shown, f"{name}:{place}")


def _columns(found: Comparison) -> None:
    for title, names in (("Added", found.columns_added), ("Removed", found.columns_removed)):
        if names:
            st.markdown(f"**{title}** ({len(names):,})")
            st.markdown(" ".join(f":gray-badge[{escaped(cut(each, 40))}]" for each in names))
    lines = compared.column_lines(found)
    if lines:
        st.markdown(f"**Changed** ({len(lines):,})")
        _table(
            [
                {
                    "Column": escaped(cut(each.name, 40)),
                    "Holds": _beside(each.type),
                    "Missing": _beside(each.missing),
                    "Different values": _beside(each.distinct),
                    **({"Prediction power": _beside(each.power)} if each.power else {}),
                }
                for each in lines
            ]
        )
    elif not found.columns_added and not found.columns_removed:
        st.caption("The columns are the same ones, and none of them changed.")


def _models(found: Comparison) -> None:
    differ = compared.models_differ(found)
    if differ:
        st.info(differ, icon=":material/info:")
    for place, title, report in zip(
        st.columns(2, gap="large"), ("Before", "After"), (found.before, found.after), strict=True
    ):
        with place:
            st.subheader(title, anchor=False)
            _model(report)
    left, right = st.columns(2, gap="large")
    lines = compared.model_lines(found)
    with left:
        if lines:
            st.subheader("Scores", anchor=False)
            _table(
                [
                    {"": escaped(each.name), "Before": each.beside.before, "After": f"**{each.beside.after}**"}
                    | {"Change": "" if each.beside.change == "same" else LOOKS[each.beside.change]}
                    for each in lines
                ]
            )
    with right:
        _classes(found)


def _model(report: Report) -> None:
    if report.model is None:
        st.caption(escaped(report.model_problem or "No quick model was made."))
        return
    st.altair_chart(track(report.model.score))
    st.markdown(escaped(verdict(report.model)))
    st.caption(escaped(report.model.basis))


def _classes(found: Comparison) -> None:
    classes = compared.class_lines(found)
    if not classes:
        return
    st.subheader("Each class", anchor=False)
    _table(
        [
            {
                "Class": escaped(cut(each.name, 40)),
                "Found": _beside(each.recall),
                "Right": _beside(each.precision),
                "Rows of the test": _beside(each.rows),
            }
            for each in classes
        ]
    )
    st.caption(
        "Found: of the rows of a class, the share predicted as it (recall). Right: of the rows predicted as it, the "
        "share that are of it (precision)."
    )


def _rows(found: Comparison) -> None:
    if found.gone is None:
        return
    st.markdown(escaped(compared.gone_said(found.gone)))
    if found.gone.examples:
        whole = len(found.gone.examples) == found.gone.rows
        st.caption(
            f"{'All' if whole else 'Some'} of them, as they were; cells without a value are marked, and "
            f"{compared.UNSHOWN} stands for values that are not shown."
        )
        example_rows(compared.gone_rows(found.gone))


def _beside(pair: Beside) -> str:
    """A value before and after, in the color of what became of it."""
    if pair.before == pair.after:
        return f":gray[{escaped(pair.after)}]"
    color = COLORS.get(pair.change)
    word = f" :small[{compared.CHANGES[pair.change]}]" if color else ""
    after = f"**{escaped(pair.after)}**{word}"
    return f"{escaped(pair.before)} → {f':{color}[{after}]' if color else after}"


def _table(rows: list[dict[str, Any]]) -> None:
    st.table(rows, hide_index=True, height="content" if len(rows) <= 20 else TALLEST)
