"""Different spellings of one value, found and brought together."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Literal

import polars as pl

from transforms.core.columns import TextColumn, taken
from transforms.core.columns import column as exactly
from transforms.core.distinct import over_distinct
from transforms.core.errors import Problem, StepError
from transforms.core.params import NewColumn
from transforms.core.statistics import Ask, ValueCounts
from transforms.core.transform import Example, FittedTransform, Learned, Transform

MOST_VALUES = 100_000
Key = Literal["fingerprint", "ngram", "soundex", "cologne"]


class Clusters(Learned):
    """The spelling that stands for all values with the same key."""

    spelling: dict[str, str]
    """By key."""
    changed: dict[str, str]
    """By value, those that change; for a person to look at."""


class ClusterKeyCollision(FittedTransform):
    """Bring spellings of one value together: those with the same key become the most frequent of them.

    Keys are those of OpenRefine: the fingerprint is the sorted set of words, without capitals, accents and
    punctuation; ngram does the same with pairs of letters, blanks aside; soundex (English) and cologne
    (German) are codes of how each word sounds, and bring most together.
    """

    id = "cluster_key_collision"
    title = "Group similar values (fingerprint)"
    terms = ("openrefine cluster", "group and replace", "spelling variants", "typos", "standardize values")
    missing = "Missing text stays missing; text without letters or digits is left alone."
    unseen = "New values go by their key to the spelling that was learned for it, or stay as they are."
    examples = (
        Example(
            params={"column": "city"},
            before={"city": ["New York", "new york", "York, New", "New York", "Oslo", "Pécs", None]},
            after={"city": ["New York", "New York", "New York", "New York", "Oslo", "Pécs", None]},
        ),
        Example(
            params={"column": "name", "key": "soundex", "review": {"Rupert": "Rupert"}, "output": "grouped"},
            before={"name": ["Robert", "Robert", "Rubert", "Rupert", None]},
            after={
                "name": ["Robert", "Robert", "Rubert", "Rupert", None],
                "grouped": ["Robert", "Robert", "Robert", "Rupert", None],
            },
        ),
    )

    column: TextColumn
    """Column to mend."""
    key: Key = "fingerprint"
    """What makes two values the same."""
    canonical: Literal["most_frequent", "longest", "first"] = "most_frequent"
    """Which spelling stands for all: the most frequent, the longest or the first by alphabet; ties go to the more
    frequent, then to the one with capitals only where words begin, and then to the first by alphabet."""
    review: dict[str, str] = {}
    """Decided by hand, before any key: what a value becomes. To leave a value alone, let it become itself."""
    output: NewColumn | None = None
    """Name of the new column; left empty, the column is replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.output is not None:
            yield from taken(self.output, schemas[0])

    def fit(self, ask: Ask) -> Clusters:
        (counts,) = ask(ValueCounts(exactly(self.column).cast(pl.String), limit=MOST_VALUES + 1))
        if len(counts) > MOST_VALUES:
            raise StepError(
                f"Column {self.column!r} has more than {MOST_VALUES:,} different values, too many to be spellings of "
                "each other. Choose a column of categories or names."
            )
        members: dict[str, list[str]] = {}
        for value in counts:
            if value not in self.review and (key := KEYS[self.key](value)):
                members.setdefault(key, []).append(value)
        spelling = {
            key: min(values, key=lambda each: self._rank(each, counts[each])) for key, values in members.items()
        }
        changed = {each: spelling[key] for key, values in members.items() for each in values if each != spelling[key]}
        return Clusters(spelling=spelling, changed=changed)

    def _rank(self, value: str, count: int) -> tuple[int, int, int, str]:
        first = {"most_frequent": 0, "longest": -len(value), "first": 0}[self.canonical]
        return (first, 0, 0, value) if self.canonical == "first" else (first, -count, odd_case(value), value)

    def exprs(self, learned: Clusters) -> Iterator[pl.Expr]:
        key_of, spelling, review = KEYS[self.key], learned.spelling, self.review

        def mended(value: str) -> str:
            return review[value] if value in review else spelling.get(key_of(value), value)

        text = exactly(self.column).cast(pl.String)
        yield over_distinct(text, mended, pl.String()).alias(self.output or self.column)


