"""What is wrong with a flow in words for the page, which knows what forms call their fields and how to open them."""

from __future__ import annotations

from collections.abc import Iterable

from dataprep_app.ui.forms.fields import label_of
from flows.document import Flow
from transforms.catalog import catalog
from transforms.core.errors import Problem

JOIN = "join_datasets"
KEYS = ("left_on", "right_on")
NO_KEYS = "Its key columns are not chosen yet."
CHOOSE_KEYS = "Choose the columns by which rows of the two tables belong together."
FILL_IN = "Open the step and choose it."


def in_words(flow: Flow, problems: Iterable[Problem]) -> list[Problem]:
    """Problems as people read them, each said once."""
    return list(dict.fromkeys(_said(flow, each) for each in problems))


def _said(flow: Flow, problem: Problem) -> Problem:
    step = flow.steps.get(problem.step)
    if step is None or step.transform not in catalog() or problem.severity != "error":
        return problem
    kind = catalog()[step.transform]
    required = {field.alias or name for name, field in kind.model_fields.items() if field.is_required()}
    if problem.field not in required or problem.field in step.params:
        return problem
    if step.transform == JOIN and problem.field in KEYS:
        return Problem(NO_KEYS, CHOOSE_KEYS, KEYS[0], problem.step)
    return Problem(f"“{label_of(problem.field)}” is not chosen yet.", FILL_IN, problem.field, problem.step)
