"""Rules that are learned: a table has to look like the one that was there when the step was fitted."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import Field

from transforms.core.categories import CategoryColumns, category
from transforms.core.columns import ColumnsField, taken
from transforms.core.dtypes import type_name
from transforms.core.errors import Problem, StepError
from transforms.core.numbers import finite
from transforms.core.params import NewColumn
from transforms.core.relations import Aggregate, Join, MapRows, Measure, Relation
from transforms.core.rowwise import AddColumns, DropColumns, KeepRows, RefuseRows, SelectColumns
from transforms.core.statistics import Ask, Count, CountWhere, Quantile, ValueCounts
from transforms.core.transform import Example, Failure, FittedTransform, Learned, TableTransform, Transform
from transforms.validate_rules import RESULTS, OnFail
from transforms.validate_statistics import OnFailTable

DriftColumns = Annotated[tuple[str, ...], ColumnsField(("numeric", "text", "boolean"))]
BINS = 10
"""Numbers are put into tenths of the values that were fitted on."""
CATEGORIES = 20
"""So many categories are told apart; all others are one."""
SMALLEST = 1e-4
"""No share is taken as less, since the index would be infinite."""
MOST_CATEGORIES = 10_000


class Shares(Learned):
    """How the values of each column were spread."""

    edges: dict[str, list[float]]
    """Where bins of numbers end, by column."""
    categories: dict[str, list[str]]
    """Categories that are told apart, by column."""
    shares: dict[str, list[float]]
    """The share of rows in each bin or category, then in all others (of categories), then without a value; none of a
    column of which no row was there."""


class AssertNoDrift(TableTransform):
    """Check that the values of columns are spread as they were when the step was fitted.

    Numbers are compared by the tenths they were in, categories by the 20 most frequent; missing values are a group
    too. While a step is fitted anew in each run there is nothing to find: let the flow use what it learned before.
    """

    id = "assert_no_drift"
    title = "Check: no drift from reference"
    terms = (
        "data drift",
        "population stability index",
        "psi",
        "distribution shift",
        "kolmogorov-smirnov",
        "monitoring",
    )
    missing = "Missing values, NaN among them, are a group of their own. A table without rows keeps the rule."
    unseen = "New categories count among all others that were not told apart."
    examples = (
        Example(
            params={"columns": ["age", "city"]},
            before={"age": [31, 40, None], "city": ["Oslo", "Rome", None]},
            after={"age": [31, 40, None], "city": ["Oslo", "Rome", None]},
        ),
        Example(
            params={"columns": ["age"], "metric": "ks", "on_fail": "flag"},
            before={"age": [31, 40, None]},
            after={"age": [31, 40, None], "is_valid": [True, True, True]},
        ),
    )

    columns: DriftColumns
    """Columns to compare."""
    metric: Literal["psi", "js", "ks"] = "psi"
    """How far apart two spreads are: the population stability index, of which 0.1 is small and 0.25 large (Siddiqi
    2006); the distance of Jensen and Shannon, 0 to 1; or, for numbers, that of Kolmogorov and Smirnov between the bins,
    0 to 1, missing values aside."""
    threshold: float = Field(0.2, gt=0, allow_inf_nan=False)
    """The farthest that is allowed."""
    on_fail: OnFailTable = "stop"
    """A table that breaks the rule stops the run before anything is written, or all of its rows are marked."""
    output: NewColumn = "is_valid"
    """Name of the column that says whether the rule is kept, if rows are marked."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.on_fail == "flag":
            yield from taken(self.output, schemas[0])
        for name in self.columns:
            if self.metric == "ks" and not self._is_number(name):
                found = f"{name!r} holds {type_name(self.dtype(name))} values, and 'ks' compares numbers."
                yield Problem(found, "Choose 'psi' or 'js', or other columns.", "metric")

    def _is_number(self, name: str) -> bool:
        return self.dtype(name).is_numeric() or self.dtype(name) == pl.Null

    def fit(self, ask: Ask) -> Shares:
        numbers = [name for name in self.columns if self._is_number(name)]
        others = [name for name in self.columns if name not in numbers]
        tenths = [Quantile(finite(name), i / BINS) for name in numbers for i in range(1, BINS)]
        counts = [ValueCounts(category(name, self.dtype(name)), CATEGORIES) for name in others]
        rows, *found = ask(Count(), *tenths, *counts)
        edges = {
            name: sorted({each for each in found[i * (BINS - 1) : (i + 1) * (BINS - 1)] if each is not None})
            for i, name in enumerate(numbers)
        }
        categories = {name: sorted(each) for name, each in zip(others, found[len(tenths) :], strict=True)}
        groups = {name: self._groups(name, edges, categories) for name in self.columns}
        sizes = iter(ask(*(CountWhere(each) for group in groups.values() for each in group)))
        shares = {name: [next(sizes) / rows for _ in group] if rows else [] for name, group in groups.items()}
        return Shares(edges=edges, categories=categories, shares=shares)

    def _groups(self, name: str, edges: dict[str, list[float]], categories: dict[str, list[str]]) -> list[pl.Expr]:
        """Whether a value is in each of the groups of a column, the last of which is that of missing ones."""
        if name in edges:
            value, inner = self.present(name).cast(pl.Float64), edges[name]
            ends = [None, *inner, None]
            parts = [
                pl.all_horizontal(
                    value.is_not_null(),
                    *(() if low is None else (value >= low,)),
                    *(() if high is None else (value < high,)),
                )
                for low, high in pairwise(ends)
            ]
            return [*(each.fill_null(value=False) for each in parts), value.is_null()]
        text, known = category(name, self.dtype(name)).cast(pl.String), categories[name]
        listed = [(text == each).fill_null(value=False) for each in known]
        return [*listed, ~text.is_in(known).fill_null(value=True), text.is_null()]

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        compared = [name for name in self.columns if learned.shares[name]]
        groups = [self._groups(name, learned.edges, learned.categories) for name in compared]
        flags = {f"__{i}_{j}": each for i, group in enumerate(groups) for j, each in enumerate(group)}
        if not flags:
            marked = AddColumns((pl.lit(value=True).alias(self.output),))
            return tables[0] if self.on_fail == "stop" else MapRows(tables[0], marked)
        ones = SelectColumns(tuple(each.cast(pl.Int64).alias(name) for name, each in flags.items()))
        facts: Relation = Aggregate(MapRows(tables[0], ones), (), tuple(Measure("sum", name, name) for name in flags))
        found = [self._distance(i, learned.shares[name]) for i, name in enumerate(compared)]
        far = [(each > self.threshold).fill_null(value=False) for each in found]
        if self.on_fail == "stop":
            for name, distance, broken in zip(compared, found, far, strict=True):
                what = (
                    f"The values of {name!r} are spread otherwise than they were: {self.metric} is {{!s}}, more than "
                    f"the {self.threshold:g} allowed. Nothing was written."
                )
                facts = MapRows(facts, RefuseRows(broken, what, distance.round(4, mode="half_to_even")))
        joined: Relation = Join(tables[0], facts, (), (), "cross")
        if self.on_fail == "flag":
            joined = MapRows(joined, AddColumns(((~pl.any_horizontal(far)).alias(self.output),)))
        return MapRows(joined, DropColumns(tuple(flags)))

    def _distance(self, i: int, shares: list[float]) -> pl.Expr:
        """How far the spread of a column is from what it was; null where there is nothing to compare."""
        measure = DISTANCES[self.metric]

        def of_counts(counts: pl.Series) -> pl.Series:
            # One row, of as many numbers as there are groups.
            return pl.Series(counts.name, [measure(each, shares) for each in counts.to_list()], dtype=pl.Float64)

        counts = pl.concat_list(pl.col(f"__{i}_{j}") for j in range(len(shares)))
        return counts.map_batches(of_counts, return_dtype=pl.Float64, is_elementwise=True)

    def lineage(self, learned: Any = None) -> Mapping[str, frozenset[str]]:
        return {self.output: frozenset(self.columns)} if self.on_fail == "flag" else {}


