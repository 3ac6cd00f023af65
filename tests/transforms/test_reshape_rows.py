"""Rows gathered, made and turned into columns: what is particular to it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import product
from typing import Any

import pandas as pd
import polars as pl
import pytest

from flows.engines.polars_engine import PolarsEngine
from flows.fitting import Asking
from tests.checks import assert_same_rows, result
from transforms.core.errors import InvalidStepError, StepError
from transforms.core.relations import Source
from transforms.reshape_pivots import CrossTab, KeyValueToColumns
from transforms.reshape_rows import CollectList, CompleteCombinations, ExpandDateRange
from transforms.reshape_transpose import SplitToFlags, TransposeTable

NAN = float("nan")
SHOPS = pl.DataFrame(
    {
        "shop": ["a", "b", "a", None, "b", "a"],
        "year": [2023, 2024, 2024, 2023, 2024, 2023],
        "size": [1.0, NAN, 2.0, 1.0, None, 1.0],
        "n": [5, 4, 3, 2, None, 1],
    }
)


def fitted(step: Any, table: pl.DataFrame) -> tuple[Any, Any]:
    bound = step.bind(table.schema)
    return bound, bound.fit(Asking(PolarsEngine.over({"t": table}), [Source("t")]))


def planned_on(step: Any, learned: Any, table: pl.DataFrame) -> pl.DataFrame:
    return PolarsEngine.over({"t": table}).collect(step.plan(Source("t"), learned=learned))


def test_collected_lists_are_those_of_pandas() -> None:
    found = result(CollectList(columns=("n",), by=("shop",), order_by=({"column": "n"},)), SHOPS)
    frame: Any = SHOPS.to_pandas().sort_values("n", na_position="last").groupby("shop", dropna=False)["n"].agg(list)
    expected = {key if key == key else None: [x if x == x else None for x in each] for key, each in frame.items()}
    assert dict(found.iter_rows()) == expected


def test_lists_of_several_columns_stay_in_step_and_have_an_order_of_their_own() -> None:
    found = result(CollectList(columns=("year", "n")), SHOPS)
    assert found.row(0) == ([2023, 2023, 2023, 2024, 2024, 2024], [1, 2, 5, 3, 4, None])
    assert result(CollectList(columns=("year", "n")), SHOPS.reverse()).equals(found)
    first = result(CollectList(columns=("size",), distinct=True, max_items=2), SHOPS)
    assert first["size"].to_list() == [[1.0, 2.0]]
    assert result(CollectList(columns=("size",), drop_missing=True), SHOPS)["size"].to_list() == [[1.0, 1.0, 1.0, 2.0]]


def test_lists_of_lists_need_an_order() -> None:
    table = pl.DataFrame({"l": [[2], None, [1]], "i": [1, 2, 3]})
    with pytest.raises(InvalidStepError, match="holds list values, which have no order"):
        result(CollectList(columns=("l",)), table)
    found = result(CollectList(columns=("l",), order_by=({"column": "i"},)), table)
    assert found["l"].to_list() == [[[2], None, [1]]]
    with pytest.raises(InvalidStepError, match="'i' cannot make both"):
        result(CollectList(columns=("i",), by=("i",)), table)


def test_complete_combinations_are_the_product_of_python() -> None:
    found = result(CompleteCombinations(columns=("shop", "year", "size"), fill={"n": 0}), SHOPS)
    keys = [set(SHOPS[name].fill_nan(None) if name == "size" else SHOPS[name]) for name in ("shop", "year", "size")]
    assert set(found.drop("n").iter_rows()) == set(product(*keys))
    assert found.height == 18 + 2, "rows that occur twice stay twice"
    assert found.head(6).equals(SHOPS.with_columns(pl.col("size").fill_nan(None)))
    assert set(found["n"][6:]) == {0}


def test_complete_combinations_of_groups_stay_inside_them() -> None:
    found = result(CompleteCombinations(columns=("shop", "size"), by=("year",)), SHOPS)
    for year in (2023, 2024):
        mine = SHOPS.filter(year=year)
        expected = set(product(mine["shop"], mine["size"].fill_nan(None)))
        assert set(found.filter(year=year).select("shop", "size").iter_rows()) == expected
    assert result(CompleteCombinations(columns=("shop", "size")), SHOPS.clear()).height == 0


def test_too_many_combinations_stop_the_run_before_they_are_made() -> None:
    table = pl.DataFrame({"a": range(5_000), "b": range(5_000)})
    with pytest.raises(StepError, match=r"There are '25000000' combinations of 'a', 'b', more than the 1,000,000"):
        result(CompleteCombinations(columns=("a", "b")), table)
    with pytest.raises(InvalidStepError, match=r"1\.5 is not a integer, which is what 'n' holds"):
        result(CompleteCombinations(columns=("shop",), fill={"n": 1.5}), SHOPS)
    with pytest.raises(InvalidStepError, match="'shop' is part of the combinations"):
        result(CompleteCombinations(columns=("shop",), fill={"shop": "x"}), SHOPS)


@pytest.mark.parametrize(
    ("every", "unit", "closed", "frequency"),
    [(1, "day", "both", "D"), (2, "week", "left", "14D"), (6, "hour", "both", "6h"), (90, "second", "left", "90s")],
)
def test_expanded_ranges_are_those_of_pandas(every: int, unit: Any, closed: Any, frequency: str) -> None:
    start, end = datetime(2024, 2, 27, 23), datetime(2024, 3, 26, 23)
    end = datetime(2024, 2, 28) if unit == "second" else end
    table = pl.DataFrame({"a": [start], "b": [end]})
    step = ExpandDateRange(start="a", end="b", every=every, unit=unit, closed=closed)
    expected = pd.date_range(start, end, freq=frequency, inclusive=closed)
    assert result(step, table)["date"].to_list() == list(expected.to_pydatetime())


def test_months_keep_to_the_last_day_and_zones_to_the_clock() -> None:
    table = pl.DataFrame({"a": [date(2024, 1, 31)], "b": [datetime(2024, 4, 30, 12)]})
    found = result(ExpandDateRange(start="a", end="b", unit="month"), table)["date"]
    assert found.to_list() == [date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31), date(2024, 4, 30)]
    oslo = pl.DataFrame({"a": [datetime(2024, 3, 30, 11, tzinfo=UTC)], "b": [datetime(2024, 4, 1, 11, tzinfo=UTC)]})
    oslo = oslo.with_columns(pl.all().dt.convert_time_zone("Europe/Oslo"))
    days = result(ExpandDateRange(start="a", end="b"), oslo)["date"]
    assert days.dt.hour().to_list() == [12, 12, 12]


def test_rows_that_make_none_or_too_many_are_counted() -> None:
    table = pl.DataFrame(
        {
            "a": [date(2024, 1, 1), date(2024, 1, 2), None, date(2024, 1, 1), date(2024, 1, 1)],
            "b": [date(2024, 1, 3), date(2024, 1, 1), date(2024, 1, 1), date(2024, 1, 4), date(2024, 1, 1)],
        }
    )
    step = ExpandDateRange(start="a", end="b", max_per_row=3).bind(table.schema)
    absent, empty, many = step.failures()
    counts = table.select(absent.where.sum(), e=empty.where.sum(), m=many.where.sum()).row(0)
    assert (counts, many.stop) == ((1, 1, 1), True)
    assert result(step, table)["a"].value_counts(sort=True).rows() == [(date(2024, 1, 1), 7)]
    with pytest.raises(InvalidStepError, match="holds dates, which have no hour"):
        result(ExpandDateRange(start="a", end="b", unit="hour"), table)


@pytest.mark.parametrize("measure", ["count", "row_share", "column_share", "total_share"])
def test_cross_tabulations_are_those_of_pandas(measure: Any) -> None:
    found = result(CrossTab(rows=("shop",), columns="year", measure=measure, totals=True), SHOPS)
    frame = SHOPS.with_columns(pl.col("shop").fill_null("none")).to_pandas()
    normalize: Any = {"count": False, "row_share": "index", "column_share": "columns", "total_share": "all"}[measure]
    expected: Any = pd.crosstab(frame["shop"], frame["year"], normalize=normalize)
    for shop, *cells in found.filter(pl.col("shop") != "total").rows():
        assert cells[:2] == pytest.approx(expected.loc[shop].tolist())
    assert found["shop"].to_list() == ["a", "b", None, "total"]
    total = found.row(3)[1:]
    counts = (3, 3, 6)
    assert total == pytest.approx(
        {"count": counts, "row_share": (0.5, 0.5, 1), "column_share": (1, 1, 1), "total_share": (0.5, 0.5, 1)}[measure]
    )


def test_cross_tabulations_keep_their_columns_and_count_what_has_none() -> None:
    step, learned = fitted(CrossTab(rows=("year",), columns="size"), SHOPS.filter(pl.col("size") == 1))
    found = planned_on(step, learned, SHOPS)
    assert found.to_dict(as_series=False) == {"year": [2023, 2024], "1": [3, 0]}
    (failure,) = step.failures(learned)
    assert SHOPS.select(failure.where.sum()).item() == 3
    assert result(CrossTab(rows=("size",), columns="shop"), SHOPS).columns == ["size", "a", "b", "null"]
    with pytest.raises(StepError, match="more than 2 different values"):
        result(CrossTab(rows=("year",), columns="n", max_columns=2), SHOPS)
    with pytest.raises(InvalidStepError, match="'year' makes the columns"):
        result(CrossTab(rows=("year",), columns="year"), SHOPS)


def test_keys_become_columns_as_in_pandas_and_repeated_ones_are_refused() -> None:
    long = pl.DataFrame({"i": [1, 1, 2, 3], "k": ["x", "y", "x", "y"], "v": [1.5, 2.5, None, 4.5]})
    found = result(KeyValueToColumns(key="k", value="v", by=("i",)), long)
    expected = long.to_pandas().pivot(index="i", columns="k", values="v").reset_index()
    assert_same_rows(found, pl.from_pandas(expected, nan_to_null=True).select(found.columns))
    with pytest.raises(StepError, match="The key 'x' in column 'k' has several rows in a group"):
        result(KeyValueToColumns(key="k", value="v", by=("i",)), pl.concat([long, long[:1]]))
    one = result(KeyValueToColumns(key="k", value="v"), long[:2])
    assert one.rows() == [(1.5, 2.5)]


def test_new_and_missing_keys_are_counted() -> None:
    table = pl.DataFrame({"k": ["x", None, "new"], "v": [1, 2, 3]})
    step, learned = fitted(KeyValueToColumns(key="k", value="v", unknown="fail"), table[:2])
    assert planned_on(step, learned, table).rows() == [(1,)]
    absent, new = step.failures(learned)
    assert table.select(absent.where.sum(), new=new.where.sum()).row(0) == (1, 1)
    assert (absent.stop, new.stop) == (False, True)


def test_transposed_tables_are_those_of_pandas() -> None:
    table = pl.DataFrame({"q": ["s", "r", "t"], "x": [1, 2, 3], "y": [0.5, NAN, None]})
    found = result(TransposeTable(header_column="q"), table)
    frame = table.to_pandas().set_index("q").T
    assert found.columns == ["column", "r", "s", "t"]
    for name, *values in found.iter_rows():
        assert values == [None if pd.isna(frame.loc[name, each]) else frame.loc[name, each] for each in "rst"]
    twice = result(TransposeTable(), result(TransposeTable(), table.drop("q")).drop("column"))
    assert twice.drop("column").rows() == [(1.0, 0.5), (2.0, None), (3.0, None)]


def test_tables_that_cannot_be_transposed_are_refused() -> None:
    with pytest.raises(InvalidStepError, match="hold text and integer and number values, which do not go together"):
        result(TransposeTable(), SHOPS)
    with pytest.raises(StepError, match="has 6 rows, which would become as many columns; 5 are allowed"):
        result(TransposeTable(max_rows=5, types="text"), SHOPS)
    with pytest.raises(StepError, match="holds 'a' in several rows"):
        result(TransposeTable(header_column="shop"), SHOPS)
    step, learned = fitted(TransposeTable(types="text"), SHOPS[:2])
    with pytest.raises(StepError, match="has more rows than the 2 there were"):
        planned_on(step, learned, SHOPS)


def test_flags_are_those_of_pandas() -> None:
    table = pl.DataFrame({"t": ["b|a", "a|a", "", "c|b"]})
    found = result(SplitToFlags(column="t", delimiter="|"), table)
    dummies = table.to_pandas()["t"].str.get_dummies("|")
    assert found.rows() == list(dummies.itertuples(index=False, name=None))
    assert found.columns == [f"t_{each}" for each in dummies.columns]
    counts = result(SplitToFlags(column="t", delimiter="|", output="counts"), table)
    assert counts["t_a"].to_list() == [1, 2, 0, 0]


def test_rare_and_new_pieces_go_to_other_or_nowhere() -> None:
    table = pl.DataFrame({"t": ["a,b", "a", "c,c,d", None]})
    step, learned = fitted(SplitToFlags(column="t", max_columns=1, unseen_pieces="other"), table[:2])
    assert planned_on(step, learned, table).rows() == [(1, 1), (1, 0), (0, 1), (None, None)]
    none = result(SplitToFlags(column="t", unseen_pieces="other", keep_input=True), table.clear(2))
    assert none.columns == ["t", "t_other"]
