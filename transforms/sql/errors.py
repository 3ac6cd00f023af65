"""What is wrong with a query, and where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlglot import ErrorLevel, exp

from transforms.core.errors import DataprepError

LONGEST = 60
"""Characters of a query that an error shows."""
WORDS = {
    "columns": "A list of column names",
    "db": "A name with a point",
    "limit_options": "PERCENT",
    "locks": "FOR UPDATE",
    "offset": "OFFSET",
    "pivots": "PIVOT",
    "query": "A subquery",
    "sample": "TABLESAMPLE",
    "windows": "WINDOW",
    "zone": "A time zone",
}
"""What people call some of the parts, by their names in sqlglot."""


class SqlError(DataprepError):
    """A query that cannot be read, or does not fit the tables; says at which line and column."""

    def __init__(self, found: str, advice: str = "", place: tuple[int, int] | None = None) -> None:
        self.found = f"SQL, line {place[0]}, column {place[1]}: {found}" if place else f"SQL: {found}"
        self.advice = advice
        super().__init__(f"{self.found} {advice}".strip())


def wrong(node: exp.Expr, found: str, advice: str = "") -> SqlError:
    """An error at a part of a query."""
    return SqlError(found, advice, place(node))


def place(node: exp.Expr) -> tuple[int, int] | None:
    """Line and column, from 1, at which a part of a query begins, as far as its names and values tell."""
    first = _first_meta(node)
    return (first["line"], first["col"] - (first["end"] - first["start"])) if first else None


def shown(node: exp.Expr) -> str:
    """A part of a query as text, in the names that the query has."""
    text = in_full(node)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def in_full(node: exp.Expr) -> str:
    """A part of a query as text, however long it is."""
    return str(node.transform(_as_written).sql(unsupported_level=ErrorLevel.IGNORE))


def standing_for(node: exp.Expr, name: str) -> exp.Column:
    """A column of the table at hand that stands for a part of the query."""
    made = exp.column(exp.to_identifier(name, quoted=True))
    meta: dict[str, Any] = made.meta
    meta.update({"shown": shown(node), **_first_meta(node)})
    return made


def refuse_others(node: exp.Expr, known: Iterable[str], advice: Mapping[str, str] | None = None) -> None:
    """Refuse a part of a query that has more to it than is understood, rather than pass over it.

    Args:
        node: the part.
        known: the names sqlglot has for what is understood.
        advice: what to do instead, by such names.
    """
    known = set(known)
    for key, value in node.args.items():
        if value and key not in known:
            word = WORDS.get(key) or key.strip("_").replace("_", " ").upper()
            part = value[0] if isinstance(value, list) else value
            at = part if isinstance(part, exp.Expr) and place(part) else node
            advised = (advice or {}).get(key, "Write it without.")
            raise wrong(at, f"{word} is not supported in {shown(node)!r}.", advised)


def _as_written(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Column) and "shown" in node.meta:
        return exp.Var(this=node.meta["shown"])
    return node


def _first_meta(node: exp.Expr) -> dict[str, Any]:
    metas = [each.meta for each in node.walk() if "line" in each.meta]
    first = min(metas, key=lambda each: each["start"], default={})
    return {key: first[key] for key in ("line", "col", "start", "end") if key in first}
