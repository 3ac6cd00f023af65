"""The loan flow, SMOTE included, by every way there is to run it: the same rows."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl
import pyspark
import pytest
from pyspark.sql import SparkSession

from dataprep_app.sample import write_sample
from flows.document import Flow
from flows.engines.base import Control
from flows.engines.start import EngineName, start_engine
from flows.files import load
from flows.result import RunResult
from flows.run import Options, run
from flows.spark.bundle import bundle
from flows.store import LearnedFolder, learned_folder
from tests.checks import assert_same_rows

pytestmark = pytest.mark.spark

ROWS = 3_000
REAL = Path(__file__).parents[3] / "shared" / "data"
CLASSES = {"master": "org.apache.spark.deploy.master.Master", "worker": "org.apache.spark.deploy.worker.Worker"}


def go(path: Path, engine: EngineName) -> RunResult:
    flow: Flow = load(path)
    options = Options(remember=LearnedFolder(learned_folder(path)), fit="refit", control=Control())
    return run(flow, path.parent, lambda sources, control: start_engine(engine, sources, control), options)


def written(folder: Path) -> Mapping[str, pl.DataFrame]:
    found = {}
    for name in ("train", "test"):
        path = folder / f"{name}.parquet"
        found[name] = pl.read_parquet(path / "*.parquet" if path.is_dir() else path)
    return found


def assert_same_outputs(first: Mapping[str, pl.DataFrame], second: Mapping[str, pl.DataFrame]) -> None:
    for name, table in first.items():
        assert_same_rows(table, second[name])


@pytest.fixture(scope="module")
def polars_rows(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, pl.DataFrame]:
    folder = tmp_path_factory.mktemp("polars")
    go(write_sample(folder, rows=ROWS), "polars")
    return written(folder)


def test_spark_gives_the_rows_of_polars(
    spark: SparkSession, polars_rows: Mapping[str, pl.DataFrame], tmp_path: Path
) -> None:
    result = go(write_sample(tmp_path, rows=ROWS), "spark")
    assert_same_outputs(polars_rows, written(tmp_path))
    balanced = polars_rows["train"]["loan_status"].value_counts()["count"].to_list()
    assert len(set(balanced)) == 1
    assert polars_rows["train"]["is_synthetic"].any()
    counted = {each.id: each.rows_out for each in result.steps}
    assert counted["balanced"] == {"table": polars_rows["train"].height}
    assert counted["split"]["test"] == polars_rows["test"].height


def test_real_loans_are_the_same_on_both(spark: SparkSession, tmp_path: Path) -> None:
    if not (REAL / "loans-part-1.csv").exists():
        pytest.skip("the real loan files are not here")
    results = {}
    for engine in ("polars", "spark"):
        folder = tmp_path / engine
        path = write_sample(folder, rows=100)
        for part in (1, 2):
            shutil.copy(REAL / f"loans-part-{part}.csv", folder / "data")
        go(path, "polars" if engine == "polars" else "spark")
        results[engine] = written(folder)
    assert results["polars"]["train"].height > 30_000
    assert_same_outputs(results["polars"], results["spark"])


def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


def environment(folder: Path) -> dict[str, str]:
    """Like the test's own, without its project on the path: workers are to take our packages from the bundle."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PYSPARK_"))}
    home = str(Path(pyspark.__file__).parent)
    return {
        **kept,
        "SPARK_HOME": home,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "SPARK_WORKER_DIR": str(folder / "work"),
    }


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A standalone master with two worker processes on loopback; its address."""
    folder = tmp_path_factory.mktemp("cluster")
    port, settings = free_port(), environment(folder)
    address = f"spark://127.0.0.1:{port}"
    binary = Path(settings["SPARK_HOME"]) / "bin" / "spark-class"
    commands = [
        [str(binary), CLASSES["master"], "--host", "127.0.0.1", "--port", str(port), "--webui-port", str(free_port())]
    ]
    size = ("--cores", "1", "--memory", "1g")
    for _ in range(2):
        ports = ("--webui-port", str(free_port()))
        commands.append([str(binary), CLASSES["worker"], "--host", "127.0.0.1", *size, *ports, address])
    log = (folder / "cluster.log").open("wb")
    processes = []
    try:
        for command in commands:
            processes.append(subprocess.Popen(command, env=settings, stdout=log, stderr=log, cwd=folder))
            if command is commands[0]:
                wait_for(folder / "cluster.log", "I have been elected leader", 1)
        wait_for(folder / "cluster.log", "Registering worker", 2)
        yield address
    finally:
        for each in reversed(processes):
            each.terminate()
        for each in processes:
            each.wait(30)
        log.close()


def wait_for(log: Path, text: str, times: int, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while log.read_text(errors="replace").count(text) < times:
        assert time.monotonic() < end, log.read_text(errors="replace")[-3000:]
        time.sleep(0.2)


def test_submitted_bundle_gives_the_same_rows_on_a_cluster(
    cluster: str, polars_rows: Mapping[str, pl.DataFrame], tmp_path: Path
) -> None:
    path = write_sample(tmp_path / "data-folder", rows=ROWS)
    script = bundle(load(path), learned_folder(path), tmp_path / "job.zip")
    settings = environment(tmp_path)
    submit = [
        str(Path(settings["SPARK_HOME"]) / "bin" / "spark-submit"),
        *("--master", cluster),
        *("--conf", "spark.executor.memory=700m", "--conf", "spark.executor.cores=1"),
        *("--conf", "spark.ui.enabled=false", "--conf", "spark.sql.shuffle.partitions=2"),
        *("--py-files", str(tmp_path / "job.zip"), str(script)),
        *("--folder", str(path.parent), "--fit", "refit", "--result", str(tmp_path / "result.json")),
    ]
    done = subprocess.run(submit, env=settings, cwd=tmp_path, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    assert (tmp_path / "result.json").exists()
    assert_same_outputs(polars_rows, written(path.parent))
    leftovers = [each.name for each in path.parent.iterdir() if each.name.endswith(".partial")]
    assert leftovers == []
