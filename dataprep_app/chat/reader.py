"""From a request to a plan, an analysis or a question back: clauses, their readings, and what is left open."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from dataprep_app.chat import naming
from dataprep_app.chat.conditions import COMPARISONS, IMPLIED
from dataprep_app.chat.lexicon import PHRASES
from dataprep_app.chat.linking import Linker, columns_in
from dataprep_app.chat.patterns import (
    Ask,
    Choose,
    Draft,
    Query,
    Unreadable,
    Unsupported,
    matches,
    rendered,
    vocabulary,
)
from dataprep_app.chat.plans import checked, joined
from dataprep_app.chat.spelling import near
from dataprep_app.chat.table import TableFacts
from dataprep_app.chat.tokens import Token, tokens
from dataprep_app.chat.turn import AnalysisResult, ClarifyResult, Option, PlanResult, RefuseResult

_VERBS = """
drop keep filter replace change convert fill rename scale normalize standardize minmax robust maxabs onehot ordinal
round split copy log sqrt bin clip trim vectorize extract create flag group_by aggregate sort sample shuffle move
apply pad prefix suffix balance undersample interpolate encode map set make dedupe rank impute hash target_encode
label_encode handle treat remove cumulative moving pivot join_text
"""
VERBS = frozenset(_VERBS.split())
IT = ("it", "them", "its", "their", "each")
POLITE = re.compile(
    r"^((is it possible to|could you|can you|would you|will you|i would like( you)? to|i want( you)? to|i need( "
    r"you)? to|"
    r"please|kindly|how (do|can) i|i wish to|we (need|want) to|we should|you should|help me( to)?|go ahead "
    r"and|next)[, ]+)+",
    re.IGNORECASE,
)
MOST_VARIANTS = 8
MOST_PIECES = 8

Found = PlanResult | AnalysisResult | ClarifyResult | RefuseResult


@lru_cache(1)
def known() -> frozenset[str]:
    """Words that patterns and conditions know."""
    canonical = {each.replace(" ", "_") for each in PHRASES.values()}
    return frozenset(
        {*vocabulary(), *canonical, *COMPARISONS, *IMPLIED, "and", "or", "not", "between", "inclusive", "but", *IT}
    )


@lru_cache(1)
def spellings() -> frozenset[str]:
    """Words that are right as they are, and that a spelling repair may lead to."""
    return known() | naming.spellings()


@lru_cache(16)
def linker(table: TableFacts) -> Linker:
    """The linker of a table."""
    return Linker(table, spellings(), known())


def read(text: str, table: TableFacts) -> Found | None:
    """What a request asks for; ``None`` when it is not understood."""
    linked = _without_glosses(linker(table).link(tokens(POLITE.sub("", text.strip()))))
    while linked and linked[-1].word in (".", "?", ",", ";", ":"):
        linked.pop()
    return read_tokens(linked, table, text) if linked else None


def _without_glosses(linked: list[Token]) -> list[Token]:
    """``LaGuardia (LGA)`` as ``LGA``: a word that nobody knows, explained in brackets by a value."""
    out: list[Token] = []
    i = 0
    while i < len(linked):
        run = linked[i : i + 4]
        strange = run[0].kind == "word" and run[0].word not in known()
        if len(run) == 4 and strange and run[1].word == "(" and run[2].kind == "value" and run[3].word == ")":
            out.append(run[2])
            i += 4
        else:
            out.append(run[0])
            i += 1
    return out


def read_tokens(linked: Sequence[Token], table: TableFacts, text: str) -> Found | None:
    """Likewise, of tokens."""
    try:
        return _read(linked, table, unknown=False)
    except Unreadable:
        pass
    except (Choose, Ask, Unsupported) as open_end:
        return _open(open_end, linked, table, text)
    try:
        _read(linked, table, unknown=True)
    except Unreadable:
        return None
    except (Choose, Ask, Unsupported) as open_end:
        return _open(open_end, linked, table, text) if isinstance(open_end, Choose) else None
    return None


def _read(linked: Sequence[Token], table: TableFacts, *, unknown: bool) -> PlanResult | AnalysisResult:
    plans: list[PlanResult] = []
    last: tuple[str, ...] = ()
    first = table
    for part in _ordered(_parts(linked)):
        reading, table = _part(_linked_again(part, first, table), table, last, unknown=unknown)
        if isinstance(reading, AnalysisResult):
            if len(_parts(linked)) > 1:
                raise Unreadable
            return reading
        plans.append(reading)
        last = tuple(dict.fromkeys(columns_in(part))) or last
    return joined(plans)


def _parts(linked: Sequence[Token]) -> list[list[Token]]:
    """Clauses that are surely apart: by ``then``, a semicolon, a full stop."""
    parts: list[list[Token]] = [[]]
    for i, token in enumerate(linked):
        following = linked[i + 1] if i + 1 < len(linked) else None
        if token.is_word("then") and following is not None and (following.kind == "column" or following.is_word("by")):
            parts[-1].append(Token(token.text, "sign", ","))
        elif token.is_word("then") or token.word in (";", "."):
            parts.append([])
        else:
            parts[-1].append(token)
    trimmed = [_trimmed(each) for each in parts]
    return [each for each in trimmed if each]


def _trimmed(part: list[Token]) -> list[Token]:
    while part and part[0].word in (",", "and", ":", "."):
        part = part[1:]
    while part and part[-1].word in (",", "and", ".", "?", "=="):
        part = part[:-1]
    return part


def _ordered(parts: list[list[Token]]) -> list[list[Token]]:
    """Clauses in the order in which they are to be done: ``x after y`` and ``before x, y`` turned around."""
    if len(parts) != 1:
        return parts
    part = parts[0]
    if part[0].is_word("before") and any(each.word == "," for each in part):
        comma = next(i for i, each in enumerate(part) if each.word == ",")
        if len(part) > 1 and part[1].word in VERBS:
            columns = [each for each in part[1:comma] if each.kind == "column"]
            return [_with(part[comma + 1 :], columns), part[1:comma]]
    for i, token in enumerate(part[1:-1], 1):
        if token.is_word("after") and part[i + 1].word in VERBS:
            columns = [each for each in part[:i] if each.kind == "column"]
            return [_with(part[i + 1 :], columns), part[:i]]
    return parts


def _with(part: list[Token], columns: list[Token]) -> list[Token]:
    """A clause with ``it`` as the columns that another clause names."""
    names = tuple(dict.fromkeys(columns_in(columns)))
    return [_meaning(each, names) for each in part]


def _meaning(token: Token, names: tuple[str, ...]) -> Token:
    if names and token.is_word(*IT):
        return Token(token.text, "column", "", names, every=True)
    return token


def _part(
    part: Sequence[Token], table: TableFacts, last: tuple[str, ...], *, unknown: bool
) -> tuple[PlanResult | AnalysisResult, TableFacts]:
    """The reading of a clause, or of the several that it is made of."""
    own = any(each.kind == "column" for each in part)
    with_it = [_meaning(each, last) for each in part if not (own and each.is_word("its", "their"))]
    try:
        return _clause(with_it, table, unknown=unknown)
    except Unreadable:
        pass
    for i in range(len(part) - 1, 0, -1):
        if not (_starts(part, i) and part[i - 1].word in (",", "and", "but")):
            continue
        head = _trimmed(list(part[:i]))
        try:
            first, between = _clause([_meaning(each, last) for each in head], table, unknown=unknown)
            names = tuple(dict.fromkeys(columns_in(head))) or last
            following = _linked_again(_trimmed(list(part[i:])), table, between)
            rest, after = _part(following, between, names, unknown=unknown)
        except Unreadable:
            continue
        if isinstance(first, PlanResult) and isinstance(rest, PlanResult):
            return joined([first, rest]), after
    raise Unreadable


def _linked_again(part: Sequence[Token], before: TableFacts, now: TableFacts) -> list[Token]:
    """A clause read with the columns that the steps before it made, where these are others."""
    if list(before.by_name) == list(now.by_name):
        return list(part)
    written = (f'"{each.text}"' if each.kind == "quoted" else each.text for each in part)
    return linker(now).link(tokens(" ".join(written)))


def _starts(part: Sequence[Token], at: int) -> bool:
    token = part[at]
    return (token.word or token.also).replace(" ", "_") in VERBS


def _clause(
    clause: Sequence[Token], table: TableFacts, *, unknown: bool
) -> tuple[PlanResult | AnalysisResult, TableFacts]:
    """The first reading of a clause that works."""
    open_end: Choose | Ask | Unsupported | None = None
    for variant in _variants(clause):
        for match, build in matches(variant, table, rendered(variant, unknown=unknown, known=known())):
            try:
                reading = build(match)
                if isinstance(reading, Query):
                    return AnalysisResult(reading.analysis, reading.spec, assumptions=reading.notes), table
                return checked(_noted(reading, variant), table)
            except Unreadable:
                continue
            except Choose as error:
                if not unknown and error.token.kind == "word":
                    continue
                open_end = error
                break
            except (Ask, Unsupported) as error:
                open_end = error
                break
        if open_end is not None:
            break
    if open_end is None:
        try:
            return _by_name(clause, table)
        except (Choose, Ask) as error:
            open_end = error
    raise open_end


def _by_name(clause: Sequence[Token], table: TableFacts) -> tuple[PlanResult, TableFacts]:
    drafts = _noted(naming.named(clause, table), clause)
    try:
        return checked(drafts, table)
    except Unreadable as error:
        raise Ask("parameter", f"{error} Say it, or add the step with its form.") from error


def _noted(drafts: list[Draft], clause: Sequence[Token]) -> list[Draft]:
    """The steps with what was guessed of the words of the clause."""
    notes = tuple(dict.fromkeys(each.note for each in clause if each.note and each.kind != "word"))
    return [replace(each, notes=(*notes, *each.notes)) if i == 0 else each for i, each in enumerate(drafts)]


def _variants(clause: Sequence[Token]) -> Iterator[list[Token]]:
    """The clause, and it with words that could be columns or values read as plain words."""
    yield list(clause)
    places = [i for i, each in enumerate(clause) if each.also]
    sets = [[i] for i in places] + ([places] if len(places) > 1 else [])
    for each in sets[:MOST_VARIANTS]:
        yield [
            Token(token.text, "word", token.also, note=token.note) if i in each else token
            for i, token in enumerate(clause)
        ]


def _open(error: Choose | Ask | Unsupported, linked: Sequence[Token], table: TableFacts, text: str) -> Found:
    if isinstance(error, Unsupported):
        return RefuseResult("unsupported", str(error))
    if isinstance(error, Ask):
        options = []
        for label, drafts in error.options:
            try:
                plan, _ = checked(list(drafts), table)
            except (Unreadable, Ask):
                continue
            options.append(Option(label, plan.explanation, plan))
        return ClarifyResult(error.about, error.question, tuple(options), error.retry)
    return _choice(error, linked, table, text)


def _choice(error: Choose, linked: Sequence[Token], table: TableFacts, text: str) -> ClarifyResult:
    """Which column is meant: candidates, each with what it would do."""
    token = error.token
    names = error.candidates or near(token.text, tuple(each.name for each in table.columns))
    options = []
    for name in names:
        result = None
        if any(each is token for each in linked):
            meant = [_meant(each, name) if each is token else each for each in linked]
            try:
                result = _read(meant, table, unknown=False)
            except (Unreadable, Choose, Ask, Unsupported):
                if error.candidates:
                    continue
        effect = result.explanation if isinstance(result, PlanResult) else ""
        options.append(Option(name, effect, result, name))
    if error.candidates:
        question = f"Which column is {token.text!r}?"
    elif options:
        question = f"There is no column {token.text!r}. Did you mean one of these?"
    else:
        listed = ", ".join(each.name for each in table.columns[:12])
        question = f"There is no column {token.text!r}. The table has {listed}."
    return ClarifyResult("column", question, tuple(options), text.replace(token.text, "{}", 1))


def _meant(token: Token, name: str) -> Token:
    if token.kind == "value":
        return replace(token, value=tuple(pair for pair in token.value if pair[0] == name))
    return Token(token.text, "column", "", (name,))
