"""Previews, kept by what they were computed from."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

import polars as pl

from flows.store import Record


@dataclass(frozen=True)
class Preview:
    """The rows of one output of a node, on a sample."""

    table: pl.DataFrame
    sampled: bool
    """Whether the sources were cut to a sample, so that the rows are not all there are."""


class PreviewCache:
    """The latest previews and fits by content key, up to a number of bytes.

    Two steps with the same content key give the same rows, so nothing here is ever out of date: an
    edit changes the keys of the step and of all after it, and leaves the others where they are.
    """

    def __init__(self, limit_bytes: int = 512 * 2**20) -> None:
        self._limit = limit_bytes
        self._previews: OrderedDict[str, Preview] = OrderedDict()
        self._records: dict[str, Record] = {}
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: str) -> Preview | None:
        """A preview that is still there."""
        with self._lock:
            if key in self._previews:
                self._previews.move_to_end(key)
            return self._previews.get(key)

    def put(self, key: str, preview: Preview) -> None:
        """Keep a preview, letting go of those not looked at for longest."""
        with self._lock:
            if key in self._previews:
                return
            self._previews[key] = preview
            self._size += int(preview.table.estimated_size())
            while self._size > self._limit and len(self._previews) > 1:
                _, dropped = self._previews.popitem(last=False)
                self._size -= int(dropped.table.estimated_size())

    def record(self, key: str) -> Record | None:
        """What a step learned on this content."""
        return self._records.get(key)

    def keep_record(self, key: str, record: Record) -> None:
        """Keep what a step learned on a content."""
        self._records[key] = record
