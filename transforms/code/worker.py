"""One process that runs a person's code, and how rows get there and back."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import polars as pl

from transforms.code.failures import Limits, ended, failed, memory_exhausted, timed_out
from transforms.code.source import SWITCH, code_is_off
from transforms.code.stopping import whether_stopped
from transforms.core.errors import StepError

LENGTHS = struct.Struct(">QQ")
STARTING = 60
"""Seconds that Python may take to start, on a machine that is busy."""
PRINTED = 4_096
"""Bytes of what the code prints that are kept."""
THREADS = min(4, os.cpu_count() or 1)
KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
"""Variables without which Python itself may not start; the code sees no other of ours."""


@dataclass(frozen=True)
class Program:
    """Code, and what it may take."""

    code: str
    limits: Limits
    pandas: bool = False
    """Whether it works on pandas tables."""


class Worker:
    """A process with a program; used by one thread at a time. After any failure it is closed."""

    def __init__(self, program: Program) -> None:
        """Start the process and let it run the code, which defines the function.

        Raises:
            StepError: code is turned off, the process cannot start, or the code fails.
        """
        if code_is_off():
            raise StepError(f"Python code is turned off on this machine ({SWITCH}).")
        self.program = program
        self._closed = False
        self._exchanging: threading.Thread | None = None
        self._home = Path(tempfile.mkdtemp(prefix="dataprep-code-"))
        try:
            self._process = self._started()
        except OSError as error:
            shutil.rmtree(self._home, ignore_errors=True)
            raise StepError(f"Python cannot be started to run the code of the step: {error}.") from error
        self._printed = bytearray()
        self._reader = threading.Thread(target=self._keep_printed, daemon=True, name="code output")
        self._reader.start()
        limits = program.limits
        facts = {"megabytes": limits.megabytes, "seconds": limits.seconds, "pandas": program.pandas}
        self._ask({"task": "start", **facts}, b"", STARTING)
        self._ask({"task": "load", **facts}, b"", limits.seconds)

    def call(self, task: str, rows: pl.DataFrame, **settings: Any) -> pl.DataFrame:
        """What the function gives for some rows.

        Raises:
            StepError: it fails, takes too long or too much memory, or the run is cancelled.
        """
        buffer = BytesIO()
        rows.write_ipc_stream(buffer)
        limits = self.program.limits
        if buffer.tell() > limits.megabytes << 20:
            self.close()
            raise memory_exhausted(limits)
        header = {"task": task, "seconds": limits.seconds, **settings}
        return pl.read_ipc_stream(self._ask(header, buffer.getbuffer(), limits.seconds))

    def close(self) -> None:
        """End the process and all that it started."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)  # its group outlives it when the code made copies of it
            else:
                self._process.kill()
        self._process.wait()
        # A process that left the group may hold the other ends of the pipes: nobody waits for that long.
        closing = threading.Thread(target=self._close_pipes, daemon=True, name="code pipes")
        closing.start()
        closing.join(timeout=1)
        self._reader.join(timeout=1)
        shutil.rmtree(self._home, ignore_errors=True)

    def _close_pipes(self) -> None:
        if self._exchanging is not None:
            self._exchanging.join()
        for each in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):  # what was not sent yet cannot be flushed any more
                _there(each).close()

    def _started(self) -> subprocess.Popen[bytes]:
        work = self._home / "work"
        work.mkdir()
        # Read as a resource, since our package may be in an archive, as on the workers of Spark.
        runner = files("transforms.code").joinpath("runner.py").read_text(encoding="utf-8")
        (self._home / "runner.py").write_text(runner, encoding="utf-8")
        (self._home / "step.py").write_text(self.program.code, encoding="utf-8")
        threads = str(THREADS)
        environment = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ} | {
            "HOME": str(work),
            "TMPDIR": str(work),
            "LC_ALL": "C.UTF-8",
            "MALLOC_ARENA_MAX": "2",
            "OMP_NUM_THREADS": threads,
            "OPENBLAS_NUM_THREADS": threads,
            "POLARS_MAX_THREADS": threads,
        }
        return subprocess.Popen(
            [sys.executable, "-I", "-B", str(self._home / "runner.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=work,
            env=environment,
            start_new_session=True,
        )

    def _ask(self, header: Mapping[str, Any], body: bytes | memoryview, seconds: float) -> bytes:
        """The rows of the answer; the caller waits here, so that it can give up on a process that does not answer."""
        limits, stopped = self.program.limits, whether_stopped()
        until = time.monotonic() + seconds
        done: Future[tuple[dict[str, Any], bytes] | None] = Future()
        self._exchanging = threading.Thread(
            target=self._exchange, args=(header, body, done), daemon=True, name="code exchange"
        )
        self._exchanging.start()
        while not wait([done], timeout=0.1).done:
            if stopped():
                self.close()
                raise StepError("The Python function was stopped, since the run was cancelled.")
            if time.monotonic() > until:
                self.close()
                raise timed_out(limits, self._last_lines())
        answer = done.result()
        if answer is None:
            code = self._exit_code()
            self.close()
            raise ended(code, limits, self._last_lines())
        facts, rows = answer
        if facts["kind"] != "done":
            self.close()
            raise failed(facts, limits, self._last_lines())
        return rows

    def _exchange(
        self, header: Mapping[str, Any], body: bytes | memoryview, done: Future[tuple[dict[str, Any], bytes] | None]
    ) -> None:
        """Send a request and wait for its answer; ``None`` when the process ends before."""
        text = json.dumps(header).encode()
        stdin, stdout = _there(self._process.stdin), _there(self._process.stdout)
        try:
            stdin.write(LENGTHS.pack(len(text), len(body)))
            stdin.write(text)
            stdin.write(body)
            stdin.flush()
            head = stdout.read(LENGTHS.size)
            if len(head) < LENGTHS.size:
                done.set_result(None)
                return
            first, second = LENGTHS.unpack(head)
            facts, rows = stdout.read(first), stdout.read(second)
            done.set_result((json.loads(facts), rows) if len(rows) == second else None)
        except (OSError, ValueError):
            done.set_result(None)

    def _exit_code(self) -> int:
        try:
            return self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            return 0  # the process lives on, though it closed the way back

    def _keep_printed(self) -> None:
        with _there(self._process.stderr) as printed:
            while piece := os.read(printed.fileno(), 1 << 16):
                self._printed += piece
                del self._printed[:-PRINTED]

    def _last_lines(self) -> str:
        return self._printed.decode(errors="replace")


def _there(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None, "every stream of the process is a pipe"
    return stream
