"""Addresses of the web: the domain that was registered, query parameters, one way of writing them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, ClassVar, Literal
from urllib.parse import SplitResult, parse_qsl, urlsplit

import polars as pl
from pydantic import Field, field_validator

from transforms.core.categories import category_name, free_names
from transforms.core.columns import TextColumn, taken
from transforms.core.columns import column as exactly
from transforms.core.errors import Problem
from transforms.core.statistics import Ask, ValueCounts
from transforms.core.text import package_problems
from transforms.core.transform import Example, Failure, FittedTransform, Learned, Transform
from transforms.date_parts import each_once
from transforms.domain import is_found, taken_apart
from transforms.domain_parts import PARTS, OnError, RewrittenText, TextParts, read_distinct

MOST_NAMES = 100
TRACKING = re.compile(
    r"(?i)utm_.*|mtm_.*|pk_(?:campaign|kwd|source|medium|content)|(?:g|fb|d|tw|tt|y)clid|msclkid|igshid"
    r"|[gw]braid|gclsrc|mc_[ce]id|_ga|_gl|_hsenc|_hsmi|mkt_tok|li_fat_id|vero_id|oly_(?:anon|enc)_id|s_cid|srsltid"
)
"""Parameters that advertising and mailing services add to follow a visitor, and that change nothing on the page."""
DEFAULT_PORTS = {"http": 80, "https": 443, "ftp": 21, "ws": 80, "wss": 443}
ABSOLUTE = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//")
UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")

DomainPart = Literal["domain", "subdomain", "suffix"]


class UrlDomain(TextParts):
    """Find the registered domain of web addresses, hosts or e-mail addresses, such as bbc.co.uk.

    What can be registered under is read off the public suffix list that comes with the package tldextract;
    nothing is looked up in the network.
    """

    id = "url_domain"
    title = "Registered domain, subdomain, suffix"
    terms = ("tld", "hostname", "top level domain", "public suffix", "website", "root domain")
    missing = "Missing and blank text, numeric addresses and hosts without a public suffix have no domain."
    examples = (
        Example(
            params={"column": "url", "parts": ["domain", "subdomain", "suffix"]},
            before={"url": ["https://forums.bbc.co.uk/x?y=1", "Example.org", "http://10.0.0.1/", None]},
            after={
                "url": ["https://forums.bbc.co.uk/x?y=1", "Example.org", "http://10.0.0.1/", None],
                "url_domain": ["bbc.co.uk", "example.org", None, None],
                "url_subdomain": ["forums", None, None, None],
                "url_suffix": ["co.uk", "org", None, None],
            },
        ),
        Example(
            params={"column": "page", "private_suffixes": True, "prefix": ""},
            before={"page": ["ann.github.io", None]},
            after={"page": ["ann.github.io", None], "domain": ["ann.github.io", None]},
        ),
    )
    types: ClassVar = {"domain": pl.String(), "subdomain": pl.String(), "suffix": pl.String()}
    lost = "have no registered domain"

    parts: tuple[DomainPart, ...] = Field(("domain",), min_length=1)
    """What to add: the domain as it was registered, what stands before it, and the suffix under which it was."""
    private_suffixes: bool = False
    """Take services under which anyone has a domain, such as github.io, for suffixes too."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        yield from package_problems("tldextract", "column", "Finding registered domains")

    def read(self, text: str) -> tuple[Any, ...] | None:
        found = _extractor(self.private_suffixes).extract_str(text)
        if not found.suffix or not found.domain:
            return None
        domain = f"{found.domain}.{found.suffix}".lower()
        return domain, found.subdomain.lower() or None, found.suffix.lower()


@cache
def _extractor(private: bool) -> Any:
    from tldextract import TLDExtract

    return TLDExtract(cache_dir=None, suffix_list_urls=(), include_psl_private_domains=private)


class QueryColumns(Learned):
    """The query parameters that become columns."""

    columns: dict[str, str]
    """The new column by parameter."""


