"""Take parts out of text by delimiters, by words and by a list; say what it is made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.categories import category_name, free_names
from transforms.core.columns import TextColumn, taken
from transforms.core.errors import Problem
from transforms.core.params import NewColumn
from transforms.core.text import TextMeasure, any_of
from transforms.core.transform import Example, Failure, RowTransform, Transform


class ExtractBeforeAfter(TextMeasure):
    """Take the text before or after a delimiter."""

    id = "extract_before_after"
    title = "Extract before or after delimiter"
    terms = ("text before delimiter", "text after delimiter", "substring index", "split and take", "file extension")
    missing = (
        "Missing values stay missing; text without the delimiter gives a missing value, or stays whole, as chosen."
    )
    examples = (
        Example(
            params={"column": "mail", "delimiter": "@", "side": "after", "output": "host"},
            before={"mail": ["ann@x.org", "none", None]},
            after={"mail": ["ann@x.org", "none", None], "host": ["x.org", None, None]},
        ),
        Example(
            params={"column": "file", "delimiter": ".", "occurrence": -1, "not_found": "whole"},
            before={"file": ["a.tar.gz", "readme", None]},
            after={"file": ["a.tar.gz", "readme", None], "file_before": ["a.tar", "readme", None]},
        ),
    )

    delimiter: str = Field(min_length=1)
    """Text to find, taken literally."""
    side: Literal["before", "after"] = "before"
    """Take what stands before the delimiter, or after it."""
    occurrence: int = 1
    """Which of several delimiters: 1 is the first, 2 the second, -1 the last."""
    not_found: Literal["null", "whole"] = "null"
    """Text that has no such delimiter gives a missing value, or all of it."""

    @model_validator(mode="after")
    def _can_be_found(self) -> Self:
        if self.occurrence == 0:
            raise ValueError("Delimiters count from 1 at the beginning, or from -1 at the end: 0 is none.")
        return self

    @property
    def new_column(self) -> str:
        return self.output or f"{self.column}_{self.side}"

    def function(self, text: pl.Expr) -> pl.Expr:
        found = self._found(text)
        return pl.coalesce(found, text) if self.not_found == "whole" else found

    def _found(self, text: pl.Expr) -> pl.Expr:
        pieces = text.str.split(self.delimiter)
        count = pieces.list.len().cast(pl.Int64)
        place = pl.lit(self.occurrence) if self.occurrence > 0 else count + self.occurrence
        side = pieces.list.slice(0, place) if self.side == "before" else pieces.list.slice(place)
        return pl.when(place.is_between(1, count - 1)).then(side.list.join(self.delimiter))

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if self.not_found == "null":
            lost = self.text().is_not_null() & self._found(self.text()).is_null()
            what = "do not have the delimiter: what was to be found is missing"
            yield Failure(column=self.column, where=lost, what=what)


class ExtractWord(TextMeasure):
    """Take one word of a text by its place."""

    id = "extract_word"
    title = "Extract n-th word"
    terms = ("first word", "last word", "nth token", "split and take", "first name", "field of text")
    ending = "word"
    missing = "Missing values stay missing; text with fewer words gives a missing value."
    examples = (
        Example(
            params={"column": "name", "n": -1, "output": "last_name"},
            before={"name": [" Ann  van Lee ", "Bo", "", None]},
            after={"name": [" Ann  van Lee ", "Bo", "", None], "last_name": ["Lee", "Bo", None, None]},
        ),
        Example(
            params={"column": "path", "n": 2, "separator": "/"},
            before={"path": ["a/b/c", "a//c", "a", None]},
            after={"path": ["a/b/c", "a//c", "a", None], "path_word": ["b", "", None, None]},
        ),
    )

    n: int = 1
    """Which word: 1 is the first, 2 the second, -1 the last."""
    separator: str | None = Field(None, min_length=1)
    """What stands between words, taken literally; left empty, white space of any length. Of two separators side by
    side, the word between is empty."""

    @model_validator(mode="after")
    def _counts_from_one(self) -> Self:
        if self.n == 0:
            raise ValueError("Words count from 1 at the beginning, or from -1 at the end: 0 is none.")
        return self

    def function(self, text: pl.Expr) -> pl.Expr:
        words = text.str.extract_all(r"\S+") if self.separator is None else text.str.split(self.separator)
        return words.list.get(self.n - 1 if self.n > 0 else self.n, null_on_oob=True)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        lost = self.text().is_not_null() & self.function(self.text()).is_null()
        what = "have too few words: the one that was to be found is missing"
        yield Failure(column=self.column, where=lost, what=what)


class ExtractKeywords(RowTransform):
    """Find which words of a list occur in text."""

    id = "extract_keywords_list"
    title = "Extract words from a list"
    terms = ("keywords", "dictionary match", "tag text", "vocabulary", "keyword flags", "gazetteer")
    missing = "Missing values stay missing; text with none of the words gives an empty list, no first word, 0 or false."
    examples = (
        Example(
            params={"column": "note", "vocabulary": ["late", "fee", "late fee"], "output": "found"},
            before={"note": ["Late fee, LATE again", "no fees", None]},
            after={"note": ["Late fee, LATE again", "no fees", None], "found": [["late fee", "late"], [], None]},
        ),
        Example(
            params={"column": "note", "vocabulary": ["tax", "fee"], "how": "flags", "match": "part"},
            before={"note": ["fees", "", None]},
            after={
                "note": ["fees", "", None],
                "note_tax": [False, False, None],
                "note_fee": [True, False, None],
            },
        ),
        Example(
            params={"column": "note", "vocabulary": ["Oslo", "Rome"], "how": "first", "ignore_case": False},
            before={"note": ["rome, Oslo, Rome", "", None]},
            after={"note": ["rome, Oslo, Rome", "", None], "note_keywords": ["Oslo", None, None]},
        ),
    )

    column: TextColumn
    """Column to look at."""
    vocabulary: tuple[str, ...] = Field(min_length=1, max_length=10_000)
    """Words to find, taken literally; where several begin at one place, the longest counts."""
    how: Literal["list", "first", "count", "flags"] = "list"
    """Make a list of the words that occur, each once, in the order of the text; take the first one; count how many
    different ones there are; or make a column of true and false for each."""
    match: Literal["word", "part"] = "word"
    """Find whole words only, or also parts of longer ones."""
    ignore_case: bool = True
    """Take capitals and small letters as equal; words come out as they are in the list."""
    output: NewColumn | None = None
    """Name of the new column, ``{column}_keywords`` when empty. With ``flags``, what the names of the new columns begin
    with, before ``_`` and the word; the column's name when empty."""

    @model_validator(mode="after")
    def _can_be_told_apart(self) -> Self:
        if "" in self.vocabulary:
            raise ValueError("Empty text is found everywhere. Remove it from the words to find.")
        seen: dict[str, str] = {}
        for word, key in zip(self.vocabulary, self._keys, strict=True):
            other = seen.setdefault(key, word)
            if other != word:
                raise ValueError(f"{other!r} and {word!r} differ only in their capitals. Keep one of them.")
        if len(seen) < len(self.vocabulary):
            twice = next(each for each in self.vocabulary if self.vocabulary.count(each) > 1)
            raise ValueError(f"{twice!r} is listed more than once.")
        return self

    @property
    def _keys(self) -> list[str]:
        """The words as they are compared."""
        words = pl.Series(self.vocabulary, dtype=pl.String)
        return (words.str.to_lowercase() if self.ignore_case else words).to_list()

    @property
    def new_columns(self) -> list[str]:
        """The names of the new columns."""
        if self.how == "flags":
            return free_names((category_name(self.output or self.column, each) for each in self.vocabulary), ())
        return [self.output or f"{self.column}_keywords"]

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.new_columns:
            yield from taken(name, schemas[0])

    def exprs(self) -> Iterator[pl.Expr]:
        pattern = any_of(self.vocabulary, ignore_case=self.ignore_case, whole_words=self.match == "word")
        found = self.present(self.column).cast(pl.String).str.extract_all(pattern)
        if self.ignore_case:
            found = found.list.eval(pl.element().str.to_lowercase().replace(self._keys, list(self.vocabulary)))
        found = found.list.unique(maintain_order=True)
        names = self.new_columns
        match self.how:
            case "list":
                yield found.alias(names[0])
            case "first":
                yield found.list.first().alias(names[0])
            case "count":
                yield found.list.len().cast(pl.Int64).alias(names[0])
            case "flags":
                for word, name in zip(self.vocabulary, names, strict=True):
                    yield found.list.contains(word).alias(name)


