"""One table into parts: for training, validation and testing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate
from typing import Annotated, Any, ClassVar

import polars as pl
from pydantic import AfterValidator, Field

from transforms.core.columns import KeyColumn, KeyColumns
from transforms.core.dtypes import type_name
from transforms.core.errors import Problem
from transforms.core.params import NewColumn, Params, Seed
from transforms.core.random import draw
from transforms.core.relations import Aggregate, Join, MapRows, Measure, Order, Relation, Window, WindowFunction
from transforms.core.rowwise import AddColumns, KeepRows, SelectColumns
from transforms.core.sorting import GroupKeys, group_keys
from transforms.core.transform import Example, TableTransform, Transform


def _legal_part(name: str) -> str:
    if not re.fullmatch(r"[^\W\d]\w*", name):
        raise ValueError(f"{name!r} cannot name a part. Use letters, digits and underscores, beginning with a letter.")
    return name


class Part(Params):
    """One of the tables that a split makes."""

    name: Annotated[str, AfterValidator(_legal_part)]
    """What the part is called: train, test."""
    share: float = Field(gt=0, lt=1, json_schema_extra={"widget": "share"})
    """Its share of the rows, 0 to 1."""


def _whole(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    names = [each.name for each in parts]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"Two parts are named {twice!r}. Rename one.")
    total = sum(each.share for each in parts)
    if abs(total - 1) > 1e-9:
        raise ValueError(f"The shares of the parts sum to {total:.6g}. Change them so that they sum to 1.")
    return parts


Parts = Annotated[tuple[Part, ...], Field(min_length=2, max_length=20), AfterValidator(_whole)]
TRAIN_AND_TEST = (Part(name="train", share=0.8), Part(name="test", share=0.2))
PART = "__part"
SYNTHETIC = "__synthetic"


class Split(TableTransform):
    """A table split into parts, rows made for balancing in the first of them only."""

    outputs: ClassVar[tuple[str, ...]] = ("train", "test")
    training_only = True
    changes_rows = True

    parts: Parts = TRAIN_AND_TEST
    """The parts and their shares; the first is the one to train on."""
    synthetic_column: NewColumn | None = "is_synthetic"
    """Boolean column that marks rows which are not real, if the table has it; such rows go to the first part."""

    @property
    def output_names(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.parts)

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        """A column of that name that holds something else is not what marks synthetic rows: rather ask than leak."""
        name = self.synthetic_column
        if name is not None and name in schemas[0] and schemas[0][name] not in (pl.Boolean, pl.Null):
            yield Problem(
                f"Column {name!r}, which marks rows that are not real, holds {type_name(schemas[0][name])} values.",
                "Change its type to boolean, name another column, or none.",
                "synthetic_column",
            )

    @property
    def shares(self) -> tuple[float, ...]:
        """The share of each part."""
        return tuple(each.share for each in self.parts)

    @property
    def cuts(self) -> tuple[float, ...]:
        """Where parts end, as shares of the whole; the last is 1 and left out."""
        return tuple(accumulate(self.shares))[:-1]

    def synthetic(self) -> pl.Expr:
        """Whether a row is not real."""
        name = self.synthetic_column
        if name is None or self._schemas[0].get(name) != pl.Boolean:
            return pl.lit(False).alias(SYNTHETIC)
        return pl.col(name).fill_null(False).alias(SYNTHETIC)

    def drawn(self, seed: int) -> pl.Expr:
        """The row's own number; the mark of synthetic rows is left out, so that real rows go where they went before."""
        return draw(seed, [name for name in self._schemas[0] if name != self.synthetic_column])

    def separated(self, table: Relation, added: tuple[str, ...]) -> tuple[Relation, ...]:
        """The parts, by the number in ``__part``; helper columns are taken away."""
        return tuple(
            MapRows(table, KeepRows(pl.col(PART) == number, (PART, *added))) for number in range(len(self.parts))
        )

    def separated_in(self, groups: GroupKeys, table: Relation, seed: int) -> tuple[Relation, ...]:
        """Parts of exact size in each group: rows are numbered in the order of their hashes."""
        ready = MapRows(table, AddColumns((self.drawn(seed).alias("__draw"), self.synthetic(), *groups.added)))
        functions = (WindowFunction("row_number", "__place"), WindowFunction("group", "__size", "__draw", "count"))
        placed = Window(ready, (*groups.names, SYNTHETIC), (Order("__draw"),), functions)
        part = part_by_place(pl.col("__place"), pl.col("__size"), self.shares)
        helpers = ("__draw", SYNTHETIC, "__place", "__size", *groups.added_names)
        return self.separated(MapRows(placed, AddColumns((_real(pl.col(SYNTHETIC), part),))), helpers)

    def separated_by(self, drawn: pl.Expr, table: Relation, added: tuple[str, ...] = ()) -> tuple[Relation, ...]:
        """Parts of about the right size: each row goes by its own number between 0 and 1."""
        part = _real(self.synthetic(), part_below(drawn, self.cuts))
        return self.separated(MapRows(table, AddColumns((part,))), added)


