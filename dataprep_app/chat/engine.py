"""The chat: a request, what is known of the table and the turns before give one turn with one result.

It works without a network and without a model. It never guesses what it cannot show: what is assumed is listed in
the result, what is not understood is asked or refused, and nothing that comes back is ever run as code.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dataprep_app.chat.dialogue import follow_up
from dataprep_app.chat.reader import read
from dataprep_app.chat.table import TableFacts
from dataprep_app.chat.turn import AnalysisResult, ChatTurn, ClarifyResult, CommandResult, RefuseResult, Result

if TYPE_CHECKING:
    import polars as pl

LONGEST = 2_000
"""Characters of a request that are read."""

UNSAFE = re.compile(
    r"\b(os\.|sys\.|subprocess|__\w+__|eval\s*\(|exec\s*\(|import\s+\w+|rm\s+-rf?|drop\s+(table|database)|shutdown|"
    r"password|api[ _]?key|secret key|system\s*\()",
    re.IGNORECASE,
)
COMMANDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "undo",
        re.compile(
            r"(please )?(undo|revert|take that back|go back|step back|roll ?back)( that| this| it| last( step| "
            r"change)?| the last (step|change|one)| (?P<n>\w+) steps?| the last (?P<m>\w+) steps?| (?P<o>\w+) "
            r"times)?"
        ),
    ),
    ("redo", re.compile(r"(please )?redo( that| it| the last step| (?P<n>\w+) steps?)?")),
    (
        "help",
        re.compile(
            r"(help|help me|what can you do( for me)?|what can i (ask|say|do)( here)?|how does this "
            r"work|examples?|show (me )?(some )?examples|what do you (know|understand))"
        ),
    ),
    (
        "accept",
        re.compile(
            r"(yes|yep|yeah|ok|okay|sure|looks good|perfect|great)?( please)?,? ?(apply|accept|add|do|use|take) "
            r"(it|that|this|them|these)( to (the )?(steps|flow))?|yes( please)?|looks good|add to steps|go ahead"
        ),
    ),
    (
        "discard",
        re.compile(
            r"(no,? ?)?(thanks )?(never ?mind|cancel|discard|dismiss|forget)( it| that| this)?(,? "
            r"(cancel|discard|forget)( it| that)?)?|no|no thanks|nope|stop"
        ),
    ),
)
COUNTS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "twice": 2}


def respond(
    text: str, table: TableFacts, history: Sequence[ChatTurn] = (), rows: pl.DataFrame | None = None, basis: str = ""
) -> ChatTurn:
    """Answer a request.

    Args:
        text: what was asked for.
        table: what is known of the rows it is about.
        history: the turns before, the latest last.
        rows: rows to compute answers on; without them an analysis has no answer.
        basis: what those rows are, to be said with an answer.
    """
    result = _result(" ".join(text.split()), table, history)
    if isinstance(result, AnalysisResult) and rows is not None and result.answer is None:
        from dataprep_app.chat.answers import answered

        result = answered(result, rows, basis)
    return ChatTurn(text, result)


def examples(table: TableFacts) -> tuple[str, ...]:
    """Requests that work on a table, made of its columns and values."""
    text = next((each for each in table.columns if each.type == "text" and each.categorical and each.values), None)
    number = next((each for each in table.columns if each.type == "number"), None) or next(
        (each for each in table.columns if each.numeric), None
    )
    gaps = next((each for each in table.columns if each.missing and each.type == "number"), None)
    found = []
    if text is not None:
        first = [each for each in text.values[:2] if isinstance(each, str)]
        listed = " and ".join(f'"{each}"' for each in first)
        found.append(f'replace {listed} in {text.name} with "other"')
    if gaps is not None:
        found.append(f"fill missing {gaps.name} with the median")
    if number is not None and text is not None:
        found.append(f"average {number.name} by {text.name}")
    if number is not None:
        found.append(f"sort by {number.name} descending")
    if table.columns:
        found.append(f"drop {table.columns[0].name}")
    return tuple(found[:4])


def _result(text: str, table: TableFacts, history: Sequence[ChatTurn]) -> Result:
    bare = re.sub(r"[.!?]+$", "", text.lower().replace("’", "'")).strip()
    bare = re.sub(r"^(well|so|ok so|hey|hi),? ", "", bare)
    if not bare:
        return RefuseResult("out_of_scope", "Say what should happen with the table.", examples(table))
    if UNSAFE.search(text):
        return RefuseResult("unsafe", "Code and secrets are not for the chat; it only makes steps.", examples(table))
    if len(text) > LONGEST:
        return RefuseResult("unsupported", f"That is too long to read: keep to {LONGEST} characters.", ())
    if not table.columns:
        return RefuseResult("unsupported", "There is no table yet. Add a dataset first.", ())
    command = _command(bare, table)
    if command is not None:
        return command
    followed = follow_up(text, table, history)
    if followed is not None:
        return followed
    found = read(text, table)
    if isinstance(found, RefuseResult):
        return RefuseResult(found.reason, found.message, examples(table))
    return found or _not_understood(bare, table)


def _command(bare: str, table: TableFacts) -> CommandResult | None:
    for name, pattern in COMMANDS:
        match = pattern.fullmatch(bare)
        if match is None:
            continue
        said = next((each for key, each in match.groupdict().items() if key in ("n", "m", "o") and each), "one")
        count = int(said) if said.isdigit() else COUNTS.get(said)
        if count is None:
            continue
        message = "Ask for a change of the table or for an answer about it." if name == "help" else ""
        return CommandResult(name, count, message, examples(table) if name == "help" else ())  # type: ignore[arg-type]
    return None


VAGUE = re.compile(r"\b(clean|fix|improve|better|prepare|tidy|optimi[sz]e|nicer?|analy[sz]e|handle|process)\b")


def _not_understood(bare: str, table: TableFacts) -> Result:
    """A question back where the request is about the table, else a refusal."""
    if VAGUE.search(bare):
        from dataprep_app.chat.turn import Option

        options = tuple(Option(each, "ask this") for each in examples(table))
        return ClarifyResult("operation", "What exactly should be done? For example:", options)
    return RefuseResult("out_of_scope", "I did not understand that. Requests like these work here:", examples(table))
