"""Rows of two tables compared, put side by side and brought up to date: what is particular to it."""

from __future__ import annotations

from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest

from tests.checks import assert_same_rows, result
from transforms.combine_changes import CompareDatasets, UpsertRows
from transforms.combine_rows import AppendColumns, ExceptRows, IntersectRows
from transforms.core.errors import InvalidStepError, StepError

NAN = float("nan")
OLD = pl.DataFrame(
    {"id": [1, 2, 3, None, 3], "t": ["a", "b", None, None, None], "x": [1.0, NAN, 3.0, None, 3.0], "b": [1, 2, 3, 4, 5]}
)
NEW = pl.DataFrame({"x": [None, 3.0, 3.5, NAN], "t": ["b", None, None, None], "id": [2, 3, 3, None]})
KEYED = OLD[:4]
CHANGES = pl.DataFrame({"id": [2, 4, None], "t": [None, "d", "n"], "x": [2.5, NAN, 9.0], "extra": [1, 2, 3]})


def by_duckdb(sql: str, left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    floats = pl.col(pl.Float64).fill_nan(None)
    with duckdb.connect() as connection:
        connection.register("l", left.with_columns(floats).to_arrow())
        connection.register("r", right.with_columns(floats).to_arrow())
        found = pl.from_arrow(connection.sql(sql).to_arrow_table())
    assert isinstance(found, pl.DataFrame)
    return found


@pytest.mark.parametrize(("step", "word"), [(IntersectRows, "INTERSECT"), (ExceptRows, "EXCEPT")])
@pytest.mark.parametrize("columns", [("id", "t", "x"), ("t",), ("x", "id")])
def test_sets_of_rows_are_those_of_sql(step: Any, word: str, columns: tuple[str, ...]) -> None:
    names = ", ".join(columns)
    expected = by_duckdb(f"SELECT {names} FROM l {word} SELECT {names} FROM r", OLD, NEW)
    assert_same_rows(result(step(columns=columns), OLD, NEW), expected)


def test_columns_that_cannot_be_compared_are_said() -> None:
    with pytest.raises(InvalidStepError, match="Column 'b' is not in the right table"):
        result(IntersectRows(), OLD, NEW)
    with pytest.raises(
        InvalidStepError, match="'id' holds integer values in the left table and text values in the right"
    ):
        result(ExceptRows(columns=("id",)), OLD, NEW.with_columns(id=pl.lit("1")))


def test_rows_of_whole_numbers_of_any_size_are_compared() -> None:
    right = pl.DataFrame({"id": pl.Series([3, None], dtype=pl.Int8)})
    assert result(IntersectRows(columns=("id",)), OLD, right)["id"].to_list() == [3, None]
    assert result(ExceptRows(columns=("id",)), OLD, right).schema == {"id": pl.Int64}


def test_appended_columns_are_those_of_pandas() -> None:
    left, right = pl.DataFrame({"a": [3, 1, 2]}), pl.DataFrame({"b": ["x", None, "z"], "a": [7, 8, 9]})
    expected = pd.concat([left.to_pandas(), right.to_pandas().rename(columns={"a": "a_right"})], axis=1)
    found = result(AppendColumns(), left, right)
    assert found.equals(pl.from_pandas(expected), null_equal=True)
    padded = result(AppendColumns(on_unequal="pad"), left[:1], right)
    assert padded.rows() == [(3, "x", 7), (None, None, 8), (None, "z", 9)]


def test_tables_of_unequal_length_are_refused() -> None:
    with pytest.raises(StepError, match=r"different numbers of rows, '1 and 3'"):
        result(AppendColumns(), pl.DataFrame({"a": [1]}), pl.DataFrame({"b": [1, 2, 3]}))
    with pytest.raises(StepError, match=r"different numbers of rows, '0 and 1'"):
        result(AppendColumns(), pl.DataFrame({"a": []}), pl.DataFrame({"b": [1]}))
    assert result(AppendColumns(), pl.DataFrame({"a": []}), pl.DataFrame({"b": []})).height == 0


def test_updates_are_those_of_pandas() -> None:
    left, right = KEYED[:3].drop("b"), CHANGES[:2].drop("extra")
    expected = left.to_pandas().set_index("id")
    expected.update(right.to_pandas().set_index("id"))
    found = result(UpsertRows(on=("id",), insert_new=False), left, right)
    assert found["t"].to_list() == ["a", "b", None]
    assert found["x"].to_list() == [None if pd.isna(each) else each for each in expected["x"]]


def test_new_rows_are_added_and_missing_keys_match_nothing() -> None:
    found = result(UpsertRows(on=("id",)), KEYED, CHANGES)
    assert found.columns == KEYED.columns
    assert_same_rows(
        found.with_columns(pl.col("x").fill_nan(None)),
        pl.DataFrame(
            {
                "id": [1, 2, 3, None, 4, None],
                "t": ["a", "b", None, None, "d", "n"],
                "x": [1.0, 2.5, 3.0, None, None, 9.0],
                "b": [1, 2, 3, 4, None, None],
            }
        ),
    )
    over = result(UpsertRows(on=("id",), null_overwrites=True, insert_new=False), KEYED, CHANGES)
    assert over.filter(id=2).select("t", "x").row(0) == (None, 2.5)


def test_updates_of_a_key_that_occurs_twice_are_refused() -> None:
    with pytest.raises(StepError, match="Several rows of the right table have the same 'id', such as '3'"):
        result(UpsertRows(on=("id",)), KEYED, NEW)
    with pytest.raises(InvalidStepError, match="'t' is a key, so it cannot differ"):
        result(UpsertRows(on=("t",), columns=("t",)), KEYED, CHANGES)
    with pytest.raises(InvalidStepError, match="Column 'b' is not in the right table"):
        result(UpsertRows(on=("id",), columns=("b",)), KEYED, CHANGES)


def test_lists_are_updated_too() -> None:
    left, right = pl.DataFrame({"k": [1, 2], "l": [[1], [2]]}), pl.DataFrame({"k": [2], "l": [[3]]})
    assert result(UpsertRows(on=("k",)), left, right)["l"].to_list() == [[1], [3]]


def test_changes_are_those_of_pandas() -> None:
    left = pl.DataFrame({"k": ["a", "b", "c", "d"], "x": [1.0, NAN, 3.0, 4.0], "n": [1, 2, None, 4]})
    right = left.with_columns(x=pl.Series([1.0, 2.0, NAN, 4.0]), n=pl.Series([1, 5, None, None]))
    found = result(CompareDatasets(on=("k",)), left, right)
    frames = [each.to_pandas().set_index("k") for each in (left, right)]
    compared: Any = frames[0].compare(frames[1])
    expected = {
        (key, column) for key in compared.index for column in ("x", "n") if not compared.loc[key, column].isna().all()
    }
    assert set(found.select("k", "column").iter_rows()) == expected
    assert found.filter(k="b", column="n").select("before", "after").row(0) == ("2", "5")
    assert found.filter(k="c").select("before", "after").row(0) == ("3", None)
    assert set(found["change"]) == {"changed"}


def test_missing_keys_equal_each_other_and_small_differences_can_be_let_pass() -> None:
    left = pl.DataFrame({"k": [1.0, NAN, 3.0], "x": [1.0, 2.0, float("inf")], "n": [10, 20, 30]})
    right = pl.DataFrame({"k": [1.0, None, 4.0], "x": [1.05, 2.5, float("inf")], "n": [10, 20, 31]})
    found = result(CompareDatasets(on=("k",), tolerance=0.1), left, right)
    assert found.rows() == [
        (3.0, "removed", None, None, None),
        (4.0, "added", None, None, None),
        (None, "changed", "x", "2", "2.5"),
    ]
    assert result(CompareDatasets(on=("k",)), left, left).height == 0
    assert result(CompareDatasets(on=("k",)), left.clear(), left.clear()).height == 0


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(StepError, match="Several rows of the left table have the same 'id', such as '3'"):
        result(CompareDatasets(on=("id",)), OLD, KEYED)
    with pytest.raises(InvalidStepError, match="would be named 'change'"):
        result(CompareDatasets(on=("change",)), pl.DataFrame({"change": [1]}), pl.DataFrame({"change": [1]}))
    nested = pl.DataFrame({"k": [1], "l": [[1]]})
    with pytest.raises(InvalidStepError, match="'l' holds list values, which are not compared"):
        result(CompareDatasets(on=("k",)), nested, nested)
