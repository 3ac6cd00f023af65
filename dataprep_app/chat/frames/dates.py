"""Dates: their parts, shifted, cut, written, subtracted; values of rows before, moving and running values."""

from __future__ import annotations

from typing import Any

from dataprep_app.chat.frames.order import time_column
from dataprep_app.chat.patterns import Ask, Choose, Draft, Match, Reading, Unreadable, frame

PARTS = {
    "year": "year",
    "years": "year",
    "month": "month",
    "day": "day",
    "weekday": "weekday",
    "hour": "hour",
    "minute": "minute",
    "quarter": "quarter",
    "week": "week",
    "second": "second",
}
PART = f"(?:{'|'.join(PARTS)})"
UNITS = {
    "year": "year",
    "years": "year",
    "month": "month",
    "months": "month",
    "week": "week",
    "weeks": "week",
    "day": "day",
    "days": "day",
    "hour": "hour",
    "hours": "hour",
    "minute": "minute",
    "minutes": "minute",
}
UNIT = f"(?P<unit>{'|'.join(UNITS)})"


def temporal(match: Match, name: str = "column") -> str:
    """A column of dates; the only one where a part of its name fits several."""
    token = match.part(name)[0]
    if token.kind == "column":
        fitting = [each for each in token.value if match.table.by_name[each].temporal]
        if len(fitting) == 1:
            return str(fitting[0])
        if not fitting:
            raise Unreadable
        raise Choose(token, fitting)
    raise Choose(token)


@frame(
    f"(?:extract|create)? (?P<parts>{PART}(?: (?:, and|,|and) {PART})*) (?:columns|part)? (?:of|from|out "
    f"of|based on|for|in) {{column}}",
    f"(?:extract|split) {{column}} (?:into|to|as) (?P<parts>{PART}(?: (?:, and|,|and) {PART})*)",
    f"(?:extract) (?P<parts>{PART}(?: (?:, and|,|and) {PART})*) {{column}}",
)
def date_parts(match: Match) -> Reading:
    """``extract year and month from issue_date``."""
    parts = [PARTS[each] for each in match.word("parts").replace(",", " ").split() if each in PARTS]
    return [Draft("extract_date_parts", {"columns": [temporal(match)], "parts": parts})]


@frame("(?:extract|create) date (?:parts|features) (?:of|from|for) {column}", "featurize {column}")
def date_features(match: Match) -> Reading:
    """``date features of issue_date``."""
    return [Draft("featurize_date", {"columns": [temporal(match)]})]


@frame(
    f"(?P<way>create|subtract|shift) {{n}} {UNIT} (?:to|from) {{column}} (?:as|named|into)? {{new}}?",
    f"(?P<way>shift|move) {{column}} (?:by|forward by) {{n}} {UNIT}",
)
def date_add(match: Match) -> Reading:
    """``add 30 days to due_date``."""
    amount = -match.number() if match.word("way") == "subtract" else match.number()
    params: dict[str, Any] = {"column": temporal(match), "amount": int(amount), "unit": UNITS[match.word("unit")]}
    if "new" in match:
        params["output"] = match.text("new")
    return [Draft("date_add", params)]


@frame(
    "(?:format|convert|change|write) {column} (?:as|to|in|with|using)? (?:format)? (?P<format>[Q]\\d+|% .+)",
    "format of {column} (?:as|to) {quoted}",
)
def date_format(match: Match) -> Reading:
    """``format time as %Y-%m``."""
    name = "format" if "format" in match else "quoted"
    pattern = "".join(each.text for each in match.part(name))
    if "%" not in pattern:
        raise Unreadable
    return [Draft("format_date", {"columns": [temporal(match)], "format": pattern})]


@frame(
    f"(?:create|compute)? (?:columns)? (?P<count>count_of)? {UNIT} (?:between|>=|from) {{column}} (?:and|to) "
    f"{{column2}} (?:as|named|into)? {{new}}?",
    f"(?:create)? difference (?:in)? {UNIT}? (?:between|of)? {{column}} (?:and|to) {{column2}} (?:in)? "
    f"(?P<unit2>days|months|years|weeks|hours)? (?:as|named)? {{new}}?",
)
def date_difference(match: Match) -> Reading:
    """``days between start and end``."""
    unit = UNITS.get(match.word("unit") or match.word("unit2"), "day")
    params: dict[str, Any] = {"start": temporal(match), "end": temporal(match, "column2"), "unit": unit}
    if "new" in match:
        params["output"] = match.text("new")
    return [Draft("date_difference", params)]


def _ordered(
    match: Match, columns: list[str], name: str = "column_order"
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The column that rows are in order by; what was assumed, and what to say of it."""
    if name in match:
        return match.column(name), (), ()
    order, notes = time_column(match.table, columns)
    if order is None:
        raise Ask("parameter", "In which order do the rows follow each other? Say: ... ordered by COLUMN.")
    return order, ("order_by",), notes


AFTER = "(?:sort|over|along|by|in order of)"


@frame(
    f"(?:create|compute|smooth)? cumulative (?P<fn>sum|mean|max|min|count)? (?:of|for)? {{column}} (?:{AFTER} "
    f"{{column_order}})?",
    f"(?:create|compute)? cumulative (?P<fn>sum|mean|max|min|count)? (?:of|for)? {{column}} (?:per|by|within) "
    f"{{columns_by}} (?:{AFTER} {{column_order}})?",
)
def cumulative(match: Match) -> Reading:
    """``cumulative sum of amount ordered by date``."""
    column = match.column()
    order, assumed, notes = _ordered(match, [column])
    params: dict[str, Any] = {"columns": [column], "function": match.word("fn", "sum"), "order_by": [{"column": order}]}
    if "columns_by" in match:
        params["by"] = match.columns("columns_by")
    return [Draft("cumulative_aggregate", params, assumed, notes)]


@frame(
    f"(?:create|compute)? {{n}}? (?:rows?|day|days)? moving (?P<fn>mean|sum|max|min|median|std)? "
    f"(?:of|for|on)? {{column}} (?:over|with|of|using|in)? (?:window of)? (?:{{n2}} rows?)? (?:{AFTER} "
    f"{{column_order}})?",
    "smooth {column} (?:with|using|by) {n}? (?:rows?)? moving (?P<fn>mean|median)?",
)
def moving(match: Match) -> Reading:
    """``moving average of delay over 30 rows``."""
    column = match.column()
    order, assumed, notes = _ordered(match, [column])
    window = match.number() if "n" in match else match.number("n2") if "n2" in match else None
    if window is None:
        raise Ask("parameter", "Over how many rows should the values be taken together?")
    params = {
        "columns": [column],
        "function": match.word("fn", "mean"),
        "window": int(window),
        "order_by": [{"column": order}],
    }
    return [Draft("rolling_aggregate", params, assumed, notes)]


@frame(f"(?:create)? (?:lag|forward) (?:of|for)? {{column}} (?:by)? (?:{{n}} rows?)? (?:{AFTER} {{column_order}})?")
def lag(match: Match) -> Reading:
    """``lag price by 2 rows``."""
    column = match.column()
    order, assumed, notes = _ordered(match, [column])
    periods = [int(match.number())] if "n" in match else [1]
    return [
        Draft("lag_column", {"column": column, "periods": periods, "order_by": [{"column": order}]}, assumed, notes)
    ]
