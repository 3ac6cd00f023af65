"""What servers write down: addresses of the internet protocol, and the programs that called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Annotated, Any, ClassVar, Literal

import polars as pl
from pydantic import Field

from transforms.core.columns import ColumnField, TextColumn, taken
from transforms.core.conversion import as_text, blank
from transforms.core.distinct import over_distinct
from transforms.core.errors import Problem
from transforms.core.params import NewColumn
from transforms.core.text import package_problems
from transforms.core.transform import Example, Failure, RowTransform, Transform
from transforms.domain_parts import TextParts

IpPart = Literal["version", "valid", "private", "reserved", "class"]
IpColumn = Annotated[str, ColumnField(("text", "numeric"))]


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


class ParseIp(TextParts):
    """Read IP addresses: the version, whether they are private or reserved, the class of old."""

    id = "parse_ip"
    title = "Parse IP address"
    terms = ("ipv4", "ipv6", "private address", "valid ip", "internal address")
    missing = "Missing and blank text gives missing values; text that is no address has no parts but that it is not."
    examples = (
        Example(
            params={"column": "ip", "parts": ["valid", "version", "private", "reserved", "class"]},
            before={"ip": ["192.168.0.1", "8.8.8.8", "2001:db8::1", "300.1.1.1", None]},
            after={
                "ip": ["192.168.0.1", "8.8.8.8", "2001:db8::1", "300.1.1.1", None],
                "ip_valid": [True, True, True, False, None],
                "ip_version": [4, 4, 6, None, None],
                "ip_private": [True, False, True, None, None],
                "ip_reserved": [False, False, False, None, None],
                "ip_class": ["C", "A", None, None, None],
            },
        ),
    )
    types: ClassVar = {
        "version": pl.Int64(),
        "valid": pl.Boolean(),
        "private": pl.Boolean(),
        "reserved": pl.Boolean(),
        "class": pl.String(),
    }
    lost = "are no IP addresses: their parts are missing"

    parts: tuple[IpPart, ...] = Field(("valid", "version", "private"), min_length=1)
    """What to add: the version, 4 or 6; whether it is an address at all; whether it is not reached from the internet;
    whether it is set aside for later; for version 4 the class, A to E, that networks had by their first bits."""

    def read(self, text: str) -> tuple[Any, ...]:
        address = _address(text)
        if address is None:
            return None, False, None, None, None
        return address.version, True, address.is_private, address.is_reserved, _class_of(address)


def _class_of(address: IPv4Address | IPv6Address) -> str | None:
    """By the first byte: A to 127, B to 191, C to 223, D (groups) to 239, E (set aside) from there."""
    if address.version == 6:
        return None
    first = address.packed[0]
    return next(name for name, end in zip("ABCDE", (128, 192, 224, 240, 256), strict=True) if first < end)


class IpToNumber(RowTransform):
    """Turn IP addresses into whole numbers, to sort and compare them, or such numbers into addresses."""

    id = "ip_to_number"
    title = "IP to number and back"
    terms = ("ip as integer", "inet_aton", "inet_ntoa", "ip sort", "number to ip")
    missing = "Missing and blank values stay missing; what is no address, or no number of one, becomes missing."
    examples = (
        Example(
            params={"column": "ip", "output": "number"},
            before={"ip": ["192.168.0.1", "0.0.0.255", "::1", None]},
            after={"ip": ["192.168.0.1", "0.0.0.255", "::1", None], "number": [3232235521, 255, None, None]},
        ),
        Example(
            params={"column": "n", "direction": "to_ip", "output": "ip"},
            before={"n": [3232235521, -1, None]},
            after={"n": [3232235521, -1, None], "ip": ["192.168.0.1", None, None]},
        ),
        Example(
            params={"column": "ip", "protocol": "ipv6"},
            before={"ip": ["2001:db8::1", "::", None]},
            after={"ip": ["42540766411282592856903984951653826561", "0", None]},
        ),
    )

    column: IpColumn
    """Column that holds the addresses or the numbers."""
    direction: Literal["to_number", "to_ip"] = "to_number"
    """Addresses into numbers, or numbers into addresses."""
    protocol: Literal["ipv4", "ipv6"] = "ipv4"
    """Which addresses. Numbers of version 6 are longer than a number column holds, so they are text."""
    output: NewColumn | None = None
    """Name of the new column; left empty, the column is replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.output is not None and self.output != self.column:
            yield from taken(self.output, schemas[0])

    def _text(self) -> pl.Expr:
        text = as_text(self.present(self.column), self.dtype(self.column)).cast(pl.String)
        return pl.when(~blank(text)).then(text.str.strip_chars())

    def _result(self) -> pl.Expr:
        kind: type[IPv4Address | IPv6Address] = IPv4Address if self.protocol == "ipv4" else IPv6Address

        def number(text: str) -> int | None:
            address = _address(text)
            return int(address) if isinstance(address, kind) else None

        def long_number(text: str) -> str | None:
            found = number(text)
            return None if found is None else str(found)

        def address(text: str) -> str | None:
            try:
                return str(kind(int(text))) if re.fullmatch("[0-9]{1,39}", text) else None
            except ValueError:
                return None

        if self.direction == "to_ip":
            return over_distinct(self._text(), address, pl.String())
        if self.protocol == "ipv4":
            return over_distinct(self._text(), number, pl.Int64())
        return over_distinct(self._text(), long_number, pl.String())

    def exprs(self) -> Iterator[pl.Expr]:
        yield self._result().alias(self.output or self.column)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        where = self._text().is_not_null() & self._result().is_null()
        name = {"ipv4": "IPv4", "ipv6": "IPv6"}[self.protocol]
        wanted = f"{name} addresses" if self.direction == "to_number" else f"numbers of {name} addresses"
        yield Failure(column=self.column, where=where, what=f"became missing: they are no {wanted}")


