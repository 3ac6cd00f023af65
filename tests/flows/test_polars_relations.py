"""Relations of the polars engine against DuckDB and plain Python."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import duckdb
import polars as pl
import pytest

from flows.engines.polars_engine import PolarsEngine
from transforms.core.errors import StepError
from transforms.core.relations import (
    Aggregate,
    Distinct,
    Limit,
    Measure,
    Order,
    Range,
    Relation,
    Sample,
    Sort,
    Source,
    Values,
    Window,
    WindowFunction,
)

NAN = float("nan")


def collect(relation: Relation, **tables: pl.DataFrame) -> pl.DataFrame:
    """The rows, after comparing their columns with the predicted ones."""
    engine = PolarsEngine.over(tables)
    found = engine.collect(relation)
    assert found.schema == engine.schema(relation)
    return found


def duck(query: str, **tables: pl.DataFrame) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        for name, table in tables.items():
            connection.register(name, table.to_arrow())
        return connection.execute(query).fetchall()


def shown(rows: list[tuple[Any, ...]]) -> Counter[str]:
    """Rows in any order; NaN equals NaN and -0.0 equals 0.0."""
    return Counter(str(tuple(0.0 if value == 0 and isinstance(value, float) else value for value in r)) for r in rows)


GROUPED = pl.DataFrame(
    {
        "g": ["a", "a", None, "b", None, "a", "c"],
        "f": [NAN, 0.0, -0.0, None, NAN, 1.0, None],
        "x": [1.5, NAN, 2.0, None, 3.0, 1.5, NAN],
        "i": pl.Series([3, 1, None, 4, None, 1, 5], dtype=pl.Int32),
        "b": [True, None, False, None, True, False, None],
        "t": ["z", "é", None, "", "a", "z", None],
        "o": [7, 6, 5, 4, 3, 2, 1],
    }
)
SQL = {
    "sum": "sum({0})",
    "mean": "avg({0})",
    "median": "median({0})",
    "min": "min({0})",
    "max": "max({0})",
    "count": "count({0})",
    "count_distinct": "count(distinct {0})",
    "count_missing": "count(*) - count({0})",
    "rows": "count(*)",
    "first": "first({0} order by o) filter ({0} is not null)",
    "last": "last({0} order by o) filter ({0} is not null)",
    "std": "stddev_samp({0})",
    "var": "var_samp({0})",
    "quantile": "quantile_cont({0}, 0.3)",
    "any": "bool_or({0})",
    "all": "bool_and({0})",
}
CASES = [
    *((function, "x") for function in SQL if function not in ("any", "all")),
    *((function, "i") for function in SQL if function not in ("any", "all")),
    *((function, "b") for function in ("any", "all", "count", "first")),
    *((function, "t") for function in ("min", "max", "count", "count_distinct", "first", "last")),
]


@pytest.mark.parametrize("by", [("g",), ("f",), ("g", "f"), ()], ids=["text", "float", "two", "none"])
@pytest.mark.parametrize(("function", "column"), CASES)
def test_aggregates_are_those_of_sql_with_nan_as_missing(function: Any, column: str, by: tuple[str, ...]) -> None:
    for table in (GROUPED, GROUPED.clear(), GROUPED[:1]):
        measure = Measure(function, column, "out", 0.3)
        found = collect(Aggregate(Source("t"), by, (measure,), (Order("o"),)), t=table)
        value = f"(case when isnan({column}) then null else {column} end)" if column == "x" else column
        keys = "".join(f"{each}, " for each in by)
        sql = f"select {keys}{SQL[function].format(value)} from t {'group by all' if by else ''}"
        mine, theirs = _sorted(found.rows()), _sorted(duck(sql, t=table))
        assert len(mine) == len(theirs)
        for left, right in zip(mine, theirs, strict=True):
            assert left[:-1] == right[:-1] or str(left[:-1]) == str(right[:-1]) or left[0] == right[0] == 0.0
            assert left[-1] == pytest.approx(right[-1])


def _sorted(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(rows, key=lambda row: str(tuple(abs(v) if isinstance(v, float) else v for v in row[:-1])))


def test_mode_and_list_leave_missing_values_out() -> None:
    def agg(function: Any, column: str) -> dict[Any, Any]:
        measure = Measure(function, column, "out")
        found = collect(Aggregate(Source("t"), ("g",), (measure,), (Order("o"),)), t=GROUPED)
        return dict(found.select("g", "out").iter_rows())

    assert agg("mode", "i") == {"a": 1, None: None, "b": 4, "c": 5}
    assert agg("mode", "x") == {"a": 1.5, None: 2.0, "b": None, "c": None}
    assert agg("list", "t") == {"a": ["z", "é", "z"], None: ["a"], "b": [""], "c": []}
    assert agg("list", "x") == {"a": [1.5, 1.5], None: [3.0, 2.0], "b": [], "c": []}


def test_list_of_the_whole_table_is_one_row() -> None:
    found = collect(Aggregate(Source("t"), (), (Measure("list", "i", "out"),), (Order("o"),)), t=GROUPED)
    assert found["out"].to_list() == [[5, 1, 4, 1, 3]]


LARGE = pl.DataFrame({"g": [1, 1, 2], "i": [2**62, 2**62, 1]})


@pytest.mark.parametrize(
    "relation",
    [
        Aggregate(Source("t"), ("g",), (Measure("sum", "i", "out"),)),
        Aggregate(Source("t"), (), (Measure("sum", "i", "out"),)),
        Window(Source("t"), ("g",), (Order("i"),), (WindowFunction("cumulative", "out", "i"),)),
        Window(Source("t"), ("g",), (), (WindowFunction("group", "out", "i"),)),
    ],
    ids=["group", "table", "cumulative", "window"],
)
def test_a_sum_too_large_for_int64_is_an_error(relation: Relation) -> None:
    with pytest.raises(StepError, match="too large for a whole number"):
        collect(relation, t=LARGE)


def test_a_sum_that_fits_in_the_end_is_no_overflow() -> None:
    table = pl.DataFrame({"i": [2**63 - 1, 1, -1]})
    assert collect(Aggregate(Source("t"), (), (Measure("sum", "i", "out"),)), t=table).item() == 2**63 - 1


def test_sums_have_their_promised_types() -> None:
    table = pl.DataFrame(
        {
            "b": [True, True],
            "s": pl.Series([100, 100], dtype=pl.Int8),
            "f": pl.Series([0.5, 0.25], dtype=pl.Float32),
            "d": pl.Series([Decimal("1.10"), Decimal("2.20")], dtype=pl.Decimal(10, 2)),
        }
    )
    measures = tuple(Measure("sum", name, name) for name in table.columns)
    found = collect(Aggregate(Source("t"), (), measures), t=table)
    assert found.row(0) == (2, 200, 0.75, Decimal("3.30"))
    assert [type(dtype) for dtype in found.dtypes] == [pl.Int64, pl.Int64, pl.Float64, pl.Decimal]


ROWS = pl.DataFrame(
    {"k": ["a", "b", "a", None, None, "c"], "n": [1, 2, 3, 4, 5, None], "l": [[1], [], None, [2], [], []]}
)


def test_distinct_follows_its_order() -> None:
    for keep, expected in (
        ("first", {("a", 3), ("b", 2), (None, 5), ("c", None)}),
        ("last", {("a", 1), ("b", 2), (None, 4), ("c", None)}),
    ):
        relation = Distinct(Source("t"), ("k",), keep, (Order("n", descending=True),))  # type: ignore[arg-type]
        found = collect(relation, t=ROWS)
        assert found.columns == ROWS.columns
        assert set(found.select("k", "n").rows()) == expected


def test_distinct_none_keeps_what_occurs_once() -> None:
    assert collect(Distinct(Source("t"), ("k",), "none"), t=ROWS)["k"].to_list() == ["b", "c"]
    numbers = pl.DataFrame({"f": [NAN, NAN, 0.0, -0.0, None, 1.0]})
    assert collect(Distinct(Source("t"), ("f",), "none"), t=numbers)["f"].to_list() == [None, 1.0]
    assert collect(Distinct(Source("t"), ("f",)), t=numbers).height == 4


def test_distinct_without_an_order_does_not_depend_on_the_order_of_the_table() -> None:
    for keep in ("first", "last"):
        relation = Distinct(Source("t"), ("k",), keep)
        one, other = collect(relation, t=ROWS), collect(relation, t=ROWS.reverse())
        assert one.height == 4
        assert shown(one.rows()) == shown(other.rows())


def test_distinct_without_columns_keeps_one_row() -> None:
    one, none = Distinct(Source("t"), ()), Distinct(Source("t"), (), "none")
    assert [collect(one, t=table).height for table in (ROWS, ROWS[:1], ROWS.clear())] == [1, 1, 0]
    assert [collect(none, t=table).height for table in (ROWS, ROWS[:1], ROWS.clear())] == [0, 1, 0]


def test_distinct_whole_rows_with_lists() -> None:
    twice = pl.concat([ROWS, ROWS])
    assert collect(Distinct(Source("t"), tuple(ROWS.columns)), t=twice).equals(ROWS)


def test_sample_is_exact_and_the_same_in_any_order() -> None:
    table = pl.DataFrame(
        {"i": range(100), "g": [i % 3 if i % 10 else None for i in range(100)], "l": [[i] for i in range(100)]}
    )
    one = collect(Sample(Source("t"), 10, seed=3), t=table)
    assert one.height == 10
    assert shown(one.rows()) == shown(collect(Sample(Source("t"), 10, seed=3), t=table.reverse()).rows())
    assert not one.equals(collect(Sample(Source("t"), 10, seed=4), t=table))
    per = collect(Sample(Source("t"), 4, per=("g",)), t=table)
    assert Counter(per["g"].to_list()) == {0: 4, 1: 4, 2: 4, None: 4}
    assert collect(Sample(Source("t"), 1_000), t=table).equals(table)
    assert collect(Sample(Source("t"), 0), t=table).height == 0
    same = pl.DataFrame({"i": [1] * 9})
    assert collect(Sample(Source("t"), 4), t=same).height == 4


def test_sort_puts_nan_above_every_number_and_nulls_where_told() -> None:
    table = pl.DataFrame({"x": [NAN, 1.0, None, float("inf"), -0.0, 0.0], "n": range(6)})
    up = collect(Sort(Source("t"), (Order("x"),)), t=table)
    assert up["n"].to_list() == [4, 5, 1, 3, 0, 2]
    down = collect(
        Sort(Source("t"), (Order("x", descending=True, nulls_last=False), Order("n", descending=True))), t=table
    )
    assert down["n"].to_list() == [2, 0, 3, 1, 5, 4]
    text = pl.DataFrame({"t": ["é", "z", "Z", "a", "", None]})
    assert collect(Sort(Source("t"), (Order("t"),)), t=text)["t"].to_list() == ["", "Z", "a", "z", "é", None]


def test_limit_range_and_values() -> None:
    assert collect(Limit(Range(10, "n"), 3, offset=8))["n"].to_list() == [8, 9]
    assert collect(Limit(Range(0), 3)).schema == {"row": pl.Int64}
    assert collect(Values(ROWS)).equals(ROWS)
