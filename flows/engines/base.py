"""What it takes to run a flow somewhere."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from connectors.core.connector import FileDestination
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

    def measure(self, questions: Sequence[tuple[Relation, Sequence[Statistic]]]) -> list[list[Any]]:
        """Answers to what is asked of some tables, in order, with as few passes over the data as it can."""

    def collect(self, relation: Relation) -> pl.DataFrame:
        """The whole table in memory: for previews and tests."""


@dataclass(frozen=True)
class Write:
    """Rows to be written to a temporary place: a file, or for an engine that writes folders a folder of files."""

    relation: Relation
    destination: FileDestination
    path: Path


@dataclass(frozen=True)
class Outcome:
    """What came of writing."""

    rows: tuple[int, ...]
    """Rows written, for each write."""
    counts: tuple[int, ...]
    """Rows of each relation that was to be counted."""
    where: tuple[int, ...]
    """Rows for which each condition is true."""


class RunEngine(Engine, Protocol):
    """An engine that can write."""

    writes_folders: bool
    """Whether what it writes is a folder of files."""

    def write(
        self, writes: Sequence[Write], counts: Sequence[Relation], conditions: Sequence[tuple[Relation, pl.Expr]]
    ) -> Outcome:
        """Write tables to temporary places and count rows, with as few passes over the data as it can."""


def settle(number: float | None) -> float | None:
    """Twelve significant digits: what two engines that sum in different orders agree on."""
    return None if number is None else float(f"{number:.12g}")
