"""Addresses of the web."""

from __future__ import annotations

from typing import Any, get_args
from urllib.parse import urlsplit

import polars as pl
import pytest
from pydantic import ValidationError

from tests.checks import result
from transforms.core.errors import InvalidStepError
from transforms.domain import ParseUrl, UrlPart

PARTS = get_args(UrlPart)


def parsed(*urls: str | None) -> list[dict[str, Any]]:
    return result(ParseUrl(column="u", parts=PARTS, prefix=""), pl.DataFrame({"u": urls})).drop("u").to_dicts()


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org",
        "HTTPS://user@Example.ORG:8443/a/b;c=1/?q=a%20b&r=%C3%A9#frag?x",
        "ftp://ann:secret@files.example.org/pub/",
        "http://[2001:db8::1]:80/x",
        "http://192.168.0.1/?",
        "https://example.org?only=query",
        "https://bücher.example/straße",
        "//cdn.example.org/x.js",
        "http://localhost:3000",
        "s3://bucket-name/key/with:colon@at",
        "http://example.org./",
        "http://a_b.example.org",
    ],
)
def test_parts_are_those_of_urllib(url: str) -> None:
    (found,), split = parsed(url), urlsplit(url)
    host = split.hostname
    assert {**found, "host": (found["host"] or "").strip("[]") or None} == {
        "scheme": split.scheme or None,
        "user": split.username,
        "host": host,
        "port": split.port,
        "path": split.path or None,
        "query": split.query or found["query"],
        "fragment": split.fragment or None,
    }


def test_the_scheme_may_be_missing() -> None:
    found = parsed(" www.Example.org/a ", "localhost:8080/x", "10.0.0.1", "example.org:80?x#y")
    assert [each["host"] for each in found] == ["www.example.org", "localhost", "10.0.0.1", "example.org"]
    assert [each["port"] for each in found] == [None, 8080, None, 80]
    assert {each["scheme"] for each in found} == {None}


def test_what_is_no_url_has_no_parts_and_is_counted() -> None:
    urls = [
        "no url", "hello", "3.14", "ann@example.org", "mailto:ann@example.org", "http://", "http://a:99999/", "/x",
        "http://a b.org", "", None,
    ]  # fmt: skip
    assert all(set(each.values()) == {None} for each in parsed(*urls))
    table = pl.DataFrame({"u": urls})
    (failure,) = ParseUrl(column="u").bind(table.schema).failures()
    assert table.select(failure.where.sum()).item() == 9


def test_passwords_do_not_come_out() -> None:
    (found,) = parsed("http://ann:secret@example.org/x")
    assert found["user"] == "ann"
    assert not any("secret" in str(each) for each in found.values())


def test_new_columns_have_names_of_their_own() -> None:
    schema = pl.Schema({"u": pl.String(), "u_host": pl.String()})
    with pytest.raises(InvalidStepError, match="There is a column 'u_host' already"):
        ParseUrl(column="u").bind(schema)
    with pytest.raises(ValidationError, match="'host' is listed more than once"):
        ParseUrl(column="u", parts=("host", "host"))
