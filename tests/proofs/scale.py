"""``python -m tests.proofs.scale``: what the model of ``flows/spark/scale.py`` needs, measured on this machine.

Seven parts, each of which can be named alone: ``splits`` (seconds of a core per MB, a line through several sizes),
``tasks`` (tasks that do nothing), ``files`` (5,000 of them, planned and run), ``bytes`` (what statistics send),
``driver`` (what reaches it and what it holds, on a standalone cluster where it is a process of its own), ``join`` (a
shuffle, even and skewed) and ``check`` (predicted against measured). Seconds are those of processors where others may
be busy on the machine.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from connectors.core.connector import Context
from connectors.parquet import ParquetDestination, ParquetSource
from flows.engines import spark_sources
from flows.engines.base import Write
from flows.engines.spark_sources import Piece, numbered, piece_in
from flows.engines.spark_writing import Wanted
from flows.engines.start import start_engine
from flows.files import load
from flows.problems import check as checked_flow
from flows.run import Options, run
from flows.spark import scale
from flows.store import LearnedFolder
from flows.tables import OpenSource
from tests.benchmarks.cases import write_ten_steps
from tests.benchmarks.data import write_rows
from tests.proofs.packed import cluster, environment
from tests.proofs.scale_bytes import STATISTICS, show_bytes
from tests.proofs.scale_session import MB, all_processors, held, last_stage, local, processor, seconds, stages_since
from transforms.core import statistics as stat
from transforms.core.relations import Join, MapRows, Relation, Source

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SPLITS = (62_500, 250_000, 1_000_000, 2_000_000)
"""Rows of the splits that are timed; about 6 to 190 MB."""
TASKS = (2, 100, 300)
FILES = 5_000
JOINED = 500_000


def main() -> None:
    """Run every part, or those that are named; ``split`` and ``timed`` are run in processes of their own."""
    parts: dict[str, Callable[[Path], None]] = {
        "splits": show_splits, "tasks": show_tasks, "files": show_files, "bytes": show_bytes,
        "driver": show_driver, "join": show_join, "check": show_check,
    }  # fmt: skip
    alone: dict[str, Callable[..., None]] = {"split": split_alone, "timed": timed_alone, "asked": asked_alone}
    if sys.argv[1:] and sys.argv[1] in alone:
        alone[sys.argv[1]](*sys.argv[2:])
        return
    with tempfile.TemporaryDirectory(prefix="dataprep-scale-") as scratch:
        for name in sys.argv[1:] or parts:
            print(f"\n== {name}", flush=True)
            parts[name](Path(scratch))


def process(*arguments: object, **settings: str) -> dict[str, Any]:
    """Run a part of this program in a process of its own, one polars thread unless told otherwise; what it tells."""
    command = [sys.executable, "-m", "tests.proofs.scale", *map(str, arguments)]
    inherited = {**os.environ, "POLARS_MAX_THREADS": "1", **settings}
    done = subprocess.run(command, env=inherited, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-4000:])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def line(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Intercept and slope of the least-squares line."""
    slope, intercept = np.polyfit([x for x, _ in points], [y for _, y in points], 1)
    return float(intercept), float(slope)


def ten_steps(folder: Path) -> Relation:
    """The ten steps over ``rows``, with what they learn from ``rows.parquet`` of a folder."""
    path = write_ten_steps(folder)
    flow, remember = load(path), LearnedFolder(folder / "learned")
    run(flow, folder, lambda sources, on: start_engine("polars", sources, on), Options(remember=remember))
    found = checked_flow(flow, folder, {}, remember).prediction
    table: Relation = Source("rows")
    for id, bound in found.bound.items():
        planned = bound.plan(table, learned=found.learned.get(id))
        assert isinstance(planned, MapRows), id
        table = planned
    return table


def show_splits(folder: Path) -> None:
    """Seconds of a core per MB: a process for each size, so that its largest memory is known."""
    write_rows(folder / "rows.parquet", 50_000)
    found = []
    for rows in SPLITS:
        write_rows(folder / f"split-{rows}.parquet", rows)
        found.append(process("split", folder, rows))
    print(f"{'rows':>10} {'MB':>7} {'row steps':>10} {'fit pass':>9} {'peak MB':>8}")
    for each in found:
        print(
            f"{each['rows']:>10,} {each['mb']:>7.1f} {each['steps']:>8.2f} s {each['fit']:>7.2f} s {each['peak']:>8.0f}"
        )
    for name in ("steps", "fit"):
        intercept, slope = line([(each["mb"], each[name]) for each in found])
        worst = max(abs(intercept + slope * each["mb"] - each[name]) for each in found)
        print(f"{name}: {intercept:.3f} s + {slope:.4f} s per MB of split; largest residual {worst:.2f} s")


