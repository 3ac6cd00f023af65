"""Fits of several steps in one pass, with the answers each would get alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest

from flows import edits, lookahead
from flows.document import Flow, Source
from flows.engines.polars_engine import PolarsEngine
from flows.planning import Plan, Planner
from flows.store import Memory
from tests.drawing import examples
from tests.proofs.random_flows import ended
from tests.random_flows import drawn, seeds
from transforms.core.relations import Relation
from transforms.core.statistics import Statistic

LOANS = pl.DataFrame(
    {
        "income": [30.0, None, 50.0, 80.0, 20.0],
        "rate": [5.0, 7.0, None, 11.0, 9.0],
        "purpose": ["car", "debt", "car", None, "new roof"],
        "grade": ["a", "b", "b", "c", None],
    }
)


class Counting(PolarsEngine):
    """Counts passes over the data."""

    passes = 0

    def measure(self, questions: Sequence[tuple[Relation, Sequence[Statistic]]]) -> list[list[Any]]:
        self.passes += 1
        return super().measure(questions)


def plan(steps: Sequence[tuple[str, dict[str, Any]]], table: pl.DataFrame = LOANS) -> tuple[Plan, Counting]:
    """The steps one after the other over a table, and the engine that fitted them."""
    flow, last = Flow(name="Loans", sources={"rows": Source(connector="parquet", params={"path": "rows"})}), "rows"
    for i, (transform, params) in enumerate(steps):
        flow = edits.add_step(flow, f"s{i}", transform, [last], params)
        last = f"s{i}"
    engine = Counting(lambda _: table.lazy())
    keys = dict.fromkeys(flow.steps, "")
    return Planner(flow, {}, engine, {"rows": table.schema}, keys, keys, Memory()).plan([last]), engine


def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fit every step when its turn has come, and not before."""
    monkeypatch.setattr(lookahead, "FARTHEST", 1)


CHAIN: list[tuple[str, dict[str, Any]]] = [
    ("impute_mean", {"columns": ["income"]}),
    ("one_hot_encode", {"columns": ["purpose"]}),
    ("scale_standard", {"columns": ["rate"]}),
    ("ordinal_encode", {"columns": ["grade"]}),
]


def test_fits_of_different_columns_take_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    together, engine = plan(CHAIN)
    assert engine.passes == 1
    alone(monkeypatch)
    one_by_one, slow = plan(CHAIN)
    assert slow.passes == 4
    assert [each.learned for each in together.steps.values()] == [each.learned for each in one_by_one.steps.values()]


def test_a_fit_of_what_an_earlier_step_changes_waits_for_it() -> None:
    found, engine = plan([("impute_mean", {"columns": ["income"]}), ("scale_minmax", {"columns": ["income"]})])
    assert engine.passes == 2
    assert engine.collect(found.table("s1").relation)["income"].to_list() == [1 / 6, 25 / 60, 0.5, 1.0, 0.0]


def test_a_fit_behind_a_row_step_sees_what_that_makes() -> None:
    steps: list[tuple[str, dict[str, Any]]] = [
        ("one_hot_encode", {"columns": ["purpose"]}),
        ("formula_column", {"output": "monthly", "expression": "income / 12"}),
        ("filter_rows", {"condition": {"column": "rate", "op": "at_least", "value": 7}}),
        ("impute_mean", {"columns": ["monthly"]}),
    ]
    found, engine = plan(steps)
    assert engine.passes == 1
    rows = engine.collect(found.table("s3").relation)
    assert rows["monthly"].to_list() == pytest.approx([50 / 12, 80 / 12, 20 / 12])


def test_a_rule_waits_until_all_columns_are_known() -> None:
    _, engine = plan(
        [("one_hot_encode", {"columns": ["purpose"]}), ("scale_standard", {"columns": {"type": "numeric"}})]
    )
    assert engine.passes == 2


def test_columns_made_by_a_step_that_has_not_learned_are_not_asked_before() -> None:
    steps = [
        ("one_hot_encode", {"columns": ["purpose"]}),
        ("impute_mean", {"columns": ["purpose_car"]}),
    ]
    found, engine = plan(steps)
    assert engine.passes == 2
    assert "purpose_car" in engine.collect(found.table("s1").relation).columns


def test_an_error_of_a_later_step_is_told_in_its_turn() -> None:
    steps: list[tuple[str, dict[str, Any]]] = [CHAIN[0], ("scale_standard", {"columns": ["nothing"]})]
    with pytest.raises(Exception, match="'nothing' is not in the table"):
        plan(steps)


@pytest.mark.parametrize("seed", seeds(examples(80)))
def test_any_flow_learns_what_it_learns_one_by_one(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = drawn(seed)
    together = ended(flow, PolarsEngine.over(flow.sources))
    alone(monkeypatch)
    assert together.unlike(ended(flow, PolarsEngine.over(flow.sources))) == "", flow.steps()


@pytest.mark.parametrize("transform", ["url_query_parameters", "impute_knn"])
def test_a_fit_that_never_asks_quite_the_same_ends(transform: str) -> None:
    """Its statistics hold functions made anew each time, which cannot be told to be equal."""
    table = LOANS.with_columns(url=pl.lit("https://a.no/?x=1&y=2"), size=pl.col("rate") * 2)
    params: dict[str, Any] = {"column": "url"} if transform == "url_query_parameters" else {"columns": ["size"]}
    found, _ = plan([("impute_mean", {"columns": ["income"]}), (transform, params)], table)
    assert found.steps["s1"].learned is not None


def test_what_is_drawn_from_whole_rows_is_not_asked_before_all_of_them_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps: list[tuple[str, dict[str, Any]]] = [
        ("impute_mean", {"columns": ["income"]}),
        ("random_number", {"output": "chance", "seed": 1}),
        ("scale_standard", {"columns": ["chance"]}),
    ]
    together, _ = plan(steps)
    alone(monkeypatch)
    one_by_one, _ = plan(steps)
    assert together.steps["s2"].learned == one_by_one.steps["s2"].learned