def stability_index(counts: Sequence[int], shares: Sequence[float]) -> float | None:
    """The population stability index of counts against the shares there were."""
    pairs = [(max(now, SMALLEST), max(then, SMALLEST)) for now, then in _pairs(counts, shares)]
    return sum((now - then) * math.log(now / then) for now, then in pairs) if pairs else None


def jensen_shannon(counts: Sequence[int], shares: Sequence[float]) -> float | None:
    """The distance of Jensen and Shannon, to base 2: 0 for equal spreads, 1 for those that have nothing in common."""
    pairs = _pairs(counts, shares)
    parts = (share * math.log2(2 * share / (now + then)) for now, then in pairs for share in (now, then) if share)
    return math.sqrt(max(sum(parts) / 2, 0.0)) if pairs else None


def largest_gap(counts: Sequence[int], shares: Sequence[float]) -> float | None:
    """The distance of Kolmogorov and Smirnov between bins, the group of missing values left out."""
    before = sum(shares[:-1])
    pairs = _pairs(counts[:-1], [each / before for each in shares[:-1]]) if before else []
    gaps = (now - then for now, then in pairs)
    return max(map(abs, accumulate(gaps))) if pairs else None


def _pairs(counts: Sequence[int | None], shares: Sequence[float]) -> list[tuple[float, float]]:
    """The share of each group now and then; none where there are no rows."""
    known = [each or 0 for each in counts]
    rows = sum(known)
    return [(now / rows, then) for now, then in zip(known, shares, strict=True)] if rows else []


