"""What an analysis is: settings that name columns, and a look at a table that gives plain data.

An analysis is declared as a transform is, so that the same forms draw it and the same sentences say which
columns do not fit. What it sees is data too: sentences, tables, and a chart of values that were counted before.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self

import polars as pl
from pydantic import BaseModel, ConfigDict, ValidationError

from dataprep_app.profile import plain
from transforms.core.errors import DataprepError, Problem
from transforms.core.params import Params

Cell = bool | int | float | str | None


class AnalysisError(DataprepError):
    """An analysis does not fit the table it is given; ``problems`` says why."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class ResultTable(BaseModel):
    """Numbers of a result, row by row; dates and times are written as text."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @classmethod
    def of(cls, title: str, table: pl.DataFrame) -> Self:
        """A table as plain data; NaN is written as null."""
        rows = tuple(tuple(map(_cell, row)) for row in table.iter_rows())
        return cls(title=title, columns=tuple(table.columns), rows=rows)

    def frame(self) -> pl.DataFrame:
        """The rows as a polars table."""
        data = {name: [row[place] for row in self.rows] for place, name in enumerate(self.columns)}
        return pl.DataFrame(data, strict=False)


class AnalysisResult(BaseModel):
    """What an analysis saw."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    title: str
    sentences: tuple[str, ...] = ()
    """What is seen, the most telling first."""
    tables: tuple[ResultTable, ...] = ()
    chart: dict[str, Any] | None = None
    """A Vega-Lite specification with its data inside; ``None`` when there is nothing to draw."""
    basis: str = ""
    """Which rows it was computed on, a sentence; for whoever chose them to say."""


class Analysis(Params):
    """A look at the rows of one table."""

    id: ClassVar[str]
    """Stable name in saved flows; never changes once released."""
    title: ClassVar[str]
    """What the menu says."""
    terms: ClassVar[tuple[str, ...]] = ()
    """Other words people search for."""

    def run(self, table: pl.DataFrame) -> AnalysisResult:
        """Look at a table.

        Raises:
            AnalysisError: a column is missing or of the wrong type, or the settings do not go together.
        """
        bound = self.bind(table.schema)
        if table.is_empty():
            return AnalysisResult(title=bound.name(), sentences=("There are no rows.",))
        return bound.look(table)

    def bind(self, schema: pl.Schema) -> Self:
        """The analysis with its columns named.

        Raises:
            AnalysisError: a column is missing or of the wrong type, or the settings do not go together.
        """
        bound, problems = self.try_bind(schema)
        if problems:
            raise AnalysisError(problems)
        return bound

    def try_bind(self, schema: pl.Schema) -> tuple[Self, list[Problem]]:
        """Like :meth:`bind`, but returns the problems."""
        bound, problems = self.bound((schema,))
        return bound, problems or list(bound.check(schema))

    def check(self, schema: pl.Schema) -> Iterable[Problem]:
        """Further problems of bound settings, beyond columns that are missing or mistyped."""
        return ()

    def name(self) -> str:
        """What it is called in a list: the kind of analysis and its columns."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it is called.")

    def look(self, table: pl.DataFrame) -> AnalysisResult:
        """The result on a table that has rows and fits; call it through :meth:`run`."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it does.")


def setting_problems(kind: type[Analysis], params: Mapping[str, Any], schema: pl.Schema) -> list[Problem]:
    """What is wrong with the settings of a form, by themselves or with the columns of a table."""
    try:
        analysis = kind.model_validate(dict(params))
    except ValidationError as error:
        return [_problem(kind, dict(each)) for each in error.errors()]
    return analysis.try_bind(schema)[1]


def _problem(kind: type[Analysis], error: Mapping[str, Any]) -> Problem:
    field = str(error["loc"][0]) if error["loc"] else ""
    help = kind.field_help(field).split("\n")[0]
    match error["type"]:
        case "missing":
            return Problem(f"{kind.title} needs {field!r}.", help, field)
        case "extra_forbidden":
            return Problem(f"{kind.title} has no setting {field!r}.", f"It has: {', '.join(kind.model_fields)}.", field)
        case "value_error":
            return Problem(str(error["ctx"]["error"]), "", field)
        case _:
            reason = f"{error['msg'][:1].lower()}{error['msg'][1:]}"
            return Problem(f"{field!r} cannot be {error['input']!r}: {reason}.", help, field)


def _cell(value: Any) -> Cell:
    found: Cell = plain(value)
    return None if isinstance(found, float) and math.isnan(found) else found
