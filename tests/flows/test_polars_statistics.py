"""Statistics of the polars engine against numpy and plain Python."""

from __future__ import annotations

from collections import Counter

import numpy as np
import polars as pl
import pytest

from flows.engines.base import settle
from flows.engines.polars_engine import PolarsEngine
from transforms.core import statistics as stat
from transforms.core.relations import Source

NUMBERS = [3.5, None, float("nan"), -1.0, 3.5, 1e9, 0.1, 0.2, None, -0.0]
PRESENT = [x for x in NUMBERS if x is not None and x == x]
TEXTS = ["b", "a", None, "b", "", "é", "a", "c", "b", None]
TABLE = pl.DataFrame(
    {
        "x": NUMBERS,
        "t": TEXTS,
        "n": list(range(10)),
        "g": [i % 3 if i != 5 else None for i in range(10)],
        "e": [None] * 10,
    },
    schema_overrides={"e": pl.Float64},
)


def ask(*statistics: stat.Statistic, table: pl.DataFrame = TABLE) -> list[object]:
    return PolarsEngine.over({"t": table}).measure([(Source("t"), statistics)])[0]


def test_null_and_nan_are_left_out_of_numbers() -> None:
    found = ask(
        stat.Count(),
        stat.Missing("x"),
        stat.Mean("x"),
        stat.Std("x"),
        stat.Std("x", 0),
        stat.Sum("x"),
        stat.Min("x"),
        stat.Max("x"),
    )
    assert found == [
        10,
        3,
        settle(float(np.mean(PRESENT))),
        settle(float(np.std(PRESENT, ddof=1))),
        settle(float(np.std(PRESENT))),
        settle(sum(PRESENT)),
        -1.0,
        1e9,
    ]


@pytest.mark.parametrize("q", [0.0, 0.1, 0.25, 0.5, 0.9, 1.0])
def test_quantiles_are_numpys_linear_ones(q: float) -> None:
    assert ask(stat.Quantile("x", q)) == [pytest.approx(np.quantile(PRESENT, q), rel=1e-15)]


def test_values_are_counted_most_frequent_first_ties_in_value_order() -> None:
    (found,) = ask(stat.ValueCounts("t"))
    assert isinstance(found, dict)
    assert list(found.items()) == [("b", 3), ("a", 2), ("", 1), ("c", 1), ("é", 1)]
    assert ask(stat.ValueCounts("t", limit=2)) == [{"b": 3, "a": 2}]
    assert ask(stat.Distinct("t"), stat.Distinct("x")) == [5, len(set(PRESENT))]


def test_items_of_lists_are_counted() -> None:
    words = pl.col("t").str.split(" ")
    table = pl.DataFrame({"t": ["a b", "b", None, "b c a"]})
    assert ask(stat.ValueCounts(words, explode=True), table=table) == [{"b": 3, "a": 2, "c": 1}]


def test_expressions_stand_where_columns_do() -> None:
    assert ask(stat.Mean(pl.col("n") * 2), stat.CountWhere(pl.col("n") > 7)) == [9.0, 2]


def test_group_means_and_pairs() -> None:
    (groups,) = ask(stat.GroupMeans("n", "g"))
    assert isinstance(groups, pl.DataFrame)
    assert groups["group"].to_list() == [0, 1, 2]
    assert groups["mean"].to_list() == [4.5, 4.0, settle(10 / 2)]
    assert groups["rows"].to_list() == [4, 3, 2]
    (pairs,) = ask(stat.PairCounts("g", "t"))
    assert isinstance(pairs, pl.DataFrame)
    expected = Counter((g, t) for g, t in zip(TABLE["g"], TABLE["t"], strict=True) if g is not None and t is not None)
    assert {(a, b): n for a, b, n in pairs.iter_rows()} == expected


