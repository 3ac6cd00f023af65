"""Categories as how often they occur, as digits of a number, or as hashes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import polars as pl
from pydantic import Field

from transforms.categorical import CODES, code, is_new, numbered, unseen_failure
from transforms.core.categories import CategoryColumns, category, free_names, in_value_order
from transforms.core.columns import taken
from transforms.core.errors import Problem, StepError
from transforms.core.numbers import quotient
from transforms.core.statistics import Ask, Count, CountWhere, ValueCounts
from transforms.core.transform import Example, Failure, FittedTransform, Learned, RowTransform, Transform
from transforms.text_hashing import murmur_hashes

CATEGORIES = 100_000
"""The most categories of one column that are counted."""


class Counts(Learned):
    """How often each category occurred, by column, and how often none did."""

    rows: int
    counts: dict[str, dict[str, int]]
    missing: dict[str, int]


class CountEncode(FittedTransform):
    """Replace each category by how often it occurs."""

    id = "count_encode"
    title = "Count or frequency encode"
    terms = ("frequency encode", "count encoder", "CountFrequencyEncoder", "popularity")
    missing = "Missing values (null and NaN) are counted like a category, or stay missing; empty text is a category."
    unseen = "New categories get 0, become missing, or stop the run, as chosen."
    examples = (
        Example(
            params={"columns": ["city"]},
            before={"city": ["Oslo", "Oslo", "Rome", None]},
            after={"city": [2, 2, 1, 1]},
        ),
        Example(
            params={"columns": ["city"], "normalize": True, "handle_missing": "null", "suffix": "_share"},
            before={"city": ["Oslo", "Oslo", "Rome", None]},
            after={"city": ["Oslo", "Oslo", "Rome", None], "city_share": [0.5, 0.5, 0.25, None]},
        ),
    )

    columns: CategoryColumns
    """Columns to encode; categories that occur equally often cannot be told apart afterwards."""
    normalize: bool = False
    """Divide by the number of rows, those with a missing value among them."""
    handle_unseen: Literal["zero", "null", "fail"] = "zero"
    """Categories that were not there during the fit get 0, become missing, or stop the run."""
    handle_missing: Literal["count", "null"] = "count"
    """Missing values get their number, or stay missing."""
    suffix: str = ""
    """Added to the names of new columns; left empty, the columns are replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.columns if self.suffix else ():
            yield from taken(f"{name}{self.suffix}", schemas[0], "suffix")

    def fit(self, ask: Ask) -> Counts:
        values = {name: category(name, self.dtype(name)) for name in self.columns}
        rows, *found = ask(
            Count(),
            *(ValueCounts(each, CATEGORIES + 1) for each in values.values()),
            *(CountWhere(each.is_null()) for each in values.values()),
        )
        counts = dict(zip(values, found, strict=False))
        for name, each in counts.items():
            if len(each) > CATEGORIES:
                raise StepError(
                    f"Column {name!r} has more than {CATEGORIES:,} categories, too many to count each. Group its rare "
                    "values first, or leave it out."
                )
        return Counts(rows=rows, counts=counts, missing=dict(zip(values, found[len(values) :], strict=True)))

    def exprs(self, learned: Counts) -> Iterator[pl.Expr]:
        for name in self.columns:
            missing = learned.missing[name] if self.handle_missing == "count" else None
            unseen = 0 if self.handle_unseen == "zero" else None
            count = code(category(name, self.dtype(name)), learned.counts[name], unseen, missing)
            encoded = quotient(count, float(learned.rows or 1)) if self.normalize else count
            yield encoded.alias(f"{name}{self.suffix}")

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if learned is not None and self.handle_unseen != "zero":
            for name in self.columns:
                new = is_new(category(name, self.dtype(name)), learned.counts[name])
                yield unseen_failure(name, new, "became missing", stop=self.handle_unseen == "fail")


class Digits(Learned):
    """The number of each category, from 1, and the new columns, by column."""

    codes: dict[str, dict[str, int]]
    names: dict[str, list[str]]


