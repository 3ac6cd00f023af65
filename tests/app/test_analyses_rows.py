from __future__ import annotations

import json
from collections import Counter
from datetime import date, datetime, time, timedelta
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.stats import median_abs_deviation

from dataprep_app.analyses.analysis import AnalysisResult
from dataprep_app.analyses.column_profile import QUANTILES, ColumnProfile
from dataprep_app.analyses.duplicate_rows import DuplicateRows
from dataprep_app.analyses.missing_patterns import MissingPatterns
from dataprep_app.analyses.outlier_view import OutlierView

NAN, INF = float("nan"), float("inf")
RANDOM = np.random.default_rng(5)
ROWS = 2_000
TABLE = pl.DataFrame(
    {
        "id": range(ROWS),
        "kind": RANDOM.choice(["a", "b", "c"], ROWS),
        "few": RANDOM.integers(0, 4, ROWS),
        "number": RANDOM.lognormal(2, 1, ROWS),
        "other": RANDOM.normal(size=ROWS),
        "day": [date(2020, 1, 1) + timedelta(days=int(each)) for each in RANDOM.integers(0, 30, ROWS)],
    }
).with_columns(
    pl.when(pl.col("few") > 0).then("number"),
    pl.when(pl.col("few") > 0).then("kind"),
    pl.when(pl.col("id") % 7 > 0).then("other"),
)
ODD = pl.DataFrame(
    {
        "list": [[1, 2], [1, 2], None],
        "struct": [{"a": 1}, {"a": 1}, {"a": None}],
        "binary": [b"x", b"x", None],
        "time": [time(1), time(1), None],
        "long": [timedelta(days=1), timedelta(days=1), None],
        "moment": [datetime(2020, 1, 1), datetime(2020, 1, 1), None],
        "odd": [INF, INF, NAN],
        "null": [None, None, None],
        "yes": [True, True, None],
        "category": pl.Series(["p", "p", None], dtype=pl.Categorical),
        "array": pl.Series([[1], [1], None], dtype=pl.Array(pl.Int64, 1)),
        "decimal": pl.Series(["1.5", "1.5", None]).cast(pl.Decimal(10, 2)),
    }
)
EVERY: dict[type[Any], dict[str, Any]] = {
    DuplicateRows: {}, MissingPatterns: {}, ColumnProfile: {"column": "number"}, OutlierView: {"column": "number"}
}  # fmt: skip
KINDS = pytest.mark.parametrize("kind", EVERY)


def table_of(found: AnalysisResult, title: str) -> pl.DataFrame:
    return next(each.frame() for each in found.tables if each.title.startswith(title))


def drawn(found: AnalysisResult) -> list[dict[str, Any]]:
    return [row for rows in (found.chart or {}).get("datasets", {}).values() for row in rows]


def is_sound(found: AnalysisResult) -> None:
    assert found.sentences
    assert AnalysisResult.model_validate_json(found.model_dump_json()) == found
    json.dumps(found.model_dump(mode="json"), allow_nan=False)
    assert len(drawn(found)) <= 5_000
    for each in found.tables:
        each.frame().write_csv()
    if found.chart is not None:
        alt.Chart.from_dict(found.chart)


@KINDS
def test_results_are_plain_data_with_a_chart(kind: Any) -> None:
    found = kind(**EVERY[kind]).run(TABLE)
    is_sound(found)
    assert found.chart is not None or kind is DuplicateRows
    assert all(kind.field_help(name) for name in kind.model_fields)


@KINDS
@pytest.mark.parametrize("rows", [0, 1, 2])
def test_few_rows_and_columns_without_values_are_said(kind: Any, rows: int) -> None:
    is_sound(kind(**EVERY[kind]).run(TABLE.head(rows)))
    is_sound(kind(**EVERY[kind]).run(pl.DataFrame({"number": [None] * rows}, schema={"number": pl.Float64})))


@pytest.mark.parametrize("name", ODD.columns)
@pytest.mark.parametrize("rows", [1, 3])
def test_columns_of_every_type_are_profiled(name: str, rows: int) -> None:
    is_sound(ColumnProfile(column=name).run(ODD.head(rows)))


def test_columns_of_every_type_are_compared_and_looked_through() -> None:
    found = DuplicateRows().run(ODD)
    is_sound(found)
    assert found.sentences[0] == "1 row (33.3%) repeats an earlier one in all 12 columns."
    is_sound(MissingPatterns().run(ODD))
    is_sound(OutlierView(column="n").run(pl.concat([ODD, ODD, ODD]).with_columns(n=pl.int_range(9).pow(6))))


@KINDS
def test_columns_may_be_called_anything(kind: Any) -> None:
    names = {"number": "^n.*$", "other": "*", "few": "Row", "kind": "Occurs", "id": "value"}
    params = {key: names[value] for key, value in EVERY[kind].items()}
    is_sound(kind(**params).run(TABLE.rename(names)))


