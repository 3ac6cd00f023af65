from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import altair as alt
import numpy as np
import polars as pl
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import Lasso, LogisticRegression
from sklearn.preprocessing import StandardScaler
from statsmodels.stats.outliers_influence import variance_inflation_factor

from dataprep_app.analyses.analysis import AnalysisError, AnalysisResult, setting_problems
from dataprep_app.analyses.collinear_numbers import inflations, standardised
from dataprep_app.analyses.registry import kind_of
from dataprep_app.insights.power import prediction_power
from dataprep_app.modeling.outcome import Settings
from dataprep_app.modeling.quick import quick_build
from flows.engines.base import Control
from transforms.scoring.problem import problem_type

MODELS = ("quick_model", "target_leakage", "feature_importance")
MOST_MARKS = 2_000
RANDOM = np.random.default_rng(11)
N = 600
X = RANDOM.normal(size=(N, 3))
TABLE = pl.DataFrame(
    {
        "a": X[:, 0],
        "b": X[:, 1],
        "noise": X[:, 2],
        "city": RANDOM.choice(["Oslo", "Rome", "Bern"], N),
        "day": [date(2020, 1, 1) + timedelta(days=n) for n in range(N)],
        "paid": X[:, 0] + 0.5 * X[:, 1] + RANDOM.normal(size=N) > 0,
        "amount": 3 * X[:, 0] + X[:, 1] + RANDOM.normal(size=N) * 0.5,
        "grade": np.select([X[:, 0] > 0.6, X[:, 0] > -0.6], ["high", "middle"], "low"),
    }
)
INPUTS = ("a", "b", "noise", "city")
COLLINEAR = TABLE.select("a", "b", "noise").with_columns(
    near=pl.col("a") + 0.3 * pl.Series(RANDOM.normal(size=N)), sum=pl.col("b") + pl.Series(RANDOM.normal(size=N))
)


def run(id: str, table: pl.DataFrame, **params: Any) -> AnalysisResult:
    result = kind_of(id).model_validate(params).run(table)
    assert result.sentences
    json.dumps(result.model_dump(mode="json"), allow_nan=False)
    assert AnalysisResult.model_validate_json(result.model_dump_json()) == result
    if result.chart is not None:
        alt.Chart.from_dict(result.chart)  # is valid Vega-Lite
        assert sum(map(len, result.chart["datasets"].values())) <= MOST_MARKS
    return result


def table_of(result: AnalysisResult, title: str) -> pl.DataFrame:
    return next(each for each in result.tables if each.title == title).frame()


@pytest.mark.parametrize("target", ["paid", "amount", "grade"])
def test_the_quick_model_says_what_the_quick_build_found(target: str) -> None:
    result = run("quick_model", TABLE, target=target, columns=INPUTS)
    built = quick_build(TABLE.select(*INPUTS, target), target, Settings()).result
    assert f"is {built.score.value:.3f} (95% interval {built.score.interval.low:.3f} to" in result.sentences[0]  # type: ignore[union-attr]
    assert f"without a model it is {built.score.base:.3g}" in result.sentences[0]
    impact = table_of(result, "Impact of columns")
    assert impact["Column"].to_list() == [each.column for each in built.impact]
    assert impact["Share of the impact"].to_list() == pytest.approx([each.share for each in built.impact])
    metrics = table_of(result, "Metrics on rows that the model never saw")
    assert metrics["Model"].to_list() == pytest.approx(list(built.metrics.values()))
    assert metrics.columns == ["Metric", "Model", "No model", "Linear"]


def test_classes_are_reported_and_counted() -> None:
    result = run("quick_model", TABLE, target="grade", columns=INPUTS)
    cells = table_of(result, "Actual and predicted classes")
    reports = table_of(result, "Each class")
    for name, _, rows, _, recall, _ in reports.iter_rows():
        mine = cells.filter(Actual=name)
        assert mine["Rows"].sum() == rows
        assert recall == pytest.approx(mine.filter(Predicted=name)["Rows"].sum() / rows)
    assert reports["Rows in the test"].sum() == cells["Rows"].sum()


def test_a_number_is_drawn_beside_its_prediction() -> None:
    chart = run("quick_model", TABLE, target="amount", columns=INPUTS).chart or {}
    points = max(chart["datasets"].values(), key=len)
    actual, predicted = (np.array([each[name] for each in points]) for name in ("actual", "predicted"))
    assert np.corrcoef(actual, predicted)[0, 1] > 0.9


