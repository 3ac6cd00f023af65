"""Joining two tables: which columns are the keys, which rows to keep, and how well the two go together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
import streamlit as st

from dataprep_app.ui import session
from dataprep_app.ui.forms.checks import step_problems
from dataprep_app.ui.forms.column_fields import fitting, sign
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.forms.memory import Drawing, forget
from dataprep_app.ui.forms.row_list import row_list
from dataprep_app.ui.parts.chain import titles
from flows import edits
from flows.document import Flow, node_of
from flows.engines.polars_engine import PolarsEngine
from flows.identity import digest
from flows.matching import MatchRates, match_rates, rates_of, suggested_keys
from flows.parameters import values as parameter_values
from flows.tables import open_sources
from transforms.catalog import catalog
from transforms.core.columns import KEYS
from transforms.core.errors import DataprepError

MOST_KEYS = 10
COLOUR = "#2f6df6"
SHOWN = 50
"""Rows of the preview."""
HOW = {
    "inner": ("Only rows that match", "Rows without a partner on the other side are left out."),
    "left": ("All rows of the left table", "Where the right table has no partner, its columns are missing."),
    "right": ("All rows of the right table", "Where the left table has no partner, its columns are missing."),
    "full": ("All rows of both tables", "What a row has no partner for is missing."),
}
EXPECTED = {
    "none": "Anything",
    "1:1": "Each key once in both tables",
    "1:n": "Each key once in the left table",
    "n:1": "Each key once in the right table",
}
CIRCLES = {
    "inner": (False, True, False),
    "left": (True, True, False),
    "right": (False, True, True),
    "full": (True, True, True),
}
"""Which parts of two overlapping circles are kept: left only, both, right only."""


@dataclass(frozen=True)
class Sides:
    """The two tables of a join, on the sample."""

    names: tuple[str, str]
    tables: tuple[pl.DataFrame, pl.DataFrame]


def rows_of(rates: MatchRates, how: str) -> int:
    """Rows of a join of some kind."""
    left = rates.left_unmatched if how in ("left", "full") else 0
    right = rates.right_unmatched if how in ("right", "full") else 0
    return rates.inner_rows + left + right


def first_keys(flow: Flow, step_id: str, tables: tuple[pl.DataFrame, pl.DataFrame]) -> list[tuple[str, str]]:
    """The key pairs to begin with: those of the step, or the best suggestion."""
    params = flow.steps[step_id].params
    known = list(zip(params.get("left_on") or (), params.get("right_on") or (), strict=False))
    if known:
        return known
    return [(each.left, each.right) for each in suggested_keys(*tables)[:1]]


def join_dialog(flow_id: str, step_id: str) -> None:
    """Open the dialog for a join of the flow; its settings are saved by one edit."""
    key = f"join:{flow_id}:{step_id}"

    @st.dialog("Join", width="large", icon=":material/join_inner:", on_dismiss=lambda: forget(key))
    def dialog() -> None:
        if st.session_state.pop(f"{key}:saved", False):
            forget(key)
            st.rerun()
        _body(flow_id, step_id, key)

    dialog()


def _body(flow_id: str, step_id: str, key: str) -> None:
    flow = session.editor(flow_id).flow
    step = flow.steps[step_id]
    if len(step.inputs) != 2:
        st.info("A join takes two tables. Draw a line from a second one to it first.", icon=":material/link:")
        return
    try:
        left, right = (session.look(flow_id, each).table for each in step.inputs)
    except DataprepError as error:
        st.error(escaped(str(error)), icon=":material/error:")
        return
    names = titles(flow)
    said = [names.get(node_of(each), each) for each in step.inputs]
    sides = Sides((said[0], said[1]), (left, right))
    drawing = Drawing(key, (left.schema, right.schema))
    settings, facts = st.columns([3, 2], gap="large")
    with settings:
        params = _settings(drawing, flow, step_id, sides)
    kind = catalog()[step.transform]
    problems = step_problems(kind, params, drawing.schemas, parameter_values(flow))
    errors = [each for each in problems if each.severity == "error"]
    with facts:
        _footer(flow_id, step_id, key, params, valid=not errors)
        _picture(params["how"])
        if errors and params["left_on"]:
            for each in errors:
                st.error(escaped(f"{each.found} {each.advice}".strip()))
        elif not errors:
            _rates(flow_id, flow, step_id, params, sides)
    if not errors:
        _preview(flow_id, flow, step_id, params)


def _settings(drawing: Drawing, flow: Flow, step_id: str, sides: Sides) -> dict[str, Any]:
    """Draw the settings; what they are now."""
    params = flow.steps[step_id].params
    heads = st.columns(2, gap="small")
    for place, head in enumerate(heads):
        with head:
            st.markdown(f"**{escaped(sides.names[place])}**")
            st.caption(f"{('Left', 'Right')[place]} table, {sides.tables[place].width} columns")
    start = drawing.start("keys", first_keys(flow, step_id, sides.tables))
    st.markdown(":small[Rows belong together where these columns are equal]")
    pairs = row_list(
        drawing, "pairs", start or [(None, None)], lambda at, pair: _pair(drawing, at, pair),
        add="Add key columns", new=(None, None), most=MOST_KEYS,
    )  # fmt: skip
    how = st.radio(
        "Rows to keep",
        list(HOW),
        key=drawing.keep("how", params.get("how", "inner")),
        format_func=lambda each: f"{HOW[each][0]} ({each})",
        captions=[text for _, text in HOW.values()],
    )
    with st.expander("More options"):
        suffix = st.text_input(
            "Suffix",
            key=drawing.keep("suffix", params.get("suffix", "_right")),
            help="Added to names of right columns that the left table has already.",
        )
        expected = st.selectbox(
            "What is expected of the keys",
            list(EXPECTED),
            key=drawing.keep("validate_keys", params.get("validate_keys", "none")),
            format_func=EXPECTED.__getitem__,
            help="A run stops where it is not so.",
        )
    chosen = {"how": how, "suffix": suffix, "validate_keys": expected}
    for name, value in chosen.items():
        drawing.remember(name, value)
    return {
        "left_on": [one for one, other in pairs if one and other],
        "right_on": [other for one, other in pairs if one and other],
        **chosen,
    }


def _pair(drawing: Drawing, path: str, pair: Sequence[str | None]) -> tuple[str | None, str | None]:
    found: list[str | None] = []
    for place, side in enumerate(st.columns(2, gap="small")):
        columns = drawing.columns(place)
        key = drawing.keep(f"{path}:{place}", pair[place])
        chosen, options = st.session_state[key], fitting(columns, KEYS)
        with side:
            name: str | None = st.selectbox(
                ("Left key", "Right key")[place],
                [*options, *([chosen] if chosen and chosen not in options else [])],
                index=None,
                key=key,
                format_func=lambda each, held=columns: f"{sign(held.get(each))}  {each}",
                placeholder="Choose a column",
                label_visibility="collapsed",
            )
        found.append(drawing.remember(f"{path}:{place}", name))
    return found[0], found[1]


def _picture(how: str) -> None:
    """Two overlapping circles with what is kept filled in."""
    left, both, right = CIRCLES[how]
    parts = (
        ("M70 9.5 A52 52 0 1 0 70 94.5 A52 52 0 0 1 70 9.5 Z", left),
        ("M70 9.5 A52 52 0 0 1 70 94.5 A52 52 0 0 1 70 9.5 Z", both),
        ("M70 9.5 A52 52 0 1 1 70 94.5 A52 52 0 0 0 70 9.5 Z", right),
    )
    paths = "".join(
        f'<path d="{path}" fill="{COLOUR}" fill-opacity="{0.55 if kept else 0.06}" '
        f'stroke="{COLOUR}" stroke-width="1.5"/>'
        for path, kept in parts
    )
    # Two circles of radius 52 around 40 and 100; an image, since sanitized HTML loses drawings.
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-14 -2 168 108" width="168" height="108">{paths}</svg>'
    st.image(svg, alt=HOW[how][0], width=150)


def _rates(flow_id: str, flow: Flow, step_id: str, params: Mapping[str, Any], sides: Sides) -> None:
    with st.spinner("Counting the rows that match"):
        try:
            rates, everything = _counted(flow_id, flow, step_id, params, sides)
        except DataprepError as error:
            st.error(escaped(str(error)), icon=":material/error:")
            return
    st.markdown("**How well they match**")
    for place, name in enumerate(sides.names):
        rows, matched, repeated = (
            (rates.left_rows, rates.left_matched, rates.left_repeated),
            (rates.right_rows, rates.right_matched, rates.right_repeated),
        )[place]
        share = matched / rows if rows else 0.0
        st.progress(share, f"{escaped(name)}: {matched:,} of {rows:,} rows have a partner ({share:.1%})")
        st.caption(f"{rows - matched:,} without a partner, {repeated:,} with a key that occurs more than once")
    st.metric("Rows of the result", f"{rows_of(rates, params['how']):,}")
    if rates.left_repeated and rates.right_repeated:
        st.warning(
            "Keys are repeated on both sides, so every such row is paired with each of its partners.",
            icon=":material/content_copy:",
        )
    st.caption("Counted on all rows." if everything else "Counted on the sample.")


def _counted(
    flow_id: str, flow: Flow, step_id: str, params: Mapping[str, Any], sides: Sides
) -> tuple[MatchRates, bool]:
    """How many rows find a partner, and whether all rows were counted: those of sources are, others' sample is.

    Raises:
        DataprepError: a source cannot be read.
    """
    inputs = flow.steps[step_id].inputs
    everything = all(each in flow.sources for each in inputs)
    frames = [each.lazy() for each in sides.tables]
    marks: list[str] = []
    if everything:
        alone = Flow(name=flow.name, parameters=flow.parameters, sources={id: flow.sources[id] for id in inputs})
        opened = open_sources(alone, session.editor(flow_id).path.parent, parameter_values(flow))
        frames = [opened[id].scan() for id in inputs]
        marks = [opened[id].fingerprint() for id in inputs]
    else:
        marks = [digest([each.height, each.columns]) for each in sides.tables]
    key = digest([list(inputs), marks, params["left_on"], params["right_on"], session.sampling(flow_id).as_json()])
    kept: tuple[str, MatchRates] | None = st.session_state.get(f"match_rates:{flow_id}")
    if kept is not None and kept[0] == key:
        return kept[1], everything
    wanted = match_rates(frames[0], frames[1], params["left_on"], params["right_on"])
    found = rates_of(PolarsEngine.over({}).gather([wanted])[0])
    st.session_state[f"match_rates:{flow_id}"] = (key, found)
    return found, everything


def _preview(flow_id: str, flow: Flow, step_id: str, params: Mapping[str, Any]) -> None:
    try:
        tried = edits.change_step(flow, step_id, params=dict(params))
        rows = session.look(flow_id, step_id, tried).table
    except DataprepError as error:
        st.error(escaped(str(error)), icon=":material/error:")
        return
    st.markdown(f":small[First rows of the result, {rows.width} columns]")
    st.dataframe(rows.head(SHOWN), height=180, hide_index=True)


def _footer(flow_id: str, step_id: str, key: str, params: Mapping[str, Any], *, valid: bool) -> None:
    def save() -> None:
        if session.apply(flow_id, "Join", lambda flow: edits.change_step(flow, step_id, params=dict(params))):
            st.session_state[f"{key}:saved"] = True

    with st.container(horizontal=True, horizontal_alignment="right"):
        st.button("Save", key=f"{key}:save", type="primary", disabled=not valid, on_click=save)
