"""Missing values filled with what was learned of their column, of their group, or with values drawn from it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, Literal

import polars as pl

from transforms.core.categories import CATEGORY, CategoryColumns
from transforms.core.columns import ColumnsField
from transforms.core.conditions import typed
from transforms.core.dtypes import type_name
from transforms.core.errors import Problem, StepError
from transforms.core.numbers import finite
from transforms.core.params import Seed, Share
from transforms.core.random import draw
from transforms.core.statistics import (
    Ask,
    CountWhere,
    Max,
    Mean,
    Min,
    PairCounts,
    Quantile,
    Statistic,
    Sum,
    ValueCounts,
)
from transforms.core.transform import Example, FittedTransform, Learned, Table, Transform
from transforms.fitted_groups import MOST_GROUPS, Groups
from transforms.fitted_rows import sampled
from transforms.missing import Fills, ImputeNumber, plain

PAIRS = 200_000
"""The most pairs of a group and a value that are counted."""
OBSERVED = 10_000
"""The most values of one column that are kept to draw from."""
SAMPLE = 200_000
"""The most rows in which they are looked for."""

Grouping = Annotated[tuple[str, ...], ColumnsField(CATEGORY)]


class ImputeStatistic(ImputeNumber):
    """Fill missing numbers with the smallest, the largest, the sum or a quantile of their column."""

    id = "impute_statistic"
    title = "Fill with minimum, maximum, sum or quantile"
    terms = ("fillna min", "fillna max", "percentile", "impute")
    examples = (
        Example(
            params={"columns": ["price"], "statistic": "max"},
            before={"price": [10, None, 30]},
            after={"price": [10.0, 30.0, 30.0]},
        ),
        Example(
            params={"columns": ["price"], "statistic": "quantile", "q": 0.25, "add_indicator": True},
            before={"price": [10.0, 20.0, 30.0, None]},
            after={"price": [10.0, 20.0, 30.0, 15.0], "price_missing": [False, False, False, True]},
        ),
    )

    statistic: Literal["min", "max", "sum", "quantile"] = "min"
    """What to fill with."""
    q: Share = 0.5
    """Share of the values below the quantile, linearly interpolated; 0.5 is the median."""

    def measure(self, name: str) -> Statistic:
        value = finite(name)
        match self.statistic:
            case "min":
                return Min(value)
            case "max":
                return Max(value)
            case "sum":
                return Sum(value)
            case _:
                return Quantile(value, self.q)

    def fit(self, ask: Ask) -> Fills:
        learned = super().fit(ask)
        counts = ask(*(CountWhere(finite(name).is_not_null()) for name in self.columns))
        # The sum of no values is 0, and fills nothing.
        rows = dict(zip(self.columns, counts, strict=True))
        return Fills(values={name: found if rows[name] else None for name, found in learned.values.items()})


class GroupFills(Learned):
    """What fills each column, dates as ISO text: of all rows, none where there was no value, and of each group."""

    overall: dict[str, bool | int | float | str | None]
    groups: dict[str, dict[str, bool | int | float | str]]


class ImputeGroupStatistic(FittedTransform):
    """Fill missing values with the mean, median or another statistic of the rows of the same group."""

    id = "impute_group_statistic"
    title = "Fill with group mean, median or mode"
    terms = ("impute by group", "fillna groupby", "group average", "conditional mean")
    missing = (
        "Null and NaN are filled; where neither the group nor (as a fallback) the column has a value they stay. "
        "Infinite values are left out of the fit. Whole numbers become decimals, but for the mode."
    )
    unseen = "Rows of a new group, and those without one, get the value of all rows or stay missing, as chosen."
    examples = (
        Example(
            params={"columns": ["price"], "by": ["kind"]},
            before={"kind": ["a", "a", "a", "b", None], "price": [1.0, 3.0, None, None, None]},
            after={"kind": ["a", "a", "a", "b", None], "price": [1.0, 3.0, 2.0, 2.0, 2.0]},
        ),
        Example(
            params={"columns": ["color"], "by": ["kind", "year"], "statistic": "mode", "fallback": "null"},
            before={
                "kind": ["a", "a", "a", "b", "b"],
                "year": [1, 1, 1, 2, 3],
                "color": ["red", "blue", None, None, "red"],
            },
            after={
                "kind": ["a", "a", "a", "b", "b"],
                "year": [1, 1, 1, 2, 3],
                "color": ["red", "blue", "blue", None, "red"],
            },
        ),
    )

    columns: CategoryColumns
    """Columns to fill; all but the mode need numbers."""
    by: Grouping
    """Columns that make the groups, 1,000 at most."""
    statistic: Literal["mean", "median", "mode", "min", "max"] = "median"
    """What to fill with; of several most frequent values, the smallest.

    Median, minimum and maximum of groups are exact up to 200,000 rows, and beyond those of as many drawn at random."""
    fallback: Literal["global", "null"] = "global"
    """Where a group is new, missing or has no value: fill with the statistic of all rows, or leave missing."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.columns:
            dtype = self.dtype(name)
            if self.statistic != "mode" and not (dtype.is_numeric() or dtype == pl.Null):
                found = f"{name!r} holds {type_name(dtype)} values, which have no {self.statistic}."
                yield Problem(found, "Choose the mode, or leave the column out.", "statistic")
            if name in self.by:
                yield Problem(f"{name!r} is to be filled by itself.", "Take it out of one of the two.", "by")

    @property
    def _groups(self) -> Groups:
        return Groups(self.by, self._schemas[0])

    def fit(self, ask: Ask) -> GroupFills:
        if self.statistic == "mode":
            return self._modes(ask)
        values = {name: finite(name) for name in self.columns}
        q = {"min": 0.0, "max": 1.0}.get(self.statistic, 0.5)
        of_all = (Mean(each) if self.statistic == "mean" else Quantile(each, q) for each in values.values())
        overall = dict(zip(values, ask(*of_all), strict=True))
        if self.statistic == "mean":
            found = self._groups.moments(ask, values)
            groups = {name: {key: each[1] for key, each in table.items()} for name, table in found.items()}
        else:
            found = self._groups.quantiles(ask, values, (q,))
            groups = {name: {key: each[0] for key, each in table.items()} for name, table in found.items()}
        return GroupFills(
            overall=overall,
            groups={
                name: {key: each for key, each in table.items() if each is not None} for name, table in groups.items()
            },
        )

    def _modes(self, ask: Ask) -> GroupFills:
        key = self._groups.key
        if key is None:
            return GroupFills(overall={}, groups={})
        counts = ask(*(ValueCounts(self.present(name), limit=1) for name in self.columns))
        tables = ask(*(PairCounts(key, self.present(name), PAIRS + 1) for name in self.columns))
        overall = {name: plain(next(iter(each), None)) for name, each in zip(self.columns, counts, strict=True)}
        groups = {name: _most_frequent(name, table) for name, table in zip(self.columns, tables, strict=True)}
        return GroupFills(overall=overall, groups=groups)

    def exprs(self, learned: GroupFills) -> Iterator[pl.Expr]:
        key = self._groups.key
        for name in self.columns:
            dtype = self.dtype(name) if self.statistic == "mode" else pl.Float64()
            if key is None or dtype == pl.Null:
                continue
            groups = learned.groups[name]
            overall = _held([learned.overall[name] if self.fallback == "global" else None], dtype)
            fill = key.replace_strict(
                list(groups), _held(list(groups.values()), dtype), default=pl.lit(overall), return_dtype=dtype
            )
            yield self.present(name).cast(dtype).fill_null(fill).alias(name)


