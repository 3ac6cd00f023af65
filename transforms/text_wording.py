"""Bring text to one wording: names of things in one case, short forms written out, words in order and once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, partial
from typing import Literal

import polars as pl
from pydantic import Field

from transforms.core.errors import Problem
from transforms.core.stop_words import Language
from transforms.core.text import TextFunction, mapped, package_problems
from transforms.core.transform import Example, Transform
from transforms.text_clean import RemoveAccents
from transforms.text_words import RemoveStopwords, StemWords

APOSTROPHE = "['’‘ʼ`]"
PERSON = "i|you|he|she|it|we|they|who|that|there"
CONTRACTIONS: tuple[tuple[str, str], ...] = (
    (r"won't", "will not"),
    (r"can't", "cannot"),
    (r"shan't", "shall not"),
    (r"let's", "let us"),
    (r"y'all", "you all"),
    (r"'tis", "it is"),
    (r"'twas", "it was"),
    (r"(is|are|was|were|do|does|did|has|have|had|could|should|would|must|might|need|dare|ought)n't", r"\1 not"),
    (rf"({PERSON}|what|where|how)'s((?:\s+not)?\s+(?:been|got|had))", r"\1 has\2"),
    (rf"({PERSON})'d((?:\s+not)?\s+(?:been|better|had))", r"\1 had\2"),
    (rf"({PERSON}|what|where|how|when|why|here)'s", r"\1 is"),
    (rf"({PERSON})'d", r"\1 would"),
    (r"(i)'m", r"\1 am"),
    (r"(\w+)'re", r"\1 are"),
    (r"(\w+)'ve", r"\1 have"),
    (r"(\w+)'ll", r"\1 will"),
)
"""English contractions and what they stand for, in the order in which they are looked for."""


class ChangeNamingCase(TextFunction):
    """Write names of things as programs do: snake_case, camelCase, kebab-case and the like."""

    id = "change_naming_case"
    title = "Change to snake / camel / kebab case"
    terms = ("snake_case", "camelCase", "PascalCase", "kebab-case", "slug", "constant case", "identifier")
    missing = "Missing values stay missing; text without letters and digits becomes empty."
    examples = (
        Example(
            params={"columns": ["field"]},
            before={"field": ["Loan Amount (USD)", "HTTPServerError2", "don't", "--", None]},
            after={"field": ["loan_amount_usd", "http_server_error_2", "dont", "", None]},
        ),
        Example(
            params={"columns": ["field"], "case": "camel", "split_digits": False},
            before={"field": ["loan amount", "SHA256-hash", "élan vital", None]},
            after={"field": ["loanAmount", "sha256Hash", "élanVital", None]},
        ),
    )

    case: Literal["snake", "camel", "pascal", "kebab", "constant"] = "snake"
    """``loan_amount``, ``loanAmount``, ``LoanAmount``, ``loan-amount`` or ``LOAN_AMOUNT``."""
    split_digits: bool = True
    """Begin a new word at digits and after them, too. Otherwise ``sha256`` is one word."""

    def function(self, text: pl.Expr) -> pl.Expr:
        joined = text.str.replace_all(rf"(\p{{L}}){APOSTROPHE}(\p{{L}})", "${1}${2}")
        parted = joined.str.replace_all(r"(\p{Lu})(\p{Lu}\p{Ll})", "${1} ${2}")
        parted = parted.str.replace_all(r"([\p{Ll}\p{Nd}])(\p{Lu})", "${1} ${2}")
        words = parted.str.extract_all(r"[\p{L}\p{M}]+|\p{Nd}+" if self.split_digits else r"[\p{L}\p{M}\p{Nd}]+")
        lower = words.list.eval(pl.element().str.to_lowercase())
        upper = pl.element().str.to_uppercase()
        capitalized = lower.list.eval(pl.concat_str(upper.str.slice(0, 1), pl.element().str.slice(1)))
        match self.case:
            case "snake":
                return lower.list.join("_")
            case "kebab":
                return lower.list.join("-")
            case "constant":
                return words.list.eval(upper).list.join("_")
            case "pascal":
                return capitalized.list.join("")
            case "camel":
                return pl.concat_list(lower.list.head(1), capitalized.list.slice(1)).list.join("")


class ExpandContractions(TextFunction):
    """Write out English contractions: "don't" becomes "do not".

    A ``'s`` behind a noun is left alone, since it is mostly a possessive; behind a pronoun it is "is", or "has"
    before been, got and had. In the same way ``'d`` is "would", or "had" before been, better and had.
    """

    id = "expand_contractions"
    title = "Expand contractions"
    terms = ("don't to do not", "short forms", "apostrophes", "normalize english", "can't")
    examples = (
        Example(
            params={"columns": ["note"]},
            before={"note": ["I don't know, it's Ann's", "CAN'T PAY", "She'd been late", None]},
            after={"note": ["I do not know, it is Ann's", "CANNOT PAY", "She had been late", None]},
        ),
    )

    language: Literal["en"] = "en"
    """Language of the text; there is a table for English only."""

    def function(self, text: pl.Expr) -> pl.Expr:
        return mapped(text, expanded)


@cache
def rules() -> list[tuple[re.Pattern[str], str]]:
    """What the contractions look like in text, with apostrophes of any kind."""
    return [
        (re.compile(rf"(?<!\w){short}(?!\w)".replace("'", APOSTROPHE), re.IGNORECASE), long)
        for short, long in CONTRACTIONS
    ]


def expanded(text: str) -> str:
    """Text with its contractions written out."""
    if not re.search(APOSTROPHE, text):
        return text
    for pattern, long in rules():
        text = pattern.sub(partial(_written_out, long), text)
    return text


def _written_out(long: str, found: re.Match[str]) -> str:
    return _cased(found.expand(long), found[0])


def _cased(text: str, like: str) -> str:
    """Text in capitals where the model is in capitals, and with a capital where the model begins with one."""
    if like.isupper():
        return text.upper()
    first = next(each for each in like if each.isalpha())
    return text[:1].upper() + text[1:] if first.isupper() else text


class RemoveRepeated(TextFunction):
    """Leave out words, or letters and signs, that are repeated right after themselves."""

    id = "remove_repeated"
    title = "Remove repeated words or letters"
    terms = ("duplicate words", "stutter", "elongated words", "sooo", "repeated characters", "the the")
    missing = "Missing values stay missing; digits and white space are never left out."
    examples = (
        Example(
            params={"columns": ["note"]},
            before={"note": ["Paid the the fee fee  fee", "so, so", "", None]},
            after={"note": ["Paid the fee", "so, so", "", None]},
        ),
        Example(
            params={"columns": ["note"], "unit": "characters", "keep": 2},
            before={"note": ["Sooooo good!!!!! 1000", None]},
            after={"note": ["Soo good!! 1000", None]},
        ),
    )

    unit: Literal["words", "characters"] = "words"
    """Look for words with white space between them, or for letters and signs side by side."""
    keep: int = Field(1, ge=1)
    """How often to keep what is repeated. For characters, 2 leaves "good" as it is, of which 1 makes "god"."""
    ignore_case: bool = False
    """Take capitals and small letters as equal; the first ones are kept."""

    def function(self, text: pl.Expr) -> pl.Expr:
        kept = self.keep - 1
        if self.unit == "words":
            repeated = rf"(?<!\S)((\S+)(?:\s+\2(?!\S)){{{kept}}})(?:\s+\2(?!\S))+"
        else:
            repeated = rf"(([^\d\s])\2{{{kept}}})\2+"
        pattern = re.compile(repeated, re.IGNORECASE if self.ignore_case else re.NOFLAG)
        return mapped(text, lambda each: pattern.sub(r"\1", each))


class SimplifyText(TextFunction):
    """Reduce text to what matters when it is compared: its main words, in one form and in order."""

    id = "simplify_text"
    title = "Simplify text for matching"
    terms = ("normalize for matching", "fuzzy key", "canonical text", "bag of words", "deduplicate names", "text key")
    missing = "Missing values stay missing; text without letters and digits becomes empty."
    examples = (
        Example(
            params={"columns": ["title"]},
            before={"title": ["The Unpaid Fees, unpaid!", "An unpaid fee", "The Who", None]},
            after={"title": ["fee unpaid", "fee unpaid", "the who", None]},
        ),
        Example(
            params={
                "columns": ["firm"],
                "stem_words": False,
                "remove_stopwords": False,
                "sort_words": False,
                "suffix": "_key",
            },
            before={"firm": ["Café O'Neil & Co.", None]},
            after={"firm": ["Café O'Neil & Co.", None], "firm_key": ["cafe oneil co", None]},
        ),
    )

    language: Language = "en"
    """Language of the text, for stop words and stems."""
    remove_stopwords: bool = True
    """Leave out function words such as "the" and "of", unless there are no others."""
    stem_words: bool = True
    """Bring words to their stem, so that "fees" is "fee"."""
    remove_accents: bool = True
    """Leave out accents."""
    dedupe_words: bool = True
    """Keep each word once."""
    sort_words: bool = True
    """Put words in order of their code points."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        if self.stem_words:
            yield from package_problems("snowballstemmer", "stem_words", "Stemming")

    def function(self, text: pl.Expr) -> pl.Expr:
        text = text.str.to_lowercase()
        if self.remove_stopwords:
            left = RemoveStopwords(columns=self.columns, language=self.language).function(text)
            text = pl.when(left.str.contains(r"[\p{L}\p{Nd}]")).then(left).otherwise(text)
        if self.stem_words:
            text = StemWords(columns=self.columns, language=self.language).function(text)
        if self.remove_accents:
            text = RemoveAccents(columns=self.columns).function(text)
        joined = text.str.replace_all(rf"(\p{{L}}){APOSTROPHE}(\p{{L}})", "${1}${2}")
        words = joined.str.extract_all(r"[\p{L}\p{M}\p{N}]+")
        if self.dedupe_words:
            words = words.list.unique(maintain_order=True)
        return (words.list.sort() if self.sort_words else words).list.join(" ")


TRANSFORMS: tuple[type[Transform], ...] = (ChangeNamingCase, ExpandContractions, SimplifyText, RemoveRepeated)
