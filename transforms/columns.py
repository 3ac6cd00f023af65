"""Choose, name and arrange columns; their values stay as they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core import rowwise
from transforms.core.columns import ALL, AnyColumns, AnyKeyColumns, Column, Columns, taken
from transforms.core.columns import column as exactly
from transforms.core.errors import Problem
from transforms.core.params import ColumnNames, NewColumn, valid_regex
from transforms.core.relations import MapRows, Relation, Window, WindowFunction
from transforms.core.sorting import SortKey, group_keys, sortable
from transforms.core.transform import Example, RowTransform, TableTransform, Transform

UNTOUCHED = "Values do not matter; missing ones stay missing."


class Arrangement(RowTransform):
    """Columns chosen, named and put in order."""

    missing = UNTOUCHED

    def arranged(self) -> dict[str, str]:
        """The column behind each column that comes out, in order."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it does.")

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        return rows.select(exactly(old).alias(new) for new, old in self.arranged().items())

    def lineage(self, learned: Any = None) -> Mapping[str, frozenset[str]]:
        return {new: frozenset({old}) for new, old in self.arranged().items()}


class Choice(Arrangement):
    """Some of the columns."""

    columns: Columns
    """Columns, by name or by a rule that is applied to the columns of each new table."""
    ignore_missing: bool = False
    """Pass over names that are not in the table; otherwise they are an error."""

    def bound(self, schemas: tuple[pl.Schema, ...]) -> tuple[Self, list[Problem]]:
        if not (self.ignore_missing and schemas and isinstance(self.columns, tuple)):
            return super().bound(schemas)
        known = tuple(name for name in self.columns if name in schemas[0])
        return super(Choice, self.model_copy(update={"columns": known})).bound(schemas)

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if len(schemas[0]) and not self.arranged():
            yield Problem("No column would be left.", "Choose other columns, so that at least one stays.", "columns")


class SelectColumns(Choice):
    """Keep the chosen columns, in the order in which they are listed, and no others."""

    id = "select_columns"
    title = "Keep columns"
    terms = ("choose columns", "project", "subset")
    examples = (
        Example(
            params={"columns": ["city", "id"]},
            before={"id": [1, None], "name": ["Ann", "Bo"], "city": ["Oslo", None]},
            after={"city": ["Oslo", None], "id": [1, None]},
        ),
        Example(
            params={"columns": {"type": "numeric", "except": ["id"]}},
            before={"id": [1, 2], "name": ["Ann", "Bo"], "age": [31, None], "score": [0.5, None]},
            after={"age": [31, None], "score": [0.5, None]},
        ),
    )

    def arranged(self) -> dict[str, str]:
        return {name: name for name in self.columns}


class DropColumns(Choice):
    """Drop the chosen columns and keep all others, those that come later included."""

    id = "drop_columns"
    title = "Drop columns"
    terms = ("remove columns", "delete")
    examples = (
        Example(
            params={"columns": ["name"]},
            before={"id": [1, None], "name": ["Ann", "Bo"], "city": ["Oslo", None]},
            after={"id": [1, None], "city": ["Oslo", None]},
        ),
        Example(
            params={"columns": ["name", "nickname"], "ignore_missing": True},
            before={"id": [1, None], "name": ["Ann", "Bo"]},
            after={"id": [1, None]},
        ),
    )

    def arranged(self) -> dict[str, str]:
        gone = set(self.columns)
        return {name: name for name in self._schemas[0] if name not in gone}


