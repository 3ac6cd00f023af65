"""The row-wise parts of a query as polars expressions, every type checked on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import reduce

import polars as pl
from sqlglot import exp

from transforms.core.dtypes import portable
from transforms.core.numbers import as_column, quotient
from transforms.sql import conversions, dates
from transforms.sql.errors import refuse_others, shown, wrong
from transforms.sql.functions import BY_CLASS, BY_NAME, HARMLESS
from transforms.sql.scope import value
from transforms.sql.typed import Typed, aligned, called, comparable, fitting

LARGEST = 2**63
Handler = Callable[["Expressions", exp.Expr], pl.Expr]


class Expressions:
    """Compiles parts of a query whose columns are named as in the table at hand."""

    def __init__(self, schema: Mapping[str, pl.DataType]) -> None:
        self.schema = pl.Schema(schema)
        self._frame = self.schema.to_frame().lazy()
        self._guard: pl.Expr | None = None

    def of(self, node: exp.Expr) -> Typed:
        """The expression of a part of a query; whole numbers in 64 bits, NaN as null.

        Raises:
            SqlError: it is not supported, or its types do not go together.
        """
        node = node.unnest() if isinstance(node, exp.Paren) else node
        if isinstance(node, exp.Column):
            return self._column(node)
        handler = HANDLED.get(type(node))
        if handler is not None:
            return self.typed(handler(self, node), node)
        if isinstance(node, exp.Anonymous):
            return self.typed(self._named(node, node.name.lower()), node)
        call = BY_CLASS.get(type(node))
        if call is None:
            raise wrong(node, f"{shown(node)!r} is not supported here.", _advice(node))
        refuse_others(node, {*call.keys, *HARMLESS})
        parts = [self.of(each) for key in call.keys for each in _listed(node.args.get(key))]
        name = node.sql_name() if isinstance(node, exp.Func) else shown(node)
        return self.typed(called(call.function, parts, node, name), node)

    def _named(self, node: exp.Expr, name: str) -> pl.Expr:
        if name in conversions.BY_NAME:
            return conversions.BY_NAME[name](self, node)
        if name not in BY_NAME:
            raise wrong(node, f"{shown(node)!r} is not supported here.", _advice(node))
        return called(BY_NAME[name], [self.of(each) for each in node.expressions], node, name.upper())

    def whole_column(self, node: exp.Expr) -> Typed:
        """Like :meth:`of`, but a bare column keeps its type."""
        if isinstance(node, exp.Column):
            dtype = self._known(node)
            return Typed(value(node.name, dtype), dtype, node)
        return self.of(node)

    def condition(self, node: exp.Expr, what: str) -> pl.Expr:
        """A part that is true or false.

        Raises:
            SqlError: it is something else.
        """
        return fitting(self.of(node), "boolean", what).expr

    def typed(self, expr: pl.Expr, node: exp.Expr) -> Typed:
        """An expression with its type; one that reads no column is computed here.

        Raises:
            SqlError: polars finds that its types do not go together.
        """
        try:
            dtype = self._frame.select(expr.alias("x")).collect_schema()["x"]
            held = pl.Int64() if dtype.is_integer() else portable(dtype)
            expr = expr if held == dtype else expr.cast(held)
            if held.is_float():
                expr = expr.fill_nan(None)
            if not expr.meta.root_names():
                found = pl.select(expr.alias("x")).to_series()
                expr = pl.lit(None, held) if found[0] is None else pl.lit(found[0], held)
        except pl.exceptions.PolarsError as error:
            if "`i128` to `i64`" in str(error):
                raise wrong(node, f"{shown(node)!r} is too large for a whole number.", "Write 1.0 for 1.") from error
            reason = str(error).splitlines()[0].rstrip(".")
            raise wrong(node, f"{shown(node)!r} does not go: {reason}.", "Use CAST(... AS ...).") from error
        return Typed(expr, held, node)

    @contextmanager
    def where(self, guard: pl.Expr) -> Iterator[None]:
        """What is compiled inside is wanted only where a condition is true: elsewhere nothing may fail."""
        before = self._guard
        self._guard = guard if before is None else before & guard
        try:
            yield
        finally:
            self._guard = before

    def wanted(self, expr: pl.Expr) -> pl.Expr:
        """Values where they are wanted, null elsewhere."""
        return expr if self._guard is None else pl.when(self._guard).then(expr)

    def _known(self, node: exp.Column) -> pl.DataType:
        if node.name not in self.schema:
            raise wrong(
                node,
                f"Column {shown(node)!r} is neither in GROUP BY nor inside an aggregate such as MAX.",
                "Add it to GROUP BY, or say which of its values is meant: MIN(...), MAX(...).",
            )
        return self.schema[node.name]

    def _column(self, node: exp.Column) -> Typed:
        dtype = self._known(node)
        found = value(node.name, dtype)
        if dtype.is_integer():
            return Typed(found.cast(pl.Int64), pl.Int64(), node)
        if dtype == pl.Float32:
            return Typed(found.cast(pl.Float64), pl.Float64(), node)
        return Typed(found, dtype, node)


def _advice(node: exp.Expr) -> str:
    if isinstance(node, exp.Star):
        return "Use * alone in SELECT, or in COUNT(*)."
    if node.find(exp.AggFunc) or isinstance(node, exp.Window):
        return "Compute it in a subquery or WITH first."
    return "See the help of this step for what a query may hold."


def _listed(part: object) -> list[exp.Expr]:
    if isinstance(part, list):
        return part
    return [part] if isinstance(part, exp.Expr) else []


def _arithmetic(sign: str, function: Callable[[pl.Expr, pl.Expr], pl.Expr]) -> Handler:
    """Sums and products: whole numbers exactly, too large being an error; others as floats."""

    def build(of: Expressions, node: exp.Expr) -> pl.Expr:
        right = node.expression
        if isinstance(right, exp.Interval) and sign in "+-":
            return dates.moved(of.of(node.this), right, 1 if sign == "+" else -1)
        if isinstance(node.this, exp.Interval) and sign == "+":
            return dates.moved(of.of(right), node.this, 1)
        parts = [of.of(node.this), of.of(right)]
        if sign == "-" and all(each.kind in ("date", "datetime") for each in parts):
            gap = function(*(each.expr for each in parts))
            return gap.dt.total_days() if all(each.dtype == pl.Date for each in parts) else gap
        if sign in "+-" and parts[0].dtype == pl.Date and parts[1].dtype.is_integer():
            return function(parts[0].expr, pl.duration(days=parts[1].expr))
        numbers = [fitting(each, "number", f"'{sign}'") for each in parts]
        if all(each.dtype.is_integer() for each in numbers):
            # Bounded by 64 bits again, strictly: polars would wrap around.
            return of.wanted(function(*(each.expr.cast(pl.Int128) for each in numbers))).cast(pl.Int64)
        return function(*(each.expr.cast(pl.Float64) for each in numbers))

    return build


def _numbers(of: Expressions, node: exp.Expr, sign: str) -> list[Typed]:
    return [fitting(of.of(each), "number", f"'{sign}'") for each in (node.this, node.expression)]


def _divided(of: Expressions, node: exp.Expr) -> pl.Expr:
    left, right = (each.expr for each in _numbers(of, node, "/"))
    return pl.when(right != 0).then(quotient(left, right))


def _whole_division(of: Expressions, node: exp.Expr) -> pl.Expr:
    left, right = (fitting(of.of(each), "whole", "'//'").expr for each in (node.this, node.expression))
    sizes = left.cast(pl.Int128).abs(), right.cast(pl.Int128).abs()
    found = sizes[0] // pl.when(sizes[1] != 0).then(sizes[1])
    return of.wanted(pl.when((left < 0) != (right < 0)).then(found * -1).otherwise(found)).cast(pl.Int64)


def _remainder(of: Expressions, node: exp.Expr) -> pl.Expr:
    """What is left of a division, with the sign of the number divided."""
    left, right = _numbers(of, node, "%")
    whole = left.dtype.is_integer() and right.dtype.is_integer()
    wide = pl.Int128() if whole else pl.Float64()
    number, by = left.expr.cast(wide).abs(), right.expr.cast(wide).abs()
    by = by if right.expr.meta.root_names() or whole else as_column(by, number)
    rest = number % pl.when(by != 0).then(by)
    return pl.when(left.expr < 0).then(rest * -1).otherwise(rest).cast(pl.Int64() if whole else wide)


def _negative(of: Expressions, node: exp.Expr) -> pl.Expr:
    part = fitting(of.of(node.this), "number", "'-'")
    return of.wanted(part.expr.cast(pl.Int128) * -1).cast(pl.Int64) if part.dtype.is_integer() else -part.expr


def _absolute(of: Expressions, node: exp.Expr) -> pl.Expr:
    part = fitting(of.of(node.this), "number", "ABS")
    return of.wanted(part.expr.cast(pl.Int128).abs()).cast(pl.Int64) if part.dtype.is_integer() else part.expr.abs()


def _comparison(sign: str, function: Callable[[pl.Expr, pl.Expr], pl.Expr]) -> Handler:
    def build(of: Expressions, node: exp.Expr) -> pl.Expr:
        left, right = comparable([of.of(node.this), of.of(node.expression)], f"'{sign}'")
        return function(left.expr, right.expr)

    return build


def _logic(sign: str, function: Callable[[pl.Expr, pl.Expr], pl.Expr]) -> Handler:
    def build(of: Expressions, node: exp.Expr) -> pl.Expr:
        parts = [of.condition(each, sign) for each in node.flatten()]
        return reduce(function, parts)

    return build


def _not(of: Expressions, node: exp.Expr) -> pl.Expr:
    return ~of.condition(node.this, "NOT")


def _is(of: Expressions, node: exp.Expr) -> pl.Expr:
    wanted = node.expression
    if isinstance(wanted, exp.Null):
        return of.of(node.this).expr.is_null()
    if isinstance(wanted, exp.Boolean):
        return of.condition(node.this, "IS").eq_missing(bool(wanted.this))
    raise wrong(node, f"{shown(node)!r} is not supported.", "Use IS NULL, IS TRUE, IS FALSE, or IS NOT DISTINCT FROM.")


def _in(of: Expressions, node: exp.Expr) -> pl.Expr:
    refuse_others(node, ("this", "expressions"))
    first, *others = comparable([of.of(each) for each in (node.this, *node.expressions)], "IN")
    return reduce(pl.Expr.__or__, (first.expr == each.expr for each in others))


def _between(of: Expressions, node: exp.Expr) -> pl.Expr:
    refuse_others(node, ("this", "low", "high"))
    part, low, high = comparable([of.of(node.args[key]) for key in ("this", "low", "high")], "BETWEEN")
    return (part.expr >= low.expr) & (part.expr <= high.expr)


def _case(of: Expressions, node: exp.Expr) -> pl.Expr:
    """The value of the first condition that is true; in others nothing may fail."""
    tested, branches = node.args.get("this"), node.args["ifs"]
    conditions, values, before = [], [], pl.lit(False)
    for branch in branches:
        at = exp.EQ(this=tested.copy(), expression=branch.this.copy()) if tested is not None else branch.this
        condition = of.condition(at, "WHEN").fill_null(False)
        with of.where(condition & ~before):
            values.append(of.of(branch.args["true"]))
        conditions.append(condition)
        before = before | condition
    with of.where(~before):
        values.append(of.of(node.args.get("default") or exp.Null()))
    return _chosen(conditions, aligned(values, "CASE"))


def _if(of: Expressions, node: exp.Expr) -> pl.Expr:
    condition = of.condition(node.this, "IF").fill_null(False)
    with of.where(condition):
        yes = of.of(node.args["true"])
    with of.where(~condition):
        no = of.of(node.args.get("false") or exp.Null())
    return _chosen([condition], aligned([yes, no], "IF"))


def _chosen(conditions: list[pl.Expr], values: list[Typed]) -> pl.Expr:
    found = values[-1].expr
    for condition, each in zip(reversed(conditions), reversed(values[:-1]), strict=True):
        found = pl.when(condition).then(each.expr).otherwise(found)
    return found


def _null_if(of: Expressions, node: exp.Expr) -> pl.Expr:
    first = of.of(node.this)
    left, right = comparable([first, of.of(node.expression)], "NULLIF")
    return pl.when((left.expr == right.expr).fill_null(False)).then(None).otherwise(first.expr)


def _literal(of: Expressions, node: exp.Expr) -> pl.Expr:
    if node.is_string:
        return pl.lit(node.this, pl.String)
    if not node.is_int:
        return pl.lit(float(node.this), pl.Float64)
    if not -LARGEST <= int(node.this) < LARGEST:
        raise wrong(node, f"{node.this} is too large for a whole number.", "Write it with a decimal point.")
    return pl.lit(int(node.this), pl.Int64)


HANDLED: dict[type[exp.Expr], Handler] = {
    exp.Literal: _literal,
    exp.Boolean: lambda of, node: pl.lit(bool(node.this)),
    exp.Null: lambda of, node: pl.lit(None),
    exp.Add: _arithmetic("+", lambda a, b: a + b),
    exp.Sub: _arithmetic("-", lambda a, b: a - b),
    exp.Mul: _arithmetic("*", lambda a, b: a * b),
    exp.Div: _divided,
    exp.IntDiv: _whole_division,
    exp.Mod: _remainder,
    exp.Neg: _negative,
    exp.Abs: _absolute,
    exp.EQ: _comparison("=", lambda a, b: a == b),
    exp.NEQ: _comparison("<>", lambda a, b: a != b),
    exp.LT: _comparison("<", lambda a, b: a < b),
    exp.LTE: _comparison("<=", lambda a, b: a <= b),
    exp.GT: _comparison(">", lambda a, b: a > b),
    exp.GTE: _comparison(">=", lambda a, b: a >= b),
    exp.NullSafeEQ: _comparison("IS NOT DISTINCT FROM", lambda a, b: a.eq_missing(b)),
    exp.NullSafeNEQ: _comparison("IS DISTINCT FROM", lambda a, b: a.ne_missing(b)),
    exp.And: _logic("AND", pl.Expr.__and__),
    exp.Or: _logic("OR", pl.Expr.__or__),
    exp.Not: _not,
    exp.Is: _is,
    exp.In: _in,
    exp.Between: _between,
    exp.Case: _case,
    exp.If: _if,
    exp.Nullif: _null_if,
    **conversions.CONVERSIONS,
}
"""Parts of a query that are more than a function of their values."""
