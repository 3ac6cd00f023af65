"""Every source and every destination, by id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from connectors.core.connector import Connector, Destination
from transforms.core.errors import DataprepError, did_you_mean

MODULES = ("csv", "parquet", "json", "ndjson", "excel", "sqlite", "duckdb", "postgresql")
"""The modules of this package that hold connectors, in menu order. None of them imports its driver."""

Kind = TypeVar("Kind", bound=type[Connector] | type[Destination])


class UnknownConnector(DataprepError):
    """No source or destination has this id."""


class Catalog(Mapping[str, Kind], Generic[Kind]):
    """Sources or destinations by id, in menu order."""

    def __init__(self, noun: str, members: tuple[Kind, ...]) -> None:
        self.noun = noun
        self._by_id: dict[str, Kind] = {}
        for each in members:
            if each.id in self._by_id:
                raise DataprepError(f"Two {noun}s have the id {each.id!r}: {self._by_id[each.id]} and {each}.")
            self._by_id[each.id] = each

    def __getitem__(self, id: str) -> Kind:
        if id not in self._by_id:
            hint = did_you_mean(id, self._by_id) or f"There are: {', '.join(self._by_id)}."
            raise UnknownConnector(f"There is no {self.noun} {id!r}. {hint}")
        return self._by_id[id]

    def __contains__(self, id: object) -> bool:
        return id in self._by_id

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)


@cache
def sources() -> Catalog[type[Connector]]:
    """Built-in sources, then those of installed plugins (entry points ``dataprep.sources``)."""
    return Catalog("source", _members("SOURCES", "dataprep.sources"))


@cache
def destinations() -> Catalog[type[Destination]]:
    """Built-in destinations, then those of installed plugins (entry points ``dataprep.destinations``)."""
    return Catalog("destination", _members("DESTINATIONS", "dataprep.destinations"))


def _members(attribute: str, group: str) -> tuple[Kind, ...]:
    modules = [import_module(f"connectors.{name}") for name in MODULES]
    plugins = [plugin.load() for plugin in entry_points(group=group)]
    return tuple(each for module in (*modules, *plugins) for each in getattr(module, attribute, ()))
