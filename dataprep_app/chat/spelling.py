"""Spelling repair against the words that can matter: columns, values and command words, nothing else."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache

from rapidfuzz.distance import OSA

SHORTEST = 4


def allowed(length: int) -> int:
    """How many slips a word of this length may hold."""
    return 0 if length < SHORTEST else 1 if length < 8 else 2 if length < 13 else 3


def repaired(word: str, *known: Collection[str]) -> str | None:
    """The one known word that is nearest, if it is near enough; ``None`` when several are equally near.

    Args:
        word: a word that is not known, in small letters.
        known: groups of known words; where two are equally near, the earlier group wins.
    """
    most = allowed(len(word))
    best: tuple[int, int] | None = None
    found: set[str] = set()
    for place, group in enumerate(known):
        for each in group:
            if len(each) < SHORTEST or abs(len(each) - len(word)) > most:
                continue
            distance = OSA.distance(word, each, score_cutoff=most)
            # A slip on the first letter is rare: it counts for one more.
            distance += each[0] != word[0] and distance > 0
            if distance > most:
                continue
            if best is None or (distance, place) < best:
                best, found = (distance, place), {each}
            elif (distance, place) == best:
                found.add(each)
    return found.pop() if len(found) == 1 else None


@lru_cache(4096)
def near(word: str, names: tuple[str, ...], limit: int = 3) -> tuple[str, ...]:
    """The names that look most like a word, best first; may be empty."""
    from rapidfuzz.fuzz import WRatio

    scored = sorted(((WRatio(word.lower(), each.lower()), each) for each in names), reverse=True)
    return tuple(each for score, each in scored[:limit] if score >= 60)


def closest_value(text: str, values: Iterable[object]) -> object | None:
    """The one known value that a text may have meant, case and small slips apart."""
    by_text = {str(each).lower(): each for each in values}
    lower = " ".join(text.lower().split())
    if lower in by_text:
        return by_text[lower]
    found = repaired(lower, by_text)
    return by_text[found] if found else None
