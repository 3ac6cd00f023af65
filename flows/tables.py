"""Opening the sources of a flow: connectors, paths, samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl
from pydantic import ValidationError

from connectors.catalog import destinations, sources
from connectors.core.connector import Connector, Context, Destination
from flows.document import Flow
from flows.parameters import Value, substitute
from flows.sampling import Sampling, sampled
from flows.source_info import Facts
from flows.steps import InvalidFlowError
from transforms.core.errors import DataprepError, Problem


@dataclass(frozen=True)
class OpenSource:
    """A source of a flow, ready to be read."""

    connector: Connector
    context: Context
    sampling: Sampling | None = None
    facts: Facts | None = None

    def scan(self) -> pl.LazyFrame:
        """Its rows, or a sample of them."""
        rows = self.facts.scan(self.connector, self.context) if self.facts else self.connector.scan(self.context)
        return sampled(rows, self.sampling) if self.sampling else rows

    def columns(self) -> pl.Schema:
        """Its columns, reading as little as possible."""
        columns = self.connector.columns(self.context)
        return self.facts.schema(columns) if self.facts else columns

    def fingerprint(self) -> str:
        """A text that changes with the data."""
        return self.connector.fingerprint(self.context)


@dataclass(frozen=True)
class OpenDestination:
    """A destination of a flow, ready to be written."""

    id: str
    input: str
    destination: Destination
    context: Context


def open_sources(
    flow: Flow, folder: Path, values: Mapping[str, Value], sampling: Sampling | None = None
) -> dict[str, OpenSource]:
    """Every source of a flow.

    Raises:
        InvalidFlowError: settings are not valid; all problems are listed.
    """
    opened: dict[str, OpenSource] = {}
    problems: list[Problem] = []
    for id, source in flow.sources.items():
        try:
            kind = sources()[source.connector]
            connector = kind.model_validate(substitute(source.params, values))
            facts = Facts(source.facts.columns, source.facts.dataset) if source.facts else None
            opened[id] = OpenSource(connector, Context(folder, source.connection), sampling, facts)
        except (DataprepError, ValidationError) as error:
            problems += _problems(error, id, "source")
    if problems:
        raise InvalidFlowError(problems)
    return opened


def open_destinations(flow: Flow, folder: Path, values: Mapping[str, Value]) -> list[OpenDestination]:
    """Every destination of a flow.

    Raises:
        InvalidFlowError: settings are not valid; all problems are listed.
    """
    opened: list[OpenDestination] = []
    problems: list[Problem] = []
    for id, destination in flow.destinations.items():
        try:
            kind = destinations()[destination.connector]
            made = kind.model_validate(substitute(destination.params, values))
            opened.append(OpenDestination(id, destination.input, made, Context(folder, destination.connection)))
        except (DataprepError, ValidationError) as error:
            problems += _problems(error, id, "destination")
    if problems:
        raise InvalidFlowError(problems)
    return opened


def _problems(error: DataprepError | ValidationError, id: str, node: Literal["source", "destination"]) -> list[Problem]:
    if isinstance(error, DataprepError):
        return [Problem(str(error), step=id, node=node)]
    return [
        Problem(f"{'.'.join(map(str, each['loc'])) or 'The setting'}: {each['msg']}.", step=id, node=node)
        for each in error.errors()
    ]
