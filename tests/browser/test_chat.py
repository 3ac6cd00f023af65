from __future__ import annotations

import pytest

from tests.browser.conftest import App

pytestmark = pytest.mark.browser

BOX = '[class*="st-key-chat_box"]'


def test_a_request_is_previewed_added_and_taken_back(app: App) -> None:
    page = app.open("/flow?flow=loan_default&view=data").page
    if not page.locator(BOX).count():
        pytest.skip("The view does not show the chat.")
    box = page.locator(BOX)
    box.locator("summary").click()
    app.settle()
    box.locator("textarea").fill('replace "charged off" and "current" in loan_status with "default"')
    box.locator("textarea").press("Enter")
    app.settle()
    box.get_by_text("Find and replace").first.wait_for()
    box.get_by_role("button", name="Dismiss").click()
    app.settle()
    box.get_by_text("Dismissed.").wait_for()
    box.locator("textarea").fill("how many rows are there")
    box.locator("textarea").press("Enter")
    app.settle()
    box.get_by_text("The number of rows is").wait_for()
