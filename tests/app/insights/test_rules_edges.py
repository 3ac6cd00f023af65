"""Thresholds of rules at their edges: just below nothing is said, from there on it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from dataprep_app.insights.sections.facts import (
    Associations,
    Dependency,
    DependencySection,
    DriftingColumn,
    DriftSection,
    DuplicateSection,
    Matrix,
    MissingTogether,
    MissingValuesSection,
    Pair,
)
from dataprep_app.modeling.metrics import ClassReport
from dataprep_app.modeling.outcome import QuickResult, Settings
from dataprep_app.modeling.quick import quick_build
from tests.app.insights.planted import CLEAN, PLANTED, POWER, ROWS, first_of_each, found, looked, some, with_column

BASIS = "Computed on all rows."


def priority(rule: str, table: pl.DataFrame, target: str | None = None, **facts: Any) -> str | None:
    """The priority of what a rule finds, or none."""
    finding = found(table, target, **facts).get(rule)
    return finding.priority if finding else None


def gone(share: float) -> pl.DataFrame:
    return CLEAN.with_columns(pl.when(pl.int_range(ROWS) >= share * ROWS).then("height").alias("height"))


@pytest.mark.parametrize(("share", "level"), [(0.049, None), (0.05, "medium"), (0.499, "medium"), (0.5, "high")])
def test_missing_values(share: float, level: str | None) -> None:
    assert priority("missing", gone(share)) == level


@pytest.mark.parametrize(("others", "level"), [(10, None), (9, "low")])
def test_nearly_constant_above_99_percent(others: int, level: str | None) -> None:
    assert priority("near_constant", with_column("c", some("other", others, "same"))) == level
    assert priority("near_constant", with_column("c", some(3.5, others, 1.0))) == level


@pytest.mark.parametrize(("rows", "level"), [(1, None), (2, "medium")])
def test_disguised_missing_from_two_rows(rows: int, level: str | None) -> None:
    assert priority("disguised_missing", with_column("c", some("n/a", rows, ["a", "b"]))) == level


@pytest.mark.parametrize(("rows", "level"), [(100, None), (101, "low")])
def test_a_number_is_a_spike_above_a_tenth_of_the_rows(rows: int, level: str | None) -> None:
    values = [40 if row < rows else 1_000 + row for row in range(ROWS)]
    assert priority("numeric_disguised_missing", with_column("c", values)) == level


@pytest.mark.parametrize(("following", "level"), [(20, None), (19, "low")])
def test_a_spike_is_over_ten_times_as_frequent_as_the_next(following: int, level: str | None) -> None:
    values = [40 if row < 200 else 41 if row < 200 + following else 1_000 + row for row in range(ROWS)]
    assert priority("numeric_disguised_missing", with_column("c", values)) == level


@pytest.mark.parametrize(("rows", "level"), [(50, "medium"), (51, "high")])
def test_infinite_numbers_are_pressing_above_5_percent(rows: int, level: str) -> None:
    assert priority("invalid", with_column("c", some(float("inf"), rows, [1.5, 2.5, 4.0]))) == level


@pytest.mark.parametrize(("words", "rule"), [(50, "numbers_as_text"), (51, "mixed_types"), (400, "mixed_types")])
def test_numbers_among_words(words: int, rule: str) -> None:
    table = with_column("c", [f"w{'xyz'[row % 3]}" if row < words else f"{row / 4}" for row in range(ROWS)])
    assert set(found(table)) == {rule}


def test_a_column_that_is_mostly_words_has_no_mixed_types() -> None:
    table = with_column("c", [f"w{'xyz'[row % 3]}" if row < 401 else f"{row / 4}" for row in range(ROWS)])
    assert found(table) == {}


@pytest.mark.parametrize(("words", "level"), [(100, "medium"), (101, None)])
def test_dates_from_90_percent(words: int, level: str | None) -> None:
    days = CLEAN["day"].dt.to_string("%Y-%m-%d").to_list()
    table = CLEAN.with_columns(
        day=pl.Series([f"v{day[2:4]} x" if row < words else day for row, day in enumerate(days)])
    )
    assert priority("dates_as_text", table) == level


@pytest.mark.parametrize(("rows", "rule"), [(9, "dates_as_text"), (10, "mixed_date_formats")])
def test_a_second_format_from_one_percent(rows: int, rule: str) -> None:
    days = CLEAN["day"].to_list()
    table = CLEAN.with_columns(
        day=pl.Series([f"{day:%Y/%m/%d}" if row < rows else f"{day:%Y-%m-%d}" for row, day in enumerate(days)])
    )
    assert set(found(table)) == {rule}


@pytest.mark.parametrize(("rows", "level"), [(100, "medium"), (101, None)])
def test_a_tenth_of_the_dates_may_lie_ahead(rows: int, level: str | None) -> None:
    days = CLEAN["day"].to_list()
    table = CLEAN.with_columns(day=pl.Series([day.replace(year=2031) if row < rows and day.month != 2 else day
                                              for row, day in enumerate(_without_february(days))]))  # fmt: skip
    assert priority("future_dates", table) == level


def _without_february(days: list[Any]) -> list[Any]:
    return [day.replace(month=3) if day.month == 2 else day for day in days]


@pytest.mark.parametrize(("rows", "level"), [(150, "medium"), (151, None)])
def test_codes_built_in_one_way_from_85_percent(rows: int, level: str | None) -> None:
    codes = [f"AB{'xyz'[row % 3]}/{row % 300}" if row < rows else f"AB-{row % 300}" for row in range(ROWS)]
    assert priority("text_pattern", with_column("c", codes)) == level


@pytest.mark.parametrize(("rows", "level"), [(0, None), (1, "low"), (9, "low"), (10, "medium")])
def test_garbled_text_is_pressing_from_one_percent(rows: int, level: str | None) -> None:
    assert priority("garbled_text", with_column("c", some("a\x1ab", rows, ["plain", "other"]))) == level


@pytest.mark.parametrize(("share", "level"), [(0.9, None), (0.901, "medium")])
def test_high_cardinality_above_nine_tenths(share: float, level: str | None) -> None:
    words = [f"road {chr(97 + row % 26)} {chr(97 + row // 26)}" for row in range(round(share * ROWS))]
    table = with_column("c", (words * 2)[:ROWS])
    assert priority("high_cardinality", table, "y") == level


@pytest.mark.parametrize(("rows", "level"), [(49, None), (50, "low")])
def test_an_identifier_has_fifty_rows(rows: int, level: str | None) -> None:
    assert priority("identifier", with_column("c", list(range(ROWS))).head(rows), "y") == level


@pytest.mark.parametrize(("rare", "level"), [(2, None), (3, "low")])
def test_rare_categories_are_more_than_two(rare: int, level: str | None) -> None:
    table = with_column("c", ["big"] * (ROWS - 5 * rare) + [f"small {'xyz'[row % rare]}" for row in range(5 * rare)])
    assert priority("rare_categories", table, "y", power={**POWER, "c": 0.5}) == level


@pytest.mark.parametrize(("rows", "level"), [(19, "high"), (20, None)])
def test_one_of_two_classes_has_twenty_rows(rows: int, level: str | None) -> None:
    assert priority("few_of_class", with_column("y", some("rare", rows, "no")), "y") == level


@pytest.mark.parametrize(("rows", "level"), [(10, "high"), (11, None)])
def test_one_of_several_classes_has_more_than_ten_rows(rows: int, level: str | None) -> None:
    assert priority("few_of_class", with_column("y", some("rare", rows, ["no", "yes"])), "y") == level


@pytest.mark.parametrize(("rows", "level"), [(167, None), (166, "medium"), (10, "medium"), (9, "high")])
def test_classes_are_imbalanced_below_a_fifth_of_the_largest(rows: int, level: str | None) -> None:
    assert priority("imbalanced", with_column("y", some("rare", rows, "no")), "y") == level


@pytest.mark.parametrize(("classes", "level"), [(50, None), (51, "medium")])
def test_more_than_fifty_classes_are_many(classes: int, level: str | None) -> None:
    table = with_column("y", [f"class {row % classes}" for row in range(ROWS)])
    assert priority("too_many_classes", table, "y") == level


@pytest.mark.parametrize(("rows", "level"), [(50, "medium"), (51, "high")])
def test_more_than_5_percent_of_a_target_are_no_numbers(rows: int, level: str) -> None:
    values = [f"{'ab'[row % 2]}" if row < rows else f"{row % 60}.5" for row in range(ROWS)]
    finding = found(with_column("amount", values), "amount")["non_numeric_target"]
    assert finding.priority == level
    assert ("predicted as classes" in finding.text) == (rows > 50)


@pytest.mark.parametrize(("rows", "level"), [(100, None), (101, "medium")])
def test_one_value_of_a_target_is_frequent_above_a_tenth(rows: int, level: str | None) -> None:
    amounts = CLEAN["amount"].unique(maintain_order=True).to_list()
    table = with_column("amount", [500.125 if row < rows else amounts[row % 900] for row in range(ROWS)])
    assert priority("frequent_target_value", table, "amount") == level


@pytest.mark.parametrize(("power", "level"), [(0.95, None), (0.951, "high")])
def test_leakage_above_95_percent(power: float, level: str | None) -> None:
    assert priority("leakage", CLEAN, "y", power={"age": power, "height": 0.1}) == level


@pytest.mark.parametrize(("nothing", "level"), [(2, None), (3, "low")])
def test_uninformative_columns_are_half_of_all(nothing: int, level: str | None) -> None:
    power = {name: 0.0 if place < nothing else 0.2 for place, name in enumerate(POWER)}
    assert priority("uninformative", CLEAN, "y", power=power) == level


@pytest.mark.parametrize(("copies", "level"), [(0, None), (25, "medium"), (26, "high")])
def test_duplicate_rows_are_pressing_above_5_percent(copies: int, level: str | None) -> None:
    assert priority("duplicate_rows", pl.concat([CLEAN, CLEAN.head(copies)])) == level


def test_equal_rows_of_few_values_are_put_down_to_chance() -> None:
    few = CLEAN.select("city", "member", "y")
    finding = found(few)["duplicate_rows"]
    assert finding.priority == "low"
    assert "by chance" in finding.text
    assert not finding.fixes[0].safe


@pytest.mark.parametrize("rule", ["skewed", "heavy_tails"])
def test_the_shape_of_numbers_has_its_threshold_as_measured(rule: str) -> None:
    field = {"skewed": "skew", "heavy_tails": "kurtosis"}[rule]
    seen = looked(PLANTED[rule].table, sections=False)
    measured = getattr(seen.features[str(PLANTED[rule].column)].summary, field)
    assert rule not in first_of_each(seen, {rule: {field: measured}})
    assert rule in first_of_each(seen, {rule: {field: np.nextafter(measured, 0)}})


def test_a_target_is_skewed_or_heavy_tailed_from_its_thresholds() -> None:
    seen = looked(PLANTED["target_shape"].table, "amount", sections=False)
    skew, kurtosis = seen.features["amount"].summary.skew, seen.features["amount"].summary.kurtosis
    assert skew is not None
    assert kurtosis is not None
    levels = {
        (skew - 0.01, 1.0, 1.0): "high",
        (skew, kurtosis - 0.01, 1.0): "high",
        (skew, kurtosis, kurtosis - 0.01): "medium",
        (skew, kurtosis, kurtosis): None,
    }
    for (most, heavy, few), level in levels.items():
        found_now = first_of_each(seen, {"target_shape": {"skew": most, "heavy": heavy, "some": few}})
        finding = found_now.get("target_shape")
        assert (finding.priority if finding else None) == level


@pytest.mark.parametrize(("value", "level"), [(0.95, None), (0.951, "low"), (-0.951, "low")])
def test_collinear_beyond_95_percent_either_way(value: float, level: str | None) -> None:
    matrix = Matrix(measure="pearson", columns=("age", "height"), values=((1.0, value), (value, 1.0)))
    section = Associations(basis=BASIS, matrices=(matrix,))
    assert priority("collinear", CLEAN, associations=section) == level


@pytest.mark.parametrize(("value", "rows", "level"), [(0.95, 900, None), (0.951, 900, "high"), (0.99, 49, None)])
def test_nearly_the_target_above_95_percent(value: float, rows: int, level: str | None) -> None:
    pair = Pair(first="age", second="amount", measure="pearson", value=value, rows=rows)
    section = Associations(basis=BASIS, pairs=(pair,))
    assert priority("target_correlation", CLEAN, "amount", associations=section) == level


@pytest.mark.parametrize(("distance", "order", "level"), [
    (0.199, "day", None), (0.2, "day", "low"), (0.399, "day", "low"), (0.4, "day", "medium"), (0.9, "", "low"),
])  # fmt: skip
def test_drift_from_a_fifth(distance: float, order: str, level: str | None) -> None:
    column = DriftingColumn(name="age", distance=distance, first="median 30", last="median 40")
    section = DriftSection(basis=BASIS, order=order, columns=(column,), looked_at=6)
    assert priority("drift", CLEAN, drift=section) == level


@pytest.mark.parametrize(("value", "level"), [(0.299, None), (0.3, "medium"), (0.799, "medium"), (0.8, "high")])
def test_missing_values_tell_of_the_target_from_a_medium_effect(value: float, level: str | None) -> None:
    section = MissingValuesSection(basis=BASIS, with_target=(("height", value),))
    assert priority("missing_tells_target", gone(0.2), "y", missing=section) == level


@pytest.mark.parametrize(("correlation", "rows", "level"), [(0.89, 90, None), (0.9, 10, "low"), (0.9, 9, None)])
def test_columns_are_missing_together_from_90_percent(correlation: float, rows: int, level: str | None) -> None:
    pair = MissingTogether(first="age", second="height", correlation=correlation, rows=rows)
    section = MissingValuesSection(basis=BASIS, together=(pair,))
    assert priority("missing_together", CLEAN, missing=section) == level


@pytest.mark.parametrize(("holds", "level"), [(0.989, None), (0.99, "medium"), (1.0, None)])
def test_a_dependency_holds_in_99_percent(holds: float, level: str | None) -> None:
    broken = Dependency(determinant=("age",), dependent="height", kind="at_most", holds=holds, rows=900, broken=5)
    assert priority("broken_dependency", CLEAN, dependencies=DependencySection(basis=BASIS, found=(broken,))) == level


@pytest.mark.parametrize(("rows", "level"), [(1, None), (2, "medium"), (50, "medium"), (51, "high")])
def test_nearly_equal_rows_from_two(rows: int, level: str | None) -> None:
    assert priority("near_duplicate_rows", CLEAN, duplicates=DuplicateSection(basis=BASIS, near_rows=rows)) == level


@pytest.fixture(scope="module")
def model() -> QuickResult:
    return quick_build(CLEAN, "y", Settings(linear=False)).result


@pytest.mark.parametrize(("share", "level"), [(0.199, "high"), (0.2, "medium"), (0.349, "medium"), (0.35, None)])
def test_the_score_of_a_quick_model(model: QuickResult, share: float, level: str | None) -> None:
    score = model.score.model_copy(update={"normalised": share, "value": 0.5 + share / 2})
    built = model.model_copy(update={"score": score, "classes": ()})
    assert priority("low_quick_model_score", CLEAN, "y", model=built) == level


def test_a_low_score_on_few_rows_may_be_chance(model: QuickResult) -> None:
    score = model.score.model_copy(update={"normalised": 0.0})
    rows = model.rows.model_copy(update={"test": 49})
    finding = found(CLEAN, "y", model=model.model_copy(update={"score": score, "rows": rows}))["low_quick_model_score"]
    assert finding.priority == "medium"
    assert "49 rows only, so that may be chance" in finding.text


def test_accuracy_does_not_hide_a_model_that_tells_rare_classes_apart(model: QuickResult) -> None:
    score = model.score.model_copy(update={"metric": "accuracy", "normalised": -0.01})
    built = model.model_copy(update={"score": score, "metrics": {"auc_one_vs_rest_weighted": 0.74}})
    finding = found(CLEAN, "y", model=built)["low_quick_model_score"]
    assert finding.title == "Very low quick-model score"
    assert "AUC of each against the rest 0.74" in finding.text
    assert "next to nothing" not in finding.text


@pytest.mark.parametrize(("recall", "f1", "rows", "level"), [
    (0.3, 0.5, 40, None), (0.299, 0.5, 40, "high"), (0.5, 0.099, 40, "high"), (0.0, 0.0, 4, None),
])  # fmt: skip
def test_a_class_is_weak_below_half_the_mean_recall(
    model: QuickResult, recall: float, f1: float, rows: int, level: str | None
) -> None:
    frequent = ClassReport(name="no", train_rows=500, test_rows=160, precision=0.9, recall=0.9, f1=0.9)
    rare = ClassReport(name="yes", train_rows=100, test_rows=rows, precision=0.5, recall=recall, f1=f1)
    built = model.model_copy(update={"classes": (frequent, rare)})
    assert priority("weak_minority_classes", CLEAN, "y", model=built) == level
