"""Make and choose features."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.categories import free_names
from transforms.core.columns import ColumnField, NumericColumns
from transforms.core.errors import Problem
from transforms.core.numbers import finite, quotient
from transforms.core.statistics import Ask, Correlation, Covariance, CovarianceMatrix, Mean, Missing
from transforms.core.transform import Example, FittedTransform, Learned, Transform


class Components(Learned):
    """The directions in which numbers vary most."""

    mean: dict[str, float]
    """What is taken off each column, and what its missing values become."""
    scale: dict[str, float]
    """What each column is divided by."""
    loadings: dict[str, dict[str, float]]
    """Weight of each column, by component."""
    explained: dict[str, float]
    """Share of the variance that each component holds."""


class PrincipalComponents(FittedTransform):
    """Replace numbers by fewer columns, uncorrelated, that hold most of their variance."""

    id = "pca"
    title = "Principal components (PCA)"
    terms = ("principal component analysis", "reduce dimensions", "dimensionality reduction", "eigenvectors")
    columns_from_data = True
    missing = (
        "Missing values (null, NaN, infinite or beyond 1e150) become the mean of their column, in the fit and after it."
    )
    unseen = "New values go through the learned means, scales and loadings."
    examples = (
        Example(
            params={"columns": ["width", "height"], "components": 1, "scale": False},
            before={"id": [1, 2, 3, 4], "width": [1.0, 2.0, 3.0, None], "height": [5.0, 5.0, 5.0, float("nan")]},
            after={"id": [1, 2, 3, 4], "pc_1": [-1.0, 0.0, 1.0, 0.0]},
        ),
        Example(
            params={"columns": ["a", "b"], "variance": 0.9, "prefix": "part_", "keep_input": True},
            before={"a": [0, 1, 2, None], "b": [0, 2, 4, None]},
            # Both become (-1, 0, 1) standard deviations of the filled column, sqrt(2/3) and its double.
            after={
                "a": [0, 1, 2, None],
                "b": [0, 2, 4, None],
                "part_1": [-(3**0.5), 0.0, 3**0.5, 0.0],
            },
        ),
    )

    columns: NumericColumns
    """Columns to replace."""
    components: int | None = Field(None, ge=1)
    """How many components to make; left empty, as many as the variance asks for."""
    variance: float = Field(0.95, gt=0, le=1)
    """Make as many components as hold this share of the variance; only where no number is given."""
    scale: bool = True
    """Divide each column by its standard deviation, so that its unit does not matter."""
    prefix: str = Field("pc_", min_length=1)
    """New columns are named with this and a number, from 1."""
    keep_input: bool = False
    """Keep the replaced columns too."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.components is not None and self.components > len(self.columns) > 0:
            found = f"{len(self.columns)} columns have no more than {len(self.columns)} components."
            yield Problem(found, f"Ask for fewer than the {self.components} components, or add columns.", "components")

    def fit(self, ask: Ask) -> Components:
        if not self.columns:
            return Components(mean={}, scale={}, loadings={}, explained={})
        means = ask(*(Mean(finite(name)) for name in self.columns))
        mean = {name: found or 0.0 for name, found in zip(self.columns, means, strict=True)}
        # Filled with the means, every row counts, and the means stay what they are.
        (found,) = ask(Covariance(tuple(finite(name).fill_null(mean[name]) for name in self.columns)))
        return self._components(mean, found, ask.schemas[0].names())

    def _components(self, mean: dict[str, float], found: CovarianceMatrix, taken: list[str]) -> Components:
        import numpy as np

        covariance = np.array(found.matrix)
        spread = np.sqrt(covariance.diagonal()) if self.scale else np.ones(len(covariance))
        spread = np.where(spread > 0, spread, 1.0)
        values, vectors = np.linalg.eigh(covariance / np.outer(spread, spread))
        order = np.argsort(-values, kind="stable")
        shares = np.clip(values[order], 0, None) / (np.clip(values, 0, None).sum() or 1.0)
        # Shares add up to 1 only within rounding.
        enough = int(np.searchsorted(np.cumsum(shares), self.variance - 1e-9)) + 1
        count = min(self.components or enough, len(values))
        names = free_names((f"{self.prefix}{i + 1}" for i in range(count)), taken)
        loadings = [_signed(vectors[:, i].tolist()) for i in order[:count]]
        return Components(
            mean=mean,
            scale=dict(zip(self.columns, spread.tolist(), strict=True)),
            loadings={
                name: dict(zip(self.columns, each, strict=True)) for name, each in zip(names, loadings, strict=True)
            },
            explained=dict(zip(names, shares[:count].tolist(), strict=True)),
        )

    def exprs(self, learned: Components) -> Iterator[pl.Expr]:
        for output, loadings in learned.loadings.items():
            parts = (
                quotient(finite(name).fill_null(learned.mean[name]) - learned.mean[name], learned.scale[name]) * loading
                for name, loading in loadings.items()
            )
            yield pl.sum_horizontal(parts).alias(output)

    def apply(self, rows: pl.LazyFrame, learned: Components) -> pl.LazyFrame:
        made = rows.with_columns(self.exprs(learned))
        return made if self.keep_input else made.drop(self.columns)


