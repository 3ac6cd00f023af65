"""Rules about single columns."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from dataprep_app.insights.findings import Finding, Fix
from dataprep_app.insights.measures import Feature
from dataprep_app.insights.rules.rule import Looked, Rule, dropped, percent

ANCHOR = "Data Quality and Insights Report of SageMaker Data Wrangler"
OURS = "Our rule"


class ConstantColumn(Rule):
    """A column has one value only."""

    id = "constant"
    title = "Constant column"
    scope = "feature"
    source = ANCHOR

    def find(self, looked: Looked) -> Iterator[Finding]:
        for each in looked.inputs:
            summary = each.summary
            if summary.rows > 1 and summary.distinct == 1 and not summary.missing:
                yield self.finding(
                    "low",
                    f"Every row of {summary.name!r} has the same value, so it tells nothing.",
                    column=summary.name,
                    examples=[summary.top[0][0] if summary.top else summary.min],
                    fixes=[dropped(summary.name, safe=True)],
                )
            elif summary.rows and summary.missing == summary.rows:
                yield self.finding(
                    "medium",
                    f"{summary.name!r} has no value in any row.",
                    column=summary.name,
                    fixes=[dropped(summary.name, safe=True)],
                )


class MissingValues(Rule):
    """A column has many missing values."""

    id = "missing"
    title = "Missing values"
    scope = "feature"
    source = f"{ANCHOR}; the lower threshold is ours, so that a few missing cells stay silent"

    medium: float = Field(0.05, gt=0, le=1)
    """Share of missing values from which it is worth a warning."""
    high: float = Field(0.5, gt=0, le=1)
    """Share of missing values from which dropping the column is advised first."""

    def find(self, looked: Looked) -> Iterator[Finding]:
        for each in looked.inputs:
            summary, share = each.summary, each.summary.missing_share
            if share < self.medium or summary.missing == summary.rows:
                continue
            mend = [_filled(each), _rows_dropped(summary.name)]
            yield self.finding(
                "high" if share >= self.high else "medium",
                f"{summary.missing:,} of {summary.rows:,} rows ({percent(share)}) have no {summary.name!r}.",
                column=summary.name,
                evidence={"missing": summary.missing, "share": round(share, 4)},
                fixes=[dropped(summary.name), *mend] if share >= self.high else mend,
            )


def _filled(feature: Feature) -> Fix:
    name = feature.summary.name
    if feature.summary.type == "numeric" or (feature.summary.stored_as in ("integer", "number")):
        return Fix(label="Fill with the median", transform="impute_median", params={"columns": [name]})
    return Fix(label="Fill with the most frequent value", transform="impute_mode", params={"columns": [name]})


def _rows_dropped(name: str) -> Fix:
    return Fix(label="Drop these rows", transform="drop_missing_rows", params={"columns": [name]})


class DisguisedMissing(Rule):
    """Text stands for missing values."""

    id = "disguised_missing"
    title = "Disguised missing values"
    scope = "feature"
    source = f"{ANCHOR}, with more words; whole cells only"

    least: int = Field(2, ge=1)
    """Rows from which it is worth a warning."""

    def find(self, looked: Looked) -> Iterator[Finding]:
        for each in looked.inputs:
            rows = sum(count for _, count in each.disguised)
            if rows < self.least:
                continue
            name, words = each.summary.name, [text for text, _ in each.disguised]
            shown = ", ".join(repr(word) for word in words[:3])
            yield self.finding(
                "medium",
                f"{rows:,} rows of {name!r} hold {shown}, which probably stands for a missing value.",
                column=name,
                evidence={"rows": rows},
                examples=words,
                fixes=[
                    Fix(
                        label="Turn into missing values",
                        transform="values_to_missing",
                        params={"columns": [name], "values": words},
                        safe=True,
                    )
                ],
            )


class NumberSpike(Rule):
    """One number is so frequent that it may stand for missing values."""

    id = "numeric_disguised_missing"
    title = "A number that may mean missing"
    scope = "feature"
    source = ANCHOR

    share: float = Field(0.1, gt=0, lt=1)
    """Share of the rows that have the number."""
    times: float = Field(10.0, gt=1)
    """How many times as frequent as the next one it is."""
    distinct: int = Field(20, ge=2)
    """Different values the column has, at least."""

    def find(self, looked: Looked) -> Iterator[Finding]:
        for each in looked.inputs:
            summary = each.summary
            if each.spike is None or (summary.distinct or 0) <= self.distinct or summary.name not in looked.important:
                continue
            value, rows, following = each.spike
            if value != int(value) or rows / max(1, summary.rows) <= self.share or rows <= self.times * following:
                continue
            shown = f"{int(value):,}"
            yield self.finding(
                "medium",
                f"{rows:,} rows of {summary.name!r} ({percent(rows / summary.rows)}) are exactly {shown}, over "
                f"{self.times:.0f} times as many as have the next value: it may stand for a missing one.",
                column=summary.name,
                evidence={"value": int(value), "rows": rows, "next": following},
                fixes=[
                    Fix(
                        label=f"Turn {shown} into missing values",
                        transform="values_to_missing",
                        params={"columns": [summary.name], "values": [], "numbers": [int(value)]},
                    )
                ],
            )


class Skewed(Rule):
    """A number is so skewed that its mean and its scale mislead."""

    id = "skewed"
    title = "Skewed numbers"
    scope = "feature"
    source = f"{ANCHOR} (absolute skewness above 3)"

    skew: float = Field(3.0, gt=0)
    """Absolute skewness above which it is worth a warning."""
    distinct: int = Field(20, ge=2)
    """Different values the column has, at least."""

    def find(self, looked: Looked) -> Iterator[Finding]:
        for each in looked.inputs:
            summary = each.summary
            if summary.type != "numeric" or summary.skew is None or abs(summary.skew) <= self.skew:
                continue
            if not summary.outliers or (summary.distinct or 0) < self.distinct or _mostly_one(each):
                continue
            side = "large" if summary.skew > 0 else "small"
            yield self.finding(
                "low",
                f"{summary.name!r} is strongly skewed (skewness {summary.skew:.1f}): {summary.outliers:,} values are "
                f"far too {side} for the rest.",
                column=summary.name,
                evidence={"skew": round(summary.skew, 2), "outliers": summary.outliers},
                examples=[summary.min if side == "small" else summary.max],
                fixes=[
                    Fix(
                        label="Clip outliers",
                        transform="outlier_std",
                        params={"columns": [summary.name], "n": 4, "fix": "clip"},
                    ),
                    *_logarithm(summary.name, summary.min),
                ],
            )


def _mostly_one(feature: Feature) -> bool:
    """Whether most rows have one and the same number, as the weights of words have 0: that is no skew to mend."""
    return feature.spike is not None and feature.spike[1] > 0.5 * feature.summary.present


def _logarithm(name: str, least: object) -> list[Fix]:
    if not isinstance(least, int | float) or least < 0:
        return []
    return [Fix(label="Take the logarithm", transform="logarithm", params={"columns": [name], "shift": 1})]


class HighCardinality(Rule):
    """A text column has nearly as many values as rows."""

    id = "high_cardinality"
    title = "High cardinality"
    scope = "feature"
    source = f"{ANCHOR} (distinct values above 0.9 of the rows)"

    share: float = Field(0.9, gt=0, le=1)
    """Share of the rows whose values are different."""
    least: int = Field(50, ge=2)
    """Rows with a value below which nothing is said."""

    def find(self, looked: Looked) -> Iterator[Finding]:
        for each in looked.inputs:
            summary = each.summary
            if summary.type != "text" or summary.present < self.least or summary.distinct is None:
                continue
            share = summary.distinct / summary.present
            if share <= self.share:
                continue
            yield self.finding(
                "medium",
                f"{summary.distinct:,} of {summary.present:,} values of {summary.name!r} are different: as a category "
                "it teaches nothing that holds for other rows.",
                column=summary.name,
                evidence={"distinct": summary.distinct, "share": round(share, 4)},
                examples=[value for value, _ in summary.top],
                fixes=[
                    dropped(summary.name),
                    Fix(label="Vectorize its words", transform="vectorize_tfidf", params={"column": summary.name}),
                ],
            )


class Identifier(Rule):
    """A column numbers the rows."""

    id = "identifier"
    title = "Identifier"
    scope = "feature"
    source = f"{ANCHOR} (all values different)"

    least: int = Field(50, ge=2)
    """Rows below which nothing is said."""

    def find(self, looked: Looked) -> Iterator[Finding]:
        if looked.target is None:
            return  # an identifier is a fault only where something is to be predicted from it
        for each in looked.inputs:
            summary = each.summary
            whole = summary.stored_as == "integer" or summary.type == "text"
            if whole and summary.rows >= self.least and summary.distinct == summary.rows and summary.type == "numeric":
                yield self.finding(
                    "low",
                    f"Every row has another {summary.name!r}: it names rows, and a model must not learn from it.",
                    column=summary.name,
                    fixes=[dropped(summary.name)],
                )


class RareCategories(Rule):
    """Many categories are so rare that nothing can be learned of them."""

    id = "rare_categories"
    title = "Rare categories"
    scope = "feature"
    source = f"{ANCHOR} (more than 2 categories under 5 % of the most frequent one)"

    more_than: int = Field(2, ge=0)
    """Rare categories above which it is worth a warning."""

    def find(self, looked: Looked) -> Iterator[Finding]:
        for each in looked.inputs:
            summary = each.summary
            if len(each.rare) <= self.more_than or summary.name not in looked.important:
                continue
            rows = sum(count for _, count in each.rare)
            yield self.finding(
                "low",
                f"{len(each.rare):,} of {each.categories:,} categories of {summary.name!r} are rare; together they "
                f"have {rows:,} rows.",
                column=summary.name,
                evidence={"rare": len(each.rare), "rows": rows},
                examples=[value for value, _ in each.rare],
                fixes=[
                    Fix(
                        label="Put them together as 'other'",
                        transform="group_rare_categories",
                        params={"columns": [summary.name]},
                    )
                ],
            )


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

    def find(self, looked: Looked) -> Iterator[Finding]:
        if looked.target is None:
            return
        columns = [name for name, power in looked.power.items() if power > self.power]
        if len(columns) > self.several:
            yield self.finding(
                "high",
                f"{len(columns)} columns predict {looked.target.name!r} nearly without error alone. Either the task is "
                "easy, or they were written after the answer was known.",
                evidence={"columns": len(columns)},
                examples=columns,
                fixes=[dropped(*columns)],
            )
            return
        for name in columns:
            yield self.finding(
                "high",
                f"{name!r} alone predicts {looked.target.name!r} nearly without error (prediction power "
                f"{looked.power[name]:.2f}): it was probably written after the answer was known.",
                column=name,
                evidence={"power": round(looked.power[name], 3)},
                fixes=[dropped(name)],
            )


class Uninformative(Rule):
    """A column tells nothing of the target."""

    id = "uninformative"
    title = "Uninformative columns"
    scope = "feature"
    source = f"{ANCHOR} (normalised prediction power of 0), put together in one warning"

    share: float = Field(0.5, gt=0, le=1)
    """Share of the columns that have to be uninformative for a warning."""

    def find(self, looked: Looked) -> Iterator[Finding]:
        if looked.target is None or len(looked.power) < 4:
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


RULES = (
    ConstantColumn, MissingValues, DisguisedMissing, NumberSpike, Skewed, HighCardinality, Identifier, RareCategories,
    Leakage, Uninformative,
)  # fmt: skip
