"""What becomes of values outside limits, whichever way the limits are found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import polars as pl

from transforms.core.columns import NumericColumns, taken
from transforms.core.errors import Problem
from transforms.core.numbers import finite
from transforms.core.statistics import Ask, Mean, Quantile
from transforms.core.transform import Failure, FittedTransform, Learned
from transforms.fitted_groups import ByGroup, FittedNumber, GroupColumns, Groups, Numbers
from transforms.missing import holds

Fix = Literal["clip", "remove", "null", "mean", "median", "flag"]
FLAG = "_outlier"


class OnlyWhenRemoving:
    """A step that removes rows does so in training only: rows to predict are never left out."""

    def __get__(self, step: Any, owner: type[Any]) -> bool:
        return step is not None and step.fix == "remove"


class Limits(Learned):
    """Smallest and largest value that is no outlier, and what outliers become where they are replaced, by column."""

    low: dict[str, FittedNumber]
    high: dict[str, FittedNumber]
    replacement: dict[str, FittedNumber] = {}


def limits_of(overall: Mapping[str, Numbers], groups: Mapping[str, ByGroup] | None = None) -> Limits:
    """Limits of each column, given the smallest and largest value of all rows and of each group."""
    low, high = (
        {
            name: FittedNumber(
                overall=overall[name][side],
                groups={key: each[side] for key, each in (groups[name] if groups else {}).items()},
            )
            for name in overall
        }
        for side in (0, 1)
    )
    return Limits(low=low, high=high)


def clipped_to(value: pl.Expr, dtype: pl.DataType, low: int | float | None, high: int | float | None) -> pl.Expr | None:
    """Whole numbers, those beyond a limit at the limit; ``None`` where limits or values are no whole numbers."""
    limits = [each for each in (low, high) if each is not None]
    if not dtype.is_integer() or not all(holds(pl.Int64(), each) for each in limits):
        return None
    fits = all(holds(dtype, each) for each in limits)
    ends = (None if each is None else int(each) for each in (low, high))
    return (value if fits else value.cast(pl.Int64)).clip(*ends)


class Outliers(FittedTransform):
    """Finds values outside limits that are learned of their column, and treats them."""

    training_only = OnlyWhenRemoving()
    changes_rows = True
    missing = (
        "Missing values (null and NaN) are no outliers: they are left out of the fit, stay missing, get no flag, and "
        "their rows are kept. Infinite values are left out of the fit and are outliers."
    )
    unseen = "New values go by the learned limits; a column that had no value in the fit has none."

    columns: NumericColumns
    """Columns to look at."""
    fix: Fix = "clip"
    """What becomes of outliers.

    They get the value of the limit, their rows are removed (in training only), they become missing, they get
    the mean or the median of the values that are no outliers, or a boolean column named with _outlier marks them.
    Clip, mean and median make decimals of whole numbers."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.columns if self.fix == "flag" else ():
            yield from taken(f"{name}{FLAG}", schemas[0], "fix")

    @property
    def groups(self) -> Groups:
        """The groups that have limits of their own."""
        return Groups((), self._schemas[0])

    def limits(self, ask: Ask) -> Limits:
        """The limits of each column."""
        raise NotImplementedError(f"{type(self).__name__} does not say what an outlier is.")

    def fit(self, ask: Ask) -> Limits:
        limits = self.limits(ask)
        if self.fix not in ("mean", "median"):
            return limits
        inside = {name: self._inside(name, limits) for name in self.columns}
        if self.fix == "mean":
            overall = ask(*(Mean(value) for value in inside.values()))
            groups = {
                name: {key: mean for key, (_, mean, _) in each.items()}
                for name, each in self.groups.moments(ask, inside).items()
            }
        else:
            overall = ask(*(Quantile(value, 0.5) for value in inside.values()))
            found = self.groups.quantiles(ask, inside, (0.5,))
            groups = {name: {key: median for key, (median,) in each.items()} for name, each in found.items()}
        replacement = {
            name: FittedNumber(overall=number, groups=groups[name])
            for name, number in zip(self.columns, overall, strict=True)
        }
        return limits.model_copy(update={"replacement": replacement})

    def _inside(self, name: str, limits: Limits) -> pl.Expr:
        return pl.when(~self.outside(name, limits)).then(finite(name))

    def outside(self, name: str, learned: Limits) -> pl.Expr:
        """Whether a value is an outlier; never null."""
        value, group = self.present(name).cast(pl.Float64), self.groups.key
        below = (value < learned.low[name].of(group)).fill_null(False)
        return below | (value > learned.high[name].of(group)).fill_null(False)

    def exprs(self, learned: Limits) -> Iterator[pl.Expr]:
        for name in self.columns:
            outside = self.outside(name, learned)
            match self.fix:
                case "clip":
                    yield self.clipped(name, learned)
                case "null":
                    yield pl.when(~outside).then(self.present(name)).alias(name)
                case "flag":
                    yield outside.alias(f"{name}{FLAG}")
                case "mean" | "median":
                    value = self.present(name).cast(pl.Float64)
                    yield (
                        pl.when(outside)
                        .then(learned.replacement[name].of(self.groups.key))
                        .otherwise(value)
                        .alias(name)
                    )

    def clipped(self, name: str, learned: Limits) -> pl.Expr:
        """The values of a column, those beyond a limit at the limit."""
        value, group = self.present(name).cast(pl.Float64), self.groups.key
        low, high = learned.low[name].of(group), learned.high[name].of(group)
        # Without a limit the comparison is null, which is not true.
        return pl.when(value < low).then(low).when(value > high).then(high).otherwise(value).alias(name)

    def apply(self, rows: pl.LazyFrame, learned: Limits) -> pl.LazyFrame:
        if self.fix != "remove":
            return rows.with_columns(self.exprs(learned))
        outside = [self.outside(name, learned) for name in self.columns]
        return rows.remove(pl.any_horizontal(outside)) if outside else rows

    def lineage(self, learned: Any = None) -> dict[str, frozenset[str]]:
        return {each.meta.output_name(): frozenset(each.meta.root_names()) for each in self.exprs(learned)}

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if self.fix == "null" and learned is not None:
            for name in self.columns:
                what = "became missing: they are outliers"
                yield Failure(column=name, where=self.outside(name, learned), what=what)


class GroupedOutliers(Outliers):
    """Finds outliers among all rows, or in each group of rows."""

    by: GroupColumns = ()
    """Learn limits of each group of these columns, 1,000 at most.

    Rows without a group, and those of a group that had no value in the fit, go by the limits of all rows. Where
    there are more than 200,000 rows, the quantiles of groups are those of as many drawn at random."""

    @property
    def groups(self) -> Groups:
        return Groups(self.by, self._schemas[0])
