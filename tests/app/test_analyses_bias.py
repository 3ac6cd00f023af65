from __future__ import annotations

import json
import math
from datetime import date, timedelta
from typing import Any

import altair as alt
import numpy as np
import polars as pl
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy, ks_2samp

from dataprep_app.analyses.analysis import AnalysisError, AnalysisResult, setting_problems
from dataprep_app.analyses.bias_measures import MEANINGS
from dataprep_app.analyses.registry import kind_of

LOANS = pl.DataFrame(
    # Ten men, of whom six are approved, and five women, of whom one is.
    {
        "sex": ["m"] * 10 + ["f"] * 5,
        "loan": ["yes"] * 6 + ["no"] * 4 + ["yes"] + ["no"] * 4,
        "branch": ["north"] * 8 + ["south"] * 2 + ["north"] + ["south"] * 4,
    }
)
RANDOM = np.random.default_rng(5)
ROWS = 3_000
SIDE = RANDOM.random(ROWS) < 0.3
GRADES = pl.DataFrame(
    {
        "older": SIDE,
        "grade": np.where(SIDE, RANDOM.choice(list("ABCD"), ROWS, p=[0.1, 0.2, 0.3, 0.4]),
                          RANDOM.choice(list("ABCD"), ROWS)),
        "income": RANDOM.lognormal(10, 1, ROWS) * np.where(SIDE, 0.8, 1),
        "age": RANDOM.integers(18, 90, ROWS),
        "joined": [date(2020, 1, 1) + timedelta(days=int(n)) for n in RANDOM.integers(0, 900, ROWS)],
    }
)  # fmt: skip
LOAN = {"target": "loan", "favourable_values": ["yes"], "facet": "sex", "disadvantaged_values": ["f"]}


def run(table: pl.DataFrame, **params: Any) -> AnalysisResult:
    result = kind_of("bias_report").model_validate(params).run(table)
    assert result.sentences
    json.dumps(result.model_dump(mode="json"), allow_nan=False)
    assert AnalysisResult.model_validate_json(result.model_dump_json()) == result
    if result.chart is not None:
        alt.Chart.from_dict(result.chart)  # is valid Vega-Lite
        assert sum(map(len, result.chart["datasets"].values())) <= 100
    return result


def measured(result: AnalysisResult) -> dict[Any, Any]:
    return {row[0]: row[2] for row in result.tables[0].rows}


def test_measures_of_two_outcomes_are_those_computed_by_hand() -> None:
    found = measured(run(LOANS, **LOAN))
    assert found["CI"] == pytest.approx((10 - 5) / 15)
    assert found["DPL"] == pytest.approx(6 / 10 - 1 / 5)
    assert found["KL"] == pytest.approx(0.6 * math.log(0.6 / 0.2) + 0.4 * math.log(0.4 / 0.8))
    men = 0.6 * math.log(0.6 / 0.4) + 0.4 * math.log(0.4 / 0.6)
    women = 0.2 * math.log(0.2 / 0.4) + 0.8 * math.log(0.8 / 0.6)
    assert found["JS"] == pytest.approx((men + women) / 2)
    assert found["LP"] == pytest.approx(math.sqrt(0.4**2 + 0.4**2))
    assert found["TVD"] == pytest.approx(0.4)
    assert found["KS"] == pytest.approx(0.4)
    assert "CDDL" not in found


def test_conditional_disparity_is_that_computed_by_hand() -> None:
    # North: 7 approved, of whom 1 woman, and 2 turned down, none of them women. South: nobody is approved.
    result = run(LOANS, **LOAN, group="branch")
    assert measured(result)["CDDL"] == pytest.approx(0 / 2 - 1 / 7)
    assert any("6 rows in 1 group of branch with one kind of outcome only" in each for each in result.sentences)
    assert any("over all rows that is 0.357" in each for each in result.sentences), 4 / 8 - 1 / 7


