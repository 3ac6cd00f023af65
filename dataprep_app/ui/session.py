"""What a browser session works on: the workspace, the open flow, its previews, and what is to be said next.

Pages mutate flows only through :func:`apply`, :func:`undo` and :func:`redo`, in callbacks, so that every
change is saved at once, can be undone, and an edit that cannot be made is said and changes nothing.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import streamlit as st
from pydantic import ValidationError

from dataprep_app.editing import Editor
from dataprep_app.workspace import Workspace
from flows.cache import Preview, PreviewCache
from flows.document import Flow, node_of
from flows.files import to_json
from flows.identity import digest
from flows.preview import preview
from flows.problems import Checked, check
from flows.sampling import Sampling
from flows.store import LearnedFolder, learned_folder
from flows.trust import owner
from transforms.core.errors import DataprepError

WORKSPACE = "DATAPREP_WORKSPACE"
"""Environment variable that names the folder the app works in."""
KEPT_CHECKS = 32


@dataclass(frozen=True)
class Notice:
    """Something to tell the person once, on the next run of the page."""

    text: str
    kind: Literal["done", "error"] = "done"


def workspace() -> Workspace:
    """The folder that the app works in."""
    return Workspace(Path(os.environ.get(WORKSPACE) or "dataprep-workspace").absolute())


@st.cache_resource
def previews() -> PreviewCache:
    """Previews and fits by content, shared by all sessions: the same content gives the same rows."""
    return PreviewCache()


@st.cache_resource
def _checks() -> dict[str, Checked]:
    return {}


def editor(flow_id: str) -> Editor:
    """The open flow, with what others saved meanwhile when nothing of ours is lost by it.

    Raises:
        DataprepError: there is no such flow, or its file cannot be read.
    """
    key = f"editor:{flow_id}"
    known: Editor | None = st.session_state.get(key)
    found = known.refreshed() if known else Editor.open(workspace().flow_path(flow_id))
    st.session_state[key] = found
    return found


def shown(flow_id: str) -> Editor:
    """The open flow as this session last saw it: edits are made of that, so that others' meanwhile are not run over."""
    known: Editor | None = st.session_state.get(f"editor:{flow_id}")
    return known or editor(flow_id)


def apply(flow_id: str, label: str, change: Callable[[Flow], Flow]) -> bool:
    """Make and save an edit; whether it was made. What is wrong is said on the next run of the page."""
    return _changed(flow_id, lambda each: each.edit(label, change))


def undo(flow_id: str) -> bool:
    """One edit back."""
    return _changed(flow_id, Editor.undo)


def redo(flow_id: str) -> bool:
    """One edit forward again."""
    return _changed(flow_id, Editor.redo)


def settle(flow_id: str, keep: Literal["mine", "theirs"]) -> None:
    """End a conflict; the other version is kept in a flow of its own."""
    settled, copy = editor(flow_id).settle(keep)
    st.session_state[f"editor:{flow_id}"] = settled
    tell(f"The other version is kept as {copy.name.removesuffix('.flow.json')}.")


def _changed(flow_id: str, change: Callable[[Editor], Editor]) -> bool:
    try:
        st.session_state[f"editor:{flow_id}"] = change(shown(flow_id))
    except DataprepError as error:
        tell(str(error), "error")
        return False
    except ValidationError as error:
        tell("; ".join(each["msg"] for each in error.errors()), "error")
        return False
    except OSError as error:
        tell(f"The flow cannot be saved: {error.strerror}. Free some space or check the folder.", "error")
        return False
    return True


def tell(text: str, kind: Literal["done", "error"] = "done") -> None:
    """Say something once, on the next run of the page."""
    st.session_state.setdefault("notices", []).append(Notice(text, kind))


def show_notices() -> None:
    """Say what is to be said: done things in passing, errors where they stay until the next action."""
    for each in st.session_state.pop("notices", []):
        if each.kind == "done":
            st.toast(each.text)
        else:
            st.error(each.text, icon=":material/error:")


def drawn(flow_id: str) -> None:
    """Remember what the page is drawn with, for :func:`redraw_when_changed`."""
    st.session_state[f"drawn:{flow_id}"] = _page(flow_id)


def redraw_when_changed(flow_id: str) -> None:
    """At the beginning of a fragment: draw the whole page anew when what was done in it concerns more than itself.

    That is an edit of the flow, which the header shows, a step that is tried, which the rows show, an action
    that the page takes (``act``), or something to be said.
    """
    now = _page(flow_id)
    if st.session_state.setdefault(f"drawn:{flow_id}", now) != now:
        drawn(flow_id)
        st.rerun()


def _page(flow_id: str) -> tuple[Any, ...]:
    """What a page shows that several parts of it share."""
    state = st.session_state
    return editor(flow_id).history, state.get(f"pending:{flow_id}"), state.get("act"), tuple(state.get("notices", ()))


def sampling(flow_id: str) -> Sampling:
    """The sample that previews of a flow are made of; at first what the settings say."""
    key = f"sampling:{flow_id}"
    if key not in st.session_state:
        settings = workspace().settings()
        st.session_state[key] = Sampling(rows=settings.sample_rows, method=settings.sample_method)
    chosen: Sampling = st.session_state[key]
    return chosen


def look(flow_id: str, reference: str, flow: Flow | None = None) -> Preview:
    """The rows of one output of a node on the sample; of another version of the flow when one is given.

    Raises:
        DataprepError: a source cannot be opened, or a step on the way does not work.
    """
    opened = editor(flow_id)
    return preview(flow or opened.flow, opened.path.parent, reference, previews(), sampling=sampling(flow_id))


def checked(flow_id: str, flow: Flow | None = None) -> Checked:
    """Columns and problems of every node, without touching rows; of another version when one is given."""
    opened = editor(flow_id)
    version = flow or opened.flow
    kept = _checks()
    key = digest([text_of(version), str(opened.path), _ages(version, opened.path.parent), owner().changed_at()])
    if key not in kept:
        while len(kept) >= KEPT_CHECKS:
            kept.pop(next(iter(kept)))
        kept[key] = check(version, opened.path.parent, remember=LearnedFolder(learned_folder(opened.path)))
    return kept[key]


@st.cache_resource
def _texts() -> OrderedDict[int, tuple[Flow, str]]:
    return OrderedDict()


def text_of(flow: Flow) -> str:
    """What a flow does to rows, as text; made once of each version, which is known by being the same object."""
    texts = _texts()
    known = texts.get(id(flow))
    if known is None:
        bare = flow.model_copy(update={"name": "", "layout": {}, "analyses": {}})
        known = texts[id(flow)] = (flow, to_json(bare))
        while len(texts) > KEPT_CHECKS:
            texts.popitem(last=False)
    return known[1]


def ends(flow: Flow) -> list[str]:
    """Nodes whose rows no step takes: where people usually want to look."""
    taken = {node_of(each) for step in flow.steps.values() for each in step.inputs}
    return [id for id in (*flow.sources, *flow.steps) if id not in taken]


def _ages(flow: Flow, folder: Path) -> list[float]:
    """When the files behind a flow, and what its steps learned, were last changed."""
    paths = [folder / str(each.params.get("path", "")) for each in flow.sources.values()]
    return [each.stat().st_mtime for each in paths if each.is_file()]
