"""Where the SQL query step has its own way, what it refuses, and what it tells of columns."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from tests.checks import result
from transforms.core.errors import InvalidStepError, StepError
from transforms.custom_sql import SqlQuery

TABLE = pl.DataFrame(
    {
        "id": [1, 2, 3, 4],
        "x": [1.0, float("nan"), None, float("inf")],
        "name": ["Ann", "bo", None, "a%"],
        "code": ["1", "2.0", "x", None],
        "day": [date(2024, 1, 31), None, date(2024, 2, 29), date(2023, 12, 31)],
        "i8": pl.Series([1, 2, 127, None], dtype=pl.Int8),
        "f32": pl.Series([0.5, None, 1.5, 2.5], dtype=pl.Float32),
        "dec": pl.Series([Decimal("1.10"), Decimal("2.25"), None, Decimal("-3.00")], dtype=pl.Decimal(10, 2)),
        "zone": pl.Series([datetime(2024, 1, 1, tzinfo=UTC)] * 4, dtype=pl.Datetime("us", "UTC")),
        "tags": [["a"], [], None, ["b", "c"]],
    }
)
OTHER = pl.DataFrame({"id": [1, 2, None, 9], "x": [1.0, float("nan"), None, 2.0], "label": ["p", "q", "r", "s"]})


def column(sql: str, *tables: pl.DataFrame) -> list[Any]:
    """The values of one expression over the table, or of a whole query's first column."""
    query = sql if sql.startswith(("SELECT", "WITH")) else f"SELECT {sql} AS v FROM df ORDER BY id"
    return result(SqlQuery(query=query), *(tables or (TABLE, OTHER))).to_series().to_list()


@pytest.mark.parametrize(
    ("sql", "expected", "duckdb_has"),
    [
        ("id / 0", [None] * 4, "infinity: here no number comes of it"),
        ("id % 0", [None] * 4, "the same"),
        ("x", [1.0, None, None, float("inf")], "NaN as a number, the largest of all"),
        ("sqrt(id - 2)", [None, 0.0, 1.0, 2**0.5], "an error"),
        ("ln(id - 1)", [None, 0.0, pytest.approx(0.6931471805599453), pytest.approx(1.0986122886681098)], "an error"),
        ("regexp_extract(name, 'n+')", ["nn", None, None, None], "empty text where nothing is found"),
        ("'' || CAST(id AS DOUBLE)", ["1", "2", "3", "4"], "1.0: needless points are left out"),
        ("TRY_CAST(code AS BIGINT)", [1, 2, None, None], "the same, but 2.5 would be rounded: see below"),
        ("TRY_CAST(2.5 AS BIGINT)", [None] * 4, "3: here only whole numbers become whole numbers"),
        ("day + INTERVAL 1 MONTH", [date(2024, 2, 29), None, date(2024, 3, 29), date(2024, 1, 31)], "a timestamp"),
        ("date_trunc('month', day)", [date(2024, 1, 1), None, date(2024, 2, 1), date(2023, 12, 1)], "a timestamp"),
        ("date_diff('week', DATE '2023-12-16', DATE '2024-01-01')", [3] * 4, "2: whole weeks, not Mondays"),
        ("round(2.675, 2)", [2.68] * 4, "2.67: by the binary value, not as written"),
        ("upper('straße')", ["STRASSE"] * 4, "one letter for it"),
        ("substring('abc', -2, -2)", [""] * 4, "text before the place"),
        ("round(id)", [1.0, 2.0, 3.0, 4.0], "whole numbers"),
    ],
)
def test_own_way(sql: str, expected: list[Any], duckdb_has: str) -> None:
    assert column(sql) == expected, f"DuckDB has {duckdb_has}"


def test_keys_that_are_missing_match_nothing_but_make_a_group() -> None:
    assert column("SELECT label FROM df JOIN input_2 o ON df.x = o.x") == ["p"]
    assert column("SELECT count(*) AS n FROM df GROUP BY x ORDER BY n") == [1, 1, 2]


