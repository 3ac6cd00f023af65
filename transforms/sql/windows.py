"""Window functions of a query: OVER (PARTITION BY ... ORDER BY ...)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import polars as pl
from sqlglot import exp

from transforms.core.random import draw
from transforms.core.relations import MapRows, Order, Relation, Window, WindowFunction, WindowKind
from transforms.core.rowwise import AddColumns
from transforms.sql.aggregates import Aggregated, aggregated
from transforms.sql.errors import refuse_others, shown, wrong
from transforms.sql.operators import Expressions
from transforms.sql.scope import Origins, Rows
from transforms.sql.typed import aligned

RANKS: dict[type[exp.Expr], WindowKind] = {
    exp.RowNumber: "row_number",
    exp.Rank: "rank",
    exp.DenseRank: "dense_rank",
    exp.PercentRank: "percent_rank",
}
SHIFTS: dict[type[exp.Expr], int] = {exp.Lag: 1, exp.Lead: -1}
FUNCTIONS = ("sum", "mean", "min", "max", "count", "std", "median", "rows")
"""Aggregates that windows have."""
Frame = Literal["whole", "peers", "rows"] | int
"""What an aggregate sees: all rows of the group, those so far with all that are equal in order, those so far, or
the last so many."""
PLACE, LAST, ONE = "__place", "__last", "__one"


@dataclass
class Group:
    """Windows over the same groups in the same order, and the columns that they need."""

    by: tuple[str, ...]
    order: tuple[Order, ...]
    ties: tuple[Order, ...]
    ranks: list[WindowFunction] = field(default_factory=list)
    """By the order itself."""
    steps: list[WindowFunction] = field(default_factory=list)
    """By the order with ties decided."""
    filled: list[WindowFunction] = field(default_factory=list)
    """Running values carried over rows without one."""
    peers: list[str] = field(default_factory=list)
    """Running values that equal rows share."""
    made: dict[str, pl.Expr] = field(default_factory=dict)
    """The windows' columns, of those computed."""

    def over(self, table: Relation) -> Relation:
        """The table with the windows' columns, and others."""
        exact = (*self.order, *self.ties)
        if self.peers:
            self.ranks.append(WindowFunction("max_rank", LAST))
            self.steps.append(WindowFunction("row_number", PLACE))
        if self.ranks:
            table = Window(table, self.by, self.order, tuple(self.ranks))
        if self.steps:
            table = Window(table, self.by, exact, tuple(self.steps))
        if self.filled:
            table = Window(table, self.by, exact, tuple(self.filled))
        if self.peers:
            last = pl.col(PLACE) == pl.col(LAST)
            table = MapRows(table, AddColumns(tuple(pl.when(last).then(pl.col(n)).alias(n) for n in self.peers)))
            together = tuple(WindowFunction("group", name, name, "max") for name in self.peers)
            table = Window(table, (*self.by, *(each.column for each in self.order)), (), together)
        return MapRows(table, AddColumns(tuple(expr.alias(name) for name, expr in self.made.items())))


def windows_in(node: exp.Expr) -> Iterable[exp.Window]:
    """The windows of a part of a query."""
    return node.find_all(exp.Window)


def windowed(rows: Rows, windows: Iterable[exp.Window]) -> tuple[Rows, Mapping[exp.Expr, str]]:
    """The rows with a column for each window, and the names of those.

    Args:
        rows: the rows.
        windows: in the names of the relation.
    """
    wanted = list(dict.fromkeys(windows))
    kept, held = list(rows.schema), dict[exp.Expr, str]()
    together: dict[tuple[exp.Expr, ...], list[exp.Window]] = {}
    for each in wanted:
        order = each.args.get("order")
        parts = (*each.args.get("partition_by", ()), exp.Null(), *(order.expressions if order else ()))
        together.setdefault(tuple(parts), []).append(each)
    for members in together.values():
        rows = _over(rows, members, held, kept)
    return rows, held


