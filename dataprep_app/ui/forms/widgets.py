"""Draws each field of a form with the widget that fits it; the value it has now, as JSON has it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import streamlit as st

from dataprep_app.ui.forms.column_fields import column_field, columns_field, fitting, sign
from dataprep_app.ui.forms.condition_field import condition_field
from dataprep_app.ui.forms.fields import FormField
from dataprep_app.ui.forms.memory import Drawing
from dataprep_app.ui.forms.row_list import row_list
from dataprep_app.ui.forms.values import read, shown, words

LONGEST_PAIRS = 40
"""Entries of a mapping that are edited as rows; longer ones as JSON."""
LARGEST = 2**53 - 1
"""The largest whole number that a browser has."""
UNSET: Final = object()
"""The value of a field that is left to its default."""
EMPTY = '""'
PLACEHOLDERS = {
    "timezone": "Europe/Oslo",
    "strftime": "%Y-%m-%d",
    "datetime": "2024-05-31 13:30",
    "new_column": "Name of a new column",
    "regex": "A regular expression",
    "code": "def transform(...):\n    return ...",
}


def draw_field(drawing: Drawing, path: str, field: FormField, initial: Any) -> Any:
    """Draw a field; its value, or :data:`UNSET`."""
    if isinstance(initial, str) and "${" in initial and field.widget not in ("text", "area", "value"):
        return _text(drawing, path, field, initial)  # a parameter of the flow stands for the value
    return WIDGETS[field.widget](drawing, path, field, initial)


def _column(drawing: Drawing, path: str, field: FormField, initial: Any) -> Any:
    value = column_field(drawing, path, field, initial)
    return UNSET if value is None and not field.nullable else value


def _switch(drawing: Drawing, path: str, field: FormField, initial: Any) -> bool:
    key = drawing.keep(path, bool(initial))
    value: bool = drawing.remember(path, st.toggle(field.label, key=key, help=field.help))
    return value


def _number(drawing: Drawing, path: str, field: FormField, initial: Any) -> Any:
    whole = "number" not in field.types
    cast: Callable[[Any], Any] = int if whole else float
    key = drawing.keep(path, None if initial is None else cast(initial))
    limits: dict[str, Any] = {
        "min_value": None if field.low is None else cast(max(field.low, -LARGEST)),
        "max_value": None if field.high is None else cast(min(field.high, LARGEST)),
        "value": None if field.nullable or initial is None else "min",  # what may be empty can be cleared
        "step": _step(field, whole=whole),
        "format": None if whole else "%g",
    }
    value = st.number_input(
        field.label, key=key, help=field.help, placeholder="None" if field.nullable else "", **limits
    )
    drawing.remember(path, value)
    if value is None:
        return None if field.nullable else UNSET
    return int(value) if "integer" in field.types and float(value).is_integer() else value


def _step(field: FormField, *, whole: bool) -> int | float:
    if whole:
        return 1
    narrow = field.low is not None and field.high is not None and field.high - field.low <= 1
    return 0.01 if narrow else 0.1


def _text(drawing: Drawing, path: str, field: FormField, initial: Any) -> Any:
    quoted = field.nullable and not field.low  # empty text and no text are not the same
    at_first = "" if initial is None else EMPTY if quoted and not initial else str(initial)
    text = st.text_input(
        field.label,
        key=drawing.keep(path, at_first),
        help=f"{field.help}\n\nTwo quotes, `{EMPTY}`, stand for empty text." if quoted else field.help,
        placeholder=PLACEHOLDERS.get(field.hint, ""),
    )
    drawing.remember(path, text)
    return "" if quoted and text == EMPTY else _or_unset(text, field)


def _area(drawing: Drawing, path: str, field: FormField, initial: Any) -> Any:
    text = st.text_area(
        field.label, key=drawing.keep(path, "" if initial is None else str(initial)), help=field.help, height=110
    )
    drawing.remember(path, text)
    return _or_unset(text, field)


def _code(drawing: Drawing, path: str, field: FormField, initial: Any) -> Any:
    key = drawing.keep(path, "" if initial is None else str(initial))
    with st.container(key=f"code_field:{key}"):  # by which the style of the page knows it
        text = st.text_area(field.label, key=key, help=field.help, height=180, placeholder=PLACEHOLDERS["code"])
    drawing.remember(path, text)
    return _or_unset(text, field)


def _or_unset(text: str, field: FormField) -> Any:
    if text:
        return text
    return None if field.nullable else UNSET if field.required and field.low else ""


def _value(drawing: Drawing, path: str, field: FormField, initial: Any) -> Any:
    quotes = {"string", "integer"} <= field.types or {"string", "number"} <= field.types
    hint = 'Numbers, true and false are taken as such; put them in quotes to have them as text: "3".' if quotes else ""
    at_first = "" if initial is None else shown(initial, field.types)
    text = st.text_input(field.label, key=drawing.keep(path, at_first), help=f"{field.help}\n\n{hint}".strip())
    drawing.remember(path, text)
    if not text:
        return None if field.nullable else UNSET
    return read(text, field.types)


def _values(drawing: Drawing, path: str, field: FormField, initial: Any) -> list[Any] | None:
    key = drawing.keep(path, [shown(each, field.types) for each in initial or ()])
    texts = st.multiselect(
        field.label,
        list(st.session_state[key]),
        key=key,
        help=field.help,
        accept_new_options=True,
        placeholder="Type a value, then Enter",
    )
    drawing.remember(path, texts)
    return None if not texts and field.nullable else [read(each, field.types) for each in texts]


def _choice(drawing: Drawing, path: str, field: FormField, initial: Any) -> Any:
    label = _labels(field)
    names = [label(each) for each in field.options]
    key = drawing.keep(path, initial)
    short = len(names) <= 4 and sum(map(len, names)) <= 28 and not field.nullable
    if short and initial is not None:
        value: Any = st.segmented_control(
            field.label, field.options, required=True, key=key, help=field.help, format_func=label
        )
    else:
        value = st.selectbox(
            field.label,
            field.options,
            index=None if field.nullable or initial is None else 0,  # what may be empty can be cleared
            key=key,
            help=field.help,
            format_func=label,
            placeholder="Choose",
        )
    drawing.remember(path, value)
    return UNSET if value is None and not field.nullable else value


def _labels(field: FormField) -> Callable[[str], str]:
    return lambda option: field.labels.get(option) or words(option)


def _choices(drawing: Drawing, path: str, field: FormField, initial: Any) -> list[str]:
    value = st.multiselect(
        field.label,
        field.options,
        key=drawing.keep(path, list(initial or ())),
        help=field.help,
        format_func=_labels(field),
        placeholder="Choose",
    )
    return list(drawing.remember(path, value))


def _rows(drawing: Drawing, path: str, field: FormField, initial: Any) -> list[dict[str, Any]]:
    st.markdown(f":small[{field.label}]", help=field.help or None)

    def row(at: str, start: Mapping[str, Any]) -> dict[str, Any]:
        found = {
            each.name: draw_field(drawing, f"{at}:{each.name}", each, start.get(each.name, each.default))
            for each in field.fields
        }
        return {name: value for name, value in found.items() if value is not UNSET}

    start = initial or ([{}] if field.required else [])
    return row_list(drawing, f"{path}:list", start, row, add="Add another" if start else "Add", new={})


def _group(drawing: Drawing, path: str, field: FormField, initial: Any) -> dict[str, Any]:
    """The settings of a group that are not at their defaults."""
    given = dict(initial or {})
    found = {
        each.name: draw_field(drawing, f"{path}:{field.of}:{each.name}", each, given.get(each.name, each.default))
        for each in field.fields
    }
    defaults = {each.name: each.default for each in field.fields}
    return {name: value for name, value in found.items() if value is not UNSET and value != defaults[name]}


def _mapping(drawing: Drawing, path: str, field: FormField, initial: Any) -> Any:
    start = drawing.start(path, dict(initial or {}))
    if len(start) > LONGEST_PAIRS:
        return _json(drawing, path, field, start)
    st.markdown(f":small[{field.label}]", help=field.help or None)

    def pair(at: str, each: tuple[str, Any]) -> tuple[str, Any]:
        # Names of columns are long, and the panel is narrow.
        left, right = (st.container(), st.container()) if field.column_keys else st.columns(2, gap="small")
        with left:
            key = _pair_key(drawing, f"{at}:key", field, each[0])
        with right:
            return key, _pair_value(drawing, f"{at}:value", field, each[1])

    first = list(start.items()) or ([("", None)] if field.required else [])
    pairs = row_list(drawing, f"{path}:pairs", first, pair, add="Add another" if first else "Add", new=("", None))
    return {key: value for key, value in pairs if key and value is not UNSET}


def _pair_key(drawing: Drawing, path: str, field: FormField, initial: str) -> str:
    if field.column_keys:
        columns = drawing.columns(field.table)
        key = drawing.keep(path, initial or None)
        chosen = st.session_state[key]
        options = fitting(columns, field.kinds)
        name = st.selectbox(
            "Column",
            [*options, *([chosen] if chosen and chosen not in options else [])],
            index=None,
            key=key,
            format_func=lambda name: f"{sign(columns.get(name))}  {name}",
            placeholder="Column",
            label_visibility="collapsed",
        )
        return drawing.remember(path, name) or ""
    key = drawing.keep(path, initial)
    text = st.text_input("From", key=key, placeholder="Value", label_visibility="collapsed")
    return str(drawing.remember(path, text))


def _pair_value(drawing: Drawing, path: str, field: FormField, initial: Any) -> Any:
    item = field.item
    if item is None or item.widget not in ("text", "value", "number", "values", "choice"):
        return UNSET
    if item.widget == "choice":
        key = drawing.keep(path, initial)
        value = st.selectbox(
            "To", item.options, index=None, key=key, format_func=words, placeholder="Choose",
            label_visibility="collapsed",
        )  # fmt: skip
        return UNSET if drawing.remember(path, value) is None else value
    if item.widget == "values":
        key = drawing.keep(path, [shown(each, item.types) for each in initial or ()])
        texts = st.multiselect(
            "Values", list(st.session_state[key]), key=key, accept_new_options=True,
            placeholder="Type a value, then Enter", label_visibility="collapsed",
        )  # fmt: skip
        return [read(each, item.types) for each in drawing.remember(path, texts)]
    types = item.types or frozenset({"string"})
    at_first = "" if initial is None else str(initial) if types == {"string"} else shown(initial, types)
    text = st.text_input("To", key=drawing.keep(path, at_first), placeholder="New", label_visibility="collapsed")
    drawing.remember(path, text)
    if types == {"string"}:
        return text
    return (None if item.nullable else UNSET) if not text else read(text, types)


def _json(drawing: Drawing, path: str, field: FormField, initial: Any) -> Any:
    text = st.text_area(
        field.label,
        key=drawing.keep(path, "" if initial is None else json.dumps(initial, ensure_ascii=False)),
        help=f"{field.help}\n\nWritten as JSON.",
    )
    drawing.remember(path, text)
    if not text.strip():
        return None if field.nullable else UNSET
    try:
        return json.loads(text)
    except ValueError:
        return text


Widget = Callable[[Drawing, str, FormField, Any], Any]
WIDGETS: dict[str, Widget] = {
    "column": _column,
    "columns": columns_field,
    "condition": condition_field,
    "rows": _rows,
    "mapping": _mapping,
    "choice": _choice,
    "choices": _choices,
    "switch": _switch,
    "number": _number,
    "text": _text,
    "area": _area,
    "code": _code,
    "value": _value,
    "values": _values,
    "group": _group,
    "json": _json,
}
