"""Series: values of other rows before or after, series as lists, times that are in order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.aggregate import SortKeys
from transforms.core.columns import AnyKeyColumns, Columns, TemporalColumn, taken
from transforms.core.columns import column as exactly
from transforms.core.conditions import literal, typed
from transforms.core.dtypes import type_name
from transforms.core.errors import Problem
from transforms.core.params import NewColumn, Scalar
from transforms.core.relations import Aggregate, MapRows, Measure, Relation, Window, WindowFunction
from transforms.core.rowwise import AddColumns, CountRows, DropColumns, KeepRows, RefuseRows, SelectColumns, nan_as_null
from transforms.core.sorting import SortKey, group_keys, sortable
from transforms.core.transform import Example, Failure, TableTransform, Transform
from transforms.date_units import Unit, shifted
from transforms.rows_filter import Moment


class Shift(TableTransform):
    """Takes values of rows some places away."""

    missing = "A missing value is taken as it is; missing group values, NaN among them, are one group."

    sign: ClassVar[int]
    """1 for rows before, -1 for rows after."""
    word: ClassVar[str]
    """What stands in the names of new columns."""

    columns: Columns
    """Columns whose values are taken."""
    periods: tuple[Annotated[int, Field(ge=1, le=100_000)], ...] = Field((1,), min_length=1)
    """How many rows away, counted from 1; a column for each."""
    order_by: SortKeys
    """Which rows come before which; among equal ones the hash of the row decides."""
    by: AnyKeyColumns = ()
    """Each group of these columns is a series of its own."""
    fill: Scalar | None = None
    """What to put where the series has no such row, dates as ISO text; missing when empty."""

    @model_validator(mode="after")
    def _periods_differ(self) -> Self:
        if len(set(self.periods)) < len(self.periods):
            raise ValueError("A period is listed more than once.")
        return self

    def _outputs(self) -> dict[tuple[str, int], str]:
        return {(name, n): f"{name}_{self.word}_{n}" for name in self.columns for n in self.periods}

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for output in self._outputs().values():
            yield from taken(output, schemas[0], "columns")
        if self.fill is not None:
            for name in self.columns:
                dtype = self.dtype(name)
                if dtype != pl.Null and (dtype.is_nested() or typed(self.fill, dtype) is None):
                    found = f"{self.fill!r} is not a {type_name(dtype)}, which is what {name!r} holds."
                    yield Problem(found, "Write it in the column's type, or leave it empty.", "fill")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        schema, outputs = self._schemas[0], self._outputs()
        groups = group_keys(self.by, schema)
        ready = sortable(tables[0], self.order_by, schema, break_ties=True)
        rows = MapRows(ready.table, AddColumns((*groups.added, pl.lit(True).alias("__row"))))
        inside = {n: f"__row_{n}" for n in self.periods} if self.fill is not None else {}
        functions = (
            *(WindowFunction("shift", each, name, offset=self.sign * n) for (name, n), each in outputs.items()),
            *(WindowFunction("shift", each, "__row", offset=self.sign * n) for n, each in inside.items()),
        )
        found: Relation = Window(rows, groups.names, ready.by, functions)
        if inside:
            filled = (self._filled(each, name, inside[n]) for (name, n), each in outputs.items())
            found = MapRows(found, AddColumns(tuple(filled)))
        return MapRows(found, DropColumns(("__row", *inside.values(), *ready.added, *groups.added_names)))

    def _filled(self, output: str, name: str, inside: str) -> pl.Expr:
        dtype = self.dtype(name)
        if dtype == pl.Null or self.fill is None:
            return exactly(output)
        fill = literal(typed(self.fill, dtype), dtype).cast(dtype)
        return pl.when(pl.col(inside).is_null()).then(fill).otherwise(exactly(output)).alias(output)


class LagColumn(Shift):
    """Put beside each row the value of a row before it in its series."""

    id = "lag_column"
    title = "Lag"
    terms = ("previous value", "shift", "last value", "lagged feature", "value n rows ago", "lag features")
    examples = (
        Example(
            params={"columns": ["sales"], "periods": [1, 2], "order_by": [{"column": "day"}]},
            before={"day": [3, 1, 2], "sales": [30, 10, None]},
            after={
                "day": [3, 1, 2],
                "sales": [30, 10, None],
                "sales_lag_1": [None, None, 10],
                "sales_lag_2": [10, None, None],
            },
        ),
        Example(
            params={"columns": ["x"], "order_by": [{"column": "day"}], "by": ["shop"], "fill": 0},
            before={"shop": ["a", "a", None, "a"], "day": [1, 2, 1, 3], "x": [5, None, 7, 9]},
            after={
                "shop": ["a", "a", None, "a"],
                "day": [1, 2, 1, 3],
                "x": [5, None, 7, 9],
                "x_lag_1": [0, 5, 0, None],
            },
        ),
    )

    sign = 1
    word = "lag"


class LeadColumn(Shift):
    """Put beside each row the value of a row after it in its series, which a prediction cannot know."""

    id = "lead_column"
    title = "Lead"
    terms = ("next value", "shift back", "look ahead", "future value", "forecast target")
    examples = (
        Example(
            params={"columns": ["sales"], "order_by": [{"column": "day"}]},
            before={"day": [3, 1, 2], "sales": [30, 10, None]},
            after={"day": [3, 1, 2], "sales": [30, 10, None], "sales_lead_1": [None, None, 30]},
        ),
    )

    sign = -1
    word = "lead"


class SeriesToList(TableTransform):
    """Make one row of each series, with its values in lists."""

    id = "series_to_list"
    title = "Collect series into lists"
    terms = ("group time series", "collect_list", "nest series", "sequence per group", "time series group by")
    changes_rows = True
    missing = (
        "Missing group values, NaN among them, are one series; missing values keep their place in the lists; rows "
        "without a value to order by come last."
    )
    examples = (
        Example(
            params={"by": ["shop"], "order_by": [{"column": "day"}], "columns": ["sales"]},
            before={
                "shop": ["a", None, "a"],
                "day": [date(2024, 1, 2), date(2024, 1, 1), date(2024, 1, 1)],
                "sales": [2, 3, None],
            },
            after={
                "shop": ["a", None],
                "sales": [[None, 2], [3]],
                "day_start": [date(2024, 1, 1), date(2024, 1, 1)],
                "day_end": [date(2024, 1, 2), date(2024, 1, 1)],
            },
        ),
        Example(
            params={
                "order_by": [{"column": "t", "descending": True}],
                "columns": ["t", "word"],
                "add_start_end": False,
            },
            before={"t": [1, 3, 2], "word": ["x", "z", None]},
            after={"t": [[3, 2, 1]], "word": [["z", None, "x"]]},
        ),
    )

    by: AnyKeyColumns = ()
    """Columns that make the series; the whole table is one without any."""
    order_by: SortKeys
    """What the values follow in the lists; among equal rows the hash of the row decides."""
    columns: Columns
    """Columns whose values are collected, each into a list."""
    add_start_end: bool = True
    """Add columns with the smallest and the largest value of the first column that is ordered by."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        names = [*self.by, *self.columns, *self._ends()]
        for name in sorted({name for name in names if names.count(name) > 1}):
            found = f"Two columns of the result would be named {name!r}."
            yield Problem(found, "Leave one out, or rename it first.", "columns")

    def _ends(self) -> tuple[str, ...]:
        first = self.order_by[0].column
        return (f"{first}_start", f"{first}_end") if self.add_start_end else ()

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        schema, first = self._schemas[0], self.order_by[0].column
        rows = nan_as_null(tables[0], self.by, schema)
        ready = sortable(rows, self.order_by, schema, break_ties=True)
        # A list leaves out missing values; packed together, those of a row keep their place.
        packed = pl.struct(exactly(name).alias(f"value_{i}") for i, name in enumerate(self.columns)).alias("__values")
        ends = (Measure("min", first, f"{first}_start"), Measure("max", first, f"{first}_end"))
        lists = Aggregate(
            MapRows(ready.table, AddColumns((packed,))),
            self.by,
            (Measure("list", "__values", "__values"), *(ends if self.add_start_end else ())),
            ready.by,
        )
        values = (
            pl.col("__values").list.eval(pl.element().struct.field(f"value_{i}")).alias(name)
            for i, name in enumerate(self.columns)
        )
        return MapRows(lists, SelectColumns((*map(exactly, self.by), *values, *map(exactly, self._ends()))))


