"""Values of groups beside the rows they are of: aggregates, shares, differences, numbers, first and last values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import polars as pl
from pydantic import Field

from transforms.aggregate import Aggregation, SortKeys, aggregated, aggregation_problems
from transforms.core.columns import AnyKeyColumns, KeyColumns, NumericColumns, taken
from transforms.core.errors import Problem
from transforms.core.params import NewColumn
from transforms.core.relations import MapRows, Order, Relation, Window, WindowFunction
from transforms.core.rowwise import AddColumns, DropColumns
from transforms.core.sorting import SortKey, group_keys, sortable
from transforms.core.transform import Example, TableTransform, Transform
from transforms.group_matching import with_group_columns


class AggregateAll(TableTransform):
    """Make one row of the whole table, with totals, counts and other values of its columns."""

    id = "aggregate_all"
    title = "Summarize whole dataset"
    terms = ("grand total", "summarise", "one row summary", "overall")
    changes_rows = True
    missing = "Missing values, NaN among them, are left out, and of no values comes none."
    examples = (
        Example(
            params={"aggregations": [{"column": "x", "function": "mean"}, {"function": "rows", "output": "n"}]},
            before={"x": [1.0, None, 3.0]},
            after={"x_mean": [2.0], "n": [3]},
        ),
    )

    aggregations: tuple[Aggregation, ...] = Field(min_length=1)
    """What to compute."""
    order_by: tuple[SortKey, ...] = ()
    """What first, last and list follow."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from aggregation_problems(self.aggregations, self.order_by, (), schemas[0])

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        return aggregated(tables[0], self.aggregations, (), self.order_by, self._schemas[0])


class GroupAggregateAppend(TableTransform):
    """Add totals, counts and other values of a row's group to the row."""

    id = "group_aggregate_append"
    title = "Add group statistics to rows"
    terms = ("window aggregate", "over", "group mean as column", "transform", "partition by")
    missing = "Missing keys, NaN among them, are one group; missing values are left out, and of no values comes none."
    examples = (
        Example(
            params={
                "by": ["city"],
                "aggregations": [{"column": "sales", "function": "sum"}, {"function": "rows", "output": "n"}],
            },
            before={"city": ["Oslo", None, "Oslo", None], "sales": [1, None, 3, None]},
            after={
                "city": ["Oslo", None, "Oslo", None],
                "sales": [1, None, 3, None],
                "sales_sum": [4, None, 4, None],
                "n": [2, 2, 2, 2],
            },
        ),
        Example(
            params={
                "by": ["x"],
                "aggregations": [{"column": "t", "function": "last", "output": "latest"}],
                "order_by": [{"column": "day"}],
            },
            before={"x": [0.5, float("nan"), 0.5, None], "t": ["a", "b", None, "d"], "day": [1, 2, 2, 1]},
            after={
                "x": [0.5, float("nan"), 0.5, None],
                "t": ["a", "b", None, "d"],
                "day": [1, 2, 2, 1],
                "latest": ["a", "b", "a", "b"],
            },
        ),
    )

    by: AnyKeyColumns = ()
    """Columns that make the groups; the whole table is one group without any."""
    aggregations: tuple[Aggregation, ...] = Field(min_length=1)
    """What to compute of each group."""
    order_by: tuple[SortKey, ...] = ()
    """What first, last and list follow."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from aggregation_problems(self.aggregations, self.order_by, schemas[0], schemas[0])

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        schema = self._schemas[0]
        groups = aggregated(tables[0], self.aggregations, self.by, self.order_by, schema)
        names = {each.name: each.name for each in self.aggregations}
        return with_group_columns(tables[0], groups, self.by, names, schema)


class NumberInGroup(TableTransform):
    """Number the rows of each group, from 1."""

    id = "number_in_group"
    title = "Number rows in group"
    terms = ("row number", "sequence per group", "cumcount", "running number", "nth row")
    missing = "Missing group values, NaN among them, are one group; rows without a value to order by come last."
    examples = (
        Example(
            params={"by": ["id"], "order_by": [{"column": "day"}]},
            before={"id": [1, None, 1, None, 1], "day": [3, 1, None, 5, 2]},
            after={"id": [1, None, 1, None, 1], "day": [3, 1, None, 5, 2], "n": [2, 1, 3, 2, 1]},
        ),
    )

    by: AnyKeyColumns = ()
    """Columns that make the groups; the whole table is one group without any."""
    order_by: SortKeys
    """What the numbers follow; among equal rows the hash of the row decides."""
    output: NewColumn = "n"
    """Name of the new column."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        schema = self._schemas[0]
        groups = group_keys(self.by, schema)
        ready = sortable(tables[0], self.order_by, schema, break_ties=True)
        rows = MapRows(ready.table, AddColumns(groups.added))
        numbered = Window(rows, groups.names, ready.by, (WindowFunction("row_number", self.output),))
        return MapRows(numbered, DropColumns((*ready.added, *groups.added_names)))


