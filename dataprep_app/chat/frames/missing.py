"""Missing values: rows and columns without them, and what to put in their place."""

from __future__ import annotations

from typing import Any, Literal

from dataprep_app.chat.frames.order import time_column
from dataprep_app.chat.patterns import Ask, Draft, Match, Reading, Unsupported, frame, value_in
from dataprep_app.chat.table import Group

METHODS = {
    "mean": "impute_mean",
    "median": "impute_median",
    "mode": "impute_mode",
    "forward": "forward_fill",
    "backward": "backward_fill",
}
METHOD = "(?P<method>mean|median|mode|forward|backward)"
IN = "(?:in|for|of|from|on)?"


def picked(match: Match, name: str = "columns", default: Any = None) -> dict[str, Any]:
    """Settings of a step for columns that may be asked for as a group."""
    if name not in match:
        return {} if default is None else {"columns": default}
    return {"columns": match.columns(name)}


def kind_of_choice(match: Match, name: str = "columns") -> Group | Literal[""]:
    """How columns were chosen, if they were not named."""
    return match.group(name) if name in match else ""


@frame(
    "drop (?:columns|G\\d+) (?:where|with|if)? (?:all)? missing",
    "drop (?:all|only)? missing columns",
    "drop (?:columns|G\\d+) (?:where|with|==|if)? (?:>|over|>=|<=)? {share} (?:of)? missing",
    "drop (?:columns|G\\d+) (?:where|with|==|if)? missing (?:>|over|>=) {share}",
    "drop (?:columns|G\\d+) (?:where|with|if) (?:>|over|>=)? {share} (?:or more)? missing",
    "drop (?:columns|G\\d+) (?:==)? (?:>|over|>=)? (?:mostly|half) missing",
    "drop (?:columns|G\\d+) (?:==)? (?:>|over|>=) half missing",
    "drop (?:mostly|half) missing columns",
)
def drop_columns_missing(match: Match) -> Reading:
    """``drop columns with more than half missing``."""
    half = "half" in [each.word for each in match.tokens] or "mostly" in [each.word for each in match.tokens]
    share = match.share() if "share" in match else 0.5 if half else None
    if share is None:
        full = [Draft("drop_empty_columns", {"min_share": 1.0})]
        most = [Draft("drop_empty_columns", {"min_share": 0.5})]
        raise Ask(
            "parameter",
            "Which columns: those without any value, or those that are mostly missing?",
            [("Without any value", full), ("At least half missing", most)],
        )
    return [Draft("drop_empty_columns", {"min_share": share})]


@frame(
    f"drop rows? (?:where|with|if|==)? (?:any)? missing {IN} {{columns}}?",
    "drop rows? (?:where|with|if)? {columns} (?:is_missing|missing|== missing)",
    "drop missing rows",
    "drop rows? (?:where|with|if)? (?:all)? {columns} (?:is_missing|missing)",
    f"dropna {IN} {{columns}}?",
    "dropna \\( (?:subset =)? {columns} \\)",
    f"drop missing rows {IN} {{columns}}",
    "keep rows? (?:where|with)? (?:no|not|without) missing (?:in)? {columns}?",
    "keep rows? (?:where|with)? {columns} is_present",
    "keep (?:only)? complete rows",
    "drop incomplete rows",
)
def drop_missing(match: Match) -> Reading:
    """``drop rows with missing age``."""
    if "columns" not in match or match.group() == "all":
        notes = () if "columns" in match else ("any column counts",)
        return [Draft("drop_missing_rows", {}, notes=notes, chosen="all")]
    return [Draft("drop_missing_rows", {"columns": match.columns()}, chosen=kind_of_choice(match))]


@frame(
    f"(?:fill|replace|set|change|convert|==) missing {IN} {{columns}}? (?:with|by|to|using|as|into|==) {METHOD} "
    f"(?:of)? {{column_same}}?",
    f"fill {{columns}} missing? (?:with|by|to|using|as) {METHOD} (?:of)? {{column_same}}?",
    f"(?:fill|replace|set) missing (?:with|by|to|using) {METHOD} {IN} {{columns}}",
    f"(?:fill|use) {METHOD} (?:to fill|for)? missing {IN} {{columns}}?",
    f"{METHOD} fill {{columns}}?",
    f"(?:apply)? {METHOD} (?:to)? (?:fill|imputation) (?:to|on|of|for|in)? {{columns}}?",
    f"(?:with|using|by) {METHOD} fill missing? {IN} {{columns}}",
    f"fill {{columns}} {METHOD}",
    f"fill \\( {METHOD} \\) (?:for|on|in) {{columns}}",
    f"fill missing {IN} {{columns}} {METHOD}",
)
def fill_by_method(match: Match) -> Reading:
    """``fill missing ages with the median``."""
    method = match.word("method")
    if "column_same" in match and ("columns" not in match or [match.column("column_same")] != match.columns()):
        raise Unsupported("A value can be taken from one other column row by row: see Fill from another column.")
    if "columns" in match:
        columns, chosen = match.columns(), kind_of_choice(match)
    else:
        chosen = "numeric" if method in ("mean", "median") else "all"
        columns = match.table.group(chosen)
    notes = (f"columns: all {chosen} ones",) if "columns" not in match and chosen == "numeric" else ()
    if method in ("mean", "median") and match.table.by_name:
        columns = [each for each in columns if match.table.by_name[each].numeric] if chosen else columns
    params: dict[str, Any] = {"columns": columns}
    return [Draft(METHODS[method], params, notes=notes, chosen=chosen)]


