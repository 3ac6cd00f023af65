"""What it takes to run a flow somewhere."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import polars as pl

from transforms.core.errors import DataprepError
from transforms.core.relations import Relation
from transforms.core.statistics import Statistic


class Cancelled(DataprepError):
    """The run was cancelled; nothing was written."""


@dataclass(frozen=True)
class Control:
    """A switch that stops a run from another thread or a signal handler."""

    event: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        """Ask the run to stop; it does so within a fraction of a second."""
        self.event.set()

    @property
    def cancelled(self) -> bool:
        """Whether the run was asked to stop."""
        return self.event.is_set()

    def check(self) -> None:
        """Raise :class:`Cancelled` when the run was asked to stop."""
        if self.cancelled:
            raise Cancelled("The run was cancelled. Nothing was written.")


class Engine(Protocol):
    """Runs relations and measures statistics."""

    name: str

    def schema(self, relation: Relation) -> pl.Schema:
        """Columns of a relation, without touching data."""

    def table(self, relation: Relation) -> Any:
        """The relation as the engine's own lazy table."""

    def measure(self, relation: Relation, statistics: Sequence[Statistic]) -> list[Any]:
        """Answers, in order."""

    def collect(self, relation: Relation) -> pl.DataFrame:
        """The whole table in memory: for previews and tests."""


def settle(number: float | None) -> float | None:
    """Twelve significant digits: what two engines that sum in different orders agree on."""
    return None if number is None else float(f"{number:.12g}")