def test_rows_are_divided_by_time_where_it_is_given() -> None:
    result = run("quick_model", TABLE, target="paid", columns=INPUTS, time="day")
    assert "day" in table_of(result, "Impact of columns")["Column"].to_list()
    built = quick_build(TABLE.select(*INPUTS, "day", "paid"), "paid", Settings(time="day")).result
    assert f"is {built.score.value:.3f}" in result.sentences[0]


def test_columns_that_are_not_learned_from_are_named() -> None:
    table = TABLE.with_columns(same=pl.lit(1), tags=pl.concat_list(pl.lit("x"), "city"), row_id=pl.int_range(pl.len()))
    result = run("quick_model", table, target="paid")
    left = dict(table_of(result, "Columns that were not used").iter_rows())
    assert set(left) == {"same", "tags", "row_id"}
    assert left["tags"] == "it holds list values"


def test_rows_made_for_balancing_are_only_trained_on() -> None:
    made = pl.concat([TABLE, TABLE.head(100)]).with_columns(is_synthetic=pl.int_range(pl.len()) >= N)
    result = run("quick_model", made, target="paid", columns=INPUTS)
    assert any("rows that are not real" in each for each in result.sentences)
    assert "is_synthetic" not in table_of(result, "Impact of columns")["Column"].to_list()
    power = run("target_leakage", made.drop("is_synthetic").with_columns(made["is_synthetic"]), target="paid")
    assert "is_synthetic" not in table_of(power, "Prediction power of each column")["Column"].to_list()
    assert any(f"Measured on {N} rows" in each for each in power.sentences)


def test_prediction_power_is_that_of_the_report() -> None:
    result = run("target_leakage", TABLE, target="paid", columns=INPUTS)
    found = dict(table_of(result, "Prediction power of each column").select("Column", "Prediction power").iter_rows())
    rows = TABLE.select(*INPUTS, "paid")
    expected = prediction_power(rows, INPUTS, problem_type(rows, "paid"), lambda _place, _name: None, Control())
    assert found == pytest.approx(expected, abs=1e-4)


def test_a_column_written_after_the_target_is_named() -> None:
    table = TABLE.with_columns(closed=pl.when("paid").then(pl.lit("yes")))
    result = run("target_leakage", table, target="paid")
    assert result.sentences[0] == "1 column has a prediction power above 0.95: closed (1.00)."
    readings = dict(table_of(result, "Prediction power of each column").select("Column", "Reading").iter_rows())
    assert readings == {name: "Possible leakage" if name == "closed" else "Below the threshold" for name in readings}


def test_the_threshold_decides_what_is_named() -> None:
    assert "No column has a prediction power above 0.95" in run("target_leakage", TABLE, target="paid").sentences[0]
    named = run("target_leakage", TABLE, target="paid", threshold=0.3).sentences[0]
    assert "above 0.3: a (" in named or "amount (" in named


def test_importance_stands_beside_the_power_alone() -> None:
    result = run("feature_importance", TABLE, target="paid", columns=INPUTS)
    found = table_of(result, "Importance of each column")
    impact = table_of(run("quick_model", TABLE, target="paid", columns=INPUTS), "Impact of columns")
    power = table_of(run("target_leakage", TABLE, target="paid", columns=INPUTS), "Prediction power of each column")
    assert found["Share of the impact in the model"].to_list() == impact["Share of the impact"].to_list()
    alone = dict(found.select("Column", "Prediction power alone").iter_rows())
    assert alone == pytest.approx(dict(power.select("Column", "Prediction power").iter_rows()), abs=1e-4)
    assert found["Column"][0] == "a"


@pytest.mark.parametrize("id", MODELS)
@pytest.mark.parametrize("rows", [0, 1, 2, 30])
def test_few_rows_are_said_to_be_few(id: str, rows: int) -> None:
    run(id, TABLE.head(rows), target="paid")


@pytest.mark.parametrize("id", MODELS)
def test_a_target_that_cannot_be_predicted_is_said(id: str) -> None:
    for value, dtype in ((None, pl.String), (None, pl.Null), (1, pl.Int64)):
        table = TABLE.with_columns(target=pl.lit(value, dtype=dtype))
        assert run(id, table, target="target").chart is None
    names = TABLE.with_columns(name=pl.format("n{}", pl.int_range(pl.len())))
    assert "a model is built for 100 classes at most" in run(id, names, target="name").sentences[0]


