"""Rules about how the numbers of a column are spread."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from dataprep_app.insights.findings import FeatureSummary, Finding, Fix
from dataprep_app.insights.measures import ROBUST, Feature
from dataprep_app.insights.rules.rule import ANCHOR, Looked, Rule
from dataprep_app.insights.rules.wording import listed, percent, rows_of

DISTINCT = 20
"""Different values that a number has, at least, for its distribution to be spoken of."""


class Outliers(Rule):
    """A few numbers are so far from all others that they may be wrong."""

    id = "outliers"
    title = "Outliers"
    scope = "feature"
    source = (
        f"{ANCHOR} (beyond 5 robust standard deviations from the median). Ours: only few values, without which the "
        "rest is neither skewed nor heavy-tailed, so that they are mistakes more often than a long tail"
    )
    shared = "{n} columns have a few values that are far from all others and may be mistakes: {columns}."
    noted = "outliers"

    share: float = Field(0.001, gt=0, lt=1)
    """Share of the rows above which they are no longer few; up to three rows always are."""
    skew: float = Field(1.0, gt=0)
    """Absolute skewness that the rest has at most."""
    kurtosis: float = Field(10.0, gt=0)
    """Excess kurtosis that the column has for them to be far enough."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        for each in looked.inputs:
            if not self.holds(each, looked):
                continue
            summary, signs = each.summary, looked.signs_of(each.summary.name)
            count = summary.outliers or 0
            far = list(dict.fromkeys(map(_number, signs.far)))
            yield self.finding(
                "medium",
                f"{rows_of(count)} of {summary.name!r} {'is' if count == 1 else 'are'} far from all others, whose "
                f"median is {_number(summary.median)}: {listed(far)}.",
                column=summary.name,
                evidence={"outliers": count, "kurtosis": round(summary.kurtosis or 0.0, 1)},
                examples=far,
                fixes=[limited(summary.name, "clip"), limited(summary.name, "null")],
            )

    def holds(self, feature: Feature, looked: Looked) -> bool:
        """Whether a column has a few values that are far from all others."""
        summary, signs = feature.summary, looked.signs_of(feature.summary.name)
        if not _spread(feature) or not summary.outliers or signs.rest_skew is None or signs.codes:
            return False
        few = summary.outliers <= max(3, self.share * summary.present)
        return few and abs(signs.rest_skew) <= self.skew and (summary.kurtosis or 0.0) > self.kurtosis


class Skewed(Rule):
    """A number is so skewed that its mean and its scale mislead."""

    id = "skewed"
    title = "Skewed numbers"
    scope = "feature"
    source = f"{ANCHOR} (absolute skewness above 3)"
    shared = "{n} columns are strongly skewed, so that their mean and their scale mislead: {columns}."
    noted = "skew"

    skew: float = Field(3.0, gt=0)
    """Absolute skewness above which it is worth a warning."""
    distinct: int = Field(DISTINCT, ge=2)
    """Different values the column has, at least."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        few = Outliers()
        for each in looked.inputs:
            summary = each.summary
            if not _spread(each, self.distinct) or not summary.outliers or few.holds(each, looked):
                continue
            if summary.skew is None or abs(summary.skew) <= self.skew or looked.signs_of(summary.name).codes:
                continue
            side = "large" if summary.skew > 0 else "small"
            yield self.finding(
                "low",
                f"{summary.name!r} is strongly skewed (skewness {summary.skew:.1f}): {rows_of(summary.outliers)} "
                f"({percent(summary.outliers / summary.present)}) {'has' if summary.outliers == 1 else 'have'} a far "
                f"{'larger' if side == 'large' else 'smaller'} value than the rest.",
                column=summary.name,
                evidence={"skew": round(summary.skew, 2), "outliers": summary.outliers},
                examples=[_number(summary.min if side == "small" else summary.max)],
                fixes=[unskewed(summary), limited(summary.name, "clip")],
            )


class HeavyTails(Rule):
    """A number has far values on both sides."""

    id = "heavy_tails"
    title = "Heavy tails"
    scope = "feature"
    source = f"{ANCHOR} (excess kurtosis above 10 of a target that is not skewed), here of any column"
    shared = "{n} columns have heavy tails, so that a few far values rule their mean and their scale: {columns}."
    noted = "kurtosis"

    kurtosis: float = Field(10.0, gt=0)
    """Excess kurtosis above which it is worth a warning."""
    skew: float = Field(3.0, gt=0)
    """Absolute skewness above which it is called skewed instead."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        few = Outliers()
        for each in looked.inputs:
            summary = each.summary
            if not _spread(each) or not summary.outliers or few.holds(each, looked):
                continue
            if (summary.kurtosis or 0.0) <= self.kurtosis or abs(summary.skew or 0.0) > self.skew:
                continue
            yield self.finding(
                "low",
                f"{summary.name!r} has heavy tails (excess kurtosis {summary.kurtosis:.1f}, 0 for a normal "
                f"distribution): {rows_of(summary.outliers)} {'is' if summary.outliers == 1 else 'are'} far from the "
                "rest.",
                column=summary.name,
                evidence={"kurtosis": round(summary.kurtosis or 0.0, 2), "outliers": summary.outliers},
                examples=[_number(summary.min), _number(summary.max)],
                fixes=[limited(summary.name, "clip")],
            )


def _spread(feature: Feature, distinct: int = DISTINCT) -> bool:
    """Whether a column has a distribution to speak of: most rows do not have one and the same number."""
    summary = feature.summary
    one = feature.spike is not None and feature.spike[1] > 0.5 * summary.present
    return summary.type == "numeric" and (summary.distinct or 0) >= distinct and not one


def limited(name: str, how: str) -> Fix:
    """Outliers by the limits they are found with, brought to these or made missing."""
    return Fix(
        label="Clip outliers" if how == "clip" else "Turn outliers into missing values",
        transform="outlier_mad",
        params={
            "columns": [name], "n": ROBUST, "estimator": "trimmed_sd", "lower_q": 0.05, "upper_q": 0.95, "fix": how
        },
    )  # fmt: skip


def unskewed(summary: FeatureSummary) -> Fix:
    """The step that makes numbers less skewed: the logarithm where none is below 0."""
    if isinstance(summary.min, int | float) and summary.min >= 0:
        return Fix(label="Take the logarithm", transform="logarithm", params={"columns": [summary.name], "shift": 1})
    return Fix(label="Reduce the skewness", transform="fix_skewness", params={"columns": [summary.name]})


def _number(value: object) -> str:
    if not isinstance(value, int | float):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.5g}"


RULES = (Outliers, Skewed, HeavyTails)
