"""The target as cards set it beside a column: one number for each row, whose mean is told of each bin and value."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataprep_app.insights.sections.sample import Sample
from flows.engines.base import settle
from transforms.core.columns import column


@dataclass(frozen=True)
class Labels:
    """The target of each row of a sample."""

    says: str
    """What the mean of ``numbers`` is, in words."""
    numbers: NDArray[np.float64]
    """A numeric target, or 1 for the rarest class and 0 for the others; NaN where it is not known."""
    classes: NDArray[np.int64] | None = None
    """Places of the classes, -1 where it is not known; none of a numeric target."""

    @property
    def known(self) -> NDArray[np.bool_]:
        """Rows that have a target."""
        return ~np.isnan(self.numbers)

    @property
    def series(self) -> pl.Series:
        """The numbers, null where they are not known."""
        return pl.Series("target", self.numbers, nan_to_null=True)

    def means(self, places: NDArray[np.intp], size: int) -> list[float | None]:
        """The mean target of the rows at each place, 0 to ``size`` - 1; none where no row has one."""
        known = self.known
        rows = np.bincount(places[known], minlength=size)
        sums = np.bincount(places[known], weights=self.numbers[known], minlength=size)
        return [told(float(total) / n) if n else None for total, n in zip(sums, rows.tolist(), strict=True)]

    def where(self, chosen: NDArray[np.bool_]) -> Labels:
        """The target of some of the rows."""
        return Labels(self.says, self.numbers[chosen], None if self.classes is None else self.classes[chosen])


def told(number: float | None) -> float | None:
    """A number as engines agree on it; none where it is too large to be one."""
    return settle(number) if number is not None and math.isfinite(number) else None


def labels_of(sample: Sample) -> Labels | None:
    """The target of each row; none where nothing is to be predicted."""
    problem = sample.problem
    if problem is None:
        return None
    # Under another name, since it may be one that polars would take for a pattern.
    rows = sample.rows.select(column(problem.target).alias("target"))
    found = problem.model_copy(update={"target": "target"}).labels(rows)
    if problem.kind == "regression":
        return Labels(f"mean of {problem.target}", found)
    rarest = len(problem.classes) - 1
    numbers = np.where(found < 0, np.nan, (found == rarest).astype(float))
    return Labels(f"share of '{problem.classes[rarest]}'", numbers, found.astype(np.int64))
