"""Connections: where they are kept, where their values come from, what is never shown."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.core.connections import (
    VARIABLE,
    InvalidConnection,
    connection,
    remove_connection,
    save_connection,
    saved_connections,
)
from connectors.postgresql import PostgresConnection

FACTS = {"database": "d", "user": "u"}


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of connections of this test."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "deep" / "connections.json"))
    return tmp_path / "deep" / "connections.json"


def test_connections_are_kept_for_their_owner_only(store: Path) -> None:
    save_connection("a", "postgresql", {**FACTS, "password": "s3cret"})
    save_connection("b", "postgresql", FACTS)
    assert stat.S_IMODE(store.stat().st_mode) == 0o600
    assert saved_connections() == {"a": "postgresql", "b": "postgresql"}
    remove_connection("a")
    assert saved_connections() == {"b": "postgresql"}


def test_values_come_from_the_environment_and_from_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("from file\n")
    monkeypatch.setenv("DB_USER", "someone")
    save_connection("a", "postgresql", {"database": "d", "user": "env:DB_USER", "password": f"file:{tmp_path}/secret"})
    found = connection("a", PostgresConnection)
    assert found.user == "someone"
    assert found.password == SecretStr("from file")


def test_secret_is_in_no_text_of_a_connection() -> None:
    save_connection("a", "postgresql", {**FACTS, "password": "s3cret"})
    found = connection("a", PostgresConnection)
    for text in (repr(found), str(found), found.model_dump_json()):
        assert "s3cret" not in text
    assert "s3cret" in found.address(read_only=True)


@pytest.mark.parametrize("written", ["p@ss/w", "p%40ss%2Fw", "p%40ss/w"])
def test_secret_is_scrubbed_however_it_is_written(written: str) -> None:
    made = PostgresConnection(database="d", user="u", password=SecretStr("p@ss/w"))
    assert made.scrubbed(f"cannot open\n  postgresql://u:{written}@host/d") == "cannot open postgresql://u:***@host/d"


def test_what_is_wrong_with_a_connection_is_said_without_its_values(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidConnection, match="No connection is chosen"):
        connection(None, PostgresConnection)
    save_connection("sales", "postgresql", {"user": "u", "password": "s3cret"})
    with pytest.raises(InvalidConnection, match=r"no connection 'slaes'\. Did you mean 'sales'"):
        connection("slaes", PostgresConnection)
    with pytest.raises(InvalidConnection, match="'sales' is not complete: database: Field required") as caught:
        connection("sales", PostgresConnection)
    assert "s3cret" not in str(caught.value)
    save_connection("other", "mongodb", {})
    with pytest.raises(InvalidConnection, match="'other' is to mongodb, not to postgresql"):
        connection("other", PostgresConnection)
    monkeypatch.delenv("NOT_SET", raising=False)
    save_connection("unset", "postgresql", {**FACTS, "password": "env:NOT_SET"})
    with pytest.raises(InvalidConnection, match="takes password from env:NOT_SET, which is not set"):
        connection("unset", PostgresConnection)


def test_plain_secret_in_a_file_that_others_read_is_refused(store: Path) -> None:
    save_connection("a", "postgresql", {**FACTS, "password": "s3cret"})
    save_connection("b", "postgresql", FACTS)
    store.chmod(0o644)
    with pytest.raises(InvalidConnection, match="chmod 600"):
        connection("a", PostgresConnection)
    assert connection("b", PostgresConnection).user == "u"


@pytest.mark.parametrize("content", ["{", "[]", '{"a": 1}'])
def test_broken_file_of_connections_is_told_without_its_text(content: str, store: Path) -> None:
    save_connection("a", "postgresql", FACTS)
    store.write_text(content + " s3cret" if content == "{" else content)
    with pytest.raises(InvalidConnection) as caught:
        connection("a", PostgresConnection)
    assert str(store) in str(caught.value)
    assert "s3cret" not in str(caught.value)
