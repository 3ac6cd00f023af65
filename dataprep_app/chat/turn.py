"""What the chat gives back: one turn with one result, all of it plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class PlanStep:
    """A step to add: settings that are valid for the table at this point of the plan."""

    transform: str
    params: Mapping[str, Any]
    assumed: tuple[str, ...] = ()
    """Settings that the request left open."""
    chosen: str = ""
    """How its columns were chosen when they were not named: ``"numeric"``, ``"text"``, ``"categorical"``, ``"all"``."""
    line: str = ""
    """What it does, in words."""


@dataclass(frozen=True)
class PlanResult:
    """Steps that do what was asked for."""

    steps: tuple[PlanStep, ...]
    assumptions: tuple[str, ...] = ()
    """What was guessed, to be shown beside the plan."""
    warnings: tuple[str, ...] = ()
    replaces_last: bool = False
    """Whether it stands in for the plan of the turn before."""
    kind: Literal["plan"] = "plan"

    @property
    def explanation(self) -> str:
        """The plan in words, a line for each step."""
        return "\n".join(f"{i}. {each.line}" for i, each in enumerate(self.steps, 1))


@dataclass(frozen=True)
class Answer:
    """What came out of an analysis."""

    sentence: str
    table: Mapping[str, list[Any]] = field(default_factory=dict)
    """Columns of the answer by name."""
    basis: str = ""
    """What it was computed on."""


@dataclass(frozen=True)
class AnalysisResult:
    """A question about the table; it changes nothing."""

    analysis: str
    """Which analysis: ``"query"``, ``"describe"``, ``"correlation"`` ..."""
    spec: Mapping[str, Any]
    answer: Answer | None = None
    """``None`` when no rows were given."""
    assumptions: tuple[str, ...] = ()
    kind: Literal["analysis"] = "analysis"


@dataclass(frozen=True)
class Option:
    """One way to go on from a question."""

    label: str
    effect: str
    """What choosing it would do."""
    result: PlanResult | AnalysisResult | None = None
    column: str | None = None
    """The column it stands for, where columns are offered."""


@dataclass(frozen=True)
class ClarifyResult:
    """A question back: nothing is done until it is answered."""

    about: Literal["column", "value", "parameter", "operation", "type"]
    question: str
    options: tuple[Option, ...] = ()
    retry: str = ""
    """The request with ``{}`` where the answer belongs, if the answer completes it."""
    kind: Literal["clarify"] = "clarify"


@dataclass(frozen=True)
class RefuseResult:
    """Nothing that can be done here."""

    reason: Literal["out_of_scope", "unsupported", "unsafe"]
    message: str
    examples: tuple[str, ...] = ()
    """Requests that would work on this table."""
    kind: Literal["refuse"] = "refuse"


@dataclass(frozen=True)
class CommandResult:
    """Something to do with the flow or the chat itself."""

    name: Literal["undo", "redo", "help", "accept", "discard"]
    n: int = 1
    message: str = ""
    examples: tuple[str, ...] = ()
    kind: Literal["command"] = "command"


Result = PlanResult | AnalysisResult | ClarifyResult | RefuseResult | CommandResult


@dataclass(frozen=True)
class ChatTurn:
    """A request and what came of it."""

    text: str
    result: Result

    def as_json(self) -> dict[str, Any]:
        """As plain data."""
        found = asdict(self)
        if isinstance(self.result, PlanResult):
            found["result"]["explanation"] = self.result.explanation
        return found
