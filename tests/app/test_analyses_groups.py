from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import polars as pl
import pytest

from dataprep_app.analyses.analysis import AnalysisError, AnalysisResult, ResultTable
from dataprep_app.analyses.cohort import Cohort
from dataprep_app.analyses.group_chart import GroupChart
from dataprep_app.analyses.line import Line
from transforms.core.columns import select

NAN, INF = float("nan"), float("inf")
RANDOM = np.random.default_rng(11)
ROWS = 3_000
ORDERS = pl.DataFrame(
    {
        "customer": RANDOM.integers(0, 400, ROWS),
        "at": pl.Series([datetime(2021, 1, 5)]).new_from_index(0, ROWS)
        + pl.Series(RANDOM.integers(0, 86_400 * 500, ROWS) * 1_000_000).cast(pl.Duration("us")),
        "price": RANDOM.lognormal(3, 1, ROWS),
        "weight": RANDOM.normal(size=ROWS),
        "shop": RANDOM.choice(["north", "south", "east"], ROWS),
        "size": RANDOM.integers(1, 5, ROWS),
    }
).with_columns(day=pl.col("at").dt.date(), price=pl.when(pl.col("weight") > -1).then("price"))
EVERY: dict[type[Any], dict[str, Any]] = {
    Line: {"x": "at", "function": "mean", "measures": ["price"], "color_by": "shop"},
    GroupChart: {"rows": "shop", "columns": "size", "function": "sum", "measure": "price"},
    Cohort: {"entity": "customer", "date": "at"},
}
KINDS = pytest.mark.parametrize("kind", EVERY)


def table_of(found: AnalysisResult, place: int = 0) -> pl.DataFrame:
    return found.tables[place].frame()


def drawn(found: AnalysisResult) -> list[dict[str, Any]]:
    return [row for rows in (found.chart or {}).get("datasets", {}).values() for row in rows]


def is_sound(found: AnalysisResult) -> None:
    assert found.sentences
    assert AnalysisResult.model_validate_json(found.model_dump_json()) == found
    json.dumps(found.model_dump(mode="json"), allow_nan=False)
    assert len(drawn(found)) <= 5_000
    if found.chart is not None:
        alt.Chart.from_dict(found.chart)


@KINDS
def test_results_are_plain_data_with_a_chart(kind: Any) -> None:
    found = kind(**EVERY[kind]).run(ORDERS)
    is_sound(found)
    assert found.chart is not None


@KINDS
@pytest.mark.parametrize("rows", [0, 1, 2])
def test_few_rows_and_columns_without_values_are_said(kind: Any, rows: int) -> None:
    is_sound(kind(**EVERY[kind]).run(ORDERS.head(rows)))
    is_sound(kind(**EVERY[kind]).run(ORDERS.head(rows).select(pl.lit(None, dtype).alias(name)
                                                              for name, dtype in ORDERS.schema.items())))  # fmt: skip


@KINDS
def test_columns_may_be_called_anything(kind: Any) -> None:
    names = {"at": "^a.*$", "price": "Rows", "shop": "value", "customer": "from", "size": "*"}
    params = {
        key: names.get(each, each) if isinstance(each, str) else [names.get(one, one) for one in each]
        for key, each in EVERY[kind].items()
    }
    is_sound(kind(**params).run(ORDERS.rename(names)))


@KINDS
def test_every_setting_has_help(kind: Any) -> None:
    assert all(kind.field_help(name) for name in kind.model_fields)


@pytest.mark.parametrize("function", ["mean", "median", "sum", "min", "max"])
def test_months_of_a_line_agree_with_pandas(function: Any) -> None:
    found = table_of(Line(x="at", function=function, measures=("price",), every="month").run(ORDERS))
    expected = ORDERS.to_pandas().set_index("at")["price"].resample("MS").agg(function)
    assert found["From"].to_list() == [f"{each:%Y-%m-%d}" for each in expected.index]
    assert found[f"{function.capitalize()} of price"].to_list() == pytest.approx(expected.to_list())


@pytest.mark.parametrize(
    ("every", "rule"), [("hour", "h"), ("day", "D"), ("week", "W-MON"), ("quarter", "QS"), ("year", "YS")]
)
def test_periods_of_a_line_agree_with_pandas_those_without_rows_among_them(every: Any, rule: str) -> None:
    few = ORDERS.filter(pl.col("at") < datetime(2021, 3, 1)) if every == "hour" else ORDERS
    found = table_of(Line(x="at", every=every).run(few))
    expected = few.to_pandas().set_index("at").resample(rule, label="left", closed="left").size()
    assert found["Rows"].to_list() == expected.to_list()
    assert str(found["From"][0])[:10] == f"{expected.index[0]:%Y-%m-%d}"


def test_a_line_has_a_gap_where_there_are_no_values() -> None:
    table = pl.DataFrame({"d": [date(2020, 1, 1), date(2020, 1, 2), date(2020, 1, 4)], "v": [1.0, 2.0, 4.0]})
    found = drawn(Line(x="d", function="mean", measures=("v",), every="day").run(table))
    assert [each["value"] for each in found] == [1, 2, None, 4]


