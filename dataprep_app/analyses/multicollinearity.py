"""Columns of numbers that say what others say already: by inflated variance, components, or a penalised model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

import polars as pl
from pydantic import Field

from dataprep_app.analyses import charts
from dataprep_app.analyses.analysis import Analysis, AnalysisResult, ResultTable
from dataprep_app.analyses.collinear_charts import component_chart, inflation_chart
from dataprep_app.analyses.collinear_numbers import (
    INFINITE,
    Components,
    Inflation,
    Standardised,
    components,
    inflations,
    standardised,
)
from dataprep_app.analyses.penalised import Penalised, penalised
from dataprep_app.analyses.share_bars import bars
from dataprep_app.analyses.values import counted, listed
from transforms.core.columns import ALL, ColumnField, NumericColumns
from transforms.core.errors import DataprepError, Problem
from transforms.core.params import Seed

SOME, MUCH = 5.0, 10.0
"""A VIF from which on collinearity is moderate (James, Witten, Hastie and Tibshirani, An Introduction to Statistical
Learning, 2013, section 3.3.3) and severe (Marquardt 1970; Kutner, Nachtsheim, Neter and Li, Applied Linear Statistical
Models, 2005)."""
DEPENDENT = 30.0
"""A largest singular value of more than so many times the smallest speaks of strong dependence (Belsley, Kuh and
Welsch, Regression Diagnostics, 1980)."""
ENOUGH = 0.9
"""The share of the variance that the first components are counted up to."""
MOST_COLUMNS = 200


class Multicollinearity(Analysis):
    """Which columns of numbers can be told from the others, so that a linear model cannot tell their effects apart."""

    id = "multicollinearity"
    title = "Multicollinearity"
    terms = ("vif", "variance inflation factor", "pca", "lasso", "collinear", "redundant columns", "condition number")

    columns: NumericColumns = ALL
    """Columns to compare. Rows that lack one of them are left out."""
    method: Literal["vif", "pca", "lasso"] = "vif"
    """VIF says how well each column is told by all others. PCA says how many independent columns there really are.
    Lasso says which columns a linear model of a target does without."""
    target: Annotated[str, ColumnField(("numeric", "boolean", "text"))] | None = None
    """The column that Lasso predicts; the others do not need it."""
    strength: float = Field(0.01, gt=0, le=10)
    """L1 penalty of Lasso: the larger, the more coefficients are 0. Columns are standardised, and a numeric target too,
    so that at 1 none is left."""
    problem: Literal["auto", "regression", "classification"] = "auto"
    """Whether Lasso predicts a number or classes; auto goes by the values of the target."""
    seed: Seed = 0
    """Same seed, same rows drawn where there are too many."""

    def name(self) -> str:
        match self.method:
            case "vif":
                return "Variance inflation"
            case "pca":
                return "Principal components"
            case "lasso":
                return f"Lasso of {self.target}"

    def check(self, schema: pl.Schema) -> Iterable[Problem]:
        found = [name for name in self.columns if self.method != "lasso" or name != self.target]
        if self.method == "lasso" and self.target is None:
            yield Problem("Lasso needs a column to predict.", "Choose a target, or another method.", "target")
        if len(found) < 2:
            yield Problem(f"Two numeric columns or more are needed, found {len(found)}.", "Choose others.", "columns")
        if len(found) > MOST_COLUMNS:
            what = f"{len(found)} columns are more than can be compared at once."
            yield Problem(what, f"Choose at most {MOST_COLUMNS}.", "columns")

    def look(self, table: pl.DataFrame) -> AnalysisResult:
        lasso = self.method == "lasso"
        names = [name for name in self.columns if not lasso or name != self.target]
        try:
            if lasso and self.target is not None:
                return self._of_lasso(
                    penalised(table, names, self.target, self.problem, strength=self.strength, seed=self.seed)
                )
            rows = standardised(table, names)
        except DataprepError as error:
            return AnalysisResult(title=self.name(), sentences=(str(error),))
        return self._of_inflation(rows) if self.method == "vif" else self._of_components(rows)

    def _of_inflation(self, rows: Standardised) -> AnalysisResult:
        found = inflations(rows)
        shown = [
            (
                each.column, None if each.infinite else round(each.vif, 4), None if each.infinite else each.share,
                _level(each), each.partner, each.correlation,
            )
            for each in found
        ]  # fmt: skip
        schema = {
            "Column": pl.String, "VIF": pl.Float64, "R2 of the others": pl.Float64, "Level": pl.String,
            "Goes most with": pl.String, "Correlation": pl.Float64,
        }  # fmt: skip
        return AnalysisResult(
            title=self.name(),
            sentences=(*_inflation_said(found), *rows.notes),
            tables=(ResultTable.of("Variance inflation", pl.DataFrame(shown, schema=schema, orient="row")),),
            chart=charts.spec(inflation_chart(found, SOME, MUCH)),
        )

    def _of_components(self, rows: Standardised) -> AnalysisResult:
        found = components(rows)
        spectrum = pl.DataFrame(
            {
                "Component": range(1, len(found.singular) + 1),
                "Singular value": found.singular,
                "Share of the variance": found.shares,
                "Together": found.together,
            }
        )
        last = pl.DataFrame(
            {"Column": rows.names, "Weight in the smallest component": found.smallest},
        ).sort(pl.col("Weight in the smallest component").abs(), descending=True)
        return AnalysisResult(
            title=self.name(),
            sentences=(*_components_said(found, rows), *rows.notes),
            tables=(ResultTable.of("Components", spectrum), ResultTable.of("What hardly varies", last)),
            chart=charts.spec(component_chart(spectrum)),
        )

    def _of_lasso(self, found: Penalised) -> AnalysisResult:
        ranked = found.ranked
        zero = [name for name, size in ranked if not size]
        sentences = [
            f"With a coefficient: {counted(len(ranked) - len(zero), 'column')} of {len(ranked)}; "
            + (f"a linear model of {self.target} does without {listed(zero)}." if zero else "none is 0."),
        ]
        if ranked[0][1]:
            most = [f"{name} ({size:.2g})" for name, size in ranked[:3] if size]
            sentences.append(f"The largest absolute coefficients are those of {', '.join(most)}.")
        if len(zero) == len(ranked):
            sentences.append("The penalty is so strong that nothing is left: choose a smaller strength.")
        shown = pl.DataFrame(
            ranked, schema={"Column": pl.String, "Absolute coefficient": pl.Float64}, orient="row"
        )  # fmt: skip
        return AnalysisResult(
            title=self.name(),
            sentences=(*sentences, *found.notes),
            tables=(ResultTable.of("Coefficients of standardised columns", shown),),
            chart=charts.spec(bars(ranked, "Absolute coefficient")),
        )


def _level(each: Inflation) -> str:
    if each.infinite:
        return "Infinite: an exact sum of others"
    return "Severe" if each.vif >= MUCH else "Moderate" if each.vif >= SOME else "Low"


def _inflation_said(found: list[Inflation]) -> Iterable[str]:
    severe = [each for each in found if each.vif >= MUCH]
    some = [each.column for each in found if SOME <= each.vif < MUCH]
    if severe:
        names = [f"{each.column} ({'infinite' if each.infinite else f'{each.vif:,.1f}'})" for each in severe]
        yield f"{counted(len(severe), 'column')} with a VIF of {MUCH:g} or more (severe): {listed(names)}."
    if some:
        yield f"{counted(len(some), 'column')} with a VIF from {SOME:g} to {MUCH:g} (moderate): {listed(some)}."
    if not severe and not some:
        yield f"No column has a VIF of {SOME:g} or more: each tells something that the others do not."
    elif found[0].partner:
        yield f"{found[0].column} goes most with {found[0].partner} (correlation {found[0].correlation:z.2f})."
    if any(each.infinite for each in found):
        yield "Where the VIF is infinite, leave out one column and look again."
    elif severe:
        yield "Leave out the column with the largest VIF and look again, one at a time."
    yield (
        f"A VIF of {SOME:g} (James and others 2013) means that the others tell 80% of a column's variance, {MUCH:g} "
        "(Marquardt 1970) that they tell 90%."
    )


def _components_said(found: Components, rows: Standardised) -> Iterable[str]:
    enough = next(place for place, share in enumerate(found.together, 1) if share >= ENOUGH - 1e-12)
    yield f"{enough} of {len(found.singular)} components have {ENOUGH:.0%} of the variance of all columns."
    if found.condition == INFINITE:
        yield "The smallest singular value is 0: some column is an exact sum of others."
    else:
        strong = found.condition > DEPENDENT
        yield (
            f"The largest singular value is {found.condition:,.1f} times the smallest, "
            f"{'more' if strong else 'not more'} than {DEPENDENT:g}: {'strong' if strong else 'no strong'} dependence "
            "(Belsley and others 1980)."
        )
    if found.condition > DEPENDENT:
        weights = sorted(zip(rows.names, found.smallest, strict=True), key=lambda each: -abs(each[1]))
        yield f"What hardly varies is a sum of {listed([name for name, weight in weights if abs(weight) > 0.3])}."
