from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FloatRect, Locator, expect

from dataprep_app.workspace import Workspace
from flows import edits
from flows.document import Flow
from flows.files import load, save
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


def small() -> Flow:
    """Two datasets, and two steps behind the first."""
    flow = Flow(name="Canvas")
    for id, path in (("loans_1", "data/loans-part-1.csv"), ("loans_2", "data/loans-part-2.csv")):
        flow = edits.add_source(flow, id, Flow.model_validate(source_of(path)).sources["it"])
    flow = edits.add_step(flow, "unique", "drop_duplicates", ["loans_1"], {"columns": ["id"]})
    return edits.add_step(flow, "trimmed", "trim_whitespace", ["unique"], {"columns": ["loan_status"]})


def source_of(path: str) -> dict[str, object]:
    return {"name": "", "sources": {"it": {"connector": "csv", "params": {"path": path, "try_parse_dates": True}}}}


def chain(length: int) -> Flow:
    """One dataset and a long line of steps."""
    flow, last = small(), "trimmed"
    for i in range(length - 4):
        id = f"step_{i}"
        flow = edits.add_step(flow, id, "trim_whitespace", [last], {"columns": ["loan_status"]})
        last = id
    return flow


class Canvas:
    """A flow on the canvas, and the same flow in its file."""

    def __init__(self, app: App, name: str, flow: Flow) -> None:
        self.app, self.page = app, app.page
        self.path = app.server.workspace / f"{name}.flow.json"
        self.path.with_name(f"{name}.history.json").unlink(missing_ok=True)
        save(flow, self.path)
        app.open(f"/flow?flow={name}")
        expect(self.stage).to_be_visible(timeout=30_000)
        expect(self.node("loans_1")).to_be_visible()

    @property
    def stage(self) -> Locator:
        return self.page.get_by_test_id("flow-stage")

    @property
    def flow(self) -> Flow:
        return load(self.path)

    def node(self, id: str) -> Locator:
        return self.page.get_by_test_id(f"node-{id}")

    def out(self, id: str) -> Locator:
        return self.node(id).locator(".handle.out").first

    def box(self, locator: Locator) -> FloatRect:
        found = locator.bounding_box()
        assert found is not None
        return found

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def until(self, holds: Callable[[Flow], object]) -> None:
        """Wait until the file says so."""
        for _ in range(100):
            if holds(self.flow):
                self.app.settle()
                return
            self.page.wait_for_timeout(100)
        pytest.fail(f"The file never said so: {self.flow}")

    def scale(self) -> float:
        said = self.stage.locator(".layer").get_attribute("style") or ""
        found = re.search(r"scale\(([\d.]+)\)", said)
        assert found is not None
        return float(found[1])

    def drag_by(self, start: Locator, dx: float, dy: float) -> None:
        box = self.box(start)
        self.app.drag(start, (box["x"] + box["width"] / 2 + dx, box["y"] + box["height"] / 2 + dy))


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


def test_lines_are_drawn_and_none_closes_a_circle(app: App) -> None:
    canvas = Canvas(app, "canvas_connect", small())
    app.drag(canvas.out("loans_2"), canvas.node("trimmed"))
    canvas.until(lambda flow: flow.steps["trimmed"].inputs == ("loans_2",))
    before = canvas.flow
    app.drag(canvas.out("trimmed"), canvas.node("trimmed"))
    app.page.get_by_role("button", name="Undo").click()
    canvas.until(lambda flow: flow.steps["trimmed"].inputs == ("unique",))
    app.drag(canvas.out("trimmed"), canvas.node("unique"))
    expect(canvas.stage.locator(".is-target, .pending")).to_have_count(0)
    app.settle()
    assert canvas.flow.steps["unique"] == before.steps["unique"]


def test_a_dataset_is_dropped_beside_and_on_a_node_and_the_join_gets_its_keys(app: App) -> None:
    canvas = Canvas(app, "canvas_drop", small())
    page, stage = app.page, canvas.box(canvas.stage)
    dataset = page.get_by_test_id("palette-loans-part-2_csv").locator("b")
    app.drag(dataset, (stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] - 40))
    canvas.until(lambda flow: len(flow.sources) == 3)
    app.drag(dataset, canvas.node("trimmed"))
    canvas.until(lambda flow: "joined" in flow.steps)
    assert canvas.flow.steps["joined"].inputs[0] == "trimmed"
    expect(canvas.node("joined").get_by_role("img", name="needs attention")).to_be_visible()
    expect(page.get_by_text("No rows to show yet")).to_be_visible()
    expect(page.get_by_text("Choose the columns by which rows of the two tables belong together.")).to_be_visible()
    page.get_by_role("button", name="Choose keys").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("How well they match")).to_be_visible(timeout=30_000)
    dialog.get_by_role("button", name="Save").click()
    canvas.until(lambda flow: flow.steps["joined"].params.get("left_on") == ["id"])
    expect(canvas.node("joined").locator(".state")).to_have_count(0)
    expect(page.get_by_test_id("grid")).to_be_visible(timeout=30_000)


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


def test_what_is_deleted_and_pasted_can_be_undone_and_redone(app: App) -> None:
    canvas = Canvas(app, "canvas_undo", small())
    page = app.page
    box = canvas.box(page.get_by_test_id("edge-trimmed:0"))
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    canvas.press("Delete")
    canvas.until(lambda flow: flow.steps["trimmed"].inputs == ())
    expect(canvas.node("trimmed").get_by_role("img", name="needs attention")).to_be_visible()
    canvas.press("Control+z")
    canvas.until(lambda flow: flow.steps["trimmed"].inputs == ("unique",))

    canvas.node("unique").click()
    canvas.press("Control+c")
    canvas.press("Control+v")
    canvas.until(lambda flow: len(flow.steps) == 3)
    (copy,) = set(canvas.flow.steps) - {"unique", "trimmed"}
    assert canvas.flow.steps[copy].params == canvas.flow.steps["unique"].params
    expect(canvas.node(copy)).to_have_class(re.compile("is-selected"))
    canvas.node(copy).focus()
    canvas.press("Delete")
    canvas.until(lambda flow: len(flow.steps) == 2)
    page.get_by_role("button", name="Undo").click()
    canvas.until(lambda flow: copy in flow)
    canvas.press("Control+z")
    canvas.until(lambda flow: len(flow.steps) == 2)
    canvas.press("Control+Shift+z")
    canvas.until(lambda flow: copy in flow)
    page.get_by_role("button", name="Redo").click()
    canvas.until(lambda flow: copy not in flow)
    assert canvas.flow.steps == small().steps


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


def test_the_canvas_has_names_and_no_serious_fault_of_accessibility(app: App) -> None:
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


def test_datasets_of_the_workspace_stand_beside_the_flow(app: App) -> None:
    canvas = Canvas(app, "canvas_palette", small())
    known = Workspace(app.server.workspace).datasets()
    expect(app.page.locator('[data-testid^="palette-"]')).to_have_count(len(known))
    app.page.get_by_role("button", name="Add loans-part-1.csv").click()
    canvas.until(lambda flow: len(flow.sources) == 3)
