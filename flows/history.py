"""Undo and redo: a list of documents."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flows.document import Flow

DEPTH = 200


@dataclass(frozen=True)
class Change:
    """A flow and the name of the edit between it and its neighbour in time."""

    label: str
    flow: Flow


@dataclass(frozen=True)
class History:
    """The flow as it is, was, and could be again."""

    flow: Flow
    past: tuple[Change, ...] = ()
    future: tuple[Change, ...] = ()

    def edit(self, label: str, flow: Flow) -> History:
        """The history after an edit; an edit that changes nothing leaves no trace."""
        if flow == self.flow:
            return self
        return History(flow, (*self.past, Change(label, self.flow))[-DEPTH:], ())

    def undo(self) -> History:
        """One edit back; at the beginning, the same history."""
        if not self.past:
            return self
        last = self.past[-1]
        return History(last.flow, self.past[:-1], (Change(last.label, self.flow), *self.future))

    def redo(self) -> History:
        """One edit forward again; at the end, the same history."""
        if not self.future:
            return self
        following = self.future[0]
        return replace(
            self, flow=following.flow, past=(*self.past, Change(following.label, self.flow)), future=self.future[1:]
        )
