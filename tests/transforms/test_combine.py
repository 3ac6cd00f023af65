"""Joins, unions and look-ups: what is particular to them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import polars as pl
import pytest
from pydantic import ValidationError

from tests.checks import assert_same_rows, result
from transforms.combine import AntiJoin, CrossJoin, JoinDatasets, LookupColumns, SemiJoin, UnionRows
from transforms.core.errors import InvalidStepError, StepError

NAN = float("nan")
ORDERS = pl.DataFrame({"order": [1, 2, 3, 4, 5], "who": ["a", "b", None, "a", "x"], "sum": [1.0, None, 3.0, 4.0, 5.0]})
PEOPLE = pl.DataFrame({"id": ["a", "b", None, "c", "c"], "sum": [10, 20, 30, 40, 50]})


def on(kind: Any, **params: Any) -> Any:
    return kind(left_on=("who",), right_on=("id",), **params)


@pytest.mark.parametrize("how", ["inner", "left", "right", "full"])
def test_joins_are_those_of_pandas_without_missing_keys(how: Any) -> None:
    found = result(on(JoinDatasets, how=how), ORDERS, PEOPLE)
    left = ORDERS.with_columns(pl.col("who").fill_null("left only")).to_pandas()
    right = PEOPLE.with_columns(pl.col("id").fill_null("right only")).to_pandas().rename(columns={"id": "who"})
    merged = pl.from_pandas(
        pd.merge(left, right, on="who", how="outer" if how == "full" else how, suffixes=("", "_right"))
    )
    merged = merged.with_columns(pl.when(~pl.col("who").is_in(["left only", "right only"])).then("who"))
    assert_same_rows(found, merged.select(pl.col(name).cast(dtype) for name, dtype in found.schema.items()))


def test_nan_keys_match_nothing_and_stay_what_they_are() -> None:
    left, right = pl.DataFrame({"k": [NAN, 1.0, None]}), pl.DataFrame({"k": [NAN, 1.0, None], "v": [1, 2, 3]})
    for how, rows in (("inner", 1), ("left", 3), ("right", 3), ("full", 5)):
        found = result(JoinDatasets(left_on=("k",), right_on=("k",), how=how), left, right)
        assert found.height == rows, how
        assert found.filter(pl.col("v") == 2)["k"].to_list() == [1.0]
    kept = result(AntiJoin(left_on=("k",), right_on=("k",)), left, right)
    assert kept["k"].is_nan().to_list() == [True, None]
    assert result(SemiJoin(left_on=("k",), right_on=("k",)), left, right)["k"].to_list() == [1.0]


def test_key_types_that_cannot_match_are_named() -> None:
    with pytest.raises(InvalidStepError, match="'order' holds integer values and 'id', on the right, text values"):
        result(JoinDatasets(left_on=("order",), right_on=("id",)), ORDERS, PEOPLE)
    with pytest.raises(InvalidStepError, match="'order' holds integer values and 'x', on the right, number values"):
        result(SemiJoin(left_on=("order",), right_on=("x",)), ORDERS, pl.DataFrame({"x": [1.0]}))
    with pytest.raises(InvalidStepError, match="2 key columns on the left and 1 on the right"):
        result(AntiJoin(left_on=("order", "who"), right_on=("id",)), ORDERS, PEOPLE)
    with pytest.raises(InvalidStepError, match="Column 'who' is not in the table"):
        result(JoinDatasets(left_on=("who",), right_on=("who",)), ORDERS, PEOPLE)


def test_whole_numbers_of_any_size_match() -> None:
    right = pl.DataFrame({"n": pl.Series([4, 5], dtype=pl.Int8), "v": ["four", "five"]})
    found = result(JoinDatasets(left_on=("order",), right_on=("n",)), ORDERS, right)
    assert found.select("order", "v").rows() == [(4, "four"), (5, "five")]
    assert found.schema["order"] == pl.Int64


@pytest.mark.parametrize(
    ("validate", "side", "value"), [("1:1", "left", "'a'"), ("1:n", "left", "'a'"), ("n:1", "right", "'c'")]
)
def test_a_key_that_may_not_repeat_stops_the_run(validate: Any, side: str, value: str) -> None:
    with pytest.raises(StepError, match=f"Several rows of the {side} table have the same .*{value}"):
        result(on(JoinDatasets, validate_keys=validate), ORDERS, PEOPLE if side == "right" else PEOPLE[:3])


def test_missing_keys_may_repeat() -> None:
    left = pl.DataFrame({"k": [None, None, 1.0, NAN, NAN]})
    step = JoinDatasets(left_on=("k",), right_on=("k",), how="left", validate_keys="1:1")
    assert result(step, left, left.with_columns(v=1)).height == 5


def test_semi_join_repeats_no_row() -> None:
    assert result(on(SemiJoin), ORDERS, pl.concat([PEOPLE, PEOPLE]))["order"].to_list() == [1, 2, 4]


def test_cross_join_refuses_to_make_too_many_rows_before_it_makes_them() -> None:
    many = pl.DataFrame({"x": range(5_000)})
    with pytest.raises(StepError, match=r"makes '25000000' rows, more than the 10,000,000 allowed"):
        result(CrossJoin(), many, many)
    assert result(CrossJoin(max_rows=25), ORDERS, PEOPLE).columns == ["order", "who", "sum", "id", "sum_right"]
    assert result(CrossJoin(), ORDERS, PEOPLE.clear()).height == 0


def test_union_takes_any_number_of_tables() -> None:
    tables = [pl.DataFrame({"a": [i]}) for i in range(5)]
    step = UnionRows(source_column="from", labels=("first",))
    assert result(step, *tables).rows() == [(0, "first"), (1, "2"), (2, "3"), (3, "4"), (4, "5")]
    assert result(UnionRows(), tables[0]).equals(tables[0])


def test_union_keeps_columns_in_order_of_appearance() -> None:
    found = result(UnionRows(), pl.DataFrame({"b": [1], "a": [2]}), pl.DataFrame({"c": [3], "a": [4]}))
    assert found.rows() == [(1, 2, None), (None, 4, 3)]
    assert found.columns == ["b", "a", "c"]


def test_union_of_types_that_do_not_go_together_is_refused_or_text() -> None:
    tables = pl.DataFrame({"a": [1.5, None]}), pl.DataFrame({"a": ["x"]}), pl.DataFrame({"a": [True]})
    with pytest.raises(InvalidStepError, match="'a' holds number and text and boolean values"):
        result(UnionRows(), *tables)
    assert result(UnionRows(types="text"), *tables)["a"].to_list() == ["1.5", None, "x", "true"]
    nested = pl.DataFrame({"a": [[1]]})
    with pytest.raises(InvalidStepError, match="text and list values"):
        result(UnionRows(types="text"), tables[1], nested)


def test_union_of_other_columns_can_be_refused() -> None:
    with pytest.raises(InvalidStepError, match="Not every table has the columns 'b', 'c'"):
        result(UnionRows(how="same"), pl.DataFrame({"a": [1], "b": [1]}), pl.DataFrame({"a": [1], "c": [1]}))
    with pytest.raises(InvalidStepError, match="no column in common"):
        result(UnionRows(how="common"), pl.DataFrame({"b": [1]}), pl.DataFrame({"c": [1]}))
    with pytest.raises(InvalidStepError, match="There is a column 'a' already"):
        result(UnionRows(source_column="a"), pl.DataFrame({"a": [1]}))


def test_distinct_union_keeps_the_first_source() -> None:
    first, second = pl.DataFrame({"a": [1.0, None, NAN]}), pl.DataFrame({"a": [None, 2.0, NAN]})
    found = result(UnionRows(distinct=True, source_column="s"), second, first)
    assert found["s"].to_list() == ["1", "1", "1", "2"]
    assert found["a"].to_list()[:2] == [None, 2.0]


def test_lookup_never_changes_the_number_of_rows() -> None:
    for if_many in ("first", "null"):
        found = result(on(LookupColumns, columns=("sum",), if_many=if_many), ORDERS.vstack(ORDERS), PEOPLE)
        assert found.height == 10
    twice = pl.DataFrame({"order": [1], "who": ["c"]})
    assert result(on(LookupColumns, columns=("sum",), if_many="null"), twice, PEOPLE)["sum"].to_list() == [None]
    first = result(on(LookupColumns, columns=("sum",), if_many="first"), twice, PEOPLE)["sum"].to_list()
    assert (
        first == result(on(LookupColumns, columns=("sum",), if_many="first"), twice, PEOPLE.reverse())["sum"].to_list()
    )
    assert first[0] in (40, 50)


def test_lookup_of_a_repeated_or_unknown_key_can_stop_the_run() -> None:
    with pytest.raises(StepError, match="the right table have the same 'id', such as 'c'"):
        result(on(LookupColumns, columns=("sum",)), ORDERS, PEOPLE)
    with pytest.raises(StepError, match=r"no row with 'id' equal to '(missing|x)'"):
        result(on(LookupColumns, columns=("sum",), if_none="error"), ORDERS, PEOPLE[:4])
    known = ORDERS[:2]
    found = result(on(LookupColumns, columns=("sum",), if_none="error"), known, PEOPLE[:4])
    assert found.rows() == [(1, "a", 1.0, 10), (2, "b", None, 20)]


def test_the_key_itself_is_not_looked_up() -> None:
    with pytest.raises(ValidationError, match="'id' is the key"):
        on(LookupColumns, columns=("id",))
    found = result(on(LookupColumns, columns={"type": "all"}), ORDERS, PEOPLE[:3])
    assert found.columns == ["order", "who", "sum", "sum_right"]


def test_an_empty_suffix_is_refused() -> None:
    with pytest.raises(ValidationError, match="suffix"):
        on(JoinDatasets, suffix="")
