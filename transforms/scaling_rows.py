"""Numbers scaled by those of the same row, or of the same group of rows: nothing is learned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import polars as pl

from transforms.core.columns import KeyColumns, NumericColumns, column, taken
from transforms.core.errors import Problem
from transforms.core.numbers import as_column, finite, quotient
from transforms.core.relations import MapRows, Order, Relation, Window, WindowFunction
from transforms.core.rowwise import AddColumns, SelectColumns
from transforms.core.sorting import group_keys
from transforms.core.transform import Example, Failure, RowTransform, TableTransform, Transform


class RowNorm(RowTransform):
    """Divide the numbers of a row by their length, so that each row has the length 1."""

    id = "scale_row_norm"
    title = "Normalize rows to unit length"
    terms = ("normalizer", "unit norm", "L2 norm", "L1 norm", "vector length")
    missing = (
        "Missing values (null and NaN) stay missing and count as 0. Infinite values and those beyond 1e150 become "
        "missing, and are counted."
    )
    examples = (
        Example(
            params={"columns": ["x", "y"]},
            before={"x": [3.0, 0.0, None], "y": [4.0, 0.0, -2.0]},
            after={"x": [0.6, 0.0, None], "y": [0.8, 0.0, -1.0]},
        ),
        Example(
            params={"columns": ["rent", "food"], "norm": "l1", "suffix": "_share"},
            before={"rent": [3, None], "food": [1, None]},
            after={"rent": [3, None], "food": [1, None], "rent_share": [0.75, None], "food_share": [0.25, None]},
        ),
    )

    columns: NumericColumns
    """Columns to scale, together."""
    norm: Literal["l2", "l1", "max"] = "l2"
    """The length: the root of the sum of the squares, the sum, or the largest; always without signs."""
    suffix: str = ""
    """Added to the names of new columns; left empty, the columns are replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.columns if self.suffix else ():
            yield from taken(f"{name}{self.suffix}", schemas[0], "suffix")

    def exprs(self) -> Iterator[pl.Expr]:
        if not self.columns:
            return
        sizes = [finite(name).abs().fill_null(0.0) for name in self.columns]
        largest = pl.max_horizontal(sizes)
        # Where all are 0 nothing is divided; by the largest first, so that no square leaves the range of numbers.
        some = pl.when(largest > 0).then(largest).otherwise(1.0)
        relative = [quotient(each, some) for each in sizes]
        squares = self.norm == "l2"
        length = pl.sum_horizontal(each**2 if squares else each for each in relative)
        divisor = pl.when(length > 0).then(length.sqrt() if squares else length).otherwise(1.0)
        for name in self.columns:
            scaled = quotient(finite(name), some)
            yield (scaled if self.norm == "max" else quotient(scaled, divisor)).alias(f"{name}{self.suffix}")

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        for name in self.columns:
            where = self.present(name).is_not_null() & finite(name).is_null()
            yield Failure(column=name, where=where, what="became missing: they are infinite or beyond 1e150")


