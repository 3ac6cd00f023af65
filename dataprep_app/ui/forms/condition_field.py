"""A condition as rows: column, comparison, value, joined by all or any; groups of rows in their turn.

What rows cannot say (a ``not``, groups in groups) is kept as it is and can be edited as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, get_args

import streamlit as st

from dataprep_app.ui.forms.column_fields import sign
from dataprep_app.ui.forms.fields import FormField
from dataprep_app.ui.forms.memory import Drawing
from dataprep_app.ui.forms.row_list import row_list
from dataprep_app.ui.forms.values import read, shown, typed_for, words
from transforms.core.conditions import BOOLEAN, COMPARISONS, LISTS, TEXT, UNARY, Operator

OPERATORS: tuple[str, ...] = get_args(Operator)
SIGNS = {
    "equals": "is",
    "not_equals": "is not",
    "less": "less than",
    "at_most": "at most",
    "more": "more than",
    "at_least": "at least",
    "between": "between",
    "is_in": "is one of",
    "not_in": "is none of",
}
DEEPEST = 1
"""Groups that can be put into one another as rows."""
Shape = Literal["compare", "group", "json"]


def shape_of(condition: Mapping[str, Any], depth: int) -> Shape:
    """How a condition is edited at a depth of nesting."""
    if "all" in condition or "any" in condition:
        return "group" if depth <= DEEPEST else "json"
    return "json" if "not" in condition else "compare"


def operators_for(types: frozenset[str]) -> list[str]:
    """The comparisons that make sense with values of some JSON types."""
    if types == {"boolean"}:
        return [*BOOLEAN, "equals", "not_equals", "is_missing", "is_present"]
    rest = [each for each in OPERATORS if each not in BOOLEAN]
    return [each for each in rest if each not in TEXT] if types == {"integer", "number"} else rest


def condition_field(drawing: Drawing, path: str, field: FormField, initial: Any) -> Any:
    """The condition as JSON has it."""
    st.markdown(f":small[{field.label}]", help=field.help or None)
    start = drawing.start(path, initial or {"column": None, "op": "equals"})
    if shape_of(start, 0) == "json":
        return _as_json(drawing, path, start)
    alone = shape_of(start, 0) == "compare"
    group = {"all": [start]} if alone else start
    found = _group(drawing, path, group, 0)
    members = next(iter(found.values()))
    return members[0] if alone and len(members) == 1 else found


def _group(drawing: Drawing, path: str, initial: Mapping[str, Any], depth: int) -> dict[str, Any]:
    joined = st.segmented_control(
        "Rows for which",
        ["all", "any"],
        required=True,
        key=drawing.keep(f"{path}:joined", "any" if "any" in initial else "all"),
        format_func=lambda each: {"all": "All hold", "any": "Any holds"}[each],
        label_visibility="collapsed",
    )
    drawing.remember(f"{path}:joined", joined)
    blank = {"column": None, "op": "equals"}
    members = row_list(
        drawing,
        f"{path}:members",
        initial.get("all", initial.get("any", ())),
        lambda at, start: _member(drawing, at, start, depth + 1),
        add="Add condition",
        new=blank,
        extra=("Add group", {"any" if joined == "all" else "all": [blank]}) if depth < DEEPEST else None,
    )
    return {str(joined): members}


def _member(drawing: Drawing, path: str, initial: Mapping[str, Any], depth: int) -> Any:
    match shape_of(initial, depth):
        case "group":
            return _group(drawing, path, initial, depth)
        case "json":
            return _as_json(drawing, path, initial)
        case _:
            return _compare(drawing, path, initial)


def _as_json(drawing: Drawing, path: str, initial: Any) -> Any:
    text = st.text_area(
        "Condition",
        key=drawing.keep(f"{path}:json", json.dumps(initial, ensure_ascii=False)),
        help="A condition that rows cannot show, as JSON.",
    )
    drawing.remember(f"{path}:json", text)
    try:
        return json.loads(text)
    except ValueError:
        return text


def _compare(drawing: Drawing, path: str, initial: Mapping[str, Any]) -> dict[str, Any]:
    columns = drawing.columns(0)
    column = _column(drawing, f"{path}:column", "Column", initial.get("column"))
    types = typed_for(columns.get(column or ""))
    op = _operator(drawing, f"{path}:op", initial.get("op", "equals"), types)
    found: dict[str, Any] = {"op": op} if column is None else {"column": column, "op": op}
    if op not in UNARY:
        found |= _against(drawing, path, initial, op, types)
    ignore = bool(initial.get("ignore_case"))
    if "plain" in types and op not in UNARY and "other" not in found:
        key = drawing.keep(f"{path}:ignore_case", ignore)
        ignore = drawing.remember(f"{path}:ignore_case", st.checkbox("Ignore case", key=key))
    return found | ({"ignore_case": True} if ignore else {})


def _column(drawing: Drawing, path: str, label: str, initial: str | None) -> str | None:
    columns = drawing.columns(0)
    key = drawing.keep(path, initial)
    chosen = st.session_state[key]
    value: str | None = st.selectbox(
        label,
        [*columns, *([chosen] if chosen and chosen not in columns else [])],
        index=None,
        key=key,
        format_func=lambda name: f"{sign(columns.get(name))}  {name}",
        placeholder="Column",
        label_visibility="collapsed",
    )
    drawing.remember(path, value)
    return value


def _operator(drawing: Drawing, path: str, initial: str, types: frozenset[str]) -> str:
    key = drawing.keep(path, initial)
    options = operators_for(types)
    chosen = st.session_state[key]
    value: str = st.selectbox(
        "Comparison",
        [*options, *([] if chosen in options else [chosen])],
        key=key,
        format_func=lambda each: SIGNS.get(each, words(each).lower()),
        label_visibility="collapsed",
    )
    drawing.remember(path, value)
    return value


def _against(drawing: Drawing, path: str, initial: Mapping[str, Any], op: str, types: frozenset[str]) -> dict[str, Any]:
    """What a column is compared with."""
    with_column = False
    if op in COMPARISONS:
        key = drawing.keep(f"{path}:with", initial.get("other") is not None)
        with_column = drawing.remember(f"{path}:with", st.checkbox("With another column", key=key))
    if with_column:
        other = _column(drawing, f"{path}:other", "Other column", initial.get("other"))
        return {} if other is None else {"other": other}
    value = initial.get("value")
    if op in LISTS:
        return {"value": _several(drawing, f"{path}:values", value, types)}
    at_first = "" if value is None or isinstance(value, list | tuple) else _shown(value, types)
    text = st.text_input(
        "Value",
        key=drawing.keep(f"{path}:value", at_first),
        placeholder="Value",
        label_visibility="collapsed",
    )
    drawing.remember(f"{path}:value", text)
    if "plain" in types:
        return {"value": text}
    return {"value": read(text, types)} if text else {}


def _several(drawing: Drawing, path: str, initial: Any, types: frozenset[str]) -> list[Any]:
    at_first = [_shown(each, types) for each in initial] if isinstance(initial, list | tuple) else []
    key = drawing.keep(path, at_first)
    texts = st.multiselect(
        "Values",
        list(st.session_state[key]),
        key=key,
        accept_new_options=True,
        placeholder="Type a value, then Enter",
        label_visibility="collapsed",
    )
    drawing.remember(path, texts)
    return [each if "plain" in types else read(each, types) for each in texts]


def _shown(value: Any, types: frozenset[str]) -> str:
    return str(value) if "plain" in types and isinstance(value, str) else shown(value, types)
