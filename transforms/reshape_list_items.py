"""Lists made of lists: sorted, filtered, cut, put together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.columns import taken
from transforms.core.conditions import COMPARISONS, literal, typed
from transforms.core.dtypes import common_type, type_name
from transforms.core.errors import Problem
from transforms.core.params import NewColumn, Scalar
from transforms.core.transform import Example, RowTransform, Transform
from transforms.reshape_lists import ListStep, NestedColumn, item_problems, items_of, list_of, list_problem


class ListChange(ListStep):
    """Makes another list of each list."""

    output: NewColumn | None = None
    """Name of the new column; left empty, the list is replaced."""

    def changed(self) -> pl.Expr:
        """The new list."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it does.")

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        if self.output is not None:
            yield from taken(self.output, schemas[0])

    def exprs(self) -> Iterator[pl.Expr]:
        yield self.changed().alias(self.output or self.column)


class ListSlice(ListChange):
    """Keep some neighbouring items of a list."""

    id = "list_slice"
    title = "Slice of list"
    terms = ("first items", "last items", "sublist", "array slice", "head of list", "standardize length")
    missing = "A missing list stays missing; missing items are items."
    examples = (
        Example(
            params={"column": "path", "start": 2, "length": 2},
            before={"path": [["a", "b", None, "d"], ["e"], None]},
            after={"path": [["b", None], [], None]},
        ),
        Example(
            params={"column": "path", "start": -2, "output": "end"},
            before={"path": [[1, 2, 3], [4], None]},
            after={"path": [[1, 2, 3], [4], None], "end": [[2, 3], [4], None]},
        ),
    )
    plain = False

    start: int = Field(1, ge=-(2**31), lt=2**31)
    """Place of the first item kept: 1 is the first, -1 the last; before the first, it is the first."""
    length: int | None = Field(None, ge=0, lt=2**31)
    """How many items to keep; all to the end when empty."""

    @model_validator(mode="after")
    def _counts_from_one(self) -> Self:
        if self.start == 0:
            raise ValueError("Places are counted from 1, or from -1 at the end. There is no place 0.")
        return self

    def changed(self) -> pl.Expr:
        lists = pl.col(self.column).cast(pl.List(self.items))
        if self.start > 0:
            return lists.list.slice(self.start - 1, self.length)
        first = (lists.list.len().cast(pl.Int64) + self.start).clip(lower_bound=0)
        return lists.list.slice(first, self.length)


class ListSort(ListChange):
    """Sort the items of a list, or reverse their order."""

    id = "list_sort"
    title = "Sort or reverse list"
    terms = ("order list", "array sort", "reverse array", "sort items")
    missing = "A missing list stays missing; missing items, NaN among them, go last or first."
    examples = (
        Example(
            params={"column": "n"},
            before={"n": [[3, None, 1], [], None]},
            after={"n": [[1, 3, None], [], None]},
        ),
        Example(
            params={"column": "n", "order": "reverse", "output": "back"},
            before={"n": [["b", None, "c"], None]},
            after={"n": [["b", None, "c"], None], "back": [["c", None, "b"], None]},
        ),
    )

    order: Literal["ascending", "descending", "reverse"] = "ascending"
    """Smallest first, largest first, or the other way round than they are. Text by code point."""
    nulls: Literal["last", "first"] = "last"
    """Where missing items go in a sorted list."""

    def changed(self) -> pl.Expr:
        if self.order == "reverse":
            return self.lists.list.reverse()
        return self.lists.list.sort(descending=self.order == "descending", nulls_last=self.nulls == "last")


class ListUnique(ListChange):
    """Keep each item of a list once."""

    id = "list_unique"
    title = "Unique items of list"
    terms = ("distinct items", "remove duplicates from list", "array distinct", "set")
    missing = "A missing list stays missing; missing items, NaN among them, equal each other, so one is kept."
    examples = (
        Example(
            params={"column": "tags"},
            before={"tags": [["b", "a", "b", None, None], [], None]},
            after={"tags": [["b", "a", None], [], None]},
        ),
    )

    order: Literal["first", "value"] = "first"
    """Items in the order in which they come first in the list, or by value, missing ones last."""

    def changed(self) -> pl.Expr:
        once = self.lists.list.unique(maintain_order=True)
        return once if self.order == "first" else once.list.sort(descending=False, nulls_last=True)


