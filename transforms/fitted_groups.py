"""Numbers that are learned of all rows or, where that is chosen, of each group of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import polars as pl

from transforms.core.categories import CATEGORY, category
from transforms.core.columns import ColumnsField
from transforms.core.errors import StepError
from transforms.core.numbers import finite
from transforms.core.statistics import Ask, Statistic, ValueCounts
from transforms.core.transform import Learned

GROUPS = 200
"""The most groups that a step learns numbers of."""

GroupColumns = Annotated[tuple[str, ...], ColumnsField(CATEGORY, at_least=0)]
"""Columns that make groups, or none."""
Answers = dict[str | None, list[Any]]
"""What was measured of a column, by group; the key ``None`` stands for all rows."""


class FittedNumber(Learned):
    """A number learned of all rows of a column, and of those of each group."""

    overall: float | None
    """Of all rows; none where the column had no value, or there is no such number."""
    groups: dict[str, float | None] = {}
    """Of the rows of each group, by its key."""

    def of(self, group: pl.Expr | None) -> pl.Expr:
        """The number for each row; that of all rows where its group is missing or was not there in the fit."""
        overall = pl.lit(self.overall, pl.Float64)
        if group is None or not self.groups:
            return overall
        numbers = list(self.groups.values())
        return group.replace_strict(list(self.groups), numbers, default=overall, return_dtype=pl.Float64)


def group_of(by: Sequence[str], schema: pl.Schema) -> pl.Expr | None:
    """The key of each row's group: its category, or a JSON object of several; null where one of them is missing."""
    if not by:
        return None
    parts = {name: category(name, schema[name]).cast(pl.String) for name in by}
    if len(parts) == 1:
        return next(iter(parts.values()))
    present = pl.all_horizontal(part.is_not_null() for part in parts.values())
    return pl.when(present).then(pl.struct(part.alias(name) for name, part in parts.items()).struct.json_encode())


def measured(
    ask: Ask,
    columns: Sequence[str],
    group: pl.Expr | None,
    measures: Callable[[pl.Expr], tuple[Statistic, ...]],
    values: Callable[[str], pl.Expr] = finite,
) -> dict[str, Answers]:
    """Statistics of each column, of all rows and of each group, in one pass.

    Args:
        ask: what answers.
        columns: the columns.
        group: the key of each row's group, if there are groups.
        measures: the statistics of a column, given its values.
        values: the values of a column; those that are finite, by default.

    Raises:
        StepError: there are too many groups.
    """
    keys = [None, *(_keys(ask, group) if group is not None and columns else ())]
    wanted = [
        (name, key, statistic)
        for name in columns
        for key in keys
        for statistic in measures(values(name) if key is None else pl.when(group == key).then(values(name)))
    ]
    answers: dict[str, Answers] = {name: {} for name in columns}
    for (name, key, _), answer in zip(wanted, ask(*(each for _, _, each in wanted)), strict=True):
        answers[name].setdefault(key, []).append(answer)
    return answers


def fitted(answers: Answers, number: Callable[..., float | None]) -> FittedNumber:
    """A number computed from what was measured."""
    found = {key: number(*each) for key, each in answers.items()}
    return FittedNumber(overall=found[None], groups={key: each for key, each in found.items() if key is not None})


def _keys(ask: Ask, group: pl.Expr) -> list[str]:
    (counts,) = ask(ValueCounts(group, GROUPS + 1))
    if len(counts) > GROUPS:
        raise StepError(
            f"There are more than {GROUPS} groups, too many to learn numbers of each. "
            "Choose columns with fewer values to group by, or put them into bins first."
        )
    return sorted(counts)
