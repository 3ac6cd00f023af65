"""What is wrong with the settings of a form, in words, before they become a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from pydantic import BaseModel, ValidationError

from flows.parameters import ParameterError, Value, substitute
from flows.steps import setting_problems
from transforms.core.errors import Problem
from transforms.core.transform import Transform


def step_problems(
    kind: type[Transform], params: Mapping[str, Any], schemas: Sequence[pl.Schema], values: Mapping[str, Value]
) -> list[Problem]:
    """What is wrong with the settings of a step: by themselves, or with the columns of its inputs.

    Args:
        kind: the transform.
        params: the settings, which may hold parameters of the flow.
        schemas: columns of the inputs; empty when they are not known.
        values: the parameters of the flow.
    """
    try:
        step = kind.model_validate(substitute(dict(params), values))
    except ParameterError as error:
        return [Problem(str(error))]
    except ValidationError as error:
        return _in_rows(error, list(setting_problems(error, kind)))
    return step.try_bind(*schemas)[1] if schemas else []


def model_problems(kind: type[BaseModel], params: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with the settings of a source."""
    try:
        kind.model_validate(dict(params))
    except ValidationError as error:
        return [
            Problem(f"{each['msg'].removeprefix('Value error, ')}.".replace("..", "."), "", str((*each["loc"], "")[0]))
            for each in error.errors()
        ]
    return []


def _in_rows(error: ValidationError, problems: list[Problem]) -> list[Problem]:
    """The problems, those inside a list with the number of the row, counted from 1."""
    found = []
    for each, problem in zip(error.errors(), problems, strict=True):
        if each["type"] == "missing" and len(each["loc"]) == 1:
            found.append(Problem("Fill this in.", problem.advice, problem.field))
            continue
        place = each["loc"][1:]
        number = next((part for part in place if isinstance(part, int)), None)
        if number is None:
            found.append(problem)
            continue
        setting = next((part for part in reversed(place) if isinstance(part, str)), "")
        reason = each["msg"].removeprefix("Value error, ").rstrip(".")
        where = f"Row {number + 1}, {setting.replace('_', ' ')}" if setting else f"Row {number + 1}"
        found.append(Problem(f"{where}: {reason}.", "", problem.field))
    return found
