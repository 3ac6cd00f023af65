"""A report as one HTML page that needs nothing else: no script, no font, no picture from anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup, escape

from dataprep_app.insights import words
from dataprep_app.insights.drawing import charts
from dataprep_app.insights.drawing.heat import heat_map
from dataprep_app.insights.drawing.rows import row_table
from dataprep_app.insights.drawing.text import count, cut, moment, rounded, shown
from dataprep_app.insights.drawing.tiles import facts, tiles, types_said
from dataprep_app.insights.drawing.warnings import KNOWN, columns_of, evidence_of, source_of, warned
from dataprep_app.insights.findings import PRIORITIES, Report
from dataprep_app.insights.rules.rule import percent

ENVIRONMENT = Environment(
    loader=PackageLoader("dataprep_app.insights"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
ENVIRONMENT.filters |= {
    "percent": percent,
    "count": lambda number: f"{number:,}",
    "short": shown,
    "cut": cut,
    "name": lambda name: escape(cut(name)).replace("_", Markup("_<wbr>")),  # a long name breaks between its words
    "rounded": rounded,
    "many": count,
}
ENVIRONMENT.globals |= {
    "charts": charts,
    "heat_map": heat_map,
    "row_table": row_table,
    "evidence_of": evidence_of,
    "source": source_of,
    "rules": KNOWN,
    "made_at": lambda report: moment(report.made_at),
    "in_words": lambda name: name.replace("_", " "),
    "facts": facts,
    "words": words,
    "priorities": PRIORITIES,
}


@dataclass(frozen=True)
class Entry:
    """A line of the table of contents."""

    anchor: str
    title: str
    count: int | None = None


def as_html(report: Report) -> str:
    """The page."""
    places = {id(each): f"warning-{place}" for place, each in enumerate(report.findings)}
    columns = {each.name: f"column-{place}" for place, each in enumerate(report.features)}
    if report.target is not None:
        columns[report.target.name] = "target"
    return ENVIRONMENT.get_template("report.html").render(
        report=report,
        model=report.model,
        contents=contents(report),
        tiles=tiles(report),
        types=types_said(report),
        cards={each.name: each for each in report.cards},
        warned=warned(report),
        columns_of=lambda finding: columns_of(finding, report),
        anchor=lambda finding: places[id(finding)],
        place_of=columns.get,
    )


def contents(report: Report) -> tuple[Entry, ...]:
    """The sections that the page has."""
    sections: tuple[tuple[str, str, Any, int | None], ...] = (
        ("warnings", "Warnings", True, len(report.findings)),
        ("target", "Target", report.target, None),
        ("model", "Quick model", report.model or report.model_problem, None),
        ("columns", "Columns", True, len(report.features)),
        ("together", "Columns together", report.associations, None),
        ("missing", "Missing values", report.missing, None),
        ("duplicates", "Duplicate rows", report.duplicates, None),
        ("unusual", "Unusual rows", report.anomalies, None),
        ("dependencies", "Broken dependencies", report.dependencies, None),
        ("drift", "Change over the rows", report.drift, None),
        ("words", "What the words mean", True, None),
    )
    return tuple(Entry(anchor, title, number) for anchor, title, there, number in sections if there)
