"""The SQL query step beside DuckDB, an independent reader of the same language."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import duckdb
import polars as pl
import pytest

from tests.checks import result
from transforms.custom_sql import SqlQuery


def _orders(rows: int = 240) -> pl.DataFrame:
    drawn = Random(7)

    def some(values: list[Any], missing: float = 0.15) -> Any:
        return None if drawn.random() < missing else drawn.choice(values)

    start = datetime(2023, 11, 20, 8, 30)
    return pl.DataFrame(
        {
            "id": list(range(rows)),
            "customer": [some(list(range(12))) for _ in range(rows)],
            "city": [some(["Oslo", "Rome", "Bonn", "São Paulo", "", "oslo"]) for _ in range(rows)],
            "price": [some([0.0, 1.5, 2.25, 10.0, -3.5, 99.125]) for _ in range(rows)],
            "pieces": [some([0, 1, 2, 3, 7, -2]) for _ in range(rows)],
            "paid": [some([True, False]) for _ in range(rows)],
            "day": [some([date(2023, 11, 28) + timedelta(days=i * 9) for i in range(14)]) for _ in range(rows)],
            "moment": [some([start + timedelta(minutes=1377 * i) for i in range(60)]) for _ in range(rows)],
            "code": [some(["a-1", "b-22", "7", " 12 ", "a%b", "x_y", "Zed", "-5"]) for _ in range(rows)],
        }
    )


CUSTOMERS = pl.DataFrame(
    {
        "id": [0, 1, 2, 3, 4, 5, 5, None, 20],
        "name": ["Ann", "Bo", None, "Cy", "Di", "Ed", "Eve", "Fo", "Gil"],
        "city": ["Oslo", "Rome", "Oslo", None, "Bonn", "", "Rome", "Oslo", "Lima"],
        "customer": [0, 1, 2, 3, 4, 5, 6, None, 8],
        "since": [date(2023, 1 + i, 5) for i in range(8)] + [None],
    }
)
ORDERS = _orders()
QUERIES = """
SELECT * FROM df;
SELECT * EXCLUDE (price, code) FROM df;
SELECT id, df.city, df.price AS p FROM df WHERE price > 1;
SELECT id, price + pieces AS s, price - 1 AS d, pieces * 3 AS m, -pieces AS n, -price AS np FROM df;
SELECT id, pieces // 2 AS q, pieces % 3 AS r, mod(pieces, -2) AS r2, price / 4 AS f FROM df;
SELECT id, pieces / 3 AS f, 7 / 2 AS c, 2 * 3 + 1 AS k, 'x' AS t, NULL IS NULL AS y FROM df;
SELECT id FROM df WHERE paid;
SELECT id FROM df WHERE NOT paid OR price > 2;
SELECT id, paid AND price > 1 AS a, paid OR price > 1 AS o, NOT paid AS n FROM df;
SELECT id, price > 1 AS a, price <= 2.25 AS b, price <> 10 AS c, city = 'Oslo' AS d, pieces != 1 AS e FROM df;
SELECT id, price IS NULL AS a, city IS NOT NULL AS b, paid IS TRUE AS c, paid IS NOT FALSE AS d FROM df;
SELECT id, city IS DISTINCT FROM 'Oslo' AS a, price IS NOT DISTINCT FROM NULL AS b FROM df;
SELECT id FROM df WHERE city IN ('Oslo', 'Rome') AND pieces NOT IN (1, 2);
SELECT id, pieces IN (1, NULL) AS a, pieces NOT IN (1, NULL) AS b FROM df;
SELECT id FROM df WHERE price BETWEEN 1 AND 10 AND pieces NOT BETWEEN 2 AND 3;
SELECT id, city LIKE '%o%' AS a, city ILIKE 'OS__' AS b, city NOT LIKE 'R%' AS c, city LIKE '' AS d FROM df;
SELECT id FROM df WHERE code LIKE '%!%%' ESCAPE '!' OR code LIKE 'x!_y' ESCAPE '!';
SELECT id, CASE WHEN price > 5 THEN 'high' WHEN price > 0 THEN 'low' END AS a FROM df;
SELECT id, CASE pieces WHEN 1 THEN 'one' WHEN 2 THEN 'two' ELSE 'many' END AS a FROM df;
SELECT id, CASE WHEN paid THEN pieces ELSE price END AS a, if(paid, 1, 2) AS b FROM df;
SELECT id, coalesce(city, code, 'none') AS a, ifnull(pieces, 0) AS b, nullif(city, '') AS c FROM df;
SELECT id, greatest(price, pieces) AS a, least(price, pieces, 2) AS b FROM df;
SELECT id, price::VARCHAR IS NULL AS a, CAST(pieces AS DOUBLE) AS b, pieces::VARCHAR AS c, CAST(day AS
    TIMESTAMP) AS d FROM df;
