"""Excel: what a sheet holds, what it cannot hold, and the limits of a worksheet."""

from __future__ import annotations

import zipfile
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import polars as pl
import pytest
import xlsxwriter
from polars.testing import assert_frame_equal
from pydantic import ValidationError

from connectors import excel
from connectors.core.connector import Context, DestinationError, SourceError
from connectors.excel import ExcelDestination, ExcelSource
from tests.connectors.tables import INFINITY, NAN, read, write


def sheet(path: Path, *rows: list[Any], name: str = "Sheet1") -> None:
    """A workbook that another library writes."""
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd hh:mm:ss"}) as book:
        page = book.add_worksheet(name)
        for i, row in enumerate(rows):
            page.write_row(i, 0, row)


def test_ordinary_types_come_back(context: Context) -> None:
    table = pl.DataFrame(
        {
            "whole": [1, 2**53, None],
            "number": [0.1, -1e300, None],
            "flag": [True, False, None],
            "text": ["=1+1", "é😀\n", None],
            "code": ["007", "http://x.org", None],
            "empty": ["", "x", None],
            "day": [date(1900, 3, 1), date(9999, 12, 31), None],
            "clock": [time(0, 0), None, time(23, 59, 59, 999_000)],
            "moment": [datetime(1999, 12, 31, 23, 59, 59, 123_000), datetime(2024, 1, 1), None],
            "span": [timedelta(days=2, hours=3), timedelta(milliseconds=1), None],
            "none": pl.Series([None] * 3, dtype=pl.String),
        }
    )
    assert write(ExcelDestination(path="o.xlsx"), table, context) == 3
    assert_frame_equal(read(ExcelSource(path="o.xlsx"), context), table, check_exact=True)


def test_text_that_looks_like_a_formula_is_text_for_excel_too(context: Context) -> None:
    write(ExcelDestination(path="o.xlsx"), pl.DataFrame({"=a": ["=1+1", "{=2}", "@x", "12"]}), context)
    with zipfile.ZipFile(context.folder / "o.xlsx") as parts:
        root = ElementTree.fromstring(parts.read("xl/worksheets/sheet1.xml"))
    cells = [each for each in root.iter() if each.tag.endswith("}c")]
    assert [each.get("t") for each in cells] == ["inlineStr"] * 5
    assert ["".join(each.itertext()) for each in cells] == ["=a", "=1+1", "{=2}", "@x", "12"]
    assert not [each for each in root.iter() if each.tag.endswith("}f")]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (2**53 + 1, "9007199254740993"),
        (NAN, "nan"),
        (-INFINITY, "-inf"),
        (date(1899, 12, 31), "1899-12-31"),
        (datetime(2024, 1, 1, 0, 0, 0, 1), "2024-01-01 00:00:00.000001"),
        (datetime(2024, 1, 1, 12, tzinfo=UTC), "2024-01-01 12:00:00+00:00"),
        (Decimal("1234567890123456.78"), "1234567890123456.78"),
        (time(1, 2, 3, 4), "01:02:03.000004"),
    ],
)
def test_value_that_excel_cannot_hold_is_written_as_text(value: object, written: str, context: Context) -> None:
    write(ExcelDestination(path="o.xlsx"), pl.DataFrame({"v": [value]}), context)
    assert read(ExcelSource(path="o.xlsx"), context)["v"].to_list() == [written]


def test_decimal_of_few_digits_is_a_number(context: Context) -> None:
    write(ExcelDestination(path="o.xlsx"), pl.DataFrame({"v": [Decimal("0.10"), Decimal("-12345678901.25")]}), context)
    assert read(ExcelSource(path="o.xlsx"), context)["v"].to_list() == [0.1, -12345678901.25]


def test_column_of_several_types_is_text(context: Context) -> None:
    sheet(context.folder / "t.xlsx", ["a", "b"], [1, 1.5], ["x", True], [datetime(2020, 1, 1), 2])
    found = read(ExcelSource(path="t.xlsx"), context)
    assert found["a"].to_list() == ["1", "x", "2020-01-01 00:00:00"]


def test_type_is_that_of_all_rows(context: Context) -> None:
    sheet(context.folder / "t.xlsx", ["a"], *([i] for i in range(3000)), ["late"])
    assert read(ExcelSource(path="t.xlsx"), context)["a"].to_list()[-2:] == ["2999", "late"]


def test_sheet_by_name_or_number(context: Context) -> None:
    with xlsxwriter.Workbook(context.folder / "t.xlsx") as book:
        for name in ("First", "Second"):
            book.add_worksheet(name).write_column(0, 0, ["v", name])
        book.add_worksheet("Void")
    for choice, value in ((1, "First"), (2, "Second"), ("Second", "Second")):
        assert read(ExcelSource(path="t.xlsx", sheet=choice), context)["v"].to_list() == [value]
    with pytest.raises(SourceError, match=r"t\.xlsx has no sheet 'second'\. Did you mean 'Second'"):
        ExcelSource(path="t.xlsx", sheet="second").columns(context)
    with pytest.raises(SourceError, match=r"no sheet 4\. Sheets: 'First', 'Second', 'Void'"):
        ExcelSource(path="t.xlsx", sheet=4).columns(context)
    with pytest.raises(SourceError, match=r"Sheet 'Void' of .*t\.xlsx is empty"):
        ExcelSource(path="t.xlsx", sheet=3).columns(context)


