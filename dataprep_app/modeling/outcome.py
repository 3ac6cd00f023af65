"""What to build, and what came of it, as plain data."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from dataprep_app.modeling.metrics import ClassReport, Residuals, Score
from transforms.scoring.facts import Facts
from transforms.scoring.problem import ProblemType, Wanted


class Settings(Facts):
    """What to build."""

    problem: Wanted = "auto"
    features: tuple[str, ...] = ()
    """Columns to learn from; all but the target when empty."""
    exclude: tuple[str, ...] = ()
    """Columns not to learn from."""
    time: str | None = None
    """Column to divide rows by: the latest are the test. By chance without it."""
    rows: int = Field(100_000, ge=100)
    """The most rows to work on; of a larger table, a random sample."""
    test_share: float = Field(0.2, gt=0, lt=0.6)
    stop_share: float = Field(0.15, gt=0, lt=0.4)
    repeats: int | None = Field(None, ge=1, le=20)
    """How often to split anew; by itself 5 times below 5,000 rows, and once else."""
    weights: Literal["none", "balanced"] = "none"
    """Whether rows of rare classes count for more. Not by itself: probabilities then stay what they say."""
    linear: bool = True
    """Whether a linear model is built for comparison."""
    synthetic_column: str | None = "is_synthetic"
    """Boolean column, if the table has it, that marks rows to train on only; never learned from."""
    seed: int = Field(0, ge=0)


class RowCounts(Facts):
    """What a result was computed on."""

    table: int
    """Rows there were."""
    used: int
    """Rows that were divided: all, or a sample."""
    without_target: int
    """Rows without a target, left out."""
    train: int
    stop: int
    test: int
    training_only: int
    """Rows of ``train`` that are not real, or equal such a row."""
    copies: int
    """Rows that equal an earlier one; never on both sides of the test."""

    @property
    def sampled(self) -> bool:
        """Whether only some rows of the table were used."""
        return self.used < self.table


class Baseline(Facts):
    """A simple model on the same folds."""

    name: Literal["no model", "linear"]
    score: float | None
    metrics: dict[str, float]


class Impact(Facts):
    """How much a column moves the predictions."""

    column: str
    share: float
    """Of the movement by all columns, 0 to 1."""
    mean_absolute: float
    """Mean absolute SHAP value, all its parts and all classes together: in units of the target, or of log-odds."""


class QuickResult(Facts):
    """What came of a quick build."""

    problem: ProblemType
    settings: Settings
    rows: RowCounts
    score: Score
    """On the test fold; of repeated splits, the mean."""
    scores: tuple[float, ...]
    """Of each split; tables below are those of the first, and so is the model."""
    train_score: float | None
    """The same metric on the rows trained on: far above ``score``, the model has learned them by heart."""
    metrics: dict[str, float]
    baselines: tuple[Baseline, ...]
    classes: tuple[ClassReport, ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()
    """Rows by actual class, columns by predicted class, in the order of ``problem.classes``."""
    residuals: Residuals | None = None
    impact: tuple[Impact, ...]
    """The column with most first."""
    impact_rows: int
    left_out: dict[str, str]
    """Columns that were not used, and why."""
    rounds: int
    notes: tuple[str, ...]
    """What people should know of these numbers."""
    seconds: float

    @property
    def basis(self) -> str:
        """What the numbers were computed on, a sentence."""
        of = f" (a sample of {self.rows.used:,} of {self.rows.table:,} rows)" if self.rows.sampled else ""
        times = f", mean of {len(self.scores)} splits" if len(self.scores) > 1 else ""
        return (
            f"Scored on {self.rows.test:,} rows the model never saw; trained on {self.rows.train:,}, "
            f"training ended by the score on {self.rows.stop:,} others{of}{times}."
        )