@pytest.mark.parametrize("id", MODELS)
def test_odd_columns_and_names_are_taken(id: str) -> None:
    odd = TABLE.select(
        pl.col("a").alias("^.*$"),
        pl.col("b").alias("*"),
        pl.col("city").alias("__mark"),
        pl.col("noise").alias("y:Q.[0]"),
        pl.col("paid").alias("^paid$"),
        pl.when(pl.int_range(pl.len()) % 3 == 0).then(float("inf")).otherwise("a").alias("wild"),
        pl.lit(None).alias("nothing"),
        pl.struct("a").alias("nested"),
    )
    result = run(id, odd, target="^paid$")
    shown = str(result.model_dump(mode="json"))
    assert "^.*$" in shown
    assert "'^paid$ '" not in shown, "the names are those of the table"


@pytest.mark.parametrize("id", MODELS)
def test_a_target_alone_is_nothing_to_learn_from(id: str) -> None:
    with pytest.raises(AnalysisError, match="no column to learn from"):
        run(id, TABLE, target="paid", columns=["paid"])


def test_the_same_seed_gives_the_same_model() -> None:
    first = run("quick_model", TABLE, target="paid", columns=INPUTS, seed=4)
    assert run("quick_model", TABLE, target="paid", columns=INPUTS, seed=4).tables == first.tables
    assert run("quick_model", TABLE, target="paid", columns=INPUTS, seed=5).tables != first.tables


def test_variance_inflation_agrees_with_statsmodels() -> None:
    result = run("multicollinearity", COLLINEAR)
    found = dict(table_of(result, "Variance inflation").select("Column", "VIF").iter_rows())
    design = np.column_stack([np.ones(N), COLLINEAR.to_numpy()])
    expected = {
        name: variance_inflation_factor(design, place) for place, name in enumerate(COLLINEAR.columns, start=1)
    }  # fmt: skip
    assert found == pytest.approx(expected, abs=1e-3)
    assert max(expected.values()) > 10


def test_levels_of_inflation_are_named() -> None:
    result = run("multicollinearity", COLLINEAR)
    levels = dict(table_of(result, "Variance inflation").select("Column", "Level").iter_rows())
    assert (levels["near"], levels["a"], levels["b"]) == ("Severe", "Severe", "Low")
    assert "2 columns with a VIF of 10 or more (severe)" in result.sentences[0]


def test_an_exact_sum_has_infinite_inflation_and_a_clipped_bar() -> None:
    table = COLLINEAR.with_columns(total=pl.col("a") - 2 * pl.col("b") + 1e6)
    result = run("multicollinearity", table)
    levels = table_of(result, "Variance inflation")
    infinite = levels.filter(pl.col("Level").str.starts_with("Infinite"))
    assert set(infinite["Column"]) == {"a", "b", "total"}
    assert infinite["VIF"].null_count() == 3
    bars = next(data for data in (result.chart or {})["datasets"].values() if "vif" in data[0])
    assert max(each["value"] for each in bars) == 50
    assert {each["vif"] for each in bars if each["column"] == "total"} == {"infinite"}


def test_the_true_value_of_a_clipped_bar_is_in_the_table() -> None:
    table = COLLINEAR.with_columns(near=pl.col("a") + 0.01 * pl.col("noise").shuffle(1))
    found = dict(table_of(run("multicollinearity", table), "Variance inflation").select("Column", "VIF").iter_rows())
    assert found["near"] > 1_000


def test_components_agree_with_scikit_learn() -> None:
    found = table_of(run("multicollinearity", COLLINEAR, method="pca"), "Components")
    expected = PCA().fit(StandardScaler().fit_transform(COLLINEAR.to_numpy()))
    assert found["Singular value"].to_list() == pytest.approx(expected.singular_values_.tolist())
    assert found["Share of the variance"].to_list() == pytest.approx(expected.explained_variance_ratio_.tolist())
    assert found["Together"].to_list() == pytest.approx(expected.explained_variance_ratio_.cumsum().tolist())


def test_the_smallest_component_names_what_hardly_varies() -> None:
    table = COLLINEAR.with_columns(near=pl.col("a") + 0.001 * pl.col("noise").shuffle(1))
    result = run("multicollinearity", table, method="pca")
    assert any("What hardly varies is a sum of " in each and "near" in each for each in result.sentences)
    exact = run("multicollinearity", COLLINEAR.with_columns(near="a"), method="pca")
    assert any("The smallest singular value is 0" in each for each in exact.sentences)


@pytest.mark.parametrize("strength", [0.005, 0.1])
def test_lasso_of_a_number_agrees_with_scikit_learn(strength: float) -> None:
    names = COLLINEAR.columns
    table = COLLINEAR.with_columns(TABLE["amount"])
    result = run("multicollinearity", table, method="lasso", target="amount", strength=strength)
    found = dict(table_of(result, "Coefficients of standardised columns").iter_rows())
    scale = StandardScaler()
    y = scale.fit_transform(table.select("amount").to_numpy()).ravel()
    expected = Lasso(alpha=strength).fit(scale.fit_transform(COLLINEAR.to_numpy()), y).coef_
    assert found == pytest.approx(dict(zip(names, np.abs(expected), strict=True)), abs=1e-3)
    assert list(found.values()) == sorted(found.values(), reverse=True)