def test_types_of_columns_that_are_only_passed_on_stay() -> None:
    found = result(SqlQuery(query="SELECT * FROM df"), TABLE)
    assert found.schema == TABLE.schema
    assert found.equals(TABLE.with_columns(pl.col("x").fill_nan(None)))
    found = result(SqlQuery(query="SELECT i8, min(f32) AS f, max(zone) AS z FROM df GROUP BY i8"), TABLE)
    assert found.schema == {"i8": pl.Int8, "f": pl.Float32, "z": pl.Datetime("us", "UTC")}


def test_small_numbers_are_computed_with_in_64_bits() -> None:
    assert column("i8 * i8 + i8") == [2, 6, 16256, None]
    assert column("dec * 2") == [2.2, 4.5, None, -6.0]
    assert column("SELECT sum(dec) AS s FROM df") == [Decimal("0.35")]


@pytest.mark.parametrize(
    "sql", ["9223372036854775807 + id", "-9223372036854775807 - id * 2", "id * 4611686018427387904"]
)
def test_whole_number_that_is_too_large_is_an_error(sql: str) -> None:
    with pytest.raises(StepError, match="too large for a whole number"):
        column(sql)


def test_value_that_cannot_be_cast_stops_the_run_and_is_named() -> None:
    with pytest.raises(StepError, match=r"CAST\(code AS BIGINT\): 'x' is no integer. Use TRY_CAST to have null."):
        column("CAST(code AS BIGINT)")
    assert column("CASE WHEN code <> 'x' THEN CAST(code AS BIGINT) END") == [1, 2, None, None]
    assert column("SELECT id FROM df WHERE code <> 'x' AND CAST(code AS BIGINT) > 1") == [2]
    assert column("if(id = 3, 0, CAST(code AS BIGINT))") == [1, 2, 0, None]


def test_names_are_found_exactly_and_then_whatever_the_case() -> None:
    table = pl.DataFrame({"a": [1], "A": [2], "Loan Amount": [3], "*": [4], "^x$": [5], "b.c": [6], "select": [7]})
    query = 'SELECT A, "Loan Amount" AS l, "*" AS s, "^x$" + 0 AS p, "b.c", "select", d.a FROM df AS d'
    assert result(SqlQuery(query=query), table).rows() == [(2, 3, 4, 5, 6, 7, 1)]
    joined = 'SELECT d.*, e."*" AS again FROM df AS d JOIN df AS e ON d."b.c" = e."b.c"'
    assert result(SqlQuery(query=joined), table).rows() == [(1, 2, 3, 4, 5, 6, 7, 4)]
    again = (
        'WITH w AS (SELECT "^x$", "*" FROM df) SELECT "^x$" * 2 AS p, "*" FROM (SELECT * FROM w) ORDER BY "*" LIMIT 1'
    )
    assert result(SqlQuery(query=again), table).rows() == [(10, 4)]
    with pytest.raises(InvalidStepError, match="Did you mean 'Loan Amount'"):
        result(SqlQuery(query='SELECT "loan amount" FROM df'), table)


def test_rows_equal_in_order_are_decided_the_same_whatever_their_order() -> None:
    table = pl.DataFrame({"k": [1] * 40, "v": list(range(40))})
    query = SqlQuery(query="SELECT v FROM df ORDER BY k LIMIT 5")
    number = SqlQuery(query="SELECT v, row_number() OVER (ORDER BY k) AS n FROM df ORDER BY v")
    assert result(query, table).equals(result(query, table.reverse()))
    assert result(number, table).equals(result(number, table.reverse()))


def test_unnamed_results_are_named_by_their_text() -> None:
    query = "SELECT count(*), sum(x * 2), name, df.id, max(day) OVER (PARTITION BY id) FROM df GROUP BY name, id, day"
    names = ["count", "sum_x_2", "name", "id", "max_day_over_partition_by_id"]
    assert result(SqlQuery(query=query), TABLE).columns == names


@pytest.mark.parametrize("rows", [0, 1])
def test_tables_of_no_row_are_no_failure(rows: int) -> None:
    for query in (
        "SELECT id, sum(x) OVER (PARTITION BY name ORDER BY id) AS s, lag(id) OVER (ORDER BY id) AS l FROM df",
        "SELECT name, sum(x) AS s, count(DISTINCT day) AS d, median(id) AS m FROM df GROUP BY name ORDER BY s LIMIT 3",
        "SELECT df.id, o.label FROM df FULL JOIN input_2 o USING (id) WHERE CAST(code AS BIGINT) IS NULL",
    ):
        assert len(result(SqlQuery(query=query), TABLE.clear(rows), OTHER.clear())) <= rows


