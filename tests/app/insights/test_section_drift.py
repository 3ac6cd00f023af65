"""Whether a table changes from its first rows to its last."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats

from dataprep_app.insights.sections.drift import drift
from dataprep_app.insights.sections.facts import DriftSection
from flows.engines.base import Cancelled, Control
from tests.app.insights.tables import clean_table, odd_tables, sample_of

ROWS = 3_000
THIRD = ROWS // 3


def of(table: pl.DataFrame, *, ordered: bool = True) -> DriftSection:
    return drift(sample_of(table, ordered=ordered), Control())


def names(found: DriftSection) -> list[str]:
    return [each.name for each in found.columns]


def steady(seed: int = 1) -> pl.DataFrame:
    return clean_table(ROWS, seed).drop("day")


def drifting(seed: int = 1) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    late = np.arange(ROWS) / ROWS
    return steady(seed).with_columns(
        price=pl.Series(random.normal(100, 10, ROWS) + 20 * late),
        shop=pl.Series(np.where(random.random(ROWS) < 0.2 + 0.6 * late, "web", "street")),
    )


def test_table_that_does_not_change_says_nothing() -> None:
    for seed in range(20):
        assert of(clean_table(150, seed).drop("day")).columns == ()
    for seed in range(5):
        found = of(steady(seed))
        assert (found.columns, found.order) == ((), "")
        assert found.looked_at == 5, "many categories are not looked at"


def test_columns_that_change_are_told_with_the_distance_of_scipy() -> None:
    table = drifting()
    found = of(table)
    assert set(names(found)) == {"price", "shop"}
    assert found.basis == "Computed on all 3,000 rows. The first 1,000 are compared with the last 1,000."
    by_name = {each.name: each for each in found.columns}
    price = table["price"].to_numpy()
    expected = stats.ks_2samp(price[:THIRD], price[-THIRD:]).statistic
    assert by_name["price"].distance == pytest.approx(expected, abs=1e-4)
    assert by_name["price"].first == f"median {np.median(price[:THIRD]):,.6g}"
    shop = table["shop"].to_numpy() == "web"
    web = [float(part.mean()) for part in (shop[:THIRD], shop[-THIRD:])]
    assert by_name["shop"].distance == pytest.approx(web[1] - web[0], abs=1e-4)
    assert by_name["shop"].last in (
        f"'web' in {web[1]:.0%}".replace("%", " %"),
        f"'street' in {1 - web[1]:.0%}".replace("%", " %"),
    )
    assert [each.distance for each in found.columns] == sorted((e.distance for e in found.columns), reverse=True)


def test_rows_are_ordered_by_the_only_date() -> None:
    random = np.random.default_rng(0)
    dates = pl.Series("sold", np.arange(ROWS) // 3).cast(pl.Int32).cast(pl.Date)
    table = drifting().with_columns(dates)[random.permutation(ROWS)]
    found = of(table, ordered=False)
    assert found.order == "sold"
    assert set(names(found)) == {"price", "shop"}


def test_place_counts_where_two_dates_could_be_meant_and_not_in_a_sample_without_order() -> None:
    days = [pl.Series(name, np.random.default_rng(i).integers(0, 900, ROWS)) for i, name in enumerate(("a", "b"))]
    table = drifting().with_columns(each.cast(pl.Int32).cast(pl.Date) for each in days)
    assert of(table).order == ""
    assert set(names(of(table))) == {"price", "shop"}
    assert of(table, ordered=False) == DriftSection(basis="Computed on all 3,000 rows.")


@pytest.mark.parametrize("by", ["city", "height", "member", "many", "age"])
@pytest.mark.parametrize("descending", [True, False])
def test_table_that_is_sorted_does_not_drift(by: str, *, descending: bool) -> None:
    table = steady().with_columns(like=pl.col(by).rank("dense") + pl.Series(np.random.default_rng(0).normal(size=ROWS)))
    assert of(table.sort(by, descending=descending)).columns == ()


def test_table_in_groups_that_are_in_no_order_does_not_drift() -> None:
    table = drifting().with_columns(group=pl.Series(np.repeat(["b", "c", "a"], THIRD)))
    assert of(table).columns == ()


def test_counter_does_not_hide_drift() -> None:
    assert set(names(of(drifting().with_columns(number=pl.int_range(pl.len()))))) == {"price", "shop"}


def test_blocks_of_a_category_beside_a_counter_are_no_drift() -> None:
    random = np.random.default_rng(0)
    species = np.repeat(["setosa", "versicolor", "virginica"], 50)
    table = pl.DataFrame(
        {"Id": np.arange(1, 151), "petal": random.normal(np.repeat([1.4, 4.3, 5.5], 50), 0.3), "species": species}
    )
    assert of(table).columns == ()


def test_table_in_the_order_of_its_texts_does_not_drift() -> None:
    table = drifting().with_columns(tail=pl.format("N{}", pl.int_range(10_000, 10_000 + ROWS)))
    assert of(table).columns == ()


def test_counters_years_and_what_follows_the_date_are_left_out() -> None:
    dates = pl.Series("sold", np.arange(ROWS)).cast(pl.Int32).cast(pl.Date)
    table = drifting().with_columns(
        dates,
        pl.int_range(pl.len()).alias("number"),
        year=dates.dt.year(),
        meter=pl.int_range(pl.len()) + pl.Series(np.random.default_rng(0).normal(0, 200, ROWS)),
        shipped=dates.to_frame().select(pl.col("sold").to_physical() + 7.5).to_series(),
    )
    assert set(names(of(table))) == {"price", "shop"}


def test_rows_in_the_order_of_years_may_drift() -> None:
    table = drifting().with_columns(year=pl.int_range(pl.len()) // 300 + 2_010)
    assert set(names(of(table))) == {"price", "shop"}


def test_small_change_and_few_rows_are_not_told() -> None:
    random = np.random.default_rng(0)
    late = np.arange(ROWS) / ROWS
    small = steady().with_columns(
        price=pl.Series(random.normal(100, 10, ROWS) + late * 5.5),
        shop=pl.Series(np.where(random.random(ROWS) < 0.42 + 0.18 * late, "web", "street")),
    )
    price = small["price"].to_numpy()
    assert stats.ks_2samp(price[:THIRD], price[-THIRD:]).pvalue < 1e-5, "it is real, but small"
    assert of(small).columns == ()
    assert of(drifting()[:: ROWS // 80]).columns == ()


def test_same_median_is_told_by_the_mean() -> None:
    random = np.random.default_rng(0)
    some = random.random(ROWS) < np.linspace(0.0, 0.45, ROWS)
    (found,) = of(steady().with_columns(delay=pl.Series(np.where(some, random.exponential(10, ROWS), 0.0)))).columns
    assert found.first.startswith("mean ")
    assert found.first != found.last


@pytest.mark.parametrize("name", odd_tables())
def test_odd_tables_do_not_fail_and_give_the_same_twice(name: str) -> None:
    table = odd_tables()[name]
    assert of(table) == of(table)
    assert of(pl.concat([table] * 6)).columns == ()


def test_it_can_be_stopped() -> None:
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        drift(sample_of(clean_table()), control)
