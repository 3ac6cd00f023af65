"""Excel workbooks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from math import isfinite
from pathlib import Path
from typing import Any, Literal

import polars as pl
from pydantic import Field

from connectors.core.connector import Context, DestinationError, SourceError, StagedDestination
from connectors.core.drivers import driver
from connectors.core.files import FileMode, FileSource, check_types, check_writable, fingerprint, replaced
from connectors.core.lazy import lazy_table
from transforms.core.errors import did_you_mean

MAX_ROWS = 1_048_576
MAX_COLUMNS = 16_384
MAX_TEXT = 32_767
"""Limits of a worksheet, header included, and of a cell (Microsoft, Excel specifications and limits)."""
WHOLE = 2**53
"""Whole numbers above are not exact: Excel stores all numbers as 64-bit floats."""
MICROSECONDS_OF_A_DAY = 86_400_000_000


class ExcelSource(FileSource):
    """Rows of a worksheet: xlsx, xlsm, xlsb or xls.

    Excel keeps a type for each cell. A column of cells of one type has it; whole numbers throughout are
    integers, dates without a time of day are dates. A column of several types is text. Rows at the end of
    which no cell has a value are no rows. The whole sheet is held in memory.
    """

    id = "excel"
    label = "Excel"
    proof = "real"
    suffixes = (".xlsx", ".xlsm", ".xlsb", ".xls")

    sheet: str | int = 1
    """Worksheet, by name, or by number from 1."""
    header_row: int = Field(1, ge=0)
    """Row that holds the names of the columns, from 1; rows above are left out. 0 when there is none."""
    use_columns: str = ""
    """Columns to read, as Excel names them: ``A:C,F``. All when empty."""
    error_cells: Literal["fail", "missing"] = "fail"
    """What cells such as ``#N/A`` are: a reason not to read the sheet, or missing values."""

    def scan(self, context: Context) -> pl.LazyFrame:
        table = self._table(context)

        def batches(names: list[str], at_most: int | None) -> Iterator[pl.DataFrame]:
            rows = self._table(context).select(names)
            yield rows if at_most is None else rows.head(at_most)

        return lazy_table(batches, table.schema, self.id)

    def _table(self, context: Context) -> pl.DataFrame:
        files = self.files(context)
        return _sheets(
            tuple(files),
            fingerprint(files),
            self.sheet,
            self.header_row,
            self.use_columns,
            self.error_cells == "fail",
        )


@lru_cache(maxsize=2)
def _sheets(
    files: tuple[Path, ...], _fingerprint: str, sheet: str | int, header_row: int, columns: str, strict: bool
) -> pl.DataFrame:
    """The sheets below each other, kept because opening one takes much longer than reading it again."""
    options: dict[str, Any] = {"header_row": header_row - 1 if header_row else None, "use_columns": columns or None}
    tables = [_sheet(file, sheet, options, strict=strict) for file in files]
    for file, table in zip(files, tables, strict=True):
        if table.columns != tables[0].columns:
            raise SourceError(
                f"{file} does not have the columns of {files[0]}: {', '.join(map(repr, table.columns))} instead of "
                f"{', '.join(map(repr, tables[0].columns))}. Read such files as tables of their own."
            )
    return pl.concat(_of_one_type(tables))


def _of_one_type(tables: list[pl.DataFrame]) -> list[pl.DataFrame]:
    # A column whose types differ between files is text, as one whose types differ between cells.
    mixed = [name for name in tables[0].columns if len({table[name].dtype for table in tables}) > 1]
    return [table.with_columns(pl.col(mixed).cast(pl.String)) for table in tables] if mixed else tables


