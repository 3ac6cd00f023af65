"""The history of a flow, kept beside its file so that undo survives a restart.

``loan.flow.json`` has ``.loan.history.json``: the labels and documents of the latest edits, replaced at
once. It is a convenience of the editor: a missing, damaged or outdated one is an empty history, never
an error, and the flow itself is only ever what its own file says.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flows.document import Flow
from flows.files import FlowFileError, parse, to_json, write_whole
from flows.history import Change, History

KEPT = 50
"""Edits kept in each direction."""


def history_path(flow_path: Path) -> Path:
    """The file of a flow's history."""
    return flow_path.with_name(f".{flow_path.name.removesuffix('.json').removesuffix('.flow')}.history.json")


def save_history(history: History, flow_path: Path) -> None:
    """Keep the latest edits of a flow."""
    values = {
        "now": _dumped(history.flow),
        "past": [_change(each) for each in history.past[-KEPT:]],
        "future": [_change(each) for each in history.future[:KEPT]],
    }
    write_whole(history_path(flow_path), json.dumps(values, ensure_ascii=False) + "\n")


def load_history(flow: Flow, flow_path: Path) -> History:
    """The history of a flow as it is in its file; an empty one when it was edited elsewhere since."""
    try:
        values = json.loads(history_path(flow_path).read_text(encoding="utf-8"))
        if parse(json.dumps(values["now"])) != flow:
            return History(flow)
        return History(flow, _changes(values["past"]), _changes(values["future"]))
    except (OSError, ValueError, KeyError, TypeError, FlowFileError):
        return History(flow)


def _dumped(flow: Flow) -> Any:
    return json.loads(to_json(flow))


def _change(change: Change) -> dict[str, Any]:
    return {"label": change.label, "flow": _dumped(change.flow)}


def _changes(values: Sequence[dict[str, Any]]) -> tuple[Change, ...]:
    return tuple(Change(str(each["label"]), parse(json.dumps(each["flow"]))) for each in values)
