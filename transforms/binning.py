"""Numbers put into bins.

Bins are open at the right and the last one is closed (or the other way round, where that is chosen): of
the edges 0, 10 and 20 come ``[0, 10)`` and ``[10, 20]``, so that 10 is in the second.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

import polars as pl
from pydantic import AfterValidator, Field, model_validator

from transforms.core.columns import NumericColumns, taken
from transforms.core.errors import Problem, StepError
from transforms.core.numbers import finite
from transforms.core.params import Params
from transforms.core.statistics import Ask, Max, Min, Quantile
from transforms.core.transform import Example, Failure, FittedTransform, Learned, RowTransform, Transform

Closed = Literal["left", "right"]
BinCount = Annotated[int, Field(ge=1, le=1_000)]
SHORT = 8
"""Numbers of so many characters are written as they are."""


@dataclass(frozen=True)
class Bins:
    """Bins between rising edges; none where there are fewer than two edges."""

    edges: Sequence[float]
    closed: Closed
    extend: bool
    """Whether the first and the last bin take what lies beyond them."""

    @property
    def ranges(self) -> list[str]:
        """How the bins are written: ``[0, 10)``, and ``< 10`` where the first one takes all that is smaller."""
        pairs = list(pairwise(written(self.edges)))
        last = len(pairs) - 1
        texts = []
        for i, (low, high) in enumerate(pairs):
            if self.closed == "left":
                texts.append(f"[{low}, {high}{']' if i == last else ')'}")
            else:
                texts.append(f"{'[' if i == 0 else '('}{low}, {high}]")
        if self.extend and last > 0:
            below, above = ("<", ">=") if self.closed == "left" else ("<=", ">")
            texts[0], texts[last] = f"{below} {pairs[0][1]}", f"{above} {pairs[last][0]}"
        return texts

    @property
    def midpoints(self) -> list[float]:
        """The middle of each bin, those at the ends taken as they were before they were extended."""
        return [low + (high - low) / 2 for low, high in pairwise(self.edges)]

    def outside(self, value: pl.Expr) -> pl.Expr:
        """Whether a value is present and in no bin."""
        if len(self.edges) < 2:
            return value.is_not_null()
        return pl.lit(False) if self.extend else ~value.is_between(self.edges[0], self.edges[-1])

    def of(self, value: pl.Expr, names: Sequence[str] | None) -> pl.Expr:
        """The name of each value's bin, or its number from 0; null where it is in none."""
        dtype = pl.Int64() if names is None else pl.String()
        if len(self.edges) < 2:
            return value.replace_strict([], [], default=None, return_dtype=dtype)
        inner, right = list(self.edges[1:-1]), self.closed == "right"
        found = value.bin_intervals(inner, labels=False if names is None else list(names), right_closed=right)
        return found.cast(dtype) if self.extend else pl.when(~self.outside(value)).then(found.cast(dtype))


def written(edges: Sequence[float]) -> list[str]:
    """Edges as text: exact where that is short, else with decimals enough for a hundredth of the narrowest bin."""
    gaps = [high - low for low, high in pairwise(edges) if high > low]
    decimals = max(0, 2 - math.floor(math.log10(min(gaps)))) if gaps else SHORT
    return [_written(float(each) + 0.0, decimals) for each in edges]


def _written(edge: float, decimals: int) -> str:
    exact = repr(edge).removesuffix(".0")
    if len(exact) <= SHORT or decimals > 15 or abs(edge) >= 1e15:
        return exact
    rounded = f"{edge:.{decimals}f}"
    return rounded.rstrip("0").rstrip(".") if "." in rounded else rounded


class Labels(Params):
    """How bins are called, wherever they come from."""

    labels: Literal["range", "index", "midpoint", "custom"] = "range"
    """What a bin is called: its range, such as [0, 10), its number from 0, its middle, or a name of its own."""
    names: tuple[str, ...] = ()
    """Names of the bins from the lowest to the highest, for custom."""
    suffix: str = ""
    """Added to the names of new columns; left empty, the columns are replaced."""

    def outputs_taken(self, columns: Sequence[str], schema: pl.Schema) -> Iterator[Problem]:
        """What is wrong when new columns are to have names that the table has already."""
        for name in columns if self.suffix else ():
            yield from taken(f"{name}{self.suffix}", schema, "suffix")

    def labelled(self, value: pl.Expr, bins: Bins) -> pl.Expr:
        """Values as what their bins are called."""
        match self.labels:
            case "index":
                return bins.of(value, None)
            case "midpoint":
                middles = bins.midpoints
                return bins.of(value, None).replace_strict(
                    list(range(len(middles))), middles, default=None, return_dtype=pl.Float64
                )
            case "custom":
                # A column whose values are all equal has one bin, whatever the number asked for.
                return bins.of(value, self.names[: max(1, len(bins.edges) - 1)])
            case _:
                return bins.of(value, bins.ranges)


