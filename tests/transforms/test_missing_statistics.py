"""Filling with statistics, group statistics and drawn values: against pandas and feature-engine."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pytest
from feature_engine.imputation import RandomSampleImputer

from flows.engines.polars_engine import PolarsEngine
from tests.checks import planned, result
from transforms.core.errors import InvalidStepError, StepError
from transforms.core.relations import MapRows, Source
from transforms.core.transform import Transform
from transforms.fitted_groups import MOST_GROUPS
from transforms.missing_statistics import ImputeGroupStatistic, ImputeRandomSample, ImputeStatistic

NAN, INF = float("nan"), float("inf")
RANDOM = np.random.default_rng(3)
TABLE = pl.DataFrame(
    {
        "id": range(200),
        "x": [None if RANDOM.random() < 0.3 else float(v) for v in RANDOM.normal(10, 3, 200)],
        "n": [None if RANDOM.random() < 0.3 else int(v) for v in RANDOM.integers(0, 5, 200)],
        "g": RANDOM.choice(["a", "b", "c"], 200),
        "h": RANDOM.integers(1, 3, 200),
    }
)


def on_new_rows(step: Transform, table: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    (plan,), _ = planned(step, PolarsEngine.over({"in0": table}), [Source("in0")])
    assert isinstance(plan, MapRows)
    return plan(new.lazy()).collect()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"statistic": "min"}, TABLE["n"].min()),
        ({"statistic": "max"}, TABLE["n"].max()),
        ({"statistic": "sum"}, TABLE["n"].sum()),
        ({"statistic": "quantile", "q": 0.3}, TABLE["n"].drop_nulls().cast(pl.Float64).quantile(0.3, "linear")),
    ],
)
def test_missing_numbers_become_the_statistic(settings: dict[str, object], expected: float) -> None:
    found = result(ImputeStatistic.model_validate({"columns": ["n"], **settings}), TABLE)["n"]
    assert found.to_list() == TABLE["n"].cast(pl.Float64).fill_null(float(expected)).to_list()


@pytest.mark.parametrize("statistic", ["min", "max", "sum", "quantile"])
def test_a_column_without_values_is_left_alone(statistic: str) -> None:
    table = pl.DataFrame({"x": pl.Series([None, NAN, INF], dtype=pl.Float64)})
    found = result(ImputeStatistic.model_validate({"columns": ["x"], "statistic": statistic}), table)
    assert found["x"].to_list() == [None, None, INF]


@pytest.mark.parametrize("statistic", ["mean", "median", "min", "max"])
def test_groups_are_filled_as_by_pandas(statistic: Any) -> None:
    step = ImputeGroupStatistic.model_validate({"columns": ["x", "n"], "by": ["g", "h"], "statistic": statistic})
    frame = TABLE.to_pandas()
    for name in ("x", "n"):
        expected = frame[name].fillna(frame.groupby(["g", "h"])[name].transform(statistic))
        np.testing.assert_allclose(result(step, TABLE)[name].to_numpy(), expected.to_numpy(), rtol=1e-11)


def test_the_mode_of_a_group_is_the_smallest_of_the_most_frequent() -> None:
    table = pl.DataFrame(
        {
            "g": ["a", "a", "a", "b", "b", "c", None],
            "text": ["y", "x", None, "z", None, None, None],
            "day": [date(2024, 1, 2), date(2024, 1, 1), None, date(2023, 5, 5), None, None, None],
            "cost": pl.Series([Decimal("1.50"), Decimal("1.25"), None, None, None, None, None], dtype=pl.Decimal(9, 2)),
            "ok": [True, True, None, False, None, None, None],
        }
    )
    found = result(ImputeGroupStatistic(columns=("text", "day", "cost", "ok"), by=("g",), statistic="mode"), table)
    assert found.schema == table.schema
    assert found["text"].to_list() == ["y", "x", "x", "z", "z", "x", "x"]
    assert found["day"].to_list()[2:] == [date(2024, 1, 1), *[date(2023, 5, 5)] * 2, *[date(2023, 5, 5)] * 2]
    assert found["cost"].to_list()[2:] == [Decimal("1.25")] * 5
    assert found["ok"].to_list() == [True, True, True, False, False, True, True]


def test_new_groups_fall_back_or_stay_missing() -> None:
    table = pl.DataFrame({"g": ["a", "b"], "x": [1.0, 3.0]})
    new = pl.DataFrame({"g": ["a", "z", None], "x": [None, None, NAN]}, schema_overrides={"x": pl.Float64})
    filled = ImputeGroupStatistic(columns=("x",), by=("g",), statistic="mean")
    assert on_new_rows(filled, table, new)["x"].to_list() == [1.0, 2.0, 2.0]
    kept = ImputeGroupStatistic(columns=("x",), by=("g",), statistic="mean", fallback="null")
    assert on_new_rows(kept, table, new)["x"].to_list() == [1.0, None, None]


def test_group_settings_that_cannot_be_are_refused() -> None:
    schema = pl.Schema({"g": pl.String(), "t": pl.String()})
    with pytest.raises(InvalidStepError, match="'t' holds text values, which have no median"):
        ImputeGroupStatistic(columns=("t",), by=("g",)).bind(schema)
    with pytest.raises(InvalidStepError, match="'g' is to be filled by itself"):
        ImputeGroupStatistic(columns=("g",), by=("g",), statistic="mode").bind(schema)
    many = pl.DataFrame({"g": range(MOST_GROUPS + 1), "t": ["x"] * (MOST_GROUPS + 1)})
    with pytest.raises(StepError, match="too many groups to learn the most frequent value of 't'"):
        result(ImputeGroupStatistic(columns=("t",), by=("g",), statistic="mode"), many)


def test_drawn_values_are_observed_ones_in_their_proportion() -> None:
    table = pl.DataFrame({"id": range(4_000), "v": ["a", "a", "a", "b"] * 500 + [None] * 2_000})
    found = result(ImputeRandomSample(columns=("v",), seed=4), table)["v"]
    share = (found[2_000:] == "a").mean()
    oracle = RandomSampleImputer(variables=["v"], random_state=1).fit_transform(table.to_pandas())["v"][2_000:]
    assert share == pytest.approx(0.75, abs=0.03)
    assert share == pytest.approx((oracle == "a").mean(), abs=0.05)
    assert found[:2_000].to_list() == table["v"][:2_000].to_list()


def test_few_values_among_many_rows_are_all_drawn() -> None:
    table = pl.DataFrame({"id": range(12_000), "v": [None, *[True, False] * 5_999, None]})
    assert result(ImputeRandomSample(columns=("v",)), table)["v"].null_count() == 0
    learned = planned(ImputeRandomSample(columns=("v",)), PolarsEngine.over({"in0": table}), [Source("in0")])[1]
    kept = learned.values["v"].explode()  # type: ignore[union-attr]
    assert kept.mean() == pytest.approx(0.5, abs=0.02)


def test_another_seed_draws_other_values_and_equal_rows_draw_the_same() -> None:
    table = pl.DataFrame({"id": [*range(100), 99], "v": [*range(50), *[None] * 51]})
    first, second = (result(ImputeRandomSample(columns=("v",), seed=seed), table)["v"] for seed in (1, 2))
    assert first.dtype == pl.Int64
    assert first.to_list() != second.to_list()
    assert first[99] == first[100]


def test_every_type_can_be_drawn() -> None:
    table = pl.DataFrame(
        {
            "day": [date(2024, 1, 1), None],
            "cost": pl.Series([Decimal("1.50"), None], dtype=pl.Decimal(9, 2)),
            "ok": [True, None],
            "x": [1.5, NAN],
            "nothing": [None, None],
        }
    )
    found = result(ImputeRandomSample(columns=tuple(table.columns)), table)
    assert found.schema == table.schema
    assert found.row(1) == (date(2024, 1, 1), Decimal("1.50"), True, 1.5, None)
