"""What a step that is being tried changes: two tables compared, cell by cell where their rows can be matched.

Rows are matched by their place when every step between looks at one row at a time, and otherwise by a number
that is given to the rows before the step, if the step gives the same rows with it as without. Where neither
works, for a group or a pivot say, only counts are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from flows import edits
from flows.document import Flow, node_of
from flows.graph import run_order
from transforms.catalog import UnknownTransform, catalog
from transforms.core.dtypes import type_name
from transforms.core.errors import DataprepError
from transforms.core.transform import TableTransform, Transform

KEY = "__row_before"
NUMBER_ROWS = "add_row_number"

Look = Callable[[Flow, str], pl.DataFrame]
"""The rows of an output of a flow."""


@dataclass(frozen=True)
class Differences:
    """What differs between two tables."""

    rows_before: int
    rows_after: int
    new: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    retyped: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Types before and after, of columns whose type is another."""
    origin: pl.Series | None = None
    """For each row after, its place before, null for a row that was not there; ``None`` when they are not matched."""
    changed: Mapping[str, int] = field(default_factory=dict)
    """Number of changed cells by column, where there are any; only rows that were there before count."""
    moved: bool = False
    """Whether rows stand in another order than before."""

    @property
    def matched(self) -> bool:
        """Whether each row is known by what it was before."""
        return self.origin is not None

    @property
    def cells(self) -> int:
        """Changed cells of all columns."""
        return sum(self.changed.values())

    def sentence(self) -> str:
        """What differs, in a line: ``312 cells changed, 2 new columns, 805 rows fewer``."""
        parts = [_counted(self.cells, "cell", "changed")] if self.cells else []
        parts += [_counted(len(self.retyped), "column", "changed type")] if self.retyped else []
        parts += [_counted(len(self.new), "new column")] if self.new else []
        parts += [_counted(len(self.removed), "column", "removed")] if self.removed else []
        more = self.rows_after - self.rows_before
        parts += [_counted(abs(more), "row", "more" if more > 0 else "fewer")] if more else []
        parts += ["rows in another order"] if self.moved else []
        said = ", ".join(parts) or ("nothing changes in these rows" if self.matched else "the same columns and rows")
        return said if self.matched else f"{said}; rows cannot be matched, so their cells are not compared"


def compare(before: pl.DataFrame, after: pl.DataFrame, origin: pl.Series | None) -> Differences:
    """Compare two tables; ``origin`` says for each row after where it stood before, if that is known."""
    new = tuple(each for each in after.columns if each not in before.columns)
    removed = tuple(each for each in before.columns if each not in after.columns)
    both = [each for each in after.columns if each in before.columns]
    retyped = {
        each: (type_name(before.schema[each]), type_name(after.schema[each]))
        for each in both
        if before.schema[each] != after.schema[each]
    }
    found = Differences(before.height, after.height, new, removed, retyped, origin)
    if origin is None:
        return found
    straight = _is_straight(origin, before.height)
    counts = {each: int(_differs(before[each], after[each], None if straight else origin).sum()) for each in both}
    return Differences(
        **{
            **vars(found),
            "changed": {name: count for name, count in counts.items() if count},
            "moved": not straight and not origin.drop_nulls().is_sorted(),
        }
    )


def values_before(differences: Differences, before: pl.DataFrame, name: str, rows: pl.Series) -> pl.Series:
    """The values that some rows after had before, null for those that were not there; rows must be matched."""
    assert differences.origin is not None
    return before[name].gather(differences.origin.gather(rows))


def changed_at(was: pl.Series, now: pl.Series, origin: pl.Series) -> list[int]:
    """Places at which values differ from what they were; ``origin`` is null for rows that were not there."""
    found: list[int] = _differing(was, now, origin).arg_true().to_list()
    return found


def changed_rows(differences: Differences, before: pl.DataFrame, after: pl.DataFrame) -> pl.Series:
    """The rows after in which any cell is changed, or that were not there before."""
    origin = differences.origin
    assert origin is not None
    marks = [_differs(before[name], after[name], origin) for name in differences.changed]
    found = pl.DataFrame([each.alias(str(i)) for i, each in enumerate([origin.is_null(), *marks])])
    return found.select(pl.any_horizontal(pl.all())).to_series().arg_true().cast(pl.Int64)


def same_places(rows: int) -> pl.Series:
    """The origin of rows that stand where they stood."""
    return pl.int_range(rows, dtype=pl.Int64, eager=True)


