"""A column made as a few examples show."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Any, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.columns import KeyColumns, taken
from transforms.core.conditions import typed
from transforms.core.dtypes import type_name
from transforms.core.errors import Problem, StepError, did_you_mean
from transforms.core.params import NewColumn, Params, Scalar
from transforms.core.statistics import Ask
from transforms.core.transform import Example, Failure, FittedTransform, Learned, Transform
from transforms.custom_programs import Part, program, program_expr

MOST_EXAMPLES = 50
LONGEST_RESULT = 200
Row = tuple[tuple[str, Scalar | None], ...]


class Shown(Params):
    """A row and the text that is to be made of it."""

    row: dict[str, Scalar | None] = Field(min_length=1)
    """Values of columns, dates as ISO text; columns that are not named are missing."""
    result: str = Field(min_length=1, max_length=LONGEST_RESULT)
    """What is wanted for it."""


class Program(Learned):
    """What was found."""

    words: str
    """The program in words."""
    parts: tuple[Part, ...]
    """What is put together, in order."""


class ColumnFromExamples(FittedTransform):
    """Add a text column made as a few examples show: pieces of other columns, put together.

    The shortest program that makes every example right is used and can be read; where there is none, that is an
    error. It may take pieces between separators, runs of letters or digits, first and last characters, parts of
    dates, other cases, and texts that are always the same.
    """

    id = "column_from_examples"
    title = "Column from examples"
    terms = ("flash fill", "by example", "learn from examples", "program synthesis", "smart column")
    missing = (
        "Where a column that the program reads is missing, NaN among them, or does not have what is read of it, so is "
        "the result."
    )
    unseen = "New rows go through the program that was found; those it does not fit become missing and are counted."
    examples = (
        Example(
            params={
                "columns": ["name"],
                "output": "short",
                "shown": [{"row": {"name": "Ann Lee"}, "result": "A. Lee"}],
            },
            before={"name": ["Ann Lee", "Bo Kim", "Cy", None]},
            after={"name": ["Ann Lee", "Bo Kim", "Cy", None], "short": ["A. Lee", "B. Kim", None, None]},
        ),
        Example(
            params={
                "columns": ["day", "city"],
                "output": "label",
                "shown": [{"row": {"day": "2024-01-31", "city": "oslo"}, "result": "OSLO 01/2024"}],
            },
            before={"day": [date(2024, 1, 31), date(2023, 12, 1), None], "city": ["oslo", "rome", "bonn"]},
            after={
                "day": [date(2024, 1, 31), date(2023, 12, 1), None],
                "city": ["oslo", "rome", "bonn"],
                "label": ["OSLO 01/2024", "ROME 12/2023", None],
            },
        ),
    )

    columns: KeyColumns
    """Columns that may be read."""
    shown: tuple[Shown, ...] = Field(min_length=1, max_length=MOST_EXAMPLES)
    """Rows with the result that is wanted; two or three that differ are better than one."""
    output: NewColumn
    """Name of the new column."""

    @model_validator(mode="after")
    def _rows_agree(self) -> Self:
        known: dict[str, str] = {}
        for each in self.shown:
            row = repr(sorted(each.row.items()))
            if known.setdefault(row, each.result) != each.result:
                raise ValueError(f"The row {each.row} is to become {known[row]!r} and {each.result!r}. Leave one out.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])
        problems = list(self._row_problems(schemas[0]))
        yield from problems
        if not problems and self._found() is None:
            yield Problem(self._unexplained(), "Correct them, show more columns, or write a formula.", "shown")

    def _row_problems(self, schema: pl.Schema) -> Iterator[Problem]:
        for i, shown in enumerate(self.shown):
            for name, value in shown.row.items():
                if name not in self.columns:
                    advice = did_you_mean(name, self.columns) or "Choose it too, or leave it out of the example."
                    yield Problem(
                        f"Example {i + 1} has a value for {name!r}, which is no chosen column.", advice, "shown"
                    )
                elif value is not None and typed(value, schema[name]) is None:
                    found = f"Example {i + 1} has {value!r} for {name!r}, which holds {type_name(schema[name])} values."
                    yield Problem(found, "Write the value in the column's type.", "shown")

    def _found(self, upto: int | None = None) -> tuple[Part, ...] | None:
        """The program for the first so many examples, or for all."""
        shown = self.shown[:upto]
        rows = tuple(tuple((name, each.row.get(name)) for name in self.columns) for each in shown)
        types = tuple(self.dtype(name) for name in self.columns)
        return _program(self.columns, types, rows, tuple(each.result for each in shown))

    def _unexplained(self) -> str:
        """Which example cannot be explained, by itself or together with those before it."""
        first = next(i for i in range(1, len(self.shown) + 1) if self._found(i) is None)
        result = self.shown[first - 1].result
        if first == 1:
            return f"No program makes {result!r} of the first example by the columns chosen."
        return f"No program explains all examples: {result!r}, of example {first}, does not fit those before it."

    def fit(self, ask: Ask) -> Program:
        parts = self._found()
        if parts is None:
            raise StepError(self._unexplained())
        return Program(words=" + ".join(each.words() for each in parts), parts=parts)

    def exprs(self, learned: Program) -> Iterator[pl.Expr]:
        yield program_expr(learned.parts, self._schemas[0]).alias(self.output)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        read = sorted({each.column for each in learned.parts if each.column}) if learned is not None else []
        if read:
            present = pl.all_horizontal(self.present(name).is_not_null() for name in read)
            where = present & program_expr(learned.parts, self._schemas[0]).is_null()
            yield Failure(column=read[0], where=where, what=f"have no result: they do not have {learned.words}")


@lru_cache(maxsize=256)
def _program(
    columns: tuple[str, ...], types: tuple[pl.DataType, ...], rows: tuple[Row, ...], results: tuple[str, ...]
) -> tuple[Part, ...] | None:
    """The program that was searched, once for the same examples: a form asks at every change."""
    table = pl.DataFrame(
        [_series(name, dtype, [dict(row)[name] for row in rows]) for name, dtype in zip(columns, types, strict=True)]
    )
    return program(table, columns, results)


def _series(name: str, dtype: pl.DataType, values: list[Scalar | None]) -> pl.Series:
    held = [None if each is None else typed(each, dtype) for each in values]
    if dtype.is_numeric():
        return pl.Series(name, held, dtype=pl.Float64).cast(dtype)
    return pl.Series(name, held, dtype=pl.String if dtype == pl.Null else dtype)


TRANSFORMS: tuple[type[Transform], ...] = (ColumnFromExamples,)
