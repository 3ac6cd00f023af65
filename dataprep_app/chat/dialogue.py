"""What a request means after the turns before: an answer to a question, another group, the same once more."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from dataprep_app.chat.conditions import read_condition
from dataprep_app.chat.frames.groups import FUNCTIONS
from dataprep_app.chat.patterns import Ask, Choose, Draft, Unreadable, one_column
from dataprep_app.chat.plans import checked
from dataprep_app.chat.reader import Found, linker, read
from dataprep_app.chat.spelling import repaired
from dataprep_app.chat.table import TableFacts
from dataprep_app.chat.tokens import Token, tokens
from dataprep_app.chat.turn import AnalysisResult, ChatTurn, ClarifyResult, PlanResult

LEAD = re.compile(
    r"^(sorry|no|oh|oops|ok|okay|yes|well|please|i meant|i mean|i want|use|take|with|by|using|to|the|a|make "
    r"it|let us use|"
    r"let's use|just|it is|it's|try|go with|choose|pick)\b[, ]*",
    re.IGNORECASE,
)
FOLLOW = re.compile(r"^(and|now|what about|how about|same|but|then|the same|also)\b[, ]*", re.IGNORECASE)
SAME = re.compile(
    r"^(?:and )?(?:do |apply )?(?:the )?same (?:thing )?(?:for|to|with|on) (?P<columns>.+)$|^(?:and |also "
    r")?(?P<too>.+?) (?:too|as well|needs it as well)$",
    re.IGNORECASE,
)


def follow_up(text: str, table: TableFacts, history: Sequence[ChatTurn]) -> Found | None:
    """What the request means after the last turn; ``None`` when it stands for itself."""
    if not history:
        return None
    last = history[-1].result
    if isinstance(last, ClarifyResult):
        return _reply(text, last, table)
    if isinstance(last, AnalysisResult) and FOLLOW.match(text):
        return _other_question(text, last, table)
    if isinstance(last, PlanResult):
        return _same_again(text, last, table)
    return None


def _reply(text: str, asked: ClarifyResult, table: TableFacts) -> Found | None:
    """The option that was chosen by words, or the request with what was missing."""
    said = text.strip().rstrip(".!?")
    while (shorter := LEAD.sub("", said)) != said:
        said = shorter
    labels = {each.label.lower(): each for each in asked.options}
    found = said.lower() if said.lower() in labels else repaired(said.lower(), labels)
    if found is not None and labels[found].result is not None:
        return labels[found].result
    if not asked.retry or len(said.split()) > 4 or not said:
        return None
    again = read(asked.retry.replace("{}", said), table)
    return again if isinstance(again, PlanResult | AnalysisResult) else None


def _other_question(text: str, last: AnalysisResult, table: TableFacts) -> Found | None:
    """The last question with another group, column, function or condition."""
    if last.analysis != "query":
        return None
    said = text.rstrip("?.! ")
    while (shorter := FOLLOW.sub("", said)) != said:
        said = shorter
    linked = linker(table).link(tokens(said))
    try:
        spec = _changed(linked, dict(last.spec), table)
    except (Unreadable, Choose, Ask):
        return None
    return None if spec is None else replace(last, spec=spec, answer=None, assumptions=())


def _changed(linked: Sequence[Token], spec: dict[str, object], table: TableFacts) -> dict[str, object] | None:
    words = [each for each in linked if each.kind != "sign"]
    if not words:
        return None
    head, rest = words[0], words[1:]
    columns = [each for each in rest if each.kind == "column"]
    plain = all(each.kind == "column" or each.word in ("and", "of") for each in rest)
    measured = [dict(each) for each in spec["aggregations"]]  # type: ignore[attr-defined]
    if head.is_word("by", "per") and columns and plain:
        return {**spec, "by": [one_column(each, table) for each in columns]}
    if head.is_word("for", "of") and len(columns) == 1 and plain:
        return {**spec, "aggregations": [{**each, "column": one_column(columns[0], table)} for each in measured]}
    if head.kind == "word" and head.word in FUNCTIONS and not rest:
        return {**spec, "aggregations": [{**each, "function": FUNCTIONS[head.word]} for each in measured]}
    if head.kind == "column" and not rest:
        return {**spec, "aggregations": [{**each, "column": one_column(head, table)} for each in measured]}
    if head.is_word("for", "where", "only", "with"):
        return {**spec, "where": read_condition([each for each in rest if not each.is_word("only")], table)[0]}
    return None


def _same_again(text: str, last: PlanResult, table: TableFacts) -> Found | None:
    """The last steps for other columns."""
    match = SAME.match(text.strip().rstrip(".!?"))
    if match is None or not all("columns" in each.params for each in last.steps):
        return None
    linked = linker(table).link(tokens(match["columns"] or match["too"]))
    if not linked or any(each.kind != "column" and each.word not in ("and", ",") for each in linked):
        return None
    try:
        columns = [one_column(each, table) for each in linked if each.kind == "column"]
        drafts = [Draft(each.transform, {**each.params, "columns": columns}, each.assumed) for each in last.steps]
        return checked(drafts, table)[0]
    except (Unreadable, Choose, Ask):
        return None
