"""Rows with marked cells, and small facts side by side."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import streamlit as st

from dataprep_app.insights.drawing.rows import Cell, row_table
from dataprep_app.insights.drawing.text import LONGEST, cut, unlike
from dataprep_app.insights.sections.facts import ExampleRow
from dataprep_app.ui.forms.markdown import escaped

MOST = 25
"""Rows of a table that is shown whole."""
TALLEST = 900
"""Pixels of a longer one."""


def example_rows(rows: Sequence[ExampleRow], *, pairs: bool = False) -> None:
    """Rows as a table, with the cells marked that made them worth showing."""
    st.table(cells(rows, pairs=pairs), hide_index=True, height="content" if len(rows) <= MOST else TALLEST)


def cells(rows: Sequence[ExampleRow], *, pairs: bool = False) -> pl.DataFrame:
    """A table of rows in Markdown; columns that are not of the data come first."""
    table = row_table(rows)
    added: dict[str, list[str]] = {}
    if pairs:
        added["Pair"] = [str(place // 2 + 1) for place in range(len(rows))]
    if table.counts:
        added["Times"] = ["" if each.count is None else f"{each.count:,}" for each in rows]
    if table.scores:
        added["Score"] = ["" if each.score is None else f"{each.score:.2f}" for each in rows]
    if table.wide:
        values = {"Cells, the marked ones first": [" · ".join(map(_named, row)) for row in table.rows]}
    else:
        names = dict(zip(table.columns, unlike([*added, *table.columns], LONGEST)[len(added) :], strict=True))
        values = {escaped(names[name]): [_cell(each, name) for each in rows] for name in table.columns}
    return pl.DataFrame({**added, **values}, schema=dict.fromkeys((*added, *values), pl.String))


def _cell(row: ExampleRow, name: str) -> str:
    return _marked(row.values[name], marked=name in row.marked) if name in row.values else ""


def _named(cell: Cell) -> str:
    return f":gray[{escaped(cut(cell.column))}] {_marked(cell.text, marked=cell.marked)}"


def _marked(value: str | None, *, marked: bool) -> str:
    text = ":gray[missing]" if value is None else escaped(cut(value))
    return f":orange-background[{text}]" if marked else text


def fact_grid(facts: Sequence[tuple[str, str]], across: int) -> None:
    """Small facts, so many in a row."""
    for start in range(0, len(facts), across):
        for place, (label, value) in zip(st.columns(across, gap="small"), facts[start : start + across], strict=False):
            place.markdown(f":small[:gray[{escaped(label)}]]  \n**{escaped(value)}**")
