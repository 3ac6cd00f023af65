"""A table of any columns as a matrix of numbers for a model, by what was learned from the rows to train on.

Numbers stay as they are, missing ones NaN, which the trees have a branch for. Categories become their
rank by frequency, told to XGBoost as categories, so that they are not taken for amounts; one that was
not seen in training, or was too rare to be kept, counts as missing. What is learned is plain data.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from typing import Literal

import numpy as np
import polars as pl

from transforms.core.categories import category
from transforms.core.conversion import blank, parsed
from transforms.core.dtypes import type_name
from transforms.core.errors import DataprepError, did_you_mean
from transforms.scoring.facts import Facts
from transforms.scoring.problem import numbers

Kind = Literal["number", "boolean", "category", "moment", "time", "duration", "text"]

CATEGORIES = 100
"""The most categories of a column that are kept, the most frequent ones."""
WORDS = 20
"""The most words of a column of text that are looked for."""
LEAST_TEXTS = 5
"""A word is looked for when it is in at least so many texts."""
READABLE = 0.95
"""From this share of text that can be read as numbers or dates on, a column is taken as such."""
ALL_DIFFERENT = 0.9
"""From this share of different values on, words that stand alone are codes that name a row, not categories."""
PROBED = 1_000
"""Different texts that are tried to see what a column of text holds."""
FEWEST = 30
"""Rows below which values that all differ are no sign of an id."""
LARGEST = 3e38
"""The largest number that a 32-bit float holds, about."""
ID_NAME = re.compile(
    r"(?i)^(id|index|key|uuid|guid|row|row_?(id|number|nr))$|[_\s-](id|key|uuid|guid|no|nr)$|^id[_\s-]"
)
ID_CAMEL = re.compile(r"[a-z]I[dD]$")
MIDNIGHT = time(0)
WORD = r"\w{2,}"


class Encoded(Facts):
    """How one column becomes numbers."""

    name: str
    kind: Kind
    categories: tuple[str, ...] = ()
    """Of a category, the most frequent first."""
    words: tuple[str, ...] = ()
    """Of text: words looked for."""
    clock: bool = False
    """Of a moment: whether the time of day differs."""

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the numbers it becomes."""
        match self.kind:
            case "moment":
                return ("day", "month", "day of month", "weekday", *(("hour",) if self.clock else ()))
            case "text":
                return ("characters", "words", "digits", *(f"has {word!r}" for word in self.words))
            case _:
                return ("",)

    def exprs(self, dtype: pl.DataType) -> list[pl.Expr]:
        """The numbers, null where missing, from a column of some type."""
        value = pl.col(self.name)
        if dtype == pl.Null:
            return [value for _ in self.parts]
        match self.kind:
            case "number":
                return [numbers(value, dtype)]
            case "boolean":
                return [parsed(value, "boolean") if dtype == pl.String else value.cast(pl.Boolean)]
            case "category":
                codes = list(range(len(self.categories)))
                return [
                    filled(self.name, dtype).replace_strict(
                        list(self.categories), codes, default=None, return_dtype=pl.Float32
                    )
                ]
            case "moment":
                return _moment_parts(_moment(value, dtype), clock=self.clock)
            case "time":
                return [value.cast(pl.Int64) / 1e9]
            case "duration":
                return [value.dt.total_microseconds() / 1e6]
            case "text":
                return _text_parts(filled(self.name, dtype), self.words)

    def check(self, dtype: pl.DataType) -> None:
        """Refuse a column that cannot be read as it was in training.

        Raises:
            DataprepError: its type is another.
        """
        allowed: dict[Kind, bool] = {
            "number": dtype.is_numeric() or dtype in (pl.String, pl.Boolean),
            "boolean": dtype.is_numeric() or dtype in (pl.String, pl.Boolean),
            "category": not dtype.is_nested() and dtype != pl.Duration,
            "moment": dtype in (pl.String, pl.Date, pl.Datetime),
            "time": dtype == pl.Time,
            "duration": dtype == pl.Duration,
            "text": not dtype.is_nested() and dtype != pl.Duration,
        }
        if dtype != pl.Null and not allowed[self.kind]:
            raise DataprepError(
                f"Column {self.name!r} holds {type_name(dtype)} values; the model was trained on it as a "
                f"{self.kind}. Change its type first."
            )


