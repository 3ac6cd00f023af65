"""Small tables about a table: a description of each column, and the correlations between columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl
from pydantic import Field

from transforms.core.columns import ALL, Columns, NumericColumns, select
from transforms.core.conversion import as_text
from transforms.core.dtypes import common_type_of, type_name
from transforms.core.errors import Problem
from transforms.core.numbers import finite
from transforms.core.relations import (
    Aggregate,
    AggregateFunction,
    Join,
    MapRows,
    Measure,
    Order,
    Relation,
    Sort,
    Window,
    WindowFunction,
)
from transforms.core.rowwise import AddColumns, DropColumns, RefuseRows, SelectColumns
from transforms.core.text import package_problems
from transforms.core.transform import Example, TableTransform, Transform

Fact = Literal[
    "type", "rows", "missing", "distinct", "mean", "std", "min", "q25", "median", "q75", "max", "top"
]  # fmt: skip
FACTS: tuple[Fact, ...] = (
    "type", "rows", "missing", "distinct", "mean", "std", "min", "q25", "median", "q75", "max", "top"
)  # fmt: skip
FUNCTIONS: dict[Fact, tuple[AggregateFunction, float]] = {
    "rows": ("rows", 0.5),
    "missing": ("count_missing", 0.5),
    "distinct": ("count_distinct", 0.5),
    "mean": ("mean", 0.5),
    "std": ("std", 0.5),
    "min": ("min", 0.5),
    "q25": ("quantile", 0.25),
    "median": ("median", 0.5),
    "q75": ("quantile", 0.75),
    "max": ("max", 0.5),
    "top": ("mode", 0.5),
}
"""How each fact is computed; the number is the share below a quantile."""
OF_NUMBERS: tuple[Fact, ...] = ("mean", "std", "q25", "median", "q75")
VALUES: tuple[Fact, ...] = ("min", "max", "top")
"""Facts that are values of the column."""
MOST_COLUMNS = 30
"""The most columns of which all pairs are compared."""
MOST_VALUES = 1_000_000
"""Rows of which Kendall's correlation is computed; more are refused, as they have to be in one place."""


@dataclass(frozen=True, eq=False)
class OneRowEach:
    """Makes of one row several, each of them an object of its columns."""

    rows: tuple[pl.Expr, ...]

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        long = rows.select(pl.concat_list(self.rows).alias("__rows"))
        return long.explode("__rows", empty_as_null=False).unnest("__rows")


