"""Replace parts of text: by what they are, by what stands around them, by where they are."""

from __future__ import annotations

import re
from typing import Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.errors import did_you_mean
from transforms.core.params import Regex
from transforms.core.text import TextFunction, any_of, between, group_names, verbatim
from transforms.core.transform import Example, Transform

Occurrences = Literal["all", "first"]


def replaced(text: pl.Expr, pattern: str, replacement: str, occurrences: Occurrences) -> pl.Expr:
    """Text with what a pattern finds replaced, everywhere or at the first place."""
    return (
        text.str.replace_all(pattern, replacement) if occurrences == "all" else text.str.replace(pattern, replacement)
    )


class ReplaceText(TextFunction):
    """Replace one or several texts by another, as whole values or inside longer text."""

    id = "replace_text"
    title = "Find and replace"
    terms = ("find and replace", "substitute", "replace values", "replace string", "find and replace substring")
    examples = (
        Example(
            params={
                "columns": ["loan_status"],
                "find": ["charged off", "late"],
                "replacement": "default",
                "match": "whole",
                "ignore_case": True,
            },
            before={"loan_status": ["Charged Off", "late", "current", "late fee", None]},
            after={"loan_status": ["default", "default", "current", "late fee", None]},
        ),
        Example(
            params={"columns": ["price"], "find": ["$", "USD "]},
            before={"price": ["$5", "USD 7", "5", None]},
            after={"price": ["5", "7", "5", None]},
        ),
        Example(
            params={"columns": ["street"], "find": ["st"], "replacement": "Street", "match": "word"},
            before={"street": ["First st, west", "1 st", None]},
            after={"street": ["First Street, west", "1 Street", None]},
        ),
    )

    find: tuple[str, ...] = Field(min_length=1)
    """Texts to find, taken literally; where several begin at one place, the longest counts."""
    replacement: str = ""
    """What they become; left empty, they are removed."""
    match: Literal["part", "word", "whole"] = "part"
    """Find them anywhere, as whole words only, or only where they are the whole value."""
    ignore_case: bool = False
    """Take capitals and small letters as equal."""
    occurrences: Occurrences = "all"
    """Replace them wherever they occur in a value, or only the first one."""

    @model_validator(mode="after")
    def _can_be_found(self) -> Self:
        if self.match != "whole" and "" in self.find:
            raise ValueError("Empty text is found everywhere. Remove it from the texts to find, or match whole values.")
        return self

    def function(self, text: pl.Expr) -> pl.Expr:
        if self.match == "whole":
            compared, find = text, list(self.find)
            if self.ignore_case:
                compared, find = text.str.to_lowercase(), [each.lower() for each in find]
            return pl.when(compared.is_in(find)).then(pl.lit(self.replacement)).otherwise(text)
        pattern = any_of(self.find, ignore_case=self.ignore_case, whole_words=self.match == "word")
        return replaced(text, pattern, verbatim(self.replacement), self.occurrences)


class ReplaceRegex(TextFunction):
    """Replace what a regular expression finds."""

    id = "replace_regex"
    title = "Replace by regex"
    terms = ("regexp_replace", "regular expression", "substitute pattern", "gsub", "find and replace substring")
    examples = (
        Example(
            params={"columns": ["name"], "pattern": r"^(\w+), (\w+)$", "replacement": "$2 $1"},
            before={"name": ["Lee, Ann", "Bo Kim", None]},
            after={"name": ["Ann Lee", "Bo Kim", None]},
        ),
        Example(
            params={"columns": ["code"], "pattern": "[a-z]", "ignore_case": True, "occurrences": "first"},
            before={"code": ["AB1", "12", None]},
            after={"code": ["B1", "12", None]},
        ),
    )

    pattern: Regex
    """The regular expression to find."""
    replacement: str = ""
    """What it becomes: ``$1`` or ``${1}`` is the first group, ``${name}`` a named one, ``$0`` all that was found,
    ``$$`` a dollar sign."""
    ignore_case: bool = False
    """Take capitals and small letters as equal."""
    occurrences: Occurrences = "all"
    """Replace what is found everywhere in a value, or only the first."""

    @model_validator(mode="after")
    def _groups_exist(self) -> Self:
        if re.search(r"\\\d", self.replacement):
            raise ValueError(r"Groups are written $1 in a replacement, not \1.")
        names = group_names(self.pattern)
        known = {"0", *names, *map(str, range(1, len(names) + 1))}
        for braced, plain in re.findall(r"\$(?:\{(\w+)\}|(\w+))", self.replacement.replace("$$", "")):
            group = braced or plain
            if group not in known:
                digits = re.match(r"\d+", plain)
                hint = (
                    f"To write text right after a group, use ${{{digits[0]}}}."
                    if digits and digits[0] in known
                    else did_you_mean(group, known) or "Write $$ for a dollar sign."
                )
                raise ValueError(f"The pattern has no group {group!r}, which the replacement names. {hint}")
        return self

    def function(self, text: pl.Expr) -> pl.Expr:
        pattern = f"(?i){self.pattern}" if self.ignore_case else self.pattern
        return replaced(text, pattern, self.replacement, self.occurrences)


