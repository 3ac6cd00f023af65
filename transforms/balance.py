"""Balance classes by repeating or removing rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import polars as pl
from pydantic import Field

from transforms.core.categories import CategoryColumn, category
from transforms.core.errors import StepError, did_you_mean
from transforms.core.params import Seed
from transforms.core.relations import Concat, MapRows, Relation, Sample
from transforms.core.statistics import Ask, ValueCounts
from transforms.core.transform import Example, Learned, TableTransform, Transform

CLASSES = 100
"""The most classes that are balanced: a column with more is not a class."""

Ratio = Annotated[float, Field(gt=0, le=1)]
ClassSizes = Annotated[dict[str, Annotated[int, Field(ge=1)]], Field(json_schema_extra={"widget": "mapping"})]
"""Rows by class."""


class ClassRows(Learned):
    """Rows of each class that the step is about."""

    found: dict[str, int]
    """Rows there were, the largest class first."""
    rows: dict[str, int]
    """Rows to add, or to keep, of those classes that change."""


def class_counts(ask: Ask, target: str, dtype: pl.DataType, wanted: Iterable[str]) -> dict[str, int]:
    """Rows of each class, the largest first (ties in value order).

    Raises:
        StepError: the column has more than 100 values, or a class that is asked for is not there.
    """
    (counts,) = ask(ValueCounts(category(target, dtype), CLASSES + 1))
    found: dict[str, int] = counts
    if len(found) > CLASSES:
        raise StepError(
            f"Column {target!r} has more than {CLASSES} different values, so it does not look like a class. "
            "Choose another column, or put its values into bins first."
        )
    unknown = [each for each in wanted if found and each not in found]
    if unknown:
        hint = did_you_mean(unknown[0], found) or f"Its classes are {', '.join(map(repr, list(found)[:10]))}."
        raise StepError(f"Column {target!r} holds no class {unknown[0]!r}. {hint}")
    return found


def rows_to_add(found: dict[str, int], ratio: float, sizes: ClassSizes) -> dict[str, int]:
    """Rows that each class lacks of its wanted size, rounded down as imbalanced-learn does; none that lacks nothing."""
    largest = max(found.values(), default=0)
    lacking = {each: sizes.get(each, int(ratio * largest)) - rows for each, rows in found.items()}
    return {each: rows for each, rows in lacking.items() if rows > 0}


def rows_to_keep(found: dict[str, int], ratio: float, sizes: ClassSizes) -> dict[str, int]:
    """Rows to keep of each class that has more than it is to have, the smallest class being this share of it."""
    most = int(min(found.values(), default=0) / ratio)
    wanted = {each: sizes.get(each, most) for each in found}
    return {each: rows for each, rows in wanted.items() if rows < found[each]}


def repeats(table: Relation, target: str, dtype: pl.DataType, learned: ClassRows, seed: int) -> Iterator[Relation]:
    """The rows to add: every row of a class as often as it takes, and a sample of them, so that sizes are exact."""
    parts = {each: divmod(rows, learned.found[each]) for each, rows in learned.rows.items()}
    times = {each: whole for each, (whole, _) in parts.items() if whole}
    if times:
        yield MapRows(table, Repeat(target, dtype, times))
    for each, (_, rows) in parts.items():
        if rows:
            yield Sample(MapRows(table, OfClasses(target, dtype, (each,))), rows, seed)


class OversampleRandom(TableTransform):
    """Balance classes by repeating rows of the smaller ones, drawn at random."""

    id = "oversample_random"
    title = "Random oversample"
    terms = ("duplicate minority", "upsample", "balance data", "imbalanced classes")
    training_only = True
    changes_rows = True
    missing = "Rows without a class are kept and not repeated; missing values elsewhere are repeated as they are."
    examples = (
        Example(
            params={"target": "churn"},
            before={"age": [20, 25, None, 60, 70], "churn": ["no", "no", "no", "yes", None]},
            after={"age": [20, 25, None, 60, 70, 60, 60], "churn": ["no", "no", "no", "yes", None, "yes", "yes"]},
        ),
    )

    target: CategoryColumn
    """Column that holds the class."""
    ratio: Ratio = 1.0
    """Size of each smaller class afterwards, as a share of the largest class."""
    sizes: ClassSizes = Field(default={})
    """Rows wanted of particular classes, whatever the ratio; a class that has more stays as it is."""
    seed: Seed = 0
    """Same seed, same rows."""

    def fit(self, ask: Ask) -> ClassRows:
        found = class_counts(ask, self.target, self.dtype(self.target), self.sizes)
        return ClassRows(found=found, rows=rows_to_add(found, self.ratio, self.sizes))

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        (table,) = tables
        added = tuple(repeats(table, self.target, self.dtype(self.target), learned, self.seed))
        return Concat((table, *added)) if added else table


class UndersampleRandom(TableTransform):
    """Balance classes by keeping only some rows of the larger ones, drawn at random."""

    id = "undersample_random"
    title = "Random undersample"
    terms = ("downsample majority", "equal size sampling", "balance data", "imbalanced classes")
    training_only = True
    changes_rows = True
    missing = "Rows without a class are kept; missing values elsewhere do not matter."
    examples = (
        Example(
            params={"target": "churn"},
            before={"age": [30, 30, 30, 60, None], "churn": ["no", "no", "no", "yes", None]},
            after={"age": [60, None, 30], "churn": ["yes", None, "no"]},
        ),
        Example(
            params={"target": "grade", "sizes": {"2": 1}},
            before={"grade": [1, 2, 2, None]},
            after={"grade": [1, None, 2]},
        ),
    )

    target: CategoryColumn
    """Column that holds the class."""
    ratio: Ratio = 1.0
    """Size of the smallest class as a share of each larger class afterwards."""
    sizes: ClassSizes = Field(default={})
    """Rows wanted of particular classes, whatever the ratio; a class that has fewer stays as it is."""
    seed: Seed = 0
    """Same seed, same rows."""

    def fit(self, ask: Ask) -> ClassRows:
        found = class_counts(ask, self.target, self.dtype(self.target), self.sizes)
        return ClassRows(found=found, rows=rows_to_keep(found, self.ratio, self.sizes))

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        (table,) = tables
        dtype = self.dtype(self.target)
        if not learned.rows:
            return table
        samples = [
            Sample(
                MapRows(table, OfClasses(self.target, dtype, tuple(c for c, n in learned.rows.items() if n == rows))),
                rows,
                self.seed,
                per=(self.target,),
            )
            for rows in dict.fromkeys(learned.rows.values())
        ]
        return Concat((MapRows(table, OfClasses(self.target, dtype, tuple(learned.rows), keep=False)), *samples))


@dataclass(frozen=True)
class OfClasses:
    """Keeps the rows of some classes, or all rows but theirs."""

    target: str
    dtype: pl.DataType
    classes: tuple[str, ...]
    keep: bool = True

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        chosen = category(self.target, self.dtype).is_in(list(self.classes)).fill_null(value=False)
        return rows.filter(chosen if self.keep else ~chosen)


@dataclass(frozen=True)
class Repeat:
    """Gives each row as often as its class says, rows of other classes not at all."""

    target: str
    dtype: pl.DataType
    times: dict[str, int]

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        times = category(self.target, self.dtype).replace_strict(
            list(self.times), list(self.times.values()), default=0, return_dtype=pl.Int64
        )
        repeated = rows.filter(times > 0).with_columns(pl.int_ranges(0, times).alias("__copy"))
        return repeated.explode("__copy").drop("__copy")


TRANSFORMS: tuple[type[Transform], ...] = (OversampleRandom, UndersampleRandom)
