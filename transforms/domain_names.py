"""Names of people."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import dropwhile
from typing import Any, ClassVar, Literal

import polars as pl
from pydantic import Field

from transforms.core.errors import Problem
from transforms.core.text import package_problems
from transforms.core.transform import Example, Transform
from transforms.domain_parts import TextParts

NamePart = Literal["title", "first", "middle", "last", "suffix", "nickname"]
NameOrder = Literal["first_last", "last_first", "auto"]


class ParsePersonName(TextParts):
    """Take names of people apart: title, first, middle and last name, suffix, nickname, by the package nameparser.

    It knows how names are written in Europe and America: "Dr. Juan de la Vega III", "Lee, Ann". Any text is
    taken for a name.
    """

    id = "parse_person_name"
    title = "Parse person name"
    terms = ("first name", "last name", "surname", "split full name", "given name", "family name")
    missing = "Missing and blank text gives missing parts; parts that a name lacks are missing."
    examples = (
        Example(
            params={"column": "name", "parts": ["title", "first", "middle", "last", "suffix"], "prefix": ""},
            before={"name": ["Dr. Juan Q. de la Vega III", "Lee, Ann", "Cher", None]},
            after={
                "name": ["Dr. Juan Q. de la Vega III", "Lee, Ann", "Cher", None],
                "title": ["Dr.", None, None, None],
                "first": ["Juan", "Ann", "Cher", None],
                "middle": ["Q.", None, None, None],
                "last": ["de la Vega", "Lee", None, None],
                "suffix": ["III", None, None, None],
            },
        ),
        Example(
            params={"column": "name", "order": "last_first"},
            before={"name": ["Nagy Anna", None]},
            after={"name": ["Nagy Anna", None], "name_first": ["Anna", None], "name_last": ["Nagy", None]},
        ),
    )
    types: ClassVar = dict.fromkeys(("title", "first", "middle", "last", "suffix", "nickname"), pl.String())
    lost = "hold no name: their parts are missing"

    parts: tuple[NamePart, ...] = Field(("first", "last"), min_length=1)
    """What to add."""
    order: NameOrder = "auto"
    """What comes first where no comma says it: the first name, the last name, or (auto) the last name in Chinese,
    Japanese and Korean script and the first name elsewhere."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        yield from package_problems("nameparser", "column", "Taking names apart")

    def read(self, text: str) -> tuple[Any, ...] | None:
        name = _parser(self.order).parse(text)
        if name.family and not name.given and (better := given_behind_honours(text)):
            name = _parser(self.order).parse(better)
        found = name.title, name.given, name.middle, name.family, name.suffix, name.nickname
        return tuple(each or None for each in found) if any(found) else None


def given_behind_honours(text: str) -> str | None:
    """A name in which honours stand before the first name, as nameparser reads it: "Ayres, OBE Gillian".

    Args:
        text: the last name, a comma, and the rest.

    Returns:
        "Ayres, Gillian, OBE"; ``None`` if nothing but honours is behind the comma, or none.
    """
    family, _, rest = text.partition(",")
    words = rest.replace(",", " ").split()
    names = list(dropwhile(_is_honour, words))
    honours = words[: len(words) - len(names)]
    return f"{family}, {' '.join(names)}, {' '.join(honours)}" if names and honours else None


def _is_honour(word: str) -> bool:
    from nameparser import Lexicon

    known = Lexicon.default()
    plain = word.rstrip(".").lower()
    return plain in known.suffix_words or plain.replace(".", "") in known.suffix_acronyms


@cache
def _parser(order: NameOrder) -> Any:
    from nameparser import FAMILY_FIRST, GIVEN_FIRST, Parser, Policy

    match order:
        case "auto":
            return Parser()
        case "first_last":
            return Parser(policy=Policy(name_order=GIVEN_FIRST, script_orders=()))
        case "last_first":
            return Parser(policy=Policy(name_order=FAMILY_FIRST, script_orders=()))


TRANSFORMS: tuple[type[Transform], ...] = (ParsePersonName,)
