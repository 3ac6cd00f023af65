"""A report as one HTML page that needs nothing else: no script, no font, no picture from anywhere."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader

from dataprep_app.insights.findings import Finding, Report
from dataprep_app.insights.rules.registry import RULES
from dataprep_app.insights.rules.rule import percent

ENVIRONMENT = Environment(
    loader=PackageLoader("dataprep_app.insights"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
ENVIRONMENT.filters["percent"] = percent
ENVIRONMENT.filters["count"] = lambda number: f"{number:,}"
ENVIRONMENT.filters["short"] = lambda number: shown(number)


def as_html(report: Report) -> str:
    """The page."""
    rules = {each.id: each for each in RULES}
    return ENVIRONMENT.get_template("report.html").render(
        report=report, model=report.model, source=lambda finding: rules[finding.rule].source, anchor=_anchor
    )


def shown(value: object) -> str:
    """A value for people: thousands apart, no more digits than they read."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1_000 or value == int(value) else f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _anchor(finding: Finding) -> str:
    return f"{finding.rule}-{finding.column or 'table'}"
