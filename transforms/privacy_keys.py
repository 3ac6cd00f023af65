"""Keys that steps use and flows never hold: a setting says where the key is, and a run reads it there."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Protocol

import polars as pl
from pydantic import AfterValidator, Field

from transforms.core.columns import column as exactly
from transforms.core.errors import Problem, StepError
from transforms.core.random import draw

SHORTEST = 32
"""Characters of a key: 32 hexadecimal digits are 128 bits."""
PUBLIC = "example"
"""Stands for a key that everyone knows, to try a step with."""
MAKE_ONE = "A key is made by: openssl rand -hex 32."


def _place(source: str) -> str:
    kind, _, place = source.partition(":")
    if source != PUBLIC and (kind not in ("env", "file") or not place):
        # What was found is not shown: it may be the key.
        raise ValueError("A key is never written here. Say where it is: env:NAME, or file: and a path.")
    return source


KeySource = Annotated[str, AfterValidator(_place), Field(json_schema_extra={"widget": "key_source"})]
"""Where a key is: ``env:NAME``, ``file:/path`` or ``example``."""


class _Unreadable(StepError):
    """A key cannot be had."""


@dataclass(frozen=True)
class Secret:
    """A key, read when a run is planned, so that workers need neither the variable nor the file.

    Where it cannot be read, planning goes on, since the columns can be told without it; it is tried again,
    and an error, where the first value needs it.
    """

    source: str
    text: str | None = field(repr=False)

    @classmethod
    def at(cls, source: str) -> Secret:
        """The key that is found at a place, if any."""
        try:
            return cls(source, _read(source))
        except _Unreadable:
            return cls(source, None)

    def key(self, purpose: str, length: int = 32) -> bytes:
        """So many bytes derived of the key for one purpose (HKDF of RFC 5869 with SHA-256).

        Raises:
            StepError: there is no key, or it is too short.
        """
        return _derived(_read(self.source) if self.text is None else self.text, purpose, length)

    def seed(self, purpose: str, seed: int) -> int:
        """64 bits of randomness that nobody without the key can know."""
        return int.from_bytes(keyed(self.key(purpose), str(seed).encode())[:8], "big")


def _read(source: str) -> str:
    kind, _, place = source.partition(":")
    if source == PUBLIC:
        return "a key that everyone knows hides nothing"
    if kind == "env":
        if place not in os.environ:
            raise _Unreadable(f"The key is to be in the environment variable {place}, which is not set. {MAKE_ONE}")
        text = os.environ[place]
    else:
        try:
            text = Path(place).expanduser().read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise _Unreadable(f"The key is to be in the file {place}, which cannot be read. {MAKE_ONE}") from error
    text = text.strip()
    if len(text) < SHORTEST:
        found = f"The key in {source} has {len(text)} characters, and {SHORTEST} are the least that keep it from"
        raise _Unreadable(f"{found} being guessed. {MAKE_ONE}")
    return text


@lru_cache(maxsize=64)
def _derived(text: str, purpose: str, length: int) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), length, salt=None, info=f"dataprep {purpose}".encode()).derive(text.encode())


def keyed(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA256."""
    return hmac.digest(key, message, "sha256")


def key_problems(source: str | None, name: str = "key_from") -> Iterator[Problem]:
    """What to know about a key before the run; nothing of it is an error, since the flow may run elsewhere."""
    if source == PUBLIC:
        advice = "Say where your own is: env:NAME, or file: and a path."
        yield Problem("The key is the one of the examples, which everyone knows.", advice, name, severity="warning")
    elif source is not None:
        try:
            _read(source)
        except _Unreadable as error:
            yield Problem(str(error), "It has to be there when the flow runs.", name, severity="warning")


def secret_draw(columns: Sequence[str], source: str | None, seed: int, purpose: str) -> pl.Expr:
    """A uniform number for each row from values of it: from the seed alone, or from a key too.

    With the seed alone, whoever has the flow can try which value gives what came out.
    """
    if source is None:
        # Different purposes of one seed are drawn apart.
        return draw(int.from_bytes(hashlib.sha256(f"{purpose} {seed}".encode()).digest()[:8], "big"), columns)
    secret = Secret.at(source)
    if secret.text is not None:
        return draw(secret.seed(purpose, seed), columns)
    nothing = pl.struct(map(exactly, columns)).map_batches(
        lambda rows: _refused(rows, secret, purpose), return_dtype=pl.Float64, is_elementwise=True
    )
    return nothing.alias("draw")


def _refused(rows: pl.Series, secret: Secret, purpose: str) -> pl.Series:
    if len(rows):
        secret.key(purpose)
    return pl.Series(rows.name, [], dtype=pl.Float64)


class TakesKey(Protocol):
    """A step that makes columns with a key."""

    def with_key(self, secret: Secret) -> Iterable[pl.Expr]:
        """Columns to add or replace."""


@dataclass(frozen=True, eq=False)
class WithKey:
    """A row-wise step and its key, as they travel to workers."""

    step: TakesKey
    secret: Secret

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        return rows.with_columns(self.step.with_key(self.secret))
