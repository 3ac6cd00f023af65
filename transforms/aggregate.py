"""Groups: their totals, counts and ranks, and values that add up row by row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.columns import AnyKeyColumns, Column, KeyColumns, NumericColumns
from transforms.core.dtypes import type_name
from transforms.core.errors import Problem
from transforms.core.params import NewColumn, Params, Share
from transforms.core.relations import (
    Aggregate,
    AggregateFunction,
    MapRows,
    Measure,
    Order,
    Relation,
    Sort,
    Window,
    WindowFunction,
    WindowKind,
)
from transforms.core.rowwise import AddColumns, DropColumns, KeepRows, SelectColumns, nan_as_null
from transforms.core.sorting import SortKey, group_keys, sortable
from transforms.core.transform import Example, TableTransform, Transform

SortKeys = Annotated[tuple[SortKey, ...], Field(min_length=1)]
NUMERIC = ("sum", "mean", "median", "std", "var", "quantile")
ORDERED = ("first", "last", "list")


def function_problem(function: AggregateFunction, column: str, dtype: pl.DataType, field: str) -> Problem | None:
    """Whether a function can be used on a column of a type."""
    fits = {
        **dict.fromkeys(NUMERIC, dtype.is_numeric() or dtype in (pl.Boolean, pl.Null)),
        **dict.fromkeys(("any", "all"), dtype in (pl.Boolean, pl.Null)),
        **dict.fromkeys(("min", "max", "mode", "count_distinct"), not dtype.is_nested()),
    }
    if fits.get(function, True):
        return None
    wanted = {"any": "booleans", "all": "booleans"}.get(function, "numbers" if function in NUMERIC else "single values")
    return Problem(
        f"{function!r} takes {wanted}, and column {column!r} holds {type_name(dtype)} values.",
        "Choose another function, or change the type first.",
        field,
    )


class Aggregation(Params):
    """One column of the result: a function of the values of a group."""

    column: Column | None = None
    """Column to aggregate; not needed to count rows."""
    function: AggregateFunction = "sum"
    """What to compute; missing values are left out, but for the counts of missing values and of rows."""
    output: str = ""
    """Name of the new column; column and function when empty."""
    q: Share = 0.5
    """Which quantile, 0 to 1; only for the function quantile."""

    @model_validator(mode="after")
    def _column_is_given(self) -> Self:
        if self.column is None and self.function != "rows":
            raise ValueError(f"{self.function!r} needs a column.")
        return self

    @property
    def name(self) -> str:
        """The name of the new column."""
        return self.output or (f"{self.column}_{self.function}" if self.column else self.function)

    def measure(self) -> Measure:
        """The aggregation as an engine takes it."""
        return Measure(self.function, self.column or "", self.name, self.q)


def aggregation_problems(
    aggregations: Sequence[Aggregation], order_by: Sequence[SortKey], others: Iterable[str], schema: pl.Schema
) -> Iterator[Problem]:
    """What is wrong with aggregations of a table whose results stand beside ``others``, columns of these names."""
    names = [*others, *(each.name for each in aggregations)]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Problem(f"Two columns of the result would be named {name!r}.", "Rename one.", "aggregations")
    for each in aggregations:
        if each.column is not None:
            problem = function_problem(each.function, each.column, schema[each.column], "aggregations")
            if problem:
                yield problem
        if each.function in ORDERED and not order_by:
            yield Problem(
                f"{each.function!r} needs an order, since a table as such has none.",
                "Choose a column to order by.",
                "order_by",
            )


def aggregated(
    table: Relation,
    aggregations: Sequence[Aggregation],
    by: tuple[str, ...],
    order_by: Sequence[SortKey],
    schema: pl.Schema,
) -> Relation:
    """One row for each group of ``by``, NaN among the missing keys, with the values of aggregations."""
    rows = nan_as_null(table, by, schema)
    measures = tuple(each.measure() for each in aggregations)
    if not any(each.function in ORDERED for each in aggregations):
        return Aggregate(rows, by, measures)
    ready = sortable(rows, order_by, schema, break_ties=True)
    return Aggregate(ready.table, by, measures, ready.by)


class GroupAggregate(TableTransform):
    """Make one row of each group of rows, with totals, counts and other values of the group."""

    id = "group_aggregate"
    title = "Group and aggregate"
    terms = ("group by", "summarize", "totals", "summary", "subtotal")
    changes_rows = True
    missing = "Missing keys, NaN among them, are one group; missing values are left out, and of no values comes none."
    examples = (
        Example(
            params={
                "by": ["city"],
                "aggregations": [
                    {"column": "sales", "function": "sum", "output": "total"},
                    {"column": "sales", "function": "count"},
                    {"function": "rows"},
                ],
            },
            before={"city": ["Oslo", None, "Oslo", None, "Rome"], "sales": [1, 2, None, 4, None]},
            after={
                "city": ["Oslo", None, "Rome"],
                "total": [1, 6, None],
                "sales_count": [1, 2, 0],
                "rows": [2, 2, 1],
            },
        ),
        Example(
            params={
                "aggregations": [
                    {"column": "x", "function": "mean"},
                    {"column": "x", "function": "last", "output": "latest"},
                ],
                "order_by": [{"column": "day"}],
            },
            before={"day": [3, 1, 2], "x": [None, 1.0, 2.0]},
            after={"x_mean": [1.5], "latest": [2.0]},
        ),
    )

    by: AnyKeyColumns = ()
    """Columns that make the groups; the whole table is one group without any."""
    aggregations: tuple[Aggregation, ...] = Field(min_length=1)
    """What to compute of each group."""
    order_by: tuple[SortKey, ...] = ()
    """What first, last and list follow."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from aggregation_problems(self.aggregations, self.order_by, self.by, schemas[0])

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        return aggregated(tables[0], self.aggregations, self.by, self.order_by, self._schemas[0])


