"""Missing numbers filled by what similar rows hold, or by models of the other columns."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl
from pydantic import Field

from transforms.core.columns import NumericColumns
from transforms.core.errors import Problem
from transforms.core.numbers import finite
from transforms.core.params import Seed
from transforms.core.statistics import Ask
from transforms.core.text import package_problems
from transforms.core.transform import Example, FittedTransform, Learned, Table, Transform
from transforms.fitted_neighbours import distances_where_present, nearest
from transforms.fitted_rows import Matrix, computed, matrix, sampled, total
from transforms.fitted_trees import SCHEMA, Tree, single, tree_table

if TYPE_CHECKING:
    from sklearn.impute import IterativeImputer

FILLED = "__filled"
LEAST_ROWS = 2
"""The fewest rows that a model can be fitted on."""


class ImputeByModel(FittedTransform):
    """Fills missing numbers from the other numbers of their row."""

    missing = (
        "Null and NaN are filled; a column without any value in the fit stays as it is and says nothing about others. "
        "Infinite values and those beyond 1e150 stay, and count as missing for other columns. Whole numbers become "
        "decimals."
    )
    unseen = "New rows are filled by what was learned, and do not change it."

    columns: NumericColumns
    """Columns to fill, each from the others."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from package_problems("sklearn", "columns", "This step")
        if len(self.columns) == 1:
            found = f"{self.columns[0]!r} is alone, so it is filled with its mean."
            yield Problem(found, "Add columns that say something about it.", "columns", severity="warning")

    def filled(self, rows: pl.LazyFrame, outputs: list[str], numbers: pl.Expr) -> pl.LazyFrame:
        """Rows with the missing values of some columns taken from a struct of them."""
        if not outputs:
            return rows.with_columns(self.present(name).cast(pl.Float64) for name in self.columns)
        rows = rows.with_columns(numbers.alias(FILLED))
        values = (
            self.present(name).cast(pl.Float64).fill_null(pl.col(FILLED).struct.field(name)).alias(name)
            if name in outputs
            else self.present(name).cast(pl.Float64)
            for name in self.columns
        )
        return rows.with_columns(values).drop(FILLED)


class ReferenceRows(Learned):
    """Rows in which neighbours are looked for."""

    scale: dict[str, float]
    """What each column is divided by before distances are measured."""
    mean: dict[str, float]
    """What a row gets that shares no present value with any other."""
    rows: Table
    """The columns that had a value, missing values among theirs."""


class ImputeKnn(ImputeByModel):
    """Fill missing numbers with the mean of the most similar rows that have a value.

    Similar rows are near in the columns that both have (Troyanskaya et al. 2001, as scikit-learn's KNNImputer).
    """

    id = "impute_knn"
    title = "Fill from nearest neighbours"
    terms = ("k nearest neighbours", "KNN imputation", "KNNImputer", "similar rows")
    examples = (
        Example(
            params={"columns": ["width", "height"], "neighbors": 2},
            before={"width": [1.0, 2.0, 9.0, 1.5, None], "height": [10.0, 20.0, 90.0, None, None]},
            after={"width": [1.0, 2.0, 9.0, 1.5, 3.375], "height": [10.0, 20.0, 90.0, 15.0, 40.0]},
        ),
        Example(
            params={"columns": ["a", "b"], "neighbors": 2, "weights": "distance", "scale": False},
            before={"a": [0, 4, 1, 50], "b": [0, 8, None, 100]},
            after={"a": [0.0, 4.0, 1.0, 50.0], "b": [0.0, 8.0, 2.0, 100.0]},
        ),
    )

    neighbors: int = Field(5, ge=1, le=200)
    """How many rows to look for; of equally near ones those drawn first count."""
    weights: Literal["uniform", "distance"] = "uniform"
    """All neighbours count the same, or by the inverse of their distance."""
    scale: bool = True
    """Divide columns by their standard deviation before distances are measured, so that their unit does not matter."""
    max_fit_rows: int = Field(10_000, ge=1, le=20_000)
    """Look for neighbours among at most so many rows, drawn at random; every row to fill is compared with all."""
    seed: Seed = 0
    """Same seed, same rows drawn."""

    def fit(self, ask: Ask) -> ReferenceRows:
        rows = sampled(ask, self.columns, self.max_fit_rows, self.seed)
        numbers = matrix(rows, self.columns)
        known = {name: numbers[:, i][~np.isnan(numbers[:, i])] for i, name in enumerate(self.columns)}
        used = [name for name in self.columns if len(known[name])]
        return ReferenceRows(
            scale={name: spread(known[name]) if self.scale else 1.0 for name in used},
            mean={name: float(known[name].mean()) for name in used},
            rows=rows.select(finite(name) for name in used),
        )

    def apply(self, rows: pl.LazyFrame, learned: ReferenceRows) -> pl.LazyFrame:
        used = list(learned.scale)
        scale, reference = np.array(list(learned.scale.values())), matrix(learned.rows, used)
        points, mean = reference / scale, np.array(list(learned.mean.values()))

        def fill(numbers: Matrix) -> Matrix:
            found = numbers.copy()
            for place in range(len(used)):
                wanted = np.flatnonzero(np.isnan(numbers[:, place]))
                donors = ~np.isnan(reference[:, place])
                if len(wanted):
                    away = distances_where_present(numbers[wanted] / scale, points[donors])
                    found[wanted, place] = self._averages(away, reference[donors, place], mean[place])
            return found

        numbers = computed([finite(name) for name in used], used, fill, width=max(len(points), 1)) if used else None
        return self.filled(rows, used, numbers if numbers is not None else pl.lit(None))

    def _averages(self, away: Matrix, values: Matrix, mean: float) -> Matrix:
        """What the nearest neighbours hold on average, by the distances of each row to all that have a value."""
        places = nearest(away, min(self.neighbors, len(values)))
        near, held = np.take_along_axis(away, places, axis=1), values[places]
        weights = np.isfinite(near).astype(np.float64)
        if self.weights == "distance":
            same = near == 0
            with np.errstate(divide="ignore"):
                inverse = np.where(np.isfinite(near), 1 / near, 0.0)
            weights = np.where(same.any(axis=1, keepdims=True), same, inverse).astype(np.float64)
        sums = total(weights)
        averages = total(weights * held) / np.where(sums > 0, sums, 1.0)
        return np.where(sums > 0, averages, mean)