def test_lines_by_group_agree_with_pandas() -> None:
    found = table_of(Line(x="size", function="mean", measures=("price", "weight"), color_by="shop").run(ORDERS))
    expected = ORDERS.to_pandas().groupby(["size", "shop"])[["price", "weight"]].mean()
    for size, shop, _, price, weight in found.select(
        "size", "Group", "Rows", "Mean of price", "Mean of weight"
    ).iter_rows():
        assert (price, weight) == pytest.approx(tuple(expected.loc[(int(size), shop)]))
    assert found.height == len(expected)


def test_each_measure_has_a_chart_of_its_own() -> None:
    chart = Line(x="size", function="sum", measures=("price", "weight")).run(ORDERS).chart
    assert [each["encoding"]["y"]["title"] for each in (chart or {})["vconcat"]] == ["Sum of price", "Sum of weight"]


def test_numbers_along_a_line_are_put_into_about_as_many_bins_as_are_wanted() -> None:
    found = table_of(Line(x="weight", points=10).run(ORDERS))
    assert 5 <= found.height <= 11
    assert found["Rows"].sum() == ROWS
    counts = ORDERS["weight"].to_numpy()
    assert found["Rows"].to_list() == [
        int(((counts >= low) & (counts < high)).sum()) for low, high in found.select("From", "To").iter_rows()
    ]


def test_rows_without_a_place_on_the_line_are_said() -> None:
    table = pl.DataFrame({"x": [1.0, NAN, INF, None, 2.0]})
    found = Line(x="x").run(table)
    assert "3 rows without a value of x are left out." in found.sentences
    assert table_of(found)["Rows"].to_list() == [1, 1]


def test_too_many_periods_are_made_longer_and_said() -> None:
    table = pl.DataFrame({"d": [datetime(1970, 1, 1), datetime(2020, 1, 1)]})
    found = Line(x="d", every="hour").run(table)
    assert any("too many hours" in each for each in found.sentences)
    is_sound(found)


@pytest.mark.parametrize(
    ("params", "field", "said"),
    [
        ({"x": "size", "every": "month"}, "every", "size holds numbers"),
        ({"x": "day", "every": "hour"}, "every", "dates without a time"),
        ({"x": "day", "function": "mean"}, "measures", "needs a column to measure"),
    ],
)
def test_settings_of_a_line_that_do_not_go_together_are_said(params: Any, field: str, said: str) -> None:
    with pytest.raises(AnalysisError, match=said) as error:
        Line(**params).run(ORDERS)
    assert error.value.problems[0].field == field


def test_wall_clock_time_counts_where_there_is_a_time_zone() -> None:
    zoned = pl.DataFrame({"t": pl.Series([datetime(2021, 1, 31, 23, 30)]).dt.replace_time_zone("UTC")})
    table = zoned.with_columns(pl.col("t").dt.convert_time_zone("Europe/Oslo"))
    assert table_of(Line(x="t", every="month").run(table))["From"].to_list() == ["2021-02-01"]


def frame_of(table: ResultTable) -> pd.DataFrame:
    return pd.DataFrame([dict(zip(table.columns, row, strict=True)) for row in table.rows]).set_index(table.columns[0])


@pytest.mark.parametrize("function", ["mean", "median", "sum", "min", "max"])
def test_pivots_and_their_totals_agree_with_pandas(function: Any) -> None:
    found = frame_of(GroupChart(rows="shop", columns="size", function=function, measure="price").run(ORDERS).tables[0])
    expected = ORDERS.to_pandas().pivot_table(
        index="shop", columns="size", values="price", aggfunc=function, margins=True, margins_name="All"
    )
    assert found.columns.tolist() == [str(each) for each in expected.columns]
    assert found.index.tolist() == expected.index.tolist()
    assert found.to_numpy() == pytest.approx(expected.to_numpy())


@pytest.mark.parametrize(("shares", "normalize"), [("of_row", "index"), ("of_column", "columns"), ("of_all", "all")])
def test_shares_agree_with_pandas(shares: Any, normalize: Any) -> None:
    found = frame_of(GroupChart(rows="shop", columns="size", shares=shares).run(ORDERS).tables[0])
    table = ORDERS.to_pandas()
    expected = pd.crosstab(table["shop"], table["size"], normalize=normalize)
    for shop in expected.index:
        for size in expected.columns:
            assert found.loc[shop, str(size)] == pytest.approx(expected.loc[shop, size])


@pytest.mark.parametrize("chart", ["heat_map", "bars"])
def test_both_charts_draw_each_pair_once(chart: Any) -> None:
    found = GroupChart(rows="shop", columns="size", chart=chart).run(ORDERS)
    is_sound(found)
    assert len(drawn(found)) == 12
    assert sum(each["value"] for each in drawn(found)) == ROWS


def test_missing_and_rare_values_have_a_row_and_names_that_are_taken_are_numbered() -> None:
    table = pl.DataFrame({"All": ["a", "a", "b", "c", None], "k": ["All", "x", "x", "k", "x"]})
    found = GroupChart(rows="All", columns="k", max_rows=1).run(table).tables[0]
    assert [row[0] for row in found.rows] == ["a", "(other)", "(missing)", "All"]
    assert len(set(found.columns)) == len(found.columns)
    assert found.rows[-1][-1] == 5


