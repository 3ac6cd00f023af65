"""How good a model is, on what, and which columns it goes by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import altair as alt
import polars as pl
import streamlit as st

from dataprep_app.insights.words import METRIC_TEXTS, METRICS, SCORES
from dataprep_app.modeling.metrics import Interval, Residuals
from dataprep_app.modeling.outcome import QuickResult
from dataprep_app.modeling.store import SavedModel
from dataprep_app.ui.forms.markdown import escaped

Theme = Literal["light", "dark"]
MOST_CLASSES = 12
"""Classes that a confusion matrix and its text have room for."""
MOST_COLUMNS = 15
NUMBERS = "#7a7a7a"
"""Of numbers beside bars: readable on light and on dark, as a chart is not drawn again when the theme changes."""
BAR = 24
"""Pixels of a bar with its gap."""
HIGH: tuple[int, int, int] = (30, 64, 175)
PAPER: Mapping[Theme, tuple[int, int, int]] = {"light": (255, 255, 255), "dark": (23, 22, 20)}
FAINTEST: Mapping[Theme, float] = {"light": 0.04, "dark": 0.18}
"""Colour of a cell with no rows, so that it can be seen to be one."""


def model_report(model: SavedModel) -> None:
    """Draw the report."""
    result = model.facts.result
    _scores(result)
    left, right = st.columns(2, gap="large")
    with left:
        if result.confusion:
            _confusion(result)
        elif result.residuals is not None:
            _residuals(result, result.residuals)
    with right:
        _impact(result)
    if result.classes:
        _classes(result)
    with st.expander("All metrics", icon=":material/functions:"):
        st.caption(f"Of the model and, beside it, of the simple ones; all on the same {result.rows.test:,} rows.")
        st.dataframe(metric_rows(result), hide_index=True, width="stretch")
    if result.left_out:
        with st.expander(f"Columns that were not used ({len(result.left_out)})", icon=":material/visibility_off:"):
            rows = [{"Column": name, "Why": why} for name, why in result.left_out.items()]
            st.dataframe(rows, hide_index=True, width="stretch")


def verdict(result: QuickResult) -> str:
    """What the score says, in a sentence or two."""
    score, problem = result.score, result.problem
    linear = next((each.score for each in result.baselines if each.name == "linear"), None)
    gain = f"That is {score.normalised:.0%} of the way from no model to a perfect one." if problem.classes else ""
    if score.normalised <= 0:
        gain = "That is no better than no model at all."
    if linear is not None and linear > score.value:
        gain += f" A simple linear model does better: {linear:.3f}."
    match score.metric:
        case "AUC":
            common, rare = problem.classes
            return (
                f"Of two rows, one {rare!r} and one {common!r}, it gives the first the higher probability of {rare!r} "
                f"in {score.value:.1%} of cases; chance does in 50%. {gain}"
            )
        case "accuracy":
            return (
                f"It is right in {score.value:.1%} of rows; always saying {problem.classes[0]!r} is in "
                f"{score.base:.1%}. {gain}"
            )
        case _:
            found = f"{max(score.value, 0.0):.1%} of the variation of {problem.target!r}"
            return f"It explains {found}; always saying the mean explains nothing. {gain}"


def metric_rows(result: QuickResult) -> list[dict[str, Any]]:
    """Every metric of the model and of the simple models."""
    names = {"linear": "Linear model", "no model": "No model"}
    rows = []
    for name, value in result.metrics.items():
        others = {names[each.name]: _number(each.metrics.get(name)) for each in reversed(result.baselines)}
        said = {"Metric": METRICS.get(name, name), "Model": _number(value)}
        rows.append({**said, **others, "What it says": METRIC_TEXTS.get(name, "")})
    return rows


def confusion_cells(result: QuickResult, theme: Theme) -> pl.DataFrame:
    """The confusion matrix as cells: rows of the test, their share of the actual class, and readable colours."""
    names = result.problem.classes[:MOST_CLASSES]
    cells = []
    for actual, row in zip(names, result.confusion, strict=False):
        total = sum(row)
        for predicted, rows in zip(names, row, strict=False):
            share = rows / total if total else 0.0
            fill = blend(HIGH, PAPER[theme], FAINTEST[theme] + (1 - FAINTEST[theme]) * share)
            cells.append(
                {
                    "Actual": actual,
                    "Predicted": predicted,
                    "Rows": rows,
                    "Share": share,
                    "fill": "#{:02x}{:02x}{:02x}".format(*fill),
                    "ink": ink(fill),
                    "text": f"{rows:,}",
                    "share": f"{share:.1%}",
                }
            )
    return pl.DataFrame(cells)


def blend(high: Sequence[int], low: Sequence[int], share: float) -> tuple[int, int, int]:
    """A colour between two."""
    red, green, blue = (round(b + (a - b) * share) for a, b in zip(high, low, strict=True))
    return red, green, blue


def ink(fill: Sequence[int]) -> str:
    """Black or white, whichever can be read better on a colour, by the contrast of WCAG 2."""
    return "#ffffff" if luminance(fill) < 0.179 else "#000000"  # there both have a contrast of 4.6


def luminance(color: Sequence[int]) -> float:
    """Relative luminance of an sRGB colour, by WCAG 2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (each / 255 for each in color)]
    return float(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])


