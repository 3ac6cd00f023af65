"""``python -m tests.proofs.kill --engine polars --times 50``: runs that are killed leave everything whole.

A flow with four destinations (a Parquet and a CSV file, which on Spark are folders, and a table of SQLite and of
DuckDB) and four fitted steps is run by ``dataprep run``, or on every fourth round as a job, over one of two inputs in
turn. SIGKILL ends it at a random moment: some time after it began, after it said that it writes, or after it put the
first file in place, up to the time that a whole run took from there. After each kill every destination must hold all
rows of one of the two inputs and nothing else, the flow, its history, what was learned and the jobs must be readable;
the next run must give exactly the rows of its input, and leave no file that an undisturbed run does not leave.

On Spark the workers of Python have a process group of their own. Half of the kills end all processes; the other half
only the group of the driver and its JVM, whose workers go on for a moment, as the next run begins.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import duckdb
import polars as pl
import psutil
from polars.testing import assert_frame_equal

from dataprep_app.editing import Editor
from dataprep_app.jobs.store import CHILDREN, Ask, jobs, read_status, start
from flows import edits
from flows.document import Destination, Flow, Parameter, Source
from flows.engines.start import EngineName
from flows.files import load, save
from flows.store import LearnedFolder, learned_folder
from tests.benchmarks.data import write_rows
from transforms.catalog import catalog

Input = Literal["a", "b"]
Anchor = Literal["start", "write", "placed"]
INPUTS: tuple[Input, Input] = ("a", "b")
ANCHORS: tuple[tuple[Anchor, int], ...] = (("start", 2), ("write", 4), ("placed", 4))
"""What moments are counted from, and how many of ten kills each gets: most hit the writing and the placing."""
ROWS: dict[EngineName, int] = {"polars": 40_000, "spark": 10_000}
SPARK_EVERY = 5
"""After so many kills on Spark the next run is on Spark as well, so that folders are replaced by folders."""
JOB_EVERY = 4
OUTPUTS = ("train.parquet", "test.csv", "out.sqlite", "out.duckdb")
LABEL = "Rename"
NUMBERS = ["loan_amount", "annual_income", "dti", "score"]


@dataclass
class Proof:
    """The flow in its folder, and what an undisturbed run of it leaves."""

    path: Path
    engine: EngineName
    temporary: Path
    expected: dict[Input, dict[str, pl.DataFrame]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    seconds: dict[Anchor, float] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where the flow and its outputs are."""
        return self.path.parent

    def command(self, version: Input, engine: EngineName) -> list[str]:
        """The command line of a run that learns everything again."""
        run = [sys.executable, "-m", "dataprep_app.cli", "run", str(self.path)]
        return [*run, "--engine", engine, "--fit", "refit", "--param", f"version={version}"]

    def environment(self) -> dict[str, str]:
        """Temporary files of the runs go to a place of their own."""
        return {**os.environ, "TMPDIR": str(self.temporary)}


@dataclass(frozen=True)
class Kill:
    """A kill, for the report."""

    anchor: Anchor
    late: float
    """Seconds after the anchor."""
    ended: bool
    """Whether the run had ended already."""
    found: str
    """The input whose rows each destination held after it, in order: ``aabb``."""


def written_flow(folder: Path, rows: int) -> Path:
    """Two inputs and the flow over them, with one edit in its history."""
    for i, version in enumerate(INPUTS):
        write_rows(folder / f"rows-{version}.parquet", rows + 500 * i, seed=40 + i)
    flow = edits.add_source(Flow(name="Loans"), "rows", Source(connector="parquet", params={"path": "rows-a.parquet"}))
    flow = edits.set_parameter(flow, "version", Parameter(type="string", default="a"))
    source = flow.sources["rows"].model_copy(update={"params": {"path": "rows-${version}.parquet"}})
    flow = flow.model_copy(update={"sources": {"rows": source}})
    flow = edits.add_step(flow, "filled", "impute_mean", ["rows"], {"columns": ["annual_income", "dti"]})
    clip = {"columns": ["loan_amount"], "fix": "clip"}
    flow = edits.add_step(flow, "clipped", "outlier_quantile", ["filled"], clip)
    flow = edits.add_step(flow, "encoded", "one_hot_encode", ["clipped"], {"columns": ["purpose"]})
    parts = {"parts": [{"name": "train", "share": 0.7}, {"name": "test", "share": 0.3}]}
    flow = edits.add_step(flow, "split", "split_random", ["encoded"], parts)
    smote = {"target": "late", "features": NUMBERS}
    flow = edits.add_step(flow, "balanced", "smote", ["split.train"], smote)
    table = {"table": "loans", "mode": "replace"}
    for id, reference, connector, params in (
        ("train", "balanced", "parquet", {"path": "train.parquet"}),
        ("lite", "split.test", "sqlite", {"path": "out.sqlite", **table}),
        ("test", "split.test", "csv", {"path": "test.csv"}),
        ("duck", "balanced", "duckdb", {"path": "out.duckdb", **table}),
    ):
        flow = edits.add_destination(flow, id, Destination(input=reference, connector=connector, params=params))
    path = folder / "loans.flow.json"
    save(flow, path)
    Editor.open(path).edit(LABEL, lambda flow: flow.model_copy(update={"name": "Renamed"}))
    return path


