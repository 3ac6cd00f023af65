"""Events in the order of their time: how long since one, and which belong to one visit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self

import polars as pl
from pydantic import AfterValidator, Field, model_validator

from transforms.core.columns import AnyKeyColumns, TemporalColumn, taken
from transforms.core.conditions import Condition
from transforms.core.errors import Problem
from transforms.core.params import NewColumn
from transforms.core.relations import MapRows, Relation, Window, WindowFunction
from transforms.core.rowwise import AddColumns, DropColumns
from transforms.core.sorting import SortKey, group_keys, sortable
from transforms.core.transform import Example, TableTransform, Transform
from transforms.date_parts import each_once
from transforms.date_units import MICROSECONDS, MONTHS, SpanUnit, Unit, clock, elapsed, moment, most


class TimeSinceLastEvent(TableTransform):
    """Add a column with the time since the last row of a series that met a condition."""

    id = "time_since_last_event"
    title = "Time since last event"
    terms = ("recency", "days since last purchase", "time between events", "since last failure", "elapsed")
    missing = (
        "Before the first event, and without a time, the result is missing; a condition that is unknown is not met; "
        "missing group values, NaN among them, are one series."
    )
    examples = (
        Example(
            params={
                "time": "at",
                "condition": {"column": "what", "op": "equals", "value": "sale"},
                "unit": "hour",
                "output": "hours",
            },
            before={
                "at": [datetime(2024, 1, 1, hour) for hour in (8, 9, 11, 12)] + [None],
                "what": ["visit", "sale", "visit", "sale", "sale"],
            },
            after={
                "at": [datetime(2024, 1, 1, hour) for hour in (8, 9, 11, 12)] + [None],
                "what": ["visit", "sale", "visit", "sale", "sale"],
                "hours": [None, None, 2, 3, None],
            },
        ),
        Example(
            params={
                "time": "at",
                "condition": {"column": "fault", "op": "is_true"},
                "by": ["machine"],
                "include_current": True,
                "whole": False,
            },
            before={
                "machine": ["a", "a", "b", None],
                "at": [datetime(2024, 1, 1), datetime(2024, 1, 2, 12), datetime(2024, 1, 3), datetime(2024, 1, 1)],
                "fault": [True, None, False, True],
            },
            after={
                "machine": ["a", "a", "b", None],
                "at": [datetime(2024, 1, 1), datetime(2024, 1, 2, 12), datetime(2024, 1, 3), datetime(2024, 1, 1)],
                "fault": [True, None, False, True],
                "since_event": [0.0, 1.5, None, 0.0],
            },
        ),
    )

    time: TemporalColumn
    """Column of times, which the rows follow; among equal ones the hash of the row decides."""
    condition: Condition
    """Which rows are events."""
    by: AnyKeyColumns = ()
    """Each group of these columns is a series of its own."""
    unit: Unit = "day"
    """What is counted; years, quarters and months by the calendar."""
    whole: bool = True
    """Count completed units only, or parts of them too."""
    include_current: bool = False
    """Let a row that is an event itself be the last one, so that the time is 0; by default only rows before are."""
    output: NewColumn = "since_event"
    """Name of the new column."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        schema, dtype = self._schemas[0], self.dtype(self.time)
        groups = group_keys(self.by, schema)
        ready = sortable(tables[0], (SortKey(column=self.time),), schema, break_ties=True)
        value = moment(self.time, dtype)
        if self.unit in MONTHS:
            value = clock(value, dtype)
        event = pl.when(self.condition.expr(schema)).then(value)
        rows = MapRows(ready.table, AddColumns((*groups.added, value.alias("__time"), event.alias("__event"))))
        last: Relation = Window(rows, groups.names, ready.by, (WindowFunction("fill_forward", "__last", "__event"),))
        if not self.include_current:
            last = Window(last, groups.names, ready.by, (WindowFunction("shift", "__last", "__last"),))
        since = elapsed(pl.col("__last"), pl.col("__time"), self.unit, whole=self.whole).alias(self.output)
        helpers = ("__time", "__event", "__last", *ready.added, *groups.added_names)
        return MapRows(MapRows(last, AddColumns((since,))), DropColumns(helpers))


SessionPart = Literal["position", "rows", "duration"]