class ListFilter(ListChange):
    """Keep the items of a list that meet a condition."""

    id = "list_filter"
    title = "Filter list items"
    terms = ("array filter", "remove items", "keep items", "drop nulls from list")
    missing = "A missing list stays missing; missing items, NaN among them, meet no condition: they go, or stay."
    examples = (
        Example(
            params={"column": "n", "op": "at_least", "value": 2},
            before={"n": [[1, 2, None, 3], [], None]},
            after={"n": [[2, 3], [], None]},
        ),
        Example(
            params={"column": "t", "op": "contains", "value": "a", "drop_missing": False},
            before={"t": [["ab", "cd", None], None]},
            after={"t": [["ab", None], None]},
        ),
    )

    op: Literal[
        "equals", "not_equals", "less", "at_most", "more", "at_least", "contains", "starts_with", "ends_with"
    ] = "equals"
    """How to compare; the last three are for text."""
    value: Scalar
    """What to compare items with. Dates as ISO text."""
    drop_missing: bool = True
    """Take missing items away too."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        if self.op in COMPARISONS:
            yield from item_problems(self.value, self.column, self.items)
        elif self.items not in (pl.String, pl.Null):
            found = f"The lists in {self.column!r} hold {type_name(self.items)} values; {self.op!r} works on text."
            yield Problem(found, "Compare in another way.", "op")

    def changed(self) -> pl.Expr:
        met = self._condition(pl.element())
        return self.lists.list.filter(met.fill_null(not self.drop_missing))

    def _condition(self, item: pl.Expr) -> pl.Expr:
        if self.items == pl.Null:
            return pl.when(item.is_not_null()).then(True)
        if self.op in COMPARISONS:
            met: pl.Expr = COMPARISONS[self.op](item, literal(typed(self.value, self.items), self.items))
            return met
        text = str(self.value)
        match self.op:
            case "contains":
                return item.str.contains(text, literal=True)
            case "starts_with":
                return item.str.starts_with(text)
            case _:
                return item.str.ends_with(text)


class ListSetOperation(RowTransform):
    """Put two lists together: all items, those of either, of both, or of one only, or in pairs."""

    id = "list_set_operation"
    title = "Combine two lists"
    terms = ("union of lists", "intersection", "difference", "append lists", "zip", "array union", "common items")
    missing = (
        "Where either list is missing, so is the result; missing items, NaN among them, are items that equal each "
        "other. Zip fills the shorter list up with missing items."
    )
    examples = (
        Example(
            params={"left": "a", "right": "b", "output": "both"},
            before={"a": [["x", "y"], ["x", None], None], "b": [["y", "z"], [None], ["x"]]},
            after={
                "a": [["x", "y"], ["x", None], None],
                "b": [["y", "z"], [None], ["x"]],
                "both": [["x", "y", "z"], ["x", None], None],
            },
        ),
        Example(
            params={"left": "a", "right": "b", "op": "zip", "output": "pairs"},
            before={"a": [["x", "y"], [], None], "b": [[1], [], [2]]},
            after={
                "a": [["x", "y"], [], None],
                "b": [[1], [], [2]],
                "pairs": [[{"left": "x", "right": 1}, {"left": "y", "right": None}], [], None],
            },
        ),
    )

    left: NestedColumn
    """One column of lists."""
    right: NestedColumn
    """The other."""
    op: Literal["concat", "union", "intersect", "difference", "zip"] = "union"
    """Put the right list behind the left one (concat); or give each item once, in the order of its first place:
    items of either list (union), of both (intersect), of the left one only (difference); or make objects of the
    items at the same places, with the fields left and right (zip)."""
    output: NewColumn
    """Name of the new column."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])
        problems = [
            list_problem(name, self.dtype(name), field, plain=self.op not in ("concat", "zip"))
            for field, name in (("left", self.left), ("right", self.right))
        ]
        yield from filter(None, problems)
        if self.op != "zip" and not any(problems):
            first, second = items_of(self.dtype(self.left)), items_of(self.dtype(self.right))
            if common_type(first, second) is None:
                found = f"The lists hold {type_name(first)} and {type_name(second)} values, which do not go together."
                yield Problem(found, "Change the type of one of them first.", "right")

    def exprs(self) -> Iterator[pl.Expr]:
        if self.op == "zip":
            yield self._pairs().alias(self.output)
            return
        common = common_type(items_of(self.dtype(self.left)), items_of(self.dtype(self.right))) or pl.Null()
        left, right = (list_of(each, self.dtype(each)).cast(pl.List(common)) for each in (self.left, self.right))
        match self.op:
            case "concat":
                found = pl.concat_list(left, right)
            case "union":
                found = pl.concat_list(left, right).list.unique(maintain_order=True)
            case "intersect":
                found = _without(left, _without(left, right))
            case _:
                found = _without(left, right)
        yield found.alias(self.output)

    def _pairs(self) -> pl.Expr:
        both = [pl.col(name).cast(pl.List(items_of(self.dtype(name)))) for name in (self.left, self.right)]
        longest = pl.max_horizontal(each.list.len().cast(pl.Int64) for each in both)
        present = pl.all_horizontal(each.is_not_null() for each in both)
        places = pl.int_ranges(0, pl.when(present).then(longest).otherwise(0), dtype=pl.Int64)
        filled = (pl.when(present).then(each).list.gather(places, null_on_oob=True) for each in both)
        fields = {side: items_of(self.dtype(name)) for side, name in (("left", self.left), ("right", self.right))}
        return pl.struct(*(each.alias(side) for each, side in zip(filled, fields, strict=True))).map_batches(
            zipped, return_dtype=pl.List(pl.Struct(fields)), is_elementwise=True
        )


def _without(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    """The items of the left list that the right one lacks, each once; polars' own set operations keep no order."""
    both = pl.concat_list(right, left).list.unique(maintain_order=True)
    return both.list.slice(right.list.n_unique().cast(pl.Int64))


def zipped(pairs: pl.Series) -> pl.Series:
    """Objects of the items at the same places of two lists of the same length; null where they are."""
    lists = pairs.struct.unnest().with_row_index("row")
    objects = (
        lists.drop_nulls()
        .explode("left", "right", empty_as_null=False)
        .group_by("row", maintain_order=True)
        .agg(pl.struct("left", "right").alias("pairs"))
    )
    found = lists.join(objects, on="row", how="left", maintain_order="left")
    empty = pl.lit([], dtype=objects.schema["pairs"])
    return found.select(pl.when(pl.col("left").is_not_null()).then(pl.col("pairs").fill_null(empty)))["pairs"]


TRANSFORMS: tuple[type[Transform], ...] = (ListSlice, ListSort, ListUnique, ListFilter, ListSetOperation)