def _signed(loadings: list[float]) -> list[float]:
    """The same direction with its largest loading positive; of several as large, the first."""
    largest = max(map(abs, loadings))
    # Loadings that are equal in exact arithmetic differ in their last digits.
    first = next(each for each in loadings if abs(each) >= largest * (1 - 1e-9))
    return loadings if first >= 0 else [-each for each in loadings]


class Correlated(Learned):
    """The columns that go, and why."""

    dropped: dict[str, str]
    """The column that was kept instead, by column dropped: the one it is most correlated with."""
    correlation: dict[str, float]
    """Their correlation, by column dropped."""


class SelectCorrelated(FittedTransform):
    """Drop columns that are highly correlated with another column that is kept."""

    id = "select_correlated"
    title = "Drop correlated features"
    terms = ("multicollinearity", "redundant features", "collinear", "feature selection")
    columns_from_data = True
    missing = (
        "Each correlation is over the rows where both columns are present; a column that is constant or all missing is "
        "correlated with none, and stays."
    )
    unseen = "The same columns are dropped, whatever the new values are."
    examples = (
        Example(
            params={"columns": ["a", "b", "c"]},
            before={"a": [1, 2, 3, None], "b": [2, 4, 6, 8], "c": [1, 0, 1, 0], "d": ["x", "y", "z", "é"]},
            after={"b": [2, 4, 6, 8], "c": [1, 0, 1, 0], "d": ["x", "y", "z", "é"]},
        ),
        Example(
            params={"columns": ["a", "b"], "keep": "target", "target": "y", "threshold": 0.8},
            before={"a": [1.0, 2.0, 3.0, None], "b": [-1.0, -2.0, -4.0, -5.0], "y": [1, 2, 4, 5]},
            after={"b": [-1.0, -2.0, -4.0, -5.0], "y": [1, 2, 4, 5]},
        ),
    )

    columns: NumericColumns
    """Columns to compare."""
    threshold: float = Field(0.9, gt=0, lt=1)
    """Drop a column whose correlation (Pearson, its sign left aside) with a kept one is larger."""
    keep: Literal["fewer_missing", "first", "target"] = "fewer_missing"
    """Which to keep: the one with fewer missing values, the first, or the one more correlated with the target; ties
    go to the first."""
    target: Annotated[str, ColumnField(("numeric", "boolean"))] | None = None
    """Column to predict, if that is what decides; it is never dropped."""

    @model_validator(mode="after")
    def _target_is_given(self) -> Self:
        if self.keep == "target" and self.target is None:
            raise ValueError("To keep what is more correlated with the target, name the target.")
        return self

    def fit(self, ask: Ask) -> Correlated:
        columns = [name for name in self.columns if name != self.target]
        (matrix,) = ask(Correlation(tuple(pl.col(name).cast(pl.Float64) for name in columns)))
        strength = {
            (first, second): abs(found or 0.0)
            for first, row in zip(columns, matrix, strict=True)
            for second, found in zip(columns, row, strict=True)
        }
        kept: list[str] = []
        dropped, correlation = {}, {}
        for name in self._by_preference(ask, columns):
            nearest = max(kept, key=lambda each: strength[name, each], default=None)
            if nearest is None or strength[name, nearest] <= self.threshold:
                kept.append(name)
            else:
                dropped[name], correlation[name] = nearest, strength[name, nearest]
        return Correlated(dropped=dropped, correlation=correlation)

    def _by_preference(self, ask: Ask, columns: list[str]) -> list[str]:
        """Columns, those first that are to be kept rather than others."""
        if self.keep == "fewer_missing":
            missing = dict(zip(columns, ask(*(Missing(name) for name in columns)), strict=True))
            return sorted(columns, key=lambda name: missing[name])
        if self.keep == "target" and self.target is not None:
            names = (self.target, *columns)
            (matrix,) = ask(Correlation(tuple(pl.col(name).cast(pl.Float64) for name in names)))
            strength = dict(zip(columns, (abs(found or 0.0) for found in matrix[0][1:]), strict=True))
            return sorted(columns, key=lambda name: -strength[name])
        return columns

    def apply(self, rows: pl.LazyFrame, learned: Correlated) -> pl.LazyFrame:
        return rows.drop(list(learned.dropped))


TRANSFORMS: tuple[type[Transform], ...] = (PrincipalComponents, SelectCorrelated)