AgentPart = Literal["browser", "browser_version", "os", "os_version", "device", "type", "bot"]
DeviceType = Literal["bot", "tablet", "mobile", "tv", "desktop"]
TYPES: tuple[tuple[DeviceType, str], ...] = (
    ("tv", r"SmartTV|SMART-TV|Smart-TV|\bTV\b|AppleTV|GoogleTV|HbbTV|BRAVIA|\bAFT[A-Z]|\bCrKey\b|Roku"),
    ("tablet", r"iPad|Tablet(?! PC)|Kindle|Silk/|PlayBook|Android(?!.*Mobi)"),
    ("mobile", r"Mobi|iPhone|iPod|Windows Phone|BlackBerry|Opera Mini"),
    ("desktop", r"Windows NT|Macintosh|X11|CrOS|Linux"),
)
"""What tells devices apart, in this order: tablets with Android do not say Mobile, telephones do."""


class ParseUserAgent(TextParts):
    """Read what browsers say of themselves: the browser, the operating system, the device, and robots.

    Browsers, systems and devices are told by the patterns of the project uap-core, which come with the
    package ua-parser; the type of device by the words that browsers use for it.
    """

    id = "parse_user_agent"
    title = "Parse user agent"
    terms = ("browser", "device", "operating system", "mobile or desktop", "bot", "crawler", "web log")
    missing = "Missing and blank text gives missing values; so does what is not known."
    examples = (
        Example(
            params={"column": "agent", "parts": ["browser", "browser_version", "os", "type", "bot"], "prefix": ""},
            before={
                "agent": [
                    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
                    "Version/17.1 Mobile/15E148 Safari/604.1",
                    "Googlebot/2.1 (+http://www.google.com/bot.html)",
                    None,
                ]
            },
            after={
                "agent": [
                    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
                    "Version/17.1 Mobile/15E148 Safari/604.1",
                    "Googlebot/2.1 (+http://www.google.com/bot.html)",
                    None,
                ],
                "browser": ["Mobile Safari", "Googlebot", None],
                "browser_version": ["17.1", "2.1", None],
                "os": ["iOS", None, None],
                "type": ["mobile", "bot", None],
                "bot": [False, True, None],
            },
        ),
    )
    types: ClassVar = {
        **dict.fromkeys(("browser", "browser_version", "os", "os_version", "device", "type"), pl.String()),
        "bot": pl.Boolean(),
    }
    lost = "are no user agents that are known: their parts are missing"

    column: TextColumn
    """Column that holds the User-Agent of each request."""
    parts: tuple[AgentPart, ...] = Field(("browser", "os", "type", "bot"), min_length=1)
    """What to add: browser and operating system with their versions, the model of the device, its type (desktop,
    mobile, tablet, tv or bot), and whether it says that it is a robot."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        yield from package_problems("ua_parser", "column", "Reading user agents")

    def read(self, text: str) -> tuple[Any, ...] | None:
        from ua_parser import parse

        found = parse(text)
        browser, system, device = found.user_agent, found.os, found.device
        if browser is None and system is None and device is None:
            return None
        bot = device is not None and device.family == "Spider"
        type = "bot" if bot else next((name for name, words in TYPES if re.search(words, text)), None)
        return (
            browser and browser.family,
            browser and _version(browser.major, browser.minor, browser.patch),
            system and system.family,
            system and _version(system.major, system.minor, system.patch),
            None if device is None or bot else device.family,
            type,
            bot,
        )


def _version(*parts: str | None) -> str | None:
    """The numbers of a version up to the first that is not known."""
    known: list[str] = []
    for part in parts:
        if part is None:
            break
        known.append(part)
    return ".".join(known) or None


TRANSFORMS: tuple[type[Transform], ...] = (ParseIp, IpToNumber, ParseUserAgent)
