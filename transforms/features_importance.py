"""Keep the features that a model of all of them finds important."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any, Literal, Self

import numpy as np
import polars as pl
from pydantic import Field, model_validator

from transforms.core.errors import Problem, StepError
from transforms.core.numbers import finite
from transforms.core.params import Seed, Share
from transforms.core.statistics import Ask
from transforms.core.text import package_problems
from transforms.core.transform import Example, Transform
from transforms.features_selection import Selected
from transforms.features_target import Count, TargetSelection, best
from transforms.fitted_rows import Matrix, sampled

ROWS = 10_000
"""The most rows that a model is fitted on."""
TREES = 100
CATEGORIES = 20
"""How many categories of a column of text get a flag each; the others have none."""


class SelectByImportance(TargetSelection):
    """Keep the columns that a model of all of them together finds important, and drop the others among those chosen.

    The model is fitted in at most 10,000 rows, drawn at random. Text gets a flag for each of its 20 most frequent
    categories, whose importances add up. Importances add up to 1: those of the trees are how much splits gain, those of
    linear models the sizes of the coefficients of numbers in units of their standard deviation.
    """

    id = "select_by_importance"
    title = "Select by model importance"
    terms = (
        "feature importance",
        "feature selection",
        "select from model",
        "random forest",
        "lasso",
        "embedded method",
    )
    missing = (
        "Missing numbers (null, NaN, infinite or beyond 1e150) count as the median of their column, missing text as no "
        "category; rows without a target are left out of the fit."
    )
    examples = (
        Example(
            params={"columns": ["age", "visits"], "target": "churn", "k": 1},
            before={
                "age": [20, 25, 22, 24, 61, 60, 70, 65, None],
                "visits": [3, 4, 3, 4, 3, 4, 3, 4, None],
                "churn": ["no"] * 4 + ["yes"] * 4 + [None],
            },
            after={"age": [20, 25, 22, 24, 61, 60, 70, 65, None], "churn": ["no"] * 4 + ["yes"] * 4 + [None]},
        ),
    )

    model: Literal["tree", "xgboost", "lasso", "logistic"] = "tree"
    """A forest of 100 trees, 100 boosted trees, a linear regression that leaves columns out (for a number), or a
    logistic regression (for classes)."""
    k: Count | None = None
    """How many columns to keep."""
    share: Share | None = None
    """Which share of the columns to keep, rounded up."""
    threshold: float | None = Field(None, ge=0, le=1)
    """Keep the columns that are at least so important; without it, a number or a share, those at least as important as
    the median."""
    seed: Seed = 0
    """Same seed, same rows drawn and same model."""

    @model_validator(mode="after")
    def _size_is_given_once(self) -> Self:
        given = [each for each in ("k", "share", "threshold") if getattr(self, each) is not None]
        if len(given) > 1:
            raise ValueError(f"Found {' and '.join(given)}, which contradict each other. Give one of them.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        if self.model == "xgboost":
            yield from package_problems("xgboost", "model", "Boosted trees")
        if (self.model, self.problem) in (("lasso", "classification"), ("logistic", "regression")):
            yield Problem(f"{self.model} is not for a {self.problem}.", "Choose another model.", "model")

    def fit(self, ask: Ask) -> Selected:
        classes = self.of_classes(ask)
        if self.model == ("lasso" if classes else "logistic"):
            found = "classes" if classes else "a number"
            raise StepError(f"{self.model} does not predict {found}, which is what {self.target!r} holds. Use trees.")
        rows, labels = self.labelled(sampled(ask, (*self.features, self.target), ROWS, self.seed), classes=classes)
        parts = {name: _flags(rows[name]) if self.is_text(name) else _number(rows, name) for name in self.features}
        width = sum(each.shape[1] for each in parts.values())
        scores: dict[str, float | None] = dict.fromkeys(parts)
        if width and len(rows) and len(np.unique(labels)) > 1:
            importances = self._importances(np.column_stack(list(parts.values())), labels, classes=classes)
            ends = np.cumsum([each.shape[1] for each in parts.values()])
            sums = [float(each.sum()) for each in np.split(importances, ends[:-1])]
            total = sum(sums) or 1.0
            scores = {name: float(f"{each / total:.12g}") for name, each in zip(parts, sums, strict=True)}
        return self.selected(ask, self._dropped(scores), scores)

    def _dropped(self, scores: dict[str, float | None]) -> dict[str, str]:
        known = [each for each in scores.values() if each is not None]
        if not known:
            return {}
        if self.k is None and self.share is None:
            limit = float(np.median(known)) if self.threshold is None else self.threshold
            kept = [name for name, each in scores.items() if each is None or each >= limit]
            what = f"less than {limit:.6g}"
        else:
            count = self.k if self.k is not None else int(np.ceil((self.share or 0.0) * len(scores)))
            kept, what = best(scores, count), f"not among the {count} highest"
        return {name: f"Its importance of {each:.6g} is {what}." for name, each in scores.items() if name not in kept}

    def _importances(self, numbers: Matrix, labels: Matrix, *, classes: bool) -> Matrix:
        """What a model finds of each column of numbers."""
        from sklearn.exceptions import ConvergenceWarning

        if self.model in ("lasso", "logistic"):
            spread = numbers.std(axis=0)
            numbers = (numbers - numbers.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
        with warnings.catch_warnings():
            # The order of importances is settled long before the last digit is.
            warnings.simplefilter("ignore", ConvergenceWarning)
            fitted = self._model(len(labels), classes=classes).fit(numbers, labels)
        if self.model in ("lasso", "logistic"):
            coefficients: Matrix = np.abs(np.atleast_2d(fitted.coef_)).sum(axis=0)
            return coefficients
        return np.asarray(fitted.feature_importances_, dtype=np.float64)

    def _model(self, rows: int, *, classes: bool) -> Any:
        seed = self.seed % 2**32
        if self.model == "tree":
            from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

            forest = RandomForestClassifier if classes else RandomForestRegressor
            return forest(n_estimators=TREES, random_state=seed)
        if self.model == "xgboost":
            from xgboost import XGBClassifier, XGBRegressor

            boosted = XGBClassifier if classes else XGBRegressor
            return boosted(n_estimators=TREES, random_state=self.seed % 2**31, n_jobs=1)
        from sklearn.linear_model import Lasso, LassoCV, LogisticRegression

        if self.model == "logistic":
            return LogisticRegression(max_iter=1_000)
        return LassoCV(cv=5) if rows >= 10 else Lasso(alpha=0.01)


def _number(rows: pl.DataFrame, name: str) -> Matrix:
    """A column of numbers, missing ones at the median."""
    values = rows.select(finite(name)).to_series()
    found: Matrix = values.fill_null(values.median() or 0.0).to_numpy()[:, None]
    return found


def _flags(values: pl.Series) -> Matrix:
    """A column of flags for each of the most frequent categories, in the order of their text where they are as many."""
    counts = values.drop_nulls().value_counts(name="__rows").sort("__rows", values.name, descending=[True, False])
    known = counts[values.name].head(CATEGORIES)
    flags = [(values == each).fill_null(value=False).cast(pl.Float64).to_numpy() for each in known]
    return np.column_stack(flags) if flags else np.zeros((len(values), 1))


TRANSFORMS: tuple[type[Transform], ...] = (SelectByImportance,)