class ValuePattern(TextMeasure):
    """Show what text is made of: capitals as A, small letters as a, digits as 9."""

    id = "value_pattern"
    title = "Value pattern (A9 mask)"
    terms = ("data pattern", "mask profile", "format of values", "character mask", "shape of text", "pattern profiling")
    ending = "pattern"
    examples = (
        Example(
            params={"column": "sku"},
            before={"sku": ["AB-123", "x 7", "", None]},
            after={"sku": ["AB-123", "x 7", "", None], "sku_pattern": ["A-9", "a 9", "", None]},
        ),
        Example(
            params={"column": "sku", "collapse": False, "output": "mask"},
            before={"sku": ["AB-123", "Zoë", None]},
            after={"sku": ["AB-123", "Zoë", None], "mask": ["AA-999", "Aaa", None]},
        ),
    )

    collapse: bool = True
    """Show a run of characters of one kind as one; otherwise each is shown."""

    def function(self, text: pl.Expr) -> pl.Expr:
        run = "+" if self.collapse else ""
        # Letters without capitals, as in Chinese, count as small ones.
        text = text.str.replace_all(rf"(?:[\p{{Lu}}\p{{Lt}}]\p{{M}}*){run}", "A")
        text = text.str.replace_all(rf"(?:[\p{{L}}--\p{{Lu}}]\p{{M}}*){run}", "a")
        return text.str.replace_all(rf"\p{{Nd}}{run}", "9")


TRANSFORMS: tuple[type[Transform], ...] = (ExtractBeforeAfter, ExtractWord, ExtractKeywords, ValuePattern)
