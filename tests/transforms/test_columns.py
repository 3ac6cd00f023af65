"""Choosing, naming, arranging, joining and splitting columns."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from flows.engines.polars_engine import PolarsEngine
from flows.fitting import Asking
from tests.checks import result
from transforms.columns import (
    AddRowNumber,
    DropColumns,
    DuplicateColumn,
    MoveColumn,
    RenameByPattern,
    RenameColumns,
    ReorderColumns,
    SelectColumns,
)
from transforms.columns_fitted import DropConstantColumns, DropEmptyColumns
from transforms.columns_text import ConcatColumns, SplitByPositions, SplitColumn
from transforms.core.errors import InvalidStepError, StepError
from transforms.core.relations import Source

TABLE = pl.DataFrame({"a": [1, 2], "b": ["x", None], "c": [0.5, None], "d": [True, False]})


def names(step: Any, table: pl.DataFrame = TABLE) -> list[str]:
    return result(step, table).columns


def after_fit(step: Any, table: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    bound = step.bind(table.schema)
    learned = bound.fit(Asking(PolarsEngine.over({"in0": table}), (Source("in0"),)))
    found: pl.DataFrame = bound.apply(new.lazy(), learned).collect()
    return found


def test_columns_are_kept_in_the_order_listed_and_by_rule_in_table_order() -> None:
    assert names(SelectColumns(columns=("c", "a"))) == ["c", "a"]
    assert names(SelectColumns.model_validate({"columns": {"type": "numeric"}})) == ["a", "c"]


def test_a_rule_follows_the_table() -> None:
    step = DropColumns.model_validate({"columns": {"type": "all", "regex": "^[bc]$"}})
    assert names(step) == ["a", "d"]
    assert names(step, TABLE.with_columns(e=pl.lit(1))) == ["a", "d", "e"]


@pytest.mark.parametrize("step", [SelectColumns, DropColumns])
def test_unknown_names_are_errors_unless_they_are_to_be_passed_over(step: Any) -> None:
    with pytest.raises(InvalidStepError, match="Column 'aa' is not in the table"):
        step(columns=("aa", "b")).bind(TABLE.schema)
    step(columns=("aa", "b"), ignore_missing=True).bind(TABLE.schema)


def test_a_table_is_not_left_without_columns() -> None:
    with pytest.raises(InvalidStepError, match="No column would be left"):
        DropColumns(columns=("a", "b", "c", "d")).bind(TABLE.schema)
    with pytest.raises(InvalidStepError, match="No column would be left"):
        SelectColumns(columns=("z",), ignore_missing=True).bind(TABLE.schema)


def test_names_that_look_like_patterns_are_names() -> None:
    table = pl.DataFrame({"^a$": [1], "*": [2], "a": [3]})
    assert names(DropColumns(columns=("^a$",)), table) == ["*", "a"]
    assert result(SelectColumns(columns=("*",)), table).to_dict(as_series=False) == {"*": [2]}
    assert result(DuplicateColumn(column="*", output="b"), table)["b"].to_list() == [2]


def test_columns_come_from_the_columns_they_were() -> None:
    assert RenameColumns(mapping={"a": "z"}).bind(TABLE.schema).lineage()["z"] == {"a"}
    assert set(DropColumns(columns=("a",)).bind(TABLE.schema).lineage()) == {"b", "c", "d"}


def test_names_are_changed_all_at_once() -> None:
    swapped = result(RenameColumns(mapping={"a": "b", "b": "a"}), TABLE)
    assert swapped.columns == ["b", "a", "c", "d"]
    assert swapped["b"].to_list() == [1, 2]
    assert names(RenameColumns(mapping={"zz": "y", "a": "z"}, ignore_missing=True)) == ["z", "b", "c", "d"]


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(InvalidStepError, match="Columns 'a' and 'b' would all be named 'b'"):
        RenameColumns(mapping={"a": "b"}).bind(TABLE.schema)
    with pytest.raises(InvalidStepError, match="Columns 'a' and 'b' would all be named 'x'"):
        RenameByPattern(how="regex", text="^[ab]$", replacement="x").bind(TABLE.schema)
    with pytest.raises(InvalidStepError, match="Column 'a' would have no name"):
        RenameByPattern(how="remove_prefix", text="a").bind(TABLE.schema)
    with pytest.raises(ValidationError, match="'a' has no new name"):
        RenameColumns(mapping={"a": ""})


@pytest.mark.parametrize(
    ("how", "text", "replacement", "expected"),
    [
        ("add_prefix", "p_", "", "p_x.y.x"),
        ("add_suffix", "_é", "", "x.y.x_é"),
        ("remove_prefix", "x.", "", "y.x"),
        ("remove_suffix", ".x", "", "x.y"),
        ("replace", ".", "_", "x_y_x"),
        ("replace", "x", "$1", "$1.y.$1"),
        ("regex", "([xy])", "<${1}>", "<x>.<y>.<x>"),
    ],
)
def test_names_are_changed_in_one_way(how: Any, text: str, replacement: str, expected: str) -> None:
    step = RenameByPattern(how=how, text=text, replacement=replacement)
    assert names(step, pl.DataFrame({"x.y.x": [1]})) == [expected]


def test_a_pattern_for_names_is_checked_when_typed() -> None:
    with pytest.raises(ValidationError, match="not a pattern the engine can run"):
        RenameByPattern(how="regex", text="(")
    with pytest.raises(ValidationError, match="no use for a replacement"):
        RenameByPattern(how="add_prefix", text="a", replacement="b")


def test_columns_not_listed_are_kept() -> None:
    assert names(ReorderColumns(columns=("c",))) == ["c", "a", "b", "d"]
    assert names(ReorderColumns(columns=("c", "a"), rest="start")) == ["b", "d", "c", "a"]
    assert names(ReorderColumns(rest="alphabetical"), pl.DataFrame({"b": [1], "A": [1], "a": [1]})) == ["A", "a", "b"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"to": "start"}, "dabc"),
        ({"to": "end"}, "abcd"),
        ({"to": "before", "reference": "b"}, "adbc"),
        ({"to": "after", "reference": "b"}, "abdc"),
        ({"to": "position", "position": 3}, "abdc"),
        ({"to": "position", "position": 99}, "abcd"),
    ],
)
def test_a_column_is_moved(settings: dict[str, Any], expected: str) -> None:
    assert "".join(names(MoveColumn(columns=("d",), **settings))) == expected


def test_a_place_to_move_to_is_checked() -> None:
    with pytest.raises(ValidationError, match="name it in 'reference'"):
        MoveColumn(columns=("a",), to="before")
    with pytest.raises(InvalidStepError, match="'a' is itself moved"):
        MoveColumn(columns=("a",), to="before", reference="a").bind(TABLE.schema)
    with pytest.raises(InvalidStepError, match="There is a column 'b' already"):
        DuplicateColumn(column="a", output="b").bind(TABLE.schema)


def test_rows_are_numbered_as_pandas_does() -> None:
    table = pl.DataFrame({"g": ["a", "b", "a", None, "b", "a"], "x": [3.0, float("nan"), 1.0, 5.0, 2.0, None]})
    step = AddRowNumber.model_validate({"by": ["g"], "order_by": [{"column": "x", "descending": True}], "start": 0})
    ranked = table.to_pandas().groupby("g", dropna=False)["x"].rank("first", ascending=False, na_option="bottom")
    assert result(step, table)["row_number"].to_list() == (ranked - 1).astype(int).tolist()


def test_rows_without_order_are_numbered_as_they_come() -> None:
    found = result(AddRowNumber(start=-1), pl.DataFrame({"x": [9, 7, 8]}))
    assert found.to_dict(as_series=False) == {"x": [9, 7, 8], "row_number": [-1, 0, 1]}
    assert found["row_number"].dtype == pl.Int64


def test_values_are_joined_in_one_way() -> None:
    table = pl.DataFrame(
        {"n": [1.0, 1e20], "ok": [True, None], "day": [date(2024, 5, 1), None], "at": [datetime(2024, 5, 1, 7), None]}
    )
    found = result(ConcatColumns(columns=("at", "n", "ok", "day"), separator="|", output="o"), table)
    assert found["o"].to_list() == ["2024-05-01 07:00:00|1|true|2024-05-01", "1e+20"]


@pytest.mark.parametrize(
    ("nulls", "expected"),
    [("skip", ["x-", "y", None]), ("propagate", ["x-", None, None]), ("as_empty", ["x-", "-y", "-"])],
)
def test_missing_values_are_joined_as_asked(nulls: Any, expected: list[str | None]) -> None:
    table = pl.DataFrame({"a": ["x", None, None], "b": ["", "y", None]})
    found = result(ConcatColumns(columns=("a", "b"), separator="-", output="o", nulls=nulls), table)
    assert found["o"].to_list() == expected


def test_the_joined_column_may_take_the_name_of_one_that_goes() -> None:
    table = pl.DataFrame({"a": ["x"], "b": ["y"], "c": [1]})
    found = result(ConcatColumns(columns=("a", "b"), output="a", keep_input=False), table)
    assert found.to_dict(as_series=False) == {"a": ["xy"], "c": [1]}
    with pytest.raises(InvalidStepError, match="There is a column 'a' already"):
        ConcatColumns(columns=("a", "b"), output="a").bind(table.schema)


@pytest.mark.parametrize("text", ["a-b-c-d", "a", "", "-a-", "a--b", "é-日本-"])
@pytest.mark.parametrize("into", [2, 3, 4])
def test_text_is_split_as_python_does(text: str, into: int) -> None:
    table = pl.DataFrame({"t": [text]})
    for side, parts in (("start", text.split("-", into - 1)), ("end", text.rsplit("-", into - 1))):
        blanks: list[Any] = [None] * (into - len(parts))
        for delimiter, regex in (("-", False), ("[-]", True)):
            step = SplitColumn(column="t", delimiter=delimiter, regex=regex, into=into, side=side)
            row = list(result(step, table).row(0)[1:])
            assert row == ([*parts, *blanks] if side == "start" else [*blanks, *parts])


def test_as_many_columns_are_made_as_there_are_parts() -> None:
    table = pl.DataFrame({"t": ["a,b", None, "c,d,e"], "t_1": [0, 0, 0]})
    step = SplitColumn(column="t", delimiter=",")
    assert result(step, table).columns == ["t", "t_1", "t_1_2", "t_2", "t_3"]
    new = pl.DataFrame({"t": ["a,b,c,d", "", None], "t_1": [0, 0, 0]})
    assert after_fit(step, table, new)["t_3"].to_list() == ["c,d", None, None]


def test_parts_that_are_lost_are_counted() -> None:
    table = pl.DataFrame({"t": ["a b c", "a b", None]})
    step = SplitColumn(column="t", delimiter=" ", into=2, keep_rest=False)
    assert result(step, table)["t_2"].to_list() == ["b", "b", None]
    bound = step.bind(table.schema)
    (failure,) = bound.failures(bound.fit(Asking(PolarsEngine.over({"in0": table}), (Source("in0"),))))
    assert table.select(failure.where.sum()).item() == 1


def test_a_delimiter_has_to_tell_parts() -> None:
    with pytest.raises(ValidationError, match="matches no text at all"):
        SplitColumn(column="t", delimiter="x*", regex=True)
    with pytest.raises(StepError, match="has 300 parts, more than 200"):
        result(SplitColumn(column="t", delimiter=","), pl.DataFrame({"t": ["," * 299]}))


def test_positions_count_characters() -> None:
    found = result(SplitByPositions(column="t", positions=(1, 3)), pl.DataFrame({"t": ["日本é!x", "ab", "", None]}))
    assert found.rows() == [("日本é!x", "日", "本é", "!x"), ("ab", "a", "b", None), ("", "", None, None), (None,) * 4]
    with pytest.raises(ValidationError, match="each larger than the one before"):
        SplitByPositions(column="t", positions=(3, 3))


def test_empty_columns_are_those_of_the_fit() -> None:
    table = pl.DataFrame({"a": [1, 2], "e": [None, None], "n": [float("nan"), None], "s": [" ", None]})
    new = table.with_columns(e=pl.lit(5), a=None)
    assert after_fit(DropEmptyColumns(), table, new).columns == ["a"]
    assert names(DropEmptyColumns(blank_is_empty=False), table) == ["a", "s"]


def test_a_share_of_missing_values_is_reached_exactly() -> None:
    table = pl.DataFrame({"k": range(10), "x": [1, 2, 3, *[None] * 7]})
    assert names(DropEmptyColumns(min_share=0.7), table) == ["k"]
    assert names(DropEmptyColumns(min_share=0.71), table) == ["k", "x"]


def test_a_table_keeps_its_columns_where_all_would_go() -> None:
    table = pl.DataFrame({"a": [None, None], "b": [None, ""]})
    assert names(DropEmptyColumns(), table) == ["a", "b"]
    assert names(DropConstantColumns(count_missing=True), table.select("a")) == ["a"]
    assert names(DropConstantColumns(), table.clear()) == ["a", "b"]


def test_constant_columns_hold_one_value() -> None:
    table = pl.DataFrame({"k": [1, 2, 3], "c": [0.0, -0.0, float("nan")], "m": ["x", None, "x"], "e": [None] * 3})
    assert names(DropConstantColumns(), table) == ["k", "e"]
    assert names(DropConstantColumns(count_missing=True), table) == ["k", "c", "m"]
