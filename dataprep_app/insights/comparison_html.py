"""Two reports side by side as one HTML page that needs nothing else."""

from __future__ import annotations

from dataprep_app.insights.compare import Comparison
from dataprep_app.insights.drawing import compared
from dataprep_app.insights.drawing.warnings import columns_of
from dataprep_app.insights.findings import Finding
from dataprep_app.insights.html import ENVIRONMENT, Entry
from dataprep_app.insights.words import TERMS

USED = ("priority", "missing", "duplicates", "power", "quick_model", "score", "interval", "precision", "recall")
"""Words of the page that are told of at its end."""


def comparison_as_html(found: Comparison) -> str:
    """The page."""
    return ENVIRONMENT.get_template("comparison.html").render(
        found=found,
        compared=compared,
        contents=comparison_contents(found),
        figures=compared.figure_lines(found),
        columns=compared.column_lines(found),
        model_lines=compared.model_lines(found),
        classes=compared.class_lines(found),
        terms=[TERMS[each] for each in USED],
        columns_of=lambda finding: _columns_of(finding, found),
        place_of=lambda _name: None,
    )


def comparison_contents(found: Comparison) -> tuple[Entry, ...]:
    """The sections that the page has."""
    lists = tuple(Entry(name, title, len(getattr(found, name))) for name, (title, _) in compared.LISTS.items())
    models = (Entry("models", "Quick models"),) if found.before.model or found.after.model else ()
    gone = (Entry("rows", "Rows gone", found.gone.rows),) if found.gone else ()
    columns = Entry("columns", "Columns", _columns(found))
    return (
        Entry("figures", "Numbers"),
        *lists,
        columns,
        *models,
        *gone,
        Entry("words", "What the words mean"),
    )


def _columns(found: Comparison) -> int:
    return len(found.columns_added) + len(found.columns_removed) + len(found.columns_changed)


def _columns_of(finding: Finding, found: Comparison) -> tuple[str, ...]:
    """The columns of a warning, of whichever report it is."""
    report = found.before if finding in found.solved else found.after
    return () if finding.column is not None else columns_of(finding, report)
