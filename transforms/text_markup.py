"""Clean text of what the web puts into it: tags, links and addresses."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Literal

import polars as pl

from transforms.core.errors import Problem
from transforms.core.text import TextFunction, mapped, package_problems, verbatim
from transforms.core.transform import Example, Transform

_END = r"[\p{L}\p{N}/_=&#%~+@$*-]"
_INSIDE = r"[^\s<>\"()\[\]{}|\\^`\p{Pi}\p{Pf}。、，]"
URL = rf"(?i:\b(?:https?|ftps?)://|\bwww\.)(?:{_INSIDE}|\({_INSIDE}*\))*(?:{_END}|\({_INSIDE}*\))"
"""A web address in running text: with a scheme, or beginning with ``www.``; punctuation after it is not part of it,
parentheses are where they are closed."""
_ATOM = r"[\p{L}\p{N}_%+'-]+"
EMAIL = (
    rf"[\p{{L}}\p{{N}}_%+-](?:{_ATOM})?(?:\.{_ATOM})*"
    r"@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+(?:xn--[A-Za-z0-9]+|\p{L}{2,})\b"
)
"""An e-mail address in running text, as they are in use: no quoted names, no addresses by number."""

HIDDEN = "head, script, style, template, noscript"
"""Elements whose content is never shown."""
BLOCKS = (
    "address, article, aside, blockquote, dd, div, dl, dt, fieldset, figcaption, figure, footer, form, h1, h2, h3, h4, "
    "h5, h6, header, hr, li, main, nav, ol, p, pre, section, table, tr, ul"
)
"""Elements that begin and end a line."""
TAG = re.compile(r"<[A-Za-z/!?]")
BREAK = "\x1e"
"""Stands for a line break while white space is collapsed."""


class RemoveHtml(TextFunction):
    """Keep the text of HTML and remove its tags, comments, scripts and styles."""

    id = "remove_html"
    title = "Remove HTML tags"
    terms = ("strip tags", "html to text", "markup", "web page text", "xml tags")
    missing = "Missing values stay missing, and text without a tag stays as it is but for its entities."
    examples = (
        Example(
            params={"columns": ["body"]},
            before={"body": ["<p>Fish &amp; <b>chips</b></p><p>5 &lt; 6<br>ok</p>", "a < b", "", None]},
            after={"body": ["Fish & chips\n5 < 6\nok", "a < b", "", None]},
        ),
        Example(
            params={"columns": ["body"], "keep_breaks": False, "unescape": False},
            before={"body": ["<style>p {}</style><p>a &amp; b</p><p>c</p>", None]},
            after={"body": ["a &amp; b c", None]},
        ),
    )

    keep_breaks: bool = True
    """Begin a new line where a browser would: at paragraphs, list items, rows of a table and the like. Otherwise there
    is a space."""
    unescape: bool = True
    """Write entities as what they stand for: ``&amp;`` as ``&``."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        yield from package_problems("selectolax", "columns", "Reading HTML")

    def function(self, text: pl.Expr) -> pl.Expr:
        return mapped(text, self._shown)

    def _shown(self, text: str) -> str:
        from selectolax.lexbor import LexborHTMLParser

        if not TAG.search(text):
            return html.unescape(text) if self.unescape else text
        text = text.replace(BREAK, "")
        tree = LexborHTMLParser(text if self.unescape else text.replace("&", "&amp;"))
        for each in tree.css(HIDDEN):
            each.decompose()
        for each in tree.css("br"):
            each.insert_after(BREAK)
        for each in tree.css(BLOCKS):
            each.insert_before(BREAK)
            each.insert_after(BREAK)
        for each in tree.css("td, th"):
            each.insert_after(" ")
        # White space is shown as browsers show it: one space, none at the ends of a line.
        lines = (" ".join(line.split()) for line in tree.text().split(BREAK))
        return ("\n" if self.keep_breaks else " ").join(filter(None, lines))


class RemoveUrls(TextFunction):
    """Remove web and e-mail addresses from text, or replace them."""

    id = "remove_urls"
    title = "Remove URLs and e-mails"
    terms = ("strip links", "remove web addresses", "mask e-mail", "anonymize text", "hyperlinks")
    examples = (
        Example(
            params={"columns": ["post"]},
            before={"post": ["See https://x.org/a?b=1.", "Mail ann@x.org!", "fine", None]},
            after={"post": ["See .", "Mail !", "fine", None]},
        ),
        Example(
            params={"columns": ["post"], "kind": "emails", "replacement": "[mail]"},
            before={"post": ["ann.lee@x.co.uk or www.x.org", None]},
            after={"post": ["[mail] or www.x.org", None]},
        ),
    )

    kind: Literal["both", "urls", "emails"] = "both"
    """What to remove: web addresses (with a scheme such as ``https://``, or beginning with ``www.``), e-mail addresses,
    or both."""
    replacement: str = ""
    """What they become; left empty, they are removed, and the white space around them stays."""

    def function(self, text: pl.Expr) -> pl.Expr:
        pattern = {"urls": URL, "emails": EMAIL, "both": f"{URL}|{EMAIL}"}[self.kind]
        return text.str.replace_all(pattern, verbatim(self.replacement))


TRANSFORMS: tuple[type[Transform], ...] = (RemoveHtml, RemoveUrls)
