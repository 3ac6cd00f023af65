"""Groups as steps: a new table of totals, a pivot, a rank."""

from __future__ import annotations

from typing import Any

from dataprep_app.chat.patterns import Draft, Match, Reading, Unreadable, frame
from dataprep_app.chat.tokens import Token

FUNCTIONS = {
    "mean": "mean",
    "median": "median",
    "sum": "sum",
    "min": "min",
    "max": "max",
    "std": "std",
    "var": "var",
    "mode": "mode",
    "unique": "count_distinct",
}
FN = f"(?P<fn>{'|'.join(FUNCTIONS)})"
AGG = rf"(?:(?:{'|'.join(FUNCTIONS)}) (?:of)? C\d+(?: (?:, and|,|and) C\d+)*|(?:count_of|count) (?:of)? rows|count)"


def measures(tokens: list[Token], match: Match) -> list[dict[str, Any]]:
    """``the number of rows and mean age`` as aggregations.

    Raises:
        Unreadable: a function has no column.
    """
    found: list[dict[str, Any]] = []
    function = ""
    for token in tokens:
        if token.kind == "column":
            if not function:
                raise Unreadable
            name = Match(match.table, [token], {"column": (0, 1)}).column()
            found.append({"column": name, "function": function})
        elif token.is_word("count", "count of"):
            found.append({"column": None, "function": "rows"})
            function = ""
        elif token.kind == "word" and token.word in FUNCTIONS:
            function = FUNCTIONS[token.word]
        elif token.word not in ("of", ",", "and", "rows"):
            raise Unreadable
    if not found:
        raise Unreadable
    return found


AGGS = rf"(?P<aggs>{AGG}(?: (?:, and|,|and) {AGG})*)"


@frame(
    "(?:aggregate|create) (?:data|rows)? (?:to|into)? (?:one rows|table)? (?:per|by|group_by|with one rows per) "
    f"{{columns}} (?:with|and|,|:|showing|to extract|and extract|then)? (?:compute|create|extract|show)? {AGGS}",
    f"group_by {{columns}} (?:with|and|,|:|then)? (?:compute|create|extract|show|take)? {AGGS}",
    f"group (?:rows)? by {{columns}} (?:with|and|,|:|then)? (?:compute|create|extract|show|aggregate)? {AGGS}",
    f"aggregate {AGGS} (?:by|per|group_by|over) {{columns}}",
    f"(?:create|build) (?:new)? (?:table|summary table|dataset) (?:with|of) {AGGS} (?:by|per|group_by) {{columns}}",
)
def aggregate(match: Match) -> Reading:
    """``group by state with the number of rows and mean income``."""
    aggregations = measures(match.part("aggs"), match)
    return [Draft("group_aggregate", {"by": match.columns(), "aggregations": aggregations})]


@frame(
    "pivot (?:table)? (?:with|using|:|on)? {columns} (?:as|in|on) (?:rows|index) ,? (?:and)? {column2} (?:as|in) "
    "columns ,? (?:and)? (?:with)? "
    f"{FN} (?:of)? {{column3}} (?:as)? (?:values)?",
    "pivot (?:table)? (?:with|using|:|on)? {columns} (?:as|in|on) (?:rows|index) ,? (?:and)? {column2} (?:as "
    "columns|as|in columns)? ,? (?:and)? (?:with)? "
    f"{FN} (?:of)? {{column3}} (?:as)? (?:values|value)?",
)
def pivot(match: Match) -> Reading:
    """``pivot with grade as rows, ownership as columns and the mean of amount as values``."""
    params: dict[str, Any] = {"index": match.columns(), "names_from": match.column("column2")}
    params |= {"values": [match.column("column3")], "aggregate": FUNCTIONS[match.word("fn")]}
    return [Draft("pivot_wide", params)]


@frame("(?:unpivot|melt) {columns}")
def unpivot(match: Match) -> Reading:
    """``unpivot q1, q2 and q3``."""
    return [Draft("unpivot_long", {"columns": match.columns()})]


@frame(
    "rank (?:rows)? (?:by|on)? {column} (?:(?:in|within|per|by|for) (?:per)? {columns_by})? ,? (?P<way>desc|asc)?",
    "(?:create)? rank (?:of|by|for) {column} (?:(?:in|within|per) {columns_by})? ,? (?P<way>desc|asc)? "
    "(?:as|named)? {new}?",
)
def rank(match: Match) -> Reading:
    """``rank loans by amount within each grade, biggest first``."""
    descending = match.word("way") == "desc"
    params: dict[str, Any] = {"by": [{"column": match.column(), "descending": descending}]}
    if "columns_by" in match:
        params["group_by"] = match.columns("columns_by")
    if "new" in match:
        params["output"] = match.text("new")
    notes = () if "way" in match else ("the smallest comes first",)
    return [Draft("rank_rows", params, (), notes)]
