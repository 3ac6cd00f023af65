"""``make bench``: our flows against the same steps written by hand, as ratios in one run.

Each run is a process of its own, ours and the other in turn; time is the process's wall clock, memory the
largest resident size of it and its children together. Quote the ratios, not the seconds. ``python -m
tests.benchmarks.flows polars`` (or ``spark``, ``peers``, ``fits``) runs one part.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from dataprep_app.sample import write_sample
from tests.benchmarks.cases import write_fits, write_joined, write_ten_steps
from tests.benchmarks.data import write_customers, write_rows

RUNS = 5
ROWS = 5_000_000
RUN = [sys.executable, "-m", "dataprep_app.cli", "run", "--fit", "refit"]
BY_HAND = [sys.executable, "-m", "tests.benchmarks.by_hand"]


@dataclass(frozen=True)
class Measured:
    """One run of a command."""

    seconds: float
    megabytes: float


def measured(command: list[str]) -> Measured:
    """Run a command to its end; its output is shown only when it fails."""
    with tempfile.TemporaryFile() as output:
        # Packages are compiled once, where they are installed; so is ours here.
        compiled = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        began, peak, done = time.perf_counter(), [0.0], threading.Event()
        process = subprocess.Popen(command, stdout=output, stderr=output, env=compiled)
        watcher = threading.Thread(target=_watch, args=(process.pid, peak, done))
        watcher.start()
        status = process.wait()
        seconds = time.perf_counter() - began
        done.set()
        watcher.join()
        if status:
            output.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{output.read().decode()}")
    return Measured(seconds, peak[0])


def _watch(process: int, peak: list[float], done: threading.Event) -> None:
    """Keep the largest sum of the resident sizes of a process and all below it, looked at ten times a second."""
    while not done.wait(0.1):
        try:
            root = psutil.Process(process)
            sizes = [each.memory_info().rss for each in (root, *root.children(recursive=True))]
        except psutil.NoSuchProcess:
            continue
        peak[0] = max(peak[0], sum(sizes) / 2**20)


def compare(name: str, ours: list[str], other: list[str]) -> None:
    """Print the ratio of ours to the other, pair by pair, after one pair that is not counted."""
    pairs = [(measured(ours), measured(other)) for _ in range(RUNS + 1)][1:]
    ratios = [mine.seconds / theirs.seconds for mine, theirs in pairs]
    mine_seconds, their_seconds = (
        statistics.median(each.seconds for each in side) for side in zip(*pairs, strict=True)
    )
    mine_peak, their_peak = (max(each.megabytes for each in side) for side in zip(*pairs, strict=True))
    print(
        f"{name:40} ours / other: {statistics.median(ratios):.2f}  ({min(ratios):.2f} to {max(ratios):.2f})   "
        f"seconds {mine_seconds:.2f} / {their_seconds:.2f}   peak MB {mine_peak:.0f} / {their_peak:.0f}"
    )


def compare_polars(folder: Path) -> None:
    """Ours on polars against lazy polars by hand."""
    loans = write_sample(folder / "loans", rows=40_000)
    compare("polars: loan flow, 40,000 loans", [*RUN, str(loans)], [*BY_HAND, "loans", str(folder / "loans")])
    write_rows(folder / "rows.parquet", ROWS)
    ten = str(write_ten_steps(folder))
    compare(f"polars: ten steps, {ROWS:,} rows", [*RUN, ten], [*BY_HAND, "ten", str(folder)])


def compare_peers(folder: Path) -> None:
    """Ours on polars against pandas and DuckDB."""
    write_rows(folder / "rows.parquet", ROWS)
    ten = str(write_ten_steps(folder))
    for peer in ("duckdb", "pandas"):
        other = [sys.executable, "-m", f"tests.benchmarks.by_hand_{peer}", str(folder)]
        compare(f"ten steps, {ROWS:,} rows, {peer}", [*RUN, ten], other)


def compare_fits(folder: Path) -> None:
    """Fits in one pass against a pass for each step."""
    write_rows(folder / "rows.parquet", ROWS)
    fits = str(write_fits(folder))
    compare(
        f"eight fits, {ROWS:,} rows, one by one",
        [*RUN, fits],
        [sys.executable, "-m", "tests.benchmarks.one_by_one", fits],
    )


def compare_spark(folder: Path) -> None:
    """Ours on Spark against native PySpark, in a local session of all processors."""
    write_rows(folder / "rows.parquet", ROWS)
    write_customers(folder / "customers.parquet", ROWS)
    for case, path in (("ten", write_ten_steps(folder)), ("joined", write_joined(folder))):
        native = [sys.executable, "-m", "tests.benchmarks.by_hand_spark", case, str(folder)]
        compare(f"Spark: {case}, {ROWS:,} rows", [*RUN, "--engine", "spark", str(path)], native)


PARTS = {"polars": compare_polars, "peers": compare_peers, "fits": compare_fits, "spark": compare_spark}


def main() -> None:
    """Run every part, or those that are named."""
    print(f"{RUNS} pairs each, {os.cpu_count()} processors")
    with tempfile.TemporaryDirectory(prefix="dataprep-bench-") as scratch:
        for name in sys.argv[1:] or PARTS:
            PARTS[name](Path(scratch))


if __name__ == "__main__":
    main()
