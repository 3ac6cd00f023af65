"""Rows drawn with replacement, groups drawn whole, and rows dealt to the folds of a cross-validation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.combine import row_count
from transforms.core.columns import KeyColumn, KeyColumns, taken
from transforms.core.errors import Problem
from transforms.core.params import NewColumn, Seed
from transforms.core.random import draw
from transforms.core.relations import (
    Aggregate,
    Distinct,
    Join,
    MapRows,
    Measure,
    Order,
    Range,
    Relation,
    Sample,
    Window,
    WindowFunction,
)
from transforms.core.rowwise import AddColumns, DropColumns, KeepRows, SelectColumns, nan_as_null
from transforms.core.sorting import group_keys
from transforms.core.statistics import Ask, Count
from transforms.core.transform import Example, Learned, TableTransform, Transform
from transforms.group_matching import key_names, match_keys, with_group_columns
from transforms.sort_sample import NumberOfRows, PartOfRows


class Size(Learned):
    """How large a sample is."""

    rows: int


@dataclass(frozen=True)
class CopyRows:
    """Puts each row down as often as a column says."""

    times: str

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        copies = pl.int_ranges(0, pl.col(self.times), dtype=pl.Int64).alias("__copies")
        return rows.with_columns(copies).explode("__copies").drop("__copies")


class SampleBootstrap(TableTransform):
    """Draw rows at random with replacement: some several times, some not at all (Efron 1979).

    Which rows are drawn is decided by hashes of their values, the same on every engine.
    """

    id = "sample_bootstrap"
    title = "Bootstrap sample"
    terms = ("resample", "with replacement", "bagging", "draw with replacement")
    training_only = True
    changes_rows = True
    missing = "Missing values do not matter and stay missing."
    examples = (
        Example(
            params={"output": "times"},
            before={"id": [1, 2, None, 4, 5]},
            after={"id": [2, 2, 2, None, 5], "times": [3, 3, 3, 1, 1]},
        ),
        Example(
            params={"rows": 3, "seed": 7},
            before={"id": [1, 2, None, 4, 5]},
            after={"id": [1, None, 5]},
        ),
    )

    rows: NumberOfRows | None = None
    """How many rows to draw; left empty, as many as the table has where the step is fitted."""
    output: NewColumn | None = None
    """Name of a column that says how often a row was drawn; none when empty."""
    seed: Seed = 0
    """Same seed, same rows."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.output is not None:
            yield from taken(self.output, schemas[0])

    def fit(self, ask: Ask) -> Size:
        return Size(rows=ask(Count())[0] if self.rows is None else self.rows)

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        """Places drawn with replacement are counted, and each row is copied as often as its place was drawn."""
        drawn = MapRows(tables[0], AddColumns((draw(self.seed, self._schemas[0].names()).alias("__draw"),)))
        placed = Window(drawn, (), (Order("__draw"),), (WindowFunction("row_number", "__place"),))
        size = Join(Range(learned.rows, "__turn"), row_count(tables[0], "__rows"), (), (), "cross")
        picked = (draw(self.seed, ["__turn"]) * pl.col("__rows")).floor().cast(pl.Int64) + 1
        # The largest draw times a large number may be rounded up to that number.
        place = pl.min_horizontal(picked, "__rows").alias("__key")
        times = Aggregate(MapRows(size, SelectColumns((place,))), ("__key",), (Measure("rows", "", "__times"),))
        found = MapRows(Join(placed, times, ("__place",), ("__key",)), CopyRows("__times"))
        if self.output is None:
            return MapRows(found, DropColumns(("__draw", "__place", "__times")))
        named = MapRows(found, AddColumns((pl.col("__times").alias(self.output),)))
        return MapRows(named, DropColumns(("__draw", "__place", "__times")))


class SampleGroups(TableTransform):
    """Keep all rows of some groups, drawn at random, and none of the others.

    A group is drawn by a hash of its key, the same on every engine: a number of groups is kept exactly, a share by
    chance.
    """

    id = "sample_groups"
    title = "Sample whole groups"
    terms = ("cluster sample", "sample customers", "sample by key", "keep groups together")
    training_only = True
    changes_rows = True
    missing = "Missing group values, NaN among them, are a group of their own; other missing values do not matter."
    examples = (
        Example(
            params={"by": ["city"], "groups": 2},
            before={"city": ["Oslo", "Rome", "Oslo", None, "Bonn", None], "n": [1, 2, 3, 4, 5, None]},
            after={"city": ["Oslo", "Oslo", None, None], "n": [1, 3, 4, None]},
        ),
        Example(
            params={"by": ["x"], "share": 0.5, "seed": 1},
            before={"x": [0.5, 1.5, float("nan"), None, 0.5]},
            after={"x": [0.5, float("nan"), None, 0.5]},
        ),
    )

    by: KeyColumns
    """Columns that make the groups."""
    groups: Annotated[int, Field(ge=1)] | None = None
    """How many groups to keep; all, where there are fewer. Give this or a share."""
    share: PartOfRows | None = None
    """Which share of the groups to keep, 0 to 1. Give this or a number of groups."""
    seed: Seed = 0
    """Same seed, same groups."""

    @model_validator(mode="after")
    def _size_is_given_once(self) -> Self:
        if (self.groups is None) == (self.share is None):
            both = "both" if self.groups else "neither"
            raise ValueError(f"The size is a number of groups or a share, found {both}. Give one of them.")
        return self

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        keys = match_keys(self.by, [self.dtype(name) for name in self.by])
        names = key_names(self.by)
        rows = MapRows(tables[0], AddColumns(keys))
        if self.groups is None:
            return MapRows(rows, KeepRows(draw(self.seed, names) < self.share, names))
        # As left table the rows stay whole, each once.
        drawn = Sample(Distinct(MapRows(rows, SelectColumns(tuple(map(pl.col, names)))), names), self.groups, self.seed)
        return MapRows(Join(rows, drawn, names, names, "semi"), DropColumns(names))


