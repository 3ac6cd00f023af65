"""``python -m tests.proofs.packed``: the sample flow on a standalone cluster whose workers have no Python packages.

A whole Python is packed, interpreter and packages, sent with ``--archives`` and unpacked by Spark beside each
executor. Two worker processes on loopback stand for two machines. What is proven: executors run that Python and
no other, the rows are those of polars, and other versions than the driver's are refused before anything is read.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import polars as pl
import pyspark

from dataprep_app.sample import write_sample
from flows.engines.start import start_engine
from flows.files import load
from flows.run import Options, run
from flows.spark.bundle import bundle
from flows.store import learned_folder
from tests.checks import assert_same_rows

ROWS = 3_000
CLASSES = {"master": "org.apache.spark.deploy.master.Master", "worker": "org.apache.spark.deploy.worker.Worker"}
CORE = (
    "polars", "polars-runtime-32", "pyarrow", "pydantic", "pydantic-core", "annotated-types", "typing-extensions",
    "typing-inspection", "numpy",
)  # fmt: skip
"""What tasks of most flows need, and nothing else."""
OTHER_POLARS = "2.0.0"
OTHER_PYDANTIC = ("pydantic==2.13.4", "pydantic-core==2.46.4")
LAUNCHER = """#!/bin/sh
bin=$(dirname "$(readlink -f "$0")")
LD_LIBRARY_PATH="$bin/../lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" exec "$bin/python{version}" "$@"
"""
"""Starts the interpreter from wherever it was unpacked: a shared libpython is looked for where it was built."""
PROBE = '''"""Says which Python the executors run."""

import json
import sys

from pyspark.sql import SparkSession


def told(batches):
    import pathlib

    import polars
    import pyarrow

    mapped = pathlib.Path("/proc/self/maps").read_text().splitlines()
    libraries = sorted({line.split()[-1] for line in mapped if "libpython" in line or "_polars_runtime" in line})
    for batch in batches:
        found = {"python": sys.executable, "prefix": sys.prefix, "polars": polars.__file__, "mapped": libraries}
        yield pyarrow.RecordBatch.from_pydict({"told": [json.dumps(found)]})


spark = SparkSession.builder.getOrCreate()
rows = spark.range(0, 8, 1, 8).mapInArrow(told, "told string").distinct().collect()
print("PROBE", json.dumps([json.loads(row.told) for row in rows]))
spark.stop()
'''


def main() -> None:
    """Pack, run, and run with other versions."""
    with tempfile.TemporaryDirectory(prefix="dataprep-packed-") as scratch:
        folder = Path(scratch)
        began = time.perf_counter()
        python = made_python(folder / "environment")
        archive = packed(python, folder / "environment.tar.gz")
        print(f"packed in {time.perf_counter() - began:.0f} s: {archive.stat().st_size / 1e6:.0f} MB")
        moved = python.rename(folder / "moved")
        path = write_sample(folder / "data", rows=ROWS)
        with cluster(folder) as address:
            show_executables(folder, address, archive)
            compare_rows(folder, address, archive, path)
            refuse(folder, address, moved, path, "polars", (f"polars=={OTHER_POLARS}", runtime_of(OTHER_POLARS)))
            install(moved, tuple(f"{each}=={version(each)}" for each in CORE))
            refuse(folder, address, moved, path, "pydantic", OTHER_PYDANTIC)


def made_python(folder: Path) -> Path:
    """A copy of the interpreter that runs this, with the packages of tasks; it can be moved anywhere.

    ``python -m venv --copies`` does not do: what it makes needs the interpreter, its libraries and the standard
    library at the path where they were, on every machine.
    """
    base, name = Path(sys.base_prefix), f"python{sys.version_info.major}.{sys.version_info.minor}"
    unwanted = shutil.ignore_patterns("test", "tests", "site-packages", "__pycache__", "idlelib", "ensurepip", "*.a")
    shutil.copytree(base / "lib" / name, folder / "lib" / name, ignore=unwanted)
    for library in (base / "lib").glob("libpython3*.so*"):
        shutil.copy(library, folder / "lib", follow_symlinks=True)
    (folder / "bin").mkdir()
    shutil.copy(base / "bin" / name, folder / "bin" / name, follow_symlinks=True)
    launcher = folder / "bin" / "python"
    launcher.write_text(LAUNCHER.replace("{version}", name.removeprefix("python")))
    launcher.chmod(0o755)
    install(folder, tuple(f"{each}=={version(each)}" for each in CORE))
    return folder


def install(python: Path, packages: Sequence[str]) -> None:
    """Put exactly these packages into a copied interpreter."""
    site = next((python / "lib").glob("python3.*")) / "site-packages"
    for each in packages:
        name = each.partition("==")[0].replace("-", "_")
        for old in (*site.glob(f"{name}-*.dist-info"), site / name, site / f"_{name}"):
            shutil.rmtree(old, ignore_errors=True)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site), *packages]
    settings = {**os.environ, "PIP_CONSTRAINT": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    subprocess.run(command, check=True, env=settings, stderr=subprocess.DEVNULL)


def runtime_of(polars: str) -> str:
    """The compiled part of a version of polars, as a requirement."""
    return f"polars-runtime-32=={polars}"


def packed(python: Path, archive: Path) -> Path:
    """The archive of a copied interpreter; Spark unpacks it into a folder of a name that ``--archives`` gives."""
    with tarfile.open(archive, "w:gz", compresslevel=1) as made:
        for each in sorted(python.iterdir()):
            made.add(each, each.name)
    return archive


def show_executables(folder: Path, address: str, archive: Path) -> None:
    """Which Python, polars and libpython the executors have."""
    script = folder / "probe.py"
    script.write_text(PROBE)
    done = submit(folder, address, archive, [str(script)])
    assert done.returncode == 0, done.stderr[-3000:]
    line = next(each for each in done.stdout.splitlines() if each.startswith("PROBE "))
    found = json.loads(line.removeprefix("PROBE "))
    assert len({each["prefix"] for each in found}) == 2, f"both workers take part: {found}"
    for each in found:
        paths = [each["python"], each["prefix"], each["polars"], *each["mapped"]]
        assert all(f"{folder / 'work'}" in path for path in paths), paths
        print(f"executor: {each['python']} and {len(each['mapped'])} libraries, all below its own folder")


def compare_rows(folder: Path, address: str, archive: Path, path: Path) -> None:
    """The bundled sample flow against polars."""
    run(load(path), path.parent, lambda sources, on: start_engine("polars", sources, on), Options(fit="refit"))
    expected = outputs(path.parent)
    began = time.perf_counter()
    done = submit_flow(folder, address, archive, path)
    assert done.returncode == 0, done.stderr[-4000:]
    found = outputs(path.parent)
    for name, table in expected.items():
        assert_same_rows(found[name], table)
    rows = ", ".join(f"{name} {table.height:,}" for name, table in found.items())
    print(f"loan flow: the rows of polars ({rows}) in {time.perf_counter() - began:.0f} s, session included")


def refuse(folder: Path, address: str, python: Path, path: Path, package: str, requirements: Sequence[str]) -> None:
    """Workers with another version of a package: the job stops, the old output stays."""
    install(python, requirements)
    archive = packed(python, folder / f"other-{package}.tar.gz")
    before = outputs(path.parent)
    done = submit_flow(folder, address, archive, path)
    last = done.stdout.splitlines()[-1]  # spark-submit puts what the driver writes to stderr there as well
    assert done.returncode == 1, (done.returncode, done.stdout[-3000:], done.stderr[-3000:])
    assert "The workers of Spark have" in last, done.stdout[-3000:]
    assert package in last, last
    for name, table in outputs(path.parent).items():
        assert table.equals(before[name])
    print(f"refused: {last.partition('dataprep ')[2]}")
    archive.unlink()


def outputs(folder: Path) -> dict[str, pl.DataFrame]:
    """What the sample flow wrote."""
    found = {}
    for name in ("train", "test"):
        path = folder / f"{name}.parquet"
        found[name] = pl.read_parquet(path / "*.parquet" if path.is_dir() else path)
    return found


def submit_flow(folder: Path, address: str, archive: Path, path: Path) -> subprocess.CompletedProcess[str]:
    """The bundle of a flow through ``spark-submit``."""
    script = bundle(load(path), learned_folder(path), folder / "job.zip")
    job = ["--py-files", str(folder / "job.zip"), str(script), "--folder", str(path.parent), "--fit", "refit"]
    return submit(folder, address, archive, job)


def submit(folder: Path, address: str, archive: Path, job: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """``spark-submit`` with a packed environment, as the README has it."""
    settings = environment(folder)
    settings |= {"PYSPARK_DRIVER_PYTHON": sys.executable, "PYSPARK_PYTHON": "./environment/bin/python"}
    command = [
        str(Path(settings["SPARK_HOME"]) / "bin" / "spark-submit"),
        *("--master", address, "--archives", f"{archive}#environment"),
        *("--conf", "spark.executor.memory=700m", "--conf", "spark.executor.cores=1"),
        *("--conf", "spark.ui.enabled=false", "--conf", "spark.sql.shuffle.partitions=2"),
        *job,
    ]
    return subprocess.run(command, env=settings, cwd=folder, capture_output=True, text=True, timeout=400, check=False)


def environment(folder: Path) -> dict[str, str]:
    """Settings of processes of a cluster, without any Python of ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PYSPARK_", "PYTHON"))}
    home = str(Path(pyspark.__file__).parent)
    return {**kept, "SPARK_HOME": home, "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_WORKER_DIR": str(folder / "work")}


