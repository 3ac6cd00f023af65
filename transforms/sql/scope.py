"""The rows of a part of a query, and the names by which it knows their columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import polars as pl
from sqlglot import exp

from transforms.core.columns import column as exactly
from transforms.core.errors import did_you_mean
from transforms.core.relations import MapRows, Relation
from transforms.core.rowwise import DropColumns
from transforms.sql.errors import shown, standing_for, wrong

Origins = frozenset[tuple[int, str]]
"""Columns of the inputs, by the place of the input."""
PLACED = "placed"
"""Marks a column that stands for a subquery, and has the name that it has in the relation."""


@dataclass(frozen=True)
class Field:
    """A column as a query names it."""

    name: str
    table: str
    """The table it is of, by the name that the query gives it; empty where it is of several."""
    column: str
    """Its name in the relation."""
    hidden: bool = False
    """Found only with the name of its table, as the columns behind one of USING are."""


@dataclass(frozen=True)
class Rows:
    """A relation whose columns are known."""

    relation: Relation
    schema: Mapping[str, pl.DataType]
    """Types by the column's name in the relation."""
    fields: tuple[Field, ...]
    origins: Mapping[str, Origins] = field(default_factory=dict)

    def resolve(self, node: exp.Column) -> Field:
        """The column that a name stands for: of exactly that name, or else the only one but for the case.

        Raises:
            SqlError: there is none, or several.
        """
        of_table = list(self.of_table(node, node.table)) if node.table else [f for f in self.fields if not f.hidden]
        if node.args.get("db"):
            raise wrong(node, f"{shown(node)!r} has too many parts.", "Write table.column.")
        return _one(node, of_table, self)

    def find(self, node: exp.Column) -> Field | None:
        """The column that a name stands for, if there is one.

        Raises:
            SqlError: there are several.
        """
        tables = self._tables(node.table) if node.table else ()
        if node.table and not tables:
            return None
        fields = [f for f in self.fields if (f.table in tables if node.table else not f.hidden)]
        return _one(node, fields, self) if _matching(node, fields) else None

    def of_table(self, node: exp.Expr, table: str) -> Iterator[Field]:
        """All columns of one of the tables.

        Raises:
            SqlError: the query has no table of that name.
        """
        tables = self._tables(table)
        if not tables:
            known = dict.fromkeys(f.table for f in self.fields if f.table)
            hint = did_you_mean(table, known) or f"Its tables are: {', '.join(known)}."
            raise wrong(node, f"There is no table {table!r} in this part of the query.", hint)
        yield from (f for f in self.fields if f.table in tables)

    def _tables(self, table: str) -> tuple[str, ...]:
        names = dict.fromkeys(f.table for f in self.fields)
        return (table,) if table in names else tuple(each for each in names if each.lower() == table.lower())

    def with_columns(
        self, make: Callable[[Relation], Relation], added: Mapping[str, pl.DataType], origins: Mapping[str, Origins]
    ) -> Rows:
        """The rows with columns added to the relation, which have no name in the query."""
        schema = {**self.schema, **added}
        return replace(self, relation=make(self.relation), schema=schema, origins={**self.origins, **origins})

    def without(self, columns: Iterable[str]) -> Rows:
        """The rows with columns taken away that have no name in the query."""
        gone = tuple(columns)
        if not gone:
            return self
        schema = {name: dtype for name, dtype in self.schema.items() if name not in gone}
        return replace(self, relation=MapRows(self.relation, DropColumns(gone)), schema=schema)

    def origins_of(self, expr: pl.Expr) -> Origins:
        """The columns of the inputs that an expression over the rows is made of."""
        return frozenset[tuple[int, str]]().union(
            *(self.origins.get(each, frozenset()) for each in expr.meta.root_names())
        )


def resolved(
    node: exp.Expr, rows: Rows, aliases: Mapping[str, exp.Expr] | None = None, *, alias_first: bool = False
) -> exp.Expr:
    """A part of a query with every column in the name it has in the relation.

    Args:
        node: the part; it is not changed.
        rows: what the columns are of.
        aliases: parts that are resolved already, by the names that the query gives them.
        alias_first: whether such a name goes before that of a column.
    """

    def one(each: exp.Expr) -> exp.Expr:
        if isinstance(each, exp.Query | exp.Exists):
            advice = "Write IN (SELECT ...) and EXISTS (SELECT ...) alone in WHERE, or joined by AND."
            raise wrong(each, f"{shown(each)!r} is not supported here.", advice)
        if not isinstance(each, exp.Column) or isinstance(each.this, exp.Star) or PLACED in each.meta:
            return each
        alias = _alias(each, aliases or {})
        if alias is not None and (alias_first or rows.find(each) is None):
            return alias.copy()
        return standing_for(each, rows.resolve(each).column)

    return node.transform(one)


def _alias(node: exp.Column, aliases: Mapping[str, exp.Expr]) -> exp.Expr | None:
    if node.table:
        return None
    if node.name in aliases or node.this.quoted:
        return aliases.get(node.name)
    return next((part for name, part in aliases.items() if name.lower() == node.name.lower()), None)


def one_of(node: exp.Expr, columns: Mapping[exp.Expr, str]) -> exp.Expr:
    """A part of a query with smaller parts of it replaced by columns that hold their values."""

    def one(each: exp.Expr) -> exp.Expr:
        return standing_for(each, columns[each]) if each in columns else each

    return node.transform(one)


def named(columns: Iterable[str], table: str) -> tuple[Field, ...]:
    """Columns that a query knows by the names they have."""
    return tuple(Field(each, table, each) for each in columns)


def value(name: str, dtype: pl.DataType) -> pl.Expr:
    """A column, with NaN as null."""
    return exactly(name).fill_nan(None) if dtype.is_float() else exactly(name)


def _matching(node: exp.Column, fields: Iterable[Field]) -> list[Field]:
    fields = list(fields)
    exact = [f for f in fields if f.name == node.name]
    if exact or node.this.quoted:
        return exact
    return [f for f in fields if f.name.lower() == node.name.lower()]


def _one(node: exp.Column, fields: list[Field], rows: Rows) -> Field:
    found = _matching(node, fields)
    if len(found) == 1:
        return found[0]
    if found:
        several = " and ".join(f"{f.table}.{f.name}" if f.table else f.name for f in found)
        raise wrong(node, f"Column {node.name!r} may be {several}.", "Write which one is meant.")
    hint = did_you_mean(node.name, [f.name for f in fields])
    elsewhere = next((f for f in rows.fields if f.name == node.name and f.table and node.table), None)
    if elsewhere is not None:
        hint = f"Did you mean {elsewhere.table}.{elsewhere.name}?"
    where = f"table {node.table!r}" if node.table else "the table" if len({f.table for f in fields}) < 2 else "a table"
    raise wrong(node, f"Column {node.name!r} is not in {where}.", hint or _listed(fields))


def _listed(fields: list[Field]) -> str:
    names = [f.name for f in fields[:12]]
    return f"There are: {', '.join(names)}{', ...' if len(fields) > 12 else ''}." if names else ""
