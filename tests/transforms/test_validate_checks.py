"""Rules on formats, columns, references, statistics and age; rows that are marked or sent elsewhere."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import polars as pl
import pytest
from pydantic import ValidationError

from tests.checks import result, results
from transforms.core.errors import InvalidStepError, StepError
from transforms.validate_format import AssertFormat, FlagInvalidRows, RejectRows
from transforms.validate_schema import AssertForeignKey, AssertSchema
from transforms.validate_statistics import AssertFresh, AssertStatistic, StopIf

NAN = float("nan")


@pytest.mark.parametrize(
    ("format", "right", "wrong"),
    [
        ("email", ["ann@example.org"], ["ann@", "a b@x.no"]),
        ("url", ["https://example.org/a"], ["example"]),
        ("ip", ["10.0.0.1", "::1"], ["10.0.0.256"]),
        ("uuid", ["123e4567-e89b-12d3-a456-426614174000"], ["123e4567"]),
        ("date", ["2024-02-29"], ["2023-02-29", "29.2.2024"]),
        ("datetime", ["2024-02-29T10:15:00Z"], ["10:15"]),
        ("time", ["10:15"], ["25:00"]),
        ("number", ["-1.5e3", " 7 "], ["1,5", "x"]),
        ("integer", ["7"], ["7.5"]),
        ("phone", ["+47 22 12 34 56"], ["12"]),
        ("iban", ["NO93 8601 1117 947", "GB33BUKB20201555555555"], ["NO93 8601 1117 948", "XX00"]),
        ("card", ["4111 1111 1111 1111"], ["4111 1111 1111 1112", "٤"]),
        ("json", ['{"a": [1, null]}', "3"], ["{a: 1}", "[" * 100_000]),
        ("identifier", ["_a1", "Abc"], ["1a", "a b", "é"]),
    ],
)
def test_formats_are_told_apart(format: Any, right: list[str], wrong: list[str]) -> None:
    table = pl.DataFrame({"x": [*right, *wrong, "", " ", None]})
    flagged = result(AssertFormat(columns=("x",), format=format, on_fail="flag"), table)["is_valid"].to_list()
    assert flagged == [True] * len(right) + [False] * len(wrong) + [True] * 3
    strict = AssertFormat(columns=("x",), format=format, nulls="fail", on_fail="drop")
    assert result(strict, table)["x"].to_list() == right


def test_values_of_a_wrong_format_can_become_missing() -> None:
    table = pl.DataFrame({"x": [1, 2, None], "y": ["a", "1", None]})
    found = result(AssertFormat(columns=("x", "y"), format="integer", on_fail="null"), table)
    assert found.to_dict(as_series=False) == {"x": [1, 2, None], "y": [None, "1", None]}
    (failure,) = AssertFormat(columns=("y",), format="integer").bind(table.schema).failures()
    assert failure.what == "break the rule 'y is a valid integer'"


RULES = (
    {"name": "of age", "condition": {"column": "age", "op": "at_least", "value": 18}},
    {
        "name": "known",
        "condition": {"any": [{"column": "city", "op": "is_present"}, {"column": "age", "op": "equals", "value": 7}]},
    },
)


def test_rows_list_the_rules_they_break() -> None:
    table = pl.DataFrame({"age": [31.0, 7.0, 12.0, None, NAN], "city": ["Oslo", None, None, "Rome", None]})
    step = FlagInvalidRows.model_validate({"rules": RULES})
    assert result(step, table)["issues"].to_list() == [[], ["of age"], ["of age", "known"], [], []]
    strict = FlagInvalidRows.model_validate({"rules": RULES, "nulls": "fail"})
    assert result(strict, table)["issues"].to_list()[3:] == [["of age"], ["of age", "known"]]
    counts = [table.select(each.where.sum()).item() for each in step.bind(table.schema).failures()]
    assert counts == [2, 1]
    with pytest.raises(ValidationError, match="Two rules are called 'of age'"):
        FlagInvalidRows.model_validate({"rules": (RULES[0], RULES[0])})


def test_rejected_rows_come_out_with_the_reason() -> None:
    table = pl.DataFrame({"id": [1, 2, 3, 4], "x": [1.0, -1.0, None, NAN]})
    step = RejectRows.model_validate(
        {"condition": {"column": "x", "op": "less", "value": 0}, "reason": "below zero", "output": "why"}
    )
    assert step.output_names == ("kept", "rejected")
    kept, rejected = results(step, table)
    assert kept["id"].to_list() == [1, 3, 4]
    assert rejected.to_dict(as_series=False) == {"id": [2], "x": [-1.0], "why": ["below zero"]}
    (failure,) = step.bind(table.schema).failures()
    assert (failure.what, failure.stop) == ("were rejected: below zero", False)
    with pytest.raises(InvalidStepError, match="There is a column 'x' already"):
        step.model_copy(update={"output": "x"}).bind(table.schema)


def problems(schema: dict[str, Any], **params: Any) -> list[str]:
    step = AssertSchema.model_validate(params)
    return [each.found for each in step.try_bind(pl.Schema(schema))[1]]


def test_columns_and_types_are_checked_before_a_row_is_read() -> None:
    schema = {"id": pl.Int32(), "name": pl.String(), "at": pl.Datetime("us", "UTC"), "nothing": pl.Null()}
    expected = [
        {"name": "id", "type": "integer"},
        {"name": "name", "type": "text"},
        {"name": "at", "type": "datetime"},
        {"name": "nothing", "type": "number"},
    ]
    assert problems(schema, expected=expected, extra="fail", ordered=True) == []
    wrong = [{"name": "nmae"}, {"name": "id", "type": "number"}]
    assert problems(schema, expected=wrong) == [
        "Column 'nmae' is not in the table.",
        "Column 'id' holds integer values, not number.",
    ]
    assert problems(schema, expected=[{"name": "name"}, {"name": "id"}], extra="fail", ordered=True) == [
        "The table has columns that are not expected: 'at', 'nothing'.",
        "The columns are in another order: 'id', 'name'.",
    ]


def test_a_table_of_other_columns_stops_the_run_or_is_remarked_on() -> None:
    table = pl.DataFrame({"nam": ["a"]})
    with pytest.raises(InvalidStepError, match=r"Column 'name' is not in the table\. Did you mean 'nam'\?"):
        AssertSchema.model_validate({"expected": [{"name": "name"}]}).bind(table.schema)
    assert result(AssertSchema.model_validate({"expected": [{"name": "name"}], "on_fail": "warn"}), table).equals(table)
    with pytest.raises(ValidationError, match="Column 'a' is expected twice"):
        AssertSchema.model_validate({"expected": [{"name": "a"}, {"name": "a"}]})


KEYS = pl.DataFrame(
    {"row": range(7), "a": [1.0, 1.0, 2.0, None, NAN, 9.0, None], "b": ["x", "y", "x", "x", "x", "x", None]}
)
KNOWN = pl.DataFrame({"k": [1, 2, None, 2], "l": ["x", "x", "x", "x"]})


@pytest.mark.parametrize(("nulls", "broken"), [("pass", [1, 5]), ("fail", [1, 3, 4, 5, 6])])
def test_keys_are_looked_up_in_the_other_table(nulls: Any, broken: list[int]) -> None:
    table, known = KEYS, KNOWN.cast({"k": pl.Float64})
    step = AssertForeignKey(columns=("a", "b"), reference=("k", "l"), nulls=nulls, on_fail="quarantine")
    kept, aside = results(step, table, known)
    assert sorted(aside["row"]) == broken
    assert len(kept) + len(aside) == len(table)
    assert kept.schema == aside.schema == table.schema
    flagged = result(step.model_copy(update={"on_fail": "flag"}), table, known).sort("row")["is_valid"]
    assert [i for i, valid in enumerate(flagged) if not valid] == broken
    assert sorted(result(step.model_copy(update={"on_fail": "drop"}), table, known)["row"]) == sorted(kept["row"])


def test_keys_that_are_not_there_stop_the_run_with_count_and_sample() -> None:
    table, known = pl.DataFrame({"a": ["x", "y", "z", None]}), pl.DataFrame({"k": ["x"]})
    step = AssertForeignKey(columns=("a",), reference=("k",))
    with pytest.raises(StepError, match="'a is in the other table' is broken: 2 rows are not, such as y"):
        result(step, table, known)
    assert result(step, table.head(1), known).equals(table.head(1))
    with pytest.raises(InvalidStepError, match="so they cannot match"):
        result(step, table, pl.DataFrame({"k": [1]}))
    with pytest.raises(InvalidStepError, match="1 key columns on the left and 2 on the right"):
        AssertForeignKey(columns=("a",), reference=("k", "l")).bind(table.schema, KNOWN.cast({"k": pl.String}).schema)


NUMBERS = [3.0, 1.0, 4.0, 1.0, 5.0, None, NAN]


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        ("mean", pd.Series(NUMBERS).mean()),
        ("median", pd.Series(NUMBERS).median()),
        ("std", pd.Series(NUMBERS).std()),
        ("min", 1.0),
        ("max", 5.0),
        ("sum", 14.0),
        ("quantile", pd.Series(NUMBERS).quantile(0.9)),
        ("distinct_count", 4),
        ("missing_share", 2 / 7),
    ],
)
def test_statistics_are_those_of_pandas(statistic: Any, expected: float) -> None:
    table = pl.DataFrame({"x": NUMBERS})
    near = AssertStatistic(column="x", statistic=statistic, q=0.9, min=expected - 1e-9, max=expected + 1e-9)
    assert result(near, table).equals(table)
    for bounds in ({"min": expected + 0.01}, {"max": expected - 0.01}):
        with pytest.raises(StepError, match=f"The {statistic} of 'x' is to be at"):
            result(AssertStatistic(column="x", statistic=statistic, q=0.9, **bounds), table)


def test_a_statistic_of_nothing_is_decided_by_a_setting() -> None:
    table = pl.DataFrame({"x": pl.Series([None, None], dtype=pl.Float64)})
    assert result(AssertStatistic(column="x", min=1), table).equals(table)
    step = AssertStatistic(column="x", min=1, when_empty="fail")
    with pytest.raises(StepError, match="found no value"):
        result(step, table)
    flagged = result(step.model_copy(update={"on_fail": "flag"}), table)
    assert flagged["is_valid"].to_list() == [False, False]


def test_bounds_and_columns_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValidationError, match="Nothing is refused"):
        AssertStatistic(column="x")
    with pytest.raises(ValidationError, match="above the maximum"):
        AssertStatistic(column="x", min=2, max=1)
    schema = pl.Schema({"t": pl.String()})
    with pytest.raises(InvalidStepError, match="'mean' takes numbers, and column 't' holds text"):
        AssertStatistic(column="t", min=1).bind(schema)
    with pytest.raises(InvalidStepError, match="The min of 't' is a text, not a number"):
        AssertStatistic(column="t", statistic="min", min=1).bind(schema)


def fresh(values: list[Any], dtype: pl.DataType, **params: Any) -> bool:
    table = pl.DataFrame({"at": pl.Series(values, dtype=dtype)})
    step = AssertFresh.model_validate({"column": "at", "on_fail": "flag", **params})
    return bool(result(step, table)["is_valid"].all())


def test_age_is_counted_to_the_microsecond() -> None:
    moment = datetime(2024, 5, 1, 12)
    params = {"max_age": 2, "unit": "hour"}
    assert fresh([moment, None, datetime(2020, 1, 1)], pl.Datetime("us"), at="2024-05-01T14:00", **params)
    assert not fresh([moment], pl.Datetime("us"), at="2024-05-01T14:00:00.000001", **params)
    assert fresh([date(2024, 5, 1)], pl.Date(), max_age=1, at="2024-05-02")
    assert not fresh([date(2024, 5, 1)], pl.Date(), max_age=1, at="2024-05-02T00:00:01")


def test_zones_are_taken_into_account() -> None:
    at = {"at": "2024-05-01T14:00:00+00:00", "max_age": 1, "unit": "hour"}
    assert fresh([datetime(2024, 5, 1, 13)], pl.Datetime("us"), **at)
    assert not fresh([datetime(2024, 5, 1, 13)], pl.Datetime("us"), timezone="Europe/Oslo", **at)
    moment = datetime(2024, 5, 1, 13, tzinfo=UTC)
    assert fresh([moment], pl.Datetime("us", "Asia/Tokyo"), timezone="Europe/Oslo", **at)


def test_without_a_moment_age_is_counted_to_now() -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    assert fresh([now - timedelta(minutes=30)], pl.Datetime("us"), max_age=1, unit="hour")
    assert not fresh([now - timedelta(minutes=90)], pl.Datetime("us"), max_age=1, unit="hour")
    assert fresh([date(1, 1, 1)], pl.Date(), max_age=1_000_000)


def test_old_data_stops_the_run() -> None:
    table = pl.DataFrame({"at": [date(2024, 5, 1), None]})
    with pytest.raises(StepError, match="The latest 'at' is to lie back 1 days at most, found 2024-05-01"):
        result(AssertFresh(column="at", max_age=1, at="2024-05-03"), table)
    with pytest.raises(StepError, match="found no date"):
        result(AssertFresh(column="at", max_age=1, when_empty="fail"), table.clear())


STOP = {
    "aggregations": [{"column": "x", "function": "sum", "output": "total"}, {"function": "rows"}],
    "expression": "total > 10 and rows = 3",
    "message": "Too {much}",
}


def test_a_formula_over_totals_stops_the_run() -> None:
    table = pl.DataFrame({"x": [5, 6, None], "__checked": [1, 2, 3], "rows": [1, 1, 1]}).drop("__checked")
    with pytest.raises(StepError, match=r"Too \{much\}: 'total 11, rows 3'. Nothing was written."):
        result(StopIf.model_validate(STOP), table)
    assert result(StopIf.model_validate(STOP), table.head(2)).equals(table.head(2))
    nothing = result(StopIf.model_validate(STOP), table.clear())
    assert nothing.schema == table.schema
    empty = {**STOP, "expression": "rows = 0", "message": "Nothing came"}
    with pytest.raises(StepError, match="Nothing came"):
        result(StopIf.model_validate(empty), table.clear())


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"expression": "total + 1"}, "The formula gives integer, not true or false"),
        ({"expression": "totl > 1"}, "there is no column 'totl'. Did you mean 'total'"),
        ({"aggregations": [{"column": "x", "function": "first", "output": "total"}]}, "no value of the whole table"),
        ({"aggregations": [{"function": "rows"}, {"function": "rows"}]}, "Two columns of the result"),
    ],
)
def test_formulas_that_do_not_fit_are_refused(changes: dict[str, Any], error: str) -> None:
    step = StopIf.model_validate({**STOP, **changes})
    with pytest.raises(InvalidStepError, match=error):
        step.bind(pl.Schema({"x": pl.Int64()}))


def test_settings_are_plain_json() -> None:
    step = StopIf.model_validate(STOP)
    assert StopIf.model_validate(json.loads(step.model_dump_json())) == step
