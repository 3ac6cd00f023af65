"""Rows that occur more than once."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.checks import result
from transforms.core.errors import InvalidStepError
from transforms.duplicates import DropDuplicates

RANDOM = np.random.default_rng(3)
MANY = pl.DataFrame(
    {
        "k": RANDOM.integers(0, 20, 300),
        "g": [("a", "b", None)[i] for i in RANDOM.integers(0, 3, 300)],
        "x": RANDOM.permutation(300),
    }
)


def test_as_many_rows_stay_as_pandas_keeps() -> None:
    for columns in (["k"], ["k", "g"], ["g"]):
        found = result(DropDuplicates(columns=tuple(columns)), MANY)
        assert found.height == len(MANY.to_pandas().drop_duplicates(columns))
        assert found.join(MANY, on=["k", "g", "x"], how="anti", nulls_equal=True).is_empty()


@pytest.mark.parametrize("keep", ["first", "last"])
@pytest.mark.parametrize("descending", [False, True])
def test_the_first_and_the_last_in_order_are_those_of_pandas(keep: Any, descending: bool) -> None:
    step = DropDuplicates.model_validate(
        {"columns": ["k", "g"], "keep": keep, "order_by": [{"column": "x", "descending": descending}]}
    )
    pandas = MANY.to_pandas().sort_values("x", ascending=not descending).drop_duplicates(["k", "g"], keep=keep)
    assert sorted(result(step, MANY)["x"]) == sorted(pandas["x"])


def test_only_rows_without_duplicate_can_stay() -> None:
    table = pl.DataFrame({"a": [1.0, 1.0, 2.0, None, float("nan")]})
    assert result(DropDuplicates(keep="none"), table)["a"].to_list() == [2.0]


def test_capitals_and_blanks_can_be_passed_over_and_values_stay_as_they_are() -> None:
    table = pl.DataFrame({"t": ["É ", "é", "e"], "n": [1, 1, 1]})
    assert result(DropDuplicates(), table).height == 3
    assert result(DropDuplicates(trim=True), table).height == 3
    found = result(DropDuplicates(trim=True, ignore_case=True), table)
    assert found.columns == ["t", "n"]
    assert found.height == 2
    assert set(found["t"]) < set(table["t"])


def test_lists_and_objects_are_compared_too() -> None:
    table = pl.DataFrame({"k": [1, 1, 1], "l": [[1], [1], [2]], "s": [{"a": 1}, {"a": 1}, {"a": 1}]})
    assert result(DropDuplicates(), table).height == 2


def test_the_row_kept_does_not_depend_on_the_order_of_the_table() -> None:
    step = DropDuplicates(columns=("k",))
    shuffled = MANY.sample(fraction=1, shuffle=True, seed=1)
    assert sorted(result(step, MANY)["x"]) == sorted(result(step, shuffled)["x"])


def test_without_columns_to_compare_nothing_is_a_duplicate() -> None:
    step = DropDuplicates.model_validate({"columns": {"type": "boolean"}})
    assert result(step, MANY).height == 300


def test_an_order_goes_with_first_and_last() -> None:
    _, problems = DropDuplicates(keep="first").try_bind(MANY.schema)
    assert [each.severity for each in problems] == ["warning"]
    with pytest.raises(InvalidStepError, match="An order has no use when 'any' is kept"):
        DropDuplicates.model_validate({"order_by": [{"column": "x"}]}).bind(MANY.schema)