SELECT id, TRY_CAST(code AS INTEGER) AS a, TRY_CAST(code AS DOUBLE) AS b, TRY_CAST(code AS DATE) AS c FROM df;
SELECT id, CASE WHEN code IN ('7', '-5') THEN CAST(code AS INTEGER) END AS a FROM df;
SELECT id, CAST(moment AS DATE) AS a, moment::DATE = day AS b FROM df;
SELECT id, upper(city) AS a, lower(city) AS b, length(city) AS c, reverse(city) AS d, trim(code) AS e FROM df;
SELECT id, ltrim(code) AS a, rtrim(code) AS b, trim(BOTH 'a' FROM code) AS c, ltrim(code, 'ab') AS d FROM df;
SELECT id, left(city, 2) AS a, right(city, 2) AS b, substring(city, 2, 3) AS c, substr(city, 3) AS d FROM df;
SELECT id, substring(city, -3, 2) AS a, left(city, -1) AS b, right(city, -1) AS c FROM df;
SELECT id, replace(city, 'o', '0') AS a, contains(city, 'o') AS b, starts_with(city, 'R') AS c, suffix(city,
    'o') AS d FROM df;
SELECT id, city || '-' || code AS a, city || pieces AS b, concat(city, code, pieces) AS c FROM df;
SELECT id, concat_ws('/', city, code) AS a, strpos(city, 'o') AS b, instr(code, '-') AS c FROM df;
SELECT id, split_part(code, '-', 1) AS a, split_part(code, '-', 2) AS b, split_part(code, '-', -1) AS c FROM df;
SELECT id, lpad(code, 4, '0') AS a, rpad(code, 2, '*') AS b FROM df;
SELECT id, regexp_matches(code, '[0-9]+') AS a, regexp_replace(code, '[a-z]', '_', 'g') AS b FROM df;
SELECT id, regexp_replace(code, '([a-z])-', '\\1+') AS a, nullif(regexp_extract(code, '([0-9]+)', 1), '') AS b FROM df;
SELECT id, abs(price) AS a, abs(pieces) AS b, sign(pieces) AS c, floor(price) AS d, ceil(price) AS e FROM df;
SELECT id, round(price, 1) AS a, round(price) AS b, trunc(price) AS c, sqrt(abs(price)) AS d, exp(pieces) AS e FROM df;
SELECT id, power(pieces, 2) AS a, ln(price + 4) AS b, log10(price + 4) AS c, log2(price + 4) AS d FROM df;
SELECT id, year(day) AS a, month(day) AS b, day(day) AS c, quarter(day) AS d, week(day) AS e FROM df;
SELECT id, dayofweek(day) AS a, isodow(day) AS b, dayofyear(day) AS c, hour(moment) AS d, minute(moment) AS e FROM df;
SELECT id, EXTRACT(year FROM day) AS a, EXTRACT(dow FROM moment) AS b, date_part('month', day) AS c FROM df;
SELECT id, date_trunc('hour', moment) AS a, date_trunc('week', moment) AS b, date_trunc('quarter', moment) AS c
    FROM df;
SELECT id, date_diff('day', day, moment::DATE) AS a, date_diff('month', day, moment::DATE) AS b FROM df;
SELECT id, date_diff('year', day, moment::DATE) AS a, date_diff('quarter', day, moment) AS b, date_diff('hour',
    day, moment) AS c FROM df;
SELECT id, moment + INTERVAL 3 DAY AS a, moment - INTERVAL '1' MONTH AS b, moment + INTERVAL 90 MINUTE AS c FROM df;
SELECT id, day - DATE '2024-01-01' AS a, day >= '2024-01-15' AS b, moment < TIMESTAMP '2023-12-24 12:00:00' AS c
    FROM df;
SELECT id, strftime(day, '%d/%m/%Y') AS a, last_day(day) AS b FROM df;
SELECT count(*) AS n, count(price) AS p, count(DISTINCT city) AS c, sum(pieces) AS s, avg(price) AS a FROM df;
SELECT city, min(price) AS a, max(day) AS b, min(code) AS c, sum(price) AS d FROM df GROUP BY city;
SELECT city, paid, count(*) AS n FROM df GROUP BY 1, 2;
SELECT upper(city) AS big, stddev(price) AS a, variance(price) AS b, median(price) AS c FROM df GROUP BY big;
SELECT paid, quantile_cont(price, 0.3) AS a, percentile_cont(0.9) WITHIN GROUP (ORDER BY price) AS b FROM df
    GROUP BY paid;
