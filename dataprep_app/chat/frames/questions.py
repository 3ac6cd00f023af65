"""Questions about the table: they are answered and change nothing."""

from __future__ import annotations

from typing import Any

from dataprep_app.chat.conditions import columns_of, read_condition
from dataprep_app.chat.frames.groups import FUNCTIONS
from dataprep_app.chat.patterns import Match, Query, Reading, Unreadable, frame

FN = "(?P<fn>mean|median|sum|min|max|std|var|mode)"
SHOW = "(?:show|extract|compute|create|and)?"
BY = "(?:by|per|over|group_by|for different|between|in|among|across)"
COUNT = "(?:count_of|count of|count)"
OPTIONAL_WHERE = "(?:(?:where|if|for|of|with|among|in) {where})?"


def query(match: Match, aggs: list[dict[str, Any]], **more: Any) -> Reading:
    """A query with the groups and the condition of a match."""
    spec: dict[str, Any] = {"aggregations": aggs, **more}
    notes: tuple[str, ...] = ()
    if "columns_by" in match:
        spec["by"] = match.columns("columns_by")
    if "where" in match:
        spec["where"], notes = read_condition(match.part("where"), match.table)
    tokens = [each.note for each in match.tokens if each.note]
    return Query("query", spec, tuple(dict.fromkeys((*notes, *tokens))))


def number(match: Match, name: str = "column") -> str:
    """A column of numbers, or of anything where only the smallest or largest is asked."""
    found = match.column(name)
    facts = match.table.by_name[found]
    if not facts.numeric and match.word("fn") not in ("min", "max", "mode", "unique"):
        raise Unreadable
    return found


@frame(
    "(?:show)? (?:count_of|count|share_of)? (?:of)? missing (?:==)? (?:count|report|share_of)? "
    "(?:in|of|for|per|by)? {columns}?",
    "(?:show)? missing (?:count|report|share_of) (?:in|of|for|per|by)? {columns}?",
    "which columns (?:has|have|with|contains|==)? (?:any)? (?:mode|max|most)? missing",
    "(?:show)? {columns} missing (?:count|report)?",
    "(?:show)? (?:count_of|how much) {columns} (?:==)? (?:missing|is_missing)",
    "which {columns} (?:has|have|contains|with) missing",
    "show missing per columns",
    "is_missing (?:in)? {columns}",
)
def missing_report(match: Match) -> Reading:
    """``how many nulls are in dep_time``."""
    columns = match.columns() if "columns" in match and match.group() != "all" else []
    return Query("missing", {"columns": columns} if columns else {})


@frame(
    f"{SHOW} {COUNT} (?:of)? rows? (?:==)? (?:{BY} {{columns_by}})?",
    f"{SHOW} {COUNT} (?:of)? rows? (?:are|is|==|in)? (?:and columns)? (?:in total)?",
    f"{SHOW} {COUNT} (?:of)? rows? (?:==|where|with|went|left|if)? {{where}}",
    f"{COUNT} {{where}} rows? (?:==)?",
    f"{SHOW} count (?:of)? (?:rows)? {BY} {{columns_by}}",
)
def count_rows(match: Match) -> Reading:
    """``how many flights went from JFK to LAX``."""
    if all(each.kind == "word" or each.word == "?" for each in match.tokens) and any(
        each.is_word("columns") for each in match.tokens
    ):
        return Query("schema", {})
    return query(match, [{"column": None, "function": "rows"}])


@frame(
    f"{SHOW} {COUNT} (?:of)? unique {{column}} (?:U\\d+)?",
    f"{SHOW} {COUNT} (?:of)? unique (?:U\\d+)? {{column}} (?:==)? (?:in|of) {{column_same}}",
    f"{COUNT} unique (?:[a-z]+|U\\d+)? (?:[a-z]+|U\\d+)? (?:==)? in {{column}}",
    f"{SHOW} {COUNT} unique (?:in|of|for) {{column}}",
    f"{COUNT} {{column}}",
    f"{SHOW} unique count (?:of)? {{column}}",
)
def count_unique(match: Match) -> Reading:
    """``how many distinct carriers``."""
    if "column_same" in match and match.column("column_same") != match.column():
        raise Unreadable
    return query(match, [{"column": match.column(), "function": "count_distinct"}])


