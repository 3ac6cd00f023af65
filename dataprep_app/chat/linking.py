"""Which words of a request are columns, values or groups of columns of the table.

A column is known by its name in any writing (``loan_amount``, ``Loan Amount``, ``loanAmounts``), after repair of
its spelling, and by a part of its name where that part is in one column only; where it is in several, the
candidates are kept and whoever reads the column has to choose. A value is known in any case; those of one or two
letters only as they are written in the table. Nothing else is ever taken for a column.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any

from dataprep_app.chat.lexicon import ABBREVIATIONS, FILLERS, ORDINARY, PHRASES, SELECTORS
from dataprep_app.chat.spelling import repaired
from dataprep_app.chat.table import TableFacts
from dataprep_app.chat.tokens import Token

LONGEST = 6
"""Words of the longest phrase that is looked for."""
SHORT_VALUE = 2
"""Values of so few letters are known only in the case of the table."""
COLUMN_WORDS = frozenset(
    form for word in ("column", "field", "variable", "feature", "attribute", "col") for form in (word, f"{word}s")
)
COMMON = ("columns", "rows", "missing", "values")
"""Words that a repair leads to rather than to others that are as near."""
ARTICLES = ("the", "a", "an")
INSIDE = ("the", "of", "my", "these", "our")
"""Words that may stand inside a phrase for a group of columns."""


def pieces(name: str) -> tuple[str, ...]:
    """The words of a column's name, in small letters."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return tuple(re.findall(r"[^\W_]+", parted.lower()))


def key(text: str) -> str:
    """A name without its blanks and signs: ``Loan Amount`` and ``loan_amount`` are the same."""
    return re.sub(r"[\W_]+", "", text.lower())


def plural(word: str) -> str:
    """The plural of a word, as most have it."""
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return f"{word}es"
    return f"{word[:-1]}ies" if word.endswith("y") and word[-2:-1] not in "aeiou" else f"{word}s"


class Names:
    """How the columns and values of a table may be called."""

    def __init__(self, table: TableFacts) -> None:
        self.table = table
        self.columns: dict[str, list[str]] = {}
        self.parts: dict[str, set[str]] = {}
        for each in table.columns:
            words = pieces(each.name)
            long = [ABBREVIATIONS.get(word, word) for word in words]
            for form in {key(each.name), key("".join(long))}:
                for spelled in (form, plural(form)):
                    self.columns.setdefault(spelled, []).append(each.name)
            for word in {*words, *long, *" ".join(long).split()}:
                for spelled in (word, plural(word)):
                    self.parts.setdefault(spelled, set()).add(each.name)
        self.values: dict[str, list[tuple[str, Any]]] = {}
        for each in table.columns:
            for value in each.values:
                if isinstance(value, str) and value.strip():
                    self.values.setdefault(" ".join(value.lower().split()), []).append((each.name, value))
        for text, held in list(self.values.items()):
            if text.replace("_", " ") not in self.values:
                self.values[text.replace("_", " ")] = held
        self.row_nouns = {form for each in pieces(table.name) for form in (each, plural(each), each.removesuffix("s"))}

    @cached_property
    def words(self) -> frozenset[str]:
        """Single words that a spelling repair may lead to."""
        in_values = {word for text in self.values for word in re.findall(r"[^\W_]+", text)}
        return frozenset({*self.columns, *self.parts} | in_values)


