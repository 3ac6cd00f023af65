"""Records written as JSON, one a line: their columns, their types, and which value does not fit.

The types come from every record, not from a sample: a key that only the last record has is a column too.
Whole numbers and other numbers together are numbers, objects take the keys of all of them, values of
other kinds together are text where that loses nothing (an object is then its JSON). Whole numbers beyond
64 bits stay text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from connectors.core.connector import SourceError
from connectors.core.text import told_of
from transforms.core.dtypes import TYPES, type_name

SHOWN = 60
"""Characters of a value that an error shows."""


@dataclass(frozen=True)
class Lines:
    """A file of records, one a line."""

    label: str
    """Its name in errors."""
    file: Path


@lru_cache(maxsize=64)
def record_types(files: tuple[Lines, ...], _fingerprint: str, as_text: frozenset[str]) -> pl.Schema:
    """Columns of all records of some files.

    Args:
        files: where the records are; the fingerprint tells when they change.
        as_text: columns that are taken as text, whatever they hold.

    Raises:
        SourceError: a line is no JSON object, or a column holds kinds of values that do not go together.
    """
    found = [_types_of(each, as_text) for each in files]
    return pl.Schema({name: _settled(dtype) for name, dtype in _together(files, found).items()})


def _types_of(lines: Lines, as_text: frozenset[str]) -> pl.Schema:
    """Columns of a file: those of its first record, then the others."""
    with told_of(lines.label, explain=lambda: _why_not(lines)):
        try:
            types = pl.scan_ndjson(lines.file, infer_schema_length=None).collect_schema()
        except pl.exceptions.SchemaError:
            if not as_text or first_misfit(lines.label, text_lines(lines.file), dict.fromkeys(as_text, pl.String())):
                raise
            # Values that do not go together may be those of a column that is taken as text.
            types = _types_without(lines, as_text)
        first = next((line for line in text_lines(lines.file) if line.strip()), "{}")
    if not types:
        raise SourceError(f"The records of {lines.label} have no keys, so there is no column. Check the file.")
    names = dict.fromkeys((*(name for name in json.loads(first) if name in types), *types))
    return pl.Schema({name: pl.String() if name in as_text else types[name] for name in names})


def _types_without(lines: Lines, names: frozenset[str]) -> pl.Schema:
    taken: dict[str, pl.DataType] = {}
    kept = BytesIO()
    for line in text_lines(lines.file):
        record = json.loads(line) if line.strip() else {}
        taken |= {name: pl.String() for name in record if name in names}
        kept.write(json.dumps({name: value for name, value in record.items() if name not in names}).encode() + b"\n")
    types = pl.scan_ndjson(kept.getvalue(), infer_schema_length=None).collect_schema()
    return pl.Schema({**types, **taken})


def _why_not(lines: Lines) -> SourceError | None:
    with told_of(lines.label):
        if not any(line.strip() for line in text_lines(lines.file)):
            return SourceError(f"{lines.label} is empty, so its columns are unknown. Check the file.")
        return first_misfit(lines.label, text_lines(lines.file), {})


def _together(files: Sequence[Lines], schemas: Sequence[pl.Schema]) -> pl.Schema:
    """The columns of all files, in types that hold the values of all.

    Raises:
        SourceError: names the first column for which there is no such type.
    """
    together = dict(schemas[0])
    for lines, mine in zip(files[1:], schemas[1:], strict=True):
        for name, dtype in mine.items():
            known = together.setdefault(name, dtype)
            try:
                tables = [pl.LazyFrame(schema={name: each}) for each in (known, dtype)]
                together[name] = pl.concat(tables, how="vertical_relaxed").collect_schema()[name]
            except pl.exceptions.SchemaError:
                raise SourceError(
                    f"Column {name!r} holds {type_name(known)} values in {files[0].label} or the next files, and "
                    f"{type_name(dtype)} values in {lines.label}. {_as_text(name)}"
                ) from None
    return pl.Schema(together)


def _settled(dtype: pl.DataType) -> pl.DataType:
    """The type without what no engine can hold: a column with no value is text."""
    match dtype:
        case pl.List(inner=inner):
            return pl.List(_settled(_instance(inner)))
        case pl.Struct(fields=fields) if fields:
            return pl.Struct({each.name: _settled(_instance(each.dtype)) for each in fields})
        case pl.Null() | pl.UInt64() | pl.Int128() | pl.UInt128() | pl.Struct():
            return pl.String()
        case _:
            return dtype


def _instance(dtype: object) -> pl.DataType:
    return dtype() if isinstance(dtype, type) else dtype  # type: ignore[return-value]


def text_lines(file: Path | bytes) -> Iterator[str]:
    """Lines of a file, unpacked where it is compressed."""
    for batch in pl.scan_lines(file, glob=False).collect_batches(maintain_order=True):
        yield from batch.to_series().fill_null("")


def first_misfit(where: str, lines: Iterable[str], types: Mapping[str, pl.DataType]) -> SourceError | None:
    """The first line that is no JSON object, or whose value is not of the type of its column.

    Of columns whose type is not known, a value that is an object, a list or neither, unlike the ones before.
    """
    row, kinds = 0, dict[str, str]()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        row += 1
        try:
            record = json.loads(line, parse_constant=_no_constant)
        except ValueError as error:
            reason = getattr(error, "msg", str(error))
            return SourceError(f"{where}: line {number:,} is not JSON ({reason}): {shown(line)}. Check the file.")
        if not isinstance(record, dict):
            return SourceError(
                f"{where}: line {number:,} is not a record but {shown(line)}. Every line must hold one object; "
                "read a file that is one JSON value as JSON."
            )
        for name, value in record.items():
            found = f"{where}: row {row:,} of column {name!r} is {shown(json.dumps(value, ensure_ascii=False))}"
            if not _number_fits(value):
                return SourceError(f"{found}: a number is beyond 64 bits. Check the file.")
            if name in types and not _fits(value, types[name]):
                kind = type_name(types[name])
                return SourceError(f"{found}, which does not go with the type of its column, {kind}. {_as_text(name)}")
            if value is not None and name not in types:
                before, mine = kinds.setdefault(name, _kind(value)), _kind(value)
                if "text" not in (before, mine) and before != mine:
                    return SourceError(f"{found}, after {before} values in the rows before. {_as_text(name)}")
    return None


def _kind(value: object) -> str:
    return {dict: "object", list: "list", str: "text", bool: "boolean"}.get(type(value), "number")


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def shown(text: str) -> str:
    """A text that is not too long for an error."""
    text = text.strip()
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _as_text(name: str) -> str:
    return f'Declare the column as text ("types": {{"{name}": "text"}}), or correct the file.'


def _number_fits(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_number_fits, value.values()))
    if isinstance(value, list):
        return all(map(_number_fits, value))
    return not isinstance(value, float) or abs(value) != float("inf")


def _fits(value: Any, dtype: pl.DataType) -> bool:
    if value is None:
        return True
    match dtype:
        case pl.Int64():
            return type(value) is int and -(2**63) <= value < 2**63
        case pl.Float64():
            return type(value) in (int, float)
        case pl.Boolean():
            return isinstance(value, bool)
        case pl.List(inner=inner):
            return isinstance(value, list) and all(_fits(each, _instance(inner)) for each in value)
        case pl.Struct(fields=fields):
            types = {each.name: _instance(each.dtype) for each in fields}
            return isinstance(value, dict) and all(_fits(each, types[name]) for name, each in value.items())
        case _:
            return True


def types_as_json(types: Mapping[str, pl.DataType]) -> str:
    """The types of columns as text: words, lists of one, and objects."""
    return json.dumps({name: _shape(dtype) for name, dtype in types.items()}, ensure_ascii=False)


def types_from_json(text: str) -> pl.Schema:
    """What :func:`types_as_json` wrote."""
    return pl.Schema({name: _from_shape(shape) for name, shape in json.loads(text).items()})


def _shape(dtype: pl.DataType) -> Any:
    match dtype:
        case pl.List(inner=inner):
            return [_shape(_instance(inner))]
        case pl.Struct(fields=fields):
            return {each.name: _shape(_instance(each.dtype)) for each in fields}
        case _:
            return type_name(dtype)


def _from_shape(shape: Any) -> pl.DataType:
    if isinstance(shape, list):
        return pl.List(_from_shape(shape[0]))
    if isinstance(shape, dict):
        return pl.Struct({name: _from_shape(each) for name, each in shape.items()})
    return TYPES[shape]