class UrlQueryParameters(FittedTransform):
    """Make columns of the query parameters of web addresses, one for each name.

    The query is what stands between the first ? and the #. Percent signs are decoded, and + is a space.
    """

    id = "url_query_parameters"
    title = "URL query parameters"
    terms = ("query string", "utm", "url arguments", "get parameters", "campaign")
    columns_from_data = True
    missing = "Missing text has no parameters; one that an address lacks is missing, one without a value is empty text."
    unseen = "Parameters that were not there get no column; rows that have some are counted."
    examples = (
        Example(
            params={"column": "url"},
            before={"url": ["https://example.org/?q=a%20b&page=2", "/search?q=c+d#top", "example.org", None]},
            after={
                "url": ["https://example.org/?q=a%20b&page=2", "/search?q=c+d#top", "example.org", None],
                "url_q": ["a b", "c d", None, None],
                "url_page": ["2", None, None, None],
            },
        ),
        Example(
            params={"column": "url", "names": ["tag", "q"], "many": "list", "prefix": ""},
            before={"url": ["/?tag=x&tag=y&q=", None]},
            after={"url": ["/?tag=x&tag=y&q=", None], "tag": [["x", "y"], None], "q": [[""], None]},
        ),
    )

    column: TextColumn
    """Column that holds the addresses."""
    names: tuple[str, ...] = ()
    """The parameters to make columns of; left empty, all that occur, the most frequent first, 100 at most."""
    many: Literal["first", "last", "list"] = "first"
    """Of a parameter that an address has several times take the first value, the last, or a list of all."""
    prefix: str | None = None
    """New columns are named with this and the parameter; left empty, with the column's name and ``_``."""

    @field_validator("names")
    @classmethod
    def _each_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return each_once(names)

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for each in self.names:
            yield from taken(self._column_of(each), schemas[0], "prefix")

    def _column_of(self, name: str) -> str:
        found = category_name(self.column, name)
        return found if self.prefix is None else f"{self.prefix}{found.removeprefix(f'{self.column}_')}"

    def _query(self) -> pl.Expr:
        return exactly(self.column).cast(pl.String).str.extract(r"(?s)^[^?#]*\?([^#]*)")

    def _names_in(self) -> pl.Expr:
        found = read_distinct({"__query": self._query()}, _names_of, {"names": pl.List(pl.String())})
        return found.struct.field("names")

    def fit(self, ask: Ask) -> QueryColumns:
        names = list(self.names)
        if not names:
            names = list(ask(ValueCounts(self._names_in(), MOST_NAMES, explode=True))[0])
        columns = free_names(map(self._column_of, names), ask.schemas[0].names())
        return QueryColumns(columns=dict(zip(names, columns, strict=True)))

    def apply(self, rows: pl.LazyFrame, learned: QueryColumns) -> pl.LazyFrame:
        columns = list(learned.columns.values())
        dtype: pl.DataType = pl.List(pl.String()) if self.many == "list" else pl.String()

        def read(query: str) -> tuple[Any, ...]:
            found: dict[str, list[str]] = {}
            for name, value in parse_qsl(query, keep_blank_values=True):
                found.setdefault(name, []).append(value)
            return tuple(self._chosen(found[name]) if name in found else None for name in learned.columns)

        found = read_distinct({"__query": self._query()}, read, dict.fromkeys(columns, dtype))
        # In a column for a moment, since every parameter would be read anew.
        values = (pl.col(PARTS).struct.field(name) for name in columns)
        return rows.with_columns(found.alias(PARTS)).with_columns(values).drop(PARTS)

    def _chosen(self, values: list[str]) -> Any:
        match self.many:
            case "first":
                return values[0]
            case "last":
                return values[-1]
            case "list":
                return values

    def lineage(self, learned: Any = None) -> Mapping[str, frozenset[str]] | None:
        return learned and {name: frozenset({self.column}) for name in learned.columns.values()}

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if learned is not None:
            known = list(learned.columns)
            new = self._names_in().list.eval(~pl.element().is_in(known)).list.any()
            yield Failure(column=self.column, where=new, what="have parameters without a column: they are left out")


def _names_of(query: str) -> tuple[list[str]]:
    """The parameters of a query, each once and in order."""
    return (list(dict.fromkeys(name for name, _ in parse_qsl(query, keep_blank_values=True))),)


