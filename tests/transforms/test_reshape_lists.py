"""Steps on lists: what is particular to them."""

from __future__ import annotations

import statistics
from datetime import date
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.checks import result
from tests.drawing import examples
from transforms.core.errors import InvalidStepError, StepError
from transforms.reshape_list_items import ListFilter, ListSetOperation, ListSlice, ListSort, ListUnique
from transforms.reshape_lists import ListAggregate, ListContains, ListGet, ListJoin, ListLength

NAN = float("nan")
NUMBERS = [[3, 1, None, 1, 2], [5], [], [None], None]
LISTS = st.lists(st.none() | st.integers(-3, 3), max_size=6)


def only(step: Any, table: pl.DataFrame, name: str | None = None) -> list[Any]:
    found = result(step, table)
    return found[name or found.columns[-1]].to_list()


def numbers(values: Any = NUMBERS) -> pl.DataFrame:
    return pl.DataFrame({"l": pl.Series(values, dtype=pl.List(pl.Int64))})


def by_duckdb(expression: str, table: pl.DataFrame) -> list[Any]:
    with duckdb.connect() as connection:
        connection.register("t", table.to_arrow())
        return [row[0] for row in connection.execute(f"SELECT {expression} FROM t").fetchall()]


@pytest.mark.parametrize(
    ("function", "sql"),
    [
        ("sum", "list_sum(l)::BIGINT"),
        ("mean", "list_avg(l)"),
        ("median", "list_median(l)"),
        ("min", "list_min(l)"),
        ("max", "list_max(l)"),
        ("std", "list_stddev_samp(l)"),
    ],
)
def test_aggregates_of_lists_are_those_of_duckdb(function: Any, sql: str) -> None:
    found = only(ListAggregate(column="l", function=function), numbers())
    assert found == pytest.approx(by_duckdb(sql, numbers()))


def test_modes_and_different_items_count_what_is_there() -> None:
    table = numbers([[2, 1, 2, 1, 3], [None], None])
    assert only(ListAggregate(column="l", function="mode"), table) == [1, None, None]
    assert only(ListAggregate(column="l", function="count_distinct"), table) == [3, 0, None]
    assert statistics.multimode([2, 1, 2, 1, 3]) == [2, 1]


def test_booleans_of_lists_ignore_what_is_missing() -> None:
    table = pl.DataFrame({"l": [[True, None], [False, None], [], None]})
    assert only(ListAggregate(column="l", function="any"), table) == [True, False, None, None]
    assert only(ListAggregate(column="l", function="all"), table) == [True, False, None, None]
    with pytest.raises(InvalidStepError, match="'any' takes booleans, and column 'l' holds integer"):
        result(ListAggregate(column="l", function="any"), numbers())


def test_nan_in_a_list_is_missing_and_sums_do_not_wrap() -> None:
    table = pl.DataFrame({"l": [[1.5, NAN, 2.5], [NAN]]})
    assert only(ListAggregate(column="l", function="mean"), table) == [2.0, None]
    assert only(ListSort(column="l"), table) == [[1.5, 2.5, None], [None]]
    with pytest.raises(StepError, match="too large for a whole number"):
        result(ListAggregate(column="l"), numbers([[2**63 - 1, 1]]))


@given(lists=st.lists(st.none() | LISTS, max_size=5), start=st.integers(-8, 8), length=st.none() | st.integers(0, 8))
@settings(max_examples=examples(40), deadline=None)
def test_slices_and_items_are_those_of_python(lists: list[Any], start: int, length: int | None) -> None:
    if start == 0:
        return
    first = start - 1 if start > 0 else start
    end = None if length is None else length

    def cut(items: list[Any]) -> list[Any]:
        return items[max(first + len(items), 0) if first < 0 else first :][:end]

    def item(items: list[Any]) -> Any:
        return items[first] if -len(items) <= first < len(items) else None

    table = numbers(lists)
    assert only(ListSlice(column="l", start=start, length=length), table) == [
        None if each is None else cut(each) for each in lists
    ]
    assert only(ListGet(column="l", index=start), table) == [None if each is None else item(each) for each in lists]


def test_places_are_counted_from_one() -> None:
    with pytest.raises(ValidationError, match="no place 0"):
        ListGet(column="l", index=0)
    with pytest.raises(ValidationError, match="no place 0"):
        ListSlice(column="l", start=0)


def test_lists_of_lists_have_items_and_a_length_but_no_order() -> None:
    table = pl.DataFrame({"l": [[[1], []], None]})
    assert only(ListLength(column="l"), table) == [2, None]
    assert only(ListGet(column="l"), table) == [[1], None]
    with pytest.raises(InvalidStepError, match="lists of list values, not of single values"):
        result(ListSort(column="l"), table)
    with pytest.raises(InvalidStepError, match="'l' holds object values, not lists"):
        result(ListLength(column="l"), pl.DataFrame({"l": [{"a": 1}]}))
    with pytest.raises(InvalidStepError, match="There is a column 'x' already"):
        result(ListLength(column="l", output="x"), table.with_columns(x=1))


