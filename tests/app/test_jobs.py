from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import polars as pl
import pytest

from dataprep_app.jobs import store
from dataprep_app.sample import write_sample
from flows import edits
from flows.files import load, save


@pytest.fixture(scope="module")
def flow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sample(tmp_path_factory.mktemp("jobs"), rows=2_000)


def ask(flow: Path, **arguments: object) -> store.Ask:
    return store.Ask("run", "Loan default", {"path": str(flow), **arguments}, "loan_default")


def ended(job: store.Job, seconds: float = 60) -> store.Status:
    end = time.monotonic() + seconds
    while (status := job.status()).state not in store.ENDED:
        assert time.monotonic() < end, f"{status}\n{job.log()}"
        time.sleep(0.05)
    return status


@pytest.fixture(scope="module")
def long_flow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A flow that takes some seconds."""
    return write_sample(tmp_path_factory.mktemp("long"), rows=60_000)


def test_job_runs_in_its_own_process_and_leaves_its_result(flow: Path) -> None:
    job = store.start(flow.parent / "jobs", ask(flow))
    assert ended(job).state == "done", job.log()
    result = job.result()
    assert result is not None
    assert {each["destination"] for each in result["written"]} == {"train", "test"}
    assert pl.read_parquet(flow.parent / "train.parquet").height == result["written"][0]["rows"]
    assert "written to" in job.log()
    assert store.job(flow.parent / "jobs", job.id).ask == job.ask
    assert store.jobs(flow.parent / "jobs")[0].id == job.id


def test_a_flow_that_cannot_run_ends_in_a_sentence(flow: Path) -> None:
    bad = flow.with_name("bad.flow.json")
    save(edits.change_step(load(flow), "features", params={"columns": ["nothing"]}), bad)
    status = ended(store.start(flow.parent / "jobs", ask(bad)))
    assert status.state == "failed"
    assert "Column 'nothing' is not in the table" in status.text


def test_a_killed_process_is_noticed(long_flow: Path) -> None:
    job = store.start(long_flow.parent / "jobs", ask(long_flow))
    while not (pid := job.status().pid):
        time.sleep(0.05)
    os.killpg(pid, signal.SIGKILL)
    status = ended(job, 10)
    assert status.state == "lost"
    assert "Run it again" in status.text


def test_cancel_ends_a_job_and_leaves_nothing_half_written(long_flow: Path) -> None:
    job = store.start(long_flow.parent / "jobs", ask(long_flow))
    while not job.status().pid:
        time.sleep(0.05)
    assert job.cancel().state == "cancelled"
    assert job.cancel().state == "cancelled", "a second cancel changes nothing"
    assert not (long_flow.parent / "train.parquet").exists()
    assert [each.name for each in long_flow.parent.iterdir() if each.name.endswith(".partial")] == []


def test_unknown_job_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(store.JobError, match="There is no job"):
        store.job(tmp_path, "../x")
