"""Columns and tables by Python code, which is run apart (:mod:`transforms.code`) and only where it is trusted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import polars as pl
from pydantic import Field

from transforms.code import pool
from transforms.code.failures import Limits
from transforms.code.results import conformed
from transforms.code.source import FUNCTION, Code, function_of, takes
from transforms.code.stopping import stoppable, whether_stopped
from transforms.code.worker import Program, Worker
from transforms.core.columns import Columns
from transforms.core.dtypes import TYPES, TypeName
from transforms.core.errors import Problem
from transforms.core.params import NewColumn
from transforms.core.relations import Apply, Relation
from transforms.core.text import package_problems
from transforms.core.transform import Example, RowTransform, TableTransform, Transform

INPUT = "a"


class PythonColumnFunction(RowTransform):
    """Add a column computed by a Python function, value by value or for a batch of rows at a time.

    The code runs in a process of its own with limits, and only once the owner of the flow trusts it.
    """

    id = "python_column_function"
    title = "Python function"
    terms = (
        "custom function",
        "udf",
        "user-defined function",
        "user defined function",
        "lambda",
        "apply",
        "map",
        "python",
        "code per value",
    )
    runs_code: ClassVar[bool] = True
    missing = (
        "NaN is given to the function as missing, which is None, or null in a batch. Values given back as None or NaN "
        "are missing. Value by value, rows with a missing value are left out and stay missing, unless skip_missing is "
        "off."
    )
    examples = (
        Example(
            params={
                "columns": ["name"],
                "mode": "value",
                "code": "def transform(name):\n    first, *rest = name.split()\n    return f'{first[0]}. {rest[-1]}'\n",
                "output": "short",
                "type": "text",
            },
            before={"name": ["Ada Lovelace", "Carl Friedrich Gauss", None]},
            after={
                "name": ["Ada Lovelace", "Carl Friedrich Gauss", None],
                "short": ["A. Lovelace", "C. Gauss", None],
            },
        ),
        Example(
            params={
                "columns": ["height", "weight"],
                "code": "def transform(batch):\n    return batch['weight'] / batch['height'] ** 2\n",
                "output": "bmi",
            },
            before={"height": [2.0, 1.5, None], "weight": [80.0, 54.0, 70.0]},
            after={"height": [2.0, 1.5, None], "weight": [80.0, 54.0, 70.0], "bmi": [20.0, 24.0, None]},
        ),
    )

    columns: Columns
    """Columns that the function is given, in this order."""
    code: Code
    """Python code that defines the function ``transform``. Value by value it takes one argument for each column and
    gives one value; for a batch it takes a polars Series (of several columns, a DataFrame) and gives a Series as long.
    It may define and import more; polars is there as ``pl``. It must look at one row at a time: rows come in pieces of
    any size, in any order, and what is kept from one piece to the next is lost somewhere in between."""
    mode: Literal["value", "batch"] = "batch"
    """Whether the function takes the values of one row, or those of many rows at once, which is much faster."""
    output: NewColumn
    """Name of the new column; a column of that name is replaced."""
    type: TypeName = "number"
    """Type of the new column; values that the function gives of another type are an error."""
    skip_missing: bool = True
    """Value by value: leave rows with a missing value missing, and do not call the function for them."""
    time_limit: int = Field(60, ge=1, le=3_600)
    """Seconds that the function may take for each piece of at most 50,000 rows."""
    memory_limit: int = Field(1_024, ge=64, le=65_536)
    """Megabytes that the function may take, beyond what Python itself needs."""

    def check(self, *schemas: pl.Schema) -> Iterable[Problem]:
        arguments = len(self.columns) if self.mode == "value" else 1
        if not takes(function_of(self.code), arguments):
            given = "the values of each row" if self.mode == "value" else "a batch of rows"
            found = f"The function {FUNCTION!r} cannot be called with {arguments} arguments, but it is given {given}."
            yield Problem(found.replace("1 arguments", "1 argument"), "Change what it takes, or the columns.", "code")

    def columns_read(self, table: int = 0) -> Iterator[str]:
        yield from self.columns

    def touched(self, columns: Iterable[str]) -> frozenset[str]:
        """The columns that the function is given, and the one it makes."""
        return frozenset({*self.columns, self.output}) & frozenset(columns)

    def exprs(self) -> Iterator[pl.Expr]:
        dtype, stopped = TYPES[self.type], whether_stopped()
        program = Program(self.code, Limits(self.time_limit, self.memory_limit))

        def computed(values: pl.Series) -> pl.Series:
            if values.is_empty():
                return pl.Series([], dtype=dtype)
            rows = values.struct.unnest()
            with stoppable(stopped):
                if self.mode == "batch":
                    found = pool.call(program, "batch", rows)
                else:
                    found = pool.call(program, "values", rows, type=self.type, skip_missing=self.skip_missing)
            return conformed(found.rename({"result": self.output}), pl.Schema({self.output: dtype})).to_series()

        given = pl.struct([self.present(name).alias(name) for name in self.columns])
        result = given.map_batches(computed, return_dtype=dtype, is_elementwise=True).alias(self.output)
        yield result.fill_nan(None) if dtype.is_float() else result


@dataclass(frozen=True)
class TableCode:
    """Code as a function of a whole table."""

    program: Program
    schema: pl.Schema

    def __call__(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The table that the code gives.

        Raises:
            StepError: it fails, or gives other columns than were declared.
        """
        worker = Worker(self.program)
        try:
            task = "pandas" if self.program.pandas else "polars"
            return conformed(worker.call(task, rows, names=rows.columns), self.schema)
        finally:
            worker.close()


