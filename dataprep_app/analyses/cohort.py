"""Who comes back: of those first seen in the same period, how many are seen in each period after."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

import altair as alt
import polars as pl

from dataprep_app.analyses import charts
from dataprep_app.analyses.analysis import Analysis, AnalysisResult, ResultTable
from dataprep_app.analyses.heat import heat_map
from dataprep_app.analyses.values import counted, share
from transforms.core.columns import ColumnField, TemporalColumn, column

MOST = 24
"""Cohorts and periods that are shown: the last cohorts, the first periods."""
TOLD = (1, 3, 6, 12)
"""Periods after the first that a sentence may tell of."""

Period = Literal["week", "month", "quarter"]


@dataclass(frozen=True)
class Triangle:
    """How many of each cohort are seen so many periods later."""

    cells: pl.DataFrame
    """``cohort``, ``age``, ``seen`` and ``size``, for every period that could be seen; the first ones of many."""
    labels: dict[int, str]
    """Cohorts by number, in order."""
    oldest: int
    """The most periods after the first in which one of them is seen."""
    last: int
    """The number of the last period."""


class Cohort(Analysis):
    """Who comes back: of those first seen in the same week, month or quarter, the share seen in each one after."""

    id = "cohort"
    title = "Cohorts"
    terms = ("retention", "churn", "returning customers", "retention triangle", "first seen")

    entity: Annotated[str, ColumnField(("text", "integer", "numeric"))]
    """Says who or what it is: a customer, a device. Rows with the same value are the same one."""
    date: TemporalColumn
    """When it was seen: the date of an order, a visit, a payment. Its first date decides the cohort."""
    period: Period = "month"
    """How long a period is; weeks begin on Monday."""
    show: Literal["share", "number"] = "share"
    """Write the share of the cohort in each field of the chart, or the number."""

    def name(self) -> str:
        return f"{self.title} of {self.entity} by {self.period} of {self.date}"

    def look(self, table: pl.DataFrame) -> AnalysisResult:
        entity, date = column(self.entity), column(self.date)
        known = entity.fill_nan(None) if table.schema[self.entity].is_float() else entity
        events = table.select(known.alias("entity"), _wall(date, table.schema[self.date]).alias("date")).drop_nulls()
        if events.is_empty():
            return AnalysisResult(title=self.name(), sentences=(f"No row has both {self.entity} and {self.date}.",))
        found = self._triangle(events)
        after = _after(found.cells)
        sentences = [*self._said(found, after)]
        gone = table.height - events.height
        if gone:
            sentences.append(f"{counted(gone, 'row')} ({share(gone, table.height)}) without one of the two left out.")
        return AnalysisResult(
            title=self.name(),
            sentences=tuple(sentences),
            tables=(
                ResultTable.of("Share seen in each period after the first", _wide(found, after, shares=True)),
                ResultTable.of("Number seen in each period after the first", _wide(found, after, shares=False)),
            ),
            chart=charts.spec(self._chart(found)),
        )

    def _triangle(self, events: pl.DataFrame) -> Triangle:
        seen = events.with_columns(_number(self.period).alias("period")).unique(["entity", "period"])
        seen = seen.with_columns(cohort=pl.col("period").min().over("entity"))
        ages = seen.group_by("cohort", (pl.col("period") - pl.col("cohort")).alias("age")).len("seen")
        sizes = ages.filter(pl.col("age") == 0).select("cohort", pl.col("seen").alias("size")).sort("cohort")
        last = seen.select(pl.col("period").max()).item()
        known = pl.min_horizontal(last - pl.col("cohort") + 1, MOST)
        grid = sizes.with_columns(pl.int_ranges(0, known).alias("age")).explode("age")
        cells = grid.join(ages, on=["cohort", "age"], how="left").with_columns(pl.col("seen").fill_null(0))
        labels = {each: _label(each, self.period) for each in sizes["cohort"]}
        return Triangle(cells.sort("cohort", "age"), labels, int(ages.select(pl.col("age").max()).item()), last)

    def _said(self, found: Triangle, after: pl.DataFrame) -> Iterable[str]:
        sizes = found.cells.filter(pl.col("age") == 0)
        total = int(sizes["size"].sum())
        noun = f"{self.period}s" if len(found.labels) > 1 else self.period
        yield f"{total:,} different values of {self.entity}, first seen in {len(found.labels):,} {noun}."
        if not found.oldest:
            yield f"None of them is seen again in a later {self.period}."
        else:
            rates = {age: rate for age, rate in after.select("age", "rate").iter_rows() if age in TOLD}
            told = ", ".join(f"{counted(age, self.period)} later {rate:.1%}" for age, rate in rates.items())
            yield f"Of those that could be seen by then, so many are: {told}."
            largest = sizes.sort("size", "cohort", descending=[True, False]).row(0, named=True)
            yield f"The largest cohort is {found.labels[largest['cohort']]}, of {largest['size']:,}."
        if len(found.labels) > MOST or found.last - min(found.labels) >= MOST:
            yield f"The chart has the last {MOST} cohorts, the tables have all; both have the first {MOST} periods."

    def _chart(self, found: Triangle) -> alt.LayerChart | alt.FacetChart:
        cohorts = list(found.labels)[-MOST:]
        cells = found.cells.filter(pl.col("cohort").is_in(cohorts) & (pl.col("age") < MOST))
        sizes = dict(cells.filter(pl.col("age") == 0).select("cohort", "size").iter_rows())
        names = {each: f"{found.labels[each]} ({sizes[each]:,})" for each in cohorts}
        rate = pl.col("seen") / pl.col("size")
        drawn = cells.with_columns(
            rate=rate,
            down=pl.col("cohort").replace_strict(names, return_dtype=pl.String),
            across=pl.col("age").cast(pl.String),
            value=rate if self.show == "share" else pl.col("seen").cast(pl.Float64),
        )  # fmt: skip
        later = drawn.filter(pl.col("age") > 0)["value"]
        top = float(later.max() or 0)  # type: ignore[arg-type]
        ages = [str(each) for each in range(int(cells["age"].max()) + 1)]  # type: ignore[arg-type]
        return heat_map(
            drawn.drop("cohort"), ages, list(names.values()),
            titles=(f"{self.period.capitalize()}s after the first", f"First {self.period} (size)"),
            format=".0%" if self.show == "share" else ",d", top=top or None,
            tooltip=[
                alt.Tooltip("down:N", title="First seen in"),
                alt.Tooltip("age:Q", title=f"{self.period.capitalize()}s later"),
                alt.Tooltip("seen:Q", title="Seen", format=","), alt.Tooltip("rate:Q", title="Share", format=".1%"),
            ],
        )  # fmt: skip


def _wall(date: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """The day of each row, that of the clock on the wall where there is a time zone."""
    return date.dt.date() if dtype == pl.Datetime else date.cast(pl.Date)


def _number(period: Period) -> pl.Expr:
    """Periods counted one by one."""
    date = pl.col("date")
    match period:
        case "week":
            return (date.dt.truncate("1w").to_physical().cast(pl.Int64) + 3) // 7  # 1970-01-01 was a Thursday
        case "month":
            return date.dt.year().cast(pl.Int64) * 12 + date.dt.month() - 1
        case "quarter":
            return date.dt.year().cast(pl.Int64) * 4 + date.dt.quarter() - 1


def _label(number: int, period: Period) -> str:
    match period:
        case "week":
            return str(pl.Series([number * 7 - 3]).cast(pl.Int32).cast(pl.Date)[0])
        case "month":
            return f"{number // 12}-{number % 12 + 1:02}"
        case "quarter":
            return f"{number // 4} Q{number % 4 + 1}"


def _after(cells: pl.DataFrame) -> pl.DataFrame:
    """The share of all that could be seen so many periods later and were."""
    found = cells.group_by("age").agg(pl.col("seen", "size").sum()).sort("age")
    return found.with_columns(rate=pl.col("seen") / pl.col("size"))


def _wide(found: Triangle, after: pl.DataFrame, *, shares: bool) -> pl.DataFrame:
    """A row for each cohort and one for all; a column for each period."""
    ages = after["age"].to_list()
    rate = (pl.col("seen") / pl.col("size")).round(4)
    value = rate if shares else pl.col("seen").cast(pl.Int64)
    names = pl.col("cohort").replace_strict(found.labels, return_dtype=pl.String)
    each = found.cells.select(names.alias("First seen in"), pl.col("size").cast(pl.Int64).alias("Size"), "age", value)
    wide = each.pivot("age", index=["First seen in", "Size"], values=each.columns[-1], maintain_order=True)
    total = {"First seen in": "All", "Size": int(after["size"][0])}
    total |= dict(zip(map(str, ages), after.select(value).to_series(), strict=True))
    return pl.concat([wide, pl.DataFrame([total], schema=wide.schema)])
