from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows.placing import (
    BEFORE,
    ELSEWHERE,
    LOCK,
    PARTIAL,
    clear_stale,
    commit,
    discard,
    partial_path,
    replace_in_two_steps,
)
from tests.proofs.kill import prove

KILLS = 6
ROWS = 10_000

HOLD = """
import sys
from pathlib import Path
from flows.placing import partial_path
path = partial_path(Path(sys.argv[1]))
path.write_text("half")
print(path.name, flush=True)
sys.stdin.read()
"""
"""A process that is writing a target until it is killed."""


def begin(target: Path) -> tuple[subprocess.Popen[str], Path]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(target)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, target.with_name(process.stdout.readline().strip())


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def folder_of(path: Path, text: str) -> Path:
    path.mkdir()
    (path / "part").write_text(text)
    return path


@pytest.mark.slow
def test_killed_runs_leave_everything_whole(tmp_path: Path) -> None:
    assert len(list(prove(tmp_path, "polars", KILLS, seed=5, rows=ROWS))) == KILLS


def test_what_a_killed_process_left_is_cleared_by_whoever_writes_there_next(tmp_path: Path) -> None:
    process, partial = begin(tmp_path / "out.csv")
    end(process)
    assert partial.name in names(tmp_path)
    draft = partial_path(tmp_path / "other.csv")
    draft.write_text("new")
    commit(draft, tmp_path / "other.csv")
    assert names(tmp_path) == ["other.csv"]


def test_what_another_process_is_writing_is_left_alone(tmp_path: Path) -> None:
    process, partial = begin(tmp_path / "out.csv")
    draft = partial_path(tmp_path / "out.csv")
    draft.write_text("mine")
    commit(draft, tmp_path / "out.csv")
    assert partial.read_text() == "half"
    end(process)
    clear_stale(tmp_path / "out.csv")
    assert names(tmp_path) == ["out.csv"]


def test_what_this_process_is_writing_is_left_alone(tmp_path: Path) -> None:
    draft = partial_path(tmp_path / "out.csv")
    draft.write_text("half")
    clear_stale(tmp_path / "out.csv")
    assert draft.exists()
    discard(draft)
    assert names(tmp_path) == []


def test_a_free_lock_of_another_machine_proves_nothing_until_it_is_old(tmp_path: Path) -> None:
    lock = tmp_path / f".out.csv.0a1b2c3d{LOCK}"
    lock.write_text("another")
    (tmp_path / f".out.csv.0a1b2c3d{PARTIAL}").write_text("half")
    clear_stale(tmp_path / "out.csv")
    assert len(names(tmp_path)) == 2
    os.utime(lock, (time.time(), time.time() - ELSEWHERE - 1))
    clear_stale(tmp_path / "out.csv")
    assert names(tmp_path) == []


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    for name in (".out.csv.lock", f".out.csv{LOCK}", f".out.csv.0a1b2c3d{PARTIAL}", ".~lock.out.ods#"):
        (tmp_path / name).write_text("theirs")
    clear_stale(tmp_path / "out.csv")
    assert len(names(tmp_path)) == 4


def test_folder_takes_the_place_of_a_file_and_of_a_folder(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.write_text("a file")
    for text in ("first", "second"):
        commit(folder_of(partial_path(target), text), target)
        assert (target / "part").read_text() == text
        assert names(tmp_path) == ["out"]


def test_file_takes_the_place_of_a_folder(tmp_path: Path) -> None:
    target = folder_of(tmp_path / "out", "old")
    draft = partial_path(target)
    draft.write_text("new")
    commit(draft, target)
    assert (target.read_text(), names(tmp_path)) == ("new", ["out"])


def test_two_steps_replace_a_folder_too(tmp_path: Path) -> None:
    target = folder_of(tmp_path / "out", "old")
    draft = folder_of(partial_path(target), "new")
    replace_in_two_steps(draft, target)
    discard(draft)
    assert ((target / "part").read_text(), names(tmp_path)) == ("new", ["out"])


def test_a_run_killed_between_the_two_steps_is_put_back(tmp_path: Path) -> None:
    process, partial = begin(tmp_path / "out")
    end(process)
    folder_of(partial.with_name(partial.name.removesuffix(PARTIAL) + BEFORE), "old")
    clear_stale(tmp_path / "out")
    assert (tmp_path / "out" / "part").read_text() == "old"
    assert names(tmp_path) == ["out"]
