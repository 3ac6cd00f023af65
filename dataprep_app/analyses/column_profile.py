"""Everything there is to know of one column."""

from __future__ import annotations

import math
from collections.abc import Iterable

import polars as pl
from pydantic import Field

from dataprep_app import profile
from dataprep_app.analyses.analysis import Analysis, AnalysisResult, ResultTable
from dataprep_app.analyses.histogram import Histogram
from dataprep_app.analyses.values import EMPTY, counted, said, share
from dataprep_app.insights.sections.card_text import characters
from transforms.core.columns import Column, column
from transforms.core.conversion import as_text, blank

QUANTILES = (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0)
LONGEST = 60
"""Characters of a value in a sentence."""
MANY = 0.5
"""From this share of different texts on, their lengths are drawn in place of their values."""
ENDS = 0.01
"""Share of the values at each end that the range of the others is not measured by."""
FAR = 3
"""Values far away are not drawn where they would make the chart so many times as wide."""
FEW = 20
"""Different texts that are drawn however many rows there are."""

UNITS: dict[type[pl.DataType], str] = {pl.Time: ", hours of the day", pl.Duration: ", days"}
"""What is drawn of values that are no numbers."""

Facts = list[tuple[str, str]]


class ColumnProfile(Analysis):
    """Everything of one column: its type, missing and different values, range, spread and most frequent values."""

    id = "column_profile"
    title = "Column profile"
    terms = ("describe a column", "statistics of a column", "quantiles", "value counts", "distribution")

    column: Column
    """Column to look at, of any type."""
    bins: int = Field(20, ge=2, le=100)
    """Bars there may be, about."""
    top: int = Field(20, ge=1, le=100)
    """Most frequent values that are listed."""

    def name(self) -> str:
        return f"Profile of {self.column}"

    def look(self, table: pl.DataFrame) -> AnalysisResult:
        values = table.select(column(self.column).alias("value")).to_series()
        found = profile.profiles(_with_unread(table, self.column))[self.column]
        sentences, facts = [*_said(found)], _facts(found)
        tables: list[ResultTable] = []
        drawn: AnalysisResult | None = None
        if found.kind in ("text", "boolean"):
            texts = values.cast(pl.String)
            facts += _text_facts(texts) if found.kind == "text" else []
            drawn = self._of_texts(texts, found)
            sentences += _most_frequent(found)
        elif found.kind == "other":
            facts += _nested_facts(values)
        else:
            numbers = _numbers(values)
            facts += _number_facts(numbers) if found.kind == "number" else []
            near, note = _near(numbers)
            unit = UNITS.get(type(values.dtype), "")
            drawn = self._drawn(f"{self.column}{unit}", near)
            sentences += [*_range(values), *note]
        tables.append(ResultTable.of("Facts", pl.DataFrame(facts, schema=["What", "Value"], orient="row")))
        tables += [*self._quantiles(values, found), *self._top(values, found)]
        return AnalysisResult(
            title=self.name(),
            sentences=tuple(sentences),
            tables=tuple(tables),
            chart=drawn.chart if drawn is not None and found.valid else None,
        )

    def _of_texts(self, texts: pl.Series, found: profile.ColumnProfile) -> AnalysisResult:
        """The values by their rows, or where nearly all are different, their lengths."""
        if (found.distinct or 0) > max(FEW, MANY * found.valid):
            return self._drawn(f"Characters of {self.column}", texts.str.len_chars().cast(pl.Int64))
        return self._drawn(self.column, texts)

    def _drawn(self, name: str, values: pl.Series) -> AnalysisResult:
        return Histogram(column=name, bins=self.bins).run(pl.DataFrame({name: values}))

    def _quantiles(self, values: pl.Series, found: profile.ColumnProfile) -> Iterable[ResultTable]:
        if found.kind not in ("number", "date", "time") or not found.valid:
            return
        there = values.drop_nulls()
        if values.dtype.is_float():
            there = there.filter(there.is_finite())
        numeric = found.kind == "number"
        ordered = there.sort()
        if numeric:
            found_at = pl.Series([ordered.cast(pl.Float64).quantile(each, "linear") for each in QUANTILES])
            at: list[object] = found_at.replace([math.inf, -math.inf], None).to_list()
        else:
            at = [said(ordered[int((len(ordered) - 1) * each)]) for each in QUANTILES]
        yield ResultTable.of(
            "Quantiles", pl.DataFrame({"At most this in %": [100 * each for each in QUANTILES], "Value": at})
        )

    def _top(self, values: pl.Series, found: profile.ColumnProfile) -> Iterable[ResultTable]:
        if found.kind == "other" or not found.valid:
            return
        text = values.alias("value").to_frame().select(as_text(pl.col("value"), values.dtype).cast(pl.String))
        counts = text.to_series().drop_nulls().value_counts(name="rows").sort("rows", "value", descending=[True, False])
        best = counts.head(self.top)
        percent = (100 * pl.col("rows") / found.rows).round(2)
        shown = pl.when(blank(pl.col("value"))).then(pl.lit(EMPTY)).otherwise(pl.col("value").str.head(200))
        title = f"Most frequent values{f', {self.top} of {counts.height:,}' if counts.height > self.top else ''}"
        yield ResultTable.of(
            title, best.select(shown.alias("Value"), pl.col("rows").alias("Rows"), percent.alias("Rows %"))
        )


def _with_unread(table: pl.DataFrame, name: str) -> pl.DataFrame:
    """The column, and the one with the texts that a step could not read as its values, if there is one."""
    wanted = [each for each in (name, f"{name}{profile.ERROR}") if each in table.columns]
    return table.select(map(column, wanted))


