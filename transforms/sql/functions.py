"""SQL functions of one row: those of the formula language under their SQL names, and what SQL has beyond it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl
from sqlglot import exp

from transforms.core.numbers import quotient
from transforms.formula.functions import FUNCTIONS, Function, Kind


@dataclass(frozen=True)
class Call:
    """A function, and where sqlglot keeps its arguments, in their order."""

    function: Function
    keys: tuple[str, ...]


def _log(base: pl.Expr, value: pl.Expr) -> pl.Expr:
    base, value = (pl.when(each > 0).then(each).cast(pl.Float64) for each in (base, value))
    exact = pl.when(base == 10).then(value.log(10)).when(base == 2).then(value.log(2))
    below = base.log()
    return exact.when(below != 0).then(quotient(value.log(), below))


def _power(value: pl.Expr, exponent: pl.Expr) -> pl.Expr:
    return value.cast(pl.Float64).pow(exponent.cast(pl.Float64)).fill_nan(None)


def _truncated(value: pl.Expr) -> pl.Expr:
    number = value.cast(pl.Float64)
    return pl.when(number < 0).then(number.ceil()).otherwise(number.floor())


def _position(text: pl.Expr, part: pl.Expr) -> pl.Expr:
    before = text.str.split(part).list.first().str.len_chars().cast(pl.Int64)
    found = pl.when(text.str.contains(part, literal=True)).then(before + 1).otherwise(0)
    return pl.when(text.is_not_null() & part.is_not_null()).then(pl.when(part == "").then(1).otherwise(found))


def _split_part(text: pl.Expr, by: pl.Expr, place: pl.Expr) -> pl.Expr:
    at = pl.when(place > 0).then(place - 1).otherwise(place)
    found = text.str.split(by).list.get(at, null_on_oob=True).fill_null("")
    whole = pl.when((place == 1) | (place == -1)).then(text).otherwise(pl.lit(""))
    known = text.is_not_null() & by.is_not_null() & place.is_not_null()
    return pl.when(known).then(pl.when(by == "").then(whole).otherwise(found))


def _left(text: pl.Expr, count: pl.Expr) -> pl.Expr:
    return text.str.head(count)


def _right(text: pl.Expr, count: pl.Expr) -> pl.Expr:
    return text.str.tail(count)


def _substring(text: pl.Expr, start: pl.Expr, length: pl.Expr | None = None) -> pl.Expr:
    """Places before the first count too, as SQL has it: from 0, two characters are the first alone."""
    size = text.str.len_chars().cast(pl.Int64)
    begin = pl.when(start < 0).then(start + size).otherwise(start - 1)
    first = pl.max_horizontal(begin, 0)
    if length is None:
        return pl.when(start.is_not_null()).then(text.str.slice(first))
    end = begin + length
    known = start.is_not_null() & length.is_not_null()
    return pl.when(known).then(text.str.slice(first, pl.max_horizontal(end - first, 0)))


def _sign(value: pl.Expr) -> pl.Expr:
    return pl.when(value > 0).then(1).when(value < 0).then(-1).when(value == 0).then(0).cast(pl.Int64)


def _own(
    name: str, takes: tuple[Kind, ...], gives: Kind, help: str, build: Callable[..., pl.Expr], optional: int = 0
) -> Function:
    return Function(name, takes, gives, help, "", build, optional)


OWN = {
    each.name: each
    for each in (
        _own("log", ("number", "number"), "number", "Logarithm to a base; null where there is none.", _log),
        _own("power", ("number", "number"), "number", "To a power; null where there is none.", _power),
        _own("sign", ("number",), "whole", "-1, 0 or 1.", _sign),
        _own("trunc", ("number",), "number", "Without the digits behind the point.", _truncated),
        _own(
            "substring",
            ("text", "whole", "whole"),
            "text",
            "Characters from a place, from 1 (from the end when negative), so many of them.",
            _substring,
            optional=1,
        ),
        _own("reverse", ("text",), "text", "The characters backwards.", lambda v: v.str.reverse()),
        _own("position", ("text", "text"), "whole", "Where a text begins in another, from 1; 0 if not.", _position),
        _own("split_part", ("text", "text", "whole"), "text", "One of the parts, from 1; empty if none.", _split_part),
        _own("left", ("text", "whole"), "text", "The first characters; all but the last when negative.", _left),
        _own("right", ("text", "whole"), "text", "The last characters; all but the first when negative.", _right),
        _own("ltrim", ("text",), "text", "Without white space at the start.", lambda v: v.str.strip_chars_start()),
        _own("rtrim", ("text",), "text", "Without white space at the end.", lambda v: v.str.strip_chars_end()),
        _own("last_day", ("date",), "date", "Last day of the month.", lambda v: v.dt.month_end().cast(pl.Date)),
        _own("sin", ("number",), "number", "Sine.", lambda v: v.cast(pl.Float64).sin().fill_nan(None)),
        _own("cos", ("number",), "number", "Cosine.", lambda v: v.cast(pl.Float64).cos().fill_nan(None)),
        _own("tan", ("number",), "number", "Tangent.", lambda v: v.cast(pl.Float64).tan().fill_nan(None)),
        _own("radians", ("number",), "number", "Degrees as radians.", lambda v: v.cast(pl.Float64).radians()),
        _own("degrees", ("number",), "number", "Radians as degrees.", lambda v: v.cast(pl.Float64).degrees()),
        _own("pi", (), "number", "The number pi.", lambda: pl.lit(3.141592653589793)),
    )
}
ONE, TWO = ("this",), ("this", "expression")
BY_CLASS: dict[type[exp.Expr], Call] = {
    exp.Upper: Call(FUNCTIONS["upper"], ONE),
    exp.Lower: Call(FUNCTIONS["lower"], ONE),
    exp.Length: Call(FUNCTIONS["length"], ONE),
    exp.Contains: Call(FUNCTIONS["contains"], TWO),
    exp.StartsWith: Call(FUNCTIONS["starts_with"], TWO),
    exp.EndsWith: Call(FUNCTIONS["ends_with"], TWO),
    exp.Substring: Call(OWN["substring"], ("this", "start", "length")),
    exp.Coalesce: Call(FUNCTIONS["coalesce"], ("this", "expressions")),
    exp.Greatest: Call(FUNCTIONS["max"], ("this", "expressions")),
    exp.Least: Call(FUNCTIONS["min"], ("this", "expressions")),
    exp.Round: Call(FUNCTIONS["round"], ("this", "decimals")),
    exp.Floor: Call(FUNCTIONS["floor"], ONE),
    exp.Ceil: Call(FUNCTIONS["ceiling"], ONE),
    exp.Sqrt: Call(FUNCTIONS["sqrt"], ONE),
    exp.Exp: Call(FUNCTIONS["exp"], ONE),
    exp.Ln: Call(FUNCTIONS["ln"], ONE),
    exp.Left: Call(OWN["left"], TWO),
    exp.Right: Call(OWN["right"], TWO),
    exp.Reverse: Call(OWN["reverse"], ONE),
    exp.StrPosition: Call(OWN["position"], ("this", "substr")),
    exp.SplitPart: Call(OWN["split_part"], ("this", "delimiter", "part_index")),
    exp.Pow: Call(OWN["power"], TWO),
    exp.Sign: Call(OWN["sign"], ONE),
    exp.Trunc: Call(OWN["trunc"], ONE),
    exp.Year: Call(FUNCTIONS["year"], ONE),
    exp.Month: Call(FUNCTIONS["month"], ONE),
    exp.Day: Call(FUNCTIONS["day"], ONE),
    exp.DayOfWeekIso: Call(FUNCTIONS["weekday"], ONE),
    exp.LastDay: Call(OWN["last_day"], ONE),
    exp.Sin: Call(OWN["sin"], ONE),
    exp.Cos: Call(OWN["cos"], ONE),
    exp.Tan: Call(OWN["tan"], ONE),
    exp.Radians: Call(OWN["radians"], ONE),
    exp.Degrees: Call(OWN["degrees"], ONE),
    exp.Pi: Call(OWN["pi"], ()),
}
"""Functions that sqlglot knows."""
BY_NAME: dict[str, Function] = {
    "prefix": FUNCTIONS["starts_with"],
    "suffix": FUNCTIONS["ends_with"],
    "log1p": FUNCTIONS["log1p"],
}
"""Functions that sqlglot passes on by name."""
HARMLESS = frozenset(
    ("big_int", "safe", "coalesce", "ignore_nulls", "date_part_boundary", "null_if_pos_overflow", "single_replace")
)
"""What sqlglot notes of a function of this dialect, and holds here anyway."""
AGGREGATE_NAMES = (
    "avg", "bool_and", "bool_or", "count", "count_if", "max", "median", "min", "mode", "quantile_cont", "stddev", "sum",
    "variance", "dense_rank", "lag", "lead", "percent_rank", "rank", "row_number",
)  # fmt: skip
ROW_NAMES = (
    "abs", "ceil", "coalesce", "concat", "concat_ws", "contains", "cos", "date_add", "date_diff", "date_part",
    "date_trunc", "day", "dayofweek", "dayofyear", "degrees", "ends_with", "exp", "extract", "floor", "greatest",
    "hour", "if", "ifnull", "instr", "last_day", "least", "left", "length", "ln", "log", "log10", "log1p", "log2",
    "lower", "lpad", "ltrim", "minute", "mod", "month", "nullif", "pi", "power", "quarter", "radians",
    "regexp_extract", "regexp_matches", "regexp_replace", "replace", "reverse", "right", "round", "rpad", "rtrim",
    "second", "sign", "sin", "split_part", "sqrt", "starts_with", "strftime", "strptime", "substring", "tan", "trim",
    "trunc", "try_cast", "upper", "week", "year",
)  # fmt: skip
NAMES = (*ROW_NAMES, *AGGREGATE_NAMES)
"""The functions of a query, by the names that the help and the hints have for them."""
