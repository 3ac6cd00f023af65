"""Lists measured, read and searched: one value made of each list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.aggregate import function_problem
from transforms.core.columns import Column, ColumnField, taken
from transforms.core.conditions import literal, typed
from transforms.core.conversion import as_text
from transforms.core.dtypes import common_type, type_name
from transforms.core.errors import Problem
from transforms.core.params import NewColumn, Scalar
from transforms.core.transform import Example, RowTransform, Transform

NestedColumn = Annotated[str, ColumnField(("nested",))]
NUMBERS = ("sum", "mean", "median", "std")


def list_problem(name: str, dtype: pl.DataType, field: str, *, plain: bool) -> Problem | None:
    """What is wrong with a column that is to hold lists, or, if ``plain``, lists of single values."""
    if not isinstance(dtype, pl.List | pl.Null):
        found = f"Column {name!r} holds {type_name(dtype)} values, not lists."
        return Problem(found, "Choose another column.", field)
    if plain and items_of(dtype).is_nested():
        found = f"Column {name!r} holds lists of {type_name(items_of(dtype))} values, not of single values."
        return Problem(found, "Turn the lists into rows and flatten them first.", field)
    return None


def items_of(dtype: pl.DataType) -> pl.DataType:
    """The type of the items of a list; that of nulls where there are only missing lists."""
    if not isinstance(dtype, pl.List):
        return pl.Null()
    return dtype.inner() if isinstance(dtype.inner, type) else dtype.inner


def list_of(name: str, dtype: pl.DataType) -> pl.Expr:
    """A column of lists, NaN among their items as null."""
    lists = pl.col(name).cast(pl.List(items_of(dtype)))
    return lists.list.eval(pl.element().fill_nan(None)) if items_of(dtype).is_float() else lists


class ListStep(RowTransform):
    """Takes a column of lists."""

    plain: ClassVar[bool] = True
    """Whether the items have to be single values."""

    column: NestedColumn
    """Column of lists."""

    @property
    def items(self) -> pl.DataType:
        """The type of the items."""
        return items_of(self.dtype(self.column))

    @property
    def lists(self) -> pl.Expr:
        """The lists, NaN among their items as null."""
        return list_of(self.column, self.dtype(self.column))

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        problem = list_problem(self.column, self.dtype(self.column), "column", plain=self.plain)
        if problem:
            yield problem


class ListMeasure(ListStep):
    """Makes one new column of the lists in a column."""

    ending: ClassVar[str]
    """What the name of the new column ends in, unless it is given."""

    output: NewColumn | None = None
    """Name of the new column; left empty, that of the list with what was taken of it behind it."""

    @property
    def new_column(self) -> str:
        """The name of the new column."""
        return self.output or f"{self.column}_{self.ending}"

    def measured(self) -> pl.Expr:
        """What to take of the list."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it does.")

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        yield from taken(self.new_column, schemas[0])

    def exprs(self) -> Iterator[pl.Expr]:
        yield self.measured().alias(self.new_column)


class ListLength(ListMeasure):
    """Count the items of a list."""

    id = "list_length"
    title = "Length of list"
    terms = ("list size", "count items", "array length", "number of items")
    missing = "The length of a missing list is missing; missing items count."
    examples = (
        Example(
            params={"column": "tags"},
            before={"tags": [["a", "b", None], [], None]},
            after={"tags": [["a", "b", None], [], None], "tags_length": [3, 0, None]},
        ),
    )
    plain = False
    ending = "length"

    def measured(self) -> pl.Expr:
        return self.lists.list.len().cast(pl.Int64)


class ListGet(ListMeasure):
    """Take the item at one place of a list."""

    id = "list_get"
    title = "Item of list"
    terms = ("element of list", "array element", "first item", "last item", "index")
    missing = "A missing list, and a place that a list does not have, give a missing item."
    examples = (
        Example(
            params={"column": "path", "index": 1, "output": "first"},
            before={"path": [["a", "b"], [None, "c"], [], None]},
            after={"path": [["a", "b"], [None, "c"], [], None], "first": ["a", None, None, None]},
        ),
        Example(
            params={"column": "path", "index": -1},
            before={"path": [[1, 2], [3], None]},
            after={"path": [[1, 2], [3], None], "path_item": [2, 3, None]},
        ),
    )
    plain = False
    ending = "item"

    index: int = Field(1, ge=-(2**31), lt=2**31)
    """Place of the item: 1 is the first, -1 the last."""

    @model_validator(mode="after")
    def _counts_from_one(self) -> Self:
        if self.index == 0:
            raise ValueError("Places are counted from 1, or from -1 at the end. There is no place 0.")
        return self

    def measured(self) -> pl.Expr:
        lists = pl.col(self.column).cast(pl.List(self.items))
        return lists.list.get(self.index - 1 if self.index > 0 else self.index, null_on_oob=True)