class BaseNEncode(FittedTransform):
    """Number the categories and write the numbers in digits, a column for each: fewer columns than one-hot."""

    id = "base_n_encode"
    title = "Binary or base-N encode"
    terms = ("binary encode", "BaseNEncoder", "BinaryEncoder", "digits", "compact dummies")
    columns_from_data = True
    missing = "Missing values (null and NaN) get 0 everywhere, or null everywhere, as chosen; empty text is a category."
    unseen = (
        "New categories get 0 everywhere, which no other category does, become missing, or stop the run, as chosen."
    )
    examples = (
        Example(
            params={"columns": ["city"]},
            before={"id": [1, 2, 3, 4], "city": ["Rome", "Bonn", None, "Oslo"]},
            after={"id": [1, 2, 3, 4], "city_digit_1": [1, 0, 0, 1], "city_digit_2": [1, 1, 0, 0]},
        ),
        Example(
            params={"columns": ["zone"], "base": 3, "handle_missing": "null", "keep_input": True},
            before={"zone": [10, 9, 11, None]},
            after={
                "zone": [10, 9, 11, None],
                "zone_digit_1": [0, 0, 1, None],
                "zone_digit_2": [2, 1, 0, None],
            },
        ),
    )

    columns: CategoryColumns
    """Columns to encode."""
    base: int = Field(2, ge=2, le=36)
    """How many different digits there are; 2 gives columns of 0 and 1."""
    handle_unseen: Literal["zeros", "null", "fail"] = "zeros"
    """Categories that were not there during the fit get 0 everywhere, null everywhere, or stop the run."""
    handle_missing: Literal["zeros", "null"] = "zeros"
    """Missing values get 0 everywhere, or null everywhere."""
    keep_input: bool = False
    """Keep the encoded columns too."""

    def fit(self, ask: Ask) -> Digits:
        counts = ask(*(ValueCounts(category(name, self.dtype(name)), CODES + 1) for name in self.columns))
        codes, names = {}, {}
        used = ask.schemas[0].names()
        for name, found in zip(self.columns, counts, strict=True):
            ordered = in_value_order(numbered(name, found), self.dtype(name))
            codes[name] = {each: i for i, each in enumerate(ordered, start=1)}
            names[name] = free_names((f"{name}_digit_{i + 1}" for i in range(self._width(len(ordered)))), used)
            used = [*used, *names[name]]
        return Digits(codes=codes, names=names)

    def _width(self, largest: int) -> int:
        """How many digits a number has."""
        width = 1
        while largest >= self.base**width:
            width += 1
        return width

    def exprs(self, learned: Digits) -> Iterator[pl.Expr]:
        for name in self.columns:
            unseen = 0 if self.handle_unseen == "zeros" else None
            missing = 0 if self.handle_missing == "zeros" else None
            number = code(category(name, self.dtype(name)), learned.codes[name], unseen, missing)
            for place, output in enumerate(reversed(learned.names[name])):
                yield (number // self.base**place % self.base).alias(output)

    def apply(self, rows: pl.LazyFrame, learned: Digits) -> pl.LazyFrame:
        outputs = [name for names in learned.names.values() for name in names]
        encoded = {each.meta.output_name(): each for each in self.exprs(learned)}
        made = rows.with_columns(encoded[name] for name in outputs)
        return made if self.keep_input else made.drop(self.columns)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if learned is not None:
            results = {"zeros": "get 0 everywhere", "null": "became missing", "fail": ""}
            for name in self.columns:
                new = is_new(category(name, self.dtype(name)), learned.codes[name])
                yield unseen_failure(name, new, results[self.handle_unseen], stop=self.handle_unseen == "fail")


class HashEncode(RowTransform):
    """Put the categories of several columns into a fixed number of columns, chosen for each by its hash.

    Hashes are MurmurHash3 of the column's name and the category (``city=Oslo``), as in scikit-learn's FeatureHasher.
    """

    id = "hash_encode"
    title = "Hash encode"
    terms = ("hashing trick", "feature hashing", "HashingEncoder", "FeatureHasher", "many categories")
    missing = "Missing values (null and NaN) count in no column; empty text is a category."
    examples = (
        Example(
            params={"columns": ["city", "plan"], "features": 3, "signed": False},
            before={"city": ["Oslo", "Rome", None], "plan": ["pro", None, None]},
            after={"hash_1": [0, 1, 0], "hash_2": [1, 0, 0], "hash_3": [1, 0, 0]},
        ),
        Example(
            params={"columns": ["zone"], "features": 2, "prefix": "zone_", "keep_input": True},
            before={"zone": [1, 2, 3, None]},
            after={"zone": [1, 2, 3, None], "zone_1": [0, 1, 0, 0], "zone_2": [1, 0, 1, 0]},
        ),
    )

    columns: CategoryColumns
    """Columns to encode, together."""
    features: int = Field(16, ge=2, le=1_024)
    """How many columns to make; categories that share one are counted together."""
    signed: bool = True
    """Let half of the categories count down, so that those that share a column cancel out rather than add up."""
    prefix: str = Field("hash_", min_length=1)
    """New columns are named with this and a number, from 1."""
    keep_input: bool = False
    """Keep the encoded columns too."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for i in range(self.features):
            yield from taken(f"{self.prefix}{i + 1}", schemas[0], "prefix")

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        hashes = [f"__hash_{i}" for i in range(len(self.columns))]
        hashed = rows.with_columns(
            self._hash(name).alias(output) for name, output in zip(self.columns, hashes, strict=True)
        )
        made = hashed.with_columns(
            self._feature(i, hashes).alias(f"{self.prefix}{i + 1}") for i in range(self.features)
        )
        return made.drop(hashes if self.keep_input else [*hashes, *self.columns])

    def _hash(self, name: str) -> pl.Expr:
        """A signed hash of each category; null where there is none."""

        def of_series(values: pl.Series) -> pl.Series:
            known = values.drop_nulls().unique()
            hashes = pl.Series(murmur_hashes(f"{name}=" + known).view(np.int32).astype(np.int64), dtype=pl.Int64)
            return values.replace_strict(known, hashes, default=None, return_dtype=pl.Int64)

        value = category(name, self.dtype(name)).cast(pl.String)
        return value.map_batches(of_series, return_dtype=pl.Int64(), is_elementwise=True)

    def _feature(self, place: int, hashes: list[str]) -> pl.Expr:
        counts = (
            pl.when(pl.col(each).abs() % self.features == place)
            .then(pl.when(pl.col(each) < 0).then(-1 if self.signed else 1).otherwise(1))
            .otherwise(0)
            for each in hashes
        )
        return pl.sum_horizontal(pl.lit(0, pl.Int64), *(each.cast(pl.Int64) for each in counts))


TRANSFORMS: tuple[type[Transform], ...] = (CountEncode, BaseNEncode, HashEncode)
