"""The fields of a form, read off the JSON schema of settings. Plain data: nothing here draws."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from functools import cache
from typing import Any, Literal

from transforms.core.dtypes import Kind
from transforms.core.transform import Transform
from transforms.reference import schema

Widget = Literal[
    "column", "columns", "condition", "rows", "mapping", "choice", "choices", "switch", "number", "text", "area",
    "code", "value", "values", "group", "json"
]  # fmt: skip
MAIN = 6
RARE = {
    "suffix", "output", "seed", "prefix", "max_rows", "ignore_missing", "validate_keys", "synthetic_column",
    "source_column", "on_error", "infer_rows", "error_cells", "skip_rows", "records"
}  # fmt: skip
"""Fields that people seldom change, by name, where they have a default."""
LABELS = {
    "by": "Group by",
    "nulls": "Missing values",
    "treat_blank": "Fill blank texts too",
    "add_indicator": "Add a column that marks what was filled",
    "how": "How",
    "n": "Number of deviations",
    "k": "Range factor",
    "q": "Quantile",
    "lower_q": "Lower quantile",
    "upper_q": "Upper quantile",
    "min": "Minimum",
    "max": "Maximum",
    "min_share": "Least share",
    "min_df": "Least frequency",
    "max_df": "Most frequency",
    "order_by": "Order by",
    "on_error": "When a value fails",
    "output": "Name of the new column",
    "not": "Not",
    "keys": "Keys",
    "try_parse_dates": "Read dates",
    "infer_rows": "Rows to choose types from",
    "null_values": "Texts that mean missing",
}
"""Labels of names that would not be understood by themselves."""


@dataclass(frozen=True)
class FormField:
    """One setting, as a form draws it."""

    name: str
    """Its name in the settings."""
    widget: Widget
    label: str
    help: str
    required: bool = False
    nullable: bool = False
    """Whether it may be left without a value."""
    default: Any = None
    options: tuple[str, ...] = ()
    labels: Mapping[str, str] = dataclass_field(default_factory=dict)
    """What people read instead of an option, where its own name would not do."""
    kinds: tuple[Kind, ...] = ("all",)
    """Types of columns that may be chosen."""
    table: int = 0
    """Which input of the step the columns are of."""
    types: frozenset[str] = frozenset()
    """JSON types that its value, or each of its values, may have."""
    hint: str = ""
    """What kind of text it holds: ``regex``, ``formula``, ``new_column``, ``timezone`` ..."""
    low: float | None = None
    """The least number, or the fewest characters of a text."""
    high: float | None = None
    column_keys: bool = False
    """Whether the keys of a mapping are columns."""
    item: FormField | None = None
    """What the values of a mapping are."""
    fields: tuple[FormField, ...] = ()
    """The settings of each row of a list, or of a group."""
    of: str = ""
    """What the settings of a group belong to; what was typed is remembered apart for each."""
    rare: bool = False
    """Whether it is found under more options."""


def fields_of(settings: Mapping[str, Any], main: int = MAIN) -> tuple[FormField, ...]:
    """The fields of settings in the order of the form, those that are seldom changed last; hidden ones left out.

    Args:
        settings: JSON schema of the settings.
        main: fields that are shown at once; further ones with a default are found under more options.
    """
    defs = settings.get("$defs", {})
    found = tuple(_fields(settings, defs))
    seen, ordered = 0, []
    for each in found:
        late = not each.required and (each.name in RARE or seen >= main)
        seen += not late
        ordered.append(replace(each, rare=late))
    return tuple(sorted(ordered, key=lambda each: each.rare))


@cache
def step_fields(kind: type[Transform]) -> tuple[FormField, ...]:
    """The fields of a step."""
    return fields_of(schema(kind))


def label_of(name: str) -> str:
    """The name of a setting as people read it."""
    words = LABELS.get(name) or name.strip("_").replace("_", " ")
    return words[:1].upper() + words[1:]


def _fields(settings: Mapping[str, Any], defs: Mapping[str, Any]) -> Iterator[FormField]:
    required = set(settings.get("required", ()))
    for name, property in settings.get("properties", {}).items():
        if property.get("widget") != "hidden":
            yield _field(name, property, defs, required=name in required)


def _field(name: str, property: Mapping[str, Any], defs: Mapping[str, Any], *, required: bool = False) -> FormField:
    inner, nullable = _without_null(property)
    field = FormField(
        name,
        "json",
        label_of(name),
        _plain(property.get("description", "")),
        required=required,
        nullable=nullable,
        default=property.get("default"),
        hint=str(inner.get("widget", "")),
        kinds=tuple(inner.get("kinds", ("all",))),
        table=int(inner.get("table", 0)),
    )
    shaped = replace(field, **_shape(inner, defs))
    return replace(shaped, label="Sort by") if name == "by" and shaped.widget == "rows" else shaped


def _shape(property: Mapping[str, Any], defs: Mapping[str, Any]) -> dict[str, Any]:
    """What the widget of a property is, and what that widget needs to know."""
    widget = property.get("widget", "")
    if widget in ("column", "columns", "condition"):
        return {"widget": widget}
    if widget == "code":
        return {"widget": "code", "low": property.get("minLength")}
    if widget in ("formula", "sql"):
        return {"widget": "area", "low": property.get("minLength")}
    options = _options(property)
    if options:
        return {"widget": "choice", "options": options}
    match property.get("type"):
        case "boolean":
            return {"widget": "switch"}
        case "integer" | "number" as type:
            return {"widget": "number", "types": frozenset({type}), **_bounds(property)}
        case "string":
            return {"widget": "text", "low": property.get("minLength")}
        case "array":
            return _list(property, defs)
        case "object":
            return _mapping(property, defs)
    types = _types(property)
    if types and types <= {"integer", "number"}:
        return {"widget": "number", "types": types}
    return {"widget": "value", "types": types} if types else {"widget": "json"}


def _list(property: Mapping[str, Any], defs: Mapping[str, Any]) -> dict[str, Any]:
    items = property.get("items") or {}
    if "$ref" in items:
        inside = tuple(_fields(defs[items["$ref"].rpartition("/")[2]], defs))
        return {"widget": "rows", "fields": inside}
    options = _options(items)
    if options:
        return {"widget": "choices", "options": options}
    types = _types(items)
    return {"widget": "values", "types": types} if types and "prefixItems" not in property else {"widget": "json"}


def _mapping(property: Mapping[str, Any], defs: Mapping[str, Any]) -> dict[str, Any]:
    values = property.get("additionalProperties")
    if not isinstance(values, Mapping):
        return {"widget": "json"}
    item = _field("value", values, defs)
    return {"widget": "mapping", "item": item, "column_keys": property.get("widget") == "column_mapping"}


def _without_null(property: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
    """A property without the possibility that it is null, and whether it had it."""
    members = property.get("anyOf")
    if not members or "widget" in property:
        return property, False
    rest = [each for each in members if each.get("type") != "null"]
    if len(rest) == 1:
        return rest[0], len(rest) < len(members)
    return {**property, "anyOf": rest}, len(rest) < len(members)


def _options(property: Mapping[str, Any]) -> tuple[str, ...]:
    if "enum" in property:
        return tuple(property["enum"])
    if "const" in property:
        return (property["const"],)
    members = [_options(each) for each in property.get("anyOf", ())]
    return tuple(option for each in members for option in each) if members and all(members) else ()


def _types(property: Mapping[str, Any]) -> frozenset[str]:
    """The plain JSON types of a property; empty where it may be something else."""
    members = property.get("anyOf") or [property]
    types = {each.get("type", "") for each in members}
    return frozenset(types) if types <= {"boolean", "integer", "number", "string"} else frozenset()


def _bounds(property: Mapping[str, Any]) -> dict[str, float | None]:
    low = property.get("minimum", property.get("exclusiveMinimum"))
    return {"low": low, "high": property.get("maximum", property.get("exclusiveMaximum"))}


def _plain(text: str) -> str:
    """Help as Markdown has it, where docstrings quote code twice."""
    return re.sub(r"``(.+?)``", r"`\1`", text)
