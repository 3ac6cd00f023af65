"""A flow that is being edited: every edit is saved at once, can be undone, and loses nobody's work.

The same file may be open in two browser tabs, or be edited by hand meanwhile. Before an edit is saved
the file is compared with what this editor last knew of it; when it differs, the file stays as it is and
:class:`Conflict` holds both versions until somebody chooses. Until then this editor's own is kept beside
the flow, ``.loan.unsaved.json`` beside ``loan.flow.json``, so that whoever opens the flow again finds both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from glob import escape
from pathlib import Path
from typing import Literal

from flows.document import Flow
from flows.files import FlowFileError, load, parse, save, to_json
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
    unsaved: Path | None = None
    """Where this editor's own version is kept during a conflict."""

    @property
    def flow(self) -> Flow:
        """The flow as it is now."""
        return self.history.flow

    @classmethod
    def open(cls, path: Path) -> Editor:
        """Open a flow file with the history that was kept of it, and the conflict that was left in it.

        Raises:
            FlowFileError: it cannot be read.
        """
        flow = load(path)
        saved_at = datetime.fromtimestamp(path.stat().st_mtime)
        opened = cls(path, load_history(flow, path), path.read_text(encoding="utf-8"), saved_at)
        left = next(_left(path), None)
        if left is None:
            return opened
        kept, mine = left
        if mine == flow:
            kept.unlink(missing_ok=True)
            return opened
        history = opened.history.edit("Changes that are not saved", mine)
        return replace(opened, known="", history=history, conflict=Conflict(mine, flow), unsaved=kept)

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
        """The editor with what others saved meanwhile, when this one has nothing of its own to lose.

        That is so, too, when the conflict was ended by somebody else, who kept both versions.
        """
        if self.unsaved is not None and not self.unsaved.exists():
            return Editor.open(self.path)
        if self.conflict is None and self._text() not in (self.known, None):
            return Editor.open(self.path)
        return self

    def settle(self, keep: Literal["mine", "theirs"]) -> tuple[Editor, Path]:
        """End a conflict; the version that is not kept goes to a file of its own, whose path is returned."""
        if self.conflict is None:
            raise DataprepError("There is nothing to settle.")
        known = self._text() or ""
        mine = self.conflict.mine
        theirs = parse(known, str(self.path)) if known else self.conflict.theirs  # they may have gone on meanwhile
        kept, aside = (mine, theirs) if keep == "mine" else (theirs, mine)
        copy = _free_copy(self.path)
        save(aside.model_copy(update={"name": f"{aside.name} (other version)"}), copy)
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
                unsaved = self.unsaved or _free_unsaved(self.path)
                save(history.flow, unsaved)
                return replace(self, history=history, conflict=Conflict(history.flow, theirs), unsaved=unsaved)
        save(history.flow, self.path)
        save_history(history, self.path)
        if self.unsaved is not None:
            self.unsaved.unlink(missing_ok=True)
        return Editor(self.path, history, to_json(history.flow), datetime.now())

    def _text(self) -> str | None:
        try:
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None


def _left(path: Path) -> Iterator[tuple[Path, Flow]]:
    """Versions of a flow that are not saved, with their files; one that cannot be read is left alone."""
    stem = path.name.removesuffix(".flow.json")
    for each in sorted(path.parent.glob(f".{escape(stem)}.unsaved*.json")):
        try:
            yield each, load(each)
        except FlowFileError:
            continue


def _free_unsaved(path: Path) -> Path:
    stem = path.name.removesuffix(".flow.json")
    number = 1
    while (kept := path.with_name(f".{stem}.unsaved{number if number > 1 else ''}.json")).exists():
        number += 1
    return kept


def _free_copy(path: Path) -> Path:
    stem = path.name.removesuffix(".flow.json")
    number = 2
    while (copy := path.with_name(f"{stem}-{number}.flow.json")).exists():
        number += 1
    return copy
