"""What JSON values are made of, learned of some of them: the type of the column that holds them all."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import reduce
from typing import Any, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict

from transforms.core.dtypes import TypeName


class Shape(BaseModel):
    """What a JSON value is made of; of nothing but nulls, lists and objects hold ``None``, which is read as text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["integer", "number", "text", "boolean", "list", "object"]
    items: Shape | None = None
    """What the items of a list are made of."""
    fields: dict[str, Shape | None] = {}
    """What an object is made of."""

    @property
    def is_text(self) -> bool:
        """Whether it is read as text: text, and objects without a field, which no column type holds."""
        return self.kind == "text" or (self.kind == "object" and not self.fields)

    def dtype(self) -> pl.DataType:
        """The type of a column of such values."""
        if self.is_text:
            return pl.String()
        match self.kind:
            case "integer":
                return pl.Int64()
            case "number":
                return pl.Float64()
            case "boolean":
                return pl.Boolean()
            case "list":
                return pl.List((self.items or TEXT).dtype())
            case _:
                return pl.Struct({name: (each or TEXT).dtype() for name, each in self.fields.items()})

    def size(self) -> int:
        """How many fields there are, at any depth."""
        inside = self.items.size() if self.items else 0
        return inside + sum(1 + (each.size() if each else 0) for each in self.fields.values())


TEXT = Shape(kind="text")
KINDS: dict[TypeName, Shape] = {
    "integer": Shape(kind="integer"),
    "number": Shape(kind="number"),
    "text": TEXT,
    "boolean": Shape(kind="boolean"),
}
"""The types that JSON has a value for."""


def shape_of(value: Any) -> Shape | None:
    """What a value is made of; ``None`` for null."""
    match value:
        case None:
            return None
        case bool():
            return KINDS["boolean"]
        case int():
            return KINDS["integer" if -(2**63) <= value < 2**63 else "number"]
        case float():
            return KINDS["number"]
        case list():
            return Shape(kind="list", items=common_shape(map(shape_of, value)))
        case dict():
            return Shape(kind="object", fields={name: shape_of(each) for name, each in value.items()})
        case _:
            return TEXT


def common_shape(shapes: Iterable[Shape | None]) -> Shape | None:
    """What holds all of several values: numbers if there are such among integers, and text for what does not mix."""
    return reduce(_common, shapes, None)


def _common(first: Shape | None, second: Shape | None) -> Shape | None:
    if first is None or second is None:
        return first or second
    match first.kind, second.kind:
        case "list", "list":
            return Shape(kind="list", items=_common(first.items, second.items))
        case "object", "object":
            names = dict.fromkeys((*first.fields, *second.fields))
            fields = {name: _common(first.fields.get(name), second.fields.get(name)) for name in names}
            return Shape(kind="object", fields=fields)
        case one, other if one == other:
            return first
        case (("integer" | "number"), ("integer" | "number")):
            return KINDS["number"]
        case _:
            return TEXT


class Shaped:
    """A value put into a shape, and whether all of it fits."""

    def __init__(self, value: Any, shape: Shape | None, *, allow_others: bool = False) -> None:
        """Put a value into a shape; with ``allow_others``, fields that the shape lacks are left out and fit."""
        self.fits = True
        self._allow_others = allow_others
        self.value = self._put(value, shape or TEXT)

    def _put(self, value: Any, shape: Shape) -> Any:
        if value is None:
            return None
        if shape.is_text:
            return json_text(value)
        match shape.kind, value:
            case "boolean", bool():
                return value
            case _, bool():
                pass
            case "integer", int() if -(2**63) <= value < 2**63:
                return value
            case "integer", float() if value.is_integer() and abs(value) < 2**63:
                return int(value)
            case "number", int() | float():
                return self._number(value)
            case "list", list():
                return [self._put(each, shape.items or TEXT) for each in value]
            case "object", dict():
                self.fits &= self._allow_others or value.keys() <= shape.fields.keys()
                return {name: self._put(value.get(name), each or TEXT) for name, each in shape.fields.items()}
        self.fits = False
        return None

    def _number(self, value: float) -> float | None:
        try:
            return float(value)
        except OverflowError:
            self.fits = False
            return None


def json_text(value: Any) -> str | None:
    """A value as text: text as it is, null as none, and all else as JSON without blanks."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON.")


def read_json(text: str) -> tuple[bool, Any]:
    """Whether a text is JSON, and its value."""
    try:
        return True, json.loads(text, parse_constant=_refused)
    except (ValueError, RecursionError):
        return False, None
