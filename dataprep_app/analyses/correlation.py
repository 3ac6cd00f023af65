"""Which columns go together, pair by pair: numbers by their correlation, categories by Cramer's V."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Annotated, Literal

import altair as alt
import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import rankdata

from dataprep_app.analyses import charts
from dataprep_app.analyses.analysis import Analysis, AnalysisResult, ResultTable
from dataprep_app.analyses.values import axis_values, grouped, listed
from transforms.core.columns import ALL, ColumnsField, NumericColumns
from transforms.core.errors import Problem

DRAWN = 30
"""Columns of the chart."""
MOST_WRITTEN = 16
"""Columns of a chart whose cells have their number written in them."""
MOST_COLUMNS = 80
MOST_CATEGORIES = 50
LEAST = 3
"""Rows that have values in both columns, for a correlation to mean anything."""

DOWN, NOTHING, UP = "rgba(194, 87, 26, 1)", "rgba(128, 128, 128, 0.06)", "rgba(31, 95, 224, 1)"
"""Colors of a correlation of -1, 0 and 1. Nothing is almost transparent, so that it is calm on light and on dark; the
ends are told apart with every kind of colour vision."""

Pairs = dict[tuple[str, str], float]
Numbers = NDArray[np.float64]


class Correlation(Analysis):
    """Which columns of numbers rise and fall together, pair by pair."""

    id = "correlation"
    title = "Correlation"
    terms = ("pearson", "spearman", "correlation matrix", "collinear")

    columns: NumericColumns = ALL
    """Columns to compare with each other. A pair is compared in the rows that have both values."""
    method: Literal["pearson", "spearman"] = "pearson"
    """Pearson sees straight lines. Spearman compares ranks, so it sees everything that only rises or only falls, and
    single extreme values do not matter."""

    def name(self) -> str:
        return f"{self.method.capitalize()} correlation"

    def check(self, schema: pl.Schema) -> Iterable[Problem]:
        return _enough(self.columns, "numeric")

    def look(self, table: pl.DataFrame) -> AnalysisResult:
        columns = {
            name: axis_values(table, name).cast(pl.Float64).fill_null(math.nan).to_numpy() for name in self.columns
        }
        pairs = correlations(columns, ranks=self.method == "spearman")
        return _result(self.name(), tuple(columns), pairs, signed=True)


class Association(Analysis):
    """Which columns of categories go together, pair by pair: Cramér's V, from 0 to 1."""

    id = "association"
    title = "Association of categories"
    terms = ("cramers v", "chi squared", "categorical correlation", "contingency")

    columns: Annotated[tuple[str, ...], ColumnsField(("text", "boolean"))] = ALL
    """Columns to compare with each other. Those of more than 50 different values are left out; a missing value is a
    category of its own."""

    def name(self) -> str:
        return self.title

    def check(self, schema: pl.Schema) -> Iterable[Problem]:
        return _enough(self.columns, "text or boolean")

    def look(self, table: pl.DataFrame) -> AnalysisResult:
        found = {name: grouped(table, name, MOST_CATEGORIES) for name in self.columns}
        codes = {
            name: each.labels.rank("dense").cast(pl.Int64).to_numpy() - 1
            for name, each in found.items()
            if each.different <= MOST_CATEGORIES
        }
        many = [name for name in found if name not in codes]
        notes = (
            (f"Left out, since they have more than {MOST_CATEGORIES} different values: {listed(many)}.",)
            if many
            else ()
        )
        pairs = {
            pair: value
            for pair in combinations(codes, 2)
            if (value := cramers_v(codes[pair[0]], codes[pair[1]])) is not None
        }
        return _result(self.name(), tuple(codes), pairs, signed=False, notes=notes)


def correlations(columns: dict[str, Numbers], *, ranks: bool) -> Pairs:
    """The correlation of each pair in the rows that have both values; pairs without one are left out.

    Args:
        columns: numbers by column, NaN where there is none.
        ranks: compare ranks (Spearman), ties with their mean rank, in place of the values (Pearson).
    """
    there = {name: ~np.isnan(values) for name, values in columns.items()}
    whole = {name: rankdata(each) if ranks and there[name].all() else None for name, each in columns.items()}
    found: Pairs = {}
    for first, second in combinations(columns, 2):
        both = there[first] & there[second]
        pair = []
        for name in (first, second):
            known = whole[name]
            chosen = columns[name][both]
            pair.append(known if known is not None and both.all() else rankdata(chosen) if ranks else chosen)
        value = _pearson(*pair)
        if value is not None:
            found[first, second] = value
    return found


