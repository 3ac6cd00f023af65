"""Steps, conditions and analyses in words, from the titles and settings of the catalog."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transforms.core.transform import Transform

OPERATORS = {
    "equals": "is",
    "not_equals": "is not",
    "less": "below",
    "at_most": "at most",
    "more": "above",
    "at_least": "at least",
    "between": "between",
    "is_in": "is one of",
    "not_in": "is none of",
    "contains": "contains",
    "matches": "matches",
    "starts_with": "starts with",
    "ends_with": "ends with",
    "is_missing": "is missing",
    "is_present": "is not missing",
    "is_true": "is true",
    "is_false": "is false",
}
SHOWN = 6
"""Items of a list that are written out."""


def line(step: Transform) -> str:
    """What a bound step does, in a line."""
    given = step.model_dump(mode="json", by_alias=True, exclude_unset=True)
    subject = [str(each) for name in ("columns", "column") for each in _listed(given.get(name))]
    parts = list(_replaced(given))
    said = {"columns", "column", *(("find", "replacement", "match") if parts else ())}
    parts += [
        f"{name.replace('_', ' ')} {shown(value)}"
        for name, value in given.items()
        if name not in said and value not in (None, [], {}, "")
    ]
    if len(subject) > SHOWN and len(subject) == len(step._schemas[0]):
        subject = ["all columns"]
    told = ": " if subject or parts else ""
    head = f"{step.title}{told}{', '.join(subject[:SHOWN])}{' ...' if len(subject) > SHOWN else ''}"
    return head + (", " if subject and parts else "") + ", ".join(parts)


def _replaced(given: Mapping[str, Any]) -> Iterator[str]:
    """What is replaced by what, where a step does that."""
    if given.get("find") and "replacement" in given:
        found = ", ".join(f'"{each}"' for each in _listed(given["find"]))
        by = "missing" if given["replacement"] is None else f'"{given["replacement"]}"'
        where = {"whole": "", "pattern": " wherever the pattern is found"}.get(
            given.get("match", ""), " wherever found"
        )
        yield f"{found} → {by}{where}"


def shown(value: Any) -> str:
    """A setting as people read it."""
    if isinstance(value, Mapping):
        if "column" in value and ("op" in value or "other" in value):
            return condition(value)
        if any(key in value for key in ("all", "any", "not")) and len(value) == 1:
            return condition(value)
        if "column" in value:
            return f"{value['column']}{' descending' if value.get('descending') else ''}{_function(value)}"
        if set(value) == {"name", "share"}:
            return f"{value['name']} {value['share']:.0%}"
        return ", ".join(f"{key} → {'missing' if each is None else each}" for key, each in value.items())
    if isinstance(value, list):
        more = f" and {len(value) - SHOWN} more" if len(value) > SHOWN else ""
        return ", ".join(shown(each) for each in value[:SHOWN]) + more
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else f"{value}"


def condition(given: Mapping[str, Any]) -> str:
    """A condition in words."""
    if "all" in given:
        return " and ".join(_inner(each) for each in given["all"])
    if "any" in given:
        return " or ".join(_inner(each) for each in given["any"])
    if "not" in given:
        return f"not ({condition(given['not'])})"
    op, value = OPERATORS[given.get("op", "equals")], given.get("value")
    if given.get("other"):
        return f"{given['column']} {op} {given['other']}"
    if value is None:
        return f"{given['column']} {op}"
    if given.get("op") == "between":
        return f"{given['column']} between {value[0]} and {value[1]}"
    return f"{given['column']} {op} {', '.join(map(str, _listed(value)))}"


def _inner(given: Mapping[str, Any]) -> str:
    return condition(given) if "column" in given else f"({condition(given)})"


def _function(value: Mapping[str, Any]) -> str:
    return f" {value['function'].replace('_', ' ')}" if value.get("function") else ""


def _listed(value: Any) -> list[Any]:
    return [] if value is None else list(value) if isinstance(value, list | tuple) else [value]
