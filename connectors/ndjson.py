"""NDJSON: one JSON object a line, also called JSON Lines."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, Literal, Self

import polars as pl

from connectors.core.connector import Context, DestinationError
from connectors.core.files import FileSource, Part, PathDestination, compressed, fingerprint, grouped, spans
from connectors.core.records import (
    Lines,
    first_misfit,
    record_types,
    text_lines,
    types_as_json,
    types_from_json,
)
from connectors.core.text import (
    TEMPORAL_CANDIDATES,
    Reading,
    TextPart,
    TextType,
    check_names,
    chosen,
    told_of,
    typed_table,
)
from transforms.core.dtypes import TYPES

SAMPLE = 100_000
"""Records to choose types of dates from; all are checked against them while they are read."""


class NdjsonSource(FileSource):
    """Records of files of one JSON object a line; every key of any record is a column.

    A key that a record lacks is missing there. Types are those of all values: see
    :mod:`connectors.core.records`. Lists and objects stay lists and objects.
    """

    id = "ndjson"
    label = "NDJSON"
    proof = "real"
    suffixes: ClassVar[tuple[str, ...]] = (".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz", ".ndjson.zst", ".jsonl.zst")

    types: dict[str, TextType] = {}
    """Types of columns, by name; of the others they are those of their values. Dates are ISO 8601."""
    try_parse_dates: bool = False
    """Whether columns of ISO dates and times are read as such; text otherwise, as JSON has no dates."""

    def scan(self, context: Context) -> pl.LazyFrame:
        files = self.lines(context)
        found = self._types(files)
        check_names(self.types, found.names(), files[0].label)
        readings = {name: Reading(type, declared=True) for name, type in self.types.items()}
        readings |= {name: Reading(type) for name, type in self._dates(files, found).items()}
        schema = pl.Schema({name: _dtype(readings.get(name), dtype) for name, dtype in found.items()})
        return typed_table([self._part(each, found) for each in files], schema, readings, self.id)

    def lines(self, context: Context) -> tuple[Lines, ...]:
        """The files to read, as lines of records."""
        return tuple(Lines(str(each), each) for each in self.files(context))

    def pieces(self, context: Context, at_most: int) -> tuple[Self, ...]:
        """Several files in groups; one big file by ranges of lines, unless it is compressed."""
        files = self.files(context)
        if self.part or at_most < 2 or not self._can_be_cut(files):
            return (self,)
        lines = self.lines(context)
        found = self._types(lines)
        if len(files) > 1:
            parts = [Part(files=tuple(map(str, each))) for each in grouped(files, at_most)]
        else:
            cuts = spans(files[0], at_most)
            parts = [Part(files=(str(files[0]),), start=start, stop=stop) for start, stop in cuts]
        types = {"types": self._dates(lines, found), "records": types_as_json(found)}
        return tuple(self.model_copy(update={"part": each.model_copy(update=types)}) for each in parts)

    def _can_be_cut(self, files: Sequence[Path]) -> bool:
        return len(files) > 1 or not compressed(files[0])

    def _types(self, files: tuple[Lines, ...]) -> pl.Schema:
        if self.part and self.part.records:
            return types_from_json(self.part.records)
        return record_types(files, fingerprint([each.file for each in files]), frozenset(self.types))

    def _dates(self, files: tuple[Lines, ...], types: pl.Schema) -> dict[str, TextType]:
        if self.part and self.part.records:
            return self.part.types
        if not self.try_parse_dates:
            return {}
        names = tuple(name for name, dtype in types.items() if dtype == pl.String and name not in self.types)
        return dict(_dates(files, fingerprint([each.file for each in files]), types_as_json(types), names))

    def _part(self, lines: Lines, types: pl.Schema) -> TextPart:
        source: Path | bytes = lines.file
        label = lines.label
        if self.part and self.part.stop is not None:
            start, stop = self.part.start, self.part.stop
            label = f"{label} from byte {start:,}"
            with lines.file.open("rb") as opened:
                opened.seek(start)
                source = opened.read(stop - start)
        return TextPart(
            label,
            lambda: pl.scan_ndjson(source, schema=types),
            lambda: first_misfit(label, text_lines(source), types),
        )


def _dtype(reading: Reading | None, found: pl.DataType) -> pl.DataType:
    return TYPES[reading.type] if reading else found


@lru_cache(maxsize=64)
def _dates(
    files: tuple[Lines, ...], _fingerprint: str, types: str, names: tuple[str, ...]
) -> tuple[tuple[str, TextType], ...]:
    schema = types_from_json(types)
    with told_of(files[0].label):
        samples = [pl.scan_ndjson(each.file, schema=schema).head(SAMPLE // len(files)).select(names) for each in files]
        found = chosen(pl.concat(samples), names, dates=True)
    # Text that holds digits is text: in JSON a number is written as one.
    return tuple((name, type) for name, type in found.items() if type in TEMPORAL_CANDIDATES)


class NdjsonDestination(PathDestination):
    """A file of one JSON object a line, in UTF-8; missing values are ``null``.

    Dates and times are written as ISO 8601, decimals as text of all their digits.
    """

    id = "ndjson"
    label = "NDJSON"
    proof = "real"
    suffix = ".ndjson"
    cannot_hold = (pl.Binary, pl.Duration)

    on_nan: Literal["fail", "null"] = "fail"
    """JSON has neither NaN nor infinity: refuse to write such numbers, or write them as missing."""

    def sink(self, rows: pl.LazyFrame, path: Path) -> pl.LazyFrame:
        return as_json(rows, self.on_nan).sink_ndjson(path, check_extension=False, maintain_order=True, lazy=True)


def as_json(rows: pl.LazyFrame, on_nan: Literal["fail", "null"]) -> pl.LazyFrame:
    """The rows with every value in a form that JSON has."""
    schema = rows.collect_schema()
    dates = [_iso(name, dtype) for name, dtype in schema.items() if isinstance(dtype, pl.Datetime)]
    checked = [_finite(name, dtype) for name, dtype in schema.items() if on_nan == "fail" and _has_floats(dtype)]
    return rows.with_columns(*dates, *checked)


def _iso(name: str, dtype: pl.Datetime) -> pl.Expr:
    return pl.col(name).dt.to_string("%Y-%m-%dT%H:%M:%S%.6f" + ("%:z" if dtype.time_zone else ""))


def _finite(name: str, dtype: pl.DataType) -> pl.Expr:
    def check(values: pl.Series) -> pl.Series:
        if _holds_special(values):
            raise DestinationError(
                f"Column {name!r} holds NaN or infinity, which JSON does not have. Fill such values first, or "
                'have them written as missing ("on_nan": "null").'
            )
        return values

    return pl.col(name).map_batches(check, return_dtype=dtype, is_elementwise=True)


def _has_floats(dtype: pl.DataType) -> bool:
    match dtype:
        case pl.List(inner=inner) | pl.Array(inner=inner):
            return _has_floats(inner() if isinstance(inner, type) else inner)
        case pl.Struct(fields=fields):
            return any(_has_floats(each.dtype() if isinstance(each.dtype, type) else each.dtype) for each in fields)
        case _:
            return dtype.is_float()


def _holds_special(values: pl.Series) -> bool:
    match values.dtype:
        case pl.Struct():
            return any(map(_holds_special, values.struct.unnest().get_columns()))
        case pl.List() | pl.Array():
            return _holds_special(values.explode())
        case dtype:
            return dtype.is_float() and not (values.is_finite() | values.is_null()).all()


SOURCES = (NdjsonSource,)
DESTINATIONS = (NdjsonDestination,)