def _real(synthetic: pl.Expr, part: pl.Expr) -> pl.Expr:
    return pl.when(~synthetic).then(part).otherwise(pl.lit(0, pl.Int64)).alias(PART)


def part_below(value: pl.Expr, cuts: tuple[float, ...]) -> pl.Expr:
    """The number of the part: how many cuts a value has reached."""
    return pl.sum_horizontal((value >= cut).cast(pl.Int64) for cut in cuts)


def part_by_place(place: pl.Expr, size: pl.Expr, shares: tuple[float, ...]) -> pl.Expr:
    """The number of the part of the row at a place (1, 2 ...) in a group of some size.

    Sizes by the method of the largest remainder: each part gets its share rounded down, and the rows
    left over go to the parts that lost most, the earlier one where they lost the same. A group with
    fewer rows than there are parts goes to the first part.
    """
    # Rounded to nine places, or 0.29 of 100 rows would be a little less than 29.
    wanted = [(size * share).round(9) for share in shares]
    whole = [each.floor().cast(pl.Int64) for each in wanted]
    lost = [(each - each.floor()).round(9) for each in wanted]
    left = size - pl.sum_horizontal(whole)
    upto, ends = pl.lit(0, pl.Int64), []
    for i, mine in enumerate(lost):
        before = [(other >= mine if j < i else other > mine).cast(pl.Int64) for j, other in enumerate(lost) if j != i]
        upto = upto + whole[i] + (pl.sum_horizontal(before) < left).cast(pl.Int64)
        ends.append(upto)
    part = pl.sum_horizontal((place > end).cast(pl.Int64) for end in ends[:-1])
    return pl.when(size >= len(shares)).then(part).otherwise(pl.lit(0, pl.Int64))


def part_in_stratum(place: pl.Expr, size: pl.Expr, before: pl.Expr, shares: tuple[float, ...]) -> pl.Expr:
    """The number of the part of the row at a place (1, 2 ...) in a stratum of some size.

    Shares are rounded over all strata, one after the other: of the first n rows of all, the share of n, rounded up, is
    in the first part; and so of those that are left for the second, and the others. So a stratum has its share rounded
    up or down in the first part, and all strata together have the whole share, however small they are.

    Args:
        place: the place of the row among those of its stratum.
        size: how many these are.
        before: how many rows the strata before it have.
        shares: the share of each part.
    """
    end, ends, left = pl.lit(0, pl.Int64), [], 1.0
    for share in shares[:-1]:
        # Rounded to nine places, or 0.29 of 100 rows would be a little less than 29.
        upto, passed = (((n * (share / left)).round(9).ceil().cast(pl.Int64)) for n in (before + size, before))
        end = end + upto - passed
        ends.append(end)
        size, before, left = size - (upto - passed), before - passed, left - share
    return pl.sum_horizontal((place > each).cast(pl.Int64) for each in ends)


class SplitRandom(Split):
    """Split rows at random into parts, such as one to train on and one to test on.

    A row goes by a hash of its values, the same on every engine, so that sizes are about right and
    rows equal in all columns stay together; or to the row, rows being numbered by their hashes.
    """

    id = "split_random"
    title = "Random split"
    terms = ("train test split", "partition", "holdout", "validation set", "randomized split")
    missing = "Missing values do not matter and stay missing."
    examples = (
        Example(
            params={"exact": True},
            before={"id": [1, 2, None, 4, 5]},
            after={"id": [1, 2, None, 4]},
        ),
        Example(
            params={"parts": [{"name": "train", "share": 0.6}, {"name": "test", "share": 0.4}], "seed": 2},
            before={"id": [1, 2, None, 4, 5], "is_synthetic": [False, False, False, False, True]},
            after={"id": [1, 2, None, 5], "is_synthetic": [False, False, False, True]},
        ),
    )

    seed: Seed = 0
    """Same seed, same parts."""
    exact: bool = False
    """Sizes are right to the row; on Spark this takes all rows through one place."""

    def plan(self, *tables: Relation, learned: Any = None) -> tuple[Relation, ...]:
        if self.exact:
            return self.separated_in(group_keys((), self._schemas[0]), tables[0], self.seed)
        return self.separated_by(self.drawn(self.seed), tables[0])


