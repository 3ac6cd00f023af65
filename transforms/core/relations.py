"""Tables that have not been computed yet, as plain values for an engine to run.

The set is closed: an engine runs these and knows nothing of transforms. What looks at one row at a
time (filters, encodings, unpivot, explode, random splits by hash) is :class:`MapRows`, one polars
function that every engine calls on pieces of the table.

Semantics are ours and the same everywhere: keys that are null never match in a join; null is a
group of its own in ``Aggregate``, ``Window`` and ``Distinct``; the sum of no values is null; null
and NaN are left out of aggregates; order is defined only where ``Order`` is given.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import polars as pl


class Rowwise(Protocol):
    """A function of rows: applied to pieces of a table, it gives the pieces of the result."""

    def apply(self, rows: pl.LazyFrame, learned: Any) -> pl.LazyFrame:
        """The rows after the step."""


@dataclass(frozen=True, eq=False)
class Relation:
    """A table that has not been computed yet."""


@dataclass(frozen=True, eq=False)
class Source(Relation):
    """A table that some connector opens, by its name in the flow."""

    name: str


@dataclass(frozen=True, eq=False)
class Values(Relation):
    """A small table that is known already."""

    rows: pl.DataFrame


@dataclass(frozen=True, eq=False)
class Range(Relation):
    """The numbers 0 to ``rows`` - 1 in one Int64 column: the seed of rows that are made, not read."""

    rows: int
    column: str = "row"


@dataclass(frozen=True, eq=False)
class MapRows(Relation):
    """Rows passed, piece by piece, through a step that looks at one row at a time."""

    table: Relation
    step: Rowwise
    learned: Any = None

    def __call__(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        return self.step.apply(rows, self.learned)


@dataclass(frozen=True)
class Order:
    """One sort key; NaN sorts as the largest number, text by code point."""

    column: str
    descending: bool = False
    nulls_last: bool = True


@dataclass(frozen=True, eq=False)
class Sort(Relation):
    """All rows in order; rows equal in every key keep no promised order."""

    table: Relation
    by: tuple[Order, ...]


@dataclass(frozen=True, eq=False)
class Limit(Relation):
    """The first rows; defined only right after a :class:`Sort`, or where the source has an order."""

    table: Relation
    rows: int
    offset: int = 0


@dataclass(frozen=True, eq=False)
class Sample(Relation):
    """Exactly ``rows`` rows (or all, when there are fewer), of each group of ``per`` when given.

    Drawn by the hash of the row's values, so the same rows on every engine.
    """

    table: Relation
    rows: int
    seed: int = 0
    per: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Distinct(Relation):
    """One row for each combination of ``columns``; null equals null.

    ``first`` and ``last`` follow ``order_by``, and without one the hash of the row decides which is
    kept; ``none`` keeps only combinations that occur once.
    """

    table: Relation
    columns: tuple[str, ...]
    keep: Literal["first", "last", "none"] = "first"
    order_by: tuple[Order, ...] = ()


@dataclass(frozen=True, eq=False)
class Join(Relation):
    """Two tables side by side where their keys are equal; ``cross`` pairs every row with every row.

    Key columns appear once, under their left names. Other right columns whose name is taken get
    ``suffix``.
    """

    left: Relation
    right: Relation
    left_on: tuple[str, ...]
    right_on: tuple[str, ...]
    how: Literal["inner", "left", "right", "full", "semi", "anti", "cross"] = "inner"
    suffix: str = "_right"


@dataclass(frozen=True, eq=False)
class Concat(Relation):
    """Tables below each other: columns matched by name, those a table lacks are null.

    A column that has different types becomes their common type; no common type is an error.
    """

    tables: tuple[Relation, ...]


AggregateFunction = Literal[
    "sum", "mean", "median", "min", "max", "count", "count_distinct", "count_missing", "rows", "first", "last",
    "std", "var", "quantile", "mode", "any", "all", "list"
]  # fmt: skip


@dataclass(frozen=True)
class Measure:
    """One aggregated column: ``output = function(column)``."""

    function: AggregateFunction
    column: str
    """The column; ignored by ``rows``."""
    output: str
    q: float = 0.5
    """For ``quantile``."""


@dataclass(frozen=True, eq=False)
class Aggregate(Relation):
    """One row for each group of ``by`` (one row in all without it).

    ``first``, ``last`` and ``list`` follow ``order_by``. Counts are Int64; sums of integers Int64, and
    overflow is an error; other statistics Float64; ties of ``mode`` go to the smallest value.
    """

    table: Relation
    by: tuple[str, ...]
    measures: tuple[Measure, ...]
    order_by: tuple[Order, ...] = ()


WindowKind = Literal[
    "row_number", "rank", "dense_rank", "average_rank", "max_rank", "percent_rank",
    "shift", "fill_forward", "fill_backward", "cumulative", "rolling", "group"
]  # fmt: skip


@dataclass(frozen=True)
class WindowFunction:
    """One column computed for each row from the rows of its group.

    ``shift`` moves down by ``offset`` (up when negative); ``rolling`` aggregates the last ``offset``
    rows, at least ``min_rows`` of them present, the current one included; ``cumulative`` aggregates all
    rows so far, leaving null where the value is null; ``group`` aggregates the whole group.
    """

    kind: WindowKind
    output: str
    column: str = ""
    """The column; ignored by ranks, which rank by the order itself."""
    function: Literal["sum", "mean", "min", "max", "count", "std", "median"] = "sum"
    offset: int = 1
    min_rows: int = 1
    limit: int | None = None
    """For fills: at most so many rows in a run."""


@dataclass(frozen=True, eq=False)
class Window(Relation):
    """The table with columns added that look at other rows of the same group."""

    table: Relation
    by: tuple[str, ...]
    order_by: tuple[Order, ...]
    functions: tuple[WindowFunction, ...]


@dataclass(frozen=True, eq=False)
class AsofJoin(Relation):
    """Each left row with the nearest right row at or before (or after) it.

    Columns of ``by`` must be equal; the ``on`` columns are numbers, dates or times.
    """

    left: Relation
    right: Relation
    left_on: str
    right_on: str
    left_by: tuple[str, ...] = field(default=())
    right_by: tuple[str, ...] = field(default=())
    strategy: Literal["backward", "forward"] = "backward"
    suffix: str = "_right"
