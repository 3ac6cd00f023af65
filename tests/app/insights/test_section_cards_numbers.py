"""Tests of the cards of numbers and of the target."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import polars as pl
import pytest

from dataprep_app.insights.measures import measured
from dataprep_app.insights.sections.card_numbers import BINS, bins, edges
from dataprep_app.insights.sections.facts import TargetCard
from dataprep_app.insights.sections.target_card import target_card
from flows.engines.base import Control
from tests.app.insights.test_section_cards import cards_of, sample_of
from transforms.scoring.problem import Wanted

RANDOM = np.random.default_rng(8)
SHAPES = {
    "normal": RANDOM.normal(0, 1, 5_000),
    "lognormal": RANDOM.lognormal(3, 2, 5_000),
    "tiny": RANDOM.random(5_000) * 1e-9,
    "vast": RANDOM.normal(0, 1e300, 5_000),
    "whole": RANDOM.integers(-40, 900, 5_000).astype(float),
    "cents": RANDOM.integers(0, 100, 5_000) / 100,
    "near each other": 1e15 + RANDOM.integers(0, 4, 5_000) / 8,
    "subnormal": RANDOM.random(5_000) * 1e-310,
    "widest": np.array([-1.7e308, 0.0, 1.7e308]),
}


@pytest.mark.parametrize("name", SHAPES)
def test_bins_count_as_numpy_does_and_cover_all_numbers(name: str) -> None:
    numbers = SHAPES[name]
    found = bins(numbers, None)
    cuts = np.array([found[0].low, *(each.high for each in found)])
    assert len(found) <= BINS
    assert cuts[0] <= numbers.min()
    assert cuts[-1] >= numbers.max()
    assert all(first.high == second.low for first, second in pairwise(found))
    assert [each.rows for each in found] == np.histogram(numbers, cuts)[0].tolist()


@pytest.mark.parametrize("name", [name for name in SHAPES if name not in ("near each other", "subnormal", "widest")])
def test_bins_are_at_least_half_as_many_as_they_may_be(name: str) -> None:
    numbers = SHAPES[name]
    width = bins(numbers, None)[0]
    assert (numbers.max() - numbers.min()) / (width.high - width.low) >= 8


@pytest.mark.parametrize(
    ("low", "high", "whole", "step"),
    [
        (0, 19, True, 1),
        (0, 20, True, 2),
        (3, 64, True, 5),
        (0, 490, True, 25),
        (0, 0.95, False, 0.05),
        (18, 90, True, 5),
    ],
)
def test_edges_are_round(low: float, high: float, *, whole: bool, step: float) -> None:
    cuts = edges(low, high, whole=whole)
    assert np.diff(cuts) == pytest.approx(step)
    assert cuts / step == pytest.approx(np.round(cuts / step))
    assert all(len(repr(float(each))) <= 6 for each in cuts), "0.15, not 0.15000000000000002"


def test_whole_numbers_are_in_bins_of_equally_many() -> None:
    found = bins(np.arange(1, 13).astype(np.float64), None)
    assert [(each.low, each.high, each.rows) for each in found] == [(i, i + 1, 1) for i in range(1, 13)]


def test_one_number_has_one_bin_and_none_has_none() -> None:
    assert [(each.low, each.high, each.rows) for each in bins(np.full(3, 7.0), None)] == [(7, 7, 3)]
    assert bins(np.array([]), None) == ()


def test_target_of_bins_agrees_with_pandas() -> None:
    x = RANDOM.normal(50, 10, 2_000).round(1)
    y = np.where(RANDOM.random(2_000) < 0.1, np.nan, 3 * x + RANDOM.normal(size=2_000))
    table = pl.DataFrame({"x": x, "y": y})
    found = cards_of(table, "y", "regression")["x"]
    cuts = [found.bins[0].low, *(each.high for each in found.bins)]
    groups = pd.cut(pd.Series(x), cuts, right=False, labels=False)
    means = pd.Series(y).groupby(groups).mean()
    assert found.target_says == "mean of y"
    for place, each in enumerate(found.bins):
        wanted = means.get(place)
        assert each.target == (None if wanted is None or np.isnan(wanted) else pytest.approx(wanted))


def test_outliers_are_those_that_were_measured() -> None:
    values = np.r_[RANDOM.normal(100, 5, 990), [400, 400, 410, 405, 390, 380, 395], [-50, -60, -55]]
    table = pl.DataFrame({"x": values})
    found = cards_of(table)["x"]
    inside = sum(each.rows for each in found.robust_bins)
    assert len(values) - inside == measured(table)["x"].summary.outliers == 10
    assert found.lowest == ("-60", "-55", "-50")
    assert found.highest == ("410", "405", "400", "395", "390")


def test_without_outliers_there_is_nothing_robust() -> None:
    found = cards_of(pl.DataFrame({"x": RANDOM.random(500)}))["x"]
    assert (found.robust_bins, found.lowest, found.highest, found.levels) == ((), (), (), ())


def test_a_number_that_stands_out_is_listed_with_none_of_the_rare_ones() -> None:
    values = [0.0] * 300 + RANDOM.normal(50, 10, 700).tolist()
    found = cards_of(pl.DataFrame({"x": values}))["x"]
    assert [(each.name, each.rows) for each in found.levels] == [("0", 300)]
    assert found.other_rows == 700


def target_of(table: pl.DataFrame, target: str, wanted: Wanted = "auto") -> TargetCard:
    found = target_card(sample_of(table, target, wanted), Control())
    assert found is not None
    return found


def test_regression_target_shows_its_outlier_rows_in_order() -> None:
    price = np.r_[RANDOM.normal(100, 5, 993).round(2), [900.0, 800.0, 700.0, 1000.0, 600.0, 500.0], [-700.0]]
    table = pl.DataFrame(
        {
            "shop": [f"shop {i % 9}" for i in range(1_000)],
            "same": ["x"] * 1_000,
            "tags": [["a"]] * 1_000,
            "story": [f"{i} " + "a long story " * 20 for i in range(1_000)],
            "n": range(1_000),
            "price": price,
        }
    )
    found = target_of(table, "price", "regression")
    assert [each.values["price"] for each in found.outlier_rows] == ["-700", "1000", "900", "800", "700", "600"]
    assert list(found.outlier_rows[0].values) == ["price", "shop", "n"]
    assert found.outlier_rows[0].values["n"] == "999"
    assert {each.marked for each in found.outlier_rows} == {("price",)}
    assert found.outlier_share == pytest.approx(7 / 1_000)
    assert found.lowest == ("-700",)
    assert sum(each.rows for each in found.bins) == 1_000
    assert sum(each.rows for each in found.robust_bins) == 993
    assert found.target_says == ""


def test_texts_that_are_no_number_are_invalid_in_a_target_that_is_one() -> None:
    values = [str(each) for each in range(200)] + ["n/a"] * 3 + ["about 5", "", "inf"]
    found = target_of(pl.DataFrame({"x": range(206), "y": values}), "y", "regression")
    assert found.invalid == ("n/a", "about 5", "inf")
    assert sum(each.rows for each in found.bins) == 200
    assert found.outlier_share == 0
    assert found.outlier_rows == ()


def test_frequent_values_of_a_regression_target_are_listed() -> None:
    found = target_of(pl.DataFrame({"y": [7.5] * 30 + [each + 0.25 for each in range(70)]}), "y", "regression")
    assert [(each.name, each.rows) for each in found.levels] == [("7.5", 30)]
    assert found.other_rows == 70


def test_classes_are_listed_by_frequency_without_blank_ones() -> None:
    values = ["b"] * 30 + ["a"] * 30 + ["c"] * 40 + ["", " ", None]
    found = target_of(pl.DataFrame({"x": range(103), "y": values}), "y")
    assert [(each.name, each.rows) for each in found.levels] == [("c", 40), ("a", 30), ("b", 30)]
    assert found.other_rows == 0
    assert (found.bins, found.outlier_share, found.invalid) == ((), None, ())
