"""Rows for the times that a series lacks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Any, Literal

import polars as pl

from transforms.core.columns import ColumnKeys
from transforms.core.columns import column as exactly
from transforms.core.dtypes import type_name
from transforms.core.errors import Problem
from transforms.core.relations import Aggregate, Concat, Join, MapRows, Measure, Order, Relation, Sort, Window
from transforms.core.relations import WindowFunction as Function
from transforms.core.rowwise import KeepRows, SelectColumns, nan_as_null
from transforms.core.transform import Example, Failure, Transform
from transforms.time_series_resample import Grid, Resampled

Rule = Literal["null", "forward", "backward", "zero"]
FILLS: dict[Rule, Any] = {"forward": "fill_forward", "backward": "fill_backward"}


class FillTimeGaps(Resampled):
    """Add rows for the times that are missing between the first and the last of each series."""

    id = "fill_time_gaps"
    title = "Add missing time points"
    terms = ("regularize", "date spine", "missing dates", "complete dates", "gaps in time series", "tsfill")
    missing = (
        "Values of new rows are missing unless a rule fills them; those of other rows, and rows without a time, stay "
        "as they are; missing group values, NaN among them, are one series."
    )
    examples = (
        Example(
            params={"time": "day", "by": ["shop"], "fill": {"sales": "zero", "price": "forward"}},
            before={
                "shop": ["a", "a", None],
                "day": [date(2024, 1, 1), date(2024, 1, 3), date(2024, 1, 2)],
                "sales": [5, 7, None],
                "price": [1.5, 2.0, 3.0],
            },
            after={
                "shop": ["a", "a", "a", None],
                "day": [date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 3), date(2024, 1, 2)],
                "sales": [5, 0, 7, None],
                "price": [1.5, 1.5, 2.0, 3.0],
            },
        ),
        Example(
            params={"time": "at", "unit": "hour", "by": ["g"], "extent": "all"},
            before={
                "g": ["a", "b"],
                "at": [datetime(2024, 1, 1, 8), datetime(2024, 1, 1, 9)],
                "x": [1, None],
            },
            after={
                "g": ["a", "a", "b", "b"],
                "at": [datetime(2024, 1, 1, 8), datetime(2024, 1, 1, 9)] * 2,
                "x": [1, None, None, None],
            },
        ),
    )

    extent: Literal["series", "all"] = "series"
    """From the first to the last time of each series, or of all of them together, so that all are as long."""
    fill: Annotated[dict[str, Rule], ColumnKeys()] = {}
    """What new rows hold, by column: nothing (null), the value before in the series (forward), the value after
    (backward) or 0; columns that are not named hold nothing."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        for name, rule in self.fill.items():
            dtype = self.dtype(name)
            if name == self.time or name in self.by:
                found = f"Column {name!r} is the time or makes the series, so it is known in new rows."
                yield Problem(found, "Take it out of what is filled.", "fill")
            elif rule == "zero" and not (dtype.is_numeric() or dtype == pl.Null):
                found = f"Column {name!r} holds {type_name(dtype)} values, which cannot be 0."
                yield Problem(found, "Fill it in another way.", "fill")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        timed = self.without_repeats(self.timed(tables[0]))
        counted = Function("group", "__known", "__real", "count")
        both = Window(Concat((timed, self._spine(timed))), (*self.by, "__time"), (), (counted,))
        real = pl.col("__real").is_not_null()
        rows: Relation = MapRows(both, KeepRows(real | (pl.col("__known") == 0)))
        rules = enumerate(self.fill.items())
        fills = tuple(Function(FILLS[rule], f"__fill_{i}", name) for i, (name, rule) in rules if rule in FILLS)
        if fills:
            rows = Window(rows, self.by, (Order("__time"),), fills)
        values = {name: self._value(i, name, rule) for i, (name, rule) in enumerate(self.fill.items())}
        columns = (
            self.shown("__time")
            if name == self.time
            else pl.when(real).then(exactly(name)).otherwise(values[name]).alias(name)
            if name in values
            else exactly(name)
            for name in self._schemas[0]
        )
        filled = MapRows(rows, SelectColumns(tuple(columns)))
        untimed = MapRows(nan_as_null(tables[0], self.by, self._schemas[0]), KeepRows(exactly(self.time).is_null()))
        return Sort(Concat((filled, untimed)), tuple(map(Order, (*self.by, self.time))))

    def _spine(self, timed: Relation) -> Relation:
        """The keys of each series with all its times."""
        if self.extent == "series" or not self.by:
            return self.grid(timed, "__time")
        ends = (Measure("min", "__time", "__first"), Measure("max", "__time", "__last"))
        series = MapRows(
            Aggregate(timed, self.by, (Measure("rows", "", "__rows"),)), SelectColumns(tuple(map(exactly, self.by)))
        )
        both = Join(series, Aggregate(timed, (), ends), (), (), "cross")
        return MapRows(both, Grid(self.time, self.dtype(self.time), self.every, self.unit))

    def _value(self, i: int, name: str, rule: Rule) -> pl.Expr:
        dtype = self.dtype(name)
        if rule == "null" or (rule == "zero" and dtype == pl.Null):
            return pl.lit(None, dtype)
        return pl.lit(0).cast(dtype) if rule == "zero" else pl.col(f"__fill_{i}")

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        return iter(())


TRANSFORMS: tuple[type[Transform], ...] = (FillTimeGaps,)