def _most_frequent(name: str, pairs: pl.DataFrame) -> dict[str, Any]:
    """The most frequent value of each group.

    Raises:
        StepError: there are too many groups or values.
    """
    if pairs.height > PAIRS or pairs["first"].n_unique() > MOST_GROUPS:
        raise StepError(
            f"There are too many groups to learn the most frequent value of {name!r} in each: at most {MOST_GROUPS:,} "
            f"groups, and {PAIRS:,} values in all of them. Choose columns with fewer values to group by."
        )
    top = pairs.sort("first", "rows", "second", descending=[False, True, False]).unique("first", keep="first")
    return {group: plain(value) for group, value in top.sort("first").select("first", "second").iter_rows()}


def _held(values: list[Any], dtype: pl.DataType) -> pl.Series:
    """Values as JSON has them, in the type of a column."""
    if dtype.is_decimal():
        return pl.Series([None if each is None else Decimal(each) for each in values], dtype=dtype)
    return pl.Series([None if each is None else typed(each, dtype) for each in values], dtype=dtype)


class Observed(Learned):
    """Values to draw from."""

    values: Table
    """One row with a list for each column, in the order in which the rows were drawn."""


class ImputeRandomSample(FittedTransform):
    """Fill each missing value with a value of its column drawn at random, so that the column keeps its distribution."""

    id = "impute_random_sample"
    title = "Fill with random observed values"
    terms = ("hot deck", "random sample imputation", "fill random", "keep distribution")
    missing = "Null and NaN are filled; a column without any value stays as it is. Empty text is a value."
    unseen = "New values are kept, and never drawn; new missing values get one of the learned values."
    examples = (
        Example(
            params={"columns": ["city"], "seed": 1},
            before={"id": [1, 2, 3, 4], "city": ["Oslo", None, "Rome", None]},
            after={"id": [1, 2, 3, 4], "city": ["Oslo", "Rome", "Rome", "Oslo"]},
        ),
    )

    columns: CategoryColumns
    """Columns to fill."""
    seed: Seed = 0
    """Same seed, same values.

    What is drawn is a hash of the row with the seed, so that rows that are equal in every column get the same."""

    def fit(self, ask: Ask) -> Observed:
        present = ask(*(CountWhere(self.present(name).is_not_null()) for name in self.columns))
        rows = sampled(ask, self.columns, SAMPLE if any(present) else 0, self.seed)
        lists = [
            pl.Series(name, [rows.select(self.present(name)).to_series().drop_nulls().head(OBSERVED)])
            for name in self.columns
        ]
        return Observed(values=pl.DataFrame(lists))

    def exprs(self, learned: Observed) -> Iterator[pl.Expr]:
        for i, name in enumerate(self.columns):
            values = learned.values[name].explode(empty_as_null=False)
            if values.is_empty() or values.dtype == pl.Null:
                continue
            share = draw(len(self.columns) * self.seed + i, self._schemas[0].names())
            place = (share * len(values)).floor().cast(pl.Int64)
            drawn = place.replace_strict(pl.int_range(len(values), eager=True), values, return_dtype=values.dtype)
            yield self.present(name).fill_null(drawn).alias(name)


TRANSFORMS: tuple[type[Transform], ...] = (ImputeStatistic, ImputeGroupStatistic, ImputeRandomSample)
