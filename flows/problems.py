"""What is wrong with a flow, found without running it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from flows.document import Flow, node_of
from flows.expansion import expanded
from flows.identity import definitions
from flows.parameters import ParameterError, Value
from flows.parameters import values as parameter_values
from flows.planning import unknown_input
from flows.schemas import Prediction, predict
from flows.steps import InvalidFlowError
from flows.store import Remember
from flows.tables import OpenSource, open_destinations, open_sources
from flows.trust import Trust
from transforms.core.errors import DataprepError, Problem


@dataclass(frozen=True)
class Checked:
    """A flow looked at without running it."""

    prediction: Prediction
    values: Mapping[str, Value]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything found, errors first."""
        return tuple(sorted(self.prediction.problems, key=lambda each: each.severity != "error"))

    @property
    def ok(self) -> bool:
        """Whether the flow can be run."""
        return all(each.severity != "error" for each in self.problems)


def check(
    flow: Flow,
    folder: Path,
    parameters: Mapping[str, str | float] | None = None,
    remember: Remember | None = None,
    trust: Trust | None = None,
) -> Checked:
    """Look at a flow without running it; opens sources only as far as their columns.

    Code that is not trusted, by default by the owner's record, is a problem.
    """
    problems: list[Problem] = []
    try:
        values = parameter_values(flow, parameters)
    except ParameterError as error:
        return Checked(Prediction(problems=[Problem(str(error))]), {})
    expansion = expanded(flow)
    flow = expansion.flow
    columns = _columns(flow, folder, values, problems)
    try:
        keys = definitions(flow, values)
    except DataprepError:
        keys = {}  # the prediction names the step and what is wrong with it
    prediction = predict(flow, values, columns, remember, keys, trust, folder)
    _check_destinations(flow, folder, values, prediction, problems)
    prediction.problems[:] = map(expansion.told, [*problems, *prediction.problems])
    return Checked(prediction, values)


def _columns(flow: Flow, folder: Path, values: Mapping[str, Value], problems: list[Problem]) -> dict[str, pl.Schema]:
    found: dict[str, pl.Schema] = {}
    for id, source in flow.sources.items():
        alone = Flow(name=flow.name, sources={id: source})
        try:
            opened: OpenSource = open_sources(alone, folder, values)[id]
            found[id] = opened.columns()
        except InvalidFlowError as error:
            problems += error.problems
        except DataprepError as error:
            problems.append(Problem(str(error), step=id, node="source"))
    return found


def _check_destinations(
    flow: Flow, folder: Path, values: Mapping[str, Value], prediction: Prediction, problems: list[Problem]
) -> None:
    try:
        opened = open_destinations(flow, folder, values)
    except InvalidFlowError as error:
        problems += error.problems
        return
    if not opened:
        problems.append(Problem("The flow has no destination.", "Add one to run it.", severity="warning"))
    for each in opened:
        node = node_of(each.input)
        if (node not in flow.sources and node not in flow.steps) or (
            node in prediction.schemas and each.input not in prediction.schemas
        ):
            problems.append(unknown_input(flow, each.id, each.input, prediction.schemas))
        elif each.input in prediction.schemas and each.input not in prediction.open:
            try:
                each.destination.check(each.context, prediction.schemas[each.input])
            except DataprepError as error:
                problems.append(Problem(str(error), step=each.id, node="destination"))
