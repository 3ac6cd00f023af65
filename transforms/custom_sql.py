"""A query in SQL over one or more tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import polars as pl
from pydantic import AfterValidator, Field

from transforms.core.errors import DataprepError, Problem
from transforms.core.relations import Relation, Source
from transforms.core.transform import Example, TableTransform, Transform

if TYPE_CHECKING:
    from transforms.sql.scope import Rows


def _valid_query(text: str) -> str:
    """Refuse, while it is typed, what could not be run over any table."""
    from transforms.sql.reading import parsed

    try:
        parsed(text)
    except DataprepError as error:
        raise ValueError(str(error)) from error
    return text


Query = Annotated[str, Field(min_length=1, json_schema_extra={"widget": "sql"}), AfterValidator(_valid_query)]
"""A SELECT; :mod:`transforms.sql` says what it may hold."""


class SqlQuery(TableTransform):
    """Make a table by a query in SQL over one or more tables.

    The query names the tables input_1, input_2 and so on; the first is also df. It is one SELECT in the way of DuckDB:
    WHERE, GROUP BY, HAVING, JOIN on equal columns (INNER, LEFT, RIGHT, FULL, SEMI, ANTI, CROSS), WITH, subqueries,
    UNION, INTERSECT, EXCEPT, window functions, QUALIFY, DISTINCT, ORDER BY, and LIMIT with an order. Every engine
    gives the same rows, so some of it is this app's way: a number divided by zero is null, a whole number beyond
    64 bits is an error, NaN is null, a pattern of REGEXP_EXTRACT that is not found gives null, numbers as text have
    no needless point (3.0 is '3'), and CAST to a whole number takes whole numbers only, so round first. Text is cut,
    searched and put in order by characters, whatever the language.
    """

    id = "sql_query"
    title = "SQL query"
    terms = ("sql", "pyspark sql", "select", "query", "duckdb", "group by and join")
    inputs = ("*",)
    changes_rows = True
    missing = (
        "NaN is null from the start. As in SQL, null makes results null and conditions unknown; WHERE keeps what is "
        "true, aggregates leave it out, keys of joins that are null match nothing, and in groups null equals null."
    )
    examples = (
        Example(
            params={
                "query": "SELECT city, count(*) AS orders, sum(price * 2) AS total\nFROM df\nWHERE price IS NOT NULL\n"
                "GROUP BY city\nORDER BY total DESC"
            },
            before={"city": ["Oslo", "Rome", "Oslo", None], "price": [10, None, 5, 1]},
            after={"city": ["Oslo", None], "orders": [2, 1], "total": [30, 2]},
        ),
        Example(
            params={
                "query": "SELECT o.id, c.name, CASE WHEN o.price >= 10 THEN 'large' ELSE 'small' END AS size\n"
                "FROM input_1 AS o\nLEFT JOIN input_2 AS c ON o.customer = c.id\nORDER BY o.id"
            },
            before={"id": [1, 2, 3], "customer": [7, None, 9], "price": [10.0, 2.5, None]},
            others=({"id": [7, 8], "name": ["Ann", "Bo"]},),
            after={"id": [1, 2, 3], "name": ["Ann", None, None], "size": ["large", "small", "small"]},
        ),
        Example(
            params={
                "query": "SELECT name, score, rank() OVER (ORDER BY score DESC) AS place\nFROM df\nQUALIFY place <= 2\n"
                "ORDER BY place, name"
            },
            before={"name": ["Ann", "Bo", "Cy", None], "score": [3, 5, 5, None]},
            after={"name": ["Bo", "Cy"], "score": [5, 5], "place": [1, 1]},
        ),
    )

    query: Query
    """The query: one SELECT over df, or input_1, input_2 and so on.

    Columns are found by their exact name, or by the only one that differs in capitals; names with blanks stand in
    double quotes, text in single ones. Name what is computed with AS. Functions: abs, ceil, coalesce, concat,
    concat_ws, contains, date_add, date_diff, date_part, date_trunc, day, ends_with, exp, extract, floor, greatest,
    hour, if, instr, last_day, least, left, length, ln, log, lower, lpad, ltrim, minute, mod, month, nullif, power,
    quarter, regexp_extract, regexp_matches, regexp_replace, replace, reverse, right, round, rpad, rtrim, second, sign,
    split_part, sqrt, starts_with, strftime, strptime, substring, trim, trunc, upper, week, year. Of groups: avg,
    count, count_if, bool_and, bool_or, max, median, min, mode, quantile_cont, stddev, sum, variance. Over windows also:
    row_number, rank, dense_rank, percent_rank, lag, lead.
    """

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        from transforms.sql.errors import SqlError

        try:
            self._compiled([Source(str(i)) for i in range(len(schemas))])
        except SqlError as error:
            yield Problem(error.found, error.advice, "query")

    def _compiled(self, tables: Iterable[Relation]) -> Rows:
        from transforms.sql.queries import compiled

        return compiled(self.query, list(tables), self._schemas)

    def _read(self) -> Rows:
        return self._compiled([Source(str(i)) for i in range(len(self._schemas))])

    def columns_read(self, table: int = 0) -> Iterator[str]:
        """The columns of an input that the query may read: those it names, or all for ``*``."""
        from transforms.sql.queries import columns_read

        if table < len(self._schemas):
            yield from columns_read(self.query, self._schemas[table])

    def lineage(self, learned: Any = None) -> Mapping[str, frozenset[str]] | None:
        rows = self._read()
        made = {name: rows.origins.get(name, frozenset()) for name in rows.schema}
        if any(place > 0 for origins in made.values() for place, _ in origins):
            return None
        return {name: frozenset(column for _, column in origins) for name, origins in made.items()}

    def touched(self, columns: Iterable[str]) -> frozenset[str]:
        """All of them: only the query says which columns come out, and as what."""
        return frozenset(columns)

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        return self._compiled(tables).relation


TRANSFORMS: tuple[type[Transform], ...] = (SqlQuery,)