class ListAggregate(ListMeasure):
    """Compute the sum, the mean or another value of the items of a list."""

    id = "list_aggregate"
    title = "Aggregate list"
    terms = ("sum of list", "mean of array", "list total", "any", "all")
    missing = (
        "Missing items, NaN among them, are left out; of a missing list, and of no items, comes a missing value, but "
        "there are 0 different items in an empty list."
    )
    examples = (
        Example(
            params={"column": "scores", "function": "sum"},
            before={"scores": [[1, None, 3], [None], [], None]},
            after={"scores": [[1, None, 3], [None], [], None], "scores_sum": [4, None, None, None]},
        ),
        Example(
            params={"column": "tags", "function": "count_distinct", "output": "different"},
            before={"tags": [["a", "b", "a"], [None], None]},
            after={"tags": [["a", "b", "a"], [None], None], "different": [2, 0, None]},
        ),
    )

    function: Literal["sum", "mean", "median", "min", "max", "std", "mode", "count_distinct", "any", "all"] = "sum"
    """What to compute.

    The standard deviation is that of a sample; of values that are equally frequent, mode takes the smallest.
    """

    @property
    def new_column(self) -> str:
        return self.output or f"{self.column}_{self.function}"

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        problem = function_problem(self.function, self.column, self.items, "function")
        if problem:
            yield problem

    def measured(self) -> pl.Expr:
        item = pl.element().drop_nulls()
        if self.function in NUMBERS and self.function != "sum":
            item = item.cast(pl.Float64)
        match self.function:
            case "sum":
                found = self._sum(item)
            case "mean":
                found = item.mean()
            case "median":
                found = item.median()
            case "std":
                found = item.std(1)
            case "mode":
                found = item.mode().min()
            case "count_distinct":
                found = item.n_unique().cast(pl.Int64)
            case "min" | "all":
                found = item.min()
            case _:
                found = item.max()
        return self.lists.list.agg(found)

    def _sum(self, item: pl.Expr) -> pl.Expr:
        """The sum, null of nothing; too large for Int64 is an error, where polars would wrap."""
        whole = self.items.is_integer() or self.items in (pl.Boolean, pl.Null)
        total = item.cast(pl.Int128).sum().cast(pl.Int64) if whole else item.sum()
        if self.items.is_float():
            total = item.cast(pl.Float64).sum()
        return pl.when(item.len() > 0).then(total)


class ListContains(ListMeasure):
    """Say whether a list holds a value."""

    id = "list_contains"
    title = "List contains"
    terms = ("array contains", "has item", "in list", "member of list")
    missing = "Where the list, or the value looked for, is missing, so is the answer; missing items equal nothing."
    examples = (
        Example(
            params={"column": "tags", "value": "new"},
            before={"tags": [["new", "red"], [None], None]},
            after={"tags": [["new", "red"], [None], None], "tags_contains": [True, False, None]},
        ),
        Example(
            params={"column": "friends", "other": "id", "output": "self"},
            before={"id": [1, 2, None], "friends": [[1, 2], [3], [4]]},
            after={"id": [1, 2, None], "friends": [[1, 2], [3], [4]], "self": [True, False, None]},
        ),
    )
    ending = "contains"

    value: Scalar | None = None
    """Value to look for. Dates as ISO text."""
    other: Column | None = None
    """Column that holds the value to look for, instead of one value."""

    @model_validator(mode="after")
    def _one_value_is_given(self) -> Self:
        if (self.value is None) == (self.other is None):
            raise ValueError("Give either a value to look for or a column that holds it.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        if self.other is not None:
            dtype = self.dtype(self.other)
            if common_type(self.items, dtype) is None or dtype.is_nested():
                found = f"A list of {type_name(self.items)} values holds no {type_name(dtype)} values."
                yield Problem(found, "Choose another column, or change its type.", "other")
        elif self.value is not None:
            yield from item_problems(self.value, self.column, self.items)

    def measured(self) -> pl.Expr:
        if self.other is None:
            assert self.value is not None
            wanted = literal(typed(self.value, self.items), self.items)
            return self.lists.list.eval(pl.element() == wanted).list.any()
        dtype = common_type(self.items, self.dtype(self.other)) or pl.Null()
        wanted = self.present(self.other).cast(dtype)
        return pl.when(wanted.is_not_null()).then(self.lists.cast(pl.List(dtype)).list.contains(wanted))


def item_problems(value: Scalar, column: str, items: pl.DataType) -> Iterator[Problem]:
    """What is wrong when the items of lists are to be compared with a value."""
    if typed(value, items) is None:
        found = f"{value!r} is not a {type_name(items)}, which is what the lists in {column!r} hold."
        yield Problem(found, "Write the value in the type of the items.", "value")


class ListJoin(ListStep):
    """Write the items of a list into one text."""

    id = "list_join"
    title = "Join list to text"
    terms = ("concatenate list", "list to string", "implode", "comma separated")
    missing = "A missing list stays missing, an empty one is empty text; missing items are left out, or written."
    examples = (
        Example(
            params={"column": "tags"},
            before={"tags": [["a", None, "b"], [], None]},
            after={"tags": ["a, b", "", None]},
        ),
        Example(
            params={"column": "n", "separator": "|", "null_text": "-", "output": "text"},
            before={"n": [[1.0, None, 2.5], None]},
            after={"n": [[1.0, None, 2.5], None], "text": ["1|-|2.5", None]},
        ),
    )

    separator: str = ", "
    """Put between items."""
    null_text: str | None = None
    """Written for a missing item; missing items are left out when not given."""
    output: NewColumn | None = None
    """Name of the new column; left empty, the list is replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        if self.output is not None:
            yield from taken(self.output, schemas[0])

    def exprs(self) -> Iterator[pl.Expr]:
        text = as_text(pl.element(), self.items).cast(pl.String)
        if self.null_text is not None:
            text = text.fill_null(self.null_text)
        texts = self.lists.list.eval(text).cast(pl.List(pl.String))
        yield texts.list.join(self.separator, ignore_nulls=True).alias(self.output or self.column)


TRANSFORMS: tuple[type[Transform], ...] = (ListLength, ListGet, ListAggregate, ListContains, ListJoin)
