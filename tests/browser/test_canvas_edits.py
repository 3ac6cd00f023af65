from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from dataprep_app.workspace import Workspace
from flows import edits
from tests.browser.canvas import Canvas, small
from tests.browser.conftest import App

pytestmark = pytest.mark.browser


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


def test_a_node_let_go_on_another_is_joined_with_it(app: App) -> None:
    canvas = Canvas(app, "canvas_onto", small())
    app.drag(canvas.node("loans_2").locator(".tile"), canvas.node("trimmed"))
    canvas.until(lambda flow: "joined" in flow.steps)
    assert canvas.flow.steps["joined"].inputs == ("trimmed", "loans_2")
    assert canvas.flow.layout == {}, "it was joined, not moved"


def test_the_second_input_of_a_join_is_drawn_to(app: App) -> None:
    flow = edits.add_draft(small(), "joined", "join_datasets", ["trimmed"], {})
    canvas = Canvas(app, "canvas_second", flow)
    target = canvas.box(canvas.node("joined"))
    app.drag(canvas.out("loans_2"), (target["x"] + 20, target["y"] + target["height"] - 6))
    canvas.until(lambda flow: flow.steps["joined"].inputs == ("trimmed", "loans_2"))


def test_several_steps_are_copied_with_the_line_between_them(app: App) -> None:
    canvas = Canvas(app, "canvas_copies", small())
    canvas.node("unique").click()
    canvas.node("trimmed").click(modifiers=["Shift"])
    app.settle()
    canvas.press("Control+c")
    canvas.press("Control+v")
    canvas.until(lambda flow: len(flow.steps) == 4)
    copies = [id for id in canvas.flow.steps if id not in ("unique", "trimmed")]
    assert canvas.flow.steps[copies[0]].inputs == ("loans_1",)
    assert canvas.flow.steps[copies[1]].inputs == (copies[0],)


def test_datasets_of_the_workspace_stand_beside_the_flow(app: App) -> None:
    canvas = Canvas(app, "canvas_palette", small())
    known = Workspace(app.server.workspace).datasets()
    expect(app.page.locator('[data-testid^="palette-"]')).to_have_count(len(known))
    app.page.get_by_role("button", name="Add loans-part-1.csv").click()
    canvas.until(lambda flow: len(flow.sources) == 3)
