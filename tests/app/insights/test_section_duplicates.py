"""Rows that occur more than once, and rows that are nearly equal."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from dataprep_app.insights.sections.duplicates import duplicates
from dataprep_app.insights.sections.facts import DuplicateSection
from flows.engines.base import Cancelled, Control
from tests.app.insights.tables import clean_table, odd_tables, sample_of

ROWS = 500


def of(table: pl.DataFrame) -> DuplicateSection:
    return duplicates(sample_of(table), Control())


def people(seed: int = 1) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "id": np.arange(ROWS),
            "name": [f"Ann-Sofie O'Neil {i}" for i in random.permutation(ROWS)],
            "city": random.choice(["São Paulo", "Oslo", "Bonn"], ROWS),
            "weight": random.normal(70, 9, ROWS).round(4),
            "born": pl.Series(random.integers(0, 9_000, ROWS)).cast(pl.Int32).cast(pl.Date),
        }
    )


def with_copy(table: pl.DataFrame, **changed: object) -> pl.DataFrame:
    """The table and its eleventh row once more, with other values and an id of its own."""
    copy = table.slice(10, 1).with_columns(id=pl.lit(ROWS)).with_columns(pl.lit(v).alias(k) for k, v in changed.items())
    return pl.concat([table, copy.cast(table.schema)])


def test_table_without_duplicates_has_none() -> None:
    for seed in range(3):
        assert of(people(seed)) == DuplicateSection(basis="Computed on all 500 rows.")


def test_rows_that_occur_most_often_come_first_with_their_number() -> None:
    table = people()
    found = of(pl.concat([table, table.slice(3, 1), table.slice(7, 1), table.slice(7, 1), table.slice(1, 1)]))
    assert [each.count for each in found.exact] == [3, 2, 2]
    assert [(each.values or {})["id"] for each in found.exact] == ["7", "1", "3"]
    assert found.near_rows == 0, "rows that are equal are not nearly equal"


def test_rows_shown_have_at_most_eight_columns_those_with_most_information_first() -> None:
    random = np.random.default_rng(0)
    wide = pl.DataFrame({f"c{i}": random.integers(0, 2 + i, 200) for i in range(12)})
    found = of(pl.concat([wide, wide.head(1)]))
    assert next(iter(found.exact[0].values)) == "c11"
    assert len(found.exact[0].values) == 8


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "ann sofie  ONEIL {n}"},
        {"name": " Ann-Sofie O’Neil, {n}."},
        {"city": "SAO  PAULO"},
        {"weight": 1},
    ],
)
def test_rows_that_differ_only_in_how_they_are_written_are_nearly_equal(changed: dict[str, object]) -> None:
    table = people().with_columns(city=pl.when(pl.int_range(ROWS) == 10).then(pl.lit("São Paulo")).otherwise("city"))
    row = table.row(10, named=True)
    if "name" in changed:
        changed = {"name": str(changed["name"]).format(n=row["name"].split()[-1])}
    if "weight" in changed:
        table = table.with_columns(weight=pl.when(pl.int_range(ROWS) == 10).then(70.1234).otherwise("weight"))
        changed = {"weight": 70.1239}
    found = of(with_copy(table, **changed))
    assert found.near_rows == 2
    first, second = found.near
    assert set(first.marked) == set(second.marked) == {"id", *changed}
    assert (first.values["id"], second.values["id"]) == ("10", "500")
    assert all(first.values[name] != second.values[name] for name in changed)
    assert found.exact == ()


@pytest.mark.parametrize(
    "changed", [{"name": "Ann-Sofie O'Neil 9999"}, {"weight": 12.5}, {"city": "Oslo 1.5"}, {"city": None}]
)
def test_rows_that_differ_in_what_they_say_are_not(changed: dict[str, object]) -> None:
    assert of(with_copy(people(), **changed)).near_rows == 0


def test_digits_and_signs_are_part_of_what_a_text_says() -> None:
    names = [f"part {i}" for i in range(ROWS)]
    for first, second in (("size 1.5", "size 15"), ("C", "C++"), ("10:30", "1030"), ("...", "???")):
        table = people().with_columns(name=pl.Series([first, second, *names[2:]]))
        copy = table.head(1).with_columns(name=pl.lit(second), id=pl.lit(1, dtype=pl.Int64))
        table = pl.concat([table.head(1), copy, table[2:]])
        assert of(table).near_rows == 0


def test_copy_of_a_row_that_is_nearly_equal_is_counted_once() -> None:
    table = with_copy(people(), name=people()["name"][10].upper()).drop("id")
    found = of(pl.concat([table, table.slice(10, 1), table.slice(10, 1)]))
    assert [each.count for each in found.exact] == [3]
    assert found.near_rows == 2


def test_narrow_table_of_categories_has_no_rows_that_are_nearly_equal() -> None:
    random = np.random.default_rng(2)
    table = pl.DataFrame(
        {
            "sex": random.choice(["male", "Male", "female"], ROWS),
            "class": random.choice(["1st", "2nd", "3rd"], ROWS),
            "age": random.integers(1, 80, ROWS),
        }
    )
    found = of(table)
    assert (found.near, found.near_rows) == ((), 0)
    assert found.exact[0].count == max(table.group_by(pl.all()).len()["len"])


def test_categories_alone_do_not_tell_rows_apart() -> None:
    random = np.random.default_rng(3)
    table = pl.DataFrame({f"c{i}": random.choice(["one", "two", "three", "four"], ROWS) for i in range(14)})
    found = of(pl.concat([table, table.head(1).with_columns(pl.col("c0").str.to_uppercase())]))
    assert found.near_rows == 0


def test_rows_that_meet_by_chance_are_not_nearly_equal() -> None:
    random = np.random.default_rng(4)
    table = pl.DataFrame({"amount": random.integers(0, 20_000, ROWS), "sex": random.choice(["male", "Male"], ROWS)})
    alike = table.select(pl.col("amount"), pl.col("sex").str.to_lowercase()).is_duplicated().sum()
    assert 0 < alike < 0.1 * ROWS
    assert of(table).near_rows == 0


def test_table_in_which_most_rows_are_nearly_equal_is_like_that() -> None:
    table = people()
    shouted = table.with_columns(pl.col("name").str.to_uppercase(), id=pl.col("id") + ROWS)
    assert of(pl.concat([table, shouted])).near_rows == 0


@pytest.mark.parametrize("name", odd_tables())
def test_odd_tables_do_not_fail_and_give_the_same_twice(name: str) -> None:
    table = odd_tables()[name]
    assert of(table) == of(table)
    twice = pl.concat([table, table])
    assert sum(each.count or 0 for each in of(twice).exact) >= min(2 * table.height, 20)


def test_it_can_be_stopped() -> None:
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        duplicates(sample_of(clean_table()), control)
