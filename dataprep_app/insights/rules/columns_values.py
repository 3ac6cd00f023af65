"""Rules about the values of a column: none, too few, all the same, or not of its kind."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from dataprep_app.insights.findings import Finding, Fix
from dataprep_app.insights.measures import Feature
from dataprep_app.insights.rules.rule import ANCHOR, OURS, Looked, Rule
from dataprep_app.insights.rules.wording import dropped, percent, rows_of


class EmptyColumn(Rule):
    """A column has no value at all."""

    id = "empty"
    title = "Empty column"
    scope = "feature"
    source = f"{ANCHOR} (missing values; dropping the column is advised above one half)"
    shared = "{n} columns have no value in any row: {columns}."

    def look(self, looked: Looked) -> Iterator[Finding]:
        for each in looked.inputs:
            summary = each.summary
            if summary.rows and summary.missing == summary.rows:
                yield self.finding(
                    "medium",
                    f"{summary.name!r} has no value in any row.",
                    column=summary.name,
                    evidence={"rows": summary.rows},
                    fixes=[dropped(summary.name, safe=True)],
                )


class ConstantColumn(Rule):
    """A column has one value only."""

    id = "constant"
    title = "Constant column"
    scope = "feature"
    source = ANCHOR
    shared = "{n} columns have the same value in every row, so they tell nothing: {columns}."

    def look(self, looked: Looked) -> Iterator[Finding]:
        for each in looked.inputs:
            summary = each.summary
            if summary.rows > 1 and summary.distinct == 1 and not summary.missing and not summary.invalid:
                yield self.finding(
                    "low",
                    f"Every row of {summary.name!r} has the same value, so it tells nothing.",
                    column=summary.name,
                    examples=[summary.top[0][0] if summary.top else summary.min],
                    fixes=[dropped(summary.name, safe=True)],
                )


class NearConstantColumn(Rule):
    """Nearly all rows have the same value."""

    id = "near_constant"
    title = "Nearly constant column"
    scope = "feature"
    source = (
        f"{OURS}, stricter than the near-zero variance of Kuhn (2008, Building predictive models in R using the caret "
        "package), where 95 % are enough; columns that say much of the target are left out"
    )
    shared = "In {n} columns nearly all rows have the same value: {columns}."
    noted = "share"

    share: float = Field(0.99, gt=0.5, lt=1)
    """Share of the values that are the same, above which it is worth a warning."""
    least: int = Field(100, ge=2)
    """Rows with a value below which nothing is said."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        for each in looked.inputs:
            summary = each.summary
            if summary.present < self.least or (summary.distinct or 0) < 2:
                continue
            if looked.power and summary.name in looked.important:
                continue
            value, rows = _top(each)
            share = rows / summary.present
            if share <= self.share:
                continue
            yield self.finding(
                "low",
                f"{percent(share)} of the values of {summary.name!r} are {value}: the "
                f"{rows_of(summary.present - rows)} with another one are too few to learn from.",
                column=summary.name,
                evidence={"rows": rows, "share": round(share, 4)},
                examples=[value],
                fixes=[dropped(summary.name)],
            )


def _top(feature: Feature) -> tuple[str, int]:
    if feature.spike is not None:
        value, rows, _ = feature.spike
        return f"{value:,.10g}", rows
    if feature.summary.top:
        text, rows = feature.summary.top[0]
        return repr(text), rows
    return "", 0


class MissingValues(Rule):
    """A column has many missing values."""

    id = "missing"
    title = "Missing values"
    scope = "feature"
    source = f"{ANCHOR}; the lower threshold is ours, so that a few missing cells stay silent"
    shared = "{n} columns have many missing values: {columns}."
    noted = "share"

    medium: float = Field(0.05, gt=0, le=1)
    """Share of missing values from which it is worth a warning."""
    high: float = Field(0.5, gt=0, le=1)
    """Share of missing values from which dropping the column is advised first."""
    nearly_all: float = Field(0.9, gt=0, le=1)
    """Share of missing values from which filling them is not offered: it would make nearly all values up."""
    few: float = Field(0.2, ge=0, le=1)
    """Share of missing values up to which dropping the rows is offered."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        for each in looked.inputs:
            summary, share = each.summary, each.summary.missing_share
            if share < self.medium or summary.missing == summary.rows:
                continue
            high = share >= self.high
            mend = _filled(each)
            yield self.finding(
                "high" if high else "medium",
                f"{summary.missing:,} of {summary.rows:,} rows ({percent(share)}) have no {summary.name!r}.",
                column=summary.name,
                evidence={"missing": summary.missing, "share": round(share, 4)},
                fixes=[
                    *([dropped(summary.name)] if high else []),
                    *(mend if share < self.nearly_all else []),
                    *([_rows_dropped(summary.name)] if share <= self.few else []),
                ],
            )


def _filled(feature: Feature) -> list[Fix]:
    name, stored = feature.summary.name, feature.summary.stored_as
    if stored in ("integer", "number"):
        return [Fix(label="Fill with the median", transform="impute_median", params={"columns": [name]})]
    if stored == "text":
        return [
            Fix(
                label="Fill with a category 'Missing'",
                transform="impute_missing_category",
                params={"columns": [name]},
            )
        ]
    if stored == "boolean":
        return [Fix(label="Fill with the most frequent value", transform="impute_mode", params={"columns": [name]})]
    return []


def _rows_dropped(name: str) -> Fix:
    return Fix(label="Drop rows without a value", transform="drop_missing_rows", params={"columns": [name]})


class InvalidValues(Rule):
    """A column has values that are none of its kind: infinite numbers, or text that a step could not read."""

    id = "invalid"
    title = "Invalid values"
    scope = "feature"
    source = f"{ANCHOR} (valid ratio); priorities are ours"
    shared = "{n} columns have invalid values: {columns}."
    noted = "rows"

    high: float = Field(0.05, gt=0, le=1)
    """Share of the rows above which the warning is high."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        for each in looked.inputs:
            summary = each.summary
            if not summary.invalid:
                continue
            unread = f"{summary.name}_error" in looked.schema
            dtype = looked.schema.get(summary.name)
            what = (
                "infinite"
                if not unread
                else "infinite, or text that could not be read"
                if (dtype is not None and dtype.is_float())
                else "text that could not be read"
            )
            fix = Fix(
                label="Turn infinite numbers into missing values",
                transform="nan_to_missing",
                params={"columns": [summary.name]},
            )
            yield self.finding(
                "high" if summary.invalid > self.high * summary.rows else "medium",
                f"{rows_of(summary.invalid)} of {summary.name!r} {'is' if summary.invalid == 1 else 'are'} {what}.",
                column=summary.name,
                evidence={"rows": summary.invalid, "share": round(summary.invalid / summary.rows, 4)},
                fixes=[fix] if dtype is not None and dtype.is_float() else [],
            )


RULES = (EmptyColumn, MissingValues, InvalidValues, ConstantColumn, NearConstantColumn)
