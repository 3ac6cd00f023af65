"""Columns that say nothing, found in the data and dropped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
from pydantic import Field

from transforms.core.columns import ALL, Columns, KeyColumns
from transforms.core.columns import column as exactly
from transforms.core.conversion import blank
from transforms.core.statistics import Ask, Count, Missing, ValueCounts
from transforms.core.transform import Example, FittedTransform, Learned, Transform


class Dropped(Learned):
    """The columns that go."""

    shares: dict[str, float]
    """What was found: the share of rows, by column dropped."""


class DropByShare(FittedTransform):
    """Drops columns of which too large a share is the same."""

    columns_from_data = True
    unseen = "The same columns are dropped, whatever the new values are."

    def shares(self, ask: Ask) -> dict[str, float]:
        """The share of rows that is the same, by column."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it measures.")

    def dropped(self, ask: Ask, min_share: float) -> Dropped:
        """The columns that reach a share; none where no column would be left, since no row would be either."""
        found = {name: share for name, share in self.shares(ask).items() if share >= min_share}
        return Dropped(shares={} if len(found) == len(ask.schemas[0]) else found)

    def apply(self, rows: pl.LazyFrame, learned: Dropped) -> pl.LazyFrame:
        return rows.select(exactly(name) for name in self._schemas[0] if name not in learned.shares)

    def lineage(self, learned: Any = None) -> Mapping[str, frozenset[str]] | None:
        return {}


class DropEmptyColumns(DropByShare):
    """Drop columns that have no value, or hardly any."""

    id = "drop_empty_columns"
    title = "Drop empty or mostly empty columns"
    terms = ("remove blank columns", "dropna columns", "sparse columns")
    missing = (
        "Null and NaN are empty, and so is blank text unless it is to count as a value. Where all columns of the table "
        "are empty, all are kept."
    )
    examples = (
        Example(
            params={},
            before={"id": [1, 2, 3], "note": [None, "", " "], "score": [None, 0.5, None]},
            after={"id": [1, 2, 3], "score": [None, 0.5, None]},
        ),
        Example(
            params={"min_share": 0.6},
            before={"id": [1, 2, 3], "note": [None, "", "x"], "score": [None, 0.5, 0.7]},
            after={"id": [1, 2, 3], "score": [None, 0.5, 0.7]},
        ),
    )

    columns: Columns = ALL
    """Columns to look at."""
    min_share: float = Field(1.0, gt=0, le=1, json_schema_extra={"widget": "share"})
    """Drop a column when at least this share of its values is missing; 1 means all of them."""
    blank_is_empty: bool = True
    """Take text that is empty or white space only as missing."""

    def fit(self, ask: Ask) -> Dropped:
        return self.dropped(ask, self.min_share)

    def shares(self, ask: Ask) -> dict[str, float]:
        rows, *missing = ask(Count(), *(Missing(self._value(name)) for name in self.columns))
        return {name: each / rows for name, each in zip(self.columns, missing, strict=True)} if rows else {}

    def _value(self, name: str) -> pl.Expr:
        value = exactly(name)
        if self.blank_is_empty and self.dtype(name) == pl.String:
            return pl.when(~blank(value)).then(value)
        return value


class DropConstantColumns(DropByShare):
    """Drop columns that hold one value only, or nearly so."""

    id = "drop_constant_columns"
    title = "Drop constant columns"
    terms = ("zero variance columns", "single value", "quasi-constant", "near zero variance")
    missing = (
        "Missing values, NaN among them, are left out, and a column without any value stays; or they count as one more "
        "value. Where all columns of the table are constant, all are kept."
    )
    examples = (
        Example(
            params={},
            before={"id": [1, 2, 3], "country": ["NO", "NO", None], "empty": [None, None, None]},
            after={"id": [1, 2, 3], "empty": [None, None, None]},
        ),
        Example(
            params={"min_share": 0.6, "count_missing": True},
            before={"id": [1, 2, 3], "country": ["NO", "NO", "SE"], "score": [None, None, 0.5]},
            after={"id": [1, 2, 3]},
        ),
    )

    columns: KeyColumns = ALL
    """Columns to look at."""
    min_share: float = Field(1.0, gt=0, le=1, json_schema_extra={"widget": "share"})
    """Drop a column when its most frequent value has at least this share; 1 means that there is no other."""
    count_missing: bool = False
    """Take missing values as one more value, rather than leaving them out."""

    def fit(self, ask: Ask) -> Dropped:
        return self.dropped(ask, self.min_share)

    def shares(self, ask: Ask) -> dict[str, float]:
        each = [(Missing(name), ValueCounts(name, limit=1)) for name in self.columns]
        rows, *found = ask(Count(), *(statistic for pair in each for statistic in pair))
        shares = {}
        for name, missing, counts in zip(self.columns, found[::2], found[1::2], strict=True):
            most = max((*counts.values(), missing if self.count_missing else 0), default=0)
            of = rows if self.count_missing else rows - missing
            if of:
                shares[name] = most / of
        return shares


TRANSFORMS: tuple[type[Transform], ...] = (DropEmptyColumns, DropConstantColumns)
