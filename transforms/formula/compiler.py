"""A formula's tree to a polars expression, every part's type checked on the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

import polars as pl

from transforms.core.dtypes import type_name
from transforms.core.errors import did_you_mean
from transforms.core.numbers import as_column, quotient
from transforms.formula.functions import FUNCTIONS, Function
from transforms.formula.functions import Kind as Wanted
from transforms.formula.parser import Call, ColumnName, FormulaError, Literal, Tree, parse

CURRENT = "col"
"""The name that stands for the column at hand where a formula is applied to several."""


@dataclass(frozen=True)
class Compiled:
    """A formula as a polars expression."""

    expr: pl.Expr
    dtype: pl.DataType
    columns: tuple[str, ...]
    """Columns it reads, in order of appearance."""


@dataclass(frozen=True)
class _Part:
    expr: pl.Expr
    dtype: pl.DataType
    place: int

    @property
    def kind(self) -> str:
        return type_name(self.dtype).replace("integer", "number") if self.dtype != pl.Null else "null"


def compiled(text: str, schema: pl.Schema, current: str | None = None, *, widened: bool = False) -> Compiled:
    """Check a formula against the columns of a table.

    Args:
        text: the formula.
        schema: columns and their types.
        current: the column that the name ``col`` stands for, when the formula is applied to several.
        widened: compute with whole-number columns as floats, which cannot overflow.

    Raises:
        FormulaError: it cannot be read, names a column or function that is not there, or mixes types.
    """
    compiler = _Compiler(schema, current, widened=widened)
    part = compiler.part(parse(text))
    dtype = part.dtype
    if dtype in (pl.Float32, pl.Float64):
        clean = pl.when(part.expr.is_finite()).then(part.expr)
        return Compiled(clean, dtype, tuple(compiler.columns))
    return Compiled(part.expr, dtype, tuple(compiler.columns))


class _Compiler:
    def __init__(self, schema: pl.Schema, current: str | None, *, widened: bool) -> None:
        self._schema = schema
        self._current = current
        self._widened = widened
        self.columns: dict[str, None] = {}

    def part(self, tree: Tree) -> _Part:
        match tree:
            case Literal(place, value):
                return self._typed(pl.lit(value), place)
            case ColumnName(place, name):
                return self._column(name, place)
            case Call(place, name, arguments):
                parts = [self.part(each) for each in arguments]
                if name in OPERATORS:
                    return self._typed(OPERATORS[name](parts, place), place)
                return self._call(name, parts, place)
            case _:
                raise NotImplementedError(f"No part of a formula: {tree!r}.")

    def _column(self, name: str, place: int) -> _Part:
        if name == CURRENT and self._current is not None:
            name = self._current
        if name not in self._schema:
            hint = did_you_mean(name, self._schema) or "Names with blanks or signs are written in [brackets]."
            raise FormulaError(f"there is no column {name!r}. {hint}", place)
        self.columns[name] = None
        column = pl.col(name)
        if self._widened and self._schema[name].is_integer():
            return self._typed(column.cast(pl.Float64), place)
        return self._typed(column.fill_nan(None) if self._schema[name].is_float() else column, place)

    def _call(self, name: str, parts: list[_Part], place: int) -> _Part:
        function = FUNCTIONS.get(name)
        if function is None:
            raise FormulaError(f"there is no function {name!r}. {did_you_mean(name, FUNCTIONS)}".strip(), place)
        wanted = _wanted(function, len(parts), place)
        for part, kind in zip(parts, wanted, strict=True):
            _fits(part, kind, function.name)
        if function.gives == "same":
            free = [part for part, kind in zip(parts, wanted, strict=True) if kind == "any"]
            _alike(free, function.name)
        return self._typed(function.build(*(each.expr for each in parts)), place)

    def _typed(self, expr: pl.Expr, place: int) -> _Part:
        try:
            dtype = pl.LazyFrame(schema=self._schema).select(expr.alias("x")).collect_schema()["x"]
        except pl.exceptions.PolarsError as error:
            raise FormulaError(f"these types do not go together: {str(error).splitlines()[0]}.", place) from error
        portable = pl.Int64() if dtype.is_integer() else dtype
        return _Part(expr.cast(pl.Int64) if dtype.is_integer() and dtype != pl.Int64 else expr, portable, place)


def _wanted(function: Function, given: int, place: int) -> list[Wanted]:
    most = None if function.repeats else len(function.takes)
    least = len(function.takes) - function.optional
    if given < least or (most is not None and given > most):
        range_ = f"{least}" if least == most else f"{least} or more" if most is None else f"{least} to {most}"
        raise FormulaError(
            f"{function.name!r} takes {range_} values, found {given}. Example: {function.example}", place
        )
    return [function.takes[min(i, len(function.takes) - 1)] for i in range(given)]


def _fits(part: _Part, wanted: Wanted, function: str) -> None:
    fits = (
        wanted in ("any", "same")
        or part.kind in (wanted, "null")
        or (wanted == "whole" and part.dtype.is_integer())
        or (wanted == "date" and part.kind == "datetime")
    )
    if not fits:
        kind = "a whole number" if wanted == "whole" else wanted
        raise FormulaError(f"{function!r} needs {kind} here, found {part.kind}.", part.place)


def _alike(parts: Sequence[_Part], what: str) -> None:
    kinds = list(dict.fromkeys(each.kind for each in parts if each.kind != "null"))
    if len(kinds) > 1:
        raise FormulaError(f"{what!r} needs values of one kind, found {' and '.join(kinds)}.", parts[-1].place)


def _numbers(parts: Sequence[_Part], what: str) -> None:
    for each in parts:
        _fits(each, "number", what)


def _arithmetic(
    sign: str, function: Callable[[pl.Expr, pl.Expr], pl.Expr]
) -> Callable[[Sequence[_Part], int], pl.Expr]:
    def build(parts: Sequence[_Part], place: int) -> pl.Expr:
        _numbers(parts, sign)
        return function(parts[0].expr, parts[1].expr)

    return build


def _comparison(
    sign: str, function: Callable[[pl.Expr, pl.Expr], pl.Expr]
) -> Callable[[Sequence[_Part], int], pl.Expr]:
    def build(parts: Sequence[_Part], place: int) -> pl.Expr:
        if {each.kind for each in parts} != {"date", "datetime"}:
            _alike(parts, sign)
        return function(parts[0].expr, parts[1].expr)

    return build


def _logic(sign: str, function: Callable[[pl.Expr, pl.Expr], pl.Expr]) -> Callable[[Sequence[_Part], int], pl.Expr]:
    def build(parts: Sequence[_Part], place: int) -> pl.Expr:
        for each in parts:
            _fits(each, "boolean", sign)
        return function(parts[0].expr, parts[1].expr)

    return build


def _is_in(parts: Sequence[_Part], place: int) -> pl.Expr:
    if len(parts) < 2:
        raise FormulaError('\'in\' needs a list: grade in ("A", "B").', place)
    _alike(parts, "in")
    return reduce(pl.Expr.__or__, (parts[0].expr == each.expr for each in parts[1:]))


def _divided(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    return pl.when(right != 0).then(quotient(left, right))


def _remainder(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    by = right if right.meta.root_names() else as_column(right, left + (right - right))
    return pl.when(right != 0).then(left % by)


def _negative(parts: Sequence[_Part], place: int) -> pl.Expr:
    _numbers(parts, "-")
    return -parts[0].expr


def _not(parts: Sequence[_Part], place: int) -> pl.Expr:
    _fits(parts[0], "boolean", "not")
    return ~parts[0].expr


def _power(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    return left.cast(pl.Float64).pow(right.cast(pl.Float64))


def _joined(parts: Sequence[_Part], place: int) -> pl.Expr:
    return pl.concat_str([each.expr for each in parts])


OPERATORS: dict[str, Callable[[Sequence[_Part], int], pl.Expr]] = {
    "+": _arithmetic("+", lambda a, b: a + b),
    "-": _arithmetic("-", lambda a, b: a - b),
    "*": _arithmetic("*", lambda a, b: a * b),
    "/": _arithmetic("/", _divided),
    "%": _arithmetic("%", _remainder),
    "^": _arithmetic("^", _power),
    "&": _joined,
    "=": _comparison("=", lambda a, b: a == b),
    "<>": _comparison("<>", lambda a, b: a != b),
    "<": _comparison("<", lambda a, b: a < b),
    "<=": _comparison("<=", lambda a, b: a <= b),
    ">": _comparison(">", lambda a, b: a > b),
    ">=": _comparison(">=", lambda a, b: a >= b),
    "and": _logic("and", lambda a, b: a & b),
    "or": _logic("or", lambda a, b: a | b),
    "not": _not,
    "negative": _negative,
    "in": _is_in,
}
