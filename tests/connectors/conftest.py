"""A folder for tables, and a real PostgreSQL server."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.core.connections import VARIABLE, save_connection
from connectors.core.connector import Context
from tests.connectors.tables import PASSWORD, Sql

START_SECONDS = 30


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """The folder of a flow, with the name of a connection."""
    return Context(tmp_path, "warehouse")


def binaries() -> Path | None:
    """The folder of initdb and postgres, the newest when there are several."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return installed[-1].parent if installed else None


def as_server_user() -> list[str]:
    """What to put before a command: PostgreSQL refuses to run as root."""
    return [] if os.geteuid() else ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


@pytest.fixture(scope="session")
def server() -> Iterator[int]:
    """A PostgreSQL server of this test run; its port."""
    programs = binaries()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: bash .ci/system postgresql")
    if not os.geteuid() and not shutil.which("setpriv"):
        pytest.skip("PostgreSQL refuses to run as root, and there is no setpriv to become another user")
    with tempfile.TemporaryDirectory(prefix="dataprep-postgres-", ignore_cleanup_errors=True) as folder:
        secret = Path(folder, "password")
        secret.write_text(PASSWORD)
        for path in (Path(folder), secret):
            path.chmod(0o755)
            if not os.geteuid():
                shutil.chown(path, "postgres", "postgres")
        data = f"{folder}/data"
        made = subprocess.run(
            [
                *(*as_server_user(), str(programs / "initdb"), "-D", data, "-U", "dataprep", "--pwfile", str(secret)),
                *("--auth=scram-sha-256", "--no-sync", "-E", "UTF8", "--locale=C"),
            ],
            capture_output=True,
            text=True,
            cwd=folder,
        )
        assert made.returncode == 0, made.stderr
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = (
            f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c timezone=Asia/Tokyo"
        )
        control = [*as_server_user(), str(programs / "pg_ctl"), "-D", data, "-w", "-t", str(START_SECONDS)]
        subprocess.run([*control, "-o", options, "-l", f"{folder}/log", "start"], check=True, stdout=subprocess.DEVNULL)
        try:
            yield port
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=True, stdout=subprocess.DEVNULL)


@pytest.fixture
def sql(server: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sql]:
    """An empty schema ``public``, a saved connection to it, and a session to look with."""
    import psycopg

    monkeypatch.setenv(VARIABLE, str(tmp_path / "connections.json"))
    facts: dict[str, str | int] = {"host": "127.0.0.1", "port": server, "database": "postgres", "user": "dataprep"}
    monkeypatch.setenv("WAREHOUSE_PASSWORD", PASSWORD)
    save_connection("warehouse", "postgresql", {**facts, "password": "env:WAREHOUSE_PASSWORD"})
    address = f"host=127.0.0.1 port={server} dbname=postgres user=dataprep"
    with psycopg.connect(address, password=PASSWORD, autocommit=True) as session:
        yield Sql(session, server)
        session.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