def names_problem(labels: Labels, bins: int) -> None:
    """Refuse names that are not those of so many bins."""
    if (labels.labels == "custom") != bool(labels.names):
        raise ValueError("'custom' labels and 'names' go together: give both, or neither.")
    twice = sorted({each for each in labels.names if labels.names.count(each) > 1})
    if twice:
        raise ValueError(f"Two bins are named {twice[0]!r}. Rename one, or take away the edge between them.")
    if labels.names and len(labels.names) != bins:
        raise ValueError(f"There are {bins} bins and {len(labels.names)} names. Give one for each bin.")


def rising(edges: tuple[float, ...]) -> tuple[float, ...]:
    """Refuse edges that are not from the lowest to the highest."""
    wrong = next(((low, high) for low, high in pairwise(edges) if not low < high), None)
    if wrong is not None:
        raise ValueError(f"The edge {wrong[1]:g} is not above the one before it, {wrong[0]:g}. Put edges in order.")
    return edges


Edges = Annotated[
    tuple[Annotated[float, Field(allow_inf_nan=False)], ...],
    Field(min_length=2, max_length=1_001),
    AfterValidator(rising),
]


class BinEdges(Learned):
    """The edges of the bins of each column, rising; none where the column had no value."""

    edges: dict[str, list[float]]


class LearnedBins(FittedTransform, Labels):
    """Puts numbers into bins whose edges are learned of their column."""

    missing = (
        "Missing values (null and NaN) are left out of the fit and stay missing. Infinite values are left out of the "
        "fit and go to the first or last bin, or become missing, as chosen."
    )
    unseen = (
        "New values beyond the learned edges go to the first or last bin, or become missing, as chosen. Where a column "
        "had no value in the fit there is no bin, and they become missing."
    )

    columns: NumericColumns
    """Columns to put into bins."""
    bins: BinCount
    """How many bins to make."""
    outside: Literal["extend", "null"] = "extend"
    """Values beyond the first and the last edge go to the first and the last bin, or become missing."""

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        names_problem(self, self.bins)
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from self.outputs_taken(self.columns, schemas[0])

    def bins_of(self, name: str, learned: BinEdges) -> Bins:
        """The bins of a column."""
        return Bins(learned.edges[name], "left", self.outside == "extend")

    def exprs(self, learned: BinEdges) -> Iterator[pl.Expr]:
        for name in self.columns:
            value = self.present(name).cast(pl.Float64)
            yield self.labelled(value, self.bins_of(name, learned)).alias(f"{name}{self.suffix}")

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if learned is not None:
            for name in self.columns:
                bins = self.bins_of(name, learned)
                if self.outside == "null" or len(bins.edges) < 2:
                    where = bins.outside(self.present(name).cast(pl.Float64))
                    yield Failure(column=name, where=where, what="became missing: they lie outside the bins")


class EqualWidthBins(LearnedBins):
    """Put numbers into bins of the same width, from the smallest to the largest value of their column."""

    id = "bin_equal_width"
    title = "Bins of equal width"
    terms = ("cut", "histogram bins", "discretize", "buckets", "KBinsDiscretizer uniform")
    examples = (
        Example(
            params={"columns": ["age"], "bins": 3},
            before={"age": [0, 10, 20, 30, None]},
            after={"age": ["< 10", "[10, 20)", ">= 20", ">= 20", None]},
        ),
        Example(
            params={"columns": ["age"], "bins": 2, "labels": "custom", "names": ["young", "old"], "suffix": "_group"},
            before={"age": [10.0, 20.0, None, 30.0]},
            after={"age": [10.0, 20.0, None, 30.0], "age_group": ["young", "old", None, "old"]},
        ),
    )

    bins: BinCount = 10
    """How many bins to make; a column whose values are all equal has one."""

    def fit(self, ask: Ask) -> BinEdges:
        ends = iter(ask(*(each(finite(name)) for name in self.columns for each in (Min, Max))))
        return BinEdges(edges={name: self._edges(next(ends), next(ends)) for name in self.columns})

    def _edges(self, low: float | None, high: float | None) -> list[float]:
        if low is None or high is None:
            return []
        if low == high:
            return [low, high]
        step = (high - low) / self.bins
        return [*(low + i * step for i in range(self.bins)), high]


