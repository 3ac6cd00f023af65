"""Polars functions that an expression may call, by their polars names: those that look at one row at a time.

What may lose a value without a trace is not among them (conversions, dates read from text), nor is what
sees other rows, reads files or runs Python.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from transforms.core.numbers import as_column, quotient
from transforms.core.params import valid_regex
from transforms.types import valid_format

Build = Callable[..., pl.Expr]


@dataclass(frozen=True)
class Function:
    """A function of expressions."""

    least: int
    """The fewest expressions it takes."""
    most: int | None
    """The most; any number when empty."""
    options: tuple[str, ...] = ()
    """Settings it takes, by their polars names; they are plain values."""
    build: Build | None = None
    """How it is made; by default the first expression has a method of the function's name."""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """Settings that are not to be chosen."""

    def expr(self, name: str, parts: Sequence[pl.Expr], options: Mapping[str, Any]) -> pl.Expr:
        """The call as an expression."""
        if self.build is not None:
            return self.build(*parts, **self.fixed, **options)
        method: Any = parts[0]
        for each in name.split("."):
            method = getattr(method, each)
        found: pl.Expr = method(*parts[1:], **self.fixed, **options)
        return found


def checked_options(options: Mapping[str, Any]) -> None:
    """Refuse patterns and formats that the engine could not run.

    Raises:
        ValueError: says which.
    """
    if isinstance(options.get("pattern"), str) and not options.get("literal"):
        valid_regex(options["pattern"])
    if isinstance(options.get("format"), str):
        valid_format(options["format"])


def _when(condition: pl.Expr, then: pl.Expr, otherwise: pl.Expr | None = None) -> pl.Expr:
    found = pl.when(condition).then(then)
    return found if otherwise is None else found.otherwise(otherwise)


def whole_or_float(name: str) -> Build:
    """Division with a rest: of whole numbers exactly, of others so that one row gives what many give."""

    def build(left: pl.Expr, right: pl.Expr, *, whole: bool) -> pl.Expr:
        if not whole:
            left, right = left.cast(pl.Float64), right.cast(pl.Float64)
            right = right if right.meta.root_names() else as_column(right, left)
        found: pl.Expr = getattr(left, name)(right)
        return found

    return build


WITH_REST = ("floordiv", "mod")
"""Functions that have to know whether both of their numbers are whole."""
ONE = Function(1, 1)
TWO = Function(2, 2)
FUNCTIONS: dict[str, Function] = {
    **dict.fromkeys(("neg", "abs", "sign", "floor", "ceil", "sqrt", "cbrt", "exp", "log10", "log1p"), ONE),
    **dict.fromkeys(("sin", "cos", "tan", "arctan", "tanh", "degrees", "radians"), ONE),
    **dict.fromkeys(("not_", "is_null", "is_not_null"), ONE),
    **dict.fromkeys(("add", "sub", "mul", "pow"), TWO),
    **dict.fromkeys(("eq", "ne", "lt", "le", "gt", "ge", "eq_missing", "ne_missing"), TWO),
    **dict.fromkeys(("and_", "or_"), Function(2, None)),
    "truediv": Function(2, 2, build=quotient),
    **{name: Function(2, 2, build=whole_or_float(name)) for name in WITH_REST},
    "xor": TWO,
    "fill_null": TWO,
    "round": Function(1, 1, ("decimals",)),
    "log": Function(1, 1, ("base",)),
    "clip": Function(1, 1, ("lower_bound", "upper_bound")),
    "is_in": Function(1, 1, ("other",)),
    "is_between": Function(3, 3, ("closed",)),
    "when": Function(2, 3, build=_when),
    "coalesce": Function(1, None, build=pl.coalesce),
    "max_horizontal": Function(1, None, build=pl.max_horizontal),
    "min_horizontal": Function(1, None, build=pl.min_horizontal),
    "sum_horizontal": Function(1, None, build=pl.sum_horizontal),
    "mean_horizontal": Function(1, None, build=pl.mean_horizontal),
    "all_horizontal": Function(1, None, build=pl.all_horizontal),
    "any_horizontal": Function(1, None, build=pl.any_horizontal),
    "concat_list": Function(1, None, build=pl.concat_list),
    "concat_str": Function(1, None, ("separator", "ignore_nulls"), build=pl.concat_str),
    **dict.fromkeys(("str.to_lowercase", "str.to_uppercase", "str.to_titlecase", "str.len_chars", "str.reverse"), ONE),
    **dict.fromkeys(
        ("str.strip_chars", "str.strip_chars_start", "str.strip_chars_end"), Function(1, 1, ("characters",))
    ),
    "str.strip_prefix": Function(1, 1, ("prefix",)),
    "str.strip_suffix": Function(1, 1, ("suffix",)),
    "str.starts_with": Function(1, 1, ("prefix",)),
    "str.ends_with": Function(1, 1, ("suffix",)),
    "str.contains": Function(1, 1, ("pattern", "literal")),
    "str.count_matches": Function(1, 1, ("pattern", "literal")),
    "str.replace": Function(1, 1, ("pattern", "value", "literal")),
    "str.replace_all": Function(1, 1, ("pattern", "value", "literal")),
    "str.extract": Function(1, 1, ("pattern", "group_index")),
    "str.extract_all": Function(1, 1, ("pattern",)),
    "str.split": Function(1, 1, ("by",)),
    "str.slice": Function(1, 1, ("offset", "length")),
    "str.head": Function(1, 1, ("n",)),
    "str.tail": Function(1, 1, ("n",)),
    "str.pad_start": Function(1, 1, ("length", "fill_char")),
    "str.pad_end": Function(1, 1, ("length", "fill_char")),
    "str.zfill": Function(1, 1, ("length",)),
    **dict.fromkeys(
        (
            "dt.year", "dt.iso_year", "dt.quarter", "dt.month", "dt.week", "dt.weekday", "dt.day", "dt.ordinal_day",
            "dt.hour", "dt.minute", "dt.second", "dt.date", "dt.time", "dt.month_start", "dt.month_end",
            "dt.is_leap_year", "dt.total_days", "dt.total_hours", "dt.total_minutes", "dt.total_seconds",
        ),
        ONE,
    ),
    "dt.truncate": Function(1, 1, ("every",)),
    "dt.offset_by": Function(1, 1, ("by",)),
    "dt.to_string": Function(1, 1, ("format",)),
    **dict.fromkeys(("list.len", "list.first", "list.last", "list.reverse"), ONE),
    **dict.fromkeys(("list.sum", "list.mean", "list.min", "list.max", "list.sort"), ONE),
    "list.unique": Function(1, 1, fixed={"maintain_order": True}),
    "list.get": Function(1, 1, ("index",), fixed={"null_on_oob": True}),
    "list.join": Function(1, 1, ("separator",), fixed={"ignore_nulls": True}),
}  # fmt: skip
"""By polars name."""
