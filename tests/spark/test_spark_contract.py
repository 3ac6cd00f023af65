"""Every example of every transform gives the same rows on Spark as on polars, family by family."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pytest
from polars.testing import assert_frame_equal

from flows.engines.polars_engine import PolarsEngine
from tests.checks import assert_same_rows, planned, tables_of
from transforms.catalog import catalog
from transforms.core.relations import MapRows, Relation, Sort, Source
from transforms.core.transform import Example, Transform

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

FAMILIES: dict[str, list[tuple[type[Transform], Example]]] = defaultdict(list)
for kind in catalog().values():
    FAMILIES[kind.__module__].extend((kind, example) for example in kind.examples)


def is_ordered(relation: Relation) -> bool:
    """Whether a step promises the order of its rows."""
    while isinstance(relation, MapRows):
        relation = relation.table
    return isinstance(relation, Sort)


@pytest.mark.parametrize("family", FAMILIES)
def test_examples_give_the_same_rows_as_on_polars(family: str, spark: SparkSession) -> None:
    from flows.engines.spark_engine import SparkEngine

    for transform, example in FAMILIES[family]:
        tables, step = tables_of(example), transform(**example.params)
        inputs = [Source(name) for name in tables]
        here, there = PolarsEngine.over(tables), SparkEngine(spark, tables)
        mine, learned_here = planned(step, here, inputs)
        theirs, learned_there = planned(step, there, inputs)
        assert repr(learned_here) == repr(learned_there), transform.id
        for one, other in zip(mine, theirs, strict=True):
            expected, found = here.collect(one), there.collect(other)
            assert found.schema == there.schema(other), transform.id
            if is_ordered(one):
                assert_frame_equal(expected, found, check_exact=False)
            else:
                assert_same_rows(expected, found, exact=False)
