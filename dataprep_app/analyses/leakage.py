"""Columns that give the target away."""

from __future__ import annotations

import polars as pl
from pydantic import Field

from dataprep_app.analyses import charts
from dataprep_app.analyses.analysis import AnalysisResult, ResultTable
from dataprep_app.analyses.model_rows import Learnable, ModelAnalysis, Powers
from dataprep_app.analyses.share_bars import MOST_BARS, share_bars
from dataprep_app.analyses.values import counted, listed
from dataprep_app.insights.power import LEAST


class TargetLeakage(ModelAnalysis):
    """Which columns alone tell the target nearly without error: they were probably written after it was known."""

    id = "target_leakage"
    title = "Target leakage"
    terms = ("data leakage", "too good to be true", "prediction power", "leaky columns")

    threshold: float = Field(0.95, ge=0, le=1)
    """Name the columns whose prediction power is above this. 0 is a prediction by chance, 1 one without error: R2 of a
    number, for classes twice the area under the ROC curve less 1."""

    def name(self) -> str:
        return f"Target leakage of {self.target}"

    def learn(self, rows: Learnable) -> AnalysisResult:
        powers = self.powers(rows)
        ranked = sorted(powers.by_column.items(), key=lambda each: (-each[1], each[0]))
        if not ranked:
            found = "No column can be measured alone"
            why = (
                f"at least {LEAST} rows with a target are needed"
                if powers.rows < LEAST
                else "they are constant, empty, identifiers, or the rows judged by are of one class"
            )
            return AnalysisResult(title=self.name(), sentences=(f"{found}: {why}.",))
        leaking = [name for name, value in ranked if value > self.threshold]
        skipped = [name for name in self.columns if name != self.target and name not in powers.by_column]
        return AnalysisResult(
            title=self.name(),
            sentences=tuple(self._said(ranked, leaking, skipped, powers)),
            tables=(ResultTable.of("Prediction power of each column", self._table(ranked)),),
            chart=charts.spec(share_bars(ranked, "Prediction power", self.threshold)),
        )

    def _said(
        self, ranked: list[tuple[str, float]], leaking: list[str], skipped: list[str], powers: Powers
    ) -> list[str]:
        (first, most), above = ranked[0], f"{self.threshold:.2g}"
        if leaking:
            what = "has" if len(leaking) == 1 else "have"
            sentences = [
                f"{counted(len(leaking), 'column')} {what} a prediction power above {above}: "
                f"{listed([f'{name} ({value:.2f})' for name, value in ranked[: len(leaking)]])}.",
                f"Each tells {self.target} nearly without error, so find out whether it is known before {self.target} "
                "is. If not, leave it out of a model.",
            ]
        else:
            sentences = [f"No column has a prediction power above {above}; that of {first} is largest ({most:.2f})."]
        if skipped:
            sentences.append(f"Not measured, since they are constant, empty, nested or identifiers: {listed(skipped)}.")
        if len(ranked) > MOST_BARS:
            sentences.append(f"The chart has the {MOST_BARS} largest; the table has all.")
        return [*sentences, powers.basis]

    def _table(self, ranked: list[tuple[str, float]]) -> pl.DataFrame:
        rows = [
            (name, round(value, 4), "Possible leakage" if value > self.threshold else "Below the threshold")
            for name, value in ranked
        ]
        schema = {"Column": pl.String, "Prediction power": pl.Float64, "Reading": pl.String}
        return pl.DataFrame(rows, schema=schema, orient="row")
