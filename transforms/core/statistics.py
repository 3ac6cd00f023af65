"""What a transform may ask about the whole table while it is being fitted.

Each statistic is a plain value that every engine can answer; the list is closed on purpose, since
it is all that needs translating. Wherever a column is named, a row-wise polars expression may stand
instead: ``Mean(pl.col("text").str.len_chars())``.

Null and NaN are left out of every statistic (``Missing`` counts both). Fitted floats are rounded to
12 significant digits where their value depends on the order of summation, so that a laptop and a
cluster learn the same numbers; minima, maxima and quantiles are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import polars as pl

Measured = str | pl.Expr
"""A column, or a row-wise expression over the columns of the table."""


@dataclass(frozen=True, eq=False)
class Statistic:
    """Something an engine can measure of a table."""


@dataclass(frozen=True, eq=False)
class Count(Statistic):
    """Number of rows. Answer: ``int``."""


@dataclass(frozen=True, eq=False)
class Missing(Statistic):
    """Number of rows where a column is null or NaN. Answer: ``int``."""

    column: Measured


@dataclass(frozen=True, eq=False)
class CountWhere(Statistic):
    """Number of rows for which a boolean expression is true. Answer: ``int``."""

    condition: pl.Expr


@dataclass(frozen=True, eq=False)
class Mean(Statistic):
    """Arithmetic mean. Answer: ``float``, or ``None`` when there is no value."""

    column: Measured


@dataclass(frozen=True, eq=False)
class Std(Statistic):
    """Standard deviation, ``ddof`` degrees of freedom taken off. Answer: ``float`` or ``None``."""

    column: Measured
    ddof: Literal[0, 1] = 1


@dataclass(frozen=True, eq=False)
class Sum(Statistic):
    """Sum; of nothing, 0. Answer: ``int`` or ``float``."""

    column: Measured


@dataclass(frozen=True, eq=False)
class Min(Statistic):
    """Smallest value. Answer: a value of the column's type, or ``None``."""

    column: Measured


@dataclass(frozen=True, eq=False)
class Max(Statistic):
    """Largest value. Answer: a value of the column's type, or ``None``."""

    column: Measured


@dataclass(frozen=True, eq=False)
class Quantile(Statistic):
    """The value below which the share ``q`` lies, exact, linearly interpolated (Hyndman-Fan type 7).

    Answer: ``float`` or ``None``.
    """

    column: Measured
    q: float


@dataclass(frozen=True, eq=False)
class Distinct(Statistic):
    """Exact number of different values, missing ones left out. Answer: ``int``."""

    column: Measured


@dataclass(frozen=True, eq=False)
class ValueCounts(Statistic):
    """The most frequent values with their counts; ties in value order.

    Answer: ``dict`` of value to count, largest first. With ``explode``, the column holds lists and
    their items are counted.
    """

    column: Measured
    limit: int = 1_000
    explode: bool = False


@dataclass(frozen=True, eq=False)
class GroupMeans(Statistic):
    """Rows, mean and sample standard deviation of a number in each group, in group order.

    Answer: :class:`polars.DataFrame` with columns ``group`` (the value of ``by``), ``rows`` (Int64,
    rows where ``column`` is present), ``mean`` and ``std`` (Float64). Rows whose group is missing
    are left out.
    """

    column: Measured
    by: Measured
    limit: int = 100_000


@dataclass(frozen=True, eq=False)
class PairCounts(Statistic):
    """How often two columns hold each pair of values, pairs with a missing side left out.

    Answer: :class:`polars.DataFrame` with columns ``first``, ``second``, ``rows``, sorted by the first two.
    """

    first: Measured
    second: Measured
    limit: int = 100_000


@dataclass(frozen=True, eq=False)
class Covariance(Statistic):
    """Means and sample covariances of numbers over the rows where all of them are present.

    Answer: :class:`CovarianceMatrix`.
    """

    columns: tuple[Measured, ...]


@dataclass(frozen=True)
class CovarianceMatrix:
    """Answer of :class:`Covariance`; ``matrix[i][j]`` belongs to columns ``i`` and ``j``."""

    rows: int
    means: tuple[float, ...]
    matrix: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, eq=False)
class Correlation(Statistic):
    """Pearson correlation of every pair of columns, each over the rows where both are present.

    Answer: ``tuple`` of rows of floats; ``None`` where a column is constant or empty.
    """

    columns: tuple[Measured, ...]


@dataclass(frozen=True, eq=False)
class Histogram(Statistic):
    """Counts between edges, right-open, the last bin closed. Answer: ``tuple`` of ``int``."""

    column: Measured
    edges: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Rows(Statistic):
    """A bounded, seeded set of rows: at most ``limit`` of them, or of each value of ``per``.

    The same rows on every engine, in the same order: a row is drawn by a hash of its own values.
    Answer: :class:`polars.DataFrame`.
    """

    columns: tuple[str, ...]
    limit: int
    seed: int = 0
    per: str | None = None


@dataclass(frozen=True, eq=False)
class Head(Statistic):
    """The first rows, of a table that has an order: a source, or what is sorted. Answer: :class:`polars.DataFrame`."""

    columns: tuple[str, ...]
    rows: int


class Ask(Protocol):
    """Given by the engine to ``fit``: answers any number of statistics in one call, in order."""

    schemas: tuple[pl.Schema, ...]
    """The columns of each input table."""

    folder: Path
    """Where relative paths of the flow start."""

    def __call__(self, *statistics: Statistic, table: int = 0) -> list[Any]:
        """Measure one of the input tables."""
