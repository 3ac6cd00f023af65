"""Categories as numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.categories import (
    CATEGORY,
    CategoryColumn,
    CategoryColumns,
    category,
    category_name,
    free_names,
    in_value_order,
)
from transforms.core.columns import ColumnKeys
from transforms.core.errors import Problem, StepError
from transforms.core.params import NewColumn, Share
from transforms.core.statistics import Ask, CountWhere, ValueCounts
from transforms.core.transform import Example, Failure, FittedTransform, Learned, Transform

CODES = 10_000
"""The most categories that are numbered: beyond, a column is an identifier rather than a category."""


class OneHotColumns(Learned):
    """The columns that stand for the categories of each encoded column."""

    known: dict[str, list[str]]
    """Categories with a column of their own, and the one left out by ``drop``, in value order."""
    complete: dict[str, bool]
    """Whether those are all the categories there were."""
    names: dict[str, dict[str, str]]
    """New column by category."""
    other: dict[str, str]
    """New column for all other categories, where there is one."""
    missing: dict[str, str]
    """New column for missing values, where there is one."""


class OneHotEncode(FittedTransform):
    """Make one column of 0 and 1 for each category of a column."""

    id = "one_hot_encode"
    title = "One-hot encode"
    terms = ("dummy variables", "get_dummies", "indicator columns", "dummies")
    columns_from_data = True
    missing = (
        "Missing values (null and NaN) get 0 everywhere, a column of their own, or null everywhere, or stop the run, "
        "as chosen; empty text is a category."
    )
    unseen = "New categories get 0 everywhere, go to the other column where there is one, or stop the run, as chosen."
    examples = (
        Example(
            params={"columns": ["city"]},
            before={"id": [1, 2, 3, 4], "city": ["New York", "Oslo", None, "Oslo"]},
            after={"id": [1, 2, 3, 4], "city_new_york": [1, 0, 0, 0], "city_oslo": [0, 1, 0, 1]},
        ),
        Example(
            params={"columns": ["grade"], "max_categories": 1, "handle_missing": "column", "keep_input": True},
            before={"grade": ["a", "a", "é", "b", None]},
            after={
                "grade": ["a", "a", "é", "b", None],
                "grade_a": [1, 1, 0, 0, 0],
                "grade_other": [0, 0, 1, 1, 0],
                "grade_missing": [0, 0, 0, 0, 1],
            },
        ),
        Example(
            params={"columns": ["size"], "drop": "first", "handle_missing": "null"},
            before={"size": ["x l", "x-l", "s", None]},
            after={"size_x_l": [1, 0, 0, None], "size_x_l_2": [0, 1, 0, None]},
        ),
    )

    columns: CategoryColumns
    """Columns to encode."""
    max_categories: int = Field(50, ge=1, le=1_000)
    """Keep at most so many categories of a column, the most frequent."""
    min_share: Share = 0.0
    """Keep only categories that hold at least this share of the values present."""
    handle_rare: Literal["other", "ignore"] = "other"
    """Categories not kept get one column together, ``other``, or 0 everywhere."""
    handle_unseen: Literal["ignore", "other", "fail"] = "ignore"
    """Categories that were not there during the fit get 0 everywhere, a 1 in ``other``, or stop the run.

    Where rare categories went to ``other``, new ones cannot be told from them and do too."""
    handle_missing: Literal["zeros", "column", "null", "fail"] = "zeros"
    """Missing values get 0 everywhere, a 1 in a column of their own, null everywhere, or stop the run."""
    drop: Literal["none", "first", "last", "if_binary"] = "none"
    """Leave out the column of the first or last category, or (``if_binary``) of the first of two.

    The other columns imply it, which linear models need; but then new categories look like the one left out."""
    keep_input: bool = False
    """Keep the encoded columns too."""

    def fit(self, ask: Ask) -> OneHotColumns:
        counts = ask(
            *(ValueCounts(category(name, self.dtype(name)), self.max_categories + 1) for name in self.columns),
            *(CountWhere(self.present(name).is_not_null()) for name in self.columns),
        )
        known, complete = {}, {}
        for name, found, rows in zip(self.columns, counts, counts[len(self.columns) :], strict=False):
            self._refuse_identifier(name, found, rows)
            kept = [each for each in list(found)[: self.max_categories] if found[each] / rows >= self.min_share]
            known[name] = in_value_order(kept, self.dtype(name))
            complete[name] = len(kept) == len(found)
        return self._named(known, complete, ask.schemas[0].names())

    def _refuse_identifier(self, name: str, counts: dict[str, int], rows: int) -> None:
        top = list(counts.values())[: self.max_categories]
        # A category that occurs once teaches nothing; when even the most frequent ones do, it is an identifier.
        if len(counts) > self.max_categories and sum(top) < 2 * len(top):
            raise StepError(
                f"Column {name!r} holds a different value in nearly every row: its {len(top):,} most frequent values "
                f"cover only {sum(top):,} of {rows:,} rows, so columns of 0 and 1 would say next to nothing. Leave the "
                "column out, group its values first, or use target encode."
            )

    def _named(self, known: dict[str, list[str]], complete: dict[str, bool], taken: list[str]) -> OneHotColumns:
        names: dict[str, dict[str, str]] = {}
        other, missing = {}, {}
        for name in self.columns:
            shown = self._shown(known[name])
            wanted = [category_name(name, each) for each in shown]
            free = free_names((*wanted, f"{name}_other", f"{name}_missing"), taken)
            names[name] = dict(zip(shown, free, strict=False))
            if self.handle_unseen == "other" or (self.handle_rare == "other" and not complete[name]):
                other[name] = free[-2]
            if self.handle_missing == "column":
                missing[name] = free[-1]
            taken = [*taken, *free]
        return OneHotColumns(known=known, complete=complete, names=names, other=other, missing=missing)

    def _shown(self, known: list[str]) -> list[str]:
        match self.drop:
            case "first":
                return known[1:]
            case "last":
                return known[:-1]
            case "if_binary" if len(known) == 2:
                return known[1:]
            case _:
                return known

    def exprs(self, learned: OneHotColumns) -> Iterator[pl.Expr]:
        for name in self.columns:
            value = category(name, self.dtype(name))
            flags = {output: value == each for each, output in learned.names[name].items()}
            if name in learned.other:
                flags[learned.other[name]] = ~value.is_in(learned.known[name])
            for output, flag in flags.items():
                known = flag if self.handle_missing == "null" else flag.fill_null(value=False)
                yield known.cast(pl.Int64).alias(output)
            if name in learned.missing:
                yield value.is_null().cast(pl.Int64).alias(learned.missing[name])

    def apply(self, rows: pl.LazyFrame, learned: OneHotColumns) -> pl.LazyFrame:
        encoded = rows.with_columns(self.exprs(learned))
        return encoded if self.keep_input else encoded.drop(self.columns)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        for name in self.columns:
            value = category(name, self.dtype(name))
            if self.handle_missing == "fail":
                yield Failure(column=name, where=value.is_null(), what="are missing", stop=True)
            # Where some categories were left out, a new one cannot be told from them.
            if learned is not None and learned.complete[name] and name not in learned.other:
                new = value.is_not_null() & ~value.is_in(learned.known[name])
                yield unseen_failure(name, new, "get 0 everywhere", stop=self.handle_unseen == "fail")


class Codes(Learned):
    """The number of each category, by column."""

    codes: dict[str, dict[str, int]]


class OrdinalEncode(FittedTransform):
    """Replace each category by its place in an order."""

    id = "ordinal_encode"
    title = "Ordinal encode"
    terms = ("rank categories", "ordered categories", "category to number")
    missing = "Missing values (null and NaN) stay missing or become -1, as chosen; empty text is a category."
    unseen = "New categories become missing, -1, the number after the last, or stop the run, as chosen."
    examples = (
        Example(
            params={"columns": ["size", "rooms"], "order": {"size": ["low", "medium", "high"]}},
            before={"size": ["high", "low", None, "medium"], "rooms": [10, 9, 9, 100]},
            after={"size": [2, 0, None, 1], "rooms": [1, 0, 0, 2]},
        ),
        Example(
            params={
                "columns": ["size"],
                "order": {"size": ["s", "l"]},
                "handle_unseen": "last",
                "handle_missing": "minus_one",
                "suffix": "_rank",
            },
            before={"size": ["l", "xl", None]},
            after={"size": ["l", "xl", None], "size_rank": [1, 2, -1]},
        ),
    )

    columns: CategoryColumns
    """Columns to encode."""
    order: Annotated[dict[str, tuple[str, ...]], ColumnKeys(CATEGORY)] = Field(default={})
    """Categories from first to last, by column; other columns go by the order of their values."""
    handle_unseen: Literal["null", "minus_one", "last", "fail"] = "null"
    """Categories that have no place become missing, -1, the number after the last, or stop the run."""
    handle_missing: Literal["null", "minus_one"] = "null"
    """Missing values stay missing, or become -1."""
    suffix: str = ""
    """Added to the names of new columns; left empty, the columns are replaced."""

    @model_validator(mode="after")
    def _orders_are_sound(self) -> Self:
        for name, categories in self.order.items():
            twice = sorted({each for each in categories if categories.count(each) > 1})
            if twice:
                raise ValueError(f"The order of {name!r} lists {', '.join(map(repr, twice))} more than once.")
            if not categories:
                raise ValueError(f"The order of {name!r} lists no category.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.order:
            if name not in self.columns:
                advice = "Add the column to those to encode, or remove its order."
                yield Problem(f"There is an order for {name!r}, which is not encoded.", advice, "order")

    def fit(self, ask: Ask) -> Codes:
        sorted_by_value = [name for name in self.columns if name not in self.order]
        counts = ask(*(ValueCounts(category(name, self.dtype(name)), CODES + 1) for name in sorted_by_value))
        found = {name: numbered(name, each) for name, each in zip(sorted_by_value, counts, strict=True)}
        orders = {name: in_value_order(each, self.dtype(name)) for name, each in found.items()} | {
            name: list(each) for name, each in self.order.items()
        }
        return Codes(codes={name: {each: i for i, each in enumerate(orders[name])} for name in self.columns})

    def exprs(self, learned: Codes) -> Iterator[pl.Expr]:
        for name in self.columns:
            codes = learned.codes[name]
            unseen = {"minus_one": -1, "last": len(codes)}.get(self.handle_unseen)
            missing = -1 if self.handle_missing == "minus_one" else None
            yield code(category(name, self.dtype(name)), codes, unseen, missing).alias(f"{name}{self.suffix}")

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if learned is not None and self.handle_unseen in ("null", "fail"):
            for name in self.columns:
                new = is_new(category(name, self.dtype(name)), learned.codes[name])
                yield unseen_failure(name, new, "became missing", stop=self.handle_unseen == "fail")


class LabelEncode(FittedTransform):
    """Number the classes of a target column, and remember which number is which."""

    id = "label_encode"
    title = "Label encode"
    terms = ("factorize", "category to number", "encode target")
    missing = "Missing values (null and NaN) stay missing; empty text is a class."
    unseen = "New classes become missing, -1, or stop the run, as chosen."
    examples = (
        Example(
            params={"column": "churn"},
            before={"churn": ["yes", "no", None, "no"]},
            after={"churn": [1, 0, None, 0]},
        ),
        Example(
            params={"column": "plan", "by": "frequency", "start": 1, "output": "plan_number"},
            before={"plan": ["basic", "pro", "pro", "élite", None]},
            after={"plan": ["basic", "pro", "pro", "élite", None], "plan_number": [2, 1, 1, 3, None]},
        ),
    )

    column: CategoryColumn
    """Column to encode."""
    by: Literal["value", "frequency"] = "value"
    """Number the classes in the order of their values, or the most frequent first (ties in value order)."""
    start: int = Field(0, ge=0)
    """The first number."""
    handle_unseen: Literal["null", "minus_one", "fail"] = "null"
    """Classes that were not there during the fit become missing, -1, or stop the run."""
    output: NewColumn | None = None
    """Name of the new column; left empty, the column is replaced."""

    def fit(self, ask: Ask) -> Codes:
        dtype = self.dtype(self.column)
        (counts,) = ask(ValueCounts(category(self.column, dtype), CODES + 1))
        ordered = in_value_order(numbered(self.column, counts), dtype)
        if self.by == "frequency":
            ordered.sort(key=lambda each: -counts[each])
        return Codes(codes={self.column: {each: self.start + i for i, each in enumerate(ordered)}})

    def exprs(self, learned: Codes) -> Iterator[pl.Expr]:
        unseen = -1 if self.handle_unseen == "minus_one" else None
        value = category(self.column, self.dtype(self.column))
        yield code(value, learned.codes[self.column], unseen, None).alias(self.output or self.column)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if learned is not None and self.handle_unseen != "minus_one":
            new = is_new(category(self.column, self.dtype(self.column)), learned.codes[self.column])
            yield unseen_failure(self.column, new, "became missing", stop=self.handle_unseen == "fail")


def numbered(column: str, counts: dict[str, int]) -> dict[str, int]:
    """The counts of a column, refused when there are too many to be categories."""
    if len(counts) > CODES:
        raise StepError(
            f"Column {column!r} has more than {CODES:,} different values, so it is an identifier or a measurement "
            "rather than a category. Leave it out, group its values first, or use target encode."
        )
    return counts


def code(value: pl.Expr, codes: dict[str, int], unseen: int | None, missing: int | None) -> pl.Expr:
    """Categories as their numbers."""
    known = value.replace_strict(
        list(codes), list(codes.values()), default=pl.lit(unseen, pl.Int64), return_dtype=pl.Int64
    )
    return pl.when(value.is_null()).then(pl.lit(missing, pl.Int64)).otherwise(known)


def is_new(value: pl.Expr, codes: dict[str, int]) -> pl.Expr:
    """Whether a value is present but has no number."""
    return value.is_not_null() & ~value.is_in(list(codes))


def unseen_failure(column: str, where: pl.Expr, result: str, *, stop: bool) -> Failure:
    """Rows whose category was not there during the fit."""
    what = "hold categories that were not there when the step was fitted"
    return Failure(column=column, where=where, what=what if stop else f"{result}: they {what}", stop=stop)


TRANSFORMS: tuple[type[Transform], ...] = (OneHotEncode, OrdinalEncode, LabelEncode)
