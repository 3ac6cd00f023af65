"""FROM and JOIN: the tables of a query put side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal, cast

import polars as pl
from sqlglot import exp

from transforms.core.columns import column as exactly
from transforms.core.relations import Join, MapRows, Relation
from transforms.core.rowwise import AddColumns, DropColumns
from transforms.sql.errors import refuse_others, shown, wrong
from transforms.sql.operators import Expressions
from transforms.sql.scope import Field, Origins, Rows, resolved
from transforms.sql.steps import Project, kept
from transforms.sql.typed import Typed, aligned, comparable

How = Literal["inner", "left", "right", "full", "semi", "anti", "cross"]


def how_of(node: exp.Join) -> How:
    """The kind of a join.

    Raises:
        SqlError: it is not supported.
    """
    refuse_others(node, ("this", "on", "using", "side", "kind", "method"))
    if node.args.get("method"):
        raise wrong(node, f"{node.args['method']} JOIN is not supported.", "Write JOIN ... USING (columns).")
    side, kind = str(node.args.get("side") or "").lower(), str(node.args.get("kind") or "").lower()
    word = kind if kind in ("cross", "semi", "anti") else side or "inner"
    if word not in ("inner", "left", "right", "full", "semi", "anti", "cross") or (side and kind not in ("", "outer")):
        raise wrong(node, f"{side} {kind} join is not supported.".strip().upper(), "Use INNER, LEFT or FULL JOIN.")
    conditioned = bool(node.args.get("on") or node.args.get("using"))
    if word == "cross" and conditioned:
        raise wrong(node, "CROSS JOIN takes no condition.", "Write JOIN ... ON.")
    if word != "cross" and not conditioned:
        advice = "Write JOIN ... ON a.id = b.id, or CROSS JOIN where every row is to meet every row."
        raise wrong(node, "Tables are put together without a condition.", advice)
    return cast(How, word)


def conjuncts(node: exp.Expr | None) -> list[exp.Expr]:
    """The conditions that have to hold together."""
    if node is None:
        return []
    node = node.unnest()
    return [each for part in node.flatten() for each in conjuncts(part)] if isinstance(node, exp.And) else [node]


def renamed(rows: Rows, table: str) -> Rows:
    """Rows of a table whose columns have names in the relation that those of no other table have."""
    names = {name: f"{table}.{name}" for name in (*rows.schema, *(each.column for each in rows.fields))}
    project = Project(tuple((names[old], exactly(old)) for old in rows.schema))
    return Rows(
        MapRows(rows.relation, project),
        {names[old]: dtype for old, dtype in rows.schema.items()},
        tuple(replace(each, column=names[each.column]) for each in rows.fields),
        {new: rows.origins.get(old, frozenset()) for old, new in names.items()},
    )


def joined(left: Rows, right: Rows, node: exp.Join) -> Rows:
    """Two tables side by side, as a JOIN says."""
    how = how_of(node)
    both = _both(left, right)
    if how == "cross":
        return replace(both, relation=Join(left.relation, right.relation, (), (), "cross"))
    if node.args.get("using"):
        return _using(left, right, how, node)
    conditions = [resolved(each, both) for each in conjuncts(node.args["on"])]
    return matched(left, right, conditions, how, node)


def matched(left: Rows, right: Rows, conditions: Sequence[exp.Expr], how: How, node: exp.Expr) -> Rows:
    """Two tables side by side where conditions hold, which are in the names of the relations.

    Conditions on one table alone take away the keys of rows for which they do not hold, so that these match
    nothing, and an outer join keeps them.
    """
    sides = (left, right)
    keys: list[tuple[Typed, Typed]] = []
    alone: tuple[list[pl.Expr], list[pl.Expr]] = ([], [])
    rest: list[exp.Expr] = []
    for each in conditions:
        place = _side(each, left, right)
        if place is not None:
            alone[place].append(Expressions(sides[place].schema).condition(each, "ON"))
        elif pair := _equality(each, left, right):
            keys.append(pair)
        else:
            rest.append(each)
    if not keys:
        advice = "Write an equality such as a.id = b.id; for others use CROSS JOIN with WHERE."
        raise wrong(node, "The join has no equality between the tables.", advice)
    if rest and how != "inner":
        advice = "Compare columns of both tables by equality only, or use an inner JOIN."
        raise wrong(rest[0], f"{shown(rest[0])!r} is not supported in an outer join.", advice)
    mine, theirs = (tuple(f"__{side}_{i}" for i in range(len(keys))) for side in ("left", "right"))
    tables = (
        _keyed(left, mine, [one for one, _ in keys], alone[0]),
        _keyed(right, theirs, [one for _, one in keys], alone[1]),
    )
    found = MapRows(Join(tables[0], tables[1], mine, theirs, how), DropColumns(mine))
    if how in ("semi", "anti"):
        return replace(left, relation=found)
    both = replace(_both(left, right), relation=found)
    of = Expressions(both.schema)
    for each in rest:
        both = replace(both, relation=kept(both.relation, of.condition(each, "ON")))
    return both


def _both(left: Rows, right: Rows) -> Rows:
    return Rows(
        left.relation,
        {**left.schema, **right.schema},
        (*left.fields, *right.fields),
        {**left.origins, **right.origins},
    )


def _columns(node: exp.Expr) -> Iterable[str]:
    return (each.name for each in node.find_all(exp.Column))


def _side(node: exp.Expr, left: Rows, right: Rows) -> int | None:
    """The only table that a condition is on: 0 or 1; neither for one on no column, which either may answer."""
    names = set(_columns(node))
    return 0 if names <= set(left.schema) else 1 if names <= set(right.schema) else None


def _equality(node: exp.Expr, left: Rows, right: Rows) -> tuple[Typed, Typed] | None:
    if not isinstance(node, exp.EQ):
        return None
    one, other = node.this, node.expression
    places = _side(one, left, right), _side(other, left, right)
    if places == (1, 0):
        one, other = other, one
    elif places != (0, 1):
        return None
    pair = comparable([Expressions(left.schema).of(one), Expressions(right.schema).of(other)], "'='")
    return pair[0], pair[1]


def _keyed(rows: Rows, names: Sequence[str], keys: Sequence[Typed], conditions: Sequence[pl.Expr]) -> Relation:
    """The rows with their keys as columns, null where a condition is not true."""
    wanted = pl.all_horizontal(conditions) if conditions else None
    values = (each.expr if wanted is None else pl.when(wanted).then(each.expr) for each in keys)
    return MapRows(rows.relation, AddColumns(tuple(v.alias(name) for v, name in zip(values, names, strict=True))))


def _using(left: Rows, right: Rows, how: How, node: exp.Join) -> Rows:
    """A join on columns of the same name, which come out once."""
    conditions: list[exp.Expr] = []
    pairs: list[tuple[Field, Field]] = []
    for name in node.args["using"]:
        column = exp.column(name.copy())
        mine, theirs = left.resolve(column), right.resolve(column)
        pairs.append((mine, theirs))
        sides = [exp.column(exp.to_identifier(each.column, quoted=True)) for each in (mine, theirs)]
        for each in sides:
            each.meta["shown"] = name.name
            each.this.meta.update(name.meta)
        conditions.append(exp.EQ(this=sides[0], expression=sides[1]))
    found = matched(left, right, conditions, how, node)
    if how in ("semi", "anti"):
        return found
    fields, made, schema, origins = list(found.fields), [], dict(found.schema), dict(found.origins)
    for mine, theirs in pairs:
        place = fields.index(mine)
        fields[fields.index(theirs)] = replace(theirs, hidden=True)
        if how in ("right", "full"):
            together = f"__using_{mine.column}"
            values = aligned([Expressions(found.schema).whole_column(_of(each)) for each in (mine, theirs)], "USING")
            expr = pl.coalesce(*(each.expr for each in values)) if how == "full" else values[1].expr
            made.append(expr.alias(together))
            schema[together] = values[0].dtype
            origins[together] = _together(origins, mine, theirs)
            fields[place] = replace(mine, hidden=True)
            fields.insert(place, Field(mine.name, "", together))
    relation = MapRows(found.relation, AddColumns(tuple(made))) if made else found.relation
    return Rows(relation, schema, tuple(fields), origins)


def _of(each: Field) -> exp.Column:
    return exp.column(exp.to_identifier(each.column, quoted=True))


def _together(origins: dict[str, Origins], *fields: Field) -> Origins:
    return frozenset[tuple[int, str]]().union(*(origins.get(each.column, frozenset()) for each in fields))
