from __future__ import annotations

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, expect

from tests.browser.conftest import App

pytestmark = pytest.mark.browser

OURS = ("wcag2a", "wcag2aa", "best-practice")


@pytest.fixture
def grid(app: App) -> Locator:
    """The grid on the first dataset of the sample flow."""
    app.open("/flow?flow=loan_default")
    app.page.get_by_role("radio", name="Data", exact=True).click()
    found = app.page.get_by_test_id("grid")
    expect(found).to_be_visible(timeout=30_000)
    app.page.get_by_role("combobox", name="Rows of").click()
    app.page.get_by_role("option", name="loans-part-1.csv").click()
    expect(app.page.get_by_test_id("col-interest_rate")).to_be_attached(timeout=30_000)
    app.settle()
    return found


def panel(app: App) -> Locator:
    return app.page.locator(".column-facts")


def test_a_click_on_a_column_describes_it(app: App, grid: Locator) -> None:
    app.page.get_by_test_id("col-loan_status").click()
    expect(panel(app)).to_contain_text("Distinct")
    expect(app.page.get_by_test_id("col-loan_status")).to_have_attribute("aria-selected", "true")
    expect(app.page.get_by_role("button", name="Encode as 0 and 1 columns")).to_be_visible()


def test_the_keyboard_goes_along_the_columns_and_opens_the_menu(app: App, grid: Locator) -> None:
    grid.focus()
    app.page.keyboard.press("End")
    expect(app.page.get_by_test_id("col-open_credit_lines")).to_have_attribute("aria-selected", "true")
    app.page.keyboard.press("ArrowLeft")
    expect(app.page.get_by_test_id("col-dti")).to_have_attribute("aria-selected", "true")
    app.page.keyboard.press("Home")
    app.page.keyboard.press("ArrowRight")
    expect(app.page.get_by_test_id("col-loan_status")).to_have_attribute("aria-selected", "true")
    app.page.keyboard.press("Enter")
    expect(app.page.get_by_role("menuitem", name="Sort")).to_be_focused()
    app.page.keyboard.press("ArrowUp")
    expect(app.page.get_by_role("menuitem", name="Drop column")).to_be_focused()
    app.page.keyboard.press("Escape")
    expect(app.page.get_by_role("menu")).to_have_count(0)


def test_go_to_column_finds_it_by_a_part_of_its_name(app: App, grid: Locator) -> None:
    field = app.page.get_by_role("combobox", name="Go to column")
    field.fill("credit_l")
    field.press("Enter")
    expect(app.page.get_by_test_id("col-open_credit_lines")).to_be_in_viewport()
    expect(panel(app)).to_contain_text("Median")


def test_only_rows_in_sight_are_drawn_and_scrolling_draws_others(app: App, grid: Locator) -> None:
    rows = grid.locator(".row")
    assert rows.count() < 40
    grid.evaluate("each => { each.scrollTop = each.scrollHeight; }")
    expect(grid.get_by_role("rowheader", name="1,000", exact=True)).to_be_visible()
    assert rows.count() < 40


def test_a_column_is_made_wider_by_its_edge(app: App, grid: Locator) -> None:
    head = app.page.get_by_test_id("col-loan_status")
    before, edge = head.bounding_box(), app.page.get_by_test_id("resize-loan_status").bounding_box()
    assert before is not None
    assert edge is not None
    app.drag(app.page.get_by_test_id("resize-loan_status"), (edge["x"] + 84, edge["y"] + 40))
    after = head.bounding_box()
    assert after is not None
    assert after["width"] - before["width"] == pytest.approx(80, abs=6)


def test_a_right_click_on_a_cell_opens_the_menu_and_a_step_is_tried_and_discarded(app: App, grid: Locator) -> None:
    cell = grid.locator('.row [data-index="2"]').first
    value = cell.inner_text()
    cell.click(button="right")
    app.page.get_by_test_id("menu-scale").click()
    app.page.get_by_role("button", name="Preview", exact=True).click()
    expect(app.page.get_by_text("cells changed")).to_be_visible(timeout=30_000)
    expect(app.page.get_by_test_id("col-loan_amount")).to_have_class("head is-changed is-selected")
    changed = grid.locator(".cell.is-changed").first
    assert changed.get_attribute("title") == f"Was: {value}"
    app.page.get_by_role("button", name="Discard", exact=True).first.click()
    expect(grid.locator(".cell.is-changed")).to_have_count(0)
    expect(grid.locator('.row [data-index="2"]').first).to_have_text(value)


