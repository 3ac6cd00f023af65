"""The full profile by ydata-profiling: it works, needs no network, and runs nothing that is in the data."""

from __future__ import annotations

import os
import re
import socket
import time
from pathlib import Path

import polars as pl
import pytest

from dataprep_app.cli import main
from dataprep_app.insights.full_profile import OFF, PAGE, profile_table, write_profile
from dataprep_app.insights.making import Asked
from dataprep_app.insights.report import Wish
from dataprep_app.jobs import store
from dataprep_app.sample import write_sample
from flows.engines.base import Cancelled, Control
from tests.app.insights.tables import odd_types
from transforms.core.errors import DataprepError

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>"
ELSEWHERE = re.compile(r"""(?:\bsrc|<link[^>]*\bhref|@import|url\()\s*=?\s*["'(]?\s*(?:https?:)?//""")


def quiet(_share: float, _what: str) -> None: ...


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Where anything wanted to connect to; nothing may."""
    found: list[object] = []

    def connect(_socket: socket.socket, address: object) -> None:
        found.append(address)
        raise OSError("There is no network in this test.")

    monkeypatch.setattr(socket.socket, "connect", connect)
    return found


def test_profile_is_a_page_that_needs_no_network_and_tells_nobody(tmp_path: Path, connections: list[object]) -> None:
    before = {name: os.environ.get(name) for name in OFF}
    table = pl.DataFrame({"age": [31, 44, None, 44], "^city$": ["Oslo", "Rome", "Rome", None], "l": [[1]] * 4})
    made = write_profile(table, tmp_path / PAGE, "four people", quiet, Control())
    page = (tmp_path / PAGE).read_text(encoding="utf-8")
    assert (made.rows, made.basis, made.left_out) == (4, "Computed on all 4 rows.", ("l",))
    assert "Computed on all 4 rows. Left out, since they hold no single values: l." in page
    assert "^city$" in page
    assert not connections
    assert not ELSEWHERE.search(page)
    assert page.index("Content-Security-Policy") < page.index("<title>")
    assert {name: os.environ.get(name) for name in OFF} == before


def test_policy_allows_the_scripts_of_the_library_and_none_of_the_data(tmp_path: Path) -> None:
    table = pl.DataFrame({f"name{EVIL}": ["a", "b", "c"] * 4, "constant": [EVIL] * 12, "number": range(12)})
    write_profile(table, tmp_path / PAGE, f"title{EVIL}", quiet, Control())
    page = (tmp_path / PAGE).read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert "default-src 'none'" in policy[1]
    assert policy[1].count("'sha256-") == 2
    assert "'unsafe-inline'" not in policy[1].split("script-src")[1]
    assert f"name{EVIL}" not in page
    assert f"title{EVIL}" not in page


def test_columns_of_every_type_are_described(tmp_path: Path) -> None:
    table = odd_types(20)
    made = write_profile(table, tmp_path / PAGE, "odd", quiet, Control())
    assert made.left_out == ("list", "struct", "bytes")
    page = (tmp_path / PAGE).read_text(encoding="utf-8")
    assert "decimal" in page
    assert "moment" in page


def test_a_table_without_rows_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataprepError, match="people has no row to describe"):
        write_profile(pl.DataFrame({"a": []}), tmp_path / PAGE, "people", quiet, Control())
    assert not (tmp_path / PAGE).exists()


def test_a_large_table_is_drawn_from_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    pl.DataFrame({"a": range(500)}).write_csv(path)
    made = profile_table(Asked(str(path), Wish()), tmp_path / PAGE, quiet, Control(), most=60)
    assert made.rows == 60
    assert made.basis == "Computed on all 500 rows. Of these, 60 were drawn by chance."
    assert made.basis in (tmp_path / PAGE).read_text(encoding="utf-8")


def test_a_profile_can_be_stopped(tmp_path: Path) -> None:
    control = Control()
    with pytest.raises(Cancelled):
        write_profile(pl.DataFrame({"a": [1, 2]}), tmp_path / PAGE, "x", lambda *_: control.cancel(), control)
    assert not (tmp_path / PAGE).exists()


def ended(job: store.Job, seconds: float = 120) -> store.Status:
    end = time.monotonic() + seconds
    while (status := job.status()).state not in store.ENDED:
        assert time.monotonic() < end, f"{status}\n{job.log()}"
        time.sleep(0.05)
    return status


def test_a_job_writes_it_into_its_own_folder(tmp_path: Path) -> None:
    flow = write_sample(tmp_path, rows=200)
    arguments = {"path": str(flow), "reference": "loans_2", "sampling": {"rows": 100}}
    job = store.start(tmp_path / "jobs", store.Ask("profile", "Full profile", arguments))
    assert ended(job).state == "done", job.log()
    result = job.result()
    assert result is not None
    assert (job.folder / result["page"]).read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "100 rows, from the first 100 rows of each dataset" in result["basis"]


def test_a_job_that_is_cancelled_ends_at_once(tmp_path: Path) -> None:
    flow = write_sample(tmp_path, rows=20_000)
    arguments = {"path": str(flow), "reference": "joined"}
    job = store.start(tmp_path / "jobs", store.Ask("profile", "Full profile", arguments))
    end = time.monotonic() + 60
    while not job.status().text.startswith("Describing"):
        assert time.monotonic() < end, job.log()
        time.sleep(0.05)
    began = time.monotonic()
    assert job.cancel().state == "cancelled"
    assert time.monotonic() - began < store.GRACE / 2, "it was not killed only after it had its chance"
    assert not (job.folder / PAGE).exists()


def test_command_writes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, page = tmp_path / "t.csv", tmp_path / "full.html"
    pl.DataFrame({"a": [1, 2, 3]}).write_csv(table)
    assert main(["insights", str(table), "--full-profile", str(page)]) == 0
    assert capsys.readouterr().out == f"{page}: Computed on all 3 rows.\n"
    assert page.exists()
    assert main(["insights", str(table), "--full-profile", str(tmp_path / "full.json")]) == 1
    assert "is not .html by its name" in capsys.readouterr().err
    assert main(["insights", str(table), "--full-profile", str(page), "--json"]) == 1
    assert "leave out --json" in capsys.readouterr().err
