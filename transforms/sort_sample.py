"""Rows in order, in no order, and some of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.categories import CategoryColumn
from transforms.core.columns import KeyColumns
from transforms.core.conditions import Compare
from transforms.core.errors import Problem
from transforms.core.params import Scalar, Seed
from transforms.core.random import draw
from transforms.core.relations import MapRows, Order, Relation, Sample, Sort, Window, WindowFunction
from transforms.core.rowwise import AddColumns, DropColumns, KeepRows
from transforms.core.sorting import SortKey, group_keys, sortable
from transforms.core.transform import Example, Failure, TableTransform, Transform

PartOfRows = Annotated[float, Field(gt=0, le=1, json_schema_extra={"widget": "share"})]
NumberOfRows = Annotated[int, Field(ge=1)]


class SortRows(TableTransform):
    """Put rows in order by one or more columns."""

    id = "sort_rows"
    title = "Sort rows"
    terms = ("order by", "arrange", "ascending", "descending")
    missing = "Missing values, NaN among them, come last, or first, whichever the direction."
    examples = (
        Example(
            params={"by": [{"column": "score", "descending": True}, {"column": "name"}]},
            before={"name": ["b", "a", None, "é"], "score": [1.0, 1.0, 2.0, None]},
            after={"name": [None, "a", "b", "é"], "score": [2.0, 1.0, 1.0, None]},
        ),
        Example(
            params={"by": [{"column": "name"}], "nulls": "first", "ignore_case": True},
            before={"name": ["b", "a", None, "C"]},
            after={"name": [None, "a", "b", "C"]},
        ),
    )

    by: tuple[SortKey, ...] = Field(min_length=1)
    """What to sort by; later columns decide among rows that earlier ones leave equal."""
    nulls: Literal["last", "first"] = "last"
    """Where missing values go."""
    ignore_case: bool = False
    """Take capitals and small letters as equal."""

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        ready = sortable(
            tables[0], self.by, self._schemas[0], nulls_last=self.nulls == "last", ignore_case=self.ignore_case
        )
        rows = Sort(ready.table, ready.by)
        return MapRows(rows, DropColumns(ready.added)) if ready.added else rows


class SortCustomOrder(TableTransform):
    """Put rows in an order of values that is written by hand, such as low, medium, high."""

    id = "sort_custom_order"
    title = "Sort by custom order"
    terms = ("ordinal order", "sort by list", "low medium high", "weekday order", "arrange categories")
    missing = "Rows without a value, NaN among them, come last of all."
    examples = (
        Example(
            params={"column": "size", "order": ["S", "M", "L"], "then_by": [{"column": "id"}]},
            before={"id": [5, 4, 3, 2, 1], "size": ["L", None, "S", "XL", "L"]},
            after={"id": [3, 1, 5, 2, 4], "size": ["S", "L", "L", "XL", None]},
        ),
        Example(
            params={"column": "grade", "order": [3, 1], "unknown": "first"},
            before={"grade": [1, 2, 3, None]},
            after={"grade": [2, 3, 1, None]},
        ),
    )

    column: CategoryColumn
    """Column to sort by."""
    order: tuple[Scalar, ...] = Field(min_length=1)
    """Its values in the order wanted, dates as ISO text."""
    unknown: Literal["last", "first", "error"] = "last"
    """Values that are not listed come after those that are, or before them, by size; or they stop the run."""
    ignore_case: bool = False
    """Take capitals and small letters as equal."""
    then_by: tuple[SortKey, ...] = ()
    """What decides among rows of equal value."""

    @model_validator(mode="after")
    def _listed_once(self) -> Self:
        seen = [each.lower() if self.ignore_case and isinstance(each, str) else each for each in self.order]
        twice = next((each for i, each in enumerate(self.order) if seen[i] in seen[:i]), None)
        if twice is not None:
            raise ValueError(f"{twice!r} is listed twice. Leave one out.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for each in self._compare(self.order).bound(schemas)[1]:
            yield Problem(each.found, each.advice, "order")

    def _compare(self, values: tuple[Scalar, ...]) -> Compare:
        return Compare(column=self.column, op="is_in", value=values, ignore_case=self.ignore_case)

    def _place(self) -> pl.Expr:
        """The place of a value in the list; null where it is missing."""
        found = pl.lit(-1 if self.unknown == "first" else len(self.order), pl.Int64)
        for i in reversed(range(len(self.order))):
            equal = self._compare(self.order[i : i + 1]).expr(self._schemas[0])
            found = pl.when(equal).then(pl.lit(i, pl.Int64)).otherwise(found)
        return pl.when(self.present(self.column).is_not_null()).then(found)

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        keys = (SortKey(column=self.column), *self.then_by)
        ready = sortable(tables[0], keys, self._schemas[0], ignore_case=self.ignore_case)
        placed = MapRows(ready.table, AddColumns((self._place().alias("__place"),)))
        return MapRows(Sort(placed, (Order("__place"), *ready.by)), DropColumns(("__place", *ready.added)))

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if self.unknown == "error":
            listed = self._compare(self.order).expr(self._schemas[0])
            yield Failure(column=self.column, where=~listed, what="are not in the list that says the order", stop=True)


class ShuffleRows(TableTransform):
    """Put rows in a random order.

    The order is that of a hash of each row's values, the same on every engine; rows equal in all
    columns come one after the other.
    """

    id = "shuffle_rows"
    title = "Shuffle rows"
    terms = ("randomize order", "mix", "permute")
    missing = "Missing values stay missing."
    examples = (
        Example(
            params={"seed": 1},
            before={"id": [1, 2, None, 4, 5]},
            after={"id": [None, 5, 1, 2, 4]},
        ),
    )

    seed: Seed = 0
    """Same seed, same order."""

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        drawn = MapRows(tables[0], AddColumns((_draw(self.seed, self._schemas[0]),)))
        return MapRows(Sort(drawn, (Order("__draw"),)), DropColumns(("__draw",)))


def _draw(seed: int, schema: pl.Schema) -> pl.Expr:
    return draw(seed, schema.names()).alias("__draw")


class RowsOrShare(TableTransform):
    """A sample whose size is a number of rows or a share of them."""

    rows: NumberOfRows | None = None
    """How many rows to keep; all, where there are fewer. Give this or a share."""
    share: PartOfRows | None = None
    """Which share of the rows to keep, 0 to 1. Give this or a number of rows."""

    @model_validator(mode="after")
    def _size_is_given_once(self) -> Self:
        if (self.rows is None) == (self.share is None):
            both = "both" if self.rows else "neither"
            raise ValueError(f"The size is a number of rows or a share, found {both}. Give one of them.")
        return self


class SampleRandom(RowsOrShare):
    """Keep some rows, drawn at random.

    A row is drawn by a hash of its values, the same on every engine: a number of rows is kept to the
    row, a share by chance. Rows equal in all columns draw the same, so that a share keeps all of them
    or none.
    """

    id = "sample_random"
    title = "Random sample"
    terms = ("subsample", "random rows", "sample n", "sample fraction", "randomized sampling")
    training_only = True
    changes_rows = True
    missing = "Missing values do not matter and stay missing."
    examples = (
        Example(
            params={"rows": 2},
            before={"id": [1, 2, None, 4, 5]},
            after={"id": [2, None]},
        ),
        Example(
            params={"share": 0.5, "seed": 3},
            before={"id": [1, 2, None, 4, 5]},
            after={"id": [1, 2, None]},
        ),
    )

    seed: Seed = 0
    """Same seed, same rows."""

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        if self.rows is not None:
            return Sample(tables[0], self.rows, self.seed)
        return MapRows(tables[0], KeepRows(draw(self.seed, self._schemas[0].names()) < self.share))


class SampleStratified(RowsOrShare):
    """Keep some rows of each group, drawn at random: the same number of each, or the same share.

    Exact in each group; rows are drawn by a hash of their values, the same on every engine.
    """

    id = "sample_stratified"
    title = "Stratified sample"
    terms = ("proportional sample", "sample per group", "equal sample of classes", "stratified sampling")
    training_only = True
    changes_rows = True
    missing = "Missing group values, NaN among them, are a group of their own; other missing values do not matter."
    examples = (
        Example(
            params={"by": ["class"], "rows": 1},
            before={"id": [1, 2, 3, 4, 5], "class": ["a", "a", "a", None, None]},
            after={"id": [1, 5], "class": ["a", None]},
        ),
        Example(
            params={"by": ["class"], "share": 0.5},
            before={"id": [1, 2, 3, 4, None], "class": ["a", "a", "a", "a", "b"]},
            after={"id": [1, 4, None], "class": ["a", "a", "b"]},
        ),
    )

    by: KeyColumns
    """Columns that make the groups."""
    min_per_group: int = Field(1, ge=0)
    """Keep at least so many rows of each group when a share is kept; all, where there are fewer."""
    seed: Seed = 0
    """Same seed, same rows."""

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        """Rows of each group numbered in the order of their hashes, the first of them kept."""
        schema = self._schemas[0]
        groups = group_keys(self.by, schema)
        drawn = MapRows(tables[0], AddColumns((_draw(self.seed, schema), *groups.added)))
        functions = (WindowFunction("row_number", "__place"), WindowFunction("group", "__size", "__draw", "count"))
        placed = Window(drawn, groups.names, (Order("__draw"),), functions)
        kept = pl.col("__place") <= (pl.lit(self.rows) if self.share is None else self._quota(self.share))
        return MapRows(placed, KeepRows(kept, ("__draw", "__place", "__size", *groups.added_names)))

    def _quota(self, share: float) -> pl.Expr:
        """Rows to keep of a group: its share rounded half up, and no fewer than asked for."""
        # Rounded to nine places first, or 0.29 of 100 rows would be a little less than 29.
        rounded = ((pl.col("__size") * share).round(9) + 0.5).floor().cast(pl.Int64)
        return pl.max_horizontal(rounded, pl.lit(self.min_per_group, pl.Int64))


TRANSFORMS: tuple[type[Transform], ...] = (SortRows, SortCustomOrder, ShuffleRows, SampleRandom, SampleStratified)
