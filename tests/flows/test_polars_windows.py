"""Windows of the polars engine against DuckDB."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import duckdb
import polars as pl
import pytest

from flows.engines.polars_engine import PolarsEngine
from transforms.core.errors import StepError
from transforms.core.relations import Order, Source, Window, WindowFunction

NAN = float("nan")
N = 60
ROWS = pl.DataFrame(
    {
        "id": pl.Series([(i * 37) % N for i in range(N)], dtype=pl.Int64),
        "g": [("a", "b", None, "a", "é")[i % 5] if i else "alone" for i in range(N)],
        "h": [(1.5, NAN, None)[i % 3] for i in range(N)],
        "k": [None if i % 11 == 0 else NAN if i % 13 == 0 else (i * 7) % 4 - 1.0 for i in range(N)],
        "m": [None if i % 7 == 0 else (i * 3) % 5 for i in range(N)],
        "x": [None if i % 4 == 0 else NAN if i % 9 == 0 else (i * 31) % 17 / 7 for i in range(N)],
        "i": pl.Series([None if i % 5 == 0 else (i * 13) % 23 - 9 for i in range(N)], dtype=pl.Int32),
        "b": [None if i % 6 == 0 else i % 4 == 1 for i in range(N)],
        "t": [None if i % 3 == 0 else f"t{i * 7 % 9}" for i in range(N)],
        "d": [None if i % 8 == 0 else date(2024, 1 + i % 12, 1 + i % 28) for i in range(N)],
    }
)
TABLES = {
    "rows": ROWS,
    "empty": ROWS.clear(),
    "one": ROWS[:1],
    "missing": ROWS.clear(9).with_columns(id=pl.int_range(9)),
}
GROUPS: dict[str, tuple[str, ...]] = {"text": ("g",), "two": ("g", "h"), "whole": ()}
ORDERS = {
    "up": (Order("k"), Order("m")),
    "down": (Order("k", descending=True, nulls_last=False), Order("m", descending=True)),
    "mixed": (Order("m", descending=True, nulls_last=True), Order("k", nulls_last=False)),
}


def windowed(table: pl.DataFrame, by: tuple[str, ...], order: tuple[Order, ...], *functions: WindowFunction) -> Any:
    engine = PolarsEngine.over({"t": table})
    relation = Window(Source("t"), by, order, functions)
    found = engine.collect(relation)
    assert found.schema == engine.schema(relation), "the predicted columns"
    return found


def assert_is_sql(
    sql: str, function: WindowFunction, by: tuple[str, ...], order: tuple[Order, ...], table: pl.DataFrame
) -> None:
    """Compare with a query in which ``{v}`` is the value without NaN and ``{w}`` the window up to its frame."""
    found = windowed(table, by, order, function)
    assert found.columns == [*table.columns, function.output]
    assert found.select(table.columns).equals(table, null_equal=True), "rows stay as and where they are"
    keys = [
        f"{o.column} {'desc' if o.descending else 'asc'} nulls {'last' if o.nulls_last else 'first'}" for o in order
    ]
    window = f"{'partition by ' + ', '.join(by) if by else ''} {'order by ' + ', '.join(keys) if keys else ''}"
    column = function.column
    value = f"(case when isnan({column}) then null else {column} end)" if column in ("x", "k") else column
    query = f"select id, {sql.format(v=value, w=window, c=column)} from t"
    with duckdb.connect() as connection:
        connection.register("t", table.to_arrow())
        theirs = dict(connection.execute(query).fetchall())
    mine = dict(found.select("id", function.output).iter_rows())
    assert mine.keys() == theirs.keys()
    for id, value in theirs.items():
        if isinstance(value, float | Decimal):
            assert mine[id] == pytest.approx(float(value), rel=1e-12, abs=1e-12, nan_ok=True), id
        else:
            assert mine[id] == value, id


RANKS = {
    "rank": "rank() over ({w})",
    "dense_rank": "dense_rank() over ({w})",
    "percent_rank": "percent_rank() over ({w})",
    "max_rank": "rank() over ({w}) - 1 + count(*) over ({w} range between current row and current row)",
    "average_rank": "rank() over ({w}) + (count(*) over ({w} range between current row and current row) - 1) / 2",
}


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("by", GROUPS)
@pytest.mark.parametrize("kind", RANKS)
def test_ranks_are_those_of_sql(kind: Any, by: str, order: str, table: str) -> None:
    assert_is_sql(RANKS[kind], WindowFunction(kind, "out"), GROUPS[by], ORDERS[order], TABLES[table])


SHIFTED = "lag({{c}}, {}) over ({{w}})"
FORWARD = "last_value({{v}} ignore nulls) over ({{w}} rows between {} preceding and current row)"
BACKWARD = "first_value({{v}} ignore nulls) over ({{w}} rows between current row and {} following)"
MOVES: list[tuple[str, WindowFunction]] = [
    ("row_number() over ({w})", WindowFunction("row_number", "out", "x")),
    *((SHIFTED.format(n), WindowFunction("shift", "out", c, offset=n)) for c in "xitbd" for n in (0, 1, 3, -2, 100)),
    *((FORWARD.format("unbounded"), WindowFunction("fill_forward", "out", c)) for c in "xitbd"),
    *((BACKWARD.format("unbounded"), WindowFunction("fill_backward", "out", c)) for c in "xitbd"),
    *((FORWARD.format(n), WindowFunction("fill_forward", "out", c, limit=n)) for c in "xt" for n in (0, 1, 2)),
    *((BACKWARD.format(n), WindowFunction("fill_backward", "out", c, limit=n)) for c in "xt" for n in (0, 1, 2)),
]
SQL = {
    "sum": "sum({v})",
    "mean": "avg({v})",
    "min": "min({v})",
    "max": "max({v})",
    "count": "count({v})",
    "std": "stddev_samp({v})",
    "median": "median({v})",
}
MEASURED = [
    *((f, c) for f in SQL for c in ("x", "i")),
    *((f, "d") for f in ("min", "max", "count")),
    *((f, "b") for f in ("min", "max", "count", "sum")),
    ("count", "t"),
]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("by", GROUPS)
@pytest.mark.parametrize(
    ("sql", "function"), MOVES, ids=[f"{f.kind}-{f.column}-{f.offset}-{f.limit}" for _, f in MOVES]
)
def test_shifts_fills_and_numbers_are_those_of_sql(sql: str, function: WindowFunction, by: str, order: str) -> None:
    for table in TABLES.values():
        assert_is_sql(sql, function, GROUPS[by], (*ORDERS[order], Order("id")), table)


@pytest.mark.parametrize("by", GROUPS)
@pytest.mark.parametrize(("function", "column"), MEASURED)
def test_cumulative_is_that_of_sql_and_missing_where_the_value_is(function: Any, column: str, by: str) -> None:
    value = SQL[function].replace("({v})", f"({_number(function, column)})")
    sql = f"case when {{v}} is not null then {value} over ({{w}} rows unbounded preceding) end"
    for order in ORDERS.values():
        made = WindowFunction("cumulative", "out", column, function)
        for table in TABLES.values():
            assert_is_sql(sql, made, GROUPS[by], (*order, Order("id")), table)


@pytest.mark.parametrize(("window", "least"), [(1, 1), (3, 1), (3, 2), (4, 4), (100, 1)])
@pytest.mark.parametrize("by", GROUPS)
@pytest.mark.parametrize(("function", "column"), MEASURED)
def test_rolling_is_that_of_sql(function: Any, column: str, by: str, window: int, least: int) -> None:
    frame = f"over ({{w}} rows between {window - 1} preceding and current row)"
    value = SQL[function].replace("({v})", f"({_number(function, column)})")
    enough = f"count({{v}}) {frame} >= {0 if function == 'count' else least}"
    sql = f"case when {enough} then {value} {frame} end"
    made = WindowFunction("rolling", "out", column, function, offset=window, min_rows=least)
    for table in TABLES.values():
        assert_is_sql(sql, made, GROUPS[by], (*ORDERS["down"], Order("id")), table)


@pytest.mark.parametrize("by", GROUPS)
@pytest.mark.parametrize(("function", "column"), [*MEASURED, ("min", "t")])
def test_group_is_that_of_sql(function: Any, column: str, by: str) -> None:
    sql = SQL[function].replace("({v})", f"({_number(function, column)})") + " over ({w})"
    for table in TABLES.values():
        assert_is_sql(sql, WindowFunction("group", "out", column, function), GROUPS[by], (), table)


def _number(function: str, column: str) -> str:
    return "{v}::int" if column == "b" and function == "sum" else "{v}"


def test_keys_take_nan_as_nan_and_the_two_zeros_as_one() -> None:
    table = pl.DataFrame({"f": [NAN, 0.0, -0.0, None, NAN, None], "p": [2, 1, 2, 1, 1, 2], "n": [1, 2, 3, 4, 5, 6]})
    grouped = windowed(table, ("f",), (), WindowFunction("group", "out", "n"))
    assert grouped["out"].to_list() == [6, 5, 5, 10, 6, 10]
    ranked = windowed(table, (), (Order("f"),), WindowFunction("rank", "out"), WindowFunction("dense_rank", "dense"))
    assert ranked["out"].to_list() == [3, 1, 1, 5, 3, 5]
    assert ranked["dense"].to_list() == [2, 1, 1, 3, 2, 3]
    second = windowed(table, (), (Order("f"), Order("p", descending=True)), WindowFunction("row_number", "out"))
    assert second["out"].to_list() == [3, 2, 1, 6, 4, 5]


def test_without_an_order_all_rows_rank_the_same_and_numbers_follow_the_table() -> None:
    table = pl.DataFrame({"g": ["a", "b", "a"]})
    kinds: tuple[Any, ...] = (*RANKS, "row_number")
    found = windowed(table, ("g",), (), *(WindowFunction(kind, kind) for kind in kinds))
    assert found["rank"].to_list() == [1, 1, 1]
    assert found["max_rank"].to_list() == [2, 1, 2]
    assert found["average_rank"].to_list() == [1.5, 1.0, 1.5]
    assert found["percent_rank"].to_list() == [0.0, 0.0, 0.0]
    assert found["row_number"].to_list() == [1, 1, 2]


def test_equal_rows_keep_the_order_of_the_table_and_one_order_for_all_functions() -> None:
    table = pl.DataFrame({"k": [1] * 50, "g": [i % 3 for i in range(50)], "n": range(50)})
    functions = (WindowFunction("row_number", "place"), WindowFunction("shift", "before", "n"))
    for descending in (False, True):
        found = windowed(table, ("g",), (Order("k", descending),), *functions)
        assert found["place"].to_list() == [i // 3 + 1 for i in range(50)]
        assert found["before"].to_list() == [None] * 3 + list(range(47))


def test_an_output_replaces_the_column_it_is_named_like_after_all_functions_saw_it() -> None:
    table = pl.DataFrame({"o": [2, 1, 3], "x": [20, 10, 30]})
    functions = (WindowFunction("shift", "x", "x"), WindowFunction("cumulative", "sum", "x"))
    found = windowed(table, (), (Order("o"),), *functions)
    assert found.to_dict(as_series=False) == {"o": [2, 1, 3], "x": [10, None, 20], "sum": [30, 10, 60]}


KINDS: tuple[Any, ...] = ("cumulative", "rolling", "group")


@pytest.mark.parametrize("kind", KINDS)
def test_types_are_those_of_aggregates(kind: Any) -> None:
    table = pl.DataFrame(
        {"g": [1, 1], "s": [100, 100], "b": [True, True], "f": [0.5, 0.25], "d": ["1.10", "2.20"], "t": [time(1)] * 2}
    ).cast({"s": pl.Int8, "f": pl.Float32, "d": pl.Decimal(10, 2)})

    def made(function: Any, column: str) -> pl.Series:
        series = windowed(
            table, ("g",), (Order("g"),), WindowFunction(kind, "out", column, function, offset=2, min_rows=1)
        )["out"]
        assert isinstance(series, pl.Series)
        return series

    for column in "sbf":
        for function in ("mean", "std", "median"):
            assert made(function, column).dtype == pl.Float64
        assert made("min", column).dtype == table.schema[column]
        assert made("sum", column).dtype == (pl.Float64 if column == "f" else pl.Int64)
        assert made("count", column).dtype == pl.Int64
    assert made("sum", "s")[1] == 200
    assert made("max", "t").to_list() == [time(1), time(1)]
    decimal = made("sum", "d")
    assert decimal[1] == (pytest.approx(3.3) if kind == "rolling" else Decimal("3.30"))
    assert decimal.dtype == (pl.Float64 if kind == "rolling" else pl.Decimal(38, 2))


@pytest.mark.parametrize("kind", ["cumulative", "rolling"])
def test_a_column_of_nulls_is_taken_as_numbers(kind: Any) -> None:
    table = pl.DataFrame({"n": [None, None]})
    for function in SQL:
        made = replace(WindowFunction(kind, "out", "n"), function=function)  # type: ignore[arg-type]
        found = windowed(table, (), (Order("n"),), made)["out"]
        count = kind == "rolling" and function == "count"
        assert found.to_list() == ([0, 0] if count else [None, None])
        assert found.dtype == (pl.Int64 if function == "count" else pl.Float64)


def test_lists_are_shifted_and_filled() -> None:
    table = pl.DataFrame({"o": [1, 2, 3], "l": [[1], None, [2]]})
    functions = (WindowFunction("shift", "s", "l"), WindowFunction("fill_forward", "f", "l"))
    found = windowed(table, (), (Order("o", descending=True),), *functions)
    assert found["s"].to_list() == [None, [2], None]
    assert found["f"].to_list() == [[1], [2], [2]]


@pytest.mark.parametrize("kind", KINDS)
def test_a_sum_too_large_is_an_error(kind: Any) -> None:
    table = pl.DataFrame({"n": [2**62, 2**62]})
    with pytest.raises(StepError, match="too large for a whole number"):
        windowed(table, (), (Order("n"),), WindowFunction(kind, "out", "n", "sum", offset=2))


def test_what_left_a_rolling_window_leaves_no_trace() -> None:
    table = pl.DataFrame({"o": range(8), "x": [1e20, 0.1, 0.1, 0.1, float("inf"), 0.1, 0.1, 0.1]})
    for function, expected in (("sum", 0.2), ("mean", 0.1), ("std", 0.0)):
        made = WindowFunction("rolling", "out", "x", function, offset=2)  # type: ignore[arg-type]
        found = windowed(table, (), (Order("o"),), made)["out"]
        assert [found[i] for i in (2, 3, 6, 7)] == pytest.approx([expected] * 4, rel=1e-15, abs=1e-15)


def test_keys_of_every_kind() -> None:
    table = pl.DataFrame(
        {
            "d": [date(2024, 1, 2), None, date(2024, 1, 1)],
            "u": [datetime(2024, 1, 2), None, datetime(2024, 1, 1)],
            "t": ["é", None, "z"],
            "b": [True, None, False],
        }
    )
    for key in ("d", "u", "b"):
        assert windowed(table, (key,), (Order(key),), WindowFunction("row_number", "out"))["out"].to_list() == [1, 1, 1]
        assert windowed(table, (), (Order(key),), WindowFunction("rank", "out"))["out"].to_list() == [2, 3, 1]
    assert windowed(table, (), (Order("t", True),), WindowFunction("rank", "out"))["out"].to_list() == [1, 3, 2]
