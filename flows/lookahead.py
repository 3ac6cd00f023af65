"""Fits that can be made in one pass over the data, though their steps come one after the other.

While a step waits for statistics of its table, later steps may already know what they will ask: a step
that scales ``income`` asks the same numbers before and after a step that encodes ``purpose``. So the
tables behind steps that have not learned yet are known in part: :class:`Outlook` says which of their
columns are unchanged since which table that can be measured now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

import polars as pl

from flows.document import Flow
from flows.engines.base import Engine
from flows.fitting import Attempt, Question, Unanswered
from flows.steps import fitted_on_nothing, output_schemas
from flows.store import Record
from transforms.core.columns import BOUND
from transforms.core.errors import DataprepError
from transforms.core.relations import Relation
from transforms.core.statistics import Statistic
from transforms.core.transform import FittedTransform, Learned, RowTransform, Transform

FARTHEST = 60
"""Steps that are looked ahead; beyond, a fit waits for its turn."""


@dataclass(frozen=True)
class Prepared:
    """A step as its settings make it, before its inputs are known."""

    transform: Transform
    skipped: Literal["", "disabled", "training only"] = ""
    record: Record | None = None
    """What it learned before and may use again."""

    @property
    def learns(self) -> bool:
        """Whether it has to be fitted."""
        return not self.skipped and self.record is None and self.transform.learned_type() is not None

    def with_saved_columns(self) -> Transform:
        """The step; its columns are those it learned from, where it learned before."""
        return type(self.transform).model_validate(self.record.params, context=BOUND) if self.record else self.transform


@dataclass(frozen=True)
class Outlook:
    """What is known of a table behind steps that have not learned yet."""

    schema: pl.Schema
    """Its columns, as far as they are known."""
    partial: bool
    """Whether more may come once those steps have learned."""
    tables: tuple[Relation, ...]
    """Tables that can be measured now, each the one before with more steps applied."""
    since: Mapping[str, int]
    """The table, by place, since which a column is unchanged; columns not in it are not known yet."""
    rows_since: int = 0
    """The table since which the rows are the same."""

    def measurable(self, statistics: Iterable[Statistic]) -> Relation | None:
        """The first table that gives the same answers as this one; ``None`` where there is none yet."""
        place = self.rows_since
        for each in statistics:
            columns = columns_of(each)
            if columns is None or not columns <= self.since.keys():
                return None
            place = max(place, *(self.since[name] for name in columns), 0)
        return self.tables[place]

    def through(self, step: Prepared) -> tuple[Transform, Outlook | None]:
        """A step bound to this table, and the table behind it; ``None`` where nothing can be said of that.

        Raises:
            DataprepError: the step does not fit the columns that are known.
        """
        if step.skipped:
            return step.transform, self
        record, transform = step.record, step.with_saved_columns()
        bound = transform.bind(self.schema)
        if self.partial and bound.model_dump() != transform.model_dump():
            raise DataprepError("Which columns a rule chooses is not known yet.")
        if not isinstance(bound, RowTransform | FittedTransform) or len(bound.output_names) > 1:
            return bound, None
        touched = bound.touched(self.schema)
        if step.learns or not self._known(bound.looks_at(self.schema, record.learned if record else None), touched):
            return bound, None if bound.changes_rows else self._left_out(bound, touched, record)
        return bound, self._applied(bound, touched, record)

    def _known(self, reads: frozenset[str], touched: frozenset[str]) -> bool:
        """Whether all that a step reads is known; one that reads what it does not name may read what is to come."""
        return reads <= self.since.keys() and (reads == touched or not self.partial)

    def _left_out(self, bound: Transform, touched: frozenset[str], record: Record | None) -> Outlook:
        """The table behind a step that cannot be applied yet, and leaves other columns alone."""
        learned = record.learned if record else None
        if learned is None and bound.learned_type() is not None:
            learned = fitted_on_nothing(bound, [self.schema])
        (schema,) = output_schemas(bound, [self.schema], learned).values()
        known = {name: place for name, place in self.since.items() if name in schema and name not in touched}
        partial = self.partial or (bound.columns_from_data and record is None)
        return Outlook(schema, partial, self.tables, known, self.rows_since)

    def _applied(self, bound: Transform, touched: frozenset[str], record: Record | None) -> Outlook:
        learned = record.learned if record else None
        planned = bound.plan(self.tables[-1], learned=learned)
        assert isinstance(planned, Relation)
        (schema,) = output_schemas(bound, [self.schema], learned).values()
        last, kept = len(self.tables), {} if bound.changes_rows else self.since
        known = {
            name: kept[name] if name in kept and name not in touched else last
            for name in schema
            if name in self.since or name not in self.schema
        }
        rows_since = last if bound.changes_rows else self.rows_since
        return Outlook(schema, self.partial, (*self.tables, planned), known, rows_since)


@dataclass
class Ahead:
    """A fit that was begun before its turn."""

    attempt: Attempt
    outlook: Outlook
    """Of its input."""
    ended: bool = False
    learned: Learned | None = None

    def question(self) -> tuple[Question, Relation] | None:
        """What it asks next, and the table to ask; ``None`` when it has ended or that cannot be measured yet."""
        if self.ended:
            return None
        try:
            self.learned = self.attempt.learned()
            self.ended = True
        except Unanswered as asked:
            table = self.outlook.measurable(asked.question.statistics) if asked.question.table == 0 else None
            return (asked.question, table) if table is not None else None
        except (DataprepError, pl.exceptions.PolarsError):
            pass  # told when its turn has come
        return None


class Fits:
    """Fits the steps of a plan, together with later ones where a pass can serve them too."""

    def __init__(
        self, flow: Flow, order: Sequence[str], prepared: Callable[[str], Prepared], engine: Engine, folder: Path
    ) -> None:
        """Take a flow, the nodes that are planned in order, what makes a step of it, and where its paths start."""
        self._flow = flow
        self._order = list(order)
        self.prepared = prepared
        self._engine = engine
        self._folder = folder
        self._begun: dict[str, Ahead] = {}

    def learned(
        self, id: str, bound: Transform, inputs: Sequence[Relation], planned: Callable[[str], Outlook | None]
    ) -> Learned | None:
        """What a step learns from its inputs.

        Args:
            id: the step.
            bound: the step, bound to its inputs.
            inputs: its input tables.
            planned: what is known of a table by its reference; ``None`` when it is not planned yet.

        Raises:
            StepError: it cannot learn from these rows.
        """
        attempt = Attempt(bound, tuple(self._engine.schema(each) for each in inputs), self._folder)
        begun = self._begun.pop(id, None)
        if begun is not None:
            same = begun.attempt.schemas == attempt.schemas and begun.attempt.step.model_dump() == bound.model_dump()
            if begun.ended and same:
                return begun.learned
            attempt.answered += begun.attempt.answered
            attempt.foreign = len(attempt.answered)
        looked_ahead = False
        while True:
            try:
                return attempt.learned()
            except Unanswered as asked:
                if not looked_ahead:
                    self._begin(id, planned)
                    looked_ahead = True
                self._answer(attempt, asked.question, inputs[asked.question.table])

    def _answer(self, attempt: Attempt, question: Question, table: Relation) -> None:
        """Answer a question, and in the same pass what the fits that were begun ask."""
        waiting = [(each.attempt, *ready) for each in self._begun.values() if (ready := each.question()) is not None]
        wanted = [(attempt, question, table), *waiting]
        answers = self._engine.measure([(table, question.statistics) for _, question, table in wanted])
        for (each, asked, _), answer in zip(wanted, answers, strict=True):
            each.answered.append((asked, answer))

    def _to_last_learner(self, id: str) -> list[str]:
        """A step and those after it, up to the last that has to be fitted; none when no other has to be."""
        start = self._order.index(id)
        near = self._order[start : start + FARTHEST]
        last = max((place for place, each in enumerate(near) if place and self._learns(each)), default=-1)
        return near[: last + 1]

    def _learns(self, id: str) -> bool:
        try:
            return id in self._flow.steps and self.prepared(id).learns
        except DataprepError:
            return False  # told when its turn has come

    def _begin(self, id: str, planned: Callable[[str], Outlook | None]) -> None:
        """Begin the fits of later steps, as far as their tables are known."""
        outlooks: dict[str, Outlook | None] = {}
        for each in self._to_last_learner(id):
            step = self._flow.steps.get(each)
            if step is None or len(step.inputs) != 1:
                continue
            reference = step.inputs[0]
            before = outlooks[reference] if reference in outlooks else planned(reference)
            if before is None:
                continue
            try:
                prepared = self.prepared(each)
                bound, behind = before.through(prepared)
            except (DataprepError, pl.exceptions.PolarsError):
                continue  # told when its turn has come
            outlooks[each] = behind
            if prepared.learns and each != id and each not in self._begun:
                self._begun[each] = Ahead(Attempt(bound, (before.schema,), self._folder), before)


def columns_of(statistic: Statistic) -> frozenset[str] | None:
    """The columns that a statistic reads; ``None`` where that cannot be told."""
    found: set[str] = set()
    for each in fields(statistic):
        if each.name in ("column", "columns", "by", "first", "second", "condition", "per"):
            names = _roots(getattr(statistic, each.name))
            if names is None:
                return None
            found |= names
    return frozenset(found)


def _roots(measured: Any) -> set[str] | None:
    match measured:
        case None:
            return set()
        case str():
            return {measured}
        case pl.Expr():
            return None if measured.meta.has_multiple_outputs() else set(measured.meta.root_names())
        case _:
            found: set[str] = set()
            for each in measured:
                names = _roots(each)
                if names is None:
                    return None
                found |= names
            return found
