"""Two reports side by side as they are read: numbers before and after, and in a word what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dataprep_app.insights.compare import Change, ColumnChange, Comparison, Figure, RowsGone
from dataprep_app.insights.drawing.text import NONE, count, cut, shown
from dataprep_app.insights.rules.rule import percent
from dataprep_app.insights.sections.facts import ExampleRow
from dataprep_app.insights.words import METRICS, SCORES, TYPES
from dataprep_app.modeling.metrics import ClassReport
from dataprep_app.modeling.outcome import QuickResult

CHANGES: Mapping[Change, str] = {"better": "better", "worse": "worse", "same": "the same", "changed": "changed"}
LISTS: Mapping[str, tuple[str, str]] = {
    "solved": ("Warnings gone", "No warning is gone."),
    "new": ("New warnings", "No warning is new."),
    "remaining": ("Warnings that remain", "No warning remains."),
}
"""Lists of warnings by their name: what they are called, and what is said of one without any."""
UNSHOWN = "…"
"""Stands for a value that is not shown."""
LEAST = 0.005
"""A share or a prediction power that differs by less is written the same, and is no change to tell of."""


@dataclass(frozen=True)
class Beside:
    """A value before and after."""

    before: str
    after: str
    change: Change = "same"

    @property
    def text(self) -> str:
        """Both, or the one that both are."""
        return self.after if self.before == self.after else f"{self.before} → {self.after}"


@dataclass(frozen=True)
class Line:
    """A line of a table of what was, and what is now."""

    name: str
    beside: Beside


@dataclass(frozen=True)
class ColumnLine:
    """What became of a column."""

    name: str
    type: Beside
    missing: Beside
    distinct: Beside
    power: Beside | None
    """None without a target."""


@dataclass(frozen=True)
class ClassLine:
    """How well a class is found, by both models."""

    name: str
    recall: Beside
    precision: Beside
    rows: Beside


def figure_lines(found: Comparison) -> tuple[Line, ...]:
    """The numbers of both reports."""
    return tuple(
        Line(cut(each.name), Beside(number(each, each.before), number(each, each.after), each.change))
        for each in found.figures
    )


def number(figure: Figure, value: float | None) -> str:
    """A number in the unit of its figure."""
    if value is None:
        return NONE
    match figure.unit:
        case "share":
            return _share(value)
        case "score":
            return f"{value:.2f}"
        case "count":
            return f"{value:,.0f}"


def column_lines(found: Comparison) -> tuple[ColumnLine, ...]:
    """Columns of both tables that are not what they were."""
    told = any(each.power_before is not None or each.power_after is not None for each in found.columns_changed)
    return tuple(_column(each, told=told) for each in found.columns_changed)


def model_lines(found: Comparison) -> tuple[Line, ...]:
    """The scores and metrics of both quick models; nothing unless both tables have one."""
    old, new = found.before.model, found.after.model
    if old is None or new is None:
        return ()
    score = next(each for each in found.figures if each.unit == "score")
    comparable = old.score.metric == new.score.metric
    lines = [
        Line("Score", Beside(_scored(old), _scored(new), score.change if comparable else "changed")),
        Line("Gained over no model", Beside(number(score, score.before), number(score, score.after), score.change)),
        Line("Rows trained on", Beside(f"{old.rows.train:,}", f"{new.rows.train:,}")),
        Line("Rows of the test", Beside(f"{old.rows.test:,}", f"{new.rows.test:,}")),
    ]
    if old.rows.training_only or new.rows.training_only:
        lines.insert(3, Line("Made for training", Beside(f"{old.rows.training_only:,}", f"{new.rows.training_only:,}")))
    both = (name for name in old.metrics if name in new.metrics)
    lines += [
        Line(METRICS.get(each, each), Beside(shown(old.metrics[each]), shown(new.metrics[each]))) for each in both
    ]
    return tuple(lines)


def class_lines(found: Comparison) -> tuple[ClassLine, ...]:
    """Every class of either model, and how well it is found."""
    old, new = (
        {each.name: each for each in report.model.classes} if report.model else {}
        for report in (found.before, found.after)
    )
    return tuple(_class(name, old.get(name), new.get(name)) for name in dict.fromkeys([*old, *new]))


def gone_said(found: RowsGone) -> str:
    """Which rows are gone, in sentences."""
    if not found.rows and not found.added:
        same = "The rows are the same ones" if found.key is not None else "There are as many rows as before"
        return f"{same}. {found.note}".strip()
    if found.key is None:
        said = f"{count(found.rows, 'row')} fewer" if found.rows else f"{count(found.added, 'row')} more"
        return f"There are {said}. {found.note}".strip()
    hollow = f" {found.with_missing:,} of those that are gone had a cell without a value." if found.with_missing else ""
    are = "is" if found.rows == 1 else "are"
    return (
        f"{count(found.rows, 'row')} {are} gone and {found.added:,} {'is' if found.added == 1 else 'are'} new, told by "
        f"{cut(found.key)!r}.{hollow} {found.note}"
    ).strip()


def gone_rows(found: RowsGone) -> tuple[ExampleRow, ...]:
    """Some rows that are gone, all with the same columns: a value that is not shown must not look like an empty one."""
    names = list(dict.fromkeys(name for each in found.examples for name in each.values))
    return tuple(
        each.model_copy(update={"values": {name: each.values.get(name, UNSHOWN) for name in names}})
        for each in found.examples
    )


def models_differ(found: Comparison) -> str:
    """Why the scores of both models cannot be held against each other, a sentence; empty when they can."""
    old, new = found.before.model, found.after.model
    if old is None or new is None:
        return ""
    if old.problem.kind != new.problem.kind:
        return "The target asks for something else now, so the scores are of different metrics; compare what is gained."
    if set(old.problem.classes) != set(new.problem.classes):
        return "The classes are not the same ones, so the scores answer different questions."
    return ""


def _scored(model: QuickResult) -> str:
    score = model.score
    reach = f" ({score.interval.low:.3f} to {score.interval.high:.3f})" if score.interval else ""
    return f"{SCORES.get(score.metric, score.metric)} {score.value:.3f}{reach}"


def _column(each: ColumnChange, *, told: bool) -> ColumnLine:
    missing = _judged(each.missing_before, each.missing_after, least=0.0, more="worse")
    power: Beside | None = None
    if told:
        old, new = (_power(value) for value in (each.power_before, each.power_after))
        known = each.power_before is not None and each.power_after is not None
        moved = _judged(each.power_before or 0.0, each.power_after or 0.0, least=LEAST, more="changed")
        power = Beside(old, new, moved if known else "changed" if old != new else "same")
    old_type, new_type = TYPES.get(each.type_before, each.type_before), TYPES.get(each.type_after, each.type_after)
    old_distinct, new_distinct = shown(each.distinct_before), shown(each.distinct_after)
    return ColumnLine(
        name=each.name,
        type=Beside(old_type, new_type, "same" if old_type == new_type else "changed"),
        missing=Beside(_share(each.missing_before), _share(each.missing_after), missing),
        distinct=Beside(old_distinct, new_distinct, "same" if old_distinct == new_distinct else "changed"),
        power=power,
    )


def _class(name: str, old: ClassReport | None, new: ClassReport | None) -> ClassLine:
    return ClassLine(
        name=name,
        recall=_shares(old.recall if old else None, new.recall if new else None),
        precision=_shares(old.precision if old else None, new.precision if new else None),
        rows=Beside(shown(old.test_rows if old else None), shown(new.test_rows if new else None)),
    )


def _shares(before: float | None, after: float | None) -> Beside:
    """Shares of which more is better; a class that one model does not know is neither."""
    if before is None or after is None:
        return Beside(_share(before), _share(after))
    return Beside(_share(before), _share(after), _judged(before, after, least=LEAST, more="better"))


def _judged(before: float, after: float, *, least: float, more: Change) -> Change:
    """What it is when a number moves; ``more`` is what it is when it grows."""
    if before == after or abs(after - before) < least:
        return "same"
    if more == "changed":
        return "changed"
    return more if after > before else "worse" if more == "better" else "better"


def _share(value: float | None) -> str:
    if value is None:
        return NONE
    return percent(value).replace("less than ", "<").replace("over ", ">") if value else "0"


def _power(value: float | None) -> str:
    return NONE if value is None else f"{value:.2f}"
