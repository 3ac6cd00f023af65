"""Cleaning of classes and synthetic rows on their border, with imbalanced-learn as the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from imblearn.combine import SMOTEENN, SMOTETomek
from imblearn.under_sampling import (
    AllKNN,
    EditedNearestNeighbours,
    NearMiss,
    RepeatedEditedNearestNeighbours,
)
from imblearn.under_sampling import TomekLinks as ImbalancedTomekLinks
from pydantic import ValidationError
from sklearn.impute import SimpleImputer

from flows.engines.polars_engine import PolarsEngine
from flows.fitting import Asking
from tests.checks import assert_same_rows, result
from transforms import balance_cleaning
from transforms.balance_cleaning import Cleaning, EditedNeighbours, TomekLinks
from transforms.balance_combined import SmoteEnn, SmoteTomek
from transforms.balance_synthesis import Smote
from transforms.core.errors import InvalidStepError, StepError
from transforms.core.relations import Source
from transforms.core.transform import Transform


def points() -> pl.DataFrame:
    """Three classes that overlap, of 150, 60 and 30 rows, and five rows without a class."""
    random = np.random.default_rng(8)
    sizes = {"a": 150, "b": 60, "c": 30, None: 5}
    classes = [each for each, size in sizes.items() for _ in range(size)]
    shift = np.array([{"b": 1.2, "c": -1.2}.get(str(each), 0.0) for each in classes])
    table = {"id": np.arange(len(classes)), "x": shift + random.normal(size=245), "y": random.normal(size=245)}
    return pl.DataFrame({**table, "class": classes}).sample(fraction=1, shuffle=True, seed=4)


POINTS = points()
KNOWN = POINTS.drop_nulls()
FEATURES = {"target": "class", "features": ("x", "y")}


def kept_by(sampler: Any, table: pl.DataFrame = KNOWN) -> set[int]:
    """The ids of the rows that imbalanced-learn keeps."""
    labels = table["class"].replace_strict({"a": 0, "b": 1, "c": 2}).to_numpy()
    sampler.fit_resample(table.select("x", "y").to_numpy(), labels)
    return set(table["id"].to_numpy()[sampler.sample_indices_].tolist())


def ids(table: pl.DataFrame) -> set[int]:
    return set(table.drop_nulls("class")["id"].to_list())


def learned_by(step: Transform, table: pl.DataFrame) -> Any:
    return step.bind(table.schema).fit(Asking(PolarsEngine.over({"in0": table}), (Source("in0"),)))


@pytest.mark.parametrize(("remove", "strategy"), [("majority", "auto"), ("both", "all")])
def test_tomek_links_are_those_of_imbalanced_learn(remove: Any, strategy: str) -> None:
    found = result(TomekLinks(**FEATURES, remove=remove), POINTS)
    assert ids(found) == kept_by(ImbalancedTomekLinks(sampling_strategy=strategy)) < ids(POINTS)
    assert found["class"].null_count() == 5


@pytest.mark.parametrize("vote", ["all", "mode"])
@pytest.mark.parametrize("neighbors", [1, 3, 5])
def test_edited_rows_are_those_of_imbalanced_learn(vote: Any, neighbors: int) -> None:
    oracles = {
        "once": EditedNearestNeighbours,
        "repeated": RepeatedEditedNearestNeighbours,
        "growing": AllKNN,
    }
    sizes = {}
    for variant, oracle in oracles.items():
        step = EditedNeighbours.model_validate({**FEATURES, "variant": variant, "vote": vote, "neighbors": neighbors})
        found = ids(result(step, POINTS))
        assert found == kept_by(oracle(n_neighbors=neighbors, kind_sel=vote)), variant
        sizes[variant] = len(found)
    assert len(ids(POINTS)) > sizes["once"] >= sizes["repeated"]


@pytest.mark.filterwarnings("ignore:The number of the samples to be selected is larger")
@pytest.mark.parametrize(("rule", "version"), [("nearest", 1), ("farthest", 2), ("border", 3)])
def test_near_rows_are_those_of_imbalanced_learn(rule: Any, version: int) -> None:
    found = result(balance_cleaning.NearMiss(**FEATURES, rule=rule), POINTS)
    expected = kept_by(NearMiss(version=version))
    assert ids(found) == expected
    assert found["class"].null_count() == 5


def test_sizes_of_near_rows_can_be_given() -> None:
    found = result(balance_cleaning.NearMiss(**FEATURES, ratio=0.5, sizes={"a": 41}), POINTS)
    assert dict(found.drop_nulls()["class"].value_counts().iter_rows()) == {"a": 41, "b": 60, "c": 30}


def test_equal_rows_are_kept_as_often_as_there_is_room() -> None:
    table = pl.DataFrame({"x": [1.0] * 5 + [2.0] * 4 + [0.0, 0.0], "id": range(11), "y": ["n"] * 9 + ["p"] * 2})
    step = balance_cleaning.NearMiss(target="y", features=("x",), sizes={"n": 7})
    found = result(step, table)
    assert found.filter(pl.col("y") == "n")["x"].sort().to_list() == [1.0] * 5 + [2.0] * 2
    assert found["id"].is_unique().all()
    assert learned_by(step, table).removed == {"n": 2}


def test_equal_rows_of_a_class_go_together_and_those_of_another_stay() -> None:
    table = pl.DataFrame({"x": [0.0, 0.0, 9.0, 9.1, 9.2, 0.0], "y": ["a", "a", "b", "b", "b", "b"]})
    step = EditedNeighbours(target="y", features=("x",), neighbors=1)
    # The lone b lies among a, which is the smallest class.
    assert result(step, table)["y"].to_list() == ["a", "a", "b", "b", "b"]
    assert learned_by(step, table).removed == {"b": 1}


def test_a_row_is_not_its_own_neighbour_among_equal_ones() -> None:
    table = pl.DataFrame({"x": [1.0, 1.0, 5.0, 6.0, 7.0], "y": ["a", "b", "b", "b", "b"]})
    assert result(TomekLinks(target="y", features=("x",), remove="both"), table)["x"].to_list() == [5.0, 6.0, 7.0]


@pytest.mark.parametrize("missing", [None, float("nan"), float("inf"), 1e200])
def test_missing_features_count_as_the_mean(missing: float | None) -> None:
    holes = KNOWN.with_columns(pl.when(pl.col("id") % 7 == 0).then(None).otherwise(pl.col("x")).alias("x"))
    filled = holes.with_columns(pl.Series("x", SimpleImputer().fit_transform(holes.select("x").to_numpy())[:, 0]))
    found = result(EditedNeighbours(**FEATURES), holes.with_columns(pl.col("x").fill_null(pl.lit(missing, pl.Float64))))
    assert ids(found) == kept_by(EditedNearestNeighbours(), filled)


def test_normalizing_lets_small_numbers_count() -> None:
    wide = KNOWN.with_columns(pl.col("y") * 1000)
    step = TomekLinks(**FEATURES, normalize=True)
    scaled = wide.with_columns(pl.col("x", "y") / pl.col("x", "y").std())
    assert ids(result(step, wide)) == kept_by(ImbalancedTomekLinks(), scaled)
    assert ids(result(TomekLinks(**FEATURES), wide)) != ids(result(step, wide))


@pytest.mark.parametrize(
    "step",
    [
        TomekLinks(**FEATURES),
        EditedNeighbours(**FEATURES, variant="repeated"),
        balance_cleaning.NearMiss(**FEATURES),
        SmoteTomek(**FEATURES),
        SmoteEnn(**FEATURES),
    ],
)
def test_rows_do_not_depend_on_the_order_of_the_table(step: Transform) -> None:
    assert_same_rows(result(step, POINTS), result(step, POINTS.sort("y")))


@pytest.mark.parametrize("kind", [TomekLinks, EditedNeighbours, balance_cleaning.NearMiss])
def test_a_single_class_stays_as_it_is(kind: type[Cleaning]) -> None:
    table = pl.DataFrame({"x": [1, 1, None, 4], "y": [True, True, True, None]})
    assert_same_rows(result(kind.model_validate({"target": "y", "features": ["x"]}), table), table)


@pytest.mark.parametrize("step", [TomekLinks(**FEATURES), SmoteEnn(**FEATURES)])
def test_too_many_rows_are_refused(step: Transform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transforms.fitted_classes.ROWS", 200)
    rows = "450 rows, 210 of them synthetic," if isinstance(step, SmoteEnn) else "240 rows"
    with pytest.raises(StepError, match=f"^{rows} are too many to compare each with all others; the most is 200"):
        result(step, POINTS)


def test_cleaning_refuses_what_cannot_be() -> None:
    with pytest.raises(InvalidStepError, match="no numeric column to measure distances in"):
        TomekLinks(target="x", features=("x",)).bind(KNOWN.schema)
    with pytest.raises(StepError, match="holds no class 'd'"):
        result(balance_cleaning.NearMiss(**FEATURES, sizes={"d": 3}), POINTS)
    with pytest.raises(ValidationError, match="neighbors"):
        EditedNeighbours(**FEATURES, neighbors=0)


@pytest.mark.parametrize(
    ("step", "oracle"),
    [
        (SmoteTomek(**FEATURES), ImbalancedTomekLinks(sampling_strategy="all")),
        (SmoteEnn(**FEATURES), EditedNearestNeighbours(sampling_strategy="all")),
        (
            SmoteEnn(**FEATURES, vote_neighbors=5, vote="mode"),
            EditedNearestNeighbours(sampling_strategy="all", n_neighbors=5, kind_sel="mode"),
        ),
    ],
)
def test_what_goes_after_smote_is_what_imbalanced_learn_removes(step: Any, oracle: Any) -> None:
    plain = Smote.model_validate({name: getattr(step, name) for name in Smote.model_fields})
    whole = result(plain, POINTS).drop_nulls("class").with_columns(pl.int_range(pl.len()).alias("id"))
    kept = whole.filter(pl.col("id").is_in(list(kept_by(oracle, whole))))
    found = result(step, POINTS)
    assert found["class"].null_count() == 5
    columns = ["x", "y", "class", "is_synthetic"]
    assert_same_rows(found.drop_nulls("class").select(columns), kept.select(columns))
    assert 0 < found["is_synthetic"].sum() < 210


def test_classes_after_smote_and_cleaning_are_about_as_large_as_those_of_imbalanced_learn() -> None:
    for step, oracle in ((SmoteTomek, SMOTETomek), (SmoteEnn, SMOTEENN)):
        _, labels = oracle(random_state=0).fit_resample(KNOWN.select("x", "y").to_numpy(), KNOWN["class"].to_numpy())
        found = dict(result(step(**FEATURES), KNOWN)["class"].value_counts().iter_rows())
        for name, count in zip(*np.unique(labels, return_counts=True), strict=True):
            assert abs(found[name] - count) < 20


def test_smote_and_cleaning_change_no_other_column() -> None:
    found = result(SmoteEnn(**FEATURES, flag_column=None), POINTS)
    assert found.schema == POINTS.schema
    real = found.drop_nulls("id")
    assert real.join(POINTS, on=POINTS.columns, how="anti", nulls_equal=True).is_empty()
