"""Measures of bias in data before a model is built, as Amazon SageMaker Clarify documents them.

``Pa`` and ``Pd`` are the shares of each outcome among the rows of facet *a*, the others, and of facet *d*, the group
that may be at a disadvantage. Logarithms are natural. See "Measure Pre-training Bias" in the developer guide of Amazon
SageMaker AI; the ideas are those of Hardt and others, "Amazon SageMaker Clarify", KDD 2021, and for CDDL those of
Wachter, Mittelstadt and Russell, "Why Fairness Cannot Be Automated", 2021.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Shares = NDArray[np.float64]


@dataclass(frozen=True)
class Meaning:
    """What a measure says, in one sentence that a table has room for."""

    short: str
    title: str
    range: str
    text: str


MEANINGS = (
    Meaning(
        "CI", "Class imbalance", "-1 to 1",
        "Others less group, by all rows: above 0, the group is smaller.",
    ),
    Meaning(
        "DPL", "Difference in proportions of labels", "-1 to 1",
        "Favourable share of the others less that of the group.",
    ),
    Meaning(
        "KL", "Kullback-Leibler divergence", "0 to infinity",
        "How surprising the others are to whoever expects the group.",
    ),
    Meaning(
        "JS", "Jensen-Shannon divergence", "0 to 0.693",
        "How far the two lie from the middle between them.",
    ),
    Meaning(
        "LP", "Lp-norm (L2)", "0 to 1.414",
        "Straight distance between the shares of all outcomes.",
    ),
    Meaning(
        "TVD", "Total variation distance", "0 to 1",
        "Share of the group that would have to change to be like the others.",
    ),
    Meaning(
        "KS", "Kolmogorov-Smirnov", "0 to 1",
        "Largest difference in the share of any one outcome.",
    ),
    Meaning(
        "CDDL", "Conditional demographic disparity in labels", "-1 to 1",
        "Group's share of unfavourable less of favourable outcomes, like by like.",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Outcomes:
    """Rows by outcome of the group and of the others."""

    counts: pl.DataFrame
    """``outcome``, ``group`` and ``others``: rows of each; the most frequent outcome first."""
    advantaged: int
    disadvantaged: int
    good_advantaged: int
    good_disadvantaged: int

    @classmethod
    def of(cls, rows: pl.DataFrame) -> Outcomes:
        """Count the rows of a table of ``outcome``, ``good`` and ``facet``, none of them missing."""
        facet, good = pl.col("facet"), pl.col("good")
        counts = (
            rows.group_by("outcome")
            .agg(facet.sum().cast(pl.Int64).alias("group"), (~facet).sum().cast(pl.Int64).alias("others"))
            .sort(pl.col("group") + pl.col("others"), "outcome", descending=[True, False])
        )
        sums = rows.select(
            (~facet).sum().alias("a"),
            facet.sum().alias("d"),
            (~facet & good).sum().alias("a1"),
            (facet & good).sum().alias("d1"),
        ).row(0)
        return cls(counts, *map(int, sums))

    def good_share(self, *, disadvantaged: bool) -> float:
        """The share of rows with a favourable outcome."""
        if disadvantaged:
            return self.good_disadvantaged / self.disadvantaged
        return self.good_advantaged / self.advantaged

    @property
    def disparity(self) -> float:
        """Demographic disparity over all rows."""
        good = self.good_advantaged + self.good_disadvantaged
        bad = self.advantaged + self.disadvantaged - good
        return (self.disadvantaged - self.good_disadvantaged) / bad - self.good_disadvantaged / good

    @property
    def shares(self) -> tuple[Shares, Shares]:
        """``Pa`` and ``Pd``."""
        return (
            self.counts["others"].to_numpy() / self.advantaged,
            self.counts["group"].to_numpy() / self.disadvantaged,
        )


@dataclass(frozen=True)
class Stratum:
    """Rows that are alike in one column."""

    name: str
    rows: int
    group_share: float | None
    """Share of the group with the favourable outcome; none where no row is of the group."""
    other_share: float | None
    disparity: float | None
    """``nd(0) / n(0) - nd(1) / n(1)``; none where all outcomes are favourable, or none is."""


def measures(found: Outcomes) -> dict[str, float | None]:
    """CI, DPL, KL, JS, LP, TVD and KS by name; none where one is infinite."""
    others, group = found.shares
    middle = (others + group) / 2
    gaps = np.abs(others - group)
    return {
        "CI": (found.advantaged - found.disadvantaged) / (found.advantaged + found.disadvantaged),
        "DPL": found.good_share(disadvantaged=False) - found.good_share(disadvantaged=True),
        "KL": _divergence(others, group),
        "JS": ((_divergence(others, middle) or 0.0) + (_divergence(group, middle) or 0.0)) / 2,
        "LP": float(np.sqrt((gaps**2).sum())),
        "TVD": float(gaps.sum() / 2),
        "KS": float(gaps.max()),
    }


def strata(rows: pl.DataFrame) -> list[Stratum]:
    """The rows of each ``group`` of a table of ``good``, ``facet`` and ``group``; those with the most rows first."""
    facet, good = pl.col("facet"), pl.col("good")
    found = (
        rows.group_by("group")
        .agg(
            pl.len().cast(pl.Int64).alias("n"),
            good.sum().cast(pl.Int64).alias("good"),
            facet.sum().cast(pl.Int64).alias("d"),
            (facet & good).sum().cast(pl.Int64).alias("d1"),
        )
        .sort("n", "group", descending=[True, False])
    )
    return [_stratum(*row) for row in found.iter_rows()]


def conditional_disparity(inside: list[Stratum]) -> float | None:
    """CDDL: demographic disparity within each stratum, weighed by its rows; none where it is defined in none.

    Strata whose outcomes are all of one kind have no disparity and do not count; what is documented does not say.
    """
    there = [(each.rows, each.disparity) for each in inside if each.disparity is not None]
    total = sum(rows for rows, _ in there)
    return sum(rows * disparity for rows, disparity in there) / total if total else None


def _stratum(name: str, rows: int, good: int, group: int, good_group: int) -> Stratum:
    others, bad = rows - group, rows - good
    return Stratum(
        name,
        rows,
        good_group / group if group else None,
        (good - good_group) / others if others else None,
        (group - good_group) / bad - good_group / good if bad and good else None,
    )


def _divergence(first: Shares, second: Shares) -> float | None:
    """``sum of first * ln(first / second)``; none where it is infinite."""
    there = first > 0
    if (second[there] == 0).any():
        return None
    return max(0.0, math.fsum(first[there] * np.log(first[there] / second[there])))
