"""Tests of the cards of a report: which card a column gets, and columns of every odd kind."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from dataprep_app.insights.measures import measured
from dataprep_app.insights.sections.cards import cards
from dataprep_app.insights.sections.facts import Card
from dataprep_app.insights.sections.sample import Sample
from dataprep_app.insights.sections.target_card import target_card
from flows.engines.base import Cancelled, Control
from transforms.scoring.problem import Wanted, problem_type

ROWS = 600
RANDOM = np.random.default_rng(5)
TABLE = pl.DataFrame(
    {
        "amount": RANDOM.lognormal(4, 1, ROWS).round(2),
        "children": RANDOM.integers(0, 5, ROWS),
        "city": RANDOM.choice(["Oslo", "Rome", "Bonn", ""], ROWS),
        "member": RANDOM.random(ROWS) < 0.5,
        "bought": pl.Series(RANDOM.integers(0, 10**8, ROWS) * 10**6 + 15 * 10**14).cast(pl.Datetime("us")),
        "note": [f"order {i} was {'late' if i % 3 else 'fine'} again" for i in range(ROWS)],
        "code": [f"SKU-{i:04}" for i in range(ROWS)],
        "y": RANDOM.choice(["good", "bad", "bad"], ROWS),
    }
)


def sample_of(table: pl.DataFrame, target: str | None = None, wanted: Wanted = "auto") -> Sample:
    return Sample(table, table.height, measured(table), problem_type(table, target, wanted) if target else None)


def cards_of(table: pl.DataFrame, target: str | None = None, wanted: Wanted = "auto") -> dict[str, Card]:
    found = cards(sample_of(table, target, wanted), table.columns, Control(), lambda _place, _name: None)
    return {each.name: each for each in found}


def test_each_kind_of_column_has_its_own_details() -> None:
    found = cards_of(TABLE, "y")
    filled = {
        name: {field for field, value in card if value and field not in ("basis", "name", "target_says")}
        for name, card in found.items()
    }
    assert filled["amount"] >= {"bins", "robust_bins", "highest"}
    assert filled["children"] == {"bins", "levels"}
    assert filled["city"] == filled["member"] == filled["y"] == {"levels"}
    assert filled["bought"] == {"date_parts"}
    assert filled["note"] >= {"characters", "words"}
    assert [each.pattern for each in found["code"].patterns] == ["SKU-{digits:4}"]
    assert {each.basis for each in found.values()} == {"Computed on all 600 rows."}
    assert {name for name, card in found.items() if card.target_says != "share of 'good'"} == {"y"}


def test_levels_agree_with_pandas() -> None:
    found = cards_of(TABLE, "y")["city"]
    frame = pd.DataFrame(TABLE.to_dict(as_series=False))
    rows, share = frame.groupby("city").size(), (frame["y"] == "good").groupby(frame["city"]).mean()
    shown = {each.name.replace("(empty)", ""): each for each in found.levels}
    assert {name: each.rows for name, each in shown.items()} == rows.to_dict()
    assert {name: each.target for name, each in shown.items()} == pytest.approx(share.to_dict())
    assert [each.rows for each in found.levels] == sorted(rows, reverse=True)


def test_twelve_values_are_listed_and_the_others_counted() -> None:
    values = [f"v{i:02}" for i in range(20) for _ in range(20 - i)]
    found = cards_of(pl.DataFrame({"c": values}))["c"]
    assert [(each.name, each.rows) for each in found.levels] == [(f"v{i:02}", 20 - i) for i in range(12)]
    assert found.other_rows == sum(range(1, 9))


def test_rows_without_a_target_count_but_have_no_say_in_its_mean() -> None:
    table = pl.DataFrame({"c": ["a", "a", "a", "b"] * 30, "y": [1.5, None, 2.5, None] * 30})
    levels = cards_of(table, "y", "regression")["c"].levels
    assert [(each.name, each.rows, each.target) for each in levels] == [("a", 90, 2.0), ("b", 30, None)]


def test_blank_texts_are_one_value_and_long_ones_are_cut() -> None:
    found = cards_of(pl.DataFrame({"c": ["", "  ", "\t", "x" * 300, "x" * 300, None] * 10}))["c"]
    assert [(each.name, each.rows) for each in found.levels] == [("(empty)", 30), ("x" * 80, 20)]


def test_cards_come_in_the_order_given_and_say_what_they_look_at() -> None:
    told: list[tuple[int, str]] = []
    found = cards(sample_of(TABLE), ["city", "amount"], Control(), lambda place, name: told.append((place, name)))
    assert [each.name for each in found] == ["city", "amount"]
    assert told == [(0, "city"), (1, "amount")]


def test_same_rows_give_the_same_cards() -> None:
    for target, wanted in (("y", "auto"), ("amount", "regression")):
        first, second = (cards_of(TABLE, target, wanted) for _ in range(2))  # type: ignore[arg-type]
        assert first == second


def test_order_of_rows_changes_nothing_but_the_folds_of_date_parts() -> None:
    mixed = TABLE.sample(fraction=1, shuffle=True, seed=2)
    first, second = cards_of(TABLE, "y"), cards_of(mixed, "y")
    for name in TABLE.columns:
        if name != "bought":
            assert first[name] == second[name]


def test_cards_can_be_stopped() -> None:
    control = Control()
    with pytest.raises(Cancelled):
        cards(sample_of(TABLE), TABLE.columns, control, lambda _place, _name: control.cancel())
    with pytest.raises(Cancelled):
        target_card(sample_of(TABLE, "y"), control)


ODD: dict[str, Any] = {
    "list": pl.Series([[1, 2], None, []] * 40),
    "struct": pl.Series([{"a": 1}, {"a": None}, None] * 40),
    "nothing": pl.Series([None] * 120),
    "no numbers": pl.Series([None] * 120, dtype=pl.Float64),
    "no text": pl.Series([None] * 120, dtype=pl.String),
    "no dates": pl.Series([None] * 120, dtype=pl.Date),
    "nan": pl.Series([float("nan")] * 120),
    "nan and inf": pl.Series([float("nan"), float("inf"), -float("inf"), None, 1.5, -0.0] * 20),
    "huge": pl.Series([1.7e308, -1.7e308, 5e-324] * 40),
    "far": pl.Series([2**62, 2**62 + 1, 2**62 + 2] * 40),
    "decimal": pl.Series([Decimal("1.10"), Decimal("2.25"), Decimal("900.00"), None] * 30),
    "duration": pl.Series([timedelta(hours=each) for each in range(120)]),
    "two durations": pl.Series([timedelta(hours=each % 2) for each in range(120)]),
    "time": pl.Series([time(each % 24) for each in range(120)]),
    "categorical": pl.Series(["a", "b", "c", None] * 30, dtype=pl.Categorical),
    "enum": pl.Series(["a", "b", "a", None] * 30, dtype=pl.Enum(["b", "a", "c"])),
    "zoned": pl.Series([datetime(2024, 1, 1) + timedelta(hours=7 * each) for each in range(120)]).dt.replace_time_zone(
        "Europe/Oslo"
    ),
    "date": pl.Series([date(2023, 12, 25) + timedelta(each) for each in range(120)]),
    "binary": pl.Series([b"a", b"bc", None] * 40),
    "^a.*$": pl.Series([1, 2, 3] * 40),
    "*": pl.Series(["x", "y", "z"] * 40),
    " a.b'\"😀": pl.Series([True, False, None] * 40),
    "value": pl.Series(["", " ", "0"] * 40),
    "target": pl.Series(["🙂", "é\n", "\u200b"] * 40),
}
ODD_TABLE = pl.DataFrame({**ODD, "y": [0.5, 1.5, 2.25, 3.0, 4.75, None] * 20, "k": ["a", "b", None] * 40})


@pytest.mark.parametrize("rows", [0, 1, 120])
def test_odd_columns_have_a_card_each_that_goes_to_json_and_back(rows: int) -> None:
    table = ODD_TABLE.head(rows)
    for target, wanted in ((None, "auto"), ("y", "regression"), ("k", "classification")):
        problem = problem_type(ODD_TABLE, target, wanted) if target else None  # type: ignore[arg-type]
        sample = Sample(table, 120, measured(table), problem)
        found = cards(sample, table.columns, Control(), lambda _place, _name: None)
        assert [each.name for each in found] == table.columns
        for each in found:
            assert Card.model_validate_json(each.model_dump_json()) == each
            assert "NaN" not in each.model_dump_json()
        shown = target_card(sample, Control())
        assert (shown is None) == (target is None)


def test_targets_too_large_to_be_summed_have_no_mean() -> None:
    texts = pl.Series("text", [f"word {i % 3} of {i}" for i in range(120)])
    numbers = pl.Series("y", [1.6e308 + 1e306 * (i % 7) for i in range(120)])
    table = ODD_TABLE.select("zoned", "enum", texts, numbers, n=pl.int_range(120))
    found = cards_of(table, "y", "regression")
    assert {each.target for each in found["n"].bins} == {None}
    assert {each.target for each in found["enum"].levels} == {None}
    assert {each.power for each in found["zoned"].date_parts} == {0.0}


def test_odd_columns_hold_what_they_hold() -> None:
    found = cards_of(ODD_TABLE, "y", "regression")
    for name in ("list", "struct", "nothing", "no numbers", "no text", "no dates", "duration", "time", "binary"):
        assert found[name] == Card(basis="Computed on all 120 rows.", name=name)
    assert {each.name: each.rows for each in found["nan and inf"].levels} == dict.fromkeys(
        ["0", "1.5", "inf", "-inf"], 20
    )
    assert {each.name: each.rows for each in found["decimal"].levels} == {"1.10": 30, "2.25": 30, "900.00": 30}
    assert {each.name: each.rows for each in found["categorical"].levels} == {"a": 30, "b": 30, "c": 30}
    assert {each.name: each.rows for each in found["enum"].levels} == {"a": 60, "b": 30}
    assert {each.name: each.rows for each in found["two durations"].levels} == {"PT0S": 60, "PT1H": 60}
    assert sum(each.rows for each in found["^a.*$"].bins) == 120
    assert [(each.name, each.rows) for each in found["value"].levels] == [("(empty)", 80), ("0", 40)]


@pytest.mark.parametrize("target", ["^a.*$", "*", "target", "value"])
def test_targets_of_any_name_are_told_of(target: str) -> None:
    plain = pl.DataFrame({"n": range(120), "y": ["a", "b", "b"] * 40})
    problem = problem_type(plain, "y").model_copy(update={"target": target})
    table = plain.rename({"y": target})
    sample = Sample(table, table.height, measured(table), problem)
    (found,) = cards(sample, ["n"], Control(), lambda _place, _name: None)
    assert found.target_says == "share of 'a'"
    shown = target_card(sample, Control())
    assert shown is not None
    assert [(each.name, each.rows) for each in shown.levels] == [("b", 80), ("a", 40)]
