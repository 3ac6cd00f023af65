"""Every relation, with every option, on Spark and on polars."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from flows.engines.polars_engine import PolarsEngine
from tests.checks import assert_same_rows
from tests.spark.tables import COMPARABLE, NAN, NASTY, NUMBERS, TABLES
from transforms.core.errors import StepError
from transforms.core.relations import (
    Aggregate,
    AsofJoin,
    Concat,
    Distinct,
    Join,
    Limit,
    MapRows,
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
from transforms.core.rowwise import AddColumns, KeepRows, RefuseRows, SelectColumns
from transforms.core.statistics import Head, Missing, Quantile, Rows, ValueCounts

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

Compare = Callable[..., pl.DataFrame]
GROUPS: dict[str, tuple[str, ...]] = {"text": ("g",), "floats": ("h", "b"), "whole": ()}
ORDERS = {
    "up": (Order("k"), Order("m")),
    "down": (Order("k", descending=True, nulls_last=False), Order("m", descending=True)),
    "mixed": (Order("m", descending=True, nulls_last=True), Order("k", nulls_last=False)),
}


@pytest.fixture
def compare(spark: SparkSession) -> Compare:
    """Collect a relation on both engines and assert that rows and columns are the same."""
    from flows.engines.spark_engine import SparkEngine

    def go(relation: Relation, *, ordered: bool = False, **tables: pl.DataFrame) -> pl.DataFrame:
        here, there = PolarsEngine.over(tables), SparkEngine(spark, tables)
        expected, found = here.collect(relation), there.collect(relation)
        assert found.schema == there.schema(relation), "the predicted columns"
        if ordered:
            assert_frame_equal(found, expected, check_exact=False, rel_tol=1e-9, abs_tol=1e-12)
        else:
            assert_same_rows(found, expected, exact=False)
        return found

    return go


@pytest.mark.parametrize("table", TABLES)
def test_row_steps_are_fused_and_keep_every_type(table: str, compare: Compare) -> None:
    added = MapRows(Source("t"), AddColumns((pl.col("i8") + 1, pl.col("t").str.to_uppercase().alias("a.b"))))
    kept = MapRows(added, KeepRows(pl.col("m").is_not_null()))
    compare(MapRows(kept, SelectColumns((pl.all(),))), t=TABLES[table])


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("nulls_last", [True, False])
def test_sort_orders_every_type(table: str, nulls_last: bool, compare: Compare) -> None:
    for name in COMPARABLE:
        for descending in (False, True):
            if table == "rows" or name in ("wild", "nothing"):
                by = (Order(name, descending, nulls_last), Order("id"))
                compare(Sort(Source("t"), by), ordered=True, t=TABLES[table].select(*dict.fromkeys(["id", name])))


def test_limit_takes_the_first_rows_in_order(compare: Compare) -> None:
    by = (Order("k"), Order("id", descending=True))
    for rows, offset in ((5, 0), (7, 3), (0, 0), (100, 40), (3, 100), (10**6, 46)):
        compare(Limit(Sort(Source("t"), by), rows, offset), ordered=True, t=NASTY)
    compare(Limit(Source("t"), 30, 10), ordered=True, t=NASTY)
    compare(Limit(MapRows(Source("t"), KeepRows(pl.col("b"))), 7), ordered=True, t=NASTY)
    compare(Limit(Source("t"), 3), ordered=True, t=NASTY.clear())


def test_values_and_ranges(compare: Compare) -> None:
    compare(Values(NASTY), ordered=True)
    compare(Values(NASTY.clear()), ordered=True)
    compare(Range(10_000, "a.b"), ordered=True)
    compare(Range(0), ordered=True)


@pytest.mark.parametrize("table", TABLES)
def test_samples_are_the_same_rows(table: str, compare: Compare) -> None:
    for rows, seed, per in ((10, 0, ()), (10, 7, ()), (0, 0, ()), (1000, 0, ()), (2, 1, ("g",)), (1, 1, ("h", "b"))):
        compare(Sample(Source("t"), rows, seed, per), t=TABLES[table])
    compare(Sample(Source("t"), 4), t=pl.DataFrame({"same": [1] * 9}))


@pytest.mark.parametrize("keep", ["first", "last", "none"])
@pytest.mark.parametrize("table", TABLES)
def test_distinct_rows_are_the_same(table: str, keep: Any, compare: Compare) -> None:
    for columns in (("g",), ("h", "b"), ("list",), ("struct",), ()):
        compare(Distinct(Source("t"), columns, keep), t=TABLES[table])
    compare(Distinct(Source("t"), ("g",), keep, ORDERS["mixed"]), t=TABLES[table])
    twice = pl.concat([TABLES[table], TABLES[table][:10]])
    compare(Distinct(Source("t"), tuple(NASTY.columns), keep), t=twice)


@pytest.mark.parametrize("by", GROUPS)
@pytest.mark.parametrize("table", TABLES)
def test_aggregates_are_the_same(table: str, by: str, compare: Compare) -> None:
    statistics: tuple[Any, ...] = ("sum", "mean", "median", "std", "var", "quantile")
    measures = [Measure(f, c, f"{f} {c}", 0.3) for c in NUMBERS for f in statistics]
    measures += [Measure(f, "b", f"{f} b") for f in ("any", "all")]
    every: tuple[Any, ...] = ("count", "count_missing", "first", "last", "list")
    measures += [Measure(f, c, f"{f} {c}") for c in NASTY.columns for f in every]
    measures += [Measure(f, c, f"{f} {c}") for c in COMPARABLE for f in ("min", "max", "mode", "count_distinct")]
    measures += [Measure("rows", "", "rows")]
    compare(Aggregate(Source("t"), GROUPS[by], tuple(measures), (*ORDERS["down"], Order("id"))), t=TABLES[table])


def test_aggregates_without_an_order(compare: Compare) -> None:
    constant = NASTY.with_columns(m=pl.lit(3))
    measures = tuple(Measure(f, "m", f) for f in ("first", "last", "list"))
    compare(Aggregate(Source("t"), ("g",), measures), t=constant)
    compare(Aggregate(Source("t"), ("g", "list"), ()), t=NASTY)


def test_lists_and_firsts_follow_every_order(compare: Compare) -> None:
    measures = tuple(Measure(f, "id", f) for f in ("first", "last", "list"))
    for order in ORDERS.values():
        for by in GROUPS.values():
            compare(Aggregate(Source("t"), by, measures, (*order, Order("id"))), t=NASTY)


SUMS = ("sum", "mean", "min", "max", "count", "std")
RANKS = ("rank", "dense_rank", "average_rank", "max_rank", "percent_rank")
TEMPORAL = ["d", "naive", "zoned", "time", "span"]


def functions(*, medians: bool) -> tuple[WindowFunction, ...]:
    made = [WindowFunction("row_number", "row_number")]
    made += [WindowFunction(kind, kind) for kind in RANKS]  # type: ignore[arg-type]
    made += [WindowFunction("shift", f"shift {c} {n}", c, offset=n) for c in NASTY.columns for n in (1, -2)]
    made += [WindowFunction("shift", f"shift x {n}", "x", offset=n) for n in (0, 100, -100)]
    for fill in ("fill_forward", "fill_backward"):
        made += [WindowFunction(fill, f"{fill} {c}", c) for c in NASTY.columns]
        made += [WindowFunction(fill, f"{fill} x {n}", "x", limit=n) for n in (0, 1, 2)]
    number = (*SUMS, "median") if medians else SUMS
    for c in (*NUMBERS, "nothing"):
        made += [WindowFunction("cumulative", f"cumulative {f} {c}", c, f) for f in number]  # type: ignore[arg-type]
        for n, least in ((1, 1), (3, 2), (100, 1)):
            made += [
                WindowFunction("rolling", f"rolling {f} {c} {n}", c, f, n, least)  # type: ignore[arg-type]
                for f in number
            ]
        made += [WindowFunction("group", f"group {f} {c}", c, f) for f in (*SUMS, "median")]  # type: ignore[arg-type]
    for c in TEMPORAL:
        made += [WindowFunction("cumulative", f"cumulative {f} {c}", c, f) for f in ("min", "max", "count")]
        made += [WindowFunction("rolling", f"rolling {f} {c}", c, f, 3) for f in ("min", "max", "count")]
        made += [WindowFunction("group", f"group {f} {c}", c, f) for f in ("min", "max", "count")]
    return tuple(made)


@pytest.mark.parametrize("by", GROUPS)
@pytest.mark.parametrize("order", ORDERS)
def test_windows_are_the_same(by: str, order: str, compare: Compare) -> None:
    compare(Window(Source("t"), GROUPS[by], (*ORDERS[order], Order("id")), functions(medians=False)), t=NASTY)


@pytest.mark.parametrize("table", TABLES)
def test_windows_with_running_medians_are_the_same(table: str, compare: Compare) -> None:
    for by in GROUPS.values():
        relation = Window(Source("t"), by, (*ORDERS["down"], Order("id")), functions(medians=True))
        compare(relation, t=TABLES[table])


@pytest.mark.parametrize("table", TABLES)
def test_ranks_share_places_whatever_the_order(table: str, compare: Compare) -> None:
    ranks = tuple(WindowFunction(kind, kind) for kind in RANKS)  # type: ignore[arg-type]
    for by in GROUPS.values():
        for order in (*ORDERS.values(), (Order("h"),), ()):
            compare(Window(Source("t"), by, order, ranks), t=TABLES[table])


def test_ties_follow_the_order_of_the_table(compare: Compare) -> None:
    table = pl.DataFrame({"k": [1] * 50, "g": [i % 3 for i in range(50)], "n": range(50)})
    made = (WindowFunction("row_number", "place"), WindowFunction("shift", "n", "n"), WindowFunction("rank", "rank"))
    for order in ((Order("k"),), (Order("k", descending=True),), ()):
        compare(Window(Source("t"), ("g",), order, made), t=table)


LEFT = NASTY.select("k", "g", "m", "b", "list", "i8", other="h")
RIGHT = NASTY.reverse()[:30].select("h", "g", "x", "d", other="k", m="i64")


@pytest.mark.parametrize("how", ["inner", "left", "right", "full", "semi", "anti"])
def test_joins_are_the_same(how: Any, compare: Compare) -> None:
    for left, right in ((LEFT, RIGHT), (LEFT.clear(), RIGHT), (LEFT, RIGHT.clear()), (LEFT[:1], RIGHT)):
        compare(Join(Source("l"), Source("r"), ("k",), ("other",), how), l=left, r=right)
    compare(Join(Source("l"), Source("r"), ("k", "g"), ("other", "g"), how, "__"), l=LEFT, r=RIGHT)
    compare(Join(Source("l"), Source("r"), ("i8",), ("m",), how), l=LEFT, r=RIGHT)
    compare(Join(Source("l"), Source("r"), ("other",), ("m",), how), l=LEFT, r=RIGHT)
    compare(Join(Source("l"), Source("l"), ("k",), ("k",), how), l=LEFT)
    nulls = pl.DataFrame({"k": [None, None], "v": [1, 2]})
    compare(Join(Source("l"), Source("r"), ("g",), ("k",), how), l=LEFT, r=nulls)


def test_keys_of_dates_decimals_and_structs_are_compared_as_their_common_type(compare: Compare) -> None:
    days = NASTY.select("d", "dec", "struct", "i8")
    times = NASTY.select(pl.col("d").cast(pl.Datetime("us")).alias("d"), "dec", "struct", v="id")
    for left_on, right_on in ((("d",), ("d",)), (("dec", "struct"), ("dec", "struct")), (("i8",), ("dec",))):
        for how in ("left", "right", "full"):
            compare(Join(Source("l"), Source("r"), left_on, right_on, how), l=days, r=times)


def test_cross_join(compare: Compare) -> None:
    compare(Join(Source("l"), Source("r"), (), (), "cross"), l=LEFT, r=RIGHT[:5])
    compare(Join(Source("l"), Source("r"), (), (), "cross"), l=LEFT, r=RIGHT.clear())


@pytest.mark.parametrize("strategy", ["backward", "forward"])
def test_asof_joins_are_the_same(strategy: Any, compare: Compare) -> None:
    for left_on, right_on, by in (
        ("k", "x", ("g",)),
        ("d", "naive", ("h", "b")),
        ("zoned", "zoned", ()),
        ("time", "time", ("g",)),
        ("m", "i8", ("i32",)),
        ("wild", "wild", ()),
    ):
        relation = AsofJoin(Source("l"), Source("r"), left_on, right_on, by, by, strategy)
        compare(relation, l=NASTY, r=NASTY.reverse()[:30])
    empty = NASTY.clear()
    for left, right in ((empty, NASTY), (NASTY, empty)):
        compare(AsofJoin(Source("l"), Source("r"), "k", "x", strategy=strategy), l=left, r=right)


def test_concat_matches_names_and_widens_types(compare: Compare) -> None:
    a, b, c = NASTY.select("id", "i8", "g", "list"), NASTY.select("x", id="i64", i8="wild"), NASTY.select(g="nothing")
    compare(Concat((Source("a"), Source("b"), Source("c"), Source("a"))), ordered=True, a=a, b=b, c=c)
    compare(Concat((Source("a"),)), ordered=True, a=a)


def test_names_of_every_kind_pass_through_every_relation(compare: Compare) -> None:
    table = NASTY.select(
        pl.col("g").alias("a.b"), pl.col("k").alias("A.b"), pl.col("m").alias("`x` y"), pl.col("x").alias(""),
        pl.col("id").alias("😀"), pl.col("i8").alias("ID"), pl.col("h").alias("id"),
    )  # fmt: skip
    order, source = (Order("A.b"), Order("😀")), Source("t")
    measures = (Measure("sum", "`x` y", "a.c"), Measure("first", "", "`"), Measure("max", "ID", "Id"))
    made = (WindowFunction("rank", "r.1"), WindowFunction("cumulative", "", "`x` y"))
    for relation in (
        MapRows(source, AddColumns((pl.col("").alias("."),))),
        Sort(source, order),
        Limit(Sort(source, order), 5),
        Sample(source, 9, per=("a.b",)),
        Distinct(source, ("a.b", ""), order_by=order),
        Aggregate(source, ("a.b", "id"), measures, order),
        Window(source, ("a.b",), order, made),
        Join(source, source, ("", "a.b"), ("", "a.b"), "full", "."),
        AsofJoin(source, source, "", "A.b", ("a.b",), ("a.b",), suffix="`"),
        Concat((source, source)),
    ):
        compare(relation, t=table)


IN_POLARS = tuple(WindowFunction("cumulative", f, "i", f) for f in ("sum", "median"))
LARGE = pl.DataFrame({"g": [1, 1, 2], "i": [2**62, 2**62, 1]})


@pytest.mark.parametrize(
    "relation",
    [
        Aggregate(Source("t"), ("g",), (Measure("sum", "i", "out"),)),
        Aggregate(Source("t"), (), (Measure("sum", "i", "out"),)),
        Window(Source("t"), ("g",), (Order("i"),), (WindowFunction("cumulative", "out", "i"),)),
        Window(Source("t"), ("g",), (Order("i"),), (WindowFunction("rolling", "out", "i", offset=2),)),
        Window(Source("t"), ("g",), (Order("i"),), IN_POLARS),
        Window(Source("t"), ("g",), (), (WindowFunction("group", "out", "i"),)),
    ],
    ids=["group", "table", "cumulative", "rolling", "in polars", "window"],
)  # fmt: skip
def test_a_sum_too_large_is_the_error_that_polars_gives(relation: Relation, spark: SparkSession) -> None:
    from flows.engines.spark_engine import SparkEngine

    with pytest.raises(StepError) as expected:
        PolarsEngine.over({"t": LARGE}).collect(relation)
    with pytest.raises(StepError) as found:
        SparkEngine(spark, {"t": LARGE}).collect(relation)
    assert str(found.value) == str(expected.value)


def test_a_sum_that_fits_in_the_end_is_no_overflow(compare: Compare) -> None:
    table = pl.DataFrame({"i": [2**63 - 1, 1, -1]})
    assert compare(Aggregate(Source("t"), (), (Measure("sum", "i", "out"),)), t=table).item() == 2**63 - 1


def test_an_error_raised_by_a_step_arrives_as_it_was(spark: SparkSession) -> None:
    from flows.engines.spark_engine import SparkEngine

    refused = MapRows(Source("t"), RefuseRows(pl.col("i") == 1, "Found {}.\nIt is “too” small.", pl.col("i")))
    with pytest.raises(StepError, match=r"^Found '1'\.\nIt is “too” small\.") as found:
        SparkEngine(spark, {"t": LARGE}).collect(refused)
    with pytest.raises(StepError) as expected:
        PolarsEngine.over({"t": LARGE}).collect(refused)
    assert str(found.value) == str(expected.value)


def test_keys_that_cannot_be_compared_are_an_error_that_names_both(spark: SparkSession) -> None:
    from flows.engines.spark_engine import SparkEngine

    with pytest.raises(StepError, match="'g' holds integer values and 't', on the right, text values"):
        SparkEngine(spark, {"l": LARGE, "r": NASTY}).collect(Join(Source("l"), Source("r"), ("g",), ("t",)))


def test_names_that_look_like_patterns_are_names(spark: SparkSession) -> None:
    from flows.engines.spark_engine import SparkEngine

    columns = {"^g$": ["a", "b", "a", None], "*": [4, 3, 2, 1], "^.*$": [1.0, NAN, 3.0, None], "g": [1, 2, 3, 4]}
    rows, source = pl.DataFrame(columns), Source("rows")
    here, there = PolarsEngine.over({"rows": rows}), SparkEngine(spark, {"rows": rows})
    sums = Aggregate(source, ("^g$",), (Measure("sum", "*", "sum"), Measure("mean", "^.*$", "mean")))
    ranked = Window(source, ("^g$",), (Order("*"),), (WindowFunction("row_number", "place"),))
    for table in (
        sums,
        ranked,
        Sort(source, (Order("^.*$"), Order("*"))),
        Distinct(source, ("^g$",), "first", (Order("*"),)),
        Distinct(source, ("^g$",), "none"),
        Sample(source, 2, per=("^g$",)),
        Join(source, sums, ("^g$",), ("^g$",), "left"),
        Join(source, ranked, ("*",), ("*",), "full"),
        AsofJoin(source, sums, "g", "sum"),
        Concat((source, sums)),
    ):
        assert_same_rows(there.collect(table), here.collect(table))
    asked = [Rows(("^g$", "*"), 2), Head(("^.*$",), 1), Missing("^.*$"), ValueCounts("^g$"), Quantile("*", 0.5)]
    mine, theirs = (engine.measure([(source, asked)])[0] for engine in (here, there))
    assert mine[2:] == theirs[2:]
    assert mine[0].equals(theirs[0])
    assert mine[1].equals(theirs[1])
