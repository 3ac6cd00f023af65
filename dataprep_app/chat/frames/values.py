"""Values of a column: replaced, mapped, set where a condition holds."""

from __future__ import annotations

from typing import Any

from dataprep_app.chat.conditions import read_condition
from dataprep_app.chat.patterns import Ask, Choose, Draft, Match, Reading, Unreadable, frame, value_in
from dataprep_app.chat.table import ColumnFacts
from dataprep_app.chat.tokens import Token

INTO = "(?:with|by|to|into|as|->|=>|==)"


@frame(
    f"(?:replace|change|convert|set|make|rename|map|recode) {{values}} (?:in|of|from|for|within) {{columns}} "
    f"{INTO} {{new}}",
    f"(?:replace|change|convert|set|make|rename|map|recode) {{values}} {INTO} {{new}} (?:in|of|for|on) {{columns}}",
    f"(?:replace|change|convert|map|recode) {{values}} {INTO} {{new}}",
    f"(?:in|for|on) {{columns}} ,? (?:replace|change|convert|map|set|rename|make|recode) {{values}} {INTO} {{new}}",
    "(?:in|for|on) {columns} ,? (?:call|named|label) {values} {new}",
    f"{{columns}} (?:replace|change) {{values}} {INTO} {{new}}",
    "{columns} , {values} , (?:treated|treat|counted|count|labelled|grouped|group|merged|merge) (?:as)? "
    "(?:one class)? (?:named|as|into) {new}",
    f"(?:replace|change) {{columns}} {{values}} {INTO} {{new}}",
    "(?:treat|count|merge|group|join_text) {values} (?:in|of) {columns} (?:as|into) {new}",
)
def replace_values(match: Match) -> Reading:
    """``replace "charged off" and "current" in loan_status with "default"``."""
    new = match.part("new")[0]
    if new.is_word("missing"):
        raise Unreadable
    found = match.texts()
    if "columns" in match:
        columns = _columns(match, found)
    else:
        columns = _by_values(match, found)
    known, notes = _known(found, [match.table.by_name[each] for each in columns])
    return [_replacing(match, columns, known, plain(new), notes)]


def _columns(match: Match, found: list[Token]) -> list[str]:
    """The columns that are named; where a name is not certain, the one that holds the values."""
    try:
        return match.columns()
    except Choose as unsure:
        if unsure.token.kind != "column":
            raise
        names = [each for each in match.table.holding([each.text for each in found]) if each in unsure.token.value]
        if len(names) != 1:
            raise
        return names


def _by_values(match: Match, found: list[Token]) -> list[str]:
    names = match.table.holding([each.text for each in found])
    if len(names) != 1:
        raise Choose(found[0], names)
    return names


def _known(found: list[Token], columns: list[ColumnFacts]) -> tuple[list[Any], tuple[str, ...]]:
    known: list[Any] = []
    notes: tuple[str, ...] = ()
    for facts in columns:
        for each in found:
            value, more = value_in(each, facts)
            known.append(value)
            notes += more
    return list(dict.fromkeys(known)), tuple(dict.fromkeys(notes))


def _replacing(match: Match, columns: list[str], known: list[Any], new: Any, notes: tuple[str, ...]) -> Draft:
    if all(match.table.by_name[each].type == "text" for each in columns) and isinstance(new, str):
        params = {"columns": columns, "find": known, "replacement": new, "match": "whole"}
        return Draft("replace_text", params, notes=notes)
    return Draft("map_values", {"columns": columns, "mapping": {written(each): new for each in known}}, notes=notes)


def plain(token: Token) -> Any:
    """A new value as it was written."""
    if token.kind == "number":
        return token.value
    return token.text


def written(value: Any) -> str:
    """A value as a key of a mapping."""
    return str(value).lower() if isinstance(value, bool) else str(value)


PAIR = r"[QVNUC]\d+ (?:->|=>|=|:|to|as|==|becomes|with|into) (?:[QVNU]\d+|missing|[a-z]\w*)"


@frame(
    f"(?:map|replace|recode|change|convert|encode)? (?:in|for)? {{column}} (?::|,|with|as)? (?P<list>{PAIR}(?: "
    f"(?:, and|,|and|;) {PAIR})*)",
    f"(?:map|replace|recode|change|convert) (?P<list>{PAIR}(?: (?:, and|,|and|;) {PAIR})+) (?:in|of|for) {{column}}",
    f"(?:map|recode|replace|change|convert) (?P<list>{PAIR}(?: (?:, and|,|and|;) {PAIR})+)",
)
def map_pairs(match: Match) -> Reading:
    """``map origin: JFK=0, LGA=1``."""
    part = match.part("list")
    olds = [each for i, each in enumerate(part) if i + 1 < len(part) and _arrow(part[i + 1])]
    news = [each for i, each in enumerate(part) if i and _arrow(part[i - 1])]
    if "column" in match:
        facts = match.facts()
    else:
        facts = match.table.by_name[_by_values(match, olds)[0]]
    mapping: dict[str, Any] = {}
    notes: tuple[str, ...] = ()
    for old, new in zip(olds, news, strict=True):
        if old.kind == "column":
            raise Unreadable
        value, more = value_in(old, facts)
        mapping[written(value)] = None if new.is_word("missing") else plain(new)
        notes += more
    if all(isinstance(each, str) for each in mapping.values()) and facts.type == "text" and len(mapping) == 1:
        old_value, new_value = next(iter(mapping.items()))
        return [_replacing(match, [facts.name], [old_value], new_value, notes)]
    return [Draft("map_values", {"columns": [facts.name], "mapping": mapping}, notes=notes)]


def _arrow(token: Token) -> bool:
    return token.word in ("->", "=>", "=", ":", "to", "as", "==", "becomes", "with", "into")


@frame(
    "(?:set|change|make) {column} (?:to|=|==|as) (?P<to>missing|[QVNU]\\d+) (?:where|if|for) {where}",
    "(?:where|if|for|in) {where} ,? (?:set|change|make|replace) (?:it|{column})? (?:to|with|as|==) "
    "(?P<to>missing|[QVNU]\\d+)",
    "(?:replace|set) {column} (?:where|with) {where} (?:with|by|to) (?P<to>missing|[QVNU]\\d+)",
)
def set_where(match: Match) -> Reading:
    """``set age to missing where age is over 100``."""
    condition, notes = read_condition(match.part("where"), match.table)
    facts = match.facts() if "column" in match else None
    if facts is None:
        if "column" not in condition:
            raise Unreadable
        facts = match.table.by_name[condition["column"]]
    new = match.part("to")[0]
    value = None if new.is_word("missing") else new.value if new.kind == "number" else new.text
    if isinstance(value, str) and facts.numeric:
        raise Ask("value", f"{facts.name!r} holds numbers, {value!r} is none. Which number should it be?")
    return [Draft("update_where", {"columns": [facts.name], "condition": condition, "value": value}, notes=notes)]
