"""Steps become one on the canvas, are looked at, taken apart, and put together again by undoing that."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from flows.files import load
from tests.browser.canvas import Canvas
from tests.browser.conftest import App

pytestmark = pytest.mark.browser


def test_two_steps_become_a_recipe_and_are_taken_apart(app: App) -> None:
    sample = load(app.server.workspace / "loan_default.flow.json")
    canvas, page = Canvas(app, "recipes_group", sample), app.page
    canvas.node("unique").click()
    canvas.node("complete").click(modifiers=["Shift"])
    page.get_by_role("button", name="Save as recipe").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Drop duplicate rows: id")).to_be_visible(timeout=30_000)
    dialog.get_by_role("textbox", name="Name").fill("Clean rows")
    dialog.get_by_role("textbox", name="Name").press("Tab")
    app.settle()
    dialog.get_by_role("button", name="Save", exact=True).click()
    canvas.until(lambda flow: "clean_rows" in flow.steps)
    assert canvas.flow.steps["income"].inputs == ("clean_rows",)
    expect(dialog).to_have_count(0)

    node = canvas.node("clean_rows")
    expect(node).to_have_class(re.compile("node-recipe.*is-selected"))
    expect(node.locator(".text")).to_have_text("Clean rows2 steps")
    expect(page.get_by_test_id("grid")).to_be_visible(timeout=60_000)
    expect(page.get_by_text(re.compile(r"The first 50 of 1,\d+ rows"))).to_be_visible()

    page.get_by_role("button", name="Steps", exact=True).click()
    expect(dialog.get_by_role("listitem").nth(1)).to_contain_text("Drop rows with missing values", timeout=30_000)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    app.settle()

    page.get_by_role("button", name="Ungroup").click()
    canvas.until(lambda flow: flow.steps == sample.steps)
    expect(canvas.node("unique")).to_have_class(re.compile("is-selected"))
    expect(canvas.node("complete")).to_have_class(re.compile("is-selected"))
    page.get_by_role("button", name="Undo").click()
    canvas.until(lambda flow: "clean_rows" in flow.steps)
    page.get_by_role("button", name="Undo").click()
    canvas.until(lambda flow: flow == sample)
