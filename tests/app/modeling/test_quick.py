from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn import metrics as sk

from dataprep_app.modeling.attempt import Parts
from dataprep_app.modeling.folds import fold_rows
from dataprep_app.modeling.outcome import QuickResult, Settings
from dataprep_app.modeling.quick import IMPACT_LEAST, IMPACT_ROWS, IMPACT_TREES, quick_build
from flows.engines.base import Cancelled, Control
from tests.app.modeling.tables import noise, planted
from transforms.core.errors import DataprepError

LOANS = Path(__file__).parents[4] / "shared" / "data"
ONCE = Settings(repeats=1)


def test_planted_signal_is_found_in_the_columns_that_hold_it() -> None:
    result = quick_build(planted(6_000), "leaves").result
    assert result.score.metric == "AUC"
    assert result.score.normalised > 0.6
    assert result.score.interval is not None
    assert result.score.interval.low < result.score.value < result.score.interval.high
    assert {each.column for each in result.impact[:3]} == {"age", "city", "note"}
    assert result.impact[3].share < 0.1
    assert sum(each.share for each in result.impact) == pytest.approx(1)
    assert result.left_out.keys() == {"customer_id"}
    assert result.problem.classes == ("no", "yes"), "the positive class, the second, is the rarer one"


def test_noise_scores_about_nothing() -> None:
    result = quick_build(noise(), "target").result
    assert abs(result.score.normalised) < 0.1
    regression = quick_build(noise().drop("target"), "x0").result
    assert abs(regression.score.normalised) < 0.05
    several = noise().with_columns(target=pl.col("x0").hash(1) % 4)
    assert abs(quick_build(several.drop("x0"), "target").result.score.normalised) < 0.08


def test_numbers_of_a_regression_are_those_of_the_test_fold() -> None:
    random = np.random.default_rng(3)
    table = pl.DataFrame({f"x{i}": random.normal(size=6_000) for i in range(4)})
    table = table.with_columns(y=3 * pl.col("x0") + pl.col("x1") ** 2 + pl.Series(random.normal(size=6_000)))
    result = quick_build(table, "y").result
    linear = next(each for each in result.baselines if each.name == "linear")
    assert linear.score is not None
    assert result.score.value > linear.score + 0.1, "trees see the square, a line does not"
    assert result.score.value == pytest.approx(1 - 1 / (9 + 2 + 1), abs=0.05)
    assert result.residuals is not None
    assert sum(result.residuals.counts) == result.rows.test == 1_200
    assert result.residuals.std == pytest.approx(result.metrics["rmse"], rel=0.01)


def test_tables_of_classes_agree_with_each_other_and_with_scikit_learn() -> None:
    table = planted(3_000)
    built = quick_build(table, "leaves", ONCE)
    result = built.result
    folds = fold_rows(table, classes=table["leaves"], target="leaves")
    test = table[folds.test]
    labels = result.problem.labels(test)
    chances = built.trees.predict(built.encoding.matrix(test))
    assert result.score.value == pytest.approx(sk.roc_auc_score(labels, chances[:, 1]))
    assert np.array_equal(result.confusion, sk.confusion_matrix(labels, chances.argmax(axis=1)))
    report = sk.classification_report(labels, chances.argmax(axis=1), output_dict=True)
    for place, each in enumerate(result.classes):
        assert each.f1 == pytest.approx(report[str(place)]["f1-score"])
        assert each.test_rows == report[str(place)]["support"]
    assert f"Scored on {test.height:,} rows" in result.basis


def test_same_seed_same_result_and_small_tables_are_split_again_and_again() -> None:
    first, again = (quick_build(planted(800), "leaves").result for _ in range(2))
    assert len(first.scores) == 5
    assert first.model_copy(update={"seconds": 0}) == again.model_copy(update={"seconds": 0})
    assert first.score.value == pytest.approx(np.mean(first.scores))
    assert quick_build(planted(800), "leaves", Settings(seed=9)).result.scores != first.scores


def test_result_goes_to_json_and_back() -> None:
    result = quick_build(planted(600), "leaves", ONCE).result
    assert QuickResult.model_validate_json(result.model_dump_json()) == result


def test_synthetic_rows_are_only_trained_on() -> None:
    table = planted(600).with_columns(is_synthetic=pl.int_range(600) % 3 == 0)
    seen = list[Parts]()

    def watch(parts: Parts) -> Parts:
        seen.append(parts)
        return parts

    result = quick_build(table, "leaves", ONCE, prepare=watch).result
    assert [each["is_synthetic"].sum() for each in (seen[0].train, seen[0].stop, seen[0].test)] == [200, 0, 0]
    assert result.rows.training_only == 200
    assert "is_synthetic" not in {each.column for each in result.impact}


