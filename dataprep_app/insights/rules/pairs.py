"""Rules about columns that say the same, or that should fit each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from pydantic import Field

from dataprep_app.insights.findings import Finding, Fix
from dataprep_app.insights.rules.rule import OURS, Looked, Rule
from dataprep_app.insights.rules.wording import dropped, listed, percent, rows_of
from dataprep_app.insights.sections.facts import Dependency

FEW = 2
"""So many pairs have a warning each; more share one."""


@dataclass(frozen=True)
class _Pair:
    first: str
    second: str
    value: float

    def lesser(self, looked: Looked) -> str:
        """The one to do without: it has more missing values, or says less of the target, or comes later."""

        def worth(name: str) -> tuple[int, float]:
            return -looked.features[name].summary.missing, looked.power.get(name, 0.0)

        return self.first if worth(self.first) < worth(self.second) else self.second


class DuplicateColumns(Rule):
    """A column equals an earlier one in every row."""

    id = "duplicate_columns"
    title = "Duplicate column"
    scope = "feature"
    source = f"{OURS}: equal in all rows that were looked at; columns with one value only are constant instead"
    shared = "{n} columns equal another column in every row: {columns}."

    least: int = Field(20, ge=2)
    """Rows below which nothing is said."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        if looked.sample is None or looked.sample.rows.height < self.least:
            return
        target = looked.target.name if looked.target else None
        for each in looked.inputs:
            name = each.summary.name
            earlier = [other for other in looked.signs_of(name).same_as if other != target]
            if not earlier or target in looked.signs_of(name).same_as:
                continue
            yield self.finding(
                "medium",
                f"{name!r} equals {earlier[0]!r} in every row.",
                column=name,
                examples=earlier,
                fixes=[dropped(name, safe=looked.whole)],
            )


class RenamedColumns(Rule):
    """The values of two columns go one to one."""

    id = "renamed_columns"
    title = "The same in other words"
    scope = "feature"
    source = f"{OURS}: each value of one goes with one value of the other, in all rows that were looked at"
    shared = "{n} columns say what another column says, in other words: {columns}."

    least: int = Field(50, ge=2)
    """Rows below which nothing is said."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        target = looked.target.name if looked.target else None
        for each in looked.inputs:
            name = each.summary.name
            earlier = [other for other in looked.signs_of(name).renamed if other != target]
            if not earlier or each.summary.rows < self.least:
                continue
            yield self.finding(
                "low",
                f"{name!r} says what {earlier[0]!r} says in other words: each value of one goes with one value of the "
                "other, in every row.",
                column=name,
                examples=earlier,
                fixes=[dropped(name)],
            )


class Collinear(Rule):
    """Two numbers say the same."""

    id = "collinear"
    title = "Collinear columns"
    scope = "feature"
    source = f"{OURS}: Pearson correlation beyond 0.95 either way, which is a variance inflation factor above 10"

    value: float = Field(0.95, gt=0, lt=1)
    """Absolute correlation above which it is worth a warning."""
    least: int = Field(30, ge=3)
    """Rows where both are present below which nothing is said."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        pairs = self._pairs(looked)
        if len(pairs) <= FEW:
            for pair in pairs:
                yield self.finding(
                    "low",
                    f"{pair.first!r} and {pair.second!r} say nearly the same (correlation {pair.value:.3f}): a linear "
                    "model cannot tell which of them matters.",
                    column=pair.lesser(looked),
                    evidence={"correlation": round(pair.value, 4)},
                    examples=[pair.first, pair.second],
                    fixes=[dropped(pair.lesser(looked))],
                )
            return
        columns = list(dict.fromkeys(name for pair in pairs for name in (pair.first, pair.second)))
        described = [f"{pair.first!r} and {pair.second!r} ({pair.value:.3f})" for pair in pairs]
        yield self.finding(
            "low",
            f"{len(pairs)} pairs of columns say nearly the same: {'; '.join(described[:FEW])}; and "
            f"{len(pairs) - FEW} more. A linear model cannot tell which of them matter.",
            evidence={"pairs": len(pairs), "columns": len(columns)},
            examples=columns,
            fixes=[
                Fix(
                    label="Keep one of each",
                    transform="select_correlated",
                    params={"columns": columns, "threshold": self.value},
                )
            ],
        )

    def _pairs(self, looked: Looked) -> list[_Pair]:
        inputs = {each.summary.name: each.summary for each in looked.inputs}
        matrices = looked.associations.matrices if looked.associations else ()
        found = [
            (first, second, value)
            for matrix in matrices
            if matrix.measure == "pearson"
            for i, (first, values) in enumerate(zip(matrix.columns, matrix.values, strict=True))
            for second, value in zip(matrix.columns[i + 1 :], values[i + 1 :], strict=True)
            if value is not None and abs(value) > self.value and {first, second} <= set(inputs)
        ]
        return [
            _Pair(first, second, value)
            for first, second, value in sorted(found, key=lambda each: -abs(each[2]))
            if min(inputs[first].present, inputs[second].present) >= self.least
            and first not in looked.signs_of(second).same_as
            and second not in looked.signs_of(first).same_as
        ]


