"""Conditions in words: ``age over 30 and city is Oslo or Rome``, read to the end or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dataprep_app.chat.linking import pieces
from dataprep_app.chat.patterns import Choose, Unreadable, one_column, value_in
from dataprep_app.chat.table import ColumnFacts, TableFacts
from dataprep_app.chat.tokens import Token

Condition = dict[str, Any]

COMPARISONS = {
    ">": "more",
    "over": "more",
    "after": "more",
    "beyond": "more",
    "<": "less",
    "before": "less",
    ">=": "at_least",
    "since": "at_least",
    "from": "at_least",
    "<=": "at_most",
    "until": "at_most",
    "==": "equals",
    "!=": "not_equals",
    "contains": "contains",
    "starts with": "starts_with",
    "ends with": "ends_with",
    "older than": "more",
    "younger than": "less",
    "not contains": "contains",
}
TEXT = ("contains", "starts_with", "ends_with")
OPPOSITE = {
    "more": "at_most",
    "at_most": "more",
    "less": "at_least",
    "at_least": "less",
    "equals": "not_equals",
    "not_equals": "equals",
    "is_in": "not_in",
    "not_in": "is_in",
    "is_missing": "is_present",
    "is_present": "is_missing",
    "is_true": "is_false",
    "is_false": "is_true",
}
AFTERWARDS = {
    ("or", "more"): "at_least",
    ("or", "less"): "at_most",
    ("and", "more"): "at_least",
    ("or", "over"): "at_least",
    ("or", "older"): "at_least",
    ("or", "later"): "at_least",
    ("or", "above"): "at_least",
}
SKIPPED = ("where", "rows", "inclusive", "of", "with", "to", "out", "went", "left", "got", "if", "so")
"""Words that say nothing in a condition."""
IMPLIED = {
    "older than": ("age",),
    "younger than": ("age",),
    "earning": ("income", "salary", "wage", "earnings"),
    "earn": ("income", "salary", "wage", "earnings"),
    "costing": ("price", "cost", "fare"),
    "aged": ("age",),
}
"""Words that name a column by what is said of its rows."""


def opposite(condition: Condition) -> Condition:
    """The condition that holds where the given one does not."""
    if condition.get("op") in OPPOSITE:
        return {**condition, "op": OPPOSITE[condition["op"]]}
    return {"not": condition}


def read_condition(tokens: Sequence[Token], table: TableFacts) -> tuple[Condition, tuple[str, ...]]:
    """A condition and what was guessed.

    Raises:
        Unreadable: some of it is not understood.
        Choose: a column is not certain.
    """
    reader = _Reader(list(tokens), table)
    found = reader.either()
    reader.skip()
    if reader.at < len(reader.tokens):
        raise Unreadable
    return found, tuple(dict.fromkeys(reader.notes))


def columns_of(condition: Condition) -> set[str]:
    """Every column that a condition looks at."""
    if "column" in condition:
        return {condition["column"], *([condition["other"]] if "other" in condition else [])}
    inner = condition.get("all") or condition.get("any") or [condition["not"]]
    return set().union(*map(columns_of, inner))


class _Reader:
    def __init__(self, tokens: list[Token], table: TableFacts) -> None:
        self.tokens, self.table, self.at = tokens, table, 0
        self.notes: list[str] = []
        self.last: ColumnFacts | None = None
        """The column of the comparison before, for those that name none."""

    def skip(self) -> None:
        while self.at < len(self.tokens) and (self.tokens[self.at].is_word(*SKIPPED) or self._origin()):
            self.at += 1

    def _origin(self) -> bool:
        """Whether the word here is a ``from`` before a value."""
        following = self.look(1)
        return self.tokens[self.at].is_word("from") and following is not None and following.kind == "value"

    def look(self, ahead: int = 0) -> Token | None:
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else None

    def take(self, *words: str) -> bool:
        found = self.look()
        if found is not None and found.kind in ("word", "sign") and found.word in words:
            self.at += 1
            return True
        return False

    def either(self) -> Condition:
        parts = [self.both()]
        while self.take("or"):
            parts.append(self.both())
        return _joined("any", parts)

    def both(self) -> Condition:
        parts = [self.one()]
        while self.look() is not None and self._joins():
            parts.append(self.one())
        return _joined("all", parts)

    def _joins(self) -> bool:
        if self.take("and", "but", "&"):
            return True
        token, following = self.look(), self.look(1)
        if following is not None and following.kind == "value" and token is not None and token.is_word("from", "to"):
            self.at += 1
            return True
        if following is not None and following.kind in ("column", "value") and self.take(","):
            self.take("and")
            return True
        return False

    def one(self) -> Condition:
        self.skip()
        if self.take("not"):
            return opposite(self.one())
        following = self.look(1)
        if token_between(self.look()) and following is not None and following.kind == "column":
            self.at += 2
            return self._between(self._facts(following))
        if self.take("("):
            found = self.either()
            if not self.take(")"):
                raise Unreadable
            return found
        token = self.look()
        if token is None:
            raise Unreadable
        if self.take("is missing", "missing", "is present"):
            return self._missing("is_present" if token.word == "is present" else "is_missing")
        if token.kind == "column":
            self.at += 1
            self._note(token)
            return self._compared(self._facts(token))
        if token.kind == "value":
            return self._value_alone()
        if token.is_word(*IMPLIED):
            return self._compared(self._implied(token))
        if self.last is not None:
            return self._compared(self.last)
        raise Unreadable

    def _missing(self, op: str) -> Condition:
        self.take("in", "for", "from")
        self.skip()
        token = self.look()
        if token is None:
            raise Unreadable
        self.at += 1
        self._note(token)
        return {"column": self._facts(token).name, "op": op}

    def _facts(self, token: Token) -> ColumnFacts:
        if token.kind != "column" and (token.kind != "word" or token.word in COMPARISONS or token.word in SKIPPED):
            raise Unreadable
        holding = [each.text for each in self.tokens[self.at : self.at + 3] if each.kind == "value"]
        self.last = self.table.by_name[one_column(token, self.table, holding)]
        return self.last

    def _implied(self, token: Token) -> ColumnFacts:
        """The one column of numbers that a word such as ``older`` or ``earning`` is about."""
        fitting = [
            each for each in self.table.columns if each.numeric and set(pieces(each.name)) & set(IMPLIED[token.word])
        ]
        if len(fitting) != 1:
            raise Unreadable
        if token.word not in COMPARISONS:
            self.at += 1
        self.notes.append(f"{token.text!r} is about {fitting[0].name}")
        return fitting[0]

    def _value_alone(self) -> Condition:
        """Values whose column is not named: ``JFK``, ``charged off or current``."""
        token = self.look()
        assert token is not None
        columns = list(dict.fromkeys(column for column, _ in token.value))
        if self.last is not None and self.last.name in columns:
            columns = [self.last.name]
        columns = self._towards(columns)
        if len(columns) != 1:
            raise Choose(token, columns)
        self.last = self.table.by_name[columns[0]]
        values = self._values(self.last)
        self.notes.append(f"{token.text!r} is looked for in {self.last.name}")
        return _equal(self.last.name, values)

    def _towards(self, columns: list[str]) -> list[str]:
        """Among columns, the one that a word before the value points to: from an origin, to a destination."""
        before = self.tokens[self.at - 1] if self.at else None
        hints = {"to": "dest", "from": "orig", "out": "orig"}
        wanted = hints.get(before.word) if before is not None else None
        narrowed = [each for each in columns if wanted and each.lower().startswith(wanted)]
        return narrowed or columns

    def _compared(self, facts: ColumnFacts) -> Condition:
        self.skip()
        name = facts.name
        negated = self.take("not")
        token = self.look()
        if token is None or token.is_word("and", "or") or token.word == ")":
            if facts.type != "boolean":
                raise Unreadable
            return {"column": name, "op": "is_false" if negated else "is_true"}
        if token.kind == "sign" and token.word == ">" and self._next_is("="):
            self.at += 1
        found = self._comparison(facts)
        return opposite(found) if negated else found

    def _next_is(self, word: str) -> bool:
        following = self.look(1)
        return following is not None and following.word == word

    def _comparison(self, facts: ColumnFacts) -> Condition:
        name, token = facts.name, self.look()
        assert token is not None
        if self.take("is missing", "missing"):
            return {"column": name, "op": "is_missing"}
        if self.take("is present"):
            return {"column": name, "op": "is_present"}
        if self.take("between"):
            return self._between(facts)
        if self.take("not in"):
            return _equal(name, self._values(facts), negated=True)
        if self.take("in"):
            return _equal(name, self._values(facts))
        if token.kind in ("word", "sign") and token.word in COMPARISONS:
            self.at += 1
            if token.word == "==":
                return self._after_is(facts)
            return self._ordered(facts, token.word)
        if token.kind in ("value", "quoted", "date", "number"):
            values = self._values(facts)
            return self._or_more(facts, values) or _equal(name, values)
        raise Unreadable

    def _after_is(self, facts: ColumnFacts) -> Condition:
        """What follows ``is``: a comparison, or a value."""
        token = self.look()
        if token is None:
            raise Unreadable
        if self.take("not"):
            return opposite(self._after_is(facts))
        if token.kind in ("word", "sign") and (token.word in COMPARISONS or token.word in ("between", "in", "missing")):
            return self._comparison(facts)
        if token.kind == "column":
            return self._other(facts, "equals")
        values = self._values(facts)
        return self._or_more(facts, values) or _equal(facts.name, values)

    def _or_more(self, facts: ColumnFacts, values: list[Any]) -> Condition | None:
        """``30 or more`` as a bound."""
        pair = tuple(each.word for each in self.tokens[self.at : self.at + 2])
        if len(values) == 1 and pair in AFTERWARDS:
            self.at += 2
            return {"column": facts.name, "op": AFTERWARDS[pair], "value": values[0]}
        return None

    def _ordered(self, facts: ColumnFacts, word: str) -> Condition:
        op = COMPARISONS[word]
        token = self.look()
        if token is None:
            raise Unreadable
        if token.kind == "column" and op not in TEXT:
            return self._other(facts, op)
        if op in TEXT:
            self.at += 1
            found: Condition = {"column": facts.name, "op": op, "value": token.text}
            return {"not": found} if word == "not contains" else found
        if op == "not_equals":
            return _equal(facts.name, self._values(facts), negated=True)
        if not (facts.numeric or facts.temporal):
            raise Unreadable
        value = self._one_value(facts)
        if word in ("from", ">=") and self.take("to", "and", "-"):
            upper = self._one_value(facts)
            return {"column": facts.name, "op": "between", "value": [value, upper]}
        return {"column": facts.name, "op": op, "value": self._year(facts, value, op)}

    def _year(self, facts: ColumnFacts, value: Any, op: str) -> Any:
        return value if not isinstance(value, tuple) else value[1] if op in ("more", "at_most") else value[0]

    def _other(self, facts: ColumnFacts, op: str) -> Condition:
        token = self.look()
        assert token is not None
        self.at += 1
        return {"column": facts.name, "op": op, "other": one_column(token, self.table)}

    def _between(self, facts: ColumnFacts) -> Condition:
        low = self._one_value(facts)
        if not self.take("and", "to", "-"):
            raise Unreadable
        high = self._one_value(facts)
        low = low[0] if isinstance(low, tuple) else low
        high = high[1] if isinstance(high, tuple) else high
        return {"column": facts.name, "op": "between", "value": [low, high]}

    def _one_value(self, facts: ColumnFacts) -> Any:
        """A value; a year as its first and last day where the column holds dates."""
        self.skip()
        token = self.look()
        if token is None or (token.kind == "word" and token.word in ("and", "or")) or token.kind == "sign":
            raise Unreadable
        self.at += 1
        if facts.temporal and token.kind == "number" and isinstance(token.value, int) and 1000 <= token.value <= 2999:
            last = f"{token.value}-12-31" + ("T23:59:59.999999" if facts.type == "datetime" else "")
            return f"{token.value}-01-01", last
        if token.kind == "share":
            return token.value * 100
        value, notes = value_in(token, facts)
        self.notes += notes
        return value

    def _values(self, facts: ColumnFacts) -> list[Any]:
        """Values joined by ``or``, ``and`` or commas, as long as what follows is a value of this column."""
        bracket = self.take("(", "[")
        found = [self._one_value(facts)]
        while self._more_values(facts):
            found.append(self._one_value(facts))
        if bracket and not self.take(")", "]"):
            raise Unreadable
        if any(isinstance(each, tuple) for each in found):
            if len(found) > 1:
                raise Unreadable
            return found
        return found

    def _more_values(self, facts: ColumnFacts) -> bool:
        start = self.at
        if self.take(",", "or", "and"):
            self.take("or", "and")
            token, following = self.look(), self.look(1)
            own = token is not None and (
                token.kind in ("quoted", "number", "date") or (token.kind == "value" and self._owns(token, facts))
            )
            if own and not (following is not None and following.word in ("==", "!=", "<", ">")):
                return True
        self.at = start
        return False

    def _owns(self, token: Token, facts: ColumnFacts) -> bool:
        return any(column == facts.name for column, _ in token.value)

    def _note(self, token: Token) -> None:
        if token.note:
            self.notes.append(token.note)


def token_between(token: Token | None) -> bool:
    """Whether a token is the word between."""
    return token is not None and token.is_word("between")


def _joined(how: str, parts: list[Condition]) -> Condition:
    if len(parts) == 1:
        return parts[0]
    equal = [each for each in parts if each.get("op") in ("equals", "is_in") and "value" in each]
    if how == "any" and len(equal) == len(parts) and len({each["column"] for each in parts}) == 1:
        values = [v for each in parts for v in (each["value"] if each["op"] == "is_in" else [each["value"]])]
        return {"column": parts[0]["column"], "op": "is_in", "value": values}
    return {how: parts}


def _equal(column: str, values: list[Any], *, negated: bool = False) -> Condition:
    if len(values) == 1 and isinstance(values[0], tuple):
        found: Condition = {"column": column, "op": "between", "value": list(values[0])}
        return {"not": found} if negated else found
    if len(values) == 1:
        return {"column": column, "op": "not_equals" if negated else "equals", "value": values[0]}
    return {"column": column, "op": "not_in" if negated else "is_in", "value": values}
