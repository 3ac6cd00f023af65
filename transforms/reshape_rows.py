"""Rows gathered into lists, and rows made: missing combinations, and each day of a period."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from operator import mul
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import Field

from transforms.core.columns import AnyKeyColumns, ColumnKeys, Columns, KeyColumns, TemporalColumn, taken
from transforms.core.conditions import literal, typed
from transforms.core.dtypes import common_type, type_name
from transforms.core.errors import Problem
from transforms.core.params import NewColumn, Scalar
from transforms.core.relations import Aggregate, Concat, MapRows, Measure, Relation, Window, WindowFunction
from transforms.core.rowwise import AddColumns, KeepRows, RefuseRows, SelectColumns, nan_as_null
from transforms.core.sorting import SortKey, sortable
from transforms.core.transform import Example, Failure, RowTransform, TableTransform, Transform
from transforms.date_units import MICROSECONDS, MONTHS, TIMES_OF_DAY, Unit, clock, moment, no_time_of_day, shifted


class CollectList(TableTransform):
    """Make one row of each group of rows, with the values of columns in lists."""

    id = "collect_list"
    title = "Rows to list"
    terms = ("array agg", "collect set", "nest rows", "implode", "group to list")
    changes_rows = True
    missing = (
        "Missing keys, NaN among them, are one group; missing values, NaN among them, are missing items, unless they "
        "are left out."
    )
    examples = (
        Example(
            params={"columns": ["item"], "by": ["id"], "order_by": [{"column": "day"}]},
            before={"id": [1, None, 1, 1], "item": ["pear", "fig", None, "apple"], "day": [3, 1, 2, 1]},
            after={"id": [1, None], "item": [["apple", None, "pear"], ["fig"]]},
        ),
        Example(
            params={"columns": ["x"], "distinct": True, "drop_missing": True, "max_items": 2},
            before={"x": [3, 1, None, 1, 2]},
            after={"x": [[1, 2]]},
        ),
    )

    columns: Columns
    """Columns whose values are put into lists."""
    by: AnyKeyColumns = ()
    """Columns that make the groups; the whole table is one group without any."""
    order_by: tuple[SortKey, ...] = ()
    """What the items follow; the values of the columns, the first column first, when empty."""
    distinct: bool = False
    """Take each value once, where it comes first."""
    drop_missing: bool = False
    """Leave missing values out."""
    max_items: int | None = Field(None, ge=1)
    """Keep at most so many items of each list, the first; all when empty."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        both = [name for name in self.columns if name in self.by]
        if both:
            yield Problem(f"Column {both[0]!r} cannot make both the groups and the lists.", "Leave it out.", "columns")
        nested = [name for name in self.columns if self.dtype(name).is_nested()]
        if nested and (self.distinct or not self.order_by):
            found = f"Column {nested[0]!r} holds {type_name(self.dtype(nested[0]))} values, which have no order."
            yield Problem(found, "Choose a column to order by, and keep repeated items.", "columns")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        schema = self._schemas[0]
        rows = nan_as_null(tables[0], self.by, schema)
        keys = self.order_by or tuple(SortKey(column=name) for name in self.columns)
        ready = sortable(rows, keys, schema, break_ties=True)
        items = [pl.struct(self.present(name).alias("item")) for name in self.columns]
        if self.drop_missing:
            pairs = zip(items, self.columns, strict=True)
            items = [pl.when(self.present(name).is_not_null()).then(item) for item, name in pairs]
        names = [f"__items_{i}" for i in range(len(items))]
        # Aggregates leave null out, but not an object that holds one.
        wrapped = MapRows(ready.table, AddColumns(tuple(map(pl.Expr.alias, items, names))))
        lists = Aggregate(wrapped, self.by, tuple(Measure("list", name, name) for name in names), ready.by)
        made = (self._list(each).alias(name) for each, name in zip(names, self.columns, strict=True))
        return MapRows(lists, SelectColumns((*map(pl.col, self.by), *made)))

    def _list(self, wrapped: str) -> pl.Expr:
        items = pl.col(wrapped).list.eval(pl.element().struct.field("item"))
        if self.distinct:
            items = items.list.unique(maintain_order=True)
        return items.list.head(self.max_items) if self.max_items else items


@dataclass(frozen=True, eq=False)
class Combinations:
    """Makes of each row, which holds lists of objects, all combinations of their items."""

    lists: tuple[str, ...]

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        for name in self.lists:
            rows = rows.filter(pl.col(name).list.len() > 0).explode(name, empty_as_null=False)
        return rows


