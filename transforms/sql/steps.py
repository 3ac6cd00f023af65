"""What runs on rows: the columns of a query, and the check of conversions."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from transforms.core.errors import StepError
from transforms.core.relations import MapRows, Relation
from transforms.core.rowwise import KeepRows


@dataclass(frozen=True, eq=False)
class Project:
    """Makes columns of the rows and keeps no others; a value that reads no column is that of every row."""

    exprs: tuple[tuple[str, pl.Expr], ...]

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        made = [expr.alias(f"__made_{i}") for i, (_, expr) in enumerate(self.exprs)]
        named = [pl.col(f"__made_{i}").alias(name) for i, (name, _) in enumerate(self.exprs)]
        return rows.with_columns(made).select(named)


@dataclass(frozen=True)
class Refusal:
    """Passes values on, and stops the run at the first that could not be computed."""

    what: str
    """A sentence; ``{}`` in it stands for the value that was refused."""

    def of(self, value: pl.Expr, dtype: pl.DataType, fails: pl.Expr, shown: pl.Expr) -> pl.Expr:
        """The values, refused where a condition is true."""
        rows = pl.struct(value.alias("value"), fails.alias("fails"), shown.cast(pl.String).alias("shown"))
        return rows.map_batches(self._passed, return_dtype=dtype, is_elementwise=True)

    def _passed(self, rows: pl.Series) -> pl.Series:
        refused = rows.struct.field("shown").filter(rows.struct.field("fails").fill_null(False))
        if len(refused):
            raise StepError(self.what.replace("{}", repr(refused[0])))
        return rows.struct.field("value")


def kept(table: Relation, where: pl.Expr) -> Relation:
    """The rows for which a condition is true; one that reads no column holds for all rows or none."""
    if where.meta.root_names():
        return MapRows(table, KeepRows(where))
    always = pl.select(where).item() is True
    return table if always else MapRows(table, Nothing())


@dataclass(frozen=True)
class Nothing:
    """Keeps no row."""

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        return rows.clear()
