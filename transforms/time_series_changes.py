"""How series change from row to row: differences, percent, and runs of the same value."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import AfterValidator, Field

from transforms.aggregate import SortKeys
from transforms.core.columns import AnyKeyColumns, KeyColumn, taken
from transforms.core.columns import column as exactly
from transforms.core.errors import Problem
from transforms.core.relations import MapRows, Relation, Window, WindowFunction
from transforms.core.rowwise import AddColumns, DropColumns, RefuseRows
from transforms.core.sorting import group_keys, sortable
from transforms.core.transform import Example, TableTransform, Transform
from transforms.date_parts import each_once
from transforms.numeric import sound
from transforms.numeric_ratios import Scale, difference, share
from transforms.time_series_windows import MovingStatistic

Periods = Annotated[int, Field(ge=1, le=100_000)]


class Change(MovingStatistic):
    """Compares each row with rows before it in its series."""

    missing = (
        "Where a value is missing (null or NaN), or the series has no such row before, so is the change; missing "
        "group values are one series."
    )

    order_by: SortKeys
    """Which rows come before which; among equal ones the hash of the row decides."""
    periods: Periods = 1
    """With which row before to compare: 1 is the one right before."""

    def places(self) -> tuple[int, ...]:
        """How far away the rows are that are looked at."""
        return (self.periods,)

    def change(self, name: str, before: dict[int, pl.Expr]) -> pl.Expr:
        """The change of a column, from its values in rows before; NaN is null."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it compares.")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        groups = group_keys(self.by, self._schemas[0])
        ready = sortable(tables[0], self.order_by, self._schemas[0], break_ties=True)
        present = {name: f"__value_{i}" for i, name in enumerate(self.columns)}
        values = (self.present(name).alias(value) for name, value in present.items())
        rows = MapRows(ready.table, AddColumns((*groups.added, *values)))
        shifts = tuple(
            WindowFunction("shift", f"{value}_{n}", value, offset=n)
            for value in present.values()
            for n in self.places()
        )
        placed = Window(rows, groups.names, ready.by, shifts)
        changed: Relation = MapRows(placed, AddColumns(tuple(self._changes(present))))
        for name in self.columns:
            changed = self.checked(changed, name, present[name])
        helpers = (*present.values(), *(each.output for each in shifts), *ready.added, *groups.added_names)
        return MapRows(changed, DropColumns(helpers))

    def _changes(self, present: dict[str, str]) -> Iterator[pl.Expr]:
        for name, value in present.items():
            before = {n: pl.col(f"{value}_{n}") for n in self.places()}
            yield self.change(name, {0: pl.col(value), **before}).alias(self.output(name))

    def checked(self, rows: Relation, name: str, value: str) -> Relation:
        """The rows, refused where a change cannot be written down."""
        return rows


class DifferenceColumn(Change):
    """Take from each value the one before it in its series."""

    id = "difference_column"
    title = "Difference from previous"
    terms = ("diff", "change", "delta", "first difference", "seasonal difference", "detrend")
    examples = (
        Example(
            params={"columns": ["sales"], "order_by": [{"column": "day"}]},
            before={"day": [3, 1, 2, 4], "sales": [30, 10, 15, None]},
            after={"day": [3, 1, 2, 4], "sales": [30, 10, 15, None], "sales_diff_1": [15, None, 5, None]},
        ),
        Example(
            params={
                "columns": ["x"],
                "seasonal": 2,
                "order_by": [{"column": "t"}],
                "by": ["g"],
                "suffix": "_change",
            },
            before={"g": ["a", "a", "a", "a", None], "t": [1, 2, 3, 4, 1], "x": [1.0, 2.0, 4.0, 8.0, 16.0]},
            # 8 - 4 - (2 - 1)
            after={
                "g": ["a", "a", "a", "a", None],
                "t": [1, 2, 3, 4, 1],
                "x": [1.0, 2.0, 4.0, 8.0, 16.0],
                "x_change": [None, None, None, 3.0, None],
            },
        ),
    )

    seasonal: Periods | None = None
    """Also take off the difference so many rows before: 12 for months, after which a pattern of the year is gone."""

    def places(self) -> tuple[int, ...]:
        if self.seasonal is None:
            return (self.periods,)
        return tuple(sorted({self.periods, self.seasonal, self.periods + self.seasonal}))

    def ending(self) -> str:
        return f"_diff_{self.periods}" + (f"_{self.seasonal}" if self.seasonal is not None else "")

    def change(self, name: str, before: dict[int, pl.Expr]) -> pl.Expr:
        whole = self.dtype(name).is_integer()
        values = {n: value.cast(pl.Int128 if whole else pl.Float64) for n, value in before.items()}
        change = values[0] - values[self.periods]
        if self.seasonal is not None:
            change = change - (values[self.seasonal] - values[self.periods + self.seasonal])
        return change.cast(pl.Int64, strict=False) if whole else sound(change, *values.values())

    def checked(self, rows: Relation, name: str, value: str) -> Relation:
        if not self.dtype(name).is_integer():
            return rows
        present = pl.all_horizontal(
            pl.col(value).is_not_null(), *(pl.col(f"{value}_{n}").is_not_null() for n in self.places())
        )
        what = (
            f"Column {name!r} holds the value {{}}, and its difference from a row before is too large for a whole "
            "number. Change the type of the column to number first."
        )
        return MapRows(rows, RefuseRows(present & exactly(self.output(name)).is_null(), what, pl.col(value)))


