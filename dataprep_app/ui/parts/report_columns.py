"""The columns of a report: a list by prediction power, and beside it one of them in detail."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dataprep_app.insights.drawing.text import cut, shown
from dataprep_app.insights.drawing.tiles import facts
from dataprep_app.insights.drawing.warnings import warned
from dataprep_app.insights.findings import FeatureSummary, Report
from dataprep_app.insights.rules.rule import percent
from dataprep_app.insights.sections.facts import Card
from dataprep_app.insights.words import CHARACTERS, SHARES, TYPES, meaning
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.parts import report_charts
from dataprep_app.ui.parts.report_cells import fact_grid
from dataprep_app.ui.parts.report_target import outliers
from dataprep_app.ui.parts.report_warnings import warning

MOST, TALLEST = 18, 680
"""Columns up to which the list is shown whole, and pixels of a longer one."""


def columns(flow_id: str, reference: str, report: Report) -> None:
    """The list and the column that is chosen."""
    names = [each.name for each in report.features]
    key, table = f"report column:{flow_id}", f"report columns:{flow_id}"
    if st.session_state.get(key) not in names:
        st.session_state[key] = names[0]
    left, right = st.columns(2, gap="large")
    with left:
        by = f", by what they say of {cut(report.target.name, 30)}" if report.target else ""
        st.subheader(escaped(f"Columns{by}"), anchor=False)
        st.caption(escaped(f"Choose a row to see the column in detail. {report.power_basis}"))
        st.dataframe(
            column_rows(report),
            hide_index=True,
            column_config=_config(report),
            height="content" if len(names) <= MOST else TALLEST,
            key=table,
            placeholder="",
            on_select=lambda: _pick(key, table, names),
            selection_mode="single-row",
        )
    with right:
        chosen = st.selectbox("Column", names, key=key, format_func=cut)
        feature = next(each for each in report.features if each.name == chosen)
        card = next((each for each in report.cards if each.name == chosen), None)
        _card(feature, card)
        found = warned(report).get(chosen, ())
        if found:
            st.markdown("**Warnings**")
        for place, each in enumerate(found):
            warning(flow_id, reference, report, each, f"column:{place}")


def column_rows(report: Report) -> list[dict[str, Any]]:
    """The list of columns."""
    found = warned(report)
    rows = []
    for each in report.features:
        row = {
            "Column": each.name,
            "Power": each.power,
            "Missing": each.missing_share,
            "Warnings": len(found.get(each.name, ())) or None,
            "Holds": TYPES[each.type],
            "Different": each.distinct,
        }
        if report.target is None:
            del row["Power"]
        rows.append(row)
    return rows


def _config(report: Report) -> dict[str, Any]:
    power = f"{meaning('power')} {report.power_basis}"
    return {
        "Power": st.column_config.ProgressColumn(format="%.2f", min_value=0, max_value=1, help=power, width=110),
        "Missing": st.column_config.NumberColumn(format="percent", help=meaning("missing"), width="small"),
        "Different": st.column_config.NumberColumn(format="localized", help="Different values.", width="small"),
        "Warnings": st.column_config.NumberColumn(width=80),
        "Holds": st.column_config.TextColumn(width="small"),
    }


def _pick(key: str, table: str, names: list[str]) -> None:
    rows = st.session_state[table]["selection"]["rows"]
    if rows:
        st.session_state[key] = names[rows[0]]


def _card(feature: FeatureSummary, card: Card | None) -> None:
    stored = f":gray-badge[{TYPES[feature.type]}] :gray-badge[stored as {escaped(feature.stored_as)}]"
    st.markdown(stored)
    fact_grid(facts(feature), 4)
    if card is None:
        _old_card(feature)
        return
    if card.bins or card.robust_bins:
        _numbers(card)
    if card.levels:
        st.markdown("**Most frequent values**")
        st.altair_chart(report_charts.levels(card.levels, card.target_says))
        if card.other_rows:
            st.caption(f"All other values: {card.other_rows:,} rows.")
    _text(card)
    _dates(card)
    st.caption(escaped(card.basis))


def _numbers(card: Card) -> None:
    """One chart at a time: beside the list there is no room for two."""
    bins = card.bins
    if card.robust_bins:
        without = st.toggle("Without outliers", key=f"report robust:{card.name}", help=meaning("outlier"))
        bins = card.robust_bins if without else card.bins
    st.altair_chart(report_charts.histogram(bins, card.name, card.target_says))
    outliers(card)


def _text(card: Card) -> None:
    if card.characters:
        st.markdown("**Characters**")
        fact_grid(
            [
                (CHARACTERS.get(key, key), percent(value) if key in SHARES else shown(value))
                for key, value in card.characters.items()
            ],
            4,
        )
    if card.words:
        st.markdown("**Words**")
        told = any(each.power is not None for each in card.words)
        st.dataframe(
            [
                {
                    "Word": each.word,
                    "Rows that have it": each.rows,
                    **({"Says of the target": each.power} if told else {}),
                }
                for each in card.words
            ],
            hide_index=True,
            height="content" if len(card.words) < 8 else 300,
            column_config={
                "Says of the target": st.column_config.ProgressColumn(format="%.2f", min_value=0, max_value=1)
            },
        )
    for each in card.patterns:
        st.markdown(
            f"**{percent(each.share)} of the texts look like** {escaped(each.pattern)}", help=meaning("pattern")
        )
        lines = [f"As a regular expression: {escaped(each.regex)}"]
        for title, texts in (("For example", each.matches), ("Others", each.others)):
            if texts:
                lines.append(f"{title}: {', '.join(escaped(cut(one)) for one in texts)}")
        st.caption("  \n".join(lines))


def _dates(card: Card) -> None:
    if not card.date_parts:
        return
    known = {each.part: each for each in card.date_parts}
    st.markdown("**Parts of the date**")
    key = f"report part of date:{card.name}"
    if st.session_state.get(key) not in known:
        st.session_state[key] = max(known, key=lambda each: known[each].power or 0.0)
    chosen = st.segmented_control(
        "Part of the date",
        list(known),
        required=True,
        format_func=lambda each: each.capitalize() + _power(known[each].power),
        key=key,
        label_visibility="collapsed",
        help="The number is the prediction power of the part alone.",
    )
    if chosen is not None:
        st.altair_chart(report_charts.parts(known[chosen].levels, card.target_says))


def _power(value: float | None) -> str:
    return "" if value is None else f" {value:.2f}"


def _old_card(feature: FeatureSummary) -> None:
    """Of a report that was made before there were cards."""
    if feature.top:
        st.dataframe([{"Value": name, "Rows": rows} for name, rows in feature.top], hide_index=True, height="content")
