"""What the data view shows, without drawing it: rows with the profile of every column, and how they differ.

Plain functions of plain data: the data view calls them, tests do too.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import polars as pl

from dataprep_app.profile import ERROR, ColumnProfile
from dataprep_app.ui.components.data_grid import GridColumn, Mark, brief, pack, shown
from dataprep_app.ui.parts import graph
from dataprep_app.ui.parts.differences import Differences, changed_at, same_places, values_before
from flows.document import Flow
from flows.problems import Checked
from flows.sampling import Sampling

PAGE = 1_000
"""Rows that are sent to the grid at once."""
HEIGHT = 362
"""Pixels of the grid."""
KEPT = 24

Found = TypeVar("Found")


@dataclass(frozen=True)
class Rows:
    """What is shown: rows, what is said of their columns, and how they differ from those before a step."""

    table: pl.DataFrame
    profiles: Mapping[str, ColumnProfile]
    before: pl.DataFrame | None = None
    before_profiles: Mapping[str, ColumnProfile] | None = None
    differences: Differences | None = None


class Kept:
    """What was computed of tables that are still in use, the latest first; a table is known by being the same one."""

    def __init__(self) -> None:
        self._found: OrderedDict[tuple[Any, ...], tuple[tuple[pl.DataFrame, ...], Any]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, tables: tuple[pl.DataFrame, ...], what: tuple[Any, ...], make: Callable[[], Found]) -> Found:
        """What ``make`` gives of these tables, made once. They are kept too, so that no other takes their identity."""
        key = (*map(id, tables), *what)
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                known: Found = self._found[key][1]
                return known
        made = make()
        with self._lock:
            self._found[key] = (tables, made)
            while len(self._found) > KEPT:
                self._found.popitem(last=False)
        return made


def unchanged(found: Differences, before: Mapping[str, ColumnProfile]) -> dict[str, ColumnProfile]:
    """The profiles that hold after a step as they did before: of columns without a change, in rows that all stayed."""
    if found.origin is None or found.rows_before != found.rows_after or found.origin.n_unique() < found.rows_after:
        return {}
    if found.origin.null_count():
        return {}
    other = {*found.changed, *found.retyped, *found.new, *found.removed}
    # What a column cannot hold is counted with the help of the column of its errors.
    other |= {each.removesuffix(ERROR) for each in other}
    return {name: each for name, each in before.items() if name not in other}


def outputs(flow: Flow, checked: Checked) -> dict[str, str]:
    """Every output that has rows, with what people call it."""
    found: dict[str, str] = {}
    for node in graph.nodes(flow, checked):
        several = len(node["outputs"]) > 1
        for output in node["outputs"]:
            reference = f"{node['id']}.{output}" if several else node["id"]
            said = f"{node['title']} · {output}" if several else node["title"]
            found[reference] = f"{said} ({node['id']})" if node["kind"] != "source" else said
    return found


def summary(table: pl.DataFrame) -> str:
    """How many rows and columns: ``19,195 rows · 60 columns``."""
    rows = f"{table.height:,} row{'' if table.height == 1 else 's'}"
    return f"{rows} · {table.width:,} column{'' if table.width == 1 else 's'}"


def sample_said(sampling: Sampling, lengths: Mapping[str, int]) -> str:
    """What a preview is made of; ``lengths`` has the rows that were read of every source it comes from."""
    if all(each < sampling.rows for each in lengths.values()):
        return "all rows of every dataset" if len(lengths) > 1 else "all rows of the dataset"
    how = {"first": "the first {} rows", "random": "{} random rows", "stratified": "{} rows spread over the groups"}
    said = how[sampling.method].format(f"{sampling.rows:,}")
    return f"on a sample of {said} of each dataset" if len(lengths) > 1 else f"on a sample of {said}"


def packed_rows(
    rows: Rows,
    wanted: pl.Series | None,
    first: int,
    menus: Mapping[str, Any],
    start: str | None = None,
) -> bytes:
    """A page of the rows for the grid."""
    places = (same_places(rows.table.height) if wanted is None else wanted).slice(first, PAGE)
    total = rows.table.height if wanted is None else wanted.len()
    columns = [_grid_column(rows, name, places) for name in rows.table.columns]
    for column in _removed(rows, places):
        columns.insert(_place(rows, columns, column.profile.name), column)
    return pack(
        columns,
        numbers=(places + 1).to_list(),
        status=_status(first, places.len(), total, "rows" if wanted is None else "rows that change"),
        total=rows.table.height,
        menus=menus,
        start=start,
        height=HEIGHT,
        label="Rows",
    )


def _grid_column(rows: Rows, name: str, places: pl.Series) -> GridColumn:
    values, profile, found = rows.table[name].gather(places), rows.profiles[name], rows.differences
    if found is None or rows.before is None:
        return GridColumn(values, profile, menu=profile.kind)
    mark: Mark | None = "new" if name in found.new else None
    old: dict[int, Any] = {}
    if name in found.changed or name in found.retyped:
        mark = "changed"
    if name in found.changed and found.origin is not None:
        was = values_before(found, rows.before, name, places)
        at = changed_at(was, values, found.origin.gather(places))
        old = dict(zip(at, shown(was.gather(at)), strict=True))
    # A column that the step would make cannot be worked on before the step is kept.
    return GridColumn(values, profile, mark, None if mark == "new" else profile.kind, old)


def _removed(rows: Rows, places: pl.Series) -> list[GridColumn]:
    """The columns that go away, with the values they had; where rows are not matched there are none to show."""
    found = rows.differences
    if found is None or not found.matched or rows.before is None or rows.before_profiles is None:
        return []
    return [
        GridColumn(values_before(found, rows.before, name, places), rows.before_profiles[name], "removed")
        for name in found.removed
    ]


def _place(rows: Rows, columns: list[GridColumn], name: str) -> int:
    """Where a removed column goes: behind the column that it stood behind."""
    assert rows.before is not None
    order = rows.before.columns
    shown_names = [each.profile.name for each in columns]
    ahead = [each for each in order[: order.index(name)] if each in shown_names]
    return shown_names.index(ahead[-1]) + 1 if ahead else 0


def _status(first: int, count: int, total: int, noun: str) -> str:
    if count == total:
        return f"{total:,} {noun if total != 1 else noun.replace('rows', 'row')}"
    return f"{noun.capitalize()} {first + 1:,} to {first + count:,} of {total:,}"


def column_list(found: Iterable[ColumnProfile]) -> pl.DataFrame:
    """The profiles as a table: a row for each column."""
    return pl.DataFrame(
        [
            {
                "Column": each.name,
                "Type": each.type,
                "Valid": 100 * each.valid / each.rows if each.rows else None,
                "Missing": each.missing,
                "Invalid": each.invalid,
                "Distinct": each.distinct,
                "Distribution": list(each.histogram or [count for _, count in each.top]),
                "Range or top values": _said(each),
            }
            for each in found
        ],
        schema={
            "Column": pl.String, "Type": pl.String, "Valid": pl.Float64, "Missing": pl.Int64, "Invalid": pl.Int64,
            "Distinct": pl.Int64, "Distribution": pl.List(pl.Int64), "Range or top values": pl.String,
        },
    )  # fmt: skip


def _said(profile: ColumnProfile) -> str:
    if profile.top:
        return ", ".join(value or "(empty)" for value, _ in profile.top[:3])
    return f"{brief(profile.min)} to {brief(profile.max)}" if profile.min is not None else ""
