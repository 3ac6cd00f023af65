"""Warnings as they are read: the numbers they were decided by, the columns they are about, what mends them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dataprep_app.insights.drawing.text import cut, shown
from dataprep_app.insights.findings import Finding, Fix, Report
from dataprep_app.insights.rules.registry import RULES
from dataprep_app.insights.rules.rule import Rule, percent

KNOWN: Mapping[str, type[Rule]] = {each.id: each for each in RULES}
COLUMNS = "columns"
"""Number of a warning, and parameter of a step, that tells that they are about several columns."""

OF_DATA = frozenset({"drift", "few_of_class", "imbalanced"})
"""Rules whose numbers go by names of columns or classes, which are shown as they are."""
LABELS = {"base": "Without a model", "normalised": "Gained of what there is to gain"}
"""Names of numbers that do not speak for themselves."""


def source_of(finding: Finding) -> str:
    """Where the method of a warning comes from; empty for a rule that is no more."""
    return KNOWN[finding.rule].source if finding.rule in KNOWN else ""


def evidence_of(finding: Finding) -> list[tuple[str, str]]:
    """The numbers a warning was decided by, with what they are of."""
    noted = KNOWN[finding.rule].noted if finding.rule in KNOWN else ""
    shared = finding.column is None and COLUMNS in finding.evidence and noted
    found = []
    for name, value in finding.evidence.items():
        of_a_column = shared and name != COLUMNS
        named = of_a_column or finding.rule in OF_DATA
        label = cut(name) if named else LABELS.get(name, name.replace("_", " ").capitalize())
        found.append((label, _number(noted if of_a_column else name, value)))
    return found


def columns_of(finding: Finding, report: Report) -> tuple[str, ...]:
    """The columns that a warning is about: one, or those that share the warning."""
    if finding.column is not None or finding.columns:
        return finding.columns or (str(finding.column),)
    if COLUMNS not in finding.evidence:
        return ()
    known = {each.name for each in report.features}
    names = [*finding.examples, *(name for fix in finding.fixes for name in _taken(fix))]
    return tuple(dict.fromkeys(name for name in names if name in known))


def warned(report: Report) -> Mapping[str, tuple[Finding, ...]]:
    """The warnings of each column that has some."""
    found: dict[str, list[Finding]] = {}
    for each in report.findings:
        for name in columns_of(each, report):
            found.setdefault(name, []).append(each)
    return {name: tuple(those) for name, those in found.items()}


def safe_fixes(findings: Iterable[Finding]) -> list[Fix]:
    """The steps that lose nothing, ready to be taken one after the other.

    Of each warning the first; none twice; steps that differ in their columns only are one, and a column that is
    dropped is not mended before: the drop comes last, and no other step takes the column.
    """
    chosen = [fix for each in findings if (fix := next((one for one in each.fixes if one.safe), None))]
    dropped = {name for fix in chosen if fix.transform == "drop_columns" for name in _taken(fix)}
    merged: dict[str, Fix] = {}
    for fix in chosen:
        names = [name for name in _taken(fix) if fix.transform == "drop_columns" or name not in dropped]
        if not names and any(_taken(fix)):
            continue
        rest = {key: value for key, value in fix.params.items() if key != COLUMNS}
        key = repr((fix.transform, sorted(rest.items())))
        merged[key] = _with(merged[key], names) if key in merged else _only(fix, names)
    return sorted(merged.values(), key=lambda each: each.transform == "drop_columns")


def _taken(fix: Fix) -> Iterator[str]:
    taken = fix.params.get(COLUMNS, ())
    return iter(taken if isinstance(taken, list | tuple) else ())


def _only(fix: Fix, names: list[str]) -> Fix:
    return fix if COLUMNS not in fix.params else fix.model_copy(update={"params": {**fix.params, COLUMNS: names}})


def _with(fix: Fix, names: list[str]) -> Fix:
    if COLUMNS not in fix.params:
        return fix
    both: dict[str, Any] = {**fix.params, COLUMNS: list(dict.fromkeys([*_taken(fix), *names]))}
    return fix.model_copy(update={"params": both})


def said(fix: Fix) -> str:
    """What a step does and to which columns."""
    names = [cut(name, 40) for name in _taken(fix)]
    label = "Drop" if fix.transform == "drop_columns" else fix.label
    return f"{label}: {', '.join(names)}" if names else fix.label


def _number(name: str, value: float | int | str) -> str:
    if isinstance(value, str | bool):
        return cut(str(value))
    if (name == "share" or name.endswith("_share")) and 0 <= value <= 1:
        return percent(value)
    return shown(value)
