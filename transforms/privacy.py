"""Values that say less about people."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from typing import Literal

import polars as pl
from pydantic import Field

from transforms.core.columns import KeyColumns, taken
from transforms.core.columns import column as exactly
from transforms.core.conversion import as_text
from transforms.core.distinct import over_distinct
from transforms.core.errors import Problem
from transforms.core.transform import Example, RowTransform, Transform

Algorithm = Literal["sha256", "sha512", "sha3_256", "blake2b", "md5"]


class HashColumn(RowTransform):
    """Replace values by their cryptographic hash: equal values stay equal, and joins on them still work.

    A hash without a key hides values that cannot be guessed. Those of which there are few, such as phone
    numbers or dates of birth, can be found again by hashing them all.
    """

    id = "hash_column"
    title = "Hash values"
    terms = ("sha256", "sha512", "md5", "anonymize", "pseudonymize", "checksum", "fingerprint")
    missing = "Null and NaN stay missing; empty text has a hash."
    examples = (
        Example(
            params={"columns": ["email"], "truncate": 16},
            before={"email": ["ann@example.org", None, "ann@example.org"]},
            after={"email": ["438c4c7afe600cdf", None, "438c4c7afe600cdf"]},
        ),
        Example(
            params={"columns": ["id"], "algorithm": "md5", "encoding": "base64", "suffix": "_hash"},
            before={"id": [7, None]},
            after={"id": [7, None], "id_hash": ["jxTkX87qFnpaNt7dS+olQw==", None]},
        ),
    )

    columns: KeyColumns
    """Columns to hash. Numbers, dates and times are hashed as the text they are written as, in UTF-8."""
    algorithm: Algorithm = "sha256"
    """The hash function; md5 only to meet tables that have it already."""
    encoding: Literal["hex", "base64"] = "hex"
    """How the hash is written."""
    truncate: int | None = Field(None, ge=8, le=128)
    """Keep so many characters of it; left empty, all. With 8 hexadecimal digits, two of 77,000 values are as likely as
    not to collide; with 16, of five billion."""
    suffix: str = ""
    """Added to the names of new columns; left empty, the columns are replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.columns if self.suffix else ():
            yield from taken(name + self.suffix, schemas[0], "suffix")

    def exprs(self) -> Iterator[pl.Expr]:
        hashed = _hasher(self.algorithm, self.encoding, self.truncate)
        for name in self.columns:
            text = as_text(exactly(name), self.dtype(name))
            yield over_distinct(text, hashed, pl.String()).alias(name + self.suffix)


def _hasher(algorithm: Algorithm, encoding: str, truncate: int | None) -> Callable[[str], str]:
    def hashed(text: str) -> str:
        digest = hashlib.new(algorithm, text.encode(), usedforsecurity=False).digest()
        written = digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()
        return written[:truncate]

    return hashed


TRANSFORMS: tuple[type[Transform], ...] = (HashColumn,)
