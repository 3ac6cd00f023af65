"""Columns as analyses look at them: numbers that can be drawn, and a few groups out of many values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from dataprep_app.profile import plain
from transforms.core.categories import category, in_value_order
from transforms.core.columns import column
from transforms.core.dtypes import Kind

GROUPS: tuple[Kind, ...] = ("text", "boolean", "date", "integer", "numeric", "datetime")
"""What rows can be grouped by; what is first is offered first."""
MEASURES: tuple[Kind, ...] = ("numeric", "date", "datetime")
"""What has a place on an axis."""
MISSING, EMPTY, OTHER = "(missing)", "(empty)", "(other)"
REST = (EMPTY, OTHER, MISSING)
"""What comes after the groups that have a name."""
COLOURS = 8
"""Groups that can be told apart by colour."""


@dataclass(frozen=True)
class Groups:
    """The group of every row: the largest ones by name, the rest together."""

    labels: pl.Series
    order: list[str]
    """The groups that are there: numbers and dates by value, text by letter; then empty text, the rest and missing."""
    different: int
    """Values there are, missing ones not counted."""


def axis_values(table: pl.DataFrame, name: str) -> pl.Series:
    """A column for an axis: numbers as Float64 or whole ones as Int64, NaN and infinite ones as null."""
    value, dtype = column(name), table.schema[name]
    if dtype.is_float():
        value = pl.when(value.is_finite()).then(value)
    if dtype.is_numeric() or dtype == pl.Null:
        value = value.cast(pl.Int64 if dtype.is_integer() else pl.Float64)
    return table.select(value.alias("value")).to_series()


def grouped(table: pl.DataFrame, name: str | None, most: int) -> Groups:
    """The groups of a column; one group of all rows where there is no column."""
    if name is None:
        return Groups(pl.Series("group", ["All rows"]).new_from_index(0, table.height), ["All rows"], 1)
    dtype = table.schema[name]
    text = table.select(column(name).alias("value")).select(category("value", dtype).cast(pl.String)).to_series()
    counts = text.drop_nulls().value_counts(name="rows").sort("rows", "value", descending=[True, False])
    kept = in_value_order(counts["value"].head(most), dtype)
    labels = pl.DataFrame({"value": text}).select(
        pl.when(pl.col("value").is_null())
        .then(pl.lit(MISSING))
        .when(pl.col("value").str.strip_chars() == "")
        .then(pl.lit(EMPTY))
        .when(pl.col("value").is_in(kept))
        .then("value")
        .otherwise(pl.lit(OTHER))
        .alias("group")
    )["group"]
    there = set(labels.unique())
    order = [*filter(str.strip, kept), *(each for each in REST if each in there)]
    return Groups(labels, order, counts.height)


def said(value: Any) -> str:
    """A value in a sentence: numbers with four digits that count, dates as people write them."""
    found = plain(value)
    if isinstance(found, float):
        size = abs(found)
        return f"{found:,.0f}" if 1_000 <= size < 1e15 else f"{found:.4g}"
    return f"{found:,}" if isinstance(found, int) and not isinstance(found, bool) else str(found)


def share(part: int, whole: int) -> str:
    """A part of the rows in percent; what is little is not said to be nothing."""
    percent = 100 * part / whole if whole else 0.0
    return "less than 0.1%" if 0 < percent < 0.1 else f"{percent:.1f}%"


def counted(number: int, noun: str) -> str:
    """So many of something: ``1 row``, ``1,200 rows``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def left_out(values: pl.Series, name: str) -> list[str]:
    """How many rows have no value that can be drawn, a sentence; none when all have."""
    gone = values.null_count()
    if not gone:
        return []
    return [f"{gone:,} of {len(values):,} rows ({share(gone, len(values))}) have no value of {name} and are left out."]


def listed(names: Sequence[str], most: int = 5) -> str:
    """Names in a sentence, the first ones where there are many."""
    some = ", ".join(names[:most])
    return f"{some} and {len(names) - most} more" if len(names) > most else some
