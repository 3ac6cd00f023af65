"""JSON: a table as one value."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import polars as pl
from pydantic import Field

from connectors.core.connector import Context, SourceError, StagedDestination
from connectors.core.files import FileMode, check_types, check_writable, replaced, temporary_file
from connectors.core.records import Lines, shown
from connectors.core.text import told_of
from connectors.ndjson import NdjsonSource, as_json


class JsonSource(NdjsonSource):
    """A list of records, an object that holds one such list, or an object of columns.

    The file is held in memory once, to be written as one record a line, and is then read like NDJSON.
    """

    id = "json"
    label = "JSON"
    proof = "real"
    suffixes = (".json",)

    records: str = ""
    """Key of the list of records, where the file is an object that holds several; ``result.items`` for a list
    inside of another object."""

    def lines(self, context: Context) -> tuple[Lines, ...]:
        return tuple(Lines(str(each), self._converted(each)) for each in self.files(context))

    def _can_be_cut(self, files: Sequence[Path]) -> bool:
        return len(files) > 1

    def _converted(self, file: Path) -> Path:
        stat = file.stat()
        return _as_lines(file, self.records, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=64)
def _as_lines(file: Path, key: str, size: int, changed: int) -> Path:
    """A copy of one record a line, kept until the process ends or the file changes.

    Raises:
        SourceError: the file is not JSON, or is no table.
    """
    with told_of(str(file)):
        text = file.read_text(encoding="utf-8-sig")
    if not text.strip():
        raise SourceError(f"{file} is empty, so its columns are unknown. Check the file.")
    try:
        value = json.loads(text)
    except ValueError as error:
        raise SourceError(f"{file} is not JSON: {error}. {_advice(text)}") from None
    copy = temporary_file(".ndjson")
    with copy.open("wb") as lines:
        for row, record in enumerate(_records(value, key, str(file)), start=1):
            lines.write(_line(record, row, str(file)))
    return copy


def _advice(text: str) -> str:
    first = text.lstrip().partition("\n")[0]
    try:
        several = isinstance(json.loads(first), dict)
    except ValueError:
        several = False
    return "It holds one object a line: read it as NDJSON." if several else "Check the file."


def _line(record: dict[str, Any], row: int, where: str) -> bytes:
    try:
        return (json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n").encode()
    except UnicodeEncodeError:
        raise SourceError(
            f"{where}: row {row:,} holds half a character (a lone surrogate). Correct the file."
        ) from None
    except ValueError:
        raise SourceError(f"{where}: row {row:,} holds NaN or infinity, which is no JSON. Correct the file.") from None


def _records(value: Any, key: str, where: str) -> Iterator[dict[str, Any]]:
    """The records of a table, whichever way it is written."""
    for part in filter(None, key.split(".")):
        if not isinstance(value, dict) or part not in value:
            known = f"It has {', '.join(map(repr, value))}." if isinstance(value, dict) else "It is no object."
            raise SourceError(f"{where} has no {key!r}: there is no {part!r}. {known}")
        value = value[part]
    if isinstance(value, list):
        return _from_list(value, where)
    if isinstance(value, dict):
        return _from_object(value, where)
    raise SourceError(f"{where} is no table but {shown(json.dumps(value))}. {EXPECTED}")


EXPECTED = "A table is a list of objects, an object that holds one such list, or an object of lists of the same length."


def _from_list(values: list[Any], where: str) -> Iterator[dict[str, Any]]:
    if not values:
        raise SourceError(f"{where} holds no record, so its columns are unknown. Check the file.")
    for row, each in enumerate(values, start=1):
        if not isinstance(each, dict):
            raise SourceError(f"{where}: row {row:,} is no object but {shown(json.dumps(each))}. {EXPECTED}")
    return iter(values)


def _from_object(value: dict[str, Any], where: str) -> Iterator[dict[str, Any]]:
    tables = [name for name, each in value.items() if isinstance(each, list) and each and isinstance(each[0], dict)]
    lists = [name for name, each in value.items() if isinstance(each, list)]
    if lists and len(lists) == len(value):
        # All of it is lists: columns, unless it is one list of records.
        lengths = {name: len(value[name]) for name in lists}
        if len(tables) < len(lists) and len(set(lengths.values())) == 1:
            return (dict(zip(value, row, strict=True)) for row in zip(*value.values(), strict=True))
        if not tables:
            sizes = ", ".join(f"{name!r} {length:,}" for name, length in lengths.items())
            raise SourceError(f"{where} holds columns of different lengths ({sizes}). Correct the file.")
    if len(tables) == 1:
        return _from_list(value[tables[0]], where)
    if tables:
        names = ", ".join(map(repr, tables))
        raise SourceError(f'{where} holds several tables: {names}. Choose one ("records": "{tables[0]}").')
    raise SourceError(f"{where} is no table: an object of {', '.join(map(repr, value)) or 'nothing'}. {EXPECTED}")


class JsonDestination(StagedDestination):
    """A file that is a list of records, one a line, in UTF-8; missing values are ``null``.

    Dates and times are written as ISO 8601, decimals as text of all their digits.
    """

    id = "json"
    label = "JSON"
    category = "Files"
    proof = "real"

    path: str = Field(min_length=1)
    """File to write, relative to the flow; its folder is made when it is not there."""
    mode: FileMode = "replace"
    """When the file is there already: replace it, or refuse to write."""
    on_nan: Literal["fail", "null"] = "fail"
    """JSON has neither NaN nor infinity: refuse to write such numbers, or write them as missing."""

    def target(self, context: Context) -> str:
        return str(context.path(self.path))

    def check(self, context: Context, schema: pl.Schema) -> None:
        check_writable(context.path(self.path), self.mode)
        check_types(schema, (pl.Binary, pl.Duration), self.label)

    def load(self, rows: pl.LazyFrame, context: Context) -> int:
        self.check(context, rows.collect_schema())
        written = 0
        with replaced(context.path(self.path)) as partial, partial.open("w", encoding="utf-8", newline="\n") as file:
            file.write("[")
            for batch in as_json(rows, self.on_nan).collect_batches(maintain_order=True):
                if batch.height:
                    file.write(",\n" if written else "\n")
                    file.write(batch.write_ndjson().rstrip("\n").replace("\n", ",\n"))
                    written += batch.height
            file.write("\n]\n")
        return written


SOURCES = (JsonSource,)
DESTINATIONS = (JsonDestination,)
