from __future__ import annotations

import pytest
from playwright.sync_api import expect

from flows.files import load, save
from tests.browser.conftest import App

pytestmark = pytest.mark.browser

BOX = '[class*="st-key-chat_box"]'


def test_a_request_is_previewed_added_and_taken_back(app: App) -> None:
    space = app.server.workspace
    whole = load(space / "loan_default.flow.json")
    joined = {"joined": whole.steps["joined"]}
    save(whole.model_copy(update={"steps": joined, "destinations": {}}), space / "to_chat.flow.json")
    page = app.open("/flow?flow=to_chat&view=data").page
    box = page.locator(BOX)
    box.locator("summary").click()
    app.settle()

    def say(text: str) -> None:
        box.locator("textarea").fill(text)
        box.locator("textarea").press("Enter")
        app.settle()

    say('replace "charged off" and "current" in loan_status with "default"')
    expect(box.get_by_text("Find and replace").first).to_be_visible(timeout=30_000)
    box.get_by_role("button", name="Dismiss").click()
    expect(box.get_by_text("Dismissed.")).to_be_visible(timeout=30_000)
    assert list(load(space / "to_chat.flow.json").steps) == ["joined"]

    say("how many rows are there")
    expect(box.get_by_text("The number of rows is")).to_be_visible(timeout=30_000)

    say("drop interest_rate")
    box.get_by_role("button", name="Add to steps").click()
    expect(page.get_by_role("button", name="Undo")).to_be_enabled(timeout=30_000)
    app.settle()
    assert list(load(space / "to_chat.flow.json").steps) == ["joined", "drop_columns"]
    page.get_by_role("button", name="Undo").click()
    app.settle()
    expect(page.get_by_role("button", name="Redo")).to_be_enabled(timeout=30_000)
    assert list(load(space / "to_chat.flow.json").steps) == ["joined"]
