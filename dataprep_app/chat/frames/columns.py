"""Columns: dropped, kept, renamed, moved, copied, joined, split, computed."""

from __future__ import annotations

import re
from typing import Any

from dataprep_app.chat.formulas import operation, read_formula
from dataprep_app.chat.patterns import Ask, Draft, Match, Reading, Unreadable, frame

REASON = "(?:because .+)?"


@frame(
    f"drop {{columns}} {REASON}", "drop columns {columns}", "do not keep {columns}", "{columns} ,? drop (?:it|them)?"
)
def drop_columns(match: Match) -> Reading:
    """``drop id and name``."""
    if match.group() == "all":
        raise Unreadable
    return [Draft("drop_columns", {"columns": match.columns()}, chosen=match.group())]


@frame(
    "keep {columns} ,? (?:and)? (?:drop rest)?",
    "(?:keep|extract|select) (?:only)? {columns}",
    "(?:drop) rest (?:but|except) {columns}",
    "drop (?:all|columns|G\\d+) (?:but|except) {columns}",
)
def keep_columns(match: Match) -> Reading:
    """``keep only name and age``."""
    return [Draft("select_columns", {"columns": match.columns()}, chosen=match.group())]


RENAMED = r"C\d+ (?:->|=>|to|as|into|=|==) (?:[QUCVB]\d+|[a-z_]\w*)"


@frame(
    f"(?:rename|change|change named of|call) (?P<list>{RENAMED}(?: (?:, and|,|and) {RENAMED})*)",
    "(?:rename|call) {columns} {new}",
    "change named of {column} to {new}",
)
def rename(match: Match) -> Reading:
    """``rename loan_amount to amount and annual_income to income``."""
    part = (
        match.part("list")
        if "list" in match
        else [*match.part("column" if "column" in match else "columns"), *match.part("new")]
    )
    part = [each for each in part if each.word not in ("->", "=>", "to", "as", "into", "=", "==", ",", "and")]
    if len(part) % 2:
        raise Unreadable
    mapping = {}
    for old, new in zip(part[::2], part[1::2], strict=True):
        mapping[Match(match.table, [old], {"column": (0, 1)}).column()] = new.text
    return [Draft("rename_columns", {"mapping": mapping})]


@frame(
    "(?:move|put) {columns} (?:to|at|in)? (?:very)? (?P<to>end|start|front|beginning|last|first)",
    "(?:move|put) {column} (?P<to>before|after|<|>|right after|next to) {column2}",
)
def move(match: Match) -> Reading:
    """``move status to the end``."""
    to = match.word("to")
    if "column2" in match:
        where = "before" if to in ("before", "<") else "after"
        return [Draft("move_column", {"columns": [match.column()], "to": where, "reference": match.column("column2")})]
    place = "end" if to in ("end", "last") else "start"
    return [Draft("move_column", {"columns": match.columns(), "to": place})]


@frame(
    "(?:copy|create copy of|create copy|duplicates?) (?:of)? {column} (?:as|to|into|named)? {new}?",
    "create {new} (?:as)? copy (?:of)? {column}",
)
def copy(match: Match) -> Reading:
    """``make a copy of price as old_price``."""
    name = match.column()
    if "new" in match:
        return [Draft("duplicate_column", {"column": name, "output": match.text("new")})]
    return [Draft("duplicate_column", {"column": name, "output": f"{name}_copy"}, ("output",), (f"named {name}_copy",))]


@frame(
    "(?:create)? (?:columns)? rows (?:digits|number|id|index|numbers?) (?:columns)? (?:named)? {new}?",
    "number rows",
    "create (?:columns)? (?:unique)? (?:id|index) (?:columns)? (?:named)? {new}?",
)
def row_number(match: Match) -> Reading:
    """``add row numbers``."""
    return [Draft("add_row_number", {"output": match.text("new")} if "new" in match else {})]


@frame("drop constant columns?", "drop columns (?:with|where) (?:only)? (?:one|constant|unique) (?:value|unique)?")
def drop_constant(match: Match) -> Reading:
    """``remove constant columns``."""
    return [Draft("drop_constant_columns", {})]


