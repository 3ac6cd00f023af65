"""Synthetic rows where classes meet, with imbalanced-learn as the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from imblearn.over_sampling import ADASYN, BorderlineSMOTE

from flows.engines.polars_engine import PolarsEngine
from flows.fitting import Asking
from tests.checks import assert_same_rows, result
from tests.transforms.test_balance_cleaning import FEATURES, KNOWN, POINTS
from transforms.balance_border import Adasyn, BorderlineSmote, SynthesisAmongOthers, portions
from transforms.core.errors import StepError
from transforms.core.relations import Concat, MapRows, Source


def learned_by(step: SynthesisAmongOthers, table: pl.DataFrame) -> Any:
    return step.bind(table.schema).fit(Asking(PolarsEngine.over({"in0": table}), (Source("in0"),)))


def bases(learned: Any, name: str) -> pl.DataFrame:
    """The rows that synthetic rows of a class start from."""
    return learned.rows.slice(learned.first[name], learned.size[name])  # type: ignore[no-any-return]


def arrays() -> tuple[Any, Any]:
    return KNOWN.select("x", "y").to_numpy(), KNOWN["class"].to_numpy()


@pytest.mark.parametrize("around", [6, 10])
def test_rows_on_the_border_are_those_of_imbalanced_learn(around: int) -> None:
    learned = learned_by(BorderlineSmote(**FEATURES, border_neighbors=around), POINTS)
    oracle = BorderlineSMOTE(m_neighbors=around)
    _, labels = oracle.fit_resample(*arrays())
    for name in ("b", "c"):
        expected = KNOWN[oracle.in_danger_indices[name]].select("x", "y")
        assert_same_rows(bases(learned, name).select("x", "y"), expected)
        assert learned.new_rows[name] == (labels == name).sum() - (KNOWN["class"] == name).sum()


def test_each_row_on_the_border_goes_towards_its_nearest_of_the_class_or_of_any() -> None:
    for kind, others in (("same_class", ["b"]), ("any_class", ["a", "b", "c"])):
        step = BorderlineSmote.model_validate({**FEATURES, "kind": kind, "neighbors": 4})
        learned = learned_by(step, POINTS)
        among = KNOWN.filter(pl.col("class").is_in(others)).select("x", "y").to_numpy()
        for row in bases(learned, "b").iter_rows(named=True):
            away = np.sort(np.hypot(among[:, 0] - row["x"], among[:, 1] - row["y"]))
            near = learned.rows[row["__neighbors"]]
            mine = np.hypot(near["x"] - row["x"], near["y"] - row["y"])
            np.testing.assert_allclose(np.sort(mine), away[1:5])


def test_synthetic_rows_go_at_most_half_of_the_way_to_another_class() -> None:
    table = pl.DataFrame({"x": [0.0, 1.0, 100.0, 103.0, 106.0], "y": ["p", "p", "n", "n", "n"]})
    step = BorderlineSmote(target="y", features=("x",), kind="any_class", neighbors=2, border_neighbors=2)
    made = result(step.model_copy(update={"sizes": {"p": 400}}), table).filter(pl.col("is_synthetic"))["x"]
    assert 47 < made.max() <= 50.5  # type: ignore[operator]
    assert made.is_between(0, 50.5).all()
    assert ((made > 1) & (made < 40)).any()
    same = result(step.model_copy(update={"sizes": {"p": 400}, "kind": "same_class"}), table)
    assert same.filter(pl.col("is_synthetic"))["x"].is_between(0, 1).all()


def test_adasyn_makes_most_rows_where_imbalanced_learn_does(monkeypatch: pytest.MonkeyPatch) -> None:
    learned = learned_by(Adasyn(**FEATURES), POINTS)
    seen: list[Any] = []
    rounded = np.rint

    def recorded(shares: Any) -> Any:
        seen.append(shares)
        return rounded(shares)

    monkeypatch.setattr(np, "rint", recorded)
    ADASYN(n_neighbors=5).fit_resample(*arrays())
    for name, shares in zip(("b", "c"), seen, strict=True):
        exact = KNOWN.filter(pl.col("class") == name).select("x", "y").with_columns(pl.Series("share", shares))
        both = bases(learned, name).join(exact, on=["x", "y"], how="full", coalesce=True).fill_null(0)
        assert ((both["__made"] - both["share"]).abs() < 1).all()
        assert both["__made"].sum() == learned.new_rows[name] == {"b": 90, "c": 120}[name]


def test_adasyn_makes_as_many_rows_of_each_row_as_are_due() -> None:
    table = pl.DataFrame({"x": [0.0, 10.0, 11.0, 12.0, 50.0, 51.0, 52.0], "y": ["p", "p", *"nnnnn"]})
    step = Adasyn(target="y", features=("x",), neighbors=1, sizes={"p": 12}).bind(table.schema)
    learned = learned_by(step, table)
    # The nearest of 0 is of its class; that of 10 is not, so all rows start from it.
    assert bases(learned, "p").select("x", "__made").rows() == [(10.0, 10)]
    made = result(step, table).filter(pl.col("is_synthetic"))["x"]
    assert len(made) == 10
    assert made.is_between(0, 10).all()
    assert made.n_unique() == 10


def test_portions_add_up_and_are_rounded_to_the_largest_remainders() -> None:
    assert portions(np.array([1.0, 1.0, 1.0]), 4).tolist() == [2, 1, 1]
    assert portions(np.array([0.5, 0.3, 0.2]), 1).tolist() == [1, 0, 0]
    assert portions(np.array([0.1, 0.7, 0.2]), 10).tolist() == [1, 7, 2]


@pytest.mark.parametrize("kind", [BorderlineSmote, Adasyn])
def test_classes_become_as_large_as_asked_and_rows_without_one_are_kept(kind: type[SynthesisAmongOthers]) -> None:
    found = result(kind(**FEATURES, sizes={"c": 40}), POINTS)
    assert dict(found["class"].value_counts().iter_rows()) == {"a": 150, "b": 150, "c": 40, None: 5}
    assert found.schema == {**POINTS.schema, "is_synthetic": pl.Boolean()}
    assert_same_rows(found.filter(~pl.col("is_synthetic")).drop("is_synthetic"), POINTS)
    assert_same_rows(found, result(kind(**FEATURES, sizes={"c": 40}), POINTS.sort("x")))


@pytest.mark.parametrize(
    ("kind", "found"),
    [(BorderlineSmote, "is on the border of its class"), (Adasyn, "has a neighbour of another class")],
)
def test_classes_that_lie_apart_are_refused(kind: type[SynthesisAmongOthers], found: str) -> None:
    table = pl.DataFrame({"x": [*range(10), *range(100, 120)], "y": ["p"] * 10 + ["n"] * 20})
    step = kind.model_validate({"target": "y", "features": ["x"]} | ({} if kind is Adasyn else {"border_neighbors": 5}))
    with pytest.raises(StepError, match=f"No row of class 'p' in column 'y' {found} .of 10 rows looked at"):
        result(step, table)


@pytest.mark.parametrize("kind", [BorderlineSmote, Adasyn])
def test_synthetic_rows_are_the_same_in_any_partitioning(kind: type[SynthesisAmongOthers]) -> None:
    step = kind(**FEATURES).bind(POINTS.schema)
    plan = step.plan(Source("in0"), learned=learned_by(step, POINTS))
    assert isinstance(plan, Concat)
    made = plan.tables[1]
    assert isinstance(made, MapRows)
    numbers = pl.DataFrame({"__row": range(210)})
    whole = made(numbers.lazy()).collect()
    assert pl.concat([made(numbers[i : i + 9].lazy()).collect() for i in range(0, 210, 9)]).equals(whole)


def test_a_class_that_was_not_drawn_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transforms.balance_border.ROWS", 1)
    with pytest.raises(StepError, match="No row of class 'b'"):
        result(Adasyn(**FEATURES), POINTS)
