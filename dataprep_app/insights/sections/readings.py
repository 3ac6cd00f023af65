"""Columns of a sample as the sections read them: numbers, categories, and cells as text.

Everything works on a single column under a name of its own, so that a column may be called anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataprep_app.insights.measures import FEW_NUMBERS, FEW_SHARE
from dataprep_app.insights.sections.facts import ExampleRow
from dataprep_app.insights.sections.sample import Sample
from transforms.core.conversion import as_text, blank, parsed
from transforms.core.numbers import LARGEST
from transforms.scoring.encoding import ALL_DIFFERENT, FEWEST, ID_CAMEL, ID_NAME

Role = Literal["number", "date", "category", "text", "identifier", "constant", "other"]
Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Marks = NDArray[np.bool_]

CELL = 80
"""Characters of a value that are shown."""
SHOWN = 8
"""Columns of a row that are shown."""
VALUE = pl.col("value")


@dataclass(frozen=True)
class Reading:
    """A column and what it is good for."""

    name: str
    role: Role
    values: pl.Series
    """Null where missing: null, NaN, and empty or blank text."""

    @property
    def whole(self) -> bool:
        """Whether it is stored as whole numbers."""
        return self.values.dtype.is_integer()

    @cached_property
    def missing(self) -> Marks:
        """Rows without a value."""
        return self.values.is_null().to_numpy().astype(bool)

    @cached_property
    def numbers(self) -> Floats:
        """Its values as numbers, dates by their distance from 1970; NaN where missing, infinite or beyond 1e150."""
        dtype, value = self.values.dtype, VALUE
        if dtype == pl.String:
            value = parsed(value, "number")
        elif not dtype.is_numeric():
            value = value.to_physical()
        number = value.cast(pl.Float64)
        found = self.values.to_frame().select(pl.when(number.abs() <= LARGEST).then(number).fill_null(np.nan))
        return found.to_series().to_numpy().astype(np.float64)

    @cached_property
    def codes(self) -> Codes:
        """The place of each value among the different ones in order, -1 where missing."""
        return self.values.rank("dense").cast(pl.Int64).fill_null(0).to_numpy().astype(np.int64) - 1

    @cached_property
    def counts(self) -> Codes:
        """How many rows each of the different values has."""
        return np.bincount(self.codes[self.codes >= 0])

    @property
    def distinct(self) -> int:
        """How many different values there are."""
        return len(self.counts)

    @property
    def entropy(self) -> float:
        """How much its values tell rows apart, in nats; missing counts as a value."""
        if self.role == "other":
            return 0.0
        shares = np.append(self.counts, self.missing.sum()) / max(len(self.values), 1)
        shares = shares[shares > 0]
        return float(-(shares * np.log(shares)).sum())

    def text(self, place: int) -> str | None:
        """The value of a row as text, cut to 80 characters; none where missing."""
        values = self.values.slice(place, 1)
        if values.null_count():
            return None
        dtype = values.dtype
        if dtype.is_nested() or dtype in (pl.Binary, pl.Object):
            return cut(str(values.to_list()[0]))
        return cut(str(values.to_frame().select(as_text(VALUE, dtype)).item()))


def readings(sample: Sample) -> list[Reading]:
    """Every column of a sample, in the order of the table."""
    return [_reading(sample, name) for name in sample.rows.columns]


def cut(text: str) -> str:
    """Text of at most 80 characters, with an ellipsis where some are left out."""
    return text if len(text) <= CELL else f"{text[: CELL - 1]}…"


def most_telling(columns: Iterable[Reading], most: int = SHOWN) -> list[str]:
    """The columns that tell rows apart best, those with the most information first."""
    return [each.name for each in sorted(columns, key=lambda each: -each.entropy)[:most]]


def example_row(
    columns: Mapping[str, Reading],
    place: int,
    names: Iterable[str],
    *,
    marked: Sequence[str] = (),
    score: float | None = None,
    count: int | None = None,
) -> ExampleRow:
    """A row to show, with the columns that are marked first and then those named, up to 8 of them."""
    shown = list(dict.fromkeys([*marked, *names]))[:SHOWN]
    return ExampleRow(
        values={name: columns[name].text(place) for name in shown}, marked=tuple(marked), score=score, count=count
    )


def _reading(sample: Sample, name: str) -> Reading:
    values = sample.rows.get_column(name).alias("value")
    dtype = values.dtype
    if dtype in (pl.Categorical, pl.Enum):
        values = values.cast(pl.String)
    if values.dtype.is_float():
        values = values.fill_nan(None)
    elif values.dtype == pl.String:
        values = values.to_frame().select(pl.when(~blank(VALUE)).then(VALUE)).to_series()
    problem = sample.problem
    if problem is not None and name == problem.target:
        numeric = problem.kind == "regression" and (values.dtype.is_numeric() or values.dtype == pl.String)
        return Reading(name, "number" if numeric else "category", values)
    return Reading(name, _role(name, values, counts_rows=_counts_rows(sample, name)), values)


def _role(name: str, values: pl.Series, *, counts_rows: bool) -> Role:
    dtype = values.dtype
    if dtype.is_nested() or dtype in (pl.Binary, pl.Object):
        return "other"
    present, distinct = values.count(), values.drop_nulls().n_unique()
    if distinct <= 1:
        return "constant"
    if dtype == pl.Boolean:
        return "category"
    if dtype in (pl.Date, pl.Datetime):
        return "date"
    named = bool(ID_NAME.search(name) or ID_CAMEL.search(name))
    if dtype != pl.String:
        id_like = counts_rows or (dtype.is_integer() and named and distinct >= ALL_DIFFERENT * present)
        return "identifier" if id_like else "number"
    if distinct <= max(FEW_NUMBERS, FEW_SHARE * present):
        return "category"
    if present < FEWEST or distinct < ALL_DIFFERENT * present:
        return "text"
    prose = values.drop_nulls().str.strip_chars().str.contains(r"\s").sum() >= 0.5 * present
    return "identifier" if named or not prose else "text"


def _counts_rows(sample: Sample, name: str) -> bool:
    """Whether a column of whole numbers numbers the rows of the whole table, each number once."""
    known = sample.features.get(name)
    if known is None or not sample.rows.schema[name].is_integer():
        return False
    low, high, present = known.summary.min, known.summary.max, known.summary.present
    if not isinstance(low, int) or not isinstance(high, int) or present < FEWEST:
        return False
    return known.summary.distinct == present == high - low + 1