def _scores(result: QuickResult) -> None:
    score = result.score
    name = SCORES[score.metric]
    tiles = {name: (score.value, _around(score.interval))}
    if score.metric == "AUC":
        tiles["By chance"] = (score.base, "What guessing gives.")
    elif score.metric == "accuracy":
        tiles["Most frequent class"] = (score.base, "What always saying the most frequent class gives.")
    else:
        tiles["The mean"] = (score.base, "What always saying the mean gives.")
    linear = next((each.score for each in result.baselines if each.name == "linear"), None)
    if linear is not None:
        tiles["Linear model"] = (linear, f"{name} of a simple linear model on the same {result.rows.test:,} rows.")
    if result.train_score is not None:
        tiles["On rows it trained on"] = (
            result.train_score,
            f"{name} on the rows it learned from. Far above the score, the model has learned them by heart.",
        )
    for column, (title, (value, help)) in zip(st.columns(len(tiles)), tiles.items(), strict=True):
        column.metric(title, f"{value:.3f}", help=help, border=True)
    st.markdown(escaped(verdict(result)))
    st.caption(escaped(f"{result.basis} {_around(score.interval)}"))
    if result.notes:
        with st.expander(f"What to know of these numbers ({len(result.notes)})", icon=":material/info:", expanded=True):
            st.markdown("\n".join(f"- {escaped(each)}" for each in result.notes))


def _around(interval: Interval | None) -> str:
    if interval is None:
        return ""
    return (
        f"On other rows, 95 times in 100, it would lie from {interval.low:.3f} to {interval.high:.3f} ({interval.how})."
    )


def _confusion(result: QuickResult) -> None:
    st.subheader("Actual and predicted classes", anchor=False)
    shown = len(result.problem.classes)
    more = f" The {MOST_CLASSES} most frequent of {shown} classes." if shown > MOST_CLASSES else ""
    st.caption(f"Of {result.rows.test:,} rows of the test{_first(result)}; percentages are of the actual class.{more}")
    cells = confusion_cells(result, theme())
    order = list(result.problem.classes[:MOST_CLASSES])
    small = len(order) > 5
    base = alt.Chart(cells.to_pandas()).encode(
        x=alt.X(
            "Predicted:N",
            sort=order,
            axis=alt.Axis(orient="top", labelAngle=-45 if small else 0, labelOverlap=False, title="Predicted"),
        ),
        y=alt.Y("Actual:N", sort=order, title="Actual"),
        tooltip=["Actual", "Predicted", alt.Tooltip("Rows:Q", format=","), alt.Tooltip("Share:Q", format=".1%")],
    )
    tiles = base.mark_rect(cornerRadius=4, stroke="#{:02x}{:02x}{:02x}".format(*PAPER[theme()]), strokeWidth=3).encode(
        color=alt.Color("fill:N", scale=None)
    )
    ink_color = alt.Color("ink:N", scale=None)
    texts = base.mark_text(fontSize=11 if small else 15, dy=0 if small else -8).encode(text="text:N", color=ink_color)
    layers = [tiles, texts]
    if not small:
        layers.append(base.mark_text(fontSize=12, dy=11).encode(text="share:N", color=ink_color))
    height = 60 + len(order) * (34 if small else 88)
    st.altair_chart(alt.layer(*layers).properties(height=height), width="stretch")


