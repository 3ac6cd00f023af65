"""Columns with the same defect share a warning where they are many, and each has one where they are few."""

from __future__ import annotations

import polars as pl
import pytest

from dataprep_app.insights.findings import Finding, Fix
from dataprep_app.insights.rules.together import FEW, together
from dataprep_app.insights.rules.wording import listed, percent, rows_of
from tests.app.insights.planted import CLEAN, ROWS, findings, found, looked
from tests.checks import result
from transforms.catalog import catalog

SHARED = "{n} columns are odd: {columns}."


def odd(column: str | None, share: float = 0.2, priority: str = "medium", *fixes: Fix) -> Finding:
    return Finding.model_validate(
        {
            "rule": "odd", "title": "Odd", "scope": "feature", "priority": priority, "column": column,
            "text": f"{column} is odd.", "evidence": {"share": share}, "fixes": fixes,
        }
    )  # fmt: skip


def drop(column: str) -> Fix:
    return Fix(label=f"Drop {column}", transform="drop_columns", params={"columns": [column]})


def gaps(columns: int, text: int = 0) -> pl.DataFrame:
    """A table of numbers, and of texts, of which some are missing, more in each column than in the one before."""
    place = pl.int_range(ROWS, eager=True)
    numbers = {
        f"n{i}": pl.when((place * 7 + i * 13) % 100 >= 6 + i).then(place % 37).otherwise(None) for i in range(columns)
    }
    texts = {
        f"t{i}": pl.when((place * 11 + i * 17) % 100 >= 9).then(pl.lit("abc")).otherwise(None) for i in range(text)
    }
    return pl.DataFrame().select(**{**numbers, **texts})


def test_as_many_as_a_few_have_a_warning_each() -> None:
    each = [odd(f"c{i}") for i in range(FEW)]
    assert list(together(each, SHARED, "share")) == each


def test_one_more_and_they_share_one_with_the_worst_first() -> None:
    each = [odd(f"c{i}", 0.1 * (i + 1), "medium", drop(f"c{i}")) for i in range(FEW + 1)]
    (shared,) = together(each, SHARED, "share")
    assert shared.column is None
    assert shared.text == "5 columns are odd: 'c4' (50 %), 'c3' (40 %), 'c2' (30 %), 'c1' (20 %) and 1 more."
    assert shared.examples == ("c4", "c3", "c2", "c1", "c0")
    assert shared.evidence["columns"] == 5
    assert shared.evidence["c4"] == 0.5
    assert [(fix.label, fix.params) for fix in shared.fixes] == [
        ("Drop 5 columns", {"columns": ["c4", "c3", "c2", "c1", "c0"]})
    ]


def test_only_warnings_of_one_priority_are_put_together_and_those_without_a_column_are_left() -> None:
    each = [odd(None), *(odd(f"c{i}") for i in range(4)), odd("d", 0.9, "high")]
    assert list(together(each, SHARED, "share")) == each
    assert list(together([*each, odd("e")], "", "share")) == [*each, odd("e")]


def test_steps_are_joined_where_they_differ_in_columns_only() -> None:
    fill = [Fix(label="Fill", transform="impute_median", params={"columns": [f"c{i}"]}) for i in range(3)]
    other = Fix(label="Fill", transform="impute_median", params={"columns": ["c3"], "add_indicator": True})
    single = Fix(label="Mask", transform="mask_email", params={"column": "c4"})
    each = [odd(f"c{i}", 0.5, "medium", fix) for i, fix in enumerate([*fill, other, single])]
    (shared,) = together(each, SHARED, "")
    assert [(fix.label, fix.params) for fix in shared.fixes] == [
        ("Fill (3 columns)", {"columns": ["c0", "c1", "c2"]}),
        ("Fill", {"columns": ["c3"], "add_indicator": True}),
        ("Mask", {"column": "c4"}),
    ]


def test_thirty_columns_with_gaps_are_one_warning_whose_steps_fill_all_of_them() -> None:
    table = gaps(25, 5)
    mine = [each for each in findings(looked(table, sections=False)) if each.rule == "missing"]
    (shared,) = mine
    assert shared.text.startswith("30 columns have many missing values: 'n24' (")
    filled = table
    for fix in shared.fixes[:3]:
        if fix.transform.startswith("impute"):
            filled = result(catalog()[fix.transform].model_validate(fix.params), filled)
    assert sum(filled.null_count().row(0)) == 0


def test_empty_columns_share_a_step_that_loses_nothing() -> None:
    table = CLEAN.with_columns(pl.lit(None, pl.Int64).alias(f"e{i}") for i in range(6))
    finding = found(table)["empty"]
    assert finding.text == "6 columns have no value in any row: 'e0', 'e1', 'e2', 'e3' and 2 more."
    (fix,) = finding.fixes
    assert fix.safe
    assert result(catalog()[fix.transform].model_validate(fix.params), table).columns == CLEAN.columns


def test_collinear_columns_share_a_step_that_keeps_one_of_each() -> None:
    table = CLEAN.with_columns(*(((pl.col("height") + pl.col("amount") / 4e3) * i).alias(f"h{i}") for i in (2, 3, 4)))
    (finding,) = (each for each in findings(looked(table)) if each.rule == "collinear")
    assert finding.column is None
    assert finding.evidence == {"pairs": 6, "columns": 4}
    left = result(catalog()[finding.fixes[0].transform].model_validate(finding.fixes[0].params), table)
    assert len({"height", "h2", "h3", "h4"} & set(left.columns)) == 1


@pytest.mark.parametrize(("share", "text"), [
    (0.0, "0 %"), (0.0004, "less than 0.1 %"), (0.051, "5.1 %"), (0.5, "50 %"), (0.9951, "99.5 %"),
    (0.9999, "over 99.9 %"), (1.0, "100 %"),
])  # fmt: skip
def test_a_share_is_never_none_of_what_is_there_nor_all_of_what_is_not(share: float, text: str) -> None:
    assert percent(share) == text


def test_names_are_listed_as_people_do() -> None:
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed([*"abcde"], 2) == "a, b and 3 more"
    assert (rows_of(1), rows_of(1_200)) == ("1 row", "1,200 rows")
