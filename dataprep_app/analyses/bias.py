"""Whether one group of rows gets a favourable outcome less often than the others, before any model is built."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

import altair as alt
import polars as pl

from dataprep_app.analyses import charts
from dataprep_app.analyses.analysis import Analysis, AnalysisResult, ResultTable
from dataprep_app.analyses.bias_measures import (
    MEANINGS,
    Outcomes,
    Stratum,
    conditional_disparity,
    measures,
    strata,
)
from dataprep_app.analyses.bias_values import Side, chosen, chosen_problems, in_groups
from dataprep_app.analyses.values import GROUPS, counted, listed, said
from transforms.core.categories import category
from transforms.core.columns import ColumnField
from transforms.core.columns import column as exactly
from transforms.core.errors import Problem

MOST_OUTCOMES = 12
"""Outcomes of the chart; the most frequent ones."""
BAR = 18
"""Pixels of one of the two bars of an outcome."""
SMALL = 30
"""Rows of a group below which its shares are shaky: half of an interval of 95% is then up to 18 points."""

Grouping = Annotated[str, ColumnField(GROUPS)]
Values = tuple[str, ...]


class BiasReport(Analysis):
    """Whether a group is rare or has a favourable outcome less often than the others, by eight measures of bias."""

    id = "bias_report"
    title = "Bias report"
    terms = ("fairness", "discrimination", "class imbalance", "demographic disparity", "clarify", "CI DPL KL JS CDDL")

    target: Grouping
    """The column of the outcome."""
    favourable_values: Values = ()
    """The values of the target that are good for whoever gets them, such as an approved loan."""
    facet: Grouping
    """The column of the group that may be at a disadvantage, such as a sex or an age."""
    disadvantaged_values: Values = ()
    """The values of the facet that make the group; all others are compared with it."""
    group: Grouping | None = None
    """Compares within each value of this column too, such as a department or a grade, and so measures CDDL. Numbers
    and dates of more than 20 different values are put in ten groups of like size."""
    favourable_threshold: float | None = None
    """For a target of numbers: which are favourable, instead of a list of values."""
    favourable_side: Literal["above", "at_most"] = "above"
    """Whether numbers above the threshold are favourable, or those up to it."""
    disadvantaged_threshold: float | None = None
    """For a facet of numbers: which make the group, instead of a list of values."""
    disadvantaged_side: Literal["above", "at_most"] = "above"
    """Whether numbers above the threshold make the group, or those up to it."""

    def name(self) -> str:
        return f"Bias of {self.target} by {self.facet}"

    def check(self, schema: pl.Schema) -> Iterable[Problem]:
        yield from chosen_problems(self._favourable(), schema, "favourable")
        yield from chosen_problems(self._disadvantaged(), schema, "disadvantaged")
        if self.facet == self.target:
            yield Problem(f"{self.facet!r} is the target already.", "Choose another column for the facet.", "facet")
        if self.group in (self.target, self.facet):
            yield Problem(
                f"{self.group!r} is the target or the facet already.", "Choose another column to group by.", "group"
            )

    def look(self, table: pl.DataFrame) -> AnalysisResult:
        good, facet = chosen(table, self._favourable()), chosen(table, self._disadvantaged())
        known = good.is_not_null() & facet.is_not_null()
        outcome = self._outcomes(table, good)
        rows = pl.DataFrame({"outcome": outcome, "good": good, "facet": facet}).filter(known)
        if reasons := tuple(self._cannot(table, rows)):
            return AnalysisResult(title=self.name(), sentences=reasons)
        found = Outcomes.of(rows)
        values = measures(found)
        inside: list[Stratum] = []
        if self.group is not None:
            inside = strata(rows.with_columns(in_groups(table, self.group).filter(known).alias("group")))
            values["CDDL"] = conditional_disparity(inside)
        gone = table.height - rows.height
        notes = [f"{gone:,} rows lack the outcome or the facet and are left out."] if gone else []
        return AnalysisResult(
            title=self.name(),
            sentences=(*self._said(found, values, inside), *notes),
            tables=tuple(self._tables(found, values, inside)),
            chart=charts.spec(self._chart(found)),
        )

    def _favourable(self) -> Side:
        return Side(self.target, self.favourable_values, self.favourable_threshold, self.favourable_side)

    def _disadvantaged(self) -> Side:
        return Side(self.facet, self.disadvantaged_values, self.disadvantaged_threshold, self.disadvantaged_side)

    def _outcomes(self, table: pl.DataFrame, good: pl.Series) -> pl.Series:
        """The outcome of each row: its value, or on which side of the threshold it is."""
        if self.favourable_threshold is None:
            value = table.select(exactly(self.target).alias("value"))
            return value.select(category("value", value.schema["value"]).cast(pl.String)).to_series()
        names = {True: self._favourable().words, False: self._favourable().opposite}
        return good.replace_strict(names, return_dtype=pl.String)

    def _cannot(self, table: pl.DataFrame, rows: pl.DataFrame) -> Iterable[str]:
        """Why there is nothing to compare, if so."""
        if rows.is_empty():
            yield f"No row has both {self.target} and {self.facet}."
            return
        for side, values in ((self._favourable(), rows["good"]), (self._disadvantaged(), rows["facet"])):
            if not values.any() or values.all():
                there = table.select(exactly(side.column)).to_series().drop_nulls().unique().sort().head(6)
                yield (
                    f"{'No' if not values.any() else 'Every'} row has {side.column} {side.words}, so there is nothing "
                    f"to compare. Its values are {listed([said(each) for each in there])}."
                )

    def _said(self, found: Outcomes, values: dict[str, float | None], inside: list[Stratum]) -> Iterable[str]:
        group, other = found.good_share(disadvantaged=True), found.good_share(disadvantaged=False)
        gap = other - group
        how = "as often as" if abs(gap) < 0.0005 else "less often than" if gap > 0 else "more often than"
        yield (
            f"Rows with {self._disadvantaged().text} have the favourable outcome ({self._favourable().text}) {how} the "
            f"others: {group:.1%} to {other:.1%}, a difference in proportions (DPL) of {gap:z.3f}."
        )
        share = found.disadvantaged / (found.disadvantaged + found.advantaged)
        yield f"They are {share:.1%} of all rows, a class imbalance (CI) of {values['CI']:z.3f}."
        conditional = values.get("CDDL")
        if self.group is not None and conditional is not None:
            yield (
                f"Compared within each {self.group}, their share of the unfavourable outcomes is "
                f"{100 * abs(conditional):.1f} points {'higher' if conditional > 0 else 'lower'} than of the "
                f"favourable ones (CDDL {conditional:z.3f}); over all rows that is {found.disparity:z.3f}."
            )
        alone = [each for each in inside if each.disparity is None]
        if alone:
            yield (
                f"{counted(sum(each.rows for each in alone), 'row')} in {counted(len(alone), 'group')} of {self.group} "
                "with one kind of outcome only are left out of CDDL."
            )
        if values["KL"] is None:
            yield "KL is infinite, since the others have an outcome that the group never has."
        small = min(found.disadvantaged, found.advantaged)
        if small < SMALL:
            yield f"One of the two has only {counted(small, 'row')}: its shares may be chance."
        yield "These numbers say that groups differ, not why; whether that is unfair is for people to say."

    def _tables(self, found: Outcomes, values: dict[str, float | None], inside: list[Stratum]) -> Iterable[ResultTable]:
        rows = [(each.short, each.title, values.get(each.short), each.range, each.text)
                for each in MEANINGS if each.short in values]  # fmt: skip
        schema = {
            "Measure": pl.String, "Name": pl.String, "Value": pl.Float64, "Range": pl.String, "Meaning": pl.String
        }  # fmt: skip
        yield ResultTable.of("Measures of bias before training", pl.DataFrame(rows, schema=schema, orient="row"))
        shown = found.counts.rename(
            {"outcome": "Outcome", "group": "Rows of the group", "others": "Rows of the others"}
        )
        yield ResultTable.of("Outcomes", shown)
        if inside:
            table = [(each.name, each.rows, each.group_share, each.other_share, each.disparity) for each in inside]
            schema = {
                "Rows alike": pl.String, "Rows": pl.Int64, "Favourable in the group": pl.Float64,
                "Favourable in the others": pl.Float64, "Demographic disparity": pl.Float64,
            }  # fmt: skip
            yield ResultTable.of(f"Within each {self.group}", pl.DataFrame(table, schema=schema, orient="row"))

    def _chart(self, found: Outcomes) -> alt.Chart:
        counts = found.counts.head(MOST_OUTCOMES)
        names = {"group": self._disadvantaged().text, "others": "Others"}
        long = pl.concat(
            counts.select(
                "outcome",
                pl.lit(name).alias("facet"),
                pl.col(field).alias("rows"),
                (pl.col(field) / found.counts[field].sum()).alias("share"),
            )
            for field, name in names.items()
        )
        chart: alt.Chart = (
            alt.Chart(long)
            .mark_bar()
            .encode(
                y=charts.label("outcome:N").sort(counts["outcome"].to_list()),
                yOffset=alt.YOffset("facet:N", sort=list(names.values())),
                x=alt.X("share:Q", title="Share of the rows of each side", axis=alt.Axis(format="%")),
                color=alt.Color(
                    "facet:N", title=None, scale=alt.Scale(domain=list(names.values())),
                    legend=alt.Legend(orient="top", labelLimit=400),
                ),
                tooltip=[
                    alt.Tooltip("outcome:N", title="Outcome"), alt.Tooltip("facet:N", title="Side"),
                    alt.Tooltip("rows:Q", title="Rows", format=","),
                    alt.Tooltip("share:Q", title="Share", format=".1%"),
                ],
            )
            .properties(height=max(160, 2 * BAR * counts.height + 110))
        )  # fmt: skip
        return chart
