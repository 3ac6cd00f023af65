"""Samples of sources: what the app works on before a run takes all rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import polars as pl

from transforms.core.random import draw


@dataclass(frozen=True)
class Sampling:
    """How to take a sample of every source: the first rows, random ones, or so many of each group."""

    rows: int
    method: Literal["first", "random", "stratified"] = "first"
    by: str | None = None
    """Column of the groups, for ``stratified``; sources without it are sampled at random."""
    seed: int = 0

    def as_json(self) -> dict[str, Any]:
        """As part of the key of what was computed on it."""
        return asdict(self)


def sampled(rows: pl.LazyFrame, sampling: Sampling) -> pl.LazyFrame:
    """A sample of the rows; random ones are drawn by a hash of their values, so always the same."""
    if sampling.method == "first":
        return rows.head(sampling.rows)
    names = rows.collect_schema().names()
    drawn = rows.with_columns(draw(sampling.seed, names).alias("__draw"))
    if sampling.method == "stratified" and sampling.by in names:
        share = pl.len().over(sampling.by) / pl.len() * sampling.rows
        place = pl.col("__draw").rank("ordinal").over(sampling.by)
        return drawn.filter(place <= share.ceil()).drop("__draw")
    return drawn.filter(pl.col("__draw").rank("ordinal") <= sampling.rows).drop("__draw")
