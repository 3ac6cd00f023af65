"""Progress of a run on a terminal, and its result in words."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self, TextIO

from flows.result import Event, RunResult, StepResult

FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
VERBS = {
    "plan": "planning",
    "fit": "learning",
    "step": "planned",
    "write": "reading, preparing and writing",
    "load": "loading",
}


class Progress:
    """One line that keeps moving on a terminal; a line per event where there is none."""

    def __init__(self, out: TextIO, *, quiet: bool = False) -> None:
        self._out = out
        self._quiet = quiet
        self._live = out.isatty() and not quiet
        self._text = ""
        self._began = time.perf_counter()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._spin, daemon=True)

    def __enter__(self) -> Self:
        if self._live:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._live:
            self._thread.join()
            self._out.write("\r\x1b[K")
            self._out.flush()

    def tell(self, event: Event) -> None:
        """Show an event."""
        self._text = f"{event.done}/{event.total} {VERBS.get(event.kind, event.kind)} {event.node}".rstrip()
        if not self._live and not self._quiet and event.kind in ("fit", "write", "load"):
            self._out.write(f"{event.seconds:7.1f} s  {self._text}\n")
            self._out.flush()

    def _spin(self) -> None:
        n = 0
        while not self._stop.wait(0.1):
            n += 1
            seconds = time.perf_counter() - self._began
            self._out.write(f"\r\x1b[K{FRAMES[n % len(FRAMES)]} {seconds:5.1f} s  {self._text}")
            self._out.flush()


def summary(result: RunResult) -> str:
    """A result as a small table: rows in and out of each step, what was lost, what was written."""
    sampled = (
        f", on a sample ({result.sample['rows']:,} {result.sample['method']} rows of each source)"
        if result.sample
        else ""
    )
    lines = [f"{result.flow}: done in {result.seconds:.1f} s with {result.engine}{sampled}", ""]
    lines += [f"  {rows:>11,} rows  {name}" for name, rows in result.sources.items()]
    for step in result.steps:
        lines += _step_lines(step)
    lines.append("")
    lines += [f"  {each.rows:>11,} rows  written to {each.target}" for each in result.written]
    lines += [f"  {each.rows:>11,} rows  rejected by {each.step}, in {each.target}" for each in result.rejects]
    return "\n".join(lines)


def _step_lines(step: StepResult) -> list[str]:
    notes = [f"skipped: {step.skipped}"] if step.skipped else []
    if step.fitted:
        how = "learned" if step.fitted == "now" else "used what it learned"
        notes.append(f"{how} on {'all rows' if step.fitted_on == 'full' else 'a sample'}")
    first, *rest = step.rows_out.items()
    gone = (step.rows_in[0] - first[1]) if len(step.rows_in) == 1 and not rest else 0
    if gone:
        notes.append(f"{abs(gone):,} rows {'fewer' if gone > 0 else 'more'}")
    note = f"  ({'; '.join(notes)})" if notes else ""
    lines = [f"  {first[1]:>11,} rows  {step.id}{f'.{first[0]}' if rest else ''}{note}"]
    lines += [f"  {rows:>11,} rows  {step.id}.{name}" for name, rows in rest]
    for failure in step.failures:
        shown = f": {', '.join(map(repr, failure.samples))}" if failure.samples else ""
        values = f"{failure.rows:,} value{'' if failure.rows == 1 else 's'}"
        lines.append(f"{'':18}{values} of {failure.column!r} {failure.what}{shown}")
    return lines
