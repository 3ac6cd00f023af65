"""Names of columns, made clean or taken from another table."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from tests.checks import result
from transforms.columns_names import CleanColumnNames, RenameFromDataset
from transforms.core.errors import InvalidStepError, StepError

MAPPING = pl.DataFrame({"old": ["a", "b", None, "z"], "new": ["x", "a", "q", None]})


def cleaned(*names: str, **params: Any) -> list[str]:
    table = pl.DataFrame({name: [1] for name in names})
    return result(CleanColumnNames(**params), table).columns


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("snake", "http_server2_name"),
        ("kebab", "http-server2-name"),
        ("camel", "httpServer2Name"),
        ("pascal", "HttpServer2Name"),
        ("lower", "httpserver2_name"),
        ("upper", "HTTPSERVER2_NAME"),
    ],
)
def test_words_begin_at_signs_and_capitals(case: Any, expected: str) -> None:
    assert cleaned(" HTTPServer2 (name)", case=case) == [expected]


def test_a_plural_of_capitals_stays_one_word() -> None:
    assert cleaned("customerIDs", "Q1Sales", "rate%", "#rooms", "Ann's") == [
        "customer_ids",
        "q1_sales",
        "rate_percent",
        "number_rooms",
        "anns",
    ]


def test_accents_go_unless_they_are_to_stay_and_other_scripts_stay() -> None:
    assert cleaned("Łódź Größe", "東京 都") == ["lodz_grosse", "東京_都"]
    assert cleaned("Größe", strip_accents=False) == ["größe"]


def test_names_that_are_taken_are_numbered_also_by_columns_that_keep_theirs() -> None:
    assert cleaned("A b", "a B", "a_b", columns=("A b", "a B")) == ["a_b_2", "a_b_3", "a_b"]
    assert cleaned("?", "!", "x") == ["column_1", "column_2", "x"]


def test_equal_names_are_an_error_when_they_are_not_to_be_numbered() -> None:
    step = CleanColumnNames(dedupe=False)
    with pytest.raises(InvalidStepError, match="Columns 'A b' and 'a B' would all be named 'a_b'"):
        step.bind(pl.Schema({"A b": pl.Int64(), "a B": pl.Int64()}))


def test_clean_names_are_left_alone() -> None:
    names = ["order_id", "customer_name", "q1"]
    assert cleaned(*names) == names


def test_names_may_be_swapped_by_a_mapping() -> None:
    table = pl.DataFrame({"a": [1], "b": [2], "c": [3]})
    mapping = pl.DataFrame({"old": ["b", "a"], "new": ["a", "b"]})
    found = result(RenameFromDataset(key="old", value="new"), table, mapping)
    assert found.to_dict(as_series=False) == {"b": [1], "a": [2], "c": [3]}


def test_columns_without_a_new_name_are_dropped_or_stop_the_run() -> None:
    table = pl.DataFrame({"a": [1], "cc": [3]})
    assert result(RenameFromDataset(key="old", value="new", unmatched="drop"), table, MAPPING).columns == ["x"]
    with pytest.raises(StepError, match="no new name for column 'cc'"):
        result(RenameFromDataset(key="old", value="new", unmatched="error"), table, MAPPING)
    with pytest.raises(StepError, match="none would be left"):
        result(RenameFromDataset(key="new", value="old", unmatched="drop"), table.select("cc"), MAPPING)


def test_a_mapping_that_contradicts_itself_is_refused() -> None:
    table = pl.DataFrame({"a": [1], "x": [2]})
    twice = pl.DataFrame({"old": ["a", "a"], "new": ["p", "q"]})
    with pytest.raises(StepError, match="two new names for 'a': 'p' and 'q'"):
        result(RenameFromDataset(key="old", value="new"), table, twice)
    with pytest.raises(StepError, match="'a' and 'x' would both be named 'x'"):
        result(RenameFromDataset(key="old", value="new"), table, MAPPING)
    same = pl.DataFrame({"old": ["a", "a"], "new": ["p", "p"]})
    assert result(RenameFromDataset(key="old", value="new"), table, same).columns == ["p", "x"]


def test_an_empty_mapping_changes_nothing() -> None:
    table = pl.DataFrame({"a": [1]})
    for unmatched in ("keep", "drop", "error"):
        step = RenameFromDataset(key="old", value="new", unmatched=unmatched)
        assert result(step, table, MAPPING.clear()).columns == ["a"]
