"""Formula text to a tree.

Operators, loosest first: ``or``; ``and``; ``not``; ``= <> < <= > >=`` and ``in (...)``; ``&`` (joins text);
``+ -``; ``* / %``; ``-`` (sign); ``^``. Columns are written bare when their name is a word, in brackets
otherwise: ``[loan amount]``, with ``]]`` for a bracket in a name. Text stands in double or single
quotes, doubled inside. ``true``, ``false`` and ``null`` are values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from transforms.core.errors import DataprepError


class FormulaError(DataprepError):
    """A formula that cannot be read; says at which character."""

    def __init__(self, message: str, place: int) -> None:
        self.place = place
        super().__init__(f"Formula, character {place + 1}: {message}")


@dataclass(frozen=True)
class Tree:
    """Part of a formula."""

    place: int
    """Where it begins in the text, from 0."""


@dataclass(frozen=True)
class Literal(Tree):
    """A value."""

    value: bool | int | float | str | None


@dataclass(frozen=True)
class ColumnName(Tree):
    """A column."""

    name: str


@dataclass(frozen=True)
class Call(Tree):
    """A function, or an operator under the name of its sign."""

    name: str
    arguments: tuple[Tree, ...]


@dataclass(frozen=True)
class Token:
    """A word, number, text, sign or the end."""

    kind: str
    text: str
    place: int


PATTERN = re.compile(
    r"""\s*(?:
      (?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)
    | (?P<text>"(?:[^"]|"")*"|'(?:[^']|'')*')
    | (?P<column>\[(?:[^\]]|\]\])+\])
    | (?P<word>[^\W\d]\w*)
    | (?P<sign><>|!=|<=|>=|==|[-+*/%^&=<>(),])
    )""",
    re.VERBOSE,
)
LOOSEST_FIRST: tuple[tuple[str, ...], ...] = (
    ("or",),
    ("and",),
    ("not",),
    ("=", "<>", "<", "<=", ">", ">=", "in"),
    ("&",),
    ("+", "-"),
    ("*", "/", "%"),
    ("negative",),
    ("^",),
)
BINDING = {sign: level for level, signs in enumerate(LOOSEST_FIRST, start=1) for sign in signs}
SAME = {"==": "=", "!=": "<>"}
PREFIX = ("not", "negative")
DEEPEST = 60


def parse(text: str) -> Tree:
    """The tree of a formula.

    Raises:
        FormulaError: it is not a formula.
    """
    return _Parser(_tokens(text)).whole()


def _tokens(text: str) -> list[Token]:
    found, place = [], 0
    while text[place:].strip():
        match = PATTERN.match(text, place)
        if match is None or match.lastgroup is None:
            start = place + len(text[place:]) - len(text[place:].lstrip())
            what = (
                "this text has no closing quote." if text[start] in "\"'" else f"{text[start]!r} has no meaning here."
            )
            what = "this column name has no closing bracket." if text[start] == "[" else what
            raise FormulaError(what, start)
        found.append(Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
        place = match.end()
    return [*found, Token("end", "", len(text))]


class _Parser:
    """Precedence climbing over tokens."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    def whole(self) -> Tree:
        tree = self._expression(0)
        if self._look().kind != "end":
            raise FormulaError(f"an operator is missing before {self._look().text!r}.", self._look().place)
        return tree

    def _look(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        self._next += 1
        return self._tokens[self._next - 1]

    def _expression(self, loosest: int) -> Tree:
        self._depth += 1
        if self._depth > DEEPEST:
            raise FormulaError(
                f"it is nested deeper than {DEEPEST} levels. Make columns of its parts.", self._look().place
            )
        tree = self._operand()
        while (binding := BINDING.get(self._operator(), -1)) > loosest:
            sign = self._operator()
            token = self._take()
            if sign == "in":
                tree = Call(token.place, "in", (tree, *self._arguments(token)))
            else:
                right = self._expression(binding - 1 if sign == "^" else binding)
                tree = Call(token.place, sign, (tree, right))
        self._depth -= 1
        return tree

    def _operator(self) -> str:
        token = self._look()
        sign = SAME.get(token.text, token.text.lower()) if token.kind in ("sign", "word") else ""
        return "" if sign in PREFIX else sign

    def _operand(self) -> Tree:
        token = self._take()
        match token.kind:
            case "number":
                value = float(token.text) if re.search(r"[.eE]", token.text) else int(token.text)
                if isinstance(value, int) and value >= 2**63:
                    raise FormulaError(f"{token.text} is larger than the largest whole number.", token.place)
                return Literal(token.place, value)
            case "text":
                quote = token.text[0]
                return Literal(token.place, token.text[1:-1].replace(quote * 2, quote))
            case "column":
                return ColumnName(token.place, token.text[1:-1].replace("]]", "]"))
            case "word":
                return self._word(token)
            case "sign" if token.text == "(":
                tree = self._expression(0)
                self._expect(")", token)
                return tree
            case "sign" if token.text == "-":
                return Call(token.place, "negative", (self._expression(BINDING["negative"]),))
            case "end":
                raise FormulaError("it ends where a value is expected.", token.place)
            case _:
                raise FormulaError(f"a value is expected before {token.text!r}.", token.place)

    def _word(self, token: Token) -> Tree:
        word = token.text.lower()
        if word in ("true", "false", "null"):
            return Literal(token.place, {"true": True, "false": False, "null": None}[word])
        if word == "not":
            return Call(token.place, "not", (self._expression(BINDING["not"]),))
        if word in ("and", "or", "in"):
            raise FormulaError(f"a value is expected before {token.text!r}.", token.place)
        if self._look().text == "(" and self._look().kind == "sign":
            return Call(token.place, word, tuple(self._arguments(token)))
        return ColumnName(token.place, token.text)

    def _arguments(self, token: Token) -> list[Tree]:
        self._expect("(", token)
        found: list[Tree] = []
        if self._look().text == ")" and self._look().kind == "sign":
            self._take()
            return found
        while True:
            found.append(self._expression(0))
            if self._look().text != "," or self._look().kind != "sign":
                break
            self._take()
        self._expect(")", token)
        return found

    def _expect(self, sign: str, opened: Token) -> None:
        token = self._take()
        if token.kind != "sign" or token.text != sign:
            found = repr(token.text) if token.text else "the end"
            raise FormulaError(f"{sign!r} is expected for {opened.text!r}, found {found}.", token.place)
