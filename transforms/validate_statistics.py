"""Rules on what a table adds up to: its statistics and its age."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

import polars as pl
from pydantic import Field, model_validator

from transforms.aggregate import ORDERED, Aggregation, aggregation_problems, function_problem
from transforms.core.columns import Column, TemporalColumn, taken
from transforms.core.columns import column as exactly
from transforms.core.dtypes import type_name
from transforms.core.errors import Problem
from transforms.core.numbers import quotient
from transforms.core.params import Formula, NewColumn, Share
from transforms.core.relations import Aggregate, AggregateFunction, Join, MapRows, Measure, Relation
from transforms.core.rowwise import AddColumns, DropColumns, RefuseRows, SelectColumns
from transforms.core.transform import Example, TableTransform, Transform
from transforms.date_units import MICROSECONDS, SpanUnit, Zone
from transforms.formula import FormulaError, compiled, parse
from transforms.rows_filter import Moment
from transforms.validate_table import passed_if

OnFailTable = Literal["stop", "flag"]
"""What becomes of a table that breaks a rule."""
STATISTICS: dict[str, tuple[AggregateFunction, ...]] = {
    "mean": ("mean",),
    "median": ("median",),
    "std": ("std",),
    "min": ("min",),
    "max": ("max",),
    "sum": ("sum",),
    "quantile": ("quantile",),
    "distinct_count": ("count_distinct",),
    "missing_share": ("count_missing", "rows"),
}
"""The functions of a column that a statistic is made of."""


def marked_or_passed(
    table: Relation, facts: Relation, names: tuple[str, ...], refused: RefuseRows, mark: str | None
) -> Relation:
    """The table, with a column that says whether a rule on it as a whole is kept; without one, a broken rule stops.

    Args:
        table: the rows.
        facts: one row, of which no column is named like one of the table.
        names: its columns.
        refused: when the rule is broken and what to say.
        mark: the name of the column.
    """
    if mark is None:
        return passed_if(table, facts, names, refused)
    kept = AddColumns(((~refused.where).alias(mark),))
    return MapRows(MapRows(Join(table, facts, (), (), "cross"), kept), DropColumns(names))


class AssertStatistic(TableTransform):
    """Check that a statistic of a column, such as its mean or its share of missing values, lies between two bounds."""

    id = "assert_statistic"
    title = "Check: statistic in bounds"
    terms = ("expect mean between", "missing rate", "distinct count", "data quality rule", "volume check")
    missing = "Missing values, NaN among them, are left out, but for their share. Of no values comes no statistic."
    examples = (
        Example(
            params={"column": "age", "statistic": "missing_share", "max": 0.2, "on_fail": "flag"},
            before={"age": [31, 40, None]},
            after={"age": [31, 40, None], "is_valid": [False, False, False]},
        ),
        Example(
            params={"column": "age", "statistic": "mean", "min": 18, "max": 90},
            before={"age": [31, 40, None]},
            after={"age": [31, 40, None]},
        ),
    )

    column: Column
    """Column to look at."""
    statistic: Literal[
        "mean", "median", "std", "min", "max", "sum", "quantile", "distinct_count", "missing_share"
    ] = "mean"  # fmt: skip
    """What to know of it: std is that of a sample; a share is between 0 and 1."""
    q: Share = 0.5
    """Which quantile, 0 to 1; only for quantile."""
    min: float | None = Field(None, allow_inf_nan=False)
    """Lower bound, allowed itself; none when empty."""
    max: float | None = Field(None, allow_inf_nan=False)
    """Upper bound, allowed itself; none when empty."""
    when_empty: Literal["pass", "fail"] = "pass"
    """Whether the rule is kept or broken where there is no value to know it of."""
    on_fail: OnFailTable = "stop"
    """A table that breaks the rule stops the run before anything is written, or all of its rows are marked."""
    output: NewColumn = "is_valid"
    """Name of the column that says whether the rule is kept, if rows are marked."""

    @model_validator(mode="after")
    def _has_a_bound(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("Nothing is refused. Give a minimum, a maximum or both.")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"The minimum {self.min:g} is above the maximum {self.max:g}. Swap them.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.on_fail == "flag":
            yield from taken(self.output, schemas[0])
        dtype = self.dtype(self.column)
        problem = function_problem(STATISTICS[self.statistic][0], self.column, dtype, "statistic")
        if problem:
            yield problem
        elif self.statistic in ("min", "max") and not (dtype.is_numeric() or dtype == pl.Null):
            found = f"The {self.statistic} of {self.column!r} is a {type_name(dtype)}, not a number."
            yield Problem(found, "Check its range instead, or choose a column of numbers.", "column")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        functions = STATISTICS[self.statistic]
        names = tuple(f"__{each}" for each in functions)
        pairs = zip(functions, names, strict=True)
        facts = Aggregate(tables[0], (), tuple(Measure(each, self.column, name, self.q) for each, name in pairs))
        value = pl.col(names[0]).cast(pl.Float64)
        if len(names) > 1:
            value = quotient(value, pl.col(names[1])).fill_nan(None)
        outside = [
            *(() if self.min is None else (value < self.min,)),
            *(() if self.max is None else (value > self.max,)),
        ]
        broken = pl.any_horizontal(outside).fill_null(self.when_empty == "fail")
        bounds = [
            *(() if self.min is None else (f"at least {self.min:g}",)),
            *(() if self.max is None else (f"at most {self.max:g}",)),
        ]
        rule = f"The {self.statistic} of {self.column!r} is to be {' and '.join(bounds)}"
        what = f"{rule}, found {{!s}}. Nothing was written."
        shown = value.cast(pl.String).fill_null("no value")
        mark = self.output if self.on_fail == "flag" else None
        return marked_or_passed(tables[0], facts, names, RefuseRows(broken, what, shown), mark)

    def lineage(self, learned: Any = None) -> Mapping[str, frozenset[str]]:
        return {self.output: frozenset({self.column})} if self.on_fail == "flag" else {}


class AssertFresh(TableTransform):
    """Check that the latest date of a column is not too long ago."""

    id = "assert_fresh"
    title = "Check: fresh data"
    terms = ("freshness", "stale data", "latest date", "recency", "up to date", "data quality rule")
    missing = "Missing dates are left out. A table without any date keeps the rule, unless it is to break it."
    examples = (
        Example(
            params={"column": "at", "max_age": 2, "at": "2024-05-03", "on_fail": "flag"},
            before={"at": ["2024-05-01", "2024-04-01", None]},
            after={"at": ["2024-05-01", "2024-04-01", None], "is_valid": [True, True, True]},
            dtypes={"at": pl.Date()},
        ),
        Example(
            params={"column": "at", "max_age": 12, "unit": "hour", "at": "2024-05-02T08:00", "on_fail": "flag"},
            before={"at": ["2024-05-01T19:59:59", None]},
            after={"at": ["2024-05-01T19:59:59", None], "is_valid": [False, False]},
            dtypes={"at": pl.Datetime("us")},
        ),
    )

    column: TemporalColumn
    """Column of dates or times; a date stands for its first moment."""
    max_age: int = Field(ge=0, le=1_000_000)
    """The most units that the latest may lie back."""
    unit: SpanUnit = "day"
    """What they are; a day is 24 hours."""
    at: Moment | None = None
    """Count back from this, ISO text; left empty, from when the flow is run."""
    timezone: Zone = "UTC"
    """Zone whose clock a column without a zone shows, and ``at`` without an offset."""
    when_empty: Literal["pass", "fail"] = "pass"
    """Whether the rule is kept or broken where there is no date."""
    on_fail: OnFailTable = "stop"
    """A table that breaks the rule stops the run before anything is written, or all of its rows are marked."""
    output: NewColumn = "is_valid"
    """Name of the column that says whether the rule is kept, if rows are marked."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.on_fail == "flag":
            yield from taken(self.output, schemas[0])

    def _oldest(self) -> datetime:
        """The oldest moment that is fresh, by the clock of UTC."""
        now = datetime.now(UTC) if self.at is None else datetime.fromisoformat(self.at)
        now = now if now.tzinfo else now.replace(tzinfo=ZoneInfo(self.timezone))
        span = timedelta(microseconds=self.max_age * MICROSECONDS[self.unit])
        try:
            return now.astimezone(UTC).replace(tzinfo=None) - span
        except OverflowError:
            return datetime.min

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        facts = Aggregate(tables[0], (), (Measure("max", self.column, "__latest"),))
        dtype, latest = self.dtype(self.column), pl.col("__latest")
        if not isinstance(dtype, pl.Datetime) or dtype.time_zone is None:
            wall = latest.cast(pl.Datetime("us"))
            latest = wall.dt.replace_time_zone(self.timezone, ambiguous="latest", non_existent="null")
        moment = latest.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        broken = (moment < pl.lit(self._oldest(), pl.Datetime("us"))).fill_null(self.when_empty == "fail")
        what = (
            f"The latest {self.column!r} is to lie back {self.max_age:,} {self.unit}s at most, found {{!s}}. "
            "Nothing was written."
        )
        shown = pl.col("__latest").cast(pl.String, strict=False).fill_null("no date")
        mark = self.output if self.on_fail == "flag" else None
        return marked_or_passed(tables[0], facts, ("__latest",), RefuseRows(broken, what, shown), mark)

    def lineage(self, learned: Any = None) -> Mapping[str, frozenset[str]]:
        return {self.output: frozenset({self.column})} if self.on_fail == "flag" else {}


