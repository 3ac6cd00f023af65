"""Files that become datasets: which connector reads them, how they seem to be written, putting them in place."""

from __future__ import annotations

import codecs
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import polars as pl

from connectors.catalog import sources
from connectors.core.connector import Connector, Context
from connectors.core.files import FileSource
from dataprep_app.workspace import Dataset, Workspace
from flows.engines.polars_engine import PolarsEngine
from flows.placing import commit, discard, partial_path
from transforms.core.errors import DataprepError

LARGEST_MB = 200
"""Megabytes that are taken through the browser; larger files are put into the folder by hand."""
LOOKED_AT = 1 << 16
DELIMITERS = ",;\t|"
LINES = 20
FALLBACK = "windows-1252"
"""The encoding of text that is not UTF-8: the usual one of spreadsheets in the West."""
BYTE_ORDER_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class UploadError(DataprepError):
    """A file that cannot become a dataset."""


@dataclass(frozen=True)
class Added:
    """A file that became a dataset."""

    dataset: Dataset
    rows: int | None
    """How many rows it has; ``None`` when it cannot be read as it is."""
    problem: str = ""
    """Why it cannot be read, and what to do."""


def file_kinds() -> dict[str, type[FileSource]]:
    """The connectors that read files, by the endings of those."""
    kinds = [each for each in sources().values() if issubclass(each, FileSource)]
    return {suffix: each for each in kinds for suffix in each.suffixes}


def connector_for(name: str) -> type[FileSource]:
    """The connector that reads a file, by its ending.

    Raises:
        UploadError: none does.
    """
    fitting = {suffix: kind for suffix, kind in file_kinds().items() if name.lower().endswith(suffix)}
    if not fitting:
        known = ", ".join(sorted({suffix for suffix in file_kinds() if suffix.count(".") == 1}))
        raise UploadError(f"{name!r} is of no type that can be read. Files may end in {known}.")
    return fitting[max(fitting, key=len)]


def free_path(folder: Path, name: str) -> Path:
    """A path in a folder that nothing lies at: ``loans.csv``, or ``loans-2.csv`` where there is one."""
    plain = Path(name.replace("\\", "/")).name.lstrip(".") or "upload"
    ending = max((each for each in file_kinds() if plain.lower().endswith(each)), key=len, default="")
    stem = plain[: len(plain) - len(ending)]
    path, number = folder / plain, 2
    while path.exists():
        path, number = folder / f"{stem}-{number}{plain[len(stem) :]}", number + 1
    return path


def guessed(path: Path, kind: type[Connector]) -> dict[str, Any]:
    """How a text file seems to be written: settings of its connector that differ from the defaults.

    Raises:
        UploadError: it is no text, though it is named so.
    """
    settings: dict[str, Any] = {"try_parse_dates": True} if "try_parse_dates" in kind.model_fields else {}
    if "delimiter" not in kind.model_fields or path.suffix in (".gz", ".zst"):
        return settings
    with path.open("rb") as file:
        head = file.read(LOOKED_AT)
    encoding = next((name for mark, name in BYTE_ORDER_MARKS.items() if head.startswith(mark)), "utf8")
    if encoding == "utf8":
        if b"\0" in head:
            raise UploadError(f"{path.name} is not text: it holds zero bytes. Check that it is the right file.")
        encoding = encoding_of(head)
    text = head.decode(encoding, errors="ignore")
    if _looks_binary(text):
        raise UploadError(f"{path.name} is not text. Check that it is the right file.")
    found = delimiter_of(text)
    settings |= {"delimiter": found} if found != "," else {}
    return settings | ({"encoding": encoding} if encoding != "utf8" else {})


def encoding_of(head: bytes) -> str:
    """``utf8`` where the bytes are that, a last character cut in two aside; else :data:`FALLBACK`."""
    try:
        codecs.getincrementaldecoder("utf8")().decode(head)
    except UnicodeDecodeError:
        return FALLBACK
    return "utf8"


