"""Small programs that make text of the values of a row, and the search for one that examples call for.

A program puts parts beside each other. A part is a text that is always the same, or is read from a column:
all of it, a piece between separators, a run of characters of one kind, or a part of a date; then written in
small letters or capitals, and cut to its first or last characters or to those from one place on. Programs are
searched from the cheapest to the dearest, shortest descriptions first, by Dijkstra's algorithm over how far
the results of all examples are spelled (in the spirit of Gulwani, POPL 2011, with a grammar of our own).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count, product
from typing import Literal

import polars as pl
from pydantic import BaseModel, ConfigDict

from transforms.core.columns import column as exactly
from transforms.core.conversion import as_text, parsed
from transforms.text_clean import title_case

Source = Literal["text", "whole", "piece", "run", "date"]
Case = Literal["same", "lower", "upper", "title"]
SEPARATORS = (" ", ", ", ",", "-", "_", "/", ".", "@", ":", ";", "|", "(", ")", "#", "\\", "=", "&")
RUNS = {
    "digits": r"\p{Nd}+",
    "letters": r"[\p{L}\p{M}]+",
    "letters and digits": r"[\p{L}\p{M}\p{Nd}]+",
    "capitals": r"\p{Lu}+",
    "number": r"[0-9]+(?:\.[0-9]+)?",
}
"""Patterns of the runs that may be read, by the name of their kind."""
DATE_PARTS = ("%Y", "%m", "%d", "%y", "%-m", "%-d", "%b", "%B", "%a", "%A", "%H", "%M", "%S", "%I", "%p", "%j", "%V")
PLACES = (0, 1, 2, 3, -1, -2, -3)
LONGEST = 40
"""The most characters of a cut, and the last place at which one begins."""
MOST_STATES = 50_000
"""Of the search, which is given up beyond them."""
ORDINALS = {0: "first", 1: "second", 2: "third", 3: "fourth", -1: "last", -2: "last but one", -3: "last but two"}


class Part(BaseModel):
    """One part of a program."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Source
    """Always the same text; all of a column, a piece of it, a run in it, or a part of its date."""
    text: str = ""
    """The text itself, what separates the pieces, the kind of the run, or the format of the date."""
    column: str = ""
    """The column that is read."""
    place: int = 0
    """Which piece or run: from 0, or from -1 backwards."""
    case: Case = "same"
    """How it is written."""
    start: int = 0
    """First character of the cut: from 0, or backwards from -1."""
    length: int | None = None
    """How many characters; to the end when empty."""

    def expr(self, schema: Mapping[str, pl.DataType]) -> pl.Expr:
        """The part as an expression; null where the row does not have it."""
        if self.source == "text":
            return pl.lit(self.text)
        whole = as_text(exactly(self.column), schema[self.column]).cast(pl.String)
        match self.source:
            case "piece":
                found = whole.str.split(self.text).list.get(self.place, null_on_oob=True)
            case "run":
                found = whole.str.extract_all(RUNS[self.text]).list.get(self.place, null_on_oob=True)
            case "date":
                found = _moment(self.column, schema[self.column]).dt.to_string(self.text)
            case _:
                found = whole
        return self._cut(self._in_case(found))

    def _in_case(self, text: pl.Expr) -> pl.Expr:
        match self.case:
            case "lower":
                return text.str.to_lowercase()
            case "upper":
                return text.str.to_uppercase()
            case "title":
                return title_case(text)
            case _:
                return text

    def _cut(self, text: pl.Expr) -> pl.Expr:
        if self.start == 0 and self.length is None:
            return text
        # Where it begins beyond the text there is nothing to read.
        return pl.when(text.str.len_chars() > max(self.start, 0)).then(text.str.slice(self.start, self.length))

    def words(self) -> str:
        """The part in words."""
        match self.source:
            case "text":
                return repr(self.text)
            case "piece":
                found = f"the {ORDINALS[self.place]} piece of {self.column!r} between {self.text!r}"
            case "run":
                found = f"the {ORDINALS[self.place]} run of {self.text} in {self.column!r}"
            case "date":
                found = f"{self.text} of the date {self.column!r}"
            case _:
                found = repr(self.column)
        how = {"same": "", "lower": " in small letters", "upper": " in capitals", "title": " in title case"}[self.case]
        if self.start < 0:
            return f"the last {-self.start} characters of {found}{how}"
        if self.length is None:
            return f"{found}{how}" + (f" from character {self.start + 1} on" if self.start else "")
        cut = f"characters {self.start + 1} to {self.start + self.length}" if self.start else f"first {self.length}"
        return f"the {cut} of {found}{how}"


def program_expr(parts: Sequence[Part], schema: Mapping[str, pl.DataType]) -> pl.Expr:
    """What a program makes of each row; null where one of its parts is."""
    return pl.concat_str([each.expr(schema) for each in parts], ignore_nulls=False)


def _moment(column: str, dtype: pl.DataType) -> pl.Expr:
    """A column of dates, or of text that holds ISO dates, as datetimes."""
    value = exactly(column)
    return parsed(value, "datetime") if dtype == pl.String else value.cast(pl.Datetime("us"))


@dataclass(frozen=True)
class Candidate:
    """A part, what it gives for each example, and what it costs."""

    part: Part
    values: tuple[str, ...]
    cost: float


def candidates(rows: pl.DataFrame, columns: Sequence[str], results: Sequence[str]) -> list[Candidate]:
    """Parts that give some of the result in every example, the cheapest of those that give the same."""
    best: dict[tuple[str, ...], Candidate] = {}
    for base in _written(rows, _read(rows, columns)):
        for values, start, length, more in _cuts(base):
            if not all(value and value in result for value, result in zip(values, results, strict=True)):
                continue
            cut = base.part.model_copy(update={"start": start, "length": length})
            _keep_cheapest(best, Candidate(cut, values, base.cost + more))
    return sorted(best.values(), key=lambda each: each.cost)


