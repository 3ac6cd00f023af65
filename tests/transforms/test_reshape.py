"""Pivots, lists and objects: what is particular to them."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import polars as pl
import pytest
from pydantic import ValidationError

from flows.engines.polars_engine import PolarsEngine
from flows.fitting import Asking
from tests.checks import result
from transforms.core.errors import InvalidStepError, StepError
from transforms.core.relations import Source
from transforms.core.transform import Transform
from transforms.reshape import ExplodeList, PivotColumns, PivotWide, SplitToRows, UnpivotLong
from transforms.reshape_nested import ColumnsToList, FlattenStruct, ListToColumns, NestColumns

NAN = float("nan")
LONG = pl.DataFrame(
    {
        "city": ["Oslo", "Rome", "Oslo", None, "Rome", "Oslo", None],
        "key": ["b", "a", "b", "a", None, "c", "b"],
        "x": [1.0, 2.0, 3.0, NAN, 5.0, None, 7.0],
        "n": [1, 2, 3, 4, 5, 6, 7],
        "t": ["p", "q", "r", "s", "t", "u", "v"],
    }
)


def pivot(table: pl.DataFrame = LONG, **params: Any) -> pl.DataFrame:
    return result(PivotWide(**{"index": ("city",), "names_from": "key", "values": ("x",), **params}), table)


def fitted(step: Transform, table: pl.DataFrame) -> tuple[Transform, Any]:
    bound = step.bind(table.schema)
    return bound, bound.fit(Asking(PolarsEngine.over({"t": table}), [Source("t")]))


@pytest.mark.parametrize("aggregate", ["sum", "mean", "min", "max", "count", "median"])
def test_pivots_are_those_of_pandas(aggregate: Any) -> None:
    found = pivot(aggregate=aggregate)
    assert found.columns == ["city", "a", "b", "c", "null"]
    frame = LONG.with_columns(pl.col("city", "key").fill_null("null")).to_pandas()
    for city, *cells in found.iter_rows():
        for name, value in zip(found.columns[1:], cells, strict=True):
            chosen: Any = frame[(frame["city"] == (city or "null")) & (frame["key"] == name)]["x"]
            present = chosen.dropna()
            expected = None if present.empty and aggregate != "count" else getattr(present, aggregate)()
            assert value == (None if expected is None else pytest.approx(expected)), (city, name)


def test_counts_of_empty_cells_are_zero() -> None:
    found = pivot(aggregate="count", values=("t",))
    assert found.filter(city="Rome").row(0) == ("Rome", 1, 0, 0, 1)
    assert found.schema["a"] == pl.Int64


def test_columns_of_a_pivot_have_legal_unique_names() -> None:
    table = pl.DataFrame({"id": [1] * 7, "k": ["A b", "a-b", "id", "", " ", "null", None], "v": [1, 2, 3, 4, 5, 6, 7]})
    found = pivot(table, index=("id",), names_from="k", values=("v",))
    assert sorted(found.columns) == sorted(["id", "empty", "empty_2", "a_b", "a_b_2", "id_2", "null", "null_2"])
    assert sorted(found.row(0)[1:]) == [1, 2, 3, 4, 5, 6, 7]
    assert found["null"].item() == 6, "the text, before the missing"


def test_numbers_become_columns_in_the_order_of_numbers() -> None:
    table = pl.DataFrame({"i": [1, 1, 1, 1], "k": [10.0, 9.0, -1.5, NAN], "v": [1, 2, 3, 4]})
    found = pivot(table, index=("i",), names_from="k", values=("v",))
    assert found.columns == ["i", "minus_1_5", "9", "10", "null"]
    assert found.row(0) == (1, 3, 2, 1, 4)


def test_a_pivot_keeps_its_columns_on_other_rows_and_counts_what_has_none() -> None:
    step, learned = fitted(PivotWide(index=("city",), names_from="key", values=("n",)), LONG.filter(key="b"))
    assert learned == PivotColumns(categories=["b"], missing=False)
    engine = PolarsEngine.over({"t": LONG})
    plan = step.plan(Source("t"), learned=learned)
    assert not isinstance(plan, tuple)
    assert engine.collect(plan).columns == ["city", "b"]
    (failure,) = step.failures(learned)
    assert LONG.select(failure.where.sum()).item() == 4
    assert not failure.stop
    (strict,) = step.model_copy(update={"unknown": "fail"}).failures(learned)
    assert strict.stop
    (none,) = step.failures(PivotColumns(categories=["a", "b", "c"], missing=True))
    assert LONG.select(none.where.sum()).item() == 0
    (nothing,) = step.failures(PivotColumns(categories=[], missing=False))
    assert LONG.select(nothing.where.sum()).item() == 7


def test_a_pivot_of_too_many_columns_is_refused() -> None:
    with pytest.raises(StepError, match="so many different values that 4 columns or more"):
        pivot(max_columns=3)
    assert pivot(max_columns=4).width == 5
    with pytest.raises(StepError, match="8 columns or more"):
        pivot(values=("x", "n"), max_columns=7)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"values": ("t",)}, "'sum' takes numbers, and column 't' holds text"),
        ({"index": ("key",)}, "'key' makes the columns"),
    ],
)
def test_what_cannot_be_pivoted_is_said(params: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidStepError, match=message):
        pivot(**params)


def test_a_pivot_of_no_rows_has_its_index_only() -> None:
    assert pivot(LONG.clear()).columns == ["city"]


def test_pivot_then_unpivot_gives_the_cells_back() -> None:
    wide = pivot(aggregate="max", values=("t",))
    long = result(UnpivotLong(columns=("a", "b", "c", "null"), drop_missing=True), wide)
    assert sorted(long.rows(), key=str) == sorted(
        [
            ("Oslo", "b", "r"),
            ("Oslo", "c", "u"),
            ("Rome", "a", "q"),
            ("Rome", "null", "t"),
            (None, "a", "s"),
            (None, "b", "v"),
        ],
        key=str,
    )


def test_unpivot_is_that_of_pandas_row_by_row() -> None:
    table = pl.DataFrame({"id": range(2_000), "a": range(2_000), "b": [i / 2 for i in range(2_000)]})
    found = result(UnpivotLong(columns=("a", "b")), table)
    melted = pd.melt(table.to_pandas(), id_vars=["id"]).sort_values(["id", "variable"])
    assert found.rows() == list(melted.itertuples(index=False, name=None))
    assert found.schema == {"id": pl.Int64, "variable": pl.String, "value": pl.Float64}


def test_unpivot_takes_lists_whole() -> None:
    table = pl.DataFrame({"a": [[1], None], "b": [[2, 3], []]})
    assert result(UnpivotLong(columns=("a", "b")), table)["value"].to_list() == [[1], [2, 3], None, []]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"columns": ["x", "t"]}, "number and text values, which do not go together"),
        ({"columns": {"type": "boolean"}}, "no column to turn into rows"),
        ({"columns": ["x"], "index": ["x"]}, "both turned into rows and repeated"),
        ({"columns": ["x"], "name_to": "city"}, "would be named 'city'"),
        ({"columns": ["x"], "name_to": "v", "value_to": "v"}, "would be named 'v'"),
    ],
)
def test_what_cannot_be_unpivoted_is_said(params: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidStepError, match=message):
        result(UnpivotLong(**params), LONG)


def test_dropped_values_of_an_unpivot_are_null_and_nan() -> None:
    assert result(UnpivotLong(columns=("x",), drop_missing=True), LONG)["value"].to_list() == [1.0, 2.0, 3.0, 5.0, 7.0]


def test_an_exploded_list_is_that_of_pandas() -> None:
    table = pl.DataFrame({"id": [1, 2, 3, 4], "l": [[1.5, None], None, [], [NAN, 2.5]]})
    found = result(ExplodeList(columns=("l",)), table)
    frame = pd.DataFrame({"id": [1, 2, 3, 4], "l": [[1.5, None], None, [], [NAN, 2.5]]}).explode("l")
    assert found["id"].to_list() == frame["id"].tolist()
    assert [x == x and x for x in found["l"]] == [1.5, None, None, None, False, 2.5]
    assert result(ExplodeList(columns=("l",), keep_empty=False), table)["id"].to_list() == [1, 1, 4, 4]


def test_lists_of_anything_are_exploded_one_level() -> None:
    table = pl.DataFrame({"l": [[[1], []], [None]], "s": [[{"a": 1}], [{"a": 2}, None]]})
    found = result(ExplodeList(columns=("l", "s")), table)
    assert found["l"].to_list() == [[1], [], None, None]
    assert found["s"].to_list() == [{"a": 1}, None, {"a": 2}, None]


def test_what_is_no_list_is_said() -> None:
    table = pl.DataFrame({"s": [{"a": 1}], "l": [[1]]})
    with pytest.raises(InvalidStepError, match="'s' holds object values, not lists"):
        result(ExplodeList(columns=("s",)), table)
    with pytest.raises(InvalidStepError, match="There is a column 's' already"):
        result(ExplodeList(columns=("l",), position="s"), table)
    assert result(ExplodeList(columns={"type": "nested", "except": ["s", "l"]}), table).equals(table)


def test_a_column_of_nulls_counts_as_a_list() -> None:
    table = pl.DataFrame({"l": [None, None]})
    assert result(ExplodeList(columns=("l",), position="p"), table).rows() == [(None, 1), (None, 1)]
    assert result(ListToColumns(column="l", width=2), table).columns == ["l_1", "l_2"]


def test_text_is_split_as_it_is_unless_told_otherwise() -> None:
    table = pl.DataFrame({"t": [" a . b ", "c.", None]})
    assert result(SplitToRows(column="t", delimiter="."), table)["t"].to_list() == ["a", "b", "c", None]
    kept = SplitToRows(column="t", delimiter=".", trim=False, drop_blank=False)
    assert result(kept, table)["t"].to_list() == [" a ", " b ", "c", "", None]
    with pytest.raises(ValidationError, match="not a pattern"):
        SplitToRows(column="t", delimiter="(", regex=True)


def test_lists_of_lists_are_not_put_end_to_end() -> None:
    table = pl.DataFrame({"a": [[1], None], "b": [[2, 3], []]})
    found = result(ColumnsToList(columns=("a", "b"), output="l", drop_inputs=True), table)
    assert found.to_dict(as_series=False) == {"l": [[[1], [2, 3]], [None, []]]}
    with pytest.raises(InvalidStepError, match="number and text values, which do not go into one list"):
        result(ColumnsToList(columns=("x", "t"), output="l"), LONG)


def test_lists_and_columns_are_each_others_opposite() -> None:
    table = pl.DataFrame({"l_1": [1, None, 3], "l_2": [4, 5, None]})
    together = result(ColumnsToList(columns=("l_1", "l_2"), output="l", drop_inputs=True), table)
    assert result(ListToColumns(column="l"), together).equals(table)


def test_items_beyond_the_last_column_are_counted() -> None:
    table = pl.DataFrame({"l": [[1, 2, 3], [4], None, []], "l_1": [0, 0, 0, 0]})
    step = ListToColumns(column="l", width=2, drop_input=False, on_error="fail")
    found = result(step, table)
    assert found.columns == ["l", "l_1", "l_1_2", "l_2"]
    assert found["l_1_2"].to_list() == [1, 4, None, None]
    bound, learned = fitted(step, table)
    (failure,) = bound.failures(learned)
    assert (table.select(failure.where.sum()).item(), failure.stop) == (1, True)
    bound, learned = fitted(ListToColumns(column="l"), table)
    assert learned.items == 3
    assert result(ListToColumns(column="l"), table.clear()).columns == ["l_1"]


DEEP = pl.DataFrame(
    {
        "a": [1, 2],
        "s": [{"a": 1, "in": {"x": "p", "y": {"z": 1.5}}}, None],
        "s_a": [True, False],
    }
)


def test_structures_are_flattened_as_deep_as_told_in_their_place() -> None:
    one = result(FlattenStruct(column="s"), DEEP)
    assert one.columns == ["a", "s_a_2", "s_in", "s_a"]
    three = result(FlattenStruct(column="s", levels=3, separator="."), DEEP)
    assert three.columns == ["a", "s.a", "s.in.x", "s.in.y.z", "s_a"]
    assert three["s.in.y.z"].to_list() == [1.5, None]
    bare = result(FlattenStruct(column="s", prefix="", fields=("in",), levels=2), DEEP)
    assert bare.columns == ["a", "in_x", "in_y", "s_a"]


def test_structures_that_are_none_or_lack_a_field_are_said() -> None:
    with pytest.raises(InvalidStepError, match="'l' holds list values, not objects"):
        result(FlattenStruct(column="l"), pl.DataFrame({"l": [[1]]}))
    with pytest.raises(InvalidStepError, match=r"'s' has no field 'b'\. It has: a, in"):
        result(FlattenStruct(column="s", fields=("b",)), DEEP)


def test_nested_columns_come_back_when_flattened() -> None:
    table = LONG.select("city", "x", "t")
    nested = result(NestColumns(columns=("x", "t"), output="o"), table)
    back = result(FlattenStruct(column="o", prefix=""), nested)
    assert back.equals(table, null_equal=True)


def test_json_text_is_json() -> None:
    table = pl.DataFrame({"a": [1, None], "b": ['"é\n', ""], "c": [[1.5], None], "d": [True, None]})
    found = result(NestColumns(columns=("a", "b", "c", "d"), output="j", form="json"), table)
    assert [json.loads(each) for each in found["j"]] == table.to_dicts()
    assert found.columns == ["j"]


def test_bytes_are_no_json() -> None:
    with pytest.raises(InvalidStepError, match="'b' holds bytes, which JSON cannot"):
        result(NestColumns(columns=("b",), output="j", form="json"), pl.DataFrame({"b": [b"x"]}))


def test_a_new_column_may_take_the_name_of_one_that_goes() -> None:
    found = result(NestColumns(columns=("a", "s_a"), output="a"), DEEP)
    assert found.columns == ["a", "s"]
    assert found["a"].to_list() == [{"a": 1, "s_a": True}, {"a": 2, "s_a": False}]