def test_lasso_of_classes_agrees_with_scikit_learn() -> None:
    table = COLLINEAR.with_columns(TABLE["paid"])
    result = run("multicollinearity", table, method="lasso", target="paid", strength=0.02)
    found = dict(table_of(result, "Coefficients of standardised columns").iter_rows())
    rows = StandardScaler().fit_transform(COLLINEAR.to_numpy())
    model = LogisticRegression(
        l1_ratio=1, C=1 / (0.02 * N), solver="liblinear", intercept_scaling=100, random_state=0
    )  # fmt: skip
    expected = np.abs(model.fit(rows, TABLE["paid"].to_numpy()).coef_[0])
    assert found == pytest.approx(dict(zip(COLLINEAR.columns, expected, strict=True)), abs=0.02)


def test_lasso_of_several_classes_takes_the_largest_coefficient_of_any() -> None:
    table = COLLINEAR.with_columns(TABLE["grade"])
    result = run("multicollinearity", table, method="lasso", target="grade")
    assert table_of(result, "Coefficients of standardised columns")["Column"][0] in ("a", "near")
    assert any("each class against the rest" in each for each in result.sentences)


def test_a_strong_penalty_leaves_nothing_and_that_is_said() -> None:
    table = COLLINEAR.with_columns(TABLE["amount"])
    result = run("multicollinearity", table, method="lasso", target="amount", strength=1.01)
    assert any("nothing is left" in each for each in result.sentences)


def test_rows_with_gaps_are_left_out_and_columns_without_values_too() -> None:
    table = COLLINEAR.with_columns(
        a=pl.when(pl.int_range(pl.len()) >= 50).then("a"),
        b=pl.when(pl.int_range(pl.len()) != 100).then("b").otherwise(float("inf")),
        nothing=pl.lit(None, dtype=pl.Float64),
        same=pl.lit(3),
    )
    result = run("multicollinearity", table)
    found = dict(table_of(result, "Variance inflation").select("Column", "VIF").iter_rows())
    kept = table.select(COLLINEAR.columns).slice(50).filter(pl.col("b").is_finite())
    expected = {each.column: each.vif for each in inflations(standardised(kept, kept.columns))}
    assert found == pytest.approx(expected, abs=1e-4)
    said = " ".join(result.sentences)
    assert f"{kept.height} of 600 rows" in said
    assert "missing: nothing." in said
    assert "do not vary: same." in said


@pytest.mark.parametrize("method", ["vif", "pca", "lasso"])
@pytest.mark.parametrize("rows", [0, 1, 2, 3])
def test_few_rows_of_numbers_are_said_to_be_few(method: str, rows: int) -> None:
    table = COLLINEAR.with_columns(TABLE["amount"]).head(rows)
    assert run("multicollinearity", table, method=method, target="amount").chart is None


@pytest.mark.parametrize("method", ["vif", "pca", "lasso"])
def test_odd_numbers_and_names_are_taken(method: str) -> None:
    table = pl.DataFrame(
        {
            "^.*$": X[:, 0] * 1e300,
            "*": X[:, 1] * 1e-300,
            "target": X[:, 2],
            " ": RANDOM.integers(0, 5, N),
            "nothing": [None] * N,
        }
    )
    names = ["*", "target", " ", "nothing"] + ([] if method == "lasso" else ["^.*$"])
    result = run("multicollinearity", table, columns=names, method=method, target="^.*$")
    assert result.chart is not None


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"method": "lasso"}, "target"),
        ({"columns": ["a"]}, "columns"),
        ({"columns": ["a", "b"], "method": "lasso", "target": "a"}, "columns"),
        ({"strength": 0}, "strength"),
    ],
)
def test_settings_that_do_not_go_together_are_said_with_their_field(params: dict[str, Any], field: str) -> None:
    problems = setting_problems(kind_of("multicollinearity"), params, COLLINEAR.schema)
    assert {each.field for each in problems} == {field}


@pytest.mark.parametrize("id", [*MODELS, "multicollinearity"])
def test_every_setting_has_help(id: str) -> None:
    kind = kind_of(id)
    assert kind.__doc__
    assert all(kind.field_help(name) for name in kind.model_fields)