@pytest.mark.parametrize(
    ("params", "sql"),
    [
        ({}, "list_sort(l, 'ASC', 'NULLS LAST')"),
        ({"nulls": "first"}, "list_sort(l, 'ASC', 'NULLS FIRST')"),
        ({"order": "descending"}, "list_sort(l, 'DESC', 'NULLS LAST')"),
        ({"order": "reverse"}, "list_reverse(l)"),
    ],
)
def test_sorted_lists_are_those_of_duckdb(params: dict[str, Any], sql: str) -> None:
    assert only(ListSort(column="l", **params), numbers()) == by_duckdb(sql, numbers())


@given(pairs=st.lists(st.tuples(st.none() | LISTS, st.none() | LISTS), max_size=5))
@settings(max_examples=examples(40), deadline=None)
def test_sets_of_items_keep_the_order_of_their_first_places(pairs: list[tuple[Any, Any]]) -> None:
    table = pl.DataFrame(pairs, schema={"a": pl.List(pl.Int64), "b": pl.List(pl.Int64)}, orient="row")
    expected: dict[Any, Any] = {
        "concat": lambda a, b: a + b,
        "union": lambda a, b: list(dict.fromkeys(a + b)),
        "intersect": lambda a, b: [x for x in dict.fromkeys(a) if x in b],
        "difference": lambda a, b: [x for x in dict.fromkeys(a) if x not in b],
    }
    for op, function in expected.items():
        found = only(ListSetOperation(left="a", right="b", op=op, output="c"), table)
        assert found == [None if a is None or b is None else function(a, b) for a, b in pairs], op
    assert only(ListUnique(column="a"), table, "a") == [None if a is None else list(dict.fromkeys(a)) for a, _ in pairs]


def test_zipped_lists_keep_types_and_fill_up_the_shorter_one() -> None:
    table = pl.DataFrame({"a": [[1], [], None, [1, 2]], "b": [["x", "y"], [], ["z"], None]})
    found = only(ListSetOperation(left="a", right="b", op="zip", output="c"), table)
    assert found == [[{"left": 1, "right": "x"}, {"left": None, "right": "y"}], [], None, None]
    assert only(ListSetOperation(left="a", right="b", op="zip", output="c"), table.clear()) == []


def test_lists_of_types_that_do_not_go_together_are_refused() -> None:
    table = pl.DataFrame({"a": [[1]], "b": [["x"]], "c": [[1.5]]})
    with pytest.raises(InvalidStepError, match="The lists hold integer and text values"):
        result(ListSetOperation(left="a", right="b", output="d"), table)
    assert only(ListSetOperation(left="a", right="c", output="d"), table) == [[1.0, 1.5]]


def test_unique_items_by_value() -> None:
    assert only(ListUnique(column="l", order="value"), numbers()) == [[1, 2, 3, None], [5], [], [None], None]


def test_contained_values_are_compared_in_their_type() -> None:
    table = pl.DataFrame({"d": [[date(2024, 1, 2)], [None], None], "n": [[1, 2], [3], None]})
    assert only(ListContains(column="d", value="2024-01-02"), table) == [True, False, None]
    assert only(ListContains(column="n", value=2.0), table) == [True, False, None]
    with pytest.raises(InvalidStepError, match="'x' is not a integer"):
        result(ListContains(column="n", value="x"), table)
    with pytest.raises(ValidationError, match="either a value to look for or a column"):
        ListContains(column="n")


@pytest.mark.parametrize(
    ("op", "sql"), [("less", "x < 2"), ("not_equals", "x <> 2"), ("at_least", "x >= 2"), ("equals", "x = 2")]
)
def test_filtered_lists_are_those_of_duckdb(op: Any, sql: str) -> None:
    found = only(ListFilter(column="l", op=op, value=2), numbers())
    assert found == by_duckdb(f"list_filter(l, lambda x: {sql})", numbers())


def test_filters_of_text_are_for_text() -> None:
    table = pl.DataFrame({"t": [["a.b", "ab", None]]})
    assert only(ListFilter(column="t", op="contains", value="."), table) == [["a.b"]]
    assert only(ListFilter(column="t", op="ends_with", value="b", drop_missing=False), table) == [["a.b", "ab", None]]
    with pytest.raises(InvalidStepError, match="hold integer values; 'contains' works on text"):
        result(ListFilter(column="l", op="contains", value="1"), numbers())


def test_joined_lists_are_those_of_duckdb_and_write_numbers_plainly() -> None:
    table = pl.DataFrame({"l": [["a", "é", None], [None], [], None]})
    assert only(ListJoin(column="l", separator="-"), table)[0] == by_duckdb("array_to_string(l, '-')", table)[0]
    assert only(ListJoin(column="l", separator="-"), table) == ["a-é", "", "", None]
    days = pl.DataFrame({"l": [[date(2024, 1, 2), None]]})
    assert only(ListJoin(column="l", null_text="?"), days) == ["2024-01-02, ?"]


def test_a_column_of_nulls_counts_as_one_of_lists() -> None:
    table = pl.DataFrame({"l": [None, None]})
    for step in (
        ListLength(column="l"),
        ListAggregate(column="l"),
        ListSlice(column="l"),
        ListSort(column="l"),
        ListContains(column="l", value=1),
        ListFilter(column="l", value=1),
        ListJoin(column="l"),
        ListSetOperation(left="l", right="l", output="m"),
        ListSetOperation(left="l", right="l", op="zip", output="m"),
    ):
        assert only(step, table) == [None, None]
