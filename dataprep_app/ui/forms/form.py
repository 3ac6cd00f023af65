"""A form for any settings: draws the fields, gives their values, says under each field what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
import streamlit as st

from dataprep_app.ui.forms.fields import FormField
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.forms.memory import Drawing
from dataprep_app.ui.forms.widgets import UNSET, draw_field
from transforms.core.errors import Problem


@dataclass(frozen=True)
class Drawn:
    """A form that was drawn."""

    values: dict[str, Any]
    """Settings as they are now, valid or not."""
    drawing: Drawing

    def say(self, problems: Sequence[Problem]) -> None:
        """Show each problem under its field; what is of no field, below the form."""
        for field, slot in self.drawing.slots.items():
            mine = [each for each in problems if each.field == field or (not field and not self._has(each.field))]
            if mine:
                slot.error("\n\n".join(escaped(f"{each.found} {each.advice}".strip()) for each in mine))

    def _has(self, field: str) -> bool:
        return bool(field) and field in self.drawing.slots


def draw_form(key: str, fields: Sequence[FormField], initial: Mapping[str, Any], schemas: Sequence[pl.Schema]) -> Drawn:
    """Draw a form.

    Args:
        key: prefix of the keys of its widgets; another one begins anew.
        fields: what to draw.
        initial: settings at first; those that no field is for are kept.
        schemas: columns of each input of the step.
    """
    drawing = Drawing(key, schemas)
    values = dict(initial)
    main = [each for each in fields if not each.rare]
    rare = [each for each in fields if each.rare]
    for each in main:
        _draw(drawing, each, initial, values)
    if rare:
        changed = any(each.name in initial and initial[each.name] != each.default for each in rare)
        with st.expander("More options", expanded=changed):
            for each in rare:
                _draw(drawing, each, initial, values)
    drawing.slots[""] = st.empty()
    return Drawn(values, drawing)


def _draw(drawing: Drawing, field: FormField, initial: Mapping[str, Any], values: dict[str, Any]) -> None:
    value = draw_field(drawing, field.name, field, initial.get(field.name, field.default))
    drawing.slots[field.name] = st.empty()
    if value is UNSET:
        values.pop(field.name, None)
    else:
        values[field.name] = value
