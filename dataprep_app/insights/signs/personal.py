"""Personal data that a column holds."""

from __future__ import annotations

import re

import polars as pl

from dataprep_app.insights.signs.facts import PersonalKind
from dataprep_app.insights.signs.texts import Texts
from transforms.core.columns import column
from transforms.core.text import package_problems
from transforms.privacy_detect import FITS, HEADERS, NOT_POSTAL
from transforms.privacy_personal import Entity, is_card, personal

LOOKED_AT = 300
"""So many different texts of a column are looked at."""
REGION = "US"
"""Where telephone numbers without a country code are taken to be from."""
COLUMN = 0.2
"""From this share of the texts on, a column is for such data."""
SEVERAL = 2
"""Texts that hold such data from which a column of free text is worth a word."""
SIGNED = re.compile(r"[+() ./-]")
"""What telephone numbers have besides digits; other long numbers are mostly no telephone numbers."""


def personal_texts(texts: Texts) -> tuple[tuple[PersonalKind, float], ...]:
    """The kinds of personal data in a column of text with the share of the texts, the most frequent first."""
    some = texts.some(LOOKED_AT)["plain"].to_list()
    if not some:
        return ()
    kinds: tuple[Entity, ...] = ("email", "iban", "card", "ssn", "ip")
    if not package_problems("phonenumbers", "region", "Finding telephone numbers"):
        kinds = (*kinds, "phone")
    counts: dict[PersonalKind, int] = {}
    for text in some:
        for each in {span.entity for span in personal(text, kinds, REGION) if _told(text, span.start, span.end, span)}:
            counts[each] = counts.get(each, 0) + 1
    kept: dict[PersonalKind, float] = {kind: n / len(some) for kind, n in counts.items() if _enough(kind, n, len(some))}
    if not kept:
        kept = _by_header(texts.name, some)
    return tuple(sorted(kept.items(), key=lambda each: (-each[1], each[0])))


def _told(text: str, start: int, end: int, span: object) -> bool:
    entity = getattr(span, "entity", "")
    return entity != "phone" or SIGNED.search(text[start:end]) is not None


def _enough(kind: PersonalKind, texts: int, of: int) -> bool:
    """Whether so many texts of a column are no chance: addresses and account numbers are told by their check digits."""
    if kind in ("email", "iban"):
        return texts >= min(SEVERAL, of)
    return texts >= max(SEVERAL, COLUMN * of)


def _by_header(name: str, some: list[str]) -> dict[PersonalKind, float]:
    """Names, addresses and dates of birth, by what the column is called."""
    header = re.sub(r"(?<=[a-z])(?=[A-Z])|[^\w]+", "_", name).strip("_").lower()
    for kind, pattern in HEADERS.items():
        if re.search(pattern, header) and not re.search(NOT_POSTAL, header):
            share = sum(map(FITS[kind], some)) / len(some)
            if share >= 0.5:
                return {kind: share}
    return {}


def personal_numbers(table: pl.DataFrame, name: str) -> tuple[tuple[PersonalKind, float], ...]:
    """Numbers of payment cards in a column of whole numbers."""
    values = table.select(column(name).drop_nulls().unique().sort()).to_series()
    # No card has fewer than 12 digits, and no whole number of the engine more than 19.
    long = values.filter(values >= 10**11)
    if values.is_empty() or len(long) < 0.9 * len(values):
        return ()
    some = long.gather_every(-(-len(long) // LOOKED_AT)).to_list()
    share = sum(is_card(str(each)) for each in some) / len(some)
    return (("card", share),) if share >= 0.9 and len(some) >= 5 else ()