@frame(
    f"{SHOW} (?:all)? unique (?:of|in|for)? {{column}}",
    "show (?:all)? {column} unique",
    "{column} unique",
    "show (?:all)? (?:possible)? (?:bin|levels|classes) (?:of|in) {column}",
)
def unique_values(match: Match) -> Reading:
    """``unique values of purpose``."""
    return Query("values", {"column": match.column()})


@frame(
    f"{SHOW} (?:value)? (?:count|mode) (?:of)? {{column}} (?:values)?",
    f"{SHOW} {{column}} (?:value)? count",
    "(?:show)? first {n} {column}",
    "show {n} mode {column}",
)
def count_values(match: Match) -> Reading:
    """``top 10 destinations``."""
    spec: dict[str, Any] = {"aggregations": [{"column": None, "function": "rows"}], "by": [match.column()]}
    if "n" in match:
        if match.facts().type == "number":
            raise Unreadable
        spec |= {"sort": "descending", "limit": match.number()}
    elif any(each.is_word("mode") for each in match.tokens):
        return Query("query", {"aggregations": [{"column": match.column(), "function": "mode"}]})
    return Query("query", spec)


@frame(
    f"{SHOW} {FN} (?:of)? {{column}} (?:{BY} {{columns_by}})? {OPTIONAL_WHERE} (?:==|paid)?",
    f"{SHOW} {FN} (?:of)? {{column}} {OPTIONAL_WHERE} {BY} {{columns_by}}",
    f"(?:show)? {BY} {{columns_by}} ,? (?:show|compute)? {FN} (?:of)? {{column}}",
    f"(?:show)? {{column}} {FN} (?:{BY} {{columns_by}})?",
    f"{SHOW} {FN} (?:of)? {{column}} (?:where|if|for|of|with)? {{where}}",
    f"how (?:much|high|late|old|big|large|long) (?:==)? (?:rows|{{column}}) (?:==)? {FN} {BY} {{columns_by}}",
    "how (?:does|==)? {column} compare (?:per|by|across|between|over) {columns_by}",
    "compare {column} (?:per|by|between|across|over|among) {columns_by}",
)
def aggregate_question(match: Match) -> Reading:
    """``what is the average loan amount by state``."""
    if "column" not in match:
        raise Unreadable
    function = FUNCTIONS[match.word("fn", "mean")]
    return query(match, [{"column": number(match), "function": function}])


@frame(
    "(?P<pair>(?:mean|median|sum|min|max|std)(?: (?:, and|,|and) (?:mean|median|sum|min|max|std))+) (?:of)? "
    f"{{column}} (?:{BY} {{columns_by}})?",
    "show (?P<pair>(?:mean|median|sum|min|max|std)(?: (?:, and|,|and) (?:mean|median|sum|min|max|std))+) "
    f"(?:of)? {{column}} (?:{BY} {{columns_by}})?",
)
def several_aggregates(match: Match) -> Reading:
    """``min and max of price by city``."""
    names = [each for each in match.word("pair").replace(",", " ").split() if each in FUNCTIONS]
    return query(match, [{"column": match.column(), "function": FUNCTIONS[each]} for each in names])


@frame(
    f"(?:which|show) {{column_by}} (?:has|have|with|had|got|==)? (?P<most>max|min) {FN} (?:of)? {{column}}",
    "(?:which|show) {column_by} (?:has|have|with|had|got|==)? (?P<most>max|min|mode|most|fewest) "
    "(?:count_of|count)? rows?",
    f"(?:show)? first {{n}} {{column_by}} (?:by|with|on) (?:max|sort)? {FN} (?:of)? {{column}}",
    "(?:show)? first {n} {column_by} (?:by|with|on) (?:max)? (?:count_of|count) (?:of)? rows?",
)
def extreme_group(match: Match) -> Reading:
    """``which purpose has the highest average rate``."""
    aggs: list[dict[str, Any]] = [{"column": None, "function": "rows"}]
    if "fn" in match:
        aggs = [{"column": number(match), "function": FUNCTIONS[match.word("fn")]}]
    descending = match.word("most", "max") not in ("min", "fewest")
    limit = match.number() if "n" in match else 1
    spec = {"by": [match.column("column_by")], "sort": "descending" if descending else "ascending", "limit": limit}
    return query(match, aggs, **spec)


