"""Every statistic on Spark: the answers of the polars engine, in as few passes as they need."""

from __future__ import annotations

import random
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from flows.engines.base import settle
from flows.engines.polars_engine import PolarsEngine
from flows.engines.spark_partials import CountedValues, DrawnRows, Partial
from flows.engines.spark_quantiles import ordered_keys, value_of
from flows.engines.spark_reduce import Pile, from_frame
from flows.engines.spark_rows import map_rows, to_spark
from flows.engines.spark_statistics import answers, measured
from tests.drawing import examples
from tests.spark.tables import COMPARABLE, INF, NAN, NASTY, NUMBERS, TABLES
from transforms.core import statistics as stat
from transforms.core.errors import StepError
from transforms.core.relations import Source

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Ask = Callable[..., list[Any]]
FEW_DIGITS = 1e-11
"""Floats are rounded to 12 digits on both engines; the last may differ with the order of summation."""
REFUSED = "no number is welcome"
number = st.one_of(
    st.none(),
    st.sampled_from([NAN, INF, -INF, 0.0, -0.0, 5e-324, 1.7e308, -1.7e308, 1.0]),
    st.floats(),
    st.integers(-3, 3).map(float),
    st.floats(1e6, 1e6 + 1),
)
moderate = st.one_of(st.none(), st.just(NAN), st.floats(-1e6, 1e6), st.just(0.1))


def by_polars(table: pl.DataFrame, asked: Sequence[stat.Statistic]) -> list[Any]:
    return PolarsEngine.over({"t": table}).measure([(Source("t"), asked)])[0]


def in_pieces(table: pl.DataFrame, cuts: Sequence[int], asked: Sequence[stat.Statistic]) -> list[Any]:
    """Answers from pieces of a table, by the functions that executors run, without Spark."""
    ends = [0, *sorted(cuts), table.height]
    pieces = [table[start:end].lazy() for start, end in pairwise(ends)]

    def reduce(partials: Sequence[Partial]) -> list[pl.DataFrame]:
        merged = [each.merge(pl.concat([each.start(piece) for piece in pieces])) for each in partials]
        return [each.combine(each.finish(found)) for each, found in zip(partials, merged, strict=True)]

    return answers(reduce, table.schema, asked)


def assert_equal(found: Sequence[float | None], expected: Sequence[float | None]) -> None:
    """Equal to the last bit; NaN is NaN."""
    for one, other in zip(found, expected, strict=True):
        assert one == other or (one != one and other != other)


def assert_same(found: Any, expected: Any) -> None:
    assert type(found) is type(expected)
    if isinstance(expected, pl.DataFrame):
        assert found.schema == expected.schema
        assert_frame_equal(found, expected, rel_tol=FEW_DIGITS, abs_tol=0)
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, rel=FEW_DIGITS, abs=0, nan_ok=True)
    elif isinstance(expected, dict):
        assert list(found.items()) == list(expected.items())
    elif isinstance(expected, stat.CovarianceMatrix):
        assert found.rows == expected.rows
        assert found.means == pytest.approx(expected.means, rel=FEW_DIGITS, abs=0, nan_ok=True)
        spread = np.sqrt(np.diag(expected.matrix))
        difference = np.abs(np.array(found.matrix) - np.array(expected.matrix))
        assert (difference <= FEW_DIGITS * np.outer(spread, spread)).all()
    elif isinstance(expected, tuple) and expected and isinstance(expected[0], tuple):
        for row, other in zip(found, expected, strict=True):
            assert row == pytest.approx(other, abs=FEW_DIGITS)
    else:
        assert found == expected


@pytest.fixture
def ask(spark: SparkSession) -> Ask:
    """Measure a table on Spark, cut into so many partitions."""

    def go(table: pl.DataFrame, *asked: stat.Statistic, partitions: int = 5) -> list[Any]:
        return measured(from_frame(to_spark(spark, table).repartition(partitions), table.schema), table.schema, asked)

    return go


def jobs_of(spark: SparkSession, work: Callable[[], Any], name: str) -> int:
    context = spark.sparkContext
    context.setJobGroup(name, name)
    work()
    context.setLocalProperty("spark.jobGroup.id", "")
    return len(context.statusTracker().getJobIdsForGroup(name))


