"""A flow up to one table, planned over real rows or none, for training and for prediction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from flows.document import Flow, node_of
from flows.engines.base import Control, Engine
from flows.engines.polars_engine import PolarsEngine
from flows.expansion import expanded
from flows.graph import run_order
from flows.identity import contents, definitions
from flows.parameters import Value
from flows.planning import Plan, Planner, Purpose, unknown_input
from flows.sampling import Sampling
from flows.steps import InvalidFlowError
from flows.store import Record, Remember
from flows.tables import OpenSource, open_sources
from transforms.core.transform import Transform


@dataclass
class Records:
    """What steps learned, by step."""

    kept: dict[str, Record] = field(default_factory=dict)

    def load(self, step: str, kind: type[Transform]) -> Record | None:
        return self.kept.get(step)

    def save(self, record: Record) -> None:
        self.kept[record.step] = record

    def copy(self) -> Records:
        """The same records, to add to without changing these."""
        return Records(dict(self.kept))


def upto(flow: Flow, reference: str) -> Flow:
    """The part of a flow that one table needs."""
    needed = set(run_order(flow, [reference]))
    return flow.model_copy(
        update={
            "sources": {id: each for id, each in flow.sources.items() if id in needed},
            "steps": {id: each for id, each in flow.steps.items() if id in needed},
            "analyses": {},
            "destinations": {},
            "layout": {},
        }
    )


@dataclass(frozen=True)
class Tables:
    """The sources of a flow, opened."""

    flow: Flow
    folder: Path
    values: Mapping[str, Value]
    opened: Mapping[str, OpenSource]
    columns: Mapping[str, pl.Schema]
    definitions: Mapping[str, str]
    contents: Mapping[str, str]
    sampled: bool

    @classmethod
    def open(cls, flow: Flow, folder: Path, values: Mapping[str, Value], sampling: Sampling | None = None) -> Tables:
        """Open every source.

        Raises:
            DataprepError: one cannot be opened.
        """
        flow = expanded(flow).flow
        opened = open_sources(flow, folder, values, sampling)
        fingerprints = {id: each.fingerprint() for id, each in opened.items()}
        return cls(
            flow=flow,
            folder=folder,
            values=values,
            opened=opened,
            columns={id: each.columns() for id, each in opened.items()},
            definitions=definitions(flow, values),
            contents=contents(flow, values, fingerprints, sampling.as_json() if sampling else None),
            sampled=sampling is not None,
        )

    def engine(self, control: Control, rows: Mapping[str, pl.DataFrame] | None = None) -> PolarsEngine:
        """An engine over the sources, some of them replaced by tables in memory."""
        known = rows or {}
        return PolarsEngine(lambda name: known[name].lazy() if name in known else self.opened[name].scan(), control)

    def plan(
        self,
        reference: str,
        engine: Engine,
        records: Remember,
        purpose: Purpose,
        control: Control,
        *,
        flow: Flow | None = None,
        columns: Mapping[str, pl.Schema] | None = None,
    ) -> Plan:
        """Plan one table, fitting what has not been fitted; ``flow`` and ``columns`` when sources were replaced.

        Raises:
            DataprepError: a step does not fit its rows, or, for scoring, has learned nothing.
        """
        planner = Planner(
            flow=flow or self.flow,
            folder=self.folder,
            values=self.values,
            engine=engine,
            columns=columns or self.columns,
            definitions=self.definitions,
            contents=self.contents,
            remember=records,
            purpose=purpose,
            sampled=self.sampled,
            control=control,
        )
        plan = planner.plan([reference])
        if reference not in plan.tables:
            raise InvalidFlowError([unknown_input(self.flow, node_of(reference), reference, plan.tables)])
        return plan
