"""Flows drawn from the whole catalogue give the same rows, or the same refusal, on polars and on Spark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from flows.engines.polars_engine import PolarsEngine
from tests.drawing import examples
from tests.proofs.random_flows import ended
from tests.random_flows import Drawn, drawn, flow_of, seeds

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark


def assert_same_on_both(flow: Drawn, spark: SparkSession) -> None:
    """The rows of a flow, or what refuses them, are the same on both engines."""
    from flows.engines.spark_engine import SparkEngine

    here, there = ended(flow, PolarsEngine.over(flow.sources)), ended(flow, SparkEngine(spark, flow.sources))
    assert here.unlike(there, learned=False) == "", flow.steps()


@pytest.mark.parametrize("seed", seeds(examples(25), start=10_000))
def test_any_flow_gives_the_same_on_both_engines(seed: int, spark: SparkSession) -> None:
    assert_same_on_both(drawn(seed), spark)


def test_names_that_differ_by_case_are_two_columns_after_a_fit_too(spark: SparkSession) -> None:
    """Found by seed 10: the table was known already, and the thread that collects had no settings of a session."""
    table = pl.DataFrame({"city": ["Oslo", None], "City": ["Rome", "Bern"], "x": [1.0, 2.0]})
    assert_same_on_both(flow_of([("bin_equal_frequency", {"columns": ["x"], "bins": 2})], table), spark)


def test_lists_that_a_filter_leaves_all_empty_reach_spark(spark: SparkSession) -> None:
    """Found by seed 12: Arrow wrote nonsense of their items, which the JVM could not read."""
    lists = [[3, 1], [None, 5], [], [2], []] * 4
    table = pl.DataFrame({"kept": [not each for each in lists], "n": lists})
    kept = {"condition": {"column": "kept", "op": "is_true"}}
    assert_same_on_both(flow_of([("filter_rows", kept), ("list_sort", {"column": "n"})], table), spark)
