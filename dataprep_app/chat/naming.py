"""Every transform by its title, terms or id: ``apply remove accents to city``; its settings filled from its schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from dataprep_app.chat.lexicon import FILLERS, PHRASES, SELECTORS
from dataprep_app.chat.linking import Linker
from dataprep_app.chat.patterns import Ask, Draft, Unreadable, one_column, vocabulary
from dataprep_app.chat.table import TableFacts
from dataprep_app.chat.tokens import Token, tokens

if TYPE_CHECKING:
    from transforms.core.transform import Transform

BEFORE = ("apply", "create", "show", "extract", "convert")
BETWEEN = (
    "to",
    "on",
    "of",
    "for",
    "in",
    "from",
    "with",
    "by",
    "using",
    "as",
    "and",
    ",",
    "into",
    "at",
    ":",
    "=",
    "==",
    "rows",
)


@cache
def phrases() -> dict[tuple[str, ...], tuple[str, ...]]:
    """What transforms are called, in the words that patterns see, and the ids of those called so.

    What is the title or the id of some is not taken for a mere term of others.
    """
    from transforms.catalog import catalog
    from transforms.reference import vocabulary as names

    title_or_id = _called({id: (calls[0], calls[-1]) for id, calls in names().items() if _one_table(catalog()[id])})
    anything = _called({id: calls for id, calls in names().items() if _one_table(catalog()[id])})
    return {**anything, **title_or_id}


def _one_table(kind: type[Transform]) -> bool:
    return kind.inputs == ("table",)


def _called(names: Mapping[str, Sequence[str]]) -> dict[tuple[str, ...], tuple[str, ...]]:
    linker = _linker()
    found: dict[tuple[str, ...], list[str]] = {}
    for id, calls in names.items():
        for call in calls:
            plain = call.replace("(", " ").replace(")", " ").replace(":", " ")
            for words in {(id,), *(tuple(_said(linker.link(tokens(each)))) for each in (call, plain))}:
                if words and id not in found.setdefault(words, []):
                    found[words].append(id)
    return {words: tuple(ids) for words, ids in found.items()}


@cache
def words() -> frozenset[str]:
    """Every word of a title, term or id."""
    from transforms.reference import vocabulary as names

    said = (each for calls in names().values() for call in calls for each in tokens(call))
    return frozenset({*names(), *(each.word for each in said if each.kind == "word" and len(each.word) > 2)})


@cache
def spellings() -> frozenset[str]:
    """Words that are right as they are, and that a spelling repair may lead to."""
    said = {word for phrase in (*PHRASES, *SELECTORS) for word in phrase.split()}
    return frozenset({*vocabulary(), *said, *words()})


@cache
def _linker() -> Linker:
    """A linker over no table."""
    return Linker(TableFacts("", 0, ()), spellings())


def named(clause: Sequence[Token], table: TableFacts) -> list[Draft]:
    """The step that a clause calls by name.

    Raises:
        Unreadable: it calls none, or more is said than its settings hold.
        Ask: several are called so, or a setting is needed that is not said.
    """
    clause = [each for each in clause if each.word not in FILLERS and not each.is_word("columns")]
    start = 1 if clause and clause[0].is_word(*BEFORE) else 0
    said = _said(clause)
    for begin in dict.fromkeys((start, 0)):
        for end in range(len(said), begin, -1):
            ids = phrases().get(tuple(said[begin:end]), ())
            try:
                return _filled(ids, said[begin:end], clause[end:], table)
            except Unreadable:
                continue
    raise Unreadable


def _said(clause: Sequence[Token]) -> list[str]:
    return [
        each.word or each.also or each.text.lower()
        for each in clause
        if each.word not in FILLERS and not each.is_word("columns")
    ]


def _filled(ids: Sequence[str], called: Sequence[str], rest: Sequence[Token], table: TableFacts) -> list[Draft]:
    from transforms.catalog import catalog

    found: list[Draft] = []
    asked: Ask | None = None
    unsure = False
    for id in ids:
        try:
            draft, open_choice = _settings(id, called, rest, table)
            found.append(draft)
            unsure = unsure or open_choice
        except Unreadable:
            continue
        except Ask as error:
            asked = error
    if not found:
        raise asked or Unreadable
    if len(found) > 1:
        options = [(catalog()[each.transform].title, [each]) for each in found]
        raise Ask("operation", "Several steps are called so. Which one is meant?", options)
    if unsure:
        # A term such as "left" may stand for a setting: the step is offered, not taken.
        title = catalog()[found[0].transform].title
        question = f"Is the step {title!r} meant? It has settings that you did not name."
        raise Ask("operation", question, [(title, found)])
    return found


def _settings(id: str, called: Sequence[str], rest: Sequence[Token], table: TableFacts) -> tuple[Draft, bool]:
    """Settings from what follows the name of a transform, all of which must find a place.

    With them comes whether a choice that the name may have meant is left open: it is a term, not the title or the
    id, and there is something to choose.
    """
    from transforms.catalog import catalog
    from transforms.reference import schema

    kind = catalog()[id]
    fields = schema(kind)["properties"]
    several = next((name for name, each in fields.items() if each.get("widget") == "columns"), None)
    single = [name for name, each in fields.items() if _widget(each) == "column"]
    params: dict[str, Any] = {}
    chosen = ""
    wanted = ""
    own = {id, *(word for each in (kind.title, id) for word in tokens_of(each))}
    if not set(called) <= own:
        params |= {name: word for word in called for name, each in fields.items() if word in each.get("enum", ())}
    if len(single) > 1 and not set(called) <= own:
        raise Unreadable
    for token in rest:
        if token.kind == "group" and several:
            chosen = token.value
            params[several] = _fitting(table.group(token.value), fields[several]["kinds"], table)
        elif token.kind == "column" and several:
            params[several] = [*params.get(several, []), one_column(token, table)]
        elif token.kind == "column" and single:
            params[single.pop(0)] = one_column(token, table)
        elif token.kind == "word" and {token.word, token.text.lower()} & {each.replace("_", " ") for each in fields}:
            wanted = next(each for each in fields if each.replace("_", " ") in (token.word, token.text.lower()))
        elif token.kind in ("number", "share", "quoted") or (token.kind == "word" and token.word not in BETWEEN):
            name = _place(token, fields, params, wanted)
            params[name] = token.word if token.kind == "word" else token.value
            wanted = ""
        elif token.word not in BETWEEN:
            raise Unreadable
    _complete(kind.title, fields, schema(kind).get("required", []), params)
    choices = [name for name, each in fields.items() if "enum" in each and name not in params]
    return Draft(id, params, chosen=chosen), bool(choices) and not set(called) <= own


def tokens_of(name: str) -> list[str]:
    """The words of a title or an id, as patterns see them and as they are written."""
    plain = name.replace("_", " ").replace("(", " ").replace(")", " ").replace(":", " ").lower()
    linked = _linker().link(tokens(plain))
    return [*_said(linked), *plain.split()]


def _complete(title: str, fields: dict[str, Any], required: Sequence[str], params: dict[str, Any]) -> None:
    """Ask for what is needed and was not said; new columns are named after what makes them."""
    for name in required:
        if name in params:
            continue
        if _widget(fields[name]) == "new_column":
            source = next((each if isinstance(each, str) else each[0] for each in params.values() if each), "")
            params[name] = "_".join(["new" if not isinstance(source, str) else source, title.split()[0].lower()])
            continue
        about = "column" if _widget(fields[name]) in ("column", "columns") else "setting"
        told = str(fields[name].get("description", "")).rstrip(".").split("\n")[0]
        raise Ask("parameter", f"{title} needs a {about}: {name.replace('_', ' ')}. {told}.")


def _place(token: Token, fields: dict[str, Any], params: dict[str, Any], wanted: str) -> str:
    """The setting that a number, a quoted text or a word belongs to."""
    kinds = {"number": ("integer", "number"), "share": ("number",), "quoted": ("string",)}
    fitting = []
    for name, each in fields.items():
        if name in params or _widget(each) in ("column", "columns", "new_column", "seed"):
            continue
        options = each.get("enum", [])
        types = [one.get("type") for one in each.get("anyOf", [each])]
        as_value = token.kind != "word" and not options and any(type in kinds[token.kind] for type in types)
        if as_value or (token.kind == "word" and token.word in options):
            fitting.append(name)
    if wanted in fitting:
        return wanted
    if len(fitting) != 1:
        raise Unreadable
    return fitting[0]


def _widget(field: dict[str, Any]) -> str:
    return str(field.get("widget") or next((one["widget"] for one in field.get("anyOf", []) if "widget" in one), ""))


def _fitting(names: list[str], kinds: Sequence[str], table: TableFacts) -> list[str]:
    from transforms.core.dtypes import is_kind

    return [each for each in names if any(is_kind(table.schema[each], kind) for kind in kinds)]  # type: ignore[arg-type]
