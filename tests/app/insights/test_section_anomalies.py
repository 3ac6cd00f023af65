"""The rows that are least like the others."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.ensemble import IsolationForest

from dataprep_app.insights.sections.anomalies import anomalies
from dataprep_app.insights.sections.facts import AnomalySection
from flows.engines.base import Cancelled, Control
from tests.app.insights.tables import clean_table, odd_tables, odd_types, sample_of

ROWS = 2_000


def of(table: pl.DataFrame) -> AnomalySection:
    return anomalies(sample_of(table), Control())


def measures(seed: int = 1) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "id": np.arange(ROWS),
            "height": random.normal(170, 9, ROWS),
            "weight": random.normal(70, 9, ROWS),
            "pulse": random.normal(65, 5, ROWS),
            "city": random.choice(["Oslo", "Rome", "Bonn"], ROWS),
        }
    )


def planted(place: int, **values: object) -> pl.DataFrame:
    here = pl.int_range(pl.len()) == place
    return measures().with_columns(
        pl.when(here).then(pl.lit(value)).otherwise(name).alias(name) for name, value in values.items()
    )


def test_planted_row_comes_first_with_the_cells_that_made_it_so() -> None:
    found = of(planted(1_234, height=20.0, weight=700.0, pulse=80.0, city="Lagos"))
    first = found.rows[0]
    assert set(first.marked) == {"height", "weight", "city"}, "80 is among the 1 % farthest out, but no outlier"
    assert (first.values["weight"], first.values["id"]) == ("700", "1234")
    assert list(first.values)[:3] == list(first.marked)
    assert 0.6 < (first.score or 0) <= 1
    assert found.columns == ("height", "weight", "pulse", "city")


def test_scores_are_those_of_scikit_learn_and_fall() -> None:
    table = measures().select("height", "weight")
    found = of(table)
    numbers = table.to_numpy()
    middle = np.median(numbers, axis=0)
    scaled = (numbers - middle) / np.abs(numbers - middle).max(axis=0)
    scores = -IsolationForest(n_estimators=100, random_state=0).fit(scaled).score_samples(scaled)
    expected = sorted(scores, reverse=True)[:10]
    assert [each.score for each in found.rows] == pytest.approx(expected, abs=1e-4)


def test_row_that_is_unusual_by_combination_has_no_marked_cell() -> None:
    random = np.random.default_rng(0)
    side = np.repeat([0.0, 1.0], ROWS // 2) + random.uniform(-0.05, 0.05, ROWS)
    table = pl.DataFrame({"left": np.r_[0.1, side], "right": np.r_[0.9, side], "third": np.r_[0.1, side]})
    found = of(table)
    shown = [each for each in found.rows if each.values["left"] == "0.1" and each.values["right"] == "0.9"]
    assert shown
    assert all(each.marked == () for each in shown)


def test_each_of_many_rare_categories_is_no_sign() -> None:
    random = np.random.default_rng(0)
    table = planted(5, height=20.0, weight=700.0).with_columns(
        many=pl.Series([f"m{i}" for i in random.integers(0, 300, ROWS)])
    )
    assert set(of(table).rows[0].marked) == {"height", "weight"}


def test_at_most_three_cells_are_marked_and_eight_shown() -> None:
    random = np.random.default_rng(0)
    table = pl.DataFrame({f"c{i}": np.r_[random.normal(size=500), 50.0 + i] for i in range(12)})
    first = of(table).rows[0]
    assert len(first.marked) == 3
    assert len(first.values) == 8


def test_no_row_of_even_numbers_is_anomalous() -> None:
    table = pl.DataFrame({f"c{i}": np.random.default_rng(i).permutation(ROWS) / 3 for i in range(24)})
    assert of(table).rows == ()


def test_few_rows_are_too_few_to_tell() -> None:
    assert of(measures().head(49)).rows == ()


@pytest.mark.parametrize("name", odd_tables())
def test_odd_tables_do_not_fail_and_give_the_same_twice(name: str) -> None:
    table = odd_tables()[name]
    assert of(table) == of(table)


def test_odd_names_and_a_lone_giant_are_looked_at() -> None:
    table = odd_types(200).with_columns(
        pl.when(pl.int_range(pl.len()) == 50).then(1e140).otherwise(1.5).alias("a b.c"),
        pl.format("X{}", pl.int_range(pl.len())).alias("codes"),
        pl.format("the title {}", pl.int_range(pl.len())).alias("titles"),
    )
    found = of(table)
    assert {"^.*$", "titles"} <= set(found.columns)
    assert not {"codes", "list", "struct", "constant", "nothing"} & set(found.columns)


def test_it_can_be_stopped() -> None:
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        anomalies(sample_of(clean_table()), control)
