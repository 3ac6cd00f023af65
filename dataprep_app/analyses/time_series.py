"""The trend and season of values in time, and the values that neither explains.

Strengths are those of Wang, Smith and Hyndman 2006, as in Hyndman and Athanasopoulos, Forecasting: Principles and
Practice, third edition, section 4.3.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import polars as pl
from pydantic import AfterValidator, Field

from dataprep_app.analyses import charts
from dataprep_app.analyses.analysis import Analysis, AnalysisResult, ResultTable
from dataprep_app.analyses.even_spacing import Aggregate, Numbers, Period, Series, evenly_spaced, guessed_period
from dataprep_app.analyses.stacked import stacked
from dataprep_app.analyses.time_charts import anomaly_chart, part_charts
from dataprep_app.analyses.values import counted, said, share
from transforms.core.columns import ColumnField, NumericColumn

STRONG, WEAK = 0.6, 0.3
"""Strengths from which on a trend or a season is called strong, or there at all. Hyndman and Athanasopoulos give no
bounds; 0.64 is what the forecast package of R takes a seasonal difference from."""
NORMAL = 1.4826
"""The standard deviation of a normal distribution is so many times the median of absolute deviations."""
NORMAL_MEAN = 1.2533
"""... and so many times their mean (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993), where more than
half of the values are equal."""

AGGREGATES = {
    "mean": "mean", "sum": "sum", "median": "median", "min": "least value", "max": "largest value",
    "last": "last value",
}  # fmt: skip
ROUNDING = 1e-12
"""What is left of a value, by the largest one, that is nothing but rounding."""


@dataclass(frozen=True)
class Parts:
    """A series split into parts that add up to it."""

    series: Series
    period: Period
    trend: Numbers
    seasonal: Numbers
    residual: Numbers

    @property
    def trend_strength(self) -> float:
        """``1 - Var(R) / Var(T + R)``, at least 0."""
        return _strength(self.residual, self.trend)

    @property
    def seasonal_strength(self) -> float:
        """``1 - Var(R) / Var(S + R)``, at least 0."""
        return _strength(self.residual, self.seasonal)

    def frame(self) -> pl.DataFrame:
        """A row for each place."""
        return pl.DataFrame(
            {
                "time": self.series.times, "observed": self.series.values, "filled": ~self.series.observed,
                "trend": self.trend, "seasonal": self.seasonal, "residual": self.residual,
            }
        )  # fmt: skip


def odd(number: int) -> int:
    """Refuse an even window, which has no middle."""
    if number % 2 == 0:
        raise ValueError(f"A window of {number} has no middle. Give an odd number.")
    return number


class TimeSeries(Analysis):
    """Splits values in time."""

    time: Annotated[str, ColumnField(("datetime", "date"))]
    """When the values are of. Rows without a time are left out."""
    value: NumericColumn
    """The values. Missing ones are left out."""
    every: Literal["second", "minute", "hour", "day", "week", "month", "quarter", "year"] | None = None
    """The even distance that rows are brought to; without it, about that of most rows. It gets wider until there are
    no more than 2,000."""
    aggregate: Aggregate = "mean"
    """What is made of several values at one time, of the same day or month. Times without a value take it from the line
    between their neighbours."""
    period: int | None = Field(None, ge=2, le=1_000)
    """After how many times the pattern comes again: 12 for months of a year, 7 for days of a week. Without it, the
    hour, day, week or year after which the series is most like itself."""
    seasonal_window: Annotated[int, AfterValidator(odd)] = Field(7, ge=7, le=1_001)
    """Over how many periods the pattern is smoothed, an odd number: the larger, the less it changes with time."""
    robust: bool = False
    """Let single values that are far off count less, so that they do not bend the trend and the season."""

    def look(self, table: pl.DataFrame) -> AnalysisResult:
        series = evenly_spaced(table, self.time, self.value, self.every, self.aggregate)
        if series is None:
            return AnalysisResult(title=self.name(), sentences=(f"No row has both {self.time} and {self.value}.",))
        period = guessed_period(series) if self.period is None else Period(self.period, "as you chose")
        if period is None or len(series) < 2 * period.places:
            sentences = (self._too_short(series, period), *self._basis(series))
            return AnalysisResult(title=self.name(), sentences=sentences)
        if float(np.ptp(series.values)) == 0:
            same = f"Every value is {said(series.values[0])}, so there is no trend and no season."
            return AnalysisResult(title=self.name(), sentences=(same, *self._basis(series)))
        parts = split(series, period, window=self.seasonal_window, robust=self.robust)
        found = self.seen(parts)
        season = f"The season comes again after {period.places} steps of one {series.unit}, {period.why}."
        return found.model_copy(update={"sentences": (*found.sentences, season, *self._basis(series))})

    def seen(self, parts: Parts) -> AnalysisResult:
        """The result on a series that was split."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it sees.")

    def _too_short(self, series: Series, period: Period | None) -> str:
        there = f"{counted(len(series), 'step')} of one {series.unit}"
        if period is None:
            return (
                f"No pattern that comes again is seen in {there}: choose a period or another step, or bring more rows."
            )
        return f"A pattern of {period.places} steps needs twice as many to be seen; there are {there}."

    def _basis(self, series: Series) -> Iterable[str]:
        each = "value" if series.rows == int(series.observed.sum()) else AGGREGATES[self.aggregate]
        rows, times = counted(series.rows, "row"), counted(len(series), "time")
        yield f"{rows} with a value, one {each} for each {series.unit}: {times}."
        if series.coarser:
            yield "Shorter steps would be too many to look at; keep a shorter span of time to see them."
        empty = int((~series.observed).sum())
        if empty:
            yield (
                f"{empty:,} of the times ({share(empty, len(series))}) have no value and lie on the line between their "
                "neighbours."
            )


