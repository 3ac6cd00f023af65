"""Rules about the column to predict."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from dataprep_app.insights.findings import Finding, Fix
from dataprep_app.insights.rules.columns import ANCHOR, OURS
from dataprep_app.insights.rules.rule import Looked, Rule, percent


class MissingTarget(Rule):
    """Rows have no target."""

    id = "missing_target"
    title = "Missing target"
    scope = "target"
    source = OURS

    def find(self, looked: Looked) -> Iterator[Finding]:
        if looked.target is None or not looked.target.missing:
            return
        name, rows = looked.target.name, looked.target.missing
        yield self.finding(
            "high" if rows > 0.05 * looked.table.rows else "medium",
            f"{rows:,} rows have no {name!r}: they can neither be learned from nor judged by.",
            column=name,
            evidence={"rows": rows},
            fixes=[Fix(label="Drop these rows", transform="drop_missing_rows", params={"columns": [name]}, safe=True)],
        )


class FewOfClass(Rule):
    """A class has so few rows that nothing can be learned of it."""

    id = "few_of_class"
    title = "Very small class"
    scope = "target"
    source = f"{ANCHOR} (under 20 rows of two classes, 10 or fewer of several)"

    binary: int = Field(20, ge=1)
    """Rows below which one of two classes is too small."""
    multiclass: int = Field(11, ge=1)
    """Rows below which one of several classes is too small."""

    def find(self, looked: Looked) -> Iterator[Finding]:
        target = looked.target
        if target is None or not target.classes or len(target.classes) > 100:
            return
        least = self.binary if target.kind == "binary" else self.multiclass
        small = [each for each in target.classes if each.rows < least]
        if not small:
            return
        shown = ", ".join(f"{each.name!r} ({each.rows:,})" for each in small[:3])
        fixes = [balanced(looked)] if min(each.rows for each in small) > 1 else []
        yield self.finding(
            "high",
            f"There are too few rows of {shown} to learn from or to judge by.",
            column=target.name,
            evidence={each.name: each.rows for each in small[:5]},
            fixes=[*fixes, _without(target.name, [each.name for each in small])],
        )


class Imbalanced(Rule):
    """A class is far rarer than the most frequent one."""

    id = "imbalanced"
    title = "Imbalanced classes"
    scope = "target"
    source = f"{OURS}: a class with less than a fifth of the rows of the largest; {ANCHOR} warns below 1 %"

    share: float = Field(0.2, gt=0, lt=1)
    """Rows of a class as a share of the largest class's below which it is worth a warning."""
    severe: float = Field(0.01, gt=0, lt=1)
    """The same, below which the warning is high."""

    def find(self, looked: Looked) -> Iterator[Finding]:
        target = looked.target
        if target is None or len(target.classes) < 2 or len(target.classes) > 100:
            return
        largest = target.classes[0].rows
        rare = [each for each in target.classes if each.rows < self.share * largest]
        if not rare:
            return
        shown = ", ".join(f"{each.name!r} ({percent(each.rows / looked.table.rows)})" for each in rare[:3])
        yield self.finding(
            "high" if rare[-1].rows < self.severe * largest else "medium",
            f"Most rows are {target.classes[0].name!r}; rare are {shown}. A model that never predicts them looks good.",
            column=target.name,
            evidence={each.name: each.rows for each in target.classes[:6]},
            fixes=[balanced(looked)],
        )


class TooManyClasses(Rule):
    """The target has very many classes."""

    id = "too_many_classes"
    title = "Too many classes"
    scope = "target"
    source = f"{ANCHOR} (more than 100)"

    classes: int = Field(100, ge=2)
    """Classes above which it is worth a warning."""

    def find(self, looked: Looked) -> Iterator[Finding]:
        target = looked.target
        if target is None or len(target.classes) <= self.classes:
            return
        yield self.finding(
            "medium",
            f"{target.name!r} has {len(target.classes):,} classes.",
            column=target.name,
            evidence={"classes": len(target.classes)},
            fixes=[
                Fix(
                    label="Put rare classes together",
                    transform="group_rare_categories",
                    params={"columns": [target.name]},
                )
            ],
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

    def find(self, looked: Looked) -> Iterator[Finding]:
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
            fixes=[
                Fix(
                    label="Remove outliers",
                    transform="outlier_std",
                    params={"columns": [summary.name], "n": 4, "fix": "remove"},
                )
            ],
        )


class FrequentValue(Rule):
    """One number of the target is suspiciously frequent."""

    id = "frequent_target_value"
    title = "One frequent target value"
    scope = "target"
    source = f"{ANCHOR} (share above 0.1 and above 5 by the number of values)"

    share: float = Field(0.1, gt=0, lt=1)
    """Share of the rows above which it is worth a warning."""

    def find(self, looked: Looked) -> Iterator[Finding]:
        if looked.target is None or looked.target.kind != "regression":
            return
        feature = looked.features[looked.target.name]
        distinct = feature.summary.distinct or 0
        if feature.spike is None or distinct < 2:
            return
        value, rows, _ = feature.spike
        share = rows / max(1, feature.summary.rows)
        if share > max(self.share, 5 / distinct):
            yield self.finding(
                "medium",
                f"{rows:,} rows ({percent(share)}) have exactly {value:g} as {looked.target.name!r}: it may stand for "
                "a missing value or a limit.",
                column=looked.target.name,
                evidence={"value": value, "rows": rows},
            )


def balanced(looked: Looked) -> Fix:
    """The step that makes classes equal: SMOTE where there are numbers, copies of rows where there are none."""
    if looked.target is None:
        raise NotImplementedError("There is no target to balance.")
    name = looked.target.name
    numbers = [each.summary.name for each in looked.inputs if each.summary.stored_as in ("integer", "number")]
    identifiers = [
        each.summary.name
        for each in looked.inputs
        if each.summary.distinct == each.summary.rows and each.summary.stored_as == "integer"
    ]
    if set(numbers) - set(identifiers):
        features = {"type": "numeric", "except": [*identifiers, *([name] if name in looked.schema else [])]}
        return Fix(label="Balance with SMOTE", transform="smote", params={"target": name, "features": features})
    return Fix(label="Repeat rare rows", transform="oversample_random", params={"target": name})


def _without(column: str, classes: list[str]) -> Fix:
    return Fix(
        label="Leave these rows out",
        transform="filter_rows",
        params={"condition": {"not": {"column": column, "op": "is_in", "value": classes}}},
    )


RULES = (MissingTarget, FewOfClass, Imbalanced, TooManyClasses, TargetShape, FrequentValue)