def origin_of(
    now: Flow, before: str, planned: Flow, after: str, look: Look, rows_before: pl.DataFrame, rows_after: pl.DataFrame
) -> pl.Series | None:
    """Where each row of an output of the planned flow stood in one of the flow as it is; ``None`` when unknown."""
    base = _base(now, before, planned, after)
    if base is None:
        return None
    steps = [*_between(now, base, before), *_between(planned, base, after)]
    if all(map(_keeps_rows, steps)) and rows_before.height == rows_after.height:
        return same_places(rows_before.height)
    try:
        keys_after = _keys(planned, base, after, look, rows_after)
        keys_before = same_places(rows_before.height) if before == base else _keys(now, base, before, look, rows_before)
    except DataprepError:
        return None  # the step does not work with one more column
    if keys_after is None or keys_before is None or keys_before.n_unique() < keys_before.len():
        return None
    known = pl.DataFrame({"key": keys_before, "place": same_places(keys_before.len())})
    wanted = pl.DataFrame({"key": keys_after})
    return wanted.join(known, on="key", how="left", maintain_order="left")["place"]


def _base(now: Flow, before: str, planned: Flow, after: str) -> str | None:
    """The output that the rows of both come from by a chain of first inputs."""
    upstream = _chain(planned, after)
    return next((each for each in _chain(now, before) if each in upstream and _same(now, planned, each)), None)


def _same(now: Flow, planned: Flow, reference: str) -> bool:
    """Whether an output is made by the same steps from the same sources in both flows."""
    needed = run_order(now, [reference])
    return needed == run_order(planned, [reference]) and all(
        now.steps.get(each) == planned.steps.get(each) and now.sources.get(each) == planned.sources.get(each)
        for each in needed
    )


def _chain(flow: Flow, reference: str) -> list[str]:
    """An output, the first input of its step, and so on up to a source."""
    found = [reference]
    while (step := flow.steps.get(node_of(found[-1]))) is not None and step.inputs:
        found.append(step.inputs[0])
    return found


def _between(flow: Flow, base: str, reference: str) -> list[type[Transform] | None]:
    """The transforms on the chain from ``base``, left out, to ``reference``; ``None`` for one that is not known."""
    chain = _chain(flow, reference)
    steps = [flow.steps[node_of(each)] for each in chain[: chain.index(base)]]
    return [_kind(each.transform) for each in steps if not each.disabled]


def _kind(transform: str) -> type[Transform] | None:
    try:
        return catalog()[transform]
    except UnknownTransform:
        return None


def _keeps_rows(kind: type[Transform] | None) -> bool:
    return kind is not None and not (issubclass(kind, TableTransform) or kind.changes_rows or len(kind.outputs) > 1)


def _keys(flow: Flow, base: str, reference: str, look: Look, rows: pl.DataFrame) -> pl.Series | None:
    numbered = edits.insert_step(flow, edits.new_id(flow, "numbered"), NUMBER_ROWS, base, {"output": KEY, "start": 0})
    found = look(numbered, reference)
    if KEY not in found.columns or found.schema[KEY] != pl.Int64 or not found.drop(KEY).equals(rows):
        return None
    return found[KEY]


def _is_straight(origin: pl.Series, rows: int) -> bool:
    return origin.len() == rows and origin.equals(same_places(rows))


def _differs(before: pl.Series, after: pl.Series, origin: pl.Series | None) -> pl.Series:
    """For each row after, whether the value is another than before."""
    return _differing(before if origin is None else before.gather(origin), after, origin)


def _differing(was: pl.Series, now: pl.Series, origin: pl.Series | None) -> pl.Series:
    if was.dtype != now.dtype:
        was, now = _comparable(was, now)
    differs = now.ne_missing(was) if was.dtype == now.dtype else was.is_not_null() | now.is_not_null()
    return differs if origin is None else differs & origin.is_not_null()


def _comparable(was: pl.Series, now: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Values of two types as one: numbers as numbers, so that 3 and 3.0 are the same, others as they read."""
    if was.dtype.is_numeric() and now.dtype.is_numeric():
        return was.cast(pl.Float64), now.cast(pl.Float64)
    if was.dtype.is_nested() or now.dtype.is_nested():
        return was, now
    return was.cast(pl.String), now.cast(pl.String)


def _counted(number: int, noun: str, rest: str = "") -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'} {rest}".rstrip()
