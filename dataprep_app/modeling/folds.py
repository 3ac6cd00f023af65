"""Rows to train on, to know when to stop, and to be judged by, so that the judgement is honest.

A row goes by a hash of its features with the seed, so folds do not depend on the order of rows, and rows
equal in every column are always in one fold. Rows that are not real, or were added for training, are
trained on and nothing else; so are real rows that equal one of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from transforms.core.columns import column
from transforms.core.errors import DataprepError

FEWEST = 20
"""Rows below which nothing can be said of a model."""
FEWEST_OF_CLASS = 3
"""Rows of a class below which all of them are trained on."""
REPEAT_BELOW = 5_000
"""Rows below which one test fold is too small to be trusted, so that splits are repeated."""
REPEATS = 5


@dataclass(frozen=True)
class Folds:
    """Places of rows in the table."""

    train: np.ndarray
    stop: np.ndarray
    """Rows by which training knows when to stop; never those of the test."""
    test: np.ndarray
    """Rows that nothing is learned from."""
    training_only: int = 0
    """Rows in ``train`` because they were added for training, or equal one that was."""
    copies: int = 0
    """Rows that equal an earlier row in every column."""


@dataclass(frozen=True)
class Shares:
    """Shares of the rows to hold out."""

    stop: float = 0.15
    test: float = 0.2


def fold_rows(
    table: pl.DataFrame,
    *,
    classes: pl.Series | None = None,
    target: str | None = None,
    training_rows: pl.Series | None = None,
    time: str | None = None,
    shares: Shares = Shares(),
    seed: int = 0,
) -> Folds:
    """Divide the rows of a table.

    Args:
        table: features and target; columns that only mark rows should not be in it.
        classes: the class of each row, to be in the same proportion in each fold. Classes of one or two rows are
            trained on only.
        target: the column to predict. Rows that differ in nothing else go by one hash, so that they are mostly on one
            side: were the target part of it, those of one class would all be learned from and those of another judged.
        training_rows: true for rows to train on only.
        time: column to divide by: the latest rows are the test, those before it tell when to stop. Rows without a
            time are trained on; rows of one time stay together.
        shares: shares to hold out.
        seed: same seed, same folds.

    Raises:
        DataprepError: there are too few rows.
    """
    row = table.select(pl.struct(pl.all()).hash(seed)).to_series()
    features = [name for name in table.columns if name != target]
    key = table.select(pl.struct(map(column, features)).hash(seed)).to_series() if features else row
    forced = training_rows.fill_null(value=False) if training_rows is not None else pl.Series([False]) & row.is_null()
    if forced.any():
        forced = forced | row.is_in(row.filter(forced).implode())
    real = np.flatnonzero(~forced.to_numpy())
    if len(real) < FEWEST:
        raise DataprepError(
            f"There are {len(real):,} rows to learn from and be judged by, apart from those made for training; "
            f"{FEWEST} are the least. Bring more rows."
        )
    if time is None:
        strata = np.zeros(len(real), dtype=np.int64) if classes is None else _codes(classes)[real]
        few = np.bincount(strata)[strata] < FEWEST_OF_CLASS
        place = np.where(few, 1.0, _middles(key.to_numpy()[real], strata))
    else:
        place = _latest_first(table, time, real)
    test, stop = place < shares.test, (place >= shares.test) & (place < shares.test + shares.stop)
    folds = Folds(
        train=np.flatnonzero(_rest(table.height, real[test | stop])),
        stop=real[stop],
        test=real[test],
        training_only=int(forced.sum()),
        copies=table.height - row.n_unique(),
    )
    if min(len(folds.train), len(folds.stop), len(folds.test)) == 0:
        raise DataprepError(
            f"The {len(real):,} rows cannot be divided: {len(folds.train):,} to train on, {len(folds.stop):,} to know "
            f"when to stop, {len(folds.test):,} to be judged by. There are too few that differ; bring more rows."
        )
    return folds


def repeats_for(rows: int, time: str | None) -> int:
    """How often to split anew: once where the test fold is large, and where time decides."""
    return 1 if rows >= REPEAT_BELOW or time is not None else REPEATS


def _rest(rows: int, held: np.ndarray) -> np.ndarray:
    rest = np.ones(rows, dtype=bool)
    rest[held] = False
    return rest


def _codes(classes: pl.Series) -> np.ndarray:
    return classes.rank("dense").fill_null(0).to_numpy().astype(np.int64)


def _middles(keys: np.ndarray, strata: np.ndarray) -> np.ndarray:
    """For each row, where in the order of keys of its stratum the middle of the rows with its key is, 0 to 1."""
    order = np.lexsort((keys, strata))
    stratum, key = strata[order], keys[order]
    new_stratum = np.r_[True, stratum[1:] != stratum[:-1]]
    new_group = new_stratum | np.r_[True, key[1:] != key[:-1]]
    places = np.arange(len(order))
    starts, begins = np.flatnonzero(new_group), np.flatnonzero(new_stratum)
    group, within = np.cumsum(new_group) - 1, np.cumsum(new_stratum) - 1
    middle = (starts + np.r_[starts[1:], len(order)]) / 2
    size = np.diff(np.r_[begins, len(order)])
    found = np.empty(len(order))
    found[order[places]] = (middle[group] - begins[within]) / size[within]
    return found


def _latest_first(table: pl.DataFrame, time: str, real: np.ndarray) -> np.ndarray:
    if time not in table.columns:
        raise DataprepError(f"The table has no column {time!r} to divide the rows by time. Choose another.")
    values = table[time]
    values = values.fill_nan(None) if values.dtype.is_float() else values
    ranks = values.rank("dense").to_numpy().astype(float)[real]
    there = ~np.isnan(ranks)
    found = np.ones(len(real))
    found[there] = _middles(-ranks[there], np.zeros(int(there.sum()), dtype=np.int64)) if there.any() else 1.0
    return found
