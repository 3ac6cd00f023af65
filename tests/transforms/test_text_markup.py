"""Tags, addresses, escapes and encodings in text."""

from __future__ import annotations

import base64
import csv
import html
import io
import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.checks import result
from tests.drawing import examples
from transforms.core.transform import RowTransform
from transforms.text_encoding import EncodeBase64, UnescapeText
from transforms.text_markup import RemoveHtml, RemoveUrls

TEXTS = st.lists(st.text(max_size=10), max_size=6)
few = settings(max_examples=examples(12), deadline=None)


def cleaned(step: Callable[..., RowTransform], values: Sequence[str | None], **params: Any) -> list[Any]:
    """What a step makes of the values of one column."""
    table = pl.DataFrame({"t": list(values)}, schema={"t": pl.String})
    return result(step(columns=("t",), **params), table)["t"].to_list()


def lost(step: RowTransform, values: list[str | None]) -> list[int]:
    """How many rows each failure of a step counts."""
    table = pl.DataFrame({"t": list(values)}, schema={"t": pl.String})
    return [table.select(each.where.sum()).item() for each in step.bind(table.schema).failures()]


def test_blocks_and_breaks_begin_lines() -> None:
    page = "<h1>Fees</h1>\n <ul><li>late  fee<li>tax</ul>x<br/>y<table><tr><td>1<td>2<tr><td>3</table>"
    assert cleaned(RemoveHtml, [page]) == ["Fees\nlate fee\ntax\nx\ny\n1 2\n3"]
    assert cleaned(RemoveHtml, [page], keep_breaks=False) == ["Fees late fee tax x y 1 2 3"]


def test_what_is_never_shown_goes() -> None:
    page = "<head><title>t</title></head><!-- c --><script>var a='<b>'</script><style>b{}</style><p>shown"
    assert cleaned(RemoveHtml, [page]) == ["shown"]


def test_words_are_not_torn_by_inline_tags() -> None:
    assert cleaned(RemoveHtml, ["<b>un</b>paid <i>fee</i>s"]) == ["unpaid fees"]


def test_entities_are_written_out_unless_told() -> None:
    assert cleaned(RemoveHtml, ["<p>a &lt;b&gt; &eacute;&#8364;", "AT&amp;T"]) == ["a <b> é€", "AT&T"]
    assert cleaned(RemoveHtml, ["<p>a &lt;b&gt;", "AT&amp;T"], unescape=False) == ["a &lt;b&gt;", "AT&amp;T"]


@few
@given(TEXTS)
def test_text_without_markup_is_left_alone(texts: list[str]) -> None:
    plain = [*(each.replace("<", "").replace("&", "") for each in texts), "a < b  <3", None]
    assert cleaned(RemoveHtml, plain) == plain


ADDRESSES = {
    "see https://x.org.": "see .",
    "(https://x.org/a_(b))": "()",
    "WWW.X.ORG, HTTP://y.org/?q=1&r=2#top!": ", !",
    "“https://x.org/é” ok": "“” ok",
    "x.org and 3.5": "x.org and 3.5",
    "<ftp://ann@x.org/~a/>": "<>",
    "mailto:o'neil+tag@mail.x.co.uk; 'bo@y.org'": "mailto:; ''",
    "ann@home @handle a@b.c": "ann@home @handle a@b.c",
    "ann@münchen.de": "",
}


@pytest.mark.parametrize(("text", "expected"), ADDRESSES.items())
def test_addresses_end_where_they_end(text: str, expected: str) -> None:
    assert cleaned(RemoveUrls, [text]) == [expected]


def test_one_kind_of_address_is_replaced() -> None:
    text = "https://x.org ann@x.org"
    assert cleaned(RemoveUrls, [text, None], kind="urls", replacement="$0") == ["$0 ann@x.org", None]
    assert cleaned(RemoveUrls, [text, ""], kind="emails", replacement="") == ["https://x.org ", ""]