class GroupConcat(TableTransform):
    """Make one row of each group of rows, with the values of a column joined into one text."""

    id = "group_concat"
    title = "Join text per group"
    terms = ("string agg", "listagg", "concatenate rows", "rows to text")
    changes_rows = True
    missing = "Missing keys, NaN among them, are one group; missing values are left out, and of no values comes none."
    examples = (
        Example(
            params={"column": "item", "by": ["id"], "order_by": [{"column": "item"}], "distinct": True},
            before={"id": [1, None, 1, 1, 2], "item": ["pear", "fig", "apple", "pear", None]},
            after={"id": [1, None, 2], "item": ["apple, pear", "fig", None]},
        ),
    )

    column: Column
    """Column whose values are joined."""
    by: AnyKeyColumns = ()
    """Columns that make the groups; the whole table is one group without any."""
    order_by: SortKeys
    """What the values follow in the text."""
    separator: str = ", "
    """Put between values."""
    distinct: bool = False
    """Take each value once, where it comes first."""
    output: NewColumn | None = None
    """Name of the new column; that of the column when empty."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.dtype(self.column).is_nested():
            yield Problem(f"Column {self.column!r} holds no single values.", "Turn it into text first.", "column")
        if (self.output or self.column) in self.by:
            yield Problem("The new column has the name of a group column.", "Choose another name.", "output")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        schema, output = self._schemas[0], self.output or self.column
        rows = nan_as_null(tables[0], self.by, schema)
        ready = sortable(rows, self.order_by, schema, break_ties=True)
        lists = Aggregate(ready.table, self.by, (Measure("list", self.column, output),), ready.by)
        values = pl.col(output).list.unique(maintain_order=True) if self.distinct else pl.col(output)
        text = values.cast(pl.List(pl.String)).list.join(self.separator, ignore_nulls=True)
        return MapRows(lists, AddColumns((pl.when(pl.col(output).list.len() > 0).then(text).alias(output),)))


class ValueCounts(TableTransform):
    """Count how often each value, or each combination of values, occurs."""

    id = "value_counts"
    title = "Count values"
    terms = ("frequency", "tabulate", "histogram of categories", "count distinct values")
    changes_rows = True
    missing = "Missing values, NaN among them, are counted as one value, or left out."
    examples = (
        Example(
            params={"columns": ["city"]},
            before={"city": ["Oslo", "Rome", None, "Oslo"]},
            after={"city": ["Oslo", "Rome", None], "count": [2, 1, 1], "share": [0.5, 0.25, 0.25]},
        ),
        Example(
            params={"columns": ["x"], "sort": "value", "include_missing": False, "share": None},
            before={"x": [2.0, None, 1.0, float("nan"), 2.0]},
            after={"x": [1.0, 2.0], "count": [1, 2]},
        ),
    )

    columns: KeyColumns
    """Columns whose values, together, are counted."""
    sort: Literal["count", "value"] = "count"
    """Most frequent first, ties in value order; or in value order."""
    include_missing: bool = True
    """Count missing values too."""
    output: NewColumn = "count"
    """Name of the column of counts."""
    share: NewColumn | None = "share"
    """Name of the column of shares of all rows counted; none when empty."""

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        if self.output == self.share:
            raise ValueError(f"Counts and shares cannot both be named {self.share!r}.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for field, name in (("output", self.output), ("share", self.share)):
            if name in self.columns:
                yield Problem(f"{name!r} is one of the columns that are counted.", "Choose another name.", field)

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        rows = nan_as_null(tables[0], self.columns, self._schemas[0])
        if not self.include_missing:
            rows = MapRows(rows, KeepRows(pl.all_horizontal(pl.col(name).is_not_null() for name in self.columns)))
        counts: Relation = Aggregate(rows, self.columns, (Measure("rows", "", self.output),))
        if self.share is not None:
            totals = Window(counts, (), (), (WindowFunction("group", "__total", self.output, "sum"),))
            share = (pl.col(self.output) / pl.col("__total")).alias(self.share)
            counts = MapRows(totals, SelectColumns((*map(pl.col, (*self.columns, self.output)), share)))
        frequent = (Order(self.output, descending=True),) if self.sort == "count" else ()
        return Sort(counts, (*frequent, *map(Order, self.columns)))


class RankRows(TableTransform):
    """Number rows by the order of their values, in the whole table or in each group."""

    id = "rank_rows"
    title = "Rank"
    terms = ("dense rank", "percent rank", "row number", "position", "top n")
    missing = "Rows with a missing sort value, NaN among them, get no rank; missing group values are one group."
    examples = (
        Example(
            params={"by": [{"column": "score", "descending": True}]},
            before={"score": [7.0, 9.0, None, 7.0, 5.0]},
            after={"score": [7.0, 9.0, None, 7.0, 5.0], "rank": [2, 1, None, 2, 4]},
        ),
        Example(
            params={"by": [{"column": "x"}], "group_by": ["g"], "method": "dense"},
            before={"g": ["a", "a", None, None, "a"], "x": [5, 5, 2, 1, 8]},
            after={"g": ["a", "a", None, None, "a"], "x": [5, 5, 2, 1, 8], "rank": [1, 1, 2, 1, 2]},
        ),
    )

    by: SortKeys
    """What rows are ordered by; the first has rank 1."""
    group_by: AnyKeyColumns = ()
    """Rank inside each group of these columns."""
    method: Literal["min", "max", "dense", "ordinal", "average", "percent"] = "min"
    """What equal rows get.

    Their lowest place, their highest, one number without gaps after it, a number each (by the hash of
    the row), the mean of their places; or the lowest place as a share from 0 to 1.
    """
    output: NewColumn = "rank"
    """Name of the new column."""

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        schema = self._schemas[0]
        kinds: dict[str, WindowKind] = {
            "min": "rank",
            "max": "max_rank",
            "dense": "dense_rank",
            "ordinal": "row_number",
            "average": "average_rank",
            "percent": "percent_rank",
        }
        groups = group_keys(self.group_by, schema)
        # Rows without a value are a group of their own, so that they take no place of others.
        unranked = pl.any_horizontal(self.present(each.column).is_null() for each in self.by).alias("__unranked")
        ready = sortable(tables[0], self.by, schema, break_ties=self.method == "ordinal")
        rows = MapRows(ready.table, AddColumns((*groups.added, unranked)))
        ranked = Window(rows, (*groups.names, "__unranked"), ready.by, (WindowFunction(kinds[self.method], "__rank"),))
        rank = pl.when(~pl.col("__unranked")).then("__rank").alias(self.output)
        helpers = ("__rank", "__unranked", *ready.added, *groups.added_names)
        return MapRows(MapRows(ranked, AddColumns((rank,))), DropColumns(helpers))


class CumulativeAggregate(TableTransform):
    """Add up values row by row, or keep their running count, mean, smallest or largest."""

    id = "cumulative_aggregate"
    title = "Running total and other cumulative values"
    terms = ("running total", "cumsum", "cumulative sum", "running maximum", "year to date")
    missing = "Where a value is missing, NaN among them, so is the running value; later rows go on from before."
    examples = (
        Example(
            params={"columns": ["sales"], "order_by": [{"column": "day"}]},
            before={"day": [3, 1, 2, 4], "sales": [30, 10, None, 5]},
            after={"day": [3, 1, 2, 4], "sales": [30, 10, None, 5], "sales_cumulative": [40, 10, None, 45]},
        ),
        Example(
            params={
                "columns": ["x"],
                "function": "max",
                "by": ["g"],
                "order_by": [{"column": "day", "descending": True}],
                "suffix": "_max",
            },
            before={"g": ["a", "a", None], "day": [1, 2, 1], "x": [1.5, 0.5, 9.0]},
            after={"g": ["a", "a", None], "day": [1, 2, 1], "x": [1.5, 0.5, 9.0], "x_max": [1.5, 0.5, 9.0]},
        ),
    )

    columns: NumericColumns
    """Columns to add up."""
    function: Literal["sum", "count", "min", "max", "mean"] = "sum"
    """What to keep of the values so far."""
    order_by: SortKeys
    """Which rows come before which; among equal ones the hash of the row decides."""
    by: AnyKeyColumns = ()
    """Start anew in each group of these columns."""
    suffix: str = "_cumulative"
    """Added to the column names; empty to replace the columns."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.columns:
            if self.suffix and f"{name}{self.suffix}" in schemas[0]:
                yield Problem(f"There is a column '{name}{self.suffix}' already.", "Choose another suffix.", "suffix")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        schema = self._schemas[0]
        groups = group_keys(self.by, schema)
        ready = sortable(tables[0], self.order_by, schema, break_ties=True)
        rows = MapRows(ready.table, AddColumns(groups.added))
        temporary = {name: f"__running_{i}" for i, name in enumerate(self.columns)}
        functions = tuple(
            WindowFunction("cumulative", running, name, self.function) for name, running in temporary.items()
        )
        running = tuple(pl.col(each).alias(f"{name}{self.suffix}") for name, each in temporary.items())
        helpers = (*temporary.values(), *ready.added, *groups.added_names)
        added = MapRows(Window(rows, groups.names, ready.by, functions), AddColumns(running))
        return MapRows(added, DropColumns(helpers))


TRANSFORMS: tuple[type[Transform], ...] = (GroupAggregate, ValueCounts, GroupConcat, RankRows, CumulativeAggregate)
