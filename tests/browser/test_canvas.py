from __future__ import annotations

import re
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from dataprep_app.ui.parts import graph
from tests.browser.canvas import Canvas, chain, small
from tests.browser.conftest import App

pytestmark = pytest.mark.browser

FRAMES = """() => new Promise((done) => {
  let frames = 0;
  const begin = performance.now();
  const count = () => {
    frames += 1;
    const passed = performance.now() - begin;
    if (passed < 1000) requestAnimationFrame(count);
    else done(1000 * frames / passed);
  };
  requestAnimationFrame(count);
})"""
SERIOUS = ("serious", "critical")


def test_nodes_are_selected_singly_in_a_frame_and_all_at_once(app: App) -> None:
    canvas = Canvas(app, "canvas_select", small())
    page = app.page
    canvas.node("unique").click()
    expect(page.get_by_text("unique · id")).to_be_visible()
    expect(page.get_by_role("button", name="Open data")).to_be_visible()
    expect(page.get_by_test_id("grid")).to_be_visible(timeout=30_000)
    expect(page.get_by_test_id("col-loan_status")).to_be_attached()
    canvas.node("trimmed").click(modifiers=["Shift"])
    expect(page.get_by_text("2 nodes selected")).to_be_visible()
    canvas.press("Escape")
    expect(page.get_by_text("Select a node to see its first rows")).to_be_visible()

    stage, first, second = (
        canvas.box(canvas.stage),
        canvas.box(canvas.node("unique")),
        canvas.box(canvas.node("trimmed")),
    )
    page.keyboard.down("Shift")
    page.mouse.move(first["x"] - 15, stage["y"] + 5)
    page.mouse.down()
    page.mouse.move(second["x"] + 20, second["y"] + 20, steps=8)
    expect(canvas.stage.locator(".frame")).to_be_visible()
    page.mouse.up()
    page.keyboard.up("Shift")
    expect(page.get_by_text("2 nodes selected")).to_be_visible()
    expect(canvas.node("trimmed")).to_have_class(re.compile("is-selected"))

    canvas.press("Control+a")
    expect(page.get_by_text("4 nodes selected")).to_be_visible()
    page.mouse.click(stage["x"] + 20, stage["y"] + 12)
    expect(canvas.stage.locator(".is-selected")).to_have_count(0)


def test_the_menu_of_a_node_answers_to_keys_and_to_the_mouse(app: App) -> None:
    canvas = Canvas(app, "canvas_menu", small())
    page = app.page
    canvas.node("unique").focus()
    canvas.press("+")
    items = page.get_by_role("menuitem")
    expect(items.first).to_be_focused()
    canvas.press("ArrowDown")
    expect(items.nth(1)).to_be_focused()
    canvas.press("End")
    expect(items.last).to_be_focused()
    canvas.press("ArrowDown")
    expect(items.first).to_be_focused()
    canvas.press("Escape")
    expect(items).to_have_count(0)
    expect(page.get_by_test_id("plus-unique")).to_be_focused()

    canvas.press("Enter")
    canvas.press("ArrowUp")
    expect(page.get_by_test_id("menu-delete")).to_be_focused()
    canvas.press("Enter")
    canvas.until(lambda flow: "unique" not in flow)
    assert canvas.flow.steps["trimmed"].inputs == ("loans_1",)

    canvas.node("trimmed").hover()
    page.get_by_test_id("plus-trimmed").click()
    expect(items.first).to_be_visible()
    page.mouse.click(*middle_of_top(canvas))
    expect(items).to_have_count(0)
    canvas.node("trimmed").hover()
    page.get_by_test_id("plus-trimmed").click()
    page.get_by_test_id("menu-data").click()
    expect(page).to_have_url(re.compile("view=data"))


def middle_of_top(canvas: Canvas) -> tuple[float, float]:
    stage = canvas.box(canvas.stage)
    return stage["x"] + stage["width"] / 2, stage["y"] + 8


def test_nodes_are_moved_by_hand_and_by_keys_and_tidied_up(app: App) -> None:
    canvas = Canvas(app, "canvas_move", small())
    canvas.drag_by(canvas.node("unique"), 0, 90)
    canvas.until(lambda flow: "unique" in flow.layout)
    placed = canvas.flow.layout
    assert placed["unique"][1] - placed["trimmed"][1] == pytest.approx(90, abs=2)
    canvas.node("unique").focus()
    canvas.press("Alt+ArrowRight")
    canvas.until(lambda flow: flow.layout["unique"] == (placed["unique"][0] + 20, placed["unique"][1]))
    assert canvas.flow.layout["trimmed"] == placed["trimmed"]

    canvas.node("loans_1").focus()
    canvas.press("ArrowRight")
    expect(canvas.node("unique")).to_be_focused()
    canvas.press("ArrowRight")
    expect(canvas.node("trimmed")).to_be_focused()
    canvas.press("Enter")
    expect(app.page.get_by_text("trimmed · loan_status")).to_be_visible()

    app.page.get_by_role("button", name="Tidy up").click()
    canvas.until(lambda flow: flow.layout["unique"][1] == flow.layout["trimmed"][1])
    app.page.get_by_role("button", name="Undo").click()
    canvas.until(lambda flow: flow.layout["unique"] == (placed["unique"][0] + 20, placed["unique"][1]))


