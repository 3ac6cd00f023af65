"""Currencies: what they are called, and amounts written with them."""

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
from transforms.domain_parts import ReadText, RewrittenText, TextParts

SIGNS = {
    "€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW", "₽": "RUB", "₺": "TRY", "₪": "ILS", "₫": "VND", "₴": "UAH",
    "฿": "THB", "₱": "PHP", "₦": "NGN", "₡": "CRC", "₲": "PYG", "₸": "KZT", "₾": "GEL", "₼": "AZN", "₵": "GHS",
    "៛": "KHR", "₭": "LAK", "₮": "MNT", "US$": "USD", "$US": "USD", "$CA": "CAD", "$AU": "AUD", "£GB": "GBP",
    "U$S": "USD", "C$": "CAD", "CA$": "CAD", "A$": "AUD", "AU$": "AUD", "NZ$": "NZD", "HK$": "HKD", "S$": "SGD",
    "SG$": "SGD", "NT$": "TWD", "MX$": "MXN", "R$": "BRL", "CN¥": "CNY", "JP¥": "JPY", "元": "CNY", "RMB": "CNY",
    "円": "JPY", "zł": "PLN", "Kč": "CZK", "Ft": "HUF", "lei": "RON", "лв": "BGN", "руб": "RUB", "Fr": "CHF",
    "SFr": "CHF", "Rp": "IDR", "RM": "MYR", "R": "ZAR",
}  # fmt: skip
"""The currency of a sign or a short name that mostly one has."""
SHARED = {
    "$": "USD CAD AUD NZD HKD SGD MXN ARS CLP COP UYU TWD BSD BBD BZD BMD BND FJD GYD JMD KYD LRD NAD SBD SRD TTD XCD",
    "¥": "JPY CNY",
    "kr": "SEK NOK DKK ISK",
    "Rs": "INR PKR LKR NPR MUR SCR",
    "₨": "INR PKR LKR NPR MUR SCR",
}
"""The currencies that share a sign."""
NUMBER = r"[0-9](?:[0-9.,'’ \u00a0\u2009\u202f]*[0-9])?|[.,][0-9]+"
AMOUNT = re.compile(rf"(?P<before>[^0-9]*?)(?P<number>{NUMBER})(?:[.,][-–—])?(?P<after>[^0-9]*)")
MINUS = "-−–"

CurrencyCode = Annotated[str, Field(pattern="^[A-Z]{3}$")]
"""A code of ISO 4217: EUR, USD."""


@cache
def _locale() -> Any:
    from babel import Locale

    return Locale("en")


def known_codes() -> dict[str, str]:
    """English name by code of ISO 4217, those of old currencies among them."""
    found: dict[str, str] = _codes()
    return found


@cache
def _codes() -> dict[str, str]:
    return {code: name for code, name in _locale().currencies.items() if code not in ("XXX", "XTS")}


@cache
def _by_name() -> dict[str, str]:
    """Codes by what a currency is called, in small letters; names that two currencies have are left out."""
    from babel.numbers import get_currency_name

    found: dict[str, str | None] = {}
    for code, name in known_codes().items():
        for each in {name.lower(), *(get_currency_name(code, n, _locale()).lower() for n in (1, 2))}:
            found[each] = code if found.get(each, code) == code else None
    found |= {sign.lower(): code for sign, code in SIGNS.items()}
    return {each: code for each, code in found.items() if code is not None}


def currency_of(text: str, default: str | None = None) -> str | None:
    """The code of the currency that text names, by its code, sign or English name.

    Args:
        text: without white space around it.
        default: the one meant by a sign that it shares with others.
    """
    bare = text.removesuffix(".")
    if (code := bare.upper()) in known_codes():
        return code
    shared = next((codes for sign, codes in SHARED.items() if sign.lower() == bare.lower()), None)
    if shared is not None:
        return default if default in shared.split() else None
    return SIGNS.get(bare) or _by_name().get(bare.lower())