def test_header_row_and_columns(context: Context) -> None:
    sheet(context.folder / "t.xlsx", ["Report", None, None], [None], ["a", "b", "c"], [1, 2, 3], [4, 5, 6])
    found = read(ExcelSource(path="t.xlsx", header_row=3), context)
    assert_frame_equal(found, pl.DataFrame({"a": [1, 4], "b": [2, 5], "c": [3, 6]}))
    assert read(ExcelSource(path="t.xlsx", header_row=3, use_columns="A,C"), context).columns == ["a", "c"]
    sheet(context.folder / "u.xlsx", [1, 2], [3, 4])
    assert read(ExcelSource(path="u.xlsx", header_row=0), context).rows() == [(1, 2), (3, 4)]
    with pytest.raises(SourceError, match=r"t\.xlsx cannot be read: column at index"):
        ExcelSource(path="t.xlsx", header_row=3, use_columns="A,Z").columns(context)


def test_error_cells_are_named_or_missing(context: Context) -> None:
    with xlsxwriter.Workbook(context.folder / "t.xlsx") as book:
        page = book.add_worksheet()
        page.write_column(0, 27, ["n", 1, 2])
        page.write_formula(3, 27, "=NA()", None, "#N/A")
    with pytest.raises(SourceError, match=r"row 3 of column 'n' of sheet 'Sheet1'.*NA"):
        ExcelSource(path="t.xlsx").columns(context)
    found = read(ExcelSource(path="t.xlsx", error_cells="missing"), context)
    assert found["n"].to_list() == [1, 2, None]


def test_error_cell_in_a_column_of_text_is_not_lost(context: Context) -> None:
    with xlsxwriter.Workbook(context.folder / "t.xlsx") as book:
        page = book.add_worksheet()
        page.write_column(0, 0, ["n", "x", 2])
        page.write_formula(3, 0, "=1/0", None, "#DIV/0!")
    with pytest.raises(SourceError, match="row 3 of column 'n'"):
        ExcelSource(path="t.xlsx").columns(context)


def test_files_are_one_table(context: Context) -> None:
    sheet(context.folder / "1.xlsx", ["a", "b"], [1, 2])
    sheet(context.folder / "2.xlsx", ["a", "b"], ["x", 3])
    assert read(ExcelSource(path="?.xlsx"), context).rows() == [("1", 2), ("x", 3)]
    sheet(context.folder / "3.xlsx", ["a", "c"], [1, 2])
    with pytest.raises(SourceError, match=r"3\.xlsx does not have the columns of .*1\.xlsx"):
        ExcelSource(path="?.xlsx").columns(context)


def test_projection_and_limit_are_those_of_polars(context: Context) -> None:
    sheet(context.folder / "t.xlsx", ["a", "b"], *([i, str(i)] for i in range(50)))
    rows = ExcelSource(path="t.xlsx").scan(context)
    assert rows.select("b").head(2).collect()["b"].to_list() == ["0", "1"]
    assert rows.head(4).filter(pl.col("a") > 1).collect()["a"].to_list() == [2, 3]
    assert rows.select(pl.len()).collect().item() == 50


def test_more_rows_than_a_worksheet_are_refused_before_writing(context: Context) -> None:
    rows = pl.select(pl.int_range(excel.MAX_ROWS, eager=False).alias("i")).lazy()
    with pytest.raises(DestinationError, match="1,048,576 rows; below its header a worksheet holds 1,048,575"):
        ExcelDestination(path="o.xlsx").load(rows, context)
    assert list(context.folder.iterdir()) == []


def test_too_much_for_a_cell_or_a_sheet_is_refused(context: Context) -> None:
    destination = ExcelDestination(path="o.xlsx")
    write(destination, pl.DataFrame({"a": ["old"]}), context)
    with pytest.raises(DestinationError, match=r"Row 2 of column 1 is text of 32,768 characters"):
        destination.load(pl.LazyFrame({"a": ["x", "y" * 32_768]}), context)
    assert read(ExcelSource(path="o.xlsx"), context)["a"].to_list() == ["old"]
    with pytest.raises(DestinationError, match="16,385 columns; a worksheet holds 16,384"):
        destination.check(context, pl.Schema({str(i): pl.Int64() for i in range(16_385)}))
    with pytest.raises(DestinationError, match="Column 'l' holds list values, which Excel cannot hold"):
        destination.check(context, pl.Schema({"l": pl.List(pl.Int64)}))
    with pytest.raises(ValidationError, match="sheet"):
        ExcelDestination(path="o.xlsx", sheet="a/b")


def test_modes(context: Context) -> None:
    write(ExcelDestination(path="o.xlsx"), pl.DataFrame({"a": [1]}), context)
    write(ExcelDestination(path="o.xlsx"), pl.DataFrame({"a": [2]}), context)
    assert read(ExcelSource(path="o.xlsx"), context)["a"].to_list() == [2]
    with pytest.raises(DestinationError, match="is there already"):
        write(ExcelDestination(path="o.xlsx", mode="create"), pl.DataFrame({"a": [3]}), context)