class Renaming(Arrangement):
    """New names for columns, all at once."""

    def names(self) -> dict[str, str]:
        """New names by old name; other columns keep theirs."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it does.")

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        names = self.names()
        after = [(old, names.get(old, old)) for old in schemas[0]]
        for old, new in after:
            if not new:
                yield Problem(f"Column {old!r} would have no name.", "Change the names, or leave the column out.")
        for new, times in Counter(new for _, new in after).items():
            if times > 1:
                olds = " and ".join(repr(old) for old, each in after if each == new)
                yield Problem(f"Columns {olds} would all be named {new!r}.", "Give each a name of its own.")

    def arranged(self) -> dict[str, str]:
        names = self.names()
        return {names.get(old, old): old for old in self._schemas[0]}


class RenameColumns(Renaming):
    """Give columns new names; names may be swapped."""

    id = "rename_columns"
    title = "Rename columns"
    terms = ("rename header", "change column names", "relabel")
    examples = (
        Example(
            params={"mapping": {"dob": "born", "nm": "name"}},
            before={"nm": ["Ann", None], "dob": ["1990", None], "id": [1, 2]},
            after={"name": ["Ann", None], "born": ["1990", None], "id": [1, 2]},
        ),
        Example(
            params={"mapping": {"a": "b", "b": "a"}}, before={"a": [1], "b": [None]}, after={"b": [1], "a": [None]}
        ),
    )

    mapping: ColumnNames
    """New names by old name."""
    ignore_missing: bool = False
    """Pass over old names that are not in the table; otherwise they are an error."""

    def bound(self, schemas: tuple[pl.Schema, ...]) -> tuple[Self, list[Problem]]:
        if not (self.ignore_missing and schemas):
            return super().bound(schemas)
        known = {old: new for old, new in self.mapping.items() if old in schemas[0]}
        return super(RenameColumns, self.model_copy(update={"mapping": known})).bound(schemas)

    def names(self) -> dict[str, str]:
        return self.mapping


class RenameByPattern(Renaming):
    """Change the names of many columns in one way."""

    id = "rename_by_pattern"
    title = "Rename columns by pattern"
    terms = ("bulk rename", "add prefix to names", "add suffix to names", "remove prefix")
    examples = (
        Example(
            params={"columns": {"type": "numeric"}, "how": "add_prefix", "text": "x_"},
            before={"id": [1, None], "name": ["Ann", None]},
            after={"x_id": [1, None], "name": ["Ann", None]},
        ),
        Example(
            params={"how": "regex", "text": "^q([0-9])_", "replacement": "quarter_${1}_"},
            before={"q1_sales": [1], "q2_sales": [None], "year": [2024]},
            after={"quarter_1_sales": [1], "quarter_2_sales": [None], "year": [2024]},
        ),
    )

    columns: Columns = ALL
    """Columns to rename."""
    how: Literal["add_prefix", "add_suffix", "remove_prefix", "remove_suffix", "replace", "regex"]
    """Add a text to the front or the end of each name, remove it there, or replace it wherever it is found."""
    text: str = Field(min_length=1)
    """The text to add, to remove or to look for; for regex a pattern (Rust syntax)."""
    replacement: str = ""
    """What is put in its place, for replace and regex; in the latter ``${1}`` is what the first group matched."""

    @model_validator(mode="after")
    def _pattern_can_be_run(self) -> Self:
        if self.how == "regex":
            valid_regex(self.text)
        if self.replacement and self.how not in ("replace", "regex"):
            raise ValueError(f"{self.how!r} has no use for a replacement. Leave it empty, or choose replace or regex.")
        return self

    def names(self) -> dict[str, str]:
        old = pl.Series(self.columns, dtype=pl.String)
        return dict(zip(self.columns, self._renamed(old), strict=True))

    def _renamed(self, names: pl.Series) -> pl.Series:
        match self.how:
            case "add_prefix":
                return self.text + names
            case "add_suffix":
                return names + self.text
            case "remove_prefix":
                return names.str.strip_prefix(self.text)
            case "remove_suffix":
                return names.str.strip_suffix(self.text)
            case _:
                return names.str.replace_all(self.text, self.replacement, literal=self.how == "replace")


class ReorderColumns(Arrangement):
    """Put columns in another order; columns that are not listed are kept."""

    id = "reorder_columns"
    title = "Reorder columns"
    terms = ("sort columns", "arrange columns", "column order", "alphabetical")
    examples = (
        Example(
            params={"columns": ["name"]},
            before={"id": [1, None], "city": ["Oslo", None], "name": ["Ann", None]},
            after={"name": ["Ann", None], "id": [1, None], "city": ["Oslo", None]},
        ),
        Example(
            params={"columns": [], "rest": "alphabetical"},
            before={"id": [1, None], "City": ["Oslo", None], "name": ["Ann", None]},
            after={"City": ["Oslo", None], "id": [1, None], "name": ["Ann", None]},
        ),
    )

    columns: AnyColumns = ()
    """Columns in the order wanted."""
    rest: Literal["end", "start", "alphabetical"] = "end"
    """Where the other columns go: after these or before them, in their order, or after them by alphabet."""

    def arranged(self) -> dict[str, str]:
        rest = [name for name in self._schemas[0] if name not in self.columns]
        if self.rest == "alphabetical":
            rest.sort(key=lambda name: (name.casefold(), name))
        names = (*rest, *self.columns) if self.rest == "start" else (*self.columns, *rest)
        return {name: name for name in names}


class MoveColumn(Arrangement):
    """Move columns to the start, to the end, next to another column or to a position."""

    id = "move_column"
    title = "Move column"
    terms = ("shift column", "column position", "put column first")
    examples = (
        Example(
            params={"columns": ["c"], "to": "start"},
            before={"a": [1], "b": [2], "c": [None]},
            after={"c": [None], "a": [1], "b": [2]},
        ),
        Example(
            params={"columns": ["a"], "to": "after", "reference": "b"},
            before={"a": [1], "b": [2], "c": [None]},
            after={"b": [2], "a": [1], "c": [None]},
        ),
    )

    columns: Columns
    """Columns to move; they come out side by side, in the order listed."""
    to: Literal["start", "end", "before", "after", "position"] = "start"
    """Where to: before or after the reference column, or to the position."""
    reference: Column | None = None
    """The column that before and after mean."""
    position: int | None = Field(None, ge=1)
    """The place of the first of them, 1 being the first column."""

    @model_validator(mode="after")
    def _place_is_given(self) -> Self:
        if self.to in ("before", "after") and self.reference is None:
            raise ValueError(f"To move columns {self.to} another, name it in 'reference'.")
        if self.to == "position" and self.position is None:
            raise ValueError("To move columns to a position, give its number in 'position'.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.to in ("before", "after") and self.reference in self.columns:
            found = f"{self.reference!r} is itself moved, so nothing can be put {self.to} it."
            yield Problem(found, "Choose another reference column.", "reference")

    def arranged(self) -> dict[str, str]:
        rest = [name for name in self._schemas[0] if name not in self.columns]
        place = self._place(rest)
        return {name: name for name in (*rest[:place], *self.columns, *rest[place:])}

    def _place(self, rest: Sequence[str]) -> int:
        match self.to:
            case "start":
                return 0
            case "end":
                return len(rest)
            case "position":
                return (self.position or 1) - 1
            case _:
                return rest.index(self.reference or "") + (self.to == "after")


class DuplicateColumn(RowTransform):
    """Add a copy of a column."""

    id = "duplicate_column"
    title = "Duplicate column"
    terms = ("copy column", "clone")
    missing = UNTOUCHED
    examples = (
        Example(
            params={"column": "city", "output": "city_original"},
            before={"city": ["Oslo", None]},
            after={"city": ["Oslo", None], "city_original": ["Oslo", None]},
        ),
    )

    column: Column
    """Column to copy."""
    output: NewColumn
    """Name of the copy."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])

    def exprs(self) -> Iterator[pl.Expr]:
        yield exactly(self.column).alias(self.output)


