"""Plain values as text that people type, and back."""

from __future__ import annotations

import json
import math
from collections.abc import Collection
from typing import Any

import polars as pl

ANY = frozenset({"boolean", "integer", "number", "string"})


def shown(value: Any, types: Collection[str] = ANY) -> str:
    """A value as text: numbers and true or false as they are, text in quotes where it would be taken for one of them.

    Text that is empty, or has white space at its ends, is in quotes too, so that it can be seen.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(value)
    text = str(value)
    mistaken = not text or text != text.strip() or text.startswith('"') or not isinstance(read(text, types), str)
    return json.dumps(text, ensure_ascii=False) if mistaken else text


def read(text: str, types: Collection[str] = ANY) -> Any:
    """The value that a text stands for, of one of some JSON types; text as it is where it is none of the others."""
    bare = text.strip()
    if len(bare) > 1 and bare[0] == bare[-1] == '"' and "string" in types:
        try:
            return json.loads(bare)
        except ValueError:
            return text
    if "boolean" in types and bare.lower() in ("true", "false"):
        return bare.lower() == "true"
    if {"integer", "number"} & set(types):
        number = _as_number(bare)
        if number is not None and (isinstance(number, int) or "number" in types):
            return number
    return text


def typed_for(dtype: pl.DataType | None) -> frozenset[str]:
    """The JSON types of values that are compared with a column."""
    if dtype is None or dtype == pl.Null:
        return ANY
    if dtype.is_numeric():
        return frozenset({"integer", "number"})
    return frozenset({"boolean"}) if dtype == pl.Boolean else frozenset({"plain"})


def words(option: object) -> str:
    """A choice as people read it: ``drop_rows`` is Drop rows."""
    text = str(option)
    return f"{text[:1].upper()}{text[1:]}".replace("_", " ") if text.islower() else text


def _number(value: float) -> str:
    return "inf" if value == math.inf else "-inf" if value == -math.inf else repr(value)


def _as_number(text: str) -> int | float | None:
    if "_" in text:  # which Python takes for a separator of digits
        return None
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return None
    return None if math.isnan(number) else number
