"""Drivers that are imported when they are needed, and only then."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from connectors.core.connector import DestinationError, SourceError


class MissingDriver(SourceError, DestinationError):
    """A Python package that a connector needs is not installed."""


def driver(module: str, label: str, extra: str = "") -> Any:
    """A driver's module.

    Raises:
        MissingDriver: it is not installed; the text says what to install.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not (module == error.name or module.startswith(f"{error.name}.")):
            raise
        package = f"'dataprep-app[{extra}]'" if extra else "dataprep-app"
        name = module.partition(".")[0]
        raise MissingDriver(f"{label} needs the Python package {name!r}. Install it: pip install {package}") from None
