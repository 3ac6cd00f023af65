"""Rules on rows and tables, and kinds of text."""

from __future__ import annotations

import pickle
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from flows import edits
from flows.document import Destination, Flow, Source
from flows.engines.start import start_engine
from flows.result import RunResult
from flows.run import Options, run
from tests.checks import result, results
from transforms.core.errors import InvalidStepError, StepError
from transforms.validate import HAS, CheckTextProperties
from transforms.validate_rules import AssertExpression, AssertInSet, AssertNotMissing, AssertPattern, AssertRange
from transforms.validate_table import AssertRowCount, AssertUnique

NAN = float("nan")


def broken(step: Any, table: pl.DataFrame) -> list[tuple[str, int, bool]]:
    """Column, rows and whether it stops, of each rule that is broken."""
    found = [(e.column, table.select(e.where.sum()).item(), e.stop) for e in step.bind(table.schema).failures()]
    return [each for each in found if each[1]]


@given(st.lists(st.one_of(st.none(), st.text(max_size=5)), max_size=8))
def test_kinds_of_text_are_those_of_python(texts: list[str | None]) -> None:
    texts = [None if each is None else each.encode("utf-8", "ignore").decode() for each in texts]
    table = pl.DataFrame({"t": pl.Series(texts, dtype=pl.String)})
    for kind, method in HAS.items():
        found = result(CheckTextProperties(column="t", property=kind, output="o"), table)["o"].to_list()
        assert found == [None if each is None else method(each) for each in texts]


@pytest.mark.parametrize(
    ("on_fail", "expected"),
    [
        ("stop", {"x": [1, 9, None]}),
        ("warn", {"x": [1, 9, None]}),
        ("quarantine", {"x": [1, None]}),
        ("drop", {"x": [1, None]}),
        ("flag", {"x": [1, 9, None], "is_valid": [True, False, True]}),
        ("null", {"x": [1, None, None]}),
    ],
)
def test_rows_that_break_a_rule_go_where_asked(on_fail: Any, expected: dict[str, Any]) -> None:
    table = pl.DataFrame({"x": [1, 9, None]})
    step = AssertRange(columns=("x",), max=5, on_fail=on_fail)
    assert result(step, table).to_dict(as_series=False) == expected
    assert broken(step, table) == [("x", 1, on_fail == "stop")]


def test_rows_that_are_set_aside_are_a_table_of_their_own() -> None:
    table = pl.DataFrame({"k": [1, 2, 3, 3, None, None], "x": ["a", "b", "c", "d", None, "e"]})
    for step, bad in (
        (AssertNotMissing(columns=("k", "x"), on_fail="quarantine"), [5, 6]),
        (AssertInSet(columns=("x",), values=("a", "b"), on_fail="quarantine"), [3, 4, 6]),
        (AssertUnique(columns=("k",), on_fail="quarantine"), [3, 4, 5, 6]),
        (AssertExpression(expression="k < 3", on_fail="quarantine", nulls="fail"), [3, 4, 5, 6]),
    ):
        assert step.output_names == ("table", "quarantined")
        kept, aside = results(step, table.with_row_index("row", offset=1))
        assert sorted(aside["row"]) == bad
        assert sorted([*kept["row"], *aside["row"]]) == [1, 2, 3, 4, 5, 6]
        assert kept.schema == aside.schema


def test_missing_values_of_every_kind_are_found() -> None:
    table = pl.DataFrame({"f": [1.0, NAN, None], "t": ["", " ", None], "n": [None, None, None]})
    assert broken(AssertNotMissing(columns=("f", "t", "n")), table) == [("f", 2, True), ("t", 1, True), ("n", 3, True)]
    assert broken(AssertNotMissing(columns=("t",), blank_is_missing=True, on_fail="warn"), table) == [("t", 3, False)]


@pytest.mark.parametrize(
    ("settings", "rows"),
    [
        ({"min": 2, "max": 4}, 2),
        ({"min": 2, "max": 4, "closed": "none"}, 4),
        ({"min": 2, "closed": "right"}, 2),
        ({"max": 3.5}, 2),
        ({"max": 3.5, "nulls": "fail"}, 4),
    ],
)
def test_ranges_have_ends_that_belong_to_them_or_not(settings: Any, rows: int) -> None:
    table = pl.DataFrame({"x": [1.0, 2.0, 3.0, 4.0, float("inf"), NAN, None]})
    assert broken(AssertRange(columns=("x",), **settings), table) == [("x", rows, True)]


def test_dates_have_a_range_too() -> None:
    table = pl.DataFrame({"d": [date(2024, 1, 1), date(2025, 1, 1), None]})
    step = AssertRange(columns=("d",), min="2024-01-01", max="2024-12-31")
    assert broken(step, table) == [("d", 1, True)]
    with pytest.raises(InvalidStepError, match="5 is not a date, which is what 'd' holds"):
        AssertRange(columns=("d",), min=5).bind(table.schema)
    with pytest.raises(ValidationError, match="The range has no end"):
        AssertRange(columns=("d",))


def test_lists_and_patterns_take_text_as_it_is() -> None:
    table = pl.DataFrame({"t": ["a", "A", "ab", "", None]})
    assert broken(AssertInSet(columns=("t",), values=("a",)), table) == [("t", 3, True)]
    assert broken(AssertInSet(columns=("t",), values=("a",), ignore_case=True, nulls="fail"), table) == [("t", 3, True)]
    assert broken(AssertPattern(columns=("t",), pattern="^a"), table) == [("t", 2, True)]
    with pytest.raises(InvalidStepError, match="'a' is not a integer"):
        AssertInSet(columns=("n",), values=("a",)).bind(pl.Schema({"n": pl.Int64()}))


