"""One SELECT, from its rows to its columns: groups, windows, DISTINCT, ORDER BY and LIMIT."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial

import polars as pl
from sqlglot import exp

from transforms.core.columns import column as exactly
from transforms.core.params import legal_name
from transforms.core.relations import Distinct, Join, Limit, MapRows, Order, Relation, Sort
from transforms.core.rowwise import AddColumns, DropColumns
from transforms.sql.aggregates import aggregates_in, grouped
from transforms.sql.errors import LONGEST, in_full, refuse_others, shown, standing_for, wrong
from transforms.sql.joins import conjuncts
from transforms.sql.operators import Expressions
from transforms.sql.scope import Field, Origins, Rows, named, one_of, resolved
from transforms.sql.steps import Project, kept
from transforms.sql.typed import Typed
from transforms.sql.windows import decided, order_of, windowed, windows_in


@dataclass(frozen=True)
class Item:
    """A column of the result."""

    name: str
    node: exp.Expr


@dataclass(frozen=True)
class Value:
    """A table of one row and one column, which stands for a value."""

    relation: Relation
    name: str
    dtype: pl.DataType
    origins: Origins


@dataclass(frozen=True)
class Parts:
    """The parts of a SELECT after its WHERE, their columns in the names of the relation at hand."""

    items: list[exp.Expr]
    having: list[exp.Expr]
    qualify: list[exp.Expr]
    order: list[exp.Expr]

    def __iter__(self) -> Iterator[exp.Expr]:
        yield from (*self.items, *self.having, *self.qualify, *self.order)

    def with_columns(self, columns: Mapping[exp.Expr, str]) -> Parts:
        """The parts with columns in the place of what has been computed."""
        groups = (self.items, self.having, self.qualify, self.order)
        return Parts(*([one_of(each, columns) for each in group] for group in groups))


def with_values(rows: Rows, values: Sequence[Value]) -> Rows:
    """The rows with the values of subqueries as columns."""
    for each in values:
        rows = rows.with_columns(partial(_beside, each.relation), {each.name: each.dtype}, {each.name: each.origins})
    return rows


def _beside(one: Relation, table: Relation) -> Relation:
    """A table with the one row of another beside each of its rows."""
    return Join(table, one, (), (), "cross")


def filtered(rows: Rows, conditions: Sequence[exp.Expr], what: str) -> Rows:
    """The rows for which conditions are true; where one is not, those after it cannot fail.

    Args:
        rows: the rows.
        conditions: in the names of the relation.
        what: the clause, for errors.
    """
    of, so_far = Expressions(rows.schema), list[pl.Expr]()
    for each in conditions:
        with of.where(pl.all_horizontal(so_far).fill_null(False)) if so_far else nullcontext():
            so_far.append(of.condition(each, what))
    return replace(rows, relation=kept(rows.relation, pl.all_horizontal(so_far))) if so_far else rows


def selected(rows: Rows, node: exp.Select, values: Sequence[Value]) -> Rows:
    """The result of a SELECT.

    Args:
        rows: its rows, after WHERE.
        node: the query, with columns in the place of subqueries that stand for a value.
        values: those.
    """
    items = _items(rows, node)
    aliases = {each.name: each.node for each in items}
    parts = Parts(
        [each.node for each in items],
        [resolved(node.args["having"].this, rows, aliases)] if node.args.get("having") else [],
        [resolved(node.args["qualify"].this, rows, aliases)] if node.args.get("qualify") else [],
        [_sort_key(each, rows, items) for each in _ordered(node)],
    )
    wanted = [found for part in parts for found in aggregates_in(part)]
    if node.args.get("group") or wanted or parts.having:
        rows, columns = grouped(rows, _keys(rows, node, items), wanted)
        parts = parts.with_columns({n: name for n, name in columns.items() if not isinstance(n, exp.Literal)})
    rows = with_values(rows, values)
    rows = filtered(rows, [found for each in parts.having for found in conjuncts(each)], "HAVING")
    windows = [window for part in parts for window in windows_in(part)]
    if windows:
        rows, columns = windowed(rows, windows)
        parts = parts.with_columns(columns)
    rows = filtered(rows, [found for each in parts.qualify for found in conjuncts(each)], "QUALIFY")
    return _result(rows, node, [each.name for each in items], parts)


def limited(rows: Rows, node: exp.Expr) -> Rows:
    """The rows of a query that others are made of, with its own ORDER BY and LIMIT, which name its columns."""
    keys = _ordered(node)
    items = [Item(name, _column(name)) for name in rows.schema]
    of = Expressions(rows.schema)
    by = [(key, of.whole_column(_sort_key(key, rows, items))) for key in keys]
    return _sorted(rows, by, node)


def _column(name: str) -> exp.Column:
    return exp.column(exp.to_identifier(name, quoted=True))


def _items(rows: Rows, node: exp.Select) -> list[Item]:
    found: list[Item] = []
    if not node.expressions:
        raise wrong(node, "SELECT has no columns.", "Write SELECT * FROM df, for example.")
    for each in node.expressions:
        star = each.this if isinstance(each, exp.Column) and isinstance(each.this, exp.Star) else each
        if isinstance(star, exp.Star):
            table = each.table if isinstance(each, exp.Column) else ""
            found += [Item(f.name, _of_field(f)) for f in _starred(rows, star, table, each)]
        elif isinstance(each, exp.Alias):
            found.append(Item(each.alias, resolved(each.this, rows)))
        else:
            part = resolved(each, rows)
            name = rows.resolve(each).name if isinstance(each, exp.Column) and part.name != each.name else each.name
            found.append(Item(name if isinstance(each, exp.Column) else legal_name(in_full(each))[:LONGEST], part))
    names = [each.name for each in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        advice = "Name one of them with AS, leave one out with * EXCLUDE, or join with USING."
        raise wrong(node, f"Two columns of the result are called {twice!r}.", advice)
    if not all(names):
        raise wrong(node, "A column of the result has no name.", "Name it with AS.")
    return found


def _of_field(field: Field) -> exp.Expr:
    return standing_for(_column(field.name), field.column)


def _starred(rows: Rows, star: exp.Star, table: str, node: exp.Expr) -> list[Field]:
    advice = {"replace": "List the columns.", "rename": "List the columns and name them with AS."}
    refuse_others(star, ("except_",), advice)
    fields = list(rows.of_table(node, table)) if table else [each for each in rows.fields if not each.hidden]
    if not fields:
        raise wrong(star, "There is no table whose columns * stands for.", "Add FROM df.")
    for each in star.args.get("except_") or []:
        column = each if isinstance(each, exp.Column) else exp.column(each.copy(), table=table or None)
        column = exp.column(column.this.copy(), table=table) if table and not column.table else column
        gone = rows.resolve(column)
        fields = [field for field in fields if field.column != gone.column]
    return fields


def _ordered(node: exp.Expr) -> list[exp.Expr]:
    order = node.args.get("order")
    return list(order.expressions) if order is not None else []


def _place(node: exp.Expr, items: Sequence[Item], what: str) -> exp.Expr | None:
    """The column of the result that a number stands for."""
    if not isinstance(node, exp.Literal) or node.is_string:
        return None
    if not node.is_int or not 1 <= int(node.this) <= len(items):
        raise wrong(node, f"{what} {node.this}: the result has {len(items)} columns.", "Name the column.")
    return items[int(node.this) - 1].node


def _sort_key(node: exp.Expr, rows: Rows, items: Sequence[Item]) -> exp.Expr:
    refuse_others(node, ("this", "desc", "nulls_first"))
    if isinstance(node.this, exp.Var) and node.this.name.upper() == "ALL":
        raise wrong(node, "ORDER BY ALL is not supported.", "List the columns: ORDER BY 1, 2.")
    at = _place(node.this, items, "ORDER BY")
    aliases = {each.name: each.node for each in items}
    return at.copy() if at is not None else resolved(node.this, rows, aliases, alias_first=True)


def _keys(rows: Rows, node: exp.Select, items: Sequence[Item]) -> list[exp.Expr]:
    """What makes the groups."""
    group = node.args.get("group")
    if group is None:
        return []
    refuse_others(group, ("expressions", "all"))
    if group.args.get("all"):
        return [each.node for each in items if not any(aggregates_in(each.node))]
    aliases, found = {each.name: each.node for each in items}, []
    for each in group.expressions:
        if isinstance(each, exp.Rollup | exp.Cube | exp.GroupingSets):
            raise wrong(each, f"{shown(each)!r} is not supported.", "Use UNION ALL of several GROUP BY.")
        at = _place(each, items, "GROUP BY")
        key = at if at is not None else resolved(each, rows, aliases)
        if any(aggregates_in(key)) or key.find(exp.Window):
            raise wrong(each, f"Rows cannot be grouped by {shown(key)!r}.", "Compute it in a subquery or WITH first.")
        found.append(key)
    return found


def _result(rows: Rows, node: exp.Select, names: Sequence[str], parts: Parts) -> Rows:
    of = Expressions(rows.schema)
    columns = {name: of.whole_column(each) for name, each in zip(names, parts.items, strict=True)}
    distinct = node.args.get("distinct")
    if distinct is not None:
        refuse_others(distinct, (), {"on": "Use ROW_NUMBER() OVER (PARTITION BY ... ORDER BY ...) with QUALIFY."})
    hidden: dict[str, Typed] = {}
    by: list[tuple[exp.Expr, Typed]] = []
    for key, part in zip(_ordered(node), parts.order, strict=True):
        name = next((n for n, each in zip(names, parts.items, strict=True) if each == part), None)
        if name is None:
            if distinct is not None:
                raise wrong(key, f"{shown(part)!r} is not in the result of SELECT DISTINCT.", "Select it too.")
            name = f"__sort_{len(hidden)}"
            hidden[name] = of.whole_column(part)
        dtype = (hidden.get(name) or columns[name]).dtype
        by.append((key, Typed(exactly(name), dtype, part)))
    made = tuple((name, each.expr) for name, each in {**columns, **hidden}.items())
    relation: Relation = MapRows(rows.relation, Project(made))
    schema = {name: each.dtype for name, each in columns.items()}
    if distinct is not None:
        relation = Distinct(relation, tuple(schema))
    origins = {name: rows.origins_of(each.expr) for name, each in columns.items()}
    return _sorted(Rows(relation, schema, named(schema, ""), origins), by, node, tuple(hidden))


def _sorted(rows: Rows, by: Sequence[tuple[exp.Expr, Typed]], node: exp.Expr, hidden: tuple[str, ...] = ()) -> Rows:
    """The rows in order, and the first of them; with LIMIT, a hash decides among rows equal in order."""
    limit, offset = _number(node, "limit"), _number(node, "offset")
    if not by and limit is None and offset is None:
        return rows
    if not by:
        raise wrong(node.args.get("limit") or node.args["offset"], "LIMIT needs ORDER BY.", "Rows have no order.")
    if limit is None and offset is not None:
        raise wrong(node.args["offset"], "OFFSET needs LIMIT.", "Say how many rows to keep.")
    orders: list[Order] = []
    added: list[pl.Expr] = []
    for key, part in by:
        if part.dtype.is_nested():
            raise wrong(key, f"Rows cannot be put in order by {part.kind} values.", "Take the column apart first.")
        name = f"__order_{len(orders)}"
        added.append(part.expr.alias(name))
        orders.append(order_of(key, name))
    if limit is not None:
        hashed, ties = decided(rows.schema, "__ties")
        added += [hashed.alias("__ties")] if hashed is not None else []
        orders += ties
    relation: Relation = Sort(MapRows(rows.relation, AddColumns(tuple(added))), tuple(orders))
    if limit is not None:
        relation = Limit(relation, limit, offset or 0)
    gone = (*hidden, *(each.meta.output_name() for each in added))
    return replace(rows, relation=MapRows(relation, DropColumns(gone)))


def _number(node: exp.Expr, key: str) -> int | None:
    part = node.args.get(key)
    if part is None:
        return None
    refuse_others(part, ("expression",))
    value = part.expression
    if not isinstance(value, exp.Literal) or not value.is_int:
        raise wrong(part, f"{key.upper()} {shown(value)} is no whole number.", f"Write {key.upper()} 10.")
    return int(value.this)
