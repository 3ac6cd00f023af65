"""Categories as what the target is on average among their rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import polars as pl
from pydantic import Field

from transforms.core.categories import CategoryColumn, CategoryColumns, category, category_name, free_names
from transforms.core.categories import in_value_order as ordered
from transforms.core.errors import Problem, StepError
from transforms.core.statistics import Ask, CountWhere, GroupMeans, Mean, Std, ValueCounts
from transforms.core.transform import Example, Failure, FittedTransform, Learned, Table, Transform

CATEGORIES = 100_000
"""The most categories of one column that are learned."""
CLASSES = 100
"""The most classes of the target, each of which makes a column."""


class TargetMeans(Learned):
    """The encoding of each category."""

    outputs: dict[str, list[str]]
    """New columns by encoded column: one, or one for each class of the target."""
    classes: list[str]
    """The class that each of them stands for; none when the target is a number."""
    overall: list[float | None]
    """Mean of the target over all rows, or the share of each class."""
    encodings: Table
    """Columns ``column``, ``category`` (null for missing values), ``output`` and ``encoding``."""


class TargetEncode(FittedTransform):
    """Replace each category by the mean of the target among its rows, drawn towards the mean of all rows.

    For a target of two classes that is the share of the class that comes last in value order
    (``true``, ``yes``, 1); with more classes, one column for each holds its share.

    The encoding is learned from all rows of the fit and is the same for those rows as for new ones:
    there are no folds, so each training row has a part in its own encoding. Smoothing bounds that
    part (with weight m, a row moves its category's encoding by at most 1 / (n + m) of its distance);
    put the step after a split, fitted on the training part, to judge a model on rows that had none.
    """

    id = "target_encode"
    title = "Target encode"
    terms = ("mean encode", "impact coding", "likelihood encode", "m-estimate")
    columns_from_data = True
    missing = (
        "Missing values (null and NaN) are a category of their own, get the overall mean, or stay missing, as chosen. "
        "Rows without a target are left out of the fit."
    )
    unseen = "New categories get the overall mean, become missing, or stop the run, as chosen."
    examples = (
        Example(
            params={"columns": ["city"], "target": "churn", "smoothing": 2},
            before={
                "city": ["Oslo", "Oslo", "Rome", None, "Rome", "Ålesund"],
                "churn": [True, True, False, True, False, None],
            },
            # Overall 3/5; Oslo (2 + 2 * 0.6) / 4; Rome (0 + 2 * 0.6) / 4; missing (1 + 2 * 0.6) / 3.
            after={
                "city": [0.8, 0.8, 0.3, 2.2 / 3, 0.3, 0.6],
                "churn": [True, True, False, True, False, None],
            },
        ),
        Example(
            params={
                "columns": ["city"],
                "target": "plan",
                "smoothing": 0,
                "handle_missing": "null",
                "suffix": "_share",
            },
            before={"city": ["Oslo", "Oslo", None], "plan": ["a", "b", "c"]},
            after={
                "city": ["Oslo", "Oslo", None],
                "plan": ["a", "b", "c"],
                "city_share_a": [0.5, 0.5, None],
                "city_share_b": [0.5, 0.5, None],
                "city_share_c": [0.0, 0.0, None],
            },
        ),
    )

    columns: CategoryColumns
    """Columns to encode."""
    target: CategoryColumn
    """Column to predict: a number, or classes."""
    target_kind: Literal["auto", "number", "classes"] = "auto"
    """Whether the target is a number or classes; ``auto`` takes numeric columns as numbers, all others as classes."""
    smoothing: float | None = Field(None, ge=0)
    """How many rows' weight the overall mean has in each category (m-estimate).

    Left empty, each category gets its own weight by how much the target varies within it (empirical Bayes,
    Micci-Barreca 2001, as scikit-learn's ``smooth="auto"``)."""
    handle_unseen: Literal["mean", "null", "fail"] = "mean"
    """Categories that were not there during the fit get the overall mean, become missing, or stop the run."""
    handle_missing: Literal["category", "mean", "null"] = "category"
    """Missing values are a category of their own, get the overall mean, or stay missing."""
    suffix: str = ""
    """Added to the names of new columns; left empty, the columns are replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.target in self.columns:
            advice = "Take it out of the columns to encode."
            yield Problem(f"{self.target!r} is the target and cannot be encoded by itself.", advice, "columns")
        if self.target_kind == "number" and not (self._is_number or self.dtype(self.target) == pl.Boolean):
            yield Problem(
                f"The target {self.target!r} does not hold numbers.",
                "Choose 'classes', or change its type first.",
                "target_kind",
            )

    @property
    def _is_number(self) -> bool:
        return self.dtype(self.target).is_numeric()

    def fit(self, ask: Ask) -> TargetMeans:
        classes, numbers = self._numbers(ask)
        counted = [stat for number in numbers for stat in (Mean(number), Std(number, ddof=0))]
        found = ask(*counted, *(stat for name in self.columns for y in numbers for stat in self._groups(name, y)))
        overall = list(zip(found[0 : 2 * len(numbers) : 2], found[1 : 2 * len(numbers) : 2], strict=True))
        answers = iter(found[2 * len(numbers) :])
        outputs = self._outputs(classes, ask.schemas[0].names())
        tables = [
            self._encodings(name, output, (next(answers), next(answers), next(answers), next(answers)), *spread)
            for name in self.columns
            for output, spread in zip(outputs[name], overall, strict=True)
        ]
        empty = pl.DataFrame(
            schema={**dict.fromkeys(("column", "category", "output"), pl.String), "encoding": pl.Float64}
        )
        return TargetMeans(
            outputs=outputs,
            classes=classes,
            overall=[mean for mean, _ in overall],
            encodings=pl.concat([empty, *tables]),
        )

    def _numbers(self, ask: Ask) -> tuple[list[str], list[pl.Expr]]:
        """The classes, and what is averaged: the target itself, or whether it is a class."""
        if self.target_kind == "number" or (self.target_kind == "auto" and self._is_number):
            return [], [self.present(self.target).cast(pl.Float64)]
        value = category(self.target, self.dtype(self.target))
        (counts,) = ask(ValueCounts(value, CLASSES + 1))
        if len(counts) > CLASSES:
            raise StepError(
                f"The target {self.target!r} has more than {CLASSES} classes. Group its rare classes first, or, if "
                "it is a number, change its type to a number."
            )
        classes = ordered(counts, self.dtype(self.target))
        shown = classes if len(classes) > 2 else classes[-1:]
        return shown, [(value == each).cast(pl.Float64) for each in shown] or [pl.lit(None, pl.Float64)]

    def _groups(self, name: str, number: pl.Expr) -> tuple[GroupMeans, Mean, Std, CountWhere]:
        value = category(name, self.dtype(name))
        missing = pl.when(value.is_null()).then(number)
        return (
            GroupMeans(number, by=value, limit=CATEGORIES + 1),
            Mean(missing),
            Std(missing, ddof=1),
            CountWhere(missing.is_not_null()),
        )

    def _outputs(self, classes: list[str], taken: list[str]) -> dict[str, list[str]]:
        if len(classes) < 2:
            return {name: [f"{name}{self.suffix}"] for name in self.columns}
        outputs: dict[str, list[str]] = {}
        for name in self.columns:
            outputs[name] = free_names((category_name(f"{name}{self.suffix}", each) for each in classes), taken)
            taken = [*taken, *outputs[name]]
        return outputs

    def _encodings(
        self,
        name: str,
        output: str,
        groups: tuple[pl.DataFrame, float | None, float | None, int],
        overall: float | None,
        spread: float | None,
    ) -> pl.DataFrame:
        known, mean, std, rows = groups
        if known.height > CATEGORIES:
            raise StepError(
                f"Column {name!r} has more than {CATEGORIES:,} categories. "
                "Group its rare values first, or leave it out."
            )
        missing = pl.DataFrame({"group": [None], "rows": [rows], "mean": [mean], "std": [std]}, schema=known.schema)
        table = pl.concat([known, missing]).filter(pl.col("rows") > 0)
        return table.select(
            pl.lit(name).alias("column"),
            pl.col("group").alias("category"),
            pl.lit(output).alias("output"),
            self._smoothed(overall, spread).alias("encoding"),
        )

    def _smoothed(self, overall: float | None, spread: float | None) -> pl.Expr:
        """Encodings of a table of groups.

        With weight m: (n mean + m overall) / (n + m). The empirical Bayes weight is m = the variance
        within the group over the variance of the target; where both are 0 the overall mean stands.
        """
        rows, prior = pl.col("rows"), pl.lit(overall, pl.Float64)
        if self.smoothing is not None:
            return (rows * pl.col("mean") + self.smoothing * prior) / (rows + self.smoothing)
        # Both variances are of the population (ddof 0), as in scikit-learn.
        within = (pl.col("std") ** 2 * (rows - 1) / rows).fill_null(0.0)
        between = rows * (spread or 0.0) ** 2
        trust = (between / (between + within)).fill_nan(0.0)
        return trust * pl.col("mean") + (1 - trust) * prior

    def exprs(self, learned: TargetMeans) -> Iterator[pl.Expr]:
        tables = learned.encodings.partition_by("output", as_dict=True)
        for name in self.columns:
            value = category(name, self.dtype(name))
            for output, overall in zip(learned.outputs[name], learned.overall, strict=True):
                known = tables.get((output,), learned.encodings.clear())
                present = known.drop_nulls("category")
                prior = pl.lit(overall, pl.Float64)
                encoded = value.replace_strict(
                    present["category"],
                    present["encoding"],
                    default=prior if self.handle_unseen == "mean" else pl.lit(None, pl.Float64),
                    return_dtype=pl.Float64,
                )
                yield pl.when(value.is_null()).then(self._of_missing(known, prior)).otherwise(encoded).alias(output)

    def _of_missing(self, known: pl.DataFrame, prior: pl.Expr) -> pl.Expr:
        own = known.filter(pl.col("category").is_null())["encoding"]
        if self.handle_missing == "null":
            return pl.lit(None, pl.Float64)
        return pl.lit(own[0], pl.Float64) if self.handle_missing == "category" and own.len() else prior

    def apply(self, rows: pl.LazyFrame, learned: TargetMeans) -> pl.LazyFrame:
        encoded = rows.with_columns(self.exprs(learned))
        replaced = [name for name in self.columns if not self.suffix and name not in learned.outputs[name]]
        return encoded.drop(replaced)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if learned is None or self.handle_unseen == "mean":
            return
        stop = self.handle_unseen == "fail"
        what = "hold categories that had no target when the step was fitted"
        for name in self.columns:
            value = category(name, self.dtype(name))
            known = learned.encodings.filter(pl.col("column") == name)["category"].drop_nulls().unique().to_list()
            new = value.is_not_null() & ~value.is_in(known)
            yield Failure(column=name, where=new, what=what if stop else f"became missing: they {what}", stop=stop)


TRANSFORMS: tuple[type[Transform], ...] = (TargetEncode,)
