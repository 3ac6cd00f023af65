"""Patterns of requests: a whole clause has to match, so that nothing of it goes unread.

``"drop {columns} from rows?"`` is a regular expression over words. Names in braces stand for parts of the
request: ``{column}``, ``{columns}``, ``{value}``, ``{values}``, ``{n}``, ``{share}``, ``{new}`` (any one piece),
``{where}`` and ``{formula}`` (any run of pieces, to be read further).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any, Literal

from dataprep_app.chat.spelling import closest_value
from dataprep_app.chat.table import ColumnFacts, Group, TableFacts
from dataprep_app.chat.tokens import Token

LIST = r"(?: (?:, and|, or|and|or|,|&|plus) "
PIECES = {
    "columns": rf"(?:G\d+|C\d+{LIST}C\d+)*)",
    "column": r"C\d+",
    "value": r"[VQNUBD]\d+",
    "values": rf"[VQNUBD]\d+{LIST}[VQNUBD]\d+)*",
    "n": r"N\d+",
    "share": r"[PN]\d+",
    "quoted": r"[QV]\d+",
    "date": r"D\d+",
    "new": r"(?:[QUCVB]\d+|[a-z_]\w*)",
    "where": r".+?",
    "formula": r".+",
    "list": r".+",
}
LETTERS = {"column": "C", "value": "V", "number": "N", "share": "P", "quoted": "Q", "date": "D", "group": "G"}


class Unreadable(Exception):
    """This reading does not work; another one may."""


class Choose(Exception):
    """A word may mean several columns, or none that is known."""

    def __init__(self, token: Token, candidates: Sequence[str] | None = None) -> None:
        self.token = token
        self.candidates = tuple(token.value if candidates is None and token.kind == "column" else candidates or ())
        super().__init__(token.text)


class Ask(Exception):
    """Something is open that cannot be guessed."""

    def __init__(
        self,
        about: Literal["column", "parameter", "operation", "type", "value"],
        question: str,
        options: Sequence[tuple[str, Sequence[Draft]]] = (),
        retry: str = "",
    ) -> None:
        self.about = about
        self.question = question
        self.options = options
        """Labels, and the steps each would give."""
        self.retry = retry
        super().__init__(question)


class Unsupported(Exception):
    """It is understood and cannot be done; the text says what can."""


@dataclass(frozen=True)
class Draft:
    """A step that is not checked yet."""

    transform: str
    params: Mapping[str, Any]
    assumed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What was guessed, for people."""
    chosen: str = ""


@dataclass(frozen=True)
class Query:
    """An analysis that is not checked yet."""

    analysis: str
    spec: Mapping[str, Any]
    notes: tuple[str, ...] = ()


Reading = list[Draft] | Query


@dataclass(frozen=True)
class Match:
    """A clause that matched a pattern, and its parts."""

    table: TableFacts
    tokens: Sequence[Token]
    spans: Mapping[str, tuple[int, int]]
    words: Mapping[str, str] = field(default_factory=dict)
    """What stands at each name in the pattern, as patterns see it."""

    def __contains__(self, name: str) -> bool:
        return name in self.spans

    def part(self, name: str) -> list[Token]:
        """The tokens of a part."""
        start, end = self.spans[name]
        return list(self.tokens[start:end])

    def word(self, name: str, default: str = "") -> str:
        """The words of a part."""
        return self.words.get(name, default)

    def column(self, name: str = "column", *, holding: Sequence[Any] = ()) -> str:
        """The one column of a part."""
        return one_column(self.part(name)[0], self.table, holding)

    def facts(self, name: str = "column") -> ColumnFacts:
        """What is known of the column of a part."""
        return self.table.by_name[self.column(name)]

    def columns(self, name: str = "columns") -> list[str]:
        """The columns of a part, in the order they are named."""
        found: list[str] = []
        for token in self.part(name):
            if token.kind == "group":
                found += self.table.group(token.value)
            elif token.kind in ("column", "word"):
                if token.kind == "word" and token.word in SEPARATORS:
                    continue
                found += token.value if token.every else [one_column(token, self.table)]
        return list(dict.fromkeys(found))

    def group(self, name: str = "columns") -> Group | Literal[""]:
        """The group that the columns of a part were asked for as."""
        return next((each.value for each in self.part(name) if each.kind == "group"), "")

    def number(self, name: str = "n") -> Any:
        """A number, or a share as a fraction."""
        return self.part(name)[0].value

    def share(self, name: str = "share") -> float:
        """A fraction; a bare number above 1 counts as percent."""
        token = self.part(name)[0]
        return float(token.value if token.kind == "share" or token.value <= 1 else token.value / 100)

    def texts(self, name: str = "values") -> list[Token]:
        """The values of a part, without what stands between them."""
        return [each for each in self.part(name) if each.kind != "sign" and each.word not in SEPARATORS]

    def text(self, name: str) -> str:
        """A part as it was written."""
        return " ".join(each.text for each in self.part(name))


