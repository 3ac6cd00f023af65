"""Text with a meaning of its own: addresses of the web."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import AfterValidator, Field

from transforms.core.columns import TextColumn, taken
from transforms.core.columns import column as exactly
from transforms.core.conversion import blank
from transforms.core.errors import Problem
from transforms.core.params import NewColumn
from transforms.core.transform import Example, Failure, RowTransform, Transform

UrlPart = Literal["scheme", "user", "host", "port", "path", "query", "fragment"]
LABEL = r"[\p{L}\p{N}_](?:[\p{L}\p{N}_-]*[\p{L}\p{N}_])?"
URL = (
    r"^(?:(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?(?P<slashes>//))?"
    r"(?:(?P<user>[^\s:@/?#\[\]]*)(?::[^\s@/?#]*)?@)?"
    rf"(?P<host>\[[0-9A-Fa-f:.]+\]|{LABEL}(?:\.{LABEL})*\.?)"
    r"(?::(?P<port>[0-9]{0,5}))?"
    r"(?P<path>/[^\s?#]*)?(?:\?(?P<query>[^\s#]*))?(?:#(?P<fragment>\S*))?$"
)
"""RFC 3986 with an authority; letters of all scripts are allowed, as people write them."""
DOTTED = r"\.\p{L}[^.]*\.?$|^(?:[0-9]{1,3}\.){3}[0-9]{1,3}$|^\[|^(?i:localhost)$"
"""What a host must look like where no scheme says that it is one."""


def _unique(parts: tuple[UrlPart, ...]) -> tuple[UrlPart, ...]:
    twice = next((each for each in parts if parts.count(each) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice!r} is listed more than once.")
    return parts


class ParseUrl(RowTransform):
    """Take web addresses apart: scheme, host, port, path, query and more, each in a column.

    The scheme may be missing, as in www.example.org/a. Scheme and host come out in small letters; nothing
    is decoded, and passwords are left out.
    """

    id = "parse_url"
    title = "Split URL"
    terms = ("web address", "link", "host", "domain of url", "query string")
    missing = "Missing and blank text gives missing parts, and so does text that is no URL; parts it lacks are missing."
    examples = (
        Example(
            params={"column": "url", "parts": ["scheme", "host", "port", "path", "query"], "prefix": ""},
            before={"url": ["HTTPS://Example.org:8080/a/b?x=1&y=2#top", "www.example.org", "no url", None]},
            after={
                "url": ["HTTPS://Example.org:8080/a/b?x=1&y=2#top", "www.example.org", "no url", None],
                "scheme": ["https", None, None, None],
                "host": ["example.org", "www.example.org", None, None],
                "port": [8080, None, None, None],
                "path": ["/a/b", None, None, None],
                "query": ["x=1&y=2", None, None, None],
            },
        ),
        Example(
            params={"column": "url", "parts": ["user", "fragment"]},
            before={"url": ["ftp://ann:secret@example.org/#end", None]},
            after={
                "url": ["ftp://ann:secret@example.org/#end", None],
                "url_user": ["ann", None],
                "url_fragment": ["end", None],
            },
        ),
    )

    column: TextColumn
    """Column that holds the addresses."""
    parts: Annotated[tuple[UrlPart, ...], AfterValidator(_unique)] = Field(
        ("scheme", "host", "path", "query"), min_length=1
    )
    """The parts to make columns of."""
    prefix: str | None = None
    """New columns are named with this and the part; left empty, with the column's name and ``_``."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self._names().values():
            yield from taken(name, schemas[0], "prefix")

    def _names(self) -> dict[UrlPart, NewColumn]:
        prefix = f"{self.column}_" if self.prefix is None else self.prefix
        return {part: f"{prefix}{part}" for part in self.parts}

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        # In a column for a moment, since every part would match the pattern anew.
        found = rows.with_columns(self._found().alias("__url"))
        return found.with_columns(self._taken_apart(pl.col("__url"))).drop("__url")

    def lineage(self, learned: Any = None) -> Mapping[str, frozenset[str]]:
        return {name: frozenset({self.column}) for name in self._names().values()}

    def _taken_apart(self, found: pl.Expr) -> Iterator[pl.Expr]:
        is_one = is_found(found)
        for part, name in self._names().items():
            value = found.struct.field(part)
            if part == "port":
                value = value.cast(pl.Int64, strict=False)
            elif part in ("scheme", "host"):
                value = value.str.to_lowercase()
            yield pl.when(is_one).then(value).alias(name)

    def _found(self) -> pl.Expr:
        return taken_apart(exactly(self.column).cast(pl.String))

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        text = exactly(self.column).cast(pl.String)
        where = text.is_not_null() & ~blank(text) & ~is_url(text)
        yield Failure(column=self.column, where=where, what="are no URLs: their parts are missing")


def is_url(text: pl.Expr) -> pl.Expr:
    """Whether text is a URL; false where it is null."""
    return is_found(taken_apart(text))


def taken_apart(text: pl.Expr) -> pl.Expr:
    """An object of what may be the parts of a URL."""
    return text.str.strip_chars().str.extract_groups(URL)


def is_found(found: pl.Expr) -> pl.Expr:
    """Whether what the pattern found, if anything, is a URL."""
    host, slashes = found.struct.field("host"), found.struct.field("slashes").is_not_null()
    # Without slashes, ann@example.org is an e-mail address and 3.14 a number.
    written = slashes | (found.struct.field("user").is_null() & host.str.contains(DOTTED))
    port = found.struct.field("port").cast(pl.Int64, strict=False).fill_null(0)
    return (host.is_not_null() & written & (port < 65_536)).fill_null(value=False)


TRANSFORMS: tuple[type[Transform], ...] = (ParseUrl,)
