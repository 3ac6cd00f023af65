"""A quick model, made up: for tests of how reports are drawn."""

from __future__ import annotations

import math
from typing import Literal

from dataprep_app.modeling.metrics import ClassReport, Interval, Residuals, Score
from dataprep_app.modeling.outcome import Baseline, Impact, QuickResult, RowCounts, Settings
from transforms.scoring.problem import ProblemType

Kind = Literal["binary", "multiclass", "regression"]
ROWS = 19_195
CLASSES: dict[str, tuple[str, ...]] = {
    "binary": ("fully paid", "default"),
    "multiclass": ("fully paid", "current", "charged off"),
    "regression": (),
}


def made_up_model(kind: Kind) -> QuickResult:
    """What is known of a model of a kind."""
    names = CLASSES[kind]
    metric = {"binary": "AUC", "multiclass": "accuracy", "regression": "R2"}[kind]
    numbers = {"r2": 0.62, "rmse": 3_100.0, "mae": 2_204.5, "max_error": 88_123.0}
    classes = {"accuracy": 0.81, "balanced_accuracy": 0.66, "log_loss": 0.45, "auc": 0.73}
    values = numbers if kind == "regression" else classes
    base = {"binary": 0.5, "multiclass": 0.58, "regression": 0.0}[kind]
    return QuickResult(
        problem=ProblemType(
            target="amount" if kind == "regression" else "loan_status", kind=kind, reason="It is.",
            values="number" if kind == "regression" else "text", classes=names,
        ),
        settings=Settings(),
        rows=RowCounts(
            table=ROWS, used=ROWS, without_target=14, train=12_476, stop=2_879, test=3_839, training_only=0, copies=212
        ),
        score=Score(
            metric=metric, value=0.73, base=base, normalised=(0.73 - base) / (1 - base),
            interval=Interval(low=0.71, high=0.75, how="200 bootstrap samples of the 3,839 rows"),
        ),
        scores=(0.73,),
        train_score=0.81,
        metrics=values,
        baselines=(Baseline(name="no model", score=base, metrics={next(iter(values)): base}),),
        classes=tuple(
            ClassReport(
                name=name, train_rows=9_000 // (i + 1), test_rows=2_500 // (i + 1), precision=0.9 - 0.3 * i,
                recall=None if i == 2 else 0.95 - 0.5 * i, f1=0.92 - 0.4 * i,
            )
            for i, name in enumerate(names)
        ),
        confusion=tuple(tuple(2_000 // (1 + 4 * abs(i - j)) for j in range(len(names))) for i in range(len(names))),
        residuals=_residuals() if kind == "regression" else None,
        impact=tuple(
            Impact(column=name, share=share, mean_absolute=share)
            for name, share in (("interest_rate", 0.6), ("grade", 0.4))
        ),
        impact_rows=1_000,
        left_out={"note": "it has no value in any row"},
        rounds=212,
        notes=("212 copies of rows were kept on one side of the test.",),
        seconds=4.2,
    )  # fmt: skip


def _residuals() -> Residuals:
    actual = tuple(1_000.0 + 150 * i for i in range(120))
    return Residuals(
        mean=12.5, std=3_100, quantiles={str(q): (q - 50) * 90.0 for q in (1, 5, 25, 50, 75, 95, 99)},
        edges=tuple(-10_000.0 + 1_000 * i for i in range(21)), counts=tuple(hump(20)), actual=actual,
        predicted=tuple(each * 0.8 + 2_000 + 900 * math.sin(each) for each in actual),
    )  # fmt: skip


def hump(bins: int) -> list[int]:
    """Rows of bins that rise and fall."""
    return [round(3_000 * math.exp(-((i - bins / 3) ** 2) / bins)) for i in range(bins)]