def escaped(text: str, kind: str) -> Any:
    """How others escape a text."""
    if kind == "csv":
        written = io.StringIO()
        csv.writer(written).writerow([text, "x"])
        return written.getvalue().removesuffix(",x\r\n")
    others: dict[str, Callable[[str], str]] = {
        "html": html.escape,
        "url": lambda each: quote(each, safe=""),
        "json": lambda each: json.dumps(each, ensure_ascii=False)[1:-1],
        "xml": lambda each: escape(each, {'"': "&quot;", "'": "&apos;"}),
    }
    return others[kind](text)


@pytest.mark.parametrize("kind", ["html", "url", "json", "xml", "csv"])
@few
@given(texts=TEXTS)
def test_escapes_are_those_of_others_and_come_back(kind: Any, texts: list[str]) -> None:
    found = cleaned(UnescapeText, texts, kind=kind, direction="escape")
    assert found == [escaped(each, kind) for each in texts]
    assert cleaned(UnescapeText, found, kind=kind) == texts


@few
@given(TEXTS)
def test_escapes_of_source_are_ascii_and_come_back(texts: list[str]) -> None:
    found = cleaned(UnescapeText, texts, kind="unicode", direction="escape")
    assert all(" " <= each <= "~" for each in "".join(found))
    assert cleaned(UnescapeText, found, kind="unicode") == texts
    python = [each.encode("unicode_escape").decode() for each in texts]
    assert cleaned(UnescapeText, python, kind="unicode") == texts


BROKEN = {
    "url": "%ff",
    "json": 'a"b',
    "xml": "&nbsp;",
    "csv": '"a"b"',
    "unicode": "C:\\users\\",
}


@pytest.mark.parametrize(("kind", "text"), BROKEN.items())
def test_what_cannot_be_unescaped_stays_and_is_counted(kind: Any, text: str) -> None:
    assert cleaned(UnescapeText, [text, "fine", None], kind=kind) == [text, "fine", None]
    assert lost(UnescapeText(columns=("t",), kind=kind), [text, "fine", None]) == [1]
    assert lost(UnescapeText(columns=("t",), kind=kind, direction="escape"), [text]) == []


def test_halves_of_characters_are_put_together_or_refused() -> None:
    assert cleaned(UnescapeText, ["\\ud83d\\ude00", "\\ud83d"], kind="unicode") == ["😀", "\\ud83d"]
    assert cleaned(UnescapeText, ["\\ud83d\\ude00", "\\ud83d"], kind="json") == ["😀", "\\ud83d"]
    assert cleaned(UnescapeText, ["&#x1F600;", "&#xD83D;", "&#99999999;"], kind="xml")[:2] == ["😀", "&#xD83D;"]


def test_a_name_of_xml_in_escaped_text_is_not_unescaped_twice() -> None:
    assert cleaned(UnescapeText, ["&amp;lt;"], kind="xml") == ["&lt;"]
    assert cleaned(UnescapeText, ["AT&T"], kind="xml") == ["AT&T"]


CODES: dict[str, Callable[[bytes], bytes]] = {
    "base64": base64.b64encode,
    "base64url": base64.urlsafe_b64encode,
    "base32": base64.b32encode,
    "hex": lambda data: data.hex().encode(),
}


@pytest.mark.parametrize("codec", CODES)
@few
@given(texts=TEXTS)
def test_codes_are_those_of_python_and_come_back(codec: Any, texts: list[str]) -> None:
    found = cleaned(EncodeBase64, texts, codec=codec)
    assert found == [CODES[codec](each.encode()).decode() for each in texts]
    loose = [f" {each.rstrip('=')}\n" for each in found]
    assert cleaned(EncodeBase64, [*found, *loose], codec=codec, direction="decode") == texts * 2


@pytest.mark.parametrize(("codec", "wrong"), [("base64", "a"), ("base64", "_w=="), ("base32", "1"), ("hex", "abc")])
def test_what_is_no_code_is_missing_and_counted(codec: Any, wrong: str) -> None:
    no_text = CODES[codec](b"\xff\xfe").decode()
    texts = [wrong, no_text, "é", "", None]
    assert cleaned(EncodeBase64, texts, codec=codec, direction="decode") == [None, None, None, "", None]
    assert lost(EncodeBase64(columns=("t",), codec=codec, direction="decode"), texts) == [3]
    assert lost(EncodeBase64(columns=("t",), codec=codec), texts) == []
