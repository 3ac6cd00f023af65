"""What ``spark-submit`` runs: the flow of the bundle, on the session that it was given."""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from flows.document import Flow
from flows.engines.base import Cancelled, Control, RunEngine
from flows.engines.start import start_engine
from flows.files import load, parse, write_whole
from flows.result import Event
from flows.run import Options, run
from flows.spark.bundle import FLOW, LEARNED
from flows.spark.workers import check_versions
from flows.store import LearnedFolder
from flows.tables import OpenSource
from flows.trust import EVERYTHING, NOTHING
from transforms.core.errors import DataprepError

LOG = logging.getLogger("dataprep")


def main(arguments: list[str] | None = None) -> int:
    """Run the job; 0 when done, 1 when it cannot be, 130 when cancelled."""
    given = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("py4j").setLevel(logging.WARNING)  # so that the last line is ours
    control = Control()
    signal.signal(signal.SIGTERM, lambda *_: control.cancel())
    try:
        with tempfile.TemporaryDirectory(prefix="dataprep-") as scratch:
            flow, learned = _flow(given, Path(scratch))
            options = Options(
                parameters=dict(each.split("=", 1) for each in given.param),
                fit=given.fit,
                purpose=given.purpose,
                rejects=given.rejects,
                remember=LearnedFolder(learned),
                trust=EVERYTHING if given.trust_code else NOTHING,
                control=control,
                on_event=_log,
            )
            folder = Path(given.folder).absolute()
            result = run(flow, folder, _started, options)
    except (Cancelled, KeyboardInterrupt) as stopped:
        LOG.error("%s", stopped or "Cancelled. Nothing was written.")
        return 130
    except DataprepError as error:
        LOG.error("%s", error)
        return 1
    text = json.dumps(result.as_json(), indent=2, ensure_ascii=False)
    if given.result:
        write_whole(Path(given.result), text + "\n")
    sys.stdout.write(text + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="job.py", description="Runs a bundled flow on Spark.")
    parser.add_argument("--flow", help="a flow file to run instead of the bundled one")
    parser.add_argument("--folder", default=".", help="where the relative paths of the flow start")
    parser.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the flow")
    parser.add_argument("--fit", choices=("reuse", "refit"), default="reuse")
    parser.add_argument("--purpose", choices=("training", "scoring"), default="training")
    parser.add_argument(
        "--rejects", action="store_true", help="write rows of which a step lost or refused a value beside the output"
    )
    parser.add_argument("--trust-code", action="store_true", help="run the Python code in the flow; refused otherwise")
    parser.add_argument("--learned", help="folder to keep what the steps learn; by default it is used and forgotten")
    parser.add_argument("--result", help="file for the result, as JSON")
    return parser


def _flow(given: argparse.Namespace, scratch: Path) -> tuple[Flow, Path]:
    """The flow, and the folder of what its steps learned."""
    learned = Path(given.learned) if given.learned else scratch / "learned"
    if given.flow:
        return load(Path(given.flow)), learned
    archive = next((path for path in sys.path if path.endswith(".zip") and _holds_flow(path)), None)
    if archive is None:
        raise DataprepError("No bundled flow was found. Give the bundle to --py-files, or a flow with --flow.")
    with zipfile.ZipFile(archive) as packed:
        if not learned.exists():
            learned.mkdir(parents=True)
            for name in packed.namelist():
                if name.startswith(LEARNED) and not name.endswith("/"):
                    (learned / Path(name).name).write_bytes(packed.read(name))
        return parse(packed.read(FLOW).decode(), "the bundled flow"), learned


def _started(sources: Mapping[str, OpenSource], control: Control) -> RunEngine:
    """The engine, on a cluster whose workers have been found to be like the driver."""
    from pyspark.sql import SparkSession

    engine = start_engine("spark", sources, control)
    spark = SparkSession.active()
    if not (spark.sparkContext.master or "").startswith("local"):
        check_versions(spark)
    return engine


def _holds_flow(path: str) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as packed:
        return FLOW in packed.namelist()


def _log(event: Event) -> None:
    if event.kind in ("fit", "write", "load", "done"):
        LOG.info("%d/%d %s %s (%.1f s)", event.done, event.total, event.kind, event.node, event.seconds)


if __name__ == "__main__":
    raise SystemExit(main())
