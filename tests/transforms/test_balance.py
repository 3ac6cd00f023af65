"""Balancing of classes, with imbalanced-learn as the reference."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import polars as pl
import pytest
from imblearn.over_sampling import SMOTE, SMOTENC, RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler
from pydantic import ValidationError
from scipy.stats import ks_2samp
from sklearn.neighbors import NearestNeighbors

from flows.engines.polars_engine import PolarsEngine
from flows.fitting import Asking
from tests.checks import assert_same_rows, result
from transforms.balance import OversampleRandom, UndersampleRandom
from transforms.balance_synthesis import Neighborhoods, Smote, SmoteCategorical, Synthesis
from transforms.core.errors import InvalidStepError, StepError
from transforms.core.relations import Concat, MapRows, Range, Source
from transforms.core.transform import Transform


def people() -> pl.DataFrame:
    """Three classes of 120, 25 and 8 rows, with numbers, categories, an id and rows without a class."""
    random = np.random.default_rng(3)
    sizes = {"no": 120, "yes": 25, "maybe": 8, None: 4}
    rows = sum(sizes.values())
    classes = [each for each, size in sizes.items() for _ in range(size)]
    shift = np.array([{"yes": 3.0, "maybe": -3.0}.get(str(each), 0.0) for each in classes])
    return pl.DataFrame(
        {
            "id": np.arange(rows),
            "age": (40 + 5 * shift + random.normal(0, 8, rows)).round().astype(int),
            "income": 1000 + 50 * shift + random.normal(0, 100, rows),
            "city": random.choice(["Oslo", "Rome", "Pécs"], rows),
            "member": random.random(rows) < 0.5,
            "churn": classes,
        }
    ).sample(fraction=1, shuffle=True, seed=1)


PEOPLE = people()
COMPLETE = PEOPLE.drop_nulls()


def sizes(table: pl.DataFrame, target: str = "churn") -> dict[str, int]:
    counts = table.drop_nulls(target)[target].value_counts()
    return dict(zip(counts[target].to_list(), counts["count"].to_list(), strict=True))


def learned_by(step: Synthesis, table: pl.DataFrame) -> Neighborhoods:
    return step.bind(table.schema).fit(Asking(PolarsEngine.over({"in0": table}), (Source("in0"),)))


def synthetic(step: Synthesis, table: pl.DataFrame) -> pl.DataFrame:
    return result(step, table).filter(pl.col("is_synthetic"))


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_oversampling_makes_classes_as_large_as_imbalanced_learn_does(share: float) -> None:
    binary = COMPLETE.filter(pl.col("churn") != "maybe")
    _, expected = RandomOverSampler(sampling_strategy=share).fit_resample(
        binary.select("age").to_pandas(), binary["churn"].to_pandas()
    )
    assert sizes(result(OversampleRandom(target="churn", ratio=share), binary)) == dict(expected.value_counts())


@pytest.mark.parametrize("share", [1.0, 0.3])
def test_undersampling_makes_classes_as_small_as_imbalanced_learn_does(share: float) -> None:
    binary = COMPLETE.filter(pl.col("churn") != "maybe")
    _, expected = RandomUnderSampler(sampling_strategy=share).fit_resample(
        binary.select("age").to_pandas(), binary["churn"].to_pandas()
    )
    assert sizes(result(UndersampleRandom(target="churn", ratio=share), binary)) == dict(expected.value_counts())


def test_oversampling_repeats_every_row_of_a_class_about_equally() -> None:
    found = result(OversampleRandom(target="churn"), PEOPLE)
    assert sizes(found) == {"no": 120, "yes": 120, "maybe": 120}
    assert found["churn"].null_count() == 4
    times = found.group_by("churn", "id").len().group_by("churn").agg(pl.col("len").unique().sort())
    assert dict(times.iter_rows()) == {"no": [1], "yes": [4, 5], "maybe": [15], None: [1]}


def test_undersampling_only_removes_rows() -> None:
    found = result(UndersampleRandom(target="churn"), PEOPLE)
    assert sizes(found) == {"no": 8, "yes": 8, "maybe": 8}
    assert found["churn"].null_count() == 4
    assert found["id"].is_unique().all()
    assert found.join(PEOPLE, on=PEOPLE.columns, how="anti", nulls_equal=True).is_empty()


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (OversampleRandom(target="churn", sizes={"maybe": 20, "yes": 3}), {"no": 120, "yes": 25, "maybe": 20}),
        (OversampleRandom(target="churn", ratio=0.1, sizes={"yes": 70}), {"no": 120, "yes": 70, "maybe": 12}),
        (UndersampleRandom(target="churn", sizes={"no": 50, "yes": 90}), {"no": 50, "yes": 25, "maybe": 8}),
        (Smote(target="churn", features=("age",), sizes={"maybe": 20, "yes": 3}), {"no": 120, "yes": 25, "maybe": 20}),
    ],
)
def test_sizes_of_classes_can_be_given(step: Transform, expected: dict[str, int]) -> None:
    assert sizes(result(step, PEOPLE)) == expected


@pytest.mark.parametrize(
    "step",
    [
        OversampleRandom(target="churn", seed=5),
        UndersampleRandom(target="churn", seed=5),
        Smote(target="churn", features=("age", "income"), seed=5),
        SmoteCategorical(target="churn", features=("age", "income"), categorical=("city", "member"), seed=5),
    ],
)
def test_rows_do_not_depend_on_the_order_of_the_table(step: Transform) -> None:
    first = result(step, PEOPLE)
    assert_same_rows(first, result(step, PEOPLE.sort("income")))
    other = result(step.model_copy(update={"seed": 6}), PEOPLE)
    assert sizes(other) == sizes(first)
    assert not other.sort(pl.all()).equals(first.sort(pl.all()))


@pytest.mark.parametrize("step", [OversampleRandom(target="c"), UndersampleRandom(target="c")])
def test_balanced_classes_stay_as_they_are(step: Transform) -> None:
    table = pl.DataFrame({"c": [1.0, 2.0, float("nan"), None]})
    assert_same_rows(result(step, table), table)


@pytest.mark.parametrize("kind", [OversampleRandom, UndersampleRandom])
def test_a_column_of_many_values_is_no_class(kind: type[Transform]) -> None:
    with pytest.raises(StepError, match="'id' has more than 100 different values, so it does not look like a class"):
        result(kind.model_validate({"target": "id"}), PEOPLE)


def test_sizes_of_unknown_classes_are_refused() -> None:
    with pytest.raises(StepError, match=r"holds no class 'mabye'. Did you mean 'maybe'\?"):
        result(OversampleRandom(target="churn", sizes={"mabye": 20}), PEOPLE)
    with pytest.raises(ValidationError, match="ratio"):
        OversampleRandom(target="churn", ratio=1.5)


def test_smote_makes_classes_as_large_as_imbalanced_learn_does() -> None:
    numbers = COMPLETE.select("age", "income")
    _, expected = SMOTE().fit_resample(numbers.to_pandas(), COMPLETE["churn"].to_pandas())
    assert sizes(result(Smote(target="churn", features=("age", "income")), COMPLETE)) == dict(expected.value_counts())


@pytest.mark.parametrize(("step", "whole"), [(Smote, False), (Smote, True), (SmoteCategorical, False)])
def test_synthetic_numbers_lie_between_a_row_and_a_neighbour(step: type[Synthesis], whole: bool) -> None:
    columns = ["age", "income"]
    categorical = {"categorical": ("city",)} if step is SmoteCategorical else {}
    table = COMPLETE if whole else COMPLETE.with_columns(pl.col("age").cast(pl.Float64))
    made = step.model_validate({"target": "churn", "features": tuple(columns), **categorical})
    learned = learned_by(made, table)
    for name in ("yes", "maybe"):
        real = learned.rows.filter(pl.col("churn") == name)
        near = np.array(real["__neighbors"].to_list()) - learned.first[name]
        start = real.select(columns).to_numpy()[:, None, :]
        step_to = real.select(columns).to_numpy()[near] - start
        for point in synthetic(made, table).filter(pl.col("churn") == name).select(columns).to_numpy():
            along = ((point - start) * step_to).sum(-1) / (step_to**2).sum(-1)
            off = np.abs(start + along[..., None] * step_to - point).max(-1)
            off[(along < -0.01) | (along > 1.01)] = np.inf
            assert off.min() < (0.51 if whole else 1e-8), (name, point)


def test_neighbours_are_those_of_imbalanced_learn() -> None:
    rows = learned_by(Smote(target="churn", features=("age", "income"), neighbors=4), COMPLETE)
    for name in ("yes", "maybe"):
        real = rows.rows.filter(pl.col("churn") == name)
        points = real.select("age", "income").to_numpy()
        oracle = SMOTE(k_neighbors=4)
        oracle._validate_estimator()
        expected = oracle.nn_k_.fit(points).kneighbors(points, return_distance=False)[:, 1:]
        np.testing.assert_array_equal(np.array(real["__neighbors"].to_list()) - rows.first[name], expected)


@pytest.mark.parametrize("dense", [0, 300])
def test_neighbours_among_categories_are_those_of_imbalanced_learn(dense: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transforms.balance_synthesis.DENSE", dense)
    step = SmoteCategorical(target="churn", features=("age", "income"), categorical=("city", "member"))
    learned = learned_by(step, COMPLETE)
    seen: dict[str, Any] = {}

    def recorded(self: Any, X: Any, y_dtype: Any, y_type: str, data: Any, nn_num: Any, *rest: Any) -> Any:
        seen[y_type] = nn_num
        return made(self, X, y_dtype, y_type, data, nn_num, *rest)

    made = SMOTENC._make_samples
    monkeypatch.setattr(SMOTENC, "_make_samples", recorded)
    # The rows learned are in the order in which they were drawn; votes have replaced their categories.
    order = learned.rows.select("age", "income", "churn").join(
        COMPLETE, on=["age", "income", "churn"], how="left", maintain_order="left"
    )
    majority = COMPLETE.filter(pl.col("churn") == "no").select(order.columns)
    whole = pl.concat([order, majority])
    frame = whole.select("age", "income", "city", "member").with_columns(pl.col("member").cast(pl.Int64)).to_pandas()
    SMOTENC(categorical_features=["city", "member"]).fit_resample(frame, whole["churn"].to_pandas())
    for name in ("yes", "maybe"):
        mine = learned.rows.filter(pl.col("churn") == name)["__neighbors"].to_list()
        np.testing.assert_array_equal(np.array(mine) - learned.first[name], seen[name])
        votes = order.filter(pl.col("churn") == name)["city"].to_numpy()[seen[name]]
        for row, vote in zip(votes, learned.rows.filter(pl.col("churn") == name)["city"], strict=True):
            assert list(row).count(vote) == max(list(row).count(each) for each in row)


def test_ties_of_the_vote_go_to_the_first_and_missing_ones_come_last() -> None:
    table = pl.DataFrame(
        {"n": [0.0, 0.1, 0.2, *range(10, 16)], "c": ["b", "a", None, *"zzzzzz"], "y": [1, 1, 1, *[0] * 6]}
    )
    step = SmoteCategorical(target="y", features=("n",), categorical=("c",), neighbors=2)
    votes = dict(learned_by(step, table).rows.select("n", "c").iter_rows())
    assert votes == {0.0: "a", 0.1: "b", 0.2: "a"}


def test_kinds_of_columns_stay_and_other_columns_are_missing() -> None:
    step = SmoteCategorical(target="churn", features=("age", "income"), categorical=("city", "member"))
    found = result(step, PEOPLE)
    assert found.schema == {**PEOPLE.schema, "is_synthetic": pl.Boolean()}
    made = found.filter(pl.col("is_synthetic"))
    assert made["id"].null_count() == made.height == 95 + 112
    assert made.drop("id").null_count().sum_horizontal().item() == 0
    assert_same_rows(found.filter(~pl.col("is_synthetic")).drop("is_synthetic"), PEOPLE)


def test_booleans_are_interpolated_to_booleans() -> None:
    table = pl.DataFrame({"b": [True, True, False, *[None] * 9], "y": ["a"] * 3 + ["z"] * 9})
    made = synthetic(Smote(target="y", features=("b",), neighbors=1), table)
    assert made.schema["b"] == pl.Boolean()
    assert made["b"].null_count() == 0


def test_missing_features_are_tolerated() -> None:
    table = pl.DataFrame(
        {
            "a": [1.0, None, float("nan"), 1e300, *[0.0] * 20],
            "b": [None, None, None, None, *[0.0] * 20],
            "y": ["few"] * 4 + ["many"] * 20,
        }
    )
    made = synthetic(Smote(target="y", features=("a", "b")), table)
    assert made.height == 16
    # Rows that start from a missing number have none; the others stay, as no neighbour has one.
    assert set(made["a"]) == {1.0, None}
    assert made["b"].null_count() == 16


def test_a_class_of_one_row_is_copied_and_small_ones_have_fewer_neighbours() -> None:
    table = pl.DataFrame({"n": [5, 7, 9, *range(20, 40)], "y": ["one", "two", "two", *["many"] * 20]})
    step = Smote(target="y", features=("n",), neighbors=5)
    rows = learned_by(step, table).rows
    neighbors = dict(zip(rows["n"], rows["__neighbors"].list.len(), strict=True))
    assert neighbors == {5: 0, 7: 1, 9: 1}
    made = synthetic(step, table)
    assert made.filter(pl.col("y") == "one")["n"].unique().to_list() == [5]
    assert made.filter(pl.col("y") == "two")["n"].is_between(7, 9).all()
    assert sizes(made, "y") == {"one": 19, "two": 18}


def test_normalizing_lets_small_numbers_count() -> None:
    table = pl.DataFrame({"small": [0.0, 0.0, 1.0, 1.0], "large": [0.0, 100.0, 1.0, 101.0], "y": ["a"] * 4})
    table = table.vstack(pl.DataFrame({"small": [0.5] * 9, "large": [0.0] * 9, "y": ["b"] * 9}))
    for normalize, expected in ((False, {0.0: 1.0, 100.0: 101.0}), (True, {0.0: 100.0, 1.0: 101.0})):
        step = Smote(target="y", features=("small", "large"), neighbors=1, normalize=normalize)
        rows = learned_by(step, table).rows
        place = rows["large"].to_list()
        pairs = {large: place[near[0]] for large, near in zip(place, rows["__neighbors"], strict=True)}
        assert expected.items() <= pairs.items()


def test_synthetic_rows_are_the_same_in_any_partitioning() -> None:
    step = SmoteCategorical(target="churn", features=("age", "income"), categorical=("city",)).bind(PEOPLE.schema)
    plan = step.plan(Source("in0"), learned=learned_by(step, PEOPLE))
    assert isinstance(plan, Concat)
    made = plan.tables[1]
    assert isinstance(made, MapRows)
    assert isinstance(made.table, Range)
    numbers = pl.DataFrame({made.table.column: range(made.table.rows)})
    shipped: MapRows = pickle.loads(pickle.dumps(made))
    whole = made(numbers.lazy()).collect()
    for size in (1, 7, 100):
        pieces = [shipped(numbers[i : i + size].lazy()).collect() for i in range(0, len(numbers), size)]
        assert pl.concat(pieces).equals(whole)


def test_synthetic_rows_are_distributed_as_those_of_imbalanced_learn() -> None:
    points = [0.0, 1.0, 10.0, 12.0, 100.0]
    table = pl.DataFrame({"n": [*points, *[500.0] * 40_000], "y": ["few"] * 5 + ["many"] * 40_000})
    found = synthetic(Smote(target="y", features=("n",), neighbors=2), table)["n"].to_numpy()
    oracle = SMOTE(k_neighbors=2, random_state=0).fit_resample(table.select("n").to_pandas(), table["y"].to_pandas())
    expected = np.asarray(oracle[0])[table.height :, 0]
    # A row, a neighbour or a place that depended on another's draw would be seen here.
    assert ks_2samp(found, expected).pvalue > 0.01


def test_what_is_learned_is_bounded() -> None:
    rows = 30_000
    table = pl.DataFrame(
        {"n": np.random.default_rng(0).normal(size=3 * rows + 5), "y": [0] * (2 * rows + 5) + [1] * rows}
    )
    learned = learned_by(Smote(target="y", features=("n",)), table)
    assert learned.rows.height == 20_000
    assert learned.new_rows == {"1": rows + 5}


def test_the_target_is_never_a_feature() -> None:
    table = pl.DataFrame({"n": [1.0, 1.0, 2.0, 3.0, 4.0], "y": [1, 1, 0, 0, 0]})
    made = synthetic(Smote.model_validate({"target": "y", "features": {"type": "numeric"}}), table)
    assert made.to_dict(as_series=False) == {"n": [1.0], "y": [1], "is_synthetic": [True]}


def test_smote_refuses_what_cannot_be() -> None:
    with pytest.raises(InvalidStepError, match="no numeric column to interpolate"):
        Smote(target="churn", features=("churn",)).bind(pl.Schema({"churn": pl.Int64()}))
    with pytest.raises(InvalidStepError, match="'id' is in the table already"):
        Smote(target="churn", features=("age",), flag_column="id").bind(PEOPLE.schema)
    with pytest.raises(InvalidStepError, match="'member' is both a number to interpolate and a category"):
        SmoteCategorical(target="churn", features=("member",), categorical=("member",)).bind(PEOPLE.schema)
    with pytest.raises(InvalidStepError, match="no column of categories"):
        SmoteCategorical(target="city", features=("age",), categorical=("city",)).bind(PEOPLE.schema)


def test_search_finds_what_brute_force_finds() -> None:
    table = pl.DataFrame({"n": [0.0, 1.0, 3.0, 7.0, *[50.0] * 9], "y": ["a"] * 4 + ["b"] * 9})
    rows = learned_by(Smote(target="y", features=("n",), neighbors=2), table).rows
    points = rows.select("n").to_numpy()
    brute = NearestNeighbors(n_neighbors=3, algorithm="brute").fit(points).kneighbors(return_distance=False)[:, :2]
    np.testing.assert_array_equal(np.array(rows["__neighbors"].to_list()), brute)