def _over(rows: Rows, members: Sequence[exp.Window], held: dict[exp.Expr, str], kept: list[str]) -> Rows:
    maker = _Maker(rows, kept)
    group = maker.group(members[0])
    schema: dict[str, pl.DataType] = {}
    origins: dict[str, Origins] = {}
    for node in members:
        name = f"__window_{len(held)}"
        held[node] = name
        schema[name], origins[name] = maker.add(group, node, name)
    added = tuple(expr.alias(name) for name, expr in maker.columns.items())
    before = set(rows.schema)
    found = rows.with_columns(lambda table: group.over(MapRows(table, AddColumns(added))), schema, origins)
    helpers = [*maker.columns, *(each.output for each in (*group.ranks, *group.steps, *group.filled))]
    gone = {*helpers, *(() if not group.peers else (PLACE, LAST))} - set(schema) - before
    return replace(found, schema={**found.schema, **dict.fromkeys(gone, pl.Null())}).without(sorted(gone))


class _Maker:
    """Makes the columns that windows are computed of."""

    def __init__(self, rows: Rows, kept: list[str]) -> None:
        self._rows = rows
        self._of = Expressions(rows.schema)
        self._kept = kept
        self.columns: dict[str, pl.Expr] = {}

    def _column(self, what: str, expr: pl.Expr) -> str:
        name = f"__{what}_{len(self.columns)}"
        self.columns[name] = expr
        return name

    def group(self, node: exp.Window) -> Group:
        by = [self._key(each, "part") for each in node.args.get("partition_by", ())]
        order = node.args.get("order")
        keys = [order_of(each, self._key(each.this, "order")) for each in (order.expressions if order else ())]
        hashed, ties = decided({n: self._rows.schema[n] for n in self._kept}, "__ties")
        if keys and hashed is not None:
            self.columns["__ties"] = hashed
        return Group(tuple(by), tuple(keys), ties if keys else ())

    def _key(self, node: exp.Expr, what: str) -> str:
        found = self._of.whole_column(node)
        if found.dtype.is_nested():
            raise wrong(node, f"{found.kind.capitalize()} values have no order.", "Take the column apart first.")
        return self._column(what, found.expr)

    def add(self, group: Group, node: exp.Window, name: str) -> tuple[pl.DataType, Origins]:
        """Add what a window needs to the group; gives the type of its column, and what that is made of."""
        refuse_others(node, ("this", "partition_by", "order", "spec", "over"), {"alias": "Write the window out."})
        call = node.this
        kind = RANKS.get(type(call))
        if (kind is not None or type(call) in SHIFTS) and not group.order:
            raise wrong(node, f"{shown(call)!r} needs an order.", "Write OVER (ORDER BY ...): rows have no order.")
        if kind is not None:
            (group.steps if kind == "row_number" else group.ranks).append(WindowFunction(kind, f"{name}_raw"))
            group.made[name] = pl.col(f"{name}_raw")
            return (pl.Float64() if kind == "percent_rank" else pl.Int64()), frozenset()
        if type(call) in SHIFTS:
            return self._shift(group, call, name)
        found = aggregated(call, self._of)
        if found.function not in FUNCTIONS:
            raise wrong(node, f"{shown(call)!r} is not supported with OVER.", "Use GROUP BY and a join.")
        return self._aggregate(group, node, found, name)

    def _shift(self, group: Group, call: exp.Expr, name: str) -> tuple[pl.DataType, Origins]:
        refuse_others(call, ("this", "offset", "default"))
        offset = call.args.get("offset")
        if offset is not None and not (isinstance(offset, exp.Literal) and offset.is_int):
            raise wrong(call, f"{shown(call)!r} needs a whole number of rows.", "Write LAG(column, 1).")
        rows = (int(offset.this) if offset is not None else 1) * SHIFTS[type(call)]
        value = self._of.whole_column(call.this)
        default = call.args.get("default")
        otherwise = None
        if default is not None:
            value, otherwise = aligned([value, self._of.of(default)], "LAG")
            if not otherwise.is_constant:
                raise wrong(default, f"{shown(default)!r} is no plain value.", "Use COALESCE(LAG(...), ...).")
        group.steps.append(WindowFunction("shift", f"{name}_raw", self._column("value", value.expr), offset=rows))
        found = pl.col(f"{name}_raw")
        if otherwise is not None:
            self.columns[ONE] = pl.lit(True)
            group.steps.append(WindowFunction("shift", f"{name}_found", ONE, offset=rows))
            found = pl.when(pl.col(f"{name}_found").is_null()).then(otherwise.expr).otherwise(found)
        group.made[name] = found
        return value.dtype, self._rows.origins_of(value.expr)

    def _aggregate(self, group: Group, node: exp.Window, found: Aggregated, name: str) -> tuple[pl.DataType, Origins]:
        frame = _frame(node, ordered=bool(group.order))
        value = pl.lit(True) if found.value is None else found.value.expr
        function: Any = "count" if found.function == "rows" else found.function
        held = found.value.dtype if found.value is not None else pl.Boolean()
        if frame != "whole" and function in ("min", "max") and held == pl.String:
            raise wrong(node, f"{shown(node)!r}: MIN and MAX of text need the whole group.", "Leave ORDER BY out.")
        if frame != "whole" and held.is_decimal():
            value = value.cast(pl.Float64)
            held = pl.Float64()
        column, raw = self._column("value", value), f"{name}_raw"
        match frame:
            case "whole":
                group.steps.append(WindowFunction("group", raw, column, function))
            case "rows" | "peers":
                group.steps.append(WindowFunction("cumulative", raw, column, function))
                group.filled.append(WindowFunction("fill_forward", raw, raw))
                group.peers += [raw] if frame == "peers" else []
            case size:
                group.steps.append(WindowFunction("rolling", raw, column, function, offset=size))
        group.made[name] = pl.col(raw).fill_null(0) if function == "count" else pl.col(raw)
        dtype = pl.Float64() if held == pl.Float64 and found.dtype.is_decimal() else found.dtype
        return dtype, self._rows.origins_of(value)


