"""What looks like personal data in text: patterns, check digits and numbering plans, without asking anyone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address
from typing import Literal, assert_never

Entity = Literal["email", "iban", "card", "ssn", "ip", "phone"]
ENTITIES: tuple[Entity, ...] = ("email", "iban", "card", "ssn", "ip", "phone")
"""In the order in which they claim text: what one has found, a later one does not find again."""


@dataclass(frozen=True)
class Span:
    """A part of a text."""

    start: int
    end: int
    entity: Entity


EMAIL = re.compile(
    r"(?<![\w.%+'-])[\w%+-][\w.%+'-]{0,63}(?<![.'])@"
    r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}(?:xn--\w{1,59}|[^\W\d_]{2,63})(?![\w-])"
)
CARD = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w]|-\d)")
SSN = re.compile(r"(?<![\w-])(?!000|666|9)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}(?![\w-])")
IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?=[ -]?[A-Z0-9])", re.IGNORECASE)
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
IPV4 = re.compile(rf"(?<![\w.])(?:{_OCTET}\.){{3}}{_OCTET}(?!\w|\.\d)")
IPV6 = re.compile(
    r"(?<![\w:.])(?=[0-9a-f]*:)[0-9a-f:]{3,39}(?:(?<=:)\d{1,3}(?:\.\d{1,3}){3})?(?![\w:]|\.\d)", re.IGNORECASE
)
PHONE = re.compile(r"(?<![\w.+-])(?:\+|\()?\d(?:[ ./-]{0,2}[()]?[ ]?\d){6,16}(?!\w|[-.]\d)")
DATE = re.compile(r"(?<!\d)\d{4}[-/.][01]?\d[-/.][0-3]?\d(?!\d)|(?<!\d)[0-3]?\d[-/.][0-3]?\d[-/.](?:19|20)\d\d(?!\d)")
"""What is a date, whatever its digits."""

CARD_NUMBER = re.compile(
    r"4\d{12}(?:\d{3}){0,2}"  # Visa
    r"|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-5]|[689]\d)\d{11,16}"  # Diners Club
    r"|6(?:011|4[4-9]\d|5\d\d)\d{12,15}"  # Discover
    r"|62\d{14,17}"  # UnionPay
    r"|35(?:2[89]|[3-8]\d)\d{12,15}"  # JCB
    r"|(?:5[06-9]|6\d)\d{10,17}"  # Maestro
)
IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FI FO GL NL FK SD", 19: "MK SI", 20: "AT BA EE KZ LT LU XK MN",
        21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM TL SO",
        24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST", 26: "IS TR", 27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HU LB NI PL SV", 29: "BR EG PS QA UA", 30: "JO KW MU YE", 31: "MT SC", 32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip
"""Characters of an account number by country: the register of ISO 13616, kept by SWIFT."""


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of ISO/IEC 7812 (Luhn 1960)."""
    total = 0
    for i, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if i % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


def is_card(digits: str) -> bool:
    """Whether digits are the number of a payment card: of a known issuer, and with the right check digit."""
    return CARD_NUMBER.fullmatch(digits) is not None and luhn(digits)


def is_iban(text: str) -> bool:
    """Whether text without blanks is an account number: as long as its country writes it, 1 modulo 97 (ISO 7064)."""
    text = text.upper()
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]+", text) or IBAN_LENGTHS.get(text[:2]) != len(text):
        return False
    return int("".join(str(int(each, 36)) for each in text[4:] + text[:4])) % 97 == 1


def is_ipv6(text: str) -> bool:
    """Whether text is an address, and one with a digit, since programs write ``::`` and ``a::b`` too."""
    try:
        return any(map(str.isdigit, text)) and bool(IPv6Address(text))
    except AddressValueError:
        return False


def is_phone(text: str, region: str) -> bool:
    """Whether text is a telephone number that its country gives out; without a plus, in a region such as US."""
    from phonenumbers import NumberParseException, is_valid_number, parse

    if DATE.search(text):
        return False
    try:
        return is_valid_number(parse(text, region))
    except NumberParseException:
        return False


def personal(text: str, entities: Iterable[Entity], region: str) -> list[Span]:
    """What looks like personal data in a text, from left to right, no two parts overlapping.

    Args:
        text: any text.
        entities: what to look for.
        region: where telephone numbers without a country are from: ``US``, ``NO``.
    """
    wanted, spans = set(entities), list[Span]()
    for entity in (each for each in ENTITIES if each in wanted):
        for start, end in _places(text, entity, region):
            if not any(each.start < end and start < each.end for each in spans):
                spans.append(Span(start, end, entity))
    return sorted(spans, key=lambda each: each.start)


def _places(text: str, entity: Entity, region: str) -> Iterator[tuple[int, int]]:
    match entity:
        case "email":
            return _matches(EMAIL, text)
        case "iban":
            return _ibans(text)
        case "card":
            return _matches(CARD, text, lambda found: is_card(re.sub("[ -]", "", found)))
        case "ssn":
            return _matches(SSN, text)
        case "ip":
            return (place for places in (_matches(IPV4, text), _matches(IPV6, text, is_ipv6)) for place in places)
        case "phone":
            return _matches(PHONE, text, lambda found: is_phone(found, region))
        case _:
            assert_never(entity)


def _matches(
    pattern: re.Pattern[str], text: str, valid: Callable[[str], bool] = lambda found: True
) -> Iterator[tuple[int, int]]:
    return (found.span() for found in pattern.finditer(text) if valid(found[0]))


def _ibans(text: str) -> Iterator[tuple[int, int]]:
    """Account numbers: as many characters as the country has, single blanks or hyphens between them."""
    for found in IBAN.finditer(text):
        length = IBAN_LENGTHS.get(found[0][:2].upper())
        if length is None:
            continue
        whole = re.compile(rf"(?:[A-Z0-9][ -]?){{{length - 1}}}[A-Z0-9](?!\w)", re.IGNORECASE | re.ASCII)
        written = whole.match(text, found.start())
        if written and is_iban(re.sub("[ -]", "", written[0])):
            yield written.span()
