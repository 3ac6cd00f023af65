from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

import altair as alt
import numpy as np
import polars as pl
import pytest
from statsmodels.tsa.seasonal import STL

from dataprep_app.analyses.analysis import AnalysisError, AnalysisResult, setting_problems
from dataprep_app.analyses.even_spacing import evenly_spaced, guessed_period
from dataprep_app.analyses.registry import kind_of

KINDS = ("time_series_decomposition", "time_series_anomalies")
MOST_MARKS = 5_000
NOISE = np.random.default_rng(3)
MONTHS = [date(2010 + n // 12, 1 + n % 12, 1) for n in range(120)]
SALES = 0.5 * np.arange(120) + 10 * np.sin(np.arange(120) * np.pi / 6) + NOISE.normal(size=120)
MONTHLY = pl.DataFrame({"month": MONTHS, "sales": SALES})
START = datetime(2024, 1, 1)
HOURS = [START + timedelta(hours=n) for n in range(1_000)]
LOAD = 5 + 3 * np.sin(np.arange(1_000) * np.pi / 12) + NOISE.normal(size=1_000)
HOURLY = pl.DataFrame({"at": HOURS, "load": LOAD})


def run(id: str, table: pl.DataFrame, time: str = "month", value: str = "sales", **params: Any) -> AnalysisResult:
    result = kind_of(id).model_validate({"time": time, "value": value, **params}).run(table)
    assert result.sentences
    json.dumps(result.model_dump(mode="json"), allow_nan=False)
    if result.chart is not None:
        alt.Chart.from_dict(result.chart)  # is valid Vega-Lite
        assert sum(map(len, result.chart["datasets"].values())) <= MOST_MARKS
    return result


def parts(result: AnalysisResult) -> pl.DataFrame:
    return result.tables[0].frame()


@pytest.mark.parametrize("robust", [True, False])
@pytest.mark.parametrize("window", [7, 13])
def test_parts_agree_with_statsmodels(robust: bool, window: int) -> None:
    found = parts(
        run("time_series_decomposition", MONTHLY.sample(fraction=1, shuffle=True, seed=1), robust=robust,
            seasonal_window=window)
    )  # fmt: skip
    expected = STL(SALES, period=12, seasonal=window, robust=robust).fit()
    assert found["Observed"].to_list() == pytest.approx(SALES)
    for name, values in (("Trend", expected.trend), ("Seasonal", expected.seasonal), ("Residual", expected.resid)):
        assert found[name].to_list() == pytest.approx(values)


def test_parts_add_up_to_the_values() -> None:
    found = parts(run("time_series_decomposition", HOURLY, "at", "load"))
    whole = found["Trend"] + found["Seasonal"] + found["Residual"]
    assert whole.to_list() == pytest.approx(found["Observed"].to_list())


def test_strengths_are_those_of_hyndman_and_athanasopoulos() -> None:
    stl = STL(SALES, period=12).fit()
    trend = 1 - np.var(stl.resid) / np.var(stl.trend + stl.resid)
    season = 1 - np.var(stl.resid) / np.var(stl.seasonal + stl.resid)
    first, second = run("time_series_decomposition", MONTHLY).sentences[:2]
    assert f"strength is {trend:.2f} of 1" in first
    assert f"strength is {season:.2f} of 1" in second


def test_noise_has_hardly_a_season() -> None:
    table = MONTHLY.with_columns(sales=pl.Series(NOISE.normal(size=120)))
    result = run("time_series_decomposition", table, seasonal_window=35)
    assert not any("season is strong" in each for each in result.sentences)


@pytest.mark.parametrize(
    ("step", "unit", "period"),
    [
        (timedelta(hours=1), "hour", 24),
        (timedelta(days=1), "day", 7),
        (timedelta(days=7), "week", 52),
        (timedelta(minutes=15), "15 minutes", 96),
        (timedelta(seconds=1), "second", 60),
    ],
)
def test_the_step_and_the_period_are_found(step: timedelta, unit: str, period: int) -> None:
    wave = np.sin(np.arange(400) * 2 * np.pi / period)
    table = pl.DataFrame({"t": [START + n * step for n in range(400)], "v": wave + NOISE.normal(size=400) * 0.1})
    series = evenly_spaced(table, "t", "v", None, "mean")
    assert series is not None
    assert (series.unit, len(series), bool(series.observed.all())) == (unit, 400, True)
    found = guessed_period(series)
    assert found is not None
    assert found.places == period


def test_months_are_one_step_apart_though_their_days_differ() -> None:
    series = evenly_spaced(MONTHLY, "month", "sales", None, "mean")
    assert series is not None
    assert (series.unit, len(series)) == ("month", 120)


def test_a_period_that_is_no_calendar_span_is_found_by_likeness() -> None:
    years = [date(1900 + n, 1, 1) for n in range(120)]
    table = pl.DataFrame({"t": years, "v": np.sin(np.arange(120) * 2 * np.pi / 11)})
    series = evenly_spaced(table, "t", "v", None, "mean")
    assert series is not None
    found = guessed_period(series)
    assert found is not None
    assert found.places == 11


@pytest.mark.parametrize("how", ["mean", "sum", "median", "min", "max", "last"])
def test_values_of_one_day_are_brought_together_as_polars_does(how: Any) -> None:
    series = evenly_spaced(HOURLY.sample(fraction=1, shuffle=True, seed=1), "at", "load", "day", how)
    expected = HOURLY.group_by(pl.col("at").dt.date(), maintain_order=True).agg(getattr(pl.col("load"), how)())
    assert series is not None
    assert series.values.tolist() == pytest.approx(expected["load"].to_list())


def test_gaps_lie_between_their_neighbours_and_are_said() -> None:
    table = MONTHLY.with_columns(
        sales=pl.when(pl.int_range(pl.len()).is_in([5, 6])).then(float("nan")).otherwise("sales")
    )
    result = run("time_series_decomposition", table)
    found = parts(result)
    third = (SALES[7] - SALES[4]) / 3
    assert found["Observed"][5] == pytest.approx(SALES[4] + third)
    assert found["Filled"].to_list().count(True) == 2
    assert any("2 of the times (1.7%) have no value" in each for each in result.sentences)


def test_too_many_steps_are_made_longer_and_that_is_said() -> None:
    result = run("time_series_decomposition", HOURLY, "at", "load", every="minute")
    assert parts(result).height == 1_999, "half hours"
    assert any("Shorter steps would be too many" in each for each in result.sentences)


def test_a_spike_is_the_anomaly_and_is_marked() -> None:
    table = HOURLY.with_columns(load=pl.when(pl.int_range(pl.len()) == 500).then(30.0).otherwise("load"))
    result = run("time_series_anomalies", table, "at", "load")
    time, value, expected, difference, deviations = result.tables[0].rows[0]
    assert (time, value) == (str(HOURS[500]), 30.0)
    assert difference == pytest.approx(30.0 - expected)  # type: ignore[operator]
    assert deviations > 10  # type: ignore[operator]
    datasets = (result.chart or {})["datasets"].values()
    marked = next(data for data in datasets if "deviations" in data[0])
    assert len(marked) == len(result.tables[0].rows) < 20


def test_deviations_are_robust_ones_of_what_stl_leaves() -> None:
    result = run("time_series_anomalies", HOURLY, "at", "load", threshold=1.5, seasonal_window=7)
    left = STL(LOAD, period=24, seasonal=7).fit().resid
    middle = np.median(left)
    off = (left - middle) / (1.4826 * np.median(np.abs(left - middle)))
    found = {row[0]: row[4] for row in result.tables[0].rows}
    expected = {str(HOURS[at]): off[at] for at in np.flatnonzero(np.abs(off) > 1.5)}
    assert found == pytest.approx(expected)


def test_ordinary_noise_has_about_as_many_anomalies_as_a_normal_distribution() -> None:
    result = run("time_series_anomalies", HOURLY, "at", "load")
    assert len(result.tables[0].rows) <= 10, "2.7 of 1,000 values lie beyond 3 standard deviations"


def test_filled_times_are_no_anomalies() -> None:
    gap = HOURLY.filter(~pl.int_range(pl.len()).is_between(400, 500))
    result = run("time_series_anomalies", gap, "at", "load", threshold=0.5)
    assert not {row[0] for row in result.tables[0].rows} & {str(each) for each in HOURS[401:500]}


def test_a_pattern_without_noise_has_no_anomaly() -> None:
    table = pl.DataFrame({"t": HOURS[:480], "v": [float(n % 24) for n in range(480)]})
    result = run("time_series_anomalies", table, "t", "v")
    assert result.tables[0].rows == ()
    assert "explain every value" in result.sentences[0]


@pytest.mark.parametrize("id", KINDS)
def test_equal_values_have_no_parts(id: str) -> None:
    result = run(id, pl.DataFrame({"t": HOURS[:100], "v": [5.0] * 100}), "t", "v")
    assert result.sentences[0] == "Every value is 5, so there is no trend and no season."


@pytest.mark.parametrize("id", KINDS)
@pytest.mark.parametrize("rows", [0, 1, 2, 5])
def test_few_rows_are_said_to_be_few(id: str, rows: int) -> None:
    result = run(id, MONTHLY.head(rows))
    assert result.chart is None
    assert run(id, MONTHLY.head(rows), period=12).chart is None


@pytest.mark.parametrize("id", KINDS)
def test_odd_values_are_taken(id: str) -> None:
    tables = [
        pl.DataFrame({"t": [None, None], "v": [None, 1]}),
        pl.DataFrame({"t": HOURS[:60], "v": [1e308 * (-1) ** n for n in range(60)]}),
        pl.DataFrame({"t": HOURS[:60], "v": [1e150 * (-1) ** n for n in range(60)]}),
        pl.DataFrame({"t": [datetime(1, 1, 1), datetime(9999, 12, 31)], "v": [1, 2]}),
        pl.DataFrame({"t": HOURS[:60], "v": [float("inf"), float("nan"), None] * 20}),
        pl.DataFrame({"t": [START] * 30, "v": range(30)}),
        pl.DataFrame({"t": HOURS[:60], "v": range(60)}, schema_overrides={"v": pl.Decimal(10, 2)}),
    ]
    for table in tables:
        run(id, table, "t", "v")


@pytest.mark.parametrize("id", KINDS)
def test_times_with_a_zone_are_taken_as_the_clock_shows(id: str) -> None:
    zoned = HOURLY.with_columns(pl.col("at").dt.replace_time_zone("UTC").dt.convert_time_zone("Asia/Tokyo"))
    found = run("time_series_decomposition", zoned, "at", "load").tables[0].rows
    assert found[0][0] == str(HOURS[0] + timedelta(hours=9))
    assert run(id, zoned, "at", "load").chart is not None


@pytest.mark.parametrize("id", KINDS)
@pytest.mark.parametrize("names", [("a.b[0]", "y:Q"), ("^.*$", "*"), ("value", "time")])
def test_columns_with_odd_names_are_drawn(id: str, names: tuple[str, str]) -> None:
    table = MONTHLY.rename({"month": names[0], "sales": names[1]})
    assert run(id, table, *names).chart is not None


def test_an_even_window_is_refused_with_its_field() -> None:
    settings = {"time": "month", "value": "sales", "seasonal_window": 8}
    (problem,) = setting_problems(kind_of("time_series_decomposition"), settings, MONTHLY.schema)
    assert (problem.field, problem.found) == ("seasonal_window", "A window of 8 has no middle. Give an odd number.")


@pytest.mark.parametrize("id", KINDS)
def test_text_is_no_time(id: str) -> None:
    with pytest.raises(AnalysisError, match="but datetime or date is needed"):
        run(id, MONTHLY.with_columns(pl.col("month").cast(pl.String)))


@pytest.mark.parametrize("id", KINDS)
def test_every_setting_has_help(id: str) -> None:
    kind = kind_of(id)
    assert kind.__doc__
    assert all(kind.field_help(name) for name in kind.model_fields)
