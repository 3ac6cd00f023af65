"""What a quick model makes of the table of a report."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dataprep_app.insights.drawing.text import cut, shown
from dataprep_app.insights.findings import Report
from dataprep_app.insights.sections.facts import Bin
from dataprep_app.insights.words import SCORES, meaning
from dataprep_app.modeling.metrics import Residuals
from dataprep_app.modeling.outcome import QuickResult
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.parts import report_charts
from dataprep_app.ui.parts.model_report import MOST_CLASSES, confusion_cells, metric_rows, theme, verdict


def model_in_brief(report: Report) -> None:
    """The score beside other things."""
    result = report.model
    if result is None:
        if report.model_problem:
            st.subheader("Quick model", anchor=False)
            st.info(escaped(report.model_problem), icon=":material/info:")
        return
    st.subheader("Quick model", anchor=False)
    _score(result)


def model(report: Report) -> None:
    """Everything about the quick model."""
    result = report.model
    if result is None:
        return
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Score", anchor=False)
        _score(result)
        if result.train_score is not None:
            st.caption(
                f"On the rows it was trained on it is {result.train_score:.3f}. If that is far above the score, the "
                "model has learned these rows by heart."
            )
        if result.residuals is not None:
            _errors(result, result.residuals)
    with right:
        if result.confusion:
            _confusion(result)
        elif result.residuals is not None and result.residuals.actual:
            _predictions(result, result.residuals)
    if result.classes:
        _classes(result)
    left, right = st.columns(2, gap="large")
    with left:
        if result.impact:
            _impact(result)
    with right:
        _notes(result)
        st.subheader("All metrics", anchor=False)
        rows = [{key: value for key, value in each.items() if key != "What it says"} for each in metric_rows(result)]
        st.dataframe(rows, hide_index=True, height="content")


def _notes(result: QuickResult) -> None:
    notes = [*result.notes, *(f"{cut(name)} was not used: {why}" for name, why in result.left_out.items())]
    if notes:
        st.subheader("What to know of these numbers", anchor=False)
        st.markdown("\n".join(f"- {escaped(each)}" for each in notes))


def _score(result: QuickResult) -> None:
    score = result.score
    reach = (
        f" On other rows it would lie from {score.interval.low:.3f} to {score.interval.high:.3f}, 95 times in 100."
        if score.interval
        else ""
    )
    st.altair_chart(report_charts.track(score))
    st.markdown(escaped(f"{SCORES.get(score.metric, score.metric)} {score.value:.3f}. {verdict(result)}"))
    st.caption(escaped(f"{result.basis}{reach}"))


def _confusion(result: QuickResult) -> None:
    st.subheader("Actual and predicted classes", anchor=False)
    of = len(result.problem.classes)
    more = f" The {MOST_CLASSES} most frequent of {of} classes." if of > MOST_CLASSES else ""
    st.caption(
        f"Of {result.rows.test:,} rows of the test{_first(result)}: actual classes down, predicted ones across. "
        f"Shares are of the actual class.{more}"
    )
    cells = confusion_cells(result, theme())
    order = list(result.problem.classes[:MOST_CLASSES])
    st.altair_chart(
        report_charts.tiles(cells, order, "Actual", "Predicted", theme(), 110 if len(order) < 4 else 56),
        width="content",
    )


def _classes(result: QuickResult) -> None:
    st.subheader("Each class", anchor=False)
    share: dict[str, Any] = {
        name: st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1, help=meaning(name.lower()))
        for name in ("Precision", "Recall")
    }
    st.dataframe(
        [
            {
                "Class": each.name,
                "Precision": each.precision,
                "Recall": each.recall,
                "F1": each.f1,
                "Rows of the test": each.test_rows,
                "Rows trained on": each.train_rows,
            }
            for each in result.classes
        ],
        hide_index=True,
        height="content" if len(result.classes) < 12 else 420,
        column_config={
            **share,
            "F1": st.column_config.NumberColumn(format="%.2f", help=meaning("f1"), width="small"),
            "Rows of the test": st.column_config.NumberColumn(format="localized", width="small"),
            "Rows trained on": st.column_config.NumberColumn(format="localized", width="small"),
        },
    )


def _predictions(result: QuickResult, found: Residuals) -> None:
    st.subheader("Predicted and actual numbers", anchor=False)
    st.caption(f"{len(found.actual):,} rows of the test{_first(result)}; on the dashed line they are the same.")
    st.altair_chart(report_charts.predictions(found))


def _errors(result: QuickResult, found: Residuals) -> None:
    st.subheader("Errors", anchor=False)
    low, high = shown(found.quantiles.get("5")), shown(found.quantiles.get("95"))
    st.caption(
        escaped(
            f"Actual less predicted, of {result.rows.test:,} rows of the test{_first(result)}. Nine of ten errors lie "
            f"between {low} and {high}; their mean is {shown(found.mean)}."
        )
    )
    edges = zip(found.edges, found.edges[1:], found.counts, strict=False)
    bins = [Bin(low=start, high=end, rows=rows) for start, end, rows in edges]
    st.altair_chart(report_charts.histogram(bins, "Actual less predicted", height=180))


def _impact(result: QuickResult) -> None:
    st.subheader("Columns it goes by", anchor=False)
    st.caption(
        f"How much each column moves predictions, as a share of all movement, measured on {result.impact_rows:,} rows "
        f"of the test{_first(result)} (mean absolute SHAP values)."
    )
    most = max(each.share for each in result.impact) or 1.0
    st.dataframe(
        [{"Column": each.column, "Share": each.share} for each in result.impact],
        hide_index=True,
        height="content" if len(result.impact) < 12 else 420,
        column_config={"Share": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=most)},
    )


def _first(result: QuickResult) -> str:
    """Of repeated splits, tables are those of the first."""
    return " of the first split" if len(result.scores) > 1 else ""