class SplitStratified(Split):
    """Split rows at random into parts that have each class in the same proportion.

    A class has its share of rows in a part, rounded up or down such that all classes together have the whole
    share, too; of classes of one row, some are in one part and some in another. Rows and classes go by a hash of
    their values, the same on every engine.
    """

    id = "split_stratified"
    title = "Stratified split"
    terms = ("stratified train test split", "keep class proportions", "balanced split")
    missing = "Missing classes, NaN among them, are a class; other missing values do not matter."
    examples = (
        Example(
            params={"target": "y", "parts": [{"name": "train", "share": 0.5}, {"name": "test", "share": 0.5}]},
            before={"id": [1, 2, 3, 4, 5, 6, 7], "y": ["no", "no", "no", "no", None, None, "yes"]},
            after={"id": [1, 2, 5, 7], "y": ["no", "no", None, "yes"]},
        ),
    )

    target: KeyColumn
    """Column whose proportions are kept, such as the class to predict."""
    seed: Seed = 0
    """Same seed, same parts."""

    def plan(self, *tables: Relation, learned: Any = None) -> tuple[Relation, ...]:
        """Strata, not rows, are put in order: there are far fewer of them."""
        groups = group_keys((self.target,), self._schemas[0])
        rows = MapRows(tables[0], AddColumns((self.drawn(self.seed).alias("__draw"), self.synthetic(), *groups.added)))
        # A number instead of the class, which may be missing and so match nothing in a join.
        rows = MapRows(rows, AddColumns((draw(self.seed, groups.names).alias("__stratum"),)))
        real = MapRows(rows, KeepRows(~pl.col(SYNTHETIC)))
        strata = Aggregate(real, ("__stratum",), (Measure("rows", "", "__size"),))
        upto = Window(strata, (), (Order("__stratum"),), (WindowFunction("cumulative", "__upto", "__size", "sum"),))
        found = Join(rows, upto, ("__stratum",), ("__stratum",), "left")
        placed = Window(found, ("__stratum", SYNTHETIC), (Order("__draw"),), (WindowFunction("row_number", "__place"),))
        size, before = pl.col("__size"), pl.col("__upto") - pl.col("__size")
        part = part_in_stratum(pl.col("__place"), size, before, self.shares)
        helpers = ("__draw", SYNTHETIC, "__stratum", "__size", "__upto", "__place", *groups.added_names)
        return self.separated(MapRows(placed, AddColumns((_real(pl.col(SYNTHETIC), part),))), helpers)


class SplitOrdered(Split):
    """Split rows by time or another order into parts: the first rows to train on, the last to test on.

    Rows with equal values stay together, in the part where the middle of them falls.
    """

    id = "split_ordered"
    title = "Ordered / time split"
    terms = ("time series split", "chronological split", "train on the past", "out of time")
    missing = "Rows without a value to order by, NaN among them, go to the first part."
    examples = (
        Example(
            params={"order_by": "day", "parts": [{"name": "train", "share": 0.5}, {"name": "test", "share": 0.5}]},
            before={"day": [4, 1, None, 2, 2]},
            after={"day": [1, None, 2, 2]},
        ),
    )

    order_by: KeyColumn
    """Column that says which rows come first."""

    def plan(self, *tables: Relation, learned: Any = None) -> tuple[Relation, ...]:
        """Values, not rows, are put in order: there may be far fewer of them."""
        order = pl.when(~self.synthetic()).then(self.present(self.order_by)).alias("__order")
        rows = MapRows(tables[0], AddColumns((order,)))
        present = MapRows(rows, KeepRows(pl.col("__order").is_not_null()))
        values = Aggregate(present, ("__order",), (Measure("rows", "", "__rows"),))
        functions = (
            WindowFunction("cumulative", "__upto", "__rows", "sum"),
            WindowFunction("group", "__total", "__rows", "sum"),
        )
        placed = Window(values, (), (Order("__order"),), functions)
        middle, total = pl.col("__upto") - pl.col("__rows") / 2, pl.col("__total")
        reached = [(middle > (total * cut).round(9)).cast(pl.Int64) for cut in self.cuts]
        numbered = SelectColumns((pl.col("__order").alias("__key"), pl.sum_horizontal(reached).alias("__found")))
        found = Join(rows, MapRows(placed, numbered), ("__order",), ("__key",), "left")
        part = pl.col("__found").fill_null(0).alias(PART)
        return self.separated(MapRows(found, AddColumns((part,))), ("__order", "__found"))


class SplitByKey(Split):
    """Split rows at random into parts such that rows with the same key are all in one part.

    A key goes by a hash of its values, the same on every engine, in every table and with more rows
    tomorrow; sizes are about right where there are many keys.
    """

    id = "split_by_key"
    title = "Split by key (no leakage)"
    terms = ("group split", "split by customer", "group shuffle split", "no leakage")
    missing = (
        "Rows of which the whole key is missing, NaN among it, go each on their own; a part of a key may be missing."
    )
    examples = (
        Example(
            params={"key": ["customer"], "parts": [{"name": "train", "share": 0.5}, {"name": "test", "share": 0.5}]},
            before={"customer": ["a", "b", "a", "c", None, None], "x": [1, 2, 3, 4, 5, 6]},
            after={"customer": ["c", None, None], "x": [4, 5, 6]},
        ),
    )

    key: KeyColumns
    """Columns that together say what belongs together, such as a customer."""
    seed: Seed = 0
    """Same seed, same parts."""

    def plan(self, *tables: Relation, learned: Any = None) -> tuple[Relation, ...]:
        schema = self._schemas[0]
        keys = group_keys(self.key, schema)
        rows = MapRows(tables[0], AddColumns(keys.added)) if keys.added else tables[0]
        alone = pl.all_horizontal(pl.col(name).is_null() for name in keys.names)
        drawn = pl.when(alone).then(self.drawn(self.seed)).otherwise(draw(self.seed, keys.names))
        return self.separated_by(drawn, rows, keys.added_names)


TRANSFORMS: tuple[type[Transform], ...] = (SplitRandom, SplitStratified, SplitOrdered, SplitByKey)
