"""Take parts out of text, find them, count them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.categories import free_names
from transforms.core.columns import TextColumn, taken
from transforms.core.errors import Problem
from transforms.core.params import NewColumn, Regex, valid_regex
from transforms.core.text import COUNTED_WORD, LINE_BREAK, SENTENCE, TextMeasure, any_of, between, group_names
from transforms.core.transform import Example, Failure, RowTransform, Transform


class ExtractRegex(RowTransform):
    """Make columns of what a regular expression finds in text."""

    id = "extract_regex"
    title = "Extract by regex"
    terms = (
        "regexp_extract",
        "regular expression",
        "capture groups",
        "findall",
        "parse text",
        "find all occurrences",
        "extract using regex",
    )
    missing = "Missing values stay missing; text without a match gives a missing value, or an empty list."
    examples = (
        Example(
            params={"column": "room", "pattern": r"\d+", "output": "number"},
            before={"room": ["A 101/102", "hall", None]},
            after={"room": ["A 101/102", "hall", None], "number": ["101", None, None]},
        ),
        Example(
            params={"column": "size", "pattern": r"(?<width>\d+)x(?<height>\d+)(cm)?", "how": "groups"},
            before={"size": ["20x30cm", "5x7", "big", None]},
            after={
                "size": ["20x30cm", "5x7", "big", None],
                "width": ["20", "5", None, None],
                "height": ["30", "7", None, None],
                "size_3": ["cm", None, None, None],
            },
        ),
        Example(
            params={"column": "note", "pattern": "#[a-z]+", "how": "all", "ignore_case": True, "output": "tags"},
            before={"note": ["#New and #hot", "plain", None]},
            after={"note": ["#New and #hot", "plain", None], "tags": [["#New", "#hot"], [], None]},
        ),
    )

    column: TextColumn
    """Column to look at."""
    pattern: Regex
    """The regular expression to find."""
    how: Literal["first", "groups", "all"] = "first"
    """Take the first match (of its first group, where the pattern has one), a column for each group of the first
    match, or a list of all matches, whole."""
    ignore_case: bool = False
    """Take capitals and small letters as equal."""
    output: NewColumn | None = None
    """Name of the new column, ``{column}_match`` when empty. With ``groups``, a named group gives its column its
    name; the others are numbered behind this name, by default that of the column."""

    @model_validator(mode="after")
    def _has_groups(self) -> Self:
        if self.how == "groups" and not group_names(self.pattern):
            raise ValueError(f"{self.pattern!r} has no group. Put what you want in parentheses, or take the match.")
        return self

    @property
    def new_columns(self) -> list[str]:
        """The names of the new columns."""
        if self.how != "groups":
            return [self.output or f"{self.column}_match"]
        stem = self.output or self.column
        return [f"{stem}_{each}" if each.isdigit() else each for each in group_names(self.pattern)]

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        names = self.new_columns
        for name, free in zip(names, free_names(names, ()), strict=True):
            if name != free:
                found = f"Two groups of the pattern make a column {name!r}."
                yield Problem(found, "Name one of them differently.", "pattern")
            yield from taken(name, schemas[0], "pattern" if self.how == "groups" else "output")

    @property
    def _regex(self) -> str:
        return f"(?i){self.pattern}" if self.ignore_case else self.pattern

    def exprs(self) -> Iterator[pl.Expr]:
        text, names = self.present(self.column).cast(pl.String), self.new_columns
        match self.how:
            case "first":
                yield text.str.extract(self._regex, min(1, len(group_names(self.pattern)))).alias(names[0])
            case "all":
                yield text.str.extract_all(self._regex).alias(names[0])
            case "groups":
                groups = text.str.extract_groups(self._regex)
                for group, name in zip(group_names(self.pattern), names, strict=True):
                    yield groups.struct.field(group).alias(name)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if self.how != "all":
            where = ~self.present(self.column).cast(pl.String).str.contains(self._regex)
            yield Failure(
                column=self.column, where=where, what="do not match the pattern: what was to be found is missing"
            )


class ExtractBetween(TextMeasure):
    """Take the text between two delimiters."""

    id = "extract_between"
    title = "Extract between delimiters"
    terms = ("text between", "inside brackets", "substring between", "text before", "text after")
    ending = "between"
    missing = "Missing values stay missing; text without both delimiters gives a missing value."
    examples = (
        Example(
            params={"column": "title", "left": "(", "right": ")", "output": "year"},
            before={"title": ["Up (2009)", "Heat", "Jaws ()", None]},
            after={"title": ["Up (2009)", "Heat", "Jaws ()", None], "year": ["2009", None, "", None]},
        ),
        Example(
            params={"column": "log", "left": "[", "right": "]", "occurrence": -1, "inclusive": True},
            before={"log": ["[a] x [b]", "x", None]},
            after={"log": ["[a] x [b]", "x", None], "log_between": ["[b]", None, None]},
        ),
    )

    left: str
    """The delimiter before; left empty, the beginning of the text."""
    right: str
    """The next delimiter after it; left empty, the end of the text."""
    occurrence: int = 1
    """Which pair of delimiters: 1 is the first, 2 the second, -1 the last."""
    inclusive: bool = False
    """Keep the delimiters."""

    @model_validator(mode="after")
    def _can_be_found(self) -> Self:
        if not self.left and not self.right:
            raise ValueError("There is no delimiter. Give the one before, the one after, or both.")
        if self.occurrence == 0:
            raise ValueError("Pairs count from 1 at the beginning, or from -1 at the end: 0 is none.")
        return self

    def function(self, text: pl.Expr) -> pl.Expr:
        place = self.occurrence - 1 if self.occurrence > 0 else self.occurrence
        found = text.str.extract_all(between(self.left, self.right)).list.get(place, null_on_oob=True)
        return found if self.inclusive else found.str.strip_prefix(self.left).str.strip_suffix(self.right)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        lost = self.text().is_not_null() & self.function(self.text()).is_null()
        what = "do not have the delimiters: what was to be found is missing"
        yield Failure(column=self.column, where=lost, what=what)


class ExtractSubstring(TextMeasure):
    """Take the characters at a position."""

    id = "extract_substring"
    title = "Extract by position"
    terms = (
        "substring",
        "mid",
        "left",
        "right",
        "first characters",
        "last characters",
        "slice",
        "extract from position",
    )
    ending = "part"
    missing = "Missing values stay missing; text that is too short gives what there is of it."
    examples = (
        Example(
            params={"column": "sku", "start": 1, "length": 2, "output": "kind"},
            before={"sku": ["AB-1", "é", "", None]},
            after={"sku": ["AB-1", "é", "", None], "kind": ["AB", "é", "", None]},
        ),
        Example(
            params={"column": "sku", "start": -3},
            before={"sku": ["AB-123", "12", None]},
            after={"sku": ["AB-123", "12", None], "sku_part": ["123", "12", None]},
        ),
    )

    start: int
    """Position of the first character to take: 1 is the first of the text, -1 its last."""
    length: int | None = Field(None, ge=1)
    """How many characters to take; left empty, all to the end."""

    @model_validator(mode="after")
    def _counts_from_one(self) -> Self:
        if self.start == 0:
            raise ValueError("Positions count from 1 at the beginning, or from -1 at the end: 0 is none.")
        return self

    def function(self, text: pl.Expr) -> pl.Expr:
        return text.str.slice(self.start - 1 if self.start > 0 else self.start, self.length)


class FindPosition(TextMeasure):
    """Find where in text something stands."""

    id = "find_position"
    title = "Find position of text"
    terms = ("instr", "index of", "locate", "search", "charindex", "find substring from right")
    ending = "position"
    missing = "Missing values stay missing; text in which it does not occur gives a missing value."
    examples = (
        Example(
            params={"column": "mail", "find": "@"},
            before={"mail": ["zoë@x.org", "none", None]},
            after={"mail": ["zoë@x.org", "none", None], "mail_position": [4, None, None]},
        ),
        Example(
            params={"column": "path", "find": "A", "from_end": True, "ignore_case": True, "output": "last_a"},
            before={"path": ["a/b/a.csv", "/", None]},
            after={"path": ["a/b/a.csv", "/", None], "last_a": [5, None, None]},
        ),
    )

    find: str = Field(min_length=1)
    """Text to find, taken literally."""
    from_end: bool = False
    """Find its last place instead of its first; positions count from 1 at the beginning all the same."""
    ignore_case: bool = False
    """Take capitals and small letters as equal."""

    def function(self, text: pl.Expr) -> pl.Expr:
        flags, before = "is" if self.ignore_case else "s", ".*" if self.from_end else ".*?"
        found = text.str.extract(rf"(?{flags})\A({before}){pl.escape_regex(self.find)}", 1)
        return found.str.len_chars().cast(pl.Int64) + 1


class CountMatches(TextMeasure):
    """Count how often something occurs in text."""

    id = "count_matches"
    title = "Count matches"
    terms = ("count occurrences", "frequency of text", "number of times", "count substring")
    ending = "count"
    examples = (
        Example(
            params={"column": "tags", "pattern": ",", "output": "commas"},
            before={"tags": ["a,b,c", "", None]},
            after={"tags": ["a,b,c", "", None], "commas": [2, 0, None]},
        ),
        Example(
            params={
                "column": "note",
                "pattern": "[aeiou]",
                "regex": True,
                "ignore_case": True,
                "left": "<",
                "right": ">",
            },
            before={"note": ["aa<Abe>e", "aa", None]},
            after={"note": ["aa<Abe>e", "aa", None], "note_count": [2, 0, None]},
        ),
    )

    pattern: str = Field(min_length=1)
    """What to count, where it does not overlap itself."""
    regex: bool = False
    """Take the pattern as a regular expression instead of literally."""
    ignore_case: bool = False
    """Take capitals and small letters as equal."""
    left: str = ""
    """Count only behind the first of this delimiter; left empty, from the beginning."""
    right: str = ""
    """Count only before the next of this delimiter; left empty, to the end."""

    @model_validator(mode="after")
    def _pattern_can_be_run(self) -> Self:
        if self.regex:
            valid_regex(self.pattern)
        return self

    def function(self, text: pl.Expr) -> pl.Expr:
        pattern = self.pattern if self.regex else pl.escape_regex(self.pattern)
        counted = text.str.extract(between(self.left, self.right), 2) if self.left or self.right else text
        counts = counted.str.count_matches(f"(?i){pattern}" if self.ignore_case else pattern).cast(pl.Int64)
        return pl.when(text.is_not_null()).then(counts.fill_null(0))


class FlagTextMatch(TextMeasure):
    """Mark whether text matches: contains, equals, begins or ends with something."""

    id = "flag_text_match"
    title = "Flag text match"
    terms = ("contains", "starts with", "ends with", "is one of", "matches regex", "keyword flag")
    ending = "matches"
    missing = "Missing values stay missing, or become false, as chosen."
    examples = (
        Example(
            params={"column": "note", "patterns": ["late", "overdue"], "ignore_case": True, "output": "is_late"},
            before={"note": ["Paid LATE", "on time", None]},
            after={"note": ["Paid LATE", "on time", None], "is_late": [True, False, None]},
        ),
        Example(
            params={"column": "file", "match": "ends_with", "patterns": [".csv"], "handle_missing": "false"},
            before={"file": ["a.csv", "a.CSV", None]},
            after={"file": ["a.csv", "a.CSV", None], "file_matches": [True, False, False]},
        ),
    )

    match: Literal["contains", "equals", "starts_with", "ends_with", "regex"] = "contains"
    """How to compare."""
    patterns: tuple[str, ...] = Field(min_length=1)
    """What to look for; one of them is enough."""
    ignore_case: bool = False
    """Take capitals and small letters as equal."""
    handle_missing: Literal["null", "false"] = "null"
    """Missing values stay missing, or become false."""

    @model_validator(mode="after")
    def _patterns_can_be_run(self) -> Self:
        if self.match == "regex":
            for each in self.patterns:
                valid_regex(each)
        if self.match != "equals" and "" in self.patterns:
            raise ValueError("Empty text is found everywhere. Remove it from the patterns, or compare by 'equals'.")
        return self

    def function(self, text: pl.Expr) -> pl.Expr:
        found = self._found(text)
        return found.fill_null(value=False) if self.handle_missing == "false" else found

    def _found(self, text: pl.Expr) -> pl.Expr:
        flag = "(?i)" if self.ignore_case else ""
        match self.match:
            case "equals" if self.ignore_case:
                return text.str.to_lowercase().is_in([each.lower() for each in self.patterns])
            case "equals":
                return text.is_in(list(self.patterns))
            case "contains":
                return text.str.contains(f"{flag}{any_of(self.patterns)}")
            case "starts_with":
                return text.str.contains(rf"{flag}\A{any_of(self.patterns)}")
            case "ends_with":
                return text.str.contains(rf"{flag}{any_of(self.patterns)}\z")
            case "regex":
                return pl.any_horizontal(text.str.contains(f"{flag}{each}") for each in self.patterns)


class TextLength(TextMeasure):
    """Measure how long text is."""

    id = "text_length"
    title = "Text length"
    terms = ("len", "length", "number of characters", "word count", "count words", "string length")
    ending = "length"
    missing = "Missing values stay missing; empty text has length 0."
    examples = (
        Example(
            params={"column": "name"},
            before={"name": ["Zoë", "", None]},
            after={"name": ["Zoë", "", None], "name_length": [3, 0, None]},
        ),
        Example(
            params={"column": "note", "unit": "words", "output": "words"},
            before={"note": ["It's a well-known fact.", " ", None]},
            after={"note": ["It's a well-known fact.", " ", None], "words": [5, 0, None]},
        ),
    )

    unit: Literal["characters", "bytes", "words", "sentences", "lines"] = "characters"
    """Count characters (Unicode code points), bytes of UTF-8, words (letters, digits and apostrophes between them; a
    number such as 1,200.50 is one), sentences (up to a full stop, question or exclamation mark with white space behind
    it), or lines."""

    def function(self, text: pl.Expr) -> pl.Expr:
        match self.unit:
            case "characters":
                length = text.str.len_chars()
            case "bytes":
                length = text.str.len_bytes()
            case "words":
                length = text.str.count_matches(COUNTED_WORD)
            case "sentences":
                length = text.str.count_matches(SENTENCE)
            case "lines":
                # A line break at the end begins no line.
                length = text.str.count_matches(LINE_BREAK) + text.str.contains(r"[^\n\r\x{2028}\x{2029}]\z")
        return length.cast(pl.Int64)


TRANSFORMS: tuple[type[Transform], ...] = (
    ExtractRegex,
    ExtractBetween,
    ExtractSubstring,
    FindPosition,
    CountMatches,
    FlagTextMatch,
    TextLength,
)
