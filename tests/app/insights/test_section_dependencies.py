"""What holds between columns in nearly all rows, and the rows that break it."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import polars as pl
import pytest

from dataprep_app.insights.sections.dependencies import dependencies
from dataprep_app.insights.sections.facts import Dependency, DependencySection
from flows.engines.base import Cancelled, Control
from tests.app.insights.tables import clean_table, odd_tables, sample_of

ROWS = 1_000
PLACE = pl.int_range(pl.len())


def of(table: pl.DataFrame) -> DependencySection:
    return dependencies(sample_of(table), Control())


def only(table: pl.DataFrame) -> Dependency:
    (found,) = of(table).found
    return found


def broken(table: pl.DataFrame, column: str, places: list[int], value: Any) -> pl.DataFrame:
    return table.with_columns(pl.when(PLACE.is_in(places)).then(value).otherwise(column).alias(column))


def shops(seed: int = 1) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    code = random.integers(0, 40, ROWS)
    cities = [f"city {i % 13}" for i in range(40)]
    return clean_table().with_columns(code=pl.Series(code + 5_000), town=pl.Series([cities[i] for i in code]))


def stays(seed: int = 1) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    start = random.integers(0, 900, ROWS)
    days = [pl.Series(each).cast(pl.Int32).cast(pl.Date) for each in (start, start + random.integers(0, 30, ROWS))]
    return clean_table().drop("day").with_columns(arrived=days[0], left=days[1])


def bills(seed: int = 1) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    net, tax = random.uniform(1, 90, ROWS).round(2), random.uniform(0, 20, ROWS).round(2)
    return clean_table().with_columns(net=pl.Series(net), tax=pl.Series(tax), gross=pl.Series((net + tax).round(2)))


def test_columns_that_have_nothing_to_do_with_each_other_say_nothing() -> None:
    for seed in range(5):
        found = of(clean_table(ROWS, seed))
        assert (found.found, found.whole) == ((), 0)


@pytest.mark.parametrize("table", [shops(), stays(), bills()], ids=["decides", "at_most", "sum"])
def test_what_no_row_breaks_is_counted_only(table: pl.DataFrame) -> None:
    found = of(table)
    assert (found.found, found.whole) == ((), 1)


def test_column_that_decides_another_is_told_with_the_rows_that_break_it() -> None:
    table = broken(shops(), "town", [5, 77, 901], pl.lit("elsewhere"))
    found = only(table)
    assert (found.kind, found.determinant, found.dependent) == ("decides", ("code",), "town")
    assert (found.rows, found.broken) == (ROWS, 3)
    assert found.holds == pytest.approx(1 - 3 / ROWS)
    assert {each.values["code"] for each in found.examples} == {str(table["code"][i]) for i in (5, 77, 901)}
    assert all(each.values["town"] == "elsewhere" and each.marked == ("town",) for each in found.examples)


def test_values_of_the_determinant_that_occur_once_cannot_break_it() -> None:
    table = broken(shops(), "code", [3, 4], PLACE + 90_000)
    table = broken(table, "town", [5], pl.lit("elsewhere"))
    assert only(table).rows == ROWS - 2


def test_columns_that_decide_each_other_are_one_dependency() -> None:
    table = shops().with_columns(label=pl.format("shop {}", "code")).drop("town")
    assert of(table).whole == 1
    assert len(of(broken(table, "label", [5, 77], pl.lit("shop x"))).found) == 1


def test_of_several_columns_that_decide_one_the_first_is_told() -> None:
    table = shops().with_columns(label=pl.format("shop {}", "code"))
    found = of(broken(table, "town", [5, 77, 901], pl.lit("elsewhere")))
    assert [(each.determinant, each.dependent) for each in found.found] == [(("code",), "town")]


def test_columns_that_are_equal_do_not_decide_each_other_too() -> None:
    table = shops().with_columns(other=pl.col("town"))
    found = of(broken(table.drop("code"), "other", [5, 77, 901], pl.lit("elsewhere")))
    assert [each.kind for each in found.found] == ["equals"]


def test_column_that_is_nearly_always_the_same_is_decided_by_nothing() -> None:
    random = np.random.default_rng(0)
    table = shops().drop("town").with_columns(flag=pl.Series(np.where(random.random(ROWS) < 0.01, "y", "n")))
    assert of(table).found == ()


def test_value_that_goes_with_two_others_is_no_error() -> None:
    """Springfield lies in several states, about as often in each."""
    random = np.random.default_rng(0)
    table = shops().with_columns(
        town=pl.when((pl.col("code") == 5_003) & pl.Series(random.random(ROWS) < 0.5))
        .then(pl.lit("other"))
        .otherwise("town")
    )
    assert of(table).found == ()


def test_what_breaks_while_another_column_decides_in_every_row_is_no_error() -> None:
    table = broken(shops(), "town", [5, 77, 901], pl.lit("elsewhere"))
    table = table.with_columns(parcel=pl.format("{} {}", "code", "town"))
    assert all(each.dependent != "town" for each in of(table).found)


def test_numbers_of_different_units_are_not_compared() -> None:
    """Horsepower is mostly less than displacement in cubic inches, which is no rule."""
    paid = np.random.default_rng(4).lognormal(4, 0.4, ROWS).round(2)
    table = pl.DataFrame({"low": paid, "high": (paid * 1.01 + np.random.default_rng(5).exponential(40, ROWS)).round(2)})
    some = broken(table, "high", [5, 77], pl.col("low") / 2)
    assert of(some).found == ()
    assert only(some.rename({"low": "price_paid", "high": "list_price"})).kind == "at_most"
    equal = some.with_columns(high=pl.when(PLACE % 50 == 9).then("low").otherwise("high"))
    assert only(equal).kind == "at_most"


def test_date_before_another_is_told() -> None:
    table = broken(stays(), "left", [3, 500], pl.col("arrived").dt.offset_by("-7d"))
    found = only(table)
    assert (found.kind, found.determinant, found.dependent) == ("at_most", ("arrived",), "left")
    assert (found.rows, found.broken) == (ROWS, 2)
    assert [each.values["arrived"] for each in found.examples] == [str(table["arrived"][i]) for i in (3, 500)]


def test_chain_of_dates_has_no_dependency_that_follows_from_others() -> None:
    table = stays().with_columns(paid=pl.col("left").dt.offset_by("12d"))
    found = of(broken(table, "left", [3], pl.col("arrived").dt.offset_by("-7d")))
    assert [(each.determinant, each.dependent) for each in found.found] == [(("arrived",), "left")]
    assert found.whole == 1, "left is before paid; that arrived is so follows"


def test_ranges_that_hardly_meet_and_numbers_that_are_smaller_by_habit_say_nothing() -> None:
    random = np.random.default_rng(0)
    size = np.exp(random.normal(3, 2, ROWS))
    table = pl.DataFrame(
        {
            "age": random.integers(18, 90, ROWS),
            "salary": random.normal(3_000, 1_500, ROWS).round(),
            "few": size * np.exp(random.normal(0, 0.4, ROWS)),
            "most": size * np.exp(random.normal(1.3, 0.4, ROWS)),
        }
    )
    assert 0.98 < (table["few"] <= table["most"]).mean() < 1  # type: ignore[operator]
    assert of(table).found == ()


def test_columns_that_are_nearly_equal_are_told() -> None:
    table = clean_table().with_columns(size=pl.col("height"))
    assert of(table).whole == 1
    found = only(broken(table, "size", list(range(0, 1_000, 50)), pl.lit(1.0)))
    assert (found.kind, found.broken, found.holds) == ("equals", 20, 0.98)
    assert len(found.examples) == 5


def test_columns_that_are_nearly_always_zero_are_not_equal() -> None:
    random = np.random.default_rng(0)
    table = pl.DataFrame({"a": (random.random(ROWS) < 0.01) * 7, "b": (random.random(ROWS) < 0.01) * 7})
    assert of(table).found == ()


def test_sum_is_told_up_to_rounding() -> None:
    found = only(broken(bills(), "gross", [1, 2, 3], pl.lit(12.34)))
    assert (found.kind, found.determinant, found.dependent) == ("sum", ("net", "tax"), "gross")
    assert (found.rows, found.broken) == (ROWS, 3)


def test_addend_that_is_nearly_always_zero_makes_no_sum() -> None:
    table = bills().with_columns(tax=pl.when(PLACE % 50 == 0).then(1.0).otherwise(0.0))
    table = table.with_columns(gross=pl.when(PLACE == 3).then(1.0).otherwise(pl.col("net") + pl.col("tax")))
    assert all(each.kind != "sum" for each in of(table).found)


def test_rows_without_a_value_cannot_break_anything() -> None:
    table = broken(bills(), "gross", list(range(100)), None)
    table = broken(table, "gross", [500], pl.lit(1.0))
    assert (only(table).rows, only(table).broken) == (900, 1)


@pytest.mark.parametrize("name", odd_tables())
def test_odd_tables_do_not_fail_and_give_the_same_twice(name: str) -> None:
    table = odd_tables()[name]
    assert of(table) == of(table)
    assert all(0 < each.broken <= each.rows for each in of(table).found)


def test_sixty_columns_do_not_take_long() -> None:
    parts = [clean_table(10_000, seed) for seed in range(9)]
    named = [each.rename({name: f"{name} {i}" for name in each.columns}) for i, each in enumerate(parts)]
    sample = sample_of(pl.concat(named, how="horizontal"))
    start = time.process_time()
    assert dependencies(sample, Control()).found == ()
    assert time.process_time() - start < 10


def test_it_can_be_stopped() -> None:
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        dependencies(sample_of(clean_table()), control)
