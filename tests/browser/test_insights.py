from __future__ import annotations

import re
import shutil

import pytest
from playwright.sync_api import Page, expect

from flows.files import load
from tests.browser.conftest import App

pytestmark = pytest.mark.browser

SLOW = 120_000
"""Milliseconds that a job may take on a busy machine."""


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=re.compile(rf"^{option}( ·|$)")).click()


def test_a_report_leads_to_the_step_that_mends_and_a_comparison_says_what_is_gone(app: App) -> None:
    space = app.server.workspace
    shutil.copy(space / "loan_default.flow.json", space / "looked_at.flow.json")
    app.open("/flow?flow=looked_at&view=insights")
    page = app.page
    expect(page.get_by_role("button", name="Make report")).to_be_visible(timeout=60_000)
    choose(page, "Report on", "joined")
    app.settle()
    choose(page, "Target", "loan_status")
    app.settle()
    page.get_by_role("button", name="Make report").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("button", name="Download as page")).to_be_visible(timeout=SLOW)
    app.settle()
    expect(page.get_by_text("Very low quick-model score")).to_be_visible()
    expect(page.get_by_text("Weak minority classes")).to_be_visible()

    page.get_by_role("button", name=re.compile("SMOTE")).first.click()
    expect(page.get_by_role("button", name="Preview", exact=True)).to_be_visible(timeout=30_000)
    app.settle()
    expect(page.get_by_role("combobox", name="Target")).to_have_value(re.compile("loan_status"))
    assert load(space / "looked_at.flow.json") == load(space / "loan_default.flow.json"), "nothing is added unasked"

    page.get_by_role("radio", name="Insights").click()
    expect(page.get_by_role("button", name="Make report")).to_be_visible(timeout=30_000)
    choose(page, "Compare with", "balanced")
    app.settle()
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_role("radio", name="Rows gone")).to_be_visible(timeout=SLOW)
    app.settle()
    expect(page.get_by_text(re.compile(r"^Warnings: \d+ gone"))).to_be_visible()
    gone = page.get_by_role("radio", name=re.compile(r"^Gone [1-9]"))
    expect(gone).to_be_checked()
    expect(page.get_by_text("better").first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as page").click()
    assert "<h2>Warnings gone</h2>" in download.value.path().read_text(encoding="utf-8")