class ScaleWithinGroup(TableTransform):
    """Scale numbers by the mean, range, ranks or sum of the rows of the same group."""

    id = "scale_within_group"
    title = "Scale within group"
    terms = ("group z-score", "demean", "share of group", "rank within group", "panel data")
    missing = (
        "Missing values (null and NaN) are left out and stay missing; missing group values are one group. Infinite "
        "values are left out of means, ranges and sums, and become missing but for ranks."
    )
    examples = (
        Example(
            params={"columns": ["x"], "by": ["g"]},
            before={"g": ["a", "a", "b", None], "x": [1.0, 3.0, 5.0, None]},
            after={"g": ["a", "a", "b", None], "x": [-1.0, 1.0, 0.0, None]},
        ),
        Example(
            params={"columns": ["sales"], "by": ["shop"], "method": "share", "suffix": "_share"},
            before={"shop": ["a", "a", "b", "b"], "sales": [1, 3, None, 5]},
            after={"shop": ["a", "a", "b", "b"], "sales": [1, 3, None, 5], "sales_share": [0.25, 0.75, None, 1.0]},
        ),
        Example(
            params={"columns": ["x"], "by": ["g"], "method": "rank"},
            before={"g": ["a", "a", "a", "a", "b"], "x": [1.0, 2.0, 2.0, None, float("inf")]},
            after={"g": ["a", "a", "a", "a", "b"], "x": [1 / 3, 2.5 / 3, 2.5 / 3, None, 1.0]},
        ),
    )

    columns: NumericColumns
    """Columns to scale."""
    by: KeyColumns
    """Columns that make the groups."""
    method: Literal["zscore", "minmax", "rank", "share"] = "zscore"
    """Less the mean in standard deviations (ddof 0); from 0 for the smallest to 1 for the largest; the rank divided by
    the number of values, equal values sharing their mean rank; or the share of the group's sum.

    Where all values of a group are equal, zscore and minmax give 0; where they sum up to 0, shares are missing."""
    suffix: str = ""
    """Added to the names of new columns; left empty, the columns are replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.columns if self.suffix else ():
            yield from taken(f"{name}{self.suffix}", schemas[0], "suffix")
        for name in self.columns:
            if name in self.by:
                found = f"{name!r} makes the groups and is to be scaled in them."
                yield Problem(found, "Take it out of one of the two.", "columns")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        groups = group_keys(self.by, self._schemas[0])
        values = {name: f"__value_{i}" for i, name in enumerate(self.columns)}
        added = tuple(self._value(name).alias(value) for name, value in values.items())
        rows: Relation = MapRows(tables[0], AddColumns((*groups.added, *added)))
        functions = tuple(
            WindowFunction("group", f"{value}_{each}", value, each)
            for value in values.values()
            for each in ("mean", "std", "min", "max", "sum", "count")
            if each in self._needed
        )
        rows = Window(rows, groups.names, (), functions)
        ranks = tuple(f"{value}_rank" for value in values.values()) if self.method == "rank" else ()
        for value, rank in zip(values.values(), ranks, strict=False):
            rows = Window(rows, groups.names, (Order(value),), (WindowFunction("average_rank", rank),))
        columns = {name: column(name) for name in self._schemas[0]}
        for name, value in values.items():
            columns[f"{name}{self.suffix}"] = self._scaled(value).alias(f"{name}{self.suffix}")
        return MapRows(rows, SelectColumns(tuple(columns.values())))

    def _value(self, name: str) -> pl.Expr:
        return self.present(name).cast(pl.Float64) if self.method == "rank" else finite(name)

    @property
    def _needed(self) -> tuple[str, ...]:
        match self.method:
            case "zscore":
                return "mean", "std", "count", "min", "max"
            case "minmax":
                return "min", "max"
            case "rank":
                return ("count",)
            case _:
                return ("sum",)

    def _scaled(self, value: str) -> pl.Expr:
        def of(what: str) -> pl.Expr:
            found = pl.col(f"{value}_{what}")
            # What is summed up in another order has other last digits, in every run and on every engine.
            return found.round_sig_figs(12) if what in ("mean", "std", "sum") else found

        number = pl.col(value)
        match self.method:
            case "zscore":
                # Computed means and deviations of values that are all equal are not always exact.
                spread = of("std") * _divided(of("count") - 1, of("count")).sqrt()
                differs = of("min") < of("max")
                scaled = pl.when(differs & (spread > 0)).then(_divided(number - of("mean"), spread)).otherwise(0.0)
            case "minmax":
                width = of("max") - of("min")
                scaled = pl.when(width > 0).then(_divided(number - of("min"), width)).otherwise(0.0)
            case "rank":
                scaled = _divided(of("rank"), of("count"))
            case _:
                scaled = pl.when(of("sum") != 0).then(_divided(number, of("sum")))
        return pl.when(number.is_not_null()).then(scaled)


def _divided(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    """A quotient where the divisor may be one value for all rows, that of the only group there is."""
    left, right = left.cast(pl.Float64), right.cast(pl.Float64)
    return quotient(left, as_column(right, left))


TRANSFORMS: tuple[type[Transform], ...] = (RowNorm, ScaleWithinGroup)