SEPARATORS = ("and", "or", ",", "&", "plus")

Build = Callable[[Match], Reading]


@dataclass(frozen=True)
class Frame:
    """Patterns and what to make of a clause that matches one of them."""

    patterns: tuple[str, ...]
    build: Build


FRAMES: list[Frame] = []
"""Every frame, in the order in which they are tried."""


def frame(*patterns: str) -> Callable[[Build], Build]:
    """Declare what the decorated function reads."""

    def register(build: Build) -> Build:
        FRAMES.append(Frame(patterns, build))
        return build

    return register


@cache
def compiled() -> tuple[tuple[re.Pattern[str], Build], ...]:
    """The patterns of all frames as regular expressions."""
    import_module("dataprep_app.chat.frames")  # declares the frames

    return tuple((re.compile(_expanded(each)), one.build) for one in FRAMES for each in one.patterns)


@cache
def vocabulary() -> frozenset[str]:
    """Every word that a pattern knows."""
    compiled()
    found: set[str] = set()
    for one in FRAMES:
        for each in one.patterns:
            bare = re.sub(r"\{[^}]*\}|\(\?P<\w+>", " ", each)
            found |= set(re.findall(r"[a-z][a-z_0-9]+", bare))
    return frozenset(found)


def _expanded(pattern: str, *, inside: bool = False) -> str:
    """A pattern as a regular expression in which every word takes the blank behind it along.

    ``rows?`` is a word that may be left out; inside a group only its last letter may.
    """
    return "".join(_element(each, inside=inside) for each in _cut(pattern))


def _element(text: str, *, inside: bool) -> str:
    plain = text[:-1].isalnum() or len(text) == 2
    optional = text.endswith("?") and (text[-2] in ")}" or (plain and not inside))
    mark = text[-1] if optional or text.endswith((")*", ")+")) else ""
    bare = text.removesuffix(mark) if mark else text
    if bare.startswith("{"):
        name = bare.strip("{}")
        found = f"(?P<{name}>{PIECES[name.split('_')[0].rstrip('0123456789')]}) "
    elif bare.startswith("(?="):
        return text
    elif bare.startswith("("):
        opening = re.match(r"\(\?(?::|P<\w+>)", bare)
        assert opening is not None, f"{bare!r} is no group that patterns know"
        ways = _cut(bare[opening.end() : -1], "|")
        found = opening[0] + "|".join(_expanded(each, inside=True) for each in ways) + ")"
    else:
        found = f"{bare} "
    return f"(?:{found}){mark}" if mark else found


def _cut(text: str, at: str = " ") -> list[str]:
    """A pattern cut at blanks, or at bars, outside of its groups; a group that begins with a blank stands alone."""
    parts, depth, start, i = [], 0, 0, 0
    while i < len(text):
        if text[i] == "\\":
            i += 2
            continue
        if at == " " and depth == 0 and text.startswith("(?: ", i) and i > start:
            parts.append(text[start:i])
            start = i
        depth += (text[i] == "(") - (text[i] == ")")
        if text[i] == at and depth == 0:
            parts.append(text[start:i])
            start = i + 1
        i += 1
    return [each for each in (*parts, text[start:]) if each or at == "|"]


