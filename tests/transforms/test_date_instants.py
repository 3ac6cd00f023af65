"""Dates as numbers, in zones, of parts; ages and durations."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from pydantic import ValidationError

from tests.checks import result
from tests.transforms.test_date_calendar import on_new_rows
from transforms.core.errors import InvalidStepError
from transforms.core.transform import RowTransform
from transforms.date_ages import AgeFromBirthdate, DaysSinceReference, DurationConvert
from transforms.date_build import CombineDateTime, MakeDate, SplitDateTime
from transforms.date_numbers import ExcelSerialToDate, SetTimezone, ToUnixTime

RANDOM = np.random.default_rng(9)


def lost(step: RowTransform, table: pl.DataFrame) -> list[tuple[int, bool]]:
    """Rows and whether it stops, of each failure that happens."""
    bound = step.bind(table.schema)
    found = [(table.select(each.where.sum()).item(), each.stop) for each in bound.failures()]
    return [each for each in found if each[0]]


@pytest.mark.parametrize(("unit", "per_second"), [("s", 1), ("ms", 1000), ("us", 1_000_000)])
def test_unix_time_is_that_of_python(unit: Any, per_second: int) -> None:
    moments = [datetime(1950, 1, 1, tzinfo=UTC) + timedelta(seconds=int(n)) for n in RANDOM.integers(0, 4 * 10**9, 99)]
    table = pl.DataFrame({"at": moments}).with_columns(pl.col("at").dt.convert_time_zone("Asia/Tokyo"))
    expected = [int(each.timestamp()) * per_second for each in moments]
    assert result(ToUnixTime(columns=("at",), unit=unit), table)["at"].to_list() == expected


def test_a_started_second_before_1970_is_the_one_it_is_in() -> None:
    table = pl.DataFrame({"at": [datetime(1969, 12, 31, 23, 59, 59, 1)]})
    assert result(ToUnixTime(columns=("at",)), table)["at"].to_list() == [-1]


def test_spreadsheet_dates_are_those_of_pandas() -> None:
    serials = np.round(RANDOM.uniform(61, 60_000, 200), 6)
    expected = pd.to_datetime(serials, unit="D", origin="1899-12-30").round("ms")
    found = result(ExcelSerialToDate(columns=("n",)), pl.DataFrame({"n": serials}))
    assert found["n"].to_list() == expected.to_list()


def test_numbers_that_are_no_day_of_a_spreadsheet_are_missing_and_counted() -> None:
    table = pl.DataFrame({"n": [0.5, -1.0, 60.5, 2_958_466.0, float("inf"), 1.0, 2_958_465.999999999, None]})
    step = ExcelSerialToDate(columns=("n",))
    found = result(step, table)["n"].to_list()
    assert found[:5] == [None] * 5
    assert found[5] == datetime(1900, 1, 1)
    assert found[6].date() == date(9999, 12, 31)
    assert lost(step, table) == [(4, False)]
    assert result(ExcelSerialToDate(columns=("n",), system="1904", type="date"), table)["n"][0] == date(1904, 1, 1)


SKIPPED, TWICE = datetime(2024, 3, 31, 2, 30), datetime(2024, 10, 27, 2, 30)


@pytest.mark.parametrize(
    ("params", "skipped", "twice", "failures"),
    [
        ({}, None, "00:30", [(1, False)]),
        ({"ambiguous": "latest", "non_existent": "later"}, "01:30", "01:30", []),
        ({"ambiguous": "null"}, None, None, [(1, False), (1, False)]),
        ({"ambiguous": "error", "non_existent": "error"}, None, None, [(1, True), (1, True)]),
    ],
)
def test_hours_that_daylight_saving_skips_or_repeats(
    params: Any, skipped: str | None, twice: str | None, failures: Any
) -> None:
    table = pl.DataFrame({"at": [SKIPPED, TWICE, datetime(2024, 1, 1, 1)]})
    step = SetTimezone(columns=("at",), timezone="Europe/Oslo", **params)
    found = result(step, table)["at"]
    assert found.dtype == pl.Datetime("us", "Europe/Oslo")
    shown = found.dt.convert_time_zone("UTC").dt.to_string("%H:%M").to_list()
    assert shown == [skipped, twice, "00:00"]
    assert lost(step, table) == failures


def test_a_zone_is_relabelled_without_moving_the_clock() -> None:
    table = pl.DataFrame({"at": [datetime(2024, 7, 1, 12, tzinfo=UTC)]})
    found = result(SetTimezone(columns=("at",), timezone="Asia/Tokyo"), table)["at"]
    assert found.dt.to_string("%H:%M %Z").to_list() == ["12:00 JST"]


@pytest.mark.parametrize("invalid", ["null", "error"])
def test_dates_of_parts_are_those_of_python(invalid: Any) -> None:
    parts = {
        "y": [2024, 2023, 2024, 0, 10_000, 2024, None],
        "m": [2, 2, 13, 1, 1, 0, 1],
        "d": [29.0, 29.0, 1.0, 1.0, 1.0, 1.5, 1.0],
        "h": [23, 1, 1, 1, 1, 24, 1],
    }
    table = pl.DataFrame(parts)
    step = MakeDate(year="y", month="m", day="d", hour="h", invalid=invalid)
    assert result(step, table)["date"].to_list() == [datetime(2024, 2, 29, 23), *[None] * 6]
    found = [(each.column, table.select(each.where.sum()).item()) for each in step.bind(table.schema).failures()]
    assert found == [("y", 2), ("m", 2), ("d", 0), ("h", 0), ("d", 1)]
    assert lost(step, table) == [(each, invalid == "error") for each in (2, 2, 1)]


def test_the_part_at_fault_is_named() -> None:
    table = pl.DataFrame({"y": [2024, 2024, None], "m": [1, 1, 1], "h": [24, 1, 24]})
    failures = MakeDate(year="y", month="m", hour="h").bind(table.schema).failures()
    told = [(each.column, each.what) for each in failures if table.select(each.where.sum()).item()]
    assert told == [("h", "are no hours (0 to 23): the date became missing")]


def test_parts_that_roll_over_are_those_of_a_spreadsheet() -> None:
    table = pl.DataFrame({"y": [2023, 2024, 2024, 2024], "m": [2, 14, 0, 1], "d": [30, 1, 1, -1]})
    found = result(MakeDate(year="y", month="m", day="d", invalid="roll"), table)["date"].to_list()
    assert found == [date(2023, 3, 2), date(2025, 2, 1), date(2023, 12, 1), date(2023, 12, 30)]


def test_date_and_time_combine_to_what_they_were_split_from() -> None:
    moments = [datetime(2024, 1, 1) + timedelta(microseconds=int(n)) for n in RANDOM.integers(0, 10**15, 50)]
    split = result(SplitDateTime(column="at"), pl.DataFrame({"at": [*moments, None]}))
    assert split["at_date"].to_list()[:-1] == [each.date() for each in moments]
    assert split["at_time"].to_list()[:-1] == [each.time() for each in moments]
    again = result(CombineDateTime(date="at_date", time="at_time", output="again"), split)
    assert again["again"].to_list() == [*moments, None]


def test_combining_keeps_the_zone_of_the_date_and_takes_the_clock_of_a_datetime() -> None:
    table = pl.DataFrame({"day": [datetime(2024, 7, 1, 23, tzinfo=UTC)], "at": [datetime(2000, 1, 1, 8)]})
    table = table.with_columns(pl.col("day").dt.convert_time_zone("Europe/Oslo"))
    found = result(CombineDateTime(date="day", time="at"), table)["datetime"]
    assert found.dt.to_string("%Y-%m-%d %H:%M %Z").to_list() == ["2024-07-02 08:00 CEST"]
    with pytest.raises(InvalidStepError, match="Column 'd' holds date values, which have no time of day"):
        CombineDateTime(date="d", time="d").bind(pl.Schema({"d": pl.Date()}))


def python_age(born: date, at: date) -> int:
    return at.year - born.year - ((at.month, at.day) < (born.month, born.day))


def test_ages_are_those_of_the_usual_formula() -> None:
    born = [date(1920, 1, 1) + timedelta(days=int(n)) for n in RANDOM.integers(0, 36_000, 300)]
    at = [date(2019, 1, 1) + timedelta(days=int(n)) for n in RANDOM.integers(0, 2_000, 300)]
    table = pl.DataFrame({"born": [*born, date(2000, 2, 29)], "at": [*at, date(2023, 2, 28)]})
    found = result(AgeFromBirthdate(column="born", at_column="at"), table)["age"].to_list()
    assert found == [python_age(*each) for each in table.rows()]
    days = result(AgeFromBirthdate(column="born", at_column="at", unit="day"), table)["age"].to_list()
    assert days == [(b - a).days for a, b in table.rows()]


def test_the_age_is_that_of_today_unless_a_day_is_chosen() -> None:
    table = pl.DataFrame({"born": [date(2000, 1, 1)]})
    assert result(AgeFromBirthdate(column="born"), table)["age"][0] in {
        python_age(date(2000, 1, 1), datetime.now(UTC).date() - timedelta(days=n)) for n in (0, 1)
    }
    unborn = pl.DataFrame({"born": [date(2025, 1, 1), date(2020, 1, 1), None]})
    found, failures = on_new_rows(AgeFromBirthdate(column="born", at="2024-12-31"), unborn, unborn)
    assert found["age"].to_list() == [None, 4, None]
    assert failures == [(1, "became missing: born after that day", False)]
    with pytest.raises(ValidationError, match="not both"):
        AgeFromBirthdate(column="born", at="2024-01-01", at_column="at")


def test_the_reference_is_that_of_the_data_it_was_fitted_on() -> None:
    table = pl.DataFrame({"d": [date(2024, 1, 1), date(2024, 1, 31), None]})
    new = pl.DataFrame({"d": [date(2024, 2, 2), date(2023, 12, 31), None]})
    assert on_new_rows(DaysSinceReference(column="d"), table, new)[0]["d_days"].to_list() == [-2, 31, None]
    first = DaysSinceReference(column="d", reference="min_in_data", direction="since")
    assert on_new_rows(first, table, new)[0]["d_days"].to_list() == [32, -1, None]


def test_the_reference_is_in_the_zone_of_the_column() -> None:
    table = pl.DataFrame({"at": [datetime(2024, 1, 1, tzinfo=UTC)]}).with_columns(
        pl.col("at").dt.convert_time_zone("Asia/Tokyo")
    )
    params: dict[str, Any] = {"column": "at", "reference": "date", "direction": "since", "unit": "hour"}
    step = DaysSinceReference(**params, reference_date="2024-01-01")
    assert result(step, table)["at_hours"].to_list() == [9]
    assert result(DaysSinceReference(column="at", unit="month"), table)["at_months"].to_list() == [0]
    with pytest.raises(InvalidStepError, match="has a time zone, and column 'd' has none"):
        DaysSinceReference(**{**params, "column": "d"}, reference_date="2024-01-01T00:00Z").bind(
            pl.Schema({"d": pl.Datetime("us")})
        )
    with pytest.raises(ValidationError, match="go together"):
        DaysSinceReference(column="d", reference="date")


@pytest.mark.parametrize("unit", ["second", "minute", "hour", "day", "week"])
def test_durations_are_those_of_python(unit: Any) -> None:
    lengths = [timedelta(microseconds=int(n)) for n in RANDOM.integers(-(10**13), 10**13, 60)]
    found = result(DurationConvert(column="x", to=unit), pl.DataFrame({"x": [*lengths, None]}))["x"].to_list()
    one = timedelta(**{f"{unit}s": 1})
    assert found == [*(each / one for each in lengths), None]
    whole = result(DurationConvert(column="x", to=unit, whole=True), pl.DataFrame({"x": lengths}))["x"].to_list()
    assert whole == [int(each / one) for each in lengths]


def test_only_durations_have_a_length() -> None:
    with pytest.raises(InvalidStepError, match="Column 't' holds time values, which are no durations"):
        DurationConvert(column="t").bind(pl.DataFrame({"t": [time(8)]}).schema)