@frame(
    "drop (?:highly|strongly)? correlation (?:G\\d+|columns) (?:over|>|>=|with|threshold|at)* {share}?",
    "drop (?:columns|G\\d+) (?:==|with)? correlation (?:over|>|>=)* {share}",
)
def drop_correlated(match: Match) -> Reading:
    """``drop columns correlated above 0.9``."""
    columns = match.table.group("numeric")
    params: dict[str, Any] = {"columns": columns}
    if "share" in match:
        params["threshold"] = match.share()
    return [Draft("select_correlated", params, () if "share" in match else ("threshold",), chosen="numeric")]


@frame(
    "join_text {columns} (?:into|as|to|named|in)? {new}? (?:(?:with|by|using|,)? (?:(?P<none>no|without) "
    "separator|separator {quoted}|{quoted2} (?:between|as "
    "separator)|(?P<sign>space|comma|dash|underscore|hyphen|whitespace) (?:between|separator|as separator)?))?",
    "join_text {columns} (?:with|by|using|separated by) (?:separator)? "
    "(?:{quoted}|(?P<sign>space|comma|dash|underscore|hyphen|whitespace)) (?:separator|between)? "
    "(?:into|as|named) {new}",
    "join_text {columns} , (?P<none>no) separator ,? (?:into|as|named)? {new}?",
)
def concat(match: Match) -> Reading:
    """``combine carrier and flight into code, no separator``."""
    names = match.columns()
    if len(names) < 2:
        raise Unreadable
    signs = {"space": " ", "comma": ",", "dash": "-", "underscore": "_", "hyphen": "-", "whitespace": " "}
    given = [each for each in ("quoted", "quoted2") if each in match]
    if "none" in match:
        separator: str | None = ""
    elif given:
        separator = match.text(given[0])
    else:
        separator = signs.get(match.word("sign"))
    params: dict[str, Any] = {"columns": names, "separator": " " if separator is None else separator}
    params["output"] = match.text("new") if "new" in match else "_".join(names)
    assumed = (*(() if separator is not None else ("separator",)), *(() if "new" in match else ("output",)))
    notes = () if separator is not None else ("a blank between them",)
    return [Draft("concat_columns", params, assumed, notes)]


BY = "(?:by|on|at|with|using)"
SIGN = "whitespace|space|comma|dash|hyphen|semicolon|slash|underscore|dot|period|colon|pipe|[-,/.;:]"


@frame(
    f"split {{column}} {BY} (?:delimiter|separator|character)? "
    f"(?:{{quoted}}|(?P<sign>{SIGN})) "
    f"(?:separator|character|sign)? (?:into {{n}} (?:columns|parts|pieces)?)?",
    f"split {{column}} into {{n}} (?:columns|parts)? {BY} (?:{{quoted}}|(?P<sign>{SIGN}))",
)
def split(match: Match) -> Reading:
    """``split full_name on the space``."""
    signs = {
        "whitespace": " ",
        "space": " ",
        "comma": ",",
        "dash": "-",
        "hyphen": "-",
        "semicolon": ";",
        "slash": "/",
        "underscore": "_",
        "dot": ".",
        "period": ".",
        "colon": ":",
        "pipe": "|",
    }
    word = match.word("sign")
    params: dict[str, Any] = {"column": match.column()}
    params["delimiter"] = match.part("quoted")[0].text if "quoted" in match else signs.get(word, word)
    if "n" in match:
        params["into"] = match.number()
    return [Draft("split_column", params)]


@frame("split {column}")
def split_somehow(match: Match) -> Reading:
    """Asked to split, but not at what."""
    name = match.column()
    ways = [
        (label, [Draft("split_column", {"column": name, "delimiter": sign})])
        for label, sign in (("At blanks", " "), ("At commas", ","), ("At hyphens", "-"))
    ]
    raise Ask("parameter", f"At what should {name!r} be split?", ways, f"split {name} on {{}}")


