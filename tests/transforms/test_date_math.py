"""Adding time to dates, and the time between them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from dateutil.relativedelta import relativedelta  # type: ignore[import-untyped]
from pydantic import ValidationError

from tests.checks import result
from transforms.core.errors import InvalidStepError
from transforms.date_math import DateAdd, DateDifference

RANDOM = np.random.default_rng(3)


def moments(rows: int) -> list[datetime]:
    """Random moments, many of them at the end of a month."""
    days = [datetime(1995, 1, 1) + timedelta(days=int(each)) for each in RANDOM.integers(0, 12_000, rows)]
    ends = [each.replace(day=1) - timedelta(days=1) if i % 3 == 0 else each for i, each in enumerate(days)]
    return [each + timedelta(seconds=int(s)) for each, s in zip(ends, RANDOM.integers(0, 86_400, rows), strict=True)]


PAIRS = pl.DataFrame({"a": moments(800), "b": moments(800), "n": RANDOM.integers(-40, 40, 800)})
PLURALS: dict[str, dict[str, int]] = {
    "year": {"years": 1},
    "quarter": {"months": 3},
    "month": {"months": 1},
    "week": {"weeks": 1},
    "day": {"days": 1},
    "hour": {"hours": 1},
    "minute": {"minutes": 1},
    "second": {"seconds": 1},
}


@pytest.mark.parametrize("unit", PLURALS)
def test_adding_is_that_of_dateutil(unit: str) -> None:
    step = DateAdd.model_validate({"column": "a", "amount_column": "n", "unit": unit, "output": "c"})
    found = result(step, PAIRS)["c"].to_list()
    steps = [relativedelta(**{name: by * n for name, by in PLURALS[unit].items()}) for n in PAIRS["n"]]
    assert found == [each + step for each, step in zip(PAIRS["a"], steps, strict=True)]


def test_dates_stay_dates_unless_hours_are_added() -> None:
    table = pl.DataFrame({"d": [date(2023, 1, 31), None]})
    assert result(DateAdd(column="d", amount=1, unit="month"), table)["d"].to_list() == [date(2023, 2, 28), None]
    found = result(DateAdd(column="d", amount=-1, unit="second"), table)["d"].to_list()
    assert found == [datetime(2023, 1, 30, 23, 59, 59), None]


@pytest.mark.parametrize("unit", PLURALS)
def test_results_outside_all_years_are_missing_and_counted(unit: str) -> None:
    table = pl.DataFrame(
        {"d": [datetime(9999, 12, 31, 23, 59, 59), datetime(1, 1, 1)] * 2 + [None], "n": [1, -1] + [0] * 3}
    )
    table = pl.concat([table, pl.DataFrame({"d": [datetime(2024, 1, 1)] * 3, "n": [2**63 - 1, -(2**63), 10**13]})])
    step = DateAdd.model_validate({"column": "d", "amount_column": "n", "unit": unit})
    found = result(step, table)["d"].to_list()
    assert found == [None, None, datetime(9999, 12, 31, 23, 59, 59), datetime(1, 1, 1), *[None] * 4]
    (failure,) = step.bind(table.schema).failures()
    assert table.select(failure.where.sum()).item() == 5


def test_days_are_days_on_the_wall_and_hours_pass() -> None:
    table = pl.DataFrame({"t": [datetime(2024, 3, 30, 11, tzinfo=UTC)]}).with_columns(
        pl.col("t").dt.convert_time_zone("Europe/Oslo")
    )
    day, hours = (
        result(DateAdd.model_validate({"column": "t", "amount": n, "unit": unit}), table)["t"]
        .dt.replace_time_zone(None)
        .item()
        for n, unit in ((1, "day"), (24, "hour"))
    )
    assert (day, hours) == (datetime(2024, 3, 31, 12), datetime(2024, 3, 31, 13))


def test_a_day_that_leads_into_a_skipped_hour_is_an_hour_later() -> None:
    table = pl.DataFrame({"t": [datetime(2024, 3, 30, 2, 30)]}).with_columns(
        pl.col("t").dt.replace_time_zone("Europe/Oslo")
    )
    found = result(DateAdd(column="t", amount=1), table)["t"].dt.replace_time_zone(None).item()
    assert found == datetime(2024, 3, 31, 3, 30)


def test_one_amount_is_needed() -> None:
    for params in ({}, {"amount": 1, "amount_column": "n"}):
        with pytest.raises(ValidationError, match="one of the two"):
            DateAdd.model_validate({"column": "a", **params})


@pytest.mark.parametrize(("unit", "months"), [("year", 12), ("quarter", 3), ("month", 1)])
def test_completed_months_are_those_of_dateutil(unit: str, months: int) -> None:
    found = result(DateDifference.model_validate({"start": "a", "end": "b", "unit": unit}), PAIRS)["difference"]
    passed = [relativedelta(b, a) for a, b in zip(PAIRS["a"], PAIRS["b"], strict=True)]
    assert found.to_list() == [int((each.years * 12 + each.months) / months) for each in passed]


def test_adding_the_completed_months_never_goes_too_far() -> None:
    step = DateDifference(start="a", end="b", unit="month", output="m")
    table = result(DateAdd(column="a", amount_column="m", unit="month", output="near"), result(step, PAIRS))
    left = (table["b"] - table["near"]).dt.total_seconds()
    assert ((left.sign() == (table["b"] - table["a"]).dt.total_seconds().sign()) | (left == 0)).all()
    assert left.abs().max() < 31 * 86_400  # type: ignore[operator]


@pytest.mark.parametrize("unit", ["week", "day", "hour", "minute", "second"])
def test_time_that_passes_is_that_of_timedelta(unit: str) -> None:
    length = timedelta(**PLURALS[unit])
    whole, exact = (
        result(DateDifference.model_validate({"start": "a", "end": "b", "unit": unit, "whole": each}), PAIRS)[
            "difference"
        ]
        for each in (True, False)
    )
    ratios = [(b - a) / length for a, b in zip(PAIRS["a"], PAIRS["b"], strict=True)]
    assert exact.to_list() == ratios
    assert whole.to_list() == [int(each) for each in ratios]
    assert whole.dtype == pl.Int64


def test_parts_of_months_grow_with_the_day_and_meet_the_whole_ones() -> None:
    days = [date(2024, 1, 31) + timedelta(days=i) for i in range(-400, 400)]
    table = pl.DataFrame({"a": [date(2024, 1, 31)] * len(days), "b": days})
    parts = result(DateDifference(start="a", end="b", unit="month", whole=False), table)["difference"]
    whole = result(DateDifference(start="a", end="b", unit="month"), table)["difference"]
    assert parts.diff().drop_nulls().gt(0).all()
    assert parts.to_list()[days.index(date(2024, 2, 29))] == 1.0
    np.testing.assert_array_equal(np.trunc(parts.to_numpy()), whole.to_numpy())


def test_columns_with_and_without_a_zone_are_not_compared() -> None:
    schema = pl.Schema({"a": pl.Datetime("us", "UTC"), "b": pl.Date()})
    with pytest.raises(InvalidStepError, match="Column 'a' has a time zone and the other has none"):
        DateDifference(start="a", end="b").bind(schema)


def test_months_are_counted_on_the_clock_of_the_start() -> None:
    instants: dict[str, Any] = {
        "a": [datetime(2024, 1, 31, 23, tzinfo=UTC)],
        "b": [datetime(2024, 2, 29, 23, tzinfo=UTC)],
    }
    table = pl.DataFrame(instants).with_columns(pl.col("a").dt.convert_time_zone("Asia/Tokyo"))
    assert result(DateDifference(start="a", end="b", unit="month"), table)["difference"].item() == 1
    assert result(DateDifference(start="b", end="a", unit="month"), table)["difference"].item() == 0