class Currencies(ReadText):
    """Reads the names of currencies."""

    default_currency: CurrencyCode | None = None
    """What a sign means that several currencies share, such as $ or kr, if it is one of them."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        missing = [
            each
            for package in ("babel", "pycountry")
            for each in package_problems(package, "column", "Reading the names of currencies")
        ]
        yield from missing
        if not missing and self.default_currency is not None and self.default_currency not in known_codes():
            advice = did_you_mean(self.default_currency, known_codes()) or "Use a code like EUR or USD."
            yield Problem(f"There is no currency {self.default_currency!r}.", advice, "default_currency")


AmountPart = Literal["amount", "currency"]


class ParseCurrencyAmount(Currencies, TextParts):
    """Read amounts of money such as EUR 1.234,50: the number, and the currency by its code."""

    id = "parse_currency_amount"
    title = "Parse currency amount"
    terms = ("price", "money", "dollars", "euro", "currency symbol")
    missing = "Missing and blank text gives missing values, and so does text that is no amount."
    examples = (
        Example(
            params={"column": "price", "default_currency": "USD"},
            before={"price": ["EUR 1.234,50", "$1,234.50", "(12 kr)", "99", "free", None]},
            after={
                "price": ["EUR 1.234,50", "$1,234.50", "(12 kr)", "99", "free", None],
                "price_amount": [1234.5, 1234.5, -12.0, 99.0, None, None],
                "price_currency": ["EUR", "USD", None, "USD", None, None],
            },
        ),
        Example(
            params={"column": "price", "decimal": ",", "parts": ["amount"], "prefix": ""},
            before={"price": ["1.234 €", "12,345", None]},
            after={"price": ["1.234 €", "12,345", None], "amount": [1234.0, 12.345, None]},
        ),
    )
    types: ClassVar = {"amount": pl.Float64(), "currency": pl.String()}
    lost = "are no amounts of money: their parts are missing"

    parts: tuple[AmountPart, ...] = Field(("amount", "currency"), min_length=1)
    """What to add: the amount, and the code of its currency (ISO 4217)."""
    decimal: Literal["auto", ".", ","] = "auto"
    """What comes before the decimals. With auto it is, in each amount, the last of a point and a comma, unless exactly
    three digits follow it as in 1,234: then it separates thousands."""
    default_currency: CurrencyCode | None = None
    """The currency of amounts without one, and what a sign means that several share, such as $ or kr, if it is one of
    them."""

    def read(self, text: str) -> tuple[Any, ...] | None:
        negative = text.startswith("(") and text.endswith(")")
        found = AMOUNT.fullmatch(text[1:-1] if negative else text)
        if found is None:
            return None
        before, after = found["before"], found["after"]
        signs = [each for each in before + after if each in MINUS]
        names = [each.strip(f" \t\u00a0\u202f+{MINUS}") for each in (before, after)]
        amount = _number(found["number"], self.decimal)
        named = [each for each in names if each]
        if amount is None or len(signs) + negative > 1 or len(named) > 1:
            return None
        currency = currency_of(named[0], self.default_currency) if named else self.default_currency
        if currency is None and named and not _is_shared(named[0]):
            return None
        return -amount if signs or negative else amount, currency


def _is_shared(text: str) -> bool:
    return text.removesuffix(".").lower() in map(str.lower, SHARED)


def _number(text: str, decimal: str) -> float | None:
    """The number that is written; ``None`` where its thousands are not in groups of three, or of two before three."""
    digits = re.sub(r"[\s'’\u00a0\u2009\u202f]+(?=[0-9]{3}(?![0-9]))", "_", text)
    if decimal == "auto":
        last = max(text.rfind("."), text.rfind(","))
        point = text[last] if last >= 0 else "."
        repeated = text.count(point) > 1
        other = "," if point == "." else "."
        grouped = re.fullmatch(rf"[1-9][0-9]{{0,2}}(?:\{point}[0-9]{{3}})+", digits)
        decimal = other if repeated or (grouped and other not in text) else point
    thousands = "," if decimal == "." else "."
    whole, _, fraction = digits.partition(decimal)
    groups = (
        rf"[0-9]{{1,3}}(?:([{thousands}_])[0-9]{{3}})(?:\1[0-9]{{3}})*|[0-9]{{1,2}}(?:,[0-9]{{2}})*,[0-9]{{3}}|[0-9]*"
    )
    if not re.fullmatch(groups, whole) or not re.fullmatch("[0-9]*", fraction):
        return None
    number = float(f"{re.sub('[^0-9]', '', whole) or '0'}.{fraction or '0'}")
    return number if number < float("inf") else None


class StandardizeCurrencyCode(Currencies, RewrittenText):
    """Write currencies in one way: by their code, English name, sign or number."""

    id = "standardize_currency_code"
    title = "Standardize currency code"
    terms = ("iso 4217", "currency symbol", "currency name", "euro", "dollar")
    missing = "Missing and blank text becomes missing."
    examples = (
        Example(
            params={"column": "currency", "default_currency": "USD"},
            before={"currency": ["euros", "usd", "$", "kr", "gold coins", None]},
            after={"currency": ["EUR", "USD", "USD", None, None, None]},
        ),
        Example(
            params={"column": "code", "to": "name", "on_error": "keep", "output": "name"},
            before={"code": ["CHF", "?", None]},
            after={"code": ["CHF", "?", None], "name": ["Swiss Franc", "?", None]},
        ),
    )
    wanted = "currencies that are known"

    to: Literal["code", "name", "symbol", "numeric"] = "code"
    """As EUR, Euro, € (the code where it has no sign) or 978, by which only currencies of today are known."""

    def read(self, text: str) -> str | None:
        from pycountry import currencies

        by_number = currencies.get(numeric=text.zfill(3)) if re.fullmatch("[0-9]{1,3}", text) else None
        code = by_number.alpha_3 if by_number else currency_of(text, self.default_currency)
        if code is None:
            return None
        match self.to:
            case "code":
                return code
            case "name":
                return known_codes().get(code)
            case "symbol":
                return str(_locale().currency_symbols.get(code, code))
            case "numeric":
                current = currencies.get(alpha_3=code)
                return current.numeric if current else None


TRANSFORMS: tuple[type[Transform], ...] = (ParseCurrencyAmount, StandardizeCurrencyCode)
