"""``dataprep bundle``: a flow packed for ``spark-submit``."""

from __future__ import annotations

import argparse
from pathlib import Path

from flows.files import load
from flows.spark.bundle import bundle as pack
from flows.store import learned_folder


def bundle(given: argparse.Namespace) -> int:
    """Pack a flow, and say how to run it."""
    flow = load(given.flow)
    script = pack(flow, learned_folder(given.flow), given.output)
    print(f"Wrote {given.output} and {script}. Run it with:")
    print(f"  spark-submit --py-files {given.output} {script} --folder {given.flow.parent.absolute()}")
    return 0


def bundle_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``bundle`` takes."""
    parser.add_argument("flow", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("job.zip"))
