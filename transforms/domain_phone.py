"""Telephone numbers, as the package ``phonenumbers`` knows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

import polars as pl
from pydantic import Field

from transforms.core.columns import TextColumn
from transforms.core.columns import column as exactly
from transforms.core.errors import Problem, did_you_mean
from transforms.core.text import package_problems
from transforms.core.transform import Example, Transform
from transforms.domain_parts import OnError, ReadText, RewrittenText, TextParts

PhonePart = Literal["e164", "country", "region", "type", "valid"]
PhoneFormat = Literal["e164", "international", "national", "rfc3966"]
CountryCode = Annotated[str, Field(pattern="^[A-Z]{2}$")]
"""A code of ISO 3166-1: NO, US, DE."""


class PhoneNumbers(ReadText):
    """Reads telephone numbers."""

    region: CountryCode = "US"
    """Country of numbers that are written without one, by its code: NO, US, DE. Those with + say it themselves."""
    region_column: TextColumn | None = None
    """Column that holds the country of each number, by its code; where it is missing or no code, it is the one
    above."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        missing = package_problems("phonenumbers", "column", "Reading telephone numbers")
        yield from missing
        if not missing:
            from phonenumbers import SUPPORTED_REGIONS

            if self.region not in SUPPORTED_REGIONS:
                advice = did_you_mean(self.region, SUPPORTED_REGIONS) or "Use a code like NO, US or DE."
                yield Problem(f"No telephone numbers are known for the country {self.region!r}.", advice, "region")

    def keys(self) -> dict[str, pl.Expr]:
        keys = super().keys()
        if self.region_column is not None:
            keys["__region"] = exactly(self.region_column).cast(pl.String).str.strip_chars().str.to_uppercase()
        return keys

    def number(self, text: str, region: str | None) -> Any:
        """The number that is written; ``None`` where none is."""
        from phonenumbers import SUPPORTED_REGIONS, NumberParseException, parse

        try:
            return parse(text, region if region in SUPPORTED_REGIONS else self.region)
        except NumberParseException:
            return None


class ParsePhone(PhoneNumbers, TextParts):
    """Read telephone numbers: the number with its country code, the country, the kind of line, and if it is valid.

    A number is valid if its length and its beginning are those of a number of its country; whether anyone
    answers is not known.
    """

    id = "parse_phone"
    title = "Parse phone number"
    terms = ("telephone", "mobile number", "e164", "country code", "phone type", "valid phone")
    missing = "Missing and blank text gives missing values; a number that is not valid has no parts but that it is not."
    examples = (
        Example(
            params={"column": "phone", "parts": ["e164", "country", "type", "valid"], "region": "GB"},
            before={"phone": ["020 7946 0958", "+47 22 12 34 56", "12345", None]},
            after={
                "phone": ["020 7946 0958", "+47 22 12 34 56", "12345", None],
                "phone_e164": ["+442079460958", "+4722123456", None, None],
                "phone_country": ["GB", "NO", None, None],
                "phone_type": ["fixed_line", "fixed_line", None, None],
                "phone_valid": [True, True, False, None],
            },
        ),
        Example(
            params={"column": "phone", "region_column": "land", "parts": ["e164", "region"], "prefix": ""},
            before={"phone": ["(415) 555-2671", "030 123456", None], "land": ["US", "de", None]},
            after={
                "phone": ["(415) 555-2671", "030 123456", None],
                "land": ["US", "de", None],
                "e164": ["+14155552671", "+4930123456", None],
                "region": ["San Francisco, CA", "Berlin", None],
            },
        ),
    )
    types: ClassVar = {
        "e164": pl.String(),
        "country": pl.String(),
        "region": pl.String(),
        "type": pl.String(),
        "valid": pl.Boolean(),
    }
    lost = "are no valid telephone numbers: their parts are missing"

    parts: tuple[PhonePart, ...] = Field(("e164", "country", "type", "valid"), min_length=1)
    """What to add: the number as +442079460958, the code of its country, the place that it belongs to,
    in English, the kind of line (fixed_line, mobile, toll_free ...), and whether it is valid."""

    def read(self, text: str, region: str | None = None) -> tuple[Any, ...]:
        import phonenumbers

        number = self.number(text, region)
        if number is None or not phonenumbers.is_valid_number(number):
            return None, None, None, None, False
        return (
            phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
            phonenumbers.region_code_for_number(number),
            self._region(number),
            phonenumbers.PhoneNumberType.to_string(phonenumbers.number_type(number)).lower(),
            True,
        )

    def _region(self, number: Any) -> str | None:
        if "region" not in self.parts:
            return None
        # Read only where it is asked for: the names of places are large.
        from phonenumbers.geocoder import description_for_number

        return description_for_number(number, "en") or None


class FormatPhone(PhoneNumbers, RewrittenText):
    """Write telephone numbers in one way, such as +442079460958 or 020 7946 0958."""

    id = "format_phone"
    title = "Format phone number"
    terms = ("telephone", "e164", "standardize phone", "international format", "clean phone numbers")
    missing = "Missing and blank text becomes missing."
    examples = (
        Example(
            params={"column": "phone", "region": "GB"},
            before={"phone": ["020 7946 0958", "0047 22 12 34 56", "call me", None]},
            after={"phone": ["+442079460958", "+4722123456", "call me", None]},
        ),
        Example(
            params={"column": "phone", "format": "national", "on_error": "null", "output": "shown"},
            before={"phone": ["+1 415.555.2671", "123", None]},
            after={"phone": ["+1 415.555.2671", "123", None], "shown": ["(415) 555-2671", None, None]},
        ),
    )
    wanted = "valid telephone numbers"

    format: PhoneFormat = "e164"
    """As +442079460958, +44 20 7946 0958 (international), 020 7946 0958 (national) or tel:+44-20-7946-0958."""
    on_error: OnError = "keep"
    """Text that is no valid number becomes missing, stays as it is, or stops the run."""

    def read(self, text: str, region: str | None = None) -> str | None:
        import phonenumbers

        number = self.number(text, region)
        if number is None or not phonenumbers.is_valid_number(number):
            return None
        wanted = getattr(phonenumbers.PhoneNumberFormat, self.format.upper())
        return str(phonenumbers.format_number(number, wanted))


TRANSFORMS: tuple[type[Transform], ...] = (ParsePhone, FormatPhone)