class Encoding(Facts):
    """How a table becomes a matrix."""

    columns: tuple[Encoded, ...]
    left_out: dict[str, str]
    """Columns that are not used, and why."""
    rows: int
    """Rows it was learned from."""

    @property
    def names(self) -> tuple[str, ...]:
        """Columns that are used."""
        return tuple(each.name for each in self.columns)

    @property
    def owners(self) -> np.ndarray:
        """For each number of a row, the place of its column in :attr:`columns`."""
        return np.repeat(np.arange(len(self.columns)), [len(each.parts) for each in self.columns])

    @property
    def types(self) -> list[str]:
        """For each number of a row, XGBoost's type: ``c`` for a category, ``q`` for an amount."""
        return ["c" if each.kind == "category" else "q" for each in self.columns for _ in each.parts]

    def matrix(self, table: pl.DataFrame) -> np.ndarray:
        """Rows as 32-bit floats, missing as NaN.

        Raises:
            DataprepError: the table lacks columns, or one is of a type that cannot be read as it was in training.
        """
        lacking = [name for name in self.names if name not in table.columns]
        if lacking:
            hints = " ".join(hint for name in lacking if (hint := did_you_mean(name, table.columns)))
            raise DataprepError(
                f"The table lacks {'columns' if len(lacking) > 1 else 'column'} {', '.join(map(repr, lacking))}, which "
                f"the model was trained on. {hints or 'Add what is missing.'}"
            )
        exprs = []
        for each in self.columns:
            each.check(table.schema[each.name])
            exprs += each.exprs(table.schema[each.name])
        numbered = [_narrow(expr).alias(str(i)) for i, expr in enumerate(exprs)]
        return np.ascontiguousarray(table.select(numbered).to_numpy())

    def by_column(self, reasons: np.ndarray) -> np.ndarray:
        """What the numbers of rows add to predictions, summed over those of one column; the last axis is columns.

        Args:
            reasons: of shape rows, outputs, numbers and one (:meth:`transforms.scoring.trees.Trees.reasons`).
        """
        starts = np.flatnonzero(np.r_[True, np.diff(self.owners) > 0])
        return np.asarray(np.add.reduceat(reasons[:, :, :-1], starts, axis=2))

    def unread(self, table: pl.DataFrame) -> dict[str, int]:
        """Texts of columns taken as numbers or dates that are neither and so count as missing, by column."""
        typed = [each for each in self.columns if each.kind in ("number", "boolean", "moment")]
        texts = [each for each in typed if table.schema.get(each.name) == pl.String]
        if not texts:
            return {}
        lost = [
            (filled(each.name, pl.String()).is_not_null() & each.exprs(pl.String())[0].is_null()).sum().alias(each.name)
            for each in texts
        ]
        return {name: int(rows) for name, rows in table.select(lost).row(0, named=True).items() if rows}


def encoding(table: pl.DataFrame, columns: Sequence[str]) -> Encoding:
    """Learn how columns of a table become numbers.

    Raises:
        DataprepError: no column is left to learn from.
    """
    found: list[Encoded] = []
    left_out: dict[str, str] = {}
    for name in columns:
        outcome = _encoded(table[name], _Counts.of(table[name]))
        if isinstance(outcome, str):
            left_out[name] = outcome
        else:
            found.append(outcome)
    if not found:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out.items()) or "the table has no other column"
        raise DataprepError(f"There is no column to learn from ({reasons}).")
    return Encoding(columns=tuple(found), left_out=left_out, rows=table.height)


@dataclass(frozen=True)
class _Counts:
    rows: int
    """Rows that have a value."""
    distinct: int

    @classmethod
    def of(cls, values: pl.Series) -> _Counts:
        if values.dtype.is_nested() or values.dtype in (pl.Binary, pl.Null, pl.Object):
            return cls(values.count(), 0)
        text = values.dtype == pl.String
        there = values.to_frame().select(filled(values.name, values.dtype)).to_series() if text else values
        there = (there.fill_nan(None) if there.dtype.is_float() else there).drop_nulls()
        return cls(len(there), there.n_unique())

    @property
    def share(self) -> float:
        return self.distinct / self.rows


def filled(name: str, dtype: pl.DataType) -> pl.Expr:
    """A column as text, null where it is missing or blank; other types as :func:`category` writes them."""
    value = category(name, dtype)
    return pl.when(~blank(value)).then(value) if dtype == pl.String else value