def test_conditional_disparity_weighs_groups_by_their_rows() -> None:
    table = GRADES.with_columns(branch=pl.Series(RANDOM.choice(["a", "b", "c"], ROWS, p=[0.6, 0.3, 0.1])))
    found = measured(
        run(table, target="grade", favourable_values=["A", "B"], facet="older", disadvantaged_values=["true"],
            group="branch")
    )["CDDL"]  # fmt: skip
    frame = table.to_pandas()
    good, total = frame["grade"].isin(["A", "B"]), 0.0
    for _, rows in frame.groupby("branch"):
        accepted = good[rows.index]
        total += len(rows) * (rows["older"][~accepted].mean() - rows["older"][accepted].mean())
    assert found == pytest.approx(total / len(frame))


def test_measures_of_several_outcomes_agree_with_scipy() -> None:
    found = measured(run(GRADES, target="grade", favourable_values=["A"], facet="older", disadvantaged_values=["true"]))
    shares = [
        GRADES.to_pandas().query(f"older == {side}")["grade"].value_counts(normalize=True).sort_index().to_numpy()
        for side in (False, True)
    ]
    assert found["KL"] == pytest.approx(entropy(*shares))
    assert found["JS"] == pytest.approx(jensenshannon(*shares) ** 2)
    assert found["LP"] == pytest.approx(np.linalg.norm(shares[0] - shares[1]))
    assert found["TVD"] == pytest.approx(np.abs(shares[0] - shares[1]).sum() / 2)
    assert found["KS"] == pytest.approx(np.abs(shares[0] - shares[1]).max())


@pytest.mark.parametrize("side", ["above", "at_most"])
def test_a_threshold_makes_two_outcomes_and_agrees_with_scipy(side: str) -> None:
    found = measured(
        run(GRADES, target="income", favourable_threshold=20_000, favourable_side=side, facet="age",
            disadvantaged_threshold=60)
    )  # fmt: skip
    above = (GRADES["income"] > 20_000).to_numpy()
    good = (above if side == "above" else ~above).astype(int)
    old = (GRADES["age"] > 60).to_numpy()
    assert found["KS"] == pytest.approx(ks_2samp(good[~old], good[old]).statistic)
    assert found["DPL"] == pytest.approx(good[~old].mean() - good[old].mean())
    assert found["CI"] == pytest.approx(1 - 2 * old.mean())


def test_measures_of_like_groups_are_nothing() -> None:
    table = pl.DataFrame({"sex": list("mmff"), "loan": ["yes", "no"] * 2})
    result = run(table, **LOAN)
    assert set(measured(result).values()) == {0.0}
    assert "as often as the others" in result.sentences[0]


def test_measures_of_opposite_groups_are_at_the_ends_of_their_ranges() -> None:
    table = pl.DataFrame({"sex": list("mmff"), "loan": ["yes", "yes", "no", "no"]})
    found = measured(run(table, **LOAN))
    assert found["KL"] is None, "it is infinite"
    assert (found["DPL"], found["TVD"], found["KS"]) == (1, 1, 1)
    assert found["JS"] == pytest.approx(math.log(2))
    assert found["LP"] == pytest.approx(math.sqrt(2))


def test_an_infinite_measure_is_said() -> None:
    table = pl.DataFrame({"sex": list("mmff"), "loan": ["yes", "yes", "no", "no"]})
    assert any("KL is infinite" in each for each in run(table, **LOAN).sentences)


def test_every_measure_is_explained_with_its_range() -> None:
    rows = run(LOANS, **LOAN, group="branch").tables[0].rows
    assert [row[0] for row in rows] == [each.short for each in MEANINGS]
    assert all(row[3] and str(row[4]).endswith(".") for row in rows)


def test_the_chart_has_the_shares_of_both_sides() -> None:
    (data,) = (run(LOANS, **LOAN).chart or {})["datasets"].values()
    found = {(each["outcome"], each["facet"]): each["share"] for each in data}
    assert found == pytest.approx(
        {("yes", "Others"): 0.6, ("no", "Others"): 0.4, ("yes", "sex f"): 0.2, ("no", "sex f"): 0.8}
    )


