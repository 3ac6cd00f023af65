"""Features chosen by what they tell of a target, with scikit-learn as the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from pydantic import ValidationError
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import (
    SelectFromModel,
    chi2,
    f_classif,
    f_regression,
    mutual_info_classif,
    mutual_info_regression,
)
from sklearn.linear_model import LassoCV, LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from flows.engines.polars_engine import PolarsEngine
from flows.fitting import Asking
from tests.checks import result
from transforms.core.errors import InvalidStepError, StepError
from transforms.core.relations import Source
from transforms.core.transform import FittedTransform
from transforms.features_best import SelectKBest, gain_ratio, relief
from transforms.features_importance import SelectByImportance
from transforms.features_leakage import DropLeakage

RANDOM = np.random.default_rng(21)
ROWS = 240
CLASS = RANDOM.integers(0, 3, ROWS)
NUMBERS = {
    "strong": CLASS + RANDOM.normal(0, 0.3, ROWS),
    "weak": CLASS + RANDOM.normal(0, 3, ROWS),
    "noise": RANDOM.normal(0, 1, ROWS),
    "count": RANDOM.poisson(CLASS + 1),
}
TABLE = pl.DataFrame(NUMBERS).with_columns(
    pl.Series("city", np.where(RANDOM.random(ROWS) < 0.8, np.array(["Oslo", "Rome", "Pécs"])[CLASS], "Lima")),
    pl.Series("class", np.array(["x", "y", "z"])[CLASS]),
    pl.Series("amount", CLASS * 2.5 + RANDOM.normal(0, 1, ROWS)),
)
FEATURES = ("strong", "weak", "noise", "count")
X = TABLE.select(FEATURES).to_numpy()


def learned_by(step: FittedTransform, table: pl.DataFrame = TABLE) -> Any:
    return step.bind(table.schema).fit(Asking(PolarsEngine.over({"in0": table}), (Source("in0"),)))


def scores_of(step: FittedTransform, table: pl.DataFrame = TABLE) -> list[float]:
    return list(learned_by(step, table).scores.values())


def test_f_of_classes_is_that_of_scikit_learn() -> None:
    step = SelectKBest(columns=FEATURES, target="class", k=2)
    np.testing.assert_allclose(scores_of(step), f_classif(X, CLASS)[0])
    assert result(step, TABLE).columns == ["strong", "count", "city", "class", "amount"]
    assert learned_by(step).dropped["noise"].startswith("Its score of ")


def test_f_of_numbers_is_that_of_scikit_learn() -> None:
    step = SelectKBest(columns=FEATURES, target="amount", k=1)
    np.testing.assert_allclose(scores_of(step), f_regression(X, TABLE["amount"].to_numpy())[0], rtol=1e-8)


def test_missing_values_are_left_out_of_f() -> None:
    holes = TABLE.with_columns(pl.when(pl.col("noise") < 1).then("strong").alias("strong"))
    there = holes["strong"].is_not_null().to_numpy()
    for target, oracle, y in (("class", f_classif, CLASS), ("amount", f_regression, TABLE["amount"].to_numpy())):
        found = scores_of(SelectKBest(columns=("strong",), target=target), holes)
        np.testing.assert_allclose(found, oracle(X[there][:, :1], y[there])[0], rtol=1e-8)


def test_chi2_is_that_of_scikit_learn_and_of_flags_for_text() -> None:
    flags = TABLE.select("city").to_dummies().to_numpy()
    found = scores_of(SelectKBest(columns=("count", "city"), target="class", score="chi2"))
    np.testing.assert_allclose(found, [chi2(X[:, 3:], CLASS)[0][0], chi2(flags, CLASS)[0].sum()])
    with pytest.raises(StepError, match="'weak' holds negative numbers"):
        result(SelectKBest(columns=("weak",), target="class", score="chi2"), TABLE)


def test_mutual_information_is_that_of_scikit_learn() -> None:
    found = scores_of(SelectKBest(columns=("strong", "noise", "city"), target="class", k=1))
    expected = mutual_info_classif(X[:, [0, 2]], CLASS, random_state=0)
    np.testing.assert_allclose(found[:2], expected, atol=0.05)
    codes = TABLE["city"].rank("dense").to_numpy()[:, None]
    np.testing.assert_allclose(found[2], mutual_info_classif(codes, CLASS, discrete_features=True)[0])
    amount = TABLE["amount"].to_numpy()
    found = scores_of(SelectKBest(columns=FEATURES, target="amount", score="mutual_info"))
    np.testing.assert_allclose(found, mutual_info_regression(X, amount, random_state=0), atol=0.05)


def test_gain_ratio_is_the_share_of_information() -> None:
    target = np.array([0.0, 0, 1, 1])
    assert gain_ratio(np.array([0.0, 0, 1, 1]), target) == pytest.approx(1)
    assert gain_ratio(np.array([0.0, 1, 2, 3]), target) == pytest.approx(0.5)
    assert gain_ratio(np.array([0.0, 1, 0, 1]), target) == pytest.approx(0)
    assert gain_ratio(np.zeros(4), target) is None
    found = scores_of(SelectKBest(columns=("strong", "noise", "city"), target="class", score="gain_ratio"))
    assert found[0] > found[1] * 5
    assert found[2] > found[1] * 5


def relief_by_loops(points: Any, labels: Any, neighbors: int) -> list[float]:
    """ReliefF as it is written down, for numbers."""
    points = (points - points.min(axis=0)) / np.ptp(points, axis=0)
    weights = np.zeros(points.shape[1])
    for i, point in enumerate(points):
        for each in np.unique(labels):
            others = [j for j in np.flatnonzero(labels == each) if j != i]
            near = sorted(others, key=lambda j: np.abs(points[j] - point).sum())[:neighbors]
            own = labels[i] == each
            factor = -1 if own else (labels == each).mean() / (1 - (labels == labels[i]).mean())
            weights += factor * np.mean([np.abs(points[j] - point) for j in near], axis=0)
    return list(weights / len(points))


def test_relief_is_what_its_definition_says() -> None:
    found = scores_of(SelectKBest(columns=FEATURES, target="class", score="relief"))
    np.testing.assert_allclose(found, relief_by_loops(X, CLASS, 10), rtol=1e-9)
    # A category differs or does not, however far apart the numbers are that stand for it.
    labels = np.array([0.0, 0, 1, 1])
    assert relief(np.array([[0.0], [0], [7], [7]]), [True], labels) == [1.0]


@pytest.mark.parametrize(("size", "kept"), [({"share": 0.5}, 2), ({"share": 0.3}, 2), ({}, 4), ({"k": 3}, 3)])
def test_how_many_are_kept(size: dict[str, Any], kept: int) -> None:
    step = SelectKBest.model_validate({"columns": FEATURES, "target": "class", **size})
    assert len(set(FEATURES) & set(result(step, TABLE).columns)) == kept


def test_columns_that_cannot_be_measured_go_first_and_the_target_stays() -> None:
    table = TABLE.with_columns(pl.lit(1.0).alias("same"), pl.lit(None, pl.Float64).alias("none"))
    step = SelectKBest.model_validate({"columns": {"type": "float"}, "target": "amount", "k": 3})
    learned = learned_by(step, table)
    assert learned.dropped == {"same": "It could not be measured.", "none": "It could not be measured."}
    assert "amount" in result(step, table).columns


def test_settings_that_contradict_the_target_are_refused() -> None:
    with pytest.raises(ValidationError, match="not both"):
        SelectKBest(columns=("strong",), target="class", k=1, share=0.5)
    with pytest.raises(InvalidStepError, match="'city' holds text, and F is of numbers"):
        SelectKBest(columns=("city",), target="class", score="f").bind(TABLE.schema)
    with pytest.raises(InvalidStepError, match="'class' holds text values, which are no numbers to predict"):
        SelectKBest(columns=("weak",), target="class", problem="regression").bind(TABLE.schema)
    with pytest.raises(StepError, match="relief is of classes, but 'amount' holds too many different numbers"):
        result(SelectKBest(columns=("weak",), target="amount", score="relief"), TABLE)
    with pytest.raises(ValidationError, match="k and threshold, which contradict each other"):
        SelectByImportance(columns=("weak",), target="class", k=1, threshold=0.1)
    with pytest.raises(StepError, match="lasso does not predict classes, which is what 'class' holds"):
        result(SelectByImportance(columns=("weak",), target="class", model="lasso"), TABLE)
    with pytest.raises(InvalidStepError, match="logistic is not for a regression"):
        SelectByImportance(columns=("weak",), target="amount", model="logistic", problem="regression").bind(
            TABLE.schema
        )


def kept_by(selector: SelectFromModel) -> list[str]:
    return [name for name, kept in zip(FEATURES, selector.get_support(), strict=True) if kept]


@pytest.mark.parametrize("model", ["tree", "logistic", "lasso"])
def test_columns_kept_are_those_of_scikit_learn(model: str) -> None:
    estimators = {
        "tree": RandomForestClassifier(100, random_state=1),
        "logistic": LogisticRegression(),
        "lasso": LassoCV(cv=5),
    }
    target = "amount" if model == "lasso" else "class"
    oracle = SelectFromModel(estimators[model], threshold="median")
    oracle.fit(StandardScaler().fit_transform(X), TABLE[target].to_numpy())
    step = SelectByImportance.model_validate({"columns": FEATURES, "target": target, "model": model})
    assert [name for name in result(step, TABLE).columns if name in FEATURES] == kept_by(oracle)
    assert sum(scores_of(step)) == pytest.approx(1)


@pytest.mark.parametrize("target", ["class", "amount"])
def test_boosted_trees_find_what_counts(target: str) -> None:
    step = SelectByImportance(columns=FEATURES, target=target, model="xgboost", k=1)
    assert [name for name in result(step, TABLE).columns if name in FEATURES] == ["strong"]


def test_text_counts_by_its_categories_together() -> None:
    step = SelectByImportance(columns=("city", "noise", "weak"), target="class", model="logistic", threshold=0.5)
    learned = learned_by(step)
    assert list(learned.dropped) == ["noise", "weak"]
    assert learned.scores["city"] > 0.5


def test_missing_values_are_tolerated_by_models() -> None:
    holes = TABLE.with_columns(
        pl.when(pl.col("noise") < 0).then("strong").alias("strong"),
        pl.when(pl.col("noise") > 0).then("city").alias("city"),
        pl.when(pl.col("noise") < 1).then("class").alias("class"),
        pl.lit(None, pl.Float64).alias("none"),
    )
    learned = learned_by(SelectByImportance(columns=("strong", "city", "none", "weak"), target="class"), holes)
    assert learned.scores["none"] == 0
    assert "none" in learned.dropped


@pytest.mark.parametrize("kind", [SelectByImportance, SelectKBest, DropLeakage])
def test_a_target_that_does_not_vary_tells_nothing(kind: type[FittedTransform]) -> None:
    table = TABLE.with_columns(pl.lit("same").alias("class"))
    step = kind.model_validate({"columns": FEATURES, "target": "class"})
    assert_frame_equal(result(step, table), table)


def leaks(target: str) -> pl.DataFrame:
    return TABLE.with_columns(
        (pl.col(target).rank("dense").cast(pl.Float64) * 3 - 7).alias("copy"),
        pl.col(target).cast(pl.String).alias("text"),
        pl.int_range(pl.len()).cast(pl.String).alias("id"),
    )


def test_columns_that_hold_the_class_are_found() -> None:
    learned = learned_by(DropLeakage(columns=(*FEATURES, "city", "copy", "text", "id"), target="class"), leaks("class"))
    assert list(learned.dropped) == ["copy", "text"]
    assert learned.dropped["copy"] == "Alone it predicts 'class' with a score of 1."
    scores = list(learned.scores.values())
    assert scores == sorted(scores, reverse=True)
    assert learned.scores["id"] == 0
    assert learned.scores["strong"] > learned.scores["weak"] > learned.scores["noise"]


def test_columns_that_hold_the_number_are_found() -> None:
    step = DropLeakage(columns=(*FEATURES, "copy", "text", "id", "amount"), target="amount", max_score=0.98)
    learned = learned_by(step, leaks("amount"))
    # Each number is another text: a category that was not seen before tells nothing.
    assert list(learned.dropped) == ["copy"]
    assert learned.scores["text"] == 0
    assert "amount" not in learned.scores


def test_scores_are_what_is_gained_over_chance() -> None:
    binary = TABLE.with_columns((pl.col("class") == "z").alias("class"))
    learned = learned_by(DropLeakage(columns=("city", "strong", "noise"), target="class"), binary)
    rate = np.where(TABLE["city"].to_numpy() == "Pécs", 1.0, np.where(TABLE["city"].to_numpy() == "Lima", 0.5, 0.0))
    assert learned.scores["city"] == pytest.approx(2 * roc_auc_score(CLASS == 2, rate) - 1, abs=0.1)
    assert learned.scores["noise"] < 0.3


def test_that_a_value_is_missing_may_tell_the_target() -> None:
    table = TABLE.with_columns(
        pl.when(pl.col("class") == "z").then(1.5).alias("closed"),
        pl.when(pl.col("class") == "z").then(pl.date(2024, 1, 1)).alias("day"),
        (pl.col("class") == "z").alias("class"),
    )
    assert set(learned_by(DropLeakage(columns=("closed", "day", "weak"), target="class"), table).dropped) == {
        "closed",
        "day",
    }


def test_few_rows_are_not_judged() -> None:
    step = DropLeakage(columns=("copy",), target="class")
    assert result(step, leaks("class").head(49)).columns == leaks("class").columns
    assert "copy" not in result(step, leaks("class").head(50)).columns
