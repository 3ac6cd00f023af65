"""Missing values filled from the rows before and after them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

import polars as pl
from pydantic import Field

from transforms.core.columns import AnyKeyColumns, ColumnField, Columns, KeyColumn, NumericColumns
from transforms.core.conversion import blank
from transforms.core.errors import Problem
from transforms.core.numbers import finite
from transforms.core.relations import MapRows, Relation, Window, WindowFunction
from transforms.core.rowwise import AddColumns, DropColumns
from transforms.core.sorting import SortKey, group_keys, sortable
from transforms.core.transform import Example, TableTransform, Transform
from transforms.time_series_windows import RollingAggregate

Place = Annotated[str, ColumnField(("numeric", "date", "datetime"))]
"""A column by which rows lie on a line."""


class FillFromRows(TableTransform):
    """Fills missing values with a value of another row."""

    kind: ClassVar[Literal["fill_forward", "fill_backward"]]

    columns: Columns
    """Columns to fill."""
    order_by: tuple[SortKey, ...] = ()
    """Which rows come before which; among equal ones the hash of the row decides.

    Without it, the order of the table counts, which is sure only where it was read from one file or just sorted.
    """
    by: AnyKeyColumns = ()
    """Fill inside each group of these columns only."""
    limit: int | None = Field(None, ge=1)
    """Fill at most so many rows of a gap; all when empty."""
    blank_is_missing: bool = True
    """Fill text that is empty or white space only, too, and never fill with it."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if not self.order_by:
            found = "No order is given, so the order of the table counts, which a cluster does not promise to keep."
            yield Problem(found, "Choose columns to order by.", "order_by", severity="warning")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        schema = self._schemas[0]
        groups = group_keys(self.by, schema)
        ready = sortable(tables[0], self.order_by, schema, break_ties=bool(self.order_by))
        values = {name: f"__value_{i}" for i, name in enumerate(self.columns)}
        added = tuple(self._value(name).alias(helper) for name, helper in values.items())
        rows = MapRows(ready.table, AddColumns((*groups.added, *added)))
        functions = tuple(WindowFunction(self.kind, name, helper, limit=self.limit) for name, helper in values.items())
        helpers = (*values.values(), *ready.added, *groups.added_names)
        return MapRows(Window(rows, groups.names, ready.by, functions), DropColumns(helpers))

    def _value(self, name: str) -> pl.Expr:
        value = self.present(name)
        if self.blank_is_missing and self.dtype(name) == pl.String:
            return pl.when(~blank(value)).then(value)
        return value


class ForwardFill(FillFromRows):
    """Fill missing values with the last value before them."""

    id = "forward_fill"
    title = "Fill down (forward fill)"
    terms = ("ffill", "fill down", "last observation carried forward", "last valid", "merged cells")
    missing = (
        "Null, NaN and (unless it is to count as a value) blank text are filled; before the first value they stay."
    )
    examples = (
        Example(
            params={"columns": ["region"]},
            before={"region": ["North", None, "", "South", None], "city": ["a", "b", "c", "d", "e"]},
            after={"region": ["North", "North", "North", "South", "South"], "city": ["a", "b", "c", "d", "e"]},
        ),
        Example(
            params={"columns": ["price"], "order_by": [{"column": "day"}], "by": ["item"], "limit": 1},
            before={"item": ["x", "x", "x", "y"], "day": [3, 1, 2, 4], "price": [None, 5.0, None, None]},
            after={"item": ["x", "x", "x", "y"], "day": [3, 1, 2, 4], "price": [None, 5.0, 5.0, None]},
        ),
    )
    kind = "fill_forward"


class BackwardFill(FillFromRows):
    """Fill missing values with the next value after them."""

    id = "backward_fill"
    title = "Fill up (backward fill)"
    terms = ("bfill", "fill up", "next observation carried backward", "next valid")
    missing = "Null, NaN and (unless it is to count as a value) blank text are filled; after the last value they stay."
    examples = (
        Example(
            params={"columns": ["price"], "order_by": [{"column": "day"}]},
            before={"day": [3, 1, 2, 4], "price": [7.0, None, float("nan"), None]},
            after={"day": [3, 1, 2, 4], "price": [7.0, 7.0, 7.0, None]},
        ),
    )
    kind = "fill_backward"


