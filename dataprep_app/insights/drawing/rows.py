"""Example rows as a table: which columns, which cells are marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dataprep_app.insights.sections.facts import ExampleRow

MOST_COLUMNS = 9
"""Columns that a table of rows has room for; rows of more are drawn as lists of their values."""


@dataclass(frozen=True)
class Cell:
    """A value of a row."""

    column: str
    text: str | None
    marked: bool


@dataclass(frozen=True)
class RowTable:
    """Rows with the same columns, or, when these are too many to stand side by side, each with its own."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    scores: tuple[float, ...]
    """Of the rows; empty when they have none."""
    counts: tuple[int, ...]

    @property
    def wide(self) -> bool:
        """Whether there are more columns than a table has room for."""
        return len(self.columns) > MOST_COLUMNS


def row_table(rows: Sequence[ExampleRow]) -> RowTable:
    """The rows as a table; columns stand in the order in which they are met, those that are marked anywhere first."""
    seen = dict.fromkeys(name for row in rows for name in row.values)
    marked = dict.fromkeys(name for row in rows for name in row.marked if name in seen)
    # Rows that are all alike keep the order of the table, which people know.
    names = tuple({**marked, **seen}) if len(marked) < len(seen) else tuple(seen)
    return RowTable(
        columns=names,
        rows=tuple(tuple(_cells(row, names)) for row in rows),
        scores=tuple(each.score for each in rows if each.score is not None),
        counts=tuple(each.count for each in rows if each.count is not None),
    )


def _cells(row: ExampleRow, names: Sequence[str]) -> list[Cell]:
    found = [Cell(name, row.values[name], name in row.marked) for name in names if name in row.values]
    return sorted(found, key=lambda each: not each.marked) if len(names) > MOST_COLUMNS else found