def odd_case(text: str) -> int:
    """How odd the case of a spelling is, 0 to 2, to choose among spellings that are as frequent.

    0 if it has small letters and capitals, the capitals only where words begin or all through a word; 1 if a word mixes
    them, as in SInai; 2 if it has but one of the two.
    """
    if text in (text.lower(), text.upper()):
        return 2
    return int(any(not word.isupper() and word[1:] != word[1:].lower() for word in text.split()))


def _plain(text: str) -> str:
    """Small letters and digits without accents; whatever else is there becomes a blank or nothing.

    As in OpenRefine, marks and signs disappear, and white space separates words.
    """
    spelled = text.casefold().translate(_SPELLED)
    without_marks = "".join(each for each in unicodedata.normalize("NFKD", spelled) if not unicodedata.combining(each))
    return re.sub(r"[^\w\s]|_", "", without_marks)


_SPELLED = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})


def fingerprint(text: str) -> str:
    """The sorted set of words, without capitals, accents and punctuation."""
    return " ".join(sorted(set(_plain(text).split())))


def ngram(text: str) -> str:
    """The sorted set of pairs of letters, without capitals, accents, punctuation and blanks."""
    letters = "".join(_plain(text).split())
    return "".join(sorted({letters[i : i + 2] for i in range(max(len(letters) - 1, 1))}))


def soundex(text: str) -> str:
    """American Soundex of each word (as the National Archives of the United States write it); other signs stay."""
    return " ".join(_soundex_word(word) for word in _plain(text).split())


_SOUNDEX = {
    letter: digit for digit, letters in enumerate(("bfpv", "cgjkqsxz", "dt", "l", "mn", "r"), 1) for letter in letters
}


def _soundex_word(word: str) -> str:
    if not re.fullmatch("[a-z]+", word):
        return word
    code, last = word[0].upper(), _SOUNDEX.get(word[0])
    for letter in word[1:]:
        digit = _SOUNDEX.get(letter)
        if digit is not None and digit != last:
            code += str(digit)
        if letter not in "hw":  # which do not part equal sounds, while vowels do
            last = digit
    return code[:4].ljust(4, "0")


def cologne(text: str) -> str:
    """Cologne phonetics (Postel 1969) of each word; words with other signs than letters stay."""
    return " ".join(_cologne_word(word) for word in _plain(text).split())


def _cologne_word(word: str) -> str:
    if not re.fullmatch("[a-z]+", word):
        return word
    digits = "".join(
        _cologne_letter(each, word[i - 1] if i else "", word[i + 1] if i + 1 < len(word) else "")
        for i, each in enumerate(word)
    )
    once = re.sub(r"(.)\1+", r"\1", digits)
    return once[:1] + once[1:].replace("0", "")


def _cologne_letter(letter: str, before: str, after: str) -> str:
    match letter:
        case "h":
            return ""
        case "p":
            return "3" if after == "h" else "1"
        case "d" | "t":
            return "8" if after and after in "csz" else "2"
        case "c":
            hard = "ahkloqrux" if not before else "ahkoqux"
            return "4" if after and after in hard and before not in ("s", "z") else "8"
        case "x":
            return "8" if before and before in "ckq" else "48"
        case _:
            return next(digit for digit, letters in _COLOGNE.items() if letter in letters)


_COLOGNE = {"0": "aeijouy", "1": "b", "3": "fvw", "4": "gkq", "5": "l", "6": "mn", "7": "r", "8": "sz"}

KEYS: dict[Key, Callable[[str], str]] = {
    "fingerprint": fingerprint,
    "ngram": ngram,
    "soundex": soundex,
    "cologne": cologne,
}
"""The key of a text, empty where it has none."""

TRANSFORMS: tuple[type[Transform], ...] = (ClusterKeyCollision,)
