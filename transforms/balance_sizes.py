"""Limits on the sizes of classes, and weights instead of rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.balance import ClassRows, class_counts, repeats
from transforms.core.categories import CategoryColumn, category
from transforms.core.columns import taken
from transforms.core.errors import Problem
from transforms.core.params import NewColumn, Seed
from transforms.core.relations import Concat, MapRows, Relation, Sample
from transforms.core.rowwise import KeepRows
from transforms.core.statistics import Ask
from transforms.core.transform import Example, FittedTransform, Learned, TableTransform, Transform

Weights = Annotated[
    dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]], Field(json_schema_extra={"widget": "mapping"})
]
"""Weight by class."""


class CapClassSize(TableTransform):
    """Keep at most so many rows of each class, drawn at random, and repeat rows of classes that have too few."""

    id = "cap_class_size"
    title = "Cap rows per class"
    terms = ("limit class size", "undersample", "balance data", "imbalanced classes", "rows per class")
    training_only = True
    changes_rows = True
    missing = "Rows without a class are kept; missing values elsewhere do not matter."
    examples = (
        Example(
            params={"target": "churn", "max_rows": 2},
            before={"age": [30, 30, 30, 60, None], "churn": ["no", "no", "no", "yes", None]},
            after={"age": [30, 30, 60, None], "churn": ["no", "no", "yes", None]},
        ),
        Example(
            params={"target": "grade", "max_rows": 2, "min_rows": 2},
            before={"grade": [1, 2, 2, 2, None]},
            after={"grade": [1, 2, 2, None, 1]},
        ),
    )

    target: CategoryColumn
    """Column that holds the class. It may have any number of classes, or with a least number of rows 100."""
    max_rows: int = Field(ge=1)
    """The most rows of a class; which are kept depends on their values, not on their order."""
    min_rows: int | None = Field(None, ge=1)
    """The fewest rows of a class: rows of smaller ones are repeated, as in random oversample; left empty, none are."""
    seed: Seed = 0
    """Same seed, same rows."""

    @model_validator(mode="after")
    def _limits_are_in_order(self) -> Self:
        if self.min_rows is not None and self.min_rows > self.max_rows:
            raise ValueError(f"At least {self.min_rows} and at most {self.max_rows} rows contradict each other.")
        return self

    def fit(self, ask: Ask) -> ClassRows:
        if self.min_rows is None:
            return ClassRows(found={}, rows={})
        found = class_counts(ask, self.target, self.dtype(self.target), {})
        return ClassRows(
            found=found, rows={each: self.min_rows - rows for each, rows in found.items() if rows < self.min_rows}
        )

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        (table,) = tables
        dtype = self.dtype(self.target)
        present = category(self.target, dtype).is_not_null()
        kept = Sample(MapRows(table, KeepRows(present)), self.max_rows, self.seed, per=(self.target,))
        return Concat(
            (kept, MapRows(table, KeepRows(~present)), *repeats(table, self.target, dtype, learned, self.seed))
        )


class ClassWeights(Learned):
    """Weights of classes."""

    weights: dict[str, float]
    """Weight by class, those of the largest class first."""


class ClassWeightColumn(FittedTransform):
    """Add a column of weights, larger for rows of smaller classes, for models that take weights of rows."""

    id = "class_weight_column"
    title = "Class weight column"
    terms = ("sample weight", "class weights", "balanced weights", "imbalanced classes", "cost sensitive")
    training_only = True
    missing = "Rows without a class get no weight."
    unseen = "Rows of a class that was not there get the weight 1."
    examples = (
        Example(
            params={"target": "churn"},
            before={"churn": ["no", "no", "no", "yes", None]},
            after={"churn": ["no", "no", "no", "yes", None], "weight": [2 / 3, 2 / 3, 2 / 3, 2.0, None]},
        ),
        Example(
            params={"target": "churn", "scheme": "custom", "weights": {"1": 5}, "output": "cost"},
            before={"churn": [0, 0, 1, None]},
            after={"churn": [0, 0, 1, None], "cost": [1.0, 1.0, 5.0, None]},
        ),
    )

    target: CategoryColumn
    """Column that holds the class."""
    scheme: Literal["balanced", "inverse_sqrt", "custom"] = "balanced"
    """Weights by the inverse of the rows of a class (as scikit-learn's balanced), or of their square root, both 1 on
    average over the rows; or those given."""
    weights: Weights = Field(default={})
    """Weights by class, for the scheme custom; 1 for classes that have none."""
    output: NewColumn = "weight"
    """Name of the new column."""

    @model_validator(mode="after")
    def _weights_are_given(self) -> Self:
        if self.scheme == "custom" and not self.weights:
            raise ValueError("Give the weight of at least one class, or choose another scheme.")
        if self.scheme != "custom" and self.weights:
            raise ValueError("Weights are given, but the scheme is not custom. Choose custom, or leave them out.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])

    def fit(self, ask: Ask) -> ClassWeights:
        found = class_counts(ask, self.target, self.dtype(self.target), self.weights)
        if self.scheme == "custom":
            return ClassWeights(weights={each: self.weights.get(each, 1.0) for each in found})
        power = 1.0 if self.scheme == "balanced" else 0.5
        # So scaled, the weights of all rows add up to their number.
        scale = sum(found.values()) / sum(rows ** (1 - power) for rows in found.values()) if found else 1.0
        return ClassWeights(weights={each: scale / rows**power for each, rows in found.items()})

    def exprs(self, learned: ClassWeights) -> Iterator[pl.Expr]:
        value = category(self.target, self.dtype(self.target)).cast(pl.String)
        weights = value.replace_strict(
            list(learned.weights), list(learned.weights.values()), default=1.0, return_dtype=pl.Float64
        )
        yield pl.when(value.is_not_null()).then(weights).alias(self.output)


TRANSFORMS: tuple[type[Transform], ...] = (CapClassSize, ClassWeightColumn)
