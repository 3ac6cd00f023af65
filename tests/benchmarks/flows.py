"""``make bench``: our flows against the same steps written by hand in lazy polars, as ratios in one run.

Each run is a process of its own, ours and the other in turn; time is the process's wall clock,
memory its peak resident size. Quote the ratios, not the seconds.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from dataprep_app.sample import write_sample
from tests.benchmarks.cases import write_ten_steps
from tests.benchmarks.data import write_rows

RUNS = 5
ROWS = 5_000_000


@dataclass(frozen=True)
class Measured:
    """One run of a process."""

    seconds: float
    megabytes: float


def measured(command: list[str]) -> Measured:
    """Run a command to its end; its output is shown only when it fails."""
    with tempfile.TemporaryFile() as output:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        if status:
            output.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{output.read().decode()}")
    return Measured(seconds, usage.ru_maxrss / 1024)


def compare(name: str, ours: list[str], other: list[str]) -> None:
    """Print the ratio of ours to the other, pair by pair, after one pair that is not counted."""
    pairs = [(measured(ours), measured(other)) for _ in range(RUNS + 1)][1:]
    ratios = [mine.seconds / theirs.seconds for mine, theirs in pairs]
    mine_seconds, their_seconds = (
        statistics.median(each.seconds for each in side) for side in zip(*pairs, strict=True)
    )
    mine_peak, their_peak = (max(each.megabytes for each in side) for side in zip(*pairs, strict=True))
    print(
        f"{name:34} ours / by hand: {statistics.median(ratios):.2f}  ({min(ratios):.2f} to {max(ratios):.2f})   "
        f"seconds {mine_seconds:.2f} / {their_seconds:.2f}   peak MB {mine_peak:.0f} / {their_peak:.0f}"
    )


def main() -> None:
    """Run every case."""
    python = sys.executable
    with tempfile.TemporaryDirectory(prefix="dataprep-bench-") as scratch:
        folder = Path(scratch)
        print(f"{RUNS} pairs each, {os.cpu_count()} processors")
        loans = write_sample(folder / "loans", rows=40_000)
        run = [python, "-m", "dataprep_app.cli", "run", "--fit", "refit"]
        by_hand = [python, "-m", "tests.benchmarks.by_hand"]
        compare("loan flow, 40,000 loans", [*run, str(loans)], [*by_hand, "loans", str(folder / "loans")])
        write_rows(folder / "rows.parquet", ROWS)
        ten = write_ten_steps(folder)
        compare(f"ten steps, {ROWS:,} rows", [*run, str(ten)], [*by_hand, "ten", str(folder)])


if __name__ == "__main__":
    main()