def test_a_pair_without_rows_is_empty_and_said() -> None:
    table = pl.DataFrame({"a": ["x", "y"], "b": ["u", "v"], "n": [1.0, INF]})
    found = GroupChart(rows="a", columns="b", function="sum", measure="n").run(table)
    assert found.tables[0].rows[0][1:] == (1.0, None, 1.0)
    assert any("2 of 4 pairs have no rows" in each for each in found.sentences)


def test_a_mean_has_no_shares() -> None:
    with pytest.raises(AnalysisError, match="A mean has no shares"):
        GroupChart(rows="shop", columns="size", function="mean", measure="price", shares="of_row").run(ORDERS)


@pytest.mark.parametrize(("period", "code"), [("week", "W"), ("month", "M"), ("quarter", "Q")])
def test_cohorts_agree_with_pandas(period: Any, code: str) -> None:
    found = Cohort(entity="customer", date="at", period=period).run(ORDERS)
    events = ORDERS.to_pandas()
    events["period"] = events["at"].dt.to_period(code)
    events["cohort"] = events.groupby("customer")["period"].transform("min")
    events["age"] = [(late - early).n for late, early in zip(events["period"], events["cohort"], strict=True)]
    expected = events.groupby(["cohort", "age"])["customer"].nunique()
    rows = found.tables[1].rows[:-1]
    assert len(rows) == events["cohort"].nunique()
    for (cohort, group), row in zip(expected.groupby("cohort"), rows, strict=True):
        sizes = group.droplevel("cohort")
        last = (events["period"].max() - cohort).n
        assert row[1] == sizes[0]
        assert list(row[2:]) == [int(sizes.get(age, 0)) if age <= last else None for age in range(len(row) - 2)]


def test_shares_of_a_cohort_are_of_its_size_and_those_of_all_of_the_ones_that_could_be_seen() -> None:
    table = pl.DataFrame(
        {
            "who": ["a", "a", "b", "c", "c", "d", None],
            "day": [date(2021, 1, 3), date(2021, 2, 1), date(2021, 1, 9), date(2021, 2, 2), date(2021, 3, 9),
                    date(2021, 3, 1), date(2021, 1, 1)],
        }
    )  # fmt: skip
    found = Cohort(entity="who", date="day").run(table)
    assert found.tables[0].rows == (
        ("2021-01", 2, 1.0, 0.5, 0.0),
        ("2021-02", 1, 1.0, 1.0, None),
        ("2021-03", 1, 1.0, None, None),
        ("All", 4, 1.0, 0.6667, 0.0),
    )
    assert any("1 month later 66.7%" in each for each in found.sentences)
    assert any(each.startswith("1 row ") for each in found.sentences)


def test_who_never_comes_back_is_said() -> None:
    table = pl.DataFrame({"who": ["a", "b"], "day": [date(2021, 1, 3), date(2021, 2, 1)]})
    assert "None of them is seen again in a later month." in Cohort(entity="who", date="day").run(table).sentences


def test_many_cohorts_are_all_in_the_table_and_the_last_ones_in_the_chart() -> None:
    days = [date(2000, 1, 1) + timedelta(days=7 * place) for place in range(60)]
    found = Cohort(entity="who", date="day", period="week").run(pl.DataFrame({"who": range(60), "day": days}))
    assert len(found.tables[0].rows) == 61
    assert len({each["down"] for each in drawn(found)}) == 24
    assert any("last 24 cohorts" in each for each in found.sentences)


def test_dates_far_apart_make_few_cells() -> None:
    table = pl.DataFrame({"who": [1, 1, 2], "day": [date(1, 1, 1), date(9999, 12, 31), date(2020, 1, 1)]})
    found = Cohort(entity="who", date="day", period="week").run(table)
    is_sound(found)
    assert len(found.tables[0].columns) == 2 + 24
    is_sound(Line(x="day", every="day").run(table))


@pytest.mark.parametrize("value", [1e308, -1e308, 5e-324, 0.0])
def test_extreme_numbers_are_drawn(value: float) -> None:
    table = pl.DataFrame({"a": ["x", "x", "y"], "b": ["u", "u", "v"], "n": [value, value, 1.0]})
    is_sound(GroupChart(rows="a", columns="b", function="sum", measure="n").run(table))
    is_sound(Line(x="n", function="sum", measures=("n",)).run(table))


def test_a_line_of_columns_by_a_rule_has_a_name() -> None:
    assert Line(x="at", function="mean", measures=select("numeric")).name() == "Mean of columns along at"


@pytest.mark.parametrize("name", ["Rows", "rows", "From", "0", "Sum of n"])
def test_columns_of_the_table_of_a_line_have_names_of_their_own(name: str) -> None:
    table = pl.DataFrame({name: [1, 2], "n": [1.0, 2.0]})
    found = Line(x=name, function="sum", measures=("n",)).run(table).tables[0]
    assert len(set(found.columns)) == 3
    assert [row[0] for row in found.rows] == [1, 2]