def everything() -> list[stat.Statistic]:
    """Statistics of every kind over columns of every type, sums that polars wraps left out."""
    asked: list[stat.Statistic] = [stat.Count(), stat.CountWhere(pl.col("x") > 1), stat.CountWhere(pl.col("b"))]
    for name in NASTY.columns:
        asked += [stat.Missing(name), stat.Distinct(name), stat.PairCounts(name, "m", 20)]
    for name in COMPARABLE:
        asked += [stat.Min(name), stat.Max(name), stat.ValueCounts(name), stat.ValueCounts(name, 3)]
        asked += [stat.GroupMeans("x", name), stat.GroupMeans("x", name, 2)]
    for name in (*NUMBERS, "wild", "i64", "span", "d", "naive", "nothing"):
        asked += [stat.Mean(name), stat.Std(name), stat.Std(name, 0)]
    for name in (*NUMBERS, "wild", "i64"):
        asked.append(stat.Histogram(name, (-1, 0, 0.5, 2, 100)))
    asked += [stat.Sum(name) for name in ("m", "x", "i8", "b", "dec", "span", "wild", "nothing")]
    asked += [stat.GroupMeans(name, "g") for name in (*NUMBERS, "wild", "nothing")]
    asked += [stat.Rows((*COMPARABLE, "list", "struct"), 7, seed=3), stat.Rows(("x", "h"), 2, per="h")]
    asked += [stat.Rows(("zoned", "g", "b", "dec"), 2, per=name) for name in ("g", "zoned", "b", "dec")]
    asked += [stat.Covariance(tuple(NUMBERS)), stat.Covariance(("wild", "x")), stat.Covariance(())]
    asked += [stat.Correlation((*NUMBERS, "nothing")), stat.Correlation(("wild", "x")), stat.Correlation(())]
    asked += [stat.ValueCounts("list", explode=True), stat.ValueCounts(pl.col("t").str.split(" "), explode=True)]
    asked += [stat.PairCounts("h", "zoned"), stat.PairCounts("dec", "b"), stat.Mean(pl.col("t").str.len_chars())]
    return asked


@pytest.mark.spark
@pytest.mark.parametrize("partitions", [1, 5])
@pytest.mark.parametrize("name", TABLES)
def test_every_statistic_has_the_answer_of_polars(ask: Ask, name: str, partitions: int) -> None:
    asked, table = everything(), TABLES[name]
    found = ask(table, *asked, partitions=partitions)
    for statistic, answer, expected in zip(asked, found, by_polars(table, asked), strict=True):
        try:
            assert_same(answer, expected)
        except AssertionError as error:
            raise AssertionError(f"{statistic}: {answer} for {expected}") from error


@pytest.mark.spark
def test_quantiles_are_those_of_polars_to_the_last_bit(ask: Ask) -> None:
    names, shares = [*NUMBERS, "wild", "i64", "naive", "nothing"], (0, 0.1, 1 / 3, 0.5, 0.77, 1)
    for table in (NASTY, TABLES["missing"]):
        found = iter(ask(table, *(stat.Quantile(name, q) for name in names for q in shares)))
        for name in names:
            # Polars counts missing values into the rank before it takes the fraction, which costs digits.
            value = pl.col(name).fill_nan(None) if table.schema[name].is_float() else pl.col(name)
            present = table.select(value.drop_nulls())
            expected = by_polars(present, [stat.Quantile(name, q) for q in shares])
            assert_equal([next(found) for _ in shares], expected)