class PercentChange(Change):
    """Compute by which part each value is larger or smaller than the one before it in its series."""

    id = "percent_change"
    title = "Percent change from previous"
    terms = ("pct_change", "growth rate", "relative change", "month over month", "year over year", "returns")
    missing = (
        "Where a value is missing (null or NaN), the value before is 0 or the series has no such row before, so is "
        "the change; missing group values are one series."
    )
    examples = (
        Example(
            params={"columns": ["sales"], "order_by": [{"column": "day"}]},
            before={"day": [3, 1, 2, 4], "sales": [12, 8, 10, None]},
            after={"day": [3, 1, 2, 4], "sales": [12, 8, 10, None], "sales_change_1": [0.2, None, 0.25, None]},
        ),
        Example(
            params={
                "columns": ["x"],
                "scale": "percent",
                "order_by": [{"column": "t"}],
                "by": ["g"],
                "suffix": "_percent",
            },
            before={"g": ["a", "a", "a", None], "t": [1, 2, 3, 1], "x": [-4.0, -2.0, 0.0, 5.0]},
            after={
                "g": ["a", "a", "a", None],
                "t": [1, 2, 3, 1],
                "x": [-4.0, -2.0, 0.0, 5.0],
                "x_percent": [None, 50.0, 100.0, None],
            },
        ),
    )

    scale: Scale = "ratio"
    """A quarter more is 0.25, or 25 percent; above 0 where the value is larger, also than one below 0."""

    def ending(self) -> str:
        return f"_change_{self.periods}"

    def change(self, name: str, before: dict[int, pl.Expr]) -> pl.Expr:
        value, old = before[0], before[self.periods]
        size = old.cast(pl.Float64).abs()
        more = difference(value, old, whole=self.dtype(name).is_integer())
        return sound(share(more, size, self.scale), value.cast(pl.Float64), size)


RunPart = Literal["changed", "run", "run_length", "run_position"]


class StateChanges(TableTransform):
    """Mark where a value changes in a series, and number the runs of equal values."""

    id = "state_changes"
    title = "Flag value changes (runs)"
    terms = ("run length", "consecutive", "streak", "status change", "gaps and islands", "change point")
    missing = (
        "A missing value (null or NaN) is a state like others: going to it or from it is a change; missing group "
        "values are one series."
    )
    examples = (
        Example(
            params={
                "column": "state",
                "order_by": [{"column": "t"}],
                "parts": ["changed", "run", "run_length", "run_position"],
            },
            before={"t": [1, 2, 3, 4, 5], "state": ["on", "on", None, None, "on"]},
            after={
                "t": [1, 2, 3, 4, 5],
                "state": ["on", "on", None, None, "on"],
                "state_changed": [False, False, True, False, True],
                "state_run": [1, 1, 2, 2, 3],
                "state_run_length": [2, 2, 2, 2, 1],
                "state_run_position": [1, 2, 1, 2, 1],
            },
        ),
        Example(
            params={"column": "plan", "order_by": [{"column": "day"}], "by": ["user"]},
            before={
                "user": ["a", "b", "a", None],
                "day": [date(2024, 1, 1), date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 1)],
                "plan": [1, 1, 2, 1],
            },
            after={
                "user": ["a", "b", "a", None],
                "day": [date(2024, 1, 1), date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 1)],
                "plan": [1, 1, 2, 1],
                "plan_changed": [False, False, True, False],
                "plan_run": [1, 1, 2, 1],
            },
        ),
    )

    column: KeyColumn
    """Column that holds the state."""
    order_by: SortKeys
    """Which rows come before which; among equal ones the hash of the row decides."""
    by: AnyKeyColumns = ()
    """Each group of these columns is a series of its own."""
    parts: Annotated[tuple[RunPart, ...], AfterValidator(each_once)] = Field(("changed", "run"), min_length=1)
    """What to add, each into a column named after the column and the part.

    Whether the value differs from that of the row before (the first row of a series does not); the number of the
    run of equal values, from 1; how many rows the run has; and the place of the row in it, from 1."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for part in self.parts:
            yield from taken(f"{self.column}_{part}", schemas[0], "parts")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        groups = group_keys(self.by, self._schemas[0])
        ready = sortable(tables[0], self.order_by, self._schemas[0], break_ties=True)
        state = self.present(self.column).alias("__state")
        rows = MapRows(ready.table, AddColumns((*groups.added, state, pl.lit(True).alias("__row"))))
        before = tuple(WindowFunction("shift", f"{name}_before", name) for name in ("__state", "__row"))
        first = pl.col("__row_before").is_null()
        differs = ~first & pl.col("__state").ne_missing(pl.col("__state_before"))
        marks = AddColumns((differs.alias("__changed"), (first | differs).cast(pl.Int64).alias("__start")))
        marked = MapRows(Window(rows, groups.names, ready.by, before), marks)
        runs = Window(marked, groups.names, ready.by, (WindowFunction("cumulative", "__run", "__start"),))
        inside = (
            WindowFunction("group", "__run_length", "__row", "count"),
            WindowFunction("row_number", "__run_position"),
        )
        whole = Window(runs, (*groups.names, "__run"), ready.by, inside)
        parts = tuple(pl.col(f"__{part}").alias(f"{self.column}_{part}") for part in self.parts)
        helpers = (
            "__state", "__row", "__state_before", "__row_before", "__changed", "__start", "__run", "__run_length",
            "__run_position"
        )  # fmt: skip
        return MapRows(MapRows(whole, AddColumns(parts)), DropColumns((*helpers, *ready.added, *groups.added_names)))


TRANSFORMS: tuple[type[Transform], ...] = (DifferenceColumn, PercentChange, StateChanges)
