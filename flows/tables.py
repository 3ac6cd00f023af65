"""Opening the sources of a flow: connectors, paths, samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from pydantic import ValidationError

from connectors.catalog import destinations, sources
from connectors.core.connector import Connector, Context, Destination
from flows.document import Flow
from flows.parameters import Value, substitute
from flows.sampling import Sampling, sampled
from flows.steps import InvalidFlowError
from transforms.core.errors import DataprepError, Problem


@dataclass(frozen=True)
class OpenSource:
    """A source of a flow, ready to be read."""

    connector: Connector
    context: Context
    sampling: Sampling | None = None

    def scan(self) -> pl.LazyFrame:
        """Its rows, or a sample of them."""
        rows = self.connector.scan(self.context)
        return sampled(rows, self.sampling) if self.sampling else rows

    def columns(self) -> pl.Schema:
        """Its columns, reading as little as possible."""
        return self.connector.columns(self.context)

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
            opened[id] = OpenSource(connector, Context(folder, source.connection), sampling)
        except (DataprepError, ValidationError) as error:
            problems += _problems(error, id)
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
            problems += _problems(error, id)
    if problems:
        raise InvalidFlowError(problems)
    return opened


def _problems(error: DataprepError | ValidationError, id: str) -> list[Problem]:
    if isinstance(error, DataprepError):
        return [Problem(str(error), step=id)]
    return [
        Problem(f"{'.'.join(map(str, each['loc'])) or 'The setting'}: {each['msg']}.", step=id)
        for each in error.errors()
    ]
