"""``dataprep app`` and ``sample``: a folder to work in."""

from __future__ import annotations

import argparse
from pathlib import Path

from dataprep_app.sample import write_sample
from dataprep_app.workspace import Workspace


def app(given: argparse.Namespace) -> int:
    """Open the app in the browser, over the sample flow where the folder has none."""
    from dataprep_app.ui.server import serve

    if not Workspace(given.folder).flows():
        write_sample(given.folder)
    print(f"Dataprep works in {given.folder.absolute()} and is at http://{given.address}:{given.port} (Ctrl+C ends it)")
    serve(given.folder, port=given.port, address=given.address, browser=not given.no_browser)
    return 0


def app_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``app`` takes."""
    parser.add_argument(
        "folder", nargs="?", type=Path, default=Path("dataprep-workspace"), help="the folder to work in"
    )
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument(
        "--address", default="127.0.0.1", help="the network address to listen on; this machine only by default"
    )
    parser.add_argument("--no-browser", action="store_true", help="do not open the browser")


def sample(given: argparse.Namespace) -> int:
    """Write sample loan files and a flow over them."""
    flow = write_sample(given.folder, rows=given.rows)
    print(f"Wrote two loan files and {flow}. Run it with:")
    print(f"  dataprep run {flow}")
    return 0


def sample_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``sample`` takes."""
    parser.add_argument("folder", type=Path, nargs="?", default=Path("sample"))
    parser.add_argument("--rows", type=int, default=10_000, help="number of loans")