SELECT city, sum(price) / count(*) AS a, round(avg(price) * 2, 3) AS b FROM df GROUP BY city;
SELECT city, count(*) FILTER (WHERE paid) AS a, sum(price) FILTER (WHERE pieces > 1) AS b FROM df GROUP BY city;
SELECT city, bool_and(paid) AS a, bool_or(paid) AS b, count_if(price > 1) AS c FROM df GROUP BY city;
SELECT city, sum(pieces) AS s FROM df GROUP BY city HAVING count(*) > 30 AND s > 40;
SELECT city, paid, count(*) AS n FROM df GROUP BY ALL;
SELECT pieces % 2 AS odd, count(*) AS n FROM df GROUP BY pieces % 2;
SELECT count(*) AS n, sum(pieces) AS s, max(city) AS m FROM df WHERE id < 0;
SELECT DISTINCT city, paid FROM df;
SELECT id, price FROM df ORDER BY price DESC, id;
SELECT id, price AS p FROM df ORDER BY p NULLS FIRST, 1 DESC;
SELECT id FROM df ORDER BY pieces * -1, city, id LIMIT 10;
SELECT id FROM df ORDER BY id LIMIT 5 OFFSET 7;
SELECT DISTINCT city FROM df ORDER BY city DESC LIMIT 3;
SELECT city, sum(price) AS total FROM df GROUP BY city ORDER BY sum(price) DESC NULLS LAST, city;
SELECT o.id, c.name FROM df AS o JOIN input_2 AS c ON o.customer = c.id;
SELECT o.id, c.name FROM df o LEFT JOIN input_2 c ON o.customer = c.id;
SELECT o.id, c.name, c.id AS cid FROM df o RIGHT JOIN input_2 c ON o.customer = c.id;
SELECT o.id, c.name, c.id AS cid FROM df o FULL JOIN input_2 c ON o.customer = c.id AND o.city = c.city;
SELECT o.id, c.name FROM df o JOIN input_2 c ON o.customer = c.id AND o.price > 1 AND o.city <> c.city;
SELECT o.id, c.name FROM df o LEFT JOIN input_2 c ON o.customer = c.id AND c.city = 'Rome' AND o.paid;
SELECT o.id, c.id AS cid FROM df o FULL JOIN input_2 c ON o.customer + 1 = c.id AND c.name > 'B' AND o.price > 0;
SELECT o.id, c.name FROM df o CROSS JOIN input_2 c WHERE o.id < 5 AND c.id > o.id;
SELECT customer, df.id, name FROM df JOIN input_2 USING (customer);
SELECT customer, city, df.id, name, c.id AS cid FROM df FULL JOIN input_2 c USING (customer, city);
SELECT customer, df.customer AS left_one, name FROM df RIGHT JOIN input_2 USING (customer);
SELECT id FROM df SEMI JOIN input_2 c ON df.customer = c.id;
SELECT id FROM df ANTI JOIN input_2 c ON df.customer = c.id AND c.city = 'Oslo';
SELECT a.id, b.id AS other FROM df a JOIN df b ON a.id = b.id + 1 WHERE a.city = b.city;
SELECT a.id, c.name, d.name AS second FROM df a JOIN input_2 c ON a.customer = c.id LEFT JOIN input_2 d ON d.id
    = a.pieces;
SELECT id FROM df WHERE customer IN (SELECT id FROM input_2 WHERE city = 'Oslo') AND price > 0;
SELECT id FROM df WHERE EXISTS (SELECT 1 FROM input_2 c WHERE c.id = df.customer AND c.since > '2023-02-01');
SELECT id FROM df WHERE NOT EXISTS (SELECT 1 FROM input_2 c WHERE c.id = df.customer);
SELECT id FROM df WHERE price > (SELECT avg(price) FROM df);
SELECT city, count(*) * 100.0 / (SELECT count(*) FROM df) AS share FROM df GROUP BY city;
SELECT t.city, t.n FROM (SELECT city, count(*) AS n FROM df GROUP BY city) AS t WHERE t.n > 30;
WITH a AS (SELECT customer, sum(price) AS s FROM df GROUP BY customer) SELECT c.name, a.s FROM a JOIN input_2 c
    ON a.customer = c.id;