def test_rows_without_a_target_and_samples_are_counted() -> None:
    table = planted(2_000).with_columns(leaves=pl.when(pl.col("age") > 75).then(None).otherwise("leaves"))
    without = table["leaves"].null_count()
    result = quick_build(table, "leaves", ONCE).result
    assert result.rows.without_target == without
    assert result.rows.train + result.rows.stop + result.rows.test == 2_000 - without
    sampled = quick_build(table, "leaves", Settings(rows=1_000, repeats=1)).result
    assert sampled.rows.sampled
    assert sampled.rows.train + sampled.rows.stop + sampled.rows.test == 1_000
    assert "sample" in sampled.basis


def test_texts_that_are_no_numbers_like_the_others_are_counted() -> None:
    table = planted(1_000)
    text = pl.when(pl.col("age") == 33).then(pl.lit("?")).otherwise(pl.col("age").cast(pl.String))
    built = quick_build(table.with_columns(age=text), "leaves", ONCE)
    known = next(each for each in built.encoding.columns if each.name == "age")
    assert known.kind == "number"
    assert any("texts in 'age'" in each for each in built.result.notes)
    assert built.encoding.unread(table.with_columns(age=text)) == {"age": (table["age"] == 33).sum()}


def test_columns_that_rows_made_for_balance_lack_are_named() -> None:
    table = planted(1_000).with_columns(is_synthetic=pl.col("leaves") == "yes")
    table = table.with_columns(city=pl.when("is_synthetic").then(None).otherwise("city"))
    extra = planted(1_000, seed=4).with_columns(is_synthetic=pl.lit(False))
    notes = quick_build(pl.concat([table, extra]), "leaves", ONCE).result.notes
    assert any(each.startswith("Columns 'city' are missing in every row that is not real") for each in notes)


def test_balanced_weights_find_more_of_the_rare_class_and_say_so() -> None:
    table = planted(6_000).with_columns(
        leaves=pl.when((pl.col("leaves") == "yes") & (pl.col("customer_id") % 4 > 0)).then(None).otherwise("leaves")
    )
    plain, weighted = (
        quick_build(table, "leaves", Settings(weights=each, repeats=1)).result for each in ("none", "balanced")
    )
    assert (weighted.classes[1].recall or 0) > (plain.classes[1].recall or 0)
    assert "Classes were trained weighted so that all count the same." in weighted.notes


def test_by_time_the_latest_rows_are_judged_by() -> None:
    table = planted(1_000).with_columns(row=pl.int_range(1_000).shuffle(1))
    result = quick_build(table, "leaves", Settings(time="since")).result
    assert len(result.scores) == 1
    assert result.rows.test == pytest.approx(200, abs=3)


def test_cancel_stops_within_a_round() -> None:
    control, told = Control(), list[float]()

    def tell(share: float, what: str) -> None:
        told.append(share)
        if what.startswith("training") and share > 0.2:
            control.cancel()

    with pytest.raises(Cancelled):
        quick_build(planted(1_000), "leaves", ONCE, on_progress=tell, control=control)
    assert told == sorted(told)
    assert told[-1] < 0.3


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (Settings(exclude=("aeg",)), "no column 'aeg'. Did you mean 'age'"),
        (Settings(features=("customer_id",)), "no column to learn from"),
        (Settings(time="when"), "no column 'when'"),
        (Settings(problem="regression"), "no numbers"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: Settings, text: str) -> None:
    with pytest.raises(DataprepError, match=text):
        quick_build(planted(300), "leaves", settings)


@pytest.mark.slow
@pytest.mark.skipif(not LOANS.is_dir(), reason="the real loans are not beside the repository")
def test_real_loans_are_hard_to_tell_apart() -> None:
    parts = [pl.read_csv(LOANS / f"loans-part-{i}.csv") for i in (1, 2)]
    result = quick_build(parts[0].join(parts[1], on="id"), "loan_status").result
    assert result.problem.kind == "multiclass"
    assert -0.05 < result.score.normalised < 0.05
    assert {each.name: (each.recall or 0) < 0.2 for each in result.classes}["current"]


def test_impact_of_many_classes_is_measured_on_fewer_rows() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=6_000)
    two, many = (pl.DataFrame({"x": x, "y": [f"c{int(each)}" for each in np.digitize(x, edges)]})
                 for edges in ([0.0], np.linspace(-2, 2, 39)))  # fmt: skip
    assert quick_build(two, "y", Settings(linear=False)).result.impact_rows == IMPACT_ROWS
    result = quick_build(many, "y", Settings(linear=False)).result
    assert len(result.problem.classes) == 40
    assert result.impact_rows == max(IMPACT_LEAST, IMPACT_TREES // (40 * result.rounds)) < IMPACT_ROWS
    assert result.impact[0].share == 1
