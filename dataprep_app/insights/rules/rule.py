"""What a rule is, and what it looks at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, ClassVar

import polars as pl

from dataprep_app.insights.findings import Finding, Fix, Priority, Scope, TableSummary, TargetSummary
from dataprep_app.insights.measures import Feature
from dataprep_app.insights.rules.together import together
from dataprep_app.insights.rules.wording import percent as percent
from dataprep_app.insights.sections.facts import (
    AnomalySection,
    Associations,
    DependencySection,
    DriftSection,
    DuplicateSection,
    MissingValuesSection,
)
from dataprep_app.insights.sections.sample import Sample
from dataprep_app.insights.signs.facts import Signs
from dataprep_app.modeling.outcome import QuickResult
from transforms.core.params import Params

ANCHOR = "Data Quality and Insights Report of SageMaker Data Wrangler"
OURS = "Our rule"
NO_SIGNS = Signs()


@dataclass(frozen=True)
class Looked:
    """Everything that was measured, for rules to look at."""

    table: TableSummary
    features: Mapping[str, Feature]
    target: TargetSummary | None = None
    model: QuickResult | None = None
    power: Mapping[str, float] = field(default_factory=dict)
    schema: pl.Schema = field(default_factory=pl.Schema)
    marks: str | None = None
    """Column that marks synthetic rows, which is no feature."""
    sample: Sample | None = None
    """Rows to look at more closely."""
    signs: Mapping[str, Signs] = field(default_factory=dict)
    """What the values of each column seem to be."""
    associations: Associations | None = None
    missing: MissingValuesSection | None = None
    duplicates: DuplicateSection | None = None
    anomalies: AnomalySection | None = None
    dependencies: DependencySection | None = None
    drift: DriftSection | None = None
    today: date = field(default_factory=lambda: datetime.now(UTC).date())

    @property
    def inputs(self) -> Iterator[Feature]:
        """The columns to predict from."""
        target = self.target.name if self.target else None
        return (each for name, each in self.features.items() if name not in (target, self.marks))

    @property
    def columns(self) -> Iterator[Feature]:
        """The columns to predict from, and the one to predict."""
        return (each for name, each in self.features.items() if name != self.marks)

    @property
    def important(self) -> frozenset[str]:
        """The five columns with most prediction power, and all without a target."""
        if not self.power:
            return frozenset(self.features)
        best = sorted(self.power, key=lambda each: -self.power[each])
        return frozenset(each for each in best[:5] if self.power[each] > 0)

    @property
    def whole(self) -> bool:
        """Whether the rows that signs were looked for in are all rows."""
        return self.sample is not None and self.sample.rows.height == self.sample.whole

    @property
    def among(self) -> str:
        """What is put behind a number of rows that was counted in a sample, and nothing where it was counted in all."""
        if self.sample is None or self.whole:
            return ""
        return f" (of {self.sample.rows.height:,} looked at)"

    def signs_of(self, name: str) -> Signs:
        """What the values of a column seem to be; nothing where it was not looked at."""
        return self.signs.get(name, NO_SIGNS)

    def medium_if_important(self, name: str) -> Priority:
        """Medium for a column among the five with most prediction power, low for others and without a target."""
        return "medium" if self.power and name in self.important else "low"


class Rule(Params):
    """A rule; its fields are its thresholds."""

    id: ClassVar[str]
    """Stable name in reports."""
    title: ClassVar[str]
    scope: ClassVar[Scope]
    source: ClassVar[str]
    """Where the method or the threshold comes from."""
    shared: ClassVar[str] = ""
    """What is said where more than a few columns have the same defect, with ``{n}`` for their number and ``{columns}``
    for the first of them; empty for rules that say it of each column."""
    noted: ClassVar[str] = ""
    """The number of ``evidence`` that is shown with each of these columns."""

    def find(self, looked: Looked) -> Iterator[Finding]:
        """What the rule finds; columns that have the same defect are put together where they are many."""
        return together(list(self.look(looked)), self.shared, self.noted)

    def look(self, looked: Looked) -> Iterator[Finding]:
        """What the rule finds, column by column."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it looks for.")

    def finding(
        self,
        priority: Priority,
        text: str,
        *,
        column: str | None = None,
        evidence: Mapping[str, Any] | None = None,
        examples: Sequence[object] = (),
        fixes: Sequence[Fix] = (),
        title: str = "",
    ) -> Finding:
        """A warning of this rule, under its own title if it has one."""
        return Finding(
            rule=self.id,
            title=title or self.title,
            scope=self.scope,
            priority=priority,
            text=text,
            column=column,
            evidence=dict(evidence or {}),
            examples=tuple(str(each) for each in examples[:5]),
            fixes=tuple(fixes),
        )
