"""E-mail addresses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

import polars as pl
from pydantic import Field

from transforms.core.errors import Problem
from transforms.core.text import package_problems
from transforms.core.transform import Example, Transform
from transforms.domain_parts import READ, OnError, RewrittenText, TextParts, from_groups

ADDRESS = (
    r'(?s)^(?:(?P<name>.*?)\s*<)?(?P<local>[^\s@<>()\[\],;:"]+|"[^"]+")@'
    r"(?P<domain>[^\s@<>()\[\],;:.]+(?:\.[^\s@<>()\[\],;:.]+)+|\[[0-9A-Za-z:.]+\])(?P<close>>)?$"
)
"""An address, bare or as in Ann Lee <ann@example.org>; whether its domain exists is not asked."""
GMAIL = ("gmail.com", "googlemail.com")

EmailPart = Literal["local", "domain", "tag", "display_name"]


PARTS: dict[str, pl.DataType] = dict.fromkeys(("local", "domain", "tag", "display_name"), pl.String())


def address_of(text: pl.Expr, *steps: Mapping[str, pl.Expr]) -> pl.Expr:
    """An object of the parts of an address, null where text is none; the domain is in small letters.

    Args:
        text: without white space around it.
        steps: what else becomes of the parts, as :func:`~transforms.domain_parts.from_groups` has it.
    """
    local, name = pl.col("local"), pl.col("name")
    shown = name.str.replace(r'(?s)^"(.*)"$', "${1}").str.strip_chars()
    whole = local.is_not_null() & (name.is_null() == pl.col("close").is_null())
    parts = {
        "local": local,
        "domain": pl.col("domain").str.to_lowercase(),
        "tag": local.str.extract(r'(?s)^[^"+]+\+(.+)$'),
        "display_name": pl.when(shown != "").then(shown),
    }
    only_whole = {part: pl.when(pl.col(READ)).then(value) for part, value in parts.items()}
    return from_groups(text, ADDRESS, {**PARTS, READ: pl.Boolean()}, {READ: whole}, only_whole, *steps)


class ParseEmail(TextParts):
    """Take e-mail addresses apart: what stands before the @, the domain, the tag behind +, the name shown."""

    id = "parse_email"
    title = "Split e-mail address"
    terms = ("email domain", "username", "local part", "plus address", "display name")
    missing = "Missing and blank text gives missing parts, and so does text that is no address."
    examples = (
        Example(
            params={"column": "from", "parts": ["local", "domain", "tag", "display_name"], "prefix": ""},
            before={"from": ['"Lee, Ann" <ann+news@Example.org>', "bo@mail.example.org", "nobody", None]},
            after={
                "from": ['"Lee, Ann" <ann+news@Example.org>', "bo@mail.example.org", "nobody", None],
                "local": ["ann+news", "bo", None, None],
                "domain": ["example.org", "mail.example.org", None, None],
                "tag": ["news", None, None, None],
                "display_name": ["Lee, Ann", None, None, None],
            },
        ),
    )
    types: ClassVar = PARTS
    lost = "are no e-mail addresses: their parts are missing"

    parts: tuple[EmailPart, ...] = Field(("local", "domain"), min_length=1)
    """What to add: what stands before the @ with its tag, the domain in small letters, the tag, the name."""

    def found(self) -> pl.Expr:
        return address_of(self.text())


ValidationPart = Literal["valid", "reason", "clean"]


class ValidateEmail(TextParts):
    """Tell whether e-mail addresses are written as they may be, and why not, by the package email-validator.

    Whether a domain or a mailbox exists is not asked: nothing is looked up in the network.
    """

    id = "validate_email"
    title = "Validate e-mail"
    terms = ("check email", "email syntax", "invalid email", "bad address")
    missing = "Missing and blank text gives missing values; an address that is not valid has no clean form."
    examples = (
        Example(
            params={"column": "email", "parts": ["valid", "clean"]},
            before={"email": ["Ann@Example.ORG", "bo@", "cy@localhost", None]},
            after={
                "email": ["Ann@Example.ORG", "bo@", "cy@localhost", None],
                "email_valid": [True, False, False, None],
                "email_clean": ["Ann@example.org", None, None, None],
            },
        ),
    )
    types: ClassVar = {"valid": pl.Boolean(), "reason": pl.String(), "clean": pl.String()}
    lost = "are no valid e-mail addresses: they have no clean form"

    parts: tuple[ValidationPart, ...] = Field(("valid",), min_length=1)
    """What to add: whether it is valid, why it is not, in English, and the valid address in its usual form, with the
    domain in small letters and, where it is written as xn--, in its own."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        yield from package_problems("email_validator", "column", "Validating e-mail addresses")

    def read(self, text: str) -> tuple[Any, ...]:
        from email_validator import EmailNotValidError, validate_email

        try:
            found = validate_email(text, check_deliverability=False, strict=True)
        except EmailNotValidError as error:
            return False, str(error), None
        return True, None, found.normalized


class NormalizeEmail(RewrittenText):
    """Write e-mail addresses that reach the same mailbox in one way, to compare and count them.

    The name shown before an address and white space are left out; domains come out in small letters.
    """

    id = "normalize_email"
    title = "Normalize e-mail"
    terms = ("canonical email", "dedupe email", "gmail dots", "plus address", "lowercase email")
    missing = "Missing and blank text becomes missing."
    examples = (
        Example(
            params={"column": "email"},
            before={"email": ["Ann.Lee+news@GoogleMail.com", "Bo <Bo.Ek+x@example.org>", "nobody", None]},
            after={"email": ["annlee@gmail.com", "bo.ek@example.org", "nobody", None]},
        ),
        Example(
            params={"column": "email", "lower": False, "strip_tag": False, "gmail_dots": False, "output": "key"},
            before={"email": ["Ann.Lee+news@Gmail.com", None]},
            after={"email": ["Ann.Lee+news@Gmail.com", None], "key": ["Ann.Lee+news@gmail.com", None]},
        ),
    )
    wanted = "e-mail addresses"

    lower: bool = True
    """Write what stands before the @ in small letters too; hardly any service tells them from capital ones."""
    strip_tag: bool = True
    """Leave out what stands behind + before the @."""
    gmail_dots: bool = True
    """Leave out the points that Gmail does not look at, and write gmail.com for googlemail.com."""
    on_error: OnError = "keep"
    """Text that is no address becomes missing, stays as it is, or stops the run."""

    def rewritten(self) -> pl.Expr:
        local, domain = pl.col("local"), pl.col("domain")
        steps: list[dict[str, pl.Expr]] = []
        if self.lower:
            steps.append({"local": local.str.to_lowercase()})
        if self.strip_tag:
            steps.append({"local": local.str.replace(r'(?s)^([^"+]+)\+.*$', "${1}")})
        if self.gmail_dots:
            tag = local.str.extract(r"(?s)^[^+]*(\+.*)$").fill_null("")
            bare = local.str.replace(r"(?s)\+.*$", "").str.replace_all(".", "", literal=True)
            gmail = pl.when(domain.is_in(GMAIL))
            steps.append(
                {
                    "local": gmail.then(pl.concat_str(bare, tag)).otherwise(local),
                    "domain": gmail.then(pl.lit(GMAIL[0])).otherwise(domain),
                }
            )
        steps.append({"local": pl.concat_str(local, domain, separator="@")})
        return address_of(self.text(), *steps).struct.field("local")


TRANSFORMS: tuple[type[Transform], ...] = (ParseEmail, ValidateEmail, NormalizeEmail)