class AssignFolds(TableTransform):
    """Deal rows to the folds of a cross-validation, and say in which each is.

    Folds have the same number of rows, give or take one, and so has each class in them. Groups are dealt whole,
    those with the same most frequent class together and large ones first, so that folds are about equally large and
    alike. Who comes first is decided by a hash, the same on every engine.
    """

    id = "assign_folds"
    title = "Assign cross-validation folds"
    terms = ("k-fold", "cross validation", "stratified k-fold", "group k-fold", "CV split")
    training_only = True
    missing = "Missing classes, NaN among them, are one class, and missing groups one group."
    examples = (
        Example(
            params={"k": 2},
            before={"id": [1, 2, None, 4, 5]},
            after={"id": [1, 2, None, 4, 5], "fold": [2, 1, 2, 1, 1]},
        ),
        Example(
            params={"k": 2, "stratify": "y"},
            before={"id": [1, 2, 3, 4, 5, 6], "y": ["a", "b", "a", "b", None, None]},
            after={"id": [1, 2, 3, 4, 5, 6], "y": ["a", "b", "a", "b", None, None], "fold": [1, 2, 2, 1, 1, 2]},
        ),
        Example(
            params={"k": 2, "group": "who", "output": "part"},
            before={"who": ["ann", "ann", "bo", "cy", "ann", None], "n": [1, 2, 3, 4, 5, None]},
            after={
                "who": ["ann", "ann", "bo", "cy", "ann", None],
                "n": [1, 2, 3, 4, 5, None],
                "part": [1, 1, 2, 2, 1, 1],
            },
        ),
    )

    k: int = Field(5, ge=2, le=1_000)
    """How many folds."""
    stratify: KeyColumn | None = None
    """Column whose values each fold has in the same proportion, such as the class to predict."""
    group: KeyColumn | None = None
    """Column whose equal values stay in one fold, such as a customer; this comes before equal proportions."""
    output: NewColumn = "fold"
    """Name of the new column, which counts the folds from 1."""
    seed: Seed = 0
    """Same seed, same folds."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])
        if self.group is not None and self.group == self.stratify:
            found = f"{self.group!r} cannot stay together and be spread evenly."
            yield Problem(found, "Choose another column for one of them.", "group")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        schema = self._schemas[0]
        if self.group is not None:
            groups = self._dealt_groups(tables[0], self.group)
            return with_group_columns(tables[0], groups, (self.group,), {"__fold": self.output}, schema)
        classes = group_keys(() if self.stratify is None else (self.stratify,), schema)
        drawn = AddColumns((draw(self.seed, schema.names()).alias("__draw"), *classes.added))
        # All classes in one row, one after the other, so that the folds are equally large in all.
        order = (*map(Order, classes.names), Order("__draw"))
        placed = Window(MapRows(tables[0], drawn), (), order, (WindowFunction("row_number", "__place"),))
        fold = ((pl.col("__place") - 1) % self.k + 1).alias(self.output)
        return MapRows(MapRows(placed, AddColumns((fold,))), DropColumns(("__draw", "__place", *classes.added_names)))

    def _dealt_groups(self, table: Relation, group: str) -> Relation:
        """One row for each group with its fold; dealt back and forth, so that no fold always gets the larger one."""
        rows = nan_as_null(table, (group,), self._schemas[0])
        measures = [Measure("rows", "", "__rows")]
        order = [Order("__rows", descending=True), Order("__draw")]
        if self.stratify is not None:
            measures.append(Measure("mode", self.stratify, "__class"))
            order.insert(0, Order("__class"))
        groups = MapRows(
            Aggregate(rows, (group,), tuple(measures)), AddColumns((draw(self.seed, [group]).alias("__draw"),))
        )
        placed = Window(groups, (), tuple(order), (WindowFunction("row_number", "__place"),))
        turn = (pl.col("__place") - 1) % (2 * self.k)
        fold = pl.when(turn < self.k).then(turn + 1).otherwise(2 * self.k - turn)
        return MapRows(placed, AddColumns((fold.alias("__fold"),)))


TRANSFORMS: tuple[type[Transform], ...] = (SampleBootstrap, SampleGroups, AssignFolds)
