from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, sync_playwright

from dataprep_app.sample import write_sample

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
)  # fmt: skip
SERVE = "import sys; from pathlib import Path; from dataprep_app.ui.server import serve; serve(Path(sys.argv[1]), port=int(sys.argv[2]), browser=False)"  # noqa: E501
START = 90
"""Seconds the server may take to start on a busy machine."""
SETTLED = """() => {
  const app = document.querySelector('[data-testid="stApp"]');
  return app && app.dataset.testScriptState === 'notRunning' && app.dataset.testConnectionState === 'CONNECTED'
    && !document.querySelector('[data-testid="stSkeleton"]');
}"""


@dataclass(frozen=True)
class Server:
    """The app over a workspace with the sample flow."""

    url: str
    workspace: Path
    log: Path

    def faults(self) -> list[str]:
        """Lines of the log that tell of an error nobody handled."""
        marks = ("Traceback", "Uncaught app execution")
        return [
            line for line in self.log.read_text(encoding="utf-8").splitlines() if any(map(line.__contains__, marks))
        ]


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
        self.page.wait_for_timeout(250)  # a widget tells the server of a change after a moment
        self.page.wait_for_function(SETTLED, timeout=timeout)

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
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "log"
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(workspace), str(port)],
            stdout=output, stderr=subprocess.STDOUT, start_new_session=True, env={**os.environ, "NO_COLOR": "1"},
        )  # fmt: skip
    found = Server(f"http://127.0.0.1:{port}", workspace, log)
    try:
        _wait_for(found, process)
        yield found
    finally:
        process.terminate()
        process.wait(15)


def _wait_for(server: Server, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START
    while time.monotonic() < end:
        if process.poll() is not None:
            pytest.fail(f"The server ended:\n{server.log.read_text(encoding='utf-8')}")
        try:
            urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=1)
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"The server did not start in {START} s.")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("There is no Chromium on this machine: apt-get install chromium-headless-shell")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        yield opened
        opened.close()


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