class DescribeColumns(TableTransform):
    """Make a table with a row for each column, which says what the column holds."""

    id = "describe_columns"
    title = "Summary statistics table"
    terms = ("describe", "profile", "data summary", "column statistics", "data dictionary")
    changes_rows = True
    missing = "Missing values, NaN among them, are counted, and left out of all else."
    examples = (
        Example(
            params={"facts": ["type", "missing", "distinct", "mean", "min", "max"]},
            before={"age": [31, 4, None, 31], "city": ["Oslo", "Rome", "Oslo", None]},
            after={
                "column": ["age", "city"],
                "type": ["integer", "text"],
                "missing": [1, 1],
                "distinct": [2, 2],
                "mean": [22.0, None],
                "min": ["4", "Oslo"],
                "max": ["31", "Rome"],
            },
        ),
        Example(
            params={"columns": {"type": "numeric"}, "facts": ["q25", "median", "max", "top"]},
            before={"x": [1.0, 2.0, 2.0, 5.0, None], "n": [0, 0, 1, 1, None]},
            after={
                "column": ["x", "n"],
                "q25": [1.75, 0.0],
                "median": [2.0, 0.5],
                "max": [5.0, 1.0],
                "top": [2.0, 0.0],
            },
        ),
    )

    columns: Columns = ALL
    """Columns to describe."""
    facts: tuple[Fact, ...] = Field(FACTS, min_length=1)
    """What to say, in this order.

    Rows, missing and distinct are counts; mean, std (of a sample) and the quantiles q25, median and q75, linearly
    interpolated, are for numbers; top is the most frequent value, of several the smallest. Where min, max and top of
    the columns have no type in common, they are text.
    """

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if not self.columns:
            yield Problem("There is no column to describe.", "Choose at least one.", "columns")
        twice = [each for each in self.facts if self.facts.count(each) > 1]
        if twice:
            yield Problem(f"{twice[0]!r} is listed more than once.", "Leave one out.", "facts")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        measures, rows = [Measure("rows", "", "__rows")], []
        dtypes = [self.dtype(name) for name in self.columns if not self.dtype(name).is_nested()]
        common = common_type_of(dtypes)
        for i, name in enumerate(self.columns):
            facts = {fact: f"__{fact}_{i}" for fact in self.facts if self._has(fact, name)}
            measures += [Measure(FUNCTIONS[fact][0], name, out, FUNCTIONS[fact][1]) for fact, out in facts.items()]
            values = [self._value(fact, name, facts.get(fact), common) for fact in self.facts]
            rows.append(pl.struct(pl.lit(name).alias("column"), pl.lit(i, pl.Int64).alias("__order"), *values))
        each = MapRows(Aggregate(tables[0], (), tuple(measures)), OneRowEach(tuple(rows)))
        return MapRows(Sort(each, (Order("__order"),)), DropColumns(("__order",)))

    def _has(self, fact: Fact, name: str) -> bool:
        dtype = self.dtype(name)
        if fact in OF_NUMBERS:
            return dtype.is_numeric() or dtype == pl.Null
        return fact in ("rows", "missing") or (fact != "type" and not dtype.is_nested())

    def _value(self, fact: Fact, name: str, measured: str | None, common: pl.DataType | None) -> pl.Expr:
        dtype = self.dtype(name)
        if fact == "type":
            return pl.lit(type_name(dtype)).alias(fact)
        if fact not in VALUES:
            kind = pl.Float64 if fact in OF_NUMBERS else pl.Int64
            return (pl.lit(None, kind) if measured is None else pl.col(measured).cast(kind)).alias(fact)
        if measured is None:
            return pl.lit(None, common or pl.String()).alias(fact)
        value = pl.col(measured)
        return (as_text(value, dtype).cast(pl.String) if common is None else value.cast(common)).alias(fact)


