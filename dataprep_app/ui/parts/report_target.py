"""What a report says of the target."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dataprep_app.insights.drawing.text import count, cut
from dataprep_app.insights.drawing.tiles import facts
from dataprep_app.insights.findings import Report, TargetSummary
from dataprep_app.insights.rules.rule import percent
from dataprep_app.insights.sections.facts import Bin, Card, Level
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.parts import report_charts
from dataprep_app.ui.parts.report_cells import example_rows, fact_grid

BRIEF, MOST = 6, 20
"""Classes that are drawn in brief, and in full."""


def target_in_brief(report: Report) -> None:
    """The target beside other things: what it is, and one chart."""
    found = report.target
    if found is None:
        return
    st.subheader(f"Target: {escaped(cut(found.name, 40))}", anchor=False)
    st.caption(escaped(_said(found)))
    if found.classes:
        st.altair_chart(report_charts.levels(classes(found, BRIEF)))
    elif report.target_card is not None and report.target_card.bins:
        card = report.target_card
        st.altair_chart(report_charts.histogram(card.robust_bins or card.bins, found.name, height=170))
    else:
        _old_histogram(found)


def target(report: Report) -> None:
    """Everything about the target."""
    found, card = report.target, report.target_card
    if found is None:
        return
    st.subheader(escaped(cut(found.name)), anchor=False)
    st.markdown(escaped(_said(found)))
    if card is not None:
        st.caption(escaped(card.basis))
    if found.classes:
        _classes(found)
        return
    numbers = list(facts(found.feature))
    if card is not None and card.outlier_share is not None:
        numbers.append(("Share of outliers", percent(card.outlier_share)))
    fact_grid(numbers, 6)
    if card is None:
        _old_histogram(found)
        return
    histograms(card, found.name)
    outliers(card)
    if card.invalid:
        st.markdown("**Values that are no numbers**")
        st.markdown(", ".join(escaped(cut(each)) for each in card.invalid))
    if card.outlier_rows:
        st.markdown("**Rows farthest from the median**")
        example_rows(card.outlier_rows)


def histograms(card: Card, title: str) -> None:
    """All values, and beside them those without outliers."""
    both: Sequence[tuple[str, tuple[Bin, ...]]] = (("All values", card.bins), ("Without outliers", card.robust_bins))
    there = [each for each in both if each[1]]
    for place, (name, bins) in zip(st.columns(max(1, len(there)), gap="medium"), there, strict=False):
        with place:
            st.markdown(f"**{name}**")
            st.altair_chart(report_charts.histogram(bins, title, card.target_says))


def outliers(card: Card) -> None:
    """The outliers farthest out, at either end."""
    for title, values in (("Smallest outliers", card.lowest), ("Largest outliers", card.highest)):
        if values:
            st.caption(f"{title}: {', '.join(escaped(cut(each)) for each in values)}")


def classes(found: TargetSummary, most: int) -> list[Level]:
    """The classes with most rows, and the others together."""
    shown = [Level(name=each.name, rows=each.rows) for each in found.classes[:most]]
    rest = found.classes[most:]
    if rest:
        shown.append(Level(name=f"{len(rest):,} others", rows=sum(each.rows for each in rest)))
    return shown


def _classes(found: TargetSummary) -> None:
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.altair_chart(report_charts.levels(classes(found, MOST)))
    total = sum(each.rows for each in found.classes)
    with right:
        st.dataframe(
            [
                {"Class": each.name, "Rows": each.rows, "Share": each.rows / total if total else 0}
                for each in found.classes
            ],
            hide_index=True,
            height="content" if len(found.classes) < 12 else 420,
            column_config={
                "Rows": st.column_config.NumberColumn(format="localized"),
                "Share": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1),
            },
        )


def _said(found: TargetSummary) -> str:
    return found.reason + (f" {count(found.missing, 'row')} without a value." if found.missing else "")


def _old_histogram(found: TargetSummary) -> None:
    """Of a report that was made before there were cards."""
    feature = found.feature
    low, high = feature.min, feature.max
    if feature.histogram and isinstance(low, int | float) and isinstance(high, int | float):
        step = (high - low) / len(feature.histogram)
        bins = [Bin(low=low + step * i, high=low + step * (i + 1), rows=n) for i, n in enumerate(feature.histogram)]
        st.altair_chart(report_charts.histogram(bins, found.name, height=170))