def test_aggregate_of_no_row_is_one_row() -> None:
    found = result(SqlQuery(query="SELECT count(*) AS n, sum(x) AS s, 1 AS one FROM df"), TABLE.clear())
    assert found.rows() == [(0, None, 1)]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("", "There is no query."),
        ("DELETE FROM df", "DELETE is not supported: a query only reads tables. Begin it with SELECT or WITH."),
        ("SELECT 1; SELECT 2", "There is more than one statement."),
        ("SELECT id FROM df\nWHERE WHERE", "SQL, line 2, column 7: the query cannot be read at 'WHERE'."),
        ("SELECT 'a FROM df", "A quote or comment is not closed."),
        ("SELECT substrin(name, 1) FROM df", "The function SUBSTRIN is not supported. Did you mean 'substring'?"),
        ("SELECT current_date FROM df", "the same query is to give the same rows tomorrow"),
        ("SELECT any_value(id) FROM df", "use MIN or MAX"),
        ("SELECT " + "(" * 300 + "1" + ")" * 300, "nested too deep"),
        ("SELECT " + "+".join(["id"] * 900) + " FROM df", "nested too deep"),
        ("EXPLAIN SELECT 1", "EXPLAIN is not supported"),
        ("SELECT $1 FROM df", "Write the value itself"),
    ],
)
def test_what_no_table_could_answer_is_refused_while_it_is_typed(query: str, error: str) -> None:
    with pytest.raises(ValidationError) as raised:
        SqlQuery(query=query)
    message = str(raised.value.errors()[0]["msg"])
    assert error in message or (not query and "at least 1 character" in message)


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("SELECT nam FROM df", "SQL, line 1, column 8: Column 'nam' is not in the table. Did you mean 'name'?"),
        ("SELECT id\nFROM dff", "SQL, line 2, column 6: There is no table 'dff'. Did you mean 'df'?"),
        ("SELECT id FROM input_3", "There is no table 'input_3'. Did you mean"),
        ("SELECT id FROM df JOIN input_2 o ON df.id = o.id", "Column 'id' may be df.id and o.id."),
        ("SELECT df.id, o.id FROM df JOIN input_2 o ON df.id = o.id", "Two columns of the result are called 'id'."),
        ("SELECT df.id FROM df JOIN input_2 o ON df.id > o.id", "The join has no equality between the tables."),
        ("SELECT df.id FROM df LEFT JOIN input_2 o ON df.id = o.id AND df.x > o.x", "not supported in an outer join"),
        ("SELECT df.id FROM df, input_2", "Write JOIN ... ON a.id = b.id"),
        ("SELECT id FROM df LIMIT 3", "LIMIT needs ORDER BY. Rows have no order."),
        ("SELECT id, count(*) FROM df GROUP BY name", "Column 'id' is neither in GROUP BY nor inside an aggregate"),
        ("SELECT sum(name) FROM df", "'SUM(name)' needs numbers, found text."),
        ("SELECT name + 1 FROM df", "'+' needs a number here, found text in 'name'."),
        ("SELECT name > id FROM df", "'>' needs values of one kind, found text and number."),
        ("SELECT zone > '2024-01-01' FROM df", "'>' needs values of one kind"),
        ("SELECT id FROM df WHERE id", "WHERE needs a boolean here, found number"),
        ("SELECT id FROM df WHERE id NOT IN (SELECT id FROM input_2)", "Use NOT EXISTS or ANTI JOIN"),
        ("SELECT id FROM df WHERE id IN (SELECT id FROM input_2) OR x > 1", "alone in WHERE, or joined by AND"),
        ("SELECT (SELECT label FROM input_2) FROM df", "may give more than one row"),
        ("SELECT x::DECIMAL(10, 2) FROM df", "Use ROUND(CAST(... AS DOUBLE), 2)."),
        ("SELECT day > 'soon' FROM df", "'soon' is no date."),
        ("SELECT CAST('x' AS BIGINT) FROM df", "'x' is no integer"),
        ("SELECT row_number() OVER () FROM df", "needs an order"),
        ("SELECT sum(id) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM df", "The frame of"),
        ("SELECT DISTINCT id FROM df ORDER BY x", "is not in the result of SELECT DISTINCT"),
        ("SELECT regexp_matches(name, '(') FROM df", "is not a pattern the engine can run: unclosed group"),
        ("SELECT tags, count(*) FROM df GROUP BY tags", "Rows cannot be grouped by list values."),
        ("SELECT id FROM df UNION SELECT label FROM input_2", "Column 'id' holds integer and text in the two queries."),
        ("SELECT id, x FROM df UNION SELECT id FROM input_2", "The two queries have 2 and 1 columns."),
        ("SELECT * FROM (VALUES (1)) v", "is not supported in FROM"),
        ("SELECT id FROM db.df", "Tables have no schema here"),
        ("WITH RECURSIVE a AS (SELECT 1 AS x) SELECT * FROM a", "WITH RECURSIVE is not supported."),
        ("SELECT 9223372036854775807 + 1 AS v", "is too large for a whole number"),
        ("SELECT *", "Add FROM df."),
        ("SELECT replace(name, code, '') FROM df", "What REPLACE looks for has to be text in quotes"),
        ("SELECT id FROM df WHERE tags = tags", "'=' cannot compare list values."),
    ],
)
def test_what_does_not_fit_the_tables_is_a_problem_of_the_query(query: str, error: str) -> None:
    _, problems = SqlQuery(query=query).try_bind(TABLE.schema, OTHER.schema)
    assert [each.field for each in problems] == ["query"]
    assert error in str(problems[0])
    assert problems[0].advice or "TRY_CAST" in problems[0].found


