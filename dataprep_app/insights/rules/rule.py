"""What a rule is, and what it looks at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import polars as pl

from dataprep_app.insights.findings import Finding, Fix, Priority, Scope, TableSummary, TargetSummary
from dataprep_app.insights.measures import Feature
from dataprep_app.modeling.outcome import QuickResult
from transforms.core.params import Params


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

    @property
    def inputs(self) -> Iterator[Feature]:
        """The columns to predict from."""
        target = self.target.name if self.target else None
        return (each for name, each in self.features.items() if name not in (target, self.marks))

    @property
    def important(self) -> frozenset[str]:
        """The five columns with most prediction power, and all without a target."""
        if not self.power:
            return frozenset(self.features)
        best = sorted(self.power, key=lambda each: -self.power[each])
        return frozenset(each for each in best[:5] if self.power[each] > 0)


class Rule(Params):
    """A rule; its fields are its thresholds."""

    id: ClassVar[str]
    """Stable name in reports."""
    title: ClassVar[str]
    scope: ClassVar[Scope]
    source: ClassVar[str]
    """Where the method or the threshold comes from."""

    def find(self, looked: Looked) -> Iterator[Finding]:
        """What the rule finds."""
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
    ) -> Finding:
        """A warning of this rule."""
        return Finding(
            rule=self.id,
            title=self.title,
            scope=self.scope,
            priority=priority,
            text=text,
            column=column,
            evidence=dict(evidence or {}),
            examples=tuple(str(each) for each in examples[:5]),
            fixes=tuple(fixes),
        )


def percent(share: float) -> str:
    """A share for people: whole percents, one decimal below 10, never 0 for what is there."""
    if 0 < share < 0.001:
        return "less than 0.1 %"
    return f"{share:.0%}".replace("%", " %") if share >= 0.1 else f"{share:.1%}".replace("%", " %")


def dropped(*columns: str, safe: bool = False) -> Fix:
    """The step that drops columns."""
    what = columns[0] if len(columns) == 1 else f"{len(columns)} columns"
    return Fix(label=f"Drop {what}", transform="drop_columns", params={"columns": list(columns)}, safe=safe)
