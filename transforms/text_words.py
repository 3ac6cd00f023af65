"""Clean text word by word: leave words out, bring them to their stem."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import polars as pl

from transforms.core.errors import Problem
from transforms.core.stop_words import ELIDED, STOP_WORDS, Language
from transforms.core.text import WHITE_SPACE, WORD, TextFunction, package_problems
from transforms.core.transform import Example, Transform

STEMMERS = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
    "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian",
    "id": "indonesian", "it": "italian", "lt": "lithuanian", "ne": "nepali", "nl": "dutch", "no": "norwegian",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil",
    "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
"""Snowball's algorithms by ISO 639-1 code."""
StemmedLanguage = Literal[
    "ar", "ca", "da", "de", "el", "en", "es", "eu", "fi", "fr", "ga", "hi", "hu", "hy",
    "id", "it", "lt", "ne", "nl", "no", "pt", "ro", "ru", "sr", "sv", "ta", "tr", "yi"
]  # fmt: skip


class RemoveStopwords(TextFunction):
    """Remove words that say little, such as "the", "and" or "of"."""

    id = "remove_stopwords"
    title = "Remove stop words"
    terms = ("stop words", "function words", "common words", "filter words")
    examples = (
        Example(
            params={"columns": ["review"]},
            before={"review": ["The staff was kind, and it's a quiet place", "Not for me", None]},
            after={"review": ["staff kind, quiet place", "", None]},
        ),
        Example(
            params={"columns": ["note"], "language": "de", "extra": ["Kunde"], "keep": ["nicht"]},
            before={"note": ["Der Kunde hat nicht über die Straße gewollt", None]},
            after={"note": ["nicht Straße gewollt", None]},
        ),
    )

    language: Language = "en"
    """Whose words to remove: English, German, French, Spanish, Italian, Portuguese or Dutch."""
    extra: tuple[str, ...] = ()
    """Remove these words, too."""
    keep: tuple[str, ...] = ()
    """Do not remove these words."""

    def function(self, text: pl.Expr) -> pl.Expr:
        stop = (STOP_WORDS[self.language] | set(map(plain, self.extra))) - set(map(plain, self.keep))
        one_word = r"\w+['’]?" if self.language in ELIDED else WORD
        pieces = text.str.extract_all(rf"(?s){one_word}\s*|\W+|.")
        word = pl.element().str.strip_chars().str.to_lowercase().str.replace_all("’", "'", literal=True)
        kept = pieces.list.filter(~word.is_in(sorted(stop))).list.join("")
        # White space before a last word that went away is left over.
        return pl.when(kept == text).then(text).otherwise(kept.str.strip_chars(WHITE_SPACE))


def plain(word: str) -> str:
    """A word as the lists have it: small letters and straight apostrophes."""
    return word.strip().lower().replace("’", "'")


class StemWords(TextFunction):
    """Bring each word to its stem, so that "paying" and "pays" are one word."""

    id = "stem_words"
    title = "Stem words"
    terms = ("stemming", "snowball", "porter", "word stem")
    missing = (
        "Missing values stay missing. Words become small letters, as Snowball's algorithms want; everything between "
        "words stays as it is."
    )
    examples = (
        Example(
            params={"columns": ["review"]},
            before={"review": ["Paying, payments (PAID)", "", None]},
            after={"review": ["pay, payment (paid)", "", None]},
        ),
        Example(
            params={"columns": ["note"], "language": "de", "suffix": "_stems"},
            before={"note": ["Häuser und Straßen", None]},
            after={"note": ["Häuser und Straßen", None], "note_stems": ["haus und strass", None]},
        ),
    )

    language: StemmedLanguage = "en"
    """Language of the text, by its two-letter code."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        yield from package_problems("snowballstemmer", "language", "Stemming")

    def function(self, text: pl.Expr) -> pl.Expr:
        pieces = text.str.extract_all(rf"(?s){WORD}|\W+|.")
        return pieces.map_batches(self._stems, return_dtype=pl.String, is_elementwise=True)

    def _stems(self, pieces: pl.Series) -> pl.Series:
        import snowballstemmer

        stem = snowballstemmer.stemmer(STEMMERS[self.language]).stemWord
        old = pieces.explode().drop_nulls().unique()
        new = pl.Series([stem(plain(each)) if is_word(each) else each for each in old], dtype=pl.String)
        stems = pieces.list.eval(pl.element().replace_strict(old, new, default=None, return_dtype=pl.String))
        return stems.list.join("")


def is_word(piece: str) -> bool:
    """Whether a piece of text is a word, not what stands between two."""
    return piece[0].isalnum() or piece[0] == "_"


TRANSFORMS: tuple[type[Transform], ...] = (RemoveStopwords, StemWords)
