"""Text as lists of its pieces, and as keys by which alike texts are equal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.distinct import over_distinct
from transforms.core.errors import Problem
from transforms.core.params import Regex
from transforms.core.text import SENTENCE, WHITE_SPACE, WORD, TextMeasure, ngrams, package_problems
from transforms.core.transform import Example, Failure, Transform
from transforms.quality import cologne, fingerprint, ngram
from transforms.text_clean import RemoveAccents

Algorithm = Literal["soundex", "metaphone", "nysiis", "match_rating", "cologne"]


class TokenizeText(TextMeasure):
    """Make a list of the words or sentences of text."""

    id = "tokenize_text"
    title = "Tokenize text"
    terms = ("split into words", "word list", "sentences", "tokens", "segment text")
    ending = "tokens"
    missing = "Missing values stay missing; empty text gives an empty list."
    examples = (
        Example(
            params={"column": "note"},
            before={"note": ["It's paid, late!", "", None]},
            after={"note": ["It's paid, late!", "", None], "note_tokens": [["it's", "paid", "late"], [], None]},
        ),
        Example(
            params={"column": "note", "tokenizer": "sentences", "lower": False, "output": "sentences"},
            before={"note": ["Paid? Yes. 3.5 kg", None]},
            after={"note": ["Paid? Yes. 3.5 kg", None], "sentences": [["Paid?", "Yes.", "3.5 kg"], None]},
        ),
    )

    tokenizer: Literal["words", "whitespace", "sentences", "regex"] = "words"
    """Take text apart into words (letters and digits, with apostrophes inside), at white space, into sentences (up to a
    full stop, question or exclamation mark with white space behind it), or into what ``pattern`` finds."""
    pattern: Regex | None = None
    """The regular expression of a token, for the regex tokenizer."""
    lower: bool = True
    """Make capitals small."""

    @model_validator(mode="after")
    def _pattern_is_needed(self) -> Self:
        if (self.tokenizer == "regex") != (self.pattern is not None):
            raise ValueError("A pattern belongs to the regex tokenizer, and only to it: give both or none.")
        return self

    def function(self, text: pl.Expr) -> pl.Expr:
        patterns = {"words": WORD, "whitespace": r"\S+", "sentences": SENTENCE}
        found = (text.str.to_lowercase() if self.lower else text).str.extract_all(
            self.pattern or patterns[self.tokenizer]
        )
        if self.tokenizer == "sentences":
            return found.list.eval(pl.element().str.strip_chars(WHITE_SPACE))
        return found


class TextNgrams(TextMeasure):
    """Make a list of the runs of neighbouring words or characters of text."""

    id = "text_ngrams"
    title = "Extract n-grams"
    terms = ("bigrams", "trigrams", "word pairs", "shingles", "character n-grams", "collocations")
    ending = "ngrams"
    missing = "Missing values stay missing; text that is too short gives an empty list."
    examples = (
        Example(
            params={"column": "note"},
            before={"note": ["Late fee, paid", "paid", None]},
            after={"note": ["Late fee, paid", "paid", None], "note_ngrams": [["late fee", "fee paid"], [], None]},
        ),
        Example(
            params={"column": "code", "n": 3, "unit": "characters", "lower": False},
            before={"code": ["AB é", "AB", None]},
            after={"code": ["AB é", "AB", None], "code_ngrams": [["AB ", "B é"], [], None]},
        ),
    )

    n: int = Field(2, ge=1, le=20)
    """How many neighbours to put together."""
    unit: Literal["words", "characters"] = "words"
    """Put words together, with a space between them and what stands between them left out, or characters, white space
    among them."""
    lower: bool = True
    """Make capitals small."""

    def function(self, text: pl.Expr) -> pl.Expr:
        text = text.str.to_lowercase() if self.lower else text
        if self.unit == "words":
            return ngrams(text.str.extract_all(WORD), self.n, self.n, " ")
        return ngrams(text.str.extract_all("(?s)."), self.n, self.n, "")


class FingerprintText(TextMeasure):
    """Make a key that is equal for texts with the same words or letters, however they are written."""

    id = "fingerprint_text"
    title = "Fingerprint key"
    terms = ("openrefine fingerprint", "clustering key", "normalized key", "duplicate key", "blocking key")
    ending = "fingerprint"
    missing = "Missing values stay missing; text without letters and digits has an empty key."
    examples = (
        Example(
            params={"column": "city"},
            before={"city": ["New York", "york, NEW", "Pécs", "?", None]},
            after={
                "city": ["New York", "york, NEW", "Pécs", "?", None],
                "city_fingerprint": ["new york", "new york", "pecs", "", None],
            },
        ),
        Example(
            params={"column": "name", "method": "ngram", "output": "key"},
            before={"name": ["Papa", "P.A. Pa", None]},
            after={"name": ["Papa", "P.A. Pa", None], "key": ["appa", "appa", None]},
        ),
    )

    method: Literal["token", "ngram"] = "token"
    """The words, or all pairs of neighbouring letters (blanks aside), each once and in order; both without capitals,
    accents and punctuation, as in OpenRefine. The step that groups similar values has the same keys."""

    def function(self, text: pl.Expr) -> pl.Expr:
        return over_distinct(text, fingerprint if self.method == "token" else ngram, pl.String())


class PhoneticCode(TextMeasure):
    """Make a code of how a name sounds, which is equal for most spellings of it; blanks and signs do not count."""

    id = "phonetic_code"
    title = "Phonetic code"
    terms = ("soundex", "metaphone", "nysiis", "sounds like", "name matching", "cologne phonetics")
    ending = "code"
    missing = "Missing values stay missing; text without a letter (A to Z) that sounds gives a missing value."
    examples = (
        Example(
            params={"column": "name"},
            before={"name": ["Smith", "Smyth", "O'Neil", "Müller", "42", None]},
            after={
                "name": ["Smith", "Smyth", "O'Neil", "Müller", "42", None],
                "name_code": ["SM0", "SM0", "ONL", "MLR", None, None],
            },
        ),
        Example(
            params={"column": "name", "algorithm": "soundex", "output": "sound"},
            before={"name": ["Robert", "Rupert", None]},
            after={"name": ["Robert", "Rupert", None], "sound": ["R163", "R163", None]},
        ),
    )

    algorithm: Algorithm = "metaphone"
    """Soundex (1918: a letter and three digits, coarse), Metaphone (1990, for English words), NYSIIS (1970) and match
    rating (1977), for names as in the United States; Cologne phonetics (1969) for German."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        if self.algorithm != "cologne":
            yield from package_problems("jellyfish", "algorithm", f"The algorithm {self.algorithm!r}")

    def function(self, text: pl.Expr) -> pl.Expr:
        letters = RemoveAccents(columns=(self.column,)).function(text).str.to_uppercase().str.replace_all("[^A-Z]", "")
        code = over_distinct(letters, _coder(self.algorithm), pl.String())
        return pl.when(code != "").then(code)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        lost = self.text().str.strip_chars().str.len_chars() > 0
        what = "have no letter that sounds: their code is missing"
        yield Failure(column=self.column, where=lost & self.function(self.text()).is_null(), what=what)


def _coder(algorithm: Algorithm) -> Callable[[str], str]:
    if algorithm == "cologne":
        return cologne

    def code(letters: str) -> str:
        import jellyfish

        match algorithm:
            case "soundex":
                return str(jellyfish.soundex(letters))
            case "metaphone":
                return str(jellyfish.metaphone(letters))
            case "nysiis":
                return str(jellyfish.nysiis(letters))
            case _:
                return str(jellyfish.match_rating_codex(letters))

    return code


TRANSFORMS: tuple[type[Transform], ...] = (TokenizeText, TextNgrams, FingerprintText, PhoneticCode)