class TimeSeriesDecomposition(TimeSeries):
    """The trend of values in time, the pattern that comes again, and what is left, one below the other (STL)."""

    id = "time_series_decomposition"
    title = "Trend and season"
    terms = ("stl", "seasonal decomposition", "seasonality", "time series", "trend", "loess")

    def name(self) -> str:
        return f"Trend and season of {self.value}"

    def seen(self, parts: Parts) -> AnalysisResult:
        frame = parts.frame()
        names = {each: each.capitalize() for each in frame.columns}
        return AnalysisResult(
            title=self.name(),
            sentences=tuple(_parts_said(parts)),
            tables=(ResultTable.of("Parts at each time", frame.rename(names)),),
            chart=stacked(part_charts(frame, self.value), shared_x=True, spacing=8),
        )


class TimeSeriesAnomalies(TimeSeries):
    """Values in time that are far from what the trend and the season let expect."""

    id = "time_series_anomalies"
    title = "Anomalies in time"
    terms = ("outliers in time", "anomaly detection", "stl residual", "spikes", "time series")

    threshold: float = Field(3.0, gt=0, le=100)
    """How many standard deviations of what is left a value may be off. The deviation is robust: 1.4826 times the median
    distance from the median, so that the anomalies do not hide themselves."""
    seasonal_window: Annotated[int, AfterValidator(odd)] = Field(35, ge=7, le=1_001)
    """Over how many periods the pattern is smoothed, an odd number: one that may change fast follows single values, so
    that ordinary ones beside them look like anomalies."""

    def name(self) -> str:
        return f"Anomalies of {self.value}"

    def seen(self, parts: Parts) -> AnalysisResult:
        middle, deviation = spread(parts)
        off = (parts.residual - middle) / deviation if deviation else np.zeros(len(parts.residual))
        frame = parts.frame().with_columns(
            expected=pl.Series(parts.trend + parts.seasonal + middle), deviations=pl.Series(off)
        )
        reach = self.threshold * deviation
        frame = frame.with_columns(
            low=pl.col("expected") - reach,
            high=pl.col("expected") + reach,
            anomaly=(pl.col("deviations").abs() > self.threshold) & ~pl.col("filled"),
        )
        found = frame.filter("anomaly").sort(pl.col("deviations").abs(), descending=True)
        shown = found.select(
            pl.col("time").alias("Time"), pl.col("observed").alias("Value"), pl.col("expected").alias("Expected"),
            (pl.col("observed") - pl.col("expected")).alias("Difference"),
            pl.col("deviations").alias("Standard deviations"),
        )  # fmt: skip
        return AnalysisResult(
            title=self.name(),
            sentences=tuple(self._said(found, frame.height, deviation)),
            tables=(ResultTable.of("Anomalies, the farthest off first", shown),),
            chart=charts.spec(anomaly_chart(frame, self.value)),
        )

    def _said(self, found: pl.DataFrame, places: int, deviation: float) -> Iterable[str]:
        if not deviation:
            yield "The trend and the season explain every value, so none is off."
            return
        if found.is_empty():
            yield f"No value is more than {self.threshold:g} standard deviations off."
        else:
            first = found.row(0, named=True)
            yield (
                f"{counted(found.height, 'value')} of {places:,} ({share(found.height, places)}) "
                f"{'is' if found.height == 1 else 'are'} more than {self.threshold:g} standard deviations off."
            )
            yield (
                f"The farthest is {said(first['observed'])} at {said(first['time'])}, where {said(first['expected'])} "
                f"is expected: {abs(first['deviations']):,.1f} standard deviations "
                f"{'above' if first['deviations'] > 0 else 'below'}."
            )
        yield f"A standard deviation of what trend and season leave is {said(deviation)}."


def split(series: Series, period: Period, *, window: int = 7, robust: bool = False) -> Parts:
    """Split a series by STL (Cleveland, Cleveland, McRae and Terpenning, 1990).

    Args:
        series: at least two periods long.
        period: after how many places the pattern comes again.
        window: over how many periods the pattern is smoothed; odd.
        robust: let single values that are far off count less.
    """
    from statsmodels.tsa.seasonal import STL

    found = STL(series.values, period=period.places, seasonal=window, robust=robust).fit()
    return Parts(series, period, found.trend, found.seasonal, found.resid)


def spread(parts: Parts) -> tuple[float, float]:
    """The median of what is left, and the robust standard deviation about it; 0 where nothing but rounding is left."""
    left, size = parts.residual[parts.series.observed], float(np.abs(parts.series.values).max())
    middle = float(np.median(left))
    distances = np.where(np.abs(left - middle) > ROUNDING * size, np.abs(left - middle), 0.0)
    return middle, NORMAL * float(np.median(distances)) or NORMAL_MEAN * float(distances.mean())


def _strength(residual: Numbers, part: Numbers) -> float:
    whole = float(np.var(part + residual))
    return max(0.0, 1 - float(np.var(residual)) / whole) if whole > 0 else 0.0


def _parts_said(parts: Parts) -> Iterable[str]:
    for strength, what in ((parts.trend_strength, "trend"), (parts.seasonal_strength, "season")):
        how = "strong" if strength >= STRONG else "weak" if strength >= WEAK else "hardly there"
        yield f"The {what} is {how}: its strength is {strength:.2f} of 1."
    first, last = float(parts.trend[0]), float(parts.trend[-1])
    if first != last:
        yield f"The trend goes {'up' if last > first else 'down'} from {said(first)} to {said(last)}."
    season = parts.seasonal[-parts.period.places :]
    yield f"The season moves values by {said(float(np.ptp(season)))} from its lowest to its highest point at the end."
