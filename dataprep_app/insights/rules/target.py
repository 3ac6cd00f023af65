"""Rules about the column to predict."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from dataprep_app.insights.findings import Finding, Fix
from dataprep_app.insights.rules.rule import ANCHOR, OURS, Looked, Rule
from dataprep_app.insights.rules.wording import listed, percent, quoted, rows_of
from transforms.core.dtypes import type_name

NUMBERS = 20
"""Different numbers of a target above which classes are not what was meant."""


def meant_as_number(looked: Looked) -> bool:
    """Whether a target of numbers is predicted as classes, one for each, so that near is as wrong as far."""
    target = looked.target
    if target is None or target.kind != "multiclass" or len(target.classes) <= NUMBERS:
        return False
    return type_name(looked.schema[target.name]) in ("integer", "number")


class MissingTarget(Rule):
    """Rows have no target."""

    id = "missing_target"
    title = "Missing target"
    scope = "target"
    source = OURS

    def look(self, looked: Looked) -> Iterator[Finding]:
        if looked.target is None or not looked.target.missing:
            return
        name, rows = looked.target.name, looked.target.missing
        yield self.finding(
            "high" if rows > 0.05 * looked.table.rows else "medium",
            f"{rows_of(rows)} {'has' if rows == 1 else 'have'} no {name!r}: a model can neither learn from such rows "
            "nor be judged by them.",
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

    def look(self, looked: Looked) -> Iterator[Finding]:
        target = looked.target
        if target is None or not target.classes or len(target.classes) > 100:
            return
        least = self.binary if target.kind == "binary" else self.multiclass
        small = [each for each in target.classes if each.rows < least]
        if not small or meant_as_number(looked):
            return
        shown = listed([f"{quoted(each.name)} ({each.rows:,})" for each in small])
        many = f" That is {len(small):,} of {len(target.classes):,} classes." if len(small) > 3 else ""
        left = len(target.classes) - len(small)
        yield self.finding(
            "high",
            f"There are too few rows of {shown} to learn from or to judge by.{many}",
            column=target.name,
            evidence={each.name: each.rows for each in small[:5]},
            fixes=[
                *([_together(target.name, least)] if len(small) > 1 else []),
                *([_without(target.name, [each.name for each in small])] if left > 1 else []),
            ],
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

    def look(self, looked: Looked) -> Iterator[Finding]:
        target = looked.target
        if target is None or len(target.classes) < 2 or len(target.classes) > 100:
            return
        largest = target.classes[0].rows
        rare = [each for each in target.classes if each.rows < self.share * largest]
        if not rare or meant_as_number(looked):
            return
        if target.kind == "multiclass" and rare[0].rows < FewOfClass().multiclass:
            return  # all of them are too small to be balanced, which is said of them
        shown = ", ".join(f"{each.name!r} ({percent(each.rows / looked.table.rows)})" for each in rare[:3])
        yield self.finding(
            "high" if rare[-1].rows < self.severe * largest else "medium",
            f"Most rows are {target.classes[0].name!r}; rare are {shown}. A model that never predicts them looks good.",
            column=target.name,
            evidence={each.name: each.rows for each in target.classes[:6]},
            fixes=[balanced(looked)],
        )


class NumbersAsClasses(Rule):
    """A number is predicted as classes."""

    id = "numbers_as_classes"
    title = "Numbers predicted as classes"
    scope = "target"
    source = f"{OURS}: more than 20 different numbers are an amount more often than names of classes"

    def look(self, looked: Looked) -> Iterator[Finding]:
        target = looked.target
        if target is None or not meant_as_number(looked):
            return
        yield self.finding(
            "high",
            f"{target.name!r} holds {len(target.classes):,} different numbers, and each is predicted as a class of its "
            "own: a prediction that is near counts as wrong as one that is far. Choose regression as the kind of "
            "problem to predict the number, or put the numbers into a few ranges.",
            column=target.name,
            evidence={"classes": len(target.classes)},
            fixes=[
                Fix(
                    label="Put them into 5 ranges",
                    transform="bin_equal_frequency",
                    params={"columns": [target.name], "bins": 5},
                )
            ],
        )


class TooManyClasses(Rule):
    """The target has very many classes."""

    id = "too_many_classes"
    title = "Too many classes"
    scope = "target"
    source = f"{OURS}; {ANCHOR} warns above 100, which is more than a model is built for here"

    classes: int = Field(50, ge=2)
    """Classes above which it is worth a warning."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        target = looked.target
        if target is None or len(target.classes) <= self.classes or meant_as_number(looked):
            return
        yield self.finding(
            "medium",
            f"{target.name!r} has {len(target.classes):,} classes, so each has few rows to learn from.",
            column=target.name,
            evidence={"classes": len(target.classes)},
            fixes=[
                Fix(
                    label="Put the rarest classes together",
                    transform="group_rare_categories",
                    params={"columns": [target.name], "min_share": 0, "max_categories": self.classes - 1},
                )
            ],
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


def _together(column: str, least: int) -> Fix:
    return Fix(
        label="Put them together as 'Other'",
        transform="group_rare_categories",
        params={"columns": [column], "min_count": least, "min_share": 0},
    )


def _without(column: str, classes: list[str]) -> Fix:
    return Fix(
        label="Leave these rows out",
        transform="filter_rows",
        params={"condition": {"not": {"column": column, "op": "is_in", "value": classes}}},
    )


RULES = (MissingTarget, NumbersAsClasses, FewOfClass, Imbalanced, TooManyClasses)
