"""Two reports side by side: the numbers, the warnings, the rows that are gone."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from dataprep_app.insights.compare import Comparison, compared, row_keys, rows_gone
from dataprep_app.insights.drawing.compared import Beside, class_lines, column_lines, gone_rows, gone_said, model_lines
from dataprep_app.insights.findings import Finding, Report
from dataprep_app.insights.making import Asked, compare_tables
from dataprep_app.insights.report import Wish, make_report
from dataprep_app.insights.subject import Subject
from dataprep_app.sample import write_sample
from flows.engines.base import Control
from tests.app.insights.made_up import made_up

ROWS = 400


def finding(rule: str, column: str | None = None) -> Finding:
    return Finding(rule=rule, title=rule, scope="feature", priority="low", text="x", column=column)


def figures(found: Comparison) -> dict[str, tuple[float | None, float | None, str]]:
    return {each.name: (each.before, each.after, each.change) for each in found.figures}


def table() -> pl.DataFrame:
    random = np.random.default_rng(7)
    return pl.DataFrame(
        {
            "key": [f"k{i}" for i in range(ROWS)],
            "age": [None if i % 10 == 0 else int(each) for i, each in enumerate(random.integers(18, 90, ROWS))],
            "city": random.choice(["Oslo", "Rome", "Bonn"], ROWS),
            "note": ["same"] * ROWS,
        }
    )


def tidy(rows: pl.DataFrame) -> pl.DataFrame:
    """Without the rows that miss an age, and without the column that says nothing."""
    return rows.drop_nulls("age").drop("note").with_columns(old=pl.col("age") > 60)


def side_by_side(before: pl.DataFrame, after: pl.DataFrame) -> Comparison:
    first, second = Subject.of("before", before), Subject.of("after", after)
    old, new = make_report(first, Wish()), make_report(second, Wish())
    return compared(old, new, rows_gone(first, second, row_keys(old)))


def test_warnings_of_one_report_only_are_gone_or_new() -> None:
    before = made_up("binary").model_copy(update={"findings": (finding("a"), finding("b", "x"), finding("b", "y"))})
    after = before.model_copy(update={"findings": (finding("b", "y"), finding("b", "z"))})
    found = compared(before, after)
    assert [(each.rule, each.column) for each in found.solved] == [("a", None), ("b", "x")]
    assert [(each.rule, each.column) for each in found.new] == [("b", "z")]
    assert [(each.rule, each.column) for each in found.remaining] == [("b", "y")]


def test_the_same_report_twice_has_changed_in_nothing() -> None:
    report = made_up("binary")
    found = compared(report, report)
    assert {each.change for each in found.figures} == {"same"}
    assert (found.solved, found.new, found.columns_added, found.columns_removed, found.columns_changed) == ((),) * 5
    assert found.remaining == report.findings


def test_less_missing_and_a_higher_score_are_better_and_less_found_is_worse() -> None:
    before = made_up("binary")
    assert before.model is not None
    score = before.model.score.model_copy(update={"value": 0.9, "normalised": 0.8})
    classes = tuple(each.model_copy(update={"recall": 0.5}) for each in before.model.classes)
    model = before.model.model_copy(update={"score": score, "classes": classes})
    whole = before.table.model_copy(update={"missing_cells": 0, "rows": 100, "duplicate_rows": 100})
    found = compared(before, before.model_copy(update={"model": model, "table": whole}))
    changes = {name: change for name, (_, _, change) in figures(found).items()}
    assert changes["Rows"] == "changed"
    assert changes["Missing cells"] == "better"
    assert changes["Duplicate rows"] == "worse"
    assert changes["Quick-model score"] == "better"
    assert changes["Found of 'fully paid'"] == "worse"
    assert changes["Found of 'default'"] == "better"
    assert found.summary.endswith("The quick-model score went from 0.46 to 0.80.")


def test_a_model_of_one_report_only_is_neither_better_nor_worse() -> None:
    before, after = made_up("binary"), made_up("binary").model_copy(update={"model": None})
    found = compared(before, after)
    before_score, *others = figures(found)["Quick-model score"]
    assert before_score == pytest.approx(0.46)
    assert others == [None, "changed"]
    assert model_lines(found) == ()
    assert class_lines(found)[0].recall == Beside("95 %", "–")


def test_rows_are_followed_by_their_key() -> None:
    before = table()
    found = side_by_side(before, tidy(before))
    assert found.gone is not None
    gone = before.filter(pl.col("age").is_null())
    assert (found.gone.key, found.gone.rows, found.gone.added) == ("key", gone.height, 0)
    assert found.gone.with_missing == gone.height
    assert {each.values["key"] for each in found.gone.examples} <= set(gone["key"])
    assert all(each.marked == ("age",) for each in found.gone.examples)
    assert gone_said(found.gone) == (
        "40 rows are gone and 0 are new, told by 'key'. 40 of those that are gone had a cell without a value."
    )


def test_numbers_and_columns_are_those_of_the_tables() -> None:
    before = table()
    after = tidy(before)
    found = side_by_side(before, after)
    numbers = figures(found)
    assert numbers["Rows"][:2] == (before.height, after.height)
    assert numbers["Missing cells"] == (40 / (4 * ROWS), 0.0, "better")
    assert (found.columns_added, found.columns_removed) == (("old",), ("note",))
    assert ("constant", "note") in {(each.rule, each.column) for each in found.solved}
    lines = {each.name: each for each in column_lines(found)}
    assert lines["age"].missing == Beside("10 %", "0", "better")
    assert lines["age"].power is None
    assert "city" not in lines


def test_rows_without_a_key_are_counted_only() -> None:
    before = table().drop("key")
    first, second = Subject.of("before", before), Subject.of("after", tidy(before))
    fewer, more = rows_gone(first, second, []), rows_gone(second, first, [])
    assert (fewer.key, fewer.rows, fewer.added, fewer.examples) == (None, 40, 0, ())
    assert (more.rows, more.added) == (0, 40)
    assert gone_said(fewer).startswith("There are 40 rows fewer. No column names the rows")
    assert gone_said(more).startswith("There are 40 rows more.")


def test_a_key_of_another_type_is_none() -> None:
    before = table()
    after = before.with_columns(pl.col("key").str.slice(1).cast(pl.Int64))
    assert rows_gone(Subject.of("b", before), Subject.of("a", after), ["key"]).key is None


def test_rows_that_are_new_are_counted() -> None:
    before = table()
    found = rows_gone(Subject.of("b", before.head(100)), Subject.of("a", before.slice(50, 100)), ["key"])
    assert (found.rows, found.added) == (50, 50)
    same = rows_gone(Subject.of("b", before), Subject.of("a", before.reverse()), ["key"])
    assert gone_said(same) == "The rows are the same ones."


def test_rows_that_are_shown_have_the_same_columns() -> None:
    wide = table().with_columns(**{f"c{i}": pl.lit(i) for i in range(12)}).with_columns(
        c11=pl.when(pl.col("key") == "k3").then(None).otherwise(pl.col("c11"))
    )  # fmt: skip
    found = rows_gone(Subject.of("b", wide), Subject.of("a", wide.slice(5)), ["key"])
    shown = gone_rows(found)
    assert len({tuple(each.values) for each in shown}) == 1
    by_key = {each.values["key"]: each for each in shown}
    assert by_key["k3"].values["c11"] is None
    assert "c11" in by_key["k3"].marked
    assert by_key["k2"].values["c11"] in ("11", "…"), "what is not shown must not look like an empty cell"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    flow = write_sample(tmp_path_factory.mktemp("compare"), rows=1_500)
    asked = Asked(f"{flow}:unique", Wish("loan_status"))
    return compare_tables(asked, f"{flow}:features", lambda _share, _what: None, Control())


def test_a_flow_is_compared_from_one_step_to_another(made: Comparison) -> None:
    assert made.before.subject.endswith("unique")
    assert made.after.subject.endswith("features")
    assert made.gone is not None
    assert made.gone.key == "id"
    assert made.gone.rows - made.gone.added == made.before.table.rows - made.after.table.rows
    assert made.gone.rows > 0
    assert "employer_title" in made.columns_removed
    rules = [{each.rule for each in report.findings} for report in (made.before, made.after)]
    assert {each.rule for each in made.solved} <= rules[0]
    assert {each.rule for each in (*made.new, *made.remaining)} == rules[1]
    assert len(made.new) + len(made.remaining) == len(made.after.findings)


def test_a_score_of_another_metric_is_not_called_better(made: Comparison) -> None:
    assert made.before.model is not None
    assert made.after.model is not None
    assert made.before.model.score.metric != made.after.model.score.metric
    assert model_lines(made)[0].beside.change == "changed"


def test_comparison_goes_to_json_and_back(made: Comparison) -> None:
    assert Comparison.model_validate_json(made.model_dump_json()) == made
    assert Report.model_validate_json(made.after.model_dump_json()) == made.after


def test_a_score_that_is_hardly_below_nothing_is_not_minus_nothing() -> None:
    before, after = made_up("binary"), made_up("binary")
    assert before.model is not None
    low = before.model.model_copy(update={"score": before.model.score.model_copy(update={"normalised": -0.001})})
    found = compared(before.model_copy(update={"model": low}), after)
    assert "went from 0.00 to" in found.summary
