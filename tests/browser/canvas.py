"""A flow on the canvas in a browser, for tests of what hands do there."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import FloatRect, Locator, expect

from flows import edits
from flows.document import Flow
from flows.files import load, save
from tests.browser.conftest import App


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