def _sheet(file: Path, sheet: str | int, options: dict[str, Any], *, strict: bool) -> pl.DataFrame:
    fastexcel = driver("fastexcel", "Excel")
    logging.getLogger("fastexcel").setLevel(logging.ERROR)  # that a column has no value is no news
    try:
        book = fastexcel.read_excel(file)
        wanted = _chosen(book.sheet_names, sheet, file)
        if not book.load_sheet(wanted, **options, n_rows=0).available_columns():
            raise SourceError(f"Sheet {book.sheet_names[wanted]!r} of {file} is empty. Choose another sheet.")
        try:
            opened = book.load_sheet(wanted, **options, schema_sample_rows=None)
        except fastexcel.UnsupportedColumnTypeCombinationError:
            opened = book.load_sheet(wanted, **options, dtypes="string")
        batch, errors = opened.to_arrow_with_errors()
    except fastexcel.FastExcelError as error:
        reason = str(error).partition("\n")[0]
        raise SourceError(f"{file} cannot be read: {reason}. Check the file and the settings of the sheet.") from None
    if strict and errors and errors.errors:
        first = errors.errors[0]
        row, place = first.offset_position
        name = next(each.name for each in opened.selected_columns if each.index == place)
        raise SourceError(
            f"{file}: row {row + 1:,} of column {name!r} of sheet {book.sheet_names[wanted]!r}: {first.detail}. "
            'Correct it, or take such cells as missing ("error_cells": "missing").'
        )
    table = pl.DataFrame(pl.from_arrow(batch))
    return table.select(_typed(column) for column in table.get_columns())


def _chosen(names: list[str], sheet: str | int, file: Path) -> int:
    if isinstance(sheet, int) and 1 <= sheet <= len(names):
        return sheet - 1
    if isinstance(sheet, str) and sheet in names:
        return names.index(sheet)
    hint = did_you_mean(str(sheet), names) or f"Sheets: {', '.join(map(repr, names))}."
    raise SourceError(f"{file} has no sheet {sheet!r}. {hint}")


def _typed(values: pl.Series) -> pl.Series:
    """The narrowest type that people would give the values of a column."""
    if values.dtype == pl.Float64:
        present = values.drop_nulls()
        whole = present.is_finite() & (present == present.round(0)) & (present.abs() <= WHOLE)
        return values.cast(pl.Int64) if present.len() and whole.all() else values
    if values.dtype == pl.Datetime:
        days = values.dt.date()
        # A time of day alone is stored as a day that is not there, which readers show as the last of 1899.
        if (days < date(1900, 1, 1)).all() and days.null_count() < values.len():
            return values.dt.time()
        midnight = (values.dt.time() == time()).all()
        return days if midnight and days.null_count() < values.len() else values.dt.cast_time_unit("us")
    return values.dt.cast_time_unit("us") if values.dtype == pl.Duration else values


class ExcelDestination(StagedDestination):
    """A workbook with one sheet (xlsx).

    Nothing is changed: what Excel cannot hold is written as text, value by value. That is whole numbers
    beyond 2**53, decimals of more than 15 digits, NaN and infinity, dates before 1900, times in parts of a
    millisecond and datetimes with a time zone. Text is never taken for a formula, a number or a link.
    """

    id = "excel"
    label = "Excel"
    category = "Files"
    proof = "real"

    path: str = Field(min_length=1)
    """File to write, relative to the flow; its folder is made when it is not there."""
    mode: FileMode = "replace"
    """When the file is there already: replace it, or refuse to write."""
    sheet: str = Field("Data", min_length=1, max_length=31, pattern=r"^[^\[\]:*?/\\']+$")
    """Name of the worksheet."""

    def target(self, context: Context) -> str:
        return str(context.path(self.path))

    def check(self, context: Context, schema: pl.Schema) -> None:
        check_writable(context.path(self.path), self.mode)
        check_types(schema, (pl.List, pl.Array, pl.Struct, pl.Binary), self.label)
        if len(schema) > MAX_COLUMNS:
            raise DestinationError(
                f"The table has {len(schema):,} columns; a worksheet holds {MAX_COLUMNS:,}. Leave some out, or write "
                "CSV or Parquet."
            )

    def load(self, rows: pl.LazyFrame, context: Context) -> int:
        schema = rows.collect_schema()
        self.check(context, schema)
        height = rows.select(pl.len()).collect(engine="streaming").item()
        if height >= MAX_ROWS:
            raise DestinationError(
                f"The table has {height:,} rows; below its header a worksheet holds {MAX_ROWS - 1:,}. "
                "Take fewer rows, or write CSV or Parquet. Nothing was written."
            )
        workbook = driver("xlsxwriter", "Excel").Workbook
        with replaced(context.path(self.path)) as partial, workbook(partial, {"constant_memory": True}) as book:
            sheet = book.add_worksheet(self.sheet)
            for place, name in enumerate(schema):
                _write_text(sheet, 0, place, name)
            _write(sheet, rows, [_writer(sheet, book, dtype) for dtype in schema.dtypes()])
        return int(height)


