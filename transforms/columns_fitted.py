"""Columns that say nothing, found in the data and dropped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import polars as pl
from pydantic import Field

from transforms.core.columns import ALL, Columns, KeyColumns
from transforms.core.columns import column as exactly
from transforms.core.conversion import blank
from transforms.core.params import legal_name
from transforms.core.random import draw
from transforms.core.statistics import Ask, Count, CountWhere, Missing, Sum, ValueCounts
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


class Copies(Learned):
    """The columns that go."""

    copies: dict[str, str]
    """The column that stays and says the same, by column dropped."""


class DropDuplicateColumns(FittedTransform):
    """Drop columns that hold the same values as one before them, or have the same name but for its writing."""

    id = "drop_duplicate_columns"
    title = "Drop duplicate columns"
    terms = ("identical columns", "redundant columns", "same values", "copies of columns", "remove repeated columns")
    columns_from_data = True
    missing = "Missing values, NaN among them, equal each other; columns without any value are no copies and stay."
    unseen = "The same columns are dropped, whatever the new values are."
    examples = (
        Example(
            params={},
            before={"id": [1, 2, 3], "name": ["a", None, "c"], "label": ["a", None, "c"], "rank": [3, 2, 1]},
            after={"id": [1, 2, 3], "name": ["a", None, "c"], "rank": [3, 2, 1]},
        ),
        Example(
            params={"compare": "names"},
            before={"Order ID": [1, None], "order_id": [2, 3], "note": [None, "x"]},
            after={"Order ID": [1, None], "note": [None, "x"]},
        ),
    )

    columns: Columns = ALL
    """Columns to compare with each other; the first of equal ones stays."""
    compare: Literal["values", "names"] = "values"
    """Drop a column that has the values of another in every row, and its type; or its name, capitals, blanks and signs
    aside."""

    def fit(self, ask: Ask) -> Copies:
        if self.compare == "values":
            return Copies(copies=self._of_values(ask))
        first: dict[str, str] = {}
        copies = {}
        for name in self.columns:
            kept = first.setdefault(legal_name(name, name), name)
            if kept != name:
                copies[name] = kept
        return Copies(copies=copies)

    def _of_values(self, ask: Ask) -> dict[str, str]:
        """Columns of which a sum over all rows is that of another, and which then differ in no row."""
        rows, *found = ask(Count(), *(each for name in self.columns for each in self._print(name)))
        prints: dict[tuple[object, ...], str] = {}
        pairs = {}
        for name, missing, total in zip(self.columns, found[::2], found[1::2], strict=True):
            if missing < rows:
                kept = prints.setdefault((self.dtype(name), missing, total), name)
                if kept != name:
                    pairs[name] = kept
        differ = ask(*(CountWhere(self.present(a).ne_missing(self.present(b))) for a, b in pairs.items()))
        return {name: kept for (name, kept), rows in zip(pairs.items(), differ, strict=True) if not rows}

    def _print(self, name: str) -> tuple[Missing, Sum]:
        """What tells a column from others: a sum of hashes of its values, each with that of its row."""
        row = draw(0, self._schemas[0].names())
        # 24 bits of each, so that no sum leaves the range of 64 bits.
        mixed = pl.struct(self.present(name).alias("value"), row.alias("row")).hash(0) // 2**40
        return Missing(name), Sum(mixed.cast(pl.Int64))

    def apply(self, rows: pl.LazyFrame, learned: Copies) -> pl.LazyFrame:
        return rows.select(exactly(name) for name in self._schemas[0] if name not in learned.copies)

    def lineage(self, learned: Any = None) -> Mapping[str, frozenset[str]] | None:
        return {}


TRANSFORMS: tuple[type[Transform], ...] = (DropEmptyColumns, DropConstantColumns, DropDuplicateColumns)