class PythonFrameCode(TableTransform):
    """Pass the whole table through Python code that works on a polars or pandas table.

    The code runs in a process of its own with limits, and only once the owner of the flow trusts it. All rows are
    brought together in the memory of one machine for it, on Spark too.
    """

    id = "python_frame_code"
    title = "Python code"
    terms = ("custom transform", "pandas", "pyspark", "custom code", "python script", "dataframe code", "python table")
    changes_rows: ClassVar[bool] = True
    runs_code: ClassVar[bool] = True
    missing = (
        "Missing values are null in polars and None, NaN or NaT in pandas, where whole numbers become floats beside "
        "them; what comes back from pandas as NaN is missing. A table without rows is not given to the code."
    )
    examples = (
        Example(
            params={
                "code": "def transform(df):\n    return df.group_by('city').agg(pl.col('price').sum()).sort('city')\n",
                "output_columns": {"city": "text", "price": "number"},
            },
            before={"city": ["Rome", "Oslo", "Rome"], "price": [2.0, None, 1.5], "note": [None, "x", "y"]},
            after={"city": ["Oslo", "Rome"], "price": [0.0, 3.5]},
        ),
        Example(
            params={
                "engine": "pandas",
                "code": "def transform(df):\n    return df.sort_values('price').drop_duplicates('city')\n",
            },
            before={"city": ["Rome", "Oslo", None], "price": [2, 5, 3]},
            after={"city": ["Rome", None, "Oslo"], "price": [2, 3, 5]},
        ),
    )

    code: Code
    """Python code that defines the function ``transform``. It takes the table and gives the table that comes out. The
    code may define and import more; polars is there as ``pl``, and where it works on pandas tables, pandas as ``pd``.
    """
    engine: Literal["polars", "pandas"] = "polars"
    """Which kind of table the function takes and gives."""
    output_columns: dict[NewColumn, TypeName | Literal["same"]] = {}
    """Columns that come out, by name, with their types; those of the table when empty. ``same`` is the type that the
    column has in the table. A table with other columns than these is an error."""
    time_limit: int = Field(300, ge=1, le=86_400)
    """Seconds that the function may take for the table."""
    memory_limit: int = Field(4_096, ge=64, le=1_048_576)
    """Megabytes that the function may take, the table included, beyond what Python itself needs."""

    def check(self, *schemas: pl.Schema) -> Iterable[Problem]:
        if not takes(function_of(self.code), 1):
            found = f"The function {FUNCTION!r} cannot be called with 1 argument, but it is given the table."
            yield Problem(found, "Let it take one argument.", "code")
        for name, kind in self.output_columns.items():
            if kind == "same" and name not in schemas[0]:
                found = f"There is no column {name!r} in the table whose type the one that comes out could have."
                yield Problem(found, "Choose its type.", "output_columns")
        if self.engine == "pandas":
            yield from package_problems("pandas", "engine", "Code on pandas tables")

    def _after(self) -> pl.Schema:
        before = self._schemas[0]
        if not self.output_columns:
            return before
        return pl.Schema(
            {name: before[name] if kind == "same" else TYPES[kind] for name, kind in self.output_columns.items()}
        )

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        after = self._after()
        program = Program(self.code, Limits(self.time_limit, self.memory_limit), self.engine == "pandas")
        return Apply(tables[0], TableCode(program, after), after)


TRANSFORMS: tuple[type[Transform], ...] = (PythonColumnFunction, PythonFrameCode)