def test_rows_without_a_value_are_left_out_and_said() -> None:
    more = pl.concat([LOANS, pl.DataFrame({"sex": ["f", None], "loan": [None, "yes"], "branch": ["north", None]})])
    result = run(more, **LOAN)
    assert measured(result) == measured(run(LOANS, **LOAN))
    assert any("2 rows lack the outcome or the facet" in each for each in result.sentences)


def test_numbers_are_chosen_however_they_are_written() -> None:
    table = LOANS.with_columns(loan=pl.when(pl.col("loan") == "yes").then(1.0).otherwise(0.0))
    for written in ("1", "1.0", "1e0"):
        assert measured(run(table, **{**LOAN, "favourable_values": [written]}))["DPL"] == pytest.approx(0.4)


@pytest.mark.parametrize("group", ["income", "joined", "age"])
def test_many_numbers_and_dates_are_grouped_in_ten(group: str) -> None:
    result = run(
        GRADES, target="grade", favourable_values=["A"], facet="older", disadvantaged_values=["true"], group=group
    )
    within = result.tables[2].rows
    assert len(within) == 10
    assert sum(row[1] for row in within) == ROWS  # type: ignore[misc]
    assert max(row[1] for row in within) - min(row[1] for row in within) < ROWS * 0.03  # type: ignore[operator, type-var]


def test_values_that_are_not_there_are_said_with_those_that_are() -> None:
    result = run(LOANS, **{**LOAN, "disadvantaged_values": ["female"]})
    assert result.sentences == (
        "No row has sex female, so there is nothing to compare. Its values are f, m.",
    )  # fmt: skip
    assert "Every row has loan yes, no" in run(LOANS, **{**LOAN, "favourable_values": ["yes", "no"]}).sentences[0]


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_columns_without_a_value_are_taken(rows: int) -> None:
    for dtype in (pl.String, pl.Null, pl.Float64):
        table = pl.DataFrame({"loan": [None] * rows, "sex": ["f"] * rows}, schema_overrides={"loan": dtype})
        assert run(table, **{**LOAN, "favourable_values": ["1"]}).chart is None


def test_infinite_numbers_are_no_values() -> None:
    table = pl.DataFrame({"x": [1.0, 2.0, math.inf, math.nan, None], "sex": ["m", "f", "m", "f", "m"]})
    result = run(table, target="x", favourable_threshold=1.5, facet="sex", disadvantaged_values=["f"])
    assert measured(result)["CI"] == 0


def test_columns_with_odd_names_are_taken() -> None:
    names = {"sex": "^.*$", "loan": "*", "branch": "Rows"}
    settings = {"target": "*", "favourable_values": ["yes"], "facet": "^.*$", "disadvantaged_values": ["f"]}
    result = run(LOANS.rename(names), **settings, group="Rows")
    assert measured(result)["DPL"] == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("params", "field", "found"),
    [
        ({"favourable_values": []}, "favourable_values", "No favourable values of 'loan' are given."),
        ({"disadvantaged_threshold": 3}, "disadvantaged_threshold", "both disadvantaged values and a threshold"),
        ({"favourable_values": [], "favourable_threshold": 1}, "favourable_threshold", "which have no threshold"),
        ({"facet": "loan", "disadvantaged_values": ["no"]}, "facet", "is the target already"),
        ({"group": "sex"}, "group", "is the target or the facet already"),
    ],
)  # fmt: skip
def test_settings_that_do_not_go_together_are_said_with_their_field(
    params: dict[str, Any], field: str, found: str
) -> None:
    problems = setting_problems(kind_of("bias_report"), {**LOAN, **params}, LOANS.schema)
    assert any(each.field == field and found in each.found for each in problems), problems


def test_text_is_no_value_of_a_column_of_numbers() -> None:
    with pytest.raises(AnalysisError, match="'old' is not a integer, which is what 'age' holds"):
        run(GRADES, target="grade", favourable_values=["A"], facet="age", disadvantaged_values=["old"])


def test_every_setting_has_help() -> None:
    kind = kind_of("bias_report")
    assert kind.__doc__
    assert all(kind.field_help(name) for name in kind.model_fields)
