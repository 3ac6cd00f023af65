"""Every rule on a table with its defect, and silent on a clean one beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from dataprep_app.insights.findings import Finding, TableSummary, TargetSummary
from dataprep_app.insights.measures import duplicate_rows, measured
from dataprep_app.insights.report import _target
from dataprep_app.insights.rules.registry import RULES, rules
from dataprep_app.insights.rules.rule import Looked
from transforms.catalog import catalog
from transforms.core.errors import DataprepError
from transforms.scoring.problem import problem_type

ROWS = 1_000
RANDOM = np.random.default_rng(11)
CLEAN = pl.DataFrame(
    {
        "age": RANDOM.integers(18, 90, ROWS),
        "height": RANDOM.normal(170, 9, ROWS).round(1),
        "city": RANDOM.choice(["Oslo", "Rome", "Bonn"], ROWS),
        "member": RANDOM.random(ROWS) < 0.5,
        "day": pl.Series(RANDOM.integers(0, 2_000, ROWS)).cast(pl.Int32).cast(pl.Date),
        "y": RANDOM.choice(["no", "yes"], ROWS),
    }
)


def looked(table: pl.DataFrame, target: str | None = None, **facts: Any) -> Looked:
    features = measured(table)
    summary: TargetSummary | None = None
    if target is not None:
        summary = _target(table, problem_type(table, target), features[target])
    whole = TableSummary(
        rows=table.height,
        columns=table.width,
        missing_cells=sum(each.summary.missing for each in features.values()),
        duplicate_rows=duplicate_rows(table),
        types={},
    )
    return Looked(table=whole, features=features, target=summary, schema=table.schema, **facts)


def found(table: pl.DataFrame, target: str | None = None, **facts: Any) -> dict[str, Finding]:
    seen = looked(table, target, **facts)
    return {finding.rule: finding for rule in rules() for finding in rule.find(seen)}


def with_column(name: str, values: Any) -> pl.DataFrame:
    return CLEAN.with_columns(pl.Series(name, values))


def some(value: Any, share: float, other: Any) -> list[Any]:
    return [value if i < share * ROWS else other for i in range(ROWS)]


WORDS = [f"street {i}" for i in range(ROWS)]
DEFECTS: dict[str, tuple[pl.DataFrame, str | None, dict[str, Any]]] = {
    "constant": (with_column("c", ["same"] * ROWS), None, {}),
    "missing": (CLEAN.with_columns(pl.when(pl.int_range(ROWS) >= 60).then("height").alias("height")), None, {}),
    "disguised_missing": (with_column("job", some("N/A", 0.03, "clerk")), None, {}),
    "numeric_disguised_missing": (
        with_column("score", [-999 if i % 4 == 0 else i for i in range(ROWS)]), None, {}
    ),
    "skewed": (with_column("income", np.exp(np.linspace(0, 14, ROWS))), None, {}),
    "high_cardinality": (with_column("address", WORDS), None, {}),
    "identifier": (with_column("key", list(range(5_000, 5_000 + ROWS))), "y", {}),
    "rare_categories": (
        with_column("shop", ["big"] * 990 + ["b", "c", "d", "e", "b", "c", "d", "e", "b", "c"]), None, {}
    ),
    "leakage": (CLEAN, "y", {"power": {"age": 0.96, "height": 0.1}}),
    "uninformative": (CLEAN, "y", {"power": {"age": 0.0, "height": 0.0, "city": 0.0, "member": 0.2}}),
    "duplicate_rows": (pl.concat([CLEAN, CLEAN.head(30)]), None, {}),
    "missing_target": (CLEAN.with_columns(pl.when(pl.int_range(ROWS) > 4).then("y").alias("y")), "y", {}),
    "few_of_class": (with_column("y", some("rare", 0.015, "no")), "y", {}),
    "imbalanced": (with_column("y", some("rare", 0.1, "no")), "y", {}),
    "target_shape": (with_column("y", np.exp(np.linspace(0, 14, ROWS)) + 0.5), "y", {}),
    "frequent_target_value": (
        with_column("y", [7.5 if i % 5 == 0 else i + 0.25 for i in range(ROWS)]), "y", {}
    ),
}  # fmt: skip
BY_OTHER_TESTS = {"too_many_classes", "low_quick_model_score", "weak_minority_classes"}


@pytest.mark.parametrize("rule", DEFECTS)
def test_planted_defect_is_found_and_its_fixes_can_be_taken(rule: str) -> None:
    table, target, facts = DEFECTS[rule]
    finding = found(table, target, **facts)[rule]
    assert finding.text.endswith(".")
    for fix in finding.fixes:
        catalog()[fix.transform].model_validate(fix.params).bind(table.schema)


def test_every_rule_has_its_defect_here() -> None:
    assert {each.id for each in RULES} == {*DEFECTS, *BY_OTHER_TESTS}


@pytest.mark.parametrize("target", [None, "y"])
def test_clean_table_is_silent(target: str | None) -> None:
    assert found(CLEAN, target, power={"age": 0.3, "height": 0.2, "city": 0.1, "member": 0.4} if target else {}) == {}


def test_numbers_with_a_natural_zero_and_text_with_an_odd_word_are_no_defect() -> None:
    clean = with_column("children", RANDOM.poisson(0.4, ROWS)).with_columns(
        pl.Series("words", RANDOM.choice([0.0, 0.0, 0.0, 0.7, 0.3], ROWS)),
        pl.Series("note", ["Nancy" if i % 2 else "National" for i in range(ROWS)]),
    )
    assert found(clean) == {}


@pytest.mark.parametrize(("share", "level"), [(0.049, None), (0.05, "medium"), (0.499, "medium"), (0.5, "high")])
def test_missing_values_have_their_priority_at_the_edge(share: float, level: str | None) -> None:
    table = CLEAN.with_columns(pl.when(pl.int_range(ROWS) >= share * ROWS).then("height").alias("height"))
    finding = found(table).get("missing")
    assert (finding.priority if finding else None) == level


@pytest.mark.parametrize(("rows", "warned"), [(19, True), (20, False)])
def test_a_class_is_too_small_below_twenty_rows(rows: int, *, warned: bool) -> None:
    table = with_column("y", ["rare"] * rows + ["no"] * (ROWS - rows))
    assert ("few_of_class" in found(table, "y")) == warned


def test_leaks_in_several_columns_are_one_warning() -> None:
    power = {"age": 0.99, "height": 0.98, "city": 0.97}
    finding = found(CLEAN, "y", power=power)["leakage"]
    assert finding.column is None
    assert finding.fixes[0].params == {"columns": ["age", "height", "city"]}


def test_thresholds_can_be_changed_and_unknown_rules_are_refused() -> None:
    seen = looked(CLEAN.with_columns(pl.when(pl.int_range(ROWS) >= 20).then("height").alias("height")))
    strict = rules({"missing": {"medium": 0.01}})
    assert any(finding.rule == "missing" for rule in strict for finding in rule.find(seen))
    with pytest.raises(DataprepError, match="Did you mean 'missing'"):
        rules({"mising": {}})


def test_every_rule_says_where_it_comes_from() -> None:
    assert all(each.source and each.title and each.__doc__ for each in RULES)
    for each in RULES:
        assert all(each.field_help(name) for name in each.model_fields)
