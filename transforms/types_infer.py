"""Types of text columns, detected from what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Annotated, Any

import polars as pl
from pydantic import Field

from transforms.core.columns import ColumnsField, select
from transforms.core.columns import column as exactly
from transforms.core.conversion import ISO_DATE, blank, converted, parsed
from transforms.core.dtypes import TypeName
from transforms.core.statistics import Ask, CountWhere, ValueCounts
from transforms.core.transform import Example, Failure, FittedTransform, Learned, Transform
from transforms.types import NOUNS, DateFormat

CANDIDATES: tuple[TypeName, ...] = ("integer", "number", "boolean", "date", "datetime", "time")
"""Types that are tried; where several fit as many values, the first is taken."""
DAYS = (
    "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d",
    "%d %b %Y", "%d-%b-%Y", "%b %d, %Y",
)  # fmt: skip
"""Ways to write a date that are tried besides ISO 8601."""
FORMATS = tuple(f"{day}{clock}" for clock in ("", " %H:%M", " %H:%M:%S") for day in DAYS)
WHOLE = r"^[+-]?[0-9]+$"
CODE = r"^[+-]?0[0-9]"
"""Digits that begin with 0 are a code, such as a postal code, and no number."""
TOO_LONG = r"^[+-]?[0-9]{16,}"
"""Digits that a decimal number cannot hold exactly."""


MOST_VALUES = 10_000
"""The most different values of a column that are looked at instead of its rows."""


class _Values:
    """The most frequent values of a column with the number of rows of each, blank ones left out of the number."""

    def __init__(self, name: str, counts: Mapping[str, int]) -> None:
        self.whole = len(counts) <= MOST_VALUES
        self._counts = pl.Series(list(counts.values()), dtype=pl.Int64)
        self._values = pl.DataFrame({name: pl.Series(list(counts), dtype=pl.String)})
        (self.rows,) = self.counts([_stripped(name) != ""])

    def counts(self, conditions: Sequence[pl.Expr]) -> list[int]:
        """In how many of these rows each condition is true."""
        found = self._values.select(each.fill_null(value=False).alias(str(i)) for i, each in enumerate(conditions))
        return [int(self._counts.filter(each).sum()) for each in found]


def _stripped(name: str) -> pl.Expr:
    return exactly(name).str.strip_chars()


def _fits(name: str) -> Iterator[pl.Expr]:
    """Whether a value is of each of the candidates."""
    text = _stripped(name)
    shapes = {
        "integer": text.str.contains(WHOLE),
        "number": ~text.str.contains(TOO_LONG),
        "date": text.str.contains(ISO_DATE),
    }
    for type in CANDIDATES:
        yield parsed(text, type).is_not_null() & shapes.get(type, pl.lit(True))


class DetectedTypes(Learned):
    """The types that text columns get."""

    types: dict[str, TypeName]
    """New type by column; others stay text."""
    formats: dict[str, str]
    """How dates are written, for those that are not ISO 8601."""
    ambiguous: tuple[str, ...] = ()
    """Columns of dates that may be day first or month first; they stay text."""


class InferTypes(FittedTransform):
    """Detect which text columns hold numbers, dates or true and false, and give them that type.

    Digits with leading zeros, and columns of which some value has them, are codes and stay text. Dates
    that may be day first or month first in every row stay text as well: nothing is guessed.
    """

    id = "infer_types"
    title = "Detect types"
    terms = ("auto detect types", "guess types", "automatic types", "infer and cast type")
    columns_from_data = True
    missing = "Null and blank text are left out, and become missing in a column that gets another type."
    unseen = "Values that are not of the detected type become missing and are counted."
    examples = (
        Example(
            params={},
            before={
                "age": ["31", "", None],
                "zip": ["0123", "4567", None],
                "score": ["1.5", "-2e3", None],
                "paid": ["2024-01-31", None, "2024-02-01"],
                "name": ["Ann", "7", None],
            },
            after={
                "age": [31, None, None],
                "zip": ["0123", "4567", None],
                "score": [1.5, -2000.0, None],
                "paid": [date(2024, 1, 31), None, date(2024, 2, 1)],
                "name": ["Ann", "7", None],
            },
        ),
        Example(
            params={"columns": ["day", "n"], "min_share": 0.6},
            before={"day": ["1/2/2024", "31/1/2024", None], "n": ["1", "2", "?"]},
            after={"day": [date(2024, 2, 1), date(2024, 1, 31), None], "n": [1, 2, None]},
        ),
    )

    columns: Annotated[tuple[str, ...], ColumnsField(("text",), at_least=0)] = select("text")
    """Columns to look at."""
    min_share: float = Field(0.95, gt=0, le=1, json_schema_extra={"widget": "share"})
    """Give a column another type when at least this share of its values are of it."""
    date_formats: tuple[DateFormat, ...] = ()
    """Ways to write a date, besides ISO 8601; left empty, usual ones are tried."""

    def fit(self, ask: Ask) -> DetectedTypes:
        columns = [name for name in self.columns if self.dtype(name) == pl.String]
        counts = ask(*(ValueCounts(exactly(name), MOST_VALUES + 1) for name in columns))
        values = {name: _Values(name, each) for name, each in zip(columns, counts, strict=True)}
        kinds = {name: (_stripped(name) != "", _stripped(name).str.contains(CODE)) for name in columns}
        looked = self._counted(ask, values, kinds)
        present = {name: found[0] for name, found in looked.items() if found[0]}
        fits = self._counted(ask, values, {name: tuple(_fits(name)) for name in present}, present)
        types: dict[str, TypeName] = {}
        for name, total in present.items():
            found = dict(zip(CANDIDATES, fits[name], strict=True))
            if looked[name][1]:
                found |= {"integer": 0, "number": 0}
            best = max(CANDIDATES, key=lambda each: found[each])
            if found[best] >= self.min_share * total:
                types[name] = best
        undecided = {name: total for name, total in present.items() if name not in types}
        return self._with_dates(ask, values, types, undecided)

    def _counted(
        self,
        ask: Ask,
        values: Mapping[str, _Values],
        conditions: Mapping[str, Sequence[pl.Expr]],
        present: Mapping[str, int] | None = None,
    ) -> dict[str, list[int]]:
        """Of how many rows each of some conditions is true, by column.

        Each different value is looked at once. Only where a column has too many of them all rows are asked, and not
        for conditions that its most frequent values rule out, if the number of rows with a value is known; these
        count as 0.
        """
        counts: dict[str, list[int]] = {}
        unsure = []
        for name, each in conditions.items():
            counts[name] = values[name].counts(each)
            if not values[name].whole:
                spare = values[name].rows if present is None else (1 - self.min_share) * present[name]
                for i, condition in enumerate(each):
                    # A hair more, which is what the product of floats may miss by.
                    if values[name].rows - counts[name][i] <= spare + 1e-6:
                        unsure.append((name, i, condition))
                    counts[name][i] = 0
        answers = ask(*(CountWhere(condition) for _, _, condition in unsure)) if unsure else ()
        for (name, i, _), count in zip(unsure, answers, strict=True):
            counts[name][i] = count
        return counts

    def _with_dates(
        self, ask: Ask, values: Mapping[str, _Values], types: dict[str, TypeName], undecided: dict[str, int]
    ) -> DetectedTypes:
        """Columns that are nothing else may be dates in some other writing."""
        tried = self.date_formats or FORMATS
        kinds: dict[str, TypeName] = {each: "datetime" if "%H" in each or "%I" in each else "date" for each in tried}
        dates = {
            name: tuple(parsed(exactly(name), kinds[format], format).is_not_null() for format in tried)
            for name in undecided
        }
        formats: dict[str, str] = {}
        ambiguous = []
        for name, counts in self._counted(ask, values, dates, undecided).items():
            found = dict(zip(tried, counts, strict=True))
            best = max(tried, key=lambda each: found[each])
            if found[best] < self.min_share * undecided[name]:
                continue
            if sum(each == found[best] for each in found.values()) > 1:
                ambiguous.append(name)
            else:
                types[name], formats[name] = kinds[best], best
        return DetectedTypes(types=types, formats=formats, ambiguous=tuple(ambiguous))

    def exprs(self, learned: DetectedTypes) -> Iterator[pl.Expr]:
        return (self._converted(name, learned).alias(name) for name in learned.types)

    def _converted(self, name: str, learned: DetectedTypes) -> pl.Expr:
        return converted(exactly(name), self.dtype(name), learned.types[name], learned.formats.get(name))

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        for name in learned.types if learned is not None else ():
            present = exactly(name).is_not_null() & ~blank(exactly(name))
            where = present & self._converted(name, learned).is_null()
            yield Failure(column=name, where=where, what=f"became missing: they are no {NOUNS[learned.types[name]]}")


TRANSFORMS: tuple[type[Transform], ...] = (InferTypes,)