def test_the_view_is_zoomed_and_moved_smoothly_over_sixty_nodes(app: App) -> None:
    canvas = Canvas(app, "canvas_sixty", chain(60))
    page, stage = app.page, canvas.box(canvas.stage)
    expect(canvas.stage.locator(".node")).to_have_count(60)
    minimap = page.get_by_test_id("minimap")
    expect(minimap).to_be_hidden()
    whole = canvas.scale()
    page.get_by_role("button", name="Zoom in").click()
    assert canvas.scale() == pytest.approx(whole * 1.25, rel=0.01)
    page.get_by_role("button", name="Zoom out").click()
    assert canvas.scale() == pytest.approx(whole, rel=0.01)
    page.mouse.move(stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2)
    page.mouse.wheel(0, -600)
    page.wait_for_timeout(200)
    assert canvas.scale() > 1.5 * whole

    expect(minimap).to_be_visible()
    before = canvas.box(canvas.node("loans_1"))
    app.drag(minimap, (canvas.box(minimap)["x"] + 12, canvas.box(minimap)["y"] + 12))
    assert canvas.box(canvas.node("loans_1"))["x"] > before["x"]

    counted = page.evaluate_handle(f"() => ({{ frames: ({FRAMES})() }})")
    x, y = middle_of_top(canvas)
    page.mouse.move(x, y)
    page.mouse.down()
    for i in range(60):
        page.mouse.move(x + 3 * (i % 20), y + 2 * (i % 20))
    page.mouse.up()
    frames = counted.evaluate("each => each.frames")
    print(f"{frames:.0f} frames a second while 60 nodes are moved")
    assert frames > 20
    page.get_by_role("button", name="Show all").click()
    assert canvas.scale() == pytest.approx(whole, rel=0.01)


def test_a_double_click_opens_a_step_a_dataset_and_the_keys_of_a_join(app: App) -> None:
    flow = small()
    flow = graph.joined(flow, "trimmed", "loans_2").flow
    canvas = Canvas(app, "canvas_open", flow)
    page = app.page
    canvas.node("joined").dblclick()
    expect(page.get_by_role("dialog").get_by_text("How well they match")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    app.settle()
    canvas.node("unique").dblclick()
    expect(page).to_have_url(re.compile("view=data"), timeout=30_000)
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_visible(timeout=30_000)
    page.get_by_role("radio", name="Data flow").click()
    canvas.node("loans_2").dblclick()
    expect(page).to_have_url(re.compile("view=data"), timeout=30_000)
    expect(page.get_by_test_id("col-annual_income")).to_be_attached(timeout=30_000)


def test_nodes_are_added_to_the_selection_and_moved_together(app: App) -> None:
    canvas = Canvas(app, "canvas_together", small())
    page = app.page
    canvas.node("unique").click()
    canvas.node("trimmed").click(modifiers=["Control"])
    expect(page.get_by_text("2 nodes selected")).to_be_visible()
    app.settle()
    canvas.drag_by(canvas.node("trimmed"), 0, 80)
    canvas.until(lambda flow: "trimmed" in flow.layout)
    placed = canvas.flow.layout
    assert placed["trimmed"][1] == placed["unique"][1] == pytest.approx(placed["loans_1"][1] + 80, abs=60)
    assert placed["trimmed"][1] > placed["loans_1"][1] + 40
    canvas.node("unique").focus()
    canvas.press(" ")
    expect(canvas.stage.locator(".is-selected")).to_have_count(1)
    canvas.press("Backspace")
    canvas.until(lambda flow: "trimmed" not in flow)
    assert "unique" in canvas.flow


def test_a_drag_on_the_ground_moves_the_view_and_a_pinch_zooms(app: App) -> None:
    canvas = Canvas(app, "canvas_pan", small())
    page, stage = app.page, canvas.box(canvas.stage)
    node, scale = canvas.box(canvas.node("unique")), canvas.scale()
    x, y = stage["x"] + 30, stage["y"] + 30
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 40, steps=6)
    page.mouse.up()
    moved = canvas.box(canvas.node("unique"))
    assert moved["x"] - node["x"] == pytest.approx(60, abs=2)
    assert moved["y"] - node["y"] == pytest.approx(40, abs=2)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -30)
    page.keyboard.up("Control")
    page.wait_for_timeout(200)
    assert canvas.scale() > 1.2 * scale
    assert canvas.flow.layout == {}, "looking around changes nothing"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_canvas_has_names_and_no_serious_fault_of_accessibility(app: App, scheme: Literal["light", "dark"]) -> None:
    app.page.emulate_media(color_scheme=scheme)
    canvas = Canvas(app, "canvas_axe", small())
    page = app.page
    expect(page.get_by_role("application", name="Data flow")).to_be_visible()
    expect(page.get_by_role("group", name="Drop duplicate rows, id")).to_be_visible()
    expect(page.get_by_role("toolbar", name="View").get_by_role("button")).to_have_count(4)
    expect(page.get_by_role("button", name="Add loans-part-1.csv")).to_be_visible()
    canvas.node("unique").click()
    expect(page.get_by_test_id("grid")).to_be_visible(timeout=30_000)
    app.settle()
    assert faults(app) == []
    page.get_by_test_id("plus-unique").click()
    expect(page.get_by_role("menu", name="Add after Drop duplicate rows")).to_be_visible()
    assert faults(app) == []


def faults(app: App) -> list[str]:
    """Serious faults inside our own components."""
    return [
        f"{each['id']}: {node['target']}"
        for each in Axe().run(app.page).response["violations"]
        if each["impact"] in SERIOUS
        for node in each["nodes"]
        if "BidiComponent" in str(node["target"])
    ]