def test_columns_of_the_result_come_from_those_that_make_them() -> None:
    query = (
        "WITH t AS (SELECT name AS n, sum(x * id) AS s, count(*) AS c FROM df GROUP BY name) "
        "SELECT n, s / c AS m FROM t"
    )
    step = SqlQuery(query=query).bind(TABLE.schema)
    assert step.lineage() == {"n": frozenset({"name"}), "m": frozenset({"x", "id"})}
    assert list(step.columns_read()) == ["id", "x", "name"]
    assert step.touched(TABLE.columns) == set(TABLE.columns)


def test_result_of_several_tables_may_come_of_all_that_is_read() -> None:
    step = SqlQuery(query="SELECT df.id, label FROM df JOIN input_2 o ON df.id = o.id").bind(TABLE.schema, OTHER.schema)
    assert step.lineage() is None
    assert list(step.columns_read(1)) == ["id", "label"]
    alone = SqlQuery(query="SELECT df.id FROM df SEMI JOIN input_2 o ON df.id = o.id").bind(TABLE.schema, OTHER.schema)
    assert alone.lineage() == {"id": frozenset({"id"})}


def test_sqlglot_is_loaded_only_when_a_query_is_read() -> None:
    code = "import sys; import transforms.custom_sql, transforms.sql.steps; sys.exit('sqlglot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_values_of_subqueries_stand_beside_windows() -> None:
    query = (
        "SELECT id, sum(id) OVER (ORDER BY id) + (SELECT max(id) FROM input_2) AS v, "
        "lag(id) OVER (ORDER BY id) - (SELECT min(id) FROM input_2) AS w FROM df ORDER BY id"
    )
    assert result(SqlQuery(query=query), TABLE, OTHER).rows() == [(1, 10, None), (2, 12, 0), (3, 15, 1), (4, 19, 2)]


def test_full_joins_of_three_tables_share_their_key() -> None:
    tables = [pl.DataFrame({"k": keys, name: keys}) for name, keys in (("a", [1, 2]), ("b", [2, 3]), ("c", [3, 4]))]
    query = "SELECT * FROM df FULL JOIN input_2 USING (k) FULL JOIN input_3 USING (k) ORDER BY k"
    expected = [(1, 1, None, None), (2, 2, 2, None), (3, None, 3, 3), (4, None, None, 4)]
    assert result(SqlQuery(query=query), *tables).rows() == expected
