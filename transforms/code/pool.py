"""Processes of functions of columns, kept while they are used: a million rows start one process, not a hundred."""

from __future__ import annotations

import atexit
import os
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from transforms.code.worker import Program, Worker

IDLE = 60.0
"""Seconds after which a process that nobody uses is ended."""
MOST = 4
"""Processes that are kept, besides those in use."""
BATCH = 50_000
"""Rows that a function is given at once, at most."""


@dataclass(eq=False)
class _Place:
    """Where the process of a program is, if there is one."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    worker: Worker | None = None
    used_at: float = 0.0

    def close(self) -> None:
        if self.worker is not None:
            self.worker.close()
            self.worker = None


class Pool:
    """One process for each program; threads that want the same one take turns."""

    def __init__(self, idle: float = IDLE) -> None:
        """Take the seconds after which a process that nobody uses is ended."""
        self._idle = idle
        self._places: dict[Program, _Place] = {}
        self._lock = threading.Lock()
        self._cleaner: threading.Thread | None = None

    def call(self, program: Program, task: str, rows: pl.DataFrame, **settings: Any) -> pl.DataFrame:
        """What a function gives for some rows, of which there is at least one.

        Raises:
            StepError: it fails, takes too long or too much memory, or the run is cancelled.
        """
        place = self._taken(program)
        try:
            if place.worker is None:
                place.worker = Worker(program)
            pieces = [place.worker.call(task, each, **settings) for each in rows.iter_slices(BATCH)]
            place.used_at = time.monotonic()
        except BaseException:
            place.close()
            raise
        finally:
            place.lock.release()
        return pl.concat(pieces, how="vertical_relaxed")

    def running(self) -> int:
        """How many processes there are."""
        return sum(each.worker is not None for each in list(self._places.values()))

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            places, self._places = list(self._places.values()), {}
        for each in places:
            with each.lock:
                each.close()

    def _taken(self, program: Program) -> _Place:
        """The place of a program, locked."""
        while True:
            with self._lock:
                place = self._places.setdefault(program, _Place())
                if self._cleaner is None:
                    self._cleaner = threading.Thread(target=self._clean, daemon=True, name="code processes")
                    self._cleaner.start()
            place.lock.acquire()
            if self._places.get(program) is place:
                return place
            place.lock.release()  # it was given up meanwhile

    def _clean(self) -> None:
        """End processes that nobody uses, until there are none."""
        while True:
            time.sleep(min(self._idle / 4, 1.0))
            with self._lock:
                by_age = sorted(self._places.items(), key=lambda each: each[1].used_at, reverse=True)
                for rank, (program, place) in enumerate(by_age):
                    if not place.lock.acquire(blocking=False):
                        continue
                    if rank >= MOST or time.monotonic() - place.used_at > self._idle:
                        place.close()
                        del self._places[program]
                    place.lock.release()
                if not self._places:
                    self._cleaner = None
                    return


POOL = Pool()
_LEFT: list[Pool] = []
"""Pools of the processes that this one is a copy of: not ours to end."""


def call(program: Program, task: str, rows: pl.DataFrame, **settings: Any) -> pl.DataFrame:
    """:meth:`Pool.call` of the pool of this process."""
    return POOL.call(program, task, rows, **settings)


def _begin_anew() -> None:
    global POOL
    _LEFT.append(POOL)
    POOL = Pool()


atexit.register(lambda: POOL.close())
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
