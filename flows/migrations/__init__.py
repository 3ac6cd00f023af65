"""Older flow formats, brought up to date: one pure function per step of the format number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""``MIGRATIONS[n]`` turns a document of format ``n`` into one of format ``n + 1``."""


def migrated(document: dict[str, Any]) -> dict[str, Any]:
    """A document in the current format."""
    while (step := MIGRATIONS.get(document["format"])) is not None:
        document = step(document)
    return document
