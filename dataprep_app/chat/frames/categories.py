"""Categories: as numbers, grouped, balanced."""

from __future__ import annotations

from typing import Any

from dataprep_app.chat.patterns import Ask, Draft, Match, Reading, Unreadable, Unsupported, frame

TO = "(?:of|on|for|to|in)?"


@frame(
    f"(?:apply|create|do)? onehot (?:encode|encoding)? {TO} {{columns}}",
    "(?:encode|convert) {columns} (?:as|to|into|with|using|by) onehot",
    "create onehot (?:from|for|of) {columns}",
)
def one_hot(match: Match) -> Reading:
    """``one-hot encode city``."""
    return [Draft("one_hot_encode", {"columns": match.columns()}, chosen=match.group())]


@frame(
    f"(?:apply|create)? ordinal (?:encode)? {TO} {{columns}}",
    "encode {columns} (?:as|to|into|with) (?:integers?|digits|codes|ordinal|numbers?)",
    "(?:convert) {columns} (?:to|into) (?:integer)? codes",
    f"(?:apply)? label_encode {TO} {{columns}}",
)
def ordinal(match: Match) -> Reading:
    """``encode carrier as integers``."""
    columns = match.columns()
    if any(each.is_word("label encode", "label_encode") for each in match.tokens) and len(columns) == 1:
        return [Draft("label_encode", {"column": columns[0]})]
    return [Draft("ordinal_encode", {"columns": columns}, chosen=match.group())]


@frame(
    f"(?:apply)? target_encode {TO} {{columns}} (?:with|using|by|on|against|for)? (?:target)? {{column2}}",
    f"(?:apply)? target_encode {TO} {{columns}}",
)
def target_encode(match: Match) -> Reading:
    """``target encode state using churn``."""
    columns = match.columns()
    if "column2" not in match:
        raise Ask(
            "parameter",
            "Which column is the target? Say: target encode ... using COLUMN.",
            (),
            f"target encode {', '.join(columns)} using {{}}",
        )
    return [Draft("target_encode", {"columns": columns, "target": match.column("column2")})]


@frame("encode {columns}")
def encode_somehow(match: Match) -> Reading:
    """Asked to encode, but not how."""
    columns = match.columns()
    ways = [
        ("One-hot: a column for each value", [Draft("one_hot_encode", {"columns": columns})]),
        ("Ordinal: one number for each value", [Draft("ordinal_encode", {"columns": columns})]),
    ]
    raise Ask("parameter", f"How should {', '.join(columns)} be encoded?", ways)


@frame(
    "(?:replace|encode)? (?:frequency|count) (?:encode|encoding) (?:of|on|for)? {columns}",
    "(?:replace|encode) {columns} (?:by|with) (?:its|their)? count (?:encoding)?",
)
def frequency(match: Match) -> Reading:
    """Encoding by frequency is no transform here."""
    match.columns()
    raise Unsupported("There is no frequency encoding here. Target encode and one-hot encode are the nearest.")


@frame(
    "(?:group|join_text|replace|put|change|convert) rare (?:bin|levels|labels)? (?:of|in|from|for)? {columns} "
    "(?:<|under|with < )? (?:{share} (?:of rows)?)? (?:into|to|as|with|by|in|under)? "
    "(?P<name>[QUV]\\d+|rest|other)?",
    "keep first {n} (?:bin)? (?:of|in|from)? {column} ,? (?:and)? "
    "(?:put|group|replace|change|set|join_text|convert) (?:rest|other) (?:in|into|to|as|with|by)? "
    "(?P<name>[QUV]\\d+|rest|other)",
    "group (?:bin|levels)? (?:of|in)? {columns} (?:with)? (?:<|under|<=) {n_least} rows (?:into|to|as|in)? "
    "(?P<name>[QUV]\\d+|rest|other)?",
    "(?:group|join_text|replace) rare {columns} (?:bin)? (?:into|as|with)? (?P<name>[QUV]\\d+|rest|other)?",
)
def group_rare(match: Match) -> Reading:
    """``keep the top 10 states and put the rest in Other``."""
    columns = [match.column()] if "column" in match else match.columns()
    params: dict[str, Any] = {"columns": columns}
    assumed: tuple[str, ...] = ()
    if "n" in match:
        params["max_categories"] = int(match.number())
    elif "n_least" in match:
        params["min_count"] = int(match.number("n_least"))
    elif "share" in match:
        params["min_share"] = match.share()
    else:
        assumed = ("min_share",)
    if "name" in match:
        params["name"] = match.text("name")
    notes = ("rare: less than 1 % of the rows",) if assumed else ()
    return [Draft("group_rare_categories", params, assumed, notes)]


@frame(
    "(?P<how>balance|undersample|smote|random balance|random undersample) (?:classes|class|rows)? "
    "(?:of|on|in|by|for|to)? {column} (?:with|using|by|via)? (?P<how2>smote|random "
    "undersample|undersample|random balance|balance)?",
    "(?:apply|do) (?P<how>smote|random balance|balance|undersample|random undersample) (?:on|to|for|of|with "
    "target)? {column}",
    "(?P<how>balance|undersample) minority (?:class)? (?:of|in) {column}",
)
def balance(match: Match) -> Reading:
    """``balance churn with SMOTE``."""
    how = match.word("how2") or match.word("how")
    target = match.column()
    if how == "smote":
        features = [each for each in match.table.measures() if each != target]
        notes = (f"from {len(features)} numeric columns: {', '.join(features)}",)
        return [Draft("smote", {"target": target, "features": features}, ("features",), notes)]
    if "undersample" in how:
        return [Draft("undersample_random", {"target": target})]
    if how == "balance" and not any(each.text.lower().startswith("oversample") for each in match.tokens):
        smote = [each for each in match.table.measures() if each != target]
        raise Ask(
            "parameter",
            f"How should the classes of {target!r} be balanced?",
            [
                ("Repeat rows of the rare class", [Draft("oversample_random", {"target": target})]),
                ("Leave out rows of the common class", [Draft("undersample_random", {"target": target})]),
                ("SMOTE: make rows between rare ones", [Draft("smote", {"target": target, "features": smote})]),
            ],
        )
    return [Draft("oversample_random", {"target": target})]


@frame("(?:apply|run)? adasyn (?:on|to|for)? {column}")
def adasyn(match: Match) -> Reading:
    """ADASYN is no transform here."""
    raise Unsupported(f"There is no ADASYN here; SMOTE is the nearest: balance {match.column()} with SMOTE.")


@frame("(?:apply)? (?:yeo johnson|box cox|power|quantile) (?:transform|transformation) (?:on|to|of)? {columns}")
def power_transform(match: Match) -> Reading:
    """Power transforms are not there."""
    if not match.columns():
        raise Unreadable
    raise Unsupported("There is no such transform here. A logarithm or a root makes skewed numbers more even.")