def _residuals(result: QuickResult, found: Residuals) -> None:
    st.subheader("Errors", anchor=False)
    st.caption(f"Actual less predicted, of the {result.rows.test:,} rows of the test{_first(result)}.")
    bars = pl.DataFrame({"from": found.edges[:-1], "to": found.edges[1:], "rows": found.counts})
    chart = (
        alt.Chart(bars.to_pandas())
        .mark_bar(binSpacing=1)
        .encode(
            x=alt.X("from:Q", bin="binned", title="Actual less predicted"),
            x2="to",
            y=alt.Y("rows:Q", title="Rows"),
            tooltip=["from", "to", "rows"],
        )
        .properties(height=200)
    )
    st.altair_chart(chart, width="stretch")
    low, high = found.quantiles["5"], found.quantiles["95"]
    st.caption(f"Nine of ten errors lie between {low:,.4g} and {high:,.4g}; their mean is {found.mean:,.4g}.")
    st.caption(f"Actual and predicted numbers of {len(found.actual):,} rows of the test; on the line, they are equal.")
    points = pl.DataFrame({"Actual": found.actual, "Predicted": found.predicted}).to_pandas()
    ends = [min(*found.actual, *found.predicted), max(*found.actual, *found.predicted)]
    span = alt.Scale(zero=False)
    line = alt.Chart(pl.DataFrame({"x": ends, "y": ends}).to_pandas()).mark_line(strokeDash=[4, 4], color="gray")
    dots = alt.Chart(points).mark_circle(size=28, opacity=0.5).encode(x="Actual:Q", y="Predicted:Q")
    chart = alt.layer(
        line.encode(x=alt.X("x:Q", title="Actual", scale=span), y=alt.Y("y:Q", title="Predicted", scale=span)), dots
    )
    st.altair_chart(chart.properties(height=260), width="stretch")


def _impact(result: QuickResult) -> None:
    st.subheader("Columns it goes by", anchor=False)
    shown = [each for each in result.impact if each.share > 0][:MOST_COLUMNS]
    rest = sum(each.share for each in result.impact) - sum(each.share for each in shown)
    more = f" {len(result.impact) - len(shown)} others together: {rest:.1%}." if rest > 0.0005 else ""
    st.caption(
        f"How much each column moves predictions, as a share of all movement, measured on {result.impact_rows:,} rows "
        f"of the test{_first(result)} (mean absolute SHAP values).{more}"
    )
    bars = pl.DataFrame({"Column": [each.column for each in shown], "Share": [each.share for each in shown]})
    base = alt.Chart(bars.to_pandas()).encode(
        x=alt.X("Share:Q", axis=None, scale=alt.Scale(domain=[0, max([*bars["Share"], 0.01]) * 1.15])),
        y=alt.Y("Column:N", sort=None, title=None, axis=alt.Axis(labelLimit=220, ticks=False, domain=False)),
        tooltip=["Column", alt.Tooltip("Share:Q", format=".1%")],
    )
    numbers = base.mark_text(align="left", dx=5, color=NUMBERS).encode(text=alt.Text("Share:Q", format=".1%"))
    chart = alt.layer(base.mark_bar(cornerRadiusEnd=3), numbers).properties(height=BAR * max(len(shown), 1) + 10)
    st.altair_chart(chart, width="stretch")


def _classes(result: QuickResult) -> None:
    st.subheader("Each class", anchor=False)
    st.caption(f"Precision, recall and F1 on the {result.rows.test:,} rows of the test{_first(result)}.")
    rows = [
        {
            "Class": each.name,
            "Rows trained on": each.train_rows,
            "Rows of the test": each.test_rows,
            "Precision": each.precision,
            "Recall": each.recall,
            "F1": each.f1,
        }
        for each in result.classes
    ]
    helps = {
        "Precision": "Of the rows predicted as this class, how many are.",
        "Recall": "Of the rows of this class, how many are found.",
        "F1": "Harmonic mean of precision and recall.",
    }
    config: dict[str, Any] = {
        name: st.column_config.ProgressColumn(help=help, min_value=0.0, max_value=1.0, format="percent")
        for name, help in helps.items()
    }
    config |= {
        name: st.column_config.NumberColumn(format="localized") for name in ("Rows trained on", "Rows of the test")
    }
    st.dataframe(rows, hide_index=True, width="stretch", column_config=config)


def theme() -> Theme:
    """The theme that the page is shown in."""
    return "dark" if st.context.theme.type == "dark" else "light"


def _first(result: QuickResult) -> str:
    """Of repeated splits, tables are those of the first."""
    return " of the first split" if len(result.scores) > 1 else ""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}" if abs(value) < 1_000 else f"{value:,.0f}"
