from __future__ import annotations

import pytest
from playwright.sync_api import expect

from flows.document import Flow
from flows.files import load
from tests.browser.conftest import App

pytestmark = pytest.mark.browser


def flow(app: App) -> Flow:
    return load(app.server.workspace / "loan_default.flow.json")


@pytest.fixture
def data(app: App) -> App:
    """The rows of the first dataset of the sample flow."""
    app.open("/flow?flow=loan_default")
    app.page.get_by_role("radio", name="Data", exact=True).click()
    expect(app.page.get_by_role("button", name="Add step")).to_be_visible(timeout=60_000)
    app.page.get_by_role("combobox", name="Rows of").click()
    app.page.get_by_role("option", name="Drop rows with missing values (complete)").click()
    app.settle()
    return app


def test_a_step_is_found_tried_added_and_undone(data: App) -> None:
    page, before = data.page, flow(data)
    data.settle()
    page.keyboard.press("Control+k")
    page.get_by_role("searchbox", name="Search").or_(page.get_by_placeholder("Search: fill")).first.fill("drop columns")
    page.get_by_role("button", name="Drop columns", exact=True).click()
    page.get_by_role("combobox", name="Columns").click()
    page.get_by_role("option", name="loan_amount").first.click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Preview", exact=True).click()
    expect(page.get_by_role("button", name="Discard")).to_be_visible(timeout=30_000)
    assert flow(data) == before
    data.settle()
    page.locator('[class*="st-key-step"]').get_by_role("button", name="Add", exact=True).last.click()
    expect(page.get_by_role("button", name="Add step")).to_be_visible(timeout=30_000)
    data.settle()
    assert flow(data).steps["drop_columns"].params["columns"] == ["loan_amount"]
    page.get_by_role("button", name="Undo").click()
    data.settle()
    assert flow(data).steps == before.steps


def test_the_menu_of_a_step_switches_it_off_and_on(data: App) -> None:
    page = data.page
    for word, off in (("Disable", True), ("Enable", False)):
        page.locator('[class*="st-key-step_menu-loan_default-unique"] button').click()
        page.get_by_text(word, exact=True).click()
        data.settle()
        expect(page.get_by_text("(off)")).to_have_count(int(off), timeout=30_000)
        assert flow(data).steps["unique"].disabled is off


def test_what_a_preview_changes_is_brought_into_sight(data: App) -> None:
    page, changed = data.page, data.page.get_by_test_id("col-employer_title")
    page.keyboard.press("Control+k")
    page.get_by_role("searchbox", name="Search").or_(page.get_by_placeholder("Search: fill")).first.fill("change case")
    page.get_by_role("button", name="Change case", exact=True).click()
    page.get_by_role("combobox", name="Columns").click()
    page.get_by_role("option", name="employer_title").first.click()
    page.keyboard.press("Escape")
    expect(changed).to_have_count(0)
    page.get_by_role("button", name="Preview", exact=True).click()
    expect(page.get_by_role("button", name="Discard")).to_be_visible(timeout=30_000)
    expect(changed).to_be_in_viewport(timeout=30_000)
