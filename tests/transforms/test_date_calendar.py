"""Fiscal periods, calendar flags, business days, holidays, edges of periods."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import holidays
import numpy as np
import pandas as pd
import polars as pl
import pytest
from pydantic import ValidationError

from flows.engines.polars_engine import PolarsEngine
from flows.fitting import Asking
from tests.checks import result
from transforms.core.errors import InvalidStepError
from transforms.core.relations import Source
from transforms.core.transform import FittedTransform
from transforms.date_business import AddBusinessDays, BusinessDaysBetween, IsBusinessDay
from transforms.date_calendar import DateFlags, DaysInMonth, FiscalPeriod
from transforms.date_holidays import HolidayFlag
from transforms.date_periods import RoundDate, StartEndOfPeriod

DAYS = [date(2023, 1, 1) + timedelta(days=n) for n in range(800)]
TABLE = pl.DataFrame({"d": DAYS})
IN_PANDAS = pd.Series(pd.to_datetime(DAYS))
RANDOM = np.random.default_rng(3)


def on_new_rows(step: FittedTransform, table: pl.DataFrame, new: pl.DataFrame) -> tuple[pl.DataFrame, list[Any]]:
    """New rows after a step fitted on others, and what of them was lost."""
    bound = step.bind(table.schema)
    learned = bound.fit(Asking(PolarsEngine.over({"in0": table}), (Source("in0"),)))
    failures = [(new.select(each.where.sum()).item(), each.what, each.stop) for each in bound.failures(learned)]
    found: pl.DataFrame = bound.apply(new.lazy(), learned).collect()
    return found, [each for each in failures if each[0]]


@pytest.mark.parametrize("first_month", [1, 4, 10, 12])
def test_fiscal_periods_are_those_of_pandas(first_month: int) -> None:
    last = pd.Timestamp(2024, (first_month - 2) % 12 + 1, 1).strftime("%b").upper()
    periods = IN_PANDAS.dt.to_period(f"Q-{last}")
    found = result(FiscalPeriod(columns=("d",), first_month=first_month, parts=("year", "quarter", "month")), TABLE)
    assert found["d_fiscal_year"].to_list() == periods.dt.qyear.tolist()
    assert found["d_fiscal_quarter"].to_list() == periods.dt.quarter.tolist()
    assert found.filter(pl.col("d").dt.month() == first_month)["d_fiscal_month"].unique().to_list() == [1]


def test_a_fiscal_year_may_be_named_by_its_start() -> None:
    days = pl.DataFrame({"d": [date(2024, 3, 31), date(2024, 4, 1)]})
    assert result(FiscalPeriod(columns=("d",), label_year_by="start"), days)["d_fiscal_year"].to_list() == [2023, 2024]


def test_flags_are_those_of_pandas() -> None:
    flags = ("month_start", "month_end", "quarter_start", "quarter_end", "year_start", "year_end")
    found = result(DateFlags(columns=("d",), flags=(*flags, "leap_year", "weekend")), TABLE)
    for flag in (*flags, "leap_year"):
        assert found[f"d_is_{flag}"].to_list() == getattr(IN_PANDAS.dt, f"is_{flag}").tolist()
    assert found["d_is_weekend"].to_list() == (IN_PANDAS.dt.dayofweek >= 5).tolist()


def test_days_in_month_are_those_of_the_zone_of_the_column() -> None:
    table = pl.DataFrame({"at": [datetime(2024, 1, 31, 23, tzinfo=UTC)]}).with_columns(
        pl.col("at").dt.convert_time_zone("Europe/Oslo")
    )
    assert result(DaysInMonth(columns=("at",)), table)["at_days_in_month"].to_list() == [29]
    assert result(DaysInMonth(columns=("d",)), TABLE)["d_days_in_month"].to_list() == IN_PANDAS.dt.daysinmonth.tolist()


@pytest.mark.parametrize(("country", "subdivision"), [("US", "CA"), ("NO", None), ("DE", "BY")])
def test_holidays_are_those_of_the_package(country: str, subdivision: str | None) -> None:
    # Left alone, the package takes the language of the machine.
    spoken = holidays.country_holidays(country).default_language
    known = holidays.country_holidays(country, subdiv=subdivision, years=range(2023, 2027), language=spoken)
    step = HolidayFlag(
        column="d",
        country=country,
        subdivision=subdivision,
        language="local",
        parts=("flag", "name", "days_to_next"),
    )
    found = result(step, TABLE)
    assert found["d_is_holiday"].to_list() == [each in known for each in DAYS]
    assert found["d_holiday_name"].to_list() == [known.get(each) for each in DAYS]
    ahead = [next(n for n in range(400) if each + timedelta(days=n) in known) for each in DAYS]
    assert found["d_days_to_holiday"].to_list() == ahead


def test_dates_far_from_those_fitted_have_no_known_holiday_and_are_counted() -> None:
    new = pl.DataFrame({"d": [date(2034, 12, 25), date(2035, 12, 25), date(1800, 1, 1), None]})
    found, lost = on_new_rows(HolidayFlag(column="d", country="US"), TABLE.filter(pl.col("d") < date(2025, 1, 1)), new)
    assert found["d_is_holiday"].to_list() == [True, None, None, None]
    assert lost == [(2, "became missing: holidays were looked up for 2023 to 2034 only", False)]


def test_unknown_countries_and_parts_are_named() -> None:
    with pytest.raises(InvalidStepError, match="No holidays are known for the country 'XX'"):
        HolidayFlag(column="d", country="XX").bind(TABLE.schema)
    with pytest.raises(InvalidStepError, match="'ZZ' is no part of US"):
        IsBusinessDay(column="d", country="US", subdivision="ZZ").bind(TABLE.schema)
    with pytest.raises(InvalidStepError, match="'CA' is part of no country"):
        IsBusinessDay(column="d", subdivision="CA").bind(TABLE.schema)


FREE = ("2023-12-25", "2024-01-01", "2024-05-01", "2024-05-04")
MASK = "1111001"
"""Weekends on Friday and Saturday, for numpy."""


def test_business_days_are_those_of_numpy() -> None:
    step = IsBusinessDay(column="d", weekend=("friday", "saturday"), holidays=FREE)
    expected = np.is_busday(np.array(DAYS, "M8[D]"), weekmask=MASK, holidays=FREE)
    assert result(step, TABLE)["d_is_business_day"].to_list() == expected.tolist()


def test_business_days_between_are_those_of_numpy_both_ways() -> None:
    ends = RANDOM.choice(np.array(DAYS, "M8[D]"), (400, 2))
    table = pl.DataFrame({"a": ends[:, 0], "b": ends[:, 1]}).cast(pl.Date)
    expected = np.busday_count(ends[:, 0], ends[:, 1], weekmask=MASK, holidays=FREE)
    step = BusinessDaysBetween(start="a", end="b", weekend=("friday", "saturday"), holidays=FREE)
    assert result(step, table)["business_days"].to_list() == expected.tolist()


@pytest.mark.parametrize("roll", ["forward", "backward"])
def test_adding_business_days_is_that_of_numpy(roll: Any) -> None:
    days, counts = RANDOM.choice(np.array(DAYS, "M8[D]"), 400), RANDOM.integers(-60, 60, 400)
    expected = np.busday_offset(days, counts, roll=roll, weekmask=MASK, holidays=FREE)
    step = AddBusinessDays(column="d", days_column="n", roll=roll, weekend=("friday", "saturday"), holidays=FREE)
    found = result(step, pl.DataFrame({"d": days, "n": counts}).with_columns(pl.col("d").cast(pl.Date)))
    assert found["d"].to_list() == expected.astype(object).tolist()


def test_days_that_cannot_be_added_are_counted_or_stop() -> None:
    table = pl.DataFrame({"d": [date(2024, 1, 6), date(9999, 12, 31), date(2024, 1, 5)], "n": [0, 1, 2**62]})
    found, lost = on_new_rows(AddBusinessDays(column="d", days_column="n", roll="error"), table, table)
    assert found["d"].to_list() == [None, None, None]
    assert [(rows, stop) for rows, _, stop in lost] == [(1, True), (2, False)]


def test_business_days_keep_the_clock_of_the_zone() -> None:
    table = pl.DataFrame({"at": [datetime(2024, 3, 29, 12)]}).with_columns(
        pl.col("at").dt.replace_time_zone("Europe/Oslo")
    )
    found = result(AddBusinessDays(column="at", days=1), table)["at"]
    assert found.dt.replace_time_zone(None).to_list() == [datetime(2024, 4, 1, 12)]


def test_holidays_of_a_country_are_no_business_days_beyond_the_fitted_years_either() -> None:
    table = pl.DataFrame({"d": [date(2024, 7, 3)]})
    found, lost = on_new_rows(AddBusinessDays(column="d", days=1, country="US"), table, table)
    assert (found["d"].to_list(), lost) == ([date(2024, 7, 5)], [])
    found, lost = on_new_rows(AddBusinessDays(column="d", days=5000, country="US"), table, table)
    assert (found["d"].to_list(), [each[0] for each in lost]) == ([None], [1])


def test_a_week_has_some_business_day() -> None:
    with pytest.raises(ValidationError, match="at most 6"):
        IsBusinessDay(
            column="d",
            weekend=("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
        )
    with pytest.raises(ValidationError, match=r"'24\.12\.' is no date"):
        IsBusinessDay(column="d", holidays=("24.12.",))


@pytest.mark.parametrize("business", [False, True])
@pytest.mark.parametrize(("period", "freq"), [("week", "W"), ("month", "M"), ("quarter", "Q"), ("year", "Y")])
@pytest.mark.parametrize(("edge", "roll"), [("start", "forward"), ("end", "backward")])
def test_edges_of_periods_are_those_of_pandas(period: Any, freq: str, edge: Any, roll: Any, *, business: bool) -> None:
    step = StartEndOfPeriod(columns=("d",), period=period, edge=edge, business=business)
    expected = getattr(IN_PANDAS.dt.to_period(freq).dt, f"{edge}_time").to_numpy().astype("M8[D]")
    if business:
        expected = np.busday_offset(expected, 0, roll=roll)
    assert result(step, TABLE)["d"].to_list() == expected.tolist()


def test_the_first_business_day_is_after_the_weekend() -> None:
    days = pl.DataFrame({"d": [date(2024, 6, 20), date(2024, 9, 1), date(9999, 12, 31), date(1, 1, 1)]})
    found = result(StartEndOfPeriod(columns=("d",), edge="start", business=True), days)
    assert found["d"].to_list() == [date(2024, 6, 3), date(2024, 9, 2), date(9999, 12, 1), date(1, 1, 1)]


def test_an_end_beyond_the_calendar_is_missing_and_counted() -> None:
    days = pl.DataFrame({"d": [date(9999, 12, 31)]})
    step = StartEndOfPeriod(columns=("d",), period="week").bind(days.schema)
    assert days.select(list(step.exprs()))["d"].to_list() == [None]
    assert [days.select(each.where).item() for each in step.failures()] == [True]


@pytest.mark.parametrize(("unit", "every", "freq"), [("hour", 1, "1h"), ("minute", 15, "15min"), ("day", 1, "1D")])
def test_rounding_is_that_of_pandas(unit: Any, every: int, freq: str) -> None:
    moments = [datetime(2024, 1, 1) + timedelta(seconds=int(each)) for each in RANDOM.integers(1, 10**7, 200)]
    found = result(RoundDate(columns=("at",), unit=unit, every=every), pl.DataFrame({"at": moments}))
    assert found["at"].to_list() == pd.Series(moments).dt.round(freq).tolist()


def test_what_is_as_near_goes_to_the_later_period() -> None:
    table = pl.DataFrame(
        {"at": [datetime(2024, 1, 1, 0, 30), datetime(2024, 1, 1, 12), datetime(9999, 12, 31, 23, 59)]}
    )
    assert result(RoundDate(columns=("at",)), table)["at"].to_list()[:1] == [datetime(2024, 1, 1, 1)]
    assert result(RoundDate(columns=("at",), unit="day"), table)["at"].to_list()[1] == datetime(2024, 1, 2)
    step = RoundDate(columns=("at",), unit="day").bind(table.schema)
    assert [table.select(each.where.sum()).item() for each in step.failures()] == [1]
    with pytest.raises(InvalidStepError, match="holds dates, which have no hour"):
        RoundDate(columns=("d",)).bind(TABLE.schema)
