"""Connections: where systems are and who asks, by name, outside of flows.

They are kept in one JSON file, by default ``~/.dataprep/connections.json``, which only its owner can
read; the environment variable ``DATAPREP_CONNECTIONS`` names another. A field is a plain value, or says
where its value is: ``env:NAME`` in an environment variable, ``file:/path`` in a file. Values are looked
up where a table is opened, and are in no flow, error or log.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeVar
from urllib.parse import quote

from pydantic import ConfigDict, SecretStr, ValidationError

from connectors.core.connector import DestinationError, SourceError
from connectors.core.files import replaced
from transforms.core.errors import did_you_mean
from transforms.core.params import Params

VARIABLE = "DATAPREP_CONNECTIONS"
OWNER_ONLY = stat.S_IRUSR | stat.S_IWUSR


class InvalidConnection(SourceError, DestinationError):
    """A connection is not there, or is not complete."""


class Connection(Params):
    """What it takes to reach a system; secrets are ``SecretStr`` and never shown."""

    model_config = ConfigDict(hide_input_in_errors=True)

    system: ClassVar[str]
    """Id of the connectors that use it."""

    def scrubbed(self, error: object) -> str:
        """What a driver says, on one line, without secrets."""
        text = " ".join(str(error).split())
        secrets = [each.get_secret_value() for _, each in self if isinstance(each, SecretStr)]
        for secret in filter(None, secrets):
            for written in {secret, quote(secret), quote(secret, safe=""), repr(secret)[1:-1]}:
                text = text.replace(written, "***")
        return re.sub(r"(://[^:/@\s]+:)[^@\s]+@", r"\1***@", text)


Kind = TypeVar("Kind", bound=Connection)


def connections_path() -> Path:
    """The file of connections."""
    return Path(os.environ.get(VARIABLE) or Path.home() / ".dataprep" / "connections.json").expanduser()


def saved_connections() -> dict[str, str]:
    """The system of every connection, by its name."""
    return {name: str(fields.get("system", "")) for name, fields in _read().items()}


def connection(name: str | None, kind: type[Kind]) -> Kind:
    """A connection with its values looked up.

    Raises:
        InvalidConnection: there is none of this name, it is of another system, a value is missing or is
            not valid, or a secret lies in a file that others can read.
    """
    if not name:
        raise InvalidConnection(f"No connection is chosen. Choose one to {kind.system}.")
    known = _read()
    if name not in known:
        hint = did_you_mean(name, known) or f"Add it to {connections_path()}."
        raise InvalidConnection(f"There is no connection {name!r}. {hint}")
    fields = dict(known[name])
    system = fields.pop("system", kind.system)
    if system != kind.system:
        raise InvalidConnection(f"The connection {name!r} is to {system}, not to {kind.system}. Choose another.")
    _check_private(name, fields, kind)
    values = {field: _looked_up(name, field, value) for field, value in fields.items()}
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise InvalidConnection(f"The connection {name!r} is not complete: {wrong}.") from None


def save_connection(name: str, system: str, fields: Mapping[str, str | int]) -> None:
    """Add or replace a connection; the file is made for its owner only."""
    _write({**_read(), name: {"system": system, **fields}})


def remove_connection(name: str) -> None:
    """Remove a connection, if it is there."""
    _write({each: fields for each, fields in _read().items() if each != name})


def _read() -> dict[str, dict[str, Any]]:
    path = connections_path()
    if not path.exists():
        return {}
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        # The text of the file is never part of the error: it may hold secrets.
        raise InvalidConnection(f"{path} cannot be read: {type(error).__name__}. It must be JSON.") from None
    if not isinstance(known, dict) or not all(isinstance(each, dict) for each in known.values()):
        raise InvalidConnection(f"{path} is not a list of connections by name. See the documentation.")
    return known


def _write(connections: dict[str, dict[str, Any]]) -> None:
    path = connections_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    with replaced(path) as partial:
        partial.touch(mode=OWNER_ONLY)
        partial.write_text(json.dumps(connections, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _looked_up(name: str, field: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    kind, _, place = value.partition(":")
    if kind == "env":
        if place not in os.environ:
            raise InvalidConnection(f"The connection {name!r} takes {field} from {value}, which is not set. Set it.")
        return os.environ[place]
    if kind == "file":
        try:
            return Path(place).expanduser().read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeError) as error:
            reason = type(error).__name__
            raise InvalidConnection(f"The connection {name!r} takes {field} from {value}: {reason}.") from None
    return value


def _check_private(name: str, fields: Mapping[str, Any], kind: type[Connection]) -> None:
    secret = [field for field, info in kind.model_fields.items() if info.annotation is SecretStr]
    plain = [each for each in secret if fields.get(each) and not str(fields[each]).startswith(("env:", "file:"))]
    path = connections_path()
    if plain and os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise InvalidConnection(
            f"The connection {name!r} holds a secret in {path}, which other users can read. Run: chmod 600 {path}"
        )
