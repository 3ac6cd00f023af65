"""Keeps what steps learned beside the flow, where people can read and diff it.

``loan.flow.json`` has a folder ``loan.learned`` with one ``<step>.json`` for each fitted step, and an
Arrow file for each table in it. A record is replaced at once: its tables are written first, under
names made of their content, then the JSON that names them. What a step learned the time before stays
in the folder ``previous``, to be compared with; all of it may be put under version control with the flow.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, Literal, Protocol

import polars as pl
from pydantic import ValidationError

from flows.files import write_whole
from transforms.core.errors import DataprepError
from transforms.core.transform import Learned, Transform

PREVIOUS = "previous"
"""The folder, within that of the records, of the records before them."""


class StoreError(DataprepError):
    """What a step learned cannot be read."""


@dataclass(frozen=True)
class Record:
    """What a step learned, and of what."""

    step: str
    transform: str
    version: int
    params: dict[str, Any]
    """Settings with columns named: the columns that were there when it was fitted."""
    definition: str
    """Key of the step and all before it in the document (:mod:`flows.identity`)."""
    content: str
    """Key of the rows it was fitted on."""
    fitted_on: Literal["full", "sample"]
    fitted_at: str
    """Time in UTC, ISO 8601."""
    engine: str
    learned: Learned = field(repr=False)
    edited_at: str = ""
    """When somebody changed what was learned by hand; empty when nobody did."""


class Remember(Protocol):
    """Somewhere to keep what steps learned."""

    def load(self, step: str, kind: type[Transform]) -> Record | None:
        """The record of a step, if there is one."""

    def save(self, record: Record) -> None:
        """Keep a record in place of the step's earlier one."""


class Memory:
    """Keeps records for as long as the process lives."""

    def __init__(self) -> None:
        self._records: dict[str, Record] = {}

    def load(self, step: str, kind: type[Transform]) -> Record | None:
        return self._records.get(step)

    def save(self, record: Record) -> None:
        self._records[record.step] = record


class LearnedFolder:
    """Keeps records in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(self, step: str, kind: type[Transform]) -> Record | None:
        """The record of a step.

        Raises:
            StoreError: there is one, but it is damaged or not of this transform.
        """
        return self._read(self.folder / f"{step}.json", step, kind)

    def previous(self, step: str, kind: type[Transform]) -> Record | None:
        """The record before the one there is now; ``None`` when the step learned only once.

        Raises:
            StoreError: it is damaged or not of this transform.
        """
        return self._read(self.folder / PREVIOUS / f"{step}.json", step, kind)

    def _read(self, path: Path, step: str, kind: type[Transform]) -> Record | None:
        learned = kind.learned_type()
        if learned is None or not path.exists():
            return None
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            return Record(**{**values, "learned": read_learned(learned, values["learned"], self.folder)})
        except (ValueError, TypeError, KeyError, OSError, ValidationError, pl.exceptions.PolarsError) as error:
            raise StoreError(
                f"What step {step!r} learned cannot be read from {path}: {error}. Delete it, or run with --fit refit."
            ) from error

    def save(self, record: Record) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        values = {**asdict(record), "learned": write_learned(record.learned, self.folder, record.step)}
        path, before = self.folder / f"{record.step}.json", self.folder / PREVIOUS / f"{record.step}.json"
        if path.exists() and tables_and_values(path) != values["learned"]:
            write_whole(before, path.read_text(encoding="utf-8"))
        write_whole(path, json.dumps(values, indent=2, ensure_ascii=False) + "\n")
        kept = [values["learned"], tables_and_values(before)]
        used = {each["arrow"] for learned in kept for each in learned.values() if is_table(each)}
        for stale in self.folder.glob(f"{record.step}.*.arrow"):
            if stale.name not in used:
                stale.unlink()


def tables_and_values(path: Path) -> dict[str, Any]:
    """What a record file says was learned; nothing where it cannot be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["learned"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def learned_folder(flow_path: Path) -> Path:
    """The folder beside a flow file that keeps what its steps learned."""
    return flow_path.with_name(flow_path.name.removesuffix(".json").removesuffix(".flow") + ".learned")


def write_learned(learned: Learned, folder: Path, step: str) -> dict[str, Any]:
    """Learned values as JSON; each table in them goes to an Arrow file of the folder, named by its content."""
    folder.mkdir(parents=True, exist_ok=True)
    values: dict[str, Any] = {}
    for name in type(learned).model_fields:
        value = getattr(learned, name)
        if isinstance(value, pl.DataFrame):
            buffer = BytesIO()
            value.write_ipc(buffer)
            path = folder / f"{step}.{name}.{sha256(buffer.getvalue()).hexdigest()[:12]}.arrow"
            if not path.exists():
                draft = path.with_suffix(".partial")
                draft.write_bytes(buffer.getvalue())
                draft.replace(path)
            values[name] = {"arrow": path.name, "rows": value.height}
        else:
            values[name] = field_json(learned, name)
    return values


def field_json(learned: Learned, name: str) -> Any:
    """One learned value as JSON, also where the others are tables that have none."""
    return json.loads(learned.model_dump_json(include={name}))[name]


def read_learned(kind: type[Learned], values: dict[str, Any], folder: Path) -> Learned:
    """What :func:`write_learned` wrote."""
    read = {
        name: pl.read_ipc(BytesIO((folder / each["arrow"]).read_bytes())) if is_table(each) else each
        for name, each in values.items()
    }
    return kind.model_validate(read)


def is_table(value: Any) -> bool:
    """Whether a JSON value stands for a table kept in an Arrow file."""
    return isinstance(value, dict) and value.keys() == {"arrow", "rows"}
