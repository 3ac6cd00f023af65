"""How well a target can be predicted from the columns as they are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import polars as pl

from dataprep_app.analyses.analysis import AnalysisResult, ResultTable
from dataprep_app.analyses.model_charts import WIDTH, confusion_chart, predicted_chart
from dataprep_app.analyses.model_rows import Learnable, ModelAnalysis
from dataprep_app.analyses.share_bars import share_bars
from dataprep_app.analyses.stacked import Panel, stacked
from dataprep_app.analyses.values import listed
from dataprep_app.modeling.outcome import QuickResult
from transforms.core.columns import ColumnField
from transforms.core.errors import Problem

OVERFIT = 0.2
"""A score in training above that of the test by more than this share of what there is to gain is told."""
MOST_IMPACTS = 12
"""Columns of the chart of impact."""


class QuickModel(ModelAnalysis):
    """How well a target can be predicted: a model of boosted trees, judged on rows it never saw, beside no model."""

    id = "quick_model"
    title = "Quick model"
    terms = ("predict", "train", "accuracy", "auc", "confusion matrix", "xgboost", "baseline")

    time: Annotated[str, ColumnField(("date", "datetime"))] | None = None
    """Judges by the latest rows of this column, as a model in use is; without it, rows are divided by chance."""

    def check(self, schema: pl.Schema) -> Iterable[Problem]:
        yield from super().check(schema)
        if self.time == self.target:
            yield Problem(f"{self.time!r} is the target, so it cannot divide the rows.", "Choose another.", "time")

    def name(self) -> str:
        return f"Quick model of {self.target}"

    def look(self, table: pl.DataFrame) -> AnalysisResult:
        if self.time is not None and self.time not in self.columns:
            # It divides the rows, and is learned from with the others.
            return self.model_copy(update={"columns": (*self.columns, self.time)}).look(table)
        return super().look(table)

    def learn(self, rows: Learnable) -> AnalysisResult:
        result = self.build(rows, self.time).result
        return AnalysisResult(
            title=self.name(),
            sentences=tuple(_said(result, rows)),
            tables=tuple(_tables(result, rows)),
            chart=stacked(_charts(result, rows)),
        )


def _said(result: QuickResult, rows: Learnable) -> list[str]:
    score = result.score
    ends = score.interval
    between = f" (95% interval {ends.low:.3f} to {min(ends.high, 1.0):.3f})" if ends else ""
    metric = f"{score.metric[:1].upper()}{score.metric[1:]}"
    sentences = [f"{metric} is {score.value:.3f}{between}; without a model it is {score.base:.3g}."]
    linear = next((each.score for each in result.baselines if each.name == "linear"), None)
    if linear is not None:
        sentences.append(f"A linear model on the same rows has {linear:.3f}.")
    most = [f"{rows.outer(each.column)} ({each.share:.0%})" for each in result.impact[:3] if each.share > 0]
    if most:
        sentences.append(f"Predictions are moved most by {', '.join(most)}.")
    reach = 1 - score.base
    if result.train_score is not None and reach > 0 and (result.train_score - score.value) / reach > OVERFIT:
        sentences.append(
            f"On the rows it was trained on it has {result.train_score:.3f}: much of that was learned by heart."
        )
    left = [*rows.left_out, *map(rows.outer, result.left_out)]
    if left:
        sentences.append(f"Not learned from, since they cannot tell anything: {listed(left)}.")
    seed = f" Rows and folds are drawn with the seed {result.settings.seed}."
    return [*sentences, result.problem.reason, result.basis + seed, *result.notes]


def _tables(result: QuickResult, rows: Learnable) -> Iterable[ResultTable]:
    yield ResultTable.of("Metrics on rows that the model never saw", _metrics(result))
    if result.classes:
        reports = [
            (each.name, each.train_rows, each.test_rows, each.precision, each.recall, each.f1)
            for each in result.classes
        ]
        schema = {
            "Class": pl.String, "Rows in training": pl.Int64, "Rows in the test": pl.Int64, "Precision": pl.Float64,
            "Recall": pl.Float64, "F1": pl.Float64,
        }  # fmt: skip
        yield ResultTable.of("Each class", pl.DataFrame(reports, schema=schema, orient="row"))
        names = result.problem.classes
        cells = [
            (names[i], names[j], count)
            for i, row in enumerate(result.confusion)
            for j, count in enumerate(row)
            if count or len(names) == 2
        ]
        schema = {"Actual": pl.String, "Predicted": pl.String, "Rows": pl.Int64}
        yield ResultTable.of("Actual and predicted classes", pl.DataFrame(cells, schema=schema, orient="row"))
    impacts = [(rows.outer(each.column), each.share, each.mean_absolute) for each in result.impact]
    schema = {"Column": pl.String, "Share of the impact": pl.Float64, "Mean absolute SHAP value": pl.Float64}
    yield ResultTable.of("Impact of columns", pl.DataFrame(impacts, schema=schema, orient="row"))
    left = [*rows.left_out.items(), *((rows.outer(name), why) for name, why in result.left_out.items())]
    if left:
        schema = {"Column": pl.String, "Reason": pl.String}
        yield ResultTable.of("Columns that were not used", pl.DataFrame(left, schema=schema, orient="row"))


def _metrics(result: QuickResult) -> pl.DataFrame:
    """Every metric of the model and of what it has to beat."""
    of = {"Model": result.metrics, **{each.name.capitalize(): each.metrics for each in result.baselines}}
    names = [name.replace("_", " ") for name in result.metrics]
    columns = {title: [found.get(name) for name in result.metrics] for title, found in of.items()}
    return pl.DataFrame({"Metric": names, **columns}, schema_overrides=dict.fromkeys(columns, pl.Float64))


def _charts(result: QuickResult, rows: Learnable) -> list[Panel]:
    impacts = [(rows.outer(each.column), each.share) for each in result.impact[:MOST_IMPACTS]]
    top = predicted_chart(result.residuals) if result.residuals else confusion_chart(result)
    return [top, share_bars(impacts, "Share of the impact").properties(width=WIDTH)]
