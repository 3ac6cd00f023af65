"""Rules about the quick model."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from dataprep_app.insights import words
from dataprep_app.insights.findings import Finding
from dataprep_app.insights.rules.rule import ANCHOR, OURS, Looked, Rule
from dataprep_app.insights.rules.target import balanced, meant_as_number
from dataprep_app.insights.rules.wording import listed, percent, quoted, rows_of
from dataprep_app.modeling.outcome import QuickResult


class LowScore(Rule):
    """The quick model is hardly better than no model."""

    id = "low_quick_model_score"
    title = "Low quick-model score"
    scope = "model"
    source = (
        f"{OURS}, stricter than that of {ANCHOR}, which warns where the score is not above that of a trivial model, or "
        "hardly: the score is the share of what there was to gain, on rows the model never saw"
    )

    very_low: float = Field(0.2, gt=0, lt=1)
    """Share of what there was to gain below which the score is very low."""
    low: float = Field(0.35, gt=0, lt=1)
    """Share of what there was to gain below which the score is low."""
    rows: int = Field(50, ge=1)
    """Rows of the test below which the warning is medium at most: so few may differ by chance."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        if looked.model is None or meant_as_number(looked):
            return
        score = looked.model.score
        if score.normalised >= self.low:
            return
        very = score.normalised < self.very_low
        gained = max(0.0, score.normalised)
        yield self.finding(
            "high" if very and looked.model.rows.test >= self.rows else "medium",
            f"The quick model reaches {words.SCORES.get(score.metric, score.metric)} {score.value:.3f}, where no model "
            f"has {score.base:.3f}: {percent(gained)} of what there is to gain. {self._meaning(looked.model, very)}",
            column=looked.model.problem.target,
            evidence={
                "score": round(score.value, 4),
                "base": round(score.base, 4),
                "normalised": round(score.normalised, 4),
            },
            title="Very low quick-model score" if very else "",
        )

    def _ranks(self, model: QuickResult) -> bool:
        """Whether a model of several classes tells them apart, though it nearly always says the most frequent one."""
        area = model.metrics.get("auc_one_vs_rest_weighted")
        return area is not None and 2 * area - 1 >= self.low

    def _meaning(self, model: QuickResult, very: bool) -> str:
        name, tests = model.problem.target, model.rows.test
        doubt = f" It was judged on {tests:,} rows only, so that may be chance." if tests < self.rows else ""
        if self._ranks(model):
            area = model.metrics["auc_one_vs_rest_weighted"]
            return (
                f"It does tell the classes of {name!r} apart (AUC of each against the rest {area:.2f}), but the most "
                f"frequent one is nearly always likelier: balance the classes, or judge by AUC.{doubt}"
            )
        return f"The columns tell {'next to nothing' if very else 'little'} of {name!r} as they are.{doubt}"


class WeakClasses(Rule):
    """The quick model hardly finds a rare class."""

    id = "weak_minority_classes"
    title = "Weak minority classes"
    scope = "model"
    source = f"{OURS}: recall under half the macro recall, or F1 under 0.1, of a class that is not the most frequent"

    recall: float = Field(0.5, gt=0, lt=1)
    """Part of the mean recall of all classes below which a class is weak."""
    f1: float = Field(0.1, gt=0, lt=1)
    """F1 below which a class is weak."""
    rows: int = Field(5, ge=1)
    """Rows of the class in the test below which nothing is said."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        if looked.model is None or len(looked.model.classes) < 2 or meant_as_number(looked):
            return
        known = [each for each in looked.model.classes if each.recall is not None and each.test_rows >= self.rows]
        if not known:
            return
        mean = sum(each.recall or 0.0 for each in known) / len(known)
        frequent = max(known, key=lambda each: each.test_rows)
        weak = [
            each
            for each in known
            if each is not frequent and ((each.recall or 0.0) < self.recall * mean or (each.f1 or 0.0) < self.f1)
        ]
        if not weak:
            return
        shown = listed(
            [f"{quoted(each.name)} ({percent(each.recall or 0.0)} of {rows_of(each.test_rows)} found)" for each in weak]
        )
        yield self.finding(
            "high",
            f"The quick model hardly finds {shown}.",
            column=looked.model.problem.target,
            evidence={f"recall of {each.name}": round(each.recall or 0.0, 3) for each in weak[:5]},
            fixes=[] if looked.marks else [balanced(looked)],
        )


RULES = (LowScore, WeakClasses)