def test_a_column_that_goes_is_struck_and_others_come_in_green(app: App, grid: Locator) -> None:
    app.page.get_by_test_id("column-menu-loan_status").click()
    app.page.get_by_test_id("menu-encode").click()
    app.page.get_by_role("button", name="Preview", exact=True).click()
    expect(app.page.get_by_text("new columns, 1 column removed")).to_be_visible(timeout=30_000)
    expect(app.page.get_by_test_id("col-loan_status")).to_have_class("head is-removed is-selected")
    field = app.page.get_by_role("combobox", name="Go to column")
    field.fill("fully")
    field.press("Enter")
    expect(grid.locator(".head.is-new").first).to_be_in_viewport()


def test_many_quick_clicks_end_on_the_last_column(app: App, grid: Locator) -> None:
    grid.focus()
    for _ in range(6):
        app.page.keyboard.press("ArrowRight")
    chosen = app.page.get_by_test_id("col-purpose")
    app.page.keyboard.press("ArrowRight")
    expect(chosen).to_have_attribute("aria-selected", "true")
    expect(app.page.get_by_text("purpose", exact=True).last).to_be_visible()
    app.settle()
    expect(app.page.locator('[data-testid="stText"]', has_text="purpose")).to_be_visible()


@pytest.mark.parametrize(
    ("column", "action", "title", "filled"),
    [
        ("interest_rate", "sort", "Sort rows", "interest_rate"),
        ("interest_rate", "filter", "Filter rows", "interest_rate"),
        ("interest_rate", "rename", "Rename columns", "interest_rate"),
        ("interest_rate", "type", "Change type", "interest_rate"),
        ("interest_rate", "fill_median", "Fill with median", "interest_rate"),
        ("interest_rate", "drop", "Drop columns", "interest_rate"),
        ("loan_status", "fill", "Fill with a value", "loan_status"),
        ("loan_status", "encode", "One-hot encode", "loan_status"),
    ],
)
def test_what_the_menu_of_a_column_offers_opens_its_form_filled_in(
    app: App, grid: Locator, column: str, action: str, title: str, filled: str
) -> None:
    go_to(app, column)
    app.page.get_by_test_id(f"column-menu-{column}").click()
    app.page.get_by_test_id(f"menu-{action}").click()
    form = app.page.locator('[class*="st-key-steps_panel"]')
    expect(form.get_by_text(title, exact=True)).to_be_visible(timeout=30_000)
    app.settle()
    values = form.locator("input").evaluate_all("all => all.map((each) => each.value)")
    assert filled in f"{' '.join(values)} {form.inner_text()}"


def go_to(app: App, column: str) -> None:
    field = app.page.get_by_role("combobox", name="Go to column")
    field.fill(column)
    field.press("Enter")
    expect(app.page.get_by_test_id(f"col-{column}")).to_be_in_viewport()


def test_keys_widen_a_column_and_scroll_and_a_double_click_on_its_edge_fits_it(app: App, grid: Locator) -> None:
    head = app.page.get_by_test_id("col-loan_status")
    head.click()
    before = head.bounding_box()
    assert before is not None
    grid.focus()
    app.page.keyboard.press("Shift+ArrowRight")
    wider = head.bounding_box()
    assert wider is not None
    assert wider["width"] == pytest.approx(before["width"] + 16, abs=1)
    app.page.get_by_test_id("resize-loan_status").dblclick()
    fitting = head.bounding_box()
    assert fitting is not None
    assert fitting["width"] < before["width"]
    assert head.locator(".title b").evaluate("each => each.scrollWidth <= each.clientWidth")
    grid.focus()
    for _ in range(3):
        app.page.keyboard.press("ArrowDown")
    assert grid.evaluate("each => each.scrollTop") > 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_grid_has_no_fault_of_accessibility(app: App, grid: Locator, scheme: Literal["light", "dark"]) -> None:
    app.page.emulate_media(color_scheme=scheme)
    app.page.get_by_test_id("col-loan_amount").click()
    app.settle()
    found = Axe().run(app.page, options={"runOnly": list(OURS)}).response["violations"]
    faults = [
        f"{each['id']}: {node['target']}"
        for each in found
        for node in each["nodes"]
        if "BidiComponent" in str(node["target"])
    ]
    assert faults == []
