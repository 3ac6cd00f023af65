"""Code that is not trusted yet: a word about it where its step is, and the dialog that shows it and asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dataprep_app.ui import session
from dataprep_app.ui.forms.markdown import escaped
from flows.document import Flow
from flows.parameters import ParameterError, Value, substitute
from flows.parameters import values as parameter_values
from flows.trust import CodeStep, TrustError, digest_of, owner, untrusted
from transforms.code.source import SWITCH, code_is_off
from transforms.core.transform import Transform

HEIGHT = 320
"""Pixels of the code, which scrolls."""
WHAT_IT_MAY_DO = """Code runs as you do:

- it can read, change and delete your files, and use the network;
- its limits of time and memory stop accidents, not somebody who means harm.

Trust it when you wrote it, or have read it and know what it does. Code that is changed has to be trusted again."""


def untrusted_code(flow: Flow, id: str) -> list[CodeStep]:
    """The code of a step, or of the steps of its recipe, that is not trusted."""
    try:
        found = untrusted(flow, parameter_values(flow))
    except ParameterError:
        return []
    return [each for each in found if each.id == id or each.id.startswith(f"{id}__")]


def code_of_form(kind: type[Transform], params: Mapping[str, Any], values: Mapping[str, Value]) -> list[CodeStep]:
    """The code in a form, when it is not trusted; none where there is no code yet."""
    if not kind.runs_code or not params.get("code"):
        return []
    try:
        settled = substitute(dict(params), values)
    except ParameterError:
        return []
    code = CodeStep("", kind.id, kind.title, str(settled["code"]), digest_of(kind.id, settled))
    return [] if owner().allows(code.digest) else [code]


def trust_notice(flow_id: str, reference: str, steps: Sequence[CodeStep], key: str) -> bool:
    """Say that code is not trusted, with the button that opens the dialog; whether there was anything to say.

    Args:
        flow_id: the flow.
        reference: a node of the flow that it is about.
        steps: the code, of one step or one recipe.
        key: of the button.
    """
    if not steps:
        return False
    if code_is_off():
        st.markdown(f":small[:orange[:material/block: Python code is turned off on this machine ({SWITCH}).]]")
        return True

    def ask() -> None:
        st.session_state[f"trust:{flow_id}"] = list(steps)
        st.session_state["act"] = ("trust", reference)

    with st.container(gap="xsmall"):
        st.markdown(":small[:orange[:material/shield_question: Code runs only when you trust it.]]")
        st.button("I trust this code", icon=":material/verified_user:", key=key, on_click=ask, width="stretch")
    return True


@st.dialog("Trust this code?", width="medium")
def trust_dialog(flow_id: str) -> None:
    """Show the code and what it may do, and ask."""
    steps: list[CodeStep] = st.session_state.get(f"trust:{flow_id}", [])
    for each in steps:
        st.markdown(f"**{escaped(each.title)}**{f' ({escaped(each.id)})' if each.id else ''}")
        tall = len(each.code.splitlines()) > HEIGHT // 22
        st.code(each.code, language="python", line_numbers=True, height=HEIGHT if tall else "content")
    st.markdown(WHAT_IT_MAY_DO)
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Cancel"):
            st.rerun()
        agreed = st.button("Trust this code", type="primary", icon=":material/verified_user:")
    if not agreed:
        return
    try:
        owner().add(steps, str(session.shown(flow_id).path))
    except TrustError as error:
        st.error(escaped(str(error)), icon=":material/error:")
        return
    st.session_state.pop(f"trust:{flow_id}", None)
    st.session_state.pop(f"effects:{flow_id}", None)  # which could not be computed before
    session.tell("Trusted. The step runs from now on.")
    st.rerun()
