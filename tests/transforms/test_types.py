"""Types changed, detected and read from text."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from pydantic import ValidationError

from flows.engines.polars_engine import PolarsEngine
from flows.fitting import Asking
from tests.checks import result
from transforms.core.errors import InvalidStepError
from transforms.core.relations import Source
from transforms.types import ChangeType
from transforms.types_infer import InferTypes
from transforms.types_parse import FormatNumber, ParseBoolean, ParseNumber

NAN, INF = float("nan"), float("inf")


def changed(values: Any, type: str, dtype: Any = None, **settings: Any) -> list[Any]:
    table = pl.DataFrame({"x": pl.Series(values, dtype=dtype, strict=False)})
    return result(ChangeType(columns=("x",), type=type, **settings), table)["x"].to_list()


def lost(step: Any, table: pl.DataFrame) -> list[tuple[str, int, bool]]:
    bound = step.bind(table.schema)
    learned = bound.fit(Asking(PolarsEngine.over({"in0": table}), (Source("in0"),)))
    return [(each.column, table.select(each.where.sum()).item(), each.stop) for each in bound.failures(learned)]


@pytest.mark.parametrize(
    ("values", "type", "expected"),
    [
        (["7", "7.0", "7.5", "1e3", "９", "", None], "integer", [7, 7, None, None, None, None, None]),
        ([str(2**63 - 1), str(2**63)], "integer", [2**63 - 1, None]),
        ([7.0, 7.5, NAN, INF, None], "integer", [7, None, None, None, None]),
        (["1e3", ".5", "inf", "nan", "1,5"], "number", [1000.0, 0.5, INF, None, None]),
        ([1, 0, 2, None], "boolean", [True, False, None, None]),
        ([3.0, 0.1, NAN, None], "text", ["3", "0.1", None, None]),
        ([True, None], "text", ["true", None]),
        ([date(2024, 2, 29), None], "datetime", [datetime(2024, 2, 29), None]),
        ([datetime(2024, 2, 29, 7, 5), None], "time", [time(7, 5), None]),
        (["PT90M", "01:30:00", "x"], "duration", [timedelta(minutes=90), timedelta(minutes=90), None]),
        ([None, None], "date", [None, None]),
    ],
)  # fmt: skip
def test_values_have_a_counterpart_or_become_missing(values: list[Any], type: str, expected: list[Any]) -> None:
    assert changed(values, type) == expected


def test_dates_follow_a_format() -> None:
    assert changed(["31.01.2024", "1.2.2024", "31.01.24"], "date", format="%d.%m.%Y") == [
        date(2024, 1, 31), date(2024, 2, 1), None
    ]  # fmt: skip
    assert changed([20240131, None, 7], "date", format="%Y%m%d") == [date(2024, 1, 31), None, None]
    assert changed([date(2024, 1, 31)], "text", format="%d/%m/%y") == ["31/01/24"]


def test_times_get_a_zone() -> None:
    oslo = ZoneInfo("Europe/Oslo")
    texts = ["2024-07-01 12:00", "2024-07-01T12:00:00Z", "2024-07-01 12:00+05:30", "2024-07-01", "?"]
    assert changed(texts, "datetime", time_zone="Europe/Oslo") == [
        datetime(2024, 7, 1, 12, tzinfo=oslo),
        datetime(2024, 7, 1, 12, tzinfo=UTC),
        datetime(2024, 7, 1, 6, 30, tzinfo=UTC),
        datetime(2024, 7, 1, tzinfo=oslo),
        None,
    ]
    assert changed(["01.07.2024 12:00 +0200"], "datetime", format="%d.%m.%Y %H:%M %z", time_zone="UTC") == [
        datetime(2024, 7, 1, 10, tzinfo=UTC)
    ]
    assert changed([date(2024, 7, 1)], "datetime", time_zone="Europe/Oslo") == [datetime(2024, 7, 1, tzinfo=oslo)]


def test_a_column_with_a_zone_is_converted_and_keeps_its_zone_otherwise() -> None:
    noon = datetime(2024, 7, 1, 12, tzinfo=UTC)
    table = pl.DataFrame({"x": [noon, None]})
    found = result(ChangeType(columns=("x",), type="datetime", time_zone="Europe/Oslo"), table)
    assert found.schema["x"] == pl.Datetime("us", "Europe/Oslo")
    assert found["x"].to_list() == [noon, None]
    assert result(ChangeType(columns=("x",), type="datetime"), table).schema["x"] == pl.Datetime("us", "UTC")


def test_times_that_clocks_skip_are_missing_and_counted() -> None:
    table = pl.DataFrame({"x": [datetime(2024, 3, 31, 2, 30), datetime(2024, 10, 27, 2, 30)]})
    step = ChangeType(columns=("x",), type="datetime", time_zone="Europe/Oslo")
    # The earlier of the two 02:30 of October is in summer time.
    in_utc = result(step, table)["x"].dt.convert_time_zone("UTC")
    assert in_utc.to_list() == [None, datetime(2024, 10, 27, 0, 30, tzinfo=UTC)]
    assert lost(step, table) == [("x", 1, False)]


def test_blank_text_and_nan_are_no_failures() -> None:
    table = pl.DataFrame({"t": ["1", " ", "", None, "x"], "f": [1.0, NAN, None, 2.0, 0.5]})
    assert lost(ChangeType(columns=("t", "f"), type="integer"), table) == [("t", 1, False), ("f", 1, False)]


@pytest.mark.parametrize(
    ("on_error", "expected", "stops"),
    [
        ("null", {"k": [1, 2, 3], "x": [1, None, None]}, False),
        ("fail", {"k": [1, 2, 3], "x": [1, None, None]}, True),
        ("keep", {"k": [1, 2, 3], "x": [1, None, None], "x_error": [None, "?", None]}, False),
        ("drop", {"k": [1, 3], "x": [1, None]}, False),
    ],
)
def test_values_that_do_not_fit_go_where_asked(on_error: Any, expected: dict[str, Any], stops: bool) -> None:
    table = pl.DataFrame({"k": [1, 2, 3], "x": ["1", "?", None]})
    step = ChangeType(columns=("x",), type="integer", on_error=on_error)
    assert result(step, table).to_dict(as_series=False) == expected
    assert lost(step, table) == [("x", 1, stops)]


def test_a_type_that_cannot_be_is_refused() -> None:
    schema = pl.Schema({"l": pl.List(pl.Int64()), "n": pl.Int64(), "t": pl.String(), "t_error": pl.String()})
    with pytest.raises(InvalidStepError, match="Column 'l' holds list, which cannot become integer"):
        ChangeType(columns=("l",), type="integer").bind(schema)
    with pytest.raises(InvalidStepError, match="Say in 'format' how its digits"):
        ChangeType(columns=("n",), type="date").bind(schema)
    with pytest.raises(InvalidStepError, match="There is a column 't_error' already"):
        ChangeType(columns=("t",), type="date", on_error="keep").bind(schema)
    with pytest.raises(InvalidStepError, match="A format is for dates"):
        ChangeType(columns=("t",), type="number", format="%Y").bind(schema)
    with pytest.raises(InvalidStepError, match="A date has no time zone"):
        ChangeType(columns=("t",), type="date", time_zone="UTC").bind(schema)


def test_formats_and_zones_are_checked_when_typed() -> None:
    with pytest.raises(ValidationError, match="'%Q' is no date format"):
        ChangeType(columns=("t",), type="date", format="%Q")
    with pytest.raises(ValidationError, match="names no part of a date"):
        ChangeType(columns=("t",), type="date", format="DD.MM.YYYY")
    with pytest.raises(ValidationError, match=r"no time zone 'Europe/Olso'\. Did you mean 'Europe/Oslo'"):
        ChangeType(columns=("t",), type="datetime", time_zone="Europe/Olso")


def detected(*values: Any, **settings: Any) -> pl.Series:
    return result(InferTypes(**settings), pl.DataFrame({"x": pl.Series(values, dtype=pl.String)}))["x"]


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (["1", " -2 ", None], pl.Int64()),
        (["1", "2.5"], pl.Float64()),
        (["1.0", "2.0"], pl.Float64()),
        (["0", "1"], pl.Int64()),
        (["yes", "NO", "1"], pl.Boolean()),
        (["007", "123"], pl.String()),
        (["123456789012345678901234567890"], pl.String()),
        (["0.5", "0"], pl.Float64()),
        (["2024-01-31", "2024-02-30", *["2024-02-01"] * 20], pl.Date()),
        (["2024-01-31", "2024-02-01 10:00"], pl.Datetime("us")),
        (["10:30", "23:59:59"], pl.Time()),
        (["31/12/2024", "1/2/2024"], pl.Date()),
        (["12/31/2024", "1/2/2024"], pl.Date()),
        (["31.12.2024 07:15", "1.2.2024 08:00"], pl.Datetime("us")),
        (["1/2/2024", "3/4/2024"], pl.String()),
        (["a", "1"], pl.String()),
        (["", None], pl.String()),
    ],
)  # fmt: skip
def test_types_are_detected_and_never_guessed(values: list[str | None], dtype: pl.DataType) -> None:
    assert detected(*values).dtype == dtype


def test_values_that_do_not_fit_the_detected_type_are_counted() -> None:
    table = pl.DataFrame({"x": [*map(str, range(19)), "?", "", None]})
    assert lost(InferTypes(), table) == [("x", 1, False)]
    assert result(InferTypes(), table)["x"].to_list()[18:] == [18, None, None, None]
    assert lost(InferTypes(min_share=0.96), table) == []


def test_columns_of_more_values_than_are_looked_at_are_decided_by_all_rows() -> None:
    n = 12_000
    words = [f"w{i}" if i % 20 == 0 else str(i) for i in range(n)]
    days = pl.date_range(date(1990, 1, 1), date(2022, 12, 31), eager=True).dt.strftime("%d.%m.%Y").to_list()[:n]
    columns = {
        "enough": words,
        "too_few": [*words[:-1], "w"],
        "text": [f"{i} m" for i in range(n)],
        # Numbers are the most frequent values, and words are most of the rows.
        "late": [*(str(i) for i in range(100) for _ in range(2)), *(f"w{i}" for i in range(n - 200))],
        "code": ["007", *(str(i) for i in range(1, n))],
        "day": [*days, *["31.12.2022"] * (n - len(days))],
        "empty": [None] * n,
    }
    found = result(InferTypes(), pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))).schema
    types = [pl.Int64, pl.String, pl.String, pl.String, pl.String, pl.Date, pl.String]
    assert list(found.values()) == types


def test_dates_that_may_be_read_in_two_ways_are_named() -> None:
    table = pl.DataFrame({"x": ["1/2/2024"]})
    bound = InferTypes().bind(table.schema)
    assert bound.fit(Asking(PolarsEngine.over({"in0": table}), (Source("in0"),))).ambiguous == ("x",)
    assert detected("1/2/2024", date_formats=("%d/%m/%Y",)).to_list() == [date(2024, 2, 1)]


@pytest.mark.parametrize(
    ("text", "settings", "expected"),
    [
        ("1,234,567.89", {}, 1234567.89),
        ("12,34,567.5", {}, 1234567.5),
        ("1,23", {}, None),
        ("1,2345", {}, None),
        ("1234,567", {}, None),
        ("1 234,5", {"decimal": ",", "thousands": " "}, 1234.5),
        ("1\u202f234,5", {"decimal": ",", "thousands": " "}, 1234.5),
        ("1’234.5", {"thousands": "'"}, 1234.5),
        ("1.234.567,8", {"decimal": ",", "thousands": "."}, 1234567.8),
        ("1,234.5", {"decimal": ",", "thousands": "."}, None),
        ("1234.5", {"thousands": ""}, 1234.5),
        ("1,234.5", {"thousands": ""}, None),
        ("US$ -5", {}, -5.0),
        ("-$5.25", {}, -5.25),
        ("−5", {}, -5.0),
        ("5-", {}, -5.0),
        ("--5", {}, None),
        ("-5-", {}, None),
        ("5 EUR", {}, 5.0),
        ("EUR5", {"strip_currency": False}, None),
        ("($1,000.50)", {}, -1000.5),
        ("(5", {}, None),
        ("(-5)", {}, None),
        ("(5)", {"parens_negative": False}, None),
        ("1.1%", {}, 0.011),
        ("1.1%", {"percent": False}, None),
        ("2.5E-3", {}, 0.0025),
        (".5", {}, 0.5),
        ("5.", {}, 5.0),
        (".", {}, None),
        ("$", {}, None),
        ("", {}, None),
        ("1e999", {}, None),
        ("five", {}, None),
    ],
)
def test_numbers_are_read_as_they_are_said_to_be_written(text: str, settings: Any, expected: float | None) -> None:
    assert result(ParseNumber(columns=("x",), **settings), pl.DataFrame({"x": [text]}))["x"].item() == expected


def test_text_that_is_no_number_is_counted() -> None:
    table = pl.DataFrame({"x": ["1", "one", " ", None]})
    assert lost(ParseNumber(columns=("x",), on_error="fail"), table) == [("x", 1, True)]
    with pytest.raises(ValidationError, match="cannot separate both"):
        ParseNumber(columns=("x",), decimal=",")


def test_words_for_true_and_false_are_read() -> None:
    table = pl.DataFrame({"x": [" ON ", "f", "2", "", None]})
    assert result(ParseBoolean(columns=("x",)), table)["x"].to_list() == [True, False, None, None, None]
    assert lost(ParseBoolean(columns=("x",)), table) == [("x", 1, False)]
    with pytest.raises(ValidationError, match="'y' is listed both as true and as false"):
        ParseBoolean(columns=("x",), false_values=("Y", "n"))


@pytest.mark.parametrize("decimals", [0, 2, 5])
def test_numbers_are_written_as_python_does_with_halves_away_from_zero(decimals: int) -> None:
    values = [2.675, 1.005, -0.125, 0.5, -0.5, 1e20, 1e-9, 123456.789, -0.0, 5e-324, 1.7e308]
    found = result(FormatNumber(column="x", decimals=decimals), pl.DataFrame({"x": values}))["x"].to_list()
    for value, text in zip(values, found, strict=True):
        with_commas = f"{Decimal(repr(value)):,.{decimals}f}" if abs(value) > 1e15 else None
        rounded = Decimal(repr(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP) if not with_commas else 0
        assert text == (with_commas or f"{rounded:,}".removeprefix("-" if not rounded else ""))
        assert re.fullmatch(r"-?\d{1,3}(,\d{3})*(\.\d+)?", text)


def test_numbers_of_all_types_are_written() -> None:
    table = pl.DataFrame(
        {
            "i": [2**63 - 1, -(2**63), None],
            "f": [INF, NAN, 0.1],
            "d": [Decimal("1234.505"), None, Decimal("-0.001")],
            "s": pl.Series([0.1, 2.675, None], dtype=pl.Float32),
        }
    )
    for column, expected in {
        "i": ["9.223.372.036.854.775.807,00", "-9.223.372.036.854.775.808,00", None],
        "f": ["inf", None, "0,10"],
        "d": ["1.234,51", None, "0,00"],
        "s": ["0,10", "2,68", None],
    }.items():
        assert result(FormatNumber(column=column, thousands=".", decimal=","), table)[column].to_list() == expected
