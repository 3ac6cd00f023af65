"""Files: finding them, telling when they change, cutting them, putting them in place."""

from __future__ import annotations

import atexit
import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import ClassVar, Literal

import polars as pl
from pydantic import ConfigDict, Field

from connectors.core.connector import Connector, Context, DestinationError, FileDestination, SourceError
from connectors.core.text import TextType
from transforms.core.dtypes import type_name
from transforms.core.errors import did_you_mean
from transforms.core.params import Params

SMALLEST_SPAN = 4 << 20
"""Bytes below which a file is not worth cutting."""
BLOCK = 1 << 20

FileMode = Literal["replace", "create"]
"""What to do when the file is there already: put the new one in its place, or refuse."""


class Part(Params):
    """Some of the rows of a table that lies in files."""

    files: tuple[str, ...]
    """Files that hold them, in order."""
    start: int = 0
    """First row or byte, of a part of one file."""
    stop: int | None = None
    """One past the last row or byte; none for all to the end."""
    types: dict[str, TextType] = {}
    """Types that were chosen for the columns of the whole table."""
    records: str = ""
    """The same for records of JSON, whose types nest: see :func:`connectors.core.records.types_as_json`."""


class FileSource(Connector):
    """A table that lies in one file, in several of the same columns, or in a folder of such files."""

    category = "Files"
    suffixes: ClassVar[tuple[str, ...]]
    """Endings of the files to take from a folder."""

    path: str = Field(min_length=1)
    """File, folder or pattern such as ``sales-*.csv``, relative to the flow."""
    part: Part | None = Field(None, json_schema_extra={"widget": "hidden"})
    """A piece of the table, made by ``pieces``."""

    def files(self, context: Context) -> list[Path]:
        """The files to read, in order of their names.

        Raises:
            SourceError: there is none.
        """
        return [Path(each) for each in self.part.files] if self.part else found(context, self.path, self.suffixes)

    def fingerprint(self, context: Context) -> str:
        return fingerprint(self.files(context))


class PathDestination(FileDestination):
    """A destination that is a file at a path."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=False)

    category = "Files"
    cannot_hold: ClassVar[tuple[type[pl.DataType], ...]] = ()

    file: str = Field(alias="path", min_length=1)
    """File to write, relative to the flow; its folder is made when it is not there."""
    mode: FileMode = "replace"
    """When the file is there already: replace it, or refuse to write."""

    def path(self, context: Context) -> Path:
        return context.path(self.file)

    def target(self, context: Context) -> str:
        return str(self.path(context))

    def check(self, context: Context, schema: pl.Schema) -> None:
        check_writable(self.path(context), self.mode)
        check_types(schema, self.cannot_hold, self.label)


def found(context: Context, text: str, suffixes: Sequence[str]) -> list[Path]:
    """The files that a path, a folder or a pattern means, in order of their names.

    Raises:
        SourceError: there is none; near names of the same folder are offered.
    """
    path = context.path(text)
    if path.is_file():
        return [path]
    if path.is_dir():
        inside = sorted(each for each in path.iterdir() if each.is_file() and each.name[0] not in "._")
        wanted = [each for each in inside if each.name.lower().endswith(tuple(suffixes))]
        if not wanted:
            raise SourceError(f"The folder {path} holds no {' or '.join(suffixes)} file. Check the path.")
        return wanted
    if any(sign in text for sign in "*?["):
        pattern = Path(text).expanduser()
        base = Path(pattern.anchor) if pattern.is_absolute() else context.folder
        matches = sorted(each for each in base.glob(str(pattern.relative_to(pattern.anchor))) if each.is_file())
        if not matches:
            raise SourceError(f"No file matches {path}. Check the pattern.")
        return matches
    if not path.parent.is_dir():
        raise SourceError(f"There is no file {path}: there is no folder {path.parent}. Check the path.")
    beside = [each.name for each in path.parent.iterdir()]
    raise SourceError(f"There is no file {path}. {did_you_mean(path.name, beside) or 'Check the path.'}")


def fingerprint(files: Sequence[Path]) -> str:
    """A short text that changes when a file is added, taken away, renamed or written."""
    facts = [(str(each), (stat := each.stat()).st_size, stat.st_mtime_ns) for each in files if each.exists()]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:24]


def spans(path: Path, at_most: int) -> list[tuple[int, int]]:
    """Byte ranges that together are the file, each beginning at the start of a line."""
    size = path.stat().st_size
    count = max(1, min(at_most, size // SMALLEST_SPAN))
    starts = {0, size}
    with path.open("rb") as file:
        for i in range(1, count):
            file.seek(size * i // count)
            file.readline()
            starts.add(file.tell())
    return list(pairwise(sorted(starts)))


def holds(path: Path, byte: bytes) -> bool:
    """Whether a byte occurs in a file."""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            if byte in block:
                return True
    return False


def compressed(path: Path) -> bool:
    """Whether polars would unpack the file: gzip, Zstandard and zlib by their first bytes."""
    with path.open("rb") as file:
        head = file.read(4)
    return head.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\x78\x01", b"\x78\x9c", b"\x78\xda"))


def grouped(files: Sequence[Path], at_most: int) -> list[list[Path]]:
    """Neighbouring files together, in no more groups than told, of about the same size."""
    total = sum(each.stat().st_size for each in files) or 1
    groups: dict[int, list[Path]] = {}
    before = 0
    for each in files:
        groups.setdefault(min(at_most - 1, before * at_most // total), []).append(each)
        before += each.stat().st_size
    return list(groups.values())


def check_writable(path: Path, mode: FileMode) -> None:
    """Refuse a file that cannot be made.

    Raises:
        DestinationError: it is there and may not be replaced, or its folder is a file.
    """
    if mode == "create" and path.exists():
        raise DestinationError(f"{path} is there already. Choose another name, or the mode replace.")
    folder = next(each for each in path.parents if each.exists())
    if not folder.is_dir():
        raise DestinationError(f"{path} cannot be written: {folder} is a file, not a folder.")
    if not os.access(folder, os.W_OK):
        raise DestinationError(f"{path} cannot be written: you may not write to {folder}.")


def check_types(schema: pl.Schema, cannot_hold: tuple[type[pl.DataType], ...], label: str) -> None:
    """Refuse columns of types that the format does not have.

    Raises:
        DestinationError: names the first such column.
    """
    for name, dtype in schema.items():
        if isinstance(dtype, cannot_hold):
            raise DestinationError(
                f"Column {name!r} holds {type_name(dtype)} values, which {label} cannot hold. "
                "Change its type first, or leave the column out."
            )


@cache
def temporary_folder() -> Path:
    """A folder for copies of files, which is removed when the process ends."""
    folder, process = Path(tempfile.mkdtemp(prefix="dataprep-")), os.getpid()

    def remove() -> None:
        if os.getpid() == process:  # a forked process must not remove what its parent uses
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder


def temporary_file(suffix: str) -> Path:
    """A new empty file in :func:`temporary_folder`."""
    handle, name = tempfile.mkstemp(dir=temporary_folder(), suffix=suffix)
    os.close(handle)
    return Path(name)


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A temporary path beside a file, which takes its place when all went well and is removed otherwise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.partial")
    try:
        yield partial
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()