def split_alone(folder: str, rows: str) -> None:
    """One split: row steps and writing, then a fit pass, in seconds of the processor."""
    from flows.engines.spark_reduce import _started
    from flows.engines.spark_statistics import answers

    base = Path(folder)
    table = ten_steps(base)
    source = ParquetSource(path=f"split-{rows}.parquet")
    piece = Piece(ParquetSource, source.model_dump_json(by_alias=True), Context(base))
    out = base / f"out-{rows}"
    (out / "_attempts").mkdir(parents=True, exist_ok=True)
    ((stage, _),) = Wanted([Write(table, ParquetDestination(path="x.parquet"), out)], [], []).stages()
    schema = piece.scan().collect_schema()

    def fit() -> None:
        asked = (stat.Mean("annual_income"), stat.Mean("dti"), stat.Std("interest_rate"), stat.ValueCounts("purpose"))
        columns = ["annual_income", "dti", "interest_rate", "purpose"]

        def reduce(partials: Any) -> list[pl.DataFrame]:
            batches = piece.scan().select(columns).collect_batches(chunk_size=1 << 16, engine="streaming")
            messages = list(_started(batches, partials))
            slots = range(len(partials))
            parts = [pl.concat([each.rows for each in messages if each.slot == slot]) for slot in slots]
            return [each.combine(each.finish(each.merge(part))) for each, part in zip(partials, parts, strict=True)]

        answers(reduce, schema, asked)

    told = {"rows": int(rows), "mb": (base / source.path).stat().st_size / MB}
    told["steps"] = min(processor(partial(stage.run, piece.scan(), str(i))) for i in range(3))
    told["fit"] = min(processor(fit) for _ in range(3))
    told["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(told))


def show_tasks(folder: Path) -> None:
    """A task that does nothing, with a list of 4,000 pieces in its closure, as a source of 500 GB has."""
    spark = local(2)
    settings = ParquetSource(path="x" * 60).model_dump_json(by_alias=True)
    pieces = tuple(Piece(ParquetSource, settings + " " * (i % 7), Context(folder)) for i in range(4_000))

    def nothing(batches: Any) -> Iterator[Any]:
        piece_in(batches, pieces)
        yield from ()

    def once(tasks: int, *, python: bool) -> float:
        table = numbered(spark, pieces[:tasks])
        return all_processors(lambda: (table.mapInArrow(nothing, "x long") if python else table).collect())

    for what, python in (("JVM alone", False), ("with Python", True)):
        for _ in range(2):
            once(TASKS[-1], python=python)
        points = [(float(tasks), min(once(tasks, python=python) for _ in range(3))) for tasks in TASKS]
        intercept, slope = line(points)
        print(", ".join(f"{tasks:,.0f} tasks {each:.2f} s" for tasks, each in points) + " of a core")
        print(f"{what}: a stage {max(intercept, 0):.2f} s, a task {slope * 1000:.1f} ms of a core")
    spark.stop()


def show_files(folder: Path) -> None:
    """The same rows in 50 and in 5,000 files: what each look at the files costs, and a whole run on Spark."""
    spark = local(2)
    whole = pl.read_parquet(write_rows(folder / "whole.parquet", 100_000))
    for files in (50, FILES):
        base = folder / f"files-{files}"
        table = base / "rows.parquet"
        table.mkdir(parents=True)
        each = whole.height // files
        for i in range(files):
            whole[i * each : (i + 1) * each].write_parquet(table / f"part-{i:05d}.parquet")
        source, context = ParquetSource(path="rows.parquet"), Context(base)
        opened = OpenSource(source, context)
        looks: dict[str, Callable[[], object]] = {
            "list": partial(source.files, context),
            "fingerprint": partial(source.fingerprint, context),
            "columns": partial(source.columns, context),
            "pieces": partial(spark_sources.pieces_of, opened, 8),
        }
        found = {name: seconds(look) for name, look in looks.items()}
        path = write_ten_steps(base)
        began = time.perf_counter()
        run(load(path), base, lambda sources, on: start_engine("spark", sources, on), Options(fit="refit"))
        found["whole run"] = time.perf_counter() - began
        print(f"{files:,} files: " + ", ".join(f"{name} {value:.2f} s" for name, value in found.items()))
    spark.stop()


def show_driver(folder: Path) -> None:
    """What reaches the driver of each kind of statistic, and what it holds in all."""
    rows = 50_000
    cases = [(rows * n, 8) for n in (1, 16, 4)] + [(rows * 4, 8 * n) for n in (16, 4)]
    found = {}
    with cluster(folder, memory="2g") as address:
        for many, splits in cases:
            base = folder / f"driver-{many}"
            write_rows(base / "whole.parquet", many)
            cut_into(base / "whole.parquet", base / f"rows-{splits}", splits)
            settings = {**environment(folder), "PYSPARK_PYTHON": sys.executable, "PYTHONPATH": str(Path.cwd())}
            found[many, splits] = process("asked", address, base / f"rows-{splits}", **settings)
            print(f"{many:,} rows in {splits} splits: {json.dumps(found[many, splits])}", flush=True)
    head = " ".join(f"{f'{many / 1e6:g}M/{splits}':>10}" for many, splits in cases)
    print(f"{'KB that reach the driver, rows / splits':50} {head}")
    for name in STATISTICS:
        print(f"{name:50} " + " ".join(f"{found[case]['bytes'][name] / 1000:>10,.1f}" for case in cases))
    for name in ("python", "jvm"):
        print(f"{f'{name} at most, MB':50} " + " ".join(f"{found[case][name]:>10,.1f}" for case in cases))


def cut_into(file: Path, folder: Path, files: int) -> None:
    """The rows of a file in so many files of about the same size."""
    table = pl.read_parquet(file)
    folder.mkdir(exist_ok=True)
    each = -(-table.height // files)
    for i in range(files):
        table[i * each : (i + 1) * each].write_parquet(folder / f"part-{i:05d}.parquet")


def asked_alone(address: str, folder: str) -> None:
    """Each statistic of a table on a cluster; bytes that the driver received, and what it held at most."""
    from pyspark.sql.classic.dataframe import DataFrame

    from flows.engines.spark_engine import SparkEngine
    from flows.engines.spark_start import session

    settings = {
        "spark.driver.memory": "1g", "spark.executor.memory": "1200m", "spark.executorEnv.POLARS_MAX_THREADS": "1",
        "spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "8",
        "spark.executorEnv.PYTHONPATH": str(Path.cwd()),
    }  # fmt: skip
    spark = session(address, settings)
    received = [0]
    plain = DataFrame.toArrow

    def counted(frame: DataFrame) -> Any:
        table = plain(frame)
        received[0] += table.nbytes
        return table

    setattr(DataFrame, "toArrow", counted)  # noqa: B010 - a spy on what Spark sends
    path = Path(folder)
    source = OpenSource(ParquetSource(path=path.name), Context(path.parent))
    files = source.connector.files(source.context)  # type: ignore[attr-defined]
    spark_sources.BYTES_OF_A_PIECE = max(each.stat().st_size for each in files)
    engine = SparkEngine(spark, {"rows": source})
    found: dict[str, int] = {}
    with held(spark) as most:
        for name, asked in STATISTICS.items():
            received[0] = 0
            engine.measure([(Source("rows"), asked)])
            found[name] = received[0]
    spark.stop()
    print(json.dumps({"bytes": found, **most}))


def show_join(folder: Path) -> None:
    """A join by sort and shuffle, its keys even and skewed: where the time goes, and what its largest task takes."""
    spark = local(2, **{"spark.sql.autoBroadcastJoinThreshold": "-1", "spark.sql.shuffle.partitions": "32"})
    spark.conf.set("spark.sql.adaptive.coalescePartitions.enabled", "false")
    joined(spark, folder, JOINED, 0.0)
    even = joined(spark, folder, JOINED, 0.0)
    of_jvm = even["map"] + even["join"]
    print(
        f"{even['mb']:.0f} MB of files, {even['shuffled'] / MB:.0f} MB through the shuffle; of a core per MB of files:"
    )
    for name in ("map", "join"):
        share = even[name] / of_jvm
        print(f"  {name} {share * even['processor'] / even['mb']:.4f} s, of which JVM {even[name] / even['mb']:.4f} s")
    for share in (0.1, 0.4):
        found = joined(spark, folder, JOINED, share)
        for what, name, of in (("bytes", "largest", "shuffled"), ("JVM seconds", "slowest", "join")):
            predicted = found[of] * (share + (1 - share) / 32)
            print(f"{share:.0%} one key: largest task, {what}: predicted {predicted:,.2f}, measured {found[name]:,.2f}")
    for name, value in (("skewedPartitionThresholdInBytes", "1MB"), ("skewedPartitionFactor", "2")):
        spark.conf.set(f"spark.sql.adaptive.skewJoin.{name}", value)
    spark.conf.set("spark.sql.adaptive.advisoryPartitionSizeInBytes", "1MB")
    split = joined(spark, folder, JOINED, 0.4)
    print(
        f"40%, split by Spark at 1 MB instead of 256: {split['tasks']:.0f} tasks, largest {split['largest']:,.0f} bytes"
    )
    spark.stop()


def joined(spark: SparkSession, folder: Path, rows: int, share: float) -> dict[str, float]:
    """A join with a table of unique keys and a write, by our engine; seconds of the tasks of its stages."""
    from flows.engines.spark_engine import SparkEngine

    random = np.random.default_rng(3)
    keys = np.where(random.random(rows) < share, 0, random.integers(1, rows // 4, rows))
    table = pl.read_parquet(write_rows(folder / "joined-rows.parquet", rows)).with_columns(key=keys)
    (folder / "left").mkdir(exist_ok=True)
    for i in range(16):
        table[i * rows // 16 : (i + 1) * rows // 16].write_parquet(folder / "left" / f"part-{i:02d}.parquet")
    ages = {"key": np.arange(rows // 4), "age": random.integers(18, 90, rows // 4)}
    pl.DataFrame(ages).write_parquet(folder / "right.parquet", row_group_size=100_000)
    context = Context(folder)
    spark_sources.BYTES_OF_A_PIECE = 8_000_000
    tables = {name: OpenSource(ParquetSource(path=path), context) for name, path in
              (("left", "left"), ("right", "right.parquet"))}  # fmt: skip
    both = Join(Source("left"), Source("right"), ("key",), ("key",))
    out = Path(tempfile.mkdtemp(dir=folder))
    before = last_stage(spark)
    engine, writes = SparkEngine(spark, tables), [Write(both, ParquetDestination(path="x.parquet"), out)]
    busy = all_processors(lambda: engine.write(writes, [], []))
    size = sum(each.stat().st_size for each in (*(folder / "left").iterdir(), folder / "right.parquet"))
    return {"mb": size / MB, "processor": busy, **stages_since(spark, before)}


def show_check(folder: Path) -> None:
    """A run of the ten steps, predicted from the other measurements and then measured."""
    write_rows(folder / "rows.parquet", 50_000)
    write_rows(folder / "split-1000000.parquet", 1_000_000)
    write_rows(folder / "split-62500.parquet", 62_500)
    small, large = process("split", folder, 62_500), process("split", folder, 1_000_000)
    lines = {name: line([(each["mb"], each[name]) for each in (small, large)]) for name in ("steps", "fit")}
    write, measure = (lines[name][1] * scale.AROUND for name in ("steps", "fit"))
    costs = replace(scale.MEASURED, rows=write, fit=measure, open=max(lines["steps"][0], 0.0))
    print(f"{'rows':>10} {'cores':>5} {'tasks':>6} {'clock':>22} {'processor':>24} {'load':>5}")
    for rows in (1_000_000, 2_000_000, 4_000_000):
        base = folder / f"check-{rows}"
        write_rows(base / "whole.parquet", rows)
        cut_into(base / "whole.parquet", base / "rows.parquet", rows // 125_000)
        size = sum(each.stat().st_size for each in (base / "rows.parquet").iterdir())
        for cores in (1, 2):
            data = scale.Load(size, rows // 125_000)
            found = process("timed", base, cores)
            fit, steps = scale.reading(data, cores, costs.fit, costs), scale.reading(data, cores, costs.rows, costs)
            passes = [*[fit] * found["fits"], steps]
            told = []
            for predicted, took in (
                (sum(each.seconds for each in passes), found["seconds"]),
                (sum(costs.stage + each.tasks * each.task for each in passes), found["processor"]),
            ):
                told.append(f"{predicted:.1f} / {took:.1f} s = {predicted / took:.2f}")
            load_average = os.getloadavg()[0]
            print(f"{rows:>10,} {cores:>5} {fit.tasks:>6} {told[0]:>22} {told[1]:>24} {load_average:>5.1f}", flush=True)


def timed_alone(folder: str, cores: str) -> None:
    """The ten steps on a local session, twice; the second run, and how many passes measured."""
    from flows.engines.spark_engine import SparkEngine

    base = Path(folder)
    files = list((base / "rows.parquet").iterdir())
    spark_sources.BYTES_OF_A_PIECE = min(each.stat().st_size for each in files)
    spark = local(int(cores))
    flow = load(write_ten_steps(base))
    fits = [0]
    plain = SparkEngine._measured

    def counted(engine: SparkEngine, relation: Any, asked: Any) -> Any:
        fits[0] += 1
        return plain(engine, relation, asked)

    setattr(SparkEngine, "_measured", counted)  # noqa: B010 - a spy that counts passes

    def go() -> None:
        fits[0] = 0
        run(flow, base, lambda sources, on: start_engine("spark", sources, on), Options(fit="refit"))

    go()
    began = time.perf_counter()
    busy = all_processors(go)
    took = time.perf_counter() - began
    spark.stop()
    print(json.dumps({"seconds": took, "fits": fits[0], "processor": busy}))


if __name__ == "__main__":
    main()
