"""Values of other rows, moving statistics, and series at another frequency."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from pydantic import ValidationError

from tests.checks import result
from transforms.core.errors import InvalidStepError, StepError
from transforms.time_series import AddDatetimeRange, LagColumn, LeadColumn, SeriesToList, ValidateTimestamps
from transforms.time_series_resample import ResampleSeries, UpsampleSeries
from transforms.time_series_windows import CHUNK, RollingAggregate, RollingTimeWindow

RANDOM = np.random.default_rng(11)
ROWS = 400
START = datetime(2024, 1, 1)
SERIES = pl.DataFrame(
    {
        "id": RANDOM.permutation(ROWS),
        "g": RANDOM.choice(["a", "b", None], ROWS).tolist(),  # type: ignore[arg-type]
        # Some times occur more than once.
        "t": [START + timedelta(minutes=15 * int(each)) for each in RANDOM.integers(0, 900, ROWS)],
        "x": [None if each < -1 else float(each) for each in RANDOM.normal(size=ROWS)],
        "n": RANDOM.integers(-9, 9, ROWS),
    }
)
BY_ID = ({"column": "id"},)


def moved(step: Any) -> pl.DataFrame:
    return result(step, SERIES).sort("id")


def in_pandas(function: Any) -> list[float | None]:
    """A function of the series of each group, rows by id."""
    frame = SERIES.sort("id").to_pandas()
    found = pd.concat(function(group) for _, group in frame.groupby("g", dropna=False))
    return [None if pd.isna(each) else each for each in found.sort_index()]


@pytest.mark.parametrize("kind", [LagColumn, LeadColumn])
def test_shift_is_that_of_pandas(kind: type[LagColumn]) -> None:
    found = moved(kind.model_validate({"columns": ["x", "n"], "periods": [1, 3], "order_by": BY_ID, "by": ["g"]}))
    for n in (1, 3):
        for name in ("x", "n"):
            expected = in_pandas(lambda group, n=n, name=name: group[name].shift(n * kind.sign))
            assert found[f"{name}_{kind.word}_{n}"].to_list() == expected


def test_fill_stands_only_where_the_series_has_no_such_row() -> None:
    table = pl.DataFrame({"t": [1, 2, 3], "x": [None, 5, 6], "d": [date(2024, 1, 1)] * 3})
    step = LagColumn.model_validate({"columns": ["x"], "order_by": [{"column": "t"}], "periods": [1, 2], "fill": -1})
    found = result(step, table)
    assert (found["x_lag_1"].to_list(), found["x_lag_2"].to_list()) == ([-1, None, 5], [-1, -1, None])
    dated = LagColumn.model_validate({"columns": ["d"], "order_by": [{"column": "t"}], "fill": "2000-01-01"})
    assert result(dated, table)["d_lag_1"][0] == date(2000, 1, 1)
    with pytest.raises(InvalidStepError, match="'2000-01-01' is not a integer, which is what 'x' holds"):
        LagColumn.model_validate({"columns": ["x"], "order_by": [{"column": "t"}], "fill": "2000-01-01"}).bind(
            table.schema
        )


@pytest.mark.parametrize("function", ["mean", "sum", "min", "max", "median", "std", "var", "count"])
@pytest.mark.parametrize(
    ("params", "pandas"),
    [
        ({"window": 5}, {}),
        ({"window": 4, "min_rows": 2}, {"min_periods": 2}),
        ({"window": 5, "min_rows": 1, "center": True}, {"min_periods": 1, "center": True}),
        ({"window": 4, "min_rows": 1, "center": True}, {"min_periods": 1, "center": True}),
        ({"window": 3, "min_rows": 1, "include_current": False}, {"min_periods": 1, "closed": "left"}),
    ],
)
def test_rolling_is_that_of_pandas(function: str, params: dict[str, Any], pandas: dict[str, Any]) -> None:
    step = {"columns": ["x"], "function": function, "order_by": BY_ID, "by": ["g"], "suffix": "_r", **params}
    found = moved(RollingAggregate.model_validate(step))["x_r"].to_list()
    # Counts never are missing, which pandas needs to be told.
    options = pandas | ({"min_periods": 0} if function == "count" else {})
    expected = in_pandas(lambda group: getattr(group["x"].rolling(params["window"], **options), function)())
    expected = [0.0 if function == "count" and each is None else each for each in expected]
    assert found == pytest.approx(expected, abs=1e-9, nan_ok=True)


def test_rolling_sums_of_whole_numbers_stay_whole() -> None:
    found = moved(RollingAggregate.model_validate({"columns": ["n"], "function": "sum", "order_by": BY_ID}))
    assert found.schema["n_sum_3"] == pl.Int64
    assert found["n_sum_3"][10] == SERIES.sort("id")["n"][8:11].sum()


def test_windows_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValidationError, match="never has values in 4 rows"):
        RollingAggregate.model_validate({"columns": ["n"], "order_by": BY_ID, "window": 3, "min_rows": 4})
    with pytest.raises(ValidationError, match="on both sides of a row includes it"):
        RollingAggregate.model_validate({"columns": ["n"], "order_by": BY_ID, "center": True, "include_current": False})


def in_span(row: dict[str, Any], span: timedelta, closed: str, rows: list[dict[str, Any]]) -> list[float]:
    """The values in the window of a row, one by one."""

    def inside(time: datetime) -> bool:
        after: bool = time >= row["t"] - span if closed in ("left", "both") else time > row["t"] - span
        before: bool = time <= row["t"] if closed in ("right", "both") else time < row["t"]
        return after and before

    return [each["x"] for each in rows if each["g"] == row["g"] and each["x"] is not None and inside(each["t"])]


FUNCTIONS: dict[str, Any] = {
    "mean": np.mean,
    "sum": np.sum,
    "min": min,
    "max": max,
    "median": np.median,
    "count": len,
    "quantile": lambda values: np.quantile(values, 0.3),
    "std": lambda values: np.std(values, ddof=1) if len(values) > 1 else None,
    "var": lambda values: np.var(values, ddof=1) if len(values) > 1 else None,
}


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("closed", ["right", "left", "both", "none"])
def test_time_windows_are_what_they_say(function: str, closed: str) -> None:
    step = {
        "columns": ["x"], "time": "t", "span": 3, "unit": "hour", "function": function, "closed": closed,
        "by": ["g"], "q": 0.3, "suffix": "_r",
    }  # fmt: skip
    # So long a series lies in several chunks.
    assert timedelta(minutes=15 * 900) > 3 * timedelta(hours=3) * CHUNK
    found = moved(RollingTimeWindow.model_validate(step))["x_r"].to_list()
    rows = SERIES.sort("id").to_dicts()
    windows = [in_span(row, timedelta(hours=3), closed, rows) for row in rows]
    expected = [FUNCTIONS[function](each) if each or function == "count" else None for each in windows]
    assert found == pytest.approx(expected, abs=1e-9)


def test_rows_without_a_time_are_kept_without_a_result() -> None:
    table = pl.DataFrame({"t": [None, date(2024, 1, 1)], "x": [1, 2]})
    found = result(RollingTimeWindow(columns=("x",), time="t", function="sum"), table).sort("x")
    assert found["x_sum_7_day"].to_list() == [None, 2]


@pytest.mark.parametrize(
    ("every", "unit", "rule", "edge"),
    [
        (1, "day", "D", "left"),
        (1, "day", "D", "right"),
        (6, "hour", "6h", "left"),
        (6, "hour", "6h", "right"),
        (
            1,
            "month",
            "MS",
            "left",
        ),  # with the right edge closed, pandas takes the whole first day into the month before
    ],
)
def test_resampling_is_that_of_pandas(every: int, unit: str, rule: str, edge: Literal["left", "right"]) -> None:
    functions = {"x": "mean", "n": "sum"}
    step = ResampleSeries.model_validate(
        {
            "time": "t", "every": every, "unit": unit, "closed": edge, "label": edge, "fill": True,
            "aggregations": [{"column": name, "function": each, "output": name} for name, each in functions.items()],
        }
    )  # fmt: skip
    found = result(step, SERIES)
    expected = SERIES.to_pandas().resample(rule, on="t", closed=edge, label=edge).agg(functions)
    assert found["t"].to_list() == list(expected.index)
    assert found["x"].to_list() == pytest.approx([None if pd.isna(each) else each for each in expected["x"]])
    assert found["n"].fill_null(0).to_list() == list(expected["n"])


def test_periods_without_rows_are_left_out_or_made_in_each_series() -> None:
    table = pl.DataFrame({"g": ["a", "a", None], "t": [date(2024, 1, 31), date(2024, 4, 1), date(2024, 3, 3)]})
    counts = [{"function": "rows"}, {"column": "t", "function": "first", "output": "first"}]
    for fill, rows in ((False, [1, 1, 1]), (True, [1, 0, 0, 1, 1])):
        step = {"time": "t", "unit": "month", "by": ["g"], "fill": fill, "aggregations": counts}
        found = result(ResampleSeries.model_validate(step), table)
        assert found["rows"].to_list() == rows
        assert found["g"].to_list() == ["a"] * (len(rows) - 1) + [None]
        assert found["first"].drop_nulls().to_list() == table["t"].to_list()


def test_rows_without_a_time_are_counted_when_they_are_left_out() -> None:
    table = pl.DataFrame({"t": [None, date(2024, 1, 1)], "x": [1, 2]})
    step = ResampleSeries.model_validate({"time": "t", "aggregations": [{"column": "x", "function": "sum"}]})
    (failure,) = step.bind(table.schema).failures()
    assert table.select(failure.where.sum()).item() == 1
    assert result(step, table)["x_sum"].to_list() == [2]


def test_days_are_those_of_the_zone() -> None:
    instants = [datetime(2024, 3, 30, 22, 30, tzinfo=UTC), datetime(2024, 3, 30, 23, 30, tzinfo=UTC)]
    table = pl.DataFrame({"t": instants}).with_columns(pl.col("t").dt.convert_time_zone("Europe/Oslo"))
    step = ResampleSeries.model_validate({"time": "t", "aggregations": [{"function": "rows"}]})
    found = result(step, table)
    assert found["rows"].to_list() == [1, 1]
    assert found["t"].dt.replace_time_zone(None).to_list() == [datetime(2024, 3, 30), datetime(2024, 3, 31)]


def test_interpolation_is_that_of_pandas() -> None:
    times = sorted({START + timedelta(minutes=int(each)) for each in RANDOM.integers(0, 5_000, 80)})
    values = [None if i % 7 == 3 else float(each) for i, each in enumerate(RANDOM.normal(size=len(times)))]
    table = pl.DataFrame({"t": times, "x": values})
    found = result(UpsampleSeries(time="t", every=30, unit="minute"), table)
    grid = pd.date_range(times[0], times[-1], freq="30min")
    series = pd.Series(values, index=pd.DatetimeIndex(times), dtype=float)
    expected = series.reindex(series.index.union(grid)).interpolate("time", limit_area="inside").reindex(grid)
    assert found["t"].to_list() == list(grid)
    assert found["x"].to_list() == pytest.approx([None if pd.isna(each) else each for each in expected])


def test_new_rows_take_the_value_before_or_after() -> None:
    days = [date(2024, 1, 1), date(2024, 1, 3), date(2024, 1, 4)]
    table = pl.DataFrame({"t": days, "x": [1, None, 3], "w": [[1], [2], None]})
    expected: dict[str, Any] = {
        "null": ([1, None, None, 3], [[1], None, [2], None]),
        "forward": ([1, 1, 1, 3], [[1], [1], [2], [2]]),
        "backward": ([1, 3, 3, 3], [[1], [2], [2], None]),
        "interpolate": ([1.0, 1 + 2 / 3, 1 + 4 / 3, 3.0], [[1], [1], [2], [2]]),
    }
    for fill, (x, w) in expected.items():
        found = result(UpsampleSeries.model_validate({"time": "t", "fill": fill}), table)
        assert found["x"].to_list() == pytest.approx(x)
        assert found["w"].to_list() == w


def test_steps_of_months_stay_at_the_end_of_the_month() -> None:
    table = pl.DataFrame({"t": [date(2024, 1, 31), date(2024, 6, 1)]})
    found = result(UpsampleSeries(time="t", unit="month"), table)["t"].to_list()
    assert found == [date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31), date(2024, 4, 30), date(2024, 5, 31)]


def test_series_that_cannot_be_upsampled_are_refused() -> None:
    twice = pl.DataFrame({"t": [date(2024, 1, 1)] * 2, "g": ["a", "b"]})
    with pytest.raises(StepError, match="holds the time '2024-01-01' more than once in a series"):
        result(UpsampleSeries(time="t"), twice)
    assert len(result(UpsampleSeries(time="t", by=("g",)), twice)) == 2
    far = pl.DataFrame({"t": [datetime(1970, 1, 1), datetime(2024, 1, 1)]})
    with pytest.raises(StepError, match=r"more than 10,000,000 rows, every 1 second from '1970-01-01 .* to 2024"):
        result(UpsampleSeries(time="t", unit="second"), far)


def test_lists_follow_the_order_and_keep_missing_values_in_place() -> None:
    found = result(SeriesToList.model_validate({"by": ["g"], "order_by": BY_ID, "columns": ["x", "t"]}), SERIES)
    for g in ("a", "b", None):
        rows = SERIES.filter(pl.col("g").eq_missing(pl.lit(g, pl.String))).sort("id")
        row = found.row(by_predicate=pl.col("g").eq_missing(pl.lit(g, pl.String)), named=True)
        assert (row["x"], row["t"]) == (rows["x"].to_list(), rows["t"].to_list())
        assert (row["id_start"], row["id_end"]) == (rows["id"].min(), rows["id"].max())


def test_timestamps_that_are_valid_are_those_without_repeats_in_order() -> None:
    step = {"column": "t", "by": ["g"], "order_by": BY_ID, "on_invalid": "drop", "check_monotone": True}
    kept = moved(ValidateTimestamps.model_validate(step))
    expected, latest = [], dict[Any, datetime]()
    for row in SERIES.sort("id").iter_rows(named=True):
        if row["g"] not in latest or row["t"] > latest[row["g"]]:
            latest[row["g"]] = row["t"]
            expected.append(row["id"])
    assert kept["id"].to_list() == expected
    flagged = moved(ValidateTimestamps.model_validate({**step, "on_invalid": "flag"}))
    assert_frame_equal(flagged.remove("invalid_time").drop("invalid_time"), kept)


def test_invalid_timestamps_stop_the_run() -> None:
    table = pl.DataFrame({"id": [1, 2, 3], "t": [date(2024, 1, 2), date(2024, 1, 1), date(2024, 1, 1)]})
    with pytest.raises(StepError, match="Column 't' holds the time '2024-01-01', which is repeated or out"):
        result(ValidateTimestamps(column="t", on_invalid="fail"), table)
    with pytest.raises(ValidationError, match="Choose a column to order by"):
        ValidateTimestamps(column="t", check_monotone=True)
    assert result(ValidateTimestamps(column="t", on_invalid="fail"), table[:2]).equals(table[:2])


def test_generated_times_are_those_of_pandas() -> None:
    for unit, freq in (("hour", "3h"), ("day", "3D"), ("week", "21D"), ("minute", "3min")):
        params = {"start": "2024-01-31T05:00", "every": 3, "unit": unit, "order_by": BY_ID}
        found = moved(AddDatetimeRange.model_validate(params))["time"].to_list()
        assert found == list(pd.date_range("2024-01-31T05:00", periods=ROWS, freq=freq))


def test_ranges_that_leave_the_calendar_are_refused() -> None:
    params = {"start": "9998-06-01", "unit": "year", "order_by": [{"column": "id"}]}
    with pytest.raises(StepError, match="starts at 9998-06-01 leaves the year 9999 after '3' rows"):
        result(AddDatetimeRange.model_validate(params), pl.DataFrame({"id": [1, 2, 3]}))
    with pytest.raises(ValidationError, match="has a time zone, which the new column has not"):
        AddDatetimeRange.model_validate({**params, "start": "2024-01-01T00:00Z"})


def test_groups_of_nan_and_null_are_one_series() -> None:
    table = pl.DataFrame({"g": [float("nan"), None, 1.0], "t": [1, 2, 3], "x": [1, 2, 3]})
    found = result(LagColumn.model_validate({"columns": ["x"], "order_by": [{"column": "t"}], "by": ["g"]}), table)
    assert found["x_lag_1"].to_list() == [None, 1, None]
    assert np.isnan(found["g"][0])


@pytest.mark.parametrize("window", [3, 5, 8])
def test_centred_windows_of_the_whole_table_are_those_of_pandas(window: int) -> None:
    table = pl.DataFrame({"t": range(12), "x": [float(each * each % 7) for each in range(12)]})
    params = {"columns": ["x"], "function": "mean", "window": window, "center": True, "min_rows": 1}
    step = RollingAggregate.model_validate({**params, "order_by": [{"column": "t"}]})
    found = result(step, table).sort("t")
    expected = table["x"].to_pandas().rolling(window, center=True, min_periods=1).mean()
    assert found[found.columns[-1]].to_list() == pytest.approx(expected.to_list())
