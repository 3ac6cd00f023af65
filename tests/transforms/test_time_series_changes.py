"""Differences, runs, expanding and fading statistics, events, gaps, and whole series."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from pydantic import ValidationError
from scipy import stats
from statsmodels.tsa.seasonal import STL, seasonal_decompose

from tests.checks import result
from tests.transforms.test_time_series import BY_ID, SERIES, in_pandas, moved
from transforms.core.errors import InvalidStepError, StepError
from transforms.time_series_changes import DifferenceColumn, PercentChange, StateChanges
from transforms.time_series_events import Sessionize, TimeSinceLastEvent
from transforms.time_series_gaps import FillTimeGaps
from transforms.time_series_smoothing import ExpandingAggregate, ExponentialSmoothing
from transforms.time_series_whole import DecomposeSeries, ExtractSeriesFeatures

RANDOM = np.random.default_rng(2)
GROUPED: dict[str, Any] = {"order_by": BY_ID, "by": ["g"]}


def close(found: pl.Series, expected: list[float | None]) -> None:
    np.testing.assert_allclose(found.cast(pl.Float64).fill_null(np.nan), [np.nan if e is None else e for e in expected])


@pytest.mark.parametrize(("periods", "seasonal"), [(1, None), (3, None), (1, 4), (2, 2)])
def test_difference_is_that_of_pandas(periods: int, seasonal: int | None) -> None:
    found = moved(DifferenceColumn(columns=("x", "n"), periods=periods, seasonal=seasonal, suffix="_d", **GROUPED))
    for name in ("x", "n"):

        def differenced(group: Any, name: str = name) -> Any:
            once = group[name].diff(periods)
            return once if seasonal is None else once.diff(seasonal)

        close(found[f"{name}_d"], in_pandas(differenced))
    assert found["n_d"].dtype == pl.Int64


def test_a_difference_too_large_for_a_whole_number_is_refused() -> None:
    table = pl.DataFrame({"t": [1, 2], "n": [-(2**63), 1]})
    with pytest.raises(StepError, match="Column 'n' holds the value '1', and its difference from a row before is too"):
        result(DifferenceColumn.model_validate({"columns": ["n"], "order_by": [{"column": "t"}]}), table)


def test_percent_change_is_that_of_pandas_for_positive_values() -> None:
    found = moved(PercentChange(columns=("x",), periods=2, **GROUPED))
    expected = in_pandas(lambda group: group["x"].diff(2) / group["x"].shift(2).abs())
    close(found["x_change_2"], expected)


@pytest.mark.parametrize("include_current", [True, False])
@pytest.mark.parametrize("function", ["mean", "min", "max", "std", "var", "median", "sum", "count"])
def test_expanding_is_that_of_pandas(function: Any, *, include_current: bool) -> None:
    found = moved(ExpandingAggregate(columns=("x",), function=function, include_current=include_current, **GROUPED))

    def expanded(group: Any) -> Any:
        so_far = getattr(group["x"].expanding(min_periods=0 if function == "count" else 1), function)()
        return so_far if include_current else so_far.shift(1, fill_value=0 if function == "count" else None)

    close(found[f"x_{function}_so_far"], in_pandas(expanded))


@pytest.mark.parametrize("function", ["mean", "std", "var"])
@pytest.mark.parametrize("params", [{"alpha": 0.3}, {"span": 5}, {"half_life": 2.5}])
@pytest.mark.parametrize("adjust", [True, False])
def test_smoothing_is_that_of_pandas(function: Any, params: dict[str, float], *, adjust: bool) -> None:
    step = ExponentialSmoothing.model_validate(
        {"columns": ["x"], "function": function, "adjust": adjust, **params, **GROUPED}
    )
    settings: dict[str, Any] = {name.replace("half_life", "halflife"): value for name, value in params.items()}
    expected = in_pandas(lambda group: getattr(group["x"].ewm(adjust=adjust, **settings), function)())
    close(moved(step)[f"x_smooth_{function}"], expected)


def test_smoothing_says_how_fast_values_fade_once() -> None:
    with pytest.raises(ValidationError, match=r"found alpha and span\. Give one"):
        ExponentialSmoothing.model_validate({"columns": ["x"], "alpha": 0.5, "span": 3, "order_by": BY_ID})
    with pytest.raises(ValidationError, match="found none of them"):
        ExponentialSmoothing.model_validate({"columns": ["x"], "order_by": BY_ID})


def test_runs_are_those_of_pandas() -> None:
    table = SERIES.with_columns((pl.col("n") > 0).alias("s"), pl.when(pl.col("x") > 0).then(pl.col("x").floor()))
    parts = ("changed", "run", "run_length", "run_position")
    found = result(StateChanges(column="s", parts=parts, **GROUPED), table).sort("id")
    frame = table.sort("id").to_pandas()
    for _, group in frame.groupby("g", dropna=False):
        changed = group["s"].ne(group["s"].shift())
        run = changed.cumsum()
        mine = found.filter(pl.col("id").is_in(group["id"].tolist()))
        assert mine["s_changed"].to_list()[1:] == changed.tolist()[1:]
        assert mine["s_changed"][0] is False
        assert mine["s_run"].to_list() == run.tolist()
        assert mine["s_run_length"].to_list() == run.map(run.value_counts()).tolist()
        assert mine["s_run_position"].to_list() == (run.groupby(run).cumcount() + 1).tolist()


def test_nan_and_null_are_one_state() -> None:
    table = pl.DataFrame({"t": [1, 2, 3], "x": [None, float("nan"), 1.0]})
    found = result(StateChanges.model_validate({"column": "x", "order_by": [{"column": "t"}]}), table)
    assert found["x_changed"].to_list() == [False, False, True]


def test_time_since_an_event_is_that_of_a_plain_loop() -> None:
    table = SERIES.unique("t", maintain_order=True)
    condition: Any = {"column": "n", "op": "more", "value": 5}
    for include in (True, False):
        step = TimeSinceLastEvent(time="t", condition=condition, by=("g",), unit="minute", include_current=include)
        found = dict(result(step, table).select("id", "since_event").iter_rows())
        last: dict[Any, datetime] = {}
        for row in table.sort("t").iter_rows(named=True):
            event = row["n"] > 5
            if event and include:
                last[row["g"]] = row["t"]
            since = None if row["g"] not in last else (row["t"] - last[row["g"]]) // timedelta(minutes=1)
            assert found[row["id"]] == since
            if event:
                last[row["g"]] = row["t"]


def test_months_since_an_event_go_by_the_calendar_of_the_zone() -> None:
    moments = [datetime(2024, 1, 30, 23, tzinfo=UTC), datetime(2024, 2, 28, 23, tzinfo=UTC)]
    table = pl.DataFrame({"at": moments, "e": [True, False]}).with_columns(
        pl.col("at").dt.convert_time_zone("Europe/Oslo")
    )
    step = TimeSinceLastEvent.model_validate(
        {"time": "at", "condition": {"column": "e", "op": "is_true"}, "unit": "month"}
    )
    assert result(step, table).sort("at")["since_event"].to_list() == [None, 1]


def test_sessions_are_those_of_pandas() -> None:
    found = result(Sessionize(time="t", by=("g",), gap=45, parts=("position", "rows", "duration")), SERIES)
    frame = SERIES.to_pandas().sort_values("t")
    for _, group in frame.groupby("g", dropna=False):
        session = (group["t"].diff() > pd.Timedelta(minutes=45)).cumsum() + 1
        mine = found.filter(pl.col("id").is_in(group["id"].tolist())).sort("t", "session_position")
        assert mine["session"].to_list() == session.tolist()
        assert mine["session_position"].to_list() == (session.groupby(session).cumcount() + 1).tolist()
        assert mine["session_rows"].to_list() == session.map(session.value_counts()).tolist()
        spans = group["t"].groupby(session).agg(lambda times: times.max() - times.min())
        assert mine["session_duration"].to_list() == session.map(spans).tolist()


def test_a_pause_of_just_the_gap_ends_no_session() -> None:
    table = pl.DataFrame({"at": [datetime(2024, 1, 1, 8), datetime(2024, 1, 1, 8, 30), None]})
    assert result(Sessionize(time="at"), table)["session"].to_list() == [1, 1, None]


def test_gaps_are_filled_as_by_pandas() -> None:
    days = [date(2024, 1, 1) + timedelta(days=int(n)) for n in np.sort(RANDOM.choice(200, 60, replace=False))]
    table = pl.DataFrame({"d": days, "x": RANDOM.normal(size=60), "n": range(60)})
    found = result(FillTimeGaps(time="d", fill={"x": "forward", "n": "zero"}), table)
    frame = table.to_pandas().set_index("d").asfreq("D")
    assert found["d"].to_list() == [each.date() for each in frame.index]
    assert found["x"].to_list() == frame["x"].ffill().tolist()
    assert found["n"].to_list() == frame["n"].fillna(0).astype(int).tolist()


def test_rows_between_the_steps_and_without_a_time_stay() -> None:
    moments = [datetime(2024, 1, 1, 8), datetime(2024, 1, 1, 8, 40), datetime(2024, 1, 1, 10), None]
    table = pl.DataFrame({"at": moments, "x": [1.0, None, 3.0, 4.0]})
    found = result(FillTimeGaps(time="at", unit="hour", fill={"x": "backward"}), table)
    assert [each and (each.hour, each.minute) for each in found["at"]] == [(8, 0), (8, 40), (9, 0), (10, 0), None]
    assert found["x"].to_list() == [1.0, None, 3.0, 3.0, 4.0]


def test_a_time_that_a_series_has_twice_is_refused() -> None:
    table = pl.DataFrame({"d": [date(2024, 1, 1)] * 2, "s": ["a", "b"]})
    assert len(result(FillTimeGaps(time="d", by=("s",)), table)) == 2
    with pytest.raises(StepError, match="holds the time '2024-01-01' more than once in a series"):
        result(FillTimeGaps(time="d"), table)
    with pytest.raises(InvalidStepError, match="Column 's' holds text values, which cannot be 0"):
        FillTimeGaps(time="d", fill={"s": "zero"}).bind(table.schema)


MONTHS = np.arange(60)
SEASONAL = 0.3 * MONTHS + 5 * np.sin(MONTHS * 2 * np.pi / 12) + RANDOM.normal(scale=0.4, size=60)


@pytest.mark.parametrize(("method", "robust"), [("stl", False), ("stl", True), ("classical", False)])
def test_decomposition_is_that_of_statsmodels(method: Any, *, robust: bool) -> None:
    order = RANDOM.permutation(60)
    table = pl.DataFrame({"g": ["a"] * 60 + ["b"] * 5, "t": [*order, *range(5)], "x": [*SEASONAL[order], *range(5)]})
    step = DecomposeSeries.model_validate(
        {"column": "x", "period": 12, "method": method, "robust": robust, "order_by": [{"column": "t"}], "by": ["g"]}
    )
    found = result(step, table).sort("g", "t")
    expected = (
        STL(SEASONAL, period=12, robust=robust).fit() if method == "stl" else seasonal_decompose(SEASONAL, period=12)
    )
    for part, oracle in (("trend", expected.trend), ("seasonal", expected.seasonal), ("residual", expected.resid)):
        np.testing.assert_allclose(found[f"x_{part}"][:60].fill_null(np.nan), oracle, atol=1e-9)
        assert found[f"x_{part}"][60:].null_count() == 5, "shorter than two periods"


def test_parts_of_a_series_with_gaps_add_up_where_there_is_a_value() -> None:
    values: list[Any] = [*SEASONAL[:30], None, float("inf"), *SEASONAL[32:]]
    table = pl.DataFrame({"t": MONTHS, "x": pl.Series(values, dtype=pl.Float64)})
    found = result(DecomposeSeries.model_validate({"column": "x", "period": 12, "order_by": [{"column": "t"}]}), table)
    assert found["x_residual"].null_count() == 2
    assert found["x_trend"].null_count() == 0
    total = found.select(pl.sum_horizontal("x_trend", "x_seasonal", "x_residual")).to_series()
    np.testing.assert_allclose(total.to_numpy()[:30], SEASONAL[:30])


def test_features_are_those_that_tsfresh_defines() -> None:
    step = ExtractSeriesFeatures.model_validate({"by": ["g"], "columns": ["x"], "set": "further", "order_by": BY_ID})
    found = {row.pop("g"): row for row in result(step, SERIES).iter_rows(named=True)}
    for group in ("a", "b", None):
        x = SERIES.filter(pl.col("g").eq_missing(group)).sort("id")["x"].drop_nulls().to_numpy()
        above = x > x.mean()
        off = x - x.mean()
        expected = {
            "length": len(x), "sum": x.sum(), "mean": x.mean(), "median": np.median(x), "min": x.min(), "max": x.max(),
            "abs_max": np.abs(x).max(), "std": x.std(), "var": x.var(), "root_mean_square": np.sqrt((x**2).mean()),
            "quantile_25": np.quantile(x, 0.25), "quantile_75": np.quantile(x, 0.75),
            "skewness": pd.Series(x).skew(), "first": x[0], "last": x[-1],
            "mean_change": (x[-1] - x[0]) / (len(x) - 1), "mean_abs_change": np.abs(np.diff(x)).mean(),
            "abs_sum_of_changes": np.abs(np.diff(x)).sum(), "slope": stats.linregress(np.arange(len(x)), x).slope,
            "autocorrelation_1": (off[1:] * off[:-1]).sum() / (len(x) - 1) / x.var(),
            "count_above_mean": above.sum(), "count_below_mean": (x < x.mean()).sum(),
            "mean_crossings": np.count_nonzero(np.diff(above)), "first_max_at": x.argmax() / len(x),
            "first_min_at": x.argmin() / len(x),
        }  # fmt: skip
        assert set(found[group]) == {f"x_{name}" for name in expected}
        for name, value in expected.items():
            assert found[group][f"x_{name}"] == pytest.approx(value), name


def test_short_series_have_the_features_that_they_can_have() -> None:
    table = pl.DataFrame({"g": ["a", "b", "c", "c"], "t": [1, 1, 1, 2], "x": [2.0, None, 3.0, 3.0]})
    step = ExtractSeriesFeatures.model_validate(
        {"by": ["g"], "columns": ["x"], "set": "further", "order_by": [{"column": "t"}]}
    )
    one, none, same = result(step, table).sort("g").iter_rows(named=True)
    assert (one["x_mean"], one["x_slope"], one["x_mean_change"], one["x_std"]) == (2.0, None, None, 0.0)
    assert {name for name, value in none.items() if value not in (None, 0)} == {"g"}
    assert (same["x_autocorrelation_1"], same["x_slope"], same["x_skewness"]) == (None, 0.0, None)
