"""Edit text: replace by a list, put in, take off, cut."""

from __future__ import annotations

import re
from typing import Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.text import SPACE, WHITE_SPACE, TextFunction, mapped
from transforms.core.transform import Example, Transform


class ReplaceMany(TextFunction):
    """Replace many texts at once, each by its own."""

    id = "replace_many"
    title = "Replace many strings at once"
    terms = ("dictionary replace", "lookup replace", "mapping", "abbreviations", "synonyms", "find and replace list")
    missing = "Missing values stay missing. What was put in is not searched again, so a and b may trade places."
    examples = (
        Example(
            params={"columns": ["street"], "mapping": {"St": "Street", "Ave": "Avenue"}, "whole_words": True},
            before={"street": ["5 St", "Stone Ave", "", None]},
            after={"street": ["5 Street", "Stone Avenue", "", None]},
        ),
        Example(
            params={"columns": ["code"], "mapping": {"a": "b", "b": "a", "ab": "-"}, "ignore_case": True},
            before={"code": ["ABba", None]},
            after={"code": ["-ab", None]},
        ),
    )

    mapping: dict[str, str] = Field(min_length=1)
    """New text by the text to find, taken literally; where several begin at one place, the longest counts."""
    whole_words: bool = False
    """Find whole words only, not parts of longer ones."""
    ignore_case: bool = False
    """Take capitals and small letters as equal."""

    @model_validator(mode="after")
    def _can_be_found(self) -> Self:
        if "" in self.mapping:
            raise ValueError("Empty text is found everywhere. Remove it from the texts to find.")
        seen: dict[str, str] = {}
        for each in self.mapping if self.ignore_case else ():
            other = seen.setdefault(each.casefold(), each)
            if other != each:
                raise ValueError(f"{other!r} and {each!r} differ only in their capitals. Keep one of them.")
        return self

    @property
    def _longest_first(self) -> list[str]:
        return sorted(self.mapping, key=lambda each: (-len(each), each))

    def function(self, text: pl.Expr) -> pl.Expr:
        old = self._longest_first
        if not self.whole_words and not self.ignore_case:
            return text.str.replace_many(old, [self.mapping[each] for each in old], leftmost=True)
        new = [self.mapping[each] for each in old]
        # A group for each text says which was found, however it was written.
        found = "|".join(f"({re.escape(each)})" for each in old)
        pattern = re.compile(rf"(?<!\w)(?:{found})(?!\w)" if self.whole_words else found, self._flags)
        return mapped(text, lambda each: pattern.sub(lambda match: new[(match.lastindex or 1) - 1], each))

    @property
    def _flags(self) -> re.RegexFlag:
        return re.IGNORECASE if self.ignore_case else re.NOFLAG


class InsertText(TextFunction):
    """Put text in at a position of each value."""

    id = "insert_text"
    title = "Insert text at position"
    terms = ("put in", "stuff", "add separator", "insert character", "insert dash")
    missing = "Missing values stay missing, and text that does not reach the position stays as it is."
    examples = (
        Example(
            params={"columns": ["iban"], "position": 5, "inserted": " "},
            before={"iban": ["NO938601", "NO93", "NO", None]},
            after={"iban": ["NO93 8601", "NO93 ", "NO", None]},
        ),
        Example(
            params={"columns": ["cents"], "position": -3, "inserted": "."},
            before={"cents": ["1250", "99", "9", None]},
            after={"cents": ["12.50", ".99", "9", None]},
        ),
    )

    position: int
    """Where: 1 is before the first character, 2 after it; -1 is after the last character, -2 before it."""
    inserted: str = Field(min_length=1)
    """The text to put in."""

    @model_validator(mode="after")
    def _counts_from_one(self) -> Self:
        if self.position == 0:
            raise ValueError("Positions count from 1 at the beginning, or from -1 at the end: 0 is none.")
        return self

    def function(self, text: pl.Expr) -> pl.Expr:
        characters = text.str.len_chars().cast(pl.Int64)
        place = pl.lit(self.position - 1) if self.position > 0 else characters + self.position + 1
        start = place.clip(0)
        changed = pl.concat_str(text.str.slice(0, start), pl.lit(self.inserted), text.str.slice(start))
        return pl.when((place >= 0) & (place <= characters)).then(changed).otherwise(text)