WITH a AS (SELECT id, city FROM df WHERE id < 20), b AS (SELECT * FROM a WHERE city = 'Oslo') SELECT a.id, b.id
    AS bid FROM a LEFT JOIN b USING (id);
SELECT city FROM df UNION SELECT city FROM input_2;
SELECT city, pieces FROM df UNION ALL SELECT city, 1.5 FROM input_2;
SELECT city FROM df INTERSECT SELECT city FROM input_2;
SELECT city FROM df EXCEPT SELECT city FROM input_2;
(SELECT id FROM df WHERE id < 9) UNION ALL (SELECT id FROM input_2) ORDER BY 1 DESC LIMIT 4;
SELECT id, row_number() OVER (PARTITION BY city ORDER BY price, id) AS r FROM df;
SELECT id, rank() OVER (ORDER BY price DESC) AS a, dense_rank() OVER (ORDER BY price DESC) AS b, percent_rank()
    OVER (ORDER BY price DESC) AS c FROM df;
SELECT id, lag(price) OVER (PARTITION BY city ORDER BY id) AS a, lead(pieces, 2, -1) OVER (PARTITION BY city
    ORDER BY id) AS b FROM df;
SELECT id, sum(price) OVER (PARTITION BY city) AS a, count(*) OVER (PARTITION BY city) AS b, max(day) OVER () AS
    c FROM df;
SELECT id, sum(pieces) OVER (PARTITION BY city ORDER BY id) AS a, count(price) OVER (ORDER BY id) AS b FROM df;
SELECT id, sum(pieces) OVER (ORDER BY day) AS a, count(*) OVER (ORDER BY day) AS b, min(price) OVER (PARTITION
    BY paid ORDER BY day DESC) AS c FROM df;
SELECT id, avg(price) OVER (PARTITION BY city ORDER BY id ROWS BETWEEN 3 PRECEDING AND CURRENT ROW) AS a FROM df;
SELECT id, sum(pieces) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS a FROM df;
SELECT city, sum(price) AS s, rank() OVER (ORDER BY sum(price) DESC) AS r, sum(sum(price)) OVER () AS total FROM
    df GROUP BY city;
SELECT id, city FROM df QUALIFY row_number() OVER (PARTITION BY city ORDER BY price DESC, id) = 1;
SELECT id, price - avg(price) OVER (PARTITION BY city) AS d FROM df WHERE pieces > 0;
SELECT "id" AS "the id", PRICE AS "Price" FROM DF WHERE City = 'Oslo';
SELECT id, substring(code, pieces) AS a, substring(code, pieces, 2) AS b, substring(code, 0, 3) AS c FROM df;
SELECT id, substring(city, -9, 7) AS a, left(city, pieces) AS b, right(city, pieces) AS c FROM df;
SELECT id, strptime(strftime(moment, '%d/%m/%Y %H:%M:%S'), '%d/%m/%Y %H:%M:%S') AS a, moment - INTERVAL 1 QUARTER AS b
    FROM df;
SELECT id, pieces // -2 AS a, pieces % -3 AS b, day - CAST(pieces AS INTEGER) AS c, day + 31 AS d FROM df;
SELECT id FROM df WHERE code NOT IN ('a-1', 'b-22', 'a%b', 'x_y', 'Zed') AND CAST(trim(code) AS BIGINT) > 0;
SELECT 1 AS a, 'x' AS b UNION ALL SELECT 2, 'y'
""".strip().split(";\n")


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return round(float(value), 9)
    if isinstance(value, float):
        return round(value, 9) + 0.0
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    return value


def _rows(rows: list[tuple[Any, ...]], *, ordered: bool) -> list[tuple[Any, ...]]:
    plain = [tuple(map(_plain, row)) for row in rows]
    return plain if ordered else sorted(plain, key=repr)


@pytest.fixture(scope="module")
def oracle() -> Any:
    with duckdb.connect() as connection:
        for name, table in (("df", ORDERS), ("input_1", ORDERS), ("input_2", CUSTOMERS)):
            connection.register(name, table.to_arrow())
        yield connection


@pytest.mark.parametrize("query", QUERIES, ids=map(str, range(len(QUERIES))))
def test_rows_are_those_of_duckdb(query: str, oracle: Any) -> None:
    found = result(SqlQuery(query=query), ORDERS, CUSTOMERS)
    cursor = oracle.execute(query)
    ordered = "ORDER BY" in query.rsplit(")", 1)[-1]
    assert found.columns == [each[0] for each in cursor.description]
    assert _rows(found.rows(), ordered=ordered) == _rows(cursor.fetchall(), ordered=ordered)
