from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from dataprep_app.modeling.attempt import Parts
from dataprep_app.modeling.folds import fold_rows
from dataprep_app.modeling.outcome import Settings
from dataprep_app.modeling.quick import quick_build
from dataprep_app.modeling.training import Training, file_table, rows_of_file, rows_of_flow
from flows import edits
from flows.document import Flow, Source
from tests.app.modeling.tables import noise
from transforms.core.errors import DataprepError

ONCE = Settings(repeats=1)


def parts_of(training: Training) -> Parts:
    """The folds of a training table, prepared."""
    table, classes = training.table, training.table[training.target]
    folds = fold_rows(table, classes=classes)
    parts = Parts(table[folds.train], table[folds.stop], table[folds.test])
    return training.prepare(parts) if training.prepare else parts


def imbalanced(folder: Path, step: str, **settings: object) -> Flow:
    """noise.csv, in which one class of two is rare, balanced by a step."""
    noise(3_000, share=0.08).with_row_index("row").write_csv(folder / "noise.csv")
    flow = edits.add_source(Flow(name="Noise"), "noise", Source(connector="csv", params={"path": "noise.csv"}))
    return edits.add_step(flow, "balanced", step, ["noise"], {"target": "target", **settings})


def test_steps_learn_from_the_rows_to_train_on_only(flow: Flow, folder: Path) -> None:
    training = rows_of_flow(flow, folder, "balanced", "leaves")
    assert training.table.height == 1_200
    parts = parts_of(training)
    real = parts.train.filter(~pl.col("is_synthetic"))
    there = training.table.filter(pl.col("customer_id").is_in(real["customer_id"].implode()))["age"]
    assert training.origin is not None
    learned = training.origin.records.kept["filled"].learned.model_dump()
    assert there.mean() == pytest.approx(next(iter(learned["values"].values())))
    assert parts.test["age"].null_count() == 0


def test_balanced_rows_are_made_of_rows_to_train_on_and_never_judged_by(flow: Flow, folder: Path) -> None:
    parts = parts_of(rows_of_flow(flow, folder, "balanced", "leaves"))
    made = parts.train.filter("is_synthetic")
    assert made.height > 50
    assert parts.train["leaves"].value_counts()["count"].n_unique() == 1
    assert "is_synthetic" not in parts.test.columns
    assert "is_synthetic" not in parts.stop.columns
    assert parts.test.height == 240


def test_score_of_balanced_noise_is_honest_where_the_leaking_one_is_not(tmp_path: Path) -> None:
    flow = imbalanced(tmp_path, "smote", features=[f"x{i}" for i in range(6)])
    training = rows_of_flow(flow, tmp_path, "balanced", "target")
    honest = quick_build(training.table, "target", ONCE, prepare=training.prepare).result
    assert abs(honest.score.normalised) < 0.25
    assert honest.rows.training_only > 1_000
    whole = rows_of_flow(flow, tmp_path, "balanced", "target")
    assert whole.prepare is not None
    everything = whole.prepare(Parts(whole.table, whole.table.head(50), whole.table.head(50))).train
    leaking = quick_build(everything.drop("is_synthetic", "row"), "target", ONCE).result
    assert leaking.score.normalised > 0.8, "rows between two others tell which class is made"


@pytest.mark.parametrize("step", ["oversample_random", "undersample_random"])
def test_judged_by_rows_as_they_come_whatever_the_balance_trained_on(tmp_path: Path, step: str) -> None:
    training = rows_of_flow(imbalanced(tmp_path, step), tmp_path, "balanced", "target")
    parts = parts_of(training)
    rare = (parts.test["target"] == "rare").mean()
    assert rare == pytest.approx(0.08, abs=0.02)
    assert (parts.train["target"] == "rare").mean() == pytest.approx(0.5)
    assert not set(parts.train["row"]) & {*parts.test["row"], *parts.stop["row"]}


def test_balance_that_marks_nothing_is_recognised_beside_another_way(tmp_path: Path) -> None:
    flow = imbalanced(tmp_path, "smote", features=["x0", "x1"], flag_column=None)
    source = flow.sources["noise"]
    flow = edits.add_source(flow, "more", source)
    flow = edits.add_step(flow, "both", "union_rows", ["balanced", "more"], {})
    training = rows_of_flow(flow, tmp_path, "both", "target")
    assert training.prepare is None
    assert training.training_rows is not None
    real = file_table(tmp_path / "noise.csv").height
    assert training.training_rows.sum() == training.table.height - 2 * real
    assert "'balanced' learned from all rows" in training.notes[0]


def test_outputs_of_a_split_and_row_wise_steps_are_taken_as_they_are(flow: Flow, folder: Path) -> None:
    flow = edits.add_step(flow, "split", "split_random", ["joined"], {})
    flow = edits.add_step(flow, "old", "formula_column", ["split.train"], {"output": "old", "expression": "age > 50"})
    training = rows_of_flow(flow, folder, "old", "leaves")
    assert training.prepare is None
    assert 900 < training.table.height < 1_020
    test = rows_of_flow(flow, folder, "split.test", "leaves").table
    assert training.table.height + test.height == 1_200
    with pytest.raises(DataprepError, match=r"'split' has no output 'tset'. Did you mean 'test'"):
        rows_of_flow(flow, folder, "split.tset", "leaves")


def test_flow_that_needs_the_mark_of_synthetic_rows_cannot_predict(flow: Flow, folder: Path) -> None:
    flow = edits.add_step(flow, "less", "drop_columns", ["balanced"], {"columns": ["is_synthetic"]})
    training = rows_of_flow(flow, folder, "less", "leaves")
    with pytest.raises(DataprepError, match=r"cannot prepare rows for prediction.*'is_synthetic'"):
        parts_of(training)


def test_what_is_not_there_is_named(flow: Flow, folder: Path) -> None:
    with pytest.raises(DataprepError, match=r"no step or source 'balancd'. Did you mean 'balanced'"):
        rows_of_flow(flow, folder, "balancd", "leaves")
    with pytest.raises(DataprepError, match=r"no column 'leave'.*Did you mean 'leaves'"):
        rows_of_flow(flow, folder, "joined", "leave")
    with pytest.raises(DataprepError, match="not a table file by its name"):
        rows_of_file(folder / "people.xyz", "leaves")
