"""Rules about columns with too many different values, or with values that are too rare."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import Field

from dataprep_app.insights.findings import FeatureSummary, Finding, Fix
from dataprep_app.insights.rules.rule import ANCHOR, Looked, Rule
from dataprep_app.insights.rules.wording import dropped, shown

NAMES_OF_IDS = re.compile(r"(?:^|_)(?:id|ids|key|uuid|guid|index|idx|row|rowid|number|nr|no|num|code|sku|serial|hash)$")
"""What columns are called that name rows."""


class HighCardinality(Rule):
    """A text column has nearly as many values as rows."""

    id = "high_cardinality"
    title = "High cardinality"
    scope = "feature"
    source = f"{ANCHOR} (distinct values above 0.9 of the rows), where something is to be predicted"
    shared = "{n} text columns have nearly as many values as rows, so as categories they teach nothing: {columns}."
    noted = "share"

    share: float = Field(0.9, gt=0, le=1)
    """Share of the rows whose values are different."""
    least: int = Field(50, ge=2)
    """Rows with a value below which nothing is said."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        if looked.target is None:
            return  # many different values are a fault only of what is to be learned from
        for each in looked.inputs:
            summary = each.summary
            if summary.type != "text" or summary.present < self.least or summary.distinct is None:
                continue
            signs = looked.signs_of(summary.name)
            share = summary.distinct / summary.present
            if share <= self.share or signs.numbers or signs.dates or is_identifier(summary, self.least):
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
    """A column names the rows."""

    id = "identifier"
    title = "Identifier"
    scope = "feature"
    source = f"{ANCHOR} (all values different); ours: they follow each other, look like codes, or the column says so"
    shared = "{n} columns name rows, and a model must not learn from them: {columns}."

    least: int = Field(50, ge=2)
    """Rows below which nothing is said."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        if looked.target is None:
            return  # an identifier is a fault only where something is to be predicted from it
        for each in looked.inputs:
            summary = each.summary
            if is_identifier(summary, self.least):
                yield self.finding(
                    "low",
                    f"Every row has another {summary.name!r}: it names rows, and a model must not learn from it.",
                    column=summary.name,
                    evidence={"distinct": summary.distinct or 0},
                    examples=[value for value, _ in summary.top] or [summary.min, summary.max],
                    fixes=[dropped(summary.name)],
                )


def is_identifier(summary: FeatureSummary, least: int) -> bool:
    """Whether a column has another value in every row and these are numbers one after the other, or codes."""
    if summary.rows < least or summary.distinct != summary.rows:
        return False
    named = NAMES_OF_IDS.search(re.sub(r"(?<=[a-z])(?=[A-Z])|[^\w]+", "_", summary.name).strip("_").lower())
    if summary.stored_as == "integer":
        low, high = summary.min, summary.max
        dense = isinstance(low, int | float) and isinstance(high, int | float) and high - low < 2 * summary.rows
        return dense or named is not None
    if summary.type != "text":
        return False
    texts = [value for value, _ in summary.top]
    codes = all(re.fullmatch(r"\S*\d\S*", text) and "@" not in text for text in texts)
    return bool(texts) and (codes or (named is not None and all(" " not in text for text in texts)))


class RareCategories(Rule):
    """Some categories are so rare that nothing can be learned of them."""

    id = "rare_categories"
    title = "Rare categories"
    scope = "feature"
    source = (
        f"{ANCHOR} (more than 2 categories under 5 % of the most frequent one). Ours: they have at most a tenth of the "
        "rows together, and the column is among the five that say most of the target"
    )
    shared = "{n} columns have categories that are too rare to learn from: {columns}."
    noted = "rare"

    more_than: int = Field(2, ge=0)
    """Rare categories above which it is worth a warning."""
    together: float = Field(0.1, gt=0, le=1)
    """Share of the rows that all rare categories have at most."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        if looked.target is None:
            return  # rare categories are a fault only of what is to be learned from
        for each in looked.inputs:
            summary, signs = each.summary, looked.signs_of(each.summary.name)
            if len(each.rare) <= self.more_than or summary.name not in looked.important:
                continue
            if signs.dates or signs.numbers:
                continue
            rows = sum(count for _, count in each.rare)
            if rows > self.together * summary.present:
                continue
            least = max(count for _, count in each.rare) + 1
            yield self.finding(
                "low",
                f"{len(each.rare):,} of {each.categories:,} categories of {summary.name!r} are rare, such as "
                f"{shown(each.rare[-3:])}; together they have {rows:,} rows.",
                column=summary.name,
                evidence={"rare": len(each.rare), "rows": rows},
                examples=[value for value, _ in each.rare],
                fixes=[
                    Fix(
                        label="Put them together as 'Other'",
                        transform="group_rare_categories",
                        params={"columns": [summary.name], "min_count": least, "min_share": 0},
                    )
                ],
            )


RULES = (HighCardinality, Identifier, RareCategories)
