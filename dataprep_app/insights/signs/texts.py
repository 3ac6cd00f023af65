"""The different texts of a column, counted, and those of them that are looked at."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from dataprep_app.insights.measures import DISGUISES
from transforms.core.columns import column

PLACEHOLDERS = (
    r"(?i)^(?:\\N|#(?:N/A|NULL!|VALUE!|REF!|DIV/0!|NAME\?|NUM!)|"
    r"[\[(<{]\s*(?:unknown|unspecified|not specified|undefined|not available|missing|blank|empty|null|none|nan|na|n/a|"
    r"no data|no value)\s*[\])>}])$"
)
"""Whole texts that stand for no value: what MySQL exports for it, errors of spreadsheets, and words in brackets."""
BRACKETED = (
    r"(?i)^[\[(<{](?:\s*(?:no|not|none|unknown|missing|without)\b[^\[\](){}<>]{0,30}|"
    r"[^\[\](){}<>]{0,30}\b(?:not known|unknown|not available|not given|not recorded|missing)\s*)[\])>}]$"
)
"""Whole texts in brackets that probably say so in more words: ``[no title]``, ``[date not known]``."""
LOOKED_AT = 2_000
"""So many different texts of a column are looked at where looking is slow."""


@dataclass(frozen=True)
class Texts:
    """The different texts of a column in columns ``text``, ``rows`` and ``plain`` (without white space around).

    The most frequent come first; blank texts, and words and signs for missing values, are left out.
    """

    name: str
    counts: pl.DataFrame
    rows: int
    placeholders: tuple[tuple[str, int], ...] = ()
    """Texts that are built to stand for no value, with their rows."""

    @property
    def distinct(self) -> int:
        """How many different texts there are."""
        return self.counts.height

    def some(self, most: int = LOOKED_AT) -> pl.DataFrame:
        """The most frequent half of ``most`` texts, and as many spread evenly over the others."""
        if self.counts.height <= most:
            return self.counts
        rest = self.counts[most // 2 :]
        step = -(-rest.height // (most // 2))
        return pl.concat([self.counts[: most // 2], rest.gather_every(step)])


def texts_of(table: pl.DataFrame, name: str) -> Texts:
    """The texts of a column of text or categories."""
    text = column(name).cast(pl.String).alias("text")
    counts = table.lazy().select(text).drop_nulls().group_by("text").len("rows")
    plain = counts.with_columns(pl.col("rows").cast(pl.Int64), plain=pl.col("text").str.strip_chars())
    kept = plain.filter(~pl.col("plain").str.to_lowercase().is_in(DISGUISES))
    found = kept.sort("rows", "text", descending=[True, False]).collect()
    stands = found["plain"].str.contains(PLACEHOLDERS) | found["plain"].str.contains(BRACKETED)
    rest = found.filter(~stands)
    return Texts(name, rest, int(rest["rows"].sum()), most_frequent(found, stands, 20))


def most_frequent(counts: pl.DataFrame, where: pl.Series, most: int = 5) -> tuple[tuple[str, int], ...]:
    """The first of the texts for which something is true, with their rows."""
    return tuple((text[:80], rows) for text, rows in counts.filter(where).head(most).select("text", "rows").iter_rows())
