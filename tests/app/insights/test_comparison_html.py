"""The page of a comparison: whole, escaped, and in need of nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dataprep_app.cli import main
from dataprep_app.insights.compare import Comparison, RowsGone, compared
from dataprep_app.insights.comparison_html import comparison_as_html, comparison_contents
from dataprep_app.insights.findings import Report
from dataprep_app.insights.sections.facts import ExampleRow
from dataprep_app.sample import write_sample
from tests.app.insights.made_up import Kind, made_up, poisoned, without_sections
from tests.app.insights.test_html import KINDS, POISON, Seen


def changed(report: Report) -> Report:
    """The report of a later table: a warning less, a column more, one less, one without what was missing."""
    first, *others = report.features
    more = first.model_copy(update={"name": f"{first.name} new"})
    filled = [each.model_copy(update={"missing": 0}) for each in others]
    update = {"features": (more, *filled), "findings": report.findings[1:], "subject": f"{report.subject} later"}
    return report.model_copy(update=update)


def comparison(report: Report) -> Comparison:
    rows = (
        ExampleRow(values={"id": "7", "grade": None}, marked=("grade",)),
        ExampleRow(values={"id": "9", "purpose": "car"}),
    )
    return compared(report, changed(report), RowsGone(key="id", rows=12, added=1, examples=rows, with_missing=5))


def text_of(page: str) -> str:
    return " ".join(" ".join(Seen(page).text).split())


@pytest.mark.parametrize("kind", KINDS)
def test_page_has_every_section_and_its_contents_lead_there(kind: Kind | None) -> None:
    found = comparison(made_up(kind))
    seen = Seen(comparison_as_html(found))
    assert not seen.open
    assert len(seen.ids) == len(set(seen.ids))
    assert {each.removeprefix("#") for each in seen.links} <= set(seen.ids)
    anchors = {each.anchor for each in comparison_contents(found)}
    assert anchors == set(seen.ids)
    assert ("models" in anchors) == (kind is not None)
    assert "None" not in " ".join(seen.text)


def test_page_says_what_became_of_it() -> None:
    text = text_of(comparison_as_html(comparison(made_up("binary"))))
    for said in (
        "Warnings gone 1 New warnings 0 Warnings that remain 3",
        "The quick-model score went from 0.46 to 0.46", "Low quick-model score", "6.3 % → 0 better",
        "interest_rate new", "12 rows are gone and 1 is new, told by 'id'. 5 of those that are gone had", "missing",
        "Warnings, high 1 0 better", "Missing cells 3.9 % 3.9 % the same", "AUC 0.730 (0.710 to 0.750)",
    ):  # fmt: skip
        assert said in text, said


def test_page_of_reports_without_models_says_why() -> None:
    found = compared(made_up("binary"), without_sections("binary"))
    text = text_of(comparison_as_html(found))
    assert "There are only 12 rows to learn from." in text
    assert "Rows gone" not in text


def test_page_of_the_same_report_twice_says_that_nothing_changed() -> None:
    report = made_up("regression")
    text = text_of(comparison_as_html(compared(report, report)))
    for said in (
        "No warning is gone.",
        "No warning is new.",
        "The columns are the same ones, and none of them changed.",
    ):
        assert said in text


@pytest.mark.parametrize("kind", KINDS)
def test_names_and_values_are_text_wherever_they_stand(kind: Kind | None) -> None:
    plain = Seen(comparison_as_html(comparison(made_up(kind))))
    page = comparison_as_html(comparison(poisoned(made_up(kind), POISON)))
    seen = Seen(page)
    assert seen.names == plain.names
    assert "script" not in seen.names
    assert not seen.open
    assert page.count("&lt;script&gt;") > 20


@pytest.mark.parametrize("kind", KINDS)
def test_page_needs_nothing_from_anywhere(kind: Kind | None) -> None:
    page = comparison_as_html(comparison(made_up(kind)))
    assert not re.search(r'(src|href)\s*=\s*"(?!#)', page)
    assert not re.search(r"url\(|@import|<script|<link|<iframe|https?:", page)


def test_command_writes_the_page_of_a_comparison(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flow, page = write_sample(tmp_path, rows=300), tmp_path / "both.html"
    assert main(["insights", f"{flow}:unique", "--compare", f"{flow}:complete", "-o", str(page)]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"Rows gone: \d+, new: 0", printed)
    assert "told by &#39;id&#39;" in page.read_text(encoding="utf-8")
