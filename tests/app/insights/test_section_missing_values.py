"""Where values are missing, which columns miss them together, and what that tells of the target."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats

from dataprep_app.insights.sections.facts import MissingPattern, MissingValuesSection
from dataprep_app.insights.sections.missing_values import PATTERNS, missing_values
from flows.engines.base import Cancelled, Control
from tests.app.insights.tables import clean_table, odd_tables, sample_of

ROWS = 1_000


def of(table: pl.DataFrame, target: str | None = None) -> MissingValuesSection:
    return missing_values(sample_of(table, target), Control())


def gaps(table: pl.DataFrame, where: dict[str, np.ndarray]) -> pl.DataFrame:
    marks = {name: pl.lit(pl.Series(mark)) for name, mark in where.items()}
    return table.with_columns(pl.when(~mark).then(name).alias(name) for name, mark in marks.items())


def test_complete_table_has_one_pattern() -> None:
    found = of(clean_table(), "y")
    assert found.patterns == (MissingPattern(columns=(), rows=ROWS),)
    assert (found.other_patterns, found.together, found.by_column, found.with_target) == (0, (), (), ())
    assert found.basis == "Computed on all 1,000 rows."


def test_null_nan_and_blank_text_are_missing_and_zero_and_infinity_are_not() -> None:
    table = pl.DataFrame(
        {
            "number": [1.0, float("nan"), None, float("inf"), 0.0],
            "text": ["a", "", "  \t", None, "0"],
            "whole": [0, 0, 0, 0, 0],
        }
    )
    found = of(table)
    assert found.by_column == (("text", 3), ("number", 2))
    assert {(each.columns, each.rows) for each in found.patterns} == {
        ((), 2),
        (("number", "text"), 2),
        (("text",), 1),
    }


def test_patterns_are_those_of_a_count_in_python() -> None:
    random = np.random.default_rng(1)
    marks = {name: random.random(ROWS) < 0.3 for name in ("age", "height", "city", "member", "many")}
    found = of(gaps(clean_table(), marks))
    expected: dict[tuple[str, ...], int] = {}
    for row in zip(*marks.values(), strict=True):
        key = tuple(name for name, gone in zip(marks, row, strict=True) if gone)
        expected[key] = expected.get(key, 0) + 1
    assert all(expected[each.columns] == each.rows for each in found.patterns)
    counts = [each.rows for each in found.patterns]
    assert counts == sorted(expected.values(), reverse=True)[:PATTERNS]
    assert found.other_patterns == len(expected) - PATTERNS


def test_complete_rows_are_listed_though_they_are_few() -> None:
    random = np.random.default_rng(2)
    marks = {f"c{i}": random.random(2_000) < 0.5 for i in range(7)}
    table = gaps(pl.DataFrame({name: np.ones(2_000) for name in marks}), marks)
    found = of(table)
    complete = int((~np.column_stack(list(marks.values())).any(axis=1)).sum())
    assert len(found.patterns) == PATTERNS
    assert [each.rows for each in found.patterns if not each.columns] == [complete]


def test_columns_missing_together_are_found_with_their_phi() -> None:
    random = np.random.default_rng(3)
    first = random.random(ROWS) < 0.2
    second = np.where(random.random(ROWS) < 0.8, first, random.random(ROWS) < 0.2)
    found = of(gaps(clean_table(), {"age": first, "height": second, "city": random.random(ROWS) < 0.2}))
    assert [(each.first, each.second) for each in found.together] == [("age", "height")]
    assert found.together[0].correlation == pytest.approx(stats.pearsonr(first, second)[0])
    assert found.together[0].rows == (first & second).sum()


def test_columns_missing_apart_or_in_a_few_rows_are_not_together() -> None:
    places = np.arange(ROWS)
    few = {"age": places < 4, "height": places < 4, "city": places >= 500, "member": places < 500}
    assert of(gaps(clean_table(), few)).together == ()
    nearly_all = {"age": places >= 3, "height": places >= 3}
    assert of(gaps(clean_table(), nearly_all)).together == ()


def test_columns_of_few_rows_that_chance_brings_together_are_not() -> None:
    strong = 0
    for seed in range(10):
        random = np.random.default_rng(seed)
        marks = {f"c{i}": random.random(40) < 0.4 for i in range(8)}
        found = of(gaps(pl.DataFrame({name: np.ones(40) for name in marks}), marks))
        strong += int((np.triu(np.corrcoef(list(marks.values())), k=1) >= 0.3).sum())
        assert found.together == ()
    assert strong >= 3


def test_being_missing_goes_with_a_class() -> None:
    random = np.random.default_rng(4)
    table = clean_table()
    yes = (table["y"] == "yes").to_numpy()
    gone = yes & (random.random(ROWS) < 0.4)
    found = of(gaps(table, {"age": gone, "height": random.random(ROWS) < 0.2}), "y")
    assert [name for name, _ in found.with_target] == ["age"]
    plain = stats.contingency.association(stats.contingency.crosstab(gone, yes).count)
    assert found.with_target[0][1] == pytest.approx(plain, abs=0.002)


def test_being_missing_goes_with_a_number_and_rows_without_it_do_not_count() -> None:
    random = np.random.default_rng(5)
    price = random.normal(100, 10, ROWS)
    table = clean_table().with_columns(price=pl.Series(np.where(random.random(ROWS) < 0.1, np.nan, price)))
    gone = (price > 105) & (random.random(ROWS) < 0.5)
    found = of(gaps(table, {"age": gone, "city": random.random(ROWS) < 0.3}), "price")
    assert [name for name, _ in found.with_target] == ["age"]
    known = np.isfinite(table["price"].to_numpy())
    expected = abs(stats.pearsonr(gone[known], price[known])[0])
    assert found.with_target[0][1] == pytest.approx(expected, abs=0.002)


def test_gaps_by_chance_are_no_sign() -> None:
    for seed in range(5):
        random = np.random.default_rng(seed)
        marks = {name: random.random(300) < 0.1 for name in ("age", "height", "city", "many")}
        found = of(gaps(clean_table(300, seed), marks), "y")
        assert (found.together, found.with_target) == ((), ())


@pytest.mark.parametrize("name", odd_tables())
def test_odd_tables_do_not_fail_and_give_the_same_twice(name: str) -> None:
    table = odd_tables()[name]
    assert of(table) == of(table)
    assert sum(each.rows for each in of(table).patterns) <= table.height


def test_it_can_be_stopped() -> None:
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        missing_values(sample_of(clean_table()), control)
