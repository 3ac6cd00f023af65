"""Fewer columns made of many: truncated singular values and independent components."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import numpy as np
import polars as pl
from pydantic import Field

from transforms.core.columns import ColumnsField, NumericColumns, taken
from transforms.core.dtypes import type_name
from transforms.core.errors import Problem, StepError
from transforms.core.numbers import LARGEST
from transforms.core.params import Seed
from transforms.core.statistics import Ask, Max
from transforms.core.text import package_problems
from transforms.core.transform import Example, FittedTransform, Learned, Table, Transform
from transforms.fitted_rows import Matrix, sampled
from transforms.fitted_rows import matrix as numbers_of
from transforms.text_topics import signed

ROWS = 20_000
"""The most rows that components are found in."""
CELLS = 20_000_000
"""The most numbers of these rows together."""
WIDEST = 3_000
"""The most numbers of a row."""
NOTHING = 1e-9
"""What a singular value may be of the largest within rounding, and still be 0."""
MOST_STEPS = 1_000
"""So many steps does the search for independent components take at most."""
PIECE = 200_000
"""How many sums are made at a time: as many as stay near the processor."""
PARTS = "__parts"

Numbers = Callable[[pl.DataFrame], Matrix]
"""The numbers of some rows, one row each, none of them missing."""
VectorColumns = Annotated[tuple[str, ...], ColumnsField(("numeric", "nested"))]


class Projection(FittedTransform):
    """Replaces numbers by sums of them with learned weights."""

    columns: Any
    components: int
    prefix: str
    keep_input: bool = False
    """Keep the replaced columns too."""

    @property
    def count(self) -> int:
        """How many columns are made."""
        return self.components

    @property
    def made(self) -> list[str]:
        """The names of the new columns."""
        return [f"{self.prefix}{i + 1}" for i in range(self.count)]

    def projected(self, rows: pl.LazyFrame, numbers: Numbers, weights: Matrix) -> pl.LazyFrame:
        """Rows with the new columns: sums of the numbers of a row, each weighed by a row of the matrix."""
        kind = pl.Struct(dict.fromkeys(self.made, pl.Float64()))
        size = max(PIECE // self.count, 1)

        def sums(batch: pl.Series) -> pl.Series:
            values = numbers(batch.struct.unnest())
            found = np.zeros((len(values), self.count))
            for at in range(0, len(values), size):
                # Column by column, so that a row has the same digits whatever rows are with it.
                for i in range(len(weights)):
                    found[at : at + size] += values[at : at + size, i, None] * weights[i]
            return pl.DataFrame(found, schema=kind.to_schema(), orient="row").to_struct(batch.name)

        parts = pl.struct(pl.col(list(self.columns))).map_batches(sums, return_dtype=kind, is_elementwise=True)
        fields = (pl.col(PARTS).struct.field(name) for name in self.made)
        made = rows.with_columns(parts.alias(PARTS)).with_columns(fields).drop(PARTS)
        return made if self.keep_input else made.drop(self.columns)


class SingularVectors(Learned):
    """The directions along which numbers are largest."""

    width: dict[str, int]
    """How many numbers of each column of lists count; more are left aside."""
    explained: dict[str, float]
    """Share of the sum of all squares that each component holds."""
    loadings: Table
    """A row for each number, in order, and a column for each component: how much the number counts for it."""


class TruncatedSvd(Projection):
    """Replace many numbers, or lists of them, by few columns that hold most of them, without centring them first.

    Zeros stay without effect, so it suits counts, flags and text vectors, where principal components suit
    measurements (truncated singular value decomposition). Found in at most 20,000 rows, drawn at random.
    """

    id = "truncated_svd"
    title = "Truncated SVD"
    terms = ("singular value decomposition", "LSA", "reduce dimensions", "dimensionality reduction", "sparse vectors")
    missing = (
        "Missing values (null, NaN, infinite or beyond 1e150) and missing lists count as 0, in the fit and after it."
    )
    unseen = "New values go through the learned loadings; numbers of lists beyond the longest of the fit do not count."
    examples = (
        Example(
            params={"columns": ["apples", "pears"], "components": 1},
            before={"id": [1, 2, 3], "apples": [3, 6, None], "pears": [4, 8, None]},
            after={"id": [1, 2, 3], "svd_1": [5.0, 10.0, 0.0]},
        ),
        Example(
            params={"columns": ["words"], "components": 2, "prefix": "topic_", "keep_input": True},
            before={"words": [[2.0, 0.0, 0.0], [0.0, 1.0], None]},
            after={
                "words": [[2.0, 0.0, 0.0], [0.0, 1.0], None],
                "topic_1": [2.0, 0.0, 0.0],
                "topic_2": [0.0, 1.0, 0.0],
            },
        ),
    )

    columns: VectorColumns
    """Columns to replace: numbers, or lists of numbers."""
    components: int = Field(50, ge=1, le=300)
    """How many columns to make, no more than there are columns of numbers; those beyond what they hold are 0."""
    prefix: str = Field("svd_", min_length=1)
    """New columns are named with this and a number, from 1."""
    seed: Seed = 0
    """Another seed, other rows in the fit."""

    @property
    def lists(self) -> list[str]:
        """Those columns that hold lists."""
        return [name for name in self.columns if self.dtype(name).is_nested()]

    @property
    def count(self) -> int:
        return self.components if self.lists else min(self.components, len(self.columns))

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from package_problems("threadpoolctl", "columns", "This step")
        for name in self.lists:
            dtype = self.dtype(name)
            if not isinstance(dtype, pl.List) or not (dtype.inner.is_numeric() or dtype.inner == pl.Null):
                found = f"Column {name!r} holds {type_name(dtype)} values, but numbers or lists of numbers are needed."
                yield Problem(found, "Choose another column.", "columns")
        for name in self.made:
            yield from taken(name, schemas[0], "prefix")

    def fit(self, ask: Ask) -> SingularVectors:
        longest = ask(*(Max(pl.col(name).list.len().cast(pl.Int64)) for name in self.lists))
        width = {name: found or 0 for name, found in zip(self.lists, longest, strict=True)}
        total = sum(width.values()) + len(self.columns) - len(width)
        if total > WIDEST:
            raise StepError(
                f"{total:,} numbers in a row are too many to find components of; the most is {WIDEST:,}. "
                "Choose fewer columns, or have shorter lists made."
            )
        rows = sampled(ask, self.columns, min(ROWS, CELLS // max(total, 1)), self.seed)
        loadings, shares = directions(self._numbers(rows, width), self.count)
        table = pl.DataFrame(loadings.T.copy(), schema=dict.fromkeys(self.made, pl.Float64), orient="row")
        return SingularVectors(
            width=width, explained=dict(zip(self.made, shares.tolist(), strict=True)), loadings=table
        )

    def _numbers(self, rows: pl.DataFrame, width: dict[str, int]) -> Matrix:
        """Every number of each row, those of lists beside each other."""
        parts = [
            padded(rows[name], width[name]) if name in width else numbers_of(rows, [name]) for name in self.columns
        ]
        numbers = np.column_stack(parts) if parts else np.empty((len(rows), 0))
        return np.where(np.abs(numbers) <= LARGEST, numbers, 0.0)

    def apply(self, rows: pl.LazyFrame, learned: SingularVectors) -> pl.LazyFrame:
        return self.projected(rows, lambda each: self._numbers(each, learned.width), learned.loadings.to_numpy())


def padded(lists: pl.Series, width: int) -> Matrix:
    """So many numbers of each list; NaN where there are none."""
    found = np.full((len(lists), width), np.nan)
    lengths = lists.list.len().fill_null(0).to_numpy().astype(np.int64)
    values = lists.filter(pl.Series(lengths > 0)).explode().cast(pl.Float64).to_numpy()
    row = np.repeat(np.arange(len(lists)), lengths)
    place = np.arange(len(row)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    known = place < width
    found[row[known], place[known]] = values[known]
    return found


def directions(numbers: Matrix, count: int) -> tuple[Matrix, Matrix]:
    """The right singular vectors of a matrix, a row each, and their shares of the sum of squares.

    They are zeros beyond its rank. They are found as the eigenvectors of the products of its columns, which are few.
    """
    from threadpoolctl import threadpool_limits

    found, shares = np.zeros((count, numbers.shape[1])), np.zeros(count)
    if not numbers.size or not numbers.any():
        return found, shares
    # So that squares stay in range.
    numbers = numbers / np.abs(numbers).max()
    # One thread adds up in the same order each time, and does not wait for others on a busy machine.
    with threadpool_limits(1):
        values, vectors = np.linalg.eigh(numbers.T @ numbers)
    values, vectors = np.clip(values[::-1], 0, None), vectors[:, ::-1]
    real = min(count, int((values > NOTHING * values[0]).sum()))
    found[:real], shares[:real] = vectors[:, :real].T, values[:real] / values.sum()
    return signed(found), np.round(shares, 12)


class Sources(Learned):
    """The independent components of numbers."""

    mean: dict[str, float]
    """What is taken off each column, and what its missing values become."""
    loadings: dict[str, dict[str, float]]
    """Weight of each column, by component."""
    converged: bool
    """Whether the search came to rest; if not, another seed or fewer components may do better."""


class IndependentComponents(Projection):
    """Replace numbers by columns that are independent of each other, as if unmixing sources recorded together.

    FastICA (Hyvärinen 1999) as scikit-learn has it, on the columns divided by their standard deviations and in at most
    20,000 rows, drawn at random. New columns have mean 0 and standard deviation 1 there, those least like a normal
    distribution first, and their largest loading is positive.
    """

    id = "independent_components"
    title = "Independent components (ICA)"
    terms = ("independent component analysis", "fastica", "blind source separation", "unmix", "reduce dimensions")
    missing = (
        "Missing values (null, NaN, infinite or beyond 1e150) become the mean of their column, in the fit and after it."
    )
    unseen = "New values go through the learned means and loadings."
    examples = (
        Example(
            params={"columns": ["width"], "components": 1},
            before={"id": [1, 2, 3], "width": [1.0, 3.0, None]},
            # With one column there is nothing to unmix: 1 off the mean, in units of sqrt(2 / 3).
            after={"id": [1, 2, 3], "ic_1": [-(1.5**0.5), 1.5**0.5, 0.0]},
        ),
    )

    columns: NumericColumns
    """Columns to replace."""
    components: int = Field(10, ge=1, le=100)
    """How many columns to make, no more than there are to replace; those beyond what they hold are 0."""
    prefix: str = Field("ic_", min_length=1)
    """New columns are named with this and a number, from 1."""
    seed: Seed = 0
    """Same seed, same rows drawn and same start of the search."""

    @property
    def count(self) -> int:
        return min(self.components, len(self.columns))

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from package_problems("sklearn", "columns", "This step")
        for name in self.made:
            yield from taken(name, schemas[0], "prefix")

    def fit(self, ask: Ask) -> Sources:
        numbers = numbers_of(sampled(ask, self.columns, ROWS, self.seed), self.columns)
        present = np.isfinite(numbers)
        mean = np.where(present, numbers, 0).sum(axis=0) / np.maximum(present.sum(axis=0), 1)
        centred = np.where(present, numbers - mean, 0.0)
        loadings, converged = self._unmixed(centred)
        return Sources(
            mean=dict(zip(self.columns, mean.tolist(), strict=True)),
            loadings={
                name: dict(zip(self.columns, each, strict=True))
                for name, each in zip(self.made, loadings.tolist(), strict=True)
            },
            converged=converged,
        )

    def _unmixed(self, centred: Matrix) -> tuple[Matrix, bool]:
        """The weights of the columns, a row for each component, and whether the search came to rest."""
        found = np.zeros((self.count, len(self.columns)))
        largest = np.abs(centred).max(axis=0, initial=0.0)
        scale = np.where(largest > 0, largest, 1.0)
        spread = (centred / scale).std(axis=0) if len(centred) else np.zeros(len(scale))
        scale = scale * np.where(spread > 0, spread, 1.0)
        vectors, shares = directions(centred / scale, self.count)
        real = int((shares > 0).sum())
        if not real:
            return found, True
        white = centred / scale @ vectors[:real].T
        size = white.std(axis=0)
        unmixing, converged = self._search(white / size)
        sources = white / size @ unmixing.T
        order = np.argsort(-np.round(np.abs((sources**4).mean(axis=0) - 3), 9), kind="stable")
        weights = unmixing[order] @ (vectors[:real] / size[:, None])
        turn = signed(weights / np.abs(weights).max(axis=1, keepdims=True))
        found[:real] = weights * np.where((turn * weights).sum(axis=1, keepdims=True) < 0, -1.0, 1.0) / scale
        return found, converged

    def _search(self, white: Matrix) -> tuple[Matrix, bool]:
        from sklearn.decomposition import FastICA
        from sklearn.exceptions import ConvergenceWarning

        search: Any = FastICA(whiten=False, random_state=self.seed % 2**32, max_iter=MOST_STEPS)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", ConvergenceWarning)
            search.fit(white)
        return search.components_, not told

    def apply(self, rows: pl.LazyFrame, learned: Sources) -> pl.LazyFrame:
        mean = np.array(list(learned.mean.values()))
        weights = np.array([list(each.values()) for each in learned.loadings.values()]).reshape(self.count, len(mean))

        def centred(each: pl.DataFrame) -> Matrix:
            numbers = numbers_of(each, list(learned.mean))
            return np.where(np.isnan(numbers), 0.0, numbers - mean)

        return self.projected(rows, centred, weights.T)


TRANSFORMS: tuple[type[Transform], ...] = (TruncatedSvd, IndependentComponents)
