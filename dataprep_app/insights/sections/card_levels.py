"""The most frequent values of a column."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from dataprep_app.insights.sections.card_labels import Labels, told
from dataprep_app.insights.sections.facts import Level
from transforms.core.conversion import as_text, blank

MOST = 12
"""The most values that are listed."""
CHARACTERS = 80
"""Characters of a value that are shown."""
FEWEST, SHARE = 5, 0.005
"""What is in fewer rows than these, whichever is more, is not frequent."""
EMPTY = "(empty)"
"""The name of a text without a letter: empty, or white space only."""


def frequent(rows: int) -> int:
    """Rows that have what is frequent, of so many."""
    return max(FEWEST, -int(-SHARE * rows // 1))


def shown(values: Iterable[str | None]) -> tuple[str, ...]:
    """Texts cut to what is shown."""
    return tuple(each[:CHARACTERS] for each in values if each is not None)


def counted(values: pl.Series, labels: Labels | None) -> pl.DataFrame:
    """Each value that is there with its ``rows`` and the mean of the ``target``; the most frequent first.

    NaN is missing; texts that are empty or white space only are one value, the empty text. Ties are in the order of
    the values.
    """
    value = pl.col("value")
    dtype = values.dtype
    if dtype in (pl.Categorical, pl.Enum):
        value, dtype = value.cast(pl.String), pl.String()
    if dtype == pl.String:
        value = pl.when(~blank(value) | value.is_null()).then(value).otherwise(pl.lit(""))
    elif dtype.is_float():
        value = value.fill_nan(None)
    target = labels.series if labels else pl.Series("target", [None], dtype=pl.Float64).new_from_index(0, len(values))
    return (
        pl.DataFrame({"value": values, "target": target})
        .lazy()
        .with_columns(value.alias("value"))
        .drop_nulls("value")
        .group_by("value")
        .agg(pl.len().alias("rows"), pl.col("target").mean())
        .sort("rows", "value", descending=[True, False])
        .collect()
    )


def levels_of(counts: pl.DataFrame, most: int = MOST, least: int = 1) -> tuple[tuple[Level, ...], int]:
    """The most frequent of some counted values, and the rows of the others.

    Args:
        counts: what :func:`counted` gives.
        most: values that are listed at most.
        least: rows below which a value is not listed.
    """
    best = counts.head(most).filter(pl.col("rows") >= least)
    named = best.select(as_text(pl.col("value"), counts.schema["value"]).cast(pl.String), "rows", "target")
    levels = tuple(
        Level(name=name[:CHARACTERS] or EMPTY, rows=rows, target=told(target))
        for name, rows, target in named.iter_rows()
    )
    return levels, int(counts["rows"].sum()) - int(best["rows"].sum())