@contextmanager
def cluster(folder: Path, workers: int = 2, memory: str = "1g") -> Iterator[str]:
    """A standalone master and workers of one core each, on loopback; its address."""
    port, settings = free_port(), environment(folder)
    address = f"spark://127.0.0.1:{port}"
    binary = str(Path(settings["SPARK_HOME"]) / "bin" / "spark-class")
    web = ("--webui-port", str(free_port()))
    commands = [[binary, CLASSES["master"], "--host", "127.0.0.1", "--port", str(port), *web]]
    size = ("--cores", "1", "--memory", memory)
    for _ in range(workers):
        web = ("--webui-port", str(free_port()))
        commands.append([binary, CLASSES["worker"], "--host", "127.0.0.1", *size, *web, address])
    log = folder / "cluster.log"
    processes: list[subprocess.Popen[bytes]] = []
    with log.open("wb") as opened:
        try:
            for command in commands:
                made = subprocess.Popen(command, env=settings, stdout=opened, stderr=opened, cwd=folder)
                processes.append(made)
                wait_for(log, "I have been elected leader", 1)
            wait_for(log, "Registering worker", workers)
            yield address
        finally:
            for each in reversed(processes):
                each.terminate()
            for each in processes:
                each.wait(30)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


def wait_for(log: Path, text: str, times: int, seconds: float = 90) -> None:
    """Wait until a log says something so many times."""
    end = time.monotonic() + seconds
    while log.read_text(errors="replace").count(text) < times:
        if time.monotonic() > end:
            raise SystemExit(log.read_text(errors="replace")[-3000:])
        time.sleep(0.2)


if __name__ == "__main__":
    main()