class InterpolateMissing(TableTransform):
    """Fill missing numbers from the values before and after them, on a straight line or with the nearest."""

    id = "interpolate_missing"
    title = "Interpolate"
    terms = ("linear interpolation", "fill gaps", "in between", "time series handle missing")
    missing = (
        "Null and NaN between two values are filled; at the ends they stay, unless these are to be filled. Rows "
        "without a value to order by neither fill nor are filled. Whole numbers become decimals."
    )
    examples = (
        Example(
            params={"columns": ["price"], "order_by": "day"},
            before={"day": [1, 2, 9, 4], "price": [10.0, None, 40.0, None]},
            after={"day": [1, 2, 9, 4], "price": [10.0, 20.0, 40.0, 30.0]},
        ),
        Example(
            params={"columns": ["price"], "order_by": "day", "method": "time", "by": ["item"], "extrapolate": True},
            before={
                "item": ["x", "x", "x", "x", "y"],
                "day": [1, 2, 9, 10, 1],
                "price": [10.0, None, 50.0, None, None],
            },
            after={
                "item": ["x", "x", "x", "x", "y"],
                "day": [1, 2, 9, 10, 1],
                "price": [10.0, 15.0, 50.0, 50.0, None],
            },
        ),
    )

    columns: NumericColumns
    """Columns to fill."""
    order_by: Place
    """Which rows come before which; among equal ones the hash of the row decides."""
    method: Literal["linear", "nearest", "time"] = "linear"
    """How to fill: on a straight line with all rows equally far apart, with the value of the nearest row (the earlier
    of two), or on a straight line with rows as far apart as their values to order by (dates, times or numbers)."""
    by: AnyKeyColumns = ()
    """Interpolate inside each group of these columns only."""
    extrapolate: bool = False
    """Fill the ends too, with the first and the last value."""

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        schema = self._schemas[0]
        groups = group_keys(self.by, schema)
        ready = sortable(tables[0], (SortKey(column=self.order_by),), schema, break_ties=True)
        rows = MapRows(ready.table, AddColumns(groups.added))
        placed = Window(rows, groups.names, ready.by, (WindowFunction("row_number", "__place"),))
        known = MapRows(placed, AddColumns((self._position().alias("__at"),)))
        known = MapRows(known, AddColumns(tuple(each for i in range(len(self.columns)) for each in self._known(i))))
        functions = tuple(
            WindowFunction(kind, f"__{kind}_{what}_{i}", f"__{what}_{i}")
            for i in range(len(self.columns))
            for what in ("value", "where")
            for kind in ("fill_forward", "fill_backward")
        )
        around = Window(known, groups.names, ready.by, functions)
        filled = MapRows(around, AddColumns(tuple(map(self._filled, range(len(self.columns))))))
        mine = tuple(f"__{what}_{i}" for i in range(len(self.columns)) for what in ("value", "where"))
        helpers = ("__place", "__at", *mine, *(each.output for each in functions), *ready.added, *groups.added_names)
        return MapRows(filled, DropColumns(helpers))

    def _position(self) -> pl.Expr:
        """Where a row lies; null where it has no value to order by."""
        position, dtype = self.present(self.order_by), self.dtype(self.order_by)
        if self.method != "time":
            return pl.when(position.is_not_null()).then("__place")
        if dtype.is_float() or dtype.is_decimal():
            return position.cast(pl.Float64)
        return position.to_physical().cast(pl.Int64)

    def _known(self, i: int) -> tuple[pl.Expr, pl.Expr]:
        """The values that fill others, and where they lie."""
        value, at = self.present(self.columns[i]).cast(pl.Float64), pl.col("__at")
        both = value.is_not_null() & at.is_not_null()
        return pl.when(both).then(value).alias(f"__value_{i}"), pl.when(both).then(at).alias(f"__where_{i}")

    def _filled(self, i: int) -> pl.Expr:
        at = pl.col("__at")
        before, after = (pl.col(f"__{kind}_value_{i}") for kind in ("fill_forward", "fill_backward"))
        start, end = (pl.col(f"__{kind}_where_{i}") for kind in ("fill_forward", "fill_backward"))
        passed, span = (at - start).cast(pl.Float64), (end - start).cast(pl.Float64)
        if self.method == "nearest":
            between = pl.when(passed <= span - passed).then(before).otherwise(after)
        else:
            share = pl.when(span > 0).then(passed / span).otherwise(0.0)
            between = before * (1 - share) + after * share
        inside = pl.when(before.is_not_null() & after.is_not_null()).then(between)
        found = pl.coalesce(inside, before, after) if self.extrapolate else inside
        name = self.columns[i]
        filled = pl.when(at.is_not_null()).then(found).fill_nan(None)
        return pl.coalesce(self.present(name).cast(pl.Float64), filled).alias(name)


