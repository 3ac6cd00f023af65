"""What a form remembers of its widgets.

Streamlit forgets the value of a widget in the first run in which it is not drawn: when another view is
looked at, or a group of fields is closed. A form keeps every value under the widget's key, so that
nothing that was typed is lost until the form is closed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl
import streamlit as st
from streamlit.delta_generator import DeltaGenerator


@dataclass
class Drawing:
    """One drawing of a form."""

    key: str
    """Prefix of the keys of all its widgets."""
    schemas: Sequence[pl.Schema]
    """Columns of each input of the step; of a source, its own."""
    slots: dict[str, DeltaGenerator] = field(default_factory=dict)
    """Where the problems of each field are said."""

    def keep(self, path: str, initial: Any) -> str:
        """The key of a widget whose value is set: what was there last, or ``initial`` at first."""
        key = f"{self.key}:{path}"
        if key not in st.session_state:
            st.session_state[key] = self.memory.get(key, initial)
        return key

    def remember(self, path: str, value: Any) -> Any:
        """Keep the value of a widget."""
        self.memory[f"{self.key}:{path}"] = value
        return value

    def start(self, path: str, initial: Any) -> Any:
        """A value that is fixed when the form is opened."""
        return self.memory.setdefault(f"{self.key}:{path}:start", initial)

    @property
    def memory(self) -> dict[str, Any]:
        """Everything kept, by key."""
        found: dict[str, Any] = st.session_state.setdefault(f"{self.key}:memory", {})
        return found

    def columns(self, table: int) -> Mapping[str, pl.DataType]:
        """Columns of an input."""
        return self.schemas[table] if table < len(self.schemas) else pl.Schema()


def forget(key: str) -> None:
    """Forget a form and all its widgets."""
    for each in [each for each in st.session_state if str(each).startswith(f"{key}:")]:
        del st.session_state[each]
