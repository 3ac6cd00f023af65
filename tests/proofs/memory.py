"""``python -m tests.proofs.memory``: flows over files ten times as large as the memory they are given.

``bounded`` runs the ten steps of :mod:`tests.benchmarks.cases` to the end, below a tenth of the size of a CSV file, and
over a Parquet file below a tenth of what its rows take in memory, and counts the rows. ``relations`` prints what flows
that bring rows together hold at two sizes, by themselves and when polars is to put on the disk what is above a
budget; the factors of :mod:`flows.memory` come from it. ``fits`` does so for what steps learn.

The limit is on private memory (``RssAnon`` of Linux), looked at fifty times a second; a run above it is ended. A limit
on the address space or on data (``RLIMIT_AS``, ``RLIMIT_DATA``) counts what is reserved and never touched, 1.4 GB of
a run that holds 0.55 GB, and a control group needs rights that a proof should not ask for. Pages of mapped files are
left out, since the system takes them back whenever it wants.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from flows import edits
from flows.document import Destination, Flow, Source
from flows.files import save
from flows.memory import BUDGET
from tests.benchmarks.cases import TEN_STEPS
from tests.benchmarks.data import write_rows

ROWS = 110_000_000
"""About 11.6 GB in memory, 20 GB as CSV, 6 GB as Parquet."""
SIZES = (5_000_000, 15_000_000)
PIECE = 1_000_000
PIECES = 5
"""Different pieces of so many rows, of which a file is made again and again."""
BUDGET_MB = 400
Steps = Sequence[tuple[str, str, Mapping[str, Any]]]

MEASURES = [{"function": "rows", "output": "rows"}, {"column": "dti", "function": "mean", "output": "mean"}]
RELATIONS: dict[str, Steps] = {
    "rows as they are": (),
    "sort": (("s", "sort_rows", {"by": [{"column": "dti"}]}),),
    "group, a row each": (("s", "group_aggregate", {"by": ["id"], "aggregations": MEASURES}),),
    "distinct by a column": (("s", "drop_duplicates", {"columns": ["id"]}),),
    "distinct by all": (("s", "drop_duplicates", {"columns": {"except": []}}),),
    "join": (("s", "join_datasets", {"how": "inner", "left_on": ["id"], "right_on": ["id"]}),),
    "window": (("s", "rank_rows", {"by": [{"column": "dti"}], "group_by": ["grade"], "output": "rank"}),),
}
NUMBERS = ["loan_amount", "annual_income", "interest_rate", "installment", "dti", "score"]
FITS: dict[str, Steps] = {
    "mean": (("s", "impute_mean", {"columns": NUMBERS}),),
    "mean and spread": (("s", "scale_standard", {"columns": NUMBERS}),),
    "quantiles": (("s", "outlier_quantile", {"columns": NUMBERS, "fix": "clip"}),),
    "categories": (("s", "one_hot_encode", {"columns": ["purpose", "city", "grade"]}),),
}


@dataclass(frozen=True)
class Ran:
    """What came of a run."""

    seconds: float
    peak: float
    """Bytes of private memory."""
    ended: bool
    """Whether it came to the end, below the limit."""
    output: str


def watched(command: Sequence[str], limit: float = float("inf"), environment: Mapping[str, str] | None = None) -> Ran:
    """Run a command and watch its private memory; end it when that is above the limit."""
    began, peak = time.monotonic(), 0.0
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ, **(environment or {})})
        status = Path(f"/proc/{process.pid}/status")
        while process.poll() is None and peak <= limit:
            found = re.search(r"RssAnon:\s+(\d+) kB", status.read_text(encoding="utf-8"))
            peak = max(peak, 1024.0 * int(found[1]) if found else 0.0)
            time.sleep(0.02)
        if process.poll() is None:
            process.kill()
        done = process.wait() == 0
        out.seek(0)
        return Ran(time.monotonic() - began, peak, done and peak <= limit, out.read().decode())


def write_files(folder: Path, rows: int, *, csv: bool) -> float:
    """``rows.parquet``, ``customers.parquet`` and perhaps ``rows.csv``; bytes that all rows take in memory."""
    pieces = [write_rows(folder / f"piece-{i}.parquet", PIECE, seed=100 + i) for i in range(PIECES)]
    scans = [
        pl.scan_parquet(pieces[i % PIECES]).with_columns(pl.col("id") + i * PIECE) for i in range(-(-rows // PIECE))
    ]
    table = pl.concat(scans).head(rows)
    table.sink_parquet(folder / "rows.parquet", row_group_size=250_000)
    if csv:
        table.sink_csv(folder / "rows.csv")
    others = table.select((pl.lit(rows - 1) - pl.col("id")).alias("id"), region="grade", age="open_lines")
    others.sink_parquet(folder / "customers.parquet", row_group_size=250_000)
    return pl.read_parquet(pieces[0]).estimated_size() / PIECE * rows


def write_flow(folder: Path, kind: str, steps: Steps) -> Path:
    """A flow over ``rows``, with ``customers`` as the second input of a join."""
    settings = {"path": f"rows.{kind}"} | ({"try_parse_dates": True} if kind == "csv" else {})
    flow = edits.add_source(Flow(name="Memory"), "rows", Source(connector=kind, params=settings))
    last = "rows"
    for id, transform, params in steps:
        inputs = [last]
        if transform == "join_datasets":
            customers = Source(connector="parquet", params={"path": "customers.parquet"})
            flow, inputs = edits.add_source(flow, "customers", customers), [last, "customers"]
        flow, last = edits.add_step(flow, id, transform, inputs, dict(params)), id
    out = Destination(input=last, connector="parquet", params={"path": "out.parquet"})
    path = folder / "memory.flow.json"
    save(edits.add_destination(flow, "out", out), path)
    return path


def command(path: Path) -> list[str]:
    """The command line of a run."""
    return [sys.executable, "-m", "dataprep_app.cli", "run", "--fit", "refit", str(path)]


def bounded(folder: Path, rows: int) -> None:
    """The ten steps over both files, below a tenth of their sizes."""
    taken = write_files(folder, rows, csv=True)
    kept = pl.scan_parquet(folder / "rows.parquet").filter(pl.col("open_lines") >= 5).select(pl.len()).collect().item()
    print(f"{rows:,} rows, {taken / 1e9:.1f} GB in memory")
    for kind in ("csv", "parquet"):
        size = (folder / f"rows.{kind}").stat().st_size
        limit = (size if kind == "csv" else taken) / 10
        path = write_flow(folder, kind, TEN_STEPS)
        ran = watched(command(path), limit)
        assert ran.ended, f"{kind}: {ran.peak / 1e6:.0f} MB after {ran.seconds:.0f} s\n{ran.output}"
        written = pl.scan_parquet(folder / "out.parquet").select(pl.len()).collect().item()
        assert written == kept, f"{written:,} rows, not {kept:,}"
        print(
            f"{kind}: {size / 1e9:.1f} GB, limit {limit / 1e6:.0f} MB, "
            f"peak {ran.peak / 1e6:.0f} MB, {ran.seconds:.0f} s, {written:,} rows"
        )


def measure(folder: Path, cases: Mapping[str, Steps]) -> None:
    """Peaks of flows at two sizes, free and with a budget."""
    for rows in SIZES:
        taken = write_files(folder, rows, csv=False)
        print(f"{rows:,} rows, {taken / 1e6:.0f} MB in memory")
        for name, steps in cases.items():
            path = write_flow(folder, "parquet", steps)
            free, limited = watched(command(path)), watched(command(path), environment={BUDGET: str(BUDGET_MB)})
            for ran in (free, limited):
                assert ran.ended, ran.output
            print(
                f"  {name:22} {free.peak / 1e6:6.0f} MB {free.seconds:5.0f} s; with a budget of {BUDGET_MB} MB "
                f"{limited.peak / 1e6:6.0f} MB {limited.seconds:5.0f} s",
                flush=True,
            )


def main() -> None:
    """Run every part, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help="bounded, relations, fits; all by default")
    parser.add_argument("--rows", type=int, default=ROWS)
    given = parser.parse_args()
    if unknown := set(given.parts) - {"bounded", "relations", "fits"}:
        parser.error(f"There is no part {', '.join(unknown)}.")
    for part in given.parts or ("bounded", "relations", "fits"):
        with tempfile.TemporaryDirectory(prefix="dataprep-memory-") as scratch:
            if part == "bounded":
                bounded(Path(scratch), given.rows)
            else:
                measure(Path(scratch), RELATIONS if part == "relations" else FITS)


if __name__ == "__main__":
    main()