class TileRows(TableTransform):
    """Split rows, in order, into parts of the same size, and say in which part each is."""

    id = "tile_rows"
    title = "Split into N tiles"
    terms = ("ntile", "quartile", "decile", "quantile group", "equal parts", "percentile group")
    missing = "Rows with a missing sort value, NaN among them, are in no part; missing group values are one group."
    examples = (
        Example(
            params={"order_by": [{"column": "score", "descending": True}], "tiles": 2},
            before={"score": [7, 9, None, 1, 5, 8]},
            after={"score": [7, 9, None, 1, 5, 8], "tile": [1, 1, None, 2, 2, 1]},
        ),
    )

    order_by: SortKeys
    """What rows are ordered by; among equal ones the hash of the row decides."""
    tiles: int = Field(4, ge=1, le=1_000_000)
    """How many parts to make; the first ones have a row more where it does not come out even, as in SQL's ntile."""
    by: AnyKeyColumns = ()
    """Split each group of these columns on its own."""
    output: NewColumn = "tile"
    """Name of the new column, which counts the parts from 1."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        schema = self._schemas[0]
        groups = group_keys(self.by, schema)
        # Rows without a value are a group of their own, so that they take no place of others.
        unplaced = pl.any_horizontal(self.present(each.column).is_null() for each in self.order_by).alias("__unplaced")
        ready = sortable(tables[0], self.order_by, schema, break_ties=True)
        one = pl.lit(1, pl.Int64).alias("__one")
        rows = MapRows(ready.table, AddColumns((*groups.added, unplaced, one)))
        functions = (WindowFunction("row_number", "__place"), WindowFunction("group", "__rows", "__one", "count"))
        placed = Window(rows, (*groups.names, "__unplaced"), ready.by, functions)
        place, total = pl.col("__place") - 1, pl.col("__rows")
        small, larger = total // self.tiles, total % self.tiles
        in_larger = larger * (small + 1)
        # Where there are fewer rows than parts, no row is beyond the larger ones.
        beyond = larger + (place - in_larger) // pl.max_horizontal(small, pl.lit(1, pl.Int64))
        tile = pl.when(place < in_larger).then(place // (small + 1)).otherwise(beyond) + 1
        shown = pl.when(~pl.col("__unplaced")).then(tile).alias(self.output)
        helpers = ("__place", "__rows", "__one", "__unplaced", *ready.added, *groups.added_names)
        return MapRows(MapRows(placed, AddColumns((shown,))), DropColumns(helpers))


class ComparedWithGroup(TableTransform):
    """Compares the numbers of a row with those of its group."""

    columns: NumericColumns
    """Columns of numbers."""
    by: AnyKeyColumns = ()
    """Columns that make the groups; the whole table is one group without any."""

    suffix: str = ""
    """Added to the column names; empty to replace the columns."""

    def group_functions(self) -> tuple[Literal["sum", "mean", "median", "min", "max", "std"], ...]:
        """What to know of the numbers of the group."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it does.")

    def compared(self, number: pl.Expr, *group: pl.Expr) -> pl.Expr:
        """The new number, from that of the row and what is known of its group."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it does.")

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.suffix:
            for name in self.columns:
                yield from taken(f"{name}{self.suffix}", schemas[0], "suffix")
        both = [name for name in self.columns if name in self.by]
        if both:
            yield Problem(f"Column {both[0]!r} makes the groups, so it is equal in each.", "Leave it out.", "columns")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        groups = group_keys(self.by, self._schemas[0])
        rows = MapRows(tables[0], AddColumns(groups.added)) if groups.added else tables[0]
        wanted = self.group_functions()
        functions = tuple(
            WindowFunction("group", f"__{each}_{i}", name, each)
            for i, name in enumerate(self.columns)
            for each in wanted
        )
        known = Window(rows, groups.names, (), functions)
        made = []
        for i, name in enumerate(self.columns):
            found = self.compared(
                self.present(name).cast(pl.Float64), *(pl.col(f"__{each}_{i}").cast(pl.Float64) for each in wanted)
            )
            made.append(found.fill_nan(None).alias(f"{name}{self.suffix}"))
        helpers = (*(each.output for each in functions), *groups.added_names)
        return MapRows(MapRows(known, AddColumns(tuple(made))), DropColumns(helpers))


class PercentOfTotal(ComparedWithGroup):
    """Give numbers as a percentage of their total, in the whole table or in each group."""

    id = "percent_of_total"
    title = "Percent of total"
    terms = ("share", "proportion", "percentage", "contribution", "ratio to report")
    missing = (
        "A missing number, NaN among them, has no share and adds nothing; where the total is 0 no number has a share; "
        "missing keys, NaN among them, are one group."
    )
    examples = (
        Example(
            params={"columns": ["sales"], "by": ["city"]},
            before={"city": ["Oslo", "Oslo", None, "Rome"], "sales": [1, 3, None, 0]},
            after={
                "city": ["Oslo", "Oslo", None, "Rome"],
                "sales": [1, 3, None, 0],
                "sales_pct": [25.0, 75.0, None, None],
            },
        ),
    )

    suffix: str = "_pct"
    """Added to the column names; empty to replace the columns."""

    def group_functions(self) -> tuple[Literal["sum"]]:
        return ("sum",)

    def compared(self, number: pl.Expr, *group: pl.Expr) -> pl.Expr:
        (total,) = group
        return pl.when(total != 0).then(number / total * 100)


class DeviationFromGroup(ComparedWithGroup):
    """Compare numbers with the mean, the median, the smallest or the largest of their group."""

    id = "deviation_from_group"
    title = "Difference from group average"
    terms = ("compare with group mean", "group z-score", "ratio to group", "demean", "centre by group")
    missing = (
        "A missing number, NaN among them, stays missing and is left out of the group; where there is nothing to "
        "divide by, 0 or no spread, the result is missing; missing keys, NaN among them, are one group."
    )
    examples = (
        Example(
            params={"columns": ["x"], "by": ["g"]},
            before={"g": ["a", "a", "a", None], "x": [1.0, 3.0, None, 5.0]},
            after={"g": ["a", "a", "a", None], "x": [1.0, 3.0, None, 5.0], "x_deviation": [-1.0, 1.0, None, 0.0]},
        ),
        Example(
            params={"columns": ["x"], "statistic": "max", "how": "ratio", "suffix": "_of_max"},
            before={"x": [1, 4, None]},
            after={"x": [1, 4, None], "x_of_max": [0.25, 1.0, None]},
        ),
    )

    statistic: Literal["mean", "median", "min", "max"] = "mean"
    """What of the group to compare with."""
    how: Literal["difference", "ratio", "zscore"] = "difference"
    """The number less that of the group; the number divided by it; or the difference in standard deviations of the
    group, of a sample."""
    suffix: str = "_deviation"
    """Added to the column names; empty to replace the columns."""

    def group_functions(self) -> tuple[Literal["mean", "median", "min", "max", "std"], ...]:
        return (self.statistic, "std") if self.how == "zscore" else (self.statistic,)

    def compared(self, number: pl.Expr, *group: pl.Expr) -> pl.Expr:
        if self.how == "ratio":
            return pl.when(group[0] != 0).then(number / group[0])
        difference = number - group[0]
        return pl.when(group[1] > 0).then(difference / group[1]) if self.how == "zscore" else difference


class FirstLastValue(TableTransform):
    """Add the first, the last or the nth value of a row's group to the row."""

    id = "first_last_value"
    title = "First or last value in group"
    terms = ("first value", "last value", "nth value", "earliest", "latest", "opening and closing value")
    missing = (
        "Missing values, NaN among them, are passed over, or not, as chosen; missing group values are one group; rows "
        "without a value to order by come last."
    )
    examples = (
        Example(
            params={"columns": ["x"], "by": ["g"], "order_by": [{"column": "day"}]},
            before={"g": ["a", "a", "a", None], "day": [3, 1, 2, 1], "x": ["c", None, "b", None]},
            after={
                "g": ["a", "a", "a", None],
                "day": [3, 1, 2, 1],
                "x": ["c", None, "b", None],
                "x_first": ["b", "b", "b", None],
            },
        ),
        Example(
            params={"columns": ["x"], "order_by": [{"column": "day"}], "which": "last", "n": 2, "skip_missing": False},
            before={"day": [3, 1, 2], "x": [30, 10, None]},
            after={"day": [3, 1, 2], "x": [30, 10, None], "x_last": [None, None, None]},
        ),
    )

    columns: KeyColumns
    """Columns whose values are taken."""
    by: AnyKeyColumns = ()
    """Columns that make the groups; the whole table is one group without any."""
    order_by: SortKeys
    """What comes first; among equal rows the hash of the row decides."""
    which: Literal["first", "last"] = "first"
    """Count from the first row of the group, or from the last."""
    n: int = Field(1, ge=1)
    """Which value, counted from there: 1 is the first (or the last) itself."""
    skip_missing: bool = True
    """Count only rows that have a value."""
    suffix: str | None = None
    """Added to the column names; what is taken, _first or _last, when not given, and empty to replace the columns."""

    @property
    def names(self) -> dict[str, str]:
        """The new column for each column."""
        suffix = f"_{self.which}" if self.suffix is None else self.suffix
        return {name: f"{name}{suffix}" for name in self.columns}

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name, new in self.names.items():
            if new != name:
                yield from taken(new, schemas[0], "suffix")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        schema = self._schemas[0]
        groups = group_keys(self.by, schema)
        ready = sortable(tables[0], self.order_by, schema, break_ties=True)
        rows = MapRows(ready.table, AddColumns(groups.added))
        by = ready.by if self.which == "first" else tuple(map(_reversed, ready.by))
        places = tuple(
            WindowFunction("cumulative", f"__place_{i}", name, "count")
            if self.skip_missing
            else WindowFunction("row_number", f"__place_{i}")
            for i, name in enumerate(self.columns)
        )
        taken_from = tuple(
            pl.when(pl.col(f"__place_{i}") == self.n).then(self.present(name)).alias(f"__taken_{i}")
            for i, name in enumerate(self.columns)
        )
        placed = MapRows(Window(rows, groups.names, by, places), AddColumns(taken_from))
        # A group has one such value, so that the smallest of them is that one.
        spread = tuple(WindowFunction("group", f"__value_{i}", f"__taken_{i}", "min") for i in range(len(self.columns)))
        found = Window(placed, groups.names, (), spread)
        values = tuple(pl.col(f"__value_{i}").alias(self.names[name]) for i, name in enumerate(self.columns))
        helpers = [f"__{what}_{i}" for i in range(len(self.columns)) for what in ("place", "taken", "value")]
        return MapRows(MapRows(found, AddColumns(values)), DropColumns((*helpers, *ready.added, *groups.added_names)))


def _reversed(key: Order) -> Order:
    return Order(key.column, not key.descending, not key.nulls_last)


TRANSFORMS: tuple[type[Transform], ...] = (
    GroupAggregateAppend,
    AggregateAll,
    NumberInGroup,
    TileRows,
    PercentOfTotal,
    DeviationFromGroup,
    FirstLastValue,
)
