"""What went wrong, in words for the person who can mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Literal


class DataprepError(Exception):
    """Any failure that is the user's to mend; its text says where, what was found and what to do."""


class StepError(DataprepError):
    """A step cannot work on the data it was given."""


@dataclass(frozen=True)
class Problem:
    """Something wrong with a flow, found without running it."""

    found: str
    """What was found, a sentence."""
    advice: str = ""
    """What to do about it, a sentence."""
    field: str = ""
    """The parameter concerned."""
    step: str = ""
    """The step or source concerned, by id."""
    severity: Literal["error", "warning"] = "error"
    node: Literal["step", "source", "destination"] = "step"
    """What :attr:`step` names."""

    def at(self, step: str) -> Problem:
        """The same problem, placed at a step of a flow."""
        return replace(self, step=step)

    def __str__(self) -> str:
        where = f'{self.node.capitalize()} "{self.step}": ' if self.step else ""
        return f"{where}{self.found} {self.advice}".strip()


class InvalidStepError(StepError):
    """A step does not fit the tables it is given."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence with the closest known names; empty when nothing is close."""
    known = list(known)
    exact_but_case = [each for each in known if each.lower() == name.lower() and each != name]
    near = exact_but_case or get_close_matches(name, known, n=3, cutoff=0.6)
    return f"Did you mean {' or '.join(repr(each) for each in near)}?" if near else ""
