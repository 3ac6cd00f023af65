"""What columns are for, and tables made to have the columns that are expected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import AfterValidator, Field

from transforms.columns import UNTOUCHED
from transforms.core.columns import Columns
from transforms.core.columns import column as exactly
from transforms.core.conversion import blank, converted, convertible
from transforms.core.dtypes import TYPES, TypeName, type_name
from transforms.core.errors import Problem, did_you_mean
from transforms.core.params import NewColumn, Params
from transforms.core.relations import Relation
from transforms.core.transform import Example, Failure, RowTransform, Transform
from transforms.types import NOUNS, DateFormat

Role = Literal["feature", "target", "id", "weight", "time", "ignore"]
ONE_COLUMN: tuple[Role, ...] = ("target", "weight", "time")


class SetColumnRole(RowTransform):
    """Note what columns are for, such as the target of a model; the data stays as it is."""

    id = "set_column_role"
    title = "Set column role"
    terms = ("mark target", "label column", "metadata", "variable role", "identifier column")
    missing = UNTOUCHED
    examples = (
        Example(
            params={"columns": ["churned"], "role": "target"},
            before={"id": [1, 2], "churned": [True, None]},
            after={"id": [1, 2], "churned": [True, None]},
        ),
    )

    columns: Columns
    """Columns that have the role."""
    role: Role = "feature"
    """What they are for: to predict from, to predict, to tell rows apart, how much a row counts, when it was, or not
    to be used."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.role in ONE_COLUMN and len(self.columns) > 1:
            found = f"One column can be the {self.role}, found {len(self.columns)}."
            yield Problem(found, "Choose one of them.", "columns")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        return tables[0]

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        return rows

    def lineage(self, learned: Any = None) -> Mapping[str, frozenset[str]]:
        return {}

    def touched(self, columns: Iterable[str]) -> frozenset[str]:
        """None of them."""
        return frozenset()


class ExpectedColumn(Params):
    """A column that the table is to have."""

    name: NewColumn
    """Name of the column."""
    type: TypeName = "text"
    """Its type."""
    format: DateFormat | None = None
    """How dates and times are written as text, like %d.%m.%Y; ISO 8601 when empty."""


def _names_differ(columns: tuple[ExpectedColumn, ...]) -> tuple[ExpectedColumn, ...]:
    names = [each.name for each in columns]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"Column {twice!r} is expected twice. Leave one out.")
    return columns


class ConformToSchema(RowTransform):
    """Give a table exactly the columns that are expected, in their order and of their types.

    The usual last step before an export or a model.
    """

    id = "conform_to_schema"
    title = "Match a target schema"
    terms = ("enforce schema", "align", "target schema", "data contract", "cast all columns", "expected columns")
    missing = "Null, NaN and blank text become or stay missing, and are no failures; blank text stays text."
    examples = (
        Example(
            params={
                "expected": [
                    {"name": "id", "type": "integer"},
                    {"name": "paid", "type": "date", "format": "%d.%m.%Y"},
                    {"name": "city"},
                ]
            },
            before={"note": ["x", "y", None], "paid": ["31.01.2024", "soon", None], "id": ["1", "2", "n/a"]},
            after={
                "id": [1, 2, None],
                "paid": [date(2024, 1, 31), None, None],
                "city": [None, None, None],
            },
        ),
        Example(
            params={"expected": [{"name": "score", "type": "number"}], "on_extra": "keep"},
            before={"id": [1, 2], "score": [3, None]},
            after={"score": [3.0, None], "id": [1, 2]},
        ),
    )

    expected: Annotated[tuple[ExpectedColumn, ...], AfterValidator(_names_differ)] = Field(min_length=1)
    """The columns, in order."""
    on_missing: Literal["null", "error"] = "null"
    """Expected columns that the table does not have are added without values, or are an error."""
    on_extra: Literal["drop", "keep", "error"] = "drop"
    """Columns that are not expected are dropped, kept behind the others, or are an error."""
    on_error: Literal["null", "fail"] = "null"
    """Values that are not of the expected type become missing, or stop the run."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        schema = schemas[0]
        if len(schema) == 0:
            return
        for each in self.expected:
            if each.name not in schema:
                if self.on_missing == "error":
                    advice = did_you_mean(each.name, schema) or "Add it before, or let such columns be added empty."
                    yield Problem(f"The expected column {each.name!r} is not in the table.", advice, "expected")
            elif not convertible(schema[each.name], each.type, each.format):
                found = f"Column {each.name!r} holds {type_name(schema[each.name])}, which cannot become {each.type}."
                yield Problem(found, "Expect another type, or change the column first.", "expected")
        extra = self._extra()
        if self.on_extra == "error" and extra:
            found = f"The table has columns that are not expected: {', '.join(map(repr, extra))}."
            yield Problem(found, "Drop them before, or expect them too.", "on_extra")

    def _extra(self) -> list[str]:
        names = {each.name for each in self.expected}
        return [name for name in self._schemas[0] if name not in names]

    def exprs(self) -> Iterator[pl.Expr]:
        for each in self.expected:
            found = self._converted(each) if each.name in self._schemas[0] else pl.lit(None, TYPES[each.type])
            yield found.alias(each.name)
        if self.on_extra == "keep":
            yield from map(exactly, self._extra())

    def _converted(self, expected: ExpectedColumn) -> pl.Expr:
        name = expected.name
        return converted(exactly(name), self.dtype(name), expected.type, expected.format)

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        if any(each.name in self._schemas[0] for each in self.expected):
            return rows.select(self.exprs())
        # Values alone would be one row, however many rows there are.
        names = [each.name for each in self.expected]
        kept = self._extra() if self.on_extra == "keep" else []
        return rows.with_columns(self.exprs()).select([exactly(name) for name in (*names, *kept)])

    def lineage(self, learned: Any = None) -> Mapping[str, frozenset[str]]:
        known = self._schemas[0]
        made = {each.name: frozenset({each.name} & set(known)) for each in self.expected}
        return made | ({name: frozenset({name}) for name in self._extra()} if self.on_extra == "keep" else {})

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        for each in self.expected:
            if each.name not in self._schemas[0]:
                continue
            present = self.present(each.name).is_not_null()
            if self.dtype(each.name) == pl.String:
                present = present & ~blank(exactly(each.name))
            result = "" if self.on_error == "fail" else "became missing: they "
            what = f"{result}are no {NOUNS[each.type]}"
            where = present & self._converted(each).is_null()
            yield Failure(column=each.name, where=where, what=what, stop=self.on_error == "fail")


TRANSFORMS: tuple[type[Transform], ...] = (SetColumnRole, ConformToSchema)
