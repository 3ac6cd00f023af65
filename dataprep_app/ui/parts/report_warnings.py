"""The warnings of a report, each one click from the step that mends it."""

from __future__ import annotations

import streamlit as st

from dataprep_app.insights.drawing.text import cut
from dataprep_app.insights.drawing.warnings import columns_of, evidence_of, safe_fixes, said, source_of
from dataprep_app.insights.findings import PRIORITIES, Finding, Fix, Priority, Report
from dataprep_app.insights.words import PRIORITY, meaning
from dataprep_app.ui import session
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.parts.pending import open_form
from flows import edits
from flows.document import Flow, output_of

COLORS: dict[Priority, str] = {"high": "red", "medium": "orange", "low": "gray"}
FIRST = 10
"""Warnings that are drawn before the others are asked for."""
BUTTONS = 3
"""Steps of a warning that have a button of their own; others are a click farther."""


def warnings(flow_id: str, reference: str, report: Report) -> None:
    """Every warning, the most pressing first."""
    st.subheader("Warnings", anchor=False)
    if not report.findings:
        st.success("Every rule was looked at and found nothing.", icon=":material/check_circle:")
        return
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        wanted = st.pills(
            "Priority",
            [each for each in PRIORITIES if report.count(each)],
            selection_mode="multi",
            format_func=lambda each: f":{COLORS[each]}[{PRIORITY[each]}] {report.count(each)}",
            key=f"report priorities:{flow_id}",
            help=meaning("priority"),
            label_visibility="collapsed",
        )
        _fix_all(flow_id, reference, report)
    found = [(place, each) for place, each in enumerate(report.findings) if not wanted or each.priority in wanted]
    more = f"report more:{flow_id}"
    whole = bool(st.session_state.get(more)) or len(found) <= FIRST
    for place, each in found if whole else found[:FIRST]:
        warning(flow_id, reference, report, each, f"{place}")
    if not whole:
        st.button(f"Show {len(found) - FIRST} more", icon=":material/expand_more:", on_click=_show_all, args=(more,))


def warning(flow_id: str, reference: str, report: Report, finding: Finding, key: str) -> None:
    """One warning with its evidence and the steps that mend it."""
    with st.container(border=True, gap="xsmall"):
        where = f" · {escaped(cut(finding.column))}" if finding.column is not None else ""
        badge = f":{COLORS[finding.priority]}-badge[{PRIORITY[finding.priority]}]"
        source = source_of(finding)
        st.markdown(
            f"{badge} **{escaped(finding.title)}**{where}", help=f"Source: {escaped(source)}." if source else None
        )
        st.markdown(escaped(finding.text))
        about = () if finding.column is not None else columns_of(finding, report)
        if about:
            st.caption(f"Columns: {', '.join(escaped(cut(each)) for each in about)}")
        elif finding.examples:
            st.caption(f"For example: {', '.join(escaped(cut(each)) for each in finding.examples)}")
        numbers = "; ".join(f"{escaped(label)}\\: {escaped(number)}" for label, number in evidence_of(finding))
        if numbers:
            st.caption(f"{numbers}.")
        if finding.fixes:
            _fixes(flow_id, reference, finding, key)


def _fixes(flow_id: str, reference: str, finding: Finding, key: str) -> None:
    with st.container(horizontal=True, gap="small"):
        for number, fix in enumerate(finding.fixes[:BUTTONS]):
            _fix(flow_id, reference, fix, f"{key}:{number}")
        rest = finding.fixes[BUTTONS:]
        if rest:
            with st.popover(f"{len(rest)} more", icon=":material/build:"):
                for number, fix in enumerate(rest, BUTTONS):
                    _fix(flow_id, reference, fix, f"{key}:{number}")


def _fix(flow_id: str, reference: str, fix: Fix, key: str) -> None:
    st.button(
        escaped(fix.label),
        icon=":material/build:",
        key=f"fix:{key}",
        on_click=_open,
        args=(flow_id, reference, fix),
        help="Opens the step filled in; nothing is changed before you add it.",
    )


def _fix_all(flow_id: str, reference: str, report: Report) -> None:
    fixes = safe_fixes(report.findings)
    if len(fixes) < 2:
        return
    with st.popover(f"Add the {len(fixes)} safe fixes", icon=":material/auto_fix_high:"):
        st.caption("These steps lose nothing that anybody could want. Leave out what you would rather keep as it is.")
        for place, each in enumerate(fixes):
            st.checkbox(escaped(said(each)), value=True, key=f"safe fix:{flow_id}:{place}")
        st.button("Add these steps", type="primary", on_click=_add_all, args=(flow_id, reference, fixes))


def _show_all(key: str) -> None:
    st.session_state[key] = True


def _open(flow_id: str, reference: str, fix: Fix) -> None:
    open_form(flow_id, fix.transform, dict(fix.params), after=reference)
    st.session_state[f"reference:{flow_id}"] = reference
    st.session_state["view"] = "data"


def _add_all(flow_id: str, reference: str, fixes: list[Fix]) -> None:
    chosen = [each for place, each in enumerate(fixes) if st.session_state.get(f"safe fix:{flow_id}:{place}", True)]
    if not chosen:
        session.tell("No step was chosen.")
    elif session.apply(flow_id, f"Add {len(chosen)} fixes", lambda flow: with_fixes(flow, reference, chosen)):
        session.tell(f"{len(chosen)} {'step was' if len(chosen) == 1 else 'steps were'} added.")


def with_fixes(flow: Flow, reference: str, fixes: list[Fix]) -> Flow:
    """The flow with steps added behind an output, one after the other."""
    after = reference
    for each in fixes:
        id = edits.new_id(flow, each.transform)
        if output_of(after):
            flow = edits.add_step(flow, id, each.transform, [after], each.params)
        else:
            flow = edits.insert_step(flow, id, each.transform, after, each.params)
        after = id
    return flow
