"""Rows that can be added and removed: sort keys, conditions, pairs of a mapping."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from dataprep_app.ui.forms.memory import Drawing

Draw = Callable[[str, Any], Any]
"""Draws a row at a path with its initial value; the value it has now."""


def row_list(
    drawing: Drawing,
    path: str,
    initial: Sequence[Any],
    draw: Draw,
    *,
    add: str,
    new: Any = None,
    most: int | None = None,
    extra: tuple[str, Any] | None = None,
) -> list[Any]:
    """Draw the rows and the button that adds one; the values of all rows.

    Args:
        drawing: the form.
        path: of the list in the form.
        initial: values of the rows at first.
        draw: draws one row.
        add: what the button says.
        new: the value of an added row at first.
        most: rows there may be.
        extra: a second button, and the value of the row it adds.
    """
    key = f"{drawing.key}:{path}:rows"
    rows: dict[int, Any] = drawing.memory.setdefault(key, dict(enumerate(initial)))
    found = []
    for number, start in list(rows.items()):
        with st.container(border=True, gap="small"):
            found.append(draw(f"{path}:{number}", start))
            st.button(
                "Remove",
                icon=":material/close:",
                key=f"{key}:remove:{number}",
                type="tertiary",
                on_click=_remove,
                args=(rows, number),
            )
    if most is None or len(rows) < most:
        with st.container(horizontal=True, gap="small"):
            st.button(add, icon=":material/add:", key=f"{key}:add", on_click=_add, args=(rows, new))
            if extra is not None:
                st.button(extra[0], icon=":material/add:", key=f"{key}:extra", on_click=_add, args=(rows, extra[1]))
    return found


def _add(rows: dict[int, Any], value: Any) -> None:
    rows[max(rows, default=-1) + 1] = value


def _remove(rows: dict[int, Any], number: int) -> None:
    rows.pop(number, None)