def prepared(folder: Path, engine: EngineName, rows: int) -> Proof:
    """The flow, run undisturbed over both inputs, by polars and then by the engine that is tried."""
    temporary = folder / "temporary"
    (folder / "flow").mkdir()
    temporary.mkdir()
    proof = Proof(written_flow(folder / "flow", rows), engine, temporary)
    for version in (*INPUTS, *INPUTS):
        whole(proof, version, "polars")
        proof.expected[version] = outputs(proof.folder)
    if engine == "spark":
        whole(proof, "b", "spark")
        assert which(proof) == "bbbb", "Spark gives the rows that polars gives"
        whole(proof, "a", "polars")
    proof.names = names(proof.folder)
    proof.seconds = timed(proof)
    return proof


def whole(proof: Proof, version: Input, engine: EngineName) -> None:
    """A run that nobody disturbs."""
    command = proof.command(version, engine)
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=proof.environment())
    assert done.returncode == 0, done.stderr


def timed(proof: Proof) -> dict[Anchor, float]:
    """Seconds from each anchor to the next, the last to the end, of a run by the command line."""
    first, began, at = proof.folder / OUTPUTS[0], time.monotonic(), []
    process, said = begun(proof, "b", as_job=False)
    before = identity(first)
    reaching: list[Callable[[], bool]] = [
        lambda: "writing" in said(),
        lambda: identity(first) != before,
        lambda: False,
    ]
    for reached in reaching:
        while process.poll() is None and not reached():
            time.sleep(0.002)
        at.append(time.monotonic() - began)
    assert process.wait() == 0, said()
    return {"start": at[0], "write": at[1] - at[0], "placed": at[2] - at[1]}


def begun(proof: Proof, version: Input, *, as_job: bool) -> tuple[subprocess.Popen[bytes], Callable[[], str]]:
    """A run in a session of its own, and what it has said so far."""
    if as_job:
        arguments = {
            "path": str(proof.path),
            "engine": proof.engine,
            "fit": "refit",
            "parameters": {"version": version},
        }
        made = start(proof.folder.parent / "jobs", Ask("run", "Run", arguments), {"TMPDIR": str(proof.temporary)})
        return CHILDREN[-1], lambda: read_status(made.folder).text
    log = proof.folder.parent / "log.txt"
    with log.open("wb") as out:
        process = subprocess.Popen(
            proof.command(version, proof.engine),
            stdout=out,
            stderr=out,
            start_new_session=True,
            env=proof.environment(),
        )
    return process, lambda: log.read_text(encoding="utf-8")


def killed(
    proof: Proof, version: Input, anchor: Anchor, share: float, *, all_of_it: bool, as_job: bool
) -> tuple[float, bool, list[psutil.Process]]:
    """Begin a run and kill it some time after an anchor.

    Returns:
        Seconds after the anchor, whether the run had ended, and processes of it that were left alive.
    """
    first = proof.folder / OUTPUTS[0]
    before, late = identity(first), share * proof.seconds[anchor]
    process, said = begun(proof, version, as_job=as_job)
    reached: dict[Anchor, Callable[[], bool]] = {
        "start": lambda: True,
        "write": lambda: "writing" in said().lower(),
        "placed": lambda: identity(first) != before,
    }
    while process.poll() is None and not reached[anchor]():
        time.sleep(0.001)
    until = time.monotonic() + late
    while process.poll() is None and time.monotonic() < until:
        time.sleep(0.001)
    ended = process.poll() is not None
    below = [] if ended else psutil.Process(process.pid).children(recursive=True)
    if not ended:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for each in below if all_of_it else ():
        if each.is_running():
            each.kill()
    return late, ended, below


def identity(path: Path) -> tuple[int, int]:
    """What tells whether a file or folder is still the one that it was."""
    found = path.stat()
    return found.st_dev, found.st_ino


def outputs(folder: Path) -> dict[str, pl.DataFrame]:
    """All rows of every destination, in order; every file must be whole."""
    train, test, lite, duck = (folder / each for each in OUTPUTS)
    with closing(sqlite3.connect(lite)) as session:
        assert session.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert session.execute("SELECT name FROM sqlite_master").fetchall() == [("loans",)]
        rows = session.execute("SELECT * FROM loans")
        table = pl.DataFrame(rows.fetchall(), [name for name, *_ in rows.description], orient="row")
    with duckdb.connect(str(duck)) as opened:
        assert opened.sql("SELECT table_name FROM duckdb_tables()").fetchall() == [("loans",)]
        from_duckdb = opened.sql("SELECT * FROM loans").pl()
    found = {
        train.name: pl.read_parquet(train / "*.parquet" if train.is_dir() else train),
        test.name: pl.read_csv(test / "*.csv" if test.is_dir() else test),
        lite.name: table,
        duck.name: from_duckdb,
    }
    return {name: each.sort(each.columns) for name, each in found.items()}


def which(proof: Proof) -> str:
    """The input whose rows each destination holds, exactly; fails when it is neither."""
    return "".join(version_of(proof, name, table) for name, table in outputs(proof.folder).items())


