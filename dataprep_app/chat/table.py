"""What the chat may know of a table: names, types, counts and frequent values, never rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import polars as pl

TOP = 50
"""Frequent values that are known of a column."""
CATEGORIES = 50
"""A text column of at most so many distinct values counts as categories."""
CODES = 10
"""Likewise for whole numbers: codes such as a passenger class."""
LONG = 80
"""Texts longer than this are no category; they are not kept."""

Group = Literal["all", "numeric", "text", "categorical", "temporal", "boolean"]
"""Columns that can be asked for together."""


@dataclass(frozen=True)
class ColumnFacts:
    """A column as the chat knows it."""

    name: str
    type: str
    """``integer``, ``number``, ``text``, ``boolean``, ``date``, ``datetime`` ..."""
    distinct: int | None = None
    missing: int | None = None
    values: tuple[Any, ...] = ()
    """Frequent values, the most frequent first."""
    dtype: pl.DataType | None = None

    @property
    def numeric(self) -> bool:
        """Whether it holds numbers."""
        return self.type in ("integer", "number")

    @property
    def temporal(self) -> bool:
        """Whether it holds dates or times of a date."""
        return self.type in ("date", "datetime")

    @property
    def complete(self) -> bool:
        """Whether every value of it is known."""
        return bool(self.values) and self.distinct is not None and len(self.values) >= self.distinct

    @property
    def categorical(self) -> bool:
        """Whether its values are few enough to be categories."""
        if self.type == "boolean":
            return True
        limit = CATEGORIES if self.type == "text" else CODES if self.type == "integer" else 0
        return self.distinct is not None and self.distinct <= limit and (self.type == "text" or bool(self.values))


@dataclass(frozen=True)
class TableFacts:
    """A table as the chat knows it."""

    name: str
    rows: int
    columns: tuple[ColumnFacts, ...]

    @cached_property
    def by_name(self) -> dict[str, ColumnFacts]:
        """Columns by name."""
        return {each.name: each for each in self.columns}

    @cached_property
    def schema(self) -> pl.Schema:
        """Names and types, to bind steps to."""
        import polars as pl

        from transforms.core.dtypes import TYPES

        types = {str(name): dtype for name, dtype in TYPES.items()}
        return pl.Schema({each.name: each.dtype or types.get(each.type, pl.String()) for each in self.columns})

    def group(self, group: Group) -> list[str]:
        """Columns of a kind."""
        tests: dict[Group, Callable[[ColumnFacts], bool]] = {
            "all": lambda each: True,
            "numeric": lambda each: each.numeric,
            "text": lambda each: each.type == "text",
            "categorical": lambda each: each.categorical,
            "temporal": lambda each: each.temporal,
            "boolean": lambda each: each.type == "boolean",
        }
        return [each.name for each in self.columns if tests[group](each)]

    def measures(self) -> list[str]:
        """Columns of numbers that count or measure: those with another whole number in every row name the row."""
        return [
            each.name
            for each in self.columns
            if each.numeric and not (each.type == "integer" and self.rows > 1 and each.distinct == self.rows)
        ]

    def holding(self, values: Iterable[Any]) -> list[str]:
        """Columns that are known to hold all of some values, case apart."""
        wanted = {str(each).lower() for each in values}
        return [each.name for each in self.columns if wanted <= {str(value).lower() for value in each.values}]


def facts_of(name: str, table: pl.DataFrame) -> TableFacts:
    """The facts of a table, counted on its rows."""
    import polars as pl

    from transforms.core.dtypes import type_name

    if not table.width:
        return TableFacts(name, table.height, ())
    flat = [each for each, dtype in table.schema.items() if not dtype.is_nested()]
    counts = table.select(
        [pl.col(flat).n_unique().name.prefix("distinct "), pl.all().null_count().name.prefix("missing ")]
    ).row(0, named=True)
    columns = []
    for each, dtype in table.schema.items():
        missing = counts[f"missing {each}"]
        distinct = counts.get(f"distinct {each}")
        distinct = distinct - bool(missing) if distinct is not None else None
        values = _frequent(table[each]) if distinct is not None else ()
        columns.append(ColumnFacts(each, type_name(dtype), distinct, missing, values, dtype))
    return TableFacts(name, table.height, tuple(columns))


def _frequent(values: pl.Series) -> tuple[Any, ...]:
    """Frequent values of a column of texts, booleans or few whole numbers."""
    import polars as pl

    if values.dtype not in (pl.String, pl.Boolean) and not values.dtype.is_integer():
        return ()
    counted = values.drop_nulls().value_counts(sort=True).head(TOP + 1).to_series(0).to_list()
    if values.dtype.is_integer() and len(counted) > CODES:
        return ()
    return tuple(each for each in counted[:TOP] if not isinstance(each, str) or len(each) <= LONG)
