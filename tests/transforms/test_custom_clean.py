"""The usual cleaning in one step, and notes."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from flows.engines.polars_engine import PolarsEngine
from flows.fitting import Asking
from tests.checks import result
from transforms.core.relations import Source
from transforms.custom_clean import CommentStep, QuickClean
from transforms.missing_values import BlankToMissing
from transforms.text_clean import CollapseWhitespace
from transforms.types_infer import InferTypes

MESSY = pl.DataFrame(
    {
        "Full Name": ["  Ann\t Lee\u00a0", "", "Bo", None],
        "n": [" 1", "2 ", "", " "],
        "x": ["1.5", "-2e3", None, "7"],
        "zip": ["0150", "1", None, None],
        "day": ["2024-01-31", None, "2024-02-01", ""],
        "ok": ["Yes", "no", None, " "],
        "f": [1.0, float("nan"), None, None],
        "empty": ["", " ", None, "\u00a0"],
    }
)


def test_it_does_what_its_steps_do_one_after_the_other() -> None:
    found = result(QuickClean(drop_empty_rows=False, drop_empty_columns=False), MESSY)
    expected = MESSY
    for step in (CollapseWhitespace(), BlankToMissing(), InferTypes(min_share=1)):
        expected = result(step, expected)
    assert_frame_equal(found.fill_nan(None), expected.fill_nan(None))


def test_empty_rows_and_columns_go_and_names_are_cleaned() -> None:
    table = pl.concat([MESSY, MESSY.clear(1)])
    found = result(QuickClean(clean_names=True), table)
    assert found.columns == ["full_name", "n", "x", "zip", "day", "ok", "f"]
    assert found.height == 4
    assert found["day"].to_list() == [date(2024, 1, 31), None, date(2024, 2, 1), None]


def test_one_value_that_does_not_fit_keeps_a_column_as_text() -> None:
    table = pl.DataFrame({"n": ["1"] * 99 + ["one"]})
    assert result(QuickClean(), table).schema == {"n": pl.String()}


def test_values_of_another_type_are_counted_after_the_fit() -> None:
    table, new = pl.DataFrame({"n": ["1", "2"]}), pl.DataFrame({"n": ["3", "x", " ", None]})
    bound = QuickClean(drop_empty_rows=False).bind(table.schema)
    learned = bound.fit(Asking(PolarsEngine.over({"in0": table}), (Source("in0"),)))
    assert learned.types == {"n": "integer"}
    assert bound.apply(new.lazy(), learned).collect()["n"].to_list() == [3, None, None, None]
    (failure,) = bound.failures(learned)
    assert new.select(failure.where.sum()).item() == 1


def test_characters_are_removed_before_types_are_looked_for() -> None:
    table = pl.DataFrame({"p": ["$1", "€ 2", None], "t": ["a!b", "C", "d"]})
    found = result(QuickClean(remove=("symbols", "punctuation"), case="title"), table)
    assert found.rows() == [(1, "Ab"), (2, "C"), (None, "D")]


def test_columns_that_are_not_chosen_are_left_alone() -> None:
    table = pl.DataFrame({"a": [" x "], "b": [" 1 "], "c": [None]})
    assert result(QuickClean(columns=("a",), clean_names=True), table).rows() == [("x", " 1 ", None)]


@pytest.mark.parametrize("rows", [0, 3])
def test_a_table_of_nothing_keeps_its_columns(rows: int) -> None:
    table = pl.DataFrame({"a": [None] * rows, "b": [""] * rows}, schema={"a": pl.Null, "b": pl.String})
    assert result(QuickClean(), table).columns == ["a", "b"]


def test_a_note_changes_nothing() -> None:
    assert_frame_equal(result(CommentStep(text="f, zip"), MESSY), MESSY)
    assert CommentStep(text="f, zip").touched(["f", "zip"]) == frozenset()
