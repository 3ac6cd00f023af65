"""Fitting one step: answering what it asks of its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from flows.engines.base import Engine
from transforms.core.relations import Relation
from transforms.core.statistics import Statistic


class Asking:
    """The ``ask`` that a step's ``fit`` is given: statistics of its inputs, by an engine."""

    def __init__(self, engine: Engine, inputs: Sequence[Relation]) -> None:
        self._engine = engine
        self._inputs = inputs
        self.schemas: tuple[pl.Schema, ...] = tuple(engine.schema(each) for each in inputs)

    def __call__(self, *statistics: Statistic, table: int = 0) -> list[Any]:
        return self._engine.measure(self._inputs[table], statistics) if statistics else []
