"""Numbers that describe text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import polars as pl
from pydantic import Field

from transforms.core.columns import TextColumn, taken
from transforms.core.errors import Problem
from transforms.core.text import COUNTED_WORD, EMOJI, SENTENCE
from transforms.core.transform import Example, RowTransform, Transform

Measure = Literal[
    "characters", "words", "sentences", "punctuation", "emoji", "uppercase_share", "lowercase_share", "digit_share",
    "special_share", "average_word_length", "unique_word_share"
]  # fmt: skip

COUNTED: dict[Measure, str] = {
    "words": COUNTED_WORD,
    "sentences": SENTENCE,
    "punctuation": r"\p{P}",
    "emoji": EMOJI,
}
"""What is counted, by measure."""
SHARES: dict[Measure, str] = {
    "uppercase_share": r"\p{Lu}",
    "lowercase_share": r"\p{Ll}",
    "digit_share": r"\p{Nd}",
    "special_share": r"[^\p{L}\p{M}\p{N}\s]",
}
"""Characters of which the share is measured."""


def measured(text: pl.Expr, measure: Measure) -> pl.Expr:
    """A number for each text; shares and means of nothing are 0."""
    characters = text.str.len_chars().cast(pl.Int64)
    match measure:
        case "characters":
            return characters
        case "average_word_length":
            lengths = text.str.extract_all(COUNTED_WORD).list.eval(pl.element().str.len_chars().cast(pl.Int64))
            return share(lengths.list.sum(), lengths.list.len().cast(pl.Int64))
        case "unique_word_share":
            words = text.str.to_lowercase().str.extract_all(COUNTED_WORD)
            return share(words.list.n_unique().cast(pl.Int64), words.list.len().cast(pl.Int64))
        case _ if measure in SHARES:
            return share(text.str.count_matches(SHARES[measure]).cast(pl.Int64), characters)
        case _:
            return text.str.count_matches(COUNTED[measure]).cast(pl.Int64)


def share(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """A part of a whole; 0 of nothing."""
    return pl.when(whole == 0).then(0.0).otherwise(part / whole)


class TextStatistics(RowTransform):
    """Make columns that describe text: how long it is, how many words, what share of capitals."""

    id = "text_statistics"
    title = "Character and word statistics"
    terms = ("text features", "word count", "readability", "uppercase ratio", "digit ratio", "emoji count")
    missing = "Missing values stay missing; empty text gives 0 everywhere."
    examples = (
        Example(
            params={"column": "note", "measures": ["characters", "words", "uppercase_share", "average_word_length"]},
            before={"note": ["PAY now", "", None]},
            after={
                "note": ["PAY now", "", None],
                "note_characters": [7, 0, None],
                "note_words": [2, 0, None],
                "note_uppercase_share": [3 / 7, 0.0, None],
                "note_average_word_length": [3.0, 0.0, None],
            },
        ),
        Example(
            params={"column": "post", "measures": ["emoji", "sentences", "unique_word_share"], "prefix": "post in "},
            before={"post": ["So, so good! 😀👍🏽", None]},
            after={
                "post": ["So, so good! 😀👍🏽", None],
                "post in emoji": [2, None],
                "post in sentences": [2, None],
                "post in unique_word_share": [2 / 3, None],
            },
        ),
    )

    column: TextColumn
    """Column to describe."""
    measures: tuple[Measure, ...] = Field(("characters", "words", "average_word_length"), min_length=1)
    """What to measure. Counts: characters (code points), words, sentences, punctuation and emoji. Shares of the
    characters: capitals, small letters, digits, and special ones (no letter, number or white space). The average
    word length, and the share of different words among all, capitals aside."""
    prefix: str | None = None
    """What the names of the new columns begin with, before the measure; ``{column}_`` when empty."""

    def _name(self, measure: Measure) -> str:
        return f"{self.column}_{measure}" if self.prefix is None else f"{self.prefix}{measure}"

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for each in self.measures:
            yield from taken(self._name(each), schemas[0], "prefix")

    def exprs(self) -> Iterator[pl.Expr]:
        text = self.present(self.column).cast(pl.String)
        for each in dict.fromkeys(self.measures):
            yield measured(text, each).alias(self._name(each))


TRANSFORMS: tuple[type[Transform], ...] = (TextStatistics,)
