from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Locator, Page, Request

from dataprep_app.sample import write_sample
from tests.browser.serving import Server, browser_path, browsing, serving, settle


@dataclass
class App:
    """A page of the app, and everything that went wrong on it."""

    page: Page
    server: Server
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._check_request)

    def open(self, path: str = "/") -> App:
        """Go to a page of the app and wait until it is there."""
        self.page.goto(self.server.url + path)
        self.settle()
        return self

    def settle(self, timeout: float = 30_000) -> None:
        """Wait until the app is connected, its script is done, and nothing is still to be drawn."""
        settle(self.page, timeout)

    def drag(self, start: Locator, end: Locator | tuple[float, float]) -> None:
        """Drag with the pointer, in steps, as a hand does."""
        x, y = _middle(start)
        to_x, to_y = end if isinstance(end, tuple) else _middle(end)
        mouse = self.page.mouse
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + 12, y + 6, steps=3)
        mouse.move(to_x, to_y, steps=10)
        mouse.up()

    def _check_request(self, request: Request) -> None:
        here = (self.server.url, self.server.url.replace("http", "ws"), "data:", "blob:")
        if not request.url.startswith(here):
            self.errors.append(f"A request left the machine: {request.url}")


def _middle(locator: Locator) -> tuple[float, float]:
    box = locator.bounding_box()
    assert box is not None, "what is dragged must be seen"
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    workspace = tmp_path_factory.mktemp("workspace")
    write_sample(workspace, rows=2_000)
    with serving(workspace, tmp_path_factory.mktemp("server") / "log") as found:
        yield found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = browser_path()
    if found is None:
        pytest.skip("There is no Chromium on this machine: apt-get install chromium-headless-shell")
    with browsing(found) as opened:
        yield opened


@pytest.fixture
def app(browser: Browser, server: Server) -> Iterator[App]:
    """A fresh page; the test fails on any error in it, any request elsewhere, any traceback of the server."""
    known = len(server.faults())
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, reduced_motion="reduce", color_scheme="light"
    )
    opened = App(context.new_page(), server)
    yield opened
    context.close()
    assert not opened.errors
    assert server.faults()[known:] == [], server.log.read_text(encoding="utf-8")[-4_000:]
