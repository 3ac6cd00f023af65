"""Rows in an order written by hand, drawn with replacement, in whole groups, or dealt to folds."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from pydantic import ValidationError

from tests.checks import result
from transforms.core.errors import InvalidStepError
from transforms.sort_sample import SortCustomOrder
from transforms.sort_sample_draws import AssignFolds, SampleBootstrap, SampleGroups

RANDOM = np.random.default_rng(4)
ROWS = 400
TABLE = pl.DataFrame(
    {
        "i": list(range(ROWS)),
        "y": [("no", "no", "no", "yes", None)[i] for i in RANDOM.integers(0, 5, ROWS)],
        "who": [f"c{i}" for i in RANDOM.geometric(0.04, ROWS)],
        "x": [None if i == 0 else i / 2 for i in RANDOM.integers(0, 5, ROWS).tolist()],
    }
)


def test_the_order_is_that_of_an_ordered_category_of_pandas() -> None:
    order = ("yes", "no")
    found = result(SortCustomOrder.model_validate({"column": "y", "order": order, "then_by": [{"column": "i"}]}), TABLE)
    pandas = TABLE.to_pandas()
    pandas["y"] = pd.Categorical(pandas["y"], order, ordered=True)
    assert found["i"].to_list() == pandas.sort_values(["y", "i"])["i"].to_list()


@pytest.mark.parametrize(("unknown", "expected"), [("last", [3, 1, 2, 4]), ("first", [2, 4, 3, 1])])
def test_values_that_are_not_listed_go_by_size(unknown: Any, expected: list[int]) -> None:
    table = pl.DataFrame({"n": [4.0, 1.0, None, 3.0, 2.0, float("nan")]})
    found = result(SortCustomOrder(column="n", order=(3, 1), unknown=unknown), table)["n"]
    assert found[:4].to_list() == expected
    assert found[4:].fill_nan(None).null_count() == 2


def test_unknown_values_can_stop_the_run_and_capitals_can_be_passed_over() -> None:
    table = pl.DataFrame({"s": ["l", "S", "XL", None, "M"]})
    step = SortCustomOrder(column="s", order=("S", "M", "L"), unknown="error", ignore_case=True)
    (failure,) = step.bind(table.schema).failures()
    assert failure.stop
    assert table.filter(failure.where)["s"].to_list() == ["XL"]
    assert result(step, table)["s"].to_list() == ["S", "M", "l", "XL", None]


def test_an_order_has_to_fit_the_column() -> None:
    with pytest.raises(InvalidStepError, match="'x' is not a integer, which is what 'i' holds"):
        SortCustomOrder(column="i", order=("x",)).bind(TABLE.schema)
    with pytest.raises(ValidationError, match="'A' is listed twice"):
        SortCustomOrder(column="y", order=("a", "A"), ignore_case=True)


def test_a_bootstrap_draws_as_many_rows_as_there_are_and_leaves_out_a_third() -> None:
    found = result(SampleBootstrap(output="times"), TABLE)
    assert found.height == ROWS
    copies = Counter(found["i"])
    assert all(copies[i] == times for i, times in found.select("i", "times").rows())
    # The share of rows that are never drawn is 1/e; its standard deviation is about 0.015 here.
    assert abs(1 - len(copies) / ROWS - np.exp(-1)) < 0.06
    assert result(SampleBootstrap(rows=1000), TABLE).height == 1000


def test_another_seed_draws_other_rows_and_the_same_seed_the_same() -> None:
    first, again = (result(SampleBootstrap(seed=1), each).sort("i") for each in (TABLE, TABLE.reverse()))
    assert first.equals(again)
    assert not first.equals(result(SampleBootstrap(seed=2), TABLE).sort("i"))


def test_groups_are_kept_whole() -> None:
    found = result(SampleGroups(by=("who", "x"), groups=20), TABLE)
    assert found.select("who", "x").n_unique() == 20
    whole = TABLE.join(found.select("who", "x").unique(), on=["who", "x"], nulls_equal=True)
    assert sorted(found["i"]) == sorted(whole["i"])
    assert result(SampleGroups(by=("y",), groups=9), TABLE).height == ROWS


def test_a_share_of_groups_is_about_right_and_whole() -> None:
    table = pl.DataFrame({"k": list(range(1000)) * 2})
    found = result(SampleGroups(by=("k",), share=0.3), table)
    assert set(Counter(found["k"]).values()) == {2}
    assert abs(found.height / 2000 - 0.3) < 0.05
    with pytest.raises(ValidationError, match="found both"):
        SampleGroups(by=("k",), share=0.3, groups=2)


@pytest.mark.parametrize("k", [2, 3, 7])
def test_folds_and_classes_in_them_are_equally_large(k: int) -> None:
    found = result(AssignFolds(k=k, stratify="y"), TABLE)
    sizes = found["fold"].value_counts()["count"]
    assert sorted(found["fold"].unique()) == list(range(1, k + 1))
    assert sizes.max() - sizes.min() <= 1  # type: ignore[operator]
    classes = found.group_by("y", "fold").len().group_by("y").agg(pl.col("len").max() - pl.col("len").min())
    assert classes["len"].max() <= 1  # type: ignore[operator]


def test_groups_stay_in_one_fold_and_folds_stay_alike() -> None:
    found = result(AssignFolds(k=4, group="who", stratify="y"), TABLE)
    assert found.group_by("who").agg(pl.col("fold").n_unique())["fold"].max() == 1
    plain = result(AssignFolds(k=4, group="who"), TABLE)
    largest = TABLE["who"].value_counts()["count"].max()
    sizes = plain["fold"].value_counts()["count"]
    assert sizes.max() - sizes.min() <= largest  # type: ignore[operator]
    assert found.drop("fold").equals(TABLE)


def test_a_column_cannot_be_kept_together_and_spread() -> None:
    with pytest.raises(InvalidStepError, match="'who' cannot stay together and be spread evenly"):
        AssignFolds(group="who", stratify="who").bind(TABLE.schema)