DISTANCES: dict[str, Callable[[Sequence[int], Sequence[float]], float | None]] = {
    "psi": stability_index,
    "js": jensen_shannon,
    "ks": largest_gap,
}


class KnownCategories(Learned):
    """The categories of each column."""

    categories: dict[str, list[str]]


class AssertNoNewCategories(FittedTransform):
    """Check that columns hold no category that was not there when the step was fitted."""

    id = "assert_no_new_categories"
    title = "Check: no new categories"
    terms = ("unseen categories", "unknown values", "schema drift", "new levels", "data quality rule")
    changes_rows = True
    missing = "Missing values, NaN among them, are no category and keep the rule."
    unseen = "New categories break the rule."
    examples = (
        Example(
            params={"columns": ["city"], "on_fail": "flag"},
            before={"city": ["Oslo", "Rome", None]},
            after={"city": ["Oslo", "Rome", None], "is_valid": [True, True, True]},
        ),
    )

    columns: CategoryColumns
    """Columns to check; each may hold 10,000 categories."""
    on_fail: OnFail = "warn"
    """Rows that break the rule stop the run before anything is written, are counted, go to the second output
    (quarantined), are dropped or are marked in a new column; or the values become missing."""
    output: NewColumn = "is_valid"
    """Name of the column that says whether a row keeps the rule, if rows are marked."""

    @property
    def output_names(self) -> tuple[str, ...]:
        return ("table", "quarantined") if self.on_fail == "quarantine" else self.outputs

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.on_fail == "flag":
            yield from taken(self.output, schemas[0])

    def fit(self, ask: Ask) -> KnownCategories:
        found = ask(*(ValueCounts(category(name, self.dtype(name)), MOST_CATEGORIES + 1) for name in self.columns))
        for name, counts in zip(self.columns, found, strict=True):
            if len(counts) > MOST_CATEGORIES:
                raise StepError(
                    f"Column {name!r} has more than {MOST_CATEGORIES:,} different values, too many to be categories. "
                    "Choose another column."
                )
        return KnownCategories(categories={n: sorted(each) for n, each in zip(self.columns, found, strict=True)})

    def _new(self, name: str, learned: KnownCategories) -> pl.Expr:
        text = category(name, self.dtype(name)).cast(pl.String)
        return ~text.is_in(learned.categories[name]).fill_null(value=True)

    def _any_new(self, learned: KnownCategories) -> pl.Expr:
        return pl.any_horizontal([pl.lit(value=False), *(self._new(name, learned) for name in self.columns)])

    def exprs(self, learned: KnownCategories) -> Iterator[pl.Expr]:
        if self.on_fail == "flag":
            yield (~self._any_new(learned)).alias(self.output)
        if self.on_fail == "null":
            for name in self.columns:
                yield pl.when(~self._new(name, learned)).then(pl.col(name)).alias(name)

    def apply(self, rows: pl.LazyFrame, learned: KnownCategories) -> pl.LazyFrame:
        if self.on_fail in ("quarantine", "drop"):
            return rows.remove(self._any_new(learned))
        return rows.with_columns(self.exprs(learned))

    def plan(self, *tables: Relation, learned: Any = None) -> Relation | tuple[Relation, ...]:
        if self.on_fail in ("stop", "warn"):
            return tables[0]
        kept = MapRows(tables[0], self, learned)
        if self.on_fail == "quarantine":
            return kept, MapRows(tables[0], KeepRows(self._any_new(learned)))
        return kept

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        for name in self.columns if learned is not None else ():
            what = f"are new categories{RESULTS[self.on_fail]}"
            yield Failure(column=name, where=self._new(name, learned), what=what, stop=self.on_fail == "stop")

    def lineage(self, learned: Any = None) -> Mapping[str, frozenset[str]]:
        return {self.output: frozenset(self.columns)} if self.on_fail == "flag" else {}


TRANSFORMS: tuple[type[Transform], ...] = (AssertNoDrift, AssertNoNewCategories)
