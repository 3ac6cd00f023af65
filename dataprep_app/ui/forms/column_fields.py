"""Fields that hold columns: one, several by name, or several by a rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import polars as pl
import streamlit as st

from dataprep_app.ui.forms.fields import FormField
from dataprep_app.ui.forms.memory import Drawing
from transforms.core.columns import Selector
from transforms.core.dtypes import Kind, is_kind, type_name

SIGNS = {
    "integer": "#",
    "number": "#",
    "text": "A",
    "boolean": "✓",
    "date": "◷",
    "datetime": "◷",
    "time": "◷",
    "duration": "◷",
}
"""A sign for each type of column, as in the header of the table."""
KINDS: tuple[Kind, ...] = get_args(Kind)
NAMES, RULE = "By name", "By rule"


def sign(dtype: pl.DataType | None) -> str:
    """The sign of a type of column."""
    return "?" if dtype is None else SIGNS.get(type_name(dtype), "[ ]")


def fitting(columns: Mapping[str, pl.DataType], kinds: Sequence[Kind]) -> list[str]:
    """Columns of some kinds, in table order."""
    return [name for name, dtype in columns.items() if any(is_kind(dtype, kind) for kind in kinds)]


def column_field(drawing: Drawing, path: str, field: FormField, initial: Any) -> str | None:
    """A column, or none."""
    columns = drawing.columns(field.table)
    options = fitting(columns, field.kinds)
    key = drawing.keep(path, initial or None)
    chosen = st.session_state[key]
    # A column that is not there any more stays chosen, so that one sees what the step was about.
    options = [*options, *([chosen] if chosen and chosen not in options else [])]
    value: str | None = st.selectbox(
        field.label,
        options,
        index=None,
        key=key,
        help=field.help,
        format_func=lambda name: f"{sign(columns.get(name))}  {name}",
        placeholder="Choose a column" if options else "No column of a fitting type",
    )
    drawing.remember(path, value)
    return value


def columns_field(drawing: Drawing, path: str, field: FormField, initial: Any) -> Any:
    """Names of columns, or a rule as JSON has it; ``None`` where the field may be empty and is."""
    rule = initial if isinstance(initial, Mapping) else None
    names = list(initial) if initial is not None and rule is None else []
    how = st.segmented_control(
        field.label,
        [NAMES, RULE],
        required=True,
        key=drawing.keep(f"{path}:how", RULE if rule is not None else NAMES),
        help=field.help,
    )
    drawing.remember(f"{path}:how", how)
    if how == RULE:
        return _rule(drawing, path, field, rule or {})
    columns = drawing.columns(field.table)
    chosen = _names(drawing, f"{path}:names", field.label, fitting(columns, field.kinds), names, columns)
    return None if not chosen and field.nullable else chosen


def _names(
    drawing: Drawing,
    path: str,
    label: str,
    options: list[str],
    initial: Sequence[str],
    columns: Mapping[str, pl.DataType],
    placeholder: str = "Choose columns",
    visibility: Any = "collapsed",
) -> list[str]:
    key = drawing.keep(path, list(initial))
    gone = [each for each in st.session_state[key] if each not in options]
    value = st.multiselect(
        label,
        [*options, *gone],
        key=key,
        format_func=lambda name: f"{sign(columns.get(name))}  {name}",
        placeholder=placeholder if options else "No column of a fitting type",
        label_visibility=visibility,
    )
    return list(drawing.remember(path, value))


def _rule(drawing: Drawing, path: str, field: FormField, initial: Mapping[str, Any]) -> dict[str, Any]:
    """A rule: columns of some types, named like a pattern, but for some."""
    columns = drawing.columns(field.table)
    types = initial.get("type", "all")
    types = [types] if isinstance(types, str) else list(types)
    chosen = st.multiselect(
        "Types",
        [each for each in KINDS if each != "all"],
        key=drawing.keep(f"{path}:types", [each for each in types if each != "all"]),
        placeholder="Every type the step takes",
        help="Columns of these types. Columns that come tomorrow are taken too.",
    )
    drawing.remember(f"{path}:types", chosen)
    pattern = st.text_input(
        "Names like",
        key=drawing.keep(f"{path}:regex", initial.get("regex") or ""),
        placeholder="Every name",
        help="A regular expression that is found anywhere in the name: `^loan_` or `amount|income`.",
    )
    drawing.remember(f"{path}:regex", pattern)
    but = _names(
        drawing, f"{path}:except", "All but", list(columns), initial.get("except", ()), columns, "None", "visible"
    )
    rule: dict[str, Any] = {"type": chosen[0] if len(chosen) == 1 else tuple(chosen) or "all"}
    if pattern:
        rule["regex"] = pattern
    if but:
        rule["except"] = but
    _count(rule, columns, field.kinds)
    return rule


def _count(rule: Mapping[str, Any], columns: Mapping[str, pl.DataType], kinds: tuple[Kind, ...]) -> None:
    try:
        names = Selector.model_validate(rule).names(pl.Schema(columns), kinds)
    except ValueError:
        return  # the form says what is wrong with the pattern
    some = ", ".join(names[:4]) + (" …" if len(names) > 4 else "")
    st.caption(f"{len(names)} of {len(columns)} columns" + (f": {some}" if names else ""))
