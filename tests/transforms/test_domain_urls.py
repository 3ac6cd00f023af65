"""Registered domains, query parameters, addresses written in one way."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urljoin

import polars as pl
import pytest

from tests.checks import result
from transforms.core.errors import InvalidStepError
from transforms.core.transform import Transform
from transforms.domain_urls import NormalizeUrl, QueryColumns, UrlDomain, UrlQueryParameters


def lost(step: Transform, table: pl.DataFrame) -> int:
    (failure,) = step.bind(table.schema).failures()
    return int(table.select(failure.where.sum()).item())


def normalized(*urls: str | None, **settings: Any) -> list[str | None]:
    return result(NormalizeUrl(column="u", **settings), pl.DataFrame({"u": urls}))["u"].to_list()


@pytest.mark.parametrize(
    ("text", "subdomain", "domain", "suffix"),
    [
        # The examples of the documentation of tldextract.
        ("http://forums.news.cnn.com/", "forums.news", "cnn.com", "com"),
        ("http://forums.bbc.co.uk/", "forums", "bbc.co.uk", "co.uk"),
        ("http://www.worldbank.org.kg/", "www", "worldbank.org.kg", "org.kg"),
        ("http://localhost:8080/", None, None, None),
        ("http://127.0.0.1:8080/deployed/", None, None, None),
        ("https://waiterrant.blogspot.com", "waiterrant", "blogspot.com", "com"),
        ("ann@mail.example.de", "mail", "example.de", "de"),
        ("co.uk", None, None, None),
    ],
)
def test_domains_are_those_of_the_public_suffix_list(
    text: str, subdomain: str | None, domain: str | None, suffix: str | None
) -> None:
    step = UrlDomain(column="u", parts=("subdomain", "domain", "suffix"), prefix="")
    assert result(step, pl.DataFrame({"u": [text]})).row(0)[1:] == (subdomain, domain, suffix)


def test_services_are_suffixes_only_if_wanted() -> None:
    table = pl.DataFrame({"u": ["waiterrant.blogspot.com"]})
    step = UrlDomain(column="u", private_suffixes=True)
    assert result(step, table)["u_domain"].to_list() == ["waiterrant.blogspot.com"]


def test_hosts_without_a_domain_are_counted() -> None:
    table = pl.DataFrame({"u": ["example.org", "localhost", "10.0.0.1", " ", None]})
    assert lost(UrlDomain(column="u"), table) == 2


def test_query_parameters_are_those_of_urllib() -> None:
    urls = ["/?a=1&b=%C3%A9&a=2", "x?b=+&=7", "?a=%zz;c=1#?b=9", "/?a", "no query", None]
    found = result(UrlQueryParameters(column="u", names=("a", "b"), many="list", prefix=""), pl.DataFrame({"u": urls}))
    for url, a, b in found.iter_rows():
        query = "" if url is None else url.partition("?")[2].partition("#")[0]
        expected = parse_qs(query, keep_blank_values=True)
        assert (a, b) == (expected.get("a"), expected.get("b")), url


def test_first_and_last_value_of_a_parameter() -> None:
    table = pl.DataFrame({"u": ["?a=1&a=2&a=3"]})
    for many, value in (("first", "1"), ("last", "3")):
        step = UrlQueryParameters.model_validate({"column": "u", "many": many})
        assert result(step, table)["u_a"].to_list() == [value]


def test_parameters_become_columns_with_free_names_and_new_ones_are_counted() -> None:
    table = pl.DataFrame({"u": ["?A=1&a=2&u=3", "?a=4"], "u_u": [0, 0]})
    step = UrlQueryParameters(column="u")
    assert result(step, table).columns == ["u", "u_u", "u_a", "u_a_2", "u_u_2"]
    fixed = UrlQueryParameters(column="u", names=("a",)).bind(table.schema)
    (failure,) = fixed.failures(QueryColumns(columns={"a": "u_a"}))
    assert table.select(failure.where).to_series().to_list() == [True, False]


def test_a_table_without_queries_gets_no_columns() -> None:
    assert result(UrlQueryParameters(column="u"), pl.DataFrame({"u": ["a.org", None]})).columns == ["u"]


@pytest.mark.parametrize(
    "reference",
    ["g", "./g", "g/", "../g", "../../g", "../../../g", "./../g", "g/./h", "g/../h", "g;x=1/../y", ".", "..", "../.."],
)
def test_dots_in_paths_are_those_of_rfc_3986(reference: str) -> None:
    assert normalized(f"http://a/b/c/{reference}") == [urljoin("http://a/b/c/d;p", reference)]


def test_equal_addresses_are_written_alike() -> None:
    written = [
        "http://example.org",
        "HTTP://EXAMPLE.ORG/",
        "http://example.org:80/#top",
        "http://example.org./?utm_source=a&UTM_Medium=b&gclid=x&fbclid=y&mc_eid=1",
        "http://example.org/x/..",
        " http://example.org/?& ",
    ]
    assert set(normalized(*written)) == {"http://example.org/"}
    assert normalized(*normalized(*written)) == normalized(*written)


def test_what_matters_is_kept() -> None:
    url = "https://user@example.org:8443/A/b%2Fc?utmost=1&id=%C3%A9&b=2"
    assert normalized(url, url.lower()) == [url, "https://user@example.org:8443/a/b%2Fc?utmost=1&id=%C3%A9&b=2"]
    assert normalized("//cdn.example.org/x", "http://[2001:DB8::1]:80/", "a.org?u=http://b.org") == [
        "//cdn.example.org/x",
        "http://[2001:db8::1]/",
        "a.org/?u=http://b.org",
    ]


def test_settings_leave_out_or_order_parts() -> None:
    url = "http://www.example.org/?b=2&a=1#top"
    assert normalized(url, sort_query=True, strip_www=True) == ["http://example.org/?a=1&b=2"]
    assert normalized(url, strip_query=True, strip_fragment=False) == ["http://www.example.org/#top"]
    assert normalized(url, "www.example.org", force_https=True)[1] == "https://www.example.org/"


def test_text_that_is_no_url_stays_or_goes_and_is_counted() -> None:
    table = pl.DataFrame({"u": ["no url", "http://a:99999/", "", None]})
    assert normalized(*table["u"]) == ["no url", "http://a:99999/", "", None]
    assert normalized(*table["u"], on_error="null") == [None] * 4
    assert lost(NormalizeUrl(column="u"), table) == 2
    (failure,) = NormalizeUrl(column="u", on_error="fail").bind(table.schema).failures()
    assert failure.stop
    assert failure.what == "are no URLs: they stop the run"


def test_new_columns_have_names_of_their_own() -> None:
    schema = pl.Schema({"u": pl.String(), "u_domain": pl.String()})
    with pytest.raises(InvalidStepError, match="There is a column 'u_domain' already"):
        UrlDomain(column="u").bind(schema)
    with pytest.raises(InvalidStepError, match="There is a column 'u_domain' already"):
        UrlQueryParameters(column="u", names=("domain",)).bind(schema)
