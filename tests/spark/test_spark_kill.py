"""A Spark run that is killed leaves the old output, the flow, its history and its learned state whole."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from dataprep_app.editing import Editor
from dataprep_app.sample import write_sample
from flows.files import load
from flows.store import LearnedFolder, learned_folder
from transforms.catalog import catalog

pytestmark = [pytest.mark.spark, pytest.mark.slow]

ROWS = 1_500
KILLS = 3


def output_rows(folder: Path) -> dict[str, int]:
    """Rows of each output, every file of which must be whole."""
    found = {}
    for name in ("train", "test"):
        path = folder / f"{name}.parquet"
        found[name] = pl.read_parquet(path / "*.parquet" if path.is_dir() else path).height
    return found


def test_killed_spark_runs_leave_everything_whole(tmp_path: Path) -> None:
    path = write_sample(tmp_path, rows=ROWS)
    editor = Editor.open(path).edit("Rename", lambda flow: flow.model_copy(update={"name": "Renamed"}))
    command = [sys.executable, "-m", "dataprep_app.cli", "run", str(path), "--fit", "refit"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    good = output_rows(tmp_path)
    began = time.monotonic()
    spark = [*command, "--engine", "spark"]
    assert subprocess.run(spark, capture_output=True, check=False).returncode == 0
    whole_time = time.monotonic() - began
    assert output_rows(tmp_path) == good
    moments = random.Random(5)
    for _ in range(KILLS):
        process = subprocess.Popen(spark, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(whole_time * moments.uniform(0.35, 1.0))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert output_rows(tmp_path) == good
        assert load(path) == editor.flow
        assert [each.label for each in Editor.open(path).history.past] == ["Rename"]
        remembered = LearnedFolder(learned_folder(path))
        for id in ("encoded", "words", "balanced"):
            remembered.load(id, catalog()[load(path).steps[id].transform])
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert output_rows(tmp_path) == good
    assert [each.name for each in tmp_path.iterdir() if each.name.endswith(".partial")] == []