class CorrelationTable(TableTransform):
    """Make a table of the correlations between columns of numbers."""

    id = "correlation_table"
    title = "Correlation matrix"
    terms = ("pearson", "spearman", "kendall", "correlations", "rank correlation", "multicollinearity")
    changes_rows = True
    missing = (
        "The correlation of two columns is that of the rows where both have a value; rows with null, NaN, infinity or "
        "a number beyond 1e150 in one of them are left out. Where a column is constant there, there is none."
    )
    examples = (
        Example(
            params={"columns": ["a", "b"]},
            before={"a": [1, 2, 3, None], "b": [2.0, 4.0, 6.0, 1.0], "c": ["x", "y", "z", None]},
            after={"column": ["a", "b"], "a": [1.0, 1.0], "b": [1.0, 1.0]},
        ),
        Example(
            params={"columns": ["a", "b", "c"], "method": "spearman", "form": "long"},
            before={"a": [1, 2, 3, 4], "b": [10, 20, 20, 90], "c": [4, 3, 2, None]},
            after={
                "column": ["a", "a", "b"],
                "other": ["b", "c", "c"],
                "correlation": [0.9486832980505138, -1.0, -0.8660254037844387],
                "rows": [4, 3, 3],
            },
        ),
        Example(
            params={"method": "kendall"},
            before={"a": [1, 2, 3, 4], "b": [10, 30, 20, 40], "c": [1, None, None, None]},
            after={
                "column": ["a", "b", "c"],
                "a": [1.0, 2 / 3, None],
                "b": [2 / 3, 1.0, None],
                "c": [None, None, None],
            },
        ),
    )

    columns: NumericColumns = select("numeric")
    """Columns to compare with each other."""
    method: Literal["pearson", "spearman", "kendall"] = "pearson"
    """Linear correlation (Pearson), that of ranks (Spearman; equal values share the mean of their ranks), or the
    agreement of order in pairs of rows (Kendall's tau-b)."""
    form: Literal["matrix", "long"] = "matrix"
    """A row and a column for each column; or a row for each pair, with the number of rows it is computed of."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if len(self.columns) < 2:
            yield Problem("A correlation is that of two columns or more.", "Choose at least two columns.", "columns")
        if len(self.columns) > MOST_COLUMNS:
            found = f"There are {len(self.columns)} columns; at most {MOST_COLUMNS} are compared with each other."
            yield Problem(found, "Choose those that matter.", "columns")
        if self.form == "matrix" and "column" in self.columns:
            yield Problem("Two columns of the result would be named 'column'.", "Rename it first.", "columns")
        if self.method == "kendall":
            yield from package_problems("scipy", "method", "Kendall's correlation")

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Places of the columns that are compared; a column with itself is constant or not."""
        size = range(len(self.columns))
        return [(i, j) for i in size for j in size if i < j or (i == j and self.form == "matrix")]

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        numbers = tuple(finite(name).alias(f"__x_{i}") for i, name in enumerate(self.columns))
        rows = MapRows(tables[0], SelectColumns(numbers))
        match self.method:
            case "pearson":
                found = _pearson(_paired(rows, self.pairs), self.pairs)
            case "spearman":
                found = _pearson(_ranked(rows, self.pairs), self.pairs)
            case _:
                found = self._kendall(rows)
        each = MapRows(found, OneRowEach(tuple(self._long() if self.form == "long" else self._matrix())))
        return MapRows(Sort(each, (Order("__order"),)), DropColumns(("__order",)))

    def _matrix(self) -> Iterator[pl.Expr]:
        for i, name in enumerate(self.columns):
            cells = (
                pl.col(f"__r_{min(i, j)}_{max(i, j)}").alias(other) for j, other in enumerate(self.columns)
            )  # fmt: skip
            yield pl.struct(pl.lit(i, pl.Int64).alias("__order"), pl.lit(name).alias("column"), *cells)

    def _long(self) -> Iterator[pl.Expr]:
        for place, (i, j) in enumerate(self.pairs):
            yield pl.struct(
                pl.lit(place, pl.Int64).alias("__order"),
                pl.lit(self.columns[i]).alias("column"),
                pl.lit(self.columns[j]).alias("other"),
                pl.col(f"__r_{i}_{j}").alias("correlation"),
                pl.col(f"__n_{i}_{j}").alias("rows"),
            )

    def _kendall(self, rows: Relation) -> Relation:
        count = Aggregate(rows, (), (Measure("rows", "", "__rows"),))
        what = (
            f"The table has {{}} rows, and Kendall's correlation is computed of at most {MOST_VALUES:,}. Take a "
            "sample, or compute Spearman's."
        )
        bounded = MapRows(count, RefuseRows(pl.col("__rows") > MOST_VALUES, what, pl.col("__rows")))
        row = pl.struct(f"__x_{i}" for i in range(len(self.columns))).alias("__row")
        together = MapRows(Join(rows, bounded, (), (), "cross"), SelectColumns((row,)))
        lists = Aggregate(together, (), (Measure("list", "__row", "__row"),))
        return MapRows(lists, Kendall(tuple(self.pairs)))


def _both(i: int, j: int) -> pl.Expr:
    return pl.col(f"__x_{i}").is_not_null() & pl.col(f"__x_{j}").is_not_null()


def _paired(rows: Relation, pairs: list[tuple[int, int]]) -> Relation:
    """The two numbers of each pair in the rows that have both."""
    numbers = (
        pl.when(_both(i, j)).then(pl.col(f"__x_{k}")).alias(f"__{side}_{i}_{j}")
        for i, j in pairs
        for side, k in (("l", i), ("r", j))
    )
    return MapRows(rows, SelectColumns(tuple(numbers)))


