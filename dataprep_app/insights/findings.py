"""What a report says: warnings with their evidence and the steps that mend them, as plain data."""

from __future__ import annotations

from typing import Any, Literal

from dataprep_app.insights.sections.facts import (
    AnomalySection,
    Associations,
    Card,
    DependencySection,
    DriftSection,
    DuplicateSection,
    MissingValuesSection,
    TargetCard,
)
from dataprep_app.modeling.outcome import QuickResult
from transforms.scoring.facts import Facts

Priority = Literal["high", "medium", "low"]
Scope = Literal["table", "target", "feature", "model"]
FeatureType = Literal["numeric", "categorical", "binary", "text", "datetime", "other"]
PRIORITIES: tuple[Priority, ...] = ("high", "medium", "low")


class Fix(Facts):
    """A step that mends what was found, filled in."""

    label: str
    transform: str
    params: dict[str, Any]
    safe: bool = False
    """Whether it loses nothing that anybody could want, so that it may be taken with others at once."""


class Finding(Facts):
    """A warning."""

    rule: str
    """Id of the rule."""
    title: str
    scope: Scope
    priority: Priority
    text: str
    """What was found, with its numbers."""
    column: str | None = None
    columns: tuple[str, ...] = ()
    """The columns that share it, where it is about several."""
    evidence: dict[str, float | int | str] = {}
    """The numbers it was decided by."""
    examples: tuple[str, ...] = ()
    """A few of the values or rows."""
    fixes: tuple[Fix, ...] = ()


class FeatureSummary(Facts):
    """One column."""

    name: str
    type: FeatureType
    stored_as: str
    """The type it is stored as: ``integer``, ``text`` ..."""
    rows: int
    missing: int
    invalid: int
    distinct: int | None
    power: float | None = None
    """Prediction power, 0 to 1: how much of what there is to gain this column gains alone; none without a target."""
    min: float | int | str | None = None
    max: float | int | str | None = None
    mean: float | int | str | None = None
    std: float | None = None
    median: float | int | str | None = None
    skew: float | None = None
    kurtosis: float | None = None
    """Excess kurtosis: 0 for a normal distribution."""
    outliers: int | None = None
    """Values farther than 5 robust standard deviations from the median."""
    histogram: tuple[int, ...] = ()
    top: tuple[tuple[str, int], ...] = ()

    @property
    def present(self) -> int:
        """Rows that have a value."""
        return self.rows - self.missing

    @property
    def missing_share(self) -> float:
        """Share of rows without a value."""
        return self.missing / self.rows if self.rows else 0.0


class ClassShare(Facts):
    """A class of the target."""

    name: str
    rows: int


class TargetSummary(Facts):
    """The column to predict."""

    name: str
    kind: Literal["regression", "binary", "multiclass"]
    reason: str
    """Why it is of this kind, a sentence."""
    missing: int
    classes: tuple[ClassShare, ...] = ()
    """The most frequent first."""
    feature: FeatureSummary


class TableSummary(Facts):
    """The table as a whole."""

    rows: int
    columns: int
    missing_cells: int
    invalid_cells: int = 0
    """Infinite numbers, and texts that a step could not read and kept beside the column."""
    duplicate_rows: int
    """Rows that equal another row in every column, all copies counted."""
    types: dict[str, int]
    """Columns by type."""

    @property
    def missing_share(self) -> float:
        """Share of cells without a value."""
        cells = self.rows * self.columns
        return self.missing_cells / cells if cells else 0.0

    @property
    def valid_share(self) -> float:
        """Share of cells with a value that can be used."""
        cells = self.rows * self.columns
        return 1 - (self.missing_cells + self.invalid_cells) / cells if cells else 0.0


class Report(Facts):
    """A report; ``format`` is raised when a field changes its meaning."""

    format: Literal[1] = 1
    subject: str
    """What it is about, in words."""
    made_at: str
    """Time in UTC, ISO 8601."""
    basis: str
    """What its numbers were computed on, a sentence."""
    power_basis: str = ""
    """What prediction power was computed on, a sentence."""
    sampled: bool
    table: TableSummary
    target: TargetSummary | None = None
    findings: tuple[Finding, ...]
    """The most pressing first."""
    features: tuple[FeatureSummary, ...]
    """By prediction power, the best first; without a target in the order of the table."""
    target_card: TargetCard | None = None
    cards: tuple[Card, ...] = ()
    """The columns in detail, in the order of ``features``."""
    associations: Associations | None = None
    missing: MissingValuesSection | None = None
    duplicates: DuplicateSection | None = None
    anomalies: AnomalySection | None = None
    dependencies: DependencySection | None = None
    drift: DriftSection | None = None
    model: QuickResult | None = None
    model_problem: str = ""
    """Why there is no quick model, though there is a target."""
    thresholds: dict[str, dict[str, float]]
    """Thresholds of every rule, by its id."""
    seconds: float

    def count(self, priority: Priority) -> int:
        """Number of warnings of a priority."""
        return sum(each.priority == priority for each in self.findings)
