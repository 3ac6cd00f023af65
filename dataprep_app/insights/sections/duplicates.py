"""Rows that occur more than once, and rows that are equal but for how their values are written."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from dataprep_app.insights.sections.facts import DuplicateSection, ExampleRow
from dataprep_app.insights.sections.readings import SHOWN, VALUE, Reading, example_row, most_telling, readings
from dataprep_app.insights.sections.sample import Sample
from flows.engines.base import Control

EXACT = 10
"""The most rows that occur more than once that are shown."""
PAIRS = 5
"""The most pairs of rows that are nearly equal that are shown."""
DIGITS = 3
"""Significant digits of a number with decimals that two rows must have in common."""
BY_CHANCE = 0.1
"""Rows that nearly equal another are told only where independent columns would give fewer such pairs than this."""
MANY = 0.5
"""Least share of the rows that one of the columns must tell apart."""
COMMON = 0.2
"""From this share of the rows that nearly equal another on, that is how the table is, not a defect of some rows."""
SPELLING = r"[.,;:!?'\"’‘“”´`()\[\]{}…·•]"
"""Punctuation that does not change what a text says; signs such as ``+``, ``#`` and ``%`` do."""


def duplicates(sample: Sample, control: Control) -> DuplicateSection:
    """The rows that occur most often, and pairs of rows that differ only in how their values are written.

    Rows are nearly equal when they are equal after text is written in lower case, without accents, punctuation and
    needless white space, and numbers with decimals with 3 significant digits. Columns that name the row are not
    compared. Tables whose rows are alike anyway, those of a few categories, have no such rows: they are told only
    where chance would hardly give one (independent columns) and few rows are like that.
    """
    columns = [each for each in readings(sample) if each.values.dtype != pl.Object]
    if not columns or sample.rows.height < 2:
        return DuplicateSection(basis=sample.basis)
    counted = _counted(columns)
    control.check()
    exact = tuple(_exact(columns, counted))
    control.check()
    near, near_rows = _near(columns, counted, control)
    return DuplicateSection(basis=sample.basis, exact=exact, near=near, near_rows=near_rows)


def _hashed(columns: Sequence[pl.Series]) -> pl.Series:
    """One number for each row, the same for rows that are equal in all columns."""
    table = pl.DataFrame([each.alias(str(i)) for i, each in enumerate(columns)])
    return table.select(pl.struct(pl.all()).hash(0).alias("row")).to_series()


def _counted(columns: Sequence[Reading]) -> pl.DataFrame:
    """The different rows: the place of the first of each, and how many there are; in the order of the table."""
    rows = _hashed([each.values for each in columns]).to_frame().with_row_index("place")
    return rows.group_by("row").agg(pl.col("place").min(), pl.len().alias("count")).sort("place")


def _exact(columns: Sequence[Reading], counted: pl.DataFrame) -> list[ExampleRow]:
    often = counted.filter(pl.col("count") > 1).sort("count", "place", descending=[True, False]).head(EXACT)
    if often.is_empty():
        return []
    known = {each.name: each for each in columns}
    names = most_telling(columns)
    return [example_row(known, place, names, count=count) for place, count in often.select("place", "count").rows()]


def _near(columns: Sequence[Reading], counted: pl.DataFrame, control: Control) -> tuple[tuple[ExampleRow, ...], int]:
    """Pairs of different rows that are nearly equal, and how many rows there are in all, copies counted once."""
    compared = [each for each in columns if each.role not in ("identifier", "constant")]
    places = counted["place"]
    normal = [_normal(each).gather(places) for each in compared]
    control.check()
    if not normal or not _tell_apart(normal):
        return (), 0
    rows = pl.DataFrame([_hashed(normal), places]).with_columns(pl.len().over("row").alias("like"))
    near = rows.filter(pl.col("like") > 1).sort(pl.col("place").min().over("row"), "place")
    if near.is_empty() or near.height > COMMON * counted.height:
        return (), 0
    control.check()
    pairs = near.group_by("row", maintain_order=True).agg(pl.col("place").head(2)).head(PAIRS)["place"].to_list()
    known = {each.name: each for each in columns}
    names = most_telling(compared)
    return tuple(shown for pair in pairs for shown in _pair(known, pair, names)), near.height


def _pair(columns: dict[str, Reading], places: Sequence[int], names: Sequence[str]) -> list[ExampleRow]:
    """Two rows to show, with the cells that differ."""
    marked = [name for name, each in columns.items() if not _same(each.values.gather(list(places)))][:SHOWN]
    return [example_row(columns, place, names, marked=marked) for place in places]


def _same(pair: pl.Series) -> bool:
    first, second = pair[:1], pair[1:]
    return bool(_hashed([first])[0] == _hashed([second])[0])


def _normal(column: Reading) -> pl.Series:
    """Values as they are compared."""
    values = column.values
    if values.dtype.is_float():
        return values.to_frame().select(VALUE.round_sig_figs(DIGITS)).to_series()
    if values.dtype != pl.String:
        return values
    plain = VALUE.str.normalize("NFKD").str.replace_all(r"\p{Mn}", "").str.to_lowercase()
    joined = plain.str.replace_all(r"(\pL)[-‐–—_/](\pL)", "$1 $2")
    # Points, commas and colons inside numbers stay: 1.5 is not 15. Twice, as the digit between two of them is taken.
    for mark, kept in ((r"\.", "\u0001"), (",", "\u0002"), (":", "\u0003")):
        pattern, inside = rf"(\d){mark}(\d)", f"${{1}}{kept}${{2}}"
        joined = joined.str.replace_all(pattern, inside).str.replace_all(pattern, inside)
    spelled = joined.str.replace_all(SPELLING, "").str.replace_all(r"\s+", " ").str.strip_chars()
    # A text of punctuation alone would otherwise equal any other.
    found = values.to_frame().select(pl.when(spelled == "").then(VALUE).otherwise(spelled))
    return found.to_series()


def _tell_apart(columns: Sequence[pl.Series]) -> bool:
    """Whether rows that are equal in these columns are hardly so by chance."""
    rows = len(columns[0])
    pairs = rows * (rows - 1) / 2
    many = 0
    for each in columns:
        counts = _hashed([each]).value_counts(name="rows")["rows"].to_numpy().astype(np.float64)
        pairs *= float((counts * (counts - 1)).sum()) / max(rows * (rows - 1), 1)
        many = max(many, len(counts))
    return pairs < BY_CHANCE and many >= MANY * rows
