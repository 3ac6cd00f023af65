"""Code on Spark: columns piece by piece in the executors, whole tables by one task."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from flows.engines.polars_engine import PolarsEngine
from tests.checks import assert_same_rows, outcome
from tests.spark.tables import NASTY, TABLES
from transforms.core.errors import StepError
from transforms.core.transform import Transform
from transforms.custom_code import PythonColumnFunction, PythonFrameCode

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

SAME = "def transform(df):\n    assert len(df) in (1, 5, 48), len(df)\n    return df.sort('id', descending=True)\n"


def both(step: Transform, table: pl.DataFrame, spark: SparkSession) -> tuple[pl.DataFrame, pl.DataFrame]:
    from flows.engines.spark_engine import SparkEngine

    here, there = PolarsEngine.over({"in0": table}), SparkEngine(spark, {"in0": table})
    return here.collect(outcome(step, here)), there.collect(outcome(step, there))


@pytest.mark.parametrize("name", TABLES)
def test_the_whole_table_is_in_one_place_and_keeps_its_types(name: str, spark: SparkSession) -> None:
    expected, found = both(PythonFrameCode(code=SAME), TABLES[name], spark)
    assert_same_rows(found, TABLES[name])
    assert_same_rows(found, expected)


def test_columns_are_computed_piece_by_piece(spark: SparkSession) -> None:
    code = "def transform(text, number):\n    return f'{text} {number}'\n"
    step = PythonColumnFunction(
        columns=("t", "wild"), code=code, mode="value", output="said", type="text", skip_missing=False
    )
    expected, found = both(step, NASTY, spark)
    assert_same_rows(found, expected)
    assert found["said"].null_count() == 0


def test_an_error_arrives_as_it_was_raised(spark: SparkSession) -> None:
    from flows.engines.spark_engine import SparkEngine

    code = "def transform(df):\n    print('before')\n    raise ValueError('møøse')\n"
    engine = SparkEngine(spark, {"in0": NASTY})
    with pytest.raises(StepError, match=r"in line 3 .*ValueError: møøse. It printed last: before"):
        engine.collect(outcome(PythonFrameCode(code=code), engine))


def test_a_table_that_is_too_large_for_one_place_is_refused(spark: SparkSession) -> None:
    from flows.engines.spark_errors import restored_errors
    from flows.engines.spark_relations import applied
    from flows.engines.spark_rows import to_spark
    from transforms.core.relations import Apply, Source

    rows = pl.DataFrame({"a": range(1_000)})
    relation = Apply(Source("in0"), lambda rows: rows, rows.schema)
    small = applied(to_spark(spark, rows), relation, rows.schema, most=20_000)
    assert small.count() == 1_000
    large = applied(to_spark(spark, rows), relation, rows.schema, most=4_000)
    with pytest.raises(StepError, match=r"at most 0 MB of them; they were more after [0-9,]+ rows"), restored_errors():
        large.count()
