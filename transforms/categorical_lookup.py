"""Values replaced by those of another table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import polars as pl

from transforms.combine import refuse_repeated
from transforms.core.columns import KEYS, ColumnField, KeyColumn, taken
from transforms.core.columns import column as exactly
from transforms.core.dtypes import common_type, type_name
from transforms.core.errors import Problem
from transforms.core.params import NewColumn
from transforms.core.relations import Distinct, Join, MapRows, Relation
from transforms.core.rowwise import AddColumns, CountRows, DropColumns, RefuseRows, SelectColumns, nan_as_null
from transforms.core.transform import Example, TableTransform, Transform

OldColumn = Annotated[str, ColumnField(KEYS, table=1)]
NewValueColumn = Annotated[str, ColumnField(table=1)]
VALUE, LISTED = "__value", "__listed"


class MapValuesFromDataset(TableTransform):
    """Replace values by others, as another table of old and new values says."""

    id = "map_values_from_dataset"
    title = "Map values from a dataset"
    terms = ("recode from table", "lookup", "vlookup", "code list", "translate values")
    inputs = ("table", "mapping")
    missing = (
        "Missing values (null and NaN) stay missing, also where the mapping has a row without an old value. A new "
        "value that is missing makes missing values."
    )
    examples = (
        Example(
            params={"column": "country", "key": "code", "value": "name"},
            before={"country": ["no", "it", "xx", None]},
            others=({"code": ["no", "it", None], "name": ["Norway", "Italy", "unknown"]},),
            after={"country": ["Norway", "Italy", "xx", None]},
        ),
        Example(
            params={
                "column": "zone",
                "key": "id",
                "value": "price",
                "default": "null",
                "if_many": "first",
                "output": "price",
            },
            before={"zone": [1, 2, 3, None]},
            others=({"id": [1, 2, 2], "price": [7.5, 9.0, 9.0]},),
            after={"zone": [1, 2, 3, None], "price": [7.5, 9.0, None, None]},
        ),
    )

    column: KeyColumn
    """Column to change."""
    key: OldColumn
    """Column of the mapping that holds old values."""
    value: NewValueColumn
    """Column of the mapping that holds new values."""
    default: Literal["keep", "null", "fail"] = "keep"
    """Values that are not in the mapping stay, become missing, or stop the run."""
    if_many: Literal["error", "first"] = "error"
    """When the mapping has an old value several times: stop the run, or take one of its rows.

    One of the rows is taken by the hash of its values, the same on every engine."""
    output: NewColumn | None = None
    """Name of the new column; left empty, the column is replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        mine, key, value = self.dtype(self.column), self.dtype(self.key, 1), self.dtype(self.value, 1)
        if self.output and self.output != self.column:
            yield from taken(self.output, schemas[0])
        if common_type(mine, key) is None or (pl.Null not in (mine, key) and type_name(mine) != type_name(key)):
            found = (
                f"{self.column!r} holds {type_name(mine)} values and {self.key!r}, of the mapping, {type_name(key)} "
                "values, so they cannot match."
            )
            yield Problem(found, "Change the type of one of them first.", "key")
        if self.default == "keep" and common_type(mine, value) is None:
            found = (
                f"{self.column!r} holds {type_name(mine)} values and {self.value!r}, of the mapping, "
                f"{type_name(value)} values, which cannot be in one column."
            )
            yield Problem(found, "Let values that are not in the mapping become missing, or change a type.", "default")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        table, mapping = tables
        schema = self._schemas[1]
        named = (exactly(self.value).alias(VALUE), pl.lit(True).alias(LISTED))
        mapping = MapRows(mapping, SelectColumns((exactly(self.key), *named)))
        mapping = nan_as_null(mapping, (self.key,), schema)
        if self.if_many == "error":
            mapping = refuse_repeated(mapping, (self.key,), schema, "mapping")
        else:
            mapping = Distinct(mapping, (self.key,), "first")
        joined: Relation = Join(table, mapping, (self.column,), (self.key,), "left")
        lost = self.present(self.column).is_not_null() & pl.col(LISTED).is_null()
        if self.default == "fail":
            advice = "Add it to the mapping, or let such values stay or become missing."
            what = f"The mapping has no {self.key!r} equal to {{}}, which is in {self.column!r}. {advice}"
            joined = MapRows(joined, RefuseRows(lost, what, exactly(self.column).cast(pl.String)))
        if self.default == "null":
            joined = MapRows(joined, CountRows(self.column, lost, "became missing: they are not in the mapping"))
        mapped = AddColumns((self._mapped().alias(self.output or self.column),))
        return MapRows(MapRows(joined, mapped), DropColumns((VALUE, LISTED)))

    def _mapped(self) -> pl.Expr:
        value = pl.col(VALUE).fill_nan(None) if self.dtype(self.value, 1).is_float() else pl.col(VALUE)
        if self.default != "keep":
            return value
        dtype = common_type(self.dtype(self.column), self.dtype(self.value, 1)) or pl.Null()
        kept = self.present(self.column).cast(dtype)
        return pl.when(pl.col(LISTED).is_not_null()).then(value.cast(dtype)).otherwise(kept)


TRANSFORMS: tuple[type[Transform], ...] = (MapValuesFromDataset,)