def cramers_v(first: NDArray[np.int64], second: NDArray[np.int64]) -> float | None:
    """Cramér's V of two columns of codes from 0; none where one has a single category.

    ``sqrt(chi2 / n / (min(rows, columns) - 1))`` (Cramér, Mathematical Methods of Statistics, 1946), without a
    correction for small tables.
    """
    width = int(second.max()) + 1
    table = np.bincount(first * width + second, minlength=(int(first.max()) + 1) * width).reshape(-1, width)
    least = min(table.shape) - 1
    if least < 1:
        return None
    total = table.sum()
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / total
    chi2 = float(((table - expected) ** 2 / expected).sum())
    return min(1.0, math.sqrt(chi2 / total / least))


def _pearson(first: Numbers, second: Numbers) -> float | None:
    if len(first) < LEAST or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    # Dividing by the largest value first keeps squares of very large numbers finite.
    one, other = (each / np.abs(each).max() for each in (first, second))
    one, other = one - one.mean(), other - other.mean()
    size = math.sqrt(float(one @ one) * float(other @ other))
    return max(-1.0, min(1.0, float(one @ other) / size)) if size else None


def _enough(columns: Sequence[str], kind: str) -> Iterable[Problem]:
    if len(columns) < 2:
        yield Problem(f"Two {kind} columns or more are needed, found {len(columns)}.", "Choose others.", "columns")
    if len(columns) > MOST_COLUMNS:
        found = f"{len(columns)} columns are more than can be compared in pairs at once."
        yield Problem(found, f"Choose at most {MOST_COLUMNS}.", "columns")


def _result(
    title: str, columns: tuple[str, ...], pairs: Pairs, *, signed: bool, notes: tuple[str, ...] = ()
) -> AnalysisResult:
    ranked = sorted(pairs.items(), key=lambda each: -abs(each[1]))
    if not ranked:
        return AnalysisResult(title=title, sentences=("No pair of columns can be compared.", *notes))
    (first, second), value = ranked[0]
    strong = sum(abs(each) >= 0.5 for each in pairs.values())
    sentences = [
        f"{first} and {second} go together most: {value:z.2f}.",
        f"{strong:,} of {len(pairs):,} pairs are strong (0.5 or more{', up or down' if signed else ''}).",
    ]
    still = [name for name in columns if not any(name in pair for pair in pairs)]
    if still:
        sentences.append(f"Nothing can be said of {listed(still)}: a single value, or too few.")
    drawn = _drawn(columns, ranked)
    if len(drawn) < len(columns) - len(still):
        sentences.append(f"The chart has the {DRAWN} columns of the strongest pairs; the table has all pairs.")
    rows = [(*pair, each) for pair, each in ranked]
    table = pl.DataFrame(
        rows, schema=["Column", "Other column", "Correlation" if signed else "Cramér's V"], orient="row"
    )
    chart = _matrix(drawn, pairs, signed=signed)
    return AnalysisResult(
        title=title,
        sentences=(*sentences, *notes),
        tables=(ResultTable.of("Pairs, the strongest first", table),),
        chart=charts.spec(chart),
    )


def _drawn(columns: Sequence[str], ranked: Sequence[tuple[tuple[str, str], float]]) -> list[str]:
    """The columns of the chart in table order: all, or those of the strongest pairs."""
    wanted = list(dict.fromkeys(name for pair, _ in ranked for name in pair))[:DRAWN]
    return [name for name in columns if name in wanted]


def _matrix(names: Sequence[str], pairs: Pairs, *, signed: bool) -> alt.LayerChart | alt.FacetChart:
    cells = pl.DataFrame(
        [
            (one, other, 1.0 if one == other else pairs.get((one, other), pairs.get((other, one))))
            for one in names
            for other in names
        ],
        schema={"one": pl.String, "other": pl.String, "value": pl.Float64},
        orient="row",
    )
    ends, colours = ([-1, 0, 1], [DOWN, NOTHING, UP]) if signed else ([0, 1], [NOTHING, UP])
    scale = alt.Scale(domain=ends, range=colours, interpolate="lab")
    base = alt.Chart(cells.drop_nulls()).encode(
        x=alt.X("one:N", sort=None, title=None, axis=alt.Axis(labelAngle=-45, labelLimit=130)),
        y=alt.Y("other:N", sort=None, title=None, axis=alt.Axis(labelLimit=180)),
        tooltip=[
            alt.Tooltip("one:N", title="Column"),
            alt.Tooltip("other:N", title="Other column"),
            alt.Tooltip("value:Q", title="Value", format=".3f"),
        ],
    )
    layers = [base.mark_rect().encode(color=alt.Color("value:Q", title=None, scale=scale))]
    if len(names) <= MOST_WRITTEN:
        written = base.encode(text=alt.Text("value:Q", format=".2f"))
        strong = "abs(datum.value) > 0.7"
        layers.append(written.transform_filter(strong).mark_text(fontSize=11, color="white"))
        layers.append(written.transform_filter(f"!({strong})").mark_text(fontSize=11))
    return alt.layer(*layers).properties(height=max(260, 28 * len(names) + 110))