def _ranked(rows: Relation, pairs: list[tuple[int, int]]) -> Relation:
    """The ranks of the two numbers of each pair among the rows that have both."""
    marked: Relation = MapRows(rows, AddColumns(tuple(_both(i, j).alias(f"__both_{i}_{j}") for i, j in pairs)))
    for i, j in pairs:
        for side, k in (("l", i), ("r", j)):
            rank = WindowFunction("average_rank", f"__{side}_{i}_{j}")
            marked = Window(marked, (f"__both_{i}_{j}",), (Order(f"__x_{k}"),), (rank,))
    names = ((f"__{side}_{i}_{j}", f"__both_{i}_{j}") for i, j in pairs for side in "lr")
    return MapRows(marked, SelectColumns(tuple(pl.when(both).then(pl.col(name)).alias(name) for name, both in names)))


def _pearson(paired: Relation, pairs: list[tuple[int, int]]) -> Relation:
    """One row with the correlation of each pair, ``__r_0_1``, and the number of rows that have both, ``__n_0_1``."""
    names = [f"{i}_{j}" for i, j in pairs]
    facts: tuple[AggregateFunction, ...] = ("mean", "min", "max", "count")
    about = [Measure(fact, f"__{side}_{p}", f"__{side}{fact}_{p}") for p in names for side in "lr" for fact in facts]
    centred = Join(paired, Aggregate(paired, (), tuple(about)), (), (), "cross")
    products = []
    for p in names:
        left, right = (pl.col(f"__{side}_{p}") - pl.col(f"__{side}mean_{p}") for side in "lr")
        products += [(left * left).alias(f"__ll_{p}"), (right * right).alias(f"__rr_{p}")]
        products.append((left * right).alias(f"__lr_{p}"))
    sums = [Measure("sum", f"__{two}_{p}", f"__{two}_{p}") for p in names for two in ("ll", "rr", "lr")]
    # What is the same in all rows is carried along.
    carried = [Measure("max", each.output, each.output) for each in about if "mean" not in each.output]
    totals = Aggregate(MapRows(centred, AddColumns(tuple(products))), (), (*sums, *carried))
    return MapRows(totals, AddColumns(tuple(each for p in names for each in _coefficient(p))))


def _coefficient(pair: str) -> Iterator[pl.Expr]:
    ll, rr, lr = (pl.col(f"__{two}_{pair}") for two in ("ll", "rr", "lr"))
    # A column that is constant has no spread, though the mean of equal numbers may differ from them in the last digit.
    varies = [pl.col(f"__{side}min_{pair}") < pl.col(f"__{side}max_{pair}") for side in "lr"]
    found = (lr / (ll.sqrt() * rr.sqrt())).clip(-1.0, 1.0).fill_nan(None)
    yield pl.when(varies[0] & varies[1]).then(found).alias(f"__r_{pair}")
    yield pl.col(f"__lcount_{pair}").fill_null(0).alias(f"__n_{pair}")


@dataclass(frozen=True, eq=False)
class Kendall:
    """Adds Kendall's tau-b of pairs of fields of the objects in a list, and the number of objects that have both."""

    pairs: tuple[tuple[int, int], ...]

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        found = pl.col("__row").map_batches(self._of_lists, return_dtype=pl.Struct(self._schema()), is_elementwise=True)
        return rows.select(found.alias("__found")).unnest("__found")

    def _of_lists(self, lists: pl.Series) -> pl.Series:
        found = [self._of_one(each.struct.unnest()) for each in lists]
        return pl.DataFrame(found, schema=self._schema(), orient="row").to_struct()

    def _schema(self) -> dict[str, type[pl.DataType]]:
        kinds: tuple[tuple[str, type[pl.DataType]], ...] = (("r", pl.Float64), ("n", pl.Int64))
        return {f"__{what}_{i}_{j}": kind for i, j in self.pairs for what, kind in kinds}

    def _of_one(self, numbers: pl.DataFrame) -> list[float | int | None]:
        from scipy.stats import kendalltau

        found: list[float | int | None] = []
        for i, j in self.pairs:
            both = numbers.select(f"__x_{i}", pl.col(f"__x_{j}").alias("other")).drop_nulls()
            left, right = both.get_columns()
            varies = left.n_unique() > 1 and right.n_unique() > 1
            found += [float(kendalltau(left.to_numpy(), right.to_numpy()).statistic) if varies else None, both.height]
        return found


TRANSFORMS: tuple[type[Transform], ...] = (DescribeColumns, CorrelationTable)
