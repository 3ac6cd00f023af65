"""Starts the app: ``dataprep app``, or any ASGI server on :data:`app`."""

from __future__ import annotations

import gc
import os
import threading
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from streamlit.starlette import App

from dataprep_app.ui.session import WORKSPACE

SCRIPT = Path(__file__).with_name("main.py")
CONFIG: dict[str, Any] = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "type",
    "client.showErrorLinks": False,
    "client.toolbarMode": "minimal",
    "runner.magicEnabled": False,
    # Streamlit would walk over everything in memory after every run of a page, a fifth of a second in which no
    # answer leaves the process; Python's own collector does so when there is enough to be found.
    "runner.postScriptGC": False,
    "server.fileWatcherType": "none",
    "server.headless": True,
    "server.maxUploadSize": 1_000,
    "server.showEmailPrompt": False,
    "theme.baseRadius": "0.4rem",
    "theme.baseFontSize": 15,
    "theme.headingFontSizes": ["1.8rem", "1.4rem", "1.2rem", "1.05rem", "1rem", "0.9rem"],
    "theme.paddingTop": "0.5rem",
    "theme.showWidgetBorder": True,
    "theme.light.primaryColor": "#1f5fe0",
    "theme.dark.primaryColor": "#6c9bff",
}


@asynccontextmanager
async def _warm(_app: App) -> AsyncIterator[dict[str, Any]]:
    """Import what pages need before anybody asks for it.

    Not beside the first page: CPython 3.11 may fail where two threads parse source at once, as reading the
    docstrings of settings does.
    """
    _import_heavy()
    gc.collect()
    gc.freeze()  # what was imported stays for good, and need not be looked at whenever garbage is collected
    yield {}


def _import_heavy() -> None:
    import altair  # noqa: F401
    import polars

    from connectors.catalog import destinations, sources
    from dataprep_app.analyses.registry import ANALYSES  # noqa: F401
    from dataprep_app.chat.engine import respond
    from dataprep_app.chat.table import facts_of
    from dataprep_app.ui.parts.flow_header import VIEWS

    sources(), destinations()
    for view in VIEWS.values():
        view.drawing()
    # The first request reads the catalog and compiles the patterns; nobody should wait for that.
    respond("drop a", facts_of("warm", polars.DataFrame({"a": [1]})))


def serve(workspace: Path, *, port: int = 8501, address: str = "127.0.0.1", browser: bool = True) -> None:
    """Serve the app until it is stopped.

    Args:
        workspace: the folder the app works in; made when it is not there.
        port: where to listen.
        address: the network address to listen on; by default this machine only.
        browser: open the app in the default browser.
    """
    workspace.mkdir(parents=True, exist_ok=True)
    os.environ[WORKSPACE] = str(workspace.absolute())
    if browser:
        threading.Timer(1.5, webbrowser.open, [f"http://{address}:{port}"]).start()
    app.run(config={**CONFIG, "server.port": port, "server.address": address})


app = App(SCRIPT, lifespan=_warm)
