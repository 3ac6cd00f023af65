"""What the columns of a table hold, in numbers: counted in one pass over all of them.

Null and NaN are missing, as in every step. Invalid is what is there but is no value of the column: an infinite
number, or a text that a step could not read as a date or a number and kept in a column named ``_error``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, Literal

import polars as pl

from transforms.core.columns import column
from transforms.core.dtypes import type_name

BINS = 12
TOP = 5
LONGEST = 200
"""Characters of a value that are kept."""
ERROR = "_error"
"""What steps add to the name of a column for the one with the texts they could not read."""

Kind = Literal["number", "text", "boolean", "date", "time", "other"]
Value = int | float | str


@dataclass(frozen=True)
class ColumnProfile:
    """A column of a table; dates, times and durations are written as text, so that all of it is plain JSON."""

    name: str
    type: str
    """Its type by the name people use: ``integer``, ``datetime`` ..."""
    kind: Kind
    """What can be said of it: numbers, dates and times have a range, text and booleans have top values."""
    rows: int
    missing: int
    invalid: int = 0
    distinct: int | None = None
    """Different values, exact on these rows, missing and invalid ones left out; ``None`` for nested columns."""
    min: Value | None = None
    max: Value | None = None
    mean: Value | None = None
    std: float | None = None
    quartiles: tuple[Value, ...] = ()
    """A quarter, half and three quarters of the values are at most these; between two numbers by their distance,
    for dates and times the earlier of the two."""
    histogram: tuple[int, ...] = ()
    """Values in equal bins between ``min`` and ``max``; one bin where the two are the same."""
    top: tuple[tuple[str, int], ...] = ()
    """The most frequent values, ties in the order of the values."""

    @property
    def valid(self) -> int:
        """Values that are there and can be used."""
        return self.rows - self.missing - self.invalid

    def as_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def profiles(table: pl.DataFrame, known: Mapping[str, ColumnProfile] | None = None) -> dict[str, ColumnProfile]:
    """The profile of every column by name; those that are ``known`` already are not computed again."""
    known = known or {}
    # One pass sorts or counts all columns at once; everything else is read off that, column by column.
    exprs = [_gathered(name, table.schema).alias(name) for name in table.columns if name not in known]
    gathered = table.lazy().select(exprs).collect()
    return {
        name: known[name] if name in known else _profile(table, name, gathered[name].struct.unnest())
        for name in table.columns
    }


def kind_of(dtype: pl.DataType) -> Kind:
    """What can be said of a column of this type."""
    if dtype.is_numeric():
        return "number"
    if dtype in (pl.Date, pl.Datetime):
        return "date"
    if dtype in (pl.Time, pl.Duration):
        return "time"
    if dtype == pl.Boolean:
        return "boolean"
    return "text" if dtype in (pl.String, pl.Categorical, pl.Enum) else "other"


def plain(value: Any) -> Any:
    """A value as JSON has it: dates and times as people write them, decimals as numbers."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case datetime():
            return value.isoformat(sep=" ")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
        case _:
            return float(value)


def _gathered(name: str, schema: pl.Schema) -> pl.Expr:
    """A struct: the valid values sorted, or counted; how many are missing, infinite, or could not be read."""
    dtype, value = schema[name], column(name)
    facts = {"missing": value.null_count()}
    if schema.get(f"{name}{ERROR}") == pl.String:
        facts["unread"] = (value.is_null() & column(f"{name}{ERROR}").is_not_null()).sum()
    if dtype.is_float():
        facts |= {"missing": value.is_null().sum() + value.is_nan().sum(), "infinite": value.is_infinite().sum()}
        value = pl.when(value.is_finite()).then(value)
    match kind_of(dtype):
        case "number" | "date" | "time":
            facts["sorted"] = value.drop_nulls().sort().implode()
        case "text" | "boolean":
            facts["counted"] = value.cast(pl.String).alias("value").drop_nulls().value_counts(name="rows").implode()
    return pl.struct([each.alias(fact) for fact, each in facts.items()])


def _profile(table: pl.DataFrame, name: str, found: pl.DataFrame) -> ColumnProfile:
    dtype = table.schema[name]
    counts = {each: found[each][0] for each in ("missing", "infinite", "unread") if each in found.columns}
    unread = counts.get("unread", 0)
    facts: dict[str, Any] = {}
    if "sorted" in found.columns:
        facts = _measured(found["sorted"][0].set_sorted(), dtype)
    elif "counted" in found.columns:
        facts = _counted(found["counted"][0].struct.unnest())
    return ColumnProfile(
        name=name,
        type=type_name(dtype),
        kind=kind_of(dtype),
        rows=table.height,
        missing=counts["missing"] - unread,
        invalid=counts.get("infinite", 0) + unread,
        **facts,
    )


def _counted(counts: pl.DataFrame) -> dict[str, Any]:
    best = counts.sort("rows", "value", descending=[True, False]).head(TOP)
    return {"distinct": counts.height, "top": tuple((value[:LONGEST], rows) for value, rows in best.iter_rows())}


def _measured(ordered: pl.Series, dtype: pl.DataType) -> dict[str, Any]:
    if ordered.is_empty():
        return {"distinct": 0}
    numbers = ordered.to_physical().cast(pl.Float64).set_sorted()
    numeric = dtype.is_numeric()
    return {
        "distinct": ordered.n_unique(),
        "min": plain(ordered[0]),
        "max": plain(ordered[-1]),
        "mean": plain(numbers.mean() if numeric else ordered.mean()),
        "std": numbers.std(ddof=1) if numeric else None,
        "quartiles": tuple(
            numbers.quantile(share, "linear") if numeric else plain(ordered[int((len(ordered) - 1) * share)])
            for share in (0.25, 0.5, 0.75)
        ),
        "histogram": _histogram(numbers),
    }


def _histogram(numbers: pl.Series) -> tuple[int, ...]:
    """How many sorted numbers lie in each bin; a number on an edge is in the upper one, the largest in the last."""
    low, high = numbers[0], numbers[-1]
    if low == high:
        return (len(numbers),)
    width = (high - low) / BINS
    if math.isinf(width):
        width = high / BINS - low / BINS
    edges = [low + width * place for place in range(1, BINS)]
    cuts = [0, *numbers.search_sorted(pl.Series(edges), side="left").to_list(), len(numbers)]
    return tuple(after - before for before, after in pairwise(cuts))
