"""Dates read, written, taken apart and moved between time zones."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_series_equal
from pydantic import ValidationError

from flows.engines.polars_engine import PolarsEngine
from flows.fitting import Asking
from tests.checks import result
from transforms.core.errors import InvalidStepError, StepError
from transforms.core.relations import Source
from transforms.core.transform import Transform
from transforms.date_guess import ParseDateAuto
from transforms.date_parse import ParseDate, ParseUnixTime
from transforms.date_parts import CYCLIC, CyclicDateFeatures, DateNames, ExtractDateParts, FeaturizeDate
from transforms.datetime import ConvertTimezone, CurrentDatetime, FormatDate, TruncateDate

RANDOM = np.random.default_rng(5)
MOMENTS = pl.DataFrame(
    {"t": [datetime(1960, 1, 1) + timedelta(seconds=int(each)) for each in RANDOM.integers(0, 4 * 10**9, 500)]}
)
ALL_PARTS = (
    "year", "quarter", "month", "week", "iso_year", "day", "weekday", "day_of_year",
    "hour", "minute", "second", "millisecond",
)  # fmt: skip


def learned(step: Transform, table: pl.DataFrame) -> Any:
    bound = step.bind(table.schema)
    return bound.fit(Asking(PolarsEngine.over({"in0": table}), (Source("in0"),)))


def lost(step: Transform, table: pl.DataFrame) -> list[tuple[str, int, bool]]:
    """Column, rows and whether it stops, of each failure that happens."""
    found = step.bind(table.schema).failures(learned(step, table))
    counted = [(each.column, table.select(each.where.sum()).item(), each.stop) for each in found]
    return [each for each in counted if each[1]]


def texts(*values: str | None) -> pl.DataFrame:
    return pl.DataFrame({"t": values}, schema={"t": pl.String})


def test_parsing_is_that_of_strptime() -> None:
    for format in ("%d.%m.%Y %H:%M", "%d %b %Y %H:%M:%S", "%Y%m%dT%H%M%S", "%B %d, %Y %I:%M %p"):
        written = [each.strftime(format) for each in MOMENTS["t"]]
        found = result(ParseDate(columns=("t",), formats=(format,)), texts(*written))["t"].to_list()
        assert found == [datetime.strptime(each, format) for each in written]


def test_formats_are_tried_in_order_in_every_row() -> None:
    step = ParseDate(columns=("t",), formats=("%d/%m/%Y", "%m/%d/%Y"), type="date")
    found = result(step, texts("03/04/2024", "04/13/2024"))["t"].to_list()
    assert found == [date(2024, 4, 3), date(2024, 4, 13)]


@pytest.mark.parametrize(("pivot", "years"), [(68, [2000, 2068, 1969, 1999]), (30, [2000, 1968, 1969, 1999])])
def test_years_of_two_digits_go_by_the_pivot(pivot: int, years: list[int]) -> None:
    step = ParseDate(columns=("t",), formats=("%d.%m.%y",), two_digit_pivot=pivot, type="date")
    found = result(step, texts("29.02.00", "01.01.68", "01.01.69", "01.01.99"))["t"]
    assert found.dt.year().to_list() == years


def test_what_cannot_be_read_is_nulled_kept_dropped_or_refused_and_always_counted() -> None:
    table = texts("2024-02-30", "2024-02-29", " ", None)
    read = date(2024, 2, 29)
    expected: dict[str, list[Any]] = {
        "null": [None, read, None, None],
        "keep": ["2024-02-30", "2024-02-29", " ", None],
        "drop": [read, None, None],
        "fail": [None, read, None, None],
    }
    for on_error, values in expected.items():
        step = ParseDate.model_validate({"columns": ["t"], "type": "date", "on_error": on_error})
        assert result(step, table)["t"].to_list() == values
        assert lost(step, table) == [("t", 1, on_error == "fail")]


def test_integers_are_read_by_a_format() -> None:
    step = ParseDate(columns=("n",), formats=("%Y%m%d",), type="date")
    assert result(step, pl.DataFrame({"n": [20240131, 5, None]}))["n"].to_list() == [date(2024, 1, 31), None, None]
    with pytest.raises(InvalidStepError, match="holds integers, and there is no format"):
        ParseDate(columns=("n",)).bind(pl.Schema({"n": pl.Int64()}))


def test_times_of_day_are_read() -> None:
    step = ParseDate(columns=("t",), type="time", formats=("%H:%M", "%I %M %p"))
    assert result(step, texts("13:05", "01 05 PM", "25:00"))["t"].to_list() == [time(13, 5), time(13, 5), None]


@pytest.mark.parametrize("format", ["%H:%M", "%d %b", "%d/%m/%Y %H"])
def test_formats_that_lack_the_year_are_refused(format: str) -> None:
    with pytest.raises(ValidationError, match="it has to hold the year, and the minute"):
        ParseDate(columns=("t",), formats=(format,))


def test_a_month_is_its_first_day() -> None:
    step = ParseDate(columns=("t",), formats=("%b %Y",), type="date")
    assert result(step, texts("Feb 2024", "2024"))["t"].to_list() == [date(2024, 2, 1), None]


def test_formats_and_zones_that_do_not_exist_are_refused() -> None:
    with pytest.raises(ValidationError, match="is no pattern of dates"):
        ParseDate(columns=("t",), formats=("%Q-%d",))
    with pytest.raises(ValidationError, match=r"'Europe/Olso' is no time zone. Did you mean 'Europe/Oslo'"):
        ParseDate(columns=("t",), timezone="Europe/Olso")
    with pytest.raises(ValidationError, match="A date has no time zone"):
        ParseDate(columns=("t",), timezone="UTC", type="date")


def test_text_shows_the_clock_of_its_zone_unless_it_has_an_offset() -> None:
    step = ParseDate(columns=("t",), timezone="Europe/Oslo")
    found = result(step, texts("2024-07-01T12:00", "2024-07-01T12:00Z", "2024-07-01T12:00-05:00"))["t"]
    assert [each.hour for each in found] == [12, 14, 19]
    assert found.dtype == pl.Datetime("us", "Europe/Oslo")


def test_day_first_is_told_by_the_data() -> None:
    days = [date(2024, 1, 1) + timedelta(days=i) for i in range(0, 366, 3)]
    for format, wanted in (("%d/%m/%Y", "%d/%m/%Y"), ("%m/%d/%Y", "%m/%d/%Y"), ("%m-%d-%y", "%m-%d-%y")):
        table = texts(*(each.strftime(format) for each in days), None, "")
        assert learned(ParseDateAuto(columns=("t",)), table).formats == {"t": [wanted]}
        assert result(ParseDateAuto(columns=("t",), type="date"), table)["t"].to_list() == [*days, None, None]


def test_dates_that_may_be_day_first_or_month_first_are_refused() -> None:
    table = texts("03/04/2024", "05/06/2024")
    with pytest.raises(StepError, match=r"dates such as '03/04/2024', which may be .* no value tells which. Choose"):
        result(ParseDateAuto(columns=("t",)), table)
    day, month = (
        result(ParseDateAuto.model_validate({"columns": ["t"], "order": order}), table)["t"].dt.month().to_list()
        for order in ("day_first", "month_first")
    )
    assert (day, month) == ([4, 6], [3, 5])


def test_a_column_that_contradicts_itself_is_refused() -> None:
    table = texts(*["13/04/2024"] * 5, *["04/13/2024"] * 4)
    with pytest.raises(StepError, match="5 other values are day first and 4 month first"):
        result(ParseDateAuto(columns=("t",)), table)


def test_dates_with_dots_are_day_first() -> None:
    assert learned(ParseDateAuto(columns=("t",)), texts("03.04.2024")).formats == {"t": ["%d.%m.%Y"]}


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-03 17:05:06",
        "2024-01-03T17:05:06Z",
        "2024-01-03T18:05:06+01:00",
        "2024/1/3 5:05:06 PM",
        "Wed, 03 Jan 2024 12:05:06 -0500",
        "January 3rd, 2024 at 5:05:06 p.m.",
        "3 jan. 2024, 17:05:06",
        "03-JAN-24 17:05:06 UTC",
        "Wednesday 3 January '24 17:05:06,000",
        "20240103T17:05:06",
        "3.1.2024 17:05:06",
    ],
)
def test_many_ways_to_write_a_date_are_known(text: str) -> None:
    assert result(ParseDateAuto(columns=("t",)), texts(text))["t"].to_list() == [datetime(2024, 1, 3, 17, 5, 6)]


def test_a_column_written_in_several_ways_gets_several_formats() -> None:
    table = texts(*["2024-01-03"] * 3, "3 Jan 2024", "nothing")
    with pytest.raises(StepError, match=r"Only 4 of the 5 values .* \(in %Y-%m-%d and %d %b %Y\).*is 'nothing'"):
        result(ParseDateAuto(columns=("t",)), table)
    step = ParseDateAuto(columns=("t",), min_share=0.8)
    assert learned(step, table).formats == {"t": ["%Y-%m-%d", "%d %b %Y"]}
    assert lost(step, table) == [("t", 1, False)]


def test_words_and_impossible_times_are_no_dates() -> None:
    table = texts("1/2/2024 24:00", "1/2/2024 13:00 pm", "31/2/2024", "3 Smarch 2024", "2024", "1/13/2024")
    step = ParseDateAuto(columns=("t",), order="day_first", min_share=0)
    assert result(step, table)["t"].null_count() == 6


@pytest.mark.parametrize(("unit", "factor"), [("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9)])
@pytest.mark.parametrize("dtype", [pl.Int64, pl.Float64])
def test_unix_unit_is_told_by_size(unit: str, factor: int, dtype: Any) -> None:
    table = pl.DataFrame({"t": [1_700_000_000 * factor, 1_600_000_000 * factor, None]}, schema={"t": dtype})
    step = ParseUnixTime(columns=("t",))
    assert learned(step, table).units == {"t": unit}
    found = result(step, table)["t"].to_list()
    assert found == [datetime.fromtimestamp(each, UTC) for each in (1_700_000_000, 1_600_000_000)] + [None]


def test_unix_numbers_beyond_all_years_are_missing_and_counted() -> None:
    table = pl.DataFrame({"t": [2**63 - 1, -(2**63), 253_402_300_799, -62_135_596_800, 253_402_300_800]})
    step = ParseUnixTime(columns=("t",), unit="s", timezone=None)
    ends = [datetime(9999, 12, 31, 23, 59, 59), datetime(1, 1, 1)]
    assert result(step, table)["t"].to_list() == [None, None, *ends, None]
    assert lost(step, table) == [("t", 3, False)]
    odd = pl.DataFrame({"t": [float("inf"), float("nan"), 1e300, -0.5]})
    assert result(step, odd)["t"].to_list() == [None, None, None, datetime(1969, 12, 31, 23, 59, 59, 500_000)]
    assert lost(step, odd) == [("t", 1, False)]


def test_parts_are_those_of_pandas() -> None:
    found = result(ExtractDateParts(columns=("t",), parts=ALL_PARTS), MOMENTS)
    theirs = MOMENTS.to_pandas()["t"].dt
    iso = theirs.isocalendar()
    expected = {
        "year": theirs.year, "quarter": theirs.quarter, "month": theirs.month, "week": iso.week,
        "iso_year": iso.year, "day": theirs.day, "weekday": theirs.weekday + 1, "day_of_year": theirs.dayofyear,
        "hour": theirs.hour, "minute": theirs.minute, "second": theirs.second,
        "millisecond": theirs.microsecond // 1000,
    }  # fmt: skip
    for part, values in expected.items():
        assert_series_equal(found[f"t_{part}"], pl.Series(f"t_{part}", values.to_numpy(), pl.Int64))


def test_parts_are_read_off_the_clock_of_the_zone() -> None:
    table = pl.DataFrame({"t": [datetime(2023, 12, 31, 20, tzinfo=UTC)]}).with_columns(
        pl.col("t").dt.convert_time_zone("Asia/Tokyo")
    )
    assert result(ExtractDateParts(columns=("t",), parts=("year", "hour")), table).row(0)[1:] == (2024, 5)


def test_hours_of_dates_are_refused() -> None:
    with pytest.raises(InvalidStepError, match="Column 'd' holds dates, which have no hour"):
        ExtractDateParts(columns=("d",), parts=("year", "hour")).bind(pl.Schema({"d": pl.Date()}))


def test_names_are_those_of_strftime() -> None:
    for part, style, format in (("month", "full", "%B"), ("month", "short", "%b"), ("weekday", "short", "%a")):
        step = DateNames.model_validate({"columns": ["t"], "part": part, "style": style})
        found = result(step, MOMENTS)[f"t_{part}_name"].to_list()
        assert found == [each.strftime(format) for each in MOMENTS["t"]]


def test_cycles_close_whatever_the_length_of_month_and_year() -> None:
    ends = pl.DataFrame({"t": [datetime(2023, 12, 31, 23), datetime(2024, 12, 31, 23), datetime(2024, 2, 29, 23)]})
    found = result(CyclicDateFeatures(columns=("t",), parts=CYCLIC), ends)
    for part, lengths in {"day_of_year": (365, 366), "day": (31, 31, 29), "hour": (24, 24, 24)}.items():
        for i, length in enumerate(lengths):
            assert math.isclose(found[f"t_{part}_sin"][i], math.sin(-2 * math.pi / length), abs_tol=1e-12)
            assert math.isclose(found[f"t_{part}_cos"][i], math.cos(-2 * math.pi / length), abs_tol=1e-12)


def test_featurizing_leaves_out_what_never_differs() -> None:
    days = pl.DataFrame({"t": [datetime(2024, 5, 6, 7), datetime(2024, 5, 13, 7), None]})
    found = result(FeaturizeDate(columns=("t",), keep_input=False), days)
    assert found.columns == ["t_week", "t_day", "t_day_of_year"]
    nothing = result(FeaturizeDate(columns=("t",), output_format="vector"), days[:1])
    assert nothing["t_features"].to_list() == [[]]


def test_formatting_is_that_of_strftime() -> None:
    for format in ("%Y-%m-%d", "%A %d %B %Y", "%I:%M %p", "%j", "%H:%M:%S", "100%% %y"):
        found = result(FormatDate(columns=("t",), format=format), MOMENTS)["t"].to_list()
        assert found == [each.strftime(format) for each in MOMENTS["t"]]


def test_a_zone_that_a_column_lacks_is_not_written() -> None:
    with pytest.raises(InvalidStepError, match="has no time zone that '%H %z' could write"):
        FormatDate(columns=("t",), format="%H %z").bind(MOMENTS.schema)
    with pytest.raises(InvalidStepError, match="cannot be moved to UTC"):
        FormatDate(columns=("t",), timezone="UTC").bind(MOMENTS.schema)
    zoned = MOMENTS.with_columns(pl.col("t").dt.replace_time_zone("UTC"))
    found = result(FormatDate(columns=("t",), format="%H:%M", timezone="Asia/Tokyo"), zoned)["t"].to_list()
    assert found == [each.astimezone(ZoneInfo("Asia/Tokyo")).strftime("%H:%M") for each in zoned["t"]]


def test_conversion_is_that_of_zoneinfo() -> None:
    step = ConvertTimezone(columns=("t",), timezone="America/New_York", input_timezone="Asia/Kolkata")
    found = result(step, MOMENTS)["t"].to_list()
    kolkata, york = ZoneInfo("Asia/Kolkata"), ZoneInfo("America/New_York")
    assert found == [each.replace(tzinfo=kolkata).astimezone(york) for each in MOMENTS["t"]]


def test_hours_that_daylight_saving_skips_or_repeats() -> None:
    # Oslo went from 02:00 to 03:00 on 31 March 2024, and from 03:00 back to 02:00 on 27 October.
    table = pl.DataFrame({"t": [datetime(2024, 3, 31, 2, 30), datetime(2024, 10, 27, 2, 30)]})
    found = result(ConvertTimezone(columns=("t",), timezone="UTC", input_timezone="Europe/Oslo"), table)["t"].to_list()
    assert found == [datetime(2024, 3, 31, 1, 30, tzinfo=UTC), datetime(2024, 10, 27, 0, 30, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("unit", "period"),
    [("year", "Y"), ("quarter", "Q"), ("month", "M"), ("week", "W-SUN"), ("day", "D"), ("hour", "h")],
)
def test_truncation_is_that_of_pandas(unit: str, period: str) -> None:
    found = result(TruncateDate.model_validate({"columns": ["t"], "unit": unit}), MOMENTS)["t"]
    assert found.to_list() == list(MOMENTS.to_pandas()["t"].dt.to_period(period).dt.start_time)


def test_truncation_keeps_repeated_hours_apart() -> None:
    instants = [datetime(2024, 10, 27, 0, 30, tzinfo=UTC), datetime(2024, 10, 27, 1, 30, tzinfo=UTC)]
    zoned = pl.DataFrame({"t": instants}).with_columns(pl.col("t").dt.convert_time_zone("Europe/Oslo"))
    hours = result(TruncateDate(columns=("t",), unit="hour"), zoned)["t"].dt.convert_time_zone("UTC").to_list()
    assert hours == [each - timedelta(minutes=30) for each in instants]
    days = result(TruncateDate(columns=("t",), unit="day"), zoned)["t"].dt.convert_time_zone("UTC").to_list()
    assert days == [datetime(2024, 10, 26, 22, tzinfo=UTC)] * 2


def test_current_time_is_read_once_when_the_step_is_fitted() -> None:
    table = pl.DataFrame({"id": [1, 2, 3]})
    before = datetime.now(UTC).replace(tzinfo=None)
    found = result(CurrentDatetime(), table)["now"]
    after = datetime.now(UTC).replace(tzinfo=None)
    assert found.n_unique() == 1
    assert before <= found[0] <= after
    state = learned(CurrentDatetime(timezone="Asia/Tokyo"), table)
    assert abs(datetime.fromisoformat(state.value) - after - timedelta(hours=9)) < timedelta(minutes=1)


def test_new_columns_do_not_replace_others() -> None:
    table = pl.DataFrame({"t": [datetime(2024, 1, 1)], "t_year": [1], "t_text": [1]})
    for step in (
        ExtractDateParts(columns=("t",)),
        FormatDate(columns=("t",), suffix="_text"),
        CurrentDatetime(output="t"),
    ):
        with pytest.raises(InvalidStepError, match="already"):
            step.bind(table.schema)
