"""Finding a step to add: a search over what steps are called and do, and the groups of the catalog."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import streamlit as st

from dataprep_app.ui.forms.fields import step_fields
from dataprep_app.ui.parts.pending import open_form
from dataprep_app.ui.parts.step_form import prefilled
from transforms.catalog import catalog
from transforms.core.transform import Transform
from transforms.reference import sentence

COMMON = (
    "filter_rows", "drop_missing_rows", "impute_median", "fill_constant", "drop_columns", "rename_columns",
    "change_type", "drop_duplicates", "one_hot_encode", "outlier_std", "sort_rows", "formula_column",
)  # fmt: skip
"""Steps that most flows have, shown first."""
HEIGHT = 540
MOST = 30
"""Results that are listed."""


def found_for(query: str) -> list[type[Transform]]:
    """Transforms for what was typed, the best first: by title, by how it begins, by terms, by what they do.

    Every word has to be found; within a rank the order is that of the menu.
    """
    words = query.lower().split()
    if not words:
        return []
    ranked = [(rank, place, kind) for place, kind in enumerate(catalog().values()) if (rank := _rank(kind, words))]
    return [kind for _, _, kind in sorted(ranked, key=lambda each: each[:2])]


def _rank(kind: type[Transform], words: list[str]) -> int:
    """The place of a transform among the results, 0 when it is none of them."""
    text, title = " ".join(words), kind.title.lower()
    terms = [each.lower() for each in (*kind.terms, kind.id.replace("_", " "))]
    if text == title:
        return 1
    if text in terms:
        return 2
    if title.startswith(text):
        return 3
    if all(any(part.startswith(word) for part in title.split()) for word in words):
        return 4
    if any(each.startswith(text) for each in terms):
        return 5
    if all(word in f"{title} {' '.join(terms)}" for word in words):
        return 6
    everything = f"{title} {' '.join(terms)} {sentence(kind).lower()}"
    return 7 if all(word in everything for word in words) else 0


def draw(flow_id: str, columns: Mapping[str, pl.DataType], column: str | None) -> None:
    """Draw the search and the groups; a click opens the form of a step."""
    key = f"find_step:{flow_id}"
    st.button(
        "Back", icon=":material/arrow_back:", key=f"{key}:back", type="tertiary",
        on_click=lambda: st.session_state.update({f"panel:{flow_id}": "steps"}),
    )  # fmt: skip
    st.markdown("**Add step**")
    query = st.text_input(
        "Search", key=key, type="search", live="100ms", placeholder="Search: fill, split, date …",
        label_visibility="collapsed",
    )  # fmt: skip
    with st.container(height=HEIGHT, border=False, gap=None):
        if query and query.strip():
            _results(flow_id, found_for(query), columns, column)
        else:
            _groups(flow_id, columns, column)


def _results(
    flow_id: str, found: list[type[Transform]], columns: Mapping[str, pl.DataType], column: str | None
) -> None:
    if not found:
        st.caption("No step is called that. Try another word, such as fill, join or date.")
    for kind in found[:MOST]:
        _entry(flow_id, kind, columns, column, "found")
    if len(found) > MOST:
        st.caption(f"And {len(found) - MOST} more. Type another word to narrow them down.")


def _groups(flow_id: str, columns: Mapping[str, pl.DataType], column: str | None) -> None:
    st.caption("Common")
    for id in COMMON:
        if id in catalog():
            _entry(flow_id, catalog()[id], columns, column, "common")
    st.caption("All steps")
    for title, members in catalog().families.items():
        group = st.expander(f"{title} ({len(members)})", key=f"group:{flow_id}:{title}", on_change="rerun")
        if group.open:
            with group, st.container(gap=None):
                for kind in members:
                    _entry(flow_id, kind, columns, column, "group")


def _entry(
    flow_id: str,
    kind: type[Transform],
    columns: Mapping[str, pl.DataType],
    column: str | None,
    where: str,
) -> None:
    initial = prefilled(step_fields(kind), columns, column)
    st.button(
        kind.title,
        key=f"step:{flow_id}:{where}:{kind.id}",
        help=sentence(kind),
        type="tertiary",
        on_click=open_form,
        args=(flow_id, kind.id, initial),
    )
