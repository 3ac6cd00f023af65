"""Turns a flow into relations, step by step: bind, fit or reuse, plan."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Literal

import polars as pl

from flows.document import Flow, Step, node_of, output_of
from flows.engines.base import Control, Engine
from flows.engines.errors import RowsError
from flows.faults import placed
from flows.graph import run_order
from flows.lookahead import Fits, Outlook, Prepared
from flows.parameters import Value
from flows.steps import InvalidFlowError, number_problem, output_schemas, transform_of
from flows.store import Record, Remember
from flows.trust import Trust, owner, refuse
from transforms.core.errors import DataprepError, InvalidStepError, Problem, StepError, did_you_mean
from transforms.core.relations import Relation, Source
from transforms.core.rowwise import refused_by
from transforms.core.transform import Learned, Transform

Fit = Literal["reuse", "refit"]
Purpose = Literal["training", "scoring"]


@dataclass(frozen=True)
class Table:
    """One output of a node: a relation and its columns."""

    relation: Relation
    schema: pl.Schema


@dataclass(frozen=True)
class PlannedStep:
    """A step that is ready to run."""

    id: str
    transform: Transform
    """Bound to its inputs."""
    inputs: tuple[Table, ...]
    outputs: Mapping[str, Table]
    learned: Learned | None = None
    fitted: Literal["", "now", "reused"] = ""
    fitted_on: Literal["", "full", "sample"] = ""
    skipped: Literal["", "disabled", "training only"] = ""
    seconds: float = 0.0
    """Time to bind, fit and plan."""


@dataclass
class Plan:
    """A flow as relations: the tables of every node, and the steps behind them."""

    tables: dict[str, Table] = field(default_factory=dict)
    """By reference: ``"clean"``, ``"split.test"``."""
    steps: dict[str, PlannedStep] = field(default_factory=dict)

    def table(self, reference: str) -> Table:
        """The table a reference names."""
        return self.tables[reference]

    def outlook(self, reference: str) -> Outlook | None:
        """What is known of a table: all, once it is planned."""
        table = self.tables.get(reference)
        return Outlook(table.schema, False, (table.relation,), dict.fromkeys(table.schema, 0)) if table else None


@dataclass(frozen=True)
class Planner:
    """What it takes to plan a flow over real rows."""

    flow: Flow
    values: Mapping[str, Value]
    engine: Engine
    columns: Mapping[str, pl.Schema]
    """Columns of each source."""
    definitions: Mapping[str, str]
    contents: Mapping[str, str]
    remember: Remember
    folder: Path = Path()
    """Where relative paths of the flow start."""
    fit: Fit = "reuse"
    purpose: Purpose = "training"
    sampled: bool = False
    """Whether the sources are samples, so that what is learned is learned on a sample."""
    trust: Trust = field(default_factory=owner)
    """Says which code in the flow may run."""
    control: Control = field(default_factory=Control)
    on_step: Callable[[str, str], None] = lambda _step, _what: None
    """Told of each step as it begins (``"start"``, ``"fit"``) and ends (``"done"``)."""

    def plan(self, targets: Iterable[str]) -> Plan:
        """Plan all that the targets need, fitting what has to be fitted, in order.

        Raises:
            InvalidFlowError: a step does not fit its inputs, or runs code that is not trusted.
            StepError: the rows are such that a step cannot learn from them; the text begins with the step.
        """
        plan, order = Plan(), run_order(self.flow, targets)
        refuse(self.flow, self.values, order, self.trust)
        fits = Fits(self.flow, order, cache(self._prepared), self.engine, self.folder)
        for id in order:
            self.control.check()
            if id in self.flow.sources:
                plan.tables[id] = Table(Source(id), self.columns[id])
                continue
            self.on_step(id, "start")
            step = self._step(id, self.flow.steps[id], plan, fits)
            plan.steps[id] = step
            for name, table in step.outputs.items():
                plan.tables[f"{id}.{name}"] = table
            plan.tables[id] = next(iter(step.outputs.values()))
            self.on_step(id, "done")
        return plan

    def _prepared(self, id: str) -> Prepared:
        """A step as its settings make it, and what it learned before."""
        step = self.flow.steps[id]
        transform = transform_of(id, step, self.values)
        if step.disabled:
            return Prepared(transform, "disabled")
        if self.purpose == "scoring" and transform.training_only:
            return Prepared(transform, "training only")
        return Prepared(transform, record=self._remembered(id, transform))

    def _step(self, id: str, step: Step, plan: Plan, fits: Fits) -> PlannedStep:
        started = time.perf_counter()
        prepared = fits.prepared(id)
        transform, record = prepared.transform, prepared.record
        inputs = tuple(self._input(id, each, plan) for each in step.inputs)
        problem = number_problem(type(transform), len(inputs), id)
        if problem:
            raise InvalidFlowError([problem])
        if prepared.skipped:
            outputs = dict.fromkeys(transform.output_names, inputs[0])
            return PlannedStep(id, transform, inputs, outputs, skipped=prepared.skipped)
        try:
            bound = prepared.with_saved_columns().bind(*(each.schema for each in inputs))
            if prepared.learns:
                self.on_step(id, "fit")
                learned = fits.learned(id, bound, [each.relation for each in inputs], plan.outlook)
                record = self._recorded(id, bound, learned) if learned is not None else None
            outputs = self._outputs(id, bound, inputs, record.learned if record else None)
        except InvalidStepError as error:
            raise InvalidFlowError([each.at(id) for each in error.problems]) from error
        except RowsError as error:
            raise placed(error, self.flow, plan, self.engine, f'Step "{id}" ({transform.title})') from error
        except StepError as error:
            if str(error).startswith('Step "'):  # rows that a step before refuses
                raise
            raise StepError(f'Step "{id}" ({transform.title}): {error}') from error
        return PlannedStep(
            id,
            bound,
            inputs,
            outputs,
            record.learned if record else None,
            "now" if prepared.learns else "reused" if record else "",
            record.fitted_on if record else "",
            seconds=time.perf_counter() - started,
        )

    def _input(self, id: str, reference: str, plan: Plan) -> Table:
        if reference in plan.tables:
            return plan.tables[reference]
        raise InvalidFlowError([unknown_input(self.flow, id, reference, plan.tables)])

    def _outputs(
        self, id: str, bound: Transform, inputs: tuple[Table, ...], learned: Learned | None
    ) -> dict[str, Table]:
        planned = bound.plan(*(each.relation for each in inputs), learned=learned)
        relations = planned if isinstance(planned, tuple) else (planned,)
        relations = refused_by(f'Step "{id}"', relations, [each.relation for each in inputs])
        schemas = output_schemas(bound, [each.schema for each in inputs], learned)
        return {name: Table(each, schemas[name]) for name, each in zip(schemas, relations, strict=True)}

    def _remembered(self, id: str, transform: Transform) -> Record | None:
        """What the step learned before, when it may be used again."""
        if transform.learned_type() is None or (self.fit == "refit" and self.purpose == "training"):
            return None
        record = self.remember.load(id, type(transform))
        usable = (
            record is not None
            and record.definition == self.definitions[id]
            and record.version == transform.version
            and (record.fitted_on == "full" or self.sampled or self.purpose == "scoring")
        )
        if not usable and self.purpose == "scoring":
            raise DataprepError(
                f'Step "{id}" ({transform.title}) has not learned anything yet in this form, so it cannot prepare rows '
                "for prediction. Run the flow for training first."
            )
        return record if usable else None

    def _recorded(self, id: str, bound: Transform, learned: Learned) -> Record:
        record = Record(
            step=id,
            transform=bound.id,
            version=bound.version,
            params=bound.model_dump(mode="json", by_alias=True),
            definition=self.definitions[id],
            content=self.contents[id],
            fitted_on="sample" if self.sampled else "full",
            fitted_at=datetime.now(UTC).isoformat(timespec="seconds"),
            engine=self.engine.name,
            learned=learned,
        )
        self.remember.save(record)
        return record


def unknown_input(flow: Flow, id: str, reference: str, known: Iterable[str]) -> Problem:
    """What is wrong with a reference that names nothing."""
    node, output = node_of(reference), output_of(reference)
    if output and node in flow.steps:
        outputs = [each.partition(".")[2] for each in known if each.startswith(f"{node}.")]
        found = f"{node!r} has no output {output!r}."
        return Problem(found, did_you_mean(output, outputs) or f"It has: {', '.join(outputs)}.", "inputs", id)
    nodes = [*flow.sources, *flow.steps]
    return Problem(f"There is no node {node!r} to take rows from.", did_you_mean(node, nodes), "inputs", id)
