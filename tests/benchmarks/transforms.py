"""How long every transform takes on a million rows, against a plain scan of the same columns by polars.

``python -m tests.benchmarks.transforms [--rows 1000000] [ID ...]``, or ``make bench-transforms``.

The rows are the first input of a transform's first example, drawn again and again: numbers are shifted a little, so
that most differ; text and dates are those of the example, so that they stay what the transform is for. Further inputs
are as in the example. A transform binds, fits and passes all rows, which are read from Parquet and let go piece by
piece; the scan reads and lets go the same columns. Each runs in this process, the scan before and after; of what takes
less than a second the median of three is told. One that takes longer than the limit is left behind and said to.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import numpy as np
import polars as pl

from flows.engines.polars_engine import PolarsEngine
from tests.checks import planned, tables_of
from transforms.catalog import catalog
from transforms.core.errors import DataprepError
from transforms.core.relations import Source

ROWS = 1_000_000
SLOW = 25.0
"""Times a scan from which on a transform is listed."""
LIMIT = 90.0
"""Seconds that a transform is given."""


@dataclass(frozen=True)
class Timing:
    """What one transform took."""

    id: str
    seconds: float
    scan: float
    said: str = ""
    """Why there is no time."""

    @property
    def ratio(self) -> float:
        """Times the scan."""
        return self.seconds / self.scan


def many(table: pl.DataFrame, rows: int) -> pl.DataFrame:
    """So many rows like those of a small table, the same ones each time."""
    random = np.random.default_rng(11)
    drawn = table[random.integers(0, len(table), rows)] if len(table) else table
    noise = pl.Series(random.normal(0, 0.05, len(drawn)))
    steps = pl.Series(random.integers(0, 3, len(drawn)))
    return drawn.with_columns(
        *((pl.col(name) * (1 + noise)).alias(name) for name, dtype in drawn.schema.items() if dtype.is_float()),
        *((pl.col(name) + steps).alias(name) for name, dtype in drawn.schema.items() if dtype == pl.Int64),
    )


def seconds(frames: Callable[[], list[pl.LazyFrame]]) -> float:
    """To make tables and let go of their rows."""
    began = time.perf_counter()
    for frame in frames():
        for _ in frame.collect_batches(engine="streaming", maintain_order=False):
            pass
    return time.perf_counter() - began


def often(frames: Callable[[], list[pl.LazyFrame]]) -> float:
    """The median of three, of what is quick."""
    first = seconds(frames)
    return first if first > 1 else median([first, seconds(frames), seconds(frames)])


def timing(id: str, rows: int, folder: Path) -> Timing:
    """What one transform takes."""
    kind = catalog()[id]
    example = kind.examples[0]
    first, *others = tables_of(example).values()
    path = folder / f"{id}.parquet"
    many(first, rows).write_parquet(path)

    def scan() -> list[pl.LazyFrame]:
        return [pl.scan_parquet(path)]

    def passed() -> list[pl.LazyFrame]:
        step = kind(**example.params)
        engine = PolarsEngine.over({"in0": pl.scan_parquet(path), **{f"in{i}": o for i, o in enumerate(others, 1)}})
        outputs, _ = planned(step, engine, [Source(f"in{i}") for i in range(len(others) + 1)])
        return [engine.table(each) for each in outputs]

    before = often(scan)
    try:
        taken = often(passed)
    except (DataprepError, pl.exceptions.PolarsError) as error:
        return Timing(id, float("nan"), before, str(error).splitlines()[0])
    finally:
        path.unlink()
    return Timing(id, taken, before)


def timings(ids: list[str], rows: int) -> Iterator[Timing]:
    """Each in a process that is left behind when it takes too long."""
    context = get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="dataprep-bench-") as folder:
        waiting = list(ids)
        while waiting:
            with context.Pool(1) as pool:
                while waiting:
                    id = waiting.pop(0)
                    found = pool.apply_async(timing, (id, rows, Path(folder)))
                    found.wait(LIMIT)
                    if not found.ready():
                        yield Timing(id, LIMIT, float("nan"), f"more than {LIMIT:.0f} s")
                        break
                    yield found.get()


def main() -> None:
    """Print a line for each transform, and those again that are slow."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("ids", nargs="*", help="transforms; all by default")
    parser.add_argument("--rows", type=int, default=ROWS)
    given = parser.parse_args()
    found = []
    for each in timings(given.ids or sorted(catalog()), given.rows):
        found.append(each)
        told = each.said or f"{each.seconds:8.3f} s {each.ratio:8.1f} x"
        print(f"{each.id:36} {told}", flush=True)
    timed = sorted((each for each in found if not each.said), key=lambda each: -each.ratio)
    print(f"\n{len(timed)} transforms on {given.rows:,} rows: median {median(each.ratio for each in timed):.1f} times")
    print(f"a scan of the same columns; {sum(each.ratio > SLOW for each in timed)} more than {SLOW:g} times:")
    for each in timed:
        if each.ratio > SLOW:
            print(f"  {each.id:34} {each.ratio:8.1f} x {each.seconds:8.2f} s")
    for each in found:
        if each.said:
            print(f"  {each.id:34} {each.said}")


if __name__ == "__main__":
    main()
