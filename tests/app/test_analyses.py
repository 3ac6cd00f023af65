from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import polars as pl
import pytest
from pydantic import ValidationError
from scipy.stats.contingency import association

from dataprep_app.analyses.analysis import AnalysisError, AnalysisResult, setting_problems
from dataprep_app.analyses.edges import binned
from dataprep_app.analyses.edits import add_analysis, change_analysis, remove_analysis
from dataprep_app.analyses.pictures import picture
from dataprep_app.analyses.registry import ANALYSES, UnknownAnalysisError, kind_of
from dataprep_app.analyses.scatter import MOST_POINTS
from dataprep_app.analyses.suggest import suggested
from flows import edits
from flows.document import Flow, Parameter, Source
from flows.edits import EditError
from flows.files import parse, to_json
from flows.history import History

MOST_MARKS = 5_000
NAN, INF = float("nan"), float("inf")
PEOPLE = pl.DataFrame(
    {
        "person id": [1, 2, 3, 4, 5, 6],
        "age": [30.0, None, 50.0, 20.0, NAN, INF],
        "income": [300, 400, 500, 200, 100, None],
        "city": ["Oslo", "Rome", None, "Oslo", "", "Oslo"],
        "member": [True, False, None, True, True, False],
        "born": [date(1990, 1, 1), date(1980, 5, 5), None, date(2000, 2, 2), date(1999, 12, 31), date(1990, 1, 1)],
    }
)
RANDOM = np.random.default_rng(7)
MANY = pl.DataFrame(
    {
        "x": RANDOM.normal(size=6_000),
        "y": RANDOM.normal(size=6_000),
        "group": RANDOM.choice(list("abcdefghijklmnopqrstuvwxyz"), size=6_000),
        "when": [datetime(2020, 1 + n % 12, 1 + n % 28, n % 24) for n in range(6_000)],
    }
)
PARAMS: dict[str, dict[str, Any]] = {
    "histogram": {"column": "x", "color_by": "group"},
    "scatter": {"x": "x", "y": "y"},
    "bar": {"group": "group", "function": "mean", "measure": "x"},
    "box": {"column": "x", "by": "group"},
    "table_summary": {},
    "correlation": {},
    "association": {"columns": ["group", "other"]},
    "line": {"x": "x", "color_by": "group"},
    "group_chart": {"rows": "group", "columns": "other"},
    "cohort": {"entity": "group", "date": "when"},
    "duplicate_rows": {},
    "missing_patterns": {},
    "column_profile": {"column": "x"},
    "text_overview": {"column": "group"},
    "outlier_view": {"column": "x"},
    "quick_model": {"target": "other"},
    "target_leakage": {"target": "other"},
    "feature_importance": {"target": "other"},
    "multicollinearity": {"columns": ["x", "y"]},
    "bias_report": {
        "target": "other",
        "favourable_values": ["true"],
        "facet": "group",
        "disadvantaged_values": ["a", "b"],
    },
    "time_series_decomposition": {"time": "when", "value": "x"},
    "time_series_anomalies": {"time": "when", "value": "x"},
}


def run(id: str, table: pl.DataFrame, **params: Any) -> AnalysisResult:
    return kind_of(id).model_validate(params).run(table)


def rows_of(result: AnalysisResult) -> list[tuple[Any, ...]]:
    return list(result.tables[0].rows)


def marks(result: AnalysisResult) -> int:
    return sum(map(len, (result.chart or {}).get("datasets", {}).values()))


@pytest.mark.parametrize("id", ANALYSES)
def test_every_analysis_gives_plain_data_and_a_chart_of_few_marks(id: str) -> None:
    table = MANY.with_columns(other=pl.col("x") > 0)
    result = run(id, table, **PARAMS[id])
    assert AnalysisResult.model_validate_json(result.model_dump_json()) == result
    assert "NaN" not in json.dumps(result.model_dump(mode="json")), "browsers do not read NaN"
    assert marks(result) <= MOST_MARKS
    assert result.sentences
    if result.chart is not None:
        alt.Chart.from_dict(result.chart)  # is valid Vega-Lite
        assert picture(result.chart, "svg").startswith(b"<svg")


