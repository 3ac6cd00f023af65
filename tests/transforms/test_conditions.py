"""Conditions: what is true, false and unknown, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import duckdb
import polars as pl
import pytest
from pydantic import ValidationError

from tests.checks import result
from transforms.core.conditions import Compare
from transforms.core.errors import InvalidStepError
from transforms.core.params import Params
from transforms.rows import FlagRows
from transforms.rows_filter import FilterRows

NAN = float("nan")
TABLE = pl.DataFrame(
    {
        "n": [1, 2, None, 4],
        "x": [1.0, NAN, None, 2.5],
        "t": ["Ann", "bob", None, ""],
        "b": [True, False, None, True],
        "d": [date(2024, 1, 31), date(2024, 2, 1), None, date(2023, 1, 1)],
        "m": [datetime(2024, 1, 31, 12), datetime(2024, 1, 31), None, datetime(2023, 1, 1)],
        "c": [time(9, 30), time(10), None, time(23, 59)],
        "nothing": [None, None, None, None],
    }
)


def truth(condition: dict[str, Any], table: pl.DataFrame = TABLE) -> list[bool | None]:
    step = FlagRows(condition=condition, output="flag", null_as=None)
    return result(step, table)["flag"].to_list()


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"column": "n", "op": "at_least", "value": 2}, [False, True, None, True]),
        ({"column": "n", "op": "more", "value": 1.5}, [False, True, None, True]),
        ({"column": "n", "op": "between", "value": [2, 4]}, [False, True, None, True]),
        ({"column": "n", "op": "is_in", "value": [1, 2**70]}, [True, False, None, False]),
        ({"column": "n", "op": "is_in", "value": [1, 1.5, 4.0]}, [True, False, None, True]),
        ({"column": "n", "op": "is_in", "value": []}, [False, False, None, False]),
        ({"column": "n", "op": "not_in", "value": []}, [True, True, None, True]),
        ({"column": "x", "op": "not_equals", "value": 1}, [False, None, None, True]),
        ({"column": "x", "op": "is_missing"}, [False, True, True, False]),
        ({"column": "x", "op": "is_present"}, [True, False, False, True]),
        ({"column": "t", "op": "equals", "value": "ANN"}, [False, False, None, False]),
        ({"column": "t", "op": "equals", "value": "ANN", "ignore_case": True}, [True, False, None, False]),
        ({"column": "t", "op": "not_in", "value": ["BOB"], "ignore_case": True}, [True, False, None, True]),
        ({"column": "t", "op": "contains", "value": "."}, [False, False, None, False]),
        ({"column": "t", "op": "matches", "value": "^B", "ignore_case": True}, [False, True, None, False]),
        ({"column": "t", "op": "ends_with", "value": "N", "ignore_case": True}, [True, False, None, False]),
        ({"column": "t", "op": "starts_with", "value": "A"}, [True, False, None, False]),
        ({"column": "b", "op": "is_false"}, [False, True, None, False]),
        ({"column": "b", "op": "equals", "value": True}, [True, False, None, True]),
        ({"column": "d", "op": "less", "value": "2024-02-01"}, [True, False, None, True]),
        ({"column": "m", "op": "at_most", "value": "2024-01-31"}, [False, True, None, True]),
        ({"column": "m", "op": "is_in", "value": ["2024-01-31T12:00:00"]}, [True, False, None, False]),
        ({"column": "c", "op": "less", "value": "10:00"}, [True, False, None, False]),
        ({"column": "n", "op": "less", "other": "x"}, [False, None, None, False]),
        ({"column": "d", "op": "at_most", "other": "m"}, [True, False, None, True]),
        ({"column": "nothing", "op": "equals", "value": 3}, [None] * 4),
        ({"column": "nothing", "op": "contains", "value": "a"}, [None] * 4),
        ({"column": "nothing", "op": "is_true"}, [None] * 4),
        ({"column": "nothing", "op": "not_in", "value": ["2024-01-01"]}, [None] * 4),
        ({"column": "nothing", "op": "is_missing"}, [True] * 4),
    ],
)
def test_truth_of_a_comparison(condition: dict[str, Any], expected: list[bool | None]) -> None:
    assert truth(condition) == expected
    opposite = [None if each is None else not each for each in expected]
    assert truth({"not": condition}) == opposite


def test_trees_follow_the_logic_of_sql() -> None:
    values = (True, False, None)
    table = pl.DataFrame([{"a": a, "b": b, "c": c} for a in values for b in values for c in values])
    a, b, c = ({"column": name, "op": "is_true"} for name in "abc")
    tree = {"any": [{"all": [a, {"not": b}]}, {"not": {"any": [b, c]}}]}
    with duckdb.connect() as connection:
        connection.register("rows", table.to_arrow())
        expected = connection.execute("select (a and not b) or not (b or c) from rows").fetchall()
    assert truth(tree, table) == [value for (value,) in expected]


def test_moments_are_in_the_time_zone_of_the_column() -> None:
    noon = datetime(2024, 7, 1, 10, tzinfo=UTC)
    table = pl.DataFrame({"m": [noon, None]}).with_columns(pl.col("m").dt.convert_time_zone("Europe/Oslo"))
    for same in ("2024-07-01T12:00", "2024-07-01T10:00Z", "2024-07-01T12:00+02:00"):
        assert truth({"column": "m", "op": "equals", "value": same}, table) == [True, None]
        assert truth({"column": "m", "op": "is_in", "value": [same]}, table) == [True, None]


def test_a_float32_equals_the_number_that_was_typed() -> None:
    table = pl.DataFrame({"x": [0.1, 0.2, None]}, schema={"x": pl.Float32})
    assert truth({"column": "x", "op": "equals", "value": 0.1}, table) == [True, False, None]
    assert truth({"column": "x", "op": "is_in", "value": [0.1, 5]}, table) == [True, False, None]


@pytest.mark.parametrize("name", ["*", "^n$", "^.*$", "a.b", "`n`", " ", "🙂", "__x"])
def test_odd_names_are_names(name: str) -> None:
    table = pl.DataFrame({"n": [5, 5], name: [1, 2], "a": [5, 5]})
    assert truth({"column": name, "value": 2}, table) == [False, True]
    assert truth({"column": "n", "op": "more", "other": name}, table) == [True, True]


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ({"op": "between", "value": [1]}, "'between' needs two bounds, found 1"),
        ({"op": "is_in", "value": 1}, "'is_in' needs a list of values"),
        ({"op": "is_missing", "value": 1}, "'is_missing' takes no value"),
        ({"op": "equals"}, "'equals' needs one value"),
        ({"op": "equals", "value": [1, 2]}, "'equals' needs one value"),
        ({"op": "equals", "value": NAN}, "NaN equals nothing"),
        ({"op": "matches", "value": "a(?=b)"}, "is not a pattern the engine can run: look-around"),
        ({"op": "contains", "other": "b"}, "'contains' does not compare two columns"),
        ({"op": "less", "other": "b", "value": 1}, "found both"),
    ],
)
def test_values_that_do_not_fit_the_operator_are_refused(condition: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message.replace("(", r"\(")):
        Compare(column="a", **condition)


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ({"column": "n", "value": "one"}, "'one' is not a integer, which is what 'n' holds"),
        ({"column": "t", "value": 1}, "1 is not a text"),
        ({"column": "b", "value": 1}, "1 is not a boolean"),
        ({"column": "d", "value": "31.1.2024"}, "'31.1.2024' is not a date"),
        ({"column": "m", "value": "2024-01-01T00:00Z"}, "is not a datetime"),
        ({"column": "n", "op": "contains", "value": "1"}, "'n' holds integer values; 'contains' works on text"),
        ({"column": "n", "op": "is_true"}, "'is_true' works on booleans"),
        ({"column": "n", "op": "less", "other": "t"}, "'n' holds integer values and 't' text values"),
        ({"all": [{"any": [{"not": {"column": "nn", "value": 1}}]}]}, "Column 'nn' is not in the table"),
    ],
)
def test_values_that_do_not_fit_the_column_are_problems(condition: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidStepError, match=message):
        FilterRows(condition=condition).bind(TABLE.schema)


def test_columns_read_are_known() -> None:
    tree = {"all": [{"column": "n", "op": "less", "other": "x"}, {"not": {"column": "t", "op": "is_missing"}}]}
    assert set(FilterRows(condition=tree).columns_read()) == {"n", "x", "t"}


def test_trees_survive_json() -> None:
    tree = {
        "any": [{"column": "n", "op": "is_in", "value": [1, 2.5, "a", True]}, {"not": {"column": "t", "value": ""}}]
    }
    step: Params = FilterRows(condition=tree)
    assert FilterRows.model_validate_json(step.model_dump_json(by_alias=True)) == step
