"""Writing and counting in the executors: one pass over a table for all that is derived from it row by row.

Each task writes its rows of every destination with polars, under a name of its own attempt, and counts on
the way. When all tasks are done, the driver moves the files of the attempts that counted into place and
removes all others, so that what retried or speculative attempts wrote leaves no trace.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl
import pyarrow as pa
from pyspark import TaskContext
from pyspark.sql import DataFrame

from connectors.core.connector import FileDestination
from flows.engines.base import Write
from flows.engines.spark_errors import portable_errors
from flows.engines.spark_rows import Batches, RowFunction, from_arrow, restored
from flows.engines.spark_sources import Piece, piece_in
from transforms.core.relations import MapRows, Relation, base_of

ATTEMPTS = "_attempts"
"""Folder within that of a table, there before a stage is run, for what its tasks write."""
IN_MEMORY = 256 << 20
"""Bytes of a partition above which it waits on disk while it is written."""
REPORT = "partition bigint, attempt string, numbers array<bigint>"


@dataclass(frozen=True)
class Stage:
    """What is derived from one table row by row, computed in one pass."""

    base: Relation
    steps: tuple[tuple[int, RowFunction], ...]
    """Each step with the place of the table it takes: 0 is the base, 1 what the first step gives, and so on."""
    sinks: tuple[tuple[int, FileDestination, Path], ...]
    counts: tuple[int, ...]
    """Tables to count, those that are written included."""
    conditions: tuple[tuple[int, pl.Expr], ...]

    @property
    def only_counts_base(self) -> bool:
        """Whether it takes no more than the number of rows of the base."""
        return not self.steps and not self.sinks and not self.conditions

    def tables(self, base: pl.LazyFrame) -> list[pl.LazyFrame]:
        """All tables, lazily."""
        found = [base]
        for source, function in self.steps:
            found.append(function(found[source]))
        return found

    def run(self, base: pl.LazyFrame, attempt: str) -> list[int]:
        """Write and count some of the rows; the counts and then the rows for which each condition is true."""
        tables = self.tables(base)
        frames = [
            destination.sink(tables[i], path / ATTEMPTS / f"{attempt}{destination.suffix}")
            for i, destination, path in self.sinks
        ]
        numbers = [tables[i].select(pl.len()) for i in self.counts]
        numbers += [tables[i].select(where.sum()) for i, where in self.conditions]
        found = pl.collect_all([*frames, *numbers], engine="streaming")[len(frames) :]
        return [int(each.item() or 0) for each in found]


@dataclass(frozen=True)
class Wanted:
    """Everything that a run writes and counts, in its order."""

    writes: Sequence[Write]
    counts: Sequence[Relation]
    conditions: Sequence[tuple[Relation, pl.Expr]]

    def stages(self) -> Iterator[tuple[Stage, Places]]:
        """The passes it takes, each with where its numbers belong."""
        relations = [each.relation for each in self.writes] + list(self.counts) + [each for each, _ in self.conditions]
        for base in dict.fromkeys(map(base_of, relations)):
            yield self._stage(base)

    def _stage(self, base: Relation) -> tuple[Stage, Places]:
        places: dict[Relation, int] = {base: 0}
        steps: list[tuple[int, RowFunction]] = []

        def place(relation: Relation) -> int:
            if relation not in places:
                assert isinstance(relation, MapRows)
                steps.append((place(relation.table), partial(relation.step.apply, learned=relation.learned)))
                places[relation] = len(steps)
            return places[relation]

        mine = Places(
            tuple(i for i, each in enumerate(self.writes) if base_of(each.relation) is base),
            tuple(i for i, each in enumerate(self.counts) if base_of(each) is base),
            tuple(i for i, (each, _) in enumerate(self.conditions) if base_of(each) is base),
        )
        sinks = tuple(
            (place(self.writes[i].relation), self.writes[i].destination, self.writes[i].path) for i in mine.writes
        )
        counts = [place(self.counts[i]) for i in mine.counts]
        conditions = tuple((place(self.conditions[i][0]), self.conditions[i][1]) for i in mine.conditions)
        return Stage(base, tuple(steps), sinks, (*(i for i, _, _ in sinks), *counts), conditions), mine


@dataclass(frozen=True)
class Places:
    """Which writes, counts and conditions of a run a stage is for."""

    writes: tuple[int, ...]
    counts: tuple[int, ...]
    conditions: tuple[int, ...]


@dataclass(frozen=True)
class Report:
    """What one task did."""

    partition: int
    attempt: str
    numbers: list[int]


def written(stage: Stage, frame: DataFrame, source: tuple[Piece, ...] | pl.Schema) -> list[int]:
    """Run a stage and put what its tasks wrote into place; the counts, then the rows each condition is true for.

    Args:
        stage: what to write and to count.
        frame: the base; or the numbers of its pieces, when executors open them.
        source: the pieces, or else the polars columns of ``frame``.
    """
    width = len(stage.counts) + len(stage.conditions)

    def run(batches: Batches) -> Iterator[pa.RecordBatch]:
        with portable_errors(), _opened(batches, source) as base:
            if base is None:
                return
            task = TaskContext.get()
            assert task is not None
            attempt = f"{task.partitionId():05d}-{task.taskAttemptId()}"
            numbers = stage.run(base, attempt)
            yield pa.RecordBatch.from_pydict(
                {"partition": [task.partitionId()], "attempt": [attempt], "numbers": [numbers]},
                schema=pa.schema({"partition": pa.int64(), "attempt": pa.string(), "numbers": pa.list_(pa.int64())}),
            )

    found = frame.mapInArrow(run, REPORT).toArrow().to_pylist()
    reports = sorted((Report(**each) for each in found), key=lambda each: each.partition)
    for i in range(len(stage.sinks)):
        _put_in_place(stage, i, reports, source)
    return [sum(each.numbers[i] for each in reports) for i in range(width)]


def _put_in_place(stage: Stage, i: int, reports: Sequence[Report], source: tuple[Piece, ...] | pl.Schema) -> None:
    """One file for each task that had rows, in the order of the table; at least one, for the columns."""
    _, destination, path = stage.sinks[i]
    kept = [each for each in reports if each.numbers[i]] or reports[:1]
    for n, each in enumerate(kept):
        attempt = path / ATTEMPTS / f"{each.attempt}{destination.suffix}"
        attempt.rename(path / f"part-{n:05d}{destination.suffix}")
    shutil.rmtree(path / ATTEMPTS)
    if not kept:
        schema = source if isinstance(source, pl.Schema) else source[0].scan().collect_schema()
        rows = stage.tables(schema.to_frame().lazy())[stage.sinks[i][0]]
        destination.sink(rows, path / f"part-00000{destination.suffix}").collect(engine="streaming")


@contextmanager
def _opened(batches: Batches, source: tuple[Piece, ...] | pl.Schema) -> Iterator[pl.LazyFrame | None]:
    if isinstance(source, pl.Schema):
        with held(batches, source) as rows:
            yield rows
    else:
        piece = piece_in(batches, source)
        yield None if piece is None else piece.scan()


@contextmanager
def held(batches: Batches, schema: pl.Schema, in_memory: int = IN_MEMORY) -> Iterator[pl.LazyFrame]:
    """A partition as a table that can be read more than once: in memory, or on disk when it is large."""
    coming = iter(batches)
    kept, size = [], 0
    for batch in coming:
        kept.append(batch)
        size += batch.nbytes
        if size > in_memory:
            break
    if size <= in_memory:
        yield pl.concat([schema.to_frame(), *(from_arrow(each, schema) for each in kept)]).lazy()
        return
    with tempfile.TemporaryDirectory(prefix="dataprep-") as folder:
        path = Path(folder) / "partition.arrow"
        names = [str(i) for i in range(len(schema))]
        types = [field.type for field in kept[0].schema]
        with pa.ipc.new_file(path, pa.schema(list(zip(names, types, strict=True)))) as file:
            while kept:
                file.write_batch(pa.RecordBatch.from_arrays(kept.pop(0).columns, names=names))
            for batch in coming:
                file.write_batch(pa.RecordBatch.from_arrays(batch.columns, names=names))
        yield restored(pl.scan_ipc(path), schema)