@pytest.mark.spark
@settings(max_examples=examples(20), deadline=None)
@given(values=st.lists(number, max_size=60), other=st.lists(moderate, max_size=60), q=st.floats(0, 1))
def test_any_numbers_have_the_quantiles_and_deviations_of_polars(
    spark: SparkSession, values: list[float | None], other: list[float | None], q: float
) -> None:
    size = max(len(values), len(other))
    table = pl.DataFrame(
        {"v": values + [None] * (size - len(values)), "o": other + [None] * (size - len(other))},
        schema={"v": pl.Float64, "o": pl.Float64},
    )
    found = measured(
        from_frame(to_spark(spark, table).repartition(3), table.schema),
        table.schema,
        [stat.Quantile("v", q), stat.Quantile("v", 0.5), stat.Min("v"), stat.Max("v"), stat.Std("o"), stat.Mean("o")],
    )
    present = table.filter(pl.col("v").is_not_nan())
    expected = by_polars(present, [stat.Quantile("v", q), stat.Quantile("v", 0.5), stat.Min("v"), stat.Max("v")])
    assert_equal(found[:4], expected)
    numbers = [x for x in other if x is not None and x == x]
    spread = statistics.stdev(numbers) if len(numbers) > 1 else None
    assert found[4] == (None if spread is None else pytest.approx(spread, rel=FEW_DIGITS, abs=1e-300))
    assert found[5] == (pytest.approx(statistics.fmean(numbers), rel=FEW_DIGITS, abs=1e-9) if numbers else None)


@settings(max_examples=examples(100), deadline=None)
@given(values=st.lists(number, max_size=80), q=st.floats(0, 1), data=st.data())
def test_quantiles_do_not_depend_on_the_pieces(values: list[float | None], q: float, data: st.DataObject) -> None:
    table = pl.DataFrame({"v": values}, schema={"v": pl.Float64})
    cuts = data.draw(st.lists(st.integers(0, table.height), max_size=4))
    asked = [stat.Quantile("v", q), stat.Quantile(pl.col("v"), 0.5)]
    expected = by_polars(table.filter(pl.col("v").is_not_nan()), asked)
    assert_equal(in_pieces(table, cuts, asked), expected)


@settings(max_examples=examples(60), deadline=None)
@given(rows=st.lists(st.tuples(moderate, moderate, moderate), max_size=40), data=st.data())
def test_correlations_do_not_depend_on_the_pieces(rows: list[tuple[float | None, ...]], data: st.DataObject) -> None:
    table = pl.DataFrame(rows, schema={"a": pl.Float64, "b": pl.Float64, "c": pl.Float64}, orient="row")
    cuts = data.draw(st.lists(st.integers(0, table.height), max_size=4))
    asked = [stat.Covariance(("a", "b", "c")), stat.Correlation(("a", "b", "c"))]
    whole, pieces = in_pieces(table, [], asked), in_pieces(table, cuts, asked)
    assert_same(pieces[0], whole[0])
    for i in range(3):
        for j in range(3):
            assert (pieces[1][i][j] is None) == (whole[1][i][j] is None)
    both = table.select("a", "b").filter(pl.all_horizontal(pl.all().is_not_nan())).to_numpy()
    if len(both) > 2 and both.std(axis=0).min() > 1e-3:
        assert pieces[1][0][1] == pytest.approx(np.corrcoef(both.T)[0, 1], abs=1e-9)


def test_large_means_cost_no_digits() -> None:
    values = np.random.default_rng(0).normal(size=(2_000, 2))
    table = pl.DataFrame({"a": values[:, 0] + 1e9, "b": values[:, 0] + values[:, 1] + 1e9})
    exact = table.to_numpy() - 1e9
    asked = [stat.Correlation(("a", "b")), stat.Std("a"), stat.Covariance(("a", "b")), stat.GroupMeans("a", pl.lit(1))]
    correlation, deviation, covariance, groups = in_pieces(table, [1, 700], asked)
    assert correlation[0][1] == pytest.approx(np.corrcoef(exact.T)[0, 1], rel=1e-11)
    assert deviation == pytest.approx(exact[:, 0].std(ddof=1), rel=1e-11)
    assert covariance.matrix == pytest.approx(np.cov(exact.T), rel=1e-11)
    assert groups["std"].to_list() == [deviation]


def test_correlation_with_an_outlier_where_the_other_is_missing_keeps_its_digits() -> None:
    table = pl.DataFrame({"a": [1.0, 2.0, 4.0, 1e12], "b": [2.0, 3.0, 3.0, None]})
    (found,) = in_pieces(table, [], [stat.Correlation(("a", "b"))])
    assert found[0][1] == settle(float(np.corrcoef([1, 2, 4], [2, 3, 3])[0, 1]))


