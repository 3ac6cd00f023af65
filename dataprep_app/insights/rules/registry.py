"""Every rule, in the order in which reports list them within a priority."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from dataprep_app.insights.rules import (
    columns_categories,
    columns_disguised,
    columns_meaning,
    columns_numbers,
    columns_target,
    columns_texts,
    columns_types,
    columns_values,
    layout,
    model,
    pairs,
    rows,
    target,
    target_values,
)
from dataprep_app.insights.rules.rule import Rule
from transforms.core.errors import DataprepError, did_you_mean

RULES: tuple[type[Rule], ...] = (
    *model.RULES,
    *target.RULES,
    *target_values.RULES,
    *columns_target.RULES,
    *rows.RULES,
    *layout.RULES,
    *pairs.RULES,
    *columns_types.RULES,
    *columns_values.RULES,
    *columns_disguised.RULES,
    *columns_texts.RULES,
    *columns_meaning.RULES,
    *columns_numbers.RULES,
    *columns_categories.RULES,
)


def rules(thresholds: Mapping[str, Mapping[str, float]] | None = None) -> tuple[Rule, ...]:
    """The rules with their thresholds, those that are given and the defaults of the rest.

    Raises:
        DataprepError: there is no such rule or threshold, or it cannot be that number.
    """
    given = thresholds or {}
    known = {each.id: each for each in RULES}
    for id in given:
        if id not in known:
            raise DataprepError(f"There is no rule {id!r}. {did_you_mean(id, known)}".strip())
    return tuple(_with(each, given.get(id, {})) for id, each in known.items())


def _with(rule: type[Rule], thresholds: Mapping[str, float]) -> Rule:
    try:
        return rule.model_validate(dict(thresholds))
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        if first["type"] == "extra_forbidden":
            there = ", ".join(rule.model_fields) or "none"
            raise DataprepError(f"Rule {rule.id!r} has no threshold {name!r}. It has: {there}.") from error
        reason = f"{first['msg'][:1].lower()}{first['msg'][1:]}"
        raise DataprepError(
            f"Threshold {name!r} of rule {rule.id!r} cannot be {first['input']!r}: {reason}."
        ) from error
