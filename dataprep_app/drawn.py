"""Rows drawn by chance from a table that may be too large to hold, on any engine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from flows.engines.base import Engine
from transforms.core.columns import column
from transforms.core.random import draw
from transforms.core.relations import Aggregate, MapRows, Measure, Relation
from transforms.core.rowwise import SelectColumns
from transforms.core.statistics import Count, Rows, Sum

MOST_DIFFERENT = 100_000
"""Rows that differ up to which all of them are counted, where a table holds the same rows again and again."""
COUNT = "__rows"


@dataclass(frozen=True)
class Drawn:
    """Rows of a table."""

    rows: pl.DataFrame
    whole: int
    """Rows there are."""

    @property
    def sampled(self) -> bool:
        """Whether there are more."""
        return self.rows.height < self.whole


@dataclass(frozen=True)
class Copies:
    """How often the rows of a table are the same in every column."""

    rows: int
    different: int
    """Rows that differ."""
    copied: int
    """Rows that equal another one, all copies counted."""


def copies(engine: Engine, table: Relation, schema: pl.Schema) -> Copies:
    """Count equal rows, by a hash of 64 bits of their values."""
    if not schema:
        return Copies(0, 0, 0)
    hashed = MapRows(table, SelectColumns((pl.struct(map(column, schema)).hash(0).alias("row"),)))
    counted = Aggregate(hashed, ("row",), (Measure("rows", "row", COUNT),))
    repeated = pl.when(pl.col(COUNT) > 1).then(COUNT)
    ((rows, different, copied),) = engine.measure([(counted, [Sum(COUNT), Count(), Sum(repeated)])])
    return Copies(int(rows), different, int(copied))


def drawn(
    engine: Engine, table: Relation, schema: pl.Schema, most: int, seed: int = 0, known: Copies | None = None
) -> Drawn:
    """At most so many rows, all of them where there are no more; the same ones on every engine.

    A row is drawn by a hash of its values, so that equal rows would be drawn together. Where there are many of
    them, rows that differ are counted, and how many are taken of each is drawn as by chance without putting back.

    Args:
        engine: what runs the table.
        table: the rows.
        schema: their columns.
        most: rows to draw.
        seed: same seed, same rows.
        known: how often rows are the same, where that was counted before.
    """
    found = known or copies(engine, table, schema)
    if found.rows <= most:
        return Drawn(engine.collect(table), found.rows)
    names, nested = tuple(schema), any(dtype.is_nested() or dtype == pl.Binary for dtype in schema.dtypes())
    if nested or found.different > min(MOST_DIFFERENT, found.rows // 2):
        ((rows,),) = engine.measure([(table, [Rows(names, most, seed)])])
        return Drawn(rows, found.rows)
    counted = engine.collect(Aggregate(table, names, (Measure("rows", names[0], COUNT),)))
    ordered = counted.select(*map(column, names), COUNT).sort(draw(seed, names), *map(column, names))
    taken = np.random.default_rng(seed).multivariate_hypergeometric(ordered[COUNT].to_numpy(), most, method="marginals")
    return Drawn(ordered.drop(COUNT)[np.repeat(np.arange(ordered.height), taken)], found.rows)
