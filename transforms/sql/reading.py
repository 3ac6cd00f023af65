"""Text to the tree of a query, refusing what is no query of tables."""

from __future__ import annotations

from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError

from transforms.core.errors import did_you_mean
from transforms.sql import conversions
from transforms.sql.aggregates import AGGREGATES, REFUSED_AGGREGATES
from transforms.sql.errors import SqlError, shown, wrong
from transforms.sql.functions import BY_CLASS, BY_NAME, NAMES
from transforms.sql.operators import HANDLED
from transforms.sql.windows import RANKS, SHIFTS

DIALECT = "duckdb"
TOO_DEEP = "The query is nested too deep."
DEEPEST = 150
"""Levels of a tree that recursive code goes through without trouble."""
INSTEAD: dict[type[exp.Expr], str] = {
    exp.Lateral: "Write a join instead.",
    exp.Placeholder: "Write the value itself, or use a parameter of the flow.",
    exp.Parameter: "Write the value itself, or use a parameter of the flow.",
    exp.SimilarTo: "Use REGEXP_MATCHES or LIKE.",
    exp.Any: "Use IN (SELECT ...) or a join.",
    exp.CurrentDate: "Write the date itself: the same query is to give the same rows tomorrow.",
    exp.CurrentTimestamp: "Write the moment itself: the same query is to give the same rows tomorrow.",
    exp.Rand: "Use the step 'Sample rows', which has a seed.",
    exp.Columns: "List the columns, or use *.",
    exp.Interval: "Add an interval to a date or subtract it: day + INTERVAL 3 MONTH.",
    exp.Dot: "Take the fields of objects apart in a step before.",
    **dict.fromkeys((exp.Unnest, exp.Explode), "Explode the list in a step before."),
    **dict.fromkeys((exp.Array, exp.Struct), "Make lists and objects in a step of their own."),
    **dict.fromkeys((exp.JSONExtract, exp.JSONExtractScalar), "Take the JSON apart in a step before."),
    exp.ReadCSV: "Connect the file as a source of the flow.",
    exp.IgnoreNulls: "Instead of ANY_VALUE use MIN or MAX, and fill missing values in a step before.",
    **dict.fromkeys((exp.FirstValue, exp.LastValue), "Find the row by QUALIFY ROW_NUMBER() OVER (...) = 1, and join."),
    **dict.fromkeys((exp.Ntile, exp.CumeDist), "Use PERCENT_RANK() OVER (ORDER BY ...)."),
    **REFUSED_AGGREGATES,
}
OTHERS = (*AGGREGATES, *RANKS, *SHIFTS, *HANDLED, exp.Filter, exp.WithinGroup, exp.Exists)
BEGINNINGS = ("SELECT", "WITH", "FROM", "(")
WORDS = (exp.And, exp.Or, exp.Xor, exp.Cast, exp.TryCast, exp.Case)
"""What sqlglot counts among functions, but is written otherwise."""


@lru_cache(maxsize=64)
def parsed(text: str) -> exp.Query:
    """The tree of a query; never change it.

    Raises:
        SqlError: it cannot be read, or is more than a query can be here.
    """
    word = _first_word(text)
    if word not in BEGINNINGS:
        raise SqlError(f"{word} is not supported: a query only reads tables.", "Begin it with SELECT or WITH.")
    try:
        statements = [each for each in sqlglot.parse(text, dialect=DIALECT) if each is not None]
    except ParseError as error:
        raise _unreadable(error) from error
    except SqlglotError as error:
        raise SqlError("The query cannot be read.", "Check quotes, brackets and comments.") from error
    except RecursionError as error:
        raise SqlError(TOO_DEEP, "Take it apart with WITH, or make several steps.") from error
    if not statements:
        raise SqlError("There is no query.", "Write one such as SELECT * FROM df.")
    if len(statements) > 1 or isinstance(statements[0], exp.Block):
        raise SqlError("There is more than one statement.", "Write one SELECT; use WITH for queries that it needs.")
    (tree,) = statements
    if not isinstance(tree, exp.Query):
        raise SqlError(f"{word} is not supported: a query only reads tables.", "Begin it with SELECT or WITH.")
    _refuse_unknown(tree)
    return tree


def _first_word(text: str) -> str:
    """What a query begins with; sqlglot would write to the log of what it cannot take apart.

    Raises:
        SqlError: there is nothing, or quotes are not closed.
    """
    try:
        tokens = sqlglot.tokenize(text, read=DIALECT)
    except SqlglotError as error:
        raise SqlError("A quote or comment is not closed.", "Text stands in single quotes, doubled inside.") from error
    if not tokens:
        raise SqlError("There is no query.", "Write one such as SELECT * FROM df.")
    return str(tokens[0].text).upper()


def _unreadable(error: ParseError) -> SqlError:
    if not error.errors:
        return SqlError("There is no query that can be read.", "Write one such as SELECT * FROM df.")
    first = error.errors[0]
    near = str(first.get("highlight") or "").strip()
    column = int(first.get("col") or 1) - max(len(near) - 1, 0)
    found = f"the query cannot be read at {near!r}." if near else "the query ends too early."
    return SqlError(
        found, "Check the words, commas and brackets before it.", (int(first.get("line") or 1), max(column, 1))
    )


def _refuse_unknown(tree: exp.Query) -> None:
    """Refuse functions and other parts that are known to have no counterpart, before there is a table."""
    for node in tree.walk():
        if node.depth > DEEPEST:
            raise wrong(node, TOO_DEEP, "Take it apart with WITH, or make several steps.")
        advice = next((text for kind, text in INSTEAD.items() if isinstance(node, kind)), None)
        if advice is not None and not (isinstance(node, exp.Interval) and _moves_date(node)):
            raise wrong(node, f"{shown(node)!r} is not supported.", advice)
        if isinstance(node, exp.Func) and not _known(node):
            name = node.name if isinstance(node, exp.Anonymous) else node.sql_name()
            hint = did_you_mean(name.lower(), NAMES) or "The help of this step lists the functions there are."
            raise wrong(node, f"The function {name.upper()} is not supported.", hint)


def _moves_date(node: exp.Interval) -> bool:
    return isinstance(node.parent, exp.Add | exp.Sub | exp.DateAdd)


def _known(node: exp.Func) -> bool:
    if isinstance(node, exp.Anonymous):
        return node.name.lower() in {*BY_NAME, *conversions.BY_NAME}
    return isinstance(node, (*OTHERS, *WORDS)) or type(node) in BY_CLASS
