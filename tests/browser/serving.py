"""The app as a process of its own, and a browser to look at it: what browser tests and the page's benchmark share."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

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


class NotServed(RuntimeError):
    """The app did not start."""


@dataclass(frozen=True)
class Server:
    """The app over a workspace."""

    url: str
    workspace: Path
    log: Path

    def faults(self) -> list[str]:
        """Lines of the log that tell of an error nobody handled."""
        marks = ("Traceback", "Uncaught app execution")
        return [
            line for line in self.log.read_text(encoding="utf-8").splitlines() if any(map(line.__contains__, marks))
        ]


@contextmanager
def serving(workspace: Path, log: Path) -> Iterator[Server]:
    """Serve the app over a workspace on a free port, until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
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
            raise NotServed(f"The server ended:\n{server.log.read_text(encoding='utf-8')}")
        try:
            urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=1)
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise NotServed(f"The server did not start in {START} s.")


def browser_path() -> str | None:
    """A Chromium of this machine."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


@contextmanager
def browsing(path: str) -> Iterator[Browser]:
    """A browser without a window, until the block ends."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield opened
        opened.close()


def settle(page: Page, timeout: float = 30_000) -> None:
    """Wait until the app is connected, its script is done, and nothing is still to be drawn."""
    page.wait_for_timeout(250)  # a widget tells the server of a change after a moment
    page.wait_for_function(SETTLED, timeout=timeout)
