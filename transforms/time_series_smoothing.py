"""Statistics over all rows of a series so far: each as much as the others, or the later ones more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.aggregate import SortKeys
from transforms.core.columns import column as exactly
from transforms.core.relations import Aggregate, MapRows, Measure, Relation, Window, WindowFunction
from transforms.core.rowwise import AddColumns, DropColumns, SelectColumns
from transforms.core.sorting import group_keys, sortable
from transforms.core.transform import Example, Transform
from transforms.time_series_windows import MovingStatistic


class ExpandingAggregate(MovingStatistic):
    """Compute the mean, maximum or another statistic of all rows of a series so far."""

    id = "expanding_aggregate"
    title = "Expanding statistics"
    terms = ("running mean", "cumulative average", "running maximum", "so far", "expanding window", "historic mean")
    missing = (
        "Missing values (null and NaN) are left out, and rows that hold one get the statistic of the rows before; "
        "missing group values are one series."
    )
    examples = (
        Example(
            params={"columns": ["sales"], "order_by": [{"column": "day"}]},
            before={"day": [3, 1, 2, 4], "sales": [30.0, 10.0, None, 50.0]},
            after={
                "day": [3, 1, 2, 4],
                "sales": [30.0, 10.0, None, 50.0],
                "sales_mean_so_far": [20.0, 10.0, 10.0, 30.0],
            },
        ),
        Example(
            params={
                "columns": ["won"],
                "function": "count",
                "include_current": False,
                "order_by": [{"column": "day"}],
                "by": ["team"],
                "suffix": "_before",
            },
            before={"team": ["a", "a", "a", None], "day": [1, 2, 3, 1], "won": [1, None, 4, 8]},
            after={
                "team": ["a", "a", "a", None],
                "day": [1, 2, 3, 1],
                "won": [1, None, 4, 8],
                "won_before": [0, 1, 1, 0],
            },
        ),
    )

    function: Literal["mean", "min", "max", "std", "var", "median", "sum", "count"] = "mean"
    """What to compute; ``std`` and ``var`` are those of a sample, so null for a single value."""
    order_by: SortKeys
    """Which rows come before which; among equal ones the hash of the row decides."""
    include_current: bool = True
    """Look at the row and those before it; or only at those before, so that a feature tells nothing of its own row."""

    def ending(self) -> str:
        return f"_{self.function}_so_far"

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        groups = group_keys(self.by, self._schemas[0])
        ready = sortable(tables[0], self.order_by, self._schemas[0], break_ties=True)
        rows = MapRows(ready.table, AddColumns(groups.added)) if groups.added else ready.table
        moving = {name: f"__moving_{i}" for i, name in enumerate(self.columns)}
        function = "std" if self.function == "var" else self.function
        running = (WindowFunction("cumulative", each, name, function) for name, each in moving.items())
        filled = (WindowFunction("fill_forward", f"{each}_last", each) for each in moving.values())
        # A row without a value gets no running statistic of its own, but the last one.
        found = Window(Window(rows, groups.names, ready.by, tuple(running)), groups.names, ready.by, tuple(filled))
        known = (
            pl.when(self.present(name).is_not_null()).then(pl.col(each)).otherwise(pl.col(f"{each}_last")).alias(each)
            for name, each in moving.items()
        )
        done: Relation = MapRows(found, AddColumns(tuple(known)))
        if not self.include_current:
            before = (WindowFunction("shift", each, each) for each in moving.values())
            done = Window(done, groups.names, ready.by, tuple(before))
        results = tuple(self._result(each).alias(self.output(name)) for name, each in moving.items())
        helpers = (*moving.values(), *(f"{each}_last" for each in moving.values()), *ready.added, *groups.added_names)
        return MapRows(MapRows(done, AddColumns(results)), DropColumns(helpers))

    def _result(self, moving: str) -> pl.Expr:
        match self.function:
            case "var":
                return pl.col(moving) ** 2
            case "count":
                return pl.col(moving).fill_null(0)
            case _:
                return pl.col(moving)


@dataclass(frozen=True, eq=False)
class SeriesColumns:
    """Adds columns computed of the whole series, each of which is packed into a list in one row, in order."""

    columns: tuple[pl.Expr, ...]
    """Over the rows of a series."""

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        numbered = rows.select("__packed").with_row_index("__series")
        unpacked = numbered.explode("__packed", empty_as_null=False).unnest("__packed")
        return unpacked.with_columns(each.over("__series") for each in self.columns).drop("__series")


def packed(rows: Relation, by: tuple[str, ...], order_by: Any) -> Relation:
    """One row for each series, with its rows in a list named ``__packed``."""
    whole = MapRows(rows, AddColumns((pl.struct(pl.all()).alias("__packed"),)))
    return Aggregate(whole, by, (Measure("list", "__packed", "__packed"),), order_by)


Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class ExponentialSmoothing(MovingStatistic):
    """Compute a moving average of a series in which older values count less and less.

    Each series is brought together in one place, so it has to fit into the memory of one worker.
    """

    id = "exponential_smoothing"
    title = "Exponential moving average"
    terms = ("ewma", "ema", "ewm", "exponentially weighted", "smooth", "decay")
    missing = (
        "Missing values (null and NaN) are left out, and rows that hold one get the average of the rows before; values "
        "still fade by the rows in between; missing group values are one series."
    )
    examples = (
        Example(
            params={"columns": ["x"], "alpha": 0.5, "adjust": False, "order_by": [{"column": "day"}]},
            before={"day": [1, 2, 3, 4], "x": [0.0, 2.0, 4.0, None]},
            after={"day": [1, 2, 3, 4], "x": [0.0, 2.0, 4.0, None], "x_smooth_mean": [0.0, 1.0, 2.5, 2.5]},
        ),
        Example(
            params={
                "columns": ["x"],
                "half_life": 1,
                "order_by": [{"column": "day"}],
                "by": ["g"],
                "suffix": "_ewma",
            },
            before={
                "g": ["a", "a", None],
                "day": [date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 1)],
                "x": [3, 6, 9],
            },
            after={
                "g": ["a", "a", None],
                "day": [date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 1)],
                "x": [3, 6, 9],
                "x_ewma": [3.0, 5.0, 9.0],
            },
        ),
    )

    alpha: float | None = Field(None, gt=0, le=1)
    """Weight of the newest value, above 0 and up to 1; give this, a span or a half-life."""
    span: float | None = Field(None, ge=1, allow_inf_nan=False)
    """About how many rows count: the weight is 2 / (span + 1)."""
    half_life: Positive | None = None
    """After how many rows a value counts half."""
    function: Literal["mean", "std", "var"] = "mean"
    """What to compute; ``std`` and ``var`` are corrected for their bias, so null for a single value."""
    adjust: bool = True
    """Divide by the weights that there are, which matters at the beginning; or start from the first value as if it
    had been there for ever (exponential smoothing as Brown, 1956, has it)."""
    order_by: SortKeys
    """Which rows come before which; among equal ones the hash of the row decides."""

    @model_validator(mode="after")
    def _one_weight(self) -> Self:
        given = [name for name in ("alpha", "span", "half_life") if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none of them"
            raise ValueError(f"How fast values fade is said by alpha, span or half_life, found {found}. Give one.")
        return self

    def ending(self) -> str:
        return f"_smooth_{self.function}"

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        schema = self._schemas[0]
        groups = group_keys(self.by, schema)
        ready = sortable(tables[0], self.order_by, schema, break_ties=True)
        rows = MapRows(ready.table, AddColumns(groups.added)) if groups.added else ready.table
        smooth = tuple(self._smooth(name).alias(self.output(name)) for name in self.columns)
        done = MapRows(packed(rows, groups.names, ready.by), SeriesColumns(smooth))
        names = (*schema, *map(self.output, self.columns))
        return MapRows(done, SelectColumns(tuple(map(exactly, names))))

    def _smooth(self, name: str) -> pl.Expr:
        value = self.present(name).cast(pl.Float64)
        fading: Any = {"alpha": self.alpha, "span": self.span, "half_life": self.half_life}
        settings: Any = {"adjust": self.adjust, "ignore_nulls": False, **fading}
        match self.function:
            case "mean":
                found = value.ewm_mean(**settings)
            case "std":
                found = value.ewm_std(**settings, bias=False)
            case "var":
                found = value.ewm_var(**settings, bias=False)
        if self.function != "mean":
            found = pl.when(value.is_not_null().cum_sum() > 1).then(found)
        return pl.when(value.is_not_null()).then(found).forward_fill()


TRANSFORMS: tuple[type[Transform], ...] = (ExpandingAggregate, ExponentialSmoothing)
