"""The parts of something long, one drawn at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st


def part_choice(
    label: str, key: str, known: Sequence[str], names: Mapping[str, str], drawings: Mapping[str, Callable[[], None]]
) -> None:
    """Draw the part that is chosen, the first one by itself.

    Args:
        label: what is chosen among, for who does not see.
        key: where the choice is kept; one that is no longer known is forgotten.
        known: the parts there are, in order.
        names: how they are called.
        drawings: what draws each.
    """
    if st.session_state.get(key) not in known:
        st.session_state[key] = known[0]
    chosen = st.segmented_control(
        label, known, required=True, format_func=lambda each: names[each], key=key, label_visibility="collapsed"
    )
    drawings[chosen or known[0]]()