def version_of(proof: Proof, name: str, table: pl.DataFrame) -> Input:
    """The input whose rows a table holds, the digits aside in which Spark's sums may differ."""
    for version, expected in proof.expected.items():
        if table.height == expected[name].height:
            assert_frame_equal(table, expected[name], rel_tol=1e-9)
            return version
    raise AssertionError(f"{name} has {table.height:,} rows, neither the old ones nor the new")


def names(folder: Path) -> set[str]:
    """Files of the flow's folder, what lies within outputs and tables of the store aside."""
    found = (each.relative_to(folder) for each in folder.rglob("*"))
    return {str(each) for each in found if each.parts[0] not in OUTPUTS and each.suffix != ".arrow"} | {
        name for name in OUTPUTS if (folder / name).exists()
    }


def check_state(proof: Proof, flow: Flow) -> None:
    """The flow, its history, what was learned and the jobs are all there."""
    assert load(proof.path) == flow
    assert [each.label for each in Editor.open(proof.path).history.past] == [LABEL]
    remembered = LearnedFolder(learned_folder(proof.path))
    for id, step in flow.steps.items():
        kind = catalog()[step.transform]
        if kind.learned_type() is not None:
            assert remembered.load(id, kind) is not None
            remembered.previous(id, kind)
    for job in jobs(proof.folder.parent / "jobs"):
        assert job.status().state in ("done", "lost")


def check_tables(proof: Proof) -> None:
    """Every table of the store belongs to a record, or to the one before it."""
    folder = learned_folder(proof.path)
    texts = [each.read_text(encoding="utf-8") for each in folder.rglob("*.json")]
    used = {name for text in texts for name in tables(json.loads(text)["learned"])}
    assert {each.name for each in folder.rglob("*.arrow")} == used


def tables(learned: dict[str, object]) -> Iterator[str]:
    """Names of the files of the tables in a record."""
    for value in learned.values():
        if isinstance(value, dict) and "arrow" in value:
            yield value["arrow"]


def prove(folder: Path, engine: EngineName, times: int, seed: int, rows: int) -> Iterator[Kill]:
    """Kill runs at so many moments and check everything after each; what was hit, once it is checked."""
    proof, moments = prepared(folder, engine, rows), random.Random(seed)
    flow, left = load(proof.path), list[psutil.Process]()
    wheel = [anchor for anchor, weight in ANCHORS for _ in range(weight)]
    order = [wheel[i * len(wheel) // min(times, len(wheel)) % len(wheel)] for i in range(times)]
    for i, anchor in enumerate(order):
        version = INPUTS[i % 2]
        as_job, all_of_it = i % JOB_EVERY == JOB_EVERY - 1, engine == "polars" or i % 2 == 0
        late, ended, below = killed(
            proof, version, anchor, moments.uniform(0, 1.02), all_of_it=all_of_it, as_job=as_job
        )
        left += below
        kill = Kill(anchor, late, ended, which(proof))
        check_state(proof, flow)
        whole(proof, version, engine if i % SPARK_EVERY == SPARK_EVERY - 1 else "polars")
        assert which(proof) == version * len(OUTPUTS), "the next run gives its own rows"
        check_state(proof, flow)
        check_tables(proof)
        stray = names(proof.folder) ^ proof.names
        assert not stray, f"after {kill} the next run left {sorted(stray)}"
        yield kill
    psutil.wait_procs(left, timeout=30)
    assert not [each for each in left if each.is_running()], "no worker outlives its run for long"


def report(kills: Sequence[Kill], times: int) -> Iterator[str]:
    """What was hit, in words."""
    yield f"{times} kills; after each every destination was whole, and the next run exact with no leftover."
    for anchor, _ in ANCHORS:
        mine = [each for each in kills if each.anchor == anchor]
        states = Counter("ended before" if each.ended else kind(each.found) for each in mine)
        moments = ", ".join(f"{each.late:.2f}" for each in mine)
        yield f"  after {anchor}: {len(mine)} ({', '.join(f'{n} {what}' for what, n in states.items())}); s: {moments}"


def kind(found: str) -> str:
    """How far a killed run had come."""
    return "one input everywhere" if len(set(found)) == 1 else "some destinations old and some new"


def main() -> None:
    """Kill runs of an engine and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=("polars", "spark"), default="polars")
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    given = parser.parse_args()
    print(f"{given.engine}, seed {given.seed}")
    with tempfile.TemporaryDirectory(prefix="dataprep-kill-") as scratch:
        kills = []
        for kill in prove(Path(scratch), given.engine, given.times, given.seed, ROWS[given.engine]):
            kills.append(kill)
            print(f"{len(kills)}: {kill}", file=sys.stderr, flush=True)
        left = [each for each in (Path(scratch) / "temporary").rglob("*") if each.is_file()]
        size = sum(each.stat().st_size for each in left)
    print("\n".join(report(kills, given.times)))
    print(f"Killed processes left {len(left)} files, {size / 1e6:.1f} MB, in the folder for temporary files.")


if __name__ == "__main__":
    main()
