"""``python -m tests.proofs.large_flows``: a table of 5,000 columns, and a flow of 300 steps.

``wide`` previews and runs five steps over 10,000 rows of 5,000 columns, of which a fifth is text; ``long`` does so with
300 steps over 60 columns, and previews the last step again after the one before it was changed. Prints seconds and the
largest resident size of the process so far.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from flows import edits
from flows.cache import PreviewCache
from flows.document import Destination, Flow, Source
from flows.engines.polars_engine import PolarsEngine
from flows.preview import preview
from flows.problems import check
from flows.run import Options, run
from flows.sampling import Sampling

ROWS = 10_000
COLUMNS = 5_000
STEPS = 300
SAMPLE = Sampling(20_000)
WIDE: Sequence[tuple[str, Mapping[str, Any]]] = (
    ("impute_mean", {"columns": {"type": "numeric"}}),
    ("outlier_quantile", {"columns": {"type": "numeric"}, "fix": "clip"}),
    ("scale_standard", {"columns": {"type": "numeric"}}),
    ("trim_whitespace", {"columns": {"type": "text"}}),
    ("ordinal_encode", {"columns": {"type": "text"}}),
)
LONG: Sequence[tuple[str, Mapping[str, Any]]] = (
    ("impute_mean", {"columns": ["{}"]}),
    ("outlier_std", {"columns": ["{}"], "fix": "clip"}),
    ("scale_standard", {"columns": ["{}"]}),
    ("round_number", {"columns": ["{}"], "decimals": 4}),
    ("absolute_value", {"columns": ["{}"]}),
)
"""Steps over one column each, of a flow that goes through them and all columns again and again."""


def write_table(folder: Path, rows: int, columns: int) -> None:
    """Numbers with missing ones among them, and a fifth text."""
    random = np.random.default_rng(5)
    texts = {f"t{i}": random.choice([" a", "b ", "c", "d"], rows) for i in range(columns // 5)}
    numbers = {f"n{i}": random.normal(i, 3, rows) for i in range(columns - len(texts))}
    missing = [pl.when(pl.int_range(pl.len()) % 17 != i % 17).then(f"n{i}").alias(f"n{i}") for i in range(len(numbers))]
    pl.DataFrame({**numbers, **texts}).with_columns(missing).write_parquet(folder / "rows.parquet")


def flow_of(steps: Sequence[tuple[str, Mapping[str, Any]]]) -> Flow:
    """The steps one after the other, then a file."""
    flow = edits.add_source(Flow(name="Large"), "rows", Source(connector="parquet", params={"path": "rows.parquet"}))
    last = "rows"
    for i, (transform, params) in enumerate(steps):
        flow, last = edits.add_step(flow, f"s{i}", transform, [last], dict(params)), f"s{i}"
    return edits.add_destination(
        flow, "out", Destination(input=last, connector="parquet", params={"path": "out.parquet"})
    )


def timed(what: str, work: Callable[[], Any]) -> None:
    """Do something, and print how long it took."""
    began = time.perf_counter()
    work()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"  {what:32} {time.perf_counter() - began:8.2f} s   peak {peak:,.0f} MB\n")
    sys.stdout.flush()


def show(folder: Path, flow: Flow) -> None:
    """Check, preview, run."""
    last, cache = [*flow.steps][-1], PreviewCache()
    timed("check", lambda: check(flow, folder))
    timed("preview of the last step", lambda: preview(flow, folder, last, cache, sampling=SAMPLE))
    changed = edits.change_step(flow, last, disabled=True)
    timed("preview once it is switched off", lambda: preview(changed, folder, last, cache, sampling=SAMPLE))
    timed("run", lambda: run(flow, folder, lambda sources, on: engine_over(sources, on), Options(fit="refit")))


def engine_over(sources: Mapping[str, Any], control: Any) -> PolarsEngine:
    """polars over the sources of a run."""
    return PolarsEngine(lambda name: sources[name].scan(), control)


def main() -> None:
    """Run both parts, or the one that is named."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("parts", nargs="*", help="wide, long; all by default")
    parser.add_argument("--columns", type=int, default=COLUMNS)
    given = parser.parse_args()
    if unknown := set(given.parts) - {"wide", "long"}:
        parser.error(f"There is no part {', '.join(unknown)}.")
    for part in given.parts or ("wide", "long"):
        with tempfile.TemporaryDirectory(prefix="dataprep-large-") as scratch:
            folder = Path(scratch)
            width = given.columns if part == "wide" else 60
            write_table(folder, ROWS, width)
            steps = list(WIDE)
            if part == "long":
                steps = [
                    (id, {**params, "columns": [f"n{(i // len(LONG)) % 48}"]})
                    for i in range(STEPS)
                    for id, params in [LONG[i % len(LONG)]]
                ]
            sys.stdout.write(f"{part}: {ROWS:,} rows, {width:,} columns, {len(steps)} steps\n")
            show(folder, flow_of(steps))


if __name__ == "__main__":
    main()