def _said(found: profile.ColumnProfile) -> Iterable[str]:
    gone = f"{found.missing:,} ({share(found.missing, found.rows)})" if found.missing else "none"
    are = "is" if found.missing == 1 else "are"
    yield f"{found.name} is of type {found.type}; of {counted(found.rows, 'row')}, {gone} {are} missing."
    if found.invalid:
        yield f"{counted(found.invalid, 'value')} cannot be used: infinite, or not readable as {found.type}."
    if not found.valid:
        yield f"{found.name} has no values."
    elif found.distinct == 1:
        yield "All values are the same."
    elif found.distinct == found.valid and found.valid > 1:
        yield "Every value is different."
    elif found.distinct is not None:
        yield f"{found.distinct:,} different values."


def _most_frequent(found: profile.ColumnProfile) -> Iterable[str]:
    if found.top and found.distinct != found.valid and found.distinct != 1:
        value, rows = found.top[0]
        value = value if len(value) <= LONGEST else f"{value[: LONGEST - 1]}…"
        part = share(rows, found.rows)
        yield f"The most frequent is {value.strip() or EMPTY}, in {rows:,} of {found.rows:,} rows ({part})."


def _range(values: pl.Series) -> Iterable[str]:
    there = values.drop_nulls()
    if there.dtype.is_float():
        there = there.filter(there.is_finite())
    if there.n_unique() < 2:
        return
    yield f"Values go from {said(there.min())} to {said(there.max())}."
    if there.dtype.is_numeric():
        low, median, high = (said(there.quantile(each, "linear")) for each in (0.25, 0.5, 0.75))
        yield f"The middle half lies between {low} and {high}; the median is {median}."


def _near(numbers: pl.Series) -> tuple[pl.Series, tuple[str, ...]]:
    """The values to draw: without those so far away that all others would share a bar."""
    if not numbers.dtype.is_numeric():
        return numbers, ()
    there = numbers.cast(pl.Float64).drop_nulls().drop_nans()
    there = there.filter(there.is_finite())
    low, high = there.quantile(ENDS, "linear"), there.quantile(1 - ENDS, "linear")
    if low is None or high is None or high <= low:
        return numbers, ()
    inside = there.is_between(low - (high - low) / 2, high + (high - low) / 2)
    drawn = there.filter(inside)
    first, last = drawn.min(), drawn.max()
    if there.max() - there.min() <= FAR * (last - first):  # type: ignore[operator]
        return numbers, ()
    gone = len(there) - len(drawn)
    note = f"The chart leaves out {counted(gone, 'value')} ({share(gone, len(there))}) far away from the others."
    keep = numbers.cast(pl.Float64).is_between(first, last)
    return numbers.filter(keep), (note,)


def _facts(found: profile.ColumnProfile) -> Facts:
    facts = [
        ("Type", found.type),
        ("Rows", f"{found.rows:,}"),
        ("Missing", f"{found.missing:,} ({share(found.missing, found.rows)})"),
        ("Invalid", f"{found.invalid:,}"),
        ("Different values", "" if found.distinct is None else f"{found.distinct:,}"),
    ]
    for name, value in (
        ("Smallest", found.min),
        ("Largest", found.max),
        ("Mean", found.mean),
        ("Deviation", found.std),
    ):
        if value is not None:
            facts.append((name, said(value)))
    return [each for each in facts if each[1]]


def _number_facts(numbers: pl.Series) -> Facts:
    there = numbers.drop_nulls().cast(pl.Float64)
    if there.is_empty():
        return []
    signs = (("Zeros", there == 0), ("Negative", there < 0), ("Whole numbers", there == there.round()))
    facts = [(name, f"{where.sum():,} ({share(int(where.sum()), len(there))})") for name, where in signs]
    skew = there.skew() if there.n_unique() > 1 else None
    return facts + ([("Skewness", f"{skew:.3g}")] if isinstance(skew, float) and skew == skew else [])


def _text_facts(texts: pl.Series) -> Facts:
    empty = int(texts.to_frame("text").select(blank(pl.col("text")).sum()).item() or 0)
    found = characters(texts)
    facts = [("Empty or blank", f"{empty:,} ({share(empty, len(texts))})")]
    names = {
        "length_min": "Shortest, characters",
        "length_mean": "Mean length, characters",
        "length_max": "Longest, characters",
        "words_mean": "Words, mean",
    }
    facts += [(name, said(round(found[each], 2))) for each, name in names.items() if each in found]
    shares = {"digits": "Digits", "upper": "Capital letters", "spaces": "White space", "special": "Special characters"}
    return facts + [
        (f"{name}, of all characters", f"{found[each]:.1%}") for each, name in shares.items() if each in found
    ]


def _nested_facts(values: pl.Series) -> Facts:
    dtype = values.dtype
    if isinstance(dtype, pl.Struct):
        return [("Fields", ", ".join(each.name for each in dtype.fields))]
    if isinstance(dtype, pl.List):
        lengths = values.drop_nulls().list.len()
        if len(lengths):
            ends = ((name, getattr(lengths, function)()) for name, function in
                    (("Fewest items", "min"), ("Items, mean", "mean"), ("Most items", "max")))  # fmt: skip
            return [(name, said(value)) for name, value in ends]
    return []


def _numbers(values: pl.Series) -> pl.Series:
    """Values that have a place on an axis: times of day in hours, durations in days; dates as they are."""
    if values.dtype == pl.Time:
        return values.to_physical().cast(pl.Float64) / 3.6e12
    if values.dtype == pl.Duration:
        return values.dt.total_microseconds().cast(pl.Float64) / 8.64e10
    return values
