"""Formulas in signs or in words, written in the app's own formula language."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dataprep_app.chat.patterns import Unreadable, one_column
from dataprep_app.chat.table import TableFacts
from dataprep_app.chat.tokens import Token

OPERATORS = {
    "+": "+",
    "plus": "+",
    "-": "-",
    "minus": "-",
    "*": "*",
    "times": "*",
    "multiplied": "*",
    "x": "*",
    "/": "/",
    "over": "/",
    "divided": "/",
    "divide": "/",
    "multiply": "*",
}
RESERVED = ("and", "or", "not", "in", "true", "false", "null")


def read_formula(tokens: Sequence[Token], table: TableFacts) -> str:
    """An expression of columns, numbers and the four operations; brackets as they are.

    Raises:
        Unreadable: something else is in it, or operands and operators do not take turns.
    """
    parts: list[str] = []
    operand, depth = True, 0
    for i, token in enumerate(tokens):
        after_division = i > 0 and tokens[i - 1].word in ("divided", "multiplied", "divide", "multiply")
        if token.is_word("by") and after_division:
            continue
        if token.word == "(" and operand:
            depth += 1
            parts.append("(")
        elif token.word == ")" and not operand and depth:
            depth -= 1
            parts.append(")")
        elif operand and token.kind == "column":
            parts.append(_named(one_column(token, table)))
            operand = False
        elif operand and token.kind in ("number", "share"):
            parts.append(str(token.value))
            operand = False
        elif not operand and token.kind in ("sign", "word") and token.word in OPERATORS:
            parts.append(OPERATORS[token.word])
            operand = True
        else:
            raise Unreadable
    if operand or depth or len(parts) < 2:
        raise Unreadable
    return " ".join(parts).replace("( ", "(").replace(" )", ")")


def operation(column: str, sign: str, operand: str | float) -> str:
    """A column and another, or a number, with a sign between them."""
    return f"{_named(column)} {sign} {_named(operand) if isinstance(operand, str) else operand}"


def _named(name: str) -> str:
    plain = re.fullmatch(r"[A-Za-z_]\w*", name) and name.lower() not in RESERVED
    return name if plain else f"[{name.replace(']', ']]')}]"
