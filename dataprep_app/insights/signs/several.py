"""Texts that name several things at once: ``Laptop, Paper``."""

from __future__ import annotations

import polars as pl

from dataprep_app.insights.signs.facts import Several
from dataprep_app.insights.signs.texts import Texts, most_frequent

DELIMITERS = (",", ";", "|", "/")
LEAST = 5
"""Rows that name several things, at least."""
SHARE = 0.02
"""Share of the rows that do, at least; fewer are oddities."""
ALONE = 0.8
"""Share of the things named together, by their rows, that are values by themselves in other rows."""
CATEGORIES = 0.5
"""Different texts as a share of the rows, at most."""
LONGEST = 40
"""Characters of one thing, at most."""
MOST = 10
"""Things named in one cell, at most."""


def several(texts: Texts) -> Several | None:
    """What separates the things that texts name; none unless most of these things also stand alone."""
    if texts.distinct < 3 or texts.distinct > CATEGORIES * texts.rows:
        return None
    found = [each for delimiter in DELIMITERS if (each := _divided(texts, delimiter)) is not None]
    return max(found, key=lambda each: each.rows) if found else None


def _divided(texts: Texts, delimiter: str) -> Several | None:
    joined = texts.counts["plain"].str.contains(delimiter, literal=True)
    rows = int(texts.counts.filter(joined)["rows"].sum())
    if rows < max(LEAST, SHARE * texts.rows):
        return None
    single = texts.counts.filter(~joined)["plain"].str.to_lowercase()
    parts = texts.counts.filter(joined).select(
        "rows", part=pl.col("plain").str.to_lowercase().str.split(delimiter).list.eval(pl.element().str.strip_chars())
    )
    if int(parts["part"].list.len().max()) > MOST:  # type: ignore[arg-type]
        return None
    each = parts.explode("part").filter(pl.col("part") != "")
    things = each.filter(pl.col("part").str.contains(r"\p{L}") & (pl.col("part").str.len_chars() <= LONGEST))
    alone = int(things.filter(pl.col("part").is_in(single.implode()))["rows"].sum())
    if alone < ALONE * int(each["rows"].sum()):
        return None
    return Several(delimiter=delimiter, rows=rows, examples=most_frequent(texts.counts, joined, 3))
