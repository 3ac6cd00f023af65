"""Tables that carry no column which nobody looks at, for an engine that moves rows between machines.

Polars does this by itself within a query. Where row steps and relations take turns, a cluster sees row steps as boxes
that take and give all columns, so that a join would move every column of a wide table for a sum over two of them. Here
it is found out from the top down which columns each relation has to give, what row steps read being asked of polars;
then the plan is made again with the others left out, as early as can be. Rows and their values stay the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import polars as pl
from polars.io.plugins import register_io_source

from transforms.core import relations as rel
from transforms.core.columns import column
from transforms.core.rowwise import SelectColumns
from transforms.core.statistics import Statistic

Schemas = Callable[[rel.Relation], pl.Schema]
Part = rel.Relation | tuple[rel.Relation, ...]
Needed = frozenset[str] | None
"""Columns that are looked at; ``None`` for all of them."""
SCAN = "PYTHON SCAN"
"""What polars calls a source of this kind in a plan."""


class _Known(Exception):
    """Polars asked for the columns it needs, which is all that was to be known: no step has run."""


@dataclass(frozen=True, eq=False)
class _Restored:
    """Puts columns that were left out back, empty: row steps may name them, though nobody looks at what they hold."""

    schema: pl.Schema

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        there = rows.collect_schema()
        return rows.select(
            column(name) if name in there else pl.lit(None, dtype).alias(name) for name, dtype in self.schema.items()
        )


def narrowed(wanted: Sequence[tuple[rel.Relation, Needed]], schemas: Schemas) -> Mapping[rel.Relation, rel.Relation]:
    """Relations made again, so that tables below them have no column in vain.

    Args:
        wanted: tables, each with the columns that are looked at, or ``None`` for all of them.
        schemas: the columns of a table, in order.

    Returns:
        For each wanted table the one to compute in its place: the same rows, in which columns that are not looked at
        may be missing or empty.
    """
    roots = [each for each, _ in wanted]
    needs: dict[rel.Relation, Needed] = {}

    def ask(table: rel.Relation, columns: Needed) -> None:
        needs[table] = _both(needs.get(table, frozenset()), columns)

    for each, columns in wanted:
        ask(each, columns)
    order = _users_first(roots)
    for each in order:
        for table, columns in _asked(each, needs[each], schemas):
            ask(table, columns)
    making = _Making(needs, schemas)
    for each in reversed(order):
        making.make(each)
    return {each: making.made[each] for each in roots}


@dataclass(frozen=True)
class _Making:
    """Relations made again from the sources up, each once."""

    needs: Mapping[rel.Relation, Needed]
    schemas: Schemas
    made: dict[rel.Relation, rel.Relation] = field(default_factory=dict)

    def make(self, table: rel.Relation) -> rel.Relation:
        """A relation on top of those it is made of as they are now."""
        if table not in self.made:
            self.made[table] = self._mapped(table) if isinstance(table, rel.MapRows) else self._related(table)
        return self.made[table]

    def _mapped(self, table: rel.MapRows) -> rel.Relation:
        under = self.make(table.table)
        if not isinstance(table.table, rel.MapRows) and under is not table.table:
            before = self.schemas(table.table)
            under = under if self.schemas(under) == before else rel.MapRows(under, _Restored(before))
        return table if under is table.table else rel.MapRows(under, table.step, table.learned)

    def _related(self, table: rel.Relation) -> rel.Relation:
        if _opens(table):
            return table
        parts = list(_parts(table))
        inputs = {each: self._input(each) for _, value in parts for each in _several(value)}
        if all(old is new for old, new in inputs.items()):
            return table
        again: dict[str, Any] = {
            name: tuple(inputs[each] for each in value) if isinstance(value, tuple) else inputs[value]
            for name, value in parts
        }
        return replace(table, **again)

    def _input(self, table: rel.Relation) -> rel.Relation:
        """A table that goes into a relation: where polars makes it, with no column in vain."""
        made, needed, schema = self.make(table), self.needs[table], self.schemas(table)
        # One column stays in any case, so that the rows do.
        kept = [name for name in schema if needed is None or name in needed] or schema.names()[:1]
        if len(kept) == len(schema) or not (isinstance(table, rel.MapRows) or _opens(table)):
            return made
        return rel.MapRows(made, SelectColumns(tuple(map(column, kept))))


def looked_at(statistics: Iterable[Statistic]) -> Needed:
    """The columns that statistics look at."""
    found: set[str] = set()
    for each in statistics:
        for name in (one.name for one in fields(each)):
            value = getattr(each, name)
            for one in value if isinstance(value, tuple) else (value,):
                if isinstance(one, pl.Expr):
                    found.update(one.meta.root_names())
                elif isinstance(one, str):
                    found.add(one)
    return frozenset(found)


def columns_read(table: rel.Relation, outputs: Needed, schemas: Schemas) -> Needed:
    """The columns that the row steps a table ends in read of the one below them, for some columns of what they give."""
    base, steps = rel.row_chain(table)
    schema, seen = schemas(base), list[Needed]()
    if not schema:
        return None

    def scan(
        columns: list[str] | None, _predicate: pl.Expr | None, _rows: int | None, _batch: int | None
    ) -> Iterator[pl.DataFrame]:
        seen.append(None if columns is None else frozenset(columns))
        raise _Known
        yield

    rows = source = register_io_source(scan, schema=schema)
    for each in steps:
        rows = each(rows)
    if outputs is not None:
        kept = [name for name in schemas(table) if name in outputs]
        rows = rows.select(map(column, kept)) if kept else rows.select(pl.len())
    if rows.explain().count(SCAN) != source.explain().count(SCAN):
        return None  # steps that take the rows more than once
    try:
        rows.collect(engine="in-memory")
    except _Known:
        return seen[0]
    return frozenset()


def _asked(table: rel.Relation, needed: Needed, schemas: Schemas) -> Iterator[tuple[rel.Relation, Needed]]:
    """What a relation asks of those it is made of, when so much is asked of it."""
    match table:
        case rel.MapRows():
            yield rel.base_of(table), columns_read(table, needed, schemas)
        case rel.Aggregate(each, by, measures, order_by):
            columns = {measure.column for measure in measures if measure.function != "rows"}
            yield each, frozenset({*by, *columns, *(key.column for key in order_by)})
        case rel.Join():
            yield from _of_join(table, needed, schemas)
        case rel.Sort(each, by):
            yield each, _and(needed, (key.column for key in by))
        case rel.Limit(each):
            yield each, needed
        case rel.Window(each, by, order_by, functions):
            columns = {function.column for function in functions if function.column}
            yield each, _and(needed, [*by, *columns, *(key.column for key in order_by)])
        case rel.Concat(tables):
            yield from ((each, needed) for each in tables)
        case _:
            # What draws over whole rows, or passes them through a function, needs all of them.
            yield from ((each, None) for each in rel.inputs_of(table))


def _of_join(table: rel.Join, needed: Needed, schemas: Schemas) -> Iterator[tuple[rel.Relation, Needed]]:
    mine, theirs = schemas(table.left).names(), schemas(table.right).names()
    if needed is None:
        keys = frozenset(table.right_on)
        yield table.left, None
        yield table.right, keys if table.how in ("semi", "anti") else None
        return
    left, right = {*table.left_on, *(needed & set(mine))}, set(table.right_on)
    if table.how not in ("semi", "anti"):
        added = theirs if table.how == "cross" else [name for name in theirs if name not in table.right_on]
        names = rel.right_names(mine, added, table.suffix)
        if any(new in needed and new != old for old, new in names.items()):
            # A name that only is as it is because of another: all stay, so that it does.
            left, right = set(mine), set(theirs)
        right |= {old for old, new in names.items() if new in needed}
    yield table.left, frozenset(left)
    yield table.right, frozenset(right)


def _opens(table: rel.Relation) -> bool:
    """Whether it is a source, or some rows of one: what executors read with as few columns as can be."""
    return isinstance(table, rel.Source) or (isinstance(table, rel.Limit) and _opens(table.table))


def _users_first(roots: Sequence[rel.Relation]) -> list[rel.Relation]:
    """All relations, those that use another one before it; of a chain of row steps only the last."""
    order: list[rel.Relation] = []
    seen: set[rel.Relation] = set()

    def visit(table: rel.Relation) -> None:
        if table not in seen:
            seen.add(table)
            for each in [rel.base_of(table)] if isinstance(table, rel.MapRows) else rel.inputs_of(table):
                visit(each)
            order.append(table)

    for each in roots:
        visit(each)
    return order[::-1]


def _parts(table: rel.Relation) -> Iterator[tuple[str, Part]]:
    """The fields of a relation that are relations."""
    for each in fields(table):
        value = getattr(table, each.name)
        many = isinstance(value, tuple) and value and all(isinstance(one, rel.Relation) for one in value)
        if many or isinstance(value, rel.Relation):
            yield each.name, value


def _several(value: Part) -> tuple[rel.Relation, ...]:
    return value if isinstance(value, tuple) else (value,)


def _both(one: Needed, other: Needed) -> Needed:
    return None if one is None or other is None else one | other


def _and(needed: Needed, columns: Iterable[str]) -> Needed:
    return None if needed is None else needed | set(columns)
