"""Flows drawn from the whole catalogue give the same rows, or the same refusal, on polars and on Spark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from flows.engines.polars_engine import PolarsEngine
from tests.checks import assert_same_rows
from tests.drawing import examples
from tests.random_flows import drawn, rounded, seeds

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark


@pytest.mark.parametrize("seed", seeds(examples(25), start=10_000))
def test_any_flow_gives_the_same_on_both_engines(seed: int, spark: SparkSession) -> None:
    from flows.engines.spark_engine import SparkEngine

    flow = drawn(seed)
    here = flow.outcome(PolarsEngine.over({"rows": flow.table}))
    there = flow.outcome(SparkEngine(spark, {"rows": flow.table}))
    if isinstance(here, pl.DataFrame) and isinstance(there, pl.DataFrame):
        assert_same_rows(rounded(there), rounded(here))
    else:
        assert there == here, [f"{each.transform} {each.params}" for each in flow.flow.steps.values()]
