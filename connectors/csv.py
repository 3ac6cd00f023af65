"""CSV and its relatives: tab, semicolon, pipe.

Every value is read as text and then as the type of its column (:mod:`connectors.core.text`), so that
nothing becomes missing, loses a leading zero or a digit without a word. This costs no more than letting
polars parse the types.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Self

import polars as pl
from pydantic import Field, field_validator

from connectors.core.connector import Context, SourceError
from connectors.core.files import (
    FileSource,
    Part,
    PathDestination,
    compressed,
    fingerprint,
    grouped,
    holds,
    spans,
    temporary_file,
)
from connectors.core.text import Reading, TextPart, TextType, check_names, chosen, told_of, typed_table

BLOCK = 1 << 20


@dataclass(frozen=True)
class Dialect:
    """How a CSV file is written."""

    delimiter: str
    quote: str
    header: bool
    encoding: str
    skip_rows: int
    null_values: tuple[str, ...]

    def names(self, file: Path) -> list[str]:
        """Names of the columns, from the first row."""
        with told_of(str(file)):
            try:
                return list(self._cleaned(self._names_in(file)).values())
            except pl.exceptions.NoDataError:
                raise SourceError(f"{file} is empty, so its columns are unknown. Check the file.") from None

    def text(self, file: Path, names: Sequence[str], start: int = 0, stop: int | None = None) -> pl.LazyFrame:
        """Rows of a file, or of a range of its bytes, as text."""
        source: Path | bytes = self._utf8(file)
        if stop is not None:
            with file.open("rb") as opened:
                opened.seek(start)
                source = opened.read(stop - start)
        if not self.header or start:
            return self._scan(source, header=False, names=names)
        cleaned = self._cleaned(self._names_in(file))
        return self._scan(source, header=True, names=list(cleaned)).rename(cleaned)

    def _names_in(self, file: Path) -> list[str]:
        return self._scan(self._utf8(file), header=self.header).collect_schema().names()

    def _cleaned(self, names: Sequence[str]) -> dict[str, str]:
        # Polars takes doubled quotes for one in values, but not in names.
        return {name: name.replace(self.quote * 2, self.quote) if self.quote else name for name in names}

    def _scan(self, source: Path | bytes, *, header: bool, names: Sequence[str] | None = None) -> pl.LazyFrame:
        return pl.scan_csv(
            source,
            has_header=header,
            separator=self.delimiter,
            quote_char=self.quote or None,
            skip_lines=self.skip_rows,
            schema=None if names is None else pl.Schema(dict.fromkeys(names, pl.String())),
            null_values=list(self.null_values) or None,
            encoding="utf8-lossy" if self.encoding == "utf8-lossy" else "utf8",
            infer_schema=False,
            glob=False,
        )

    def _utf8(self, file: Path) -> Path:
        if self.encoding in ("utf8", "utf8-lossy"):
            return file
        stat = file.stat()
        return _transcoded(file, self.encoding, stat.st_size, stat.st_mtime_ns)


class CsvSource(FileSource):
    """Rows of text files whose values are separated by a sign.

    Nothing between two delimiters is missing; ``""`` is empty text, or missing in a column of another
    type. A row with too few values is filled with missing ones, a row with too many is an error.
    """

    id = "csv"
    label = "CSV"
    proof = "real"
    suffixes = (".csv", ".tsv", ".txt", ".csv.gz", ".csv.zst")

    delimiter: str = Field(",", min_length=1, max_length=1)
    """Sign between two values."""
    quote: str = Field('"', max_length=1)
    """Sign around values that hold delimiters or line ends; empty for none."""
    header: bool = True
    """Whether the first row holds the names of the columns."""
    encoding: str = "utf8"
    """How characters are written: ``utf8``, ``utf8-lossy`` to replace what is not UTF-8, ``windows-1252`` ..."""
    skip_rows: int = Field(0, ge=0)
    """Lines before the first row to leave out."""
    null_values: tuple[str, ...] = ()
    """Texts that mean missing, besides nothing at all."""
    types: dict[str, TextType] = {}
    """Types of columns, by name; of the others they are chosen from their values. Dates are ISO 8601."""
    try_parse_dates: bool = False
    """Whether columns of ISO dates and times are read as such; text otherwise."""
    infer_rows: int = Field(100_000, ge=1)
    """Rows to choose types from. All rows are checked against them while they are read."""

    @field_validator("encoding")
    @classmethod
    def _known(cls, encoding: str) -> str:
        if encoding == "utf8-lossy":
            return encoding
        try:
            name = codecs.lookup(encoding).name
        except LookupError as error:
            raise ValueError(f"{encoding!r} is not an encoding. Common ones: utf8, windows-1252, utf-16.") from error
        return "utf8" if name in ("utf-8", "utf-8-sig", "ascii") else encoding

    def scan(self, context: Context) -> pl.LazyFrame:
        files, dialect = self.files(context), self._dialect()
        names = _same_names(files, dialect)
        check_names(self.types, names, str(files[0]))
        readings = self._readings(files, names)
        start, stop = (self.part.start, self.part.stop) if self.part else (0, None)
        parts = [TextPart(str(each), partial(dialect.text, each, names, start, stop)) for each in files]
        schema = pl.Schema({name: DTYPES[each.type] for name, each in readings.items()})
        return typed_table(parts, schema, readings, self.id)

    def pieces(self, context: Context, at_most: int) -> tuple[Self, ...]:
        """Several files in groups; one big file by ranges of lines, where no value is quoted.

        A quoted value may hold line ends, so a file with quotes is not cut.
        """
        files, dialect = self.files(context), self._dialect()
        if self.part or at_most < 2:
            return (self,)
        names = _same_names(files, dialect)
        types = {name: each.type for name, each in self._readings(files, names).items() if not each.declared}
        if len(files) > 1:
            parts = [Part(files=tuple(map(str, each)), types=types) for each in grouped(files, at_most)]
        elif self._can_be_cut(files[0]):
            cuts = spans(files[0], at_most)
            parts = [Part(files=(str(files[0]),), start=start, stop=stop, types=types) for start, stop in cuts]
        else:
            return (self,)
        return tuple(self.model_copy(update={"part": each}) for each in parts)

    def _dialect(self) -> Dialect:
        return Dialect(self.delimiter, self.quote, self.header, self.encoding, self.skip_rows, self.null_values)

    def _readings(self, files: Sequence[Path], names: Sequence[str]) -> dict[str, Reading]:
        if self.part and self.part.types:
            inferred = self.part.types
        else:
            key = (tuple(files), fingerprint(files), self._dialect())
            inferred = dict(_chosen(*key, tuple(names), self.infer_rows, self.try_parse_dates, frozenset(self.types)))
        declared = {name: Reading(type, declared=True) for name, type in self.types.items()}
        return {name: declared.get(name) or Reading(inferred[name]) for name in names}

    def _can_be_cut(self, file: Path) -> bool:
        plain = self.encoding in ("utf8", "utf8-lossy") and not self.skip_rows and not compressed(file)
        return plain and not (self.quote and holds(file, self.quote.encode()))


DTYPES: dict[TextType, pl.DataType] = {
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "text": pl.String(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "datetime": pl.Datetime("us"),
    "time": pl.Time(),
}


def _same_names(files: Sequence[Path], dialect: Dialect) -> list[str]:
    """Names of the columns of all files.

    Raises:
        SourceError: two files differ; says in what.
    """
    names = dialect.names(files[0])
    for file in files[1:]:
        mine = dialect.names(file)
        if sorted(mine) != sorted(names):
            missing = [repr(each) for each in names if each not in mine]
            extra = [repr(each) for each in mine if each not in names]
            what = [f"lacks {', '.join(missing)}"] * bool(missing) + [f"also has {', '.join(extra)}"] * bool(extra)
            raise SourceError(
                f"{file} does not have the columns of {files[0]}: it {' and '.join(what)}. "
                "Read files of different columns as tables of their own."
            )
    return names


@lru_cache(maxsize=64)
def _chosen(
    files: tuple[Path, ...],
    _fingerprint: str,
    dialect: Dialect,
    names: tuple[str, ...],
    rows: int,
    dates: bool,
    declared: frozenset[str],
) -> tuple[tuple[str, TextType], ...]:
    each_rows = max(1000, rows // len(files))
    with told_of(f"{files[0]}" if len(files) == 1 else f"{files[0]} and its like"):
        samples = [dialect.text(file, names).head(each_rows).select(names) for file in files]
        return tuple(chosen(pl.concat(samples), [each for each in names if each not in declared], dates=dates).items())


@lru_cache(maxsize=64)
def _transcoded(file: Path, encoding: str, size: int, changed: int) -> Path:
    """A copy in UTF-8, kept until the process ends or the file changes.

    Raises:
        SourceError: the file is not in that encoding.
    """
    if compressed(file):
        raise SourceError(f"{file} is compressed; only UTF-8 is read from compressed files. Unpack it first.")
    copy = temporary_file(".csv")
    try:
        with file.open(encoding=encoding, newline="") as given, copy.open("w", encoding="utf8", newline="") as made:
            while block := given.read(BLOCK):
                made.write(block.removeprefix("\ufeff") if made.tell() == 0 else block)
    except UnicodeError as error:
        copy.unlink()
        raise SourceError(f"{file} is not in the encoding {encoding}: {error}. Choose another.") from None
    return copy


class CsvDestination(PathDestination):
    """A CSV file in UTF-8.

    Missing values are written as nothing and empty text as ``""``, so that both come back.
    """

    id = "csv"
    label = "CSV"
    proof = "real"
    suffix = ".csv"
    cannot_hold = (pl.List, pl.Array, pl.Struct, pl.Binary, pl.Duration)

    delimiter: str = Field(",", min_length=1, max_length=1)
    """Sign between two values."""
    header: bool = True
    """Whether the first row holds the names of the columns."""
    null_value: str = ""
    """How a missing value is written."""
    guard_formulas: bool = False
    """Whether text that a spreadsheet would run as a formula (it begins with = + - @ or a tab) is written after a
    single quote. The text is changed by that: only for files that people open in a spreadsheet."""

    def sink(self, rows: pl.LazyFrame, path: Path) -> pl.LazyFrame:
        return (_guarded(rows) if self.guard_formulas else rows).sink_csv(
            path,
            separator=self.delimiter,
            include_header=self.header,
            null_value=self.null_value,
            quote_style="necessary",
            time_format="%H:%M:%S%.6f",
            check_extension=False,
            maintain_order=True,
            lazy=True,
        )


def _guarded(rows: pl.LazyFrame) -> pl.LazyFrame:
    schema = rows.collect_schema()
    formula = r"^[=+\-@\t\r]"
    guarded = [
        pl.when(pl.col(name).str.contains(formula)).then(pl.lit("'") + pl.col(name)).otherwise(pl.col(name)).alias(name)
        for name, dtype in schema.items()
        if dtype == pl.String
    ]
    return rows.with_columns(guarded).rename({name: f"'{name}" for name in schema if name[:1] in tuple("=+-@\t\r")})


SOURCES = (CsvSource,)
DESTINATIONS = (CsvDestination,)
