"""Every source and destination: what each must declare."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from connectors.catalog import MODULES, UnknownConnector, destinations, sources
from connectors.core.connector import Connector, Context, Destination, FileDestination, StagedDestination
from connectors.core.drivers import MissingDriver, driver

EVERY: list[type[Connector] | type[Destination]] = [*sources().values(), *destinations().values()]
DRIVERS = ("duckdb", "fastexcel", "xlsxwriter", "psycopg", "adbc_driver_postgresql")


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_form_and_help_come_from_the_class(kind: type[Connector] | type[Destination]) -> None:
    assert kind.__doc__
    assert kind.label
    assert kind.category in ("Files", "Databases", "Warehouses", "Services")
    assert kind.proof == "real"
    for name, field in kind.model_json_schema(by_alias=True)["properties"].items():
        assert field.get("description"), f"{name} has no help"


@pytest.mark.parametrize("kind", destinations().values(), ids=lambda kind: kind.__name__)
def test_destination_is_a_file_or_staged(kind: type[Destination]) -> None:
    assert issubclass(kind, FileDestination) != issubclass(kind, StagedDestination)


SETTINGS: dict[str, dict[str, Any]] = {"sqlite": {"table": "t"}, "duckdb": {"table": "t"}}


@pytest.mark.parametrize("id", sorted(sources().keys() - {"postgresql"}))
def test_settings_survive_json(id: str, context: Context) -> None:
    made = sources()[id].model_validate({"path": "t", **SETTINGS.get(id, {})})
    assert type(made).model_validate_json(made.model_dump_json(by_alias=True)) == made
    assert hash(repr(made)) == hash(repr(type(made).model_validate_json(made.model_dump_json())))


def test_unknown_id_offers_the_nearest() -> None:
    with pytest.raises(UnknownConnector, match=r"no source 'posgresql'\. Did you mean 'postgresql'"):
        sources()["posgresql"]


def test_drivers_are_imported_when_they_are_needed() -> None:
    opened = "import sys, connectors.catalog as c; c.sources(), c.destinations()"
    code = f"{opened}; print([each for each in {DRIVERS} if each in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"
    assert set(MODULES) == {*sources(), *destinations()}


def test_missing_driver_says_what_to_install() -> None:
    with pytest.raises(
        MissingDriver, match=r"Oracle needs the Python package 'no_such_driver'\. .*'dataprep-app\[oracle\]'"
    ):
        driver("no_such_driver.dbapi", "Oracle", "oracle")
