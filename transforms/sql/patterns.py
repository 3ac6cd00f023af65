"""Text compared with patterns: LIKE and regular expressions."""

from __future__ import annotations

import re

import polars as pl
from sqlglot import exp

from transforms.core.params import valid_regex
from transforms.sql.errors import wrong
from transforms.sql.typed import Typed


def written(part: Typed, what: str) -> str:
    """The text of a part that has to be written in the query.

    Raises:
        SqlError: it is something else, or comes from a column.
    """
    text = part.constant() if part.is_constant else None
    if not isinstance(text, str):
        raise wrong(part.node, f"{what} has to be text in quotes, the same for every row.", "Write it in the query.")
    return text


def like(value: pl.Expr, pattern: str, escape: str, *, ignore_case: bool, node: exp.Expr) -> pl.Expr:
    """Whether text is as a pattern of LIKE has it, as a whole: ``%`` any characters, ``_`` one.

    Raises:
        SqlError: the pattern ends with the escape character.
    """
    found, waiting = [], False
    for sign in pattern:
        if waiting or sign not in ("%", "_", escape):
            found.append(re.escape(sign) if sign.isascii() else sign)
            waiting = False
        elif sign == escape:
            waiting = True
        else:
            found.append(".*" if sign == "%" else ".")
    if waiting:
        raise wrong(node, f"The pattern {pattern!r} ends with its escape character.", "Write it twice.")
    flags = "(?is)" if ignore_case else "(?s)"
    return value.str.contains(f"{flags}^{''.join(found)}$")


def regex(part: Typed, what: str) -> str:
    """A regular expression that is written in the query and can be run.

    Raises:
        SqlError: it is none.
    """
    pattern = written(part, f"The pattern of {what}")
    try:
        return valid_regex(pattern)
    except ValueError as error:
        raise wrong(part.node, str(error), "Look-around and back-references are not supported.") from error


def replacement(text: str) -> str:
    """What a match becomes, with groups written as a backslash and a number, as the engine has it."""
    return re.sub(r"\\(\d)", r"${\1}", text.replace("$", "$$"))