class Sessionize(TableTransform):
    """Number the sessions of events: a new one begins after a pause longer than a chosen time."""

    id = "sessionize"
    title = "Sessionize events"
    terms = ("session id", "visits", "clickstream", "user sessions", "inactivity timeout", "trips")
    missing = (
        "Rows without a time belong to no session; missing group values, NaN among them, are one series of events."
    )
    examples = (
        Example(
            params={"time": "at", "by": ["user"], "parts": ["position", "rows", "duration"]},
            before={
                "user": ["a", "a", "a", "b", None],
                "at": [datetime(2024, 1, 1, 8, minute) for minute in (0, 30)]
                + [datetime(2024, 1, 1, 9, 1), datetime(2024, 1, 1, 8), None],
            },
            after={
                "user": ["a", "a", "a", "b", None],
                "at": [datetime(2024, 1, 1, 8, minute) for minute in (0, 30)]
                + [datetime(2024, 1, 1, 9, 1), datetime(2024, 1, 1, 8), None],
                "session": [1, 1, 2, 1, None],
                "session_position": [1, 2, 1, 1, None],
                "session_rows": [2, 2, 1, 1, None],
                "session_duration": [timedelta(minutes=30)] * 2 + [timedelta(0)] * 2 + [None],
            },
        ),
    )

    time: TemporalColumn
    """Column of times, which the events follow; among equal ones the hash of the row decides."""
    by: AnyKeyColumns = ()
    """Who the events are of: sessions are numbered from 1 in each group of these columns."""
    gap: int = Field(30, ge=0)
    """A pause longer than this ends a session."""
    unit: SpanUnit = "minute"
    """What the gap is counted in; a day is 24 hours."""
    output: NewColumn = "session"
    """Name of the new column with the number of the session."""
    parts: Annotated[tuple[SessionPart, ...], AfterValidator(each_once)] = ()
    """What else to add, each into a column named after the session and the part.

    The place of the row in its session, from 1; how many rows the session has; and the time from its first row to
    its last."""

    @model_validator(mode="after")
    def _gap_is_possible(self) -> Self:
        if self.gap > most(self.unit):
            raise ValueError(f"{self.gap} {self.unit}s are longer than time itself: at most {most(self.unit)} are.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])
        for part in self.parts:
            yield from taken(f"{self.output}_{part}", schemas[0], "parts")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        groups = group_keys(self.by, self._schemas[0])
        ready = sortable(tables[0], (SortKey(column=self.time),), self._schemas[0], break_ties=True)
        time = moment(self.time, self.dtype(self.time)).dt.epoch("us").alias("__time")
        rows = MapRows(ready.table, AddColumns((*groups.added, time)))
        before = Window(rows, groups.names, ready.by, (WindowFunction("shift", "__before", "__time"),))
        pause = pl.col("__time") - pl.col("__before")
        starts = pause.is_null() | (pause > self.gap * MICROSECONDS[self.unit])
        start = pl.when(pl.col("__time").is_not_null()).then(starts.cast(pl.Int64)).alias("__start")
        marked = MapRows(before, AddColumns((start,)))
        sessions = Window(marked, groups.names, ready.by, (WindowFunction("cumulative", "__session", "__start"),))
        inside = (
            WindowFunction("row_number", "__position"),
            WindowFunction("group", "__rows", "__time", "count"),
            WindowFunction("group", "__first", "__time", "min"),
            WindowFunction("group", "__last", "__time", "max"),
        )
        whole = Window(sessions, (*groups.names, "__session"), ready.by, inside) if self.parts else sessions
        helpers = ["__time", "__before", "__start", "__session", *(each.output for each in inside if self.parts)]
        made = MapRows(whole, AddColumns(tuple(self._outputs())))
        return MapRows(made, DropColumns((*helpers, *ready.added, *groups.added_names)))

    def _outputs(self) -> Iterator[pl.Expr]:
        session = pl.col("__session")
        yield session.alias(self.output)
        found = {
            "position": pl.col("__position"),
            "rows": pl.col("__rows"),
            "duration": (pl.col("__last") - pl.col("__first")).cast(pl.Duration("us")),
        }
        for part in self.parts:
            yield pl.when(session.is_not_null()).then(found[part]).alias(f"{self.output}_{part}")


TRANSFORMS: tuple[type[Transform], ...] = (TimeSinceLastEvent, Sessionize)