def test_a_chart_is_a_picture_on_white_as_large_as_print_needs() -> None:
    chart = run("bar", MANY, **PARAMS["bar"]).chart
    assert chart is not None
    drawn = picture(chart, "svg").decode()
    assert 'fill="white"' in drawn
    assert "Mean" in drawn
    png = picture(chart, "png")
    assert png.startswith(b"\x89PNG")
    width = int.from_bytes(png[16:20], "big")
    assert width > 1_800, "two pixels for each of the chart"


@pytest.mark.parametrize("id", ANALYSES)
@pytest.mark.parametrize("rows", [0, 1, 2])
def test_every_analysis_takes_few_rows_and_columns_without_a_value(id: str, rows: int) -> None:
    schema = {"x": pl.Float64, "y": pl.Float64, "group": pl.String, "other": pl.Boolean, "when": pl.Datetime}
    table = pl.DataFrame({name: [None] * rows for name in schema}, schema=schema)
    result = run(id, table, **PARAMS[id])
    assert result.sentences
    json.dumps(result.model_dump(mode="json"), allow_nan=False)


@pytest.mark.parametrize("id", ANALYSES)
def test_columns_with_odd_names_are_drawn(id: str) -> None:
    names = {"x": "a.b[0]", "y": "y:Q", "group": "Rows", "other": "^.*$"}
    table = MANY.head(200).with_columns(other=pl.col("x") > 0).rename(names)
    named = {
        key: names.get(value, value) if isinstance(value, str) else [names.get(each, each) for each in value]
        for key, value in PARAMS[id].items()
    }
    assert run(id, table, **named).sentences


@pytest.mark.parametrize("id", ANALYSES)
def test_every_setting_has_help(id: str) -> None:
    kind = ANALYSES[id]
    assert kind.id == id
    assert kind.__doc__
    assert all(kind.field_help(name) for name in kind.model_fields)


def test_bins_of_numbers_agree_with_numpy() -> None:
    result = run("histogram", MANY, column="x", bins=20)
    found = {low: rows for low, _, rows in rows_of(result)}
    edges = np.arange(-4, 5, 0.5)
    counts, _ = np.histogram(MANY["x"].to_numpy(), edges)
    assert found == {low: rows for low, rows in zip(edges, counts, strict=False) if rows}


@pytest.mark.parametrize(
    ("values", "edges"),
    [
        ([0.0, 5.0, 10.0], [(0, 1), (5, 6), (9, 10)]),
        ([1, 2, 3, 9], [(1, 2), (2, 3), (3, 4), (9, 10)]),
        ([-7, 13, 95], [(-20, 0), (0, 20), (80, 100)]),
        ([2.5, 2.5], [(2.5, 2.75), (2.5, 2.75)]),
        (
            [date(2020, 1, 31), date(2020, 3, 2)],
            [(date(2020, 1, 27), date(2020, 2, 3)), (date(2020, 3, 2), date(2020, 3, 9))],
        ),
    ],
)  # fmt: skip
def test_edges_are_round(values: list[Any], edges: list[tuple[Any, Any]]) -> None:
    assert binned(pl.Series(values), 10).rows() == edges


@pytest.mark.parametrize(
    "values",
    [[-1.7e308, 1.7e308], [5e-324, 1.0], [0.0, 5e-324], [2**63 - 1, -(2**63) + 1], [2**62, 2**62 + 1]],
)
def test_extreme_numbers_have_a_bin(values: list[Any]) -> None:
    found = binned(pl.Series(values), 20)
    assert found.height == len(values)
    assert not found["from"].has_nulls()


def test_missing_and_infinite_numbers_are_left_out_and_said() -> None:
    result = run("histogram", PEOPLE, column="age")
    assert sum(row[-1] for row in rows_of(result)) == 3
    assert any("3 of 6 rows (50.0%) have no value of age" in each for each in result.sentences)


def test_text_is_counted_with_its_missing_and_empty_values() -> None:
    assert rows_of(run("histogram", PEOPLE, column="city")) == [
        ("Oslo", 3),
        ("Rome", 1),
        ("(empty)", 1),
        ("(missing)", 1),
    ]


def test_rare_values_are_put_together() -> None:
    result = run("histogram", MANY, column="group", bins=3)
    assert rows_of(result)[-1][0] == "(other)"
    assert sum(rows for _, rows in rows_of(result)) == MANY.height
    assert any("23 values are put together" in each for each in result.sentences)


