"""Amounts in another currency."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pandas as pd
import polars as pl
import pytest
from pydantic import ValidationError

from tests.checks import result
from transforms.core.errors import StepError
from transforms.domain_exchange import ConvertCurrency

RATES = pl.DataFrame({"code": ["USD", "GBP", "JPY", "BAD", None], "rate": [1.25, 0.8, 160.0, 0.0, 1.0]})


def step(**settings: Any) -> ConvertCurrency:
    columns = {"amount": "x", "rate_currency": "code", "rate": "rate", "output": "y"}
    return ConvertCurrency.model_validate({**columns, **settings})


def converted(table: pl.DataFrame, rates: pl.DataFrame = RATES, **settings: Any) -> list[float | None]:
    return result(step(**settings), table, rates).sort("n")["y"].to_list()


def test_amounts_go_through_the_base() -> None:
    table = pl.DataFrame(
        {"n": range(6), "x": [10, 10, 10, 10, 7, None], "a": ["USD", "EUR", " gbp", "XYZ", "XYZ", "USD"]}
    )
    assert converted(table, from_column="a", to_currency="JPY") == [1280.0, 1600.0, 2000.0, None, None, None]
    same = table.with_columns(b=pl.col("a"))
    assert converted(same, from_column="a", to_column="b") == [10.0, 10.0, 10.0, 10.0, 7.0, None]


def test_rates_may_say_what_a_currency_costs() -> None:
    table = pl.DataFrame({"n": [0], "x": [10.0]})
    prices = RATES.with_columns(rate=1 / pl.col("rate"))
    found = converted(table, prices, from_currency="USD", to_currency="GBP", quoted="in_base")
    assert found == pytest.approx(converted(table, from_currency="USD", to_currency="GBP"))


def test_rates_that_are_none_are_left_out() -> None:
    rates = pl.concat([RATES, pl.DataFrame({"code": ["USD", "usd"], "rate": [float("nan"), -1.0]})])
    table = pl.DataFrame({"n": [0, 1], "x": [10.0, 10.0], "a": ["USD", "BAD"]})
    assert converted(table, rates, from_column="a", to_currency="EUR") == [8.0, None]


def test_the_last_rate_before_a_day_is_that_of_pandas() -> None:
    days = pl.date_range(date(2024, 1, 1), date(2024, 3, 1), "1d", eager=True)
    rates = pl.DataFrame({"day": days, "rate": [1 + i / 100 for i in range(len(days))]})
    rates = rates.filter(pl.col("day").dt.weekday() < 6).with_columns(code=pl.lit("USD"))
    table = pl.DataFrame({"n": range(80), "x": [100.0] * 80}).with_columns(
        at=pl.datetime(2023, 12, 28, 13) + pl.duration(days=pl.col("n"))
    )
    found = converted(table, rates, from_currency="USD", to_currency="EUR", date="at", rate_date="day")
    left = pd.DataFrame({"at": table["at"].dt.date().cast(pl.Datetime("ns")).to_numpy()})
    right = pd.DataFrame({"at": rates["day"].cast(pl.Datetime("ns")).to_numpy(), "rate": rates["rate"].to_numpy()})
    expected = (100 / pd.merge_asof(left, right, on="at")["rate"]).tolist()
    assert found == [None if each != each else each for each in expected]


def test_without_a_rate_of_the_day_there_may_be_none() -> None:
    table = pl.DataFrame({"n": [0, 1, 2], "x": [1.0] * 3, "at": [datetime(2024, 1, 5, 9), datetime(2024, 1, 6), None]})
    rates = pl.DataFrame({"code": ["USD"], "rate": [2.0], "day": [date(2024, 1, 5)]})
    settings = {"from_currency": "USD", "to_currency": "EUR", "date": "at", "rate_date": "day"}
    assert converted(table, rates, **settings, when_no_rate="none") == [0.5, None, None]
    assert converted(table, rates, **settings) == [0.5, 0.5, None]


def test_two_rates_for_a_currency_stop_the_run() -> None:
    table = pl.DataFrame({"n": [0], "x": [1.0]})
    rates = pl.DataFrame({"code": ["USD", "usd "], "rate": [1.0, 2.0]})
    with pytest.raises(StepError, match="Several rows of the rates table have the same 'code', such as 'USD'"):
        converted(table, rates, from_currency="USD", to_currency="EUR")


def test_an_amount_without_a_rate_stops_the_run_if_wanted() -> None:
    table = pl.DataFrame({"n": [0, 1], "x": [None, 1.0], "a": ["XYZ", "USD"]})
    assert converted(table, from_column="a", to_currency="EUR", on_error="fail") == [None, 0.8]
    with pytest.raises(StepError, match="There is no rate for 'XYZ, EUR'"):
        converted(table.with_columns(x=1.0), from_column="a", to_currency="EUR", on_error="fail")


def test_settings_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValidationError, match="The currency of the amounts is one for all or in a column"):
        step(to_currency="EUR")
    with pytest.raises(ValidationError, match="Give both 'date' and 'rate_date'"):
        step(from_currency="USD", to_currency="EUR", date="at")