@frame(
    "(?:show)? share_of (?:of)? rows? (?:where|==|with|that|which|if)? {where}",
    "(?:show)? share_of {where} (?:rows)?",
    "what share_of (?:of)? rows? (?:where|==|with)? {where}",
)
def share(match: Match) -> Reading:
    """``what percentage of loans are charged off``."""
    condition, notes = read_condition(match.part("where"), match.table)
    return Query("share", {"where": condition}, notes)


@frame(
    "(?:show)? describe (?:of|for|on)? {columns}? (?:(?:per|by|split by|group_by|for each) {columns_by})?",
    "(?:show)? {columns} describe (?:(?:per|by|split by|split|group_by) (?:by)? {columns_by})?",
    "describe (?:it|all|rows)",
    "(?:show)? describe (?:of)? (?:rows|all)",
)
def describe(match: Match) -> Reading:
    """``give me summary statistics``."""
    spec: dict[str, Any] = {}
    if "columns" in match and match.group() != "all":
        spec["columns"] = match.columns()
    if "columns_by" in match:
        spec["by"] = match.columns("columns_by")
    return Query("describe", spec)


@frame(
    "(?:show|how|what|==|which columns)* (?:strongly|most|mode)? correlation (?:with|to|of|for|and)? "
    "(?:mode)? {column}",
    "(?:show|how|==|what|is there)* (?:strongly)? correlation (?:between|of)? {column} (?:and|with|to) {column2}",
    "(?:how|==|show)* (?:strongly)? {column} (?:and) {column2} (?:==)? correlation",
    "(?:how|==|does)* {column} correlation (?:with|to) {column2}",
    "(?:show)? correlation (?:between|of|for|among)? {columns}?",
)
def correlation(match: Match) -> Reading:
    """``show correlation with price``."""
    if "column2" in match:
        return Query("correlation", {"columns": [match.column(), match.column("column2")]})
    if "column" in match:
        return Query("correlation", {"target": match.column()})
    return Query("correlation", {"columns": match.columns()} if "columns" in match and not match.group() else {})


@frame(
    "(?:show|plot|create)? histogram (?:plot)? (?:of|for)? {column}",
    "{column} histogram",
    "(?:show|plot|create)? bar (?:plot)? (?:of|for)? (?:rows)? count (?:of rows)? (?:by|per|of|for) {column}",
    "(?:show|create)? bar (?:plot)? (?:of|for) {column}",
    "(?:show|plot|create)? bar (?:plot)? (?:of)? {column_y} by {column}",
    f"(?:show|plot|create)? bar (?:plot)? (?:of)? {FN} (?:of)? {{column_y}} (?:by|per) {{column}}",
    "(?:show|plot|create)? (?P<two>scatter|line) (?:plot)? (?:of|for)? {column} "
    "(?:vs|versus|against|and|by|over) {column_y} (?:(?:colored|coloured|color|colour) by {column_color})?",
    "plot {column} (?P<vs>vs|versus|against) {column_y} (?:(?:colored|coloured|color|colour) by {column_color})?",
    "(?:show|plot|create)? (?P<two>box) (?:plot)? (?:of)? {column_y} (?:by|per) {column}",
)
def plot(match: Match) -> Reading:
    """``scatter plot of income vs loan amount coloured by grade``."""
    words = [each.word for each in match.tokens]
    kind = match.word("two") or ("scatter" if "vs" in match else "histogram" if "histogram" in words else "bar")
    spec: dict[str, Any] = {"kind": kind, "x": match.column()}
    if kind == "line" and any(each.is_word("by", "over", "against") for each in match.tokens):
        spec = {"kind": kind, "x": match.column("column_y"), "y": match.column()}
    elif "column_y" in match:
        spec["y"] = match.column("column_y")
    if "column_color" in match:
        spec["color"] = match.column("column_color")
    if kind == "bar":
        spec["function"] = FUNCTIONS[match.word("fn", "mean")] if "y" in spec else "rows"
    return Query("plot", spec)


def columns_read(spec: dict[str, Any]) -> set[str]:
    """Every column that an analysis looks at."""
    found = {*spec.get("by", ()), *spec.get("columns", ())}
    found |= {spec[each] for each in ("column", "target", "x", "y", "color") if spec.get(each)}
    found |= {each["column"] for each in (*spec.get("aggregations", ()), *spec.get("sort_by", ())) if each["column"]}
    return found | (columns_of(spec["where"]) if "where" in spec else set())
