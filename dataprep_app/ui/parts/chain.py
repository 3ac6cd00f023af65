"""The steps that lead to some rows, as a list: their order, what each does, moving and copying them.

Plain functions of plain data: the steps panel calls them, tests do too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from dataprep_app.recipe_library import recipe_of
from flows import edits
from flows.document import Flow, Step, node_of
from flows.edits import EditError
from transforms.catalog import UnknownTransform, catalog

SHOWN = 3
"""Names that are said of a list."""


@dataclass(frozen=True)
class Effect:
    """What a step did to the rows it was given."""

    rows: int = 0
    """Rows that came, or went when negative."""
    new: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    retyped: tuple[str, ...] = ()
    cells: int = 0
    """Values that changed, counted where every row stayed in its place."""
    moved: bool = False
    """Whether rows changed places, or values changed where that cannot be told apart."""

    def __str__(self) -> str:
        parts = [f"{self.rows:+,} row{'' if abs(self.rows) == 1 else 's'}".replace("-", "−")] if self.rows else []
        parts += [_counted(self.new, "new column")] if self.new else []
        parts += [f"{_counted(self.removed, 'column')} gone"] if self.removed else []
        parts += [f"type of {_counted(self.retyped, 'column')} changed"] if self.retyped else []
        parts += [f"{self.cells:,} value{'' if self.cells == 1 else 's'} changed"] if self.cells else []
        parts += ["Values or their order changed"] if self.moved else []
        return ", ".join(parts) or "No change"


def chain(flow: Flow, reference: str) -> list[str]:
    """The nodes that lead to an output, from its first source on; of a join, the way of its first input."""
    found: list[str] = []
    id: str | None = node_of(reference)
    while id is not None and id in flow and id not in found:
        found.insert(0, id)
        step = flow.steps.get(id)
        id = node_of(step.inputs[0]) if step and step.inputs else None
    return found


def downstream(flow: Flow, id: str) -> set[str]:
    """Every node that takes rows of a node, directly or not."""
    found: set[str] = set()
    waiting = [id]
    while waiting:
        users = set(flow.users(waiting.pop())) - found
        found |= users
        waiting += users
    return found


def can_swap(flow: Flow, first: str, second: str) -> bool:
    """Whether two steps, the second right behind the first, can change places: both are one table in, one out."""
    steps = [flow.steps.get(first), flow.steps.get(second)]
    plain = all(step and len(step.inputs) == 1 and _outputs(flow, step) == 1 for step in steps)
    return plain and flow.steps[second].inputs == (first,) and set(flow.users(first)) == {second}


def swapped(flow: Flow, first: str, second: str) -> Flow:
    """The flow with the second of two neighbouring steps before the first.

    Raises:
        EditError: they cannot change places.
    """
    if not can_swap(flow, first, second):
        raise EditError(f"{first!r} and {second!r} cannot change places: other nodes take rows from between them.")
    before = flow.steps[first].inputs
    shorter = edits.remove(flow, second)  # what took its rows takes those of the first
    steps: dict[str, Step] = {}
    for id, step in flow.steps.items():
        if id == first:
            steps[second] = flow.steps[second].model_copy(update={"inputs": before})
            steps[first] = step.model_copy(update={"inputs": (second,)})
        elif id != second:
            steps[id] = shorter.steps[id]
    return shorter.model_copy(update={"steps": steps, "layout": flow.layout})


def copied(flow: Flow, id: str) -> Flow:
    """The flow with a copy of a step right behind it; of one that takes several tables, beside it."""
    step = flow.steps[id]
    if len(step.inputs) != 1 or _outputs(flow, step) != 1:
        return edits.duplicate(flow, id)
    return edits.insert_step(flow, edits.new_id(flow, id), step.transform, id, step.params)


def effect(before: pl.DataFrame, after: pl.DataFrame, *, in_place: bool = True) -> Effect:
    """What changed from one table to the next; ``in_place`` tells that the step leaves rows where they are."""
    new = tuple(each for each in after.columns if each not in before.columns)
    removed = tuple(each for each in before.columns if each not in after.columns)
    both = [each for each in after.columns if each in before.columns]
    pairs = {name: (before[name], after[name]) for name in both}
    retyped = tuple(name for name, (old, now) in pairs.items() if old.dtype != now.dtype and not _numbers(old, now))
    cells, moved = 0, False
    if before.height == after.height:
        differ = [_different(old, now) for name, (old, now) in pairs.items() if name not in retyped]
        cells = sum(differ) if in_place else 0
        moved = not in_place and sum(differ) > 0
    return Effect(after.height - before.height, new, removed, retyped, cells, moved)


def _numbers(old: pl.Series, now: pl.Series) -> bool:
    return old.dtype.is_numeric() and now.dtype.is_numeric()


def _different(old: pl.Series, now: pl.Series) -> int:
    """Values that are not the same in two columns; whole numbers and others are compared by what they are."""
    if old.dtype.is_nested():
        return 0
    if old.dtype != now.dtype:
        old, now = old.cast(pl.Float64), now.cast(pl.Float64)
    return int(old.ne_missing(now).sum())


def _outputs(flow: Flow, step: Step) -> int:
    recipe = recipe_of(flow, step)
    if recipe is not None:
        return len(recipe.outputs)
    try:
        return len(catalog()[step.transform].outputs)
    except UnknownTransform:
        return 0


def _counted(names: tuple[str, ...], noun: str) -> str:
    if len(names) <= SHOWN:
        return f"{noun}{'' if len(names) == 1 else 's'} {', '.join(names)}"
    return f"{len(names)} {noun}s"


def step_title(flow: Flow, step: Step) -> str:
    """What people call a step: what it does, or the name of the recipe that it uses."""
    recipe = recipe_of(flow, step)
    if recipe is not None:
        return recipe.name
    return catalog()[step.transform].title if step.transform in catalog() else step.transform


def titles(flow: Flow) -> Mapping[str, str]:
    """What people call each node."""
    return {
        **{id: str(source.params.get("path") or id).rsplit("/", 1)[-1] for id, source in flow.sources.items()},
        **{id: step_title(flow, step) for id, step in flow.steps.items()},
        **{id: str(each.params.get("path") or id).rsplit("/", 1)[-1] for id, each in flow.destinations.items()},
    }  # fmt: skip