def test_a_color_splits_each_bar() -> None:
    found = rows_of(run("histogram", PEOPLE, column="city", color_by="member"))
    assert ("Oslo", "false", 1) in found
    assert ("Oslo", "true", 2) in found


@pytest.mark.parametrize("function", ["mean", "median", "sum", "min", "max"])
def test_bars_agree_with_pandas(function: str) -> None:
    found = dict(
        row[:2] for row in rows_of(run("bar", MANY, group="group", function=function, measure="x", max_groups=26))
    )
    expected = MANY.to_pandas().groupby("group")["x"].agg(function)
    assert found == pytest.approx(expected.to_dict())


def test_bars_count_rows_and_those_without_a_group() -> None:
    assert rows_of(run("bar", PEOPLE, group="member", sort="group")) == [("false", 2), ("true", 3), ("(missing)", 1)]


def test_a_group_without_values_has_no_sum() -> None:
    table = pl.DataFrame({"g": ["a", "b"], "v": [1.0, None]})
    assert dict(row[:2] for row in rows_of(run("bar", table, group="g", function="sum", measure="v"))) == {
        "a": 1.0,
        "b": None,
    }


def test_a_mean_without_a_measure_is_a_problem_of_that_field() -> None:
    (problem,) = setting_problems(kind_of("bar"), {"group": "city", "function": "mean"}, PEOPLE.schema)
    assert (problem.field, problem.found) == ("measure", "A mean needs a column to measure.")


def test_boxes_agree_with_numpy_and_whiskers_end_at_values() -> None:
    values = np.array([1.0, 2, 3, 4, 5, 6, 7, 100])
    result = run("box", pl.DataFrame({"v": values}), column="v")
    _, rows, low, lower, median, _, upper, high, outliers = rows_of(result)[0]
    assert (lower, median, upper) == tuple(np.quantile(values, [0.25, 0.5, 0.75]))
    assert (rows, low, high, outliers) == (8, 1, 100, 1)
    drawn = [row for data in (result.chart or {})["datasets"].values() for row in data]
    assert {(row["low"], row["high"]) for row in drawn if "low" in row} == {(1, 7)}
    assert [row["value"] for row in drawn if "value" in row] == [100]


@pytest.mark.parametrize("method", ["pearson", "spearman"])
def test_correlations_agree_with_pandas_with_values_missing(method: Any) -> None:
    noise = MANY.with_columns(
        z=pl.col("x") + 0.5 * pl.col("y"), few=pl.when(pl.col("y") > 0).then(pl.col("x").round(1))
    )
    expected = noise.select("x", "y", "z", "few").to_pandas().corr(method=method)
    found = rows_of(run("correlation", noise, columns=["x", "y", "z", "few"], method=method))
    assert len(found) == 6
    for one, other, value in found:
        assert value == pytest.approx(expected.loc[one, other], abs=1e-9)


def test_cramers_v_agrees_with_scipy() -> None:
    table = MANY.select("group").with_columns(half=pl.col("group") < "m", shuffled=pl.col("group").shuffle(1))
    found = {row[:2]: row[2] for row in rows_of(run("association", table))}
    for (one, other), value in found.items():
        counts = pd.crosstab(table[one].to_numpy(), table[other].to_numpy())
        assert value == pytest.approx(association(counts.to_numpy(), method="cramer"), abs=1e-9)
    assert found["group", "half"] == 1


def test_a_column_of_one_value_is_said_to_tell_nothing() -> None:
    result = run("correlation", MANY.with_columns(one=pl.lit(1.5)))
    assert any("Nothing can be said of one" in each for each in result.sentences)


def test_one_column_cannot_be_correlated() -> None:
    with pytest.raises(AnalysisError, match="Two numeric columns or more are needed, found 1"):
        run("correlation", MANY.select("x", "group"))


def test_few_points_are_drawn_each_and_many_are_counted() -> None:
    few = run("scatter", MANY.head(50), x="x", y="y")
    assert marks(few) == 50
    many = run("scatter", MANY, x="x", y="y")
    (cells,) = (many.chart or {})["datasets"].values()
    assert sum(each["rows"] for each in cells) == MANY.height


