"""Columns that are expected, what they are for, and those that say the same as others."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from tests.checks import result
from transforms.columns_fitted import DropDuplicateColumns
from transforms.columns_schema import ConformToSchema, SetColumnRole
from transforms.core.errors import InvalidStepError

RANDOM = np.random.default_rng(5)


def conformed(table: pl.DataFrame, expected: list[dict[str, Any]], **params: Any) -> pl.DataFrame:
    return result(ConformToSchema.model_validate({"expected": expected, **params}), table)


def test_columns_come_out_in_order_and_type_with_what_is_lacking() -> None:
    table = pl.DataFrame({"b": ["1", "x", " "], "extra": [1, 2, 3], "a": [1, 2, None]}, schema_overrides={"a": pl.Int8})
    found = conformed(table, [{"name": "a", "type": "number"}, {"name": "b", "type": "integer"}, {"name": "c"}])
    assert found.schema == {"a": pl.Float64(), "b": pl.Int64(), "c": pl.String()}
    assert found.rows() == [(1.0, 1, None), (2.0, None, None), (None, None, None)]


def test_all_rows_stay_when_no_expected_column_is_there() -> None:
    found = conformed(pl.DataFrame({"x": [1, 2, 3]}), [{"name": "day", "type": "date"}])
    assert found.schema == {"day": pl.Date()}
    assert found.height == 3
    kept = conformed(pl.DataFrame({"x": [1, 2]}), [{"name": "day", "type": "date"}], on_extra="keep")
    assert kept.rows() == [(None, 1), (None, 2)]


def test_what_does_not_fit_is_told_before_the_run() -> None:
    schema = pl.Schema({"aeg": pl.Int64(), "day": pl.Date()})
    strict = ConformToSchema.model_validate({"expected": [{"name": "age"}], "on_missing": "error", "on_extra": "error"})
    with pytest.raises(InvalidStepError, match=r"'age' is not in the table. Did you mean 'aeg'\?") as error:
        strict.bind(schema)
    assert "columns that are not expected: 'aeg', 'day'" in str(error.value)
    with pytest.raises(InvalidStepError, match="'day' holds date, which cannot become integer"):
        ConformToSchema.model_validate({"expected": [{"name": "day", "type": "integer"}]}).bind(schema)
    with pytest.raises(ValidationError, match="'a' is expected twice"):
        ConformToSchema.model_validate({"expected": [{"name": "a"}, {"name": "a"}]})


def test_values_that_are_lost_are_counted_and_can_stop_the_run() -> None:
    table = pl.DataFrame({"a": ["1", "x", "", None]})
    for on_error, stops in (("null", False), ("fail", True)):
        step = ConformToSchema.model_validate({"expected": [{"name": "a", "type": "integer"}], "on_error": on_error})
        (failure,) = step.bind(table.schema).failures()
        assert table.select(failure.where.sum()).item() == 1
        assert failure.stop is stops


def test_a_role_changes_nothing_and_a_target_is_one_column() -> None:
    table = pl.DataFrame({"a": [1, None], "b": [2, 3]})
    assert result(SetColumnRole(columns=("a", "b"), role="ignore"), table).equals(table)
    with pytest.raises(InvalidStepError, match="One column can be the target, found 2"):
        SetColumnRole(columns=("a", "b"), role="target").bind(table.schema)


def test_columns_go_that_pandas_finds_equal() -> None:
    numbers = RANDOM.integers(0, 3, (40, 3))
    table = pl.DataFrame({f"c{i}": numbers[:, i % 3] if i % 2 else RANDOM.integers(0, 3, 40) for i in range(9)})
    pandas = table.to_pandas()
    expected = pandas.T.drop_duplicates().T.columns
    assert result(DropDuplicateColumns(), table).columns == list(expected)
    assert len(expected) < 9


def test_the_same_values_in_another_order_are_no_copy() -> None:
    table = pl.DataFrame({"a": [1, 2, 3], "b": [3, 2, 1], "c": [True, False, True], "d": [False, True, True]})
    assert result(DropDuplicateColumns(), table).columns == ["a", "b", "c", "d"]


def test_missing_values_are_equal_and_types_are_not() -> None:
    nan = float("nan")
    table = pl.DataFrame({"a": [1.0, nan], "b": [1.0, None], "n": [1, None], "e": [None, None], "f": [nan, nan]})
    assert result(DropDuplicateColumns(), table).columns == ["a", "n", "e", "f"]


def test_lists_and_objects_are_compared_too() -> None:
    table = pl.DataFrame({"l": [[1], [2]], "m": [[1], [2]], "s": [{"a": 1}, {"a": 2}], "t": [{"a": 1}, {"a": 3}]})
    assert result(DropDuplicateColumns(), table).columns == ["l", "s", "t"]


def test_names_are_compared_by_their_letters() -> None:
    table = pl.DataFrame({"Order ID": [1], "order_id": [2], "order-id ": [3], "?": [4], "!": [5]})
    assert result(DropDuplicateColumns(compare="names"), table).columns == ["Order ID", "?", "!"]


def test_without_rows_nothing_is_a_copy() -> None:
    table = pl.DataFrame({"a": [1], "b": [1], "d": [date(2024, 1, 1)]}).clear()
    assert result(DropDuplicateColumns(), table).columns == ["a", "b", "d"]
