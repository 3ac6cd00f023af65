"""GROUP BY and the aggregates of a query."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from sqlglot import exp

from transforms.core.relations import Aggregate, AggregateFunction, MapRows, Measure
from transforms.sql.errors import refuse_others, shown, wrong
from transforms.sql.functions import HARMLESS
from transforms.sql.operators import Expressions
from transforms.sql.scope import Origins, Rows
from transforms.sql.steps import Project
from transforms.sql.typed import Typed, fitting

AGGREGATES: dict[type[exp.Expr], AggregateFunction] = {
    exp.Count: "count",
    exp.CountIf: "count",
    exp.Sum: "sum",
    exp.Avg: "mean",
    exp.Min: "min",
    exp.Max: "max",
    exp.Stddev: "std",
    exp.StddevSamp: "std",
    exp.Variance: "var",
    exp.Median: "median",
    exp.PercentileCont: "quantile",
    exp.Quantile: "quantile",
    exp.Mode: "mode",
    exp.LogicalAnd: "all",
    exp.LogicalOr: "any",
}
"""The functions of a group, by those of SQL."""
REFUSED_AGGREGATES: dict[type[exp.Expr], str] = {
    exp.First: "Rows have no order in a group: use MIN, MAX or MODE.",
    exp.Last: "Rows have no order in a group: use MIN, MAX or MODE.",
    exp.AnyValue: "Which value it takes is not defined: use MIN, MAX or MODE.",
    exp.GroupConcat: "Use the step 'Group by' with the function list.",
    exp.ArrayAgg: "Use the step 'Group by' with the function list.",
    exp.ArgMax: "Use ROW_NUMBER() OVER (... ORDER BY ...) with QUALIFY.",
    exp.ArgMin: "Use ROW_NUMBER() OVER (... ORDER BY ...) with QUALIFY.",
    exp.PercentileDisc: "Use QUANTILE_CONT.",
    exp.StddevPop: "Use STDDEV, which is that of a sample.",
    exp.VariancePop: "Use VARIANCE, which is that of a sample.",
}
"""What to use instead of others."""
OF_NUMBERS = ("sum", "mean", "median", "std", "var", "quantile")
ROOTS = (*AGGREGATES, exp.Filter, exp.WithinGroup)


@dataclass(frozen=True)
class Aggregated:
    """An aggregate: what is computed of which values."""

    function: AggregateFunction
    value: Typed | None
    """The values; all rows when empty."""
    q: float = 0.5

    @property
    def dtype(self) -> pl.DataType:
        """The type of the result."""
        held = self.value.dtype if self.value is not None else pl.Int64()
        if self.function in ("count", "count_distinct", "rows"):
            return pl.Int64()
        if self.function == "sum" and (held.is_integer() or held == pl.Boolean):
            return pl.Int64()
        if self.function == "sum" and held.is_decimal():
            return held
        return pl.Float64() if self.function in OF_NUMBERS else held


def aggregates_in(node: exp.Expr) -> Iterator[exp.Expr]:
    """The aggregates of a part of a query, those that are inside the windows of others included."""
    if isinstance(node, exp.Window):
        own = node.this.this if isinstance(node.this, exp.Filter) else node.this
        for each in (*own.iter_expressions(), *(part for part in node.iter_expressions() if part is not node.this)):
            yield from aggregates_in(each)
    elif isinstance(node, ROOTS):
        yield node
    else:
        for each in node.iter_expressions():
            yield from aggregates_in(each)


def aggregated(node: exp.Expr, of: Expressions) -> Aggregated:
    """What an aggregate of a query computes.

    Raises:
        SqlError: it is not supported, or its values are of the wrong kind.
    """
    call, condition, argument = _opened(node, of)
    function = AGGREGATES.get(type(call))
    if function is None:
        raise wrong(node, f"{shown(node)!r} is not supported.", "See the help of this step for the aggregates.")
    if isinstance(argument, exp.Distinct):
        function, argument = _distinct(call, function, argument)
    if argument is None or isinstance(argument, exp.Star):
        if not isinstance(call, exp.Count):
            raise wrong(node, f"{shown(node)!r} needs a column.", "Only COUNT takes *.")
        if condition is None:
            return Aggregated("rows", None)
        return Aggregated("count", Typed(pl.when(condition).then(1).cast(pl.Int64), pl.Int64(), node))
    value = of.whole_column(argument)
    if isinstance(call, exp.CountIf):
        value = Typed(pl.when(fitting(value, "boolean", "COUNT_IF").expr).then(1).cast(pl.Int64), pl.Int64(), argument)
    if condition is not None:
        value = Typed(pl.when(condition).then(value.expr), value.dtype, argument)
    return Aggregated(function, _suitable(value, function, call), _quantile(call))


def grouped(rows: Rows, keys: Sequence[exp.Expr], wanted: Iterable[exp.Expr]) -> tuple[Rows, Mapping[exp.Expr, str]]:
    """One row for each group, and the columns that hold each key and each aggregate.

    Args:
        rows: the rows.
        keys: what makes the groups, in the names of the relation; all rows are one group without any.
        wanted: aggregates, in the names of the relation.
    """
    of = Expressions(rows.schema)
    made: list[tuple[str, pl.Expr]] = []
    schema: dict[str, pl.DataType] = {}
    origins: dict[str, Origins] = {}
    held: dict[exp.Expr, str] = {}
    for key in dict.fromkeys(keys):
        part, name = of.whole_column(key), f"__key_{len(held)}"
        if part.dtype.is_nested():
            raise wrong(key, f"Rows cannot be grouped by {part.kind} values.", "Take the column apart first.")
        made.append((name, part.expr))
        held[key], schema[name], origins[name] = name, part.dtype, rows.origins_of(part.expr)
    by, measures = tuple(held.values()), []
    for node in dict.fromkeys(wanted):
        found, name = aggregated(node, of), f"__aggregate_{len(held)}"
        value = pl.lit(True) if found.value is None else found.value.expr
        if found.value is not None:
            made.append((f"__value_{len(held)}", value))
        measures.append(Measure(found.function, f"__value_{len(held)}", name, found.q))
        held[node], schema[name], origins[name] = name, found.dtype, rows.origins_of(value)
    project = Project(tuple(made) or (("__row", pl.lit(True)),))
    relation = Aggregate(MapRows(rows.relation, project), by, tuple(measures))
    return Rows(relation, schema, (), origins), held


def _opened(node: exp.Expr, of: Expressions) -> tuple[exp.Expr, pl.Expr | None, exp.Expr | None]:
    """The function, its FILTER, and what it is of."""
    condition = None
    if isinstance(node, exp.Filter):
        condition, node = of.condition(node.expression.this, "FILTER"), node.this
    if isinstance(node, exp.WithinGroup):
        order = node.expression.expressions
        if not isinstance(node.this, exp.PercentileCont) or len(order) != 1 or order[0].args.get("desc"):
            raise wrong(node, f"{shown(node)!r} is not supported.", "Use QUANTILE_CONT(column, 0.5).")
        inner = node.this
        return exp.PercentileCont(this=order[0].this, expression=inner.this), condition, order[0].this
    refuse_others(node, ("this", "expression", "quantile", *HARMLESS))
    return node, condition, node.this if isinstance(node.this, exp.Expr) else None


def _distinct(
    call: exp.Expr, function: AggregateFunction, distinct: exp.Distinct
) -> tuple[AggregateFunction, exp.Expr]:
    if len(distinct.expressions) == 1:
        (argument,) = distinct.expressions
        if isinstance(call, exp.Count):
            return "count_distinct", argument
        if function in ("min", "max"):
            return function, argument
    advice = "Use SELECT DISTINCT in a subquery, or COUNT(DISTINCT column)."
    raise wrong(call, f"{shown(call)!r} is not supported.", advice)


def _suitable(value: Typed, function: str, call: exp.Expr) -> Typed:
    name = shown(call)
    if function in OF_NUMBERS:
        if value.dtype == pl.Null:
            return value.cast(pl.Float64())
        if value.kind not in ("number", "boolean"):
            raise wrong(call, f"{name!r} needs numbers, found {value.kind}.", "Use CAST(... AS DOUBLE).")
    elif function in ("any", "all"):
        return fitting(value, "boolean", name)
    elif value.dtype.is_nested():
        raise wrong(call, f"{name!r} cannot be computed of {value.kind} values.", "Take the column apart first.")
    return value


def _quantile(call: exp.Expr) -> float:
    if not isinstance(call, exp.PercentileCont | exp.Quantile):
        return 0.5
    share = call.args.get("quantile") or call.args.get("expression")
    if not isinstance(share, exp.Literal) or share.is_string or not 0 <= float(share.this) <= 1:
        raise wrong(call, f"{shown(call)!r} needs a number from 0 to 1.", "Write QUANTILE_CONT(column, 0.9).")
    return float(share.this)
