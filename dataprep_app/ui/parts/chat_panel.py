"""The chat about the rows that are shown: say what to do or ask; a plan is previewed and then added as one edit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl
import streamlit as st

from dataprep_app.chat.engine import examples, respond
from dataprep_app.chat.table import TableFacts, facts_of
from dataprep_app.chat.turn import (
    AnalysisResult,
    ChatTurn,
    ClarifyResult,
    CommandResult,
    Option,
    PlanResult,
    RefuseResult,
)
from dataprep_app.ui import session
from dataprep_app.ui.parts import differences as diff
from dataprep_app.ui.parts.impact import propose, waiting
from dataprep_app.ui.parts.pending import open_form
from flows import edits
from flows.document import Flow, node_of
from transforms.core.errors import DataprepError

HEIGHT = 280
FEW_ROWS = 12
"""Rows of an answer from which on its table scrolls."""
NOTHING = "**Nothing would change.** No row holds what the request is about: check the values."


@dataclass(frozen=True)
class Said:
    """A turn of the conversation, and what became of it."""

    turn: ChatTurn
    reference: str
    """The output it was about."""
    state: Literal["open", "added", "dismissed"] = "open"


@dataclass(frozen=True)
class Trial:
    """What the steps of a plan do to the rows of the sample."""

    sentence: str
    nothing: bool = False
    """Whether they change nothing at all."""
    failed: bool = False


def chat_panel(flow_id: str, reference: str) -> None:
    """The chat about an output, closed at first; the conversation stays while the session lasts."""
    with st.expander(
        "Chat for data prep", icon=":material/chat:", expanded=bool(conversation(flow_id)), key=f"chat_box:{flow_id}"
    ):
        _talk(flow_id, reference)


def conversation(flow_id: str) -> list[Said]:
    """What was said about a flow, the latest last."""
    found: list[Said] = st.session_state.setdefault(f"chat:{flow_id}", [])
    return found


def with_plan(flow: Flow, reference: str, plan: PlanResult) -> tuple[Flow, str]:
    """The flow with the steps of a plan behind an output, and the output of the last one."""
    at = reference
    for each in plan.steps:
        id = edits.new_id(flow, each.transform)
        flow = edits.insert_step(flow, id, each.transform, at, each.params)
        at = id
    return flow, at


def tried(flow: Flow, reference: str, plan: PlanResult, look: diff.Look) -> Trial:
    """What a plan would do to the rows of an output."""
    try:
        planned, last = with_plan(flow, reference, plan)
        before, after = look(flow, reference), look(planned, last)
        origin = diff.origin_of(flow, reference, planned, last, look, before, after)
    except DataprepError as error:
        return Trial(str(error), failed=True)
    found = diff.compare(before, after, origin)
    rows = f"{found.rows_before:,} rows before, {found.rows_after:,} after"
    same = before.equals(after)
    return Trial(f"{rows}: {found.sentence()}" if found.rows_before != found.rows_after else found.sentence(), same)


@st.fragment(key="chat")
def _talk(flow_id: str, reference: str) -> None:
    session.redraw_when_changed(flow_id)
    facts = _facts(flow_id, reference)
    said = conversation(flow_id)
    if said:
        with st.container(height=HEIGHT, autoscroll=True, border=False, key=f"chat_said:{flow_id}"):
            for i, each in enumerate(said):
                with st.chat_message("user"):
                    st.text(each.turn.text)
                with st.chat_message("assistant"):
                    _result(flow_id, i, each, last=i == len(said) - 1)
    tries = examples(facts) if facts else ()
    key = f"chat_input:{flow_id}"
    st.chat_input(
        f"Try: {tries[0]}" if tries else "Add data first",
        key=key,
        disabled=facts is None,
        on_submit=lambda: ask(flow_id, reference, str(st.session_state[key])),
    )


def ask(flow_id: str, reference: str, text: str) -> None:
    """Answer a request and keep it in the conversation; commands are done at once. A callback."""
    facts = _facts(flow_id, reference)
    if facts is None or not text.strip():
        return
    said = conversation(flow_id)
    history = [each.turn for each in said]
    turn = respond(text, facts, history, _table(flow_id, reference), _basis(flow_id, facts))
    said.append(Said(turn, reference))
    if isinstance(turn.result, CommandResult):
        _obey(flow_id, turn.result)


def choose(flow_id: str, reference: str, option: Option) -> None:
    """Go on with an option of a question. A callback."""
    if option.result is None:
        ask(flow_id, reference, option.label)
        return
    result = option.result
    if isinstance(result, AnalysisResult) and result.answer is None:
        from dataprep_app.chat.answers import answered

        facts, table = _facts(flow_id, reference), _table(flow_id, reference)
        if facts is not None and table is not None:
            result = answered(result, table, _basis(flow_id, facts))
    conversation(flow_id).append(Said(ChatTurn(option.label, result), reference))


def add(flow_id: str, index: int) -> None:
    """Make all steps of a plan part of the flow, as one edit. A callback."""
    said = conversation(flow_id)[index]
    plan = said.turn.result
    assert isinstance(plan, PlanResult)
    try:
        last = with_plan(session.editor(flow_id).flow, said.reference, plan)[1]
    except DataprepError as error:
        session.tell(f"These steps no longer fit the flow: {error}", "error")
        return
    label = f"Chat: {said.turn.text[:60]}"
    if propose(flow_id, label, lambda flow: with_plan(flow, said.reference, plan)[0], show=last):
        _mark(flow_id, index, "added")
    elif waiting(flow_id) is not None:
        st.session_state["act"] = ("data", said.reference)  # there it is said what the steps would break


def edit(flow_id: str, index: int) -> None:
    """Open the form of the step of a plan, filled in. A callback."""
    said = conversation(flow_id)[index]
    plan = said.turn.result
    assert isinstance(plan, PlanResult)
    open_form(flow_id, plan.steps[0].transform, plan.steps[0].params, after=said.reference)
    st.session_state["act"] = ("data", said.reference)


def _mark(flow_id: str, index: int, state: Literal["added", "dismissed"]) -> None:
    said = conversation(flow_id)
    said[index] = replace(said[index], state=state)


def _obey(flow_id: str, command: CommandResult) -> None:
    steps: dict[str, Callable[[str], bool]] = {"undo": session.undo, "redo": session.redo}
    if command.name in steps:
        for _ in range(command.n):
            steps[command.name](flow_id)
    plans = [
        i for i, each in enumerate(conversation(flow_id))
        if isinstance(each.turn.result, PlanResult) and each.state == "open"
    ]  # fmt: skip
    if command.name == "accept" and plans:
        add(flow_id, plans[-1])
    if command.name == "discard" and plans:
        _mark(flow_id, plans[-1], "dismissed")


def _table(flow_id: str, reference: str) -> pl.DataFrame | None:
    flow = session.editor(flow_id).flow
    if node_of(reference) not in flow:
        return None
    try:
        return session.look(flow_id, reference).table
    except DataprepError:
        return None


def _facts(flow_id: str, reference: str) -> TableFacts | None:
    """What the chat may know of the rows, counted once for each table."""
    table = _table(flow_id, reference)
    if table is None:
        return None
    kept = st.session_state.get(f"chat_facts:{flow_id}")
    if kept is None or kept[0] is not table:
        flow = session.editor(flow_id).flow
        name = next(iter(flow.sources), reference) if node_of(reference) in flow.steps else reference
        kept = st.session_state[f"chat_facts:{flow_id}"] = (table, facts_of(name, table))
    found: TableFacts = kept[1]
    return found


def _basis(flow_id: str, facts: TableFacts) -> str:
    most = session.sampling(flow_id).rows
    return f"the first {facts.rows:,} rows (the sample)" if facts.rows == most else f"{facts.rows:,} rows"


def _result(flow_id: str, index: int, said: Said, *, last: bool) -> None:
    result = said.turn.result
    match result:
        case PlanResult():
            _plan(flow_id, index, said, result)
        case AnalysisResult():
            _answer(result)
        case ClarifyResult():
            st.text(result.question)
            _options(flow_id, index, said.reference, result.options, live=last)
        case CommandResult():
            done = {"undo": "Undone.", "redo": "Done again.", "accept": "Steps added.", "discard": "Dismissed."}
            st.text(result.message or done.get(result.name, ""))
            _options(flow_id, index, said.reference, _asked(result.examples), live=last)
        case RefuseResult():
            st.text(result.message)
            _options(flow_id, index, said.reference, _asked(result.examples), live=last)


def _asked(texts: tuple[str, ...]) -> tuple[Option, ...]:
    return tuple(Option(each, "ask this") for each in texts)


def _options(flow_id: str, index: int, reference: str, options: tuple[Option, ...], *, live: bool) -> None:
    with st.container(horizontal=True, key=f"chat_options:{flow_id}:{index}"):
        for i, each in enumerate(options):
            st.button(
                each.label.replace("[", "\\[").replace("_", "\\_").replace("*", "\\*"),
                key=f"chat_option:{flow_id}:{index}:{i}",
                help=each.effect.replace("_", "\\_") or None,
                disabled=not live,
                on_click=choose,
                args=(flow_id, reference, each),
            )


def _plan(flow_id: str, index: int, said: Said, plan: PlanResult) -> None:
    st.text(plan.explanation)
    if plan.assumptions:
        with st.container(horizontal=True, gap="small"):
            for each in plan.assumptions:
                st.badge(each.replace("_", "\\_").replace("[", "\\["), icon=":material/lightbulb:", color="gray")
    if said.state != "open":
        st.caption("Added to the steps." if said.state == "added" else "Dismissed.")
        return
    trial = _trial(flow_id, index, said, plan)
    if trial.failed:
        st.error(trial.sentence, icon=":material/error:")
    elif trial.nothing:
        st.warning(NOTHING, icon=":material/warning:")
    else:
        st.caption(f"Preview: {trial.sentence}")
    with st.container(horizontal=True):
        st.button(
            "Add to steps", key=f"chat_add:{flow_id}:{index}", type="primary", disabled=trial.failed,
            on_click=add, args=(flow_id, index),
        )  # fmt: skip
        if len(plan.steps) == 1:
            st.button("Edit", key=f"chat_edit:{flow_id}:{index}", on_click=edit, args=(flow_id, index))
        st.button("Dismiss", key=f"chat_dismiss:{flow_id}:{index}", on_click=_mark, args=(flow_id, index, "dismissed"))


def _trial(flow_id: str, index: int, said: Said, plan: PlanResult) -> Trial:
    """The preview of a plan, made once for each version of the flow."""
    flow = session.editor(flow_id).flow
    key = f"chat_trial:{flow_id}:{index}"
    kept = st.session_state.get(key)
    if kept is None or kept[0] != flow:
        if node_of(said.reference) not in flow:
            return Trial("The rows this was about are gone from the flow.", failed=True)
        found = tried(flow, said.reference, plan, lambda each, at: session.look(flow_id, at, each).table)
        kept = st.session_state[key] = (flow, found)
    trial: Trial = kept[1]
    return trial


def _answer(result: AnalysisResult) -> None:
    answer = result.answer
    if answer is None:
        st.text("There are no rows to compute this on.")
        return
    st.text(answer.sentence)
    table = pl.DataFrame(dict(answer.table), strict=False)
    if result.analysis == "plot" and table.height:
        _chart(result, table)
    elif table.height > 1 or table.width > 2:
        st.dataframe(table, hide_index=True, height="content" if table.height <= FEW_ROWS else 300)
    st.caption(answer.basis)


def _chart(result: AnalysisResult, table: pl.DataFrame) -> None:
    kind, x = result.spec["kind"], table.columns[0]
    ys = table.columns[1] if table.width > 1 else x
    if kind == "scatter":
        st.scatter_chart(table, x=x, y=ys, color=result.spec.get("color"), height=260)
    elif kind == "line":
        st.line_chart(table, x=x, y=ys, height=260)
    else:
        st.bar_chart(table, x=x, y=ys, height=260)
