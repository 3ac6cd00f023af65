"""Rows that occur more than once, and the columns that keep others from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import altair as alt
import polars as pl

from dataprep_app.analyses import charts
from dataprep_app.analyses.analysis import Analysis, AnalysisResult, ResultTable
from dataprep_app.analyses.row_cells import shown
from dataprep_app.analyses.values import counted, share
from transforms.core.categories import free_names
from transforms.core.columns import ALL, Columns, column

MOST_ROWS = 50
MOST_BARS = 25


@dataclass(frozen=True)
class Copies:
    """Different rows, those that occur most often first: the place of the first of each, and how many there are."""

    different: pl.DataFrame

    @property
    def repeats(self) -> int:
        """Rows that say nothing new: all but the first of each."""
        return int(self.different["copies"].sum()) - self.different.height


class DuplicateRows(Analysis):
    """Rows that occur more than once: how many, the most frequent ones, and which columns tell others apart."""

    id = "duplicate_rows"
    title = "Duplicate rows"
    terms = ("duplicates", "repeated rows", "unique key", "deduplicate")

    columns: Columns = ALL
    """Columns to compare: rows are duplicates when they are equal in all of them. Missing values are equal to each
    other."""
    ignore_case: bool = False
    """Take texts for equal that differ only in capital letters and in white space around them."""

    def name(self) -> str:
        return self.title

    def look(self, table: pl.DataFrame) -> AnalysisResult:
        if not self.columns:
            return AnalysisResult(title=self.name(), sentences=("There are no columns to compare.",))
        hashes = [self._hash(table.get_column(name), seed) for seed, name in enumerate(self.columns)]
        whole = sum(hashes[1:], start=hashes[0])
        copies = _copies(whole)
        without = self._without(hashes, whole)
        return AnalysisResult(
            title=self.name(),
            sentences=tuple(self._said(copies, without, table.height)),
            tables=tuple(self._tables(table, copies, without)),
            chart=self._chart(table, copies, without),
        )

    def _hash(self, values: pl.Series, seed: int) -> pl.Series:
        """A number for each value, the same for equal ones; sums of those of some columns stand for rows."""
        value = pl.col("value")
        if values.dtype == pl.Object:
            values = pl.Series(map(repr, values), dtype=pl.String)
        if values.dtype.is_float():
            value = value.fill_nan(None)
        elif values.dtype == pl.String and self.ignore_case:
            value = value.str.strip_chars().str.to_lowercase()
        return values.alias("value").to_frame().select(value.hash(seed).alias("row")).to_series()

    def _without(self, hashes: Sequence[pl.Series], whole: pl.Series) -> pl.DataFrame:
        """How many rows would repeat another if a column were not compared, the most first."""
        if len(hashes) < 2:
            return pl.DataFrame(schema={"column": pl.String, "repeats": pl.Int64})
        repeats = [len(whole) - (whole - each).n_unique() for each in hashes]
        found = pl.DataFrame({"column": self.columns, "repeats": repeats}, schema_overrides={"repeats": pl.Int64})
        return found.sort("repeats", descending=True, maintain_order=True)

    def _said(self, copies: Copies, without: pl.DataFrame, rows: int) -> Iterable[str]:
        often = copies.different.filter(pl.col("copies") > 1)
        where = f"in {self.columns[0]}" if len(self.columns) == 1 else f"in all {len(self.columns)} columns"
        if often.is_empty():
            yield f"No two of {counted(rows, 'row')} are equal {where}."
        else:
            repeat, occur = ("s" * (each == 1) for each in (copies.repeats, often.height))
            part = share(copies.repeats, rows)
            yield f"{counted(copies.repeats, 'row')} ({part}) repeat{repeat} an earlier one {where}."
            most = often["copies"][0]
            yield f"{counted(often.height, 'different row')} occur{occur} more than once, one of them {most:,} times."
        telling = without.filter(pl.col("repeats") > copies.repeats)
        if not telling.is_empty():
            name, repeats = telling.row(0)
            yield f"Without {name}, {counted(repeats, 'row')} ({share(repeats, rows)}) would repeat another."
        elif without.height:
            yield "Whichever single column is left out, no more rows are equal."

    def _tables(self, table: pl.DataFrame, copies: Copies, without: pl.DataFrame) -> Iterable[ResultTable]:
        often = copies.different.filter(pl.col("copies") > 1)
        if often.height:
            best = often.head(MOST_ROWS)
            rows = shown(table[best["place"]].select(map(column, self.columns)))
            name = free_names(["Occurs"], self.columns)[0]
            yield ResultTable.of(
                f"Rows that occur most often{f', {MOST_ROWS} of {often.height:,}' if often.height > MOST_ROWS else ''}",
                rows.insert_column(0, best["copies"].cast(pl.Int64).alias(name)),
            )
        times = copies.different.group_by("copies").len("rows").sort("copies")
        yield ResultTable.of(
            "How often rows occur",
            times.select(
                pl.col("copies").alias("Occurs"), pl.col("rows").alias("Different rows"),
                (pl.col("copies") * pl.col("rows")).alias("Rows"),
            ),
        )  # fmt: skip
        if without.height:
            yield ResultTable.of(
                "Rows that repeat another when a column is left out",
                without.rename({"column": "Left out", "repeats": "Rows that repeat another"}),
            )

    def _chart(self, table: pl.DataFrame, copies: Copies, without: pl.DataFrame) -> dict[str, object] | None:
        if without.height and without["repeats"].max():
            title, bars = "Rows that repeat another when the column is left out", without.head(MOST_BARS)
            return charts.spec(_bars(bars.rename({"column": "name", "repeats": "rows"}), title))
        often = copies.different.filter(pl.col("copies") > 1).head(MOST_BARS)
        if without.height or often.is_empty():
            return None
        values = shown(table[often["place"]].select(column(self.columns[0]).alias("name"))).to_series()
        names = values.cast(pl.String).fill_null("(missing)").replace("", "(empty)")
        return charts.spec(_bars(pl.DataFrame({"name": names, "rows": often["copies"]}), "Rows"))


def _copies(rows: pl.Series) -> Copies:
    places = rows.alias("row").to_frame().with_row_index("place")
    found = places.group_by("row").agg(pl.col("place").min(), pl.len().cast(pl.Int64).alias("copies"))
    return Copies(found.sort("copies", "place", descending=[True, False]))


def _bars(bars: pl.DataFrame, title: str) -> alt.Chart:
    chart: alt.Chart = (
        alt.Chart(bars)
        .mark_bar()
        .encode(
            y=alt.Y("name:N", title=None, sort=None, axis=alt.Axis(labelLimit=220, labelFlush=False)),
            x=alt.X("rows:Q", title=title, scale=alt.Scale(domainMin=0), axis=alt.Axis(tickCount=8)),
            tooltip=[alt.Tooltip("name:N", title="Of"), alt.Tooltip("rows:Q", title="Rows", format=",")],
        )
        .properties(height=charts.lying(bars.height))
    )
    return chart
