"""What kind of prediction a target column asks for, and why."""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl

from transforms.core.categories import category
from transforms.core.conversion import blank, parsed
from transforms.core.dtypes import TypeName, type_name
from transforms.core.errors import DataprepError, did_you_mean
from transforms.scoring.facts import Facts

Wanted = Literal["auto", "regression", "classification"]
Kind = Literal["regression", "binary", "multiclass"]

CLASSES = 100
"""The most classes a model is built for."""
FEW_NUMBERS = 5
"""Up to so many different numbers are classes: grades, counts of children."""
DECIMALS = 0.01
"""From this share of numbers with decimals on, numbers are amounts."""
WIDE, DISTINCT = 10, 0.015
"""Whole numbers are amounts when they reach over more than 10 times as many values as there are, and at least this
share of the rows differ. These rules are those of the Data Quality and Insights Report of SageMaker Data Wrangler."""
NUMBERS = 0.95
"""From this share of text that can be read as numbers on, a column of text holds numbers."""


class ProblemType(Facts):
    """What is to be predicted."""

    target: str
    kind: Kind
    reason: str
    """Why it is of this kind, a sentence."""
    values: TypeName
    """Type of the target column."""
    classes: tuple[str, ...] = ()
    """Classes as text, the most frequent first; of two, the second is the positive one. Empty for regression."""

    def labels(self, table: pl.DataFrame) -> np.ndarray:
        """The target of each row: its number, or the place of its class; NaN or -1 where it has none."""
        values = pl.col(self.target)
        dtype = table.schema[self.target]
        if self.kind == "regression":
            return table.select(numbers(values, dtype)).to_series().to_numpy().astype(float)
        places = range(len(self.classes))
        place = present(self.target, dtype).replace_strict(
            list(self.classes), list(places), default=-1, return_dtype=pl.Int64
        )
        return table.select(place.fill_null(-1)).to_series().to_numpy()


def require(table: pl.DataFrame, target: str) -> None:
    """Refuse a table without the target.

    Raises:
        DataprepError: there is no such column.
    """
    if target not in table.columns:
        hint = did_you_mean(target, table.columns) or f"Its columns are {', '.join(map(repr, table.columns[:20]))}."
        raise DataprepError(f"The table has no column {target!r} to predict. {hint}")


def present(target: str, dtype: pl.DataType) -> pl.Expr:
    """The class of each row as text; null where it is missing or blank."""
    value = category(target, dtype)
    return pl.when(~blank(value)).then(value) if dtype == pl.String else value


def numbers(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A column as finite numbers, null where there is none; text is read."""
    number = parsed(value, "number") if dtype == pl.String else value.cast(pl.Float64)
    return pl.when(number.is_finite()).then(number)


def problem_type(
    table: pl.DataFrame, target: str, wanted: Wanted = "auto", *, numbers_share: float = NUMBERS
) -> ProblemType:
    """What kind of prediction a column asks for.

    Args:
        table: the rows.
        target: the column to predict.
        wanted: what was asked for.
        numbers_share: share of text that has to be numbers for a column of text to hold numbers.

    Raises:
        DataprepError: the column is not there, holds fewer than two values, more classes than a model is built for, or
            no numbers where numbers are wanted.
    """
    require(table, target)
    dtype = table.schema[target]
    if dtype.is_nested() or dtype == pl.Binary:
        raise DataprepError(f"Column {target!r} holds {type_name(dtype)} values, which cannot be predicted.")
    counts = (
        table.lazy()
        .select(present(target, dtype).alias("class"))
        .drop_nulls()
        .group_by("class")
        .len("rows")
        .sort("rows", "class", descending=[True, False])
        .collect()
    )
    if counts.height < 2:
        found = f"only the value {counts['class'][0]!r}" if counts.height else "no value"
        raise DataprepError(f"Column {target!r} holds {found}, so there is nothing to predict. Choose another target.")
    amounts = _numbers(table, target, numbers_share)
    if wanted == "regression":
        if amounts is None:
            raise DataprepError(
                f"Column {target!r} holds {type_name(dtype)} values that are no numbers, so it cannot be predicted as "
                "one. Choose classification, or change its type."
            )
        kind, reason = "regression", "You chose to predict a number."
    else:
        kind, reason = _guess(target, counts.height, amounts, chosen=wanted == "classification")
    classes = tuple(counts["class"]) if kind != "regression" else ()
    return ProblemType.model_validate(
        {"target": target, "kind": kind, "reason": reason, "values": _type(dtype), "classes": classes}
    )


def _guess(target: str, distinct: int, amounts: np.ndarray | None, *, chosen: bool) -> tuple[Kind, str]:
    if distinct == 2:
        return "binary", f"Column {target!r} holds two different values."
    if not chosen and amounts is not None and distinct > FEW_NUMBERS:
        decimals = float((amounts != np.floor(amounts)).mean())
        if decimals >= DECIMALS:
            return "regression", f"{decimals:.0%} of the values of {target!r} are numbers with decimals."
        span = float(amounts.max() - amounts.min()) + 1
        if span > WIDE * distinct and distinct / len(amounts) >= DISTINCT:
            return "regression", f"Column {target!r} holds {distinct:,} different whole numbers over a wide range."
        if distinct > CLASSES:
            return "regression", f"Column {target!r} holds {distinct:,} different numbers, too many to be classes."
    if distinct > CLASSES:
        raise DataprepError(
            f"Column {target!r} holds {distinct:,} different values; a model is built for {CLASSES} classes at most. "
            "Choose another target, group rare values first, or, if it holds amounts, make it a number."
        )
    return "multiclass", f"Column {target!r} holds {distinct} different values."


def _numbers(table: pl.DataFrame, target: str, least: float) -> np.ndarray | None:
    """The finite numbers of a column of numbers, or of text of which at least a share are numbers."""
    dtype = table.schema[target]
    if not (dtype.is_numeric() or dtype == pl.String):
        return None
    found = table.select(numbers(pl.col(target), dtype)).to_series().drop_nulls()
    there = table.select(present(target, dtype).count()).item()
    return found.to_numpy() if there and len(found) / there >= least else None


def _type(dtype: pl.DataType) -> str:
    found = type_name(dtype)
    return found if found in ("integer", "number", "boolean", "date", "datetime", "time", "duration") else "text"
