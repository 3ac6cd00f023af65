"""Rows that models are fitted on, and fitted models applied to rows as matrices of numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from transforms.core.numbers import finite
from transforms.core.statistics import Ask, Rows

Matrix = NDArray[np.float64]
CELLS = 200_000
"""How many numbers a matrix that is only needed for a moment holds at most: as many as stay near the processor."""


def sampled(ask: Ask, columns: Sequence[str], limit: int, seed: int) -> pl.DataFrame:
    """Some columns of at most ``limit`` rows, the same rows on every engine.

    They are drawn by the hash of all columns of the table that are no lists, since rows that are equal in every column
    used are drawn together: by a column of few values alone, only some of its values would be.
    """
    names = tuple(name for name, dtype in ask.schemas[0].items() if name in columns or not dtype.is_nested())
    rows: pl.DataFrame = ask(Rows(names, limit, seed))[0]
    return rows.select(pl.col(list(columns)))


def matrix(rows: pl.DataFrame, columns: Sequence[str]) -> Matrix:
    """Numbers of some columns; NaN where they are missing, infinite or beyond 1e150."""
    return rows.select(finite(name) for name in columns).to_numpy().astype(np.float64).reshape(len(rows), len(columns))


def computed(
    inputs: Sequence[pl.Expr], outputs: Sequence[str], function: Callable[[Matrix], Matrix], width: int = 1
) -> pl.Expr:
    """Columns that a function makes of the numbers of each row, as a struct; NaN becomes null.

    Args:
        inputs: Float64 columns, the columns of the matrix that the function takes; null is NaN there.
        outputs: the names of the columns of the matrix that it gives.
        function: has to make the same of a row whichever other rows there are, to the last digit: sums go column by
            column, since numpy adds up a whole axis in an order that depends on its shape.
        width: how many numbers the function holds at a time for each row.
    """
    kind = pl.Struct(dict.fromkeys(outputs, pl.Float64()))

    def of_rows(rows: pl.Series) -> pl.Series:
        numbers = rows.struct.unnest().to_numpy().astype(np.float64)
        size = max(CELLS // max(width, 1), 1)
        pieces = [function(numbers[at : at + size]) for at in range(0, len(numbers), size)]
        found = np.concatenate(pieces) if pieces else np.empty((0, len(outputs)))
        table = pl.DataFrame(found, schema=kind.to_schema(), orient="row")
        return table.select(pl.all().fill_nan(None)).to_struct(rows.name)

    return pl.struct(inputs).map_batches(of_rows, return_dtype=kind, is_elementwise=True)


def total(numbers: Matrix) -> NDArray[np.float64]:
    """The sum of each row, added up from its first number to its last."""
    found = np.zeros(len(numbers))
    for i in range(numbers.shape[1]):
        found += numbers[:, i]
    return found
