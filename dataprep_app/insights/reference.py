"""What the report looks for, and the form of its JSON, written for people and programs from the code."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pydantic import TypeAdapter

from dataprep_app.insights.compare import Comparison
from dataprep_app.insights.findings import Report
from dataprep_app.insights.rules.registry import RULES
from dataprep_app.insights.rules.rule import Rule

SCOPES = {"model": "The quick model", "target": "The target", "table": "The table", "feature": "Single columns"}


def rules_page() -> str:
    """Every rule with its thresholds and its source, as Markdown."""
    return "\n".join(_lines()) + "\n"


def json_schema() -> str:
    """JSON Schema of a report and of a comparison of two, as they are written."""
    adapter: TypeAdapter[Report | Comparison] = TypeAdapter(Report | Comparison)
    return json.dumps(adapter.json_schema(mode="serialization"), indent=1) + "\n"


def _lines() -> Iterator[str]:
    yield "# What the quality report looks for"
    yield ""
    yield f"{len(RULES)} rules with their thresholds, which can be changed (`dataprep insights --threshold`)."
    yield "Written by `make docs` from the code."
    for scope, title in SCOPES.items():
        yield from ("", f"## {title}", "", "| rule | finds | thresholds | source |", "| --- | --- | --- | --- |")
        yield from (_row(each) for each in RULES if each.scope == scope)


def _row(rule: type[Rule]) -> str:
    thresholds = "<br>".join(
        f"`{name}` {field.default:g}: {_plain(rule.field_help(name))}" for name, field in rule.model_fields.items()
    )
    cells = (f"`{rule.id}`", f"**{rule.title}**: {_plain(rule.__doc__ or '')}", thresholds, rule.source)
    return f"| {' | '.join(each.replace('|', chr(92) + '|') for each in cells)} |"


def _plain(text: str) -> str:
    return " ".join(text.split())