class MissingTogether(Rule):
    """Columns are missing in the same rows."""

    id = "missing_together"
    title = "Columns missing together"
    scope = "table"
    source = f"{OURS}: correlation of being missing (phi) from 0.9 on"
    shared = "{n} groups of columns are missing in the same rows each, such as those with {columns}."
    noted = "rows"

    correlation: float = Field(0.9, gt=0, le=1)
    """Correlation from which two columns are missing together."""
    share: float = Field(0.01, gt=0, le=1)
    """Share of the rows where both are missing, from which it is worth a warning."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        if looked.missing is None:
            return
        least = self.share * (looked.sample.rows.height if looked.sample else looked.table.rows)
        pairs = [
            each for each in looked.missing.together if each.correlation >= self.correlation and each.rows >= least
        ]
        for names in _connected([(each.first, each.second) for each in pairs]):
            rows = max(each.rows for each in pairs if each.first in names)
            of = "" if looked.sample is None or looked.whole else f" of {looked.sample.rows.height:,} looked at"
            yield self.finding(
                "low",
                f"{listed([repr(name) for name in names], 5)} are missing in the same {rows_of(rows)}{of}: perhaps "
                "they come from one source that was not there, or do not apply.",
                column=names[0],
                evidence={"columns": len(names), "rows": rows},
                examples=names,
                fixes=[
                    Fix(
                        label="Add one column that says so",
                        transform="add_missing_indicator",
                        params={"columns": [names[0]]},
                    )
                ],
            )


def _connected(pairs: list[tuple[str, str]]) -> list[list[str]]:
    """Names that are joined by pairs, directly or by others, in the order in which they come."""
    groups: list[list[str]] = []
    for first, second in pairs:
        mine = [group for group in groups if first in group or second in group]
        merged = list(dict.fromkeys([name for group in mine for name in group] + [first, second]))
        groups = [group for group in groups if group not in mine] + [merged]
    return groups


class BrokenDependency(Rule):
    """Some rows break what holds for nearly all others."""

    id = "broken_dependency"
    title = "Rows that break a rule"
    scope = "table"
    source = f"{OURS}: approximate functional dependencies (Huhtala et al. 1999, TANE), orders, equalities and sums"

    holds: float = Field(0.99, gt=0.5, lt=1)
    """Share of the rows that could break it and do not, from which it is a rule."""
    least: int = Field(20, ge=2)
    """Rows that could break it, below which nothing is said."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        for each in looked.dependencies.found if looked.dependencies else ():
            if not self.holds <= each.holds < 1 or each.rows < self.least or not each.broken:
                continue
            yield self.finding(
                "medium",
                f"{_said(each)} in {percent(each.holds)} of {each.rows:,} rows; {rows_of(each.broken)} "
                f"{'breaks' if each.broken == 1 else 'break'} it.",
                column=each.dependent,
                evidence={"holds": round(each.holds, 4), "broken": each.broken, "rows": each.rows},
                examples=[
                    ", ".join(f"{name} = {value}" for name, value in row.values.items()) for row in each.examples[:3]
                ],
                fixes=_marked(each),
            )


def _said(dependency: Dependency) -> str:
    of = listed([repr(name) for name in dependency.determinant], 4)
    match dependency.kind:
        case "decides":
            return f"{of} {'decides' if len(dependency.determinant) == 1 else 'decide'} {dependency.dependent!r}"
        case "at_most":
            return f"{of} is at most {dependency.dependent!r}"
        case "equals":
            return f"{of} equals {dependency.dependent!r}"
        case "sum":
            return f"{dependency.dependent!r} is the sum of {of}"
        case _:
            assert_never(dependency.kind)


def _marked(dependency: Dependency) -> list[Fix]:
    op = {"at_most": "more", "equals": "not_equals"}.get(dependency.kind)
    if op is None or len(dependency.determinant) != 1:
        return []
    condition = {"column": dependency.determinant[0], "op": op, "other": dependency.dependent}
    return [
        Fix(label="Mark these rows", transform="flag_rows", params={"condition": condition, "output": "breaks_rule"})
    ]


RULES = (DuplicateColumns, RenamedColumns, Collinear, MissingTogether, BrokenDependency)
