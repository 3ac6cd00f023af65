"""Two reports side by side: what steps made better, what they made worse, and which rows are gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import polars as pl

from dataprep_app.insights.drawing.text import rounded
from dataprep_app.insights.findings import PRIORITIES, FeatureSummary, Finding, Report
from dataprep_app.insights.sections.facts import ExampleRow
from dataprep_app.insights.subject import Subject
from dataprep_app.modeling.outcome import QuickResult
from dataprep_app.profile import plain
from flows.engines.polars_engine import PolarsEngine
from transforms.core.columns import column
from transforms.core.statistics import Count
from transforms.scoring.facts import Facts

EXAMPLES = 10
SHOWN = 8
"""Columns of a row that is shown."""
LONGEST = 80
KEY = "__key"
CHANGE = 0.005
"""A share or a score that changes by less has stayed the same."""

Change = Literal["better", "worse", "same", "changed"]


class Figure(Facts):
    """A number of both reports."""

    name: str
    before: float | None
    after: float | None
    change: Change
    """``changed`` where neither is better in itself."""
    unit: Literal["count", "share", "score"] = "count"


class ColumnChange(Facts):
    """A column of both tables."""

    name: str
    missing_before: float
    missing_after: float
    distinct_before: int | None
    distinct_after: int | None
    power_before: float | None
    power_after: float | None
    type_before: str
    type_after: str


class RowsGone(Facts):
    """Rows of the first table that the second one does not have."""

    key: str | None
    """The column that names rows in both; without one, rows cannot be followed."""
    rows: int
    """How many are gone; without a key, by how many there are fewer."""
    added: int
    """How many are new; without a key, by how many there are more."""
    examples: tuple[ExampleRow, ...] = ()
    """Some that are gone, as they were; ``marked`` are cells without a value."""
    with_missing: int | None = None
    """How many of those that are gone had a cell without a value."""
    note: str = ""


class Comparison(Facts):
    """Two reports side by side."""

    format: Literal[1] = 1
    before: Report
    after: Report
    figures: tuple[Figure, ...]
    solved: tuple[Finding, ...]
    """Warnings that are gone."""
    new: tuple[Finding, ...]
    remaining: tuple[Finding, ...]
    """Warnings of both, as they are now."""
    columns_added: tuple[str, ...]
    columns_removed: tuple[str, ...]
    columns_changed: tuple[ColumnChange, ...]
    gone: RowsGone | None = None

    @property
    def summary(self) -> str:
        """What came of it, a sentence."""
        found = f"Warnings: {len(self.solved)} gone, {len(self.new)} new, {len(self.remaining)} remaining."
        score = next((each for each in self.figures if each.unit == "score"), None)
        if score is None or score.before is None or score.after is None:
            return found
        return f"{found} The quick-model score went from {rounded(score.before)} to {rounded(score.after)}."


def compared(before: Report, after: Report, gone: RowsGone | None = None) -> Comparison:
    """Put two reports side by side; the second one is of the later table."""
    old, new = ({each.name: each for each in _columns(report)} for report in (before, after))
    return Comparison(
        before=before,
        after=after,
        figures=tuple(_figures(before, after)),
        solved=tuple(each for each in before.findings if not _found_in(after, each)),
        new=tuple(each for each in after.findings if not _found_in(before, each)),
        remaining=tuple(each for each in after.findings if _found_in(before, each)),
        columns_added=tuple(name for name in new if name not in old),
        columns_removed=tuple(name for name in old if name not in new),
        columns_changed=tuple(_changed(old, new)),
        gone=gone,
    )


def rows_gone(before: Subject, after: Subject, keys: Sequence[str]) -> RowsGone:
    """Which real rows of the first table the second one does not have.

    Args:
        before: the first table.
        after: the second one.
        keys: columns that name rows, all values different; the first one that both tables have is used.
    """
    key = next((each for each in keys if before.real_schema.get(each) == after.real_schema.get(each)), None)
    if key is None:
        return _counted(before, after, "No column names the rows in both tables, so which rows they are is not known.")
    if not (isinstance(before.engine, PolarsEngine) and isinstance(after.engine, PolarsEngine)):
        return _counted(before, after, "Which rows they are is told of reports on this machine only.")
    first, second = (
        each.engine.table(each.real).with_columns(column(key).alias(KEY)) for each in (before, after)
    )  # fmt: skip
    gone = first.join(second.select(KEY), on=KEY, how="anti", nulls_equal=True).drop(KEY)
    new = second.join(first.select(KEY), on=KEY, how="anti", nulls_equal=True)
    hollow = pl.any_horizontal(pl.all().is_null()).sum()
    counts, added, shown = before.engine.gather(
        [gone.select(pl.len(), hollow.alias("hollow")), new.select(pl.len()), gone.head(EXAMPLES)]
    )
    rows, with_missing = counts.row(0)
    return RowsGone(
        key=key,
        rows=rows,
        added=added.item(),
        examples=tuple(_examples(shown, key)),
        with_missing=with_missing,
    )


def row_keys(report: Report) -> list[str]:
    """Columns that name the rows: whole numbers or texts, none missing, different in all rows that are not copies."""
    least = report.table.rows - report.table.duplicate_rows / 2
    return [
        each.name
        for each in report.features
        if each.rows and not each.missing and (each.distinct or 0) >= least and each.stored_as in ("integer", "text")
    ]


def _counted(before: Subject, after: Subject, note: str) -> RowsGone:
    counts = [each.engine.measure([(each.real, [Count()])])[0][0] for each in (before, after)]
    fewer = counts[0] - counts[1]
    return RowsGone(key=None, rows=max(0, fewer), added=max(0, -fewer), note=note)


def _examples(rows: pl.DataFrame, key: str) -> Iterator[ExampleRow]:
    """Rows with their key, and then the columns that are most often empty in them."""
    empty = {name: rows[name].null_count() for name in rows.columns if name != key}
    names = [key, *sorted(empty, key=lambda name: -empty[name])][:SHOWN]
    for row in rows.iter_rows(named=True):
        values = {name: None if row[name] is None else _written(row[name])[:LONGEST] for name in names}
        yield ExampleRow(values=values, marked=tuple(name for name in names if row[name] is None))


def _written(value: Any) -> str:
    """A value as people write it; lists and the like as Python does."""
    return str(value if isinstance(value, list | dict | bytes) else plain(value))


def _found_in(report: Report, finding: Finding) -> bool:
    """Whether a report has a warning, of the same columns or of some of them."""
    about = _about(finding)
    return any(
        each.rule == finding.rule and (about & _about(each) or about == _about(each)) for each in report.findings
    )


def _about(finding: Finding) -> set[str]:
    return {*finding.columns, *((finding.column,) if finding.column else ())}


def _columns(report: Report) -> Iterator[FeatureSummary]:
    yield from report.features
    if report.target is not None:
        yield report.target.feature


def _figures(before: Report, after: Report) -> Iterator[Figure]:
    old, new = before.table, after.table
    yield Figure(name="Rows", before=old.rows, after=new.rows, change=_moved(old.rows, new.rows))
    yield Figure(name="Columns", before=old.columns, after=new.columns, change=_moved(old.columns, new.columns))
    yield _less("Missing cells", old.missing_share, new.missing_share)
    shares = [each.duplicate_rows / each.rows if each.rows else 0.0 for each in (old, new)]
    yield _less("Duplicate rows", *shares)
    for priority in PRIORITIES:
        counts = before.count(priority), after.count(priority)
        change: Change = "same" if counts[0] == counts[1] else "better" if counts[1] < counts[0] else "worse"
        yield Figure(name=f"Warnings, {priority}", before=counts[0], after=counts[1], change=change)
    if before.model is not None or after.model is not None:
        scores = [each.model.score.normalised if each.model else None for each in (before, after)]
        yield Figure(name="Quick-model score", before=scores[0], after=scores[1], change=_more(*scores), unit="score")
        if before.model is not None and after.model is not None:
            yield from _recalls(before.model, after.model)


def _recalls(old: QuickResult, new: QuickResult) -> Iterator[Figure]:
    """What share of each class of both is found."""
    found = {each.name: each.recall for each in new.classes}
    for each in old.classes:
        if each.name in found:
            pair = each.recall, found[each.name]
            yield Figure(
                name=f"Found of {each.name!r}", before=pair[0], after=pair[1], change=_more(*pair), unit="share"
            )


def _less(name: str, before: float, after: float) -> Figure:
    change: Change = "same" if before == after else "better" if after < before else "worse"
    return Figure(name=name, before=before, after=after, change=change, unit="share")


def _more(before: float | None, after: float | None) -> Change:
    if before is None or after is None:
        return "same" if before == after else "changed"
    if abs(after - before) < CHANGE:
        return "same"
    return "better" if after > before else "worse"


def _moved(before: int, after: int) -> Change:
    return "same" if before == after else "changed"


def _changed(old: Mapping[str, FeatureSummary], new: Mapping[str, FeatureSummary]) -> Iterator[ColumnChange]:
    """Columns of both that differ in what is missing, how many values there are, or what they tell."""
    for name, was in old.items():
        now = new.get(name)
        if now is None:
            continue
        power = abs((was.power or 0.0) - (now.power or 0.0)) >= CHANGE
        if power or (was.missing, was.distinct, was.type) != (now.missing, now.distinct, now.type):
            yield ColumnChange(
                name=name,
                missing_before=was.missing_share,
                missing_after=now.missing_share,
                distinct_before=was.distinct,
                distinct_after=now.distinct,
                power_before=was.power,
                power_after=now.power,
                type_before=was.type,
                type_after=now.type,
            )
