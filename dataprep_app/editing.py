"""A flow that is being edited: every edit is saved at once, can be undone, and loses nobody's work.

The same file may be open in two browser tabs, or be edited by hand meanwhile. Before an edit is saved
the file is compared with what this editor last knew of it; when it differs, nothing is written and
:class:`Conflict` holds both versions until somebody chooses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from flows.document import Flow
from flows.files import load, parse, save, to_json
from flows.history import History
from flows.history_file import load_history, save_history
from transforms.core.errors import DataprepError


@dataclass(frozen=True)
class Conflict:
    """Two versions of a flow: this editor's, and the one that is in the file now."""

    mine: Flow
    theirs: Flow


@dataclass(frozen=True)
class Editor:
    """A flow file, open; every change returns a new editor."""

    path: Path
    history: History
    known: str = field(repr=False)
    """Text of the file as this editor last read or wrote it."""
    saved_at: datetime
    conflict: Conflict | None = None

    @property
    def flow(self) -> Flow:
        """The flow as it is now."""
        return self.history.flow

    @classmethod
    def open(cls, path: Path) -> Editor:
        """Open a flow file with the history that was kept of it.

        Raises:
            FlowFileError: it cannot be read.
        """
        flow = load(path)
        saved_at = datetime.fromtimestamp(path.stat().st_mtime)
        return cls(path, load_history(flow, path), path.read_text(encoding="utf-8"), saved_at)

    def edit(self, label: str, change: Callable[[Flow], Flow]) -> Editor:
        """The editor after an edit that is saved; on an :class:`EditError` nothing is changed."""
        return self._kept(self.history.edit(label, change(self.flow)))

    def undo(self) -> Editor:
        """One edit back."""
        return self._kept(self.history.undo())

    def redo(self) -> Editor:
        """One edit forward again."""
        return self._kept(self.history.redo())

    def refreshed(self) -> Editor:
        """The editor with what others saved meanwhile, when this one has nothing of its own to lose."""
        if self.conflict is None and self._text() not in (self.known, None):
            return Editor.open(self.path)
        return self

    def settle(self, keep: Literal["mine", "theirs"]) -> tuple[Editor, Path]:
        """End a conflict; the version that is not kept goes to a file of its own, whose path is returned."""
        if self.conflict is None:
            raise DataprepError("There is nothing to settle.")
        kept, aside = (
            (self.conflict.mine, self.conflict.theirs) if keep == "mine" else (self.conflict.theirs, self.conflict.mine)
        )
        copy = _free_copy(self.path)
        save(aside.model_copy(update={"name": f"{aside.name} (other version)"}), copy)
        known = self._text() or ""
        history = self.history if keep == "mine" else self.history.edit("Take the other version", kept)
        return replace(self, known=known, conflict=None)._saved(history), copy

    def _kept(self, history: History) -> Editor:
        if history is self.history and self.conflict is None:
            return self
        return self._saved(history)

    def _saved(self, history: History) -> Editor:
        found = self._text()
        if found is not None and found != self.known:
            theirs = parse(found, str(self.path))
            if theirs != history.flow:
                return replace(self, history=history, conflict=Conflict(history.flow, theirs))
        save(history.flow, self.path)
        save_history(history, self.path)
        return Editor(self.path, history, to_json(history.flow), datetime.now())

    def _text(self) -> str | None:
        try:
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None


def _free_copy(path: Path) -> Path:
    stem = path.name.removesuffix(".flow.json")
    number = 2
    while (copy := path.with_name(f"{stem}-{number}.flow.json")).exists():
        number += 1
    return copy
