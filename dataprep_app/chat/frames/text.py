"""Text: case, blanks, characters, parts, length, words as numbers; and types."""

from __future__ import annotations

from typing import Any

from dataprep_app.chat.patterns import Ask, Draft, Match, Reading, Unreadable, Unsupported, frame

TYPES = {
    "integer": "integer",
    "int": "integer",
    "integers": "integer",
    "int64": "integer",
    "float": "number",
    "floats": "number",
    "number": "number",
    "numeric": "number",
    "double": "number",
    "decimal": "number",
    "digits": "number",
    "string": "text",
    "text": "text",
    "str": "text",
    "strings": "text",
    "boolean": "boolean",
    "bool": "boolean",
    "date": "date",
    "datetime": "datetime",
    "timestamp": "datetime",
    "time": "time",
}
TYPE = f"(?P<type>{'|'.join(TYPES)}|category|categorical)"


@frame(
    "(?:extract|keep)? (?:just|only)? (?P<what>digits|number|letters) (?:out of|of|from|in|out >=)? {column} "
    "(?:as|into|named)? {new}?",
    "{column} (?:->|to|:) (?:just|only)? (?P<what>digits|number|letters)",
    "extract digits out from {column}",
    "(?:extract|keep) (?:just|only)? (?P<what>digits|number|letters) (?:out)? (?:of|from|in) {column}",
)
def extract_digits(match: Match) -> Reading:
    """``pull the digits out of code``."""
    pattern = "[A-Za-z]+" if match.word("what") == "letters" else r"\d+"
    params: dict[str, Any] = {"column": match.column(), "pattern": pattern}
    if "new" in match:
        params["output"] = match.text("new")
    return [Draft("extract_regex", params)]


@frame(
    f"(?:convert|change|make|set|create) (?:type of|types of)? {{columns}} (?:type)? "
    f"(?:to|into|as|be|an|==|in)? (?:type)? {TYPE} (?:type|format)?(?: (?:with|using)? ?format {{quoted}})?",
    f"(?:convert|change|set) type of {{columns}} (?:to|as) {TYPE}",
    f"(?:astype|as type) {TYPE} (?:for|on) {{columns}}",
    f"{{columns}} (?:==|are|as|to|->|should be) {TYPE} (?:, set their type|, change type)?",
    f"treat {{columns}} as {TYPE}",
)
def change_type(match: Match) -> Reading:
    """``convert price to a number``."""
    wanted = match.word("type")
    if wanted not in TYPES:
        if wanted.startswith("categor") or any(each.kind == "group" for each in match.part("type")):
            raise Unsupported("There is no category type here: text columns are categories where few values repeat.")
        raise Unreadable
    params: dict[str, Any] = {"columns": match.columns(), "type": TYPES[wanted]}
    if "quoted" in match:
        params["format"] = match.text("quoted")
    return [Draft("change_type", params, chosen=match.group())]


@frame("(?:convert|change type of|change) {columns}")
def type_somehow(match: Match) -> Reading:
    """Asked to convert, but not to what."""
    columns = match.columns()
    ways = [
        (f"To {each}", [Draft("change_type", {"columns": columns, "type": each})])
        for each in ("number", "text", "date")
        if any(match.table.by_name[name].type != each for name in columns)
    ]
    raise Ask("parameter", f"To what should {', '.join(columns)} be converted?", ways, f"convert {columns[0]} to {{}}")


CASE = "(?P<case>lower_case|upper_case|title_case)"


@frame(
    f"(?:convert|change|make|set|create|put)? {{columns}} (?:text|names|case)? (?:to|into|in|all|be)? {CASE}",
    f"(?:convert|change|make)? {CASE} (?:of|for|in)? {{columns}}",
    f"(?:apply)? {CASE} (?:to|on) {{columns}}",
    f"(?:change case of) {{columns}} to {CASE}",
)
def change_case(match: Match) -> Reading:
    """``make city lowercase``."""
    columns = match.columns()
    if match.group():
        columns = [each for each in columns if match.table.by_name[each].type == "text"]
    return [
        Draft(
            "change_case",
            {"columns": columns, "case": match.word("case").removesuffix("_case")},
            chosen="text" if match.group() else "",
        )
    ]


@frame(
    "(?:trim|drop) whitespace (?:from|in|of|around|at)? {columns}?",
    "trim {columns}",
    "trim {columns} whitespace",
    "(?:trim|drop) whitespace (?:from|in|of|around) (?:start|both ends)? (?:of)? {columns}",
)
def trim(match: Match) -> Reading:
    """``strip white space from all text columns``."""
    if "columns" not in match:
        return [Draft("trim_whitespace", {"columns": match.table.group("text")}, chosen="text")]
    columns = [each for each in match.columns() if not match.group() or match.table.by_name[each].type == "text"]
    return [Draft("trim_whitespace", {"columns": columns}, chosen="text" if match.group() else "")]


@frame(
    "drop (?:all)? (?P<kind>punctuation|digits|symbols|special characters?|special|letters) (?:characters?)? "
    "(?:from|in|of) {columns}",
    "(?:clean|trim) (?P<kind>punctuation|digits|symbols|special characters?|letters) (?:from|in|of) {columns}",
)
def remove_characters(match: Match) -> Reading:
    """``remove punctuation from title``."""
    classes = {"punctuation": ["punctuation"], "digits": ["digits"], "symbols": ["symbols"], "letters": ["letters"]}
    kind = match.word("kind")
    return [
        Draft(
            "remove_characters", {"columns": match.columns(), "classes": classes.get(kind, ["punctuation", "symbols"])}
        )
    ]


