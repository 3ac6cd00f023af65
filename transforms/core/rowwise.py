"""Small steps that look at one row at a time, for plans that need them between other relations.

Names of columns that a plan adds and takes away again begin with two underscores.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any

import polars as pl
from polars import selectors

from transforms.core.errors import StepError
from transforms.core.relations import MapRows, Relation, inputs_of


@dataclass(frozen=True, eq=False)
class AddColumns:
    """Adds columns, or replaces them."""

    exprs: tuple[pl.Expr, ...]

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        return rows.with_columns(self.exprs)


@dataclass(frozen=True, eq=False)
class SelectColumns:
    """Keeps columns, or makes them, and no others."""

    exprs: tuple[pl.Expr, ...]

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        return rows.select(self.exprs)


@dataclass(frozen=True)
class DropColumns:
    """Takes columns away."""

    columns: tuple[str, ...]

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        return rows.drop(selectors.by_name(*self.columns))  # a bare name may be taken for a pattern


@dataclass(frozen=True, eq=False)
class KeepRows:
    """Keeps the rows for which a condition is true, and takes columns away that only the condition needed."""

    where: pl.Expr
    drop: tuple[str, ...] = field(default=())

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        return rows.filter(self.where).drop(self.drop)


@dataclass(frozen=True, eq=False)
class RefuseRows:
    """Stops the run at the first row for which a condition is true.

    What a run counts and reports are conditions over one row of the input (``failures``); this is for
    what only shows in the plan, such as a key that occurs twice.
    """

    where: pl.Expr
    what: str
    """A sentence that says what was found and what to do; ``{}`` in it stands for ``shown`` in quotes, ``{!s}`` for it
    as it is."""
    shown: pl.Expr = field(default_factory=lambda: pl.lit(""))

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        both = pl.struct(self.where.alias("where"), self.shown.cast(pl.String, strict=False).alias("shown"))
        return rows.filter(both.map_batches(self._passed, return_dtype=pl.Boolean, is_elementwise=True))

    def _passed(self, rows: pl.Series) -> pl.Series:
        refused = rows.struct.field("shown").filter(rows.struct.field("where").fill_null(False))
        if len(refused):
            raise StepError(self.what.replace("{!s}", str(refused[0])).replace("{}", repr(refused[0])))
        return pl.repeat(True, len(rows), dtype=pl.Boolean, eager=True)


@dataclass(frozen=True, eq=False)
class CountRows:
    """Lets all rows pass; a run counts those for which a condition is true, as it counts ``failures``.

    For values that are lost by what only shows in the plan, such as a key that another table does not have.
    """

    column: str
    where: pl.Expr
    what: str
    """What happened to them, as :attr:`transforms.core.transform.Failure.what` has it."""

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        return rows


def rows_to_count(outputs: Iterable[Relation], inputs: Iterable[Relation]) -> Iterator[tuple[Relation, CountRows]]:
    """What is to be counted between the inputs and the outputs of a step, each with its table."""
    seen, waiting = set(inputs), list(outputs)
    while waiting:
        relation = waiting.pop()
        if relation in seen:
            continue
        seen.add(relation)
        if isinstance(relation, MapRows) and isinstance(relation.step, CountRows):
            yield relation.table, relation.step
        waiting += inputs_of(relation)


def refused_by(step: str, outputs: Iterable[Relation], inputs: Iterable[Relation]) -> tuple[Relation, ...]:
    """The outputs of a step, made so that what is refused between the inputs and them begins with its name."""
    made: dict[Relation, Relation] = {each: each for each in inputs}

    def named(value: Any) -> Any:
        if isinstance(value, tuple):
            changed = tuple(map(named, value))
            return value if all(map(_same, changed, value)) else changed
        if isinstance(value, RefuseRows):
            return replace(value, what=f"{step}: {value.what}")
        if not isinstance(value, Relation):
            return value
        if value not in made:
            parts = {each.name: getattr(value, each.name) for each in fields(value)}
            changes = {name: new for name, part in parts.items() if (new := named(part)) is not part}
            made[value] = replace(value, **changes) if changes else value
        return made[value]

    return tuple(map(named, outputs))


def _same(first: object, second: object) -> bool:
    return first is second


def nan_as_null(table: Relation, columns: Iterable[str], schema: pl.Schema) -> Relation:
    """The table with NaN in the given columns as null, so that it is missing in keys as it is elsewhere."""
    floats = tuple(pl.col(name).fill_nan(None) for name in columns if schema[name].is_float())
    return MapRows(table, AddColumns(floats)) if floats else table