class Models(Learned):
    """The models that fill each column from the others, one after the other."""

    center: dict[str, float]
    """What is taken off each column first: its mean."""
    scale: dict[str, float]
    """What each column is divided by then."""
    low: dict[str, float]
    """The smallest value of each column."""
    high: dict[str, float]
    """The largest value of each column."""
    steps: list[str]
    """Which column is filled in each step."""
    settled: bool
    """Whether further rounds would hardly have changed anything."""
    weights: Table
    """Linear models: columns ``step``, ``column`` (none for the constant) and ``weight``."""
    nodes: Table
    """Trees, of which each step has one."""


WEIGHTS = pl.Schema({"step": pl.Int64(), "column": pl.String(), "weight": pl.Float64()})


class ImputeIterative(ImputeByModel):
    """Fill missing numbers with what a model of all other columns predicts, in rounds until little changes.

    Missing values begin at the mean; then each column is predicted from the others, again and again (chained
    equations, van Buuren 2007, as scikit-learn's IterativeImputer, of columns in units of their standard deviation).
    """

    id = "impute_iterative"
    title = "Fill by a model of other columns (iterative)"
    terms = ("MICE", "multivariate imputation", "chained equations", "IterativeImputer", "regression imputation")
    examples = (
        Example(
            params={"columns": ["width", "height"]},
            before={"width": [1.0, 2.0, 3.0, 4.0], "height": [10.0, 20.0, 30.0, None]},
            after={"width": [1.0, 2.0, 3.0, 4.0], "height": [10.0, 20.0, 30.0, 30.0]},
        ),
        Example(
            params={"columns": ["width", "height"], "keep_range": False, "rounds": 1},
            before={"width": [0.0, 1.0, 2.0, 3.0], "height": [5.0, 5.0, 5.0, None]},
            after={"width": [0.0, 1.0, 2.0, 3.0], "height": [5.0, 5.0, 5.0, 5.0]},
        ),
    )

    estimator: Literal["bayesian_ridge", "tree"] = "bayesian_ridge"
    """Predict by straight lines (Bayesian ridge regression), or by decision trees of depth 8."""
    rounds: int = Field(10, ge=1, le=100)
    """Go through the columns at most so often; fewer times when less than a thousandth changes."""
    keep_range: bool = True
    """Never fill with less than the smallest or more than the largest value of the column."""
    max_fit_rows: int = Field(10_000, ge=2, le=100_000)
    """Learn from at most so many rows, drawn at random."""
    seed: Seed = 0
    """Same seed, same rows drawn."""

    def fit(self, ask: Ask) -> Models:
        numbers = matrix(sampled(ask, self.columns, self.max_fit_rows, self.seed), self.columns)
        known = {name: numbers[:, i][~np.isnan(numbers[:, i])] for i, name in enumerate(self.columns)}
        used = [name for name in self.columns if len(known[name])]
        center = {name: float(known[name].mean()) for name in used}
        scale = {name: spread(known[name]) for name in used}
        places = [self.columns.index(name) for name in used]
        scaled = (numbers[:, places] - list(center.values())) / np.array([scale[name] for name in used])
        ends = {name: (float(known[name].min()), float(known[name].max())) for name in used}
        steps: list[tuple[str, list[str], Any]] = []
        settled = True
        if len(used) > 1 and len(scaled) >= LEAST_ROWS:
            imputer, settled = self._fitted(scaled)
            steps = [
                (used[of], [used[each] for each in others], model) for of, others, model in imputer.imputation_sequence_
            ]
        return Models(
            center=center,
            scale=scale,
            low={name: low for name, (low, _) in ends.items()},
            high={name: high for name, (_, high) in ends.items()},
            steps=[name for name, _, _ in steps],
            settled=settled,
            weights=self._weights(steps),
            nodes=self._nodes(steps),
        )

    def _fitted(self, scaled: Matrix) -> tuple[IterativeImputer, bool]:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.experimental import enable_iterative_imputer  # noqa: F401
        from sklearn.impute import IterativeImputer
        from sklearn.linear_model import BayesianRidge
        from sklearn.tree import DecisionTreeRegressor

        if self.estimator == "tree":
            model: Any = DecisionTreeRegressor(max_depth=8, min_samples_leaf=5, random_state=self.seed % 2**32)
        else:
            model = BayesianRidge()
        ends = {}
        if self.keep_range:
            low, high = np.nanmin(scaled, axis=0), np.nanmax(scaled, axis=0)
            # Where all values are equal, which is no range to scikit-learn, that value is predicted anyway.
            ends = {"min_value": np.where(low < high, low, -np.inf), "max_value": np.where(low < high, high, np.inf)}
        imputer = IterativeImputer(model, max_iter=self.rounds, random_state=self.seed % 2**32, **ends)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            imputer.fit(scaled)
        return imputer, not any(issubclass(each.category, ConvergenceWarning) for each in caught)

    def _weights(self, steps: list[tuple[str, list[str], Any]]) -> pl.DataFrame:
        rows: list[tuple[int, str | None, float]] = []
        for step, (_, others, model) in enumerate(steps if self.estimator == "bayesian_ridge" else ()):
            rows += [(step, name, float(weight)) for name, weight in zip(others, model.coef_, strict=True)]
            rows.append((step, None, float(model.intercept_)))
        return pl.DataFrame(rows, schema=WEIGHTS, orient="row")

    def _nodes(self, steps: list[tuple[str, list[str], Any]]) -> pl.DataFrame:
        tables = [
            tree_table(step, model.tree_, others, model.tree_.value[:, 0, 0])
            for step, (_, others, model) in enumerate(steps if self.estimator == "tree" else ())
        ]
        return pl.concat([SCHEMA.to_frame(), *tables])

    def apply(self, rows: pl.LazyFrame, learned: Models) -> pl.LazyFrame:
        used = list(learned.center)
        models = self._models(learned)
        center, scale, low, high = (
            np.array([values[name] for name in used])
            for values in (learned.center, learned.scale, learned.low, learned.high)
        )

        def fill(numbers: Matrix) -> Matrix:
            missing = np.isnan(numbers)
            wanted = np.flatnonzero(missing.any(axis=1))
            missing, values = missing[wanted], (numbers[wanted] - center) / scale
            values[missing] = 0.0  # the mean
            with np.errstate(over="ignore", invalid="ignore"):
                for place, predict in models:
                    predicted = predict(values)
                    if self.keep_range:
                        ends = ((each[place] - center[place]) / scale[place] for each in (low, high))
                        predicted = np.clip(predicted, *ends)
                    values[:, place] = np.where(missing[:, place], predicted, values[:, place])
            found = numbers.copy()
            found[wanted] = np.where(missing, values * scale + center, numbers[wanted])
            return found

        numbers = computed([finite(name) for name in used], used, fill, width=len(used)) if used else pl.lit(None)
        return self.filled(rows, used, numbers)

    def _models(self, learned: Models) -> list[tuple[int, Any]]:
        """For each step, the place of the column it fills, and a function of the scaled columns."""
        used = list(learned.center)
        tables = (learned.nodes if self.estimator == "tree" else learned.weights).partition_by(
            "tree" if self.estimator == "tree" else "step"
        )
        make = _tree if self.estimator == "tree" else _line
        return [(used.index(name), make(table, used)) for name, table in zip(learned.steps, tables, strict=True)]


def _tree(nodes: pl.DataFrame, columns: list[str]) -> Any:
    tree = Tree.of(nodes, columns)
    return lambda values: tree(single(values))


def _line(weights: pl.DataFrame, columns: list[str]) -> Any:
    constant = weights.filter(pl.col("column").is_null())["weight"].item()
    pairs = weights.drop_nulls("column").select("column", "weight").rows()
    places = [(columns.index(name), weight) for name, weight in pairs]

    def predict(values: Matrix) -> Matrix:
        found = np.full(len(values), constant)
        for place, weight in places:
            found += weight * values[:, place]
        return found

    return predict


def spread(values: Matrix) -> float:
    """The standard deviation of some values (ddof 0); 1 where they are all equal."""
    found = float(values.std())
    # That of values that are all equal is not always exactly 0; divided by one too small, others leave Float64.
    return found if found > max(abs(float(values.mean())) * 1e-12, 1e-100) else 1.0


TRANSFORMS: tuple[type[Transform], ...] = (ImputeKnn, ImputeIterative)
