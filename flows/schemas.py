"""The columns of every node, and what is wrong with the flow, without touching rows.

A fitted step whose columns come from the data (one-hot, vectors) is predicted from what it learned,
if it has; otherwise its columns, and those of all after it, are *open*: more may come, so a missing
column there is a warning and not an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from flows.document import Flow, node_of
from flows.graph import CycleInFlowError, run_order
from flows.parameters import Value
from flows.planning import unknown_input
from flows.steps import InvalidFlowError, fitted_on_nothing, number_problem, output_schemas, transform_of
from flows.store import Remember, StoreError
from flows.trust import Trust, refusals
from transforms.core.columns import BOUND
from transforms.core.errors import DataprepError, InvalidStepError, Problem
from transforms.core.transform import Learned, Transform


@dataclass
class Prediction:
    """What can be known of a flow before it runs."""

    schemas: dict[str, pl.Schema] = field(default_factory=dict)
    """Columns by reference; nodes that cannot be known are not there."""
    open: set[str] = field(default_factory=set)
    """References whose columns are known only in part until their steps have learned from rows."""
    problems: list[Problem] = field(default_factory=list)
    bound: dict[str, Transform] = field(default_factory=dict)
    """Each step with its columns named."""
    learned: dict[str, Learned] = field(default_factory=dict)


def predict(
    flow: Flow,
    values: Mapping[str, Value],
    columns: Mapping[str, pl.Schema],
    remember: Remember | None = None,
    definitions: Mapping[str, str] | None = None,
    trust: Trust | None = None,
    folder: Path = Path(),
) -> Prediction:
    """Schemas and problems of every node; ``columns`` holds those sources that could be opened.

    Code that is not trusted, by default by the owner's record, is a problem of its step.
    """
    found = Prediction(problems=refusals(flow, values, trust))
    predicting = _Predicting(flow, values, remember, definitions or {}, folder, found)
    try:
        order = run_order(flow)
    except CycleInFlowError as error:
        found.problems.append(Problem(str(error)))
        return found
    for id in order:
        if id in flow.sources:
            if id in columns:
                found.schemas[id] = columns[id]
        else:
            predicting.step(id)
    return found


@dataclass
class _Predicting:
    """A prediction as it is made."""

    flow: Flow
    values: Mapping[str, Value]
    remember: Remember | None
    definitions: Mapping[str, str]
    folder: Path
    found: Prediction

    def step(self, id: str) -> None:
        flow, found, step = self.flow, self.found, self.flow.steps[id]
        try:
            transform = transform_of(id, step, self.values)
        except InvalidFlowError as error:
            found.problems += error.problems
            return
        number = number_problem(type(transform), len(step.inputs), id)
        problems = [number] if number else []
        problems += [
            unknown_input(flow, id, each, found.schemas)
            for each in step.inputs
            if node_of(each) not in flow.sources
            and (node_of(each) not in flow.steps or (node_of(each) in found.schemas and each not in found.schemas))
        ]
        found.problems += problems
        if problems or not all(each in found.schemas for each in step.inputs):
            return
        schemas = [found.schemas[each] for each in step.inputs]
        if step.disabled:
            self._add(id, dict.fromkeys(transform.output_names, schemas[0]), is_open=step.inputs[0] in found.open)
            return
        is_open = any(each in found.open for each in step.inputs)
        bound, bind_problems = transform.try_bind(*schemas)
        found.problems += [
            replace(
                each, step=id, severity="warning", advice=f"{each.advice} It may come from a step that has not run yet."
            )
            if is_open
            else each.at(id)
            for each in bind_problems
        ]
        if any(each.severity == "error" for each in bind_problems):
            return
        found.bound[id] = bound
        self._outputs(id, bound, schemas, is_open=is_open)

    def _outputs(self, id: str, bound: Transform, schemas: list[pl.Schema], *, is_open: bool) -> None:
        learned = None
        try:
            record = self.remember.load(id, type(bound)) if self.remember else None
            if record is not None and record.definition == self.definitions.get(id):
                learned = record.learned
                bound = type(bound).model_validate(record.params, context=BOUND).bind(*schemas)
        except (StoreError, DataprepError) as error:
            self.found.problems.append(Problem(str(error), step=id, severity="warning"))
        is_open = is_open or (bound.columns_from_data and learned is None)
        try:
            if learned is None and bound.learned_type() is not None:
                learned = fitted_on_nothing(bound, schemas, self.folder)
            outputs = output_schemas(bound, schemas, learned)
        except InvalidStepError as error:
            self.found.problems += [each.at(id) for each in error.problems]
            return
        except DataprepError:
            return  # it needs rows to say what it makes: unknown until it runs
        except pl.exceptions.PolarsError as error:
            self.found.problems.append(Problem(_first_line(error), "Check the types of its columns.", step=id))
            return
        if learned is not None:
            self.found.learned[id] = learned
        self._add(id, outputs, is_open=is_open)

    def _add(self, id: str, outputs: Mapping[str, pl.Schema], *, is_open: bool) -> None:
        references = {id: next(iter(outputs.values())), **{f"{id}.{name}": schema for name, schema in outputs.items()}}
        self.found.schemas.update(references)
        if is_open:
            self.found.open.update(references)


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0].rstrip(".") + "."
