"""Edits of the analyses of a flow: pure functions from a flow to a new one, as in :mod:`flows.edits`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dataprep_app.analyses.registry import kind_of
from flows import edits
from flows.document import Analysis as Node
from flows.document import Flow, node_of
from flows.edits import EditError
from flows.parameters import substitute
from flows.parameters import values as parameter_values
from transforms.core.errors import did_you_mean


def add_analysis(
    flow: Flow, id: str, analysis: str, input: str, params: Mapping[str, Any] | None = None, note: str = ""
) -> Flow:
    """The flow with an analysis of an output added, all its params written out.

    Raises:
        EditError: the id is taken, or the node is not there.
        UnknownAnalysisError: there is no such kind of analysis.
        pydantic.ValidationError: the params are not valid.
    """
    if id in flow:
        raise EditError(f"There is a node {id!r} already. Choose another id, such as {edits.new_id(flow, id)!r}.")
    _known(flow, input)
    node = Node(analysis=analysis, input=input, params=written(flow, analysis, params or {}), note=note)
    return _with(flow, {**flow.analyses, id: node})


def change_analysis(flow: Flow, id: str, **changes: Any) -> Flow:
    """The flow with some of ``input``, ``params``, ``note`` of an analysis changed.

    Raises:
        EditError: the analysis, or the node it is to look at, is not there.
        pydantic.ValidationError: the params are not valid.
    """
    node = _analysis(flow, id)
    if "params" in changes:
        changes["params"] = written(flow, node.analysis, changes["params"])
    if "input" in changes:
        _known(flow, changes["input"])
    changed = Node.model_validate({**node.model_dump(), **changes})
    return _with(flow, {**flow.analyses, id: changed})


def remove_analysis(flow: Flow, id: str) -> Flow:
    """The flow without an analysis.

    Raises:
        EditError: it is not there.
    """
    _analysis(flow, id)
    return _with(flow, {each: node for each, node in flow.analyses.items() if each != id})


def written(flow: Flow, analysis: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """All settings as they are saved, defaults included; those that stand for parameters of the flow stay so.

    Raises:
        UnknownAnalysisError: there is no such kind of analysis.
        ParameterError: a parameter is not there.
        pydantic.ValidationError: the params are not valid.
    """
    filled = substitute(dict(params), parameter_values(flow))
    full = kind_of(analysis).model_validate(filled).model_dump(mode="json", by_alias=True)
    return full | {name: value for name, value in params.items() if value != filled[name]}


def _analysis(flow: Flow, id: str) -> Node:
    if id not in flow.analyses:
        raise EditError(f"There is no analysis {id!r}. {did_you_mean(id, flow.analyses)}".strip())
    return flow.analyses[id]


def _known(flow: Flow, reference: str) -> None:
    known = [*flow.sources, *flow.steps]
    if node_of(reference) not in known:
        raise EditError(
            f"There is no source or step {node_of(reference)!r}. {did_you_mean(node_of(reference), known)}".strip()
        )


def _with(flow: Flow, analyses: Mapping[str, Node]) -> Flow:
    return Flow.model_validate({**dict(flow), "analyses": analyses})