def test_constant_columns_vary_by_exactly_nothing() -> None:
    table = pl.DataFrame({"c": [0.1] * 1_001, "n": range(1_001)})
    asked = [stat.Std("c"), stat.Correlation(("c", "n")), stat.Covariance(("c", "n")), stat.GroupMeans("c", "c")]
    deviation, correlation, covariance, groups = in_pieces(table, [7, 500, 501], asked)
    assert deviation == 0.0
    assert correlation == ((None, None), (None, 1.0))
    assert covariance.matrix[0] == (0.0, 0.0)
    assert groups.rows() == [(0.1, 1_001, 0.1, 0.0)]


def test_sums_of_whole_numbers_are_exact_and_zero_has_no_sign() -> None:
    table = pl.DataFrame({"n": [2**63 - 1] * 5, "z": [-0.0, 0.0, -0.0, 1.0, 0.0]})
    total, counts = in_pieces(table, [2], [stat.Sum("n"), stat.ValueCounts("z")])
    assert total == 5 * (2**63 - 1)
    assert repr(counts) == "{0.0: 4, 1.0: 1}"


def test_keys_keep_the_order_of_floats() -> None:
    values = [-INF, -1.7e308, -1.0, -5e-324, 0.0, 5e-324, 1.0, 1.7e308, INF]
    keys = ordered_keys(np.array(values)).tolist()
    assert keys == sorted(keys)
    assert [value_of(each) for each in keys] == values
    assert ordered_keys(np.array([-0.0])).tolist() == [0]


@pytest.mark.parametrize("kind", ["spread", "close together", "ties", "powers"])
def test_crowded_quantiles_take_no_more_than_four_passes(kind: str) -> None:
    rng, size = np.random.default_rng(1), 200_000
    values = {
        "spread": rng.normal(size=size),
        "close together": 1e15 + rng.random(size),
        "ties": np.where(rng.random(size) < 0.5, 1 / 3, rng.random(size)),
        "powers": np.exp(rng.normal(scale=100, size=size)),
    }[kind]
    table, passes = pl.DataFrame({"v": values}), []
    asked = [stat.Quantile("v", q) for q in (0, 0.01, 0.5, 0.99, 1)]

    def reduce(partials: Sequence[Partial]) -> list[pl.DataFrame]:
        passes.append(len(partials))
        return [each.merge(each.start(table.lazy())) for each in partials]

    assert answers(reduce, table.schema, asked) == by_polars(table, asked)
    assert passes == [1] * len(passes)
    assert len(passes) <= 4


def test_a_table_that_changes_between_passes_gives_a_value_it_has() -> None:
    """Spark may sum floats in another order when it computes a table again."""
    base = np.random.default_rng(2).random(300_000) + 1
    tables = [pl.DataFrame({"v": base * factor}) for factor in (1.0, 1.0 + 1e-9, 1.5, 1.0, 1.0)]
    turns = iter(tables)

    def reduce(partials: Sequence[Partial]) -> list[pl.DataFrame]:
        rows = next(turns).lazy()
        return [each.merge(each.start(rows)) for each in partials]

    (found,) = answers(reduce, tables[0].schema, [stat.Quantile("v", 0.4)])
    assert found == pytest.approx(np.quantile(base, 0.4), rel=0.01)


def test_a_pile_stays_small_and_loses_nothing() -> None:
    rng = random.Random(0)
    numbers = [rng.randrange(50) for _ in range(40_000)]
    table = pl.DataFrame({"n": numbers})
    partial = CountedValues(stat.ValueCounts("n"), table.schema)
    pile = Pile(partial.merge)
    most = 0
    for piece in table.iter_slices(100):
        pile.add(partial.start(piece.lazy()))
        most = max(most, pile.rows)
    assert most <= 64 * 50
    assert partial.answer(partial.finish(pile.whole())) == Counter(numbers)


def test_drawn_rows_are_few_in_every_piece() -> None:
    table = pl.DataFrame({"n": range(1_000)})
    partial = DrawnRows(stat.Rows(("n",), 3), table.schema)
    assert partial.start(table.lazy()).height == 3


