"""Types of text columns, detected from what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any

import polars as pl
from pydantic import Field

from transforms.core.columns import ColumnsField, select
from transforms.core.columns import column as exactly
from transforms.core.conversion import ISO_DATE, blank, converted, parsed
from transforms.core.dtypes import TypeName
from transforms.core.statistics import Ask, CountWhere
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
        per = len(CANDIDATES) + 2
        conditions = [each for name in columns for each in self._conditions(name)]
        counts = ask(*(CountWhere(each) for each in conditions))
        types: dict[str, TypeName] = {}
        undecided: dict[str, int] = {}
        for i, name in enumerate(columns):
            present, codes, *fits = counts[i * per : (i + 1) * per]
            found = dict(zip(CANDIDATES, fits, strict=True))
            if codes:
                found |= {"integer": 0, "number": 0}
            best = max(CANDIDATES, key=lambda each: found[each])
            if present and found[best] >= self.min_share * present:
                types[name] = best
            elif present:
                undecided[name] = present
        return self._with_dates(ask, types, undecided)

    def _conditions(self, name: str) -> Iterator[pl.Expr]:
        text = exactly(name).str.strip_chars()
        yield text != ""
        yield text.str.contains(CODE)
        shapes = {
            "integer": text.str.contains(WHOLE),
            "number": ~text.str.contains(TOO_LONG),
            "date": text.str.contains(ISO_DATE),
        }
        for type in CANDIDATES:
            yield parsed(text, type).is_not_null() & shapes.get(type, pl.lit(True))

    def _with_dates(self, ask: Ask, types: dict[str, TypeName], undecided: dict[str, int]) -> DetectedTypes:
        """Columns that are nothing else may be dates in some other writing."""
        tried = self.date_formats or FORMATS
        kinds: dict[str, TypeName] = {each: "datetime" if "%H" in each or "%I" in each else "date" for each in tried}
        counts = ask(
            *(
                CountWhere(parsed(exactly(name), kinds[format], format).is_not_null())
                for name in undecided
                for format in tried
            )
        )
        formats: dict[str, str] = {}
        ambiguous = []
        for i, (name, present) in enumerate(undecided.items()):
            found = dict(zip(tried, counts[i * len(tried) : (i + 1) * len(tried)], strict=True))
            best = max(tried, key=lambda each: found[each])
            if found[best] < self.min_share * present:
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
