"""How alike names of several words are, such as those of companies, schools and hospitals.

Measures that look at a name as one string take the words that many names share for likeness: by Jaro-Winkler,
University of Miami and University of Florida are 93 % alike. Here names are compared word by word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from transforms.quality_names import without_form

SMALL_WORDS = frozenset("an and at for in of on the de der des di du et für la le und".split())  # noqa: SIM905
SLIPS = 0.2
"""The share of the letters of a word that may be wrong: one in five, so that Mary is not Mark."""
SHORTEST = 5
"""Words with fewer letters have no slips."""
LEAST_WEIGHT = 4
"""Words count by their letters, but no less than this: Building A is not B, nor Lee Memorial any Memorial."""
REPLACED = 0.8
"""What is left of the likeness where each name has words that the other lacks: such names are mostly two."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it is compared."""

    words: frozenset[str]
    """The words that tell it."""
    numbers: frozenset[str]
    """Those of them that have digits."""
    joined: dict[str, frozenset[str]]
    """Words next to each other, by what they are if they are written as one."""
    weight: int
    """How much all words count."""


@lru_cache(maxsize=200_000)
def name_of(text: str) -> Name:
    """A name without legal form, small words, accents, signs and capitals; each word once."""
    whole = unicodedata.normalize("NFKD", without_form(text)[0].casefold())
    plain = "".join(each for each in whole if not unicodedata.combining(each))
    # Mary's is Mary, O'Neil is Oneil and U.S.A. is USA.
    closed = re.sub(r"['’](?:s\b)?|(?<=\b\w)\.(?=\w\b)", "", plain)
    words = re.findall(r"[^\W_]+", closed)
    telling = [each for each in words if each not in SMALL_WORDS] or words
    return Name(
        words=frozenset(telling),
        numbers=frozenset(each for each in telling if any(letter.isdigit() for letter in each)),
        joined={a + b: frozenset((a, b)) for a, b in pairwise(telling) if a != b},
        weight=_weight(set(telling)),
    )


def name_likeness(left: str, right: str, *, score_cutoff: float | None = None, **_: Any) -> float:
    """How alike two names are, 0 to 1: the share of their words, by letters, that are in both.

    The order of words does not matter. Words match if they are equal, with a slip (by edits of optimal string
    alignment, at most one in five letters), or if one name writes two of them as one. Words with digits have to be
    equal: names with other numbers are not alike. Where each name has words that the other lacks, the share is cut.

    Args:
        left: a name.
        right: the other.
        score_cutoff: give 0 for what is less alike, which is faster.
    """
    first, second = name_of(left), name_of(right)
    if first.words == second.words:
        return 1.0 if first.words or left == right else 0.0
    least = score_cutoff or 0.0
    if first.numbers != second.numbers or min(first.weight, second.weight) < least * max(first.weight, second.weight):
        return 0.0
    mine, theirs = first.words - second.words, second.words - first.words
    mine, theirs = _as_one(mine, first, theirs), _as_one(theirs, second, mine)
    shared = _weight(first.words & second.words) + _weight(mine & theirs)
    mine, theirs = mine - theirs, theirs - mine
    rest = sorted((_weight(mine), _weight(theirs)))
    if shared + rest[0] < least * (shared + rest[1]):
        return 0.0
    matched, alone, others = _with_slips(mine, theirs)
    whole = shared + sum(weight for weight, _ in matched) + _weight(alone) + _weight(others)
    score = (shared + sum(weight * alike for weight, alike in matched)) / whole
    score *= REPLACED if alone and others else 1.0
    return score if score >= least else 0.0


def _weight(words: Iterable[str]) -> int:
    return sum([max(len(each), LEAST_WEIGHT) for each in words])


def _as_one(words: frozenset[str], name: Name, others: frozenset[str]) -> frozenset[str]:
    """Words, those put together that the other name writes as one."""
    for whole in others & name.joined.keys():
        if name.joined[whole] <= words:
            words = words - name.joined[whole] | {whole}
    return words


def _with_slips(
    mine: frozenset[str], theirs: frozenset[str]
) -> tuple[list[tuple[int, float]], frozenset[str], frozenset[str]]:
    """Pairs of words that differ by a slip, as weight and likeness, the likest first; and the words left over."""
    near = [
        (likeness, a, b)
        for a in mine
        if len(a) >= SHORTEST
        for b in theirs
        if abs(len(a) - len(b)) <= SLIPS * max(len(a), len(b)) and (likeness := _word_likeness(a, b))
    ]
    matched = list[tuple[int, float]]()
    for likeness, a, b in sorted(near, key=lambda each: (-each[0], each[1:])):
        if a in mine and b in theirs:
            matched.append((_weight((max(a, b, key=len),)), likeness))
            mine, theirs = mine - {a}, theirs - {b}
    return matched, mine, theirs


@lru_cache(maxsize=500_000)
def _word_likeness(left: str, right: str) -> float:
    from rapidfuzz.distance import OSA

    # Edits are compared, since a cutoff of rapidfuzz loses what is just as alike.
    longest, edits = max(len(left), len(right)), OSA.distance(left, right)
    return 1 - edits / longest if edits <= SLIPS * longest else 0.0
