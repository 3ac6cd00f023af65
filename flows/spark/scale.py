"""What a flow would take on a cluster that is not there: a model of tasks, waves, seconds and memory.

The costs in :data:`MEASURED` come from ``python -m tests.proofs.scale``, one run on one machine; all else is
arithmetic that says what Spark and our engine do with files, cores and keys. It answers the questions of
someone who sizes a cluster: how many tasks, how many waves of them, what the slowest takes, how much goes
over the network, what the driver holds. It does not know the network or the disks of that cluster:
:data:`ASSUMPTIONS` says what is taken for granted.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from flows.document import Flow
from flows.graph import run_order
from transforms.catalog import catalog
from transforms.core.errors import DataprepError
from transforms.core.transform import FittedTransform, RowTransform

MB = 1e6
UNITS = {"MB": 1e6, "GB": 1e9, "TB": 1e12}
PIECE_BYTES = 128 << 20
"""Size of the files that one task reads: ``BYTES_OF_A_PIECE`` of the engine."""
LARGE = 1.5
"""A file that is so many times larger than a piece is cut: ``LARGE`` of the engine."""
GROUP = 64
"""Tasks whose partial answers meet before they reach the driver: ``GROUP`` of the engine."""
DRIVER_BYTES = 16 << 20
"""Partial answers that the driver merges itself: ``DRIVER_BYTES`` of the engine."""
SKEWED = (5, 256 << 20)
"""Spark splits a partition of a join that is so many times the median and so many bytes (its defaults)."""
ADVISORY = 64 << 20
"""Bytes of a partition after Spark has split or joined it (its default)."""


@dataclass(frozen=True)
class Costs:
    """What was measured; seconds are those of one core, MB are those of the files that are read."""

    dispatch: float
    """Seconds between two tasks that the driver hands out."""
    task: float
    """Seconds of a task that does nothing: to be sent, started in Python and reported."""
    stage: float
    """Seconds of a stage whose tasks do nothing."""
    open: float
    """Seconds to begin with a piece of a file, and to end with what is written."""
    rows: float
    """Seconds per MB of row steps that read a piece and write it again."""
    fit: float
    """Seconds per MB of a pass that measures a few columns."""
    join_map: float
    """Seconds per MB to read one side of a join and hand it to the shuffle."""
    join: float
    """Seconds per MB to sort, join and write what the shuffle brings."""
    shuffled: float
    """Bytes in the shuffle per byte of the files."""
    driver: float
    """Bytes of the driver, JVM and Python, before it has done anything."""
    driver_task: float
    """Bytes that the driver keeps for each task of a job."""
    driver_file: float
    """Bytes that the driver keeps for each file of a source."""
    partial: float
    """Bytes that a task of a measuring pass sends to the driver."""
    worker: float
    """Bytes of a Python worker that has a piece of the usual size in hand."""


AROUND = 2.75
"""How many times the seconds of its steps a pass takes in a whole run on Spark: what each step lost is counted in it,
and Python workers, Arrow and Spark are around it (slope of runs over 1, 2 and 4 million rows on one core)."""
MEASURED = Costs(
    dispatch=0.0025,
    task=0.04,
    stage=0.2,
    open=0.01,
    rows=0.0126 * AROUND,
    fit=0.0016 * AROUND,
    join_map=0.14,
    join=0.13,
    shuffled=1.75,
    driver=550e6,
    driver_task=6_000,
    driver_file=1_000,
    partial=12_800,
    worker=730e6,
)
"""Ten row steps over 15 columns of loan-like Parquet, on one core of the machine of the proof.