class EqualFrequencyBins(LearnedBins):
    """Put numbers into bins that hold about the same number of values of their column."""

    id = "bin_equal_frequency"
    title = "Bins of equal frequency (quantiles)"
    terms = ("qcut", "quantile bins", "quartiles", "deciles", "percentile bins", "KBinsDiscretizer quantile")
    examples = (
        Example(
            params={"columns": ["income"], "bins": 2},
            before={"income": [10, 20, 30, 40, None]},
            after={"income": ["< 25", "< 25", ">= 25", ">= 25", None]},
        ),
        Example(
            params={"columns": ["income"], "bins": 4, "labels": "index"},
            before={"income": [1.0, 1.0, 1.0, 2.0, None]},
            after={"income": [0, 0, 0, 1, None]},
        ),
    )

    bins: BinCount = 4
    """How many bins to make."""
    duplicates: Literal["merge", "error"] = "merge"
    """Where many values are equal, quantiles coincide: make fewer bins, or stop."""

    def fit(self, ask: Ask) -> BinEdges:
        shares = [i / self.bins for i in range(self.bins + 1)]
        found = iter(ask(*(Quantile(finite(name), q) for name in self.columns for q in shares)))
        return BinEdges(edges={name: self._edges(name, [next(found) for _ in shares]) for name in self.columns})

    def _edges(self, name: str, quantiles: list[float | None]) -> list[float]:
        values = [each for each in quantiles if each is not None]
        edges = sorted(set(values))
        if len(edges) == 1:
            edges = edges * 2
        if values and len(edges) < len(quantiles) and (self.duplicates == "error" or self.names):
            raise StepError(
                f"Many values of column {name!r} are equal, so that only {len(edges) - 1} of the {self.bins} bins "
                "would differ. Ask for fewer bins, or let bins merge and use labels other than custom."
            )
        return edges


class CustomBins(RowTransform, Labels):
    """Put numbers into bins between the edges you give."""

    id = "bin_custom"
    title = "Bins with custom edges"
    terms = ("cut", "buckets", "age groups", "brackets", "bands")
    missing = "Missing values (null and NaN) stay missing."
    examples = (
        Example(
            params={"columns": ["score"], "edges": [0, 500, 700, 850]},
            before={"score": [0, 499, 500, 850, 851, None]},
            after={"score": ["[0, 500)", "[0, 500)", "[500, 700)", "[700, 850]", None, None]},
        ),
        Example(
            params={
                "columns": ["age"],
                "edges": [0, 18, 65, 120],
                "closed": "right",
                "outside": "extend",
                "labels": "custom",
                "names": ["minor", "adult", "senior"],
                "suffix": "_group",
            },
            before={"age": [18.0, 18.5, -1.0, 130.0, None]},
            after={
                "age": [18.0, 18.5, -1.0, 130.0, None],
                "age_group": ["minor", "adult", "minor", "senior", None],
            },
        ),
    )

    columns: NumericColumns
    """Columns to put into bins."""
    edges: Edges
    """Where bins begin and end, from the lowest to the highest."""
    closed: Closed = "left"
    """Which end of a bin belongs to it: the left one, and the right one of the last bin too; or the right one, and
    the left one of the first bin too."""
    outside: Literal["null", "extend"] = "null"
    """Values beyond the first and the last edge become missing, or go to the first and the last bin."""

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        names_problem(self, len(self.edges) - 1)
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from self.outputs_taken(self.columns, schemas[0])

    def _bins(self) -> Bins:
        return Bins(self.edges, self.closed, self.outside == "extend")

    def exprs(self) -> Iterator[pl.Expr]:
        for name in self.columns:
            value = self.present(name).cast(pl.Float64)
            yield self.labelled(value, self._bins()).alias(f"{name}{self.suffix}")

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        for name in self.columns if self.outside == "null" else ():
            where = self._bins().outside(self.present(name).cast(pl.Float64))
            yield Failure(column=name, where=where, what="became missing: they lie outside the bins")


TRANSFORMS: tuple[type[Transform], ...] = (EqualWidthBins, EqualFrequencyBins, CustomBins)
