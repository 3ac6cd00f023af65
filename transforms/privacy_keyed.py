"""Values replaced by others that only who has the key can tell, or turn back."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from typing import Any, Literal
from uuid import UUID

import polars as pl

from transforms.core.columns import KeyColumns, TextColumns, taken
from transforms.core.columns import column as exactly
from transforms.core.conversion import as_text
from transforms.core.distinct import over_distinct
from transforms.core.errors import Problem
from transforms.core.relations import MapRows, Relation
from transforms.core.text import package_problems
from transforms.core.transform import Example, Failure, RowTransform, Transform
from transforms.privacy_keys import KeySource, Secret, WithKey, key_problems, keyed

Style = Literal["token", "uuid", "number", "readable"]
CONSONANTS, VOWELS = "bdfghjklmnprstvz", "aiou"


class KeyedColumns(RowTransform):
    """Replaces the values of several columns, with a key; a member says how in :meth:`with_key`."""

    columns: KeyColumns
    """Columns to replace. Numbers, dates and times go by the text they are written as: 7, 7.0 and "7" are equal."""
    key_from: KeySource
    """Where the key is: ``env:NAME`` for an environment variable, ``file:/path`` for a file, read where the run is
    started and never kept. At least 32 characters. ``example`` is a key that everyone knows, to try the step with."""
    suffix: str = ""
    """Added to the names of new columns; left empty, the columns are replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.columns if self.suffix else ():
            yield from taken(name + self.suffix, schemas[0], "suffix")
        yield from package_problems("cryptography", "key_from", "A key")
        yield from key_problems(self.key_from)

    def with_key(self, secret: Secret) -> Iterator[pl.Expr]:
        """Columns to add or replace."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it does.")

    def exprs(self) -> Iterator[pl.Expr]:
        return self.with_key(Secret.at(self.key_from))

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        return MapRows(tables[0], WithKey(self, Secret.at(self.key_from)))

    def text(self, name: str) -> pl.Expr:
        """A column as text, null where it is null or NaN."""
        return as_text(exactly(name), self.dtype(name)).cast(pl.String)


class Pseudonymize(KeyedColumns):
    """Replace values by pseudonyms: equal values get equal ones wherever the key is the same, so joins still work.

    The pseudonym is made of HMAC-SHA256 of the value as text. Without the key nobody can find the value by trying,
    and nobody can turn a pseudonym back.
    """

    id = "pseudonymize"
    title = "Pseudonymize"
    terms = ("tokenize", "consistent hash", "pseudonymise", "replace identifiers", "keyed hash", "anonymize ids")
    missing = "Null and NaN stay missing; empty text has a pseudonym."
    examples = (
        Example(
            params={"columns": ["email"], "key_from": "example"},
            before={"email": ["ann@example.org", None, "ann@example.org"]},
            after={"email": ["id_46oufhkyxkobgymysyqxr4uvue", None, "id_46oufhkyxkobgymysyqxr4uvue"]},
        ),
        Example(
            params={"columns": ["id"], "key_from": "example", "style": "readable", "suffix": "_code"},
            before={"id": [7, None]},
            after={"id": [7, None], "id_code": ["gigur-zasol-zizuf-kolus", None]},
        ),
    )

    style: Style = "token"
    """What pseudonyms look like: id_ and 26 letters and digits (130 bits), a UUID (122 bits), a positive whole number
    (62 bits), or four words that can be said, such as lusab-babad-gutih-tugad (64 bits). With 62 bits, two of two and
    a half billion values are as likely as not to share a pseudonym."""
    domain: str = "default"
    """Values have other pseudonyms in another domain, so that tables which are not to be joined cannot be."""

    def with_key(self, secret: Secret) -> Iterator[pl.Expr]:
        written, domain = STYLES[self.style], self.domain.encode()

        def pseudonym(text: str) -> str | int:
            # The length keeps domain and value apart.
            return written(keyed(secret.key("pseudonymize"), b"%d %b%b" % (len(domain), domain, text.encode())))

        dtype: pl.DataType = pl.Int64() if self.style == "number" else pl.String()
        for name in self.columns:
            yield over_distinct(self.text(name), pseudonym, dtype).alias(name + self.suffix)


def token(digest: bytes) -> str:
    """130 bits as ``id_`` and 26 characters of base 32, in small letters."""
    return "id_" + base64.b32encode(digest).decode()[:26].lower()


def uuid(digest: bytes) -> str:
    """122 bits as a UUID of version 8 (RFC 9562)."""
    number = int.from_bytes(digest[:16], "big")
    number = number & ~(0xF << 76) | (8 << 76)
    return str(UUID(int=number & ~(3 << 62) | (2 << 62)))


def number(digest: bytes) -> int:
    """62 bits as a whole number, which no engine takes for a negative one."""
    return int.from_bytes(digest[:8], "big") >> 2


def readable(digest: bytes) -> str:
    """64 bits as four words that can be said (proquints, Wilkerson 2009)."""
    words = (int.from_bytes(digest[i : i + 2], "big") for i in range(0, 8, 2))
    return "-".join(map(_quint, words))


def _quint(word: int) -> str:
    return (
        CONSONANTS[word >> 12]
        + VOWELS[word >> 10 & 3]
        + CONSONANTS[word >> 6 & 15]
        + VOWELS[word >> 4 & 3]
        + CONSONANTS[word & 15]
    )


STYLES: dict[Style, Callable[[bytes], str | int]] = {
    "token": token,
    "uuid": uuid,
    "number": number,
    "readable": readable,
}

PURPOSE = "encrypt_column"
ALIKE, APART = b"\x01", b"\x02"
"""First byte of what is encrypted: equal values are equal, or a number of their row, 16 bytes, follows."""


class EncryptColumn(KeyedColumns):
    """Encrypt values, so that who has the key can read them again and nobody else can.

    AES-256-SIV (RFC 5297), written as base64 for web addresses. What is written with one key is read with the same
    only, and a change of a single character is noticed.
    """

    id = "encrypt_column"
    title = "Encrypt"
    terms = ("aes", "encryption", "cipher", "protect column", "reversible")
    missing = "Null and NaN stay missing; empty text is encrypted."
    examples = (
        Example(
            params={"columns": ["ssn"], "key_from": "example"},
            before={"ssn": ["536-22-8145", None, "536-22-8145"]},
            after={"ssn": ["ATzAQWhF3Dmh0bGRuZsjBCWuWeeASl_MNQX9LQ", None, "ATzAQWhF3Dmh0bGRuZsjBCWuWeeASl_MNQX9LQ"]},
        ),
    )

    mode: Literal["deterministic", "by_row"] = "deterministic"
    """Equal values stay equal (deterministic), so that they can be joined and counted, and frequent ones can be
    recognized; or they differ from row to row, except in rows that are equal in all columns."""

    def with_key(self, secret: Secret) -> Iterator[pl.Expr]:
        def alike(text: str) -> str:
            return _encrypted(secret, text, ALIKE)

        def apart(value: dict[str, Any]) -> str | None:
            if value["text"] is None:
                return None
            # A hash of the row as it is would give away the row to who tries all.
            row = keyed(secret.key("encrypt_column row"), value["row"].to_bytes(8, "big"))[:16]
            return _encrypted(secret, value["text"], APART + row)

        for name in self.columns:
            if self.mode == "deterministic":
                encrypted = over_distinct(self.text(name), alike, pl.String())
            else:
                pair = pl.struct(self.text(name).alias("text"), pl.struct(pl.all()).hash(0).alias("row"))
                encrypted = over_distinct(pair, apart, pl.String())
            yield encrypted.alias(name + self.suffix)


class DecryptColumn(KeyedColumns):
    """Read values again that were encrypted with the same key."""

    id = "decrypt_column"
    title = "Decrypt"
    terms = ("aes", "decryption", "decipher", "read encrypted")
    missing = "Missing values stay missing; text that was not encrypted with the key becomes missing, or stops the run."
    examples = (
        Example(
            params={"columns": ["ssn"], "key_from": "example"},
            before={"ssn": ["ATzAQWhF3Dmh0bGRuZsjBCWuWeeASl_MNQX9LQ", "536-22-8145", None]},
            after={"ssn": ["536-22-8145", None, None]},
        ),
    )

    columns: TextColumns
    """Columns to read, which hold text then."""
    on_error: Literal["null", "fail"] = "null"
    """Values that were not encrypted with this key become missing, or stop the run."""

    def with_key(self, secret: Secret) -> Iterator[pl.Expr]:
        for name in self.columns:
            yield self._read(name, secret).alias(name + self.suffix)

    def _read(self, name: str, secret: Secret) -> pl.Expr:
        return over_distinct(self.text(name), lambda text: _decrypted(secret, text), pl.String())

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        stop, secret = self.on_error == "fail", Secret.at(self.key_from)
        what = "were not encrypted with this key" + ("" if stop else ": they became missing")
        for name in self.columns:
            lost = self.text(name).is_not_null() & self._read(name, secret).is_null()
            yield Failure(column=name, where=lost, what=what, stop=stop)


def _encrypted(secret: Secret, text: str, head: bytes) -> str:
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

    sealed = AESSIV(secret.key(PURPOSE, 64)).encrypt(text.encode(), [head])
    return base64.urlsafe_b64encode(head + sealed).decode().rstrip("=")


def _decrypted(secret: Secret, text: str) -> str | None:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

    key = secret.key(PURPOSE, 64)
    try:
        whole = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        head = {ALIKE: 1, APART: 17}.get(whole[:1])
        return None if head is None else AESSIV(key).decrypt(whole[head:], [whole[:head]]).decode()
    except (binascii.Error, ValueError, InvalidTag):
        return None


TRANSFORMS: tuple[type[Transform], ...] = (Pseudonymize, EncryptColumn, DecryptColumn)