@pytest.mark.spark
def test_plain_statistics_are_one_job_and_all_of_them_three(spark: SparkSession) -> None:
    table = NASTY.select("id", "x", "m", "i8", "b", "g")
    frame = to_spark(spark, table)
    kinds = (stat.Mean, stat.Std, stat.Min, stat.Max, stat.Missing, stat.Sum)
    plain = [kind(name) for kind in kinds for name in ("id", "x", "m", "i8", "b")]
    assert len(plain) == 30
    assert jobs_of(spark, lambda: measured(from_frame(frame, table.schema), table.schema, plain), "plain") == 1
    keyed = [stat.ValueCounts("g"), stat.Distinct("x"), stat.GroupMeans("x", "g"), stat.Rows(("id",), 5)]
    quantiles = [stat.Quantile(name, q) for name in ("m", "i8", "b") for q in (0.0, 0.5, 1.0)]
    both = [*plain, *keyed, *quantiles]
    # One pass over the table and two shuffles of what is left of it; Spark starts a job for each.
    assert jobs_of(spark, lambda: measured(from_frame(frame, table.schema), table.schema, both), "both") <= 3


@pytest.mark.spark
def test_only_columns_that_are_measured_are_read(spark: SparkSession) -> None:
    frame = spark.range(4).selectExpr("id as wanted", "1 div (id - 3) as unreadable")
    schema = pl.Schema({"wanted": pl.Int64, "unreadable": pl.Int64})
    asked = [stat.Sum("wanted"), stat.Quantile(pl.col("wanted") + 1, 1.0), stat.CountWhere(pl.col("wanted") > 1)]
    assert measured(from_frame(frame, schema), schema, asked) == [6, 4.0, 2]


@pytest.mark.spark
def test_strange_names_and_whole_table_expressions(ask: Ask) -> None:
    table = pl.DataFrame({"a.b": [1.0, None], "`": ["x", "y"], "": [True, False], "A": [1, 2], "a": [3, 4]})
    asked = [
        *(stat.Distinct(name) for name in table.columns),
        stat.ValueCounts(pl.concat_str(pl.all(), separator="|", ignore_nulls=True)),
        stat.Rows(tuple(table.columns), 2),
        stat.GroupMeans("a.b", ""),
    ]
    for answer, expected in zip(ask(table, *asked), by_polars(table, asked), strict=True):
        assert_same(answer, expected)


@pytest.mark.spark
def test_rows_are_counted_without_reading_any_column(spark: SparkSession) -> None:
    assert measured(from_frame(spark.range(7).select(), pl.Schema()), pl.Schema(), [stat.Count()]) == [7]
    assert measured(from_frame(spark.range(7), pl.Schema({"id": pl.Int64})), pl.Schema({"id": pl.Int64}), []) == []


@pytest.mark.spark
def test_many_different_values_are_counted_exactly(spark: SparkSession) -> None:
    size = 300_000
    numbers, before = spark.range(0, size, 1, 4), pl.Schema({"id": pl.Int64})
    after = pl.Schema({"k": pl.Int64, "v": pl.Float64})
    key = (pl.col("id") * 7919) % size

    def keyed(rows: pl.LazyFrame) -> pl.LazyFrame:
        return rows.select(key.alias("k"), (key % 1_000).cast(pl.Float64).alias("v"))

    frame = map_rows(numbers, keyed, before, after)
    distinct, counts, groups, pairs, median = measured(
        from_frame(frame, after),
        after,
        [
            stat.Distinct("k"),
            stat.ValueCounts("v", 3),
            stat.GroupMeans("v", "k", 10),
            stat.PairCounts("v", "k", 2),
            stat.Quantile("k", 0.5),
        ],
    )
    assert distinct == size
    assert counts == {0.0: 300, 1.0: 300, 2.0: 300}
    assert groups["group"].to_list() == list(range(10))
    assert pairs.rows() == [(0.0, 0, 1), (0.0, 1_000, 1)]
    assert median == (size - 1) / 2


def refuse(values: pl.Series) -> pl.Series:
    if len(values):
        raise StepError(REFUSED)
    return values


@pytest.mark.spark
def test_an_error_in_an_executor_arrives_as_it_was_raised(ask: Ask) -> None:
    with pytest.raises(StepError, match=REFUSED):
        ask(NASTY, stat.Mean(pl.col("x").map_batches(refuse, return_dtype=pl.Float64, is_elementwise=True)))
