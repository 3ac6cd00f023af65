"""Values that a run is given: ``${name}`` in any setting of a source, step or destination.

A setting that is nothing but ``${name}`` becomes the value itself, number or text; inside a longer
text the value is written in. ``$${name}`` stands for the characters ``${name}``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flows.document import Flow, Parameter
from transforms.core.errors import DataprepError, did_you_mean

REFERENCE = re.compile(r"(\$?)\$\{([^}]*)\}")
Value = int | float | str


class ParameterError(DataprepError):
    """A run was given a parameter that is not there or does not fit."""


def values(flow: Flow, given: Mapping[str, str | float] | None = None) -> dict[str, Value]:
    """The value of every parameter of a flow: what the run was given, else the default.

    Raises:
        ParameterError: a name is unknown, or a value is not what the parameter may hold.
    """
    given = given or {}
    for name in given:
        if name not in flow.parameters:
            known = ", ".join(flow.parameters) or "none"
            hint = did_you_mean(name, flow.parameters) or f"The flow has: {known}."
            raise ParameterError(f"The flow has no parameter {name!r}. {hint}")
    return {name: typed(name, each, given.get(name, each.default)) for name, each in flow.parameters.items()}


def typed(name: str, parameter: Parameter, value: str | float) -> Value:
    """A given value as what the parameter holds."""
    match parameter.type:
        case "number":
            return _number(name, value)
        case "datetime":
            try:
                datetime.fromisoformat(str(value))
            except ValueError:
                raise ParameterError(
                    f"Parameter {name!r} needs a date or time such as 2026-01-31, found {value!r}."
                ) from None
        case "pattern":
            try:
                re.compile(str(value))
            except re.error as error:
                raise ParameterError(f"Parameter {name!r} needs a valid pattern, found {value!r}: {error}.") from error
        case "string":
            pass
    return str(value)


def substitute(setting: Any, values: Mapping[str, Value]) -> Any:
    """A setting with every ``${name}`` replaced, however deep it is.

    Raises:
        ParameterError: a name is unknown.
    """
    match setting:
        case str():
            return _in_text(setting, values)
        case dict():
            return {key: substitute(each, values) for key, each in setting.items()}
        case list() | tuple():
            return [substitute(each, values) for each in setting]
        case _:
            return setting


def _in_text(text: str, values: Mapping[str, Value]) -> Any:
    whole = REFERENCE.fullmatch(text)
    if whole and not whole[1]:
        return _value(whole[2], values)
    return REFERENCE.sub(lambda found: found[0][1:] if found[1] else str(_value(found[2], values)), text)


def _value(name: str, values: Mapping[str, Value]) -> Value:
    if name not in values:
        hint = did_you_mean(name, values) or "Add it to the flow's parameters, or write $${...} for the characters."
        raise ParameterError(f"There is no parameter {name!r}. {hint}")
    return values[name]


def _number(name: str, value: str | float) -> int | float:
    try:
        number = float(value)
    except ValueError:
        raise ParameterError(f"Parameter {name!r} needs a number, found {value!r}.") from None
    return int(number) if number.is_integer() and "." not in str(value) else number
