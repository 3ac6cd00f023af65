"""Fitting one step: answering what it asks of its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import polars as pl

from flows.engines.base import Engine
from transforms.core.relations import Relation
from transforms.core.statistics import Statistic
from transforms.core.transform import Learned, Transform


class Asking:
    """The ``ask`` that a step's ``fit`` is given: statistics of its inputs, by an engine, each when it is asked."""

    def __init__(self, engine: Engine, inputs: Sequence[Relation], folder: Path = Path()) -> None:
        self.folder = folder
        self._engine = engine
        self._inputs = inputs
        self.schemas: tuple[pl.Schema, ...] = tuple(engine.schema(each) for each in inputs)

    def __call__(self, *statistics: Statistic, table: int = 0) -> list[Any]:
        return self._engine.measure([(self._inputs[table], statistics)])[0] if statistics else []


class Unanswered(Exception):
    """A fit asked what has not been measured yet."""

    def __init__(self, question: Question) -> None:
        super().__init__(f"{len(question.statistics)} statistics of table {question.table}")
        self.question = question


@dataclass(frozen=True)
class Question:
    """What a fit asks at once."""

    statistics: tuple[Statistic, ...]
    table: int = 0

    def same(self, other: Question) -> bool:
        """Whether another question has the same answer."""
        mine, theirs = self.statistics, other.statistics
        return self.table == other.table and len(mine) == len(theirs) and all(map(_same, mine, theirs))


@dataclass
class Attempt:
    """A fit that is begun anew each time that more of what it asks was answered.

    ``fit`` is a function of its answers, and so asks the same in the same order each time: what was
    answered is told it by place. So fits of several steps can wait for one pass over their table.
    """

    step: Transform
    """Bound."""
    schemas: tuple[pl.Schema, ...]
    folder: Path = Path()
    """Where relative paths of the flow start."""
    answered: list[tuple[Question, list[Any]]] = field(default_factory=list)
    foreign: int = 0
    """How many of the first answers were given to another attempt, and hold only if it asked the same."""

    def learned(self) -> Learned | None:
        """What the step learns.

        Raises:
            Unanswered: it asks more than was answered.
            StepError: it cannot learn from these rows.
        """
        replay = _Replay(self)
        try:
            return self.step.fit(replay)
        except Unanswered:
            del self.answered[replay.place :]
            self.foreign = min(self.foreign, replay.place)
            raise


class _Replay:
    """The ``ask`` of an attempt."""

    def __init__(self, attempt: Attempt) -> None:
        self.schemas: tuple[pl.Schema, ...] = attempt.schemas
        self.folder = attempt.folder
        self.place = 0
        """Answers that were told so far."""
        self._attempt = attempt

    def __call__(self, *statistics: Statistic, table: int = 0) -> list[Any]:
        if not statistics:
            return []
        question, known = Question(statistics, table), self._attempt.answered[self.place : self.place + 1]
        if not known or (self.place < self._attempt.foreign and not known[0][0].same(question)):
            raise Unanswered(question)
        self.place += 1
        return known[0][1]


def _same(first: Any, second: Any) -> bool:
    """Whether two statistics, or parts of them, are equal; expressions by what they compute."""
    if type(first) is not type(second):
        return False
    if isinstance(first, Statistic):
        return all(_same(getattr(first, each.name), getattr(second, each.name)) for each in fields(first))
    if isinstance(first, pl.Expr):
        return first.meta.eq(second)
    if isinstance(first, tuple):
        return len(first) == len(second) and all(map(_same, first, second))
    return bool(first == second)
