"""Text as it is written inside of something else: escaped for HTML, addresses, JSON and the like, or as Base64."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Literal
from urllib.parse import quote, unquote

import polars as pl

from transforms.core.distinct import over_distinct
from transforms.core.text import TextFunction
from transforms.core.transform import Example, Failure, Transform

Kind = Literal["html", "url", "json", "xml", "csv", "unicode"]
Codec = Literal["base64", "base64url", "base32", "hex"]

XML_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
BACKSLASHED = {
    "\\": "\\",
    '"': '"',
    "'": "'",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    "a": "\a",
    "0": "\0",
}


class UnescapeText(TextFunction):
    """Turn escaped characters, such as "&amp;" and "%20", into what they stand for, or the reverse."""

    id = "unescape_text"
    title = "Escape or unescape"
    terms = ("html entities", "url decode", "percent encoding", "json string", "backslash escapes", "quote for csv")
    missing = "Missing values stay missing, and text that cannot be unescaped stays as it is."
    examples = (
        Example(
            params={"columns": ["title"]},
            before={"title": ["Fish &amp; chips &#8364;5", "A&B", None]},
            after={"title": ["Fish & chips €5", "A&B", None]},
        ),
        Example(
            params={"columns": ["query"], "kind": "url"},
            before={"query": ["caf%C3%A9%20noir", "100%", "%ff", None]},
            after={"query": ["café noir", "100%", "%ff", None]},
        ),
        Example(
            params={"columns": ["name"], "kind": "json", "direction": "escape", "suffix": "_json"},
            before={"name": ['say "hi"\n', None]},
            after={"name": ['say "hi"\n', None], "name_json": ['say \\"hi\\"\\n', None]},
        ),
    )

    kind: Kind = "html"
    """How the text is escaped: as in HTML or XML (``&amp;``), in an address (``%20``), within the quotes of a JSON
    string (``\\n``), as a field of a CSV file (in quotes where it has to be, quotes doubled), or as in the source of
    programs (``\\u00e9``, ``\\xe9``, ``\\t``)."""
    direction: Literal["unescape", "escape"] = "unescape"
    """Turn escapes into characters, or characters into escapes."""

    def function(self, text: pl.Expr) -> pl.Expr:
        if self.direction == "escape":
            return over_distinct(text, ESCAPES[self.kind], pl.String())
        return pl.coalesce(self._unescaped(text), text)

    def _unescaped(self, text: pl.Expr) -> pl.Expr:
        return over_distinct(text, UNESCAPES[self.kind], pl.String())

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if self.direction == "unescape":
            for name in self.columns:
                lost = self.text(name).is_not_null() & self._unescaped(self.text(name)).is_null()
                yield Failure(column=name, where=lost, what=f"stayed as they were: they are no {self.kind} escapes")


def _encodable(text: str) -> str | None:
    """Text, unless it holds half of a character, which no table can."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return None
    return text


def _from_url(text: str) -> str | None:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return None


def _from_json(text: str) -> str | None:
    try:
        return _encodable(json.loads(f'"{text}"', strict=False))
    except json.JSONDecodeError:
        return None


def _from_xml(text: str) -> str | None:
    def character(found: re.Match[str]) -> str:
        name, decimal, hexadecimal = found.groups()
        return XML_ENTITIES[name] if name else chr(int(decimal) if decimal else int(hexadecimal, 16))

    try:
        return _encodable(re.sub(r"&(?:(\w+)|#([0-9]+)|#x([0-9A-Fa-f]+));", character, text))
    except (KeyError, ValueError, OverflowError):
        return None


def _from_csv(text: str) -> str | None:
    if not text.startswith('"'):
        return text
    quoted = re.fullmatch(r'"((?:[^"]|"")*)"', text)
    return quoted[1].replace('""', '"') if quoted else None