def delimiter_of(text: str) -> str:
    """The sign that is found most often in every one of the first lines; a comma when none is."""
    lines = [each for each in text.splitlines()[:LINES] if each.strip()]
    # The last line may be cut short.
    lines = lines[:-1] if len(lines) > 1 and len(lines) == len(text.splitlines()) else lines
    least = {sign: min((line.count(sign) for line in lines), default=0) for sign in DELIMITERS}
    best = max(DELIMITERS, key=lambda sign: least[sign])
    return best if least[best] else ","


def upload(space: Workspace, name: str, content: IO[bytes]) -> Added:
    """Write an uploaded file into the workspace and add it as a dataset.

    Text that cannot be read with the settings that were guessed is kept, so that others can be chosen.

    Raises:
        UploadError: it is empty, of no known type, or not what its name says; nothing is kept.
    """
    kind = connector_for(name)
    path = free_path(space.data, name)
    draft = partial_path(path)
    try:
        with draft.open("wb") as file:
            shutil.copyfileobj(content, file)
        if not draft.stat().st_size:
            raise UploadError(f"{path.name} is empty. Choose another file.")
        commit(draft, path)
    except OSError as error:
        raise UploadError(f"{path.name} cannot be written: {error.strerror}. Free some space.") from error
    finally:
        discard(draft)
    try:
        settings = guessed(path, kind)
        rows, problem = _read_through(space, kind, path, settings)
        if problem and "delimiter" not in kind.model_fields and kind.id != "excel":
            raise UploadError(problem)
        if problem and kind.id == "excel" and not _is_workbook(path):
            raise UploadError(f"{path.name} is not an Excel workbook. Check that it is the right file.")
    except UploadError:
        discard(path)
        raise
    dataset = space.add_dataset(path.name, kind.id, {"path": _relative(space, path), **settings})
    return Added(dataset, rows, problem)


def add_by_path(space: Workspace, text: str) -> Added:
    """Add a file, a folder or a pattern that is there already as a dataset; nothing is copied.

    Raises:
        UploadError: there is no such file, or it is of no known type.
    """
    written = text.strip()
    path = Context(space.folder).path(written)
    matching = [path] if path.exists() else sorted(path.parent.glob(path.name)) if path.parent.is_dir() else []
    if not written or not matching:
        raise UploadError(f"There is no file {written!r}. Give its whole path, or one relative to {space.folder}.")
    first = matching[0]
    if first.is_dir():
        inside = sorted(each for each in first.iterdir() if each.is_file() and not each.name.startswith("."))
        if not inside:
            raise UploadError(f"The folder {written!r} holds no file.")
        first = inside[0]
    kind = connector_for(first.name)
    settings = guessed(first, kind)
    relative = _relative(space, path)
    rows, problem = _read_through(space, kind, relative, settings)
    return Added(space.add_dataset(path.name, kind.id, {"path": relative, **settings}), rows, problem)


def first_rows(space: Workspace, connector: str, params: Mapping[str, Any], rows: int) -> pl.DataFrame:
    """The first rows of a dataset read with some settings.

    Raises:
        DataprepError: it cannot be read.
    """
    opened = sources()[connector].model_validate(dict(params))
    return PolarsEngine.over({}).gather([opened.scan(Context(space.folder)).head(rows)])[0]


def without_folder(space: Workspace, text: str) -> str:
    """A sentence that names files of the workspace by their names alone."""
    return text.replace(f"{space.data}/", "").replace(f"{space.folder}/", "")


def _read_through(
    space: Workspace, kind: type[Connector], path: Path | str, settings: Mapping[str, Any]
) -> tuple[int | None, str]:
    """The number of rows, after reading all of them once; or why they cannot be read."""
    try:
        scanned = kind.model_validate({"path": str(path), **settings}).scan(Context(space.folder))
        counted = scanned.select(pl.all().len()) if scanned.collect_schema().len() else scanned.select(pl.len())
        row = PolarsEngine.over({}).gather([counted])[0].row(0)
        return int(row[0]), ""
    except DataprepError as error:
        return None, without_folder(space, str(error))


def _relative(space: Workspace, path: Path) -> str:
    return str(path.relative_to(space.folder)) if path.is_relative_to(space.folder) else str(path)


def _looks_binary(text: str) -> bool:
    control = sum(each < " " and each not in "\t\n\r\f" for each in text)
    return control > len(text) * 0.01


def _is_workbook(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