@pytest.mark.parametrize("columns", [["kind"], ["kind", "few"], ["day", "few", "number"]])
def test_repeated_rows_agree_with_pandas(columns: list[str]) -> None:
    found = DuplicateRows(columns=tuple(columns)).run(TABLE)
    is_sound(found)
    table = TABLE.select(columns).to_pandas()
    repeats = int(table.duplicated().sum())
    assert found.sentences[0].startswith(f"{repeats:,} rows (")
    often = Counter(TABLE.select(columns).rows())
    best = table_of(found, "Rows that occur most often")
    assert best["Occurs"].to_list() == [rows for _, rows in often.most_common(50) if rows > 1]
    times = table_of(found, "How often rows occur")
    assert dict(times.select("Occurs", "Different rows").iter_rows()) == Counter(often.values())


def test_what_tells_rows_apart_agrees_with_pandas() -> None:
    found = DuplicateRows(columns=("id", "kind", "few")).run(TABLE)
    assert found.sentences[0] == "No two of 2,000 rows are equal in all 3 columns."
    table = TABLE.select("id", "kind", "few").to_pandas()
    for name, repeats in table_of(found, "Rows that repeat another when").iter_rows():
        assert repeats == table.drop(columns=name).duplicated().sum()
    assert drawn(found)[0]["name"] == "id"


def test_missing_values_and_both_zeros_are_equal() -> None:
    table = pl.DataFrame({"x": [NAN, None, 0.0, -0.0], "y": [1, 1, 2, 2]})
    assert DuplicateRows().run(table).sentences[0].startswith("2 rows (50.0%) repeat")


def test_case_and_white_space_are_compared_unless_they_are_to_be_ignored() -> None:
    table = pl.DataFrame({"x": ["Oslo", " oslo", "Rome"]})
    assert "No two" in DuplicateRows().run(table).sentences[0]
    assert "1 row (33.3%) repeats" in DuplicateRows(ignore_case=True).run(table).sentences[0]


def test_missing_values_agree_with_pandas() -> None:
    found = MissingPatterns().run(TABLE)
    gaps = TABLE.to_pandas().isna()
    by_column = dict(table_of(found, "Missing by column").select("Column", "Missing").iter_rows())
    assert by_column == gaps.sum().to_dict()
    patterns = Counter(tuple(gaps.columns[row]) for row in gaps.to_numpy())
    for names, rows in table_of(found, "Patterns").select("Missing in", "Rows").iter_rows():
        assert rows == patterns[() if names == "(none: complete)" else tuple(names.split(", "))]
    complete = int((~gaps.any(axis=1)).sum())
    assert any(each.startswith(f"{complete:,} rows (") and "complete" in each for each in found.sentences)
    first, second, both, correlation = table_of(found, "Columns that are missing together").row(0)
    assert {first, second} == {"kind", "number"}
    assert both == (gaps["kind"] & gaps["number"]).sum()
    assert correlation == pytest.approx(gaps["kind"].corr(gaps["number"]))


def test_each_pattern_has_a_dot_for_every_column_that_it_misses() -> None:
    dots = [each for each in drawn(MissingPatterns().run(TABLE)) if "gone" in each]
    assert {(each["pattern"], each["column"]) for each in dots if each["gone"]} == {
        ("2", "kind"), ("2", "number"), ("3", "other"), ("4", "kind"), ("4", "number"), ("4", "other")
    }  # fmt: skip


def test_a_table_without_gaps_has_no_chart() -> None:
    found = MissingPatterns().run(TABLE.select("id", "few"))
    assert found.sentences == ("No value is missing in 2,000 rows of 2 columns.",)
    assert found.chart is None


def test_blank_text_and_nan_are_missing() -> None:
    found = MissingPatterns().run(pl.DataFrame({"t": ["a", " ", ""], "n": [NAN, 1.0, 2.0]}))
    assert set(table_of(found, "Missing by column").select("Column", "Missing").rows()) == {("t", 2), ("n", 1)}


def test_quantiles_agree_with_numpy() -> None:
    found = table_of(ColumnProfile(column="number").run(TABLE), "Quantiles")
    assert found["Value"].to_list() == pytest.approx(
        np.quantile(TABLE["number"].drop_nulls().to_numpy(), QUANTILES).tolist()
    )


def test_facts_agree_with_pandas() -> None:
    facts = dict(table_of(ColumnProfile(column="number").run(TABLE), "Facts").iter_rows())
    numbers = TABLE["number"].to_pandas()
    assert facts["Missing"].startswith(f"{numbers.isna().sum():,} (")
    assert facts["Different values"] == f"{numbers.nunique():,}"
    assert float(facts["Skewness"]) == pytest.approx(pd.Series.skew(numbers), rel=0.02)


