"""Splits: sizes, leakage, and rows that are not real."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError
from sklearn.model_selection import StratifiedShuffleSplit

from tests.checks import assert_same_rows, results
from transforms.core.errors import InvalidStepError
from transforms.splits import Split, SplitByKey, SplitOrdered, SplitRandom, SplitStratified

NAN = float("nan")
THREE: Any = ({"name": "train", "share": 0.7}, {"name": "valid", "share": 0.2}, {"name": "test", "share": 0.1})
ROWS = pl.DataFrame(
    {
        "i": range(1_000),
        "y": [("no", "no", "no", "yes", None)[i * i % 5] for i in range(1_000)],
        "who": [None if i % 50 == 0 else i % 130 for i in range(1_000)],
        "day": [None if i % 100 == 1 else (i * 37) % 400 / 2 for i in range(1_000)],
    }
)
EVERY = [
    SplitRandom(parts=THREE),
    SplitRandom(parts=THREE, exact=True),
    SplitStratified(target="y", parts=THREE),
    SplitOrdered(order_by="day", parts=THREE),
    SplitByKey(key=("who",), parts=THREE),
]
IDS = ["random", "exact", "stratified", "ordered", "key"]


@pytest.mark.parametrize("step", EVERY, ids=IDS)
def test_every_row_is_in_one_part_whatever_the_order_of_the_table(step: Split) -> None:
    assert step.output_names == ("train", "valid", "test")
    parts = results(step, ROWS)
    assert all(each.schema == ROWS.schema for each in parts)
    assert_same_rows(pl.concat(parts), ROWS)
    for mine, theirs in zip(parts, results(step, ROWS.reverse()), strict=True):
        assert_same_rows(mine, theirs)
    assert [each.height for each in parts] == pytest.approx([700, 200, 100], abs=70)


@pytest.mark.parametrize("step", EVERY, ids=IDS)
def test_no_row_and_one_row_are_no_failure(step: Split) -> None:
    assert [each.height for each in results(step, ROWS.clear())] == [0, 0, 0]
    assert sum(each.height for each in results(step, ROWS[:1])) == 1
    assert sum(each.height for each in results(step, ROWS.clear(3))) == 3


@pytest.mark.parametrize("step", EVERY, ids=IDS)
def test_rows_that_are_not_real_are_in_the_first_part_only(step: Split) -> None:
    marked = ROWS.with_columns(is_synthetic=pl.Series([i % 3 == 0 if i % 7 else None for i in range(1_000)]))
    train, *rest = results(step, marked)
    assert train["is_synthetic"].sum() == marked["is_synthetic"].sum()
    assert not any(each["is_synthetic"].any() for each in rest)
    real = marked.filter(~pl.col("is_synthetic").fill_null(False)).height
    assert rest[0].height == pytest.approx(real * 0.2, abs=50)
    all_alike = results(step.model_copy(update={"synthetic_column": None}), marked)
    assert any(each["is_synthetic"].any() for each in all_alike[1:])


@pytest.mark.parametrize("step", EVERY, ids=IDS)
def test_real_rows_are_split_as_they_are_without_the_others(step: Split) -> None:
    """Making rows for training changes nothing about which real rows are tested on."""
    made = ROWS.head(300).with_columns(day=pl.lit(500.0))
    both = pl.concat([ROWS.with_columns(is_synthetic=False), made.with_columns(is_synthetic=True)])
    for mine, theirs in zip(results(step, both)[1:], results(step, ROWS)[1:], strict=True):
        assert_same_rows(mine.drop("is_synthetic"), theirs)


def test_a_synthetic_column_that_holds_no_booleans_is_asked_about() -> None:
    with pytest.raises(InvalidStepError, match="'is_synthetic', which marks rows that are not real, holds text"):
        results(SplitRandom(), pl.DataFrame({"is_synthetic": ["yes"]}))
    assert len(results(SplitRandom(synthetic_column=None), pl.DataFrame({"is_synthetic": ["yes"]}))) == 2


@pytest.mark.parametrize("test_share", [0.1, 0.2, 0.25, 0.33, 0.5])
def test_sizes_are_those_of_scikit_learn_but_for_one_row_in_each_class(test_share: float) -> None:
    names = ["a"] * 501 + ["b"] * 83 + ["c"] * 37 + ["d"] * 4
    table = pl.DataFrame({"i": range(len(names)), "y": names})
    parts: Any = ({"name": "train", "share": 1 - test_share}, {"name": "test", "share": test_share})
    train, test = results(SplitStratified(target="y", parts=parts), table)
    split = StratifiedShuffleSplit(n_splits=1, test_size=test_share, random_state=0)
    _, chosen = next(split.split(np.zeros(len(names)), names))
    expected = Counter(names[i] for i in chosen)
    mine = Counter(test["y"].to_list())
    for name in "abcd":
        assert abs(mine[name] - expected[name]) <= 1, name
        assert abs(mine[name] - names.count(name) * test_share) < 1, name
    assert abs(test.height - len(names) * test_share) < 1
    assert train.height + test.height == len(names)


def largest_remainder(size: int, shares: list[float]) -> list[int]:
    """An independent count: rows left over go one by one to the part that is furthest below its share."""
    sizes = [int(size * share + 1e-9) for share in shares]
    while sum(sizes) < size:
        lacking = [round(size * share - got, 9) for share, got in zip(shares, sizes, strict=True)]
        sizes[lacking.index(max(lacking))] += 1
    return sizes


SHARES = [[0.7, 0.2, 0.1], [0.5, 0.5], [1 / 3, 1 / 3, 1 / 3], [0.29, 0.71], [0.1] * 10]


@pytest.mark.parametrize("shares", SHARES)
def test_exact_sizes_are_those_of_the_largest_remainder(shares: list[float]) -> None:
    parts: Any = tuple({"name": f"p{i}", "share": share} for i, share in enumerate(shares))
    for size in (*range(1, 25), 100):
        found = results(SplitRandom(exact=True, parts=parts), pl.DataFrame({"i": range(size)}))
        expected = largest_remainder(size, shares) if size >= len(shares) else [size] + [0] * (len(shares) - 1)
        assert [each.height for each in found] == expected, size


@pytest.mark.parametrize("shares", SHARES)
def test_classes_have_their_share_rounded_and_all_together_the_whole_share(shares: list[float]) -> None:
    parts: Any = tuple({"name": f"p{i}", "share": share} for i, share in enumerate(shares))
    sizes = [*range(1, 25), 100]
    table = pl.DataFrame({"y": [size for size in sizes for _ in range(size)]}).with_row_index("i")
    found = results(SplitStratified(target="y", parts=parts), table)
    for size in sizes:
        in_parts = [each.filter(y=size).height for each in found]
        assert sum(in_parts) == size
        assert abs(in_parts[0] - size * shares[0]) < 1, size
        assert max(abs(n - size * share) for n, share in zip(in_parts, shares, strict=True)) < 2, size
    for each, share in zip(found, shares, strict=True):
        assert abs(each.height - table.height * share) < 1


@pytest.mark.parametrize(("classes", "rows"), [(5, 2), (10, 1), (1, 10)])
def test_small_classes_are_shared_out_too(classes: int, rows: int) -> None:
    table = pl.DataFrame({"y": [i for i in range(classes) for _ in range(rows)]}).with_row_index("i")
    for seed in range(5):
        train, test = results(SplitStratified(target="y", seed=seed), table)
        assert (train.height, test.height) == (8, 2)
        assert rows == 1 or set(train["y"]) == set(range(classes)), "no class is in the test part only"


def test_missing_classes_are_a_class() -> None:
    table = pl.DataFrame({"i": range(40), "y": [NAN, None, 1.0, 2.0] * 10})
    train, test = results(SplitStratified(target="y"), table)
    assert test["y"].fill_nan(None).null_count() == 4
    assert train["y"].is_nan().sum() > 0, "values stay what they are"


def test_exact_sizes_hold_even_for_equal_rows_and_hashed_ones_keep_them_together() -> None:
    same = pl.DataFrame({"x": [1] * 10})
    assert [each.height for each in results(SplitRandom(exact=True), same)] == [8, 2]
    assert sorted(each.height for each in results(SplitRandom(), same)) == [0, 10]


def test_another_seed_makes_other_parts() -> None:
    for kind in (SplitRandom(), SplitStratified(target="y"), SplitByKey(key=("who",))):
        one, other = (results(kind.model_copy(update={"seed": seed}), ROWS)[1] for seed in (0, 1))
        assert not one.equals(other)


def test_a_key_is_in_one_part_only_and_missing_keys_are_on_their_own() -> None:
    train, valid, test = results(SplitByKey(key=("who",), parts=THREE), ROWS)
    keys = [set(each["who"].drop_nulls()) for each in (train, valid, test)]
    assert len(set.union(*keys)) == sum(map(len, keys))
    assert all(each["who"].null_count() for each in (train, valid))


def test_a_key_goes_where_it_went_when_there_are_more_rows_and_other_columns() -> None:
    step = SplitByKey(key=("who",))
    before = results(step, ROWS[:200])
    after = results(step, ROWS.select(pl.col("who"), other=pl.col("i") * 2))
    for mine, theirs in zip(before, after, strict=True):
        assert set(mine["who"].drop_nulls()) <= set(theirs["who"].drop_nulls())


def test_nan_keys_are_missing_and_keys_missing_in_part_are_keys() -> None:
    table = pl.DataFrame({"k": [NAN, None] * 50, "i": range(100)})
    assert all(each.height for each in results(SplitByKey(key=("k",)), table))
    partly = table.with_columns(who=pl.lit("a"))
    assert sorted(each.height for each in results(SplitByKey(key=("k", "who")), partly)) == [0, 100]


def test_the_past_is_before_the_future_and_equal_values_stay_together() -> None:
    train, valid, test = results(SplitOrdered(order_by="day", parts=THREE), ROWS)
    days = [each["day"].drop_nulls() for each in (train, valid, test)]
    assert days[0].max() < days[1].min() <= days[1].max() < days[2].min()  # type: ignore[operator]
    assert train["day"].null_count() == ROWS["day"].null_count()
    assert [len(each) for each in days] == pytest.approx([693, 198, 99], abs=2)


def test_ordered_parts_without_ties_have_rounded_sizes() -> None:
    for rows in (1, 2, 3, 7, 10, 101):
        train = results(SplitOrdered(order_by="t"), pl.DataFrame({"t": range(rows)}))[0]
        assert abs(train.height - rows * 0.8) <= 0.5
        assert train["t"].to_list() == list(range(train.height))


def test_nan_in_the_order_is_missing() -> None:
    train, test = results(SplitOrdered(order_by="t"), pl.DataFrame({"t": [NAN, 1.0, 2.0, 3.0, None, 4.0, 5.0]}))
    assert test["t"].to_list() == [5.0]
    assert train["t"].is_nan().sum() == 1


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([("train", 0.8), ("test", 0.1)], "sum to 0.9"),
        ([("train", 0.5), ("train", 0.5)], "Two parts are named 'train'"),
        ([("train", 0.5), ("te.st", 0.5)], "'te.st' cannot name a part"),
        ([("train", 0.5), ("", 0.5)], "'' cannot name a part"),
        ([("train", 1.0), ("test", 0.0)], "less than 1"),
    ],
)
def test_parts_that_make_no_whole_are_refused(parts: list[tuple[str, float]], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        SplitRandom(parts=tuple({"name": name, "share": share} for name, share in parts))


def test_thirds_sum_to_one() -> None:
    third = 1 / 3
    assert SplitRandom(parts=tuple({"name": name, "share": third} for name in "abc")).output_names == ("a", "b", "c")
