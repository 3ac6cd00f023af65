"""Tables that our own code reads batch by batch, as lazy polars tables.

Polars tells such a source which columns, how many rows and which predicate it wants, and trusts it to
obey; nothing is applied again afterwards. The order matters: rows are counted before the predicate.
The polars interface is marked unstable, so it is used here only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import polars as pl
from polars.io.plugins import register_io_source

Batches = Callable[[list[str], int | None], Iterator[pl.DataFrame]]
"""Gives batches that hold at least the named columns; of no more rows than told, it may stop early."""


def lazy_table(batches: Batches, schema: pl.Schema, label: str) -> pl.LazyFrame:
    """A lazy table that is read by calling ``batches`` each time it is collected."""

    def read(
        names: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, _batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        left = n_rows
        for batch in batches(_needed(names, predicate, schema), n_rows):
            rows = batch if left is None else batch.head(left)
            if left is not None:
                left -= rows.height
            yield _chosen(rows if predicate is None else rows.filter(predicate), names, schema)
            if left == 0:
                return

    return register_io_source(read, schema=schema, is_pure=True, explain_name=label)


def _needed(names: list[str] | None, predicate: pl.Expr | None, schema: pl.Schema) -> list[str]:
    """Columns to read, in table order: at least one, so that rows can be counted."""
    if names is None:
        return schema.names()
    wanted = {*names, *(predicate.meta.root_names() if predicate is not None else ())}
    return [name for name in schema if name in wanted] or schema.names()[:1]


def _chosen(rows: pl.DataFrame, names: list[str] | None, schema: pl.Schema) -> pl.DataFrame:
    # Selecting no column loses the number of rows; dropping all of them keeps it.
    names = schema.names() if names is None else names
    return rows.select(names) if names else rows.drop(rows.columns)
