"""Postal codes of countries: what they look like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, ClassVar, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.columns import TextColumn
from transforms.core.columns import column as exactly
from transforms.core.errors import Problem
from transforms.core.transform import Example, Failure, Transform
from transforms.domain_countries import CodeColumn, package_problems_of_countries
from transforms.domain_parts import READ, TextParts
from transforms.domain_phone import CountryCode
from transforms.domain_regions import find_country

FORMATS = {
    "###": "FO GN IS LS MG PG",
    "####": (
        "AF AL AM AT AU AZ BD BE BG CC CH CK CV CX CY DK ET GE GL GW HM HT HU LI LR LU MK MZ NE NF NO NZ PH PY SI SJ "
        "TN VE ZA"
    ),
    "#####": (
        "AX BA CR CU DE DO DZ EE EG ES FI FR GF GP GT HN HR ID IQ IT JO KE KH KR KW LA LK LT LY MA MC ME MM MQ MV MX "
        "MY NC NP PF PK PM PS RE RS SA SD SM SN TH TR UA UY VA WF YT ZM"
    ),
    "######": "BY CN CO EC IN KG KZ MN NG RO RU SG TJ TM TT UZ VN",
    "#######": "CL IL",
    "### ##": "CZ GR SE SK",
    "#####|#####-####": "AS FM GU MH MP PR PW US VI",
    "#####-#####|#####": "IR",
    "#####-###": "BR",
    "###-####": "JP",
    "##-###": "PL",
    "####-###|####": "PT",
    "#### @@": "NL",
    "@#@ #@#": "CA",
    "@# #@@|@## #@@|@@# #@@|@@## #@@|@#@ #@@|@@#@ #@@": "GB",
    "JE# #@@|JE## #@@": "JE",
    "GY# #@@|GY## #@@": "GG",
    "IM# #@@|IM## #@@": "IM",
    "@## *###|@#@ ****|@## ****": "IE",
    "AD###": "AD",
    "@####@@@|####": "AR",
    "###|####": "BH OM",
    "BB#####": "BB",
    "@@ ##|@@ @@": "BM",
    "@@####": "BN",
    "FIQQ 1ZZ": "FK",
    "GX11 1AA": "GI",
    "SIQQ 1ZZ": "GS",
    "BBND 1ZZ": "IO",
    "#### ####|####": "LB",
    "LV-####": "LV",
    "MD-####": "MD",
    "@@@ ####": "MT",
    "#####|##-##": "MU",
    "PCRN 1ZZ": "PN",
    "STHL 1ZZ|ASCN 1ZZ|TDCU 1ZZ": "SH",
    "CP ####|####": "SV",
    "@###": "SZ",
    "TKCA 1ZZ": "TC",
    "######|###-###|###": "TW",
    "KY#-####": "KY",
    "AI-####": "AI",
    "MSR ####": "MS",
    "VG####": "VG",
    "LC## ###": "LC",
    "VC####": "VC",
}
"""Countries by the look of their postal codes: # is a digit, @ a letter, * either, all else stands for itself.

