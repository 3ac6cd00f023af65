"""Flow files: JSON with one fact on a line, so that a change reads well in a diff."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from flows.document import FORMAT, Flow
from flows.migrations import migrated
from transforms.core.errors import DataprepError


class FlowFileError(DataprepError):
    """A flow file cannot be read or written."""


def load(path: Path) -> Flow:
    """Read a flow of this or any earlier format.

    Raises:
        FlowFileError: the file is not there, is not JSON or is not a flow; the text names the place.
    """
    try:
        return parse(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        near = sorted(each.name for each in path.parent.glob("*.flow.json")) if path.parent.is_dir() else []
        hint = f"Flows in that folder: {', '.join(near)}." if near else "Check the path."
        raise FlowFileError(f"There is no flow file {path}. {hint}") from None
    except UnicodeDecodeError as error:
        raise FlowFileError(f"{path} is not UTF-8 text, so it is not a flow: {error.reason}.") from error


def parse(text: str, name: str = "the text") -> Flow:
    """Read a flow from JSON text; ``name`` is what errors call it."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise FlowFileError(f"{name} is not JSON: {error.msg} in line {error.lineno}, column {error.colno}.") from error
    if not isinstance(document, dict) or not isinstance(document.get("format"), int):
        raise FlowFileError(f"{name} is not a flow: it has no 'format' number.")
    if document["format"] > FORMAT:
        raise FlowFileError(
            f"{name} has format {document['format']}; this version of Dataprep reads up to {FORMAT}. Upgrade Dataprep."
        )
    try:
        return Flow.model_validate(migrated(document))
    except ValidationError as error:
        where = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise FlowFileError(f"{name} is not a valid flow: {where}") from error


def save(flow: Flow, path: Path) -> None:
    """Write a flow; a crash leaves either the old file or the new one, whole."""
    write_whole(path, to_json(flow))


def to_json(flow: Flow) -> str:
    """A flow as the text of its file."""
    return dumps(flow.model_dump(mode="json")) + "\n"


def write_whole(path: Path, text: str) -> None:
    """Replace a text file at once, durably."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".partial")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).chmod(path.stat().st_mode if path.exists() else 0o644)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def dumps(value: Any, indent: int = 0) -> str:
    """Like :func:`json.dumps` with ``indent=2``, but a list of plain values stays on its line."""
    pad = "  " * (indent + 1)
    if isinstance(value, dict) and value:
        lines = (
            f"{pad}{json.dumps(key, ensure_ascii=False)}: {dumps(each, indent + 1)}" for key, each in value.items()
        )
        return "{\n" + ",\n".join(lines) + f"\n{pad[2:]}}}"
    if isinstance(value, list) and any(isinstance(each, dict | list) for each in value):
        return "[\n" + ",\n".join(pad + dumps(each, indent + 1) for each in value) + f"\n{pad[2:]}]"
    return json.dumps(value, ensure_ascii=False)