class ValidateTimestamps(TableTransform):
    """Find rows of a series whose time is missing, repeated or out of order."""

    id = "validate_timestamps"
    title = "Validate timestamps"
    terms = ("check dates", "duplicate timestamps", "out of order", "monotonic time", "invalid timestamps")
    changes_rows = True
    missing = "Missing times are fine or a fault, as chosen; missing group values, NaN among them, are one series."
    examples = (
        Example(
            params={"column": "at", "by": ["sensor"], "order_by": [{"column": "id"}]},
            before={
                "id": [1, 2, 3, 4, 5],
                "sensor": ["a", "b", "a", None, None],
                "at": [datetime(2024, 1, 1), datetime(2024, 1, 1), datetime(2024, 1, 1), None, None],
            },
            after={
                "id": [1, 2, 3, 4, 5],
                "sensor": ["a", "b", "a", None, None],
                "at": [datetime(2024, 1, 1), datetime(2024, 1, 1), datetime(2024, 1, 1), None, None],
                "invalid_time": [False, False, True, False, False],
            },
        ),
        Example(
            params={
                "column": "at",
                "on_invalid": "drop",
                "check_monotone": True,
                "allow_missing": False,
                "order_by": [{"column": "id"}],
            },
            before={
                "id": [1, 2, 3, 4, 5],
                "at": [date(2024, 1, 1), date(2024, 1, 3), date(2024, 1, 2), date(2024, 1, 3), None],
            },
            after={"id": [1, 2], "at": [date(2024, 1, 1), date(2024, 1, 3)]},
        ),
    )

    column: TemporalColumn
    """Column of times."""
    on_invalid: Literal["flag", "drop", "fail"] = "flag"
    """Mark such rows in a new column, drop them, or stop the run."""
    check_duplicates: bool = True
    """Find times that a series has had before; the first of equal rows is valid."""
    check_monotone: bool = False
    """Find times earlier than that of a row before; needs an order other than the time itself."""
    allow_missing: bool = True
    """Take missing times as valid."""
    by: AnyKeyColumns = ()
    """Each group of these columns is a series of its own."""
    order_by: tuple[SortKey, ...] = ()
    """Which rows come before which, such as a number of arrival; among equal ones the hash of the row decides."""
    output: NewColumn = "invalid_time"
    """Name of the column that is true where the time is invalid; only where rows are marked."""

    @model_validator(mode="after")
    def _order_is_given(self) -> Self:
        if self.check_monotone and not self.order_by:
            raise ValueError(
                "Whether times are in order shows only against another order. Choose a column to order by."
            )
        if not (self.check_duplicates or self.check_monotone) and self.allow_missing:
            raise ValueError("Nothing is checked. Choose something to check.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.on_invalid == "flag":
            yield from taken(self.output, schemas[0])

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        schema = self._schemas[0]
        groups = group_keys(self.by, schema)
        ready = sortable(tables[0], self.order_by, schema, break_ties=True)
        found: Relation = MapRows(ready.table, AddColumns(groups.added)) if groups.added else ready.table
        time, faults, helpers = exactly(self.column), [], [*ready.added, *groups.added_names]
        if self.check_duplicates:
            numbered = WindowFunction("row_number", "__time_number")
            found = Window(found, (*groups.names, self.column), ready.by, (numbered,))
            faults.append(time.is_not_null() & (pl.col("__time_number") > 1))
            helpers.append("__time_number")
        if self.check_monotone:
            latest = WindowFunction("cumulative", "__time_latest", self.column, "max")
            found = Window(found, groups.names, ready.by, (latest,))
            faults.append((time < pl.col("__time_latest")).fill_null(value=False))
            helpers.append("__time_latest")
        if faults and self.on_invalid != "fail":
            result = {"flag": "were marked", "drop": "were dropped"}[self.on_invalid]
            wrong = pl.any_horizontal(faults)
            found = MapRows(found, CountRows(self.column, wrong, f"{result}: the time is repeated or out of order"))
        if not self.allow_missing:
            faults.append(time.is_null())
        return self._mended(found, pl.any_horizontal(faults), tuple(helpers))

    def _mended(self, rows: Relation, invalid: pl.Expr, helpers: tuple[str, ...]) -> Relation:
        match self.on_invalid:
            case "drop":
                return MapRows(rows, KeepRows(~invalid, helpers))
            case "flag":
                return MapRows(MapRows(rows, AddColumns((invalid.alias(self.output),))), DropColumns(helpers))
            case _:
                what = (
                    f"Column {self.column!r} holds the time {{}}, which is repeated or out of order. Mend the "
                    "rows first, or let this step mark or drop them."
                )
                shown = exactly(self.column).cast(pl.String)
                # Missing times stop the run as well: they are counted, see failures.
                refused = invalid & exactly(self.column).is_not_null()
                return MapRows(MapRows(rows, RefuseRows(refused, what, shown)), DropColumns(helpers))

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if not self.allow_missing:
            what = {"flag": "were marked", "drop": "were dropped", "fail": "are not allowed"}[self.on_invalid]
            where = exactly(self.column).is_null()
            stop = self.on_invalid == "fail"
            yield Failure(column=self.column, where=where, what=f"{what}: the time is missing", stop=stop)


class AddDatetimeRange(TableTransform):
    """Give each row the next of a range of evenly spaced times."""

    id = "add_datetime_range"
    title = "Add generated timestamps"
    terms = ("date_range", "generate dates", "sequence of timestamps", "time index")
    missing = "Rows without a value to order by come last; missing group values, NaN among them, are one series."
    examples = (
        Example(
            params={"start": "2024-01-31", "unit": "month", "order_by": [{"column": "id"}], "output": "due"},
            before={"id": [2, 1, None, 3]},
            after={
                "id": [2, 1, None, 3],
                "due": [datetime(2024, 2, 29), datetime(2024, 1, 31), datetime(2024, 4, 30), datetime(2024, 3, 31)],
            },
        ),
        Example(
            params={
                "start": "2024-01-01T08:00",
                "every": 30,
                "unit": "minute",
                "order_by": [{"column": "n"}],
                "by": ["g"],
            },
            before={"g": ["a", "a", None], "n": [1, 2, 1]},
            after={
                "g": ["a", "a", None],
                "n": [1, 2, 1],
                "time": [datetime(2024, 1, 1, 8), datetime(2024, 1, 1, 8, 30), datetime(2024, 1, 1, 8)],
            },
        ),
    )

    start: Moment
    """Time of the first row, ISO text without a time zone."""
    every: int = Field(1, ge=1, le=1_000_000)
    """How many units lie between a row and the next."""
    unit: Unit = "day"
    """What the steps are counted in; steps of months from the 31st end on the last day of shorter months."""
    order_by: SortKeys
    """Which rows come before which; among equal ones the hash of the row decides."""
    by: AnyKeyColumns = ()
    """Start anew in each group of these columns."""
    output: NewColumn = "time"
    """Name of the new column."""

    @model_validator(mode="after")
    def _start_has_no_zone(self) -> Self:
        if datetime.fromisoformat(self.start).tzinfo is not None:
            raise ValueError(f"The start {self.start} has a time zone, which the new column has not. Leave it out.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        schema = self._schemas[0]
        groups = group_keys(self.by, schema)
        ready = sortable(tables[0], self.order_by, schema, break_ties=True)
        rows = MapRows(ready.table, AddColumns(groups.added)) if groups.added else ready.table
        numbered = Window(rows, groups.names, ready.by, (WindowFunction("row_number", "__number"),))
        dtype = pl.Datetime("us")
        start = pl.lit(datetime.fromisoformat(self.start), dtype)
        time = shifted(start, dtype, (pl.col("__number") - 1) * self.every, self.unit).alias(self.output)
        what = f"The range that starts at {self.start} leaves the year 9999 after {{}} rows. Choose smaller steps."
        timed = MapRows(numbered, AddColumns((time,)))
        checked = MapRows(timed, RefuseRows(exactly(self.output).is_null(), what, pl.col("__number")))
        return MapRows(checked, DropColumns(("__number", *ready.added, *groups.added_names)))


TRANSFORMS: tuple[type[Transform], ...] = (
    LagColumn,
    LeadColumn,
    SeriesToList,
    ValidateTimestamps,
    AddDatetimeRange,
)
