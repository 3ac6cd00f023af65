"""Numbers with check digits: those of companies, people, accounts, books and payment cards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, ClassVar, Literal

import polars as pl
from pydantic import Field

from transforms.core.errors import Problem, did_you_mean
from transforms.core.text import package_problems
from transforms.core.transform import Example, Transform
from transforms.domain_countries import CodeColumn
from transforms.domain_parts import TextParts
from transforms.domain_phone import CountryCode

SHORT = {
    "aadhaar": "in_.aadhaar", "abn": "au.abn", "bsn": "nl.bsn", "cnpj": "br.cnpj", "cpf": "br.cpf", "curp": "mx.curp",
    "ein": "us.ein", "gstin": "in_.gstin", "itin": "us.itin", "nhs": "gb.nhs", "nir": "fr.nir", "pan": "in_.pan",
    "pesel": "pl.pesel", "sedol": "gb.sedol", "sin": "ca.sin", "siren": "fr.siren", "siret": "fr.siret",
    "ssn": "us.ssn", "tfn": "au.tfn", "upc": "ean", "vat": "vatin",
}  # fmt: skip
"""What numbers of a country, and some others, are called for short."""
NPI = "80840"
"""What the number of a health care provider in the US begins with when its check digit is computed."""
Scheme = Annotated[str, Field(min_length=1, max_length=40)]


class Npi:
    """The National Provider Identifier of the US, which the package does not have."""

    @staticmethod
    def compact(number: str) -> str:
        """The digits."""
        return re.sub(r"[\s-]+", "", number)

    @staticmethod
    def is_valid(number: str) -> bool:
        """Whether the check digit is that of ISO/IEC 7812, of the digits behind 80840."""
        from stdnum.luhn import is_valid

        digits = Npi.compact(number)
        return re.fullmatch("[12][0-9]{9}", digits) is not None and bool(is_valid(NPI + digits))


@cache
def known_schemes() -> dict[str, Any]:
    """What reads each kind of number, by name: ``iban``, ``de.idnr``; short names among them."""
    from stdnum.util import get_number_modules

    modules: list[Any] = list(get_number_modules())
    found: dict[str, Any] = {each.__name__.removeprefix("stdnum."): each for each in modules}
    found |= {short: found[name] for short, name in SHORT.items() if name in found}
    return {name.replace("_.", "."): each for name, each in found.items()} | {"npi": Npi, "us.npi": Npi}


def scheme_of(name: str, country: str | None) -> Any:
    """What reads numbers of a kind, those of a country where it has its own; ``None`` if there are none."""
    if country is not None:
        from stdnum.util import get_cc_module

        own = known_schemes().get(f"{country.lower()}.{name}") or get_cc_module(country, name)
        return own or (known_schemes().get(name) if "." in name else None)
    return known_schemes().get(name)


IdentifierPart = Literal["valid", "compact", "formatted"]


class ValidateIdentifier(TextParts):
    """Check numbers such as IBAN, VAT, ISBN or SSN by their length, form and check digits, by the package stdnum.

    More than 200 kinds of numbers are known. Whether a number was ever given out is not asked.
    """

    id = "validate_identifier"
    title = "Validate identifier (VAT, IBAN, ISBN, SSN ... 200+)"
    terms = ("iban", "vat", "isbn", "ssn", "npi check digit", "tax number", "check digit", "lei", "isin", "ean")
    missing = "Missing and blank text gives missing values; a number that is not valid has no other parts."
    examples = (
        Example(
            params={"column": "account", "scheme": "iban", "parts": ["valid", "compact", "formatted"]},
            before={"account": ["GB82 west 1234 5698 7654 32", "GB82WEST12345698765433", None]},
            after={
                "account": ["GB82 west 1234 5698 7654 32", "GB82WEST12345698765433", None],
                "account_valid": [True, False, None],
                "account_compact": ["GB82WEST12345698765432", None, None],
                "account_formatted": ["GB82 WEST 1234 5698 7654 32", None, None],
            },
        ),
        Example(
            params={"column": "vat", "scheme": "vat", "country": "DE"},
            before={"vat": ["DE136695976", "136695977", None]},
            after={"vat": ["DE136695976", "136695977", None], "vat_valid": [True, False, None]},
        ),
    )
    types: ClassVar = {"valid": pl.Boolean(), "compact": pl.String(), "formatted": pl.String()}
    lost = "are no valid numbers of this kind: they have no compact and no formatted form"

    column: CodeColumn
    """Column that holds the numbers. In a column of numbers they have lost the zeros they begin with."""
    scheme: Scheme
    """The kind of number: iban, bic, vat, isin, isbn, issn, ean, lei, luhn, ssn, nhs, cpf, npi and others; those of a
    country as de.idnr, or by the country below."""
    country: CountryCode | None = None
    """The country whose numbers of this kind are meant, by its code; vat without one takes numbers that begin with the
    code of their country."""
    parts: tuple[IdentifierPart, ...] = Field(("valid",), min_length=1)
    """What to add: whether it is valid, the number without separators, and with those that are usual."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        missing = package_problems("stdnum", "column", "Checking numbers")
        yield from missing
        if not missing and scheme_of(self.scheme, self.country) is None:
            whose = f" of {self.country}" if self.country else ""
            advice = did_you_mean(self.scheme, known_schemes()) or "Use one like iban, vat, isbn, lei or us.ssn."
            yield Problem(f"No numbers {self.scheme!r}{whose} are known.", advice, "scheme")

    def read(self, text: str) -> tuple[Any, ...]:
        scheme = scheme_of(self.scheme, self.country)
        if not scheme.is_valid(text):
            return False, None, None
        compact = getattr(scheme, "compact", str)(text)
        return True, compact, getattr(scheme, "format", getattr(scheme, "compact", str))(text)