def _encoded(values: pl.Series, counts: _Counts) -> Encoded | str:
    """How a column is encoded, or why it is not."""
    name, dtype = values.name, values.dtype
    if counts.rows == 0 or dtype == pl.Null:
        return "it has no value"
    if dtype.is_nested() or dtype in (pl.Binary, pl.Object):
        return f"it holds {type_name(dtype)} values"
    if counts.distinct == 1:
        return "it has the same value in every row that has one"
    if dtype.is_numeric():
        return _id_reason(values, counts) or Encoded(name=name, kind="number")
    match dtype:
        case pl.Boolean():
            return Encoded(name=name, kind="boolean")
        case pl.Date():
            return Encoded(name=name, kind="moment")
        case pl.Datetime():
            return Encoded(name=name, kind="moment", clock=bool((values.dt.time() != MIDNIGHT).any()))
        case pl.Time():
            return Encoded(name=name, kind="time")
        case pl.Duration():
            return Encoded(name=name, kind="duration")
        case _:
            return _encoded_text(values, counts)


def _id_reason(values: pl.Series, counts: _Counts) -> str:
    """Why whole numbers name a row instead of telling something of it; empty when they do not."""
    if not values.dtype.is_integer() or counts.distinct < counts.rows or counts.rows < FEWEST:
        return ""
    low, high = (int(each) for each in values.drop_nulls().sort().gather([0, counts.rows - 1]))
    if high - low + 1 == counts.rows:
        return "it numbers the rows"
    if ID_NAME.search(values.name) or ID_CAMEL.search(values.name):
        return "it looks like an id: every value is different"
    return ""


def _encoded_text(values: pl.Series, counts: _Counts) -> Encoded | str:
    name = values.name
    text = values.to_frame().select(filled(name, values.dtype))
    sample = text.to_series().drop_nulls().unique(maintain_order=True).head(PROBED).to_frame()
    probe = sample.select(
        number=(parsed(pl.col(name), "number").is_not_null() & ~pl.col(name).str.contains(r"^0\d")).mean(),
        moment=parsed(pl.col(name), "datetime").is_not_null().mean(),
        blanks=pl.col(name).str.strip_chars().str.contains(r"\s").mean(),
    ).row(0, named=True)
    if probe["number"] >= READABLE:
        return Encoded(name=name, kind="number")
    if probe["moment"] >= READABLE:
        clock = sample.select((parsed(pl.col(name), "datetime").dt.time() != MIDNIGHT).any()).item()
        return Encoded(name=name, kind="moment", clock=bool(clock))
    prose = probe["blanks"] >= 0.5
    if counts.rows >= FEWEST and counts.share >= ALL_DIFFERENT and not prose:
        return "it looks like an id: nearly every value is different"
    if counts.distinct > CATEGORIES and prose:
        return Encoded(name=name, kind="text", words=_words(text, name))
    top = text.drop_nulls().group_by(name).len("rows").sort("rows", name, descending=[True, False]).head(CATEGORIES)
    return Encoded(name=name, kind="category", categories=tuple(top[name]))


def _words(text: pl.DataFrame, name: str) -> tuple[str, ...]:
    """The words that are in most texts, but for those that are in nearly all."""
    found = (
        text.lazy()
        .drop_nulls()
        .select(pl.col(name).str.to_lowercase().str.extract_all(WORD).list.unique().alias("word"))
        .explode("word")
        .drop_nulls()
        .group_by("word")
        .len("texts")
        .filter(pl.col("texts").is_between(LEAST_TEXTS, int(READABLE * text.height)))
        .sort("texts", "word", descending=[True, False])
        .head(WORDS)
        .collect()
    )
    return tuple(found["word"])


def _narrow(number: pl.Expr) -> pl.Expr:
    """32-bit floats, NaN where null; what is too large for them stays finite, as the trees need it."""
    return number.cast(pl.Float64).clip(-LARGEST, LARGEST).cast(pl.Float32).fill_null(np.nan)


def _moment(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype == pl.String:
        return parsed(value, "datetime")
    return value.cast(pl.Datetime("us"))


def _moment_parts(moment: pl.Expr, *, clock: bool) -> list[pl.Expr]:
    day = moment.dt.epoch("s") / 86_400
    parts = [day, moment.dt.month(), moment.dt.day(), moment.dt.weekday()]
    return [*parts, moment.dt.hour()] if clock else parts


def _text_parts(text: pl.Expr, words: Sequence[str]) -> list[pl.Expr]:
    tokens = text.str.to_lowercase().str.extract_all(WORD)
    counts = [text.str.len_chars(), text.str.split(" ").list.len(), text.str.count_matches(r"\d")]
    return [*counts, *(tokens.list.contains(word) for word in words)]
