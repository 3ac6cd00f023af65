"""CAST, text patterns and dates: parts of a query with settings that have to be written in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import polars as pl
from sqlglot import exp

from transforms.core.conversion import blank, converted, convertible, parsed
from transforms.core.dtypes import TYPES, TypeName
from transforms.formula.functions import FUNCTIONS
from transforms.sql import dates
from transforms.sql.errors import refuse_others, shown, wrong
from transforms.sql.functions import HARMLESS, OWN
from transforms.sql.patterns import like, regex, replacement, written
from transforms.sql.steps import Refusal
from transforms.sql.typed import Typed, called, fitting
from transforms.types import valid_format

if TYPE_CHECKING:
    from transforms.sql.operators import Expressions

T = exp.DType
TARGETS: dict[exp.DType, TypeName] = {
    **dict.fromkeys((T.TINYINT, T.SMALLINT, T.INT, T.BIGINT, T.INT128), "integer"),
    **dict.fromkeys((T.FLOAT, T.DOUBLE, T.DECIMAL), "number"),
    **dict.fromkeys((T.TEXT, T.VARCHAR, T.CHAR), "text"),
    T.BOOLEAN: "boolean",
    T.DATE: "date",
    **dict.fromkeys((T.TIMESTAMP, T.TIMESTAMPNTZ, T.DATETIME), "datetime"),
    T.TIME: "time",
}
"""Types that CAST gives: whole numbers of 64 bits, floats of 64 bits, and so on."""
TYPE_NAMES = ("BIGINT", "DOUBLE", "VARCHAR", "BOOLEAN", "DATE", "TIMESTAMP", "TIME")


def _cast(of: Expressions, node: exp.Expr) -> pl.Expr:
    part, target = of.of(node.this), node.args["to"]
    if node.args.get("format"):
        raise wrong(node, "CAST with a format is not supported.", "Use STRPTIME(text, '%d/%m/%Y') or STRFTIME.")
    to = TARGETS.get(target.this)
    name = target.sql(dialect="duckdb")
    if to is None:
        raise wrong(node, f"CAST to {name} is not supported.", f"There are: {', '.join(TYPE_NAMES)}.")
    if target.this == T.DECIMAL and target.expressions:
        raise wrong(node, f"CAST to {name} is not supported.", "Use ROUND(CAST(... AS DOUBLE), 2).")
    if not convertible(part.dtype, to):
        raise wrong(node, f"{part.kind.capitalize()} values cannot become {to} in {shown(node)!r}.", "Leave it out.")
    found = converted(part.expr, part.dtype, to)
    if isinstance(node, exp.TryCast):
        return found
    return _or_refused(of, part, found, TYPES[to], f"{shown(node)}: {{}} is no {to}. Use TRY_CAST to have null.")


def _or_refused(of: Expressions, part: Typed, found: pl.Expr, dtype: pl.DataType, what: str) -> pl.Expr:
    """Converted values, and an error where there is a value that could not be."""
    never_fails = dtype == pl.String if part.dtype == pl.String else dtype not in (pl.Int64, pl.Boolean)
    if never_fails or part.dtype in (pl.Boolean, pl.Null, dtype):
        return found
    if part.is_constant:
        value = part.constant()
        if value is not None and pl.select(found).item() is None:
            raise wrong(part.node, what.replace("{}", repr(value)))
        return found
    fails = part.expr.is_not_null() & found.is_null()
    if part.dtype == pl.String:
        fails = fails & ~blank(part.expr)
    return Refusal(what).of(found, dtype, of.wanted(fails), part.text())


def _like(of: Expressions, node: exp.Expr) -> pl.Expr:
    escape = ""
    if isinstance(node, exp.Escape):
        escape, node = written(of.of(node.expression), "The escape character"), node.this
        if len(escape) != 1:
            raise wrong(node, f"The escape character {escape!r} is not one character.", "Write ESCAPE '!'.")
    refuse_others(node, ("this", "expression", "negate"))
    part = fitting(of.of(node.this), "text", "LIKE")
    pattern = written(of.of(node.expression), "The pattern of LIKE")
    found = like(part.expr, pattern, escape, ignore_case=isinstance(node, exp.ILike), node=node)
    return ~found if node.args.get("negate") else found


def _joined(of: Expressions, node: exp.Expr) -> pl.Expr:
    return pl.concat_str([of.of(each).text() for each in (node.this, node.expression)])


def _concat(of: Expressions, node: exp.Expr) -> pl.Expr:
    return pl.concat_str([of.of(each).text() for each in node.expressions], ignore_nulls=True)


def _concat_ws(of: Expressions, node: exp.Expr) -> pl.Expr:
    separator, *parts = (of.of(each) for each in node.expressions)
    sign = written(separator, "The separator of CONCAT_WS")
    return pl.concat_str([each.text() for each in parts], separator=sign, ignore_nulls=True)


def _replaced(of: Expressions, node: exp.Expr) -> pl.Expr:
    parts = [of.of(node.args[key]) for key in ("this", "expression", "replacement")]
    written(parts[1], "What REPLACE looks for")  # polars looks for one text in all rows
    return called(FUNCTIONS["replace"], parts, node, "REPLACE")


def _trim(of: Expressions, node: exp.Expr) -> pl.Expr:
    refuse_others(node, ("this", "expression", "position"))
    part = fitting(of.of(node.this), "text", "TRIM").expr
    signs = written(of.of(node.expression), "What TRIM takes away") if node.args.get("expression") else None
    match node.args.get("position"):
        case "LEADING":
            return part.str.strip_chars_start(signs)
        case "TRAILING":
            return part.str.strip_chars_end(signs)
        case _:
            return part.str.strip_chars(signs)


def _padded(of: Expressions, node: exp.Expr) -> pl.Expr:
    part, length = fitting(of.of(node.this), "text", "LPAD"), of.of(node.expression)
    sign = written(of.of(node.args["fill_pattern"]), "What LPAD and RPAD fill with")
    if not length.is_constant or not isinstance(length.constant(), int) or length.constant() < 0 or len(sign) != 1:
        advice = "Write a whole number and one character: LPAD(code, 5, '0')."
        raise wrong(node, f"{shown(node)!r} has no fixed length and character to fill with.", advice)
    size = int(length.constant())
    cut = part.expr.str.slice(0, size)
    return cut.str.pad_start(size, sign) if node.args.get("is_left") else cut.str.pad_end(size, sign)


def _regex_like(of: Expressions, node: exp.Expr) -> pl.Expr:
    refuse_others(node, ("this", "expression"))
    part = fitting(of.of(node.this), "text", "REGEXP_MATCHES")
    return part.expr.str.contains(regex(of.of(node.expression), "REGEXP_MATCHES"))


def _regex_replace(of: Expressions, node: exp.Expr) -> pl.Expr:
    refuse_others(node, ("this", "expression", "replacement", "modifiers", *HARMLESS))
    part = fitting(of.of(node.this), "text", "REGEXP_REPLACE").expr
    pattern = regex(of.of(node.expression), "REGEXP_REPLACE")
    new = replacement(written(of.of(node.args["replacement"]), "What REGEXP_REPLACE puts in"))
    flags = node.args["modifiers"].name if node.args.get("modifiers") else ""
    if set(flags) - {"g", "i"}:
        raise wrong(node, f"The options {flags!r} are not supported.", "Use 'g' for all matches, 'i' to ignore case.")
    pattern = f"(?i){pattern}" if "i" in flags else pattern
    return part.str.replace_all(pattern, new) if "g" in flags else part.str.replace(pattern, new)


def _regex_extract(of: Expressions, node: exp.Expr) -> pl.Expr:
    refuse_others(node, ("this", "expression", "group", *HARMLESS))
    part = fitting(of.of(node.this), "text", "REGEXP_EXTRACT")
    pattern, group = regex(of.of(node.expression), "REGEXP_EXTRACT"), node.args.get("group")
    return part.expr.str.extract(pattern, int(group.name) if isinstance(group, exp.Literal) and group.is_int else 0)


def _log(of: Expressions, node: exp.Expr) -> pl.Expr:
    base, value = (node.this, node.expression) if node.args.get("expression") else (None, node.this)
    ten = Typed(pl.lit(10, pl.Int64), pl.Int64(), node)
    return called(OWN["log"], [of.of(base) if base is not None else ten, of.of(value)], node, "LOG")


def _extract(of: Expressions, node: exp.Expr) -> pl.Expr:
    return dates.part_of(of.of(node.expression), node.this.name, node)


def _date_part(of: Expressions, node: exp.Expr) -> pl.Expr:
    if len(node.expressions) != 2:
        raise wrong(node, "DATE_PART takes a part and a date.", "Write DATE_PART('year', day).")
    part, moment = (of.of(each) for each in node.expressions)
    return dates.part_of(moment, written(part, "The part of DATE_PART"), node)


def _part(name: str) -> Callable[[Expressions, exp.Expr], pl.Expr]:
    return lambda of, node: dates.part_of(of.of(node.this), name, node)


def _date_trunc(of: Expressions, node: exp.Expr) -> pl.Expr:
    refuse_others(node, ("this", "unit", "input_type_preserved"))
    moment = fitting(of.of(node.this), "date", "DATE_TRUNC")
    return dates.truncated(moment, dates.unit_of(node, node.args["unit"].name))


def _date_diff(of: Expressions, node: exp.Expr) -> pl.Expr:
    start, end = (fitting(of.of(each), "date", "DATE_DIFF").expr for each in (node.expression, node.this))
    return dates.boundaries(start, end, dates.unit_of(node, node.args["unit"].name))


def _date_add(of: Expressions, node: exp.Expr) -> pl.Expr:
    if not isinstance(node.expression, exp.Interval):
        raise wrong(node, f"{shown(node)!r} adds no interval.", "Write DATE_ADD(day, INTERVAL 3 MONTH).")
    return dates.moved(of.of(node.this), node.expression, 1)


def _format(of: Expressions, node: exp.Expr, what: str) -> str:
    text = written(of.of(node.args["format"]), f"The format of {what}")
    try:
        return valid_format(text)
    except ValueError as error:
        raise wrong(node, str(error)) from error


def _strftime(of: Expressions, node: exp.Expr) -> pl.Expr:
    moment = fitting(of.of(node.this), "date", "STRFTIME")
    return moment.expr.dt.to_string(_format(of, node, "STRFTIME"))


def _strptime(of: Expressions, node: exp.Expr) -> pl.Expr:
    text = fitting(of.of(node.this), "text", "STRPTIME")
    found = parsed(text.expr, "datetime", _format(of, node, "STRPTIME"))
    if node.args.get("safe"):
        return found
    what = f"{shown(node)}: {{}} is not written in this format. Use TRY_STRPTIME to have null."
    return _or_refused(of, text, found, pl.Datetime("us"), what)


CONVERSIONS: dict[type[exp.Expr], Callable[[Expressions, exp.Expr], pl.Expr]] = {
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Like: _like,
    exp.ILike: _like,
    exp.Escape: _like,
    exp.DPipe: _joined,
    exp.Concat: _concat,
    exp.ConcatWs: _concat_ws,
    exp.Replace: _replaced,
    exp.Trim: _trim,
    exp.Pad: _padded,
    exp.RegexpLike: _regex_like,
    exp.RegexpReplace: _regex_replace,
    exp.RegexpExtract: _regex_extract,
    exp.Log: _log,
    exp.Extract: _extract,
    exp.Quarter: _part("quarter"),
    exp.Week: _part("week"),
    exp.WeekOfYear: _part("week"),
    exp.DayOfWeek: _part("dow"),
    exp.DayOfYear: _part("doy"),
    exp.Hour: _part("hour"),
    exp.Minute: _part("minute"),
    exp.Second: _part("second"),
    exp.TimestampTrunc: _date_trunc,
    exp.DateTrunc: _date_trunc,
    exp.DateDiff: _date_diff,
    exp.DateAdd: _date_add,
    exp.TimeToStr: _strftime,
    exp.StrToTime: _strptime,
}
"""How each is made."""
BY_NAME: dict[str, Callable[[Expressions, exp.Expr], pl.Expr]] = {"date_part": _date_part}
"""How those are made that sqlglot passes on by name."""