class ReplaceBetween(TextFunction):
    """Replace what stands between two delimiters."""

    id = "replace_between"
    title = "Replace between delimiters"
    terms = ("text between", "inside brackets", "remove parentheses", "mask between")
    missing = "Missing values stay missing, and text without the delimiters stays as it is."
    examples = (
        Example(
            params={"columns": ["title"], "left": "(", "right": ")", "inclusive": True, "occurrences": "all"},
            before={"title": ["Up (2009)(HD)", "Heat", None]},
            after={"title": ["Up ", "Heat", None]},
        ),
        Example(
            params={"columns": ["mail"], "left": "", "right": "@", "replacement": "***"},
            before={"mail": ["ann@x.org", "none", None]},
            after={"mail": ["***@x.org", "none", None]},
        ),
    )

    left: str
    """The delimiter before; left empty, the beginning of the text."""
    right: str
    """The next delimiter after it; left empty, the end of the text."""
    replacement: str = ""
    """What the text between becomes; left empty, it is removed."""
    inclusive: bool = False
    """Replace the delimiters, too."""
    occurrences: Occurrences = "first"
    """Replace between every pair of delimiters in a value, or only between the first."""

    @model_validator(mode="after")
    def _has_a_delimiter(self) -> Self:
        if not self.left and not self.right:
            raise ValueError("There is no delimiter. Give the one before, the one after, or both.")
        return self

    def function(self, text: pl.Expr) -> pl.Expr:
        new = verbatim(self.replacement)
        kept = new if self.inclusive else f"${{1}}{new}${{3}}"
        return replaced(text, between(self.left, self.right), kept, self.occurrences)


class ReplaceAtPosition(TextFunction):
    """Replace the characters at a position."""

    id = "replace_at_position"
    title = "Replace at position"
    terms = ("overwrite characters", "stuff", "insert text", "mask digits", "replace from position")
    missing = "Missing values stay missing, and text that does not reach the position stays as it is."
    examples = (
        Example(
            params={"columns": ["card"], "start": 1, "length": 3, "replacement": "***"},
            before={"card": ["123456", "12", "", None]},
            after={"card": ["***456", "***", "", None]},
        ),
        Example(
            params={"columns": ["code"], "start": -2, "length": 0, "replacement": "-"},
            before={"code": ["AB12", "x", None]},
            after={"code": ["AB-12", "x", None]},
        ),
    )

    start: int
    """Position of the first character to replace: 1 is the first of the text, -1 its last."""
    length: int = Field(1, ge=0)
    """How many characters to replace; with 0, the replacement is put in before the position."""
    replacement: str = ""
    """What they become; left empty, they are removed."""

    @model_validator(mode="after")
    def _counts_from_one(self) -> Self:
        if self.start == 0:
            raise ValueError("Positions count from 1 at the beginning, or from -1 at the end: 0 is none.")
        return self

    def function(self, text: pl.Expr) -> pl.Expr:
        characters = text.str.len_chars().cast(pl.Int64)
        offset = pl.lit(self.start - 1) if self.start > 0 else characters + self.start
        reached = (offset >= 0) & (offset < characters)
        start = offset.clip(0)
        changed = pl.concat_str(text.str.slice(0, start), pl.lit(self.replacement), text.str.slice(start + self.length))
        return pl.when(reached).then(changed).otherwise(text)


TRANSFORMS: tuple[type[Transform], ...] = (ReplaceText, ReplaceRegex, ReplaceBetween, ReplaceAtPosition)
