"""Runs flows on Spark: row steps in polars inside the executors, everything else natively."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import replace
from functools import partial, singledispatchmethod
from math import inf
from typing import Any, TypeVar
from uuid import uuid4

import polars as pl
from pyspark import InheritableThread
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as sf

from flows.engines import spark_joins, spark_relations
from flows.engines.base import Control, Outcome, Write
from flows.engines.narrowing import Needed, looked_at, narrowed
from flows.engines.polars_engine import PolarsEngine
from flows.engines.spark_counts import counting
from flows.engines.spark_errors import restored_errors
from flows.engines.spark_reduce import Feed, from_frame, from_pieces
from flows.engines.spark_rows import RowFunction, chained, from_spark, map_rows, spark_name, to_spark
from flows.engines.spark_sources import Piece, numbered, pieces_of, read_pieces, without_first
from flows.engines.spark_statistics import measured
from flows.engines.spark_windows import windowed_frame
from flows.engines.spark_writing import ATTEMPTS, Stage, Wanted, written
from flows.tables import OpenSource
from transforms.core import relations as rel
from transforms.core.columns import column as exactly
from transforms.core.statistics import Head, Statistic

Result = TypeVar("Result")
PATIENCE = 0.6
"""Seconds that a cancelled run waits for its jobs to end."""
WORTH_KEEPING = (rel.Join, rel.AsofJoin, rel.Aggregate, rel.Window, rel.Sort, rel.Distinct, rel.Sample, rel.Apply)
"""Tables that move rows between executors, and are kept while several others need them."""


class SparkEngine:
    """A table is a :class:`pyspark.sql.DataFrame`; its columns are named by :func:`spark_name`.

    Steps that look at one row at a time, one after the other, are one polars query in the executors, and
    where they stand on a source that can be opened piece by piece, the same query reads the piece.
    """

    name = "spark"
    writes_folders = True

    def __init__(
        self, spark: SparkSession, sources: Mapping[str, OpenSource | pl.DataFrame], control: Control | None = None
    ) -> None:
        """Take a session (:func:`flows.engines.spark_start.session`) and the sources by name."""
        self._spark = spark
        self._sources = sources
        self._control = control or Control()
        self._tables: dict[rel.Relation, DataFrame] = {}
        self._pieces: dict[str, tuple[Piece, ...]] = {}
        self._narrow: dict[tuple[rel.Relation, Needed], rel.Relation] = {}
        # Columns are known by running the plan on no rows, in polars.
        self._planner = PolarsEngine(self._empty)

    def schema(self, relation: rel.Relation) -> pl.Schema:
        return self._planner.schema(relation)

    def table(self, relation: rel.Relation) -> DataFrame:
        if relation not in self._tables:
            self._tables[relation] = self._table(relation)
        return self._tables[relation]

    def collect(self, relation: rel.Relation) -> pl.DataFrame:
        table = self._narrowed(relation, None)
        return self._run(lambda: from_spark(self.table(table), self.schema(relation)))

    def _narrowed(self, relation: rel.Relation, needed: Needed) -> rel.Relation:
        """The table in which those below have no column in vain."""
        key = relation, needed
        if key not in self._narrow:
            self._narrow[key] = narrowed([key], self.schema)[relation]
        return self._narrow[key]

    def measure(self, questions: Sequence[tuple[rel.Relation, Sequence[Statistic]]]) -> list[list[Any]]:
        """One pass over each table, whatever is asked of it (more where quantiles need them)."""
        together: dict[rel.Relation, list[Statistic]] = {}
        places = []
        for table, statistics in questions:
            asked = together.setdefault(table, [])
            places.append((table, slice(len(asked), len(asked) + len(statistics))))
            asked += statistics
        answers = {table: self._measured(table, asked) for table, asked in together.items()}
        return [answers[table][place] for table, place in places]

    def _measured(self, relation: rel.Relation, statistics: Sequence[Statistic]) -> list[Any]:
        counted = [each for each in statistics if not isinstance(each, Head)]
        answers: Iterator[Any] = iter(())
        if counted:
            table = self._narrowed(relation, looked_at(counted))
            answers = iter(self._run(lambda: measured(self._feed(table), self.schema(table), counted)))
        return [
            self.collect(rel.Limit(relation, each.rows)).select(map(exactly, each.columns))
            if isinstance(each, Head)
            else next(answers)
            for each in statistics
        ]

    def _feed(self, relation: rel.Relation) -> Feed:
        steps, base = _row_steps(relation)
        pieces = self._pieces_of(base)
        if pieces is None:
            return from_frame(self.table(relation), self.schema(relation))
        return from_pieces(self._spark, pieces, chained(steps))

    def write(
        self,
        writes: Sequence[Write],
        counts: Sequence[rel.Relation],
        conditions: Sequence[tuple[rel.Relation, pl.Expr]],
    ) -> Outcome:
        """One pass for each table from which rows are written or counted, and for all that is derived from it."""
        shared = counting(writes, counts, conditions)
        wanted = self._wanted(shared.writes, shared.counts, shared.conditions)
        for each in writes:
            # Here, so that nothing makes a folder again once a cancelled run has cleared up.
            (each.path / ATTEMPTS).mkdir(parents=True)
        found = self._run(lambda: self._write(wanted))
        counted, where = shared.numbers(found.counts, found.where)
        return Outcome(found.rows, tuple(counted), tuple(where))

    def _wanted(
        self,
        writes: Sequence[Write],
        counts: Sequence[rel.Relation],
        conditions: Sequence[tuple[rel.Relation, pl.Expr]],
    ) -> Wanted:
        """What is written and counted, of tables in which those below have no column in vain."""
        asked: list[tuple[rel.Relation, Needed]] = [(each.relation, None) for each in writes]
        asked += [(each, frozenset[str]()) for each in counts]
        asked += [(table, frozenset(where.meta.root_names())) for table, where in conditions]
        made = narrowed(asked, self.schema)
        return Wanted(
            [replace(each, relation=made[each.relation]) for each in writes],
            [made[each] for each in counts],
            [(made[table], where) for table, where in conditions],
        )

    def _write(self, wanted: Wanted) -> Outcome:
        rows, counted, where = [0] * len(wanted.writes), [0] * len(wanted.counts), [0] * len(wanted.conditions)
        stages = list(wanted.stages())
        with self._kept([stage.base for stage, _ in stages]):
            for stage, places in stages:
                self._control.check()
                numbers = iter(self._numbers(stage))
                for found, mine in ((rows, places.writes), (counted, places.counts), (where, places.conditions)):
                    for i in mine:
                        found[i] = next(numbers)
        return Outcome(tuple(rows), tuple(counted), tuple(where))

    def _numbers(self, stage: Stage) -> list[int]:
        pieces = self._pieces_of(stage.base)
        if pieces is not None:
            return written(stage, numbered(self._spark, pieces), pieces)
        frame = self.table(stage.base)
        if stage.only_counts_base:
            return [frame.count()] * len(stage.counts)
        return written(stage, frame, self.schema(stage.base))

    @contextmanager
    def _kept(self, bases: Sequence[rel.Relation]) -> Iterator[None]:
        """Keep tables that several passes need, while they last."""
        users: dict[rel.Relation, int] = dict.fromkeys(bases, 1)
        below = list(users)
        while below:
            for each in map(rel.base_of, rel.inputs_of(below.pop())):
                if each not in users:
                    below.append(each)
                users[each] = users.get(each, 0) + 1
        kept = [self.table(each) for each, n in users.items() if n > 1 and isinstance(each, WORTH_KEEPING)]
        try:
            for frame in kept:
                frame.persist()
            yield
        finally:
            for frame in kept:
                frame.unpersist()

    def _run(self, action: Callable[[], Result]) -> Result:
        """Do something that takes Spark jobs, which end when the run is cancelled.

        Raises:
            Cancelled: the run is cancelled.
            DataprepError: what went wrong in an executor.
        """
        self._control.check()
        context, group = self._spark.sparkContext, f"dataprep-{uuid4().hex}"
        done: Future[Result] = Future()

        def work() -> None:
            try:
                _activate(self._spark)
                context.setJobGroup(group, "Dataprep", interruptOnCancel=True)
                done.set_result(action())
            except BaseException as error:  # noqa: BLE001 - handed to the waiting thread
                done.set_exception(error)

        InheritableThread(target=work, daemon=True, name="spark jobs").start()
        try:
            while not self._control.cancelled:
                if wait([done], timeout=0.1).done:
                    with restored_errors():
                        return done.result()
            self._control.check()
            raise AssertionError("a cancelled control raises")
        finally:
            if not done.done() and not _ended(done, lambda: context.cancelJobGroup(group), PATIENCE):
                # Spark is still planning: its jobs are cancelled as they come, and nobody waits for them.
                stop = partial(_ended, done, lambda: context.cancelJobGroup(group))
                InheritableThread(target=stop, daemon=True, name="spark cancel").start()

    def _empty(self, name: str) -> pl.LazyFrame:
        source = self._sources[name]
        schema = source.schema if isinstance(source, pl.DataFrame) else source.columns()
        return schema.to_frame().lazy()

    def _pieces_of(self, relation: rel.Relation) -> tuple[Piece, ...] | None:
        """The pieces of a source, or of all but its first rows, that executors open; ``None`` for any other table."""
        if isinstance(relation, rel.Limit) and relation.rows is None:
            pieces = self._pieces_of(relation.table)
            return without_first(pieces, relation.offset) if pieces else None
        if not isinstance(relation, rel.Source):
            return None
        source = self._sources[relation.name]
        if isinstance(source, pl.DataFrame):
            return None
        if relation.name not in self._pieces:
            self._pieces[relation.name] = pieces_of(source, self._spark.sparkContext.defaultParallelism)
        return self._pieces[relation.name]

    def _mapped(self, relation: rel.Relation, last: Sequence[RowFunction] = ()) -> DataFrame:
        """A chain of row steps, and the source it stands on, in one pass."""
        before, base = _row_steps(relation)
        steps = [*before, *last]
        pieces = self._pieces_of(base)
        if pieces is not None:
            return read_pieces(self._spark, pieces, chained(steps), self.schema(relation))
        frame = self.table(base)
        return map_rows(frame, chained(steps), self.schema(base), self.schema(relation)) if steps else frame

    @singledispatchmethod
    def _table(self, relation: rel.Relation) -> DataFrame:
        raise NotImplementedError(f"SparkEngine cannot run {type(relation).__name__}.")

    @_table.register
    def _(self, relation: rel.Source) -> DataFrame:
        source = self._sources[relation.name]
        return to_spark(self._spark, source) if isinstance(source, pl.DataFrame) else self._mapped(relation)

    @_table.register
    def _(self, relation: rel.Values) -> DataFrame:
        return to_spark(self._spark, relation.rows)

    @_table.register
    def _(self, relation: rel.Range) -> DataFrame:
        return self._spark.range(relation.rows).select(sf.col("id").alias(spark_name(relation.column)))

    @_table.register
    def _(self, relation: rel.MapRows) -> DataFrame:
        return self._mapped(relation)

    @_table.register
    def _(self, relation: rel.Apply) -> DataFrame:
        return spark_relations.applied(self.table(relation.table), relation, self.schema(relation.table))

    @_table.register
    def _(self, relation: rel.Sort) -> DataFrame:
        return spark_relations.ordered(self.table(relation.table), relation)

    @_table.register
    def _(self, relation: rel.Limit) -> DataFrame:
        table = relation.table
        if self._pieces_of(relation if relation.rows is None else rel.base_of(table)) is None:
            return spark_relations.limited(self.table(table), relation, ordered=isinstance(table, rel.Sort))
        if relation.rows is None:
            return self._mapped(relation)
        # No piece can give more rows than are wanted, so none needs to be read further.
        most = partial(pl.LazyFrame.head, n=relation.offset + relation.rows)
        return spark_relations.limited(self._mapped(table, [most]), relation, ordered=False)

    @_table.register
    def _(self, relation: rel.Sample) -> DataFrame:
        return spark_relations.sampled(self.table(relation.table), relation, self.schema(relation.table))

    @_table.register
    def _(self, relation: rel.Distinct) -> DataFrame:
        return spark_relations.distinct(self.table(relation.table), relation, self.schema(relation.table))

    @_table.register
    def _(self, relation: rel.Aggregate) -> DataFrame:
        table = relation.table
        return spark_relations.aggregated(self.table(table), relation, self.schema(table), self.schema(relation))

    @_table.register
    def _(self, relation: rel.Window) -> DataFrame:
        table = relation.table
        return windowed_frame(self.table(table), relation, self.schema(table), self.schema(relation))

    @_table.register
    def _(self, relation: rel.Join) -> DataFrame:
        left, right = relation.left, relation.right
        return spark_joins.joined(self.table(left), self.table(right), relation, self.schema(left), self.schema(right))

    @_table.register
    def _(self, relation: rel.AsofJoin) -> DataFrame:
        left, right = relation.left, relation.right
        return spark_joins.joined_asof(
            self.table(left), self.table(right), relation, self.schema(left), self.schema(right)
        )

    @_table.register
    def _(self, relation: rel.Concat) -> DataFrame:
        frames, schemas = (
            [self.table(each) for each in relation.tables],
            [self.schema(each) for each in relation.tables],
        )
        return spark_joins.concatenated(frames, schemas, self.schema(relation))


def _activate(spark: SparkSession) -> None:
    """Make a session the active one of this thread: its settings say which names are the same."""
    getattr(spark._jvm, "org.apache.spark.sql.classic.SparkSession").setActiveSession(spark._jsparkSession)


def _row_steps(relation: rel.Relation) -> tuple[list[RowFunction], rel.Relation]:
    """The row steps that a table ends in, the first first, and the table that they stand on."""
    base, chain = rel.row_chain(relation)
    return [partial(each.step.apply, learned=each.learned) for each in chain], base


def _ended(done: Future[Any], cancel: Callable[[], None], patience: float = inf) -> bool:
    """Cancel until it ends, since an action may start another job after one was cancelled; whether it did in time."""
    until = time.monotonic() + patience
    while not done.done() and time.monotonic() < until:
        cancel()
        wait([done], timeout=0.1)
    return done.done()
