"""Keeps what steps learned, as JSON that people can read and Arrow files for tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from transforms.core.transform import Learned

Kind = TypeVar("Kind", bound=Learned)


def write_learned(learned: Learned, folder: Path) -> None:
    """Write ``learned.json`` into a folder, and one Arrow file for each table field."""
    folder.mkdir(parents=True, exist_ok=True)
    values: dict[str, Any] = {}
    for name in type(learned).model_fields:
        value = getattr(learned, name)
        if isinstance(value, pl.DataFrame):
            value.write_ipc(folder / f"{name}.arrow")
            values[name] = {"arrow": f"{name}.arrow"}
        else:
            values[name] = json.loads(learned.model_dump_json(include={name}))[name]
    (folder / "learned.json").write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_learned(kind: type[Kind], folder: Path) -> Kind:
    """What :func:`write_learned` wrote."""
    values = json.loads((folder / "learned.json").read_text(encoding="utf-8"))
    for name, value in values.items():
        if isinstance(value, dict) and value.keys() == {"arrow"}:
            values[name] = pl.read_ipc(folder / value["arrow"])
    return kind.model_validate(values)