def test_colored_points_are_drawn_at_random_and_always_the_same() -> None:
    result = run("scatter", MANY, x="x", y="y", color_by="group")
    assert marks(result) == MOST_POINTS
    assert run("scatter", MANY, x="x", y="y", color_by="group") == result
    assert any("2,000 of 6,000 rows" in each for each in result.sentences)


def test_points_are_summed_up_for_each_color() -> None:
    table = pl.DataFrame({"x": [1.0, 2, 3, 1, 2, 3], "y": [1.0, 2, 3, 3, 2, 1], "g": list("aaabbb")})
    found = {row[0]: row[-2:] for row in rows_of(run("scatter", table, x="x", y="y", color_by="g"))}
    assert found["a"] == pytest.approx((1, 1))
    assert found["b"] == pytest.approx((-1, -1))


def test_the_summary_has_a_row_for_each_column() -> None:
    result = run("table_summary", PEOPLE)
    frame = result.tables[0].frame()
    assert frame["Column"].to_list() == PEOPLE.columns
    assert frame.row(by_predicate=pl.col("Column") == "city", named=True)["Most frequent"] == "Oslo"
    assert any("Every value is different in person id" in each for each in result.sentences)


def test_a_column_that_is_not_there_is_said_with_the_nearest_name() -> None:
    with pytest.raises(AnalysisError, match=r"Column 'agee' is not in the table. Did you mean 'age'\?"):
        run("histogram", PEOPLE, column="agee")


def test_a_column_that_does_not_fit_is_said_with_its_field() -> None:
    (problem,) = setting_problems(kind_of("box"), {"column": "city"}, PEOPLE.schema)
    assert problem.field == "column"
    assert "holds text values, but numeric is needed" in problem.found


def test_a_setting_that_is_left_out_is_said_with_its_field() -> None:
    problems = setting_problems(kind_of("scatter"), {"x": "age", "bins": 3}, PEOPLE.schema)
    assert {each.field for each in problems} == {"y", "bins"}


def test_a_new_analysis_begins_with_columns_that_fit() -> None:
    assert suggested(kind_of("scatter"), PEOPLE.schema) == {"x": "age", "y": "income"}
    assert suggested(kind_of("bar"), PEOPLE.schema) == {"group": "city"}
    assert suggested(kind_of("histogram"), PEOPLE.schema, "born") == {"column": "born"}
    assert suggested(kind_of("box"), PEOPLE.select("city").schema) == {}


@pytest.fixture
def flow() -> Flow:
    source = Source(connector="csv", params={"path": "people.csv"})
    return edits.add_source(Flow(parameters={"bars": Parameter(type="number", default=12)}), "people", source)


def test_an_analysis_is_saved_with_all_its_settings_and_undone(flow: Flow) -> None:
    saved = add_analysis(flow, "ages", "histogram", "people", {"column": "age"}, "Ages")
    assert saved.analyses["ages"].params == {"column": "age", "bins": 20, "color_by": None}
    assert parse(to_json(saved), "flow") == saved
    assert History(flow).edit("Add", saved).undo().flow == flow
    changed = change_analysis(saved, "ages", params={"column": "income"}, note="")
    assert (changed.analyses["ages"].params["column"], changed.analyses["ages"].note) == ("income", "")
    assert remove_analysis(changed, "ages") == flow


def test_a_parameter_of_the_flow_stays_in_the_settings(flow: Flow) -> None:
    saved = add_analysis(flow, "ages", "histogram", "people", {"column": "age", "bins": "${bars}"})
    assert saved.analyses["ages"].params["bins"] == "${bars}"


def test_what_cannot_be_saved_is_refused(flow: Flow) -> None:
    with pytest.raises(EditError, match=r"no source or step 'peple'. Did you mean 'people'\?"):
        add_analysis(flow, "ages", "histogram", "peple", {"column": "age"})
    with pytest.raises(EditError, match="'people_2'"):
        add_analysis(flow, "people", "histogram", "people", {"column": "age"})
    with pytest.raises(UnknownAnalysisError, match=r"Did you mean 'histogram'\?"):
        add_analysis(flow, "ages", "histogramm", "people")
    with pytest.raises(ValidationError):
        add_analysis(flow, "ages", "histogram", "people", {"column": "age", "bins": 1})
    with pytest.raises(EditError, match="no analysis 'ages'"):
        remove_analysis(flow, "ages")