@frame(
    "drop (?:text|word|string|characters?|letters|substring)? {quoted} (?:from|in) {columns}",
    "replace (?:text|word|string|substring|character) {quoted} (?:in|of|from) {columns} (?:with|by) {new}",
    "replace {quoted} (?:in|of|from) {columns} (?:with|by) nothing",
)
def replace_part(match: Match) -> Reading:
    """``delete the text 'CA.' from ticket``."""
    token = match.part("quoted")[0]
    if token.kind != "quoted" and not any(each.is_word("text", "word", "string") for each in match.tokens):
        raise Unreadable
    new = match.part("new")[0].text if "new" in match else ""
    return [
        Draft("replace_text", {"columns": match.columns(), "find": [token.text], "replacement": new, "match": "part"})
    ]


@frame("drop stopwords (?:from|in|of)? {columns}")
def stop_words(match: Match) -> Reading:
    """``remove stop words from title``."""
    return [Draft("remove_stopwords", {"columns": match.columns()})]


@frame(
    "(?:vectorize|convert|apply|run) (?:text)? (?:in|of)? {column} (?:with|using|by|to|into|via)? "
    "(?P<how>tfidf|count|word count|counts|bag of words|hash|hashing)? (?:vectors?|vectorizer|features)?",
    "(?:apply|create|run)? (?P<how>tfidf|count vectorizer|hashing vectorizer|bag of words) "
    "(?:vectors?|features)? (?:on|of|for|to|from)? {column}",
    "vectorize (?:text)? (?:in|of)? {column}",
)
def vectorize(match: Match) -> Reading:
    """``vectorize title with tf-idf``."""
    how = match.word("how")
    if not how and not any(each.is_word("vectorize") for each in match.tokens):
        raise Unreadable
    id = "vectorize_hash" if "hash" in how else "vectorize_count" if how and how != "tfidf" else "vectorize_tfidf"
    notes = () if how else ("method: TF-IDF",)
    return [Draft(id, {"column": match.column()}, () if how else ("method",), notes)]


@frame(
    "extract (?P<side>first|last) {n} (?:characters?|letters?|digits|chars?|signs?) (?:of|from|in) {column} "
    "(?:as|into|named)? {new}?",
    "(?P<side>first|last) {n} (?:characters?|letters?|digits|chars?) (?:of|from|in) {column} (?:as|into|named)? {new}?",
)
def extract_ends(match: Match) -> Reading:
    """``take the first 3 characters of code``."""
    count = int(match.number())
    place = {"start": 1, "length": count} if match.word("side") == "first" else {"start": -count}
    params: dict[str, Any] = {"column": match.column(), **place}
    if "new" in match:
        params["output"] = match.text("new")
    return [Draft("extract_substring", params)]


@frame(
    "(?:create|extract|compute)? (?:columns)? (?:text)? (?P<unit>length|characters?|word count|words) "
    "(?:columns)? (?:of|for|in|from) {column} (?:as|into|named)? {new}?",
    "(?:create)? (?:count)? (?:columns)? (?P<unit>words|characters|letters) (?:count)? (?:in|of|for) {column} "
    "(?:as|named|into)? {new}?",
    "(?:create)? (?P<unit>word) count (?:columns)? (?:for|of|from|in) {column} (?:as|into|named)? {new}?",
)
def text_length(match: Match) -> Reading:
    """``length of name as name_length``."""
    words = match.word("unit").startswith("word")
    params: dict[str, Any] = {"column": match.column(), "unit": "words" if words else "characters"}
    if "new" in match:
        params["output"] = match.text("new")
    return [Draft("text_length", params)]


@frame(
    "(?P<end>prefix|suffix) (?:to)? {columns} (?:with|by)? {quoted}",
    "(?:create|add)? (?P<end>prefix|suffix) {quoted} (?:to|on|in|for) {columns}",
    "(?:create|put) {quoted} (?P<end2>before|after|in front of|at start of|at end of|behind) {columns}",
)
def affix(match: Match) -> Reading:
    """``prefix id with "LN-"``."""
    front = match.word("end") == "prefix" or match.word("end2") in ("before", "in front of", "at start of")
    return [
        Draft(
            "add_prefix_suffix",
            {"columns": match.columns(), "before" if front else "after": match.part("quoted")[0].text},
        )
    ]


@frame(
    "pad (?:left)? {columns} (?:to|with)? (?:width)? {n} (?:digits|characters|places)?",
    "pad {columns} (?:with zeros|with leading zeros)? to {n} (?:digits|characters)?",
)
def pad(match: Match) -> Reading:
    """``zero pad zip to five digits``."""
    return [Draft("pad_text", {"columns": match.columns(), "width": int(match.number())})]


@frame("(?:apply)? (?:hash|anonymize|pseudonymize) (?:values in|values of|of)? {columns}")
def hash_values(match: Match) -> Reading:
    """``hash email``."""
    return [Draft("hash_column", {"columns": match.columns()})]
