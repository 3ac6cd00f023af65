"""Jobs as folders: what was asked, how far it is, what came of it.

``<workspace>/jobs/<id>/`` holds ``job.json`` (what was asked, written once), ``status.json`` (replaced at
once whenever something happens), ``log.txt`` and, in the end, ``result.json``. A job belongs to a process of
its own session, so that it goes on when the app or the browser stops, and a reader needs nothing but files.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from flows.files import write_whole
from transforms.core.errors import DataprepError

State = Literal["waiting", "running", "done", "failed", "cancelled", "lost"]
ENDED: tuple[State, ...] = ("done", "failed", "cancelled", "lost")
GRACE = 10.0
"""Seconds that a cancelled job has to put things in order before it is killed."""
STARTING = 60.0
"""Seconds that a process may take to say that it is there."""


CHILDREN: list[subprocess.Popen[bytes]] = []
"""Processes that this one has started and that have not been seen to end."""


class JobError(DataprepError):
    """A job that is not there, or cannot be started."""


@dataclass(frozen=True)
class Ask:
    """What a job is to do."""

    kind: str
    """``run`` or another of :data:`dataprep_app.jobs.work.KINDS`."""
    title: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    flow: str = ""
    """Id of the flow it is about."""


@dataclass(frozen=True)
class Status:
    """How far a job is."""

    state: State = "waiting"
    text: str = ""
    """What it is doing, or how it ended, in a sentence."""
    done: int = 0
    total: int = 0
    started_at: str = ""
    ended_at: str = ""
    pid: int = 0

    @property
    def share(self) -> float | None:
        """Part that is done, 0 to 1; none when it cannot be told."""
        return min(1.0, self.done / self.total) if self.total else None


@dataclass(frozen=True)
class Job:
    """A job with its folder."""

    id: str
    folder: Path
    ask: Ask
    created_at: str

    def status(self) -> Status:
        """How far it is; ``lost`` when its process ended without a word, by a kill or a power cut."""
        status = read_status(self.folder)
        if status.state in ENDED:
            return status
        if status.pid and not alive(status.pid):
            again = read_status(self.folder)  # it may have ended between the two looks
            if again.state not in ENDED:
                text = "The process ended without a word: it was killed, or the machine was switched off. Run it again."
                return _ended(self.folder, again, "lost", text)
            return again
        if not status.pid and _age(self.created_at) > STARTING:
            return _ended(self.folder, status, "lost", "The process never started. Read the log, and run it again.")
        return status

    def log(self, last: int = 20_000) -> str:
        """The end of what it printed."""
        path = self.folder / "log.txt"
        return path.read_text(encoding="utf-8", errors="replace")[-last:] if path.exists() else ""

    def result(self) -> dict[str, Any] | None:
        """What came of it, once it is done."""
        path = self.folder / "result.json"
        if not path.exists():
            return None
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found

    def cancel(self) -> Status:
        """Ask it to stop, wait a little, and end it when it does not; nothing half-written is left either way."""
        status = self.status()
        if status.state in ENDED:
            return status
        _signal(status.pid, signal.SIGTERM)
        end = time.monotonic() + GRACE
        while time.monotonic() < end:
            if (now := self.status()).state in ENDED:
                return _ended(self.folder, now, "cancelled", "Cancelled.") if now.state == "lost" else now
            time.sleep(0.1)
        _signal(status.pid, signal.SIGKILL)
        return _ended(self.folder, status, "cancelled", "Cancelled. It had to be ended by force.")


def start(folder: Path, ask: Ask, environment: Mapping[str, str] | None = None) -> Job:
    """Start a job in a process of its own; ``folder`` is the folder of all jobs."""
    now = datetime.now(UTC)
    id = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    home = folder / id
    home.mkdir(parents=True)
    job = Job(id, home, ask, now.isoformat(timespec="seconds"))
    write_whole(home / "job.json", json.dumps({**asdict(ask), "created_at": job.created_at}, indent=2) + "\n")
    write_status(home, Status(text="Starting"))
    command = [sys.executable, "-m", "dataprep_app.jobs.work", str(home)]
    with (home / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
        )
    CHILDREN.append(process)
    return job


def jobs(folder: Path) -> list[Job]:
    """Every job, the latest first."""
    found = [job for each in folder.glob("*/job.json") if (job := _read(each.parent)) is not None]
    return sorted(found, key=lambda each: each.id, reverse=True)


def job(folder: Path, id: str) -> Job:
    """A job by its id.

    Raises:
        JobError: there is none.
    """
    found = _read(folder / id) if id and Path(id).name == id else None
    if found is None:
        raise JobError(f"There is no job {id!r}. It may have been removed.")
    return found


def read_status(home: Path) -> Status:
    """What the file of a job's folder says."""
    try:
        return Status(**json.loads((home / "status.json").read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Status(text="Starting")


def write_status(home: Path, status: Status) -> None:
    """Replace the file."""
    write_whole(home / "status.json", json.dumps(asdict(status)) + "\n")


def alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    # A child that ended stays a zombie until it is asked for.
    CHILDREN[:] = [each for each in CHILDREN if each.poll() is None]
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _read(home: Path) -> Job | None:
    try:
        values = json.loads((home / "job.json").read_text(encoding="utf-8"))
        created = values.pop("created_at")
        return Job(home.name, home, Ask(**values), created)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _ended(home: Path, status: Status, state: State, text: str) -> Status:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    ended = replace(status, state=state, text=text, ended_at=now)
    write_status(home, ended)
    return ended


def _signal(pid: int, number: signal.Signals) -> None:
    if pid:
        try:
            os.killpg(pid, number)
        except ProcessLookupError:
            return


def _age(created_at: str) -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(created_at)).total_seconds()
