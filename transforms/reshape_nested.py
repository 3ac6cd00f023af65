"""Columns put into lists and objects, and taken out of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import polars as pl
from pydantic import Field

from transforms.core.categories import free_names
from transforms.core.columns import ColumnField, Columns
from transforms.core.dtypes import common_type_of, type_name
from transforms.core.errors import Problem, StepError
from transforms.core.params import NewColumn
from transforms.core.statistics import Ask, Max
from transforms.core.transform import Example, Failure, FittedTransform, Learned, RowTransform, Transform

NestedColumn = Annotated[str, ColumnField(("nested",))]


class ColumnsToList(RowTransform):
    """Put the values of several columns into one list."""

    id = "columns_to_list"
    title = "Columns to list / vector (assemble)"
    terms = ("vector assemble", "array of columns", "feature vector")
    missing = "Missing values are missing items; every list has as many items as there are columns."
    examples = (
        Example(
            params={"columns": ["x", "y"], "output": "point"},
            before={"x": [1, None], "y": [0.5, 2.5]},
            after={"x": [1, None], "y": [0.5, 2.5], "point": [[1.0, 0.5], [None, 2.5]]},
        ),
    )

    columns: Columns
    """Columns to put into the list, in this order."""
    output: NewColumn
    """Name of the new column."""
    drop_inputs: bool = False
    """Take the columns away."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.columns and self.item_type is None:
            held = " and ".join(dict.fromkeys(type_name(self.dtype(name)) for name in self.columns))
            yield Problem(f"The columns hold {held} values, which do not go into one list.", "Change types first.")

    @property
    def item_type(self) -> pl.DataType | None:
        """The type of the items; ``None`` when there is none that holds them all."""
        return common_type_of(map(self.dtype, self.columns))

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        item = self.item_type or pl.Null()
        items = [pl.col(name).cast(item) for name in self.columns]
        made = pl.concat_list(items) if items else pl.lit([], dtype=pl.List(pl.Null))
        if item.is_nested():
            # Inside structs, or lists would be put end to end instead of into each other.
            wrapped = pl.concat_list([pl.struct(each.alias("item")) for each in items])
            made = wrapped.list.eval(pl.element().struct.field("item"))
        drop = [name for name in self.columns if name != self.output] if self.drop_inputs else []
        return rows.with_columns(made.alias(self.output)).drop(drop)


class Longest(Learned):
    """How many columns a list becomes."""

    items: int