WORD = "(?:[QUC]\\d+|[a-z_]\\w*)"
NEW = f"(?P<name>{WORD}(?: {WORD})?(?: {WORD})?)"


@frame(
    f"(?:create|set|let)? (?:columns)? {NEW} (?:=|:|==|as|from) {{formula}}",
    "(?:create|set)? {column_target} (?:=|==|:) {formula}",
    "(?:create)? (?:columns)? {formula} (?:as|named|into|store as|saved as) {new}",
    "{formula} (?:as|named) (?:columns)? {new}",
)
def derive(match: Match) -> Reading:
    """``create speed = distance / time``."""
    expression = read_formula(match.part("formula"), match.table)
    notes: tuple[str, ...] = ()
    if "column_target" in match:
        name = match.column("column_target")
        notes = (f"{name} is replaced",)
    else:
        name = match.text("new") if "new" in match else match.text("name")
        name = re.sub(r"^(?:(?:a|new|columns?|feature|variable)\b ?)+(?=\w)", "", name, flags=re.IGNORECASE)
        if "name" in match and any(each.is_word("drop", "keep", "show", "sort", "replace") for each in match.tokens):
            raise Unreadable
        name = "_".join(name.lower().split()) if " " in name else name
    return [Draft("formula_column", {"output": name, "expression": expression}, notes=notes)]


@frame(
    "create (?:columns)? (?:named)? {new}? (?:with|:|as|=|of|for)? difference (?:of|between)? {column} "
    "(?:and|from|to|minus) {column2}",
    "difference {column} (?:and|minus) {column2} (?:as|named|into) {new}",
)
def derive_difference(match: Match) -> Reading:
    """``new feature: difference between price and cost``."""
    first, second = match.column(), match.column("column2")
    types = [match.table.by_name[each] for each in (first, second)]
    name = match.text("new") if "new" in match else f"{first}_minus_{second}"
    assumed = () if "new" in match else ("output",)
    if all(each.temporal for each in types):
        return [Draft("date_difference", {"start": second, "end": first, "output": name}, assumed, ("in days",))]
    if not all(each.numeric for each in types):
        raise Unreadable
    return [Draft("formula_column", {"output": name, "expression": operation(first, "-", second)}, assumed)]


ARITHMETIC = {"subtract": "-", "add": "+", "create": "+", "multiply": "*", "divide": "/"}


@frame(
    "(?P<way>subtract) {column} from {column2} (?:as|into|named)? {new}?",
    "(?P<way>add|create) {column} (?:to|and|\\+) {column2} (?:as|into|named) {new}",
    "(?P<way>multiply|divide) {column} (?:by|and|with) {column2} (?:as|into|named)? {new}?",
)
def arithmetic(match: Match) -> Reading:
    """``subtract cost from price``."""
    sign = ARITHMETIC[match.word("way")]
    first, second = match.column(), match.column("column2")
    if sign == "-":
        first, second = second, first
    words = {"-": "minus", "+": "plus", "*": "times", "/": "per"}
    output = match.text("new") if "new" in match else f"{first}_{words[sign]}_{second}"
    expression = operation(first, sign, second)
    return [
        Draft("formula_column", {"output": output, "expression": expression}, () if "new" in match else ("output",))
    ]


@frame(
    "{column} in (?:[a-z]+|U\\d+) (?:as|named) {new} \\( (?P<way>divide|divided|multiply|multiplied) by {n} \\)",
    "(?P<way>divide|divided|multiply) {column} by {n} (?:as|named|into) {new}",
    "(?P<way>divide|multiply) {column} by {n}",
    "(?P<way>divide|multiply) {column} by {column2} (?:as|named|into) {new}",
)
def derive_by_number(match: Match) -> Reading:
    """``divide air_time by 60 as air_hours``."""
    sign = "/" if match.word("way").startswith("div") else "*"
    operand = match.number() if "n" in match else match.column("column2")
    name = match.column()
    expression = operation(name, sign, operand)
    output = match.text("new") if "new" in match else name
    return [Draft("formula_column", {"output": output, "expression": expression})]
