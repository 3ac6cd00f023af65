"""Which rows have chosen values of a column, or numbers on one side of a threshold."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import polars as pl

from dataprep_app.analyses.values import MISSING, axis_values, listed
from transforms.core.categories import category
from transforms.core.columns import column
from transforms.core.dtypes import type_name
from transforms.core.errors import Problem

MANY = 20
"""Different numbers or dates beyond which they are put in groups of like size."""
PARTS = 10


@dataclass(frozen=True)
class Side:
    """Rows with some values of a column; the others are compared with them."""

    column: str
    values: tuple[str, ...]
    threshold: float | None
    side: Literal["above", "at_most"]

    @property
    def words(self) -> str:
        """What the values are, in words."""
        if self.threshold is None:
            return listed(self.values)
        return f"{'above' if self.side == 'above' else 'at most'} {self.threshold:,.6g}"

    @property
    def opposite(self) -> str:
        """What the values of the other rows are, where there is a threshold."""
        return f"{'at most' if self.side == 'above' else 'above'} {self.threshold:,.6g}"

    @property
    def text(self) -> str:
        """The column with the values, in words."""
        return f"{self.column} {self.words}"


def chosen_problems(side: Side, schema: pl.Schema, what: Literal["favourable", "disadvantaged"]) -> Iterable[Problem]:
    """What is wrong with the values of a side: none, two ways to say them, or some that the column cannot hold."""
    values, threshold = f"{what}_values", f"{what}_threshold"
    dtype = schema.get(side.column)
    if dtype is None:
        return
    numeric = dtype.is_numeric()
    if not side.values and side.threshold is None:
        advice = "Choose values, or a threshold." if numeric else "Choose one or more values."
        yield Problem(f"No {what} values of {side.column!r} are given.", advice, values)
    elif side.values and side.threshold is not None:
        yield Problem(f"{side.column!r} has both {what} values and a threshold.", "Give one of the two.", threshold)
    elif side.threshold is not None and not numeric and dtype != pl.Null:
        found = f"{side.column!r} holds {type_name(dtype)} values, which have no threshold."
        yield Problem(found, "Choose values instead.", threshold)
    elif side.threshold is not None and not math.isfinite(side.threshold):
        yield Problem(f"{side.threshold} is no threshold.", "Choose a finite number.", threshold)
    for each in side.values:
        if (numeric and _number(each) is None) or (dtype == pl.Boolean and each.lower() not in ("true", "false")):
            found = f"{each!r} is not a {type_name(dtype)}, which is what {side.column!r} holds."
            yield Problem(found, "Write it as the column has it.", values)


def chosen(table: pl.DataFrame, side: Side) -> pl.Series:
    """Whether each row is on a side; null where the column has no value."""
    dtype = table.schema[side.column]
    if side.threshold is not None:
        numbers = axis_values(table, side.column).cast(pl.Float64)
        return numbers > side.threshold if side.side == "above" else numbers <= side.threshold
    if dtype.is_numeric():
        numbers = axis_values(table, side.column).cast(pl.Float64)
        wanted = [found for each in side.values if (found := _number(each)) is not None]
        return numbers.is_in(wanted)
    text = _text(table, side.column)
    values = [each.lower() if dtype == pl.Boolean else each for each in side.values]
    return text.is_in(values)


def in_groups(table: pl.DataFrame, name: str) -> pl.Series:
    """The group of each row: its value as text, or for many numbers or dates, one of ten ranges of like size."""
    dtype = table.schema[name]
    if not (dtype.is_numeric() or dtype.is_temporal()):
        return _text(table, name).fill_null(MISSING)
    values = axis_values(table, name)
    if values.n_unique() <= MANY:
        return _text(table, name).fill_null(MISSING)
    place = (values.rank("max") * PARTS / len(values.drop_nulls())).ceil()
    ends = pl.DataFrame({"place": place, "value": values}).with_columns(
        low=pl.col("value").min().over("place"), high=pl.col("value").max().over("place")
    )
    label = pl.format("{} to {}", pl.col("low").cast(pl.String), pl.col("high").cast(pl.String))
    return ends.select(label.fill_null(MISSING)).to_series()


def _text(table: pl.DataFrame, name: str) -> pl.Series:
    value = table.select(column(name).alias("value"))
    return value.select(category("value", value.schema["value"]).cast(pl.String)).to_series()


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None