class Linker:
    """Reads the words of requests over one table."""

    def __init__(self, table: TableFacts, vocabulary: frozenset[str], reserved: frozenset[str] | None = None) -> None:
        self.names = Names(table)
        self.reserved = vocabulary if reserved is None else reserved
        """Words that have a meaning of their own, so that they are no part of a column's name when they stand alone."""
        self.vocabulary = vocabulary
        """Words that are right as they are."""

    def link(self, given: list[Token]) -> list[Token]:
        """The tokens with columns, values and groups found, synonyms made one, and fillers left out."""
        found = self._spelled(given)
        found = self._spans(found, self._strong)
        found = self._spans(found, self._phrase)
        found = self._spans(found, self._partly)
        found = [self._quoted(each) for each in found if each.word in COLUMN_WORDS or not self._filler(each)]
        return self._counted(found)

    def _spelled(self, given: list[Token]) -> list[Token]:
        out = []
        for each in given:
            if each.kind == "word" and not self._known(each.word):
                better = repaired(each.word, self.names.words, COMMON, self.vocabulary)
                if better is not None:
                    each = replace(each, word=better, note=f"{each.text!r} read as {better!r}")
            out.append(each)
        return out

    def _known(self, word: str) -> bool:
        names = self.names
        return (
            word in self.vocabulary
            or word in names.words
            or word in FILLERS
            or word in ORDINARY
            or key(word) in names.columns
        )

    def _spans(self, given: list[Token], read: Any) -> list[Token]:
        """Replace runs of tokens by what ``read`` makes of them, the longest first."""
        out, i = [], 0
        while i < len(given):
            for size in range(min(LONGEST, len(given) - i), 0, -1):
                run = given[i : i + size]
                found = read(run, given, i)
                if found is not None:
                    out.append(found)
                    i += size
                    break
            else:
                out.append(given[i])
                i += 1
        return out

    def _strong(self, run: list[Token], given: list[Token], at: int) -> Token | None:
        """A column by its whole name, or a value."""
        if not all(_wordlike(each) for each in run) or (len(run) > 1 and run[0].kind == "number"):
            return None
        text = " ".join(each.text for each in run)
        words = " ".join(each.word or each.text.lower() for each in run)
        notes = "; ".join(each.note for each in run if each.note)
        columns = [] if run[0].kind == "number" else self._columns(text, words)
        if len(run) == 1 and PHRASES.get(words) == "rows" and key(text) not in map(key, columns):
            columns = []
        if columns:
            also = run[0].word if len(run) == 1 and self._meaning(run[0].word) else ""
            return Token(text, "column", "", tuple(columns), notes, PHRASES.get(also, also))
        held = self._values(text, words)
        if held:
            also = words if words in self.vocabulary or words in PHRASES or words in ORDINARY else ""
            return Token(text, "value", "", tuple(held), notes, PHRASES.get(also, also))
        return None

    def _meaning(self, word: str) -> bool:
        return word in self.vocabulary or word in PHRASES

    def _columns(self, text: str, words: str) -> list[str]:
        exact = [each.name for each in self.names.table.columns if each.name == text]
        long = "".join(ABBREVIATIONS.get(each, each) for each in re.findall(r"[^\W_]+", text.lower()))
        forms = (key(text), key(words), key(long))
        return exact or sorted(set(next((found for each in forms if (found := self.names.columns.get(each))), ())))

    def _values(self, text: str, words: str) -> list[tuple[str, Any]]:
        for form in (text.lower(), words):
            held = self.names.values.get(form) or self.names.values.get(form.removesuffix("s"))
            if held and len(form) > SHORT_VALUE:
                return held
            exact = [pair for pair in held or () if pair[1] == text]
            if exact:
                return exact
        return []

    def _phrase(self, run: list[Token], given: list[Token], at: int) -> Token | None:
        """A group of columns, or a synonym as the word that patterns know."""
        if not all(each.kind in ("word", "sign") or each.also for each in run):
            return None
        words = " ".join(each.word or each.also for each in run)
        if all(each.kind in ("word", "sign") for each in run):
            bare = " ".join(each.word for each in run if each.word not in INSIDE)
            bare = "" if run[0].word in INSIDE or run[-1].word in INSIDE else bare
            group = SELECTORS.get(bare) or SELECTORS.get(re.sub(r"^(all|every|each|any) ", "", bare))
            if group is not None:
                return Token(words, "group", "", group)
            if len(run) == 1 and words in self.names.row_nouns:
                return Token(run[0].text, "word", "rows")
        if len(run) > 2 and words not in PHRASES and run[0].word not in ARTICLES and run[-1].word not in ARTICLES:
            words = " ".join(each.word or each.also for each in run if each.word not in ARTICLES)
        if words not in PHRASES or (len(run) == 1 and run[0].kind not in ("word", "sign")):
            return None
        if len(run) > 1 and any(each.kind == "column" for each in run):
            return None
        text = " ".join(each.word or each.text for each in run)
        return Token(text, "word", PHRASES[words], note="; ".join(each.note for each in run if each.note))

    def _partly(self, run: list[Token], given: list[Token], at: int) -> Token | None:
        """Columns by a part of their name."""
        words = [each.word for each in run]
        if any(each.kind != "word" for each in run) or (len(run) == 1 and not self._free(words[0], given, at)):
            return None
        sets = [self.names.parts.get(word) for word in words]
        if any(each is None for each in sets) or words[0] in FILLERS:
            return None
        common = set.intersection(*(each for each in sets if each is not None))
        if not common:
            return None
        ordered = tuple(each.name for each in self.names.table.columns if each.name in common)
        text = " ".join(each.text for each in run)
        every = len(ordered) == 2 and any(each.is_word("both") for each in given[max(0, at - 2) : at])
        note = f"{text!r} taken as {ordered[0]}" if len(ordered) == 1 else ""
        also = words[0] if len(run) == 1 and self._meaning(words[0]) else ""
        return Token(text, "column", "", ordered, note, PHRASES.get(also, also), every)

    def _free(self, word: str, given: list[Token], at: int) -> bool:
        """Whether a single word may stand for a column: it has no meaning of its own here."""
        if word not in self.reserved and word not in FILLERS and word not in PHRASES:
            return True
        beside = given[at + 1 : at + 2]
        return any(each.is_word("column", "columns", "field", "variable", "feature") for each in beside)

    def _quoted(self, token: Token) -> Token:
        """Quoted text that is the name of a column as that column."""
        if token.kind != "quoted" or " ".join(token.text.lower().split()) in self.names.values:
            return token
        columns = [each.name for each in self.names.table.columns if each.name.lower() == token.text.lower()]
        return replace(token, kind="column", value=tuple(columns)) if columns else token

    def _counted(self, given: list[Token]) -> list[Token]:
        """The words for columns that say nothing left out: those beside a name; others as one word."""
        out = []
        for i, each in enumerate(given):
            if each.kind != "word" or each.word not in COLUMN_WORDS:
                out.append(each)
            elif not any(self._name(beside) for beside in (*given[max(0, i - 1) : i], *given[i + 1 : i + 2])):
                out.append(replace(each, word="columns"))
        return out

    def _name(self, token: Token) -> bool:
        """Whether a token is, or may be, the name of a column."""
        if token.kind == "word":
            return token.word not in self.vocabulary and token.word not in PHRASES
        return token.kind in ("column", "quoted", "group")

    def _filler(self, token: Token) -> bool:
        return token.kind == "word" and token.word in FILLERS


def _wordlike(token: Token) -> bool:
    return token.kind == "word" or (token.kind == "number" and bool(re.fullmatch(r"\w+", token.text)))


def columns_in(given: Iterable[Token]) -> Iterator[str]:
    """Every column that the tokens surely name."""
    for each in given:
        if each.kind == "column" and (len(each.value) == 1 or each.every):
            yield from each.value