class StripPrefixSuffix(TextFunction):
    """Take a text off the beginning or the end of each value that has it there."""

    id = "strip_prefix_suffix"
    title = "Strip prefix or suffix"
    terms = ("remove prefix", "remove suffix", "remove file extension", "removeprefix", "trim text")
    missing = "Missing values stay missing, and text without the prefix or suffix stays as it is."
    examples = (
        Example(
            params={"columns": ["id"], "before": "NO-", "after": ".csv"},
            before={"id": ["NO-17.csv", "17.csv", "NO-NO-1", None]},
            after={"id": ["17", "17", "NO-1", None]},
        ),
        Example(
            params={"columns": ["firm"], "after": " inc.", "ignore_case": True, "suffix": "_short"},
            before={"firm": ["Acme Inc.", "Inc. Magazine", None]},
            after={"firm": ["Acme Inc.", "Inc. Magazine", None], "firm_short": ["Acme", "Inc. Magazine", None]},
        ),
    )

    before: str = ""
    """Text to take off the beginning, once."""
    after: str = ""
    """Text to take off the end, once."""
    ignore_case: bool = False
    """Take capitals and small letters as equal."""

    @model_validator(mode="after")
    def _something_to_strip(self) -> Self:
        if not self.before and not self.after:
            raise ValueError("There is nothing to strip. Give the text at the beginning or at the end of values.")
        return self

    def function(self, text: pl.Expr) -> pl.Expr:
        flag = "(?i)" if self.ignore_case else ""
        if self.before:
            text = text.str.replace(rf"{flag}\A{pl.escape_regex(self.before)}", "")
        if self.after:
            text = text.str.replace(rf"{flag}{pl.escape_regex(self.after)}\z", "")
        return text


class TruncateText(TextFunction):
    """Cut text that is longer than wanted."""

    id = "truncate_text"
    title = "Truncate text"
    terms = ("shorten", "maximum length", "ellipsis", "cut off", "first characters", "limit length")
    examples = (
        Example(
            params={"columns": ["note"], "length": 9, "ellipsis": "…"},
            before={"note": ["Paid very late", "Paid late", None]},
            after={"note": ["Paid ver…", "Paid late", None]},
        ),
        Example(
            params={"columns": ["note"], "length": 9, "at_word": True},
            before={"note": ["Paid very late", "Overwhelming", None]},
            after={"note": ["Paid very", "Overwhelm", None]},
        ),
    )

    length: int = Field(ge=1)
    """The most characters (Unicode code points) that a value may have, the ellipsis among them."""
    ellipsis: str = ""
    """Put at the end of text that was cut."""
    at_word: bool = False
    """Cut at white space, if there is any, rather than within a word."""

    @model_validator(mode="after")
    def _ellipsis_fits(self) -> Self:
        if len(self.ellipsis) >= self.length:
            found = (
                f"The ellipsis has {len(self.ellipsis)} characters, which leaves no room in a length of {self.length}."
            )
            raise ValueError(f"{found} Shorten it, or allow more characters.")
        return self

    def function(self, text: pl.Expr) -> pl.Expr:
        kept = self.length - len(self.ellipsis)
        cut = text.str.slice(0, kept)
        if self.at_word:
            within = ~text.str.slice(kept, 1).str.contains(SPACE)
            whole_words = cut.str.extract(rf"(?s)\A(.*\S){SPACE}+\S*\z", 1)
            cut = pl.when(within).then(pl.coalesce(whole_words, cut)).otherwise(cut).str.strip_chars_end(WHITE_SPACE)
        shortened = pl.concat_str(cut, pl.lit(self.ellipsis))
        return pl.when(text.str.len_chars() > self.length).then(shortened).otherwise(text)


TRANSFORMS: tuple[type[Transform], ...] = (ReplaceMany, InsertText, StripPrefixSuffix, TruncateText)