def _from_source(text: str) -> str | None:
    def character(found: re.Match[str]) -> str:
        code, short = found[1] or found[2] or found[3], found[4]
        # What is no escape, such as \q, is refused.
        return chr(int(code, 16)) if code else BACKSLASHED[short]

    pattern = r"(?s)\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{2})|(.|\Z))"
    try:
        # Characters beyond the first 65,536 may be written as two halves.
        return re.sub(pattern, character, text).encode("utf-16", "surrogatepass").decode("utf-16")
    except (KeyError, ValueError, OverflowError):
        return None


def _to_source(text: str) -> str:
    def escape(found: re.Match[str]) -> str:
        units = found[0].encode("utf-16-be")
        return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))

    return re.sub(r"[^ -~]", escape, text.replace("\\", "\\\\"))


def _to_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _to_csv(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"' if re.search(r'[",\n\r]', text) else text


UNESCAPES: dict[Kind, Callable[[str], str | None]] = {
    "html": lambda text: _encodable(html.unescape(text)),
    "url": _from_url,
    "json": _from_json,
    "xml": _from_xml,
    "csv": _from_csv,
    "unicode": _from_source,
}
"""What an escaped text stands for; none where it cannot be told."""
ESCAPES: dict[Kind, Callable[[str], str]] = {
    "html": html.escape,
    "url": lambda text: quote(text, safe=""),
    "json": _to_json,
    "xml": lambda text: html.escape(text, quote=False).replace('"', "&quot;").replace("'", "&apos;"),
    "csv": _to_csv,
    "unicode": _to_source,
}


class EncodeBase64(TextFunction):
    """Write text as Base64, Base32 or hexadecimal digits of its UTF-8, or read it from them."""

    id = "encode_base64"
    title = "Base64 or hex encode / decode"
    terms = ("base64 decode", "hexadecimal", "base32", "url-safe", "binary to text", "b64")
    missing = "Missing values stay missing; what cannot be decoded becomes missing."
    examples = (
        Example(
            params={"columns": ["note"]},
            before={"note": ["héllo", "", None]},
            after={"note": ["aMOpbGxv", "", None]},
        ),
        Example(
            params={"columns": ["token"], "codec": "hex", "direction": "decode", "suffix": "_text"},
            before={"token": ["68C3A9", "6", "ff", None]},
            after={"token": ["68C3A9", "6", "ff", None], "token_text": ["hé", None, None, None]},
        ),
    )

    codec: Codec = "base64"
    """How bytes are written: Base64 (RFC 4648; base64url is its form for addresses, with ``-`` and ``_``), Base32, or
    two hexadecimal digits each."""
    direction: Literal["encode", "decode"] = "encode"
    """Write text in the code, or read it. Fill characters (``=``) at the end may be left out where text is read, and
    white space does not count."""

    def function(self, text: pl.Expr) -> pl.Expr:
        return over_distinct(text, self._encoded if self.direction == "encode" else self._decoded, pl.String())

    def _encoded(self, text: str) -> str:
        data = text.encode()
        match self.codec:
            case "base64":
                return base64.b64encode(data).decode()
            case "base64url":
                return base64.urlsafe_b64encode(data).decode()
            case "base32":
                return base64.b32encode(data).decode()
            case "hex":
                return data.hex()

    def _decoded(self, text: str) -> str | None:
        code = "".join(text.split()).rstrip("=")
        try:
            match self.codec:
                case "base64" | "base64url":
                    extra = b"+/" if self.codec == "base64" else b"-_"
                    return base64.b64decode(code + "=" * (-len(code) % 4), extra, validate=True).decode()
                case "base32":
                    return base64.b32decode(code + "=" * (-len(code) % 8), casefold=True).decode()
                case "hex":
                    return bytes.fromhex(code).decode()
        except ValueError:  # of the digits as of the UTF-8
            return None

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if self.direction == "decode":
            for name in self.columns:
                lost = self.text(name).is_not_null() & self.function(self.text(name)).is_null()
                yield Failure(column=name, where=lost, what=f"became missing: they are no text in {self.codec}")


TRANSFORMS: tuple[type[Transform], ...] = (UnescapeText, EncodeBase64)