CardPart = Literal["valid", "brand", "last4"]
BRANDS: tuple[tuple[str, str, str], ...] = (
    ("visa", "4", "13 16 19"),
    ("mastercard", "51-55 2221-2720", "16"),
    ("amex", "34 37", "15"),
    ("discover", "6011 644-649 65", "16 17 18 19"),
    ("diners", "300-305 3095 36 38-39", "14 15 16 17 18 19"),
    ("jcb", "3528-3589", "16 17 18 19"),
    ("unionpay", "62 81", "16 17 18 19"),
    ("mir", "2200-2204", "16 17 18 19"),
    ("maestro", "50 56-58 6304 67", "12 13 14 15 16 17 18 19"),
)
"""Brand, what its numbers begin with, and how many digits they have: the ranges that the brands publish."""


class ValidateCardNumber(TextParts):
    """Check numbers of payment cards by their check digit (Luhn) and the ranges of the brands.

    Whether a card exists is not asked. To keep no more of a number than is needed, take its last four digits.
    """

    id = "validate_card_number"
    title = "Validate payment card"
    terms = ("credit card", "luhn", "visa", "mastercard", "card brand", "last four digits")
    missing = "Missing and blank text gives missing values; a number that is not valid has no other parts."
    examples = (
        Example(
            params={"column": "card", "parts": ["valid", "brand", "last4"]},
            before={"card": ["4111 1111 1111 1111", "3782-822463-10005", "4111111111111112", None]},
            after={
                "card": ["4111 1111 1111 1111", "3782-822463-10005", "4111111111111112", None],
                "card_valid": [True, True, False, None],
                "card_brand": ["visa", "amex", None, None],
                "card_last4": ["1111", "0005", None, None],
            },
        ),
    )
    types: ClassVar = {"valid": pl.Boolean(), "brand": pl.String(), "last4": pl.String()}
    lost = "are no valid numbers of payment cards: their parts are missing"

    column: CodeColumn
    """Column that holds the numbers; blanks and hyphens in them do not count."""
    parts: tuple[CardPart, ...] = Field(("valid", "brand"), min_length=1)
    """What to add: whether it is valid, the brand (visa, mastercard, amex ...), and the last four digits."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        yield from package_problems("stdnum", "column", "Checking numbers of cards")

    def read(self, text: str) -> tuple[Any, ...]:
        from stdnum.luhn import is_valid

        digits = re.sub(r"[\s-]+", "", text)
        brand = brand_of(digits)
        if brand is None or not is_valid(digits):
            return False, None, None
        return True, brand, digits[-4:]


def brand_of(digits: str) -> str | None:
    """The brand of a card by the beginning and the length of its number."""
    if not re.fullmatch("[0-9]+", digits):
        return None
    for brand, ranges, lengths in BRANDS:
        if str(len(digits)) in lengths.split():
            for first, _, last in (each.partition("-") for each in ranges.split()):
                if first <= digits[: len(first)] <= (last or first):
                    return brand
    return None


TRANSFORMS: tuple[type[Transform], ...] = (ValidateIdentifier, ValidateCardNumber)
