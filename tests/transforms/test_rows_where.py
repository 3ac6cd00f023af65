"""Rows kept by dates, types and groups, and cells cleared."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from pydantic import ValidationError

from tests.checks import result
from transforms.core.errors import InvalidStepError
from transforms.rows_where import ClearWhere, FilterGroups, FilterRelativeDate, FilterValidType, before

RANDOM = np.random.default_rng(11)
DAYS = pl.DataFrame({"day": pl.date_range(date(2023, 1, 1), date(2024, 3, 31), eager=True)})
GROUPS = pl.DataFrame(
    {
        "g": [("a", "b", "c", "d", None)[i] for i in RANDOM.integers(0, 5, 40)],
        "h": RANDOM.integers(0, 3, 40),
        "x": [None if i == 0 else float(i) for i in RANDOM.integers(0, 9, 40)],
    }
)


@pytest.mark.parametrize("unit", ["day", "week", "month", "quarter", "year"])
@pytest.mark.parametrize("last", [1, 2, 3])
def test_the_period_is_that_of_pandas(unit: Any, last: int) -> None:
    months = {"month": 1, "quarter": 3, "year": 12}.get(unit, 0) * last
    days = {"day": 1, "week": 7}.get(unit, 0) * last
    offset = pd.DateOffset(months=months, days=days)
    found = result(FilterRelativeDate(column="day", last=last, unit=unit), DAYS)["day"]
    start = (pd.Timestamp("2024-03-31") - offset).date()
    assert found.to_list() == [each for each in DAYS["day"] if each > start]


def test_hours_go_by_time_that_passes_and_days_by_the_clock() -> None:
    oslo = ZoneInfo("Europe/Oslo")
    # On 31 March 2024 clocks were set forward, so that the day had 23 hours.
    moments = [datetime(2024, 3, 31, 10, tzinfo=UTC) - timedelta(hours=i) for i in range(30)]
    table = pl.DataFrame({"at": moments}).with_columns(pl.col("at").dt.convert_time_zone("Europe/Oslo"))
    assert result(FilterRelativeDate(column="at", last=24, unit="hour"), table).height == 24
    found = result(FilterRelativeDate(column="at", last=1, unit="day"), table)["at"]
    assert found.min() == datetime(2024, 3, 30, 13, tzinfo=oslo)
    assert len(found) == 23


def test_a_date_without_time_means_the_end_of_that_day() -> None:
    table = pl.DataFrame({"at": [datetime(2024, 1, 31, 23, 59), datetime(2024, 1, 31), datetime(2024, 2, 1)]})
    step = FilterRelativeDate(column="at", last=1, unit="day", anchor="date", date="2024-01-31")
    assert result(step, table)["at"].to_list() == table["at"].to_list()[:2]
    dropped = result(step.model_copy(update={"action": "drop"}), table)
    assert dropped["at"].to_list() == [datetime(2024, 2, 1)]


def test_now_is_the_time_of_fitting() -> None:
    today = datetime.now(UTC).date()
    table = pl.DataFrame({"day": [today - timedelta(days=1), today - timedelta(days=40), today + timedelta(days=9)]})
    assert result(FilterRelativeDate(column="day", last=30, anchor="now"), table)["day"].to_list() == [table["day"][0]]


def test_the_period_never_begins_before_the_first_year() -> None:
    assert before(datetime(2024, 5, 6), 1_000_000, "year") == datetime.min
    assert before(datetime(2024, 5, 6), 1_000_000, "week") == datetime.min
    assert before(datetime(2024, 2, 29), 1, "year") == datetime(2023, 2, 28)


def test_settings_of_a_period_have_to_fit() -> None:
    with pytest.raises(ValidationError, match="goes with anchor 'date'"):
        FilterRelativeDate(column="day", last=1, anchor="date")
    with pytest.raises(InvalidStepError, match="'day' has no time of day to count hours by"):
        FilterRelativeDate(column="day", last=1, unit="hour").bind(DAYS.schema)


@pytest.mark.parametrize(
    ("type", "good", "bad"),
    [
        ("number", ["1", "-2.5e3", ".5"], ["1,5", "one", "1.2.3"]),
        ("integer", ["1", "+7", "2.0"], ["1.5", "1e3"]),
        ("boolean", ["Yes", "0", "true"], ["maybe", "2"]),
        ("date", ["2024-02-29"], ["2023-02-29", "31.01.2024"]),
        ("time", ["13:30"], ["25:00"]),
        ("email", ["ann.lee+x@mail.example.org"], ["ann@", "a b@example.org", "see ann@example.org"]),
        ("url", ["https://example.org/a?b#c", "www.example.org"], ["example", "http:// x"]),
        ("ip", ["192.168.0.1", "::1", "2001:db8::8a2e"], ["256.1.1.1", "1.2.3", "g::1"]),
        ("phone", ["+47 22 33 44 55", "(555) 123-4567"], ["12345", "+47 abc 22334455", "1" * 16]),
        ("uuid", ["3F2504E0-4F89-41D3-9A0C-0305E82C3301"], ["3F2504E0"]),
    ],
)
def test_values_are_told_from_what_only_looks_like_them(type: Any, good: list[str], bad: list[str]) -> None:
    table = pl.DataFrame({"t": [*good, *bad, None, " "]})
    assert result(FilterValidType(column="t", type=type), table)["t"].to_list() == [*good, None, " "]
    strict = FilterValidType(column="t", type=type, nulls=False)
    assert result(strict, table)["t"].to_list() == good
    assert result(strict.model_copy(update={"action": "drop"}), table)["t"].to_list() == [*bad, None, " "]


def test_values_that_are_cleared_are_counted() -> None:
    table = pl.DataFrame({"t": ["1", "x", None]})
    step = FilterValidType(column="t", type="integer", action="null")
    assert result(step, table)["t"].to_list() == ["1", None, None]
    (failure,) = step.bind(table.schema).failures()
    assert table.select(failure.where.sum()).item() == 1


def test_columns_of_other_types_are_looked_at_as_text() -> None:
    table = pl.DataFrame({"x": [1.0, 1.5, float("nan"), None]})
    assert result(FilterValidType(column="x", type="integer", nulls=False), table)["x"].to_list() == [1.0]


@pytest.mark.parametrize(
    ("function", "sql"),
    [("rows", "count(*)"), ("count", "count(x)"), ("sum", "sum(x)"), ("mean", "avg(x)"), ("max", "max(x)")],
)
def test_groups_are_those_that_duckdb_has(function: Any, sql: str) -> None:
    rows = GROUPS.with_row_index("i").to_arrow()
    connection = duckdb.connect()
    connection.register("t", rows)
    for value in (3, 4.5, 8):
        query = f"SELECT i FROM t QUALIFY {sql} OVER (PARTITION BY g, h) >= {value} ORDER BY i"
        expected = [each[0] for each in connection.execute(query).fetchall()]
        column = None if function == "rows" else "x"
        step = FilterGroups(by=("g", "h"), function=function, column=column, value=value)
        assert sorted(result(step, GROUPS.with_row_index("i"))["i"]) == expected


def test_every_row_is_kept_or_dropped() -> None:
    step = FilterGroups(by=("g",), function="std", column="x", op="less", value=2.0)
    kept, dropped = (result(step.model_copy(update={"action": each}), GROUPS) for each in ("keep", "drop"))
    assert kept.height + dropped.height == GROUPS.height


def test_a_group_is_not_compared_by_what_is_no_number() -> None:
    with pytest.raises(InvalidStepError, match="The max of 'g' is a text, not a number"):
        FilterGroups(by=("h",), function="max", column="g", value=1).bind(GROUPS.schema)
    with pytest.raises(ValidationError, match="'sum' needs a column"):
        FilterGroups(by=("h",), function="sum", value=1)


def test_cells_are_cleared_only_where_the_condition_is_true() -> None:
    table = pl.DataFrame({"a": [1, None, 3], "l": [[1], [2], [3]], "t": ["x", "y", "z"]})
    step = ClearWhere.model_validate({"columns": ["l", "t"], "condition": {"column": "a", "op": "more", "value": 2}})
    assert result(step, table).rows() == [(1, [1], "x"), (None, [2], "y"), (3, None, None)]
