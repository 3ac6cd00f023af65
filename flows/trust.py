"""Whether the code in a flow may run: only after the owner has looked at it and said so.

What is trusted is the code itself, by a digest of its transform and its text, so that code that is changed, by
whomever, has to be looked at again, while a flow that is renamed or copied, or that a model was built from, need not
be. The record of it is never part of a flow: a document that says of itself that it can be trusted says nothing. It is
one file of the person who runs flows, by default ``~/.dataprep/trusted.json`` beside their connections, and not of the
workspace, which people share, unpack from archives and keep under version control: whoever could put a flow there
could put the trust in it there, too. The environment variable ``DATAPREP_TRUSTED`` names another file.

An administrator turns all code off, trusted or not, with the environment variable ``DATAPREP_CODE=off``.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from connectors.core.files import replaced
from flows.document import Flow
from flows.expansion import expanded
from flows.parameters import ParameterError, Value, substitute
from flows.steps import InvalidFlowError
from transforms.catalog import catalog
from transforms.code.source import SWITCH, code_is_off
from transforms.core.errors import DataprepError, Problem

VARIABLE = "DATAPREP_TRUSTED"
OWNER_ONLY = stat.S_IRUSR | stat.S_IWUSR


class TrustError(DataprepError):
    """The record of what is trusted cannot be read or written."""


@dataclass(frozen=True)
class CodeStep:
    """A step that runs code."""

    id: str
    transform: str
    title: str
    code: str
    digest: str
    """What the code is known by when it is trusted."""


class Trust(Protocol):
    """Says which code may run."""

    def allows(self, digest: str) -> bool:
        """Whether the code with this digest may run."""


@dataclass(frozen=True)
class Always:
    """The same answer for all code."""

    answer: bool

    def allows(self, digest: str) -> bool:
        return self.answer


NOTHING = Always(answer=False)
EVERYTHING = Always(answer=True)
"""For one run of a flow whose code was looked at elsewhere: ``--trust-code``."""


@dataclass(frozen=True)
class OwnersRecord:
    """What the person who runs flows has trusted."""

    path: Path | None
    """The file; ``None`` where the person has no home."""

    def allows(self, digest: str) -> bool:
        return digest in self.read()

    def read(self) -> dict[str, dict[str, Any]]:
        """What is known of each code that is trusted, by digest.

        Raises:
            TrustError: the file is damaged, or others may write it.
        """
        if self.path is None or not self.path.exists():
            return {}
        try:
            if os.name == "posix" and self.path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise TrustError(
                    f"{self.path} says which code is trusted, but others may change it. Look through it, then make it "
                    f"yours alone: chmod 600 {self.path}."
                )
            found = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise TrustError(
                f"{self.path}, which says what code is trusted, cannot be read: {error}. Delete it, and trust anew."
            ) from error
        return found if isinstance(found, dict) else {}

    def changed_at(self) -> int:
        """When something was last trusted, or trusted no more, in nanoseconds; 0 before the first time."""
        return self.path.stat().st_mtime_ns if self.path is not None and self.path.exists() else 0

    def add(self, steps: Iterable[CodeStep], flow: str) -> None:
        """Trust the code of some steps; ``flow`` is noted for people who look through the record."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        new = {each.digest: {"flow": flow, "step": each.id, "transform": each.transform, "at": now} for each in steps}
        self._write({**new, **self.read()})

    def remove(self, steps: Iterable[CodeStep]) -> None:
        """Trust the code of some steps no more."""
        gone = {each.digest for each in steps}
        self._write({digest: each for digest, each in self.read().items() if digest not in gone})

    def _write(self, known: Mapping[str, Mapping[str, Any]]) -> None:
        if self.path is None:
            raise TrustError(f"You have no home folder to note it in. Name a file in {VARIABLE}.")
        try:
            with replaced(self.path) as partial:
                partial.touch(mode=OWNER_ONLY)
                partial.write_text(json.dumps(known, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        except OSError as error:
            raise TrustError(f"{self.path} cannot be written: {error.strerror}. Check the folder.") from error


def owner() -> OwnersRecord:
    """The record of the person who runs this process; empty until they trust something."""
    try:
        return OwnersRecord(
            Path(os.environ.get(VARIABLE) or Path.home() / ".dataprep" / "trusted.json").expanduser().absolute()
        )
    except RuntimeError:  # there is no home
        return OwnersRecord(None)


def digest_of(transform: str, params: Mapping[str, Any]) -> str:
    """What the code of a step is known by.

    Of settings, all count where none is called ``code``.
    """
    code = params.get("code")
    known = [transform, code if isinstance(code, str) else params]
    return sha256(json.dumps(known, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def code_steps(flow: Flow, values: Mapping[str, Value]) -> Iterator[CodeStep]:
    """Steps that run code, those inside recipes included; of parameters in the code, the values count."""
    for id, step in expanded(flow).flow.steps.items():
        if step.disabled or step.transform not in catalog() or not catalog()[step.transform].runs_code:
            continue
        try:
            params = substitute(step.params, values)
        except ParameterError:
            continue  # the step cannot be made of its settings, which is told where that is tried
        code = str(params.get("code", ""))
        yield CodeStep(id, step.transform, catalog()[step.transform].title, code, digest_of(step.transform, params))


def untrusted(flow: Flow, values: Mapping[str, Value], trust: Trust | None = None) -> list[CodeStep]:
    """Steps whose code is not trusted; by default, not by the owner's record."""
    asked = trust or owner()
    return [each for each in code_steps(flow, values) if not asked.allows(each.digest)]


def refusals(flow: Flow, values: Mapping[str, Value], trust: Trust | None = None) -> list[Problem]:
    """A problem for each step whose code may not run."""
    if code_is_off():
        found = f"It runs Python code, which is turned off on this machine ({SWITCH})."
        advice = "Ask who looks after it, or disable the step."
        return [Problem(found, advice, "code", each.id) for each in code_steps(flow, values)]
    found = "It runs Python code that you have not trusted."
    advice = (
        "Read the code, then trust it: with “I trust this code” in the app, with dataprep trust FLOW, or for one run "
        "with --trust-code."
    )
    return [Problem(found, advice, "code", each.id) for each in untrusted(flow, values, trust)]


def refuse(flow: Flow, values: Mapping[str, Value], nodes: Iterable[str], trust: Trust | None = None) -> None:
    """Make sure that all code of some nodes may run, before anything is done for any of them.

    Raises:
        InvalidFlowError: the code of one of them may not.
    """
    needed = set(nodes)
    problems = [each for each in refusals(flow, values, trust) if each.step in needed]
    if problems:
        raise InvalidFlowError(problems)
