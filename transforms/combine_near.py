"""Tables joined where keys are near rather than equal: in time, or as texts that are alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import Field

from transforms.combine import Suffix
from transforms.core.columns import KEYS, AnyKeyColumns, ColumnField, ColumnsField, TemporalColumn, TextColumn, taken
from transforms.core.dtypes import common_type, type_name
from transforms.core.errors import Problem
from transforms.core.params import NewColumn, Params, Share
from transforms.core.relations import (
    Aggregate,
    AsofJoin,
    Distinct,
    Join,
    MapRows,
    Measure,
    Order,
    Relation,
    right_names,
)
from transforms.core.rowwise import AddColumns, KeepRows, RefuseRows, SelectColumns
from transforms.core.transform import Example, TableTransform, Transform
from transforms.date_units import MICROSECONDS, SpanUnit
from transforms.group_matching import go_together
from transforms.text_compare import CompareText

Side = Literal["left", "right"]
RightKeys = Annotated[tuple[str, ...], ColumnsField(KEYS, table=1, at_least=0)]
RightText = Annotated[str, ColumnField(("text",), table=1)]
RightTime = Annotated[str, ColumnField(("date", "datetime"), table=1)]


def key_problems(
    left_by: tuple[str, ...], right_by: tuple[str, ...], left: pl.Schema, right: pl.Schema
) -> Iterator[Problem]:
    """What is wrong with keys that are to be equal in two tables."""
    if len(left_by) != len(right_by):
        found = f"There are {len(left_by)} key columns on the left and {len(right_by)} on the right."
        yield Problem(found, "Choose as many on both sides.", "right_by")
        return
    for mine, theirs in zip(left_by, right_by, strict=True):
        if not go_together(left[mine], right[theirs]):
            found = (
                f"Column {mine!r} holds {type_name(left[mine])} values and {theirs!r}, on the right, "
                f"{type_name(right[theirs])} values, so they cannot match."
            )
            yield Problem(found, "Change the type of one of them first.", "right_by")


class AsofJoinTables(TableTransform):
    """Add to each row the row of another table that is nearest in time; no row is added or lost."""

    id = "asof_join"
    title = "Nearest-time join"
    terms = ("asof join", "nearest date join", "as of", "point in time", "last known value", "rolling join")
    inputs = ("left", "right")
    missing = (
        "A missing time or key, NaN among keys, matches nothing; the columns of the right table are missing where "
        "there is no match."
    )
    examples = (
        Example(
            params={"left_on": "at", "right_on": "day", "left_by": ["who"], "right_by": ["id"]},
            before={"who": ["a", "b", "a"], "at": [date(2024, 1, 5), date(2024, 1, 5), None]},
            others=({"id": ["a", "a", "b"], "day": [date(2024, 1, 3), date(2024, 1, 6), None], "x": [1, 2, 3]},),
            after={
                "who": ["a", "b", "a"],
                "at": [date(2024, 1, 5), date(2024, 1, 5), None],
                "day": [date(2024, 1, 3), None, None],
                "x": [1, None, None],
            },
        ),
        Example(
            params={
                "left_on": "at",
                "right_on": "at",
                "direction": "nearest",
                "tolerance": 90,
                "tolerance_unit": "minute",
            },
            before={"at": [datetime(2024, 1, 1, 8), datetime(2024, 1, 1, 12), None]},
            others=({"at": [datetime(2024, 1, 1, 7), datetime(2024, 1, 1, 9)], "x": [1, 2]},),
            after={
                "at": [datetime(2024, 1, 1, 8), datetime(2024, 1, 1, 12), None],
                "at_right": [datetime(2024, 1, 1, 7), None, None],
                "x": [1, None, None],
            },
        ),
    )

    left_on: TemporalColumn
    """Column of dates or times of the left table."""
    right_on: RightTime
    """Column of dates or times of the right table."""
    left_by: AnyKeyColumns = ()
    """Key columns of the left table that have to be equal."""
    right_by: RightKeys = ()
    """Key columns of the right table, in the same order."""
    direction: Literal["backward", "forward", "nearest"] = "backward"
    """Take the last row at or before the time, the first at or after it, or the nearer of the two; of two as near,
    the one before. Of several rows of the same time, the hash of the row decides."""
    tolerance: int | None = Field(None, ge=0, le=10_000_000)
    """Match only rows that are no farther away than so many units; any when empty."""
    tolerance_unit: SpanUnit = "day"
    """What the tolerance counts."""
    suffix: Suffix = "_right"
    """Added to names of right columns that the left table has already."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from key_problems(self.left_by, self.right_by, *schemas)
        first, second = schemas[0][self.left_on], schemas[1][self.right_on]
        if common_type(first, second) is None:
            found = f"{self.left_on!r} and {self.right_on!r}, on the right, have different time zones."
            yield Problem(found, "Take both to the same time zone.", "right_on")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        left, right = self._schemas
        added = [name for name in right if name not in self.right_by]
        names = right_names(left.names(), added, self.suffix)
        dtype = common_type(self.dtype(self.left_on), self.dtype(self.right_on, 1)) or pl.Null()
        moment = pl.Datetime("us") if dtype in (pl.Null, pl.Date) else dtype
        at = pl.col(self.left_on).cast(moment).alias("__at")
        values = pl.struct(pl.col(old).alias(f"v{i}") for i, old in enumerate(added)).alias("__row")
        theirs = MapRows(
            tables[1],
            SelectColumns((*map(pl.col, self.right_by), pl.col(self.right_on).cast(moment).alias("__time"), values)),
        )
        found: Relation = MapRows(tables[0], AddColumns((at,)))
        sides: tuple[Literal["backward", "forward"], ...] = (
            ("backward", "forward") if self.direction == "nearest" else (self.direction,)
        )
        for side in sides:
            right_side = self._named(theirs, side)
            found = AsofJoin(found, right_side, "__at", f"__time_{side}", self.left_by, self.right_by, side)
        row = self._row(sides)
        fields = (row.struct.field(f"v{i}").alias(names[old]) for i, old in enumerate(added))
        return MapRows(found, SelectColumns((*map(pl.col, left), *fields)))

    def _named(self, theirs: Relation, side: str) -> Relation:
        named = (pl.col("__time").alias(f"__time_{side}"), pl.col("__row").alias(f"__row_{side}"))
        return MapRows(theirs, SelectColumns((*map(pl.col, self.right_by), *named)))

    def _row(self, sides: tuple[str, ...]) -> pl.Expr:
        """The right row that was found, null where none is near enough."""
        distance = {side: (pl.col("__at") - pl.col(f"__time_{side}")).dt.total_microseconds().abs() for side in sides}
        side = sides[0]
        row, near = pl.col(f"__row_{side}"), distance[side]
        if len(sides) > 1:
            forward = (distance["forward"] < near) | near.is_null()
            row = pl.when(forward).then("__row_forward").otherwise(row)
            near = pl.min_horizontal(*distance.values())
        if self.tolerance is None:
            return row
        return pl.when(near <= self.tolerance * MICROSECONDS[self.tolerance_unit]).then(row)