def rendered(tokens: Sequence[Token], *, unknown: bool = False, known: frozenset[str] = frozenset()) -> str:
    """The tokens as patterns see them, a blank after each.

    Args:
        tokens: a clause.
        unknown: take words that nobody knows for columns.
        known: words that are known.
    """
    shown = []
    for i, each in enumerate(tokens):
        if each.kind in LETTERS:
            shown.append(f"{LETTERS[each.kind]}{i} ")
        elif each.kind == "word" and each.word.replace(" ", "_") not in known:
            shown.append(f"{'C' if unknown else 'U'}{i} ")
        else:
            shown.append(f"{each.word.replace(' ', '_')} ")
    return "".join(shown)


def matches(tokens: Sequence[Token], table: TableFacts, text: str) -> Iterator[tuple[Match, Build]]:
    """Every frame whose pattern fits a rendered clause."""
    places = [0]
    for each in text.split(" ")[:-1]:
        places.append(places[-1] + len(each) + 1)
    index = {place: i for i, place in enumerate(places)}
    for pattern, build in compiled():
        found = pattern.fullmatch(text)
        if found is None:
            continue
        spans, words = {}, {}
        for name, part in found.groupdict().items():
            if part is None:
                continue
            start = index.get(found.start(name))
            end = index.get(found.end(name) if part.endswith(" ") else found.end(name) + 1)
            if start is None or end is None:
                break
            spans[name], words[name] = (start, end), part.strip()
        else:
            yield Match(table, tokens, spans, words), build


def one_column(token: Token, table: TableFacts, holding: Sequence[Any] = ()) -> str:
    """The column that a token means.

    Raises:
        Choose: it may mean several, or none that is known.
    """
    if token.kind != "column":
        raise Choose(token)
    candidates = list(token.value)
    if len(candidates) > 1 and holding:
        narrowed = [each for each in candidates if each in table.holding(holding)]
        candidates = narrowed or candidates
    if len(candidates) != 1:
        raise Choose(token)
    return str(candidates[0])


def value_in(token: Token, facts: ColumnFacts) -> tuple[Any, tuple[str, ...]]:
    """A value of a column as the table writes it, and what was guessed.

    Raises:
        Ask: every value of the column is known, and this is none of them.
        Unreadable: it is no value of such a column.
    """
    if token.kind == "value":
        own = [value for column, value in token.value if column == facts.name]
        if own:
            return own[0], (token.note,) if token.note else ()
    if token.kind in ("number", "date"):
        wanted: Any = token.value
        if facts.numeric or facts.temporal:
            if facts.numeric and token.kind == "date":
                raise Unreadable
            return _dated(wanted, facts), ()
        if facts.type == "boolean":
            return bool(wanted), ()
        return token.text, ()
    if facts.type == "boolean" and token.text.lower() in ("true", "false", "yes", "no"):
        return token.text.lower() in ("true", "yes"), ()
    if facts.numeric:
        raise Unreadable
    near = closest_value(token.text, facts.values)
    if near is not None and (str(near) == token.text or token.kind != "quoted" or facts.complete):
        same = str(near).lower() == " ".join(token.text.lower().split())
        return near, () if same else (f"{token.text!r} read as {near!r}",)
    if facts.complete and facts.type == "text":
        listed = ", ".join(repr(each) for each in facts.values[:6])
        raise Ask("value", f"No row of {facts.name!r} has {token.text!r}. It holds {listed}.")
    if near is not None and str(near).lower() == token.text.lower():
        return near, ()
    return token.text, ()


def _dated(wanted: Any, facts: ColumnFacts) -> Any:
    if facts.temporal and not isinstance(wanted, str):
        raise Unreadable
    return wanted
