"""Columns that have the same defect, said in one warning where they are many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dataprep_app.insights.findings import Finding, Fix
from dataprep_app.insights.rules.wording import dropped, listed, percent

FEW = 4
"""So many columns with the same defect have a warning each; more share one."""
SHOWN = 12
"""Columns that a shared warning gives with their numbers."""
MOST_FIXES = 12
"""The most steps that a shared warning offers."""


def together(findings: list[Finding], shared: str, noted: str) -> Iterator[Finding]:
    """The warnings of one rule, those of many columns with the same title and priority as one.

    A reader with thirty columns that lack values wants one line, the worst columns first, and one step for all of
    them; a reader with three wants to see each.

    Args:
        findings: the warnings.
        shared: what is said of many columns, with ``{n}`` and ``{columns}``; empty to leave all as they are.
        noted: the number of their evidence by which columns are ordered and that is shown with each.
    """
    alike: dict[tuple[str, str], list[Finding]] = {}
    for each in findings:
        if shared and each.column is not None:
            alike.setdefault((each.title, each.priority), []).append(each)
    said: set[tuple[str, str]] = set()
    for each in findings:
        group = alike.get((each.title, each.priority), []) if each.column is not None else []
        if len(group) <= FEW:
            yield each
        elif (each.title, each.priority) not in said:
            said.add((each.title, each.priority))
            yield _one(group, shared, noted)


def _one(group: list[Finding], shared: str, noted: str) -> Finding:
    if noted:
        group = sorted(group, key=lambda each: -float(each.evidence.get(noted, 0)))
    names = [str(each.column) for each in group]
    described = [_described(each, noted) for each in group]
    evidence: dict[str, float | int | str] = {"columns": len(group)}
    if noted:
        evidence |= {str(each.column): each.evidence[noted] for each in group[:SHOWN] if noted in each.evidence}
    return group[0].model_copy(
        update={
            "column": None,
            "text": shared.format(n=len(group), columns=listed(described, FEW)),
            "columns": tuple(str(each.column) for each in group),
            "evidence": evidence,
            "examples": tuple(names[:SHOWN]),
            "fixes": tuple(_fixes(group)[:MOST_FIXES]),
        }
    )


def _described(finding: Finding, noted: str) -> str:
    number = finding.evidence.get(noted) if noted else None
    if number is None:
        return repr(finding.column)
    if noted.endswith("share") and isinstance(number, float):
        return f"{finding.column!r} ({percent(number)})"
    return f"{finding.column!r} ({number:,})" if isinstance(number, int | float) else f"{finding.column!r} ({number})"


def _fixes(group: list[Finding]) -> list[Fix]:
    """Steps that differ in their columns only are one step; those of which each takes one column stay as they are."""
    found: dict[str, list[Fix]] = {}
    for finding in group:
        for fix in finding.fixes:
            rest = {key: value for key, value in fix.params.items() if key != "columns"}
            same = repr((fix.transform, fix.label if fix.transform != "drop_columns" else "", fix.safe, rest))
            found.setdefault(same, []).append(fix)
    joined = [_joined(each) for each in found.values()]
    return sorted(joined, key=lambda fix: -len(fix.params.get("columns", ())))


def _joined(fixes: list[Fix]) -> Fix:
    first = fixes[0]
    columns: list[Any] = list(dict.fromkeys(name for fix in fixes for name in fix.params.get("columns", ())))
    if len(columns) < 2:
        return first
    if first.transform == "drop_columns":
        return dropped(*columns, safe=first.safe)
    params = {**first.params, "columns": columns}
    return first.model_copy(update={"label": f"{first.label} ({len(columns)} columns)", "params": params})