def _frame(node: exp.Window, *, ordered: bool) -> Frame:
    spec = node.args.get("spec")
    if spec is None:
        return "peers" if ordered else "whole"
    start, end = (_bound(spec, side) for side in ("start", "end"))
    by_rows = str(spec.args.get("kind")).upper() == "ROWS"
    if (start, end) == ("UNBOUNDED PRECEDING", "UNBOUNDED FOLLOWING"):
        return "whole"
    if not ordered:
        raise wrong(node, f"{shown(node)!r} needs an order.", "Write OVER (ORDER BY ... ROWS ...): rows have no order.")
    if (start, end) == ("UNBOUNDED PRECEDING", "CURRENT ROW"):
        return "rows" if by_rows else "peers"
    number = start.removesuffix(" PRECEDING")
    if by_rows and end == "CURRENT ROW" and number.isdigit():
        return int(number) + 1
    advice = "Use ROWS BETWEEN 6 PRECEDING AND CURRENT ROW, or UNBOUNDED PRECEDING."
    raise wrong(node, f"The frame of {shown(node)!r} is not supported.", advice)


def _bound(spec: exp.Expr, side: str) -> str:
    value, word = spec.args.get(side), spec.args.get(f"{side}_side")
    if value is None:
        return "CURRENT ROW"
    text = value.sql() if isinstance(value, exp.Expr) else str(value)
    return f"{text} {word or ''}".strip().upper()


def order_of(node: exp.Expr, column: str) -> Order:
    """A sort key; nulls last, whichever the direction, unless the query says otherwise."""
    return Order(column, bool(node.args.get("desc")), not node.args.get("nulls_first"))


def decided(schema: Mapping[str, pl.DataType], name: str) -> tuple[pl.Expr | None, tuple[Order, ...]]:
    """What decides among rows that are equal in order, the same on every engine: a hash, and then the floats.

    Floats are not hashed: where they are sums, engines may differ in the last digit.

    Args:
        schema: the columns that decide.
        name: the column that is to hold the hash.
    """
    exact = [each for each, dtype in schema.items() if not dtype.is_float()]
    floats = tuple(Order(each) for each, dtype in schema.items() if dtype.is_float())
    return (draw(0, exact), (Order(name), *floats)) if exact else (None, floats)
