"""Rows that are counted on the way, where a table would have to be computed a second time to count them.

A run says how many rows each step gave. Where groups are made of a table, the sizes of the groups add up to its rows,
so that they are counted with what is written and the table needs neither another pass nor to be kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import polars as pl

from flows.engines.base import Write
from transforms.core.relations import Aggregate, MapRows, Measure, Relation, base_of
from transforms.core.rowwise import AddColumns, CountRows, DropColumns, RefuseRows, SelectColumns
from transforms.core.transform import Transform

SIZE = "__engine_rows"
"""Rows of a group."""


@dataclass(frozen=True)
class Counting:
    """What is written and counted, some counts being sums over groups instead."""

    writes: Sequence[Write]
    counts: Sequence[Relation]
    conditions: Sequence[tuple[Relation, pl.Expr]]
    summed: dict[int, int]
    """For places of counts, the condition whose sum is the count; they are not among ``counts``."""

    def numbers(self, counts: Sequence[int], conditions: Sequence[int]) -> tuple[list[int], list[int]]:
        """The counts and the numbers of conditions that were asked for at first."""
        rest = iter(counts)
        whole = len(self.summed) + len(self.counts)
        found = [conditions[self.summed[i]] if i in self.summed else next(rest) for i in range(whole)]
        return found, list(conditions[: len(conditions) - len(set(self.summed.values()))])


def counting(
    writes: Sequence[Write], counts: Sequence[Relation], conditions: Sequence[tuple[Relation, pl.Expr]]
) -> Counting:
    """Count the rows that groups are made of by the groups, where the groups are written."""
    groups = {base: None for each in writes if isinstance(base := base_of(each.relation), Aggregate)}
    found: dict[int, Aggregate] = {}
    for i, table in enumerate(counts):
        for each in groups:
            if any(table is below for below in _same_rows(each.table)):
                found[i] = each
    places: dict[Aggregate, int] = {}
    made: dict[Relation, Relation] = {}
    sizes: list[tuple[Relation, pl.Expr]] = []
    for each in dict.fromkeys(found.values()):
        sized = replace(each, measures=(*each.measures, Measure("rows", SIZE, SIZE)))
        made[each] = MapRows(sized, DropColumns((SIZE,)))
        places[each] = len(conditions) + len(sizes)
        sizes.append((sized, pl.col(SIZE)))
    return Counting(
        [replace(each, relation=_on(each.relation, made)) for each in writes],
        [_on(each, made) for i, each in enumerate(counts) if i not in found],
        [*((_on(table, made), where) for table, where in conditions), *sizes],
        {i: places[each] for i, each in found.items()},
    )


def _same_rows(table: Relation) -> Iterator[Relation]:
    """A table and those below it that have as many rows."""
    yield table
    while isinstance(table, MapRows) and _keeps_rows(table):
        table = table.table
        yield table


def _keeps_rows(table: MapRows) -> bool:
    step = table.step
    if isinstance(step, Transform):
        return not step.changes_rows
    return isinstance(step, AddColumns | SelectColumns | DropColumns | CountRows | RefuseRows)


def _on(table: Relation, made: dict[Relation, Relation]) -> Relation:
    """A chain of row steps on another base, each of its tables once."""
    if table not in made:
        under = _on(table.table, made) if isinstance(table, MapRows) else table
        made[table] = table
        if isinstance(table, MapRows) and under is not table.table:
            made[table] = MapRows(under, table.step, table.learned)
    return made[table]