class ListToColumns(FittedTransform):
    """Make a column of each place of a list."""

    id = "list_to_columns"
    title = "List to columns"
    terms = ("unpack array", "split list", "array to columns", "standardize length", "flatten vector")
    columns_from_data = True
    missing = "A missing list, and places a list does not have, are missing in the new columns."
    unseen = "Items of lists longer than any there was are left out; such rows are counted, or refused."
    examples = (
        Example(
            params={"column": "xy"},
            before={"id": [1, 2, 3], "xy": [[1.5, 2.5], [3.5], None]},
            after={"id": [1, 2, 3], "xy_1": [1.5, 3.5, None], "xy_2": [2.5, None, None]},
        ),
    )

    column: NestedColumn
    """Column of lists."""
    width: int | None = Field(None, ge=1, le=5_000)
    """How many columns to make; as many as the longest list has items when empty."""
    prefix: str = ""
    """What the new columns are called, before their number; the column's name when empty."""
    drop_input: bool = True
    """Take the list away."""
    on_error: Literal["null", "fail"] = "null"
    """Leave out items beyond the last column, and count such rows, or stop the run."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if not isinstance(self.dtype(self.column), pl.List | pl.Null):
            found = f"Column {self.column!r} holds {type_name(self.dtype(self.column))} values, not lists."
            yield Problem(found, "Flatten structures, or choose another column.", "column")

    def fit(self, ask: Ask) -> Longest:
        if self.width is not None or self.dtype(self.column) == pl.Null:
            return Longest(items=self.width or 0)
        (longest,) = ask(Max(self._length()))
        if (longest or 0) > 5_000:
            raise StepError(
                f"Column {self.column!r} holds a list of {longest:,} items, and at most 5,000 columns are made. "
                "Say how many to make."
            )
        return Longest(items=longest or 0)

    def _length(self) -> pl.Expr:
        return pl.col(self.column).list.len().cast(pl.Int64)

    def apply(self, rows: pl.LazyFrame, learned: Longest) -> pl.LazyFrame:
        prefix = self.prefix or self.column
        taken = [name for name in self._schemas[0] if name != self.column or not self.drop_input]
        names = free_names([f"{prefix}_{i + 1}" for i in range(learned.items)], taken)
        if self.dtype(self.column) == pl.Null:
            items = [pl.lit(None, pl.Null).alias(name) for name in names]
        else:
            items = [pl.col(self.column).list.get(i, null_on_oob=True).alias(name) for i, name in enumerate(names)]
        kept = [pl.col(name) for name in taken]
        return rows.select(*kept, *items)

    def failures(self, learned: Longest | None = None) -> Iterator[Failure]:
        if learned is not None and self.dtype(self.column) != pl.Null:
            yield Failure(
                column=self.column,
                where=self._length() > learned.items,
                what=f"have more than {learned.items} items, of which the last were left out",
                stop=self.on_error == "fail",
            )


class FlattenStruct(RowTransform):
    """Make a column of each field of an object."""

    id = "flatten_struct"
    title = "Flatten structure (unnest)"
    terms = ("unnest json", "expand record", "object to columns", "struct to columns", "flatten structured")
    missing = "A missing object makes missing values in all of its columns."
    examples = (
        Example(
            params={"column": "home"},
            before={"home": [{"city": "Oslo", "zip": 150}, None, {"city": None, "zip": 1}], "id": [1, 2, 3]},
            after={"home_city": ["Oslo", None, None], "home_zip": [150, None, 1], "id": [1, 2, 3]},
        ),
    )

    column: NestedColumn
    """Column of objects."""
    fields: tuple[str, ...] = ()
    """Fields to take out; all when empty."""
    prefix: str | None = None
    """Put before the names of the fields, with the separator; the column's name when not given."""
    separator: str = "_"
    """Put between prefix and field."""
    levels: int = Field(1, ge=1, le=20)
    """How deep to go into objects inside objects."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        dtype = self.dtype(self.column)
        if not isinstance(dtype, pl.Struct):
            found = f"Column {self.column!r} holds {type_name(dtype)} values, not objects."
            yield Problem(found, "Choose another column.", "column")
            return
        known = [each.name for each in dtype.fields]
        for name in self.fields:
            if name not in known:
                yield Problem(f"{self.column!r} has no field {name!r}.", f"It has: {', '.join(known)}.", "fields")

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        prefix = self.column if self.prefix is None else self.prefix
        found = list(self._inside(pl.col(self.column), self.dtype(self.column), prefix, self.levels))
        if self.fields:
            found = [(top, name, expr) for top, name, expr in found if top in self.fields]
        others = [name for name in self._schemas[0] if name != self.column]
        names = free_names([name for _, name, _ in found], others)
        taken = [expr.alias(name) for name, (_, _, expr) in zip(names, found, strict=True)]
        place = self._schemas[0].names().index(self.column)
        return rows.select(*map(pl.col, others[:place]), *taken, *map(pl.col, others[place:]))

    def _inside(self, value: pl.Expr, dtype: object, prefix: str, levels: int) -> Iterator[tuple[str, str, pl.Expr]]:
        """The top field, the new name and the value of each field."""
        assert isinstance(dtype, pl.Struct)
        for each in dtype.fields:
            name = f"{prefix}{self.separator}{each.name}" if prefix else each.name
            field = value.struct.field(each.name)
            if levels > 1 and isinstance(each.dtype, pl.Struct):
                for _, inner, expr in self._inside(field, each.dtype, name, levels - 1):
                    yield each.name, inner, expr
            else:
                yield each.name, name, field


class NestColumns(RowTransform):
    """Put several columns into one object, or into one JSON text."""

    id = "nest_columns"
    title = "Nest columns into object"
    terms = ("columns to struct", "to json", "record", "pack")
    missing = (
        "Missing values are missing fields of the object, which itself is never missing; in JSON text, NaN and "
        "infinity are null too."
    )
    examples = (
        Example(
            params={"columns": ["city", "zip"], "output": "home"},
            before={"id": [1, 2], "city": ["Oslo", None], "zip": [150, None]},
            after={"id": [1, 2], "home": [{"city": "Oslo", "zip": 150}, {"city": None, "zip": None}]},
        ),
        Example(
            params={"columns": ["a", "b"], "output": "json", "form": "json", "drop_inputs": False},
            before={"a": [1, None], "b": ['é"', "x"]},
            after={"a": [1, None], "b": ['é"', "x"], "json": ['{"a":1,"b":"é\\""}', '{"a":null,"b":"x"}']},
        ),
    )

    columns: Columns
    """Columns to put into the object."""
    output: NewColumn
    """Name of the new column."""
    form: Literal["object", "json"] = "object"
    """An object, or JSON text."""
    drop_inputs: bool = True
    """Take the columns away."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if not self.columns:
            yield Problem("There is no column to put into the object.", "Choose at least one.", "columns")
        for name in self.columns:
            if self.form == "json" and self.dtype(name) == pl.Binary:
                yield Problem(f"Column {name!r} holds bytes, which JSON cannot.", "Leave it out.", "columns")

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        made = pl.struct(self.columns)
        made = made.struct.json_encode() if self.form == "json" else made
        drop = [name for name in self.columns if name != self.output] if self.drop_inputs else []
        return rows.with_columns(made.alias(self.output)).drop(drop)


TRANSFORMS: tuple[type[Transform], ...] = (ColumnsToList, ListToColumns, FlattenStruct, NestColumns)
