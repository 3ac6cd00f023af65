"""Constant columns, ids, and text split where its kind of characters changes."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import polars as pl
import pytest

from tests.checks import result
from transforms.columns_text import SplitByCharType
from transforms.columns_values import AddConstantColumn, AddUuidColumn
from transforms.core.errors import InvalidStepError

NUMBERS = pl.DataFrame({"n": [1, None, 3]})


@pytest.mark.parametrize(
    ("value", "type", "expected", "dtype"),
    [
        ("01", None, "01", pl.String()),
        (2, None, 2, pl.Int64()),
        (2.5, None, 2.5, pl.Float64()),
        (True, None, True, pl.Boolean()),
        (None, None, None, pl.String()),
        (None, "date", None, pl.Date()),
        ("2024-01-31", "date", date(2024, 1, 31), pl.Date()),
        ("P1DT2H", "duration", timedelta(days=1, hours=2), pl.Duration("us")),
        (3, "text", "3", pl.String()),
    ],
)
def test_a_constant_has_the_type_that_is_wanted(value: Any, type: Any, expected: Any, dtype: pl.DataType) -> None:
    found = result(AddConstantColumn(output="c", value=value, type=type), NUMBERS)["c"]
    assert found.dtype == dtype
    assert found.to_list() == [expected] * 3


def test_a_constant_that_is_not_of_its_type_is_refused() -> None:
    with pytest.raises(InvalidStepError, match="'soon' is no date"):
        AddConstantColumn(output="c", value="soon", type="date").bind(NUMBERS.schema)
    with pytest.raises(InvalidStepError, match="too large for a whole number"):
        AddConstantColumn(output="c", value=2**63).bind(NUMBERS.schema)
    with pytest.raises(InvalidStepError, match="There is a column 'n' already"):
        AddConstantColumn(output="n", value=1).bind(NUMBERS.schema)


def test_ids_are_those_of_python() -> None:
    table = pl.DataFrame(
        {"t": ['é"\\\n', None, ""], "x": [1.0, 0.5, float("nan")], "d": [date(2024, 1, 31), None, None]}
    )
    found = result(AddUuidColumn(), table)["id"].to_list()
    texts = [['é"\\\n', "1", "2024-01-31"], [None, "0.5", None], ["", None, None]]
    expected = [
        str(uuid5(NAMESPACE_OID, json.dumps(each, ensure_ascii=False, separators=(",", ":")))) for each in texts
    ]
    assert found == expected
    assert {UUID(each).version for each in found} == {5}


def test_equal_rows_get_ids_of_their_own_or_share_one() -> None:
    table = pl.DataFrame({"k": [0.0, -0.0, float("nan"), None], "z": [1, 2, 3, 4]})
    own = result(AddUuidColumn(columns=("k",)), table)["id"]
    shared = result(AddUuidColumn(columns=("k",), unique=False), table)["id"]
    assert own.n_unique() == 4
    assert shared.n_unique() == 2
    assert set(shared) < set(own)


def test_ids_do_not_depend_on_the_order_of_rows() -> None:
    table = pl.DataFrame({"k": ["a", "a", "b"], "z": [1, 2, 3]})
    step = AddUuidColumn(columns=("k",))
    mine, theirs = result(step, table), result(step, table.reverse())
    assert mine.sort("z").equals(theirs.sort("z"))


@pytest.mark.parametrize(
    ("boundary", "text", "parts"),
    [
        ("digit_nondigit", "AB12", ["AB", "12"]),
        ("digit_nondigit", "٣kg\n4", ["٣", "kg\n", "4"]),
        ("letter_other", "Ann-42é", ["Ann", "-42", "é"]),
        ("lower_upper", "myVariableName", ["my", "Variable", "Name"]),
        ("lower_upper", "iPhone12Pro", ["i", "Phone12Pro"]),
        ("lower_upper", "ABC", ["ABC"]),
    ],
)
def test_text_is_split_where_its_characters_change(boundary: Any, text: str, parts: list[str]) -> None:
    found = result(SplitByCharType(column="t", boundary=boundary), pl.DataFrame({"t": [text, None]}))
    assert list(found.drop("t").row(0)) == parts
    assert "".join(parts) == text
    assert set(found.drop("t").row(1)) == {None}


def test_nothing_of_a_longer_text_is_lost() -> None:
    found = result(SplitByCharType(column="t", into=2), pl.DataFrame({"t": ["1a2b3", "1"]}))
    assert found.rows() == [("1a2b3", "1", "a2b3"), ("1", "1", None)]
