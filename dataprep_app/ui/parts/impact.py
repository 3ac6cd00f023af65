"""What an edit of an old step would break further on: said before it is made, and only made when that is wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from dataprep_app.ui import session
from dataprep_app.ui.parts.chain import titles
from flows.document import Flow
from flows.problems import Checked
from transforms.core.errors import DataprepError, Problem


@dataclass(frozen=True)
class Impact:
    """An edit that waits until somebody says that it is wanted in spite of what it breaks."""

    label: str
    base: Flow
    """The flow it was made for."""
    flow: Flow
    """The flow after it."""
    broken: tuple[Problem, ...]
    show: str | None = None
    """The output to look at after it."""


def broken_by(before: Checked, after: Checked) -> tuple[Problem, ...]:
    """Errors that are there after an edit and were not before it."""
    known = {(each.step, each.field, each.found) for each in before.problems if each.severity == "error"}
    return tuple(
        each for each in after.problems if each.severity == "error" and (each.step, each.field, each.found) not in known
    )


def propose(flow_id: str, label: str, change: Callable[[Flow], Flow], *, show: str | None = None) -> bool:
    """Make an edit that breaks nothing, or keep it until it is confirmed; whether it was made.

    Args:
        flow_id: the flow.
        label: what the undo button says of it.
        change: the edit.
        show: the output to look at after it.
    """
    base = session.editor(flow_id).flow
    try:
        after = change(base)
    except DataprepError as error:
        session.tell(str(error), "error")
        return False
    broken = broken_by(session.checked(flow_id), session.checked(flow_id, after))
    found = Impact(label, base, after, broken, show)
    if broken:
        st.session_state[f"impact:{flow_id}"] = found
        return False
    return _make(flow_id, found)


def waiting(flow_id: str) -> Impact | None:
    """The edit that waits to be confirmed, while the flow is the one it was made for."""
    found: Impact | None = st.session_state.get(f"impact:{flow_id}")
    return found if found is not None and found.base == session.editor(flow_id).flow else None


def apply_anyway(flow_id: str) -> bool:
    """Make the edit that waits; whether it was made."""
    found = waiting(flow_id)
    cancel(flow_id)
    return found is not None and _make(flow_id, found)


def cancel(flow_id: str) -> None:
    """Forget the edit that waits."""
    st.session_state.pop(f"impact:{flow_id}", None)


def impact_panel(flow_id: str, found: Impact, done: Callable[[str], None]) -> None:
    """Say what the edit breaks and ask whether to make it; ``done`` is called when it was made."""

    def go_on() -> None:
        if apply_anyway(flow_id):
            done(flow_id)

    names = titles(found.flow)
    with st.container(border=True, key=f"impact_panel:{flow_id}"):
        st.markdown(f"**{len(found.broken)} {'step' if len(found.broken) == 1 else 'steps'} would no longer work**")
        st.text(f"{found.label}:")
        for each in found.broken:
            st.warning(
                f"{names.get(each.step, each.step)}: {each.found} {each.advice}".strip(), icon=":material/link_off:"
            )
        with st.container(horizontal=True):
            st.button("Cancel", key=f"impact_cancel:{flow_id}", on_click=cancel, args=(flow_id,))
            st.button("Apply anyway", key=f"impact_apply:{flow_id}", type="primary", on_click=go_on)


def _make(flow_id: str, found: Impact) -> bool:
    if not session.apply(flow_id, found.label, lambda _flow: found.flow):
        return False
    if found.show is not None:
        st.session_state[f"reference:{flow_id}"] = found.show
    return True
