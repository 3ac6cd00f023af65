"""Rules about what columns tell of the target: too much, or nothing."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from dataprep_app.insights.findings import Finding, Fix
from dataprep_app.insights.rules.rule import ANCHOR, OURS, Looked, Rule
from dataprep_app.insights.rules.wording import dropped


class Leakage(Rule):
    """A column tells the target nearly without error."""

    id = "leakage"
    title = "Target leakage"
    scope = "feature"
    source = f"{ANCHOR} (normalised prediction power above 0.95)"

    power: float = Field(0.95, gt=0, le=1)
    """Prediction power above which a column probably holds the answer."""
    several: int = Field(2, ge=1)
    """Columns above which the task may simply be easy."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        if looked.target is None:
            return
        columns = [name for name, power in looked.power.items() if power > self.power]
        if len(columns) > self.several:
            yield self.finding(
                "high",
                f"{len(columns)} columns predict {looked.target.name!r} nearly without error, each alone. Either the "
                "task is easy, or they hold the answer: keep only those that are known when it has to be predicted.",
                evidence={"columns": len(columns)},
                examples=columns,
                fixes=[dropped(*columns)],
            )
            return
        for name in columns:
            yield self.finding(
                "high",
                f"{name!r} alone predicts {looked.target.name!r} nearly without error (prediction power "
                f"{looked.power[name]:.2f}): it may hold the answer, or have been written once that was known. Keep it "
                "only if it is known when the prediction is made.",
                column=name,
                evidence={"power": round(looked.power[name], 3)},
                fixes=[dropped(name)],
            )


class TargetCorrelation(Rule):
    """A column equals the target, or nearly so."""

    id = "target_correlation"
    title = "A copy of the target"
    scope = "feature"
    source = f"{ANCHOR} (Pearson correlation above 0.95); here also by ranks, by Cramer's V, and where they are equal"
    shared = "{n} columns are nearly copies of the target: {columns}."
    noted = "value"

    value: float = Field(0.95, gt=0, lt=1)
    """Absolute correlation or association above which a column is nearly the target."""
    least: int = Field(50, ge=2)
    """Rows where both are present below which nothing is said."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        if looked.target is None:
            return
        target, leaks = looked.target.name, Leakage()
        said = {name for name, power in looked.power.items() if power > leaks.power}
        for name in self._equal(looked, target):
            said.add(name)
            yield self.finding(
                "high",
                f"{name!r} equals {target!r} in every row: a model that has it has the answer.",
                column=name,
                evidence={"value": 1.0},
                fixes=[dropped(name)],
            )
        for pair in looked.associations.pairs if looked.associations else ():
            known = pair.measure in ("pearson", "spearman", "cramers_v") and target in (pair.first, pair.second)
            if not known or abs(pair.value) <= self.value or pair.rows < self.least:
                continue
            name = pair.second if pair.first == target else pair.first
            if name in said or name not in looked.features:
                continue
            said.add(name)
            how = {"pearson": "correlation", "spearman": "rank correlation"}.get(
                pair.measure, "association, Cramer's V,"
            )
            yield self.finding(
                "high",
                f"{name!r} goes with {target!r} nearly without exception ({how} {pair.value:.2f} on {pair.rows:,} "
                "rows): it may have been made from it.",
                column=name,
                evidence={"value": round(pair.value, 4), "rows": pair.rows},
                fixes=[dropped(name)],
            )

    def _equal(self, looked: Looked, target: str) -> list[str]:
        later = [name for name, each in looked.signs.items() if target in each.same_as]
        names = (*looked.signs_of(target).same_as, *later)
        return [name for name in names if looked.table.rows >= self.least]


class MissingTellsTarget(Rule):
    """Whether a column has a value tells of the target."""

    id = "missing_tells_target"
    title = "Missing values tell of the target"
    scope = "feature"
    source = (
        f"{OURS}: Cramer's V or correlation ratio of being missing with the target; from 0.3 on an effect of medium "
        "size (Cohen 1988), and nearly 1 where a column is written once the answer is known"
    )
    shared = "In {n} columns, being missing tells of the target: {columns}."
    noted = "value"

    value: float = Field(0.3, gt=0, lt=1)
    """Association from which it is worth a warning."""
    leak: float = Field(0.8, gt=0, le=1)
    """Association from which the column was probably written after the answer was known."""

    share: float = Field(0.05, gt=0, lt=0.5)
    """Share of the rows with a value, and of those without one, that it takes to be called a leak."""
    least: int = Field(20, ge=1)
    """Rows with a value, and without one, below which nothing is said."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        if looked.target is None or looked.missing is None:
            return
        for name, value in looked.missing.with_target:
            if value < self.value or name == looked.target.name or name not in looked.features:
                continue
            summary = looked.features[name].summary
            fewer = min(summary.missing, summary.present)
            if fewer < self.least:
                continue
            leak = value >= self.leak and fewer >= self.share * summary.rows
            flag = Fix(label="Add a column that says so", transform="add_missing_indicator", params={"columns": [name]})
            text = f"Whether {name!r} is missing goes with {looked.target.name!r} (association {value:.2f}): "
            yield self.finding(
                "high" if leak else "medium",
                text
                + (
                    "it was probably written once the answer was known."
                    if leak
                    else "filling the gaps would lose what they say."
                ),
                column=name,
                evidence={"value": round(value, 4)},
                fixes=[dropped(name)] if leak else [flag],
                title="Target leakage by missing values" if leak else "",
            )


class Uninformative(Rule):
    """Columns tell nothing of the target."""

    id = "uninformative"
    title = "Uninformative columns"
    scope = "feature"
    source = f"{ANCHOR} (normalised prediction power of 0), put together in one warning"

    share: float = Field(0.5, gt=0, le=1)
    """Share of the columns that have to be uninformative for a warning."""
    least: int = Field(4, ge=1)
    """Columns with a measured power below which nothing is said."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        if looked.target is None or len(looked.power) < self.least:
            return
        nothing = [name for name, power in looked.power.items() if power <= 0]
        if len(nothing) < self.share * len(looked.power):
            return
        yield self.finding(
            "low",
            f"{len(nothing)} of {len(looked.power)} columns tell nothing of {looked.target.name!r} by themselves. "
            "Together with others they still may.",
            evidence={"columns": len(nothing)},
            examples=nothing,
        )


RULES = (Leakage, TargetCorrelation, MissingTellsTarget, Uninformative)
