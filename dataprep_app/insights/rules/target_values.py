"""Rules about the values of a number to predict."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from dataprep_app.insights.findings import FeatureSummary, Finding, Fix
from dataprep_app.insights.rules.columns_numbers import limited, unskewed
from dataprep_app.insights.rules.columns_types import is_code, numbers_read
from dataprep_app.insights.rules.rule import ANCHOR, Looked, Rule
from dataprep_app.insights.rules.wording import percent, rows_of, such_as


class NonNumericTarget(Rule):
    """A number is to be predicted, but some rows hold something else."""

    id = "non_numeric_target"
    title = "Target values that are no numbers"
    scope = "target"
    source = f"{ANCHOR} (above 5 % of the values: high; fewer: medium). Ours: also where they make it no number at all"

    many: float = Field(0.05, gt=0, lt=1)
    """Share of the values above which the warning is high."""
    mostly: float = Field(0.5, ge=0.5, lt=1)
    """Share of the values that are numbers from which a target of classes was probably meant to be a number."""
    distinct: int = Field(20, ge=2)
    """Different values that such a target has, at least."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        if looked.target is None:
            return
        name, feature = looked.target.name, looked.features[looked.target.name]
        signs = looked.signs_of(name)
        words = [*signs.not_numbers, *feature.disguised] if signs.numbers else list[tuple[str, int]]()
        # Texts that a step could not read and kept aside are missing by now, and said to be.
        unread = f"{name}_error" in looked.schema
        rows, present = 0 if unread else feature.summary.invalid, feature.summary.present
        if signs.numbers is not None:
            hidden = sum(count for _, count in feature.disguised)
            rows = hidden + round((1 - signs.numbers.rows / signs.rows) * (present - hidden))
        if not rows or not present:
            return
        classes = looked.target.kind != "regression"
        if classes and not self._meant(looked):
            return
        share = rows / present
        fixes = numbers_read(name, signs.numbers, safe=False) if signs.numbers else [_cleared(name)]
        such = f", such as {such_as(words)}" if words else ", but infinite"
        yield self.finding(
            "high" if share > self.many else "medium",
            f"{rows_of(rows)} of {name!r} ({percent(share)}) {'is' if rows == 1 else 'are'} no number{such}."
            + (" So it is predicted as classes, one for each number." if classes else ""),
            column=name,
            evidence={"rows": rows, "share": round(share, 4)},
            examples=[text for text, _ in words],
            fixes=fixes,
            title="Many target values that are no numbers" if share > self.many else "",
        )

    def _meant(self, looked: Looked) -> bool:
        name = looked.target.name if looked.target else ""
        signs = looked.signs_of(name)
        if signs.numbers is None or is_code(name, signs.numbers) or signs.distinct < self.distinct:
            return False
        return signs.numbers.rows >= self.mostly * signs.rows


def _cleared(name: str) -> Fix:
    return Fix(
        label="Turn infinite numbers into missing values", transform="nan_to_missing", params={"columns": [name]}
    )


class TargetShape(Rule):
    """A number to predict has outliers that rule the error."""

    id = "target_shape"
    title = "Skewed or heavy-tailed target"
    scope = "target"
    source = f"{ANCHOR} (outliers, and skewness above 3 or excess kurtosis above 10; above 3: few outliers)"

    skew: float = Field(3.0, gt=0)
    """Absolute skewness above which the target is skewed."""
    heavy: float = Field(10.0, gt=0)
    """Excess kurtosis above which it is heavy-tailed."""
    some: float = Field(3.0, gt=0)
    """Excess kurtosis above which it has a few outliers."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        if looked.target is None or looked.target.kind != "regression":
            return
        summary = looked.target.feature
        skew, kurtosis, outliers = summary.skew or 0.0, summary.kurtosis or 0.0, summary.outliers or 0
        if not outliers or (abs(skew) <= self.skew and kurtosis <= self.some):
            return
        if abs(skew) > self.skew:
            what, level = f"is strongly skewed (skewness {skew:.1f})", "high"
        elif kurtosis > self.heavy:
            what, level = f"has heavy tails (excess kurtosis {kurtosis:.1f})", "high"
        else:
            what, level = "has a few outliers", "medium"
        yield self.finding(
            "high" if level == "high" else "medium",
            f"{summary.name!r} {what}: {outliers:,} values are far from the rest and rule the error.",
            column=summary.name,
            evidence={"skew": round(skew, 2), "kurtosis": round(kurtosis, 2), "outliers": outliers},
            examples=[each for each in (summary.min, summary.max) if each is not None],
            fixes=self._fixes(summary, abs(skew) > self.skew),
        )

    def _fixes(self, summary: FeatureSummary, skewed: bool) -> list[Fix]:
        remove = Fix(
            label="Remove outliers",
            transform="outlier_std",
            params={"columns": [summary.name], "n": 4, "fix": "remove"},
        )
        return [*([unskewed(summary)] if skewed else []), limited(summary.name, "clip"), remove]


class FrequentValue(Rule):
    """One number of the target is suspiciously frequent."""

    id = "frequent_target_value"
    title = "One frequent target value"
    scope = "target"
    source = f"{ANCHOR} (share above 0.1 and above 5 by the number of values)"

    share: float = Field(0.1, gt=0, lt=1)
    """Share of the rows above which it is worth a warning."""
    most: float = Field(0.5, gt=0, lt=1)
    """Share of the rows above which the value is what the target is about, and no mistake."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        if looked.target is None or looked.target.kind != "regression":
            return
        feature = looked.features[looked.target.name]
        distinct = feature.summary.distinct or 0
        if feature.spike is None or distinct < 2:
            return
        value, rows, _ = feature.spike
        share = rows / max(1, feature.summary.rows)
        if share > max(self.share, 5 / distinct):
            meaning = (
                f"first of all it has to be predicted which rows have another value than {value:g}"
                if share > self.most
                else "it may stand for a missing value or a limit"
            )
            yield self.finding(
                "medium",
                f"{rows:,} rows ({percent(share)}) have exactly {value:g} as {looked.target.name!r}: {meaning}.",
                column=looked.target.name,
                evidence={"value": value, "rows": rows},
            )


RULES = (NonNumericTarget, TargetShape, FrequentValue)