def test_a_formula_is_a_rule_if_it_is_true_or_false() -> None:
    schema = pl.Schema({"a": pl.Int64(), "b": pl.Int64()})
    with pytest.raises(InvalidStepError, match="gives integer, but a rule is true or false"):
        AssertExpression(expression="a + b").bind(schema)
    with pytest.raises(InvalidStepError, match="reads no column"):
        AssertExpression(expression="1 < 2").bind(schema)
    table = pl.DataFrame({"a": [1, 2, None], "b": [2, 1, 1]})
    assert broken(AssertExpression(expression="a <= b"), table) == [("a", 1, True)]
    assert broken(AssertExpression(expression="a <= b", nulls="fail"), table) == [("a", 2, True)]


def test_rules_are_told_in_words() -> None:
    schema = pl.Schema({"x": pl.Int64(), "t": pl.String()})
    steps: list[tuple[Any, str]] = [
        (AssertNotMissing(columns=("x",)), "x is not missing"),
        (AssertRange(columns=("x",), min=0, max=5, closed="left"), "x >= 0 and x < 5"),
        (AssertInSet(columns=("x",), values=tuple(range(9))), "x is one of 0, 1, 2, 3, 4, ..."),
        (AssertPattern(columns=("t",), pattern="^a"), "t matches ^a"),
        (AssertExpression(expression="x > 1", name="positive"), "positive"),
    ]
    for step, rule in steps:
        (failure,) = step.bind(schema).failures()
        assert failure.what == f"break the rule {rule!r}"


def test_keys_that_occur_twice_stop_the_run_with_count_and_sample() -> None:
    table = pl.DataFrame({"a": [1, 1, 2, 2, 2, 3], "b": ["x", "x", None, None, None, "x"]})
    with pytest.raises(
        StepError, match=r"'a and b is unique' is broken: 5 rows share a value with another, such as 1, x. Nothing"
    ):
        result(AssertUnique(columns=("a", "b")), table)
    unique = table.with_row_index("row").cast({"row": pl.Int64})
    assert result(AssertUnique(columns=("a", "row")), unique).equals(unique)


def test_nan_and_null_are_one_key() -> None:
    table = pl.DataFrame({"a": [1.0, NAN, None], "b": [1, 2, 3]})
    found = result(AssertUnique(columns=("a",), on_fail="flag"), table)
    assert found.columns == ["a", "b", "is_valid"]
    assert found.sort("b")["is_valid"].to_list() == [True, False, False]
    assert result(AssertUnique(columns=("a",), on_fail="drop"), table)["b"].to_list() == [1]


def test_the_number_of_rows_is_checked() -> None:
    table = pl.DataFrame({"a": [1, 2, 3]})
    assert result(AssertRowCount(min=3, max=3), table).equals(table)
    with pytest.raises(StepError, match="at least 4 rows, found 3"):
        result(AssertRowCount(min=4), table)
    with pytest.raises(StepError, match="at least 1 and at most 2 rows, found 3"):
        result(AssertRowCount(min=1, max=2), table)
    with pytest.raises(StepError, match="found 0"):
        result(AssertRowCount(min=1), table.clear())
    with pytest.raises(ValidationError, match="above the maximum"):
        AssertRowCount(min=3, max=2)


def test_a_name_for_the_mark_that_is_taken_is_refused() -> None:
    schema = pl.Schema({"x": pl.Int64(), "is_valid": pl.Boolean()})
    for step in (AssertRange(columns=("x",), min=0, on_fail="flag"), AssertUnique(columns=("x",), on_fail="flag")):
        with pytest.raises(InvalidStepError, match="There is a column 'is_valid' already"):
            step.bind(schema)


def test_steps_travel_to_workers() -> None:
    bound = CheckTextProperties(column="t", property="digit").bind(pl.Schema({"t": pl.String()}))
    again = pickle.loads(pickle.dumps(bound))
    assert again.apply(pl.LazyFrame({"t": ["1", None]})).collect()["t_is_digit"].to_list() == [True, None]


def test_a_broken_rule_stops_a_run_before_anything_is_written(tmp_path: Path) -> None:
    pl.DataFrame({"id": [1, 1, 3], "age": [31, 150, None]}).write_csv(tmp_path / "in.csv")
    flow = edits.add_source(Flow(name="Checked"), "rows", Source(connector="csv", params={"path": "in.csv"}))
    out = Destination(input="checked", connector="csv", params={"path": "out.csv"})

    def outcome(transform: str, params: dict[str, Any]) -> RunResult:
        checked = edits.add_step(flow, "checked", transform, ["rows"], params)
        whole = edits.add_destination(checked, "out", out)
        return run(whole, tmp_path, lambda sources, control: start_engine("polars", sources, control), Options())

    with pytest.raises(StepError, match=r"column 'age' break the rule 'age <= 120', such as '150' \(1 row\). Nothing"):
        outcome("assert_range", {"columns": ["age"], "max": 120})
    with pytest.raises(StepError, match="2 rows share a value with another, such as 1"):
        outcome("assert_unique", {"columns": ["id"]})
    assert not (tmp_path / "out.csv").exists()
    found = outcome("assert_range", {"columns": ["age"], "max": 120, "on_fail": "quarantine"})
    assert found.steps[0].rows_out == {"table": 2, "quarantined": 1}
    assert found.steps[0].failures[0].what == "break the rule 'age <= 120'; their rows were set aside"
