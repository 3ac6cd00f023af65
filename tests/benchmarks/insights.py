"""``make bench-insights``: the quality report against the floor and against ydata-profiling, as ratios in one run.

Each part runs in a process of its own, in turn, on the same Parquet file of 30 columns and a target: 18 of numbers, 5
of categories, 3 of text, 2 of dates, 2 booleans, some with missing values. The floor is one polars query for counts,
missing and different values, quantiles, histograms, the most frequent values and Pearson correlations. Times are of the
work, without imports and reading. ydata-profiling is given a limit; what takes longer is said to.

``python -m tests.benchmarks.insights [--rows 100000 1000000] [--limit SECONDS] [--runs 3]``
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import polars as pl

ROWS = (100_000, 1_000_000)
LIMIT = 900.0
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def table(rows: int) -> pl.DataFrame:
    """Thirty columns."""
    random = np.random.default_rng(9)
    columns: dict[str, pl.Series | np.ndarray] = {f"f{i}": random.normal(i, 1 + i, rows) for i in range(12)}
    columns |= {f"i{i}": random.integers(0, 10 ** (i + 1), rows) for i in range(6)}
    columns |= {f"c{i}": "v" + pl.Series(random.integers(0, 4 ** (i + 1), rows)).cast(pl.String) for i in range(5)}
    columns |= {
        f"t{i}": "text " + pl.Series(random.integers(0, rows, rows)).cast(pl.String) + " of words" for i in range(3)
    }
    columns |= {f"d{i}": pl.Series(random.integers(0, 5000, rows)).cast(pl.Int32).cast(pl.Date) for i in range(2)}
    columns |= {f"b{i}": random.random(rows) < 0.3 for i in range(2)}
    made = pl.DataFrame(columns).with_columns(y=pl.col("f1") + 3 * pl.col("c0").eq("v1").cast(pl.Int8) > 2.0)
    hollow = pl.int_range(pl.len()) % 17 == 0
    return made.with_columns(pl.when(~hollow).then(name).alias(name) for name in ("f0", "i0", "c0", "t0", "d0"))


def floor(rows: pl.DataFrame) -> None:
    """The least that has to be computed, in one query."""
    numbers = [name for name, dtype in rows.schema.items() if dtype.is_numeric()]
    others = [name for name in rows.columns if name not in numbers]
    values = pl.col(numbers)
    wanted = [pl.all().null_count().name.suffix(":missing"), pl.all().n_unique().name.suffix(":different")]
    wanted += [values.quantile(q, "linear").name.suffix(f":{q}") for q in QUANTILES]
    wanted += [values.min().name.suffix(":min"), values.max().name.suffix(":max")]
    wanted += [values.mean().name.suffix(":mean"), values.std().name.suffix(":std")]
    wanted += [pl.col(name).hist(bin_count=20).implode().alias(f"{name}:bins") for name in numbers]
    wanted += [pl.col(name).value_counts(sort=True).head(10).implode().alias(f"{name}:top") for name in others]
    wanted += [pl.corr(a, b).alias(f"{a}:{b}") for i, a in enumerate(numbers) for b in numbers[i + 1 :]]
    rows.lazy().select(wanted).collect()


def ours(rows: pl.DataFrame, *, model: bool) -> None:
    """Our report, with all sections."""
    from dataprep_app.insights.report import Wish, make_report
    from dataprep_app.insights.subject import Subject
    from dataprep_app.modeling.training import Training

    training = Training(rows, "y") if model else None
    make_report(Subject.of("bench", rows, None, training), Wish("y" if model else None))


def peer(rows: pl.DataFrame, *, minimal: bool) -> None:
    """The report of ydata-profiling, made as a page."""
    from dataprep_app.insights.full_profile import quiet_profiling

    with quiet_profiling() as profile_report:
        profile_report(rows.to_pandas(), minimal=minimal, progress_bar=False).to_html()


PARTS: dict[str, Callable[[pl.DataFrame], None]] = {
    "floor": floor,
    "ours without a target": lambda rows: ours(rows, model=False),
    "ours with target and model": lambda rows: ours(rows, model=True),
    "ydata-profiling minimal": lambda rows: peer(rows, minimal=True),
    "ydata-profiling full": lambda rows: peer(rows, minimal=False),
}


def alone(part: str, path: str) -> None:
    """One part, in a process of its own; prints its seconds."""
    rows = pl.read_parquet(path)
    if part.startswith("ours"):
        ours(rows.head(200), model=part.endswith("model"))  # imports are not the work
    began = time.perf_counter()
    PARTS[part](rows)
    sys.stdout.write(f"{time.perf_counter() - began}\n")


def seconds(part: str, path: Path, limit: float) -> float | None:
    """Seconds of a part; none when it takes too long."""
    command = [sys.executable, "-m", "tests.benchmarks.insights", "--part", part, "--path", str(path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=True)
    except subprocess.TimeoutExpired:
        return None
    return float(done.stdout.split()[-1])


def main() -> None:
    """Print a line for each part and size."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS)
    parser.add_argument("--limit", type=float, default=LIMIT)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--part", help=argparse.SUPPRESS)
    parser.add_argument("--path", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        alone(given.part, given.path)
        return
    for rows in given.rows:
        with tempfile.TemporaryDirectory(prefix="dataprep-bench-") as scratch:
            path = Path(scratch) / "rows.parquet"
            table(rows).write_parquet(path)
            taken: dict[str, list[float]] = {part: [] for part in PARTS}
            for run in range(given.runs):
                for part in PARTS:
                    if run == 0 or (taken[part] and not part.startswith("ydata")):
                        found = seconds(part, path, given.limit)
                        taken[part] += [] if found is None else [found]
            base = median(taken["floor"])
            sys.stdout.write(f"{rows:,} rows, 31 columns\n")
            for part, each in taken.items():
                told = (
                    f"{median(each):8.2f} s {median(each) / base:8.2f} x floor" if each else f"over {given.limit:.0f} s"
                )
                sys.stdout.write(f"  {part:30} {told}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
