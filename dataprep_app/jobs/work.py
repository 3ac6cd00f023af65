"""The process of a job: ``python -m dataprep_app.jobs.work FOLDER``."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from dataprep_app.jobs.store import State, Status, write_status
from dataprep_app.progress import VERBS, summary
from flows.engines.base import Cancelled, Control
from flows.engines.start import start_engine
from flows.files import load, write_whole
from flows.result import Event
from flows.run import Options, run
from flows.store import LearnedFolder, learned_folder
from transforms.core.errors import DataprepError

EVERY = 0.2
"""Seconds between two reports at most, so that quick steps do not write the file a thousand times."""

Arguments = Mapping[str, Any]
Report = Callable[[str, int, int], None]
Work = Callable[[Arguments, Report, Control], dict[str, Any]]


def run_flow(arguments: Arguments, report: Report, control: Control) -> dict[str, Any]:
    """Run a flow over all rows: ``path``, ``engine``, ``parameters``, ``fit``, ``only``, ``rejects``."""
    path = Path(arguments["path"])
    options = Options(
        parameters=arguments.get("parameters", {}),
        fit=arguments.get("fit", "reuse"),
        only=tuple(arguments.get("only", ())),
        rejects=arguments.get("rejects", False),
        remember=LearnedFolder(learned_folder(path)),
        control=control,
        on_event=lambda event: report(_said(event), event.done, event.total),
    )
    engine = arguments.get("engine", "polars")
    if engine == "spark":
        report("Starting Spark", 0, 0)
    result = run(load(path), path.parent, lambda sources, on: start_engine(engine, sources, on), options)
    _print(summary(result))
    return result.as_json()


def of_models(name: str) -> Work:
    """A function of :mod:`dataprep_app.modeling.job`, imported when it is needed: that takes a second."""

    def work(arguments: Arguments, report: Report, control: Control) -> dict[str, Any]:
        done: dict[str, Any] = getattr(import_module("dataprep_app.modeling.job"), name)(arguments, report, control)
        return done

    return work


def insights(arguments: Arguments, tell: Report, control: Control) -> dict[str, Any]:
    """Make a quality report, or two side by side.

    Takes ``path``, ``reference``, ``target``, ``problem``, ``time``, ``sampling``, ``thresholds``, ``engine``,
    ``compare`` (a later table of the flow).
    """
    from dataprep_app.insights.making import Asked, compare_tables, report_table
    from dataprep_app.insights.report import Wish
    from flows.sampling import Sampling

    path, later = arguments["path"], arguments.get("compare")
    sampling = Sampling(**arguments["sampling"]) if arguments.get("sampling") else None
    thresholds = arguments.get("thresholds", {})
    wish = Wish(arguments.get("target"), arguments.get("problem", "auto"), thresholds, arguments.get("time"))
    asked = Asked(f"{path}:{arguments['reference']}", wish, sampling, arguments.get("engine", "polars"))

    def told(share: float, what: str) -> None:
        tell(what.capitalize(), round(100 * share), 100)

    if later:
        return compare_tables(asked, f"{path}:{later}", told, control).model_dump(mode="json")
    return report_table(asked, told, control).model_dump(mode="json")


def profile(arguments: Arguments, tell: Report, control: Control) -> dict[str, Any]:
    """Write the full profile of a table into the folder of the job: ``path``, ``reference``, ``sampling``."""
    from dataprep_app.insights.full_profile import PAGE, profile_table
    from dataprep_app.insights.making import Asked
    from dataprep_app.insights.report import Wish
    from flows.sampling import Sampling

    sampling = Sampling(**arguments["sampling"]) if arguments.get("sampling") else None
    asked = Asked(f"{arguments['path']}:{arguments['reference']}", Wish(), sampling)

    def told(share: float, what: str) -> None:
        tell(what.capitalize(), round(100 * share), 100)

    made = profile_table(asked, Path(arguments["home"]) / PAGE, told, control)
    return {"page": PAGE, "rows": made.rows, "basis": made.basis, "left_out": list(made.left_out)}


KINDS: dict[str, Work] = {
    "run": run_flow,
    "build": of_models("build"),
    "build_from_dataset": of_models("build_from_dataset"),
    "predict": of_models("predict"),
    "insights": insights,
    "profile": profile,
}
"""What a job can be."""


class Reporter:
    """Writes how far the job is, not more often than people can read."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.status = Status("running", "Starting", started_at=_now(), pid=os.getpid())
        self._last = 0.0
        write_status(home, self.status)

    def __call__(self, text: str, done: int, total: int) -> None:
        """Say what is being done, and how much of it."""
        self.status = replace(self.status, text=text, done=done, total=total)
        if time.monotonic() - self._last >= EVERY:
            self._last = time.monotonic()
            write_status(self.home, self.status)

    def end(self, state: State, text: str) -> None:
        """Say how it ended."""
        done = self.status.total if state == "done" else self.status.done
        write_status(self.home, replace(self.status, state=state, text=text, done=done, ended_at=_now()))


def main(home: Path) -> int:
    """Do what the folder's ``job.json`` asks; the exit code."""
    control = Control()
    signal.signal(signal.SIGTERM, lambda *_: control.cancel())
    report = Reporter(home)
    asked = json.loads((home / "job.json").read_text(encoding="utf-8"))
    began = time.monotonic()
    try:
        result = KINDS[asked["kind"]]({**asked["arguments"], "home": str(home)}, report, control)
    except DataprepError as error:
        if control.cancelled or isinstance(error, Cancelled):
            report.end("cancelled", "Cancelled. Nothing was written.")
            os._exit(130)  # a query that was left behind must not hold up the end
        _print(str(error))
        report.end("failed", str(error))
        return 1
    except BaseException as error:
        report.end(
            "failed", f"It failed for a reason that is not yours ({type(error).__name__}: {error}). See the log."
        )
        raise
    write_whole(home / "result.json", json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    report.end("done", f"Done in {time.monotonic() - began:.1f} s")
    return 0


def _said(event: Event) -> str:
    return f"{VERBS.get(event.kind, event.kind)} {event.node}".strip().capitalize()


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