class CompleteCombinations(TableTransform):
    """Add a row for each combination of values of several columns that the table does not have."""

    id = "complete_combinations"
    title = "Add missing combinations"
    terms = ("expand grid", "complete", "cartesian", "fill in missing rows", "all combinations")
    changes_rows = True
    missing = (
        "A missing value, NaN among them, is a value like others in the combinations; new rows are missing in all "
        "other columns, unless a value is given."
    )
    examples = (
        Example(
            params={"columns": ["shop", "year"], "fill": {"sales": 0}},
            before={"shop": ["a", "b", "a"], "year": [2023, 2024, 2024], "sales": [5, None, 7]},
            after={"shop": ["a", "b", "a", "b"], "year": [2023, 2024, 2024, 2023], "sales": [5, None, 7, 0]},
        ),
        Example(
            params={"columns": ["x", "y"], "by": ["g"]},
            before={"g": [1, 1, 2, 2], "x": ["p", None, "p", "q"], "y": [1, 2, 3, 3]},
            after={"g": [1, 1, 2, 2, 1, 1], "x": ["p", None, "p", "q", "p", None], "y": [1, 2, 3, 3, 2, 1]},
        ),
    )

    columns: KeyColumns
    """Columns whose values are combined."""
    by: AnyKeyColumns = ()
    """Combine the values found inside each group of these columns, and not those of the whole table."""
    fill: Annotated[dict[str, Scalar], ColumnKeys()] = {}
    """Values of other columns in new rows. Dates as ISO text."""
    max_rows: int = Field(1_000_000, ge=1)
    """Stop the run, before anything is combined, when there are more combinations than this."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        both = [name for name in self.columns if name in self.by]
        if both:
            yield Problem(f"{both[0]!r} makes the groups, so it cannot be combined too.", "Leave it out.", "by")
        for name, value in self.fill.items():
            dtype = self.dtype(name)
            if name in (*self.columns, *self.by):
                yield Problem(f"{name!r} is part of the combinations, so it needs no value.", "Leave it out.", "fill")
            elif typed(value, dtype) is None or (dtype.is_integer() and value != int(value)):
                found = f"{value!r} is not a {type_name(dtype)}, which is what {name!r} holds."
                yield Problem(found, "Write the value in the column's type.", "fill")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        keys = (*self.by, *self.columns)
        if not self.columns:
            return tables[0]
        rows = nan_as_null(tables[0], keys, self._schemas[0])
        new = MapRows(self._combinations(rows), AddColumns((pl.lit(None, pl.Int64).alias("__real"),)))
        real = MapRows(rows, AddColumns((pl.lit(1, pl.Int64).alias("__real"),)))
        both = Concat((real, new))
        counted = Window(both, keys, (), (WindowFunction("group", "__rows", "__real", "count"),))
        is_new = pl.col("__real").is_null()
        kept = MapRows(counted, KeepRows(~is_new | (pl.col("__rows") == 0)))
        columns = [
            pl.when(is_new).then(self._filling(name)).otherwise(pl.col(name)).alias(name)
            if name in self.fill
            else pl.col(name)
            for name in self._schemas[0]
        ]
        return MapRows(kept, SelectColumns(tuple(columns)))

    def _filling(self, name: str) -> pl.Expr:
        dtype = self.dtype(name)
        value = literal(typed(self.fill[name], dtype), dtype)
        return value if dtype == pl.Null else value.cast(dtype)

    def _combinations(self, rows: Relation) -> Relation:
        """The keys of every combination."""
        names = [f"__values_{i}" for i in range(len(self.columns))]
        values = []
        for i, name in enumerate(self.columns):
            # Objects, since an aggregate leaves null out and a list of columns of one type is what it is not.
            wrapped = (*map(pl.col, self.by), pl.struct(pl.col(name).alias("value")).alias(names[i]))
            values.append(MapRows(Aggregate(rows, (*self.by, name), ()), SelectColumns(wrapped)))
        lists = Aggregate(Concat(tuple(values)), self.by, tuple(Measure("list", each, each) for each in names))
        sizes = [pl.col(each).list.len().cast(pl.Float64) for each in names]
        size = reduce(mul, sizes).alias("__size")
        total = WindowFunction("group", "__all", "__size", "sum")
        sized = Window(MapRows(lists, AddColumns((size,))), (), (), (total,))
        refused = RefuseRows(
            pl.col("__all") > self.max_rows,
            f"There are {{}} combinations of {', '.join(map(repr, self.columns))}, more than the {self.max_rows:,} "
            "allowed. Combine fewer columns, group them, or allow more.",
            pl.col("__all").cast(pl.Int128, strict=False),
        )
        made = MapRows(MapRows(sized, refused), Combinations(tuple(names)))
        pairs = zip(names, self.columns, strict=True)
        fields = (pl.col(each).struct.field("value").alias(name) for each, name in pairs)
        return MapRows(made, SelectColumns((*map(pl.col, self.by), *fields)))


class ExpandDateRange(RowTransform):
    """Make a row of each day, month or other step between two dates; other columns are repeated."""

    id = "expand_date_range"
    title = "Expand date range to rows"
    terms = ("dates between", "one row per day", "calendar rows", "explode period", "generate dates")
    changes_rows = True
    missing = "A row without a start or an end makes no row; such rows are counted."
    examples = (
        Example(
            params={"start": "first", "end": "last", "output": "day"},
            before={
                "id": [1, 2, 3],
                "first": [date(2024, 2, 28), date(2024, 5, 2), date(2024, 5, 2)],
                "last": [date(2024, 3, 1), date(2024, 5, 1), None],
            },
            after={
                "id": [1, 1, 1],
                "first": [date(2024, 2, 28)] * 3,
                "last": [date(2024, 3, 1)] * 3,
                "day": [date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1)],
            },
        ),
        Example(
            params={"start": "at", "end": "until", "every": 12, "unit": "hour", "output": "time", "closed": "left"},
            before={
                "at": [datetime(2024, 1, 1, 6), None],
                "until": [datetime(2024, 1, 2, 6), datetime(2024, 1, 1)],
            },
            after={
                "at": [datetime(2024, 1, 1, 6)] * 2,
                "until": [datetime(2024, 1, 2, 6)] * 2,
                "time": [datetime(2024, 1, 1, 6), datetime(2024, 1, 1, 18)],
            },
        ),
    )

    start: TemporalColumn
    """Column of the first date or time."""
    end: TemporalColumn
    """Column of the last one."""
    every: int = Field(1, ge=1, le=1_000_000)
    """So many units lie between a row and the next."""
    unit: Unit = "day"
    """What is counted; a day that a month does not have is its last."""
    output: NewColumn = "date"
    """Name of the new column, of the type of the start."""
    closed: Literal["both", "left"] = "both"
    """Take the end too, where a step falls on it, or stop before it."""
    max_per_row: int = Field(3_660, ge=1, le=1_000_000)
    """Stop the run where a row would make more rows than this."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])
        first, last = self.dtype(self.start), self.dtype(self.end)
        if common_type(first, last) is None:
            found = f"{self.start!r} and {self.end!r} have different time zones."
            yield Problem(found, "Take both to the same time zone, or give both dates.", "end")
        elif self.unit in TIMES_OF_DAY:
            yield from no_time_of_day((self.start,), schemas[0], self.unit, "unit")

    @property
    def _dtype(self) -> pl.DataType:
        """The type in which the two are compared."""
        common = common_type(self.dtype(self.start), self.dtype(self.end))
        return pl.Datetime("us") if common in (None, pl.Date, pl.Null) else common

    def _ends(self) -> tuple[pl.Expr, pl.Expr]:
        return moment(self.start, self._dtype), moment(self.end, self._dtype)

    def _within(self, time: pl.Expr, last: pl.Expr) -> pl.Expr:
        return time <= last if self.closed == "both" else time < last

    def _steps(self, first: pl.Expr, last: pl.Expr) -> pl.Expr:
        """How many steps fit, or one more."""
        if self.unit not in TIMES_OF_DAY:
            first, last = clock(first, self._dtype), clock(last, self._dtype)
        if self.unit in MONTHS:
            months = (last.dt.year() - first.dt.year()).cast(pl.Int64) * 12 + (last.dt.month() - first.dt.month())
            return months // (MONTHS[self.unit] * self.every)
        return (last - first).dt.total_microseconds() // (MICROSECONDS[self.unit] * self.every)

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        first, last = self._ends()
        most = (self._steps(first, last) + 1).clip(0, self.max_per_row).fill_null(0)
        places = pl.int_ranges(0, most, dtype=pl.Int64).alias("__step")
        stepped = rows.with_columns(places).filter(most > 0).explode("__step", empty_as_null=False)
        time = shifted(first, self._dtype, pl.col("__step") * self.every, self.unit)
        kept = stepped.with_columns(time.alias("__time")).filter(self._within(pl.col("__time"), last))
        held = self.dtype(self.start)
        shown = pl.col("__time").cast(pl.Datetime("us") if held == pl.Null else held).alias(self.output)
        return kept.select(*map(pl.col, self._schemas[0]), shown)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        first, last = self._ends()
        absent = first.is_null() | last.is_null()
        yield Failure(column=self.start, where=absent, what="made no row: there is no start or no end")
        empty = ~absent & ~self._within(first, last)
        yield Failure(column=self.start, where=empty, what="made no row: the end is before the start")
        after = shifted(first, self._dtype, pl.lit(self.max_per_row * self.every, pl.Int64), self.unit)
        many = self._within(after, last).fill_null(False)
        what = f"would make more than {self.max_per_row:,} rows: a wrong date, too short a step, or too low a limit"
        yield Failure(column=self.start, where=many, what=what, stop=True)


TRANSFORMS: tuple[type[Transform], ...] = (CollectList, CompleteCombinations, ExpandDateRange)