class NormalizeUrl(RewrittenText):
    """Write web addresses that lead to the same page in one way, to compare and count them.

    Scheme and host come out in small letters, ports that go without saying, tracking parameters and /../ are
    left out, and characters are percent-encoded only where they must be (RFC 3986, section 6.2.2).
    """

    id = "normalize_url"
    title = "Normalize URL"
    terms = ("canonical url", "clean links", "remove utm", "strip tracking", "dedupe urls")
    missing = "Missing and blank text becomes missing."
    examples = (
        Example(
            params={"column": "url"},
            before={
                "url": ["HTTP://Example.org:80/a/../b%7e?utm_source=x&id=1#top", "www.example.org", "no url", None]
            },
            after={"url": ["http://example.org/b~?id=1", "www.example.org/", "no url", None]},
        ),
        Example(
            params={"column": "url", "strip_query": True, "strip_www": True, "force_https": True, "output": "page"},
            before={"url": ["http://www.example.org/a?b=1", None]},
            after={"url": ["http://www.example.org/a?b=1", None], "page": ["https://example.org/a", None]},
        ),
    )
    wanted = "URLs"

    strip_query: bool = False
    """Leave out all parameters."""
    strip_tracking: bool = True
    """Leave out parameters that only follow visitors, such as utm_source, gclid and fbclid."""
    sort_query: bool = False
    """Put the parameters in the order of their names."""
    strip_fragment: bool = True
    """Leave out what stands behind #: a place on the page."""
    strip_www: bool = False
    """Leave out www. before the host."""
    force_https: bool = False
    """Write https:// for http:// and where there is no scheme."""
    on_error: OnError = "keep"
    """Text that is no URL becomes missing, stays as it is, or stops the run."""

    def keys(self) -> dict[str, pl.Expr]:
        return {"__text": self.text().map_batches(_urls, return_dtype=pl.String, is_elementwise=True)}

    def read(self, text: str) -> str | None:
        absolute = ABSOLUTE.match(text) is not None
        try:
            url = urlsplit(text if absolute else f"//{text}")
            port = url.port
        except ValueError:
            return None
        scheme = url.scheme.lower()
        if port == DEFAULT_PORTS.get(scheme):
            port = None
        if self.force_https and scheme in ("", "http"):
            scheme = "https"
        start = f"{scheme}://" if scheme else "//" if absolute else ""
        at = f"{url.netloc.rpartition('@')[0]}@" if "@" in url.netloc else ""
        path = _without_dots(_encoded(url.path)) or "/"
        fragment = "" if self.strip_fragment or not url.fragment else f"#{_encoded(url.fragment)}"
        return f"{start}{at}{self._host(url)}{'' if port is None else f':{port}'}{path}{self._query(url)}{fragment}"

    def _host(self, url: SplitResult) -> str:
        host = (url.hostname or "").rstrip(".")
        return f"[{host}]" if ":" in host else host.removeprefix("www.") if self.strip_www else host

    def _query(self, url: SplitResult) -> str:
        if self.strip_query:
            return ""
        pairs = [each for each in url.query.split("&") if each]
        if self.strip_tracking:
            pairs = [each for each in pairs if not TRACKING.fullmatch(each.partition("=")[0])]
        if self.sort_query:
            pairs.sort(key=lambda each: each.partition("=")[0])
        return f"?{_encoded('&'.join(pairs))}" if pairs else ""


def _urls(texts: pl.Series) -> pl.Series:
    """Those of some texts that are URLs, the others null."""
    found = pl.DataFrame({"text": texts}).with_columns(found=taken_apart(pl.col("text")))
    return found.select(pl.when(is_found(pl.col("found"))).then(pl.col("text")).alias(texts.name)).to_series()


def _encoded(text: str) -> str:
    """Text with %7e as ~ and %c3 as %C3."""

    def one(found: re.Match[str]) -> str:
        character = chr(int(found[1], 16))
        return character if UNRESERVED.fullmatch(character) else found[0].upper()

    return re.sub(r"%([0-9A-Fa-f]{2})", one, text)


def _without_dots(path: str) -> str:
    """A path with its /./ and /../ carried out."""
    kept: list[str] = []
    parts = path.split("/")
    for part in parts:
        if part == "..":
            if len(kept) > 1:
                kept.pop()
        elif part != ".":
            kept.append(part)
    if parts[-1] in (".", ".."):
        kept.append("")
    return "/".join(kept)


TRANSFORMS: tuple[type[Transform], ...] = (UrlDomain, UrlQueryParameters, NormalizeUrl)