def test_covariance_is_over_complete_rows_and_correlation_pairwise() -> None:
    table = TABLE.with_columns(y=pl.col("n") ** 2 * 1.0)
    complete = table.select("x", "y").filter(pl.col("x").is_not_nan()).drop_nulls().to_numpy()
    (matrix,) = ask(stat.Covariance(("x", "y")), table=table)
    assert isinstance(matrix, stat.CovarianceMatrix)
    assert matrix.rows == len(complete)
    np.testing.assert_allclose(matrix.matrix, np.cov(complete.T), rtol=1e-11)
    np.testing.assert_allclose(matrix.means, complete.mean(axis=0), rtol=1e-11)
    (correlation,) = ask(stat.Correlation(("x", "y", "e")), table=table)
    assert isinstance(correlation, tuple)
    assert correlation[0][1] == pytest.approx(np.corrcoef(complete.T)[0, 1], rel=1e-9)
    assert correlation[2] == (None, None, None)


def test_histogram_is_right_open_with_its_last_bin_closed() -> None:
    assert ask(stat.Histogram("n", (0, 3, 6, 9))) == [(3, 3, 4)]


def test_nothing_to_measure_is_no_failure() -> None:
    empty = TABLE.clear()
    found = ask(
        stat.Count(),
        stat.Mean("x"),
        stat.Sum("n"),
        stat.Min("t"),
        stat.Quantile("x", 0.5),
        stat.ValueCounts("t"),
        stat.Histogram("n", (0, 1)),
        stat.Covariance(("x", "n")),
        table=empty,
    )
    assert found[:7] == [0, None, 0, None, None, {}, (0,)]
    assert found[7] == stat.CovarianceMatrix(0, (0.0, 0.0), ((0.0, 0.0), (0.0, 0.0)))


def test_drawn_rows_do_not_depend_on_the_order_of_the_table() -> None:
    rows = stat.Rows(("n", "t"), limit=4, seed=3)
    (first,) = ask(rows)
    (second,) = ask(rows, table=TABLE.reverse())
    assert isinstance(first, pl.DataFrame)
    assert isinstance(second, pl.DataFrame)
    assert first.equals(second)
    assert first.height == 4
    (other,) = ask(stat.Rows(("n", "t"), limit=4, seed=4))
    assert isinstance(other, pl.DataFrame)
    assert not first.equals(other)


def test_drawn_rows_are_bounded_per_group() -> None:
    (rows,) = ask(stat.Rows(("n", "g"), limit=2, per="g"))
    assert isinstance(rows, pl.DataFrame)
    assert Counter(rows["g"].to_list()) == {0: 2, 1: 2, 2: 2, None: 1}


def test_sums_of_whole_numbers_are_exact_beyond_64_bits() -> None:
    table = pl.DataFrame({"n": [2**63 - 1, 2**63 - 1], "small": pl.Series([2**31 - 1] * 2, dtype=pl.Int32)})
    assert ask(stat.Sum("n"), stat.Sum("small"), table=table) == [2 * (2**63 - 1), 2 * (2**31 - 1)]


def test_deviation_of_a_constant_is_zero_and_large_means_cost_no_digits() -> None:
    table = pl.DataFrame({"c": [0.1] * 1_000, "far": [1e9 + i % 2 for i in range(1_000)]})
    constant, far = ask(stat.Std("c"), stat.Std("far"), table=table)
    assert constant == 0.0
    assert far == pytest.approx(np.std([i % 2 for i in range(1_000)], ddof=1), rel=1e-11)


def test_quantiles_asked_together_are_those_asked_one_by_one_and_nulls_do_not_matter() -> None:
    values = [0.1, 7.3, None, 2.2, 9.9, None, 3.3, 4.7]
    table = pl.DataFrame({"v": values})
    shares = [0.0, 0.05, 0.33, 0.5, 0.97, 1.0]
    together = ask(*(stat.Quantile("v", q) for q in shares), table=table)
    present = [each for each in values if each is not None]
    assert together == [ask(stat.Quantile("v", q), table=table)[0] for q in shares]
    assert together == pytest.approx(list(np.quantile(present, shares)), abs=0)
    assert ask(*(stat.Quantile("v", q) for q in shares), table=table.clear()) == [None] * len(shares)


def test_histogram_without_edges_is_empty() -> None:
    assert ask(stat.Histogram("v", ()), table=pl.DataFrame({"v": [1.0]})) == [()]
