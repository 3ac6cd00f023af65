"""What a run did, as data: shown on a terminal, in the app, and printed as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

RESULT_FORMAT = 1


@dataclass(frozen=True)
class FailureResult:
    """Values that a step lost or refused."""

    column: str
    what: str
    rows: int
    samples: tuple[str, ...]
    """A few of the values."""


@dataclass(frozen=True)
class StepResult:
    """What one step did."""

    id: str
    transform: str
    rows_in: tuple[int, ...]
    rows_out: Mapping[str, int]
    """By output."""
    seconds: float
    """Time to bind, fit and plan it; the rows themselves pass through all steps at once when they are written."""
    fitted: str = ""
    """``now``, ``reused``, or empty for a step that learns nothing."""
    fitted_on: str = ""
    """``full`` or ``sample``."""
    learned: str = ""
    """A key of what the step used that it had learned: the same key, the same numbers."""
    skipped: str = ""
    """Why it was passed by: ``disabled`` or ``training only``."""
    failures: tuple[FailureResult, ...] = ()


@dataclass(frozen=True)
class Written:
    """What was written where."""

    destination: str
    target: str
    rows: int


@dataclass(frozen=True)
class RejectsResult:
    """The rows of which a step lost or refused a value, as they were written."""

    step: str
    target: str
    rows: int
    """One for each value."""


@dataclass(frozen=True)
class RunResult:
    """What a run did."""

    flow: str
    engine: str
    purpose: str
    parameters: Mapping[str, Any]
    sample: Mapping[str, Any] | None
    """The sample that was taken of every source; ``None`` for all rows."""
    sources: Mapping[str, int]
    """Rows read of each source."""
    steps: tuple[StepResult, ...]
    written: tuple[Written, ...]
    started_at: str
    seconds: float
    rejects: tuple[RejectsResult, ...] = ()
    """By step, those that had any, when the run was asked to write them."""
    format: int = field(default=RESULT_FORMAT)

    def as_json(self) -> dict[str, Any]:
        """The result as plain JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Event:
    """Something that happened in a run, for progress."""

    kind: str
    """``plan``, ``fit``, ``step``, ``write``, ``load`` or ``done``."""
    node: str
    done: int
    total: int
    seconds: float
    """Since the run began."""
