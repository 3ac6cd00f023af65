"""Charts and tables of a node's rows: those that are saved in the flow, and the one that is being looked at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import polars as pl
import streamlit as st
from pydantic import ValidationError

from dataprep_app.analyses.analysis import Analysis, AnalysisResult, setting_problems
from dataprep_app.analyses.edits import remove_analysis
from dataprep_app.analyses.pictures import Format, picture
from dataprep_app.analyses.registry import ANALYSES
from dataprep_app.ui import session
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.parts import analyses_form
from dataprep_app.ui.parts.analyses_form import OpenAnalysis, Values, close, open_new, open_saved, opened
from dataprep_app.ui.parts.data_rows import sample_said
from dataprep_app.ui.parts.node_choice import node_choice, title
from flows.document import Analysis as Node
from flows.graph import run_order
from transforms.core.errors import DataprepError

ICONS = {
    "histogram": "bar_chart",
    "scatter": "scatter_plot",
    "bar": "align_horizontal_left",
    "box": "candlestick_chart",
    "table_summary": "table_chart",
    "correlation": "grid_on",
    "association": "hub",
    "line": "show_chart",
    "group_chart": "pivot_table_chart",
    "cohort": "group",
    "duplicate_rows": "content_copy",
    "missing_patterns": "grid_off",
    "column_profile": "view_column",
    "text_overview": "notes",
    "outlier_view": "troubleshoot",
    "quick_model": "bolt",
    "target_leakage": "water_drop",
    "feature_importance": "leaderboard",
    "multicollinearity": "join_inner",
    "bias_report": "balance",
    "time_series_decomposition": "stacked_line_chart",
    "time_series_anomalies": "crisis_alert",
}
INK = {"light": "#31333f", "dark": "#e6e6e6"}
"""Color of text in a chart, for each kind of theme."""
MARGINS = {"left": 4, "top": 8, "right": 8, "bottom": 8}
"""Pixels around a chart, so that a picture of it is not cut at its last label."""
PICTURES: tuple[tuple[str, Format, str], ...] = (
    ("Download as PNG", "png", "image/png"),
    ("Download as SVG", "svg", "image/svg+xml"),
)
TILES = 3
"""Kinds of analyses in a row."""
FEW = 11
"""Rows of a table that is shown whole."""
TALLEST = 420
"""Pixels of a longer one."""


@dataclass(frozen=True)
class Seen:
    """A result, with the rows and the settings that it is of."""

    table: pl.DataFrame
    analysis: Analysis
    result: AnalysisResult


def draw(flow_id: str) -> None:
    """The view."""
    reference = node_choice(flow_id, "Rows of")
    if reference is None:
        return
    try:
        with st.spinner("Preparing the sample"):
            table = session.look(flow_id, reference).table
    except DataprepError as error:
        st.error(escaped(str(error)), icon=":material/error:")
        return
    _view(flow_id, reference, table)


def _view(flow_id: str, reference: str, table: pl.DataFrame) -> None:
    shown = opened(flow_id)
    left, right = st.columns([3, 1], gap="medium")
    with right, st.container(border=True, gap="small", key=f"analyses_panel:{flow_id}"):
        values = analyses_form.draw(flow_id, shown, reference, table.schema) if shown else None
        if shown is None:
            _saved(flow_id)
    with left:
        if shown is None or values is None:
            _kinds(flow_id, table.schema)
        else:
            _result(flow_id, shown, values, reference, table)


def icon(id: str) -> str:
    """The sign of a kind of analysis."""
    return f":material/{ICONS.get(id, 'insights')}:"


def name_of(node: Node) -> str:
    """What a saved analysis is called: its note, or its kind and columns."""
    if node.note:
        return node.note
    kind = ANALYSES.get(node.analysis)
    if kind is None:
        return node.analysis
    try:
        return kind.model_validate(node.params).name()
    except ValidationError:
        return kind.title


def _kinds(flow_id: str, schema: pl.Schema) -> None:
    """Every kind of analysis, to begin with one."""
    st.markdown("**Add an analysis**")
    kinds = list(ANALYSES.values())
    for start in range(0, len(kinds), TILES):
        for place, kind in zip(st.columns(TILES, gap="small"), kinds[start : start + TILES], strict=False):
            with place, st.container(border=True, height=204, vertical_alignment="distribute"):
                st.markdown(f"{icon(kind.id)} **{kind.title}**  \n:small[:gray[{escaped(_sentence(kind))}]]")
                st.button(
                    "Add", icon=":material/add:", key=f"add_analysis:{kind.id}", help=f"Add: {kind.title}",
                    on_click=open_new, args=(flow_id, kind, schema),
                )  # fmt: skip


def _sentence(kind: type[Analysis]) -> str:
    return " ".join((kind.__doc__ or "").split())


def _saved(flow_id: str) -> None:
    """The analyses of the flow."""
    flow = session.editor(flow_id).flow
    st.markdown("**Saved analyses**")
    if not flow.analyses:
        st.caption("There is none yet. Add one; it is kept in the flow once you save it.")
    for id, node in flow.analyses.items():
        name = name_of(node)
        left, right = st.columns([6, 1], gap="xxsmall", vertical_alignment="center")
        left.button(
            escaped(name), icon=icon(node.analysis), key=f"open_analysis:{id}", type="tertiary",
            help=f"{escaped(name)}, on {escaped(title(flow, node.input))}", on_click=open_saved, args=(flow_id, id),
        )  # fmt: skip
        right.button(
            "", icon=":material/delete:", key=f"delete_analysis:{id}", type="tertiary",
            help=f"Delete {escaped(name)}", on_click=delete, args=(flow_id, id, name),
        )  # fmt: skip


def delete(flow_id: str, id: str, name: str) -> None:
    """Delete a saved analysis, which can be undone."""
    session.apply(flow_id, f"Delete the analysis {name}", lambda flow: remove_analysis(flow, id))
    close(flow_id)


def _result(flow_id: str, shown: OpenAnalysis, values: Values, reference: str, table: pl.DataFrame) -> None:
    if setting_problems(shown.kind, values.plain, table.schema):
        st.info("The chart is drawn as soon as the settings on the right are complete.", icon=":material/bar_chart:")
        return
    result = look(flow_id, shown.kind.model_validate(values.plain), table)
    basis = f"Computed on {table.height:,} rows, {_sample(flow_id, reference)}."
    draw_result(flow_id, result.model_copy(update={"basis": basis}))


def look(flow_id: str, analysis: Analysis, table: pl.DataFrame) -> AnalysisResult:
    """The result, kept as long as neither the rows nor the settings change."""
    key = f"analysis_seen:{flow_id}"
    seen: Seen | None = st.session_state.get(key)
    if seen is None or seen.table is not table or seen.analysis != analysis:
        seen = st.session_state[key] = Seen(table, analysis, analysis.run(table))
    return seen.result


def _sample(flow_id: str, reference: str) -> str:
    flow = session.editor(flow_id).flow
    sources = [each for each in run_order(flow, [reference]) if each in flow.sources]
    lengths = {each: session.look(flow_id, each).table.height for each in sources}
    said = sample_said(session.sampling(flow_id), lengths)
    return f"from {said}" if said.startswith("all") else said


def draw_result(flow_id: str, result: AnalysisResult) -> None:
    """Draw what an analysis saw."""
    st.markdown(f"**{escaped(result.title)}**")
    st.markdown("  \n".join(map(escaped, result.sentences)))
    st.caption(result.basis)
    if result.chart is not None:
        # What is written into a chart has no color of its own in the theme.
        looks = {"text": {"color": INK["dark" if st.context.theme.type == "dark" else "light"]}}
        spec = {**result.chart, "config": looks, "padding": MARGINS}
        st.vega_lite_chart(spec=spec, theme="streamlit", alt=" ".join((result.title, *result.sentences)))
        _pictures(flow_id, result)
    for place, each in enumerate(result.tables):
        frame = each.frame()
        st.caption(escaped(f"{each.title} ({frame.height:,})"))
        numbers = [name for name, dtype in frame.schema.items() if dtype.is_numeric()]
        st.dataframe(
            frame, hide_index=True, height="content" if frame.height <= FEW else TALLEST,
            column_config={name: st.column_config.NumberColumn(format="localized") for name in numbers},
        )  # fmt: skip
        st.download_button(
            "Download as CSV", frame.write_csv(), file_name=f"{_file_name(result.title)}.csv", mime="text/csv",
            icon=":material/download:", key=f"analysis_csv:{flow_id}:{place}", on_click="ignore",
        )  # fmt: skip


def _pictures(flow_id: str, result: AnalysisResult) -> None:
    """The chart as a picture; drawn once somebody asks for it."""
    chart = result.chart or {}
    with st.container(horizontal=True):
        for label, format, mime in PICTURES:
            st.download_button(
                label, partial(picture, chart, format), file_name=f"{_file_name(result.title)}.{format}", mime=mime,
                icon=":material/image:", key=f"analysis_{format}:{flow_id}", on_click="ignore",
                help="The chart on white, for documents and slides.",
            )  # fmt: skip


def _file_name(text: str) -> str:
    return "".join(each if each.isalnum() else "-" for each in text.lower()).strip("-") or "analysis"
