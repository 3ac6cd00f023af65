"""Every function of the formula language, in one table: what it takes, what it gives, what it does.

Null in gives null out, unless a function says otherwise. NaN is null. Dividing by zero, the root or
logarithm of what has none, give null.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import polars as pl

from transforms.core.numbers import quotient

Kind = Literal["number", "text", "boolean", "date", "datetime", "any", "same", "whole"]
"""What a function takes or gives. ``same``: the common kind of its ``any`` arguments; ``whole``: a whole number."""


@dataclass(frozen=True)
class Function:
    """One function of the language."""

    name: str
    takes: tuple[Kind, ...]
    gives: Kind
    help: str
    """A sentence."""
    example: str
    build: Callable[..., pl.Expr]
    optional: int = 0
    """How many of the last arguments may be left out."""
    repeats: bool = False
    """Whether the last argument may be repeated."""


def _whole(expr: pl.Expr) -> pl.Expr:
    return expr.cast(pl.Int64)


def _round(value: pl.Expr, digits: pl.Expr | None = None) -> pl.Expr:
    unit = pl.lit(1.0) if digits is None else pl.lit(10.0).pow(digits.cast(pl.Float64))
    scaled = value.cast(pl.Float64) * unit
    return quotient((scaled.abs() + 0.5).floor() * scaled.sign(), unit)


def _positive(value: pl.Expr, least: float, *, open_end: bool) -> pl.Expr:
    number = value.cast(pl.Float64)
    return pl.when(number > least if open_end else number >= least).then(number)


def _part(text: pl.Expr, start: pl.Expr, length: pl.Expr | None = None) -> pl.Expr:
    begin = start.cast(pl.Int64)
    return text.str.slice(pl.when(begin > 0).then(begin - 1).otherwise(begin), length)


def _difference(later: pl.Expr, earlier: pl.Expr) -> pl.Expr:
    return (later.cast(pl.Datetime("us")) - earlier.cast(pl.Datetime("us"))).dt.total_days()


FUNCTIONS: dict[str, Function] = {
    each.name: each
    for each in (
        Function(
            "if",
            ("boolean", "any", "any"),
            "same",
            "The second value where the condition is true, the third where it is false or unknown.",
            'if(age >= 18, "adult", "minor")',
            lambda c, a, b: pl.when(c).then(a).otherwise(b),
        ),
        Function(
            "coalesce",
            ("any",),
            "same",
            "The first value that is not missing.",
            "coalesce(mobile, phone)",
            lambda *v: pl.coalesce(*v),
            repeats=True,
        ),
        Function(
            "is_missing",
            ("any",),
            "boolean",
            "Whether a value is missing; never unknown.",
            "is_missing(grade)",
            lambda v: v.is_null(),
        ),
        Function("abs", ("number",), "same", "The value without its sign.", "abs(balance)", lambda v: v.abs()),
        Function(
            "round",
            ("number", "whole"),
            "number",
            "Rounded to so many decimals (none by default), halves away from zero.",
            "round(rate, 2)",
            _round,
            optional=1,
        ),
        Function(
            "floor",
            ("number",),
            "number",
            "The largest whole number that is not larger.",
            "floor(age / 10)",
            lambda v: v.cast(pl.Float64).floor(),
        ),
        Function(
            "ceiling",
            ("number",),
            "number",
            "The smallest whole number that is not smaller.",
            "ceiling(weeks)",
            lambda v: v.cast(pl.Float64).ceil(),
        ),
        Function(
            "sqrt",
            ("number",),
            "number",
            "Square root; null below zero.",
            "sqrt(area)",
            lambda v: _positive(v, 0.0, open_end=False).sqrt(),
        ),
        Function(
            "exp",
            ("number",),
            "number",
            "e to the power of the value.",
            "exp(score)",
            lambda v: v.cast(pl.Float64).exp(),
        ),
        Function(
            "ln",
            ("number",),
            "number",
            "Natural logarithm; null at zero and below.",
            "ln(income)",
            lambda v: _positive(v, 0.0, open_end=True).log(),
        ),
        Function(
            "log10",
            ("number",),
            "number",
            "Logarithm to base 10; null at zero and below.",
            "log10(income)",
            lambda v: _positive(v, 0.0, open_end=True).log(10),
        ),
        Function(
            "log1p",
            ("number",),
            "number",
            "Natural logarithm of one more than the value; null at -1 and below.",
            "log1p(income)",
            lambda v: _positive(v, -1.0, open_end=True).log1p(),
        ),
        Function(
            "min",
            ("any",),
            "same",
            "The smallest of several values; missing ones are left out.",
            "min(q1, q2, q3)",
            lambda *v: pl.min_horizontal(*v),
            repeats=True,
        ),
        Function(
            "max",
            ("any",),
            "same",
            "The largest of several values; missing ones are left out.",
            "max(q1, q2, q3)",
            lambda *v: pl.max_horizontal(*v),
            repeats=True,
        ),
        Function("upper", ("text",), "text", "In capitals.", "upper(grade)", lambda v: v.str.to_uppercase()),
        Function("lower", ("text",), "text", "In small letters.", "lower(city)", lambda v: v.str.to_lowercase()),
        Function(
            "trim", ("text",), "text", "Without white space at both ends.", "trim(name)", lambda v: v.str.strip_chars()
        ),
        Function(
            "length", ("text",), "whole", "Number of characters.", "length(name)", lambda v: _whole(v.str.len_chars())
        ),
        Function(
            "contains",
            ("text", "text"),
            "boolean",
            "Whether the first text holds the second, letter for letter.",
            'contains(title, "manager")',
            lambda v, t: v.str.contains(t, literal=True),
        ),
        Function(
            "starts_with",
            ("text", "text"),
            "boolean",
            "Whether the first text begins with the second.",
            'starts_with(code, "A")',
            lambda v, t: v.str.starts_with(t),
        ),
        Function(
            "ends_with",
            ("text", "text"),
            "boolean",
            "Whether the first text ends with the second.",
            'ends_with(file, ".csv")',
            lambda v, t: v.str.ends_with(t),
        ),
        Function(
            "replace",
            ("text", "text", "text"),
            "text",
            "Every occurrence of the second text in the first becomes the third.",
            'replace(phone, "-", "")',
            lambda v, a, b: v.str.replace_all(a, b, literal=True),
        ),
        Function(
            "left", ("text", "whole"), "text", "The first characters.", "left(code, 2)", lambda v, n: v.str.slice(0, n)
        ),
        Function(
            "right", ("text", "whole"), "text", "The last characters.", "right(code, 2)", lambda v, n: v.str.tail(n)
        ),
        Function(
            "part",
            ("text", "whole", "whole"),
            "text",
            "Characters from a position, counted from 1 (from the end when negative), so many of them.",
            "part(code, 2, 3)",
            _part,
            optional=1,
        ),
        Function(
            "concat",
            ("any",),
            "text",
            "Values written one after the other; missing ones are left out.",
            'concat(first, " ", last)',
            lambda *v: pl.concat_str(*v, ignore_nulls=True),
            repeats=True,
        ),
        Function("text", ("any",), "text", "The value written as text.", "text(zip)", lambda v: v.cast(pl.String)),
        Function(
            "number",
            ("any",),
            "number",
            "Text read as a number, true as 1; null when it is none.",
            "number(price)",
            lambda v: v.cast(pl.Float64, strict=False),
        ),
        Function(
            "date",
            ("text",),
            "date",
            "Text such as 2026-01-31 read as a date; null when it is none.",
            'date("2026-01-31")',
            lambda v: v.str.to_date("%Y-%m-%d", strict=False),
        ),
        Function("year", ("date",), "whole", "Year of a date.", "year(issued)", lambda v: _whole(v.dt.year())),
        Function(
            "month", ("date",), "whole", "Month of a date, 1 to 12.", "month(issued)", lambda v: _whole(v.dt.month())
        ),
        Function(
            "day",
            ("date",),
            "whole",
            "Day of the month of a date, 1 to 31.",
            "day(issued)",
            lambda v: _whole(v.dt.day()),
        ),
        Function(
            "weekday",
            ("date",),
            "whole",
            "Day of the week, Monday 1 to Sunday 7.",
            "weekday(issued)",
            lambda v: _whole(v.dt.weekday()),
        ),
        Function(
            "days_between",
            ("date", "date"),
            "whole",
            "Whole days from the second date to the first.",
            "days_between(closed, opened)",
            _difference,
        ),
    )
}
