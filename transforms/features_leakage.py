"""Drop features that give the target away."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import polars as pl
from pydantic import Field

from transforms.core.columns import ColumnsField
from transforms.core.numbers import finite
from transforms.core.params import Seed
from transforms.core.statistics import Ask
from transforms.core.transform import Example, Transform
from transforms.features_selection import Selected
from transforms.features_target import TargetSelection
from transforms.fitted_rows import Matrix, sampled

ROWS = 10_000
"""The most rows that scores are measured in."""
FOLDS = 4
"""Into so many parts are rows put, each of which is predicted from the others."""
LEAVES = 200
"""A leaf of the tree that predicts from one column holds at least one of so many rows."""


class DropLeakage(TargetSelection):
    """Drop columns that alone tell the target nearly without error: they were probably written after it was known.

    The score of a column is how well it predicts rows that were left out of the fit, in 4 parts in turn: R2 for a
    number, for classes twice the area under the ROC curve less 1, each class against the rest and weighed by its rows.
    Numbers and dates predict by a decision tree, text by the target of its categories. Measured in at most 10,000
    rows, drawn at random. Look at the columns found before you trust it: an easy task looks the same.
    """

    id = "drop_leakage"
    title = "Drop target leakage"
    terms = ("leaky features", "data leakage", "too good to be true", "prediction power", "feature selection")
    missing = (
        "That a value is missing counts as one more value, since it may tell the target; rows without a target are "
        "left out of the fit."
    )
    examples = (
        Example(
            params={"columns": ["age", "closed_at"], "target": "churn", "min_rows": 8},
            before={
                "age": [20, 61, 25, 70, 22, 60, 24, 65, None],
                "closed_at": [None, None, None, None, "May", "May", "May", "May", None],
                "churn": [0, 0, 0, 0, 1, 1, 1, 1, None],
            },
            after={
                "age": [20, 61, 25, 70, 22, 60, 24, 65, None],
                "churn": [0, 0, 0, 0, 1, 1, 1, 1, None],
            },
        ),
    )

    columns: Annotated[tuple[str, ...], ColumnsField(("numeric", "boolean", "text", "date", "datetime"))]
    """Columns to look at; the target is never among them."""
    max_score: float = Field(0.99, ge=0, le=1)
    """Drop columns with a larger score than this; 1 is a prediction without error, 0 one by chance."""
    min_rows: int = Field(50, ge=FOLDS)
    """With fewer rows that have a target than this, nothing is dropped."""
    seed: Seed = 0
    """Same seed, same rows drawn."""

    def fit(self, ask: Ask) -> Selected:
        classes = self.of_classes(ask)
        rows, labels = self.labelled(sampled(ask, (*self.features, self.target), ROWS, self.seed), classes=classes)
        targets = [labels]
        if classes:
            targets = [(labels == each).astype(np.float64) for each in np.unique(labels)]
            targets = targets[1:] if len(targets) == 2 else targets
        scores: dict[str, float | None] = dict.fromkeys(self.features)
        if len(rows) >= self.min_rows and len(np.unique(labels)) > 1:
            part = _parts(labels, classes=classes)
            found = {name: self._score(rows, name, targets, part, classes=classes) for name in self.features}
            scores = {name: found[name] for name in sorted(found, key=lambda name: -found[name])}
        dropped = {
            name: f"Alone it predicts {self.target!r} with a score of {score:.4g}."
            for name, score in scores.items()
            if score is not None and score > self.max_score
        }
        return self.selected(ask, dropped, scores)

    def _score(self, rows: pl.DataFrame, name: str, targets: list[Matrix], part: Matrix, *, classes: bool) -> float:
        """How well a column alone predicts, 0 to 1."""
        if self.is_text(name):
            predicted = [_by_category(rows[name], target, part) for target in targets]
        else:
            value = pl.col(name).cast(pl.Int64) if self.dtype(name).is_temporal() else finite(name)
            numbers = rows.select(value.cast(pl.Float64)).to_series().to_numpy().astype(np.float64)
            predicted = [_by_number(numbers, target, part) for target in targets]
        measure = _area if classes else _explained
        found = [measure(target, guess) for target, guess in zip(targets, predicted, strict=True)]
        weights = [target.sum() for target in targets] if classes else [1.0]
        return round(max(0.0, float(np.average(found, weights=weights))), 12)


def _parts(labels: Matrix, *, classes: bool) -> Matrix:
    """The part of each row: rows in their order in turn, and those of each class by themselves."""
    groups = pl.DataFrame({"label": labels if classes else np.zeros(len(labels))})
    found: Matrix = groups.select(pl.int_range(pl.len()).over("label") % FOLDS).to_series().to_numpy()
    return found


def _by_number(numbers: Matrix, target: Matrix, part: Matrix) -> Matrix:
    """What a tree of one column that was fitted on the other parts says of each row."""
    from sklearn.tree import DecisionTreeRegressor

    found = np.zeros(len(target))
    for each in range(FOLDS):
        rest, mine = part != each, part == each
        if not rest.any() or not mine.any():
            continue
        tree = DecisionTreeRegressor(min_samples_leaf=max(1, int(rest.sum()) // LEAVES), random_state=0)
        found[mine] = tree.fit(numbers[rest, None], target[rest]).predict(numbers[mine, None])
    return found


def _by_category(text: pl.Series, target: Matrix, part: Matrix) -> Matrix:
    """The mean target of the other rows of its category in the other parts; that of all of them, if there are none."""
    rows = pl.DataFrame({"text": text, "target": target, "part": part})
    sums = [pl.col("target").sum(), pl.len()]
    in_all, in_part = ([(each.over(by) if by else each) for each in sums] for by in ((), ("part",)))
    of_text, of_both = ([each.over(by) for each in sums] for by in (["text"], ["text", "part"]))
    count = of_text[1].cast(pl.Int64) - of_both[1].cast(pl.Int64)
    everywhere = (in_all[0] - in_part[0]) / (in_all[1].cast(pl.Int64) - in_part[1].cast(pl.Int64))
    guess = pl.when(count > 0).then((of_text[0] - of_both[0]) / count).otherwise(everywhere)
    found: Matrix = rows.select(guess.fill_nan(None).fill_null(0.0)).to_series().to_numpy()
    return found


def _area(target: Matrix, guess: Matrix) -> float:
    """Twice the area under the ROC curve less 1."""
    from sklearn.metrics import roc_auc_score

    return 2 * float(roc_auc_score(target, np.round(guess, 9))) - 1


def _explained(target: Matrix, guess: Matrix) -> float:
    """R2."""
    from sklearn.metrics import r2_score

    return float(r2_score(target, guess))


TRANSFORMS: tuple[type[Transform], ...] = (DropLeakage,)