def _keep_cheapest(best: dict[tuple[str, ...], Candidate], candidate: Candidate) -> None:
    known = best.get(candidate.values)
    if known is None or candidate.cost < known.cost:
        best[candidate.values] = candidate


def _evaluated(rows: pl.DataFrame, parts: Sequence[tuple[Part, float]]) -> Iterator[Candidate]:
    """What parts give for the examples, where all have it."""
    found = rows.select(part.expr(rows.schema).alias(str(i)) for i, (part, _) in enumerate(parts))
    for i, (part, cost) in enumerate(parts):
        texts = found[str(i)].to_list()
        if all(texts):
            yield Candidate(part, tuple(texts), cost)


def _read(rows: pl.DataFrame, columns: Sequence[str]) -> list[Candidate]:
    """What can be read from columns as it is written."""
    best: dict[tuple[str, ...], Candidate] = {}
    for each in _evaluated(rows, [base for name in columns for base in _bases(rows, name)]):
        _keep_cheapest(best, each)
    return list(best.values())


def _written(rows: pl.DataFrame, read: Sequence[Candidate]) -> Iterator[Candidate]:
    """What was read, as it is and in other cases."""
    yield from read
    cases: tuple[Case, ...] = ("lower", "upper", "title")
    yield from _evaluated(
        rows, [(each.part.model_copy(update={"case": c}), each.cost + 1) for each in read for c in cases]
    )


def _bases(rows: pl.DataFrame, column: str) -> Iterator[tuple[Part, float]]:
    """What can be read from a column before it is changed, with its cost."""
    yield Part(source="whole", column=column), 2
    for separator, place in product(SEPARATORS, PLACES):
        yield Part(source="piece", text=separator, column=column, place=place), 3 + abs(place) / 4
    for kind, place in product(RUNS, PLACES):
        yield Part(source="run", text=kind, column=column, place=place), 3.5 + abs(place) / 4
    dtype = rows.schema[column]
    if dtype in (pl.String, pl.Date, pl.Datetime) and rows.select(_moment(column, dtype).is_not_null().all()).item():
        for format in DATE_PARTS:
            yield Part(source="date", text=format, column=column), 3.25


def _cuts(base: Candidate) -> Iterator[tuple[tuple[str, ...], int, int | None, float]]:
    """Cuts of the texts of all examples: what they give, where they begin, how long they are and what they cost."""
    texts = base.values
    yield texts, 0, None, 0.0
    if base.part.source == "date":
        return
    longest = min(max(map(len, texts)), LONGEST)
    for size in range(1, longest + 1):
        yield tuple(each[:size] for each in texts), 0, size, 1.5 + size / 10
        yield tuple(each[-size:] for each in texts), -size, None, 2 + size / 10
    if base.part.source == "whole":
        for start in range(1, longest):
            yield tuple(each[start:] for each in texts), start, None, 3 + start / 10
            for size in range(1, longest - start + 1):
                yield tuple(each[start : start + size] for each in texts), start, size, 4.5 + (start + size) / 10


@dataclass(frozen=True)
class State:
    """How far the results are spelled, and how: what was written last, and whether a column was read."""

    at: tuple[int, ...]
    last: Literal["", "text", "read"] = ""
    """What the last part was, if it ended in a letter: a constant text may not share a word with what is read."""
    reads: bool = False


def program(rows: pl.DataFrame, columns: Sequence[str], results: Sequence[str]) -> tuple[Part, ...] | None:
    """The cheapest program that makes every result of its row; ``None`` when there is none."""
    parts = candidates(rows, columns, results)
    ends = tuple(map(len, results))
    order, start = count(), State((0,) * len(results))
    heap: list[tuple[float, int, State, tuple[Part, ...]]] = [(0.0, next(order), start, ())]
    done: set[State] = set()
    while heap and len(done) < MOST_STATES:
        cost, _, state, before = heappop(heap)
        if state in done:
            continue
        done.add(state)
        if state.at == ends:
            if state.reads:
                return before
            continue
        for each in (*_constants(state, results), *parts):
            following = _after(state, each, results)
            if following is not None and following not in done:
                heappush(heap, (cost + each.cost, next(order), following, (*before, each.part)))
    return None


def _constants(state: State, results: Sequence[str]) -> Iterator[Candidate]:
    """Texts with which all results go on; letters and digits are dear, since they may be only chance."""
    rests = [result[at:] for result, at in zip(results, state.at, strict=True)]
    cost = 2.0
    for size, signs in enumerate(zip(*rests, strict=False), 1):
        if len(set(signs)) > 1:
            return
        rest, sign = rests[0], signs[0]
        cost += 6 / len(results) if sign.isalnum() else 1
        yield Candidate(Part(source="text", text=rest[:size]), (rest[:size],) * len(results), cost)


def _after(state: State, candidate: Candidate, results: Sequence[str]) -> State | None:
    """The state behind a part; ``None`` where the results do not go on with it."""
    values = candidate.values
    if not all(result.startswith(value, at) for result, value, at in zip(results, values, state.at, strict=True)):
        return None
    kind: Literal["text", "read"] = "text" if candidate.part.source == "text" else "read"
    if state.last not in ("", kind) and any(value[0].isalpha() for value in values):
        return None
    letter = any(value[-1].isalpha() for value in values)
    at = tuple(place + len(value) for place, value in zip(state.at, values, strict=True))
    return State(at, kind if letter else "", state.reads or kind == "read")
