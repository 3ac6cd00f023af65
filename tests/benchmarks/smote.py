"""``python -m tests.benchmarks.smote``: SMOTE and SMOTE-NC beside imbalanced-learn, as ratios in one process.

100,000 rows of 20 columns, 5 % of them of the smaller class; ours includes planning the step, drawing and
interpolating; the medians of five pairs, in turn.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
from imblearn.over_sampling import SMOTE, SMOTENC

from flows.engines.polars_engine import PolarsEngine
from tests.checks import outcome
from transforms.catalog import catalog

ROWS, COLUMNS, SHARE, CATEGORIES, RUNS = 100_000, 20, 0.05, 4, 5


def table(categories: int) -> pl.DataFrame:
    """Two classes whose numbers differ a little, and so many columns of categories."""
    random = np.random.default_rng(0)
    small = random.random(ROWS) < SHARE
    numbers = {f"n{i}": random.normal(0, 1 + i, ROWS) + small for i in range(COLUMNS - categories)}
    texts = {f"c{i}": np.take(list("abcdefgh"), random.integers(0, 8, ROWS)) for i in range(categories)}
    return pl.DataFrame({**numbers, **texts, "class": np.where(small, "small", "large")})


def ours(rows: pl.DataFrame, transform: str, params: dict[str, Any]) -> None:
    """The step on polars."""
    engine = PolarsEngine.over({"in0": rows})
    engine.collect(outcome(catalog()[transform].model_validate({"target": "class", **params}), engine))


def seconds(action: Callable[[], object]) -> float:
    """How long something takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def compare(name: str, mine: Callable[[], object], other: Callable[[], object]) -> None:
    """Print the ratio, pair by pair, after a pair that is not counted."""
    pairs = [(seconds(mine), seconds(other)) for _ in range(RUNS + 1)][1:]
    ratios = [first / second for first, second in pairs]
    ours_, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
    print(
        f"{name:10} ours / imbalanced-learn: {statistics.median(ratios):.2f}  ({min(ratios):.2f} to {max(ratios):.2f})"
        f"   seconds {ours_:.2f} / {theirs:.2f}"
    )


def main() -> None:
    """Both."""
    rows = table(0)
    names = [name for name in rows.columns if name != "class"]
    values, classes = rows.select(names).to_numpy(), rows["class"].to_numpy()
    compare(
        "SMOTE",
        lambda: ours(rows, "smote", {"features": names}),
        lambda: SMOTE(random_state=0).fit_resample(values, classes),
    )
    mixed = table(CATEGORIES)
    frame, places = mixed.drop("class").to_pandas(), list(range(COLUMNS - CATEGORIES, COLUMNS))
    texts = [name for name in mixed.columns if name.startswith("c") and name != "class"]
    numbers = [name for name in mixed.columns if name.startswith("n")]
    compare(
        "SMOTE-NC",
        lambda: ours(mixed, "smote_nc", {"features": numbers, "categorical": texts}),
        lambda: SMOTENC(categorical_features=places, random_state=0).fit_resample(frame, mixed["class"].to_numpy()),
    )


if __name__ == "__main__":
    main()