@frame(
    f"(?:fill|replace|set|change|convert|==) missing {IN} {{columns}}? (?:with|by|to|as|using|into|==) "
    f"(?:value|constant)? {{value}}",
    "fill {columns} missing? (?:with|by|to|as|using) (?:value|constant)? {value}",
    "(?:fill|replace|set) missing (?:with|by|to) {value} (?:in|for|of|on) {columns}",
    "fill \\( {value} \\) (?:for|on|in) {columns}",
    "coalesce \\( {columns} , {value} \\)",
    "fill (?:in)? {value} (?:for|where) missing? {columns} missing?",
    "(?:set|replace) {columns} (?:to|with) {value} (?:where|when|if) (?:is_missing|missing)",
    "(?:if|where) {columns} (?:is_missing|missing) (?:set|then|fill)? (?:it)? (?:to|with)? {value}",
)
def fill_by_value(match: Match) -> Reading:
    """``replace missing values of city with 'unknown'``."""
    token = match.part("value")[0]
    if "columns" in match:
        columns, chosen = match.columns(), kind_of_choice(match)
    else:
        chosen = "numeric" if token.kind in ("number", "share") else "text"
        columns = match.table.group(chosen)
    if chosen == "all":
        chosen = "numeric" if token.kind in ("number", "share") else "text"
        columns = match.table.group(chosen)
    numeric = all(match.table.by_name[each].numeric for each in columns)
    value = token.value if token.kind in ("number", "share") and numeric else None
    if value is None:
        temporal = any(match.table.by_name[each].temporal for each in columns)
        value = token.text if token.kind != "value" or temporal else value_in(token, match.table.by_name[columns[0]])[0]
    notes = (f"columns: all {chosen} ones",) if chosen and "columns" not in match else ()
    return [Draft("fill_constant", {"columns": columns, "value": value}, notes=notes, chosen=chosen)]


@frame(
    f"interpolate missing? {IN} {{columns}} (?:missing)?",
    f"fill missing? {IN} {{columns}} missing? (?:with|by|using) interpolate",
    "{columns} where? missing , interpolate (?:them|it)",
    "{columns} (?:by|ordered by|along) {column2} interpolate",
    f"interpolate missing? {IN} {{columns}} (?:by|along|over|sort) {{column2}}",
)
def interpolate(match: Match) -> Reading:
    """``interpolate the temperature along the date``."""
    order, notes = (match.column("column2"), ()) if "column2" in match else time_column(match.table, match.columns())
    if order is None:
        raise Ask("parameter", "Along which column are the gaps interpolated? Say: interpolate ... by COLUMN.")
    assumed = () if "column2" in match else ("order_by",)
    return [Draft("interpolate_missing", {"columns": match.columns(), "order_by": order}, assumed, notes)]


@frame(
    "fill missing? (?:in|for|of)? {columns}? missing?",
    "(?:handle|treat|fix|deal with|take care of) missing (?:in|for|of)? {columns}?",
    "replace missing (?:in|for|of)? {columns}?",
)
def fill_somehow(match: Match) -> Reading:
    """Asked to fill, but not with what."""
    columns = match.columns() if "columns" in match else match.table.group("all")
    numeric = [each for each in columns if match.table.by_name[each].numeric]
    ways = [
        ("Most frequent value", [Draft("impute_mode", {"columns": columns})]),
        ("Drop those rows", [Draft("drop_missing_rows", {"columns": columns})]),
    ]
    if numeric:
        ways[:0] = [
            ("Median", [Draft("impute_median", {"columns": numeric})]),
            ("Mean", [Draft("impute_mean", {"columns": numeric})]),
        ]
    names = f" in {', '.join(columns)}" if "columns" in match else ""
    raise Ask("parameter", f"With what should the missing values{names} be filled?", ways, "fill missing {} with")


@frame(
    "(?:create|flag) (?:columns)? (?:flag|where)? (?:if|whether|where|for)? missing? {columns} (?:is_missing|missing)?",
    "(?:create|extract)? missing (?:indicator|flag) (?:columns)? (?:for|of|on|from) {columns}",
    "(?:create|flag)? (?:columns)? flag (?:if|whether|where|for|rows)? {columns} (?:is_missing|missing)",
)
def indicator(match: Match) -> Reading:
    """``create a column indicating if cabin is missing``."""
    if not any(each.word in ("missing", "is missing") for each in match.tokens):
        raise Ask(
            "parameter", "What should the new column tell of it? Say for example: flag rows where ... is missing."
        )
    return [Draft("add_missing_indicator", {"columns": match.columns()})]


@frame(
    "(?:convert|replace|change|set|make) {values} (?:in|of|from)? {columns}? (?:in)? (?:into|to|with|by|as)? missing",
    "(?:treat|read|count) {values} (?:in|of)? {columns}? as missing",
    "{values} (?:in|of) {columns} (?:into|to|as|==|means) missing",
)
def to_missing(match: Match) -> Reading:
    """``turn 'n/a' and 'none' in job into nulls``."""
    found = match.texts()
    params: dict[str, Any] = picked(match)
    numbers = [each.value for each in found if each.kind == "number"]
    texts = [each.text for each in found if each.kind != "number"]
    return [Draft("values_to_missing", {**params, "values": texts, "numbers": numbers})]
