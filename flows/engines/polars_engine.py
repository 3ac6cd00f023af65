"""Runs flows on this machine, lazily, with the polars streaming engine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import ExitStack
from functools import singledispatchmethod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import polars as pl
from polars import selectors

from flows.engines.base import Control, Outcome, Write
from flows.engines.errors import told
from flows.engines.narrowing import looked_at
from flows.engines.polars_aggregates import aggregated
from flows.engines.polars_joins import concatenated, joined, joined_asof
from flows.engines.polars_statistics import Measuring, is_scalar
from flows.engines.polars_windows import windowed
from transforms.code.stopping import stoppable
from transforms.core import relations as rel
from transforms.core.columns import column
from transforms.core.random import draw
from transforms.core.statistics import Statistic

ROW = "__engine_row"
DRAW = "__engine_draw"
ALL = "__engine_all"
FIRST_ROWS = 1_000
MOST_QUERIES = 24
"""Queries of one table for which its steps are planned again and again."""


class PolarsEngine:
    """Lazy polars; a table is a :class:`polars.LazyFrame`.

    A relation that several others use is one node of the query, computed once.
    """

    name = "polars"
    writes_folders = False

    def __init__(self, open_source: Callable[[str], pl.LazyFrame], control: Control | None = None) -> None:
        """Take a function that opens a source by its name in the flow."""
        self._open = open_source
        self._control = control or Control()
        self._tables: dict[rel.Relation, pl.LazyFrame] = {}

    @classmethod
    def over(cls, tables: Mapping[str, pl.DataFrame | pl.LazyFrame], control: Control | None = None) -> PolarsEngine:
        """An engine over tables in memory."""
        return cls(lambda name: tables[name].lazy(), control)

    def schema(self, relation: rel.Relation) -> pl.Schema:
        return self.table(relation).collect_schema()

    def table(self, relation: rel.Relation) -> pl.LazyFrame:
        if relation not in self._tables:
            self._tables[relation] = self._table(relation)
        return self._tables[relation]

    def collect(self, relation: rel.Relation) -> pl.DataFrame:
        return self.gather([self.table(relation)])[0]

    def measure(self, questions: Sequence[tuple[rel.Relation, Sequence[Statistic]]]) -> list[list[Any]]:
        """One query; what is asked of one table is asked of it once."""
        asked: dict[rel.Relation, list[Statistic]] = {}
        for table, statistics in questions:
            asked.setdefault(table, []).extend(statistics)
        with ExitStack() as holding:
            rows = {table: self._rows_for(table, mine, holding) for table, mine in asked.items()}
            return self._answers(rows, questions)

    def _rows_for(self, table: rel.Relation, statistics: Sequence[Statistic], holding: ExitStack) -> pl.LazyFrame:
        """The rows to measure: held in a file where they are wanted so often that planning would take the time.

        Each value count is a query of its own, and polars plans all steps of a table anew for each of them (measured:
        200 value counts after three steps over 800 columns, 13 s; so, 1 s).
        """
        rows = self.table(table)
        if isinstance(table, rel.Source) or sum(not is_scalar(each) for each in statistics) <= MOST_QUERIES:
            return rows
        wanted = looked_at(statistics)
        path = Path(holding.enter_context(TemporaryDirectory(prefix="dataprep-held-"))) / "rows.arrow"
        kept = [name for name in rows.collect_schema() if wanted is None or name in wanted]
        self.gather([rows.select(map(column, kept)).sink_ipc(path, lazy=True)])
        return pl.scan_ipc(path)

    def _answers(
        self, rows: Mapping[rel.Relation, pl.LazyFrame], questions: Sequence[tuple[rel.Relation, Sequence[Statistic]]]
    ) -> list[list[Any]]:
        together = {table: Measuring(each) for table, each in rows.items()}
        places = [together[table].ask(statistics) for table, statistics in questions]
        self._find_middles(together)
        frames = [each.frames() for each in together.values()]
        held = any(each.wide for each in together.values())
        found = iter(self.gather([frame for each in frames for frame in each], "in-memory" if held else "streaming"))
        answers = {
            table: each.answers([next(found) for _ in mine])
            for (table, each), mine in zip(together.items(), frames, strict=True)
        }
        return [answers[table][place] for (table, _), place in zip(questions, places, strict=True)]

    def _find_middles(self, together: Mapping[rel.Relation, Measuring]) -> None:
        """Look at the first rows of what is measured, where they can be had without computing the whole."""
        begins = {table: rows for table in together if (rows := self._beginning(table)) is not None}
        wanted = {table: row for table, rows in begins.items() if (row := together[table].middle(rows)) is not None}
        found = self.gather(list(wanted.values())) if wanted else []
        for table, values in zip(wanted, found, strict=True):
            together[table].around(values)

    def _beginning(self, table: rel.Relation) -> pl.LazyFrame | None:
        """What row-wise steps make of the first rows of a source."""
        if isinstance(table, rel.MapRows):
            rows = self._beginning(table.table)
            with stoppable(lambda: self._control.cancelled):
                return None if rows is None else table(rows)
        return self.table(table).head(FIRST_ROWS) if isinstance(table, rel.Source) else None

    def count(self, relations: Sequence[rel.Relation]) -> list[int]:
        """Numbers of rows, of several relations in one pass."""
        return [int(each.item()) for each in self.gather([self.table(r).select(pl.len()) for r in relations])]

    def write(
        self,
        writes: Sequence[Write],
        counts: Sequence[rel.Relation],
        conditions: Sequence[tuple[rel.Relation, pl.Expr]],
    ) -> Outcome:
        """Everything in one query: tables that several destinations, counts and conditions share are computed once."""
        frames = [each.destination.sink(self.table(each.relation), each.path) for each in writes]
        wanted = [(each.relation, pl.len()) for each in writes]
        wanted += [(each, pl.len()) for each in counts]
        wanted += [(table, where.sum()) for table, where in conditions]
        # One table of numbers for each relation: a query of many small tables takes ever longer to plan.
        numbers: dict[rel.Relation, list[pl.Expr]] = {}
        for i, (table, number) in enumerate(wanted):
            numbers.setdefault(table, []).append(number.alias(str(i)))
        rows = self.gather([*frames, *(self.table(each).select(exprs) for each, exprs in numbers.items())])
        counted = {name: value for row in rows[len(frames) :] for name, value in row.row(0, named=True).items()}
        found = [int(counted[str(i)] or 0) for i in range(len(wanted))]
        first, second = len(writes), len(writes) + len(counts)
        return Outcome(tuple(found[:first]), tuple(found[first:second]), tuple(found[second:]))

    def gather(
        self, frames: Sequence[pl.LazyFrame], engine: Literal["streaming", "in-memory"] = "streaming"
    ) -> list[pl.DataFrame]:
        """Compute several tables and sinks in one query, parts they share once.

        Polars cannot be interrupted from another thread, so the query has a thread of its own; when the
        run is cancelled it is left behind and its result dropped.

        Raises:
            Cancelled: at once when the run is cancelled.
        """
        self._control.check()
        done: Future[list[pl.DataFrame]] = Future()

        def work() -> None:
            try:
                done.set_result(pl.collect_all(frames, engine=engine))
            except BaseException as error:  # noqa: BLE001 - handed to the waiting thread, panics included
                found = told(error)
                found.__cause__ = error if found is not error else error.__cause__
                done.set_exception(found)

        threading.Thread(target=work, daemon=True, name="polars query").start()
        while not self._control.cancelled:
            if wait([done], timeout=0.1).done:
                return done.result()
        self._control.check()
        raise AssertionError("a cancelled control raises")

    @singledispatchmethod
    def _table(self, relation: rel.Relation) -> pl.LazyFrame:
        raise NotImplementedError(f"PolarsEngine cannot run {type(relation).__name__}.")

    @_table.register
    def _(self, relation: rel.Source) -> pl.LazyFrame:
        return self._open(relation.name)

    @_table.register
    def _(self, relation: rel.Values) -> pl.LazyFrame:
        return relation.rows.lazy()

    @_table.register
    def _(self, relation: rel.Range) -> pl.LazyFrame:
        return pl.LazyFrame().select(pl.int_range(relation.rows, dtype=pl.Int64).alias(relation.column))

    @_table.register
    def _(self, relation: rel.MapRows) -> pl.LazyFrame:
        with stoppable(lambda: self._control.cancelled):
            return relation(self.table(relation.table))

    @_table.register
    def _(self, relation: rel.Apply) -> pl.LazyFrame:
        return applied(self.table(relation.table), relation, lambda: self._control.cancelled)

    @_table.register
    def _(self, relation: rel.Sort) -> pl.LazyFrame:
        return ordered(self.table(relation.table), relation.by)

    @_table.register
    def _(self, relation: rel.Limit) -> pl.LazyFrame:
        return self.table(relation.table).slice(relation.offset, relation.rows)

    @_table.register
    def _(self, relation: rel.Sample) -> pl.LazyFrame:
        table = self.table(relation.table)
        drawn = table.with_columns(draw(relation.seed, table.collect_schema().names()).alias(DRAW))
        place = pl.col(DRAW).rank("ordinal")
        place = place.over(list(map(column, relation.per))) if relation.per else place
        return drawn.filter(place <= relation.rows).drop(DRAW)

    @_table.register
    def _(self, relation: rel.Distinct) -> pl.LazyFrame:
        return distinct(self.table(relation.table), relation)

    @_table.register
    def _(self, relation: rel.Join) -> pl.LazyFrame:
        return joined(self.table(relation.left), self.table(relation.right), relation)

    @_table.register
    def _(self, relation: rel.AsofJoin) -> pl.LazyFrame:
        return joined_asof(self.table(relation.left), self.table(relation.right), relation)

    @_table.register
    def _(self, relation: rel.Concat) -> pl.LazyFrame:
        return concatenated([self.table(each) for each in relation.tables])

    @_table.register
    def _(self, relation: rel.Aggregate) -> pl.LazyFrame:
        return aggregated(ordered(self.table(relation.table), relation.order_by), relation)

    @_table.register
    def _(self, relation: rel.Window) -> pl.LazyFrame:
        return windowed(self.table(relation.table), relation)


def ordered(table: pl.LazyFrame, by: Sequence[rel.Order]) -> pl.LazyFrame:
    """The rows in order, stable; unchanged without keys."""
    if not by:
        return table
    return table.sort(
        [column(each.column) for each in by],
        descending=[each.descending for each in by],
        nulls_last=[each.nulls_last for each in by],
        maintain_order=True,
    )


def applied(table: pl.LazyFrame, relation: rel.Apply, stopped: Callable[[], bool]) -> pl.LazyFrame:
    """The table passed through the function, once for each query."""

    def function(rows: pl.DataFrame) -> pl.DataFrame:
        with stoppable(stopped):
            return relation.schema.to_frame() if rows.is_empty() else relation.function(rows)

    return table.map_batches(function, schema=relation.schema)


def distinct(table: pl.LazyFrame, relation: rel.Distinct) -> pl.LazyFrame:
    """The rows that are kept, in the order of the table; only the columns that decide are sorted."""
    names, columns = table.collect_schema().names(), list(relation.columns)
    if not columns:
        columns = [ALL]
        table = table.with_columns(pl.lit(True).alias(ALL))
    if relation.keep == "none" or set(columns) == set(names):
        keep: Literal["none", "first"] = "none" if relation.keep == "none" else "first"
        return table.unique(selectors.by_name(*columns), keep=keep, maintain_order=True).select(map(column, names))
    numbered = table.with_row_index(ROW)
    deciding = list(dict.fromkeys([*columns, *(each.column for each in relation.order_by)]))
    drawn = numbered.select(*map(column, deciding), ROW, draw(0, names).alias(DRAW))
    kept = ordered(drawn, (*relation.order_by, rel.Order(DRAW), rel.Order(ROW))).unique(
        selectors.by_name(*columns), keep=relation.keep, maintain_order=True
    )
    return numbered.join(kept.select(ROW), on=ROW, how="semi", maintain_order="left").select(map(column, names))