def test_most_frequent_values_agree_with_a_counter() -> None:
    table = TABLE.with_columns(text=pl.col("day").dt.to_string("%a"))
    found = table_of(ColumnProfile(column="text", top=3).run(table), "Most frequent values, 3 of 7")
    assert [row[:2] for row in found.iter_rows()] == Counter(table["text"].sort()).most_common(3)


def test_texts_that_are_nearly_all_different_are_drawn_by_their_length() -> None:
    table = pl.DataFrame({"t": [f"name {'x' * (place % 9)} {place:04}" for place in range(300)]})
    chart = ColumnProfile(column="t").run(table).chart or {}
    assert chart["encoding"]["x"]["title"] == "Characters of t"


def test_a_few_values_far_away_do_not_squeeze_the_chart() -> None:
    table = pl.DataFrame({"x": [*range(1, 1_000), 10**9]})
    found = ColumnProfile(column="x").run(table)
    assert max(each["to"] for each in drawn(found)) <= 2_000
    assert any("leaves out 1 value" in each for each in found.sentences)


def test_what_a_step_could_not_read_is_said() -> None:
    table = pl.DataFrame({"d": [date(2020, 1, 1), None, None], "d_error": [None, "soon", None]})
    assert (
        "1 value cannot be used: infinite, or not readable as date." in ColumnProfile(column="d").run(table).sentences
    )


def expected_limits(method: str, values: np.ndarray) -> tuple[float, float]:
    match method:
        case "mad":
            middle, spread = np.median(values), median_abs_deviation(values, scale="normal")
            return middle - 3 * spread, middle + 3 * spread
        case "iqr":
            low, high = np.quantile(values, [0.25, 0.75])
            return low - 1.5 * (high - low), high + 1.5 * (high - low)
        case _:
            low, high = np.quantile(values, [0.01, 0.99])
            return low, high


@pytest.mark.parametrize("method", ["mad", "iqr", "quantile"])
@pytest.mark.parametrize("column", ["number", "other"])
def test_outliers_agree_with_numpy_and_scipy(method: Any, column: str) -> None:
    values = TABLE[column].drop_nulls().to_numpy()
    low, high = expected_limits(method, values)
    found = OutlierView(column=column, method=method).run(TABLE)
    is_sound(found)
    sides = table_of(found, "Values on each side")
    assert sides["Limit"].to_list() == [pytest.approx(low), None, pytest.approx(high)]
    assert sides["Values"].to_list() == [
        (values < low).sum(), ((values >= low) & (values <= high)).sum(), (values > high).sum()
    ]  # fmt: skip
    rows = table_of(found, "Rows of outliers")
    far = np.sort(np.maximum(low - values, values - high))[::-1]
    assert np.maximum(low - rows[column].to_numpy(), rows[column].to_numpy() - high) == pytest.approx(
        far[far > 0][:100]
    )
    assert [TABLE[column][place - 1] for place in rows["Row"]] == rows[column].to_list()


def test_bars_hold_every_value_that_is_drawn() -> None:
    found = OutlierView(column="other", method="iqr").run(TABLE)
    bars = [each for each in drawn(found) if "bottom" in each]
    assert sum(each["rows"] for each in bars) == TABLE["other"].count()
    assert {each["side"] for each in bars} == {"Inside the limits", "Below", "Above"}


def test_values_that_are_half_equal_have_no_robust_limits() -> None:
    table = pl.DataFrame({"x": [5.0] * 8 + [9.0, INF]})
    found = OutlierView(column="x").run(table)
    assert found.sentences[0] == "Half of the values are 5, so this method gives no limits; try another one."
    assert table_of(found, "Values on each side")["Values"].to_list() == [0, 9, 0]


def test_values_beyond_the_chart_are_said_and_in_the_table() -> None:
    table = pl.DataFrame({"x": [*map(float, range(100)), 1e9, -1e9, 1e12]})
    found = OutlierView(column="x", method="iqr").run(table)
    assert any("leaves out 3 values farther away" in each for each in found.sentences)
    assert table_of(found, "Rows of outliers")["x"].to_list() == [1e12, -1e9, 1e9]


@pytest.mark.parametrize("method", ["mad", "iqr", "quantile"])
@pytest.mark.parametrize("values", [[-8e307, 8e307, 0.0], [1e300] * 3, [5e-324, 0.0, 1.0], [2**62, -(2**62), 0]])
def test_extreme_numbers_are_looked_at(method: Any, values: list[float]) -> None:
    table = pl.DataFrame({"x": values})
    is_sound(OutlierView(column="x", method=method).run(table))
    is_sound(ColumnProfile(column="x").run(table))
