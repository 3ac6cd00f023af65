"""Countries and their parts, written in one way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, Literal

import polars as pl

from transforms.core.columns import ColumnField, TextColumn
from transforms.core.columns import column as exactly
from transforms.core.errors import Problem
from transforms.core.text import package_problems
from transforms.core.transform import Example, Transform
from transforms.domain_parts import OnError, RewrittenText
from transforms.domain_phone import CountryCode
from transforms.domain_regions import (
    CountryInput,
    calling_code,
    continent_of,
    country_name,
    currency_used,
    find_country,
    find_former_country,
    key_of,
    region_of,
)

CodeColumn = Annotated[str, ColumnField(("text", "integer"))]


def package_problems_of_countries() -> Iterator[Problem]:
    """What is wrong when the lists of countries are not there."""
    for package in ("pycountry", "babel"):
        yield from package_problems(package, "column", "Telling countries")


class StandardizeCountry(RewrittenText):
    """Write countries in one way: by a code of ISO 3166-1 or their English name, or what belongs to them."""

    id = "standardize_country"
    title = "Standardize country"
    terms = ("iso country", "iso 3166", "country code", "country name", "continent", "nation")
    missing = "Missing and blank text becomes missing."
    examples = (
        Example(
            params={"column": "country"},
            before={"country": ["Norway", "deu", "USA", "South Korea", "Brasil", "250", "Narnia", None]},
            after={"country": ["NO", "DE", "US", "KR", "BR", "FR", None, None]},
        ),
        Example(
            params={"column": "code", "to": "continent", "output": "continent"},
            before={"code": ["NO", "BR", None]},
            after={"code": ["NO", "BR", None], "continent": ["Europe", "South America", None]},
        ),
        Example(
            params={"column": "country", "to": "name", "fuzzy": True, "on_error": "keep"},
            before={"country": ["Swizerland", "Atlantis", None]},
            after={"country": ["Switzerland", "Atlantis", None]},
        ),
    )
    wanted = "countries that are known"

    column: CodeColumn
    """Column that holds countries; whole numbers are codes of ISO 3166-1."""
    written: CountryInput = "auto"
    """How countries are written: by name, in English or another of the large languages, or by a code of two letters,
    three letters or three digits; or (auto) by any of them."""
    to: Literal["alpha2", "alpha3", "numeric", "name", "continent", "region", "currency", "calling_code"] = "alpha2"
    """What to write: NO, NOR, 578, Norway; Europe, Northern Europe (by the list M49 of the United Nations);
    NOK, +47."""
    fuzzy: bool = False
    """Take English names with a slip of the pen too, if 80 % of the name are right."""
    former: bool = False
    """Take countries that are no more, too, by the codes that they had, such as YU for Yugoslavia and AN for the
    Netherlands Antilles. They have no continent, region, currency or calling code."""
    on_error: OnError = "null"
    """What is no country becomes missing, stays as it is, or stops the run."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        yield from package_problems_of_countries()
        if self.to == "calling_code":
            yield from package_problems("phonenumbers", "to", "Telling calling codes")

    def read(self, text: str) -> str | None:
        country = find_country(text, self.written, fuzzy=self.fuzzy)
        if country is not None:
            return self._of(country)
        former = find_former_country(text, self.written) if self.former else None
        if former is None or self.to not in ("alpha2", "alpha3", "numeric", "name"):
            return None
        # Some codes of two letters were given to another country later.
        return None if self.to == "alpha2" and find_country(former.alpha_2, "alpha2") else self._of(former)

    def _of(self, country: Any) -> str | None:
        code: str = country.alpha_2
        match self.to:
            case "alpha2":
                return code
            case "alpha3":
                return str(country.alpha_3)
            case "numeric":
                return getattr(country, "numeric", None)
            case "name":
                return country_name(country)
            case "continent":
                return continent_of(code)
            case "region":
                return region_of(code)
            case "currency":
                return currency_used(code)
            case "calling_code":
                return calling_code(code)


class StandardizeSubdivision(RewrittenText):
    """Write states, provinces and other parts of countries in one way: by a code of ISO 3166-2 or their name."""

    id = "standardize_subdivision"
    title = "Standardize state or province"
    terms = ("us state", "state code", "province", "iso 3166-2", "county", "region code")
    missing = "Missing and blank text becomes missing."
    examples = (
        Example(
            params={"column": "state"},
            before={"state": ["California", "ny", "US-TX", "Bavaria", None]},
            after={"state": ["CA", "NY", "TX", None, None]},
        ),
        Example(
            params={"column": "part", "country_column": "land", "to": "name", "on_error": "keep"},
            before={"part": ["BY", "ON", "??", None], "land": ["Germany", "CA", "CA", "US"]},
            after={"part": ["Bayern", "Ontario", "??", None], "land": ["Germany", "CA", "CA", "US"]},
        ),
    )
    wanted = "known parts of the country"

    country: CountryCode = "US"
    """The country that the parts are of, by its code: NO, US, DE."""
    country_column: TextColumn | None = None
    """Column that holds the country of each part, by code or name; where it is missing or none, it is the one above."""
    to: Literal["code", "iso_code", "name"] = "code"
    """What to write: CA, US-CA or California. Names are those of ISO 3166-2, mostly in the language of the country."""
    on_error: OnError = "null"
    """What is no part of the country becomes missing, stays as it is, or stops the run."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        missing = list(package_problems_of_countries())
        yield from missing
        if not missing and not _parts_of(self.country):
            yield Problem(
                f"No parts are known of the country {self.country!r}.", "Use a code like CA, US or DE.", "country"
            )

    def keys(self) -> dict[str, pl.Expr]:
        keys = super().keys()
        if self.country_column is not None:
            keys["__country"] = exactly(self.country_column).cast(pl.String)
        return keys

    def read(self, text: str, country: str | None = None) -> str | None:
        found = find_country(country) if country else None
        parts = _parts_of(found.alpha_2 if found else self.country)
        part = parts.get(text.upper()) or parts.get(key_of(text))
        if part is None:
            return None
        match self.to:
            case "code":
                return str(part.code.partition("-")[2])
            case "iso_code":
                return str(part.code)
            case "name":
                return str(part.name)


@cache
def _parts_of(country: str) -> dict[str, Any]:
    """The parts of a country by code, in capitals, and by name; a name that two have is the larger one's."""
    import pycountry

    subdivisions: Any = pycountry.subdivisions
    found: dict[str, Any] = {}
    parts = sorted(subdivisions.get(country_code=country) or (), key=lambda each: (each.parent_code or "", each.code))
    for part in parts:
        found[part.code] = found[part.code.partition("-")[2]] = part
    for part in parts:
        # A name may say it in two languages, as in Bolzano [Bozen], or add what is not written: Limburg (NL).
        for name in (part.name, *re.split(r"[\[\](/]", part.name)):
            if name.strip():
                found.setdefault(key_of(name), part)
    return found


TRANSFORMS: tuple[type[Transform], ...] = (StandardizeCountry, StandardizeSubdivision)