Write = Callable[[int, int, Any], None]


def _write(sheet: Any, rows: pl.LazyFrame, writers: list[Write]) -> None:
    row = 0
    for batch in rows.collect_batches(chunk_size=10_000, maintain_order=True):
        for values in batch.iter_rows():
            row += 1
            for column, (value, write) in enumerate(zip(values, writers, strict=True)):
                if value is not None:
                    write(row, column, value)


def _write_text(sheet: Any, row: int, column: int, text: str) -> None:
    if len(text) > MAX_TEXT:
        raise DestinationError(
            f"Row {row:,} of column {column + 1:,} is text of {len(text):,} characters; a cell holds {MAX_TEXT:,}. "
            "Shorten it, or write CSV or Parquet. Nothing was written."
        )
    sheet.write_string(row, column, text)


def _writer(sheet: Any, book: Any, dtype: pl.DataType) -> Write:
    """What writes a value of a type: as a cell of Excel where it is exact, as text otherwise."""
    if dtype == pl.String:
        return lambda row, column, value: _write_text(sheet, row, column, value)
    if dtype == pl.Boolean:
        return lambda row, column, value: sheet.write_boolean(row, column, value)
    style = book.add_format({"num_format": FORMATS[type(dtype)]}) if type(dtype) in FORMATS else None

    def write(row: int, column: int, value: Any) -> None:
        number = _number(value)
        if number is None:
            _write_text(sheet, row, column, str(value))
        else:
            sheet.write_number(row, column, number, style)

    return write


FORMATS: dict[type[pl.DataType], str] = {
    pl.Date: "yyyy-mm-dd",
    pl.Datetime: "yyyy-mm-dd hh:mm:ss.000",
    pl.Time: "hh:mm:ss.000",
    pl.Duration: "[h]:mm:ss.000",
}
FIRST_DAY = datetime(1900, 3, 1)
"""Before it Excel counts a 29 February 1900 that never was."""
DAY_ZERO = datetime(1899, 12, 30)


def _number(value: object) -> float | None:
    """The number that Excel stores for a value; ``None`` when it would not be the same value."""
    match value:
        case int():
            return value if abs(value) <= WHOLE else None
        case float():
            return value if isfinite(value) else None
        case Decimal():
            return float(value) if len(value.as_tuple().digits) <= 15 else None
        case datetime(tzinfo=None):
            return _days(value - DAY_ZERO) if value >= FIRST_DAY else None
        case datetime():
            return None
        case date():
            moment = datetime(value.year, value.month, value.day, tzinfo=UTC).replace(tzinfo=None)
            return _days(moment - DAY_ZERO) if moment >= FIRST_DAY else None
        case time():
            moment = datetime.combine(DAY_ZERO, value)
            return _days(moment - DAY_ZERO)
        case timedelta():
            return _days(value)
        case _:
            return None


def _days(span: timedelta) -> float | None:
    microseconds = span // timedelta(microseconds=1)
    return None if microseconds % 1000 else microseconds / MICROSECONDS_OF_A_DAY


SOURCES = (ExcelSource,)
DESTINATIONS = (ExcelDestination,)
