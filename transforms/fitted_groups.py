"""Numbers that are learned of all rows and, where that is chosen, of each group of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import polars as pl

from transforms.core.categories import CATEGORY, category
from transforms.core.columns import ColumnsField
from transforms.core.errors import StepError
from transforms.core.statistics import Ask, GroupMeans, Rows
from transforms.core.transform import Learned

MOST_GROUPS = 1_000
"""The most groups that a step learns numbers of."""
SAMPLE = 200_000
"""Rows that the quantiles of groups are computed of: all of them, or that many drawn at random."""

GroupColumns = Annotated[tuple[str, ...], ColumnsField(CATEGORY, at_least=0)]
"""Columns that make groups, or none."""
Numbers = tuple[float | None, ...]
ByGroup = dict[str, Numbers]
"""What was measured of a column, by the key of the group."""


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


@dataclass(frozen=True)
class Groups:
    """The groups that some columns make of the rows."""

    by: tuple[str, ...]
    schema: pl.Schema

    @property
    def key(self) -> pl.Expr | None:
        """What tells groups apart: a category, or a JSON object of several; null where one of them is missing."""
        if not self.by:
            return None
        parts = {name: category(name, self.schema[name]).cast(pl.String) for name in self.by}
        if len(parts) == 1:
            return next(iter(parts.values()))
        present = pl.all_horizontal(part.is_not_null() for part in parts.values())
        return pl.when(present).then(pl.struct(part.alias(name) for name, part in parts.items()).struct.json_encode())

    def moments(self, ask: Ask, values: Mapping[str, pl.Expr]) -> dict[str, ByGroup]:
        """Rows, mean and standard deviation (ddof 1) of the values of each column in each group that has some."""
        key = self.key
        if key is None:
            return {name: {} for name in values}
        tables = ask(*(GroupMeans(value, key, MOST_GROUPS + 1) for value in values.values()))
        return {name: _by_group(table, pl.col("rows") > 0) for name, table in zip(values, tables, strict=True)}

    def quantiles(self, ask: Ask, values: Mapping[str, pl.Expr], shares: Sequence[float]) -> dict[str, ByGroup]:
        """Quantiles of the values of each column in each group that has some.

        They are exact up to 200,000 rows, and beyond of that many, the same on every engine.
        """
        key = self.key
        if key is None or not values:
            return {name: {} for name in values}
        names = {*self.by, *(root for value in values.values() for root in value.meta.root_names())}
        (rows,) = ask(Rows(tuple(name for name in self.schema if name in names), SAMPLE))
        measured = {}
        for name, value in values.items():
            pairs = rows.select(key.alias("group"), value.alias("value")).drop_nulls().group_by("group")
            found = pairs.agg(pl.col("value").quantile(q, "linear").alias(f"q{i}") for i, q in enumerate(shares))
            measured[name] = _by_group(found.sort("group"))
        return measured


def _by_group(table: pl.DataFrame, where: bool | pl.Expr = True) -> ByGroup:
    """The rows of a table by their first column.

    Raises:
        StepError: there are too many groups.
    """
    if table.height > MOST_GROUPS:
        raise StepError(
            f"There are more than {MOST_GROUPS:,} groups, too many to learn numbers of each. "
            "Choose columns with fewer values to group by, or put them into bins first."
        )
    return {row[0]: row[1:] for row in table.filter(where).iter_rows()}
