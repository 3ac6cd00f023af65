"""Which columns matter to a model, beside what each tells alone."""

from __future__ import annotations

import altair as alt
import polars as pl

from dataprep_app.analyses import charts
from dataprep_app.analyses.analysis import AnalysisResult, ResultTable
from dataprep_app.analyses.model_rows import Learnable, ModelAnalysis, Powers
from dataprep_app.analyses.values import counted, listed
from dataprep_app.modeling.outcome import QuickResult

MOST_COLUMNS = 20
"""Columns whose pairs of bars can be read together."""
MOST_OF_IT = 0.9
"""The share of the impact that the first columns are counted up to."""
ALONE, LITTLE = 0.1, 0.02
"""A column is said to repeat others when it tells this much alone, and has less than this share of the impact."""
IMPACT, POWER = "Share of the impact in the model", "Prediction power alone"
BAR = 16
"""Pixels of one of the two bars of a column."""


class FeatureImportance(ModelAnalysis):
    """Which columns move the predictions of a quick model, beside how much each tells of the target alone."""

    id = "feature_importance"
    title = "Feature importance"
    terms = ("shap", "impact", "explain model", "variable importance", "prediction power")

    def name(self) -> str:
        return f"Importance for {self.target}"

    def learn(self, rows: Learnable) -> AnalysisResult:
        result = self.build(rows).result
        powers = self.powers(rows)
        found = pl.DataFrame(
            [
                (rows.outer(each.column), each.share, powers.by_column.get(rows.outer(each.column)))
                for each in result.impact
            ],
            schema={"column": pl.String, "share": pl.Float64, "power": pl.Float64},
            orient="row",
        )
        shown = found.rename({"column": "Column", "share": IMPACT, "power": POWER})
        return AnalysisResult(
            title=self.name(),
            sentences=tuple(_said(found, result, powers)),
            tables=(ResultTable.of("Importance of each column", shown),),
            chart=charts.spec(_chart(found.head(MOST_COLUMNS))),
        )


def _said(found: pl.DataFrame, result: QuickResult, powers: Powers) -> list[str]:
    names, shares = found["column"].to_list(), found["share"].to_list()
    sentences = [f"{names[0]} moves the predictions most, with {shares[0]:.0%} of the impact of all columns."]
    enough = found.select((pl.col("share").cum_sum() < MOST_OF_IT).sum()).item() + 1
    if 1 < enough < len(names):
        sentences.append(f"{counted(enough, 'column')} of {len(names)} have {MOST_OF_IT:.0%} of it.")
    repeated = found.filter(pl.col("power") >= ALONE, pl.col("share") < LITTLE)["column"].to_list()
    if repeated:
        sentences.append(
            f"Much is told alone and little is added by {listed(repeated)}: other columns say the same, or it takes "
            "another model to use them."
        )
    score = result.score
    sentences.append(
        f"The model behind it has {score.metric} {score.value:.3f} ({score.base:.3g} without a model), so "
        + ("do not read much into it." if score.normalised < 0.1 else "it has something to explain.")
    )
    if len(names) > MOST_COLUMNS:
        sentences.append(f"The chart has the first {MOST_COLUMNS} columns; the table has all.")
    sentences.append(f"Impact is the mean absolute SHAP value on {result.impact_rows:,} rows of the test.")
    return [*sentences, result.basis, powers.basis]


def _chart(found: pl.DataFrame) -> alt.Chart:
    long = pl.concat(
        found.select("column", pl.lit(what).alias("measure"), pl.col(name).alias("value"))
        for name, what in (("share", IMPACT), ("power", POWER))
    ).drop_nulls()
    measures = [IMPACT, POWER]
    chart: alt.Chart = (
        alt.Chart(long)
        .mark_bar()
        .encode(
            y=charts.label("column:N").sort(found["column"].to_list()),
            yOffset=alt.YOffset("measure:N", sort=measures),
            x=alt.X("value:Q", title=None, scale=alt.Scale(domainMin=0), axis=alt.Axis(format="%")),
            color=alt.Color(
                "measure:N",
                title=None,
                sort=None,
                scale=alt.Scale(domain=measures),
                legend=alt.Legend(orient="top", labelLimit=300),
            ),
            tooltip=[
                alt.Tooltip("column:N", title="Column"),
                alt.Tooltip("measure:N", title="Measure"),
                alt.Tooltip("value:Q", title="Value", format=".1%"),
            ],
        )
        .properties(height=max(160, 2 * BAR * found.height + 110))
    )
    return chart
