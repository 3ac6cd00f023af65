"""Queries in SQL give the same rows on Spark and on polars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from flows.engines.polars_engine import PolarsEngine
from tests.checks import assert_same_rows, outcome
from transforms.core.errors import StepError
from transforms.custom_sql import SqlQuery

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

ORDERS = pl.DataFrame(
    {
        "id": list(range(12)),
        "customer": [1, 2, None, 1, 3, 2, 1, None, 9, 3, 3, 1],
        "price": [1.5, None, float("nan"), 2.25, 10.0, 0.0, -1.5, 3.0, 2.25, 10.0, None, 7.0],
        "city": ["Oslo", "Rome", None, "Oslo", "", "Rome", "Oslo", "Bonn", None, "Bonn", "Rome", "Oslo"],
        "code": ["1", "2", "x", None, "5", "6", "7", "8", "9", "10", "11", "12"],
    }
)
CUSTOMERS = pl.DataFrame({"id": [1, 2, 3, None], "name": ["Ann", None, "Cy", "Di"], "city": ["Oslo"] * 3 + ["Rome"]})
QUERIES = (
    "SELECT id, price * 2 AS p, id / 0 AS n, upper(city) || code AS t FROM df WHERE price > 0 OR city LIKE 'R%'",
    "SELECT city, sum(price) AS s, avg(id) AS a, count(*) FILTER (WHERE id > 3) AS c FROM df GROUP BY 1 HAVING s > 1",
    "SELECT o.id, c.name FROM df o LEFT JOIN input_2 c ON o.customer = c.id AND c.city = 'Oslo' AND o.price > 1",
    "SELECT customer, city, name FROM df FULL JOIN (SELECT id AS customer, city, name FROM input_2) "
    "USING (customer, city)",
    "SELECT id FROM df WHERE customer IN (SELECT id FROM input_2) AND price < (SELECT max(price) FROM df)",
    "SELECT id, sum(price) OVER (PARTITION BY city ORDER BY customer) AS s, "
    "lag(code, 1, '-') OVER (ORDER BY id) AS l FROM df",
    "SELECT id, rank() OVER (ORDER BY price DESC) AS r, avg(id) OVER (ORDER BY id ROWS 2 PRECEDING) AS a FROM df",
    "SELECT DISTINCT city FROM df UNION SELECT name FROM input_2",
    "SELECT city FROM df EXCEPT SELECT city FROM input_2",
    "SELECT city, TRY_CAST(code AS BIGINT) AS c FROM df "
    "QUALIFY row_number() OVER (PARTITION BY city ORDER BY price) = 1",
)
ORDERED = (
    "SELECT city, id FROM df ORDER BY city DESC NULLS FIRST, price LIMIT 7 OFFSET 2",
    "WITH t AS (SELECT city, count(*) AS n FROM df GROUP BY city) SELECT * FROM t ORDER BY n DESC, city LIMIT 3",
)


def _both(spark: SparkSession, query: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    from flows.engines.spark_engine import SparkEngine

    tables = {"in0": ORDERS, "in1": CUSTOMERS}
    step, here, there = SqlQuery(query=query), PolarsEngine.over(tables), SparkEngine(spark, tables)
    return there.collect(outcome(step, there, 2)), here.collect(outcome(step, here, 2))


@pytest.mark.parametrize("query", QUERIES)
def test_rows_are_those_of_polars(query: str, spark: SparkSession) -> None:
    found, expected = _both(spark, query)
    assert_same_rows(found, expected, exact=False)


@pytest.mark.parametrize("query", ORDERED)
def test_rows_in_order_are_those_of_polars(query: str, spark: SparkSession) -> None:
    found, expected = _both(spark, query)
    assert_frame_equal(found, expected)


def test_value_that_cannot_be_cast_is_named_on_spark(spark: SparkSession) -> None:
    from flows.engines.spark_engine import SparkEngine

    engine = SparkEngine(spark, {"in0": ORDERS})
    with pytest.raises(StepError, match="'x' is no integer"):
        engine.collect(outcome(SqlQuery(query="SELECT CAST(code AS BIGINT) AS v FROM df"), engine))
