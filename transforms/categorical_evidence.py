"""Categories as what they say for or against an outcome."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal

import polars as pl
from pydantic import Field

from transforms.categorical import unseen_failure
from transforms.core.categories import CategoryColumn, CategoryColumns, category, in_value_order
from transforms.core.columns import taken
from transforms.core.errors import Problem, StepError
from transforms.core.statistics import Ask, CountWhere, GroupMeans, Mean, ValueCounts
from transforms.core.transform import Example, Failure, FittedTransform, Learned, Transform

CATEGORIES = 100_000
"""The most categories of one column that are learned."""


class Evidence(Learned):
    """The weight of evidence of each category, and of missing values, by column."""

    outcome: str | None
    """The class of the target that positive weights speak for; none where there was no target."""
    weights: dict[str, dict[str, float]]
    missing: dict[str, float]


class WoeEncode(FittedTransform):
    """Replace each category by its weight of evidence: the logarithm of how much likelier it makes an outcome.

    That is the logarithm of its share of the rows with the outcome over its share of the rows without. The outcome is
    the class of the target that comes last in value order (``true``, ``yes``, 1).
    """

    id = "woe_encode"
    title = "Weight of evidence encode"
    terms = ("weight of evidence", "WOE", "WoEEncoder", "scorecard", "log odds")
    missing = (
        "Missing values (null and NaN) are a category of their own, get 0, or stay missing, as chosen. Rows without a "
        "target are left out of the fit."
    )
    unseen = "New categories get 0 (no evidence), become missing, or stop the run, as chosen."
    examples = (
        Example(
            params={"columns": ["city"], "target": "churn", "regularization": 0.5},
            before={
                "city": ["Oslo", "Oslo", "Rome", "Rome", None, "Bonn"],
                "churn": ["yes", "yes", "no", "yes", "no", None],
            },
            # Oslo ((2 + 0.5) / (3 + 1)) / ((0 + 0.5) / (2 + 1)), and so on.
            after={
                "city": [math.log(3.75)] * 2 + [math.log(0.75)] * 2 + [math.log(0.25), 0.0],
                "churn": ["yes", "yes", "no", "yes", "no", None],
            },
        ),
        Example(
            params={"columns": ["zone"], "target": "paid", "handle_missing": "null", "suffix": "_woe"},
            before={"zone": [1, 1, 2, None], "paid": [True, False, False, True]},
            after={
                "zone": [1, 1, 2, None],
                "paid": [True, False, False, True],
                "zone_woe": [0.0, 0.0, math.log(0.5), None],
            },
        ),
    )

    columns: CategoryColumns
    """Columns to encode."""
    target: CategoryColumn
    """Column to predict, of two classes."""
    regularization: float = Field(1.0, gt=0, allow_inf_nan=False)
    """Added to the rows with and without the outcome in each category, so that none is certain; more of it draws the
    weights of rare categories towards 0."""
    handle_unseen: Literal["zero", "null", "fail"] = "zero"
    """Categories that were not there during the fit get 0, become missing, or stop the run."""
    handle_missing: Literal["category", "zero", "null"] = "category"
    """Missing values are a category of their own, get 0, or stay missing."""
    suffix: str = ""
    """Added to the names of new columns; left empty, the columns are replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.columns if self.suffix else ():
            yield from taken(f"{name}{self.suffix}", schemas[0], "suffix")
        if self.target in self.columns:
            advice = "Take it out of the columns to encode."
            yield Problem(f"{self.target!r} is the target and cannot be encoded by itself.", advice, "columns")

    def fit(self, ask: Ask) -> Evidence:
        classes = self._classes(ask)
        outcome = classes[-1] if classes else None
        target = category(self.target, self.dtype(self.target))
        has = (target == pl.lit(outcome, pl.String)).cast(pl.Float64)
        values = {name: category(name, self.dtype(name)) for name in self.columns}
        without = {name: pl.when(value.is_null()).then(has) for name, value in values.items()}
        rows, share, *found = ask(
            CountWhere(has.is_not_null()),
            Mean(has),
            *(GroupMeans(has, value, CATEGORIES + 1) for value in values.values()),
            *(each for value in without.values() for each in (CountWhere(value.is_not_null()), Mean(value))),
        )
        totals = _with_and_without(rows, share)
        tables = dict(zip(values, found, strict=False))
        missing = iter(found[len(values) :])
        return Evidence(
            outcome=outcome,
            weights={name: self._weights(name, table, totals) for name, table in tables.items()},
            missing={name: self._weight(_with_and_without(next(missing), next(missing)), totals) for name in values},
        )

    def _classes(self, ask: Ask) -> list[str]:
        dtype = self.dtype(self.target)
        (counts,) = ask(ValueCounts(category(self.target, dtype), 3))
        if len(counts) > 2:
            shown = ", ".join(map(repr, list(counts)))
            raise StepError(
                f"The target {self.target!r} has more than two classes, {shown} among them. Merge its classes into "
                "two, or use target encode."
            )
        return in_value_order(counts, dtype)

    def _weights(self, name: str, table: pl.DataFrame, totals: tuple[int, int]) -> dict[str, float]:
        if table.height > CATEGORIES:
            raise StepError(
                f"Column {name!r} has more than {CATEGORIES:,} categories. Group its rare values first, "
                "or leave it out."
            )
        rows = table.filter(pl.col("rows") > 0).select("group", "rows", "mean").iter_rows()
        return {group: self._weight(_with_and_without(count, mean), totals) for group, count, mean in rows}

    def _weight(self, inside: tuple[int, int], totals: tuple[int, int]) -> float:
        shares = [
            (rows + self.regularization) / (total + 2 * self.regularization)
            for rows, total in zip(inside, totals, strict=True)
        ]
        return math.log(shares[0] / shares[1]) if sum(inside) else 0.0

    def exprs(self, learned: Evidence) -> Iterator[pl.Expr]:
        for name in self.columns:
            value, weights = category(name, self.dtype(name)), learned.weights[name]
            unseen = pl.lit(0.0 if self.handle_unseen == "zero" else None, pl.Float64)
            missing = {"category": learned.missing[name], "zero": 0.0}.get(self.handle_missing)
            known = value.replace_strict(list(weights), list(weights.values()), default=unseen, return_dtype=pl.Float64)
            encoded = pl.when(value.is_null()).then(pl.lit(missing, pl.Float64)).otherwise(known)
            yield encoded.alias(f"{name}{self.suffix}")

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if learned is not None and self.handle_unseen != "zero":
            for name in self.columns:
                value = category(name, self.dtype(name))
                new = value.is_not_null() & ~value.is_in(list(learned.weights[name]))
                yield unseen_failure(name, new, "became missing", stop=self.handle_unseen == "fail")


def _with_and_without(rows: int, share: float | None) -> tuple[int, int]:
    """How many of some rows have the outcome, and how many do not."""
    having = round(rows * (share or 0.0))
    return having, rows - having


TRANSFORMS: tuple[type[Transform], ...] = (WoeEncode,)