class ImputeRolling(TableTransform):
    """Fill missing numbers with the mean or the median of the values around them."""

    id = "impute_rolling"
    title = "Fill with moving average or median"
    terms = ("moving average imputation", "rolling mean", "local average", "smooth gaps")
    missing = (
        "Null and NaN are filled; where no value is near they stay. Infinite values are left out of the windows. Whole "
        "numbers become decimals."
    )
    examples = (
        Example(
            params={"columns": ["price"], "order_by": "day", "window": 3},
            before={"day": [1, 2, 4, 3, 5, 6], "price": [10.0, None, None, 40.0, None, None]},
            after={"day": [1, 2, 4, 3, 5, 6], "price": [10.0, 25.0, 40.0, 40.0, None, None]},
        ),
        Example(
            params={"columns": ["price"], "order_by": "day", "statistic": "median", "by": ["item"]},
            before={"item": ["x", "x", "x", "x", "y"], "day": [1, 2, 3, 4, 5], "price": [1, 2, None, 90, None]},
            after={"item": ["x", "x", "x", "x", "y"], "day": [1, 2, 3, 4, 5], "price": [1.0, 2.0, 2.0, 90.0, None]},
        ),
    )

    columns: NumericColumns
    """Columns to fill."""
    order_by: KeyColumn
    """Which rows come before which; among equal ones the hash of the row decides."""
    window: int = Field(5, ge=2, le=100_000)
    """How many rows to look at, that of the missing value in the middle; of an even number, one more before it."""
    statistic: Literal["mean", "median"] = "mean"
    """What to fill with."""
    by: AnyKeyColumns = ()
    """Look at the rows of the same group of these columns only."""

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        values = {name: f"__value_{i}" for i, name in enumerate(self.columns)}
        if not values:
            return tables[0]
        everything = pl.lit(True).alias("__all")
        added = AddColumns((everything, *(finite(name).alias(value) for name, value in values.items())))
        rows = MapRows(tables[0], added)
        schema = pl.Schema({**self._schemas[0], "__all": pl.Boolean(), **dict.fromkeys(values.values(), pl.Float64())})
        moving = RollingAggregate(
            columns=tuple(values.values()),
            window=self.window,
            function=self.statistic,
            order_by=(SortKey(column=self.order_by),),
            min_rows=1,
            center=True,
            by=self.by or ("__all",),
            suffix="_moving",
        )
        around = moving.bind(schema).plan(rows)
        filled = tuple(
            pl.coalesce(self.present(name).cast(pl.Float64), f"{value}_moving").alias(name)
            for name, value in values.items()
        )
        helpers = ("__all", *values.values(), *(f"{value}_moving" for value in values.values()))
        return MapRows(MapRows(around, AddColumns(filled)), DropColumns(helpers))


TRANSFORMS: tuple[type[Transform], ...] = (ForwardFill, BackwardFill, InterpolateMissing, ImputeRolling)
