"""The shape a few texts have in common: what they are delimited by, and what is between the delimiters."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Class = Literal["digits", "lower", "upper", "name", "mixed", "alnum", "any", "whitespace", "literal"]

COVERAGE = 0.8
"""The least share of the texts that have a shape (Data Quality and Insights Report of SageMaker Data Wrangler)."""
RUNS = 4
"""The most runs of one class that a part between two delimiters is told as: ``AB12`` has two."""
PARTS = 24
"""The most parts of a shape; what has more is no code."""


@dataclass(frozen=True)
class Part:
    """Some characters of one class, or a literal text."""

    kind: Class
    text: str = ""
    """Of a literal; of any characters, the delimiters that are not among them."""


Shape = tuple[Part, ...]
Runs = tuple[Class, ...]


def shape_of(texts: Sequence[str], kept: float = COVERAGE) -> Shape | None:
    """The narrowest shape that at least 80 % of some texts have; none where there is none.

    Delimiters are the characters that are neither letters nor digits, and runs of white space. Those that most of
    the texts have equally often, in the same order, stay; the least regular ones are given up, one by one, until
    they do. What is between two of them is told by the narrowest class that most have there, or is cut again by what
    delimits it there.

    Args:
        texts: what to look at.
        kept: the least share of the texts that a part leaves of those that have the parts before it: with a larger
            one parts are wider, and more texts have the shape.
    """
    found = _shape(texts, COVERAGE * len(texts), kept, "")
    return tuple(found[0]) if found and 0 < len(found[0]) <= PARTS else None


def _shape(texts: Sequence[str], least: float, kept_share: float, outside: str) -> tuple[list[Part], list[int]] | None:
    """The parts of some texts, and the places of those that have them.

    Args:
        texts: what to look at.
        least: how many must have them.
        kept_share: the least share that a part leaves.
        outside: delimiters that have been cut at before; without new ones there is nothing to tell.
    """
    pieces = [_pieces(text) for text in texts]
    delimiters = _regular(pieces, least)
    cut, skeleton = _skeleton(pieces, delimiters)
    while len(cut) < least and delimiters:
        delimiters = delimiters[:-1]
        cut, skeleton = _skeleton(pieces, delimiters)
    if len(cut) < least or (outside and not delimiters):
        return None
    outside += "".join(delimiters)
    kept = list(cut)
    rows = {place: _aligned(cut[place], skeleton) for place in kept}
    parts: list[Part] = []
    for column in range(len(skeleton) + 1):
        inner, chosen = _part([rows[place][column] for place in kept], least, kept_share, outside)
        parts += inner
        kept = [kept[place] for place in chosen]
        if len(kept) < least:
            return None
        if column < len(skeleton):
            parts.append(Part("whitespace") if skeleton[column] == " " else Part("literal", skeleton[column]))
    return parts, kept


def _pieces(text: str) -> list[str]:
    """A text cut into runs of letters and digits, runs of white space (as one blank), and other characters."""
    found: list[str] = []
    before = ""
    for each in text:
        now = "space" if each.isspace() else "word" if _letter_class(each) else ""
        if now and now == before:
            found[-1] += each if now == "word" else ""
        else:
            found.append(" " if now == "space" else each)
        before = now
    return found


def _regular(pieces: Sequence[Sequence[str]], least: float) -> list[str]:
    """Delimiters that so many of the texts have, and equally often; the most regular first."""
    counts = [Counter(piece for piece in each if not _letter_class(piece[0])) for each in pieces]
    found = []
    for delimiter in sorted({each for count in counts for each in count}):
        often, texts = Counter(count[delimiter] for count in counts).most_common(1)[0]
        if often and texts >= least:
            found.append((-texts, delimiter))
    return [delimiter for _, delimiter in sorted(found)]


def _skeleton(
    pieces: Sequence[Sequence[str]], delimiters: Sequence[str]
) -> tuple[dict[int, Sequence[str]], tuple[str, ...]]:
    """The order of delimiters that most texts have, and the pieces of those texts by their place."""
    orders = [tuple(piece for piece in each if piece in delimiters) for each in pieces]
    best, _ = min(Counter(orders).items(), key=lambda item: (-item[1], item[0]))
    return {place: pieces[place] for place, order in enumerate(orders) if order == best}, best


def _aligned(pieces: Sequence[str], skeleton: Sequence[str]) -> list[str]:
    """What is before, between and behind the delimiters of a text; empty where there is nothing."""
    row, place = [""], 0
    for piece in pieces:
        if place < len(skeleton) and piece == skeleton[place]:
            row.append("")
            place += 1
        else:
            row[-1] += piece
    return row


def _part(texts: Sequence[str], least: float, kept_share: float, outside: str) -> tuple[list[Part], list[int]]:
    """What most texts hold between two delimiters, as narrow as it can be, and the places of those that do."""
    least = max(least, kept_share * len(texts))
    runs = [_runs(text) for text in texts]
    best, count = min(Counter(runs).items(), key=lambda item: (-item[1], item[0]))
    if count >= least and len(best) <= RUNS and "any" not in best:
        return [Part(kind) for kind in best], [place for place, each in enumerate(runs) if each == best]
    for kind, within in _WITHIN.items():
        kept = [place for place, each in enumerate(runs) if each and set(each) <= set(within)]
        if len(kept) >= least:
            return [Part(kind)], kept
    found = _shape(texts, least, kept_share, outside) if outside else None
    return found or ([Part("any", outside)], [place for place, each in enumerate(texts) if each])


_WITHIN: dict[Class, Runs] = {
    "mixed": ("lower", "upper", "name", "mixed"),
    "alnum": ("lower", "upper", "name", "mixed", "digits"),
}


def _runs(text: str) -> Runs:
    """The classes of the runs of characters of a text; a capital with small letters behind it is a name."""
    found: list[Class] = []
    length = 0
    for each in text:
        kind = _letter_class(each) or "any"
        if found and kind == "lower" and found[-1] == "upper":
            # The last capital begins a name; those before it stay what they are.
            found[-1:] = ["name"] if length == 1 else ["upper", "name"]
            length = 1
        elif found and (kind == found[-1] or (kind == "lower" and found[-1] == "name")):
            length += 1
        else:
            found.append(kind)
            length = 1
    return tuple(found)


def _letter_class(character: str) -> Class | None:
    """The class of a letter or a digit; none of other characters."""
    category = unicodedata.category(character)
    match category:
        case "Nd":
            return "digits" if character.isascii() else None
        case "Ll":
            return "lower"
        case "Lu":
            return "upper"
        case _:
            return "mixed" if category[0] in "LM" else None
