"""Tables that have not been computed yet, as plain values for an engine to run.

The set is closed: an engine runs these and knows nothing of transforms. What looks at one row at a
time (filters, encodings, unpivot, explode, random splits by hash) is :class:`MapRows`, one polars
function that every engine calls on pieces of the table.

Semantics are ours and the same everywhere: keys that are null never match in a join; null is a
group of its own in ``Aggregate``, ``Window``, ``Distinct`` and ``Sample``; NaN equals NaN and -0.0
equals 0.0 wherever keys are compared; the sum of no values is null; null and NaN are left out of
aggregates; order is defined only where ``Order`` is given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
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


@dataclass(frozen=True, eq=False)
class Apply(Relation):
    """The whole table passed through a function that needs all of its rows at once, in one place.

    The function takes the rows in any order and gives exactly the columns of ``schema``. It is called once
    for each pass over the table, and not at all for a table without rows, which gives none. An engine that
    spreads rows over machines brings them together first, and refuses more than it says it can.
    """

    table: Relation
    function: Callable[[pl.DataFrame], pl.DataFrame]
    schema: pl.Schema


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
    """The first rows after an offset; defined only right after a :class:`Sort`, or where the source has an order."""

    table: Relation
    rows: int | None
    """How many; ``None`` for all that there are."""
    offset: int = 0


@dataclass(frozen=True, eq=False)
class Sample(Relation):
    """Exactly ``rows`` rows (or all, when there are fewer), of each group of ``per`` when given.

    Those with the smallest :func:`~transforms.core.random.draw` over all columns, so the same rows on
    every engine. Rows equal in all columns draw the same; as many of them are kept as fit.
    """

    table: Relation
    rows: int
    seed: int = 0
    per: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Distinct(Relation):
    """One row for each combination of ``columns``; null equals null.

    ``first`` and ``last`` follow ``order_by``; among rows equal in its keys, and without one among all,
    ``draw(0)`` over all columns decides, the smallest being first. ``none`` keeps only combinations that
    occur once. Without ``columns`` all rows are equal, so that one is kept (or, with ``none``, the only one).
    """

    table: Relation
    columns: tuple[str, ...]
    keep: Literal["first", "last", "none"] = "first"
    order_by: tuple[Order, ...] = ()


@dataclass(frozen=True, eq=False)
class Join(Relation):
    """Two tables side by side where their keys are equal; ``cross`` pairs every row with every row.

    Keys of different types are compared as their :func:`~transforms.core.dtypes.common_type`; where
    they have none, that is an error. ``semi`` and ``anti`` give the left table's columns and rows as
    they are, each row once. Otherwise the columns are those of the left table, in order, and then
    those of the right table that are no keys, named by :func:`right_names`. So key columns appear
    once, under their left names: with the values and the type of the left table (``inner``, ``left``),
    with those of the right table in the common type (``right``), or with those of the left table where
    it has a row and of the right table elsewhere, in the common type (``full``).
    """

    left: Relation
    right: Relation
    left_on: tuple[str, ...]
    right_on: tuple[str, ...]
    how: Literal["inner", "left", "right", "full", "semi", "anti", "cross"] = "inner"
    suffix: str = "_right"


def right_names(left: Sequence[str], right: Sequence[str], suffix: str) -> dict[str, str]:
    """The names that columns of a right table get in a join, by the names they have.

    A name that the left table has gets the suffix, again and again until it is free.

    Args:
        left: all columns of the left table.
        right: the columns of the right table that are added: all but its keys.
        suffix: not empty, unless no name is taken.
    """
    taken = {*left, *(name for name in right if name not in left)}
    names = {}
    for name in right:
        free = name
        if name in left:
            if not suffix:
                raise ValueError(f"Both tables have a column {name!r}, and there is no suffix to tell them apart.")
            while free in taken:
                free += suffix
        taken.add(free)
        names[name] = free
    return names


@dataclass(frozen=True, eq=False)
class Concat(Relation):
    """Tables below each other: columns matched by name, those a table lacks are null.

    Columns in the order in which they appear first. One that has different types becomes their
    :func:`~transforms.core.dtypes.common_type`; no common type is an error.
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
    """One row for each group of ``by`` (one row in all without it, even of no rows).

    Null and NaN are left out of every function but ``rows`` and ``count_missing``. Of no values, counts
    are 0, ``list`` is empty and all else is null, ``any`` and ``all`` included. ``sum``, ``mean``,
    ``median``, ``std``, ``var`` and ``quantile`` take numbers and booleans (true is 1); ``any`` and
    ``all`` booleans; ``count``, ``count_missing``, ``first``, ``last`` and ``list`` anything; the others
    anything but lists and structs.

    ``first`` and ``last`` are the first and last value that is present, and ``list`` holds the present
    values, following ``order_by``; rows equal in all its keys may come in any order. Counts are Int64;
    sums of integers and booleans Int64, and overflow is an error; sums of decimals their own
    decimal type, other sums and statistics Float64; ``std`` and ``var`` are those of a sample (ddof 1),
    null for a single value; ``quantile`` is linearly interpolated (Hyndman-Fan type 7); ties of
    ``mode`` go to the smallest value.
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

    * ``row_number`` counts from 1. The ranks compare the keys of the order, all together: rows equal
      in all of them (null equals null) share the lowest of their places (``rank``), the highest
      (``max_rank``), their mean (``average_rank``), the number of different keys so far, itself
      included (``dense_rank``), or the lowest place less 1 by the rows of the group less 1
      (``percent_rank``; 0 in a group of one row). Without an order all rows of a group are equal.
    * ``shift`` takes the value ``offset`` rows before (after, when negative), as it is: NaN stays NaN.
      Beyond the ends of the group it is null.
    * ``fill_forward`` puts the last value that is present (``fill_backward``: the next) where the value
      is null or NaN; null where there is none, and from the row after ``limit`` in a run of missing ones.
    * ``cumulative`` aggregates all rows of the group so far, the row included (rows equal in all keys come
      one after the other, not together), and is null where the row's own value is missing.
    * ``rolling`` aggregates the row and the ``offset`` - 1 rows before it, missing or not; null unless
      ``min_rows`` of them have a value (1 <= ``min_rows`` <= ``offset``). ``count`` never is null.
    * ``group`` aggregates the whole group and needs no order.

    Functions are those of :class:`Aggregate`, and so are their types and what they do without a value:
    null and NaN left out, ``count`` 0 and all else null, sums of whole numbers Int64 with overflow
    as an error, ``std`` of one value null. But ``rolling`` takes decimals as Float64. ``rolling`` and
    ``cumulative`` ``min`` and ``max`` take numbers, booleans, dates and times. A column of nulls only is
    taken as Float64 by ``rolling`` and ``cumulative``. Row numbers, counts and ranks are Int64,
    ``average_rank`` and ``percent_rank`` Float64; shifts and fills keep the column's type.
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
    """The table with columns added that look at other rows of the same group.

    Groups are the combinations of ``by``; without it, all rows are one group. Rows of a group follow
    ``order_by``; rows equal in all its keys come in any order, but in one order for all functions.
    Functions see the columns of the table, not each other's; an ``output`` that the table has replaces
    that column in its place, and others come last, in order.
    """

    table: Relation
    by: tuple[str, ...]
    order_by: tuple[Order, ...]
    functions: tuple[WindowFunction, ...]


@dataclass(frozen=True, eq=False)
class AsofJoin(Relation):
    """Each left row, once, with the nearest right row at or before (or after) it; null where there is none.

    Columns of ``by`` must be equal; the ``on`` columns are numbers, dates or times. Rows whose ``on``
    is null or NaN, or of which a ``by`` is null, match nothing. Of several right rows equal in ``on``
    and ``by``, the hash of the row decides which is taken, as in :class:`Distinct`. Types are matched
    as in :class:`Join`. The columns are those of the left table, then those of the right table but for
    ``right_by``, ``right_on`` included, named by :func:`right_names`.
    """

    left: Relation
    right: Relation
    left_on: str
    right_on: str
    left_by: tuple[str, ...] = field(default=())
    right_by: tuple[str, ...] = field(default=())
    strategy: Literal["backward", "forward"] = "backward"
    suffix: str = "_right"


def base_of(table: Relation) -> Relation:
    """The table that a chain of row steps stands on."""
    return row_chain(table)[0]


def row_chain(table: Relation) -> tuple[Relation, list[MapRows]]:
    """The table that a chain of row steps stands on, and the tables of the chain, the first step first."""
    chain: list[MapRows] = []
    while isinstance(table, MapRows):
        chain.insert(0, table)
        table = table.table
    return table, chain


def inputs_of(table: Relation) -> list[Relation]:
    """The tables that a relation is made of."""
    values = (getattr(table, each.name) for each in fields(table))
    return [
        each
        for value in values
        for each in (value if isinstance(value, tuple) else (value,))
        if isinstance(each, Relation)
    ]
