"""The rows that are looked at where all of them would take too long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from dataprep_app.insights.measures import Feature
from transforms.scoring.problem import ProblemType

ROWS = 20_000
"""The most rows of a sample."""


@dataclass(frozen=True)
class Sample:
    """Real rows of a table, all of them or some drawn by chance; synthetic ones and their mark are not among them."""

    rows: pl.DataFrame
    whole: int
    """How many rows it was drawn from."""
    features: Mapping[str, Feature]
    """What was measured of each column, on all rows."""
    problem: ProblemType | None = None
    """What is to be predicted, if anything."""
    ordered: bool = True
    """Whether the rows are in the order of the table."""

    @property
    def basis(self) -> str:
        """What is computed on these rows, a sentence."""
        if self.rows.height == self.whole:
            return f"Computed on all {self.whole:,} rows."
        return f"Computed on {self.rows.height:,} of {self.whole:,} rows, drawn by chance."

    @property
    def target(self) -> str | None:
        """The column to predict."""
        return self.problem.target if self.problem else None

    @property
    def inputs(self) -> list[str]:
        """The columns but for the target, in the order of the table."""
        return [name for name in self.rows.columns if name != self.target]