From what the postal services and the Universal Postal Union publish; ISO 3166-1 codes."""
CLASSES = {"#": "[0-9]", "@": "[A-Z]", "*": "[A-Z0-9]"}
GAPS = " -"


@cache
def _forms() -> dict[str, tuple[str, ...]]:
    """The looks of postal codes by country."""
    found: dict[str, tuple[str, ...]] = {}
    for forms, countries in FORMATS.items():
        for country in countries.split():
            found[country] = (*found.get(country, ()), *forms.split("|"))
    return found


def in_form(code: str, country: str) -> str | None:
    """A postal code as it is written in a country; ``None`` if it does not look like one.

    Args:
        code: with or without its blanks and hyphens, in letters of any case; the code of the country and a hyphen may
            stand before it, as in SE-114 18.
        country: a country that :func:`_forms` has.
    """
    bare = re.sub(r"[\s-]+", "", re.sub(f"^{country}-", "", code.upper()))
    for form in _forms()[country]:
        prefix = re.match("[A-Z]+-", form)
        if prefix and re.fullmatch(_pattern(form[prefix.end() :]), bare):
            bare = prefix[0][:-1] + bare
        if re.fullmatch(_pattern(form), bare):
            characters = iter(bare)
            return "".join(each if each in GAPS else next(characters) for each in form)
    return None


@cache
def _pattern(form: str) -> str:
    return "".join(CLASSES.get(each, re.escape(each)) for each in form if each not in GAPS)


PostalPart = Literal["valid", "formatted"]


class ValidatePostalCode(TextParts):
    """Tell whether postal codes look like those of their country, and write them as they are written there.

    Only the look is known, such as five digits, not which codes are in use.
    """

    id = "validate_postal_code"
    title = "Validate postal code"
    terms = ("zip code", "postcode", "zip", "eircode", "postal code format")
    missing = (
        "Missing and blank text gives missing values, and so does a country that is missing or has no known postal "
        "codes; a code that is not valid has no formatted one."
    )
    examples = (
        Example(
            params={"column": "zip", "country": "NL", "parts": ["valid", "formatted"]},
            before={"zip": ["1012ab", "1012 AB", "10123", None]},
            after={
                "zip": ["1012ab", "1012 AB", "10123", None],
                "zip_valid": [True, True, False, None],
                "zip_formatted": ["1012 AB", "1012 AB", None, None],
            },
        ),
        Example(
            params={"column": "code", "country_column": "land"},
            before={"code": ["sw1a1aa", "90210", "K1A", "1"], "land": ["United Kingdom", "US", "CA", None]},
            after={
                "code": ["sw1a1aa", "90210", "K1A", "1"],
                "land": ["United Kingdom", "US", "CA", None],
                "code_valid": [True, True, False, None],
            },
        ),
    )
    types: ClassVar = {"valid": pl.Boolean(), "formatted": pl.String()}
    lost = "are no postal codes of their country: they have no formatted one"

    column: CodeColumn
    """Column that holds postal codes. In a column of numbers codes have lost the zeros they begin with."""
    parts: tuple[PostalPart, ...] = Field(("valid",), min_length=1)
    """What to add: whether the code looks as it should, and the code as it is written: 1012 AB, SW1A 1AA."""
    country: CountryCode | None = None
    """The country of all codes, by its code: NO, US, DE."""
    country_column: TextColumn | None = None
    """Column that holds the country of each code, by code or name."""

    @model_validator(mode="after")
    def _one_country(self) -> Self:
        if (self.country is None) == (self.country_column is None):
            raise ValueError("The country is one for all or in a column. Give 'country' or 'country_column'.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        if self.country is not None and self.country not in _forms():
            yield Problem(
                f"The look of postal codes of the country {self.country!r} is not known.",
                "Use the code of a country that has postal codes, like NO, US or DE.",
                "country",
            )
        if self.country_column is not None:
            yield from package_problems_of_countries()

    def keys(self) -> dict[str, pl.Expr]:
        keys = super().keys()
        if self.country_column is not None:
            keys["__country"] = exactly(self.country_column).cast(pl.String)
        return keys

    def read(self, text: str, country: str | None = None) -> tuple[Any, ...] | None:
        code = self.country or _country_code(country)
        if code is None:
            return None
        formatted = in_form(text, code)
        return formatted is not None, formatted

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        yield from super().failures(learned)
        if self.country_column is not None:
            where = self.text().is_not_null() & self.found().struct.field(READ).is_null()
            what = "belong to no country with known postal codes: they are not checked"
            yield Failure(column=self.column, where=where, what=what)


def _country_code(country: str | None) -> str | None:
    """The code of a country with known postal codes, whose code or name is given."""
    found = find_country(country) if country else None
    return found.alpha_2 if found and found.alpha_2 in _forms() else None


TRANSFORMS: tuple[type[Transform], ...] = (ValidatePostalCode,)
