"""A whole query as a relation: SELECT, WITH, UNION and what comes with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

import polars as pl
from sqlglot import exp

from transforms.core.columns import column as exactly
from transforms.core.dtypes import common_type, type_name
from transforms.core.errors import did_you_mean
from transforms.core.relations import Concat, Distinct, Join, MapRows, Relation, Values
from transforms.core.rowwise import AddColumns, DropColumns, SelectColumns
from transforms.group_matching import key_names, match_keys
from transforms.sql.aggregates import aggregates_in
from transforms.sql.errors import refuse_others, shown, standing_for, wrong
from transforms.sql.joins import conjuncts, joined, matched, renamed
from transforms.sql.reading import parsed
from transforms.sql.scope import PLACED, Rows, named, resolved
from transforms.sql.selects import Value, filtered, limited, selected, with_values
from transforms.sql.steps import Project

Known = Mapping[str, Rows]
"""Queries of WITH, by name."""
PARTS = (
    "expressions", "from_", "joins", "where", "group", "having", "qualify", "order", "limit", "offset", "distinct",
    "with_",
)  # fmt: skip
ADVICE = {
    "windows": "Write the window out after OVER.",
    "laterals": "Write a join instead.",
    "sample": "Use the step 'Sample rows'.",
}


def compiled(text: str, tables: Sequence[Relation], schemas: Sequence[pl.Schema]) -> Rows:
    """A query over tables, which it knows as ``input_1``, ``input_2`` ..., and the first as ``df`` too.

    Raises:
        SqlError: it cannot be read, or does not fit the tables.
    """
    tree = parsed(text)
    return _Queries(tables, schemas, tree).query(tree, {})


class _Queries:
    def __init__(self, tables: Sequence[Relation], schemas: Sequence[pl.Schema], tree: exp.Query) -> None:
        self._tables = tables
        self._schemas = schemas
        self._read = _columns_read(tree)
        self._made = 0

    def query(self, node: exp.Expr, known: Known) -> Rows:
        """The rows of a query.

        Args:
            node: the query.
            known: the queries of WITH that it may name.
        """
        known = self._with(node, known)
        if isinstance(node, exp.Subquery):
            refuse_others(node, ("this", "order", "limit", "offset", "with_", "alias"))
            return limited(self.query(node.this, known), node)
        if isinstance(node, exp.SetOperation):
            return limited(self._set(node, known), node)
        if isinstance(node, exp.Select):
            return self._select(node, known)
        raise wrong(node, f"{shown(node)!r} is not supported.", "Write a SELECT.")

    def _with(self, node: exp.Expr, known: Known) -> Known:
        clause = node.args.get("with_")
        if clause is None:
            return known
        if clause.args.get("recursive"):
            raise wrong(clause, "WITH RECURSIVE is not supported.", "Write WITH alone.")
        found = dict(known)
        for each in clause.expressions:
            refuse_others(each.args["alias"], ("this",), {"columns": "Name the columns with AS inside the query."})
            rows = self.query(each.this, found)
            found[each.alias] = rows
        return found

    def _select(self, node: exp.Select, known: Known) -> Rows:
        refuse_others(node, PARTS, ADVICE)
        rows = self._from(node, known)
        where: list[exp.Expr] = []
        for each in conjuncts(node.args["where"].this if node.args.get("where") else None):
            found = self._subquery_condition(rows, each, known)
            if found is None:
                where.append(each)
            else:
                rows = found
        conditions = []
        for each in where:
            condition, values = self._with_stand_ins(each, known)
            rows = with_values(rows, values)
            conditions.append(resolved(condition, rows))
        rows = filtered(rows, conditions, "WHERE")
        rest = node.copy()
        for key in ("from_", "joins", "where", "with_"):
            rest.set(key, None)
        select, values = self._with_stand_ins(rest, known)
        return selected(rows, cast(exp.Select, select), values)

    def _from(self, node: exp.Select, known: Known) -> Rows:
        joins = node.args.get("joins") or []
        if not node.args.get("from_"):
            return Rows(Values(pl.DataFrame({"__row": [True]})), {"__row": pl.Boolean()}, ())
        rows = self._table(node.args["from_"].this, known)
        for n, join in enumerate(joins):
            other = self._table(join.this, known)
            rows = renamed(rows, _name_of(rows)) if n == 0 else rows
            if _name_of(other) in {each.table for each in rows.fields}:
                raise wrong(join, f"Two tables are called {_name_of(other)!r}.", "Give each a name: FROM df AS a.")
            rows = joined(rows, renamed(other, _name_of(other)), join)
        return rows

    def _table(self, node: exp.Expr, known: Known) -> Rows:
        alias = node.args.get("alias")
        if alias is not None:
            refuse_others(alias, ("this",), {"columns": "Name the columns with AS inside the query."})
        if isinstance(node, exp.Subquery):
            name = node.alias or self._name("subquery")
            rows = self.query(node, known)
            return _plainly_named(replace(rows, fields=named(rows.schema, name)), name)
        if not isinstance(node, exp.Table) or not isinstance(node.this, exp.Identifier):
            raise wrong(node, f"{shown(node)!r} is not supported in FROM.", "Name a table or write (SELECT ...) AS a.")
        refuse_others(node, ("this", "alias"), {"db": "Tables have no schema here: df, input_1, input_2 ..."})
        rows = self._named_table(node, known)
        name = node.alias or node.name
        return _plainly_named(replace(rows, fields=tuple(replace(each, table=name) for each in rows.fields)), name)

    def _named_table(self, node: exp.Table, known: Known) -> Rows:
        inputs = {"df": 0, **{f"input_{i + 1}": i for i in range(len(self._tables))}}
        for names in (known, inputs):
            exact = [each for each in names if each == node.name]
            found = exact or [each for each in names if each.lower() == node.name.lower() and not node.this.quoted]
            if found:
                return known[found[0]] if names is known else self._input(inputs[found[0]])
        hint = did_you_mean(node.name, [*known, *inputs]) or f"There are: {', '.join([*known, *inputs])}."
        raise wrong(node, f"There is no table {node.name!r}.", hint)

    def _input(self, place: int) -> Rows:
        schema: dict[str, pl.DataType] = dict(self._schemas[place])
        read = {n: d for n, d in schema.items() if self._read is None or n.lower() in self._read}
        read = read or dict(list(schema.items())[:1])
        table = self._tables[place]
        if len(read) < len(schema):
            table = MapRows(table, SelectColumns(tuple(map(exactly, read))))
        floats = tuple(exactly(n).fill_nan(None) for n, dtype in read.items() if dtype.is_float())
        table = MapRows(table, AddColumns(floats)) if floats else table
        return Rows(table, read, named(schema, ""), {n: frozenset({(place, n)}) for n in read})

    def _set(self, node: exp.SetOperation, known: Known) -> Rows:
        refuse_others(node, ("this", "expression", "distinct", "by_name", "order", "limit", "offset", "with_"))
        left, right = self.query(node.this, known), self.query(node.expression, known)
        by_name = bool(node.args.get("by_name"))
        if not by_name:
            right = _renamed_like(left, right, node)
        for name in (each for each in left.schema if each in right.schema):
            if common_type(left.schema[name], right.schema[name]) is None:
                kinds = " and ".join(type_name(each.schema[name]) for each in (left, right))
                raise wrong(node.expression, f"Column {name!r} holds {kinds} in the two queries.", "Use CAST.")
        if isinstance(node, exp.Union):
            return _union(left, right, distinct=bool(node.args.get("distinct")))
        if not node.args.get("distinct") or by_name:
            raise wrong(node, "INTERSECT and EXCEPT give each row once here.", "Leave ALL and BY NAME out.")
        return _matching(left, right, node, how="semi" if isinstance(node, exp.Intersect) else "anti")

    def _subquery_condition(self, rows: Rows, node: exp.Expr, known: Known) -> Rows | None:
        """The rows that IN (SELECT ...) or EXISTS keeps; ``None`` for another condition."""
        negated = isinstance(node, exp.Not)
        inner = node.this.unnest() if negated else node
        if isinstance(inner, exp.In) and inner.args.get("query") is not None:
            if negated:
                advice = "Use NOT EXISTS or ANTI JOIN, which a null in the subquery leaves alone."
                raise wrong(node, "NOT IN (SELECT ...) is not supported.", advice)
            found = self.query(inner.args["query"], known)
            if len(found.schema) != 1:
                raise wrong(inner, f"The subquery of IN gives {len(found.schema)} columns.", "Select one column.")
            other = renamed(replace(found, fields=named(found.schema, "")), self._name("in"))
            key = exp.column(exp.to_identifier(next(iter(other.schema)), quoted=True))
            key.meta.update({"shown": shown(inner.args["query"])})
            return matched(rows, other, [exp.EQ(this=resolved(inner.this, rows), expression=key)], "semi", node)
        if isinstance(inner, exp.Exists):
            return self._exists(rows, inner, known, negated=negated)
        return None

    def _exists(self, rows: Rows, node: exp.Exists, known: Known, *, negated: bool) -> Rows:
        query = node.this.unnest()
        if not isinstance(query, exp.Select):
            raise wrong(node, f"{shown(node)!r} is not supported.", "Write EXISTS (SELECT ... FROM ... WHERE ...).")
        refuse_others(query, ("expressions", "from_", "joins", "where"), dict.fromkeys(PARTS, "Use a join instead."))
        inner = self._from(query, known)
        other = renamed(inner, self._name("exists"))
        where = conjuncts(query.args["where"].this if query.args.get("where") else None)
        conditions = [each.transform(lambda part: _inner_or_outer(part, other, rows)) for each in where]
        return matched(rows, other, conditions, "anti" if negated else "semi", node)

    def _with_stand_ins(self, node: exp.Expr, known: Known) -> tuple[exp.Expr, list[Value]]:
        """A part of a query with columns in the place of the subqueries that stand for a value, and those values."""
        copy, found = exp.Paren(this=node.copy()), list[Value]()
        for each in list(copy.find_all(exp.Subquery)):
            if each.find_ancestor(exp.Subquery) is None and not isinstance(each.parent, exp.In):
                found.append(self._value(each, known))
                column = standing_for(each, found[-1].name)
                column.meta[PLACED] = True
                each.replace(column)
        return copy.this, found

    def _value(self, node: exp.Subquery, known: Known) -> Value:
        query = node.this.unnest()
        one_row = isinstance(query, exp.Select) and not query.args.get("group") and not query.args.get("having")
        if not one_row or not any(found for part in query.expressions for found in aggregates_in(part)):
            advice = "A subquery that stands for a value has one aggregate and no GROUP BY; otherwise use a join."
            raise wrong(node, f"{shown(node)!r} may give more than one row.", advice)
        found = self.query(query, known)
        if len(found.schema) != 1:
            raise wrong(node, f"{shown(node)!r} gives {len(found.schema)} columns.", "Select one.")
        ((column, dtype),) = found.schema.items()
        name = self._name("scalar")
        one = MapRows(found.relation, Project(((name, exactly(column)),)))
        return Value(one, name, dtype, found.origins.get(column, frozenset()))

    def _name(self, what: str) -> str:
        self._made += 1
        return f"__{what}_{self._made}"


def columns_read(text: str, schema: pl.Schema) -> list[str]:
    """The columns of an input that a query may read: those it names, or all when it takes whatever there is."""
    read = _columns_read(parsed(text))
    return [name for name in schema if read is None or name.lower() in read]


def _columns_read(tree: exp.Query) -> frozenset[str] | None:
    """The names of all columns in a query, in small letters; ``None`` when it takes whatever there is."""
    stars = (each for each in tree.find_all(exp.Star) if not isinstance(each.parent, exp.Count))
    if any(stars):
        return None
    using = (name.name for join in tree.find_all(exp.Join) for name in join.args.get("using") or ())
    return frozenset(each.lower() for each in (*(c.name for c in tree.find_all(exp.Column)), *using))


def _plainly_named(rows: Rows, table: str) -> Rows:
    """The rows, their columns renamed in the relation if polars could take a name for a pattern."""
    patterns = [name for name in rows.schema if name == "*" or (name.startswith("^") and name.endswith("$"))]
    return renamed(rows, f"_{table}") if patterns else rows


def _name_of(rows: Rows) -> str:
    return next((each.table for each in rows.fields), "")


def _inner_or_outer(node: exp.Expr, inner: Rows, outer: Rows) -> exp.Expr:
    if not isinstance(node, exp.Column):
        return node
    found = inner.find(node) or outer.find(node) or inner.resolve(node)
    return standing_for(node, found.column)


def _renamed_like(left: Rows, right: Rows, node: exp.Expr) -> Rows:
    if len(left.schema) != len(right.schema):
        found = f"The two queries have {len(left.schema)} and {len(right.schema)} columns."
        raise wrong(node.expression, found, "Select as many in each.")
    names = dict(zip(right.schema, left.schema, strict=True))
    project = Project(tuple((new, exactly(old)) for old, new in names.items()))
    return replace(
        right,
        relation=MapRows(right.relation, project),
        schema={new: right.schema[old] for old, new in names.items()},
        origins={new: right.origins.get(old, frozenset()) for old, new in names.items()},
    )


def _union(left: Rows, right: Rows, *, distinct: bool) -> Rows:
    schema = dict(left.schema)
    for name, dtype in right.schema.items():
        schema[name] = common_type(schema.get(name, pl.Null()), dtype) or dtype
    origins = {name: left.origins.get(name, frozenset()) | right.origins.get(name, frozenset()) for name in schema}
    relation: Relation = Concat((left.relation, right.relation))
    relation = Distinct(relation, tuple(schema)) if distinct else relation
    return Rows(relation, schema, named(schema, ""), origins)


def _matching(left: Rows, right: Rows, node: exp.Expr, *, how: str) -> Rows:
    """Rows of the left query, each once, that the right one has or has not; nulls equal each other."""
    names = list(left.schema)
    for name in names:
        if left.schema[name].is_nested():
            raise wrong(node, f"Column {name!r} cannot be compared.", "Take the column apart first.")
    types = [common_type(left.schema[name], right.schema[name]) or pl.Null() for name in names]
    keys, key = match_keys(names, types), key_names(names)
    mine, theirs = MapRows(left.relation, AddColumns(keys)), MapRows(right.relation, SelectColumns(keys))
    found = Join(mine, theirs, key, key, "semi" if how == "semi" else "anti")
    return replace(left, relation=Distinct(MapRows(found, DropColumns(key)), tuple(names)))