class StopIf(TableTransform):
    """Stop the run if a formula over totals, counts and other values of the whole table is true."""

    id = "stop_if"
    title = "Stop the flow if"
    terms = ("circuit breaker", "abort", "fail if", "halt", "assert aggregate", "guard")
    missing = "Missing values are left out of totals. A formula that is unknown stops nothing."
    examples = (
        Example(
            params={
                "aggregations": [
                    {"column": "amount", "function": "sum", "output": "total"},
                    {"function": "rows"},
                ],
                "expression": "total / rows > 1000",
                "message": "Amounts are too high",
            },
            before={"amount": [10, 20, None]},
            after={"amount": [10, 20, None]},
        ),
    )

    aggregations: Annotated[tuple[Aggregation, ...], Field(min_length=1)]
    """What to know of the table, each under a name of its own."""
    expression: Formula
    """A formula over these names; the run stops, before anything is written, if it is true."""
    message: str = Field("A condition to stop is met", min_length=1)
    """What to say then."""

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        parse(self.expression)
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for each in self.aggregations:
            if each.function in ORDERED:
                yield Problem(f"{each.function!r} is no value of the whole table.", "Choose another.", "aggregations")
                return
        yield from aggregation_problems(self.aggregations, (), (), schemas[0])
        try:
            found = compiled(self.expression, self._facts())
        except FormulaError as error:
            yield Problem(str(error), field="expression")
            return
        if found.dtype != pl.Boolean:
            advice = "Compare it with something, as in total > 1000."
            yield Problem(f"The formula gives {type_name(found.dtype)}, not true or false.", advice, "expression")

    def _facts(self) -> pl.Schema:
        """The names and types of what is known of the table."""
        types: dict[str, pl.DataType] = {}
        for each in self.aggregations:
            dtype = pl.Null() if each.column is None else self.dtype(each.column)
            match each.function:
                case "rows" | "count" | "count_distinct" | "count_missing":
                    types[each.name] = pl.Int64()
                case "sum" if dtype.is_integer() or dtype == pl.Boolean:
                    types[each.name] = pl.Int64()
                case "any" | "all":
                    types[each.name] = pl.Boolean()
                case "min" | "max" | "mode":
                    types[each.name] = dtype
                case _:
                    types[each.name] = pl.Float64()
        return pl.Schema(types)

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        facts = Aggregate(tables[0], (), tuple(each.measure() for each in self.aggregations))
        names = [each.name for each in self.aggregations]
        values = [
            pl.format(f"{name} {{}}", pl.col(name).cast(pl.String, strict=False).fill_null("(missing)"))
            for name in names
        ]
        met = compiled(self.expression, self._facts()).expr.fill_null(value=False)
        what = f"{self.message}: {{}}. Nothing was written."
        checked = MapRows(facts, RefuseRows(met, what, pl.concat_str(values, separator=", ")))
        # Named apart from the columns of the table, whatever the values are called.
        one = MapRows(checked, SelectColumns((exactly(names[0]).is_null().alias("__checked"),)))
        return MapRows(Join(tables[0], one, (), (), "cross"), DropColumns(("__checked",)))

    def lineage(self, learned: Any = None) -> Mapping[str, frozenset[str]]:
        return {}


TRANSFORMS: tuple[type[Transform], ...] = (AssertStatistic, AssertFresh, StopIf)