class AddRowNumber(TableTransform):
    """Number the rows, of each group on its own if there are groups.

    Without an order the numbers follow the table as it comes, which is defined right after a sort or
    where the source has an order, and not on Spark. Rows equal in every key of the order are numbered
    by a hash of their values, the same on every engine.
    """

    id = "add_row_number"
    title = "Add row number"
    terms = ("index", "record id", "sequence")
    missing = "Missing groups, NaN among them, are one group; missing values to order by come last."
    examples = (
        Example(
            params={"by": ["city"], "order_by": [{"column": "age"}]},
            before={"city": ["Oslo", "Oslo", "Rome", None, "Oslo"], "age": [40, 30, 20, 10, None]},
            after={
                "city": ["Oslo", "Oslo", "Rome", None, "Oslo"],
                "age": [40, 30, 20, 10, None],
                "row_number": [2, 1, 1, 1, 3],
            },
        ),
        Example(
            params={"output": "id", "start": 100},
            before={"name": ["b", None, "a"]},
            after={"name": ["b", None, "a"], "id": [100, 101, 102]},
        ),
    )

    output: NewColumn = "row_number"
    """Name of the new column."""
    start: int = Field(1, ge=-(2**53), le=2**53)
    """The first number."""
    by: AnyKeyColumns = ()
    """Number the rows of each combination of these columns on their own."""
    order_by: tuple[SortKey, ...] = ()
    """What the numbers follow."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        schema = self._schemas[0]
        ready = sortable(tables[0], self.order_by, schema, break_ties=bool(self.order_by))
        keys = group_keys(self.by, schema)
        rows = MapRows(ready.table, rowwise.AddColumns(keys.added)) if keys.added else ready.table
        numbered: Relation = Window(rows, keys.names, ready.by, (WindowFunction("row_number", self.output),))
        if self.start != 1:
            numbered = MapRows(numbered, rowwise.AddColumns((exactly(self.output) + (self.start - 1),)))
        added = (*ready.added, *keys.added_names)
        return MapRows(numbered, rowwise.DropColumns(added)) if added else numbered


TRANSFORMS: tuple[type[Transform], ...] = (
    SelectColumns,
    DropColumns,
    RenameColumns,
    RenameByPattern,
    ReorderColumns,
    MoveColumn,
    DuplicateColumn,
    AddRowNumber,
)
