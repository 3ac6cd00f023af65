"""Every rule on a table with its defect, and silent on a clean one; every step it offers, taken."""

from __future__ import annotations

import polars as pl
import pytest

from dataprep_app.insights.findings import Finding, Fix
from dataprep_app.insights.rules.registry import RULES, rules
from tests.app.insights.planted import CLEAN, ODD, PLANTED, POWER, ROWS, Planted, findings, found, looked
from tests.checks import result
from transforms.catalog import catalog
from transforms.core.errors import DataprepError

BY_MODEL = {"low_quick_model_score", "weak_minority_classes"}
"""Rules about a model have tests of their own."""
MARKS_ONLY = {"add_missing_indicator", "assert_pattern", "flag_rows", "split_ordered"}
"""Steps that show or tell apart what was found, and leave it."""
OF_SECTIONS = {
    "broken_dependency", "collinear", "drift", "missing_tells_target", "missing_together", "near_duplicate_rows",
    "target_correlation",
}  # fmt: skip
"""Rules that look at a section of the report."""
NUMBER_OF = ("rows", "share", "outliers", "missing", "skew", "kurtosis", "rare", "values")
"""Evidence that is smaller once a defect is partly mended."""


def seen_by(planted: Planted, table: pl.DataFrame, *, sections: bool = True) -> list[Finding]:
    facts = dict(planted.facts)
    if "power" in facts:
        facts["power"] = {name: power for name, power in facts["power"].items() if name in table.columns}
    target = planted.target if planted.target in table.columns else None
    return findings(looked(table, target, sections=sections, **facts))


@pytest.fixture(scope="module")
def caught() -> dict[str, list[Finding]]:
    """What is found in each table, looked for once."""
    return {rule: seen_by(planted, planted.table) for rule, planted in PLANTED.items()}


@pytest.mark.parametrize("rule", PLANTED)
def test_planted_defect_is_found_and_nothing_else(rule: str, caught: dict[str, list[Finding]]) -> None:
    planted = PLANTED[rule]
    mine = [each for each in caught[rule] if each.rule == rule]
    assert mine, f"found only {[(each.rule, each.text) for each in caught[rule]]}"
    assert mine[0].column == planted.column
    assert {each.rule for each in caught[rule]} <= {rule, *planted.beside}
    for each in mine:
        assert each.text.endswith(".")
        assert "{" not in each.text
        assert all(value == value for value in each.evidence.values())


@pytest.mark.parametrize("rule", PLANTED)
def test_every_step_that_is_offered_can_be_taken_and_mends_what_was_found(
    rule: str, caught: dict[str, list[Finding]]
) -> None:
    planted = PLANTED[rule]
    before = next(each for each in caught[rule] if each.rule == rule)
    for fix in before.fixes:
        mended = taken(fix, planted.table)
        if fix.transform in MARKS_ONLY:
            continue
        now = seen_by(planted, mended, sections=rule in OF_SECTIONS)
        after = [each for each in now if each.rule == rule and each.column == before.column]
        assert not after or smaller(before, after[0]), f"{fix.label}: {after[0].text}"


def taken(fix: Fix, table: pl.DataFrame) -> pl.DataFrame:
    """The table after a step; rows that it made are kept, without their mark."""
    step = catalog()[fix.transform].model_validate(fix.params)
    return result(step, table).drop("is_synthetic", strict=False)


def smaller(before: Finding, after: Finding) -> bool:
    pairs = [(before.evidence[name], after.evidence[name]) for name in NUMBER_OF if name in before.evidence]
    return any(abs(float(new)) < abs(float(old)) for old, new in pairs)


def test_every_rule_has_a_planted_defect() -> None:
    assert {each.id for each in RULES} == {*PLANTED, *BY_MODEL}
    assert len({each.id for each in RULES}) == len(RULES)


@pytest.mark.parametrize("target", [None, "y", "amount"])
def test_clean_table_is_silent(target: str | None) -> None:
    power = {name: each for name, each in POWER.items() if name != target}
    assert findings(looked(CLEAN, target, power=power if target else {})) == []


@pytest.mark.parametrize("rows", [0, 1, 2, 5])
def test_a_table_of_no_row_or_few_is_looked_at(rows: int) -> None:
    assert not {"constant", "near_constant", "identifier"} & set(found(CLEAN.head(rows))) or rows > 1


@pytest.mark.parametrize("times", [0, 1, 60])
def test_odd_names_and_types_get_steps_that_can_be_taken(times: int) -> None:
    flat = ODD.select(name for name, dtype in ODD.schema.items() if not dtype.is_nested()).drop(
        "quo\"te'", "bin", "big"
    )
    table = pl.concat([flat] * times) if times else flat.clear()
    for finding in findings(looked(table.rename({"empty": "quo\"te'{0}"}))):
        for fix in finding.fixes:
            taken(fix, table.rename({"empty": "quo\"te'{0}"}))


def test_only_what_loses_nothing_is_safe(caught: dict[str, list[Finding]]) -> None:
    safe = {(each.rule, fix.transform) for all_ in caught.values() for each in all_ for fix in each.fixes if fix.safe}
    assert safe == {
        ("constant", "drop_columns"),
        ("empty", "drop_columns"),
        ("duplicate_columns", "drop_columns"),
        ("duplicate_rows", "drop_duplicates"),
        ("disguised_missing", "values_to_missing"),
        ("white_space", "trim_whitespace"),
        ("missing_target", "drop_missing_rows"),
        ("numbers_as_text", "parse_number"),
        ("dates_as_text", "parse_date_auto"),
    }


def test_thresholds_can_be_changed_and_unknown_rules_are_refused() -> None:
    seen = looked(CLEAN.with_columns(pl.when(pl.int_range(ROWS) >= 20).then("height").alias("height")))
    assert not any(each.rule == "missing" for each in findings(seen))
    assert any(each.rule == "missing" for each in findings(seen, {"missing": {"medium": 0.01}}))
    with pytest.raises(DataprepError, match="Did you mean 'missing'"):
        rules({"mising": {}})


def test_every_rule_says_where_it_comes_from() -> None:
    for each in RULES:
        assert each.source
        assert each.title
        assert (each.__doc__ or "").endswith(".")
        assert all(each.field_help(name) for name in each.model_fields), each.id
        for name, field in each.model_fields.items():
            assert field.metadata, f"{each.id}.{name} has no bounds"