class TextMatch(Params):
    """Two columns whose texts have to be alike."""

    left: TextColumn
    """Column of the left table."""
    right: RightText
    """Column of the right table."""
    metric: Literal[
        "names", "levenshtein", "damerau", "jaro_winkler", "jaccard", "cosine", "token_sort", "token_set"
    ] = "names"
    """How likeness is measured, 0 to 1: word by word (names: the share of the letters of words in common, in any order,
    with at most one slip in five letters, without legal forms; other numbers are unlike), by characters to change
    (levenshtein, damerau), by Jaro-Winkler, by words in common (jaccard, cosine), or by characters after sorting
    words, or putting common ones first (token_sort, token_set)."""
    threshold: Share = 0.85
    """The least likeness of a match."""


class FuzzyJoin(TableTransform):
    """Put two tables side by side where texts are alike, though not equal."""

    id = "fuzzy_join"
    title = "Fuzzy join"
    terms = ("approximate match", "record linkage", "entity resolution", "similar names", "match names")
    inputs = ("left", "right")
    changes_rows = True
    missing = (
        "A missing text or key, NaN among keys, matches nothing; the columns of the right table are missing where "
        "there is no match."
    )
    examples = (
        Example(
            params={"on": [{"left": "name", "right": "company", "metric": "levenshtein", "threshold": 0.7}]},
            before={"id": [1, 2, 3], "name": ["ACME  Corp", "Globex", None]},
            others=({"company": ["acme corp.", "Initech", "Acme"], "zone": [7, 8, None]},),
            after={
                "id": [1, 2, 3],
                "name": ["ACME  Corp", "Globex", None],
                "company": ["acme corp.", None, None],
                "zone": [7, None, None],
                "match_score": [0.9, None, None],
            },
        ),
    )

    on: tuple[TextMatch, ...] = Field(min_length=1)
    """Pairs of columns that have to be alike, all of them; the score is the mean of their likenesses."""
    left_by: AnyKeyColumns = ()
    """Key columns of the left table that have to be equal, so that only rows with the same keys are compared."""
    right_by: RightKeys = ()
    """Key columns of the right table, in the same order."""
    keep: Literal["best", "all"] = "best"
    """Match each row with the one that is most alike, or with all that are alike enough. Of several as alike, the
    first text by code point is taken; of several rows with the same text, the hash of the row decides."""
    how: Literal["left", "inner"] = "left"
    """Keep all rows of the left table, or those with a match only."""
    normalize: bool = True
    """Compare texts in small letters, without blanks at the ends and with single blanks inside."""
    output: NewColumn | None = "match_score"
    """Name of the column that says how alike the two are, 0 to 1; none when empty."""
    suffix: Suffix = "_right"
    """Added to names of right columns that the left table has already."""
    max_pairs: int = Field(5_000_000, ge=1)
    """Stop the run, before anything is compared, when more pairs of different texts than this are to be."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from key_problems(self.left_by, self.right_by, *schemas)
        if self.output is not None:
            yield from taken(self.output, schemas[0])
        for i in range(len(self.on)):
            for problem in self._compare(i).check(self._compared(i)):
                yield replace(problem, field="on")

    def _compared(self, i: int) -> pl.Schema:
        return pl.Schema({f"__left_{i}": pl.String(), f"__right_{i}": pl.String()})

    def _compare(self, i: int) -> CompareText:
        return CompareText(left=f"__left_{i}", right=f"__right_{i}", metric=self.on[i].metric, output=f"__score_{i}")

    @property
    def _keys(self) -> tuple[str, ...]:
        return tuple(f"__by_{i}" for i in range(len(self.left_by)))

    def _texts(self, side: Side) -> tuple[str, ...]:
        return tuple(f"__{side}_{i}" for i in range(len(self.on)))

    def _added(self, side: Side) -> Iterator[pl.Expr]:
        """What is compared: the keys in types that both tables have, and the texts."""
        pairs = zip(self._keys, self.left_by, self.right_by, strict=True)
        for key, mine, theirs in pairs:
            dtype = common_type(self.dtype(mine), self.dtype(theirs, 1)) or pl.Null()
            value = pl.col(mine if side == "left" else theirs).cast(dtype)
            yield (value.fill_nan(None) if dtype.is_float() else value).alias(key)
        for each, name in zip(self.on, self._texts(side), strict=True):
            text = pl.col(each.left if side == "left" else each.right).cast(pl.String)
            if self.normalize:
                text = text.str.to_lowercase().str.replace_all(r"\s+", " ").str.strip_chars()
            yield text.alias(name)

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        mine, theirs = (*self._keys, *self._texts("left")), (*self._keys, *self._texts("right"))
        added = [name for name in self._schemas[1] if name not in self.right_by]
        left = MapRows(tables[0], AddColumns(tuple(self._added("left"))))
        values = (pl.col(name).alias(f"__value_{i}") for i, name in enumerate(added))
        right: Relation = MapRows(tables[1], SelectColumns((*self._added("right"), *values)))
        pairs = self._alike(_distinct(left, mine), _distinct(right, theirs))
        if self.keep == "best":
            by_score = (Order("__score", descending=True), *map(Order, self._texts("right")))
            pairs = Distinct(pairs, mine, "first", by_score)
            right = Distinct(right, theirs)
        both = Join(Join(left, pairs, mine, mine, self.how), right, theirs, theirs, self.how)
        score = () if self.output is None else (pl.col("__score").alias(self.output),)
        taken_names = [*self._schemas[0], *(each.meta.output_name() for each in score)]
        names = right_names(taken_names, added, self.suffix).values()
        shown = (pl.col(f"__value_{i}").alias(name) for i, name in enumerate(names))
        return MapRows(both, SelectColumns((*map(pl.col, self._schemas[0]), *shown, *score)))

    def _alike(self, left: Relation, right: Relation) -> Relation:
        """Pairs of different texts that are alike enough, with their score."""
        keys = self._keys
        bounded = Join(left, self._pairs(left, right), (), (), "cross")
        found: Relation = Join(bounded, right, keys, keys, "inner" if keys else "cross")
        for i in range(len(self.on)):
            found = MapRows(found, self._compare(i).bind(self._compared(i)))
        scores = [pl.col(f"__score_{i}") for i in range(len(self.on))]
        alike = pl.all_horizontal(
            score >= each.threshold for score, each in zip(scores, self.on, strict=True)
        )  # fmt: skip
        score = scores[0] if len(scores) == 1 else pl.mean_horizontal(scores)
        kept = MapRows(found, KeepRows(alike))
        names = (*keys, *self._texts("left"), *self._texts("right"))
        return MapRows(kept, SelectColumns((*map(pl.col, names), score.alias("__score"))))

    def _pairs(self, left: Relation, right: Relation) -> Relation:
        """One row with the number of pairs, the run being stopped where they are too many."""
        keys = self._keys
        mine, theirs = (Aggregate(each, keys, (Measure("rows", "", n),)) for each, n in ((left, "__m"), (right, "__n")))
        counted = Join(mine, theirs, keys, keys, "inner" if keys else "cross")
        product = (pl.col("__m").cast(pl.Float64) * pl.col("__n")).alias("__pairs")
        total = Aggregate(MapRows(counted, SelectColumns((product,))), (), (Measure("sum", "__pairs", "__pairs"),))
        refused = RefuseRows(
            pl.col("__pairs") > self.max_pairs,
            f"There are {{}} pairs of different texts to compare, more than the {self.max_pairs:,} allowed. Name key "
            "columns that have to be equal, such as a country or a first letter, or allow more.",
            pl.col("__pairs").cast(pl.Int128, strict=False),
        )
        return MapRows(total, refused)


def _distinct(table: Relation, names: tuple[str, ...]) -> Relation:
    """Each combination of some columns once, if all of them have a value."""
    whole = pl.all_horizontal(pl.col(name).is_not_null() for name in names)
    return MapRows(Aggregate(table, names, ()), KeepRows(whole))


TRANSFORMS: tuple[type[Transform], ...] = (AsofJoinTables, FuzzyJoin)