The seconds of a join were taken once, on 30 MB, while others used the machine: rather too many. The bytes that the
driver keeps for a task and before it begins are estimates.
"""


@dataclass(frozen=True)
class Load:
    """A source: its size, its files, and the share of its rows that hold the most frequent key of a join."""

    bytes: float
    files: int
    largest_key: float = 0.0


@dataclass(frozen=True)
class Cluster:
    """Executors and the tasks that each runs at once."""

    executors: int
    cores: int = 4

    @property
    def slots(self) -> int:
        """Tasks that run at once."""
        return self.executors * self.cores


@dataclass(frozen=True)
class StageTime:
    """A stage: tasks, how often they fill all slots, and seconds."""

    tasks: int
    waves: int
    task: float
    """Seconds of a usual task."""
    slowest: float
    """Seconds of the slowest."""
    seconds: float


@dataclass(frozen=True)
class Forecast:
    """How a flow would behave."""

    cluster: Cluster
    rows: StageTime
    """The pass of row steps that reads and writes."""
    fit: StageTime
    """One pass that measures columns."""
    join_map: StageTime
    """Reading one side of a join for the shuffle."""
    join: StageTime
    """The join itself, where Spark may split the partition of a frequent key."""
    unsplit: StageTime
    """The same where it may not: windows, groups and "keep first" of that key are the work of one task."""
    shuffle: float
    """Bytes that a join moves."""
    driver: float
    """Bytes of the driver."""
    executor: float
    """Bytes of the Python workers of an executor."""


def tasks_of(load: Load, slots: int) -> tuple[int, float]:
    """How many tasks read a source, and the bytes of the largest piece.

    Whole waves over all slots; files are put together where they are small and cut where they are large.
    """
    tasks = slots * max(1, ceil(load.bytes / PIECE_BYTES / slots))
    piece, file = load.bytes / tasks, load.bytes / load.files
    if file > LARGE * piece:
        each = max(1, round(file / piece))
        return load.files * each, file / each
    made = min(tasks, load.files)
    return made, ceil(load.files / made) * file


def stage(tasks: int, task: float, slowest: float, slots: int, costs: Costs = MEASURED) -> StageTime:
    """Seconds of a stage of so many tasks of so many seconds, the slowest among them beginning last but one wave."""
    waves = ceil(tasks / slots)
    busy = max(tasks * task / slots, task) + max(slowest - task, 0.0)
    # The driver hands out one task after the other.
    return StageTime(tasks, waves, task, slowest, costs.stage + max(busy, tasks * costs.dispatch))


def reading(load: Load, slots: int, per_mb: float, costs: Costs = MEASURED) -> StageTime:
    """A stage that reads all pieces of a source, at so many seconds of a core per MB."""
    tasks, largest = tasks_of(load, slots)
    fixed = costs.task + costs.open
    mean = load.bytes / tasks
    return stage(tasks, fixed + mean / MB * per_mb, fixed + largest / MB * per_mb, slots, costs)


def joining(load: Load, slots: int, partitions: int, *, split: bool, costs: Costs = MEASURED) -> StageTime:
    """The stage of a join after its shuffle, into so many partitions.

    Args:
        load: the larger side; its most frequent key is all in one partition.
        slots: tasks that run at once.
        partitions: of the shuffle.
        split: whether Spark may split the partition of a frequent key; the other side is then read by each part.
        costs: what was measured.
    """
    moved = load.bytes * costs.shuffled
    rest = moved * (1 - load.largest_key) / partitions
    largest = rest + moved * load.largest_key
    per_byte = costs.join / costs.shuffled / MB
    tasks = partitions
    if split and largest > max(SKEWED[0] * rest, SKEWED[1]):
        parts = ceil(largest / max(ADVISORY, rest))
        tasks, largest = tasks + parts - 1, largest / parts
    mean = moved / tasks
    usual = costs.task + min(rest, mean) * per_byte
    slowest = costs.task + largest * per_byte
    busy = tasks * costs.task + moved * per_byte
    made = stage(tasks, usual, slowest, slots, costs)
    return StageTime(
        tasks, made.waves, usual, slowest, costs.stage + max(busy / slots, slowest, tasks * costs.dispatch)
    )


def driver_bytes(load: Load, tasks: int, costs: Costs = MEASURED) -> float:
    """What the driver holds: it knows tasks, files and partial answers, and never a number of rows."""
    partials = costs.partial * tasks
    if partials > DRIVER_BYTES:
        partials = costs.partial * ceil(tasks / GROUP)
    return costs.driver + costs.driver_task * tasks + costs.driver_file * load.files + partials


def shuffle_partitions(load: Load, slots: int, costs: Costs = MEASURED) -> int:
    """What to set ``spark.sql.shuffle.partitions`` to: about 128 MB each, in whole waves."""
    return slots * max(1, ceil(load.bytes * costs.shuffled / PIECE_BYTES / slots))


def forecast(load: Load, cluster: Cluster, costs: Costs = MEASURED, partitions: int | None = None) -> Forecast:
    """How a source of such a size behaves on a cluster.

    Args:
        load: the source.
        cluster: executors and cores.
        costs: what was measured.
        partitions: ``spark.sql.shuffle.partitions``; as :func:`shuffle_partitions` says when not given.
    """
    slots = cluster.slots
    into = partitions or shuffle_partitions(load, slots, costs)
    rows = reading(load, slots, costs.rows, costs)
    return Forecast(
        cluster=cluster,
        rows=rows,
        fit=reading(load, slots, costs.fit, costs),
        join_map=reading(load, slots, costs.join_map, costs),
        join=joining(load, slots, into, split=True, costs=costs),
        unsplit=joining(load, slots, into, split=False, costs=costs),
        shuffle=load.bytes * costs.shuffled,
        driver=driver_bytes(load, rows.tasks, costs),
        executor=cluster.cores * costs.worker,
    )


@dataclass(frozen=True)
class Shape:
    """What of a flow takes passes over the rows."""

    fits: int
    """Steps that learn from all rows: at most as many passes, since steps that do not wait for each other share one."""
    wide: int
    """Steps that bring rows of different tasks together: joins, groups, sorts, windows."""


def shape(flow: Flow) -> Shape:
    """Count the steps of a flow that take more than one look at a row at a time."""
    kinds = [catalog()[flow.steps[id].transform] for id in run_order(flow) if id in flow.steps]
    return Shape(
        fits=sum(kind.learned_type() is not None for kind in kinds),
        wide=sum(not issubclass(kind, RowTransform | FittedTransform) for kind in kinds),
    )


ASSUMPTIONS = (
    "Cores as fast as the one that was measured, and storage that gives each of them all it asks for: about 80 MB "
    "a second while rows are prepared, several times as much while columns are measured.",
    "Steps like the measured ones (ten, over 15 columns of Parquet); others cost other seconds per MB, "
    "but as many tasks and waves.",
    "Files of equal size, and row groups of no more than 128 MB in them, since that is where they are cut. "
    "Keys spread evenly, but for the one frequent key.",
    "No task fails, no executor is lost, all executors are there from the start.",
    "spark.executorEnv.POLARS_MAX_THREADS=1, so that a task takes the one core that Spark gave it.",
    "The network carries the shuffle as fast as cores make it; the local disks of executors hold it.",
)
"""What is taken for granted."""


def told(flow: Flow, load: Load, clusters: Sequence[Cluster], costs: Costs = MEASURED) -> Iterator[str]:
    """The model's answer for people, a line each."""
    passes = shape(flow)
    yield ""
    skew = f", the most frequent key in {load.largest_key:.0%} of the rows" if load.largest_key else ""
    yield f"On {load.bytes / 1e9:,.0f} GB in {load.files:,} files{skew}, modelled from costs measured on one machine:"
    yield f"  {'executors x cores':>18} {'tasks':>6} {'waves':>6} {'rows':>8} {'a fit':>8} {'a join':>8}" + (
        f" {'slowest task':>13} {'unsplit':>8} {'driver':>8} {'executor':>9}"
    )
    for cluster in clusters:
        found = forecast(load, cluster, costs)
        join = found.join_map.seconds + found.join.seconds
        yield (
            f"  {f'{cluster.executors} x {cluster.cores}':>18} {found.rows.tasks:>6,} {found.rows.waves:>6,}"
            f" {_time(found.rows.seconds):>8} {_time(found.fit.seconds):>8} {_time(join):>8}"
            f" {_time(found.join.slowest):>13} {_time(found.unsplit.slowest):>8}"
            f" {found.driver / 1e9:>5.1f} GB {found.executor / 1e9:>6.1f} GB"
        )
    yield f"  The flow has {passes.fits} steps that learn (a fit each, at most) and {passes.wide} that join or regroup."
    yield f"  A join moves {load.bytes * costs.shuffled / 1e9:,.0f} GB; spark.sql.shuffle.partitions: " + ", ".join(
        f"{shuffle_partitions(load, each.slots, costs):,} on {each.executors}" for each in clusters
    )
    yield "  Slowest task: of the join. Unsplit: where Spark cannot split the rows of a frequent key (windows, groups)."
    yield "  Driver: JVM and Python; it grows with tasks and files, not with rows. Executor: its Python workers, which"
    yield "  come on top of its JVM (spark.executor.memoryOverhead). Assumed:"
    yield from (f"  - {each}" for each in ASSUMPTIONS)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what a command takes that shows a forecast."""
    given = parser.add_argument_group("on a cluster that is not there (a model; flows/spark/README.md)")
    given.add_argument("--scale", metavar="SIZE", help="size of the files, such as 500GB")
    given.add_argument("--files", type=int, default=1_000, metavar="N", help="how many files (1,000)")
    given.add_argument("--executors", default="10,50,200", metavar="N,N", help="numbers of executors (10,50,200)")
    given.add_argument("--cores", type=int, default=4, metavar="N", help="cores of an executor (4)")
    given.add_argument(
        "--largest-key", type=float, default=0.0, metavar="SHARE", help="share of rows with the most frequent join key"
    )


def asked(flow: Flow, given: argparse.Namespace) -> Iterator[str]:
    """The forecast that the arguments of a command ask for.

    Raises:
        DataprepError: they make no sense; says which.
    """
    if given.files < 1 or given.cores < 1:
        raise DataprepError("--files and --cores are numbers from 1.")
    if not 0 <= given.largest_key < 1:
        raise DataprepError(f"--largest-key is a share of the rows from 0 to below 1, found {given.largest_key}.")
    load = Load(parse_size(given.scale), given.files, given.largest_key)
    return told(flow, load, parse_clusters(given.executors, given.cores))


def parse_size(text: str) -> float:
    """Bytes of a size such as ``500GB``.

    Raises:
        DataprepError: it is no size.
    """
    match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(MB|GB|TB)\s*", text, re.IGNORECASE)
    if not match or not float(match[1]):
        raise DataprepError(f"{text!r} is not a size. Give a number with MB, GB or TB, such as 500GB.")
    return float(match[1]) * UNITS[match[2].upper()]


def parse_clusters(text: str, cores: int) -> list[Cluster]:
    """Clusters of numbers of executors such as ``10,50,200``.

    Raises:
        DataprepError: one is no number from 1.
    """
    found = [each.strip() for each in text.split(",")]
    for each in found:
        if not each.isdecimal() or not int(each):
            raise DataprepError(f"{each!r} is not a number of executors. Give one or more, such as 10,50,200.")
    return [Cluster(int(each), cores) for each in found]


def _time(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6_000 else f"{seconds / 3600:.1f} h"
