from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from dataprep_app.modeling.folds import fold_rows
from transforms.core.errors import DataprepError


def table(rows: int = 1_000) -> pl.DataFrame:
    return pl.DataFrame({"x": range(rows), "y": ["rare" if i % 10 == 0 else "common" for i in range(rows)]})


def test_every_row_is_in_one_fold_and_classes_keep_their_shares() -> None:
    rows = table()
    found = fold_rows(rows, classes=rows["y"])
    assert sorted([*found.train, *found.stop, *found.test]) == list(range(1_000))
    for fold, size in ((found.test, 200), (found.stop, 150), (found.train, 650)):
        assert len(fold) == size
        assert (rows["y"][fold] == "rare").sum() == size // 10


def test_folds_follow_the_seed_and_not_the_order_of_rows() -> None:
    rows = table()
    shuffled = rows.sample(fraction=1, shuffle=True, seed=3)
    first, again = fold_rows(rows), fold_rows(shuffled)
    assert set(rows["x"][first.test]) == set(shuffled["x"][again.test])
    assert set(rows["x"][first.test]) != set(rows["x"][fold_rows(rows, seed=1).test])


def test_copies_of_a_row_are_never_on_both_sides_of_the_test() -> None:
    random = np.random.default_rng(0)
    rows = pl.DataFrame({"x": random.integers(0, 300, 1_000), "y": random.choice(["a", "b"], 1_000)})
    found = fold_rows(rows, classes=rows["y"])
    sides = [set(rows[fold].rows()) for fold in (found.train, found.stop, found.test)]
    assert found.copies == 1_000 - rows.n_unique()
    assert not sides[2] & sides[0]
    assert not sides[2] & sides[1]
    assert not sides[0] & sides[1]


def test_rows_for_training_and_what_equals_them_are_only_trained_on() -> None:
    rows = pl.concat([table(200), table(200).head(50), pl.DataFrame({"x": [-1, -2], "y": ["new", "new"]})])
    marks = pl.Series([False] * 200 + [True] * 52)
    found = fold_rows(rows, classes=rows["y"], training_rows=marks)
    held = set(rows["x"][[*found.test, *found.stop]])
    assert held.isdisjoint([*range(50), -1, -2])
    assert found.training_only == 102


def test_classes_of_one_or_two_rows_are_trained_on() -> None:
    rows = table(100).with_columns(y=pl.when(pl.col("x") < 2).then(pl.lit("two")).otherwise("y"))
    rows = rows.with_columns(y=pl.when(pl.col("x") == 9).then(pl.lit("one")).otherwise("y"))
    assert {0, 1, 9} <= set(fold_rows(rows, classes=rows["y"]).train)


def test_by_time_the_latest_rows_are_the_test_and_rows_of_one_time_stay_together() -> None:
    days = [None if i % 50 == 0 else (i * 7) % 100 for i in range(500)]
    rows = pl.DataFrame({"id": range(500), "day": days})
    found = fold_rows(rows, time="day")
    train, stop, test = (rows["day"][fold].drop_nulls() for fold in (found.train, found.stop, found.test))
    assert max(train.to_list()) < min(stop.to_list())
    assert max(stop.to_list()) < min(test.to_list())
    assert rows["day"][[*found.stop, *found.test]].null_count() == 0
    assert len(found.test) == pytest.approx(98, abs=6)


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(DataprepError, match=r"There are 10 rows.*20 are the least"):
        fold_rows(table(10))


def test_one_row_many_times_cannot_be_divided() -> None:
    with pytest.raises(DataprepError, match="too few that differ"):
        fold_rows(pl.DataFrame({"x": [1] * 100}))


def test_nested_columns_do_not_matter() -> None:
    rows = table(100).with_columns(tags=pl.concat_list("x", "x"))
    assert len(fold_rows(rows).test) == 20


def test_rows_that_differ_in_the_target_only_are_mostly_on_one_side() -> None:
    random = np.random.default_rng(0)
    cells = pl.DataFrame({"a": random.integers(0, 12, 4_000), "b": random.integers(0, 6, 4_000)})
    rows = cells.with_columns(y=pl.Series(np.where(random.random(4_000) < 0.4, "yes", "no")))
    found = fold_rows(rows, classes=rows["y"], target="y")
    held = np.zeros(len(rows), dtype=bool)
    held[np.r_[found.test, found.stop]] = True
    shares = rows.with_columns(held=pl.Series(held)).group_by("a", "b", "y").agg(pl.col("held").mean())
    sides = shares.pivot("y", index=["a", "b"], values="held")
    assert float(np.abs(sides["yes"].to_numpy() - sides["no"].to_numpy()).mean()) < 0.1
    assert 0.15 < len(found.test) / 4_000 < 0.25
